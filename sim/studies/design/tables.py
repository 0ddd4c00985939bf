"""Points that are written out: a CSV table with a column a factor and a row a point, checked line by line."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError, number
from sim.inputs.csv_files import COMMAS, check_twice, table_rows
from sim.studies.design.distributions import Continuous, Values
from sim.studies.design.factors import Factor, allowed_of, factor

if TYPE_CHECKING:  # which takes long to import
    import pandas as pd

INDEX = "point"  # a column of this name numbers the points; it is not read


@lru_cache(4)  # a study is made anew whenever a key of it changes
def points_table(text: str, factors: tuple[Factor, ...] | None, file: str | None = None) -> "pd.DataFrame":
    """The points of a CSV text: a column a factor, in their order; numbers, whole numbers or choices as the factor has them.

    factors  what varies; None: the columns say it
    file     how messages call the text, if it is a file's
    InputError, with the line, if columns are missing or unknown, or if a value is not possible. The table is shared: do not change it.
    """
    import pandas as pd

    header, rows, lines = table_rows(text, file, "point", "the factors, as trust.contact_gain,purge.follow_through")
    columns = [name for name in header if name != INDEX]
    _check_header(columns, factors, file)
    made = {}
    for name in columns if factors is None else [each.name for each in factors]:
        own = None if factors is None else next(each for each in factors if each.name == name)
        place = header.index(name)
        made[name] = _column(name, [row[place] for row in rows], lines, own, file)
    return pd.DataFrame(made, index=pd.RangeIndex(len(rows), name=INDEX))


def table_factors(table: "pd.DataFrame") -> tuple[Factor, ...]:
    """The factors that a table without `vary` varies: each over what its column holds."""
    found = []
    for name, column in table.items():
        values = column.to_numpy()
        low, high = (values[0],) * 2 if values.dtype == object else (values.min().item(), values.max().item())
        if low == high:
            spread: Continuous | Values = Values(tuple(dict.fromkeys(values.tolist())))
        else:
            spread = Continuous("uniform", low, high, low, high, allowed_of(str(name)).whole)
        found.append(factor(str(name), spread))
    return tuple(found)


def as_text(table: "pd.DataFrame") -> str:
    """The table as CSV that is read back equal."""
    return table.to_csv(index=False, lineterminator="\n")


def _check_header(columns: list[str], factors: Sequence[Factor] | None, file: str | None) -> None:
    """InputError if the columns are not the factors."""
    names = None if factors is None else [each.name for each in factors]
    check_twice(columns, file)
    for name in columns:
        try:
            allowed_of(name)
        except InputError as error:
            remedy = error.remedy if ";" not in name else COMMAS
            raise InputError(error.message, remedy, file=file, line=1) from None
        if names is not None and name not in names:
            raise InputError(f"'{name}' does not vary.", "Add it to 'vary', or delete the column.", file=file, line=1)
    if missing := [name for name in names or () if name not in columns]:
        raise InputError(f"there is no column '{missing[0]}'.", "Add it, or take it out of 'vary'.", file=file, line=1)
    if not columns:
        raise InputError("the table names no factor.", "Its first line names them, as trust.contact_gain", file=file, line=1)


def _column(name: str, cells: list[str], lines: list[int], own: Factor | None, file: str | None) -> np.ndarray:
    """The values of a column. InputError, with the line, if one is not possible."""
    allowed = allowed_of(name)
    if allowed.choices:
        values: Any = np.array([cell.strip() for cell in cells], object)
        good = np.isin(values, allowed.choices)
    else:
        values = _numbers(cells)
        good = (values >= allowed.low) & (values <= allowed.high) & ((values % 1 == 0) | (not allowed.whole))
    if not good.all():
        row = int(np.argmin(good))
        number_or_text = cells[row] if allowed.choices or np.isnan(values[row]) else float(values[row])
        try:
            allowed.check(number_or_text, name)
        except InputError as error:
            raise InputError(error.message, error.remedy, file=file, line=lines[row]) from None
    values = values.astype(int) if allowed.whole and not allowed.choices else values
    outside = np.zeros(len(values), bool) if own is None else ~own.holds(values)
    if outside.any():
        row = int(np.argmax(outside))
        value = values[row] if allowed.choices else number(float(values[row]))
        message = f"'{name}' is {value}, which lies outside of what it varies over."
        raise InputError(message, "Widen its range in 'vary', or change the value.", file=file, line=lines[row])
    return values


def _numbers(cells: list[str]) -> np.ndarray:
    """The cells as numbers; nan for what is none."""
    try:
        return np.array(cells, float)  # reads texts as Python does
    except ValueError:
        return np.array([_number(cell) for cell in cells])


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
