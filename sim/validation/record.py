"""What a validation found, and its file: validation.json, beside results (a report shows it) or beside docs/validation.md."""

import json
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from typing import Any, get_type_hints

from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim.artifacts import Kind, checked, signed, unsigned
from sim.patterns import Finding, patterns
from sim.sources import sources
from sim.validation.controls import Controlled, Lost
from sim.validation.holdouts import Held, Reset
from sim.validation.targets import controls, holdouts
from sim.writing import write

FILE = "validation.json"
SECTIONS: dict[str, type] = {"resets": Reset, "held": Held, "controls": Controlled, "lost": Lost}
ROWS: dict[str, type] = {"findings": Finding, **SECTIONS}
KIND = Kind("pattern checks", "Make them again: confianza validate SCENARIO --out FOLDER; or delete the file.")


class Told(TypedDict):
    """What validation.json says; rows are checked by their own types."""

    scenario: str
    posterior: str | None
    seed: int
    source_fingerprint: str
    findings: list[dict[str, Any]]
    resets: list[dict[str, Any]]
    held: list[dict[str, Any]]
    controls: list[dict[str, Any]]
    lost: list[dict[str, Any]]


@dataclass(frozen=True)
class Validation:
    """Findings of every pattern; of a full validation also other years and places, and negative controls."""

    scenario: str  # its name
    findings: tuple[Finding, ...]
    posterior: str | None = None  # its name; None: one city, replicated
    seed: int = 0
    source_fingerprint: str = ""
    resets: tuple[Reset, ...] = ()
    held: tuple[Held, ...] = ()
    controls: tuple[Controlled, ...] = ()
    lost: tuple[Lost, ...] = ()

    def failed(self) -> list[Finding]:
        """The findings that fail, fit patterns first, each role by id."""
        judged = [finding for finding in self.findings if finding.passed is False]
        return sorted(judged, key=lambda finding: (finding.pattern.role != "fit", finding.pattern.id))

    @property
    def draws(self) -> int:
        """The most draws or replicates of any pattern."""
        return max((finding.replicates for finding in self.findings), default=0)


def plain(row: Any) -> dict[str, Any]:
    """A row as JSON can hold it: no nan, a pattern by its id."""
    numbers = {name for name, wanted in get_type_hints(type(row)).items() if wanted is float}
    found = {name: float(value) if name in numbers else value for name, value in row._asdict().items()}
    found = {name: None if isinstance(value, float) and isnan(value) else value for name, value in found.items()}
    if isinstance(row, Finding):
        found["pattern"] = row.pattern.id
    return found


def save(validation: Validation, folder: Path, name: str = FILE) -> Path:
    """Write a validation into a folder, see `sim.writing.write`."""
    facts = {
        "scenario": validation.scenario, "posterior": validation.posterior, "seed": validation.seed,
        "source_fingerprint": validation.source_fingerprint or sources(),
        "findings": [plain(row) for row in validation.findings],
    }  # fmt: skip
    facts |= {key: [plain(row) for row in getattr(validation, key)] for key in SECTIONS}
    text = json.dumps(signed(facts), indent=1, ensure_ascii=False) + "\n"
    return write(folder, {name: text})[0]


def load(folder: Path, name: str = FILE) -> Validation | None:
    """The validation in a folder, None if there is none. InputError if the file is not what `save` wrote."""
    path = folder / name
    if not path.exists():
        return None
    told = checked(Told, unsigned(path, KIND), path, KIND)
    rows: dict[str, Any] = {key: [checked(kind, row, path, KIND) for row in _rows(kind, told[key])] for key, kind in ROWS.items()}
    facts: dict[str, Any] = {name: told[name] for name in ("scenario", "posterior", "seed", "source_fingerprint")}
    made = Validation(**facts | {key: tuple(found) for key, found in rows.items()})
    checks = {key: len(known.checks) for key, known in holdouts().items()}
    expected = {key: len(known.expect) for key, known in controls().items()}
    named = [(held.holdout, held.number, checks) for held in made.held]
    for key, number, known in [*named, *((control.control, control.number, expected) for control in made.controls)]:
        if not 0 <= number < known.get(key, 0):
            raise KIND.damaged(path, f"there is no check {number} of '{key[:100]}'")
    return made


def _rows(kind: type, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows as they were before `plain`: nan for numbers that JSON does not have, and patterns for their ids."""
    numbers = {name for name, wanted in get_type_hints(kind).items() if wanted is float}
    rows = [{name: nan if value is None and name in numbers else value for name, value in row.items()} for row in given]
    if kind is Finding:
        rows = [{**row, "pattern": patterns().get(str(row.get("pattern")))} for row in rows]
    return rows
