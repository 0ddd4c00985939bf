"""Does the emulator tell the truth about itself, and is it as good as others? Functions x factors x designs x sizes, answers known.

    python experiments/known-answers/battery.py [--quick] [--cells N] [--minutes 30] [--out out/battery] [--page out/battery/battery.md]

Each cell takes a function with dummies beside its own factors, a design, and validation points as a study has them, and asks for
indices. Then 4,000 fresh points say what Q2 is in truth. The rivals learn from the same points, those for validation included, and were
named before the first run: openTURNS' polynomial chaos with least angle regression, scikit-learn's Gaussian process and its boosted trees,
each with its usual settings. What is counted:

    near      of cells in which it spoke: stated Q2 within .05 of the truth
    held      of cells: the truth inside the stated 90 % interval of Q2
    refused   of cells in which the best rival reaches .6: the emulator said nothing
    covered   of 95 % intervals of first and total indices of factors that act: the exact one inside
    false     of dummies: an interval of the total that begins above .02

Cells come in an order in which the first N are a fair picture of all.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from functions import FUNCTIONS, Function, exact
from scipy.stats import qmc

from sim.files.writing import write_file
from sim.methods.indices import indices
from sim.methods.threads import single_threaded
from sim.studies.design.designs import usual_checks

FACTORS, DESIGNS, SIZES = (6, 20, 100), ("sobol", "random", "lhs", "saltelli"), (64, 256, 1024)
FRESH = 4000
KEY = ("function", "factors", "design", "points")
NEAR, REACHED = 0.05, 0.6
LARGEST = 256  # points from which scikit-learn's process learns: more take minutes
TERMS = 250  # among which openTURNS chooses, for the same reason


def cells() -> list[tuple[Function, int, str, int]]:
    """All cells: each function with every number of factors and size, the designs in turn; in an order that mixes them."""
    made = []
    for number, (function, (place, factors), (row, size)) in enumerate(product(FUNCTIONS, enumerate(FACTORS), enumerate(SIZES))):
        many = max(factors, function.active)
        made.append((function, many, DESIGNS[(number // 9 + place + row) % len(DESIGNS)], size))
    order = np.random.default_rng(11).permutation(len(made))
    return [made[place] for place in order]


def points_of(design: str, factors: int, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The points of a design with its validation points, and which those are."""
    own = {
        "sobol": lambda: qmc.Sobol(factors, rng=rng).random(size),
        "lhs": lambda: qmc.LatinHypercube(factors, rng=rng).random(size),
        "random": lambda: rng.random((size, factors)),
        "saltelli": lambda: saltelli(factors, size, rng),
    }[design]()
    checks = usual_checks(len(own))
    return np.vstack([own, rng.random((checks, factors))]), np.arange(len(own) + checks) >= len(own)


def saltelli(factors: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Two nets and, for each factor, the first with that column of the second: as near to the size as powers of two come, from below."""
    base = 2 ** max(int(np.log2(size / (factors + 2))), 0)
    one, other = np.split(qmc.Sobol(2 * factors, rng=rng).random(base), 2, axis=1)
    mixed = [np.where(np.arange(factors) == factor, other, one) for factor in range(factors)]
    return np.vstack([one, *mixed, other])


def openturns(unit: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Polynomial chaos, least angle regression, corrected leave-one-out, terms of a hyperbolic set. ImportError without openTURNS."""
    import openturns as ot

    ot.Log.Show(ot.Log.NONE)
    ot.TBB.Disable()
    n, d = unit.shape
    enumerate_ = ot.HyperbolicAnisotropicEnumerateFunction(d, 0.6)
    basis = ot.OrthogonalProductPolynomialFactory([ot.LegendreFactory()] * d, enumerate_)
    terms = max(2 * d, min(n, TERMS))
    selection = ot.LeastSquaresMetaModelSelectionFactory(ot.LARS(), ot.CorrectedLeaveOneOut())
    rows = ot.Sample((2 * unit - 1).tolist())
    chaos = ot.FunctionalChaosAlgorithm(
        rows, ot.Sample(y[:, None].tolist()), ot.JointDistribution([ot.Uniform(-1, 1)] * d), ot.FixedStrategy(basis, terms),
        ot.LeastSquaresStrategy(selection),
    )  # fmt: skip
    chaos.run()
    surface = chaos.getResult().getMetaModel()
    return lambda points: np.array(surface(ot.Sample((2 * points - 1).tolist())))[:, 0]


def process(unit: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """scikit-learn's Gaussian process, a length scale a factor up to 10 factors."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    lengths = np.full(unit.shape[1], 1.0) if unit.shape[1] <= 10 else 3.0
    kernel = ConstantKernel(1.0) * RBF(lengths, (0.05, 50)) + WhiteKernel(0.01, (1e-6, 10))
    return GaussianProcessRegressor(kernel, normalize_y=True).fit(unit[-LARGEST:], y[-LARGEST:]).predict


def trees(unit: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """scikit-learn's boosted trees."""
    from sklearn.ensemble import GradientBoostingRegressor

    return GradientBoostingRegressor(n_estimators=300, learning_rate=0.05, subsample=0.5, random_state=0).fit(unit, y).predict


RIVALS = {"openturns": openturns, "process": process, "trees": trees}


def truth(predicted: np.ndarray, y: np.ndarray) -> float:
    """Q2 at fresh points."""
    return 1 - float(np.mean((y - predicted) ** 2) / y.var())


@single_threaded
def tried(function: Function, factors: int, design: str, size: int, *, rivals: bool = True) -> dict[str, Any]:
    """One cell."""
    seed = [FUNCTIONS.index(function), factors, size, DESIGNS.index(design)]
    rng = np.random.default_rng(seed)
    unit, judges = points_of(design, factors, size, rng)
    fresh = rng.random((FRESH, factors))
    runs, fresh_runs = np.split(function.runs(np.vstack([unit, fresh]), rng), [len(unit)])  # with the same luck
    y, fresh_y = runs.mean(axis=1), fresh_runs.mean(axis=1)
    started = time.process_time()
    said = indices(unit, runs, [f"x{k}" for k in range(factors)], validation=judges, luck=function.luck is not None)
    row: dict[str, Any] = {
        "function": function.name, "factors": factors, "design": design, "points": size, "checks": int(judges.sum()),
        "seconds": time.process_time() - started, "stated": said.q2, "low": said.q2_low, "high": said.q2_high,
        "true": truth(said.emulator.predict(fresh), fresh_y) if said.emulator else np.nan,
        "surface": said.emulator.kind if said.emulator else "", "spoke": said.refused is None,
    }  # fmt: skip
    if said.refused is None:
        table, act = said.table, function.active
        pairs = list(zip(("first", "total"), exact(function), strict=True))
        row["covered"] = float(np.mean([
            (table[f"{kind}_low"][:act] <= known + 0.005) & (table[f"{kind}_high"][:act] >= known - 0.005) for kind, known in pairs
        ]))  # fmt: skip
        row["dummies"], row["alarms"] = factors - act, int((table.total_low[act:] > 0.02).sum())
    for name, rival in RIVALS.items() if rivals else ():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            started = time.process_time()
            try:
                row[name] = truth(rival(unit, y)(fresh), fresh_y)
            except ImportError:
                row[name] = np.nan
            row[f"{name}_seconds"] = time.process_time() - started
    return row


def summary(found: pd.DataFrame) -> dict[str, float]:
    """What is counted, over cells."""
    spoke = found[found.spoke]
    best = found[[name for name in RIVALS if name in found]].max(axis=1) if any(name in found for name in RIVALS) else found.true
    reached = found[best >= REACHED]
    off = (spoke.stated - spoke.true).abs()
    return {
        "cells": len(found), "spoke": len(spoke), "near": float(off.le(NEAR).mean()), "worst": float(off.max()),
        "held": float(((found.low - 0.005 <= found.true) & (found.high + 0.005 >= found.true)).mean()), "reached": len(reached),
        "refused": float((~reached.spoke.astype(bool)).mean()), "covered": float(spoke.covered.mean()),
        "dummies": int(spoke.dummies.sum()), "false": float(spoke.alarms.sum() / max(spoke.dummies.sum(), 1)),
        "seconds": float(found.seconds.mean()), "most": float(found.seconds.max()),
    }  # fmt: skip


def share(value: float) -> str:
    """In percent."""
    return "-" if np.isnan(value) else f"{100 * value:.0f} %"


def page(found: pd.DataFrame) -> str:
    """The page that is published: what is counted, of all cells and of their kinds, then every cell."""
    many = found.factors.map(lambda d: "6 to 15" if d < FACTORS[1] else str(d))
    grouped = ((found.design, ""), (found.points, " points"), (many, " factors"))
    kinds = [("all", found), *((f"{value}{what}", part) for by, what in grouped for value, part in found.groupby(by))]
    columns = ["cells", "it spoke", "Q2 within .05", "worst", "truth in its interval", "a rival has .6", "refused there", "indices covered",
               "dummies", "false alarms", "seconds", "at most"]  # fmt: skip
    shares = {"near", "held", "refused", "covered", "false"}

    def written(key: str, value: float) -> str:
        return share(value) if key in shares else f"{value:.2g}" if isinstance(value, float) else f"{value:,}"

    counted = [[name, *(written(*each) for each in summary(part).items())] for name, part in kinds]
    each = [
        [row.function, row.factors, row.design, f"{row.points} + {row.checks}", row.surface or "-",
         f"{row.stated:.2f} ({row.low:.2f} to {row.high:.2f})", *(f"{row[one]:.2f}" for one in ("true", *RIVALS) if one in found),
         "yes" if row.spoke else "no", f"{row.covered:.2f}"] for _, row in found.iterrows()
    ]  # fmt: skip
    rivals = [name for name in RIVALS if name in found]
    titles = ["function", "factors", "design", "points + validation", "surface", "Q2 stated (90 %)", "true", *rivals]
    titles += ["spoke", "indices covered"]
    words, total = (__doc__ or "").split("\n\n"), summary(found)
    return "\n\n".join([
        "# How honest the emulator is",
        f"Where it spoke, the Q2 that it stated was within .05 of the truth in {share(total['near'])} of cells; of dummies, which do "
        f"nothing, {share(total['false'])} were taken for factors; it refused in {share(total['refused'])} of the cells where a rival "
        "had learned something.",
        f"`make battery` writes this page. It holds {len(found)} of {len(cells())} cells, in an order that mixes them, and took "
        f"{found.filter(like='seconds').sum().sum() / 60:.0f} minutes of processor time, {found.seconds.sum() / 60:.0f} of them its own.",
        words[2], f"```text title=\"what is counted, not printed\"\n{words[3]}\n```",
        _table(["", *columns], counted), *_off(found), "## Every cell", _table(titles, each).replace("nan", "-"),
    ]) + "\n"  # fmt: skip


def _off(found: pd.DataFrame) -> list[str]:
    """The section that names the cells whose Q2 was off."""
    spoke = found[found.spoke.astype(bool)]
    off = spoke[(spoke.stated - spoke.true).abs() > NEAR]
    lucky = spoke.function.isin([function.name for function in FUNCTIONS if function.luck])
    inside = (off.low <= off.true) & (off.high >= off.true)
    told = (
        f"{len(off)} of the {len(spoke)} cells in which it spoke, {lucky[off.index].sum()} of them with luck that varies (of {lucky.sum()} "
        f"such); in {inside.sum()} the truth lay in the stated interval. Why: [validation points](design/0014-validation-points.md)."
    )
    rows = [
        [row.function, row.factors, row.design, f"{row.points} + {row.checks}", f"{row.stated:.2f} ({row.low:.2f} to {row.high:.2f})",
         f"{row.true:.2f}", f"{row.stated - row.true:+.2f}"] for _, row in off.iterrows()
    ]  # fmt: skip
    titles = ["function", "factors", "design", "points + validation", "Q2 stated (90 %)", "true", "off by"]
    return [f"## Off by more than {NEAR:.2f}".replace("0.", "."), told, _table(titles, rows)]


def _table(titles: list[str], rows: list[list[object]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def quick_cells() -> list[tuple[Function, int, str, int]]:
    """Small ones, which take less than a minute."""
    return [cell for cell in cells() if cell[3] <= 256 and cell[1] <= 20][:24]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=len(cells()), help="how many, from the first")
    parser.add_argument("--quick", action="store_true", help="24 small cells without rivals: less than a minute")
    parser.add_argument("--minutes", type=float, default=30.0, help="of processor time, after which no other cell is begun")
    parser.add_argument("--out", type=Path, default=Path("out/battery"))
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    wanted = quick_cells() if asked.quick else cells()[: asked.cells]
    began, place = time.process_time(), asked.out / "cells.csv"
    found = pd.read_csv(place) if place.is_file() and not asked.quick else pd.DataFrame()  # a run that was ended goes on where it was
    done = {tuple(row) for row in found[list(KEY)].itertuples(index=False)} if len(found) else set()
    for cell in wanted:
        if (cell[0].name, *cell[1:]) in done:
            continue
        if time.process_time() - began > 60 * asked.minutes:
            break
        row = tried(*cell, rivals=not asked.quick)
        print(" ".join(f"{key} {value:.2f}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()), flush=True)
        found = pd.concat([found, pd.DataFrame([row])], ignore_index=True)
        write_file(place, found.to_csv(index=False).encode())
    told = summary(found)
    print("\n" + "\n".join(f"{key:10} {value:.3f}" for key, value in told.items()))
    if asked.page:
        write_file(asked.page, page(found).encode())


if __name__ == "__main__":
    main()
