"""Findings on disk: a JSON file that knows the fingerprints of the files beside it, so that a damaged one is told before it is read."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.writing import write

FILES = "files"


def keep(folder: str | Path, file: str, told: Mapping[str, Any], texts: Mapping[str, str], gone: Iterable[str] = ()) -> list[Path]:
    """Write texts by their file names and `told` as JSON, and remove what is `gone`: see `sim.writing.write`."""
    digests = {name: sha256(text.encode()).hexdigest() for name, text in texts.items()}
    whole = json.dumps({**told, FILES: digests}, indent=2, ensure_ascii=False) + "\n"
    return write(folder, {**texts, file: whole}, gone=gone)


def kept(folder: Path, file: str, what: str, remedy: str) -> dict[str, Any]:
    """What `keep` was told. InputError, which names the culprit, if a file is not there or is not as it was written."""
    try:
        told = json.loads((folder / file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"'{folder}' holds no {what}.", remedy) from None
    except (OSError, ValueError):
        told = None
    if not isinstance(told, dict):
        raise InputError(f"'{folder / file}' cannot be read: it is damaged.", remedy)
    for name, digest in told.pop(FILES, {}).items():
        path = folder / name
        if not path.is_file():
            raise InputError(f"'{path}' is missing.", remedy)
        if sha256(path.read_bytes()).hexdigest() != digest:
            raise InputError(f"'{path}' was changed or damaged after it was written.", remedy)
    return told
