"""What an evaluator computes: regressions with errors that are robust to clusters, and a meta-analysis of sites."""

from typing import NamedTuple

import numpy as np

ESTIMATORS = ("difference", "ancova", "meta")


class Estimate(NamedTuple):
    """An effect with its standard error and the degrees of freedom of its t distribution; all nan if there is none."""

    effect: float
    error: float
    freedom: float


NONE = Estimate(np.nan, np.nan, np.nan)


def fit(
    y: np.ndarray, treated: np.ndarray, unit: np.ndarray, stratum: np.ndarray | None = None, baseline: np.ndarray | None = None, *,
    paired: bool = False,
) -> Estimate:  # fmt: skip
    """The effect of being treated by ordinary least squares, with an intercept for each stratum.

    y         the outcome of each person
    treated   bool, the same for all persons of a unit
    unit      what was drawn by lot: the cluster
    stratum   of each person; None: one
    baseline  the same person's outcome before; with it this is ANCOVA, without it the difference in means
    paired    strata are pairs: then they, not units, are the clusters, since the two of a pair differ by lot alone

    Errors are CR2 (Bell and McCaffrey; HC2 if every person is a unit), with t quantiles of clusters - strata - 1 degrees of
    freedom, or of pairs - 1; a baseline costs one more.
    """
    stratum = np.zeros(len(y), int) if stratum is None else np.unique(stratum, return_inverse=True)[1]
    clusters = np.unique(stratum if paired else unit, return_inverse=True)[1]
    count, strata = int(clusters.max(initial=-1)) + 1, int(stratum.max(initial=-1)) + 1
    columns = [treated.astype(float)] + ([] if baseline is None else [baseline])
    freedom = count - len(columns) - (0 if paired else strata)
    if freedom < 1:
        return NONE
    if paired:
        y, *columns = (_demeaned(column, stratum, strata) for column in (y, *columns))
        return _clustered(y, np.column_stack(columns), clusters, np.zeros((count, 0), int), freedom)
    own: np.ndarray = np.empty((count, 1), int)
    own[clusters, 0] = stratum
    return _clustered(y, np.column_stack([*columns, np.ones(len(y))]), clusters, own, freedom)


def _demeaned(column: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    return column - (np.bincount(group, column, groups) / np.bincount(group, minlength=groups))[group]


def _clustered(y: np.ndarray, rows: np.ndarray, clusters: np.ndarray, own: np.ndarray, freedom: float) -> Estimate:
    """The first coefficient with its CR2 error.

    rows  persons x columns; the last column is the intercept if `own` (clusters x 1, or x 0) says which stratum's it is

    With X_g the rows of a cluster, the adjusted scores X_g' (I - X_g M X_g')^(-1/2) e_g need only X_g' X_g and X_g' e_g, as X_g is
    an isometry times the root of X_g' X_g. Of all strata's intercepts a cluster has its own alone, so these matrices stay small.
    """
    shared = rows.shape[1] - own.shape[1]
    place = np.column_stack([np.tile(np.arange(shared), (len(own), 1)), shared + own])  # of each cluster's columns among all
    order = np.argsort(clusters, kind="stable")
    starts = np.searchsorted(clusters[order], np.arange(len(own)))
    rows, y, of_row = rows[order], y[order], place[clusters[order]]
    grams = np.add.reduceat(rows[:, :, None] * rows[:, None, :], starts)
    size = int(place.max()) + 1
    gram, moments = np.zeros((size, size)), np.zeros(size)
    np.add.at(gram, (place[:, :, None], place[:, None, :]), grams)
    np.add.at(moments, place, np.add.reduceat(rows * y[:, None], starts))
    if np.linalg.matrix_rank(gram, hermitian=True) < size:
        return NONE
    inverse = np.linalg.inv(gram)
    coefficients = inverse @ moments
    residuals = y - (rows * coefficients[of_row]).sum(axis=1)
    scores = np.add.reduceat(rows * residuals[:, None], starts)
    root, unroot = _roots(grams, 0.5), _roots(grams, -0.5)
    leverage = root @ inverse[place[:, :, None], place[:, None, :]] @ root
    adjusted = root @ _roots(np.eye(len(root[0])) - leverage, -0.5) @ unroot @ scores[:, :, None]
    influence = (adjusted[:, :, 0] * inverse[0][place]).sum(axis=1)
    return Estimate(float(coefficients[0]), float(np.sqrt(influence @ influence)), float(freedom))


def _roots(matrices: np.ndarray, power: float) -> np.ndarray:
    """A power of each of many symmetric matrices; directions of no length stay of no length."""
    values, vectors = np.linalg.eigh(matrices)
    seen = values > 1e-10 * np.maximum(values[:, -1:], 1e-300)
    powers = np.where(seen, np.where(seen, values, 1.0) ** power, 0.0)
    return (vectors * powers[:, None, :]) @ vectors.transpose(0, 2, 1)


def meta_analysis(sites: list[Estimate]) -> Estimate:
    """The mean effect of sites that may differ: random effects (DerSimonian and Laird), error by Hartung, Knapp, Sidik and Jonkman,
    t with sites - 1 degrees of freedom.
    """
    known = [site for site in sites if np.isfinite(site.error) and site.error > 0]
    if len(known) < 2:
        return NONE
    effects, variances = np.array([site.effect for site in known]), np.array([site.error for site in known]) ** 2
    weights, freedom = 1.0 / variances, len(known) - 1
    spread = weights @ (effects - weights @ effects / weights.sum()) ** 2
    between = max(0.0, (spread - freedom) / (weights.sum() - (weights @ weights) / weights.sum()))
    weights = 1.0 / (variances + between)
    mean = weights @ effects / weights.sum()
    error = np.sqrt(weights @ (effects - mean) ** 2 / (freedom * weights.sum()))
    return Estimate(float(mean), float(error), float(freedom))
