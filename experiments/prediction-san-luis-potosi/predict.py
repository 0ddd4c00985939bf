"""What a trial that nobody here has read should find: visits to households in San Luis Potosi (AEARCTR-0010182).

    python experiments/prediction-san-luis-potosi/predict.py [--reruns out/evidence-san-luis-potosi] [--runs 640]

Known of it before: 980 households, visits by officers, drawn by lot how they are dressed and what they say. Neither how many were
visited, nor when they were asked, nor any result was looked for. Prints what one visit does to the answer of those visited and of all
to whom one was attempted (41 %, as in New Haven), in standard deviations: what the model says by itself; what it says once the trials
that are fitted, among them New Haven, have weighed it; and with tau, how far a visit's effect carries over: the effect there, then what
a trial of 980 will print. Dress and words are nothing in the model, so of their difference it says nothing. The prediction that counts
is prediction.csv, beside this file, with its date.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from sim.artifacts.posterior import load_posterior
from sim.calibration.result import weighted_quantile
from sim.engine.running import Execution
from sim.evidence.base import evidence
from sim.evidence.fit import by_targets, fit, surfaces_of
from sim.evidence.protocols import protocols
from sim.inputs.scenario import load_scenario

PLACE, PROTOCOL, HOUSEHOLDS = "san-luis-potosi", "visit", 980
FINDINGS = {1: "COP-NH.T133", 3: "COP-NH.T134"}  # after so many weeks: what is emulated for New Haven is emulated in this city
QUANTILES = (0.05, 0.5, 0.95)


def predicted(fitted, finding: str, reach: float) -> pd.DataFrame:
    """Rows: whose effect, and what varies in its range; columns: 5 %, middle, 95 %."""
    weights, prior, rng = fitted.weights, fitted.candidates.prior, np.random.default_rng(980)
    model, tau = fitted.predicted[finding].to_numpy(), fitted.candidates.tau["contact"].to_numpy()
    place = model + tau * rng.standard_normal(len(model))
    printed = place + 2.0 / np.sqrt(HOUSEHOLDS) * rng.standard_normal(len(model))  # half of the households visited, half not: assumed
    told = {
        "the model alone, trials not seen": (model, prior), "the model, trials seen": (model, weights),
        "and how far visits carry over (tau)": (place, weights), "and the error of 980 households": (printed, weights),
    }  # fmt: skip
    rows = []
    for whom, times in (("attempted", 1.0), ("visited", 1.0 / reach)):
        for varies, (values, weigh) in told.items():
            low, middle, high = weighted_quantile(values * times, weigh, list(QUANTILES))
            rows.append({"whom": whom, "what_varies": varies, "low": low, "middle": middle, "high": high})
    return pd.DataFrame(rows)


def main() -> None:
    """Run, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reruns", type=Path, default=Path("out") / f"evidence-{PLACE}")
    parser.add_argument("--runs", type=int, default=640)
    given = parser.parse_args()
    scenario, posterior = load_scenario(PLACE).with_(interventions=()), load_posterior(PLACE)
    surfaces = surfaces_of(scenario, posterior, given.runs, Execution(given.reruns / "reruns", "threads"))
    fitted = fit(posterior, by_targets(posterior), surfaces, evidence(), seed=scenario.seed)
    reach = protocols()[PROTOCOL].reach
    told = pd.concat([predicted(fitted, finding, reach).assign(weeks=weeks) for weeks, finding in FINDINGS.items()])
    print(told[["weeks", "whom", "what_varies", "low", "middle", "high"]].round(3).to_csv(index=False), end="")


if __name__ == "__main__":
    main()
