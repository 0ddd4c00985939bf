"""One process at a time writes into a folder: the lock of the operating system, and what a disk refuses in plain words."""

import os
import socket
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import EDQUOT, EEXIST, ENOSPC, ENOTDIR
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.style import note

LOCK = "writer.lock"
FULL = (ENOSPC, EDQUOT)  # what a disk without room says
ELSEWHERE = "Write elsewhere (--out), or move that file away."

turn = threading.RLock()  # threads of one process write one after the other
_held: dict[tuple[int, int], list[Any]] = {}  # the lock of each folder that this process writes into, and how often it was asked for


@contextmanager
def locked(folder: Path, *, alone: bool = False, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock of a folder, which ends with the process that holds it. A folder that is not there is made; if it stays empty, it goes.

    alone  nor may another part of this process hold it
    wait   seconds to wait for another process
    """
    made: list[Path] = []
    try:
        with explained(folder), turn:
            made += make_folder(folder)
            key = identity(os.stat(folder))
            if alone and key in _held:
                raise _busy(folder)
            held = _held.get(key) or [_acquired(folder, wait), 0]
            held[1] += 1
            _held[key] = held
        try:
            yield
        finally:
            with turn:
                held[1] -= 1
                if not held[1]:
                    _released(_held.pop(key)[0])
    finally:
        remove_empty(made)


def make_folder(folder: Path) -> list[Path]:
    """Make a folder and those above it; the ones that were not there, the innermost first."""
    if "\0" in str(folder):
        raise InputError("the name of a folder cannot contain a NUL character.", "Choose another one with --out.")
    missing = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        remove_empty(missing)
        raise
    return missing


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders that were made, if they are empty."""
    for place in folders:
        with suppress(OSError):
            place.rmdir()


def _acquired(folder: Path, wait: float) -> Any:
    """The lock of the operating system, and in its file who holds it."""
    from filelock import FileLock, Timeout

    path = folder / LOCK
    if os.path.lexists(path) and not (stat.S_ISREG(os.lstat(path).st_mode) and _holder(path) is not None):
        raise foreign(path)
    lock = FileLock(path.absolute())
    try:
        lock.acquire(timeout=wait, poll_interval=0.02)
    except Timeout:
        if not os.path.lexists(path):  # nobody holds it: it cannot be made here, and the system says why
            path.touch()
        raise _busy(folder) from None
    except NotImplementedError as error:
        raise OSError(str(error)) from None
    with suppress(OSError):  # a full disk, or a system that locks the text too
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n", encoding="utf-8")
    return lock


def _released(lock: Any) -> None:
    """Give the lock back. Its file goes first: whoever waits for it sees that it has no name any more, and makes another one."""
    with suppress(OSError):  # Windows keeps what is open
        os.unlink(lock.lock_file)
    lock.release()


def _holder(path: Path) -> str | None:
    """Who holds a lock; empty if that is not known, None if the file is no lock."""
    try:
        text = path.read_bytes()[:300].decode(errors="replace").strip()
    except OSError:
        return ""
    return text if not text or text.startswith("process ") else None


def _busy(folder: Path) -> InputError:
    text = (_holder(folder / LOCK) or "").split()  # "process 7 on somewhere"
    who = note("process_of", number=text[1], host=text[3]) if len(text) == 4 else ""
    return InputError(
        note("another_writes", folder=str(folder), who=who),
        "Wait until it ends, or end it, or write elsewhere (--out). Reading is possible all the time.",
    )


def foreign(path: Path) -> InputError:
    return InputError(note("not_ours", file=str(path)), ELSEWHERE)


def identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Errors of the system in plain words."""
    try:
        yield
    except OSError as error:
        raise unwritable(folder, error) from None
    except UnicodeEncodeError:
        raise unwritable(folder, OSError("its name cannot be written here")) from None


class DiskFull(InputError):
    """There is no room for what has to be written."""


def unwritable(folder: Path, error: OSError) -> InputError:
    """The error for a folder that cannot be written to."""
    if error.errno in FULL:
        return DiskFull(note("disk_full", folder=str(folder)), "Free some space, or write elsewhere (--out).")
    reason = note("no_folder") if error.errno in (EEXIST, ENOTDIR) else error.strerror or str(error)
    return InputError(note("unwritable", folder=str(folder), reason=reason), "Choose another one with --out.")
