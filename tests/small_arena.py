"""A small city with two arms, for tests of the live page's engine."""

from sim.dashboard.arena import Arena
from sim.inputs.scenario import CitySize, Scenario
from sim.world.reforms import CommunityPolicing, Training

CITY = Scenario(
    name="small", city=CitySize(adults=1200, officers_per_1000_inhabitants=10.0), weeks=40, spin_up_weeks=6, seed=11,
    parameters={"encounter.complaint_probability": 0.2, "community.share": 0.1},
)  # fmt: skip
ARMS = {
    "course": [Training(start=0, coverage=0.8, every=8, messages_every=3)],
    "beats": [CommunityPolicing(start=4, share=0.5)],
}


def stepped(arena: Arena, weeks: int) -> Arena:
    for _ in range(weeks):
        arena.step()
    return arena
