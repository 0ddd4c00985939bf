"""Which numbers decide what each reform does: the table of docs/which-parameters-matter.md, from the runs of study.yaml.

    python experiments/which-parameters-matter/tables.py out/which-parameters-matter

Writes factors.csv into the folder and prints it for the page. Effects are products of many numbers: most are small, and few points with
large ones make up most of the variance, which no emulator of so many factors foretells. So a share here is one of the variance of
arcsinh(effect / typical effect), linear below the typical effect (the median of its size) and a logarithm above: small effects count as
large ones do. An emulator (`sim.methods.indices`: polynomials, or a Gaussian process if that foretells more points of the net) reads the 30
factors whose rank correlation with the effect is largest at the net's points, and is judged at validation points, which had no say in
either. Columns by effect: q2 with its 90 % interval, luck (its share of means), and why nothing is said, if so; by factor: its total share
with a 95 % interval, and the mean effect at points in the factor's lowest and highest fifth, which no emulator has touched.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from sim import Sweep
from sim.files.writing import write
from sim.methods.indices.analysis import indices
from sim.methods.indices.emulator import MOST

READ, SHOWN, LEAST = 30, 6, 0.05  # factors that an emulator reads; of these are told at most so many, each of at least such a share
MEASURES = {"mean_trust": 100.0, "reporting_rate": 100.0}  # and what they are multiplied by: points


def screened(unit: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """The factors that an emulator reads: the largest rank correlations with the mean effect, in the order of the design."""
    ranks = rankdata(effect)
    size = np.abs([np.corrcoef(rankdata(column), ranks)[0, 1] for column in unit.T])
    return np.sort(np.argsort(-size, kind="stable")[:READ])


def fifths(place: np.ndarray, effect: np.ndarray) -> tuple[float, float]:
    """Mean effect in the lowest and in the highest fifth of a factor."""
    return float(effect[place < 0.2].mean()), float(effect[place >= 0.8].mean())


def table_of(sweep: Sweep) -> pd.DataFrame:
    """A row a factor that is told of each effect, or one for an effect of which none is."""
    unit, names = np.asarray(sweep.points.unit), list(sweep.points.values)
    net = np.flatnonzero(~sweep.points.validation)
    rows = np.r_[
        net[: MOST - int(sweep.points.validation.sum())], np.flatnonzero(sweep.points.validation)
    ]  # so many that a process is tried
    judges = sweep.points.validation[rows]
    told = []
    for measure, times in MEASURES.items():
        values = times * sweep.store.cube(measure)[..., -1]
        for place, arm in list(enumerate(sweep.study.sweep_arms()))[1:]:
            effect = values[:, place] - values[:, 0]
            mean = effect.mean(axis=1)
            read = screened(unit[net], mean[net])
            squeezed = np.arcsinh(effect / np.median(np.abs(mean)))
            found = indices(unit[rows][:, read], squeezed[rows], [names[one] for one in read], validation=judges)
            head = {
                "arm": arm, "measure": measure, "mean": mean.mean(), "sd": mean.std(), "q2": found.q2, "q2_low": found.q2_low,
                "q2_high": found.q2_high, "validated": found.validated, "luck": found.noise_share_of_mean,
                "refused": str(found.refused or "").partition(". ")[0],
            }  # fmt: skip
            ranked = found.table.sort_values("total", ascending=False, kind="stable").head(SHOWN).to_dict("records")
            for row in [row for row in ranked if row["total"] >= LEAST] or [{}]:
                ends = fifths(unit[:, names.index(row["factor"])], mean) if row else (np.nan, np.nan)
                share = {name: 100.0 * row.get(name, np.nan) for name in ("total", "total_low", "total_high")}
                told.append({**head, "factor": row.get("factor", ""), **share, "lowest": ends[0], "highest": ends[1]})
    return pd.DataFrame(told).round({"mean": 3, "sd": 3, "q2": 2, "q2_low": 2, "q2_high": 2, "luck": 2, "total": 0, "total_low": 0,
                                     "total_high": 0, "lowest": 2, "highest": 2})  # fmt: skip


def row_of(row: dict[str, str], to: str = "to") -> str:
    """A row of the page's table, from one of factors.csv."""
    total, low, high = (f"{float(row[name]):.0f}" for name in ("total", "total_low", "total_high"))
    return (
        f"| {row['arm']} | `{row['factor']}` | {total} ({low} {to} {high}) | {float(row['lowest']):+.2f} | {float(row['highest']):+.2f} |"
    )


def quality_of(row: dict[str, str], to: str = "to") -> str:
    """How good the emulator of an effect is, as a row of the page's table."""
    q2 = f"{float(row['q2']):.2f} ({float(row['q2_low']):.2f} {to} {float(row['q2_high']):.2f})"
    mean = f"{float(row['mean']):+.2f} ({float(row['sd']):.2f})"
    return f"| {row['arm']} | `{row['measure']}` | {mean} | {q2} | {100 * float(row['luck']):.0f} |"


def main() -> None:
    """Analyze, write, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    table = table_of(Sweep.load(folder))
    write(folder, {"factors.csv": table.to_csv(index=False)})
    for row in table.astype(str).to_dict("records"):
        print(row_of(row) if row["factor"] else f"{row['arm']}, {row['measure']}: {row['refused']}")
    print(
        table.drop_duplicates(["arm", "measure"])[["arm", "measure", "mean", "sd", "q2", "q2_low", "q2_high", "luck"]].to_string(
            index=False
        )
    )


if __name__ == "__main__":
    main()
