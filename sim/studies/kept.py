"""Findings on disk: a JSON file that knows the hashes of itself and of the files beside it, so that a damaged one is told."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BeforeValidator, with_config
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim.artifacts import FILES, Kind, checked, content, same, signed, unsigned
from sim.style import Note, language, saved
from sim.writing import write

NOTES = "notes.csv"


def restored(told: Any) -> Any:
    """A note as it was before it was saved; ValueError if this version has no such note."""
    if not isinstance(told, dict):
        return told
    if told.keys() != {"id", "values"} or told["id"] not in language("en")["notes"]:
        raise ValueError("is no note that this version knows")
    return Note(**told)


Said = Annotated[Note | str, BeforeValidator(restored)]  # earlier versions saved sentences


@with_config(extra="allow")
class Made(TypedDict):
    """How findings were made."""

    versions: dict[str, str]
    source_fingerprint: str
    command: str
    created: str


def keep(folder: str | Path, file: str, told: Mapping[str, Any], texts: Mapping[str, str], gone: Iterable[str] = ()) -> list[Path]:
    """Write texts by their file names and `told` as JSON, and remove what is `gone`: see `sim.writing.write`."""
    whole = {**saved(told), FILES: {name: sha256(text.encode()).hexdigest() for name, text in texts.items()}}
    return write(folder, {**texts, file: json.dumps(signed(whole), indent=2, ensure_ascii=False) + "\n"}, gone=gone)


def notes_table(said: Iterable[tuple[str, Note | str]]) -> str:
    """Notes as a CSV: of what each speaks, its id (none if an earlier version saved a sentence) and its sentence in English."""
    rows = [{"of": of, "id": told.id if isinstance(told, Note) else "", "note": str(told)} for of, told in said]
    return pd.DataFrame(rows, columns=["of", "id", "note"]).to_csv(index=False)


def kept(folder: Path, file: str, wanted: Any, kind: Kind) -> Any:
    """What `keep` was told. InputError, which names the culprit, if a file is not there or is not as it was written."""
    told = unsigned(folder / file, kind)
    for name, digest in checked(dict[str, str], told.pop(FILES, {}), folder / file, kind).items():
        same(folder / name, content(folder / name, kind), [digest], kind)
    return checked(wanted, told, folder / file, kind)
