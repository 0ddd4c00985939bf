"""Which factors an output depends on: plain arrays in, indices with intervals out."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.methods import how_judged
from sim.methods.indices.emulator import LEAST_POINTS, Emulator
from sim.methods.indices.estimators import ESTIMATORS
from sim.methods.indices.inputs import remarks
from sim.methods.indices.noise import Responses, checked, responses
from sim.methods.indices.polynomials import Basis
from sim.methods.indices.result import LEAST_Q2, WIDEST, Sensitivity, blank
from sim.methods.indices.shares import Shares, first_and_total, shares
from sim.methods.threads import single_threaded
from sim.style import Note, note

PAIRS = 60  # interactions shown at most
CURVE = 41  # points of a main-effect curve
PREFIXES = (0.25, 0.5, 1.0)  # shares of the design that show convergence
METHODS = ("emulator", *ESTIMATORS)


@single_threaded
def indices(
    unit: np.ndarray,
    y: np.ndarray,
    names: Sequence[str],
    *,
    method: str = "emulator",
    groups: Sequence[str] | None = None,
    design: Mapping[str, Any] | None = None,
    validation: np.ndarray | None = None,
    seed: int = 0,
    luck: bool = True,
) -> Sensitivity:
    """How the output depends on each factor, or group of factors.

    unit    n x d: points of the design, each factor as the share of its distribution that lies below. A factor with 8 values or fewer
            is taken as discrete, each value as likely as it is often
    y       n x r: the output at each point and replicate; nan where a run failed. Replicate j has the same luck at all points
    names   d, the factors in the order of the columns
    method  emulator (any design that fills the cube), delta, pawn (the same), or one that needs its own design: sobol, morris,
            efast, oat
    groups  d, the group of each factor; None: each factor for itself
    design  for the latter methods: {"sampler": "saltelli", "second_order": False}, {"sampler": "morris", "levels": 4}
    validation  n, bool: points that are not of the design but were drawn at random, each by itself, from the same distributions; by default
            none is. The emulator is judged there; without them its Q2 may flatter it. The other methods leave them out
    seed    of folds and resampling; equal seeds give equal results
    luck    False: the output is a function of the point alone, so one value each will do; else shares are refused with fewer than three
            replicates
    InputError if arrays do not fit together or the design is not that of the method; runs that failed are left out with their point
    by emulator, delta and pawn, and an error to the others.
    """
    names = [str(name) for name in names]
    if method not in METHODS:
        hint = did_you_mean(method, METHODS)
        raise InputError(f"there is no method '{method[:100]}'.", f"{hint}Known: {', '.join(METHODS)}")
    if groups is not None and len(groups) != len(names):
        raise InputError(f"factors are {len(names)}, but groups {len(groups)}.", "Give each factor the name of its group.")
    unit, y = checked(unit, y, names)
    members = _members([str(group) for group in groups] if groups is not None else names)
    judges = np.zeros(len(unit), bool) if validation is None else np.asarray(validation)
    if judges.shape != (len(unit),) or judges.dtype != bool:
        raise InputError(f"'validation' must be {len(unit)} times true or false, one for each point.", "Leave it out if there are none.")
    if method != "emulator":
        unit, y = unit[~judges], y[~judges]
        found = ESTIMATORS[method](unit, y, names, members, dict(design or {}), seed)
    else:
        found = _emulated(unit, responses(y), names, members, judges, seed)
    return found.apart_from_luck() if luck else found


def _members(groups: list[str]) -> dict[str, np.ndarray]:
    """Each group's factors (d, bool), in order of appearance."""
    return {group: np.array([other == group for other in groups]) for group in dict.fromkeys(groups)}


def _emulated(
    unit: np.ndarray, runs: Responses, names: list[str], members: dict[str, np.ndarray], judges: np.ndarray, seed: int
) -> Sensitivity:
    """The method `emulator`. judges: n, bool, the validation points."""
    said_of_points = remarks(unit, names, runs.kept)
    unit, mean, judges = unit[runs.kept], runs.mean, judges[runs.kept]
    left_out, runs = runs.failed, runs.at(slice(None))
    found = blank("emulator", list(members), runs)
    found.notes.extend(said_of_points)
    if left_out:
        found.notes.append(note("points_failed", many=left_out))
    if missing := int((runs.runs < runs.replicates).sum()):
        found.notes.append(note("some_runs_failed", many=missing))
    if len(mean) < LEAST_POINTS or np.ptp(mean) <= 1e-12 * float(np.abs(mean).max()):
        few = len(mean) < LEAST_POINTS
        enough = max(LEAST_POINTS, 10 * len(names))
        found.refused = note("too_few_to_learn", many=len(mean), enough=enough) if few else note("same_at_all_points")
        return found
    found.emulator = emulator = Emulator.fit(unit, runs, seed=seed, validation=judges)
    found.q2, (found.q2_low, found.q2_high), found.validated = emulator.q2, emulator.q2_interval, emulator.validated
    every = np.array(list(members.values()))
    if not emulator.validated:
        found.notes.append(note("q2_may_flatter"))
    _tell_noise(found, emulator, float(mean.var()))
    found.refused = _refusal(emulator, found, len(names))
    if found.refused:
        return found
    pairs = _pairs(emulator, every)
    heirs = np.r_[np.zeros(len(every), bool), np.ones(len(every), bool), np.zeros(len(pairs), bool), True]
    said = shares(emulator, first_and_total(every, pairs), heirs)
    if said is None:
        r = runs.replicates
        found.refused = note("nothing_without_luck", many=r, enough=4 * r)
        return found
    g = len(every)
    found.luck_error = None if said.luck is None else float(said.luck[g + said.share[g : 2 * g].argmax()])
    found.missed = said.missed
    found.table = pd.DataFrame({"factor": found.names, **_three("first", said, slice(0, g)), **_three("total", said, slice(g, 2 * g))})
    found.interactions = _interactions(found.names, pairs, said, slice(2 * g, 2 * g + len(pairs)))
    found.effects = _curves(emulator, names)
    found.convergence = _convergence(emulator, every, found.table, seed)
    found.covers = note("covers_emulator_one" if runs.replicates == 1 else "covers_emulator", missed=said.missed)
    return found


def _tell_noise(found: Sensitivity, emulator: Emulator, spread: float) -> None:
    """Noise shares. With one replicate all that is not predicted may be noise, and is taken as such."""
    runs = emulator.responses
    if runs.variance is None or emulator.noise is None:
        found.noise_share = found.noise_share_of_mean = float(np.clip(1 - emulator.q2, 0, 1))
        found.notes.append(note("one_replicate"))
        return
    signal = max(spread - emulator.noise, 0.0)
    found.noise_share = runs.variance / (runs.variance + signal) if runs.variance + signal > 0 else 0.0
    found.noise_share_of_mean = min(emulator.noise / spread, 1.0)
    found.q2_of_signal = float(np.clip(emulator.q2 / (1 - found.noise_share_of_mean), 0, 1)) if found.noise_share_of_mean < 1 else 0.0


def _refusal(emulator: Emulator, found: Sensitivity, d: int) -> Note | None:
    """Why nothing is said, with what would help; None if the emulator is good enough."""
    n, r = emulator.responses.apart.shape
    if emulator.q2 >= LEAST_Q2:
        return _unsure(emulator, found, n)
    few = {"points": n, "factors": d, "enough": _enough(n, d)}
    if r == 1:
        return _poor(emulator, note("why_luck_or_few", **few) if n < 10 * d else note("why_luck", points=n))
    from scipy.stats import f as fisher  # here, because it takes long to import

    noise = emulator.noise or 0.0
    ratio = float(emulator.responses.mean.var(ddof=1)) / noise if noise > 0 else np.inf
    if fisher.sf(ratio, n - 1, (n - 1) * (r - 1)) > 0.01:
        return note("nothing_beyond_luck_of", sd=noise**0.5, many=r)
    share = found.noise_share_of_mean or 0.0
    if share > 0.3:
        wanted = int(np.ceil(r * share / (1 - share) * 4))  # then a fifth of the variance of means is luck
        return _poor(emulator, note("why_much_luck", share=share, many=r, enough=wanted))
    return _poor(emulator, note("why_few", **few) if n < 10 * d else note("why_nonlinear", share=share, enough=4 * n))


def _unsure(emulator: Emulator, found: Sensitivity, n: int) -> Note | None:
    """That nobody knows how good an emulator is, and what would help; None if its Q2 is known well enough."""
    low, high = emulator.q2_interval
    if high - low <= WIDEST:
        return None
    judges, left = len(emulator.judged), WIDEST - 2 * emulator.unsettled  # what chance may take
    chance = (high - low - 2 * emulator.unsettled) / max(left, 1e-9)
    more = note("why_few_judges", points=judges, enough=int(np.ceil(judges * chance**2 / 10)) * 10)
    why = more if left > WIDEST / 2 else note("why_unsettled", points=n, enough=2 * n)
    return note("unsure_how_good", low=max(low, 0.0), high=high, judged=found.judged, why=why)


def _poor(emulator: Emulator, why: Note) -> Note:
    """That an emulator predicts too little, and why."""
    return note("poorly_foretold", share=max(emulator.q2, 0), judged=how_judged(emulator.validated), wanted=LEAST_Q2, why=why)


def _enough(n: int, d: int) -> int:
    """A power of two."""
    return int(2 ** np.ceil(np.log2(max(2 * n, 10 * d))))


def _three(name: str, said: Shares, where: slice) -> dict[str, np.ndarray]:
    return {name: said.share[where], f"{name}_low": said.low[where], f"{name}_high": said.high[where]}


def _pairs(emulator: Emulator, every: np.ndarray) -> np.ndarray:
    """q x 2: the pairs of groups with the largest interactions, as the surface has them."""
    pairs = np.array(list(combinations(range(len(every)), 2)), dtype=int).reshape(-1, 2)
    if not len(pairs):
        return pairs
    alone = emulator.surface.variance_given(every)
    size = emulator.surface.variance_given(every[pairs[:, 0]] | every[pairs[:, 1]]) - alone[pairs].sum(axis=1)
    best = np.argsort(-size, kind="stable")[:PAIRS]
    return pairs[best[size[best] > 1e-9 * size.sum()]]


def _interactions(names: list[str], pairs: np.ndarray, said: Shares, where: slice) -> pd.DataFrame:
    one, other = ([names[row] for row in column] for column in pairs.T)
    table = pd.DataFrame({"one": one, "other": other, "share": said.share[where], "low": said.low[where], "high": said.high[where]})
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _curves(emulator: Emulator, names: list[str]) -> pd.DataFrame:
    """Main-effect curves, about the mean, as far as points reach. Intervals: the jackknife over folds, about the curve of all points."""
    from scipy.special import stdtrit  # here, because it takes long to import

    basis = Basis.of(emulator.unit)
    reach = [np.clip(np.linspace(0, 1, CURVE), column.min(), column.max()) for column in emulator.unit.T]
    at = [whole if values is None else values for whole, values in zip(reach, basis.levels, strict=True)]
    grid = np.column_stack([np.resize(one, CURVE) for one in at])
    alone: np.ndarray = np.eye(len(names), dtype=bool)
    curve = emulator.surface.given(grid, alone)
    tried = np.array([surface.given(grid, alone) for surface in emulator.tried])
    k = len(tried)
    half = stdtrit(k - 1, 0.975) * np.sqrt(tried.var(axis=0) * (k - 1))
    rows = []
    for factor, name in enumerate(names):
        effect, wide = curve[: len(at[factor]), factor], half[: len(at[factor]), factor]
        rows.append(pd.DataFrame({"factor": name, "u": at[factor], "effect": effect, "low": effect - wide, "high": effect + wide}))
    return pd.concat(rows, ignore_index=True)


def _convergence(emulator: Emulator, every: np.ndarray, table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Totals from the first points alone. Prefixes of which an emulator cannot speak are left out."""
    own, judges = np.flatnonzero(~emulator.validation), np.flatnonzero(emulator.validation)
    n, g = len(own), len(every)
    parts = first_and_total(every, np.zeros((0, 2), dtype=int))
    heirs = np.arange(2 * g + 1) >= g
    rows = []
    for count in [round(n * share) for share in PREFIXES[:-1]]:
        if count < LEAST_POINTS or np.ptp(emulator.responses.mean[own[:count]]) == 0:
            continue
        seen = np.concatenate([own[:count], judges])
        part = Emulator.fit(
            emulator.unit[seen], emulator.responses.at(seen), seed=seed, kind=type(emulator.surface), validation=emulator.validation[seen]
        )
        if part.q2 >= LEAST_Q2 and (said := shares(part, parts, heirs)):
            total, low, high = (each[g : 2 * g] for each in (said.share, said.low, said.high))
            rows.append(pd.DataFrame({"points": count, "factor": table.factor, "total": total, "low": low, "high": high}))
    last = table.rename(columns={"total_low": "low", "total_high": "high"})[["factor", "total", "low", "high"]]
    last.insert(0, "points", n)
    return pd.concat([*rows, last], ignore_index=True)
