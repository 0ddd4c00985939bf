"""Run what a store still lacks: pieces of shards go to an executor, and each shard is written when all of it is there."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

from sim.engine.batches import Batch
from sim.engine.cutting import sizes
from sim.engine.executors import check, crew, executor
from sim.engine.journal import count
from sim.engine.plans import Piece, Plan, Pulse, RunSpec, job_of, perform
from sim.engine.setbacks import Setbacks
from sim.engine.store import Store, somewhere
from sim.errors import Interrupted
from sim.style.commands import command

AHEAD = 4  # runs that are handed out for each worker, at least, so that none waits
ANSWER = 0.2  # seconds until Ctrl-C is noticed


class _Halted(BaseException):
    """A worker was told to stop at once. No error of a run, which would be recorded as such."""


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

    The runs that were handed out and are not recorded are never more than a chunk, or four for each worker if those are more. So a
    killed process loses no more than that, whether its runs were finished or under way, and memory holds no more. No worker waits while
    the last runs of a shard are under way, or while it is written: the chunk's reserve is of the next one.

    reopen  gives another executor in place of a broken one
    again   the command that goes on after an interruption
    """

    def __init__(
        self,
        store: Store,
        pool: Executor,
        asked: threading.Event,
        progress: Pulse | None = None,
        reopen: Callable[[], Executor] | None = None,
        again: str | None = None,
    ):
        self.store, self.asked = store, asked
        self.progress = progress or (lambda amount: None)
        self.again = again or command("resume", store.folder)
        self.setbacks = Setbacks(pool, reopen, self.again)
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
            if (explained := self.setbacks.explained(error)) is not error:
                raise explained from None
            raise

    @property
    def pool(self) -> Executor:
        """Where runs are done now."""
        return self.setbacks.pool

    def submit(self, plan: Plan, job: bytes, specs: tuple[RunSpec, ...]) -> "Future[Piece]":
        values = plan.values(specs)
        if isinstance(self.pool, ThreadPoolExecutor):
            return self.pool.submit(perform, job, specs, values, self._lived if plan.weekly else self._go_on)
        return self.pool.submit(perform, job, specs, values)

    def done(self, plan: Plan, specs: tuple[RunSpec, ...]) -> None:
        """Tell that some runs are there; weeks that were lived in a thread have been told already."""
        if not plan.weekly:
            self.progress(len(specs))
        elif not isinstance(self.pool, ThreadPoolExecutor):
            self.progress(sum(plan.cost(spec)[0] for spec in specs))

    def _go_on(self, amount: int) -> None:
        if self.halt.is_set():
            raise _Halted

    def _lived(self, weeks: int) -> None:
        self._go_on(weeks)
        self.progress(weeks)


class _Work:
    """One batch under way."""

    def __init__(self, runner: Runner, batch: Batch, numbers: list[int]):
        self.runner, self.batch, self.numbers = runner, batch, numbers
        self.plan = runner.store.plan_of(batch)
        self.job = job_of(self.plan)
        self.room = max(batch.chunk, AHEAD * runner.crew)
        self.open: dict[int, _Shard] = {}  # handed out, not recorded
        self.held = 0  # runs that were handed out and are not recorded
        self.pending: dict[Future[Piece], tuple[int, int, tuple[RunSpec, ...]]] = {}  # number of the shard, of the piece, runs
        self.pieces = self._cut()
        self.next = next(self.pieces, None)

    def _cut(self) -> Iterator[tuple[int, int, tuple[RunSpec, ...]]]:
        """The pieces of all shards in order: number of the shard, number of the piece, its runs."""
        for number in self.numbers:
            specs = self.plan.specs(self.batch.positions(number))
            ends = list(accumulate(sizes(len(specs), self.batch.reserve, self.runner.crew, self.plan.together)))
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
        while self.next and (not self.held or self.held + len(self.next[2]) <= self.room) and (only is None or self.next[0] in only):
            number, place, specs = self.next
            self.pending[self.runner.submit(self.plan, self.job, specs)] = (number, place, specs)
            self.held += len(specs)
            self.next = next(self.pieces, None)

    def _collect(self) -> None:
        """Take the pieces that are done, and write the shards that are whole."""
        done, _ = wait(self.pending, timeout=ANSWER, return_when=FIRST_COMPLETED)
        for future in done:
            number, place, specs = self.pending[future]
            try:
                piece = future.result()
            except BaseException as error:
                if not self.runner.setbacks.survived(error):
                    raise
                self._again([future] if not isinstance(error, BrokenExecutor) else list(self.pending))
                return
            del self.pending[future]
            self.runner.setbacks.in_a_row = 0
            shard = self.open[number]
            shard.pieces[place] = piece
            self.runner.done(self.plan, specs)
            if shard.whole:
                self.runner.store.record(self.batch, number, [piece for piece in shard.pieces if piece])
                self.held -= shard.runs
                del self.open[number]

    def _again(self, lost: Sequence["Future[Piece]"]) -> None:
        """Submit pieces anew."""
        for future in lost:
            number, place, specs = self.pending.pop(future)
            self.pending[self.runner.submit(self.plan, self.job, specs)] = (number, place, specs)

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
        raise Interrupted(f"stopped: {count(status.kept, 'run')} kept{left}. Go on with: {self.runner.again}")

    def give_up(self) -> None:
        """Let nothing begin any more."""
        for future in self.pending:
            future.cancel()


class Execution(NamedTuple):
    """Where runs are done and kept.

    folder    for a store; called again with the same, only what is missing is run. None: a temporary one
    executor  "threads", "processes", "dask://HOST:PORT", or a concurrent.futures.Executor; results do not depend on it
    workers   threads or processes; by default as many as there are processors
    progress  called with each number of weeks or runs (see `Plan.weekly`), from any thread
    """

    folder: str | Path | None = None
    executor: str | Executor = "threads"
    workers: int | None = None
    progress: Pulse | None = None

    @contextmanager
    def runner(self, stores: type[Store]) -> Iterator["Runner"]:
        """A runner that writes into the store; it can be read until the `with` ends."""
        with somewhere(stores, self.folder) as store, working(store, self, "the same command again") as runner:
            yield runner


HERE = Execution()  # in threads, kept nowhere


@contextmanager
def working(store: Store, execution: Execution, again: str | None = None) -> Iterator[Runner]:
    """The right to write into a store, with an executor; the first Ctrl-C finishes what is under way."""
    check(execution.executor)
    lent = isinstance(execution.executor, Executor)
    with store.writing(), patience() as asked, ExitStack() as pools:

        def opened() -> Executor:
            return pools.enter_context(executor(execution.executor, execution.workers))

        pool = opened()
        store.repair()
        yield Runner(store, pool, asked, execution.progress, None if lent else opened, again)


def complete(runner: Runner, plan: Plan) -> Store:
    """A store with all runs of a plan; those that it has already are kept, whatever plan they were done for."""
    store = runner.store
    last = store.batch if store.exists() else None
    if not last or not store.is_ours(last) or (last.study, last.replicates) != (plan.text, plan.replicates):
        store.want(plan, "extend" if last else "new")
    while len(store.absent(store.batch.listed)):
        for batch, numbers in store.unfinished():
            if batch.number == store.batch.number:
                runner.run(batch, numbers)
                break
        else:  # lost with a shard of an older batch
            store.want(plan, "again")
    return store
