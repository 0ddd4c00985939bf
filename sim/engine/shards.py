"""Shards: Parquet files of about 256 runs, whose bytes depend on nothing but their rows; written whole or not at all."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine.batches import Shard
from sim.engine.journal import disk_full
from sim.errors import InputError
from sim.files.locking import FULL, unwritable
from sim.files.writing import place
from sim.measures import MEASURES
from sim.measures.harvest import VARIABLES
from sim.style.commands import command

SHARDS, SERIES = "shards", "series"
LEVEL = 3  # of zstd; fixed, as is the size of row groups, so that the same rows are the same bytes
GROUP = 1 << 17  # rows
AXES = "array"  # what a field calls the type and the shape of its lists
MEANINGS = {
    "point": ("", "row of the design"),
    "arm": ("", "list of reforms"),
    "replicate": ("", "the same city with other luck"),
    "seed": ("", "seed of the replicate"),
    "week": ("week", "0 is the first after the spin-up; in tables of measures, the end of the 52 weeks that are read"),
}


def file_name(number: int) -> str:
    """The name of a shard's file.

    >>> file_name(7)
    '00007.parquet'
    """
    return f"{number:05}.parquet"


def encoded(columns: Mapping[str, np.ndarray]) -> bytes:
    """Columns of equal length as the bytes of a Parquet file, with units and descriptions, without dates.

    An array of more axes than one is a column of lists; its field knows their shape (see `arrays`).
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays, fields = [], []
    for name, values in columns.items():
        array = as_arrow(values.ravel())
        unit, text = _meaning(name)
        metadata = {"unit": unit, "description": text}
        if values.ndim > 1:
            metadata[AXES] = json.dumps([values.dtype.str, values.shape[1:]])
            many = int(np.prod(values.shape[1:]))  # 0, as of the surveys of a run that is too short for one, is no list to Parquet
            array = pa.FixedSizeListArray.from_arrays(array, many) if many else as_arrow(np.zeros(len(values)))
        arrays.append(array)
        fields.append(pa.field(name, array.type, nullable=False, metadata=metadata))
    sink = pa.BufferOutputStream()
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    few = [name for name in ("arm", "point", "replicate", "seed", "week") if name in columns]
    pq.write_table(table, sink, compression="zstd", compression_level=LEVEL, row_group_size=GROUP, version="2.6", use_dictionary=few)
    return sink.getvalue().to_pybytes()


def as_arrow(values: np.ndarray) -> Any:
    """Numbers or texts as a pyarrow Array; pyarrow's own way from arrays imports pandas, which takes long."""
    import pyarrow as pa

    if values.dtype.kind not in "UO":
        return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])
    texts = [str(text).encode() for text in values.tolist()]
    ends = np.cumsum([0, *map(len, texts)]).astype(np.int32)
    return pa.Array.from_buffers(pa.string(), len(texts), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(texts))])


def as_numpy(column: Any) -> np.ndarray:
    """The way back."""
    if str(column.type) == "string":
        return np.array(column.to_pylist(), object)
    return np.frombuffer(column.buffers()[1], column.type.to_pandas_dtype(), len(column), column.offset * column.type.bit_width // 8)


def _meaning(name: str) -> tuple[str, str]:
    """Unit and description of a column."""
    if name in MEANINGS:
        return MEANINGS[name]
    if name in MEASURES:
        return MEASURES[name].unit, MEASURES[name].description
    return VARIABLES[name][1:] if name in VARIABLES else ("", "")


def arrays(table: Any) -> dict[str, np.ndarray]:
    """The columns of a pyarrow Table that came from `encoded`, as arrays again."""
    columns = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        metadata = (field.metadata or {}).get(AXES.encode())
        if not metadata:
            columns[field.name] = as_numpy(column.combine_chunks())
            continue
        dtype, shape = json.loads(metadata)
        values = as_numpy(column.combine_chunks().flatten()) if np.prod(shape) else np.empty(0, dtype)
        columns[field.name] = values.reshape(len(column), *shape)
    return columns


def digest(data: bytes) -> str:
    """The hash that the journal keeps of a file."""
    return hashlib.sha256(data).hexdigest()


def write_whole(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Write a file of which the journal knows; `lasting`: safe from a failure of power. InputError if that fails."""
    try:
        place(path, data, lasting=lasting)
    except OSError as error:
        raise not_written(path, error) from None


def not_written(path: Path, error: OSError) -> InputError:
    """The error for a file that could not be written."""
    return disk_full(path.parent) if error.errno in FULL else unwritable(path.parent, error)


def files(folder: Path, shard: Shard) -> list[tuple[Path, int, str]]:
    """A shard's files, each with its size in bytes and its hash."""
    name = file_name(shard.number)
    listed = [(folder / SHARDS / name, shard.bytes, shard.sha256)]
    if shard.series_bytes is not None and shard.series_sha256 is not None:
        listed.append((folder / SERIES / name, shard.series_bytes, shard.series_sha256))
    return listed


def problem(folder: Path, shard: Shard, *, thorough: bool = False) -> str | None:
    """What is wrong with a shard's files, or None. Sizes are compared; with `thorough` also hashes, which reads every file."""
    for path, size, sha256 in files(folder, shard):
        name = f"{path.parent.name}/{path.name}"
        try:
            bytes_there = path.stat().st_size
            if bytes_there != size:
                return f"{name} has {bytes_there:,} bytes instead of {size:,}"
            if thorough and digest(path.read_bytes()) != sha256:
                return f"{name} is not what was written (its hash differs)"
        except FileNotFoundError:
            return f"{name} is missing"
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"
    return None


def damaged(folder: Path, shard: Shard, trouble: str) -> InputError:
    """The error for a shard that cannot be used."""
    remedy = f"{command('resume', folder)} runs its {shard.runs} runs again, and nothing else."
    return InputError(f"the store '{folder}' is damaged: {trouble}.", remedy)


def read(folder: Path, shard: Shard, *, series: bool = False, columns: list[str] | None = None, known: bool = False) -> Any:
    """A shard as a pyarrow Table, or some of its columns. InputError, with the remedy, if its file is not what was written.

    known  the file has been compared with what was written, and need not be again
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if series and shard.series_sha256 is None:
        raise damaged(folder, shard, f"{SERIES}/{file_name(shard.number)} is not recorded")
    path, size, sha256 = files(folder, shard)[int(series)]
    if known and path.is_file() and path.stat().st_size == size:
        with pq.ParquetFile(path) as file:
            return file.read(columns)
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    if len(data) != size or digest(data) != sha256:
        raise damaged(folder, shard, problem(folder, shard, thorough=True) or f"{path.parent.name}/{path.name} cannot be read")
    return pq.ParquetFile(pa.BufferReader(data)).read(columns)
