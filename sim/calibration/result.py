"""What a calibration found: the posterior, what each parameter and target says, and the way to disk and back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from sim.artifacts.artifact import Artifact
from sim.artifacts.checking import ArtifactKind, read_table
from sim.artifacts.posterior import Posterior, load_posterior, posterior_files
from sim.files.writing import Content
from sim.studies.design.factors import Factor
from sim.style.html import card, table
from sim.world.parameters import CODEBOOK

LEVEL = 0.9  # of intervals
TELLING = 0.2  # contraction above which the targets have told something of a parameter
ALIKE = 0.4  # correlation, on the normal scale, above which two parameters cannot be told apart
FLAT = 12**-0.5  # standard deviation of a uniform number
PARAMETERS, TARGETS, PAIRS, ANSWERS, UNIT = "parameters.csv", "targets.csv", "pairs.csv", "answers.csv", "unit.csv"
STRUCTURES, POINTS = "structures.csv", "points.parquet"
# beside NAME.csv and NAME.yaml
FILES = (PARAMETERS, TARGETS, PAIRS, ANSWERS, UNIT, STRUCTURES, POINTS, "contraction.png", "marginals.png", "targets.png")
KIND = ArtifactKind("calibration", "Make it again: confianza calibrate SCENARIO --out FOLDER")
COLUMNS: dict[str, dict[str, str]] = {  # of tables, with the kinds of their values
    PARAMETERS: dict.fromkeys(("parameter", "unit", "status"), "O")
    | dict.fromkeys(("contraction", "moved", "prior", "prior_low", "prior_high", "posterior", "low", "high"), "iuf"),
    TARGETS: dict.fromkeys(("pattern", "measure"), "O")
    | dict.fromkeys(("value", "tolerance", "posterior", "low", "high", "misfit", "q2"), "iuf"),
    PAIRS: {"one": "O", "other": "O", "correlation": "iuf"}, ANSWERS: {}, UNIT: {},
    STRUCTURES: {"structure": "O"} | dict.fromkeys(("log_evidence", "error", "weight", "effective_draws", "misfit"), "iuf"),
}  # fmt: skip


@dataclass(frozen=True)
class Calibration(Artifact):
    """A posterior and the tables about it.

    posterior   weighted draws, with what is said of them in NAME.yaml
    unit        the same draws as shares of each prior (n x d): 0.5 is its median
    parameters  a row a parameter: contraction, prior and posterior median and 90 % interval
    targets     a row a target: value, tolerance, posterior predictive median and 90 % interval, misfit
    pairs       parameters that cannot be told apart: one, other, correlation
    answers     n rows: each draw's own answers, mean of its runs, a column a measure
    structures  a row a structure, the whole model first: log evidence and its error, share of the weight, the target missed most
    alternatives, points  the posteriors of worlds without a mechanism, and the points of all waves; not read back by `load`
    """

    KIND, TABLES = KIND, {name.removesuffix(".csv"): name for name in COLUMNS}

    posterior: Posterior
    unit: pd.DataFrame
    parameters: pd.DataFrame
    targets: pd.DataFrame
    pairs: pd.DataFrame
    answers: pd.DataFrame
    structures: pd.DataFrame
    alternatives: tuple[Posterior, ...] = ()
    points: pd.DataFrame | None = None

    @property
    def name(self) -> str:
        return self.posterior.name

    @property
    def facts(self) -> Any:
        return self.posterior.facts

    @property
    def root_seed(self) -> int | None:
        return self.facts.get("seed")

    def _files(self) -> dict[str, Content]:
        """NAME.csv and NAME.yaml, which studies can use, and the tables."""
        files: dict[str, Content] = {
            key: text for one in (self.posterior, *self.alternatives) for key, text in posterior_files(one).items()
        }
        if self.points is not None:
            files[POINTS] = partial(self.points.to_parquet, compression="zstd")
        return {**files, **replace(self, unit=self.unit.round(5))._tables()}

    @classmethod
    def load(cls, folder: str | Path, name: str) -> Self:  # type: ignore[override]
        """What `save` wrote. InputError if it is not there or cannot be read."""
        tables = {attribute: read_table(Path(folder) / file, KIND, COLUMNS[file]) for attribute, file in cls.TABLES.items()}
        return cls(load_posterior(Path(folder) / f"{name}.csv"), **tables)

    def __repr__(self) -> str:
        informed = int((self.parameters.contraction > TELLING).sum())
        many = f"{len(self.posterior.draws)} draws that tell as much as {self.posterior.effective:.0f} of equal weight"
        return f"<Calibration of '{self.name}': {many}; the targets tell something of {informed} of {len(self.parameters)} parameters>"

    def _repr_html_(self) -> str:
        parts = (
            table(self.parameters.head(15), caption="The parameters of which the targets tell most"),
            table(self.targets, caption="The targets"),
        )
        return card(f"Calibration of {self.name}", (), *parts, text=repr(self)[1:-1])


def weighted_quantile(values: np.ndarray, weights: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Values below which shares of the weight lie; values: n or n x d, of which each column is alone.

    >>> weighted_quantile(np.array([3.0, 1.0, 2.0]), np.ones(3) / 3, [0.5]).tolist()
    [2.0]
    """
    if values.ndim == 2:
        return np.stack([weighted_quantile(column, weights, shares) for column in values.T], axis=1)
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order]) - weights[order] / 2.0
    return np.interp(shares, below / weights.sum(), values[order])


def contraction(unit: np.ndarray, weights: np.ndarray, flat: np.ndarray | float = FLAT) -> np.ndarray:
    """1 less the ratio of the posterior's to the prior's standard deviation, on the scale on which the prior is uniform, a value a column.

    flat  the prior's standard deviation there, which is smaller for whole numbers
    """
    mean = weights @ unit
    return 1.0 - np.sqrt(np.maximum(weights @ (unit - mean) ** 2, 0.0)) / flat


def parameter_table(factors: Sequence[Factor], unit: np.ndarray, values: pd.DataFrame, weights: np.ndarray) -> pd.DataFrame:
    """A row a parameter, those of which the targets tell most first."""
    shares = [(1.0 - LEVEL) / 2.0, 0.5, (1.0 + LEVEL) / 2.0]
    grid = (np.arange(2000) + 0.5) / 2000
    rows = []
    for column, factor in enumerate(factors):
        flat = float(np.std(factor.of(factor.at(grid))))
        low, middle, high = weighted_quantile(values[factor.name].to_numpy(float), weights, shares)
        prior_low, prior_middle, prior_high = factor.at(np.array(shares)).tolist()
        rows.append({
            "parameter": factor.name, "contraction": float(contraction(unit[:, [column]], weights, flat)[0]),
            "moved": float(weights @ unit[:, column] - 0.5) / flat,
            "prior": prior_middle, "prior_low": prior_low, "prior_high": prior_high,
            "posterior": middle, "low": low, "high": high, "unit": factor.unit, "status": CODEBOOK[factor.name].status,
        })  # fmt: skip
    return pd.DataFrame(rows).sort_values("contraction", ascending=False, kind="stable", ignore_index=True)


def alike(names: Sequence[str], unit: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    """Pairs whose draws are so correlated that the targets fix a combination of the two rather than each; the strongest first."""
    from scipy.special import ndtri  # here, because it takes long to import

    normal = ndtri(np.clip(unit, 1e-6, 1.0 - 1e-6))
    centered = (normal - weights @ normal) * np.sqrt(weights)[:, None]
    size = np.sqrt((centered**2).sum(axis=0))
    matrix = (centered.T @ centered) / np.outer(size, size)
    rows = [
        {"one": names[i], "other": names[j], "correlation": float(matrix[i, j])}
        for i in range(len(names)) for j in range(i) if abs(matrix[i, j]) > ALIKE
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=["one", "other", "correlation"])
    return found.sort_values("correlation", key=np.abs, ascending=False, kind="stable", ignore_index=True)
