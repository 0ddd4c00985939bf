"""Averages over draws by which options are compared: net benefit, probability of being best, expected loss, value of perfect information.

Options are in the last axis; the first is what the others are compared with, so its benefit and cost are 0. Net benefit at a
willingness to pay is pay x benefit - cost. Fenwick, Claxton and Sculpher 2001 (probability of being cost-effective, and its frontier);
Eckermann and Willan 2011 (expected loss); Rothery et al. 2020 (value of information).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

SAME = 1e-9  # of the largest net benefit: differences below are rounding, and ties are shared
PARTS = ("benefit", "cost", "best", "top")
ROWS = 4096  # points that a stand-in is asked for at one time, which bounds memory; a power of 2
Quantities = dict[str, np.ndarray]


def net_benefit(benefit: np.ndarray, cost: np.ndarray, pay: np.ndarray | float) -> np.ndarray:
    """pay x benefit - cost; with p pays an axis before the last is added: ... x p x K."""
    pays = np.asarray(pay, float)
    return pays * benefit - cost if pays.ndim == 0 else pays[:, None] * benefit[..., None, :] - cost[..., None, :]


def best_of(net: np.ndarray, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of the allowed options is best (... x K: 1, or equal shares of 1 among equals), and its net benefit.

    >>> best_of(np.array([1.0, 3.0, 3.0, 9.0]), np.array([True, True, True, False]))[0].tolist()
    [0.0, 0.5, 0.5, 0.0]
    """
    net = np.where(allowed, net, -np.inf)
    top = net.max(axis=-1)
    near = SAME * float(np.abs(top).max(initial=0.0))
    first = (net >= top[..., None] - near).astype(float)
    return first / first.sum(axis=-1, keepdims=True), top


@dataclass(frozen=True)
class Averages:
    """Means over draws, with any axes before: benefit and cost (K), best (p x K), top (p): net benefit of whoever is best."""

    benefit: np.ndarray
    cost: np.ndarray
    best: np.ndarray
    top: np.ndarray

    def quantities(self, pays: np.ndarray, allowed: np.ndarray) -> Quantities:
        """benefit, cost (K), net_benefit, probability_best, expected_loss (p x K; nan for what is not allowed), evpi (p).

        A control variate may leave a probability or a loss a little below 0; they are kept within what is possible.
        """
        net = net_benefit(self.benefit, self.cost, pays)
        loss = np.where(allowed, np.maximum(self.top[..., None] - net, 0.0), np.nan)
        best = np.maximum(self.best, 0.0)
        return {
            "benefit": self.benefit, "cost": self.cost, "net_benefit": net, "probability_best": best / best.sum(axis=-1, keepdims=True),
            "expected_loss": loss, "evpi": np.nanmin(loss, axis=-1),
        }  # fmt: skip


@dataclass(frozen=True)
class PerDraw:
    """The same of each of n draws, means over what is possible there: benefit, cost n x K; best n x p x K; top n x p."""

    benefit: np.ndarray
    cost: np.ndarray
    best: np.ndarray
    top: np.ndarray

    @classmethod
    def of(cls, benefit: np.ndarray, cost: np.ndarray, pays: np.ndarray, allowed: np.ndarray) -> "PerDraw":
        """benefit, cost: s x n x K, s equally likely possibilities of each draw."""
        best, top = [], []
        for pay in pays:
            first, most = best_of(net_benefit(benefit, cost, float(pay)), allowed)
            best.append(first.mean(axis=0))
            top.append(most.mean(axis=0))
        return cls(benefit.mean(axis=0), cost.mean(axis=0), np.stack(best, axis=1), np.stack(top, axis=1))

    def mean(self, weights: np.ndarray | None = None) -> Averages:
        """Over draws; weights: w x n, for w averages at once."""
        parts = (self.benefit, self.cost, self.best, self.top)
        if weights is None:
            return Averages(*(part.mean(axis=0) for part in parts))
        shares = weights / weights.sum(axis=1, keepdims=True)
        n = len(self.benefit)
        return Averages(*((shares @ part.reshape(n, -1)).reshape(len(shares), *part.shape[1:]) for part in parts))

    def less(self, here: "PerDraw", near: "PerDraw", pays: np.ndarray, allowed: np.ndarray) -> "PerDraw":
        """With a quick stand-in as a control variate: what it says at each draw is replaced by its mean over many points around it.

        Averages over all draws get better by it; averages over some of the draws mean nothing. What is best in each draw is worth what
        the option that is best in the mean is worth, and what is lost by that one; both are controlled, which leaves little of the
        difference between them to chance.
        """
        mean = np.where(allowed, net_benefit(self.benefit.mean(axis=0), self.cost.mean(axis=0), pays), -np.inf)
        first = np.arange(len(pays)), mean.argmax(axis=1)

        def loss(one: "PerDraw") -> np.ndarray:
            return one.top - net_benefit(one.benefit, one.cost, pays)[:, *first]

        benefit, cost = controlled(self.benefit, here.benefit, near.benefit), controlled(self.cost, here.cost, near.cost)
        best = controlled(self.best, here.best, near.best, together=True)
        top = net_benefit(benefit, cost, pays)[:, *first] + controlled(loss(self), loss(here), loss(near))
        return PerDraw(benefit, cost, best, top)

    @classmethod
    def joined(cls, several: "list[PerDraw]") -> "PerDraw":
        """The draws of several."""
        return cls(*(np.concatenate([getattr(one, name) for one in several]) for name in PARTS))

    def at(self, rows: np.ndarray) -> "PerDraw":
        """Some of the draws, or some of them again."""
        return PerDraw(*(getattr(self, name)[rows] for name in PARTS))


def controlled(values: np.ndarray, here: np.ndarray, near: np.ndarray, *, together: bool = False) -> np.ndarray:
    """Values (n x ...) less as much of here - near, whose expectation is 0, as makes their mean surest: a slope of 0 to 1.

    together  one slope for all along the last axis, so that sums over it stay what they are
    """
    moved = here - near
    apart, axes = moved - moved.mean(axis=0), (0, moved.ndim - 1) if together else (0,)
    size = (apart**2).sum(axis=axes, keepdims=True)
    slope = np.divide((apart * values).sum(axis=axes, keepdims=True), size, out=np.zeros_like(size), where=size > 0)
    return values - np.clip(slope, 0.0, 1.0) * moved


@dataclass(frozen=True)
class ErrorParts:
    """Standard deviations of each quantity, by what makes it uncertain."""

    draws: Quantities
    replicates: Quantities
    emulator: Quantities

    @cached_property
    def total(self) -> Quantities:
        """All three together."""
        parts = (self.draws, self.replicates, self.emulator)
        return {name: np.sqrt(sum(part[name] ** 2 for part in parts)) for name in self.draws}


def spread_of(versions: Quantities) -> Quantities:
    """Standard deviations over versions (the first axis)."""
    return {name: values.std(axis=0, ddof=1) for name, values in versions.items()}


def jackknife(versions: Quantities) -> Quantities:
    """Standard deviations from versions that each leave out a tenth (the first axis)."""
    return {name: np.sqrt(values.var(axis=0) * (len(values) - 1)) for name, values in versions.items()}


def stacked(many: list[Quantities]) -> Quantities:
    """Several versions as one, with an axis more in front."""
    return {name: np.stack([one[name] for one in many]) for name in many[0]}


def resamples(clusters: np.ndarray, size: int, seed: int) -> np.ndarray:
    """size x n: how often each draw counts when clusters of draws are drawn anew."""
    count = int(clusters.max()) + 1
    rng = np.random.default_rng([seed, 6])
    return rng.multinomial(count, np.full(count, 1 / count), size=size)[:, clusters].astype(float)


def means(
    predict: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], points: np.ndarray, sets: int, pays: np.ndarray, allowed: np.ndarray
) -> PerDraw:
    """Averages of a stand-in over the points of each set, of which there are so many.

    predict  points to benefit and cost, n x K
    points   sets x p x d, p a power of 2; given as (sets * p) x d
    """
    many, found = len(points) // sets, []
    size = min(many, ROWS)
    for start in range(0, len(points), ROWS):
        benefit, cost = predict(points[start : start + ROWS])
        made = PerDraw.of(benefit[None], cost[None], pays, allowed)
        found.append([getattr(made, name).reshape(-1, size, *getattr(made, name).shape[1:]).mean(axis=1) for name in PARTS])
    parts = [np.concatenate(each) for each in zip(*found, strict=True)]
    return PerDraw(*(part.reshape(sets, many // size, *part.shape[1:]).mean(axis=1) for part in parts))
