"""What those say who had to do with the police, and the police: samples of complainants, people stopped, people arrested, and officers.

A Honduran survey asked victims, detainees and officers (asj2020). Answers are given with errors of memory and with silence about bribes,
and nothing in the city changes.
"""

from math import nan, sqrt
from typing import NamedTuple

import numpy as np

from sim.world.arithmetic import exps
from sim.world.compiled import entry
from sim.world.rng import Draw, draw_four, draw_normal_pair
from sim.world.rules.encounter import Conduct, Feeling
from sim.world.rules.survey import yes_probability
from sim.world.state import ROW, City
from sim.world.survey import YEAR, answers_of, chunks

GROUPS = {  # of each group its questions, in this order for ever: a question is known to its draws by its place
    "complainants": ("heard_locally", "file_opened", "well_treated", "solved"),
    "stopped": ("asked_for_bribe", "treated_fairly", "felt_good", "felt_bad", "trusting"),
    "not_stopped": ("trusting",),
    "arrested": ("asked_for_bribe", "treated_fairly"),
    "officers": ("see_bribes", "ask_for_bribes", "attitude", "knowledge"),
}
QUESTIONS = tuple(f"{group}_{name}" for group, names in GROUPS.items() for name in names)
BRIBES = np.array([["bribe" in name for name in (*names, *"....")[:4]] for names in GROUPS.values()], float)  # what people are silent about
TABLES = {"citizens": ("complainants", "stopped", "not_stopped"), "offenders": ("arrested",), "officers": ("officers",)}
TRUSTING = 2  # algo de confianza, or more
REPORTED = np.array([[outcome >> bit & 1 for bit in range(4)] for outcome in range(16)], float)  # by `report_outcome` and question
CONDUCT = np.array([[how == Conduct.CORRUPT, how == Conduct.FAIR] for how in range(4)], float)  # by `arrest_conduct`
FELT = np.array([[felt == Feeling.GOOD, felt == Feeling.BAD] for felt in range(3)], float)
STOPPED = np.array([[*CONDUCT[code % 4], *FELT[code // 4]] for code in range(12)])  # by `stop_treatment`


class Sizes(NamedTuple):
    """How many are asked of each group, or all if there are fewer."""

    complainants: int = 400  # reported a crime in the last 52 weeks, and are asked about the last time
    stopped: int = 400  # in the last 52 weeks, likewise
    not_stopped: int = 400  # in the last 52 weeks
    arrested: int = 200  # in the last 52 weeks, and are asked about the last time, in jail or not
    officers: int = 200  # in service


SIZES = Sizes()


class Voice(NamedTuple):
    """What was answered to a question; nan where nobody could be asked (of the error: where one person was)."""

    asked: int
    answer: float  # the mean: a share, or 0-1
    error: float  # its standard error, as if the group were endless: too large where much of it was asked, never too small


class Voices(NamedTuple):
    """What all groups answered at one survey: a number for each of QUESTIONS."""

    week: int
    asked: np.ndarray
    answers: np.ndarray
    errors: np.ndarray

    def of(self, question: str) -> Voice:
        """One question's. ValueError if there is none of this name."""
        place = QUESTIONS.index(question)
        return Voice(int(self.asked[place]), float(self.answers[place]), float(self.errors[place]))


def belong(group: str, city: City, tick: int, part: slice = slice(None)) -> np.ndarray:
    """Who of a part of a group's table belongs to the group at the end of a tick (bool)."""
    people = city.citizens
    if group == "officers":
        return city.officers.active[part] == 1
    if group == "arrested":
        return city.offenders.last_arrest[part] > tick - YEAR
    last = (people.last_report if group == "complainants" else people.last_stop)[part]
    return last <= tick - YEAR if group == "not_stopped" else last > tick - YEAR


def members(group: str, city: City, tick: int) -> np.ndarray:
    """The rows of those who belong to a group at the end of a tick, ascending."""
    return np.flatnonzero(belong(group, city, tick))


@entry
def cast(lots, first, seed, tick, index):
    """Fill in the lots of a table's rows from `first` on: four neighbors share a block of luck, so both are multiples of four."""
    for n in range(0, len(lots), 4):
        lots[n], lots[n + 1], lots[n + 2], lots[n + 3] = draw_four(seed, Draw.VOICE, tick, (first + n) // 4, index)


class SmallestLots:
    """A simple random sample without replacement: of all members seen so far those with the smallest lots, `rows` ascending.

    A person's lot is the same in all arms, so that arms ask the same people as far as these are there to ask.
    """

    def __init__(self, size: int):
        self.size = size
        self.rows: np.ndarray = np.empty(0, np.int64)
        self.lots: np.ndarray = np.empty(0)

    def see(self, first: int, member: np.ndarray, lots: np.ndarray) -> None:
        """Look at the table's rows from `first` on, which follow those seen before: who of them is a member, and their lots."""
        bound = self.lots.max(initial=0.0) if len(self.lots) == self.size else 1.0
        likely = 2.0 * self.size / max(int(np.count_nonzero(member)), 1)  # twice as many as needed: look for the smallest among few
        near = np.flatnonzero(member & (lots < min(bound, likely)))
        if len(near) < self.size and likely < bound:
            near = np.flatnonzero(member & (lots < bound))
        self.rows, self.lots = np.concatenate([self.rows, first + near]), np.concatenate([self.lots, lots[near]])
        if len(self.rows) > self.size:
            kept = np.sort(np.argpartition(self.lots, self.size)[: self.size])
            self.rows, self.lots = self.rows[kept], self.lots[kept]


def draw_samples(city: City, seed: int, tick: int, sizes: Sizes) -> dict[str, SmallestLots]:
    """Samples of all groups at the end of a tick."""
    samples = {group: SmallestLots(size) for group, size in sizes._asdict().items()}
    for index, (table, groups) in enumerate(TABLES.items(), len(GROUPS) + 1):
        for part in chunks(getattr(city, table)):
            rows = part.stop - part.start
            lots: np.ndarray = np.empty(-(-rows // 4) * 4)
            cast(lots, part.start, np.uint64(seed), tick, index)
            for group in groups:
                samples[group].see(part.start, belong(group, city, tick, part), lots[:rows])
    return samples


@entry
def say(said, true, rows, silences, recall_error, seed, tick, index):
    """What people say to yes-or-no questions of which `true` is the answer, or its chance; nan stays."""
    for n in range(len(rows)):
        luck = draw_four(seed, Draw.VOICE, tick, rows[n], index)
        for k in range(true.shape[1]):
            chance = yes_probability(true[n, k], recall_error, silences[k])
            said[n, k] = nan if chance != chance else 1.0 if luck[k] < chance else 0.0


@entry
def rate(said, scales, rows, error_sd, seed, tick, index):
    """What people say on two scales of several items."""
    for n in range(len(rows)):
        first, second = draw_normal_pair(seed, Draw.VOICE, tick, rows[n], index)
        said[n, 0], said[n, 1] = scales[n, 0] + error_sd * first, scales[n, 1] + error_sd * second


@entry
def tally(said, asked, means, errors):
    """Of each question: how many answered (not nan), their mean, and its standard error."""
    for k in range(said.shape[1]):
        total, square = 0.0, 0.0
        for n in range(said.shape[0]):
            if said[n, k] == said[n, k]:
                asked[k] += 1
                total += said[n, k]
        means[k] = total / asked[k] if asked[k] > 0 else nan
        for n in range(said.shape[0]):
            if said[n, k] == said[n, k]:
                square += (said[n, k] - means[k]) ** 2
        errors[k] = sqrt(square / (asked[k] - 1) / asked[k]) if asked[k] > 1 else nan


def bribes(rows: np.ndarray, city: City, p) -> np.ndarray:
    """In which share of stops the others in service in an officer's squad (nan if there are none), and the officer, ask for a bribe."""
    officers = city.officers
    active: np.ndarray = officers.active.astype(float)
    own = 1.0 / (1.0 + exps(officers.honesty + p.training.honesty_share * officers.training))
    others = np.bincount(officers.squad, active)[officers.squad] - active
    asking = np.bincount(officers.squad, active * own)[officers.squad] - active * own
    return np.stack([np.divide(asking, others, out=np.full(len(own), nan), where=others > 0), own], axis=1)[rows]


def answered(group: str, rows: np.ndarray, city: City, p, seed: int, tick: int) -> np.ndarray:
    """What these people of a group answer: persons x questions; nan for who cannot say."""
    said, index, key = np.empty((len(rows), len(GROUPS[group]))), list(GROUPS).index(group), np.uint64(seed)
    if group != "not_stopped":
        if group == "officers":
            true = bribes(rows, city, p)
        elif group == "arrested":
            true = CONDUCT[city.offenders.arrest_conduct[rows]]
        elif group == "stopped":
            true = STOPPED[city.citizens.stop_treatment[rows]]
        else:
            true = REPORTED[city.citizens.report_outcome[rows]]
        say(said, true, rows, p.survey.bribe_silence * BRIBES[index], p.survey.recall_error, key, tick, index)
    if group == "officers":
        scales = np.stack([city.officers.attitude[rows], city.officers.knowledge[rows]], axis=1)
        rate(said[:, 2:], scales, rows, p.survey.scale_error_sd, key, tick, len(GROUPS))
    if group.endswith("stopped"):
        said[:, -1] = answers_of(rows.astype(ROW), city, p, seed, tick).trust >= TRUSTING
    return said


def voices(city: City, p, seed: int, tick: int, week: int, sizes: Sizes = SIZES) -> Voices:
    """Ask samples of all groups at the end of a tick; `week` only labels the result."""
    asked: np.ndarray = np.zeros(len(QUESTIONS), np.int64)
    means, errors, first = np.empty(len(QUESTIONS)), np.empty(len(QUESTIONS)), 0
    for group, sample in draw_samples(city, seed, tick, sizes).items():
        said = answered(group, sample.rows, city, p, seed, tick)
        place = slice(first, first := first + said.shape[1])
        tally(said, asked[place], means[place], errors[place])
    return Voices(week, asked, means, errors)
