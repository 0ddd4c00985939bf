"""Training: procedural-justice courses and follow-up messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sim.world.arithmetic import exp, log
from sim.world.compiled import entry, phase, piece
from sim.world.reforms.common import CompiledReform, Parts, lever, numbers_of, start_lever, until_lever
from sim.world.rng import Draw, draw

HOURS_STUDIED = 40.0  # of the course whose gain is training.course_gain (weisburd2022)
HOURS_A_WEEK = 70.0  # what Mexican officers work (enecap2017 in references.yaml)
WHOM = ("troops", "commanders", "both")
TROOPS, COMMANDERS = 0, 1


@dataclass(frozen=True, kw_only=True)
class Training(CompiledReform):
    """A procedural-justice course for part of the force; the gain in conduct fades with training.half_life."""

    start: int = start_lever()
    coverage: float = lever(0.9, 0, 1, "share", "Share of active officers, or of squads' commanders, who take the course.")
    whom: str = lever("troops", 0, 0, "choice", "Who takes it; commanders act on their squad's culture.", choices=WHOM)
    gain: float | None = lever(
        None,
        0,
        3,
        "log-odds",
        "Gain in an officer's courtesy just after the course (in honesty: training.honesty_share of it); "
        "null: what training.course_gain and training.course_hours_exponent give a course of these hours.",
        "weisburd2022",
        optional="training.course_gain",
    )
    commander_gain: float | None = lever(
        None, 0, 3, "log-odds",
        "What a trained commander adds to the culture of the squad, fading likewise; null: by training.course_commander_gain and hours.",
        optional="training.course_commander_gain",
    )  # fmt: skip
    hours: float = lever(9.0, 1, 200, "hours", "Length of the course.", "canales2025", decided=True)
    every: int | None = lever(None, 4, 520, "weeks", "Weeks between courses; null: one course.", optional=True, decided=True)
    messages_every: int | None = lever(
        None, 1, 104, "weeks", "Weeks between follow-up messages to the trained; null: none.", optional=True, decided=True
    )
    message_share: float = lever(0.3, 0, 1, "share", "Share of the gain up to which a message restores it.")
    until: int | None = until_lever()

    dose: ClassVar[str] = "coverage"
    reads: ClassVar[tuple[str, ...]] = ("officers.active", "officers.identity", "officers.knowledge")
    writes: ClassVar[tuple[str, ...]] = ("officers.training", "officers.knowledge", "officers.attitude", "squads.command")
    text: ClassVar[str] = "Teach officers to treat people fairly."

    def reaches_all(self, unit: str, sites: Sequence[Any]) -> tuple[str, str] | None:
        """See `sim.world.reforms`."""
        if self.whom != "troops" and unit != "squad":
            return "a trained commander acts on a whole squad", "Write unit: squad, or whom: troops."
        return None


TrainingLevers = numbers_of(Training)


@piece
def comes_round(since, every):
    """Is a multiple of so many weeks since it began? nan: never again."""
    return every == every and since >= 0.0 and int(since / every) * every == since


@piece
def course_begins(r, week):
    """Is there a course in this week?"""
    return week == r.start or comes_round(week - r.start, r.every)


@piece
def training_due(r, week):
    """Is there a course or a message in this week?"""
    return r.coverage > 0.0 and not week >= r.until and (course_begins(r, week) or comes_round(week - r.start, r.messages_every))


@piece
def gain_of_course(by_hand, studied, hours, p):
    """What a course of these hours adds: stated by hand, or that of a course of 40 hours times (hours / 40)^exponent."""
    return by_hand if by_hand == by_hand else studied * exp(p.training.course_hours_exponent * log(hours / HOURS_STUDIED))


@piece
def is_trainee(j, r, city, now, eligible):
    """Is an officer one of those who take the course?"""
    officers = city.officers
    return officers.active[j] == 1 and eligible[j] and draw(now.seed, Draw.TRAINEE, 0, j, officers.identity[j]) < r.coverage


@piece
def lift(j, share, gain, city):
    """Lift what an officer has of a course up to a share of what it gives."""
    officers = city.officers
    officers.training[j] = max(officers.training[j], share * gain)
    officers.knowledge[j] = max(officers.knowledge[j], share)
    officers.attitude[j] = max(officers.attitude[j], share)


@phase
def teach_troops(r, city, p, now, eligible):
    """A course for officers; how many take it."""
    taught, gain = 0, gain_of_course(r.gain, p.training.course_gain, r.hours, p)
    for j in city.rows.officers:
        if is_trainee(j, r, city, now, eligible):
            lift(j, 1.0, gain, city)
            taught += 1
    return taught


@phase
def teach_commanders(r, city, p, now, eligible):
    """A course for commanders of squads all of whose posts may have it; how many take it."""
    taught, gain = 0, gain_of_course(r.commander_gain, p.training.course_commander_gain, r.hours, p)
    for s in city.rows.squads:
        if draw(now.seed, Draw.COMMANDER, 0, s, 0) < r.coverage:
            left_out = 0
            for j in city.rows.officers:
                left_out += int(city.officers.squad[j] == s and not eligible[j])
            if left_out == 0:
                city.squads.command[s] = max(city.squads.command[s], gain)
                taught += 1
    return taught


@phase
def remind(r, city, p, now, eligible):
    """A message to the trained; how many it reaches."""
    reached, gain = 0, gain_of_course(r.gain, p.training.course_gain, r.hours, p)
    for j in city.rows.officers:
        if city.officers.knowledge[j] > 0.0 and is_trainee(j, r, city, now, eligible):
            lift(j, r.message_share, gain, city)
            reached += 1
    return reached


@entry
def act_training(r, city, p, now, eligible, bill):
    """A course, or a message to those who have had one, if one is due."""
    if not training_due(r, now.week):
        return
    if not course_begins(r, now.week):
        bill[1] += remind(r, city, p, now, eligible) * p.cost.message
        return
    taught = 0
    if r.whom != COMMANDERS:
        taught += teach_troops(r, city, p, now, eligible)
    if r.whom != TROOPS:
        taught += teach_commanders(r, city, p, now, eligible)
    weeks = taught * r.hours / HOURS_A_WEEK
    bill[0] += weeks
    bill[1] += weeks * p.cost.officer_week + taught * r.hours * p.cost.training_hour


Training.parts = Parts(TrainingLevers, training_due, act=act_training)
