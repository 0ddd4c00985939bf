"""The one place that writes files: whole or not at all, by one process at a time, and never over what Confianza did not write.

Beside its files it keeps `confianza.json`, which lists each with its hash. A file is replaced only if it is listed there and still is
as it was written; so whatever people wrote, changed or put there stays. Nor is a link, folder, pipe or device replaced, or what the
command reads. The list is renewed before the files, with the hashes of those they replace: whoever is killed in between, it holds.
"""

import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from errno import ENOSPC
from hashlib import file_digest
from pathlib import Path
from shutil import disk_usage
from types import MappingProxyType
from typing import IO, Any, BinaryIO

from sim.errors import InputError
from sim.files.locking import ELSEWHERE, explained, foreign, identity, locked, make_folder, remove_empty, turn
from sim.style import note
from sim.style.commands import this_command
from sim.version import __version__

MANIFEST = "confianza.json"
KIND, SCHEMA = "files", 1
RESULTS = "results"  # the kind of files that commands write many of; pages, exports and scenarios are of their own
ABOUT = "What Confianza wrote into this folder. It replaces these files alone, and only while they are as they were written."
PART = ".confianza-*.part"  # a file that is being written
ROOM = 1 << 20  # bytes without which nothing is begun
PATIENCE = 10.0  # seconds that a short writing waits for another

Content = str | bytes | Callable[[BinaryIO], object]  # or what writes it into a stream

_inputs: set[tuple[int, int]] | None = None  # device and number of each file that this command has read; None: nobody asks


# --- What a command reads


@contextmanager
def one_command() -> Iterator[None]:
    """Within it, no file that was `noted` is replaced."""
    global _inputs
    before, _inputs = _inputs, set()
    try:
        yield
    finally:
        _inputs = before


def noted(stream: IO[Any]) -> IO[Any]:
    """The same stream; its file is an input of the command."""
    if _inputs is not None:
        _inputs.add(identity(os.fstat(stream.fileno())))
    return stream


@contextmanager
def writer(folder: str | Path, names: Iterable[str] = ()) -> Iterator[None]:
    """Be the one process that writes into a folder, for as long as a command takes.

    names       of the files that it will write: what stands in their way is told at once, and not after hours of runs
    InputError  if another process writes there, the folder cannot be written to, or a file may not be replaced
    """
    folder = Path(folder)
    with locked(folder):
        listed = check_files(folder, names)
        with explained(folder):
            if disk_usage(folder).free < ROOM:
                raise OSError(ENOSPC, os.strerror(ENOSPC))
            for place in {(folder / name).parent for name in (MANIFEST, *listed)}:
                remove_parts(place)
        yield


# --- Writing


def write(
    folder: str | Path,
    files: Mapping[str, Content],
    *,
    kind: str = RESULTS,
    gone: Iterable[str] = (),
    about: Mapping[str, Any] = MappingProxyType({}),
) -> list[Path]:
    """Write files into a folder, all of them or none, and give their paths.

    files       texts or bytes by name, which may lead into a folder below; or what writes them into a binary stream
    kind        of the files: a page, say, does not replace a table, though Confianza wrote both
    gone        names of files of before that are removed, if Confianza wrote them
    about       what else the list says of each: of which artifact it is, and how that was made
    InputError  if one may not be replaced or cannot be written, or if another process writes there; then nothing has changed
    """
    folder, parts, made = Path(folder), dict[Path, Path](), list[Path]()
    with locked(folder, wait=PATIENCE), turn, explained(folder):
        check_files(folder, files, kind)
        try:
            for name, content in files.items():
                made += make_folder((folder / name).parent)
                parts[folder / name] = _part(folder / name, content)
            listed = check_files(folder, files, kind)  # again, for it may have taken long
            left = [name for name in gone if name in listed and os.path.lexists(folder / name)]
            check_files(folder, left)
            _put(folder, parts, {"kind": kind, **_made(), **about}, listed, left)
        finally:
            for part in parts.values():
                part.unlink(missing_ok=True)
            remove_empty(made)
    return [folder / name for name in files]


def _put(folder: Path, parts: Mapping[Path, Path], made: Mapping[str, Any], listed: dict[str, Any], left: Iterable[str]) -> None:
    """Give files their names, after they have been listed, and remove those that are left before they are struck off."""
    for path, part in parts.items():
        replaced = {"replaced": _digest(path)} if os.path.lexists(path) else {}
        listed[path.relative_to(folder).as_posix()] = {**made, "sha256": _digest(part), **replaced}
    _list(folder, listed)
    for path, part in parts.items():
        os.replace(part, path)
    for name in left:
        os.unlink(folder / name)
    if left:
        _list(folder, {name: entry for name, entry in listed.items() if name not in left})
    for below in {path.parent for path in parts}:
        _sync(below)


def _list(folder: Path, listed: Mapping[str, Any]) -> None:
    manifest = {"kind": KIND, "schema": SCHEMA, "about": ABOUT, "files": dict(sorted(listed.items()))}
    place(folder / MANIFEST, json.dumps(manifest, indent=1) + "\n")  # plain ASCII, whatever names there are


def _made() -> dict[str, str]:
    """How this process makes its files, as far as the list says it."""
    from sim.world.compiled import fingerprint  # here, because it takes long to import

    return {"confianza": __version__, "source_fingerprint": fingerprint(), "command": this_command(), "created": now()}


def now() -> str:
    """The time, to the second, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_file(path: str | Path, content: Content, kind: str = RESULTS) -> Path:
    """Write one file; see `write`."""
    return write(Path(path).parent, {Path(path).name: content}, kind=kind)[0]


def place(path: Path, content: Content, *, lasting: bool = True) -> None:
    """Write a file of which something else knows that it is Confianza's, whole or not at all. OSError if that fails."""
    part = _part(path, content, lasting)
    try:
        os.replace(part, path)
        if lasting:
            _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Remove what a process that was killed left half written; only who holds the lock may."""
    for part in folder.glob(PART):
        part.unlink(missing_ok=True)


def _part(path: Path, content: Content, lasting: bool = True) -> Path:
    """The content in a file beside its place, if `lasting` safe from a failure of power."""
    part = path.with_name(PART.replace("*", os.urandom(8).hex()))
    try:
        with open(part, "x+b") as stream:
            if callable(content):
                content(stream)
            else:
                stream.write(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)
            stream.flush()
            if lasting:
                os.fsync(stream.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def _sync(folder: Path) -> None:
    """Make names in a folder last; where folders cannot be opened (Windows) the system sees to it."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


# --- What may be replaced


def check_files(folder: Path, names: Iterable[str], kind: str = RESULTS) -> dict[str, Any]:
    """InputError if a file of these names may not be written; what is listed as written into the folder."""
    with explained(folder):
        listed = _listed(folder)
        for name in names:
            for above in Path(name).parents[:-1]:
                if os.path.lexists(folder / above) and not stat.S_ISDIR(os.lstat(folder / above).st_mode):
                    raise InputError(f"'{folder / above}' is no ordinary folder, so nothing is written there.", ELSEWHERE)
            _check_file(folder / name, listed.get(name), kind)
    return listed


def _check_file(path: Path, entry: Mapping[str, Any] | None, kind: str) -> None:
    """InputError if a file is there that may not be replaced."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise InputError(note("no_ordinary_file", file=str(path)), ELSEWHERE)
    if _inputs and identity(found) in _inputs:
        raise InputError(note("what_is_read", file=str(path)), ELSEWHERE)
    if entry is None:
        raise foreign(path)
    if entry.get("kind") != kind:
        raise InputError(note("another_kind", file=str(path)), ELSEWHERE)
    if _digest(path) not in (entry.get("sha256"), entry.get("replaced")):
        raise InputError(note("changed_since", file=str(path)), ELSEWHERE)


def _listed(folder: Path) -> dict[str, Any]:
    """What the list of a folder says of each file."""
    path = folder / MANIFEST
    if not os.path.lexists(path):
        return {}
    try:
        manifest: Any = json.loads(path.read_bytes()) if stat.S_ISREG(os.lstat(path).st_mode) else None
        files = dict(manifest["files"])
        if (manifest["kind"], manifest["schema"]) == (KIND, SCHEMA) and all(isinstance(entry["sha256"], str) for entry in files.values()):
            return files
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise InputError(note("no_list_of_files", file=str(path)), ELSEWHERE)


def _digest(path: Path) -> str:
    with open(path, "rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
