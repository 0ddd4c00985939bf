"""What the police and the prosecutor do with a report: treatment, and outcome."""

from sim.world.compiled import rule
from sim.world.rules.probability import clip, logistic


@rule
def free_capacity(staff: float, load: float, capacity: float) -> float:
    """Share of capacity left for one more file.

    staff     officers who can work on files
    load      files opened this week
    capacity  files an officer can work on in a week   (response.capacity)

    Source: assumed (more files per officer, fewer solved).

    >>> free_capacity(10.0, 1.0, 0.1)
    0.5
    """
    able = capacity * staff
    return able / (able + load) if able > 0.0 else 0.0


@rule
def good_treatment_probability(
    filed: float, force_conduct: float, intercept: float, file_slope: float, police_share: float, reference: float
) -> float:
    """Probability that a complainant is treated well.

    filed          was a file opened? 1 or 0
    force_conduct  mean conduct of the active force, log-odds
    police_share   weight of the police against the prosecutor's office   (response.police_share)
    reference      force conduct at which treatment was measured          (response.conduct_reference)

    Source: envipe2021micro (treatment with and without a file). Deviation: weight of the police assumed.

    >>> round(good_treatment_probability(1, 0.0, -0.83, 1.27, 0.3, 0.0), 3)
    0.608
    """
    return logistic(intercept + file_slope * filed + police_share * (force_conduct - reference))


@rule
def solve_probability(base: float, free: float, climate: float, cooperation_slope: float) -> float:
    """Probability that a case on file is solved to the victim's benefit.

    base               with all capacity free and neutral neighbors   (response.solve_probability)
    free               free capacity, 0-1
    climate            mean trust of the cell's residents: they cooperate   (response.cooperation_slope)

    Source: kirk2011 for the sign of cooperation. Deviation: form assumed.

    >>> solve_probability(0.4, 0.5, 0.5, 1.0)
    0.2
    """
    return clip(base * free * (1.0 + cooperation_slope * (climate - 0.5)), 0.0, 1.0)
