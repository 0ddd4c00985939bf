"""What citizens would tell a survey (section 7.12)."""

from typing import NamedTuple

from sim.world.rng import Draw

from .chance import normals, uniforms
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
        error, scale_error, _, _ = normals(city.seed, int(Draw.ANSWER), tick, i, 0)
        said = trust + style + survey.response_error_sd * error
        asked.trust.append(sum(said >= cut for cut in (survey.lower_cut, survey.middle_cut, survey.upper_cut)))
        asked.fairness_scale.append(citizen.fairness + style + survey.scale_error_sd * scale_error)
        victim = citizen.last_victimized > tick - 52
        x = survey.insecurity_intercept + survey.insecurity_victim * victim + survey.insecurity_trust * (trust - 0.5)
        asked.unsafe.append(uniforms(city.seed, int(Draw.ANSWER), tick, i, 0)[2] < logistic(x))
    return asked
