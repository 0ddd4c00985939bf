"""What targets.yaml says: other years and places, negative controls, and faults of structure."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from sim.inputs.patterns import patterns

FILE = Path(__file__).parent / "targets.yaml"


class Level(NamedTuple):
    """A measure that is re-set by shifting one parameter (or city.KEY) in all draws until the median meets the target."""

    measure: str
    target: float
    by: str
    sources: tuple[str, ...]
    note: str


class Check(NamedTuple):
    """Data that were not used: a measure, or its change from the national city, and the range in which it lies."""

    measure: str
    low: float
    high: float
    sources: tuple[str, ...]
    note: str
    change: bool


class Holdout(NamedTuple):
    """Years or a place to which nothing was fitted."""

    id: str
    name: str
    text: str
    city: dict[str, float]
    shift: dict[str, float]
    state: str | None  # the place's own, of whose institutions nothing is taken to be known; None: the country's
    levels: tuple[Level, ...]
    checks: tuple[Check, ...]


class Expectation(NamedTuple):
    """What a pattern's median should be where a mechanism is off: within a range, of the value itself or of its ratio to the usual."""

    pattern: str
    text: str
    low: float
    high: float
    relative: bool

    def holds(self, value: float, usual: float) -> bool:
        """Is it so?"""
        if not self.relative:
            return self.low <= value <= self.high
        ends = (self.low * usual, self.high * usual)
        return min(ends) <= value <= max(ends)


class Control(NamedTuple):
    """A world in which a mechanism is off: by parameters, or by an instrument of its own."""

    name: str
    set: dict[str, float]
    instrument: str | None
    expect: tuple[Expectation, ...]


class Fault(NamedTuple):
    """What in the structure lies behind failures of some patterns, or of checks as holdout:measure."""

    of: tuple[str, ...]
    text: str


@cache
def _read() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


@cache
def holdouts() -> dict[str, Holdout]:
    """All years and places, by id."""
    return {key: _holdout(key, **fields) for key, fields in _read()["holdouts"].items()}


def _holdout(key: str, text: str, levels: list[Any], checks: list[Any], **known: Any) -> Holdout:
    made = tuple(Level(**{**each, "sources": tuple(each["sources"])}) for each in levels)
    about = {"city": {}, "shift": {}, "state": None} | known
    return Holdout(id=key, text=text.strip(), levels=made, checks=tuple(_check(**each) for each in checks), **about)


def _check(measure: str, range: list[float], sources: list[str], note: str, change: bool = False) -> Check:
    low, high = range
    return Check(measure, low, high, tuple(sources), note.strip(), change)


@cache
def controls() -> dict[str, Control]:
    """All negative controls, by name."""
    return {name: _control(name, **fields) for name, fields in _read()["controls"].items()}


def _control(name: str, expect: list[Any], set: dict[str, Any] | None = None, instrument: str | None = None) -> Control:
    made = [_expectation(**each) for each in expect]
    return Control(name, set or {}, instrument, tuple(made))


def _expectation(pattern: str, text: str, range: list[float] | None = None, of_usual: list[float] | None = None) -> Expectation:
    low, high = range or of_usual or (float("nan"), float("nan"))
    return Expectation(pattern, text, low, high, relative=of_usual is not None)


@cache
def faults() -> tuple[Fault, ...]:
    """What is known to be wrong in the structure."""
    return tuple(Fault(tuple(each["of"]), each["text"].strip()) for each in _read()["faults"])


@cache
def pattern_of(measure: str) -> str:
    """The id of the pattern that has a measure."""
    return next(key for key, pattern in patterns().items() if measure in pattern.measures)
