"""The Mesa and NumPy models that `make bench` compares with: sensible, equal where they must be, and alike where they may differ."""

import sys
from math import isclose, sqrt
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "experiments" / "benchmarks"))

from mesa_events import Events, LazyEvents
from mesa_every_agent import EveryAgent
from numpy_week import NumpyWeek
from opponents import against_others
from phases import asking, per_event, per_phase
from rows import Row, table
from run import growth, peak_bytes
from studies import compared, over_the_kernel, runs_a_minute

from sim.inputs.scenario import load_scenario
from sim.world.anatomy import phases
from sim.world.parameters import parameters
from sim.world.simulation import Simulation
from sim.world.state import Count

COUNTS = ("crimes", "reported", "filed", "stops", "corrupt_stops", "contacts", "felt_good", "felt_bad")
COMMUNITY = {"community.share": 0.5}
EVERYTHING_COUNTS = {  # so much of what is new in the second city that a model without it, or with half of it, would be noticed
    "community.share": 0.5,
    "conduct.officer_sd": 0.1, "conduct.squad_sd": 0.1,  # so that errors are small
    "conduct.by_place": 0.8, "conduct.by_standing": 0.4, "conduct.by_record": 0.8, "conduct.honesty_mean": 0.9,
    "institutions.reporting": 0.5, "institutions.file": -0.5, "institutions.treatment": 0.5,
    "justice.hearing_share": 0.8, "justice.known_share": 0.6, "justice.diversion_share": 0.8,
    "offending.exit_rate": 0.01, "offending.opportunity_log_sd": 1.0,
    "places.disposition": 0.2, "places.exposure": 0.6, "places.half_life": 52,
    "trust.common_trend": -0.05, "trust.police_trend": -0.03, "trust.relaxation_rate": 0.03,
}  # fmt: skip


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
    """Also when places, trends, and the rates of drift themselves change on the way."""
    later = parameters(EVERYTHING_COUNTS | {"trust.relaxation_rate": 0.05, "trust.climate_weight": 0.5, "trust.common_trend": 0.05})
    eager, lazy = (kind(parameters(EVERYTHING_COUNTS), adults=1_000, changes={30: later}, rng=3) for kind in (Events, LazyEvents))
    pulls = [street.pull for street in lazy.streets]
    for one, other in zip(weeks_of(eager, 60), weeks_of(lazy, 60), strict=True):
        assert {name: one[name] for name in COUNTS if name in one} == {name: other[name] for name in COUNTS if name in other}
        assert isclose(one["trust"], other["trust"], abs_tol=1e-12)
        assert one.get("answers") == other.get("answers")
    assert np.std([street.pull - before for street, before in zip(lazy.streets, pulls, strict=True)]) > 0.1  # places did change
    for cause, booked in eager.ledger.items():
        assert booked == pytest.approx(lazy.ledger[cause], abs=1e-9) and booked[3] > 0.0, cause
    for one, other in zip(eager.citizens, lazy.citizens, strict=True):
        assert isclose(one.fairness, other.fairness, abs_tol=1e-12)
        assert isclose(one.effectiveness, other.effectiveness, abs_tol=1e-12)


def test_the_ledger_explains_every_change_of_trust():
    city = Events(parameters(EVERYTHING_COUNTS), adults=1_000, rng=4)
    before = [sum(citizen.fairness for citizen in city.citizens), sum(citizen.effectiveness for citizen in city.citizens)]
    weeks_of(city, 8)
    assert city.ledger["trend"][0] < 0.0
    after = [sum(citizen.fairness for citizen in city.citizens), sum(citizen.effectiveness for citizen in city.citizens)]
    for dimension in (0, 1):
        booked = sum(book[2 * dimension] for book in city.ledger.values())
        assert isclose(after[dimension] - before[dimension], booked, abs_tol=1e-9)
        assert all(abs(book[2 * dimension]) <= book[2 * dimension + 1] + 1e-12 for book in city.ledger.values())


def test_both_styles_have_the_same_rates():
    """Crimes per adult-week, stops per officer-week, shares reported, corrupt and felt bad: within four standard errors."""
    seeds, weeks = (1, 2, 3), 30
    histories = []
    for kind in (Events, EveryAgent):
        runs = [weeks_of(kind(parameters({"offending.exit_rate": 0.03}), adults=2_000, rng=seed), weeks) for seed in seeds]
        histories.append([week for run in runs for week in run])
    rates = [("crimes", None), ("aged_out", None), ("stops", "officers"), ("reported", "crimes"), ("corrupt_stops", "stops")]
    for numerator, denominator in (*rates, ("felt_bad", "stops")):
        counts = [total(history, numerator) for history in histories]
        exposures = [total(history, denominator) if denominator else len(history) for history in histories]
        expected = sum(counts) / sum(exposures) * exposures[0]
        error = sqrt(expected * exposures[1] / sum(exposures))
        assert min(counts) > 100 and abs(counts[0] - expected) < 4.0 * error, (numerator, counts, exposures)
    trusts = [sum(week["trust"] for week in history) / len(history) for history in histories]
    assert abs(trusts[0] - trusts[1]) < 0.01


MEASURED = (*COUNTS, "hearings", "well_treated", "solved", "diverted", "aged_out")
SHARES = (("reported", "crimes"), ("filed", "reported"), ("well_treated", "reported"), ("corrupt_stops", "stops"), ("felt_bad", "stops"))


def rates(counts):
    """The counts of a run, and shares of them."""
    return [*counts.values(), *(counts[part] / counts[whole] for part, whole in SHARES)]


def measures_of_mesa(seed, weeks, adults):
    """Counts a run of a Mesa city, and what its people and places are like afterwards."""
    model = LazyEvents(parameters(EVERYTHING_COUNTS), adults=adults, rng=seed)
    history = weeks_of(model, weeks)
    return [
        *rates({name: total(history, name) for name in MEASURED}),
        history[-1]["fairness"],
        history[-1]["effectiveness"],
        np.std([citizen.fairness for citizen in model.citizens]),
        np.mean([citizen.last_stop > 0 for citizen in model.citizens]),
        np.mean([citizen.last_victimized > 0 for citizen in model.citizens]),
        np.mean([offender.home.place for offender in model.offenders]) - np.mean([street.place for street in model.streets]),
        np.polyfit(*zip(*[(street.place, street.climate) for street in model.streets], strict=True), 1)[0],
    ]


def measures_of_the_package(seed, weeks, adults):
    """The same of a city of the package."""
    scenario = load_scenario("national-average").with_(
        adults=adults, officers_per_1000_inhabitants=2.2, offenders_share=0.03, parameters=EVERYTHING_COUNTS
    )
    simulation = Simulation(scenario, seed, spin_up=False)
    simulation.advance(weeks)
    citizens, cells, offenders = simulation.city.citizens, simulation.city.cells, simulation.city.offenders
    return [
        *rates({name: simulation.record.counts[:weeks, Count[name.upper()]].sum() for name in MEASURED}),
        citizens.fairness.mean(),
        citizens.effectiveness.mean(),
        citizens.fairness.std(),
        np.mean(citizens.last_stop >= 0),
        np.mean(citizens.last_victimized >= 0),
        cells.place[offenders.home[offenders.origin == 0]].mean() - cells.place.mean(),
        np.polyfit(cells.place, cells.climate, 1)[0],
    ]


def measures_of_numpy(seed, weeks, adults):
    """The same of the NumPy city."""
    model = NumpyWeek(parameters(EVERYTHING_COUNTS), adults=adults, rng=seed)
    history = weeks_of(model, weeks)
    return [
        *rates({name: total(history, name) for name in MEASURED}),
        history[-1]["fairness"],
        history[-1]["effectiveness"],
        model.fairness.std(),
        np.mean(model.last_stop >= 0),
        np.mean(model.last_victimized >= 0),
        model.place[model.offender_home].mean() - model.place.mean(),
        np.polyfit(model.place, model.climate, 1)[0],
    ]


@pytest.fixture(scope="module")
def package():
    """What 72 cities of the package are like after 60 weeks."""
    return np.array([measures_of_the_package(seed, 60, 2_000) for seed in range(100, 172)], float)


@pytest.mark.compiled
@pytest.mark.parametrize(("measures", "cities"), [(measures_of_mesa, 24), (measures_of_numpy, 96)])
def test_other_models_and_the_package_are_one_model(measures, cities, package):
    """Written anew with other luck: means over cities agree within four standard errors, which are small."""
    others = np.array([measures(seed, 60, 2_000) for seed in range(cities)], float)
    errors = np.sqrt(others.var(axis=0, ddof=1) / len(others) + package.var(axis=0, ddof=1) / len(package))
    far = (others.mean(axis=0) - package.mean(axis=0)) / errors
    assert np.abs(far).max() < 4.0, far
    assert np.all(errors < 0.15 * np.abs(package.mean(axis=0))), errors / package.mean(axis=0)


@pytest.mark.compiled
def test_the_same_adults_answer_numpy_and_the_package():
    """Shares of answers, of who feels unsafe, and the scale of fairness, of a city as it is when it is founded."""
    scenario = load_scenario("national-average").with_(adults=50_000)
    answers = Simulation(scenario, 1, spin_up=False).answers()
    shares, scale, unsafe = NumpyWeek(scenario.values(), adults=50_000, rng=1).survey()
    assert shares / 50_000 == pytest.approx(np.bincount(answers.trust) / 50_000, abs=0.02)
    assert unsafe.mean() == pytest.approx(answers.unsafe.mean(), abs=0.02)
    assert (scale.mean(), scale.std()) == pytest.approx((answers.fairness_scale.mean(), answers.fairness_scale.std()), abs=0.01)


def test_the_ledger_explains_every_change_of_trust_in_numpy():
    city = NumpyWeek(parameters(EVERYTHING_COUNTS), adults=1_000, rng=4)
    before = city.fairness.sum(), city.effectiveness.sum()
    weeks_of(city, 8)
    booked = sum(city.ledger.values())
    assert (city.fairness.sum() - before[0], city.effectiveness.sum() - before[1]) == pytest.approx(booked[:, 0], abs=1e-9)
    assert all(abs(net) <= gross for book in city.ledger.values() for net, gross in book)


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


@pytest.mark.compiled
def test_a_comparison_is_timed_by_part():
    parts = compared(1, replicates=2)
    assert all(len(seconds) == 1 and seconds[0] > 0 for seconds in parts.values())
    assert sum(seconds[0] for name, seconds in parts.items() if name != "all") == pytest.approx(parts["all"][0])


@pytest.mark.compiled
def test_opponents_are_timed_without_and_with_surveys():
    rows = {row.name: row for row in against_others(1, 1, adults=1_000)}
    for name in ("Mesa, events", "Mesa, events, lazy drift", "Mesa, every agent", "NumPy, vectorized"):
        ratio = rows[f"{name}, 1,000 adults"].values[0], rows[f"compiled / {name}, 1,000"].values[0]
        assert rows["compiled, 1,000 adults"].values[0] == pytest.approx(ratio[0] * ratio[1])
        assert rows[f"compiled / {name}, 1,000, both with surveys"].values[0] > 1


@pytest.mark.compiled
def test_phases_and_events_are_timed():
    (event,), names = per_event(1, 1_000), [row.name for row in per_phase(1, 1_000, weeks=3)]
    assert 1 < event.values[0] < 1e6
    assert [name.split()[1].rstrip(",") for name in names] == list(phases())
    assert all(row.values[0] > 0 for row in asking(2, 1_000) + growth(2, (1_000, 2_000))[:2])
