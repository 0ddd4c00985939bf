"""Who the plain Mesa cities are made of: citizens, officers and their squads, offenders, and crimes (docs/model.md, 2 and 7)."""

from math import exp, floor, log, sqrt

from mesa.discrete_space import CellAgent

NEVER = -1_000_000
CORRUPT, UNFAIR, FAIR = range(3)
BAD, GOOD, NEUTRAL = 0, 1, None  # how an encounter is felt: what trust moves to
LONGEST_CAREER = 3120


def logistic(x):
    """The probability with log-odds x."""
    return 1.0 / (1.0 + exp(-x))


def correlated(random, r):
    """Two standard normals that correlate by r."""
    first = random.gauss(0.0, 1.0)
    return first, r * first + sqrt(1.0 - r * r) * random.gauss(0.0, 1.0)


def pulled(disposition, pull, number=1):
    """A disposition as a place and the years pull it up or down; or the sum of so many dispositions."""
    return disposition * (1.0 - abs(pull)) + number * max(pull, 0.0)


def conduct_chances(courtesy, honesty):
    """Chances of corrupt conduct, and of corrupt or unfair conduct, of an officer with these log-odds."""
    corrupt = logistic(-honesty)
    return corrupt, 1.0 - (1.0 - corrupt) * logistic(courtesy)


def feeling_chances(conduct, fairness, p):
    """Chances that conduct is felt good, and that it is felt good or neutral."""
    x = (p.felt_if_corrupt, p.felt_if_unfair, p.felt_if_fair)[conduct] + p.perception_slope * (fairness - 0.5)
    return logistic(x - p.neutral_width), logistic(x)


class Citizen(CellAgent):
    """An adult, acted upon by officers, offenders and neighbors; the benchmarks add trust."""

    def __init__(self, model, home, dispositions):
        super().__init__(model)
        p, gauss = model.p, model.random.gauss
        self.cell = self.home = home
        home.residents.append(self)
        self.fairness_disposition, self.effectiveness_disposition = dispositions
        home.fairness_dispositions += self.fairness_disposition
        home.effectiveness_dispositions += self.effectiveness_disposition
        self.exposure = exp(gauss(0.0, p.offending.exposure_log_sd))
        self.standing = gauss(0.0, p.encounter.exposure_log_sd)
        self.stop_exposure = exp(self.standing)
        self.reporting_propensity, self.answering_style = gauss(0.0, 1.0), gauss(0.0, 1.0)
        self.last_stop = self.last_corrupt_stop = self.last_victimized = NEVER

    def feel(self, conduct):
        """How an encounter is felt, colored by prior trust."""
        good, not_bad = feeling_chances(conduct, self.fairness, self.model.p.encounter)
        luck = self.model.random.random()
        return GOOD if luck < good else NEUTRAL if luck < not_bad else BAD

    def reports(self, loss):
        """Does a victim go to the prosecutor?"""
        p, e = self.model.p.reporting, self.model.p.reporting.effectiveness_weight
        trust = (1.0 - e) * self.fairness + e * self.effectiveness
        x = p.intercept + self.model.p.institutions.reporting + p.log_loss_slope * log(1.0 + loss) + p.trust_slope * (trust - 0.5)
        return self.model.random.random() < logistic(x + p.person_sd * self.reporting_propensity)


class Walker(CellAgent):
    """An agent that moves; `street` is its cell without the detour through Mesa's property."""

    def go(self, street):
        """Move to a street, if not there already."""
        if street is not self.street:
            self.cell = self.street = street


class Officer(Walker):
    """A post in the force; people come and go, the post stays."""

    def __init__(self, model, squad, beat, community):
        super().__init__(model)
        self.squad = squad
        squad.members.append(self)
        self.beat = beat
        self.cell = self.street = beat
        self.beat_streets = model.streets_near(beat, int(model.p.patrol.beat_radius))
        self.community = community
        self.identity = self.vacant_weeks = 0
        self.begin(0.0)

    def begin(self, offset):
        """Somebody takes the post, courteous and honest in their own way."""
        p, squad = self.model.p.conduct, self.squad
        courtesy, honesty = correlated(self.model.random, p.dials_correlation)
        self.deviation = offset + squad.effect + p.officer_sd * courtesy
        self.honesty_deviation = offset + squad.honesty_effect + p.officer_sd * honesty
        self.conduct, self.honesty = p.mean + self.deviation, p.honesty_mean + self.honesty_deviation
        self.active, self.training, self.complaints = True, 0.0, 0

    def turn_over(self):
        """An officer may leave; a vacancy may be filled by a recruit. True if somebody is in service afterwards."""
        p, random = self.model.p.staffing, self.model.random
        if self.active:
            if random.random() >= p.turnover_rate:
                return True
            self.active = False
            self.vacant_weeks = floor(p.replacement_delay_weeks + 0.5)
            return False
        self.vacant_weeks -= 1
        if self.vacant_weeks <= 0:
            if random.random() < p.recruit_pass_rate:
                self.begin(p.recruit_conduct_offset)
                self.identity += 1
            else:
                self.vacant_weeks = 4
        return self.active

    def treat(self, citizen, offset=0.0):
        """What an officer does to a citizen: corrupt, unfair or fair, and worse for who is poor, suspect or known."""
        p, model = self.model.p, self.model
        known = citizen.last_stop > model.steps - 52
        offset -= p.conduct.by_place * citizen.home.place + p.conduct.by_standing * citizen.standing + p.conduct.by_record * known
        honesty = self.honesty + p.training.honesty_share * self.training + offset
        corrupt, rough = conduct_chances(self.conduct + self.training + offset, honesty)
        luck = model.random.random()
        return CORRUPT if luck < corrupt else UNFAIR if luck < rough else FAIR

    def bond(self):
        """Courtesy and honesty drift with the squad, as it stood at muster."""
        p, squad, others = self.model.p.conduct, self.squad, self.squad.present - 1
        own, own_honesty = p.mean + self.deviation, p.honesty_mean + self.honesty_deviation
        peers = (squad.conduct_sum - self.conduct) / others if others else own
        honest_peers = (squad.honesty_sum - self.honesty) / others if others else own_honesty
        target = own + p.contagion_weight * (peers + squad.command - own)
        honest_target = own_honesty + p.contagion_weight * (
            honest_peers + self.model.p.training.honesty_share * squad.command - own_honesty
        )
        self.conduct += p.contagion_rate * (target - self.conduct)
        self.honesty += p.contagion_rate * (honest_target - self.honesty)


class Squad:
    """What a group of officers shares."""

    def __init__(self, effect, honesty_effect):
        self.effect, self.honesty_effect = effect, honesty_effect
        self.command = 0.0
        self.members = []

    def settle_in(self, p):
        """Courtesy and honesty as they are after years together."""
        number, a = len(self.members), p.contagion_weight
        mean = sum(officer.deviation for officer in self.members) / number
        honesty_mean = sum(officer.honesty_deviation for officer in self.members) / number
        for officer in self.members:
            officer.conduct = p.mean + (1.0 - a) * officer.deviation + a * mean
            officer.honesty = p.honesty_mean + (1.0 - a) * officer.honesty_deviation + a * honesty_mean

    def muster(self):
        """Sum the courtesy and the honesty of those in service."""
        present = [officer for officer in self.members if officer.active]
        self.conduct_sum, self.present = sum([officer.conduct for officer in present]), len(present)
        self.honesty_sum = sum([officer.honesty for officer in present])


class Offender(Walker):
    """One of a pool in which who ages out is followed by somebody young; each commits at most one crime a week."""

    def __init__(self, model):
        super().__init__(model)
        self.enter()
        self.entered = 0 if model.p.offending.exit_rate == 0.0 else -self.career_weeks()

    def enter(self):
        """Somebody begins to offend, more likely in a hard place."""
        model, p, random = self.model, self.model.p.offending, self.model.random
        self.cell = self.home = self.street = random.choices(model.streets, cum_weights=model.homes)[0]
        self.search = model.streets_near(self.home, int(p.search_radius))
        self.propensity = exp(random.gauss(p.propensity_log_mean, p.propensity_log_sd))
        self.perceived_risk = model.p.deterrence.prior_risk
        self.jail_weeks, self.program = 0, 0.0
        self.entered = model.steps
        self.leaves = self.entered + 1 + self.career_weeks()

    def career_weeks(self):
        """For how long somebody offends."""
        rate = self.model.p.offending.exit_rate
        return min(floor(-log(1.0 - self.model.random.random()) / rate), LONGEST_CAREER) if rate else -NEVER

    def age(self):
        """Who is old enough leaves the pool to somebody young."""
        if self.leaves <= self.model.steps:
            self.model.counts["aged_out"] += 1
            self.enter()

    def arrest(self, crime):
        """A program for some of the young who are heard, and for all others jail."""
        p, justice = self.model.p.response, self.model.p.justice
        young = self.model.p.offending.entry_age + (self.model.steps - self.entered) / 52.0 < justice.youth_age
        if crime.hearing and young and self.model.random.random() < justice.diversion_share:
            self.program = 1.0 - justice.reoffending
            self.model.counts["diverted"] += 1
        else:
            weeks = p.serious_sentence_weeks if crime.serious else p.minor_sentence_weeks
            self.jail_weeks = floor((justice.sanction_weeks if crime.hearing else weeks) + 0.5)


class Crime:
    """One crime of this week and what became of it."""

    __slots__ = ("filed", "hearing", "loss", "offender", "reported", "serious", "solved", "street", "victim", "well_treated")

    def __init__(self, offender, victim):
        p, random = offender.model.p.offending, offender.model.random
        self.offender, self.street, self.victim = offender, offender.street, victim
        self.serious = random.random() < p.serious_share
        median = p.serious_loss_median if self.serious else p.minor_loss_median
        self.loss = exp(random.gauss(log(median), p.loss_log_sd))  # thousand pesos
        self.reported = self.hearing = self.filed = self.solved = self.well_treated = False

    def police_share(self, p):
        """How much of the response concerns the police."""
        return p.justice.police_share if self.hearing else p.response.police_share
