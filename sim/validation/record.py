"""What a validation found, and its file: validation.json, beside results (a report shows it) or beside docs/validation.md."""

from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from typing import Any, Self, get_type_hints

from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim.artifacts.artifact import TablesArtifact
from sim.artifacts.checking import ArtifactKind, checked
from sim.artifacts.sources import sources
from sim.inputs.patterns import PatternCheck, patterns
from sim.validation.controls import Controlled, Lost
from sim.validation.holdouts import Held, Reset
from sim.validation.targets import controls, holdouts

FILE = "validation.json"
ROWS: dict[str, type] = {"findings": PatternCheck, "resets": Reset, "held": Held, "controls": Controlled, "lost": Lost}
KIND = ArtifactKind("pattern checks", "Make them again: confianza validate SCENARIO --out FOLDER; or delete the file.")


class ValidationFields(TypedDict):
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
class Validation(TablesArtifact):
    """Findings of every pattern; of a full validation also other years and places, and negative controls."""

    KIND, FILE, FIELDS = KIND, FILE, ValidationFields

    scenario: str  # its name
    findings: tuple[PatternCheck, ...]
    posterior: str | None = None  # its name; None: one city, replicated
    seed: int = 0
    source_fingerprint: str = ""
    resets: tuple[Reset, ...] = ()
    held: tuple[Held, ...] = ()
    controls: tuple[Controlled, ...] = ()
    lost: tuple[Lost, ...] = ()

    def failed(self) -> list[PatternCheck]:
        """The findings that fail, fit patterns first, each role by id."""
        judged = [finding for finding in self.findings if finding.passed is False]
        return sorted(judged, key=lambda finding: (finding.pattern.role != "fit", finding.pattern.id))

    @property
    def draws(self) -> int:
        """The most draws or replicates of any pattern."""
        return max((finding.replicates for finding in self.findings), default=0)

    @property
    def root_seed(self) -> int:
        return self.seed

    def as_json(self) -> dict[str, Any]:
        facts = super().as_json() | {"source_fingerprint": self.source_fingerprint or sources()}
        return facts | {key: [plain(row) for row in getattr(self, key)] for key in ROWS}

    @classmethod
    def of(cls, path: Path, content: dict[str, Any], parts: dict[str, Any]) -> Self:
        rows = {key: tuple(checked(kind, row, path, KIND) for row in _rows(kind, content[key])) for key, kind in ROWS.items()}
        one = super().of(path, content | rows, parts)
        checks = {key: len(known.checks) for key, known in holdouts().items()}
        expected = {key: len(known.expect) for key, known in controls().items()}
        named = [(held.holdout, held.number, checks) for held in one.held]
        for key, number, known in [*named, *((control.control, control.number, expected) for control in one.controls)]:
            if not 0 <= number < known.get(key, 0):
                raise KIND.damaged(path, f"there is no check {number} of '{key[:100]}'")
        return one


def plain(row: Any) -> dict[str, Any]:
    """A row as JSON can hold it: no nan, a pattern by its id."""
    numbers = {name for name, wanted in get_type_hints(type(row)).items() if wanted is float}
    found = {name: float(value) if name in numbers else value for name, value in row._asdict().items()}
    found = {name: None if isinstance(value, float) and isnan(value) else value for name, value in found.items()}
    if isinstance(row, PatternCheck):
        found["pattern"] = row.pattern.id
    return found


def load(folder: Path) -> Validation | None:
    """The validation in a folder, None if there is none. InputError if the file is not what `save` wrote."""
    return Validation.load(folder) if (folder / FILE).exists() else None


def _rows(kind: type, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows as they were before `plain`: nan for numbers that JSON does not have, and patterns for their ids."""
    numbers = {name for name, wanted in get_type_hints(kind).items() if wanted is float}
    rows = [{name: nan if value is None and name in numbers else value for name, value in row.items()} for row in given]
    if kind is PatternCheck:
        rows = [{**row, "pattern": patterns().get(str(row.get("pattern")))} for row in rows]
    return rows
