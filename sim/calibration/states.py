"""Posteriors of states from the country's: parameters are shared, and each draw gets what sets the state apart.

For each draw theta of the country's parameters, the state's effects e (on reporting, files, treatment and crime) have

    e ~ N(mean, sd^2)     how states differ,          x ~ N(f(theta with e) - f(theta), error^2)     the state's figures,

with x the state's mean differences from the country in the years of reference, the error of such means (a year's movement over the root of
their number), and f the bank's answers, whose own error cancels as far as it is the same with and without effects. One draw of e is the
effects for which prior and figures, each moved by an error of its own kind, are met best: where f is straight in e, as it nearly is, those
are draws of the posterior (randomize, then optimize: Bardsley and others 2014, 10.1137/140964023). What states differ by says next to
nothing of theta: its weights stay as they are.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from os import cpu_count
from statistics import fmean

import numpy as np
import pandas as pd

from sim.artifacts.posterior import Posterior
from sim.calibration.emulators import Emulators
from sim.calibration.space import CRIME, FAR, STATES, Space
from sim.calibration.state_targets import PATTERNS
from sim.inputs.states import CONSTRUCTS, States, states

COLUMNS = (*STATES, CRIME)  # what sets a state apart, in the order of CONSTRUCTS; crime's effect is a shift
# How far figures follow effects, about, in draws of the country: reporting less than one for one, because people differ in it.
FOLLOW = np.array([0.75, 1.0, 0.9, 0.75])
STEP = 0.15  # by which slopes are taken, to both sides
ROUNDS = 6  # of going where effects should be
LUCK = 11  # of draws of states, beside that of the country's posterior


@dataclass(frozen=True)
class StatePosterior:
    """Draws of what sets a state apart, one for each draw of the country's posterior, whose weights are theirs.

    state    as the constitution has it
    values   n x 4: of `COLUMNS`
    weights  n, which sum to 1
    figures  4 x 2: the state's mean differences and their error (infinite: not used)
    """

    state: str
    values: np.ndarray
    weights: np.ndarray
    figures: np.ndarray


@dataclass(frozen=True)
class StateFitter:
    """The country's draws, and how the bank's answers move with what sets states apart.

    unit     n x d: the country's draws in the space
    weights  n
    known    the figures of states
    """

    space: Space
    emulators: Emulators
    unit: np.ndarray
    weights: np.ndarray
    known: States

    @classmethod
    def of(cls, space: Space, emulators: Emulators, nation: Posterior) -> "StateFitter":
        """For a posterior that was drawn in this space, where what sets states apart was held."""
        values = pd.DataFrame(nation.draws, columns=list(nation.names)).reindex(columns=space.names, fill_value=0.0)
        return cls(space, emulators, space.unit(values), nation.weights, states())

    @cached_property
    def _columns(self) -> list[int]:
        return [self.space.names.index(name) for name in COLUMNS]

    @cached_property
    def _own(self) -> np.ndarray:
        """n x 4: the country's values."""
        return np.column_stack([self.space.factors[column].at(self.unit[:, column]) for column in self._columns])

    @cached_property
    def _ends(self) -> np.ndarray:
        """2 x 4: values beyond which the bank knows nothing."""
        return np.column_stack([self.space.factors[column].at(np.array(FAR)) for column in self._columns])

    @cached_property
    def _here(self) -> np.ndarray:
        return self._answers(self._own)

    @cached_property
    def _slopes(self) -> np.ndarray:
        """n x 4 x 4: how answers (first) rise with values (second), draw by draw; where the bank knows something to both sides."""
        inside = np.clip(self._own, self._ends[0] + STEP, self._ends[1] - STEP)
        rises = [self._answers(inside + step) - self._answers(inside - step) for step in STEP * np.eye(len(COLUMNS))]
        return np.stack(rises, axis=-1) / (2.0 * STEP)

    @cached_property
    def _read(self) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
        """n x d: what emulators read of the country's draws; and of each of `COLUMNS` values and what is read of them."""
        shares = np.linspace(*FAR, 401)
        grid = self.space.inputs(np.tile(shares[:, None], (1, len(self.space.names))))
        return self.space.inputs(self.unit), [(self.space.factors[column].at(shares), grid[:, column]) for column in self._columns]

    def _answers(self, values: np.ndarray) -> np.ndarray:
        """n x 4: the bank's answers at such values of `COLUMNS`, on the targets' scales."""
        own, tables = self._read
        read, learned = own.copy(), {one.target.id: one for one in self.emulators.learned}
        for place, (column, table) in enumerate(zip(self._columns, tables, strict=True)):
            read[:, column] = np.interp(values[:, place], *table)
        return np.column_stack([learned[key].surface.predict(read[:, learned[key].columns]) for key in PATTERNS])

    def differences(self, effects: np.ndarray) -> np.ndarray:
        """n x 4: how far effects (n x 4) move the bank's answers; beyond its ends straight on."""
        values = self._own + effects
        inside = np.clip(values, *self._ends)
        return self._answers(inside) - self._here + np.einsum("nij,nj->ni", self._slopes, values - inside)

    def fit(self, state: str, *, without: bool = False) -> StatePosterior:
        """The posterior of a state; without its own figures: of one of which nothing is known but that it is a state."""
        spreads = [self.known.spread(construct, state if without else None) for construct in CONSTRUCTS]
        mean, sd = np.array([(spread.mean, spread.persistent_sd) for spread in spreads]).T / FOLLOW
        figures = np.array([fmean(self.known.differences(construct)[state]) for construct in CONSTRUCTS])
        error = np.array([np.inf if without else spread.yearly_sd for spread in spreads]) / len(self.known.reference) ** 0.5
        rng = np.random.default_rng([self.space.seed, LUCK, self.known.rows[state]])
        luck = rng.standard_normal((2, len(self.unit), len(COLUMNS)))
        prior, seen = mean + sd * luck[0], figures + np.where(without, 0.0, error) * luck[1]
        effects = self._met(prior, sd, seen, error)
        return StatePosterior(state, self._own + effects, self.weights, np.column_stack([figures, error]))

    def _met(self, prior: np.ndarray, sd: np.ndarray, seen: np.ndarray, error: np.ndarray) -> np.ndarray:
        """n x 4: the effects that are nearest to those of the prior and whose differences are nearest to those seen."""
        sure = self._slopes.transpose(0, 2, 1) / error**2
        back = np.linalg.inv(sure @ self._slopes + np.diag(sd**-2.0))
        effects = prior
        for _ in range(ROUNDS):
            pull = np.einsum("nij,nj->ni", sure, seen - self.differences(effects)) + (prior - effects) / sd**2
            effects = effects + np.einsum("nij,nj->ni", back, pull)
        return effects


def fit_states(space: Space, emulators: Emulators, nation: Posterior, names: Iterable[str] | None = None) -> dict[str, StatePosterior]:
    """The posteriors of states, all unless named; the same of a state whichever others are asked for."""
    from threadpoolctl import threadpool_limits

    fitter = StateFitter.of(space, emulators, nation)
    with threadpool_limits(1), ThreadPoolExecutor(cpu_count()) as pool:
        fitter.differences(np.zeros((len(fitter.unit), len(COLUMNS))))  # what all share, before threads ask for it
        return {one.state: one for one in pool.map(fitter.fit, names or fitter.known.rows)}
