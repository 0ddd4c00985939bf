"""A study: arms, each a list of reforms, on one city with the same luck, and how many replicates it takes. YAML in, frozen out."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, ValidationInfo, field_serializer, field_validator, model_validator

from sim.errors import InputError, closest, number_problem, number_remedy, shown
from sim.measures import MEASURES, YEAR
from sim.records import Record
from sim.reforms import Reform, as_data, check_horizon, reforms
from sim.results import adapted
from sim.scenario import Scenario, load_scenario
from sim.world.interventions import contradiction, with_dose
from sim.yaml_files import Document, dump_yaml, load_yaml, printable, shown_path

BASELINE, PLACEBO = "baseline", "placebo"
LEAST, MOST = 8, 10_000  # replicates
DEFAULT_MEASURES = (
    "mean_trust", "share_trusting", "reporting_rate", "incidence", "clearance", "complaint_rate", "corrupt_contact_share", "cost",
)  # fmt: skip
DEFAULT_WEEKS = (YEAR, 4 * YEAR)


def _known(name: object, known: Iterable[str], what: str, where: str, *path: str | int) -> str:
    """The name, if it is known. InputError with the nearest one if it is not."""
    listed = list(known)
    if name not in listed:
        near = closest(name, listed) if isinstance(name, str) else None
        hint = f"Did you mean '{near}'?\n" if near else ""
        raise InputError(f"there is no {what} {shown(name)}.", f"{hint}{where}", path=path)
    return str(name)


def known_measure(name: object, *path: str | int) -> str:
    """The name of a measure; InputError with the nearest one if there is none such."""
    return _known(name, MEASURES, "measure", "All measures: confianza explain measures", *path)


class Until(Record):
    """When there are enough replicates: the paired effect of every arm on a measure, at the last week, is known well enough."""

    prefix: ClassVar[str] = "replicates.until."

    effect: str = Field(description="The measure whose effect is wanted, as mean_trust")
    half_width: float = Field(ge=1e-9, le=1e9, description="Half-width of the 95 % interval that is good enough, in the measure's unit")

    @field_validator("effect", mode="before")
    @classmethod
    def _check_effect(cls, given: object) -> str:
        return known_measure(given)


class Replicates(Record):
    """Replicates until an effect is known well enough."""

    prefix: ClassVar[str] = "replicates."

    until: Until = Field(description="{effect: MEASURE, half_width: X}")
    most: int = Field(64, ge=LEAST, le=MOST, description="Replicates after which to stop in any case")


class Budget(Record):
    """What each arm may cost over the horizon, in one of two currencies."""

    prefix: ClassVar[str] = "budget."

    money: float | None = Field(None, ge=1e-6, le=1e12, description="Thousand pesos over the horizon")
    officer_weeks: float | None = Field(None, ge=1e-6, le=1e12, description="Weeks of one officer's work over the horizon")

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.money is None) == (self.officer_weeks is None):
            raise InputError("'budget' needs one of 'money' and 'officer_weeks'.", "Write budget: {money: 5000} (thousand pesos).")
        return self


class Study(Record):
    """What is compared: named lists of reforms (arms) in one scenario, with the same luck, beside a baseline and a placebo.

    Reforms of the scenario itself are left out: an arm has the reforms that it lists and no others.
    """

    name: str = Field(min_length=1, description="What the study is called in tables and plots")
    question: str = Field("", description="The question it answers")
    scenario: Scenario = Field(description="A shipped scenario, the path of a file beside this one, or a scenario written out")
    weeks: int | None = Field(None, ge=1, le=5200, description="Weeks after the spin-up, instead of the scenario's")
    seed: int | None = Field(None, ge=0, le=2**63 - 1, description="Root seed, instead of the scenario's")
    arms: dict[str, tuple[Any, ...]] = Field(description="Lists of reforms by name, as {training: [{training: {start: 0}}]}")
    replicates: int | Replicates = Field(16, description="How many, or {until: {effect: mean_trust, half_width: 0.005}, most: 64}")
    measures: tuple[str, ...] = Field(DEFAULT_MEASURES, strict=False, description="Names of measures whose effects are wanted")
    vs: str = Field(BASELINE, description="The arm with which the others are compared")
    at: tuple[int, ...] = Field((), strict=False, validate_default=True, description="Weeks at whose end effects are read")
    budget: Budget | None = Field(None, description="{money: thousand pesos} or {officer_weeks: ...}; a plain number is money")

    @field_validator("name", "question", mode="after")
    @classmethod
    def _check_text(cls, given: str) -> str:
        if not printable(given):
            raise InputError("this text contains a control character.", "Delete it.")
        return given

    @field_validator("scenario", mode="before")
    @classmethod
    def _check_scenario(cls, given: object) -> object:
        if isinstance(given, str):
            return load_scenario(given)
        if not isinstance(given, Mapping | Scenario):
            raise InputError(f"'scenario' must be a name, a path or keys with values, but is {shown(given)}.", "Write scenario: merida")
        return given

    @field_validator("arms", mode="before")
    @classmethod
    def _check_arms(cls, given: object, info: ValidationInfo) -> object:
        if not isinstance(given, Mapping) or not given:
            raise InputError(
                f"'arms' must be lists of reforms by name, but is {'empty' if given == {} else shown(given)}.",
                "Write arms: {training: [{training: {start: 0}}]}",
            )
        return {name: cls._arm(name, listed, info.data) for name, listed in given.items()}

    @staticmethod
    def _arm(name: object, listed: object, data: dict[str, Any]) -> tuple[Reform, ...]:
        if name in (BASELINE, PLACEBO):
            raise InputError(f"the arm '{name}' is always there.", "Give this arm another name, or delete it.", path=(str(name),))
        if not isinstance(name, str) or not 0 < len(name) <= 100:
            raise InputError(f"an arm's name must be a text of up to 100 characters, but is {shown(name)}.", "Shorten it.")
        if not listed:
            raise InputError(f"the arm '{name[:100]}' has no reforms.", "Delete it: the baseline is always there.", path=(name,))
        try:
            made = reforms(listed)
            scenario = data.get("scenario")
            if scenario is not None:
                check_horizon(made, data.get("weeks") or scenario.weeks, scenario.spin_up_weeks)
        except InputError as error:
            raise error.under(name) from None
        return made

    @field_validator("replicates", mode="before")
    @classmethod
    def _check_replicates(cls, given: object) -> object:
        if isinstance(given, Replicates):
            return given
        if isinstance(given, Mapping):
            return Replicates(**given)
        if problem := number_problem(given, 1, MOST, True):
            remedy = f"{number_remedy(given)}\nOr write replicates: {{until: {{effect: mean_trust, half_width: 0.005}}, most: 64}}"
            raise InputError(f"'replicates' {problem}.", remedy.strip())
        return int(given)  # type: ignore[call-overload]

    @field_validator("measures", mode="before")
    @classmethod
    def _check_measures(cls, given: object) -> object:
        if not isinstance(given, list | tuple) or not given:
            raise InputError(f"'measures' must be a list of names, but is {shown(given)}.", "Write measures: [mean_trust, incidence]")
        return tuple(dict.fromkeys(known_measure(name, index) for index, name in enumerate(given)))

    @field_validator("vs", mode="before")
    @classmethod
    def _check_vs(cls, given: object, info: ValidationInfo) -> object:
        known = [BASELINE, PLACEBO, *info.data.get("arms", ())]
        return _known(given, known, "arm", f"Arms: {', '.join(known)}") if "arms" in info.data else BASELINE

    @field_validator("at", mode="before")
    @classmethod
    def _check_at(cls, given: object, info: ValidationInfo) -> object:
        scenario = info.data.get("scenario")
        last = info.data.get("weeks") or (scenario.weeks if scenario else 5200)
        if not isinstance(given, list | tuple):
            raise InputError(f"'at' must be a list of weeks, but is {shown(given)}.", "Write at: [52, 208]")
        for index, week in enumerate(given):
            if problem := number_problem(week, 1, last, True):
                raise InputError(f"'at' {problem}.", f"The run has {last} weeks; 52 is the end of the first year.", path=(index,))
        return tuple(sorted({int(week) for week in given})) or tuple(week for week in (*DEFAULT_WEEKS, last) if week <= last)

    @field_validator("budget", mode="before")
    @classmethod
    def _check_budget(cls, given: object) -> object:
        return given if given is None or isinstance(given, Mapping | Budget) else Budget(money=given)  # type: ignore[arg-type]

    @field_serializer("arms")
    def _plain_arms(self, given: dict[str, tuple[Reform, ...]]) -> dict[str, list[dict[str, Any]]]:
        return {name: [as_data(reform) for reform in made] for name, made in given.items()}

    def __eq__(self, other: object) -> bool:
        """Do both say the same?"""
        return isinstance(other, Study) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]

    @property
    def base(self) -> Scenario:
        """The scenario of the baseline: with the study's horizon and seed, without reforms."""
        return adapted(self.scenario.with_(interventions=()), seed=self.seed, weeks=self.weeks)

    def all_arms(self) -> dict[str, tuple[Reform, ...]]:
        """Every arm with its reforms: the baseline, the study's own, and the placebo, which has all their reforms at dose 0.

        Reforms that contradict those already in the placebo are left out of it.
        """
        placebo: list[Reform] = []
        for reform in (reform for made in self.arms.values() for reform in made):
            idle = with_dose(reform, 0.0)
            if idle not in placebo and not contradiction((*placebo, idle)):
                placebo.append(idle)
        return {BASELINE: (), **self.arms, PLACEBO: tuple(placebo)}

    def scenario_of(self, arm: str) -> Scenario:
        """The scenario that is run for an arm."""
        return self.base.with_(interventions=self.all_arms()[arm])

    def with_(self, **changed: Any) -> "Study":
        """The study with other values of its keys; a new horizon moves the last of the weeks `at`. InputError as when a file is read."""
        weeks = changed.get("weeks")
        if isinstance(weeks, int) and "at" not in changed:
            changed["at"] = (*(week for week in self.at if week < weeks), weeks) if weeks >= 1 else ()
        return Study(**{key: getattr(self, key) for key in type(self).model_fields} | changed)

    def to_yaml(self) -> str:
        """The study with its scenario written out, as a file that loads back equal."""
        data = self.model_dump(exclude_none=True)
        return dump_yaml(_plain(data))


def _plain(data: Any) -> Any:
    """The same with lists instead of tuples."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(value) for value in data] if isinstance(data, list | tuple) else data


def load_study(path: str | Path) -> Study:
    """The study in a .yaml file; its scenario is a shipped one, or a file whose path is relative to the study's.

    InputError, with file and line, if it cannot be used.
    """
    document = load_yaml(path)
    data = dict(document.data)
    if isinstance(data.get("scenario"), str):
        data["scenario"] = _scenario(data["scenario"], path, document)
    try:
        return Study(**data)
    except InputError as error:
        if error.file:  # of the scenario's own file
            raise
        raise error.at(document.file, *document.place(error.path)) from None


def _scenario(name: str, path: str | Path, document: Document) -> Scenario:
    """The scenario a study names, looked for beside it first. Errors in its file point there, others at the study's line."""
    folder = os.path.dirname(path)
    beside = [os.path.join(folder, name), os.path.join(folder, f"{name}.yaml")]
    found = next((place for place in beside if os.path.isfile(place)), None)
    try:
        if not found and (os.sep in name or name.endswith((".yaml", ".yml"))):
            raise InputError(f"there is no scenario file {shown(name)}.", f"It is looked for beside the study: {shown_path(beside[0])}")
        return load_scenario(Path(found) if found else name)
    except InputError as error:
        raise error if error.file else error.at(document.file, *document.place(("scenario",))) from None
