"""What became of the city, as SVG: trust with its ledger, reporting, clearance, complaints, crimes, cost, and lives of citizens and cells.

An arm has one color and one dash everywhere. Texts come in, numbers are written as the language writes them.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial, wraps
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from sim.dashboard.arena import Arena
from sim.dashboard.behind import Band, Behind
from sim.dashboard.picture import LAYERS, SHADES, STRIPED, palette, scale
from sim.dashboard.svg import GRAY, INK, Axis, Chart, Line, axis, bounds, box_sign, dash_sign, image, shape_sign, text, wrapped
from sim.measures import YEAR
from sim.report.words import Words
from sim.style.looks import CAUSE_COLORS, CAUSE_HATCHES, look_at

Array = np.ndarray
HATCHES = {"/": "M-1 1l2-2M0 6l6-6M5 7l2-2", "x": "M0 0l6 6M0 6l6-6", ".": "M3 3h.01", "-": "M0 3h6", "|": "M3 0v6"}  # on 6 x 6 units
BAND = 0.16  # opacity of the range over possible cities
DASH = 1.2  # units of the drawing for one of a look's dashes
WORDS = Words("en").figure("dashboard")


class Kind(NamedTuple):
    """How a series is drawn: its factor, the least span of its axis, and whether the axis begins at 0."""

    factor: float
    least: float
    zero: bool


CHARTS = {
    "trust": Kind(1.0, 0.05, False),
    "fairness": Kind(1.0, 0.05, False),
    "effectiveness": Kind(1.0, 0.05, False),
    "reporting": Kind(100.0, 4.0, False),
    "clearance": Kind(100.0, 4.0, False),
    "complaints": Kind(1.0, 20.0, True),
    "crimes": Kind(1.0, 4000.0, False),
    "cost": Kind(1.0, 100.0, True),
}


def still(draw: Callable[..., str]) -> Callable[..., str]:
    """Time stands still while it is drawn, so that all its lines are of the same week."""

    @wraps(draw)
    def drawn(arena: Arena, *given: Any, **options: Any) -> str:
        with arena.lock:
            return draw(arena, *given, **options)

    return drawn


def look(arena: Arena, arm: str) -> tuple[str, str]:
    """Color and dash of an arm, as in the figures of reports."""
    color, dashes, _ = look_at(list(arena.lanes).index(arm))
    return color, " ".join(f"{DASH * part:.3g}" for part in dashes)


@cache
def words_in(language: str) -> Mapping[str, str]:
    """The words of the drawings in a language, and which it is."""
    return Words(language).figure("dashboard")


@cache
def _language(language: str) -> Words:
    return Words(language)


@still
def chart(arena: Arena, name: str, words: Mapping[str, str] = WORDS, behind: Behind | None = None) -> str:
    """A weekly series in every arm; behind it, if there is a comparison, the range over possible cities."""
    kind = CHARTS[name]
    lines = {arm: kind.factor * arena.series(name, arm) for arm in arena.lanes}
    bands = {arm: behind.band(name, arm) if behind else None for arm in lines}
    return _frame(arena, words[f"{name}_title"], words[f"{name}_unit"], lines, words, kind, bands=bands).done()


@still
def difference_chart(arena: Arena, name: str, words: Mapping[str, str] = WORDS, behind: Behind | None = None) -> str:
    """A weekly series in every arm minus the first arm, behind it the range over possible cities; empty if there is no other arm."""
    kind = CHARTS[name]
    lines = {arm: kind.factor * arena.difference(name, arm) for arm in arena.lanes if arm != arena.first}
    if not lines:
        return ""
    title = words["difference_title"].format(what=words[f"{name}_title"], first=_named(words, arena.first))
    unit = words["difference_points" if kind.factor == 100.0 else f"{name}_unit"]
    bands = {arm: behind.band(name, arm, arena.first) if behind else None for arm in lines}
    return _frame(arena, title, unit, lines, words, Kind(kind.factor, kind.least / 5, True), bands=bands).done()


@still
def ledger_chart(arena: Arena, arm: str, words: Mapping[str, str] = WORDS, *, difference: bool = False) -> str:
    """Why trust moved in an arm: causes stacked, gains above 0 and losses below, and their sum.

    difference   why it is not what it is in the first arm: each cause there is taken off
    """
    causes = arena.ledger(arm)
    if difference:
        first = arena.ledger(arena.first)
        causes = {cause: change - first[cause] for cause, change in causes.items()}
    order = sorted((cause for cause in causes if causes[cause].any()), key=lambda cause: cause != "drift")
    gains, losses = ({cause: part(causes[cause], 0.0) for cause in order} for part in (np.maximum, np.minimum))
    none = np.zeros(arena.week + 1)
    above, below = sum(gains.values(), none), sum(losses.values(), none)
    title = words["ledger_difference" if difference else "ledger_title"].format(arm=_named(words, arm), first=_named(words, arena.first))
    unit = words["ledger_difference_unit" if difference else "ledger_unit"]
    made = Chart(title, unit, _time(arena.week), axis(*bounds([above, below], 0.02, zero=True)))
    filled = {cause: _fill(cause, f"{list(arena.lanes).index(arm)}-{int(difference)}") for cause in order}
    made.parts += [pattern for _, pattern in filled.values()]
    made.legend([(words[cause], box_sign(filled[cause][0])) for cause in order] + [(words["net"], dash_sign(INK))])
    _axes(made, words)
    for part in (gains, losses):
        base = none
        for cause, change in part.items():
            made.area(arena.weeks, base, base + change, filled[cause][0])
            base = base + change
    made.line(arena.weeks, Line(above + below, "#FFFFFF"), 4.0)  # a rim, so that the sum is seen on every color
    made.line(arena.weeks, Line(above + below, INK))
    made.upright(_dates(arena))
    return made.done()


def _fill(cause: str, drawing: str) -> tuple[str, str]:
    """What fills the areas of a cause, plain or hatched in white as in the figures of reports, and the pattern that it needs."""
    hatch, color = CAUSE_HATCHES[cause], CAUSE_COLORS[cause]
    if not hatch:
        return color, ""
    name = f"{cause}-{drawing}"  # its own in each drawing, since another may be hidden
    lines = f'<path d="{HATCHES[hatch[0]]}" stroke="#fff" stroke-width="1" stroke-linecap="square"/>'
    size = 'width="6" height="6" patternUnits="userSpaceOnUse"'
    return f"url(#{name})", f'<pattern id="{name}" {size}><rect width="6" height="6" fill="{color}"/>{lines}</pattern>'


SIGNS = (("stopped", "open"), ("corrupt", "filled"), ("victim", "cross"))


@still
def citizen_chart(arena: Arena, i: int, words: Mapping[str, str] = WORDS) -> str:
    """A citizen's trust in every arm, and above it, in the arm's color, what happened to the citizen there."""
    lives = arena.twins(i)
    lines = {arm: life.trust for arm, life in lives.items()}
    signs = [(words[word], shape_sign(shape, GRAY)) for word, shape in SIGNS]
    title = words["citizen_title"].format(row=_number(words, i))
    made = _frame(arena, title, words["citizen_unit"], lines, words, Kind(1.0, 0.2, False), signs=signs, room=11.0 * len(lives))
    for row, (arm, life) in enumerate(reversed(lives.items())):
        fair = life.stops[~np.isin(life.stops, life.corrupt_stops)]
        for (_, shape), weeks in zip(SIGNS, (fair, life.corrupt_stops, life.victimizations), strict=True):
            made.marks((weeks + 1).tolist(), row, shape_sign(shape, look(arena, arm)[0]))
    return made.done()


@still
def cell_chart(arena: Arena, c: int, words: Mapping[str, str] = WORDS) -> str:
    """The mean trust of a cell's residents in every arm."""
    places = {arm: arena.cell(arm, c) for arm in arena.lanes}
    here = places[arena.first]
    title = words["cell_title"].format(row=here.y + 1, column=here.x + 1)
    lines = {arm: place.trust for arm, place in places.items()}
    return _frame(arena, title, words["cell_unit"], lines, words, Kind(1.0, 0.1, False)).done()


@still
def map_legend(arena: Arena, layer: str, words: Mapping[str, str] = WORDS) -> str:
    """What the colors and marks of a map mean."""
    low, high = scale(arena, layer)
    number = partial(_number, words, sign=layer == "difference")
    colors = palette(layer)[np.linspace(0, SHADES - 1, 13).astype(int)]
    stops = "".join(f'<stop offset="{n / 12:.3f}" stop-color="rgb({r},{g},{b})"/>' for n, (r, g, b) in enumerate(colors.tolist()))
    meaning = words[f"legend_{layer}"].format(first=_named(words, arena.first))
    rows = wrapped(meaning, 360)
    y = 12.0 * len(rows) + 2
    parts = [text(0, 11 + 12 * n, row, color=GRAY) for n, row in enumerate(rows)]
    parts.append(f'<defs><linearGradient id="colors-{layer}">{stops}</linearGradient></defs>')
    parts.append(f'<rect x="0" y="{y + 2}" width="360" height="10" fill="url(#colors-{layer})" stroke="{GRAY}" stroke-width="0.5"/>')
    if layer == "difference":
        lines = " ".join(f"M{x} {y + 2}l-10 10" for x in range(10, int(360 * STRIPED) + 1, 6))
        parts.append(f'<path d="{lines}" stroke="#000" stroke-width="0.8"/>')
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        value = low + (high - low) * (share**2 if LAYERS[layer].root else share)
        more = "≥ " if share == 1.0 else "≤ " if share == 0.0 and low != 0 else ""
        parts.append(text(360 * share, y + 25, more + number(value), anchor=anchor, color=GRAY))
    y += 41
    parts += [f'<circle cx="5" cy="{y - 4}" r="4" fill="#fff" stroke="{INK}"/>', text(14, y, words["officer"], color=GRAY)]
    if not arena.stated:
        parts += [f'<path d="M102 {y - 7}l6 6m0-6l-6 6" stroke="{INK}" stroke-width="1.2"/>', text(114, y, words["offender"], color=GRAY)]
    return image(360, y + 6, parts, meaning)


def _frame(
    arena: Arena,
    title: str,
    unit: str,
    lines: Mapping[str, Array],
    words: Mapping[str, str],
    kind: Kind,
    *,
    signs: Iterable[tuple[str, str]] = (),
    room: float = 0.0,
    bands: Mapping[str, Band | None] = MappingProxyType({}),
) -> Chart:
    """A chart with a line for each of some arms, and bands behind; other signs to be explained, and room for them, may be added."""
    lived = {arm: [part[band[0] <= arena.week] for part in band] for arm, band in bands.items() if band is not None}
    curves = [*lines.values(), *(kind.factor * end for _, *ends in lived.values() for end in ends)]
    made = Chart(title, unit, _time(arena.week), axis(*bounds(curves, kind.least, zero=kind.zero)))
    named = lines if len(arena.lanes) > 1 else ()  # where there is one arm, it needs no name
    made.legend([*((_named(words, arm), dash_sign(*look(arena, arm))) for arm in named), *signs])
    _axes(made, words, room)
    made.upright(_dates(arena))
    for arm, (weeks, low, high) in lived.items():
        if weeks.size:
            made.area(weeks, kind.factor * low, kind.factor * high, look(arena, arm)[0], BAND)
    for arm, values in lines.items():
        made.line(arena.weeks, Line(values, *look(arena, arm)))
    return made


def _named(words: Mapping[str, str], arm: str) -> str:
    """An arm in words."""
    return _language(words.get("language", "en")).reform(arm)


def _dates(arena: Arena) -> list[int]:
    """The weeks of the run so far in which something dated happened in some arm."""
    return sorted({event.week for lane in arena.lanes.values() for event in lane.events if 0 < event.week <= arena.week})


def _time(week: int) -> Axis:
    """Half a year at least, then twice as much whenever it is full, so that the axis stands still most of the time."""
    end = YEAR // 2
    while end < week:
        end *= 2
    return Axis(0.0, float(end), tuple(float(end * n // 4) if end >= 4 * YEAR else end * n / 2 for n in range(5 if end >= 4 * YEAR else 3)))


def _axes(made: Chart, words: Mapping[str, str], room: float = 0.0) -> None:
    years = made.across.high >= 4 * YEAR
    step = made.up.ticks[1] - made.up.ticks[0]
    places = len(f"{step:.6f}".rstrip("0").partition(".")[2])
    made.begin(
        lambda value: _number(words, value, places=places),
        lambda week: _number(words, week / YEAR if years else week),
        words["years" if years else "weeks"],
        room,
    )


def _number(words: Mapping[str, str], value: float, *, places: int | None = None, sign: bool = False) -> str:
    """A number as the language of the words writes it."""
    return _language(words.get("language", "en")).number(float(f"{value:.6g}") + 0.0, places, sign=sign and value != 0)
