"""What a survey would find: answers with response error, recall of the last half-year and year, neighborhoods.

Everybody can be asked (no sampling error), or a sample (what a real evaluator sees).
"""

from collections.abc import Iterable, Iterator
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from sim.world.observe import Answers, Questionnaire, Room, Seen, ask
from sim.world.rng import Draw
from sim.world.state import BATCH, ROW, City, clock, rows_in

INTERVAL_WEEKS = 26
HALF_YEAR, YEAR = 26, 52
NEIGHBORHOOD_ADULTS = 500
ANSWERS = 4  # to the single question
CHUNK = 1 << 16


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
    return share_between(np.bincount(groups), np.bincount(groups, weights=values), float(np.square(values, dtype=float).sum()))


def share_between(size: np.ndarray, sums: np.ndarray, squares: float) -> float:
    """The same of each group's size and sum of values, and the sum of all their squares."""
    sums, size = sums[size > 0], size[size > 0]
    total, number = size.sum(), len(size)
    if number < 2 or total <= number:
        return float("nan")
    between = (sums * sums / size).sum() - np.square(sums.sum()) / total
    within = squares - (sums * sums / size).sum()
    mean_between, mean_within = between / (number - 1), within / (total - number)
    typical = (total - (size * size).sum() / total) / (number - 1)
    scale = mean_between + (typical - 1) * mean_within
    return float((mean_between - mean_within) / scale) if scale > 0 else float("nan")


def everybody(city: City) -> np.ndarray:
    """The rows of all adults."""
    return np.arange(rows_in(city.citizens), dtype=ROW)


def chunks(table: Any) -> Iterator[slice]:
    """All rows of a table, so many at a time that what is made of them takes no room: a multiple of 4."""
    rows = rows_in(table)
    return (slice(first, min(first + CHUNK, rows)) for first in range(0, rows, CHUNK))


def answers_of(rows: np.ndarray, city: City, p, seed: int, tick: int, by_cell: np.ndarray | None = None) -> Answers:
    """Answers of some citizens at the end of a tick; the same citizen has the same response error in every arm.

    by_cell  how many in each cell gave each of the four answers (int64, cells x 4); these are added
    """
    answers = Answers(np.empty(len(rows), np.int8), np.empty(len(rows)), np.empty(len(rows), np.int8))
    by_cell = nobody(city) if by_cell is None else by_cell
    room, seen = Room(*np.empty((len(Room._fields), BATCH))), Seen(city.citizens, city.cells)
    ask(rows, answers, by_cell, room, seen, Questionnaire(p.trust, p.survey), clock(seed, tick))
    return answers


def nobody(city: City) -> np.ndarray:
    """Answers by cell before anybody is asked."""
    return np.zeros((len(city.cells.officers), ANSWERS), np.int64)


def survey(parts: Iterable[Any], city: City, p, seed: int, tick: int, week: int) -> Survey:
    """What adults answer at the end of a tick, and what happened to them; `week` only labels the result.

    parts  rows of those asked: slices of the table, or arrays
    """
    people, by_cell, sums = city.citizens, nobody(city), np.zeros(6)
    for part in parts:
        rows = np.arange(part.start, part.stop, dtype=ROW) if isinstance(part, slice) else part
        answers = answers_of(rows, city, p, seed, tick, by_cell)
        sums += (
            np.count_nonzero(people.last_victimized[part] > tick - YEAR), np.count_nonzero(people.last_stop[part] > tick - HALF_YEAR),
            np.count_nonzero(people.last_corrupt_stop[part] > tick - HALF_YEAR), np.count_nonzero(answers.unsafe),
            answers.fairness_scale.sum(), np.square(answers.fairness_scale).sum(),
        )  # fmt: skip
    counts, adults = by_cell.sum(axis=0), int(by_cell.sum())
    groups = neighborhood_of(np.arange(len(by_cell)), city.grid, rows_in(people) / len(by_cell))
    size, said = np.bincount(groups, by_cell.sum(axis=1)), np.bincount(groups, (by_cell * np.arange(ANSWERS)).sum(axis=1))
    victims, contacted, corrupt, unsafe, scale, square = (sums / adults).tolist()
    return Survey(
        week, adults, tuple(counts.tolist()), victims, contacted, corrupt, unsafe, fairness_scale=scale,
        fairness_scale_sd=sqrt(max(square - scale * scale, 0.0)),
        trust_icc=share_between(size, said, float((counts * np.square(np.arange(ANSWERS))).sum())),
    )  # fmt: skip


def sample_rows(adults: int, size: int, seed: int, tick: int) -> np.ndarray:
    """A simple random sample of citizens' rows without replacement, sorted; a function of seed and tick alone."""
    generator = np.random.default_rng([seed, tick, Draw.SURVEY_SAMPLE])
    return np.sort(generator.choice(adults, min(size, adults), replace=False)).astype(ROW)
