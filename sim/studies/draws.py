"""Draws of a posterior: what varies is a list of values, drawn together with those of other factors."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Draws:
    """Equally likely values of one parameter in the order of the draws, so that row r of all such factors belongs together.

    Alone, by `at`, it is its own marginal distribution: what it has to do with the others is lost then.
    """

    values: tuple[float, ...]
    whole: bool = False

    @cached_property
    def sorted(self) -> np.ndarray:
        """The values in ascending order."""
        return np.sort(np.array(self.values))

    @cached_property
    def _middles(self) -> tuple[np.ndarray, np.ndarray]:
        """The different values, and the middle of each one's share of 0-1."""
        values, many = np.unique(self.sorted, return_counts=True)
        return values, (np.cumsum(many) - many / 2.0) / many.sum()

    def at(self, u: Any) -> np.ndarray:
        """Quantiles: the value for each number in [0, 1]; between two draws in proportion, unless only whole numbers make sense."""
        places = np.asarray(u, float) * len(self.values)
        if self.whole:
            return self.sorted[np.minimum(places.astype(int), len(self.values) - 1)].astype(int)
        return np.interp(places - 0.5, np.arange(len(self.values)), self.sorted)

    def of(self, values: Any) -> np.ndarray:
        """Numbers in [0, 1] at which `at` gives these values; the middle of each one's share where values repeat."""
        return np.interp(np.asarray(values, float), *self._middles)

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Does each of these lie between the least and the greatest?"""
        return (values >= self.sorted[0]) & (values <= self.sorted[-1])

    def ends(self) -> tuple[float, float]:
        """Between which designs with levels place them: the middle 95 %."""
        return 0.025, 0.975

    def extremes(self) -> tuple[float, ...]:
        """The least and the greatest value."""
        return float(self.sorted[0]), float(self.sorted[-1])

    def as_data(self) -> dict[str, Any]:
        """As files write it."""
        return {"draws": list(self.values)}
