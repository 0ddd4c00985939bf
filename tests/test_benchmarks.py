"""The plain Mesa models that `make bench` compares with: sensible, equal where they must be, and alike where they may differ."""

import sys
from math import isclose, sqrt
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "experiments" / "benchmarks"))

from mesa_events import Events, LazyEvents
from mesa_every_agent import EveryAgent
from run import Row, peak_bytes, table
from studies import over_the_kernel, runs_a_minute

from sim.world.parameters import parameters

COUNTS = ("crimes", "reported", "filed", "stops", "corrupt_stops", "contacts")
COMMUNITY = {"community.share": 0.5}


def weeks_of(model, weeks):
    """Run a model; what it observed, a dictionary a week."""
    for _ in range(weeks):
        model.step()
    return model.history if hasattr(model, "history") else model.datacollector.get_model_vars_dataframe().to_dict("records")


def total(history, name):
    return sum(week.get(name, 0) for week in history)


@pytest.mark.parametrize("kind", [Events, LazyEvents, EveryAgent])
def test_a_small_city_lives(kind):
    model = kind(parameters(COMMUNITY), adults=1_000, rng=1)
    before = [citizen.fairness for citizen in model.citizens]
    history = weeks_of(model, 8)
    assert all(total(history, name) > 0 for name in COUNTS)
    assert total(history, "crimes") >= total(history, "reported") >= total(history, "filed") >= total(history, "solved")
    assert total(history, "stops") == sum(street.stops for street in model.streets)
    assert total(history, "crimes") == sum(street.crimes for street in model.streets)
    assert sum(citizen.last_victimized > 0 for citizen in model.citizens) > 0
    assert all(0.0 <= trust <= 1.0 for citizen in model.citizens for trust in (citizen.fairness, citizen.effectiveness))
    assert all(now != then for now, then in zip([citizen.fairness for citizen in model.citizens], before, strict=True))
    assert isclose(history[-1]["fairness"], sum(citizen.fairness for citizen in model.citizens) / 1_000, abs_tol=1e-12)
    assert len(model.agents) == 1_000 + len(model.officers) + len(model.offenders)


def test_lazy_drift_equals_a_visit_to_everybody():
    eager, lazy = (kind(parameters(COMMUNITY), adults=1_000, rng=3) for kind in (Events, LazyEvents))
    for one, other in zip(weeks_of(eager, 20), weeks_of(lazy, 20), strict=True):
        assert {name: one[name] for name in COUNTS if name in one} == {name: other[name] for name in COUNTS if name in other}
        assert isclose(one["trust"], other["trust"], abs_tol=1e-12)
    for one, other in zip(eager.citizens, lazy.citizens, strict=True):
        assert isclose(one.fairness, other.fairness, abs_tol=1e-12)
        assert isclose(one.effectiveness, other.effectiveness, abs_tol=1e-12)


def test_the_ledger_explains_every_change_of_trust():
    city = Events(parameters(COMMUNITY), adults=1_000, rng=4)
    before = [sum(citizen.fairness for citizen in city.citizens), sum(citizen.effectiveness for citizen in city.citizens)]
    weeks_of(city, 8)
    after = [sum(citizen.fairness for citizen in city.citizens), sum(citizen.effectiveness for citizen in city.citizens)]
    for dimension in (0, 1):
        booked = sum(book[2 * dimension] for book in city.ledger.values())
        assert isclose(after[dimension] - before[dimension], booked, abs_tol=1e-9)
        assert all(abs(book[2 * dimension]) <= book[2 * dimension + 1] + 1e-12 for book in city.ledger.values())


def test_both_styles_have_the_same_rates():
    """Crimes per adult-week, stops per officer-week, shares reported and corrupt: within four standard errors."""
    seeds, weeks = (1, 2, 3), 30
    histories = []
    for kind in (Events, EveryAgent):
        runs = [weeks_of(kind(parameters(), adults=2_000, rng=seed), weeks) for seed in seeds]
        histories.append([week for run in runs for week in run])
    for numerator, denominator in (("crimes", None), ("stops", "officers"), ("reported", "crimes"), ("corrupt_stops", "stops")):
        counts = [total(history, numerator) for history in histories]
        exposures = [total(history, denominator) if denominator else len(history) for history in histories]
        expected = sum(counts) / sum(exposures) * exposures[0]
        error = sqrt(expected * exposures[1] / sum(exposures))
        assert min(counts) > 100 and abs(counts[0] - expected) < 4.0 * error, (numerator, counts, exposures)
    trusts = [sum(week["trust"] for week in history) / len(history) for history in histories]
    assert abs(trusts[0] - trusts[1]) < 0.01


def test_rows_are_judged_by_their_median():
    fast = Row("a", "times", [50.0, 70.0, 200.0], at_least=60, aim=150)
    slow = Row("b", "copies", [2.0, 7.0, 1.0], at_most=6, aim=3)
    assert (fast.verdict, slow.verdict, Row("c", "s", [1.0]).verdict) == ("pass", "aim", "")
    assert Row("d", "times", [59.0], at_least=60).verdict == Row("e", "GB", [1.1], at_most=1.0).verdict == "fail"
    assert fast.record()["max"] == 200.0
    lines = table([fast, slow]).splitlines()
    assert len(lines) == 3 and lines[1].split() == ["a", "50", "70", "200", "times", ">=", "60", "(aim", "150)", "pass"]


def test_peak_memory_is_what_a_process_held():
    before = peak_bytes()
    block = np.ones(before + 50_000_000, np.uint8)
    assert peak_bytes() >= block.nbytes


@pytest.mark.compiled
def test_studies_are_timed():
    assert all(0.5 < ratio < 20 for ratio in over_the_kernel(2, adults=1_000))
    rates = runs_a_minute(1, adults=1_000)
    assert rates.keys() == {"threads", "processes"} and all(rate > 0 for (rate,) in rates.values())
