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
import dis
import inspect
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, partial
from hashlib import sha256
from importlib import import_module
from itertools import islice, product
from pathlib import Path
from pkgutil import iter_modules
from textwrap import dedent
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from sim import measures
from sim.errors import InputError, did_you_mean, shown
from sim.measures import MEASURES, Measure
from sim.world import compiled, rules
from sim.world.reforms import REFORMS, guard, levers

SAMPLES = {float: (0.5, 0.0, 1.0), int: (1, 0, 5), bool: (True, False)}  # arguments with which a new rule is tried,
TRIED = 500  # in so many combinations
LINEAR = {"trust.overall_trust": 2}  # in so many arguments, because means of groups and changes booked to causes are read by them
PARTS = ("due", "settings", "act", "running")  # what a reform does
PLAIN = (str, int, float, bool, type(None), np.number)


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
    if name in REFORMS and not _foreign(REFORMS[name]):
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
        if name in MEASURES and not _foreign(MEASURES[name].function):
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
        | {f"reform {name}": code_of(kind, f"the reform '{name}'") for name, kind in REFORMS.items() if _foreign(kind)}
        | {f"measure {name}": code_of(one.function, f"the measure '{name}'") for name, one in MEASURES.items() if _foreign(one.function)}
    )


def names() -> dict[str, str]:
    """The hash of each of them, to be told beside the versions of what is installed."""
    return {name: sha256(text.encode()).hexdigest()[:8] for name, text in texts().items()}


def written() -> str:
    """The same as JSON; empty if there is none."""
    found = texts()
    return json.dumps(found, indent=1, sort_keys=True) if found else ""


def code_of(thing: Any, what: str, seen: tuple[Any, ...] = ()) -> str:
    """The text of a function or class, and of all of one's own that it uses. InputError if something in it cannot be told."""
    seen = (*seen, thing)
    if isinstance(thing, type):
        return "\n".join(_class_parts(thing, what, seen))
    defaults = {"its defaults": (*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values())}
    used = {name: value for name, value in (_used(thing) | defaults).items() if not any(value is each for each in seen)}
    return "\n".join([_text(thing, what), *(f"{name} = {_value(name, value, what, seen)}" for name, value in sorted(used.items()))])


def _class_parts(kind: type, what: str, seen: tuple[Any, ...]) -> Iterator[str]:
    """A class by its fields, its values and its methods, for Python cannot find the text of a class that stands in a notebook."""
    yield f"class {kind.__name__}:"
    for base in kind.__mro__[1:]:
        if _foreign(base):
            yield code_of(base, what, seen)
    names = set()
    for field in fields(kind) if is_dataclass(kind) else ():
        names.add(field.name)
        default = "" if field.default is MISSING else f" = {_value(field.name, field.default, what, seen)}"
        yield f"    {field.name}: {field.type}{default}  {_value(field.name, dict(field.metadata), what, seen)}"
    for name, value in sorted(vars(kind).items()):
        value = getattr(value, "__func__", getattr(value, "fget", value))
        generated = name.startswith("__annotat") or (  # Python 3.14 keeps annotations in a function; fields tell them already
            isinstance(value, FunctionType) and inspect.unwrap(value).__code__.co_filename == "<string>"
        )
        if isinstance(value, FunctionType) and not generated:
            yield code_of(value, what, seen) if _foreign(value) else f"    {name} = {value.__module__}.{value.__qualname__}"
        elif not name.startswith("__") and name not in names and not generated:
            yield f"    {name} = {_value(name, value, what, seen)}"


def _value(name: str, value: Any, what: str, seen: tuple[Any, ...]) -> str:
    """What a name stands for, in a form that is the same in every process."""
    if isinstance(value, list | tuple | set | frozenset):
        parts = [_value(name, each, what, seen) for each in value]
        return f"{type(value).__name__}({', '.join(sorted(parts) if isinstance(value, set | frozenset) else parts)})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {_value(name, each, what, seen)}' for key, each in value.items())}}}"
    if isinstance(value, PLAIN):
        return repr(value)
    if isinstance(value, ModuleType):
        return f"module {value.__name__}{_content(value)}"
    code = compiled.source(value.function if isinstance(value, Measure) else value)
    if isinstance(code, FunctionType | type | MethodType):
        return code_of(code, what, seen) if _foreign(code) else f"{code.__module__}.{code.__qualname__}"
    if isinstance(value, BuiltinFunctionType | np.ufunc):
        return f"{getattr(value, '__module__', None) or 'numpy'}.{value.__name__}"
    if any(vars(module).get(name) is value for module in _ours()):
        return f"sim: {name}"
    kind = type(value).__name__
    message = f"{what} uses '{name}', {'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}, of which a fingerprint cannot tell what is in it."
    raise InputError(message, "Use numbers, texts, lists of them, functions and modules.")


def _text(function: Any, what: str) -> str:
    try:
        return dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise InputError(f"the text of {what} cannot be found.", "Define it in a notebook's cell or in a file.") from None


def _used(function: Any) -> dict[str, Any]:
    """What the global names and the closure of a function stand for; builtins are left out."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    found = {name: cell.cell_contents for name, cell in cells}
    for name in _globals(function.__code__):
        if name in function.__globals__:
            found[name] = function.__globals__[name]
        elif not hasattr(builtins, name):
            raise InputError(f"'{function.__name__}' uses '{name}', which is not there yet.", f"Define '{name}' before it.")
    return found


def _globals(code: CodeType) -> set[str]:
    """The global names that code and the code inside it look up."""
    here = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return here.union(*(_globals(inner) for inner in code.co_consts if isinstance(inner, CodeType)))


def _foreign(thing: Any) -> bool:
    """Is it neither of this package nor installed?"""
    name = getattr(compiled.source(thing), "__module__", "") or ""
    return name == "__main__" or (name in sys.modules and bool(_content(sys.modules[name])))


def _content(module: ModuleType) -> str:
    """The hash of a module's file if it is neither of this package nor installed; else empty."""
    file = getattr(module, "__file__", None)
    return "" if not file or _installed(file) else f" {sha256(Path(file).read_bytes()).hexdigest()[:16]}"


@cache
def _installed(file: str) -> bool:
    """Is it of this package or installed, perhaps into a user's own site-packages?"""
    homes = (compiled.WORLD.parent, Path(sys.prefix), Path(sys.base_prefix))
    return "-packages" in file or any(Path(file).is_relative_to(home) for home in homes)


def _ours() -> list[ModuleType]:
    """All modules of this package that are loaded."""
    return [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "sim"]


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
    used = _used(function)
    for key, value in used.items():
        allowed = value is math or getattr(value, "__module__", "") == "math" or any(value is each for each in known)
        if not allowed and not isinstance(value, int | float):
            message = f"{what} uses '{key}', which is neither a number nor of the module math nor another rule."
            raise InputError(message, "Rules are numbers in, number out: write what it needs into it, or hand it over as an argument.")
    numbers = {key: value for key, value in sorted(used.items()) if isinstance(value, int | float)}
    text = "\n".join([_text(function, what).rstrip(), *(f"# {key} = {value!r}" for key, value in numbers.items())])
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
    many = LINEAR.get(name)
    if many is None:
        return
    for sample in product((0.0, 0.25, 1.0), repeat=len(inspect.signature(function).parameters)):
        first, rest = sample[:many], sample[many:]
        alone = [function(*(float(place == one) for place in range(many)), *rest) for one in range(many)]
        if abs(function(*sample) - sum(value * share for value, share in zip(first, alone, strict=True))) > 1e-12:
            message = f"the new rule '{name}' is not linear in its first {many} arguments."
            raise InputError(message, "Take a weighted sum of them: means of groups and the causes of changes are read by this rule.")


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
    refuse = partial(InputError, remedy="See docs/reforms.md and sim/world/reforms for what a reform has.")
    if not is_dataclass(kind) or not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise refuse(f"the reform '{name}' must be a frozen dataclass: @dataclass(frozen=True, kw_only=True).")
    known = levers(kind)
    missing = [part for part in (*PARTS, "dose", "reads", "writes", "text") if not hasattr(kind, part)] + ["start"] * ("start" not in known)
    if missing:
        raise refuse(f"the reform '{name}' lacks {', '.join(missing)}.")
    if kind.dose not in known:  # type: ignore[attr-defined]
        raise refuse(f"the dose of the reform '{name}' must name one of its levers: {', '.join(known)}.")
    if bare := [lever for lever, field in known.items() if not {"unit", "text"} <= field.metadata.keys()]:
        raise refuse(f"the reform '{name}' has fields that are no levers: {', '.join(bare)}.")
    guard.check_columns(name, kind)
