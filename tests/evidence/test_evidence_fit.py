"""Trials in the likelihood: what a made trial says is had back; a placebo says nothing; protocols and the evidence base hold together."""

import numpy as np
import pandas as pd
import pytest

from sim import load_scenario
from sim.artifacts.posterior import Posterior, load_posterior, posterior_files
from sim.evidence.base import evidence
from sim.evidence.fit import Candidates, fit, fitted_findings, joined, left_out, reform_parameters, training_points
from sim.evidence.likelihood import Findings, given_delivery, log_likelihood, weights_of
from sim.evidence.protocols import Protocol, carrying, protocols
from sim.evidence.rerun import DELIVERED, EVERYBODY, effects
from sim.evidence.surfaces import Surfaces
from sim.evidence.tables import agrees, tables_of
from sim.trials.outcomes import OUTCOMES


def findings(value, error, **more):
    return Findings(("T.1",), np.array([value]), np.array([error]), ("trust",), **more)


def posterior_mean(error, sd=1.0, value=1.0):
    """The mean of a parameter with a normal prior of this spread, whose effect is itself, after a trial that found `value`."""
    grid = np.linspace(-12.0, 12.0, 24_001)
    prior = np.exp(-0.5 * np.square(grid / sd))
    weights = weights_of(prior / prior.sum(), [log_likelihood(findings(value, error), grid[:, None], np.zeros((len(grid), 1)))])
    return float(weights @ grid)


@pytest.mark.parametrize("error", [0.1, 0.7, 3.0])
def test_a_planted_effect_is_recovered_with_its_error(error):
    assert posterior_mean(error) == pytest.approx(1.0 / (1.0 + error**2), abs=1e-4)


def test_doubling_the_error_halves_what_a_trial_moves():
    """In the linear case a trial moves the mean by v / (v + SE squared) of the difference: by half as much where v is twice SE squared."""
    assert posterior_mean(2.0, sd=np.sqrt(2.0)) == pytest.approx(0.5 * posterior_mean(1.0, sd=np.sqrt(2.0)), abs=1e-4)
    faint = [posterior_mean(error, sd=0.1) for error in (2.0, 4.0)]  # where the prior is tight, by its square
    assert faint[0] == pytest.approx(4.0 * faint[1], rel=0.01)


def test_carrying_over_widens_and_a_t_forgives_what_is_far_out():
    near, far = (np.array([[value]]) for value in (0.0, 5.0))
    none = np.zeros((1, 1))
    of = findings(0.0, 1.0)
    assert log_likelihood(of, far, np.full((1, 1), 3.0)) > log_likelihood(of, far, none)
    assert log_likelihood(of, near, np.full((1, 1), 3.0)) < log_likelihood(of, near, none)
    assert log_likelihood(findings(0.0, 1.0, freedom=4), far, none) > log_likelihood(of, far, none)


def test_the_likelihood_is_scipys_with_correlated_errors():
    from scipy.stats import multivariate_normal, multivariate_t

    of = Findings(("T.1", "T.2"), np.array([0.2, -0.1]), np.array([0.1, 0.2]), ("trust", "trust"), 0.5)
    model, tau = np.array([[0.0, 0.1], [0.3, 0.0]]), np.array([[0.0, 0.0], [0.1, 0.2]])
    for row, (about, spread) in enumerate(zip(model, tau, strict=True)):
        covariance = np.array([[0.01, 0.01], [0.01, 0.04]]) + np.diag(spread**2)
        assert log_likelihood(of, model, tau)[row] == pytest.approx(multivariate_normal(about, covariance).logpdf(of.values))
        told = log_likelihood(of._replace(freedom=4), model, tau)[row]
        assert told == pytest.approx(multivariate_t(about, covariance, df=4).logpdf(of.values))


def test_effects_say_nothing_of_the_delivery():
    """Two deliveries, equally likely by what was seen: the likelihood is the mean of both, whatever the effects prefer."""
    effect = np.log(np.array([[0.2, 0.6]]))
    assert np.exp(given_delivery(effect, np.zeros((1, 2))))[0] == pytest.approx(0.4)
    assert np.exp(given_delivery(effect, np.log([[1.0, 1e-12]])))[0] == pytest.approx(0.2)


def test_every_protocol_stands_beside_findings_that_exist():
    known = evidence()
    for protocol in protocols().values():
        assert set(protocol.outcomes) <= set(OUTCOMES)
        for trial, rows in protocol.findings.items():
            for row, one in rows.items():
                finding = known[trial].findings[row]
                assert finding.use in ("fit", "check"), f"{trial} {row}"
                assert one.carry is None or (one.carry in carrying() and finding.use == "fit"), f"{trial} {row}"


def test_all_findings_with_errors_are_fitted_and_no_others():
    """One row a construct: the evidence base says so; here all of these are run, but for deliveries, which are fitted apart."""
    fitted = {name for _, _, one, delivery in fitted_findings(evidence()) for name in one.names}
    apart = {f"{one.names[0].rpartition('.')[0]}.{row}" for _, _, one, delivery in fitted_findings(evidence()) for row in delivery}
    wanted = {f"{trial}.{row}" for trial, one in evidence().items() for row in one.rows("fit")}
    assert wanted == fitted | apart
    assert {study for study, *_ in fitted_findings(evidence())} == {"MK4", "PJ-3US", "COP-NH"}


@pytest.fixture(scope="module")
def small():
    return load_scenario("national-average").with_(city={"adults": 3000}, spin_up_weeks=20, interventions=())


def test_a_placebo_finds_nothing(small, monkeypatch):
    """Reforms without a dose, in every protocol: exactly 0, because both arms have the same luck."""
    idle = {"training": {"coverage": 0.0}, "community_policing": {"share": 0.0}}
    doses = {}
    for name, one in protocols().items():
        given = [{kind: {**levers, **idle[kind]}} for each in one.treatment for kind, levers in each.items()]
        doses[name] = Protocol(**{**one.model_dump(), "treatment": given})
    monkeypatch.setattr("sim.evidence.rerun.protocols", lambda: doses)
    monkeypatch.setattr("sim.evidence.rerun.EVERYBODY", {name: [] for name in EVERYBODY})
    found = np.array(list(effects(small, {DELIVERED: 0.5}, 3).values()))
    assert np.isfinite(found).sum() > 25 and set(found[np.isfinite(found)]) == {0.0}


def test_more_delivered_is_more_seen_and_a_course_improves_conduct(small):
    city = small.with_(city={"adults": 10_000})
    little, much = (effects(city, {DELIVERED: share}, 3) for share in (0.1, 0.9))
    assert much["MK4-LBR.T045"] > little["MK4-LBR.T045"] > 0.0
    assert little["PJ-3US.T100"] > 0.05 and little == effects(city, {DELIVERED: 0.1}, 3)


def linear(points, slope):
    """Effects that are straight lines in one parameter, for every finding that is looked at."""
    names = [f"{trial}.{row}" for protocol in protocols().values() for trial, rows in protocol.findings.items() for row in rows]
    score = (points["community.conduct_offset"] - 2.0).to_numpy()
    rng = np.random.default_rng(1)
    return pd.DataFrame({name: slope * score + 0.002 * rng.standard_normal(len(score)) for name in (*names, *EVERYBODY)})


def test_a_fit_recovers_a_parameter_and_says_what_trials_removed():
    """Effects are 0.2 a unit of one parameter; a made visit finds 0.3 with little error: the parameter stands 1.5 above its middle."""
    base = load_posterior("national-average")
    known = Posterior("here", base.names[:3], base.draws[:64, :3], np.full(64, 1 / 64))
    points = training_points(known, known.weights, 128, 1)
    surfaces = Surfaces.fit(points, linear(points, 0.2), 1)
    visit = evidence()["COP-NH"]
    rows = {row: one.model_copy(update={"value": 0.3, "value_error": 0.02}) for row, one in visit.findings.items()}
    trials = {"COP-NH": visit.model_copy(update={"findings": rows})}
    fitted = fit(known, known.weights, surfaces, trials, apiece=64, seed=2)
    offset = fitted.candidates.points["community.conduct_offset"].to_numpy()
    before, after = fitted.candidates.prior @ offset, fitted.weights @ offset
    assert before == pytest.approx(2.0, abs=0.1) and 2.4 < after < 3.5  # tau takes a part of it
    whole = joined(fitted, known, known.weights, 3)
    assert set(reform_parameters()) <= set(whole.names) and whole.weights.sum() == pytest.approx(1.0)
    assert whole.mean("community.conduct_offset") == pytest.approx(after, abs=0.25)
    made = tables_of(fitted, whole)
    assert (made.ranges.removed > 0.1).all() and set(left_out(fitted).study) == {"COP-NH"}
    assert left_out(fitted).z.abs().max() < 3.0


def test_a_posterior_remembers_what_draws_weighed_before_trials(tmp_path):
    one = Posterior("here", ("trust.contact_gain",), np.array([[0.01], [0.02]]), np.array([0.25, 0.75]), before=np.array([0.5, 0.5]))
    for name, text in posterior_files(one).items():
        (tmp_path / name).write_text(text)
    again = load_posterior(tmp_path / "here.csv")
    assert again.names == ("trust.contact_gain",) and again.before.tolist() == [0.5, 0.5] and again.weights.tolist() == [0.25, 0.75]


def test_candidates_have_the_priors_of_what_reforms_read():
    base = load_posterior("national-average")
    made = Candidates.of(base, base.weights, 4, 1)
    assert made.prior.sum() == pytest.approx(1.0) and len(made.points) == 4 * len(base.draws)
    assert made.points["training.honesty_share"].mean() == pytest.approx(0.1, abs=0.02)


def test_signs_are_compared_as_found():
    def finding(sign):
        return next(iter(evidence()["COP-LBRK"].findings.values())).model_copy(update={"sign": sign})

    assert agrees(finding("+"), (-1.0, 0.2, 1.0)) and not agrees(finding("-"), (-1.0, 0.2, 1.0))
    assert agrees(finding("0"), (-1.0, 0.02, 1.0)) and not agrees(finding("0"), (-1.0, 0.2, 1.0))
