"""Dated changes of parameters, and what a scenario says of where its numbers come from."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from sim.errors import InputError
from sim.inputs import origins
from sim.inputs.citations import unknown_source
from sim.inputs.city_size import CitySize
from sim.inputs.places import KINDS
from sim.inputs.records import CheckedModel
from sim.inputs.reforms import is_lever
from sim.world.anatomy import built_only
from sim.world.parameters import CODEBOOK, codebook_entry


def checked_values(given: object) -> object:
    """Values by parameter name as floats, in range; anything but a mapping is left to pydantic to refuse."""
    return {name: codebook_entry(name).check(value) for name, value in given.items()} if isinstance(given, Mapping) else given


def _named(given: object) -> object:
    """Sources by the names of what they are given for, all known; anything but a mapping is left to pydantic to refuse."""
    return {name: _keys(name, keys) for name, keys in given.items()} if isinstance(given, Mapping) else given


def _keys(name: object, keys: object) -> tuple[str, ...]:
    """The sources of one number as a tuple of keys; whether there are such is seen when the references are known."""
    field = str(name).removeprefix("city.")
    known = (field != name and field in CitySize.model_fields) or name in [f"stated.{kind}" for kind in KINDS]
    if name not in CODEBOOK and not known and not is_lever(str(name)):
        codebook_entry(name)
    listed = origins.as_keys(keys)
    if wrong := next(((key,) for key in listed if not isinstance(key, str)), None):
        raise unknown_source(wrong[0]).under(str(name))
    if not listed:
        raise InputError(f"'{name}' has no source.", "Name one, or write assumed.", path=(str(name),))
    return listed


Sources = Annotated[dict[str, tuple[str, ...]], BeforeValidator(_named)]


class Change(CheckedModel):
    """Parameters that take other values from a week on."""

    prefix: ClassVar[str] = "changes."

    week: int = Field(ge=-2_000, le=5_199, description="The week it takes effect; 0 is the end of the spin-up")
    set: dict[str, float] = Field(min_length=1, description="New values by topic.name, as {response.capacity: 0.8}")
    sources: Sources | None = Field(None, description="Where they come from; left out: what the scenario's sources say of them")

    _check_set = field_validator("set", mode="before")(checked_values)

    def as_data(self) -> dict[str, Any]:
        """The change as plain data; without sources if none are said."""
        return self.model_dump(exclude_none=True)

    @model_validator(mode="after")
    def _refuse_built_only(self) -> Self:
        for name in self.set:
            if built_only(name):
                message = f"'{name}' is read only while the city is built; a change in week {self.week} would do nothing."
                raise InputError(message, "Set it under 'parameters:' instead, in a scenario of its own.", path=("set", name))
        return self
