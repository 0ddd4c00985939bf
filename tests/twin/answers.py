"""What citizens would tell a survey (section 7.12)."""

from sim.world.rng import Draw

from .chance import normal
from .city import City


def answers(city: City, tick: int) -> list[int]:
    """The four-answer item of every adult, asked in a tick: 0 mucha desconfianza to 3 mucha confianza."""
    survey, w = city.parameters.survey, city.parameters.trust.effectiveness_weight
    given = []
    for i, citizen in enumerate(city.citizens):
        trust = (1 - w) * citizen.fairness + w * citizen.effectiveness
        said = trust + survey.response_error_sd * normal(city.seed, int(Draw.ANSWER), tick, i, 0)
        if said < survey.lower_cut:
            given.append(0)
        elif said < survey.middle_cut:
            given.append(1)
        elif said < survey.upper_cut:
            given.append(2)
        else:
            given.append(3)
    return given
