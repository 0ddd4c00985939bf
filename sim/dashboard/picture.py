"""The city as an image: colored cells, officers as dots, offenders as crosses. Made from columns, never agent by agent."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from sim.dashboard.arena import Arena
from sim.style.looks import DIFFERENCE_COLORS, LOSING

Array = np.ndarray
SHADES = 240  # of a layer; the other entries of the palette are ink
INK = {"black": (250, "#000000"), "white": (251, "#FFFFFF"), "mark": (252, "#E6007E")}
DOTS_FROM = 6  # pixels of a cell
DARK = 110  # of 255: below it, what is drawn on a color is white
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # where the scale of differences may end
NICE = (1, 2, 3, 5, 8)
STRIPED = (1 - LOSING) / 2  # of the scale of differences: below it cells are striped, so that losses are told from gains in gray too


class Layer(NamedTuple):
    """What colors cells. `values` are one a cell; `low` and `high` of its scale stay as long as the arena lives, or are None."""

    values: Callable[[Arena, str], Array]
    colors: tuple[str, ...]  # from low to high, evenly spaced
    root: bool = False  # on a square-root scale, because a few cells have most


def _trust(arena: Arena, arm: str) -> Array:
    return arena.lane(arm).simulation.city.cells.climate


def _crime(arena: Arena, arm: str) -> Array:
    return arena.lane(arm).crimes.total


def _presence(arena: Arena, arm: str) -> Array:
    window = arena.lane(arm).presence
    return window.total / max(1, window.weeks)


def _difference(arena: Arena, arm: str) -> Array:
    return _trust(arena, arm) - _trust(arena, arena.first)


# Sequences that remain ordered for the color-blind and in gray: after cividis, magma and a single blue; orange to blue for differences.
LAYERS = {
    "trust": Layer(_trust, ("#00224E", "#2A3F6D", "#575C6D", "#7F7C75", "#ABA07A", "#D7C65F", "#FDEA45")),
    "crime": Layer(_crime, ("#FCFDE8", "#FEC98D", "#FB8861", "#D3436E", "#8C2981", "#451077", "#0B0724"), root=True),
    "presence": Layer(_presence, ("#F7FBFF", "#D3E4F3", "#A6CEE4", "#68ACD5", "#3787C0", "#1460A8", "#08306B"), root=True),
    "difference": Layer(_difference, DIFFERENCE_COLORS),
}


def scale(arena: Arena, layer: str) -> tuple[float, float]:
    """The values at the two ends of a layer's colors: the same in all arms; of differences wider in time, of others fixed."""
    if layer == "difference":
        largest = max(float(np.quantile(abs(_difference(arena, arm)), 0.98)) for arm in arena.lanes)
        end = next(step for step in STEPS if step >= min(largest, 1.0))
        return -end, end
    if layer not in arena.scales:
        values = LAYERS[layer].values(arena, arena.first)
        arena.scales[layer] = _trust_ends(values) if layer == "trust" else (0.0, _nice(float(np.quantile(values, 0.99))))
    return arena.scales[layer]


def _trust_ends(values: Array) -> tuple[float, float]:
    """A twentieth beyond nearly all cells, so that there is room for change."""
    low, high = np.quantile(values, (0.02, 0.98))
    return max(0.0, round(20 * (low - 0.05)) / 20), min(1.0, round(20 * (high + 0.05)) / 20)


def _nice(value: float) -> float:
    """The next round number: 1, 2, 3, 5 or 8 times a power of ten."""
    if not value > 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next((nice * power for nice in NICE if nice * power >= value), 10 * power))


@cache
def palette(layer: str) -> Array:
    """The 256 colors of an image of a layer (uint8, 256 x 3)."""
    anchors = np.array([_rgb(color) for color in LAYERS[layer].colors], float)
    at = np.linspace(0, len(anchors) - 1, SHADES)
    table: Array = np.zeros((256, 3), np.uint8)
    table[:SHADES] = np.stack([np.interp(at, np.arange(len(anchors)), channel) for channel in anchors.T], axis=1).round()
    for place, color in INK.values():
        table[place] = _rgb(color)
    return table


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))


def shades(arena: Arena, arm: str, layer: str) -> Array:
    """The color of each cell, as a place in the palette (uint8)."""
    low, high = scale(arena, layer)
    share = np.clip((LAYERS[layer].values(arena, arm) - low) / (high - low), 0.0, 1.0)
    return ((np.sqrt(share) if LAYERS[layer].root else share) * (SHADES - 1)).astype(np.uint8)


def map_png(
    arena: Arena,
    arm: str,
    layer: str,
    pixels: int | None = None,
    *,
    officers: bool = True,
    offenders: bool = True,
    cell: int | None = None,
    citizen: int | None = None,
) -> bytes:
    """A PNG of the city in an arm: nothing but cells, so that a click at a share of its width is in the cell at that share of the grid's.

    pixels             of its longer side, about; None: 480, or 960 where there are many cells
    layer              trust | crime | presence | difference, see LAYERS
    officers, offenders   draw those in service, and those who are free, where cells are large enough to tell them apart; offenders never
                          on places that a scenario states, for most are at home
    cell, citizen      mark this cell, or the cell where this citizen lives
    """
    with arena.lock:
        city = arena.lane(arm).simulation.city
        width, height = city.grid
        longer = max(width, height)
        pixels = pixels or (480 if longer <= 60 else 960)
        side = max(1, pixels // longer)
        image = shades(arena, arm, layer).reshape(height, width).repeat(side, axis=0).repeat(side, axis=1)
        if layer == "difference" and side >= DOTS_FROM:
            _stripe(image, image < STRIPED * (SHADES - 1), max(4, side // 4))
        if offenders and not arena.stated and side >= DOTS_FROM:
            free = (city.offenders.jail_weeks == 0) & (city.offenders.propensity > 0)
            x, y = _places(np.flatnonzero(free), city.offenders.cell, width, side)
            dark = palette(layer).mean(axis=1)[image[y, x]] < DARK
            for ink, these in (("black", ~dark), ("white", dark)):
                _cross(image, x[these], y[these], max(1, side // 14), ink)
        if officers and side >= DOTS_FROM:
            x, y = _places(np.flatnonzero(city.officers.active == 1), city.officers.cell, width, side)
            if side >= 16:
                _stamp(image, x, y, side / 8 + 1, "black")
            _stamp(image, x, y, side / 8, "white")
        marked = cell if cell is not None else None if citizen is None else int(city.citizens.home[citizen])
    if marked is not None:
        _frame(image, marked % width * side, marked // width * side, side)
    step = -(-longer // pixels)
    return _png(np.ascontiguousarray(image[::step, ::step]), palette(layer))


def cell_at(arena: Arena, across: float, down: float) -> int:
    """The cell at these shares (0-1) of an image's width and height."""
    grid = arena.lanes[arena.first].simulation.city.grid
    x, y = (min(int(max(share, 0.0) * size), size - 1) for share, size in ((across, grid.width), (down, grid.height)))
    return y * grid.width + x


def _places(rows: Array, cells: Array, width: int, side: int) -> tuple[Array, Array]:
    """Where in the image these rows are: in their cell, at a place that is the row's own."""
    where = cells[rows].astype(int)
    across, down = ((0.18 + 0.64 * (rows * step % 1.0)) * (side - 1) for step in (0.7548776662, 0.5698402910))  # the R2 sequence: even
    return where % width * side + across.astype(int), where // width * side + down.astype(int)


def _stamp(image: Array, x: Array, y: Array, radius: float, ink: str) -> None:
    """A disc of this radius at each place."""
    reach = int(radius)
    for across in range(-reach, reach + 1):
        for down in range(-reach, reach + 1):
            if across * across + down * down <= (radius + 0.3) ** 2:
                image[np.clip(y + down, 0, image.shape[0] - 1), np.clip(x + across, 0, image.shape[1] - 1)] = INK[ink][0]


def _cross(image: Array, x: Array, y: Array, reach: int, ink: str) -> None:
    """A cross of this reach at each place: another shape than officers have, for on dark cells both are white."""
    for step in range(-reach, reach + 1):
        for down in {step, -step}:
            image[np.clip(y + down, 0, image.shape[0] - 1), np.clip(x + step, 0, image.shape[1] - 1)] = INK[ink][0]


def _stripe(image: Array, where: Array, apart: int) -> None:
    """Thin lines across the pixels where it is true, so many pixels apart."""
    down, across = np.indices(image.shape, dtype=np.int16)
    image[where & ((down + across) % apart == 0)] = INK["black"][0]


def _frame(image: Array, x: int, y: int, side: int) -> None:
    """A frame round a cell, white inside so that it is seen on every color."""
    for reach, ink in ((3, "mark"), (1, "white")):
        left, top = max(0, x - reach), max(0, y - reach)
        block = image[y : y + side, x : x + side].copy()
        image[top : y + side + reach, left : x + side + reach] = INK[ink][0]
        image[y : y + side, x : x + side] = block


def _png(indices: Array, colors: Array) -> bytes:
    image = Image.frombytes("P", indices.shape[::-1], indices.tobytes())
    image.putpalette(colors.tobytes())
    stream = BytesIO()
    image.save(stream, "PNG", compress_level=1)
    return stream.getvalue()
