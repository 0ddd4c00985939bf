"""Options weighed on several measures without weights: which of them no other option beats in everything."""

import numpy as np

SAME = 1e-9  # of a measure's largest value: differences below are rounding


def dominates(values: np.ndarray) -> np.ndarray:
    """... x K x K: is option l (last axis) at least as good as option k in every measure, and better in one?

    values  ... x K x m: the larger the better

    >>> dominates(np.array([[1.0, 2.0], [1.0, 3.0]])).tolist()
    [[False, True], [False, False]]
    """
    scale = np.abs(values).max(axis=tuple(range(values.ndim - 1)), initial=0.0)
    apart = values[..., None, :, :] - values[..., :, None, :]
    near = SAME * scale
    return (apart >= -near).all(axis=-1) & (apart > near).any(axis=-1)


def on_front(values: np.ndarray) -> np.ndarray:
    """... x K: options that no other dominates."""
    return np.logical_not(dominates(values).any(axis=-1))
