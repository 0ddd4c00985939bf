"""The text of code of one's own and of all of one's own that it uses: what a fingerprint tells of it (see `sim.measures.own`)."""

import builtins
import dis
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from textwrap import dedent
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.measures.spans import Measure
from sim.world import compiled

PLAIN = (str, int, float, bool, type(None), np.number)


def code_of(thing: Any, what: str, seen: tuple[Any, ...] = ()) -> str:
    """The text of a function or class, and of all of one's own that it uses. InputError if something in it cannot be told."""
    seen = (*seen, thing)
    if isinstance(thing, type):
        return "\n".join(_class_parts(thing, what, seen))
    defaults = {"its defaults": (*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values())}
    used = {name: value for name, value in (used_by(thing) | defaults).items() if not any(value is each for each in seen)}
    return "\n".join([text_of(thing, what), *(f"{name} = {_value(name, value, what, seen)}" for name, value in sorted(used.items()))])


def _class_parts(kind: type, what: str, seen: tuple[Any, ...]) -> Iterator[str]:
    """A class by its fields, its values and its methods, for Python cannot find the text of a class that stands in a notebook."""
    yield f"class {kind.__name__}:"
    for base in kind.__mro__[1:]:
        if is_foreign(base):
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
            yield code_of(value, what, seen) if is_foreign(value) else f"    {name} = {value.__module__}.{value.__qualname__}"
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
        return code_of(code, what, seen) if is_foreign(code) else f"{code.__module__}.{code.__qualname__}"
    if isinstance(value, BuiltinFunctionType | np.ufunc):
        return f"{getattr(value, '__module__', None) or 'numpy'}.{value.__name__}"
    if any(vars(module).get(name) is value for module in _ours()):
        return f"sim: {name}"
    kind = type(value).__name__
    message = f"{what} uses '{name}', {'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}, of which a fingerprint cannot tell what is in it."
    raise InputError(message, "Use numbers, texts, lists of them, functions and modules.")


def text_of(function: Any, what: str) -> str:
    try:
        return dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise InputError(f"the text of {what} cannot be found.", "Define it in a notebook's cell or in a file.") from None


def used_by(function: Any) -> dict[str, Any]:
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


def is_foreign(thing: Any) -> bool:
    """Is it neither of this package nor installed?"""
    name = getattr(compiled.source(thing), "__module__", "") or ""
    return name == "__main__" or (not name.startswith("sim.") and name in sys.modules and bool(_content(sys.modules[name])))


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
