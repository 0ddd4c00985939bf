"""A store: a folder in which nothing is lost. Only one process writes; any number read.

    study.yaml             what is run, with all that it inherits (of a sweep; other plans name it otherwise)
    journal.sqlite         which runs are wanted, kept and failed (see `sim.engine.journal`)
    shards/00000.parquet   a row for each run and week that is read; series/ the same for weekly series
    provenance.json, ro-crate-metadata.json

A shard is written under another name, synced, renamed, and only then recorded together with its runs. So a file that is not
recorded is what a killed process left, and is removed; a run counts when its shard is recorded.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Self, TypeVar
from weakref import finalize

import numpy as np

from sim.artifacts.bits import environment, probe
from sim.artifacts.provenance import how_made
from sim.artifacts.sources import sources
from sim.engine import crate, shards
from sim.engine.batches import RESERVE, Batch, Shard
from sim.engine.contents import JOURNAL, Contents
from sim.engine.journal import Journal, disk_full
from sim.engine.plans import Piece, Plan, RunSpec
from sim.engine.shards import SERIES, SHARDS
from sim.errors import InputError
from sim.files.locking import LOCK, DiskFull, locked, make_folder, unwritable
from sim.files.writing import remove_parts, write
from sim.measures import own
from sim.style.commands import command

S = TypeVar("S", bound="Store")
PILOTS_FOLDER = "pilots"  # a store of its own, in which doses were scaled to a budget
# what there may be before the first batch is written
OURS = {JOURNAL, *(f"{JOURNAL}-{suffix}" for suffix in ("wal", "shm", "journal")), LOCK, SHARDS, SERIES, PILOTS_FOLDER}
CHUNK = 256  # runs that a killed process may lose, finished or not; a shard is a little less (see `Batch`)
LONGEST = 30.0  # seconds that a chunk may take one worker
SPEED = 1e8  # adult-weeks a second; a round figure, for the size of a chunk must not depend on the machine


class Store(Contents):
    """A folder with the runs of a plan; see `begin` and `open`."""

    lasting = True  # must what is recorded outlive a failure of power?

    def begin(self, plan: Plan, *, chunk: int | None = None) -> Self:
        """Make it new: it wants a plan's runs and has none. InputError if the folder holds anything or cannot be written to."""
        if not self.is_blank():
            raise _occupied(self.folder)
        with self.writing():
            if self.batches():
                raise _occupied(self.folder)
            self.want(plan, "new", chunk=chunk)
        return self

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """A store that is there. InputError if it is not one, or was written by another version."""
        store = cls(folder)
        if not store.exists():
            raise no_study(folder)
        if (kind := store.kind) != cls.plans.kind:
            message = f"'{folder}' holds runs of a {kind}, not of a {cls.plans.kind}."
            raise InputError(message, f"Whoever made them goes on with them; look at them: {command('status', folder)}")
        return store

    @staticmethod
    def kind_in(folder: str | Path) -> str:
        """The kind of plan of a folder. InputError if it holds no store."""
        store = Contents(folder)
        if not store.exists():
            raise no_study(folder)
        return store.kind

    def is_blank(self) -> bool:
        """Is the folder absent, empty, or left by a process that was killed before it wrote the first batch?"""
        try:
            names = {path.name for path in self.folder.iterdir()}
        except FileNotFoundError:
            return True
        except OSError as error:
            raise unwritable(self.folder, error) from None
        inside = [path for name in (SHARDS, SERIES) for path in (self.folder / name).glob("*")]
        return names <= OURS and not inside and not self.exists()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the one that writes. InputError if another process or another part of this one does, or if the folder cannot be written to."""
        try:
            with locked(self.folder, alone=True):
                for folder in (SHARDS, SERIES):
                    make_folder(self.folder / folder)
                self._writer = Journal(self.folder / JOURNAL, write=True, lasting=self.lasting)
                try:
                    if not self._writer.blank:
                        self._tidy()
                        self._describe()
                    yield
                finally:
                    self._writer.close()
                    self._writer = None
        except DiskFull:
            raise disk_full(self.folder) from None
        except OSError as error:
            raise unwritable(self.folder, error) from None

    def _tidy(self) -> None:
        """Remove what a killed process left: shards that are not recorded, and files half written."""
        with self.journal() as journal:
            recorded = {shard.number for shard in journal.shards()}
        begun = {shards.file_name(number) for batch in self.batches() for number in batch.shards if number not in recorded}
        for folder in (SHARDS, SERIES):
            for path in (self.folder / folder).glob("*.parquet"):
                if path.name in begun:
                    path.unlink()
        for folder in (".", SHARDS, SERIES):
            remove_parts(self.folder / folder)

    def _describe(self) -> None:
        """Write the files for people and archives, where they are not as they should be."""
        if not self.lasting:
            return
        batches = self.batches()
        facts = self.plan_of(batches[-1]).facts
        texts = {
            facts["file"]: batches[-1].study,
            crate.PROVENANCE: crate.provenance(facts, batches),
            crate.CRATE: crate.crate(facts, batches),
        }
        paths = {name: self.folder / name for name in texts}
        wrong = {name: text for name, text in texts.items() if not paths[name].is_file() or paths[name].read_bytes() != text.encode()}
        if wrong:
            write(self.folder, wrong)

    # --- What is wanted

    def want(self, plan: Plan, kind: str, *, chunk: int | None = None) -> Batch:
        """Want a plan's runs: make a batch of those that are neither kept nor failed (for "retry": of those that failed).

        chunk   runs that may be lost; by default that of the batch before, or what takes at most about half a minute
        """
        before = self.batches()
        listed = plan.keys()
        last = before[-1] if before else None
        batch = Batch(
            number=len(before),
            kind=kind,
            study=plan.text,
            replicates=plan.replicates,
            fingerprint=sources(),
            chunk=chunk or (last.chunk if last else chunk_of(plan)),
            first_shard=last.shards.stop if last else 0,
            keys=b"".join(listed),
            chosen=self._failed(listed) if kind == "retry" else self.absent(listed),
            made={name: value for name, value in how_made().items() if name != "source_fingerprint"}
            | {"environment": environment(), "probe": probe()}
            | ({"own_code": code} if (code := own.texts()) else {}),
        )
        assert self._writer  # only who holds the lock plans
        self._writer.add_batch(batch, plan.kind)
        self._describe()
        return batch

    def absent(self, listed: Sequence[bytes]) -> np.ndarray:
        """Positions of keys that are neither kept nor failed; of equal keys the first."""
        with self.journal() as journal:
            seen = set() if journal.blank else journal.known()
        chosen = []
        for position, key in enumerate(listed):
            if key not in seen:
                seen.add(key)
                chosen.append(position)
        return np.array(chosen, int)

    def _failed(self, listed: Sequence[bytes]) -> np.ndarray:
        with self.journal() as journal:
            failed = journal.keys("failure")
        first = {key: position for position, key in reversed(list(enumerate(listed))) if key in failed}
        return np.array(sorted(first.values()), int)

    def unfinished(self) -> list[tuple[Batch, list[int]]]:
        """The batches of which shards are not recorded, with the numbers of these; only those that the present code made."""
        with self.journal() as journal:
            done = {shard.number for shard in journal.shards()}
        todo = [(batch, [number for number in batch.shards if number not in done]) for batch in self.batches()]
        return [(batch, numbers) for batch, numbers in todo if numbers and self.is_ours(batch)]

    def repair(self) -> int:
        """Strike out shards whose files are missing or not what was written, so that their runs are run again; returns how many.

        Those of other code are left as they are, because nothing here could make them again.
        """
        if not self.exists():
            return 0
        ours = {batch.number for batch in self.batches() if self.is_ours(batch)}
        with self.journal() as journal:
            bad = [shard for shard in journal.shards() if shard.batch in ours and shards.problem(self.folder, shard, thorough=True)]
            for shard in bad:
                journal.forget(shard.number)
        return len(bad)

    def record(self, batch: Batch, number: int, pieces: Sequence[Piece]) -> None:
        """Write a shard, all its runs in order, and record it. InputError if it cannot be written; then nothing has changed."""
        specs = self.plan_of(batch).specs(batch.positions(number))
        listed = batch.listed
        key_of = {spec: listed[position] for spec, position in zip(specs, batch.positions(number), strict=True)}
        failures = [failure for piece in pieces for failure in piece.failures]
        failed = {RunSpec(*failure[:3]) for failure in failures}
        kept = [spec for spec in specs if spec not in failed]
        rows = joined([piece.rows for piece in pieces])
        assert len(rows["point"]) % max(1, len(kept)) == 0
        data = shards.encoded(rows)
        series = joined([piece.series for piece in pieces if piece.series]) if pieces[0].series else None
        shards.write_whole(self.folder / SHARDS / shards.file_name(number), data, lasting=self.lasting)
        shard = Shard(number, batch.number, len(specs), len(rows["point"]), len(data), shards.digest(data), None, None)
        if series:
            weekly = shards.encoded(series)
            shards.write_whole(self.folder / SERIES / shards.file_name(number), weekly, lasting=self.lasting)
            shard = shard._replace(series_bytes=len(weekly), series_sha256=shards.digest(weekly))
        assert self._writer  # only who holds the lock records
        runs = [(key_of[spec], place, *spec) for place, spec in enumerate(kept)]
        self._writer.record(shard, runs, [(key_of[RunSpec(*failure[:3])], *failure) for failure in failures])


@contextmanager
def somewhere(stores: type[S], folder: str | Path | None) -> Iterator[S]:
    """A store in a folder; without one in a temporary folder, which is there as long as anybody holds the store, as columns do that are
    read when somebody looks (see `sim.engine.lazy`); it need not outlive a failure of power.
    """
    store = stores(tempfile.mkdtemp(prefix="confianza-") if folder is None else folder)
    if folder is None:
        store.lasting = False
        finalize(store, rmtree, store.folder, ignore_errors=True)
    yield store


def joined(parts: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Columns of several pieces, one below the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def chunk_of(plan: Plan) -> int:
    """Runs a chunk: 256, or what takes a worker about half a minute if that is less. Decided by the plan, not by the machine. Of runs that
    are done together a shard holds all or none, and at least four times all, so that several workers have something to do.
    """
    _, adult_weeks = plan.cost(plan.specs(np.zeros(1, int))[0])
    runs = max(1, min(CHUNK, int(LONGEST * SPEED / adult_weeks)))
    if plan.together == 1:
        return runs
    shard = max(4, (runs - runs // RESERVE) // plan.together) * plan.together
    return shard + max(1, shard // (RESERVE - 1))  # of which `Batch.reserve` leaves the shard


def no_study(folder: str | Path) -> InputError:
    """The error for a folder that holds no store."""
    return InputError(f"'{folder}' holds no study.", "Give the folder of one, or make it: confianza sweep STUDY.yaml --out DIR")


def _occupied(folder: Path) -> InputError:
    """The error for a folder that holds something already."""
    return InputError(f"the folder '{folder}' holds something already.", "Choose a folder that is empty or not there yet, with --out.")
