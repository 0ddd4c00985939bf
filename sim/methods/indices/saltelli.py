"""Sobol indices from a Saltelli design: SALib's, and the same with luck taken off.

Luck that differs between points adds to the squared differences from which totals come, so that every factor seems to act
(a total of 0.3 may be luck alone). With replicates the square of a mean difference is corrected by the spread of the difference
between replicates, which is right whatever luck has to do with the factors.
"""

from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.methods.indices.result import Sensitivity
from sim.methods.indices.salib import contained, salib_seed
from sim.style import note

RESAMPLES = 200
NORMAL = 1.959963984540054
LEAST = 16  # base points of a prefix
ADVICE = "Check the order of factors, the groups and second_order."


def blocks(unit: np.ndarray, members: dict[str, np.ndarray], second: bool) -> np.ndarray:
    """base x (g + 2): rows of the design: A, then A with each group taken from B, then B. InputError if the points are others."""
    g = len(members)
    step = 2 * g + 2 if second else g + 2
    if len(unit) % step or len(unit) < 2 * step:
        message = f"{len(unit)} points are not those of a Saltelli design, whose number is a multiple of {step} here."
        raise InputError(message, ADVICE)
    rows = np.arange(len(unit)).reshape(-1, step)
    places = rows[:, [*range(g + 1), step - 1]]
    one, other = unit[places[:, 0]], unit[places[:, -1]]
    for k, own in enumerate(members.values()):
        if not np.array_equal(unit[places[:, k + 1]], np.where(own, other, one)):
            raise InputError("the points are not those of a Saltelli design of these factors or groups.", ADVICE)
    return places


def estimated(found: Sensitivity, y: np.ndarray, places: np.ndarray, problem: dict[str, Any], second: bool, seed: int) -> Sensitivity:
    """The result with its table. y: n x r, no run missing."""
    from SALib.analyze import sobol

    with contained():
        said = sobol.analyze(problem, y.mean(axis=1), calc_second_order=second, num_resamples=RESAMPLES, seed=salib_seed(seed))
    runs, r = y[places], y.shape[1]  # base x (g + 2) x r
    runs = runs - runs.mean(axis=(0, 1))  # what a luck does everywhere is no spread between points
    table: dict[str, Any] = {"factor": found.names}
    whole = _indices(runs)
    if whole is None:
        found.refused = note("nothing_beyond_luck")
        return found
    if r > 1:
        points, by_luck = _errors(runs, np.random.default_rng([seed, 4]))
        error, found.luck_error = np.sqrt(points + by_luck), float(by_luck[1, whole[1].argmax()]) ** 0.5
        for k, name in enumerate(("first", "total")):
            table |= _shown(name, whole[k], NORMAL * error[k])
    else:
        for name, key in (("first", "S1"), ("total", "ST")):
            table |= _shown(name, said[key], said[f"{key}_conf"])
    found.table = pd.DataFrame(table | {"first_salib": said["S1"], "total_salib": said["ST"]})
    found.interactions = _second(found.names, said) if second else None
    found.convergence = _convergence(found, runs, seed)
    found.covers = note("covers_sobol" if r > 1 else "covers_sobol_one")
    return found


def _shown(name: str, middle: np.ndarray, half: np.ndarray) -> dict[str, np.ndarray]:
    low = np.minimum(np.clip(middle - half, 0, 1), middle)  # an estimate may be below 0
    return {name: middle, f"{name}_low": low, f"{name}_high": np.maximum(np.clip(middle + half, 0, 1), middle)}


def _product(one: np.ndarray, other: np.ndarray, luck: bool) -> np.ndarray:
    """Product of means over replicates (the last axis), less what luck they share adds to it."""
    product = one.mean(axis=-1) * other.mean(axis=-1)
    r = one.shape[-1]
    if not luck or r < 2:
        return product
    apart = (one - one.mean(axis=-1, keepdims=True)) * (other - other.mean(axis=-1, keepdims=True))
    return product - apart.sum(axis=-1) / (r * (r - 1))


def _terms(runs: np.ndarray, luck: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each base point says of first and total effects (base x g each) and of the variance (base).

    The first is that of Saltelli et al. 2010, the total Jansen's, as in SALib; runs are base x (g + 2) x r, each replicate about its mean.
    """
    a, ab, b = runs[:, :1], runs[:, 1:-1], runs[:, -1:]
    square = _product(runs[:, [0, -1]], runs[:, [0, -1]], luck).mean(axis=1)
    return _product(np.broadcast_to(b, ab.shape), ab - a, luck), _product(ab - a, ab - a, luck) / 2, square


def _indices(runs: np.ndarray, luck: bool = True) -> np.ndarray | None:
    """2 x g: first and total; None if there is no variance beyond luck."""
    first, total, square = _terms(runs, luck)
    middle = runs[:, [0, -1]].mean()
    variance = square.mean() - middle**2
    return None if variance <= 0 else np.array([first.mean(axis=0), total.mean(axis=0)]) / variance


def _errors(runs: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Twice 2 x g: squared standard errors, by resampling base points, and by leaving out one replicate after the other."""
    first, total, square = _terms(runs)
    base, r = len(runs), runs.shape[-1]
    counts = rng.multinomial(base, np.full(base, 1 / base), size=RESAMPLES) / base
    middles = runs[:, [0, -1]].mean(axis=(1, 2))
    variance = np.maximum(counts @ square - (counts @ middles) ** 2, 0.05 * (square.mean() - middles.mean() ** 2))
    points = np.array([(counts @ each / variance[:, None]).var(axis=0, ddof=1) for each in (first, total)])
    without = [_indices(np.delete(runs, j, axis=-1), luck=False) for j in range(r)]
    known = np.array([each for each in without if each is not None])
    return points, known.var(axis=0) * (r - 1)


def _second(names: list[str], said: dict[str, Any]) -> pd.DataFrame:
    """SALib's second-order indices."""
    one, other = np.triu_indices(len(names), 1)
    share, half = said["S2"][one, other], said["S2_conf"][one, other]
    table = pd.DataFrame({"one": [names[k] for k in one], "other": [names[k] for k in other], "share": share,
                          "low": share - half, "high": share + half})  # fmt: skip
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _convergence(found: Sensitivity, runs: np.ndarray, seed: int) -> pd.DataFrame:
    """Totals from the first base points alone; the last are those of the table."""
    base, width = runs.shape[:2]
    rows = []
    for count in (base // 4, base // 2):
        part = runs[:count] - runs[:count].mean(axis=(0, 1)) if count >= LEAST else runs[:0]
        if count < LEAST or (whole := _indices(part)) is None:
            continue
        many = part.shape[-1] > 1
        half = NORMAL * (np.sqrt(sum(_errors(part, np.random.default_rng([seed, 5])))) if many else _errors_of_one(part, seed))
        shown = _shown("total", whole[1], half[1])
        rows.append(pd.DataFrame({"points": count * width, "factor": found.names, "total": shown["total"],
                                  "low": shown["total_low"], "high": shown["total_high"]}))  # fmt: skip
    last = found.table.rename(columns={"total_low": "low", "total_high": "high"})[["factor", "total", "low", "high"]]
    last.insert(0, "points", base * width)
    return pd.concat([*rows, last], ignore_index=True)


def _errors_of_one(runs: np.ndarray, seed: int) -> np.ndarray:
    """2 x g: the same with one replicate."""
    rng = np.random.default_rng([seed, 5])
    first, total, square = _terms(runs)
    base = len(runs)
    counts = rng.multinomial(base, np.full(base, 1 / base), size=RESAMPLES) / base
    return np.array([(counts @ each / (counts @ square)[:, None]).std(axis=0, ddof=1) for each in (first, total)])
