"""Large arrays a part at a time, so that memory need not hold them: the places of the parts, and what is large."""

from collections.abc import Iterator
from math import prod
from typing import Any

LITTLE = 256_000_000  # bytes of a dataset that is held whole
PART = 16_000_000  # bytes of a part


def places(shape: tuple[int, ...], size: int, part: int | None = None) -> Iterator[tuple[Any, ...]]:
    """The indices of parts of at most `part` bytes, 16 MB if not said (or one value), in the order in which an array's bytes are.

    size  bytes of a value

    >>> list(places((2, 3), 8, 16))
    [(0, slice(0, 2, None)), (0, slice(2, 4, None)), (1, slice(0, 2, None)), (1, slice(2, 4, None))]
    """
    part = part or PART
    if not shape or prod(shape) * size <= part:
        yield ()
        return
    row = prod(shape[1:]) * size
    if row > part:
        yield from ((number, *rest) for number in range(shape[0]) for rest in places(shape[1:], size, part))
    else:
        yield from ((slice(start, start + part // row),) for start in range(0, shape[0], part // row))
