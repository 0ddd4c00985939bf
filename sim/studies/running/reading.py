"""What is read of a study's runs in a store: runs and outputs."""

from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from sim.engine.contents import Status
from sim.engine.journal import count
from sim.errors import InputError, did_you_mean, shown
from sim.studies.design.points import Points
from sim.studies.design.study import Study
from sim.studies.running.export import export
from sim.studies.running.store import SweepStore
from sim.studies.running.work import parsed
from sim.style.html import card, listed, table

READING = ("cautions", "decision", "references", "sources")  # keys of a study that say how to read its runs, and change none


class Reading:
    """A study's runs in a store. What is read is what is recorded; series are read a part at a time (see `Store.series`)."""

    def __init__(self, store: SweepStore, reads: Study | None = None):
        """reads: a study with the same runs, whose keys that say how to read them count instead of the store's."""
        self.store = store
        self._reads = {key: getattr(reads, key) for key in READING} if reads else {}
        self._points: tuple[str, Points] | None = None

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """A sweep that is there. InputError if the folder holds none."""
        return cls(SweepStore.open(folder))

    @property
    def study(self) -> Study:
        """The study as it was resolved."""
        return self.store.study.model_copy(update=self._reads) if self._reads else self.store.study

    @property
    def points(self) -> Points:
        """The points of its design."""
        text = self.store.batch.study
        if not self._points or self._points[0] != text:
            self._points = (text, parsed(text).points())
        return self._points[1]

    def status(self) -> Status:
        """How many runs are wanted, kept, failed and missing, and what is wrong with the folder."""
        return self.store.status()

    def runs(self, *, values: bool = False) -> pd.DataFrame:
        """A row for each run and week that is read: point, arm, replicate, seed, week and a column a measure.

        Ordered by point, arm (as in the study), replicate and week. With `values`, also a column for each factor that varies.
        """
        found = self.store.runs()
        return found.join(self.points.values, on="point") if values else found

    def values(self, of: str, week: int | None = None) -> np.ndarray:
        """One output of every run: points x replicates; nan where a run failed or is missing.

        of    "mean_trust": its level in the arm compared with; "level:ARM:MEASURE"; or "effect:ARM:MEASURE": what the arm makes
              of it, point by point and replicate by replicate
        week  one of those that the study reads (`at`), by default the last
        """
        study = self.study
        level, arm, measure = self._output(of)
        if week is not None and week not in study.at:
            raise InputError(f"week {shown(week)} was not read.", f"Weeks that were: {', '.join(map(str, study.at))}")
        cube = self.store.cube(measure)[..., study.at.index(week) if week is not None else -1]
        arms = list(study.sweep_arms())
        found = cube[:, arms.index(arm)]
        return found if level else found - cube[:, arms.index(study.vs)]

    def _output(self, of: str) -> tuple[bool, str, str]:
        """Is it a level, in which arm, of which measure? InputError with the nearest names if it cannot be read here."""
        study = self.study
        arms = list(study.sweep_arms())
        kind, arm, measure = "level", study.vs, of
        if ":" in of:
            kind, _, rest = of.partition(":")
            arm, _, measure = rest.rpartition(":")
        for given, known, what in ((kind, ("level", "effect"), "output"), (arm, arms, "arm"), (measure, study.measures, "measure")):
            if given not in known:
                hint = did_you_mean(given, known)
                remedy = f"{hint}Here: {', '.join(known)}\nAn output is MEASURE, level:ARM:MEASURE or effect:ARM:MEASURE."
                raise InputError(f"there is no {what} {shown(given)} in '{of[:100]}'.", remedy)
        return kind == "level", arm, measure

    def export(self, path: str | Path, *, series: bool = False) -> Path:
        """Write all runs, or with `series` their weekly series, to one file: .parquet, .csv or .nc. InputError if that is impossible."""
        return export(self.store, self.points, Path(path), series=series)

    def __repr__(self) -> str:
        status = self.store.status()
        size = f"{count(status.points, 'point')}, {count(len(status.arms), 'arm')}, {count(status.replicates, 'replicate')}"
        return f"<Sweep of '{self.study.name}': {size}; {status.kept:,} of {count(status.wanted, 'run')} kept, {status.failed:,} failed>"

    def _repr_html_(self) -> str:
        frame, study = self.store.runs(), self.study
        means = frame[frame.week == study.at[-1]].groupby("arm", sort=False)[list(study.measures)].mean()
        status = self.store.status()
        facts = (
            ("Question", study.question),
            ("Varies", listed(factor.name for factor in study.factors())),
            ("Design", f"{count(status.points, 'point')}, {count(len(status.arms), 'arm')}, {count(status.replicates, 'replicate')}"),
            ("Runs", f"{status.kept:,} of {count(status.wanted, 'run')} kept, {status.failed:,} failed"),
        )
        return card(f"Sweep of {study.name}", facts, table(means, index=True, caption=f"Means at the end of week {study.at[-1]}"))
