"""PRIM, the patient rule induction method: a box that holds many cases of interest and little else.

Friedman and Fisher (1999), Bump hunting in high-dimensional data, Statistics and Computing 9; for scenario discovery Bryant and
Lempert (2010), Thinking inside the box, Technological Forecasting and Social Change 77. The box begins as the whole space. A peel
takes a thin slice off one side, that which raises the share of cases in the box most for each point that it costs; and so on until
the box is small. Later the box that is wanted is chosen among all of these (see `sim.methods.discovery.boxes`).
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

PEEL = 0.05  # share of the box's points in a slice
SMALLEST = 0.05  # share of all points that a box must hold


@dataclass(frozen=True)
class Box:
    """A box: between `low` and `high` in each factor (d each); -inf and inf where it is not restricted."""

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def whole(cls, d: int) -> "Box":
        """The box that holds everything."""
        return cls(np.full(d, -np.inf), np.full(d, np.inf))

    @property
    def ends(self) -> list[tuple[int, bool]]:
        """What it is restricted by: (factor, is it the upper end?)."""
        return [(int(j), upper) for upper, side in ((False, self.low), (True, self.high)) for j in np.flatnonzero(np.isfinite(side))]

    @property
    def restricted(self) -> np.ndarray:
        """The factors that it restricts, ascending."""
        return np.flatnonzero(np.isfinite(self.low) | np.isfinite(self.high))

    def moved(self, factor: int, upper: bool, to: float | None = None) -> "Box":
        """The same with one end elsewhere; None: not restricted there."""
        side = (self.high if upper else self.low).copy()
        side[factor] = (np.inf if upper else -np.inf) if to is None else to
        return replace(self, high=side) if upper else replace(self, low=side)

    def inside(self, x: np.ndarray) -> np.ndarray:
        """Which points (n x d) it holds."""
        held: np.ndarray = np.ones(len(x), dtype=bool)
        for j in self.restricted:
            held &= (x[:, j] >= self.low[j]) & (x[:, j] <= self.high[j])
        return held


@dataclass(frozen=True)
class Cases:
    """Points, which of them are cases, and how often each counts.

    x        n x d
    y        n, bool
    weights  n, whole numbers: of a resample, how often each point was drawn; 1 otherwise
    """

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray) -> "Cases":
        """All points once."""
        return cls(np.asarray(x, float), np.asarray(y, bool), np.ones(len(x), dtype=np.int64))

    @cached_property
    def order(self) -> np.ndarray:
        """d x n: rows of x by the value of each factor, ascending."""
        return np.ascontiguousarray(np.argsort(self.x, axis=0, kind="stable").T.astype(np.int32))

    @cached_property
    def last(self) -> np.ndarray:
        """d x n, bool: in that order, is it the last row with its value?"""
        values = np.take_along_axis(self.x.T, self.order, axis=1)
        found: np.ndarray = np.ones(values.shape, dtype=bool)
        found[:, :-1] = values[:, 1:] != values[:, :-1]
        return found

    @cached_property
    def total(self) -> int:
        """Points."""
        return int(self.weights.sum())

    @cached_property
    def many(self) -> int:
        """Cases among them."""
        return int(self.weights[self.y].sum())

    @property
    def share(self) -> float:
        """Share of the points that are cases."""
        return self.many / self.total

    def counted(self, held: np.ndarray) -> tuple[int, int]:
        """Points and cases among those held (n, bool)."""
        return int(self.weights[held].sum()), int(self.weights[held & self.y].sum())

    def labeled(self, y: np.ndarray) -> "Cases":
        """The same points with other cases."""
        return self._like(y, self.weights)

    def drawn(self, weights: np.ndarray) -> "Cases":
        """The same points, each as often as told."""
        return self._like(self.y, weights)

    def _like(self, y: np.ndarray, weights: np.ndarray) -> "Cases":
        made = Cases(self.x, y, weights)
        made.__dict__.update(order=self.order, last=self.last)  # sorting takes longer than peeling
        return made


def peel(cases: Cases, factors: np.ndarray | None = None, *, alpha: float = PEEL, smallest: float = SMALLEST) -> list[Box]:
    """The boxes that peeling goes through, from the whole space to the smallest.

    factors  that may be restricted; by default all

    A slice goes beyond the quantile `alpha` of the box's points, as in Bryant's sdtoolkit and the EMA Workbench: one point more than lie
    below it, and all that share the value of its last. It ends when every slice would lower the share of cases, or leave fewer than a
    share `smallest` of all points.
    """
    of = np.arange(cases.x.shape[1]) if factors is None else factors
    x = cases.x if factors is None else cases.x[:, of]
    counted, order = cases.weights > 0, cases.order[of]
    order = order[counted[order]].reshape(len(of), -1)
    weighted = cases.weights * cases.y
    boxes, least = [Box.whole(cases.x.shape[1])], smallest * cases.total
    while True:
        restricted = {int(np.flatnonzero(of == j)[0]) for j in boxes[-1].restricted}
        best = _best_slice(x, order, cases.weights, weighted, alpha, least, restricted)
        if best is None:
            return boxes
        factor, upper, many = best
        row = order[factor]
        gone, kept = (row[-many:], row[: len(row) - many]) if upper else (row[:many], row[many:])
        edge = (x[gone[0], factor] + x[kept[-1], factor]) / 2 if upper else (x[gone[-1], factor] + x[kept[0], factor]) / 2
        boxes.append(boxes[-1].moved(int(of[factor]), upper, float(edge)))
        stays: np.ndarray = np.ones(len(x), dtype=bool)
        stays[gone] = False
        order = order[stays[order]].reshape(len(of), -1)


def _best_slice(
    x: np.ndarray, order: np.ndarray, weights: np.ndarray, weighted: np.ndarray, alpha: float, least: float, restricted: set[int]
) -> tuple[int, bool, int] | None:
    """The slice that raises the share of cases most for each point that it costs: factor, upper end?, rows of `order` that go.

    Of equal slices that is taken which restricts a factor that is restricted already; of these the first factor's, the upper end's first.
    None if there is no slice worth taking.
    """
    held, hits = int(weights[order[0]].sum()), int(weighted[order[0]].sum())
    if hits == held:
        return None
    most = int(alpha * (held - 1)) + 1
    gains = np.empty((2, len(order)))
    sizes: np.ndarray = np.empty((2, len(order)), dtype=int)
    for upper in (False, True):
        rows = order[:, : -most - 2 : -1] if upper else order[:, : most + 1]  # one more than may go, to see ties
        sizes[int(upper)], gone, cases = _slices(x, rows, order[:, ::-1] if upper else order, weights, weighted, most)
        left: np.ndarray = held - gone
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = ((hits - cases) / left - hits / held) / gone
        gains[int(upper)] = np.where((left >= least) & (left > 0), gain, -np.inf)
    top = gains.max()
    if not top > 0:
        return None
    equal = [(j, not upper) for upper, j in np.argwhere(gains >= top * (1 - 1e-12)).tolist()]
    factor, lower = min(equal, key=lambda one: (one[0] not in restricted, *one))
    end = int(not lower)
    return factor, bool(end), int(sizes[end, factor])


def _slices(
    x: np.ndarray, rows: np.ndarray, order: np.ndarray, weights: np.ndarray, weighted: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At one end of each factor: rows that go, the points that they are, and the cases among them (d each).

    rows, order  d x (most + 1) and d x m: rows of x from that end on
    """
    factors = np.arange(len(rows))
    running, cases = np.cumsum(weights[rows], axis=1), np.cumsum(weighted[rows], axis=1)
    size = (running < most).sum(axis=1) + 1
    values = x[rows, factors[:, None]]
    after = np.minimum(size, values.shape[1] - 1)
    tied = (values[factors, size - 1] == values[factors, after]) & (size < order.shape[1])  # many share one value
    gone, hits = running[factors, size - 1], cases[factors, size - 1]
    for j in np.flatnonzero(tied):  # all of them
        size[j] = np.flatnonzero(x[order[j], j] == values[j, size[j] - 1])[-1] + 1
        gone[j], hits[j] = weights[order[j, : size[j]]].sum(), weighted[order[j, : size[j]]].sum()
    return size, gone, hits


def distances(cases: Cases) -> np.ndarray:
    """How differently each factor (d) is distributed among cases and other points: the Kolmogorov-Smirnov distance, 0 to 1."""
    hits = np.cumsum((cases.weights * cases.y)[cases.order], axis=1)
    others = np.cumsum((cases.weights * ~cases.y)[cases.order], axis=1)
    apart = np.abs(hits / max(cases.many, 1) - others / max(cases.total - cases.many, 1))
    return np.max(apart, axis=1, where=cases.last, initial=0.0)
