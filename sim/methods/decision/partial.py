"""What it would be worth to know one thing for sure: expected value of partial perfect information, by regression on the draws.

E over phi of max over options of E[net benefit | phi], less the greatest E[net benefit] (Strong, Oakley and Brennan 2014, Medical
Decision Making 34). The expectations given phi are smooth regressions whose penalty is of greatest restricted likelihood, so that
factors with nothing to tell are worth nothing. What an emulator says of factors that are independent of phi is taken off the responses
first; it cannot change the expectations and leaves less to blur them. Factors that vary together are not taken off: what one tells
includes what it tells about those it goes with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.methods.decision.denoise import root
from sim.methods.decision.outcomes import Outcomes, Verdict
from sim.methods.decision.smooth import Smooth, SmoothBasis, of_each, of_factor, smooth
from sim.methods.indices.emulator import FOLDS

SAMPLES = 40
SURE = 6.6  # twice the gain in log likelihood that a regression needs; something that is not there has it once in a hundred times
MOST_NUMBERS = 20_000_000  # in memory at one time, for responses


@dataclass(frozen=True)
class Partial:
    """What it would be worth to know some factors; each array has an entry a willingness to pay.

    worth  estimates;  draws, replicates, emulator: standard deviations by what makes it uncertain
    """

    worth: np.ndarray
    draws: np.ndarray
    replicates: np.ndarray
    emulator: np.ndarray

    def or_better(self, others: Sequence["Partial"]) -> "Partial":
        """At each pay that which is worth most: this, or one of others."""
        every = np.array([(one.worth, one.draws, one.replicates, one.emulator) for one in (self, *others)])
        first = every[:, 0].argmax(axis=0)
        return Partial(*every[first, :, np.arange(len(first))].T)


@dataclass(frozen=True)
class PartialResponses:
    """Responses for a regression on some factors: what other, independent factors do has been taken off.

    seen      n x m: by emulators that had not seen the draw
    refitted  FOLDS x n x m: by each of the emulators
    """

    seen: np.ndarray
    refitted: np.ndarray


def partial(outcomes: Outcomes, verdict: Verdict, groups: Sequence[np.ndarray]) -> list[Partial]:
    """For each group of factors (d, bool), at the pays of the verdict.

    A group is worth no less than any other that is part of it: where one is found to be worth more, what is told is of that one.
    """
    wanted = [touching(outcomes, group) for group in groups]
    unique = list({one.tobytes(): one for one in wanted}.values())
    place = {one.tobytes(): number for number, one in enumerate(unique)}
    found: dict[int, Partial] = {}
    n, m = outcomes.known.mean.shape
    chance, size = Chance.of(outcomes, verdict), max(1, MOST_NUMBERS // (FOLDS * n * m))
    for start in range(0, len(unique), size):
        made = targets(outcomes, np.array(unique[start : start + size]))
        for number, group in enumerate(groups):
            if start <= place[wanted[number].tobytes()] < start + size:
                found[number] = _worth(outcomes, verdict, group, made[place[wanted[number].tobytes()] - start], chance)
    inside = [[k for k, other in enumerate(groups) if not (other & ~group).any()] for group in groups]
    return [found[k].or_better([found[part] for part in inside[k]]) for k in range(len(groups))]


@dataclass(frozen=True)
class Chance:
    """Random numbers that all groups share.

    errors  SAMPLES x n x m, standard normal;  means: SAMPLES x m, errors of mean outcomes that come from the draws
    luck    PERTURBED x n x m, possible errors of the means over replicates;  shifts: PERTURBED x m, of mean outcomes from luck
    moves   FOLDS x m: of mean outcomes from the emulator
    """

    errors: np.ndarray
    means: np.ndarray
    luck: np.ndarray
    shifts: np.ndarray
    moves: np.ndarray

    @classmethod
    def of(cls, outcomes: Outcomes, verdict: Verdict) -> "Chance":
        rng, shape = np.random.default_rng(8), outcomes.known.mean.shape
        turns = rng.integers(0, len(verdict.resampled), SAMPLES)
        resampled, perturbed, refitted = (each - each.mean(axis=0) for each in (verdict.resampled, verdict.perturbed, verdict.refitted))
        return cls(rng.normal(size=(SAMPLES, *shape)), resampled[turns], outcomes.known.noises(len(perturbed), 1), perturbed, refitted)


def touching(outcomes: Outcomes, group: np.ndarray) -> np.ndarray:
    """The group with all factors that depend on one of it (d, bool)."""
    joint = ~outcomes.independent
    return group | joint if (group & joint).any() else group


def targets(outcomes: Outcomes, sets: np.ndarray) -> list[PartialResponses]:
    """Responses less what does not touch a set, for each of the sets (s x d, bool), as far as emulators are right."""
    mean = outcomes.known.runs.mean
    (n, m), s = mean.shape, len(sets)
    others: np.ndarray = np.zeros((s, FOLDS, n, m), dtype=np.float32)
    seen: np.ndarray = np.zeros((s, n, m))
    for k, emulator in enumerate(outcomes.emulators):
        for fold, surface in enumerate(emulator.tried if emulator else ()):
            said = outcomes.known.slope[k] * surface.given(outcomes.unit, ~sets).T
            others[:, fold, :, k] = said
            out = emulator.fold == fold if emulator else np.zeros(n, bool)
            seen[:, out, k] = said[:, out]
    return [PartialResponses(mean - seen[j], mean - others[j]) for j in range(s)]


def _worth(outcomes: Outcomes, verdict: Verdict, group: np.ndarray, target: PartialResponses, chance: Chance) -> Partial:
    """For one group."""
    joint, y = bool((group & ~outcomes.independent).any()), target.seen
    share = effective(outcomes.clusters) / len(outcomes.clusters) if joint else 1.0
    made = _regressed(outcomes.unit[:, group], y, share)
    means = np.concatenate([verdict.found["benefit"][1:], verdict.found["cost"][1:]])
    fits = _joined(made, y, lambda one: one.gains)
    left = y - y.mean(axis=0) - fits
    size = left.std(axis=0)
    alike = left / np.where(size > 0, size, 1.0)
    errors = chance.errors @ root(alike.T @ alike / len(left)).T
    wrong = _joined(made, errors, lambda one: np.sqrt(np.maximum(one.reach, one.gains) * one.noise / share))
    blurred = _joined(made, chance.luck, lambda one: one.gains)
    refits = _joined(made, target.refitted, lambda one: one.gains)
    best = worth(outcomes, fits, means, verdict)
    drawn = worth(outcomes, fits + wrong, means + chance.means, verdict)
    luck = worth(outcomes, fits + blurred, means + chance.shifts, verdict)
    refitted = worth(outcomes, refits, means + chance.moves, verdict)
    by_draws = ((drawn - best) ** 2).mean(axis=0) + (_chance_of(outcomes, fits, means, verdict) if outcomes.sampled else 0.0)
    by_emulator = np.sqrt(refitted.var(axis=0) * (len(refitted) - 1))
    return Partial(best, np.sqrt(by_draws), luck.std(axis=0), by_emulator)


def _chance_of(outcomes: Outcomes, fits: np.ndarray, means: np.ndarray, verdict: Verdict) -> np.ndarray:
    """p: variance of a worth from which values of the group were drawn, over clusters."""
    benefit, cost = outcomes.split(fits - fits.mean(axis=0) + means)
    sizes, found = np.bincount(outcomes.clusters), []
    for pay in verdict.pays:
        net = (pay * benefit - cost)[:, verdict.allowed]
        gain = net.max(axis=1) - net[:, net.mean(axis=0).argmax()]
        sums = np.bincount(outcomes.clusters, gain - gain.mean())
        found.append(float((sums**2).sum() / sizes.sum() ** 2))
    return np.array(found)


def _regressed(unit: np.ndarray, y: np.ndarray, share: float) -> list[Smooth]:
    """Regressions on one factor, the same columns for all responses; or on several, with columns for each response."""
    if unit.shape[1] == 1:
        return [smooth(SmoothBasis.of(of_factor(unit[:, 0])), y, share=share, sure=SURE)]
    each = of_each(unit, y, share=share)
    return [smooth(columns, y[:, [k]], share=share, sure=SURE) for k, columns in enumerate(each)]


def _joined(made: list[Smooth], y: np.ndarray, gains: Callable[[Smooth], np.ndarray]) -> np.ndarray:
    """... x n x m: each response through its own regression, with so much of each part kept."""
    if len(made) == 1:
        return made[0].through(y, gains(made[0]))
    return np.concatenate([one.through(y[..., [k]], gains(one)) for k, one in enumerate(made)], axis=-1)


def worth(outcomes: Outcomes, fits: np.ndarray, means: np.ndarray, verdict: Verdict) -> np.ndarray:
    """... x p: mean of the greatest expected net benefit less the greatest mean. fits: ... x n x m, but for their mean; means: ... x m."""
    benefit, cost = outcomes.split(fits - fits.mean(axis=-2, keepdims=True) + means[..., None, :])
    over = []
    for pay in verdict.pays:
        net = (pay * benefit - cost)[..., verdict.allowed]
        over.append(net.max(axis=-1).mean(axis=-1) - net.mean(axis=-2).max(axis=-1))
    return np.maximum(np.stack(over, axis=-1), 0.0)


def effective(clusters: np.ndarray) -> float:
    """How many draws clusters are worth if draws in the same one are alike."""
    counts = np.bincount(clusters)
    return float(counts.sum() ** 2 / (counts**2).sum())
