"""What a scenario states of its places: opportunity, exposure and trust, by neighborhood or by cell, and nothing else of them."""

import os
from collections.abc import Iterator, Mapping
from math import prod
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from sim.errors import InputError, did_you_mean, number_problem, shown
from sim.inputs.city_size import CitySize
from sim.inputs.csv_files import COMMAS, check_twice, read_table, table_rows
from sim.inputs.records import CheckedModel, Name
from sim.inputs.yaml_files import scalar
from sim.remedies import number_remedy
from sim.style import note
from sim.style.html import listed

RATIO, SHARE = (0.01, 100.0), (-0.9, 0.9)
KINDS = {  # what may be stated of a place: its range and what it means
    "opportunity": (RATIO, "What the place offers offenders, as a ratio to the city's ordinary place"),
    "exposure": (RATIO, "How likely its residents are chosen as victims and stopped, as a ratio to ordinary ones"),
    "trust": (SHARE, "Share of the gap to full trust that the place closes; below 0, the share of trust that it takes"),
}
HERE = ("x", "y")
NEVER = ("offend", "delinc", "criminal", "home", "conduct", "officer", "honest", "courtesy", "brib", "corrupt")  # in a key
WHY = "Where offenders live and how officers behave there is never stated and never drawn: it reads as advice about real places."
NAMED = ("file", "places: {file: places.csv}", "the scenario's file")


def _refuse_other(given: object, known: tuple[str, ...]) -> None:
    """InputError if something else than opportunity, exposure and trust is stated of places."""
    key = next((str(key) for key in given if key not in known), None) if isinstance(given, Mapping) else None
    if key is not None:
        never = any(word in key.casefold() for word in NEVER)
        remedy = f"{WHY} Delete it." if never else f"{did_you_mean(key, known)}What may stand here: {', '.join(known)}"
        raise InputError(f"of places only opportunity, exposure and trust may be stated, not {shown(key)}.", remedy, path=(key,))


class Neighborhood(CheckedModel):
    """Cells that are alike: a rectangle of the grid, and what is stated of it."""

    prefix: ClassVar[str] = "places.neighborhoods."

    name: Name = Field(description="What the neighborhood is called")
    x: tuple[int, int] = Field(strict=False, description="Its first and last column of cells, both included, as [0, 9]")
    y: tuple[int, int] = Field(strict=False, description="Its first and last row of cells, both included, as [0, 4]")
    opportunity: float | None = Field(None, ge=RATIO[0], le=RATIO[1], description=KINDS["opportunity"][1])
    exposure: float | None = Field(None, ge=RATIO[0], le=RATIO[1], description=KINDS["exposure"][1])
    trust: float | None = Field(None, ge=SHARE[0], le=SHARE[1], description=KINDS["trust"][1])

    @model_validator(mode="before")
    @classmethod
    def _check_keys(cls, given: Any) -> Any:
        _refuse_other(given, tuple(cls.model_fields))
        return given

    @field_validator("x", "y", mode="before")
    @classmethod
    def _check_span(cls, given: object, info: ValidationInfo) -> object:
        key = info.field_name
        if not isinstance(given, list | tuple) or len(given) != 2 or any(number_problem(one, 0, 4999, True) for one in given):
            message = f"'{cls.prefix}{key}' must be two whole numbers, the first and the last cell, but is {shown(given)}."
            raise InputError(message, f"Write {key}: [0, 9]; cells are counted from 0.")
        first, last = map(int, given)
        if first > last:
            message = f"the neighborhood has no cells: its last {key}, {last}, comes before its first, {first}."
            raise InputError(message, f"Write {key}: [{last}, {first}]")
        return first, last

    @model_validator(mode="after")
    def _check_content(self) -> Self:
        if all(getattr(self, kind) is None for kind in KINDS):
            remedy = "State its opportunity, exposure or trust, or delete it."
            raise InputError(f"nothing is stated of the neighborhood {shown(self.name)}.", remedy)
        return self

    def cells(self) -> Iterator[tuple[int, int]]:
        """Its cells as x and y, row by row."""
        return ((x, y) for y in range(self.y[0], self.y[1] + 1) for x in range(self.x[0], self.x[1] + 1))


def _checked(kind: str, value: object, path: tuple[int, ...] = ()) -> float | None:
    """What is stated of one cell, in range; None: nothing."""
    (low, high), meaning = KINDS[kind]
    if value is not None and (problem := number_problem(value, low, high, False)):
        remedy = number_remedy(value, low, high)
        raise InputError(note("wrong_value", name=f"places.{kind}", problem=problem), remedy, f"{meaning}.", path=path)
    return None if value is None else float(value)  # type: ignore[arg-type]


def _rows(given: object, info: ValidationInfo) -> object:
    """Numbers by row and cell, in range; None where nothing is stated, and if nothing is at all."""
    kind = str(info.field_name)
    if given is None:
        return None
    if hasattr(given, "tolist"):  # an array, whose nan are what null is in files
        given = [[None if value != value else value for value in row] if isinstance(row, list) else row for row in given.tolist()]
    if not isinstance(given, list | tuple) or not given or not all(isinstance(row, list | tuple) and row for row in given):
        message = f"'places.{kind}' must be the rows of the grid, each a list of its cells, but is {shown(given)}."
        raise InputError(message, f"Write {kind}: [[1.0, 1.5, ...], ...], with null for cells of which nothing is known.")
    rows = tuple(tuple(_checked(kind, value, (y, x)) for x, value in enumerate(row)) for y, row in enumerate(given))
    return rows if any(value is not None for row in rows for value in row) else None


Rows = Annotated[tuple[tuple[float | None, ...], ...] | None, BeforeValidator(_rows)]
ROWS = "rows of the grid, null where nothing is stated"


class StatedPlaces(CheckedModel):
    """What is stated of places: by neighborhood, or by cell as rows of the grid. Cells of which nothing is stated keep invented places."""

    prefix: ClassVar[str] = "places."

    neighborhoods: tuple[Neighborhood, ...] | None = Field(
        None, strict=False, description="Rectangles of cells, as {name: Centro, x: [0, 9], y: [0, 4], opportunity: 2.0, trust: -0.1}"
    )
    opportunity: Rows = Field(None, description=f"{KINDS['opportunity'][1]}: {ROWS}")
    exposure: Rows = Field(None, description=f"{KINDS['exposure'][1]}: {ROWS}")
    trust: Rows = Field(None, description=f"{KINDS['trust'][1]}: {ROWS}")

    @model_validator(mode="before")
    @classmethod
    def _check_keys(cls, given: Any) -> Any:
        _refuse_other(given, (*cls.model_fields, "file"))
        return given

    @field_validator("neighborhoods", mode="before")
    @classmethod
    def _check_list(cls, given: object) -> object:
        if given is None:
            return None
        made = given if isinstance(given, list | tuple) else ()
        wrong = [one for one in made if not isinstance(one, Mapping | Neighborhood)]
        if wrong or not made:
            example = "[{name: Centro, x: [0, 9], y: [0, 4], opportunity: 2.0}]"
            what = f"a list with {shown(wrong[0])} in it" if wrong else "an empty list" if given in ([], ()) else shown(given)
            message = f"'places.neighborhoods' must be a list of neighborhoods, but is {what}."
            raise InputError(message, f"Write {example}, or delete it.")
        return given

    @model_validator(mode="after")
    def _check_way(self) -> Self:
        rasters = [kind for kind in KINDS if getattr(self, kind) is not None]
        if self.neighborhoods is None and not rasters:
            raise InputError("'places' states nothing.", "Write neighborhoods: [...], or delete it.")
        if self.neighborhoods is not None and rasters:
            raise InputError("places are stated by neighborhoods or by cells, not both.", "Delete one of them.", path=(rasters[0],))
        return self

    def check(self, city: CitySize) -> None:
        """InputError if they are not places of this city."""
        width, height = grid(city)
        for kind in KINDS:
            rows = getattr(self, kind) or ((None,) * width,) * height
            lengths = sorted({len(row) for row in rows})
            if len(rows) != height or lengths != [width]:
                message = f"'places.{kind}' has {len(rows)} rows of {listed(map(str, lengths))} cells; the grid has {height} of {width}."
                raise InputError(message, "Give as many, or set city: {width: ..., height: ...}.", path=(kind,))
        taken: dict[tuple[int, int], str] = {}
        names: set[str] = set()
        for place, one in enumerate(self.neighborhoods or ()):
            for key, most in zip(HERE, (width, height), strict=True):
                if (last := getattr(one, key)[1]) >= most:
                    message = f"the neighborhood {shown(one.name)} reaches {key} {last}, outside the city's grid."
                    raise InputError(message, f"{key} goes from 0 to {most - 1} here.", path=("neighborhoods", place, key))
            if one.name in names:
                message = f"there are two neighborhoods called {shown(one.name)}."
                raise InputError(message, "Give one another name.", path=("neighborhoods", place, "name"))
            if shared := next((cell for cell in one.cells() if cell in taken), None):
                both = f"{shown(taken[shared])} and {shown(one.name)}"
                message = f"the neighborhoods {both} overlap in the cell x {shared[0]}, y {shared[1]}."
                raise InputError(message, "Let each cell belong to one of them.", path=("neighborhoods", place))
            taken.update(dict.fromkeys(one.cells(), one.name))
            names.add(one.name)

    def stated(self, city: CitySize) -> dict[str, Any]:
        """By kind a column of float64 with a row a cell (c = y x width + x), nan where nothing is stated; only kinds that are."""
        import numpy as np  # here, because files are read without it

        width, height = grid(city)
        found = {}
        for kind in KINDS:
            column = np.full((height, width), np.nan)
            if (rows := getattr(self, kind)) is not None:
                column[:] = np.array(rows, np.float64)  # None is nan
            for one in self.neighborhoods or ():
                if (value := getattr(one, kind)) is not None:
                    column[one.y[0] : one.y[1] + 1, one.x[0] : one.x[1] + 1] = value
            if not np.isnan(column).all():
                found[kind] = column.ravel()
        return found

    def summary(self, city: CitySize) -> str:
        """What is stated, in a line."""
        known = self.stated(city)
        cells = sum(map(any, zip(*(column == column for column in known.values()), strict=True)))  # nan is not equal to itself
        names = f" ({listed(one.name for one in self.neighborhoods)})" if self.neighborhoods else ""
        return f"{listed(known)} stated in {cells} of {prod(grid(city))} cells{names}"


def grid(city: CitySize) -> tuple[int, int]:
    """How many cells the city has from west to east and from north to south."""
    from sim.world.population import grid_of  # here, because most files state no places, and this imports the compiler

    return grid_of(city)


def said(data: Mapping[str, Any]) -> dict[str, Any]:
    """By "stated.trust" and its like, what plain data state of places, as something that can be compared."""
    places = data.get("places")
    if not isinstance(places, Mapping):
        return {}
    areas = [one for one in places.get("neighborhoods") or () if isinstance(one, Mapping)]
    found = {}
    for kind in KINDS:
        stated = [(one.get("x"), one.get("y"), one[kind]) for one in areas if one.get(kind) is not None]
        if stated or places.get(kind) is not None:
            found[f"stated.{kind}"] = _fixed([stated, places.get(kind)])
    return found


def _fixed(given: Any) -> Any:
    return tuple(map(_fixed, given)) if isinstance(given, list | tuple) else given


def with_table(data: Mapping[str, Any], folder: str = "") -> dict[str, Any]:
    """The data of a scenario; places that are in a CSV file become rows of the grid.

    folder  that the path of the file is relative to
    InputError, with the line of the table, if it cannot be used
    """
    places, city = data.get("places"), data.get("city") or {}
    if not isinstance(places, Mapping) or "file" not in places or not isinstance(city, Mapping | CitySize):
        return dict(data)
    try:
        size = city if isinstance(city, CitySize) else CitySize(**city)
    except InputError as error:
        raise error.under("city") from None
    try:
        if other := next((key for key in places if key != "file"), None):
            raise InputError("places are read from a file or written here, not both.", "Delete one of them.", path=(other,))
        return {**data, "places": _table(places["file"], size, folder)}
    except InputError as error:
        raise error.under("places") from None


def _table(path: Any, city: CitySize, folder: str) -> dict[str, Any]:
    """The rows of the grid that a table states."""
    text, file = read_table(os.path.join(folder, path) if isinstance(path, str) and path else path, *NAMED)
    columns, cells, lines = table_rows(text, file, "cell", "the columns, as x,y,opportunity,trust")
    width, height = grid(city)
    rows: dict[str, list[list[float | None]]] = {kind: [[None] * width for _ in range(height)] for kind in KINDS if kind in columns}
    seen: dict[tuple[int, int], int] = {}
    line = 1
    try:
        if ";" in columns[0]:
            raise InputError("the columns are separated by semicolons.", COMMAS)
        _refuse_other(dict.fromkeys(columns), (*HERE, *KINDS))
        check_twice(columns, file)
        if missing := [key for key in HERE if key not in columns]:
            raise InputError(f"there is no column '{missing[0]}'.", "Its first line names the columns, as x,y,opportunity,trust")
        for line, values in zip(lines, cells, strict=True):
            row = {key: scalar(value.strip()) for key, value in zip(columns, values, strict=True)}
            x, y = _coordinate("x", row, width), _coordinate("y", row, height)
            if (x, y) in seen:
                raise InputError(f"the cell x {x}, y {y} is already there, in line {seen[x, y]}.", "Keep one of the two.")
            seen[x, y] = line
            for kind, made in rows.items():
                made[y][x] = _checked(kind, row[kind])
    except InputError as error:
        raise error.at(file, line) from None
    return rows


def _coordinate(key: str, row: Mapping[str, Any], most: int) -> int:
    if problem := number_problem(row[key], 0, most - 1, True):
        remedy = number_remedy(row[key], 0, most - 1, True)
        raise InputError(note("wrong_value", name=key, problem=problem), remedy, "Cells are counted from 0.")
    return int(row[key])
