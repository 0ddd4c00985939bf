"""What `confianza plan` and `confianza check` say of an answer before anything is run: how much of it will be known, and how exactly."""

import numpy as np

from sim.cli.sweep import many_points
from sim.errors import InputError, counted, number
from sim.measures.spread import ENOUGH, Spread, effective
from sim.studies.answers.decide import LEAST_DRAWS, check, dependence
from sim.studies.design.study import Study


def outlook(study: Study) -> str:
    """What the answers of a study will tell of cities, and what its rule for replicates acts on; nothing of a sweep without either."""
    return " ".join([*(of_sweep(study) if study.design else of_comparison(study)), *rule(study)])


def of_comparison(study: Study) -> list[str]:
    """How many cities and lives its replicates are, whether they give a range, and how well the count of a sign will be known."""
    draws, weights = study.cities_of(study.most)
    cities, lives = np.unique(draws, return_counts=True)
    enough, worth = study.enough(), effective(draws, weights)
    what = f"Replicates: {number(study.most)}, of one city with these numbers and other luck, not possible cities"
    if study.drawn(0):
        lived = counted(len(cities), "possible city", "possible cities")
        what = f"Replicates: {number(study.most)}, lives of {lived}, {number(int((lives > 1).sum()))} of them lived twice"
    if enough is None:
        return [f"{what}; the posterior has too few draws for a 5-95 % range."]
    if study.most < enough:
        return [f"{what}: too few for a 5-95 % range, which takes {enough} (--replicates {enough})."]
    return [f"{what}: enough for a 5-95 % range, which takes {enough}. {known_to('In how many of 100 an effect has its sign', worth)}"]


def of_sweep(study: Study) -> list[str]:
    """What a decision on its draws will know; nothing if none can be made."""
    try:
        check(study)
    except InputError:
        return []
    points = study.points()
    clusters = dependence(study, points)[1]
    worth, many = effective(clusters), len(clusters)
    draws = f"{many_points(many, points.checks)}, worth {number(round(worth))} independent draws,"
    if many < LEAST_DRAWS:
        return [f"{draws} are too few for confianza decide, which takes {LEAST_DRAWS}."]
    if worth < ENOUGH:
        return [f"{draws} are too few for a 5-95 % range over cities (confianza decide), which takes {ENOUGH} independent ones."]
    known = known_to("In how many of 100 cities an arm is the best", worth)
    return [f"{draws} are enough for a 5-95 % range over cities (confianza decide), which takes {ENOUGH}. {known}"]


def known_to(what: str, draws: float) -> str:
    """How exactly a count of 100 will be known, where it is known least."""
    low, high = Spread(1.0, 0.0, 0.0, 0.0, 0.5, 0, draws).count_ends
    return f"{what} will be known to ± {(high - low) / 2:.0f} or better (95 %)."


def rule(study: Study) -> list[str]:
    """What the rule for replicates acts on."""
    if not study.rule:
        return []
    given = study.rule.until
    if study.design:
        acts = f"luck moves the mean effect on {given.effect} over these points by no more than {given.half_width:g} (95 %)"
        return [f"Replicates are added until {acts}. That is no range over cities: how far points differ stays, however many there are."]
    acts = f"the precision of the middle of every arm's effect on {given.effect} is {given.half_width:g} or better"
    return [f"Replicates are added until {acts}. The rule does not ask how far cities differ, which more replicates do not change."]
