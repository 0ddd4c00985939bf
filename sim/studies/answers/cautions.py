"""What a reader of a decision must know."""

from collections.abc import Iterator
from math import ceil
from typing import Any

import numpy as np

from sim.measures.spread import ENOUGH
from sim.methods.decision.choice import SAME
from sim.methods.decision.tables import NORMAL
from sim.methods.indices import LEAST_Q2
from sim.studies.answers.decision_tables import MIDDLE, ArmChoice
from sim.style import Note, note

NOISY = 0.1  # share of luck in the means over replicates above which it matters how good an emulator is
FEW = 400  # independent draws
ROUGH = 0.1  # of the value of perfect information: half of its interval, above which it is said
EQUAL = 0.05  # of the dearest arm: costs that differ by less are called equal


def cautions(choice: ArmChoice, facts: dict[str, Any]) -> list[Note | str]:
    """All of them."""
    return [*_runs(choice, facts), *_luck(choice), *_worth(choice), *_choice(choice, facts)]


def tied(choice: ArmChoice) -> list[str]:
    """Arms that cannot be told from the recommended one in the mean, in the middle of the range."""
    net = choice.verdict.found["net_benefit"][choice.places[MIDDLE]]
    return [arm for arm, one in zip(choice.arms, net, strict=True) if arm != choice.recommended and _close(choice, arm, one, net)]


def _runs(choice: ArmChoice, facts: dict[str, Any]) -> Iterator[Note]:
    """About the draws and their runs: what varies between them, and what ranges hold."""
    many, different = facts["effective"], facts["different"]
    yield note("draws_are_cities", many=facts["draws"])
    if many >= ENOUGH - 1e-9:
        yield note("range_of_draws" if choice.outcomes.known.runs.noise is not None else "range_with_luck")
    elif different < min(ENOUGH, facts["draws"]):
        yield note("range_never_draws", different=different, enough=ENOUGH)
    else:
        yield note("range_takes_draws", many=round(many), enough=ceil(facts["draws"] * ENOUGH / many))
    if facts["left_out"]:
        yield note("draws_left_out", many=facts["left_out"])
    if facts["unknown"]:
        yield note("effects_unknown", measures=facts["unknown"])
    if facts["effective"] < 0.9 * facts["draws"]:
        yield note("draws_repeat", many=facts["draws"], different=facts["different"], effective=round(facts["effective"]))
    elif facts["draws"] < FEW:
        yield note("few_draws", many=facts["draws"])
    if not choice.outcomes.independent.all():
        yield note("posterior_depends")


def _luck(choice: ArmChoice) -> Iterator[Note]:
    """About luck and emulators."""
    runs = choice.outcomes.known.runs
    if choice.outcomes.unjudged:
        yield note("decided_without_emulator")
    if runs.noise is None:
        yield note("decided_on_one_replicate")
        return
    if choice.study.luck == "shared" and runs.common.any():
        yield note("luck_shared", many=runs.runs.max())
    luck, low = runs.share.reshape(2, -1), []
    for kind, row in enumerate(luck):
        for place, (arm, share) in enumerate(zip(choice.arms[1:], row, strict=True)):
            emulator = choice.outcomes.emulators[kind * len(row) + place]
            if share > NOISY and (emulator is None or emulator.q2 / (1 - min(share, 0.99)) < LEAST_Q2):
                low.append(note("cost_of" if kind else "benefit_of", arm=arm))
    if low:
        yield note("draws_mostly_luck", outcomes=low)


def _worth(choice: ArmChoice) -> Iterator[Note]:
    """About the value of information."""
    found, _, high = (each[choice.places[MIDDLE]] for each in choice.ends("evpi"))
    if found > 0 and high - found > ROUGH * found:
        rough = high - found < found
        yield (
            note("information_rough", share=round(100 * (high / found - 1)))
            if rough
            else note("information_open", most=float(f"{high:.2g}"))
        )


def _choice(choice: ArmChoice, facts: dict[str, Any]) -> Iterator[Note]:
    """About the arms."""
    cost = choice.means[1][1:]
    dear = [arm for arm, allowed in zip(choice.arms, choice.allowed, strict=True) if not allowed]
    if dear:
        yield note("not_affordable", budget=choice.budget or 0, arms=dear)
    if len(cost) > 1 and np.ptp(cost) <= EQUAL * np.abs(cost).max():
        yield note("equal_budget")
    if facts["tied"]:
        yield note("not_told_apart", arms=facts["tied"])


def _close(choice: ArmChoice, arm: str, one: float, net: np.ndarray) -> bool:
    """Is an arm's expected loss, with its uncertainty, compatible with being the best? Only for what can be afforded."""
    place = choice.arms.index(arm)
    if not choice.allowed[place]:
        return False
    best = choice.arms.index(choice.recommended)
    pay = choice.shown[MIDDLE]
    apart = []
    for version in (choice.verdict.resampled, choice.verdict.perturbed):
        benefit, cost = choice.outcomes.split(version)
        apart.append((pay * (benefit[:, best] - benefit[:, place]) - (cost[:, best] - cost[:, place])).var())
    return bool(net[best] - one <= NORMAL * np.sqrt(sum(apart)) + SAME * np.abs(net).max())
