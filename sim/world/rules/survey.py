"""The instrument: how latent trust becomes one of four answers."""

from sim.world.compiled import rule
from sim.world.rules.probability import logistic


@rule
def answer(latent: float, lower: float, middle: float, upper: float) -> int:
    """The answer given at a latent value with its response error: 0 mucha desconfianza ... 3 mucha confianza.

    lower, middle, upper  cut points   (survey.lower_cut ...)

    Source: envipe2025 (the four answers). Deviation: cut points assumed, the upper one calibrated.

    >>> [answer(x, 0.25, 0.5, 0.75) for x in (0.1, 0.3, 0.6, 0.9)]
    [0, 1, 2, 3]
    """
    if latent < middle:
        return 0 if latent < lower else 1
    return 2 if latent < upper else 3


@rule
def insecurity_probability(trust: float, victim: float, intercept: float, victim_slope: float, trust_slope: float) -> float:
    """Probability that an adult says they feel unsafe.

    trust   overall trust in the police, 0-1   (slope survey.insecurity_trust)
    victim  victim in the last 52 weeks? 1 or 0 (slope survey.insecurity_victim)

    Source: ensu2024 (level). Deviation: slopes assumed.

    >>> insecurity_probability(0.5, 0, 0.0, 1.0, -2.0)
    0.5
    """
    return logistic(intercept + victim_slope * victim + trust_slope * (trust - 0.5))


@rule
def yes_probability(happened: float, recall_error: float, silence: float) -> float:
    """Probability that somebody says that something happened to them.

    happened      did it? 1 or 0; in between the chance that it did
    recall_error  chance of taking yes for no, or no for yes   (survey.recall_error)
    silence       chance of not saying a yes                   (survey.bribe_silence; 0 for what nobody hides)

    Source: kraay2013 (silence about bribes). Deviation: errors of memory are as frequent both ways.

    >>> [yes_probability(happened, 0.1, 0.5) for happened in (0, 1)]
    [0.05, 0.45]
    """
    return (1.0 - silence) * (recall_error + happened * (1.0 - 2.0 * recall_error))
