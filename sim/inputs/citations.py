"""References of one's own: a scenario or a study may cite what the program's list of references does not have."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from sim.errors import InputError, did_you_mean, shown
from sim.inputs.origins import WORDS
from sim.inputs.records import CheckedModel, Prose
from sim.world.parameters import REFERENCES

Path = tuple[str | int, ...]
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
DOI = re.compile(r"10\.[0-9]{4,9}/[!-~]{1,300}")
URL = re.compile(r"https?://[\w-]+(\.[\w-]+)+(:[0-9]+)?([/?#][^\s<>\"'`\\{}|^]*)?")
UNPUBLISHED = "unpublished"
EARLIEST, LATEST = 1500, 2100
EXAMPLE = "{author: INEGI, title: Encuesta ..., year: 2025, url: https://www.inegi.org.mx/..., read: table 5.2}"


class Citation(CheckedModel):
    """A source of numbers that the program's list does not have."""

    prefix: ClassVar[str] = "references."

    author: Prose = Field(min_length=1, description="Who wrote or published it")
    title: Prose = Field(min_length=1, description="What it is called")
    year: int = Field(ge=EARLIEST, le=LATEST, description="When it was published, or when the data were collected, as 2025")
    doi: Prose | None = Field(None, description="Its DOI, as 10.1000/182")
    url: Prose | None = Field(None, description="Where it lies, as https://...; unpublished, if nowhere")
    read: Prose = Field(min_length=1, description="What of it was read: a table, a page, or only that others quote it")

    @field_validator("author", "title", "read", mode="after")
    @classmethod
    def _check_text(cls, given: str) -> str:
        if not given.strip():
            raise InputError("this is empty.", "Say it, or delete the reference.")
        return given

    @field_validator("year", mode="before")
    @classmethod
    def _check_year(cls, given: object) -> object:
        if isinstance(given, bool) or not isinstance(given, int) or not EARLIEST <= given <= LATEST:
            text = str(int(given)) if isinstance(given, int) else shown(given)  # without a comma
            raise InputError(
                f"'references.year' must be a year of four digits, but is {text}.", f"Write a year from {EARLIEST} to {LATEST}."
            )
        return given

    @field_validator("doi", mode="after")
    @classmethod
    def _check_doi(cls, given: str | None) -> str | None:
        if given is None or DOI.fullmatch(given):
            return given
        inside = DOI.search(given)
        remedy = f"Write doi: {inside.group()}" if inside else "A DOI looks like 10.1000/182; without one, give url: https://..."
        raise InputError(f"'references.doi' is no DOI: {shown(given)}.", remedy)

    @field_validator("url", mode="after")
    @classmethod
    def _check_url(cls, given: str | None) -> str | None:
        if given is None or given == UNPUBLISHED or URL.fullmatch(given):
            return given
        whole = f"https://{given}"
        remedy = f"Write url: {whole}" if URL.fullmatch(whole) and "." in given else "A URL begins with https:// and has no spaces."
        raise InputError(
            f"'references.url' is no address of a page: {shown(given)}.", f"{remedy}\nIf it lies nowhere, write url: unpublished"
        )

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if self.doi is None and self.url is None:
            raise InputError("a reference needs 'doi' or 'url'.", "Write doi: 10.1000/182, url: https://..., or url: unpublished")
        return self


def _citations(given: object) -> object:
    """References by key. InputError, whose path leads to the culprit, if one cannot be."""
    if not isinstance(given, Mapping):
        raise InputError(
            f"'references' must be references by key, but is {shown(given)}.", f"Write references: {{encuesta2025: {EXAMPLE}}}"
        )
    return {key: _citation(key, fields) for key, fields in given.items()}


def _citation(key: object, fields: object) -> Citation:
    if not isinstance(key, str) or not KEY.fullmatch(key):
        remedy = "Use up to 60 letters a-z, digits, - and _, a letter first, as encuesta2025."
        raise InputError(f"this is no key for a reference: {shown(key)}.", remedy, path=(str(key),))
    if key in REFERENCES or key in WORDS:
        whose = f"{REFERENCES[key].author}, {REFERENCES[key].title[:80]}" if key in REFERENCES else WORDS[key]
        raise InputError(f"the program has a source '{key}' already: {whose}.", "Give this one another key.", path=(key,))
    if isinstance(fields, Citation):
        return fields
    if not isinstance(fields, Mapping):
        raise InputError(f"the reference '{key}' must be keys with values, but is {shown(fields)}.", f"Write {key}: {EXAMPLE}", path=(key,))
    try:
        return Citation(**{str(name): value for name, value in fields.items()})
    except InputError as error:
        raise error.under(key) from None


Citations = Annotated[dict[str, Citation], BeforeValidator(_citations)]


def unknown_source(key: Any, known: Iterable[str] = (), own: Iterable[str] = ()) -> InputError:
    """The error for a source that there is not."""
    hint = did_you_mean(key, list(known) or [*REFERENCES, *WORDS])
    remedy = "A source is assumed, a key of references.yaml (confianza explain sources), or of references: in this file"
    listed = ", ".join(own)
    return InputError(f"there is no source {shown(key)}.", f"{hint}{remedy}{f' ({listed})' if listed else ''}.")


def check_cited(parts: Iterable[tuple[Path, Mapping[str, Iterable[str]]]], own: Iterable[str], others: Iterable[str] = ()) -> None:
    """InputError if a source is not known, or a reference of one's own is not used.

    parts   sources by name, with the keys that lead to them
    own     keys of references that must be used
    others  keys of references that may be used
    """
    known = [*REFERENCES, *WORDS, *own, *others]
    used: set[str] = set()
    for path, sources in parts:
        for name, keys in sources.items():
            if unknown := next((key for key in keys if key not in known), None):
                raise unknown_source(unknown, known, own).under(*path, name)
            used.update(keys)
    if idle := next((key for key in own if key not in used), None):
        remedy = "Cite it under sources:, or delete it."
        raise InputError(f"no source names the reference '{idle}'.", remedy, path=("references", idle))
