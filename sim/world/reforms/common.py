"""What reforms share: levers with their meaning, the scene they see when they act, the bill, and how compiled code takes them.

Dates, settings and acts of the package's reforms are compiled, because a city in a browser has them too (docs/design/0028).
"""

from collections import namedtuple
from collections.abc import Callable
from dataclasses import MISSING, field, fields
from functools import lru_cache
from math import inf, nan
from typing import Any, ClassVar, NamedTuple

import numpy as np

from sim.world.compiled import piece, plain
from sim.world.luck import normals, uniforms
from sim.world.rng import OF_PEOPLE, Draw
from sim.world.state import Shown


class Bill(NamedTuple):
    """What something cost: officer-weeks, and thousand pesos (officer-weeks included at their price)."""

    officer_weeks: float
    money: float


class Moment(NamedTuple):
    """Whose luck, and when: seeds of the weeks and of the people, the coming week, and the same counted from the start of the spin-up."""

    seed: np.uint64
    people: np.uint64
    week: int
    tick: int


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
    files: Any = None  # as Simulation says; and
    examined: Any = None  # what purges write into

    def uniforms(self, decision: Draw, rows: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """The luck of some rows in a decision (see sim.world.luck), of the people or of the weeks as sim.world.rng.OF_PEOPLE says."""
        return uniforms(self._seed_of(decision), decision, rows, indices)

    def normals(self, decision: Draw, rows: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """The same as standard normal numbers."""
        return normals(self._seed_of(decision), decision, rows, indices)

    def compiled(self) -> tuple[Any, ...]:
        """City, parameters and moment as compiled code takes them."""
        people = self.seed if self.people is None else self.people
        return self.city.citizens.lend(), self.p, Moment(np.uint64(self.seed), np.uint64(people), self.week, self.tick)

    def _seed_of(self, decision: Draw) -> int:
        return self.people if decision in OF_PEOPLE and self.people is not None else self.seed

    def allowed(self, posts: np.ndarray) -> np.ndarray:
        """Of these posts (bool, one a post) those that may have the reform."""
        return posts if self.eligible is None else posts & self.eligible


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


def numbers_of(kind: Any) -> Any:
    """The table of a reform's levers as compiled code takes them (see `numbers`)."""
    return namedtuple(f"{kind.__name__}Levers", [each.name for each in fields(kind)], module=kind.__module__)


def numbers(table: Any, reform: Any) -> Any:
    """A reform's levers as numbers: of a choice its place; nan for what is left out."""
    return table(*(_number(getattr(reform, name), type(reform).__dataclass_fields__[name].metadata) for name in table._fields))


def _number(value: Any, told: Any) -> float:
    return nan if value is None else float(told["choices"].index(value) if "choices" in told else value)


@piece
def lasts(dose, start, until, week):
    """Is a program of this dose on in this week? `until` may be nan: it goes on."""
    return dose > 0.0 and start <= week and not week >= until


@piece
def bounds(dose, start, until, week):
    """Does a program of this dose begin or end with this week?"""
    begins, ends = week == start, week == until
    return dose > 0.0 and (begins or ends)


@lru_cache(4096)
def dates(due: Callable[..., Any], table: Any, reform: Any, horizon: int) -> tuple[int, ...]:
    """The weeks before a horizon in which a reform is due."""
    r = numbers(table, reform)
    end = min(horizon, inf if reform.until is None else reform.until + 1)
    is_due = plain(due)
    return tuple(week for week in range(reform.start, int(end)) if is_due(r, week))


def set_by(fill: Callable[..., Any], table: Any, reform: Any, week: int) -> dict[str, float]:
    """The parameters that are in force in a week because of a reform."""
    out: np.ndarray = np.full(len(reform.sets), nan)
    plain(fill)(out, numbers(table, reform), week)
    return {name: value for name, value in zip(reform.sets, out.tolist(), strict=True) if value == value}


def act_by(entry: Callable[..., Any], table: Any, reform: Any, scene: Scene, *more: Any, size: int = 2) -> list[float]:
    """Let a compiled reform act; what that costs, as in a bill, and what else it tells (`size` numbers in all)."""
    eligible = np.ones(len(scene.city.officers.active), bool) if scene.eligible is None else scene.eligible
    bill: np.ndarray = np.zeros(size)
    entry(numbers(table, reform), *scene.compiled(), eligible, bill, *more)
    told: list[float] = bill.tolist()
    return told


def spent_by(entry: Callable[..., Any], table: Any, reform: Any, scene: Scene) -> np.ndarray:
    """What a stretch of weeks cost because of a compiled reform."""
    spent = nothing(scene)
    entry(numbers(table, reform), *scene.compiled(), scene.counts, spent)
    return spent


class Parts(NamedTuple):
    """What is compiled of a reform: its levers as a table, whether it is due in a week, what it sets and does, and what weeks cost."""

    levers: Any
    due: Callable[..., Any]
    set: Callable[..., Any] | None = None
    act: Callable[..., Any] | None = None
    run: Callable[..., Any] | None = None


class CompiledReform:
    """One of the package's own reforms, which does what its `parts` say: those that it has not do nothing and cost nothing."""

    dose: ClassVar[str]
    parts: ClassVar[Parts]
    sets: ClassVar[tuple[str, ...]] = ()  # parameters, in the order of the numbers that `set` fills in
    in_force = in_force

    def due(self, horizon: int) -> list[int]:
        """The weeks on which it acts or its settings change."""
        return list(dates(self.parts.due, self.parts.levers, self, horizon))

    def settings(self, week: int) -> dict[str, float]:
        """Parameters in force in a week because of it."""
        return set_by(self.parts.set, self.parts.levers, self, week) if self.parts.set else {}

    def act(self, scene: Scene) -> Bill:
        """What it does in a week that is due."""
        return Bill(*act_by(self.parts.act, self.parts.levers, self, scene)) if self.parts.act else Bill(0.0, 0.0)

    def running(self, scene: Scene) -> np.ndarray:
        """What a stretch of weeks that has just passed cost because of it."""
        return spent_by(self.parts.run, self.parts.levers, self, scene) if self.parts.run else nothing(scene)


def bounds_before(reform: Any, horizon: int) -> list[int]:
    """The first week of a program and the first after it, as far as the run goes; none at dose 0."""
    weeks = [week for week in (reform.start, reform.until) if week is not None and week < horizon]
    return weeks if getattr(reform, reform.dose) > 0 else []


def nothing(scene: Scene) -> np.ndarray:
    """A stretch of weeks that cost nothing."""
    return np.zeros((len(scene.counts), 2))
