"""Where cases lie: a box, how sure it is, and whether there is anything to find. Plain arrays in, tables out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError, number_problem
from sim.methods.discovery.boxes import ALPHA, MOST, Marks, Sides, chosen, marks, undominated
from sim.methods.discovery.prim import SMALLEST, Box, Cases
from sim.style import Note, note

LEAST = 10  # cases, and points that are none, below which nothing is looked for; points that a box must hold
PERMUTATIONS, RESAMPLES = 99, 200
STABLE = 0.5  # share of resamples that have an end of the box, below which it is dropped
TRAJECTORY = ["step", "phase", "restricted", "coverage", "density", "mass", "chosen"]
RESTRICTIONS = ["factor", "low", "high", "quasi_p", "bootstrap", "coverage_without", "density_without"]
UNSEEN = ["quantity", "mean", "low", "high"]


@dataclass(frozen=True)
class Found:
    """What was found.

    box           that was taken; the whole space if there is none
    inside        n, bool: the points that it holds
    marks         its coverage, density, mass and score
    p             share of searches with cases dealt out anew, this one among them, whose box scores as well (nan: not looked for)
    refused       why nothing was looked for or found; None if there is a box
    trajectory    step, phase, restricted (how many factors), coverage, density, mass, chosen: the boxes of the peel (phase "peel"); what
                  is left of boxes of all peels when restrictions that luck explains are dropped, none worse than another in coverage and
                  density ("candidate"); and the one that was taken ("box")
    restrictions  factor (its column), low, high (nan where it is not restricted), quasi_p (of the end that is less sure), bootstrap (share
                  of resamples whose box is restricted at the same ends), coverage_without, density_without (were it not restricted)
    unseen        quantity (coverage, density), mean, low, high: of boxes found in resamples, at the points that were not drawn; 95 %
    others        factor, share: how many of the resamples restrict a factor that the box does not
    """

    box: Box
    inside: np.ndarray
    marks: Marks
    p: float
    refused: Note | None
    trajectory: pd.DataFrame
    restrictions: pd.DataFrame
    unseen: pd.DataFrame
    others: pd.DataFrame


def search(
    x: np.ndarray,
    y: np.ndarray,
    *,
    runs: np.ndarray | None = None,
    clusters: np.ndarray | None = None,
    alpha: float = ALPHA,
    most: int = MOST,
    permutations: int = PERMUTATIONS,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Found:
    """The box in which cases lie, if there is one.

    x             n x d
    y             n, bool: which points are cases
    runs          n, bool: which are cases by their own runs alone, if `y` owes something to a model of the others. The permutation test
                  is of these, for a model's cases depend on the factors even if nothing does
    clusters      n: points with the same number are not independent of each other; they are drawn and dealt out together
    alpha         the box is taken if the permutation test's p is at most this; so is every restriction if its quasi-p is
    most          factors that the box may restrict
    permutations  searches with cases dealt out anew;  resamples: of the points, with replacement
    seed          equal seeds give equal results
    InputError if points or cases are nan, or settings can find nothing.
    """
    check_settings(alpha=alpha, most=most, permutations=permutations, resamples=resamples)
    cases = Cases.of(*whole(x, y))
    own = cases if runs is None else cases.labeled(np.asarray(runs, bool))
    if refused := _too_few(cases) or _too_few(own):
        return _nothing(cases, float("nan"), refused)
    groups = np.arange(len(y)) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    options: dict[str, Any] = {"alpha": alpha, "most": most, "smallest": least_mass(cases)}
    box, along, among = chosen(cases, **options)
    if not box.ends:
        return _nothing(cases, 1.0, note("no_restriction"), along, among)
    score = marks(chosen(own, **options)[0], own).score
    dealt = [marks(chosen(again, **options)[0], again).score for again in _dealt(own, groups, permutations, seed)]
    p = (1 + sum(other >= score for other in dealt)) / (1 + permutations)
    if p > alpha:
        return _nothing(cases, p, note("cases_by_luck", share=p), along, among)
    ends, unseen = _resampled(cases, groups, resamples, seed, options)
    box = stable(box, ends)
    taken = _trajectory(cases, along, among, box)
    return Found(box, box.inside(cases.x), marks(box, cases), p, None, taken, _restrictions(box, cases, ends), unseen, _others(box, ends))


def whole(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and cases as they are. InputError if there is nan: a run that failed is neither a case nor none."""
    x, y = np.asarray(x, float), np.asarray(y)
    if y.dtype != bool:
        y = y.astype(float)
        if failed := int((~np.isfinite(y)).sum()):
            message = f"{failed} of {len(y)} rows of cases are nan: a run that failed is neither a case nor none."
            raise InputError(message, "Leave these rows out of inputs and cases.")
        if not np.isin(y, (0, 1)).all():
            raise InputError("cases are neither true nor false.", "Compare first: outputs > 0.5")
    if not np.isfinite(x).all():
        raise InputError(f"{int((~np.isfinite(x).all(axis=1)).sum())} of {len(x)} points are nan.", "Leave these rows out.")
    return x, y.astype(bool)


def check_settings(*, alpha: float, most: int, permutations: int, resamples: int) -> None:
    """InputError if nothing could be found, whatever the cases are."""
    for name, given, low, high, whole_number in (
        ("alpha", alpha, 0, 1, False), ("most", most, 1, 1000, True), ("permutations", permutations, 1, 1e6, True),
        ("resamples", resamples, 1, 1e6, True),
    ):  # fmt: skip
        if problem := number_problem(given, low, high, whole_number):
            raise InputError(f"'{name}' {problem}.", "See the documentation of discover.")
    if (least := 1 / (1 + permutations)) > alpha:
        wanted = f"{int(np.ceil(1 / alpha)) - 1:,} permutations or more" if alpha > 0 else "an alpha above 0"
        message = f"with {permutations} permutations no p is below {least:.2g}, so nothing can be found at an alpha of {alpha:g}."
        raise InputError(message, f"Take {wanted}.")


def least_mass(cases: Cases) -> float:
    """The share of all points that a box must hold: half as many as there are cases, at most 5 % of all, and 10 points."""
    return max(min(SMALLEST, cases.share / 2), LEAST / cases.total)


def _too_few(cases: Cases) -> Note | None:
    """Why nothing can be looked for; None if it can."""
    few = min(cases.many, cases.total - cases.many)
    return note("few_cases" if cases.many == few else "few_others", few=few, least=LEAST) if few < LEAST else None


def _nothing(cases: Cases, p: float, why: Note, along: list[Box] | None = None, among: list[Box] | None = None) -> Found:
    """No box."""
    whole = Box.whole(cases.x.shape[1])
    empty, unseen, others = (pd.DataFrame(columns=names) for names in (RESTRICTIONS, UNSEEN, ["factor", "share"]))
    held = whole.inside(cases.x)
    return Found(whole, held, marks(whole, cases), p, why, _trajectory(cases, along or [whole], among or [], None), empty, unseen, others)


def _dealt(cases: Cases, groups: np.ndarray, many: int, seed: int) -> list[Cases]:
    """The same points with cases dealt out anew, to clusters of the same size."""
    rng, size = np.random.default_rng([seed, 1]), np.bincount(groups)
    rows = np.argsort(groups, kind="stable")
    starts = np.cumsum(size) - size
    alike = [np.flatnonzero(size == one) for one in np.unique(size)]
    found = []
    for _ in range(many):
        y = np.empty_like(cases.y)
        for clusters in alike:
            places = starts[clusters][:, None] + np.arange(size[clusters[0]])
            y[rows[places]] = cases.y[rows[places[rng.permutation(len(clusters))]]]
        found.append(cases.labeled(y))
    return found


def _resampled(cases: Cases, groups: np.ndarray, many: int, seed: int, options: dict[str, Any]) -> tuple[np.ndarray, pd.DataFrame]:
    """How often the boxes of resamples are restricted at each end (many x 2 x d, bool), and what they are worth at points not drawn."""
    rng, clusters = np.random.default_rng([seed, 2]), int(groups.max()) + 1
    ends = np.zeros((many, 2, cases.x.shape[1]), dtype=bool)
    worth = np.full((many, 2), np.nan)
    for one in range(many):
        weights = np.bincount(rng.integers(clusters, size=clusters), minlength=clusters)[groups]
        box = chosen(cases.drawn(weights), **options)[0]
        ends[one] = np.isfinite(box.low), np.isfinite(box.high)
        left = cases.drawn((weights == 0).astype(np.int64))
        points, hits = left.counted(box.inside(cases.x))
        worth[one] = hits / left.many if left.many else np.nan, hits / points if points else np.nan
    low, high = np.nanquantile(worth, (0.025, 0.975), axis=0)
    return ends, pd.DataFrame({"quantity": ["coverage", "density"], "mean": np.nanmean(worth, axis=0), "low": low, "high": high})


def stable(box: Box, ends: np.ndarray) -> Box:
    """The box without the ends that fewer than half of the resamples have; if that would leave none, as it is.

    ends  resamples x 2 x d, bool: where their boxes are restricted
    """
    share = ends.mean(axis=0)
    kept = [(factor, upper) for factor, upper in box.ends if share[int(upper), factor] >= STABLE]
    for factor, upper in box.ends if kept else ():
        box = box if (factor, upper) in kept else box.moved(factor, upper)
    return box


def _trajectory(cases: Cases, along: list[Box], among: list[Box], taken: Box | None) -> pd.DataFrame:
    """`Found.trajectory`."""
    phases = {"peel": along, "candidate": undominated(among, cases), "box": [taken] if taken else []}
    rows = []
    for phase, boxes in phases.items():
        for step, box in enumerate(boxes):
            own = marks(box, cases)
            rows.append((step, phase, len(box.restricted), own.coverage, own.density, own.mass, phase == "box"))
    return pd.DataFrame(rows, columns=TRAJECTORY)


def _restrictions(box: Box, cases: Cases, ends: np.ndarray) -> pd.DataFrame:
    """`Found.restrictions`; the restriction without which the box would hold most other points comes first."""
    sides = Sides(box, cases)
    quasi = sides.quasi_p()
    rows = []
    for factor in box.restricted.tolist():
        own = [place for place, (j, _) in enumerate(sides.ends) if j == factor]
        without = marks(box.moved(factor, False).moved(factor, True), cases)
        same = np.all([ends[:, int(sides.ends[place][1]), factor] for place in own], axis=0)
        low, high = (value if np.isfinite(value) else np.nan for value in (box.low[factor], box.high[factor]))
        rows.append((factor, low, high, quasi[own].max(), same.mean(), without.coverage, without.density))
    return pd.DataFrame(rows, columns=RESTRICTIONS).sort_values("density_without", kind="stable", ignore_index=True)


def _others(box: Box, ends: np.ndarray) -> pd.DataFrame:
    """`Found.others`."""
    share = ends.any(axis=1).mean(axis=0)
    share[box.restricted] = 0.0
    order = np.argsort(-share, kind="stable")
    order = order[share[order] > 0]
    return pd.DataFrame({"factor": order, "share": share[order]})
