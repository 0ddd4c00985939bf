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
from mesa_city import City, poisson_table
from mesa_people import CORRUPT, FAIR, NEUTRAL, Citizen, Crime, Offender, Officer, pulled
from mesa_places import Street

CRIMES = ("crimes", "reported", "filed", "hearings", "well_treated", "solved", "diverted", "aged_out")
ENCOUNTERS = ("stops", "corrupt_stops", "contacts", "felt_good", "felt_bad")


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
        pull = self.home.pull
        goal = (1.0 - c) * pulled(self.fairness_disposition, pull) + c * sum(neighbor.fairness for neighbor in neighbors) / n
        self.fairness += p.relaxation_rate * (goal - self.fairness)
        goal = (1.0 - c) * pulled(self.effectiveness_disposition, pull) + c * sum(neighbor.effectiveness for neighbor in neighbors) / n
        self.effectiveness += p.relaxation_rate * (goal - self.effectiveness)

    def meet_police(self, felt, share=1.0):
        """A contact with an officer felt good or bad, lived (share 1) or heard of."""
        p = self.model.p.trust
        self.fairness += share * (p.contact_gain if felt else p.contact_loss) * (felt - self.fairness)
        self.effectiveness += share * (p.effectiveness_gain if felt else p.effectiveness_loss) * (felt - self.effectiveness)

    def suffer(self, share=1.0):
        """A crime, lived or heard of."""
        self.effectiveness -= share * self.model.p.trust.victimization_loss * self.effectiveness

    def be_answered(self, crime, share=1.0):
        """The response to a report, lived or heard of."""
        p, trust = self.model.p.response, self.model.p.trust
        share *= crime.police_share(self.model.p)
        self.fairness += share * (trust.contact_gain if crime.well_treated else trust.contact_loss) * (crime.well_treated - self.fairness)
        self.effectiveness += share * (p.outcome_gain if crime.solved else p.outcome_loss) * (crime.solved - self.effectiveness)

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
        model, p, random = self.model, self.model.p, self.random
        for _ in range(bisect(model.stop_chances, random.random())):
            citizen = model.chosen(model.stop_exposures, p.encounter.ambient_share, self.street)
            conduct = self.meet(citizen, "stops")
            citizen.last_stop = model.steps
            if conduct == CORRUPT:
                citizen.last_corrupt_stop = model.steps
            self.street.stops += 1
        if self.community:
            for _ in range(bisect(model.contact_chances, random.random())):
                self.meet(random.choice(self.street.residents), "contacts", p.community.conduct_offset)

    def meet(self, citizen, kind, offset=0.0):
        """One encounter, which a citizen who feels something about it tells to a few neighbors."""
        p = self.model.p
        conduct = self.treat(citizen, offset)
        felt = citizen.feel(conduct)
        if conduct != FAIR and self.random.random() < p.encounter.complaint_probability:
            self.complaints += 1
        if felt is not NEUTRAL:
            citizen.meet_police(felt)
            for listener in citizen.listeners():
                listener.meet_police(felt, p.hearsay.fraction)
        self.model.count_encounter(kind, conduct, felt)
        return conduct


class EveryOffender(Offender):
    """An offender whose whole week is one step, with what follows from the crime."""

    arrested = False

    def step(self):
        """Learn from last week's arrests where one was, age, offend, and forget a little."""
        p = self.model.p.deterrence
        if self.street.arrests_before > self.arrested:
            self.perceived_risk += p.vicarious_share * p.arrest_gain * (1.0 - self.perceived_risk)
        self.arrested = False
        self.age()
        if self.jail_weeks:
            self.jail_weeks -= 1
        else:
            self.offend()
        self.perceived_risk += p.fading_rate * (p.prior_risk - self.perceived_risk)
        self.program *= exp(-log(2.0) / self.model.p.justice.program_half_life)

    def offend(self):
        """Look for a street, and perhaps commit a crime there."""
        p, random = self.model.p.offending, self.random
        self.go(self.home)
        drive = self.propensity * (1.0 - self.program) * exp(-p.risk_slope * self.perceived_risk)
        luck = random.random()
        if luck >= 1.0 - exp(-drive):
            return
        streets = random.choices(self.search, k=int(p.candidates))
        weights = [street.opportunity * exp(-p.guardianship_weight * street.officers) for street in streets]
        self.go(random.choices(streets, weights)[0])
        if luck < 1.0 - exp(-drive * exp(-p.presence_weight * self.street.officers - p.control_slope * self.street.climate)):
            victim = self.model.chosen(self.model.exposures, p.ambient_share, self.street)
            victim.last_victimized = self.model.steps
            victim.suffer()
            self.street.crimes += 1
            self.model.counts["crimes"] += 1
            self.face_consequences(Crime(self, victim))

    def face_consequences(self, crime):
        """The victim may report, the police may solve; neighbors hear of it all; the offender learns."""
        model, p, victim = self.model, self.model.p, crime.victim
        if victim.reports(crime.loss):
            model.take_report(crime)
            model.respond_to(crime)
            victim.be_answered(crime)
        for listener in victim.listeners():
            listener.suffer(p.hearsay.victimization_fraction)
            if crime.reported:
                listener.be_answered(crime, p.hearsay.fraction)
        self.arrested = crime.solved
        if crime.solved:
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
        for name in CRIMES + ENCOUNTERS:
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
        self.drift()
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
        self.take_stock([o for o in self.officers if o.active], files_before + 1)  # the files of last week, and the one in hand
