"""The city of docs/model.md as plain Mesa objects: what both Mesa benchmarks are built from.

Luck comes from `model.random` and `model.rng`, so a run has the same statistics as `sim`, not the same numbers. One seed builds
the same city for both benchmarks, because they draw the same numbers in the same order until week 0. Left out are reforms, places that
a scenario states, and what is only remembered to be asked for (voices).
"""

from bisect import bisect
from collections import Counter
from itertools import accumulate
from math import ceil, exp, floor, log, sqrt

from mesa_people import (
    BAD,
    CORRUPT,
    FAIR,
    GOOD,
    UNFAIR,
    Citizen,
    Offender,
    Officer,
    Squad,
    conduct_chances,
    correlated,
    feeling_chances,
    logistic,
    pulled,
)  # fmt: skip
from mesa_places import Places


def poisson_table(mean, most=16):
    """Cumulative chances of 0 .. most - 1 events; `bisect(table, uniform)` is then a Poisson number cut at `most`."""
    terms = [exp(-mean)]
    for n in range(1, most):
        terms.append(terms[-1] * mean / n)
    return list(accumulate(terms))


class City(Places):
    """Streets, officers, offenders and citizens at week 0; a benchmark adds `step`.

    p                  parameters, as of `sim.world.parameters.parameters()`
    adults             number of citizens
    officers_per_1000  officers per 1,000 inhabitants
    offenders_share    offenders per adult
    adults_per_cell    sets the size of the grid
    changes            {step: parameters from then on}
    rng                integer seed
    """

    citizen_class, officer_class, offender_class = Citizen, Officer, Offender

    def __init__(self, p, adults=20_000, officers_per_1000=2.2, offenders_share=0.03, adults_per_cell=50, changes=None, rng=None):
        super().__init__(rng=rng)
        self.p = p
        self.changes = changes or {}
        self.counts = Counter()
        self.lay_out(max(3, floor(sqrt(adults / adults_per_cell) + 0.5)), adults, adults_per_cell)
        self.hire(max(1, floor(adults / p.population.adult_share / 1000 * officers_per_1000 + 0.5)))
        self.offenders = [self.offender_class(self) for _ in range(max(1, floor(adults * offenders_share + 0.5)))]
        self.populate(adults)
        self.patrol_chances = list(accumulate(street.memory for street in self.streets))

    def hire(self, officers):
        """Squads and officers, with conduct as it is after years together."""
        p, random = self.p.conduct, self.random
        self.squads, self.officers = [], []
        for _ in range(ceil(officers / p.squad_size)):
            effect, honesty_effect = correlated(random, p.dials_correlation)
            self.squads.append(Squad(p.squad_sd * effect, p.squad_sd * honesty_effect))
        for j in range(officers):
            beat = self.streets[j * len(self.streets) // officers]
            community = random.random() < self.p.community.share
            self.officers.append(self.officer_class(self, self.squads[j // int(p.squad_size)], beat, community))
        for squad in self.squads:
            squad.settle_in(p)

    def populate(self, adults):
        """Citizens in street order, with the trust they would come to in the long run."""
        p, random = self.p.trust, self.random
        expected = self.expected_trust(adults)
        self.citizens = []
        for i in range(adults):
            z1, z2 = correlated(random, p.disposition_correlation)
            fairness = p.fairness_disposition_mean + p.fairness_disposition_sd * z1
            effectiveness = p.effectiveness_disposition_mean + p.effectiveness_disposition_sd * z2
            dispositions = [min(max(value, 0.01), 0.99) for value in (fairness, effectiveness)]
            home = self.streets[i * len(self.streets) // adults]
            settled = [pulled(value, home.place_pull) for value in dispositions]
            trust = [base + weight * value for (base, weight), value in zip(expected, settled, strict=True)]
            self.citizens.append(self.citizen_class(self, home, dispositions, trust))
        start = 0
        for street in self.streets:
            street.first, street.last = start, start + len(street.residents) - 1
            start += len(street.residents)
        self.sum_exposures()

    def expected_trust(self, adults):
        """Mean-field stationary trust (docs/model.md, 5): fairness = base + weight x disposition, likewise effectiveness."""
        p = self.p
        trust, offending = p.trust, p.offending
        told = len(self.officers) * p.encounter.stop_rate / adults * (1.0 + p.hearsay.listeners * p.hearsay.fraction)
        held_back = exp(-offending.risk_slope * p.deterrence.prior_risk) * exp(-offending.control_slope * 0.5)
        crimes = sum(1.0 - exp(-offender.propensity * held_back) for offender in self.offenders) / adults
        suffered = crimes * (1.0 + p.hearsay.listeners * p.hearsay.victimization_fraction) * trust.victimization_loss
        chances = [conduct_chances(officer.conduct, officer.honesty) for officer in self.officers]
        corrupt, rough = (sum(column) / len(chances) for column in zip(*chances, strict=True))
        shares = {CORRUPT: corrupt, UNFAIR: rough - corrupt, FAIR: 1.0 - rough}
        rate, c = trust.relaxation_rate, trust.climate_weight
        f, e = trust.fairness_disposition_mean, trust.effectiveness_disposition_mean
        for _ in range(200):
            felt = [[share * chance for chance in feeling_chances(conduct, f, p.encounter)] for conduct, share in shares.items()]
            good, not_bad = (sum(column) for column in zip(*felt, strict=True))
            up, down = told * good * trust.contact_gain, told * (1.0 - not_bad) * trust.contact_loss
            rise, fall = told * good * trust.effectiveness_gain, told * (1.0 - not_bad) * trust.effectiveness_loss + suffered
            f = (rate * trust.fairness_disposition_mean * (1.0 - c) + rate * c * f + up) / (rate + up + down)
            e = (rate * trust.effectiveness_disposition_mean * (1.0 - c) + rate * c * e + rise) / (rate + rise + fall)
        fairness, effectiveness = rate + up + down, rate + rise + fall
        kept = rate * (1.0 - c)
        return ((rate * c * f + up) / fairness, kept / fairness), ((rate * c * e + rise) / effectiveness, kept / effectiveness)

    def chosen(self, exposures, ambient_share, street):
        """A passer-by or a resident of a street, in proportion to exposure."""
        uniform = self.random.random
        if uniform() < ambient_share:
            return self.citizens[bisect(exposures, uniform() * exposures[-1])]
        low = exposures[street.first - 1] if street.first else 0.0
        return self.citizens[bisect(exposures, low + uniform() * (exposures[street.last] - low), street.first, street.last)]

    def take_report(self, crime):
        """A crime is reported: it is heard locally, or a file is opened, or neither."""
        p, uniform = self.p, self.random.random
        crime.reported = True
        crime.street.recorded += 1
        crime.hearing = not crime.serious and uniform() < p.justice.hearing_share * p.justice.known_share
        chance = logistic(p.reporting.file_intercept + p.institutions.file + p.reporting.file_serious * crime.serious)
        crime.filed = not crime.hearing and uniform() < chance
        self.counts.update(reported=1, filed=crime.filed, hearings=crime.hearing)

    def respond_to(self, crime):
        """How a complainant is treated, and whether a force of this conduct and capacity, or a hearing, solves the crime."""
        p, uniform = self.p.response, self.random.random
        if crime.hearing:
            crime.well_treated = uniform() < self.p.justice.hearing_fairness
            crime.solved = uniform() < self.p.justice.resolution
        else:
            police = p.police_share * (self.force_conduct - p.conduct_reference)
            treatment = p.treatment_intercept + self.p.institutions.treatment + p.treatment_file * crime.filed + police
            crime.well_treated = uniform() < logistic(treatment)
            cooperation = 1.0 + p.cooperation_slope * (crime.street.climate - 0.5)
            crime.solved = crime.filed and uniform() < p.solve_probability * self.free_capacity * cooperation
        if crime.solved:
            crime.offender.arrest(crime)
            crime.street.arrests += 1
        self.counts.update(well_treated=crime.well_treated, solved=crime.solved)

    def take_stock(self, force, load):
        """What so many open files leave of the capacity of those in service, and how they behave."""
        p = self.p
        capacity = p.response.capacity * sum(1.0 - p.community.response_cost * officer.community for officer in force)
        self.free_capacity = capacity / (capacity + load) if force else 0.0
        self.force_conduct = sum(officer.conduct + officer.training for officer in force) / len(force) if force else p.conduct.mean

    def count_encounter(self, kind, conduct, felt):
        """Add an encounter to the week's counts."""
        counts = self.counts
        counts[kind] += 1
        counts["corrupt_stops"] += conduct == CORRUPT and kind == "stops"
        counts["felt_good"] += felt == GOOD
        counts["felt_bad"] += felt == BAD

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
        p, w = self.p.survey, self.p.trust.effectiveness_weight
        cuts = p.lower_cut, p.middle_cut, p.upper_cut
        errors = self.rng.normal(0.0, p.response_error_sd, len(self.citizens)).tolist()
        answers = [0, 0, 0, 0]
        for citizen, error in zip(self.citizens, errors, strict=True):
            trust = (1.0 - w) * citizen.fairness + w * citizen.effectiveness
            answers[bisect(cuts, trust + p.style_sd * citizen.answering_style + error)] += 1
        return answers
