"""Draws of a posterior: what varies is a list of values, drawn together with those of other factors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from sim.artifacts.posterior import Posterior, load_posterior
from sim.errors import InputError, shown
from sim.inputs.scenario import Scenario
from sim.studies.design.posteriors import KNOTS, MOST_DRAWS, NONE
from sim.world.parameters import CODEBOOK

POSTERIOR = "posterior"  # the key of `vary` under which a file of draws is named


@dataclass(frozen=True)
class Draws:
    """Equally likely values of one parameter in the order of the draws, so that row r of all such factors belongs together.

    Alone, by `at`, it is its own marginal distribution: what it has to do with the others is lost then.
    """

    kind: ClassVar[str] = "draws"

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


def drawn_from(given: object, scenario: Scenario, others: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The joint draws of a posterior, of equal weight, except of parameters that others decide: what is written out or set at a date."""
    if not isinstance(given, str | PathLike) or not str(given):
        remedy = "Write vary: {posterior: national-average}, or the path of a .csv file that confianza calibrate wrote."
        raise InputError(f"'posterior' must be a name or a path, but is {shown(given)}.", remedy, path=(POSTERIOR,))
    try:
        posterior = load_posterior(given if isinstance(given, str) else Path(given))
    except InputError as error:
        raise error if error.file else error.under(POSTERIOR) from None
    columns = zip(posterior.names, posterior.sample(MOST_DRAWS).T.tolist(), strict=True)
    return {
        name: Draws(tuple(column), CODEBOOK[name].discrete).as_data()
        for name, column in columns
        if name not in others and _about(posterior, scenario, name)
    }


def marginals(believed: str, scenario: Scenario) -> dict[str, dict[str, Any]]:
    """What a posterior says of each parameter by itself."""
    if believed == NONE:
        return {}
    posterior, middles = load_posterior(believed), (np.arange(KNOTS) + 0.5) / KNOTS
    names = [name for name in posterior.names if _about(posterior, scenario, name)]
    whole = {name: CODEBOOK[name].discrete for name in names}
    values = {name: posterior.quantile(name, middles) for name in names}
    return {name: Draws(tuple((values[name].round() if whole[name] else values[name]).tolist()), whole[name]).as_data() for name in names}


def _about(posterior: Posterior, scenario: Scenario, name: str) -> bool:
    """Does the posterior speak of the scenario's own value? What is known of a place is not overruled by what was found of another."""
    return scenario.parameters.get(name) == posterior.own.get(name)


def beliefs(posterior: str, factors: Iterable[Any], *, joint: bool = False) -> str:
    """In a sentence, which factors of a study vary as a posterior has it; empty if none does.

    joint  are they drawn together, as the design `draws` does?
    """
    many = sum(bool(factor.draws) for factor in factors)
    if not many:
        return ""
    if joint:
        return f"{many} of the factors vary together, as in the draws of a posterior; the others independently of these and of each other."
    if posterior == NONE:
        return ""
    return (
        f"{many} of the factors vary as in the posterior '{Path(posterior).stem}', each by itself: what they have to do with each other is "
        "left out. For the codebook's priors, write posterior: none."
    )
