"""How the runs of a shard are cut into the pieces that workers take."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from sim.engine.plans import RunSpec

PIECE = 16  # runs that a worker takes at most at one time


def pieces(specs: Sequence[RunSpec], reserve: int, crew: int, together: bool) -> list[int]:
    """Where the pieces of a shard end (see `sizes`); with `together`, none within the arms of a replicate."""
    ends = list(accumulate(sizes(len(specs), reserve, crew)))
    return _replicates_whole(specs, ends) if together else ends


def sizes(runs: int, reserve: int, crew: int) -> list[int]:
    """The sizes of a shard's pieces, for so many workers: of the reserve one for each, then large ones, small ones at the end.

    >>> sizes(240, 16, 2)
    [8, 8, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 8, 4, 2, 1, 1]
    >>> sizes(9, 1, 2)
    [1, 4, 2, 1, 1]
    """
    pieces: list[int] = []
    while left := runs - sum(pieces):
        pieces.append(max(1, min(PIECE, left // crew, reserve // crew if sum(pieces) < reserve else left)))
    return pieces


def _replicates_whole(specs: Sequence[RunSpec], ends: Sequence[int]) -> list[int]:
    """The same ends of pieces, moved on so that no piece ends within the arms of one replicate."""
    whole = [place for place in range(1, len(specs)) if specs[place].replicate != specs[place - 1].replicate] + [len(specs)]
    return sorted({whole[bisect_left(whole, end)] for end in ends})
