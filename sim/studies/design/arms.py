"""Arms of a study: named lists of reforms, beside a baseline without any and a placebo with all of them at dose 0."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sim.errors import InputError, shown
from sim.inputs.records import check_label
from sim.inputs.reforms import Reform, check_horizon, reforms
from sim.inputs.scenario import Scenario
from sim.world.reforms import contradiction, name_of, with_dose

BASELINE, PLACEBO = "baseline", "placebo"
Arms = dict[str, tuple[Reform, ...]]


def checked_arms(given: object, scenario: Scenario | None, weeks: int | None) -> Arms:
    """Arms with checked reforms. InputError, whose path leads to the culprit, if they cannot be.

    scenario, weeks  whose run the reforms must begin in; None if they are wrong themselves
    """
    if not isinstance(given, Mapping):
        raise InputError(
            f"'arms' must be lists of reforms by name, but is {shown(given)}.", "Write arms: {training: [{training: {start: 0}}]}"
        )
    return {name: _arm(name, listed, scenario, weeks) for name, listed in given.items()}


def _arm(name: object, listed: object, scenario: Scenario | None, weeks: int | None) -> tuple[Reform, ...]:
    if name in (BASELINE, PLACEBO):
        raise InputError(f"the arm '{name}' is always there.", "Give this arm another name, or delete it.", path=(str(name),))
    name = check_label(name, "an arm")
    if not listed:
        raise InputError(f"the arm '{name[:100]}' has no reforms.", "Delete it: the baseline is always there.", path=(name,))
    try:
        made = reforms(listed)
        if scenario is not None:
            check_horizon(made, weeks or scenario.weeks, scenario.spin_up_weeks)
    except InputError as error:
        raise error.under(name) from None
    return made


def placebo_of(arms: Arms) -> tuple[Reform, ...]:
    """All reforms of these arms at dose 0; those that contradict others before them are left out."""
    placebo: list[Reform] = []
    for reform in (reform for made in arms.values() for reform in made):
        idle = with_dose(reform, 0.0)
        if idle not in placebo and not contradiction((*placebo, idle)):
            placebo.append(idle)
    return tuple(placebo)


def all_arms(arms: Arms) -> Arms:
    """These arms between the baseline and the placebo."""
    return {BASELINE: (), **arms, PLACEBO: placebo_of(arms)}


def with_levers(made: Iterable[Reform], values: Mapping[str, Any]) -> tuple[Reform, ...]:
    """The reforms with levers set, by full name as "purge.follow_through"; levers of other reforms are left alone."""
    found = []
    for reform in made:
        name = name_of(reform)
        own = {lever.partition(".")[2]: value for lever, value in values.items() if lever.partition(".")[0] == name}
        found.append(replace(reform, **own) if own else reform)
    return tuple(found)
