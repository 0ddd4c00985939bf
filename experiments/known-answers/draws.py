"""Is a Q2 honest that is found on draws of a posterior, of sets that a surface has not seen? Functions whose truth is known.

    python experiments/known-answers/draws.py [--sizes 64 256 1024]

Twenty numbers come from 384 sets of a posterior, correlated and drawn with unequal weights; thirty vary beside them, on a net as in a
study's design `draws`, or at random. What acts is among the thirty, or half of it in each. The truth is Q2 at 3,000 fresh sets and values.
"""

import argparse
from itertools import product

import numpy as np
import pandas as pd
from functions import FUNCTIONS, Function
from scipy.stats import norm, qmc

from sim.methods.indices.emulator import Emulator

JOINT, BESIDE, SETS, FRESH = 20, 30, 384, 3000
NAMES = ("two humps", "threshold", "XOR", "smooth XOR", "Ishigami", "Sobol g", "Friedman", "Morris", "many small", "wave")


def sets(rng: np.random.Generator, count: int) -> np.ndarray:
    """Sets of correlated numbers, as shares."""
    return norm.cdf((rng.normal(size=(count, JOINT)) + 0.8 * rng.normal(size=(count, 1))) / np.sqrt(1.64))


def tried(function: Function, within: str, size: int, beside: str) -> dict[str, object]:
    """Q2 as stated, and in truth."""
    rng = np.random.default_rng([1, size, FUNCTIONS.index(function)])
    posterior = sets(rng, SETS)
    which = rng.choice(SETS, size, p=rng.dirichlet(np.full(SETS, 1.3)))
    own = qmc.Sobol(BESIDE, rng=rng).random(size) if beside == "net" else rng.random((size, BESIDE))
    unit, fresh = np.hstack([posterior[which], own]), np.hstack([sets(rng, FRESH), rng.random((FRESH, BESIDE))])
    there = {"beside": JOINT + np.arange(BESIDE), "both": np.column_stack([np.arange(JOINT), JOINT + np.arange(JOINT)]).ravel()}
    acts = there[within][: function.active]
    y, truth = function.at(unit[:, acts]).astype(float), function.at(fresh[:, acts]).astype(float)
    made = Emulator.fit(unit, y, clusters=which, seed=1)
    true = 1 - float(np.mean((truth - made.predict(fresh)) ** 2) / truth.var())
    return {"size": size, "beside": beside, "within": within, "function": function.name, "stated": made.q2, "true": true}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 256, 1024])
    chosen = [function for function in FUNCTIONS if function.name in NAMES]
    rows = []
    for size, function, within, beside in product(parser.parse_args().sizes, chosen, ("beside", "both"), ("net", "random")):
        rows.append(tried(function, within, size, beside))
        print(
            " ".join(f"{key} {value:.2f}" if isinstance(value, float) else f"{key} {value}" for key, value in rows[-1].items()), flush=True
        )
    found = pd.DataFrame(rows)
    found["flattered"] = found.stated - found.true
    print(found[found.stated > 0.5].groupby(["size", "beside"]).flattered.max().unstack().round(2))


if __name__ == "__main__":
    main()
