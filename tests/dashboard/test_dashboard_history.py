"""What the live city shows of the past: series, ledger, lives and places, exactly as they were; and how long a week takes."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments" / "benchmarks"))

from pace import slowness
from small_arena import ARMS, CITY, stepped
from view import BUDGET, played

import sim
from sim.dashboard.arena import Arena
from sim.dashboard.history import SERIES, Window
from sim.inputs.scenario import Scenario
from sim.measures import MEASURES
from sim.world.reforms import CommunityPolicing

pytestmark = pytest.mark.compiled


def test_series_are_the_measures_of_a_run():
    scenario = CITY.with_(weeks=30, spin_up_weeks=60, interventions=[CommunityPolicing(start=0, share=0.5)])
    arena = stepped(Arena(scenario), 30)
    dataset = sim.run(scenario).dataset
    names = {
        "trust": "mean_trust", "fairness": "mean_fairness", "effectiveness": "mean_effectiveness", "reporting": "reporting_rate",
        "clearance": "clearance", "complaints": "complaint_rate", "crimes": "incidence", "cost": "cost",
    }  # fmt: skip
    assert set(names) == set(SERIES)
    for name, measure in names.items():
        weekly = MEASURES[measure].weekly(dataset).isel(replicate=0).sel(week=slice(-1, None)).values
        tolerance = 0.05 if name == "cost" else 1e-12  # what beats cost is counted at the end of each stretch, here weeks, there longer
        assert arena.series(name, "baseline") == pytest.approx(weekly, rel=tolerance), name


def test_a_young_run_counts_the_weeks_that_it_has():
    arena = stepped(Arena(CITY.with_(spin_up_weeks=0)), 3)
    counts = arena.lanes["baseline"].simulation.record.counts
    assert np.isnan(arena.series("crimes", "baseline")[0]) and np.isnan(arena.series("trust", "baseline")[0])
    assert arena.series("crimes", "baseline")[3] == pytest.approx(1e5 * counts[:3, 0].sum() / 3 * 52 / 1200)


def test_the_ledger_explains_the_change_of_trust():
    arena = stepped(Arena(CITY, ARMS), 12)
    arena.dose("beats", "purge", {"signal": 0.2, "follow_through": 1.0})
    stepped(arena, 8)
    for arm in arena.lanes:
        causes, trust = arena.ledger(arm), arena.series("trust", arm)
        assert sum(causes.values()) == pytest.approx(trust - trust[0], abs=1e-9)
        assert all(len(change) == 21 and change[0] == 0.0 for change in causes.values())
    assert arena.ledger("beats")["intervention"][-1] > 0.05 > arena.ledger("course")["intervention"][-1] == 0.0


@pytest.mark.parametrize("spin_up", [0, 6])
def test_a_citizens_history_is_what_happened(spin_up):
    weeks = 20
    arena, seen, events = Arena(CITY.with_(spin_up_weeks=spin_up), ARMS), {7: [], 400: []}, {7: [[], [], []], 400: [[], [], []]}
    arena.set_parameter("encounter.stop_rate", 6.0)
    for week in range(weeks + 1):
        if week == 9:
            arena.citizen("beats", 400)  # from now on it is written down as it happens
        citizens, p = arena.lanes["beats"].simulation.city.citizens, arena.lanes["beats"].simulation.parameters.trust
        for i, rows in seen.items():
            rows.append((citizens.fairness[i], citizens.effectiveness[i]))
            for column, dates in zip((citizens.last_stop, citizens.last_corrupt_stop, citizens.last_victimized), events[i], strict=True):
                if week and column[i] == spin_up + week - 1:
                    dates.append(week - 1)
        if week < weeks:
            arena.step()
    for i, rows in seen.items():
        life = arena.citizen("beats", i)
        fairness, effectiveness = np.array(rows).T
        assert np.array_equal(life.fairness, fairness) and np.array_equal(life.effectiveness, effectiveness)
        assert life.trust == pytest.approx((1 - p.effectiveness_weight) * fairness + p.effectiveness_weight * effectiveness)
        assert [life.stops.tolist(), life.corrupt_stops.tolist(), life.victimizations.tolist()] == events[i]
        assert life.cell == citizens.home[i]
    assert sum(map(len, (dates for lists in events.values() for dates in lists))) > 2


def test_twins_are_the_same_person_with_the_same_luck():
    arena = stepped(Arena(CITY, ARMS), 4)
    twins = arena.twins(30)
    assert list(twins) == ["baseline", "course", "beats"] and len({life.cell for life in twins.values()}) == 1
    assert np.array_equal(twins["baseline"].trust, twins["beats"].trust)  # beats begin in week 4
    stepped(arena, 10)
    assert not np.array_equal(arena.citizen("baseline", 30).trust, arena.citizen("beats", 30).trust)


def test_a_cells_history_is_what_happened():
    arena = Arena(CITY, ARMS)
    cells = arena.lanes["course"].simulation.city.cells
    start, sums, trust = (cells.crimes.copy(), cells.stops.copy()), [], [cells.climate.copy()]
    for week in range(15):
        arena.step()
        sums.append((cells.crimes - start[0], cells.stops - start[1]))
        trust.append(cells.climate.copy())
        if week == 6:
            arena.cell("course", 3)
    for c in (3, 11):
        place = arena.cell("course", c)
        assert place.crimes.cumsum().tolist() == [crimes[c] for crimes, _ in sums]
        assert place.stops.cumsum().tolist() == [stops[c] for _, stops in sums]
        assert np.array_equal(place.trust, [each[c] for each in trust])
        city = arena.lanes["course"].simulation.city
        assert set(city.citizens.home[list(place.residents)]) == {c} and (city.citizens.home == c).sum() == len(place.residents)
        assert set(city.officers.cell[place.officers]) <= {c} and city.officers.active[place.officers].all()
        assert (city.offenders.jail_weeks[place.offenders] == 0).all() and set(city.offenders.cell[place.offenders]) <= {c}
        assert place.y * city.grid.width + place.x == c
    officers = sum(len(arena.cell("course", c).officers) for c in range(len(cells.crimes)))
    assert officers == city.officers.active.sum()
    assert len(arena.lanes["course"].traces) <= 4  # looking at everybody does not fill the memory


def test_places_remember_the_last_weeks():
    window = Window(2, 3)
    sums = []
    for week in range(6):
        window.note(np.array([week, 1]))
        sums.append((window.weeks, *window.total.tolist()))
    assert sums == [(1, 0, 1), (2, 1, 2), (3, 3, 3), (3, 6, 3), (3, 9, 3), (3, 12, 3)]


def test_the_maps_of_the_last_year_are_those_of_a_run():
    scenario = CITY.with_(weeks=60, spin_up_weeks=20)
    arena = stepped(Arena(scenario), 60)
    found = sim.run(scenario).dataset.isel(replicate=0)
    assert np.array_equal(arena.lanes["baseline"].crimes.total, found.crime_map.values.ravel())


def test_a_played_week_of_20_000_adults_takes_less_than_40_ms():
    """Processor time of this thread: a step, a map and the charts of a page; the median, because the machine has other work."""
    found = played(Arena(Scenario(name="20,000", weeks=300)), 15)
    assert list(found) == ["step", "maps", "charts", "a played week"] and all((times > 0).all() for times in found.values())
    assert np.median(found["a played week"]) < BUDGET * slowness()
