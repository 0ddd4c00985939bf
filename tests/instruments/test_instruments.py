"""Instruments: each recovers an effect that was planted, finds nothing where there is nothing, and keeps to its definition."""

import math
from copy import deepcopy

import numpy as np
import pytest

from sim.inputs.patterns import ORDINARY, patterns
from sim.inputs.scenario import Change, CitySize, Scenario
from sim.instruments import INSTRUMENTS, contrasts, observe
from sim.instruments.contrasts import dispositions, shifted_conduct, site, sites
from sim.instruments.panels import BETWEEN_WAVES, Panel, PanelWave, ask, incidents_k
from sim.instruments.peers import corrupt_log_odds, logistic, means, peers, raise_of
from sim.instruments.reforms import FAILING, PURGE, conduct_d, course, encounters_of, purge_of, start, two_by_two
from sim.instruments.regressions import contact_effects, correlation, least_squares
from sim.measures import MEASURES
from sim.measures.harvest import lived
from sim.studies.running.runs import run as run_scenario
from sim.world.reforms import Training
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation
from sim.world.state import Count
from sim.world.survey import everybody

SMALL = Scenario(name="small", city=CitySize(adults=1000, officers_per_1000_inhabitants=15), spin_up_weeks=4, seed=3)
# Encounters, crimes, hearsay and the police's part in what became of a report leave trust as it is.
UNMOVED = {
    "trust.contact_gain": 0, "trust.contact_loss": 0, "trust.effectiveness_gain": 0, "trust.effectiveness_loss": 0,
    "community.effectiveness_effect": 0,
    "response.police_share": 0, "justice.police_share": 0, "hearsay.fraction": 0,
    "trust.victimization_loss": 0,
}  # fmt: skip
PEOPLE = 100_000


def synthetic_panel(effects=(0.05, 0.0, -0.1), error=0.1):
    """Two waves of persons with a lasting trait and response error; contact is unrelated to it, and moves what is answered later."""
    luck = np.random.default_rng(1)
    trait = 0.5 + 0.15 * luck.standard_normal(PEOPLE)
    good, neutral, bad = (luck.random(PEOPLE) < share for share in (0.3, 0.4, 0.2))
    change = effects[0] * (good & ~bad) + effects[1] * (neutral & ~good & ~bad) + effects[2] * bad
    before, after = (trait + moved + error * luck.standard_normal(PEOPLE) for moved in (0.0, change))
    return before, after, good, neutral, bad


# --- Regressions and panels


def test_a_planted_effect_of_contact_is_recovered_through_response_error():
    for planted in ((0.05, 0.0, -0.1), (0.0, 0.02, -0.03)):
        assert contact_effects(*synthetic_panel(planted)) == pytest.approx(planted, abs=0.003)


def test_shuffled_contacts_have_no_effect():
    before, after, *contacts = synthetic_panel()
    order = np.random.default_rng(2).permutation(PEOPLE)
    assert contact_effects(before, after, *(kind[order] for kind in contacts)) == pytest.approx((0.0, 0.0, 0.0), abs=0.003)


# All eight ways of having had contacts felt as good, neutral and bad or not, two persons each.
GOOD, NEUTRAL, BAD = (np.repeat(kind, 2) for kind in np.indices((2, 2, 2)).reshape(3, 8).astype(bool))


def test_who_met_several_counts_by_the_worst_that_moves_and_the_base_had_no_contact():
    """Any bad one is negative, a good one without a bad one positive, neutral ones alone are neutral and no part of the base."""
    before = np.array([0.2, 0.6] * 8)
    after = 0.5 * before + np.where(BAD, -0.1, np.where(GOOD, 0.03, np.where(NEUTRAL, 0.01, 0.0)))
    assert contact_effects(before, after, GOOD, NEUTRAL, BAD) == pytest.approx((0.03, 0.01, -0.1))


def test_where_nobody_feels_neutral_the_other_effects_are_still_there():
    before, none = np.array([0.2, 0.6] * 8), np.zeros(16, bool)
    after = 0.5 * before + np.where(BAD, -0.1, np.where(GOOD, 0.03, 0.0))
    assert contact_effects(before, after, GOOD, none, BAD) == pytest.approx((0.03, math.nan, -0.1), nan_ok=True)
    assert np.isnan(contact_effects(before, after, none, none, none)).all()


def test_persistence_is_the_share_of_variance_that_lasts():
    before, after, *_ = synthetic_panel(effects=(0.0, 0.0, 0.0))
    assert correlation(before, after) == pytest.approx(0.15**2 / (0.15**2 + 0.1**2), abs=0.01)
    assert math.isnan(correlation(before, np.zeros(PEOPLE)))


def test_what_cannot_be_told_apart_has_no_coefficient():
    once = np.array([0.0, 1.0, 0.0, 1.0])
    assert np.isnan(least_squares(once, once, once)).all()
    assert np.isnan(least_squares(once, np.zeros(4))).all()


def test_waves_err_anew_and_each_scale_by_itself():
    run = Simulation(SMALL.with_({"survey.style_sd": 0.0, "survey.upper_cut": 0.7}), 1)
    rows, error = everybody(run.city), run.parameters.survey.scale_error_sd
    first, again = ask(run, rows), ask(run, rows)
    assert all((one == other).all() for one, other in zip(first, again, strict=True))
    few = ask(run, rows[10:20])
    assert (few.effectiveness == first.effectiveness[10:20]).all() and (few.fairness == first.fairness[10:20]).all()
    run.tick += 1  # another day, the same people
    errors = [wave.fairness - run.city.citizens.fairness for wave in (first, ask(run, rows))]
    errors += [wave.effectiveness - run.city.citizens.effectiveness for wave in (first, ask(run, rows))]
    assert np.std(errors, axis=1) == pytest.approx([error] * 4, rel=0.08)
    assert np.corrcoef(errors)[np.triu_indices(4, 1)] == pytest.approx([0.0] * 6, abs=0.11)
    assert set(first.trust) == {0.0, 1 / 3, 2 / 3, 1.0}


def test_the_panel_looks_at_the_52_weeks_before_its_second_wave(monkeypatch):
    noted, asked = [], []
    monkeypatch.setattr(Panel, "_note", lambda self, run: noted.append(run.week - 1))
    monkeypatch.setattr("sim.instruments.panels.ask", lambda run, rows: asked.append((run.week, len(rows))))
    scenario = SMALL.with_(weeks=110, officers_per_1000_inhabitants=2)
    lived(scenario, 1, lambda weeks: None, Panel(asked=300))
    assert noted == list(range(52, 104))
    assert asked == [(0, 300), (BETWEEN_WAVES, 300)]


def test_the_panel_notes_every_encounter_of_a_week_and_how_it_was_felt():
    run, panel = Simulation(SMALL, 1), Panel()
    panel(run)
    for _ in range(3):
        run.advance(1)
        panel.felt[:] = False
        panel._note(run)
        counts = run.record.counts[-1]
        bad, neutral, good = panel.felt.sum(axis=1)
        all_of_them = counts[Count.STOPS] + counts[Count.CONTACTS]
        # Some citizens are stopped twice in a week, a few at most.
        assert 0 < good <= counts[Count.FELT_GOOD] <= good + 5
        assert 0 < bad <= counts[Count.FELT_BAD] <= bad + 5
        assert 0 < neutral <= all_of_them - counts[Count.FELT_GOOD] - counts[Count.FELT_BAD] <= neutral + 5


def test_the_panel_notes_every_crime_of_a_week_and_whether_it_was_reported():
    run, panel = Simulation(SMALL.with_({"reporting.intercept": 0.0}), 1), Panel()
    panel(run)
    for week in range(8):
        run.advance(1)
        panel._note(run)
        counts = run.record.counts[-1]
        assert len(panel.victims[week]) == counts[Count.CRIMES] and panel.reported[week].sum() == counts[Count.REPORTED]
    assert 0 < np.concatenate(panel.reported).sum() < panel.crimes_of().sum() == run.record.counts[-8:, Count.CRIMES].sum()


def noted(crimes):
    """A panel that noted crimes: of each the victim and whether it was reported, in two weeks."""
    panel = Panel()
    panel.felt = np.zeros((3, 6), bool)
    for week in (crimes[:3], crimes[3:]):
        panel.victims.append(np.array([victim for victim, _ in week], np.int32))
        panel.reported.append(np.array([told for _, told in week], np.int32))
    return panel


def test_how_alike_persons_are_in_reporting():
    """Who suffered one crime says nothing; those with two or more say the same each time, or now this and now that."""
    always = [(0, 1), (1, 0), (2, 1), (0, 1), (1, 0), (4, 0), (0, 1)]
    assert noted(always).likeness_of_reports() == pytest.approx(1.0)
    mixed = [(0, 1), (1, 0), (2, 1), (0, 0), (1, 1)]
    assert noted(mixed).likeness_of_reports() == pytest.approx(-1.0)  # within persons all of the variance, in groups of two
    assert math.isnan(noted([(0, 1), (1, 0)]).likeness_of_reports())


def test_incidents_of_a_negative_binomial():
    panel = noted([(0, 1), (0, 0), (5, 1), (0, 0)])
    assert panel.crimes_of().tolist() == [3, 0, 0, 0, 0, 1]
    assert incidents_k(panel.crimes_of()) == pytest.approx((4 / 6) ** 2 / (11 / 9 - 4 / 6))
    found = np.random.default_rng(1).negative_binomial(0.3, 0.3 / (0.3 + 0.4), PEOPLE)
    assert incidents_k(found) == pytest.approx(0.3, rel=0.05)
    assert math.isnan(incidents_k(np.ones(8))) and math.isnan(incidents_k(np.zeros(8)))


def test_trust_by_what_happened_at_a_contact():
    """People without contact answer 0.5, those with a bribe 0.3, those without one 0.6; victims 0.1 less."""
    kinds = np.indices((3, 2)).reshape(2, 6)  # none, contact without a bribe, contact with one; no victim, victim
    contact, victim = np.repeat(kinds[0], 3), np.repeat(kinds[1], 3).astype(bool)
    trust = np.array([0.5, 0.6, 0.3])[contact] - 0.1 * victim
    nothing = np.zeros(18)
    wave = PanelWave(trust, nothing, nothing, victim, victim, contact > 0, contact == 2)
    panel = Panel()
    panel.rows, panel.felt, panel.waves = np.arange(18), np.zeros((3, 18), bool), [wave, wave]
    panel.victims, panel.reported = [np.zeros(0, int)], [np.zeros(0, int)]
    found = panel.measures()
    assert found["bribe_trust_effect"] == pytest.approx(-0.2) and found["contact_trust_gap"] == pytest.approx(0.3)
    panel.waves = [wave, wave._replace(bribed=contact > 2)]
    assert math.isnan(panel.measures()["bribe_trust_effect"]) and math.isnan(panel.measures()["contact_trust_gap"])


def test_a_wave_knows_the_last_half_year_and_the_last_year():
    run = Simulation(SMALL, 1)
    citizens = run.city.citizens
    ago = np.array([0, 25, 26, 51, 52])
    tick = run.tick = 200
    for column in (citizens.last_stop, citizens.last_corrupt_stop, citizens.last_victimized):
        column[:5] = tick - 1 - ago
    wave = ask(run, np.arange(5, dtype=citizens.home.dtype))
    assert (wave.stopped == (ago < 26)).all() and (wave.bribed == (ago < 26)).all() and (wave.victim_lately == (ago < 26)).all()
    assert (wave.victim == (ago < 52)).all()


def test_a_style_of_answering_moves_both_scales_alike():
    run = Simulation(SMALL.with_({"survey.style_sd": 0.2}), 1)
    wave, style = ask(run, everybody(run.city)), run.city.citizens.answering_style
    for scale, trust in ((wave.fairness, run.city.citizens.fairness), (wave.effectiveness, run.city.citizens.effectiveness)):
        assert least_squares(scale - trust, style)[0] == pytest.approx(0.2, abs=0.015)


def test_watching_changes_nothing():
    scenario = SMALL.with_(weeks=104, officers_per_1000_inhabitants=2)
    (_, plain), (_, watched) = (lived(scenario, 1, lambda weeks: None, watch) for watch in (None, Panel()))
    assert plain.keys() == watched.keys() and all(np.array_equal(plain[name], watched[name], equal_nan=True) for name in plain)


@pytest.mark.compiled
def test_contacts_that_move_nobody_have_no_effect_and_others_do():
    # Else those who distrust feel more of them as bad, and those who are stopped more are treated worse.
    fair_minded = {"encounter.perception_slope": 0.0, "conduct.by_place": 0.0}
    scenario = SMALL.with_(adults=10_000, officers_per_1000_inhabitants=2.23)
    names = [name for name in patterns_of(ORDINARY) if name.startswith("contact_effect")]
    still = observe(scenario.with_(UNMOVED | fair_minded), 1)
    assert [still[name] for name in names] == pytest.approx([0.0] * 5, abs=0.02)
    moved = observe(scenario.with_(fair_minded | {"trust.contact_gain": 0.3, "trust.effectiveness_gain": 0.0}), 1)
    assert moved["contact_effect_positive"] > 0.06 > 0.02 > abs(moved["contact_effect_positive_effectiveness"])
    assert moved["contact_effect_neutral"] == pytest.approx(0.0, abs=0.02)


@pytest.mark.compiled
def test_persons_report_alike_as_far_as_they_differ_for_good():
    scenario = SMALL.with_(adults=20_000, officers_per_1000_inhabitants=2.23)
    none, some = (likeness(scenario.with_({"reporting.person_sd": sd})) for sd in (0.0, 3.0))
    assert none == pytest.approx(0.0, abs=0.05) and some > 0.3


def likeness(scenario):
    panel = Panel()
    lived(scenario.with_(weeks=104), 1, lambda weeks: None, panel)
    return panel.measures()["reporting_icc_person"]


@pytest.mark.compiled
def test_bribes_cost_trust_only_if_contacts_do():
    scenario = SMALL.with_(adults=10_000, officers_per_1000_inhabitants=2.23)
    alike = UNMOVED | {"conduct.by_place": 0.0, "encounter.perception_slope": 0.0}
    still, moved = (observe(scenario.with_(alike | {"trust.contact_loss": loss, "trust.effectiveness_loss": loss}), 1) for loss in (0, 0.4))
    assert still["bribe_trust_effect"] == pytest.approx(0.0, abs=0.03) and still["contact_trust_gap"] == pytest.approx(0.0, abs=0.04)
    assert moved["bribe_trust_effect"] < -0.1 and moved["contact_trust_gap"] > 0.05


@pytest.mark.compiled
def test_victims_trust_less_only_if_a_crime_costs_trust():
    scenario = SMALL.with_(adults=10_000, officers_per_1000_inhabitants=2.23)
    quiet = {"response.police_share": 0, "hearsay.victimization_fraction": 0}
    none, some = (observe(scenario.with_(quiet | {"trust.victimization_loss": loss}), 1)["victimization_effect"] for loss in (0.0, 0.4))
    assert none == pytest.approx(0.0, abs=0.025)
    assert some < -0.06


# --- One ordinary run


def patterns_of(instrument):
    """Measures that an instrument has to give."""
    return [name for pattern in patterns().values() if pattern.instrument == instrument for name in (*pattern.measures, *pattern.beside)]


def test_observe_gives_what_a_run_of_the_scenario_gives():
    scenario = SMALL.with_(officers_per_1000_inhabitants=2)
    seed = replicate_seed(scenario.seed, 0)
    found, expected = observe(scenario, seed), run_scenario(scenario, weeks=104)
    assert list(found) == patterns_of(ORDINARY)
    for name in ("reporting_rate", "prevalence", "share_trusting", "corrupt_contact_share", "trust_icc"):
        assert found[name] == float(MEASURES[name](expected.dataset)[0])
    too_small = {"complaint_share_top_2", "complaint_share_top_10", "crime_concentration_50", "reporting_icc_person"}
    assert {name for name, value in found.items() if math.isnan(value)} == too_small
    sample = observe(scenario, seed, asked=400)
    assert sample["share_trusting"] == found["share_trusting"] and sample["trust_autocorrelation"] != found["trust_autocorrelation"]


@pytest.mark.compiled
@pytest.mark.parametrize("name", list(INSTRUMENTS))
def test_every_instrument_gives_its_patterns_measures(name):
    instrument = INSTRUMENTS[name]
    found = instrument.measure(SMALL, 1)
    assert found == pytest.approx(instrument.measure(SMALL, 1), abs=0.0, nan_ok=True)
    assert patterns_of(name) and set(patterns_of(name)) <= set(found)
    assert all(isinstance(value, float) for value in found.values())
    assert instrument.cost(SMALL) == instrument.runs * (4 + instrument.weeks) * 1000


# --- Peers


def test_elasticity_without_contagion_is_nothing():
    """And a regression would find some: officers of a squad are alike."""
    scenario = SMALL.with_({"conduct.contagion_weight": 0, "conduct.squad_sd": 1.0})
    assert peers(scenario, 1) == {"peer_elasticity": 0.0}
    run = Simulation(scenario.with_(adults=20_000), 1, spin_up=False)
    rate, squad = logistic(corrupt_log_odds(run)), run.city.officers.squad
    size = np.bincount(squad)[squad]
    others = (size * means(rate, squad, squad.max() + 1)[squad] - rate) / (size - 1)
    assert size.min() > 1 and least_squares(rate, others)[0] > 0.5


@pytest.mark.compiled
@pytest.mark.parametrize("weight", [0.3, 0.8])
def test_elasticity_of_officers_who_are_all_alike(weight):
    alike = {"conduct.contagion_weight": weight, "conduct.officer_sd": 0, "conduct.squad_sd": 0, "staffing.turnover_rate": 0.0002}
    scenario = SMALL.with_(alike)
    p = scenario.values().conduct
    usual = -p.honesty_mean
    rate = float(logistic(usual))
    rise = math.log(1.1 * rate / (1 - 1.1 * rate)) - usual
    own = float(logistic(usual + weight * (1 - (1 - p.contagion_rate) ** 52) * rise))
    assert peers(scenario, 1)["peer_elasticity"] == pytest.approx(math.log(own / rate) / math.log(1.1), rel=1e-6)


def test_a_squads_rate_is_raised_by_a_tenth():
    log_odds, squad = np.array([-2.0, 0.0, 1.0, -1.0, 6.0]), np.array([0, 0, 0, 1, 3])
    rise = raise_of(log_odds, squad, 4)
    before, after = means(logistic(log_odds), squad, 4), means(logistic(log_odds + np.nan_to_num(rise)[squad]), squad, 4)
    assert after[:2] == pytest.approx(1.1 * before[:2])
    assert np.isnan(rise[2:]).all()  # nobody; a rate that cannot rise by a tenth


def test_nobody_has_peers_in_a_force_of_one():
    assert math.isnan(peers(SMALL.with_(officers_per_1000_inhabitants=0.7), 1)["peer_elasticity"])


# --- Places that differ


@pytest.mark.compiled
def test_sites_are_as_corrupt_as_they_should_be_and_trust_differs(monkeypatch):
    monkeypatch.setattr(contrasts, "WEEKS_AFTER_SHIFT", 104)
    at_once = {"conduct.contagion_weight": 0, "conduct.contagion_rate": 0.5}
    found = sites(SMALL.with_(at_once, adults=10_000, officers_per_1000_inhabitants=2.23), 1)
    assert (found["clean_site_corrupt_share"], found["corrupt_site_corrupt_share"]) == pytest.approx((0.15, 0.71), abs=contrasts.NEAR)
    assert found["site_trust_gap"] > 0.05


@pytest.mark.compiled
def test_sites_do_not_differ_where_conduct_moves_no_trust(monkeypatch):
    monkeypatch.setattr(contrasts, "WEEKS_AFTER_SHIFT", 104)
    found = sites(SMALL.with_(UNMOVED), 1)
    assert found["clean_site_corrupt_share"] < found["corrupt_site_corrupt_share"] - 0.4
    assert (found["site_trust_gap"], found["site_dark_figure_gap"]) == (0.0, 0.0)


def test_a_shift_of_conduct_begins_in_week_0_and_lasts():
    later = {"conduct.mean": 4.9, "response.capacity": 1.0}
    changes = (Change(week=-2, set={"conduct.mean": 1.0, "conduct.honesty_mean": 0.25}), Change(week=8, set=later))
    shifted = shifted_conduct(SMALL.with_(changes=changes), 0.5)
    assert shifted.weeks == contrasts.WEEKS_AFTER_SHIFT == 520
    conduct = [shifted.values_at(week).conduct for week in (-2, -1, 0, 7, 8, 519)]
    assert [one.mean for one in conduct] == [1.0, 1.0, 1.5, 1.5, 5.0, 5.0]
    assert [one.honesty_mean for one in conduct] == [0.25, 0.25, 0.75, 0.75, 0.75, 0.75]
    assert shifted.values_at(8).response.capacity == 1.0


def test_no_shift_is_tried_where_nobody_is_stopped(monkeypatch):
    tried = []
    monkeypatch.setattr(contrasts, "last_year", lambda scenario, *rest: tried.append(scenario) or {"corrupt_contact_share": math.nan})
    assert math.isnan(site(SMALL, 1, 0.15)["corrupt_contact_share"]) and len(tried) == 1


@pytest.mark.compiled
def test_reporting_follows_trust_as_its_slope_says():
    nothing = {"offending.control_slope": 0, "response.cooperation_slope": 0}
    scenario = SMALL.with_(nothing, adults=5000, officers_per_1000_inhabitants=2.23)
    down, none, up = (
        dispositions(scenario.with_({"reporting.trust_slope": slope}), 1)["reporting_trust_elasticity"] for slope in (-2, 0, 6)
    )
    assert down < -0.1 and none == 0.0 and up > 0.4


# --- Trials


def test_d_of_a_table():
    assert conduct_d(np.array([[50, 50], [20, 80]])) == pytest.approx(0.3 / math.sqrt((100 * 0.25 + 100 * 0.16) / 198))
    assert math.isnan(conduct_d(np.array([[5, 5], [0, 0]]))) and math.isnan(conduct_d(np.array([[5, 0], [5, 0]])))


def test_encounters_are_those_of_the_week_and_of_the_treated():
    run = Simulation(SMALL.with_(weeks=4, interventions=(Training(start=2, coverage=0.5),)), 3)
    treated = []
    for _ in range(4):
        run.advance(1)
        found, counts = encounters_of(run.city), run.record.counts[-1]
        assert found.sum() == counts[Count.STOPS] > 0
        assert found[:, 0].sum() == counts[Count.CORRUPT_STOPS] + counts[Count.UNFAIR_STOPS] > 0
        treated.append(found[1].sum())
    assert treated[:2] == [0, 0] and min(treated[2:]) > 0


@pytest.mark.compiled
def test_a_course_that_teaches_more_shows_more(monkeypatch):
    scenario = SMALL.with_({"conduct.officer_sd": 0, "conduct.squad_sd": 0}, adults=10_000)
    planted, p = [], scenario.values()
    for gain in (0.0, 0.8):
        monkeypatch.setattr("sim.instruments.reforms.COURSE", Training(start=0, coverage=0.5, gain=gain))
        planted.append(course(scenario, 1)["training_conduct_d"])
    assert planted[0] == pytest.approx(0.0, abs=0.06)
    # Log-odds of courtesy and, by a part, of honesty to d of the share of fair stops; a little of the gain fades in 26 weeks.
    honest, polite = logistic(p.conduct.honesty_mean), logistic(p.conduct.mean)
    slope = honest * polite * (1 - polite + p.training.honesty_share * (1 - honest)) / math.sqrt(honest * polite * (1 - honest * polite))
    assert 0.5 * 0.8 * slope < planted[1] < 0.8 * slope


def test_trust_and_its_d_stay_where_nothing_moves_trust():
    found = two_by_two(SMALL.with_(UNMOVED), 1)
    assert {name for name, value in found.items() if value != 0.0} <= {"training_crime_change"}


def test_the_vetting_test_fails_as_many_as_in_mexico():
    run = start(SMALL.with_(adults=2000), 1, 1)
    reform = purge_of(run)
    unfit = (logistic(corrupt_log_odds(run)) > reform.unfit_above).mean()
    expected = unfit * PURGE.sensitivity + (1 - unfit) * (1 - PURGE.specificity)
    assert expected == pytest.approx(FAILING, abs=0.75 / len(run.city.officers.active))


def test_trials_take_the_place_of_the_scenarios_reforms():
    scenario = SMALL.with_(
        weeks=300, interventions=(Training(start=200, coverage=0.5),), changes=(Change(week=250, set={"response.capacity": 1}),)
    )
    run = start(scenario, 1, 26)
    assert (run.reforms, run.scenario.changes, run.scenario.weeks, run.week) == ((), (), 26, 0)
    twin = deepcopy(run)
    twin.advance(2)
    assert run.week == 0 and twin.week == 2
