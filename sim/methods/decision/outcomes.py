"""Options with their benefits and costs at each draw: noisy runs in, what is known of each draw out, with what makes it uncertain."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.methods.decision.choice import Averages, ErrorParts, PerDraw, Quantities, jackknife, means, resamples, spread_of, stacked
from sim.methods.decision.denoise import Denoised, can_judge, denoised
from sim.methods.indices.emulator import FOLDS, Emulator
from sim.methods.indices.polynomials import Basis

POSSIBLE, FEWER = 32, 8  # possibilities of a draw for estimates, and for how uncertain these are
RESAMPLES, PERTURBED = 400, 40
LEAST_AROUND = 8  # points around each draw
POINTS = 2**11  # at which each of the emulators stands in for runs


@dataclass(frozen=True)
class Outcomes:
    """Benefits and costs of K - 1 options, less those of the one compared with, at n draws.

    unit         n x d: the draws that have a complete run
    known        what is known of 2 (K - 1) outcomes: first all benefits, then all costs
    emulators    one for each outcome that validation points have judged, or None
    clusters     n: draws with the same number belong together
    independent  d, bool: which factors vary independently of all others
    validation   n, bool: draws that are random, each by itself, at which emulators are judged; without enough of them there are none
    sampled      are draws chance, rather than points that fill their space evenly?
    """

    unit: np.ndarray
    known: Denoised
    emulators: tuple[Emulator | None, ...]
    clusters: np.ndarray
    independent: np.ndarray
    validation: np.ndarray
    sampled: bool = False

    @classmethod
    def of(
        cls, unit: np.ndarray, benefit: np.ndarray, cost: np.ndarray, *, clusters: np.ndarray | None = None,
        independent: np.ndarray | None = None, validation: np.ndarray | None = None, shared: bool = True, seed: int = 0,
        sampled: bool = False,
    ) -> "Outcomes":  # fmt: skip
        """From runs.

        unit           n x d, in [0, 1]
        benefit, cost  n x r x (K - 1); nan where a run failed
        clusters       n; by default each draw is one of its own
        independent    d, bool; by default all are
        validation     n, bool: draws that are random, each by itself; by default none
        shared         has replicate j the same luck at all draws?
        sampled        are draws chance?
        InputError if no run is complete.
        """
        runs = np.concatenate([benefit, cost], axis=2)
        alone: np.ndarray = np.ones(unit.shape[1], dtype=bool) if independent is None else np.asarray(independent, bool)
        known, emulators = denoised(
            unit, runs, clusters=clusters, validation=validation, shared=shared, seed=seed, useful=bool(alone.any())
        )  # fmt: skip
        kept = known.runs.kept
        groups = np.arange(len(unit)) if clusters is None else np.asarray(clusters)
        judges: np.ndarray = np.zeros(len(unit), bool) if validation is None else np.asarray(validation, bool)
        places = np.unique(groups[kept], return_inverse=True)[1].ravel()
        return cls(unit[kept], known, tuple(emulators), places, alone, judges[kept], sampled)

    @property
    def options(self) -> int:
        """K."""
        return 1 + len(self.emulators) // 2

    @property
    def unjudged(self) -> bool:
        """Would emulators help, for luck or for chance, if there were validation points to judge them?"""
        return not can_judge(self.validation) and (self.known.runs.noise is not None or bool(self.independent.any()))

    def split(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Benefit and cost of all options (... x K) from outcomes (... x 2 (K - 1))."""
        nothing = np.zeros((*values.shape[:-1], 1))
        half = values.shape[-1] // 2
        return np.concatenate([nothing, values[..., :half]], axis=-1), np.concatenate([nothing, values[..., half:]], axis=-1)

    def predicted(self, points: np.ndarray, fold: int) -> np.ndarray:
        """What emulators that have not seen a tenth of the draws say, shrunk as far as is right: N x 2 (K - 1)."""
        middle = self.known.runs.mean.mean(axis=0)
        said = np.column_stack([
            np.full(len(points), middle[k]) if one is None else one.tried[fold % len(one.tried)].predict(points)
            for k, one in enumerate(self.emulators)
        ])  # fmt: skip
        return middle + self.known.slope * (said - middle)

    def folds(self) -> Iterator[np.ndarray]:
        """FOLDS times n x 2 (K - 1): what is known if emulators had not seen a tenth of the draws."""
        for fold in range(FOLDS):
            said = self.predicted(self.unit, fold)
            yield said + self.known.corrected(self.known.runs.mean - said)

    @cached_property
    def possible(self) -> tuple[np.ndarray, np.ndarray]:
        """Benefit and cost: POSSIBLE x n x K, equally likely given the runs."""
        return self.split(self.without_gifts(self.known.mean + self.known.deviations(POSSIBLE)))

    def without_gifts(self, values: np.ndarray) -> np.ndarray:
        """Outcomes (... x 2 (K - 1)) in which no option costs less than nothing if none did in the runs; its mean cost stays.

        What is possible is Gaussian, while costs are far from it: reforms that cost little in most draws would be free in some.
        """
        dear = (self.known.runs.mean >= 0).all(axis=0)
        dear[: len(dear) // 2] = False  # benefits
        kept = np.where(dear, np.maximum(values, 0.0), values)
        axes = tuple(range(values.ndim - 1))
        before, after = values.mean(axis=axes), kept.mean(axis=axes)
        return kept * np.where(dear & (before > 0), np.divide(before, after, out=np.ones_like(after), where=after > 0), 1.0)

    @property
    def may_stand_in(self) -> bool:
        """Does an emulator know of factors that vary independently of all others, whose values may be any at each draw?"""
        return bool(self.independent.any()) and any(one is not None for one in self.emulators)

    def around(self, rows: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Points around some of the draws: factors that depend on others stay as they are, and the others fill their own space evenly.

        returns the points ((s * p) x d: p about each of the s different sets of the factors that stay), and the set of each of the draws.
        Discrete factors take the values that they have in the design.
        """
        from scipy.stats import qmc  # here, because it takes long to import

        free, fixed = np.flatnonzero(self.independent), np.flatnonzero(~self.independent)
        which: np.ndarray = np.zeros(len(rows), dtype=int)
        stay: np.ndarray = np.zeros((1, 0))
        if fixed.size:
            stay, which = np.unique(self.unit[np.ix_(rows, fixed)], axis=0, return_inverse=True)
        each = max(1 << (POINTS // len(stay)).bit_length() >> 1, LEAST_AROUND)
        points = np.empty((len(stay) * each, self.unit.shape[1]))
        points[:, fixed] = np.repeat(stay, each, axis=0)
        filling = qmc.Sobol(free.size, rng=np.random.default_rng([seed, 7])).random_base2((len(points) - 1).bit_length())
        points[:, free] = filling[: len(points)]
        basis = Basis.of(self.unit)
        for factor in free:
            if (values := basis.levels[factor]) is not None:
                ends = np.cumsum(basis.nodes(int(factor))[1])[:-1]
                points[:, factor] = values[np.searchsorted(ends, points[:, factor], side="right")]
        return points, which.ravel()

    def stand_in(self, pays: np.ndarray, allowed: np.ndarray) -> tuple[PerDraw, PerDraw]:
        """What emulators that have not seen a draw say of it, and what they say on average around it.

        To these a draw is any point around it, so that the two differ by chance alone, however much emulators make of luck.
        """
        fold = next(one for one in self.emulators if one is not None).fold
        rows, here, near = [], [], []
        for number in range(int(fold.max()) + 1):
            rows.append(np.flatnonzero(fold == number))

            def predict(points: np.ndarray, number: int = number) -> tuple[np.ndarray, np.ndarray]:
                return self.split(self.predicted(points, number))

            points, which = self.around(rows[-1], number)
            benefit, cost = predict(self.unit[rows[-1]])
            here.append(PerDraw.of(benefit[None], cost[None], pays, allowed))
            near.append(means(predict, points, int(which.max()) + 1, pays, allowed).at(which))
        order = np.argsort(np.concatenate(rows))
        return PerDraw.joined(here).at(order), PerDraw.joined(near).at(order)


@dataclass(frozen=True)
class Verdict:
    """Estimates at p pays, with how uncertain they are.

    pays       p
    allowed    K, bool: the options that may be chosen
    draws      of each draw; where emulators stand in, only averages over all draws mean something
    raw        of each draw, without anything standing in
    found      estimates by name: see `Averages.quantities`
    spread     their standard deviations
    resampled, perturbed, refitted  mean outcomes of versions (RESAMPLES, PERTURBED, FOLDS x 2 (K - 1))
    """

    pays: np.ndarray
    allowed: np.ndarray
    draws: PerDraw
    raw: PerDraw
    found: Quantities
    spread: ErrorParts
    resampled: np.ndarray
    perturbed: np.ndarray
    refitted: np.ndarray


def judged(outcomes: Outcomes, pays: np.ndarray, allowed: np.ndarray) -> Verdict:
    """Compare the options at each willingness to pay.

    Uncertainty from the draws: they are resampled, whole clusters at a time; from replicates: luck as large as theirs is added to the
    means over them; from the emulator: it is fitted without a tenth of the draws each. Mean outcomes owe nothing to the emulator.
    """
    draws = raw = PerDraw.of(*outcomes.possible, pays, allowed)
    if outcomes.may_stand_in:
        draws = raw.less(*outcomes.stand_in(pays, allowed), pays, allowed)
    drawn = draws.mean(resamples(outcomes.clusters, RESAMPLES, 0))
    deviations = outcomes.known.deviations(FEWER, 1)

    def version(mean: np.ndarray) -> Averages:
        return PerDraw.of(*outcomes.split(outcomes.without_gifts(mean + deviations)), pays, allowed).mean()

    errors = outcomes.known.noises(PERTURBED)
    moved = outcomes.known.corrected(errors)
    moved += (errors - moved).mean(axis=1, keepdims=True)  # the mean over draws is that of the runs
    perturbed = [version(outcomes.known.mean + one) for one in moved]
    refitted = [version(one - one.mean(axis=0) + outcomes.known.mean.mean(axis=0)) for one in outcomes.folds()]
    spread = ErrorParts(
        spread_of(drawn.quantities(pays, allowed)),
        spread_of(stacked([one.quantities(pays, allowed) for one in perturbed])),
        jackknife(stacked([one.quantities(pays, allowed) for one in refitted])),
    )
    moved_means = (
        np.concatenate([one.benefit[..., 1:], one.cost[..., 1:]], axis=-1) for one in (drawn, _joined(perturbed), _joined(refitted))
    )
    return Verdict(pays, allowed, draws, raw, draws.mean().quantities(pays, allowed), spread, *moved_means)


def _joined(versions: list[Averages]) -> Averages:
    """Several versions as one, with an axis more in front."""
    return Averages(*(np.stack([getattr(one, name) for one in versions]) for name in ("benefit", "cost", "best", "top")))
