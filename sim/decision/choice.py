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

    def less(self, here: "PerDraw", everywhere: Averages) -> "PerDraw":
        """With a quick stand-in as a control variate: what it says at the draws is replaced by its mean over many more points."""
        names = ("benefit", "cost", "best", "top")
        return PerDraw(*(getattr(self, name) - getattr(here, name) + getattr(everywhere, name) for name in names))


@dataclass(frozen=True)
class Spread:
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


def everywhere(
    predict: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], points: np.ndarray, pays: np.ndarray, allowed: np.ndarray
) -> Averages:
    """Averages of a stand-in over many points (n x d). predict: points to benefit and cost, n x K."""
    parts = [points[start : start + 4096] for start in range(0, len(points), 4096)]
    found = []
    for part in parts:
        benefit, cost = predict(part)
        found.append(PerDraw.of(benefit[None], cost[None], pays, allowed).mean())
    share = np.array([len(part) for part in parts]) / len(points)
    names = ("benefit", "cost", "best", "top")
    return Averages(*(np.tensordot(share, np.stack([getattr(one, name) for one in found]), 1) for name in names))
