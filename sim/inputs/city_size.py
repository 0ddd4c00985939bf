"""How many people live in a city, and on what grid: the keys of `city:` in a scenario."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from sim.errors import InputError
from sim.inputs.records import CheckedModel
from sim.style import note


class CitySize(CheckedModel):
    """How many people live in a city, and on what grid."""

    prefix: ClassVar[str] = "city."

    adults: int = Field(20_000, ge=1_000, le=10_000_000, description="Adults (18 and older) who live in the city")
    officers_per_1000_inhabitants: float = Field(2.23, ge=0.1, le=20, description="Police officers per 1,000 inhabitants of all ages")
    offenders_share: float = Field(0.03, ge=0.001, le=0.2, description="Offenders as a share of adults, 0.03 for 3 %")
    adults_per_cell: float = Field(50.0, ge=5, le=500, description="Adults who live in one cell, about a street segment")
    width: int | None = Field(None, ge=3, le=5000, description="Cells from west to east; leave it out for a square city")
    height: int | None = Field(None, ge=3, le=5000, description="Cells from north to south; leave it out for a square city")

    @model_validator(mode="after")
    def _check_grid(self) -> Self:
        if (self.width is None) != (self.height is None):
            given, other = ("width", "height") if self.height is None else ("height", "width")
            raise InputError(f"'city.{given}' is given without 'city.{other}'.", "Give both or neither.", path=(given,))
        if self.width is not None and self.height is not None:
            grid = {"adults": self.adults, "width": self.width, "height": self.height}
            if self.adults / (self.width * self.height) > 500:
                raise InputError(note("too_crowded", **grid), note("least_cells", least=-(-self.adults // 500)), path=("width",))
            if self.adults < self.width * self.height:
                raise InputError(note("too_empty", **grid), note("most_cells", most=self.adults), path=("width",))
        return self
