"""What a run has been through: weekly series from its record, what happened in places lately, and the life of one citizen or cell."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sim.measures.harvest import CAUSES, weights
from sim.world.rules.trust import overall_trust
from sim.world.series import WeekMeasure, sum_up_weeks
from sim.world.simulation import Simulation
from sim.world.state import Cause

Array = np.ndarray
SERIES = tuple(measure.name.lower() for measure in WeekMeasure)


class Series:
    """Weekly series of a run, from the end of the spin-up on: `week + 1` values, the first of which is what the spin-up left.

    trust, fairness, effectiveness   0-1, mean over adults
    reporting, clearance             share of crimes and of reports, in the 52 weeks before (or as many as there are)
    complaints                       per 1,000 officers a year, likewise
    crimes                           per 100,000 adults a year, likewise
    cost                             thousand pesos so far
    """

    def __init__(self, simulation: Simulation):
        ticks = simulation.tick
        known, scenario = weights(simulation.scenario)[:ticks], simulation.scenario
        weight = np.pad(known, (0, ticks - len(known)), mode="edge")  # of effectiveness in trust, also beyond the horizon
        spent: Array = sum((rows[:, 1] for rows in simulation.costs.values()), np.zeros(ticks))
        self._sums, self._ledger = np.empty((simulation.week + 1, len(WeekMeasure))), np.empty((simulation.week + 1, len(Cause)))
        sum_up_weeks(self._sums, self._ledger, simulation.record, spent, weight, scenario.spin_up_weeks, scenario.city.adults)

    def __getitem__(self, name: str) -> Array:
        return self._sums[:, WeekMeasure[name.upper()]]

    def ledger(self) -> dict[str, Array]:
        """Change of mean trust since week 0 by its cause, on the 0-1 scale; the causes sum to the change of trust."""
        return dict(zip(CAUSES, self._ledger.T, strict=True))


class Window:
    """The sum of a weekly column, one value a cell, over the last weeks."""

    def __init__(self, cells: int, weeks: int):
        self.total: Array = np.zeros(cells, np.int64)
        self._kept: Array = np.zeros((weeks, cells), np.int32)
        self._noted = 0

    @property
    def weeks(self) -> int:
        """How many weeks it looks back on."""
        return min(self._noted, len(self._kept))

    def note(self, values: Array) -> None:
        """The values of another week."""
        oldest = self._kept[self._noted % len(self._kept)]
        self.total += values - oldest
        oldest[:] = values
        self._noted += 1


class Life(NamedTuple):
    """What became of a citizen, week by week: `week + 1` values, the first of which is what the spin-up left."""

    citizen: int
    cell: int
    fairness: Array
    effectiveness: Array
    trust: Array
    stops: Array  # weeks in which the citizen was stopped
    corrupt_stops: Array  # of these, weeks in which a stop was corrupt
    victimizations: Array  # weeks in which the citizen was a victim


class Place(NamedTuple):
    """What became of a cell, week by week (trust as in `Life`; crimes and stops of each week since week 0), and who is there now."""

    cell: int
    x: int
    y: int
    trust: Array
    crimes: Array
    stops: Array
    residents: range
    officers: Array  # rows of officers who are there this week
    offenders: Array  # rows of offenders who are there and free


class Trace:
    """A notebook about one citizen or cell: `note` is called at week 0 and after each week."""

    def __init__(self, row: int, look: Callable[[Simulation, int], tuple[float, ...]]):
        self.row, self.look = row, look
        self.seen: list[tuple[float, ...]] = []

    def note(self, run: Simulation) -> None:
        """What is seen now."""
        self.seen.append(self.look(run, self.row))

    def follow(self, run: Simulation, weeks: int) -> None:
        """Live through so many weeks of a run at week 0: nothing was kept, because it can be had again exactly."""
        self.note(run)
        for _ in range(weeks):
            run.advance(1)
            self.note(run)


def look_at_citizen(run: Simulation, i: int) -> tuple[float, ...]:
    """Fairness, effectiveness, trust, and the ticks of the last stop, corrupt stop and victimization."""
    citizens, weight = run.city.citizens, run.parameters.trust.effectiveness_weight
    fairness, effectiveness = citizens.fairness[i], citizens.effectiveness[i]
    trust = overall_trust(fairness, effectiveness, weight)
    return tuple(
        map(float, (fairness, effectiveness, trust, citizens.last_stop[i], citizens.last_corrupt_stop[i], citizens.last_victimized[i]))
    )


def look_at_cell(run: Simulation, c: int) -> tuple[float, ...]:
    """Mean trust of the residents, and crimes and stops there since the start."""
    cells = run.city.cells
    return float(cells.climate[c]), float(cells.crimes[c]), float(cells.stops[c])


def life_of(trace: Trace, run: Simulation) -> Life:
    """A citizen's trace, read."""
    seen = np.array(trace.seen, float)
    spin_up = run.scenario.spin_up_weeks
    weeks = [np.unique(column[column >= spin_up]).astype(int) - spin_up for column in seen[:, 3:].T]
    home = int(run.city.citizens.home[trace.row])
    return Life(trace.row, home, seen[:, 0], seen[:, 1], seen[:, 2], *weeks)


def place_of(trace: Trace, run: Simulation) -> Place:
    """A cell's trace, read."""
    city, c = run.city, trace.row
    seen = np.array(trace.seen, float)
    first = city.cells.first_resident
    offenders = (city.offenders.cell == c) & (city.offenders.jail_weeks == 0) & (city.offenders.propensity > 0)
    officers = (city.officers.cell == c) & (city.officers.active == 1)
    counts = [np.diff(column).astype(int) for column in seen[:, 1:].T]
    who: tuple[Any, ...] = (range(int(first[c]), int(first[c + 1])), np.flatnonzero(officers), np.flatnonzero(offenders))
    return Place(c, c % city.grid.width, c // city.grid.width, seen[:, 0], *counts, *who)
