"""What reforms share: levers with their meaning, the scene they see when they act, and the bill."""

from dataclasses import MISSING, field
from typing import Any, NamedTuple

import numpy as np

from sim.world.luck import normals, uniforms
from sim.world.rng import OF_PEOPLE, Draw
from sim.world.state import Shown


class Bill(NamedTuple):
    """What something cost: officer-weeks, and thousand pesos (officer-weeks included at their price)."""

    officer_weeks: float
    money: float


class Scene(NamedTuple):
    """What a reform sees when it acts."""

    week: int
    seed: int
    city: Shown
    p: Any  # parameters in force
    counts: Any = None  # array, of the stretch that has just passed: weeks x Count
    eligible: np.ndarray | None = None  # bool, one a post: those a trial gives the reform; None: everybody
    people: int | None = None  # the seed of who lives there; None: `seed`
    tick: int = 0  # the coming week, counted from the start of the spin-up

    def uniforms(self, decision: Draw, rows: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """The luck of some rows in a decision (see sim.world.luck), of the people or of the weeks as sim.world.rng.OF_PEOPLE says."""
        return uniforms(self._seed_of(decision), decision, rows, indices)

    def normals(self, decision: Draw, rows: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """The same as standard normal numbers."""
        return normals(self._seed_of(decision), decision, rows, indices)

    def _seed_of(self, decision: Draw) -> int:
        return self.people if decision in OF_PEOPLE and self.people is not None else self.seed

    def allowed(self, posts: np.ndarray) -> np.ndarray:
        """Of these posts (bool, one a post) those that may have the reform."""
        return posts if self.eligible is None else posts & self.eligible

    def allowed_squads(self, squads: np.ndarray) -> np.ndarray:
        """Of these squads (bool, one a squad) those all of whose posts may have the reform."""
        if self.eligible is None:
            return squads
        return squads & (np.bincount(self.city.officers.squad, ~self.eligible, len(squads)) == 0)


def lever(default: Any, low: float, high: float, unit: str, text: str, source: str = "assumed", **more: Any) -> Any:
    """A field with what a person must know of it; MISSING as default: it has to be given. `decided`: it is a choice, not an unknown."""
    metadata = {"low": low, "high": high, "unit": unit, "text": text, "source": (source,), **more}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


def start_lever() -> Any:
    """The week in which a reform begins."""
    return lever(
        MISSING, -2000, 5199, "week", "Week in which it begins; 0 is the end of the spin-up, and it may begin before.", decided=True
    )


def until_lever() -> Any:
    """The week in which a reform ends."""
    return lever(None, -1999, 5200, "week", "First week in which it is over; null: it goes on.", optional=True, decided=True)


def in_force(reform: Any, week: int) -> bool:
    """Is a program with a beginning, an end and a dose on in this week?"""
    return getattr(reform, reform.dose) > 0 and reform.start <= week and (reform.until is None or week < reform.until)


def bounds_before(reform: Any, horizon: int) -> list[int]:
    """The first week of a program and the first after it, as far as the run goes; none at dose 0."""
    weeks = [week for week in (reform.start, reform.until) if week is not None and week < horizon]
    return weeks if getattr(reform, reform.dose) > 0 else []


def nothing(scene: Scene) -> np.ndarray:
    """A stretch of weeks that cost nothing."""
    return np.zeros((len(scene.counts), 2))
