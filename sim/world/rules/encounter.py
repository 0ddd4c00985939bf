"""An encounter with the police: what the officer does, and how it is felt."""

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


@rule
def fair_probability(log_odds: float) -> float:
    """Probability that an officer treats somebody fairly.

    >>> fair_probability(0.0)
    0.5
    """
    return logistic(log_odds)


@rule
def corrupt_probability(log_odds: float, corruption_threshold: float) -> float:
    """Probability that an officer acts corruptly: an ordered logit with two cut points on one scale of conduct.

    corruption_threshold  distance between the cut points, log-odds   (conduct.corruption_threshold)

    Source: assumed (the usual model of three ordered outcomes); levels from ensu2024.

    >>> corrupt_probability(-1.0, 1.0)
    0.5
    """
    return logistic(-log_odds - corruption_threshold)


@rule
def conduct_of(u: float, log_odds: float, corruption_threshold: float) -> int:
    """Conduct in one encounter, given its luck u; better log-odds never give worse conduct.

    >>> [int(conduct_of(u, 0.0, 1.0)) for u in (0.1, 0.4, 0.9)]
    [0, 1, 2]
    """
    if u < corrupt_probability(log_odds, corruption_threshold):
        return Conduct.CORRUPT
    return Conduct.UNFAIR if u < 1.0 - fair_probability(log_odds) else Conduct.FAIR


@rule
def felt_fair_probability(conduct: int, fairness: float, if_corrupt: float, if_unfair: float, if_fair: float, slope: float) -> float:
    """Probability that the treatment is felt to be fair: the same conduct is felt differently by those who distrust.

    conduct     a Conduct
    fairness    the citizen's trust in police fairness before the encounter, 0-1
    if_corrupt, if_unfair, if_fair   log-odds at fairness 0.5   (encounter.felt_if_corrupt ...)
    slope       log-odds per unit of prior trust                (encounter.perception_slope)

    Source: rosenbaum2005 (prior attitudes color encounters). Deviation: magnitudes are calibrated.

    >>> felt_fair_probability(2, 0.5, -1.6, -1.5, 0.0, 1.5)
    0.5
    """
    base = if_fair if conduct == Conduct.FAIR else (if_unfair if conduct == Conduct.UNFAIR else if_corrupt)
    return logistic(base + slope * (fairness - 0.5))
