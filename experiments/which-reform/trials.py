"""A decision when its possible cities weigh by what trials found: the ranking with tau, how far findings carry over, at both ends.

    python experiments/which-reform/trials.py DECIDED SCENARIO --reruns out/evidence

DECIDED is the folder of `confianza decide`; --reruns that of `confianza evidence SCENARIO`. Each draw of the decision is weighed by the
likelihood of all fitted trials there: with tau at 0 (places differ in what the model knows and in nothing else), at the scale that is
judged, and at three times it. Prints for each how many draws of equal weight are left, the gain of each arm (middle and 5-95 % of
cities) and in how many of 100 it is the best in the middle of what a unit may be worth. Few draws left: the model contradicts the
trials, and nothing is sure.
"""

import argparse
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
from sim.inputs.scenario import load_scenario
from sim.studies.answers.decision import Decision
from sim.world.parameters import CODEBOOK

TAUS = {"0": 0.0, "as judged": 1.0, "three times that": 3.0}


def weights_under(points: pd.DataFrame, surfaces: Surfaces, times: float) -> np.ndarray:
    """n: of the decision's draws, given the trials, with tau at so many times its scale."""
    n = len(points)
    tau = pd.DataFrame({name: np.full(n, times * kind.scale) for name, kind in carrying().items()})
    return weigh(Candidates(points, np.arange(n), np.full(n, 1.0 / n), tau), surfaces, evidence()).weights


def main() -> None:
    """Weigh, and print a row a tau."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("decided", type=Path)
    parser.add_argument("scenario")
    parser.add_argument("--reruns", type=Path, default=Path("out/evidence"))
    parser.add_argument("--runs", type=int, default=640, help="points of the re-run trials")
    given = parser.parse_args()
    decision, sweep = Decision.load(given.decided / "decision"), Sweep.load(given.decided)
    table = decision.draws.pivot(index="point", columns="arm")
    benefit, cost = (table[name][decision.arms[1:]] for name in ("benefit", "cost"))
    net = decision.shown[1] * benefit - cost
    net.insert(0, decision.arms[0], 0.0)
    points = sweep.points.values.loc[benefit.index]
    set_by_levers = {name: CODEBOOK[name].value for name in reform_parameters() if name not in points}  # trials set these levers themselves
    points = points.assign(**set_by_levers)
    surfaces = surfaces_of(
        load_scenario(given.scenario).with_(interventions=()), load_posterior(given.scenario), given.runs,
        Execution(given.reruns / "reruns", "threads"),
    )  # fmt: skip
    print(f"| tau | draws left | {' | '.join(benefit)} | best in 100 |")
    print(f"| --- | --- |{' --- |' * (len(benefit.columns) + 1)}")
    even = np.full(len(benefit), 1.0 / len(benefit))
    weighed = {name: weights_under(points, surfaces, times) for name, times in TAUS.items()}
    for name, weights in {"no trials": even, **weighed}.items():
        left = 1.0 / np.square(weights).sum()
        spans = [weighted_quantile(benefit[arm].to_numpy(), weights, [0.05, 0.5, 0.95]) for arm in benefit]
        cells = [f"{middle:+.2f} ({low:+.2f} to {high:+.2f})" for low, middle, high in spans]
        best = pd.Series(weights, index=net.index).groupby(net.idxmax(axis=1)).sum().sort_values(ascending=False)
        told = ", ".join(f"{arm} {100 * share:.0f}" for arm, share in best.items() if share >= 0.005)
        print(f"| {name} | {left:.0f} | {' | '.join(cells)} | {told} |")


if __name__ == "__main__":
    main()
