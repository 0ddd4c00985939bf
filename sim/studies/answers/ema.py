"""A study as a model of the EMA Workbench: arms are a lever, what varies are uncertainties with their distributions, measures outcomes.

Needs ema_workbench (pip install 'confianza[ema]'). Its experiments give the very numbers of the study's sweep: the same luck, the same
code. `results` gives what a sweep has found in the workbench's own form, without running anything.
"""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rv_continuous, rv_discrete

from sim.errors import InputError
from sim.measures.harvest import warm_up
from sim.studies.answers.function import ARM, EFFECT, LUCK, as_function, keyword
from sim.studies.answers.sensitivity import mean_over_replicates
from sim.studies.answers.sweep import Sweep
from sim.studies.design.designs import MOST_POINTS
from sim.studies.design.distributions import Values
from sim.studies.design.factors import Factor
from sim.studies.design.study import Study
from sim.studies.running.keys import records

try:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*not installed")  # it tells of each of its own extras
        from ema_workbench import CategoricalParameter, IntegerParameter, Model, Policy, RealParameter, ScalarOutcome, Scenario
except ModuleNotFoundError as missing:
    raise InputError(f"the EMA Workbench is not installed ({missing}).", "Install it: pip install 'confianza[ema]'") from None


class Quantiles(rv_continuous):  # type: ignore[misc]
    """A factor's distribution as scipy has them."""

    def __init__(self, factor: Factor | None = None, **options: Any):
        self.factor = factor
        super().__init__(**options)

    def _updated_ctor_param(self) -> dict[str, Any]:
        return super()._updated_ctor_param() | {"factor": self.factor}

    def _ppf(self, q: np.ndarray) -> np.ndarray:
        assert self.factor is not None
        return np.asarray(self.factor.at(q), float)

    def _cdf(self, x: np.ndarray) -> np.ndarray:
        assert self.factor is not None
        return self.factor.of(x)


def to_ema(study: Study, *, replicates: int | None = None, week: int | None = None, effects: bool = False) -> Model:
    """An EMA Workbench model of the study.

    Its lever `arm` has the study's arms; its uncertainties are called as the factors, with `_` for the dot; its outcomes as the measures,
    with `effects` also "effect_mean_trust": what the arm makes of it. If each point of the study has luck of its own, an uncertainty
    `luck` is the number of the point whose luck is had.

    replicates, week  as for `sim.studies.answers.function.as_function`
    Factors that a posterior ties together are drawn each by itself by the workbench's samplers; `scenarios` keeps them together.
    """
    function = as_function(study, replicates=replicates, week=week, effects=effects)
    model = Model(_name(study), function=function)
    model.uncertainties = [_parameter(factor) for factor in study.factors()]
    if function.own_luck:
        model.uncertainties = [*model.uncertainties, IntegerParameter(LUCK, 0, MOST_POINTS - 1)]
    if len(function.arms) > 1:
        model.levers = [CategoricalParameter(ARM, list(function.arms), default=function.arms[0])]
    model.outcomes = [ScalarOutcome(name) for name in function.outputs]
    warm_up()  # before worker processes start
    return model


def _name(study: Study) -> str:
    """The study's name as the workbench takes it: letters and digits."""
    return "".join(letter for letter in study.name if letter.isalnum()) or "Study"


def _parameter(factor: Factor) -> Any:
    """A factor as the workbench has them."""
    name, spread = keyword(factor.name), factor.distribution
    if isinstance(spread, Values):
        return CategoricalParameter(name, list(spread.values))
    low, high = spread.extremes()[0], spread.extremes()[-1]
    uniform = spread.kind == "uniform"
    if spread.whole:
        if uniform:
            return IntegerParameter(name, int(low), int(high))
        return IntegerParameter.from_dist(name, rv_discrete(values=_probabilities(factor, int(low), int(high)))(), pff=False)
    return RealParameter(name, low, high) if uniform else RealParameter.from_dist(name, Quantiles(factor, a=low, b=high)(), pff=False)


def _probabilities(factor: Factor, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers, and the probability of each."""
    numbers: np.ndarray = np.arange(low, high + 1)
    if factor.draws:
        shares = np.array([np.mean(np.array(factor.draws) == number) for number in numbers])
    else:
        below = 0.0
        shares = np.empty(len(numbers))
        for place, middle in enumerate(factor.of(numbers).tolist()):  # `of` gives the middle of each number's share
            shares[place] = max(2 * (middle - below), 0.0)
            below += shares[place]
    return numbers[shares > 0], shares[shares > 0] / shares.sum()


def scenarios(study: Study) -> list[Scenario]:
    """The points of the study's design as scenarios of the workbench, called by their numbers."""
    return [Scenario(str(point), **named) for point, named in enumerate(_named(study))]


def _named(study: Study) -> list[dict[str, Any]]:
    """The points of a study, by keyword."""
    own = study.luck == "own"
    given = enumerate(records(study.points()))
    return [{keyword(name): value for name, value in row.items()} | ({LUCK: point} if own else {}) for point, row in given]


def policies(study: Study) -> list[Policy]:
    """The study's arms as policies of the workbench."""
    return [Policy(arm, **{ARM: arm}) for arm in study.sweep_arms()]


def results(sweep: Sweep, week: int | None = None) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """What a sweep has found, as the workbench's `perform_experiments` gives it: experiments and outcomes, for its own analyses.

    A row for each arm and point that has runs; outcomes are means over replicates, beside them effects ("effect_mean_trust").
    """
    study = sweep.study
    arms, points = study.sweep_arms(), pd.DataFrame(_named(study))
    found: dict[str, np.ndarray] = {}
    for name in study.measures:
        levels = [sweep.values(f"level:{arm}:{name}", week) for arm in arms]
        found[name] = np.concatenate([mean_over_replicates(level) for level in levels])
        found[f"{EFFECT}{name}"] = np.concatenate([mean_over_replicates(level - levels[0]) for level in levels])
    experiments = pd.concat([points.assign(arm=arm, scenario=points.index.astype(str), policy=arm) for arm in arms], ignore_index=True)
    experiments["model"] = _name(study)
    there = np.isfinite(np.array(list(found.values()))).any(axis=0)
    return experiments[there].reset_index(drop=True), {name: values[there] for name, values in found.items()}
