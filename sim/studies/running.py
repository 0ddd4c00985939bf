"""Run what a store still lacks: pieces of shards go to an executor, and each shard is written when all of it is there."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.studies.contents import parsed
from sim.studies.executors import crew
from sim.studies.journal import Batch, count
from sim.studies.store import Store, batch_specs
from sim.studies.work import Piece, RunSpec, job_of, perform, records

PIECE = 16  # runs that a worker takes at most at one time: they are measured together, which costs about a run's fifth for each piece
ANSWER = 0.2  # seconds until Ctrl-C is noticed


class Interrupted(Exception):
    """The user asked to stop; the shards under way have been finished and nothing is lost. The text says how to go on."""


class _Halted(Exception):
    """A worker was told to stop at once."""


@contextmanager
def patience() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second does what Ctrl-C did before.

    Only the main thread can be interrupted, and a program that was started in the background, where Ctrl-C is ignored, is left alone.
    """
    asked = threading.Event()
    before = signal.getsignal(signal.SIGINT) or signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or before is signal.SIG_IGN:
        yield asked
        return

    def first(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, first)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass
class _Shard:
    """A shard under way: its pieces in order, None where they are not there yet."""

    runs: int
    pieces: list[Piece | None]

    @property
    def whole(self) -> bool:
        return all(self.pieces)

    @property
    def begun(self) -> bool:
        return any(self.pieces)


class Runner:
    """Runs batches and writes them down. Only the thread that calls it writes.

    The runs that were handed out and are not recorded are never more than a chunk. So a killed process loses a chunk at most,
    whether its runs were finished or under way, and memory holds no more. No worker waits while the last runs of a shard are
    under way, or while it is written: the chunk's reserve is of the next one.
    """

    def __init__(self, store: Store, pool: Executor, asked: threading.Event, progress: Callable[[int], None] | None = None):
        self.store, self.pool, self.asked = store, pool, asked
        self.progress = progress or (lambda runs: None)
        self.crew = crew(pool)
        self.halt = threading.Event()

    def run(self, batch: Batch, numbers: list[int]) -> None:
        """Run some shards of a batch.

        Interrupted  if the user asks to stop: shards under way are finished first
        InputError   if a worker process dies or a shard cannot be written; what is recorded stays
        """
        work = _Work(self, batch, numbers)
        try:
            work.go()
        except BaseException as error:
            self.halt.set()
            work.give_up()
            if _lost_worker(error):
                raise InputError(
                    f"a worker process died ({type(error).__name__}); it was killed, or there was no memory left.",
                    f"What is recorded is safe. With fewer --workers, perhaps: confianza resume {self.store.folder}",
                ) from None
            raise

    def submit(self, job: bytes, specs: tuple[RunSpec, ...], values: tuple[dict[Any, Any], ...]) -> "Future[Piece]":
        if isinstance(self.pool, ThreadPoolExecutor):
            return self.pool.submit(perform, job, specs, values, self._go_on)
        return self.pool.submit(perform, job, specs, values)

    def _go_on(self) -> None:
        if self.halt.is_set():
            raise _Halted


class _Work:
    """One batch under way."""

    def __init__(self, runner: Runner, batch: Batch, numbers: list[int]):
        self.runner, self.batch, self.numbers = runner, batch, numbers
        study = parsed(batch.study)
        self.job, self.values = job_of(study), records(study.points())
        self.open: dict[int, _Shard] = {}  # handed out, not recorded
        self.held = 0  # runs that were handed out and are not recorded
        self.pending: dict[Future[Piece], tuple[int, int, int]] = {}  # number of the shard, of the piece, runs
        self.pieces = self._cut()
        self.next = next(self.pieces, None)

    def _cut(self) -> Iterator[tuple[int, int, tuple[RunSpec, ...]]]:
        """The pieces of all shards in order: number of the shard, number of the piece, its runs."""
        for number in self.numbers:
            specs = batch_specs(self.batch, number)
            ends = np.cumsum(sizes(len(specs), self.batch.reserve, self.runner.crew)).tolist()
            self.open[number] = _Shard(len(specs), [None] * len(ends))
            for place, (start, end) in enumerate(pairwise([0, *ends])):
                yield number, place, tuple(specs[start:end])

    def go(self) -> None:
        """Run everything."""
        asked = self.runner.asked
        while not asked.is_set():
            self._hand_out()
            if not self.pending:
                return
            self._collect()
        self._finish()

    def _hand_out(self, only: frozenset[int] | None = None) -> None:
        """Submit pieces while there is room for them; with `only`, those of these shards."""
        while self.next and self.held + len(self.next[2]) <= self.batch.chunk and (only is None or self.next[0] in only):
            number, place, specs = self.next
            values = tuple(self.values[spec.point] for spec in specs)
            self.pending[self.runner.submit(self.job, specs, values)] = (number, place, len(specs))
            self.held += len(specs)
            self.next = next(self.pieces, None)

    def _collect(self) -> None:
        """Take the pieces that are done, and write the shards that are whole."""
        done, _ = wait(self.pending, timeout=ANSWER, return_when=FIRST_COMPLETED)
        for future in done:
            number, place, runs = self.pending.pop(future)
            shard = self.open[number]
            shard.pieces[place] = future.result()
            self.runner.progress(runs)
            if shard.whole:
                self.runner.store.record(self.batch, number, [piece for piece in shard.pieces if piece])
                self.held -= shard.runs
                del self.open[number]

    def _finish(self) -> None:
        """Finish the shards of which anything is done, and stop."""
        begun = frozenset(number for number, shard in self.open.items() if shard.begun)
        if begun:
            print("Finishing what is under way; Ctrl-C again stops at once.", file=sys.stderr, flush=True)
        for future in [future for future, (number, *_) in self.pending.items() if number not in begun]:
            future.cancel()
            del self.pending[future]
        while begun & self.open.keys():
            self._hand_out(begun)
            self._collect()
        status = self.runner.store.status()
        left = f"; {count(status.missing, 'run')} to go" if status.missing else ""
        raise Interrupted(f"stopped: {count(status.kept, 'run')} kept{left}. Go on with: confianza resume {self.runner.store.folder}")

    def give_up(self) -> None:
        """Let nothing begin any more."""
        for future in self.pending:
            future.cancel()


def sizes(runs: int, reserve: int, crew: int) -> list[int]:
    """The sizes of a shard's pieces, for so many workers: of the reserve one for each, then large ones, small ones at the end.

    >>> sizes(240, 16, 2)
    [8, 8, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 8, 4, 2, 1, 1]
    >>> sizes(9, 1, 2)
    [1, 4, 2, 1, 1]
    """
    made: list[int] = []
    while left := runs - sum(made):
        made.append(max(1, min(PIECE, left // crew, reserve // crew if sum(made) < reserve else left)))
    return made


def _lost_worker(error: BaseException) -> bool:
    """Did whoever was to run something vanish?"""
    return isinstance(error, BrokenExecutor | CancelledError) or type(error).__name__ == "KilledWorker"  # the last is Dask's
