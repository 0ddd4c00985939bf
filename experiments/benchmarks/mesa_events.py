"""docs/model.md as a fast plain Mesa model: only officers, offenders and events act.

This is the strong opponent of `make bench`: what a good Mesa programmer gets out of Python objects after profiling.
Agents are Mesa agents on a Mesa grid, phases are loops over lists of them, lookups are hoisted out of the loops, Poisson
numbers, victims and hot spots come from `bisect` over running sums.
`Events` settles everybody in a tight loop, `LazyEvents` nobody until asked: `mesa_trust.py` says how, and at what price.
"""

from bisect import bisect
from itertools import accumulate
from math import exp, log

from mesa_city import (
    Offender,
    conduct_chances,
    logistic,
    loss_of_crime,
    perception_bases,
    poisson_table,
    sentence,
)
from mesa_trust import EagerCity, LazyCity

CORRUPT, UNFAIR, FAIR = range(3)
SURVEY_WEEKS = 26


class Crime:
    """One crime of this week and what became of it."""

    __slots__ = ("filed", "offender", "reported", "serious", "solved", "street", "victim", "well_treated")

    def __init__(self, offender, street, victim, serious):
        self.offender, self.street, self.victim, self.serious = offender, street, victim, serious
        self.reported = self.filed = self.solved = self.well_treated = False


class EventWeek:
    """The week of docs/model.md, event by event, for a city that keeps trust in its own way; `history` has a dictionary a week."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.guarded = set()
        self.history = []

    def step(self):
        """One week, in the order of docs/model.md."""
        self.p = self.changes.get(self.steps, self.p)
        self.counts.clear()
        self.patrol([officer for officer in self.officers if officer.turn_over()])
        self.offend()
        self.report()
        self.respond()
        self.stop()
        self.tell_encounters()
        self.tell_crimes()
        self.settle()
        self.learn()
        self.bond()
        self.forget()
        self.observe()

    def patrol(self, force):
        """Send the officers in service to hot spots or about their beats."""
        self.force = force
        uniform, chances, streets = self.random.random, self.patrol_chances, self.streets
        hot_spot_share, weight = self.p.patrol.hot_spot_share, self.p.offending.guardianship_weight
        for street in self.guarded:
            street.officers = 0
            street.attraction = street.opportunity
        for officer in force:
            if officer.community or uniform() >= hot_spot_share:
                beat = officer.beat_streets
                officer.go(beat[int(uniform() * len(beat))])
            else:
                officer.go(streets[bisect(chances, uniform() * chances[-1])])
            officer.street.officers += 1
        self.guarded = {officer.street for officer in force}
        for street in self.guarded:
            street.attraction = street.opportunity * exp(-weight * street.officers)

    def offend(self):
        """Offenders who may act this week look for a street; some find a victim there."""
        p, uniform = self.p.offending, self.random.random
        looks, risk_slope = range(int(p.candidates)), p.risk_slope
        self.crimes = []
        for offender in self.offenders:
            if offender.jail_weeks:
                offender.jail_weeks -= 1
                continue
            drive = offender.propensity * exp(-risk_slope * offender.perceived_risk)
            luck = uniform()
            if luck >= 1.0 - exp(-drive):
                offender.go(offender.home)
                continue
            search = offender.search
            number = len(search)
            looked_at = [search[int(uniform() * number)] for _ in looks]
            chances = list(accumulate([street.attraction for street in looked_at]))
            street = looked_at[bisect(chances, uniform() * chances[-1])]
            offender.go(street)
            if luck < 1.0 - exp(-drive * exp(-p.presence_weight * street.officers - p.control_slope * street.climate)):
                self.crimes.append(self.commit(offender, street))

    def commit(self, offender, street):
        """A crime on a street: its victim, passing by or at home, loses trust in effectiveness."""
        p, uniform, exposures = self.p, self.random.random, self.exposures
        if uniform() < p.offending.ambient_share:
            victim = self.citizens[bisect(exposures, uniform() * exposures[-1])]
        else:
            low = exposures[street.first - 1] if street.first else 0.0
            target = low + uniform() * (exposures[street.last] - low)
            victim = self.citizens[bisect(exposures, target, street.first, street.last)]
        victim.last_victimized = self.steps
        victim.shift_effectiveness(p.trust.victimization_loss, 0.0, self.ledger["victimization"])
        street.crimes += 1
        return Crime(offender, street, victim, uniform() < p.offending.serious_share)

    def report(self):
        """Victims go to the prosecutor or not; a file is opened or not."""
        p, random = self.p.reporting, self.random
        uniform = random.random
        e = p.effectiveness_weight
        for crime in self.crimes:
            loss = loss_of_crime(random, crime.serious, self.p.offending)
            trust = (1.0 - e) * crime.victim.fairness + e * crime.victim.effectiveness
            if uniform() < logistic(p.intercept + p.log_loss_slope * log(1.0 + loss) + p.trust_slope * (trust - 0.5)):
                crime.reported = True
                crime.street.recorded += 1
                crime.filed = uniform() < logistic(p.file_intercept + p.file_serious * crime.serious)

    def respond(self):
        """Treatment of complainants, and what a force of finite capacity solves."""
        p, trust, uniform = self.p.response, self.p.trust, self.random.random
        book, share = self.ledger["response"], p.police_share
        reported = [crime for crime in self.crimes if crime.reported]
        load = sum(crime.filed for crime in reported)
        staff = sum(1.0 - self.p.community.response_cost * officer.community for officer in self.force)
        free_capacity = p.capacity * staff / (p.capacity * staff + load) if staff else 0.0
        conduct = sum(officer.conduct + officer.training for officer in self.force) / len(self.force) if self.force else self.p.conduct.mean
        treatment = p.treatment_intercept + share * (conduct - p.conduct_reference)
        for crime in reported:
            crime.well_treated = uniform() < logistic(treatment + p.treatment_file * crime.filed)
            weight = trust.contact_gain if crime.well_treated else trust.contact_loss
            crime.victim.shift_fairness(share * weight, crime.well_treated, book)
            cooperation = 1.0 + p.cooperation_slope * (crime.street.climate - 0.5)
            crime.solved = crime.filed and uniform() < p.solve_probability * free_capacity * cooperation
            weight = p.outcome_gain if crime.solved else p.outcome_loss
            crime.victim.shift_effectiveness(share * weight, crime.solved, book)
            if crime.solved:
                crime.offender.jail_weeks = sentence(crime.serious, p)
                crime.street.arrests += 1
        self.counts.update(crimes=len(self.crimes), reported=len(reported), filed=load, solved=sum(c.solved for c in reported))

    def stop(self):
        """Officers stop people; those on community duty also talk with residents."""
        p, uniform, citizens = self.p, self.random.random, self.citizens
        stops = poisson_table(p.encounter.stop_rate)
        contacts = poisson_table(p.community.contacts_rate)
        ambient_share = p.encounter.ambient_share
        self.encounters = []
        for officer in self.force:
            residents = officer.street.residents
            chances = conduct_chances(officer.conduct + officer.training, p)
            number = bisect(stops, uniform())
            officer.street.stops += number
            for _ in range(number):
                pool = citizens if uniform() < ambient_share else residents
                self.meet(officer, pool[int(uniform() * len(pool))], chances, True)
            if officer.community:
                chances = conduct_chances(officer.conduct + officer.training + p.community.conduct_offset, p)
                for _ in range(bisect(contacts, uniform())):
                    self.meet(officer, residents[int(uniform() * len(residents))], chances, False)

    def meet(self, officer, citizen, chances, is_stop):
        """One encounter: conduct, perception colored by prior trust, trust, and perhaps a complaint."""
        p, uniform, book = self.p, self.random.random, self.ledger["contact"]
        luck = uniform()
        conduct = CORRUPT if luck < chances[0] else UNFAIR if luck < chances[1] else FAIR
        base = perception_bases(p)[conduct]
        fair = uniform() < logistic(base + p.encounter.perception_slope * (citizen.fairness - 0.5))
        trust = p.trust
        citizen.shift_fairness(trust.contact_gain if fair else trust.contact_loss, fair, book)
        citizen.shift_effectiveness(trust.effectiveness_gain if fair else trust.effectiveness_loss, fair, book)
        if conduct != FAIR and uniform() < p.encounter.complaint_probability:
            officer.complaints += 1
        if is_stop:
            citizen.last_stop = self.steps
            if conduct == CORRUPT:
                citizen.last_corrupt_stop = self.steps
            self.counts["corrupt_stops"] += conduct == CORRUPT
        self.counts["stops" if is_stop else "contacts"] += 1
        self.encounters.append((citizen, fair))

    def tell_crimes(self):
        """Listeners hear of the crime and, if it was reported, of the response."""
        p, trust, response = self.p.hearsay, self.p.trust, self.p.response
        suffered = p.victimization_fraction * trust.victimization_loss
        share = p.fraction * response.police_share
        uniform, number, book = self.random.random, p.listeners, self.ledger["hearsay"]
        for crime in self.crimes:
            treated = share * (trust.contact_gain if crime.well_treated else trust.contact_loss)
            outcome = share * (response.outcome_gain if crime.solved else response.outcome_loss)
            teller, reported = crime.victim, crime.reported
            streets = teller.home.earshot
            for _ in range(int(number + uniform())):
                residents = streets[int(uniform() * len(streets))].residents
                listener = residents[int(uniform() * len(residents))]
                if listener is teller:
                    continue
                listener.shift_effectiveness(suffered, 0.0, book)
                if reported:
                    listener.shift_fairness(treated, crime.well_treated, book)
                    listener.shift_effectiveness(outcome, crime.solved, book)

    def learn(self):
        """Offenders learn from their own crimes and from arrests where they are; what they know fades."""
        p = self.p.deterrence
        for crime in self.crimes:
            offender = crime.offender
            if crime.solved:
                offender.perceived_risk += p.arrest_gain * (1.0 - offender.perceived_risk)
            else:
                offender.perceived_risk -= p.escape_loss * offender.perceived_risk
        arrested = {crime.offender for crime in self.crimes if crime.solved}
        for street in {offender.street for offender in arrested}:
            for agent in street.agents:
                if isinstance(agent, Offender) and street.arrests > (agent in arrested):
                    agent.perceived_risk += p.vicarious_share * p.arrest_gain * (1.0 - agent.perceived_risk)
        fading, prior = p.fading_rate, p.prior_risk
        for offender in self.offenders:
            offender.perceived_risk += fading * (prior - offender.perceived_risk)

    def bond(self):
        """Squads muster; conduct drifts with the squad."""
        for squad in self.squads:
            squad.muster()
        for officer in self.force:
            officer.bond()

    def observe(self):
        """Write down the week; every 26 weeks ask everybody."""
        w = self.p.trust.effectiveness_weight
        fairness, effectiveness = self.mean_trust()
        week = {"officers": len(self.force), "fairness": fairness, "effectiveness": effectiveness, **self.counts}
        week["trust"] = (1.0 - w) * fairness + w * effectiveness
        if self.steps % SURVEY_WEEKS == 0:
            week["answers"] = self.survey()
        self.history.append(week)


class Events(EventWeek, EagerCity):
    """Events act, and everybody settles in one loop a week: the same work, the same books as the compiled model."""


class LazyEvents(EventWeek, LazyCity):
    """Events act, and nobody is visited to settle: the fastest we know how to make plain Mesa."""
