"""What every map and figure of places says on itself: that they are invented, or what a scenario states of them (docs/limits.md)."""

from collections.abc import Mapping
from typing import Any

from sim.style import Note, note

STATABLE = ("opportunity", "exposure", "trust")  # never where offenders live, nor how officers behave


def stated(scenario: Mapping[str, Any]) -> list[str]:
    """What a scenario, as plain data, states of its places."""
    given = scenario.get("places") or {}
    parts = (given, *(given.get("neighborhoods") or ()))
    return [kind for kind in STATABLE if any(part.get(kind) is not None for part in parts)]


def of_places(scenario: Mapping[str, Any]) -> Note:
    """What to say of a scenario's places wherever they are seen."""
    known = stated(scenario)
    return note("places_stated", what=known) if known else note("places_invented")
