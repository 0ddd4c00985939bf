"""The week of docs/model.md in NumPy: a few array operations a phase and no loop over people. The vectorized opponent of `make bench`.

Whoever acts in a phase acts at once: changes of trust are worked out from the values at its beginning and added with `np.add.at`, where
`sim` takes one after the other. Settling is a full pass over arrays; victims, hot spots and homes are searched in running sums.
"""

import numpy as np
from numpy_city import CORRUPT, FAIR, NumpyCity, conduct_chances, faded, feeling_chances, logistic, pulled

BAD, NEUTRAL, GOOD = range(3)
MOST_A_WEEK = 16


class NumpyWeek(NumpyCity):
    """A city of arrays that lives week by week; `history` has a dictionary a week."""

    def step(self):
        """One week, in the order of docs/model.md."""
        self.counts = {}
        self.staff()
        self.age()
        self.drift()
        self.patrol()
        self.offend()
        self.report()
        self.respond()
        self.stop()
        self.tell()
        self.settle()
        self.learn()
        self.bond()
        self.forget()
        self.history.append({"fairness": self.fairness.mean(), "effectiveness": self.effectiveness.mean(), **self.counts})
        self.tick += 1

    def change(self, column, citizens, weights, goals, cause):
        """Close shares `weights` of the gaps between the trust of citizens and `goals` (0 or 1), and book the changes."""
        trust, dimension = (self.fairness, 0) if column == "fairness" else (self.effectiveness, 1)
        changes = weights * (goals - trust[citizens])
        np.add.at(trust, citizens, changes)
        self.ledger[cause][dimension] += changes.sum(), np.abs(changes).sum()

    def staff(self):
        """Some officers leave; vacancies fill after their delay."""
        p, rng, conduct = self.p.staffing, self.rng, self.p.conduct
        vacant = ~self.active
        leaving = self.active & (rng.random(len(vacant)) < p.turnover_rate)
        self.vacant_weeks -= vacant
        self.active &= ~leaving
        self.vacant_weeks[leaving] = int(p.replacement_delay_weeks + 0.5)
        applied = np.flatnonzero(vacant & (self.vacant_weeks <= 0))
        passed = rng.random(len(applied)) < p.recruit_pass_rate
        self.vacant_weeks[applied[~passed]] = 4
        j = applied[passed]
        squad, offset = self.squad[j], p.recruit_conduct_offset
        courtesy, honesty = self.correlated(conduct.dials_correlation, len(j))
        self.active[j], self.training[j], self.complaints[j] = True, 0.0, 0
        self.deviation[j] = offset + self.effect[squad] + conduct.officer_sd * courtesy
        self.honesty_deviation[j] = offset + self.honesty_effect[squad] + conduct.officer_sd * honesty
        self.conduct[j], self.honesty[j] = conduct.mean + self.deviation[j], conduct.honesty_mean + self.honesty_deviation[j]
        self.force = np.flatnonzero(self.active)

    def age(self):
        """Who has aged out leaves the pool to somebody young."""
        old = np.flatnonzero(self.leaves <= self.tick)
        number = len(old)
        self.counts["aged_out"] = number
        self.offender_home[old] = np.searchsorted(self.homes, self.rng.random(number) * self.homes[-1], "right")
        self.offender_cell[old] = self.offender_home[old]
        self.propensity[old], self.risk[old] = self.propensities(number), self.p.deterrence.prior_risk
        self.jail_weeks[old], self.program[old], self.entered[old] = 0, 0.0, self.tick
        self.leaves[old] = self.tick + 1 + self.career_weeks(number)

    def drift(self):
        """Trends move on; once a year places change."""
        self.trend += (self.p.trust.common_trend + self.p.trust.police_trend) / 52.0
        if self.tick > 0 and self.tick % 52 == 0:
            keep = faded(self.p.places.half_life / 52.0)
            new = np.sqrt(1.0 - keep * keep)
            self.smooth = keep * self.smooth + new * self.smooth_field()
            self.own = keep * self.own + new * self.rng.standard_normal(self.cells)
            self.load_places()

    def patrol(self):
        """Officers in service go to hot spots or about their beats, and what that leaves of each cell's attraction."""
        p, force = self.p.patrol, self.force
        hot = ~self.community[force] & (self.rng.random(len(force)) < p.hot_spot_share)
        spots = np.searchsorted(self.memory_sums, self.rng.random(len(force)) * self.memory_sums[-1], "right")
        self.officer_cell[force] = np.where(hot, spots, self.near(self.beat[force], int(p.beat_radius)))
        self.officers = np.bincount(self.officer_cell[force], minlength=self.cells)
        self.attraction = self.opportunity.copy()
        guarded = np.flatnonzero(self.officers)
        self.attraction[guarded] *= np.exp(-self.p.offending.guardianship_weight * self.officers[guarded])

    def offend(self):
        """Free offenders look for a place and may offend there."""
        p, rng = self.p.offending, self.rng
        free = self.jail_weeks == 0
        self.jail_weeks -= ~free
        np.copyto(self.offender_cell, self.offender_home, where=free)
        luck, drive = rng.random(len(free)), self.propensity * (1.0 - self.program)
        who = np.flatnonzero(free & (luck < drive))  # 1 - exp(-x) < x: most are settled without an exponential
        luck, drive = luck[who], drive[who] * np.exp(-p.risk_slope * self.risk[who])
        tempted = luck < 1.0 - np.exp(-drive)
        who, luck, drive = who[tempted], luck[tempted], drive[tempted]
        looked_at = self.near(self.offender_home[who][:, None], int(p.search_radius), (len(who), int(p.candidates)))
        sums = np.cumsum(self.attraction[looked_at], axis=1)
        chosen = (sums <= rng.random((len(who), 1)) * sums[:, -1:]).sum(axis=1)
        cell = looked_at[np.arange(len(who)), chosen]
        self.offender_cell[who] = cell
        left = np.exp(-p.presence_weight * self.officers[cell] - p.control_slope * self.climate[cell])
        acting = luck < 1.0 - np.exp(-drive * left)
        self.commit(who[acting], cell[acting])

    def commit(self, who, cells):
        """Crimes happen: their losses and their victims."""
        p, rng, number = self.p.offending, self.rng, len(who)
        self.who, self.scene = who, cells
        self.serious = rng.random(number) < p.serious_share
        median = np.where(self.serious, p.serious_loss_median, p.minor_loss_median)
        self.loss = median * np.exp(p.loss_log_sd * rng.standard_normal(number))
        self.victim = self.chosen(self.exposures, p.ambient_share, cells)
        self.change("effectiveness", self.victim, self.p.trust.victimization_loss, 0.0, "victimization")
        self.last_victimized[self.victim] = self.tick
        np.add.at(self.crimes, cells, 1)
        self.counts |= {"crimes": number, "serious": self.serious.sum()}

    def report(self):
        """Victims report or not; crimes are heard locally, or a file is opened, or neither."""
        p, rng, justice, e = self.p.reporting, self.rng, self.p.justice, self.p.reporting.effectiveness_weight
        i, number = self.victim, len(self.victim)
        trust = (1.0 - e) * self.fairness[i] + e * self.effectiveness[i]
        x = p.intercept + self.p.institutions.reporting + p.log_loss_slope * np.log1p(self.loss) + p.trust_slope * (trust - 0.5)
        self.reported = rng.random(number) < logistic(x + p.person_sd * self.reporting_propensity[i])
        self.heard = self.reported & ~self.serious & (rng.random(number) < justice.hearing_share * justice.known_share)
        chance = logistic(p.file_intercept + self.p.institutions.file + p.file_serious * self.serious)
        self.filed = self.reported & ~self.heard & (rng.random(number) < chance)
        self.recorded += np.bincount(self.scene[self.reported], minlength=self.cells)
        self.counts |= {"reported": self.reported.sum(), "filed": self.filed.sum(), "hearings": self.heard.sum()}

    def respond(self):
        """Those who report are treated well or badly, and their case is solved or not."""
        p, rng, justice, trust = self.p.response, self.rng, self.p.justice, self.p.trust
        force, number = self.force, len(self.victim)
        able = p.capacity * (len(force) - self.p.community.response_cost * self.community[force].sum())
        free = able / (able + self.filed.sum()) if able > 0.0 else 0.0
        conduct = (self.conduct[force] + self.training[force]).mean() if len(force) else self.p.conduct.mean
        police = p.police_share * (conduct - p.conduct_reference)
        chance = logistic(p.treatment_intercept + self.p.institutions.treatment + p.treatment_file * self.filed + police)
        self.well = self.reported & (rng.random(number) < np.where(self.heard, justice.hearing_fairness, chance))
        cooperation = 1.0 + p.cooperation_slope * (self.climate[self.scene] - 0.5)
        chance = self.filed * np.clip(p.solve_probability * free * cooperation, 0.0, 1.0)
        self.solved = rng.random(number) < np.where(self.heard, justice.resolution, chance)
        self.share = np.where(self.heard, justice.police_share, p.police_share)
        self.treated = self.share * np.where(self.well, trust.contact_gain, trust.contact_loss)
        self.outcome = self.share * np.where(self.solved, p.outcome_gain, p.outcome_loss)
        self.answer(self.victim[self.reported], self.reported, 1.0, "response")
        self.punish()
        self.counts |= {"well_treated": self.well.sum(), "solved": self.solved.sum()}

    def answer(self, citizens, crimes, fraction, cause):
        """What the response to these crimes does to the trust of citizens, one each."""
        self.change("fairness", citizens, fraction * self.treated[crimes], self.well[crimes], cause)
        self.change("effectiveness", citizens, fraction * self.outcome[crimes], self.solved[crimes], cause)

    def punish(self):
        """Offenders of solved crimes go to jail, or are diverted."""
        p, justice = self.p.response, self.p.justice
        who, heard, serious = self.who[self.solved], self.heard[self.solved], self.serious[self.solved]
        young = self.p.offending.entry_age + (self.tick - self.entered[who]) / 52.0 < justice.youth_age
        diverted = heard & young & (self.rng.random(len(who)) < justice.diversion_share)
        self.program[who[diverted]] = 1.0 - justice.reoffending
        weeks = np.where(heard, justice.sanction_weeks, np.where(serious, p.serious_sentence_weeks, p.minor_sentence_weeks))
        self.jail_weeks[who[~diverted]] = (weeks[~diverted] + 0.5).astype(int)
        self.arrests = np.bincount(self.scene[self.solved], minlength=self.cells)
        self.counts["diverted"] = diverted.sum()

    def stop(self):
        """Officers stop people; those on community duty also talk with residents."""
        p, rng, force = self.p, self.rng, self.force
        number = np.minimum(rng.poisson(p.encounter.stop_rate, len(force)), MOST_A_WEEK)
        officer = np.repeat(force, number)
        np.add.at(self.stops, self.officer_cell[officer], 1)
        citizen = self.chosen(self.stop_exposures, p.encounter.ambient_share, self.officer_cell[officer])
        conduct, felt = self.meet(officer, citizen, 0.0, visit=False)
        self.last_stop[citizen] = self.tick
        self.last_corrupt_stop[citizen[conduct == CORRUPT]] = self.tick
        duty = force[self.community[force]]
        talking = np.repeat(duty, np.minimum(rng.poisson(p.community.contacts_rate, len(duty)), MOST_A_WEEK))
        resident = self.resident_of(self.officer_cell[talking])
        _, told = self.meet(talking, resident, p.community.conduct_offset, visit=True)
        self.visits = np.repeat([False, True], [len(citizen), len(resident)])
        self.tellers, self.felt = np.concatenate([citizen, resident]), np.concatenate([felt, told])
        self.counts |= {"stops": len(officer), "contacts": len(talking), "corrupt_stops": (conduct == CORRUPT).sum()}
        self.counts |= {"felt_good": (self.felt == GOOD).sum(), "felt_bad": (self.felt == BAD).sum()}

    def meet(self, officer, citizen, offset, *, visit):
        """Encounters: conduct, how it is felt, trust, and perhaps complaints."""
        p, rng, number = self.p.conduct, self.rng, len(officer)
        known = self.last_stop[citizen] > self.tick - 52
        worse = p.by_place * self.place[self.home[citizen]] + p.by_standing * self.standing[citizen] + p.by_record * known
        training = self.training[officer]
        courtesy = self.conduct[officer] + training + offset - worse
        corrupt, rough = conduct_chances(courtesy, self.honesty[officer] + self.p.training.honesty_share * training + offset - worse)
        u = rng.random(number)
        conduct = (u >= corrupt).astype(int) + (u >= rough)
        good, not_bad = feeling_chances(conduct, self.fairness[citizen], self.p.encounter)
        u = rng.random(number)
        felt = (u < good).astype(int) + (u < not_bad)
        self.feel(citizen, felt, np.full(number, visit), 1.0, "contact")
        complaining = (conduct != FAIR) & (rng.random(number) < self.p.encounter.complaint_probability)
        np.add.at(self.complaints, officer[complaining], 1)
        self.counts["complaints"] = self.counts.get("complaints", 0) + complaining.sum()
        return conduct, felt

    def feel(self, citizens, felt, visit, fraction, cause):
        """What encounters that are felt so do to the trust of citizens; those on community duty move effectiveness in their own way."""
        p, effect, goal = self.p.trust, self.p.community.effectiveness_effect, felt == GOOD
        self.change("fairness", citizens, fraction * np.array([p.contact_loss, 0.0, p.contact_gain])[felt], goal, cause)
        weight = np.where(visit, abs(effect) * (felt != NEUTRAL), np.array([p.effectiveness_loss, 0.0, p.effectiveness_gain])[felt])
        self.change("effectiveness", citizens, fraction * weight, np.where(visit & (effect < 0.0), ~goal, goal), cause)

    def listeners(self, tellers):
        """Who hears from each of these, and which of them it is (its place among the tellers)."""
        p = self.p.hearsay
        whose = np.repeat(np.arange(len(tellers)), (p.listeners + self.rng.random(len(tellers))).astype(int))
        listener = self.resident_of(self.near(self.home[tellers[whose]], int(p.radius)))
        others = listener != tellers[whose]
        return listener[others], whose[others]

    def tell(self):
        """Those who felt something about an encounter, and victims, tell a few others near home."""
        p, moved = self.p.hearsay, self.felt != NEUTRAL
        listener, whose = self.listeners(self.tellers[moved])
        self.feel(listener, self.felt[moved][whose], self.visits[moved][whose], p.fraction, "hearsay")
        self.counts["heard"] = len(listener)
        listener, crime = self.listeners(self.victim)
        self.change("effectiveness", listener, p.victimization_fraction * self.p.trust.victimization_loss, 0.0, "hearsay")
        of_report = self.reported[crime]
        self.answer(listener[of_report], crime[of_report], p.fraction, "hearsay")
        self.counts["heard"] += len(listener)

    def settle(self):
        """Everybody's trust relaxes towards disposition, pulled by place and time, mixed with the mood of the cell."""
        self.take_climate()
        rate, c = self.p.trust.relaxation_rate, self.p.trust.climate_weight
        keep, kept, pull = 1.0 - rate, rate * (1.0 - c), np.clip(self.place_pull + self.trend, -0.95, 0.95)
        weight, lift = np.repeat(kept * (1.0 - np.abs(pull)), self.residents), kept * np.maximum(pull, 0.0)
        parts = (
            (self.fairness, self.fairness_disposition, self.climate_fairness),
            (self.effectiveness, self.effectiveness_disposition, self.climate_effectiveness),
        )
        for dimension, (trust, disposition, climate) in enumerate(parts):
            mean = self.mean_dispositions[dimension]
            settled = pulled(mean, self.place_pull)
            for cause, moved in ("drift", kept * (settled - climate)), ("trend", kept * (pulled(mean, pull) - settled)):
                self.ledger[cause][dimension] += (self.residents * moved).sum(), (self.residents * np.abs(moved)).sum()
            trust *= keep
            trust += weight * disposition
            trust += np.repeat(lift + rate * c * climate, self.residents)

    def learn(self):
        """Offenders learn from their own crimes and from arrests where they are; what they know fades."""
        p, who, solved = self.p.deterrence, self.who, self.solved
        others = self.arrests[self.offender_cell]
        others[who[solved]] -= 1
        self.risk[who] += np.where(solved, p.arrest_gain * (1.0 - self.risk[who]), -p.escape_loss * self.risk[who])
        near = np.flatnonzero(others > 0)
        self.risk[near] += p.vicarious_share * p.arrest_gain * (1.0 - self.risk[near])
        self.risk += p.fading_rate * (p.prior_risk - self.risk)
        self.program *= faded(self.p.justice.program_half_life)

    def bond(self):
        """Squads muster; conduct drifts with the squad."""
        p, j, a = self.p.conduct, self.force, self.p.conduct.contagion_weight
        squad, squads = self.squad[j], len(self.command)
        others = np.bincount(squad, minlength=squads)[squad] - 1
        dials = (
            (self.conduct, p.mean + self.deviation[j], 1.0),
            (self.honesty, p.honesty_mean + self.honesty_deviation[j], self.p.training.honesty_share),
        )
        for conduct, own, share in dials:
            total = np.bincount(squad, conduct[j], squads)[squad]
            peers = np.where(others > 0, (total - conduct[j]) / np.maximum(others, 1), own)
            target = (1.0 - a) * own + a * (peers + share * self.command[squad])
            conduct[j] += p.contagion_rate * (target - conduct[j])

    def forget(self):
        """Training and the map of recorded crime fade."""
        keep = faded(self.p.training.half_life)
        self.training *= keep
        self.command *= keep
        self.memory = self.memory * faded(self.p.patrol.memory_half_life) + self.recorded
        self.memory_sums = np.cumsum(self.memory)
        self.recorded[:] = 0
        self.counts["officers"] = len(self.force)
