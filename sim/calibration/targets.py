"""What is known of a place: numbers with their tolerances, and the scale on which they are compared with the model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from sim.errors import InputError, did_you_mean, number_problem, shown
from sim.inputs.citations import Citation, Citations, check_cited, unknown_source
from sim.inputs.origins import ASSUMED
from sim.inputs.patterns import Pattern, patterns
from sim.inputs.records import CheckedModel, Prose
from sim.inputs.yaml_files import Document, load_yaml
from sim.remedies import number_remedy
from sim.world.parameters import REFERENCES

FILE = Path(__file__).parent / "targets.yaml"
REFERENCES_OF_ITS_OWN, SAMPLES, LAYERS, WITHDRAWN = "references", "samples", "layers", "withdrawn"
KEYS = ("value", "sampling_error", "discrepancy", "why", "sources")
BESIDE = (REFERENCES_OF_ITS_OWN, SAMPLES, LAYERS)  # keys of a file that are no targets
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


class SharedSample(CheckedModel):
    """People whose answers gave several targets, so that the targets' sampling errors go together."""

    prefix: ClassVar[str] = "samples."

    who: Prose = Field(min_length=1, description="Who was asked, by which survey")
    size: int = Field(ge=1, le=10**9, description="How many they were")
    year: int = Field(ge=1500, le=2100, description="When they were asked; the last year, if several")


@dataclass(frozen=True)
class Target:
    """What was measured in a place, and how far the model's answer may be from it.

    On a scale on which it is compared: `goal` is the value there, `tolerance` its standard deviation.

    references  the sources of one's own that it cites, by key
    sample      whose answers it is of; the sampling errors of targets of one sample are correlated
    own_sample  what that sample is, if the program does not have it
    layer       of targets, in which it is written
    """

    pattern: Pattern
    value: float
    sampling_error: float
    discrepancy: float
    why: str
    sources: tuple[str, ...]
    references: tuple[tuple[str, Citation], ...] = ()
    sample: str | None = None
    own_sample: SharedSample | None = None
    layer: str = ""

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
        """As files write it, with its measure and layer."""
        told: dict[str, Any] = {"measure": self.measure} | {key: getattr(self, key) for key in KEYS} | {"sources": list(self.sources)}
        told |= {key: given for key, given in (("sample", self.sample), ("layer", self.layer)) if given}
        if self.references:
            told[REFERENCES_OF_ITS_OWN] = {key: one.model_dump(exclude_none=True) for key, one in self.references}
        if self.own_sample:
            told[SAMPLES] = {self.sample: self.own_sample.model_dump()}
        return told


@cache
def shipped() -> Document:
    """The program's own targets: layers by name, and the samples that they share."""
    return load_yaml(FILE)


def shipped_layers() -> list[str]:
    """The names of the layers that come with the program."""
    return [name for name in shipped().data if name != SAMPLES]


def read_targets(given: Mapping[str, Any], layer: str) -> dict[str, Target | str]:
    """The targets of a layer by id; of one that it withdraws, why. InputError, whose path leads to the culprit.

    given  by id, and `references` and `samples` of its own
    """
    own, samples = _references(given.get(REFERENCES_OF_ITS_OWN, {})), _samples(given.get(SAMPLES, {}))
    made = {key: _withdrawn_or_target(key, fields, own, samples, layer) for key, fields in given.items() if key not in BESIDE}
    check_cited([((one.id,), {"sources": one.sources}) for one in made.values() if isinstance(one, Target)], own)
    drawn = {one.sample for one in made.values() if isinstance(one, Target)}
    if idle := next((key for key in samples if key not in drawn), None):
        raise InputError(f"no target is of the sample '{idle}'.", "Write sample: KEY in a target, or delete it.", path=(SAMPLES, idle))
    return made


def _references(given: object) -> dict[str, Citation]:
    """References of a file's own. InputError, whose path leads to the culprit."""
    try:
        return TypeAdapter(Citations).validate_python(given)
    except ValidationError as failure:
        error = failure.errors()[0]["ctx"]["error"]
        raise error.under(REFERENCES_OF_ITS_OWN) from None


def _samples(given: object) -> dict[str, SharedSample]:
    """Samples of a file's own."""
    example = "samples: {our_survey: {who: Adults of the city, size: 1100, year: 2025}}"
    if not isinstance(given, Mapping):
        raise InputError(f"'{SAMPLES}' must be samples by key, but is {shown(given)}.", f"Write {example}", path=(SAMPLES,))
    made = {}
    for key, fields in given.items():
        if key in shipped().data[SAMPLES] or not isinstance(fields, Mapping):
            wrong = "must be keys with values" if not isinstance(fields, Mapping) else "is one that the program has"
            raise InputError(f"the sample '{key[:60]}' {wrong}.", f"Give it another key, or write {example}", path=(SAMPLES, key))
        try:
            made[key] = SharedSample(**fields)
        except InputError as error:
            raise error.under(SAMPLES, key) from None
    return made


def _withdrawn_or_target(
    key: str, fields: object, own: Mapping[str, Citation], samples: Mapping[str, SharedSample], layer: str
) -> Target | str:
    """A target from what is written; why there is to be none, if it is withdrawn. InputError, whose path leads to the culprit."""
    pattern = _pattern(key)
    if not isinstance(fields, Mapping) or WITHDRAWN not in fields:
        return _target(pattern, fields, own, samples, layer)
    why = fields[WITHDRAWN]
    if len(fields) > 1 or not isinstance(why, str) or not why.strip():
        raise InputError(f"'{key}' is withdrawn without a reason, or with more than one.", f"Write {key}: {{withdrawn: why}}", path=(key,))
    return why.strip()


def _pattern(key: str) -> Pattern:
    """The pattern of a target. InputError if there is none, or none to which parameters may be fitted."""
    pattern = patterns().get(key)
    if pattern is None or pattern.role != "fit":
        wrong = (
            f"there is no pattern '{key[:60]}'" if pattern is None else f"'{key}' has the role '{pattern.role}', and only `fit` may be used"
        )
        fitted = [one.id for one in patterns().values() if one.role == "fit"]
        raise InputError(f"{wrong}.", f"Patterns to which parameters may be fitted: {', '.join(fitted)}", path=(key,))
    return pattern


def _target(
    pattern: Pattern, fields: object, own: Mapping[str, Citation], samples: Mapping[str, SharedSample], layer: str
) -> Target:  # fmt: skip
    """A target from what is written. InputError, whose path leads to the culprit."""
    key = pattern.id
    if not isinstance(fields, Mapping) or set(fields) - {"measure", "sample"} != set(KEYS):
        missing = [name for name in KEYS if not isinstance(fields, Mapping) or name not in fields]
        wrong = f"'{missing[0]}' is missing" if missing else "there is a key too many"
        raise InputError(f"{wrong} in '{key}'.", f"Keys: {', '.join(KEYS)}; and sample, if it has one. {EXAMPLE}", path=(key,))
    numbers = _numbers(pattern, fields)
    sources = fields["sources"]
    if not isinstance(sources, list) or not sources:
        raise InputError(f"'sources' must be a list of sources, but is {shown(sources)}.", EXAMPLE, path=(key, "sources"))
    known = (ASSUMED, *REFERENCES, *own)
    if unknown := [one for one in sources if one not in known]:
        raise unknown_source(unknown[0], known, own).under(key, "sources", sources.index(unknown[0]))
    references = tuple((one, own[one]) for one in sources if one in own)
    sample = fields.get("sample")
    if sample is not None and sample not in (there := [*shipped().data[SAMPLES], *samples]):
        hint = did_you_mean(sample, there)
        raise InputError(f"there is no sample {shown(sample)}.", f"{hint}Samples: {', '.join(there)}", path=(key, "sample"))
    why = str(fields["why"]).strip()
    made = Target(pattern, **numbers, why=why, sources=tuple(sources), references=references, sample=sample,
                  own_sample=samples.get(sample or ""), layer=layer)  # fmt: skip
    if not made.sd > 0.0 or (made.scale is SCALES["logit"] and not 0.0 < made.value < 1.0):
        message = f"the value or the tolerance of '{key}' is impossible: {fields['value']} ± {made.sd:g} ({pattern.unit})."
        raise InputError(message, "A tolerance is above 0, a share between 0 and 1.", path=(key,))
    return made


def _numbers(pattern: Pattern, fields: Mapping[str, Any]) -> dict[str, float]:
    """Value, error and discrepancy. InputError, whose path leads to the culprit."""
    least, most = {"logit": (0.0, 1.0), "log": (1.0, 1e12), "plain": (-1e12, 1e12)}[scale_of(pattern)]
    numbers = {}
    for name, low in (("value", least), ("sampling_error", 0.0), ("discrepancy", 0.0)):
        if problem := number_problem(fields[name], low, most, False):
            remedy = f"{number_remedy(fields[name], low, most)}\n'{pattern.id}' is {pattern.text} ({pattern.unit}). {EXAMPLE}"
            raise InputError(f"'{name}' {problem}.", remedy.lstrip(), path=(pattern.id, name))
        numbers[name] = float(fields[name])
    return numbers
