"""Crime and what follows it: offend, report, respond, learn (sections 7.4 to 7.6 and 7.9)."""

from math import exp, floor, log

from sim.world.rng import Draw

from .city import Citizen, Crime, Offender, logistic
from .force import Force


class Crimes(Force):
    """A city with a police force, and offenders who act."""

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
            u = self.u(Draw.OFFEND, k, 0)
            if not u < 1 - exp(-offender.propensity * exp(-o.risk_slope * offender.perceived_risk)):
                continue
            offender.cell = self.choose_cell(k, offender)
            cell = self.cells[offender.cell]
            if u < self.chance_of_crime(offender, offender.perceived_risk, cell.officers, cell.climate):
                self.commit(k, offender)

    def choose_cell(self, k: int, offender: Offender) -> int:
        """One of some cells near home, in proportion to their attraction."""
        o = self.parameters.offending
        candidates, sums, total, remainder = [], [], 0.0, 0.0
        for n in range(int(o.candidates)):
            u = remainder if n % 3 else self.word(Draw.CANDIDATE, k, floor(n / 12), floor((n % 12) / 3))
            candidate, remainder = self.near(offender.home, o.search_radius, u)
            candidates.append(candidate)
            total += self.cells[candidates[-1]].attraction
            sums.append(total)
        mark = self.u(Draw.CHOICE, k, 0) * total
        for candidate, running in zip(candidates, sums, strict=True):
            if running > mark:
                return candidate
        return candidates[-1]

    def commit(self, k: int, offender: Offender) -> None:
        """A crime, its loss, and what it does to its victim."""
        o = self.parameters.offending
        serious = self.u(Draw.SERIOUS, k, 0) < o.serious_share
        median = o.serious_loss_median if serious else o.minor_loss_median
        loss = exp(log(median) + o.loss_log_sd * self.n(Draw.LOSS, k, 0))
        victim = self.choose_victim(k, offender.cell)
        self.crimes[k] = Crime(victim=victim, cell=offender.cell, serious=serious, loss=loss)
        self.cells[offender.cell].crimes += 1
        citizen = self.citizens[victim]
        loss_of_trust = -self.parameters.trust.victimization_loss * citizen.effectiveness
        self.change(citizen, "effectiveness", loss_of_trust, "victimization")
        citizen.last_victimized = self.tick
        self.counts["crimes"] += 1
        self.counts["serious"] += serious

    def choose_victim(self, k: int, cell: int) -> int:
        """A passer-by or a resident, in proportion to exposure."""
        u = self.u(Draw.VICTIM, k, 1)
        if self.u(Draw.VICTIM, k, 0) < self.parameters.offending.ambient_share:
            eligible, mark = range(self.adults), u * self.citizens[-1].exposure_cumulative
        else:
            eligible = self.cells[cell].residents
            before = self.citizens[eligible[0] - 1].exposure_cumulative if eligible[0] > 0 else 0.0
            mark = before + u * (self.citizens[eligible[-1]].exposure_cumulative - before)
        for i in eligible:
            if self.citizens[i].exposure_cumulative > mark:
                return i
        return eligible[-1]

    def report(self) -> None:
        """Victims report, and the office opens a file or not (7.5)."""
        r = self.parameters.reporting
        for k, crime in enumerate(self.crimes):
            if crime.victim < 0:
                continue
            victim, e = self.citizens[crime.victim], r.effectiveness_weight
            trust = (1 - e) * victim.fairness + e * victim.effectiveness
            x = r.intercept + r.log_loss_slope * log(1 + crime.loss) + r.trust_slope * (trust - 0.5)
            crime.reported = self.u(Draw.REPORT, k, 0) < logistic(x)
            if crime.reported:
                self.cells[crime.cell].recorded += 1
                crime.hearing = not crime.serious and self.u(Draw.HEARING, k, 0) < self.parameters.justice.hearing_share
                if not crime.hearing:
                    crime.filed = self.u(Draw.FILE, k, 0) < logistic(r.file_intercept + r.file_serious * crime.serious)
            self.counts["reported"] += crime.reported
            self.counts["filed"] += crime.filed
            self.counts["hearings"] += crime.hearing

    def workload(self) -> None:
        """What capacity this week's files leave, and the conduct of the force (7.6)."""
        load = sum(crime.filed for crime in self.crimes)
        staff = conducts = 0.0
        active = 0
        for officer in self.officers:
            if officer.active:
                active += 1
                staff += 1 - self.parameters.community.response_cost if officer.community else 1
                conducts += officer.conduct + officer.training
        capacity = self.parameters.response.capacity * staff
        self.free_capacity = capacity / (capacity + load) if staff > 0 else 0.0
        self.force_conduct = conducts / active if active else self.parameters.conduct.mean

    def respond(self) -> None:
        """Complainants are treated well or badly, and some cases are solved (7.6)."""
        r = self.parameters.response
        for k, crime in enumerate(self.crimes):
            if not crime.reported:
                continue
            victim, cell = self.citizens[crime.victim], self.cells[crime.cell]
            police = r.police_share * (self.force_conduct - r.conduct_reference)
            treated_well = logistic(r.treatment_intercept + r.treatment_file * crime.filed + police)
            if crime.hearing:
                treated_well = self.parameters.justice.hearing_fairness
            crime.well_treated = self.u(Draw.TREATMENT, k, 0) < treated_well
            self.change(victim, "fairness", self.response_fairness(crime, victim), "response")
            if crime.filed:
                climate = 1 + r.cooperation_slope * (cell.climate - 0.5)
                solving = r.solve_probability * self.free_capacity * climate
                crime.solved = self.u(Draw.SOLVE, k, 0) < min(max(solving, 0.0), 1.0)
            elif crime.hearing:
                crime.solved = self.u(Draw.SOLVE, k, 0) < self.parameters.justice.resolution
            self.change(victim, "effectiveness", self.response_effectiveness(crime, victim), "response")
            if crime.solved:
                cell.arrests += 1
                if crime.hearing and self.u(Draw.DIVERSION, k, 0) < self.parameters.justice.diversion_share:
                    self.offenders[k].propensity *= self.parameters.justice.reoffending
                    self.counts["diverted"] += 1
                else:
                    weeks = r.serious_sentence_weeks if crime.serious else r.minor_sentence_weeks
                    weeks = self.parameters.justice.sanction_weeks if crime.hearing else weeks
                    self.offenders[k].jail_weeks = floor(weeks + 0.5)
            self.counts["well_treated"] += crime.well_treated
            self.counts["well_treated_with_file"] += crime.well_treated and crime.filed
            self.counts["solved"] += crime.solved

    def response_fairness(self, crime: Crime, who: Citizen) -> float:
        """What the treatment of a complainant changes in somebody who lives it."""
        return self.police_share(crime) * self.contact_fairness(crime.well_treated, who)

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
        """Offenders learn risk from arrests and escapes, their own and near them (7.9)."""
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
