"""What every map and figure of places says on itself: that they are invented, or what a scenario states of them (docs/limits.md)."""

from collections.abc import Mapping
from typing import Any

from sim.inputs.places import KINDS, said
from sim.style import Note, note


def stated(scenario: Mapping[str, Any]) -> list[str]:
    """What a scenario, as plain data, states of its places."""
    known = said(scenario)
    return [kind for kind in KINDS if f"stated.{kind}" in known]


def of_places(scenario: Mapping[str, Any]) -> Note:
    """What to say of a scenario's places wherever they are seen."""
    known = stated(scenario)
    return note("places_stated", what=known) if known else note("places_invented")
