"""Where somebody is, and who is there: small helpers that phases share."""

import numpy as np

from sim.world.compiled import piece


@piece
def wrapped(x, size):
    """A coordinate brought back onto the torus, without the division that a remainder costs."""
    x += size * int(x < 0)
    x -= size * int(x >= size)
    while x < 0:  # only where the radius is larger than the grid
        x += size
    while x >= size:
        x -= size
    return x


@piece
def place_of(cell, grid):
    """Column and row of a cell on the grid."""
    return int(cell) % grid.width, int(cell) // grid.width


@piece
def cell_near(place, u, radius, grid):
    """A cell of the square of `radius` round a place, all equally likely, and what is left of the luck u (again uniform)."""
    span = 2 * radius + 1
    across = u * span
    down = (across - int(across)) * span
    x = wrapped(place[0] + int(across) - radius, grid.width)
    y = wrapped(place[1] + int(down) - radius, grid.height)
    return y * grid.width + x, down - int(down)


@piece
def resident_of(cell, u, city):
    """A resident of a cell, all equally likely."""
    first = city.cells.first_resident[cell]
    return first + int(u * (city.cells.first_resident[cell + 1] - first))


@piece
def first_above(cumulative, first, last, value):
    """The first row in first..last whose running sum exceeds value (the last, if none does).

    A binary search without an unpredictable branch: what is halved does not depend on the outcome.
    """
    size = last - first
    while size > 0:
        half = (size + 1) >> 1
        if cumulative[first + half - 1] <= value:
            first += half
        size -= half
    return first


@piece
def first_above_nearby(cumulative, first, end, value):
    """The same for a few rows before `end`: counting them all lets the processor fetch them at once, not one after the other."""
    passed = 0
    for row in range(first, end):
        passed += int(cumulative[row] <= value)
    return min(first + passed, end - 1)


@piece
def guide_to(cumulative, guide):
    """Note for each of as many equal parts of the total as there are rows the first row that a search within the part can find."""
    rows = len(cumulative)
    row = 0
    for part in range(rows):
        while row < rows - 1 and cumulative[row] <= (part / rows) * cumulative[-1] * (1.0 - 1e-12):
            row += 1
        guide[part] = row


@piece
def first_above_guided(cumulative, guide, value):
    """The same row as `first_above` finds among all, in two steps instead of one for each power of two."""
    last = len(cumulative) - 1
    row = np.int64(guide[min(int(value / cumulative[last] * len(cumulative)), last)])
    while row < last and cumulative[row] <= value:
        row += 1
    return row


@piece
def exposed_resident(cell, v, cumulative, city):
    """The resident of a cell whom v chooses, in proportion to exposure; `cumulative` is a running sum over each cell's residents."""
    first, end = city.cells.first_resident[cell], city.cells.first_resident[cell + 1]
    return first_above_nearby(cumulative, first, end, v * np.float64(cumulative[end - 1]))


@piece
def exposed_adult(u, over_cells, guide, cumulative, city):
    """The adult of the city whom u chooses, in proportion to exposure and to that of where they live.

    The sums of cells first: they stay in the processor's cache, those of a million citizens do not.
    """
    value = u * over_cells[len(over_cells) - 1]
    cell = first_above_guided(over_cells, guide, value)
    before = over_cells[cell - 1] if cell > 0 else 0.0
    return exposed_resident(cell, (value - before) / (over_cells[cell] - before), cumulative, city)


@piece
def book(city, cause, citizen, fairness_change, effectiveness_change):
    """Change a citizen's trust and book the change to its cause."""
    city.citizens.fairness[citizen] += fairness_change
    city.citizens.effectiveness[citizen] += effectiveness_change
    city.ledger[cause, 0, 0] += fairness_change
    city.ledger[cause, 0, 1] += abs(fairness_change)
    city.ledger[cause, 1, 0] += effectiveness_change
    city.ledger[cause, 1, 1] += abs(effectiveness_change)
