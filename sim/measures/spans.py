"""How a measure is taken: over a span of weeks, or week by week looking back over 52 weeks, of plain arrays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.measures.names import hint

if TYPE_CHECKING:  # what follows works without xarray, which takes long to import
    import xarray as xr

    from sim.measures.labels import RunArrays

YEAR = 52
RECORD, PANEL, EXPERIMENT = "the record", "a panel of persons", "an experiment"  # what a measure takes: kinds
MORE_AXES = {"answers": 1, "ledger": 2, "voices": 1, "voices_asked": 1, "voices_error": 1}  # axes of a run's column behind that of time

MEASURES: dict[str, "Measure"] = {}


@dataclass(frozen=True)
class RunColumns:
    """What was recorded of a run, or of many side by side.

    values       by name. A run's own axes are the last ones, the first of them time: week or survey_week; those before are of the runs
    week         labels, ascending
    survey_week  likewise
    adults       of the city
    """

    values: Mapping[str, np.ndarray]
    week: np.ndarray
    survey_week: np.ndarray
    adults: int


class Over:
    """The weeks `first` to `last`, both included: what a measure may ask for. Values are numbers of one run, or arrays with one a run.

    Sums and means leave out what is nan.
    """

    def __init__(self, columns: RunColumns, first: int, last: int):
        self.columns, self.first, self.last = columns, first, last
        self.years = (last - first + 1) / YEAR
        self.adults = columns.adults
        self.end = int(columns.week.searchsorted(last, "right"))
        self.begin = int(columns.week.searchsorted(first))
        self._totals: dict[str, Any] = {}  # several measures ask for the same
        self._surveys: dict[int, tuple[int, int]] = {}

    def column(self, name: str) -> np.ndarray:
        """What was recorded. KeyError if there is no such column."""
        try:
            return self.columns.values[name]
        except KeyError:
            raise KeyError(f"nothing is recorded as '{name}'. {hint(name)}".strip()) from None

    def total(self, name: str) -> Any:
        """Sum of a weekly count."""
        if name not in self._totals:
            self._totals[name] = total(self.column(name)[during(name, self.begin, self.end)], axis_of_time(name))
        return self._totals[name]

    def mean(self, name: str) -> Any:
        """Mean of a weekly series."""
        return mean(self.column(name)[during(name, self.begin, self.end)], axis_of_time(name))

    def so_far(self, name: str) -> Any:
        """Sum of a weekly quantity from the start of the run to the end of the span."""
        return total(self.column(name)[during(name, 0, self.end)], axis_of_time(name))

    def asked(self, name: str, recall: int = 1) -> Any:
        """Mean over the surveys whose recall of so many weeks lies within the span; if none does, the last before its end.

        Left out are surveys before which the run had not lasted as long as people are asked to remember.
        """
        if recall not in self._surveys:
            self._surveys[recall] = self._within(recall)
        return mean(self.column(name)[during(name, *self._surveys[recall])], axis_of_time(name))

    def _within(self, recall: int) -> tuple[int, int]:
        """The first of these surveys, and the one after the last."""
        surveys, start = self.columns.survey_week, int(self.columns.week[0])
        end = int(surveys.searchsorted(self.last + 1, "right"))
        begin = int(surveys.searchsorted(max(self.first, start) + recall))
        return (begin, end) if begin < end else (min(end, max(end - 1, int(surveys.searchsorted(start + recall)))), end)

    def at_end(self, name: str) -> Any:
        """What is kept for the end of the run only; nan for a span that ends earlier."""
        kept = self.column(name)
        return kept if self.last == self.columns.week[-1] else np.full(np.shape(kept), np.nan)


class Rolling(Over):
    """Like `Over`, for every week at once: counts are summed over the 52 weeks up to it, and surveys averaged over those asked in them, so
    that yearly courses do not show as a zigzag between half-yearly surveys. Values keep the axis of time.

    time    what that axis is, once something was asked: "week" or "survey_week"
    recall  weeks that the run must have lasted before the first survey
    """

    def __init__(self, columns: RunColumns):
        super().__init__(columns, int(columns.week[0]), int(columns.week[-1]))
        self.years = 1.0
        self.time, self.recall = "", 0

    def total(self, name: str) -> Any:
        values, axis = self._by("week", name), axis_of_time(name)
        found = np.full(values.shape, np.nan)
        if values.shape[axis] >= YEAR:
            found[during(name, YEAR - 1)] = np.lib.stride_tricks.sliding_window_view(values, YEAR, axis=axis).sum(axis=-1)
        return found

    def mean(self, name: str) -> Any:
        return self._by("week", name)

    def so_far(self, name: str) -> Any:
        return np.nancumsum(self._by("week", name), axis=axis_of_time(name))

    def asked(self, name: str, recall: int = 1) -> Any:
        self.recall = max(recall, self.recall)
        values, surveys, axis = self._by("survey_week", name), self.columns.survey_week, axis_of_time(name)
        ends = [Over(self.columns, int(week) - YEAR, int(week) - 1)._within(recall) for week in surveys]
        return np.stack([mean(values[during(name, *each)], axis) for each in ends], axis) if ends else values

    def at_end(self, name: str) -> Any:
        raise LookupError(f"{name} is kept for the end of a run only, so it has no weekly series.")

    def _by(self, time: str, name: str) -> np.ndarray:
        """A column that goes by this time. LookupError if one was asked for that goes by the other."""
        if self.time not in ("", time):
            raise LookupError(f"{name} goes by {time} and cannot be put beside what goes by {self.time}: this has no weekly series.")
        self.time = time
        return self.column(name)


def axis_of_time(name: str) -> int:
    """The place of time among the axes of a column, from the end."""
    return -1 - MORE_AXES.get(name, 0)


def during(name: str, begin: int, end: int | None = None) -> tuple[Any, ...]:
    """The index of what lies between two places on the axis of time."""
    more = MORE_AXES.get(name)
    return (..., slice(begin, end), *(slice(None),) * more) if more else (..., slice(begin, end))


def total(values: np.ndarray, axis: int) -> Any:
    """Sum along an axis without what is nan; `np.nansum`, but quick where nothing is nan."""
    found = np.add.reduce(values, axis)
    return found if complete(found) else np.nansum(values, axis)


def mean(values: np.ndarray, axis: int) -> Any:
    """Mean along an axis without what is nan; `np.nanmean` without its warning, but quick where nothing is nan."""
    found, many = np.add.reduce(values, axis), values.shape[axis]
    if many and complete(found):
        return found / many
    with np.errstate(invalid="ignore"):
        return np.nansum(values, axis) / np.sum(~np.isnan(values), axis)


def complete(found: Any) -> bool:
    """Is nothing nan? (Asked of single numbers so often that its time counts.)"""
    known = found == found
    return bool(known.all() if known.ndim else known)


def ratio(part: Any, whole: Any) -> Any:
    """part / whole; nan where there is nothing."""
    if np.ndim(whole):
        return part / np.where(whole > 0, whole, np.nan)
    return part / whole if whole > 0 else part * np.nan


def last_year(run: "RunColumns | RunArrays | xr.Dataset") -> tuple[int, int]:
    """First and last of the last 52 weeks, or of the weeks since week 0 if the run is shorter."""
    last = int(run.week[-1])
    return max(0, last - YEAR + 1), last


def year_before(week: int) -> tuple[int, int]:
    """First and last of the 52 weeks (or of those since week 0) over which measures are read at the end of `week` weeks."""
    return max(0, week - YEAR), week - 1


def years_paid(weeks: int) -> float:
    """Among how many years what was paid in so many weeks is shared, to be told "a year": never among less than one, for what is paid
    once is not paid again; of less than a year the amount is told as it is (`paid` in sim.style has the words).

    >>> years_paid(104), years_paid(30)
    (2.0, 1.0)
    """
    return max(1.0, weeks / YEAR)


def first_year(run: "RunColumns | RunArrays | xr.Dataset") -> tuple[int, int]:
    """First and last of the 52 weeks after the spin-up, or of as many as there are."""
    return 0, min(YEAR - 1, int(run.week[-1]))


def years_apart(run: "RunColumns | RunArrays | xr.Dataset") -> bool:
    """Do the first and the last year share no week, so that there is a change between them?"""
    return first_year(run)[1] < last_year(run)[0]


@dataclass(frozen=True)
class Measure:
    """A quantity of interest."""

    name: str
    unit: str
    description: str
    mirrors: str  # the survey or record that asks for the same in reality
    function: Callable[[Over], Any]
    kind: str = RECORD

    def of(self, columns: RunColumns, window: tuple[int, int] | None = None) -> Any:
        """Its value in a span of weeks (first, last), by default the last year: a number of one run, or an array with one a run."""
        runs = np.shape(columns.values["crimes"])[:-1] if self.is_own else ()
        return self.taken(Over(columns, *(window or last_year(columns))), runs)

    @property
    def is_own(self) -> bool:
        """Is it of another's making?"""
        return not self.function.__module__.startswith("sim.")

    def taken(self, over: Over, runs: tuple[int, ...]) -> Any:
        """What its function gives for runs of this shape. InputError, for one's own, if it fails or gives no number for each run."""
        if not self.is_own:
            return self.function(over)
        try:
            value = self.function(over)
        except Exception as error:
            if isinstance(error, InputError) or type(error) is LookupError:  # it has no weekly series
                raise
            message = f"the measure '{self.name}' fails: {type(error).__name__}: {error}"
            raise InputError(message, "Mend its function; the traceback above says where.") from error
        self._check(value, over, runs)
        return value

    def _check(self, value: Any, over: Over, runs: tuple[int, ...]) -> None:
        """InputError if a value is not of numbers, one a run and time; an axis that nothing has may be 1 long."""
        time = getattr(over.columns, over.time).shape if isinstance(over, Rolling) and over.time else ()
        wanted, numbers = (*runs, *time), np.asarray(value)
        if numbers.dtype.kind not in "biuf" or np.isinf(numbers.astype(float)).any():
            found = "infinite numbers" if numbers.dtype.kind in "biuf" else f"a {type(value).__name__} of {numbers.dtype}"
            remedy = "Divide with sim.measures.spans.ratio(part, whole): nan where there is nothing to measure."
            raise InputError(f"the measure '{self.name}' must give finite numbers, or nan for none, but gives {found}.", remedy)
        if numbers.ndim != len(wanted) or any(size not in (1, most) for size, most in zip(numbers.shape, wanted, strict=True)):
            message = (
                f"the measure '{self.name}' must give a number for each run, in the shape {wanted}, but gives the shape {numbers.shape}."
            )
            raise InputError(message, 'Add up or average over the other axes, the last ones, as over.total("crimes") does.')

    def __call__(self, dataset: "xr.Dataset", window: tuple[int, int] | None = None) -> "xr.DataArray":
        """Its value in a span of weeks (first, last), by default the last year; dimension: replicate."""
        from sim.measures.labels import measured  # here, because xarray takes long to import

        return measured(self, dataset, window)

    def weekly(self, dataset: "xr.Dataset") -> "xr.DataArray":
        """Its course: replicate x week (rates look back over 52 weeks) or replicate x survey_week. LookupError if it has none."""
        from sim.measures.labels import course

        return course(self, dataset)


def measure(unit: str, mirrors: str) -> Callable[..., Any]:
    """Register a function of `Over` as a measure; its docstring is the description."""

    def register(function: Callable[[Over], Any]) -> Measure:
        name = function.__name__
        MEASURES[name] = Measure(name, unit, (function.__doc__ or "").strip(), mirrors, function)
        return MEASURES[name]

    return register


def recorded() -> dict[str, Measure]:
    """The measures that are read off what every run records, by name."""
    return {name: measure for name, measure in MEASURES.items() if measure.kind == RECORD}


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


def each(function: Callable[..., Any], values: np.ndarray, axes: int, **options: Any) -> np.ndarray:
    """The function of each run's values, along so many last axes."""
    runs, own = np.shape(values)[:-axes], np.shape(values)[-axes:]
    return np.array([function(of_run, **options) for of_run in np.reshape(values, (-1, *own))]).reshape(runs)
