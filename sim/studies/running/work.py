"""One run, many runs, without state: what a worker does in a thread, in a process, or on another machine.

A run is a pure function of (scenario, reforms, replicate): its seed comes from the replicate alone, so every arm and every point
of a design shares its luck. What is kept of a run does not depend on the runs beside it, bit for bit.
"""

import json
import traceback
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, Self

import numpy as np

from sim.engine import plans
from sim.engine.cutting import PIECE
from sim.engine.plans import Failure, Piece, Pulse, RunSpec, Shape, WrittenPlan
from sim.inputs import origins
from sim.inputs.scenario import Scenario
from sim.inputs.yaml_files import parse
from sim.measures import MEASURES, RECORD, Over, RunColumns
from sim.measures.harvest import columns
from sim.measures.spans import year_before
from sim.studies.design.designs import POINTS, UNVALIDATED, VALIDATION, kind_of
from sim.studies.design.points import Points
from sim.studies.design.study import LEAST, Study
from sim.studies.running.forks import ArmLife, lives
from sim.studies.running.keys import keys, luck_of
from sim.world.rng import replicate_seed


class StudyPlan(WrittenPlan[Study]):
    """The plan of a study."""

    file = "study.yaml"

    @classmethod
    def read(cls, text: str, replicates: int) -> Self:
        return cls(parsed(text), replicates)

    @property
    def study(self) -> Study:
        """What is asked."""
        return self.asked

    @property
    def base(self) -> Scenario:
        return self.asked.base


class SweepPlan(StudyPlan):
    """All runs of a study: by point of its design, arm and replicate."""

    kind, weekly = "sweep", False

    def __init__(self, study: Study, replicates: int | None = None):
        """replicates: of every point and arm, by default the study's, or the least if it has a rule."""
        super().__init__(study, replicates or (LEAST if study.rule else study.most))

    @cached_property
    def points(self) -> Points:
        return self.study.points()

    @property
    def shape(self) -> Shape:
        return Shape(len(self.points.values), tuple(self.study.sweep_arms()), self.replicates)

    @property
    def facts(self) -> dict[str, Any]:
        study = self.study
        kept = {"columns": study.measures, "series": study.series}
        return super().facts | kept | {"cautions": study.warned} | where_from(study)

    @property
    def together(self) -> int:
        """All of a point, if they are few."""
        many = len(self.study.sweep_arms()) * self.replicates
        return many if many <= PIECE else 1

    def keys(self) -> list[bytes]:
        return keys(self.study, self.points, self.specs(np.arange(len(self))))

    def values(self, specs: Sequence[RunSpec]) -> tuple[Mapping[str, Any], ...]:
        return tuple({name: native(column[spec.point]) for name, column in self._columns.items()} for spec in specs)

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        """What varies, as arrays: a dictionary a point would take gigabytes for a million of them."""
        return {str(name): column.to_numpy() for name, column in self.points.values.items()}

    def as_text(self) -> str:
        """The study with all but one of its points left out: each piece of work brings its own, and a table can have megabytes."""
        study = self.study
        if not study.design:
            return self.text
        first = {"random": 1} if study.vary is not None else {POINTS: "\n".join(study.design[POINTS].splitlines()[:2])}
        return study.with_(design=first).to_yaml()

    def carry_out(self, specs: Sequence[RunSpec], values: Sequence[Mapping[str, Any]], pulse: Pulse) -> Piece:
        """A run that raises an error is a failure, and not the end of the others."""
        return carried_out(self.study, specs, values, pulse)


def native(value: Any) -> Any:
    """A NumPy number as Python's; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def where_from(study: Study) -> dict[str, Any]:
    """Where its numbers come from, and what it cites."""
    return {"origins": origins.facts(study.base.as_data()), "own_references": study.model_dump(include={"references"})["references"]}


@lru_cache(16)
def parsed(text: str) -> Study:
    """The study in the YAML text of a store. One that does not say how many validation points it has was made before there were any."""
    data = parse(text.encode(), "study.yaml").data
    if (design := data.get("design")) and VALIDATION not in design and kind_of(design) not in UNVALIDATED:
        data["design"] = {**design, VALIDATION: 0}
    return Study(**data)


def job_of(study: Study) -> bytes:
    """What workers are told of a study (see `sim.engine.plans`)."""
    return plans.job_of(SweepPlan(study, 1))


def carried_out(study: Study, specs: Sequence[RunSpec], values: Sequence[Mapping[str, Any]], pulse: Pulse) -> Piece:
    """The runs of a sweep; `rows` has a row for each run and week of `study.at`, `series` one for each run and week, spin-up included.

    Arms of a point with the same luck are lived together.
    """
    scenarios: dict[tuple[int, str], Scenario] = {}
    groups: dict[tuple[int, int], list[RunSpec]] = {}
    given = dict(zip(specs, values, strict=True))
    for spec in specs:
        groups.setdefault((spec.point, spec.replicate), []).append(spec)
    done: dict[RunSpec, _Kept | Failure] = {}
    for alike in groups.values():
        done |= _together(study, alike, given[alike[0]], scenarios)
        for _ in alike:
            pulse(1)
    kept = [each for spec in specs if isinstance(each := done[spec], _Kept)]
    return Piece(_rows(study, kept), _series(study, kept), [each for spec in specs if isinstance(each := done[spec], Failure)])


def _together(
    study: Study, specs: Sequence[RunSpec], given: Mapping[str, Any], scenarios: dict[tuple[int, str], Scenario]
) -> dict[RunSpec, "_Kept | Failure"]:
    """Arms of one point and replicate from week 0 to the horizon; if one raises an error, each by itself, so that others are kept.

    scenarios  those made so far, by point and arm, for replicates share theirs
    """
    try:
        for spec in specs:
            if (spec.point, spec.arm) not in scenarios:
                scenarios[spec.point, spec.arm] = study.scenario_at(spec.arm, given)
        named = {spec.arm: scenarios[spec.point, spec.arm] for spec in specs}
        seed = replicate_seed(study.base.seed, luck_of(study, specs[0]))
        read = [_kept(study, specs[0]._replace(arm=one.arm), one) for one in lives(named, seed, seed, study.measures, lambda weeks: None)]
        return {each.spec: each for each in read}
    except Exception as error:
        if len(specs) == 1:
            written = json.dumps(dict(given), default=lambda number: number.item())
            return {specs[0]: Failure(*specs[0], written, f"{type(error).__name__}: {error}", traceback.format_exc())}
    return {spec: each for one in specs for spec, each in _together(study, [one], given, scenarios).items()}


class _Kept(NamedTuple):
    """What is kept of a run."""

    spec: RunSpec
    seed: int
    measured: np.ndarray  # weeks x measures
    series: np.ndarray  # variables x weeks, float32


def _kept(study: Study, spec: RunSpec, one: ArmLife) -> _Kept:
    """What is kept of an arm's life at its horizon."""
    found, seed = one.life.found(), one.life.run.seed
    measured = measured_at(study, columns(one.scenario, found), one.observer.measures(one.scenario, seed))
    return _Kept(spec, seed, measured, np.array([found[name] for name in study.series], np.float32))


def measured_at(study: Study, run: RunColumns, observed: Mapping[str, float]) -> np.ndarray:
    """What a study measures of one run: weeks of `at` x measures.

    observed  measures that take a panel or an experiment, which are of the last of these weeks
    """
    measured: np.ndarray = np.full((len(study.at), len(study.measures)), np.nan)
    for row, week in enumerate(study.at):
        over = Over(run, *year_before(week))
        for column, name in enumerate(study.measures):
            if MEASURES[name].kind == RECORD:
                measured[row, column] = MEASURES[name].function(over)
            elif week == study.at[-1]:
                measured[row, column] = observed[name]
    return measured


def _which(kept: list[_Kept], weeks: np.ndarray) -> dict[str, np.ndarray]:
    """The columns that say which run and week a row speaks of; a row for each run and week."""
    columns = {
        "point": np.array([each.spec.point for each in kept], np.uint32),
        "arm": np.array([each.spec.arm for each in kept], str),
        "replicate": np.array([each.spec.replicate for each in kept], np.uint32),
        "seed": np.array([each.seed for each in kept], np.int64),
    }
    return {name: np.repeat(column, len(weeks)) for name, column in columns.items()} | {"week": np.tile(weeks, len(kept))}


def _rows(study: Study, kept: list[_Kept]) -> dict[str, np.ndarray]:
    """`Piece.rows`."""
    values = np.array([each.measured for each in kept]).reshape(-1, len(study.measures))
    which = _which(kept, np.array(study.at, np.uint16))
    return which | {name: np.ascontiguousarray(values[:, column]) for column, name in enumerate(study.measures)}


def _series(study: Study, kept: list[_Kept]) -> dict[str, np.ndarray] | None:
    """`Piece.series`."""
    if not study.series:
        return None
    base = study.base
    weeks: np.ndarray = np.arange(-base.spin_up_weeks, base.weeks, dtype=np.int16)
    which = _which(kept, weeks)
    del which["seed"]
    series = np.array([each.series for each in kept], np.float32).reshape(len(kept), len(study.series), len(weeks))
    return which | {name: series[:, column].ravel() for column, name in enumerate(study.series)}
