"""The measures once more, written on labeled arrays: every sum and mean is xarray's. What `sim.measures` gives must be the same bits."""

import numpy as np
import xarray as xr

from sim.measures.spans import share_holding_half, share_of_top
from sim.world.voices import QUESTIONS

YEAR = 52


class Span:
    def __init__(self, data, first, last):
        self.data, self.first, self.last, self.years, self.adults = data, first, last, (last - first + 1) / YEAR, data.attrs["adults"]

    def total(self, name):
        return self.data[name].sel(week=slice(self.first, self.last)).sum("week")

    def mean(self, name):
        return self.data[name].sel(week=slice(self.first, self.last)).mean("week")

    def so_far(self, name):
        return self.data[name].sel(week=slice(None, self.last)).sum("week")

    def asked(self, name, recall=1):
        asked = remembered(self.data, name, recall)
        within = asked.sel(survey_week=slice(self.first + recall, self.last + 1))
        if within.survey_week.size == 0:
            within = asked.sel(survey_week=slice(None, self.last + 1)).isel(survey_week=slice(-1, None))
        return within.mean("survey_week")

    def at_end(self, name):
        kept = self.data[name]
        return kept if self.last == int(self.data.week[-1]) else xr.full_like(kept, np.nan, dtype=float)


class Course(Span):
    def __init__(self, data):
        super().__init__(data, int(data.week[0]), int(data.week[-1]))
        self.years = 1.0

    def total(self, name):
        return self.data[name].rolling(week=YEAR).sum()

    def mean(self, name):
        return self.data[name]

    def so_far(self, name):
        return self.data[name].cumsum("week")

    def asked(self, name, recall=1):
        """Each survey with those of the year before it that the recall allows."""
        asked = remembered(self.data, name, recall)
        weeks = asked.survey_week.values
        years = [asked.sel(survey_week=slice(min(week - YEAR + recall, week), week)).mean("survey_week") for week in weeks]
        return xr.concat(years, asked.survey_week).transpose(*asked.dims) if years else asked

    def at_end(self, name):
        raise LookupError


def remembered(data, name, recall):
    return data[name].sel(survey_week=slice(int(data.week[0]) + recall, None))


def ratio(part, whole):
    return part / whole.where(whole > 0)


def each(function, values, *dims, **options):
    return xr.apply_ufunc(function, values, input_core_dims=[dims], kwargs=options, vectorize=True, output_dtypes=[float])


def answers(*which):
    return lambda over: over.asked("answers").isel(answer=list(which)).sum("answer", skipna=False)


def mean(name):
    return lambda over: over.mean(name)


def rate(part, whole):
    return lambda over: ratio(over.total(part), over.total(whole))


def treatment_gap(over):
    with_file = ratio(over.total("well_treated_with_file"), over.total("filed"))
    others = over.total("well_treated") - over.total("well_treated_with_file")
    return with_file - ratio(others, over.total("reported") - over.total("filed"))


def of_complaints(share):
    return lambda over: each(share_of_top, over.at_end("officer_complaints"), "officer", share=share)


def of_examined(part, whole):
    return lambda over: xr.where(over.so_far("examined") > 0, ratio(part(over), whole(over)), 0.0)


FORMULAS = {
    "mean_trust": mean("mean_trust"),
    "mean_fairness": mean("mean_fairness"),
    "mean_effectiveness": mean("mean_effectiveness"),
    "share_trusting": answers(2, 3),
    "share_much_distrust": answers(0),
    "share_some_distrust": answers(1),
    "share_some_trust": answers(2),
    "share_much_trust": answers(3),
    "trust_icc": lambda over: over.asked("trust_icc"),
    "perceived_insecurity": lambda over: over.asked("perceived_insecurity"),
    "prevalence": lambda over: 1e5 * over.asked("victims", recall=YEAR),
    "incidence": lambda over: 1e5 * over.total("crimes") / (over.adults * over.years),
    "reporting_rate": rate("reported", "crimes"),
    "file_rate": rate("filed", "reported"),
    "dark_figure": lambda over: 1.0 - ratio(over.total("filed"), over.total("crimes")),
    "solved_share": rate("solved", "crimes"),
    "clearance": rate("solved", "reported"),
    "good_treatment_share": rate("well_treated", "reported"),
    "treatment_gap": treatment_gap,
    "crime_concentration_50": lambda over: each(share_holding_half, over.at_end("crime_map"), "y", "x"),
    "offenders_free": mean("offenders_free"),
    "perceived_risk": mean("perceived_risk"),
    "free_capacity": mean("free_capacity"),
    "contact_rate_half_year": lambda over: over.asked("contact_rate_half_year", recall=26),
    "corrupt_contact_share": lambda over: ratio(
        over.asked("corrupt_contacted", recall=26), over.asked("contact_rate_half_year", recall=26)
    ),
    "stops_per_adult": lambda over: over.total("stops") / (over.adults * over.years),
    "corrupt_stop_share": rate("corrupt_stops", "stops"),
    "unfair_stop_share": lambda over: ratio(over.total("unfair_stops"), over.total("stops") - over.total("corrupt_stops")),
    "felt_good_share": lambda over: ratio(over.total("felt_good"), over.total("stops") + over.total("contacts")),
    "felt_bad_share": lambda over: ratio(over.total("felt_bad"), over.total("stops") + over.total("contacts")),
    "mean_conduct": mean("mean_conduct"),
    "mean_honesty": mean("mean_honesty"),
    "complaint_rate": lambda over: 1000.0 * ratio(over.total("complaints"), over.mean("officers_in_service") * over.years),
    "complaint_share_top_2": of_complaints(0.02),
    "complaint_share_top_10": of_complaints(0.10),
    "officers_in_service": mean("officers_in_service"),
    "cost": lambda over: over.so_far("money_spent"),
    "officer_weeks": lambda over: over.so_far("officer_weeks_spent"),
    "purge_sensitivity": of_examined(lambda over: over.so_far("flagged_unfit"), lambda over: over.so_far("examined_unfit")),
    "purge_false_alarms": of_examined(
        lambda over: over.so_far("flagged") - over.so_far("flagged_unfit"),
        lambda over: over.so_far("examined") - over.so_far("examined_unfit"),
    ),
    "purge_precision": of_examined(lambda over: over.so_far("flagged_unfit"), lambda over: over.so_far("flagged")),
    "course_knowledge": mean("course_knowledge"),
    "course_attitude": mean("course_attitude"),
    "course_behavior": mean("course_behavior"),
}
FORMULAS |= {
    question: lambda over, place=place: over.asked("voices", recall=YEAR).isel(question=place, drop=True)
    for place, question in enumerate(QUESTIONS)
}
