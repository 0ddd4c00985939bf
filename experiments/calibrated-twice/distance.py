"""Does a calibration that is made a second time, from nothing, say the same?

    confianza calibrate national-average --out out/again
    python experiments/calibrated-twice/distance.py national-average out/again/national-average.csv

compares two posteriors: the mean of each parameter, in the standard errors that so few draws leave, and what reforms do in 256 cities of
each. Chains of a second calibration find other points to run as soon as one digit of a product of matrices differs, so the two share the
first wave and nothing else.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from sim.artifacts.posterior import Posterior, load_posterior
from sim.calibration.effects import BETTER, REFORMS
from sim.inputs.scenario import load_scenario
from sim.inputs.yaml_files import load_yaml
from sim.studies.answers.compare import compare
from sim.studies.design.study import Study


def means(one: Posterior, other: Posterior) -> pd.DataFrame:
    """A row a parameter: how far the means are apart, in standard deviations of the first, and in standard errors of the difference."""
    rows = []
    for name in one.names:
        values = [posterior.draws[:, posterior.names.index(name)] for posterior in (one, other)]
        middle = [float(np.average(each, weights=posterior.weights)) for each, posterior in zip(values, (one, other), strict=True)]
        sd = [np.sqrt(np.average((v - m) ** 2, weights=p.weights)) for v, m, p in zip(values, middle, (one, other), strict=True)]
        error = np.hypot(sd[0] / one.effective**0.5, sd[1] / other.effective**0.5)
        apart = middle[1] - middle[0]
        rows.append({"parameter": name, "in_sd": apart / sd[0], "in_errors": apart / error if error else 0.0})
    return pd.DataFrame(rows)


def effects(scenario: str, posterior: str, replicates: int) -> pd.Series:
    """For each reform and measure: the effect in the median of possible cities after eight years, and between what nine of ten lie."""
    study = Study(scenario=load_scenario(scenario), **load_yaml(REFORMS).data)
    with tempfile.TemporaryDirectory() as folder:
        told = compare(study.with_(posterior=posterior, replicates=replicates), folder=Path(folder) / "runs").effects()
    told = told[told.measure.isin(BETTER)].set_index(["arm", "measure"])
    return told.apply(lambda row: f"{row.effect:+.3g} ({row.q05:+.3g} to {row.q95:+.3g})", axis=1)


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posteriors", nargs=2)
    parser.add_argument("--scenario", default="national-average")
    parser.add_argument("--replicates", type=int, default=256)
    given = parser.parse_args()
    one, other = map(load_posterior, given.posteriors)
    table = means(one, other)
    far = (table.in_errors.abs() > 1.96).mean()
    print(f"{len(table)} parameters; worth {one.effective:.0f} and {other.effective:.0f} draws.")
    print(f"Means apart: {table.in_sd.abs().median():.2f} standard deviations (median), {table.in_sd.abs().max():.2f} at most;")
    print(f"beyond 1.96 standard errors of so few draws: {far:.0%} of them (5 % by luck).")
    print(table.sort_values("in_errors", key=abs, ascending=False).head(8).to_string(index=False, float_format="%.2f"))
    print(pd.DataFrame({each: effects(given.scenario, each, given.replicates) for each in given.posteriors}).to_string())


if __name__ == "__main__":
    main()
