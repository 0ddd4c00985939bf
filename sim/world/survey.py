"""What a survey would find: answers with response error, recall of the last half-year and year, neighborhoods.

Two views of the same instrument: `survey_everybody` (no sampling error) and `survey_sample` (what a real evaluator sees).
"""

from math import sqrt
from typing import NamedTuple

import numpy as np

from sim.world.rng import Draw
from sim.world.schedule import ask
from sim.world.state import ROW, City, clock, homes, rows_in

INTERVAL_WEEKS = 26
HALF_YEAR, YEAR = 26, 52
NEIGHBORHOOD_ADULTS = 500


class Survey(NamedTuple):
    """One survey: `answers` counts mucha desconfianza ... mucha confianza; the rest are shares of the adults asked, 0-1."""

    week: int
    adults: int
    answers: tuple[int, int, int, int]
    victims: float  # victim of a crime in the last 52 weeks
    contacted: float  # stopped in the last 26 weeks
    corrupt_contacted: float  # stopped by a corrupt officer in the last 26 weeks
    unsafe: float  # feel unsafe
    fairness_scale: float  # mean of a several-item scale of fairness, 0-1 with its response error
    fairness_scale_sd: float  # its standard deviation between adults
    trust_icc: float  # share of the variance of answers that lies between neighborhoods of about 500 adults (may be negative)

    @property
    def share_trusting(self) -> float:
        """Share with mucha or algo de confianza."""
        return (self.answers[2] + self.answers[3]) / self.adults

    @property
    def share_trusting_error(self) -> float:
        """Standard error of `share_trusting` under simple random sampling (0-1)."""
        return sqrt(self.share_trusting * (1.0 - self.share_trusting) / self.adults)


def neighborhood_of(cells: np.ndarray, grid, adults_per_cell: float) -> np.ndarray:
    """The neighborhood of each cell: square blocks of the grid, of about 500 adults."""
    block = max(1, round(sqrt(NEIGHBORHOOD_ADULTS / adults_per_cell)))
    across = -(-grid.width // block)
    return (cells // grid.width // block) * across + cells % grid.width // block


def intraclass_correlation(values: np.ndarray, groups: np.ndarray) -> float:
    """One-way ANOVA intraclass correlation of values in unequal groups; nan if there is one group or no variance."""
    size = np.bincount(groups)
    sums = np.bincount(groups, weights=values)
    sums, size = sums[size > 0], size[size > 0]
    total, number = size.sum(), len(size)
    if number < 2 or total <= number:
        return float("nan")
    between = (sums * sums / size).sum() - np.square(values.sum(dtype=float)) / total
    within = np.square(values, dtype=float).sum() - (sums * sums / size).sum()
    mean_between, mean_within = between / (number - 1), within / (total - number)
    typical = (total - (size * size).sum() / total) / (number - 1)
    scale = mean_between + (typical - 1) * mean_within
    return float((mean_between - mean_within) / scale) if scale > 0 else float("nan")


def everybody(city: City) -> np.ndarray:
    """The rows of all adults."""
    return np.arange(rows_in(city.citizens), dtype=ROW)


class Answers(NamedTuple):
    """What some citizens answered, row by row."""

    trust: np.ndarray  # int8: 0 mucha desconfianza ... 3 mucha confianza
    fairness_scale: np.ndarray  # float64: about 0-1
    unsafe: np.ndarray  # int8: 1 feels unsafe


def answers_of(rows: np.ndarray, city: City, p, seed: int, tick: int) -> Answers:
    """Answers of some citizens at the end of a tick; the same citizen has the same response error in every arm."""
    answers = Answers(np.empty(len(rows), np.int8), np.empty(len(rows)), np.empty(len(rows), np.int8))
    ask(rows, *answers, city, p, clock(seed, tick))
    return answers


def survey_rows(rows: np.ndarray, answers: Answers, city: City, tick: int, week: int) -> Survey:
    """What these citizens answered at the end of a tick, and what happened to them; `week` only labels the result."""
    everybody = len(rows) == rows_in(city.citizens)
    people = city.citizens
    last = [column if everybody else column[rows] for column in (people.last_stop, people.last_corrupt_stop, people.last_victimized)]
    home = homes(city) if everybody else homes(city)[rows]
    groups = neighborhood_of(home, city.grid, rows_in(city.citizens) / len(city.cells.officers))
    counts = np.bincount(answers.trust, minlength=4)
    return Survey(
        week, len(rows), (int(counts[0]), int(counts[1]), int(counts[2]), int(counts[3])),
        victims=float(np.mean(last[2] > tick - YEAR)), contacted=float(np.mean(last[0] > tick - HALF_YEAR)),
        corrupt_contacted=float(np.mean(last[1] > tick - HALF_YEAR)), unsafe=float(answers.unsafe.mean()),
        fairness_scale=float(answers.fairness_scale.mean()), fairness_scale_sd=float(answers.fairness_scale.std()),
        trust_icc=intraclass_correlation(answers.trust, groups),
    )  # fmt: skip


def sample_rows(adults: int, size: int, seed: int, tick: int) -> np.ndarray:
    """A simple random sample of citizens' rows without replacement, sorted; a function of seed and tick alone."""
    generator = np.random.default_rng([seed, tick, Draw.SURVEY_SAMPLE])
    return np.sort(generator.choice(adults, min(size, adults), replace=False)).astype(ROW)
