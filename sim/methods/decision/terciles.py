"""Does it matter for the choice what one factor is? The options where it is low, middling and high."""

from dataclasses import dataclass

import numpy as np

from sim.methods.decision.choice import best_of, resamples
from sim.methods.decision.outcomes import Outcomes, Verdict
from sim.methods.decision.partial import targets, touching

TERCILES = ("low", "middle", "high")
RESAMPLES = 400


@dataclass(frozen=True)
class Terciles:
    """Options in each tercile of a factor's draws, at one willingness to pay; nan where a tercile has no draws.

    net    3 x K: expected net benefit;  best: 3 x K, probability of being best
    same   probability that one option is best in all terciles
    """

    net: np.ndarray
    best: np.ndarray
    same: float

    @property
    def first(self) -> np.ndarray:
        """3: the best option of each tercile that has draws, -1 where it has none."""
        there = np.isfinite(self.net).any(axis=1)
        return np.where(there, np.where(np.isfinite(self.net), self.net, -np.inf).argmax(axis=1), -1)

    @property
    def turns(self) -> bool:
        """Is the best option another one in another tercile?"""
        return len(set(self.first[self.first >= 0].tolist())) > 1


def terciles(outcomes: Outcomes, verdict: Verdict, place: int, factors: list[int]) -> list[Terciles]:
    """For each of the factors (columns of the draws).

    verdict  of the outcomes;  place: of the pay among its pays
    What other, independent factors do has been taken off net benefits, so that they do not differ between terciles by chance.
    """
    d = outcomes.unit.shape[1]
    sets = np.array([touching(outcomes, np.arange(d) == factor) for factor in factors])
    means = np.concatenate([verdict.found["benefit"][1:], verdict.found["cost"][1:]])
    chance = verdict.raw.best[:, place]
    weights, found = resamples(outcomes.clusters, RESAMPLES, 2), []
    for factor, target in zip(factors, targets(outcomes, sets), strict=True):
        benefit, cost = outcomes.split(target.seen - target.seen.mean(axis=0) + means)
        net = np.where(verdict.allowed, verdict.pays[place] * benefit - cost, np.nan)
        part = np.minimum((3 * outcomes.unit[:, factor]).astype(int), 2)
        inside = [part == tercile for tercile in range(3)]
        there = [each for each in inside if each.any()]
        shares = [weights * each for each in there]
        drawn = [share @ np.nan_to_num(net) / np.maximum(share.sum(axis=1, keepdims=True), 1e-9) for share in shares]
        firsts = np.array([best_of(each, verdict.allowed)[0].argmax(axis=1) for each in drawn])
        found.append(Terciles(
            np.array([net[each].mean(axis=0) if each.any() else np.full(net.shape[1], np.nan) for each in inside]),
            np.array([chance[each].mean(axis=0) if each.any() else np.full(net.shape[1], np.nan) for each in inside]),
            float((firsts == firsts[0]).all(axis=0).mean()),
        ))  # fmt: skip
    return found
