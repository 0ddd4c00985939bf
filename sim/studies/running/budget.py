"""Arms of equal cost: each arm's doses scaled until it costs what the budget says, found by a few pilot runs."""

from collections.abc import Generator
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sim.engine.plans import hashed, identity
from sim.engine.running import HERE, Execution, Runner, complete
from sim.engine.store import PILOTS_FOLDER, Store
from sim.errors import InputError, number
from sim.inputs.reforms import Reform, dose_of
from sim.inputs.scenario import Scenario
from sim.studies.design.study import Budget, Study
from sim.studies.running.forks import ArmLife
from sim.studies.running.runs import ComparisonPlan
from sim.world.reforms import with_dose

PILOTS = 8  # replicates, the first of the study, whose mean cost is meant; what a purge costs differs much between replicates
CLOSE = 0.02  # of the budget: a cost that differs by more is refused
ENOUGH = CLOSE / 2  # of the budget: a cost that differs by less is not improved
TRIES = 14
FINEST = 1e-4  # of a dose; doses move by whole officers, so closer tries would cost the same
T = TypeVar("T")
Search = Generator[Any, Any, T]  # of what costs what is wanted


def scaled(study: Study, execution: Execution = HERE) -> Study:
    """The study with the doses of every arm scaled by one factor, so that its mean cost over the horizon is the budget.

    The factor is such that no dose leaves 0 to 1. The cost is that of the pilots: the first 8 replicates, or all if there are
    fewer. Doses that cost the budget to 1 % stay as they are written. Otherwise others are tried until one does, or until closer
    doses would cost the same, because officers are dismissed, taught or assigned whole; the closest is taken if it costs the
    budget to 2 %. One officer more in one of 8 pilots is a step of an eighth of what an officer costs, so 2 % can be met where
    that is less than 0.3 of the budget; a larger city with as much money an adult makes the steps finer. The cost of all
    replicates differs from that of the pilots by luck, and the table of costs shows it. A study without a budget comes back as
    it is.
    InputError if an arm costs less even at its largest doses, or if no dose comes close (as when one officer costs too much).

    execution   where the pilots are run; they are kept in a folder of its folder
    """
    if study.budget is None:
        return study
    searches = {name: _search(study, name) for name in study.arms}
    asked = {name: next(search) for name, search in searches.items()}
    found = dict(study.arms)
    folder = execution.folder and Path(execution.folder) / PILOTS_FOLDER
    with execution._replace(folder=folder, progress=None).runner(PilotStore) as runner:
        while asked:
            costs = _costs(runner, study.with_(arms=asked, budget=None))
            for name in list(asked):
                try:
                    asked[name] = searches[name].send(costs[name])
                except StopIteration as end:
                    found[name] = end.value
                    del asked[name]
    return study.with_(arms=found, budget=None)


def _costs(runner: Runner, study: Study) -> dict[str, np.ndarray]:
    """What each arm costs over the horizon in the pilots: replicates x (officer-weeks, thousand pesos)."""
    plan = PilotPlan(study, PILOTS if study.rule else min(PILOTS, study.most))
    spent = complete(runner, plan).arrays("spent")["spent"].reshape(plan.replicates, len(study.arms), 2)
    return {name: spent[:, place] for place, name in enumerate(study.arms)}


def _currency(budget: Budget) -> tuple[int, float, str]:
    """Column of the costs, amount and unit."""
    if budget.money is not None:
        return 1, budget.money, "thousand pesos"
    assert budget.officer_weeks is not None  # one of the two is given
    return 0, budget.officer_weeks, "officer-weeks"


def _search(study: Study, name: str) -> Search[tuple[Reform, ...]]:
    """Asks what an arm's reforms cost at one dose after another; returns them with doses that cost the budget."""
    assert study.budget is not None
    column, wanted, unit = _currency(study.budget)
    made = study.arms[name]
    largest = max(dose_of(reform) for reform in made)
    if largest <= 0:
        raise InputError(f"the arm '{name}' has doses of 0 only, so it cannot cost anything.", "Give it a dose.", path=("arms", name))

    def with_largest(dose: float) -> tuple[Reform, ...]:
        return tuple(with_dose(reform, dose_of(reform) * (dose / largest)) for reform in made)

    steps = _solved(wanted, largest)
    dose = next(steps)
    while True:
        spent = yield with_largest(dose)
        try:
            dose = steps.send(float(np.mean(spent[:, column])))
        except StopIteration as end:
            return with_largest(end.value)
        except _Unreachable as failure:
            amount = number(round(failure.cost, 2))
            message = f"the arm '{name}' cannot cost {number(wanted)} {unit}: {failure} it costs {amount}."
            remedy = "Change the budget or the arm's reforms, or take a larger city or a longer horizon."
            raise InputError(message, remedy, path=("arms", name)) from None


class PilotPlan(ComparisonPlan):
    """What the arms of a study cost in its first replicates."""

    kind = "pilot"

    @cached_property
    def scenarios(self) -> dict[str, Scenario]:
        """By arm; those of the study alone."""
        return {arm: self.study.scenario_of(arm) for arm in self.study.arms}

    @property
    def lived(self) -> list[str]:
        return list(self.scenarios)

    def __len__(self) -> int:
        return len(self.lived) * self.replicates

    def keys(self) -> list[bytes]:
        arms = [identity(scenario) for scenario in self.scenarios.values()]
        return [hashed("spent", arm, city) for city in self.cities() for arm in arms]

    def kept_bytes(self) -> int:
        return 16

    def kept(self, arm: ArmLife) -> dict[str, np.ndarray]:
        costs = arm.life.run.costs.values()
        return {"spent": np.array([sum(booked[:, column].sum() for booked in costs) for column in (0, 1)], float)}


class PilotStore(Store):
    """A folder with what pilots cost."""

    plans = PilotPlan


class _Unreachable(Exception):
    def __init__(self, why: str, cost: float):
        super().__init__(why)
        self.cost = cost


def _solved(wanted: float, first: float) -> Search[float]:
    """Asks for the cost of one dose after another; returns that in [0, 1] whose cost is closest to what is wanted: secant steps, halving
    where they stall (Illinois).

    The first dose tried is the one that is written: if the study was made for this budget, no other is needed.

    >>> search = _solved(250, 0.501)
    >>> next(search)
    0.501
    >>> search.send(1000 * 0.501**2)
    Traceback (most recent call last):
    StopIteration: 0.501
    """
    cost = yield first
    best, best_gap = first, cost - wanted
    if abs(best_gap) <= ENOUGH * wanted:
        return best
    low, high, low_gap, high_gap, side = 0.0, first, -wanted, best_gap, 0
    if best_gap < 0:
        cost = yield 1.0
        low, high, low_gap, high_gap = first, 1.0, best_gap, cost - wanted
        if high_gap < -CLOSE * wanted:
            raise _Unreachable("even at its largest doses", high_gap + wanted)
        if abs(high_gap) < abs(best_gap):
            best, best_gap = high, high_gap
    for _ in range(TRIES):
        if abs(best_gap) <= ENOUGH * wanted or high - low < FINEST:
            break
        dose = (low * high_gap - high * low_gap) / (high_gap - low_gap)
        cost = yield dose
        gap = cost - wanted
        if abs(gap) < abs(best_gap):
            best, best_gap = dose, gap
        if gap > 0:
            high, high_gap, low_gap, side = dose, gap, low_gap / 2 if side > 0 else low_gap, 1
        else:
            low, low_gap, high_gap, side = dose, gap, high_gap / 2 if side < 0 else high_gap, -1
    if abs(best_gap) > CLOSE * wanted:
        raise _Unreachable("doses move by whole officers, and at the closest dose", best_gap + wanted)
    return best
