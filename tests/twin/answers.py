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


def samples(city: City, tick: int, sizes: dict[str, int]) -> dict[str, list[int]]:
    """The rows of those who are asked of each group, asked in a tick."""
    groups = {
        "complainants": [citizen.last_report > tick - 52 for citizen in city.citizens],
        "stopped": [citizen.last_stop > tick - 52 for citizen in city.citizens],
        "not_stopped": [citizen.last_stop <= tick - 52 for citizen in city.citizens],
        "arrested": [offender.last_arrest > tick - 52 for offender in city.offenders],
        "officers": [officer.active for officer in city.officers],
    }
    blocks = {"complainants": 6, "stopped": 6, "not_stopped": 6, "arrested": 7, "officers": 8}
    asked = {}
    for group, belongs in groups.items():
        lots = [(uniforms(city.seed, int(Draw.VOICE), tick, row // 4, blocks[group])[row % 4], row) for row in range(len(belongs))]
        asked[group] = sorted(row for _, row in sorted(lot for lot in lots if belongs[lot[1]])[: sizes[group]])
    return asked
