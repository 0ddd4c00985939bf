"""Benchmarks (`make bench`): the compiled model against Mesa, NumPy and copying memory, where its time goes, memory, start, and studies.

    python experiments/benchmarks/run.py [--quick] [--only PART ...] [--check] [--out out/bench.json]

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
from importlib.metadata import version
from pathlib import Path

import numpy as np
from opponents import against_numpy, against_others
from phases import asking, per_event, per_phase
from rows import Row, city_of, cpu_seconds, live, scenario_of, table
from start import MOST, by_part
from studies import compared, over_the_kernel, runs_a_minute

from sim.world.compiled import fingerprint
from sim.world.reforms import CivicJustice, CommunityPolicing, Purge, Training, name_of
from sim.world.simulation import Simulation

SURVEY_WEEKS = 26
STRETCH = 12  # weeks that follow each other, as in a run: the first after a copy finds the caches emptied
LARGEST = 10_000_000
SIZES = (1_000, 10_000, 100_000, 1_000_000, LARGEST)


def against_copying(repetitions: int, adults: int = 1_000_000) -> list[Row]:
    """A week of a large city, as a multiple of copying all its citizens' columns once."""
    simulation = city_of(adults)
    columns = simulation.state.citizens
    copies = [column.copy() for column in columns]

    def copy() -> None:
        for target, column in zip(copies, columns, strict=True):
            np.copyto(target, column)

    copy()
    weeks, copying = [], []
    for _ in range(repetitions):
        weeks.append(cpu_seconds(lambda: live(simulation, STRETCH)) / STRETCH)
        copying.append(cpu_seconds(copy))
    ratios = [week / one for week, one in zip(weeks, copying, strict=True)]
    return [
        Row(f"a week of {adults:,} adults", "ms", [1e3 * week for week in weeks]),
        Row("a week / copying all citizens' columns", "copies", ratios, at_most=1.2),
        Row("a citizen's columns", "bytes", [sum(column.nbytes for column in columns) / adults], at_most=64),
    ]


def growth(repetitions: int, sizes: tuple[int, ...]) -> list[Row]:
    """The exponent with which the time of a week grows with the number of adults."""
    simulations = [city_of(adults) for adults in sizes]
    seconds: dict[int, list[float]] = {adults: [] for adults in sizes}
    for _ in range(repetitions):
        for adults, simulation in zip(sizes, simulations, strict=True):
            weeks = max(1, min(500, 1_000_000 // adults))
            seconds[adults].append(cpu_seconds(lambda simulation=simulation, weeks=weeks: live(simulation, weeks)) / weeks)
    exponents = [float(np.polyfit(np.log(sizes), np.log(times), 1)[0]) for times in zip(*seconds.values(), strict=True)]
    rows = [Row(f"a week of {adults:,} adults", "ms", [1e3 * second for second in values]) for adults, values in seconds.items()]
    return [*rows, Row(f"exponent of growth, {sizes[0]:,} to {sizes[-1]:,} adults", "", exponents, at_most=1.1)]


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


def built_and_run(adults: int, weeks: int) -> dict:
    """What a fresh process does: build a city, run it, and say how long that took and how much memory."""
    start = time.process_time()
    simulation = Simulation(scenario_of(adults), 1, spin_up=False)
    built = time.process_time()
    simulation.advance(weeks)
    return {"build": built - start, "run": time.process_time() - built, "bytes": peak_bytes()}


def in_fresh_process(adults: int, weeks: int, cache: str | None = None) -> tuple[float, dict]:
    """CPU seconds of a fresh process that runs `built_and_run`, from its start to its end, and what it says."""
    environment = os.environ | ({"CONFIANZA_CACHE_DIR": cache} if cache else {})
    command = [sys.executable, __file__, "--live", str(adults), str(weeks)]
    before = os.times()
    finished = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, json.loads(finished.stdout)


def largest_city() -> list[Row]:
    """Memory and time of ten million adults in a fresh process."""
    in_fresh_process(1_000, 1)  # so that the next process need not compile
    _, told = in_fresh_process(LARGEST, 3)
    return [
        Row(f"peak memory of {LARGEST:,} adults, 3 weeks, with Python", "GB", [told["bytes"] / 1e9], at_most=1.1),
        Row(f"building {LARGEST:,} adults", "s", [told["build"]]),
        Row(f"3 weeks of {LARGEST:,} adults", "s", [told["run"]]),
    ]


def starts(repetitions: int) -> list[Row]:
    """CPU seconds of 20,000 adults and 26 weeks with an empty cache and with a filled one, and of a short command by part."""
    with tempfile.TemporaryDirectory() as cache:
        cold, _ = in_fresh_process(20_000, SURVEY_WEEKS, cache)
        warm = [in_fresh_process(20_000, SURVEY_WEEKS, cache)[0] for _ in range(repetitions)]
    whole = {"whole command": MOST}
    parts = [
        Row(f"run of 1,000 adults and a week: {name}", "s", values, at_most=whole.get(name))
        for name, values in by_part(repetitions).items()
    ]
    return [Row("cold start, compiling", "s", [cold], at_most=20), Row("warm start", "s", warm), *parts]


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
    """What a study adds to its runs, and threads against processes; runs a minute alone are in wall seconds."""
    rates = runs_a_minute(repetitions)
    ratios = [threads / processes for threads, processes in zip(rates["threads"], rates["processes"], strict=True)]
    comparison = compared(max(1, repetitions // 3))
    return [
        Row("a run inside a study / the bare kernel", "times as long", over_the_kernel(repetitions), at_most=1.1),
        *(Row(f"a study of 20,000 adults by 104 + 416 weeks, {name}", "runs a minute", values) for name, values in rates.items()),
        Row("threads / processes", "times as fast", ratios, at_least=0.9),
        *(Row(f"confianza compare, the demo's study: {name}", "s", values) for name, values in comparison.items()),
    ]


def parts(quick: bool) -> dict[str, Callable[[], list[Row]]]:
    """What is measured, by name; quickly, or with enough repetitions."""
    some, more, many = (1, 3, 15) if quick else (5, 9, 101)
    return {
        "start": lambda: starts(some),
        "memory": largest_city,
        "copies": lambda: against_copying(many),
        "events": lambda: per_event(more, 20_000) + per_event(more, 1_000_000),
        "phases": lambda: per_phase(more),
        "surveys": lambda: asking(more, 20_000) + asking(more, 1_000_000),
        "growth": lambda: growth(more, SIZES[:-1] if quick else SIZES),
        "reforms": lambda: with_reforms(more),
        "studies": lambda: in_studies(more),
        "numpy": lambda: against_numpy(more),
        "opponents": lambda: against_others(3, 2) if quick else against_others(15, 8),
    }


def main() -> int:
    """Run the benchmarks; print a table and write a JSON file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: about two minutes instead of ten")
    parser.add_argument("--only", nargs="+", choices=parts(True), metavar="PART", help=f"some of {', '.join(parts(True))}")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal is missed")
    parser.add_argument("--out", type=Path, default=Path("out/bench.json"))
    parser.add_argument("--live", nargs=2, type=int, metavar=("ADULTS", "WEEKS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.live:
        print(json.dumps(built_and_run(*options.live)))
        return 0
    rows = []
    for name, part in parts(options.quick).items():
        if not options.only or name in options.only:
            rows += part()
            print(f" {name}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(table(rows))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"machine": machine(), "rows": [row.record() for row in rows]}, indent=2) + "\n", encoding="utf-8")
    return int(options.check and any(row.verdict == "fail" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
