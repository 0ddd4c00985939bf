"""Findings on disk: a JSON file that knows the hashes of itself and of the files beside it, so that a damaged one is told."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import with_config
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim.artifacts import FILES, Kind, checked, content, same, signed, unsigned
from sim.writing import write


@with_config(extra="allow")
class Made(TypedDict):
    """How findings were made."""

    versions: dict[str, str]
    source_fingerprint: str
    command: str
    created: str


def keep(folder: str | Path, file: str, told: Mapping[str, Any], texts: Mapping[str, str], gone: Iterable[str] = ()) -> list[Path]:
    """Write texts by their file names and `told` as JSON, and remove what is `gone`: see `sim.writing.write`."""
    whole = {**told, FILES: {name: sha256(text.encode()).hexdigest() for name, text in texts.items()}}
    return write(folder, {**texts, file: json.dumps(signed(whole), indent=2, ensure_ascii=False) + "\n"}, gone=gone)


def kept(folder: Path, file: str, wanted: Any, kind: Kind) -> Any:
    """What `keep` was told. InputError, which names the culprit, if a file is not there or is not as it was written."""
    told = unsigned(folder / file, kind)
    for name, digest in checked(dict[str, str], told.pop(FILES, {}), folder / file, kind).items():
        same(folder / name, content(folder / name, kind), [digest], kind)
    return checked(wanted, told, folder / file, kind)
