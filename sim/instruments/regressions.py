"""What studies compute from answers: least squares and correlations, on simulated answers as on real ones.

The standard errors of a study are of its sample. Here the spread between replicates takes their place, so only coefficients
are computed; robust or clustered errors, where a study had them, do not change these.
"""

from typing import NamedTuple

import numpy as np


def least_squares(outcome: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    """Coefficients of the columns in a regression of the outcome on them and a constant.

    outcome   one value a person
    columns   as long as the outcome; 0/1 columns are compared with those who have 0 in all of them
    returns   a coefficient a column; all nan if they cannot be told apart

    >>> x = np.array([0.0, 1.0, 2.0, 3.0])
    >>> least_squares(1.0 + 0.5 * x, x).round(6).tolist()
    [0.5]
    """
    design = np.column_stack([np.ones(len(outcome)), *columns])
    coefficients, _, rank, _ = np.linalg.lstsq(design, outcome, rcond=None)
    return coefficients[1:] if rank == design.shape[1] else np.full(len(columns), np.nan)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson correlation; nan if one of the two does not vary.

    >>> correlation(np.array([0.0, 1.0, 2.0]), np.array([0.0, 2.0, 4.0]))
    1.0
    """
    if len(one) < 2 or np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


class ContactEffects(NamedTuple):
    """Of having had such contacts, against having had none, in points of the answer; nan where nobody had such contacts."""

    positive: float
    neutral: float
    negative: float


def contact_effects(before: np.ndarray, after: np.ndarray, good: np.ndarray, neutral: np.ndarray, bad: np.ndarray) -> ContactEffects:
    """Panel effects of contact, by how it was felt.

    before, after       answers of the same persons in two waves
    good, neutral, bad  had the person any contact felt so, between the waves? Negative is any bad one, positive are good ones and none
                        that was bad, neutral are neutral ones alone, as in the study (oliveira2021), which held trust in the first wave
                        fixed
    """
    contacts = np.stack([good & ~bad, neutral & ~good & ~bad, bad])
    met, effects = contacts.any(axis=1), np.full(len(contacts), np.nan)
    effects[met] = least_squares(after, before, *contacts[met])[1:]
    return ContactEffects(*effects.tolist())
