"""Where the plain Mesa cities stand: streets on a torus, what each is like as a place, and how that changes over the years."""

from itertools import accumulate
from math import ceil, exp, floor, log, sqrt

import numpy as np
from mesa import Model
from mesa.discrete_space import Cell, OrthogonalMooreGrid


class Street(Cell):
    """A cell of the grid: what the place is like, who lives there, what draws offenders, what the police have recorded."""

    def open(self, smooth, own, opportunity_own):
        """Set the street's state at week 0; its residents register themselves."""
        self.smooth, self.own, self.opportunity_own = smooth, own, opportunity_own
        self.residents = []
        self.fairness_dispositions = self.effectiveness_dispositions = 0.0
        self.officers = self.recorded = self.arrests = self.crimes = self.stops = 0
        self.climate_fairness = self.climate_effectiveness = self.climate = 0.5


class Places(Model):
    """A torus of streets that differ for years, in part like the streets around them."""

    street_class = Street
    trend = 0.0  # by which the years have moved all dispositions

    def lay_out(self, width, adults, adults_per_cell):
        """Build the grid and its streets, in the row order of docs/model.md."""
        p, gauss = self.p, self.random.gauss
        height = max(3, ceil(adults / (adults_per_cell * width)))
        self.grid = OrthogonalMooreGrid((width, height), torus=True, random=self.random, cell_klass=self.street_class)
        self.streets = [self.grid[c % width, c // width] for c in range(width * height)]
        for street, smooth in zip(self.streets, self.smooth_field(), strict=True):
            street.open(smooth, gauss(0.0, 1.0), gauss(0.0, p.offending.opportunity_log_sd))
        for street in self.streets:
            street.earshot = self.streets_near(street, int(p.hearsay.radius))
        self.load_places()
        for street in self.streets:
            street.memory = street.opportunity

    def streets_near(self, street, radius):
        """The streets of the square around one, wrapping round; a street met twice is in the list twice."""
        (x, y), grid = street.coordinate, self.grid
        width, height = grid.dimensions
        steps = range(-radius, radius + 1)
        return [grid[(x + dx) % width, (y + dy) % height] for dx in steps for dy in steps]

    def smooth_field(self):
        """A number a street: noise blurred round the torus, with mean 0 and standard deviation 1."""
        width, height = self.grid.dimensions
        field = self.rng.standard_normal((height, width))
        s = self.p.places.correlation_length / sqrt(2.0)
        reach = floor(3.0 * s + 0.5)
        for axis in (1, 0) if reach else ():
            field = sum(exp(-d * d / (2.0 * s * s)) * np.roll(field, d, axis) for d in range(-reach, reach + 1))
        return ((field - field.mean()) / (field.std() or 1.0)).ravel().tolist()

    def load_places(self):
        """What the places do to those who live and offend there."""
        p = self.p.places
        shared, alone = sqrt(p.smooth_share), sqrt(1.0 - p.smooth_share)
        for street in self.streets:
            street.place = shared * street.smooth + alone * street.own
            street.opportunity = street.attraction = exp(street.opportunity_own + p.opportunity * street.place)
            street.place_pull = street.pull = min(max(-p.disposition * street.place, -0.9), 0.9)
            street.exposure = exp(p.exposure * street.place)
        self.homes = list(accumulate(exp(p.offenders * street.place) for street in self.streets))

    def sum_exposures(self):
        """Running sums over all citizens, of how likely each is to be a victim, and to be stopped."""
        self.exposures = list(accumulate(citizen.home.exposure * citizen.exposure for citizen in self.citizens))
        self.stop_exposures = list(accumulate(citizen.home.exposure * citizen.stop_exposure for citizen in self.citizens))

    def drift(self):
        """Trends move on; once a year places change."""
        self.trend += (self.p.trust.common_trend + self.p.trust.police_trend) / 52.0
        if self.steps > 1 and self.steps % 52 == 1:
            self.change_places()
        for street in self.streets:
            street.pull = min(max(street.place_pull + self.trend, -0.95), 0.95)

    def change_places(self):
        """A year on: each street keeps some of what it was, and what that loads on follows."""
        keep = exp(-log(2.0) * 52.0 / self.p.places.half_life)
        new = sqrt(1.0 - keep * keep)
        for street, smooth in zip(self.streets, self.smooth_field(), strict=True):
            street.smooth = keep * street.smooth + new * smooth
            street.own = keep * street.own + new * self.random.gauss(0.0, 1.0)
        self.load_places()
        self.sum_exposures()
