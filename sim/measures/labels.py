"""Measures of labeled datasets: their arrays are measured as those of one run are, and the answer gets their labels."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from sim.measures.spans import Measure, Over, Rolling, RunColumns, last_year

OF_A_RUN = ("week", "survey_week", "cause", "dimension", "answer", "question", "officer", "y", "x")  # dimensions; all others are of runs


class _Arrays(Mapping[str, Any]):
    """The variables of a dataset as `Columns` has them: dimensions of runs first, all of them, with length 1 where a variable has them not.

    met  dimensions of runs of the variables that were asked for
    """

    def __init__(self, dataset: xr.Dataset):
        self.dataset, self.met = dataset, set[str]()
        every = [str(dim) for variable in dataset.data_vars.values() for dim in variable.dims]
        self.runs = [dim for dim in dict.fromkeys(every) if dim not in OF_A_RUN]

    def __getitem__(self, name: str) -> np.ndarray:
        variable = self.dataset[name].variable
        self.met.update(dim for dim in self.runs if dim in variable.dims)
        own = [dim for dim in OF_A_RUN if dim in variable.dims]
        return variable.set_dims([*self.runs, *own]).transpose(*self.runs, *own).values  # type: ignore[no-untyped-call]

    def __iter__(self) -> Iterator[str]:
        return iter(map(str, self.dataset.data_vars))

    def __len__(self) -> int:
        return len(self.dataset.data_vars)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many runs there are along each of their dimensions."""
        return tuple(self.dataset.sizes[dim] for dim in self.runs)

    def columns(self) -> RunColumns:
        surveys = self.dataset.survey_week.values if "survey_week" in self.dataset else np.empty(0, int)
        return RunColumns(self, self.dataset.week.values, surveys, self.dataset.attrs["adults"])

    def labeled(self, measure: Measure, values: np.ndarray, dataset: xr.Dataset, *time: str) -> xr.DataArray:
        """Values with the labels of the dataset; without the dimensions of runs that nothing had."""
        values = np.asarray(values)[tuple(slice(None) if dim in self.met else 0 for dim in self.runs)]
        dims = [*(dim for dim in self.runs if dim in self.met), *time]
        coords = {name: label.variable for name, label in dataset.coords.items() if set(label.dims) <= set(dims)}
        return xr.DataArray(values, coords, dims, measure.name, {"long_name": measure.description, "units": measure.unit})


def measured(measure: Measure, dataset: xr.Dataset, window: tuple[int, int] | None) -> xr.DataArray:
    """See `Measure.__call__`."""
    arrays = _Arrays(dataset)
    return arrays.labeled(measure, measure.taken(Over(arrays.columns(), *(window or last_year(dataset))), arrays.shape), dataset)


def course(measure: Measure, dataset: xr.Dataset) -> xr.DataArray:
    """See `Measure.weekly`."""
    arrays = _Arrays(dataset)
    rolling = Rolling(arrays.columns())
    values = measure.taken(rolling, arrays.shape)
    if rolling.time == "week":
        return arrays.labeled(measure, values, dataset, "week")
    first = int(dataset.survey_week.searchsorted(int(dataset.week[0]) + rolling.recall))
    return arrays.labeled(measure, values[..., first:], dataset.isel(survey_week=slice(first, None)), "survey_week")
