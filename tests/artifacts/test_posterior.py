"""Files of posterior draws, and studies that vary what they hold."""

from dataclasses import replace

import numpy as np
import pytest

from sim.artifacts.posterior import FOLDER, Posterior, load_posterior, posterior_files, taken_by_default
from sim.errors import InputError
from sim.files.writing import write
from sim.inputs.scenario import CitySize, Scenario, load_scenario
from sim.inputs.yaml_files import dump_yaml
from sim.studies.design.draws import Draws
from sim.studies.design.posteriors import doubts_of, posterior_of
from sim.studies.design.study import Study
from sim.studies.design.study_files import load_study
from sim.style import sentences
from sim.world.anatomy import model_fingerprint
from sim.world.parameters import CODEBOOK

CITY = Scenario(name="Small", city=CitySize(adults=1000), weeks=8, spin_up_weeks=4, seed=3)
NAMES = ("trust.contact_gain", "reporting.trust_slope", "hearsay.radius")


def made(draws=100, facts=None, seed=1):
    rng = np.random.default_rng(seed)
    gain = rng.uniform(0.02, 0.25, draws)
    values = np.column_stack([gain, 10 * gain, rng.integers(1, 4, draws)])
    weights = rng.random(draws)
    return Posterior("here", NAMES, values, weights / weights.sum(), facts or {})


def test_what_is_written_is_read_back(tmp_path):
    posterior = made(facts={"scenario": "here", "parameters": {"trust.contact_gain": 0.1}})
    write(tmp_path, posterior_files(posterior))
    read = load_posterior(tmp_path / "here.csv")
    assert read.name == "here" and read.names == NAMES and read.own == {"trust.contact_gain": 0.1}
    np.testing.assert_allclose(read.draws, posterior.draws, rtol=1e-4)
    np.testing.assert_allclose(read.weights, posterior.weights, rtol=1e-3)


def test_a_sample_takes_each_row_as_often_as_it_weighs_and_grows_without_changing():
    posterior = made(20)
    rows = posterior.rows(5000)
    share = np.bincount(rows, minlength=20) / 5000
    assert np.abs(share - posterior.weights).max() < 0.001  # independent sampling would miss by 0.004
    assert (posterior.rows(64) == rows[:64]).all()
    assert (posterior.rows(64, seed=1) != rows[:64]).any()
    sample = posterior.sample(300)
    np.testing.assert_allclose(sample[:, 1], 10 * sample[:, 0])  # rows stay together


def test_quantiles_are_of_the_weighted_draws():
    posterior = Posterior("p", ("trust.contact_gain",), np.array([[0.1], [0.2], [0.3]]), np.array([0.25, 0.5, 0.25]))
    assert posterior.quantile("trust.contact_gain", 0.5) == pytest.approx(0.2)
    assert posterior.quantile("trust.contact_gain", [0.125, 0.875]) == pytest.approx([0.1, 0.3])
    assert posterior.mean("trust.contact_gain") == pytest.approx(0.2)
    with pytest.raises(InputError, match=r"Did you mean 'trust\.contact_gain'"):
        posterior.quantile("trust.contact_gian", 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trust.contact_gian,weight\n0.1,1\n0.2,1\n", "here.csv:1: there is no parameter 'trust.contact_gian'"),
        ("trust.contact_gain,weight\n0.1,1\n7,1\n", "'trust.contact_gain' is 7 in a draw"),
        ("trust.contact_gain,weight\n0.1,1\nmany,1\n", "here.csv:3: this row holds something that is no number"),
        ("trust.contact_gain,weight\n0.1,1\n0.2\n", "here.csv:3: this row has not 2 finite numbers"),
        ("trust.contact_gain,weight\n0.1,-1\n0.2,1\n", "weights must be 0 or more"),
        ("trust.contact_gain,weight\n0.1,0\n0.2,0\n", "weights must be 0 or more"),
        ("hearsay.radius,weight\n1.5,1\n2,1\n", "'hearsay.radius' is"),
        ("trust.contact_gain,trust.contact_gain\n0.1,1\n0.2,1\n", "there twice"),
        ("trust.contact_gain\n", "two draws or more"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path, text, message):
    (tmp_path / "here.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        load_posterior(tmp_path / "here.csv")
    assert message in str(caught.value)


def test_another_models_posterior_is_refused_and_draws_of_ones_own_are_not(tmp_path):
    """Whatever its columns are called: what was fitted to the first city says nothing of this one."""
    write(tmp_path, posterior_files(made(facts={"scenario": "here", "model": "0123456789abcdef"})))
    with pytest.raises(InputError, match="fitted to another model") as caught:
        load_posterior(tmp_path / "here.csv")
    assert "confianza calibrate here" in str(caught.value) and "here.csv" in str(caught.value)
    facts = tmp_path / "here.yaml"
    facts.write_text("scenario: here\n")  # as those of the first city: no model is named
    with pytest.raises(InputError, match="fitted to another model"):
        load_posterior(tmp_path / "here.csv")
    facts.unlink()
    assert load_posterior(tmp_path / "here.csv").facts == {}


def test_a_posterior_that_has_not_converged_or_is_worth_few_draws_says_so():
    assert made(facts={"mixing": 1.005}).doubts == made().doubts == made(facts={"mixing": 1.0, "converged": True}).doubts == []
    assert ["not converged (split R-hat 1.24" in str(one) for one in made(facts={"mixing": 1.2384, "converged": False}).doubts] == [True]
    short = made(40, facts={"mixing": 1.001, "converged": False, "effective_in_bulk": 900, "effective_in_tails": 310})
    chains, few = map(str, short.doubts)
    assert "not converged (its chains are worth 310 independent draws; 400 would be)" in chains
    assert f"is worth {round(short.effective)} draws of equal weight, fewer than 50" in few
    assert "no ha convergido" in (said := " ".join(sentences(short.doubts, "es"))) and "menos de 50" in said


def test_what_a_posterior_is_doubted_for_is_said_by_all_that_rests_on_it(tmp_path, monkeypatch):
    write(tmp_path, posterior_files(made(40, facts={"converged": False, "mixing": 1.5})))
    file = str(tmp_path / "here.csv")
    assert len(doubts_of(file)) == 2 and doubts_of("nowhere") == doubts_of(str(tmp_path / "gone.csv")) == []
    base = {"name": "S", "scenario": "national-average", "arms": {"p": [{"purge": {"start": 0}}]}}
    drawn = Study(**base, posterior="none", vary={"posterior": file}, design={"draws": 32}, cautions=["Mine."])
    assert drawn.warned[0] == "Mine." and ["not converged" in text for text in drawn.warned] == [False, True, False]
    assert drawn.cautions[2].es and "menos de 50" in drawn.cautions[2].es and drawn.doubts == []
    assert drawn.with_(name="T").warned == drawn.warned
    alone = Study(**base, posterior=file, vary={"prior": ["trust"]}, design={"sobol": 32})
    assert alone.doubts == doubts_of(file) and not alone.warned
    assert Study(**base, posterior=file, vary={"conduct.mean": [-1, 0]}, design={"sobol": 32}).doubts == []


def test_a_posterior_that_says_it_has_not_converged_is_not_taken_by_default(tmp_path, monkeypatch):
    (tmp_path / FOLDER).mkdir()
    for name, facts in (("national-average", {"converged": False}), ("merida", {"converged": True}), ("ecatepec", {})):
        write(tmp_path / FOLDER, posterior_files(replace(made(facts=facts), name=name)))
    monkeypatch.setattr("sim.artifacts.posterior.shipped_folder", lambda: tmp_path)
    taken_by_default.cache_clear()
    scenarios = {name: load_scenario(name) for name in ("national-average", "merida", "ecatepec", "mexico-city-2016")}
    found = {name: posterior_of("auto", scenario) for name, scenario in scenarios.items()}
    assert found == {"national-average": "none", "merida": "merida", "ecatepec": "ecatepec", "mexico-city-2016": "none"}
    assert posterior_of("national-average", scenarios["merida"]) == "national-average"  # who names it has it
    taken_by_default.cache_clear()


def test_a_posterior_says_whether_its_ranges_held_known_truths(tmp_path):
    """A failure, and that nobody tried, stand beside every range; a test of other targets, or of another model, is none."""
    target = {"measure": "reporting_rate", "value": 0.1, "sampling_error": 0.002, "discrepancy": 0.006}
    for name, text in posterior_files(made(facts={"targets": {"P01": target}})).items():
        (tmp_path / name).write_text(text)

    def doubts(**changed):
        told = {"posterior": "here", "model": model_fingerprint(), "targets": {"P01": [0.1, 0.002, 0.006]}, "cities": 200, "passed": False}
        told |= {"covered": {"share": 0.813, "low": 0.79, "high": 0.84}} | changed
        (tmp_path / "here.coverage.yaml").write_text(dump_yaml(told))
        return [each.id for each in load_posterior(tmp_path / "here.csv").doubts]

    assert [each.id for each in load_posterior(tmp_path / "here.csv").doubts] == ["coverage_untested"]
    assert doubts() == ["coverage_failed"] and doubts(passed=True) == []
    assert doubts(covered={"share": 0.93, "low": 0.91, "high": 0.94}) == ["coverage_wide"]
    sure = {"decide": {"expected": 0.71, "right": {"share": 0.55, "low": 0.5, "high": 0.6}}}
    assert doubts(passed=True, best=sure) == ["best_too_sure"]
    assert doubts(passed=True, best={"decide": {**sure["decide"], "expected": 0.58}}) == []
    assert doubts(model="another") == doubts(targets={"P01": [0.2, 0.002, 0.006]}) == ["coverage_untested"]
    doubts()
    assert "in 200 cities" in str(load_posterior(tmp_path / "here.csv").doubts[0]) and "81 % of them (79 % to 84 %)" in str(
        load_posterior(tmp_path / "here.csv").doubts[0]
    )
    with pytest.raises(InputError, match=r"here\.coverage\.yaml"):
        doubts(passed="maybe")


def test_what_makes_a_model_another_one(monkeypatch):
    """Its numbers and its rules do; what is said about them does not."""
    now = model_fingerprint()
    model_fingerprint.cache_clear()
    monkeypatch.setitem(CODEBOOK, "trust.contact_gain", replace(CODEBOOK["trust.contact_gain"], value=0.1))
    assert model_fingerprint() != now
    model_fingerprint.cache_clear()
    monkeypatch.undo()
    assert model_fingerprint() == now


def test_an_unknown_posterior_is_refused_with_what_there_is(tmp_path):
    with pytest.raises(InputError, match="there is no posterior 'nowhere'"):
        load_posterior("nowhere")
    with pytest.raises(InputError, match="there is no such file"):
        load_posterior(tmp_path / "gone.csv")


def test_draws_are_a_distribution_whose_quantiles_come_back():
    draws = Draws((0.3, 0.1, 0.2, 0.1))
    assert draws.at([0.0, 1.0]).tolist() == [0.1, 0.3]
    np.testing.assert_allclose(draws.at(draws.of([0.1, 0.2, 0.3])), [0.1, 0.2, 0.3])
    whole = Draws((1, 3, 3, 2), whole=True)
    assert whole.at([0.1, 0.3, 0.6, 0.9]).tolist() == [1, 2, 3, 3] and whole.at([0.5]).dtype.kind == "i"
    assert whole.at(whole.of([1, 2, 3])).tolist() == [1, 2, 3]


def study(folder, design, **more):
    write(folder, posterior_files(made()))
    vary = {"posterior": str(folder / "here.csv"), **more}
    return Study(name="s", scenario=CITY, vary=vary, design=design, measures=["mean_trust"], replicates=1)


def test_joint_draws_keep_rows_together_and_other_designs_take_the_marginals(tmp_path):
    joint = study(tmp_path, {"draws": 64}).points().values
    np.testing.assert_allclose(joint["reporting.trust_slope"], 10 * joint["trust.contact_gain"], rtol=1e-4)
    points = study(tmp_path, {"sobol": 64}).points()
    alone, checks = points.values, points.values[points.validation]
    assert len(checks) >= 16 and abs(np.corrcoef(checks["reporting.trust_slope"], checks["trust.contact_gain"])[0, 1]) < 0.5
    assert abs(np.corrcoef(alone["reporting.trust_slope"], alone["trust.contact_gain"])[0, 1]) < 0.3
    for name in NAMES:
        assert joint[name].mean() == pytest.approx(alone[name].mean(), rel=0.1)
    assert set(joint["hearsay.radius"]) <= {1, 2, 3}


def test_draws_can_be_extended_and_what_varies_beside_them_is_independent(tmp_path):
    small = study(tmp_path, {"draws": 16}, prior=["conduct.mean"]).points()
    large = study(tmp_path, {"draws": 64}, prior=["conduct.mean"]).points()
    assert small.values.iloc[:16].equals(large.values.iloc[:16])
    assert large.values["conduct.mean"].iloc[:64].nunique() == 64


def test_a_resolved_study_needs_the_file_no_more(tmp_path):
    written = study(tmp_path, {"draws": 16})
    (tmp_path / "study.yaml").write_text(written.to_yaml())
    (tmp_path / "here.csv").unlink()
    assert load_study(tmp_path / "study.yaml").points().values.equals(written.points().values)


def test_a_posterior_beside_a_study_is_found(tmp_path):
    write(tmp_path, posterior_files(made()))
    text = "name: s\nscenario: national-average\nvary: {posterior: here.csv}\ndesign: {draws: 8}\nreplicates: 1\n"
    (tmp_path / "study.yaml").write_text(text)
    assert [factor.name for factor in load_study(tmp_path / "study.yaml").factors()] == list(NAMES)


def test_what_a_scenario_sets_itself_is_not_overruled_by_another_place(tmp_path):
    write(tmp_path, posterior_files(made(facts={"parameters": {"reporting.trust_slope": 1.0}})))
    varied = {"name": "s", "vary": {"posterior": str(tmp_path / "here.csv")}, "design": {"draws": 8}, "replicates": 1}

    def names(**set_):
        return [factor.name for factor in Study(scenario=CITY.with_(parameters=set_), **varied).factors()]

    assert names() == ["trust.contact_gain", "hearsay.radius"]  # the posterior's place sets the slope, this one does not
    assert names(**{"reporting.trust_slope": 1.0}) == list(NAMES)
    assert names(**{"trust.contact_gain": 0.1}) == ["hearsay.radius"]


@pytest.mark.parametrize(
    ("vary", "design", "message"),
    [
        ({"posterior": 3}, {"draws": 8}, "'posterior' must be a name or a path"),
        ({"posterior": "nowhere"}, {"draws": 8}, "there is no posterior 'nowhere'"),
        ({"trust.contact_gain": [0.1, 0.2]}, {"draws": 8}, "needs a posterior"),
        ({"trust.contact_gain": {"draws": [0.1, 0.2, 0.15]}}, {"draws": 8}, "the posterior has 3 draws, not 8"),
        ({"trust.contact_gain": {"draws": [0.1, 9.0]}}, {"draws": 2}, "must be a number from 0 to 0.5, but is 9"),
    ],
)
def test_what_cannot_be_drawn_is_refused(vary, design, message):
    with pytest.raises(InputError, match=message):
        Study(name="s", scenario=CITY, vary=vary, design=design)
