"""The fields of a study: what each may hold, and the checks that need what was read before it (`info.data`)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationInfo

from sim.errors import InputError, number_problem, shown
from sim.inputs.records import CheckedModel, Prose
from sim.measures import YEAR
from sim.measures.harvest import VARIABLES
from sim.measures.names import called, hint
from sim.remedies import number_remedy
from sim.studies.design.arms import BASELINE, PLACEBO, checked_arms
from sim.studies.design.designs import checked_design
from sim.studies.design.factors import check_groups, factors_of, group_names, resolved
from sim.studies.design.limits import MOST, Budget, Replicates, known, known_measure
from sim.studies.design.posteriors import NONE, posterior_of
from sim.studies.design.preferences import Preferences

WEEKLY = tuple(name for name, (axes, *_) in VARIABLES.items() if axes == ("week",))
DEFAULT_MEASURES = (
    "mean_trust", "share_trusting", "reporting_rate", "incidence", "clearance", "complaint_rate", "corrupt_contact_share", "cost",
)  # fmt: skip
DEFAULT_WEEKS = (YEAR, 4 * YEAR)


def _listed(key: str, given: object, what: str, example: str) -> list[Any] | tuple[Any, ...]:
    """The list. InputError if it is none."""
    if not isinstance(given, list | tuple):
        raise InputError(f"'{key}' must be a list of {what}, but is {shown(given)}.", f"Write {key}: {example}")
    return given


def _arms(given: object, info: ValidationInfo) -> object:
    return checked_arms(given, info.data.get("scenario"), info.data.get("weeks"))


def _replicates(given: object) -> object:
    if isinstance(given, Replicates):
        return given
    if isinstance(given, Mapping):
        return Replicates(**given)
    if problem := number_problem(given, 1, MOST, True):
        rule = "Or write replicates: {until: {effect: mean_trust, half_width: 0.005}, most: 64}"
        raise InputError(f"'replicates' {problem}.", f"{number_remedy(given, 1, MOST, True)}\n{rule}".lstrip())
    return int(given)  # type: ignore[call-overload]


def _measures(given: object) -> object:
    names = _listed("measures", given, "names", "[mean_trust, incidence]")
    if not names:
        raise InputError("'measures' is empty.", "Write measures: [mean_trust, incidence]")
    return tuple(dict.fromkeys(known_measure(name, index, swept=True) for index, name in enumerate(names)))


def _vs(given: object, info: ValidationInfo) -> object:
    names = [BASELINE, PLACEBO, *info.data.get("arms", ())]
    return known(given, names, "arm", f"Arms: {', '.join(names)}") if "arms" in info.data else BASELINE


def _at(given: object, info: ValidationInfo) -> object:
    scenario = info.data.get("scenario")
    last = info.data.get("weeks") or (scenario.weeks if scenario else 5200)
    weeks = _listed("at", given, "weeks", "[52, 208]")
    for index, week in enumerate(weeks):
        if problem := number_problem(week, 1, last, True):
            remedy = f"{number_remedy(week, 1, last, True)}\nThe run has {last} weeks; 52 is the end of the first year."
            raise InputError(f"'at' {problem}.", remedy.lstrip(), path=(index,))
    return tuple(sorted({int(week) for week in weeks or (*DEFAULT_WEEKS, last) if week <= last}))


def _budget(given: object) -> object:
    return given if given is None or isinstance(given, Mapping | Budget) else Budget(money=given)  # type: ignore[arg-type]


def _posterior(given: object, info: ValidationInfo) -> object:
    return posterior_of(given, info.data["scenario"]) if "scenario" in info.data else NONE


def _vary(given: object, info: ValidationInfo) -> object:
    if given is None or not {"scenario", "arms"} <= info.data.keys():
        return None
    scenario = info.data["scenario"]
    weeks = info.data.get("weeks") or scenario.weeks
    return resolved(given, scenario, info.data["arms"], weeks, info.data.get("posterior", NONE))


def _groups(given: object, info: ValidationInfo) -> object:
    return given if given is None else check_groups(given, info.data.get("vary"))


def _design(given: object, info: ValidationInfo) -> object:
    if given is None or not {"vary", "groups"} <= info.data.keys():
        return None
    factors = None if info.data["vary"] is None else factors_of(info.data["vary"])
    return checked_design(given, factors, group_names(info.data["groups"], factors or ()))


def _series(given: object) -> object:
    where = f"Weekly variables: {', '.join(WEEKLY)}"
    names = _listed("series", given, "names", "[mean_trust, crimes]")
    for index, name in enumerate(names):
        if former := hint(name):
            raise InputError(former, f"Write series: [{called(name)}]", path=(index,))
    return tuple(dict.fromkeys(known(name, WEEKLY, "weekly variable", where, index) for index, name in enumerate(names)))


def _decision(given: object) -> object:
    if given is not None and not isinstance(given, Mapping | Preferences):
        raise InputError(f"'decision' must be keys with values, but is {shown(given)}.", "Write decision: {value: {mean_trust: 100}}")
    return given


def _cautions(given: object) -> object:
    listed = _listed("cautions", given, "texts", "[What a reader must know before any number.]")
    return tuple(one if isinstance(one, Caution) else Caution(**one) if isinstance(one, Mapping) else Caution(en=one) for one in listed)


class Caution(CheckedModel):
    """What a reader must know before any number of a study is shown, in English and, if somebody has written it, in Spanish."""

    prefix: ClassVar[str] = "cautions."

    en: Prose = Field(min_length=1, description="In English")
    es: Prose | None = Field(None, min_length=1, description="In Spanish")


Arms = Annotated[dict[str, tuple[Any, ...]], BeforeValidator(_arms)]
Many = Annotated[int | Replicates, BeforeValidator(_replicates)]
Measures = Annotated[tuple[str, ...], BeforeValidator(_measures)]
Arm = Annotated[str, BeforeValidator(_vs)]
Weeks = Annotated[tuple[int, ...], BeforeValidator(_at)]
Money = Annotated[Budget | None, BeforeValidator(_budget)]
Draws = Annotated[str, BeforeValidator(_posterior)]
Vary = Annotated[dict[str, dict[str, Any]] | None, BeforeValidator(_vary)]
Groups = Annotated[str | dict[str, tuple[str, ...]] | None, BeforeValidator(_groups)]
Design = Annotated[dict[str, Any] | None, BeforeValidator(_design)]
Series = Annotated[tuple[str, ...], BeforeValidator(_series)]
Cautions = Annotated[tuple[Caution, ...], BeforeValidator(_cautions)]
Decision = Annotated[Preferences | None, BeforeValidator(_decision)]
