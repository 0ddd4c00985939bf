"""What a reader of a decision must know, in sentences."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sim.errors import number
from sim.methods.decision.choice import SAME
from sim.methods.indices import LEAST_Q2
from sim.studies.verdicts import MIDDLE, NORMAL, Told

NOISY = 0.1  # share of luck in the means over replicates above which it matters how good an emulator is
FEW = 400  # independent draws
ROUGH = 0.1  # of the value of perfect information: half of its interval, above which it is said
EQUAL = 0.05  # of the dearest arm: costs that differ by less are called equal


def cautions(told: Told, facts: dict[str, Any]) -> list[str]:
    """All of them."""
    return [*_runs(told, facts), *_luck(told), *_worth(told), *_choice(told)]


def _runs(told: Told, facts: dict[str, Any]) -> Iterator[str]:
    """About the draws and their runs."""
    if facts["left_out"]:
        yield f"{number(facts['left_out'])} draws were left out because no replicate has a run of every arm."
    if facts["unknown"]:
        yield f"In most draws some arm has no value, so effects are not told, for: {', '.join(facts['unknown'])}."
    if facts["effective"] < 0.9 * facts["draws"]:
        yield (
            f"The {number(facts['draws'])} draws repeat {number(facts['different'])} sets of the posterior's parameters and are worth "
            f"about {number(round(facts['effective']))} independent ones; intervals allow for that."
        )
    elif facts["draws"] < FEW:
        yield f"There are only {number(facts['draws'])} draws: intervals are wide, and what happens seldom may not be among them."
    if not told.outcomes.independent.all():
        yield (
            "The posterior's parameters depend on each other: what it is worth to know one of them includes what that tells about those "
            "it goes with."
        )


def _luck(told: Told) -> Iterator[str]:
    """About luck and emulators."""
    runs = told.outcomes.known.runs
    if runs.noise is None:
        yield (
            "There is one replicate, so luck cannot be told from what parameters do: runs are taken as they are. The value of "
            "information is an upper bound, and probabilities of being best are pulled together. Run 2 or more replicates."
        )
        return
    if told.study.luck == "shared" and runs.common.any():
        yield (
            f"All draws share the luck of {int(runs.runs.max())} replicates. What that luck does at all draws alike is known from these "
            "alone, so intervals for it are rough; the key luck: own avoids that."
        )
    luck, low = runs.share.reshape(2, -1), []
    for kind, row in enumerate(luck):
        for place, (arm, share) in enumerate(zip(told.arms[1:], row, strict=True)):
            emulator = told.outcomes.emulators[kind * len(row) + place]
            if share > NOISY and (emulator is None or emulator.q2 / (1 - min(share, 0.99)) < LEAST_Q2):
                low.append(f"{('benefit', 'cost')[kind]} of {arm}")
    if low:
        yield (
            f"Much of what single draws show is luck, and no emulator foretells it well, for: {', '.join(low)}. Means are sure, but how "
            "these differ between draws is not."
        )


def _worth(told: Told) -> Iterator[str]:
    """About the value of information."""
    found, _, high = (each[told.places[MIDDLE]] for each in told.ends("evpi"))
    if found > 0 and high - found > ROUGH * found:
        yield (
            f"In the middle of the range the value of knowing everything is sure to about {number(round(100 * (high / found - 1)))} % of "
            "itself only, and so are the values of knowing single things. More draws, or more draws of the posterior, make it surer."
        )


def _choice(told: Told) -> Iterator[str]:
    """About the arms."""
    cost = told.means[1][1:]
    dear = [arm for arm, allowed in zip(told.arms, told.allowed, strict=True) if not allowed]
    if dear:
        yield f"Not affordable with {number(told.budget or 0)} thousand pesos, in the mean: {', '.join(dear)}."
    if len(cost) > 1 and np.ptp(cost) <= EQUAL * np.abs(cost).max():
        yield "All arms cost about the same, so this is a ranking at equal budget."
    net = told.verdict.found["net_benefit"][told.places[MIDDLE]]
    rivals = [arm for arm, one in zip(told.arms, net, strict=True) if arm != told.recommended and _close(told, arm, one, net)]
    if rivals:
        yield f"In the middle of the range these cannot be told from the recommended arm in the mean: {', '.join(rivals)}."


def _close(told: Told, arm: str, one: float, net: np.ndarray) -> bool:
    """Is an arm's expected loss, with its uncertainty, compatible with being the best? Only for what can be afforded."""
    place = told.arms.index(arm)
    if not told.allowed[place]:
        return False
    best = told.arms.index(told.recommended)
    pay = told.shown[MIDDLE]
    apart = []
    for version in (told.verdict.resampled, told.verdict.perturbed):
        benefit, cost = told.outcomes.split(version)
        apart.append((pay * (benefit[:, best] - benefit[:, place]) - (cost[:, best] - cost[:, place])).var())
    return bool(net[best] - one <= NORMAL * np.sqrt(sum(apart)) + SAME * np.abs(net).max())
