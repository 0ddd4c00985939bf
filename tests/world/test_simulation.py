"""A run: same seed same city, a ledger that adds up, a stationary start, trust within its bounds, dated changes."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.inputs.scenario import CitySize, Scenario, load_scenario
from sim.world import survey as surveying
from sim.world.parameters import CODEBOOK
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation, columns
from sim.world.state import Cause, Count, Mean
from sim.world.survey import chunks, everybody, intraclass_correlation, neighborhood_of, survey
from sim.world.voices import voices

SMALL = CitySize(adults=1500, officers_per_1000_inhabitants=5.0)


def scenario(**keys) -> Scenario:
    """A small city with a short horizon."""
    return Scenario(**{"name": "small", "city": SMALL, "weeks": 60, "spin_up_weeks": 10, **keys})


def assert_same(one, other) -> None:
    """Two cities are the same, bit for bit."""
    left, right = columns(one.city), columns(other.city)
    assert [name for name in left if not np.array_equal(left[name], right[name])] == []


def test_same_seed_same_city_bit_for_bit_and_another_seed_another_city():
    one, same, other = (Simulation(scenario(), seed).run() for seed in (5, 5, 6))
    assert_same(one, same)
    assert one.surveys == same.surveys
    assert not np.array_equal(one.city.citizens.fairness, other.city.citizens.fairness)


BUILT = scenario(spin_up_weeks=0)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 2**63 - 1), min_size=3, max_size=3, unique=True))
def test_people_and_weeks_have_seeds_of_their_own(seeds):
    """The same people have the same city at the start and other weeks; the same weeks happen to other people."""
    one, other, people = seeds
    plain, given = Simulation(BUILT, people), Simulation(BUILT, one, people)
    assert_same(plain, given)
    assert_same(given, Simulation(BUILT, other, people))
    assert not np.array_equal(given.city.citizens.fairness, Simulation(BUILT, one).city.citizens.fairness)
    lives = [Simulation(BUILT, seed, people) for seed in (one, other, people)]
    for life in lives:
        life.advance(4)
    plain.advance(4)
    assert_same(plain, lives[-1])
    crimes, stops = ([getattr(life.city.cells, name) for life in lives] for name in ("crimes", "stops"))
    assert not np.array_equal(crimes[0], crimes[1]) or not np.array_equal(stops[0], stops[1])
    assert all(np.array_equal(life.city.citizens.fairness_disposition, plain.city.citizens.fairness_disposition) for life in lives)


def test_a_reform_takes_the_luck_of_the_people_where_it_asks_who_they_are():
    """Community duty: those whom the reform puts on duty are the same in every life; who is trained is not."""
    arms = {name: scenario(weeks=2, spin_up_weeks=0, interventions=[{name: {"start": 0, dose: 0.5}}])
            for name, dose in (("community_policing", "share"), ("training", "coverage"))}  # fmt: skip
    duty, taught = (
        [getattr(Simulation(arms[name], seed, 3).run().city.officers, column) for seed in (1, 2)]
        for name, column in (("community_policing", "community"), ("training", "knowledge"))
    )
    assert np.array_equal(*duty) and 0 < duty[0].sum() < len(duty[0])
    assert not np.array_equal(taught[0] > 0, taught[1] > 0)


def test_a_run_in_pieces_equals_a_run_in_one():
    whole, pieces = Simulation(scenario(), 5), Simulation(scenario(), 5)
    whole.advance(60)
    for weeks in (1, 7, 26, 0, 3, 23):
        pieces.advance(weeks)
    assert_same(whole, pieces)
    assert np.array_equal(whole.record.counts, pieces.record.counts)
    assert whole.surveys == pieces.surveys


def test_running_beyond_the_horizon_grows_the_record():
    simulation = Simulation(scenario(weeks=5), 1).run()
    simulation.advance(100)
    assert simulation.record.counts.shape == (115, len(Count))
    assert (simulation.record.counts[:, Count.STOPS] > 0).mean() > 0.9


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_the_ledger_sums_to_the_change_and_trust_stays_in_bounds(data):
    names = data.draw(st.lists(st.sampled_from(sorted(CODEBOOK)), unique=True, max_size=12))
    values = {}
    for name in names:
        entry = CODEBOOK[name]
        number = data.draw(st.floats(entry.low, entry.high, allow_nan=False))
        values[name] = float(round(number)) if entry.discrete else number
    for cut in ("survey.lower_cut", "survey.middle_cut", "survey.upper_cut"):
        values.pop(cut, None)
    simulation = Simulation(scenario(parameters=values, spin_up_weeks=0), data.draw(st.integers(0, 2**63 - 1)))
    citizens = simulation.city.citizens
    before = citizens.fairness.copy(), citizens.effectiveness.copy()
    simulation.advance(15)
    for dimension, (start, end) in enumerate(zip(before, (citizens.fairness, citizens.effectiveness), strict=True)):
        booked = simulation.record.ledger[:, :, dimension]
        assert abs((end - start).sum() - booked[:, :, 0].sum()) <= 1e-9 * booked[:, :, 1].sum() + 1e-12
        assert (end >= 0.0).all() and (end <= 1.0).all()
    assert (simulation.record.ledger[:, Cause.INTERVENTION] == 0.0).all()


def test_weekly_counts_are_possible():
    simulation = Simulation(scenario(), 3).run()
    counts = {count: simulation.record.counts[:, count] for count in Count}
    for part, whole in [
        (Count.SERIOUS, Count.CRIMES), (Count.REPORTED, Count.CRIMES), (Count.FILED, Count.REPORTED), (Count.SOLVED, Count.FILED),
        (Count.WELL_TREATED, Count.REPORTED), (Count.WELL_TREATED_WITH_FILE, Count.FILED), (Count.CORRUPT_STOPS, Count.STOPS),
    ]:  # fmt: skip
        assert (counts[part] <= counts[whole]).all()
    assert counts[Count.CRIMES].sum() == simulation.city.cells.crimes.sum()
    assert counts[Count.STOPS].sum() == simulation.city.cells.stops.sum()
    assert (counts[Count.CONTACTS] == 0).all()


def test_the_record_is_what_the_columns_say():
    simulation = Simulation(scenario().with_({"community.share": 0.3}), 3).run()
    means = simulation.record.means[-1]
    assert means[Mean.FAIRNESS] == pytest.approx(simulation.city.citizens.fairness.mean(), abs=1e-12)
    assert means[Mean.EFFECTIVENESS] == pytest.approx(simulation.city.citizens.effectiveness.mean(), abs=1e-12)
    officers = simulation.city.officers
    assert simulation.record.counts[-1, Count.ACTIVE_OFFICERS] == officers.active.sum()
    assert simulation.record.counts[-1, Count.COMMUNITY_OFFICERS] == (officers.active & officers.community).sum()


def test_a_dated_change_acts_from_its_week_on_and_not_before():
    plain = Simulation(scenario(), 3)
    changed = Simulation(
        scenario(changes=[{"week": 20, "set": {"encounter.stop_rate": 4.0}}, {"week": 40, "set": {"conduct.mean": 2.0}}]), 3
    )
    for simulation in (plain, changed):
        simulation.advance(20)
    assert_same(plain, changed)
    for simulation in (plain, changed):
        simulation.advance(20)
    stops = [simulation.record.counts[-20:, Count.STOPS].sum() for simulation in (plain, changed)]
    assert 1.7 < stops[1] / stops[0] < 2.4
    assert changed.parameters.conduct.mean == plain.parameters.conduct.mean
    changed.advance(1)
    assert changed.parameters.conduct.mean == 2.0


def test_a_change_before_week_0_acts_in_the_spin_up():
    plain, early = Simulation(scenario(), 3), Simulation(scenario(changes=[{"week": -5, "set": {"encounter.stop_rate": 6.0}}]), 3)
    assert np.array_equal(plain.record.counts[:5], early.record.counts[:5])
    assert early.record.counts[5:10, Count.STOPS].sum() > plain.record.counts[5:10, Count.STOPS].sum()


def test_arms_share_their_luck_decision_by_decision():
    """With one parameter changed that only moves complaints, everything but complaints is the same."""
    plain, other = Simulation(scenario(), 3), Simulation(scenario(parameters={"encounter.complaint_probability": 0.2}), 3)
    for simulation in (plain, other):
        simulation.run()
    left, right = columns(plain.city), columns(other.city)
    assert [name for name in left if not np.array_equal(left[name], right[name])] == ["officers.complaints"]
    assert (right["officers.complaints"] >= left["officers.complaints"]).all()


@pytest.mark.compiled
def test_the_start_is_stationary():
    """The 52-week change of mean trust after the spin-up is under 0.003 in the mean of 4 seeds, for the shipped cities."""
    for name in ("national-average", "mexico-city-2016", "honduras-purge"):
        changes = []
        for replicate in range(4):
            simulation = Simulation(load_scenario(name), replicate_seed(1, replicate))
            before = simulation.record.means[-1, :2].mean()
            simulation.advance(52)
            changes.append(simulation.record.means[-1, :2].mean() - before)
        assert abs(np.mean(changes)) < 0.003, name


@pytest.mark.compiled
@pytest.mark.parametrize("size", [CitySize(adults=2017, width=3, height=3), CitySize(adults=3001, adults_per_cell=20)])
def test_a_survey_in_parts_counts_what_everybody_answers(size, monkeypatch):
    """Parts end within cells and batches of a part within parts; all is counted here from the answers row by row."""
    run = Simulation(scenario(city=size, spin_up_weeks=0), 3)
    run.advance(60)
    asking, answers, people = (run.state, run.parameters, run.seed, run.tick - 1, run.week), run.answers(), run.city.citizens
    whole = survey([everybody(run.state)], *asking)
    groups = neighborhood_of(people.home, run.city.grid, size.adults / len(run.city.cells.officers))
    assert whole.adults == size.adults and whole.answers == tuple(np.bincount(answers.trust, minlength=4))
    assert whole.unsafe == answers.unsafe.mean() and whole.victims == (people.last_victimized > run.tick - 1 - 52).mean()
    assert whole.contacted == (people.last_stop > run.tick - 1 - 26).mean()
    assert whole.corrupt_contacted == (people.last_corrupt_stop > run.tick - 1 - 26).mean()
    assert whole.trust_icc == pytest.approx(intraclass_correlation(answers.trust, groups), rel=1e-12, nan_ok=True)
    assert whole.fairness_scale == pytest.approx(answers.fairness_scale.mean(), rel=1e-13)
    assert whole.fairness_scale_sd == pytest.approx(answers.fairness_scale.std(), rel=1e-12)
    for chunk in (256, 1500, 1 << 16):
        monkeypatch.setattr(surveying, "CHUNK", chunk)
        parts = survey(chunks(run.state.citizens), *asking)
        means = {"fairness_scale": whole.fairness_scale, "fairness_scale_sd": whole.fairness_scale_sd}
        assert parts._replace(**means) == whole
        assert (parts.fairness_scale, parts.fairness_scale_sd) == pytest.approx(tuple(means.values()), rel=1e-12)


def test_asking_everybody_takes_no_room():
    """What a survey and its voices hold at once does not grow with the city, but for numbers a cell."""
    run = Simulation(scenario(city=CitySize(adults=400_000), weeks=1, spin_up_weeks=0), 1).run()
    tracemalloc.start()
    asking = run.state, run.parameters, run.seed, run.tick - 1, run.week
    survey(chunks(run.state.citizens), *asking), voices(*asking)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4e6  # an array of all adults' numbers would be 3.2e6 by itself, and their answers four such


def test_a_virtual_survey_is_close_to_the_truth_and_repeatable():
    simulation = Simulation(scenario(city=CitySize(adults=20000), weeks=26), 3).run()
    everybody, sample, again = simulation.surveys[-1], simulation.virtual_survey(1200), simulation.virtual_survey(1200)
    assert sample == again and sample.adults == 1200 and sum(sample.answers) == 1200
    assert abs(sample.share_trusting - everybody.share_trusting) < 4 * sample.share_trusting_error
    assert simulation.virtual_survey(10**9).answers == everybody.answers


def test_no_survey_before_the_first_week():
    with pytest.raises(ValueError, match="not lived a week"):
        Simulation(scenario(spin_up_weeks=0), 1).virtual_survey(100)
