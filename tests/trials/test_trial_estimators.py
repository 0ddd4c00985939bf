"""Estimators and power against known answers: planted effects, brute force, the size of the test, coverage, the normal formula."""

import numpy as np
import pytest

from sim.trials.estimators import NONE, Estimate, fit, meta_analysis
from sim.trials.power import LEVEL, SURE, Share, formula, half_widths, minimal_detectable_effect, p_values, share
from sim.trials.units import assign

TRIALS = 2000


def clustered(generator, units=30, people=8, effect=0.0, strata=1):
    """People in units with a cluster component, a baseline that correlates with the outcome, and half of the units treated."""
    unit = np.repeat(np.arange(units), people)
    treated = assign("simple", units, 0.5, 1, np.zeros(units), generator).treated[unit]
    shared, own = generator.normal(size=units)[unit] * 0.5, generator.normal(size=units * people)
    before = shared + own + generator.normal(size=len(unit))
    y = 3.0 + effect * treated + shared + own + generator.normal(size=len(unit)) + 0.5 * (unit * strata // units)
    return y, treated, unit, unit * strata // units, before


def brute(y, design, clusters):
    """CR2 with the matrices written out."""
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ y
    residuals, meat = y - design @ coefficients, np.zeros_like(inverse)
    for cluster in np.unique(clusters):
        rows = clusters == cluster
        values, vectors = np.linalg.eigh(np.eye(rows.sum()) - design[rows] @ inverse @ design[rows].T)
        adjusted = (vectors * np.where(values > 1e-10, np.abs(values) ** -0.5, 0.0)) @ vectors.T @ residuals[rows]
        meat += np.outer(design[rows].T @ adjusted, design[rows].T @ adjusted)
    return coefficients[0], np.sqrt((inverse @ meat @ inverse)[0, 0])


def test_errors_are_those_of_the_matrices_written_out():
    y, treated, unit, stratum, before = clustered(np.random.default_rng(1), units=13, people=5, strata=3)
    kept = np.random.default_rng(2).random(len(y)) < 0.8  # units of different size
    y, treated, unit, stratum, before = (column[kept] for column in (y, treated, unit, stratum, before))
    plain = np.column_stack([treated, np.ones(len(y))]).astype(float)
    assert fit(y, treated, unit)[:2] == pytest.approx(brute(y, plain, unit))
    full = np.column_stack([treated, before, *(stratum == s for s in range(3))]).astype(float)
    assert fit(y, treated, unit, stratum, before)[:2] == pytest.approx(brute(y, full, unit))
    assert fit(y, treated, unit, stratum).freedom == 13 - 3 - 1
    single = np.arange(len(y))  # every person a unit: HC2
    assert fit(y, treated, single, None, before)[:2] == pytest.approx(brute(y, np.column_stack([treated, before, np.ones(len(y))]), single))


def test_difference_in_means_is_the_two_sample_t_test():
    from scipy.stats import ttest_ind

    generator = np.random.default_rng(3)
    y, treated = generator.normal(size=40), np.arange(40) % 2 == 0
    found, oracle = fit(y, treated, np.arange(40)), ttest_ind(y[treated], y[~treated])  # equal groups: HC2 is the pooled error
    assert found.effect == pytest.approx(y[treated].mean() - y[~treated].mean())
    assert p_values(*found) == pytest.approx(oracle.pvalue)


def test_pairs_are_the_paired_t_test():
    from scipy.stats import ttest_rel

    generator = np.random.default_rng(4)
    y, pair = generator.normal(size=24), np.repeat(np.arange(12), 2)
    treated = np.arange(24) % 2 == 1
    found = fit(y, treated, np.arange(24), pair, paired=True)
    assert found.freedom == 11 and p_values(*found) == pytest.approx(ttest_rel(y[1::2], y[::2]).pvalue)


def test_against_statsmodels():
    from statsmodels.regression import linear_model as formulas

    y, treated, unit, _, before = clustered(np.random.default_rng(5), units=200)
    design = np.column_stack([treated, before, np.ones(len(y))]).astype(float)
    other = formulas.OLS(y, design).fit(cov_type="cluster", cov_kwds={"groups": unit})
    found = fit(y, treated, unit, None, before)
    assert found.effect == pytest.approx(other.params[0]) and found.error == pytest.approx(other.bse[0], rel=0.02)  # CR1 and CR2


@pytest.mark.parametrize("how", ["difference", "ancova", "strata"])
def test_the_test_has_its_size_and_intervals_cover_a_planted_effect(how):
    generator, estimates = np.random.default_rng(6), []
    for _ in range(TRIALS):
        y, treated, unit, stratum, before = clustered(generator, effect=0.7, strata=3 if how == "strata" else 1)
        estimates.append(fit(y, treated, unit, stratum, None if how == "difference" else before))
    effect, error, freedom = np.array(estimates).T
    assert effect.mean() == pytest.approx(0.7, abs=4 * effect.std() / TRIALS**0.5)
    assert np.sqrt((error**2).mean()) == pytest.approx(effect.std(), rel=0.05)
    assert np.mean(np.abs(effect - 0.7) <= half_widths(error, freedom)) == pytest.approx(0.95, abs=0.015)
    assert np.mean(p_values(effect - 0.7, error, freedom) < LEVEL) == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("effect", [0.0, 0.25, 0.45, 0.7])
def test_power_without_spillover_is_that_of_the_normal_formula(effect):
    generator = np.random.default_rng(7)
    estimates = np.array([fit(*clustered(generator, units=60, people=6, effect=effect)[:3]) for _ in range(TRIALS)])
    counted = share(p_values(*estimates.T)[:, None] < LEVEL)
    true_error = estimates[:, 0].std()  # what the formula knows
    assert counted[0] == pytest.approx(formula(effect, true_error), abs=0.03)
    assert counted[1] < counted[0] < counted[2] and counted[2] - counted[1] < 0.05


def test_the_minimal_detectable_effect_has_a_power_of_80_percent():
    assert formula(float(minimal_detectable_effect(0.2, 1e6)), 0.2) == pytest.approx(0.8, abs=1e-3)
    assert formula(float(minimal_detectable_effect(0.2, 9)), 0.2, 9) == pytest.approx(0.8, abs=0.03)
    assert formula(1e3, 1.0, 1500) == 1.0 and np.isnan(formula(1.0, float("nan")))


def test_what_cannot_be_estimated_is_nan():
    y = np.arange(6.0)
    assert np.isnan(fit(y, np.zeros(6, bool), np.arange(6))).all(), "nobody treated"
    assert np.isnan(fit(y[:2], np.array([True, False]), np.arange(2))).all(), "no degrees of freedom"
    assert np.isnan(fit(y[:0], np.zeros(0, bool), np.zeros(0, int))).all()


def test_meta_analysis():
    same = meta_analysis([Estimate(0.5, 0.1, 9)] * 2 + [Estimate(0.2, 0.1, 9)] * 2 + [NONE])
    assert same.effect == pytest.approx(0.35) and same.freedom == 3
    heavy = meta_analysis([Estimate(1.0, 0.01, 9), Estimate(1.02, 1.0, 9)])
    assert heavy.effect == pytest.approx(1.0, abs=1e-3), "without differences between sites the precise one counts"
    assert np.isnan(meta_analysis([Estimate(1.0, 0.1, 9)])).all()
    generator, covered = np.random.default_rng(8), []
    for _ in range(2000):
        truths = generator.normal(0.3, 0.2, size=6)
        found = meta_analysis([Estimate(generator.normal(truth, 0.1), 0.1, 50) for truth in truths])
        covered.append(abs(found.effect - 0.3) <= half_widths(found.error, found.freedom))
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)


def test_draws_from_the_same_cities_do_not_count_as_independent():
    alike = np.repeat([[1.0], [0.0], [1.0], [1.0]] * 5, 50, axis=1)  # every replicate is all or nothing
    apart = np.random.default_rng(9).permutation(alike.ravel()).reshape(alike.shape)
    width = {name: share(found)[2] - share(found)[1] for name, found in {"alike": alike, "one": alike[:, :1], "apart": apart}.items()}
    assert width["alike"] == pytest.approx(width["one"], rel=0.05) and width["apart"] < width["one"] / 4
    assert share(np.ones((20, 8)))[1:] == pytest.approx((20 / (20 + 1.96**2), 1.0, 160, 160, 20), abs=1e-3)
    assert np.isnan(share(np.full((3, 2), np.nan))[:3]).all() and not share(np.full((3, 2), np.nan)).told


def test_a_share_is_told_if_its_interval_says_something():
    def hits(count, of):
        return share((np.arange(of) < count).astype(float)[:, None])

    assert [hits(of, of).told for of in (2, 12, 19, 20)] == [False, False, False, True]
    assert [hits(10, of).told for of in (20, 100)] == [False, True], "half of 20 may be a third or two thirds"
    assert all(hits(count, SURE).told for count in range(SURE + 1)) and not hits(SURE // 2, SURE - 1).told
    twelve = hits(12, 12)
    assert (twelve.rate, twelve.hits, twelve.trials, twelve.worth) == (1.0, 12, 12, 12.0)
    assert Share.read_off(twelve.row("power"), "power") == twelve


@pytest.mark.parametrize("how", ["simple", "stratified", "pairs"])
@pytest.mark.parametrize("units", [4, 5, 16, 17])
def test_lots(how, units):
    generator, values = np.random.default_rng(10), np.random.default_rng(11).normal(size=units)
    values[0] = np.nan
    chosen = np.zeros(units)
    for _ in range(400):
        lot = assign(how, units, 0.5, 4, values, generator)
        chosen += lot.treated
        for stratum in np.unique(lot.stratum):
            inside = lot.treated[lot.stratum == stratum]
            assert inside.any() and not inside.all() and abs(inside.mean() - 0.5) <= 0.5 / len(inside) + 1e-9
    assert np.abs(chosen / 400 - 0.5).max() < 0.11, "everybody has the same chance"


def test_pairs_are_alike():
    values = np.random.default_rng(12).normal(size=40)
    lot = assign("pairs", 40, 0.5, 4, values, np.random.default_rng(13))
    ranked = np.argsort(np.argsort(values))
    assert all(np.ptp(ranked[lot.stratum == pair]) == 1 for pair in range(20))
