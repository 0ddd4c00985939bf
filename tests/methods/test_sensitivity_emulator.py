"""Indices from an emulator, where the answer is known: accuracy, coverage, luck taken off, and when it must not speak."""

import importlib.util
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import qmc

from sim.errors import InputError
from sim.methods.indices import LEAST_Q2, Emulator, indices
from sim.methods.indices.gaussian import Gaussian
from sim.methods.indices.noise import GOOD_LUCK, hidden_by_luck, reach, responses
from sim.methods.indices.polynomials import Basis, Polynomials, _told_apart, hyperbolic
from sim.style import note

FILE = Path(__file__).parents[2] / "experiments" / "known-answers" / "run.py"
SPEC = importlib.util.spec_from_file_location("known_answers", FILE)
assert SPEC is not None and SPEC.loader is not None
KNOWN = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(KNOWN)
INDICES = ["first", "total"]
LUCK = np.array([100.0, -30.0, 5.0])


def analyzed(function, points, replicates, noise, seed=0, **more):
    unit, y = KNOWN.runs(function, points, replicates, noise, seed, **more)
    return indices(unit, y, [f"x{k}" for k in range(function.factors)], seed=seed, luck=noise > 0)


def test_the_known_answers_are_known():
    """By brute force: the share that vanishes when a factor is averaged out."""
    for function in (KNOWN.ishigami(), KNOWN.g(), KNOWN.additive(5), KNOWN.effect()):
        rng = np.random.default_rng(1)
        one, other = rng.random((2, 200_000, function.factors))
        assert function.at(one).var() == pytest.approx(function.variance, rel=0.02)
        for k in range(function.factors):
            mixed = one.copy()
            mixed[:, k] = other[:, k]
            total = np.mean((function.at(one) - function.at(mixed)) ** 2) / 2 / function.variance
            first = np.mean(function.at(other) * (function.at(mixed) - function.at(one))) / function.variance
            assert total == pytest.approx(function.total[k], abs=0.01)
            assert first == pytest.approx(function.first[k], abs=0.03)


@pytest.mark.parametrize("make", [KNOWN.ishigami, KNOWN.g])
def test_totals_of_levels_are_within_two_hundredths_with_512_runs(make):
    function = make()
    said = analyzed(function, 512, 1, 0.0)
    assert said.refused is None and said.q2 > 0.98
    for name in INDICES:
        exact = getattr(function, name)
        assert np.abs(said.table[name] - exact).max() < 0.02
        inside = (said.table[f"{name}_low"] <= exact + 1e-9) & (said.table[f"{name}_high"] >= exact - 1e-9)
        assert inside.mean() >= 0.8


def test_totals_of_an_effect_are_within_five_hundredths_with_2048_runs():
    function = KNOWN.effect()
    said = analyzed(function, 512, 4, 0.6)
    assert np.abs(said.table.total - function.total).max() < 0.05


def test_intervals_hold_the_exact_indices():
    held = []
    for make, points, replicates in ((KNOWN.ishigami, 128, 3), (KNOWN.g, 256, 3), (KNOWN.additive, 128, 3)):
        function = make()
        for seed in range(2):
            said = analyzed(function, points, replicates, 0.2, seed)
            assert said.refused is None
            for name in INDICES:
                exact = getattr(function, name)
                held += list((said.table[f"{name}_low"] <= exact + 1e-9) & (said.table[f"{name}_high"] >= exact - 1e-9))
            assert (said.table.total_high - said.table.total_low).mean() < 0.2
    assert np.mean(held) >= 0.9


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_the_noise_share_is_found(share):
    said = analyzed(KNOWN.g(), 128, 4, share)
    assert said.noise_share == pytest.approx(share, abs=0.06)
    assert said.noise_share_of_mean == pytest.approx(share / 4 / (1 - share + share / 4), abs=0.03)
    assert said.q2 < said.q2_of_signal <= 1
    one = analyzed(KNOWN.g(), 128, 1, share)
    assert one.noise_share > share - 0.1 and any("upper bound" in str(note) for note in one.notes)


def test_luck_that_acts_through_factors_is_taken_off():
    """With few replicates a slope that luck gives looks like an answer. Interval and estimate must know."""
    function, held, errors, plain = KNOWN.effect(), [], [], []
    for seed in range(4):
        unit, y = KNOWN.runs(function, 128, 6, 0.05, seed, by_factor=1.0)
        said = indices(unit, y, [f"x{k}" for k in range(8)], seed=seed, luck=False)  # what luck may hide is refused elsewhere
        held += list((said.table.total_low <= function.total) & (said.table.total_high >= function.total))
        errors.append(said.table.total - function.total)
        surface = said.emulator.surface
        plain.append(
            1 - surface.variance_given(~np.eye(8, dtype=bool)) / surface.variance_given(np.ones((1, 8), dtype=bool)) - function.total
        )
    assert np.mean(held) >= 0.9
    inert = slice(3, None)
    assert abs(np.mean(np.array(errors)[:, inert])) < 0.6 * abs(np.mean(np.array(plain)[:, inert]))


def test_nothing_is_said_where_nothing_depends_on_the_factors():
    for seed in range(2):
        said = analyzed(KNOWN.nothing(), 64, 3, 0.5, seed)
        assert said.table.empty and "beyond luck" in str(said.refused)
        assert "one replicate" in str(analyzed(KNOWN.nothing(), 64, 1, 0.5, seed).refused).lower()
    unit = np.random.default_rng(0).random((64, 2))
    assert indices(unit, np.zeros((64, 3)), ["a", "b"]).refused == note("same_at_all_points")
    assert indices(unit, np.tile([1.0, 2.0, 3.0], (64, 1)), ["a", "b"]).refused == note("same_at_all_points")


def test_a_refusal_says_what_would_help():
    noisy = analyzed(KNOWN.g(), 256, 2, 0.85)
    assert noisy.q2 < LEAST_Q2 and noisy.table.empty and "replicates" in str(noisy.refused)
    few = analyzed(KNOWN.additive(60), 16, 3, 0.1)
    assert few.q2 < LEAST_Q2 and "points are few" in str(few.refused)
    unit = np.random.default_rng(0).random((256, 2))
    wild = np.sign(np.sin(60 * unit.sum(axis=1)))[:, None] + 0.01 * np.random.default_rng(1).normal(size=(256, 2))
    assert "nonlinear" in str(indices(unit, wild, ["a", "b"]).refused)
    assert "too few" in str(indices(unit[:10], wild[:10], ["a", "b"]).refused)


def test_failed_runs_are_left_out_and_said():
    function = KNOWN.ishigami()
    unit, y = KNOWN.runs(function, 256, 3, 0.1, 0)
    y[5] = np.nan
    y[7, 1] = np.inf
    y[9:30, 0] = np.nan
    said = indices(unit, y, ["a", "b", "c"])
    assert said.points == 255 and len(said.notes) == 3  # the third: not validated
    assert np.abs(said.table.total - function.total).max() < 0.04
    with pytest.raises(InputError, match="every run failed"):
        indices(unit, np.full_like(y, np.nan), ["a", "b", "c"])


def test_what_a_luck_does_everywhere_changes_nothing():
    unit, y = KNOWN.runs(KNOWN.ishigami(), 128, 3, 0.1, 0)
    one, other = (indices(unit, runs, ["a", "b", "c"]) for runs in (y, y + LUCK))
    assert np.allclose(one.table.drop(columns="factor"), other.table.drop(columns="factor"), atol=1e-6)
    y[3, 0] = np.nan  # nor if a run is missing
    point = responses(y).mean
    assert np.allclose(responses(y + LUCK).mean - point, 25.0, atol=1e-9)


def test_groups_interactions_curves_and_convergence():
    function = KNOWN.ishigami()
    unit, y = KNOWN.runs(function, 256, 3, 0.05, 0)
    said = indices(unit, y, ["a", "b", "c"], groups=["one", "two", "one"])
    assert said.names == ["one", "two"] and said.interactions.share.sum() < 0.02
    both = function.first[0] + function.total[2]
    assert said.table["first"][0] == pytest.approx(both, abs=0.03) and said.table.total[0] == pytest.approx(both, abs=0.03)
    said = indices(unit, y, ["a", "b", "c"])
    top = said.interactions.iloc[0]
    assert {top.one, top.other} == {"a", "c"} and top.low <= function.total[2] <= top.high
    curve = said.effects[said.effects.factor == "b"]
    exact = 7 * np.sin(np.pi * (2 * curve.u - 1)) ** 2 - 3.5
    assert np.abs(curve.effect - exact).max() < 0.8 and ((curve.low <= exact) & (exact <= curve.high)).mean() > 0.8
    assert sorted(said.convergence.points.unique()) == [64, 128, 256]
    last = said.convergence[said.convergence.points == 256]
    assert last.total.tolist() == said.table.total.tolist()


def test_equal_seeds_give_equal_tables_and_seed_0_is_a_seed():
    unit, y = KNOWN.runs(KNOWN.ishigami(), 64, 3, 0.1, 0)
    names = list("abc")
    one, same, other = (indices(unit, y, names, seed=seed).table for seed in (0, 0, 1))
    assert one.equals(same) and not one.equals(other)


def test_discrete_factors_are_fitted_exactly():
    unit = np.random.default_rng(0).random((200, 3))
    unit[:, 1] = (np.floor(4 * unit[:, 1]) + 0.5) / 4
    y = np.array([0.0, 3.0, -1.0, 1.0])[np.floor(4 * unit[:, 1]).astype(int)] + unit[:, 0]
    said = indices(unit, y, ["a", "b", "c"], luck=False)
    variance = np.var([0, 3, -1, 1])
    assert said.q2 > 0.999999
    assert said.table.total.tolist() == pytest.approx([1 / 12 / (variance + 1 / 12), variance / (variance + 1 / 12), 0], abs=1e-4)
    assert said.effects[said.effects.factor == "b"].u.tolist() == [0.125, 0.375, 0.625, 0.875]


def test_what_each_surface_gives_for_sets_of_factors():
    """Means given some factors, and their variances, against brute force."""
    rng = np.random.default_rng(0)
    unit = rng.random((90, 3))
    y = KNOWN.g(np.array([0, 1, 4])).at(unit)
    sets = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [1, 1, 1]], dtype=bool)
    points, many = rng.random((5, 3)), rng.random((40_000, 3))
    for kind in (Polynomials, Gaussian):
        surface = kind.fit(Basis.of(unit), unit, y, np.random.default_rng(1))
        overall = surface.predict(many).mean()
        for s, inside in enumerate(sets):
            at = [surface.predict(np.where(inside, point, many)).mean() - overall for point in points]
            assert np.allclose(surface.given(points, sets)[:, s], at, atol=0.02)
        assert surface.variance_given(sets)[-1] == pytest.approx(surface.predict(many).var(), rel=0.03)
        spread = surface.given(many[:4000], sets)
        assert np.allclose(surface.variance_given(sets), spread.var(axis=0), rtol=0.1, atol=1e-3)
        assert np.allclose(surface.again(unit, y[:, None])[0].predict(points), surface.predict(points), atol=1e-6)


def test_a_gaussian_process_is_kept_where_it_is_better():
    unit = np.random.default_rng(0).random((60, 4))
    y = np.exp(-8 * ((unit[:, 0] - 0.3) ** 2 + (unit[:, 1] - 0.6) ** 2)) + 0.2 * unit[:, 2]
    emulator = Emulator.fit(unit, y)
    assert emulator.kind == "Gaussian process" and emulator.q2 > 0.95
    said = indices(unit, y, list("abcd"), luck=False)
    assert said.table.total.idxmax() in (0, 1) and said.table.total_low[3] == 0


def test_an_emulator_by_itself():
    function = KNOWN.g()
    unit, y = KNOWN.runs(function, 512, 4, 0.2, 0)
    emulator = Emulator.fit(unit, y)
    fresh = np.random.default_rng(5).random((100_000, 8))
    start = time.process_time()
    predicted = emulator.predict(fresh)
    assert time.process_time() - start < 3  # a hundredth of a second on an idle core
    off = predicted - predicted.mean() - (function.at(fresh) - 1)
    assert 1 - off.var() / function.variance > 0.95
    assert emulator.noise == pytest.approx(function.variance * 0.25 / 4, rel=0.15)


def test_arrays_that_do_not_fit_are_refused():
    unit, y = np.random.default_rng(0).random((40, 2)), np.zeros((40, 2))
    with pytest.raises(InputError, match="do not fit together"):
        indices(unit, y, ["a"])
    with pytest.raises(InputError, match="outside 0 to 1"):
        indices(2 * unit, y, ["a", "b"])
    with pytest.raises(InputError, match="Did you mean 'emulator'"):
        indices(unit, y, ["a", "b"], method="emulate")
    with pytest.raises(InputError, match="groups"):
        indices(unit, y, ["a", "b"], groups=["x"])


def test_hyperbolic_sets_are_of_few_factors_and_within_the_limit():
    for factors, limit in ((3, 300), (8, 900), (20, 900)):
        terms = hyperbolic(factors, limit)
        assert len(terms) <= limit and len(np.unique(terms, axis=0)) == len(terms)
        assert (terms > 0).sum(axis=1).max() <= 3 and (terms > 0).any(axis=1).all()


def test_luck_that_acts_through_a_factor_is_no_answer():
    """The slope is 1 in one replicate and -0.5 in the other: smooth, predicted at unseen points, and nothing but luck."""
    unit = np.random.default_rng(5).random((64, 3))
    found = indices(unit, unit[:, :1] * np.array([1.0, -0.5]), ["a", "b", "c"])
    assert found.q2 > 0.9 and found.table.empty
    assert "when luck is taken off" in str(found.refused) and "8 instead of 2" in str(found.refused)


@pytest.mark.parametrize("groups", [None, ["all"] * 3], ids=["one factor", "one group of all"])
def test_one_factor_is_all_that_is_not_luck(groups):
    factors = 1 if groups is None else 3
    rng = np.random.default_rng(4)
    unit = rng.random((64, factors))
    y = np.sin(3 * unit[:, :1]) + unit.sum(axis=1, keepdims=True) + 0.3 * rng.normal(size=(64, 4))
    said = indices(unit, y, [f"x{k}" for k in range(factors)], groups=groups)
    assert said.refused is None and said.interactions.empty
    assert said.table[INDICES].to_numpy() == pytest.approx(1.0) and said.table.total_low[0] > 0.5
    nothing = indices(unit, rng.normal(size=(64, 4)), [f"x{k}" for k in range(factors)], groups=groups)
    assert "beyond luck" in str(nothing.refused)


@pytest.mark.parametrize("replicates", [1, 2])
def test_one_or_two_replicates_are_refused_with_what_would_do(replicates):
    """However good the emulator is; nor is anything left that could be shown."""
    said = indices(*KNOWN.runs(KNOWN.ishigami(), 128, replicates, 0.06, 0), ["a", "b", "c"])
    assert said.q2 > 0.9 and said.table.empty and said.interactions is said.effects is said.convergence is None
    assert "luck cannot be told from factors" in str(said.refused) and said.refused.values["enough"] == 4
    assert said.covers.id == "covers_nothing"


def test_a_function_without_luck_needs_no_replicates():
    unit, y = KNOWN.runs(KNOWN.ishigami(), 128, 1, 0.0, 0)
    said = indices(unit, y, ["a", "b", "c"], luck=False)
    assert said.refused is None and said.table.equals(indices(unit, np.tile(y, 2), ["a", "b", "c"]).table)


def test_replicates_that_agree_have_no_luck_and_more_of_them_leave_less():
    assert hidden_by_luck(2, 0.0) is None and hidden_by_luck(3, None) is None
    assert hidden_by_luck(2, 0.01) and hidden_by_luck(1, None)
    for replicates, sd in ((2, 0.1), (3, 0.2), (4, 0.3), (8, 0.4)):
        wanted = hidden_by_luck(replicates, sd).values["enough"]
        assert wanted > replicates and reach(sd, replicates, wanted) <= GOOD_LUCK
        assert wanted == 4 or reach(sd, replicates, wanted - 1) > GOOD_LUCK
        assert hidden_by_luck(wanted, sd * (replicates / wanted) ** 0.5) is None, "the advice helps"


ALIASED = 20  # factors of Ishigami's function with dummies


def with_dummies(points, seed, checks):
    """Ishigami's function with 17 factors that do nothing, on a Sobol net of so many points with so many random ones beside it."""
    function, rng = KNOWN.ishigami(), np.random.default_rng([seed, 7])
    unit = np.vstack([qmc.Sobol(ALIASED, rng=np.random.default_rng(seed)).random(points), rng.random((checks, ALIASED))])
    return unit, function.at(unit[:, :3]), np.arange(len(unit)) >= points


@pytest.mark.parametrize("seed", range(3))
def test_q2_is_earned_where_the_net_does_not_help(seed):
    """Terms of a net look alike at all its points, so folds of it flatter; random points beside it do not."""
    unit, y, judges = with_dummies(128, seed, 128)
    emulator = Emulator.fit(unit, y, validation=judges)
    fresh = np.random.default_rng(5).random((4000, ALIASED))
    exact = KNOWN.ishigami().at(fresh[:, :3])
    true = 1 - np.mean((exact - emulator.predict(fresh)) ** 2) / exact.var()
    low, high = emulator.q2_interval
    assert emulator.validated == 128 and low <= emulator.q2 <= high
    assert low - 0.1 <= true <= high + 0.1
    said = indices(unit, y, [f"x{k}" for k in range(ALIASED)], validation=judges)
    assert said.q2 == emulator.q2 and said.validated == 128 and not any("not validated" in str(note) for note in said.notes)
    if said.refused is None:
        assert (said.table.total_low[3:] < 0.02).all()  # no dummy is said to matter


def test_terms_that_a_net_cannot_tell_apart_are_kept_out():
    unit = qmc.Sobol(8, rng=np.random.default_rng(0)).random(64)
    unit = np.column_stack([unit, unit[:, 0]])  # a factor twice
    basis = Basis.of(unit)
    terms = np.vstack([np.eye(9, dtype=np.int8), hyperbolic(9, 200)])
    kept, columns = _told_apart(basis, unit, terms)
    assert len(kept) == len(np.unique(kept, axis=0)) and not (kept[:, 0].astype(bool) & kept[:, 8].astype(bool)).any()
    alike = np.abs(np.corrcoef(columns, rowvar=False)) - np.eye(len(kept))
    assert alike.max() <= max(0.5, 5 / 8) + 1e-6


def test_points_of_which_something_is_wrong_are_spoken_of():
    rng = np.random.default_rng(0)
    unit = rng.random((200, 4))
    y = unit[:, 0] + 0.1 * unit[:, 1]
    twice = np.column_stack([unit, unit[:, 2]])
    assert any("x2 and x4 have the same values" in str(note) for note in indices(twice, y, [f"x{k}" for k in range(5)]).notes)
    leaning = unit.copy()
    leaning[:, 3] = 0.6 * unit[:, 2] + 0.4 * unit[:, 3]
    assert any("most in x2 and x3" in str(note) for note in indices(leaning, y, [f"x{k}" for k in range(4)]).notes)
    failing = np.where(unit[:, 1] > 0.85, np.nan, y)
    assert any("Runs fail where x1 is high" in str(note) for note in indices(unit, failing, [f"x{k}" for k in range(4)]).notes)
    assert not any("fail where" in str(note) or "goes with" in str(note) for note in indices(unit, y, [f"x{k}" for k in range(4)]).notes)


def test_small_and_lopsided_designs():
    rng = np.random.default_rng(0)
    one = rng.random((40, 1))
    said = indices(one, np.sin(6 * one), ["a"], luck=False)
    assert said.table.total[0] == pytest.approx(1) and said.table["first"][0] == pytest.approx(1)
    unit = rng.random((128, 3))
    whole = indices(unit, unit.sum(axis=1), list("abc"), groups=["all"] * 3, luck=False)
    assert whole.names == ["all"] and whole.table.total[0] == pytest.approx(1)
    rare = np.column_stack([np.where(rng.random(300) < 0.1, 0.95, 0.45), rng.random(300)])  # a choice that is seldom taken
    said = indices(rare, 3.0 * (rare[:, 0] > 0.9) + rare[:, 1], ["rare", "b"], luck=False)
    assert said.q2 > 0.95
    many = rng.random((64, 100))
    few = indices(many, many[:, 0] + 0.01 * rng.normal(size=64), [f"x{k}" for k in range(100)], luck=False)
    assert few.refused or few.table.total.idxmax() == 0
