"""One study on ten executors and numbers of workers: the bytes of its store are equal.

python experiments/engine/executors.py
"""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

from sim.engine.executors import executor
from sim.inputs.scenario import CitySize, Scenario
from sim.studies.answers.compare import compare
from sim.studies.answers.sweep import sweep
from sim.studies.design.study import Study

CITY = Scenario(name="Small", city=CitySize(adults=1000, officers_per_1000_inhabitants=4.0), weeks=52, spin_up_weeks=26, seed=5)
ARMS = {"course": [{"training": {"start": 0, "coverage": 0.9}}], "purge": [{"purge": {"start": 0}}]}
SWEPT = Study(
    name="S", scenario=CITY, arms=ARMS, vary={"trust.contact_gain": [0.01, 0.1]}, design={"sobol": 32}, replicates=2, series=["crimes"]
)
COMPARED = Study(name="C", scenario=CITY, arms=ARMS, replicates=12)
WAYS = [("threads", 1), ("threads", 2), ("threads", 3), ("threads", 8), ("processes", 1), ("processes", 2), ("processes", 3)]
DASK = (1, 2, 4)  # threads of one worker


def digest(folder: Path) -> str:
    """Hash of every data file of a store."""
    files = sorted(folder.rglob("*.parquet"))
    return sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()[:12]


def cluster(stack: ExitStack, folder: Path, threads: int) -> str:
    """A Dask scheduler with a worker, for the time of the stack; its address."""
    file = folder / "scheduler.json"
    dask, quiet = [sys.executable, "-m", "dask"], {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    stack.callback(subprocess.Popen([*dask, *scheduler], **quiet).kill)
    while not file.exists() or not file.read_text():
        time.sleep(0.1)
    address = json.loads(file.read_text())["address"]
    stack.callback(subprocess.Popen([*dask, "worker", address, "--no-nanny", "--no-dashboard", "--nthreads", str(threads)], **quiet).kill)
    return address.replace("tcp", "dask")


def main() -> None:
    found = set()
    for name, workers in [*WAYS, *(("dask", threads) for threads in DASK)]:
        with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
            folder = Path(temporary)
            where = cluster(stack, folder, workers) if name == "dask" else name
            pool = stack.enter_context(executor(where, workers))
            began = time.perf_counter()
            sweep(SWEPT, folder / "swept", executor=pool, workers=workers)
            compare(COMPARED, executor=pool, workers=workers, folder=folder / "compared")
            told = (digest(folder / "swept"), digest(folder / "compared"))
            found.add(told)
            print(f"{name:10} {workers} at a time: {told[0]} {told[1]}  {time.perf_counter() - began:5.1f} s", flush=True)
    assert len(found) == 1, "the bytes differ"
    print("The bytes of all are equal.")


if __name__ == "__main__":
    main()
