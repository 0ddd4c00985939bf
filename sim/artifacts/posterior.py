"""A posterior: joint draws of parameters that fit what is known of a place, in a file that `confianza calibrate` wrote.

NAME.csv has a column for each parameter, a column `weight` and a row for each draw; NAME.yaml beside it says where it comes from. A column
`weight_by_targets` says what draws weighed before trials of reforms were looked at (`confianza evidence`).
That of a state is an extension (`extends` in NAME.yaml): its rows name draws of another posterior, from 1, and the values that differ.
"""

import csv
import os
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NotRequired

import numpy as np
from pydantic import with_config
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim.artifacts.checking import ArtifactKind, checked
from sim.artifacts.draws import TARGETS
from sim.artifacts.draws import Posterior as Posterior
from sim.errors import InputError, did_you_mean, number
from sim.files.writing import noted
from sim.inputs.file_kinds import POSTERIOR, misplaced
from sim.inputs.scenario_files import STATES, shipped_folder, shipped_states
from sim.inputs.yaml_files import dump_yaml, load_yaml, shown_path
from sim.world.anatomy import model_fingerprint
from sim.world.parameters import codebook_entry

WEIGHT, DRAW, BEFORE = "weight", "draw", "weight_by_targets"
COVERAGE = ".coverage.yaml"  # ending of a file beside it: what a test on cities of known truth came to
KIND = ArtifactKind("facts of a posterior", "Make it again: confianza calibrate SCENARIO --out FOLDER; or delete the file.")
TEST = ArtifactKind("test of a posterior", "Make it again: confianza calibrate SCENARIO --coverage 200 --out FOLDER; or delete the file.")
FOLDER = "posteriors"  # beside the shipped scenarios
# facts that an extension has of the one that it extends
INHERITED = ("adults", "seed", "converged", "mixing", "effective_in_bulk", "effective_in_tails", "steps", "needs_steps", "targets")


@with_config(extra="allow")
class PosteriorFacts(TypedDict):
    """What is read of NAME.yaml."""

    parameters: NotRequired[dict[str, float] | None]
    model: NotRequired[str]
    mixing: NotRequired[float]
    extends: NotRequired[str]
    extended_fingerprint: NotRequired[str]
    targets: NotRequired[dict[str, dict[str, Any]]]
    converged: NotRequired[bool]
    effective_in_bulk: NotRequired[float]
    effective_in_tails: NotRequired[float]


@with_config(extra="allow")
class CoverageFacts(TypedDict):
    """What is read of NAME.coverage.yaml."""

    posterior: str
    model: str
    targets: dict[str, list[float]]
    cities: int
    passed: bool
    covered: dict[str, float]


def shipped_posteriors() -> list[str]:
    """The names of the posteriors that come with the program, sorted; those of states last."""
    return [path.stem for folder in (FOLDER, f"{FOLDER}/{STATES}") for path in sorted((shipped_folder() / folder).glob("*.csv"))]


@cache
def taken_by_default(name: str) -> bool:
    """Is there a shipped posterior of that name that does not say of itself that it has not converged?"""
    return name in shipped_posteriors() and bool(load_yaml(find_posterior(name).with_suffix(".yaml")).data.get("converged", True))


def find_posterior(name_or_path: str | Path) -> Path:
    """The path of a posterior given by its shipped name or by a path. InputError if there is none."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".csv") or os.sep in text or "/" in text:
        return Path(text)
    names, folder = shipped_posteriors(), shipped_folder() / FOLDER
    if text in names:
        file = f"{text}.csv"
        return folder / file if (folder / file).is_file() else folder / STATES / file
    hint = did_you_mean(text, names)
    states = [name for name in names if name in shipped_states()]
    listed = [*(name for name in names if name not in states), *([f"those of {len(states)} states"] if states else ())]
    remedy = f"{hint}Shipped posteriors: {', '.join(listed) or 'none'}\nOr give the path of a .csv file that confianza calibrate wrote."
    raise InputError(f"there is no posterior '{text[:100]}'.", remedy)


def load_posterior(name_or_path: str | Path) -> Posterior:
    """A posterior by its shipped name or from a file. InputError, with the line where there is one, if it cannot be used."""
    path = find_posterior(name_or_path)
    try:
        return _posterior(path)
    except InputError as error:
        raise misplaced(error, path, POSTERIOR) from None


def _posterior(path: Path) -> Posterior:
    file = shown_path(path)
    names, table = _table(path, file)
    beside = path.with_suffix(".yaml")
    facts = checked(PosteriorFacts, load_yaml(beside).data, beside, KIND) if beside.is_file() else None
    if facts is not None and facts.get("model") != model_fingerprint():
        remedy = f"Calibrate anew with this version: confianza calibrate {path.stem}. Draws of your own need no {beside.name}."
        raise InputError(
            "this posterior was fitted to another model than this one: its numbers mean something else here.", remedy, file=file
        )
    columns = dict(zip(names, table.T, strict=True))
    weights, before = columns.pop(WEIGHT, np.ones(len(table))), columns.pop(BEFORE, None)
    names, table = list(columns), np.column_stack([*columns.values()]) if columns else table[:, :0]
    if not np.all(weights >= 0.0) or not weights.sum() > 0.0:
        raise InputError("weights must be 0 or more, and one of them above 0.", "Make the file anew: confianza calibrate", file=file)
    if facts and "extends" in facts:
        names, table, facts = _extending(path, names, table, facts)
    for column, name in enumerate(names):
        _check(name, table[:, column], file)
    before = before / before.sum() if before is not None else None
    return Posterior(path.stem, tuple(names), table, weights / weights.sum(), facts or {}, _tested(path, facts or {}), before)


def _tested(path: Path, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a test of it came to, or of the one that it extends; nothing if there was none, or of another model or other targets."""
    beside = path.with_suffix(COVERAGE)
    if "extends" in facts and not beside.is_file():
        return load_posterior(_extended(path, facts)).tested
    found: Any = checked(CoverageFacts, load_yaml(beside).data, beside, TEST) if beside.is_file() else {}
    ours = {key: numbers_of(target) for key, target in (facts.get(TARGETS) or {}).items()}
    return found if found and (found["model"], found[TARGETS]) == (model_fingerprint(), ours) else {}


def numbers_of(target: Mapping[str, Any]) -> list[float]:
    """By what a target is known to be the same."""
    return [target[key] for key in ("value", "sampling_error", "discrepancy")]


def _extending(path: Path, names: list[str], table: np.ndarray, facts: PosteriorFacts) -> tuple[list[str], np.ndarray, PosteriorFacts]:
    """The draws of another posterior with values of one's own in their place or beside them; what is known of both.

    The other lies in the folder above, or is shipped.
    """
    file, source = shown_path(path), _extended(path, facts)
    if facts.get("extended_fingerprint") != fingerprint(source):
        remedy = f"Make it again: confianza calibrate {path.stem}"
        raise InputError(f"this posterior is one of other draws than '{source.stem}' has.", remedy, file=file)
    other, rows = load_posterior(source), table[:, names.index(DRAW)] if DRAW in names else np.zeros(1)
    if (rows % 1).any() or rows.min() < 1 or rows.max() > len(other.draws):
        raise InputError(f"the column '{DRAW}' must hold numbers of draws, from 1 to {len(other.draws)}.", "Is this right?", file=file)
    own = {name: table[:, place] for place, name in enumerate(names) if name != DRAW}
    whole = dict(zip(other.names, other.draws[rows.astype(int) - 1].T, strict=True)) | own
    inherited = {key: other.facts[key] for key in INHERITED if key in other.facts}
    return list(whole), np.column_stack(list(whole.values())), {**inherited, **facts}  # type: ignore[typeddict-item]


def _extended(path: Path, facts: Mapping[str, Any]) -> Path:
    """Where the posterior is that one extends."""
    beside = path.parent.parent / f"{facts['extends']}.csv"
    return beside if beside.is_file() else find_posterior(facts["extends"])


def fingerprint(path: Path) -> str:
    """By which one knows the draws of a file again."""
    return sha256(path.read_bytes()).hexdigest()[:16]


def _table(path: Path, file: str) -> tuple[list[str], np.ndarray]:
    """The header and the numbers of a CSV file."""
    try:
        with noted(open(path, encoding="utf-8-sig", newline="")) as stream:
            rows = [row for row in csv.reader(stream) if row]
    except FileNotFoundError:
        raise InputError("there is no such file.", "Give a posterior that confianza calibrate wrote.", file=file) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the file cannot be read: {error}.", "Give a posterior that confianza calibrate wrote.", file=file) from None
    header = [name.strip() for name in rows[0]] if rows else []
    if len(rows) < 3 or len(header) < 1:
        raise InputError("a posterior has a line of names and two draws or more.", "Is this the right file?", file=file)
    if twice := next((name for name in header if header.count(name) > 1), None):
        raise InputError(f"the column '{twice[:100]}' is there twice.", "Delete one of them.", file=file, line=1)
    numbers = []
    for line, row in enumerate(rows[1:], 2):
        try:
            numbers.append([float(cell) for cell in row])
        except ValueError:
            raise InputError("this row holds something that is no number.", "Is this the right file?", file=file, line=line) from None
        if len(row) != len(header) or not np.isfinite(numbers[-1]).all():
            raise InputError(f"this row has not {len(header)} finite numbers.", "Is this the right file?", file=file, line=line)
    return header, np.array(numbers)


def _check(name: str, values: np.ndarray, file: str) -> None:
    """InputError if a column is no parameter or leaves its range."""
    try:
        known = codebook_entry(name)
    except InputError as error:
        raise InputError(error.message, error.remedy, file=file, line=1) from None
    if values.min() < known.low or values.max() > known.high or (known.discrete and (values % 1).any()):
        wrong = values.min() if values.min() < known.low else values.max()
        message = f"'{name}' is {number(float(wrong))} in a draw, which it cannot be."
        raise InputError(message, f"'{name}': {known.summary} ({known.unit}).", file=file)


def posterior_files(posterior: Posterior) -> dict[str, str]:
    """NAME.csv (five significant digits; weights of a small share of the mean too) and NAME.yaml, as texts.

    What extends another has a draw for each of that one's, and numbers them.
    """
    extends = "extends" in posterior.facts
    weights = {WEIGHT: posterior.weights} | ({BEFORE: posterior.before} if posterior.before is not None else {})
    lines = [",".join((*([DRAW] if extends else []), *posterior.names, *weights))]
    columns = np.column_stack([posterior.draws, *(one * len(one) for one in weights.values())])
    for place, row in enumerate(columns.tolist(), 1):
        numbers = [f"{value:.5g}" for value in row]
        lines.append(",".join([str(place), *numbers] if extends else numbers))
    return {
        f"{posterior.name}.csv": "\n".join(lines) + "\n",
        f"{posterior.name}.yaml": dump_yaml({"model": model_fingerprint(), **posterior.facts}),
    }
