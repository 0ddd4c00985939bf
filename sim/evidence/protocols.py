"""How trials are run again in a simulated city (protocols.yaml), and how far their findings carry over (carrying.yaml)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from sim.inputs.records import CheckedModel
from sim.inputs.reforms import reforms
from sim.inputs.scenario import Scenario
from sim.inputs.yaml_files import load_yaml
from sim.trials.design import Trial
from sim.world.reforms import name_of

HERE = Path(__file__).parent
HOUSE: dict[str, Any] = {"citizens": {"sample": 1200}, "draws": 1, "replicates": 1}  # of a trial whose samples are not looked at


class Compared(CheckedModel):
    """What stands beside a finding: an outcome of the trial in the city, in a unit; `carry` if it is fitted."""

    outcome: str
    unit: Literal["sd", "h", "relative"]
    week: int | None = None
    carry: str | None = None


class Delivery(CheckedModel):
    """A lever of the first reform of the treatment that says how much was delivered."""

    lever: str
    range: tuple[float, float] = Field(strict=False)


class Protocol(CheckedModel):
    """One experiment in a city, that stands for one or several trials (see protocols.yaml)."""

    title: str
    treatment: list[dict[str, dict[str, Any]]]
    unit: Literal["officer", "squad", "beat"]
    weeks: tuple[int, ...]
    findings: dict[str, dict[str, Compared]]
    differs: str
    delivery: Delivery | None = None
    beat_adults: int = 2500
    reach: float | None = None
    correlation: float = 0.0

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What is measured, each once."""
        named = [compared.outcome for rows in self.findings.values() for compared in rows.values()]
        return tuple(dict.fromkeys([*named, *(["visited"] if self.reach else [])]))

    @property
    def reform(self) -> str:
        """The name of the first reform."""
        return next(iter(self.treatment[0]))

    def design(self, scenario: Scenario, delivered: float | None = None) -> Trial:
        """The trial in this city, in which so much is delivered."""
        given = [dict(each) for each in self.treatment]
        if self.delivery and delivered is not None:
            given[0] = {self.reform: {**given[0][self.reform], self.delivery.lever: delivered}}
        seen: Any = {"sample": None, "observed_weeks": min(52, self.weeks[-1])} if "fair_stops" in self.outcomes else {}
        return Trial(
            name=self.title, scenario=scenario, weeks=self.weeks[-1], treatment=tuple(reforms(given)), unit=self.unit,
            beat_adults=self.beat_adults, outcomes=self.outcomes, endline=self.weeks[-1], durations=self.weeks[:-1], officers=seen, **HOUSE,
        )  # fmt: skip


class CarryOver(NamedTuple):
    """How far findings of one kind carry over: the scale of the half-normal prior of tau."""

    reform: str
    scale: float
    text: str


@cache
def protocols() -> Mapping[str, Protocol]:
    """All protocols by name, in the order of the file."""
    data = load_yaml(HERE / "protocols.yaml").data
    return {name: Protocol(**{**each, "weeks": _listed(each["weeks"])}) for name, each in data.items()}


@cache
def carrying() -> Mapping[str, CarryOver]:
    """All kinds of carrying over by name."""
    return {name: CarryOver(**each) for name, each in load_yaml(HERE / "carrying.yaml").data.items()}


def reforms_of(protocol: Protocol) -> list[str]:
    """The names of the reforms of a protocol."""
    return [name_of(each) for each in reforms(protocol.treatment)]


def _listed(weeks: int | list[int]) -> tuple[int, ...]:
    return (weeks,) if isinstance(weeks, int) else tuple(weeks)
