"""What makes cities, people and encounters differ for good: each is bounded, booked, reproducible, and gone where its loading is 0."""

import hashlib
from math import nan

import numpy as np
import pytest
from own_code import python

from sim.inputs.scenario import CitySize, Scenario
from sim.world.compiled import INTERPRETED
from sim.world.parameters import CODEBOOK
from sim.world.population import build, grid_of, residents_who_offend
from sim.world.simulation import Simulation, columns
from sim.world.state import LAST_TICK, Cause, Count

SIZE = CitySize(adults=4000, officers_per_1000_inhabitants=6.0, adults_per_cell=40)
LOADINGS = ("places.opportunity", "places.offenders", "places.exposure", "places.disposition", "conduct.by_place")
# Where these stand at an end of their ranges, places, people and trends differ as much as they can.
ENDS = (
    *LOADINGS, "conduct.by_standing", "conduct.by_record", "encounter.exposure_log_sd", "offending.exposure_log_sd",
    "offending.exit_rate", "reporting.person_sd", "survey.style_sd", "trust.common_trend", "trust.police_trend",
    "trust.relaxation_rate", "trust.climate_weight", "trust.fairness_disposition_sd", "hearsay.fraction", "trust.contact_gain",
    "trust.contact_loss",
)  # fmt: skip


def run(weeks=110, seed=5, size=SIZE, stated=None, **parameters) -> Simulation:
    """A city some weeks on, without a spin-up; parameters with __ for the dot."""
    values = {name.replace("__", "."): value for name, value in parameters.items()}
    simulation = Simulation(Scenario(name="second", city=size, weeks=max(weeks, 1), spin_up_weeks=0, parameters=values), seed)
    if stated is not None:
        simulation._go_on_from(build(size, simulation.parameters, simulation.people, weeks, stated))
    return simulation.run() if weeks else simulation


def keyed(values: dict[str, float]) -> dict[str, float]:
    """Parameters as `run` takes them."""
    return {name.replace(".", "__"): value for name, value in values.items()}


def differing(one: Simulation, other: Simulation) -> set[str]:
    """The columns in which two cities differ in any bit but the sign of 0."""
    left, right = columns(one.city), columns(other.city)
    return {name for name in left if (left[name] + 0).tobytes() != (right[name] + 0).tobytes()}


def stated_for(size, **values) -> dict[str, np.ndarray]:
    """The same in every cell."""
    grid = grid_of(size)
    return {name: np.full(grid.width * grid.height, value) for name, value in values.items()}


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("pull", [None, -0.9, 0.9])
def test_trust_stays_between_0_and_1_and_every_change_is_booked_at_the_ends_of_all_ranges(end, pull):
    ends = keyed({name: getattr(CODEBOOK[name], end) for name in ENDS})
    stated = None if pull is None else stated_for(SIZE, trust=pull, opportunity=100.0, exposure=0.01)
    start, later = (run(weeks, stated=stated, **ends) for weeks in (0, 110))
    for dimension, name in enumerate(("fairness", "effectiveness")):
        before, after = (getattr(simulation.city.citizens, name) for simulation in (start, later))
        assert before.min() >= 0 and before.max() <= 1 and after.min() >= 0 and after.max() <= 1
        booked = later.record.ledger[:, :, dimension, 0].sum()
        assert abs(after.sum() - before.sum() - booked) < 1e-8 * max(1.0, later.record.ledger[:, :, dimension, 1].sum())
    assert np.isfinite(later.record.means).all() and np.isfinite(later.record.ledger).all()


def test_same_seed_same_city_where_all_is_in_motion():
    busy = {"places__half_life": 52, "offending__exit_rate": 0.05, "trust__common_trend": 0.05}
    one, same, other = run(**busy), run(**busy), run(**busy, seed=6)
    assert differing(one, same) == set()
    assert np.array_equal(one.record.counts, same.record.counts) and np.array_equal(one.record.ledger, same.record.ledger)
    assert {"cells.smooth", "cells.own", "citizens.answering_style", "offenders.leaves"} <= differing(one, other)


def test_where_nothing_loads_on_places_they_change_nothing():
    none = keyed(dict.fromkeys(LOADINGS, 0.0))
    plain = run(**none)
    other = run(**none, places__correlation_length=9.0, places__smooth_share=0.1, places__half_life=52)
    assert differing(plain, other) == {"cells.smooth", "cells.own", "cells.place"}
    assert np.array_equal(plain.record.counts, other.record.counts) and np.array_equal(plain.record.ledger, other.record.ledger)
    cells = plain.city.cells
    assert not cells.pull.any()
    np.testing.assert_allclose(cells.opportunity, np.exp(cells.opportunity_own), rtol=1e-14)
    assert differing(plain, run(**none | {"places__opportunity": 0.5})) > {"cells.opportunity", "cells.crimes"}


@pytest.mark.parametrize(
    ("loading", "moves"),
    [
        ("places.opportunity", {"cells.opportunity", "cells.memory", "cells.memory_cumulative"}),
        ("places.offenders", {"cells.homes_cumulative", "offenders.home", "offenders.cell"}),
        ("places.exposure", {f"cells.{kind}{what}" for kind in ("", "stop_") for what in ("exposure_cumulative", "exposure_guide")}),
        ("places.disposition", {"cells.pull", "cells.course", "citizens.fairness", "citizens.effectiveness"}),
        ("conduct.by_place", set()),
    ],
)
def test_each_loading_moves_what_it_is_of_and_nothing_else_when_a_city_is_built(loading, moves):
    none = keyed(dict.fromkeys(LOADINGS, 0.0))
    plain, loaded = run(0, **none), run(0, **none | keyed({loading: CODEBOOK[loading].high}))
    assert {name for name in differing(plain, loaded) if "climate" not in name} == moves
    assert differing(run(9, **none), run(9, **none | keyed({loading: CODEBOOK[loading].high}))) > moves


@pytest.mark.parametrize(
    ("loading", "column"),
    [
        ("reporting.person_sd", "citizens.last_report"),
        ("survey.style_sd", None),
        ("conduct.by_standing", "encounters.conduct"),
        ("conduct.by_record", "encounters.conduct"),
        ("trust.common_trend", "citizens.fairness"),
        ("trust.police_trend", "citizens.fairness"),
    ],
)
def test_each_other_loading_can_be_switched_off_and_on(loading, column):
    off, on = (run(60, **keyed({loading: value})) for value in (0.0, CODEBOOK[loading].high))
    if column:
        assert column in differing(off, on)
    else:
        assert differing(off, on) == set() and off.surveys != on.surveys


def test_places_are_standard_when_built_and_half_of_them_is_left_after_a_half_life():
    size = CitySize(adults=50_000, adults_per_cell=5, width=100, height=100, offenders_share=0.001, officers_per_1000_inhabitants=0.5)
    walk = {"size": size, "places__correlation_length": 2.0, "places__smooth_share": 0.5, "places__half_life": 104}
    start, later, last = (run(weeks, **walk).city.cells for weeks in (1, 53, 105))
    for column in (start.smooth, start.own, start.place, last.smooth, last.own, last.place):
        assert abs(column.mean()) < 0.08 and abs(column.std() - 1) < 0.08
    assert abs(start.smooth.mean()) < 1e-12 and start.smooth.std() == pytest.approx(1, abs=1e-12)
    grid = start.smooth.reshape(100, 100)
    likeness = [np.mean(grid * np.roll(grid, 2, axis)) for axis in (0, 1)]
    assert likeness == pytest.approx([np.exp(-0.5)] * 2, abs=0.08)
    for name, error in (("own", 0.04), ("smooth", 0.15)):
        once, twice = (np.corrcoef(getattr(start, name), getattr(cells, name))[0, 1] for cells in (later, last))
        assert (once, twice) == (pytest.approx(0.5**0.5, abs=error), pytest.approx(0.5, abs=error))


def test_the_pool_of_offenders_stays_as_large_and_lives_on():
    simulation = run(200, offending__exit_rate=0.02)
    offenders, residents = simulation.city.offenders, residents_who_offend(SIZE)
    here = slice(residents)
    assert len(offenders.home) == residents + len(simulation.city.officers.squad)
    assert (
        (offenders.propensity[here] > 0).all() and not offenders.propensity[residents:].any() and not offenders.identity[residents:].any()
    )
    assert offenders.identity.sum() == simulation.record.counts[:, Count.AGED_OUT].sum()
    assert offenders.identity.sum() == pytest.approx(residents * 200 * (1 - np.exp(-0.02)), rel=0.15)
    assert (offenders.entered[here] < 200).all() and (offenders.leaves[here] >= 200).all()
    assert (offenders.entered[here] >= 0)[offenders.identity[here] > 0].all()
    ages = (200 - offenders.entered[here]) / 52
    assert ages.mean() == pytest.approx(50 / 52, rel=0.2)
    assert (simulation.record.counts[:, Count.FREE_OFFENDERS] <= residents).all()


def test_a_closed_pool_is_todays():
    closed = run(120, offending__exit_rate=0.0).city.offenders
    assert not closed.identity.any() and (closed.leaves == LAST_TICK).all() and not closed.entered.any()


def test_those_who_enter_live_where_places_are_hard():
    simulation = run(300, offending__exit_rate=0.05, places__offenders=2.0, places__half_life=5200)
    cells, home = simulation.city.cells, simulation.city.offenders.home[: residents_who_offend(SIZE)]
    assert cells.place[home].mean() > np.average(cells.place, weights=np.exp(2.0 * cells.place)) - 0.5 > 0.3


def test_programs_fade_and_a_second_one_adds_nothing():
    known = {"justice__hearing_share": 1.0, "justice__known_share": 1.0, "justice__resolution": 1.0, "justice__diversion_share": 1.0,
             "justice__youth_age": 100, "reporting__intercept": 2.0, "offending__exit_rate": 0.0}  # fmt: skip
    simulation = run(150, **known, justice__reoffending=0.4, justice__program_half_life=10)
    counts, program = simulation.record.counts, simulation.city.offenders.program
    assert counts[:, Count.DIVERTED].sum() > 2 * len(program)  # many were diverted again and again
    assert 0.2 < program.max() <= 0.6 and (program >= 0).all()
    assert (simulation.city.offenders.propensity == run(0, **known).city.offenders.propensity).all()
    crimes = [
        run(150, **known, justice__program_half_life=520, justice__reoffending=x).record.counts[:, Count.CRIMES].sum() for x in (0, 1, 2)
    ]
    assert crimes[0] < 0.7 * crimes[1] < crimes[1] < 0.85 * crimes[2]


@pytest.mark.parametrize("pull", [0.0, 0.9, -0.9, nan])
def test_a_city_without_a_trend_books_none(pull):
    simulation = run(60, stated=stated_for(SIZE, trust=pull), trust__common_trend=0.0, trust__police_trend=0.0)
    assert not simulation.record.ledger[:, Cause.TREND].any() and not simulation.city.trend.any()


def test_trends_carry_trust_and_only_their_sum_matters():
    runs = [
        run(260, trust__common_trend=common, trust__police_trend=police)
        for common, police in ((0, 0), (0.03, 0.01), (0.01, 0.03), (-0.04, 0))
    ]
    trust = [simulation.record.means[-1, 0] for simulation in runs]
    assert trust[3] < trust[0] < trust[1] == pytest.approx(trust[2], abs=1e-9)
    ledgers = [simulation.record.ledger.sum(axis=0)[Cause.TREND] for simulation in runs]
    assert (ledgers[1][:, 0] > 0).all() and (ledgers[3][:, 0] < 0).all()
    assert runs[1].city.trend == pytest.approx([0.15, 0.05])


def test_stated_places_hold_while_the_others_change():
    stated = stated_for(SIZE, opportunity=3.0, trust=0.2, exposure=2.0)
    stated["opportunity"][:10] = nan
    simulation = run(110, stated=stated, places__half_life=52, offending__opportunity_log_sd=0.5)
    cells = simulation.city.cells
    assert (cells.pull == 0.2).all() and cells.place.std() > 0.3
    np.testing.assert_allclose(cells.opportunity[10:], 3.0 * np.exp(cells.opportunity_own[10:]), rtol=1e-12)
    drawn = np.exp(cells.opportunity_own[:10] + simulation.parameters.places.opportunity * cells.place[:10])
    np.testing.assert_allclose(cells.opportunity[:10], drawn, rtol=1e-12)
    built, plain = run(0, stated=stated), run(0)
    assert not {"offenders.home", "cells.place", "cells.homes_cumulative", "officers.conduct"} & differing(built, plain)


def conduct_towards(who, other, simulation) -> tuple[float, float]:
    """Share of the stops of a week that were not corrupt, of those whom `who` names and of all others, over the encounters of the city."""
    officers, encounters = simulation.city.officers, simulation.city.encounters
    used = (np.arange(len(encounters.citizen)) % 32) < np.repeat(officers.encounters, 32)
    honest = encounters.conduct[used] > 0
    met = encounters.citizen[used]
    return honest[who[met]].mean(), honest[other[met]].mean()


@pytest.mark.parametrize("by", ["place", "standing", "record"])
def test_who_is_met_matters_as_much_as_the_loading_says(by):
    size = CitySize(adults=20_000, officers_per_1000_inhabitants=20.0, adults_per_cell=40)
    alike = dict.fromkeys(("conduct__by_place", "conduct__by_standing", "conduct__by_record"), 0.0)
    shares = {}
    for loading in (0.0, 1.0):
        # One week after another: those stopped in the first 5 are known.
        simulation = run(5, size=size, encounter__stop_rate=6.0, **alike | {f"conduct__by_{by}": loading}, places__exposure=0.0)
        citizens, before = simulation.city.citizens, simulation.city.citizens.last_stop.copy()
        exposure = np.diff(citizens.stop_exposure_cumulative.astype(float), prepend=0.0)
        first = simulation.city.cells.first_resident[:-1]
        exposure[first] = citizens.stop_exposure_cumulative[first]
        simulation.advance(1)
        worse = {
            "place": simulation.city.cells.place[citizens.home] > 0,
            "standing": np.log(exposure) > 0.5,
            "record": before >= 0,
        }[by]
        shares[loading] = conduct_towards(worse, ~worse, simulation)
    assert shares[0.0][0] == pytest.approx(shares[0.0][1], abs=0.06)
    assert shares[1.0][0] < shares[1.0][1] - 0.1


HASHES = """
import hashlib
from sim.inputs.scenario import CitySize, Scenario
from sim.world.simulation import Simulation, columns
size = CitySize(adults=1000, officers_per_1000_inhabitants=6.0, adults_per_cell=25)
values = {values}
simulation = Simulation(Scenario(name="both", city=size, weeks={weeks}, spin_up_weeks=0, parameters=values), 7).run()
for name, column in columns(simulation.city).items():
    print(name, hashlib.sha256(column.tobytes()).hexdigest())
print("ledger", hashlib.sha256(simulation.record.ledger.tobytes()).hexdigest())
"""


@pytest.mark.compiled
def test_interpreted_and_compiled_cities_are_the_same_bit_for_bit(tmp_path):
    values = {"offending.exit_rate": 0.03, "trust.common_trend": 0.03, "places.half_life": 52, "community.share": 0.3,
              "justice.hearing_share": 0.5, "justice.diversion_share": 0.5}  # fmt: skip
    size = CitySize(adults=1000, officers_per_1000_inhabitants=6.0, adults_per_cell=25)
    here = Simulation(Scenario(name="both", city=size, weeks=54, spin_up_weeks=0, parameters=values), 7).run()
    hashes = [f"{name} {hashlib.sha256(column.tobytes()).hexdigest()}" for name, column in columns(here.city).items()]
    hashes.append(f"ledger {hashlib.sha256(here.record.ledger.tobytes()).hexdigest()}")
    assert not INTERPRETED
    assert python(HASHES.format(values=values, weeks=54), tmp_path) == hashes
