"""What a week of the live city costs the server: the step, the maps and the charts, for one arm and more, and a look into the past.

    python experiments/benchmarks/view.py [--adults 20000] [--weeks 100]

Processor time of the one thread that does it all, so that other programs on the machine disturb little; the median over weeks
beside the slowest week in ten. What the browser does, and what the page's framework adds, is not in it.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sim.dashboard.arena import Arena
from sim.dashboard.charts import chart, difference_chart, ledger_chart, map_legend
from sim.dashboard.picture import map_png
from sim.inputs.scenario import Scenario, load_scenario

SHOWN = ("trust", "reporting", "clearance", "complaints", "crimes", "cost")
REFORMS = {
    "training": [{"training": {"start": 0, "coverage": 0.9, "every": 52}}],
    "beats": [{"community_policing": {"start": 0}}],
    "purge": [{"purge": {"start": 0}}],
}
BUDGET = 40.0  # milliseconds for a played week of one arm


def milliseconds(work: Callable[[], Any]) -> float:
    """Processor time of this thread."""
    start = time.thread_time()
    work()
    return 1e3 * (time.thread_time() - start)


def maps(arena: Arena) -> None:
    """The map of every arm and what its colors mean."""
    for arm in arena.lanes:
        map_png(arena, arm, "trust")
    map_legend(arena, "trust")


def charts(arena: Arena) -> None:
    """The charts of a page: six series, the difference that reforms make, and why trust moved."""
    for name in SHOWN:
        chart(arena, name)
    difference_chart(arena, "trust")
    ledger_chart(arena, arena.first)


def played(arena: Arena, weeks: int) -> dict[str, np.ndarray]:
    """Milliseconds of each part of each week."""
    parts: dict[str, Callable[[], None]] = {"step": arena.step, "maps": lambda: maps(arena), "charts": lambda: charts(arena)}
    found = {name: np.array([0.0] * weeks) for name in parts}
    for week in range(weeks):
        for name, work in parts.items():
            found[name][week] = milliseconds(work)
    return {**found, "a played week": sum(found.values(), np.zeros(weeks))}


def row(name: str, values: np.ndarray) -> str:
    """A line of the table."""
    return f"{name:42} {np.median(values):8.2f} {np.quantile(values, 0.9):8.2f}"


def looks(scenario: Scenario, weeks: int) -> list[str]:
    """What it costs to look at somebody for the first time, and to go on looking."""
    arena = Arena(scenario)
    for _ in range(weeks):
        arena.step()
    rows = np.arange(1, 6) * (scenario.city.adults // 7)
    first = np.array([milliseconds(lambda i=i: arena.citizen("baseline", int(i))) for i in rows])
    again = np.array([milliseconds(lambda: arena.citizen("baseline", int(rows[-1]))) for _ in range(20)])
    return [row(f"a citizen's {weeks} weeks, first look", first), row("the same again", again)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--adults", type=int, default=20_000)
    parser.add_argument("--weeks", type=int, default=100)
    options = parser.parse_args()
    scenario = load_scenario("national-average").with_(adults=options.adults, interventions=())
    played(Arena(scenario), 2)  # loads what is loaded once
    print(f"{options.adults:,} adults, {options.weeks} weeks played; milliseconds of processor time")
    print(f"{'':42} {'median':>8} {'slow':>8}")
    for arms in range(len(REFORMS) + 1):
        chosen = dict(list(REFORMS.items())[:arms])
        found = played(Arena(scenario, chosen or None), options.weeks)
        for name, values in found.items():
            print(row(f"{1 + arms} arm{'s' if arms else ''}: {name}", values))
        if not arms:
            verdict = "pass" if np.median(found["a played week"]) < BUDGET else "fail"
            print(f"  budget of a played week of one arm, {BUDGET:g}: {verdict}")
    print("\n".join(looks(scenario, options.weeks)))


if __name__ == "__main__":
    main()
