"""The only room that knows numba: four decorators, a cache that is never stale, 64-bit words, and how a city is handed over.

`rule`    a scalar function of the science; callable from Python and from phases.
`phase`   a loop over rows; called from other compiled code only, so no Python wrapper is built for it
          (unboxing a city's sixty arrays in each of thirty wrappers took 18 of 24 seconds of compilation).
`piece`   a part of a phase, for one row; always inlined.
`entry`   what Python calls: compiled with a wrapper, frees the GIL, kept on disk.

With `NUMBA_DISABLE_JIT=1` all four return the function itself and the same text runs interpreted.
"""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from llvmlite.binding import get_host_cpu_name

import sim.world.compiled.addresses  # noqa: F401 - from here on what holds tables is taken by its address
from sim.world.compiled.cache import REPLACED, WORLD, cache_folder, fingerprint, keep
from sim.world.compiled.inlining import COMMON, INTERPRETED, piece, plain, within
from sim.world.compiled.words import add_words, bits_of, double, fetch, from_bits, multiply, multiply_low, word

__all__ = ["INTERPRETED", "REPLACED", "WORLD", "add_words", "announce", "begun", "bits_of", "cache_folder", "double", "entry", "fetch"]
__all__ += ["fingerprint", "from_bits", "is_ready", "multiply", "multiply_low", "phase", "piece", "plain", "processor", "replace_rule"]
__all__ += ["rule", "source", "word"]

_entries: list[Any] = []
_begun = threading.Event()


def rule(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a scalar rule: numbers in, number out. Python gets a function of its own, compiled when it calls; phases inline theirs."""
    if INTERPRETED:
        return function
    made: Any = numba.njit(**COMMON)(function)
    inlined: Any = piece(function)
    made.get_call_template, made.get_overload = inlined.get_call_template, inlined.get_overload
    return made


def phase(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop over rows; callable from compiled code only (see `sim.world.schedule.run_phase`)."""
    if INTERPRETED:
        return function
    return within(function, always=False)


def entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that Python calls, and keep it on disk for the next process."""
    if INTERPRETED:
        return function
    made = numba.njit(no_cfunc_wrapper=True, **COMMON)(function)
    _entries.append(made)
    keep(made, cache_folder())  # anew for each entry, because sources may have been edited and reloaded since the last
    return made


def replace_rule(name: str, old: Callable[..., Any], function: Callable[..., Any], text: str) -> Callable[..., Any]:
    """Put another function in the place of a rule, wherever the package names it. Compiled code does not change: see `begun`.

    Names are looked up when something is compiled, so a rule that is replaced before the first run takes effect everywhere; and
    what is compiled then is kept in a folder of its own, because the text is part of the fingerprint.
    """
    new = rule(function)
    for module in [module for key, module in list(sys.modules.items()) if key.partition(".")[0] == "sim"]:
        for key, value in list(vars(module).items()):
            if value is old:
                setattr(module, key, new)
    REPLACED[name] = text
    folder = None if INTERPRETED else cache_folder()
    for made in _entries:
        keep(made, folder)
    return new


def begun() -> bool:
    """Has a city been built in this process, so that rules are compiled as they were?"""
    return _begun.is_set()


def processor() -> str:
    """What code is compiled for: the name of a processor, or "interpreted"."""
    return "interpreted" if INTERPRETED else numba.config.CPU_NAME or get_host_cpu_name()


def source(function: Callable[..., Any]) -> Callable[..., Any]:
    """The Python function behind a rule, phase or entry."""
    return getattr(function, "py_func", function)


def is_ready(*functions: Any) -> bool:
    """Can these entries run without compiling first (interpreted, compiled in this process, or on disk)?"""
    return INTERPRETED or all(f.overloads or _on_disk(f) for f in functions)


def _on_disk(function: Any) -> bool:
    folder = function.stats.cache_path
    return bool(folder) and any(Path(folder).glob(f"*.{function.__name__}-*.nbc"))


def announce(what: str, *functions: Callable[..., Any]) -> None:
    """Say on standard error that a first call will compile, if it will. From here on no rule can be replaced."""
    _begun.set()
    if not is_ready(*functions):
        print(f"Compiling {what} (once for this version; about twenty seconds) ...", file=sys.stderr, flush=True)
