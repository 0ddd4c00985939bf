"""Functions that are only called from compiled code: put into that of callers, and never made machine code of by themselves."""

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

INTERPRETED = bool(numba.config.DISABLE_JIT)
# Division by zero gives inf, as in NumPy, so that no loop can raise; rules never divide by a state that may be 0.
COMMON: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


class _Inlined(JITCodeLibrary):  # type: ignore[misc]
    """Code that is only ever put into that of callers: optimized and made machine code of there, once, and not at every level."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> Any:
        return self  # to set an environment there, which code without Python objects does not read

    def set_env(self, name: str, environment: Any) -> None:
        pass


class _Inlining(Compiler):  # type: ignore[misc]
    """Compiles what is only called from compiled code (compiling a city took twice as long with machine code of each part)."""

    def define_pipelines(self) -> Any:
        self.state.library = _Inlined(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        return super().define_pipelines()


def within(function: Callable[..., Any], *, always: bool = True) -> Any:
    """Compile a function that compiled code calls. A literal number is a number: one form of a function serves all of a type."""
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "forceinline": always, "pipeline_class": _Inlining}
    made: Any = numba.njit(**options, **COMMON)(function)
    choose = made.get_call_template
    made.get_call_template = lambda arguments, names: choose(tuple(map(numba.types.unliteral, arguments)), names)
    return made


def piece(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a part of a phase that concerns one row; always inlined.

    Handing sixty arrays over to a function that is not inlined costs more than most pieces do: offend took 6.5 ms instead of 4.5.
    """
    if INTERPRETED:
        return function
    return within(function)


@cache
def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """A compiled function's text as Python runs it, with all that it calls: for what is asked once and need not be compiled."""
    if not hasattr(function, "py_func"):
        return function
    text = function.py_func
    known = {name: text.__globals__[name] for name in text.__code__.co_names if name in text.__globals__}
    return FunctionType(text.__code__, {name: plain(value) if hasattr(value, "py_func") else value for name, value in known.items()})
