"""Civic justice: local hearings of minor offenses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sim.world.compiled import entry, piece
from sim.world.reforms.common import CompiledReform, Parts, bounds, lasts, lever, numbers_of, start_lever, until_lever
from sim.world.state import Count


@dataclass(frozen=True, kw_only=True)
class CivicJustice(CompiledReform):
    """Minor offenses of known offenders are heard locally; some of the youths found responsible are diverted instead of jailed."""

    start: int = start_lever()
    share: float = lever(0.5, 0, 1, "share", "Share of reported minor crimes with a known offender that are heard locally.")
    until: int | None = until_lever()
    fairness: float = lever(0.7, 0, 1, "probability", "Probability that a hearing is felt to be fair.")
    resolution: float = lever(0.5, 0, 1, "probability", "Probability that a hearing ends well for the victim.")
    diversion: float = lever(0.3, 0, 1, "share", "Share of youths found responsible who are diverted instead of jailed.")
    reoffending: float = lever(0.8, 0, 2, "ratio", "Propensity to offend just after diversion relative to before; it fades.")
    youth_age: float = lever(25.0, 12, 100, "years", "Age below which somebody may be diverted; 100: anybody.")

    dose: ClassVar[str] = "share"
    reads: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ()
    text: ClassVar[str] = "Hear minor offenses locally, and divert some of the offenders."

    sets: ClassVar[tuple[str, ...]] = (
        "justice.hearing_share", "justice.hearing_fairness", "justice.resolution", "justice.diversion_share", "justice.reoffending",
        "justice.youth_age",
    )  # fmt: skip

    def reaches_all(self, unit: str, sites: Sequence[Any]) -> tuple[str, str] | None:
        """See `sim.world.reforms`."""
        return "judges hear the cases of the whole city", "Randomize other reforms, or compare cities with confianza compare."


CivicJusticeLevers = numbers_of(CivicJustice)


@piece
def hearings_change(r, week):
    """Do hearings begin or end with this week?"""
    return bounds(r.share, r.start, r.until, week)


@entry
def set_civic_justice(out, r, week):
    """How hearings go."""
    if lasts(r.share, r.start, r.until, week):
        out[0], out[1], out[2] = r.share, r.fairness, r.resolution
        out[3], out[4], out[5] = r.diversion, r.reoffending, r.youth_age


@entry
def run_civic_justice(r, city, p, now, counts, spent):
    """Hearings and diversions, as they happened."""
    if lasts(r.share, r.start, r.until, now.week):
        for n in range(len(counts)):
            spent[n, 1] += counts[n, Count.HEARINGS] * p.cost.hearing + counts[n, Count.DIVERTED] * p.cost.diversion


CivicJustice.parts = Parts(CivicJusticeLevers, hearings_change, set=set_civic_justice, run=run_civic_justice)
