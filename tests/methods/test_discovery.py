"""PRIM and its company, on points whose truth is known: planted boxes are found, with noise too, and nothing is found in noise."""

import warnings
from itertools import pairwise
from math import comb

import numpy as np
import pandas as pd
import pytest

from sim.methods.discovery.boxes import Sides, chosen, marks, pasted, simplified, undominated
from sim.methods.discovery.prim import Box, Cases, distances, peel
from sim.methods.discovery.search import LEAST, _dealt, least_mass, search, stable
from sim.methods.discovery.tree import DEPTH, LEAVES, _grown, _predicted, tree
from sim.style import note

N, D = 1000, 20
PLANTED = {  # share of each side, so that the box holds about 15 % of the points
    2: {3: (0.0, 0.4), 11: (0.6, 1.0)},
    3: {0: (0.45, 1.0), 7: (0.2, 0.75), 19: (0.0, 0.5)},
    4: {1: (0.0, 0.6), 2: (0.4, 1.0), 5: (0.0, 0.6), 6: (0.35, 1.0)},
}


def uniform(seed, n=N, d=D):
    return np.random.default_rng(seed).random((n, d))


def planted(x, sides, noise=0.0, seed=9):
    """Which points lie in the box; a share `noise` of all says the reverse."""
    y = np.all([(x[:, j] >= low) & (x[:, j] <= high) for j, (low, high) in sides.items()], axis=0)
    return y ^ (np.random.default_rng(seed).random(len(x)) < noise)


def check_sides(box, sides, within):
    assert box.restricted.tolist() == sorted(sides)
    for j, (low, high) in sides.items():
        assert box.low[j] == pytest.approx(low, abs=within) if low > 0 else box.low[j] == -np.inf
        assert box.high[j] == pytest.approx(high, abs=within) if high < 1 else box.high[j] == np.inf


# --- The peel


def test_a_peel_takes_thin_slices_and_raises_the_share_of_cases():
    x = uniform(1)
    cases = Cases.of(x, planted(x, PLANTED[2], 0.1))
    boxes = peel(cases, alpha=0.1, smallest=0.08)
    held = [cases.counted(box.inside(x)) for box in boxes]
    assert len(boxes) > 10 and held[0] == (N, cases.many)
    for (points, hits), (fewer, left) in pairwise(held):
        assert points - fewer == int(0.1 * (points - 1)) + 1
        assert left / fewer > hits / points
    assert 0.08 * N <= held[-1][0] < 0.08 * N / 0.8
    for box, next_one in pairwise(boxes):
        assert (next_one.low >= box.low).all() and (next_one.high <= box.high).all()


def test_a_peel_takes_the_slice_that_gains_most():
    """The first step by brute force: every factor, both ends, a twentieth of the points."""
    x = uniform(2, 200, 5)
    y = planted(x, {1: (0.0, 0.5), 4: (0.3, 1.0)}, 0.1)
    first = peel(Cases.of(x, y))[1]
    shares = {}
    for j in range(5):
        order = np.argsort(x[:, j])
        shares[j, False], shares[j, True] = y[order[10:]].mean(), y[order[:-10]].mean()
    ((factor, upper),) = first.ends
    assert shares[factor, upper] == max(shares.values()) > y.mean()
    assert first.inside(x).sum() == 190 and y[first.inside(x)].mean() == shares[factor, upper]


def test_equal_values_go_together():
    """Of a factor with three values a slice is all points with the outermost one, however many; limits lie between values."""
    rng = np.random.default_rng(3)
    x = np.column_stack([rng.integers(0, 3, 300).astype(float), rng.random(300)])
    cases = Cases.of(x, x[:, 0] == 2)
    boxes = peel(cases)
    assert next(box.low[0] for box in boxes if np.isfinite(box.low[0])) == 0.5
    assert boxes[-1].low.tolist() == [1.5, -np.inf]
    assert cases.counted(boxes[-1].inside(x)) == (cases.many, cases.many)


def test_a_resample_is_the_same_as_repeated_points():
    x = uniform(4, 300, 6)
    cases = Cases.of(x, planted(x, {2: (0.0, 0.5), 3: (0.5, 1.0)}, 0.15))
    weights = np.bincount(np.random.default_rng(5).integers(300, size=300), minlength=300)
    drawn = cases.drawn(weights)
    repeated = Cases.of(np.repeat(x, weights, axis=0), np.repeat(cases.y, weights))
    ours, theirs = peel(drawn), peel(repeated)
    assert len(ours) == len(theirs) > 5
    for one, other in zip(ours, theirs, strict=True):
        assert one.low.tolist() == other.low.tolist() and one.high.tolist() == other.high.tolist()
    assert marks(chosen(drawn)[0], drawn) == marks(chosen(repeated)[0], repeated)
    assert distances(drawn) == pytest.approx(distances(repeated))


def test_distances_are_those_of_kolmogorov_and_smirnov():
    from scipy.stats import ks_2samp

    x = uniform(6, 250, 4).round(1)  # with ties
    y = planted(x, {2: (0.0, 0.5)}, 0.2)
    assert distances(Cases.of(x, y)) == pytest.approx([ks_2samp(x[y, j], x[~y, j]).statistic for j in range(4)])


# --- The box that is taken


@pytest.mark.parametrize("dimensions", PLANTED)
@pytest.mark.parametrize(("noise", "within"), [(0.0, 0.035), (0.1, 0.06)])
def test_a_planted_box_is_found(dimensions, noise, within):
    x = uniform(10 + dimensions)
    sides = PLANTED[dimensions]
    cases = Cases.of(x, planted(x, sides, noise))
    box = chosen(cases)[0]
    check_sides(box, sides, within)
    truth = planted(x, sides)
    inside = box.inside(x)
    assert (truth & inside).sum() / (truth | inside).sum() > (0.9 if noise == 0 else 0.75)


def test_a_planted_box_is_found_among_a_hundred_factors():
    x = uniform(21, 1024, 100)
    check_sides(chosen(Cases.of(x, planted(x, PLANTED[2], 0.1)))[0], PLANTED[2], 0.05)


def test_where_cases_are_the_rule_the_exception_is_found():
    """Cases everywhere but in a corner: a box of most points, denser than the rest."""
    x = uniform(22)
    cases = Cases.of(x, ~planted(x, {4: (0.8, 1.0)}))
    box = chosen(cases)[0]
    check_sides(box, {4: (0.0, 0.8)}, 0.03)
    assert marks(box, cases).score == pytest.approx(1.0, abs=0.05)  # a slice


def test_the_score_of_known_boxes():
    y = np.arange(100) < 20
    cases = Cases.of(np.arange(100.0)[:, None], y)
    whole = Box.whole(1)
    assert marks(whole, cases).score == 0 and marks(whole, cases).mass == 1
    perfect = marks(whole.moved(0, True, 19.5), cases)
    assert (perfect.coverage, perfect.density, perfect.score) == (1, 1, 1)
    double = marks(whole.moved(0, True, 39.5), cases)
    assert (double.coverage, double.density, double.score) == (1, 0.5, pytest.approx(0.3 / 0.8))


def test_quasi_p_is_a_binomial_tail():
    """By hand: H of T points in the box are cases; without the end, the density is q; so many or more with chance sum C(T, k) q^k ..."""
    x = uniform(30, 120, 3)
    cases = Cases.of(x, planted(x, {0: (0.0, 0.5)}, 0.2))
    box = Box.whole(3).moved(0, True, 0.5).moved(1, False, 0.3).moved(1, True, 0.8)
    sides = Sides(box, cases)
    points, hits = cases.counted(box.inside(x))
    for (factor, upper), found in zip(sides.ends, sides.quasi_p(), strict=True):
        wider, more = cases.counted(box.moved(factor, upper).inside(x))
        q = more / wider
        by_hand = sum(comb(points, k) * q**k * (1 - q) ** (points - k) for k in range(hits, points + 1))
        assert found == pytest.approx(by_hand, rel=1e-9)


def test_restrictions_that_luck_explains_are_dropped():
    x = uniform(31)
    cases = Cases.of(x, planted(x, {0: (0.0, 0.4)}, 0.1))
    loose = Box.whole(D).moved(0, True, 0.4).moved(5, False, 0.05).moved(9, True, 0.93)
    kept = simplified(loose, cases)
    assert kept.ends == [(0, True)]
    assert simplified(loose, cases, most=0).ends == []
    four = dict.fromkeys(range(6), (0.0, 0.7))
    assert len(simplified(Box.whole(D).moved(0, True, 0.4), cases, most=4).restricted) <= 4
    many = Cases.of(x, planted(x, four))
    six = Box(np.full(D, -np.inf), np.where(np.arange(D) < 6, 0.7, np.inf))
    assert len(simplified(six, many, most=4).restricted) == 4


def test_ends_are_moved_outward_where_that_helps():
    x = uniform(32)
    cases = Cases.of(x, planted(x, {0: (0.0, 0.4), 1: (0.5, 1.0)}))
    narrow = Box.whole(D).moved(0, True, 0.25).moved(1, False, 0.7).moved(7, True, 0.9)
    wide = pasted(narrow, cases)
    assert wide.high[0] == pytest.approx(0.4, abs=0.03) and wide.low[1] == pytest.approx(0.5, abs=0.03)
    assert wide.high[7] == np.inf
    assert marks(wide, cases).score > marks(narrow, cases).score


def test_candidates_are_a_front():
    x = uniform(33)
    cases = Cases.of(x, planted(x, PLANTED[2], 0.1))
    front = [marks(box, cases) for box in undominated(chosen(cases)[2], cases)]
    assert len(front) > 2
    assert all(one.coverage > other.coverage and one.density < other.density for one, other in pairwise(front))


# --- The search


QUICK = {"permutations": 19, "resamples": 12}


def test_a_search_tells_all_of_a_box():
    x = uniform(40, 500, 8)
    sides = {2: (0.0, 0.45), 5: (0.55, 1.0)}
    found = search(x, planted(x, sides, 0.05), **QUICK)
    assert found.refused is None and found.p == pytest.approx(1 / 20)
    rows = found.restrictions.set_index("factor")
    assert set(rows.index) == {2, 5} and (rows.quasi_p < 1e-6).all() and (rows.bootstrap > 0.9).all()
    assert np.isnan(rows.low[2]) and np.isnan(rows.high[5])
    assert (rows.density_without < found.marks.density).all() and (rows.coverage_without >= found.marks.coverage).all()
    last = found.trajectory[found.trajectory.chosen]
    assert len(last) == 1 and last.phase.item() == "box" and last.restricted.item() == 2
    assert (last.coverage.item(), last.density.item()) == (found.marks.coverage, found.marks.density)
    assert set(found.trajectory.phase) == {"peel", "candidate", "box"}
    unseen = found.unseen.set_index("quantity")
    assert 0.6 < unseen["mean"].density <= found.marks.density + 0.1
    assert not set(found.others.factor) & {2, 5}
    again = search(x, planted(x, sides, 0.05), **QUICK)
    pd.testing.assert_frame_equal(found.restrictions, again.restrictions)


def test_ends_that_resamples_do_not_have_are_dropped():
    box = Box.whole(3).moved(0, True, 0.5).moved(0, False, 0.1).moved(2, True, 0.9)
    ends = np.zeros((10, 2, 3), dtype=bool)
    ends[:8, 1, 0] = ends[:5, 0, 0] = ends[:4, 1, 2] = True
    assert stable(box, ends).ends == [(0, False), (0, True)]
    assert stable(box, np.zeros((10, 2, 3), dtype=bool)) is box  # none is better than the others


def test_nothing_is_found_in_noise_at_the_stated_rate():
    """Cases that depend on nothing: a box in no more than about 5 % of data sets. Of 40, 7 or more would have a chance of 0.3 %."""
    found = 0
    for seed in range(40):
        rng = np.random.default_rng([seed, 77])
        found += search(rng.random((150, 6)), rng.random(150) < 0.3, permutations=19, resamples=1).refused is None
    assert found <= 6


def test_a_models_cases_are_tested_by_the_runs():
    """Cases that a model made out of nothing lie in a perfect box; the runs know nothing of it."""
    x = uniform(41, 400, 6)
    models, runs = x[:, 2] < 0.4, np.random.default_rng(8).random(400) < 0.4
    assert search(x, models, **QUICK).refused is None
    assert "luck may have put them" in str(search(x, models, runs=runs, **QUICK).refused)


def test_points_that_belong_together_are_dealt_out_together():
    """60 draws of a posterior, 15 times each: a case is a draw, not a point. Alone, the points look as if a factor decided."""
    rng = np.random.default_rng(12)
    clusters = np.repeat(np.arange(60), 15)
    x = rng.random((60, 3))[clusters]
    together = alone = 0
    for _ in range(12):
        y = (rng.random(60) < 0.35)[clusters]
        together += search(x, y, clusters=clusters, permutations=19, resamples=1).refused is None
        alone += search(x, y, permutations=19, resamples=1).refused is None
    assert together <= 2 and alone >= 4
    for dealt in _dealt(Cases.of(x, y), clusters, 5, 0):
        assert dealt.many == y.sum()
        assert all(len(set(dealt.y[clusters == one])) == 1 for one in range(60))


def test_too_few_cases_are_not_looked_at():
    x = uniform(42, 100, 3)
    few = np.arange(100) < LEAST - 1
    found = search(x, few)
    assert found.refused == note("few_cases", few=9, least=10)
    assert np.isnan(found.p) and len(found.restrictions) == 0 and found.marks.coverage == 1
    assert search(x, ~few).refused == note("few_others", few=9, least=10)
    assert search(x, np.zeros(100, bool)).refused == note("few_cases", few=0, least=10)


def test_a_box_may_be_small_where_cases_are_few():
    assert least_mass(Cases.of(uniform(1, 1000, 1), np.arange(1000) < 300)) == 0.05
    assert least_mass(Cases.of(uniform(1, 1000, 1), np.arange(1000) < 40)) == 0.02
    assert least_mass(Cases.of(uniform(1, 1000, 1), np.arange(1000) < 10)) == 0.01


# --- The second opinion


def test_a_tree_finds_a_planted_rule():
    x = uniform(50)
    leaves = tree(x, planted(x, PLANTED[2], 0.02), smallest=0.05)
    first = leaves.iloc[0]
    assert {(factor, below) for factor, below, _ in first["rule"]} == {(3, True), (11, False)}
    assert {factor: limit for factor, _, limit in first["rule"]} == pytest.approx({3: 0.4, 11: 0.6}, abs=0.03)
    assert first.share > 0.9 and leaves.n.sum() == N and leaves.coverage.sum() == pytest.approx(1)


@pytest.mark.parametrize("n", [60, 400, 3000])
def test_trees_are_those_of_scikit_learn(n):
    from sklearn.tree import DecisionTreeRegressor

    rng = np.random.default_rng(n)
    x = rng.random((n, 6)).astype(np.float32).astype(float)  # which is what theirs reckons with
    cases = (rng.random(n) < 0.1 + 0.5 * (x[:, 0] > 0.5) * (x[:, 1] < 0.6) + 0.2 * (x[:, 5] > 0.7)).astype(float)
    grown = _grown(x, cases, n // 20)
    assert len(grown) == LEAVES
    for k, leaves in enumerate(grown[1:], start=2):
        theirs = DecisionTreeRegressor(max_leaf_nodes=k, max_depth=DEPTH, min_samples_leaf=n // 20, random_state=0).fit(x, cases)
        assert _predicted(leaves, x, cases) == pytest.approx(theirs.predict(x), abs=1e-12)


def test_a_tree_sees_nothing_in_noise():
    rng = np.random.default_rng(51)
    leaves = tree(rng.random((400, 10)), rng.random(400) < 0.3, smallest=0.05)
    assert leaves["rule"].tolist() == [[]] and leaves.n.tolist() == [400]


# --- Against the EMA Workbench


@pytest.fixture(scope="module")
def workbench():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its plotting libraries say of themselves
        return pytest.importorskip("ema_workbench.analysis.prim")


def their_box(workbench, x, y, **options):
    experiments = pd.DataFrame(x, columns=[f"f{j}" for j in range(x.shape[1])])
    return workbench.Prim(experiments, y, threshold=0.1, **options).find_box()


def as_box(limits, d):
    """A box of theirs, whose ends are those of the data where it is not restricted."""
    return Box(limits.loc[0].to_numpy(float), limits.loc[1].to_numpy(float)) if d == limits.shape[1] else None


@pytest.mark.filterwarnings("ignore:.*:FutureWarning", "ignore:.*:DeprecationWarning")
def test_their_peel_takes_the_same_ends(workbench):
    """Theirs takes off one point more a step, so the boxes differ by some points; which ends are cut, and where, agrees."""
    x = uniform(60, 1000, 10)
    y = planted(x, {3: (0.0, 0.4), 7: (0.6, 1.0)}, 0.03)
    theirs = their_box(workbench, x, y)
    ours = peel(Cases.of(x, y))
    for step in range(20):
        limits = theirs.box_lims[step]
        inside = as_box(limits, 10).inside(x)
        own = ours[step].inside(x)
        assert (inside & own).sum() / (inside | own).sum() > 0.9
        assert theirs.peeling_trajectory.density[step] == pytest.approx(y[own].mean(), abs=0.02)


@pytest.mark.filterwarnings("ignore:.*:FutureWarning", "ignore:.*:DeprecationWarning")
def test_quasi_p_of_their_box_is_theirs(workbench):
    x = uniform(61, 600, 8)
    y = planted(x, {3: (0.0, 0.4), 7: (0.6, 1.0)}, 0.1)
    theirs = their_box(workbench, x, y)
    limits, whole = theirs.box_lims[12], theirs.box_lims[0]
    low = np.where(limits.loc[0] > whole.loc[0], limits.loc[0], -np.inf).astype(float)
    high = np.where(limits.loc[1] < whole.loc[1], limits.loc[1], np.inf).astype(float)
    sides = Sides(Box(low, high), Cases.of(x, y))
    assert len(sides.ends) >= 2
    for (factor, upper), found in zip(sides.ends, sides.quasi_p(), strict=True):
        assert found == pytest.approx(theirs.qp[12][f"f{factor}"][int(upper)], rel=1e-9)


@pytest.mark.filterwarnings("ignore:.*:FutureWarning", "ignore:.*:DeprecationWarning")
@pytest.mark.parametrize("dimensions", PLANTED)
def test_both_find_the_planted_box(workbench, dimensions):
    x = uniform(10 + dimensions)
    y = planted(x, PLANTED[dimensions])
    theirs, cases = their_box(workbench, x, y), Cases.of(x, y)
    ours = chosen(cases)[0]
    best = max(range(len(theirs.box_lims)), key=lambda step: marks(as_box(theirs.box_lims[step], D), cases).score)
    one, other = as_box(theirs.box_lims[best], D).inside(x), ours.inside(x)
    assert (one & other).sum() / (one | other).sum() > 0.85
    assert marks(ours, cases).score >= marks(as_box(theirs.box_lims[best], D), cases).score
