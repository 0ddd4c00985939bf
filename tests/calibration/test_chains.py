"""Posteriors: known answers without the model, from a bank that learned a plain function."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import multivariate_normal, norm

from sim.calibration.emulators import Emulators, TargetRuns
from sim.calibration.likelihood import Likelihood, correlated
from sim.calibration.posterior import corrected, density, posterior_draws, sample
from sim.calibration.process import Process, surprise
from sim.calibration.sampling import CONVERGED, ENOUGH, Guide, bridged, diagnosed, guided, hamiltonian, truncated
from sim.calibration.space import GRID, REACH, InputTables
from sim.calibration.targets import Target
from sim.inputs.patterns import patterns

GOALS = {"P14": (0.5, 0.05), "P15": (0.05, 0.02), "P16": (-0.1, 0.03)}


class Flat:
    """A space of four parameters that are what they are."""

    factors = (None,) * 4
    names = ("a", "b", "c", "d")
    seed = 1
    fitted_scores = np.ones(5, bool)

    @staticmethod
    def snapped(unit):
        return unit

    held = snapped

    @staticmethod
    def reading(without=None):
        return InputTables(np.arange(4), np.tile(ndtr(np.linspace(-REACH, REACH, GRID)), (4, 1)))


def target(key, value, sd, **fields):
    return Target(patterns()[key], value, sd, 0.0, "a test", ("assumed",), **fields)


def linear(unit):
    """Answers that depend on the first, on the sum of the next two, and on none."""
    return np.column_stack([0.3 + 0.4 * unit[:, 0], 0.1 * (unit[:, 1] + unit[:, 2]) - 0.05, np.full(len(unit), -0.1)])


def emulators_of(noise=0.0, points=300, goals=GOALS):
    rng = np.random.default_rng(2)
    unit = rng.random((points, 4))
    answers = linear(unit)[:, None, :] + noise * rng.standard_normal((points, 2, 3))
    chosen = [target(key, *given) for key, given in goals.items()]
    data = [TargetRuns(one, unit, answers[:, :, place], np.arange(4)) for place, one in enumerate(chosen)]
    return Emulators.fit(data, lambda unit: unit)


# --- Likelihood


def test_the_likelihood_is_that_of_a_normal_distribution_whose_discrepancies_kappa_stretches():
    rng = np.random.default_rng(1)
    root = rng.standard_normal((4, 4))
    known = Likelihood(rng.standard_normal(4), 0.1 * root @ root.T, rng.random(4), 0.1 + rng.random(4))
    answers, logs = rng.standard_normal((1, 5, 4)), 0.4 * rng.standard_normal((1, 5))
    value, rise, rise_kappa = known.of(answers, logs)
    for place in range(5):
        covariance = known.sampling + np.diag(known.error + np.exp(2 * logs[0, place]) * known.discrepancy)
        assert value[0, place] == pytest.approx(multivariate_normal(known.goal, covariance).logpdf(answers[0, place]))
    for column in range(4):
        moved = answers.copy()
        moved[..., column] += 1e-6
        np.testing.assert_allclose((known.of(moved, logs)[0] - value) / 1e-6, rise[..., column], atol=1e-4)
    np.testing.assert_allclose((known.of(answers, logs + 1e-6)[0] - value) / 1e-6, rise_kappa, atol=1e-4)


def test_numbers_of_one_sample_err_together_and_others_do_not():
    luck = np.array([[1.0, 0.8, 0.5], [0.8, 1.0, -0.3], [0.5, -0.3, 1.0]])
    found = correlated(np.array([1.0, 2.0, 3.0]), ["panel", "panel", None], luck)
    np.testing.assert_allclose(found, [[1.0, 1.6, 0.0], [1.6, 4.0, 0.0], [0.0, 0.0, 9.0]])
    assert correlated(np.ones(2), [None, None], np.ones((2, 2))).tolist() == [[1.0, 0.0], [0.0, 1.0]]


# --- The bank


def test_the_bank_answers_like_the_model_and_knows_the_luck():
    emulators = emulators_of(noise=0.02)
    unit = np.random.default_rng(5).random((50, 4))
    assert np.abs(emulators.predict(unit)[:, :2] - linear(unit)[:, :2]).max() < 0.02
    np.testing.assert_allclose(np.sqrt(emulators.noise), 0.02, rtol=0.15)
    assert (np.sqrt(emulators.error) < 0.01).all()
    assert np.abs(emulators.luck - np.eye(3)).max() < 0.2


def test_luck_that_two_targets_share_is_seen():
    rng = np.random.default_rng(3)
    unit, shared = rng.random((200, 4)), rng.standard_normal((200, 2))
    answers = [linear(unit)[:, [0]] + 0.1 * shared, linear(unit)[:, [1]] - 0.1 * shared + 0.01 * rng.standard_normal((200, 2))]
    data = [TargetRuns(target(key, *GOALS[key]), unit, found, np.arange(4)) for key, found in zip(GOALS, answers, strict=False)]
    assert Emulators.fit(data, lambda unit: unit).luck[0, 1] < -0.95


def test_slopes_are_how_answers_change():
    rng = np.random.default_rng(4)
    inputs = rng.random((120, 3))
    process = Process.fit(inputs, np.sin(3 * inputs[:, 0]) + inputs[:, 1] * inputs[:, 2], 1e-4)
    at = rng.random((7, 3))
    answers, slopes = process.with_slopes(at)
    np.testing.assert_allclose(answers, process.predict(at), rtol=1e-12)
    for column in range(3):
        moved = at.copy()
        moved[:, column] += 1e-6
        np.testing.assert_allclose((process.predict(moved) - answers) / 1e-6, slopes[:, column], rtol=1e-3, atol=1e-4)


def test_the_search_for_scales_follows_the_gradient():
    rng = np.random.default_rng(0)
    points, answers, begin = rng.standard_normal((40, 3)), rng.standard_normal(40), np.zeros(9)
    at = 0.3 * rng.standard_normal(9)
    value, slope = surprise(at, points, answers, 0.1, begin)
    for place in range(9):
        moved = at + 1e-6 * (np.arange(9) == place)
        assert (surprise(moved, points, answers, 0.1, begin)[0] - value) / 1e-6 == pytest.approx(slope[place], rel=1e-3, abs=1e-4)


def test_a_process_finds_the_parameters_that_matter():
    rng = np.random.default_rng(1)
    inputs = rng.random((150, 20))
    made = Process.fit(inputs, np.sin(4 * inputs[:, 3]) + 0.5 * inputs[:, 7] ** 2, 1e-6)
    made = Process.fit(inputs, np.sin(4 * inputs[:, 3]) + 0.5 * inputs[:, 7] ** 2, 1e-6, before=made)
    assert set(np.argsort(made.scales)[-2:]) == {3, 7} and made.apart.all()
    fresh = rng.random((200, 20))
    assert np.sqrt(np.mean((made.predict(fresh) - np.sin(4 * fresh[:, 3]) - 0.5 * fresh[:, 7] ** 2) ** 2)) < 0.05


def test_a_bank_that_was_kept_answers_the_same():
    rng = np.random.default_rng(2)
    unit = rng.random((80, 4))
    answers = linear(unit)[:, None, :] + 0.01 * rng.standard_normal((80, 2, 3))
    answers[5, :, 1] = np.nan  # a point that failed
    data = [TargetRuns(target(key, *GOALS[key]), unit, answers[:, :, place], np.arange(4)) for place, key in enumerate(GOALS)]
    made = Emulators.fit(data, lambda unit: unit)
    again = Emulators.again(data, lambda unit: unit, made.as_arrays())
    np.testing.assert_array_equal(again.predict(unit), made.predict(unit))
    assert again.learned[1].error == made.learned[1].error and again.luck.tolist() == made.luck.tolist()


# --- Chains


def of_a_sum(goals, sd):
    """Density and lines of places in each of which the sum of the first two of three scores was measured."""

    def density_of(at):
        apart = (at[..., 0] + at[..., 1] - goals[:, None]) / sd
        value = -0.5 * np.sum(at**2, axis=2) - 1.5 * np.log(2 * np.pi) - 0.5 * apart**2 - np.log(sd * np.sqrt(2 * np.pi))
        slope = -at
        slope[..., :2] -= (apart / sd)[..., None]
        return value, slope

    def lines(at):
        apart = (at[..., 0] + at[..., 1] - goals[:, None]) / sd
        return apart[..., None], np.broadcast_to(np.array([1.0, 1.0, 0.0]) / sd, (*at.shape[:2], 1, 3))

    return density_of, lines


def test_chains_find_a_normal_posterior():
    """Two places at once: prior normal, likelihood normal, so that the posterior is known in closed form."""
    rng = np.random.default_rng(1)
    goals, sd = np.array([1.0, -2.0]), 0.3
    density_of, lines = of_a_sum(goals, sd)
    guide = guided(lines, 2, 3, rng)
    np.testing.assert_allclose(guide.mean[:, 0], goals / (2 + sd**2), rtol=0.02)  # lines are lines: the guide is the posterior
    for around in (guide, Guide.prior(2, 3)):
        walk = hamiltonian(density_of, around, 8, 500, rng, warming=150)
        points = walk.at.reshape(2, -1, 3)
        np.testing.assert_allclose((points[..., 0] + points[..., 1]).mean(axis=1), 2 * goals / (2 + sd**2), atol=0.03)
        assert points[..., 2].std() == pytest.approx(1.0, abs=0.06) and (walk.accepted > 0.6).all()
        told = diagnosed(walk.at[0])
        assert told.converged and told.mixing <= CONVERGED and min(told.bulk, told.tail) >= ENOUGH


@pytest.mark.parametrize("goal", [0.0, 1.0, 4.0])
def test_the_evidence_is_the_integral(goal):
    rng, sd = np.random.default_rng(1), 0.3
    density_of, lines = of_a_sum(np.array([goal]), sd)
    guide = guided(lines, 1, 3, rng)
    wide = Guide(guide.mean, 1.3 * guide.root)  # not the density itself
    walk = hamiltonian(density_of, wide, 8, 300, rng, warming=100)
    found, error = bridged(density_of, wide, walk.at[0], rng)
    assert found == pytest.approx(norm(0, np.sqrt(2 + sd**2)).logpdf(goal), abs=0.05) and error < 0.05


def test_chains_that_do_not_agree_are_told():
    walk = np.random.default_rng(1).standard_normal((100, 10, 2))
    assert diagnosed(walk).mixing < 1.02
    walk[:, 5:, 1] += 5.0
    told = diagnosed(walk)
    assert told.mixing > 1.5 and not told.converged and told.needed > told.steps


def test_a_walk_goes_on_where_it_was():
    rng = np.random.default_rng(2)
    guide = Guide(np.ones((1, 2)), 2.0 * np.eye(2)[None])
    walk = hamiltonian(lambda at: (-0.5 * np.sum(at**2, axis=2), -at), guide, 4, 20, rng, warming=20)
    np.testing.assert_allclose(guide.at(guide.back(walk.at[:, -1])), walk.at[:, -1])
    more = walk.after(hamiltonian(lambda at: (-0.5 * np.sum(at**2, axis=2), -at), guide, 4, 30, rng, before=walk))
    assert more.at.shape == (1, 50, 4, 2)
    np.testing.assert_array_equal(more.at[:, :20], walk.at)


# --- The posterior


def test_a_posterior_recovers_what_was_planted_and_leaves_open_what_is_not_seen():
    drawn = sample(Flat, emulators_of(), 400, 200, np.random.default_rng(7))
    values = drawn.unit
    assert drawn.chains.converged
    assert values[:, 0].mean() == pytest.approx(0.5, abs=0.02) and values[:, 0].std() == pytest.approx(0.125, rel=0.15)
    assert (values[:, 1] + values[:, 2]).mean() == pytest.approx(1.0, abs=0.05)
    assert values[:, 3].std() == pytest.approx(12**-0.5, rel=0.1)
    assert np.log(drawn.kappa).std() == pytest.approx(0.5, rel=0.15)  # no discrepancy was stated, so nothing is told of kappa
    emulators = emulators_of()
    even = truncated(corrected(emulators, values, drawn.kappa, emulators.predict(values), 4))
    np.testing.assert_allclose(even, 1 / 400, rtol=0.05)  # runs that say what the bank says change next to nothing


def test_kappa_grows_where_targets_contradict_each_other():
    goals = GOALS | {"P16": (-0.1, 0.001)}
    emulators = emulators_of(goals=goals)
    stated = tuple(
        replace(one.target, value=-0.13, discrepancy=0.005) if one.target.id == "P16" else one.target for one in emulators.learned
    )
    missed = replace(emulators, learned=tuple(replace(one, target=given) for one, given in zip(emulators.learned, stated, strict=True)))
    assert np.median(sample(Flat, missed, 400, 200, np.random.default_rng(7)).kappa) > 2.0


def test_runs_that_disagree_with_the_bank_move_the_weights():
    """The bank is wrong by half a tolerance in one answer, and knows that it may be: its own runs put it right."""
    emulators = emulators_of(noise=0.01)
    wrong = replace(emulators, learned=tuple(replace(one, error=0.03**2) for one in emulators.learned))
    rng = np.random.default_rng(7)
    drawn = sample(Flat, wrong, 800, 200, rng)
    values = drawn.unit
    truth = linear(values) + np.array([0.03, 0.0, 0.0])
    found = truncated(corrected(wrong, values, drawn.kappa, truth + 0.005 * rng.standard_normal(truth.shape), 4))
    assert values[:, 0].mean() == pytest.approx(0.5, abs=0.03)
    assert found @ values[:, 0] == pytest.approx(0.5 - 0.03 / 0.4, abs=0.03)
    failed = truth.copy()
    failed[:3] = np.nan
    assert (truncated(corrected(wrong, values, drawn.kappa, failed, 4))[:3] == 0).all()
    unrun = truth.copy()
    unrun[:, 2] = np.nan  # a target that was not run has the bank's word alone
    assert np.isfinite(corrected(wrong, values, drawn.kappa, unrun, 4)).all()


def test_posteriors_of_many_places_are_those_of_each():
    emulators = emulators_of()
    goals = np.tile(emulators.goal, (3, 1))
    goals[:, 0] += [-0.1, 0.0, 0.1]
    drawn = posterior_draws(Flat, emulators, [emulators.likelihood.at(goals)], np.random.default_rng(1), chains=4, steps=150, warming=80)
    assert drawn.shape == (3, 150, 4, 4)
    np.testing.assert_allclose(drawn[..., 0].mean(axis=(1, 2)), [0.25, 0.5, 0.75], atol=0.04)


def test_a_gradient_is_how_the_density_changes():
    emulators = emulators_of(noise=0.01)
    at = np.random.default_rng(1).standard_normal((1, 6, 5))
    with density(Flat, emulators, [emulators.likelihood, emulators.likelihood.loose(3.0)]) as found:
        value, slope = found(at)
        for column in range(5):
            moved = at.copy()
            moved[..., column] += 1e-5
            np.testing.assert_allclose((found(moved)[0] - value) / 1e-5, slope[..., column], rtol=0.02, atol=0.02)
