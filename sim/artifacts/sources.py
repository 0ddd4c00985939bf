"""One fingerprint of everything a result depends on: rules, world, reading, measures, instruments, code of one's own, and versions.

It is a fingerprint of what runs and not of where it stands: of syntax trees without comments and docstrings, in an order that
does not depend on the names of files. So a file may move or be explained better, and stores can still be resumed.
"""

import ast
import hashlib
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sim.measures import own
from sim.world.compiled import REPLACED

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
# Versions under which the golden values were found equal bit for bit (see CONTRIBUTING.md); others are told apart.
PROVEN = {"python": ("3.11", "3.12", "3.13"), "numpy": ("2",), "numba": ("0.61", "0.62", "0.63", "0.64", "0.65", "0.66")}


def sources() -> str:
    """Hash of all that the numbers of a result depend on, as files were when this process first asked for it."""
    ours = "".join(f"{name}: {text}" for name, text in sorted(REPLACED.items()))
    return _sources(own.written() + ours)


@cache
def _sources(ours: str) -> str:
    digest = hashlib.sha256(f"{_versions()} {ours}".encode())
    digest.update(meaning(file for pattern in SCIENCE for file in PACKAGE.glob(pattern)))
    return digest.hexdigest()[:16]


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
    return hashlib.sha256(f"{sorted(imported)}{ast.dump(tree)}".encode()).digest()


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _versions() -> str:
    """What may change the last bits; versions that were found equal count as one."""
    found = {"python": platform.python_version(), "numpy": _version("numpy"), "numba": _version("numba")}
    told = [name if _proven(name, number) else f"{name} {number}" for name, number in found.items()]
    return " ".join([*told, platform.machine()])


def _proven(name: str, number: str) -> bool:
    return any(f"{number}.".startswith(f"{known}.") for known in PROVEN[name])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
