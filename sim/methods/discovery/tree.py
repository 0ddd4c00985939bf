"""A second opinion on where cases lie: a classification tree, no larger than cross-validation allows."""

import numpy as np
import pandas as pd

LEAVES = 8  # of a tree at most
DEPTH = 3  # conditions in a rule at most
FOLDS = 10
Condition = tuple[int, bool, float]  # factor, at most (else above), limit


def tree(x: np.ndarray, y: np.ndarray, *, smallest: float, clusters: np.ndarray | None = None, seed: int = 0) -> pd.DataFrame:
    """The leaves of a tree: rule (a list of conditions), n, share (of its points that are cases), coverage; most cases a point first.

    x, y      as for `search`;  smallest: share of all points that a leaf must hold
    clusters  points with the same number are in the same fold
    The tree is the smallest that predicts cases at points that it has not seen as well as the best one, but for a standard error. A row
    whose rule is empty means that the share of cases alone does.
    """
    from sklearn.model_selection import GroupKFold, cross_val_predict  # here, because it takes long to import
    from sklearn.tree import DecisionTreeRegressor  # of 0 and 1: the squared error is Gini's measure, and what it predicts is a share

    groups, least = np.arange(len(y)) if clusters is None else clusters, max(int(np.ceil(smallest * len(y))), 1)
    everywhere: list[tuple[list[Condition], int, int]] = [([], len(y), int(y.sum()))]
    if len(np.unique(groups)) < 2:
        return _table(everywhere)

    def grown(leaves: int) -> DecisionTreeRegressor:
        return DecisionTreeRegressor(max_leaf_nodes=leaves, max_depth=DEPTH, min_samples_leaf=least, random_state=seed)

    folds = list(GroupKFold(min(FOLDS, len(np.unique(groups))), shuffle=True, random_state=seed).split(x, y, groups))
    root = np.empty(len(y))
    for train, test in folds:
        root[test] = y[train].mean()
    predicted = [cross_val_predict(grown(leaves), x, y.astype(float), cv=folds) for leaves in range(2, LEAVES + 1)]
    leaves = 1 + _smallest(np.array([(y - one) ** 2 for one in (root, *predicted)]))
    return _table(everywhere if leaves == 1 else _leaves(grown(leaves).fit(x, y.astype(float)), x, y))


def _smallest(errors: np.ndarray) -> int:
    """The first of some trees (k x n: squared errors at points not seen) that is not worse than the best by more than a standard error."""
    worse = errors - errors[errors.mean(axis=1).argmin()]
    close = worse.mean(axis=1) <= worse.std(axis=1) / np.sqrt(errors.shape[1])
    return int(np.argmax(close))


def _leaves(fitted: object, x: np.ndarray, y: np.ndarray) -> list[tuple[list[Condition], int, int]]:
    """Rule, points and cases of each leaf."""
    made = fitted.tree_  # type: ignore[attr-defined]
    at = fitted.apply(x)  # type: ignore[attr-defined]
    found, waiting = [], [(0, list[Condition]())]
    while waiting:
        node, rule = waiting.pop()
        if made.children_left[node] < 0:
            here = at == node
            found.append((rule, int(here.sum()), int(y[here].sum())))
            continue
        factor, limit = int(made.feature[node]), float(made.threshold[node])
        waiting.append((int(made.children_right[node]), [*rule, (factor, False, limit)]))
        waiting.append((int(made.children_left[node]), [*rule, (factor, True, limit)]))
    return found


def _table(leaves: list[tuple[list[Condition], int, int]]) -> pd.DataFrame:
    many = sum(hits for _, _, hits in leaves)
    rows = [(rule, n, hits / n, hits / many if many else 0.0) for rule, n, hits in leaves]
    made = pd.DataFrame(rows, columns=["rule", "n", "share", "coverage"])
    return made.sort_values("share", ascending=False, kind="stable", ignore_index=True)
