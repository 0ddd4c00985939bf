"""Pieces of a publication kit for what holds a model to data: a calibration, pattern checks, trials run again."""

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from sim.calibration.result import Calibration
from sim.errors import InputError
from sim.evidence.tables import EvidenceTables
from sim.figures import calibration, evidence, validation
from sim.inputs.patterns import PatternCheck
from sim.inputs.scenario import load_scenario
from sim.report.assumed import bounds, unit
from sim.report.kit_pieces import KitLanguage, KitPiece, Origin
from sim.report.validations import scenario_of
from sim.report.words import Words
from sim.style.looks import scale
from sim.validation.page import HOLDOUTS_FIGURE, PATTERNS_FIGURE, PageWords
from sim.validation.record import Validation
from sim.version import __version__
from sim.world.parameters import CODEBOOK


def calibrated(folder: Path) -> Calibration:
    """The calibration in a folder, by the name of its posterior. InputError if there is none."""
    names = sorted(path.stem for path in folder.glob("*.csv") if path.with_suffix(".yaml").exists())
    if not names:
        raise InputError(f"there is no posterior in '{folder}'.", "Make it again: confianza calibrate SCENARIO --out FOLDER")
    return Calibration.load(folder, min(names, key=len))  # alternatives have the name of the first with more behind it


def of_calibration(found: Calibration, folder: Path, words: Words) -> Iterator[KitPiece]:
    """What the data taught, how far they are met, and the parameters before and after."""
    drawn = words.figure("plots_calibration")
    names = {name: f"{calibration.parameter_label(name, drawn)} ({unit(known.unit, words)})" for name, known in CODEBOOK.items()}
    told = KitLanguage(words, {}, names)
    ends = {"parameter": "factor", "low": "posterior_low", "high": "posterior_high"}
    rows = {"contraction": found.parameters.rename(columns=ends), "targets": found.targets}
    for name, draw in (("contraction", calibration.contractions), ("targets", calibration.targets)):
        yield KitPiece(name, partial(draw, found, drawn), told.labeled(rows[name]))
    yield told.table("learned", rows["contraction"].head(calibration.MOST), ("factor", "prior", "posterior", "contraction"))


def of_evidence(found: EvidenceTables, folder: Path, words: Words) -> Iterator[KitPiece]:
    """The forest of trials, and what each reform does before and after them."""
    told = KitLanguage(words, {}, {})
    yield KitPiece("forest", partial(evidence.forest, found, words.figure("plots_evidence")), told.labeled(found.findings))
    spans = {"median_before": "before", "low_before": "before_low", "high_before": "before_high"}
    ranges = found.ranges.rename(columns=spans | {"median": "after", "low": "after_low", "high": "after_high"})
    yield told.table("trials", ranges.assign(removed=ranges.removed.clip(lower=0.0)), ("reform", "before", "after", "removed"))


def of_validation(found: Validation, folder: Path, words: Words) -> Iterator[KitPiece]:
    """Patterns and other years and places against their ranges, and the patterns that are missed."""
    said, told = PageWords(words.language), KitLanguage(words, {}, {})
    rows = [_checked(each, words) for each in found.findings]
    yield KitPiece("patterns", partial(validation.FIGURES[PATTERNS_FIGURE], found, said), pd.DataFrame(rows))
    if found.held:
        held = pd.DataFrame([row._asdict() for row in found.held])
        yield KitPiece("holdouts", partial(validation.FIGURES[HOLDOUTS_FIGURE], found, said), held)
    missed = [row | {"verdict": "", "wanted": ""} for row in rows if row["passed"] is False]
    if missed:
        yield told.table("checks", pd.DataFrame(missed), ("pattern", "wanted", "verdict", "found"))


def _checked(each: PatternCheck, words: Words) -> dict[str, Any]:
    """A row of pattern checks: what was found and wanted, in the pattern's unit, and both in words."""
    pattern, factor = each.pattern, scale(each.pattern.unit)
    low, high = (math.nan if end is None else end for end in (pattern.low, pattern.high))
    first, last = (each.low, each.high) if each.ranged else (math.nan, math.nan)
    way = {True: "passes", False: "too_low" if each.value < low else "too_high", None: "shown"}[each.passed]
    text = words.term("patterns", pattern.id, pattern.text)
    shown = "%" if factor != 1 else unit(pattern.unit, words)
    return {
        "id": pattern.id, "pattern": pattern.id, "pattern_label": f"{pattern.id}, {text} ({shown})",
        "role": pattern.role, "unit": pattern.unit, "measure": each.measure, "found": each.value, "found_low": first, "found_high": last,
        "wanted_low": low, "wanted_high": high, "wanted_label": bounds(factor * low, factor * high, words), "passed": each.passed,
        "verdict_label": words["verdicts"][way],
    }  # fmt: skip


def record_origin(found: Any) -> Origin:
    """Of a posterior and what stands beside it, or of pattern checks."""
    if isinstance(found, Validation):
        facts = {"versions": {"confianza": __version__}, "source_fingerprint": found.source_fingerprint}
        return Origin(found.scenario, scenario_of(found.scenario), facts)
    known = found.posterior.facts
    scenario = load_scenario(str(known.get("scenario", found.posterior.name))).as_data()
    return Origin(str(scenario["name"]), scenario, known)
