"""Measures that a study may ask for beside those of `sim.measures`: they take a panel of persons or an experiment of their own."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from sim.instruments.panels import BETWEEN_WAVES, Panel
from sim.instruments.peers import peers
from sim.scenario import Scenario


class Beyond(NamedTuple):
    """A measure of the end of a run that its weekly records do not hold."""

    unit: str
    description: str
    pattern: str  # that it measures


POINTS = "trust points 0-1"
PANEL: dict[str, Beyond] = {
    "trust_autocorrelation": Beyond("correlation", "Answers on fairness 104 weeks apart, same persons.", "P14"),
    "contact_effect_positive": Beyond(POINTS, "Panel effect of a positive contact on trust in fairness.", "P15"),
    "contact_effect_negative": Beyond(POINTS, "Panel effect of a negative contact on trust in fairness.", "P16"),
    "contact_effect_positive_effectiveness": Beyond(POINTS, "Panel effect of a positive contact on trust in effectiveness.", "P34"),
    "contact_effect_negative_effectiveness": Beyond(POINTS, "Panel effect of a negative contact on trust in effectiveness.", "P33"),
    "victimization_effect": Beyond(POINTS, "Own victimization in the last 52 weeks and trust, a cross-section.", "P17"),
}
PEERS = "peer_elasticity"
BEYOND = {**PANEL, PEERS: Beyond("elasticity", "What raising the misconduct of an officer's peers does to the officer's own.", "P19")}
LEAST_WEEKS = BETWEEN_WAVES  # of a run with a panel


class Observer:
    """What is to be watched in one run, and what it and experiments beside it say in the end."""

    def __init__(self, names: Collection[str]):
        self.names = [name for name in names if name in BEYOND]
        self.panel = Panel() if any(name in PANEL for name in self.names) else None

    @property
    def watch(self) -> Callable[[Any], object] | None:
        """For `sim.harvest.lived`."""
        return self.panel

    def measures(self, scenario: Scenario, seed: int) -> dict[str, float]:
        """The measures by name, once the run is over; what an experiment needs beside it is run now."""
        found = self.panel.measures() if self.panel else {}
        if PEERS in self.names:
            found |= peers(scenario, seed)
        return {name: found[name] for name in self.names}
