"""Run the arms of a study with the same luck: replicate r of every arm has the same seed, so differences are paired."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sim.errors import InputError, number_problem
from sim.harvest import labeled, lived, warm_up, weights
from sim.instruments.beyond import BEYOND
from sim.origins import POSTERIOR
from sim.rng import replicate_seed
from sim.studies.budget import scaled
from sim.studies.comparison import Comparison, described
from sim.studies.effects import half_widths
from sim.studies.study import LEAST, MOST, PLACEBO, Replicates, Study

BATCH = 4  # replicates between two looks at the intervals
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NOTICED = 0.01  # of trust, on 0-1: a citizen whose trust differs by less neither gains nor loses
Run = dict[str, np.ndarray]
Drawn = dict[str, float]  # parameters of a replicate that come from a posterior


def compare(
    study: Study,
    *,
    replicates: int | None = None,
    progress: Callable[[int], None] | None = None,
    workers: int | None = None,
) -> Comparison:
    """Run all arms of a study, the baseline and the placebo with the same luck, and put them side by side.

    study       a sim.studies.study.Study (see `sim.load_study`)
    replicates  how many, instead of the study's number or rule
    progress    called with each number of weeks that has been simulated, from any thread
    workers     threads; the results do not depend on it. By default as many as there are processors
    InputError  if a number is out of range, if an arm cannot meet the budget, or if the placebo differs from the baseline

    With `replicates: {until: {effect: M, half_width: X}, most: N}` the rule is sequential: after 8 replicates, and then after
    every 4 more, stop as soon as the 95 % t half-width of the paired effect on M at the study's last week is at most X for
    every arm, or when there are N. Looking repeatedly stops a little too often while the spread looks small by luck, so the
    last intervals are slightly too narrow; 8 replicates at least keep that bias small.
    """
    if replicates is not None and (problem := number_problem(replicates, 1, MOST, True)):
        raise InputError(f"'replicates' {problem}.", "Intervals need at least 2.")
    for name in study.measures:
        if name in BEYOND:
            raise InputError(f"a comparison cannot measure '{name}'.", "It can be measured by confianza sweep.", path=("measures",))
    tell = progress or (lambda weeks: None)
    asked = study if replicates is None else study.with_(replicates=replicates)
    warm_up()
    with _Arms(scaled(asked, workers), tell, workers) as arms:
        rule = asked.replicates
        if isinstance(rule, Replicates):
            arms.run(LEAST)
            while arms.done < rule.most and not _known_well(arms.dataset(), arms.study, rule):
                arms.run(min(BATCH, rule.most - arms.done))
        else:
            arms.run(rule)
        comparison = Comparison(described(arms.dataset(), asked, arms.study))
    comparison.require_exact_placebo()
    return comparison


def _known_well(dataset: xr.Dataset, study: Study, rule: Replicates) -> bool:
    """Is the effect the rule asks for known well enough in every arm?"""
    widths = half_widths(dataset, rule.until.effect, study.vs)
    return all(width <= rule.until.half_width for arm, width in widths.items() if arm not in (study.vs, PLACEBO))


class _Arms:
    """The runs so far: all arms of replicates 0, 1, 2, ..., in threads (compiled code frees the GIL)."""

    def __init__(self, study: Study, progress: Callable[[int], None], workers: int | None):
        self.study, self.progress = study, progress
        self.scenarios = {arm: study.scenario_of(arm) for arm in study.all_arms()}
        self.names = [study.vs, *(arm for arm in self.scenarios if arm != study.vs)]  # vs first: the others wait for its citizens
        self.stop = threading.Event()
        self.executor = ThreadPoolExecutor(workers or os.cpu_count())
        self.runs: dict[str, list[Run]] = {arm: [] for arm in self.scenarios}
        self.seeds: list[int] = []

    def __enter__(self) -> "_Arms":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.executor.shutdown(cancel_futures=True)

    @property
    def done(self) -> int:
        """How many replicates there are."""
        return len(self.seeds)

    def run(self, replicates: int) -> None:
        """Run so many more replicates of every arm."""
        seeds = [replicate_seed(self.study.base.seed, self.done + number) for number in range(replicates)]
        waiting = [dict(self._submitted(self.done + number, seed)) for number, seed in enumerate(seeds)]
        for futures in waiting:
            try:
                for arm, future in futures.items():
                    self.runs[arm].append(future.result()[0])
            except BaseException:
                self.stop.set()
                raise
            futures.clear()  # lets go of the citizens' trust
        self.seeds += seeds

    def _submitted(self, replicate: int, seed: int) -> Iterator[tuple[str, "Future[Any]"]]:
        """A task for each arm. The first is what the others are compared with; tasks start in order, so it is never waited for in vain."""
        drawn = self.study.drawn(replicate)
        first = self.executor.submit(self._first, seed, drawn)
        yield self.names[0], first
        for arm in self.names[1:]:
            yield arm, self.executor.submit(self._other, arm, seed, drawn, first)

    def _first(self, seed: int, drawn: Drawn) -> tuple[Run, np.ndarray]:
        found, trust = self._lived(self.names[0], seed, drawn)
        return found | _gains(np.zeros(1)), trust

    def _other(self, arm: str, seed: int, drawn: Drawn, first: "Future[Any]") -> tuple[Run, None]:
        found, trust = self._lived(arm, seed, drawn)
        return found | _gains(trust - first.result()[1]), None

    def _lived(self, arm: str, seed: int, drawn: Drawn) -> tuple[Run, np.ndarray]:
        """What is kept of one run, and the trust of each citizen at its end."""
        scenario = self.scenarios[arm].with_(drawn, sources=dict.fromkeys(drawn, POSTERIOR))
        run, found = lived(scenario, seed, self.progress, self.stop)
        found["effectiveness_weight"] = weights(scenario)
        weight = scenario.values_at(run.week).trust.effectiveness_weight
        return found, (1.0 - weight) * run.city.citizens.fairness + weight * run.city.citizens.effectiveness

    def dataset(self) -> xr.Dataset:
        """All runs, labeled by arm and replicate."""
        arms = [labeled(scenario, self.seeds, self.runs[arm]) for arm, scenario in self.scenarios.items()]
        names = pd.Index(list(self.scenarios), name="arm")
        stacked = xr.concat(arms, names, data_vars="all", coords="minimal", compat="override", join="exact", combine_attrs="override")
        stacked["arm"].attrs["long_name"] = "arm: a list of reforms"
        kept = {name: np.array([[run[name] for run in runs] for runs in self.runs.values()]) for name in GAINS}
        dims = ("arm", "replicate")
        quantile = ("quantile", list(QUANTILES), {"long_name": "share of citizens with less"})
        gains = {name: ((*dims, *axes), kept[name], {"long_name": text, "units": unit}) for name, (axes, unit, text) in GAINS.items()}
        weight = np.array([[run["effectiveness_weight"] for run in runs] for runs in self.runs.values()])  # differs between replicates
        gains["effectiveness_weight"] = ((*dims, "week"), weight, stacked.effectiveness_weight.attrs)
        return stacked.assign(gains).assign_coords(quantile=quantile).assign_attrs(adults=self.study.base.city.adults)


# What is kept of the difference that an arm makes to each citizen at the end. name: (dimensions, unit, long name)
GAINS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "gain_quantiles": (("quantile",), "0-1", "citizens' trust minus their own trust in the arm compared with, quantiles"),
    "share_gaining": ((), "share of adults", f"trust higher by more than {NOTICED}"),
    "share_losing": ((), "share of adults", f"trust lower by more than {NOTICED}"),
}


def _gains(differences: np.ndarray) -> Run:
    """The differences between citizens' trust in two arms, one a citizen, summed up."""
    return {
        "gain_quantiles": np.quantile(differences, QUANTILES),
        "share_gaining": np.mean(differences > NOTICED),
        "share_losing": np.mean(differences < -NOTICED),
    }
