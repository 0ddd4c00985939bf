"""Validate a scenario over the draws of its posterior: patterns first; then, in full, other years and places and negative controls."""

from collections.abc import Collection, Sequence

import numpy as np

from sim.artifacts.posterior import Posterior
from sim.artifacts.sources import sources
from sim.engine.running import HERE, Execution
from sim.errors import InputError
from sim.inputs.origins import POSTERIOR
from sim.inputs.patterns import ORDINARY
from sim.inputs.scenario import Scenario
from sim.instruments import instrument
from sim.validation.controls import controlled, jobs_of
from sim.validation.holdouts import ROUNDS, held, settled
from sim.validation.jobs import carried_out, findings, in_one_city, plan
from sim.validation.record import Validation
from sim.validation.targets import controls, holdouts

DRAWS = 48
FEWEST = 2


def cities(scenario: Scenario, posterior: Posterior, draws: int, fixed: Collection[str] = ()) -> list[Scenario]:
    """The scenario with each of so many draws of a posterior, weights included; the same draws for the same seed of the scenario.

    fixed   parameters that keep the scenario's value
    InputError if there are fewer than two draws
    """
    if draws < FEWEST:
        raise InputError(f"the number of draws must be {FEWEST} or more, but is {draws}.", "An interval needs some; 48 are usual.")
    values = np.asarray(posterior.sample(draws, scenario.seed), float)
    names = list(posterior.names)
    drawn = [{name: value for name, value in zip(names, row, strict=True) if name not in fixed} for row in values.tolist()]
    return [scenario.with_(each, sources=dict.fromkeys(each, POSTERIOR)) for each in drawn]


def cost(base: Sequence[Scenario], *, full: bool) -> int:
    """About how many adult-weeks `validate_draws` simulates."""
    total = sum(job.cost for job in plan(base, thrifty=True))
    if full:
        few = some(base)
        total += len(holdouts()) * ROUNDS * sum(instrument(ORDINARY).cost(scenario) for scenario in some(base, 2))
        total += sum(job.cost for control in controls().values() for job in jobs_of(control, few))
    return total


def some(base: Sequence[Scenario], part: int = 4) -> Sequence[Scenario]:
    """The first draws, half or a quarter of them, but at least two."""
    return base[: max(FEWEST, len(base) // part)]


def validate_draws(base: Sequence[Scenario], posterior: str, *, full: bool = False, execution: Execution = HERE) -> Validation:
    """Measure every pattern over the cities of a posterior (see `cities`); a pattern passes if the median lies within its range.

    full       also other years and places (half of the draws) and negative controls (a quarter)
    execution  see `carried_out`
    """
    jobs = plan(base, thrifty=True)
    found = carried_out(jobs, execution)
    made = Validation(base[0].name, tuple(findings(jobs, found, posterior=True)), posterior, base[0].seed, sources())
    if not full:
        return made
    usual = in_one_city(jobs, found, base[0])
    resets, checks = [], []
    for holdout in holdouts().values():
        done, measured = settled(some(base, 2), holdout, execution)
        resets += done
        checks += held(holdout, measured, usual)
    controls_, lost = controlled(some(base), usual, execution)
    return Validation(
        made.scenario, made.findings, posterior, made.seed, made.source_fingerprint,
        tuple(resets), tuple(checks), tuple(controls_), tuple(lost),
    )  # fmt: skip
