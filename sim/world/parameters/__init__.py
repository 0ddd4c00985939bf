"""The codebook: every number of the model with its unit, range, prior, source and status, one YAML file a topic.

`CODEBOOK["training.half_life"]` is the entry; `parameters()` gives the values in force as nested named tuples, so
that a phase reads `p.training.half_life` and compiled code knows every name. All values are floats.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from sim.errors import InputError, did_you_mean, number, number_problem
from sim.remedies import number_remedy
from sim.style import Note, note

__all__ = ["CODEBOOK", "REFERENCES", "Parameter", "Parameters", "Reference", "entry", "flat"]
__all__ += ["order_problem", "out_of_order", "parameters", "replace"]

FOLDER = Path(__file__).parent
FIELDS = ("value", "unit", "range", "prior", "description", "source", "status", "note")
STATUSES = ("measured", "calibrated", "assumed", "contested")
ORDERED = (("survey.lower_cut", "survey.middle_cut", "survey.upper_cut"),)  # each must be less than the next
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, where it is there, is eight times as fast


class Reference(NamedTuple):
    """A source of numbers: an entry of `references.yaml`, or somebody's own."""

    author: str
    title: str
    year: str
    record: str  # where it was published: journal and pages, or survey, edition and table
    url: str  # of the record: its DOI, or its publisher's
    read: str  # what of it was really read, and where
    note: str

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Reference":
        """The reference that a file's fields tell, the DOI as an address."""
        known = {**fields, "url": f"https://doi.org/{fields['doi']}"} if fields.get("doi") else fields
        return cls(*(str(known.get(field) or "") for field in cls._fields))


@dataclass(frozen=True)
class Parameter:
    """An entry of the codebook."""

    name: str  # "topic.name"
    topic: str
    value: float  # the baseline
    unit: str
    low: float
    high: float
    prior: Any  # a distribution for calibration, as {"lognormal": {"median": 52, "sigma": 0.8}}
    description: str
    source: tuple[str, ...]  # keys of REFERENCES, or "assumed"
    status: str  # one of STATUSES
    note: str

    @property
    def discrete(self) -> bool:
        """Does it count things, so that only whole numbers make sense?"""
        return self.unit.partition(" ")[0] == "count"

    @property
    def summary(self) -> str:
        """One line for messages: what it means, its range and its baseline."""
        return f"{self.meaning}, {number(self.low)} to {number(self.high)}, baseline {number(self.value)}"

    @property
    def meaning(self) -> str:
        """What it means, as it stands within a sentence."""
        meaning = self.description.partition(". ")[0].rstrip(". ")
        return meaning[:1].lower() + meaning[1:] if meaning[1:2].islower() else meaning

    def problem(self, value: object) -> Note | None:
        """What is wrong with a value for this parameter, as a sentence; None if nothing is."""
        problem = number_problem(value, self.low, self.high, self.discrete)
        return problem and note("wrong_value", name=self.name, problem=problem)

    def check(self, value: object) -> float:
        """The value as a float; InputError if it is no number or out of range."""
        if problem := self.problem(value):
            hint = number_remedy(value, self.low, self.high, self.discrete, self.unit)
            facts = {"name": self.name, "text": self.meaning, "low": self.low, "high": self.high, "value": self.value, "unit": self.unit}
            raise InputError(problem, hint, note("parameter_is", **facts), path=(self.name,))
        return float(value)  # type: ignore[arg-type]


def codebook_entry(name: object, others: Iterable[str] = ()) -> Parameter:
    """The codebook's entry of that name; InputError with the nearest name, or other that may have been meant, if there is none."""
    if isinstance(name, str) and name in CODEBOOK:
        return CODEBOOK[name]
    hint = did_you_mean(name, [*others, *CODEBOOK], lambda near: f"'{near}'" + (f" ({CODEBOOK[near].summary})" if near in CODEBOOK else ""))
    remedy = f"{hint}All parameters: confianza explain parameters"
    raise InputError(f"there is no parameter '{str(name)[:100]}'.", remedy, path=(str(name),))


def _read(path: Path) -> dict[str, Any]:
    data = yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 - it is a safe loader
    if not isinstance(data, dict):
        raise InputError("a mapping of names to entries is wanted here.", file=str(path))
    return data


def _parameter(topic: str, name: str, fields: Any) -> Parameter:
    """An entry from its fields in the file; InputError if one is missing, unknown or impossible."""
    if not isinstance(fields, dict) or set(fields) != set(FIELDS):
        wrong = set(FIELDS).symmetric_difference(fields if isinstance(fields, dict) else ())
        raise InputError(f"missing or unknown: {', '.join(sorted(map(str, wrong)))}.", f"Every entry has {', '.join(FIELDS)}.")
    source = fields["source"]
    text = {key: str(fields[key] if fields[key] is not None else "").strip() for key in ("unit", "description", "status", "note")}
    low, high = (float(bound) for bound in fields["range"])
    sources = tuple(source) if isinstance(source, list) else (source,)
    made = Parameter(f"{topic}.{name}", topic, float(fields["value"]), low=low, high=high, prior=fields["prior"], source=sources, **text)
    unknown = [key for key in sources if key != "assumed" and key not in REFERENCES]
    if problem := made.problem(made.value):
        raise InputError(problem)
    if made.status not in STATUSES or not sources or unknown or not name.isidentifier() or iskeyword(name):
        raise InputError(
            f"the name, the status '{made.status}' or the source {list(sources)} is not possible.",
            f"Status: {', '.join(STATUSES)}. Sources: keys of references.yaml, or assumed.",
        )
    return made


def _load_references() -> dict[str, Reference]:
    path = FOLDER / "references.yaml"
    entries = _read(path) if path.exists() else {}
    return {str(key): Reference.of(fields) for key, fields in entries.items()}


def _load_codebook() -> dict[str, Parameter]:
    codebook = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.stem == "references":
            continue
        for name, fields in _read(path).items():
            try:
                parameter = _parameter(path.stem, str(name), fields)
            except (InputError, TypeError, ValueError) as error:
                raise InputError(f"{path.stem}.{name}: {error}", file=str(path)) from None
            codebook[parameter.name] = parameter
    return codebook


REFERENCES: dict[str, Reference] = _load_references()
CODEBOOK: dict[str, Parameter] = _load_codebook()


def _make(name: str, fields: dict[str, Any]) -> Any:
    """A NamedTuple class that is an attribute of this module, so that it can be pickled (numba's cache does)."""
    made = NamedTuple(name, list(fields.items()))  # type: ignore[misc]
    made.__module__ = __name__
    globals()[name] = made
    return made


_NAMES: dict[str, list[str]] = {}
for _parameter_name in CODEBOOK:
    _NAMES.setdefault(_parameter_name.partition(".")[0], []).append(_parameter_name.partition(".")[2])
_TOPICS: dict[str, Any] = {topic: _make(topic.title().replace("_", ""), dict.fromkeys(names, float)) for topic, names in _NAMES.items()}
if TYPE_CHECKING:
    Parameters = Any  # its fields are known only when the files have been read
else:
    Parameters = _make("Parameters", _TOPICS)


def out_of_order(values: Mapping[str, float]) -> tuple[str, str] | None:
    """The first two parameters whose values must ascend and do not; `values` has all of them."""
    for names in ORDERED:
        for first, second in pairwise(names):
            if not values[first] < values[second]:
                return first, second
    return None


def order_problem(first: str, second: str, values: Mapping[str, float]) -> InputError:
    """The error to raise when `out_of_order` found two."""
    problem = note("out_of_order", first=first, value=values[first], second=second, other=values[second])
    return InputError(problem, note("let_ascend", names=next(names for names in ORDERED if first in names)))


def parameters(overrides: Mapping[str, float] | None = None) -> Parameters:
    """All parameters, at their baselines or as overridden.

    Parameters
    ----------
    overrides : mapping of str to float, optional
        Values by "topic.name", in the parameters' own units (`confianza explain NAME`).

    Returns
    -------
    Parameters
        Nested named tuples of floats: `p.trust.contact_gain`.

    Raises
    ------
    InputError
        If a name does not exist, a value is out of range, or the survey's cuts do not ascend.
    """
    values = {name: known.value for name, known in CODEBOOK.items()}
    for name, value in (overrides or {}).items():
        values[name] = codebook_entry(name).check(value)
    if wrong := out_of_order(values):
        raise order_problem(*wrong, values)
    return Parameters(*(made(*(values[f"{topic}.{name}"] for name in made._fields)) for topic, made in _TOPICS.items()))


def flat(p: Parameters) -> dict[str, float]:
    """The values of `parameters()` by their full names, in the order of the codebook."""
    return {f"{topic}.{name}": value for topic, part in p._asdict().items() for name, value in part._asdict().items()}


def replace(p: Parameters, overrides: Mapping[str, float]) -> Parameters:
    """`p` with some values changed; errors as for `parameters`."""
    return parameters({**flat(p), **overrides}) if overrides else p
