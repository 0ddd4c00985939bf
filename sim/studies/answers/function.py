"""A study as a plain function of what varies: numbers and an arm in, measures out, with the same luck as the study's sweep.

Optimizers, samplers and workbenches that take a Python function can use it: SALib, scipy, the EMA Workbench (see `ema.py` beside this).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.engine.plans import Failure, RunSpec, perform
from sim.errors import InputError, did_you_mean, number_problem
from sim.studies.answers.sensitivity import mean_over_replicates
from sim.studies.design.factors import allowed_of
from sim.studies.design.limits import LEAST, MOST, known
from sim.studies.design.study import Study
from sim.studies.running.budget import scaled
from sim.studies.running.work import job_of

ARM, REPLICATE, LUCK = "arm", "replicate", "luck"
# Names that a factor or measure may not have as a keyword: the function's own, and those that the EMA Workbench gives a meaning
RESERVED = frozenset({
    ARM, REPLICATE, LUCK, "scenario", "scenario_id", "policy", "model", "name", "id", "unique_id", "data", "function", "uncertainties",
    "levers", "outcomes", "constants", "constraints", "output", "output_variables", "outcomes_output", "constraints_output", "experiment",
    "run_model", "run_experiment", "model_init", "initialized", "reset_model", "retrieve_output", "cleanup", "as_dict", "replications",
})  # fmt: skip
EFFECT = "effect_"  # before the name of a measure: what the arm makes of it


def keyword(name: str) -> str:
    """A name as Python and the EMA Workbench take it.

    >>> keyword("trust.contact_gain"), keyword("policy")
    ('trust_contact_gain', 'policy_')
    """
    made = name.replace(".", "_")
    return f"{made}_" if made in RESERVED else made


@dataclass(frozen=True)
class StudyFunction:
    """Call it with what varies, by keyword: `f(arm="purge", trust_contact_gain=0.1)` gives {"mean_trust": 0.41, ...}.

    Factors are called as in the study with `_` for the dot; `**{"trust.contact_gain": 0.1}` works too. Those not given are as the
    study's scenario and arms have them. It can be pickled, so that worker processes can have it.

    arms        the first is compared with, and is run if none is named
    factors     keyword: name
    measures    what it gives, in order
    week        at whose end
    replicates  over which it averages; replicate j has the luck of replicate j of the study's sweep
    effects     does it also give what the arm makes of each measure, as "effect_mean_trust"? That runs the first arm too
    own_luck    has each point of the sweep luck of its own? Then `luck` says that of which point is wanted, 0 unless told
    job         the study, as workers are told it
    """

    arms: tuple[str, ...]
    factors: dict[str, str]
    measures: tuple[str, ...]
    week: int
    replicates: int
    effects: bool
    own_luck: bool
    job: bytes

    @property
    def __name__(self) -> str:
        """What tools that show a function call it."""
        return "study"

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what it gives."""
        return (*self.measures, *(f"{EFFECT}{name}" for name in self.measures if self.effects))

    def __call__(self, *, arm: str | None = None, replicate: int | None = None, luck: int = 0, **factors: Any) -> dict[str, float]:
        """The measures at one point in one arm.

        replicate   that one alone, not the mean
        InputError  if a name is unknown or a value out of range.  RuntimeError if a run failed
        """
        first = self.arms[0]
        wanted = first if arm is None else known(arm, self.arms, "arm", f"Arms: {', '.join(self.arms)}")
        values = dict(self._checked(name, value) for name, value in factors.items())
        point = self._point(luck)
        which = range(self.replicates) if replicate is None else [_whole(REPLICATE, replicate)]
        run = dict.fromkeys((wanted, first)) if self.effects else (wanted,)
        specs = tuple(RunSpec(point, each, one) for each in run for one in which)
        piece = perform(self.job, specs, (values,) * len(specs))
        if piece.failures:
            raise _failed(piece.failures[0])
        rows = piece.rows["week"] == self.week
        cube = {name: piece.rows[name][rows].reshape(len(run), -1) for name in self.measures}
        outputs = {name: float(mean_over_replicates(each[:1])[0]) for name, each in cube.items()}
        if self.effects:
            outputs |= {f"{EFFECT}{name}": float(mean_over_replicates(each[:1] - each[-1:])[0]) for name, each in cube.items()}
        return outputs

    def _checked(self, name: str, value: Any) -> tuple[str, Any]:
        """A factor's name in the study, and its value as the study takes it."""
        full = self.factors.get(name, name)
        if full not in self.factors.values():
            hint = did_you_mean(name, [*self.factors, *self.factors.values()])
            raise InputError(
                f"'{name[:100]}' does not vary in this study.", f"{hint}Factors: {', '.join(list(self.factors)[:20]) or 'none'}"
            )
        plain = value.item() if isinstance(value, np.generic) else value
        return full, allowed_of(full).check(plain, full)

    def _point(self, luck: int) -> int:
        """The point whose luck is taken."""
        if not self.own_luck and luck != 0:
            raise InputError("all points of this study share their luck.", "Leave 'luck' out, or write luck: own in the study.")
        return _whole(LUCK, luck)


def _whole(name: str, given: Any) -> int:
    plain = given.item() if isinstance(given, np.generic) else given
    if problem := number_problem(plain, 0, MOST if name == REPLICATE else 10**9, True):
        raise InputError(f"'{name}' {problem}.", "It is a number of the study's sweep, from 0 on.")
    return int(plain)


def _failed(failure: Failure) -> RuntimeError:
    error = RuntimeError(f"the run failed ({failure.error}) in the arm '{failure.arm}' at {failure.values}")
    error.add_note(failure.traceback)
    return error


def as_function(study: Study, *, replicates: int | None = None, week: int | None = None, effects: bool = False) -> StudyFunction:
    """The study as a plain function; see `StudyFunction`. Doses are scaled to its budget first, if it has one.

    replicates  over which it averages, by default as many as the study has (of a rule, the fewest)
    week        at whose end measures are read, by default the study's last
    InputError if these are impossible.
    """
    study = scaled(study)
    many = replicates if replicates is not None else LEAST if study.rule else study.most
    if problem := number_problem(many, 1, MOST, True):
        raise InputError(f"'replicates' {problem}.", "One is quick and noisy.")
    if week is not None and week not in study.at:
        raise InputError(f"week {week} is not read.", f"Weeks: {', '.join(map(str, study.at))}; others with the key 'at' of a study.")
    names = [factor.name for factor in study.factors()]
    return StudyFunction(
        arms=tuple(study.sweep_arms()), factors={keyword(name): name for name in names}, measures=study.measures,
        week=study.at[-1] if week is None else week, replicates=int(many), effects=effects, own_luck=study.luck == "own",
        job=job_of(study),
    )  # fmt: skip
