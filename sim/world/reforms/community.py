"""Community policing: permanent beats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sim.world.compiled import entry, piece
from sim.world.reforms.common import CompiledReform, Parts, bounds, lasts, lever, numbers_of, start_lever, until_lever
from sim.world.rng import Draw, draw
from sim.world.state import Count

WEEKS_A_YEAR = 52


@dataclass(frozen=True, kw_only=True)
class CommunityPolicing(CompiledReform):
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

    sets: ClassVar[tuple[str, ...]] = ("community.contacts_rate",)

    def reaches_all(self, unit: str, sites: Sequence[Any]) -> tuple[str, str] | None:
        """See `sim.world.reforms`."""
        if any(site.community.share > 0 for site in sites):
            return "the scenario's own community officers would get its number of contacts too", "Set community.share to 0 in the scenario."
        return None


CommunityPolicingLevers = numbers_of(CommunityPolicing)


@piece
def duty_changes(r, week):
    """Are officers assigned in this week?"""
    return bounds(r.share, r.start, r.until, week)


@piece
def first_chosen(j, now):
    """Who is chosen first for community duty: 0-1."""
    return draw(now.people, Draw.COMMUNITY_DUTY, 0, j, 0)


@entry
def set_community_policing(out, r, week):
    """How many contacts officers on community duty make."""
    if lasts(r.share, r.start, r.until, week):
        out[0] = r.contacts * r.resourcing


@entry
def act_community_policing(r, city, p, now, eligible, bill):
    """Assign officers to community duty, or back to what they did before, if it is time."""
    if not duty_changes(r, now.week):
        return
    share = r.share if lasts(r.share, r.start, r.until, now.week) else 0.0
    for j in city.rows.officers:
        luck = first_chosen(j, now)
        city.officers.community[j] = int(luck < p.community.share or (luck < share and eligible[j]))


@entry
def run_community_policing(r, city, p, now, counts, spent):
    """Part of the time of each officer on duty beyond the baseline's, and their equipment; vacancies are shared by both."""
    posts, beyond = 0, 0
    for j in city.rows.officers:
        if city.officers.community[j] == 1:
            posts += 1
            beyond += int(first_chosen(j, now) >= p.community.share)
    if posts == 0 or not lasts(r.share, r.start, r.until, now.week):
        return
    for n in range(len(counts)):
        officers = counts[n, Count.COMMUNITY_OFFICERS] * (beyond / posts)
        time = officers * p.cost.community_time
        spent[n, 0] += time
        spent[n, 1] += time * p.cost.officer_week + officers * p.cost.community_equipment / WEEKS_A_YEAR


CommunityPolicing.parts = Parts(
    CommunityPolicingLevers, duty_changes, set_community_policing, act_community_policing, run_community_policing
)
