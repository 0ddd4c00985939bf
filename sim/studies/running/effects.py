"""Paired effects: what an arm changes, replicate by replicate with the same luck, and how far that differs between possible cities."""

from collections.abc import Iterable
from math import inf, nan

import numpy as np
import pandas as pd
import xarray as xr

from sim.artifacts.pieces import PART
from sim.measures import MEASURES, RECORD, YEAR, first_year, last_year, years_apart
from sim.measures.harvest import CAUSES, trust_of
from sim.measures.spans import ratio, year_before
from sim.measures.spread import Spread, spread
from sim.measures.voice_measures import heard_last
from sim.studies.design.limits import PRICED

TENTHS = 10
LEVELS = {  # of an evaluation of a course, and what officers do in the end: variable of the dataset
    "course_knowledge": "knowledge", "course_attitude": "attitude", "course_behavior": "behavior: what courses add",
    "mean_conduct": "conduct",
}  # fmt: skip


def at_week(dataset: xr.Dataset, measure: str, week: int) -> xr.DataArray:
    """A measure as read at the end of `week` weeks (see `year_before`); arm x replicate."""
    return MEASURES[measure](dataset, year_before(week)).transpose("arm", "replicate")


def courses(dataset: xr.Dataset, measures: Iterable[str], vs: str) -> dict[str, xr.DataArray]:
    """Paired effects of every arm over time, arm x replicate x week (at whose end), as `at_week` reads them.

    Measures that are taken once, at the end, have no course.
    """
    courses = {}
    for name in measures:
        weeks = _read_at(dataset, name)
        if MEASURES[name].kind == RECORD and weeks:
            each: list[xr.DataArray] = [at_week(dataset, name, week) for week in weeks]
            values = xr.concat(each, pd.Index(np.array(weeks) - 1, name="week"))
            if values.notnull().any(("arm", "replicate")).sum() > 1 or len(weeks) == 1:
                courses[name] = differences(values, vs).transpose("arm", "replicate", "week")
    return courses


def _read_at(dataset: xr.Dataset, measure: str) -> list[int]:
    """Weeks at whose end a course is read: each quarter of a year (or of a shorter run); for what surveys ask, when they ask, because
    between them a year holds one survey less.
    """
    end = int(dataset.week[-1]) + 1
    step = max(1, min(YEAR, end) // 4)
    try:
        surveyed = "survey_week" in MEASURES[measure].weekly(dataset).dims
    except LookupError:
        surveyed = False
    return [int(week) for week in dataset.survey_week.values if 0 < week <= end] if surveyed else [*range(step, end, step), end]


def differences(values: xr.DataArray, vs: str) -> xr.DataArray:
    """Each replicate's value minus that of the same replicate of `vs`."""
    return values - values.sel(arm=vs, drop=True)


def precisions(dataset: xr.Dataset, measure: str, vs: str) -> dict[str, float]:
    """Precision of the middle of each arm's effect at the last week (half of its 95 % interval); nan if it cannot be known."""
    paired = differences(at_week(dataset, measure, int(dataset.week[-1]) + 1), vs)
    return {str(arm): over_cities(paired.sel(arm=arm), dataset).precision for arm in paired.arm.values}


def over_cities(values: xr.DataArray | np.ndarray, dataset: xr.Dataset) -> Spread:
    """What values of a comparison's replicates, one each, say of the cities that they are lives of."""
    return spread(np.asarray(values), dataset.draw.values, dataset.weight.values)


def independent_variance(arm: np.ndarray, other: np.ndarray) -> float:
    """Variance of the difference between replicates with different luck, measured by re-pairing them.

    Every replicate r of the arm is paired with every r' != r of the other. The pairs share their means with the true pairs,
    which takes 1/n of the paired variance away from their spread; that is added back, so that the result is unbiased.

    >>> round(independent_variance(np.array([1.0, 2.0, 4.0]), np.array([0.0, 5.0, 1.0])), 6)
    9.333333
    """
    apart = arm[:, None] - other[None, :] - (arm.mean() - other.mean())
    return float(np.mean(apart[~np.eye(arm.size, dtype=bool)] ** 2) + np.var(arm - other, ddof=1) / arm.size)


def variance_reduction(arm: np.ndarray, other: np.ndarray) -> float:
    """How many times smaller the variance of paired differences is than that of differences with different luck.

    inf if all paired differences are equal; nan with fewer than 3 replicates, or if the other arm does not vary (as the cost of
    a baseline, which has no luck to share).
    """
    known = np.isfinite(arm) & np.isfinite(other)
    arm, other = arm[known], other[known]
    if arm.size < 3 or not np.ptp(other):
        return nan
    paired = float(np.var(arm - other, ddof=1))
    return independent_variance(arm, other) / paired if paired > 0 else inf


def effects(dataset: xr.Dataset, measures: Iterable[str], weeks: Iterable[int], vs: str) -> pd.DataFrame:
    """A row for each arm, measure and week: see `Comparison.effects`."""
    rows = []
    for measure in measures:
        for week in weeks:
            values = at_week(dataset, measure, week)
            other = values.sel(arm=vs).values
            for arm in values.arm.values:
                if arm != vs:
                    rows.append({"arm": str(arm), "measure": measure, "unit": MEASURES[measure].unit, "week": week}
                                | _effect(values.sel(arm=arm).values, other, dataset))  # fmt: skip
    return pd.DataFrame(rows).sort_values("arm", key=lambda arms: arms.map(_order(dataset)), kind="stable", ignore_index=True)


def _order(dataset: xr.Dataset) -> dict[str, int]:
    return {str(arm): place for place, arm in enumerate(dataset.arm.values)}


def _effect(arm: np.ndarray, other: np.ndarray, dataset: xr.Dataset) -> dict[str, float]:
    """The paired differences, and what sharing luck saved."""
    arm, other = arm.astype(float), other.astype(float)
    effect, start = over_cities(arm - other, dataset), over_cities(other, dataset).middle
    ends = [end / 100 for end in effect.count_ends] if effect.ranged and effect.middle else [nan, nan]
    return effect.row("effect") | {
        "share_with_sign": effect.share, "share_low": ends[0], "share_high": ends[1],
        "level_from": start, "level_to": start + effect.middle, "mean": effect.mean, **effect.variances(),
        "replicates": effect.many, "effective_draws": effect.draws,
        "variance_reduction": variance_reduction(arm, other),
    }  # fmt: skip


def costs(dataset: xr.Dataset, measures: Iterable[str], vs: str) -> pd.DataFrame:
    """A row for each arm and measure: see `Comparison.costs`."""
    spent = {name: dataset[f"{name}_spent"].sum("week") for name in ("officer_weeks", "money")}
    last = int(dataset.week[-1]) + 1
    rows = []
    for arm in (str(arm) for arm in dataset.arm.values if arm != vs):
        more = {name: differences(amount, vs).sel(arm=arm).values for name, amount in spent.items()}
        spreads = {name: over_cities(values, dataset) for name, values in more.items()}
        for measure in (name for name in measures if name not in PRICED):
            paired: np.ndarray = differences(at_week(dataset, measure, last), vs).sel(arm=arm).values.astype(float)
            effect = over_cities(paired, dataset)
            row: dict[str, object] = {"arm": arm}
            for name, found in spreads.items():
                row |= found.row(name, f"{name}_")
            row |= {"measure": measure, "unit": MEASURES[measure].unit, **effect.row("effect"), "share_with_sign": effect.share}
            with np.errstate(divide="ignore", invalid="ignore"):  # an arm may cost nothing
                bought = over_cities(paired / more["money"], dataset)
            rows.append(row | _price(spreads["money"].middle, effect, bought))
    return pd.DataFrame(rows)


def _price(money: float, effect: Spread, bought: Spread) -> dict[str, float]:
    """Money for a unit of effect, and its range over draws; nan where the sign of the effect is not clear, or the price's.

    bought  effect per thousand pesos, whose range is turned over: unlike prices it stays finite where an effect is near 0
    """
    price, ends = nan, [nan, nan]
    if effect.clear and effect.middle:
        price = money / effect.middle
        if bought.low * bought.high > 0:
            ends = sorted(1 / end for end in (bought.low, bought.high))
    return {"money_per_unit": price, "money_per_unit_q05": ends[0], "money_per_unit_q95": ends[1]}


def ledger(dataset: xr.Dataset, vs: str) -> pd.DataFrame:
    """A row for each arm and cause: see `Comparison.ledger`."""
    whole, sums = dataset[["ledger", "effectiveness_weight"]], []
    share = in_last_year(dataset)
    many = max(1, PART // (8 * whole.ledger[0, 0].size))
    for place in range(dataset.sizes["arm"]):  # some runs after the others, for the ledger is the largest of all
        parts = []
        for start in range(0, dataset.sizes["replicate"], many):
            part = whole.isel(arm=[place], replicate=slice(start, start + many))
            fairness, effectiveness = (part.ledger.sel(dimension=name) for name in ("fairness", "effectiveness"))
            booked = trust_of(fairness, effectiveness, part.effectiveness_weight)
            parts.append(((booked.sel(week=slice(0, None)) * share).sum("week"), (booked * share).sum("week")))
        sums.append([xr.concat(each, "replicate") for each in zip(*parts, strict=True)])
    since, booked = (xr.concat(each, "arm").transpose("arm", "cause", "replicate") for each in zip(*sums, strict=True))
    paired = differences(booked, vs)
    rows = []
    for arm in map(str, dataset.arm.values):
        for cause in CAUSES:
            effect = over_cities(paired.sel(arm=arm, cause=cause), dataset)
            change = over_cities(since.sel(arm=arm, cause=cause), dataset).mean
            rows.append({"arm": arm, "cause": cause, "change": change, **effect.row("effect"), "mean": effect.mean})
    return pd.DataFrame(rows)


def in_last_year(dataset: xr.Dataset) -> xr.DataArray:
    """For each week the share of the last year that comes after its changes of trust: what was booked then counts so much in that year."""
    first, last = last_year(dataset)
    return ((last + 1 - dataset.week) / (last + 1 - first)).clip(max=1.0)


def places(dataset: xr.Dataset, vs: str) -> pd.DataFrame:
    """A row for each arm and tenth of the cells: see `Comparison.places`."""
    crimes = dataset.crime_map.sel(arm=vs).transpose("replicate", "y", "x").values.reshape(dataset.sizes["replicate"], -1)
    tenth = np.argsort(np.argsort(crimes, axis=1, kind="stable"), axis=1) * TENTHS // crimes.shape[1]
    trust = differences(dataset.trust_map, vs).transpose("arm", "replicate", "y", "x").values.reshape(-1, *crimes.shape)
    rows = []
    for arm, changes in zip(map(str, dataset.arm.values), trust, strict=True):
        for number in range(min(TENTHS, crimes.shape[1])):
            within = np.where(tenth == number, changes, nan)
            known = np.isfinite(within)  # nobody lives in some cells
            means = ratio(np.where(known, within, 0.0).sum(axis=1), known.sum(axis=1))
            rows.append({"arm": arm, "tenth": number + 1, **over_cities(means, dataset).row("effect")})
    return pd.DataFrame(rows)


def voices(dataset: xr.Dataset, vs: str) -> pd.DataFrame:
    """A row for each arm and question: see `Comparison.voices`."""
    arms = {str(arm): heard_last(dataset.sel(arm=arm)) for arm in dataset.arm.values}
    rows = []
    for arm, heard in arms.items():
        for question, found in heard.items():
            answer, effect = (over_cities(each, dataset) for each in (found.answers, found.answers - arms[vs][question].answers))
            about = {"arm": arm, "measure": question, "unit": MEASURES[question].unit, "asked": found.asked}
            rows.append({**about, **answer.row("answer", "answer_"), "standard_error": found.error, **effect.row("effect")})
    return pd.DataFrame(rows)


def conduct(dataset: xr.Dataset) -> pd.DataFrame:
    """A row for each arm and level: see `Comparison.conduct`."""
    start = int(dataset.week[0])
    spans = {"before": (max(start, -YEAR), -1 if start < 0 else 0), "first_year": first_year(dataset), "last_year": last_year(dataset)}
    rows = []
    for arm in map(str, dataset.arm.values):
        for name, text in LEVELS.items():
            row: dict[str, object] = {"arm": arm, "level": name, "meaning": text, "unit": dataset[name].attrs["units"]}
            for span, (first, last) in spans.items():
                values = dataset[name].sel(arm=arm, week=slice(first, last)).mean("week").values
                if span == "first_year" and not years_apart(dataset):  # it would hold much of the last year too
                    values = np.full_like(values, nan)
                row |= over_cities(values, dataset).row(span, f"{span}_")
            rows.append(row)
    return pd.DataFrame(rows)
