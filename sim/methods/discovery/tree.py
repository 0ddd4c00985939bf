"""A second opinion on where cases lie: a classification tree (Breiman et al. 1984), no larger than cross-validation allows."""

from typing import NamedTuple

import numpy as np
import pandas as pd

LEAVES = 8  # of a tree at most
DEPTH = 3  # conditions in a rule at most
FOLDS = 10
Condition = tuple[int, bool, float]  # factor, at most (else above), limit


class Leaf(NamedTuple):
    """Where a tree ends: its rule, its points, and the split that would help most: what it takes off the squared error, factor, limit."""

    rule: list[Condition]
    rows: np.ndarray
    split: tuple[float, int, float]


def tree(x: np.ndarray, y: np.ndarray, *, smallest: float, clusters: np.ndarray | None = None, seed: int = 0) -> pd.DataFrame:
    """The leaves of a tree: rule (a list of conditions), n, share (of its points that are cases), coverage; most cases a point first.

    x, y      as for `search`;  smallest: share of all points that a leaf must hold
    clusters  points with the same number are in the same fold
    The tree is the smallest that predicts cases at points that it has not seen as well as the best one, but for a standard error. A row
    whose rule is empty means that the share of cases alone does.
    """
    groups = np.arange(len(y)) if clusters is None else clusters
    alike, least, cases = np.unique(groups), max(int(np.ceil(smallest * len(y))), 1), np.asarray(y, float)
    if len(alike) < 2:
        return _table([([], len(y), int(y.sum()))])
    errors = np.empty((LEAVES, len(y)))
    for fold in np.array_split(np.random.RandomState(seed).permutation(alike), min(FOLDS, len(alike))):
        test = np.isin(groups, fold)
        for k, leaves in enumerate(_grown(x[~test], cases[~test], least)):
            errors[k, test] = (cases[test] - _predicted(leaves, x[test], cases[~test])) ** 2
    leaves = _grown(x, cases, least)[_smallest(errors)]
    return _table([(leaf.rule, len(leaf.rows), int(y[leaf.rows].sum())) for leaf in leaves])


def _grown(x: np.ndarray, cases: np.ndarray, least: int) -> list[list[Leaf]]:
    """Trees of 1 to LEAVES leaves, each the one before with the split that takes most off the squared error: Gini's measure, of 0 and 1."""

    def leaf(rule: list[Condition], rows: np.ndarray) -> Leaf:
        return Leaf(rule, rows, _best_split(x[rows], cases[rows], least) if len(rule) < DEPTH else (0.0, 0, 0.0))

    trees = [[leaf([], np.arange(len(x)))]]
    while len(trees) < LEAVES:
        before = trees[-1]
        place = int(np.argmax([each.split[0] for each in before]))
        rule, rows, (gain, factor, limit) = before[place]
        low = x[rows, factor] <= limit
        parts = [leaf([*rule, (factor, below, limit)], rows[low == below]) for below in (True, False)] if gain > 0.0 else [before[place]]
        trees.append([*before[:place], *parts, *before[place + 1 :]])
    return trees


def _best_split(x: np.ndarray, cases: np.ndarray, least: int) -> tuple[float, int, float]:
    """What the best split takes off the squared error, its factor and its limit, halfway between two points; 0 if none helps."""
    best, n = (0.0, 0, 0.0), np.arange(1, len(cases))
    for factor in range(x.shape[1]):
        order = np.argsort(x[:, factor], kind="stable")
        values, hits = x[order, factor], np.cumsum(cases[order])
        gain = hits[:-1] ** 2 / n + (hits[-1] - hits[:-1]) ** 2 / (len(cases) - n) - hits[-1] ** 2 / len(cases)
        gain[(values[1:] <= values[:-1]) | (n < least) | (len(cases) - n < least)] = 0.0
        if len(gain) and (most := gain.max()) > best[0] + 1e-12:
            at = int(gain.argmax())
            best = float(most), factor, float(values[at] + (values[at + 1] - values[at]) / 2)
    return best


def _predicted(leaves: list[Leaf], x: np.ndarray, cases: np.ndarray) -> np.ndarray:
    """The share of cases in the leaf of each point."""
    shares = np.empty(len(x))
    for rule, rows, _ in leaves:
        shares[np.all([(x[:, factor] <= limit) == below for factor, below, limit in rule] or [np.ones(len(x), bool)], axis=0)] = cases[
            rows
        ].mean()
    return shares


def _smallest(errors: np.ndarray) -> int:
    """The first of some trees (k x n: squared errors at points not seen) that is not worse than the best by more than a standard error."""
    worse = errors - errors[errors.mean(axis=1).argmin()]
    close = worse.mean(axis=1) <= worse.std(axis=1) / np.sqrt(errors.shape[1])
    return int(np.argmax(close))


def _table(leaves: list[tuple[list[Condition], int, int]]) -> pd.DataFrame:
    many = sum(hits for _, _, hits in leaves)
    rows = [(rule, n, hits / n, hits / many if many else 0.0) for rule, n, hits in leaves]
    made = pd.DataFrame(rows, columns=["rule", "n", "share", "coverage"])
    return made.sort_values("share", ascending=False, kind="stable", ignore_index=True)
