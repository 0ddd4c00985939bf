"""A million trivial runs on a thousand slots, killed once and resumed: time and peak memory.

    python experiments/engine/million.py [RUNS]

The runs are made up (numbers that depend on the point alone), so what is timed is the engine: keys, pieces, shards, journal. The executor
has a thousand slots and does a piece when it is waited for, as a cluster would that has many more slots than this machine.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np

from sim.engine import running
from sim.engine.plans import Piece, plan_of
from sim.inputs.scenario import CitySize, Scenario
from sim.studies.answers.sweep import sweep
from sim.studies.design.study import Study
from sim.studies.running.store import SweepStore

SLOTS = 1000
MEASURES = ("mean_trust", "reporting_rate", "incidence")


def study_of(runs: int) -> Study:
    """A study of so many runs."""
    return Study(
        name="A million", scenario=Scenario(name="Small", city=CitySize(adults=1000), weeks=52, spin_up_weeks=2, seed=5), replicates=1,
        arms={"course": [{"training": {"start": 0, "coverage": 0.9}}]},
        vary={"trust.contact_gain": [0.01, 0.1], "trust.contact_loss": [0.1, 0.4]},
        design={"sobol": runs // 2, "validation": 0}, measures=MEASURES, posterior="none",
    )  # fmt: skip


def made_up(job, specs, values, pulse=None) -> Piece:
    """What runs would give, without running them."""
    measures = plan_of(job).study.measures
    points = np.array([spec.point for spec in specs], np.uint32)
    rows = {
        "point": points, "arm": np.array([spec.arm for spec in specs], str), "replicate": np.zeros(len(specs), np.uint32),
        "seed": np.full(len(specs), 7, np.int64), "week": np.full(len(specs), 52, np.uint16),
    }  # fmt: skip
    return Piece(rows | {name: points * (place + 0.5) for place, name in enumerate(measures)}, None, [])


class Slots(Executor):
    """A thousand slots, each of which is done as soon as it is submitted: what remains is the engine's own time."""

    _max_workers = SLOTS

    def submit(self, work, *given):
        future = Future()
        future.set_result(work(*given))
        return future


def main(folder: Path, runs: int) -> None:
    running.perform = made_up
    began, before = time.perf_counter(), time.process_time()
    made = sweep(study_of(runs), folder, executor=Slots())
    status = made.status()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{status.kept:,} of {status.wanted:,} runs kept; {time.perf_counter() - began:.0f} s passed, "
        f"{time.process_time() - before:.0f} s of processor time, peak memory {peak:.2f} GB",
        flush=True,
    )


def killed_and_resumed(runs: int) -> None:
    """Run it in a process of its own, kill that when a third is kept, and go on in another."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "store"
        command = [sys.executable, __file__, str(runs), str(folder)]
        with subprocess.Popen(command) as first:
            while first.poll() is None and len(list((folder / "shards").glob("*.parquet"))) < runs // 240 // 3:
                time.sleep(0.5)
            first.send_signal(signal.SIGKILL)
        began = time.perf_counter()
        print(f"killed; {SweepStore.open(folder).status().kept:,} runs kept, read in {time.perf_counter() - began:.1f} s", flush=True)
        subprocess.run(command, check=True)
        frame = SweepStore.open(folder).runs()
        assert len(frame) == runs and np.array_equal(frame.mean_trust, frame.point * 0.5)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"every run is there once; {size / 1e6:,.0f} MB on disk; {os.cpu_count()} processors")


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 1 << 20
    if len(sys.argv) > 2:
        main(Path(sys.argv[2]), asked)
    else:
        killed_and_resumed(asked)
