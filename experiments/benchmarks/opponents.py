"""Citizen-weeks a second of the compiled model and of other programs of the same city: three in plain Mesa and one in NumPy."""

from collections.abc import Callable, Mapping
from typing import Any

from mesa_events import Events, LazyEvents
from mesa_every_agent import EveryAgent
from numpy_week import NumpyWeek
from rows import Row, city_of, cpu_seconds, live, scenario_of

HALF_YEAR = 26
NUMPY = "NumPy, vectorized"
GOALS = {"Mesa, events": (60, 150), "Mesa, every agent": (500, None)}


def built(kind: Callable[..., Any], adults: int) -> Any:
    """Another program's city of the national average."""
    scenario = scenario_of(adults)
    size = scenario.city
    city = {
        "adults": adults,
        "officers_per_1000": size.officers_per_1000_inhabitants,
        "offenders_share": size.offenders_share,
        "adults_per_cell": size.adults_per_cell,
    }
    return kind(scenario.values(), **city, rng=1)


def weeks_of(model: Any, weeks: int) -> float:
    """CPU seconds of so many weeks, in which nobody is asked."""

    def work() -> None:
        for _ in range(weeks):
            model.step()

    asking, model.survey = model.survey, lambda: None
    seconds = cpu_seconds(work)
    model.survey = asking
    return seconds


def in_turns(repetitions: int, adults: int, weeks: int, peers: Mapping[str, tuple[Any, int]]) -> tuple[dict, dict]:
    """Seconds a week of all, in turns: without surveys, and with one in half a year."""
    ours = city_of(adults)
    alone: dict[str, list[float]] = {name: [] for name in ("compiled", *peers)}
    asked: dict[str, list[float]] = {name: [] for name in alone}
    for model, _ in peers.values():
        model.step()
    ours.advance(HALF_YEAR)
    for _ in range(repetitions):
        alone["compiled"].append(cpu_seconds(lambda: live(ours, weeks)) / weeks)
        asked["compiled"].append(cpu_seconds(lambda: ours.advance(weeks)) / weeks)
        for name, (model, fewer) in peers.items():
            alone[name].append(weeks_of(model, fewer) / fewer)
            asked[name].append(alone[name][-1] + cpu_seconds(model.survey) / HALF_YEAR)
    return alone, asked


def rows_of(adults: int, alone: dict, asked: dict) -> list[Row]:
    """Rates, and ratios to the compiled model's."""
    names = [name for name in alone if name != "compiled"]
    rows = []
    for name, seconds in alone.items():
        rows.append(Row(f"{name}, {adults:,} adults", "million citizen-weeks/s", [adults / 1e6 / one for one in seconds]))
    for label, times, goals in (("", alone, GOALS), (", both with surveys", asked, {})):
        for name in names:
            ratios = [theirs / ours for ours, theirs in zip(times["compiled"], times[name], strict=True)]
            goal, aim = goals.get(name, (None, None))
            rows.append(Row(f"compiled / {name}, {adults:,}{label}", "times as fast", ratios, at_least=goal, aim=aim))
    return rows


def against_others(repetitions: int, every_agent_weeks: int, adults: int = 20_000) -> list[Row]:
    """The compiled model against three plain Mesa models and NumPy, with the weeks alone and with half-yearly surveys."""
    peers = {
        "Mesa, events": (built(Events, adults), 13),
        "Mesa, events, lazy drift": (built(LazyEvents, adults), HALF_YEAR),
        "Mesa, every agent": (built(EveryAgent, adults), every_agent_weeks),
        NUMPY: (built(NumpyWeek, adults), 4 * HALF_YEAR),
    }
    return rows_of(adults, *in_turns(repetitions, adults, 6 * HALF_YEAR, peers))


def against_numpy(repetitions: int, adults: int = 1_000_000) -> list[Row]:
    """The compiled model against NumPy in a large city."""
    return rows_of(adults, *in_turns(repetitions, adults, HALF_YEAR, {NUMPY: (built(NumpyWeek, adults), 4)}))
