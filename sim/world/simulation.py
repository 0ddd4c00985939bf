"""A city on its way: built, spun up, and advanced from one dated event to the next."""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import replace as replace_fields
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.world.anatomy import phases
from sim.world.compiled import REPLACED, announce
from sim.world.look import Residents
from sim.world.observe import Answers, ask
from sim.world.parameters import replace
from sim.world.population import build, populate
from sim.world.reforms import Scene, guard, name_of, settings_of
from sim.world.schedule import advance, perform
from sim.world.state import LAST_TICK, ROW, City, Record, Shown, clock, empty_record
from sim.world.survey import INTERVAL_WEEKS, Survey, answers_of, chunks, everybody, sample_rows, survey
from sim.world.voices import SIZES, Sizes, Voices, voices

HORIZON = 10_000  # weeks; reforms are dated within it
ROUNDING = 1e-9  # by which trust may leave 0-1 before it is clipped


class Simulation:
    """One run of a scenario with one seed; `city` holds the columns, `record`, `surveys` and `heard` (voices) what was observed.

    scenario  a sim.inputs.scenario.Scenario
    seed      0 to 2**64 - 1: the luck of all that happens in the weeks, spin-up included
    people    the same of who lives there and where (sim.world.rng.OF_PEOPLE); by default the seed. The same two give the same columns
              bit for bit; other weeks of the same people are another life of theirs
    spin_up   run the scenario's spin-up at once, so that `week` is 0

    `tick` counts weeks from the start of the spin-up, `week` from its end; both name the next week to run.
    """

    def __init__(self, scenario, seed: int, people: int | None = None, *, spin_up: bool = True):
        announce("the model", populate, advance, ask)
        self.seed = seed
        self.people = seed if people is None else people
        self.tick = 0
        self._take(scenario)
        self.surveys: list[Survey] = []
        self.heard: list[Voices] = []
        self.eligible: np.ndarray | None = None  # bool, one a post: whom reforms may choose; None: everybody
        self.examined: dict[
            int, np.ndarray
        ] = {}  # by tick, in purges: officers, unfit ones of them, flagged ones, flagged ones who are unfit
        self._spent: dict[str, np.ndarray] = {}  # by reform: ticks x (officer-weeks, thousand pesos)
        self._settings = settings_of(self.reforms, self.week)
        self.parameters = replace(scenario.values_at(self.week), self._settings)
        stated = scenario.stated_places()
        self._go_on_from(build(scenario.city, self.parameters, self.people, scenario.spin_up_weeks + scenario.weeks, stated))
        self.files: dict[int, tuple[np.ndarray, np.ndarray]] = {}  # by week, each half-year: complaints on file and identity, one a post
        self._close_files()
        if spin_up:
            self.advance(scenario.spin_up_weeks)

    def _take(self, scenario) -> None:
        """The scenario and its dates."""
        self.scenario = scenario
        self.reforms = tuple(scenario.interventions)
        self._due = {reform: set(reform.due(HORIZON)) for reform in self.reforms}
        self._dates = sorted({change.week for change in scenario.changes}.union(*self._due.values()))

    def _go_on_from(self, city: City) -> None:
        """This is the city from now on."""
        self._city, self._residents = city, Residents(city)
        self.city: Shown = city._replace(citizens=self._residents)  # type: ignore[arg-type]

    @property
    def state(self) -> City:
        """The city as compiled code takes it, with what Python has written into the columns of `city`."""
        self._residents.take_back()
        return self._city

    @property
    def week(self) -> int:
        """The next week to run, counted from the end of the spin-up."""
        return self.tick - self.scenario.spin_up_weeks

    @property
    def record(self) -> Record:
        """What was observed so far, a row a tick (see sim.world.state.Record)."""
        return Record(*(column[: self.tick] for column in self._city.record))

    def advance(self, weeks: int) -> None:
        """Run so many weeks: compiled stretches from one dated change or survey to the next."""
        end = self.tick + weeks
        if end > LAST_TICK:
            raise InputError(f"a run ends in week {LAST_TICK - self.scenario.spin_up_weeks:,} at the latest.", "Run fewer weeks.")
        self._make_room(end)
        while self.tick < end:
            self.intervene()
            stretch = min(end, self._next_stop()) - self.tick
            self._residents.go_on()
            with self._rules_of_ones_own(stretch):
                advance(stretch, self._city, self.parameters, clock(self.seed, self.tick))
            self._pass(stretch)
        self._residents.catch_up()

    def fork(self, eligible: np.ndarray | None = None) -> "Simulation":
        """A second run that goes on from here by itself, with the same luck; reforms choose among the eligible posts (see Scene)."""
        other = copy(self)
        other._go_on_from(deepcopy(self.state))
        other.surveys, other._spent = list(self.surveys), deepcopy(self._spent)
        other.heard = list(self.heard)
        other.files, other.examined = dict(self.files), dict(self.examined)
        other.eligible = eligible
        return other

    def adopt(self, scenario) -> None:
        """Go on under another scenario, from the coming week on. A run that had it from the start is in the same state, bit for bit.

        ValueError if the two differ in the city, in its parameters or in what happened before the coming week.
        """
        if self.tick == 0 or past(self.scenario, self.week) != past(scenario, self.week):
            raise ValueError("the scenario differs in what has already happened")
        self._take(scenario)

    def begin_week(self) -> None:
        """What comes before the first phase of a week that is driven phase by phase (see `perform`)."""
        self._make_room(self.tick + 1)
        self.intervene()

    def perform(self, phase: str, rows: np.ndarray | None = None) -> None:
        """Run one phase of the current week for some rows of its table; None: for all of them."""
        (number, table), docket = phases()[phase], self._city.docket
        whose = self._city.rows._replace(crimes=docket.rows[: docket.page[0]])
        if rows is not None:
            whose = whose._replace(**{table: np.unique(rows).astype(ROW) if len(rows) > 1 else rows})  # in ascending order
        self._residents.go_on()
        perform(number, whose, self._city, self.parameters, clock(self.seed, self.tick))

    def end_week(self) -> None:
        """What comes after the last phase of a week that is driven phase by phase."""
        self._pass(1)
        self._residents.catch_up()

    def run(self) -> "Simulation":
        """Run to the scenario's horizon."""
        self.advance(max(0, self.scenario.weeks - self.week))
        return self

    def intervene(self) -> None:
        """Dated changes of parameters take effect, and the reforms that are due act."""
        if self.week not in self._dates:
            return
        settings = settings_of(self.reforms, self.week)
        if settings != self._settings or any(change.week == self.week for change in self.scenario.changes):
            self._settings = settings
            self.parameters = replace(self.scenario.values_at(self.week), settings)
        for reform in self.reforms:
            if self.week in self._due[reform]:
                name = name_of(reform)
                bill = guard.act(name, reform, self._scene())
                self._book(name, np.array([bill], float))

    def _scene(self, counts: np.ndarray | None = None) -> Scene:
        """What a reform sees now."""
        return Scene(
            self.week, self.seed, self.city, self.parameters, counts, self.eligible, self.people, self.tick, self.files, self.examined
        )

    def survey_if_due(self) -> None:
        """Every 26 weeks all adults are asked, and samples of those who had to do with the police; files of officers are closed."""
        if self.week % INTERVAL_WEEKS == 0:
            asking = self.state, self.parameters, self.seed, self.tick - 1, self.week
            self.surveys.append(survey(chunks(self.state.citizens), *asking))
            self.heard.append(voices(*asking))
            self._close_files()

    def _close_files(self) -> None:
        """Write down what is on file of officers, and of whom."""
        self.files[self.week] = self._city.officers.complaints.copy(), self._city.officers.identity.copy()

    def virtual_survey(self, adults: int) -> Survey:
        """Ask a simple random sample of so many adults now: what a real evaluator would see."""
        if self.tick == 0:
            raise ValueError("the city has not lived a week yet: advance(1) first")
        rows = sample_rows(self.scenario.city.adults, adults, self.seed, self.tick - 1)
        return survey([rows], self.state, self.parameters, self.seed, self.tick - 1, self.week)

    def answers(self, rows: np.ndarray | None = None) -> Answers:
        """What these adults answer now (by default all): the same adult has the same response error in every arm."""
        tick = max(self.tick - 1, 0)
        return answers_of(everybody(self._city) if rows is None else rows, self.state, self.parameters, self.seed, tick)

    def voices(self, sizes: Sizes = SIZES) -> Voices:
        """Ask samples of complainants, of people who were stopped or were not, and of officers now: what a real evaluator would hear."""
        if self.tick == 0:
            raise ValueError("the city has not lived a week yet: advance(1) first")
        return voices(self.state, self.parameters, self.seed, self.tick - 1, self.week, sizes)

    @property
    def costs(self) -> dict[str, np.ndarray]:
        """What each reform cost in each week so far: ticks x (officer-weeks, thousand pesos)."""
        nothing = np.zeros((self.tick, 2))
        return {name: self._spent.get(name, nothing)[: self.tick] for name in map(name_of, self.reforms)}

    def _pass(self, weeks: int) -> None:
        """Time has passed: reforms that run cost, and a survey may be due."""
        counts = self._city.record.counts[self.tick : self.tick + weeks]
        for reform in self.reforms:
            name = name_of(reform)
            self._book(name, guard.running(name, reform, self._scene(counts)))
        self.tick += weeks
        self.survey_if_due()

    @contextmanager
    def _rules_of_ones_own(self, weeks: int) -> Iterator[None]:
        """InputError that names the rules which this process has replaced, if one fails or leaves trust that is no share."""
        when, names = f"weeks {self.week} to {self.week + weeks - 1}", ", ".join(f"'{name}'" for name in REPLACED)
        remedy = "It must give a number for all arguments that occur; try it on them, and restart: rules are compiled as they are."
        try:
            yield
        except (ArithmeticError, ValueError) as error:
            if not REPLACED:
                raise
            raise InputError(f"a rule of your own ({names}) fails in {when}: {type(error).__name__}: {error}", remedy) from error
        if REPLACED:
            for column in ("fairness", "effectiveness"):
                values = self._residents.unclipped(column)
                if (wrong := ~((values >= -ROUNDING) & (values <= 1.0 + ROUNDING))).any():  # NaN is neither
                    raise InputError(f"with rules of your own ({names}), citizens.{column} became {values[wrong][0]:g} in {when}.", remedy)

    def _book(self, name: str, cost: np.ndarray) -> None:
        """What a reform costs from the coming week on, a row a week."""
        spent = self._spent.setdefault(name, np.zeros((len(self._city.record.counts), 2)))
        spent[self.tick : self.tick + len(cost)] += cost

    def _next_stop(self) -> int:
        """The tick before which something has to be done outside compiled code."""
        survey = self.tick + INTERVAL_WEEKS - self.week % INTERVAL_WEEKS
        later = self._dates[bisect_right(self._dates, self.week) :][:1]
        return min([survey, *(week + self.scenario.spin_up_weeks for week in later)])

    def _make_room(self, ticks: int) -> None:
        """Grow the record when somebody runs beyond the scenario's horizon."""
        held = len(self._city.record.counts)
        if ticks > held:
            larger = empty_record(max(ticks, 2 * held))
            for new, old in zip(larger, self._city.record, strict=True):
                new[:held] = old
            self._city, self.city = (
                self._city._replace(record=larger),
                self.city._replace(record=larger),
            )  # the same columns, for those who hold them
            self._spent = {name: np.pad(spent, ((0, len(larger.counts) - held), (0, 0))) for name, spent in self._spent.items()}


def past(scenario, week: int) -> tuple[Any, ...]:
    """What a run of the scenario depends on up to the beginning of a week; equal for scenarios that differ later only."""
    changes = [(change.week, change.set) for change in scenario.changes if change.week < week]
    began = [_unended(reform, week) for reform in scenario.interventions if reform.start < week]
    return scenario.city, scenario.places, scenario.spin_up_weeks, scenario.parameters, changes, began


def _unended(reform, week: int):
    """The reform as it is known before a week: an end that is still to come has done nothing yet."""
    until = getattr(reform, "until", None)
    return reform if until is None or until < week else replace_fields(reform, until=None)


def columns(city: City) -> dict[str, np.ndarray]:
    """All columns of all tables by name, such as "citizens.fairness"; for comparing cities."""
    tables = ("citizens", "officers", "squads", "offenders", "cells", "crimes", "encounters")
    return {f"{table}.{name}": column for table in tables for name, column in getattr(city, table)._asdict().items()}
