"""Perceived risk of punishment: learned from arrests and escapes, and slowly forgotten."""

from sim.world.compiled import rule


@rule
def risk_after_arrest(risk: float, gain: float) -> float:
    """Perceived risk after an arrest.

    gain  share of the gap to certainty closed   (deterrence.arrest_gain)

    Source: anwar2011. Deviation: applied to all offenders alike.

    >>> risk_after_arrest(0.5, 0.1)
    0.55
    """
    return risk + gain * (1.0 - risk)


@rule
def risk_after_escape(risk: float, loss: float) -> float:
    """Perceived risk after a crime without arrest.

    loss  share of perceived risk lost   (deterrence.escape_loss)

    >>> risk_after_escape(0.5, 0.1)
    0.45
    """
    return risk - loss * risk


@rule
def risk_faded(risk: float, prior: float, rate: float) -> float:
    """Perceived risk after a week in which memories faded towards what everybody believes.

    prior  what everybody believes   (deterrence.prior_risk)
    rate   share of the distance     (deterrence.fading_rate)

    >>> risk_faded(0.5, 0.25, 0.5)
    0.375
    """
    return risk + rate * (prior - risk)
