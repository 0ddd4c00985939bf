"""Where somebody is, and who is there: small helpers that phases share."""

import numpy as np

from sim.world.compiled import fetch, piece
from sim.world.rng import stretched


@piece
def wrapped(x, size, radius):
    """A coordinate at most so far outside brought back onto the torus, mostly without the division that a remainder costs."""
    if radius > size:
        return x % size
    x += size if x < 0 else 0
    x -= size if x >= size else 0
    return x


@piece
def place_of(cell, grid):
    """Column and row of a cell on the grid: by a quotient, which vectors have (see `home_of` for the half)."""
    row = int((cell + 0.5) / grid.width)
    return int(cell) - row * grid.width, row


@piece
def cell_near(place, u, radius, grid):
    """A cell of the square of `radius` round a place, all equally likely, and what is left of the luck u (again uniform)."""
    span = 2 * radius + 1
    across = u * span
    down = (across - int(across)) * span
    x = wrapped(place[0] + int(across) - radius, grid.width, radius)
    y = wrapped(place[1] + int(down) - radius, grid.height, radius)
    return y * grid.width + x, down - int(down)


@piece
def home_of(citizen, city):
    """The cell where a citizen lives: neighbors in the table are neighbors in the city, so it is arithmetic and no column.

    The half keeps the quotient further from whole numbers than it can be wrong: 1 / (2 adults) against 4e-11.
    """
    return int((citizen * len(city.cells.officers) + 0.5) / len(city.citizens.trust))


@piece
def resident_of(cell, u, city):
    """A resident of a cell, all equally likely, and what is left of the luck u (again uniform)."""
    first = city.cells.first_resident[cell]
    place = u * (city.cells.first_resident[cell + 1] - first)
    return first + int(place), place - int(place)


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
    for _ in range(3):  # mostly enough, and no choice that nobody could foresee
        row += int(row < last and cumulative[row] <= value)
    while row < last and cumulative[row] <= value:
        row += 1
    return row


@piece
def exposed_resident(cell, v, cumulative, city):
    """The resident of a cell whom v chooses, in proportion to exposure; `cumulative` is a running sum over each cell's residents."""
    first, end = city.cells.first_resident[cell], city.cells.first_resident[cell + 1]
    return first_above_nearby(cumulative, first, end, v * np.float64(cumulative[end - 1]))


@piece
def fetch_residents(cell, column, city):
    """Ask the processor for a small column of a cell's residents."""
    for row in range(city.cells.first_resident[cell], city.cells.first_resident[cell + 1], 16):
        fetch(column, row)


@piece
def exposed_cell(u, over_cells, guide):
    """A cell of the city, in proportion to its residents' exposure, and what is left of the luck u (again uniform).

    The sums of cells stay in the processor's cache, those of a million citizens do not.
    """
    value = u * over_cells[len(over_cells) - 1]
    cell = first_above_guided(over_cells, guide, value)
    before = over_cells[cell - 1] if cell > 0 else 0.0
    return cell, (value - before) / (over_cells[cell] - before)


@piece
def choose_homes(count, ambient_share, column, over_cells, guide, city):
    """Where those live whom somebody happens upon in some cells: a passer-by from anywhere, in proportion to exposure, or a resident.

    Of each of the first `count` rows of scratch: `cells`, the cell; `whether`, luck, of which uniform numbers are left; gives `homes`.
    """
    scratch = city.scratch
    for n in range(count):
        ambient, left = stretched(scratch.whether[n], ambient_share)
        scratch.again[n], scratch.whether[n] = int(ambient), left
    for n in range(count):
        home, left = exposed_cell(scratch.whether[n], over_cells, guide)
        scratch.homes[n] = home if scratch.again[n] else np.int64(scratch.cells[n])
        scratch.whether[n] = left if scratch.again[n] else scratch.whether[n]
        fetch_residents(scratch.homes[n], column, city)
