"""What lies behind the live lines: the range over possible cities, from a comparison that was made before."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.inputs.scenario import Scenario
from sim.measures.spread import ENDS, cities
from sim.studies.answers.comparison import Comparison
from sim.studies.running.effects import differences
from sim.style.lists import listed

Band = tuple[np.ndarray, np.ndarray, np.ndarray]  # weeks that have passed, and both ends
SERIES = {"trust": "mean_trust", "fairness": "mean_fairness", "effectiveness": "mean_effectiveness"}  # of the page: in the dataset


class Behind:
    """Bands between which nine of ten possible cities of a comparison lie, week by week; luck taken off as far as it is known.

    InputError if the comparison has too few draws for a range, or is of another city than the scenario
    """

    def __init__(self, folder: Path, scenario: Scenario):
        self.comparison = comparison = Comparison.load(folder)
        self._bands: dict[tuple[str, str, str | None], Band | None] = {}
        if not comparison.ranged:
            remedy = f"It takes {comparison.study.enough()} replicates: confianza compare ... --replicates {comparison.study.enough()}."
            raise InputError(f"the comparison in '{folder}' has too few possible cities for a range.", remedy, file="--behind")
        if not self.fits(scenario):
            message = f"the comparison in '{folder}' is of another city ('{comparison.study.base.name}') than '{scenario.name}'."
            raise InputError(message, "Open the scenario that it was made with.", file="--behind")

    def fits(self, scenario: Scenario) -> bool:
        """Is it a comparison of this city?"""
        base = self.comparison.study.base
        return (base.city, base.parameters, base.changes) == (scenario.city, scenario.parameters, scenario.changes)

    @property
    def arms(self) -> Mapping[str, Any]:
        """The arms of the comparison, as a study lists them."""
        return self.comparison.study.arms

    def check(self, arms: Mapping[str, Any]) -> None:
        """InputError if an arm of these is another one in the comparison."""
        if other := [arm for arm, reforms in arms.items() if arm in self.arms and tuple(self.arms[arm]) != tuple(reforms)]:
            message = f"the comparison has other reforms under the same name: {listed(other)}."
            raise InputError(message, "Leave --arms out: the comparison's own are shown then.", file="--behind")

    def band(self, name: str, arm: str, first: str | None = None) -> Band | None:
        """The ends after so many weeks, of a series of an arm or of its difference from another arm; None if the comparison has no such
        series or arm.
        """
        if (name, arm, first) not in self._bands:  # a page draws it many times
            known = name in SERIES and {arm, first or arm} <= set(self.comparison.arms)
            self._bands[name, arm, first] = self._made(name, arm, first) if known else None
        return self._bands[name, arm, first]

    def _made(self, name: str, arm: str, first: str | None) -> Band:
        data = self.comparison.dataset
        values = data[SERIES[name]].sel(week=slice(-1, None))
        values = values.sel(arm=arm) if first is None else differences(values, first).sel(arm=arm)
        ends = cities(values.transpose("replicate", "week").values, data.draw.values, data.weight.values).quantiles(ENDS)
        return values.week.values + 1, ends[0], ends[1]
