"""Does this environment (Python, NumPy, numba, processor) make the same bits as another? A small city, lived in both, tells."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from platform import machine
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.artifacts.provenance import versions
from sim.artifacts.sources import sources
from sim.world.compiled import processor

if TYPE_CHECKING:
    from sim.world.simulation import Simulation


def environment() -> str:
    """What may change the last bits of a result, in words."""
    ours = versions()
    return f"Python {ours['python']}, NumPy {ours['numpy']}, numba {ours['numba']}, {machine()} {processor()}"


def digest(simulation: "Simulation") -> str:
    """Hash of every bit of a run: all columns of all tables, the record, surveys, voices and costs (64 hexadecimal digits)."""
    from sim.world.simulation import columns

    made = columns(simulation.city) | simulation.record._asdict() | simulation.costs
    made |= {f"survey {row.week}": np.hstack(row) for row in simulation.surveys}
    made |= {f"voices {row.week}": np.hstack(row) for row in simulation.heard}
    whole = sha256()
    for name in sorted(made):
        column = np.ascontiguousarray(made[name])
        whole.update(f"{name} {column.dtype.str} {column.shape}".encode())
        whole.update(np.where(np.isnan(column), np.nan, column).tobytes() if column.dtype.kind == "f" else column.tobytes())
    return whole.hexdigest()


@cache
def probe() -> str:
    """The digest of a small city that lives a year in this process, in which a reform and every phase take part."""
    from sim.inputs.scenario import load_scenario
    from sim.world.simulation import Simulation

    small = load_scenario("national-average").with_(
        city={"adults": 1_000}, weeks=53, spin_up_weeks=0, changes=(), interventions=[{"purge": {"start": 4, "months": 3}}]
    )
    return digest(Simulation(small, seed=20260101).run())


def same_bits(made: Mapping[str, Any]) -> bool:
    """Does this environment make the same bits as that in which something was made (its `environment` and `probe`)?"""
    return made.get("environment") == environment() or made.get("probe") == probe()


def code() -> str:
    """What is equal in processes whose runs may be mixed: the sources, and what this environment makes of them."""
    return f"{sources()}-{probe()[:16]}"
