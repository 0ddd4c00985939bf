"""Where a week goes: nanoseconds an event, microseconds a phase, and what it costs to ask a citizen."""

import numpy as np
from rows import Row, city_of, cpu_seconds, live

from sim.world.anatomy import phases
from sim.world.schedule import PHASES, perform
from sim.world.simulation import Simulation
from sim.world.state import Count, clock

# What happens to single people, as far as the record counts it: also an offender's decision to stay at home is one.
EVENTS = (Count.FREE_OFFENDERS, Count.CRIMES, Count.STOPS, Count.CONTACTS, Count.HEARD)
MOST_TO_ASK = 35  # nanoseconds a citizen


def per_event(repetitions: int, adults: int) -> list[Row]:
    """Nanoseconds of a week for each of its events."""
    simulation, weeks, nanoseconds = city_of(adults), max(1, min(312, 10_000_000 // adults)), []
    for _ in range(repetitions):
        start = simulation.tick
        seconds = cpu_seconds(lambda: live(simulation, weeks))
        nanoseconds.append(1e9 * seconds / int(simulation.record.counts[start:, EVENTS].sum()))
    return [Row(f"an event, {adults:,} adults (decision, crime, stop, listener)", "ns", nanoseconds)]


def seconds_of(number: int, simulation: Simulation) -> float:
    """CPU seconds of one phase of a week, by its number, for all its rows."""
    city = simulation.state
    rows = city.rows._replace(crimes=city.docket.rows[: city.docket.page[0]])
    now = clock(simulation.seed, simulation.tick)
    return cpu_seconds(lambda: perform(number, rows, city, simulation.parameters, now))


def per_phase(repetitions: int, adults: int = 20_000, weeks: int = 104) -> list[Row]:
    """Microseconds of each phase, less those of a call that does nothing: phase by phase, as an agent's verbs drive a week."""
    simulation, numbers = city_of(adults), {name: number for name, (number, _) in phases().items()}
    microseconds: dict[str, list[float]] = {name: [] for name in numbers}
    for _ in range(repetitions):
        seconds = np.zeros((weeks, PHASES + 1))
        for week in range(weeks):
            for number in range(PHASES + 1):  # the last is no phase
                seconds[week, number] = seconds_of(number, simulation)
            simulation.tick += 1
        nothing = np.median(seconds[:, PHASES])
        for name, number in numbers.items():
            microseconds[name].append(1e6 * float(np.median(seconds[:, number]) - nothing))
    return [Row(f"phase {name}, {adults:,} adults", "us", values) for name, values in microseconds.items()]


def asking(repetitions: int, adults: int) -> list[Row]:
    """Nanoseconds a citizen of a survey of everybody: what they answer, and with all that is worked out of it and of voices."""
    simulation = city_of(adults)
    simulation.advance(-simulation.week % 26)
    parts = {
        "asking a citizen": (simulation.answers, MOST_TO_ASK),
        "a survey and voices, a citizen": (simulation.survey_if_due, None),
    }
    rows = []
    for name, (work, most) in parts.items():
        work()
        rows.append(Row(f"{name}, {adults:,} adults", "ns", [1e9 * cpu_seconds(work) / adults for _ in range(repetitions)], at_most=most))
    return rows
