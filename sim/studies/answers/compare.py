"""Run the arms of a study with the same luck: replicate r of every arm has the same seed, so differences are paired."""

import json
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import xarray as xr

from sim.engine.running import Execution, Runner, complete
from sim.engine.store import Store
from sim.errors import InputError, number_problem
from sim.measures.harvest import labeled, warm_up
from sim.studies.answers.comparison import Comparison, described, with_cities
from sim.studies.design.study import LEAST, MOST, Replicates, Study
from sim.studies.running.budget import scaled
from sim.studies.running.effects import precisions
from sim.studies.running.lives import panel
from sim.studies.running.runs import PERSONS, ComparisonPlan, ComparisonStore, columns_of, taken

BATCH = 4  # replicates between two looks at the precision


def compare(
    study: Study,
    *,
    replicates: int | None = None,
    progress: Callable[[int], None] | None = None,
    executor: str | Executor = "threads",
    workers: int | None = None,
    folder: str | Path | None = None,
) -> Comparison:
    """Run all arms of a study and the baseline with the same luck, and put them side by side.

    What arms share before they part is lived once. The placebo, all reforms at dose 0, is lived in the first replicate alone and by
    itself: it must equal the baseline there in every number, and since that forks with the other arms, forks change nothing either.

    With `replicates: {until: {effect: M, half_width: X}, most: N}` the rule is sequential: after 8 replicates, and then after
    every 4 more, stop as soon as the precision of the middle of the effect on M at the study's last week (half of its 95 % interval) is
    X or better for every arm, or when there are N. It acts on how exactly the middle is known, not on how far cities differ, which
    no number of runs makes smaller. Looking repeatedly stops a little too often while the spread looks small by luck, so the
    last precision is told slightly too well; 8 replicates at least keep that bias small.

    Parameters
    ----------
    study : Study
        What is compared (see `sim.load_study`).
    replicates : int, optional
        How many, instead of the study's number or rule.
    progress : callable, optional
        Called with each number of weeks that has been simulated, from any thread.
    executor : str or concurrent.futures.Executor
        "threads", "processes", "dask://HOST:PORT", or an executor; the results do not depend on it.
    workers : int, optional
        Runs at the same time; by default as many as there are processors.
    folder : path, optional
        Where runs are kept while they are done, and afterwards: called again, only what is missing is run. None: a temporary one.

    Returns
    -------
    Comparison
        Arms side by side, with paired differences.

    Raises
    ------
    InputError
        If a number is out of range, if an arm cannot meet the budget, or if the placebo differs from the baseline.
    Interrupted
        After Ctrl-C; call it again to go on.
    """
    if replicates is not None and (problem := number_problem(replicates, 1, MOST, True)):
        raise InputError(f"'replicates' {problem}.", "A 5-95 % range needs 24 or more.")
    asked = study if replicates is None else study.with_(replicates=replicates)
    warm_up()
    execution = Execution(folder, executor, workers, progress)
    resolved = scaled(asked, execution)
    with execution.runner(ComparisonStore) as runner:
        dataset = _completed(runner, resolved)
    comparison = Comparison(described(dataset, asked, resolved))
    comparison.require_exact_placebo()
    return comparison


def _completed(runner: Runner, study: Study) -> xr.Dataset:
    """All runs of a study, side by side; replicate by replicate until its rule is content."""
    rule = study.rule
    many = LEAST if rule else study.most
    while True:
        plan = ComparisonPlan(study, many)
        dataset = side_by_side(plan, complete(runner, plan))
        if not rule or many >= rule.most or _known_well(dataset, study, rule):
            return dataset
        many = min(many + BATCH, rule.most)


def _known_well(dataset: xr.Dataset, study: Study, rule: Replicates) -> bool:
    """Is the middle of the effect that the rule asks for known precisely enough in every arm?"""
    widths = precisions(with_cities(dataset, study), rule.until.effect, study.vs)
    return all(width <= rule.until.half_width for arm, width in widths.items() if arm != study.vs)


def side_by_side(plan: ComparisonPlan, store: Store) -> xr.Dataset:
    """What the runs of a comparison kept, labeled by arm and replicate; arms in the order of the study. Of the placebo it is said whether
    it differs from the baseline, and in what; it has no place in the arrays.
    """
    names = plan.lived

    def arranged(values: np.ndarray) -> np.ndarray:
        by_replicate = values[: len(names) * plan.replicates].reshape(plan.replicates, len(names), *values.shape[1:])
        return np.ascontiguousarray(by_replicate.swapaxes(0, 1))

    dims = {"arm": len(names), "replicate": plan.replicates}
    seeds, example, columns, runs = columns_of(store, dims, arranged)
    dataset = taken(labeled(seeds, example, columns, runs), plan.observed, columns, runs).dataset()
    persons = {
        name: xr.Variable((*runs, *axes), columns[name], {"long_name": text, "units": unit}) for name, (axes, unit, text) in PERSONS.items()
    }
    person = ("person", panel(plan.base.city.adults), {"long_name": "row of the citizen"})
    arm = ("arm", names, {"long_name": "arm: a list of reforms"})
    attrs = {"adults": plan.base.city.adults, "placebo_differs": json.dumps(differing(plan, store))}
    return dataset.assign(persons).assign_coords(arm=arm, person=person).assign_attrs(attrs)


def differing(plan: ComparisonPlan, store: Store) -> list[str]:
    """What the placebo, which comes last, has otherwise than the baseline of the first replicate, which comes first: names of columns."""
    both = store.arrays(at=np.array([0, len(plan) - 1]))
    return [
        name for name, (one, other) in both.items() if name != "arm" and not np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    ]
