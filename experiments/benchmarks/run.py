"""Benchmarks (`make bench`): the compiled model against plain Mesa and against copying memory, its memory, its start, and studies.

    python experiments/benchmarks/run.py [--quick] [--largest] [--check] [--out out/bench.json]

What is compared is timed in turns in one process, in CPU seconds, and given as minimum, median and maximum of ratios: other
programs on the machine then disturb both sides alike. Starting and the largest city run in fresh processes.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
from mesa_events import Events, LazyEvents
from mesa_every_agent import EveryAgent
from studies import over_the_kernel, runs_a_minute

from sim.inputs.scenario import load_scenario
from sim.world.compiled import fingerprint
from sim.world.reforms import CivicJustice, CommunityPolicing, Purge, Training, name_of
from sim.world.schedule import advance
from sim.world.simulation import Simulation
from sim.world.state import clock

SURVEY_WEEKS = 26
LARGEST = 10_000_000


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


def scenario_of(adults: int):
    """The national average in a city of so many adults."""
    return load_scenario("national-average").with_(adults=adults)


def steps(model, weeks: int) -> Callable[[], None]:
    """Work: so many steps of a Mesa model."""

    def work() -> None:
        for _ in range(weeks):
            model.step()

    return work


def against_mesa(repetitions: int, every_agent_weeks: int, adults: int = 20_000) -> list[Row]:
    """Citizen-weeks a second of the compiled model and of three plain Mesa models of the same city."""
    scenario = scenario_of(adults)
    size = scenario.city
    city = {
        "adults": adults,
        "officers_per_1000": size.officers_per_1000_inhabitants,
        "offenders_share": size.offenders_share,
        "adults_per_cell": size.adults_per_cell,
        "rng": 1,
    }
    compiled = Simulation(scenario, 1)
    peers = {
        "Mesa, events": (Events(scenario.values(), **city), SURVEY_WEEKS),
        "Mesa, events, lazy drift": (LazyEvents(scenario.values(), **city), SURVEY_WEEKS),
        "Mesa, every agent": (EveryAgent(scenario.values(), **city), every_agent_weeks),
    }
    rates: dict[str, list[float]] = {name: [] for name in ("compiled", "compiled, with surveys", *peers)}
    for model, _ in peers.values():
        model.step()
    weeks = scenario.weeks
    compiled.advance(weeks)
    start = clock(1, scenario.spin_up_weeks)
    for _ in range(repetitions):
        # The peers ask nobody, so the ratio is with the weeks alone; asking everybody twice a year is a row of its own.
        rates["compiled"].append(adults * weeks / cpu_seconds(lambda: advance(weeks, compiled.city, compiled.parameters, start)))
        rates["compiled, with surveys"].append(adults * weeks / cpu_seconds(lambda: compiled.advance(weeks)))
        for name, (model, fewer) in peers.items():
            rates[name].append(adults * fewer / cpu_seconds(steps(model, fewer)))
    goals = {"Mesa, events": (60, 150), "Mesa, events, lazy drift": (None, None), "Mesa, every agent": (500, None)}
    rows = [Row(f"{name}, {adults:,} adults", "million citizen-weeks/s", [rate / 1e6 for rate in values]) for name, values in rates.items()]
    for name, (goal, aim) in goals.items():
        ratios = [ours / theirs for ours, theirs in zip(rates["compiled"], rates[name], strict=True)]
        rows.append(Row(f"compiled / {name}", "times as fast", ratios, at_least=goal, aim=aim))
    return rows


def against_copying(repetitions: int, adults: int = 1_000_000) -> list[Row]:
    """A week of a large city, as a multiple of copying all its citizens' columns once."""
    simulation = Simulation(scenario_of(adults), 1, spin_up=False)
    simulation.advance(2)
    columns = simulation.city.citizens
    copies = [column.copy() for column in columns]

    def copy() -> None:
        for target, column in zip(copies, columns, strict=True):
            np.copyto(target, column)

    copy()
    weeks, copying = [], []
    for _ in range(repetitions):
        weeks.append(cpu_seconds(lambda: simulation.advance(1)))
        copying.append(cpu_seconds(copy))
    width = sum(column.itemsize for column in columns) + simulation.city.rows.citizens.itemsize
    ratios = [week / one for week, one in zip(weeks, copying, strict=True)]
    return [
        Row(f"a week of {adults:,} adults", "ms", [1e3 * week for week in weeks]),
        Row("a week / copying all citizens' columns", "copies", ratios, at_most=6, aim=3),
        Row("a citizen's columns and row number", "bytes", [width], at_most=64),
    ]


def growth(repetitions: int, largest: bool) -> list[Row]:
    """The exponent with which the time of a week grows with the number of adults."""
    sizes = [20_000, 200_000, 2_000_000, *([LARGEST] if largest else [])]
    simulations = [Simulation(scenario_of(adults), 1, spin_up=False) for adults in sizes]
    for simulation in simulations:
        simulation.advance(2)
    seconds: dict[int, list[float]] = {adults: [] for adults in sizes}
    for _ in range(repetitions):
        for adults, simulation in zip(sizes, simulations, strict=True):
            weeks = max(1, min(100, 1_000_000 // adults))
            seconds[adults].append(cpu_seconds(lambda simulation=simulation, weeks=weeks: simulation.advance(weeks)) / weeks)
    exponents = [float(np.polyfit(np.log(sizes), np.log(times), 1)[0]) for times in zip(*seconds.values(), strict=True)]
    rows = [Row(f"a week of {adults:,} adults", "ms", [1e3 * second for second in values]) for adults, values in seconds.items()]
    return [*rows, Row("exponent of growth with adults", "", exponents, at_most=1.2)]


def peak_bytes() -> int:
    """The most memory this process ever held.

    Not `ru_maxrss`: on Linux a child starts with its parent's, whatever it runs afterwards.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def live(adults: int, weeks: int) -> dict:
    """What a fresh process does: build a city, run it, and say how long that took and how much memory."""
    start = time.perf_counter()
    simulation = Simulation(scenario_of(adults), 1, spin_up=False)
    built = time.perf_counter()
    simulation.advance(weeks)
    return {"build": built - start, "run": time.perf_counter() - built, "bytes": peak_bytes()}


def in_fresh_process(adults: int, weeks: int, cache: str | None = None) -> tuple[float, dict]:
    """Wall seconds from start to end of a fresh process that runs `live`, and what it says."""
    environment = os.environ | ({"CONFIANZA_CACHE_DIR": cache} if cache else {})
    command = [sys.executable, __file__, "--live", str(adults), str(weeks)]
    start = time.perf_counter()
    finished = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return time.perf_counter() - start, json.loads(finished.stdout)


def largest_city() -> list[Row]:
    """Memory and time of ten million adults in a fresh process."""
    in_fresh_process(20_000, SURVEY_WEEKS)  # so that the next process need not compile
    _, told = in_fresh_process(LARGEST, 3)
    return [
        Row(f"peak memory of {LARGEST:,} adults, 3 weeks", "GB", [told["bytes"] / 1e9], at_most=1.0),
        Row(f"building {LARGEST:,} adults", "s", [told["build"]]),
        Row(f"3 weeks of {LARGEST:,} adults", "s", [told["run"]]),
    ]


def starts(repetitions: int) -> list[Row]:
    """Seconds to start, build 20,000 adults and run 26 weeks: with an empty cache, and with a filled one."""
    with tempfile.TemporaryDirectory() as cache:
        cold, _ = in_fresh_process(20_000, SURVEY_WEEKS, cache)
        warm = [in_fresh_process(20_000, SURVEY_WEEKS, cache)[0] for _ in range(repetitions)]
    return [Row("cold start, compiling", "s", [cold], at_most=30, aim=15), Row("warm start", "s", warm)]


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


def machine() -> dict:
    """What the numbers depend on."""
    versions = {name: version(name) for name in ("numpy", "numba", "mesa")}
    computer = {"python": platform.python_version(), "machine": platform.machine(), "cpus": os.cpu_count()}
    return {**computer, **versions, "sources": fingerprint()}


def with_reforms(repetitions: int) -> list[Row]:
    """Eight years with each reform, and with all four, as a multiple of eight years without."""
    scenario = scenario_of(20_000)
    reforms = (Purge(start=0), Training(start=0, every=52, messages_every=4), CommunityPolicing(start=0), CivicJustice(start=0))
    arms = {"none": (), **{name_of(reform): (reform,) for reform in reforms}, "all four": reforms}
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for seed in range(repetitions):
        for name, arm in arms.items():
            simulation = Simulation(scenario.with_(interventions=arm), seed)
            seconds[name].append(cpu_seconds(lambda simulation=simulation: simulation.advance(scenario.weeks)))
    return [
        Row(
            f"8 years, {name} / none",
            "times as long",
            [ours / plain for ours, plain in zip(times, seconds["none"], strict=True)],
            at_most=1.3,
        )
        for name, times in seconds.items()
        if name != "none"
    ]


def in_studies(repetitions: int) -> list[Row]:
    """What a study adds to its runs, and threads against processes; this part alone is in wall seconds, with all processors."""
    rates = runs_a_minute(repetitions)
    ratios = [threads / processes for threads, processes in zip(rates["threads"], rates["processes"], strict=True)]
    return [
        Row("a run inside a study / the bare kernel", "times as long", over_the_kernel(repetitions), at_most=1.1),
        *(Row(f"a study of 20,000 adults by 104 + 416 weeks, {name}", "runs a minute", values) for name, values in rates.items()),
        Row("threads / processes", "times as fast", ratios, at_least=0.9),
    ]


def main() -> int:
    """Run the benchmarks; print a table and write a JSON file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: about one minute instead of three to five")
    parser.add_argument("--largest", action="store_true", help="fit the exponent of growth up to 10,000,000 adults")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal is missed")
    parser.add_argument("--out", type=Path, default=Path("out/bench.json"))
    parser.add_argument("--live", nargs=2, type=int, metavar=("ADULTS", "WEEKS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.live:
        print(json.dumps(live(*options.live)))
        return 0
    quick = options.quick
    parts: list[Callable[[], list[Row]]] = [
        lambda: starts(2 if quick else 9),
        largest_city,
        lambda: against_copying(15 if quick else 201),
        lambda: growth(3 if quick else 31, options.largest),
        lambda: with_reforms(3 if quick else 15),
        lambda: in_studies(3 if quick else 15),
        lambda: against_mesa(3, 4) if quick else against_mesa(31, SURVEY_WEEKS),
    ]
    rows = []
    for part in parts:
        rows += part()
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(table(rows))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"machine": machine(), "rows": [row.record() for row in rows]}, indent=2) + "\n", encoding="utf-8")
    return int(options.check and any(row.verdict == "fail" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
