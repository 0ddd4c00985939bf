"""How much a study may take: replicates until an effect is known well enough, and what its arms may cost."""

from collections.abc import Iterable
from typing import ClassVar, Self

from pydantic import Field, field_validator, model_validator

from sim.errors import InputError, did_you_mean, shown
from sim.inputs.records import CheckedModel
from sim.instruments.panels import BETWEEN_WAVES
from sim.measures import MEASURES, PANEL, recorded
from sim.world.rng import MOST_REPLICATES

PRICED = ("cost", "officer_weeks")  # measures that are costs: shown as such, not as effects
LEAST, MOST = 8, MOST_REPLICATES


def known(name: object, names: Iterable[str], what: str, where: str, *path: str | int) -> str:
    """The name, if it is one of these. InputError with the nearest one if it is not."""
    listed = list(names)
    if name not in listed:
        hint = did_you_mean(name, listed)
        raise InputError(f"there is no {what} {shown(name)}.", f"{hint}{where}", path=path)
    return str(name)


def known_measure(name: object, *path: str | int, swept: bool = False) -> str:
    """The name of a measure; InputError with the nearest one if there is none such.

    swept  may it also be one that takes a panel or an experiment of its own?
    """
    return known(name, MEASURES if swept else recorded(), "measure", "All measures: confianza explain measures", *path)


def measures_of(given: object, weeks: int) -> tuple[str, ...]:
    """Names of measures that a run of so many weeks can take. InputError if one is none, or needs a longer run."""
    if not isinstance(given, list | tuple):
        raise InputError(f"'measures' must be a list of names, but is {shown(given)}.", "Write measures=['peer_elasticity']")
    names = tuple(dict.fromkeys(known_measure(name, index, swept=True) for index, name in enumerate(given)))
    check_panel(names, weeks)
    return names


def check_panel(measures: Iterable[str], weeks: int) -> None:
    """InputError if a panel, which is asked twice, would not be over when a run ends."""
    for index, name in enumerate(measures):
        if MEASURES[name].kind == PANEL and weeks < BETWEEN_WAVES:
            message = f"'{name}' needs a panel of {BETWEEN_WAVES} weeks, but the run has {weeks}."
            raise InputError(message, f"Write weeks: {BETWEEN_WAVES}, or leave the measure out.", path=("measures", index))


def unit_of(measure: str) -> str:
    """The unit of a measure."""
    return MEASURES[measure].unit


class Until(CheckedModel):
    """When there are enough replicates: the paired effect of every arm on a measure, at the last week, is known well enough."""

    prefix: ClassVar[str] = "replicates.until."

    effect: str = Field(description="The measure whose effect is wanted, as mean_trust")
    half_width: float = Field(
        ge=1e-9, le=1e9, description="Precision of the middle effect that is good enough: half of its 95 % interval, in the measure's unit"
    )

    _check_effect = field_validator("effect", mode="before")(lambda given: known_measure(given))


class Replicates(CheckedModel):
    """Replicates until an effect is known well enough."""

    prefix: ClassVar[str] = "replicates."

    until: Until = Field(description="{effect: MEASURE, half_width: X}")
    most: int = Field(64, ge=LEAST, le=MOST, description="Replicates after which to stop in any case")


class Budget(CheckedModel):
    """What each arm may cost over the horizon, in one of two currencies."""

    prefix: ClassVar[str] = "budget."

    money: float | None = Field(None, ge=1e-6, le=1e12, description="Thousand pesos over the horizon")
    officer_weeks: float | None = Field(None, ge=1e-6, le=1e12, description="Weeks of one officer's work over the horizon")

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.money is None) == (self.officer_weeks is None):
            raise InputError("'budget' needs one of 'money' and 'officer_weeks'.", "Write budget: {money: 5000} (thousand pesos).")
        return self
