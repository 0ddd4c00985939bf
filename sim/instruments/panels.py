"""Cross-sections and panels: what an interviewer would hear, in an ordinary run, from everybody or from a sample.

Answers carry response error, drawn anew in each wave, so that the same person, unchanged, answers differently two years apart.
"""

from typing import NamedTuple

import numpy as np

from sim.instruments.peers import means
from sim.instruments.regressions import contact_effects, correlation, least_squares
from sim.world.luck import normals
from sim.world.rng import Draw
from sim.world.simulation import Simulation
from sim.world.state import SLOTS
from sim.world.survey import HALF_YEAR, YEAR, everybody, intraclass_correlation, sample_rows

BETWEEN_WAVES = 104  # weeks, as in the Australian panel
TOP_ANSWER = 3
FEELINGS = 3  # bad, neutral, good


class PanelWave(NamedTuple):
    """What some adults answered at one time, a value each."""

    trust: np.ndarray  # the single question, its four answers spread evenly over 0-1
    fairness: np.ndarray  # a scale of several questions, about 0-1
    effectiveness: np.ndarray  # likewise
    victim: np.ndarray  # were they a victim in the last 52 weeks?
    victim_lately: np.ndarray  # in the last 26 weeks?
    stopped: np.ndarray  # were they stopped in the last 26 weeks?
    bribed: np.ndarray  # were they asked for a bribe then?


def ask(run: Simulation, rows: np.ndarray) -> PanelWave:
    """Interview these adults now. The scale of effectiveness is like that of fairness, with an error of the same size of its own, and
    with the same lasting style of answering."""
    tick, citizens, survey = max(run.tick - 1, 0), run.city.citizens, run.parameters.survey
    answers = run.answers(rows)
    # Word 0 of each block is the survey's own; block 1 + tick of tick 0 is nobody's.
    error = survey.scale_error_sd * normals(run.seed, Draw.ANSWER, rows, np.full(len(rows), 1 + tick))
    effectiveness = citizens.effectiveness[rows] + survey.style_sd * citizens.answering_style[rows] + error
    victimized = citizens.last_victimized[rows]
    return PanelWave(
        answers.trust / TOP_ANSWER, answers.fairness_scale, effectiveness, victimized > tick - YEAR, victimized > tick - HALF_YEAR,
        citizens.last_stop[rows] > tick - HALF_YEAR, citizens.last_corrupt_stop[rows] > tick - HALF_YEAR,
    )  # fmt: skip


class Panel:
    """The same adults asked in week 0 and 104 weeks later, and what happened to people in the 52 weeks before the second time.

    asked   how many adults, a random sample; None: all

    It watches a run (see `sim.measures.harvest.lived`) of 104 weeks or more. Encounters are stops and community contacts, each felt
    bad, neutral or good: who had any bad one counts as negative, who had any good one and none that was bad as positive, and who had
    neutral ones alone as neutral, apart from those without contact, who are the base. What happened to victims, and whether they reported
    it, is known of everybody.
    """

    def __init__(self, asked: int | None = None):
        self.asked = asked
        self.waves: list[PanelWave] = []
        self.rows: np.ndarray = np.empty(0)  # until week 0: who is asked
        self.felt: np.ndarray = np.empty((FEELINGS, 0))  # likewise: did everybody have any contact felt so?
        self.victims: list[np.ndarray] = []  # row of the victim of each crime, week by week
        self.reported: list[np.ndarray] = []  # and whether they reported it

    def __call__(self, run: Simulation) -> None:
        if run.week == 0:
            adults = len(run.city.citizens.home)
            self.rows = everybody(run.city) if self.asked is None else sample_rows(adults, self.asked, run.seed, max(run.tick - 1, 0))
            self.felt = np.zeros((FEELINGS, adults), bool)
        if BETWEEN_WAVES - YEAR < run.week <= BETWEEN_WAVES:
            self._note(run)
        if run.week in (0, BETWEEN_WAVES):
            self.waves.append(ask(run, self.rows))

    def _note(self, run: Simulation) -> None:
        """Who met an officer in the week that has just passed and how they felt about it; who was a victim and whether they reported it."""
        encounters, crimes = run.city.encounters, run.city.crimes
        held = (np.arange(SLOTS) < run.city.officers.encounters[:, None]).ravel()
        self.felt[encounters.felt[held], encounters.citizen[held]] = True
        happened = crimes.victim >= 0
        self.victims.append(crimes.victim[happened])
        self.reported.append(crimes.reported[happened])

    def measures(self) -> dict[str, float]:
        """P14 to P17 and P33 to P38, once both waves have been asked; cross-sections are those of the second."""
        first, second = self.waves
        bad, neutral, good = self.felt[:, self.rows]
        fairness, effectiveness = (contact_effects(*both, good, neutral, bad) for both in zip(first[1:3], second[1:3], strict=True))
        asked_nothing = second.stopped & ~second.bribed
        trust_of_contacts = means(second.trust, second.stopped.astype(int) + second.bribed, 3)  # none, without a bribe, with one
        return {
            "trust_autocorrelation": correlation(first.fairness, second.fairness),
            "contact_effect_positive": fairness.positive,
            "contact_effect_neutral": fairness.neutral,
            "contact_effect_negative": fairness.negative,
            "contact_effect_positive_effectiveness": effectiveness.positive,
            "contact_effect_negative_effectiveness": effectiveness.negative,
            "victimization_effect": float(least_squares(second.trust, second.victim)[0]),
            "incidents_k": incidents_k(self.crimes_of()),
            "reporting_icc_person": self.likeness_of_reports(),
            "bribe_trust_effect": float(least_squares(second.trust, second.bribed, asked_nothing, second.victim_lately)[0]),
            "contact_trust_gap": float(trust_of_contacts[1] - trust_of_contacts[2]),
        }

    def crimes_of(self) -> np.ndarray:
        """How many crimes each adult suffered."""
        return np.bincount(np.concatenate(self.victims), minlength=self.felt.shape[1])

    def likeness_of_reports(self) -> float:
        """Intraclass correlation of having reported (0/1), over the crimes of persons who suffered two or more; nan if there are none."""
        victims, reported = np.concatenate(self.victims), np.concatenate(self.reported)
        again = self.crimes_of()[victims] > 1
        return intraclass_correlation(reported[again], victims[again])


def incidents_k(incidents: np.ndarray) -> float:
    """How unequally incidents fall on persons: k of a negative binomial by its moments, mean^2 / (variance - mean); nan unless the
    variance is above the mean. The smaller, the more unequal.

    >>> incidents_k(np.array([0, 0, 0, 4]))
    0.5
    """
    mean, variance = float(incidents.mean()), float(incidents.var())
    return mean**2 / (variance - mean) if variance > mean else float("nan")
