"""Officers' conduct: a disposition, drawn towards the squad."""

from sim.world.compiled import rule


@rule
def conduct_target(disposition: float, peers: float, command: float, contagion_weight: float) -> float:
    """The conduct an officer drifts to.

    disposition       own log-odds of fair conduct
    peers             mean conduct of the other active members of the squad, without what courses add, log-odds
    command           what trained commanders add to the squad's culture, log-odds
    contagion_weight  pull of the squad against one's own disposition   (conduct.contagion_weight)

    Source: quispe2019 (causal peer effect of misconduct). Deviation: linear on the log-odds scale.

    >>> conduct_target(0.0, 1.0, 0.0, 0.75)
    0.75
    """
    return (1.0 - contagion_weight) * disposition + contagion_weight * (peers + command)


@rule
def change_of_conduct(conduct: float, target: float, rate: float) -> float:
    """Change of conduct in a week.

    rate  share of the distance covered   (conduct.contagion_rate)

    >>> change_of_conduct(0.0, 1.0, 0.25)
    0.25
    """
    return rate * (target - conduct)
