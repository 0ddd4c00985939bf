"""The rules: situations in plain words, doctests, and what must hold for any numbers."""

import doctest
import importlib
from inspect import signature
from math import exp
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import sim.world.rules
from sim.world.compiled import source
from sim.world.parameters import CODEBOOK
from sim.world.rules.conduct import change_of_conduct, conduct_target
from sim.world.rules.deterrence import risk_after_arrest, risk_after_escape, risk_faded
from sim.world.rules.encounter import (
    Conduct,
    Feeling,
    conduct_of,
    corrupt_probability,
    fair_probability,
    feeling,
    felt_log_odds,
    worse_conduct,
)
from sim.world.rules.offending import attraction, career_weeks, crime_probability, loss, undeterred, unhindered
from sim.world.rules.places import place_value, pulled
from sim.world.rules.probability import clip, faded, logistic, poisson_quantile
from sim.world.rules.reporting import file_probability, reporting_probability
from sim.world.rules.response import free_capacity, good_treatment_probability, solve_probability
from sim.world.rules.survey import answer, insecurity_probability
from sim.world.rules.trust import change_from_contact, change_from_drift, change_from_victimization, change_from_visit, overall_trust

TOPICS = sorted(path.stem for path in Path(sim.world.rules.__file__).parent.glob("*.py") if path.stem != "__init__")
VIGNETTES = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (Path(__file__).parent.parent / "vignettes").glob("*.yaml")
}
CASES = [pytest.param(topic, case, id=f"{topic}: {case['name']}") for topic, cases in VIGNETTES.items() for case in cases]


def module(topic):
    return importlib.import_module(f"sim.world.rules.{topic}")


def rules(topic):
    """The rules written in a topic's file, by name (not what it borrows)."""
    found = vars(module(topic)).items()
    return {
        name: rule
        for name, rule in found
        if callable(rule) and not isinstance(rule, type) and source(rule).__module__ == f"sim.world.rules.{topic}"
    }


@pytest.mark.parametrize("form", ["compiled", "source"])
@pytest.mark.parametrize(("topic", "case"), CASES)
def test_vignette(topic, case, form):
    rule = rules(topic)[case["rule"]]
    result = (rule if form == "compiled" else source(rule))(**case["given"])
    assert result == pytest.approx(case["expect"], abs=case.get("tolerance", 1e-12), rel=0)


@pytest.mark.parametrize("topic", TOPICS)
def test_every_rule_has_a_vignette_an_example_and_a_description(topic):
    cases = VIGNETTES[topic]
    assert {case["rule"] for case in cases} == set(rules(topic))
    assert len(cases) >= 3
    for case in cases:
        assert set(case) - {"tolerance"} == {"name", "rule", "given", "expect"}
        assert set(case["given"]) == set(signature(source(rules(topic)[case["rule"]])).parameters)
    assert len({case["name"] for case in cases}) == len(cases)
    for name, rule in rules(topic).items():
        assert ">>> " in source(rule).__doc__, name


def test_every_vignette_file_has_its_topic():
    assert sorted(VIGNETTES) == TOPICS


@pytest.mark.parametrize("topic", TOPICS)
def test_doctests(topic):
    runner, tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS), 0
    for name, rule in rules(topic).items():
        test = doctest.DocTestParser().get_doctest(source(rule).__doc__, dict(vars(module(topic))), name, None, None)
        tried += runner.run(test).attempted
    assert tried >= len(rules(topic))
    assert runner.summarize(verbose=False).failed == 0


# What must hold for any numbers. Parameters run over the whole range the codebook allows.

shares = st.floats(0, 1)
log_odds = st.floats(-10, 10)
lucks = st.floats(0, 1, exclude_min=True, exclude_max=True)


def within(name):
    """Any value the codebook allows for a parameter."""
    return st.floats(CODEBOOK[name].low, CODEBOOK[name].high)


def is_share(x):
    return -1e-15 <= x <= 1 + 1e-15


@given(shares, st.sampled_from(Feeling), within("trust.contact_gain"), within("trust.contact_loss"))
def test_contacts_keep_trust_between_0_and_1_and_go_the_right_way(trust, felt, gain, loss):
    change = change_from_contact(trust, felt, gain, loss)
    assert is_share(trust + change)
    assert {Feeling.BAD: change <= 0, Feeling.NEUTRAL: change == 0, Feeling.GOOD: change >= 0}[felt]


@given(shares, st.sampled_from(Feeling), within("community.effectiveness_effect"))
def test_visits_keep_trust_between_0_and_1_and_go_as_their_sign_says(trust, felt, effect):
    change = change_from_visit(trust, felt, effect)
    assert is_share(trust + change)
    assert change * effect * (felt - Feeling.NEUTRAL) >= 0 and (felt != Feeling.NEUTRAL or change == 0)
    as_contact = change_from_contact(trust, felt if effect >= 0 else 2 - felt, abs(effect), abs(effect))
    assert change == pytest.approx(as_contact)


@given(shares, within("trust.effectiveness_gain"), within("trust.effectiveness_loss"), shares)
def test_results_and_hearsay_keep_trust_between_0_and_1(trust, gain, loss, fraction):
    for felt in Feeling:
        assert is_share(trust + fraction * change_from_contact(trust, felt, gain, loss))


@given(shares, within("trust.victimization_loss"))
def test_victimization_keeps_trust_between_0_and_1(trust, loss):
    assert is_share(trust + change_from_victimization(trust, loss))
    assert change_from_victimization(trust, loss) <= 0


@given(shares, shares, shares, within("trust.relaxation_rate"), within("trust.climate_weight"))
def test_drift_keeps_trust_between_0_and_1_and_never_overshoots(trust, disposition, climate, rate, weight):
    target = (1 - weight) * disposition + weight * climate
    after = trust + change_from_drift(trust, disposition, climate, rate, weight)
    assert min(trust, target) - 1e-12 <= after <= max(trust, target) + 1e-12


@given(shares, shares, shares)
def test_overall_trust_lies_between_its_parts(fairness, effectiveness, weight):
    assert min(fairness, effectiveness) - 1e-12 <= overall_trust(fairness, effectiveness, weight) <= max(fairness, effectiveness) + 1e-12


@given(log_odds, log_odds)
def test_the_three_kinds_of_conduct_share_all_encounters(courtesy, honesty):
    fair, corrupt = fair_probability(courtesy, honesty), corrupt_probability(honesty)
    assert is_share(fair) and is_share(corrupt) and is_share(fair + corrupt)


@given(lucks, log_odds, log_odds, st.floats(0, 5), st.floats(0, 5))
def test_more_courtesy_or_honesty_never_gives_worse_conduct_under_the_same_luck(u, courtesy, honesty, politer, honester):
    assert conduct_of(u, courtesy + politer, honesty + honester) >= conduct_of(u, courtesy, honesty)


@given(lucks, log_odds, log_odds, st.floats(0, 5))
def test_courtesy_moves_no_bribe(u, courtesy, honesty, politer):
    before, after = (conduct_of(u, x, honesty) == Conduct.CORRUPT for x in (courtesy, courtesy + politer))
    assert before == after


@given(log_odds, log_odds)
def test_conduct_is_as_frequent_as_its_probability(courtesy, honesty):
    kinds = [conduct_of(u, courtesy, honesty) for u in (np.arange(500) + 0.5) / 500]
    assert kinds.count(Conduct.FAIR) / 500 == pytest.approx(fair_probability(courtesy, honesty), abs=0.002)
    assert kinds.count(Conduct.CORRUPT) / 500 == pytest.approx(corrupt_probability(honesty), abs=0.002)


@given(
    st.floats(-4, 4),
    st.floats(-4, 4),
    st.sampled_from([0, 1]),
    st.tuples(*(within(f"conduct.by_{by}") for by in ("place", "standing", "record"))),
)
def test_what_makes_conduct_worse_adds_up_and_can_be_switched_off(hardship, standing, stopped_before, by):
    worse = worse_conduct(hardship, standing, stopped_before, *by)
    assert worse == pytest.approx(sum(x * weight for x, weight in zip((hardship, standing, stopped_before), by, strict=True)), abs=1e-9)
    assert worse_conduct(hardship, standing, stopped_before, 0.0, 0.0, 0.0) == 0


@given(st.sampled_from(Conduct), lucks, shares, shares, within("encounter.perception_slope"), within("encounter.neutral_width"))
def test_who_trusts_more_feels_no_worse(conduct, u, fairness, other, slope, width):
    low, high = (felt_log_odds(int(conduct), trust, -1.6, -1.5, 1.5, slope) for trust in sorted((fairness, other)))
    assert Feeling.BAD <= feeling(u, low, width) <= feeling(u, high, width) <= Feeling.GOOD
    assert feeling(u, low, 0.0) != Feeling.NEUTRAL


@given(log_odds, within("encounter.neutral_width"))
def test_feelings_are_as_frequent_as_an_ordered_logit_says(odds, width):
    felt = [feeling(u, odds, width) for u in (np.arange(500) + 0.5) / 500]
    assert felt.count(Feeling.GOOD) / 500 == pytest.approx(logistic(odds - width), abs=0.002)
    assert felt.count(Feeling.BAD) / 500 == pytest.approx(1 - logistic(odds), abs=0.002)


@given(shares, shares, st.floats(-1, 1), st.floats(-1, 1))
def test_places_pull_dispositions_the_right_way_and_keep_them_between_0_and_1(disposition, other, pull, more):
    assert is_share(pulled(disposition, pull))
    assert pulled(disposition, 0.0) == disposition
    low, high = sorted((pull, more))
    assert pulled(disposition, low) <= pulled(disposition, high) + 1e-15
    mean = (pulled(disposition, pull) + pulled(other, pull)) / 2  # linear, so that a cell's pull can be booked at its mean
    assert mean == pytest.approx(pulled((disposition + other) / 2, pull), abs=1e-12)


@given(st.floats(-4, 4), st.floats(-4, 4), shares)
def test_places_lie_within_what_two_standard_fields_can_be(smooth, own, share):
    place = place_value(smooth, own, share)
    assert place * place <= smooth * smooth + own * own + 1e-9
    assert place_value(-smooth, -own, share) == -place


@given(lucks, lucks, st.floats(1e-5, 0.05))
def test_careers_are_whole_weeks_that_end(u, other, rate):
    low, high = sorted((u, other))
    assert 0 <= career_weeks(high, rate) <= career_weeks(low, rate) <= 3120


def test_careers_are_as_long_as_a_constant_chance_makes_them():
    weeks = np.array([career_weeks(u, 0.01) for u in (np.arange(20_000) + 0.5) / 20_000])
    assert weeks.mean() == pytest.approx(99.5, rel=0.005)
    assert (weeks >= 100).mean() == pytest.approx(exp(-1), abs=0.001)


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5), within("conduct.contagion_weight"), within("conduct.contagion_rate"))
def test_conduct_moves_towards_its_target_and_not_beyond(conduct, disposition, peers, weight, rate):
    target = conduct_target(disposition, peers, 0.0, weight)
    assert min(disposition, peers) - 1e-12 <= target <= max(disposition, peers) + 1e-12
    after = conduct + change_of_conduct(conduct, target, rate)
    assert min(conduct, target) - 1e-12 <= after <= max(conduct, target) + 1e-12


@given(
    shares,
    within("deterrence.arrest_gain"),
    within("deterrence.escape_loss"),
    within("deterrence.prior_risk"),
    within("deterrence.fading_rate"),
)
def test_perceived_risk_stays_between_0_and_1(risk, gain, loss, prior, rate):
    assert risk - 1e-15 <= risk_after_arrest(risk, gain) <= 1 + 1e-15
    assert 0 <= risk_after_escape(risk, loss) <= risk
    assert is_share(risk_faded(risk, prior, rate))


@given(st.floats(0, 50), shares, shares, within("offending.risk_slope"))
def test_who_sees_more_risk_has_no_more_drive(propensity, risk, other, slope):
    low, high = sorted((risk, other))
    assert 0 <= undeterred(propensity, high, slope) <= undeterred(propensity, low, slope) <= propensity


@given(st.integers(0, 20), shares, shares, within("offending.presence_weight"), within("offending.control_slope"))
def test_officers_and_neighbors_never_encourage(officers, climate, other, weight, slope):
    low, high = sorted((climate, other))
    left = unhindered(officers, low, weight, slope)
    assert is_share(left)
    assert unhindered(officers + 1, low, weight, slope) <= left
    assert unhindered(officers, high, weight, slope) <= left


@given(st.floats(0, 50), shares, shares)
def test_a_place_that_leaves_less_of_the_drive_has_no_more_crime(drive, share, other):
    low, high = sorted((share, other))
    assert 0 <= crime_probability(drive, low) <= crime_probability(drive, high) <= crime_probability(drive, 1.0) <= 1


@given(st.floats(1e-6, 1e6), st.integers(0, 20), within("offending.guardianship_weight"))
def test_officers_never_make_a_place_more_attractive(opportunity, officers, weight):
    assert 0 <= attraction(opportunity, officers + 1, weight) <= attraction(opportunity, officers, weight) <= opportunity


@given(st.floats(0.01, 100), st.floats(0, 3), st.floats(-6, 6))
def test_losses_are_positive_and_have_their_median(median, log_sd, normal):
    assert loss(median, log_sd, normal) > 0
    assert loss(median, log_sd, 0.0) == pytest.approx(median)


@given(
    st.floats(0, 1e5),
    st.floats(0, 1e5),
    shares,
    within("reporting.intercept"),
    within("reporting.log_loss_slope"),
    within("reporting.trust_slope"),
)
def test_a_larger_loss_is_reported_no_less(loss, other, trust, intercept, log_loss_slope, trust_slope):
    small, large = (reporting_probability(x, trust, intercept, log_loss_slope, trust_slope, 0.0) for x in sorted((loss, other)))
    assert is_share(small) and is_share(large)
    assert small <= large if log_loss_slope >= 0 else small >= large


@given(shares, within("reporting.trust_slope"))
def test_the_slope_on_trust_has_its_sign(trust, slope):
    change = reporting_probability(1.0, trust, -2.5, 0.634, slope, 0.0) - reporting_probability(1.0, 0.5, -2.5, 0.634, slope, 0.0)
    assert change * slope * (trust - 0.5) >= 0


@given(st.floats(0, 1e3), shares, st.floats(-8, 8), st.floats(-8, 8))
def test_who_is_inclined_to_report_reports_no_less(loss, trust, person, other):
    low, high = (reporting_probability(loss, trust, -2.5, 0.634, 1.0, person) for person in sorted((person, other)))
    assert 0 <= low <= high <= 1


@given(st.sampled_from([0, 1]), log_odds, log_odds, st.floats(-5, 5), shares)
def test_files_and_treatment_have_probabilities(yes, intercept, slope, force, share):
    assert is_share(file_probability(yes, intercept, slope))
    assert is_share(good_treatment_probability(yes, force, intercept, slope, share, -0.34))


@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0, 1e5), within("response.capacity"))
def test_more_files_leave_less_capacity(staff, load, more, capacity):
    free = free_capacity(staff, load, capacity)
    assert is_share(free)
    assert free_capacity(staff, load + more, capacity) <= free


@given(within("response.solve_probability"), shares, shares, within("response.cooperation_slope"))
def test_solving_has_a_probability(base, free, climate, slope):
    assert is_share(solve_probability(base, free, climate, slope))
    assert solve_probability(base, 0.0, climate, slope) == 0


@given(st.floats(-2, 3), st.floats(-2, 3), st.tuples(shares, shares, shares).map(sorted))
def test_more_trust_never_gives_a_more_distrustful_answer(latent, other, cuts):
    low, high = sorted((latent, other))
    assert 0 <= answer(low, *cuts) <= answer(high, *cuts) <= 3


@given(shares, st.sampled_from([0, 1]), log_odds, log_odds, log_odds)
def test_insecurity_has_a_probability(trust, victim, intercept, victim_slope, trust_slope):
    assert is_share(insecurity_probability(trust, victim, intercept, victim_slope, trust_slope))


@given(st.floats(-700, 700))
def test_logistic_is_a_probability_and_symmetric(x):
    assert is_share(logistic(x))
    assert logistic(x) + logistic(-x) == pytest.approx(1, abs=1e-15)


@given(st.floats(-10, 10), st.floats(-1, 0), st.floats(0, 1))
def test_clip(x, low, high):
    assert clip(x, low, high) == min(max(x, low), high)


@given(lucks, lucks, st.floats(0, 8), st.floats(0, 8), st.integers(0, 40))
def test_poisson_quantile_rises_with_luck_and_mean_and_has_a_top(u, other_u, mean, other_mean, most):
    (low_u, high_u), (low, high) = sorted((u, other_u)), sorted((mean, other_mean))
    assert 0 <= poisson_quantile(low_u, low, most) <= poisson_quantile(high_u, low, most) <= poisson_quantile(high_u, high, most) <= most


@given(lucks, st.floats(0.01, 8))
def test_poisson_quantile_is_scipys(u, mean):
    near = stats.poisson(mean).cdf(np.arange(60))
    if np.abs(near - u).min() > 1e-12:  # at a step the last bit decides
        assert poisson_quantile(u, mean, 60) == stats.poisson(mean).ppf(u)


@pytest.mark.parametrize("mean", [0.1, 1.96, 6.0])
def test_poisson_quantile_has_its_mean(mean):
    counts = [poisson_quantile(u, mean, 60) for u in (np.arange(20_000) + 0.5) / 20_000]
    assert np.mean(counts) == pytest.approx(mean, abs=0.002)
    assert np.var(counts) == pytest.approx(mean, rel=0.01)


@given(st.floats(-5, 5), within("training.half_life"), st.integers(1, 100))
def test_fading_halves_in_a_half_life(value, half_life, weeks):
    left = value
    for _ in range(weeks):
        left = faded(left, half_life)
    assert left == pytest.approx(value * exp(-0.6931471805599453 * weeks / half_life), rel=1e-9, abs=1e-12)
