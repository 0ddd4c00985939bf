"""A trial as it is written down: who is drawn by lot, what they get, who is asked what and when. YAML in, frozen out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, field_serializer, field_validator, model_validator

from sim.errors import InputError, did_you_mean, number_problem, shown
from sim.inputs.asking import load_with_scenario
from sim.inputs.file_kinds import TRIAL
from sim.inputs.records import CheckedModel, Name, Prose, WrittenModel, check_label
from sim.inputs.reforms import Reform, as_data, check_horizon, reforms
from sim.inputs.scenario import AnyScenario, Scenario
from sim.inputs.scenario_files import find_study
from sim.inputs.yaml_files import dump_yaml
from sim.remedies import number_remedy
from sim.trials.outcomes import OUTCOMES
from sim.world.parameters import codebook_entry
from sim.world.reforms import name_of, reaches_all
from sim.world.rng import replicate_seed

Unit = Literal["officer", "squad", "beat"]
Assignment = Literal["simple", "stratified", "pairs"]


class CitizensSurvey(CheckedModel):
    """How adults are asked."""

    prefix: ClassVar[str] = "citizens."

    sample: int = Field(1200, ge=4, le=10_000_000, description="Adults who are visited, over all sites; equally many in each unit")
    panel: bool = Field(True, description="Are the same adults asked in both waves? If not, others of the same units are")
    nonresponse: float = Field(0.0, ge=0, le=0.95, description="Share of the visited who do not answer")
    attrition: float = Field(0.0, ge=0, le=0.95, description="Share of a panel who are not found again")


class OfficersSurvey(CheckedModel):
    """How officers are tested, asked and observed."""

    prefix: ClassVar[str] = "officers."

    sample: int | None = Field(None, ge=4, le=1_000_000, description="Officers in the study, over all sites; left out: all")
    encounters: int = Field(5, ge=1, le=200, description="Stops of each officer that an observer sees, or whose citizen is asked, per wave")
    observed_weeks: int = Field(8, ge=1, le=52, description="Weeks before a wave over which stops are observed")
    person_sd: float = Field(0.5, ge=0, le=5, description="How much officers differ for good in a test or questionnaire (a course adds 1)")
    answer_sd: float = Field(0.5, ge=0, le=5, description="Random error of a test or questionnaire (a course adds 1)")
    nonresponse: float = Field(0.0, ge=0, le=0.95, description="Share who do not take part")
    attrition: float = Field(0.0, ge=0, le=0.95, description="Share who do not take part again, beside those who left the force")


class Trial(WrittenModel):
    """A field trial inside simulated cities. The scenario's own reforms are left out: the treatment is all there is."""

    name: Name = Field(description="What the trial is called in tables and plots")
    question: Prose = Field("", description="The question it answers")
    scenario: AnyScenario = Field(description="A shipped scenario, the path of a file beside this one, or a scenario written out")
    sites: dict[str, dict[str, float]] = Field(default_factory=dict, description="Cities by name, each with parameters that differ there")
    weeks: int | None = Field(None, ge=1, le=5200, description="Weeks after the spin-up, instead of the scenario's")
    seed: int | None = Field(None, ge=0, le=2**63 - 1, description="Root seed, instead of the scenario's")
    treatment: tuple[Any, ...] = Field(description="What the treated get, as [{training: {start: 0, coverage: 1}}]")
    unit: Unit = Field("officer", description="What is drawn by lot: officer, squad or beat")
    beat_adults: int = Field(2500, ge=5, le=1_000_000, description="Adults who live in a unit, if units are beats")
    buffer_cells: int = Field(0, ge=0, le=50, description="Cells inside the border of a beat whose residents are not asked")
    assignment: Assignment = Field("simple", description="simple, stratified or pairs; the last two by baseline values of match_on")
    match_on: str | None = Field(None, description="The outcome whose baseline makes strata or pairs; left out: the first outcome")
    strata: int = Field(4, ge=2, le=100, description="How many strata a site has, if assignment is stratified")
    treated_share: float = Field(0.5, ge=0.01, le=0.99, description="Share of units that are treated")
    outcomes: tuple[str, ...] = Field(strict=False, description="Names of outcomes, the main one first")
    citizens: CitizensSurvey = Field(default_factory=CitizensSurvey, description="How adults are asked")
    officers: OfficersSurvey = Field(default_factory=OfficersSurvey, description="How officers are tested, asked and observed")
    baseline: int = Field(0, ge=-2000, le=5199, description="The week before which the baseline is taken")
    endline: int = Field(ge=-1999, le=5200, description="The week before which the endline is taken")
    durations: tuple[int, ...] = Field((), strict=False, description="Other weeks in which the endline might be taken, for the power curve")
    sizes: tuple[float, ...] = Field(
        (0.25, 0.5, 1.0), strict=False, description="Sample sizes for the power curve, relative to those above"
    )
    replicates: int = Field(32, ge=1, le=10_000, description="How many times the trial is done, each in new cities with a new lot")
    draws: int = Field(8, ge=1, le=1000, description="Samples drawn from the same cities, so that power is known better")

    @field_validator("unit", "assignment", mode="before")
    @classmethod
    def _check_choice(cls, given: object, info: ValidationInfo) -> object:
        choices = {"unit": ("officer", "squad", "beat"), "assignment": ("simple", "stratified", "pairs")}[str(info.field_name)]
        return _one_of(given, choices, str(info.field_name))

    @field_validator("sites", mode="before")
    @classmethod
    def _check_sites(cls, given: object) -> object:
        if not isinstance(given, Mapping) or not all(isinstance(values, Mapping) for values in given.values()):
            raise InputError("'sites' must be parameters by site.", "Write sites: {north: {}, south: {conduct.mean: -0.8}}")
        checked = {}
        for site, values in given.items():
            check_label(site, "a site")
            try:
                checked[site] = {name: codebook_entry(name).check(value) for name, value in values.items()}
            except InputError as error:
                raise error.under(site) from None
        return checked

    @field_validator("treatment", mode="before")
    @classmethod
    def _check_treatment(cls, given: object) -> tuple[Reform, ...]:
        made = reforms(given)
        if not made:
            raise InputError("'treatment' is empty.", "Write treatment: [{training: {start: 0, coverage: 1}}]")
        return made

    @field_validator("outcomes", mode="before")
    @classmethod
    def _check_outcomes(cls, given: object) -> tuple[str, ...]:
        if not isinstance(given, list | tuple) or not given:
            raise InputError(f"'outcomes' must be a list of names, but is {shown(given)}.", f"Outcomes: {', '.join(OUTCOMES)}")
        return tuple(dict.fromkeys(_one_of(name, OUTCOMES, "outcome", index) for index, name in enumerate(given)))

    @field_validator("durations", "sizes", mode="before")
    @classmethod
    def _check_numbers(cls, given: object, info: ValidationInfo) -> object:
        name = str(info.field_name)
        low, high, whole = (-1999, 5200, True) if name == "durations" else (0.001, 100, False)
        if not isinstance(given, list | tuple):
            raise InputError(
                f"'{name}' must be a list of numbers, but is {shown(given)}.", "Write sizes: [0.5, 1, 2] or durations: [26, 104]"
            )
        for index, value in enumerate(given):
            if problem := number_problem(value, low, high, whole):
                raise InputError(f"'{name}' {problem}.", number_remedy(value, low, high, whole) or "Change it.", path=(index,))
        return tuple(sorted({int(value) for value in given} if whole else {1.0, *(float(value) for value in given)}))

    @field_serializer("treatment")
    def _plain_treatment(self, given: tuple[Reform, ...]) -> list[dict[str, Any]]:
        return [as_data(reform) for reform in given]

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        self._check_time()
        for index, reform in enumerate(self.treatment):
            if problem := reaches_all(reform, self.unit, [site.values() for site in self.scenarios.values()]):
                message = f"'{name_of(reform)}' cannot be given to some {self.unit}s of a city and not to others: {problem[0]}."
                raise InputError(message, problem[1], path=("treatment", index, name_of(reform)))
        if self.assignment == "pairs" and self.treated_share != 0.5:
            raise InputError("in pairs one of the two is treated, so 'treated_share' is 0.5.", "Leave it out.", path=("treated_share",))
        if self.match_on is not None and self.match_on not in self.outcomes:
            remedy = f"Take one of the trial's outcomes: {', '.join(self.outcomes)}"
            raise InputError(f"'match_on' must be one of the outcomes, but is {shown(self.match_on)}.", remedy, path=("match_on",))
        if self.unit != "beat" and self.buffer_cells:
            raise InputError("'buffer_cells' needs units with borders.", "Write unit: beat, or leave it out.", path=("buffer_cells",))
        for name in self.outcomes:
            if self.unit == "officer" and OUTCOMES[name].population == "units":
                raise InputError(f"'{name}' belongs to a place, and units are officers.", "Take squads or beats.", path=("outcomes",))
        return self

    def _check_time(self) -> None:
        """InputError unless baseline, start of the treatment, endlines and horizon come in this order."""
        start, horizon = min(reform.start for reform in self.treatment), self.weeks or self.scenario.weeks
        check_horizon(self.treatment, horizon, self.scenario.spin_up_weeks)
        if not -self.scenario.spin_up_weeks < self.baseline <= start:
            message = (
                f"the baseline in week {self.baseline} must come after the spin-up's first week and not after the treatment's, {start}."
            )
            raise InputError(message, f"Write baseline: {start}", path=("baseline",))
        for key, week in (("endline", self.endline), *(("durations", week) for week in self.durations)):
            if not start < week <= horizon:
                message = (
                    f"an endline before week {week} is not possible: the treatment begins in week {start} and the run ends after {horizon}."
                )
                raise InputError(message, "Change the week, or 'weeks'.", path=(key,))

    @property
    def weeks_asked(self) -> tuple[int, ...]:
        """All weeks before which an endline is taken, in order."""
        return tuple(sorted({self.endline, *self.durations}))

    @property
    def scenarios(self) -> dict[str, Scenario]:
        """The scenario of each site, with the treatment; one site has the trial's name if none are named."""
        given: dict[str, Any] = {"weeks": self.weeks, "seed": self.seed}
        base = self.scenario.with_(interventions=(), **{key: value for key, value in given.items() if value is not None})
        sites = self.sites or {self.name: {}}
        return {site: base.with_(values).with_(interventions=self.treatment) for site, values in sites.items()}

    @property
    def root_seed(self) -> int:
        """Of which all seeds are made."""
        return self.scenario.seed if self.seed is None else self.seed

    def seed_of(self, replicate: int, site: int) -> int:
        """The seed of a city: that of a study's replicate, and of the site's number if there are several."""
        seed = replicate_seed(self.root_seed, replicate)
        return replicate_seed(seed, site) if len(self.sites) > 1 else seed

    def with_(self, **changed: Any) -> "Trial":
        """The trial with other values of its keys. InputError as when a file is read."""
        return Trial(**{key: getattr(self, key) for key in type(self).model_fields} | changed)

    def to_yaml(self) -> str:
        """The trial with its scenario written out, as a file that loads back equal."""
        return dump_yaml(_plain(self.model_dump(exclude_none=True)))


def _one_of(given: object, known: Any, what: str, *path: int) -> str:
    """The name, if it is known. InputError with the nearest one if it is not."""
    if given in list(known):
        return str(given)
    hint = did_you_mean(given, known)
    raise InputError(f"there is no {what} {shown(given)}.", f"{hint}There are: {', '.join(known)}", path=path)


def _plain(data: Any) -> Any:
    """The same with lists instead of tuples."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(value) for value in data] if isinstance(data, list | tuple) else data


def load_trial(path: str | Path) -> Trial:
    """The trial in a .yaml file; its scenario is a shipped one, or a file whose path is relative to the trial's.

    Parameters
    ----------
    path : path
        A .yaml file, or the name of a shipped trial.

    Returns
    -------
    Trial
        The trial with its scenario.

    Raises
    ------
    InputError
        With file and line, if it cannot be used.
    """
    return load_with_scenario(find_study(path), TRIAL, lambda data: Trial(**data))
