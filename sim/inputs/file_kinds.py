"""Which kind of file somebody gave: told from its keys or its header, so that a file in the wrong place is called by its name."""

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sim.errors import InputError
from sim.inputs.scenario_files import KEYS
from sim.inputs.yaml_files import load_yaml, shown_path
from sim.style.commands import in_yaml, quoted
from sim.world.parameters import CODEBOOK


class FileKind(NamedTuple):
    """A kind of file: what it is called, and what takes it. {file} stands for its path in a command, {value} in a file."""

    name: str
    used: str


SCENARIO, STUDY, TRIAL, TARGETS, POINTS, POSTERIOR, FACTS = "scenario", "study", "trial", "targets", "points", "posterior", "facts"
KINDS = {
    SCENARIO: FileKind("a scenario", "confianza run {file}"),
    STUDY: FileKind("a study", "confianza compare {file}, or confianza sweep {file} if it has a design"),
    TRIAL: FileKind("a trial", "confianza trial {file}"),
    TARGETS: FileKind("targets of a calibration", "confianza calibrate SCENARIO --targets {file}"),
    POINTS: FileKind("a table of points", "design: {{csv: {value}}} in a study, run by confianza sweep"),
    POSTERIOR: FileKind("a posterior", "posterior: {value} in a study, or confianza validate SCENARIO --posterior {file}"),
    FACTS: FileKind("the description of a posterior", "the .csv beside it, as posterior: NAME.csv in a study"),
}
PATTERN = re.compile(r"P\d\d")  # the key of a pattern
OF_TRIALS = frozenset(["treatment", "endline", "outcomes"])  # keys that only trials have
OF_STUDIES = frozenset(["arms", "scenario", "vary", "design"])  # keys that no scenario has
OF_SCENARIOS = frozenset(KEYS) - {"name", "question", "weeks", "seed", "sources", "references"}  # and that no study has
OF_FACTS = frozenset(["scenario", "targets", "versions"])


def kind_of(path: str | Path, wanted: str | None = None) -> str | None:
    """The kind of a file; None if it cannot be told, or if it may be what is wanted."""
    try:
        if not Path(path).is_file():
            return None
        return _of_table(path) if str(path).endswith(".csv") else _of_keys(load_yaml(path).data, wanted)
    except (InputError, OSError, UnicodeDecodeError, csv.Error, ValueError):  # whoever reads it will say so
        return None


def _of_keys(data: Mapping[str, object], wanted: str | None) -> str | None:
    """The kind whose own keys there are; between a study and a scenario that of which there are more."""
    keys = data.keys()
    if keys >= OF_FACTS:
        return FACTS
    if keys & OF_TRIALS:
        return TRIAL
    studies = OF_STUDIES - {"scenario"} if wanted == TRIAL else OF_STUDIES  # a trial has one too
    ours, theirs = len(keys & studies), len(keys & OF_SCENARIOS)
    if ours or theirs:
        return STUDY if ours > theirs else SCENARIO if theirs > ours else None
    return TARGETS if any(PATTERN.fullmatch(key) for key in keys) else None


def _of_table(path: str | Path) -> str | None:
    """Is it a posterior, which has weights, or a table of points? Parameters alone may be either."""
    with open(path, encoding="utf-8-sig", newline="") as stream:
        header = [name.strip() for name in next(csv.reader(stream), [])]
    if "weight" in header:
        return POSTERIOR
    return POINTS if "point" in header or any("." in name and name not in CODEBOOK for name in header) else None


def misplaced(error: InputError, path: str | Path, wanted: str) -> InputError:
    """The error, or a better one if the file is of another kind than the one that is wanted here."""
    found = kind_of(path, wanted)
    if found is None or found == wanted:
        return error
    file = shown_path(path)
    used = KINDS[found].used.format(file=quoted(Path(file)), value=in_yaml(file))
    return InputError(f"this is {KINDS[found].name}, not {KINDS[wanted].name}.", f"It is for: {used}", file=file)
