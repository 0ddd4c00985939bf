"""Places: two fields, what they load on, and how they change over the years (docs/model.md, 5 and 7.2)."""

from math import sqrt

import numpy as np

from sim.world.arithmetic import exp
from sim.world.compiled import phase, piece
from sim.world.place import guide_to, wrapped
from sim.world.rng import Draw, draw_normal
from sim.world.rules.places import place_value
from sim.world.rules.probability import clip, faded
from sim.world.state import NOT_STATED, Trend

YEAR = 52
MOST_PULL = 0.9


@piece
def blurred(source, target, radius, city, along_rows):
    """Blur a field along rows or along columns, round the torus; the weights are in the scratch sums."""
    width, height, weights = city.grid.width, city.grid.height, city.scratch.sums
    for c in range(len(source)):
        x, y, total = c % width, c // width, 0.0
        for d in range(-radius, radius + 1):
            cell = y * width + wrapped(x + d, width, radius) if along_rows else wrapped(y + d, height, radius) * width + x
            total += weights[d + radius] * source[cell]
        target[c] = total


@phase
def smooth_field(city, p, clock):
    """A smooth field with mean 0 and standard deviation 1, left in the first row of the city's fields."""
    field, across = city.fields[0], city.fields[1]
    for c in city.rows.cells:
        field[c] = draw_normal(clock.seed, Draw.PLACE_SMOOTH, clock.tick, c, 0)
    width = p.places.correlation_length / sqrt(2.0)  # of the kernel, which makes fields that correlate over a width root 2 times as large
    radius = int(3.0 * width + 0.5)
    if radius > 0:
        for d in range(-radius, radius + 1):
            city.scratch.sums[d + radius] = exp(-d * d / (2.0 * width * width))
        blurred(field, across, radius, city, True)
        blurred(across, field, radius, city, False)
    mean, square = 0.0, 0.0
    for c in city.rows.cells:
        mean += field[c]
    mean /= len(field)
    for c in city.rows.cells:
        square += (field[c] - mean) * (field[c] - mean)
    sd = sqrt(square / len(field))
    for c in city.rows.cells:
        field[c] = (field[c] - mean) / sd if sd > 0.0 else 0.0


@phase
def load_places(city, p, clock):
    """What places do to those who live and offend there: opportunity, pull on trust, offenders' homes, exposure."""
    cells, citizens, places = city.cells, city.citizens, p.places
    homes, exposure, stops = 0.0, 0.0, 0.0
    for c in city.rows.cells:
        place = place_value(cells.smooth[c], cells.own[c], places.smooth_share)
        city.cells.place[c] = place
        stated = cells.stated_opportunity[c]
        if stated != NOT_STATED:
            city.cells.opportunity[c] = exp(cells.opportunity_own[c]) * stated
        else:
            city.cells.opportunity[c] = exp(cells.opportunity_own[c] + places.opportunity * place)
        stated = cells.stated_trust[c]
        city.cells.pull[c] = stated if stated != NOT_STATED else clip(-places.disposition * place, -MOST_PULL, MOST_PULL)
        homes += exp(places.offenders * place)
        city.cells.homes_cumulative[c] = homes
        stated = cells.stated_exposure[c]
        relative = stated if stated != NOT_STATED else exp(places.exposure * place)
        last = cells.first_resident[c + 1] - 1
        exposure += relative * np.float64(citizens.exposure_cumulative[last])
        stops += relative * np.float64(citizens.stop_exposure_cumulative[last])
        city.cells.exposure_cumulative[c], city.cells.stop_exposure_cumulative[c] = exposure, stops
    guide_to(cells.exposure_cumulative, cells.exposure_guide)
    guide_to(cells.stop_exposure_cumulative, cells.stop_exposure_guide)


@phase
def drift(rows, city, p, clock):
    """Dispositions follow the trends; once a year places change (rows: all cells)."""
    city.trend[Trend.COMMON] += p.trust.common_trend / YEAR
    city.trend[Trend.POLICE] += p.trust.police_trend / YEAR
    if clock.tick == 0 or clock.tick % YEAR != 0:
        return
    smooth_field(city, p, clock)
    keep = faded(1.0, p.places.half_life / YEAR)
    new = sqrt(1.0 - keep * keep)
    for c in rows:
        city.cells.smooth[c] = keep * city.cells.smooth[c] + new * city.fields[0, c]
        city.cells.own[c] = keep * city.cells.own[c] + new * draw_normal(clock.seed, Draw.PLACE_OWN, clock.tick, c, 0)
    load_places(city, p, clock)
