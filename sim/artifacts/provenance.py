"""How this process makes what it makes: the one place that says so, for artifacts, stores and lists of files."""

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
    found = {"confianza": __version__, "python": python_version()}
    for package in ("numpy", "numba", "mesa"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found | own.names()
