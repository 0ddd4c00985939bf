"""Decisions where the answer is known: how far off probabilities and values of information are, and how often intervals hold them.

    python experiments/known-answers/decisions.py [--designs 20] [--quick] [--out out/known-decisions.csv]

Four options; the first is worth nothing, the others are linear in independent standard normal factors, so that their net benefits are
Gaussian and so is every expectation given some of the factors. Beside the draws there are validation points, as in a study. Exact values
come from two million draws of the net benefits themselves (error below 0.2 %).

Each row analyzes many designs of 1,024 draws (unless it says otherwise) that differ in points and luck:

    luck        standard deviation of a single run's net benefit that is luck, against 0.4 to 1.2 between draws
    together    factors that repeat 256 sets of their values, as those of a posterior do: none, half (every second one) or all
    P           largest error of a probability of being best in a design, mean over designs; "worst" is the largest of all designs
    P raw       the same from means over replicates taken as they are
    EVPI        error of the value of perfect information as a share of it: mean of absolute errors with its standard error ("se"), the
                worst, and the mean of the errors themselves ("bias"); raw: as above
    EVPI ideal  mean absolute error of somebody who is told which factors matter and that they do so along straight lines, and has to
                learn the slopes from the same runs: what luck leaves to nobody. Of sets of a posterior, of somebody to whom the net
                benefits at the draws are told without luck: what the sets leave to nobody
    EVPPI       largest error of a factor's value, as a share of the EVPI, mean over designs
    nothing     largest value found for factors that do nothing, as a share of the EVPI, mean over designs
    covered     share of 95 % intervals of P, EVPI and EVPPI that hold the exact value
    seconds     of processor time an analysis
"""

import argparse
import time
from collections.abc import Callable
from functools import cache
from functools import partial as called
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm, qmc

from sim.files.writing import write_file
from sim.methods.decision.denoise import normals
from sim.methods.decision.outcomes import Outcomes, judged
from sim.methods.decision.partial import partial
from sim.studies.design.designs import usual_checks

GAINS = np.array([[0.9, 0.1, 0.5], [0.5, 0.4, -0.3], [0.0, 0.1, 0.7], [0.1, 0.2, 0.0]])  # of three options in four factors
MEANS = np.array([0.3, 0.2, -0.1])
OPTIONS, SETS = 4, 256
TOGETHER = {"none": slice(0), "half": slice(1, None, 2), "all": slice(None)}  # which factors come from the sets


@cache
def exact(count: int = 2_000_000) -> tuple[np.ndarray, float, np.ndarray]:
    """Probabilities of being best, EVPI, and EVPPI of each factor that does something."""
    z = normals(count, len(GAINS), 11)
    grid = norm.ppf((np.arange(100_000) + 0.5) / 100_000)[:, None]
    worth = [np.maximum((grid * gain + MEANS).max(axis=1), 0).mean() - max(0.0, MEANS.max()) for gain in GAINS]
    return chances(z @ GAINS + MEANS), perfect(z @ GAINS + MEANS, MEANS), np.array(worth)


def chances(net: np.ndarray) -> np.ndarray:
    """How often each option is the best (net: n x 3)."""
    return np.bincount(np.where(net.max(axis=1) > 0, 1 + net.argmax(axis=1), 0), minlength=OPTIONS) / len(net)


def perfect(net: np.ndarray, means: np.ndarray | None = None) -> float:
    """The value of perfect information (net: n x 3), by default with the means of these."""
    return float(np.maximum(net.max(axis=1), 0).mean() - max(0.0, (net.mean(axis=0) if means is None else means).max()))


class Design(NamedTuple):
    """Draws (n x d), the cluster of each (n), which factors vary by themselves (d), which draws are validation points (n), net benefits
    (n x 3), and runs (n x r x 3).
    """

    unit: np.ndarray
    clusters: np.ndarray
    free: np.ndarray
    validation: np.ndarray
    net: np.ndarray
    runs: np.ndarray

    @classmethod
    def of(cls, seed: int, luck: float, replicates: int, factors: int, draws: int, together: str) -> "Design":
        """One of many."""
        rng = np.random.default_rng([seed, 1])
        checks, joint = usual_checks(draws), np.zeros(factors, bool)
        joint[TOGETHER[together]] = True
        own, draws = qmc.Sobol(factors, rng=rng).random(draws), draws + checks
        unit = np.vstack([own, rng.random((checks, factors))])
        clusters = rng.integers(0, SETS, draws) if joint.any() else np.arange(draws)
        unit = np.where(joint, rng.random((SETS, factors))[clusters], unit) if joint.any() else unit
        net = norm.ppf(np.clip(unit[:, : len(GAINS)], 1e-9, 1 - 1e-9)) @ GAINS + MEANS
        judges = np.arange(draws) >= len(own)
        return cls(unit, clusters, ~joint, judges, net, net[:, None, :] + luck * rng.normal(size=(draws, replicates, OPTIONS - 1)))

    @property
    def ideal(self) -> float:
        """The EVPI that was found by somebody who knows what nobody does, see above."""
        if not self.free.all():
            return perfect(self.net)
        z = norm.ppf(np.clip(self.unit[:, : len(GAINS)], 1e-9, 1 - 1e-9))
        found = np.linalg.lstsq(np.column_stack([np.ones(len(z)), z]), self.runs.mean(axis=1), rcond=None)[0]
        return perfect(normals(2**16, len(GAINS), 12) @ found[1:] + found[0], found[0])


def analyzed(design: Design, seed: int) -> tuple[dict[str, float], np.ndarray]:
    """Errors in one design, and which intervals hold the exact value: of P, EVPI and EVPPI."""
    truth, evpi, worth = exact()
    active, begun = len(GAINS), time.process_time()
    outcomes = Outcomes.of(
        design.unit, design.runs, np.zeros_like(design.runs), clusters=design.clusters, independent=design.free,
        validation=design.validation, shared=False, seed=seed,
    )  # fmt: skip
    verdict = judged(outcomes, np.array([1.0]), np.ones(OPTIONS, bool))
    found = partial(outcomes, verdict, list(np.eye(design.unit.shape[1], dtype=bool)))
    seconds = time.process_time() - begun
    value = np.array([one.worth[0] for one in found])
    spread = np.array([np.sqrt(one.draws**2 + one.replicates**2 + one.emulator**2)[0] for one in found])
    raw, chance, known = design.runs.mean(axis=1), verdict.found["probability_best"][0], float(verdict.found["evpi"][0])
    errors = {
        "P": np.abs(chance - truth).max(), "P raw": np.abs(chances(raw) - truth).max(), "EVPI": known / evpi - 1,
        "EVPI raw": abs(perfect(raw) / evpi - 1), "EVPI ideal": abs(design.ideal / evpi - 1),
        "EVPPI": np.abs(value[:active] - worth).max() / evpi, "nothing": value[active:].max() / evpi, "seconds": seconds,
    }  # fmt: skip
    total = verdict.spread.total
    off = np.array([*np.abs(chance - truth), abs(known - evpi), *np.abs(value[:active] - worth)])
    return errors, off <= 1.96 * np.array([*total["probability_best"][0], total["evpi"][0], *spread[:active]]) + 1e-9


def tried(designs: int, luck: float, replicates: int, factors: int = 8, draws: int = 1024, together: str = "none") -> dict[str, object]:
    """A row of the table."""
    made = [analyzed(Design.of(seed, luck, replicates, factors, draws, together), seed) for seed in range(designs)]
    table, inside = pd.DataFrame([errors for errors, _ in made]), np.array([held for _, held in made])
    row: dict[str, object] = {"luck": luck, "replicates": replicates, "factors": factors, "draws": draws, "together": together}
    bias, table["EVPI"] = table.EVPI.mean(), table.EVPI.abs()
    row |= {name: table[name].mean() for name in table if name != "seconds"}
    row |= {"P worst": table.P.max(), "EVPI se": table.EVPI.sem(), "EVPI worst": table.EVPI.max(), "EVPI bias": bias}
    parts = {"P": slice(0, OPTIONS), "EVPI": slice(OPTIONS, OPTIONS + 1), "EVPPI": slice(OPTIONS + 1, None)}
    return row | {f"covered {name}": inside[:, part].mean() for name, part in parts.items()} | {"seconds": table.seconds.mean()}


def cases(designs: int, quick: bool) -> list[Callable[[], dict[str, object]]]:
    """The rows of the table, each to be called."""
    asked = [{"luck": 0.1, "replicates": 2}, {"luck": 0.5, "replicates": 2}]
    if not quick:
        asked += [
            {"luck": 0.0, "replicates": 2}, {"luck": 1.0, "replicates": 2}, {"luck": 0.5, "replicates": 4}, {"luck": 0.5, "replicates": 1},
            {"luck": 0.5, "replicates": 2, "factors": 100}, {"luck": 0.5, "replicates": 2, "draws": 256},
            {"luck": 0.5, "replicates": 2, "together": "all"}, {"luck": 0.5, "replicates": 2, "together": "half"},
        ]  # fmt: skip
    return [called(tried, designs, **one) for one in asked]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--designs", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="fewer rows")
    parser.add_argument("--out", type=Path, default=Path("out/known-decisions.csv"))
    asked, rows = parser.parse_args(), []
    for case in cases(asked.designs, asked.quick):
        rows.append(case())
        told = (f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}" for key, value in rows[-1].items())
        print(" ".join(told), flush=True)
    write_file(asked.out, pd.DataFrame(rows).to_csv(index=False))


if __name__ == "__main__":
    main()
