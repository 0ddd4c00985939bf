"""One run, many runs, without state: what a worker does in a thread, in a process, or on another machine.

A run is a pure function of (scenario, reforms, replicate): its seed comes from the replicate alone, so every arm and every point
of a design shares its luck. What is kept of a run does not depend on the runs beside it, bit for bit.
"""

import hashlib
import json
import threading
import traceback
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim import harvest, instruments, measures, own
from sim.compiled import fingerprint
from sim.errors import InputError
from sim.harvest import columns, lived, warm_up
from sim.instruments.beyond import Observer
from sim.measures import MEASURES, Columns, Over
from sim.rng import replicate_seed
from sim.scenario import Scenario
from sim.studies.designs import POINTS, Points
from sim.studies.effects import year_before
from sim.studies.study import MOST, Study
from sim.yaml_files import parse

NEVER = threading.Event()


class RunSpec(NamedTuple):
    """Which run: a point of the design, an arm of the study, a replicate."""

    point: int
    arm: str
    replicate: int


class Failure(NamedTuple):
    """A run that raised an error."""

    point: int
    arm: str
    replicate: int
    values: str  # of what varies, as JSON
    error: str  # type and message
    traceback: str


class Piece(NamedTuple):
    """What is kept of some runs, in their order.

    rows      columns of a tidy table, a row for each run and week of `study.at`: point, arm, replicate, seed, week, and a float64
              column a measure
    series    the same for each run and week, spin-up included, with a float32 column a variable; None if none are asked for
    failures  runs that are missing from both
    """

    rows: dict[str, np.ndarray]
    series: dict[str, np.ndarray] | None
    failures: list[Failure]


def sources() -> str:
    """Hash of all code that a run's numbers depend on: of the model (see `fingerprint`), of what reads and measures it, and one's own."""
    return _sources(own.written())


@cache
def _sources(ours: str) -> str:
    """The same, as files were when it was first asked for."""
    digest = hashlib.sha256(fingerprint().encode())
    readers = [path for room in (measures, instruments) for path in sorted(Path(room.__file__ or "").parent.glob("*.py"))]
    for path in (Path(harvest.__file__), *readers, Path(__file__)):
        digest.update(path.read_bytes())
    digest.update(ours.encode())
    return digest.hexdigest()[:16]


def job_of(study: Study) -> bytes:
    """What workers are told: the study with everything it inherits (YAML), below a line with the hash of the sources.

    Its points are left out but for one, because each piece of work brings its own, and a table of points can have megabytes.
    """
    if study.design:
        first = {"random": 1} if study.vary is not None else {POINTS: "\n".join(study.design[POINTS].splitlines()[:2])}
        study = study.with_(design=first)
    return f"# sources: {sources()}\n{study.to_yaml()}".encode()


def study_of(job: bytes) -> Study:
    """The study of a job. InputError if the code that made the job is not the code that is to run it."""
    first, _, text = job.partition(b"\n")
    made = first.removeprefix(b"# sources: ").decode()
    if made != sources():
        raise InputError(
            f"this worker has other code or versions ({sources()}) than the study was started with ({made}).",
            "Install the same version of Confianza, Python, NumPy and numba everywhere, and start the workers anew.",
        )
    return _parsed(text)


@lru_cache(4)
def _parsed(text: bytes) -> Study:
    return Study(**parse(text, "study.yaml").data)


def perform(
    job: bytes, specs: tuple[RunSpec, ...], values: tuple[Mapping[str, Any], ...], on_run: Callable[[], None] | None = None
) -> Piece:
    """Run some runs of a study, and keep what it asks for.

    job     of `job_of`
    specs   which runs
    values  of what varies, for each run: those of its point of the design
    on_run  called after each run, failed or not; what it raises ends the work
    InputError if the job was made by other code. A run that raises is a failure, not the end of the others.
    """
    study = study_of(job)
    warm_up()
    scenarios: dict[tuple[int, str], Scenario] = {}
    done: list[_Kept | Failure] = []
    for spec, given in zip(specs, values, strict=True):
        try:
            done.append(_kept(study, spec, given, scenarios))
        except Exception as error:
            written = json.dumps(dict(given), default=lambda number: number.item())
            done.append(Failure(*spec, written, f"{type(error).__name__}: {error}", traceback.format_exc()))
        if on_run:
            on_run()
    kept = [each for each in done if isinstance(each, _Kept)]
    return Piece(_rows(study, kept), _series(study, kept), [each for each in done if isinstance(each, Failure)])


class _Kept(NamedTuple):
    """What is kept of a run."""

    spec: RunSpec
    seed: int
    measured: np.ndarray  # weeks x measures
    series: np.ndarray  # variables x weeks, float32


def _kept(study: Study, spec: RunSpec, given: Mapping[str, Any], scenarios: dict[tuple[int, str], Scenario]) -> _Kept:
    """One run from week 0 to its horizon; `scenarios` are those made so far, for replicates share theirs."""
    place = (spec.point, spec.arm)
    if place not in scenarios:
        scenarios[place] = study.scenario_at(spec.arm, given)
    scenario = scenarios[place]
    seed = replicate_seed(scenario.seed, luck_of(study, spec))
    observer = Observer(study.measures)
    found = lived(scenario, seed, lambda weeks: None, NEVER, observer.watch)[1]
    measured = measured_at(study, columns(scenario, found), observer.measures(scenario, seed))
    return _Kept(spec, seed, measured, np.array([found[name] for name in study.series], np.float32))


def luck_of(study: Study, spec: RunSpec) -> int:
    """Which luck a run has: the replicate's, which it shares with all points, or that of its own point and replicate."""
    return spec.replicate if study.luck == "shared" else (spec.point + 1) * MOST + spec.replicate


def measured_at(study: Study, run: Columns, beyond: Mapping[str, float]) -> np.ndarray:
    """What a study measures of one run: weeks of `at` x measures.

    beyond  measures that take a panel or an experiment, which are of the last of these weeks
    """
    measured: np.ndarray = np.full((len(study.at), len(study.measures)), np.nan)
    for row, week in enumerate(study.at):
        over = Over(run, *year_before(week))
        for column, name in enumerate(study.measures):
            if name in MEASURES:
                measured[row, column] = MEASURES[name].function(over)
            elif week == study.at[-1]:
                measured[row, column] = beyond[name]
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


def records(points: Points) -> list[dict[str, Any]]:
    """The values of each point by name; a study in which nothing varies has one point without values."""
    return points.values.to_dict("records") if len(points.values.columns) else [{} for _ in range(len(points.values))]
