"""Files that Confianza wrote, read again: hashes, fields and types are checked in this one place, so that a damaged file is a sentence
that names it, what is wrong and the command that makes it again, and never a traceback or a wrong number.

What a file must hold is declared as types (TypedDict, NamedTuple) for fields and as `Variable`s for arrays.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from hashlib import file_digest, sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from sim.artifacts.pieces import LITTLE, places
from sim.errors import InputError, shown
from sim.files.writing import MANIFEST

if TYPE_CHECKING:  # they take long to import, and what is looked up needs no arrays
    import pandas as pd
    import xarray as xr

    from sim.measures.labels import RunArrays

T = TypeVar("T")
FILES, HASHES = "files", ("sha256", "replaced")
SEAL = "sha256"  # in a file: the hash of all else that it says
CHANGED = "it was changed or damaged after it was written, or written by another version"
UNKNOWN = "neither it nor a list beside it says by which hash it is known"
# What the readers of HDF5 and NetCDF raise when they meet bytes that no writer wrote; only they run where it is caught
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, MemoryError, RuntimeError)


class ArtifactKind(NamedTuple):
    """A kind of artifact: what it is called, how it is made again, and which layout its files have."""

    what: str
    remedy: str
    schema: int = 1

    def damaged(self, path: Path, problem: str) -> InputError:
        """The error for a file that is not what was written."""
        return InputError(f"'{path}' holds no {self.what} that can be read: {problem}.", self.remedy)


class Variable(NamedTuple):
    """What an array must be: its dimensions, and the kinds of its values (b, i, u, f, or O and U for texts)."""

    dims: tuple[str, ...]
    kinds: str


def content(path: Path, kind: ArtifactKind) -> bytes:
    """The bytes of a file. InputError if it is not there, or is not as it was written and a list beside it tells."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"'{path.parent}' holds no {kind.what} that can be read: there is no {path.name}.", kind.remedy) from None
    except OSError as error:
        raise kind.damaged(path, f"{error.strerror or error}") from None
    if known := listed(path, kind):
        same(path, sha256(data).hexdigest(), known, kind)
    return data


def same(path: Path, digest: str, known: Iterable[object], kind: ArtifactKind) -> None:
    """InputError if a file has none of the hashes that are known of it."""
    if digest not in known:
        raise kind.damaged(path, CHANGED)


def listed(path: Path, kind: ArtifactKind) -> list[object]:
    """The hashes that the list in a file's folder, or in the one above, has of it; empty if there are none."""
    for folder in path.parents[:2]:
        manifest = folder / MANIFEST
        if not manifest.is_file():
            continue
        document = parsed(manifest, manifest.read_bytes(), kind)
        entries = document.get(FILES) if isinstance(document, dict) else None
        if not isinstance(entries, dict):
            raise kind.damaged(manifest, "it is not a list of files")
        entry = entries.get(path.relative_to(folder).as_posix())
        if isinstance(entry, dict):
            if entry.get("schema", kind.schema) != kind.schema:
                raise kind.damaged(path, f"its layout is {shown(entry['schema'])}, not {kind.schema}: it is of another version")
            return [entry[name] for name in HASHES if name in entry]
    return []


def parsed(path: Path, data: bytes, kind: ArtifactKind) -> Any:
    """What a JSON file says."""
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise kind.damaged(path, "it is not JSON") from None


def signed(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a JSON file says, with its own hash."""
    return {**document, SEAL: signature(document)}


def signature(document: Mapping[str, Any]) -> str:
    """The hash of what a JSON file says."""
    return sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def unsigned(path: Path, kind: ArtifactKind) -> dict[str, Any]:
    """What a `signed` JSON file says. InputError if it is not what was written."""
    document = parsed(path, content(path, kind), kind)
    if not isinstance(document, dict) or document.pop(SEAL, None) != signature(document):
        raise kind.damaged(path, CHANGED)
    return document


def read_table(path: Path, kind: ArtifactKind, columns: Mapping[str, str]) -> "pd.DataFrame":
    """A table of a CSV file with these columns at least, each of the kinds of values that it may have (as in `Variable`)."""
    import pandas as pd

    data = content(path, kind)
    try:
        texts = {name: str for name, kinds in columns.items() if kinds == "O"}  # as they are written, "NA" and "100" too
        found = pd.read_csv(BytesIO(data), converters=texts, keep_default_na=False, na_values=["", "nan"])
    except ValueError:  # also what is no UTF-8, and what has no columns
        raise kind.damaged(path, "it is no table") from None
    for name, kinds in columns.items():
        if name not in found:
            raise kind.damaged(path, f"the column '{name}' is missing")
        if len(found) and found[name].dtype.kind not in kinds:
            raise kind.damaged(path, f"the column '{name}' holds values of another type")
    return found


def mapping(text: object) -> dict[str, Any]:
    """The mapping in a YAML text that `sim.inputs.yaml_files.dump_yaml` wrote. ValueError if there is none."""
    try:
        found = yaml.safe_load(text) if isinstance(text, str) else None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"is no YAML ({str(error).splitlines()[0]})") from None
    if not isinstance(found, dict):
        raise ValueError("is no YAML with keys and values")
    return found


def checked(wanted: Any, data: object, path: Path, kind: ArtifactKind) -> Any:
    """The data as what is wanted. InputError that names the first field that is missing or has another type."""
    try:
        return _adapter(wanted).validate_python(data, strict=True)
    except ValidationError as failure:
        raise kind.damaged(path, _said(failure)) from None


def _said(failure: ValidationError) -> str:
    """What is wrong with the first field that is."""
    first = failure.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "it"
    if first["type"] == "missing":
        return f"'{field}' is missing"
    if first["type"] == "extra_forbidden":
        return f"'{field}' is unknown"
    if first["type"] == "value_error":
        return f"'{field}' {first['ctx']['error']}"
    return f"'{field}' is {shown(first['input'])} ({first['msg'][:1].lower()}{first['msg'][1:]})"


@cache
def _adapter(wanted: Any) -> TypeAdapter[Any]:
    return TypeAdapter(wanted)


def seal_of(found: "RunArrays | xr.Dataset") -> str:
    """The hash of the values and attributes of a dataset, the same before it is written and after it is read."""
    digest = sha256()
    for name, variable in sorted(found.variables.items(), key=lambda pair: str(pair[0])):
        dtype, texts = variable.dtype, variable.dtype.kind in "OUST"
        digest.update(json.dumps([name, variable.dims, variable.shape or (1,), "text" if texts else dtype.name]).encode())
        if texts:
            digest.update(json.dumps(variable.values.tolist(), default=repr).encode())
            continue
        for place in places(variable.shape, dtype.itemsize):
            digest.update(variable[place].values.astype(dtype.newbyteorder("<")).tobytes())
    digest.update(json.dumps(plain(found.attrs), sort_keys=True, default=str).encode())
    return digest.hexdigest()


def read_dataset(path: Path, kind: ArtifactKind, fields: type, variables: Mapping[str, Variable]) -> "xr.Dataset":
    """A dataset of a NetCDF file with these attributes and arrays at least. InputError if it is another one, or has no hash to tell."""
    import h5py
    import xarray as xr

    large = path.is_file() and path.stat().st_size > LITTLE
    source: Any = path if large else BytesIO(content(path, kind))
    known = listed(path, kind)
    if large and known:
        with open(path, "rb") as stream:
            same(path, file_digest(stream, "sha256").hexdigest(), known, kind)
    try:
        with h5py.File(source) as file:
            dict(file.attrs)  # where this fails, what xarray opens files with leaves a traceback behind
        # one that is large is read when somebody looks
        found = xr.open_dataset(source, engine="h5netcdf", cache=False) if large else xr.load_dataset(source, engine="h5netcdf")
        facts = plain(found.attrs)
    except UNREADABLE:
        raise kind.damaged(path, "it is no whole NetCDF file") from None
    seal = found.attrs.pop(SEAL, None)
    if seal is None and not known:
        raise kind.damaged(path, UNKNOWN)
    if seal is not None and seal != seal_of(found):
        raise kind.damaged(path, CHANGED)
    checked(fields, facts, path, kind)
    for name, (dims, kinds) in variables.items():
        if name not in found.variables:
            raise kind.damaged(path, f"the variable '{name}' is missing")
        variable = found.variables[name]
        if variable.dims != dims:
            raise kind.damaged(path, f"the variable '{name}' has the dimensions {listing(variable.dims)} instead of {listing(dims)}")
        if variable.dtype.kind not in kinds:
            raise kind.damaged(path, f"the variable '{name}' holds values of another type ({variable.dtype})")
    return found


def check_values(found: "xr.Dataset", path: Path, kind: ArtifactKind, **labels: Sequence[Any]) -> None:
    """InputError if there is nothing along a dimension, or if places along one are called otherwise than they should."""
    if empty := [str(name) for name, size in found.sizes.items() if not size and name != "survey_week"]:
        raise kind.damaged(path, f"there is nothing along '{empty[0]}'")
    for name, wanted in labels.items():
        if found[name].values.tolist() != list(wanted):
            raise kind.damaged(path, f"the values of '{name}' are not those that it should have")


def listing(names: Iterable[object]) -> str:
    """Names in a line, or "none"."""
    return ", ".join(map(str, names)) or "none"


def plain(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes of a dataset as JSON can hold them."""
    return {str(name): value.tolist() if hasattr(value, "tolist") else value for name, value in attributes.items()}


def understood(make: Callable[[], T], path: Path, kind: ArtifactKind, part: str) -> T:
    """What is made of a part of a file. InputError that names the file if the part is refused."""
    try:
        return make()
    except InputError as error:
        raise kind.damaged(path, f"its {part} is refused ({error.message.rstrip('.')})") from None
    except (ValueError, TypeError) as error:
        raise kind.damaged(path, f"its {part} cannot be read ({error})") from None
