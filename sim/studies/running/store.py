"""The store of a sweep: the engine's store, whose plan is a study at all points of its design."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sim.engine.batches import Batch
from sim.engine.contents import RowPlaces
from sim.engine.store import Store
from sim.errors import InputError, did_you_mean
from sim.studies.design.designs import VALIDATION
from sim.studies.design.study import Study
from sim.studies.running.work import SweepPlan, parsed

BLOCK = 256  # runs whose series are in memory at one time


class SweepStore(Store):
    """A folder with the runs of a study at every point of its design."""

    plans = SweepPlan

    @classmethod
    def create(cls, folder: str | Path, study: Study, *, chunk: int | None = None) -> "SweepStore":
        """A new store, which wants the study's runs and has none. InputError if the folder holds anything or cannot be written to."""
        return cls(folder).begin(SweepPlan(study), chunk=chunk)

    def plan(self, study: Study, kind: str, *, replicates: int | None = None, chunk: int | None = None) -> Batch:
        """Want a study's runs, so many replicates of each (by default the study's, or the least if it has a rule); see `want`."""
        return self.want(SweepPlan(study, replicates), kind, chunk=chunk)

    @property
    def study(self) -> Study:
        """The study as it was resolved."""
        return parsed(self.batch.study)

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many points, arms and replicates."""
        points, arms, replicates = self.plan_of(self.batch).shape
        return points, len(arms), replicates

    def runs(self) -> pd.DataFrame:
        """A row for each run and week that is read: point, arm, replicate, seed, week and the measures; by point, arm, replicate, week.
        If the design has validation points, the column `validation` says which are.

        Runs that are missing or failed have no rows. InputError if a shard is damaged.
        """
        batch = self.batch
        study, places = parsed(batch.study), self.places(batch)
        table = self._taken(places, ["seed", "week", *study.measures], len(study.at))
        return _labeled(self.plan_of(batch), places.positions, table.to_pandas(), len(study.at))

    def cube(self, measure: str) -> np.ndarray:
        """A measure as an array: points x arms x replicates x weeks of `study.at`; nan where there is no run."""
        batch = self.batch
        weeks, places = len(parsed(batch.study).at), self.places(batch)
        values = np.full((len(batch.listed), weeks), np.nan)
        values[places.positions] = self._taken(places, [measure], weeks)[measure].to_numpy().reshape(-1, weeks)
        return values.reshape(*self.shape, weeks)

    def series(self, names: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Weekly series, at most 256 runs at a time: point, arm, replicate, week and a float32 column for each variable.

        names       which variables, by default all that are kept
        InputError  if there is no such series, or a shard is damaged
        """
        batch = self.batch
        study = parsed(batch.study)
        kept = study.series
        for name in names or kept:
            if name not in kept:
                known = (
                    f"Series here: {', '.join(kept)}" if kept else "This study keeps none; write series: [mean_trust, crimes] in another."
                )
                raise InputError(f"there is no series '{name}' here.", did_you_mean(name, kept) + known)
        places, weeks = self.places(batch), weeks_of(study)
        for start in range(0, len(places.positions) if kept else 0, BLOCK):
            part = RowPlaces(*(column[start : start + BLOCK] for column in places))
            table = self._taken(part, ["week", *(names or kept)], weeks, series=True)
            yield _labeled(self.plan_of(batch), part.positions, table.to_pandas(), weeks)


def _labeled(plan: SweepPlan, positions: np.ndarray, frame: pd.DataFrame, each: int) -> pd.DataFrame:
    """Rows with the point, arm and replicate of their runs, whatever those were called when the runs were made."""
    _, arms, _ = plan.shape
    point, arm, replicate = plan.indices(np.repeat(positions, each))
    frame.insert(0, "point", point.astype(np.uint32))
    frame.insert(1, "arm", np.array(arms, dtype=object)[arm])
    frame.insert(2, "replicate", replicate.astype(np.uint32))
    if plan.points.checks:
        frame.insert(3, VALIDATION, plan.points.validation[point])
    return frame


def weeks_of(study: Study) -> int:
    """Weeks of a run's series, spin-up included."""
    return study.base.spin_up_weeks + study.base.weeks
