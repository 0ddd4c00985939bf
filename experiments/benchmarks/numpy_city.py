"""The city of docs/model.md in NumPy arrays, as an able user of NumPy would keep it: what `numpy_week` runs a week of.

Luck comes from one `numpy.random.Generator`, so a run has the same statistics as `sim`, not the same numbers. Left out, as in the Mesa
models, are reforms, places that a scenario states, and what is only remembered to be asked for (voices).
"""

from math import ceil, exp, floor, log, sqrt

import numpy as np

NEVER, LONGEST_CAREER, FOR_EVER = -30_000, 3120, 30_000
CORRUPT, UNFAIR, FAIR = range(3)
CAUSES = ("contact", "hearsay", "victimization", "response", "drift", "trend")


def logistic(x):
    """Probabilities with log-odds x."""
    return 1.0 / (1.0 + np.exp(-x))


def pulled(disposition, pull):
    """Dispositions as places and the years pull them up or down."""
    return disposition * (1.0 - np.abs(pull)) + np.maximum(pull, 0.0)


def faded(half_life):
    """What a week leaves of something with this half-life in weeks."""
    return exp(-log(2.0) / half_life)


def conduct_chances(courtesy, honesty):
    """Chances of corrupt conduct, and of corrupt or unfair conduct, of officers with these log-odds."""
    corrupt = logistic(-honesty)
    return corrupt, 1.0 - (1.0 - corrupt) * logistic(courtesy)


def feeling_chances(conduct, fairness, p):
    """Chances that conduct is felt good, and that it is felt good or neutral."""
    x = np.array([p.felt_if_corrupt, p.felt_if_unfair, p.felt_if_fair])[conduct] + p.perception_slope * (fairness - 0.5)
    return logistic(x - p.neutral_width), logistic(x)


class NumpyCity:
    """Columns of citizens, officers, offenders and cells at week 0.

    p                  parameters, as of `sim.world.parameters.parameters()`
    adults             number of citizens
    officers_per_1000  officers per 1,000 inhabitants
    offenders_share    offenders per adult
    adults_per_cell    sets the size of the grid
    rng                integer seed
    """

    def __init__(self, p, adults=20_000, officers_per_1000=2.2, offenders_share=0.03, adults_per_cell=50, rng=None):
        self.p, self.adults, self.rng = p, adults, np.random.default_rng(rng)
        self.tick, self.trend, self.history = 0, 0.0, []
        self.ledger = {cause: np.zeros((2, 2)) for cause in CAUSES}  # dimension (fairness, effectiveness) x (net, gross)
        self.width = max(3, floor(sqrt(adults / adults_per_cell) + 0.5))
        self.height = max(3, ceil(adults / (adults_per_cell * self.width)))
        self.cells = self.width * self.height
        self.first = -(-np.arange(self.cells + 1) * adults // self.cells)
        self.residents = np.diff(self.first)
        self.home = np.repeat(np.arange(self.cells), self.residents)
        self.found_people()
        self.found_places()
        self.found_force(max(1, floor(adults / p.population.adult_share / 1000 * officers_per_1000 + 0.5)))
        self.found_offenders(max(1, floor(adults * offenders_share + 0.5)))
        self.found_trust()

    def correlated(self, r, number):
        """Two columns of standard normals that correlate by r."""
        first, second = self.rng.standard_normal((2, number))
        return first, r * first + sqrt(1.0 - r * r) * second

    def found_people(self):
        """Dispositions, exposure, and what else is lasting."""
        p, rng, adults = self.p.trust, self.rng, self.adults
        z1, z2 = self.correlated(p.disposition_correlation, adults)
        self.fairness_disposition = np.clip(p.fairness_disposition_mean + p.fairness_disposition_sd * z1, 0.01, 0.99)
        self.effectiveness_disposition = np.clip(p.effectiveness_disposition_mean + p.effectiveness_disposition_sd * z2, 0.01, 0.99)
        self.exposure = np.exp(self.p.offending.exposure_log_sd * rng.standard_normal(adults))
        self.standing = self.p.encounter.exposure_log_sd * rng.standard_normal(adults)
        self.reporting_propensity, self.answering_style = rng.standard_normal((2, adults))
        self.last_stop, self.last_corrupt_stop, self.last_victimized = np.full((3, adults), NEVER, np.int16)
        self.mean_dispositions = [
            np.add.reduceat(d, self.first[:-1]) / self.residents for d in (self.fairness_disposition, self.effectiveness_disposition)
        ]

    def smooth_field(self):
        """A number a cell: noise blurred round the torus, with mean 0 and standard deviation 1."""
        field = self.rng.standard_normal((self.height, self.width))
        s = self.p.places.correlation_length / sqrt(2.0)
        reach = floor(3.0 * s + 0.5)
        for axis in (1, 0) if reach else ():
            field = sum(exp(-d * d / (2.0 * s * s)) * np.roll(field, d, axis) for d in range(-reach, reach + 1))
        return ((field - field.mean()) / (field.std() or 1.0)).ravel()

    def found_places(self):
        """Both fields of every cell, and what they load on."""
        self.smooth, self.own = self.smooth_field(), self.rng.standard_normal(self.cells)
        self.opportunity_own = self.p.offending.opportunity_log_sd * self.rng.standard_normal(self.cells)
        self.recorded = np.zeros(self.cells, int)
        self.crimes, self.stops = np.zeros((2, self.cells), int)
        self.load_places()
        self.memory = self.opportunity.copy()
        self.memory_sums = np.cumsum(self.memory)

    def load_places(self):
        """What the places do to those who live and offend there."""
        p = self.p.places
        self.place = sqrt(p.smooth_share) * self.smooth + sqrt(1.0 - p.smooth_share) * self.own
        self.opportunity = np.exp(self.opportunity_own + p.opportunity * self.place)
        self.place_pull = np.clip(-p.disposition * self.place, -0.9, 0.9)
        self.homes = np.cumsum(np.exp(p.offenders * self.place))
        exposure = np.exp(p.exposure * self.place)[self.home]
        self.exposures = np.cumsum(exposure * self.exposure)  # over all citizens, who live in the order of the cells
        self.stop_exposures = np.cumsum(exposure * np.exp(self.standing))

    def found_force(self, officers):
        """Squads and officers, with conduct as it is after years together."""
        p, rng, size = self.p.conduct, self.rng, int(self.p.conduct.squad_size)
        squads, a = ceil(officers / size), p.contagion_weight
        self.squad = np.arange(officers) // size
        self.effect, self.honesty_effect = p.squad_sd * np.array(self.correlated(p.dials_correlation, squads))
        self.command = np.zeros(squads)
        courtesy, honesty = self.correlated(p.dials_correlation, officers)
        self.deviation = self.effect[self.squad] + p.officer_sd * courtesy
        self.honesty_deviation = self.honesty_effect[self.squad] + p.officer_sd * honesty
        number = np.bincount(self.squad)
        mean, honesty_mean = (np.bincount(self.squad, d) / number for d in (self.deviation, self.honesty_deviation))
        self.conduct = p.mean + (1.0 - a) * self.deviation + a * mean[self.squad]
        self.honesty = p.honesty_mean + (1.0 - a) * self.honesty_deviation + a * honesty_mean[self.squad]
        self.beat = np.arange(officers) * self.cells // officers
        self.officer_cell = self.beat.copy()
        self.active = np.ones(officers, bool)
        self.vacant_weeks, self.complaints = np.zeros((2, officers), int)
        self.training = np.zeros(officers)
        self.community = rng.random(officers) < self.p.community.share

    def found_offenders(self, offenders):
        """Residents who offend, more of them in hard places."""
        rng, rate = self.rng, self.p.offending.exit_rate
        self.offender_home = np.sort(np.searchsorted(self.homes, rng.random(offenders) * self.homes[-1], "right"))
        self.offender_cell = self.offender_home.copy()
        self.propensity = self.propensities(offenders)
        self.risk = np.full(offenders, self.p.deterrence.prior_risk)
        self.jail_weeks = np.zeros(offenders, int)
        self.program = np.zeros(offenders)
        self.entered = -self.career_weeks(offenders) if rate else np.zeros(offenders, int)
        self.leaves = self.career_weeks(offenders)

    def propensities(self, number):
        """Crimes a week without deterrence: very unequal."""
        return np.exp(self.rng.normal(self.p.offending.propensity_log_mean, self.p.offending.propensity_log_sd, number))

    def career_weeks(self, number):
        """For how long so many people offend."""
        rate = self.p.offending.exit_rate
        if not rate:
            return np.full(number, FOR_EVER)
        return np.minimum(self.rng.standard_exponential(number) / rate, LONGEST_CAREER).astype(int)

    def expected_events(self):
        """Encounters an adult has or hears of in a week, and what crimes take of effectiveness: the mean field of docs/model.md, 5."""
        p, offending = self.p, self.p.offending
        told = len(self.squad) * p.encounter.stop_rate / self.adults * (1.0 + p.hearsay.listeners * p.hearsay.fraction)
        held_back = exp(-offending.risk_slope * p.deterrence.prior_risk - offending.control_slope * 0.5)
        crimes = (1.0 - np.exp(-self.propensity * held_back)).sum() / self.adults
        return told, crimes * (1.0 + p.hearsay.listeners * p.hearsay.victimization_fraction) * p.trust.victimization_loss

    def found_trust(self):
        """Trust as each citizen may expect it in the long run."""
        p, (told, suffered) = self.p.trust, self.expected_events()
        corrupt, rough = (chances.mean() for chances in conduct_chances(self.conduct, self.honesty))
        shares = np.array([corrupt, rough - corrupt, 1.0 - rough])
        rate, c = p.relaxation_rate, p.climate_weight
        f, e = p.fairness_disposition_mean, p.effectiveness_disposition_mean
        for _ in range(200):
            good, not_bad = (shares @ chances for chances in feeling_chances(np.arange(3), f, self.p.encounter))
            up, down = told * good * p.contact_gain, told * (1.0 - not_bad) * p.contact_loss
            rise, fall = told * good * p.effectiveness_gain, told * (1.0 - not_bad) * p.effectiveness_loss + suffered
            f = (rate * p.fairness_disposition_mean * (1.0 - c) + rate * c * f + up) / (rate + up + down)
            e = (rate * p.effectiveness_disposition_mean * (1.0 - c) + rate * c * e + rise) / (rate + rise + fall)
        pull = self.place_pull[self.home]
        settled = pulled(self.fairness_disposition, pull), pulled(self.effectiveness_disposition, pull)
        self.fairness = (rate * ((1.0 - c) * settled[0] + c * f) + up) / (rate + up + down)
        self.effectiveness = (rate * ((1.0 - c) * settled[1] + c * e) + rise) / (rate + rise + fall)
        self.take_climate()

    def take_climate(self):
        """Mean trust of each cell's residents."""
        w = self.p.trust.effectiveness_weight
        self.climate_fairness = np.add.reduceat(self.fairness, self.first[:-1]) / self.residents
        self.climate_effectiveness = np.add.reduceat(self.effectiveness, self.first[:-1]) / self.residents
        self.climate = (1.0 - w) * self.climate_fairness + w * self.climate_effectiveness

    def near(self, cells, radius, shape=None):
        """A cell of the square round each of these, wrapping round."""
        side = 2 * radius + 1
        down, across = np.divmod(self.rng.integers(0, side * side, np.shape(cells) if shape is None else shape), side)
        y, x = np.divmod(cells, self.width)
        return (y + down - radius) % self.height * self.width + (x + across - radius) % self.width

    def chosen(self, sums, ambient_share, cells):
        """A passer-by or a resident of each of these cells, in proportion to exposure."""
        u, ambient = self.rng.random(len(cells)), self.rng.random(len(cells)) < ambient_share
        low = np.where(ambient | (cells == 0), 0.0, sums[self.first[cells] - 1])
        high = np.where(ambient, sums[-1], sums[self.first[cells + 1] - 1])
        return np.searchsorted(sums, low + u * (high - low), "right")

    def resident_of(self, cells):
        """A resident of each of these cells, all equally likely."""
        return self.first[cells] + (self.rng.random(len(cells)) * self.residents[cells]).astype(int)

    def survey(self):
        """What everybody answers: trust (0-3), the scale of fairness, and whether they feel unsafe."""
        p, w, rng = self.p.survey, self.p.trust.effectiveness_weight, self.rng
        trust, style = (1.0 - w) * self.fairness + w * self.effectiveness, p.style_sd * self.answering_style
        latent = trust + style + p.response_error_sd * rng.standard_normal(self.adults)
        answers = np.searchsorted([p.lower_cut, p.middle_cut, p.upper_cut], latent, "right")
        scale = self.fairness + style + p.scale_error_sd * rng.standard_normal(self.adults)
        victim = self.last_victimized > self.tick - 53
        unsafe = rng.random(self.adults) < logistic(
            p.insecurity_intercept + p.insecurity_victim * victim + p.insecurity_trust * (trust - 0.5)
        )
        return np.bincount(answers, minlength=4), scale, unsafe
