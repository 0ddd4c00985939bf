"""What places are like, what that loads on, and how it changes (sections 5 and 7.2)."""

from math import exp, floor, isnan, log, sqrt

from sim.world.rng import Draw

from .city import NOT_STATED, Cell, City, clip

STATED = ("opportunity", "exposure", "trust")


def found_places(city: City, stated: dict[str, list[float]] | None) -> None:
    """The two fields, what of opportunity is the cells' own, and what a scenario states."""
    sd = city.parameters.offending.opportunity_log_sd
    for c, smooth in enumerate(smooth_field(city)):
        own, opportunity = city.n(Draw.PLACE_OWN, c, 0), sd * city.n(Draw.OPPORTUNITY, c, 0)
        city.cells.append(Cell(smooth=smooth, own=own, opportunity_own=opportunity))
        for name in STATED:
            if stated and stated.get(name) is not None and not isnan(stated[name][c]):
                setattr(city.cells[c], f"stated_{name}", float(stated[name][c]))
    load_places(city)
    for cell in city.cells:
        cell.memory = cell.opportunity
    city.sum_memory()


def smooth_field(city: City) -> list[float]:
    """Noise of this tick, blurred along rows and then along columns round the torus, with mean 0 and standard deviation 1."""
    noise = [city.n(Draw.PLACE_SMOOTH, c, 0) for c in range(city.width * city.height)]
    blurred = blur(blur(noise, city, 1, 0), city, 0, 1)
    mean = added(blurred) / len(blurred)
    variance = added([(b - mean) * (b - mean) for b in blurred]) / len(blurred)
    return [(b - mean) / sqrt(variance) if variance > 0 else 0.0 for b in blurred]


def added(numbers: list[float]) -> float:
    """The sum in row order (not sum(), which compensates since Python 3.12)."""
    total = 0.0
    for number in numbers:
        total += number
    return total


def blur(values: list[float], city: City, step_x: int, step_y: int) -> list[float]:
    """Each cell's weighted neighbors in one direction, whose weights fall like a bell."""
    s = city.parameters.places.correlation_length / sqrt(2)
    reach = floor(3 * s + 0.5)
    if reach == 0:
        return values
    blurred = []
    for c in range(len(values)):
        x, y, total = c % city.width, c // city.width, 0.0
        for d in range(-reach, reach + 1):
            other = (y + step_y * d) % city.height * city.width + (x + step_x * d) % city.width
            total += exp(-d * d / (2 * s * s)) * values[other]
        blurred.append(total)
    return blurred


def load_places(city: City) -> None:
    """What the places load on, but for exposure, which needs residents."""
    p, homes = city.parameters.places, 0.0
    for cell in city.cells:
        cell.place = sqrt(p.smooth_share) * cell.smooth + sqrt(1 - p.smooth_share) * cell.own
        cell.opportunity = exp(cell.opportunity_own + p.opportunity * cell.place)
        if cell.stated_opportunity != NOT_STATED:
            cell.opportunity = exp(cell.opportunity_own) * cell.stated_opportunity
        cell.pull = clip(-p.disposition * cell.place, -0.9, 0.9)
        if cell.stated_trust != NOT_STATED:
            cell.pull = cell.stated_trust
        homes += exp(p.offenders * cell.place)
        cell.homes_cumulative = homes


def sum_exposures(city: City) -> None:
    """The running sums over cells of relative exposure times what their residents' columns sum up to."""
    exposures = stop_exposures = 0.0
    for cell in city.cells:
        last = city.citizens[cell.residents[-1]]
        relative = exp(city.parameters.places.exposure * cell.place)
        if cell.stated_exposure != NOT_STATED:
            relative = cell.stated_exposure
        exposures += relative * last.exposure_cumulative
        stop_exposures += relative * last.stop_exposure_cumulative
        cell.exposure_cumulative, cell.stop_exposure_cumulative = exposures, stop_exposures


def change_places(city: City) -> None:
    """A year on: each field keeps some of what it was, and what it loads on follows."""
    keep = exp(-log(2) * 52 / city.parameters.places.half_life)
    new = sqrt(1 - keep * keep)
    for c, (cell, smooth) in enumerate(zip(city.cells, smooth_field(city), strict=True)):
        cell.smooth = keep * cell.smooth + new * smooth
        cell.own = keep * cell.own + new * city.n(Draw.PLACE_OWN, c, 0)
    load_places(city)
    sum_exposures(city)
