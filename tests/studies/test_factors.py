"""What varies: quantiles of priors, values by equal shares, what topics bring in, and that every point is a scenario."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.errors import InputError
from sim.inputs.scenario import Change, CitySize, Scenario, load_scenario, shipped_scenarios
from sim.studies.design.distributions import SPREADS
from sim.studies.design.factors import TOPICS, all_levers, allowed_of, factor, factors_of, group_names, resolved
from sim.studies.design.study import Study
from sim.world.parameters import CODEBOOK, ORDERED
from sim.world.reforms import CivicJustice, CommunityPolicing, Purge, Training

SMALL = Scenario(name="Small", city=CitySize(adults=2_000), weeks=30, spin_up_weeks=4, seed=3)
ARMS = {
    "purge": [{"purge": {"start": 0}}],
    "course": [{"training": {"start": 2, "coverage": 0.9}}],
    "both": [{"purge": {"start": 0}}, {"training": {"start": 1}}, {"training": {"start": 10, "coverage": 0.4}}],
}
VARIED = sorted(name for name, known in CODEBOOK.items() if "fixed" not in known.prior)
ORACLES = {
    "uniform": lambda low, high: stats.uniform(low, high - low),
    "normal": lambda mean, sd: stats.norm(mean, sd),
    "lognormal": lambda median, sigma: stats.lognorm(sigma, scale=median),
    "beta": lambda mean, sd: stats.beta(mean * (mean * (1 - mean) / sd**2 - 1), (1 - mean) * (mean * (1 - mean) / sd**2 - 1)),
}
UNIT = st.lists(st.floats(0, 1), min_size=1, max_size=20).map(sorted)


def made(vary, scenario=SMALL, arms=None, **more):
    return Study(name="x", scenario=scenario, arms=ARMS if arms is None else arms, vary=vary, design={"sobol": 8}, **more)


@pytest.mark.parametrize("name", VARIED)
def test_a_prior_of_the_codebook_is_cut_off_at_its_range(name):
    known = CODEBOOK[name]
    ((kind, numbers),) = known.prior.items()
    oracle = ORACLES[kind](*(numbers if kind == "uniform" else numbers.values()))
    margin = 0.5 if known.discrete else 0.0
    low, high = numbers if kind == "uniform" else (known.low, known.high)
    u = np.linspace(0.001, 0.999, 97)
    found = factor(name, known.prior).at(u)
    if known.discrete:
        assert kind == "uniform" and found.dtype.kind == "i"
        oracle = stats.uniform(low - margin, high - low + 2 * margin)
        assert found.tolist() == np.floor(oracle.ppf(u) + 0.5).astype(int).tolist()
    else:
        below = oracle.cdf([low, high])
        assert found == pytest.approx(oracle.ppf(below[0] + u * (below[1] - below[0])), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", VARIED)
@settings(max_examples=20, deadline=None)
@given(u=UNIT)
def test_quantiles_ascend_within_the_range(name, u):
    known = CODEBOOK[name]
    varied = factor(name, known.prior)
    found = varied.at(np.array(u))
    assert (np.diff(found) >= -1e-12).all()
    assert (found >= known.low).all() and (found <= known.high).all() and varied.holds(found).all()
    assert varied.at([0.0]) <= found[0] and found[-1] <= varied.at([1.0])
    for value in found.tolist():
        known.check(value)


@settings(deadline=None)
@given(u=UNIT, kind=st.sampled_from(list(SPREADS)), whole=st.booleans())
def test_the_place_of_a_value_is_found_again(u, kind, whole):
    name = "conduct.squad_size" if whole else "trust.contact_gain"
    given = {
        "uniform": [3, 8] if whole else [0.02, 0.25],
        "normal": {"mean": 10 if whole else 0.1, "sd": 5 if whole else 0.05},
        "lognormal": {"median": 10 if whole else 0.1, "sigma": 0.5},
        "beta": {"mean": 0.3, "sd": 0.1},
    }[kind]
    varied = factor("patrol.hot_spot_share" if kind == "beta" else name, {kind: given})
    found = varied.at(np.array(u))
    again = varied.at(varied.of(found))
    assert again == pytest.approx(found, rel=1e-6, abs=1e-9)
    assert found.tolist() == again.tolist() or varied.distribution.whole is False


def test_whole_numbers_and_values_have_equal_shares():
    u = (np.arange(3000) + 0.5) / 3000
    assert np.unique(factor("hearsay.radius", [1, 3]).at(u), return_counts=True)[1].tolist() == [1000, 1000, 1000]
    months = factor("purge.months", [10, 12]).at(u)
    assert months.dtype.kind == "i" and np.unique(months, return_counts=True)[1].tolist() == [1000, 1000, 1000]
    whom = factor("training.whom", {"values": ["both", "troops", "commanders"]})
    assert whom.at(u).tolist() == ["both"] * 1000 + ["troops"] * 1000 + ["commanders"] * 1000
    assert whom.of(np.array(["commanders", "both"], object)).tolist() == pytest.approx([5 / 6, 1 / 6])
    assert factor("training.hours", {"values": [40, 3]}).at([0, 0.49, 0.5, 1]).tolist() == [40, 40, 3, 3]


def test_a_whole_number_with_tails_takes_what_rounds_to_it():
    u = (np.arange(100_000) + 0.5) / 100_000
    counts = np.bincount(factor("conduct.squad_size", {"normal": {"mean": 4, "sd": 2}}).at(u), minlength=51) / 100_000
    bounds = stats.norm(4, 2).cdf(np.arange(1.5, 51))
    assert counts[2:] == pytest.approx(np.diff(bounds) / (bounds[-1] - bounds[0]), abs=2e-5)


def test_levels_reach_the_ends_of_ranges_and_the_middle_of_priors():
    assert factor("trust.contact_gain", [0.1, 0.3]).at(factor("trust.contact_gain", [0.1, 0.3]).levels(3)) == pytest.approx([0.1, 0.2, 0.3])
    assert factor("survey.middle_cut", CODEBOOK["survey.middle_cut"].prior).levels(3) == pytest.approx([0.025, 0.5, 0.975])
    assert len(factor("hearsay.radius", [1, 3]).levels(10)) == 3
    whom = factor("training.whom", {"values": ["troops", "both"]})
    assert whom.at(whom.levels(7)).tolist() == ["troops", "both"]
    for count in range(2, 30):
        sizes = factor("conduct.squad_size", [3, 12])
        assert len(set(sizes.at(sizes.levels(count)).tolist())) == len(sizes.levels(count)) == min(count, 10)


@pytest.mark.parametrize("topic", [*TOPICS, "all"])
def test_a_topic_brings_in_all_that_is_not_fixed(topic):
    study = made({"prior": topic})
    wanted = [name for name in CODEBOOK if topic in ("all", CODEBOOK[name].topic) and "fixed" not in CODEBOOK[name].prior]
    assert [each.name for each in study.factors()] == wanted
    for each in study.factors():
        assert each.distribution == factor(each.name, CODEBOOK[each.name].prior).distribution
        assert (each.kind, each.unit, each.topic) == ("parameter", CODEBOOK[each.name].unit, CODEBOOK[each.name].topic)


def test_what_is_written_out_wins_over_topics():
    study = made({"purge.follow_through": [0, 1], "prior": ["reporting", "trust.contact_gain"], "reporting.trust_slope": [0, 6]})
    names = [each.name for each in study.factors()]
    assert names[0] == "purge.follow_through" and names[-2:] == ["trust.contact_gain", "reporting.trust_slope"]
    assert len(set(names)) == len(names) == 1 + 7 + 1
    assert study.vary["reporting.trust_slope"] == {"uniform": [0.0, 6.0]}


def test_a_topic_leaves_out_what_is_set_at_a_date():
    dated = SMALL.with_(changes=[Change(week=5, set={"response.capacity": 0.2})])
    names = [each.name for each in made({"prior": "response"}, dated).factors()]
    assert "response.capacity" not in names and len(names) == 9
    later = dated.with_(weeks=100, changes=[Change(week=50, set={"response.capacity": 0.2})])
    assert "response.capacity" in [each.name for each in made({"prior": "response"}, later, weeks=30).factors()]
    arms = {"hearings": [CivicJustice(start=0)], "beats": [CommunityPolicing(start=0)]}
    names = [each.name for each in made({"prior": ["community", "justice"]}, arms=arms).factors()]
    assert names == [
        "community.conduct_offset", "community.effectiveness_effect", "community.response_cost", "justice.known_share",
        "justice.police_share", "justice.sanction_weeks", "justice.program_half_life",
    ]  # fmt: skip
    assert len(made({"prior": ["community", "justice"]}, arms={"purge": [Purge(start=0)]}).factors()) == 11


@pytest.mark.parametrize("name", shipped_scenarios())
def test_a_prior_moves_to_the_value_that_a_scenario_sets(name):
    scenario = load_scenario(name)
    varied = {each.name: each for each in made({"prior": "all"}, scenario, posterior="none").factors()}
    own = [key for key in scenario.parameters if key in varied]
    assert own or name == "national-average"
    for key in own:
        ((kind, numbers),) = CODEBOOK[key].prior.items()
        spread = varied[key].distribution
        if kind == "uniform":
            assert [spread.low, spread.high] == numbers and spread.low <= scenario.parameters[key] <= spread.high
        else:
            assert (spread.one, spread.two) == (scenario.parameters[key], list(numbers.values())[1])


def test_ordered_parameters_cannot_be_put_out_of_order_by_what_varies():
    """Each one's range ends before the next one's begins, so no point of any design has cuts that do not ascend."""
    for names in ORDERED:
        assert all(CODEBOOK[first].high < CODEBOOK[second].low for first, second in pairwise(names))
    ends = {"survey.lower_cut": [0.1, 0.38], "survey.middle_cut": [0.4, 0.6], "survey.upper_cut": [0.62, 0.99]}
    study = made(ends)
    study.scenario_at("purge", {"survey.lower_cut": 0.38, "survey.middle_cut": 0.4, "survey.upper_cut": 0.62}).values()


LEVERS = {
    "purge.follow_through": [0, 1], "purge.months": [6, 36], "training.coverage": [0.1, 1], "training.every": {"values": [8, 52]},
    "training.whom": {"values": ["troops", "both"]}, "training.start": [-4, 29],
}  # fmt: skip
EVERYTHING = made({"prior": "all", **LEVERS})


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_point_is_a_scenario(data):
    factors = EVERYTHING.factors()
    u = data.draw(st.lists(st.floats(0, 1), min_size=len(factors), max_size=len(factors)))
    values = {each.name: each.at(np.array([place]))[0] for each, place in zip(factors, u, strict=True)}
    for arm in (*EVERYTHING.sweep_arms(), "placebo"):
        scenario = EVERYTHING.scenario_at(arm, values)
        assert scenario.parameters == {name: float(value) for name, value in values.items() if name in CODEBOOK}
        scenario.values()
        assert len(scenario.interventions) == {"baseline": 0, "purge": 1, "course": 1, "both": 3}.get(arm, len(scenario.interventions))
        for reform in scenario.interventions:
            own = values if arm != "placebo" else {**values, "purge.follow_through": 0.0, "training.coverage": 0.0}
            for name, value in own.items():
                topic, _, lever = name.partition(".")
                if name in LEVERS and isinstance(reform, {"purge": Purge, "training": Training}[topic]):
                    assert getattr(reform, lever) == value and type(getattr(reform, lever)) in (int, float, str)


def test_levers_of_a_point_are_put_in_wherever_the_reform_is():
    study = made({"training.coverage": [0.1, 0.7], "training.start": [0, 20]})
    scenario = study.scenario_at("both", {"training.coverage": 0.3, "training.start": 7})
    assert scenario.interventions == (Purge(start=0), Training(start=7, coverage=0.3), Training(start=7, coverage=0.3))
    assert study.scenario_at("purge", {"training.coverage": 0.3}).interventions == (Purge(start=0),)
    assert study.scenario_at("baseline", {"training.coverage": 0.3}) == study.base
    assert {reform.start for reform in study.scenario_at("placebo", {"training.start": 7}).interventions} == {0, 7}
    with pytest.raises(InputError, match="'training' starts in week 99, outside the run"):
        study.scenario_at("course", {"training.start": 99})


def test_levers_and_parameters_have_different_names():
    assert not set(all_levers()) & set(CODEBOOK) and len(all_levers()) >= 30
    for name in [*all_levers(), *CODEBOOK]:
        allowed = allowed_of(name)
        assert bool(allowed.choices) or allowed.low < allowed.high
    assert allowed_of("training.every").whole and not allowed_of("training.hours").whole


def test_groups():
    factors = made({"prior": "reporting", **LEVERS}).factors()
    by_topic = group_names("topic", factors)
    assert by_topic == ["reporting"] * 7 + ["purge"] * 2 + ["training"] * 4
    own = group_names({"doses": ["purge.follow_through", "training.coverage"]}, factors)
    assert own.count("doses") == 2 and len(set(own)) == len(factors) - 1
    assert group_names(None, factors) is None


def test_a_resolved_vary_says_the_same():
    study = made({"prior": "all", **LEVERS})
    assert resolved(study.vary, SMALL, study.arms, 30) == study.vary
    assert factors_of(study.vary) == study.factors()
