"""One fingerprint of all text a result depends on: rules, world, reading, measures, instruments and code of one's own.

It is a fingerprint of what runs and not of where it stands: of syntax trees without comments and docstrings, in an order that
does not depend on the names of files. So a file may move or be explained better, and stores can still be resumed.
What versions and processors make of the text is told by `sim.artifacts.bits`.
"""

import ast
import hashlib
import platform
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from sim.files.writing import place
from sim.measures import own
from sim.world.compiled import REPLACED, cache_folder

PACKAGE = Path(__file__).parent.parent
SCIENCE = [  # patterns of files
    "world/*.py",
    "world/rules/*.py",
    "world/reforms/*.py",
    *(f"measures/{name}.py" for name in ("__init__", "names", "labels", "spans", "panel_measures", "harvest")),
    "instruments/*.py",
    "trials/*.py",
    *(f"studies/running/{name}.py" for name in ("work", "runs")),
]


def sources() -> str:
    """Hash of all text that the numbers of a result depend on, as files were when this process first asked for it."""
    ours = "".join(f"{name}: {text}" for name, text in sorted(REPLACED.items()))
    return _sources(own.written() + ours)


@cache
def _sources(ours: str) -> str:
    digest = hashlib.sha256(ours.encode())
    digest.update(_kept_meaning([file for pattern in SCIENCE for file in PACKAGE.glob(pattern)]))
    return digest.hexdigest()[:16]


def _kept_meaning(modules: Sequence[Path]) -> bytes:
    """The same as `meaning`, kept beside compiled code by what the very files hold, because parsing them takes a tenth of a second."""
    texts = b"".join(sorted(hashlib.sha256(path.read_bytes()).digest() for path in (*modules, Path(__file__))))
    folder = cache_folder()
    kept = folder and folder / f"meaning-{hashlib.sha256(texts + platform.python_version().encode()).hexdigest()}"
    with suppress(OSError, ValueError):
        if kept and len(known := bytes.fromhex(kept.read_text())) == hashlib.sha256().digest_size:
            return known
    found = meaning(modules)
    with suppress(OSError):
        if kept:
            place(kept, found.hex(), lasting=False)
    return found


def meaning(modules: Iterable[Path]) -> bytes:
    """Hash of what all these modules do, wherever they stand."""
    return hashlib.sha256(b"".join(sorted(_meaning(path) for path in modules))).digest()


def _meaning(path: Path) -> bytes:
    """Hash of what a module does: without comments, docstrings, types of arguments, its own name, and where what it imports stands."""
    tree, imported = ast.parse(path.read_bytes()), []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(body := getattr(node, "body", None), list):
            ours = [one for one in body if isinstance(one, ast.ImportFrom) and (one.module or "").partition(".")[0] == "sim"]
            imported += [(alias.name, alias.asname or alias.name) for one in ours for alias in one.names]
            node.body = [one for one in body if one not in ours and not _is_text(one)]  # type: ignore[attr-defined]
    return hashlib.sha256(f"{sorted(imported)}{_written(tree)}".encode()).digest()


def _written(node: Any) -> str:
    """A syntax tree in words; what is empty is left out, because versions of Python differ in that (`ast.dump` does too)."""
    if isinstance(node, list):
        return f"[{' '.join(map(_written, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    return f"({type(node).__name__} {' '.join(f'{name}={_written(one)}' for name, one in ast.iter_fields(node) if one not in (None, []))})"


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
