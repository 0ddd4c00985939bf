"""What each arm does to each measure over the draws, luck taken off, and which arms no other beats in everything."""

import numpy as np
import pandas as pd

from sim.methods.decision.choice import resamples
from sim.methods.decision.denoise import Denoised, Runs, can_judge, denoise, main_effects
from sim.methods.decision.front import dominates, on_front
from sim.methods.decision.partial import effective
from sim.methods.decision.tables import share_ends
from sim.studies.answers.decision_tables import ArmChoice
from sim.studies.answers.possible import RESAMPLES, spreads
from sim.studies.design.limits import unit_of
from sim.studies.design.preferences import COST
from sim.style.lists import listed

GOOD = {"mean_trust": 1.0, "incidence": -1.0, "complaint_rate": -1.0, COST: -1.0}  # what is weighed, and which way is better
POSSIBLE = 8
MOST = 0.5  # share of the draws that must know a measure


def arm_effects(choice: ArmChoice, cubes: dict[str, np.ndarray], value: dict[str, float]) -> tuple[pd.DataFrame, Denoised]:
    """The table of effects, and what is known of them at each draw (measures x arms, arms changing fastest).

    cubes  n x r x (arms - 1) for each measure, of the draws that the decision has
    """
    outcomes, measures = choice.outcomes, list(cubes)
    runs = Runs.of(np.concatenate(list(cubes.values()), axis=2), shared=choice.study.luck == "shared")
    arms, clusters = len(choice.arms) - 1, choice.clusters_of(runs)
    left, by = runs.mean - runs.mean.mean(axis=0), [""] * len(measures)
    if can_judge(outcomes.validation[runs.kept]):
        left, by = main_effects(outcomes.unit[runs.kept], runs.mean, clusters), ["main effects"] * len(measures)
    for measure, half in ((only_measure(value), 0), (COST, 1)):
        if measure in measures and np.array_equal(runs.runs, outcomes.known.runs.runs):
            place, weight = measures.index(measure), 1.0 if half else value[measure]
            for arm in range(arms):
                if (emulator := outcomes.emulators[half * arms + arm]) is not None:
                    left[:, place * arms + arm], by[place] = emulator.left / weight, "emulator"
    known = denoise(runs, left, outcomes.validation[runs.kept])
    possible = known.mean + known.deviations(POSSIBLE, 2)
    rows = [
        own.row("effect") | {"share_with_sign": own.share, "share_below_0": below, "mean": own.mean, **own.variances()}
        for own, below in zip(spreads(known, possible, clusters), (possible < 0).mean(axis=(0, 1)), strict=True)
    ]  # fmt: skip
    made = pd.DataFrame(rows).assign(effective_draws=effective(clusters), foretold_by=np.repeat(np.array(by, object), arms))
    made.insert(0, "arm", np.tile(np.array(choice.arms[1:], object), len(measures)))
    made.insert(1, "measure", np.repeat(np.array(measures, object), arms))
    made.insert(2, "unit", [unit_of(measure) for measure in made.measure])
    order = made.arm.map({arm: place for place, arm in enumerate(choice.arms)})
    return made.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True), known


def well_known(choice: ArmChoice, cubes: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Effects at the draws that the decision has, on measures that most of them know in all arms.

    A measure may be undefined in a run, as the share of nobody is; few draws would be left if they had to know such a one.
    """
    kept = choice.outcomes.known.runs.kept
    at = {measure: cube[kept] for measure, cube in cubes.items()}
    return {measure: cube for measure, cube in at.items() if np.isfinite(cube).all(axis=2).any(axis=1).mean() >= MOST}


def only_measure(value: dict[str, float]) -> str:
    """The measure of which benefit is a multiple, or "" if there are several."""
    return next(iter(value)) if len(value) == 1 else ""


def pareto(choice: ArmChoice, known: Denoised, measures: list[str]) -> pd.DataFrame:
    """Which arms no other beats in trust, crime, complaints and cost, as far as they are among the measures (of `known`)."""
    arms = len(choice.arms) - 1
    weighed = [measure for measure in GOOD if measure in measures]

    def of(values: np.ndarray) -> np.ndarray:
        """... x K x measures: effects of all arms."""
        picked = [values[..., measures.index(measure) * arms :][..., :arms] for measure in weighed]
        made = np.stack(picked, axis=-1)
        return np.concatenate([np.zeros((*made.shape[:-2], 1, made.shape[-1])), made], axis=-2)

    signs, mean = np.array([GOOD[measure] for measure in weighed]), of(known.runs.mean.mean(axis=0))
    beaten = dominates(mean * signs)
    chance = np.mean([on_front(of(known.mean + one) * signs) for one in known.deviations(POSSIBLE, 4)], axis=0)
    clusters = choice.clusters_of(known.runs)
    weights = resamples(clusters, RESAMPLES, 3)
    sd = (weights @ chance / weights.sum(axis=1, keepdims=True)).std(axis=0, ddof=1)
    share = chance.mean(axis=0)
    ends = share_ends(share, sd, effective(clusters))
    by = [listed(choice.arms[other] for other in np.flatnonzero(row)) for row in beaten]
    made = pd.DataFrame({"arm": choice.arms, **dict(zip(weighed, mean.T, strict=True))})
    shares = {"probability_on_front": share, "probability_on_front_low": ends[0], "probability_on_front_high": ends[1]}
    return made.assign(on_front=~beaten.any(axis=1), **shares, dominated_by=by)
