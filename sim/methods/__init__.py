"""Numerical methods for runs that luck moves: arrays and tables in, tables out; they know no city and no file.

Three calls take anybody's data, in natural units: `sensitivity`, `decide` and `discover`. `import sim.methods` is quick; what needs pandas
or SciPy is imported when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim.style import Note, note

if TYPE_CHECKING:
    from sim.methods.decision.data import decide
    from sim.methods.discovery.data import discover
    from sim.methods.indices.data import sensitivity

_HOMES = {"sensitivity": "sim.methods.indices.data", "decide": "sim.methods.decision.data", "discover": "sim.methods.discovery.data"}
__all__ = ["decide", "discover", "how_judged", "sensitivity"]
UNVALIDATED = note("unvalidated")  # how a Q2 was found without validation points


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim.methods' has no attribute {name!r}")


def how_judged(points: int) -> Note:
    """How a Q2 was found, said wherever one is shown or written.

    points  validation points, at which it was; 0: there are none, or too few
    """
    return note("validated", points=points) if points else UNVALIDATED
