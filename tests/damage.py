"""Ways to damage a file that Confianza wrote: bytes, fields of JSON, columns of tables, arrays and attributes of NetCDF, rows of SQLite.

Each takes a path and a random generator, and changes the file, or raises `Useless` if it has nothing to change.
"""

import csv
import io
import json
import sqlite3

import h5py
import numpy as np

ODD = [
    "",
    "no",
    "\u202e",
    -1,
    0,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    True,
    None,
    [],
    {},
    ["a"],
    {"a": 1},
    [[1]],
    "x" * 5000,
    "2",
    [None],
]


class Useless(Exception):
    """There is nothing here that could be damaged so."""


# --- Bytes


def truncated(path, rng):
    data = path.read_bytes()
    path.write_bytes(data[: int(rng.integers(0, len(data)))])


def emptied(path, rng):
    path.write_bytes(b"")


def flipped(path, rng):
    data = bytearray(path.read_bytes())
    for _ in range(int(rng.integers(1, 4))):
        data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    path.write_bytes(bytes(data))


def overwritten(path, rng):
    """A stretch of other bytes."""
    data = bytearray(path.read_bytes())
    start = int(rng.integers(len(data)))
    data[start : start + 64] = rng.bytes(min(64, len(data) - start))
    path.write_bytes(bytes(data))


def another_kind(path, rng):
    """A picture, a text, a table or a database instead."""
    path.write_bytes(
        [b"\x89PNG\r\n\x1a\n" + bytes(64), b"name: x\n", b"a,b\n1,2\n", b"SQLite format 3\0" + bytes(84), b"[1]", b"null"][
            int(rng.integers(6))
        ]
    )


def doubled(path, rng):
    path.write_bytes(path.read_bytes() * 2)


def a_folder(path, rng):
    path.unlink()
    path.mkdir()


BYTES = [truncated, emptied, flipped, overwritten, another_kind, doubled, a_folder]


# --- JSON


def places(node, path=()):
    yield path
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield from places(value, (*path, key))


def field(path, rng):
    """A field is taken away, called otherwise, doubled in depth, or is something else."""
    told = json.loads(path.read_text(encoding="utf-8"))
    found = [place for place in places(told) if place]
    *above, last = found[int(rng.integers(len(found)))]
    node = told
    for key in above:
        node = node[key]
    how = int(rng.integers(4))
    if how == 0:
        del node[last]
    elif how == 1 and isinstance(node, dict):
        node[f"{last}_"] = node.pop(last)
    elif how == 2:
        node[last] = {"nested": node[last]}
    else:
        node[last] = ODD[int(rng.integers(len(ODD)))]
    path.write_text(json.dumps(told), encoding="utf-8")


def deep(path, rng):
    path.write_text("[" * 100_000, encoding="utf-8")


JSON = [*BYTES, field, field, field, field, field, deep]


# --- Tables


def table(path, rng):
    """A column or row is taken away or doubled, or a cell holds something else."""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    if len(rows) < 2:
        raise Useless
    row, column = int(rng.integers(1, len(rows))), int(rng.integers(len(rows[0])))
    how = int(rng.integers(6))
    if how == 0:
        rows = [[cell for place, cell in enumerate(each) if place != column] for each in rows]
    elif how == 1:
        rows = [[*each, each[column]] for each in rows]
    elif how == 2:
        rows[row] = rows[row][:-1]
    elif how == 3:
        del rows[row]
    elif how == 4:
        rows[0][column] += "?"
    else:
        rows[row][column] = ["", "text", "nan", "1e999", "-5", '"', "0x10", "=1+1"][int(rng.integers(8))]
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


CSV = [*BYTES, table, table, table, table]


# --- Texts that people write too


def words(path, rng):
    """A word of a text is taken away or is another one."""
    parts = path.read_text(encoding="utf-8").split(" ")
    parts[int(rng.integers(len(parts)))] = ["", "{", "]", ": :", "-", "nan", "'", "\t", "!!python", "&a", "99999999999999999999", "~"][
        int(rng.integers(12))
    ]
    path.write_text(" ".join(parts), encoding="utf-8")


YAML = [*BYTES, words, words, words, words]


# --- NetCDF


def attribute(path, rng):
    """An attribute of the file is taken away, of another type, or says something else."""
    with h5py.File(path, "r+") as file:
        names = sorted(name for name in file.attrs if not name.startswith("_"))
        name = names[int(rng.integers(len(names)))]
        how = int(rng.integers(3))
        if how == 0:
            del file.attrs[name]
        elif how == 1:
            file.attrs[name] = [3, 2.5, np.arange(4), b"\xff\xfe", "", "[1", '{"a": [1]}', "name: x", "null", np.nan][int(rng.integers(10))]
        elif isinstance(text := file.attrs[name], str) and text:
            file.attrs[name] = text[: int(rng.integers(len(text)))]
        else:
            raise Useless


def array(path, rng):
    """An array is taken away, of other values, another type or another shape."""
    with h5py.File(path, "r+") as file:
        names = sorted(name for name in file if isinstance(file[name], h5py.Dataset))
        name = names[int(rng.integers(len(names)))]
        values = file[name][()]
        how = int(rng.integers(5))
        if how == 0:
            del file[name]
        elif how == 1 and np.asarray(values).dtype.kind in "iuf" and np.size(values):
            values = np.array(values)
            values.flat[int(rng.integers(values.size))] = [-1e6, 0, 7][int(rng.integers(3))]
            file[name][...] = values
        elif how == 2 and np.asarray(values).dtype.kind == "f":
            file[name][...] = np.full_like(values, [np.nan, np.inf, -np.inf][int(rng.integers(3))])
        elif how == 3:
            kept = dict(file[name].attrs)
            del file[name]
            made = file.create_dataset(name, data=np.full(np.shape(values), "text", dtype="S4"))
            for key in set(kept) & {"units", "long_name"}:
                made.attrs[key] = kept[key]
        else:
            del file[name]
            file.create_dataset(name, data=np.zeros((2, 3)))


NETCDF = [*BYTES, attribute, attribute, attribute, array, array, array, array]


# --- SQLite


def value(path, rng):
    """A value of a row is of another type, or another one."""
    with sqlite3.connect(path) as journal:
        names = [name for (name,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        name = names[int(rng.integers(len(names)))]
        columns = [row[1] for row in journal.execute(f"PRAGMA table_info({name})")]
        column = columns[int(rng.integers(len(columns)))]
        odd = [None, "text", b"\xff\x00", -1, 10**15, 0.5, "", "{}", '{"created": 3}', b""][int(rng.integers(10))]
        try:
            key = journal.execute(f"SELECT {columns[0]} FROM {name} LIMIT 1").fetchone()
            if key is None:
                raise Useless
            journal.execute(f"UPDATE {name} SET {column} = ? WHERE {columns[0]} = ?", (odd, key[0]))
        except sqlite3.IntegrityError:
            raise Useless from None
    journal.close()


def rows(path, rng):
    """Rows, columns or tables are not there, or are there twice."""
    with sqlite3.connect(path) as journal:
        names = [name for (name,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        name = names[int(rng.integers(len(names)))]
        columns = [row[1] for row in journal.execute(f"PRAGMA table_info({name})")]
        how = int(rng.integers(4))
        if how == 0:
            journal.execute(f"DELETE FROM {name}")
        elif how == 1:
            journal.execute(f"DROP TABLE {name}")
        elif how == 2:
            journal.execute(f"ALTER TABLE {name} RENAME COLUMN {columns[int(rng.integers(len(columns)))]} TO other")
        else:
            journal.execute(f"ALTER TABLE {name} ADD COLUMN other")
    journal.close()


SQLITE = [*BYTES, value, value, value, value, rows, rows]
