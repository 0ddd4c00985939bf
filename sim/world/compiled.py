"""The only module that knows numba: four decorators, a cache that is never stale, and 64-bit words.

`rule`    a scalar function of the science; callable from Python and from phases.
`phase`   a loop over rows; called from other compiled code only, so no Python wrapper is built for it
          (unboxing a city's sixty arrays in each of thirty wrappers took 18 of 24 seconds of compilation).
`piece`   a part of a phase, for one row; always inlined.
`entry`   what Python calls: compiled with a wrapper, frees the GIL, kept on disk.

With `NUMBA_DISABLE_JIT=1` all four return the function itself and the same text runs interpreted.
"""

import hashlib
import os
import platform
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from struct import pack, unpack
from typing import Any

import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name
from numba.core.caching import NullCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

INTERPRETED = bool(numba.config.DISABLE_JIT)
WORLD = Path(__file__).parent
REPLACED: dict[
    str, str
] = {}  # rules that this process has put in the place of the package's: text by "topic.rule" (see `sim.measures.own`)
_entries: list[Any] = []
_begun = threading.Event()
_MASK = (1 << 64) - 1


def fingerprint() -> str:
    """Hash of all that compiled code depends on: sources, the codebook's names, Python, NumPy and numba, and rules put in place of others.

    numba's own cache looks at the file of the compiled function only, and so runs stale science when a rule in
    another file has changed (numba issue 1833). A folder named by this hash cannot be stale.
    """
    digest = hashlib.sha256()
    for version in (platform.python_version(), np.__version__, numba.__version__, platform.machine()):
        digest.update(version.encode())
    for path in sorted(path for path in WORLD.rglob("*.py") if path.is_file()):
        digest.update(str(path.relative_to(WORLD)).encode())
        digest.update(path.read_bytes())
    for path in sorted((WORLD / "parameters").glob("*.yaml")):
        names = re.findall(r"^[a-z_0-9]+(?=:)", path.read_text(encoding="utf-8"), re.MULTILINE)
        digest.update(f"{path.stem}:{names}".encode())
    for name, text in sorted(REPLACED.items()):
        digest.update(f"{name}: {text}".encode())
    return digest.hexdigest()[:16]


def _ours(folder: Path) -> bool:
    """Make a folder, and say whether it can be written to by us and by nobody else: what lies in it will be executed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        status = folder.stat()
    except OSError:
        return False
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


def _candidates() -> Iterator[Path]:
    """Where compiled code may be kept: `CONFIANZA_CACHE_DIR`, else the user's cache; failing that, a temporary folder."""
    if stated := os.environ.get("CONFIANZA_CACHE_DIR"):
        yield Path(stated).expanduser().absolute()
    else:
        with suppress(RuntimeError):  # nobody's home is known
            yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "confianza"
    yield Path(tempfile.gettempdir()) / f"confianza-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


def cache_folder() -> Path | None:
    """The folder for code compiled from the sources as they are now; None if there is nowhere to keep it."""
    key = fingerprint()
    return next((base / key for base in _candidates() if _ours(base) and _ours(base / key)), None)


@contextmanager
def _numba_cache_in(folder: Path):
    """numba reads its cache folder while decorating; the environment variable is ignored once numba is imported."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


# Division by zero gives inf, as in NumPy, so that no loop can raise; rules never divide by a state that may be 0.
_COMMON: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


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


def rule(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a scalar rule: numbers in, number out. Python gets a function of its own, compiled when it calls; phases inline theirs."""
    if INTERPRETED:
        return function
    made: Any = numba.njit(**_COMMON)(function)
    inlined: Any = piece(function)
    made.get_call_template, made.get_overload = inlined.get_call_template, inlined.get_overload
    return made


def phase(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop over rows; callable from compiled code only (see `sim.world.schedule.run_phase`)."""
    if INTERPRETED:
        return function
    return numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, pipeline_class=_Inlining, **_COMMON)(function)


def piece(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a part of a phase that concerns one row; always inlined.

    Handing sixty arrays over to a function that is not inlined costs more than most pieces do: offend took 6.5 ms instead of 4.5.
    """
    if INTERPRETED:
        return function
    return numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True, pipeline_class=_Inlining, **_COMMON)(function)


def entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that Python calls, and keep it on disk for the next process."""
    if INTERPRETED:
        return function
    made = numba.njit(**_COMMON)(function)
    _entries.append(made)
    _keep(made, cache_folder())  # anew for each entry, because sources may have been edited and reloaded since the last
    return made


def _keep(made: Any, folder: Path | None) -> None:
    """Let an entry be kept in a folder; None: nowhere."""
    if folder is None:
        made._cache = NullCache()
    else:
        with _numba_cache_in(folder):
            made.enable_caching()


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
        _keep(made, folder)
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
        print(f"Compiling {what} (once for this version; about half a minute) ...", file=sys.stderr, flush=True)


if INTERPRETED:

    def word(x):
        """An integer as an unsigned 64-bit word."""
        return int(x) & _MASK

    def add_words(a, b):
        """The sum of two words, wrapping round."""
        return (a + b) & _MASK

    def multiply_low(a, b):
        """The low 64 bits of the product of two words."""
        return (a * b) & _MASK

    def fetch(column, row):
        """Ask the processor to bring a row near that will be needed soon."""

    def multiply(a, b):
        """The high and the low 64 bits of the product of two words."""
        product = a * b
        return product >> 64, product & _MASK

    def double(x):
        """A number in double precision, whatever column it is from."""
        return float(x)

    def bits_of(x):
        """The word that stands for a double."""
        return unpack("<Q", pack("<d", x))[0]

    def from_bits(bits):
        """The double that a word stands for."""
        return unpack("<d", pack("<Q", bits))[0]

else:
    from llvmlite import ir
    from numba.extending import intrinsic

    @numba.njit(inline="always")
    def word(x):
        """An integer as an unsigned 64-bit word."""
        return np.uint64(x)

    @numba.njit(inline="always")
    def add_words(a, b):
        """The sum of two words, wrapping round."""
        return np.uint64(a) + np.uint64(b)

    @numba.njit(inline="always")
    def multiply_low(a, b):
        """The low 64 bits of the product of two words."""
        return np.uint64(a) * np.uint64(b)

    @intrinsic
    def fetch(typingctx, column, row):
        """Ask the processor to bring a row near that will be needed soon."""

        def generate(context, builder, signature, arguments):
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            stride = builder.extract_value(array.strides, 0)
            byte = ir.IntType(8).as_pointer()
            place = builder.gep(builder.bitcast(array.data, byte), [builder.mul(stride, builder.zext(arguments[1], stride.type))])
            kind = ir.FunctionType(ir.VoidType(), [byte, *[ir.IntType(32)] * 3])
            prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
            builder.call(prefetch, [place, *(ir.Constant(ir.IntType(32), value) for value in (0, 3, 1))])  # to read, keep near, data
            return context.get_dummy_value()

        return numba.types.void(column, numba.uint32), generate

    @intrinsic
    def multiply(typingctx, a, b):
        """The high and the low 64 bits of the product of two words, of one multiplication: apart they would cost two."""

        def generate(context, builder, signature, arguments):
            wide = ir.IntType(128)
            x, y = (builder.zext(value, wide) for value in arguments)
            product = builder.mul(x, y)
            parts = [builder.lshr(product, ir.Constant(wide, 64)), product]
            return context.make_tuple(builder, signature.return_type, [builder.trunc(part, ir.IntType(64)) for part in parts])

        return numba.types.UniTuple(numba.uint64, 2)(numba.uint64, numba.uint64), generate

    @numba.njit(inline="always")
    def double(x):
        """A number in double precision, whatever column it is from."""
        return np.float64(x)

    def _cast(number, to):
        """An intrinsic that takes the bits of one type for another's."""

        def cast(typingctx, x):
            def generate(context, builder, signature, arguments):
                return builder.bitcast(arguments[0], context.get_value_type(to))

            return to(number), generate

        return intrinsic(cast)

    bits_of, from_bits = _cast(numba.float64, numba.uint64), _cast(numba.uint64, numba.float64)
