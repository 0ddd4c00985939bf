"""What somebody does to a running city, as dates in its scenario: a parameter takes another value, a reform begins, changes or ends.

The scenario is the only memory of what was done. Run from the start with the same luck, it does the same.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sim.errors import InputError
from sim.inputs.reforms import Reform, as_data, dose_of, name_of, reforms
from sim.inputs.scenario import Change, Scenario
from sim.style import note
from sim.world.parameters import codebook_entry, flat

LONGEST = 5200  # weeks that a scenario can have
NEVER = 10_000


class Event(NamedTuple):
    """Something dated: `what` is "set" (a parameter), "on" or "off" (a reform); the value is that of the parameter or the dose."""

    week: int
    what: str
    name: str
    value: float | None = None


def events_of(scenario: Scenario) -> tuple[Event, ...]:
    """All that is dated in a scenario, in order. A reform that goes on with other levers is on from that week, and was never off."""
    found = [Event(change.week, "set", name, value) for change in scenario.changes for name, value in change.set.items()]
    made = [reform for reform in scenario.interventions if dose_of(reform) > 0]
    begun = {(reform.start, name_of(reform)) for reform in made}
    found += [Event(reform.start, "on", name_of(reform), dose_of(reform)) for reform in made]
    ends = [(end_of(reform), name_of(reform)) for reform in made if end_of(reform) < NEVER]
    found += [Event(week, "off", name) for week, name in ends if (week, name) not in begun]
    return tuple(sorted(found, key=lambda event: (event.week, event.what, event.name)))


def end_of(reform: Reform) -> int:
    """The first week in which a reform is over; beyond every run, if it goes on."""
    until = getattr(reform, "until", None)  # somebody's own reform may have no such lever
    return NEVER if until is None else until


def in_force(scenario: Scenario, week: int) -> dict[str, Reform]:
    """The reforms that are on in a week, by name; of two of one name the later."""
    on = [each for each in scenario.interventions if each.start <= week < end_of(each)]
    return {name_of(reform): reform for reform in sorted(on, key=lambda each: each.start) if dose_of(reform) > 0}


def lasting(scenario: Scenario, week: int) -> Scenario:
    """The scenario with a horizon that holds this week, if any can."""
    return scenario.with_(weeks=max(scenario.weeks, min(week + 1, LONGEST)))


def with_change(scenario: Scenario, week: int, name: str, value: object) -> Scenario:
    """The scenario in which a parameter has another value from a week on.

    InputError as for a file: no such parameter, out of range, or read only while the city is built
    """
    wanted = codebook_entry(name).check(value)
    others = tuple(change for change in scenario.changes if change.week != week)
    today = {key: given for change in scenario.changes if change.week == week for key, given in change.set.items()} | {name: wanted}
    Change(week=week, set=today)  # InputError if one of them does nothing in a running city
    before = flat(scenario.values_at(week - 1))
    news = {key: given for key, given in today.items() if given != before[key]}
    return lasting(scenario, week).with_(changes=(*others, Change(week=week, set=news)) if news else others)


def with_reform(scenario: Scenario, week: int, name: str, levers: Mapping[str, Any] | None) -> Scenario:
    """The scenario in which a reform begins in a week, goes on with other levers, or ends (levers: None).

    Levers that are not given stay as they are if the reform is on or is to come, and have their defaults otherwise. A program
    that changes ends and begins anew: a course is given again, and a purge goes through the force once more. Several programs of
    one name end together.
    InputError as for a file
    """
    if levers is not None and "start" in levers:
        message = f"'{name}.start' cannot be chosen in a running city: a reform begins in the coming week."
        raise InputError(message, "Leave it out.", path=(name, "start"))
    own = [reform for reform in scenario.interventions if name_of(reform) == name and week < end_of(reform)]
    known = as_data(own[-1])[name] if own else {}
    (wanted,) = reforms([{name: {**known, **(levers or {}), "start": week}}])
    begun = [reform for reform in scenario.interventions if reform not in own or reform.start < week]  # others never happen
    kept = [_ended(reform, week) if reform in own else reform for reform in begun]
    return lasting(scenario, week).with_(interventions=kept if levers is None else [*kept, wanted])


def _ended(reform: Reform, week: int) -> Reform:
    if not hasattr(reform, "until"):
        name = name_of(reform)
        raise InputError(note("endless", name=name), note("give_until"), path=(name,))
    return replace(reform, until=week)
