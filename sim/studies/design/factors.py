"""What varies in a study: parameters of the codebook and levers of reforms, each with its distribution."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, get_args, get_type_hints

import numpy as np

from sim.errors import InputError, did_you_mean, number, shown
from sim.inputs.records import check_label
from sim.inputs.reforms import check_horizon, reforms
from sim.inputs.scenario import Scenario
from sim.studies.design.arms import Arms, with_levers
from sim.studies.design.distributions import SPREADS, Allowed, Distribution, distribution
from sim.studies.design.draws import POSTERIOR, Draws, drawn_from, marginals
from sim.studies.design.posteriors import NONE
from sim.world.parameters import CODEBOOK, Parameter
from sim.world.reforms import REFORMS, levers, name_of

TOPICS = tuple(dict.fromkeys(known.topic for known in CODEBOOK.values()))
MOST_CORNERS = 256  # of starts and ends of reforms that are checked
PRIOR = "prior"  # the key of `vary` under which topics and parameters with the codebook's priors are named
EXAMPLE = "Write vary: {prior: [trust, reporting], reporting.trust_slope: [0, 6]}"


@dataclass(frozen=True)
class Factor:
    """One thing that varies."""

    name: str  # a parameter, "trust.contact_gain", or a lever, "purge.follow_through", in every arm that has the reform
    kind: str  # "parameter" or "lever"
    unit: str
    description: str
    distribution: Distribution

    def at(self, u: Any) -> np.ndarray:
        """Quantiles: the value for each number in [0, 1]; ints for whole numbers, texts for choices, else floats."""
        return self.distribution.at(u)

    def of(self, values: Any) -> np.ndarray:
        """Numbers in [0, 1] at which `at` gives these values."""
        return self.distribution.of(values)

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Does each value lie within what it varies over?"""
        return self.distribution.holds(values)

    def levels(self, count: int) -> np.ndarray:
        """Numbers in [0, 1] of evenly spaced levels with both ends; fewer if there are not so many values.

        The ends are those of a range, or the 2.5th and 97.5th percentile of a prior with tails.
        """
        u = np.linspace(*self.distribution.ends(), count)
        first = np.unique(self.distribution.of(self.at(u)), return_index=True)[1]
        return u[np.sort(first)]

    @property
    def draws(self) -> tuple[float, ...]:
        """Its values in the draws of a posterior, where each belongs to those of the other factors; empty if it is of none."""
        return self.distribution.values if isinstance(self.distribution, Draws) else ()

    @property
    def topic(self) -> str:
        """The topic of a parameter, or the reform of a lever."""
        return self.name.partition(".")[0]


def all_levers() -> dict[str, Any]:
    """The levers of all reforms by full name, "purge.follow_through": dataclass fields with their metadata."""
    return {f"{reform}.{name}": lever for reform, record in REFORMS.items() for name, lever in levers(record).items()}


def allowed_of(name: str) -> Allowed:
    """What a parameter or lever may be. InputError with the nearest name if there is none such."""
    if name in CODEBOOK:
        known = CODEBOOK[name]
        return Allowed(known.low, known.high, known.discrete, (), f"'{name}': {known.summary} ({known.unit}).")
    if name not in all_levers():
        hint = did_you_mean(name, [*CODEBOOK, *all_levers()])
        remedy = f"{hint}All parameters: confianza explain parameters; all levers: confianza explain reforms"
        raise InputError(f"there is no parameter or lever '{name[:100]}'.", remedy)
    facts = all_levers()[name].metadata
    choices = tuple(facts.get("choices", ()))
    range_or_choices = " or ".join(choices) or f"{number(facts['low'])} to {number(facts['high'])}"
    meaning = f"'{name}': {facts['text'].rstrip('.')}; {facts['unit']}, {range_or_choices}."
    return Allowed(facts["low"], facts["high"], float not in _kinds(name), choices, meaning)


def _kinds(lever: str) -> tuple[Any, ...]:
    """The types a lever may have."""
    reform, _, name = lever.partition(".")
    kind = get_type_hints(REFORMS[reform])[name]
    return get_args(kind) or (kind,)


def factor(name: str, given: object) -> Factor:
    """A factor from its name and its distribution, as written or made. InputError, whose path leads to the number."""
    allowed = allowed_of(name)
    made = given if isinstance(given, Distribution) else distribution(given, allowed, name)
    if name in CODEBOOK:
        return Factor(name, "parameter", CODEBOOK[name].unit, CODEBOOK[name].description, made)
    facts = all_levers()[name].metadata
    return Factor(name, "lever", facts["unit"], facts["text"], made)


def factors_of(vary: Mapping[str, Any]) -> tuple[Factor, ...]:
    """The factors of a resolved `vary`, in its order."""
    return tuple(factor(name, given) for name, given in vary.items())


def resolved(given: object, scenario: Scenario, arms: Arms, weeks: int, believed: str = NONE) -> dict[str, dict[str, Any]]:
    """`vary` with every factor written out, as {name: {kind: numbers}}; what is written out wins over topics.

    scenario, arms, weeks  what is studied: what it sets by date, and the reforms there are
    believed               a posterior, which takes the place of the codebook's priors for the parameters that it has, each by itself
    InputError, whose path leads to the culprit, if something cannot vary.
    """
    if not isinstance(given, Mapping) or not given:
        raise InputError(f"'vary' must say what varies, but is {'empty' if given == {} else shown(given)}.", EXAMPLE)
    explicit: dict[str, Factor] = {}
    for name, written in given.items():
        if name not in (PRIOR, POSTERIOR):
            try:
                explicit[str(name)] = factor(str(name), written)
            except InputError as error:
                raise error.under(str(name)) from None
    taken = _taken(explicit.values(), scenario, arms, weeks)
    for name in explicit:
        _check_free(name, taken, arms)
    drawn = drawn_from(given[POSTERIOR], scenario, {**taken, **explicit}) if POSTERIOR in given else {}
    found: dict[str, Any] = {}
    for name in map(str, given):
        if name == PRIOR:
            found |= _priors(given[PRIOR], scenario, taken, explicit | drawn, marginals(believed, scenario))
        else:
            found |= drawn if name == POSTERIOR else {name: explicit[name].distribution.as_data()}
    if not found:
        raise InputError("nothing varies: all priors of these topics are fixed or set at a date.", EXAMPLE, path=(PRIOR,))
    return found


def check_columns(factors: Sequence[Factor], scenario: Scenario, arms: Arms, weeks: int) -> None:
    """InputError if the columns of a table cannot vary in this scenario with these arms."""
    taken = _taken(factors, scenario, arms, weeks)
    for each in factors:
        _check_free(each.name, taken, arms)


def _check_free(name: str, taken: Mapping[str, str], arms: Arms) -> None:
    """InputError if something else sets a parameter, or if no arm has the reform of a lever."""
    if name in taken:
        remedy = "Take one of the two away. Topics under 'prior' leave it out by themselves."
        raise InputError(f"'{name}' cannot vary: {taken[name]}.", remedy, path=(name,))
    reform = name.partition(".")[0]
    present = dict.fromkeys(name_of(made) for listed in arms.values() for made in listed)
    if name not in CODEBOOK and reform not in present:
        remedy = f"Delete it, or add an arm. Reforms of the arms: {', '.join(present) or 'none'}"
        raise InputError(f"'{name}' would vary nothing: no arm has the reform '{reform}'.", remedy, path=(name,))


def _taken(factors: Iterable[Factor], scenario: Scenario, arms: Arms, weeks: int) -> dict[str, str]:
    """Parameters that something sets at a date, whatever they were before, and why they cannot vary.

    Whether a reform sets a parameter may depend on its levers, so they are tried as written and at three places of what varies.
    """
    dated = [change for change in reversed(scenario.changes) if change.week < weeks]
    taken = {name: f"the scenario sets it in week {change.week}" for change in dated for name in change.set}
    levers = [each for each in factors if each.kind == "lever"]
    places = [{each.name: each.at(np.array([u])).tolist()[0] for each in levers} for u in ((0.0, 0.4, 1.0) if levers else ())]
    for arm, made in arms.items():
        for reform in (*made, *(moved for place in places for moved in with_levers(made, place))):
            why = f"in the arm '{arm}' the reform '{name_of(reform)}' sets it; vary a lever of that instead"
            taken |= {name: why for week in reform.due(weeks) for name in reform.settings(week) if name not in taken}
    return taken


def _priors(
    given: object, scenario: Scenario, taken: Mapping[str, str], explicit: Mapping[str, Any], believed: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """The priors of topics and parameters that are named under `prior`, except of those that are written out.

    believed  distributions that take the place of the codebook's
    """
    names: list[object] = list(given) if isinstance(given, list | tuple) else [given]
    if not names:
        raise InputError("'prior' names no topic and no parameter.", EXAMPLE, path=(PRIOR,))
    found: dict[str, dict[str, Any]] = {}
    for index, name in enumerate(names):
        try:
            added = [known for known in _named(name, taken) if known.name not in explicit]
            found |= {known.name: believed.get(known.name) or _prior(known, scenario.parameters.get(known.name)) for known in added}
        except InputError as error:
            raise InputError(error.message, error.remedy, path=(PRIOR, index) if isinstance(given, list | tuple) else (PRIOR,)) from None
    return found


def joint_draws(believed: str, scenario: Scenario, arms: Arms, weeks: int) -> dict[str, list[float]]:
    """The draws of a posterior that replicates of a comparison take, by parameter; none of what is set at a date.

    population.adult_share stays as it is: it decides how many posts there are, which must be the same in all replicates.
    """
    others = {**_taken((), scenario, arms, weeks), "population.adult_share": ""}
    return {} if believed == NONE else {name: made["draws"] for name, made in drawn_from(believed, scenario, others).items()}


def _named(name: object, taken: Mapping[str, str]) -> list[Parameter]:
    """The parameters that a word under `prior` means. Of a topic, those that are fixed or set at a date are left out."""
    if name == "all" or name in TOPICS:
        topic = [known for known in CODEBOOK.values() if name in ("all", known.topic)]
        return [known for known in topic if "fixed" not in known.prior and known.name not in taken]
    if not isinstance(name, str) or name not in CODEBOOK:
        hint = did_you_mean(name, [*TOPICS, *CODEBOOK])
        raise InputError(f"there is no topic or parameter {shown(name)}.", f"{hint}Topics: {', '.join(TOPICS)}; or all")
    if "fixed" in CODEBOOK[name].prior:
        raise InputError(f"'{name}' has no prior: it is fixed.", f"Write its range, {name}: [low, high], or leave it out.")
    _check_free(name, taken, {})
    return [CODEBOOK[name]]


def _prior(known: Parameter, own: float | None) -> dict[str, Any]:
    """The codebook's prior; around the scenario's own value if it has one.

    The codebook's prior is about the country, and a city whose value is known to differ does not become the country by being
    uncertain: the mean or median moves to the city's value, and the spread stays. A range stays, but must hold that value.
    """
    ((kind, numbers),) = known.prior.items()
    if own is None:
        return factor(known.name, known.prior).distribution.as_data()
    if kind == "uniform":
        fits = numbers[0] <= own <= numbers[1]
    else:
        numbers = {**numbers, SPREADS[kind][0][0]: own}
        fits = True
    try:
        if fits:
            return factor(known.name, {kind: numbers}).distribution.as_data()
    except InputError:
        pass
    message = f"the scenario sets '{known.name}' to {number(own)}, where its prior cannot be."
    raise InputError(message, f"Say how it varies, {known.name}: [low, high]; what is written out wins over 'prior'.")


def check_levers(factors: Iterable[Factor], arms: Arms, weeks: int, spin_up_weeks: int) -> None:
    """InputError, whose path leads to the lever, if reforms would begin or end at impossible times somewhere in what varies."""
    timing = [each for each in factors if each.kind == "lever" and each.name.partition(".")[2] in ("start", "until")]
    ends = [each.distribution.extremes() for each in timing]
    for values in islice(product(*ends), MOST_CORNERS) if timing else ():
        corner = dict(zip((each.name for each in timing), values, strict=True))
        for arm, made in arms.items():
            try:
                check_horizon(reforms(with_levers(made, corner)), weeks, spin_up_weeks)
            except InputError as error:
                written = ", ".join(f"{name} {number(value)}" for name, value in corner.items())
                raise InputError(f"at {written} in the arm '{arm}': {error.message}", error.remedy, path=(timing[0].name,)) from None


def check_doses(factors: Iterable[Factor], arms: Arms) -> None:
    """InputError if a dose varies: a budget says what doses are."""
    doses = {f"{name_of(reform)}.{reform.dose}" for made in arms.values() for reform in made}
    if varied := next((each.name for each in factors if each.name in doses), None):
        raise InputError(f"'{varied}' cannot vary, for 'budget' sets the doses.", "Take one of the two away.", path=(varied,))


def check_groups(given: object, names: Iterable[str] | None) -> str | dict[str, tuple[str, ...]]:
    """Groups of factors: "topic", or names of factors by the name of their group. InputError if they are not.

    names  of what varies; None: it is not known yet
    """
    listed = None if names is None else list(names)
    if given == "topic":
        return "topic"
    if not isinstance(given, Mapping) or not given:
        remedy = "Write groups: topic, or groups: {contact: [trust.contact_gain, trust.contact_loss]}"
        raise InputError(f"'groups' must be lists of factors by name, or topic, but is {shown(given)}.", remedy)
    group_of: dict[str, str] = {}
    for group, members in given.items():
        check_label(group, "a group")
        if not isinstance(members, list | tuple) or not members:
            wrong = "empty" if members == [] else shown(members)
            raise InputError(f"the group '{group}' must be a list of factors, but is {wrong}.", "Name some, or delete it.", path=(group,))
        for index, name in enumerate(members):
            if not isinstance(name, str) or (listed is not None and name not in listed):
                hint = did_you_mean(name, listed or ())
                message = f"{shown(name)} does not vary, so it cannot be in the group '{group}'."
                raise InputError(message, f"{hint}Factors: {', '.join((listed or [])[:20])}", path=(group, index))
            if name in group_of:
                message = f"'{name}' is in the groups '{group_of[name]}' and '{group}'."
                raise InputError(message, "A factor is in one group at most.", path=(group, index))
            group_of[name] = group
    if clash := next((group for group in given if group in (listed or ()) and group_of.get(group) != group), None):
        raise InputError(f"the group '{clash}' is called like a factor outside of it.", "Give it another name.", path=(clash,))
    return {str(group): tuple(members) for group, members in given.items()}


def group_names(groups: str | Mapping[str, Sequence[str]] | None, factors: Sequence[Factor]) -> list[str] | None:
    """The group of each factor, in their order; those in none are groups of their own. None if there are no groups."""
    if groups is None:
        return None
    if isinstance(groups, str):
        return [factor.topic for factor in factors]
    group_of = {name: group for group, members in groups.items() for name in members}
    return [group_of.get(factor.name, factor.name) for factor in factors]
