"""Where compiled code is kept on disk, in a folder that is never stale."""

import hashlib
import os
import platform
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core.caching import NullCache

WORLD = Path(__file__).parents[1]
REPLACED: dict[
    str, str
] = {}  # rules that this process has put in the place of the package's: text by "topic.rule" (see `sim.measures.own`)


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


def keep(made: Any, folder: Path | None) -> None:
    """Let an entry be kept in a folder; None: nowhere."""
    if folder is None:
        made._cache = NullCache()
    else:
        with _numba_cache_in(folder):
            made.enable_caching()
