"""Pieces of the page that have a template of their own: maps that can be clicked, charts, and sliders that say what they are."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import solara


@solara.component_vue("map.vue")
def MapImage(
    src: str = "",
    alt: str = "",
    week: int = 0,
    event_picked: Callable[..., Any] | None = None,
    event_drawn: Callable[..., Any] | None = None,
) -> Any:
    """A map as a PNG; `picked` gets where it was clicked as [across, down], each 0-1, and `drawn` the week that is on the screen."""


@solara.component_vue("chart.vue")
def Chart(svg: str = "", label: str = "") -> Any:
    """A chart as SVG, and what it shows in words."""


@solara.component_vue("lever.vue")
def Lever(
    name: str = "",
    label: str = "",
    value: Any = 0,
    low: float = 0.0,
    high: float = 1.0,
    step: float | str = "any",
    unit: str = "",
    facts: str = "",
    detail: str = "",
    choices: Sequence[str] = (),
    labels: Sequence[str] = (),
    slider: bool = True,
    event_changed: Callable[..., Any] | None = None,
) -> Any:
    """A slider with a field for exact numbers, or a list of choices; `changed` gets the new value when it is let go."""


def Choice(name: str, label: str, value: str, labels: Mapping[str, str], changed: Callable[..., Any], **more: str) -> Any:
    """A list of choices, each with what it is called."""
    return Lever(name=name, label=label, value=value, choices=list(labels), labels=list(labels.values()), event_changed=changed, **more)


@solara.component_vue("document.vue")
def Language(language: str = "en") -> Any:
    """Tells the browser, and whoever reads the page aloud, which language it is in."""
