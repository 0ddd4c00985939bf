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
from sim.world.survey import YEAR, answers_of

GROUPS = {  # of each group its questions, in this order for ever: a question is known to its draws by its place
    "complainants": ("heard_locally", "file_opened", "well_treated", "solved"),
    "stopped": ("asked_for_bribe", "treated_fairly", "felt_good", "felt_bad", "trusting"),
    "not_stopped": ("trusting",),
    "arrested": ("asked_for_bribe", "treated_fairly"),
    "officers": ("see_bribes", "ask_for_bribes", "attitude", "knowledge"),
}
QUESTIONS = tuple(f"{group}_{name}" for group, names in GROUPS.items() for name in names)
BRIBES = np.array([["bribe" in name for name in (*names, *"....")[:4]] for names in GROUPS.values()], float)  # what people are silent about
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


def members(group: str, city: City, tick: int) -> np.ndarray:
    """The rows of those who belong to a group at the end of a tick, ascending."""
    people = city.citizens
    if group == "officers":
        return np.flatnonzero(city.officers.active)
    if group == "arrested":
        return np.flatnonzero(city.offenders.last_arrest > tick - YEAR)
    last = people.last_report if group == "complainants" else people.last_stop
    return np.flatnonzero(last <= tick - YEAR if group == "not_stopped" else last > tick - YEAR)


@entry
def take(everybody, lots, rows):
    """Fill `rows` with a simple random sample, in ascending order, by selection sampling (Fan, Muller and Rezucha 1962).

    Each is taken with the chance that the places left are of the people left. A person's lot is the same in all arms, so that arms ask
    the same people as far as these are there to ask.
    """
    taken = 0
    for n in range(len(everybody)):
        if lots[everybody[n]] * (len(everybody) - n) < len(rows) - taken:
            rows[taken] = everybody[n]
            taken += 1


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


def answered(group: str, rows: np.ndarray, city: City, p, seed: int, tick: int, trust: np.ndarray | None = None) -> np.ndarray:
    """What these people of a group answer: persons x questions; nan for who cannot say.

    trust  what all adults answer about trust, if they have just been asked
    """
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
        said[:, -1] = (answers_of(rows.astype(ROW), city, p, seed, tick).trust if trust is None else trust[rows]) >= TRUSTING
    return said


def voices(city: City, p, seed: int, tick: int, week: int, sizes: Sizes = SIZES, trust: np.ndarray | None = None) -> Voices:
    """Ask samples of all groups at the end of a tick; `week` only labels the result; `trust` as for `answered`."""
    lots = np.random.default_rng([seed, tick, Draw.VOICE]).random(len(city.citizens.last_stop) + len(city.offenders.home), np.float32)
    asked: np.ndarray = np.zeros(len(QUESTIONS), np.int64)
    means, errors, first = np.empty(len(QUESTIONS)), np.empty(len(QUESTIONS)), 0
    for group, size in sizes._asdict().items():
        everybody = members(group, city, tick)
        rows = np.empty(min(size, len(everybody)), np.int64)
        take(everybody, lots, rows)
        said = answered(group, rows, city, p, seed, tick, trust)
        place = slice(first, first := first + said.shape[1])
        tally(said, asked[place], means[place], errors[place])
    return Voices(week, asked, means, errors)
