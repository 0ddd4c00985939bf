"""What an analysis says: indices with intervals, what those cover, and when it had better not speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.methods import how_judged
from sim.methods.indices.noise import Responses, hidden_by_luck
from sim.style import Note, note

if TYPE_CHECKING:
    from sim.methods.indices.emulator import Emulator

LEAST_Q2 = 0.5  # below this an emulator does not speak
WIDEST = 0.25  # nor where the interval of its Q2 is wider
CORRECTED = ("emulator", "sobol")  # methods that take luck off shares of variance
NOTHING = note("covers_nothing")


@dataclass
class Sensitivity:
    """How an output depends on factors, or on groups of factors.

    method        emulator, sobol, morris, efast, delta, pawn or oat
    names         of the factors or groups, in the order of the design
    points        of the design that were used;  replicates: at each
    mean, sd      of the mean responses, over points
    table         a row a factor; empty if refused. Columns: factor, then
                  emulator  first, total, each with _low and _high
                  sobol     the same, then first_salib and total_salib, from which luck has not been taken off
                  efast     first, total, each with _low and _high
                  morris    mu, mu_star, mu_star_low, mu_star_high, sigma (nan for a group)
                  delta     delta, first, each with _low and _high
                  pawn      minimum, mean, median, median_low, median_high, maximum, cv, inert (the median of a factor that does nothing)
                  oat       low, high (mean output at the factor's ends), swing (largest less smallest), change, change_low, change_high
    covers        what the intervals cover: a `sim.style.Note`, as are `refused` and `notes`; str(...) is its sentence
    refused       why it does not speak, and what would help; None if it speaks
    interactions  one, other, share, low, high: what two do only together, the largest first; None if the method does not tell
    effects       factor, u, effect, low, high: mean output less the overall mean, where a share u of the factor's distribution lies below
                  (emulator only)
    convergence   points, factor, total, low, high: the same from the first points alone (emulator, sobol)
    q2            share of the variance of mean responses that the emulator predicts at points it has not seen
    q2_low, q2_high  90 % interval of that: which points judge is chance, and with other points the emulator would be another
    validated     how many validation points judge it, which are not of the design; 0: none, so that it may be flattered
    q2_of_signal  the same of what is not luck, at most 1
    missed        share of the variance, noise taken off, that the emulator does not find
    noise_share   share of the variance of single runs with the same luck that is luck at the point: noise / (noise + signal). What a luck
                  does at all points alike is in neither. With one replicate an upper bound: what the emulator does not predict
    noise_share_of_mean  the same for means over replicates
    luck_error    standard error that luck gives the largest total; None if it is not known
    notes         what else a reader must know: points left out, and the like
    """

    method: str
    names: list[str]
    points: int
    replicates: int
    mean: float
    sd: float
    table: pd.DataFrame
    covers: Note | str
    refused: Note | str | None = None
    interactions: pd.DataFrame | None = None
    effects: pd.DataFrame | None = None
    convergence: pd.DataFrame | None = None
    q2: float | None = None
    q2_low: float | None = None
    q2_high: float | None = None
    validated: int = 0
    q2_of_signal: float | None = None
    missed: float | None = None
    noise_share: float | None = None
    noise_share_of_mean: float | None = None
    luck_error: float | None = None
    notes: list[Note | str] = field(default_factory=list)

    @property
    def judged(self) -> Note:
        """How Q2 was found."""
        return how_judged(self.validated)

    @property
    def remarks(self) -> list[Note | str]:
        """All that a reader must know: why nothing is said, or what intervals cover; then the notes."""
        return [self.covers if self.refused is None else self.refused, *self.notes]

    def __post_init__(self) -> None:
        self.emulator: Emulator | None = None  # not a field: it is not saved

    def predict(self, unit: np.ndarray) -> np.ndarray:
        """n: what the emulator expects at points (n x d, in [0, 1]). InputError if there is none."""
        if self.emulator is None:
            raise InputError(f"the method '{self.method}' gives no emulator, or it was not kept.", "Take the method emulator.")
        return self.emulator.predict(unit)

    def with_values(self, at: Mapping[str, Callable[[np.ndarray], np.ndarray]]) -> Sensitivity:
        """The same, with each factor's own value beside its place on its curve; groups have none and lose theirs.

        at  quantiles of each factor's distribution, by name
        """
        if self.effects is None:
            return self
        curves = [
            curve.assign(value=at[str(name)](curve.u.to_numpy()))
            for name, curve in self.effects.groupby("factor", sort=False)
            if str(name) in at
        ]
        made = replace(self, effects=pd.concat(curves, ignore_index=True) if curves else None)
        made.emulator = self.emulator
        return made

    def apart_from_luck(self) -> Sensitivity:
        """The same; refused, without tables, if it is about shares that cannot be told from luck with so few replicates."""
        if self.refused or self.method not in CORRECTED or not (reason := hidden_by_luck(self.replicates, self.luck_error)):
            return self
        emptied = {"table": self.table.iloc[:0], "interactions": None, "effects": None, "convergence": None, "missed": None}
        made = replace(self, refused=reason, covers=NOTHING, **emptied)
        made.emulator = self.emulator
        return made


def blank(method: str, names: list[str], runs: Responses) -> Sensitivity:
    """A result that says nothing yet."""
    mean = runs.mean
    table = pd.DataFrame(columns=columns(method))
    return Sensitivity(method, names, len(mean), runs.replicates, float(mean.mean()), float(mean.std()), table, NOTHING)


def columns(kind: str) -> list[str]:
    """The columns of an empty table.

    >>> columns("emulator")
    ['factor', 'first', 'first_low', 'first_high', 'total', 'total_low', 'total_high']
    """
    both = ["first", "first_low", "first_high", "total", "total_low", "total_high"]
    known = {
        "emulator": both, "efast": both, "sobol": [*both, "first_salib", "total_salib"],
        "morris": ["mu", "mu_star", "mu_star_low", "mu_star_high", "sigma"],
        "delta": ["delta", "delta_low", "delta_high", "first", "first_low", "first_high"],
        "pawn": ["minimum", "mean", "median", "median_low", "median_high", "maximum", "cv", "inert"],
        "oat": ["low", "high", "swing", "change", "change_low", "change_high"],
    }  # fmt: skip
    return ["factor", *known[kind]]
