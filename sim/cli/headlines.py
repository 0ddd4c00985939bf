"""What was found, in a sentence before each table: how much, between which values, of what."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from sim.artifacts.results import Results
from sim.cli.manner import MANNER
from sim.cli.show import console, decimals, spoken, told
from sim.measures.spread import Spread, read_off
from sim.style import MINUS, Note, language, note

TRUST = "mean_trust"


def headline(said: Note) -> None:
    """Print a finding; it is what --quiet leaves."""
    console().print(f"\n{told(said)[0]}".replace(MINUS, "-"), finding=True)


def rounded(value: float, uncertainty: float = float("nan")) -> float | int:
    """A number with as many digits as are known of it."""
    places = decimals(value, uncertainty)
    return round(value) if places == 0 else round(value, places) + 0.0


def about(own: Spread) -> Note | str:
    """The range of nine of ten; with too few for one, in how many the sign is the same; nothing of a single one."""
    if own.ranged and own.low < own.high:
        low, high = (rounded(end, (own.high - own.low) / 2) for end in (own.low, own.high))
        return note("about_range", low=low, high=high)
    if own.many > 1 and own.middle and own.share == own.share:
        count, of = own.counted
        return note("about_count", count=count, of=of)
    return ""


def part(name: str, own: Spread) -> Note:
    """What an arm does, with how sure that is."""
    if own.middle != own.middle:
        return note("part_unknown", arm=name)
    return (
        note("part", arm=name, change=rounded(own.middle, own.roughness), about=about(own)) if own.middle else note("part_same", arm=name)
    )


def of_run(results: Results) -> Note:
    """What became of trust."""
    found, week = results.spreads(TRUST), int(results.arrays.variables["week"].values[-1])
    first, last, change = (found[span] for span in ("first_year", "last_year", "change"))
    if not np.isfinite(change.middle):
        return note("headline_level", measure=TRUST, last=round(last.middle, 3), week=week)
    values = {"first": round(first.middle, 3), "last": round(last.middle, 3), "change": rounded(change.middle, change.roughness)}
    return note("headline_run", measure=TRUST, **values, about=about(change))


def of_effects(effects: Mapping[str, Spread], measure: str, vs: str, week: int) -> Note:
    """What arms do to a measure."""
    return note("headline_effects", measure=measure, vs=vs, week=week, parts=[part(arm, own) for arm, own in effects.items()])


def of_costs(rows: Iterable[Mapping[str, Any]], vs: str, weeks: int) -> Note:
    """What arms cost in so many weeks."""
    unit = language(MANNER.lang).paid("money", weeks)
    return note("headline_costs", vs=vs, unit=unit, parts=[part(str(row["arm"]), read_off(row, "money", "money_")) for row in rows])


def of_trial(outcome: str, own: Mapping[str, Spread]) -> Note:
    """What is true, and what a trial finds."""
    total, estimate, bias = (rounded(own[name].middle, own[name].roughness) for name in ("total", "estimate", "bias"))
    return note("headline_trial", outcome=outcome, total=total, estimate=estimate, bias=bias, about=about(own["total"]))


def of_sweep(means: Mapping[str, np.ndarray], measure: str, week: int) -> Note:
    """What arms do to a measure on average over points, and at how many of these they raise it."""
    parts = [
        note("part_points", arm=arm, change=rounded(float(each.mean()), float(each.std())), share=round(100 * float((each > 0).mean())))
        for arm, each in means.items()
        if len(each)
    ]
    return note("headline_sweep", measure=measure, week=week, parts=parts)


def of_factors(output: str, factors: list[str]) -> Note:
    """What an output depends on most."""
    return note("headline_factors", output=spoken(output), factors=factors)
