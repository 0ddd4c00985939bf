"""How a measure is taken: over a span of weeks of a dataset, or week by week looking back over 52 weeks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

YEAR = 52

MEASURES: dict[str, "Measure"] = {}


class Over:
    """The weeks `first` to `last` of a dataset, both included: what a measure may ask for."""

    def __init__(self, dataset: xr.Dataset, first: int, last: int):
        self.dataset, self.first, self.last = dataset, first, last
        self.years = (last - first + 1) / YEAR
        self.adults = dataset.attrs["adults"]

    def total(self, name: str) -> xr.DataArray:
        """Sum of a weekly count."""
        return self.dataset[name].sel(week=slice(self.first, self.last)).sum("week")

    def mean(self, name: str) -> xr.DataArray:
        """Mean of a weekly series."""
        return self.dataset[name].sel(week=slice(self.first, self.last)).mean("week")

    def so_far(self, name: str) -> xr.DataArray:
        """Sum of a weekly quantity from the start of the run to the end of the span."""
        return self.dataset[name].sel(week=slice(None, self.last)).sum("week")

    def asked(self, name: str, recall: int = 1) -> xr.DataArray:
        """Mean over the surveys whose recall of so many weeks lies within the span; if none does, the last before its end."""
        asked = remembered(self.dataset[name], self.dataset, recall)
        within = asked.sel(survey_week=slice(self.first + recall, self.last + 1))
        if within.survey_week.size == 0:
            within = asked.sel(survey_week=slice(None, self.last + 1)).isel(survey_week=slice(-1, None))
        return within.mean("survey_week")

    def at_end(self, name: str) -> xr.DataArray:
        """What is kept for the end of the run only; nan for a span that ends earlier."""
        kept = self.dataset[name]
        return kept if self.last == int(self.dataset.week[-1]) else xr.full_like(kept, np.nan, dtype=float)


class Rolling(Over):
    """Like `Over`, for every week at once: counts are summed over the 52 weeks up to it."""

    def __init__(self, dataset: xr.Dataset):
        super().__init__(dataset, int(dataset.week[0]), int(dataset.week[-1]))
        self.years = 1.0

    def total(self, name: str) -> xr.DataArray:
        return self.dataset[name].rolling(week=YEAR).sum()

    def mean(self, name: str) -> xr.DataArray:
        return self.dataset[name]

    def so_far(self, name: str) -> xr.DataArray:
        return self.dataset[name].cumsum("week")

    def asked(self, name: str, recall: int = 1) -> xr.DataArray:
        return remembered(self.dataset[name], self.dataset, recall)

    def at_end(self, name: str) -> xr.DataArray:
        raise LookupError(f"{name} is kept for the end of a run only, so it has no weekly series.")


def remembered(asked: xr.DataArray, dataset: xr.Dataset, recall: int) -> xr.DataArray:
    """The surveys before which the run had lasted as long as people are asked to remember."""
    return asked.sel(survey_week=slice(int(dataset.week[0]) + recall, None))


def ratio(part: xr.DataArray, whole: xr.DataArray) -> xr.DataArray:
    """part / whole; nan where there is nothing."""
    return part / whole.where(whole > 0)


def last_year(dataset: xr.Dataset) -> tuple[int, int]:
    """First and last of the last 52 weeks, or of the weeks since week 0 if the run is shorter."""
    last = int(dataset.week[-1])
    return max(0, last - YEAR + 1), last


def first_year(dataset: xr.Dataset) -> tuple[int, int]:
    """First and last of the 52 weeks after the spin-up, or of as many as there are."""
    return 0, min(YEAR - 1, int(dataset.week[-1]))


@dataclass(frozen=True)
class Measure:
    """A quantity of interest."""

    name: str
    unit: str
    description: str
    mirrors: str  # the survey or record that asks for the same in reality
    function: Callable[[Over], xr.DataArray]

    def __call__(self, dataset: xr.Dataset, window: tuple[int, int] | None = None) -> xr.DataArray:
        """Its value in a span of weeks (first, last), by default the last year; dimension: replicate."""
        return self.function(Over(dataset, *(window or last_year(dataset)))).rename(self.name)

    def weekly(self, dataset: xr.Dataset) -> xr.DataArray:
        """Its course: replicate x week (rates look back over 52 weeks) or replicate x survey_week. LookupError if it has none."""
        return self.function(Rolling(dataset)).rename(self.name)


def measure(unit: str, mirrors: str) -> Callable:
    """Register a function of `Over` as a measure; its docstring is the description."""

    def register(function: Callable[[Over], xr.DataArray]) -> Measure:
        name = function.__name__
        MEASURES[name] = Measure(name, unit, (function.__doc__ or "").strip(), mirrors, function)
        return MEASURES[name]

    return register


def share_of_top(values: np.ndarray, share: float) -> float:
    """Share of the sum of `values` that falls on this share of them, the largest; nan if that is less than one of them.

    >>> share_of_top(np.array([6, 1, 1, 1, 1] * 2), 0.2)
    0.6
    """
    top = round(share * values.size)
    total = values.sum()
    if top < 1 or not total > 0:
        return float("nan")
    return float(np.sort(values)[-top:].sum() / total)


def share_holding_half(values: np.ndarray) -> float:
    """The smallest share of places that together hold at least half of what there is; nan if there is nothing.

    >>> share_holding_half(np.array([[5, 1], [2, 2]]))
    0.25
    """
    descending = np.sort(values, axis=None)[::-1].cumsum()
    if not descending[-1] > 0:
        return float("nan")
    return float((np.searchsorted(descending, descending[-1] / 2) + 1) / values.size)


def each(function: Callable, values: xr.DataArray, *dims: str, **options) -> xr.DataArray:
    """The function of each replicate's values along some dimensions."""
    return xr.apply_ufunc(function, values, input_core_dims=[dims], kwargs=options, vectorize=True, output_dtypes=[float])
