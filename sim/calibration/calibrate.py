"""Calibrate a scenario: waves of history matching, a posterior sample, its own runs, weights, and what all that says."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.artifacts.posterior import Posterior
from sim.artifacts.provenance import versions
from sim.artifacts.sources import sources
from sim.calibration.coverage import REPEATS, Coverage, coverage
from sim.calibration.emulators import CUT, Emulators
from sim.calibration.posterior import Sampled, sample, weights
from sim.calibration.result import LEVEL, Calibration, alike, parameter_table, weighted_quantile
from sim.calibration.sampling import effective
from sim.calibration.space import Space
from sim.calibration.targets import Target
from sim.calibration.waves import Effort, History, Wave, answers
from sim.errors import InputError
from sim.inputs.scenario import Scenario
from sim.methods import UNVALIDATED
from sim.studies.answers.sweep import Sweep, sweep

DRAWS, CITIES, CITIES_APART = "draws", "cities", "cities-peers"  # folders of stores beside those of the waves
ABOUT = "Draws of parameters that agree with the targets below; made by confianza calibrate. Weights are relative to their mean."
LUCK = 1  # added to the seed for runs of the posterior: not the luck of which the bank has learned
LUCK_OF_CITIES = 2


@dataclass
class Calibrator:
    """One calibration in a folder. Called again it goes on where it was; runs that are there are never run again.

    name      of the posterior
    targets   see `sim.calibration.targets.load_targets`
    progress  called with each number of runs that are done
    tell      called with a line about each step
    """

    name: str
    scenario: Scenario
    targets: tuple[Target, ...]
    folder: Path
    effort: Effort
    progress: Callable[[int], None] | None = None
    tell: Callable[[str], None] = lambda text: None
    workers: int | None = None

    def __post_init__(self) -> None:
        if len(self.targets) < 2:
            raise InputError("there are fewer than two targets.", "Give more; one number cannot fix dozens of parameters.")
        self.space = Space(self.scenario.with_(interventions=()), self.targets, self.scenario.seed)

    @property
    def history(self) -> History:
        return History(self.space, self.effort, self.folder, self.progress, self.workers)

    def run(self) -> Calibration:
        """Calibrate. InputError if the folder holds another calibration, or too many runs fail."""
        emulators, waves = self.history.run(self.tell)
        drawn, means = self._posterior(emulators)
        weight = weights(emulators, drawn.unit, means, self.effort.repeats)
        self.tell(f"posterior: {len(weight)} draws that tell as much as {effective(weight):.0f} of equal weight")
        return self._described(emulators, waves, drawn, means, weight)

    def _posterior(self, emulators: Emulators) -> tuple[Sampled, np.ndarray]:
        """Draws, and the mean answers of their own runs (n x targets, on the targets' scales; nan for what is run apart)."""
        rng = np.random.default_rng([self.space.seed, 4])
        drawn = sample(self.space, emulators, self.effort.draws, rng)
        study = self.space.study(self.space.values(drawn.unit), self.effort.repeats, name=DRAWS, seed=LUCK)
        made = self._swept(study, DRAWS)
        return drawn, self._means(made, len(drawn.unit))

    def _swept(self, study: Any, name: str) -> Sweep:
        """The runs of a study in a folder of this calibration; those of other points, from waves that were not the same, are replaced."""
        options: Any = {"progress": self.progress, "workers": self.workers}
        try:
            return sweep(study, self.folder / name, **options)
        except InputError as error:
            if "another study" not in error.message:
                raise
            return Sweep.load(self.folder / name).extend(study=study, **options)

    def _means(self, made: Sweep, count: int) -> np.ndarray:
        """Mean answers of points over their runs."""
        found = np.full((count, len(self.targets)), np.nan)
        for place, target in enumerate(self.targets):
            if target.measure in made.study.measures:
                found[:, place] = answers(made, target).mean(axis=1)
        return found

    def cover(self, cities: int, progress: Callable[[], None] | None = None) -> Coverage:
        """See `sim.calibration.coverage`; runs the first wave if it is not there yet."""
        one = Effort(**{**self.effort.as_data(), "waves": 1})  # type: ignore[arg-type]
        emulators, _ = History(self.space, one, self.folder, self.progress, self.workers).run(self.tell)
        rng = np.random.default_rng([self.space.seed, 6])
        truths = self.space.snapped(rng.random((cities, len(self.space.factors))))
        values = self.space.values(truths)
        made = self._swept(self.space.study(values, REPEATS, name=CITIES, seed=LUCK_OF_CITIES), CITIES)
        means = self._means(made, cities)
        if self.space.targets_of(alone=True):
            apart = self._swept(self.space.study(values, 1, alone=True, name=CITIES_APART, seed=LUCK_OF_CITIES), CITIES_APART)
            means = np.where(np.isnan(means), self._means(apart, cities), means)
        return coverage(self.space, emulators, truths, means, REPEATS, self.space.seed, progress)

    def _described(self, emulators: Emulators, waves: list[Wave], drawn: Sampled, means: np.ndarray, weight: np.ndarray) -> Calibration:
        values = self.space.values(drawn.unit)
        means_or_emulated = np.where(np.isnan(means), emulators.predict(drawn.unit), means)
        own = pd.DataFrame({target.measure: target.scale.back(means_or_emulated[:, place]) for place, target in enumerate(self.targets)})
        parameters = parameter_table(self.space.factors, drawn.unit, values, weight)
        fitted = target_table(emulators, own, weight)
        pairs = alike(self.space.names, drawn.unit, weight)
        facts = {
            "scenario": self.name,
            "about": ABOUT,
            "parameters": self.scenario.parameters,
            "adults": self.scenario.city.adults, "seed": self.space.seed,
            "draws": len(weight), "effective_draws": round(effective(weight), 1), "mixing": round(drawn.mixing, 4),
            "runs": self.effort.runs, "runs_of_peers": self.effort.apart(self.effort.waves),
            "effort": self.effort.as_data(),
            "waves": [{"points": wave.points, "prior_left": float(f"{wave.left:.3g}"), "q2": wave.q2} for wave in waves],
            "q2_is": str(UNVALIDATED), "ruled_out_beyond": CUT,
            "targets": {target.id: target.as_data() | _found(fitted, target) for target in self.targets},
            "contraction": {row.parameter: round(row.contraction, 3) for row in parameters.itertuples()},
            "pairs": [{"one": row.one, "other": row.other, "correlation": round(row.correlation, 2)} for row in pairs.itertuples()],
            "source_fingerprint": sources(), "versions": versions(),
        }  # fmt: skip
        posterior = Posterior(self.name, tuple(self.space.names), values.to_numpy(float), weight, facts)
        unit = pd.DataFrame(drawn.unit, columns=self.space.names)
        return Calibration(posterior, unit, parameters, fitted, pairs, own)


def target_table(emulators: Emulators, own: pd.DataFrame, weight: np.ndarray) -> pd.DataFrame:
    """A row a target: what was measured and what the posterior answers, in the pattern's unit.

    misfit  of the posterior's mean, in tolerances on the scale of the comparison
    error   of the emulator there, in tolerances; luck: of one run
    """
    shares = [(1.0 - LEVEL) / 2.0, 0.5, (1.0 + LEVEL) / 2.0]
    rows = []
    for one in emulators.learned:
        target, values = one.target, own[one.target.measure].to_numpy()
        kept = np.isfinite(values)
        low, middle, high = weighted_quantile(values[kept], weight[kept], shares)
        mean = float(np.average(target.scale.to(values[kept]), weights=weight[kept]))
        pattern = target.pattern
        inside = float(weight[kept] @ ((values[kept] >= pattern.low) & (values[kept] <= pattern.high)) / weight[kept].sum())
        rows.append({
            "pattern": target.id, "measure": target.measure, "value": target.value, "tolerance": target.sd,
            "posterior": middle, "low": low, "high": high, "misfit": (mean - target.goal) / target.tolerance, "in_range": inside,
            "q2": one.q2, "q2_is": str(UNVALIDATED), "error": one.error**0.5 / target.tolerance, "luck": one.noise**0.5 / target.tolerance,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _found(fitted: pd.DataFrame, target: Target) -> dict[str, Any]:
    """What the posterior answers, for NAME.yaml."""
    row = fitted.set_index("pattern").loc[target.id]
    return {
        "posterior": {"median": float(f"{row.posterior:.5g}"), "low": float(f"{row.low:.5g}"), "high": float(f"{row.high:.5g}")},
        "misfit": round(float(row.misfit), 2),
        "q2": round(float(row.q2), 4),
    }
