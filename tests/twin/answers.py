"""What citizens would tell a survey (section 7.12)."""

from typing import NamedTuple

from sim.world.rng import Draw, draw

from .chance import normal, other_normal
from .city import City, logistic


class Answers(NamedTuple):
    """What all adults answered, row by row."""

    trust: list[int]  # 0 mucha desconfianza to 3 mucha confianza
    fairness_scale: list[float]
    unsafe: list[bool]


def answers(city: City, tick: int) -> Answers:
    """The answers of every adult, asked in a tick."""
    survey, w = city.parameters.survey, city.parameters.trust.effectiveness_weight
    asked = Answers([], [], [])
    for i, citizen in enumerate(city.citizens):
        trust = (1 - w) * citizen.fairness + w * citizen.effectiveness
        style = survey.style_sd * citizen.answering_style
        said = trust + style + survey.response_error_sd * normal(city.seed, int(Draw.ANSWER), tick, i, 0)
        asked.trust.append(sum(said >= cut for cut in (survey.lower_cut, survey.middle_cut, survey.upper_cut)))
        scale_error = survey.scale_error_sd * other_normal(city.seed, int(Draw.ANSWER), tick, i, 0)
        asked.fairness_scale.append(citizen.fairness + style + scale_error)
        victim = citizen.last_victimized > tick - 52
        x = survey.insecurity_intercept + survey.insecurity_victim * victim + survey.insecurity_trust * (trust - 0.5)
        asked.unsafe.append(draw(city.seed, int(Draw.INSECURITY), tick, i, 0) < logistic(x))
    return asked
