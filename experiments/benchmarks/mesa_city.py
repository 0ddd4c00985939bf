"""The city of docs/model.md as plain Mesa objects: what both Mesa benchmarks are built from.

Luck comes from `model.random`, so a run has the same statistics as `sim`, not the same numbers. One seed builds
the same city for both benchmarks, because they draw the same numbers in the same order until week 0.
"""

from bisect import bisect
from collections import Counter
from itertools import accumulate
from math import ceil, exp, floor, log, sqrt

from mesa import Model
from mesa.discrete_space import Cell, CellAgent, OrthogonalMooreGrid

NEVER = -1_000_000


def logistic(x):
    """The probability with log-odds x."""
    return 1.0 / (1.0 + exp(-x))


def conduct_chances(x, p):
    """Chances of corrupt conduct, and of corrupt or unfair conduct, of an officer with log-odds x."""
    return logistic(-x - p.conduct.corruption_threshold), 1.0 - logistic(x)


def perception_bases(p):
    """Log-odds of feeling fairly treated at fairness 0.5, by conduct: corrupt, unfair, fair."""
    return p.encounter.felt_if_corrupt, p.encounter.felt_if_unfair, p.encounter.felt_if_fair


def poisson_table(mean, most=16):
    """Cumulative chances of 0 .. most - 1 events; `bisect(table, uniform)` is then a Poisson number cut at `most`."""
    terms = [exp(-mean)]
    for n in range(1, most):
        terms.append(terms[-1] * mean / n)
    return list(accumulate(terms))


class Street(Cell):
    """A cell of the grid: who lives there, what draws offenders, what the police have recorded."""

    def open(self, opportunity):
        """Set the street's state at week 0; its residents register themselves."""
        self.residents = []
        self.opportunity = self.attraction = self.memory = opportunity
        self.officers = self.recorded = self.arrests = self.crimes = self.stops = 0
        self.climate_fairness = self.climate_effectiveness = self.climate = 0.5


class Citizen(CellAgent):
    """An adult, acted upon by officers, offenders and neighbors; the benchmarks add trust."""

    def __init__(self, model, home, dispositions):
        super().__init__(model)
        self.cell = self.home = home
        home.residents.append(self)
        self.fairness_disposition, self.effectiveness_disposition = dispositions
        self.last_stop = self.last_corrupt_stop = self.last_victimized = NEVER


class Walker(CellAgent):
    """An agent that moves; `street` is its cell without the detour through Mesa's property."""

    def go(self, street):
        """Move to a street, if not there already."""
        if street is not self.street:
            self.cell = self.street = street


class Officer(Walker):
    """A post in the force; people come and go, the post stays."""

    def __init__(self, model, squad, beat, deviation, community):
        super().__init__(model)
        self.squad = squad
        squad.members.append(self)
        self.beat = beat
        self.cell = self.street = beat
        self.beat_streets = model.streets_near(beat, int(model.p.patrol.beat_radius))
        self.deviation = deviation
        self.community = community
        self.active = True
        self.conduct = self.training = 0.0
        self.vacant_weeks = self.complaints = self.identity = 0

    def turn_over(self):
        """An officer may leave; a vacancy may be filled by a recruit. True if somebody is in service afterwards."""
        p, random = self.model.p, self.model.random
        if self.active:
            if random.random() >= p.staffing.turnover_rate:
                return True
            self.active = False
            self.vacant_weeks = floor(p.staffing.replacement_delay_weeks + 0.5)
            return False
        self.vacant_weeks -= 1
        if self.vacant_weeks <= 0:
            self.active = True
            self.identity += 1
            self.complaints = 0
            self.training = 0.0
            self.deviation = p.staffing.recruit_conduct_offset + self.squad.effect + random.gauss(0.0, p.conduct.officer_sd)
            self.conduct = p.conduct.mean + self.deviation
        return self.active

    def bond(self):
        """Conduct drifts with the squad, as it stood at muster."""
        p, squad = self.model.p.conduct, self.squad
        own = self.conduct + self.training
        disposition = p.mean + self.deviation
        peers = (squad.conduct_sum - own) / (squad.present - 1) if squad.present > 1 else disposition
        target = (1.0 - p.contagion_weight) * disposition + p.contagion_weight * (peers + squad.command)
        self.conduct += p.contagion_rate * (target - self.conduct)


class Offender(Walker):
    """A person who commits at most one crime a week."""

    def __init__(self, model, home, propensity, perceived_risk):
        super().__init__(model)
        self.cell = self.home = self.street = home
        self.search = model.streets_near(home, int(model.p.offending.search_radius))
        self.propensity = propensity
        self.perceived_risk = perceived_risk
        self.jail_weeks = 0


class Squad:
    """What a group of officers shares."""

    def __init__(self, effect):
        self.effect = effect
        self.command = 0.0
        self.members = []

    def muster(self):
        """Sum the conduct of those in service."""
        conducts = [officer.conduct + officer.training for officer in self.members if officer.active]
        self.conduct_sum, self.present = sum(conducts), len(conducts)


class City(Model):
    """Streets, officers, offenders and citizens at week 0; a benchmark adds `step`.

    p                  parameters, as of `sim.world.parameters.parameters()`
    adults             number of citizens
    officers_per_1000  officers per 1,000 inhabitants
    offenders_share    offenders per adult
    adults_per_cell    sets the size of the grid
    changes            {step: parameters from then on}
    rng                integer seed
    """

    street_class, citizen_class, officer_class, offender_class = Street, Citizen, Officer, Offender

    def __init__(self, p, adults=20_000, officers_per_1000=2.2, offenders_share=0.03, adults_per_cell=50, changes=None, rng=None):
        super().__init__(rng=rng)
        self.p = p
        self.changes = changes or {}
        self.counts = Counter()
        self.lay_out(max(3, floor(sqrt(adults / adults_per_cell) + 0.5)), adults, adults_per_cell)
        self.hire(max(1, floor(adults / p.population.adult_share / 1000 * officers_per_1000 + 0.5)))
        self.recruit_offenders(max(1, floor(adults * offenders_share + 0.5)))
        self.populate(adults)
        self.patrol_chances = list(accumulate(street.memory for street in self.streets))

    def lay_out(self, width, adults, adults_per_cell):
        """Build the grid and its streets, in the row order of docs/model.md."""
        p, random = self.p.offending, self.random
        height = max(3, ceil(adults / (adults_per_cell * width)))
        self.grid = OrthogonalMooreGrid((width, height), torus=True, random=random, cell_klass=self.street_class)
        self.streets = [self.grid[c % width, c // width] for c in range(width * height)]
        for street in self.streets:
            street.open(exp(random.gauss(0.0, p.opportunity_log_sd)))
        for street in self.streets:
            street.earshot = self.streets_near(street, int(self.p.hearsay.radius))

    def streets_near(self, street, radius):
        """The streets of the square around one, wrapping round; a street met twice is in the list twice."""
        (x, y), grid = street.coordinate, self.grid
        width, height = grid.dimensions
        steps = range(-radius, radius + 1)
        return [grid[(x + dx) % width, (y + dy) % height] for dx in steps for dy in steps]

    def hire(self, officers):
        """Squads and officers, with conduct as it is after years together."""
        p, random = self.p.conduct, self.random
        squads = [Squad(random.gauss(0.0, p.squad_sd)) for _ in range(ceil(officers / p.squad_size))]
        self.squads = squads
        self.officers = []
        for j in range(officers):
            squad = squads[j // int(p.squad_size)]
            beat = self.streets[j * len(self.streets) // officers]
            community = random.random() < self.p.community.share
            self.officers.append(self.officer_class(self, squad, beat, squad.effect + random.gauss(0.0, p.officer_sd), community))
        for squad in squads:
            mean = sum(officer.deviation for officer in squad.members) / len(squad.members)
            for officer in squad.members:
                officer.conduct = p.mean + (1.0 - p.contagion_weight) * officer.deviation + p.contagion_weight * mean

    def recruit_offenders(self, offenders):
        """Offenders, very unequal, at random homes."""
        p, random = self.p.offending, self.random
        self.offenders = [
            self.offender_class(
                self,
                random.choice(self.streets),
                exp(random.gauss(p.propensity_log_mean, p.propensity_log_sd)),
                self.p.deterrence.prior_risk,
            )
            for _ in range(offenders)
        ]

    def populate(self, adults):
        """Citizens in street order, with the trust they would come to in the long run."""
        p, random = self.p.trust, self.random
        r = p.disposition_correlation
        expected = self.expected_trust(adults)
        self.citizens = []
        for i in range(adults):
            z1, z2 = random.gauss(0.0, 1.0), random.gauss(0.0, 1.0)
            fairness = p.fairness_disposition_mean + p.fairness_disposition_sd * z1
            effectiveness = p.effectiveness_disposition_mean + p.effectiveness_disposition_sd * (r * z1 + sqrt(1.0 - r * r) * z2)
            dispositions = [min(max(value, 0.01), 0.99) for value in (fairness, effectiveness)]
            trust = [base + weight * value for (base, weight), value in zip(expected, dispositions, strict=True)]
            home = self.streets[i * len(self.streets) // adults]
            self.citizens.append(self.citizen_class(self, home, dispositions, trust))
        self.exposures = list(accumulate(exp(random.gauss(0.0, self.p.offending.exposure_log_sd)) for _ in range(adults)))
        start = 0
        for street in self.streets:
            street.first, street.last = start, start + len(street.residents) - 1
            start += len(street.residents)

    def expected_trust(self, adults):
        """Mean-field stationary trust (docs/model.md, 5): fairness = base + weight x disposition, likewise effectiveness."""
        p = self.p
        trust, offending = p.trust, p.offending
        told = len(self.officers) * p.encounter.stop_rate / adults * (1.0 + p.hearsay.listeners * p.hearsay.fraction)
        held_back = exp(-offending.risk_slope * p.deterrence.prior_risk) * exp(-offending.control_slope * 0.5)
        crimes = sum(1.0 - exp(-offender.propensity * held_back) for offender in self.offenders) / adults
        suffered = crimes * (1.0 + p.hearsay.listeners * p.hearsay.victimization_fraction) * trust.victimization_loss
        chances = [conduct_chances(officer.conduct, p) for officer in self.officers]
        corrupt, rough = (sum(column) / len(chances) for column in zip(*chances, strict=True))
        shares = (corrupt, rough - corrupt, 1.0 - rough)
        rate, c = trust.relaxation_rate, trust.climate_weight
        f, e = trust.fairness_disposition_mean, trust.effectiveness_disposition_mean
        for _ in range(200):
            slope = p.encounter.perception_slope * (f - 0.5)
            q = sum(share * logistic(base + slope) for share, base in zip(shares, perception_bases(p), strict=True))
            up, down = told * q * trust.contact_gain, told * (1.0 - q) * trust.contact_loss
            rise, fall = told * q * trust.effectiveness_gain, told * (1.0 - q) * trust.effectiveness_loss + suffered
            f = (rate * trust.fairness_disposition_mean * (1.0 - c) + rate * c * f + up) / (rate + up + down)
            e = (rate * trust.effectiveness_disposition_mean * (1.0 - c) + rate * c * e + rise) / (rate + rise + fall)
        fairness, effectiveness = rate + up + down, rate + rise + fall
        kept = rate * (1.0 - c)
        return ((rate * c * f + up) / fairness, kept / fairness), ((rate * c * e + rise) / effectiveness, kept / effectiveness)

    def forget(self):
        """Training and the map of recorded crime fade."""
        keep = exp(-log(2.0) / self.p.training.half_life)
        for officer in self.officers:
            officer.training *= keep
        for squad in self.squads:
            squad.command *= keep
        keep = exp(-log(2.0) / self.p.patrol.memory_half_life)
        for street in self.streets:
            street.memory = street.memory * keep + street.recorded
            street.recorded = street.arrests = 0
        self.patrol_chances = list(accumulate([street.memory for street in self.streets]))

    def survey(self):
        """Numbers of citizens who answer mucha desconfianza, algo de desconfianza, algo de confianza, mucha confianza."""
        p, w, gauss = self.p.survey, self.p.trust.effectiveness_weight, self.random.gauss
        cuts = p.lower_cut, p.middle_cut, p.upper_cut
        answers = [0, 0, 0, 0]
        for citizen in self.citizens:
            trust = (1.0 - w) * citizen.fairness + w * citizen.effectiveness
            answers[bisect(cuts, trust + gauss(0.0, p.response_error_sd))] += 1
        return answers


def loss_of_crime(random, serious, p):
    """Loss of a crime in thousand pesos."""
    median = p.serious_loss_median if serious else p.minor_loss_median
    return exp(random.gauss(log(median), p.loss_log_sd))


def sentence(serious, p):
    """Weeks in jail for a solved crime."""
    return floor((p.serious_sentence_weeks if serious else p.minor_sentence_weeks) + 0.5)
