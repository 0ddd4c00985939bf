"""Charts as SVG text, made from arrays: a frame with axes, lines, stacked areas, marks. Nothing here knows what it draws."""

from collections.abc import Callable, Iterable
from html import escape
from itertools import pairwise
from math import floor, log10
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray
GRAY, PALE, INK = "#666666", "#DDDDDD", "#222222"
LINE_HEIGHT, CHARACTER = 14, 6.0  # of text of 11 units, in units of the drawing
MOST_POINTS = 240  # along an axis of 300 units more are not seen


class Line(NamedTuple):
    """A curve: its values, one for each place on the horizontal axis, nan where there is none."""

    values: Array
    color: str
    dash: str = ""


class Axis(NamedTuple):
    """The values at the two ends of an axis, and where it is labeled."""

    low: float
    high: float
    ticks: tuple[float, ...]


def axis(low: float, high: float, most: int = 4) -> Axis:
    """An axis that holds both values, with at most so many round steps.

    >>> axis(0.312, 0.448)
    Axis(low=0.3, high=0.45, ticks=(0.3, 0.35, 0.4, 0.45))
    >>> axis(-3, 10).ticks
    (-5.0, 0.0, 5.0, 10.0)
    """
    if not high > low:
        high = low + 1.0
    power = 10.0 ** floor(log10((high - low) / most))
    for step in (power, 2 * power, 2.5 * power, 5 * power, 10 * power, 20 * power):
        first, last = floor(low / step + 1e-9), -floor(-high / step + 1e-9)
        if last - first <= most:
            break
    ticks = tuple(float(f"{n * step:.12g}") for n in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks)


def thinned(x: Array, y: Array) -> tuple[Array, Array]:
    """A long curve with fewer points: the least and the greatest value of each stretch, so that no peak is lost."""
    known = np.isfinite(y)
    x, y = x[known], y[known]
    if len(y) <= MOST_POINTS:
        return x, y
    bounds = np.linspace(0, len(y), MOST_POINTS // 2 + 1).astype(int)
    kept = {0, len(y) - 1}
    for first, end in pairwise(bounds):
        kept |= {first + int(y[first:end].argmin()), first + int(y[first:end].argmax())}
    rows = np.array(sorted(kept))
    return x[rows], y[rows]


def text(x: float, y: float, said: str, *, anchor: str = "start", color: str = INK, bold: bool = False, size: int = 11) -> str:
    """A line of text that begins, is centered or ends at a place."""
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}" font-size="{size}"{weight}>{escape(said)}</text>'


def wrapped(said: str, width: float) -> list[str]:
    """A sentence in lines that fit into a width; a word that does not is cut into pieces."""
    lines, most = [""], max(1, int(width / CHARACTER))
    for word in (whole[start : start + most] for whole in said.split() for start in range(0, len(whole), most)):
        if lines[-1] and len(f"{lines[-1]} {word}") * CHARACTER > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def image(width: float, height: float, parts: Iterable[str], label: str) -> str:
    """A drawing that is as wide as the place it is put into."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="100%" role="img"'
    style = 'font-family="system-ui, sans-serif" style="display:block;max-width:760px"'
    return f'{head} aria-label="{escape(label, quote=True)}" {style}>{"".join(parts)}</svg>'


def dash_sign(color: str, dash: str = "") -> str:
    """A piece of a curve, 16 units wide and round the line y = 0."""
    return f'<path d="M0 0h16" stroke="{color}" stroke-width="2.4" stroke-dasharray="{dash}"/>'


def box_sign(color: str) -> str:
    """A piece of an area."""
    return f'<rect x="2" y="-5" width="12" height="9" fill="{color}"/>'


def shape_sign(shape: str, color: str) -> str:
    """A mark round the point (8, 0): a triangle, a filled triangle or a cross."""
    if shape == "cross":
        return f'<path d="M5-3l6 6m0-6l-6 6" stroke="{color}" stroke-width="1.8"/>'
    return f'<path d="M8-4l4 7h-8z" fill="{color if shape == "filled" else "#FFFFFF"}" stroke="{color}" stroke-width="1.2"/>'


class Chart:
    """A chart under construction: title, unit and legend first, then `begin`, then whatever is drawn between the axes.

    across, up   the horizontal and the vertical axis
    width, plot  of the whole drawing, and height between the axes, in units of about a pixel on a narrow screen
    """

    LEFT, RIGHT, BOTTOM = 46, 10, 34

    def __init__(self, title: str, unit: str, across: Axis, up: Axis, *, width: int = 360, plot: int = 130):
        self.width, self.plot, self.across, self.up, self.title = width, plot, across, up, title
        self.parts: list[str] = []
        self.y = 0.0
        for row in wrapped(title, width / 1.25):
            self.y += LINE_HEIGHT + 1
            self.parts.append(text(0, self.y - 2, row, bold=True, size=13))
        for row in wrapped(unit, width):
            self.y += LINE_HEIGHT
            self.parts.append(text(0, self.y - 1, row, color=GRAY))

    def legend(self, entries: Iterable[tuple[str, str]]) -> None:
        """What signs mean: (label, sign), as many to a line as fit."""
        x = float(self.width)
        for label, sign in entries:
            said = label if len(label) <= 44 else f"{label[:43]}…"
            needed = 22 + len(said) * CHARACTER
            if x + needed > self.width:
                x, self.y = 0.0, self.y + LINE_HEIGHT + 1
            self.parts += [f'<g transform="translate({x:.1f} {self.y - 4:.1f})">{sign}</g>', text(x + 20, self.y, said)]
            x += needed + 10

    def begin(self, number: Callable[[float], str], across_number: Callable[[float], str], across_title: str, room: float = 0) -> None:
        """Grid and axes, with some room above for marks; the legend is complete."""
        self.y += 10 + room
        for tick in self.up.ticks:
            y, color = self.at_y(tick), PALE if tick else GRAY  # zero stands out
            self.parts.append(f'<path d="M{self.LEFT} {y:.1f}H{self.width - self.RIGHT}" stroke="{color}" stroke-width="0.8"/>')
            self.parts.append(text(self.LEFT - 5, y + 4, number(tick), anchor="end", color=GRAY))
        bottom = self.y + self.plot
        for tick in self.across.ticks:
            self.parts.append(text(self.at_x(tick), bottom + 14, across_number(tick), anchor="middle", color=GRAY))
        self.parts.append(text((self.LEFT + self.width - self.RIGHT) / 2, bottom + 28, across_title, anchor="middle", color=GRAY))

    def at_x(self, value: Any) -> Any:
        """Where a value of the horizontal axis lies, or an array of them."""
        share = (value - self.across.low) / (self.across.high - self.across.low)
        return self.LEFT + share * (self.width - self.LEFT - self.RIGHT)

    def at_y(self, value: Any) -> Any:
        """Where a value of the vertical axis lies, or an array of them."""
        share = (value - self.up.low) / (self.up.high - self.up.low)
        return self.y + self.plot * (1.0 - share)

    def line(self, x: Array, line: Line, width: float = 2.0) -> None:
        """A curve."""
        if points := self._points(*thinned(x, line.values)):
            dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
            self.parts.append(
                f'<polyline points="{points}" fill="none" stroke="{line.color}" stroke-width="{width}" stroke-linejoin="round"{dash}/>'
            )

    def area(self, x: Array, low: Array, high: Array, color: str, opacity: float = 1.0) -> None:
        """What lies between two curves."""
        step = max(1, len(x) // MOST_POINTS)
        rows = np.unique(np.append(np.arange(0, len(x), step), len(x) - 1))
        around = (np.concatenate([x[rows], x[rows][::-1]]), np.concatenate([low[rows], high[rows][::-1]]))
        self.parts.append(f'<polygon points="{self._points(*around)}" fill="{color}" fill-opacity="{opacity:g}"/>')

    def marks(self, x: Iterable[float], row: int, sign: str) -> None:
        """Signs above the plot, at places of the horizontal axis; row 0 is the lowest."""
        y = self.y - 8 - 11 * row
        self.parts += [f'<g transform="translate({self.at_x(place) - 8:.1f} {y:.1f})">{sign}</g>' for place in x]

    def upright(self, x: Iterable[float]) -> None:
        """Dotted lines at places of the horizontal axis."""
        for place in x:
            at = self.at_x(place)
            self.parts.append(f'<path d="M{at:.1f} {self.y:.1f}v{self.plot}" stroke="{GRAY}" stroke-width="1" stroke-dasharray="1 3"/>')

    def _points(self, x: Array, y: Array) -> str:
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(self.at_x(x).tolist(), self.at_y(y).tolist(), strict=True))

    def done(self) -> str:
        """The drawing."""
        return image(self.width, self.y + self.plot + self.BOTTOM, self.parts, self.title)


def bounds(curves: Iterable[Array], least: float, *, zero: bool = False) -> tuple[float, float]:
    """The least and greatest value of curves, at least so far apart, so that noise does not look like news."""
    values = np.concatenate(list(curves))
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < least:
        middle = (low + high) / 2
        low, high = (low, low + least) if zero and low == 0.0 else (middle - least / 2, middle + least / 2)
    return low, high
