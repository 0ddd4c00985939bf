"""Trust is kept lazily: nobody sees it. Who looks sees it as it is, who writes is heeded, and looking changes nothing, bit for bit."""

import pickle
import random
from copy import deepcopy

import numpy as np
import pytest
from test_docking import assert_docked, assert_same_week
from twin import Twin

import sim
from sim.inputs.scenario import CitySize, Scenario
from sim.world.look import FILLED, Residents
from sim.world.parameters import parameters
from sim.world.rules.trust import overall_trust
from sim.world.simulation import Simulation, columns
from sim.world.state import Cause, Course
from sim.world.trusting import LEAST_KEPT

CITY = Scenario(
    name="trusting", city=CitySize(adults=1000, officers_per_1000_inhabitants=6.0, offenders_share=0.06), weeks=60, spin_up_weeks=8,
    parameters={"community.share": 0.4, "trust.common_trend": 0.02, "justice.hearing_share": 0.4},
)  # fmt: skip


def lived(weeks=12, scenario=CITY, seed=5) -> Simulation:
    simulation = Simulation(scenario, seed)
    simulation.advance(weeks)
    return simulation


def differing(one, other) -> list[str]:
    """Columns, of the state as it is kept, that are not the same bit for bit, and the books."""
    left, right = ({**columns(run._city), **run.record._asdict()} for run in (one, other))
    return [name for name in left if left[name].tobytes() != right[name].tobytes()]


@pytest.mark.parametrize("luck", range(3))
def test_thirty_weeks_driven_by_agents_are_those_of_advance_whoever_looks_in_between(luck):
    by_agents, by_advance, unseen = (sim.Model(CITY, rng=5) for _ in range(3))
    random.seed(luck)
    for _ in range(30):
        if random.random() < 0.5:
            assert by_agents.agents_by_type[sim.Citizen][random.randrange(1000)].trust >= 0.0
        if random.random() < 0.3:
            assert by_advance.mean_trust > 0.0 and by_advance.city.citizens.fairness_disposition.max() < 1.0
        by_agents.step_by_agents()
        by_advance.step()
    unseen.simulation.advance(30)
    assert differing(by_agents.simulation, unseen.simulation) == differing(by_advance.simulation, unseen.simulation) == []
    assert by_agents.surveys == by_advance.surveys == unseen.surveys != []


def test_who_looks_between_two_phases_changes_nothing():
    looked, unseen = (Simulation(CITY, 5) for _ in range(2))
    for _ in range(4):
        looked.begin_week()
        for phase in sim.world.anatomy.phases():
            assert np.isfinite(looked.city.citizens.fairness).all() and looked.answers().trust.max() <= 3
            looked.perform(phase)
        looked.end_week()
    unseen.advance(4)
    assert differing(looked, unseen) == []


def test_the_mean_of_those_filled_in_is_that_of_the_cells():
    simulation = lived(40)
    city, bounds = simulation.city, simulation.city.cells.first_resident.astype(int)
    settled = lived(40)
    settled.perform("settle")  # which takes the mood of the cells first
    for name in FILLED:
        sums = np.add.reduceat(getattr(city.citizens, name), bounds[:-1])
        np.testing.assert_allclose(getattr(settled.city.cells, f"climate_{name}"), sums / np.diff(bounds), rtol=0, atol=1e-14)
    mean = overall_trust(
        city.citizens.fairness.mean(), city.citizens.effectiveness.mean(), simulation.parameters.trust.effectiveness_weight
    )
    assert sim.Model(CITY, rng=5).run(40).mean_trust == pytest.approx(mean, abs=1e-14)
    assert simulation.record.means[-1, :2] == pytest.approx([city.citizens.fairness.mean(), city.citizens.effectiveness.mean()], abs=1e-14)


@pytest.mark.parametrize("weeks", [0, 12])
@pytest.mark.parametrize("name", ["fairness", "effectiveness", "fairness_disposition", "effectiveness_disposition"])
@pytest.mark.parametrize("looked", [True, False], ids=["somebody has looked at trust", "nobody has"])
def test_what_is_written_into_arrays_takes_effect_and_is_booked_nowhere(weeks, name, looked):
    simulation = lived(weeks)
    if looked:
        assert simulation.city.citizens.fairness.max() <= 1.0
    before = simulation.record.ledger.copy()
    column = getattr(simulation.city.citizens, name)
    column[:] = 0.5
    column[7] = 0.7
    assert getattr(simulation.city.citizens, name)[7] == 0.7 and (np.delete(getattr(simulation.city.citizens, name), 7) == 0.5).all()
    start = {each: getattr(simulation.city.citizens, each).sum() for each in FILLED}
    simulation.advance(1)
    assert np.array_equal(simulation.record.ledger[:-1], before)
    ledger = simulation.record.ledger[-1]
    assert not ledger[Cause.INTERVENTION].any()
    for dimension, each in enumerate(FILLED):  # what happened since explains all of it, the drift towards what was written included
        moved = getattr(simulation.city.citizens, each).sum() - start[each]
        assert moved == pytest.approx(ledger[:, dimension, 0].sum(), abs=1e-11)


def test_dispositions_that_are_held_can_be_written_at_any_time():
    simulation = lived()
    held = simulation.city.citizens.fairness_disposition
    for value in (0.9, 0.1):
        simulation.begin_week()
        simulation.perform("staff")
        held[:] = value
        before, cells = simulation.city.ledger[Cause.DRIFT, 0, 0], simulation.city.cells
        simulation.perform("settle")
        assert cells.course[:, Course.FAIRNESS_DISPOSITION_SUM] == pytest.approx(value * np.diff(cells.first_resident.astype(int)))
        assert np.sign(simulation.city.ledger[Cause.DRIFT, 0, 0] - before) == np.sign(value - 0.5)
        simulation.end_week()


def test_agents_read_exactly_what_they_wrote_and_the_rest_goes_on():
    model, other = sim.Model(CITY, rng=5), sim.Model(CITY, rng=5)
    for each in (model, other):
        each.run(10)
    citizen, before = model.agents_by_type[sim.Citizen][7], model.city.citizens.fairness.copy()
    citizen.fairness, citizen.effectiveness = 0.7, 0.2
    assert (citizen.fairness, citizen.effectiveness) == (0.7, 0.2)
    model.simulation.perform("patrol")  # which touches no trust: but the city has gone on
    assert (citizen.fairness, citizen.effectiveness) == (0.7, 0.2)
    assert np.array_equal(np.delete(model.city.citizens.fairness, 7), np.delete(before, 7))
    model.step(), other.step()
    assert 0.6 < citizen.fairness < 0.8 and citizen.effectiveness < 0.3
    assert abs(np.delete(model.city.citizens.fairness - other.city.citizens.fairness, 7)).max() < 0.01


def test_arrays_that_are_held_follow_the_city_also_beyond_its_horizon():
    """The record has to grow then; columns are the same as before."""
    simulation = Simulation(CITY, 5)
    citizens, city = simulation.city.citizens, simulation.city
    held, before = citizens.fairness, citizens.fairness.copy()
    simulation.advance(20)
    assert not np.array_equal(held, before) and held is simulation.city.citizens.fairness
    simulation.advance(CITY.weeks)
    assert held is simulation.city.citizens.fairness and citizens is simulation.city.citizens and len(simulation.record.counts) == 88
    held[:] = 0.25
    assert (simulation.answers().fairness_scale.mean()) == pytest.approx(0.25, abs=0.02) and (city.citizens.fairness == 0.25).all()
    simulation.advance(1)
    assert abs(held.mean() - 0.25) < 0.05 and held.flags.writeable


def test_arrays_that_are_held_are_up_to_date_after_a_week_driven_phase_by_phase():
    model, other = sim.Model(CITY, rng=5), sim.Model(CITY, rng=5)
    held = model.city.citizens.fairness
    model.step_by_agents(), other.step()
    assert np.array_equal(held, other.city.citizens.fairness)


def test_nobody_writes_in_vain_into_arrays_that_are_behind():
    simulation = lived()
    held, homes = simulation.city.citizens.fairness, simulation.city.citizens.home
    simulation.begin_week()
    simulation.perform("staff")
    for behind in (held, homes):
        with pytest.raises(ValueError, match="read-only"):
            behind[0] = 0
    assert simulation.city.citizens.fairness is held and held.flags.writeable


def pickled(simulation):
    return pickle.loads(pickle.dumps(simulation))


@pytest.mark.parametrize("copied", [deepcopy, pickled, Simulation.fork])
@pytest.mark.parametrize("written", [True, False])
def test_copies_take_along_what_was_written_and_live_by_themselves(copied, written):
    simulation = lived()
    fairness, disposition = simulation.city.citizens.fairness, simulation.city.citizens.fairness_disposition
    if written:
        fairness[:500] = 0.9
        disposition[:500] = 0.9
    twin = copied(simulation)
    assert np.array_equal(twin.city.citizens.fairness, fairness) and not np.shares_memory(twin.city.citizens.fairness, fairness)
    assert not twin.city.citizens.home.flags.writeable
    simulation.advance(3)
    twin.advance(3)
    assert differing(simulation, twin) == []
    twin.city.citizens.fairness[:] = 0.1
    twin.city.citizens.fairness_disposition[:] = 0.1
    simulation.advance(1), twin.advance(1)
    assert simulation.city.citizens.fairness.mean() > 0.2 > twin.city.citizens.fairness.mean()
    assert disposition.max() > 0.3 and np.shares_memory(disposition, simulation._city.citizens.trust)


def test_a_reform_of_ones_own_moves_trust_as_one_of_the_package_does():
    """The same news as that of a purge, written by hand into the columns in the same week."""
    news = {"start": 6, "signal": 0.2, "follow_through": 0.5, "complaints_at_least": 100, "flag_by": "complaints"}
    simulation, other = Simulation(CITY.with_(interventions=[{"purge": news}]), 5), Simulation(CITY, 5)
    for each in (simulation, other):
        each.advance(6)
    fairness = other.city.citizens.fairness
    fairness += 0.1 * (1.0 - fairness)
    for each in (simulation, other):
        each.advance(10)
    assert np.array_equal(fairness, simulation.city.citizens.fairness)
    ours, theirs = (each.record.ledger.copy() for each in (simulation, other))
    assert ours[14, Cause.INTERVENTION, 0, 0] > 10.0 and not theirs[:, Cause.INTERVENTION].any()


@pytest.mark.parametrize("looked", [True, False])
def test_long_runs_write_trust_down_before_too_little_is_left_of_it_and_dock(looked):
    values = {"trust.relaxation_rate": 0.05, "community.share": 0.3}
    scenario = Scenario(name="long", city=CitySize(adults=1000), weeks=300, spin_up_weeks=0, parameters=values)
    simulation, twin = Simulation(scenario, 11), Twin(parameters(values), adults=1000, seed=11)
    least, rose = [], 0
    for week in range(300):
        simulation.advance(1)
        twin.week()
        kept = simulation._city.cells.course[:, Course.KEPT]
        rose += bool(least) and kept.min() > least[-1]
        least.append(kept.min())
        assert_same_week(simulation, twin)
        if week % 50 == 49 and looked:
            assert_docked(simulation, twin)
    assert_docked(simulation, twin)
    weeks_until = int(np.ceil(np.log(LEAST_KEPT) / np.log(0.95)))
    assert rose == 300 // weeks_until == 2 and LEAST_KEPT <= min(least) < LEAST_KEPT / 0.95
    assert np.argmin(least[:weeks_until]) == weeks_until - 2 and least[weeks_until - 1] == 1.0


@pytest.mark.parametrize("widths", [(None, None), (3, 11)])
def test_who_looks_further_than_the_city_is_wide_goes_round_it_and_docks(widths):
    width, height = widths
    values = {"offending.search_radius": 20.0, "hearsay.radius": 5.0, "offending.candidates": 30}
    size = CitySize(adults=1000, offenders_share=0.1, width=width, height=height)
    simulation = Simulation(Scenario(name="wide", city=size, weeks=40, spin_up_weeks=0, parameters=values), 12)
    twin = Twin(parameters(values), adults=1000, seed=12, offenders_share=0.1, width=width, height=height)
    assert max(simulation.city.grid) < 2 * 20 + 1
    for _ in range(40):
        simulation.advance(1)
        twin.week()
        assert_same_week(simulation, twin)
    assert_docked(simulation, twin)


def test_a_table_of_citizens_is_a_table_like_others():
    citizens = lived().city.citizens
    assert list(citizens._asdict()) == list(Residents._fields) == list(citizens._fields) and len(list(citizens)) == len(citizens)
    assert {len(column) for column in citizens} == {1000}
    with pytest.raises(AttributeError, match="trust"):
        _ = citizens.trust
