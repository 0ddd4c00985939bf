"""How the command line shows what runs say: the mean, the range over runs, how many have its sign, and how exactly it is known."""

from sim.cli.show import amount, decimals
from sim.errors import number
from sim.measures.spread import Spread


def mean(found: Spread, *, sign: bool = False) -> str:
    """The mean, in as many digits as it is known: "-0.0143"; "-" if there is none."""
    return amount(found.mean, found.precision, sign=sign).partition(" ")[0]


def reach(found: Spread, *, sign: bool = False) -> str:
    """The range over runs: "-0.048 to +0.020"; "-" if there is none, or all are the same."""
    if not found.low < found.high:
        return "-"
    places = decimals(max(abs(found.low), abs(found.high)), (found.high - found.low) / 2)
    low, high = (f"{end:{'+' if sign else ''}z,.{places}f}" for end in (found.low, found.high))
    return f"{low} to {high}"


def signs(found: Spread) -> str:
    """In how many runs the sign is that of the mean: "78 of 100", "7 of 8"; "-" if it has none."""
    count, of = found.counted
    return f"{count} of {number(of)}" if found.share == found.share else "-"


def precision(found: Spread) -> str:
    """How exactly the mean is known: "0.0063"; "-" if nobody knows."""
    return amount(found.mean, found.precision).partition(" ± ")[2] or "-"
