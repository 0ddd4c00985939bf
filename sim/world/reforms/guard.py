"""What a reform of one's own does is looked at each time: it writes the columns it declares and no others, what it moves of trust is in
the ledger, and it costs numbers. InputError names reform, week, column and remedy. Reforms of the package are held to the same by tests.

The price is a copy of the columns for each act and each stretch of weeks.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np

from sim.errors import InputError, did_you_mean, shown
from sim.world.limits import LIMITS, limits
from sim.world.parameters import parameters
from sim.world.reforms.common import Bill, Scene
from sim.world.state import Cause, City

WRITABLE = (*LIMITS, "ledger", "tally")
TOLERANCE, TOLERANCE_PER_ADULT = 1e-9, 1e-12  # of what was moved, and for the rounding of each adult's trust
BOOKING = """Book what you write (and declare "ledger"):
  city.ledger[Cause.INTERVENTION, {0}, 0] += change.sum()
  city.ledger[Cause.INTERVENTION, {0}, 1] += abs(change).sum()"""


def is_own(reform: Any) -> bool:
    """Is it of another's making?"""
    return not type(reform).__module__.startswith("sim.world.reforms")


def act(name: str, reform: Any, scene: Scene) -> Bill:
    """What a reform does in a week that is due; what that costs."""
    if not is_own(reform):
        return reform.act(scene)
    before, who = _copy(scene.city), f"the reform '{name}' in week {scene.week}"
    bill = called(name, "act", scene.week, reform.act, scene)
    changed = _changed(before, scene.city)
    kept = {"cells.course"} if "citizens.fairness" in reform.writes else set()  # trust is kept in both
    if undeclared := sorted(changed - set(reform.writes) - kept):
        message = f"{who} writes {', '.join(undeclared)}, which it does not declare."
        known = [column for column in undeclared if column in WRITABLE]
        remedy = (
            f"Add {', '.join(map(repr, known))} to its 'writes', or leave it as it is." if known else "Leave it as it is: phases write it."
        )
        raise InputError(message, remedy)
    for column in sorted(changed & LIMITS.keys()):
        _check_limits(who, scene.city, column)
    _check_ledger(who, before, scene.city)
    if not _costs(bill, (2,)):
        raise InputError(f"{who} returns {shown(bill)} as its bill.", "Return Bill(officer_weeks, money): two finite numbers from 0 up.")
    return Bill(*map(float, bill))


def running(name: str, reform: Any, scene: Scene) -> np.ndarray:
    """What a stretch of weeks that has just passed cost because of a reform, a row a week."""
    if not is_own(reform):
        return reform.running(scene)
    before, weeks = _copy(scene.city), len(scene.counts)
    cost = called(name, "running", scene.week, reform.running, scene)
    if changed := sorted(_changed(before, scene.city)):
        message = f"the reform '{name}' in week {scene.week} writes {', '.join(changed)} in 'running', which only counts what weeks cost."
        raise InputError(message, "Write columns in 'act', in the weeks that 'due' names.")
    if not _costs(cost, (weeks, 2)):
        message = f"'running' of the reform '{name}' in week {scene.week} gives no table of {weeks} x 2 finite numbers from 0 up."
        raise InputError(message, "Return np.stack([officer_weeks, money], axis=1), a row for each of scene.counts, or nothing(scene).")
    return np.asarray(cost, float)


def check_dates(name: str, reform: Any, horizon: int = 5200) -> None:
    """InputError if a reform of one's own is due in no weeks, or sets what parameters cannot be."""
    if not is_own(reform):
        return
    due, tried = called(name, "due", None, lambda: list(reform.due(horizon))), set()
    if wrong := [week for week in due if isinstance(week, bool) or not isinstance(week, int | np.integer)]:
        raise InputError(f"'due' of the reform '{name}' gives {shown(wrong[0])} as a week.", "Give a list of whole numbers.")
    for week in due:
        settings = called(name, "settings", week, reform.settings, week)
        if not isinstance(settings, Mapping):
            message = f"'settings' of the reform '{name}' gives {shown(settings)} in week {week}."
            raise InputError(message, 'Give a dictionary as {"encounter.stop_rate": 2.0}, or {}.')
        key = repr(sorted(settings.items(), key=repr))
        if key not in tried:
            tried.add(key)
            try:
                parameters(settings)
            except InputError as error:
                raise InputError(f"'settings' of the reform '{name}' in week {week}: {error.message}", error.remedy) from None


def check_columns(name: str, kind: Any) -> None:
    """InputError if a reform declares columns that do not exist or that only phases write."""
    for part in ("reads", "writes"):
        declared = getattr(kind, part)
        if not isinstance(declared, tuple | list) or not all(isinstance(column, str) for column in declared):
            raise InputError(
                f"'{part}' of the reform '{name}' must be a tuple of columns.", 'Write ("officers.training",), or () for none.'
            )
    if wrong := [column for column in kind.writes if column not in WRITABLE]:
        message = f"the reform '{name}' declares '{wrong[0]}', which is no column that a reform may write."
        raise InputError(message, f"{did_you_mean(wrong[0], WRITABLE)}Columns: {', '.join(WRITABLE)}")


def called(name: str, part: str, week: int | None, function: Callable[..., Any], *given: Any) -> Any:
    """What a part of a reform of one's own gives; InputError that names it if it fails."""
    try:
        return function(*given)
    except InputError:
        raise
    except Exception as error:
        when = "" if week is None else f" in week {week}"
        message = f"'{part}' of the reform '{name}' fails{when}: {type(error).__name__}: {error}"
        raise InputError(message, f"Mend '{part}' of the reform; the traceback above says where.") from error


def _state(city: City) -> dict[str, np.ndarray]:
    """All that a city holds, but for what has no meaning after a phase."""
    found: dict[str, np.ndarray] = {}
    for name, part in city._asdict().items():
        if isinstance(part, np.ndarray):
            found[name] = part
        elif name not in ("scratch", "search", "grid"):
            found |= {f"{name}.{column}": values for column, values in part._asdict().items()}
    return found


def _copy(city: City) -> dict[str, np.ndarray]:
    return {name: values.copy() for name, values in _state(city).items()}


def _changed(before: Mapping[str, np.ndarray], city: City) -> set[str]:
    return {name for name, values in _state(city).items() if not np.array_equal(values, before[name])}


def _check_limits(who: str, city: City, column: str) -> None:
    values, (low, high) = _state(city)[column], limits(city, column)
    if (wrong := ~((values >= low) & (values <= high))).any():  # NaN is neither
        row = int(np.flatnonzero(wrong)[0])
        message = f"{who} writes {values[row]} into {column} (row {row}), where {low:g} to {high:g} may stand."
        raise InputError(message, f"Keep within the limits, as with np.clip(values, {low:g}, {high:g}).")


def _check_ledger(who: str, before: Mapping[str, np.ndarray], city: City) -> None:
    booked = city.ledger - before["ledger"]
    if np.delete(booked, Cause.INTERVENTION, axis=0).any():
        raise InputError(f"{who} books to a cause that is not its own.", "Book to Cause.INTERVENTION alone.")
    for dimension, column in enumerate(("fairness", "effectiveness")):
        moved = getattr(city.citizens, column) - before[f"citizens.{column}"]
        gross = abs(moved).sum()
        off = TOLERANCE * gross + TOLERANCE_PER_ADULT * len(moved)
        for part, size, text in ((0, moved.sum(), "net"), (1, gross, "gross")):
            found = booked[Cause.INTERVENTION, dimension, part]
            if not abs(found - size) <= off and not (part == 1 and found > size):  # who writes twice in an act books more in all
                message = f"{who} moves the sum of citizens.{column} by {size:+.6g} ({text}), but books {found:+.6g} in the ledger."
                raise InputError(message, BOOKING.format(dimension))


def _costs(given: Any, shape: tuple[int, ...]) -> bool:
    """Is it a table of finite numbers from 0 up?"""
    if shape == (2,):
        if not isinstance(given, tuple | list) or len(given) != 2 or not all(isinstance(part, Real) for part in given):
            return False
        return all(isfinite(part) and part >= 0.0 for part in map(float, given))
    table = np.asarray(given)
    return table.shape == shape and table.dtype.kind in "iuf" and bool((np.isfinite(table) & (table >= 0)).all())
