"""A study as a plain function and as a model of the EMA Workbench: the same numbers as its sweep, whoever runs it."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

from sim.errors import InputError
from sim.inputs.scenario import CitySize, Scenario
from sim.studies.answers.function import RESERVED, StudyFunction, as_function, keyword
from sim.studies.answers.sweep import sweep
from sim.studies.design.distributions import Values
from sim.studies.design.study import Study

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the workbench and its plotting libraries say of themselves
    ema = pytest.importorskip("ema_workbench")
    from ema_workbench.analysis import prim as theirs

    from sim.studies.answers.ema import policies, results, scenarios, to_ema

pytestmark = [pytest.mark.compiled, pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning")]

SCENARIO = Scenario(name="Small", city=CitySize(adults=1000), weeks=8, spin_up_weeks=2, seed=7)
ARMS = {"course": [{"training": {"start": 0}}], "purge": [{"purge": {"start": 2}}]}
VARY = {
    "trust.contact_gain": [0, 0.4],  # uniform
    "conduct.mean": {"normal": {"mean": -0.4, "sd": 0.3}},
    "training.whom": {"values": ["troops", "both"]},
    "hearsay.radius": {"uniform": [1, 3]},  # whole numbers
}


def study(**changed):
    keys = {"name": "Which?", "scenario": SCENARIO, "arms": ARMS, "vary": VARY, "design": {"sobol": 8}, "replicates": 2, "at": [4, 8]}
    return Study(**{**keys, "measures": ["mean_trust", "incidence", "cost"], **changed})


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    return sweep(study(), tmp_path_factory.mktemp("swept"))


def at(swept, point):
    return swept.points.values.iloc[point].to_dict()


# --- A plain function


@pytest.mark.parametrize("arm", ["baseline", "course", "purge"])
def test_the_function_gives_the_numbers_of_the_sweep(swept, arm):
    f = as_function(swept.study, effects=True)
    for point in 0, 5:
        told = f(arm=arm, **{keyword(name): value for name, value in at(swept, point).items()})
        for measure in swept.study.measures:
            assert told[measure] == swept.values(f"level:{arm}:{measure}")[point].mean()
            expected = 0.0 if arm == "baseline" else swept.values(f"effect:{arm}:{measure}")[point].mean()
            assert told[f"effect_{measure}"] == expected


def test_one_replicate_and_an_earlier_week(swept):
    f = as_function(swept.study, week=4)
    for replicate in 0, 1:
        told = f(arm="purge", replicate=replicate, **at(swept, 3))  # with the study's own names
        assert told["mean_trust"] == swept.values("level:purge:mean_trust", 4)[3, replicate]
    once = as_function(swept.study, replicates=1)(arm="purge", **at(swept, 3))
    assert once["incidence"] == swept.values("level:purge:incidence")[3, 0]
    assert list(once) == list(f.outputs) == ["mean_trust", "incidence", "cost"]


def test_what_is_not_given_is_as_the_study_has_it():
    f = as_function(study(replicates=1))
    plain = as_function(study(vary=None, design=None, replicates=1))
    assert plain(arm="course") == f(arm="course") != f(arm="course", trust_contact_gain=0.4)
    assert f() == f(arm="baseline")


def test_luck_of_its_own_is_that_of_a_point(tmp_path):
    own = sweep(study(luck="own", design={"sobol": 2}), tmp_path)
    f = as_function(own.study)
    levels = own.values("level:course:mean_trust").mean(axis=1)
    assert f(arm="course", luck=1, **at(own, 1))["mean_trust"] == levels[1] != f(arm="course", luck=0, **at(own, 1))["mean_trust"]


def test_the_function_travels_to_other_processes(swept):
    f = as_function(swept.study, replicates=1)
    again = pickle.loads(pickle.dumps(f))
    assert isinstance(again, StudyFunction)
    assert again(arm="course", **at(swept, 1)) == f(arm="course", **at(swept, 1))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"arm": "corse"}, "Did you mean 'course'"),
        ({"trust_contact_gian": 0.1}, "Did you mean 'trust_contact_gain'"),
        ({"trust_contact_gain": 4}, "must be a number from 0 to 0.5"),
        ({"training_whom": "nobody"}, "must be one of"),
        ({"replicate": -1}, "'replicate' must be a whole number"),
        ({"luck": 3}, "all points of this study share their luck"),
        ({"conduct_squad_sd": 0.1}, "does not vary in this study"),
    ],
)
def test_wrong_keywords_are_refused(given, message):
    with pytest.raises(InputError, match=message):
        as_function(study())(**given)


def test_wrong_options_are_refused():
    with pytest.raises(InputError, match="'replicates' must be a whole number"):
        as_function(study(), replicates=0)
    with pytest.raises(InputError, match="week 5 is not read"):
        as_function(study(), week=5)


def test_salib_and_scipy_can_use_it():
    from SALib.analyze import morris as analysis
    from SALib.sample import morris
    from scipy.optimize import minimize_scalar

    f = as_function(study(replicates=1))
    problem = {"num_vars": 2, "names": ["trust_contact_gain", "conduct_mean"], "bounds": [[0, 0.4], [-1, 0]]}
    rows = morris.sample(problem, 4, seed=1)
    found = analysis.analyze(problem, rows, np.array([f(**dict(zip(problem["names"], row, strict=True)))["mean_trust"] for row in rows]))
    assert (found["mu"] > 0).all()  # more gain and better conduct: more trust
    best = minimize_scalar(lambda gain: -f(trust_contact_gain=gain)["mean_trust"], bounds=(0, 0.4), options={"maxiter": 8})
    assert best.x > 0.3


# --- The EMA Workbench


def test_its_experiments_are_those_of_the_sweep(swept):
    """Run by the workbench at the study's points: experiments and outcomes as `results` reads them from the store."""
    model = to_ema(swept.study, effects=True)
    with ema.SequentialEvaluator(model) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios(swept.study), policies(swept.study))
    expected, told = results(swept)
    assert set(outcomes) == set(told) == {name for each in swept.study.measures for name in (each, f"effect_{each}")}
    for name, values in outcomes.items():
        assert values.tolist() == told[name].tolist(), name
    pd.testing.assert_frame_equal(experiments[expected.columns.tolist()].astype(expected.dtypes), expected)
    assert outcomes["mean_trust"].reshape(3, -1)[1].tolist() == swept.values("level:course:mean_trust").mean(axis=1).tolist()


def test_worker_processes_give_the_same(swept):
    model = to_ema(swept.study, replicates=1)
    given = scenarios(swept.study)[:2], policies(swept.study)[:2]
    with ema.MultiprocessingEvaluator(model, n_processes=2) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(*given)
    rows = {(row.policy, row.scenario): outcomes["incidence"][place] for place, row in enumerate(experiments.itertuples())}
    for arm in "baseline", "course":
        assert [rows[arm, str(point)] for point in (0, 1)] == swept.values(f"level:{arm}:incidence")[:2, 0].tolist()


def test_the_workbench_can_sample_uncertainties_and_arms():
    np.random.seed(3)
    model = to_ema(study(replicates=1))
    experiments, outcomes = ema.perform_experiments(model, scenarios=6, policies=3)
    assert len(experiments) == 18 and np.isfinite(outcomes["mean_trust"]).all()
    assert set(experiments["arm"]) <= {"baseline", "course", "purge"} and set(experiments.training_whom) <= {"troops", "both"}
    assert set(experiments.hearsay_radius) <= {1, 2, 3}


def test_without_policies_it_runs_the_arm_compared_with():
    model = to_ema(study(replicates=1))
    _, outcomes = ema.perform_experiments(model, scenarios=scenarios(study())[:1])
    f = as_function(study(replicates=1))
    assert outcomes["mean_trust"][0] == f(**study().points().values.iloc[0].to_dict())["mean_trust"]


DISTRIBUTIONS = {
    "conduct.mean": {"normal": {"mean": -0.4, "sd": 0.3}},
    "training.half_life": {"lognormal": {"median": 52, "sigma": 0.8}},
    "hearsay.fraction": {"beta": {"mean": 0.4, "sd": 0.2}},
    "trust.contact_gain": [0, 0.4],
    "hearsay.radius": {"normal": {"mean": 2, "sd": 1}},
    "purge.months": {"uniform": [1, 24]},
    "training.whom": {"values": ["troops", "commanders", "both"]},
    "purge.flag_by": {"values": ["vetting", "complaints"]},
    "trust.contact_loss": {"draws": [0.1, 0.4, 0.2, 0.25]},
}


def varied():
    return study(vary=DISTRIBUTIONS, arms={"both": [{"training": {"start": 0}}, {"purge": {"start": 2, "months": 4}}]}, weeks=8)


def test_uncertainties_have_the_distributions_of_the_factors():
    """Quantiles as the study has them; whole numbers and choices with the same probabilities."""
    made = varied()
    uncertainties = {each.name: each for each in to_ema(made, replicates=1).uncertainties}
    assert list(uncertainties) == [keyword(factor.name) for factor in made.factors()]
    u = (np.arange(2000) + 0.5) / 2000
    for factor in made.factors():
        theirs = uncertainties[keyword(factor.name)]
        if isinstance(factor.distribution, Values):
            assert [one.value for one in theirs.categories] == list(factor.distribution.values)
        elif getattr(factor.distribution, "whole", False):
            ours, many = np.unique(factor.at(u), return_counts=True)
            mass = theirs.dist.pmf(ours)
            assert mass == pytest.approx(many / 2000, abs=1e-3) and mass.sum() == pytest.approx(1)
        else:
            assert theirs.dist.ppf(u) == pytest.approx(factor.at(u), rel=1e-9)
        repr(theirs)  # which the workbench calls when it saves results


def test_distributions_survive_pickling():
    model = to_ema(varied(), replicates=1)
    again = pickle.loads(pickle.dumps(model))
    for one, other in zip(model.uncertainties, again.uncertainties, strict=True):
        assert one.dist.ppf(0.3) == other.dist.ppf(0.3)


def test_no_name_means_something_else_to_the_workbench():
    """A model of the workbench sets its own attributes to what a policy says, and drops it."""
    model = ema.Model("m", function=len)
    assert {name for name in dir(model) if not name.startswith("_") and name.islower()} <= RESERVED
    taken = [keyword(name) for name in ("trust.contact_gain", "model", "policy", "scenario")]
    assert taken == ["trust_contact_gain", "model_", "policy_", "scenario_"]
    assert not any(hasattr(model, name) for name in ("arm", "luck", *taken))


def test_luck_of_its_own_is_an_uncertainty(tmp_path):
    own = sweep(study(luck="own", design={"sobol": 2}, replicates=1), tmp_path)
    model = to_ema(own.study)
    assert "luck" in [each.name for each in model.uncertainties]
    _, outcomes = ema.perform_experiments(model, scenarios(own.study), policies(own.study))
    assert outcomes["mean_trust"].tolist() == results(own)[1]["mean_trust"].tolist()


def test_their_tools_read_a_sweep(swept):
    experiments, outcomes = results(swept)
    found = theirs.Prim(experiments.drop(columns=["scenario", "policy", "model"]), outcomes["cost"] > 0, threshold=0.5, mass_min=0.2)
    box = found.find_box()
    assert box.density == 1.0  # where there is a reform, it costs something


def test_without_the_workbench_it_says_what_to_install(monkeypatch):
    import sys
    from importlib import import_module

    monkeypatch.setitem(sys.modules, "ema_workbench", None)
    monkeypatch.delitem(sys.modules, "sim.studies.answers.ema")
    with pytest.raises(InputError, match=r"pip install 'confianza\[ema\]'"):
        import_module("sim.studies.answers.ema")
