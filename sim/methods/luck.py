"""How much of the differences between draws of few runs is luck."""

import numpy as np


def share_of_luck(ratio: np.ndarray, between: np.ndarray | float, within: np.ndarray | float) -> np.ndarray:
    """Which share of the differences between draws is luck, expected over what is not known: a number from 0 to 1.

    ratio    of the variance between draws to that which luck alone would give
    between, within  degrees of freedom of either

    Were the share B, then B times the ratio would be distributed as F; of that distribution the part is taken in which B is 1 or less.
    """
    from scipy.special import betainc  # here, because it takes long to import

    a, b = np.maximum(between, 1e-9) / 2, within / 2
    place = a * ratio / (a * ratio + b)
    below = betainc(a, b, place)
    mean = b / (b - 1) * betainc(a + 1, b - 1, place)
    return np.where(below > 0, np.clip(mean / np.maximum(below, 1e-300) / ratio, 0.0, 1.0), 1.0)
