"""docs/model.md in Mesa's usual style: every agent has a `step`, and all step in random order.

This is how most published Mesa models are written: `agents.shuffle_do("step")`, then a DataCollector whose reporters look
at the agents. An officer's, an offender's and a citizen's week happen in one random order instead of phase by phase; what
a phase would sum over the city before it acts (muster, the hot-spot map, the files that compete for officers, the climate
that offenders sense) is as it stood when the week began. As in Mesa's own examples, a citizen who settles looks at the
neighbors; taking one mean a street instead, as `mesa_events` does, would make this model about twice as fast. The rates
of crimes, stops and reports are those of `mesa_events`.
"""

from bisect import bisect
from math import exp, floor, log

from mesa import DataCollector
from mesa_city import (
    Citizen,
    City,
    Offender,
    Officer,
    Street,
    conduct_chances,
    logistic,
    loss_of_crime,
    perception_bases,
    poisson_table,
    sentence,
)


class EveryStreet(Street):
    """A street that keeps last week's arrests, since this week's are still going on."""

    arrests_before = 0


class EveryCitizen(Citizen):
    """A citizen who drifts in each step, and changes when something happens."""

    def __init__(self, model, home, dispositions, trust):
        super().__init__(model, home, dispositions)
        self.fairness, self.effectiveness = trust

    @property
    def trust(self):
        """Trust in the police, 0-1."""
        w = self.model.p.trust.effectiveness_weight
        return (1.0 - w) * self.fairness + w * self.effectiveness

    def step(self):
        """Settle: relax to one's disposition and what the neighbors think."""
        p, neighbors = self.model.p.trust, self.home.residents
        c, n = p.climate_weight, len(neighbors)
        goal = (1.0 - c) * self.fairness_disposition + c * sum(neighbor.fairness for neighbor in neighbors) / n
        self.fairness += p.relaxation_rate * (goal - self.fairness)
        goal = (1.0 - c) * self.effectiveness_disposition + c * sum(neighbor.effectiveness for neighbor in neighbors) / n
        self.effectiveness += p.relaxation_rate * (goal - self.effectiveness)

    def meet_police(self, fair, share=1.0):
        """A contact with an officer, lived (share 1) or heard of."""
        p = self.model.p.trust
        if fair:
            self.fairness += share * p.contact_gain * (1.0 - self.fairness)
            self.effectiveness += share * p.effectiveness_gain * (1.0 - self.effectiveness)
        else:
            self.fairness -= share * p.contact_loss * self.fairness
            self.effectiveness -= share * p.effectiveness_loss * self.effectiveness

    def suffer(self, share=1.0):
        """A crime, lived or heard of."""
        self.effectiveness -= share * self.model.p.trust.victimization_loss * self.effectiveness

    def be_answered(self, well_treated, solved, share=1.0):
        """The response to a report, lived or heard of."""
        p, trust = self.model.p.response, self.model.p.trust
        share *= p.police_share
        self.fairness += share * (trust.contact_gain * (1.0 - self.fairness) if well_treated else -trust.contact_loss * self.fairness)
        self.effectiveness += share * (p.outcome_gain * (1.0 - self.effectiveness) if solved else -p.outcome_loss * self.effectiveness)

    def listeners(self):
        """The neighbors who hear of an experience."""
        random = self.random
        for _ in range(floor(self.model.p.hearsay.listeners + random.random())):
            listener = random.choice(random.choice(self.home.earshot).residents)
            if listener is not self:
                yield listener


class EveryOfficer(Officer):
    """An officer whose whole week is one step."""

    on_street = False

    def step(self):
        """Staff, patrol, stop, tell and bond (a recruit from the next muster on)."""
        mustered = self.active
        self.street.officers -= self.on_street
        self.on_street = self.turn_over()
        if self.on_street:
            self.patrol()
            self.street.officers += 1
            self.work()
            if mustered:
                self.bond()

    def patrol(self):
        """Go to a hot spot of the map, or somewhere on the beat."""
        random, chances = self.random, self.model.patrol_chances
        if self.community or random.random() >= self.model.p.patrol.hot_spot_share:
            self.go(random.choice(self.beat_streets))
        else:
            self.go(self.model.streets[bisect(chances, random.random() * chances[-1])])

    def work(self):
        """Stops, and the contacts of those on community duty."""
        model, random, residents = self.model, self.random, self.street.residents
        conduct = self.conduct + self.training
        for _ in range(bisect(model.stop_chances, random.random())):
            pool = model.citizens if random.random() < model.p.encounter.ambient_share else residents
            corrupt = self.meet(random.choice(pool), conduct)
            self.street.stops += 1
            model.counts["stops"] += 1
            model.counts["corrupt_stops"] += corrupt
        if self.community:
            for _ in range(bisect(model.contact_chances, random.random())):
                self.meet(random.choice(residents), conduct + model.p.community.conduct_offset, is_stop=False)
                model.counts["contacts"] += 1

    def meet(self, citizen, conduct, is_stop=True):
        """One encounter, which the citizen tells to a few neighbors. True if the officer was corrupt."""
        p, random = self.model.p, self.random
        corrupt_chance, rough_chance = conduct_chances(conduct, p)
        luck = random.random()
        corrupt, rough = luck < corrupt_chance, luck < rough_chance
        base = perception_bases(p)[0 if corrupt else 1 if rough else 2]
        fair = random.random() < logistic(base + p.encounter.perception_slope * (citizen.fairness - 0.5))
        citizen.meet_police(fair)
        if rough and random.random() < p.encounter.complaint_probability:
            self.complaints += 1
        if is_stop:
            citizen.last_stop = self.model.steps
            if corrupt:
                citizen.last_corrupt_stop = self.model.steps
        for listener in citizen.listeners():
            listener.meet_police(fair, p.hearsay.fraction)
        return corrupt


class EveryOffender(Offender):
    """An offender whose whole week is one step, with what follows from the crime."""

    arrested = False

    def step(self):
        """Learn from last week's arrests where one was, offend, and forget a little."""
        p = self.model.p.deterrence
        if self.street.arrests_before > self.arrested:
            self.perceived_risk += p.vicarious_share * p.arrest_gain * (1.0 - self.perceived_risk)
        self.arrested = False
        if self.jail_weeks:
            self.jail_weeks -= 1
        else:
            self.offend()
        self.perceived_risk += p.fading_rate * (p.prior_risk - self.perceived_risk)

    def offend(self):
        """Look for a street, and perhaps commit a crime there."""
        p, random = self.model.p.offending, self.random
        self.go(self.home)
        drive = self.propensity * exp(-p.risk_slope * self.perceived_risk)
        luck = random.random()
        if luck >= 1.0 - exp(-drive):
            return
        streets = random.choices(self.search, k=int(p.candidates))
        weights = [street.opportunity * exp(-p.guardianship_weight * street.officers) for street in streets]
        self.go(random.choices(streets, weights)[0])
        if luck < 1.0 - exp(-drive * exp(-p.presence_weight * self.street.officers - p.control_slope * self.street.climate)):
            victim = self.model.find_victim(self.street)
            serious = random.random() < p.serious_share
            victim.last_victimized = self.model.steps
            victim.suffer()
            self.street.crimes += 1
            self.model.counts["crimes"] += 1
            self.face_consequences(victim, serious)

    def face_consequences(self, victim, serious):
        """The victim may report, the police may solve; neighbors hear of it all; the offender learns."""
        model, p = self.model, self.model.p
        reported = model.is_reported(victim, serious)
        well_treated = solved = False
        if reported:
            well_treated, solved = model.respond(self.street, serious)
            victim.be_answered(well_treated, solved)
        for listener in victim.listeners():
            listener.suffer(p.hearsay.victimization_fraction)
            if reported:
                listener.be_answered(well_treated, solved, p.hearsay.fraction)
        if solved:
            self.arrested = True
            self.street.arrests += 1
            self.jail_weeks = sentence(serious, p.response)
            self.perceived_risk += p.deterrence.arrest_gain * (1.0 - self.perceived_risk)
        else:
            self.perceived_risk -= p.deterrence.escape_loss * self.perceived_risk


class EveryAgent(City):
    """The city of docs/model.md with agents that step in random order, observed by a DataCollector."""

    street_class = EveryStreet
    citizen_class, officer_class, offender_class = EveryCitizen, EveryOfficer, EveryOffender

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        reporters = {name: lambda model, name=name: model.mean_of(name) for name in ("fairness", "effectiveness", "trust")}
        for name in ("crimes", "reported", "filed", "solved", "stops", "corrupt_stops", "contacts"):
            reporters[name] = lambda model, name=name: model.counts[name]
        reporters["officers"] = lambda model: sum(officer.active for officer in model.officers)
        reporters["answers"] = lambda model: model.survey() if model.steps % 26 == 0 else None
        self.datacollector = DataCollector(model_reporters=reporters)

    def mean_of(self, name):
        """The citizens' mean of an attribute."""
        return self.agents_by_type[self.citizen_class].agg(name, lambda values: sum(values) / len(values))

    def step(self):
        """One week: sums over the city, everybody once in random order, then fading and the collector."""
        self.p = self.changes.get(self.steps, self.p)
        self.prepare()
        self.agents.shuffle_do("step")
        self.forget()
        self.datacollector.collect(self)

    def forget(self):
        """As `City.forget`, keeping this week's arrests for next week's offenders."""
        for street in self.streets:
            street.arrests_before = street.arrests
        super().forget()

    def prepare(self):
        """What the agents of this week see of the city as a whole."""
        p = self.p
        files_before = self.counts["filed"]
        self.counts.clear()
        self.stop_chances = poisson_table(p.encounter.stop_rate)
        self.contact_chances = poisson_table(p.community.contacts_rate)
        w = p.trust.effectiveness_weight
        for street in self.streets:
            residents = street.residents
            street.climate_fairness = sum(citizen.fairness for citizen in residents) / len(residents)
            street.climate_effectiveness = sum(citizen.effectiveness for citizen in residents) / len(residents)
            street.climate = (1.0 - w) * street.climate_fairness + w * street.climate_effectiveness
        for squad in self.squads:
            squad.muster()
        force = [officer for officer in self.officers if officer.active]
        staff = sum(1.0 - p.community.response_cost * officer.community for officer in force)
        capacity = p.response.capacity * staff
        self.free_capacity = capacity / (capacity + files_before + 1)  # the files of last week, and the one in hand
        self.force_conduct = sum(o.conduct + o.training for o in force) / len(force) if force else p.conduct.mean

    def find_victim(self, street):
        """A passer-by or a resident, by exposure."""
        random, exposures = self.random, self.exposures
        if random.random() < self.p.offending.ambient_share:
            return self.citizens[bisect(exposures, random.random() * exposures[-1])]
        low = exposures[street.first - 1] if street.first else 0.0
        return self.citizens[bisect(exposures, low + random.random() * (exposures[street.last] - low), street.first, street.last)]

    def is_reported(self, victim, serious):
        """Does the victim go to the prosecutor?"""
        p, random = self.p.reporting, self.random
        loss = loss_of_crime(random, serious, self.p.offending)
        e = p.effectiveness_weight
        trust = (1.0 - e) * victim.fairness + e * victim.effectiveness
        return random.random() < logistic(p.intercept + p.log_loss_slope * log(1.0 + loss) + p.trust_slope * (trust - 0.5))

    def respond(self, street, serious):
        """A report: is a file opened, the complainant well treated, the crime solved? Returns the last two."""
        p, uniform = self.p, self.random.random
        street.recorded += 1
        filed = uniform() < logistic(p.reporting.file_intercept + p.reporting.file_serious * serious)
        conduct = self.force_conduct - p.response.conduct_reference
        treatment = p.response.treatment_intercept + p.response.treatment_file * filed + p.response.police_share * conduct
        well_treated = uniform() < logistic(treatment)
        cooperation = 1.0 + p.response.cooperation_slope * (street.climate - 0.5)
        solved = filed and uniform() < p.response.solve_probability * self.free_capacity * cooperation
        self.counts.update(reported=1, filed=filed, solved=solved)
        return well_treated, solved
