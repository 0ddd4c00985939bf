"""Civic justice: local hearings of minor offenses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sim.world.reforms.common import Bill, Scene, bounds_before, in_force, lever, nothing, start_lever, until_lever
from sim.world.state import Count


@dataclass(frozen=True, kw_only=True)
class CivicJustice:
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

    due = bounds_before
    in_force = in_force

    def settings(self, week: int) -> dict[str, float]:
        """How hearings go."""
        if not self.in_force(week):
            return {}
        return {
            "justice.hearing_share": self.share, "justice.hearing_fairness": self.fairness, "justice.resolution": self.resolution,
            "justice.diversion_share": self.diversion, "justice.reoffending": self.reoffending,
            "justice.youth_age": self.youth_age,
        }  # fmt: skip

    def reaches_all(self, unit: str, sites: Sequence[Any]) -> tuple[str, str] | None:
        """See `sim.world.reforms`."""
        return "judges hear the cases of the whole city", "Randomize other reforms, or compare cities with confianza compare."

    def act(self, scene: Scene) -> Bill:
        """Settings are all it takes."""
        return Bill(0.0, 0.0)

    def running(self, scene: Scene) -> np.ndarray:
        """Hearings and diversions, as they happened."""
        counts, cost = scene.counts, scene.p.cost
        if not self.in_force(scene.week):
            return nothing(scene)
        money = counts[:, Count.HEARINGS] * cost.hearing + counts[:, Count.DIVERTED] * cost.diversion
        return np.stack([np.zeros(len(counts)), money], axis=1)
