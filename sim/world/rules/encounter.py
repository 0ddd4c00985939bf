"""An encounter with the police: what the officer does to whom, and how it is felt."""

from enum import IntEnum

from sim.world.compiled import rule
from sim.world.rules.probability import logistic


class Meeting(IntEnum):
    """How an officer and a citizen come to meet."""

    STOP = 0
    CONTACT = 1  # by an officer on community duty


class Conduct(IntEnum):
    """What an officer does in one encounter."""

    CORRUPT = 0
    UNFAIR = 1
    FAIR = 2


class Feeling(IntEnum):
    """How an encounter is felt."""

    BAD = 0
    NEUTRAL = 1
    GOOD = 2


@rule
def worse_conduct(hardship: float, standing: float, stopped_before: float, by_place: float, by_standing: float, by_record: float) -> float:
    """How much worse an officer treats this person than others, log-odds: discrimination.

    hardship        how hard the place is in which the person lives, standard deviations   (conduct.by_place)
    standing        log of the person's exposure to stops: whom the police suspect         (conduct.by_standing)
    stopped_before  1 if stopped in the last 52 weeks, else 0                              (conduct.by_record)

    Source: assumed (form and size).

    >>> worse_conduct(1.0, 2.0, 1, 0.25, 0.125, 0.5)
    1.0
    """
    return by_place * hardship + by_standing * standing + by_record * stopped_before


@rule
def corrupt_probability(honesty: float) -> float:
    """Probability that an officer asks for a bribe, or does something else that is corrupt.

    honesty  log-odds that nothing of the kind happens

    >>> corrupt_probability(0.0)
    0.5
    """
    return logistic(-honesty)


@rule
def fair_probability(courtesy: float, honesty: float) -> float:
    """Probability that an officer treats somebody fairly: no bribe is asked for, and then courtesy decides.

    courtesy  log-odds of fair treatment where no bribe is asked for

    >>> fair_probability(0.0, 0.0)
    0.25
    """
    return (1.0 - corrupt_probability(honesty)) * logistic(courtesy)


@rule
def conduct_of(u: float, courtesy: float, honesty: float) -> int:
    """Conduct in one encounter, given its luck u; more courtesy or honesty never gives worse conduct.

    Source: assumed (two independent dials); levels of corrupt encounters from ensu2024.

    >>> [int(conduct_of(u, 0.0, 0.0)) for u in (0.4, 0.7, 0.9)]
    [0, 1, 2]
    """
    return int(u >= corrupt_probability(honesty)) + int(u >= 1.0 - fair_probability(courtesy, honesty))


@rule
def felt_log_odds(conduct: int, fairness: float, if_corrupt: float, if_unfair: float, if_fair: float, slope: float) -> float:
    """Log-odds that an encounter is not felt as bad: the same conduct is felt differently by those who distrust.

    conduct     a Conduct
    fairness    the citizen's trust in police fairness before the encounter, 0-1
    if_corrupt, if_unfair, if_fair   log-odds at fairness 0.5   (encounter.felt_if_corrupt ...)
    slope       log-odds per unit of prior trust                (encounter.perception_slope)

    Source: rosenbaum2005 (prior attitudes color encounters). Deviation: magnitudes are calibrated.

    >>> felt_log_odds(2, 0.5, -1.6, -1.5, 0.25, 1.5)
    0.25
    """
    base = if_fair if conduct == Conduct.FAIR else (if_unfair if conduct == Conduct.UNFAIR else if_corrupt)
    return base + slope * (fairness - 0.5)


@rule
def feeling(u: float, log_odds: float, neutral_width: float) -> int:
    """How an encounter is felt, given its luck u; higher log-odds never make it feel worse.

    log_odds       that it is not felt as bad
    neutral_width  how much higher they must be for good than for not bad   (encounter.neutral_width)

    Source: oliveira2021 (good, neutral and bad contacts in a panel). Deviation: an ordered logit is assumed.

    >>> [int(feeling(u, 0.0, 1.0)) for u in (0.2, 0.4, 0.6)]
    [2, 1, 0]
    """
    return int(u < logistic(log_odds - neutral_width)) + int(u < logistic(log_odds))
