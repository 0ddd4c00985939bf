"""What a calibration varies, and the studies that run the model at points of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sim.calibration.structures import came_from, concerned, off
from sim.calibration.targets import Target
from sim.inputs.patterns import WEEKS
from sim.inputs.scenario import Scenario
from sim.measures import EXPERIMENT, MEASURES
from sim.studies.design.factors import PRIOR, Factor
from sim.studies.design.posteriors import NONE
from sim.studies.design.study import Study
from sim.studies.design.tables import as_text

# Topics that an ordinary run reads. What courses, community policing, hearings and money do, no target can see: those keep their priors.
TOPICS = (
    "trust", "encounter", "hearsay", "conduct", "reporting", "response", "offending", "deterrence", "survey", "staffing", "patrol",
    "places", "population",
)  # fmt: skip
# Of these topics, what no target can see either: complaints have no consequence but in a count, feeling unsafe and what voices tell have
# none, age matters only for what is offered to youths. Three more move no target by half of its tolerance over nine tenths of their priors:
# how fast offenders come and go, how fast places change, how alike the two dials are in officers. Discrimination is seen, by P10 above all:
# what it adds to bribes conduct.honesty_mean must leave out.
UNSEEN = (
    "encounter.complaint_probability", "survey.insecurity_intercept", "survey.insecurity_victim", "survey.insecurity_trust",
    "offending.entry_age", "offending.exit_rate", "places.half_life", "conduct.dials_correlation",
    "survey.recall_error", "survey.bribe_silence",
)  # fmt: skip
FAR = (0.0005, 0.9995)  # shares of a prior: its far ends
OFFICERS = ("conduct", "staffing")  # topics that an experiment on peers reads
# What sets a state apart for good. Runs vary it, so that one bank serves the country and every state; a place's own fit holds it.
STATES = ("institutions.reporting", "institutions.file", "institutions.treatment")
CRIME, CRIME_SD = "offending.propensity_log_mean", 0.3  # a state's crime is a shift of this; its spread in runs, wider than that of states
REACH, GRID = 5.0, 2001  # normal scores at which what emulators read is tabulated


@dataclass(frozen=True)
class Space:
    """Parameters with their priors, as a unit cube.

    scenario  without reforms
    targets   what the answers are compared with
    seed      of all luck
    """

    scenario: Scenario
    targets: tuple[Target, ...]
    seed: int

    @cached_property
    def prior(self) -> Study:
        """A study over the priors; the codebook's, or around the scenario's own values."""
        vary: Any = {PRIOR: [*TOPICS, *STATES]}
        blank = Study(
            name="prior", scenario=self.scenario, weeks=WEEKS, posterior=NONE, vary=vary, design={"random": 1}, replicates=1
        )  # fmt: skip
        seen = {name: given for name, given in (blank.vary or {}).items() if name not in UNSEEN}
        return blank.with_(vary=seen, seed=self.seed)

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        return self.prior.factors()

    @cached_property
    def fitted(self) -> np.ndarray:
        """d, bool: which of them are fitted; the others, which set states apart, are held at the scenario's values."""
        return np.array([name not in STATES for name in self.names])

    @cached_property
    def fitted_scores(self) -> np.ndarray:
        """d + 1, bool: the same of scores, of which the last is kappa's."""
        return np.append(self.fitted, True)

    def held(self, unit: np.ndarray) -> np.ndarray:
        """The same points, with what is not fitted in the middle of its prior."""
        return np.where(self.fitted, unit, 0.5)

    @property
    def names(self) -> list[str]:
        return [factor.name for factor in self.factors]

    @cached_property
    def _whole(self) -> list[int]:
        return [column for column, factor in enumerate(self.factors) if factor.at(np.array([0.5])).dtype.kind == "i"]

    def snapped(self, unit: np.ndarray) -> np.ndarray:
        """The same points, those of whole numbers in the middle of the share that gives the same number."""
        found = unit.copy()
        for column in self._whole:
            found[:, column] = self.factors[column].of(self.factors[column].at(unit[:, column]))
        return found

    @cached_property
    def _ends(self) -> list[tuple[int, bool, float, float]]:
        """Of parameters whose priors are not flat: column, whether they spread by factors, and their far ends on that scale."""
        found = []
        for column, factor in enumerate(self.factors):
            kind = getattr(factor.distribution, "kind", "uniform")
            if kind != "uniform":
                low, high = factor.at(np.array(FAR))
                found.append((column, kind == "lognormal", *((np.log(low), np.log(high)) if kind == "lognormal" else (low, high))))
        return found

    def inputs(self, unit: np.ndarray) -> np.ndarray:
        """What emulators read: values (or their logarithms) between the far ends of each prior, in which answers are closer to straight
        lines than in shares of the prior, that are stretched where the prior is thin."""
        found = unit.copy()
        for column, by_factors, low, high in self._ends:
            values = self.factors[column].at(unit[:, column])
            values = np.log(np.maximum(values, 1e-300)) if by_factors else values
            found[:, column] = np.clip((values - low) / (high - low), 0.0, 1.0)
        return found

    def values(self, unit: np.ndarray, without: str | None = None) -> pd.DataFrame:
        """The values of the parameters at unit points, a column each; without one of the `STRUCTURES` if one is named."""
        found = pd.DataFrame({factor.name: factor.at(unit[:, column]) for column, factor in enumerate(self.factors)})
        return off(without, found, {factor.name: factor for factor in self.factors}) if without else found

    def unit(self, values: pd.DataFrame) -> np.ndarray:
        """The unit points of values."""
        return np.column_stack([factor.of(values[factor.name].to_numpy()) for factor in self.factors])

    def reading(self, without: str | None = None) -> "InputTables":
        """What emulators read at normal scores, with what is not fitted held; see `values`."""
        from scipy.special import ndtr

        score = np.linspace(-REACH, REACH, GRID)
        unit = self.held(np.tile(ndtr(score)[:, None], (1, len(self.factors))))
        if without:  # its own parameters alone: to and from values, whole numbers would make steps, at which chains stumble
            own = [self.names.index(name) for name in concerned(without) if name in self.names]
            unit[:, own] = self.unit(self.values(unit, without))[:, own]
        return InputTables(np.array([self.names.index(came_from(without, name)) for name in self.names]), self.inputs(unit).T.copy())

    def filling(self, count: int, kind: str = "sobol") -> np.ndarray:
        """Points that fill the prior."""
        return self.snapped(self.prior.with_(design={kind: count}).points().unit[:count])  # without those that would validate

    def columns(self, target: Target) -> np.ndarray:
        """Numbers of the parameters that a target's measure reads."""
        every = np.arange(len(self.factors))
        if not run_apart(target):
            return every
        return np.array([column for column in every if self.factors[column].topic in OFFICERS])

    def targets_of(self, *, alone: bool) -> list[Target]:
        """The targets that are run apart, or the others."""
        return [target for target in self.targets if run_apart(target) == alone]

    def study(self, values: pd.DataFrame, replicates: int, *, alone: bool = False, name: str = "calibration", seed: int = 0) -> Study:
        """The runs at some values of the parameters, each with luck of its own: the mean over luck is what targets speak of.

        alone  of the measures that are run apart, which need no weeks after the spin-up
        seed   another number for other luck at the same points
        """
        measures = [target.measure for target in self.targets_of(alone=alone)]
        weeks = 1 if alone else WEEKS
        return Study(
            name=name, scenario=self.scenario, weeks=weeks, at=(weeks,), seed=self.seed + seed, posterior=NONE, vary=self.prior.vary,
            design={"points": as_text(values)}, measures=measures, replicates=replicates, luck="own",
        )  # fmt: skip


@dataclass(frozen=True)
class InputTables:
    """Tables of what emulators read (d x GRID) at normal scores of the parameters; sources: which parameter's score each follows (d)."""

    sources: np.ndarray
    tables: np.ndarray

    def at(self, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """n x d: inputs at normal scores (n x d), and how fast each rises with the score of its source."""
        step = 2.0 * REACH / (GRID - 1)
        place = (np.clip(score[:, self.sources], -REACH, REACH * (1.0 - 1e-12)) + REACH) / step
        below = place.astype(int)
        column = np.arange(len(self.tables))
        low, high = self.tables[column, below], self.tables[column, below + 1]
        return low + (place - below) * (high - low), (high - low) / step

    def back(self, slopes: np.ndarray, rises: np.ndarray) -> np.ndarray:
        """Slopes with the inputs (... x d) as slopes with the scores."""
        found = np.zeros_like(slopes)
        for column, source in enumerate(self.sources):
            found[..., source] += slopes[..., column] * rises[..., column]
        return found


def run_apart(target: Target) -> bool:
    """Is its measure run apart? Experiments take several times as long as a run, and need fewer points."""
    return MEASURES[target.measure].kind == EXPERIMENT


def on_scales(targets: Sequence[Target], cube: np.ndarray) -> np.ndarray:
    """Answers (... x targets) on the targets' scales."""
    return np.stack([target.scale.to(cube[..., place]) for place, target in enumerate(targets)], axis=-1)
