"""Calibrate a scenario: waves of runs, a posterior sample, its own runs, weights, and what all that says."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.calibration.description import described
from sim.calibration.emulators import Emulators
from sim.calibration.posterior import WeightedDraws, corrected, sample
from sim.calibration.result import Calibration
from sim.calibration.sampling import truncated
from sim.calibration.space import Space
from sim.calibration.structures import STRUCTURES, absent
from sim.calibration.targets import Target
from sim.calibration.waves import RUNS, Effort, History, answers
from sim.errors import InputError
from sim.inputs.scenario import Scenario
from sim.studies.answers.sweep import Sweep, sweep

DRAWS = "draws"  # folder of a store beside those of the waves
LUCK = 1  # added to the seed for runs of the posterior: not the luck of which the bank has learned


@dataclass
class Calibrator:
    """One calibration in a folder. Called again it goes on where it was; runs that are there are never run again.

    name      of the posterior
    targets   see `sim.calibration.layers.load_targets`
    progress  called with each number of runs that are done
    tell      called with a line about each step
    points    of the waves, if they are those of another calibration (see `sim.calibration.waves.read_points`)
    """

    name: str
    scenario: Scenario
    targets: tuple[Target, ...]
    folder: Path
    effort: Effort
    progress: Callable[[int], None] | None = None
    tell: Callable[[str], None] = lambda text: None
    workers: int | None = None
    points: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        if len(self.targets) < 2:
            raise InputError("there are fewer than two targets.", "Give more; one number cannot fix dozens of parameters.")
        self.space = Space(self.scenario.with_(interventions=()), self.targets, self.scenario.seed)

    @property
    def history(self) -> History:
        return History(self.space, self.effort, self.folder, self.progress, self.workers, self.points)

    def run(self) -> Calibration:
        """Calibrate. InputError if the folder holds another calibration, or too many runs fail."""
        emulators, waves = self.history.run(self.tell)
        whole = self._posterior(emulators, None)
        without = {name: self._posterior(emulators, name) for name in STRUCTURES if self._varies(name)}
        return described(self, Sweep.load(self.folder / RUNS).points.values, emulators, waves, whole, without)

    def _varies(self, without: str) -> bool:
        """Has the scenario this mechanism, and may it be absent?"""
        return bool(absent(without) & set(self.space.names))

    def _posterior(self, emulators: Emulators, without: str | None) -> "WeightedDraws":
        """Draws and their own runs, in the model or in a world without one of its mechanisms."""
        effort = self.effort
        number, count = (STRUCTURES.index(without) + 5, effort.apart_draws) if without else (4, effort.draws)
        rng = np.random.default_rng([self.space.seed, number])
        drawn = sample(self.space, emulators, count, effort.steps, rng, without=without, tell=self.tell)
        values = self.space.values(drawn.unit, without)
        store = f"{DRAWS}-without-{without}" if without else DRAWS
        made = self.swept(self.space.study(values, effort.repeats, name=store, seed=LUCK), store)
        unit = self.space.unit(values) if without else drawn.unit
        means = self.means(made, count)
        logs = corrected(emulators, unit, drawn.kappa, means, effort.repeats)
        draws = WeightedDraws(drawn, unit, values, means, truncated(logs), float(np.log(np.mean(np.exp(logs)))))
        self.tell(f"{f'without {without}' if without else 'posterior'}: {draws!r}")
        return draws

    def swept(self, study: Any, name: str) -> Sweep:
        """The runs of a study in a folder of this calibration; those of other points, from waves that were not the same, are replaced."""
        options: Any = {"progress": self.progress, "workers": self.workers}
        try:
            return sweep(study, self.folder / name, **options)
        except InputError as error:
            if "another study" not in error.message:
                raise
            return Sweep.load(self.folder / name).extend(study=study, **options)

    def means(self, made: Sweep, count: int) -> np.ndarray:
        """Mean answers of points over their runs."""
        found = np.full((count, len(self.targets)), np.nan)
        for place, target in enumerate(self.targets):
            if target.measure in made.study.measures:
                found[:, place] = answers(made, target).mean(axis=1)
        return found
