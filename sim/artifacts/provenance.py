"""How this process makes what it makes: the one place that says so, for artifacts, stores and lists of files."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any

from pydantic import with_config
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim.artifacts.sources import sources
from sim.files.writing import now
from sim.measures import own
from sim.style.commands import this_command
from sim.version import __version__


@with_config(extra="allow")
class Provenance(TypedDict):
    """How something was made."""

    versions: dict[str, str]
    source_fingerprint: str
    command: str
    created: str


def how_made() -> Provenance:
    """Versions, fingerprint of the sources, command and time, as of now."""
    return {"versions": versions(), "source_fingerprint": sources(), "command": this_command(), "created": now()}


def versions() -> dict[str, Any]:
    """Versions of what makes results; code of one's own by its hash."""
    packages = {package: _installed(package) for package in ("numpy", "numba", "mesa")}
    return {"confianza": __version__, "python": python_version()} | packages | own.names()


@cache
def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
