"""Reforms as people write them, `{training: {start: 0, coverage: 0.9}}`, made into checked records and back.

What a reform may be told, its levers, is known from the fields of the records in `sim.world.reforms.REFORMS`. They bring
NumPy and numba with them, so they are loaded only where there is a reform: looking up a parameter stays quick.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from importlib import import_module
from typing import Any, get_args, get_type_hints

from sim.errors import InputError, did_you_mean, number, number_problem, shown
from sim.remedies import number_remedy
from sim.style import Note, note

Reform = Any  # a record of REFORMS; they have no base class
EXAMPLE = "Write a list, as [{training: {start: 0, coverage: 0.9}}]"


def _interventions() -> Any:
    """The module that holds the records."""
    return import_module("sim.world.reforms")


def is_lever(name: str) -> bool:
    """Is it a lever by its full name, as "training.coverage"?"""
    reform, _, lever = name.partition(".")
    known = _interventions()
    return reform in known.REFORMS and lever in known.levers(known.REFORMS[reform])


def name_of(reform: Reform) -> str:
    """The name by which files call it: "training"."""
    return _interventions().name_of(reform)


def dose_of(reform: Reform) -> float:
    """The value of the lever that says how much of the reform there is."""
    return float(getattr(reform, reform.dose))


def as_data(reform: Reform) -> dict[str, Any]:
    """The reform as plain data that `reforms` reads back equal; levers that are not set are left out."""
    values = {name: getattr(reform, name) for name in _interventions().levers(type(reform))}
    return {name_of(reform): {name: value for name, value in values.items() if value is not None}}


def summary(reform: Reform) -> str:
    """The reform in a line, with what differs from its defaults: "training: start 0, coverage 0.9"."""
    levers = [lever for lever in fields(reform) if lever.default is MISSING or getattr(reform, lever.name) != lever.default]
    values = {lever.name: getattr(reform, lever.name) for lever in levers} | {reform.dose: dose_of(reform)}
    written = (
        f"{name} {value if isinstance(value, str) else number(float(f'{value:.4g}'))}"
        for name, value in values.items()
        if value is not None
    )
    return f"{name_of(reform)}: {', '.join(written)}"


def reforms(given: object) -> tuple[Reform, ...]:
    """Records from a list of `{name: {levers}}`; records in the list are taken as they are.

    InputError, whose path leads to the lever, if a reform or lever does not exist, is missing or out of range, or if two
    reforms contradict each other.
    """
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise InputError(f"reforms must be a list of {{reform: {{levers}}}}, but are {shown(given)}.", EXAMPLE)
    listed = list(given)
    if not listed:
        return ()
    made: list[Reform] = []
    for index, item in enumerate(listed):
        try:
            made.append(_reform(item))
        except InputError as error:
            raise error.under(index) from None
    if problem := _interventions().contradiction(tuple(made)):
        raise InputError(note("reforms_contradict", problem=problem), note("end_before"))
    return tuple(made)


def check_horizon(made: Iterable[Reform], weeks: int, spin_up_weeks: int) -> None:
    """InputError if a reform begins outside weeks -spin_up_weeks to weeks - 1, or reads files from before the city began."""
    for index, reform in enumerate(made):
        if not -spin_up_weeks <= reform.start < weeks:
            name = name_of(reform)
            problem = note("starts_outside", name=name, week=reform.start, first=-spin_up_weeks, last=weeks - 1)
            raise InputError(problem, note("change_horizon"), path=(index, name, "start"))
        if (begins := reform.start - getattr(reform, "looks_back", 0)) < -spin_up_weeks:
            problem = note("record_too_long", begins=begins, first=-spin_up_weeks)
            raise InputError(problem, note("shorter_record"), path=(index, name_of(reform), "record_half_years"))


def _reform(item: object) -> Reform:
    """One record from `{name: {levers}}`."""
    records = _interventions().REFORMS
    if type(item) in records.values():
        return _build(name_of(item), {lever.name: getattr(item, lever.name) for lever in fields(item)})  # type: ignore[arg-type]
    if not isinstance(item, Mapping) or len(item) != 1:
        many = f"a mapping of {len(item)} keys" if isinstance(item, Mapping) else shown(item)
        raise InputError(f"a reform must be one name with its levers, but is {many}.", EXAMPLE)
    ((name, given),) = item.items()
    if name not in records:
        hint = did_you_mean(name, records)
        raise InputError(f"there is no reform {shown(name)}.", f"{hint}Reforms: {', '.join(records)}", path=(str(name),))
    if not isinstance(given, Mapping):
        remedy = f"Write {name}: {{start: 0, {records[name].dose}: ...}}"
        raise InputError(f"the levers of '{name}' must be keys with values, but are {shown(given)}.", remedy, path=(name,))
    try:
        return _build(name, given)
    except InputError as error:
        raise error.under(name) from None


def _build(name: str, given: Mapping[Any, Any]) -> Reform:
    """One record from its levers."""
    record = _interventions().REFORMS[name]
    known, kinds = _interventions().levers(record), get_type_hints(record)
    for lever in given:
        if lever not in known:
            hint = did_you_mean(lever, known, lambda near: f"'{near}' ({meaning(name, known[near])})")
            raise InputError(f"'{name}' has no lever {shown(lever)}.", f"{hint}Its levers: {', '.join(known)}", path=(str(lever),))
    for lever in known.values():
        if lever.default is MISSING and lever.name not in given:
            raise InputError(f"'{name}.{lever.name}' is missing.", f"Write {lever.name}: ... ({meaning(name, lever)}).")
    made = record(**{lever: _value(name, known[lever], kinds[lever], value) for lever, value in given.items()})
    if getattr(made, "until", None) is not None and made.until <= made.start:
        raise InputError(note("until_before_start", name=name, week=made.start), note("later_week"), path=("until",))
    _interventions().guard.check_dates(name, made)
    return made


def _value(name: str, lever: Field[Any], kind: Any, value: object) -> Any:
    """A lever's value in its type. InputError if it is of another type, out of range or no choice."""
    allowed = get_args(kind) or (kind,)
    facts = lever.metadata
    if value is None and type(None) in allowed:
        return None
    if str in allowed:
        if value in facts["choices"]:
            return value
        remedy = f"{did_you_mean(value, facts['choices'])}{meaning(name, lever)}"
        wanted = ", ".join(facts["choices"])
        raise InputError(f"'{name}.{lever.name}' must be one of {wanted}, but is {shown(value)}.", remedy, path=(lever.name,))
    whole = float not in allowed
    if problem := number_problem(value, facts["low"], facts["high"], whole):
        hint = number_remedy(value, facts["low"], facts["high"], whole, facts["unit"])
        problem = note("wrong_value", name=f"{name}.{lever.name}", problem=problem)
        raise InputError(problem, hint, meaning(name, lever), path=(lever.name,))
    return int(value) if whole else float(value)  # type: ignore[call-overload, arg-type]


def meaning(reform: str, lever: Field[Any]) -> Note:
    """What a lever is, in a line: "Length of the course; hours, 1 to 200, by default 9"."""
    facts = lever.metadata
    bounds = note("lever_bounds", unit=facts["unit"], low=facts["low"], high=facts["high"])
    told = {"lever": f"{reform}.{lever.name}", "text": facts["text"].rstrip("."), "bounds": " or ".join(facts.get("choices", ())) or bounds}
    if lever.default is MISSING:
        return note("lever_must", **told)
    return note("lever_is", **told, default=note("no_default") if lever.default is None else lever.default)


def reforms_schema() -> dict[str, Any]:
    """The JSON schema of a list of reforms, for editors."""
    return {"type": "array", "items": {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False,
            "properties": {name: _schema(name, record) for name, record in _interventions().REFORMS.items()}}}  # fmt: skip


def _schema(reform: str, record: Any) -> dict[str, Any]:
    """The JSON schema of one reform's levers."""
    kinds, known = get_type_hints(record), _interventions().levers(record)
    properties: dict[str, dict[str, Any]] = {}
    for name, lever in known.items():
        allowed, facts = get_args(kinds[name]) or (kinds[name],), lever.metadata
        properties[name] = {"description": str(meaning(reform, lever))}
        if str in allowed:
            properties[name]["enum"] = list(facts["choices"])
        else:
            kind = "number" if float in allowed else "integer"
            bounds = {"minimum": facts["low"], "maximum": facts["high"]}
            properties[name] |= {"type": [kind, "null"] if type(None) in allowed else kind, **bounds}
        if lever.default is not MISSING:
            properties[name]["default"] = lever.default
    required = [name for name, lever in known.items() if lever.default is MISSING]
    return {"type": "object", "additionalProperties": False, "description": record.text, "properties": properties, "required": required}
