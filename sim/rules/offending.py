"""Where and whether an offender offends."""

from math import exp, log

from sim.compiled import rule


@rule
def attraction(opportunity: float, officers: float, guardianship_weight: float) -> float:
    """How strongly a cell draws offenders.

    officers             officers present
    guardianship_weight  log reduction per officer   (offending.guardianship_weight)

    Source: routine activities; chalfin2018 for the sign of guardianship. Deviation: form assumed.

    >>> attraction(3.0, 0, 0.5)
    3.0
    """
    return opportunity * exp(-guardianship_weight * officers)


@rule
def crime_probability(
    propensity: float, perceived_risk: float, officers: float, climate: float, risk_slope: float, presence_weight: float, control_slope: float
) -> float:
    """Probability that an offender who stands in a cell offends there this week.

    propensity       crimes a week if nothing deterred
    perceived_risk   perceived risk of punishment, 0-1            (slope offending.risk_slope)
    officers         officers present in the cell                 (weight offending.presence_weight)
    climate          mean trust of the residents: informal control (slope offending.control_slope)

    With no officers and climate 0 it is the highest the offender can have anywhere.

    Source: anwar2011 (perceived risk), chalfin2018 (officers), kirk2011 (climate): signs; magnitudes are calibrated.

    >>> round(crime_probability(1.0, 0.0, 0, 0.0, 1.0, 1.0, 1.0), 4)
    0.6321
    """
    deterred = propensity * exp(-risk_slope * perceived_risk)
    return 1.0 - exp(-deterred * exp(-presence_weight * officers - control_slope * climate))


@rule
def loss(median: float, log_sd: float, normal: float) -> float:
    """Loss of a crime in thousand pesos: log-normal.

    >>> loss(2.0, 1.0, 0.0)
    2.0
    """
    return exp(log(median) + log_sd * normal)
