"""Small mathematics that the topics share."""

from sim.world.arithmetic import exp
from sim.world.compiled import rule


@rule
def logistic(x: float) -> float:
    """The probability with log-odds x.

    >>> logistic(0.0)
    0.5
    """
    return 1.0 / (1.0 + exp(-x))


@rule
def clip(x: float, low: float, high: float) -> float:
    """x, or the nearer end of [low, high].

    >>> clip(1.2, 0.0, 1.0)
    1.0
    """
    return min(max(x, low), high)


@rule
def poisson_quantile(u: float, mean: float, most: int) -> int:
    """The smallest count whose cumulative Poisson probability exceeds u, at most `most`.

    One uniform number gives the whole count, and a higher mean never gives a smaller count: arms stay comparable.

    >>> poisson_quantile(0.5, 2.0, 16), poisson_quantile(0.01, 2.0, 16), poisson_quantile(0.999999999, 2.0, 8)
    (2, 0, 8)
    """
    probability = exp(-mean)
    cumulative = probability
    count = 0
    while cumulative <= u and count < most:
        count += 1
        probability = probability * mean / count
        cumulative += probability
    return count


@rule
def faded(value: float, half_life: float) -> float:
    """What is left of a value after one week.

    half_life  weeks until half is gone

    >>> faded(1.0, 1.0)
    0.5
    """
    return value * exp(-0.6931471805599453 / half_life)
