"""The city as a Mesa model: `model.step()` is a week; agents and grid are built when somebody looks."""

from copy import deepcopy
from pathlib import Path
from types import MappingProxyType
from typing import Any, Never
from weakref import WeakKeyDictionary

import mesa
import numpy as np

from sim.agents import Citizen, Offender, Officer
from sim.errors import InputError
from sim.grid import Place, Streets
from sim.inputs.scenario import Scenario, load_scenario
from sim.rows import People, Row
from sim.style.html import card
from sim.world.anatomy import phases
from sim.world.rules.trust import overall_trust
from sim.world.simulation import Simulation
from sim.world.state import ROW, rows_in

KINDS: tuple[type[Row], ...] = (Citizen, Officer, Offender)
# Who does what when agents drive the week; sums and talk, which depend on the order of rows, are the model's own.
VERBS: dict[str, type[Row]] = {
    "staff": Officer, "patrol": Officer, "offend": Offender, "report": Citizen, "stop": Officer, "contact": Officer,
    "learn": Offender, "bond": Officer, "forget": Officer,
}  # fmt: skip
LUCK = (
    "Other luck is another city: sim.Model(scenario, rng=7)\n"
    "For random numbers of your own: numpy.random.default_rng(7), or this model's `random` and `rng` as they are"
)
SCENARIO = "Write it into the scenario: sim.Model(scenario.with_(...)); to go on under another one: model.simulation.adopt(scenario)"
COLUMNS = "Write columns, as model.city.citizens.fairness[:] = 0.5, or attributes of agents; a new city is sim.Model(scenario)"
REMEDY = {"rng": LUCK, "random": LUCK, "seed": LUCK, "scenario": SCENARIO, "parameters": SCENARIO, "simulation": COLUMNS}


class Model(mesa.Model):  # type: ignore[misc]
    """A city, from a scenario and a seed, at week 0 (the spin-up is done).

    `city` holds the columns (`model.city.citizens.fairness`), `record` the weekly series, `surveys` the surveys. Mesa's
    `random` and `rng` are there for your own code; the city's luck never uses them.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario, the path of a scenario file, or the name of a shipped one.
    rng : int, optional
        The seed, 0 to 2**63 - 1; by default the scenario's own. The same seed gives the same columns bit for bit.
    people : int, optional
        The seed of who lives there and where; by default `rng`. With `people` held and another `rng`, the same people live through
        other weeks, the spin-up included.

    Raises
    ------
    InputError
        If the scenario cannot be used, or a seed is none.
    """

    def __init__(self, scenario: Scenario | str | Path = "national-average", *, rng: int | None = None, people: int | None = None):
        chosen = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        seed = chosen.seed if rng is None else rng
        for name, number in (("rng", seed), ("people", seed if people is None else people)):
            if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 0 <= number < 1 << 63:
                raise ValueError(f"{name} must be a whole number from 0 to 2**63 - 1, not {number!r}")
        self._built = self._building = False
        super().__init__(rng=int(seed))
        self.simulation = Simulation(chosen, int(seed), None if people is None else int(people))

    @property
    def scenario(self) -> None:
        """None: what the city was built from is `model.simulation.scenario`. Mesa 3.5 keeps a scenario of its own kind here, from which
        its SolaraViz would build another model on a reset; without one it takes `model_params`.
        """

    @scenario.setter
    def scenario(self, value: Any) -> None:
        """What Mesa 3.5 sets here is not kept."""

    def __setattr__(self, name: str, value: Any) -> None:
        shown = getattr(type(self), name, None)
        if "simulation" in vars(self) and (name in REMEDY or (isinstance(shown, property) and shown.fset is None)):
            message = f"'{name}' of a model cannot be set: it follows from the scenario, the seed and the columns."
            raise InputError(message, REMEDY.get(name, COLUMNS))
        super().__setattr__(name, value)

    def _no_reset(self, *args: Any, **options: Any) -> Never:
        """InputError: the city's luck is not Mesa's."""
        raise InputError("A city's luck cannot be reset: each draw is a function of the seed, of who decides and of the week.", LUCK)

    reset_rng = reset_randomizer = _no_reset

    def __copy__(self) -> "Model":
        return deepcopy(self)  # two models with the same columns would be one city

    @property
    def city(self) -> Any:
        """The columns (sim.world.state.City)."""
        return self.simulation.city

    @property
    def parameters(self) -> Any:
        """The parameters in force (`model.parameters.trust.contact_gain`)."""
        return self.simulation.parameters

    @property
    def record(self) -> Any:
        """What was observed, a row a tick from the start of the spin-up (sim.world.state.Record)."""
        return self.simulation.record

    @property
    def surveys(self) -> Any:
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

    def run_model(self) -> None:
        """On to the scenario's horizon, as long as `running` is true."""
        while self.running and self.week < self.simulation.scenario.weeks:
            self.step()

    def page(self, *names: str) -> Any:
        """Mesa's own page (SolaraViz) of this city, for a notebook: to step, play and begin anew, with a line for each attribute named.

        InputError if packages of the extra `viz` are missing.
        """
        try:
            from mesa.visualization import SolaraViz
        except ModuleNotFoundError as error:
            remedy = "Install them: pip install 'confianza[viz]'"
            raise InputError(f"Mesa's own page needs packages that are not installed ({error.name}).", remedy) from None
        again = {"scenario": self.simulation.scenario, "rng": self.simulation.seed, "people": self.simulation.people}
        lines = [_line_of(name) for name in names or ("mean_trust",)]
        return SolaraViz(self, components=lines, model_params=again, name=self.simulation.scenario.name)

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
    def agents(self) -> People:
        """All agents: citizens, officers, offenders, and those of your own classes. The set cannot be changed; what it selects can."""
        self._look()
        return self._people

    @property
    def agents_by_type(self) -> MappingProxyType[type, People]:
        """Agents by class, such as `model.agents_by_type[sim.Citizen]`."""
        self._look()
        return MappingProxyType(self._people_by_type)

    @property
    def agent_types(self) -> Any:
        """The classes of agents."""
        return list(self.agents_by_type)

    @property
    def grid(self) -> Streets:
        """The grid of cells; `cell.agents` are who is there."""
        self._look()
        return self._grid

    @property
    def space(self) -> Streets:
        """The grid, under the other name Mesa's tools look for."""
        return self.grid

    def cell_of(self, cell: int) -> Place:
        """The grid cell with this row number in the table of cells."""
        width = self.city.grid.width
        return self._grid[(int(cell) % width, int(cell) // width)]

    def place(self, x: int, y: int) -> Place | None:
        """The grid cell at x, y; None if the grid has none there."""
        width, height = self.city.grid
        return self._grid[(x, y)] if 0 <= x < width and 0 <= y < height else None

    def follow(self) -> None:
        """Put those who move where the columns say, if agents were built."""
        if self._built:
            for kind in (Officer, Offender):
                for agent in self.agents_by_type[kind]:
                    agent.follow()

    def register_agent(self, agent: Any) -> None:
        """Mesa calls it for each agent that is built. InputError for a row of the city's tables: they have their agents."""
        if isinstance(agent, Row) and not self._building:
            raise agent.no_more()
        self._look()
        super().register_agent(agent)
        if not self._building:
            self._gather()

    def deregister_agent(self, agent: Any) -> None:
        """Mesa calls it for each agent that is removed. InputError for a row of the city's tables."""
        if isinstance(agent, Row):
            agent.remove()
        super().deregister_agent(agent)
        self._gather()

    def remove_all_agents(self) -> Never:
        """InputError: a city keeps its people."""
        raise InputError("The agents of a city cannot be removed: they are rows of its columns, and rows stay.", SCENARIO)

    def _look(self) -> None:
        if self._built:
            return
        self._built = self._building = True
        self._grid = Streets(tuple(self.city.grid), torus=True, random=self.random, cell_klass=Place)
        for kind in KINDS:
            for row in range(rows_in(getattr(self.city, kind.table))):
                kind(self, row)
        self._building = False
        self._gather()

    def _gather(self) -> None:
        """Show Mesa's own sets as sets that cannot be changed."""
        self._people = People(super().agents, self.random)
        self._people_by_type = {kind: People(agents, self.random) for kind, agents in super().agents_by_type.items()}

    def _repr_html_(self) -> str:
        city = self.city
        people = f"{len(city.citizens.home):,} adults, {city.officers.active.sum():,} officers, {self._offenders():,} offenders"
        facts = (
            ("Week", f"{self.week:,} of {self.simulation.scenario.weeks:,}"),
            ("People", f"{people} on {city.grid.width} x {city.grid.height} cells"),
            ("Mean trust", f"{self.mean_trust:.3f} (0-1)"),
            ("Seed", self.simulation.seed),
            *([("Seed of people", self.simulation.people)] if self.simulation.people != self.simulation.seed else []),
        )
        return card(f"Model of {self.simulation.scenario.name}", facts)

    def _offenders(self) -> int:
        return int((self.city.offenders.propensity > 0.0).sum())


def _line_of(name: str) -> Any:
    """A part of Mesa's page: an attribute of a model in the weeks in which the page was drawn. Mesa's own wants a DataCollector."""
    import solara
    from matplotlib.figure import Figure
    from mesa.visualization.utils import update_counter

    seen: WeakKeyDictionary[Model, dict[int, float]] = WeakKeyDictionary()  # it goes with the model that a reset leaves behind

    def line(model: Model) -> None:
        update_counter.get()
        weeks = seen.setdefault(model, {})
        weeks[model.week] = float(getattr(model, name))
        figure = Figure(figsize=(6, 2.5))
        axes = figure.subplots()
        axes.plot(list(weeks), list(weeks.values()))
        axes.set(xlabel="week", ylabel=name)
        solara.FigureMatplotlib(figure)

    return solara.component(line)
