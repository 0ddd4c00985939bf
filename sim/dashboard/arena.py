"""Arms of one city side by side, with the same luck and the same clock, for somebody who looks and intervenes."""

from collections.abc import Mapping
from pathlib import Path
from threading import RLock
from typing import Any

import mesa
import numpy as np

from sim.dashboard.events import LONGEST, Event, events_of, in_force, lasting, with_change, with_reform
from sim.dashboard.history import Array, Life, Place, Series, Trace, Window, life_of, look_at_cell, look_at_citizen, place_of
from sim.dashboard.saving import save_scenario
from sim.errors import InputError, did_you_mean, number_problem
from sim.inputs import map_notes
from sim.inputs.reforms import Reform
from sim.inputs.scenario import Scenario
from sim.measures import YEAR
from sim.studies.design.arms import BASELINE, checked_arms
from sim.style import note
from sim.world.parameters import flat
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation

QUARTER = 13  # weeks
KEPT = 4  # traces that a lane goes on with


class Lane:
    """One arm: its run, what happened in its places lately, and the traces of who is being looked at."""

    def __init__(self, name: str, scenario: Scenario, luck: int):
        self.name, self.luck = name, luck
        self._begin(scenario)

    def _begin(self, scenario: Scenario) -> None:
        run = self.simulation = Simulation(scenario, self.luck, spin_up=False)
        cells = len(run.city.cells.crimes)
        self.crimes, self.presence = Window(cells, YEAR), Window(cells, QUARTER)
        self.traces: dict[tuple[str, int], Trace] = {}
        run.advance(max(0, scenario.spin_up_weeks - YEAR))
        self._crimes_before = run.city.cells.crimes.copy()
        while run.week < 0:
            self._live()
        self._start = run.fork()
        self.series = Series(run)

    @property
    def scenario(self) -> Scenario:
        """What is run, with everything that was changed on the way as dates."""
        return self.simulation.scenario

    @property
    def events(self) -> tuple[Event, ...]:
        """All that is dated, in order."""
        return events_of(self.scenario)

    @property
    def reforms(self) -> dict[str, Reform]:
        """The reforms that are on in the coming week, by name."""
        return in_force(self.scenario, self.simulation.week)

    def step(self) -> None:
        """A week."""
        self._live()
        for trace in self.traces.values():
            trace.note(self.simulation)
        self.series = Series(self.simulation)

    def _live(self) -> None:
        self.simulation.advance(1)
        cells = self.simulation.city.cells
        self.crimes.note(cells.crimes - self._crimes_before)
        self.presence.note(cells.officers)
        self._crimes_before[:] = cells.crimes

    def adopt(self, scenario: Scenario) -> None:
        """Go on under a scenario that differs from the coming week on only."""
        if self.simulation.tick == 0:
            self._begin(scenario)  # what is dated week 0 is there when the city is built
        else:
            self.simulation.adopt(scenario)

    def trace(self, kind: str, row: int) -> Trace:
        """The trace of a row of citizens or cells up to now: the one that is kept, or a new one, lived through again from week 0."""
        key = (kind, row)
        if key not in self.traces:
            trace = Trace(row, look_at_citizen if kind == "citizen" else look_at_cell)
            trace.follow(self._again(), self.simulation.week)
            self.traces[key] = trace
            for oldest in list(self.traces)[:-KEPT]:
                del self.traces[oldest]
        return self.traces[key]

    def _again(self) -> Simulation:
        """The run at week 0, about to live through the same."""
        if self._start.tick == 0:  # there was no spin-up, and what is dated week 0 is there when the city is built
            return Simulation(self.scenario, self.luck)
        run = self._start.fork()
        run.adopt(self.scenario)
        return run


class Arena(mesa.Model):  # type: ignore[misc]
    """Arms of one city with the same luck and the same clock; `step` is a week of all of them.

    scenario  the city
    arms      lists of reforms by name, as in a study; beside them there is a baseline without any.
              None: one arm, "baseline", with the scenario's own reforms
    seed      root seed, 0 to 2**63 - 1; None: the scenario's. The luck is that of the first replicate of a run or a study
    InputError if the arms or the seed cannot be

    `lanes` are the arms by name, in order; the first is what the others are compared with. `of_places` is what every map says, and
    `stated` whether the scenario states something of its places: then nobody sees where offenders are.
    """

    def __init__(self, scenario: Scenario, arms: Mapping[str, Any] | None = None, seed: int | None = None):
        root = scenario.seed if seed is None else seed
        if problem := number_problem(root, 0, 2**63 - 1, True):
            raise InputError(note("wrong_value", name="seed", problem=problem), "Take a small whole number.")
        super().__init__(rng=int(root))
        self.seed = int(root)
        self._origin = scenario.with_(seed=self.seed)
        luck = replicate_seed(self.seed, 0)
        lists = {BASELINE: scenario.interventions} if arms is None else {BASELINE: (), **checked_arms(arms, scenario, None)}
        self.lanes = {name: Lane(name, self._origin.with_(interventions=made), luck) for name, made in lists.items()}
        self.first = next(iter(self.lanes))
        known = self._origin.as_data()
        self.of_places, self.stated = map_notes.of_places(known), bool(map_notes.stated(known))
        self.scales: dict[str, tuple[float, float]] = {}  # of maps, by layer; fixed when first drawn
        self.lock = RLock()  # a page steps in one thread and is clicked in another

    @property
    def scenario(self) -> Scenario:
        """The scenario as it was opened, with the seed in use."""
        return self._origin

    @scenario.setter
    def scenario(self, value: Any) -> None:
        """Mesa 3.5 sets a scenario of its own here; ours stays."""

    @property
    def week(self) -> int:
        """The next week to run."""
        return self.lanes[self.first].simulation.week

    @property
    def weeks(self) -> Array:
        """0, 1, ... up to the number of weeks that have passed: where the values of series lie in time."""
        return np.arange(self.week + 1)

    def lane(self, arm: str) -> Lane:
        """An arm by its name; InputError if there is none."""
        if arm not in self.lanes:
            hint = did_you_mean(arm, self.lanes)
            raise InputError(f"there is no arm '{str(arm)[:100]}'.", f"{hint}Arms: {', '.join(self.lanes)}")
        return self.lanes[arm]

    def step(self) -> None:
        """A week of every arm; after 5,200 weeks time stands still."""
        with self.lock:
            if self.week >= LONGEST:
                self.running = False
                return
            for lane in self.lanes.values():
                lane.step()

    # What somebody does.

    def set_parameter(self, name: str, value: object) -> None:
        """Give a parameter another value in all arms from the coming week on. InputError as in a file."""
        with self.lock:
            changed = {arm: with_change(lane.scenario, self.week, name, value) for arm, lane in self.lanes.items()}
            for arm, scenario in changed.items():  # all or none
                self.lanes[arm].adopt(scenario)

    def values(self) -> dict[str, float]:
        """The parameters in force in the coming week by name, without what reforms set."""
        return flat(self.lanes[self.first].scenario.values_at(self.week))

    def dose(self, arm: str, reform: str, levers: Mapping[str, Any] | None) -> None:
        """Begin a reform in an arm in the coming week, go on with other levers, or end it (None). InputError as in a file.

        Levers that are not given stay as they are, or have their defaults if the reform was not on.
        """
        with self.lock:
            lane = self.lane(arm)
            lane.adopt(with_reform(lane.scenario, self.week, reform, levers))

    def scenario_of(self, arm: str) -> Scenario:
        """A scenario that, run from the start with the same luck, is in the same state as the arm in every week so far."""
        with self.lock:
            return lasting(self.lane(arm).scenario, self.week - 1)

    def save(self, arm: str, name: str, folder: str | Path, *, overwrite: bool = False, title: str | None = None) -> Path:
        """Write `scenario_of` an arm as NAME.yaml into a folder, see `save_scenario`.

        title   what the scenario is called; None: the names of the city and the arm
        """
        scenario = self.scenario_of(arm)
        called = title or f"{scenario.name[:1800]}: {arm}"
        return save_scenario(scenario.with_(name=called), name, folder, overwrite=overwrite)

    # What somebody sees.

    def series(self, name: str, arm: str) -> Array:
        """A weekly series of an arm (see `sim.dashboard.history.Series`), as long as `weeks`."""
        with self.lock:
            return self.lane(arm).series[name]

    def difference(self, name: str, arm: str) -> Array:
        """A weekly series of an arm minus that of the first arm."""
        return self.series(name, arm) - self.series(name, self.first)

    def ledger(self, arm: str) -> dict[str, Array]:
        """Why trust moved since week 0: cumulative change of mean trust by cause, as long as `weeks`."""
        with self.lock:
            return self.lane(arm).series.ledger()

    def cell(self, arm: str, c: int) -> Place:
        """The history of a cell, and who is there now. InputError if there is no such cell."""
        with self.lock:
            lane = self.lane(arm)
            row = self._row("cell", c, len(lane.simulation.city.cells.crimes))
            return place_of(lane.trace("cell", row), lane.simulation)

    def citizen(self, arm: str, i: int) -> Life:
        """The history of a citizen in an arm; the same number is the same person in every arm. InputError if there is nobody."""
        with self.lock:
            lane = self.lane(arm)
            row = self._row("citizen", i, len(lane.simulation.city.citizens.home))
            return life_of(lane.trace("citizen", row), lane.simulation)

    def twins(self, i: int) -> dict[str, Life]:
        """A citizen in every arm."""
        return {arm: self.citizen(arm, i) for arm in self.lanes}

    @staticmethod
    def _row(what: str, row: object, rows: int) -> int:
        if problem := number_problem(row, 0, rows - 1, True):
            raise InputError(note("wrong_cell" if what == "cell" else "wrong_citizen", problem=problem))
        return int(row)  # type: ignore[call-overload]
