"""How measures that the record of a run does not hold are taken: by a panel that watches the run, or an experiment after it."""

from collections.abc import Callable, Collection
from typing import Any

from sim.inputs.scenario import Scenario
from sim.instruments.panels import Panel
from sim.instruments.peers import peers
from sim.measures import EXPERIMENT, MEASURES, PANEL

EXPERIMENTS: dict[str, Callable[[Scenario, int, int | None], dict[str, float]]] = {"peer_elasticity": peers}


class Observer:
    """What is to be watched in one run, and what it and experiments beside it say in the end."""

    def __init__(self, names: Collection[str]):
        self.asked, self.tried = ([name for name in names if MEASURES[name].kind == kind] for kind in (PANEL, EXPERIMENT))
        self.panel = Panel() if self.asked else None

    @property
    def watch(self) -> "Observer | None":
        """For `sim.measures.harvest.Life`, which takes a copy along where a life forks; None if nothing is watched."""
        return self if self.panel else None

    def __call__(self, run: Any) -> None:
        if self.panel:
            self.panel(run)

    def measures(self, scenario: Scenario, seed: int, people: int | None = None) -> dict[str, float]:
        """The measures by name, once the run is over; what an experiment needs beside it is run now."""
        found = self.panel.measures() if self.panel else {}
        return {name: found[name] for name in self.asked} | {name: EXPERIMENTS[name](scenario, seed, people)[name] for name in self.tried}
