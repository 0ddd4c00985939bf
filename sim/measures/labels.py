"""Runs side by side as labeled arrays, without xarray, which takes long to import; and measures of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sim.measures.spans import Measure, Over, Rolling, RunColumns, last_year

if TYPE_CHECKING:
    import xarray as xr

OF_A_RUN = ("week", "survey_week", "cause", "dimension", "answer", "question", "officer", "y", "x")  # dimensions; all others are of runs


@dataclass(frozen=True)
class Array:
    """An array that knows its dimensions, as an xarray.Variable does."""

    dims: tuple[str, ...]
    values: np.ndarray
    attrs: dict[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def dtype(self) -> np.dtype:
        return self.values.dtype

    def __getitem__(self, place: Any) -> "Array":
        return Array(self.dims, self.values[place])

    def variable(self) -> "xr.Variable":
        """The same for people."""
        import xarray as xr

        return xr.Variable(self.dims, self.values, self.attrs)


def array(dims: tuple[str, ...], values: Any, attrs: dict[str, str]) -> Any:
    """Labeled values; if they are read when somebody looks, in a variable that can do that."""
    made = Array(dims, values, attrs)
    return made if isinstance(values, np.ndarray) else made.variable()


class RunArrays:
    """Runs side by side.

    variables  by name: of type Array, or an xarray.Variable, which may be read when somebody looks
    labels     those of them that say what stands along dimensions
    attrs      what is said of all
    """

    def __init__(self, variables: Mapping[Any, Any], labels: Iterable[Any], attrs: Mapping[Any, Any]):
        self.variables, self.labels, self.attrs = dict(variables), set(labels), dict(attrs)
        every = [dim for name, variable in self.variables.items() if name not in self.labels for dim in variable.dims]
        self.runs = [dim for dim in dict.fromkeys(every) if dim not in OF_A_RUN]  # dimensions of runs

    @classmethod
    def of(cls, dataset: "xr.Dataset") -> Self:
        """The arrays of a dataset."""
        return cls(dataset.variables, dataset.coords, dataset.attrs)

    def dataset(self) -> "xr.Dataset":
        """The same for people."""
        import xarray as xr

        made = {name: one.variable() if isinstance(one, Array) else one for name, one in self.variables.items()}
        return xr.Dataset(made, attrs=self.attrs).set_coords(self.labels)

    @property
    def sizes(self) -> dict[str, int]:
        """How long dimensions are."""
        return {dim: size for one in self.variables.values() for dim, size in zip(one.dims, one.shape, strict=True)}

    @property
    def week(self) -> np.ndarray:
        """Labels of weeks."""
        return self.variables["week"].values

    def columns(self) -> "_Columns":
        """What a measure takes its columns from."""
        return _Columns(self)

    def taken(self, measure: Measure, window: tuple[int, int] | None = None) -> np.ndarray:
        """A measure in a span of weeks (first, last), by default the last year; its dimensions are those of runs, of what it has any."""
        columns = self.columns()
        return columns.squeezed(measure.taken(Over(columns.all(), *(window or last_year(self))), columns.shape))


class _Columns(Mapping[str, Any]):
    """Variables as `RunColumns` has them: dimensions of runs first, all of them, with length 1 where a variable has them not.

    met  dimensions of runs of the variables that were asked for
    """

    def __init__(self, arrays: RunArrays):
        self.arrays, self.met, self.sizes = arrays, set[str](), arrays.sizes

    def __getitem__(self, name: str) -> np.ndarray:
        variable, runs = self.arrays.variables[name], self.arrays.runs
        self.met.update(dim for dim in runs if dim in variable.dims)
        own = [dim for dim in OF_A_RUN if dim in variable.dims]
        order = [variable.dims.index(dim) for dim in (*runs, *own) if dim in variable.dims]
        shape = [self.sizes[dim] if dim in variable.dims else 1 for dim in (*runs, *own)]
        return np.asarray(variable.values).transpose(order).reshape(shape)

    def __iter__(self) -> Iterator[str]:
        return iter(name for name in self.arrays.variables if name not in self.arrays.labels)

    def __len__(self) -> int:
        return len(self.arrays.variables) - len(self.arrays.labels)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many runs there are along each of their dimensions."""
        return tuple(self.sizes[dim] for dim in self.arrays.runs)

    def all(self) -> RunColumns:
        asked = self.arrays.variables.get("survey_week")
        surveys = np.empty(0, int) if asked is None else asked.values
        return RunColumns(self, self.arrays.week, surveys, self.arrays.attrs["adults"])

    def squeezed(self, values: Any) -> np.ndarray:
        """Values without the dimensions of runs that nothing had."""
        return np.asarray(values)[tuple(slice(None) if dim in self.met else 0 for dim in self.arrays.runs)]

    def labeled(self, measure: Measure, values: np.ndarray, dataset: "xr.Dataset", *time: str) -> "xr.DataArray":
        """Values with the labels of the dataset."""
        import xarray as xr

        dims = [*(dim for dim in self.arrays.runs if dim in self.met), *time]
        coords = {name: label.variable for name, label in dataset.coords.items() if set(label.dims) <= set(dims)}
        about = {"long_name": measure.description, "units": measure.unit}
        return xr.DataArray(self.squeezed(values), coords, dims, measure.name, about)


def measured(measure: Measure, dataset: "xr.Dataset", window: tuple[int, int] | None) -> "xr.DataArray":
    """See `Measure.__call__`."""
    columns = RunArrays.of(dataset).columns()
    return columns.labeled(measure, measure.taken(Over(columns.all(), *(window or last_year(dataset))), columns.shape), dataset)


def course(measure: Measure, dataset: "xr.Dataset") -> "xr.DataArray":
    """See `Measure.weekly`."""
    columns = RunArrays.of(dataset).columns()
    rolling = Rolling(columns.all())
    values = measure.taken(rolling, columns.shape)
    if rolling.time == "week":
        return columns.labeled(measure, values, dataset, "week")
    first = int(dataset.survey_week.searchsorted(int(dataset.week[0]) + rolling.recall))
    return columns.labeled(measure, values[..., first:], dataset.isel(survey_week=slice(first, None)), "survey_week")
