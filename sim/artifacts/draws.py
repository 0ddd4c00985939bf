"""What a posterior is: weighted joint draws of parameters, and what is to be said against them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.errors import InputError, did_you_mean
from sim.style import Note, note

FEW = 50  # draws of equal weight, below which what rests on them is rough
LEVEL = 0.9  # share of true effects that a range should hold
CONVERGED = 1.01  # split R-hat up to which chains count as one (Vehtari and others 2021, 10.1214/20-BA1221)
GOLDEN = 0.6180339887498949  # its multiples, less their whole part, are spread evenly over 0-1
TARGETS = "targets"


@dataclass(frozen=True)
class Posterior:
    """Weighted draws of parameters.

    name     of the file, without .csv
    names    d parameters
    draws    n x d, values in the parameters' own units
    weights  n, which sum to 1
    facts    what NAME.yaml says; empty if there is none
    tested   what NAME.coverage.yaml says, if it is of this model and these targets: of a test on cities of known truth
    before   n, what they weighed before trials were looked at; None: none were
    """

    name: str
    names: tuple[str, ...]
    draws: np.ndarray
    weights: np.ndarray
    facts: Mapping[str, Any] = field(default_factory=dict)
    tested: Mapping[str, Any] = field(default_factory=dict)
    before: np.ndarray | None = None

    @property
    def own(self) -> dict[str, float]:
        """The values that the calibrated scenario set itself: the posterior knows of them, and speaks of that place."""
        return dict(self.facts.get("parameters") or {})

    @property
    def doubts(self) -> list[Note]:
        """What is to be said against it: chains that had not converged, draws that are worth few, ranges of effects that hold too few or
        too many known truths, chances of being best that were too high, no such test."""
        mixing, tested, found = self.facts.get("mixing"), self.tested, list[Note]()
        if mixing and mixing > CONVERGED:
            found.append(note("not_converged", posterior=self.name, mixing=mixing))
        elif not self.facts.get("converged", True):
            worth = min(self.facts.get(f"effective_in_{part}", 0) for part in ("bulk", "tails"))
            found.append(note("chains_too_short", posterior=self.name, worth=round(worth)))
        if self.effective < FEW:
            found.append(note("worth_few_draws", posterior=self.name, worth=round(self.effective), enough=FEW))
        if tested and not tested["passed"]:
            share, low, high = (tested["covered"][key] for key in ("share", "low", "high"))
            wide = tested["covered"]["low"] > tested.get("level", LEVEL)
            values = {"posterior": tested["posterior"], "cities": tested["cities"], "share": share, "low": low, "high": high}
            found.append(note("coverage_wide" if wide else "coverage_failed", **values))
        best = tested.get("best", {}).get("decide")
        if best and best["expected"] > best["right"]["high"]:
            found.append(note("best_too_sure", cities=tested["cities"], expected=best["expected"], right=best["right"]["share"]))
        return found + [note("coverage_untested", posterior=self.name)] * (TARGETS in self.facts and not tested)

    @property
    def effective(self) -> float:
        """How many draws of equal weight tell as much."""
        return float(1.0 / np.sum(self.weights**2))

    def rows(self, count: int, seed: int = 0) -> np.ndarray:
        """Numbers of rows, each as often as its weight says: a sequence of low discrepancy, so the first of more are the same.

        Replicate r of a study takes row r.
        """
        start = np.random.Generator(np.random.Philox(seed)).random()
        places = (start + GOLDEN * np.arange(count)) % 1.0
        found = np.searchsorted(np.cumsum(self.weights), places, side="right")
        return np.minimum(found, len(self.weights) - 1)  # the sum of the weights may round to a little less than 1

    def sample(self, count: int, seed: int = 0) -> np.ndarray:
        """Joint draws of equal weight (count x d); see `rows`."""
        return self.draws[self.rows(count, seed)]

    def quantile(self, name: str, u: Any) -> np.ndarray:
        """Values of one parameter below which shares `u` of the posterior lie, whatever the others are."""
        values = self.draws[:, self._column(name)]
        order = np.argsort(values, kind="stable")
        below = np.cumsum(self.weights[order]) - self.weights[order] / 2.0
        return np.interp(np.asarray(u, float), below, values[order])

    def mean(self, name: str) -> float:
        """The weighted mean of one parameter."""
        return float(self.weights @ self.draws[:, self._column(name)])

    def _column(self, name: str) -> int:
        if name not in self.names:
            hint = did_you_mean(name, self.names)
            raise InputError(f"the posterior '{self.name}' has no parameter '{name[:100]}'.", f"{hint}It has {len(self.names)}.")
        return self.names.index(name)
