"""An example of every reform that is strong enough to be seen."""

from sim.world.reforms import (
    CivicJustice,
    CommunityPolicing,
    Purge,
    Training,
)

STRONG = {
    "purge": Purge(start=4, follow_through=0.8, flag_by="both", months=6, turn_to_crime=0.5, signal=0.05, unfit_above=0.3),
    "training": Training(start=4, coverage=0.8, whom="both", every=20, messages_every=8),
    "community_policing": CommunityPolicing(start=4, share=0.6, until=40),
    "civic_justice": CivicJustice(start=4, share=0.8),
}
