"""A small study, and runs of it that cost nothing: made-up numbers that depend on who a run is."""

import hashlib

import numpy as np

from sim.engine.plans import Failure, Piece
from sim.inputs.scenario import CitySize, Scenario
from sim.studies.design.study import Study

SMALL = Scenario(name="Small", city=CitySize(adults=1000, officers_per_1000_inhabitants=4.0), weeks=8, spin_up_weeks=2, seed=5)
STUDY = Study(
    name="[Which] & why?",
    question="¿Qué cambia?",
    scenario=SMALL,
    arms={"course": [{"training": {"start": 0, "coverage": 0.9}}]},
    vary={"trust.contact_gain": [0.01, 0.1]},
    design={"sobol": 8},
    replicates=3,
    measures=["mean_trust", "incidence"],
    series=["mean_trust", "crimes"],
    at=[4, 8],
)


def number_of(spec, measure):
    """What a made-up run gives: any number that depends on who it is."""
    return int.from_bytes(hashlib.blake2b(f"{tuple(spec)} {measure}".encode(), digest_size=6).digest()) / 2**48


def made_up(study, specs, failing=()):
    """A piece with numbers that depend on the run alone."""
    kept = [spec for spec in specs if spec not in failing]
    weeks = study.base.spin_up_weeks + study.base.weeks

    def columns(each, week):
        which = {
            "point": np.array([spec.point for spec in kept], np.uint32),
            "arm": np.array([spec.arm for spec in kept], str),
            "replicate": np.array([spec.replicate for spec in kept], np.uint32),
        }
        return {name: np.repeat(column, each) for name, column in which.items()} | {"week": np.tile(week, len(kept))}

    rows = columns(len(study.at), np.array(study.at, np.uint16)) | {"seed": np.full(len(kept) * len(study.at), 7, np.int64)}
    for measure in study.measures:
        rows[measure] = np.array([number_of(spec, measure) + week for spec in kept for week in study.at], float)
    series = columns(weeks, np.arange(-study.base.spin_up_weeks, study.base.weeks, dtype=np.int16))
    for name in study.series:
        noise = np.random.default_rng(len(kept)).random(len(kept) * weeks) if weeks > 100 else 0
        series[name] = (np.repeat([number_of(spec, name) for spec in kept], weeks) + noise).astype(np.float32)
    failures = [Failure(*spec, "{}", "ValueError: made up", "Traceback ...") for spec in specs if spec in failing]
    return Piece(rows, series if study.series else None, failures)


def data_of(folder):
    """Every data file's bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}
