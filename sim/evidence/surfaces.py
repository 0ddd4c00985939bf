"""What trials come to in the model, emulated: a process for every finding, learned from reruns, that answers for thousands of points."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count

import numpy as np
import pandas as pd

from sim.calibration.process import Process
from sim.evidence.rerun import DELIVERED
from sim.methods.threads import single_threaded

ROWS = 256
TAIL = 0.005  # of the points on either side, beyond which a parameter is read as if it were there


@dataclass(frozen=True)
class Surfaces:
    """Emulated findings.

    low, high  of each parameter: where emulators begin and end to tell values apart
    learned    a process a finding; columns that it reads are all parameters, and `delivered` where a delivery is fitted
    error      variance of what an emulator misses at points that had no say in its scales, of one run: its own luck is in it
    """

    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    learned: Mapping[str, Process]
    error: Mapping[str, float]
    q2: Mapping[str, float]

    @classmethod
    def fit(cls, points: pd.DataFrame, effects: pd.DataFrame, seed: int = 0) -> "Surfaces":
        """Surfaces of all findings that vary, in threads; points: a column a parameter and `delivered`, a row a run."""
        values = points.to_numpy(float)
        low, high = (np.quantile(values, share, axis=0) for share in (TAIL, 1.0 - TAIL))
        varying = [name for name in effects if effects[name].std() > 0.0]
        inputs = _scaled(values, low, high)

        def one(name: str) -> Process:
            y = effects[name].to_numpy()
            known = np.isfinite(y)  # nobody may be there to be asked in a small city
            return Process.fit(inputs[known], y[known], 0.0, seed)  # how rough a single run is, the process finds

        with ThreadPoolExecutor(cpu_count()) as pool:
            learned = dict(zip(varying, pool.map(one, varying), strict=True))
        error = {name: float(np.mean(process.left[process.apart] ** 2)) for name, process in learned.items()}
        q2 = {name: 1.0 - float(np.mean(one.left**2)) / float(effects[name].var()) for name, one in learned.items()}
        return cls(tuple(points), low, high, learned, error, q2)

    @single_threaded
    def predict(self, points: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
        """n x findings: mean effects at points; one that never varied is nan."""
        inputs = _scaled(points[list(self.names)].to_numpy(float), self.low, self.high)
        found = np.full((len(inputs), len(names)), np.nan)
        for start in range(0, len(inputs), ROWS):
            rows = slice(start, start + ROWS)
            for place, name in enumerate(names):
                if name in self.learned:
                    found[rows, place] = self.learned[name].predict(inputs[rows])
        return found

    def at_deliveries(self, points: pd.DataFrame, delivered: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """n x k x findings: the same at each of k deliveries (0-1)."""
        each = [self.predict(points.assign(**{DELIVERED: much}), names) for much in delivered.tolist()]
        return np.stack(each, axis=1)


def _scaled(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.clip((values - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
