"""Community policing: permanent beats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sim.world.reforms.common import Bill, Scene, bounds_before, in_force, lever, nothing, start_lever, until_lever
from sim.world.rng import Draw
from sim.world.state import Count

WEEKS_A_YEAR = 52


@dataclass(frozen=True, kw_only=True)
class CommunityPolicing:
    """Permanent beats: part of the force keeps to its beat and makes contacts that are no enforcement."""

    start: int = start_lever()
    share: float = lever(0.25, 0, 1, "share", "Share of officers on community duty.")
    until: int | None = until_lever()
    contacts: float = lever(5.0, 0, 14, "contacts a week", "Contacts of an officer on community duty, if fully resourced.")
    resourcing: float = lever(1.0, 0, 1, "share", "Share of the contacts that resources allow.", decided=True)

    dose: ClassVar[str] = "share"
    reads: ClassVar[tuple[str, ...]] = ("officers.community",)
    writes: ClassVar[tuple[str, ...]] = ("officers.community",)
    text: ClassVar[str] = "Put part of the force on permanent beats, to meet people without enforcement."

    due = bounds_before
    in_force = in_force

    def settings(self, week: int) -> dict[str, float]:
        """How many contacts officers on community duty make."""
        return {"community.contacts_rate": self.contacts * self.resourcing} if self.in_force(week) else {}

    def reaches_all(self, unit: str, sites: Sequence[Any]) -> tuple[str, str] | None:
        """See `sim.world.reforms`."""
        if any(site.community.share > 0 for site in sites):
            return "the scenario's own community officers would get its number of contacts too", "Set community.share to 0 in the scenario."
        return None

    def act(self, scene: Scene) -> Bill:
        """Assign officers to community duty, or back to what they did before."""
        luck, share = self._luck(scene), self.share if self.in_force(scene.week) else 0.0
        scene.city.officers.community[:] = (luck < scene.p.community.share) | scene.allowed(luck < share)
        return Bill(0.0, 0.0)

    def running(self, scene: Scene) -> np.ndarray:
        """Part of the time of each officer on duty beyond the baseline's, and their equipment; vacancies are shared by both."""
        posts, p = scene.city.officers.community == 1, scene.p
        if not self.in_force(scene.week) or not posts.any():
            return nothing(scene)
        added = (posts & (self._luck(scene) >= p.community.share)).sum() / posts.sum()
        officers = scene.counts[:, Count.COMMUNITY_OFFICERS] * added
        time = officers * p.cost.community_time
        return np.stack([time, time * p.cost.officer_week + officers * p.cost.community_equipment / WEEKS_A_YEAR], axis=1)

    def _luck(self, scene: Scene) -> np.ndarray:
        """Who is chosen first for community duty: 0-1, one a post."""
        rows = np.arange(len(scene.city.officers.community))
        return scene.uniforms(Draw.COMMUNITY_DUTY, rows, np.zeros_like(rows))
