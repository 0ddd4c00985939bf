"""The city as a Mesa model: `model.step()` is a week; agents and grid are built when somebody looks."""

from pathlib import Path
from typing import Any

import mesa
import numpy as np
from mesa.discrete_space import Cell, OrthogonalMooreGrid

from sim.agents import Citizen, Offender, Officer, Row
from sim.html import card
from sim.rules.trust import overall_trust
from sim.scenario import Scenario, load_scenario
from sim.world.anatomy import phases
from sim.world.simulation import Simulation
from sim.world.state import ROW

KINDS: tuple[type[Row], ...] = (Citizen, Officer, Offender)
# Who does what when agents drive the week; sums and talk, which depend on the order of rows, are the model's own.
VERBS: dict[str, type[Row]] = {
    "staff": Officer, "patrol": Officer, "offend": Offender, "report": Citizen, "stop": Officer, "contact": Officer,
    "settle": Citizen, "learn": Offender, "bond": Officer, "forget": Officer,
}  # fmt: skip


class Model(mesa.Model):
    """A city, from a scenario and a seed, at week 0 (the spin-up is done).

    scenario  a Scenario, the path of a scenario file, or the name of a shipped one
    rng       the seed, 0 to 2**63 - 1; None: the scenario's own. The same seed gives the same columns bit for bit.

    `city` holds the columns (`model.city.citizens.fairness`), `record` the weekly series, `surveys` the surveys. Mesa's
    `random` and `rng` are there for your own code; the city's luck never uses them.
    """

    def __init__(self, scenario: Scenario | str | Path = "national-average", *, rng: int | None = None):
        chosen = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        seed = chosen.seed if rng is None else rng
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 1 << 63:
            raise ValueError(f"rng must be a whole number from 0 to 2**63 - 1, not {rng!r}")
        self._built = False
        super().__init__(rng=int(seed))
        self.simulation = Simulation(chosen, int(seed))

    @property
    def scenario(self) -> None:
        """None: what the city was built from is `model.simulation.scenario`. Mesa 3.5 keeps a scenario of its own kind here, from which
        its SolaraViz would build another model on a reset; without one it takes `model_params`.
        """

    @scenario.setter
    def scenario(self, value: Any) -> None:
        """What Mesa 3.5 sets here is not kept."""

    @property
    def city(self):
        """The columns (sim.world.state.City)."""
        return self.simulation.city

    @property
    def parameters(self):
        """The parameters in force (`model.parameters.trust.contact_gain`)."""
        return self.simulation.parameters

    @property
    def record(self):
        """What was observed, a row a tick from the start of the spin-up (sim.world.state.Record)."""
        return self.simulation.record

    @property
    def surveys(self):
        """The half-yearly surveys so far (sim.world.survey.Survey)."""
        return self.simulation.surveys

    @property
    def week(self) -> int:
        """The next week to run, counted from the end of the spin-up."""
        return self.simulation.week

    @property
    def mean_trust(self) -> float:
        """Mean trust of all adults now, 0-1."""
        citizens = self.city.citizens
        return float(overall_trust(citizens.fairness.mean(), citizens.effectiveness.mean(), self.parameters.trust.effectiveness_weight))

    def step(self) -> None:
        """One week."""
        self.simulation.advance(1)
        self.follow()

    def run(self, weeks: int) -> "Model":
        """So many weeks, each a step of Mesa's clock."""
        for _ in range(weeks):
            self.step()
        return self

    def step_by_agents(self) -> None:
        """One week driven through `agents.do(...)` phase by phase; the columns come out the same, bit for bit."""
        self.simulation.begin_week()
        for phase in phases():
            if phase in VERBS:
                self.agents_by_type[VERBS[phase]].do(phase)
            else:
                self.simulation.perform(phase)
        self.simulation.end_week()

    def crimes_against(self, citizen: int) -> np.ndarray:
        """Rows of this week's crimes against a citizen."""
        return np.flatnonzero(self.city.crimes.victim == citizen).astype(ROW)

    # Agents and grid, built when somebody looks.

    @property
    def agents(self):
        """All agents: citizens, officers, offenders."""
        self._look()
        return super().agents

    @property
    def agents_by_type(self):
        """Agents by class, such as `model.agents_by_type[sim.Citizen]`."""
        self._look()
        return super().agents_by_type

    @property
    def agent_types(self):
        """The classes of agents."""
        return list(self.agents_by_type)

    @property
    def grid(self) -> OrthogonalMooreGrid:
        """The grid of cells; `cell.agents` are who is there."""
        self._look()
        return self._grid

    @property
    def space(self) -> OrthogonalMooreGrid:
        """The grid, under the other name Mesa's tools look for."""
        return self.grid

    def cell_of(self, cell: int) -> Cell:
        """The grid cell with this row number in the table of cells."""
        width = self.city.grid.width
        return self._grid[(int(cell) % width, int(cell) // width)]

    def follow(self) -> None:
        """Put those who move where the columns say, if agents were built."""
        if self._built:
            for kind in (Officer, Offender):
                for agent in self.agents_by_type[kind]:
                    agent.follow()

    def _look(self) -> None:
        if self._built:
            return
        self._built = True
        self._grid = OrthogonalMooreGrid(tuple(self.city.grid), torus=True, random=self.random)
        for kind in KINDS:
            for row in range(len(getattr(self.city.rows, kind.table))):
                kind(self, row)

    def _repr_html_(self) -> str:
        city = self.city
        people = f"{len(city.citizens.home):,} adults, {city.officers.active.sum():,} officers, {self._offenders():,} offenders"
        facts = (
            ("Week", f"{self.week:,} of {self.simulation.scenario.weeks:,}"),
            ("People", f"{people} on {city.grid.width} x {city.grid.height} cells"),
            ("Mean trust", f"{self.mean_trust:.3f} (0-1)"),
            ("Seed", self.simulation.seed),
        )
        return card(f"Model of {self.simulation.scenario.name}", facts)

    def _offenders(self) -> int:
        return int((self.city.offenders.propensity > 0.0).sum())
