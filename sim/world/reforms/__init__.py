"""The reforms: frozen records, dated, dosed and costed. A reform acts between compiled stretches and has two doors only:
dated settings of parameters, and an action that writes the columns it declares.

One reform is one file here; nothing else lists it.

The package's own have a base class, `CompiledReform`; one of somebody's own needs none. All have `start`, `dose` (the name of the lever
that scales it), `reads`, `writes`, `text`, and

    due(horizon)        the weeks on which it acts or its settings change
    settings(week)      parameters in force in that week because of it
    act(scene)          what it does in a week that is due; what that costs
    running(scene)      what a stretch of weeks that has just passed cost, a row a week

and, if it has a meaning for some officers or places alone, which field trials ask, as one of one's own may leave out,

    reaches_all(unit, sites)  why it cannot be given to some units alone, and what to do about it; None if it can
"""

import re
from collections.abc import Sequence
from dataclasses import fields, replace
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from sim.errors import InputError
from sim.style import Note, note
from sim.world.reforms import guard
from sim.world.reforms.common import Bill, Scene
from sim.world.reforms.community import CommunityPolicing
from sim.world.reforms.justice import CivicJustice
from sim.world.reforms.purge import Purge
from sim.world.reforms.training import Training

__all__ = ["REFORMS", "Bill", "CivicJustice", "CommunityPolicing", "Purge", "Scene", "Training"]
__all__ += ["contradiction", "guard", "levers", "name_of", "reaches_all", "settings_of", "with_dose"]

Reform = Purge | Training | CommunityPolicing | CivicJustice
FIRST = ("purge", "training", "community_policing", "civic_justice")  # in lists; others follow by the names of their files


def found() -> dict[str, type]:
    """The reforms in the files of this folder, records that have a `dose`: CommunityPolicing is `community_policing` in scenarios."""
    modules = [import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__)]
    kinds = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
    named = {re.sub(r"\B([A-Z])", r"_\1", kind.__name__).lower(): kind for kind in kinds if "dose" in vars(kind)}
    return {name: named[name] for name in sorted(named, key=lambda name: (*FIRST, name).index(name))}


REFORMS = found()


def name_of(reform: Any) -> str:
    """The name of a reform in scenario and study files."""
    for name, kind in REFORMS.items():
        if isinstance(reform, kind):
            return name
    raise InputError(f"{type(reform).__name__} is no reform, or no longer: it was defined anew.", "Make the scenario or the study again.")


def reaches_all(reform: Any, unit: str, sites: Sequence[Any]) -> tuple[str, str] | None:
    """Why a reform cannot be given to some units ("officer", "squad", "beat") alone, and what to do about it; None if it can.

    sites  parameters of the cities in question
    """
    if hasattr(reform, "reaches_all"):
        answer: tuple[str, str] | None = reform.reaches_all(unit, sites)
        return answer
    settings = reform.settings(reform.start)
    return ("what it sets holds for the whole city", "Give it a method `reaches_all` that says when it does not.") if settings else None


def with_dose(reform: Any, value: float) -> Any:
    """The same reform with another dose."""
    return replace(reform, **{reform.dose: value})


def settings_of(reforms: tuple[Any, ...], week: int) -> dict[str, float]:
    """The parameters in force in a week because of reforms; the later of two reforms wins, but see `contradiction`."""
    merged: dict[str, float] = {}
    for reform in sorted(reforms, key=lambda reform: reform.start):
        merged |= reform.settings(week)
    return merged


def contradiction(reforms: tuple[Any, ...], horizon: int = 5200) -> Note | None:
    """Why these reforms cannot go together, in a sentence; None if they can.

    Two contradict each other if in some week both set the same parameter, differently, or if two programs of community
    policing overlap, since both assign the same posts.
    """
    for n, one in enumerate(reforms):
        for other in reforms[n + 1 :]:
            for week in sorted({*one.due(horizon), *other.due(horizon)}):
                mine, theirs = one.settings(week), other.settings(week)
                for name in mine.keys() & theirs.keys():
                    if mine[name] != theirs[name]:
                        values = {"value": mine[name], "another": theirs[name]}
                        return note("reforms_overlap", one=name_of(one), other=name_of(other), week=week, name=name, **values)
                if all(isinstance(each, CommunityPolicing) and each.in_force(week) for each in (one, other)):
                    return note("programs_overlap", week=week)
    return None


def levers(kind: type) -> dict[str, Any]:
    """The levers of a reform by name: dataclass fields with their metadata."""
    return {each.name: each for each in fields(kind)}
