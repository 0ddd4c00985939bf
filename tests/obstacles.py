"""What may stand in the way of a file."""

import os
import stat


def image(folder):
    """Everything below a folder: kinds, numbers of files, targets of links, contents. What readers of a journal share is left out."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if not path.name.endswith(("-shm", "-wal"))):
        facts = os.lstat(path)
        plain = stat.S_ISREG(facts.st_mode)
        content = path.read_bytes() if plain else os.readlink(path) if path.is_symlink() else ""
        found[path.relative_to(folder).as_posix()] = (stat.S_IFMT(facts.st_mode), facts.st_ino, content)
    return found


def put(path, kind, outside):
    """Something that Confianza did not write."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "file":
        path.write_text("mine")
    elif kind == "link":
        path.symlink_to(outside)
    elif kind == "dangling link":
        path.symlink_to(outside.with_name("nowhere"))
    elif kind == "hard link":
        os.link(outside, path)
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)


KINDS = ["file", "link", "dangling link", "hard link", "folder", "pipe"]
