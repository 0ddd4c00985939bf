"""What is measured: named measures of a run, each with its unit and the survey it mirrors.

A measure is one line of arithmetic on `Over`, a span of weeks. `MEASURES["reporting_rate"](dataset)` gives its value
over the last year, one a replicate; `.weekly(dataset)` its course, where rates look back over 52 weeks.
Rates over a span are ratios of sums, and weeks become years by 52 weeks a year. `MEASURES` also holds measures of another kind, which
take a panel of persons or an experiment beside the run (`panel_measures`); `recorded()` are those that every run's record holds.
"""

from typing import Any

import numpy as np

from sim.measures.panel_measures import ENSU, ENVIPE, PANEL_MEASURES
from sim.measures.spans import (
    EXPERIMENT,
    MEASURES,
    PANEL,
    RECORD,
    YEAR,
    Measure,
    Over,
    RunColumns,
    each,
    first_year,
    last_year,
    measure,
    ratio,
    recorded,
    share_holding_half,
    share_of_top,
    years_apart,
    years_paid,
)
from sim.measures.voice_measures import VOICE_MEASURES

__all__ = [
    "EXPERIMENT", "MEASURES", "PANEL", "RECORD", "YEAR", "Measure", "Over", "RunColumns", "first_year", "last_year", "recorded",
    "years_apart", "years_paid",
]  # fmt: skip

RECORDS = "administrative records"
NONE = "none: not observable"


def share_answering(over: Over, *answers: int) -> Any:
    """Share of adults who give one of these answers (0: mucha desconfianza ... 3: mucha confianza)."""
    shares = over.asked("answers")
    return sum(shares[..., answer] for answer in answers)


# --- Trust


@measure("0-1", NONE)
def mean_trust(over: Over) -> Any:
    """Mean trust in the police: fairness and effectiveness, weighted by trust.effectiveness_weight."""
    return over.mean("mean_trust")


@measure("0-1", NONE)
def mean_fairness(over: Over) -> Any:
    """Mean trust in the fairness of the police."""
    return over.mean("mean_fairness")


@measure("0-1", NONE)
def mean_effectiveness(over: Over) -> Any:
    """Mean trust in the effectiveness of the police."""
    return over.mean("mean_effectiveness")


@measure("share of adults", ENVIPE)
def share_trusting(over: Over) -> Any:
    """Adults who answer mucha or algo de confianza in the municipal police."""
    return share_answering(over, 2, 3)


@measure("share of adults", ENVIPE)
def share_much_distrust(over: Over) -> Any:
    """Adults who answer mucha desconfianza."""
    return share_answering(over, 0)


@measure("share of adults", ENVIPE)
def share_some_distrust(over: Over) -> Any:
    """Adults who answer algo de desconfianza."""
    return share_answering(over, 1)


@measure("share of adults", ENVIPE)
def share_some_trust(over: Over) -> Any:
    """Adults who answer algo de confianza."""
    return share_answering(over, 2)


@measure("share of adults", ENVIPE)
def share_much_trust(over: Over) -> Any:
    """Adults who answer mucha confianza."""
    return share_answering(over, 3)


@measure("ICC", "AmericasBarometer (LAPOP), by sampling unit")
def trust_icc(over: Over) -> Any:
    """Spatial inequality: share of the variance of answers that lies between neighborhoods of about 500 adults."""
    return over.asked("trust_icc")


@measure("share of adults", ENSU)
def perceived_insecurity(over: Over) -> Any:
    """Adults who feel unsafe."""
    return over.asked("perceived_insecurity")


# --- Crime and what follows


@measure("victims per 100,000 adults a year", ENVIPE)
def prevalence(over: Over) -> Any:
    """Adults who were a victim of at least one crime in the 52 weeks before the survey."""
    return 1e5 * over.asked("victims", recall=YEAR)


@measure("crimes per 100,000 adults a year", ENVIPE)
def incidence(over: Over) -> Any:
    """Crimes committed, reported or not."""
    return 1e5 * over.total("crimes") / (over.adults * over.years)


@measure("share of crimes", ENVIPE)
def reporting_rate(over: Over) -> Any:
    """Crimes reported to the prosecutor."""
    return ratio(over.total("reported"), over.total("crimes"))


@measure("share of reports", ENVIPE)
def file_rate(over: Over) -> Any:
    """Reports for which an investigation file is opened."""
    return ratio(over.total("filed"), over.total("reported"))


@measure("share of crimes", ENVIPE)
def dark_figure(over: Over) -> Any:
    """Crimes without an investigation file: not reported, or reported in vain."""
    return 1.0 - ratio(over.total("filed"), over.total("crimes"))


@measure("share of crimes", ENVIPE)
def solved_share(over: Over) -> Any:
    """Crimes solved to the victim's benefit, of all crimes."""
    return ratio(over.total("solved"), over.total("crimes"))


@measure("share of reports", RECORDS)
def clearance(over: Over) -> Any:
    """Crimes solved, of the recorded ones, that is of those reported."""
    return ratio(over.total("solved"), over.total("reported"))


@measure("share of reports", ENVIPE)
def good_treatment_share(over: Over) -> Any:
    """Complainants who were treated well."""
    return ratio(over.total("well_treated"), over.total("reported"))


@measure("difference of shares", ENVIPE)
def treatment_gap(over: Over) -> Any:
    """Good treatment of complainants with a file minus that of complainants without."""
    with_file = ratio(over.total("well_treated_with_file"), over.total("filed"))
    others = over.total("well_treated") - over.total("well_treated_with_file")
    return with_file - ratio(others, over.total("reported") - over.total("filed"))


@measure("share of cells", "geocoded police records")
def crime_concentration_50(over: Over) -> Any:
    """The smallest share of cells that holds half of the crimes of the last 52 weeks."""
    return each(share_holding_half, over.at_end("crime_map"), axes=2)


@measure("offenders", NONE)
def offenders_free(over: Over) -> Any:
    """Offenders who are not in jail."""
    return over.mean("offenders_free")


@measure("0-1", NONE)
def perceived_risk(over: Over) -> Any:
    """Mean risk of punishment that offenders perceive."""
    return over.mean("perceived_risk")


@measure("share", NONE)
def free_capacity(over: Over) -> Any:
    """Free capacity of the police to work on new files."""
    return over.mean("free_capacity")


# --- The police


@measure("share of adults", ENSU)
def contact_rate_half_year(over: Over) -> Any:
    """Adults with at least one stop in 26 weeks; community contacts do not count."""
    return over.asked("contact_rate_half_year", recall=YEAR // 2)


@measure("share of those stopped", ENSU)
def corrupt_contact_share(over: Over) -> Any:
    """Of the adults with at least one stop in 26 weeks, those who met a corrupt act in one."""
    return ratio(over.asked("corrupt_contacted", recall=YEAR // 2), over.asked("contact_rate_half_year", recall=YEAR // 2))


@measure("stops per adult a year", RECORDS)
def stops_per_adult(over: Over) -> Any:
    """Stops by the police."""
    return over.total("stops") / (over.adults * over.years)


@measure("share of stops", "observed encounters")
def corrupt_stop_share(over: Over) -> Any:
    """Stops with a corrupt act."""
    return ratio(over.total("corrupt_stops"), over.total("stops"))


@measure("share of stops without a bribe", "observed encounters")
def unfair_stop_share(over: Over) -> Any:
    """Of the stops without a corrupt act, those in which people were treated unfairly."""
    return ratio(over.total("unfair_stops"), over.total("stops") - over.total("corrupt_stops"))


@measure("share of encounters", NONE)
def felt_good_share(over: Over) -> Any:
    """Stops and community contacts that the citizen felt as good."""
    return ratio(over.total("felt_good"), over.total("stops") + over.total("contacts"))


@measure("share of encounters", NONE)
def felt_bad_share(over: Over) -> Any:
    """Stops and community contacts that the citizen felt as bad; those that are neither are neutral."""
    return ratio(over.total("felt_bad"), over.total("stops") + over.total("contacts"))


@measure("log-odds of fair treatment where no bribe is asked for", "observed encounters")
def mean_conduct(over: Over) -> Any:
    """Mean courtesy of the officers in service, training included."""
    return over.mean("mean_conduct")


@measure("log-odds that no bribe is asked for", "observed encounters")
def mean_honesty(over: Over) -> Any:
    """Mean honesty of the officers in service, what training adds to it included."""
    return over.mean("mean_honesty")


@measure("complaints per 1,000 officers a year", RECORDS)
def complaint_rate(over: Over) -> Any:
    """Complaints against officers."""
    return 1000.0 * ratio(over.total("complaints"), over.mean("officers_in_service") * over.years)


@measure("share of complaints", RECORDS)
def complaint_share_top_2(over: Over) -> Any:
    """Share of the complaints of 52 weeks against the 2 % of officers with the most (50 officers or more)."""
    return each(share_of_top, over.at_end("officer_complaints"), axes=1, share=0.02)


@measure("share of complaints", RECORDS)
def complaint_share_top_10(over: Over) -> Any:
    """Share of the complaints of 52 weeks against the 10 % of officers with the most (10 officers or more)."""
    return each(share_of_top, over.at_end("officer_complaints"), axes=1, share=0.10)


@measure("officers", RECORDS)
def officers_in_service(over: Over) -> Any:
    """Officers in service, vacancies excluded."""
    return over.mean("officers_in_service")


# --- Reforms


@measure("thousand pesos", "budgets")
def cost(over: Over) -> Any:
    """Money that reforms have cost since they began."""
    return over.so_far("money_spent")


@measure("officer-weeks", "duty rosters")
def officer_weeks(over: Over) -> Any:
    """Work of officers that reforms have taken since they began."""
    return over.so_far("officer_weeks_spent")


def share_of_examined(over: Over, part: Any, whole: Any) -> Any:
    """part / whole; 0 where no purge has examined anybody, so that an arm with a purge can be compared with one without."""
    return np.where(over.so_far("examined") > 0, ratio(part, whole), 0.0)[()]


@measure("share of unfit officers", NONE)
def purge_sensitivity(over: Over) -> Any:
    """Of the unfit officers whom purges have examined so far, those who were flagged; 0 without a purge."""
    return share_of_examined(over, over.so_far("flagged_unfit"), over.so_far("examined_unfit"))


@measure("share of fit officers", NONE)
def purge_false_alarms(over: Over) -> Any:
    """Of the fit officers whom purges have examined so far, those who were flagged (1 - specificity); 0 without a purge."""
    fit = over.so_far("examined") - over.so_far("examined_unfit")
    return share_of_examined(over, over.so_far("flagged") - over.so_far("flagged_unfit"), fit)


@measure("share of flagged officers", NONE)
def purge_precision(over: Over) -> Any:
    """Of the officers whom purges have flagged so far, those who are unfit; 0 without a purge."""
    return share_of_examined(over, over.so_far("flagged_unfit"), over.so_far("flagged"))


@measure("0-1", "tests before and after a course")
def course_knowledge(over: Over) -> Any:
    """What officers in service still know of courses: the first level at which a course is evaluated."""
    return over.mean("course_knowledge")


@measure("0-1", "officers' questionnaires")
def course_attitude(over: Over) -> Any:
    """What is left of the attitudes that courses taught: the second level."""
    return over.mean("course_attitude")


@measure("log-odds of fair treatment where no bribe is asked for", "observed encounters")
def course_behavior(over: Over) -> Any:
    """What courses add to the courtesy of officers in service: the third level, behavior in the field."""
    return over.mean("course_behavior")


MEASURES.update(VOICE_MEASURES | PANEL_MEASURES)
