"""What is searched: a column for each number, and one for each choice of what is no number; and a box in the inputs' own units."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.methods.discovery.boxes import marks
from sim.methods.discovery.prim import Box, Cases
from sim.methods.discovery.search import Found
from sim.methods.discovery.tree import Condition

EVERYWHERE = "everywhere"  # the rule of a tree without branches
RESTRICTED = ["factor", "low", "high", "kept", "quasi_p", "bootstrap", "coverage_without", "density_without"]
Places = Mapping[str, Callable[[np.ndarray], np.ndarray]]


class Axis(NamedTuple):
    """A factor, or whether it takes one of its choices (1) or another (0)."""

    factor: str
    choice: Any = None


def searched(values: pd.DataFrame, choices: Mapping[str, Sequence[Any]], unit: np.ndarray | None = None) -> tuple[list[Axis], np.ndarray]:
    """The columns that are searched, and their values at the points (n x columns).

    values   a column a factor;  choices: those of each factor that is no number
    unit     n x d: where numbers are searched, as shares of their distributions that lie below; None: as they are
    """
    columns, made = [], []
    for place, name in enumerate(values):
        if name in choices:
            columns += [Axis(name, choice) for choice in choices[name]]
            made += [(values[name] == choice).to_numpy(float) for choice in choices[name]]
        else:
            columns.append(Axis(name))
            made.append(values[name].to_numpy(float) if unit is None else unit[:, place])
    return columns, np.column_stack(made)


def box_table(
    found: Found, cases: Cases, columns: list[Axis], values: pd.DataFrame, choices: Mapping[str, Sequence[Any]], at: Places
) -> pd.DataFrame:  # fmt: skip
    """What the box restricts: factor, low, high (nan: it does not), kept (choices), quasi_p, bootstrap, coverage_without, density_without.

    at  from where a factor was searched to its own unit; none: it was searched there. The factor that matters most comes first.
    """
    rows: dict[str, dict[str, Any]] = {}
    for row in found.restrictions.itertuples():
        name, choice = columns[row.factor]
        limit = rows.setdefault(name, {"factor": name, "low": np.nan, "high": np.nan, "kept": "", "quasi_p": 0.0, "bootstrap": 1.0})
        limit["quasi_p"], limit["bootstrap"] = max(limit["quasi_p"], row.quasi_p), min(limit["bootstrap"], row.bootstrap)
        if choice is None:
            for end in ("low", "high"):
                share = getattr(row, end)
                if np.isfinite(share):
                    limit[end] = float(at[name](np.array([share]))[0]) if name in at else float(share)
            continue
        low, high = found.box.low[row.factor], found.box.high[row.factor]
        alone = Box.whole(len(columns)).moved(row.factor, False, low).moved(row.factor, True, high)
        inside = values[name].to_numpy()[alone.inside(cases.x)]
        left = limit["kept"].split(", ") if limit["kept"] else [str(one) for one in choices[name]]
        there = {str(one) for one in inside}
        limit["kept"] = ", ".join(one for one in left if one in there)
    for name, limit in rows.items():
        without = found.box
        for place, column in enumerate(columns):
            if column.factor == name:
                without = without.moved(place, False).moved(place, True)
        own = marks(without, cases)
        limit |= {"coverage_without": own.coverage, "density_without": own.density}
    made = pd.DataFrame(list(rows.values()), columns=RESTRICTED)
    return made.sort_values("density_without", kind="stable", ignore_index=True)


def rule_text(rule: Sequence[Condition], columns: list[Axis], at: Places) -> str:
    """A rule of a tree: "rain <= 0.2; crop = rye"."""
    said = []
    for place, below, limit in rule:
        name, choice = columns[place]
        if choice is not None:
            said.append(f"{name} {'!=' if below else '='} {choice}")
        else:
            said.append(f"{name} {'<=' if below else '>'} {float(at[name](np.array([limit]))[0]) if name in at else limit:.3g}")
    return "; ".join(said) or EVERYWHERE


def others(found: Found, columns: list[Axis]) -> pd.DataFrame:
    """factor, share: how many of the resamples restrict a factor that the box does not."""
    made = found.others.assign(factor=[columns[column].factor for column in found.others.factor])
    return made.groupby("factor", sort=False, as_index=False).share.max()
