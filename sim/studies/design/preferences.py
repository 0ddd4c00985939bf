"""What a decision is made by: what benefits are worth, over a range, and what may be spent. It changes no run."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from pydantic import Field, field_validator

from sim.errors import InputError, number, number_problem, shown
from sim.inputs.records import CheckedModel, Prose
from sim.remedies import number_remedy
from sim.studies.design.limits import known_measure

COST = "cost"  # the measure that is money
MOST_PAY = 1e12


def checked_value(given: object) -> dict[str, float]:
    """Weights by measure. InputError, whose path leads to the culprit, if they are none."""
    if not isinstance(given, Mapping) or not given:
        raise InputError(f"'value' must be weights by measure, but is {shown(given)}.", "Write value: {mean_trust: 100}")
    for name, weight in given.items():
        known_measure(name, str(name), swept=True)
        if name == COST:
            raise InputError("'cost' is no benefit: it is taken off already.", "Leave it out of 'value'.", path=(COST,))
        if problem := number_problem(weight, -1e12, 1e12, False):
            raise InputError(f"the weight of '{name}' {problem}.", number_remedy(weight), path=(str(name),))
    if not any(given.values()):
        raise InputError("all weights are 0, so nothing has a benefit.", "Write value: {mean_trust: 100}")
    return {str(name): float(weight) for name, weight in given.items()}


def checked_pay(given: object) -> tuple[float, float]:
    """The two ends of the range of willingness to pay. InputError, whose path leads to the culprit, if they are none."""
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise InputError(
            f"'pay' must be two numbers, but is {shown(given)}.", "Write pay: [0, 1000] (thousand pesos for a unit of benefit)."
        )
    for index, end in enumerate(given):
        if problem := number_problem(end, 0, MOST_PAY, False):
            raise InputError(f"'pay' {problem}.", number_remedy(end, 0, MOST_PAY), path=(index,))
    low, high = float(given[0]), float(given[1])
    if not low < high:
        raise InputError(f"'pay' goes from {number(low)} to {number(high)}.", "Write the lower end first.")
    return low, high


def checked_budget(given: object) -> float:
    """Thousand pesos. InputError if it is no such number."""
    if problem := number_problem(given, 0, MOST_PAY, False):
        raise InputError(f"'budget' {problem}.", number_remedy(given, 0, MOST_PAY) or "Write thousand pesos over the horizon.")
    return float(given)  # type: ignore[arg-type]


def _if_given(check: Callable[[object], object]) -> Callable[[object], object]:
    """A check that leaves what is not given."""
    return lambda given: given if given is None else check(given)


class Preferences(CheckedModel):
    """The key `decision` of a study."""

    prefix: ClassVar[str] = "decision."

    value: dict[str, float] | None = Field(None, description="Units of benefit for a unit of each measure's effect, as {mean_trust: 100}")
    unit: Prose | None = Field(None, min_length=1, max_length=100, description="What a unit of benefit is called, as point of mean trust")
    pay: tuple[float, float] | None = Field(None, description="From what to what a unit of benefit may be worth, thousand pesos")
    budget: float | None = Field(None, ge=0, le=MOST_PAY, description="Thousand pesos: arms whose mean cost is above are not affordable")

    _check_value = field_validator("value", mode="before")(_if_given(checked_value))
    _check_pay = field_validator("pay", mode="before")(_if_given(checked_pay))
    _check_budget = field_validator("budget", mode="before")(_if_given(checked_budget))
