"""What is drawn by lot: officers, squads or beats, whose places they are, and the lot itself."""

from math import floor, sqrt
from typing import NamedTuple

import numpy as np

from sim.errors import InputError
from sim.trials.design import Trial
from sim.trials.outcomes import OUTCOMES
from sim.world.state import City, homes, rows_in


class Units(NamedTuple):
    """The units of one city.

    many      how many there are
    officers  the unit of each post
    cells     the unit to which each cell belongs
    asked     bool, one a cell: are its residents asked? (not in the buffer along a border)
    """

    many: int
    officers: np.ndarray
    cells: np.ndarray
    asked: np.ndarray


def units_of(trial: Trial, city: City) -> Units:
    """The units of a city. A cell belongs to the officer whose beat begins at or before it, so to that officer's squad; or to a beat,
    a block of the grid, whose officers are those whose own beats center in it. Officers patrol beyond these borders.
    """
    officers, cells = city.officers, np.arange(len(city.cells.officers))
    if trial.unit == "beat":
        return _blocks(trial, city)
    nearest = np.searchsorted(officers.beat, cells, side="right") - 1
    of_post = np.arange(len(officers.beat)) if trial.unit == "officer" else officers.squad.astype(int)
    return Units(int(of_post[-1]) + 1, of_post, of_post[nearest], np.ones(len(cells), bool))


def _blocks(trial: Trial, city: City) -> Units:
    """Beats: the grid cut into nearly equal blocks, as square as they can be."""
    grid, cells = city.grid, np.arange(len(city.cells.officers))
    side = sqrt(trial.beat_adults * len(cells) / rows_in(city.citizens))
    x: np.ndarray = cells % grid.width
    y: np.ndarray = cells // grid.width
    across, down = (max(1, floor(size / side + 0.5)) for size in grid)
    block = (y * down // grid.height) * across + x * across // grid.width
    inside = np.minimum(_to_border(x, grid.width, across), _to_border(y, grid.height, down)) >= trial.buffer_cells
    return Units(across * down, block[city.officers.beat], block, inside)


def _to_border(place: np.ndarray, size: int, blocks: int) -> np.ndarray:
    """How many cells lie between each place and the nearer border of its block, along one axis; the world is a torus."""
    starts: np.ndarray = -(-np.arange(blocks + 1) * size // blocks)
    block: np.ndarray = place * blocks // size
    return np.minimum(place - starts[block], starts[block + 1] - 1 - place) if blocks > 1 else np.full(len(place), size)


def check_units(trial: Trial, site: str, units: Units, city: City) -> None:
    """InputError if there are too few units, or too few people in them."""
    treated = round(units.many * trial.treated_share)
    if min(treated, units.many - treated) < 2:
        message = f"{site}: {units.many} {trial.unit}s make {treated} treated and {units.many - treated} others; each arm needs 2."
        raise InputError(message, "Take smaller units, a larger city or another share.", path=("unit",))
    if trial.unit == "beat" and np.bincount(units.officers, minlength=units.many).min() == 0:
        remedy = "Take a larger beat_adults."
        raise InputError(f"{site}: some beats of {trial.beat_adults} adults have no officer.", remedy, path=("beat_adults",))
    sites, largest = max(1, len(trial.sites)), max(trial.sizes)
    home = homes(city)
    residents = np.bincount(units.cells[home], units.asked[home], units.many)
    wanted = trial.citizens.sample * largest / sites
    reached = np.minimum(residents, -(-wanted // units.many)).sum()
    if reached < wanted and any(OUTCOMES[name].population == "citizens" for name in trial.outcomes):
        message = f"{site}: {wanted:,.0f} adults, equally many from {units.many} {trial.unit}s, cannot be asked: {reached:,.0f} live there."
        raise InputError(message, "Take a smaller sample, smaller sizes, larger units or a narrower buffer.", path=("citizens", "sample"))
    officers = len(units.officers)
    if trial.officers.sample and trial.officers.sample / sites > officers:
        message = f"{site}: a sample of {trial.officers.sample / sites:,.0f} officers is more than the {officers} there are."
        raise InputError(message, "Take a smaller sample, or leave it out: all.", path=("officers", "sample"))


class Lot(NamedTuple):
    """Who was drawn: bool, one a unit; and the stratum (or pair) of each unit."""

    treated: np.ndarray
    stratum: np.ndarray


def assign(how: str, units: int, share: float, strata: int, values: np.ndarray, generator: np.random.Generator) -> Lot:
    """Draw units by lot, to treat this share of them in every stratum (one more or fewer where it does not divide, by lot).

    how     simple: one stratum; stratified: so many, by value; pairs: neighbors in value (an odd unit joins the last pair)
    values  the baseline of each unit; units without one count as average
    """
    ranked: np.ndarray = np.empty(units, int)
    known = np.where(np.isfinite(values), values, np.nanmean(values) if np.isfinite(values).any() else 0.0)
    ranked[np.lexsort((generator.random(units), known))] = np.arange(units)  # ties in random order
    groups = {"simple": 1, "stratified": min(strata, units // 2), "pairs": units // 2}[how]
    stratum = np.minimum(ranked // 2, groups - 1) if how == "pairs" else ranked * groups // units
    treated: np.ndarray = np.zeros(units, bool)
    for group in range(groups):
        members = generator.permutation(np.flatnonzero(stratum == group))
        many = floor(len(members) * share + generator.random()) if len(members) * share % 1 else round(len(members) * share)
        treated[members[:many]] = True
    return Lot(treated, stratum)
