"""A scenario: a city, a horizon, and a named difference from the codebook's baselines. YAML in, a frozen object out."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_serializer, field_validator, model_validator

from sim.errors import InputError, number_problem, shown
from sim.inputs import origins, states
from sim.inputs.assumptions import joined, speaking
from sim.inputs.cards import of_scenario
from sim.inputs.changes import Change, Sources, checked_values
from sim.inputs.citations import Citations, check_cited
from sim.inputs.city_size import CitySize
from sim.inputs.file_kinds import SCENARIO, misplaced
from sim.inputs.places import StatedPlaces, with_table
from sim.inputs.records import Name, Prose, WrittenModel
from sim.inputs.reforms import Reform, as_data, check_horizon, reforms
from sim.inputs.scenario_files import drafts, find, shipped_scenarios
from sim.inputs.states import StateName
from sim.inputs.yaml_files import dump_yaml, scalar
from sim.world.parameters import CODEBOOK, Parameters, codebook_entry, order_problem, out_of_order, parameters

__all__ = ["AnyScenario", "Change", "CitySize", "Scenario", "load_scenario", "shipped_scenarios"]


class Scenario(WrittenModel):
    """What is run: a city, its horizon, parameters that differ from the baseline, and dated changes of parameters."""

    name: Name = Field(description="What the scenario is called in tables and plots")
    question: Prose = Field("", description="The question it answers")
    city: CitySize = Field(default_factory=CitySize, description="Size of the city")
    state: StateName = Field(None, description="The state it lies in, whose lasting institutions.* hold where parameters say none")
    places: StatedPlaces | None = Field(None, description="Opportunity, exposure and trust of places, by neighborhood or cell, if known")
    weeks: int = Field(416, ge=1, le=5200, description="Weeks simulated after the spin-up; 52 make a year")
    spin_up_weeks: int = Field(104, ge=0, le=2000, description="Weeks before week 0, so that the city settles")
    seed: int = Field(1, ge=0, le=2**63 - 1, description="Seed of all random numbers; the same seed gives the same city")
    parameters: dict[str, float] = Field(default_factory=dict, description="Values by topic.name that differ from the codebook")
    changes: tuple[Change, ...] = Field((), strict=False, description="Dated changes of parameters, as {week: 208, set: {...}}")
    interventions: tuple[Any, ...] = Field((), strict=False, description="Reforms, as {training: {start: 0, coverage: 0.9}}")
    references: Citations = Field(default_factory=dict, description="References of one's own, by the key that sources name")
    sources: Sources = Field(
        default_factory=dict,
        description="Where numbers come from: topic.name, reform.lever, city.key, stated.trust; keys of references, or assumed",
    )
    assumptions: tuple[Prose, ...] = Field((), strict=False, description="What the scenario takes for granted, one sentence each")
    outdated: dict[str, tuple[int, ...]] = Field(
        default_factory=dict, description="By changed number, assumptions (from 1) that speak of it; written by the program"
    )
    targets: tuple[Prose, ...] = Field(
        (), strict=False, exclude=True, description="Layers of targets for calibrate, as [national, state, mine.yaml]; no part of a run"
    )
    lineage: tuple[str, ...] = Field((), strict=False, exclude=True, description="The files it was merged from, the eldest first")

    @field_validator("places", mode="after")
    @classmethod
    def _check_places(cls, places: StatedPlaces | None, info: ValidationInfo) -> StatedPlaces | None:
        if places is not None and "city" in info.data:
            places.check(info.data["city"])
        return places

    @field_validator("parameters", mode="before")
    @classmethod
    def _check_parameters(cls, given: object) -> object:
        checked = checked_values(given)
        if isinstance(checked, dict):
            _refuse_disorder(checked, checked, ())
        return checked

    @field_validator("changes", mode="after")
    @classmethod
    def _check_changes(cls, changes: tuple[Change, ...], info: ValidationInfo) -> tuple[Change, ...]:
        """Weeks within the run, cuts in order after each change; sorted by week."""
        if not {"spin_up_weeks", "weeks", "parameters"} <= info.data.keys():  # they are wrong themselves, and that is reported
            return changes
        first, last = -info.data["spin_up_weeks"], info.data["weeks"] - 1
        values = dict(info.data["parameters"])
        order = sorted(range(len(changes)), key=lambda index: changes[index].week)
        for index in order:
            change = changes[index]
            if not first <= change.week <= last:
                message = f"week {change.week} lies outside the run, which has weeks {first} to {last}."
                raise InputError(message, "Change the week, 'weeks' or 'spin_up_weeks'.", path=(index, "week"))
            values |= change.set
            _refuse_disorder(values, change.set, (index, "set"))
        return tuple(changes[index] for index in order)

    @field_validator("interventions", mode="before")
    @classmethod
    def _check_interventions(cls, given: object, info: ValidationInfo) -> tuple[Reform, ...]:
        records = reforms(given)
        if {"spin_up_weeks", "weeks"} <= info.data.keys():
            check_horizon(records, info.data["weeks"], info.data["spin_up_weeks"])
        return records

    @field_serializer("interventions")
    def _plain_interventions(self, interventions: tuple[Reform, ...]) -> list[dict[str, Any]]:
        return [as_data(reform) for reform in interventions]

    @field_validator("outdated", mode="before")
    @classmethod
    def _check_outdated(cls, given: object, info: ValidationInfo) -> object:
        last = len(info.data.get("assumptions", ()))
        for name, places in given.items() if isinstance(given, Mapping) else ():
            if not isinstance(places, list | tuple) or any(number_problem(place, 1, last, True) for place in places):
                remedy = "It is written by the program; delete it."
                raise InputError(f"'outdated' must hold numbers of assumptions, 1 to {last}.", remedy, path=(str(name),))
        return {name: tuple(map(int, places)) for name, places in given.items()} if isinstance(given, Mapping) else given

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Places that are in a table, and parameters of the state where the scenario says none."""
        data = with_table(data)
        return {**data, "parameters": states.filled(data)} if data.get("state") else data

    @model_validator(mode="before")
    @classmethod
    def _date_sources(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Sources of dated changes that say none themselves."""
        changes, sources = data.get("changes"), data.get("sources")
        if not isinstance(changes, list | tuple) or not isinstance(sources, Mapping):
            return data
        sourced, dated = origins.of_changes([change.as_data() if isinstance(change, Change) else change for change in changes], sources)
        return {**data, "changes": sourced, "sources": origins.of_start(data, sources, dated)}

    @model_validator(mode="after")
    def _check_cited(self) -> Self:
        """Every source is known, and every reference of one's own is used."""
        dated = [(("changes", place, "sources"), change.sources or {}) for place, change in enumerate(self.changes)]
        check_cited([(("sources",), self.sources), *dated], self.references)
        return self

    def stated_places(self) -> dict[str, Any]:
        """What is stated of places by name (opportunity, exposure, trust).

        Each is a column of float64 with a row a cell (c = y x width + x), nan where nothing is stated; {} if nothing is stated at all.
        """
        return self.places.stated(self.city) if self.places else {}

    def values(self) -> Parameters:
        """The parameters in force before any dated change."""
        return parameters(self.parameters)

    def values_at(self, week: int) -> Parameters:
        """The parameters in force in a week: dated changes up to and including that week are applied."""
        values = dict(self.parameters)
        for change in self.changes:
            if change.week <= week:
                values |= change.set
        return parameters(values)

    def with_(
        self, parameters: Mapping[str, float] | None = None, *, sources: Mapping[str, Any] | None = None, **changed: Any
    ) -> "Scenario":
        """The scenario with other values: `with_({"training.half_life": 26}, weeks=52, adults=50_000)`.

        parameters   values by topic.name, added to those there are
        sources      where these values come from, by name, as in files; a value that is another one has no source otherwise
        changed      fields of the scenario or of its city
        InputError as when a file is read.
        """
        before = {**self.model_dump(), "targets": self.targets, "lineage": self.lineage}
        data = {**before, "city": dict(before["city"])}
        for key, value in changed.items():
            place = data["city"] if key in CitySize.model_fields else data
            place[key] = value
        data["parameters"] = states.filled({**data, "parameters": {**states.own(before), **(parameters or {})}})
        return Scenario(**_followed(before, data, dict(sources or {}), changed))

    def with_set(self, options: Iterable[str]) -> "Scenario":
        """The scenario with values as given on the command line: `["training.half_life=26", "city.adults=50000", "weeks=52"]`."""
        written: dict[tuple[str | int, ...], str] = {}
        overrides: dict[str, Any] = {}
        changed: dict[str, Any] = {}
        for option in options:
            path, value = _option(option)
            written[path] = f"--set {option}"
            (overrides if path[0] == "parameters" else changed)[str(path[-1])] = value
        try:
            return self.with_(overrides, **changed)
        except InputError as error:
            culprit = written.get(error.path[:2]) or written.get(error.path[:1]) or " ".join(written.values())
            raise error.at(culprit) from None

    def as_data(self) -> dict[str, Any]:
        """The scenario as plain data, as files have it."""
        data = self.model_dump(exclude_none=True)
        for holder in (data, *data["changes"]):
            holder["sources"] = {name: keys[0] if len(keys) == 1 else list(keys) for name, keys in holder.get("sources", {}).items()}
        return data

    def _repr_html_(self) -> str:
        return of_scenario(self)

    def to_yaml(self) -> str:
        """The scenario with everything it inherits, as a file that loads back equal but for `targets`, which are no part of a run."""
        return dump_yaml(self.as_data())


def _followed(before: Mapping[str, Any], data: dict[str, Any], sources: dict[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a changed scenario, with sources, references and marked assumptions that fit the new values."""
    if "changes" in changed:  # those that are new have the sources that are given now, and no others
        changes = [change.as_data() if isinstance(change, Change) else change for change in changed["changes"]]
        data["changes"], dated = origins.of_changes(changes, sources)
        sources = origins.of_start(data, sources, dated) if dated else sources
    if "interventions" in changed:
        data["interventions"] = [reform if isinstance(reform, Mapping) else as_data(reform) for reform in changed["interventions"]]
    data["sources"] = origins.kept(before, data, sources)
    if "references" not in changed:
        data["references"] = origins.used(data, {})
    if "assumptions" in changed:
        data["outdated"] = {}
    else:
        drawn = {name for name, keys in sources.items() if keys in (origins.DESIGN, origins.POSTERIOR)}  # others at every point
        values = [(name, origins.value_of(before, name)) for name in origins.changed(before, data) if name not in drawn]
        data["outdated"] = joined(before["outdated"], speaking(before["assumptions"], values))
    return data


def _refuse_disorder(values: Mapping[str, float], changed: Mapping[str, float], keys: tuple[str | int, ...]) -> None:
    """InputError if parameters that must ascend do not; it points at the one of them that was changed."""
    complete = {name: parameter.value for name, parameter in CODEBOOK.items()} | dict(values)
    if pair := out_of_order(complete):
        culprit = next((name for name in reversed(list(changed)) if name in pair), pair[0])
        raise order_problem(*pair, complete).under(*keys, culprit)


def _option(option: str) -> tuple[tuple[str, ...], Any]:
    """Path and value of a command-line option "name=value"."""
    name, equals, text = option.partition("=")
    name = name.strip()
    top = ("weeks", "spin_up_weeks", "seed", "state")
    city = {f"city.{key}": ("city", key) for key in CitySize.model_fields}
    if not equals or not name or not text.strip():
        raise InputError("a name and a value are wanted.", "Write --set training.half_life=26", file=f"--set {option}")
    value = scalar(text.strip())
    if name in top:
        return (name,), value
    if name in city:
        return city[name], value
    if name not in CODEBOOK:
        try:
            codebook_entry(name, (*top, *city))
        except InputError as error:
            raise error.at(f"--set {option}") from None
    return ("parameters", name), value


def load_scenario(name_or_path: str | Path) -> Scenario:
    """The scenario of a shipped name or of a .yaml file.

    Parameters
    ----------
    name_or_path : str or path
        A shipped name, as `sim.shipped_scenarios()` lists them, or the path of a file.

    Returns
    -------
    Scenario
        The scenario, merged with all it extends.

    Raises
    ------
    InputError
        With file and line, if it cannot be used.
    """
    path = find(name_or_path)
    try:
        for draft in drafts(path):
            try:
                scenario = Scenario(**draft.data, lineage=draft.lineage)
            except InputError as error:
                raise draft.located(error) from None
    except InputError as error:
        raise misplaced(error, path, SCENARIO) from None
    return scenario


def _loaded(given: object) -> object:
    if isinstance(given, str):
        return load_scenario(given)
    if not isinstance(given, Mapping | Scenario):
        raise InputError(f"'scenario' must be a name, a path or keys with values, but is {shown(given)}.", "Write scenario: merida")
    return given


AnyScenario = Annotated[Scenario, BeforeValidator(_loaded)]  # by name, by path or written out: a key of other files
