"""Sensitivity analysis where the answer is known: how far off the indices are, and how often the intervals hold it.

    python experiments/known-answers/run.py [--designs 40] [--quick] [--out out/known-answers.csv]

Each row analyzes one function on many designs that differ in their points and their luck, by the method emulator, and compares with
the exact indices:

    error       largest error of a total index in a design, mean over designs; "worst" is the largest of all designs
    covered     share of 95 % intervals, of first and total indices, that hold the exact one; "least" for the factor where it is least
    width       mean width of the intervals of totals
    spoke       share of designs on which the emulator was good enough to speak (LEAST_Q2)
    seconds     of an analysis, with curves, interactions and convergence

Functions: Ishigami (3 factors), Sobol's g (8 factors, most of little weight), additive (30 factors, 26 inert), effect (8 factors: a small
difference with an interaction), nothing (8 factors, none of which matters; here an index counts as covered if nothing is said or 0 is
within). Luck: a replicate's run is f + c + e, with c the same at all points; e is drawn at each point ("noise" is its share of the
variance of single runs), or, where "by factor" is said, a slope in each factor that differs between replicates.

Then Morris: rank correlation of mu* with the exact totals, g with 8 weights that differ, 40 trajectories (360 runs).
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import qmc, spearmanr

from sim.files.writing import write_file
from sim.methods.indices import indices

WEIGHTS = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])
MIXED = np.array([0, 0.5, 1, 2, 4.5, 9, 20, 50])


class Function(NamedTuple):
    """A function on the unit cube whose indices are known."""

    name: str
    factors: int
    at: Callable[[np.ndarray], np.ndarray]
    first: np.ndarray
    total: np.ndarray
    variance: float


def ishigami(a: float = 7.0, b: float = 0.1) -> Function:
    """Ishigami and Homma (1990)."""
    first, second, both = 0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8, b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    variance = first + second + both

    def at(unit: np.ndarray) -> np.ndarray:
        x = np.pi * (2 * unit - 1)
        return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])

    return Function("Ishigami", 3, at, np.array([first, second, 0]) / variance, np.array([first + both, second, both]) / variance, variance)


def g(weights: np.ndarray = WEIGHTS) -> Function:
    """Sobol's g: a product of absolute values."""
    each = 1 / 3 / (1 + weights) ** 2
    variance = float(np.prod(1 + each)) - 1

    def at(unit: np.ndarray) -> np.ndarray:
        return np.prod((np.abs(4 * unit - 2) + weights) / (1 + weights), axis=1)

    return Function("g", len(weights), at, each / variance, each * (variance + 1) / (1 + each) / variance, variance)


def additive(factors: int = 30) -> Function:
    """Four factors of which each adds something of its own, and many that do nothing."""
    parts = np.zeros(factors)
    curve = (0.5 - np.sin(12) / 24) - ((1 - np.cos(6)) / 6) ** 2  # variance of sin(6 u)
    parts[:4] = 1 / 12, curve, 4 * (1 / 5 - 1 / 9), 0.3**2 / 12

    def at(unit: np.ndarray) -> np.ndarray:
        return unit[:, 0] + np.sin(6 * unit[:, 1]) + 2 * unit[:, 2] ** 2 + 0.3 * unit[:, 3]

    return Function("additive", factors, at, parts / parts.sum(), parts / parts.sum(), float(parts.sum()))


def effect() -> Function:
    """A difference of two runs: small, and half of it an interaction."""
    both = np.array([1 / 12, 1 / 12 / 4, 0, 0, 0, 0, 0, 0])
    pair = 9 / 144
    variance = both.sum() + pair
    touched = np.array([0, pair, pair, 0, 0, 0, 0, 0])

    def at(unit: np.ndarray) -> np.ndarray:
        return unit[:, 0] + unit[:, 1] / 2 + 3 * (unit[:, 1] - 0.5) * (unit[:, 2] - 0.5)

    return Function("effect", 8, at, both / variance, (both + touched) / variance, float(variance))


def nothing(factors: int = 8) -> Function:
    """No factor matters."""
    return Function("nothing", factors, lambda unit: np.zeros(len(unit)), np.zeros(factors), np.zeros(factors), 0.0)


def runs(
    function: Function, points: int, replicates: int, noise: float, seed: int, *, by_factor: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """A design (scrambled Sobol) and runs. noise: share of a single run's variance that is luck at the point."""
    rng = np.random.default_rng(seed)
    unit = qmc.Sobol(function.factors, rng=rng).random(points)
    scale = np.sqrt(function.variance * noise / (1 - noise)) if function.variance else 1.0
    y = function.at(unit)[:, None] + scale * rng.normal(size=(points, replicates)) + 3 * rng.normal(size=replicates)
    return unit, y + by_factor * np.sqrt(function.variance) * unit @ rng.normal(size=(function.factors, replicates))


def tried(function: Function, points: int, replicates: int, noise: float, designs: int, *, by_factor: float = 0.0) -> dict[str, object]:
    """A row of the table."""
    names = [f"x{k}" for k in range(function.factors)]
    errors, held, widths, spoke, seconds = [], [], [], 0, 0.0
    for seed in range(designs):
        unit, y = runs(function, points, replicates, noise, seed, by_factor=by_factor)
        start = time.perf_counter()
        said = indices(unit, y, names, seed=seed, luck=noise > 0 or by_factor > 0)
        seconds += time.perf_counter() - start
        spoke += said.refused is None
        if said.refused is None:
            table, near = said.table, 1e-9
            errors.append(np.abs(table.total - function.total).max())
            widths.append((table.total_high - table.total_low).mean())
            pairs = (("first", function.first), ("total", function.total))
            held.append([(table[f"{k}_low"] <= v + near) & (table[f"{k}_high"] >= v - near) for k, v in pairs])
    luck = f"{noise:.0%}" + (" + by factor" if by_factor else "")
    row = {"function": function.name, "points": points, "replicates": replicates, "noise": luck, "spoke": spoke / designs}
    if held:
        inside = np.array(held, dtype=float)
        row |= {
            "error": np.mean(errors),
            "worst": np.max(errors),
            "covered": inside.mean(),
            "least": inside.mean(axis=0).min(),
            "width": np.mean(widths),
        }
    return row | {"seconds": seconds / designs}


def morris(designs: int, trajectories: int = 40) -> np.ndarray:
    """Rank correlations of mu* with exact totals, one a design."""
    from SALib.sample import morris as sampler

    function = g(MIXED)
    names = [f"x{k}" for k in range(function.factors)]
    problem = {"num_vars": len(names), "names": names, "bounds": [[0, 1]] * len(names)}
    found = []
    for seed in range(designs):
        unit = sampler.sample(problem, trajectories, num_levels=4, seed=seed + 1)
        rng = np.random.default_rng(seed)
        y = function.at(unit)[:, None] + 0.1 * rng.normal(size=(len(unit), 1))
        said = indices(unit, y, names, method="morris", design={"sampler": "morris", "levels": 4}, seed=seed)
        found.append(spearmanr(said.table.mu_star, function.total).statistic)
    return np.array(found)


def cases(designs: int, quick: bool) -> list[Callable[[], dict[str, object]]]:
    """The rows of the table, each to be called."""
    asked: list[tuple[Function, int, int, float, float]] = [  # function, points, replicates, noise, by factor
        (ishigami(), 64, 1, 0.0, 0.0), (ishigami(), 512, 4, 0.2, 0.0), (g(), 512, 1, 0.0, 0.0), (g(), 512, 4, 0.2, 0.0),
        (g(), 512, 1, 0.2, 0.0), (additive(), 256, 4, 0.3, 0.0), (nothing(), 256, 4, 0.5, 0.0), (nothing(), 256, 1, 0.5, 0.0),
        (effect(), 512, 4, 0.6, 0.0), (effect(), 512, 4, 0.2, 0.5),
    ]  # fmt: skip
    if not quick:
        asked += [
            (g(), 128, 4, 0.2, 0.0), (g(), 512, 4, 0.5, 0.0), (effect(), 256, 8, 0.2, 0.5), (effect(), 256, 2, 0.2, 0.5),
            (effect(), 2048, 1, 0.5, 0.0), (additive(100), 1024, 2, 0.3, 0.0),
        ]  # fmt: skip
    return [partial(tried, *case[:4], designs, by_factor=case[4]) for case in asked]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--designs", type=int, default=40)
    parser.add_argument("--quick", action="store_true", help="fewer rows")
    parser.add_argument("--out", type=Path, default=Path("out/known-answers.csv"))
    asked = parser.parse_args()
    rows = []
    for case in cases(asked.designs, asked.quick):
        rows.append(case())
        print(
            " ".join(f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}" for key, value in rows[-1].items()), flush=True
        )
    found = pd.DataFrame(rows)
    ranks = morris(asked.designs)
    print(
        f"\nMorris, 360 runs: rank correlation with exact totals {ranks.mean():.3f} (least {ranks.min():.3f}) over {asked.designs} designs"
    )
    write_file(asked.out, found.to_csv(index=False))


if __name__ == "__main__":
    main()
