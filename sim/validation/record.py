"""What a validation found, and its file: validation.json, beside results (a report shows it) or beside docs/validation.md."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, get_args, get_type_hints

from sim.errors import InputError
from sim.patterns import Finding, patterns
from sim.sources import sources
from sim.validation.controls import Controlled, Lost
from sim.validation.holdouts import Held, Reset
from sim.validation.targets import controls, holdouts
from sim.writing import write

FILE = "validation.json"
SECTIONS: dict[str, type] = {"resets": Reset, "held": Held, "controls": Controlled, "lost": Lost}
FACTS = ("scenario", "source_fingerprint")


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
    found = {name: None if isinstance(value, float) and isnan(value) else value for name, value in row._asdict().items()}
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
    text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
    return write(folder, {name: text})[0]


def load(folder: Path, name: str = FILE) -> Validation | None:
    """The validation in a folder, None if there is none. InputError if the file is not what `save` wrote."""
    path = folder / name
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _validation(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        remedy = "Make it again with confianza validate SCENARIO --out FOLDER, or delete it."
        raise InputError(f"'{path}' holds no pattern checks that can be read ({error}).", remedy) from None


def _validation(data: Mapping[str, Any]) -> Validation:
    if not all(isinstance(data[key], str) for key in FACTS) or not isinstance(data["seed"], int):
        raise TypeError("scenario and source_fingerprint must be texts, seed a number")
    if not isinstance(data["posterior"], str | None):
        raise TypeError("posterior must be a text or null")
    findings = [_row(Finding, {**row, "pattern": patterns()[row["pattern"]]}) for row in data["findings"]]
    sections = {key: tuple(_row(kind, row) for row in data[key]) for key, kind in SECTIONS.items()}
    made = Validation(data["scenario"], tuple(findings), data["posterior"], data["seed"], data["source_fingerprint"], **sections)
    for held in made.held:
        holdouts()[held.holdout].checks[held.number]
    for each in made.controls:
        controls()[each.control].expect[each.number]
    return made


def _row(kind: type, fields: Mapping[str, Any]) -> Any:
    """A row of a kind; TypeError if a field is missing, unknown or of another type."""
    types = get_type_hints(kind)
    values = {name: float("nan") if value is None and types.get(name) is float else value for name, value in fields.items()}
    row: NamedTuple = kind(**values)
    for name, wanted in types.items():
        value = getattr(row, name)
        possible = get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)
        if not (isinstance(value, possible) or (float in possible and type(value) is int)):
            raise TypeError(f"'{name}' is {value!r}")
    return row
