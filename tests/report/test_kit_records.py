"""The publication kit of what holds a model to data: pattern checks, trials run again, a calibration."""

import re

import numpy as np
import pandas as pd
import pytest

from sim.artifacts.posterior import Posterior, posterior_files
from sim.calibration.result import Calibration
from sim.figures import printing
from sim.inputs.patterns import PatternCheck, patterns
from sim.report import kit
from sim.report.words import LANGUAGES, Words
from sim.validation.record import Validation

MARK = {"en": "SIMULATION, not a measurement", "es": "SIMULACIÓN, no es una medición"}
SPAN = {"low_before": -0.1, "median_before": 0.1, "high_before": 0.4, "low": 0.0, "median": 0.12, "high": 0.3}
FOUND = {"reform": "training", "trial": "T1", "study": "S1", "row": "a", "use": "fit", "found": 0.2, "error": 0.1, "sign": None, **SPAN}
FOUND |= {"outcome": "share_trusting", "what": "trust", "unit": "sd", "predicted_low": -0.1, "predicted": 0.1, "predicted_high": 0.3}
FOUND |= {"z": 0.5, "log_score": -1.0, "agrees": None}

NAMES = ("hearsay.fraction", "trust.contact_gain")
FACTS = {"scenario": "ecatepec", "source_fingerprint": "abcdef", "versions": {"confianza": "0.1.0"}, "parameters": {}}
POSTERIOR = Posterior("town", NAMES, np.array([[0.3, 0.02], [0.4, 0.03], [0.35, 0.01]]), np.ones(3) / 3, FACTS)


def checks(folder):
    """Three patterns of which the last is missed."""
    listed = [known for known in patterns().values() if known.role != "report"][:3]
    missed = [PatternCheck(known, known.measures[0], 0.5, 0.01, place < 2, 1000, 4) for place, known in enumerate(listed)]
    Validation("Ecatepec", tuple(missed), source_fingerprint="abcdef").save(folder)


def trials(folder):
    tables = {
        "findings": [FOUND],
        "ranges": [{"reform": "training", **SPAN, "removed": -0.2}],
        "carrying": [{"carry": "course", "low": 0.1}],
    }
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    for name, content in posterior_files(POSTERIOR).items():
        (folder / name).write_text(content, encoding="utf-8")


def calibration(folder):
    row = {"unit": "share", "status": "contested", "contraction": 0.4, "moved": 0.1, "prior": 0.5, "prior_low": 0.1, "prior_high": 0.9}
    parameters = pd.DataFrame([{"parameter": "hearsay.fraction", **row, "posterior": 0.3, "low": 0.2, "high": 0.4}])
    target = {"pattern": "P01", "measure": "reporting_rate", "value": 0.1, "tolerance": 0.01, "posterior": 0.11, "low": 0.1, "high": 0.12}
    answers = pd.DataFrame({"reporting_rate": np.linspace(0.09, 0.12, len(POSTERIOR.draws))})
    targets, pairs = (
        pd.DataFrame([{**target, "misfit": 1.0, "q2": 0.9}]),
        pd.DataFrame({"one": NAMES[:1], "other": NAMES[1:], "correlation": [0.5]}),
    )
    unit, worlds = (
        pd.DataFrame(POSTERIOR.draws, columns=NAMES),
        pd.DataFrame(
            {"structure": ["whole"], "worst": "P01", **dict.fromkeys(("log_evidence", "error", "weight", "effective_draws", "misfit"), 1.0)}
        ),
    )
    Calibration(POSTERIOR, unit, parameters, targets, pairs, answers, worlds).save(folder)


PIECES = {
    checks: {"patterns", "table-checks"},
    trials: {"forest", "table-trials"},
    calibration: {"contraction", "targets", "table-learned"},
}


@pytest.mark.parametrize("make", PIECES, ids=lambda make: make.__name__)
def test_each_has_its_figures_tables_and_numbers(tmp_path, monkeypatch, make):
    monkeypatch.setattr(printing, "DPI", 30)
    make(tmp_path)
    files = kit.make_kit(tmp_path, LANGUAGES)
    for language in LANGUAGES:
        own = {name.partition("/")[2] for name in files if name.startswith(f"{language}/")} - {f"{Words(language)['kit']['contents']}.txt"}
        assert own == {f"{piece}.{ending}" for piece in PIECES[make] for ending in ("svg", "pdf", "png", "csv")}
        for piece in PIECES[make]:
            drawn = files[f"{language}/{piece}.svg"].decode()
            said = " ".join(re.findall(r"<text[^>]*>([^<]+)", drawn))
            assert said.count(MARK[language]) == 1 and "MIT" in said and "{" not in said and " nan " not in said
            assert files[f"{language}/{piece}.csv"].startswith(b"\xef\xbb\xbf") and b"\n" in files[f"{language}/{piece}.csv"]


def test_what_is_wanted_has_the_unit_of_what_was_found(tmp_path, monkeypatch):
    """A share is shown in percent on both sides; what trials made wider has removed nothing."""
    monkeypatch.setattr(printing, "DPI", 30)
    checks(tmp_path)
    known = next(known for known in list(patterns().values()) if known.id == "P03")
    drawn = kit.make_kit(tmp_path, ["en"])["en/table-checks.svg"].decode()
    said = " ".join(re.findall(r"<text[^>]*>([^<]+)", drawn))
    assert "50" in said and Words("en").number(100 * known.low) in said and "(%)" in said
