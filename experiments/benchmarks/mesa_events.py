"""docs/model.md as a fast plain Mesa model: only officers, offenders and events act.

This is the strong opponent of `make bench`: what a good Mesa programmer gets out of Python objects after profiling.
Agents are Mesa agents on a Mesa grid, phases are loops over lists of them, lookups are hoisted out of the loops, Poisson
numbers, victims and hot spots come from `bisect` over running sums.
`Events` settles everybody in a tight loop, `LazyEvents` nobody until asked: `mesa_trust.py` says how.
"""

from bisect import bisect
from itertools import accumulate
from math import exp, log

from mesa_city import poisson_table
from mesa_people import CORRUPT, FAIR, NEUTRAL, Crime, Offender
from mesa_trust import EagerCity, LazyCity

SURVEY_WEEKS = 26


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
        force = [officer for officer in self.officers if officer.turn_over()]
        for offender in self.offenders:
            offender.age()
        self.drift()
        self.patrol(force)
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
            drive = offender.propensity * (1.0 - offender.program) * exp(-risk_slope * offender.perceived_risk)
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
        p = self.p
        victim = self.chosen(self.exposures, p.offending.ambient_share, street)
        victim.last_victimized = self.steps
        victim.shift_effectiveness(p.trust.victimization_loss, 0.0, self.ledger["victimization"])
        street.crimes += 1
        return Crime(offender, victim)

    def report(self):
        """Victims go to the prosecutor or not; a file is opened or not."""
        self.counts["crimes"] = len(self.crimes)
        for crime in self.crimes:
            if crime.victim.reports(crime.loss):
                self.take_report(crime)

    def respond(self):
        """Treatment of complainants, and what a force of finite capacity solves."""
        p, trust, book = self.p.response, self.p.trust, self.ledger["response"]
        self.take_stock(self.force, self.counts["filed"])
        for crime in self.crimes:
            if not crime.reported:
                continue
            self.respond_to(crime)
            share = crime.police_share(self.p)
            weight = trust.contact_gain if crime.well_treated else trust.contact_loss
            crime.victim.shift_fairness(share * weight, crime.well_treated, book)
            weight = p.outcome_gain if crime.solved else p.outcome_loss
            crime.victim.shift_effectiveness(share * weight, crime.solved, book)

    def stop(self):
        """Officers stop people; those on community duty also talk with residents."""
        p, uniform = self.p, self.random.random
        stops = poisson_table(p.encounter.stop_rate)
        contacts = poisson_table(p.community.contacts_rate)
        self.encounters = []
        for officer in self.force:
            number = bisect(stops, uniform())
            officer.street.stops += number
            for _ in range(number):
                citizen = self.chosen(self.stop_exposures, p.encounter.ambient_share, officer.street)
                conduct = self.meet(officer, citizen, "stops")
                citizen.last_stop = self.steps
                if conduct == CORRUPT:
                    citizen.last_corrupt_stop = self.steps
        for officer in self.force:
            if officer.community:
                residents = officer.street.residents
                for _ in range(bisect(contacts, uniform())):
                    self.meet(officer, residents[int(uniform() * len(residents))], "contacts", p.community.conduct_offset)

    def meet(self, officer, citizen, kind, offset=0.0):
        """One encounter: conduct, how it is felt, trust, and perhaps a complaint."""
        trust, book = self.p.trust, self.ledger["contact"]
        conduct = officer.treat(citizen, offset)
        felt = citizen.feel(conduct)
        if felt is not NEUTRAL:
            citizen.shift_fairness(trust.contact_gain if felt else trust.contact_loss, felt, book)
            weight, goal = self.effectiveness_shift(kind, felt)
            citizen.shift_effectiveness(weight, goal, book)
            self.encounters.append((citizen, felt, weight, goal))
        if conduct != FAIR and self.random.random() < self.p.encounter.complaint_probability:
            officer.complaints += 1
        self.count_encounter(kind, conduct, felt)
        return conduct

    def effectiveness_shift(self, kind, felt):
        """Share of the gap that an encounter closes, and towards what (0 or 1); community duty has an effect of its own."""
        trust, effect = self.p.trust, self.p.community.effectiveness_effect
        if kind == "contacts":
            return abs(effect), float(bool(felt) == (effect > 0.0))
        return (trust.effectiveness_gain if felt else trust.effectiveness_loss), felt

    def tell_crimes(self):
        """Listeners hear of the crime and, if it was reported, of the response."""
        p, trust, response = self.p.hearsay, self.p.trust, self.p.response
        suffered = p.victimization_fraction * trust.victimization_loss
        uniform, number, book = self.random.random, p.listeners, self.ledger["hearsay"]
        for crime in self.crimes:
            share = p.fraction * crime.police_share(self.p)
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
        keep = exp(-log(2.0) / self.p.justice.program_half_life)
        for offender in self.offenders:
            offender.perceived_risk += fading * (prior - offender.perceived_risk)
            offender.program *= keep

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
