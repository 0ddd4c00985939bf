"""Whole runs: everything that is read of a city's run is kept. `run` does one scenario with other luck, `compare` the arms of a study."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from functools import cached_property
from itertools import groupby, product
from pathlib import Path
from typing import Any, Self

import numpy as np

from sim.artifacts.pieces import LITTLE
from sim.artifacts.results import Results, adapted, provenance
from sim.engine.plans import Piece, Pulse, RunSpec, Shape, WrittenPlan, hashed, identity, stacked
from sim.engine.running import Execution, complete
from sim.engine.store import Store
from sim.errors import InputError, number_problem
from sim.inputs.scenario import Scenario
from sim.inputs.yaml_files import dump_yaml, parse
from sim.measures import MEASURES, RECORD
from sim.measures.harvest import CAUSES, DIMENSIONS, VARIABLES, labeled, trust_of, weights
from sim.measures.labels import RunArrays, array
from sim.studies.design.arms import PLACEBO
from sim.studies.design.limits import measures_of
from sim.studies.running.forks import ArmLife, lives
from sim.studies.running.lives import MOST_ASKED, panel
from sim.studies.running.work import StudyPlan
from sim.world.rng import MOST_REPLICATES, replicate_seed
from sim.world.survey import INTERVAL_WEEKS

Found = dict[str, np.ndarray]


class RunPlan(WrittenPlan[Scenario]):
    """Replicates of one scenario. Its text is the scenario's and, below it, which measures are taken beside the record."""

    kind, file, of = "run", "run.yaml", Scenario
    columns = tuple(VARIABLES)

    def __init__(self, scenario: Scenario, replicates: int, measures: Iterable[str] = ()):
        super().__init__(scenario, replicates)
        self.observed = observed_in(measures)

    @classmethod
    def read(cls, text: str, replicates: int) -> Self:
        data = parse(text.encode(), cls.file).data
        measures = data.pop("measures", ())
        return cls(Scenario(**data), replicates, measures)

    @cached_property
    def text(self) -> str:
        return self.asked.to_yaml() + (dump_yaml({"measures": list(self.observed)}) if self.observed else "")

    @property
    def base(self) -> Scenario:
        return self.asked

    def keys(self) -> list[bytes]:
        common = identity(self.asked)
        return [hashed(common, *sorted(self.observed), replicate) for replicate in range(self.replicates)]

    def kept_bytes(self) -> int:
        return kept_of(self.asked)

    def carry_out(self, specs: Sequence[RunSpec], values: Sequence[Mapping[str, Any]], pulse: Pulse) -> Piece:
        seeds = [replicate_seed(self.asked.seed, spec.replicate) for spec in specs]
        kept = [everything(one) for seed in seeds for one in lives({self.kind: self.asked}, seed, seed, self.observed, pulse)]
        return Piece(stacked(specs, seeds, kept), None, [])


class ComparisonPlan(StudyPlan):
    """All arms of a study, replicate by replicate, with the same luck; trust of some citizens at the end is kept too.

    The placebo comes last, once: what it must equal to the last bit, the baseline of the first replicate, tells as much as all would.
    """

    kind = "comparison"
    columns = tuple(VARIABLES)

    @cached_property
    def observed(self) -> tuple[str, ...]:
        """Measures that take a panel or an experiment."""
        return observed_in(self.study.measures)

    @cached_property
    def scenarios(self) -> dict[str, Scenario]:
        """By arm."""
        return {arm: self.study.scenario_of(arm) for arm in self.study.all_arms()}

    @property
    def lived(self) -> list[str]:
        """The arms that every replicate lives."""
        return self.study.compared_arms()

    @property
    def shape(self) -> Shape:
        return Shape(1, tuple(self.scenarios), self.replicates)

    def __len__(self) -> int:
        return len(self.lived) * self.replicates + 1

    @property
    def together(self) -> int:
        return len(self.lived)

    def keys(self) -> list[bytes]:
        """Replicate by replicate."""
        each = {arm: identity(scenario) for arm, scenario in self.scenarios.items()}
        cities = self.cities()
        runs = [*product(cities, self.lived), (cities[0], PLACEBO)]
        return [hashed(each[arm], sorted(self.observed), city) for city, arm in runs]

    def cities(self) -> list[bytes]:
        """For each replicate what is the same in all arms: parameters, people, and the luck of the weeks."""
        study = self.study
        return [hashed(sorted(study.drawn(each).items()), study.first_life(each), each) for each in range(self.replicates)]

    def seeds(self, specs: Sequence[RunSpec]) -> list[tuple[int, int]]:
        """Of the weeks and of the people, for each of some runs."""
        root, lives = self.base.seed, [(spec.replicate, self.study.first_life(spec.replicate)) for spec in specs]
        return [(replicate_seed(root, replicate), replicate_seed(root, first)) for replicate, first in lives]

    def indices(self, positions: np.ndarray) -> tuple[Any, ...]:
        names, many = list(self.scenarios), len(self.lived)
        arms = np.array([names.index(arm) for arm in self.lived])
        once = positions == many * self.replicates
        return np.zeros_like(positions), np.where(once, len(names) - 1, arms[positions % many]), np.where(once, 0, positions // many)

    def values(self, specs: Sequence[RunSpec]) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.study.drawn(spec.replicate) for spec in specs)

    def kept_bytes(self) -> int:
        return kept_of(self.base) + 4 * MOST_ASKED

    def as_text(self) -> str:
        return self.study.with_(posterior="none").to_yaml() if self.study.posterior != "none" else self.text

    def carry_out(self, specs: Sequence[RunSpec], values: Sequence[Mapping[str, Any]], pulse: Pulse) -> Piece:
        """Arms of a replicate that follow each other fork where they part. The placebo lives by itself, so that it judges forks too."""
        seeds, kept = self.seeds(specs), list[Found]()
        runs = zip(specs, values, seeds, strict=True)
        for _, alike in groupby(runs, lambda run: (run[0].replicate, run[0].arm == PLACEBO)):
            arms, (drawn, *_), ((seed, people), *_) = zip(*alike, strict=True)
            scenarios = {spec.arm: self.scenarios[spec.arm].with_(drawn) for spec in arms}
            found = {one.arm: self.kept(one) for one in lives(scenarios, seed, people, self.observed, pulse)}
            kept += [found[spec.arm] for spec in arms]
        return Piece(stacked(specs, [seed for seed, _ in seeds], kept), None, [])

    def kept(self, arm: ArmLife) -> Found:
        """What is kept of an arm's life."""
        run, citizens = arm.life.run, arm.life.run.city.citizens
        rows, weight = panel(citizens.home.size), arm.scenario.values_at(run.week).trust.effectiveness_weight
        trust = trust_of(citizens.fairness[rows], citizens.effectiveness[rows], weight)
        return everything(arm) | {"panel_trust": trust.astype(np.float32)}


class RunStore(Store):
    """A folder with runs of one scenario."""

    plans = RunPlan


class ComparisonStore(Store):
    """A folder with the runs of a study's arms."""

    plans = ComparisonPlan


def run(
    scenario: Scenario,
    *,
    replicates: int = 1,
    seed: int | None = None,
    weeks: int | None = None,
    measures: Sequence[str] = (),
    progress: Callable[[int], None] | None = None,
    executor: str | Executor = "threads",
    workers: int | None = None,
    folder: str | Path | None = None,
) -> Results:
    """Run a scenario several times with different luck.

    Parameters
    ----------
    scenario : Scenario
        What is run.
    replicates : int
        How many runs; each has a seed that depends on the root seed and its number alone, for its people and for its weeks.
    seed : int, optional
        Root seed, instead of the scenario's.
    weeks : int, optional
        Horizon in weeks, instead of the scenario's; dated changes and reforms that begin beyond it are left out.
    measures : sequence of str
        Those that take a panel or an experiment beside the run (`confianza explain measures`); all others are there anyway.
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
    Results
        Weekly series and surveys of every run, labeled.

    Raises
    ------
    InputError
        If a number is out of range, there is no such measure, or the folder cannot be written to.
    Interrupted
        After Ctrl-C; call it again to go on.
    """
    if problem := number_problem(replicates, 1, MOST_REPLICATES, True):
        raise InputError(f"the number of replicates {problem}.", "Take 20 or more to see how far luck goes.")
    scenario = adapted(scenario, seed=seed, weeks=weeks)
    plan = RunPlan(scenario, replicates, measures_of(measures, scenario.weeks))
    with Execution(folder, executor, workers, progress).runner(RunStore) as runner:
        read = columns_of(complete(runner, plan), {"replicate": replicates})
        arrays = taken(labeled(*read), plan.observed, *read[2:])
    arrays.variables["effectiveness_weight"] = array(("week",), weights(scenario), arrays.variables["effectiveness_weight"].attrs)
    arrays.attrs = provenance(scenario, arrays.sizes["officer"])
    return Results(arrays)


def columns_of(
    store: Store, dims: Mapping[str, int], arranged: Callable[[np.ndarray], np.ndarray] = np.asarray
) -> tuple[np.ndarray, Found, Mapping[str, Any], tuple[str, ...]]:
    """What `labeled` takes: seeds, one run as an example, and the columns of all; many are read when somebody looks.

    dims      names and lengths of the dimensions of runs
    arranged  puts a column (one row a run, in the order of the plan) into these dimensions
    """
    example = {name: values[0] for name, values in store.arrays(at=np.zeros(1, int)).items()}
    size = sum(np.asarray(one).nbytes for one in example.values()) * int(np.prod([*dims.values()]))
    if size < LITTLE:
        columns: Mapping[str, Any] = {name: arranged(values) for name, values in store.arrays().items()}
    else:
        order = arranged(np.arange(np.prod([*dims.values()])))
        from sim.engine.lazy import lazy  # here, because xarray takes long to import

        columns = lazy(lambda name, rows: store.arrays(name, at=rows)[name], order, example)
    seeds = arranged(store.arrays("seed")["seed"])
    return seeds.reshape(-1, dims["replicate"])[0], example, columns, tuple(dims)


def kept_of(scenario: Scenario) -> int:
    """Bytes of all that is read of a run, before they are compressed."""
    weeks, city = scenario.spin_up_weeks + scenario.weeks, scenario.city
    weekly = sum(len(CAUSES) * len(DIMENSIONS) if "cause" in dims else 1 for dims, _, _ in VARIABLES.values() if "week" in dims)
    return 8 * (weeks * (weekly + 1) + int(3 * city.adults / city.adults_per_cell) + 40 * weeks // INTERVAL_WEEKS)


def observed_in(measures: Iterable[str]) -> tuple[str, ...]:
    """Those of the measures that take a panel or an experiment."""
    return tuple(name for name in measures if MEASURES[name].kind != RECORD)


def taken(arrays: RunArrays, measures: Iterable[str], columns: Mapping[str, Any], runs: tuple[str, ...]) -> RunArrays:
    """The arrays with what such measures found."""
    for name in measures:
        arrays.variables[name] = array(runs, columns[name], {"long_name": MEASURES[name].description, "units": MEASURES[name].unit})
    return arrays


def everything(arm: ArmLife) -> Found:
    """What is kept of one run, once it has reached its horizon."""
    observed = arm.observer.measures(arm.scenario, arm.life.run.seed, arm.life.run.people)
    found = arm.life.found() | {name: np.array(value) for name, value in observed.items()}
    return found | {"effectiveness_weight": weights(arm.scenario), "spin_up_weeks": np.array(arm.scenario.spin_up_weeks)}


# What is kept of some citizens beside everything else. name: (dimensions, unit, long name)
PERSONS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "panel_trust": (("person",), "0-1", "trust of some adults at the end, the same in all arms")
}
