"""Threads, processes and a Dask cluster give the same numbers, and what cannot be used is refused with a remedy."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from pace import LONGEST, eventually

from sim.engine import executors
from sim.engine.executors import crew, executor
from sim.engine.plans import RunSpec, perform
from sim.engine.setbacks import Setbacks
from sim.errors import InputError
from sim.inputs.scenario import CitySize, Scenario
from sim.studies.design.study import Study
from sim.studies.running.work import job_of
from sim.world.reforms import CommunityPolicing, Purge

ROOT = Path(__file__).parents[2]
STUDY = Study(
    name="Small",
    scenario=Scenario(name="small", city=CitySize(adults=2000), weeks=150, spin_up_weeks=10, seed=3),
    arms={"purge": [Purge(start=4)], "beats": [CommunityPolicing(start=0)]},
    measures=["mean_trust", "share_trusting", "incidence", "complaint_share_top_10"],
    series=["mean_trust"],
)


def pieces(replicates, size):
    """Jobs of a small study, as a sweep cuts them."""
    specs = tuple(RunSpec(0, arm, replicate) for arm in STUDY.sweep_arms() for replicate in range(replicates))
    return [(specs[start : start + size], ({},) * len(specs[start : start + size])) for start in range(0, len(specs), size)]


def done(pool, work, after_first=lambda: None):
    """What an executor makes of the pieces, in their order."""
    job = job_of(STUDY)
    futures = [pool.submit(perform, job, *piece) for piece in work]
    next(as_completed(futures))
    after_first()
    found = [future.result() for future in futures]
    assert not any(piece.failures for piece in found)
    return [{name: np.concatenate([getattr(piece, part)[name] for piece in found]) for name in getattr(found[0], part)}
            for part in ("rows", "series")]  # fmt: skip


def assert_same(one, other):
    for mine, theirs in zip(one, other, strict=True):
        assert mine.keys() == theirs.keys()
        for name, column in mine.items():
            assert column.dtype == theirs[name].dtype and column.tobytes() == theirs[name].tobytes(), name


@pytest.mark.compiled
def test_threads_and_processes_give_the_same():
    with executor("threads", 1) as pool:
        alone = done(pool, pieces(8, 24))
    with executor("threads", 3) as pool:
        assert crew(pool) == 3
        assert_same(done(pool, pieces(8, 3)), alone)
    with executor("processes", 2) as pool:
        assert crew(pool) == 2
        assert_same(done(pool, pieces(8, 5)), alone)
    assert len(alone[0]["seed"]) == 3 * 8 * 2


@pytest.mark.parametrize(
    ("name", "message", "remedy"),
    [
        ("thread", "there is no executor 'thread'", "Did you mean 'threads'?"),
        ("Processes", "there is no executor 'Processes'", "Did you mean 'processes'?"),
        ("slurm", "there is no executor 'slurm'", "Executors: threads, processes, dask://HOST:PORT"),
        ("dask://cluster", "'dask://cluster' is no address of a scheduler", "Write dask://HOST:PORT"),
        ("dask:8786", "'dask:8786' is no address of a scheduler", "Write dask://HOST:PORT"),
        (7, "there is no executor 7", "Executors: threads"),
    ],
)
def test_unknown_names_are_refused(name, message, remedy):
    with pytest.raises(InputError) as caught, executor(name):
        pass
    assert message in caught.value.message and remedy in caught.value.remedy


def test_an_executor_is_taken_as_it_is():
    with ThreadPoolExecutor(2) as own:
        with executor(own) as pool:
            assert pool is own and crew(pool) == 2
        assert own.submit(int, 3).result() == 3  # it was not shut down
    assert crew(Executor()) == 1


def test_an_error_gives_up_what_has_not_begun():
    begun, given_up = [], threading.Event()

    def work():
        begun.append(1)
        given_up.wait(LONGEST)

    def hundred():
        with executor("threads", 1) as pool:
            for future in [pool.submit(work) for _ in range(100)]:
                future.add_done_callback(lambda done: done.cancelled() and given_up.set())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        hundred()
    assert len(begun) <= 1 and given_up.is_set()


def test_dask_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="Dask is not installed") as caught, executor("dask://localhost:8786"):
        pass
    assert caught.value.remedy == 'Install it: pip install "confianza[cluster]"'


# --- A real scheduler and workers, as people start them


@pytest.fixture
def patient(monkeypatch):
    """Workers may take their time to start."""
    monkeypatch.setattr(executors, "PATIENCE", LONGEST)


@contextmanager
def started(*arguments, cwd=ROOT):
    """A process of Dask, ended in the end."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-m", "dask", *map(str, arguments)], cwd=cwd, **quiet)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def worker(address, cwd=ROOT):
    with started("worker", address, "--no-nanny", "--nthreads", 1, "--no-dashboard", cwd=cwd) as process:
        yield process


@contextmanager
def scheduling(folder):
    """A scheduler without workers, and its address."""
    file = folder / "scheduler.json"
    with started("scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", file) as process:
        eventually(lambda: file.exists() and file.read_text())
        yield process, json.loads(file.read_text())["address"]


@pytest.fixture
def scheduler(tmp_path):
    """Address of a scheduler without workers: one for each test, for it may not know at once that those of another are gone."""
    with scheduling(tmp_path) as (_, address):
        yield address


def dask(address):
    return executor(address.replace("tcp", "dask"))


@pytest.mark.compiled
@pytest.mark.usefixtures("patient")
def test_a_worker_that_is_killed_changes_nothing(scheduler):
    work = pieces(32, 4)
    with executor("threads", 2) as pool:
        expected = done(pool, work)
    with worker(scheduler) as first, worker(scheduler), dask(scheduler) as pool:
        pool._client.wait_for_workers(2, timeout=LONGEST)
        assert crew(pool) == 2
        found = done(pool, work, after_first=lambda: os.kill(first.pid, signal.SIGKILL))
        assert first.wait(LONGEST) == -signal.SIGKILL
        eventually(lambda: crew(pool) == 1)
    assert_same(found, expected)


@pytest.mark.usefixtures("patient")
def test_a_worker_with_other_code_is_refused(scheduler, tmp_path):
    shutil.copytree(ROOT / "sim", tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    with open(tmp_path / "sim" / "measures" / "harvest.py", "a") as harvest:
        harvest.write("ANOTHER_VERSION = True\n")
    with worker(scheduler, cwd=tmp_path), pytest.raises(InputError, match="has other code or versions") as caught, dask(scheduler):
        pass
    assert "Install the same version" in caught.value.remedy


@pytest.mark.usefixtures("patient")
def test_a_worker_with_other_code_that_comes_late_is_sent_away(scheduler, tmp_path, capfd):
    shutil.copytree(ROOT / "sim", tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    with open(tmp_path / "sim" / "measures" / "harvest.py", "a") as harvest:
        harvest.write("ANOTHER_VERSION = True\n")
    with worker(scheduler), dask(scheduler) as pool, worker(scheduler, cwd=tmp_path) as late:
        assert late.wait(LONGEST) is not None
        eventually(lambda: "has other code or versions" in capfd.readouterr().err)
        assert crew(pool) == 1 and pool.submit(len, "four").result(LONGEST) == 4


@pytest.mark.usefixtures("patient")
def test_a_scheduler_that_is_lost_is_called_that(tmp_path):
    with scheduling(tmp_path) as (process, address), worker(address), dask(address) as pool:
        waiting = pool.submit(time.sleep, LONGEST)
        process.kill()
        try:
            waiting.result(LONGEST)
        except BaseException as error:
            found = Setbacks(pool, None, "the same command again").explained(error)
    assert isinstance(found, InputError) and found.message.startswith("the Dask scheduler at ") and found.message.endswith(" was lost.")
    assert found.remedy.endswith("Start it again, then: the same command again")


@pytest.mark.usefixtures("patient")
def test_a_scheduler_without_workers_is_refused(scheduler, monkeypatch):
    from distributed import Client

    wait = Client.wait_for_workers
    monkeypatch.setattr(Client, "wait_for_workers", lambda client, many, timeout: wait(client, many, timeout=0.5))
    with pytest.raises(InputError, match="has no workers") as caught, dask(scheduler):
        pass
    assert caught.value.remedy.startswith("Start some: dask worker 127.0.0.1:")


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr(executors, "PATIENCE", 1)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at 127\.0\.0\.1:1") as caught, executor("dask://127.0.0.1:1"):
        pass
    assert "after 1 s" in caught.value.remedy
