"""Studies: the file and its way back, the arms that are always there, budgets, and what is refused."""

from pathlib import Path

import pytest

from sim.errors import InputError
from sim.reforms import dose_of
from sim.rng import replicate_seed
from sim.scenario import CitySize, Scenario
from sim.studies.budget import PILOTS, scaled
from sim.studies.study import DEFAULT_MEASURES, Replicates, Study, load_study
from sim.world.interventions import CommunityPolicing, Purge, Training
from sim.world.simulation import Simulation

BAD = Path(__file__).parent / "bad" / "studies"
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
    ("until_without_width", 5, "'replicates.until.half_width' is missing", "Half-width of the 95 % interval"),
    ("until_most_too_few", 6, "'replicates.most' must be a whole number from 8", "stop in any case"),
    ("at_beyond", 5, "'at' must be a whole number from 1 to 100, but is 208", "The run has 100 weeks"),
    ("at_number", 4, "'at' must be a list of weeks, but is 52", "Write at: [52, 208]"),
    ("budget_two", 4, "'budget' needs one of 'money' and 'officer_weeks'", "thousand pesos"),
    ("budget_none", 4, "'budget' needs one of 'money' and 'officer_weeks'", "thousand pesos"),
    ("budget_negative", 4, "'budget.money' must be a number", "Thousand pesos"),
    ("budget_unknown", 4, "there is no key 'budget.pesos'", "money, officer_weeks"),
    ("no_weeks", 4, "'weeks' must be a whole number from 1 to 5,200, but is 0", "Weeks after the spin-up"),
    ("arms_list", 3, "'arms' must be lists of reforms by name, but is a list", "Write arms:"),
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
    runs = [Simulation(scenario, replicate_seed(scenario.seed, replicate)).run() for replicate in range(PILOTS)]
    return sum(booked[:, column].sum() for run in runs for booked in run.costs.values()) / PILOTS


@pytest.mark.compiled
def test_a_budget_that_an_arm_cannot_meet_is_refused():
    with pytest.raises(InputError, match="the arm 'course' cannot cost 1,000,000,000 thousand pesos: even at its largest doses"):
        scaled(STUDY.with_(arms={"course": STUDY.arms["course"]}, budget={"money": 1e9}))


def test_a_study_without_a_budget_is_left_alone():
    assert scaled(STUDY) is STUDY
