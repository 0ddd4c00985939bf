"""Trust in the police: fairness and effectiveness are separate, and both lie between 0 and 1."""

from sim.world.compiled import rule
from sim.world.rules.encounter import Feeling


@rule
def overall_trust(fairness: float, effectiveness: float, effectiveness_weight: float) -> float:
    """Trust as the weighted mean of its two dimensions.

    effectiveness_weight  share of effectiveness, 0-1   (trust.effectiveness_weight)

    Source: caamal2020 (effectiveness weighs at least as much as fairness in Mexican studies). Deviation: none.

    >>> overall_trust(0.4, 0.6, 0.5)
    0.5
    """
    return (1.0 - effectiveness_weight) * fairness + effectiveness_weight * effectiveness


@rule
def change_from_contact(trust: float, felt: int, gain: float, loss: float) -> float:
    """Change in trust after one encounter with an officer.

    One felt as good closes part of the gap to full trust; one felt as bad takes part of what there is; a neutral one moves nothing.
    Whether loss exceeds gain is contested, so both are parameters.

    trust   0-1, before the encounter
    felt    a Feeling
    gain    share of the gap closed   (trust.contact_gain, trust.effectiveness_gain)
    loss    share of trust lost       (trust.contact_loss, trust.effectiveness_loss)
    returns change in trust, in [-trust, 1 - trust]

    Source: oliveira2021 (asymmetry tested). Deviation: none.

    >>> round(change_from_contact(0.60, 2, 0.02, 0.10), 3)
    0.008
    """
    return int(felt == Feeling.GOOD) * gain * (1.0 - trust) - int(felt == Feeling.BAD) * loss * trust


@rule
def change_from_visit(effectiveness: float, felt: int, effect: float) -> float:
    """Change in trust in effectiveness after one contact with an officer on community duty; a neutral one moves nothing.

    effect  share of the gap closed by a contact felt as good, and of trust lost by one felt as bad; below 0 the other way round
            (community.effectiveness_effect)

    Source: metaketa2021 (either sign is possible). Deviation: trials measured programs, not contacts.

    >>> round(change_from_visit(0.60, 2, 0.02), 3), round(change_from_visit(0.60, 2, -0.02), 3), change_from_visit(0.60, 1, 0.02)
    (0.008, -0.012, 0.0)
    """
    rise = (int(felt == Feeling.GOOD) - int(felt == Feeling.BAD)) * effect
    return max(rise, 0.0) * (1.0 - effectiveness) + min(rise, 0.0) * effectiveness


@rule
def change_from_victimization(effectiveness: float, loss: float) -> float:
    """Change in trust in effectiveness of a person who becomes a victim.

    loss  share of trust lost   (trust.victimization_loss)

    Source: latinobarometro2018 (own victimization and trust in the police). Deviation: that is a cross-section of overall trust.

    >>> change_from_victimization(0.5, 0.1)
    -0.05
    """
    return -loss * effectiveness


@rule
def change_from_drift(trust: float, disposition: float, climate: float, rate: float, climate_weight: float) -> float:
    """Change in trust as a person settles towards disposition and neighborhood.

    disposition     what the person's trust returns to, 0-1
    climate         mean trust of the cell's residents, 0-1
    rate            share of the distance covered in a week    (trust.relaxation_rate)
    climate_weight  pull of the neighborhood against one's own (trust.climate_weight)

    Source: oliveira2024 (a stable trait and a passing part in a three-wave panel). Deviation: the neighborhood's pull is assumed.

    >>> change_from_drift(0.4, 0.6, 0.5, 0.01, 0.0)
    0.001999999999999999...
    """
    return rate * ((1.0 - climate_weight) * disposition + climate_weight * climate - trust)
