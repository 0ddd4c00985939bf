"""Numerical methods for runs that luck moves: arrays and tables in, tables out; they know no city and no file."""

UNVALIDATED = "on the design's own points, not validated"


def q2_is(validated: int) -> str:
    """How a Q2 was found, said wherever one is shown or written.

    validated   at how many points that are not of the design
    """
    return f"validated on {validated} points" if validated else UNVALIDATED
