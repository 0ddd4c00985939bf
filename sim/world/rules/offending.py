"""Where and whether an offender offends, and for how long in life."""

from sim.world.arithmetic import exp, log
from sim.world.compiled import rule


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
def undeterred(propensity: float, perceived_risk: float, risk_slope: float) -> float:
    """Crimes a week an offender would commit where nothing stands in the way.

    propensity      crimes a week if nothing deterred
    perceived_risk  perceived risk of punishment, 0-1
    risk_slope      log reduction per unit of perceived risk   (offending.risk_slope)

    Source: anwar2011 (perceived risk deters): sign; magnitude calibrated.

    >>> undeterred(2.0, 0.0, 1.5)
    2.0
    """
    return propensity * exp(-risk_slope * perceived_risk)


@rule
def unhindered(officers: float, climate: float, presence_weight: float, control_slope: float) -> float:
    """Share of the drive to offend that a place leaves, 0-1.

    officers         officers present in the cell                     (offending.presence_weight each)
    climate          mean trust of the residents: informal control    (offending.control_slope)

    Source: chalfin2018 (officers), kirk2011 (climate): signs; magnitudes are assumed.

    >>> unhindered(0, 0.0, 0.5, 0.5)
    1.0
    """
    return exp(-presence_weight * officers - control_slope * climate)


@rule
def crime_probability(drive: float, share_left: float) -> float:
    """Probability that an offender offends this week.

    drive       crimes a week with perceived risk taken into account (undeterred)
    share_left  what the place leaves of it, 0-1 (unhindered); 1: the highest there can be anywhere

    >>> round(crime_probability(1.0, 1.0), 4)
    0.6321
    """
    return 1.0 - exp(-drive * share_left)


@rule
def loss(median: float, log_sd: float, normal: float) -> float:
    """Loss of a crime in thousand pesos: log-normal.

    >>> loss(2.0, 1.0, 0.0)
    2.0
    """
    return median * exp(log_sd * normal)


LONGEST_CAREER = 3120  # weeks: sixty years


@rule
def career_weeks(u: float, exit_rate: float) -> int:
    """Weeks until an offender has aged out, given luck u: exponential, so that those who are there have as long to go as those who enter.

    exit_rate  chance a week, above 0   (offending.exit_rate)

    Source: assumed (a constant chance). Deviation: no career is longer than sixty years.

    >>> career_weeks(0.5, 0.01), career_weeks(1e-9, 0.001)
    (69, 3120)
    """
    return int(min(-log(u) / exit_rate, LONGEST_CAREER))


@rule
def age(entry_age: float, weeks: float) -> float:
    """Age of an offender in years.

    entry_age  at which offenders begin   (offending.entry_age)
    weeks      since this one began

    >>> age(16.0, 104)
    18.0
    """
    return entry_age + weeks / 52.0
