"""The field: one city lives three times, with some units treated, all and none, and is measured at each wave."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.measures.harvest import complaints_since
from sim.trials.design import Trial
from sim.trials.outcomes import OUTCOMES
from sim.trials.units import Units
from sim.world.rules.encounter import Conduct, Feeling, Meeting
from sim.world.simulation import Simulation
from sim.world.state import SLOTS, rows_in
from sim.world.survey import YEAR
from sim.world.voices import GROUPS, answered, members

TRUSTING = 2  # algo de confianza, or more
ADULTS = 1000.0  # crimes are counted per 1,000 adults
STOPS = ("fair_stops", "felt_good", "felt_bad")  # outcomes that are shares of an officer's stops


class Measurements(NamedTuple):
    """What could be measured on everybody at one time, without the sampling and errors of officers' questionnaires.

    values  a column for each outcome of the trial, as long as its population; nan where there is nothing
    stops   posts x (stops observed, of them STOPS) in the weeks before
    same    bool, one a post: is it held by who held it at the baseline?
    """

    values: dict[str, np.ndarray]
    stops: np.ndarray
    same: np.ndarray


class RunningTotals(NamedTuple):
    """Running totals at some moment, from which later ones are counted."""

    week: int
    complaints: np.ndarray
    identity: np.ndarray
    crimes: np.ndarray


def mark(run: Simulation) -> RunningTotals:
    """The totals now."""
    officers = run.city.officers
    return RunningTotals(run.week, officers.complaints.copy(), officers.identity.copy(), run.city.cells.crimes.copy())


class Watch:
    """Lets a run live, and keeps what officers do in stops in the weeks before each wave."""

    def __init__(self, run: Simulation, trial: Trial, progress: Callable[[int], None]):
        self.run, self.trial, self.progress = run, trial, progress
        self.visited: np.ndarray = np.zeros(rows_in(run.city.citizens), bool)
        self.stride = 1 if "visited" in trial.outcomes else 26  # weeks; encounters are kept for a week

    def until(self, week: int) -> None:
        """Live to a week; who is visited is noted if somebody asks."""
        while self.run.week < week:
            weeks = min(self.stride, week - self.run.week)
            self.run.advance(weeks)
            if self.stride == 1:
                self.visited[visited_in_week(self.run)] = True
            self.progress(weeks)

    def stops_until(self, week: int) -> np.ndarray:
        """Live to a week and return the stops of those who hold the posts then, in the weeks before (see `Wave.stops`)."""
        self.until(week - self.trial.officers.observed_weeks)
        officers = self.run.city.officers
        seen, holder = np.zeros((len(officers.cell), 1 + len(STOPS))), officers.identity.copy()
        while self.run.week < week:
            self.until(self.run.week + 1)
            seen[holder != officers.identity] = 0.0
            holder[:] = officers.identity
            seen += stops_of_week(self.run)
        return seen


def stops_of_week(run: Simulation) -> np.ndarray:
    """Stops of each officer in the week that has just passed: all, and of them STOPS; posts x 4."""
    officers, encounters = run.city.officers, run.city.encounters
    happened = np.arange(SLOTS) < officers.encounters[:, None]
    stops = happened & (encounters.kind.reshape(-1, SLOTS) == Meeting.STOP)
    felt = encounters.felt.reshape(-1, SLOTS)
    kinds = (True, encounters.conduct.reshape(-1, SLOTS) == Conduct.FAIR, felt == Feeling.GOOD, felt == Feeling.BAD)
    return np.stack([(stops & kind).sum(axis=1) for kind in kinds], axis=1).astype(float)


def visited_in_week(run: Simulation) -> np.ndarray:
    """Rows of the citizens with whom officers on community duty talked in the week that has just passed."""
    encounters = run.city.encounters
    happened = np.arange(SLOTS) < run.city.officers.encounters[:, None]
    return np.asarray(encounters.citizen[(happened & (encounters.kind.reshape(-1, SLOTS) == Meeting.CONTACT)).ravel()])


def measured(watch: Watch, units: Units, since: RunningTotals, holders: np.ndarray, stops: np.ndarray) -> Measurements:
    """Measure everybody now; totals count since the marks, and officers are followed who are among the holders of the posts."""
    run, trial = watch.run, watch.trial
    officers = run.city.officers
    values: dict[str, np.ndarray] = {}
    same = (officers.identity == holders) & (officers.active == 1)
    years = max(1, run.week - since.week) / YEAR
    if any(OUTCOMES[name].population == "citizens" for name in trial.outcomes):
        values |= asked(run) | {"visited": watch.visited}
    with np.errstate(invalid="ignore"):
        shares = stops[:, 1:] / stops[:, :1]
    officer = {
        "knowledge": officers.knowledge, "attitude": officers.attitude, **dict(zip(STOPS, shares.T, strict=True)),
        "complaints": complaints_since(run.city, since.complaints, since.identity) / years,
    }  # fmt: skip
    officer |= told(run, trial.outcomes, "officers")
    values |= {name: np.where(same, column, np.nan) for name, column in officer.items()} | told(run, trial.outcomes, "citizens")
    residents = np.bincount(units.cells[run.city.citizens.home], minlength=units.many)
    crimes = np.bincount(units.cells, run.city.cells.crimes - since.crimes, units.many)
    values["crime_rate"] = ADULTS * crimes / np.maximum(residents, 1) / years
    return Measurements({name: values[name].astype(np.float32) for name in trial.outcomes}, stops, same)


def asked(run: Simulation) -> dict[str, np.ndarray]:
    """What all adults would answer; the same citizen has the same response error in all arms."""
    tick, people = run.tick - 1, run.city.citizens
    answers = run.answers()
    victims = people.last_victimized > tick - YEAR
    return {
        "share_trusting": answers.trust >= TRUSTING, "trust_answer": answers.trust, "effectiveness": people.effectiveness,
        "fairness_scale": answers.fairness_scale, "unsafe": answers.unsafe, "victims": victims,
        "asked_for_bribe": people.last_corrupt_stop > tick - YEAR,
        "reported": np.where(victims, people.last_report >= people.last_victimized, np.nan),
    }  # fmt: skip


def told(run: Simulation, outcomes: tuple[str, ...], table: str) -> dict[str, np.ndarray]:
    """What those of a table would tell who have something to tell (see `sim.world.voices`); nan for all others."""
    found = {}
    for group, questions in GROUPS.items():
        asked = [(place, f"{group}_{name}") for place, name in enumerate(questions) if f"{group}_{name}" in outcomes]
        if asked and (group == "officers") == (table == "officers"):
            rows = members(group, run.city, run.tick - 1)
            said = answered(group, rows, run.state, run.parameters, run.seed, run.tick - 1)
            for place, name in asked:
                found[name] = np.full(rows_in(getattr(run.city, table)), np.nan)
                found[name][rows] = said[:, place]
    return found


class Field(NamedTuple):
    """A city at its baseline, ready for the lot."""

    watch: Watch
    units: Units
    homes: np.ndarray  # unit of each adult; -1: not asked
    marks: RunningTotals
    baseline: Measurements


def baseline(run: Simulation, trial: Trial, units: Units, progress: Callable[[int], None]) -> Field:
    """Let a city live to the baseline and measure it there; complaints and crimes are those of the year before."""
    watch = Watch(run, trial, progress)
    watch.until(max(-run.scenario.spin_up_weeks, trial.baseline - YEAR))
    before = mark(run)
    stops = watch.stops_until(trial.baseline)
    marks = mark(run)
    wave = measured(watch, units, before, marks.identity, stops)
    home = run.city.citizens.home
    return Field(watch, units, np.where(units.asked[home], units.cells[home], -1), marks, wave)


def endlines(field: Field, trial: Trial, eligible: np.ndarray) -> dict[int, Measurements]:
    """How the city would be at each possible endline, if these posts (bool) were treated. The field stays as it is."""
    run = field.watch.run.fork(eligible)
    watch = Watch(run, trial, field.watch.progress)
    waves = {}
    for week in trial.weeks_asked:
        stops = watch.stops_until(week)
        waves[week] = measured(watch, field.units, field.marks, field.marks.identity, stops)
    return waves
