"""Offenders and what follows crime: age, offend, report, respond, learn (sections 7.2, 7.4 to 7.6 and 7.9)."""

from math import ceil, exp, floor, log

from sim.world.rng import Draw

from .chance import stretched
from .city import BAD, GOOD, NEVER, Citizen, Crime, Offender, clip, logistic
from .force import Force


class Crimes(Force):
    """A city with a police force, and offenders who act."""

    def age(self) -> None:
        """Some age out: somebody enters in a resident's row, and a dismissed officer's row is idle again (7.2)."""
        for k, offender in enumerate(self.offenders):
            if offender.leaves > self.tick:
                continue
            if offender.origin == 0:
                home = self.home_of_offender(self.u(Draw.ENTRANT, k, 0))
                never = self.parameters.offending.exit_rate == 0
                self.counts["aged_out"] += 1
                self.offenders[k] = Offender(
                    home=home,
                    cell=home,
                    propensity=self.propensity(self.n(Draw.ENTRANT, k, 1)),
                    perceived_risk=self.parameters.deterrence.prior_risk,
                    entered=self.tick,
                    leaves=30_000 if never else min(self.tick + 1 + self.career_weeks(self.u(Draw.ENTRANT, k, 2)), 30_000),
                    identity=offender.identity + 1,
                )
            elif offender.propensity != 0:
                offender.propensity, offender.program, offender.jail_weeks, offender.leaves = 0.0, 0.0, 0, 30_000
                offender.last_arrest, offender.arrest_conduct = NEVER, 0
                self.counts["aged_out"] += 1

    def years_of_age(self, offender: Offender) -> float:
        """How old an offender is (7.2)."""
        return self.parameters.offending.entry_age + (self.tick - offender.entered) / 52

    def offend(self) -> None:
        """Free offenders look around, go somewhere, and some commit a crime (7.4)."""
        o = self.parameters.offending
        for k, offender in enumerate(self.offenders):
            self.crimes[k] = Crime()
            if offender.jail_weeks > 0:
                offender.jail_weeks -= 1
                continue
            if offender.propensity == 0:
                continue
            offender.cell = offender.home
            u = self.u(Draw.OFFEND, floor(k / 4), 0, word=k % 4)
            drive = offender.propensity * (1 - offender.program) * exp(-o.risk_slope * offender.perceived_risk)
            if not u < 1 - exp(-drive):
                continue
            offender.cell = self.choose_cell(k, offender)
            cell = self.cells[offender.cell]
            if u < self.chance_of_crime(offender, offender.perceived_risk, cell.officers, cell.climate):
                self.commit(k, offender)

    def choose_cell(self, k: int, offender: Offender) -> int:
        """One of some cells near home, in proportion to their attraction."""
        o = self.parameters.offending
        candidates, remainders, sums, total = [], [], [], 0.0
        words = 4 * ceil(o.candidates / 12)
        for n in range(int(o.candidates)):
            u = self.u(Draw.CANDIDATE, k, floor(n / 4), word=n % 4) if n < words else remainders[n - words]
            candidate, remainder = self.near(offender.home, o.search_radius, u)
            candidates.append(candidate)
            remainders.append(remainder)
            total += self.cells[candidates[-1]].attraction
            sums.append(total)
        mark = self.u(Draw.CRIME, k, 0) * total
        for candidate, running in zip(candidates, sums, strict=True):
            if running > mark:
                return candidate
        return candidates[-1]

    def commit(self, k: int, offender: Offender) -> None:
        """A crime, its loss, and what it does to its victim."""
        o = self.parameters.offending
        serious, u = stretched(self.u(Draw.CRIME, k, 0, word=1), o.serious_share)
        median = o.serious_loss_median if serious else o.minor_loss_median
        loss = exp(log(median) + o.loss_log_sd * self.normals(Draw.CRIME, k, 0)[2])
        victim = self.passer_by_or_resident("exposure_cumulative", offender.cell, u, o.ambient_share)
        self.crimes[k] = Crime(victim=victim, cell=offender.cell, serious=serious, loss=loss)
        self.cells[offender.cell].crimes += 1
        citizen = self.citizens[victim]
        loss_of_trust = -self.parameters.trust.victimization_loss * citizen.effectiveness
        self.change(citizen, "effectiveness", loss_of_trust, "victimization")
        citizen.last_victimized = self.tick
        self.counts["crimes"] += 1
        self.counts["serious"] += serious

    def report(self) -> None:
        """Victims report, and the office opens a file or not (7.5)."""
        r, institutions, justice = self.parameters.reporting, self.parameters.institutions, self.parameters.justice
        for k, crime in enumerate(self.crimes):
            if crime.victim < 0:
                continue
            victim, e = self.citizens[crime.victim], r.effectiveness_weight
            trust = (1 - e) * victim.fairness + e * victim.effectiveness
            x = r.intercept + institutions.reporting + r.log_loss_slope * log(1 + crime.loss) + r.trust_slope * (trust - 0.5)
            crime.reported = self.u(Draw.REPORT, k, 0) < logistic(x + r.person_sd * victim.reporting_propensity)
            if crime.reported:
                self.cells[crime.cell].recorded += 1
                heard = self.u(Draw.REPORT, k, 0, word=1) < justice.hearing_share * justice.known_share
                crime.hearing = heard and not crime.serious
                if not crime.hearing:
                    x = r.file_intercept + institutions.file + r.file_serious * crime.serious
                    crime.filed = self.u(Draw.REPORT, k, 0, word=2) < logistic(x)
            self.counts["reported"] += crime.reported
            self.counts["filed"] += crime.filed
            self.counts["hearings"] += crime.hearing

    def workload(self) -> None:
        """What capacity this week's files leave, and the conduct of the force (7.6)."""
        load = sum(crime.filed for crime in self.crimes)
        staff = conducts = honesties = 0.0
        active = 0
        for officer in self.officers:
            if officer.active:
                active += 1
                staff += 1 - self.parameters.community.response_cost if officer.community else 1
                conducts += officer.conduct + officer.training
                honesties += officer.honesty + self.parameters.training.honesty_share * officer.training
        capacity = self.parameters.response.capacity * staff
        self.free_capacity = capacity / (capacity + load) if staff > 0 else 0.0
        self.force_conduct = conducts / active if active else self.parameters.conduct.mean
        self.force_honesty = honesties / active if active else self.parameters.conduct.honesty_mean

    def respond(self) -> None:
        """Complainants are treated well or badly, and some cases are solved (7.6)."""
        r = self.parameters.response
        for k, crime in enumerate(self.crimes):
            if not crime.reported:
                continue
            victim, cell = self.citizens[crime.victim], self.cells[crime.cell]
            police = r.police_share * (self.force_conduct - r.conduct_reference)
            intercept = r.treatment_intercept + self.parameters.institutions.treatment
            treated_well = logistic(intercept + r.treatment_file * crime.filed + police)
            if crime.hearing:
                treated_well = self.parameters.justice.hearing_fairness
            crime.well_treated = self.u(Draw.TREATMENT, k, 0) < treated_well
            self.change(victim, "fairness", self.response_fairness(crime, victim), "response")
            if crime.filed:
                climate = 1 + r.cooperation_slope * (cell.climate - 0.5)
                solving = r.solve_probability * self.free_capacity * climate
                crime.solved = self.u(Draw.TREATMENT, k, 0, word=1) < clip(solving, 0.0, 1.0)
            elif crime.hearing:
                crime.solved = self.u(Draw.TREATMENT, k, 0, word=1) < self.parameters.justice.resolution
            self.change(victim, "effectiveness", self.response_effectiveness(crime, victim), "response")
            if crime.solved:
                cell.arrests += 1
                self.arrest(k, crime)
            victim.last_report = self.tick
            victim.report_outcome = 1 * crime.hearing + 2 * crime.filed + 4 * crime.well_treated + 8 * crime.solved
            self.counts["well_treated"] += crime.well_treated
            self.counts["well_treated_with_file"] += crime.well_treated and crime.filed
            self.counts["solved"] += crime.solved

    def arrest(self, k: int, crime: Crime) -> None:
        """An arrest, well conducted or not; a program for some of the young who are heard, and for all others punishment (7.6)."""
        response, justice, offender = self.parameters.response, self.parameters.justice, self.offenders[k]
        worse = self.parameters.conduct.by_place * self.cells[offender.home].place
        corrupt, _, fair = self.chances_of_conduct(self.force_conduct - worse, self.force_honesty - worse)
        u = self.u(Draw.TREATMENT, k, 0, word=3)
        offender.arrest_conduct, offender.last_arrest = (0 if u < corrupt else 1 if u < 1 - fair else 2), self.tick
        young = self.years_of_age(offender) < justice.youth_age
        if crime.hearing and young and self.u(Draw.TREATMENT, k, 0, word=2) < justice.diversion_share:
            offender.program = 1 - justice.reoffending
            self.counts["diverted"] += 1
        else:
            weeks = response.serious_sentence_weeks if crime.serious else response.minor_sentence_weeks
            offender.jail_weeks = floor((justice.sanction_weeks if crime.hearing else weeks) + 0.5)

    def response_fairness(self, crime: Crime, who: Citizen) -> float:
        """What the treatment of a complainant changes in somebody who lives it."""
        return self.police_share(crime) * self.contact_fairness(GOOD if crime.well_treated else BAD, who)

    def police_share(self, crime: Crime) -> float:
        """How much of the experience concerns the police."""
        return self.parameters.justice.police_share if crime.hearing else self.parameters.response.police_share

    def response_effectiveness(self, crime: Crime, who: Citizen) -> float:
        """What the outcome of a report changes in somebody who lives it."""
        r = self.parameters.response
        if crime.solved:
            return self.police_share(crime) * (r.outcome_gain * (1 - who.effectiveness))
        return self.police_share(crime) * (-r.outcome_loss * who.effectiveness)

    def learn(self) -> None:
        """Offenders learn risk from arrests and escapes, their own and near them, and programs fade (7.9)."""
        d = self.parameters.deterrence
        for offender, crime in zip(self.offenders, self.crimes, strict=True):
            risk = offender.perceived_risk
            if crime.solved:
                risk = risk + d.arrest_gain * (1 - risk)
            elif crime.victim >= 0:
                risk = risk - d.escape_loss * risk
            others_arrested = self.cells[offender.cell].arrests - crime.solved
            if others_arrested > 0:
                risk = risk + d.vicarious_share * d.arrest_gain * (1 - risk)
            offender.perceived_risk = risk + d.fading_rate * (d.prior_risk - risk)
            offender.program *= exp(-log(2) / self.parameters.justice.program_half_life)
