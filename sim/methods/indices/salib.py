"""What SALib needs around it: a seed it does not ignore, and walls for what it changes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


def salib_seed(seed: int) -> int:
    """A seed that SALib does not ignore: it takes 0 for none.

    >>> salib_seed(0), salib_seed(7)
    (1, 8)
    """
    return 1 + seed % (2**32 - 2)


@contextmanager
def contained() -> Iterator[None]:
    """Keep what SALib does to NumPy's global generator and to warnings from going further."""
    state, shown = np.random.get_state(), warnings.formatwarning
    try:
        with warnings.catch_warnings(record=True):  # caught, for delta sets a filter of its own
            warnings.simplefilter("always")
            yield
    finally:
        np.random.set_state(state)
        warnings.formatwarning = shown
