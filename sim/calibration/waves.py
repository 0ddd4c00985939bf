"""Runs all over the prior, emulators, and then runs only where these find the targets met, loosely at first; wave after wave.

Two stores hold the runs: one of ordinary runs, one of the experiment on peers at some of the same points. Each wave makes their tables of
points longer, so a calibration that was stopped goes on where it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from inspect import getsource
from pathlib import Path

import numpy as np
import pandas as pd

from sim.calibration import process
from sim.calibration.emulators import CUT, Emulators, TargetRuns, learned
from sim.calibration.posterior import scattered
from sim.calibration.space import CRIME, CRIME_SD, STATES, Space, on_scales
from sim.calibration.structures import STRUCTURES
from sim.calibration.targets import Target
from sim.errors import InputError
from sim.files.writing import noted, place
from sim.inputs.yaml_files import shown_path
from sim.studies.answers.sweep import Sweep, sweep
from sim.studies.running.store import SweepStore

PRIOR_POINTS = 4_000  # by which the share of the prior that is left is counted
LOOSE = (3.0, 3.0, 2.0, 1.5, 1.0)  # times the tolerances: how loosely the points of the second wave meet the targets, the third's, ...
APART = 0.1  # share of a wave's points that is in a world without one of its mechanisms, for each of them
RUNS, ALONE = "runs", "peers"  # folders of the two stores


@dataclass(frozen=True)
class Effort:
    """How much is run. The numbers of points are for all waves together what the budget allows."""

    first: int = 1024  # points of the first wave
    later: int = 640  # and of each further one
    waves: int = 6
    replicates: int = 2  # of each, for knowing what is luck
    draws: int = 512  # of the posterior
    repeats: int = 8  # runs of each draw
    apart_draws: int = 128  # of the posterior of each world without a mechanism
    steps: int = 400  # of each chain at first; more if they have not converged
    peers: float = 0.3  # share of the points at which peers are experimented on

    @classmethod
    def of(cls, runs: int) -> "Effort":
        """About so many runs, shared between waves and posterior as usual. InputError if they are too few."""
        whole = cls()
        share = runs / whole.runs
        if runs < LEAST_RUNS:
            raise InputError(f"{runs} runs are too few to calibrate.", f"Take {LEAST_RUNS} or more; {whole.runs} are usual.", file="--runs")
        first, later, draws, apart = (max(8, int(share * many)) for many in (whole.first, whole.later, whole.draws, whole.apart_draws))
        return cls(first=first, later=later, draws=draws, apart_draws=apart)

    @property
    def runs(self) -> int:
        """Runs in all, those of peers not counted."""
        return self.replicates * self.points(self.waves) + self.repeats * (self.draws + len(STRUCTURES) * self.apart_draws)

    def points(self, waves: int) -> int:
        """Points of so many waves."""
        return self.first + (waves - 1) * self.later if waves else 0

    def apart(self, waves: int) -> int:
        """Of those, the ones at which peers are experimented on: the first of each wave."""
        return self.some(self.first) + (waves - 1) * self.some(self.later) if waves else 0

    def some(self, points: int) -> int:
        return max(16, int(self.peers * points))

    def as_data(self) -> dict[str, float]:
        return asdict(self)


LEAST_RUNS = 1200


@dataclass(frozen=True)
class Wave:
    """What was known after a wave.

    points  in all, runs of them in the store
    q2      of each emulator, by measure
    left    share of the prior that is not ruled out
    """

    points: int
    q2: dict[str, float]
    left: float


@dataclass
class History:
    """The runs of all waves in a folder, and what they teach."""

    space: Space
    effort: Effort
    folder: Path
    progress: Callable[[int], None] | None = None
    workers: int | None = None
    points: pd.DataFrame | None = None  # of all waves, if they are known from another calibration

    def run(self, tell: Callable[[str], None] = lambda text: None) -> tuple[Emulators, list[Wave]]:
        """Run all waves, or what is left of them. Returns what is known in the end, and after each wave."""
        emulators, waves, parts = None, [], list[pd.DataFrame]()
        for number in range(1, self.effort.waves + 1):
            parts.append(self._points(number, emulators))
            values = pd.concat(parts, ignore_index=True)
            emulators = self._learn(*self._run(values, number), number, emulators)
            waves.append(Wave(len(values), {one.target.measure: round(one.q2, 4) for one in emulators.learned}, self.left(emulators)))
            left = f"{100 * waves[-1].left:.3g}" if waves[-1].left else f"less than {100 / PRIOR_POINTS:.3g}"
            tell(f"wave {number}: {len(values):,} points, {left} % of the prior left")
        assert emulators is not None  # there is a wave
        return emulators, waves

    def taught(self) -> Emulators:
        """What all waves have taught, where they have been run. InputError if they have not."""
        runs, apart = (Sweep.load(self.folder / name) if SweepStore(self.folder / name).exists() else None for name in (RUNS, ALONE))
        if runs is None or len(runs.points) < self.effort.points(self.effort.waves):
            raise InputError(f"'{self.folder}' does not hold all runs of its calibration.", "Go on with it: confianza calibrate")
        return self._learn(runs, apart, self.effort.waves, None)

    def _points(self, number: int, emulators: Emulators | None) -> pd.DataFrame:
        """The new points of a wave, as values: those that are there already, or others. Values are what runs are known by; their places
        on the unit cube do not give them back to the last digit."""
        start, end = self.effort.points(number - 1), self.effort.points(number)
        if SweepStore(self.folder / RUNS).exists():
            here = Sweep.load(self.folder / RUNS).points.values
            if len(here) >= end:
                return here[start:end]
        if self.points is not None:
            return self.points[start:end]
        rng = np.random.default_rng([self.space.seed, 3, number])
        filling = self.space.filling(end) if emulators is None else None
        parts = []
        for without, count in self._worlds(end - start):
            if filling is not None:
                unit, filling = filling[:count], filling[count:]
            else:
                assert emulators is not None  # there was a wave
                loose = LOOSE[min(number - 2, len(LOOSE) - 1)]
                unit = scattered(self.space, emulators, loose, count, rng, without)
            parts.append(self._as_states(self.space.values(unit, without), rng))
        return pd.concat(parts).sample(frac=1.0, random_state=number, ignore_index=True)  # any few of them are of all kinds

    @staticmethod
    def _worlds(count: int) -> list[tuple[str | None, int]]:
        """How many points are in a world with all mechanisms, and without each of them."""
        apart = int(APART * count)
        return [(None, count - apart * len(STRUCTURES)), *((without, apart) for without in STRUCTURES)]

    def _as_states(self, values: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """The same points, every other one with the institutions and the crime of some state."""
        factors = dict(zip(self.space.names, self.space.factors, strict=True))
        moved, other = values.copy(), np.arange(len(values)) % 2 == 1
        for name in (name for name in (*STATES, CRIME) if name in factors):
            shifted = values[name] + CRIME_SD * rng.standard_normal(len(values))
            share = factors[name].of(shifted.to_numpy()) if name == CRIME else rng.random(len(values))
            moved[name] = np.where(other, factors[name].at(np.clip(share, 0.001, 0.999)), values[name])
        return moved

    def _run(self, values: pd.DataFrame, waves: int) -> tuple[Sweep, Sweep | None]:
        """The runs at the points of so many waves."""
        runs = self._extended(RUNS, values, self.effort.replicates, False)
        if not self.space.targets_of(alone=True):
            return runs, None
        chosen = np.concatenate([
            np.arange(start, start + self.effort.some(self.effort.points(number) - start))
            for number in range(1, waves + 1) for start in [self.effort.points(number - 1)]
        ])  # fmt: skip
        return runs, self._extended(ALONE, values.iloc[chosen], 1, True)

    def _extended(self, name: str, values: pd.DataFrame, replicates: int, alone: bool) -> Sweep:
        """A store that holds at least these points: made, or made longer, or as it is if it holds more."""
        study = self.space.study(values, replicates, alone=alone, name=name)
        folder = self.folder / name
        options = {"progress": self.progress, "workers": self.workers}
        store = SweepStore(folder)
        if not store.exists():
            return sweep(study, folder, **options)  # type: ignore[arg-type]
        made = Sweep.load(folder)
        self._same(made, study)
        here = len(made.points)
        if here >= len(values):
            return made.resume(**options)  # type: ignore[arg-type]
        return made.extend(study=study, **options)  # type: ignore[arg-type]

    def _same(self, made: Sweep, study: object) -> None:
        """InputError if a store is of another calibration."""
        ours, theirs = study.model_dump(exclude={"design", "name"}), made.study.model_dump(exclude={"design", "name"})  # type: ignore[attr-defined]
        if differing := [key for key in ours if ours[key] != theirs[key]]:
            raise InputError(
                f"'{self.folder}' holds another calibration: {', '.join(differing)} differ{'s' if len(differing) == 1 else ''}.",
                "Give another folder with --out.",
            )

    def _learn(self, runs: Sweep, apart: Sweep | None, waves: int, before: Emulators | None) -> Emulators:
        """Emulators of all targets from the runs of so many waves; those that were kept, if they learned from the same."""
        data = []
        for target in self.space.targets:
            alone = apart is not None and target in self.space.targets_of(alone=True)
            source, many = (apart, self.effort.apart(waves)) if apart and alone else (runs, self.effort.points(waves))
            data.append(TargetRuns(target, source.points.unit[:many], answers(source, target)[:many], self.space.columns(target)))
        file, key = self.folder / f"emulators-{waves}.npz", digest(data)
        if file.exists():
            with np.load(file) as kept:
                if str(kept["key"]) == key:
                    return Emulators.again(data, self.space.inputs, dict(kept))
        made = Emulators.fit(data, self.space.inputs, before)
        place(file, lambda stream: np.savez(stream, **{"key": np.array(key), **made.as_arrays()}))
        return made

    def left(self, emulators: Emulators) -> float:
        """The share of the prior that the bank does not rule out."""
        rng = np.random.default_rng([self.space.seed, 2])
        unit = self.space.snapped(rng.random((PRIOR_POINTS, len(self.space.factors))))
        return float(np.mean(emulators.implausibility(unit) < CUT))


def read_points(path: Path, names: Sequence[str], effort: Effort) -> pd.DataFrame:
    """The points of all waves of another calibration, to the last digit (its points.parquet). InputError if they do not serve here."""
    what = "Give the points.parquet of a calibration."
    try:
        with noted(open(path, "rb")) as stream:
            read = pd.read_parquet(stream)
    except FileNotFoundError:
        raise InputError("there is no such file.", what, file=shown_path(path)) from None
    except (OSError, ValueError) as error:
        raise InputError(f"the file cannot be read: {error}.", what, file=shown_path(path)) from None
    if list(read) != list(names):
        message = "these points are of other parameters than the scenario leaves open."
        raise InputError(message, "Name the scenario, and --set, as there.", file=shown_path(path))
    if len(read) != (many := effort.points(effort.waves)):
        raise InputError(f"{many:,} points are needed, and there are {len(read):,}.", "Give --runs as there.", file=shown_path(path))
    return read


def digest(data: Sequence[TargetRuns]) -> str:
    """What emulators of these runs depend on, in a few digits: runs, targets, and the text that learns."""
    found = sha256()
    for runs in data:
        found.update(repr((runs.target.id, runs.target.goal, runs.target.tolerance, runs.columns.tolist())).encode())
        found.update(np.ascontiguousarray(runs.unit).tobytes() + np.ascontiguousarray(runs.answers).tobytes())
    for text in (learned, process):
        found.update(getsource(text).encode())
    return found.hexdigest()[:16]


def answers(made: Sweep, target: Target) -> np.ndarray:
    """A target's measure in all runs (points x replicates), on its scale; nan where a run failed."""
    return on_scales([target], made.values(target.measure)[..., None])[..., 0]
