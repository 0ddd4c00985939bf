"""Arms of equal cost: each arm's doses scaled until it costs what the budget says, found by a few pilot runs."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from sim.errors import InputError, number
from sim.harvest import warm_up
from sim.reforms import Reform, dose_of
from sim.rng import replicate_seed
from sim.studies.study import Budget, Study
from sim.world.interventions import with_dose
from sim.world.simulation import Simulation

PILOTS = 8  # replicates, the first of the study, whose mean cost is meant; what a purge costs differs much between replicates
CLOSE = 0.02  # of the budget: a cost that differs by more is refused
ENOUGH = CLOSE / 2  # of the budget: a cost that differs by less is not improved
TRIES = 14
FINEST = 1e-4  # of a dose; doses move by whole officers, so closer tries would cost the same


def scaled(study: Study, workers: int | None = None) -> Study:
    """The study with the doses of every arm scaled by one factor, so that its mean cost over the horizon is the budget.

    The factor is such that no dose leaves 0 to 1. The cost is that of the pilots: the first 8 replicates, or all if there are
    fewer. Doses that cost the budget to 1 % stay as they are written. Otherwise others are tried until one does, or until closer
    doses would cost the same, because officers are dismissed, taught or assigned whole; the closest is taken if it costs the
    budget to 2 %. One officer more in one of 8 pilots is a step of an eighth of what an officer costs, so 2 % can be met where
    that is less than 0.3 of the budget; a larger city with as much money an adult makes the steps finer. The cost of all
    replicates differs from that of the pilots by luck, and the table of costs shows it. A study without a budget comes back as
    it is.
    InputError if an arm costs less even at its largest doses, or if no dose comes close (as when one officer costs too much).
    """
    if study.budget is None:
        return study
    warm_up()
    with ThreadPoolExecutor(workers or os.cpu_count()) as executor:
        tasks = {name: executor.submit(_scaled_arm, study, name) for name in study.arms}
        arms = {name: task.result() for name, task in tasks.items()}
    return study.with_(arms=arms, budget=None)


def _currency(budget: Budget) -> tuple[int, float, str]:
    """Column of the costs, amount and unit."""
    if budget.money is not None:
        return 1, budget.money, "thousand pesos"
    assert budget.officer_weeks is not None  # one of the two is given
    return 0, budget.officer_weeks, "officer-weeks"


def _scaled_arm(study: Study, name: str) -> tuple[Reform, ...]:
    """One arm with doses that cost the budget."""
    assert study.budget is not None
    column, wanted, unit = _currency(study.budget)
    made = study.arms[name]
    largest = max(dose_of(reform) for reform in made)
    if largest <= 0:
        raise InputError(f"the arm '{name}' has doses of 0 only, so it cannot cost anything.", "Give it a dose.", path=("arms", name))

    def with_largest(dose: float) -> tuple[Reform, ...]:
        return tuple(with_dose(reform, dose_of(reform) * (dose / largest)) for reform in made)

    many = study.replicates if isinstance(study.replicates, int) else PILOTS
    cost = partial(_pilot_cost, study, column, min(PILOTS, many))
    try:
        dose = _solved(lambda dose: cost(with_largest(dose)), wanted, largest)
    except _Unreachable as failure:
        amount = number(round(failure.cost, 2))
        message = f"the arm '{name}' cannot cost {number(wanted)} {unit}: {failure} it costs {amount}."
        remedy = "Change the budget or the arm's reforms, or take a larger city or a longer horizon."
        raise InputError(message, remedy, path=("arms", name)) from None
    return with_largest(dose)


def _pilot_cost(study: Study, column: int, pilots: int, made: tuple[Reform, ...]) -> float:
    """Mean cost of reforms over the horizon, in the pilots."""
    base = study.base.with_(interventions=made)
    costs = []
    for replicate in range(pilots):
        run = Simulation(base.with_(study.drawn(replicate)), replicate_seed(base.seed, replicate)).run()
        costs.append(sum(booked[:, column].sum() for booked in run.costs.values()))
    return float(np.mean(costs))


class _Unreachable(Exception):
    def __init__(self, why: str, cost: float):
        super().__init__(why)
        self.cost = cost


def _solved(cost: Callable[[float], float], wanted: float, first: float) -> float:
    """The dose in [0, 1] whose cost is closest to what is wanted: secant steps, halving where they stall (Illinois).

    The first dose tried is the one that is written: if the study was made for this budget, no other is needed.

    >>> round(_solved(lambda dose: 1000 * dose * dose, 250, 0.9), 2)
    0.5
    >>> _solved(lambda dose: 1000 * dose * dose, 250, 0.501)
    0.501
    """
    best, best_gap = first, cost(first) - wanted
    if abs(best_gap) <= ENOUGH * wanted:
        return best
    low, high, low_gap, high_gap, side = 0.0, first, -wanted, best_gap, 0
    if best_gap < 0:
        low, high, low_gap, high_gap = first, 1.0, best_gap, cost(1.0) - wanted
        if high_gap < -CLOSE * wanted:
            raise _Unreachable("even at its largest doses", high_gap + wanted)
        if abs(high_gap) < abs(best_gap):
            best, best_gap = high, high_gap
    for _ in range(TRIES):
        if abs(best_gap) <= ENOUGH * wanted or high - low < FINEST:
            break
        dose = (low * high_gap - high * low_gap) / (high_gap - low_gap)
        gap = cost(dose) - wanted
        if abs(gap) < abs(best_gap):
            best, best_gap = dose, gap
        if gap > 0:
            high, high_gap, low_gap, side = dose, gap, low_gap / 2 if side > 0 else low_gap, 1
        else:
            low, low_gap, high_gap, side = dose, gap, high_gap / 2 if side < 0 else high_gap, -1
    if abs(best_gap) > CLOSE * wanted:
        raise _Unreachable("doses move by whole officers, and at the closest dose", best_gap + wanted)
    return best
