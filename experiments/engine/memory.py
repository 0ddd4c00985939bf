"""How much memory a comparison of a thousand replicates takes, from its runs to the page: peak of each command, in a process of its own.

    python experiments/engine/memory.py [REPLICATES [WEEKS]]

The runs are made up (one small city's, moved a little by each seed), so that what is measured is not the model: seven arms, all that is
kept of each run, the store, comparison.nc, tables, figures, and the page that is made of them again.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sim.cli import main
from sim.studies.running import runs

STUDY = """
name: A thousand replicates
question: How much memory do they take?
scenario: {{name: Small, city: {{adults: 1000, officers_per_1000_inhabitants: 8}}, weeks: {weeks}, spin_up_weeks: 26, seed: 5}}
arms:
  course: [{{training: {{start: 0, coverage: 0.9}}}}]
  purge: [{{purge: {{start: 0}}}}]
  beats: [{{community_policing: {{start: 0, share: 0.25}}}}]
  justice: [{{civic_justice: {{start: 0}}}}]
  half: [{{training: {{start: 0, coverage: 0.45}}}}]
measures: [mean_trust, reporting_rate, cost]
posterior: none
"""
lived, known = runs._everything, {}


def made_up(scenario, seed, pulse, observed=()):
    """A run that was lived once for each arm, moved a little by the seed."""
    arm = str(scenario.interventions)
    if arm not in known:
        known[arm] = lived(scenario, 1, silent)
    found, trust = known[arm]
    pulse(scenario.spin_up_weeks + scenario.weeks)
    moved = 1.0 + (seed % 1009) * 1e-6
    return {name: one * moved if one.dtype.kind == "f" and one.ndim else one for name, one in found.items()}, trust * moved


def silent(weeks: int) -> None:
    """Tells nobody."""


def command(*words: str) -> None:
    """A command in this process, and the peak of its memory."""
    runs._everything = made_up
    began = time.process_time()
    try:
        main(list(words))
    except SystemExit as end:
        if end.code:
            raise
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{words[0]}: peak memory {peak:.2f} GB, {time.process_time() - began:.0f} s of processor time", flush=True)


def measured(replicates: int, weeks: int) -> None:
    """Both commands, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        study, out = Path(folder) / "study.yaml", Path(folder) / "out"
        study.write_text(STUDY.format(weeks=weeks))
        for words in (["compare", str(study), "--replicates", str(replicates), "--out", str(out), "--yes"], ["report", str(out)]):
            subprocess.run([sys.executable, __file__, "command", *words], check=True)
        size = (out / "comparison.nc").stat().st_size
        print(f"{replicates:,} replicates of 7 arms and {weeks} weeks: comparison.nc has {size / 1e9:.2f} GB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["command"]:
        command(*sys.argv[2:])
    else:
        measured(*map(int, [*sys.argv[1:], *("1000", "520")[len(sys.argv) - 1 :]]))
