"""Trials as people write them, one YAML file a trial: what was done to whom, and what was found, row by row."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from sim.errors import InputError, did_you_mean, shown
from sim.inputs.citations import Citations, unknown_source
from sim.inputs.records import CheckedModel, Name, Prose
from sim.inputs.reforms import is_lever
from sim.inputs.yaml_files import load_yaml
from sim.world.parameters import CODEBOOK, REFERENCES
from sim.world.reforms import REFORMS

FOLDER = Path(__file__).parent / "trials"
EXAMPLE = "id: MY-TRIAL"
USES = ("fit", "check", "item", "context", "excluded")  # in the order in which tables count them
SIGNS = ("+", "-", "0")
LARGE = 1e9  # no estimate is larger


def _one_of(*known: str) -> Callable[[str], str]:
    def checked(given: str) -> str:
        if given not in known:
            raise InputError(
                f"this must be {' | '.join(known)}, but is {shown(given)}.", did_you_mean(given, known) or f"Write {known[0]}, if it is so."
            )
        return given

    return checked


class TrialFinding(CheckedModel):
    """A row of a trial: one outcome as published, and as it is used."""

    prefix: ClassVar[str] = "findings."

    outcome: Prose = Field(min_length=1, description="What was measured, in words")
    asked: Prose | None = Field(None, description="Who was asked or where it was recorded")
    scale: Prose | None = Field(None, description="The scale of the estimate as published")
    estimate: float | Prose | None = Field(None, description="The estimate as published: a number, or the source's words")
    error: float | None = Field(None, ge=0, le=LARGE, description="Standard error of the estimate as published")
    low: float | None = Field(None, ge=-LARGE, le=LARGE, description="Lower end of the interval, on the scale it is published on")
    high: float | None = Field(None, ge=-LARGE, le=LARGE, description="Upper end of the interval")
    value: float | None = Field(None, ge=-LARGE, le=LARGE, description="The effect as a likelihood takes it, in `unit`")
    value_error: float | None = Field(None, gt=0, le=LARGE, description="Its standard error")
    unit: Name | None = Field(None, description="Its unit: SD, or relative change")
    sign: Annotated[str, AfterValidator(_one_of(*SIGNS))] | None = Field(None, description="'+', '-', or '0' for not significant")
    use: Annotated[str, AfterValidator(_one_of(*USES))] = Field(description="fit, check, item, context or excluded")
    condition: Prose | None = Field(None, description="What would have to be known for another use, or why this one")
    concept: Name = Field(min_length=1, description="The construct that it measures; an index and its items share one")
    measures: Prose | None = Field(None, description="The measure of the model that is held beside it, in words")
    informs: list[Name] = Field([], description="Parameters and levers (reform.lever) of which it says something")
    respondents: int | None = Field(None, ge=1, le=10**9, description="Who answered, if other than in the trial's other rows")
    weeks: float | None = Field(None, ge=0, le=5200, description="Weeks to follow-up, if other than in the trial's other rows")
    how: Prose | None = Field(None, description="How the figure came here: read, derived, from an abstract, recalled")
    read: Prose | None = Field(None, description="What was read for it, if other than for the trial")
    caveats: Prose | None = Field(None, description="What is doubtful about this row")
    tau: float | None = Field(None, ge=0, le=10, description="How far it may carry over: scale of a half-normal, in `unit`")

    @field_validator("informs")
    @classmethod
    def _check_informs(cls, given: list[str]) -> list[str]:
        for place, name in enumerate(given):
            if name not in CODEBOOK and not is_lever(name):
                remedy = f"{did_you_mean(name, CODEBOOK)}All: confianza explain parameters; levers: confianza explain levers"
                raise InputError(f"there is no parameter and no lever {shown(name)}.", remedy, path=(place,))
        return given

    @model_validator(mode="after")
    def _check_use(self) -> Self:
        if self.use == "fit" and (self.value is None or self.value_error is None or self.unit is None):
            lacking = next(key for key in ("value", "value_error", "unit") if getattr(self, key) is None)
            remedy = f"Give {lacking}, or write use: check with a sign, or use: context."
            raise InputError(
                f"a row that is fitted needs a value, its error and their unit, but '{lacking}' is missing.", remedy, path=("use",)
            )
        if self.use == "check" and self.sign is None and self.value is None:
            raise InputError(
                "a row that is checked needs a sign or a value.", "Write sign: '+', '-' or '0', or use: context.", path=("use",)
            )
        return self


class TrialEvidence(CheckedModel):
    """A trial, or another study of effects: what was done where and to whom, and its rows."""

    id: Name = Field(min_length=1, description="A short name, as PJ-CDMX")
    of: Name | None = Field(None, description="The study whose site it is; left out if it is a study of its own")
    study: Prose = Field(min_length=1, description="Who made it and when it was published")
    citation: Name = Field(description="Key of its citation of record: confianza explain sources")
    place: Prose = Field(min_length=1, description="Where")
    country: Name = Field(min_length=1, description="The country, or several")
    years: Prose = Field(min_length=1, description="When, in quotes: '2018'")
    reform: Name | None = Field(None, description="The reform of the model that it is a trial of; null: none of them")
    what: Prose = Field(min_length=1, description="What was done")
    dose: Prose | None = Field(None, description="How much of it")
    unit: Prose | None = Field(None, description="What was drawn by lot, in words")
    units: int | None = Field(None, ge=1, le=10**9, description="How many of them")
    respondents: int | None = Field(None, ge=1, le=10**9, description="How many answered or were recorded")
    weeks: float | None = Field(None, ge=0, le=5200, description="Weeks from its beginning to follow-up")
    freedom: int | None = Field(None, ge=1, le=10**6, description="Degrees of freedom of a t, where the normal is too narrow")
    read: Prose = Field(min_length=1, description="What was really read")
    how: Prose | None = Field(None, description="How its figures came here, where a row does not say")
    findings: dict[Name, TrialFinding] = Field(min_length=1, description="Its rows by their id")
    caveats: list[Prose] = Field([], description="What is doubtful about all rows")
    references: Citations = Field({}, description="References of one's own, by key")

    @field_validator("reform")
    @classmethod
    def _check_reform(cls, given: str | None) -> str | None:
        if given is not None and given not in REFORMS:
            remedy = f"{did_you_mean(given, REFORMS)}Reforms: {', '.join(REFORMS)}; null, if it is a trial of none of them."
            raise InputError(f"there is no reform {shown(given)}.", remedy)
        return given

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if self.citation not in (known := [*REFERENCES, *self.references]):
            raise unknown_source(self.citation, known, self.references).under("citation")
        fitted: dict[str, str] = {}
        for row, found in self.findings.items():
            if found.use == "fit" and (first := fitted.setdefault(found.concept, row)) != row:
                message = f"{row} and {first} are both fitted and measure the same, {found.concept}: it would count twice."
                raise InputError(message, "Keep the index and write use: item in the other.", path=("findings", row, "use"))
        return self

    def rows(self, use: str) -> dict[str, TrialFinding]:
        """Its rows with this use, by their id."""
        return {row: found for row, found in self.findings.items() if found.use == use}

    @property
    def study_id(self) -> str:
        """The study it is counted as: sites of one study are one."""
        return self.of or self.id


def load_evidence(path: str | Path) -> TrialEvidence:
    """A trial from a file of one's own.

    InputError, with file and line, if it cannot be used: an unknown citation or reform, two fitted rows of one construct, a fitted row
    without an error.
    """
    document = load_yaml(path, example=EXAMPLE)
    try:
        return TrialEvidence(**document.data)
    except InputError as error:
        raise error.at(document.file, *document.place(error.path)) from None


@cache
def evidence() -> dict[str, TrialEvidence]:
    """All trials of the evidence base by their id, in the order of their ids."""
    return {path.stem: load_evidence(path) for path in sorted(FOLDER.glob("*.yaml"))}
