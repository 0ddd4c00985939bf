"""A decision when its possible cities weigh by what trials found: the ranking with tau, how far findings carry over, at both ends.

    python experiments/which-reform/trials.py out/which-reform-{mexico-city,national,state-yucatan,state-guerrero}

The folders are those of `confianza decide`. Trials are run again in so many cities of each place (--runs; kept below --reruns), and each
draw of the decision is weighed by the likelihood of all fitted trials there: with tau at 0 (places differ in what the model knows and in
nothing else), at the scale that is judged, and at three times it. Writes and prints for each how many draws of equal weight are left, the
gain of each arm (middle and 5-95 % of cities) and in how many of 100 it is the best in the middle of what a unit may be worth. Few draws
left: the model contradicts the trials, and nothing is sure.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sim import Sweep
from sim.artifacts.posterior import load_posterior
from sim.calibration.result import weighted_quantile
from sim.engine.running import Execution
from sim.evidence.base import evidence
from sim.evidence.fit import Candidates, reform_parameters, surfaces_of, weigh
from sim.evidence.protocols import carrying
from sim.evidence.surfaces import Surfaces
from sim.files.writing import write
from sim.studies.answers.decision import Decision
from sim.world.parameters import CODEBOOK

QUANTILES = [0.05, 0.5, 0.95]
TAUS = {"0": 0.0, "as judged": 1.0, "three times that": 3.0}


def weights_under(points: pd.DataFrame, surfaces: Surfaces, times: float) -> np.ndarray:
    """n: of the decision's draws, given the trials, with tau at so many times its scale."""
    n = len(points)
    tau = pd.DataFrame({name: np.full(n, times * kind.scale) for name, kind in carrying().items()})
    return weigh(Candidates(points, np.arange(n), np.full(n, 1.0 / n), tau), surfaces, evidence()).weights


def table_of(decision: Decision, points: pd.DataFrame, surfaces: Surfaces) -> pd.DataFrame:
    """A row a tau and arm: draws left, gain, in how many of 100 it is the best (the first arm, doing nothing, has a row without a gain)."""
    drawn = decision.draws.pivot(index="point", columns="arm")
    benefit, cost = (drawn[name][decision.arms[1:]] for name in ("benefit", "cost"))
    net = decision.shown[1] * benefit - cost
    net.insert(0, decision.arms[0], 0.0)
    points = points.loc[benefit.index]
    set_by_levers = {name: CODEBOOK[name].value for name in reform_parameters() if name not in points}  # trials set these levers themselves
    points = points.assign(**set_by_levers)
    even = np.full(len(benefit), 1.0 / len(benefit))
    weighed = {name: weights_under(points, surfaces, times) for name, times in TAUS.items()}
    rows = []
    for tau, weights in {"no trials": even, **weighed}.items():
        best = pd.Series(weights, index=net.index).groupby(net.idxmax(axis=1)).sum()
        for arm in net:
            ends = weighted_quantile(benefit[arm].to_numpy(), weights, QUANTILES) if arm in benefit else (np.nan,) * 3
            told = dict(zip(("gain_q05", "gain", "gain_q95"), ends, strict=True))
            rows.append({"tau": tau, "left": 1.0 / np.square(weights).sum(), "arm": arm, **told, "best_in_100": 100.0 * best.get(arm, 0.0)})
    return pd.DataFrame(rows).round({"left": 0, "gain_q05": 2, "gain": 2, "gain_q95": 2, "best_in_100": 0})


def lines_of(rows: list[dict[str, str]], arms: Sequence[str], names: Mapping[str, str], to: str = "to") -> list[str]:
    """The lines of the page's table, a tau each, with the gains of some arms; `names` of taus and arms in another language."""
    lines = []
    for tau in dict.fromkeys(row["tau"] for row in rows):
        own = {row["arm"]: row for row in rows if row["tau"] == tau}
        gains = [
            f"{float(own[arm]['gain']):+.2f} ({float(own[arm]['gain_q05']):+.2f} {to} {float(own[arm]['gain_q95']):+.2f})" for arm in arms
        ]
        first = sorted((row for row in own.values() if float(row["best_in_100"])), key=lambda row: -float(row["best_in_100"]))
        best = ", ".join(f"{names.get(row['arm'], row['arm'])} {float(row['best_in_100']):.0f}" for row in first)
        left = float(next(iter(own.values()))["left"])
        lines.append(f"| {' | '.join((names.get(tau, tau), f'{left:.0f}', *gains, best))} |")
    return lines


def main() -> None:
    """Weigh, write and print a table for each decision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("decided", nargs="+", type=Path)
    parser.add_argument("--reruns", type=Path, default=Path("out"))
    parser.add_argument("--runs", type=int, default=320, help="points of the re-run trials")
    given = parser.parse_args()
    for folder in given.decided:
        decision, sweep = Decision.load(folder / "decision"), Sweep.load(folder)
        posterior = load_posterior(sweep.study.posterior)
        execution = Execution(given.reruns / f"evidence-{posterior.name}" / "reruns", "threads")
        surfaces = surfaces_of(sweep.study.base.with_(interventions=()), posterior, given.runs, execution)
        table = table_of(decision, sweep.points.values, surfaces)
        place = folder.name.removeprefix("which-reform-")
        write(folder, {f"trials-{place}.csv": table.to_csv(index=False)})
        lines = lines_of(table.astype(str).to_dict("records"), decision.arms[1:], {decision.arms[0]: "nothing"})
        print("\n".join([f"## {place}", "", f"| tau | draws left | {' | '.join(decision.arms[1:])} | best in 100 |", *lines]))


if __name__ == "__main__":
    main()
