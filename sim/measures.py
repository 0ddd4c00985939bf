"""What is measured: named measures of a run, each with its unit and the survey it mirrors.

A measure is one line of arithmetic on `Over`, a span of weeks. `MEASURES["reporting_rate"](dataset)` gives its value
over the last year, one a replicate; `.weekly(dataset)` its course, where rates look back over 52 weeks.
Rates over a span are ratios of sums, and weeks become years by 52 weeks a year.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

YEAR = 52
ENVIPE = "ENVIPE, national victimization survey (INEGI)"
ENSU = "ENSU, urban security survey (INEGI)"
RECORDS = "administrative records"
NONE = "none: not observable"

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


def share_answering(over: Over, *answers: int) -> xr.DataArray:
    """Share of adults who give one of these answers (0: mucha desconfianza ... 3: mucha confianza)."""
    return over.asked("answers").isel(answer=list(answers)).sum("answer", skipna=False)


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


# --- Trust


@measure("0-1", NONE)
def mean_trust(over: Over):
    """Mean trust in the police: fairness and effectiveness, weighted by trust.effectiveness_weight."""
    return over.mean("trust")


@measure("0-1", NONE)
def mean_fairness(over: Over):
    """Mean trust in the fairness of the police."""
    return over.mean("fairness")


@measure("0-1", NONE)
def mean_effectiveness(over: Over):
    """Mean trust in the effectiveness of the police."""
    return over.mean("effectiveness")


@measure("share of adults", ENVIPE)
def share_trusting(over: Over):
    """Adults who answer mucha or algo de confianza in the municipal police."""
    return share_answering(over, 2, 3)


@measure("share of adults", ENVIPE)
def share_much_distrust(over: Over):
    """Adults who answer mucha desconfianza."""
    return share_answering(over, 0)


@measure("share of adults", ENVIPE)
def share_some_distrust(over: Over):
    """Adults who answer algo de desconfianza."""
    return share_answering(over, 1)


@measure("share of adults", ENVIPE)
def share_some_trust(over: Over):
    """Adults who answer algo de confianza."""
    return share_answering(over, 2)


@measure("share of adults", ENVIPE)
def share_much_trust(over: Over):
    """Adults who answer mucha confianza."""
    return share_answering(over, 3)


@measure("ICC", "AmericasBarometer (LAPOP), by sampling unit")
def trust_icc(over: Over):
    """Spatial inequality: share of the variance of answers that lies between neighborhoods of about 500 adults."""
    return over.asked("trust_icc")


@measure("share of adults", ENSU)
def perceived_insecurity(over: Over):
    """Adults who feel unsafe."""
    return over.asked("unsafe")


# --- Crime and what follows


@measure("victims per 100,000 adults a year", ENVIPE)
def prevalence(over: Over):
    """Adults who were a victim of at least one crime in the 52 weeks before the survey."""
    return 1e5 * over.asked("victims", recall=YEAR)


@measure("crimes per 100,000 adults a year", ENVIPE)
def incidence(over: Over):
    """Crimes committed, reported or not."""
    return 1e5 * over.total("crimes") / (over.adults * over.years)


@measure("share of crimes", ENVIPE)
def reporting_rate(over: Over):
    """Crimes reported to the prosecutor."""
    return ratio(over.total("reported"), over.total("crimes"))


@measure("share of reports", ENVIPE)
def file_rate(over: Over):
    """Reports for which an investigation file is opened."""
    return ratio(over.total("filed"), over.total("reported"))


@measure("share of crimes", ENVIPE)
def dark_figure(over: Over):
    """Crimes without an investigation file: not reported, or reported in vain."""
    return 1.0 - ratio(over.total("filed"), over.total("crimes"))


@measure("share of crimes", ENVIPE)
def solved_share(over: Over):
    """Crimes solved to the victim's benefit, of all crimes."""
    return ratio(over.total("solved"), over.total("crimes"))


@measure("share of reports", RECORDS)
def clearance(over: Over):
    """Crimes solved, of the recorded ones, that is of those reported."""
    return ratio(over.total("solved"), over.total("reported"))


@measure("share of reports", ENVIPE)
def good_treatment_share(over: Over):
    """Complainants who were treated well."""
    return ratio(over.total("well_treated"), over.total("reported"))


@measure("difference of shares", ENVIPE)
def treatment_gap(over: Over):
    """Good treatment of complainants with a file minus that of complainants without."""
    with_file = ratio(over.total("well_treated_with_file"), over.total("filed"))
    others = over.total("well_treated") - over.total("well_treated_with_file")
    return with_file - ratio(others, over.total("reported") - over.total("filed"))


@measure("share of cells", "geocoded police records")
def crime_concentration_50(over: Over):
    """The smallest share of cells that holds half of the crimes of the last 52 weeks."""
    return each(share_holding_half, over.at_end("crime_map"), "y", "x")


@measure("offenders", NONE)
def offenders_free(over: Over):
    """Offenders who are not in jail."""
    return over.mean("free_offenders")


@measure("0-1", NONE)
def perceived_risk(over: Over):
    """Mean risk of punishment that offenders perceive."""
    return over.mean("perceived_risk")


@measure("share", NONE)
def free_capacity(over: Over):
    """Free capacity of the police to work on new files."""
    return over.mean("free_capacity")


# --- The police


@measure("share of adults", ENSU)
def contact_rate_half_year(over: Over):
    """Adults with at least one stop in 26 weeks; community contacts do not count."""
    return over.asked("contacted", recall=YEAR // 2)


@measure("share of those stopped", ENSU)
def corrupt_contact_share(over: Over):
    """Of the adults with at least one stop in 26 weeks, those who met a corrupt act in one."""
    return ratio(over.asked("corrupt_contacted", recall=YEAR // 2), over.asked("contacted", recall=YEAR // 2))


@measure("stops per adult a year", RECORDS)
def stops_per_adult(over: Over):
    """Stops by the police."""
    return over.total("stops") / (over.adults * over.years)


@measure("share of encounters", NONE)
def felt_fair_share(over: Over):
    """Stops and community contacts that the citizen felt to be fair."""
    return ratio(over.total("felt_fair"), over.total("stops") + over.total("contacts"))


@measure("log-odds of fair conduct", "observed encounters")
def mean_conduct(over: Over):
    """Mean conduct of the officers in service, training included."""
    return over.mean("conduct")


@measure("complaints per 1,000 officers a year", RECORDS)
def complaint_rate(over: Over):
    """Complaints against officers."""
    return 1000.0 * ratio(over.total("complaints"), over.mean("active_officers") * over.years)


@measure("share of complaints", RECORDS)
def complaint_share_top_2(over: Over):
    """Share of the complaints of 52 weeks against the 2 % of officers with the most (50 officers or more)."""
    return each(share_of_top, over.at_end("officer_complaints"), "officer", share=0.02)


@measure("share of complaints", RECORDS)
def complaint_share_top_10(over: Over):
    """Share of the complaints of 52 weeks against the 10 % of officers with the most (10 officers or more)."""
    return each(share_of_top, over.at_end("officer_complaints"), "officer", share=0.10)


@measure("officers", RECORDS)
def officers_in_service(over: Over):
    """Officers in service, vacancies excluded."""
    return over.mean("active_officers")
