"""How the command line shows what runs say: the middle, the range over cities, how many have its sign, and how exactly it is known."""

from sim.cli.show import amount, decimals
from sim.errors import number
from sim.measures.spread import Spread


def middle(own: Spread, *, sign: bool = False) -> str:
    """The middle, in as many digits as it is known and as make a difference between cities: "-0.0143"; "-" if there is none."""
    return amount(own.middle, own.roughness, sign=sign).partition(" ")[0]


def reach(own: Spread, *, sign: bool = False) -> str:
    """The range over cities: "-0.048 to +0.020"; "-" if there is none, or all are the same."""
    if not own.low < own.high:
        return "-"
    places = decimals(max(abs(own.low), abs(own.high)), (own.high - own.low) / 2)
    low, high = (f"{end:{'+' if sign else ''}z,.{places}f}" for end in (own.low, own.high))
    return f"{low} to {high}"


def signs(own: Spread) -> str:
    """In how many of 100 cities the sign is that of the middle, and between which numbers that may lie: "78 (62 to 89)"; of fewer than 20
    just in how many: "7 of 8"; "0 in 88 (70 to 96)" where the middle is no difference; "-" if nothing differs anywhere.
    """
    if own.share != own.share:
        return "-"
    count, of = own.counted
    many = "{} ({} to {})".format(count, *own.count_ends) if own.ranged else f"{count} of {number(of)}"
    return many if own.middle else f"0 in {many}"


def precision(own: Spread) -> str:
    """How exactly the middle is known: "0.0063"; "-" if nobody knows, or if all are the same."""
    if not own.precision > 0:
        return "-"
    places = decimals(own.precision, own.roughness)
    return f"{own.precision:,.{places}f}" if own.precision >= 0.5 * 10**-places else f"<{10**-places:g}"


def levels(start: float, end: float, effect: Spread) -> str:
    """From what to what: "from 0.412 to 0.398", or "stays 0.412"; nothing if that is not known."""
    if end != end:
        return ""
    places = decimals(start, abs(effect.middle) or effect.roughness or start / 100)
    return f"from {start:,.{places}f} to {end:,.{places}f}" if effect.middle else f"stays {start:,.{places}f}"
