"""Where runs are done: in threads of this process, in processes of this machine, or on a Dask cluster. All give the same numbers."""

import multiprocessing
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sim.artifacts.sources import sources
from sim.errors import InputError, did_you_mean, shown
from sim.measures import own
from sim.measures.harvest import warm_up

NAMES = ("threads", "processes", "dask://HOST:PORT")
SENT_AWAY = "confianza"  # topic of events
PATIENCE = 5  # seconds for a scheduler to answer, and for it to have a worker


@contextmanager
def executor(name: str | Executor = "threads", workers: int | None = None) -> Iterator[Executor]:
    """An executor for the time of a `with`. If that is left by an error, what has not begun is given up.

    name     "threads" (the model frees the GIL), "processes", "dask://HOST:PORT" (a scheduler of Dask), or any
             concurrent.futures.Executor, which is taken as it is and not shut down
    workers  how many threads or processes, by default as many as there are processors; a cluster has its own
    InputError if there is no such executor, if a package is missing, or if the cluster cannot be used
    """
    if isinstance(name, Executor):
        yield name
        return
    maker = _maker(name)
    if name != "threads" and (ours := own.texts()):
        message = f"workers of '{name}' do not know code of your own: {', '.join(ours)}."
        raise InputError(message, "Take the executor 'threads', or write it into the package.")
    with maker(workers or os.cpu_count()) as pool:
        yield pool


def check(name: str | Executor) -> None:
    """InputError if there is no such executor, before anything is written."""
    if not isinstance(name, Executor):
        _maker(name)


def crew(executor: Executor) -> int:
    """How many runs an executor does at the same time; 1 if it does not say."""
    if client := getattr(executor, "_client", None):  # of Dask
        return max(1, sum(client.nthreads().values()))
    return getattr(executor, "_max_workers", 1)


def _maker(name: object) -> Callable[[int | None], Any]:
    """What opens the executor of that name. InputError with the nearest one if there is none."""
    if name == "threads":
        return _threads
    if name == "processes":
        return _processes
    if isinstance(name, str) and name.startswith("dask:"):
        place = _address(name)
        return lambda workers: _dask(place)
    hint = did_you_mean(name, NAMES)
    raise InputError(f"there is no executor {shown(name)}.", f"{hint}Executors: {', '.join(NAMES)}")


@contextmanager
def _threads(workers: int | None) -> Iterator[Executor]:
    warm_up()
    with _given_up_on_error(ThreadPoolExecutor(workers)) as pool:
        yield pool


@contextmanager
def _processes(workers: int | None) -> Iterator[Executor]:
    """Fresh processes: a fork of a process with threads may hang. Each loads from disk what this one has compiled."""
    warm_up()
    context = multiprocessing.get_context("spawn")
    with _given_up_on_error(ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)) as pool:
        yield pool


def _begin_worker() -> None:
    """What a worker process does first. It leaves Ctrl-C to its parent, and ends with it even if that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warm_up()


def _end_with_parent() -> None:
    """Wait for the end of the process that started this one. (A worker of a killed pool would wait for work for ever.)"""
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(1)


@contextmanager
def _given_up_on_error(pool: Executor) -> Iterator[Executor]:
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()


def _address(name: str) -> str:
    """Where the scheduler of "dask://HOST:PORT" is. InputError if that is no address."""
    address = re.fullmatch(r"dask://([^\s/]+:[0-9]+)/?", name)
    if not address:
        raise InputError(f"{shown(name)} is no address of a scheduler.", "Write dask://HOST:PORT, as dask://localhost:8786")
    return address[1]


@contextmanager
def _dask(place: str) -> Iterator[Executor]:
    """The executor of a Dask cluster whose workers have the code of this process."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError("Dask is not installed.", 'Install it: pip install "confianza[cluster]"') from None
    try:
        client = Client(f"tcp://{place}", timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        remedy = f"Start one with dask scheduler, or check the address ({str(error)[:200]})."
        raise InputError(f"no Dask scheduler answers at {place}.", remedy) from None
    with client:
        _check_workers(client, place)
        client.subscribe_topic(SENT_AWAY, lambda event: print(event[1], file=sys.stderr, flush=True))
        client.register_plugin(_same_code(sources()))
        pool = client.get_executor(pure=False)
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False)
            raise
        pool.shutdown()


def _same_code(ours: str) -> Any:
    """A plugin that sends away workers which join later and would run other code."""
    from distributed import WorkerPlugin

    # of this function, so that workers are sent its text: theirs may have no such module
    class SameCode(WorkerPlugin):  # type: ignore[misc]
        name = "confianza: same code"

        def setup(self, worker: Any) -> None:
            try:
                from sim.artifacts.sources import sources

                theirs = sources()
            except Exception as error:
                theirs = str(error)
            if theirs != ours:
                worker.log_event(SENT_AWAY, f"The worker {worker.address} has other code or versions ({theirs}) and was sent away.")
                worker.io_loop.add_callback(worker.close)

    return SameCode()


def _check_workers(client: Any, place: str) -> None:
    """InputError if a cluster has no workers, or some that would run other code. (Those who join later are sent away.)"""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise InputError(f"the Dask scheduler at {place} has no workers.", f"Start some: dask worker {place}") from None
    remedy = "Install the same version of Confianza, Python, NumPy and numba everywhere, and start the workers anew."
    try:
        answers = client.run(sources)
    except ImportError as error:
        raise InputError(f"the workers of {place} cannot run Confianza ({error}).", remedy) from None
    for worker, theirs in answers.items():
        if theirs != sources():
            raise InputError(f"the Dask worker {worker} has other code or versions ({theirs}) than this process ({sources()}).", remedy)
