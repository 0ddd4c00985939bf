"""Artifacts: what is written to be read again. A kind of artifact declares what it holds; all are saved, checked and loaded here.

An artifact is some files of a folder. The list in the folder (`confianza.json`, see `sim.files.writing`) says of each to which artifact it
belongs, in which layout, with its hash, and how that was made: sources, versions, command, seed and time.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
import yaml

from sim.artifacts.checking import (
    FILES,
    SEAL,
    ArtifactKind,
    Variable,
    check_values,
    checked,
    content,
    plain,
    read_dataset,
    same,
    seal_of,
    signed,
    understood,
    unsigned,
)
from sim.artifacts.pieces import places
from sim.artifacts.provenance import how_made
from sim.files.steady import steadily
from sim.files.writing import Content, write
from sim.inputs import map_notes
from sim.measures.labels import RunArrays
from sim.style import Note, saved

if TYPE_CHECKING:  # they take long to import, and a run needs no tables
    import pandas as pd
    import xarray as xr

PROVENANCE = "provenance.json"
AS_JSON = ("versions", "budget", "origins", "placebo_differs")  # attributes of datasets that are JSON, because NetCDF holds none
TEXTS = (  # columns of tables that are texts, whatever they look like
    "arm", "dominated_by", "factor", "family", "foretold_by", "kept", "kind", "meaning", "measure", "name", "of", "one", "other", "part",
    "phase", "quantity", "rule", "status", "unit",
)  # fmt: skip
NONE: Mapping[str, Any] = MappingProxyType({})


class MadeFrom(NamedTuple):
    """The YAML that an artifact was made from: the attribute that is (or gives) it, its file, and how that is read."""

    attribute: str
    file: str
    read: Callable[[Path], Any] | None = None


class Artifact(ABC):
    """What is saved and loaded. A subclass declares what it holds.

    KIND    what it is called, and how it is made again
    FILE    the file with its fields
    FIELDS  their type, checked field by field when it is read
    TEXT    what it was made from
    TABLES  files of its tables, by the attribute or method that gives each
    """

    KIND: ClassVar[ArtifactKind]
    FILE: ClassVar[str]
    FIELDS: ClassVar[Any]
    TEXT: ClassVar[MadeFrom | None] = None
    TABLES: ClassVar[Mapping[str, str]] = NONE

    @property
    def root_seed(self) -> int | None:
        """Of its runs."""
        return None

    def save(self, folder: str | Path) -> list[Path]:
        """Write its files; all of them or none (see `sim.files.writing.write`).

        InputError if the folder cannot be written to, or holds such a file that Confianza did not write.
        """
        files = self._files()
        about = {"artifact": self.KIND.what, "schema": self.KIND.schema, "seed": self.root_seed, **how_made()}
        return write(folder, files, gone=set(self.TABLES.values()) - set(files), about=about)

    @classmethod
    @abstractmethod
    def load(cls, folder: str | Path) -> Self:
        """What `save` wrote. InputError that names file and field if it is not there, damaged or of another version."""

    @abstractmethod
    def _files(self) -> dict[str, Content]:
        """All that it writes, by the names of files."""

    def _tables(self) -> dict[str, str]:
        """Its tables as CSV, by the names of files."""
        found = {file: getattr(self, name) for name, file in self.TABLES.items()}
        return {file: (table() if callable(table) else table).to_csv(index=False) for file, table in found.items()}


class Labeled(Artifact):
    """An artifact that is a labeled dataset: a NetCDF file, whose attributes are its fields; these as JSON too; and tables.

    ARRAYS  dimensions and types of its variables
    """

    ARRAYS: ClassVar[Mapping[str, Variable]]

    def __init__(self, dataset: "xr.Dataset | RunArrays"):
        if isinstance(dataset, RunArrays):
            self._arrays = dataset
        else:
            self.dataset = dataset

    @cached_property
    def dataset(self) -> "xr.Dataset":
        """All that it holds, for people; whose changes hold."""
        return self._arrays.dataset()

    @property
    def arrays(self) -> RunArrays:
        """The same without xarray, which takes long to import."""
        return RunArrays.of(self.dataset) if "dataset" in vars(self) else self._arrays

    def labels(self) -> Mapping[str, Sequence[Any]]:
        """What places along its dimensions are called."""
        return {}

    def check(self, path: Path) -> None:
        """InputError if its arrays cannot be."""

    def as_json(self) -> dict[str, Any]:
        """What provenance.json says beside its attributes."""
        return {}

    @property
    def root_seed(self) -> int | None:
        return self.arrays.attrs.get("root_seed")

    @property
    def of_places(self) -> Note:
        """What every figure of the city's places says of them."""
        return map_notes.of_places(yaml.safe_load(self.dataset.attrs["scenario"]))

    def _files(self) -> dict[str, Content]:
        assert self.TEXT
        facts = plain(self.arrays.attrs)
        files: dict[str, Content] = {self.FILE: netcdf(self.arrays), self.TEXT.file: facts.pop(self.TEXT.attribute), **self._tables()}
        facts |= {name: json.loads(facts[name]) for name in AS_JSON if name in facts} | self.as_json()
        return files | {PROVENANCE: json.dumps(facts, indent=2, ensure_ascii=False) + "\n"}

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        assert cls.TEXT
        path = Path(folder) / cls.FILE
        found = read_dataset(path, cls.KIND, cls.FIELDS, cls.ARRAYS)
        one = understood(lambda: cls(found), path, cls.KIND, cls.TEXT.attribute)
        one.check(path)
        check_values(found, path, cls.KIND, **one.labels())
        return one


class TablesArtifact(Artifact):
    """An artifact that is a dataclass: fields in a JSON file that knows its own hash and those of the tables and the text beside it."""

    def as_json(self) -> dict[str, Any]:
        """All that the JSON file says."""
        apart = {*self.TABLES, *([self.TEXT.attribute] if self.TEXT else [])}
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in apart}  # type: ignore[arg-type]

    @classmethod
    def of(cls, path: Path, content: dict[str, Any], parts: dict[str, Any]) -> Self:
        """One of what the JSON file at `path` says and of its other parts (tables and what it was made from), by attribute."""
        return cls(**content, **parts)

    @property
    def root_seed(self) -> int | None:
        study = getattr(self, "study", None)
        return study and int(study.base.seed)

    def _files(self) -> dict[str, Content]:
        texts = self._tables() | ({self.TEXT.file: getattr(self, self.TEXT.attribute).to_yaml()} if self.TEXT else {})
        whole = {**saved(self.as_json()), FILES: {name: sha256(text.encode()).hexdigest() for name, text in texts.items()}}
        return {**texts, self.FILE: json.dumps(signed(whole), indent=2, ensure_ascii=False) + "\n"}

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        folder = Path(folder)
        path = folder / cls.FILE
        document = unsigned(path, cls.KIND)
        beside: dict[str, bytes] = {}
        for name, digest in checked(dict[str, str], document.pop(FILES, {}), path, cls.KIND).items():
            beside[name] = content(folder / name, cls.KIND)
            same(folder / name, sha256(beside[name]).hexdigest(), [digest], cls.KIND)
        known = checked(cls.FIELDS, document, path, cls.KIND)
        parts = {name: read_csv(beside[file]) for name, file in cls.TABLES.items() if file in beside}
        if cls.TEXT and cls.TEXT.read:
            parts[cls.TEXT.attribute] = cls.TEXT.read(folder / cls.TEXT.file)
        return cls.of(path, known, parts)


def read_csv(data: bytes) -> "pd.DataFrame":
    """A table that was written as CSV; texts are read as they are written, "NA", "1e3" and nothing too."""
    import pandas as pd

    return pd.read_csv(BytesIO(data), converters=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=["", "nan"])


def netcdf(arrays: RunArrays) -> Content:
    """Arrays as a NetCDF file, for `write`; it holds their own hash. What is large is written in parts."""
    return steadily(lambda stream: _put_netcdf(arrays, stream))


def _put_netcdf(arrays: RunArrays, stream: Any) -> None:
    """As xarray writes and reads it, which takes long to import."""
    import h5netcdf
    import h5py

    beside = [name for name in arrays.variables if name in arrays.labels and arrays.variables[name].dims != (name,)]
    with h5netcdf.File(stream, "w") as file:
        file.dimensions = arrays.sizes
        file.attrs.update({**arrays.attrs, SEAL: seal_of(arrays)})
        for name, variable in arrays.variables.items():
            texts, empty = variable.dtype.kind in "OUST", np.nan if variable.dtype.kind == "f" else None
            dtype = h5py.string_dtype() if texts else variable.dtype
            made = file.create_variable(str(name), variable.dims, dtype=dtype, fillvalue=empty)
            made.attrs.update(variable.attrs)
            along = [label for label in beside if name not in arrays.labels and set(arrays.variables[label].dims) <= set(variable.dims)]
            if along:
                made.attrs["coordinates"] = " ".join(along)
            for place in places(variable.shape, variable.dtype.itemsize):
                values = np.asarray(variable[place].values)
                made[place] = values.astype(object) if texts else values


def check_weeks(found: "xr.Dataset", path: Path, kind: ArtifactKind) -> None:
    """InputError unless weeks follow each other and reach beyond the spin-up."""
    weeks = found.week.values
    if not len(weeks) or weeks[-1] < 0 or (np.diff(weeks) != 1).any():
        raise kind.damaged(path, "its weeks do not follow each other")
