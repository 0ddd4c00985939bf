"""Studies: the file and its way back, the arms that are always there, budgets, and what is refused."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sim.errors import InputError
from sim.inputs.reforms import dose_of
from sim.inputs.scenario import CitySize, Scenario
from sim.inputs.yaml_files import load_yaml, parse
from sim.studies.answers.compare import compare
from sim.studies.design.designs import DESIGNS
from sim.studies.design.fields import DEFAULT_MEASURES
from sim.studies.design.schema import study_schema
from sim.studies.design.study import Replicates, Study
from sim.studies.design.study_files import load_study
from sim.studies.running.budget import PILOTS, scaled
from sim.world.reforms import CommunityPolicing, Purge, Training
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation

BAD = Path(__file__).parent.parent / "bad" / "studies"
EXPERIMENTS = Path(__file__).parents[2] / "experiments"
SMALL = Scenario(name="Small", city=CitySize(adults=10_000, officers_per_1000_inhabitants=4.0), weeks=30, spin_up_weeks=4, seed=3)
STUDY = Study(
    name="Which?",
    scenario=SMALL,
    arms={"course": [{"training": {"start": 2, "coverage": 0.9}}], "both": [{"purge": {"start": 0}}, {"training": {"start": 10}}]},
)

# fmt: off
EXPECTED = [
    ("no_arms", 1, "'arms' is missing", "Write arms: ..."),
    ("empty_arms", 3, "'arms' must be lists of reforms by name, but is empty", "Write arms:"),
    ("empty_arm", 5, "the arm 'nothing' has no reforms", "the baseline is always there"),
    ("baseline_arm", 4, "the arm 'baseline' is always there", "another name"),
    ("unknown_key", 4, "there is no key 'measure'", "Did you mean 'measures'?"),
    ("unknown_reform", 5, "there is no reform 'traning'", "Did you mean 'training'?"),
    ("unknown_lever", 7, "'training' has no lever 'dose'", "Its levers: start, coverage"),
    ("too_late", 7, "'training' starts in week 52, outside the run", "Change 'start'"),
    ("contradiction", 4, "these reforms contradict each other", "let one end before"),
    ("unknown_vs", 4, "there is no arm 'trainng'", "Did you mean 'training'?"),
    ("unknown_measure", 6, "there is no measure 'mean_trst'", "Did you mean 'mean_trust'?"),
    ("measures_text", 4, "'measures' must be a list of names, but is 'mean_trust'", "Write measures:"),
    ("no_scenario", 1, "'scenario' is missing", "Write scenario: ..."),
    ("unknown_scenario", 2, "there is no scenario 'meridaa'", "Did you mean merida?"),
    ("missing_scenario_file", 2, "there is no scenario file 'nowhere.yaml'", "beside the study"),
    ("bad_scenario_inside", 4, "there is no key 'weks'", "Did you mean 'weeks'?"),
    ("no_replicates", 4, "'replicates' must be a whole number from 1 to 10,000, but is 0", "until:"),
    ("replicates_text", 4, "but is the text 'many'", "until:"),
    ("until_unknown_measure", 5, "there is no measure 'trust'", "confianza explain measures"),
    ("until_without_width", 5, "'replicates.until.half_width' is missing", "Precision of the middle effect that is good enough"),
    ("until_most_too_few", 6, "'replicates.most' must be a whole number from 8", "stop in any case"),
    ("at_beyond", 5, "'at' must be a whole number from 1 to 100, but is 208", "The run has 100 weeks"),
    ("at_number", 4, "'at' must be a list of weeks, but is 52", "Write at: [52, 208]"),
    ("budget_two", 4, "'budget' needs one of 'money' and 'officer_weeks'", "thousand pesos"),
    ("budget_none", 4, "'budget' needs one of 'money' and 'officer_weeks'", "thousand pesos"),
    ("budget_negative", 4, "'budget.money' must be a number", "Thousand pesos"),
    ("budget_unknown", 4, "there is no key 'budget.pesos'", "money, officer_weeks"),
    ("no_weeks", 4, "'weeks' must be a whole number from 1 to 5,200, but is 0", "Weeks after the spin-up"),
    ("arms_list", 3, "'arms' must be lists of reforms by name, but is a list", "Write arms:"),
    ("vary_without_design", 4, "'vary' is given without 'design'", "design: {sobol: 256}"),
    ("vary_empty", 4, "'vary' must say what varies, but is empty", "Write vary:"),
    ("vary_list", 4, "'vary' must say what varies, but is a list", "Write vary:"),
    ("vary_unknown_parameter", 5, "there is no parameter or lever 'trust.contact_gian'", "Did you mean 'trust.contact_gain'?"),
    ("vary_unknown_lever", 6, "there is no parameter or lever 'purge.folow_through'", "Did you mean 'purge.follow_through'?"),
    ("vary_out_of_range", 5, "'trust.contact_gain' must be a number from 0 to 0.5, but is 0.7", "share of the gap"),
    ("vary_lever_out_of_range", 5, "'purge.follow_through' must be a number from 0 to 1, but is 1.5", "Share of the flagged"),
    ("vary_percent", 5, "'purge.follow_through' must be a number from 0 to 1, but is the text '50%'", "Write a share"),
    ("vary_prior_outside", 7, "the median of the prior of 'trust.contact_gain' must lie within its range, 0 to 0.5", "[low, high]"),
    ("vary_prior_too_wide", 5, "the sd of the prior of 'patrol.hot_spot_share' is 0.5, which is impossible or too wide", "smaller"),
    ("vary_prior_no_spread", 5, "the sd of the prior of 'trust.contact_gain' is 0, which is impossible", "positive number"),
    ("vary_prior_misnamed", 5, "needs two numbers, median and sigma, but has the keys mean, sd", "{lognormal: {median:"),
    ("vary_reversed", 4, "the range of 'trust.contact_gain' goes from 0.2 to 0.1", "lower end first"),
    ("vary_one_number", 4, "what 'trust.contact_gain' varies over must be a range, a prior or values, but is 0.1", "[low, high]"),
    ("vary_three_numbers", 4, "needs two numbers, low and high, but has a list of 3", "{uniform: [0, 1]}"),
    ("vary_unknown_distribution", 4, "there is no distribution 'gausian'", "uniform, normal, lognormal, beta, values"),
    ("vary_values_twice", 4, "the value 12 of 'purge.months' is there twice", "Delete one"),
    ("vary_one_value", 4, "the values of 'purge.months' must be a list of two or more, but are a list of 1", "{values:"),
    ("vary_range_of_choices", 4, "'training.whom' is one of troops, commanders, both, which have no range", "{values:"),
    ("vary_unknown_choice", 5, "but is 'comanders'", "Did you mean 'commanders'?"),
    ("vary_null_value", 4, "'training.every' must be a whole number from 4 to 520, but is nothing", "Weeks between courses"),
    ("vary_half_a_count", 4, "'conduct.squad_size' must be a whole number from 2 to 50, but is 12.5", "number of officers"),
    ("vary_fixed_prior", 4, "'community.share' has no prior: it is fixed", "community.share: [low, high]"),
    ("vary_only_fixed", 4, "nothing varies: all priors of these topics are fixed or set at a date", "Write vary:"),
    ("vary_unknown_topic", 7, "there is no topic or parameter 'reportin'", "Did you mean 'reporting'?"),
    ("vary_no_topic", 4, "'prior' names no topic and no parameter", "Write vary:"),
    ("vary_reform_of_no_arm", 4, "'training.coverage' would vary nothing: no arm has the reform 'training'", "Reforms of the arms: purge"),
    ("vary_dated", 5, "'response.capacity' cannot vary: the scenario sets it in week 5", "Take one of the two away"),
    ("vary_set_by_a_reform", 4, "in the arm 'beats' the reform 'community_policing' sets it", "Take one of the two away"),
    ("vary_set_by_a_varied_reform", 6, "'staffing.recruit_conduct_offset' cannot vary: in the arm 'purge' the reform", "Take one"),
    ("vary_own_value_off_the_prior", 4, "the scenario sets 'trust.contact_gain' to 0.4, where its prior cannot be", "Say how it varies"),
    ("vary_start_too_late", 5, "at purge.start 100 in the arm 'purge': 'purge' starts in week 100, outside the run", "Change 'start'"),
    ("vary_ends_before_it_starts", 5, "at community_policing.until 10 in the arm 'beats'", "Take a later week"),
    ("vary_dose_with_budget", 5, "'purge.follow_through' cannot vary, for 'budget' sets the doses", "Take one of the two away"),
    ("groups_without_vary", 4, "'groups' is given, but nothing varies", "delete it"),
    ("groups_unknown_word", 6, "'groups' must be lists of factors by name, or topic, but is 'topics'", "Write groups: topic"),
    ("groups_unknown_factor", 9, "'trust.contact_los' does not vary, so it cannot be in", "Did you mean 'trust.contact_loss'"),
    ("groups_twice", 6, "'trust.contact_gain' is in the groups 'one' and 'two'", "one group at most"),
    ("groups_empty", 6, "the group 'one' must be a list of factors, but is empty", "Name some"),
    ("groups_named_like_a_factor", 6, "the group 'trust.contact_loss' is called like a factor outside of it", "another name"),
    ("design_without_vary", 4, "'design' is given without 'vary'", "Say what varies"),
    ("design_unknown", 5, "there is no design 'sobl'", "Did you mean 'sobol'?"),
    ("design_word", 5, "'design' must be a kind with a number, but is 'sobol'", "Write design: {sobol: 256}"),
    ("design_two", 5, "the design 'sobol' has no key 'lhs'", "Its options: validation"),
    ("design_option", 5, "the design 'morris' has no key 'level'", "Its options: levels"),
    ("design_zero", 5, "the design 'sobol' must be a whole number from 1 to 1,000,000, but is 0", "It counts points"),
    ("design_text", 5, "the design 'lhs' must be a whole number from 2 to 1,000,000, but is the text '20'", "without quotes"),
    ("design_too_large", 5, "this design has 10,000,000,000,000 points, more than 1,000,000", "a smaller number"),
    ("grid_unknown", 7, "'trust.contact_gian' does not vary", "Did you mean 'trust.contact_gain'?"),
    ("grid_incomplete", 6, "the grid does not say how many levels 'trust.contact_loss' has", "one number for all"),
    ("morris_odd_levels", 5, "the levels of 'morris' must be an even number from 2 to 100, but are 5", "levels: 4"),
    ("morris_one_factor", 5, "'morris' needs two factors or groups, but there is one", "Vary more"),
    ("saltelli_no_power", 5, "the base points of 'saltelli' must be a power of two, but are 100", "design: {saltelli: 128}"),
    ("saltelli_second_order", 5, "'second_order' must be true or false, but is 'yes'", "effects of pairs"),
    ("efast_too_few", 5, "the design 'efast' must be a whole number from 65", "points a factor"),
    ("efast_groups", 6, "'efast' knows no groups", "Delete 'groups'"),
    ("csv_missing", 4, "there is no file", "relative to the study's file"),
    ("csv_number", 4, "'csv' must be the path of a file, but is 5", "Write design: {csv: points.csv}"),
    ("points_number", 4, "'points' must be a table as text, but is 5", "Write design: {csv: points.csv}"),
    ("points_wrong", 5, "'trust.contact_gain' must be a number from 0 to 0.5, but is 0.9", "share of the gap"),
    ("points_of_no_arm", 4, "'training.coverage' would vary nothing: no arm has the reform 'training'", "add an arm"),
    ("series_unknown", 4, "there is no weekly variable 'crims'", "Did you mean 'crimes'?"),
    ("series_former", 4, "'trust' is called mean_trust.", "Write series: [mean_trust]"),
    ("series_text", 4, "'series' must be a list of names, but is 'trust'", "Write series: [mean_trust, crimes]"),
    ("series_no_week", 4, "there is no weekly variable 'trust_map'", "Weekly variables: crimes"),
]
# fmt: on


@pytest.mark.parametrize(("name", "line", "message", "remedy"), EXPECTED, ids=[row[0] for row in EXPECTED])
def test_refused_with_line_and_remedy(name, line, message, remedy):
    with pytest.raises(InputError) as caught:
        load_study(BAD / f"{name}.yaml")
    error = caught.value
    assert (error.file.endswith(f"{name}.yaml"), error.line) == (True, line), str(error)
    assert message in error.message and remedy in error.remedy, str(error)


def test_an_error_in_the_scenarios_file_points_there():
    with pytest.raises(InputError) as caught:
        load_study(BAD / "bad_scenario_file.yaml")
    assert caught.value.file.endswith("misspelled_parameter.yaml") and caught.value.line == 4


def test_every_bad_study_is_in_the_table():
    assert {path.stem for path in BAD.iterdir()} == {row[0] for row in EXPECTED} | {"bad_scenario_file"}


def test_a_study_file_and_its_way_back(tmp_path):
    (tmp_path / "town.yaml").write_text("name: Town\ncity: {adults: 2000}\nweeks: 300\ninterventions: [{purge: {start: 5}}]\n")
    text = (
        "name: Which?\nscenario: town\narms: {course: [{training: {start: 0, coverage: 0.5}}]}\nseed: 9\n"
        "replicates: {until: {effect: incidence, half_width: 100}}\nbudget: {money: 50}\n"
    )
    (tmp_path / "study.yaml").write_text(text)
    study = load_study(tmp_path / "study.yaml")
    assert study.arms == {"course": (Training(start=0, coverage=0.5),)}
    assert study.base.seed == 9 and study.base.city.adults == 2000 and study.base.interventions == ()
    assert isinstance(study.replicates, Replicates) and study.replicates.most == 64
    assert (study.vs, study.at, study.measures) == ("baseline", (52, 208, 300), DEFAULT_MEASURES)
    (tmp_path / "elsewhere").mkdir()
    again = tmp_path / "elsewhere" / "again.yaml"
    again.write_text(study.to_yaml(), encoding="utf-8")
    assert load_study(again) == study


def test_a_scenario_is_found_beside_the_study_before_the_shipped_ones(tmp_path):
    (tmp_path / "merida.yaml").write_text("name: Another Merida\n")
    text = "name: x\nscenario: {}\narms: {{a: [{{training: {{start: 0}}}}]}}\n"
    (tmp_path / "one.yaml").write_text(text.format("merida"))
    (tmp_path / "two.yaml").write_text(text.format("ecatepec"))
    assert load_study(tmp_path / "one.yaml").scenario.name == "Another Merida"
    assert load_study(tmp_path / "two.yaml").scenario.lineage[-1] == "ecatepec"


def test_baseline_and_placebo_are_always_there():
    arms = STUDY.all_arms()
    assert list(arms) == ["baseline", "course", "both", "placebo"]
    assert arms["baseline"] == ()
    assert all(dose_of(reform) == 0 for reform in arms["placebo"])
    assert {type(reform) for reform in arms["placebo"]} == {Training, Purge}
    assert STUDY.scenario_of("both").interventions == STUDY.arms["both"]


def test_a_shorter_horizon_moves_the_weeks_that_are_read():
    assert STUDY.at == (30,)
    assert STUDY.with_(weeks=100).at == (30, 100)
    with pytest.raises(InputError, match="'training' starts in week 10, outside the run"):
        STUDY.with_(weeks=5)


@pytest.mark.compiled
@pytest.mark.parametrize(("currency", "column"), [("officer_weeks", 0), ("money", 1)])
def test_a_budget_is_met_within_two_percent(currency, column):
    arms = {
        "beats": [CommunityPolicing(start=0, share=0.9)],
        "two": [CommunityPolicing(start=4, share=0.6), Training(start=0, coverage=0.3)],
    }
    study = STUDY.with_(arms=arms)
    full = mean_cost(study, "beats", column)
    wanted = 0.4 * full
    found = scaled(study.with_(budget={currency: wanted}))
    assert found.budget is None
    for name in arms:
        assert mean_cost(found, name, column) == pytest.approx(wanted, rel=0.02), name
    one, two = found.arms["two"]
    assert dose_of(one) / dose_of(two) == pytest.approx(2)


def mean_cost(study, arm, column):
    scenario = study.scenario_of(arm)
    seeds = [[replicate_seed(scenario.seed, one) for one in (replicate, study.first_life(replicate))] for replicate in range(PILOTS)]
    runs = [Simulation(scenario, *both).run() for both in seeds]
    return sum(booked[:, column].sum() for run in runs for booked in run.costs.values()) / PILOTS


@pytest.mark.compiled
def test_a_budget_that_an_arm_cannot_meet_is_refused():
    with pytest.raises(InputError, match="the arm 'course' cannot cost 1,000,000,000 thousand pesos: even at its largest doses"):
        scaled(STUDY.with_(arms={"course": STUDY.arms["course"]}, budget={"money": 1e9}))


def test_a_study_without_a_budget_is_left_alone():
    assert scaled(STUDY) is STUDY


# What varies

VARIED = {"vary": {"prior": "trust", "training.coverage": [0.1, 1], "training.whom": {"values": ["troops", "both"]}}, "groups": "topic"}


@pytest.mark.parametrize("design", [{"sobol": 8}, {"grid": 2}, {"morris": 3}, {"saltelli": 4, "second_order": True}, {"oat": 3}])
def test_a_study_that_varies_and_its_way_back(tmp_path, design):
    varied = {"trust.contact_gain": [0, 0.1], **{name: VARIED["vary"][name] for name in ("training.coverage", "training.whom")}}
    study = STUDY.with_(**VARIED | {"vary": varied}, design=design, series=["mean_trust", "crimes", "mean_trust"])
    (tmp_path / "again.yaml").write_text(study.to_yaml(), encoding="utf-8")
    again = load_study(tmp_path / "again.yaml")
    assert again == study and again.points().values.equals(study.points().values)
    assert again.series == ("mean_trust", "crimes") and again.groups == "topic"
    assert again.with_(replicates=2).points().values.equals(study.points().values)
    assert study != study.with_(vary={**varied, "trust.contact_gain": [0, 0.2]})


def test_groups_are_kept_and_count_for_the_design():
    groups = {"doses": ["training.coverage", "training.whom"]}
    study = STUDY.with_(**VARIED | {"groups": groups}, design={"morris": 2})
    assert study.groups == {"doses": ("training.coverage", "training.whom")}
    assert len(study.points()) == 2 * (13 + 1 + 1) + study.points().checks == 60
    assert Study(**parse(study.to_yaml().encode(), "x").data) == study


def test_a_sweep_of_the_baseline_alone_has_no_arms():
    study = Study(name="x", scenario=SMALL, vary={"prior": "trust"}, design={"sobol": 4})
    assert study.sweep_arms() == ["baseline"] and list(study.all_arms()) == ["baseline", "placebo"]
    assert study.scenario_at("baseline", {"trust.contact_gain": 0.2}).parameters == {"trust.contact_gain": 0.2}
    for missing in ({}, {"arms": {}}):
        with pytest.raises(InputError, match="'arms'"):
            Study(name="x", scenario=SMALL, **missing)


def test_the_arms_of_a_sweep_begin_with_the_one_compared_with():
    assert STUDY.sweep_arms() == ["baseline", "course", "both"]
    assert STUDY.with_(vs="both").sweep_arms() == ["both", "course"]
    assert STUDY.with_(vs="placebo").sweep_arms() == ["placebo", "course", "both"]


def test_a_study_without_anything_that_varies_is_run_at_one_point():
    for arm in STUDY.all_arms():
        assert STUDY.scenario_at(arm, {}) == STUDY.scenario_of(arm)
    assert STUDY.factors() == () and len(STUDY.points()) == 1 and STUDY.series == ()


@pytest.mark.compiled
def test_a_comparison_of_a_study_that_varies_is_made_at_the_scenarios_values():
    plain = STUDY.with_(weeks=8, arms={"course": STUDY.arms["course"]}, replicates=2)
    varied = plain.with_(vary={"trust.contact_gain": [0.3, 0.5]}, design={"sobol": 4})
    assert compare(varied).dataset.equals(compare(plain).dataset)


def test_the_schema_for_editors_is_up_to_date():
    committed = (EXPERIMENTS / "study.schema.json").read_text(encoding="utf-8")
    fresh = json.dumps(study_schema(), indent=1, ensure_ascii=False) + "\n"
    assert committed == fresh, "write json.dumps(study_schema(), indent=1, ensure_ascii=False) + a newline to that file"


def test_the_schema_knows_what_a_study_may_say():
    schema = study_schema()
    validator = Draft202012Validator(schema)
    validator.check_schema(schema)
    assert set(schema["properties"]) == set(Study.model_fields) and set(schema["required"]) == {"name", "scenario"}
    for path in sorted([*EXPERIMENTS.glob("*/study.yaml"), *EXPERIMENTS.glob("which-reform/*.yaml")]):
        assert [error.message for error in validator.iter_errors(load_yaml(path).data)] == []
    for key, good, bad in SAID:
        written = {"name": "x", "scenario": "merida", "arms": {"a": [{"training": {"start": 0}}]}, **VARIED, "design": {"sobol": 8}}
        for value in good:
            assert [error.message for error in validator.iter_errors(written | {key: value})] == []
            loaded = Study(**written | {key: value})
            assert [error.message for error in validator.iter_errors(parse(loaded.to_yaml().encode(), "x").data)] == []
        for value in bad:
            assert list(validator.iter_errors(written | {key: value})), value
            with pytest.raises(InputError):
                Study(**written | {key: value})


# key, what is fine and what is not, for the schema and for the study alike
SAID = [
    ("vary", [{"prior": "all"}, {"prior": ["trust", "reporting.intercept"]}, {"trust.contact_gain": [0, 0.5]}], [{"prior": "trusts"}, {}]),
    (
        "vary",
        [{"training.whom": {"values": ["troops", "both"]}}],
        [{"training.whom": [0, 1]}, {"training.whom": {"values": ["troop", "both"]}}],
    ),
    ("vary", [{"trust.contact_gain": {"beta": {"mean": 0.1, "sd": 0.1}}}], [{"trust.contact_gain": {"beta": {"mean": 0.1}}}]),
    ("vary", [{"conduct.squad_size": [5, 6]}], [{"conduct.squad_size": [5, 6.5]}, {"conduct.squad_size": [5, 51]}]),
    ("design", [{"saltelli": 8, "second_order": True}, {"morris": 9, "levels": 6}], [{"sobol": 0}, {"sobol": 8, "levels": 4}, {"sobl": 8}]),
    ("groups", ["topic", {"contact": ["trust.contact_gain", "trust.contact_loss"]}], ["topics", {"contact": []}, {"a": ["trust.gain"]}]),
    ("series", [["mean_trust"], []], [["trust_map"], "trust"]),
    ("replicates", [3, {"until": {"effect": "mean_trust", "half_width": 0.01}}], [0, {"until": {"effect": "trust", "half_width": 0.01}}]),
    ("budget", [], [{"pesos": 5}, "much", -1]),
]


WORDS = st.sampled_from(
    ["prior", "trust", "all", "training.coverage", "trust.contact_gain", "training.whom", "values", "normal", "mean", "sd"]
)
LEAVES = st.none() | st.booleans() | st.integers(-2, 600) | st.floats() | WORDS | st.text(max_size=4)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=3))
DESIGNED = st.dictionaries(st.sampled_from([*DESIGNS, "points", "levels"]) | WORDS, TREES, max_size=2) | TREES


@settings(max_examples=300, deadline=None)
@given(vary=st.dictionaries(WORDS, TREES, max_size=3) | TREES, design=DESIGNED, groups=st.none() | TREES, series=st.just(()) | TREES)
def test_random_structures_become_a_study_or_an_input_error(vary, design, groups, series):
    found = outcome(lambda: Study(name="x", scenario=SMALL, arms=STUDY.arms, vary=vary, design=design, groups=groups, series=series))
    if isinstance(found, InputError):
        assert found.message and found.remedy
    else:
        assert Study(**parse(found.to_yaml().encode(), "x").data) == found


def outcome(make):
    """What comes of it; any error but an InputError fails the test."""
    try:
        return make()
    except InputError as error:
        return error
