"""Cross-sections and panels: what an interviewer would hear, in an ordinary run, from everybody or from a sample.

Answers carry response error, drawn anew in each wave, so that the same person, unchanged, answers differently two years apart.
"""

from typing import NamedTuple

import numpy as np

from sim.instruments.regressions import contact_effects, correlation, least_squares
from sim.world.luck import normals
from sim.world.rng import Draw
from sim.world.simulation import Simulation
from sim.world.state import SLOTS
from sim.world.survey import YEAR, answers_of, sample_rows

BETWEEN_WAVES = 104  # weeks, as in the Australian panel
TOP_ANSWER = 3


class PanelWave(NamedTuple):
    """What some adults answered at one time, a value each."""

    trust: np.ndarray  # the single question, its four answers spread evenly over 0-1
    fairness: np.ndarray  # a scale of several questions, about 0-1
    effectiveness: np.ndarray  # likewise
    victim: np.ndarray  # were they a victim in the last 52 weeks?


def ask(run: Simulation, rows: np.ndarray) -> PanelWave:
    """Interview these adults now. The scale of effectiveness is like that of fairness, with an error of the same size of its own."""
    tick = max(run.tick - 1, 0)
    answers = answers_of(rows, run.city, run.parameters, run.seed, tick)
    # Word 0 of each block is the survey's own; block 1 + tick of tick 0 is nobody's.
    error = normals(run.seed, Draw.ANSWER, rows, np.full(len(rows), 1 + tick))
    effectiveness = run.city.citizens.effectiveness[rows] + run.parameters.survey.scale_error_sd * error
    victim = run.city.citizens.last_victimized[rows] > tick - YEAR
    return PanelWave(answers.trust / TOP_ANSWER, answers.fairness_scale, effectiveness, victim)


class Panel:
    """The same adults asked in week 0 and 104 weeks later, and how they felt about encounters in the 52 weeks before the second time.

    asked   how many adults, a random sample; None: all

    It watches a run (see `sim.measures.harvest.lived`) of 104 weeks or more. Encounters are stops and community contacts.
    """

    def __init__(self, asked: int | None = None):
        self.asked = asked
        self.waves: list[PanelWave] = []
        self.rows = self.felt = np.empty(0)  # until week 0: who is asked; felt unfair, felt fair (2 x adults)

    def __call__(self, run: Simulation) -> None:
        if run.week == 0:
            adults = len(run.city.citizens.home)
            self.rows = run.city.rows.citizens if self.asked is None else sample_rows(adults, self.asked, run.seed, max(run.tick - 1, 0))
            self.felt = np.zeros((2, adults), bool)
        if BETWEEN_WAVES - YEAR < run.week <= BETWEEN_WAVES:
            self._note_encounters(run)
        if run.week in (0, BETWEEN_WAVES):
            self.waves.append(ask(run, self.rows))

    def _note_encounters(self, run: Simulation) -> None:
        """Who met an officer in the week that has just passed, and how they felt about it."""
        encounters = run.city.encounters
        held = (np.arange(SLOTS) < run.city.officers.encounters[:, None]).ravel()
        self.felt[encounters.felt_fair[held], encounters.citizen[held]] = True

    def measures(self) -> dict[str, float]:
        """P14 to P17, P33 and P34, once both waves have been asked; the cross-section is that of the second."""
        first, second = self.waves
        unfair, fair = self.felt[:, self.rows]
        positive, negative = contact_effects(first.fairness, second.fairness, fair, unfair)
        positive_effectiveness, negative_effectiveness = contact_effects(first.effectiveness, second.effectiveness, fair, unfair)
        return {
            "trust_autocorrelation": correlation(first.fairness, second.fairness),
            "contact_effect_positive": positive,
            "contact_effect_negative": negative,
            "contact_effect_positive_effectiveness": positive_effectiveness,
            "contact_effect_negative_effectiveness": negative_effectiveness,
            "victimization_effect": float(least_squares(second.trust, second.victim)[0]),
        }
