"""Scenario discovery on anybody's data: inputs in natural units, and which rows are cases, in; a box in the same units out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.methods.discovery.boxes import ALPHA, MOST
from sim.methods.discovery.columns import box_table, others, rule_text, searched
from sim.methods.discovery.prim import Cases
from sim.methods.discovery.search import PERMUTATIONS, RESAMPLES, check_settings, least_mass, search, whole
from sim.methods.discovery.tree import tree
from sim.methods.tables import as_long, check_given, framed, numbers
from sim.methods.threads import single_threaded
from sim.style import Note, note

COVERS = note("covers_box")


@dataclass(frozen=True)
class Discovered:
    """Where cases lie.

    box         factor, low, high (nan: not restricted there), kept (of what is no number: its choices in the box), quasi_p, bootstrap
                (share of resamples with the same ends), coverage_without, density_without (were it not restricted); what matters most first
    coverage    share of all cases that the box holds;  density: share of its rows that are cases;  mass: share of all rows
    share       share of all rows that are cases;  rows: how many
    p           of the permutation test (nan: nothing was looked for)
    refused     why there is no box; None if there is one
    inside      n, bool: rows in the box
    trajectory  step, phase, restricted, coverage, density, mass, chosen: the peel, candidates, and the box that was taken
    unseen      quantity (coverage, density), mean, low, high: what boxes are worth at rows that they were not found with
    others      factor, share: how many resamples restrict what the box does not
    tree        rule, n, share, coverage: a second opinion, by a classification tree
    covers      what these numbers cover; str(...) is the sentence, of refused too
    """

    box: pd.DataFrame
    coverage: float
    density: float
    mass: float
    share: float
    rows: int
    p: float
    refused: Note | None
    inside: np.ndarray
    trajectory: pd.DataFrame
    unseen: pd.DataFrame
    others: pd.DataFrame
    tree: pd.DataFrame
    covers: Note = COVERS


@single_threaded
def discover(
    inputs: Any,
    cases: Any,
    *,
    alpha: float = ALPHA,
    most: int = MOST,
    permutations: int = PERMUTATIONS,
    resamples: int = RESAMPLES,
    clusters: Any = None,
    names: Sequence[str] | None = None,
    seed: int = 0,
) -> Discovered:
    """Where, in the space of inputs, the rows of interest lie.

    Parameters
    ----------
    inputs : DataFrame, mapping of columns, or array of shape (n, d)
        A row a run, in natural units; columns of text, truth values or categories are choices.
    cases : n bools
        Which rows are of interest, as `outputs < 0`. nan is refused: a run that failed is neither a case nor none.
    alpha : number
        A box is taken if the p of the permutation test is at most this, and a restriction if its quasi-p is.
    most : int
        Inputs that the box may restrict.
    permutations, resamples : int
        Searches among cases dealt out at random; resamples of the rows.
    clusters : n numbers or names, optional
        Rows with the same one are not independent of each other: they are dealt out and drawn together.
    names : d names of columns, if inputs are an array
    seed : int
        Equal seeds give equal results.

    Returns
    -------
    Discovered
        If there is nothing to find, `refused` says why and `box` is empty.

    Raises
    ------
    InputError
        One sentence that names table and column: shapes that do not fit, holes, cases that are neither true nor false, settings with which
        nothing can be found.

    Notes
    -----
    PRIM: Friedman and Fisher (1999); for scenario discovery, with quasi-p values: Bryant and Lempert (2010). The tree: Breiman et al.
    (1984).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> runs = pd.DataFrame(rng.uniform(0, 10, (400, 3)), columns=["rain", "wind", "sun"])
    >>> found = discover(runs, (runs.rain < 3) & (runs.sun > 5), resamples=20)
    >>> found.box[["factor", "low", "high"]].round(0)
      factor  low  high
    0   rain  NaN   3.0
    1    sun  5.0   NaN
    """
    check_settings(alpha=alpha, most=most, permutations=permutations, resamples=resamples)
    check_given(seed, inputs, cases=cases)
    frame = framed(inputs, "inputs", names)
    table = framed(cases, "cases", letter="case ")
    as_long(len(table), len(frame), "cases")
    if table.shape[1] != 1:
        raise InputError(f"cases have {table.shape[1]} columns.", "Give true or false for each row of inputs.")
    column = table.iloc[:, 0]
    if column.dtype == object and column.isin([True, False]).all():
        column = column.astype(bool)
    y = column.to_numpy() if column.dtype == bool else numbers(table, "cases", holes=True)[:, 0]
    choices = {name: _choices(frame[name], name) for name in frame if not _is_number(frame[name])}
    plain = [name for name in frame if name not in choices]
    numbers(frame[plain], "inputs") if plain else None
    columns, x = searched(frame, choices)
    x, y = whole(x, y)
    groups = None if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1].ravel()
    if groups is not None:
        as_long(len(groups), len(frame), "clusters")
    found = search(x, y, clusters=groups, alpha=alpha, most=most, permutations=permutations, resamples=resamples, seed=seed)
    own = Cases.of(x, y)
    leaves = tree(x, y, smallest=least_mass(own), clusters=groups, seed=seed)
    leaves["rule"] = [rule_text(rule, columns, {}) for rule in leaves.rule]
    return Discovered(
        box_table(found, own, columns, frame, choices, {}), found.marks.coverage, found.marks.density, found.marks.mass, own.share, len(x),
        found.p, found.refused, found.inside if found.refused is None else np.zeros(len(x), bool), found.trajectory, found.unseen,
        others(found, columns), leaves,
    )  # fmt: skip


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _choices(column: pd.Series, name: str) -> list[Any]:
    """What there is in a column that is no number. InputError if there are holes, or numbers and texts side by side."""
    if column.isna().any():
        row = int(np.flatnonzero(column.isna())[0])
        raise InputError(f"the column '{name}' of inputs is empty in row {row + 1}.", "Leave such rows out of inputs and cases.")
    if len({isinstance(value, str) for value in column}) > 1:
        raise InputError(f"the column '{name}' of inputs has numbers and texts side by side.", "Give numbers, or texts.")
    return sorted(column.unique().tolist())
