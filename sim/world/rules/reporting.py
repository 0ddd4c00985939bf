"""Does the victim report to the prosecutor, and is a file opened?"""

from sim.world.arithmetic import log
from sim.world.compiled import rule
from sim.world.rules.probability import logistic


@rule
def reporting_probability(loss: float, trust: float, intercept: float, log_loss_slope: float, trust_slope: float, person: float) -> float:
    """Probability that a victim reports a crime to the prosecutor.

    loss            thousand pesos
    trust           the reporter's weighing of effectiveness ("waste of time") and fairness ("distrust"), 0-1
    intercept       log-odds at no loss and trust 0.5           (reporting.intercept, institutions.reporting)
    log_loss_slope  log-odds per ln(1 + loss)                   (reporting.log_loss_slope)
    trust_slope     log-odds per unit of trust; contested, may be 0 or negative (reporting.trust_slope)

    person          log-odds by which this person differs, for good (reporting.person_sd)

    Source: envipe2021micro (log-loss coefficient); metaketa2021 (null slope on trust). Deviation: crime types enter through loss.

    >>> round(reporting_probability(0.0, 0.5, -2.5, 0.634, 1.0, 0.0), 4)
    0.0759
    """
    return logistic(intercept + log_loss_slope * log(1.0 + loss) + trust_slope * (trust - 0.5) + person)


@rule
def file_probability(serious: float, intercept: float, serious_slope: float) -> float:
    """Probability that the prosecutor opens a file on a reported crime.

    serious  1 or 0

    >>> file_probability(0, 0.0, 1.0)
    0.5
    """
    return logistic(intercept + serious_slope * serious)
