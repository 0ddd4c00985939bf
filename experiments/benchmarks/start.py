"""What a short command costs, by part: processor seconds of `confianza run` of 1,000 adults and one week, compiled code on disk.

    python experiments/benchmarks/start.py [REPETITIONS]

Each repetition takes processes of their own, after one that fills the caches (compiled code, bytecode). The parts are told by a process
that does what the command does, one part after the other; `whole command` is the command as it is typed, with the end of the process.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
ASKED = ("national-average", "--set", "city.adults=1000", "--weeks", "1")
MOST = 1.5  # seconds of the whole command
IN_TURN = """
import json, sys, time
parts, before = {}, time.process_time()

def done(part):
    global before
    now = time.process_time()
    parts[part], before = now - before, now

import sim.cli
import gc
gc.set_threshold(sim.cli.GARBAGE)
done("command line: Typer")
import numpy, numba
done("NumPy and numba")
import sim.cli.work as work
done("other imports")
from sim.measures.harvest import warm_up
warm_up()
done("loading compiled code")
scenario = work.chosen("national-average", None, 1, ["city.adults=1000"])
results = work.run(scenario, replicates=8)
done("8 runs and their store")
results.save("saved")
done("files: NetCDF, CSV, JSON")
with open("table", "w") as sys.stdout:
    work.console().print(work.summary_table(results))
    for table in work.voices_table(results):
        work.console().print(table)
sys.stdout = sys.__stdout__
done("tables")
from sim.figures.series import save_figures
save_figures(results, "saved")
done("figures, with --figures")
print(json.dumps(parts))
"""


def seconds(*arguments: str) -> tuple[float, str]:
    """Processor seconds of a process of Python in an empty folder, user's and system's, and what it prints."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        before = os.times()
        ran = subprocess.run(
            [sys.executable, *arguments], cwd=folder, env=kept | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True, text=True
        )
        after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system, ran.stdout


def by_part(repetitions: int = 9) -> dict[str, list[float]]:
    """Processor seconds of each part and of whole commands, in every repetition."""
    whole = {
        "Python itself": ("-c", "pass"),
        "confianza --help": ("-m", "sim.cli", "--help"),
        "confianza explain parameters": ("-m", "sim.cli", "explain", "parameters"),
        "whole command": ("-m", "sim.cli", "run", *ASKED),
        "whole command, --figures": ("-m", "sim.cli", "run", *ASKED, "--figures"),
    }
    found: dict[str, list[float]] = {}
    for repetition in range(-1, repetitions):
        parts = json.loads(seconds("-c", IN_TURN)[1])
        parts |= {name: seconds(*arguments)[0] for name, arguments in whole.items()}
        for name, value in parts.items() if repetition >= 0 else ():
            found.setdefault(name, []).append(value)
    return found


if __name__ == "__main__":
    measured = by_part(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
    print(f"{'processor seconds':32s}{'min':>8s}{'median':>8s}")
    for name, values in measured.items():
        print(f"{name:32s}{min(values):8.3f}{median(values):8.3f}{f'  goal <= {MOST:g}' if name == 'whole command' else ''}")
