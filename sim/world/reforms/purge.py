"""Purge: dismiss officers who are flagged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from sim.world.arithmetic import exp, log
from sim.world.careers import propensity_of, weeks_of_career
from sim.world.compiled import entry, phase, piece
from sim.world.force import WEEKS_TO_NEXT_APPLICANT
from sim.world.reforms.common import Bill, CompiledReform, Parts, Scene, act_by, lasts, lever, numbers_of, start_lever, until_lever
from sim.world.rng import Draw, draw, draw_normal
from sim.world.state import LAST_TICK, Array, Cause, Count, Trust
from sim.world.trusting import begin_course, effectiveness_of, enter_change, fairness_of

WEEKS_A_MONTH = 52 / 12
HALF_YEAR = 26  # weeks between the dates at which files are closed (sim.world.survey.INTERVAL_WEEKS)
FLAGS = ("complaints", "vetting", "both", "record")
COMPLAINTS, VETTING, RECORD = 0, 1, 3


class Files(NamedTuple):
    """What is on file of officers when it is closed, each half-year, and of whom; and room to examine. A column each, one a post."""

    complaints: Array  # when files were closed last
    holders: Array
    complaints_before: Array  # where the record begins
    holders_before: Array
    holders_since: Array  # where the tenure begins of those who are examined
    lots: Array  # float64; room
    fails: Array  # bool; room


@dataclass(frozen=True, kw_only=True)
class Purge(CompiledReform):
    """Dismiss officers who are flagged by their complaint record or by a vetting test."""

    start: int = start_lever()
    follow_through: float = lever(
        0.4, 0, 1, "share", "Share of the flagged who are dismissed (3 % was seen; of high ranks under review, 40 %).", "diecp2013"
    )
    flag_by: str = lever(
        "vetting", 0, 0, "choice", "What flags an officer; both: complaints or vetting is enough; record: more complaints than others.",
        choices=FLAGS,
    )  # fmt: skip
    complaints_at_least: int = lever(2, 1, 100, "complaints", "Complaints on file that flag an officer.", decided=True)
    record_half_years: int = lever(
        4, 1, 40, "half-years", "Length of the record: complaints in so many half-years, to the last that is over.", decided=True
    )
    record_share: float = lever(
        0.124, 0, 1, "share", "Share of the force that the record flags, those with most complaints; as many as fail vetting in Mexico.",
        "ciudadania2014", decided=True,
    )  # fmt: skip
    tenure_half_years: int | None = lever(
        None, 1, 40, "half-years", "Only who joined within so many half-years is examined, early in the career; null: whoever serves.",
        optional=True, decided=True,
    )  # fmt: skip
    # With the next two, 12.6 % of the national force fail in the mean of 5 seeds, as 12.4 % did in Mexico.
    unfit_above: float = lever(
        0.56, 0, 1, "probability", "An officer is unfit whose encounters are corrupt with a higher probability.", "ciudadania2014"
    )
    sensitivity: float = lever(0.8, 0, 1, "probability", "Probability that an unfit officer fails the test.")
    specificity: float = lever(0.95, 0, 1, "probability", "Probability that a fit officer passes the test.")
    months: int = lever(24, 1, 120, "months", "Time over which the force is gone through.", decided=True)
    pass_rate: float = lever(0.455, 0.05, 1, "probability", "Probability that an applicant for a post it vacates passes.", "sesnsp2019")
    recruits_offset: float = lever(0.0, -2, 2, "log-odds", "Conduct of recruits from then on, relative to conduct.mean.")
    turn_to_crime: float = lever(0.02, 0, 1, "share", "Share of the dismissed who turn to crime; no estimate exists.")
    signal: float = lever(
        0.0, -0.3, 0.3, "share", "At the start: share of the gap to full trust in fairness that news of it closes, or of trust it takes."
    )
    until: int | None = until_lever()

    dose: ClassVar[str] = "follow_through"
    reads: ClassVar[tuple[str, ...]] = ("officers.complaints", "officers.honesty", "officers.identity")
    writes: ClassVar[tuple[str, ...]] = (
        "officers.active", "officers.vacant_weeks", "offenders.propensity", "offenders.entered", "offenders.leaves",
        "citizens.fairness", "ledger", "tally",
    )  # fmt: skip
    text: ClassVar[str] = "Dismiss officers who are flagged by complaints or by a vetting test."

    sets: ClassVar[tuple[str, ...]] = ("staffing.recruit_conduct_offset",)

    @property
    def looks_back(self) -> int:
        """Weeks before its start of which it needs the files."""
        return HALF_YEAR * self.record_half_years + self.start % HALF_YEAR if self.flag_by == "record" else 0

    def reaches_all(self, unit: str, sites: Sequence[Any]) -> tuple[str, str] | None:
        """See `sim.world.reforms`."""
        if self.signal:
            return "news of it reaches everybody", "Write signal: 0, or leave it out."
        if self.recruits_offset:
            return "new standards for recruits hold for the whole force", "Write recruits_offset: 0, or leave it out."
        return None

    def act(self, scene: Scene) -> Bill:
        """One round: those whose turn it is are examined, and some of the flagged go."""
        if not self.in_force(scene.week):
            return Bill(0.0, 0.0)
        (now, holders), (then, held) = closed(scene, 0), closed(scene, self.record_half_years)
        since = closed(scene, self.tenure_half_years or 0)[1]
        files = Files(now, holders, then, held, since, np.empty(len(now)), np.empty(len(now), bool))
        vacant, money, *found = act_by(act_purge, PurgeLevers, self, scene, files, size=6)
        scene.examined[scene.tick] = scene.examined.get(scene.tick, 0) + np.array(found, int)
        return Bill(vacant, money)


def closed(scene: Scene, half_years: int) -> tuple[np.ndarray, np.ndarray]:
    """Each post's complaints and holder when files were closed last, or so many half-years before; at the earliest when the city began."""
    return scene.files[max((scene.week // HALF_YEAR - half_years) * HALF_YEAR, min(scene.files))]


PurgeLevers = numbers_of(Purge)


@piece
def round_of(r, week):
    """Which monthly round this week is nearest to."""
    return int((week - r.start) / WEEKS_A_MONTH + 0.5)


@piece
def purge_due(r, week):
    """Is there a round in this week, or is it the first after the purge?"""
    number = round_of(r, week)
    examines = week >= r.start and number < r.months and week == r.start + int(number * WEEKS_A_MONTH) and not week >= r.until
    return r.follow_through > 0.0 and (examines or week == r.until)


@entry
def set_purge(out, r, week):
    """New standards for recruits, where they are new at all."""
    if lasts(r.follow_through, r.start, r.until, week) and r.recruits_offset != 0.0:
        out[0] = r.recruits_offset


@piece
def on_record(j, city, files):
    """How many complaints against who holds a post are on the record."""
    holder = city.officers.identity[j]
    before = files.complaints_before[j] if files.holders_before[j] == holder else 0
    return files.complaints[j] - before if files.holders[j] == holder else 0


@piece
def is_worst(j, r, city, files):
    """Is an officer one of those with the most complaints of the force on record? The lot decides between equals; nobody is without any."""
    number, worse, serving = on_record(j, city, files), 0, 0
    for k in city.rows.officers:
        if city.officers.active[k] == 1:
            other = on_record(k, city, files)
            serving += 1
            worse += int(other > number or (other == number and files.lots[k] < files.lots[j]))
    return number > 0 and worse < int(r.record_share * serving + 0.5)


@piece
def is_unfit(j, r, city):
    """Is an officer corrupt in too many encounters? Of the person: what a course adds does not show."""
    return 1.0 / (1.0 + exp(city.officers.honesty[j])) > r.unfit_above


@piece
def is_flagged(j, unfit, r, city, files):
    """Do complaints, a test or the record flag an officer?"""
    if r.flag_by == RECORD:
        return is_worst(j, r, city, files)
    failed = files.lots[j] < (r.sensitivity if unfit else 1.0 - r.specificity)
    on_file = city.officers.complaints[j] >= r.complaints_at_least
    return (on_file and r.flag_by != VETTING) or (failed and r.flag_by != COMPLAINTS)


@phase
def examine(r, city, now, eligible, files, found):
    """Examine those whose turn it is, and note who fails; found: how many are examined, unfit of them, flagged, and flagged and unfit."""
    officers, number = city.officers, round_of(r, now.week)
    for j in city.rows.officers:
        files.lots[j] = draw(now.seed, Draw.VETTING, 0, j, officers.identity[j])
    for j in city.rows.officers:
        identity, files.fails[j] = officers.identity[j], False
        turn = int(draw(now.seed, Draw.PACE, 0, j, identity) * r.months) == number
        early = r.tenure_half_years != r.tenure_half_years or files.holders_since[j] != identity
        if turn and early and officers.active[j] == 1 and eligible[j]:
            unfit = is_unfit(j, r, city)
            files.fails[j] = is_flagged(j, unfit, r, city, files)
            found[0] += 1
            found[1] += int(unfit)
            found[2] += int(files.fails[j])
            found[3] += int(unfit and files.fails[j])


@piece
def waiting_weeks(j, r, city, now):
    """Weeks until an applicant for a vacated post passes: four for each who fails."""
    if r.pass_rate == 1.0:
        return 0
    luck = draw(now.seed, Draw.RECRUIT_PASS, 0, j, city.officers.identity[j])
    return WEEKS_TO_NEXT_APPLICANT * int(log(luck) / log(1.0 - r.pass_rate))


@piece
def turn_to_crime(j, r, city, p, now):
    """Each post has a row in the table of offenders for an officer who turns to crime."""
    offenders, identity = city.offenders, city.officers.identity[j]
    row = len(offenders.propensity) - len(city.officers.active) + np.int64(j)
    if offenders.propensity[row] == 0.0 and draw(now.seed, Draw.TURN_TO_CRIME, 0, j, identity) < r.turn_to_crime:
        weeks = weeks_of_career(draw(now.people, Draw.CAREER, 0, row, identity), p)
        offenders.propensity[row] = propensity_of(draw_normal(now.people, Draw.NEW_OFFENDER, 0, j, identity), p)
        offenders.entered[row], offenders.leaves[row] = now.tick, min(now.tick + 1 + weeks, LAST_TICK)


@phase
def spread_news(size, city):
    """News of the purge moves everybody's trust in fairness: a share of the gap to full trust, or of trust."""
    trust, net, gross = city.citizens.trust, 0.0, 0.0
    for c in city.rows.cells:
        for i in range(city.cells.first_resident[c], city.cells.first_resident[c + 1]):
            fairness, effectiveness = fairness_of(i, c, city), effectiveness_of(i, c, city)
            change = size * (1.0 - fairness) if size > 0.0 else size * fairness
            trust[i, Trust.FAIRNESS], trust[i, Trust.EFFECTIVENESS] = fairness + change, effectiveness
            net += change
            gross += abs(change)
        begin_course(c, city)
    enter_change(city, Cause.INTERVENTION, 0, net, gross)


@entry
def act_purge(r, city, p, now, eligible, bill, files):
    """One round, if it is due: those whose turn it is are examined, and some of the flagged go."""
    if not (purge_due(r, now.week) and lasts(r.follow_through, r.start, r.until, now.week)):
        return
    size = r.signal * r.follow_through  # in proportion to the dose
    if now.week == r.start and size != 0.0:
        spread_news(size, city)
    examine(r, city, now, eligible, files, bill[2:])
    officers, delay, gone = city.officers, p.staffing.replacement_delay_weeks, 0
    for j in city.rows.officers:
        if files.fails[j] and draw(now.seed, Draw.DISMISSAL, 0, j, officers.identity[j]) < r.follow_through:
            officers.active[j] = 0
            officers.vacant_weeks[j] = int(delay + 0.5) + waiting_weeks(j, r, city, now)
            turn_to_crime(j, r, city, p, now)
            gone += 1
    city.tally[Count.DISMISSED] += gone
    tests = bill[2] * p.cost.vetting_test if r.flag_by != COMPLAINTS and r.flag_by != RECORD else 0.0
    # A vacant post is not paid, so its officer-weeks cost service but no wages.
    bill[0] += gone * delay
    bill[1] += tests + gone * (p.cost.severance + p.cost.recruit + p.cost.academy)


Purge.parts = Parts(PurgeLevers, purge_due, set_purge, act_purge)
