"""Methods of SALib: its own numbers, luck taken off where replicates allow it, and its traps."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
from SALib.analyze import delta as salib_delta
from SALib.analyze import fast as salib_fast
from SALib.analyze import morris as salib_morris
from SALib.analyze import pawn as salib_pawn
from SALib.analyze import sobol as salib_sobol
from SALib.sample import fast_sampler
from SALib.sample import morris as morris_sampler
from SALib.sample import sobol as sobol_sampler
from scipy.stats import spearmanr

from sim.errors import InputError
from sim.methods.indices import indices
from sim.methods.indices.noise import responses
from sim.methods.indices.slices import medians

FILE = Path(__file__).parents[2] / "experiments" / "known-answers" / "run.py"
SPEC = importlib.util.spec_from_file_location("known_answers", FILE)
assert SPEC is not None and SPEC.loader is not None
KNOWN = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(KNOWN)
ISHIGAMI = KNOWN.ishigami()
NAMES = ["a", "b", "c_conf"]  # an ending that SALib's delta forbids
PROBLEM = {"num_vars": 3, "names": ["x0", "x1", "x2"], "bounds": [[0, 1]] * 3}
SALTELLI = {"sampler": "saltelli", "second_order": False}


def with_luck(unit, replicates=3, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    y = ISHIGAMI.at(unit)[:, None] + noise * rng.normal(size=(len(unit), replicates))
    return y + 10 * rng.normal(size=replicates)


@pytest.fixture(scope="module")
def saltelli():
    return sobol_sampler.sample(dict(PROBLEM), 256, calc_second_order=False, seed=3)


@pytest.mark.parametrize("second", [False, True])
def test_sobol_is_salib(second):
    unit = sobol_sampler.sample(dict(PROBLEM), 128, calc_second_order=second, seed=3)
    y = with_luck(unit)
    design = {"sampler": "saltelli", "second_order": second}
    direct = salib_sobol.analyze(dict(PROBLEM), y.mean(axis=1), calc_second_order=second, num_resamples=10)
    said = indices(unit, y, NAMES, method="sobol", design=design)
    assert np.allclose(said.table.first_salib, direct["S1"], atol=1e-12) and np.allclose(said.table.total_salib, direct["ST"], atol=1e-12)
    alone = salib_sobol.analyze(dict(PROBLEM), y[:, 0], calc_second_order=second, num_resamples=200, seed=1)
    one = indices(unit, y[:, :1], NAMES, method="sobol", design=design, seed=0, luck=False)
    assert "With 1 replicate luck" in str(indices(unit, y[:, :1], NAMES, method="sobol", design=design).refused)
    assert np.array_equal(one.table["first"], alone["S1"]) and np.array_equal(one.table["total"], alone["ST"])
    assert one.table.total_high[0] == pytest.approx(min(alone["ST"][0] + alone["ST_conf"][0], 1), abs=1e-12)
    if second:
        row = one.interactions[(one.interactions.one == "a") & (one.interactions.other == "c_conf")].iloc[0]
        assert row.share == pytest.approx(alone["S2"][0, 2], abs=1e-12)
    else:
        assert one.interactions is None


def test_sobol_takes_luck_off_totals():
    """Luck as large as the answer: SALib books it to every factor."""
    unit = sobol_sampler.sample(dict(PROBLEM), 1024, calc_second_order=False, seed=3)
    y = with_luck(unit, 4, noise=np.sqrt(ISHIGAMI.variance))
    said = indices(unit, y, NAMES, method="sobol", design=SALTELLI).table
    assert np.abs(said.total_salib - ISHIGAMI.total).max() > 0.1
    assert np.abs(said.total - ISHIGAMI.total).max() < 0.08
    assert ((said.total_low <= ISHIGAMI.total) & (ISHIGAMI.total <= said.total_high)).all()
    assert ((said.first_low <= ISHIGAMI.first) & (ISHIGAMI.first <= said.first_high)).all()


def test_sobol_intervals_hold_the_exact_totals():
    held = []
    for seed in range(8):
        unit = sobol_sampler.sample(dict(PROBLEM), 256, calc_second_order=False, seed=seed + 1)
        said = indices(unit, with_luck(unit, 3, 2.0, seed), NAMES, method="sobol", design=SALTELLI, seed=seed)
        held += list((said.table.total_low <= ISHIGAMI.total) & (ISHIGAMI.total <= said.table.total_high))
        assert said.convergence.points.unique().tolist() == [320, 640, 1280]
    assert np.mean(held) >= 0.85  # of 24


def test_groups_of_a_saltelli_design():
    problem = PROBLEM | {"groups": ["one", "two", "one"]}
    unit = sobol_sampler.sample(problem, 512, calc_second_order=False, seed=3)
    said = indices(unit, ISHIGAMI.at(unit)[:, None], NAMES, method="sobol", groups=["one", "two", "one"], design=SALTELLI, luck=False)
    assert said.table.factor.tolist() == ["one", "two"]
    assert said.table.total.tolist() == pytest.approx([1 - ISHIGAMI.total[1], ISHIGAMI.total[1]], abs=0.1)


def test_a_failed_run_is_never_a_zero(saltelli):
    y = with_luck(saltelli)
    y[7] = np.nan
    with pytest.raises(InputError, match="failed at 1 of 1280 points") as found:
        indices(saltelli, y, NAMES, method="sobol", design=SALTELLI)
    assert found.value.remedy.startswith("Run them again")
    unit = morris_sampler.sample(dict(PROBLEM), 10, num_levels=4, seed=2)
    y = with_luck(unit, 1)
    y[[1, 5]] = np.nan
    with pytest.raises(InputError, match="failed at 2 of 40 points"):
        indices(unit, y, NAMES, method="morris")
    y = with_luck(saltelli)
    y[7, 0] = np.nan
    said = indices(saltelli, y, NAMES, method="sobol", design=SALTELLI)
    assert said.replicates == 2 and "1 replicate was left out" in str(said.notes[0])


def test_points_of_another_design_are_refused(saltelli):
    y = with_luck(saltelli)
    with pytest.raises(InputError, match="multiple of 5"):
        indices(saltelli[:-1], y[:-1], NAMES, method="sobol", design=SALTELLI)
    with pytest.raises(InputError, match="not those of a Saltelli"):
        indices(saltelli[:, [1, 0, 2]], y, NAMES, method="sobol", design=SALTELLI)
    with pytest.raises(InputError, match="Saltelli"):
        indices(saltelli, y, NAMES, method="sobol", design=SALTELLI | {"second_order": True})
    with pytest.raises(InputError, match="no Morris trajectories"):
        indices(saltelli, y, NAMES, method="morris")
    with pytest.raises(InputError, match="multiple of 3"):
        indices(saltelli[:-1], y[:-1], NAMES, method="efast")
    with pytest.raises(InputError, match="differ from the first"):
        indices(saltelli, y, NAMES, method="oat")


def test_an_output_that_does_not_vary_is_refused(saltelli):
    flat = np.ones((len(saltelli), 2))
    for method in ("sobol", "delta", "pawn"):
        said = indices(saltelli, flat, NAMES, method=method, design=SALTELLI)
        assert said.table.empty and "same at all points" in str(said.refused)


def test_morris_is_salib_and_the_mean_of_each_replicate():
    unit = morris_sampler.sample(dict(PROBLEM), 30, num_levels=4, seed=2)
    y = with_luck(unit)
    said = indices(unit, y, NAMES, method="morris", design={"sampler": "morris", "levels": 4}).table
    direct = salib_morris.analyze(dict(PROBLEM), unit, y.mean(axis=1), num_levels=4, seed=1)
    for column, key in (("mu", "mu"), ("mu_star", "mu_star"), ("sigma", "sigma")):
        assert np.allclose(said[column], np.asarray(direct[key], float), atol=1e-12)
    assert np.allclose(said.mu_star_high - said.mu_star, np.asarray(direct["mu_star_conf"], float), atol=1e-12)
    each = [indices(unit, y[:, [j]], NAMES, method="morris", design={"levels": 4}).table.mu for j in range(3)]
    assert np.allclose(said.mu, np.mean(each, axis=0), atol=1e-10)


def test_morris_of_groups_and_its_ranking_from_360_runs():
    problem = PROBLEM | {"groups": ["one", "two", "one"]}
    unit = morris_sampler.sample(problem, 20, num_levels=4, seed=2)
    said = indices(unit, with_luck(unit), NAMES, method="morris", groups=["one", "two", "one"]).table
    assert said.factor.tolist() == ["one", "two"] and np.isfinite(said.mu_star).all() and np.isnan(said.sigma[0])
    ranks = KNOWN.morris(4)
    assert ranks.min() >= 0.85


def test_efast_is_salib():
    unit = np.clip(fast_sampler.sample(dict(PROBLEM), 257, seed=2), 0, 1)
    y = with_luck(unit, noise=0.05)
    said = indices(unit, y, NAMES, method="efast").table
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        direct = salib_fast.analyze(dict(PROBLEM), y.mean(axis=1))
    assert np.array_equal(said["first"], direct["S1"]) and np.array_equal(said["total"], direct["ST"])
    with pytest.raises(InputError, match="not those of an eFAST"):
        indices(unit[:, ::-1], y, NAMES, method="efast")
    with pytest.raises(InputError, match="more than 64"):
        indices(unit[:90], y[:90], NAMES, method="efast")


def test_delta_and_pawn_are_salib():
    unit = np.random.default_rng(0).random((100, 3))
    y = with_luck(unit)
    points = responses(y).mean
    assert np.allclose(points, y.mean(axis=1), atol=1e-12)
    state, shown = np.random.get_state()[1].copy(), warnings.formatwarning
    found = indices(unit, y, NAMES, method="delta", seed=0).table
    assert np.array_equal(np.random.get_state()[1], state) and warnings.formatwarning is shown  # SALib touches both
    with warnings.catch_warnings(record=True):
        direct = salib_delta.analyze(dict(PROBLEM), unit, points, seed=1)
    warnings.formatwarning = shown
    assert np.allclose(found.delta, direct["delta_raw"] if "delta_raw" in direct else direct["delta"], atol=1e-12)
    assert np.allclose(found["first"], direct["S1"], atol=1e-12)
    said = indices(unit, y, NAMES, method="pawn", seed=0).table
    direct = salib_pawn.analyze(dict(PROBLEM), unit, points, S=10)
    for column, key in (("minimum", "minimum"), ("mean", "mean"), ("median", "median"), ("maximum", "maximum"), ("cv", "CV")):
        assert np.array_equal(said[column], direct[key])
    assert ((said.median_low < said["median"]) & (said["median"] < said.median_high)).all()


def test_pawn_says_how_much_a_factor_that_does_nothing_seems_to_do():
    below = []
    for seed in range(5):
        unit = np.random.default_rng(seed).random((150, 4))
        said = indices(unit, 3 * unit[:, 0], list("abcd"), method="pawn", seed=seed).table
        assert said["median"][0] > 2 * said.inert[0]
        below += list(said["median"][1:] < said.inert[1:])
    assert np.mean(below) >= 0.8


def test_the_quick_distances_of_pawn_are_salibs():
    """One resample with every point once must give SALib's medians."""

    class Once:
        def multinomial(self, n, shares, size):
            return np.ones((1, n), dtype=int)

    unit = np.random.default_rng(0).random((150, 3))
    y = np.round(ISHIGAMI.at(unit), 1)  # with ties
    direct = salib_pawn.analyze(dict(PROBLEM), unit, y, S=10)
    assert np.allclose(medians(unit, y, 10, Once())[0], direct["median"], atol=1e-12)


def test_failed_points_are_left_out_by_delta_and_pawn():
    unit = np.random.default_rng(0).random((120, 3))
    y = with_luck(unit)
    y[3] = np.nan
    for method in ("delta", "pawn"):
        said = indices(unit, y, NAMES, method=method)
        assert (
            said.points == 119
            and "1 point was left out" in str(said.notes[0])
            and np.isfinite(said.table.drop(columns="factor")).all(axis=None)
        )
    assert "too few" in str(indices(unit[:40], y[:40], NAMES, method="pawn").refused)


def test_one_factor_at_a_time():
    unit = np.full((7, 2), 0.5)
    unit[1:4, 0], unit[4:, 1] = [0.0, 0.25, 1.0], [0.0, 0.75, 1.0]
    luck = np.array([0.0, 5.0, -3.0])
    y = (4 * unit[:, 0] + (unit[:, 1] - 0.5) ** 2)[:, None] + luck + 0.01 * np.random.default_rng(0).normal(size=(7, 3))
    said = indices(unit, y, ["a", "b"], method="oat").table.set_index("factor")
    assert said.change["a"] == pytest.approx(4, abs=0.05) and said.change_low["a"] < 4 < said.change_high["a"]
    assert said.change_high["a"] - said.change_low["a"] < 0.2  # the luck that all points share is not in it
    assert said.swing["b"] == pytest.approx(0.25, abs=0.05) and abs(said.change["b"]) < 0.05
    assert said.high["a"] - said.low["a"] == pytest.approx(said.change["a"])


def test_a_ranking_by_every_method():
    unit = sobol_sampler.sample(dict(PROBLEM), 128, calc_second_order=False, seed=3)
    y = with_luck(unit)
    for method, column in (("emulator", "total"), ("sobol", "total")):
        table = indices(unit, y, NAMES, method=method, design=SALTELLI).table
        assert spearmanr(table[column], ISHIGAMI.total).statistic == pytest.approx(1)


OWN = {
    "sobol": (sobol_sampler.sample, (64,), {"calc_second_order": False}, SALTELLI),
    "morris": (morris_sampler.sample, (10,), {"num_levels": 4}, {"sampler": "morris", "levels": 4}),
    "efast": (fast_sampler.sample, (129,), {}, {}),
}


@pytest.mark.parametrize("method", [*OWN, "delta", "pawn", "oat"])
def test_one_factor(method):
    """The only factor makes all the difference, whatever asks."""
    if method in OWN:
        sampler, many, options, design = OWN[method]
        unit = sampler({"num_vars": 1, "names": ["a"], "bounds": [[0, 1]]}, *many, seed=1, **options)
    else:
        unit, design = (np.linspace(0, 1, 160) if method != "oat" else np.array([0.5, 0.0, 1.0]))[:, None], {}
    y = 4 * unit + 0.01 * np.random.default_rng(2).normal(size=(len(unit), 4))
    said = indices(unit, y, ["a"], method=method, design=design)
    assert said.refused is None and said.table.factor.tolist() == ["a"]
    for column in {"first", "total"} & set(said.table):
        assert said.table[column][0] == pytest.approx(1, abs=0.1)
