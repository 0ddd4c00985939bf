"""Lines of the benchmark's table, and how time is taken."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

from sim.inputs.scenario import Scenario, load_scenario
from sim.world.schedule import advance
from sim.world.simulation import Simulation
from sim.world.state import clock

LONGEST = 5_200  # weeks for which there is room in a city's record: the most a scenario can have


@dataclass
class Row:
    """A line of the table: what was measured how often, and the goal for its median."""

    name: str
    unit: str
    values: list[float]
    at_least: float | None = None
    at_most: float | None = None
    aim: float | None = None

    @property
    def verdict(self) -> str:
        """`aim` if even the aim is met, `pass` or `fail` against the goal, empty without one."""
        middle = median(self.values)
        if self.at_least is not None:
            return "fail" if middle < self.at_least else "aim" if self.aim and middle >= self.aim else "pass"
        if self.at_most is not None:
            return "fail" if middle > self.at_most else "aim" if self.aim and middle <= self.aim else "pass"
        return ""

    @property
    def goal(self) -> str:
        """The goal in words."""
        words = f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}" if self.at_most is not None else ""
        return f"{words} (aim {self.aim:g})" if self.aim else words

    def record(self) -> dict:
        """What the JSON file says of this row."""
        spread = {"min": min(self.values), "median": median(self.values), "max": max(self.values)}
        return {**asdict(self), **spread, "goal": self.goal, "verdict": self.verdict}


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds that a call takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def scenario_of(adults: int) -> Scenario:
    """The national average in a city of so many adults."""
    return load_scenario("national-average").with_(adults=adults)


def city_of(adults: int) -> Simulation:
    """The same with room for many weeks, two of which are over; `live` goes on."""
    simulation = Simulation(scenario_of(adults).with_(weeks=LONGEST), 1, spin_up=False)
    simulation.advance(2)
    return simulation


def live(simulation: Simulation, weeks: int) -> None:
    """So many weeks in compiled code and nothing else: nobody is asked in them, and no reform is due."""
    assert simulation.tick + weeks <= LONGEST  # compiled code does not look where it writes
    advance(weeks, simulation.state, simulation.parameters, clock(simulation.seed, simulation.tick))
    simulation.tick += weeks


def table(rows: list[Row]) -> str:
    """The rows as aligned text."""
    lines = [("", "min", "median", "max", "unit", "goal", "")]
    for row in rows:
        spread = (min(row.values), median(row.values), max(row.values))
        numbers = (f"{number:.3g}" if number < 1000 else f"{number:,.0f}" for number in spread)
        lines.append((row.name, *numbers, row.unit, row.goal, row.verdict))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    layout = "  ".join(f"{{:{side}{width}}}" for side, width in zip("<>>><<<", widths, strict=True))
    return "\n".join(layout.format(*line).rstrip() for line in lines)
