"""Choosing under uncertainty where the answer is known: closed forms, brute force, ties, options that are worse in everything."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, qmc

from sim.errors import InputError
from sim.methods.decision.choice import PerDraw, best_of, controlled, means, resamples
from sim.methods.decision.denoise import Runs, calibrated, denoise, denoised, main_effects
from sim.methods.decision.front import dominates, on_front
from sim.methods.decision.outcomes import Outcomes, judged
from sim.methods.decision.partial import Partial, effective, partial
from sim.methods.decision.smooth import SmoothBasis, of_each, of_factor, of_factors, smooth
from sim.methods.decision.terciles import terciles
from sim.studies.answers.possible import ends

DRAWS, REPLICATES, SIGMA = 1024, 2, 3.0
ONE = np.ones(4, bool)


def normals(count, dimensions, seed=0):
    """Factors as shares, and as standard normal numbers."""
    unit = qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random(count)
    return unit, norm.ppf(np.clip(unit, 1e-9, 1 - 1e-9))


def judging(count):
    """The last of so many draws judge emulators."""
    return np.arange(count) >= count - 64


def noisy(outcomes, noise, seed=1, replicates=REPLICATES):
    """Runs of outcomes (n x m): n x r x m."""
    shape = (len(outcomes), replicates, outcomes.shape[1])
    return outcomes[:, None, :] + noise * np.random.default_rng(seed).normal(size=shape)


def quick(unit, benefit, cost, clusters=None):
    """Outcomes whose emulator is a sum of curves, which is fitted at once."""
    runs = Runs.of(np.concatenate([benefit, cost], axis=2))
    clusters = np.arange(len(unit)) if clusters is None else clusters
    known = denoise(runs, main_effects(unit, runs.mean, clusters))
    return Outcomes(unit, known, (None,) * runs.mean.shape[1], clusters, np.ones(unit.shape[1], bool), np.zeros(len(unit), bool))


@pytest.fixture(scope="module")
def linear():
    """Four options whose net benefits at a pay of 2 are SIGMA times independent standard normals z0 ... z3, less that of the first.

    z0 is what any reform costs; the others are what each gains. Two more factors do nothing.
    """
    unit, z = normals(DRAWS, 6)
    benefit, cost = SIGMA * z[:, 1:4] / 2, SIGMA * np.repeat(z[:, :1], 3, axis=1)
    outcomes = Outcomes.of(unit, noisy(benefit, 0.1 * SIGMA), noisy(cost, 0.1 * SIGMA, 2), validation=judging(DRAWS))
    return outcomes, judged(outcomes, np.array([1.0, 2.0]), ONE)


def test_the_value_of_knowing_everything_is_the_closed_form(linear):
    """The mean of the greatest of four standard normals is 3 / (2 sqrt(pi)) (1 + 2 / pi asin(1 / 3))."""
    exact = SIGMA * 3 / (2 * np.sqrt(np.pi)) * (1 + 2 / np.pi * np.arcsin(1 / 3))
    assert linear[1].found["evpi"][1] == pytest.approx(exact, rel=0.02)
    assert linear[1].spread.total["evpi"][1] < 0.02 * exact


def test_the_value_of_knowing_one_or_two_factors_is_the_closed_form(linear):
    """One is worth E max(0, z) = 1 / sqrt(2 pi); two gains E max(0, z, z') = (1 + sqrt(2)) / (2 sqrt(pi)); an irrelevant one nothing."""
    each = np.eye(6, dtype=bool)
    found = partial(*linear, [*each, each[1] | each[2], each[4] | each[5], each.any(axis=0)])
    worth = np.array([one.worth[1] for one in found])
    assert worth[:4] == pytest.approx(SIGMA / np.sqrt(2 * np.pi), rel=0.02)
    assert worth[6] == pytest.approx(SIGMA * (1 + np.sqrt(2)) / (2 * np.sqrt(np.pi)), rel=0.02)
    assert worth[[4, 5, 7]] == pytest.approx(0, abs=0.003 * SIGMA)
    assert worth[8] == pytest.approx(linear[1].found["evpi"][1], rel=0.04)  # all factors together
    errors = [np.sqrt(one.draws[1] ** 2 + one.replicates[1] ** 2 + one.emulator[1] ** 2) for one in found]
    assert min(errors[:4]) > 0 and max(errors[:7]) < 0.05 * SIGMA


def test_probabilities_are_those_of_brute_force_though_runs_are_noisy():
    unit, z = normals(DRAWS, 4)
    gains, means = np.array([[0.7, 0.0, 0.3], [0, 0.5, 0.3], [0.2, 0.2, 0], [0, 0, 0.2]]), np.array([0.2, 0.1, -0.1])
    many = np.random.default_rng(3).normal(size=(500_000, 4)) @ gains + means
    exact = np.bincount(np.argmax(np.hstack([np.zeros((len(many), 1)), many]), axis=1), minlength=4) / len(many)
    runs = noisy(z @ gains + means, 0.7)
    found = judged(Outcomes.of(unit, runs, np.zeros_like(runs)), np.array([1.0]), ONE)
    assert np.abs(found.found["probability_best"][0] - exact).max() < 0.02
    raw = np.bincount(np.argmax(np.hstack([np.zeros((DRAWS, 1)), runs.mean(axis=1)]), axis=1), minlength=4) / DRAWS
    assert np.abs(raw - exact).max() > 0.03  # what single runs would say


def test_equal_options_share_what_is_theirs():
    unit, z = normals(256, 2)
    one = noisy(z[:, :1], 0.3)
    found = judged(quick(unit, np.concatenate([one, one], axis=2), np.zeros((256, 2, 2))), np.array([1.0]), np.ones(3, bool)).found
    first, second, third = found["probability_best"][0]
    assert second == third and first + second + third == pytest.approx(1)
    nothing = judged(quick(unit, np.zeros((256, 2, 2)), np.zeros((256, 2, 2))), np.array([1.0]), np.ones(3, bool)).found
    assert nothing["probability_best"][0] == pytest.approx(1 / 3) and nothing["evpi"][0] == 0


def test_an_option_that_is_not_allowed_is_never_best():
    unit, z = normals(128, 2)
    outcomes = quick(unit, noisy(1 + z, 0.1), np.zeros((128, 2, 2)))
    found = judged(outcomes, np.array([1.0]), np.array([True, False, True])).found
    assert found["probability_best"][0, 1] == 0 and np.isnan(found["expected_loss"][0, 1])
    assert np.isfinite(found["expected_loss"][0, [0, 2]]).all() and found["evpi"][0] == np.nanmin(found["expected_loss"][0])


def test_what_is_worse_in_everything_is_dominated():
    values = np.array([[0.0, 0.0], [2.0, -1.0], [1.0, -2.0], [-1.0, -3.0], [0.0, 0.0]])
    assert on_front(values).tolist() == [True, True, False, False, True]
    assert dominates(values)[3].tolist() == [True, True, True, False, True]
    rng = np.random.default_rng(0)
    for _ in range(200):  # at any positive pay the best in the mean is on the front
        benefit, cost = rng.integers(-3, 4, (2, 6)).astype(float)
        first, _ = best_of(rng.uniform(0.1, 5) * benefit - cost, np.ones(6, bool))
        assert on_front(np.column_stack([benefit, -cost]))[first > 0].all()


def test_intervals_hold_the_truth():
    gains, means, held = np.array([[0.6, 0.0], [0, 0.5], [0.4, 0.4]]), np.array([0.1, -0.1]), []
    many = np.random.default_rng(3).normal(size=(200_000, 3)) @ gains + means
    net = np.hstack([np.zeros((len(many), 1)), many])
    exact = {"evpi": net.max(axis=1).mean() - net.mean(axis=0).max(), "net_benefit": net.mean(axis=0)}
    exact["probability_best"] = np.bincount(net.argmax(axis=1), minlength=3) / len(net)
    for seed in range(40):
        z = np.random.default_rng(seed).normal(size=(200, 3))
        runs = noisy(z @ gains + means, 0.3, seed + 1000)
        found = judged(quick(norm.cdf(z), runs, np.zeros_like(runs)), np.array([1.0]), np.ones(3, bool))
        inside = [np.abs(found.found[name][0] - exact[name]) <= 1.96 * found.spread.total[name][0] + 1e-12 for name in exact]
        held.append(np.concatenate([np.atleast_1d(one) for one in inside]))
    assert np.mean(held) > 0.9 and np.mean(held, axis=0).min() > 0.8


def test_draws_that_come_in_clusters_say_less():
    z, rng = np.random.default_rng(0).normal(size=(64, 2)), np.random.default_rng(1)
    clusters = np.repeat(np.arange(64), 4)
    unit, runs = norm.cdf(z)[clusters], noisy(z[clusters], 0.1)
    alone, together = (judged(quick(unit, runs, 0 * runs, one), np.array([1.0]), np.ones(3, bool)) for one in (None, clusters))
    ratio = together.spread.draws["net_benefit"][0, 1:] / alone.spread.draws["net_benefit"][0, 1:]
    assert ratio == pytest.approx(2.0, rel=0.15) and effective(clusters) == 64
    counts = resamples(clusters, 50, 0)
    assert (counts.sum(axis=1) == 256).all() and (counts.reshape(50, 64, 4) == counts.reshape(50, 64, 4)[..., :1]).all()
    noise = rng.normal(size=(256, 1))
    assert smooth(SmoothBasis.of(of_factor(unit[:, 0])), noise, share=0.25).gains.max() < 0.9


def test_permuting_what_is_together_leaves_nothing_to_find():
    unit, z = normals(512, 3)
    shuffled = np.random.default_rng(2).permutation(512)
    outcomes = quick(np.column_stack([unit, unit[shuffled, 0]]), noisy(z[:, :2], 0.2), np.zeros((512, 2, 2)))
    found = partial(outcomes, judged(outcomes, np.array([1.0]), np.ones(3, bool)), list(np.eye(4, dtype=bool)))
    assert min(one.worth[0] for one in found[:2]) > 0.2
    assert max(one.worth[0] for one in found[2:]) < 0.02
    assert all(one.worth[0] - 1.96 * one.draws[0] <= 0 for one in found[2:])


def test_thirds_tell_whether_the_choice_turns():
    unit, z = normals(512, 3)
    outcomes = quick(unit, noisy(np.column_stack([z[:, 0], 0.1 * z[:, 1]]), 0.2), np.zeros((512, 2, 2)))
    turning, still = terciles(outcomes, judged(outcomes, np.array([1.0]), np.ones(3, bool)), 0, [0, 2])
    assert turning.turns and turning.first[2] == 1 and turning.first[0] != 1 and turning.same < 0.01
    assert turning.net[:, 1] == pytest.approx([-1.09, 0, 1.09], abs=0.08)  # means of thirds of a normal distribution
    assert turning.best[2, 1] > 0.9 > 0.1 > turning.best[0, 1] and np.ptp(still.net[:, 1]) < 0.4
    assert turning.best.sum(axis=1) == pytest.approx(1)


# --- Luck taken off


def test_luck_is_taken_off_and_what_is_left_is_known():
    unit, z = normals(512, 3)
    true = np.column_stack([np.sin(z[:, 0]) + 0.3 * z[:, 1], z[:, 2]])
    known, emulators = denoised(unit, noisy(true, 1.0), validation=judging(512))
    error = known.mean - true
    assert [emulator.q2 > 0.2 for emulator in emulators] == [True, True]
    assert (error.std(axis=0) < 0.4).all()  # means over two replicates are off by 0.7
    assert (np.abs(error) < 1.96 * known.sd).mean() > 0.85 and (known.sd < 0.6).all()
    assert known.mean.mean(axis=0) == pytest.approx(known.runs.mean.mean(axis=0))
    below = known.below(0.3)
    for low, high in ((0.0, 0.2), (0.4, 0.6), (0.8, 1.0)):
        inside = (below >= low) & (below <= high)
        assert inside.sum() < 20 or (true < 0.3)[inside].mean() == pytest.approx(below[inside].mean(), abs=0.15)
    deviations = known.deviations(16)
    assert np.array_equal(deviations[0], -deviations[1]) and deviations.std(axis=(0, 1)) == pytest.approx(known.sd.mean(axis=0), rel=0.1)


def test_little_luck_leaves_runs_as_they_are_and_one_replicate_is_taken_as_it_is():
    unit, z = normals(256, 2)
    runs = noisy(z, 0.01)
    known, _ = denoised(unit, runs, validation=judging(256))
    assert np.abs(known.mean - runs.mean(axis=1)).max() < 0.05
    single, _ = denoised(unit, noisy(z, 1.0, replicates=1))
    assert single.runs.noise is None and np.allclose(single.mean, single.runs.mean) and single.sd.max() < 1e-6
    assert (single.below(np.inf) == 1).all() and not single.noises(3).any()


def test_failed_runs_and_constant_outcomes_are_no_obstacle():
    unit, z = normals(256, 2)
    runs = noisy(np.column_stack([z[:, 0], np.zeros(256)]), 0.5)
    runs[:, :, 1] = 4.0
    runs[3, :, 0], runs[5, 1, 1] = np.nan, np.nan
    known, emulators = denoised(unit, runs, validation=judging(256))
    assert known.runs.kept.sum() == 255 and not known.runs.kept[3] and known.runs.runs.min() == 1
    assert (known.mean[:, 1] == 4).all() and not known.sd[:, 1].any() and emulators[1] is None
    assert known.sd[4, 0] > known.sd[5, 0]  # point 5, with one run, is row 4
    assert (known.below(4.0)[:, 1] == 0.5).all()
    with pytest.raises(InputError, match="every run failed"):
        denoised(unit, np.full((256, 2), np.nan))


@pytest.mark.parametrize("judges", [None, np.arange(512) < 11])
def test_without_points_that_judge_there_is_no_emulator_and_means_stand(judges):
    """Draws are shrunk to the mean as far as luck is known: better than runs, worse than with an emulator, and the mean of all stays."""
    unit, z = normals(512, 3)
    true = np.column_stack([np.sin(z[:, 0]) + 0.3 * z[:, 1], z[:, 2]])
    runs = noisy(true, 1.0)
    known, emulators = denoised(unit, runs, validation=judges)
    with_one, _ = denoised(unit, runs, validation=judging(512))
    off, off_runs, off_with = ((each - true).std(axis=0) for each in (known.mean, runs.mean(axis=1), with_one.mean))
    assert emulators == [None, None] and (off < 0.95 * off_runs).all() and (off_with < off).all()
    assert known.mean.mean(axis=0) == pytest.approx(runs.mean(axis=(0, 1)))
    assert (np.abs(known.mean - true) < 1.96 * known.sd).mean() == pytest.approx(0.95, abs=0.03)


def test_luck_that_all_draws_share_is_in_the_intervals():
    _, z = normals(128, 2)
    luck = np.random.default_rng(4).normal(size=(1, 3, 2))
    runs = noisy(z, 0.1, replicates=3) + luck
    shared, own = (Runs.of(runs, shared=each) for each in (True, False))
    assert np.diag(shared.common) == pytest.approx(luck[0].var(axis=0, ddof=1) / 3, rel=0.2) and not own.common.any()
    errors = denoise(shared, shared.mean - shared.mean.mean(axis=0)).noises(400)
    assert errors.mean(axis=1).std(axis=0) == pytest.approx(np.sqrt(np.diag(shared.common)), rel=0.1)


# --- Regressions


def test_a_regression_finds_what_is_there_and_nothing_else():
    unit, _ = normals(512, 8)
    rng = np.random.default_rng(1)
    y = np.column_stack([np.sin(6 * unit[:, 0]), np.zeros(512)]) + 0.3 * rng.normal(size=(512, 2))
    found = smooth(SmoothBasis.of(of_factor(unit[:, 0])), y, sure=6.6)
    exact = np.sin(6 * unit[:, 0]) - np.sin(6 * unit[:, 0]).mean()
    assert np.sqrt(np.mean((found.fits[:, 0] - exact) ** 2)) < 0.06 and found.noise == pytest.approx(0.09, rel=0.2)
    assert not found.fits[:, 1].any() and found.reach[:, 1].max() > 0
    assert np.allclose(found.through(y, found.gains), found.fits)
    product = (unit[:, [1]] - 0.5) * (unit[:, [2]] - 0.5) + 0.02 * rng.normal(size=(512, 1))
    (columns,) = of_each(unit, product)
    fits = smooth(columns, product).fits[:, 0]
    assert np.corrcoef(fits, (unit[:, 1] - 0.5) * (unit[:, 2] - 0.5))[0, 1] > 0.95


def test_columns_of_a_factor_with_few_values():
    unit = np.repeat([0.25, 0.75], 50)
    assert of_factor(unit).shape == (100, 1) and of_factor(np.full(100, 0.5)).shape == (100, 0)
    columns, owners = of_factors(np.column_stack([unit, np.linspace(0.005, 0.995, 100), np.full(100, 0.5)]))
    assert columns.shape == (100, 6) and owners.tolist() == [[0, 0], [1, 1], [1, 1], [1, 1], [1, 1], [0, 1]]


def test_averages_of_weighted_draws_are_weighted():
    rng = np.random.default_rng(0)
    each = PerDraw.of(rng.normal(size=(4, 10, 3)), rng.normal(size=(4, 10, 3)), np.array([1.0, 2.0]), np.ones(3, bool))
    plain, weighted = each.mean(), each.mean(np.ones((1, 10)))
    for name in ("benefit", "cost", "best", "top"):
        assert np.allclose(getattr(plain, name), getattr(weighted, name)[0])
    control = PerDraw(np.ones((10, 3)), np.zeros((10, 3)), np.full((10, 2, 3), 1 / 3), np.ones((10, 2)))
    moved = each.less(each, control, np.array([1.0, 2.0]), np.ones(3, bool)).mean()
    assert np.allclose(moved.benefit, 1) and np.allclose(moved.top, 1)  # a control that is exact leaves only its own mean
    assert np.array_equal(each.at(np.array([2, 2])).top, each.top[[2, 2]])


def test_a_control_that_knows_little_is_used_little():
    rng = np.random.default_rng(1)
    known, luck, other = rng.normal(size=(3, 4000, 2))
    values = np.column_stack([known[:, 0] + 0.5 * luck[:, 0], luck[:, 1]])
    found = controlled(values, known + other, np.zeros((4000, 2)))  # half of what the control says is so
    slopes = (values - found) / (known + other)
    assert slopes[0] == pytest.approx([0.5, 0], abs=0.06) and found[:, 0].var() < values[:, 0].var()
    assert controlled(values, 0.2 * known, 0 * known)[:, 0] == pytest.approx(values[:, 0] - 0.2 * known[:, 0])  # never more than it says
    shares = np.abs(rng.normal(size=(50, 3, 4)))
    said, near = (one / one.sum(axis=2, keepdims=True) for one in np.abs(rng.normal(size=(2, 50, 3, 4))))
    whole = controlled(shares / shares.sum(axis=2, keepdims=True), said, near, together=True)
    assert whole.sum(axis=2) == pytest.approx(1)


# --- An emulator in the place of runs


def test_points_around_a_draw_keep_what_depends_on_others():
    rng = np.random.default_rng(0)
    unit = np.column_stack([rng.random((40, 2))[np.arange(160) % 40], rng.random(160), np.arange(160) % 2])
    outcomes = replace(quick(unit, noisy(unit[:, :1], 0.1), np.zeros((160, 2, 1))), independent=np.array([False, False, True, True]))
    points, which = outcomes.around(np.arange(160), 0)
    sets = points.reshape(40, -1, 4)
    assert (
        len(sets[0]) == 32
        and which.max() == 39
        and (np.diff(sets[:, :, :2], axis=1) == 0).all()
        and np.array_equal(sets[which, 0, :2], unit[:, :2])
    )
    assert sets[:, :, 2].mean(axis=1) == pytest.approx(0.5, abs=0.02) and set(points[:, 3]) == {0.0, 1.0}
    alone, same = replace(outcomes, independent=np.ones(4, bool)).around(np.arange(7), 1)
    assert len(alone) == 2**11 and same.tolist() == [0] * 7 and alone.mean(axis=0) == pytest.approx(0.5, abs=0.001)


def test_averages_around_draws_are_those_of_brute_force(monkeypatch):
    monkeypatch.setattr("sim.methods.decision.choice.ROWS", 64)
    points = np.random.default_rng(1).random((3 * 32, 2))
    for sets, each in ((3, 32), (1, 64)):
        some = points[: sets * each]
        found = means(lambda at: (np.column_stack([0 * at[:, 0], at[:, 0]]), 0 * at), some, sets, np.array([1.0, 2.0]), np.ones(2, bool))
        assert found.top == pytest.approx(some[:, 0].reshape(sets, each).mean(axis=1)[:, None] * [1.0, 2.0])
        assert found.best[:, :, 1] == pytest.approx(1.0) and found.benefit.shape == (sets, 2)


def test_what_varies_beside_a_posterior_is_averaged_over_all_it_may_be():
    """Of two options one depends on a posterior's parameter and one on a factor of its own: only the first owes much to the draws."""
    rng = np.random.default_rng(3)
    clusters = rng.integers(0, 64, 256)
    unit = np.column_stack([rng.random(64)[clusters], rng.random((256, 2))])
    runs = noisy(norm.ppf(unit[:, :2]), 0.1)
    outcomes = Outcomes.of(
        unit, runs, np.zeros_like(runs), clusters=clusters, independent=np.array([False, True, True]), validation=judging(256), shared=False
    )
    found = judged(outcomes, np.array([1.0]), np.ones(3, bool))
    assert found.found["benefit"][2] == pytest.approx(0, abs=0.03) and abs(outcomes.known.mean[:, 1].mean()) > 0.03
    assert found.spread.draws["benefit"][2] < 0.2 * outcomes.known.mean[:, 1].std() / 16
    assert found.spread.draws["benefit"][1] > 0.8 * outcomes.known.mean[:, 0].std() / 8


def test_thirds_have_probabilities_of_their_own(linear):
    """The first option is worth 0, the others SIGMA times a gain less SIGMA times what any reform costs."""
    outcomes, verdict = linear
    found = terciles(outcomes, verdict, 1, [0, 1, 5])
    chance = np.array([one.best for one in found])
    assert chance.sum(axis=2) == pytest.approx(1) and chance.min() >= 0
    assert chance[0, :, 0] == pytest.approx([0.026, 0.15, 0.574], abs=0.04)  # doing nothing is best where reforms cost much
    assert (np.diff(chance[1, :, 1]) > 0.1).all() and np.ptp(chance[2], axis=0).max() < 0.06
    assert chance.mean(axis=1) == pytest.approx(np.tile(verdict.found["probability_best"][1], (3, 1)), abs=0.02)


def test_mean_outcomes_owe_nothing_to_the_emulator(linear):
    for name in ("benefit", "cost", "net_benefit"):
        assert linear[1].spread.emulator[name] == pytest.approx(0, abs=1e-9)
    assert linear[1].spread.emulator["evpi"].min() > 0


def test_what_says_too_much_is_shrunk():
    rng = np.random.default_rng(3)
    truth = rng.normal(size=(500, 3))
    mean, said = truth + 0.5 * rng.normal(size=(500, 3)), np.column_stack([2 * truth[:, 0], truth[:, 1], -truth[:, 2]])
    left, slope = calibrated(mean, mean - said)
    assert slope == pytest.approx([0.5, 1.0, 0.0], abs=0.06) and slope[2] == 0
    assert left[:, 2] == pytest.approx(mean[:, 2] - said[:, 2].mean())
    predicted = mean - left
    assert [np.cov(left[:, k], predicted[:, k])[0, 1] for k in range(2)] == pytest.approx([0, 0], abs=1e-9)
    assert calibrated(mean, mean - 4.0)[1].tolist() == [1, 1, 1]  # says the same everywhere


@pytest.mark.parametrize("outcomes", [2, 18])
@pytest.mark.parametrize("between", [0.2, 0.5, 1.0])
def test_a_range_over_cities_does_not_close_where_luck_is_large(between, outcomes):
    """Standard deviations between cities as a share of that of luck in one run; before, 18 outcomes at .5 gave ranges that held nothing."""
    held = []
    for seed in range(30):
        rng = np.random.default_rng([seed, outcomes])
        runs = Runs.of(between * rng.normal(size=(40, 1, outcomes)) + rng.normal(size=(40, 2, outcomes)), shared=False)
        known = denoise(runs, runs.mean - runs.mean.mean(axis=0))
        low, high = ends((known.mean + known.deviations(32))[..., 0], 40)
        held.append(np.diff(norm.cdf([low / between, high / between]))[0])
    assert np.mean(held) > 0.86 and min(held) > 0.3


def test_an_emulator_is_tried_on_sets_that_it_has_not_seen():
    """Outcomes that are random from set to set: who has seen a set's other draws seems to predict, who has not cannot."""
    rng = np.random.default_rng(4)
    clusters = np.repeat(np.arange(60), 6)
    unit = np.column_stack([rng.random((60, 20))[clusters], rng.random(360)])
    runs = noisy(rng.normal(size=(60, 1))[clusters] + 0.3 * unit[:, 20:], 0.1)
    judges = rng.random(360) < 0.3
    (seen,), (unseen,) = (denoised(unit, runs, clusters=each, validation=judges, shared=False)[1] for each in (None, clusters))
    assert seen.q2 > 0.2 and (unseen is None or unseen.q2 < 0.1)
    known = denoised(unit, noisy(norm.ppf(unit[:, :1]), 0.1), clusters=clusters, validation=judges)[1][0]
    assert known.q2 > 0.9 and all(len(set(known.fold[clusters == one])) == 1 for one in range(60))


def test_a_topic_worth_as_much_as_its_best_part_has_its_interval():
    topic, part = (Partial(*np.array(rows, float)) for rows in (((1, 5), (2, 2), (3, 3), (4, 4)), ((3, 4), (20, 20), (30, 30), (40, 40))))
    found = topic.or_better([part, topic])
    assert (found.worth.tolist(), found.draws.tolist(), found.emulator.tolist()) == ([3, 5], [20, 2], [40, 4])


def test_a_replicate_without_a_complete_run_is_no_replicate():
    _, z = normals(64, 2)
    runs = noisy(z, 0.1, replicates=3) + np.random.default_rng(5).normal(size=(1, 3, 2))
    broken = np.concatenate([runs, np.full((64, 1, 2), np.nan)], axis=1)
    assert np.allclose(Runs.of(broken).common, Runs.of(runs).common) and Runs.of(runs).common.any()


def test_rounding_dominates_nothing():
    values = np.array([[1.0, -100.0], [1.0 + 1e-11, -100.0], [0.5, -100.0]])
    assert on_front(values).tolist() == [True, True, False]
