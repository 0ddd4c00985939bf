"""What a store holds, for reading: its plan, where it stands, what was kept. Needs no lock; runs may be done meanwhile.

Only runs whose keys are those of the store's plan as it is now are read. All keys of a batch were made at one time by one code,
so what is read never mixes two versions of the model or of an arm.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from sim.artifacts.bits import environment, same_bits
from sim.artifacts.sources import sources
from sim.engine import shards
from sim.engine.batches import Batch
from sim.engine.journal import KIND, Journal
from sim.engine.plans import Plan, RunSpec
from sim.errors import InputError

if TYPE_CHECKING:  # which takes long to import
    import pandas as pd

JOURNAL = "journal.sqlite"


@dataclass(frozen=True)
class Status:
    """Where a store stands. Runs are those of its plan as it is now; shards and bytes are all there are."""

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
    elsewhere: str  # with what the last batch was made (Python, NumPy, numba, processor), if that is not what is here
    problems: tuple[str, ...]  # shards that are missing or damaged

    @property
    def missing(self) -> int:
        """Runs that are neither kept nor failed."""
        return self.wanted - self.kept - self.failed


class RowPlaces(NamedTuple):
    """Where the runs of a study are kept."""

    positions: np.ndarray  # of the runs that are kept, among all runs of the study
    shards: np.ndarray  # number of the shard, for each of them
    places: np.ndarray  # which of the shard's runs it is


class Contents:
    """A folder with the runs of a plan; `plans` is the class of it."""

    plans: ClassVar[Any]

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self._writer: Journal | None = None
        self._known: set[tuple[int, bool]] = set()  # shards that were compared with the journal since this object is there

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

    @property
    def kind(self) -> str:
        """Of its plan."""
        with self.journal() as journal:
            return journal.plan()

    def batches(self) -> list[Batch]:
        """All batches, the oldest first; the last says which study this is."""
        with self.journal() as journal:
            return [] if journal.blank else journal.batches()

    @property
    def batch(self) -> Batch:
        """The last batch."""
        with self.journal() as journal:
            return journal.batches(last=True)[0]

    def plan_of(self, batch: Batch) -> Any:
        """The plan whose runs a batch lists."""
        plan = planned(self.plans, batch.study, batch.replicates)
        if len(batch.listed) != len(plan):
            raise KIND.damaged(self.folder / JOURNAL, "it lists other runs than its study has")
        return plan

    @property
    def changed(self) -> bool:
        """Would the runs come out otherwise now, because the code or what this environment makes of it is another?"""
        return not self.is_ours(self.batch)

    def is_ours(self, batch: Batch) -> bool:
        """Would this process make the runs of a batch as they are, bit for bit?"""
        return batch.fingerprint == sources() and same_bits(batch.made)

    def status(self, *, verify: bool = False) -> Status:
        """Where it stands. Shards are compared with the journal by their sizes; with `verify` by their hashes too, which reads all."""
        batch = self.batch
        points, arms, replicates = self.plan_of(batch).shape
        with self.journal() as journal:
            kept, failed = journal.keys("run"), journal.keys("failure")
            recorded = journal.shards()
            batches = journal.rows("SELECT count(*) FROM batch")[0][0]
        problems = [shards.problem(self.folder, shard, thorough=verify) for shard in recorded]
        return Status(
            wanted=len(batch.listed),
            kept=sum(key in kept for key in batch.listed),
            failed=sum(key in failed for key in batch.listed),
            points=points,
            arms=arms,
            replicates=replicates,
            shards=len(recorded),
            bytes=sum(shard.bytes + (shard.series_bytes or 0) for shard in recorded),
            batches=batches,
            changed=self.changed,
            elsewhere=made if (made := batch.made.get("environment", "")) != environment() else "",
            problems=tuple(problem for problem in problems if problem),
        )

    def places(self, batch: Batch) -> RowPlaces:
        """Where the runs of a batch's plan are kept, in its order."""
        with self.journal() as journal:
            kept = journal.kept()
        places = [(position, *kept[key]) for position, key in enumerate(batch.listed) if key in kept]
        return RowPlaces(*np.array(places, int).reshape(-1, 3).T)

    def _taken(self, places: RowPlaces, columns: list[str] | None, rows: int, *, series: bool = False) -> Any:
        """A pyarrow Table with the rows of some runs, `rows` of each, in order, from the shards in which they are."""
        import pyarrow as pa

        with self.journal() as journal:
            recorded = {shard.number: shard for shard in journal.shards()}
        needed, inverse = np.unique(places.shards, return_inverse=True)
        tables = []
        for place, number in enumerate(needed.tolist()):  # of each only the rows that are asked for are held
            checked = (number, series) in self._known
            table = shards.read(self.folder, recorded[number], series=series, columns=columns, known=checked)
            self._known.add((number, series))
            tables.append(table.take(shards.as_arrow(rows_of(places.places[inverse == place], rows))))
        if not tables:
            return pa.table({name: pa.array([], pa.float64()) for name in columns or ()})
        return pa.concat_tables(tables).take(shards.as_arrow(rows_of(np.argsort(np.argsort(inverse, kind="stable")), rows)))

    def arrays(self, *names: str, at: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Columns (by default all) of a plan that keeps one row a run, in its order. InputError if one is missing or damaged.

        at   the places of some runs in that order; None: of all
        """
        batch = self.batch
        places = self.places(batch)
        if at is not None:
            places = RowPlaces(*(column[np.searchsorted(places.positions, at)] for column in places))
        elif len(places.positions) < len(batch.listed):
            missing = len(batch.listed) - len(places.positions)
            raise InputError(
                f"'{self.folder}' lacks {missing} of {len(batch.listed)} runs.", "Run the same command again; what is there is kept."
            )
        return shards.arrays(self._taken(places, list(names) or None, 1))

    def failures(self) -> "pd.DataFrame":
        """A row for each run that failed: point, arm, replicate, inputs (what varies, as JSON), error, traceback."""
        import pandas as pd

        names = ["inputs", "error", "traceback"]
        with self.journal() as journal:
            failed = journal.failed()
        batch = self.batch
        places = [place for place, key in enumerate(batch.listed) if key in failed] if failed else []
        specs = self.plan_of(batch).specs(np.array(places, int))
        rows = [(*spec, *failed[batch.listed[place]]) for spec, place in zip(specs, places, strict=True)]
        return pd.DataFrame(rows, columns=[*RunSpec._fields, *names])


def rows_of(runs: np.ndarray, many: int) -> np.ndarray:
    """The rows of runs that have so many each."""
    return (runs[:, None] * many + np.arange(many)).ravel()


@lru_cache(16)
def planned(plans: type[Plan], text: str, replicates: int) -> Plan:
    """The plan that a journal kept."""
    return plans.read(text, replicates)
