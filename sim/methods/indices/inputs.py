"""What is wrong with the points themselves: factors that go together, and runs that fail in one corner of the space."""

import numpy as np

from sim.style import Note, note

TOGETHER = 0.3  # correlation of two factors, above that of chance, at which something is said
CHANCE = 5.0  # standard errors that nothing reaches by chance
FEW = 5  # failed points from which it is said where they are


def remarks(unit: np.ndarray, names: list[str], kept: np.ndarray) -> list[Note]:
    """What a reader must know of points (n x d) of which some failed (kept: n, bool)."""
    return [*_together(unit[kept], names), *failing(unit, names, kept)]


def twins(unit: np.ndarray, names: list[str]) -> list[Note]:
    """The first two factors that have the same values at all points (n x d), if any have."""
    known: dict[bytes, str] = {}
    for name, column in zip(names, unit.T, strict=True):
        if (other := known.setdefault(np.ascontiguousarray(column).tobytes(), name)) != name:
            return [note("same_values", one=other, other=name)]
    return []


def together(unit: np.ndarray) -> np.ndarray:
    """d x d, above the diagonal: how much each two factors go together over the points; 0 where chance may make it so."""
    alike: np.ndarray = np.zeros((unit.shape[1],) * 2)
    moving = np.flatnonzero(unit.std(axis=0) > 0)
    if len(moving) > 1 and len(unit) > 2:
        alike[np.ix_(moving, moving)] = np.abs(np.triu(np.corrcoef(unit[:, moving], rowvar=False), 1))
    return np.where(alike > max(TOGETHER, CHANCE / np.sqrt(len(unit))), alike, 0.0)


def _together(unit: np.ndarray, names: list[str]) -> list[Note]:
    """The two factors that go together most, if any do: indices are for factors that are independent."""
    alike = together(unit)
    if not alike.any():
        return []
    one, other = (names[place] for place in np.unravel_index(int(alike.argmax()), alike.shape))
    if alike.max() > 1 - 1e-9:
        return [note("same_values", one=one, other=other)]
    return [note("go_together", pairs=int((alike > 0).sum()), one=one, other=other, share=alike.max())]


def failing(unit: np.ndarray, names: list[str], kept: np.ndarray) -> list[Note]:
    """Where failed points are, if they are not anywhere: the factor that sets them apart most."""
    failed = unit[~kept]
    if len(failed) < FEW or kept.sum() < FEW:
        return []
    spread = np.sqrt(unit.var(axis=0) * (1 / len(failed) + 1 / kept.sum()))
    apart = np.divide(failed.mean(axis=0) - unit[kept].mean(axis=0), spread, out=np.zeros(unit.shape[1]), where=spread > 0)
    most = int(np.abs(apart).argmax())
    if abs(apart[most]) < CHANCE:
        return []
    low, high = np.quantile(failed[:, most], [0.05, 0.95])
    return [note("fails_high" if apart[most] > 0 else "fails_low", factor=names[most], low=low, high=high)]
