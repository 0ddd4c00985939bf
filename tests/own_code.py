"""Code of one's own that several tests bring along."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sim.world.reforms import Bill
from sim.world.reforms.common import bounds_before, in_force, lever, nothing, start_lever, until_lever

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Holiday:
    """Nobody is stopped on some days."""

    start: int = start_lever()
    share: float = lever(0.5, 0, 1, "share", "Share of the week without stops.")
    until: int | None = until_lever()
    dose: ClassVar[str] = "share"
    reads: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ()
    text: ClassVar[str] = "Stop nobody on some days."

    due = bounds_before
    in_force = in_force

    def settings(self, week):
        return {"encounter.stop_rate": 4.0 * (1.0 - self.share)} if self.in_force(week) else {}

    def act(self, scene):
        return Bill(0.0, 0.0)

    def running(self, scene):
        return nothing(scene)


def python(text, folder, **environment):
    """The output of a script, interpreted, in a process of its own."""
    (folder / "script.py").write_text(text)
    told = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "1", **environment}
    done = subprocess.run([sys.executable, "script.py"], cwd=folder, env=told, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
