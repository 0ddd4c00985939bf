"""The journal of a store: which runs are wanted, which are kept and where, and which failed. SQLite, one transaction a shard.

A run is known by its key (see `sim.studies.running.keys`); batches and shards are explained in `sim.engine.batches`.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sim.artifacts.checking import CHANGED, SEAL, ArtifactKind, checked
from sim.engine.batches import KEY, Batch, BatchRow, Shard
from sim.errors import InputError, number
from sim.style.commands import command

VERSION = 1
TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE batch (number INTEGER PRIMARY KEY, kind TEXT, study TEXT, replicates INTEGER, fingerprint TEXT, chunk INTEGER,
    first_shard INTEGER, runs INTEGER, keys BLOB, chosen BLOB, made TEXT);
CREATE TABLE shard (number INTEGER PRIMARY KEY, batch INTEGER, runs INTEGER, rows INTEGER, bytes INTEGER, sha256 TEXT,
    series_bytes INTEGER, series_sha256 TEXT);
CREATE TABLE run (key BLOB PRIMARY KEY, shard INTEGER, place INTEGER, point INTEGER, arm TEXT, replicate INTEGER) WITHOUT ROWID;
CREATE TABLE failure (key BLOB PRIMARY KEY, shard INTEGER, point INTEGER, arm TEXT, replicate INTEGER, inputs TEXT, error TEXT,
    traceback TEXT) WITHOUT ROWID;
"""


KIND = ArtifactKind(
    "journal of a study", "Restore it from a copy, or run the study beside it again: confianza sweep study.yaml --out ANOTHER_FOLDER"
)
WRONG = {  # how many rows of a table cannot be
    "run": "SELECT count(*) FROM run LEFT JOIN shard ON shard.number = run.shard WHERE typeof(key) <> 'blob' OR length(key) <> 16 "
    "OR shard.number IS NULL OR typeof(place) <> 'integer' OR place < 0 OR place >= shard.runs",
    "failure": "SELECT count(*) FROM failure WHERE typeof(key) <> 'blob' OR length(key) <> 16 OR typeof(inputs) <> 'text' "
    "OR typeof(error) <> 'text' OR typeof(traceback) <> 'text'",
}


class Journal:
    """The tables. Whoever writes holds the store's lock; readers need none."""

    def __init__(self, path: Path, *, write: bool = False, lasting: bool = True):
        self.path, self.write, self.lasting = path, write, lasting
        with self._explained():
            self.connection = _connected(path, write)
        try:
            self._begin()
        except BaseException:
            self.connection.close()
            raise

    def _begin(self) -> None:
        if self.write:
            with self._explained():
                self.connection.execute("PRAGMA journal_mode = WAL")
                # FULL: a shard that is recorded stays recorded when the power fails. It costs one sync of the disk a shard; with
                # NORMAL all shards since the last checkpoint could be forgotten, which is more than the one that may be lost.
                self.connection.execute(f"PRAGMA synchronous = {'FULL' if self.lasting else 'OFF'}")
        self._check_version()

    def _check_version(self) -> None:
        with self._explained():
            if not self.connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                self.blank = True
                return
            version = self.connection.execute("SELECT value FROM about WHERE name = 'version'").fetchone()
        self.blank = False
        if not version or version[0] != VERSION:
            layout = version[0] if version else "unknown"
            raise InputError(
                f"'{self.path}' was written by another version of Confianza (its layout is {layout}, not {VERSION}).",
                "Read it with the version that provenance.json beside it names, or run the study into another folder.",
            )

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of SQLite in plain words."""
        try:
            yield
        except sqlite3.Error as error:
            raise explained(self.path, error) from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written inside, or nothing."""
        with self._explained():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What a query finds."""
        with self._explained():
            return self.connection.execute(query, values).fetchall()

    def add_batch(self, batch: Batch, plan: str) -> None:
        """Write down a batch; with the first one, the tables themselves, and the kind of plan."""
        mask: np.ndarray = np.zeros(len(batch.listed), bool)
        mask[batch.chosen] = True
        fields = (batch.number, batch.kind, batch.study, batch.replicates, batch.fingerprint, batch.chunk, batch.first_shard)
        row = BatchRow(*fields, len(batch.chosen), batch.keys, np.packbits(mask).tobytes(), batch.made)  # type: ignore[arg-type]
        row = (*row[:-1], json.dumps({**batch.made, SEAL: row.seal}))  # type: ignore[assignment]
        with self.transaction() as connection:
            if self.blank:
                for statement in TABLES.split(";"):
                    connection.execute(statement)
                connection.execute("INSERT INTO about VALUES ('version', ?), ('plan', ?)", (VERSION, plan))
            connection.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        self.blank = False

    def plan(self) -> str:
        """The kind of its plan."""
        rows = self.rows("SELECT value FROM about WHERE name = 'plan'")
        if not rows:
            raise KIND.damaged(self.path, "it does not say what its runs are of")
        return str(rows[0][0])

    def batches(self, *, last: bool = False) -> list[Batch]:
        """All batches, the oldest first, or the last alone."""
        batches = []
        which = "WHERE number = (SELECT max(number) FROM batch)" if last else "ORDER BY number"
        for fields in self.rows(f"SELECT {', '.join(BatchRow._fields)} FROM batch {which}"):
            row: BatchRow = checked(BatchRow, dict(zip(BatchRow._fields, fields, strict=True)), self.path, KIND)
            origin: Any = dict(row.made)
            if origin.pop(SEAL, None) != row.seal:
                raise KIND.damaged(self.path, CHANGED)
            mask = np.unpackbits(np.frombuffer(row.chosen, np.uint8), count=len(row.keys) // KEY)
            batches.append(Batch(*row[:7], row.keys, np.flatnonzero(mask), origin))
        if not batches:
            raise KIND.damaged(self.path, "no runs are wanted in it")
        return batches

    def shards(self) -> list[Shard]:
        """All shards that are recorded, by number."""
        rows = self.rows(f"SELECT {', '.join(Shard._fields)} FROM shard ORDER BY number")
        return checked(list[Shard], [dict(zip(Shard._fields, row, strict=True)) for row in rows], self.path, KIND)

    def kept(self) -> dict[bytes, tuple[int, int]]:
        """Where each run is that is kept, by its key: in which shard, at which place."""
        self._refuse("run")
        return {key: (shard, place) for key, shard, place in self.rows("SELECT key, shard, place FROM run")}

    def failed(self) -> dict[bytes, tuple[str, str, str]]:
        """Inputs, error and traceback of each run that failed, by its key."""
        self._refuse("failure")
        return {key: (*told,) for key, *told in self.rows("SELECT key, inputs, error, traceback FROM failure")}

    def _refuse(self, table: str) -> None:
        """InputError if rows of a table are not what they should be."""
        if many := self.rows(WRONG[table])[0][0]:
            raise KIND.damaged(self.path, f"{count(many, 'row')} of the table '{table}' cannot be")

    def known(self) -> set[bytes]:
        """Keys of the runs that are kept or failed."""
        return self.keys("run") | self.keys("failure")

    def keys(self, table: str) -> set[bytes]:
        """Keys of the runs that are kept (of the table "run") or that failed ("failure")."""
        self._refuse(table)
        return {key for (key,) in self.rows(f"SELECT key FROM {table}")}

    def record(self, shard: Shard, runs: Sequence[tuple[Any, ...]], failures: Sequence[tuple[Any, ...]]) -> None:
        """Write down a shard with its runs (key, place, point, arm, replicate) and failures (key, point, arm, replicate, ...) at once.

        A run that another shard has already keeps its place there, and is no failure.
        """
        with self.transaction() as connection:
            connection.execute("INSERT INTO shard VALUES (?, ?, ?, ?, ?, ?, ?, ?)", shard)
            connection.executemany(f"INSERT OR IGNORE INTO run VALUES (?, {shard.number}, ?, ?, ?, ?)", runs)
            connection.executemany(f"INSERT OR REPLACE INTO failure VALUES (?, {shard.number}, ?, ?, ?, ?, ?, ?)", failures)
            connection.execute("DELETE FROM failure WHERE key IN (SELECT key FROM run)")

    def forget(self, shard: int) -> None:
        """Strike a shard out, so that its runs are run again."""
        with self.transaction() as connection:
            for table, column in (("run", "shard"), ("failure", "shard"), ("shard", "number")):
                connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (shard,))

    def note(self, name: str, value: str | None) -> None:
        """Write down a fact about the store, or strike it out."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM about WHERE name = ?", (name,))
            if value is not None:
                connection.execute("INSERT INTO about VALUES (?, ?)", (name, value))


def _connected(path: Path, write: bool) -> sqlite3.Connection:
    """A connection; one that only reads also works where nothing may be written."""
    options: dict[str, Any] = {"isolation_level": None, "timeout": 30, "uri": True, "check_same_thread": False}
    where = path.absolute().as_uri()
    if write:
        return sqlite3.connect(where, **options)
    connection = sqlite3.connect(f"{where}?mode=ro", **options)
    try:
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError:
        log = path.with_name(path.name + "-wal")
        connection.close()
        if log.exists() and log.stat().st_size:
            raise
        connection = sqlite3.connect(f"{where}?immutable=1", **options)  # a read-only folder, in which no memory can be shared
    return connection


def explained(path: Path, error: sqlite3.Error) -> InputError:
    """An error of SQLite in plain words."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    folder = path.parent
    if code == sqlite3.SQLITE_FULL:
        return disk_full(folder)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return InputError(f"the journal '{path}' cannot be opened or written to ({error}).", "Check the folder and its permissions.")
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT) or "no such" in str(error):
        return InputError(f"'{path}' is not the journal of a study, or is damaged ({error}).", KIND.remedy)
    if code == sqlite3.SQLITE_BUSY:
        return InputError(f"another program holds the journal '{path}' ({error}).", "Close it and try again.")
    remedy = f"Check the disk; what is recorded is safe. Then: {command('resume', folder)}"
    return InputError(f"the journal '{path}' cannot be used ({error}).", remedy)


def disk_full(folder: Path) -> InputError:
    """The error for a disk without room."""
    remedy = f"Free some space; what is recorded is safe. Then: {command('resume', folder)}"
    return InputError(f"the disk of '{folder}' is full.", remedy)


def count(amount: int, what: str) -> str:
    """An amount in words.

    >>> count(1, "run"), count(20000, "run")
    ('1 run', '20,000 runs')
    """
    return f"{number(amount)} {what}{'' if amount == 1 else 's'}"
