"""What may go wrong where runs are done: a worker that is lost or of another version is told and made up for, and need not end them."""

import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor

from sim.engine.plans import OTHER_CODE
from sim.errors import InputError

TOLERATED = 3  # setbacks without a run in between


class Setbacks:
    """Makes up for what went wrong, unless it goes wrong again and again.

    pool    where runs are done now
    reopen  gives another executor in place of a broken one; None: it cannot be replaced
    again   the command that goes on
    """

    def __init__(self, pool: Executor, reopen: Callable[[], Executor] | None, again: str):
        self.pool, self.reopen, self.again = pool, reopen, again
        self.in_a_row = 0

    def survived(self, error: BaseException) -> bool:
        """Is this no reason to end? Then it has been told, and a broken executor replaced. Otherwise the error that says why."""
        setback = self._setback(error)
        broken = isinstance(error, BrokenExecutor)
        if setback is None or self.in_a_row == TOLERATED or (broken and not self.reopen):
            return False
        self.in_a_row += 1
        if broken and self.reopen:
            self.pool = self.reopen()
        print(f"{setback[:1].upper()}{setback[1:]}; its runs are done again.", file=sys.stderr, flush=True)
        return True

    def _setback(self, error: BaseException) -> str | None:
        """What happened, if it may be made up for."""
        if isinstance(error, InputError) and error.message.startswith(OTHER_CODE):
            return error.message.rstrip(".")
        if isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker":  # the last is Dask's
            return f"a worker died ({type(error).__name__})"
        return None

    def explained(self, error: BaseException) -> BaseException:
        """The error in plain words, if somebody who was to run something has vanished."""
        if type(error).__name__ == "CancelledError" and (client := getattr(self.pool, "_client", None)):
            place = client.scheduler.address if client.scheduler else "its address"
            remedy = f"What is recorded is safe. Start it again, then: {self.again}"
            return InputError(f"the Dask scheduler at {place} was lost.", remedy)
        if self._setback(error) and not isinstance(error, InputError):
            return InputError(
                f"a worker process died ({type(error).__name__}); it was killed, or there was no memory left.",
                f"What is recorded is safe. With fewer --workers, perhaps: {self.again}",
            )
        return error
