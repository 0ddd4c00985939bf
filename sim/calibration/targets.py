"""What is known of a place: numbers with their tolerances, and the scale on which they are compared with the model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import TypeAdapter, ValidationError

from sim.errors import InputError, did_you_mean, number_problem, shown
from sim.inputs.citations import Citation, Citations, check_cited, unknown_source
from sim.inputs.file_kinds import TARGETS, misplaced
from sim.inputs.origins import ASSUMED
from sim.inputs.patterns import Pattern, patterns
from sim.inputs.yaml_files import load_yaml
from sim.remedies import number_remedy
from sim.world.parameters import REFERENCES

FILE = Path(__file__).parent / "targets.yaml"
OWN = "references"  # beside the targets of a place: sources that the program's list does not have
KEYS = ("value", "sampling_error", "discrepancy", "why", "sources")
EXAMPLE = "Write P06: {value: 0.54, sampling_error: 0.01, discrepancy: 0.02, why: ..., sources: [assumed]}"
EDGE = 1e-4  # of a share: with no case at all it is taken for one in ten thousand


class Scale(NamedTuple):
    """A transformation on which the model's answers are smoother."""

    to: Callable[[Any], Any]
    back: Callable[[Any], Any]
    slope: Callable[[float], float]  # of `to`, at a value


def _logit(share: Any) -> Any:
    inside = np.clip(share, EDGE, 1.0 - EDGE)
    return np.log(inside / (1.0 - inside))


SCALES = {
    "logit": Scale(_logit, lambda x: 1.0 / (1.0 + np.exp(-x)), lambda share: 1.0 / (share * (1.0 - share))),
    "log": Scale(lambda x: np.log(np.maximum(x, 1.0)), np.exp, lambda x: 1.0 / x),
    "plain": Scale(lambda x: x, lambda x: x, lambda x: 1.0),
}


def scale_of(pattern: Pattern) -> str:
    """The name of the scale on which a pattern is compared."""
    return "logit" if pattern.unit.startswith("share") else "log" if "100,000" in pattern.unit else "plain"


@dataclass(frozen=True)
class Target:
    """What was measured in a place, and how far the model's answer may be from it.

    On a scale on which it is compared: `goal` is the value there, `tolerance` its standard deviation. `references` are the sources of
    one's own that it cites, by key.
    """

    pattern: Pattern
    value: float
    sampling_error: float
    discrepancy: float
    why: str
    sources: tuple[str, ...]
    references: tuple[tuple[str, Citation], ...] = ()
    sample: str | None = None

    @property
    def id(self) -> str:
        return self.pattern.id

    @property
    def measure(self) -> str:
        return self.pattern.measures[0]

    @cached_property
    def scale(self) -> Scale:
        """Log-odds for shares, logarithms for rates per 100,000, else as it is."""
        return SCALES[scale_of(self.pattern)]

    @property
    def sd(self) -> float:
        """The tolerance in the pattern's own unit."""
        return float(np.hypot(self.sampling_error, self.discrepancy))

    @property
    def goal(self) -> float:
        return float(self.scale.to(self.value))

    @property
    def tolerance(self) -> float:
        return self.sd * self.scale.slope(self.value)

    def as_data(self) -> dict[str, Any]:
        """As files write it."""
        plain: dict[str, Any] = {key: getattr(self, key) for key in KEYS}
        own = {OWN: {key: one.model_dump(exclude_none=True) for key, one in self.references}} if self.references else {}
        return {"measure": self.measure} | plain | {"sources": list(self.sources)} | own


def load_targets(scenario: str, file: str | Path | None = None) -> tuple[Target, ...]:
    """The targets of a shipped scenario by its name, or those of a file. InputError if there are none or one cannot be used.

    file  YAML: a pattern's id and what is known, as in targets.yaml but without the name of a place; and `references` of its own
    """
    try:
        return _targets(scenario, file)
    except InputError as error:
        raise misplaced(error, file, TARGETS) if file else error from None


def _targets(scenario: str, file: str | Path | None) -> tuple[Target, ...]:
    if str(file).endswith(".csv"):
        raise InputError("targets are written in YAML, not as a table (CSV).", f"{EXAMPLE}\nSave it as a .yaml file.", file=str(file))
    document = load_yaml(file or FILE, example=EXAMPLE.removeprefix("Write "))
    given: Any = document.data
    if file is None:
        if scenario not in given:
            hint = did_you_mean(scenario, given)
            remedy = (
                f"{hint}There are targets for {', '.join(given)}. For another place, write some and give them: --targets FILE\n{EXAMPLE}"
            )
            raise InputError(f"no targets are known for the scenario '{scenario}'.", remedy)
        given = given[scenario]
    try:
        own = _references(given.get(OWN, {}))
        made = tuple(_target(key, fields, own) for key, fields in given.items() if key != OWN)
        check_cited([((target.id,), {"sources": target.sources}) for target in made], own)
        return made
    except InputError as error:
        path = error.path if file else (scenario, *error.path)
        raise error.at(document.file, *document.place(path)) from None


def _references(given: object) -> dict[str, Citation]:
    """References of a file's own. InputError, whose path leads to the culprit."""
    try:
        return TypeAdapter(Citations).validate_python(given)
    except ValidationError as failure:
        error = failure.errors()[0]["ctx"]["error"]
        raise error.under(OWN) from None


def _target(key: str, fields: object, own: Mapping[str, Citation]) -> Target:
    """A target from what is written. InputError, whose path leads to the culprit."""
    pattern = patterns().get(key)
    fitted = [one.id for one in patterns().values() if one.role == "fit"]
    if pattern is None or pattern.role != "fit":
        wrong = (
            f"there is no pattern '{key[:60]}'" if pattern is None else f"'{key}' has the role '{pattern.role}', and only `fit` may be used"
        )
        raise InputError(f"{wrong}.", f"Patterns to which parameters may be fitted: {', '.join(fitted)}", path=(key,))
    if not isinstance(fields, Mapping) or set(fields) - {"measure"} != set(KEYS):
        missing = [name for name in KEYS if not isinstance(fields, Mapping) or name not in fields]
        wrong = f"'{missing[0]}' is missing" if missing else "there is a key too many"
        raise InputError(f"{wrong} in '{key}'.", f"Keys: {', '.join(KEYS)}. {EXAMPLE}", path=(key,))
    numbers: dict[str, Any] = {}
    scale = scale_of(pattern)
    least, most = {"logit": (0.0, 1.0), "log": (1.0, 1e12), "plain": (-1e12, 1e12)}[scale]
    for name, low in (("value", least), ("sampling_error", 0.0), ("discrepancy", 0.0)):
        if problem := number_problem(fields[name], low, most, False):
            remedy = f"{number_remedy(fields[name], low, most)}\n'{key}' is {pattern.text} ({pattern.unit}). {EXAMPLE}"
            raise InputError(f"'{name}' {problem}.", remedy.lstrip(), path=(key, name))
        numbers[name] = float(fields[name])
    sources = fields["sources"]
    if not isinstance(sources, list) or not sources:
        raise InputError(f"'sources' must be a list of sources, but is {shown(sources)}.", EXAMPLE, path=(key, "sources"))
    known = (ASSUMED, *REFERENCES, *own)
    if unknown := [one for one in sources if one not in known]:
        raise unknown_source(unknown[0], known, own).under(key, "sources", sources.index(unknown[0]))
    references = tuple((one, own[one]) for one in sources if one in own)
    made = Target(pattern, why=str(fields["why"]).strip(), sources=tuple(sources), references=references, **numbers)
    if not made.sd > 0.0 or (made.scale is SCALES["logit"] and not 0.0 < made.value < 1.0):
        message = f"the value or the tolerance of '{key}' is impossible: {fields['value']} ± {made.sd:g} ({pattern.unit})."
        raise InputError(message, "A tolerance is above 0, a share between 0 and 1.", path=(key,))
    return made
