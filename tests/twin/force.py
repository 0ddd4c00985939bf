"""What the police do: staff, patrol, stop, contact, bond (sections 7.2, 7.3 and 7.10)."""

from math import exp, floor

from sim.world.rng import Draw

from .chance import poisson_quantile
from .city import BAD, GOOD, NEUTRAL, SLOTS, Citizen, City, Encounter, Officer


class Force(City):
    """A city with a police force that acts."""

    def staff(self) -> None:
        """Some leave; recruits fill the posts that have been vacant long enough (7.2)."""
        staffing, conduct = self.parameters.staffing, self.parameters.conduct
        for j, officer in enumerate(self.officers):
            if officer.active:
                if self.u(Draw.TURNOVER, j, 0) < staffing.turnover_rate:
                    officer.active = False
                    officer.vacant_weeks = floor(staffing.replacement_delay_weeks + 0.5)
                    self.counts["left"] += 1
                continue
            officer.vacant_weeks -= 1
            if officer.vacant_weeks > 0:
                continue
            if self.u(Draw.TURNOVER, j, 0, word=1) >= staffing.recruit_pass_rate:
                officer.vacant_weeks = 4
            else:
                squad, first, second = self.squads[officer.squad], self.n(Draw.RECRUIT, j, 0), self.n(Draw.RECRUIT, j, 1)
                own, honesty_own = conduct.officer_sd * first, conduct.officer_sd * self.mix(first, second)
                officer.deviation = staffing.recruit_conduct_offset + squad.effect + own
                officer.honesty_deviation = staffing.recruit_conduct_offset + squad.honesty_effect + honesty_own
                officer.conduct = conduct.mean + officer.deviation
                officer.honesty = conduct.honesty_mean + officer.honesty_deviation
                officer.active, officer.training, officer.complaints = True, 0.0, 0
                officer.knowledge = officer.attitude = 0.0
                officer.identity += 1
                self.counts["recruited"] += 1

    def patrol(self) -> None:
        """Officers go to a hot spot or somewhere on their beat (7.3)."""
        p = self.parameters.patrol
        for j, officer in enumerate(self.officers):
            if not officer.active:
                continue
            if officer.community or self.u(Draw.PATROL, j, 0) >= p.hot_spot_share:
                officer.cell, _ = self.near(officer.beat, p.beat_radius, self.u(Draw.PATROL, j, 0, word=1))
            else:
                mark = self.u(Draw.PATROL, j, 0, word=1) * self.cells[-1].memory_cumulative
                officer.cell = next(c for c, cell in enumerate(self.cells) if cell.memory_cumulative > mark)

    def presence(self) -> None:
        """Officers in each cell, and what that leaves of its attraction (7.3)."""
        for cell in self.cells:
            cell.officers = 0
        for officer in self.officers:
            if officer.active:
                self.cells[officer.cell].officers += 1
        weight = self.parameters.offending.guardianship_weight
        for cell in self.cells:
            cell.attraction = cell.opportunity * exp(-weight * cell.officers)

    def stop(self) -> None:
        """Officers stop passers-by and residents (7.3)."""
        e = self.parameters.encounter
        for j, officer in enumerate(self.officers):
            officer.encounters = 0
            if not officer.active:
                continue
            for n in range(poisson_quantile(e.stop_rate, self.u(Draw.STOP_COUNT, j, 0))):
                row = SLOTS * j + n
                i = self.passer_by_or_resident("stop_exposure_cumulative", officer.cell, self.u(Draw.STOP, row, 0), e.ambient_share)
                encounter = self.meet(officer, row, i, 0)
                citizen = self.citizens[i]
                citizen.last_stop, citizen.stop_treatment = self.tick, encounter.conduct + 4 * encounter.felt
                if encounter.conduct == 0:
                    citizen.last_corrupt_stop = self.tick
                self.cells[officer.cell].stops += 1
                self.counts["stops"] += 1
                self.counts["corrupt_stops"] += encounter.conduct == 0
                self.counts["unfair_stops"] += encounter.conduct == 1

    def contact(self) -> None:
        """Officers on community duty talk to residents, after all the stops (7.3)."""
        rate = self.parameters.community.contacts_rate
        for j, officer in enumerate(self.officers):
            if officer.active and officer.community:
                for _ in range(poisson_quantile(rate, self.u(Draw.STOP_COUNT, j, 0, word=1))):
                    row = SLOTS * j + officer.encounters
                    i, _ = self.resident(officer.cell, self.u(Draw.CONTACT, row, 0))
                    self.meet(officer, row, i, 1)
                    self.counts["contacts"] += 1

    def meet(self, officer: Officer, row: int, i: int, kind: int) -> Encounter:
        """One encounter: conduct, perception, trust, complaint (7.3)."""
        citizen, meeting = self.citizens[i], Draw.CONTACT if kind == 1 else Draw.STOP
        better = (self.parameters.community.conduct_offset if kind == 1 else 0.0) - self.disadvantage(i)
        courtesy = officer.conduct + officer.training + better
        honesty = officer.honesty + self.parameters.training.honesty_share * officer.training + better
        corrupt, _, fair = self.chances_of_conduct(courtesy, honesty)
        u = self.u(meeting, row, 0, word=1)
        conduct = 0 if u < corrupt else 1 if u < 1 - fair else 2
        bad, _, good = self.felt(conduct, citizen.fairness)
        u = self.u(meeting, row, 0, word=2)
        felt = GOOD if u < good else NEUTRAL if u < 1 - bad else BAD
        self.change(citizen, "fairness", self.contact_fairness(felt, citizen), "contact")
        self.change(citizen, "effectiveness", self.contact_effectiveness(felt, kind, citizen), "contact")
        if conduct < 2 and self.u(meeting, row, 0, word=3) < self.parameters.encounter.complaint_probability:
            officer.complaints += 1
            self.counts["complaints"] += 1
        self.encounters[row] = Encounter(citizen=i, kind=kind, conduct=conduct, felt=felt)
        officer.encounters += 1
        self.counts["felt_good"] += felt == GOOD
        self.counts["felt_bad"] += felt == BAD
        return self.encounters[row]

    def disadvantage(self, i: int) -> float:
        """How much worse, in log-odds, officers treat somebody for who they are (7.3)."""
        c, citizen = self.parameters.conduct, self.citizens[i]
        known = citizen.last_stop > self.tick - 52
        return c.by_place * self.cells[citizen.home].place + c.by_standing * self.standing(i) + c.by_record * known

    def contact_fairness(self, felt: int, who: Citizen) -> float:
        """What an encounter changes in fairness."""
        t = self.parameters.trust
        return (-t.contact_loss * who.fairness, 0.0, t.contact_gain * (1 - who.fairness))[felt]

    def contact_effectiveness(self, felt: int, kind: int, who: Citizen) -> float:
        """What a stop (kind 0) or a contact (1) changes in effectiveness."""
        if kind == 1:
            rise = (felt - 1) * self.parameters.community.effectiveness_effect
            return rise * (1 - who.effectiveness) if rise > 0 else rise * who.effectiveness
        t = self.parameters.trust
        return (-t.effectiveness_loss * who.effectiveness, 0.0, t.effectiveness_gain * (1 - who.effectiveness))[felt]

    def muster(self) -> None:
        """The courtesy and the honesty of each squad's active members (7.10)."""
        for squad in self.squads:
            squad.conduct_sum, squad.honesty_sum, squad.members = 0.0, 0.0, 0
        for officer in self.officers:
            if officer.active:
                squad = self.squads[officer.squad]
                squad.conduct_sum += officer.conduct
                squad.honesty_sum += officer.honesty
                squad.members += 1

    def bond(self) -> None:
        """Courtesy and honesty drift to own disposition mixed with peers and command (7.10)."""
        c = self.parameters.conduct
        for officer in self.officers:
            if officer.active:
                squad, own, own_honesty = self.squads[officer.squad], c.mean + officer.deviation, c.honesty_mean + officer.honesty_deviation
                honesty_command = self.parameters.training.honesty_share * squad.command
                officer.conduct += self.bonded(officer.conduct, own, squad.conduct_sum, squad.members, squad.command)
                officer.honesty += self.bonded(officer.honesty, own_honesty, squad.honesty_sum, squad.members, honesty_command)

    def bonded(self, value: float, own: float, squad_sum: float, members: int, command: float) -> float:
        """What a week in the squad changes in courtesy, or in honesty."""
        c = self.parameters.conduct
        peers = (squad_sum - value) / (members - 1) if members > 1 else own
        target = (1 - c.contagion_weight) * own + c.contagion_weight * (peers + command)
        return c.contagion_rate * (target - value)
