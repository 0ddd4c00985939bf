"""Numerical methods for runs that luck moves: arrays and tables in, tables out; they know no city and no file."""

UNVALIDATED = "on the design's own points, not validated"  # how a Q2 was found without validation points


def how_judged(points: int) -> str:
    """How a Q2 was found, said wherever one is shown or written.

    points  validation points, at which it was; 0: there are none, or too few
    """
    return f"validated on {points} points" if points else UNVALIDATED
