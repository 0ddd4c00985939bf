"""CSV tables that people write: read line by line, so that whatever is wrong with them is found with its line."""

import csv
import io
import os
from collections.abc import Iterator

from sim.errors import InputError, counted, shown
from sim.files.writing import noted
from sim.inputs.yaml_files import shown_path

LARGEST = 100_000_000  # bytes of a table, and of a study that holds one
COMMAS = "Separate columns by commas, not semicolons, and write decimals with a point: 0.5, not 0,5."


def read_table(path: object, key: str, example: str, whose: str) -> tuple[str, str]:
    """The text of a CSV file, and how messages call the file. InputError if it cannot be read.

    key, example  of the file that names it: "csv", and how that is written
    whose         the path is relative to: "the study's file"
    """
    if not isinstance(path, str | os.PathLike) or not str(path) or "\0" in str(path):
        raise InputError(f"'{key}' must be the path of a file, but is {shown(path)}.", f"Write {example}", path=(key,))
    file = shown_path(str(path))
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise InputError(f"'{file}' is not a regular file.", "Give the path of a CSV file.", path=(key,))
        if os.path.getsize(path) > LARGEST:
            raise InputError("the file is larger than 100 MB.", "Leave out rows.", file=file)
        with noted(open(path, encoding="utf-8-sig", newline="")) as stream:
            return stream.read(), file
    except FileNotFoundError:
        raise InputError(f"there is no file {shown(str(path))}.", f"The path is relative to {whose}.", path=(key,)) from None
    except UnicodeDecodeError:
        raise InputError("the file is not UTF-8.", "Save it as CSV in UTF-8.", file=file) from None
    except OSError as error:
        raise InputError(f"the file {str(path)!r} cannot be read: {error.strerror}.", "Check it.", path=(key,)) from None


def table_rows(text: str, file: str | None, what: str, columns: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows, and the line of each row; blank lines are left out. InputError if there are none, or a row has another length.

    what, columns  for messages: what a row is, and what the first line has
    """
    numbered = _lines(text, file)
    line, header = next(numbered, (1, []))
    header = [name.strip() for name in header]
    if not header:
        raise InputError("the table is empty.", f"Its first line names {columns}", file=file)
    rows, lines = [], []
    for line, row in numbered:
        if len(row) != len(header):
            raise InputError(f"this row has {counted(len(row), 'column')}, the first line {len(header)}.", COMMAS, file=file, line=line)
        rows.append(row)
        lines.append(line)
    if not rows:
        raise InputError(f"there is no {what} below the first line.", f"Write a row for each {what}.", file=file, line=line)
    return header, rows, lines


def check_twice(columns: list[str], file: str | None) -> None:
    """InputError if a column is there twice."""
    if twice := next((name for name in columns if columns.count(name) > 1), None):
        raise InputError(f"the column '{twice[:100]}' is there twice.", "Delete one of them.", file=file, line=1)


def _lines(text: str, file: str | None) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with its line."""
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise InputError(f"this is not CSV: {error}.", "Check quotes and commas.", file=file, line=reader.line_num) from None
