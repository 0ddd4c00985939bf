"""Notes on disk: as they are in findings, and as a table for people."""

from collections.abc import Iterable
from typing import Annotated, Any

import pandas as pd
from pydantic import BeforeValidator

from sim.style import Note, language

NOTES = "notes.csv"


def restored(saved: Any) -> Any:
    """A note as it was before it was saved; ValueError if this version has no such note."""
    if not isinstance(saved, dict):
        return saved
    if saved.keys() != {"id", "values"} or saved["id"] not in language("en")["notes"]:
        raise ValueError("is no note that this version knows")
    return Note(**saved)


Said = Annotated[Note | str, BeforeValidator(restored)]  # a sentence is one of code of one's own


def notes_table(said: Iterable[tuple[str, Note | str]]) -> str:
    """Notes as a CSV: of what each speaks, its id (a sentence has none) and its sentence in English."""
    rows = [{"of": of, "id": each.id if isinstance(each, Note) else "", "note": str(each)} for of, each in said]
    return pd.DataFrame(rows, columns=["of", "id", "note"]).to_csv(index=False)
