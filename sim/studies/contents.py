"""What a store holds, for reading: its study, where it stands, runs and series. Needs no lock; a study may be running meanwhile.

Only runs whose keys are those of the store's study as it is now are read. All keys of a batch were made at one time by one code,
so what is read never mixes two versions of the model or of an arm.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.errors import InputError, closest
from sim.studies import shards
from sim.studies.journal import Batch, Journal
from sim.studies.study import Study
from sim.studies.work import RunSpec, sources
from sim.yaml_files import parse

JOURNAL = "journal.sqlite"
BLOCK = 256  # runs whose series are in memory at one time


@dataclass(frozen=True)
class Status:
    """Where a store stands. Runs are those of its study as it is now; shards and bytes are all there are."""

    wanted: int
    kept: int
    failed: int
    points: int
    arms: tuple[str, ...]
    replicates: int
    shards: int
    bytes: int
    batches: int
    changed: bool  # see `Contents.changed`
    problems: tuple[str, ...]  # shards that are missing or damaged

    @property
    def missing(self) -> int:
        """Runs that are neither kept nor failed."""
        return self.wanted - self.kept - self.failed


class Places(NamedTuple):
    """Where the runs of a study are kept."""

    positions: np.ndarray  # of the runs that are kept, among all runs of the study
    shards: np.ndarray  # number of the shard, for each of them
    places: np.ndarray  # which of the shard's runs it is


class Contents:
    """A folder with the runs of a study."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self._writer: Journal | None = None

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """The journal, for reading or, inside `Store.writing`, for writing."""
        if self._writer:
            yield self._writer
            return
        journal = Journal(self.folder / JOURNAL)
        try:
            yield journal
        finally:
            journal.close()

    def exists(self) -> bool:
        """Has a study been written here? InputError if its journal cannot be read."""
        if not (self.folder / JOURNAL).is_file():
            return False
        with self.journal() as journal:
            return not journal.blank

    def batches(self) -> list[Batch]:
        """All batches, the oldest first; the last says which study this is."""
        with self.journal() as journal:
            return [] if journal.blank else journal.batches()

    @property
    def batch(self) -> Batch:
        """The last batch."""
        with self.journal() as journal:
            return journal.batches(last=True)[0]

    @property
    def study(self) -> Study:
        """The study as it was resolved."""
        return parsed(self.batch.study)

    @property
    def changed(self) -> bool:
        """Is the code another one than that which made the runs?"""
        return self.batch.fingerprint != sources()

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many points, arms and replicates."""
        return shape_of(self.batch)

    def status(self, *, verify: bool = False) -> Status:
        """Where it stands. Shards are compared with the journal by their sizes; with `verify` by their hashes too, which reads all."""
        batch = self.batch
        points, _, replicates = shape_of(batch)
        with self.journal() as journal:
            kept = {key for (key,) in journal.rows("SELECT key FROM run")}
            failed = {key for (key,) in journal.rows("SELECT key FROM failure")}
            recorded = journal.shards()
            batches = journal.rows("SELECT count(*) FROM batch")[0][0]
        found = [shards.problem(self.folder, shard, thorough=verify) for shard in recorded]
        return Status(
            wanted=len(batch.listed),
            kept=sum(key in kept for key in batch.listed),
            failed=sum(key in failed for key in batch.listed),
            points=points,
            arms=tuple(parsed(batch.study).sweep_arms()),
            replicates=replicates,
            shards=len(recorded),
            bytes=sum(shard.bytes + (shard.series_bytes or 0) for shard in recorded),
            batches=batches,
            changed=self.changed,
            problems=tuple(problem for problem in found if problem),
        )

    def places(self, batch: Batch) -> Places:
        """Where the runs of a batch's study are kept, by point, arm and replicate."""
        with self.journal() as journal:
            kept = {key: (shard, place) for key, shard, place in journal.rows("SELECT key, shard, place FROM run")}
        found = [(position, *kept[key]) for position, key in enumerate(batch.listed) if key in kept]
        return Places(*np.array(found, int).reshape(-1, 3).T)

    def _taken(self, places: Places, columns: list[str], each: int, *, series: bool = False) -> Any:
        """A pyarrow Table with the rows of some runs, `each` a run, in order, from the shards in which they are."""
        import pyarrow as pa

        with self.journal() as journal:
            recorded = {shard.number: shard for shard in journal.shards()}
        needed, inverse = np.unique(places.shards, return_inverse=True)
        tables = [shards.read(self.folder, recorded[number], series=series, columns=columns) for number in needed.tolist()]
        if not tables:
            return pa.table({name: pa.array([], pa.float64()) for name in columns})
        starts = np.cumsum([0, *(len(table) for table in tables)])
        first = starts[inverse] + places.places * each
        return pa.concat_tables(tables).take((first[:, None] + np.arange(each)).ravel())

    def runs(self) -> pd.DataFrame:
        """A row for each run and week that is read: point, arm, replicate, seed, week and the measures; by point, arm, replicate, week.

        Runs that are missing or failed have no rows. InputError if a shard is damaged.
        """
        batch = self.batch
        study, places = parsed(batch.study), self.places(batch)
        table = self._taken(places, ["seed", "week", *study.measures], len(study.at))
        return _labeled(batch, places.positions, table.to_pandas(), len(study.at))

    def cube(self, measure: str) -> np.ndarray:
        """A measure as an array: points x arms x replicates x weeks of `study.at`; nan where there is no run."""
        batch = self.batch
        weeks, places = len(parsed(batch.study).at), self.places(batch)
        values = np.full((len(batch.listed), weeks), np.nan)
        values[places.positions] = self._taken(places, [measure], weeks)[measure].to_numpy().reshape(-1, weeks)
        return values.reshape(*shape_of(batch), weeks)

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
                near = closest(name, kept)
                known = f"Series here: {', '.join(kept)}" if kept else "This study keeps none; write series: [trust, crimes] in another."
                raise InputError(f"there is no series '{name}' here.", f"Did you mean '{near}'?\n{known}" if near else known)
        places, weeks = self.places(batch), weeks_of(study)
        for start in range(0, len(places.positions) if kept else 0, BLOCK):
            part = Places(*(column[start : start + BLOCK] for column in places))
            table = self._taken(part, ["week", *(names or kept)], weeks, series=True)
            yield _labeled(batch, part.positions, table.to_pandas(), weeks)

    def failures(self) -> pd.DataFrame:
        """A row for each run that failed: point, arm, replicate, inputs (what varies, as JSON), error, traceback."""
        names = ["inputs", "error", "traceback"]
        with self.journal() as journal:
            found = {key: rest for key, *rest in journal.rows("SELECT key, inputs, error, traceback FROM failure")}
        batch = self.batch
        specs = specs_of(parsed(batch.study), *shape_of(batch)[::2]) if found else []
        rows = [(*spec, *found[key]) for spec, key in zip(specs, batch.listed, strict=False) if key in found]
        return pd.DataFrame(rows, columns=[*RunSpec._fields, *names])


@lru_cache(16)
def parsed(text: str) -> Study:
    """The study in a YAML text."""
    return Study(**parse(text.encode(), "study.yaml").data)


def _labeled(batch: Batch, positions: np.ndarray, frame: pd.DataFrame, each: int) -> pd.DataFrame:
    """Rows with the point, arm and replicate of their runs, whatever those were called when the runs were made."""
    point, arm, replicate = np.unravel_index(np.repeat(positions, each), shape_of(batch))
    names = np.array(parsed(batch.study).sweep_arms(), dtype=object)
    frame.insert(0, "point", point.astype(np.uint32))
    frame.insert(1, "arm", names[arm])
    frame.insert(2, "replicate", replicate.astype(np.uint32))
    return frame


def shape_of(batch: Batch) -> tuple[int, int, int]:
    """How many points, arms and replicates the study of a batch has."""
    arms = len(parsed(batch.study).sweep_arms())
    return len(batch.listed) // (arms * batch.replicates), arms, batch.replicates


def specs_of(study: Study, points: int, replicates: int) -> list[RunSpec]:
    """All runs of a study, by point, arm and replicate."""
    arms = list(study.sweep_arms())
    return [RunSpec(point, arm, replicate) for point in range(points) for arm in arms for replicate in range(replicates)]


def weeks_of(study: Study) -> int:
    """Weeks of a run's series, spin-up included."""
    return study.base.spin_up_weeks + study.base.weeks
