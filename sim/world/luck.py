"""Keyed draws for many rows at once, for those who act between compiled stretches: reforms."""

import numpy as np

from sim.world.compiled import entry
from sim.world.rng import Draw, draw, draw_normal


@entry
def fill_draws(out, seed, decision, rows, indices):
    """One uniform number a row, with tick 0."""
    for n in range(len(rows)):
        out[n] = draw(seed, decision, 0, rows[n], indices[n])


@entry
def fill_normals(out, seed, decision, rows, indices):
    """One standard normal number a row, with tick 0."""
    for n in range(len(rows)):
        out[n] = draw_normal(seed, decision, 0, rows[n], indices[n])


def _filled(fill, seed: int, decision: Draw, rows: np.ndarray, indices: np.ndarray) -> np.ndarray:
    out = np.empty(len(rows))
    fill(out, np.uint64(seed), int(decision), np.asarray(rows, np.int64), np.asarray(indices, np.int64))
    return out


def uniforms(seed: int, decision: Draw, rows: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The luck of some rows in a decision that is taken once for all (float64, as long as rows).

    It does not depend on the week, so who is chosen at a small dose is also chosen at a larger one.
    """
    return _filled(fill_draws, seed, decision, rows, indices)


def normals(seed: int, decision: Draw, rows: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The same as standard normal numbers."""
    return _filled(fill_normals, seed, decision, rows, indices)
