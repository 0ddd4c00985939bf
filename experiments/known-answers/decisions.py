"""Decisions where the answer is known: how far off probabilities and values of information are, and how often intervals hold them.

    python experiments/known-answers/decisions.py [--designs 20] [--quick] [--out out/known-decisions.csv]

Four options; the first is worth nothing, the others are linear in independent standard normal factors, so that their net benefits are
Gaussian and so is every expectation given some of the factors. Exact values come from two million draws of the net benefits themselves
(error below 0.2 %). Each row analyzes many designs of 1,024 draws (unless it says otherwise) that differ in points and luck:

    luck        standard deviation of a single run's net benefit that is luck, against 0.4 to 1.2 between draws
    together    draws repeat 256 sets of the factors, as those of a posterior do
    P           largest error of a probability of being best in a design, mean over designs; "worst" is the largest of all designs
    P raw       the same from means over replicates taken as they are
    EVPI        error of the value of perfect information as a share of it: mean of absolute errors, and the worst; raw: as above
    EVPPI       largest error of a factor's value, as a share of the EVPI, mean over designs
    nothing     largest value found for factors that do nothing, as a share of the EVPI, mean over designs
    covered     share of 95 % intervals of P, EVPI and EVPPI that hold the exact value
    seconds     of processor time an analysis
"""

import argparse
import time
from collections.abc import Callable
from functools import partial as called
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm, qmc

from sim.decision.denoise import normals
from sim.decision.outcomes import Outcomes, judged
from sim.decision.partial import partial
from sim.results import write

GAINS = np.array([[0.9, 0.1, 0.5], [0.5, 0.4, -0.3], [0.0, 0.1, 0.7], [0.1, 0.2, 0.0]])  # of three options in four factors
MEANS = np.array([0.3, 0.2, -0.1])
OPTIONS, SETS = 4, 256


def exact(count: int = 2_000_000) -> tuple[np.ndarray, float, np.ndarray]:
    """Probabilities of being best, EVPI, and EVPPI of each factor that does something."""
    net = np.hstack([np.zeros((count, 1)), normals(count, len(GAINS), 11) @ GAINS + MEANS])
    best, most = np.bincount(net.argmax(axis=1), minlength=OPTIONS) / count, max(0.0, MEANS.max())
    grid = norm.ppf((np.arange(100_000) + 0.5) / 100_000)[:, None]
    worth = [np.maximum((grid * gain + MEANS).max(axis=1), 0).mean() - most for gain in GAINS]
    return best, float(net.max(axis=1).mean() - most), np.array(worth)


def tried(designs: int, luck: float, replicates: int, factors: int = 8, draws: int = 1024, together: bool = False) -> dict[str, object]:
    """A row of the table."""
    truth, evpi, worth = exact()
    active = len(GAINS)
    rows, held, seconds = [], [], 0.0
    for seed in range(designs):
        rng = np.random.default_rng([seed, 1])
        unit = qmc.Sobol(factors, rng=rng).random(draws)
        clusters = rng.integers(0, SETS, draws) if together else np.arange(draws)
        unit = rng.random((SETS, factors))[clusters] if together else unit
        net = norm.ppf(np.clip(unit[:, :active], 1e-9, 1 - 1e-9)) @ GAINS + MEANS
        runs = net[:, None, :] + luck * rng.normal(size=(draws, replicates, OPTIONS - 1))
        begun = time.process_time()
        free = np.full(factors, not together)
        outcomes = Outcomes.of(unit, runs, np.zeros_like(runs), clusters=clusters, independent=free, shared=False, seed=seed)
        verdict = judged(outcomes, np.array([1.0]), np.ones(OPTIONS, bool))
        found = partial(outcomes, verdict, list(np.eye(factors, dtype=bool)))
        seconds += time.process_time() - begun
        value, spread = (
            np.array([one.worth[0] for one in found]),
            [np.hypot(np.hypot(one.draws, one.replicates), one.emulator)[0] for one in found],
        )
        raw = np.hstack([np.zeros((draws, 1)), runs.mean(axis=1)])
        chance, all_known = verdict.found["probability_best"][0], float(verdict.found["evpi"][0])
        rows.append({
            "P": np.abs(chance - truth).max(), "P raw": np.abs(np.bincount(raw.argmax(axis=1), minlength=OPTIONS) / draws - truth).max(),
            "EVPI": abs(all_known / evpi - 1), "EVPI raw": abs((raw.max(axis=1).mean() - raw.mean(axis=0).max()) / evpi - 1),
            "EVPPI": np.abs(value[:active] - worth).max() / evpi, "nothing": value[active:].max() / evpi,
        })  # fmt: skip
        total = verdict.spread.total
        off = [*np.abs(chance - truth), abs(all_known - evpi), *np.abs(value[:active] - worth)]
        half = 1.96 * np.array([*total["probability_best"][0], total["evpi"][0], *spread[:active]])
        held.append(np.array(off) <= half + 1e-9)
    table, inside = pd.DataFrame(rows), np.array(held)
    row: dict[str, object] = {"luck": luck, "replicates": replicates, "factors": factors, "draws": draws, "together": together}
    row |= {name: table[name].mean() for name in table} | {"P worst": table.P.max(), "EVPI worst": table.EVPI.max()}
    parts = {"P": slice(0, OPTIONS), "EVPI": slice(OPTIONS, OPTIONS + 1), "EVPPI": slice(OPTIONS + 1, None)}
    return row | {f"covered {name}": inside[:, part].mean() for name, part in parts.items()} | {"seconds": seconds / designs}


def cases(designs: int, quick: bool) -> list[Callable[[], dict[str, object]]]:
    """The rows of the table, each to be called."""
    asked = [{"luck": 0.1, "replicates": 2}, {"luck": 0.5, "replicates": 2}]
    if not quick:
        asked += [
            {"luck": 0.0, "replicates": 2}, {"luck": 1.0, "replicates": 2}, {"luck": 0.5, "replicates": 4}, {"luck": 0.5, "replicates": 1},
            {"luck": 0.5, "replicates": 2, "factors": 100}, {"luck": 0.5, "replicates": 2, "draws": 256},
            {"luck": 0.5, "replicates": 2, "together": True},
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
    write(asked.out, lambda path: pd.DataFrame(rows).to_csv(path, index=False))


if __name__ == "__main__":
    main()
