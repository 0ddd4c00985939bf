"""Where somebody is, and who is there: small helpers that phases share."""

from sim.compiled import phase


@phase
def cell_near(cell, u, radius, grid):
    """A cell of the square of `radius` round a cell, all equally likely, wrapping round the torus; u is its luck."""
    span = 2 * radius + 1
    place = int(u * span * span)
    x = (cell % grid.width + place % span - radius) % grid.width
    y = (cell // grid.width + place // span - radius) % grid.height
    return y * grid.width + x


@phase
def resident_of(cell, u, city):
    """A resident of a cell, all equally likely."""
    first = city.cells.first_resident[cell]
    return first + int(u * (city.cells.first_resident[cell + 1] - first))


@phase
def first_above(cumulative, first, last, value):
    """The first row in first..last whose running sum exceeds value (the last, if none does)."""
    while first < last:
        middle = (first + last) // 2
        if cumulative[middle] > value:
            last = middle
        else:
            first = middle + 1
    return first


@phase
def book(city, cause, citizen, fairness_change, effectiveness_change):
    """Change a citizen's trust and book the change to its cause."""
    city.citizens.fairness[citizen] += fairness_change
    city.citizens.effectiveness[citizen] += effectiveness_change
    city.ledger[cause, 0, 0] += fairness_change
    city.ledger[cause, 0, 1] += abs(fairness_change)
    city.ledger[cause, 1, 0] += effectiveness_change
    city.ledger[cause, 1, 1] += abs(effectiveness_change)
