"""By what a run is known: a hash of all that its kept numbers depend on, so that nothing is run twice and no two versions are mixed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from sim.artifacts.bits import code
from sim.engine.plans import RunSpec
from sim.inputs.reforms import as_data, name_of
from sim.studies.design.points import Points
from sim.studies.design.study import MOST, PLACEBO, Study
from sim.world.parameters import CODEBOOK, flat


def keys(study: Study, points: Points, specs: Iterable[RunSpec]) -> list[bytes]:
    """A name of 16 bytes for each run, made of all that its kept numbers depend on and of nothing else.

    That is the code, what is read (measures, weeks, series), the city, the horizon, dated changes, the value of every parameter
    of the codebook, the arm's reforms with every lever, the root seed and the replicate. So the key outlives another name, other
    arms and a larger design; and runs that come to the same thing share one, as those of the baseline where only levers vary.
    """
    given = list(specs)
    common, rows = _common(study), _parameters(study, points)
    levers = {arm: _levers(study, points, arm) for arm in {spec.arm for spec in given}}
    heads = {arm: [common + row + own for row, own in zip(rows, each, strict=True)] for arm, each in levers.items()}
    return [_hash(heads[spec.arm][spec.point] + luck_of(study, spec).to_bytes(8, "little")) for spec in given]


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _common(study: Study) -> bytes:
    """The hash of what all runs of a study share."""
    base = study.base
    read = [sorted(study.measures), study.at, sorted(study.series)]
    city = base.model_dump(include={"city", "weeks", "spin_up_weeks", "seed"})
    changes = [[change.week, sorted(change.set.items())] for change in base.changes]
    return _hash(json.dumps([code(), read, city, changes, list(CODEBOOK)]).encode())


def _parameters(study: Study, points: Points) -> list[bytes]:
    """The hash of all parameters, for each point."""
    varied = dict(points.values.items())
    numbers = {name: varied.get(name, value) for name, value in flat(study.base.values()).items()}
    return [_hash(row) for row in _words(numbers, len(points.values))]


def _levers(study: Study, points: Points, arm: str) -> list[bytes]:
    """The reforms of an arm with all their levers, for each point."""
    values = points.values
    if arm == PLACEBO and not all(name in CODEBOOK for name in values.columns):  # its dose stays 0, whatever varies
        made_at = [[as_data(reform) for reform in study.reforms_at(arm, given)] for given in records(points)]
        return [_hash(json.dumps(made).encode()) for made in made_at]
    made = study.all_arms()[arm]
    levers = {
        (place, f"{name_of(reform)}.{lever}"): values.get(f"{name_of(reform)}.{lever}", value)
        for place, reform in enumerate(made)
        for lever, value in vars(reform).items()
    }
    data = _hash(json.dumps(list(levers)).encode())
    return [data + row for row in _words(levers, len(values))]


def _words(columns: Mapping[Any, Any], many: int) -> list[bytes]:
    """Columns (one value, or one a row) as so many rows of bytes."""
    table: np.ndarray = np.empty((many, len(columns)), np.uint64)
    for place, column in enumerate(columns.values()):
        if np.asarray(column).dtype.kind in "iuf":
            table[:, place] = (np.asarray(column, float) + 0.0).view(np.uint64)  # + 0.0: there is one zero
        else:
            table[:, place] = [_word(each) for each in ([column] if column is None or isinstance(column, str) else column)]
    return [row.tobytes() for row in table]


def _word(value: Any) -> int:
    """64 bits: a number as float64, a text or None by its hash."""
    if value is None or isinstance(value, str):
        return int.from_bytes(_hash(json.dumps(value).encode())[:8])
    return int(np.float64(value + 0.0).view(np.uint64))


def luck_of(study: Study, spec: RunSpec) -> int:
    """Which luck a run has: the replicate's, which it shares with all points, or that of its own point and replicate."""
    return spec.replicate if study.luck == "shared" else (spec.point + 1) * MOST + spec.replicate


def records(points: Points) -> list[dict[str, Any]]:
    """The values of each point by name; a study in which nothing varies has one point without values."""
    return points.values.to_dict("records") if len(points.values.columns) else [{} for _ in range(len(points.values))]
