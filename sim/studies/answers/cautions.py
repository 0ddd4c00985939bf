"""What a reader of a decision must know."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sim.methods.decision.choice import SAME
from sim.methods.decision.tables import NORMAL
from sim.methods.indices import LEAST_Q2
from sim.studies.answers.verdicts import MIDDLE, Told
from sim.style import Note, note

NOISY = 0.1  # share of luck in the means over replicates above which it matters how good an emulator is
FEW = 400  # independent draws
ROUGH = 0.1  # of the value of perfect information: half of its interval, above which it is said
EQUAL = 0.05  # of the dearest arm: costs that differ by less are called equal


def cautions(told: Told, facts: dict[str, Any]) -> list[Note | str]:
    """All of them."""
    return [*_runs(told, facts), *_luck(told), *_worth(told), *_choice(told)]


def _runs(told: Told, facts: dict[str, Any]) -> Iterator[Note]:
    """About the draws and their runs."""
    if facts["left_out"]:
        yield note("draws_left_out", many=facts["left_out"])
    if facts["unknown"]:
        yield note("effects_unknown", measures=facts["unknown"])
    if facts["effective"] < 0.9 * facts["draws"]:
        yield note("draws_repeat", many=facts["draws"], different=facts["different"], effective=round(facts["effective"]))
    elif facts["draws"] < FEW:
        yield note("few_draws", many=facts["draws"])
    if not told.outcomes.independent.all():
        yield note("posterior_depends")


def _luck(told: Told) -> Iterator[Note]:
    """About luck and emulators."""
    runs = told.outcomes.known.runs
    if runs.noise is None:
        yield note("decided_on_one_replicate")
        return
    if told.study.luck == "shared" and runs.common.any():
        yield note("luck_shared", many=runs.runs.max())
    luck, low = runs.share.reshape(2, -1), []
    for kind, row in enumerate(luck):
        for place, (arm, share) in enumerate(zip(told.arms[1:], row, strict=True)):
            emulator = told.outcomes.emulators[kind * len(row) + place]
            if share > NOISY and (emulator is None or emulator.q2 / (1 - min(share, 0.99)) < LEAST_Q2):
                low.append(note("cost_of" if kind else "benefit_of", arm=arm))
    if low:
        yield note("draws_mostly_luck", outcomes=low)


def _worth(told: Told) -> Iterator[Note]:
    """About the value of information."""
    found, _, high = (each[told.places[MIDDLE]] for each in told.ends("evpi"))
    if found > 0 and high - found > ROUGH * found:
        yield note("information_rough", share=round(100 * (high / found - 1)))


def _choice(told: Told) -> Iterator[Note]:
    """About the arms."""
    cost = told.means[1][1:]
    dear = [arm for arm, allowed in zip(told.arms, told.allowed, strict=True) if not allowed]
    if dear:
        yield note("not_affordable", budget=told.budget or 0, arms=dear)
    if len(cost) > 1 and np.ptp(cost) <= EQUAL * np.abs(cost).max():
        yield note("equal_budget")
    net = told.verdict.found["net_benefit"][told.places[MIDDLE]]
    rivals = [arm for arm, one in zip(told.arms, net, strict=True) if arm != told.recommended and _close(told, arm, one, net)]
    if rivals:
        yield note("not_told_apart", arms=rivals)


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
