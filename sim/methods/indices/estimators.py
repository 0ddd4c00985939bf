"""Methods of SALib, and one at a time, on the mean over replicates; what SALib lets pass in silence is checked first.

SALib 1.6 gives indices of zero if one of 1,280 outputs is nan or if all are equal, ignores seed=0, seeds NumPy's global generator and
changes how warnings look.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.methods.indices.noise import responses
from sim.methods.indices.result import Sensitivity, blank
from sim.methods.indices.salib import contained, salib_seed
from sim.style import Note, note

Members = dict[str, np.ndarray]
Estimator = Callable[[np.ndarray, np.ndarray, list[str], Members, dict[str, Any], int], Sensitivity]
NORMAL = 1.959963984540054
SLICES = 10  # of a factor's range, for PAWN
LEAST_SLICED = 8 * SLICES  # points for PAWN and delta


def _problem(names: list[str], members: Members) -> dict[str, Any]:
    """What SALib wants to know. Factors get plain names, for some endings are forbidden; groups only if there are any."""
    plain = [f"x{column}" for column in range(len(names))]
    problem = {"num_vars": len(names), "names": plain, "bounds": [[0.0, 1.0]] * len(names)}
    if len(members) < len(names):
        problem["groups"] = [f"g{row}" for column in range(len(names)) for row, own in enumerate(members.values()) if own[column]]
    return problem


def _whole(y: np.ndarray) -> tuple[np.ndarray, list[Note]]:
    """The replicates without a failed run (n x r), and what to say of the others. InputError if there is none."""
    fine = np.isfinite(y).all(axis=0)
    if not fine.any():
        count = int((~np.isfinite(y).any(axis=1)).sum()) or int((~np.isfinite(y)).any(axis=1).sum())
        message = f"runs failed at {count} of {len(y)} points, and this method needs all points of its design."
        raise InputError(message, "Run them again, or take the method emulator, which can do without.")
    lost = int((~fine).sum())
    return y[:, fine], [note("replicates_failed", many=lost)] if lost else []


def _begun(method: str, y: np.ndarray, members: Members, notes: list[Note]) -> Sensitivity:
    """A result without indices: what is known of the runs (n x r); refused if the output does not vary."""
    runs = responses(y)
    mean = runs.mean
    found = blank(method, list(members), runs)
    found.notes.extend(notes)
    if np.ptp(mean) <= 1e-12 * float(np.abs(mean).max()):
        found.refused = note("same_at_all_points")
    elif runs.variance is not None and runs.noise is not None:
        found.noise_share_of_mean = min(runs.noise / float(mean.var()), 1.0)
        found.noise_share = runs.variance / (runs.variance + max(float(mean.var()) - runs.noise, 0.0))
    return found


def _length(n: int, step: int, what: str) -> int:
    """How many times the step fits into n points. InputError if it does not."""
    if n % step or n < 2 * step:
        raise InputError(f"{n} points are not those of {what}, whose number is a multiple of {step}.", "Check the design and its options.")
    return n // step


def _moved(apart: np.ndarray, own: np.ndarray) -> bool:
    """Do all rows differ in factors of the group alone? apart: rows x d, bool."""
    return not apart[:, ~own].any()


def _interval(name: str, middle: np.ndarray, half: np.ndarray, most: float = 1.0) -> dict[str, np.ndarray]:
    return {f"{name}_low": np.clip(middle - half, 0, most), f"{name}_high": np.clip(middle + half, 0, most)}


def sobol(unit: np.ndarray, y: np.ndarray, names: list[str], members: Members, design: dict[str, Any], seed: int) -> Sensitivity:
    """Sobol indices of a Saltelli design; see `sim.methods.indices.saltelli`."""
    from sim.methods.indices.saltelli import blocks, estimated

    whole, notes = _whole(y)
    second = bool(design.get("second_order", False))
    found = _begun("sobol", whole, members, notes)
    places = blocks(unit, members, second)
    return found if found.refused else estimated(found, whole, places, _problem(names, members), second, seed)


def morris(unit: np.ndarray, y: np.ndarray, names: list[str], members: Members, design: dict[str, Any], seed: int) -> Sensitivity:
    """Elementary effects of Morris trajectories; those of the mean are the means of each replicate's."""
    from SALib.analyze import morris as salib

    whole, notes = _whole(y)
    levels = int(design.get("levels", 4))
    count = _length(len(unit), len(members) + 1, "Morris trajectories")
    steps = np.diff(unit.reshape(count, len(members) + 1, -1), axis=1).reshape(-1, unit.shape[1]) != 0
    owners = np.array([[_moved(row[None], own) for own in members.values()] for row in steps])
    if not (owners.any(axis=1) & steps.any(axis=1)).all():
        raise InputError("the points are no Morris trajectories of these factors or groups.", "Check the order of factors and the groups.")
    found = _begun("morris", whole, members, notes)
    if found.refused:
        return found
    with contained():
        said = salib.analyze(_problem(names, members), unit, whole.mean(axis=1), num_levels=levels, seed=salib_seed(seed))
    keys = ("mu", "mu_star", "mu_star_conf", "sigma")
    mu, mu_star, half, sigma = (np.ma.filled(np.ma.asarray(said[key], dtype=float), np.nan) for key in keys)
    ends = _interval("mu_star", mu_star, half, np.inf)
    if len(members) < len(names):  # signs within a group cancel
        mu = np.where([own.sum() > 1 for own in members.values()], np.nan, mu)
    found.table = pd.DataFrame({"factor": found.names, "mu": mu, "mu_star": mu_star, **ends, "sigma": sigma})
    found.covers = note("covers_morris")
    return found


def efast(unit: np.ndarray, y: np.ndarray, names: list[str], members: Members, design: dict[str, Any], seed: int) -> Sensitivity:
    """Fourier indices of eFAST."""
    from SALib.analyze import fast

    if len(members) < len(names):
        raise InputError("eFAST knows no groups.", "Take the method emulator, or the design saltelli.")
    whole, notes = _whole(y)
    harmonics = int(design.get("harmonics", 4))
    count = _length(len(unit), len(names), "eFAST")
    if count <= 4 * harmonics**2:
        raise InputError(f"eFAST needs more than {4 * harmonics**2} points a factor, but has {count}.", "Take a larger design.")
    if not _fastest(unit, count):
        raise InputError("the points are not those of an eFAST design of these factors.", "Check the order of factors.")
    found = _begun("efast", whole, members, notes)
    if found.refused:
        return found
    with contained():
        said = fast.analyze(_problem(names, members), whole.mean(axis=1), M=harmonics, seed=salib_seed(seed))
    table: dict[str, Any] = {"factor": found.names}
    for name, key in (("first", "S1"), ("total", "ST")):
        table |= {name: np.array(said[key])} | _interval(name, np.array(said[key]), np.array(said[f"{key}_conf"]))
    found.table = pd.DataFrame(table)
    found.covers = note("covers_efast")
    return found


def _fastest(unit: np.ndarray, count: int) -> bool:
    """Is factor k the one that goes up and down most often in block k, as on eFAST's search curve?"""
    turns = [np.abs(np.diff(unit[k * count : (k + 1) * count], axis=0)).sum(axis=0) for k in range(unit.shape[1])]
    return all(int(np.argmax(each)) == k for k, each in enumerate(turns))


def _kept(method: str, unit: np.ndarray, y: np.ndarray, members: Members) -> tuple[Sensitivity, np.ndarray, np.ndarray]:
    """A result begun, with the points of which a run did not fail (k x d) and their means (k)."""
    runs = responses(y)
    notes = [note("points_failed", many=runs.failed)] if runs.failed else []
    found = _begun(method, y[runs.kept], members, notes)
    if not found.refused and len(runs.mean) < LEAST_SLICED:
        found.refused = note("too_few_points", many=len(runs.mean), enough=LEAST_SLICED)
    return found, unit[runs.kept], runs.mean


def _no_groups(names: list[str], members: Members, method: str) -> None:
    if len(members) < len(names):
        raise InputError(f"{method} knows no groups.", "Take the method emulator, or analyze factors one by one.")


def _moving(unit: np.ndarray, names: list[str], members: Members) -> tuple[np.ndarray, dict[str, Any]]:
    """d, bool: which factors vary, and SALib's problem of these: of the others it would say nan."""
    moving = np.ptp(unit, axis=0) > 0
    own = [name for name, moves in zip(names, moving, strict=True) if moves]
    return moving, _problem(own, {name: members[name][moving] for name in own})


def _spread(said: Any, moving: np.ndarray) -> np.ndarray:
    """d: what is said of factors that vary, and 0 of the others."""
    found = np.zeros(len(moving))
    found[moving] = np.asarray(said, float)
    return found


def delta(unit: np.ndarray, y: np.ndarray, names: list[str], members: Members, design: dict[str, Any], seed: int) -> Sensitivity:
    """Borgonovo's delta: how much the output's whole distribution moves when a factor is known."""
    from SALib.analyze import delta as salib

    _no_groups(names, members, "delta")
    found, unit, mean = _kept("delta", unit, y, members)
    if found.refused:
        return found
    moving, every = _moving(unit, names, members)
    with contained():
        said = salib.analyze(every, unit[:, moving], mean, seed=salib_seed(seed))
    raw = "delta_raw" if "delta_raw" in said else "delta"  # before SALib 1.6 there was one kind
    table: dict[str, Any] = {"factor": found.names}
    for name, key in (("delta", raw), ("first", "S1")):
        middle, half = (_spread(said[one], moving) for one in (key, f"{key}_conf"))
        table |= {name: middle} | _interval(name, middle, half)
    found.table = pd.DataFrame(table)
    if not np.isfinite(found.table.drop(columns="factor").to_numpy()).all():
        found.table = found.table.iloc[:0]
        found.refused = note("delta_unknown")
    found.covers = note("covers_delta")
    return found


def pawn(unit: np.ndarray, y: np.ndarray, names: list[str], members: Members, design: dict[str, Any], seed: int) -> Sensitivity:
    """PAWN: distance between the output's distribution and that in slices of a factor's range; see `sim.methods.indices.slices`."""
    from SALib.analyze import pawn as salib

    from sim.methods.indices.slices import inert, medians

    _no_groups(names, members, "PAWN")
    found, unit, mean = _kept("pawn", unit, y, members)
    if found.refused:
        return found
    moving, every = _moving(unit, names, members)
    with contained():
        said = salib.analyze(every, unit[:, moving], mean, S=SLICES, seed=salib_seed(seed))
    rng = np.random.default_rng([seed, 3])
    spread = _spread(medians(unit[:, moving], mean, SLICES, rng).std(axis=0, ddof=1) * NORMAL, moving)
    ends = _interval("median", _spread(said["median"], moving), spread)
    table = {key: _spread(said[key], moving) for key in ("minimum", "mean", "median")} | ends
    table |= {
        "maximum": _spread(said["maximum"], moving),
        "cv": _spread(said["CV"], moving),
        "inert": np.full(len(names), inert(mean, SLICES, rng)),
    }
    found.table = pd.DataFrame({"factor": found.names, **table})
    found.covers = note("covers_pawn")
    return found


def oat(unit: np.ndarray, y: np.ndarray, names: list[str], members: Members, design: dict[str, Any], seed: int) -> Sensitivity:
    """One factor at a time: the first point is the middle, each other differs from it in one factor."""
    _no_groups(names, members, "one at a time")
    apart = unit != unit[0]
    if len(unit) < 2 or not (apart.sum(axis=1) <= 1).all():
        raise InputError("the points do not differ from the first in one factor each.", "Take the design oat.")
    whole, notes = _whole(y)
    found = _begun("oat", whole, members, notes)
    if found.refused:
        return found
    rows = []
    for column, name in enumerate(names):
        at = np.flatnonzero(apart[:, column] | (np.arange(len(unit)) == 0))
        order = at[np.argsort(unit[at, column], kind="stable")]
        mean, change = whole[order].mean(axis=1), whole[order[-1]] - whole[order[0]]
        half = _half(change)
        rows.append({"factor": name, "low": mean[0], "high": mean[-1], "swing": float(np.ptp(mean)), "change": change.mean(),
                     "change_low": change.mean() - half, "change_high": change.mean() + half})  # fmt: skip
    found.table = pd.DataFrame(rows)
    found.covers = note("covers_oat")
    return found


def _half(values: np.ndarray) -> float:
    """Half-width of a 95 % t interval; nan for one value."""
    if values.size < 2:
        return float("nan")
    from scipy.special import stdtrit  # here, because it takes long to import

    return float(stdtrit(values.size - 1, 0.975) * values.std(ddof=1) / np.sqrt(values.size))


ESTIMATORS: dict[str, Estimator] = {"sobol": sobol, "morris": morris, "efast": efast, "delta": delta, "pawn": pawn, "oat": oat}
