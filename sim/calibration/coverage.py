"""Would a calibration find the truth if it were known? Cities of the model's own making, calibrated by the same emulators.

Truths are drawn from the prior tilted to what meets the targets loosely, for there the emulators are good. The model is run at each; to its
mean answers come errors as targets have them: that is what is known of the city. The tilted prior is also the prior of each city's own
posterior, so that truths and draws are alike if all is right: ranks of truths among draws are uniform (Talts and others 2018,
arXiv:1804.06788), and ranges hold as many truths as they say, of parameters and of effects.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.calibration.calibrate import Calibrator
from sim.calibration.effects import Reforms, called_best, judged
from sim.calibration.emulators import Emulators
from sim.calibration.likelihood import KAPPA_SD, Likelihood
from sim.calibration.posterior import posterior_draws, scattered
from sim.calibration.result import LEVEL, contraction
from sim.calibration.space import Space
from sim.files.locking import make_folder
from sim.files.writing import place
from sim.inputs.patterns import WEEKS
from sim.methods.decision.denoise import root

LOOSE = 3.5  # times the tolerances, of the prior of all cities
REPEATS = 4  # runs of each city, whose means are what is known of it, but for the errors
CHAINS, WARMING, STEPS = 8, 60, 80  # of each city
TOGETHER = 20  # cities whose chains are walked at once
RANKED = 63  # draws of a city among which its truth has a rank: 0 to 63
BINS = 8  # of ranks
CITIES, CITIES_APART, LIVED, WALKS = "cities", "cities-peers", "cities-effects", "cities-draws"  # folders
LUCK_OF_CITIES = 2  # added to the seed


@dataclass(frozen=True)
class Known:
    """Cities of known truth: unit points (c x d), and what is known of each on the targets' scales (goals, c x t)."""

    unit: np.ndarray
    goals: np.ndarray


def likelihood_of(emulators: Emulators, runs: int) -> Likelihood:
    """Of what is known of a city, the luck in means of so many runs included."""
    luck = np.sqrt(emulators.noise)
    own = emulators.likelihood
    return replace(own, sampling=own.sampling + np.outer(luck, luck) * emulators.luck / runs)


def with_errors(likelihood: Likelihood, answers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Answers of cities (c x t) with errors as targets have them, and a kappa for each city. likelihood: of the targets, without luck"""
    kappa = np.exp(KAPPA_SD * rng.standard_normal((len(answers), 1)))
    sampling = rng.standard_normal(answers.shape) @ root(likelihood.sampling).T
    return answers + sampling + kappa * np.sqrt(likelihood.discrepancy) * rng.standard_normal(answers.shape)


def drawn(space: Space, emulators: Emulators, likelihood: Likelihood, rng: np.random.Generator) -> np.ndarray:
    """Draws of the posterior of each city (c x n x d) from the prior of all and the likelihood of what is known of each."""
    parts = [emulators.likelihood.loose(LOOSE), likelihood]
    draws = posterior_draws(space, emulators, parts, rng, chains=CHAINS, steps=STEPS, warming=WARMING)
    return draws.reshape(len(draws), -1, draws.shape[-1])


def ranks(truth: np.ndarray, draws: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """c x d: rank of each truth (c x d) among RANKED of the draws (c x n x d), at random among equals."""
    chosen = draws[:, np.linspace(0, draws.shape[1] - 1, RANKED).astype(int)]
    below, same = ((compare(chosen, truth[:, None])).sum(axis=1) for compare in (np.less, np.equal))
    return below + rng.integers(0, same + 1)


def uniformity(found: np.ndarray) -> np.ndarray:
    """d: chance of ranks (c x d) as uneven as these or more, were they uniform (chi-square, BINS bins)."""
    from scipy.special import gammaincc

    counts = np.apply_along_axis(np.bincount, 0, found * BINS // (RANKED + 1), minlength=BINS)
    expected = len(found) / BINS
    return np.asarray(gammaincc((BINS - 1) / 2.0, ((counts - expected) ** 2 / expected).sum(axis=0) / 2.0))


def parameters_table(names: Sequence[str], truth: np.ndarray, draws: np.ndarray, found: np.ndarray) -> pd.DataFrame:
    """A row a parameter: covered (share of cities whose 90 % interval holds the truth), contraction (their mean), uniformity of ranks."""
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=1)
    even = np.full(draws.shape[1], 1.0 / draws.shape[1])
    narrowed = np.mean([contraction(one, even) for one in draws], axis=0)
    columns = {"covered": ((truth >= low) & (truth <= high)).mean(axis=0), "contraction": narrowed, "uniformity": uniformity(found)}
    return pd.DataFrame({"parameter": names, **columns}).sort_values("contraction", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class Coverage:
    """What became of cities of known truth.

    parameters  see `parameters_table`;  ranks: a row a city, a column a parameter
    effects     a row for each city, arm and measure (see `sim.calibration.effects.judged`)
    best        a row for each city and measure (see `sim.calibration.effects.called_best`)
    """

    parameters: pd.DataFrame
    ranks: pd.DataFrame
    effects: pd.DataFrame
    best: pd.DataFrame


@dataclass
class CoverageTest:
    """The test of one calibration with so many cities; everything that takes long is kept in its folder, and is not done again."""

    calibrator: Calibrator
    cities: int

    @property
    def space(self) -> Space:
        return self.calibrator.space

    @property
    def runs(self) -> int:
        """Of all cities, beyond the calibration's own."""
        return self.cities * (REPEATS + bool(self.space.targets_of(alone=True)) + self.reforms.runs)

    @property
    def longer(self) -> float:
        """How many times as long as a run of the calibration one with reforms is."""
        study = self.reforms.study
        return (study.base.spin_up_weeks + study.base.weeks) / (study.base.spin_up_weeks + WEEKS)

    @property
    def reforms(self) -> Reforms:
        one = self.calibrator
        return Reforms(one.scenario, one.folder / LIVED, self.space.seed + 1_000_003, one.workers)

    def run(self) -> Coverage:
        """Calibrate (or take what is there), make cities, find what is known of each, and compare reforms in them."""
        calibrator, space = self.calibrator, self.space
        emulators, _ = calibrator.history.run(calibrator.tell)
        known = self._known(emulators)
        draws = np.concatenate([*self._walks(emulators, known)])
        names = [name for name, fitted in zip(space.names, space.fitted, strict=True) if fitted]
        truth: Any = known.unit[:, space.fitted].astype(np.float32)  # as draws are kept: else no whole number equals its own
        shown = draws[..., space.fitted]
        found = ranks(truth, shown, np.random.default_rng([space.seed, 8]))
        table = parameters_table(names, truth, shown, found)
        effects, best = self._effects(known, draws)
        return Coverage(table, pd.DataFrame(found, columns=names), effects, best)

    def _known(self, emulators: Emulators) -> Known:
        """Truths that the model can be run at, and what is known of each."""
        calibrator, space = self.calibrator, self.space
        rng = np.random.default_rng([space.seed, 6])
        unit = scattered(space, emulators, LOOSE, self.cities, rng)
        values = space.values(unit)
        means = calibrator.means(calibrator.swept(space.study(values, REPEATS, name=CITIES, seed=LUCK_OF_CITIES), CITIES), len(unit))
        if space.targets_of(alone=True):
            study = space.study(values, 1, alone=True, name=CITIES_APART, seed=LUCK_OF_CITIES)
            means = np.where(np.isnan(means), calibrator.means(calibrator.swept(study, CITIES_APART), len(unit)), means)
        goals = with_errors(emulators.likelihood, means, rng)
        good = np.isfinite(goals).all(axis=1)
        return Known(unit[good], goals[good])

    def _walks(self, emulators: Emulators, known: Known) -> Iterator[np.ndarray]:
        """Draws of the posteriors (c x n x d), of some cities after the others."""
        likelihood = likelihood_of(emulators, REPEATS)
        for start in range(0, len(known.goals), TOGETHER):
            goals = known.goals[start : start + TOGETHER]
            file = self.calibrator.folder / WALKS / f"{start:04}.npz"
            if not (made := _kept(file, goals)):
                draws = drawn(self.space, emulators, likelihood.at(goals), np.random.default_rng([self.space.seed, 7, start]))
                make_folder(file.parent)
                made = {"goals": goals, "draws": draws.astype(np.float32)}
                place(file, lambda stream, made=made: np.savez_compressed(stream, **made))  # type: ignore[misc]
            self.calibrator.tell(f"posteriors of {start + len(goals)} of {len(known.goals)} cities")
            yield made["draws"].astype(float)

    def _effects(self, known: Known, draws: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Of all cities, with the number of each."""
        reforms, truths, parts = self.reforms, self.space.values(known.unit).to_dict("records"), []
        for city, truth in enumerate(truths):
            lives = reforms.lived(city, truth, self.space.values(draws[city]))
            if self.calibrator.progress:
                self.calibrator.progress(reforms.runs)
            rng = np.random.default_rng([self.space.seed, 9, city])
            parts.append([one.assign(city=city) for one in (judged(lives, rng), called_best(lives, rng))])
        effects, best = (pd.concat(one, ignore_index=True) for one in zip(*parts, strict=True))
        return effects, best


def _kept(file: Path, goals: np.ndarray) -> dict[str, np.ndarray] | None:
    """What is in a file of draws, if they are of these cities."""
    if not file.is_file():
        return None
    with np.load(file) as held:
        return dict(held) if np.array_equal(held["goals"], goals) else None
