"""Tables that others made: what is in them, or one sentence that names table and column and says what is wrong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError, counted, did_you_mean, number_problem, shown

if TYPE_CHECKING:  # which takes long to import
    import pandas as pd


def framed(given: Any, table: str, names: Sequence[str] | None = None, *, letter: str = "x") -> "pd.DataFrame":
    """A table with a column a quantity, whatever it was given as.

    Parameters
    ----------
    given : DataFrame, Series, mapping of columns, or array of shape (n,) or (n, d)
    table : what it is called in messages
    names : d names, for an array; by default x1, x2, ...
    letter : before the numbers of columns without names

    Raises
    ------
    InputError
        if it is empty, has more than two dimensions, or columns with the same name.
    """
    import pandas as pd

    if isinstance(given, Mapping):
        lengths = {str(name): np.shape(column)[:1] for name, column in given.items()}
        if len(set(lengths.values())) > 1:
            sizes = ", ".join(f"'{name}' {size[0] if size else 'no'}" for name, size in lengths.items())
            raise InputError(f"columns of {table} have different numbers of rows: {sizes[:200]}.", "Give each column a row a run.")
        given = pd.DataFrame({name: np.asarray(column) for name, column in given.items()})
    elif isinstance(given, pd.Series):
        given = given.to_frame(given.name if given.name is not None else f"{letter}1")
    elif not isinstance(given, pd.DataFrame):
        values = np.asarray(given)
        if values.ndim not in (1, 2):
            raise InputError(f"{table} must have rows and columns, but have the shape {values.shape}.", "Give a table or an n x d array.")
        values = values.reshape(len(values), values.size // len(values)) if len(values) else np.empty((0, 0))
        numbered = [f"{letter}{place + 1}" for place in range(values.shape[1])]
        made = [str(name) for name in names] if names is not None and values.size else numbered
        if len(made) != values.shape[1]:
            message = f"{table} have {counted(values.shape[1], 'column')}, but names have {len(made)}."
            raise InputError(message, "Name each column once, in their order.")
        given = pd.DataFrame(values, columns=made)
    frame: pd.DataFrame = given.reset_index(drop=True)
    frame.columns = pd.Index([str(name) for name in frame.columns])
    if not frame.size:
        raise InputError(
            f"{table} are empty: {counted(frame.shape[0], 'row')} and {counted(frame.shape[1], 'column')}.", "Give a row a run."
        )
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InputError(f"{table} have two columns called '{twice}'.", "Give each its own name.")
    return frame


def numbers(frame: "pd.DataFrame", table: str, *, holes: bool = False) -> np.ndarray:
    """n x d floats. InputError that names the column and row of what is none; holes: may nan stand there (a run that failed)?"""
    import pandas as pd

    found = np.empty(frame.shape)
    for place, name in enumerate(frame.columns):
        column = frame[name].astype(object) if frame[name].dtype.kind in "mM" else frame[name]  # dates would be nanoseconds
        made = pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)
        wrong = ~np.isfinite(made) & (column.notna().to_numpy() & ~np.isinf(made) if holes else np.ones(len(made), bool))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            cell = column.iloc[row]
            is_hole = bool(pd.isna(cell))
            more = f", and {counted(wrong.sum() - 1, 'more row')}" if wrong.sum() > 1 else ""
            what = "is empty" if is_hole else f"is {shown(cell)}, no finite number,"
            remedy = (
                "Leave such rows out of all tables."
                if is_hole
                else "Give numbers; of choices a column of 0 and 1 for each (pandas.get_dummies)."
            )
            raise InputError(f"the column '{name}' of {table} {what} in row {row + 1}{more}.", remedy)
        found[:, place] = np.where(np.isinf(made), np.nan, made)
    return found


def as_long(many: int, n: int, table: str, other: str = "inputs") -> None:
    """InputError if a table has not as many rows as another."""
    if many != n:
        raise InputError(f"{table} have {counted(many, 'row')}, but {other} have {n:,}.", "Give both a row a run, in the same order.")


def check_given(seed: Any, inputs: Any, **tables: Any) -> None:
    """InputError if a seed is no whole number, or a table has the labels of inputs in another order: rows are joined by their place."""
    import pandas as pd

    if problem := number_problem(seed, 0, 2**63, True):
        raise InputError(f"'seed' {problem}.", "Write seed=1, or leave it out.")
    other: Any = getattr(inputs, "index", None)
    for table, given in tables.items():
        for each in given.values() if isinstance(given, Mapping) else [given]:
            label: Any = getattr(each, "index", None)
            known = isinstance(label, pd.Index) and isinstance(other, pd.Index) and label.is_unique and len(label) == len(other)
            if known and not label.equals(other) and label.isin(other).all():
                raise InputError(f"{table} have the rows of inputs in another order.", "Sort both alike, as outputs.loc[inputs.index].")


def named(wanted: Iterable[Any], names: Sequence[str], what: str) -> list[str]:
    """The names, if all of them are known. InputError with the nearest one."""
    found = [str(name) for name in wanted]
    for name in found:
        if name not in names:
            remedy = f"{did_you_mean(name, names)}Columns: {', '.join(names)[:300]}"
            raise InputError(f"{what} '{name[:100]}' is no column of inputs.", remedy)
    return found


def chosen(given: Any, names: Sequence[str], what: str) -> np.ndarray:
    """d, bool: the columns that are meant by True, False, None (none), a name or several."""
    if given is None or isinstance(given, bool | np.bool_):
        return np.full(len(names), bool(given))
    return np.isin(names, named([given] if isinstance(given, str) else given, names, what))


def judges(given: Any, n: int, seed: int) -> np.ndarray | None:
    """n, bool: the rows by which surfaces are judged; None: nobody said which may.

    given  "random": all rows are drawn at random, each by itself, so a tenth of them, at least 50 if there are 100, is as good as any;
           or n times true or false; all true is the same as "random"
    """
    if given is None:
        return None
    if isinstance(given, str) and given != "random":
        raise InputError(f"'validation' is {shown(given)}.", "Write 'random' if each row was drawn by itself, or true or false a row.")
    found = np.ones(n, bool) if isinstance(given, str) else np.asarray(given)
    if found.shape == (n,) and found.dtype == bool and found.all():
        return np.isin(np.arange(n), np.random.default_rng([seed, 9]).permutation(n)[: max(n // 10, min(50, n // 2))])
    if found.shape != (n,) or found.dtype != bool:
        raise InputError(f"'validation' must be {n} times true or false, one for each row of inputs.", "Leave it out if there are none.")
    return found
