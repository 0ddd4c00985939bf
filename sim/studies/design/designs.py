"""At which points a study is run: the kinds of designs, what may be written of each, and how many points it has."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from sim.errors import InputError, did_you_mean, number, number_problem, shown
from sim.inputs.csv_files import read_table
from sim.inputs.file_kinds import POINTS as TABLE
from sim.inputs.file_kinds import misplaced
from sim.remedies import number_remedy
from sim.studies.design.factors import Factor
from sim.studies.design.tables import as_text, points_table

MOST_POINTS = 1_000_000
POINTS = "points"  # the kind of a design whose points are written out
# kind: (fewest, what its number is)
DESIGNS: dict[str, tuple[int, str]] = {
    "sobol": (1, "points of a scrambled Sobol sequence; powers of two fill the space best; can be extended"),
    "lhs": (2, "points of a Latin hypercube"),
    "random": (1, "random points; can be extended"),
    "grid": (2, "levels of each factor, or {factor: levels}; all combinations of them"),
    "csv": (0, "a file beside the study with a column a factor and a row a point; can be extended"),
    "morris": (2, "trajectories, for elementary effects; beside it `levels`, an even number, 4 unless given"),
    "saltelli": (2, "base points, a power of two, for Sobol indices; `second_order: true` for pairs too; can be extended"),
    "efast": (65, "points a factor, for Fourier indices"),
    "draws": (2, "joint draws of a posterior, `vary: {posterior: NAME}`; what varies beside it is independent; can be extended"),
    "oat": (2, "levels of one factor at a time, the others at their medians"),
}
OPTIONS: dict[str, dict[str, Any]] = {"morris": {"levels": 4}, "saltelli": {"second_order": False}}
EXAMPLE = "Write design: {sobol: 256}"
VALIDATION = "validation"  # the key that says how many validation points a design has
UNVALIDATED = ("oat", "csv", POINTS)  # no emulator learns from single lines; of a table nobody knows what it is
SHARE, LEAST = 10, 50  # validation points: one for so many points of the design, but at least so many, and no more than the design has
SMALLEST = 16  # points from which emulators learn


def kind_of(design: Mapping[str, Any]) -> str:
    """The kind of a checked design, as "sobol"; "points" if they are written out."""
    return next(key for key in design if key in DESIGNS or key == POINTS)


def checked_design(given: object, factors: tuple[Factor, ...] | None, groups: Sequence[str] | None) -> dict[str, Any]:
    """A design with all its options; a CSV file is read, and its text is kept as {points: text}.

    factors  what varies; None: the columns of the CSV say it
    groups   the group of each factor, or None
    InputError, whose path leads to the culprit, if it is no design, or has too few or too many points
    """
    kind = _kind(given)
    assert isinstance(given, Mapping)
    if kind in ("csv", POINTS):
        text, file = (
            (given[kind], None) if kind == POINTS else read_table(given[kind], kind, "design: {csv: points.csv}", "the study's file")
        )
        try:
            return {POINTS: _table_text(text, factors, file)}
        except InputError as error:
            raise misplaced(error, given[kind], TABLE) if file else error from None
    if factors is None:
        raise InputError("'design' is given without 'vary'.", "Say what varies: vary: {prior: [trust, reporting]}")
    design = {kind: _number(kind, given[kind], factors), **OPTIONS.get(kind, {}), **{key: given[key] for key in given if key != kind}}
    _check_options(design, factors, groups)
    if (count := size(design, factors, groups)) > MOST_POINTS:
        message = f"this design has {number(count)} points, more than {number(MOST_POINTS)}."
        raise InputError(message, "Take a smaller number, or vary less.", path=(kind,))
    if kind not in UNVALIDATED:
        design.setdefault(VALIDATION, 0 if by_lot(kind, factors) and kind == "draws" else usual_checks(count))
    return design


def by_lot(kind: str, factors: tuple[Factor, ...]) -> bool:
    """Is each point drawn by itself? So are joint draws of a posterior, but what varies beside it fills its own space evenly."""
    return kind == "random" or (kind == "draws" and all(factor.draws for factor in factors))


def _kind(given: object) -> str:
    """The kind of a design as written."""
    kinds = f"{EXAMPLE}\nDesigns: {', '.join(DESIGNS)}"
    if not isinstance(given, Mapping) or not given:
        raise InputError(f"'design' must be a kind with a number, but is {'empty' if given == {} else shown(given)}.", kinds)
    kind = next((str(key) for key in given if key in DESIGNS or key == POINTS), None)
    if kind is None:
        wrong = str(next(iter(given)))
        raise InputError(f"there is no design {shown(wrong)}.", f"{did_you_mean(wrong, DESIGNS)}{kinds}", path=(wrong,))
    options = options_of(kind)
    for key in given:
        if key != kind and key not in options:
            remedy = f"Its options: {', '.join(options)}" if options else f"It has no other keys. {EXAMPLE}"
            raise InputError(f"the design '{kind}' has no key {shown(key)}.", remedy, path=(str(key),))
    return kind


def options_of(kind: str) -> dict[str, Any]:
    """The keys that may stand beside a kind of design, with what they are if nobody says; None: it depends on the design's size."""
    return OPTIONS.get(kind, {}) | ({} if kind in UNVALIDATED else {VALIDATION: None})


def usual_checks(count: int) -> int:
    """Validation points of a design with so many points, if nobody says how many.

    >>> usual_checks(8), usual_checks(32), usual_checks(256), usual_checks(1024)
    (0, 32, 50, 103)
    """
    return 0 if count < SMALLEST else max(-(-count // SHARE), min(LEAST, count))


def checks_of(design: Mapping[str, Any]) -> int:
    """How many validation points a checked design has."""
    return int(design.get(VALIDATION, 0))


def _table_text(given: object, factors: tuple[Factor, ...] | None, file: str | None) -> str:
    """The text of a table, checked. InputError, in its file or under its key, if it cannot be used."""
    if not isinstance(given, str):
        raise InputError(f"'points' must be a table as text, but is {shown(given)}.", "Write design: {csv: points.csv}", path=(POINTS,))
    try:
        table = points_table(given, factors, file)
    except InputError as error:
        raise error if file else error.at(None).under(POINTS) from None
    if len(table) > MOST_POINTS:
        raise InputError(f"there are {number(len(table))} points, more than {number(MOST_POINTS)}.", "Take fewer.", file=file)
    return as_text(table)


def _number(kind: str, given: object, factors: tuple[Factor, ...]) -> Any:
    """The number of a design as an int, or for a grid of some factors the levels of each. InputError if it is none."""
    if kind == "grid" and isinstance(given, Mapping):
        names = [factor.name for factor in factors]
        for name, levels in given.items():
            if name not in names:
                hint = did_you_mean(name, names)
                remedy = f"{hint}Factors: {', '.join(names[:20])}"
                raise InputError(f"{shown(name)} does not vary.", remedy, path=(kind, str(name)))
            _whole(kind, levels, (kind, name))
        if missing := [name for name in names if name not in given]:
            message = f"the grid does not say how many levels '{missing[0]}' has."
            raise InputError(message, "Say it for every factor, or write one number for all.", path=(kind,))
        return {name: int(given[name]) for name in names}
    return _whole(kind, given, (kind,))


def _whole(kind: str, given: object, path: tuple[str, ...]) -> int:
    least, text = DESIGNS[kind]
    if problem := number_problem(given, least, MOST_POINTS, True):
        remedy = f"{number_remedy(given, least, MOST_POINTS, True)}\nIt counts {text}."
        raise InputError(f"the design '{kind}' {problem}.", remedy.lstrip(), path=path)
    return int(given)  # type: ignore[call-overload]


def _check_options(design: Mapping[str, Any], factors: tuple[Factor, ...], groups: Sequence[str] | None) -> None:
    """InputError if a sampler of SALib cannot use this."""
    kind = kind_of(design)
    sets = len(factors) if groups is None else len(set(groups))
    if VALIDATION in design and (problem := number_problem(design[VALIDATION], 0, MOST_POINTS, True)):
        message = f"the number of validation points {problem}."
        remedy = f"{number_remedy(design[VALIDATION])}\nLeave it out for a tenth of the design's points, or as many as {LEAST}."
        raise InputError(message, remedy.lstrip(), path=(VALIDATION,))
    if kind == "draws":
        _check_draws(design[kind], factors)
    if kind == "morris":
        if number_problem(design["levels"], 2, 100, True) or design["levels"] % 2:
            message = f"the levels of 'morris' must be an even number from 2 to 100, but are {shown(design['levels'])}."
            raise InputError(message, "Write design: {morris: 40, levels: 4}", path=("levels",))
        if sets < 2:
            raise InputError("'morris' needs two factors or groups, but there is one.", "Vary more, or take another design.", path=(kind,))
    if kind == "saltelli":
        if not isinstance(design["second_order"], bool):
            message = f"'second_order' must be true or false, but is {shown(design['second_order'])}."
            raise InputError(message, "Without it, effects of pairs are not estimated.", path=("second_order",))
        if (base := design[kind]) & (base - 1):
            lower = 1 << (base.bit_length() - 1)
            nearest = lower if base - lower <= 2 * lower - base else 2 * lower
            message = f"the base points of 'saltelli' must be a power of two, but are {number(base)}."
            raise InputError(message, f"Write design: {{saltelli: {nearest}}}", path=(kind,))
    if kind == "efast" and groups is not None:
        raise InputError("'efast' knows no groups.", "Delete 'groups', or write design: {saltelli: 256}", path=(kind,))


def _check_draws(count: int, factors: tuple[Factor, ...]) -> None:
    """InputError if there are no draws, or fewer."""
    many = {len(factor.draws) for factor in factors if factor.draws}
    if not many:
        raise InputError("the design 'draws' needs a posterior.", "Write vary: {posterior: national-average}", path=("draws",))
    if count > min(many) or len(many) > 1:
        message = f"the posterior has {number(min(many))} draws, not {number(count)}."
        raise InputError(message, "Take fewer, and more replicates.", path=("draws",))


def size(design: Mapping[str, Any], factors: tuple[Factor, ...], groups: Sequence[str] | None) -> int:
    """How many points a checked design has, without validation points."""
    kind = kind_of(design)
    sets = len(factors) if groups is None else len(set(groups))
    if kind == POINTS:
        return len(points_table(design[POINTS], factors))
    if kind == "grid":
        return prod(len(levels) for levels in levels_of(design[kind], factors))
    if kind == "oat":
        return 1 + sum(len(levels) for levels in alone(design[kind], factors))
    if kind == "saltelli":
        return int(design[kind] * (2 * sets + 2 if design["second_order"] else sets + 2))
    return int(design[kind] * {"morris": sets + 1, "efast": len(factors)}.get(kind, 1))


def levels_of(given: int | Mapping[str, int], factors: tuple[Factor, ...]) -> list[np.ndarray]:
    """Levels of each factor in [0, 1]."""
    return [factor.levels(given if isinstance(given, int) else given[factor.name]) for factor in factors]


def alone(count: int, factors: tuple[Factor, ...]) -> list[np.ndarray]:
    """Levels of each factor in [0, 1] at which it is not at its median."""
    return [levels[factor.at(levels) != factor.at(0.5)] for factor in factors for levels in [factor.levels(count)]]
