"""How the runs of a shard are cut into the pieces that workers take."""

PIECE = 16  # runs that a worker takes at most at one time


def sizes(runs: int, reserve: int, crew: int, together: int = 1) -> list[int]:
    """The sizes of a shard's pieces, for so many workers: of the reserve one for each, then large ones, small ones at the end.

    together   runs of which no piece shall hold a part only (see `Plan.together`)

    >>> sizes(240, 16, 2)
    [8, 8, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 8, 4, 2, 1, 1]
    >>> sizes(9, 1, 2)
    [1, 4, 2, 1, 1]
    >>> sizes(41, 2, 2, 5)
    [5, 15, 10, 5, 5, 1]
    """
    pieces: list[int] = []
    while left := runs - sum(pieces):
        size = min(PIECE, left // crew, reserve // crew if sum(pieces) < reserve else left)
        pieces.append(min(left, max(1, size // together) * together))
    return pieces
