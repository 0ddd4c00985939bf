"""Code of one's own: a rule, a reform or a measure defined in a notebook or a script and used as if it were the package's.

    from sim.measures import own

    @own.rule("reporting.reporting_probability")    before the first run: takes the rule's place in everything that is compiled
    @own.reform("rotation")                         a frozen dataclass of levers: may stand in scenarios and studies
    @own.measure("share", "none")                   a function of `Over`: may stand in the measures of a study

Nobody is fooled by them: the text of what is defined here, and of what it uses, enters the fingerprint of results and the keys of
sweeps, so that runs of other code are never mixed. It is known in this process alone; workers in others refuse it. What a reform
writes, books and costs is looked at each time (sim.world.reforms.guard).
"""

import builtins
import inspect
import json
import math
import re
from collections.abc import Callable
from dataclasses import is_dataclass
from hashlib import sha256
from importlib import import_module
from itertools import islice, product
from pkgutil import iter_modules
from types import FunctionType
from typing import Any

import numpy as np

from sim import measures
from sim.errors import InputError, did_you_mean, shown
from sim.measures import MEASURES, Measure
from sim.measures.telling import code_of, is_foreign, text_of, used_by
from sim.world import compiled, rules
from sim.world.reforms import REFORMS, guard, levers

SAMPLES = {float: (0.5, 0.0, 1.0), int: (1, 0, 5), bool: (True, False)}  # arguments with which a new rule is tried,
TRIED = 500  # in so many combinations
POINTS = (0.0, 0.25, 0.7, 1.0)
LINEAR = {  # in so many arguments, because means of groups, and what a week does to a cell's residents, are read by them
    "trust.overall_trust": (2, POINTS), "trust.change_from_drift": (2, POINTS), "places.pulled": (1, (-0.95, -0.5, *POINTS)),
}  # fmt: skip
FROM_ZERO = ("trust.overall_trust",)  # and 0 if these are 0, because changes are read by it too
PARTS = ("due", "settings", "act", "running")  # what a reform does


# --- Three doors


def rule(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function in the place of a rule, as "reporting.reporting_probability", in all that is compiled from now on.

    It takes the arguments of the rule and may use numbers, `math` and other rules; what their names mean now, they mean for ever.
    InputError if there is no such rule, if the function does not fit, or if a city was run before in this process: what was compiled
    then stays as it was. To define the same again does nothing.
    """
    known = all_rules()
    if name not in known:
        raise InputError(f"there is no rule '{name[:100]}'.", did_you_mean(name, known) + f"Rules: {', '.join(known)}")

    def put(function: Callable[..., Any]) -> Callable[..., Any]:
        text, frozen = _frozen(function, name)
        if compiled.REPLACED.get(name) == text:
            return known[name]
        if compiled.begun():
            message = f"the rule '{name}' cannot be changed any more: a city was run in this process, with the rules compiled as they were."
            raise InputError(message, "Restart the kernel (or the script), and change rules before the first run.")
        _try(frozen, known[name], name)
        _check_linear(frozen, name)
        return compiled.replace_rule(name, known[name], frozen, text)

    return put


def reform(name: str) -> Callable[[type], type]:
    """Make a record a reform that scenarios and studies may name. It is a frozen, keyword-only dataclass whose fields are levers (see
    `sim.world.reforms.common`), with `start`, `dose`, `reads`, `writes`, `text` and the methods of `sim.world.reforms`.

    InputError if something is missing, or if a reform of the package has this name. A reform of one's own may be defined anew.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InputError(f"'{name[:100]}' is no name for a reform.", "Take small letters, digits and _.")
    if name in REFORMS and not is_foreign(REFORMS[name]):
        raise InputError(f"the package has a reform '{name}'.", "Take another name.")

    def put(kind: type) -> type:
        _check_reform(kind, name)
        code_of(kind, f"the reform '{name}'")
        REFORMS[name] = kind
        return kind

    return put


def measure(unit: str, mirrors: str) -> Callable[[Callable[..., Any]], Measure]:
    """Make a function of `sim.measures.Over` a measure by its name; its docstring is the description. What it reads of one run are numbers
    and NumPy arrays; of several runs side by side, arrays whose first axes are the runs.

    unit     of its values;  mirrors: the survey or record that asks for the same in reality, or "none"
    InputError if it has no docstring, or if a measure of the package has this name. One of one's own may be defined anew.
    """

    def put(function: Callable[..., Any]) -> Measure:
        name = getattr(function, "__name__", "")
        if not name.isidentifier():
            raise InputError(f"{shown(name)} is no name for a measure.", "Define it as a function: letters, digits and _.")
        if name in MEASURES and not is_foreign(MEASURES[name].function):
            raise InputError(f"the package has a measure '{name}'.", "Take another name.")
        if not function.__doc__:
            raise InputError(f"the measure '{name}' has no docstring.", "Say in a sentence what it measures: reports print it.")
        code_of(function, f"the measure '{name}'")
        return measures.spans.measure(unit, mirrors)(function)

    return put


# --- What a fingerprint tells


def texts() -> dict[str, str]:
    """The text of all code of one's own in this process, by "rule NAME", "reform NAME" and "measure NAME"; however it came there."""
    return (
        {f"rule {name}": text for name, text in compiled.REPLACED.items()}
        | {f"reform {name}": code_of(kind, f"the reform '{name}'") for name, kind in REFORMS.items() if is_foreign(kind)}
        | {f"measure {name}": code_of(one.function, f"the measure '{name}'") for name, one in MEASURES.items() if is_foreign(one.function)}
    )


def names() -> dict[str, str]:
    """The hash of each of them, to be told beside the versions of what is installed."""
    return {name: sha256(text.encode()).hexdigest()[:8] for name, text in texts().items()}


def written() -> str:
    """The same as JSON; empty if there is none."""
    found = texts()
    return json.dumps(found, indent=1, sort_keys=True) if found else ""


# --- Does it fit?


def all_rules() -> dict[str, Any]:
    """All rules by "topic.name", as they are now."""
    found = {}
    for topic in sorted(each.name for each in iter_modules(rules.__path__)):
        module = import_module(f"{rules.__name__}.{topic}")
        for name, value in vars(module).items():
            code = compiled.source(value)
            if isinstance(code, FunctionType) and (code.__module__ == module.__name__ or f"{topic}.{name}" in compiled.REPLACED):
                found[f"{topic}.{name}"] = value
    return found


def _frozen(function: Any, name: str) -> tuple[str, Callable[..., Any]]:
    """The text of a new rule with the numbers it uses, and the function for which they cannot change any more."""
    what, known = f"the rule '{name}'", list(all_rules().values())
    if not isinstance(function, FunctionType):
        raise InputError(f"{what} must be a plain function, but is {type(function).__name__}.", f'Write it below @own.rule("{name}").')
    used = used_by(function)
    for key, value in used.items():
        allowed = value is math or getattr(value, "__module__", "") == "math" or any(value is each for each in known)
        if not allowed and not isinstance(value, int | float):
            message = f"{what} uses '{key}', which is neither a number nor of the module math nor another rule."
            raise InputError(message, "Rules are numbers in, number out: write what it needs into it, or hand it over as an argument.")
    numbers = {key: value for key, value in sorted(used.items()) if isinstance(value, int | float)}
    text = "\n".join([text_of(function, what).rstrip(), *(f"# {key} = {value!r}" for key, value in numbers.items())])
    frozen = FunctionType(function.__code__, {"__builtins__": builtins, "__name__": function.__module__, **used}, function.__name__,
                          closure=function.__closure__)  # fmt: skip
    frozen.__doc__ = function.__doc__
    return text, frozen


def _try(function: Any, old: Any, name: str) -> None:
    """InputError if a new rule does not take the arguments of the old one, cannot be compiled, or gives no number."""
    wanted, given = (list(inspect.signature(compiled.source(each)).parameters) for each in (old, function))
    if given != wanted:
        message = f"the rule '{name}' takes ({', '.join(wanted)}), but the new one ({', '.join(given)})."
        raise InputError(message, "Take the same, in this order.")
    kinds = [each.annotation for each in inspect.signature(compiled.source(old)).parameters.values()]
    new = compiled.rule(function)
    for sample in islice(product(*(SAMPLES.get(kind, SAMPLES[float]) for kind in kinds)), TRIED):
        said = ", ".join(f"{name}={value}" for name, value in zip(wanted, sample, strict=True))
        if not _number(usual := _result(compiled.source(old), sample)):
            continue
        result = _result(new, sample)
        if isinstance(result, Exception):
            reason = next((line.strip() for line in str(result).splitlines() if line.strip()), type(result).__name__)
            message = f"the new rule '{name}' cannot be used: with {said} {reason[:300]}"
            raise InputError(message, "Rules are numbers in, number out, with if, for and the functions of math.")
        if not _number(result):
            message = f"the new rule '{name}' gives {result!r} with {said}, where the package's gives {usual:.4g}: not a finite number."
            raise InputError(message, "Every way through it must end with return and a number.")


def _check_linear(function: Callable[..., Any], name: str) -> None:
    """InputError if a new rule is not linear in its first arguments, where results need that it is."""
    if name not in LINEAR:
        return
    many, others = LINEAR[name]
    for rest in product(others, repeat=len(inspect.signature(function).parameters) - many):
        start = 0.0 if name in FROM_ZERO else function(*[0.0] * many, *rest)
        alone = [function(*(float(place == one) for place in range(many)), *rest) - start for one in range(many)]
        for first in product(POINTS, repeat=many):
            if not abs(function(*first, *rest) - start - sum(value * share for value, share in zip(first, alone, strict=True))) <= 1e-12:
                which = "argument" if many == 1 else f"{many} arguments"
                message = f"the new rule '{name}' is not linear in its first {which}."
                raise InputError(message, "Take a weighted sum of them: means of groups and what moves them are read by this rule.")


def _result(function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    """What a rule gives, or the exception that it raises."""
    try:
        return function(*given)
    except Exception as error:
        return error


def _number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and math.isfinite(value)


def _check_reform(kind: type, name: str) -> None:
    """InputError if a record lacks what a reform needs."""
    remedy = "See docs/reforms.md and sim/world/reforms for what a reform has."
    if not is_dataclass(kind) or not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise InputError(f"the reform '{name}' must be a frozen dataclass: @dataclass(frozen=True, kw_only=True).", remedy)
    known = levers(kind)
    missing = [part for part in (*PARTS, "dose", "reads", "writes", "text") if not hasattr(kind, part)] + ["start"] * ("start" not in known)
    if missing:
        raise InputError(f"the reform '{name}' lacks {', '.join(missing)}.", remedy)
    if kind.dose not in known:  # type: ignore[attr-defined]
        raise InputError(f"the dose of the reform '{name}' must name one of its levers: {', '.join(known)}.", remedy)
    if bare := [lever for lever, field in known.items() if not {"unit", "text"} <= field.metadata.keys()]:
        raise InputError(f"the reform '{name}' has fields that are no levers: {', '.join(bare)}.", remedy)
    guard.check_columns(name, kind)
