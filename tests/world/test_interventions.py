"""The reforms: dose 0 is the baseline, nothing happens before the start, doses nest, luck stays, declared columns only, costs."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strong_reforms import STRONG

from sim.inputs.scenario import CitySize, Scenario
from sim.world import reforms as interventions
from sim.world.parameters import REFERENCES, parameters
from sim.world.reforms import (
    REFORMS,
    CivicJustice,
    CommunityPolicing,
    Purge,
    Training,
    contradiction,
    levers,
    name_of,
    settings_of,
    with_dose,
)
from sim.world.rules.encounter import fair_probability
from sim.world.simulation import Simulation, columns
from sim.world.state import Cause, Count, Mean

pytestmark = pytest.mark.compiled  # the many runs of whole cities need the speed
CITY = Scenario(
    name="small", city=CitySize(adults=3000, officers_per_1000_inhabitants=10.0), weeks=60, spin_up_weeks=6,
    parameters={"encounter.complaint_probability": 0.2, "community.share": 0.1},
)  # fmt: skip


def run(*reforms, seed=1, weeks=60, scenario=CITY) -> Simulation:
    """A small city under some reforms."""
    simulation = Simulation(scenario.with_(interventions=reforms), seed)
    simulation.advance(weeks)
    return simulation


def differing(one: Simulation, other: Simulation) -> list[str]:
    """Names of the columns that differ in any bit."""
    left, right = columns(one.city), columns(other.city)
    return [name for name in left if not np.array_equal(left[name], right[name])]


@settings(max_examples=12)
@given(seed=st.integers(0, 2**63 - 1), start=st.integers(-6, 20), adults=st.integers(1000, 3000))
def test_dose_0_is_the_baseline_in_every_column(seed, start, adults):
    scenario = CITY.with_(adults=adults)
    placebo = [dataclasses.replace(with_dose(reform, 0.0), start=start) for reform in STRONG.values()]
    placebo[2] = dataclasses.replace(placebo[2], until=50)
    baseline, treated = run(seed=seed, weeks=30, scenario=scenario), run(*placebo, seed=seed, weeks=30, scenario=scenario)
    assert differing(baseline, treated) == []
    assert np.array_equal(baseline.record.counts, treated.record.counts) and baseline.surveys == treated.surveys
    assert all(cost.sum() == 0.0 for cost in treated.costs.values())


@pytest.mark.parametrize("name", STRONG)
@pytest.mark.parametrize("seed", [1, 2])
def test_before_its_start_a_reform_changes_nothing_and_after_it_something(name, seed):
    reform = dataclasses.replace(STRONG[name], start=25, **({"until": 50} if name == "community_policing" else {}))
    baseline, treated = run(seed=seed, weeks=25), run(reform, seed=seed, weeks=25)
    assert differing(baseline, treated) == [] and treated.costs[name].sum() == 0.0
    for simulation in (baseline, treated):
        simulation.advance(20)
    assert differing(baseline, treated) and treated.costs[name].sum() > 0.0


@pytest.mark.parametrize("name", REFORMS)
def test_a_reform_may_begin_before_week_0(name):
    reform = dataclasses.replace(STRONG[name], start=-4)
    assert differing(run(weeks=1), run(reform, weeks=1))


@pytest.mark.parametrize("seed", range(4))
def test_larger_doses_contain_smaller_ones(seed):
    def trained(coverage):
        officers = run(Training(start=0, coverage=coverage), seed=seed, weeks=1).city.officers
        return set(np.flatnonzero(officers.training > 0))

    def dismissed(share):
        reform = Purge(start=0, months=1, follow_through=share, unfit_above=0.3)
        return set(np.flatnonzero(run(reform, seed=seed, weeks=1).city.officers.active == 0))

    def on_duty(share):
        return set(np.flatnonzero(run(CommunityPolicing(start=0, share=share), seed=seed, weeks=1).city.officers.community))

    for chosen in (trained, dismissed, on_duty):
        small, middle, large = (chosen(dose) for dose in (0.3, 0.6, 1.0))
        assert small <= middle <= large and len(small) < len(large)


def test_a_dismissed_officers_absence_changes_nobody_elses_luck():
    """In the week of the dismissal the others go to the same cells and stop the same people."""
    reform = Purge(start=10, months=1, follow_through=1.0, unfit_above=0.3)
    baseline, treated = run(weeks=11), run(reform, weeks=11)
    gone = treated.city.officers.active == 0
    assert 0 < gone.sum() < len(gone)
    stayed = ~gone
    assert np.array_equal(treated.city.officers.cell[stayed], baseline.city.officers.cell[stayed])
    stops = [simulation.city.officers.encounters[stayed] for simulation in (baseline, treated)]
    assert np.array_equal(*stops)
    for j in np.flatnonzero(stayed):
        slots = slice(32 * j, 32 * j + baseline.city.officers.encounters[j])
        assert np.array_equal(baseline.city.encounters.citizen[slots], treated.city.encounters.citizen[slots])


@pytest.mark.parametrize("name", REFORMS)
def test_acting_writes_only_what_is_declared(name):
    reform = dataclasses.replace(STRONG[name], start=10)
    simulation = run(reform, weeks=10)
    for week in (0, 1):
        before = {key: column.copy() for key, column in columns(simulation.city).items()}
        simulation.begin_week()
        changed = {key for key, column in columns(simulation.city).items() if not np.array_equal(column, before[key])}
        changed -= {"cells.course"} if "citizens.fairness" in changed else set()  # where compiled code keeps it
        assert changed <= set(reform.writes), changed
        if week == 0 and reform.writes:
            assert changed
        simulation.advance(0)


def test_the_purge_by_complaints_takes_those_with_complaints():
    baseline = run(weeks=30)
    reform = Purge(start=30, months=1, follow_through=1.0, flag_by="complaints", complaints_at_least=2)
    simulation = run(reform, weeks=31)
    gone = np.flatnonzero((simulation.city.officers.active == 0) & (baseline.city.officers.active == 1))
    flagged = np.flatnonzero((baseline.city.officers.complaints >= 2) & (baseline.city.officers.active == 1))
    assert len(flagged) > 3 and set(flagged) >= set(gone) and len(gone) >= len(flagged) - 1


def test_a_perfect_test_takes_the_unfit_and_nobody_else():
    reform = Purge(start=30, months=1, follow_through=1.0, sensitivity=1.0, specificity=1.0, unfit_above=0.38)
    before = run(weeks=30).city.officers
    after = run(reform, weeks=31).city.officers
    corrupt = 1 / (1 + np.exp(before.honesty))
    unfit = (corrupt > 0.38) & (before.active == 1)
    gone = (after.active == 0) & (before.active == 1)
    assert unfit.sum() > 5 and (gone != unfit).sum() <= 1  # turnover may take one more


def test_the_dismissed_turn_to_crime_each_in_a_row_of_its_own():
    reform = Purge(start=2, months=1, follow_through=1.0, unfit_above=0.3, turn_to_crime=1.0)
    simulation = run(reform)
    offenders = simulation.city.offenders
    turned = (offenders.origin == 1) & (offenders.propensity > 0)
    aged_out = (offenders.origin == 1) & (offenders.entered > 0) & (offenders.propensity == 0)  # they are no different from others
    assert turned.sum() + aged_out.sum() == simulation.record.counts[:, Count.DISMISSED].sum() > 5
    assert (run().city.offenders.propensity[offenders.origin == 1] == 0).all()
    assert simulation.record.counts[-1, Count.FREE_OFFENDERS] > run().record.counts[-1, Count.FREE_OFFENDERS]


def test_the_public_signal_is_booked_as_intervention():
    for signal in (0.1, -0.1):
        simulation = run(Purge(start=5, follow_through=0.5, signal=signal), weeks=10)
        booked = simulation.record.ledger[:, Cause.INTERVENTION]
        assert np.sign(booked[:, 0, 0].sum()) == np.sign(signal) and (booked[:, 1] == 0).all()
        start = Simulation(CITY.with_(interventions=simulation.reforms, spin_up_weeks=0), 1)
        before = start.city.citizens.fairness.sum()
        start.advance(10)
        ledger = start.record.ledger[:, :, 0]
        assert abs(start.city.citizens.fairness.sum() - before - ledger[..., 0].sum()) <= 1e-9 * ledger[..., 1].sum()


def test_three_levels_of_training_rise_and_fade_at_their_own_pace():
    simulation = run(Training(start=0, coverage=1.0, hours=40), weeks=60)
    means = simulation.record.means[6:]
    for level in (Mean.TRAINING, Mean.KNOWLEDGE, Mean.ATTITUDE):
        assert means[0, level] > 0.5 > 0 < means[-1, level] < means[0, level]
    left = {level: means[-1, level] / means[0, level] for level in (Mean.TRAINING, Mean.KNOWLEDGE, Mean.ATTITUDE)}
    assert left[Mean.KNOWLEDGE] < left[Mean.TRAINING] < left[Mean.ATTITUDE]
    assert (run(weeks=60).record.means[:, [Mean.TRAINING, Mean.KNOWLEDGE, Mean.ATTITUDE]] == 0).all()


@pytest.mark.parametrize(("exponent", "hours", "part"), [(0, 9, 1), (1, 9, 9 / 40), (0.5, 10, 0.5), (1, 80, 2), (0.7, 40, 1)])
def test_what_a_course_gives_follows_its_hours_unless_it_is_said(exponent, hours, part):
    p = {"training.course_gain": 1.2, "training.course_commander_gain": 0.4, "training.course_hours_exponent": exponent}
    still = {"training.half_life": 520, "training.knowledge_half_life": 520}

    def taught(weeks=1, **levers):
        reform = Training(start=0, coverage=1.0, whom="both", hours=hours, **levers)
        city = run(reform, weeks=weeks, scenario=CITY.with_(p | still)).city
        return city.officers.training.max(), city.squads.command.max()

    week = 0.5 ** (1 / 520)
    assert taught() == pytest.approx((1.2 * part * week, 0.4 * part * week), rel=1e-12)
    assert taught(gain=0.9, commander_gain=0.0) == pytest.approx((0.9 * week, 0.0), rel=1e-12)
    assert taught(41, messages_every=40, message_share=0.96)[0] == pytest.approx(1.2 * part * 0.96 * week, rel=1e-12)


def test_a_course_costs_its_hours_whatever_it_gives():
    short, long = (run(Training(start=0, coverage=1.0, hours=hours), weeks=1).costs["training"].sum(axis=0) for hours in (9, 36))
    assert long == pytest.approx(4 * short)


def test_contacts_move_effectiveness_by_a_number_of_their_own_and_stops_do_not():
    """Where all contacts and stops are felt good: contacts raise, lower or leave effectiveness as that number says; stops never ask it."""
    told = {
        "conduct.mean": 3, "conduct.honesty_mean": 3, "community.conduct_offset": 5, "encounter.felt_if_fair": 5,
        "encounter.neutral_width": 0, "encounter.perception_slope": 0, "trust.effectiveness_gain": 0, "trust.effectiveness_loss": 0,
        "trust.victimization_loss": 0, "response.outcome_gain": 0, "response.outcome_loss": 0,
    }  # fmt: skip

    def booked(effect, **more):
        scenario = CITY.with_(told | {"community.effectiveness_effect": effect} | more)
        return run(CommunityPolicing(start=0, share=1.0), weeks=10, scenario=scenario).record.ledger[-10:, :2, 1, 0].sum(axis=0)

    up, none, down = booked(0.1), booked(0.0), booked(-0.1)
    assert (up > 0).all() and (none == 0).all() and (down < 0).all()  # what is lived, and what neighbors hear of it
    neutral = booked(0.1, **{"encounter.neutral_width": 6})
    assert 0 < neutral[0] < 0.5 * up[0]  # seven of ten are neutral, which move nothing
    nobody = CITY.with_({"community.share": 0, "community.effectiveness_effect": 0.2})
    assert differing(run(scenario=nobody), run(scenario=nobody.with_({"community.effectiveness_effect": -0.2}))) == []


def test_follow_up_messages_keep_up_what_a_course_taught():
    alone, reminded = (run(Training(start=0, coverage=1.0, messages_every=every, message_share=0.6), weeks=60) for every in (None, 4))
    assert reminded.record.means[-1, Mean.TRAINING] > alone.record.means[-1, Mean.TRAINING]
    assert reminded.costs["training"].sum() > alone.costs["training"].sum()


def test_commanders_act_on_their_squads_and_not_on_themselves():
    simulation = run(Training(start=0, coverage=1.0, whom="commanders", commander_gain=1.0), weeks=50)
    assert (simulation.city.officers.training == 0).all() and (simulation.city.squads.command > 0).all()
    assert simulation.record.means[-1, Mean.CONDUCT] > run(weeks=50).record.means[-1, Mean.CONDUCT] + 0.1


def test_community_policing_ends_and_leaves_the_posts_as_they_were():
    simulation, baseline = run(CommunityPolicing(start=5, until=30, share=0.7), weeks=60), run(weeks=60)
    contacts = simulation.record.counts[6:, Count.CONTACTS]
    assert 2 * contacts[:5].mean() < contacts[5:30].mean() > 2 * contacts[30:].mean()
    assert np.array_equal(simulation.city.officers.community, baseline.city.officers.community)
    assert simulation.costs["community_policing"][:11].sum() == 0 == simulation.costs["community_policing"][36:].sum()


def test_hearings_are_of_minor_crimes_and_some_are_diverted():
    known = CITY.with_({"justice.known_share": 1.0})
    simulation = run(CivicJustice(start=0, share=1.0, diversion=1.0, reoffending=0.5, youth_age=100), weeks=60, scenario=known)
    counts = simulation.record.counts[6:].sum(axis=0)
    assert counts[Count.HEARINGS] > 5 and 0 < counts[Count.DIVERTED] <= counts[Count.SOLVED]
    crimes = simulation.city.crimes
    assert not (crimes.hearing & crimes.serious).any() and not (crimes.hearing & crimes.filed).any()
    offenders = simulation.city.offenders
    assert (offenders.program > 0).any() and (offenders.program <= 0.5).all()  # a second diversion adds nothing
    nobody = run(CivicJustice(start=0, share=1.0, diversion=1.0, youth_age=12), weeks=60, scenario=known)
    assert nobody.record.counts[:, Count.DIVERTED].sum() == 0 == nobody.city.offenders.program.any()


def test_training_moves_observed_conduct_as_the_trial_found():
    """P24: treated minus control officers' encounters in weeks 1-26, as Cohen's d of a 0/1 outcome, between 0.2 and 0.5."""
    differences = []
    for seed in range(3):
        simulation = Simulation(
            Scenario(name="trial", city=CitySize(adults=30000), interventions=[Training(start=0, coverage=0.5, hours=40)]), seed
        )
        shares = []
        for _ in range(26):
            simulation.advance(1)
            officers = simulation.city.officers
            share = simulation.parameters.training.honesty_share
            dials = zip(officers.conduct + officers.training, officers.honesty + share * officers.training, strict=True)
            fair = np.array([fair_probability(courtesy, honesty) for courtesy, honesty in dials])
            shares.append([fair[(officers.training > 0) == treated].mean() for treated in (True, False)])
        treated, control = np.mean(shares, axis=0)
        differences.append((treated - control) / np.sqrt((treated * (1 - treated) + control * (1 - control)) / 2))
    assert 0.2 < np.mean(differences) < 0.5


@settings(max_examples=8)
@given(seed=st.integers(0, 2**63 - 1), stretches=st.lists(st.integers(1, 9), min_size=12, max_size=12))
def test_costs_do_not_depend_on_how_the_weeks_are_run(seed, stretches):
    """Not even those of community policing, whose officers come and go within a stretch."""
    scenario = CITY.with_({"staffing.turnover_rate": 0.012}, interventions=STRONG.values())
    whole, pieces = Simulation(scenario, seed), Simulation(scenario, seed)
    for weeks in stretches:
        pieces.advance(weeks)
    whole.advance(sum(stretches))
    assert differing(whole, pieces) == []
    assert all(np.array_equal(cost, pieces.costs[name]) for name, cost in whole.costs.items())
    assert len(set(whole.costs["community_policing"][10:36, 0])) > 1


def test_costs_grow_with_the_dose():
    for reform in STRONG.values():
        totals = [run(with_dose(reform, dose)).costs[name_of(reform)].sum(axis=0) for dose in (0.0, 0.3, 0.9)]
        assert totals[0].sum() == 0 and totals[0][1] < totals[1][1] < totals[2][1]


def test_portfolios_may_overlap_and_reforms_that_contradict_each_other_are_named():
    assert contradiction(tuple(STRONG.values())) is None
    assert contradiction((Purge(start=0), Training(start=0), Training(start=26, whom="commanders"))) is None
    assert "recruit" in str(contradiction((Purge(start=0, recruits_offset=-1.0), Purge(start=52, recruits_offset=1.0))))
    assert "overlap" in str(contradiction((CommunityPolicing(start=0), CommunityPolicing(start=10))))
    assert contradiction((CommunityPolicing(start=0, until=10), CommunityPolicing(start=10))) is None
    assert "hearing" in str(contradiction((CivicJustice(start=0), CivicJustice(start=5, fairness=0.1))))
    assert settings_of(tuple(STRONG.values()), 3) == {}


@pytest.mark.parametrize("kind", REFORMS.values())
def test_every_lever_says_what_it_is(kind):
    for name, lever in levers(kind).items():
        assert lever.metadata["text"].endswith(".") and lever.metadata["unit"], name
        assert set(lever.metadata["source"]) <= {*REFERENCES, "assumed"}
        if lever.default not in (None, dataclasses.MISSING) and "choices" not in lever.metadata:
            assert lever.metadata["low"] <= lever.default <= lever.metadata["high"], name
    assert kind.dose in levers(kind)


@pytest.mark.parametrize("name", REFORMS)
def test_no_lever_sets_a_parameter_beyond_its_range(name):
    """A study may vary a lever over all of its range, and no point of it may fail."""
    for lever in levers(REFORMS[name]).values():
        for end in ("low", "high"):
            if end in lever.metadata and lever.name != "until" and "choices" not in lever.metadata:
                made = REFORMS[name](**{"start": 0} | {lever.name: lever.metadata[end]})
                parameters(made.settings(made.start))


ONE_FILE = '''
from dataclasses import dataclass
from typing import ClassVar

from sim.world.reforms.common import Bill, Scene, bounds_before, in_force, lever, nothing, start_lever, until_lever


@dataclass(frozen=True, kw_only=True)
class SlowerStops:
    """Fewer stops."""

    start: int = start_lever()
    until: int | None = until_lever()
    share: float = lever(0.5, 0, 1, "share", "Share of stops that are not made.")

    dose: ClassVar[str] = "share"
    reads: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ()
    text: ClassVar[str] = "Stop fewer people."

    due = bounds_before
    in_force = in_force

    def settings(self, week: int) -> dict[str, float]:
        return {"encounter.stop_rate": 2.0 * (1 - self.share)} if self.in_force(week) else {}

    def act(self, scene: Scene) -> Bill:
        return Bill(0.0, 10.0)

    def running(self, scene: Scene):
        return nothing(scene)
'''


def test_a_reform_is_one_file(tmp_path, monkeypatch):
    """It is found by its file alone: scenarios may name it, it is run and billed, and `explain` knows it."""
    from sim.evidence.levers import bounds
    from sim.inputs.reforms import reforms_schema

    (tmp_path / "slower_stops.py").write_text(ONE_FILE)
    monkeypatch.setattr(interventions, "__path__", [*interventions.__path__, str(tmp_path)])
    everything = interventions.found()
    assert list(everything) == [*interventions.REFORMS, "slower_stops"] and len(interventions.REFORMS) == 4
    monkeypatch.setitem(interventions.REFORMS, "slower_stops", everything["slower_stops"])
    scenario = Scenario(name="file", city=CitySize(adults=1000), weeks=8, spin_up_weeks=2, interventions=[{"slower_stops": {"start": 1}}])
    with_it, without = Simulation(scenario, 1).run(), Simulation(scenario.with_(interventions=[]), 1).run()
    assert with_it.record.counts[:, Count.STOPS].sum() < without.record.counts[:, Count.STOPS].sum()
    assert with_it.costs["slower_stops"][:, 1].sum() == 10.0
    assert "slower_stops" in reforms_schema()["items"]["properties"] and bounds(interventions.levers(everything["slower_stops"])["share"])
