"""Who gains and who loses: what an arm does to a person, told apart from luck by letting the same people live twice.

The difference between a person's trust in two arms of one run is mostly luck that has come apart: who was robbed, who was stopped. Of
two lives with other luck the mean difference keeps what the arm does to the person; half of what the two differ by holds as much luck and
nothing else. How many that moves by more than what is noticed is the floor: so many gain, and lose, where an arm does nothing to anybody.
"""

from typing import TYPE_CHECKING

import numpy as np

from sim.measures.spread import mean_and_precision, spread
from sim.studies.design.study import Study

if TYPE_CHECKING:  # they take long to import, and not all that is run needs tables
    import pandas as pd
    import xarray as xr

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NOTICED = 0.01  # of trust, on 0-1: a citizen whose trust differs by less neither gains nor loses
MOST_ASKED = 2048  # adults in the panel
SIDES = ("gaining", "losing")


def panel(adults: int) -> np.ndarray:
    """Rows of the adults whose trust at the end is kept, every k-th: the same in all arms and lives.

    >>> panel(5000)[:3], len(panel(5000))
    (array([0, 3, 6]), 1667)
    """
    return np.arange(0, adults, -(-adults // MOST_ASKED))


def lived_twice(replicates: int) -> np.ndarray:
    """The replicates in which the same people live the same draw for the first time and again; 2 x cities.

    >>> lived_twice(10).tolist(), lived_twice(4).shape
    ([[0, 5], [4, 9]], (2, 0))
    """
    again = [each for each in range(replicates) if Study.first_life(each) != each]
    return np.array([[Study.first_life(each) for each in again], again], int)


def gainers(dataset: "xr.Dataset", vs: str) -> "pd.DataFrame":
    """A row for each arm: see `Comparison.gainers`."""
    import pandas as pd

    pairs = lived_twice(dataset.sizes["replicate"])
    trust = dataset.panel_trust.isel(replicate=pairs.ravel()).transpose("arm", "replicate", "person")
    before, rows = trust.sel(arm=vs).values.astype(float), []
    for arm in map(str, dataset.arm.values):
        lives = (trust.sel(arm=arm).values - before).reshape(*pairs.shape, before.shape[1])
        effect, luck = lives.mean(axis=0), (lives[0] - lives[1]) / 2
        row: dict[str, object] = {"arm": arm}
        for side, own in zip(SIDES, _beyond(effect), strict=True):
            row |= _told(f"share_{side}", own)
        row |= {f"floor_{side}": mean_and_precision(own)[0] for side, own in zip(SIDES, _beyond(luck), strict=True)}
        quantiles = np.quantile(effect, QUANTILES, axis=1).mean(axis=1) if effect.size else np.full(len(QUANTILES), np.nan)
        row |= {f"q{round(100 * share):02}": value for share, value in zip(QUANTILES, quantiles, strict=True)}
        rows.append(row | {"lives": pairs.shape[1]})
    return pd.DataFrame(rows)


def _beyond(differences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of differences (cities x persons), in each city the share above what is noticed, and the share as far below 0."""
    return (differences > NOTICED).mean(axis=1), (differences < -NOTICED).mean(axis=1)


def _told(name: str, shares: np.ndarray) -> dict[str, float]:
    """The mean over cities, its precision and the range."""
    mean, precision = mean_and_precision(shares)
    cities = spread(shares)
    return {name: mean, f"{name}_precision": precision, f"{name}_q05": cities.low, f"{name}_q95": cities.high}
