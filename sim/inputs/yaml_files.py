"""Read YAML that people write: plain data with the place of every key and value, and no surprises.

Built on the parser's events, so that nothing is constructed that is not wanted. Refused, each with its line:
anchors and aliases, tags, repeated keys, keys that are no text, several documents, deep nesting, control
characters. Unlike YAML 1.1, `1e-3` is a number, and `yes`, `12:30`, `010` and `.inf` are texts, which
whoever wants a number refuses with a clear message.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sim.errors import InputError, did_you_mean
from sim.files.writing import noted
from sim.remedies import number_remedy, plain

EXAMPLE = "name: My city"  # of a line, for messages
LARGEST = 1_000_000  # bytes
DEEPEST = 20
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# The second part turns the direction in which all that follows is written, so that a line reads as what it is not
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,29}|[1-9][0-9]{0,2}(_[0-9]{3}){1,9})")
_DECIMAL = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_OPENING = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)

Keys = tuple[str | int, ...]
Place = tuple[int, int]  # line and column, 1-based


@dataclass(frozen=True)
class Document:
    """What a YAML file says, and where. Paths are keys and list positions, as ("changes", 0, "week")."""

    file: str
    data: dict[str, Any]
    keys: dict[Keys, Place] = field(default_factory=dict)
    values: dict[Keys, Place] = field(default_factory=dict)

    def place(self, path: Keys) -> Place:
        """Line and column of a key or list item; if it is not there, of what would hold it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.keys.get(path) or self.values.get(path, (1, 1))


def shown_path(path: str | Path) -> str:
    """A path as messages name it: relative if it lies below the current folder."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def printable(text: str) -> bool:
    """Is it free of control characters, so that a file could hold it?"""
    return not _UNPRINTABLE.search(text)


def scalar(text: str) -> Any:
    """The value of an unquoted word: None, a boolean, an int, a float or the text itself.

    >>> scalar("1e-3"), scalar("20_000"), scalar("~"), scalar("true"), scalar("yes"), scalar("010"), scalar("12:30")
    (0.001, 20000, None, True, 'yes', '010', '12:30')
    """
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    plain = text.lstrip("+-")
    leading_zero = plain.isdecimal() and plain != "0" and plain.startswith("0")
    if len(text) <= 400 and not leading_zero and _DECIMAL.fullmatch(text):
        return float(text)
    return text


def load_yaml(path: str | Path, largest: int = LARGEST, example: str = EXAMPLE) -> Document:
    """The mapping in a YAML file of so many bytes at most; InputError, with the line where there is one, if it cannot be used."""
    file = shown_path(path)
    try:
        return parse(_bytes(str(path), largest), file, example)
    except InputError as error:
        raise error.at(file, error.line, error.column) from None


def parse(raw: bytes, file: str, example: str = EXAMPLE) -> Document:
    """The mapping in the bytes of a YAML file that is called `file` in messages."""
    document = Document(file, {})
    try:
        _Builder(document, example).build(_text(raw))
    except InputError as error:
        raise error.at(file, error.line, error.column) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        reason = " ".join(str(getattr(error, part, None) or "") for part in ("context", "problem")).strip()
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        if tab := _tab(raw, line or 1, column or 1):
            remedy = "Indent with spaces, two for each level, and put a space after a colon or a dash."
            raise InputError("this line has a tab where YAML takes spaces only.", remedy, file=file, line=tab) from None
        remedy = "Look at this line and the one before: indentation, a missing space after a colon, quotes and brackets that do not close."
        raise InputError(f"this is not YAML: {reason or 'it cannot be read'}.", remedy, file=file, line=line, column=column) from None
    return document


def _tab(raw: bytes, line: int, column: int) -> int | None:
    """The line, this one or the one before, that has a tab where reading ended or among the blanks it begins with; None if none has."""
    lines = raw.decode("utf-8-sig", "replace").splitlines()[:line]
    if lines and "\t" in lines[-1][max(0, column - 2) : column]:
        return len(lines)
    return next((place for place in range(len(lines), max(0, len(lines) - 2), -1) if re.match(" *\t", lines[place - 1])), None)


def _bytes(path: str, largest: int) -> bytes:
    if "\0" in path:
        raise InputError("a file name cannot contain a NUL character.", "Give the path of a .yaml file.")
    if os.path.isdir(path):
        raise InputError("this is a folder, not a file.", "Give the path of a .yaml file in it.")
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise InputError("this is not a regular file.", "Save the YAML in a file and give its path.")
        with noted(open(path, "rb")) as stream:
            raw = stream.read(largest + 1)
    except FileNotFoundError:
        raise InputError("there is no such file.", _nearby(path)) from None
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}.", "Check its name and its permissions.") from None
    if len(raw) > largest:
        raise InputError(f"the file is larger than {largest // 1_000_000} MB.", "A scenario is a page of text; is this the right file?")
    return raw


def _nearby(path: str) -> str:
    folder, name = os.path.split(path)
    try:
        files = [other for other in os.listdir(folder or ".") if other.endswith((".yaml", ".yml"))]
    except OSError:
        return f"There is no folder '{folder}' either." if not os.path.isdir(folder or ".") else "Check the path."
    wanted = f"{name}.yaml" if f"{name}.yaml" in files else name
    return did_you_mean(wanted, sorted(files), lambda file: f"'{os.path.join(folder, file)}'") or "Check the path."


def _text(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("the file is UTF-16, not UTF-8.", "Save it as UTF-8.", line=1)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError("this line is not UTF-8.", "Save the file as UTF-8 (accents were saved otherwise).", line=line) from None
    if found := _UNPRINTABLE.search(text):
        before = text[: found.start()]
        line, column = before.count("\n") + 1, found.start() - before.rfind("\n")
        message = f"there is a control character (U+{ord(found.group()):04X}) here."
        raise InputError(message, "Delete it, and check that this is a text file.", line=line, column=column)
    return text


class _Builder:
    """Turns the events of the parser into data, with a stack instead of recursion."""

    def __init__(self, document: Document, example: str) -> None:
        self.document, self.example = document, example
        self.stack: list[tuple[Keys, Any]] = []  # the open mappings and lists, with their paths
        self.key: str | None = None  # a key that waits for its value

    def build(self, text: str) -> None:
        documents = 0
        for event in self._events(text):
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                raise self._error("there is a second document here.", "One file holds one; delete the line '---'.", event)
            if isinstance(event, yaml.AliasEvent):
                raise self._error(f"aliases such as *{event.anchor} are not supported.", "Write the value out.", event)
            if isinstance(event, (yaml.ScalarEvent, *_OPENING)):
                self._refuse_decoration(event)
                self._node(event)
            elif isinstance(event, _CLOSING):
                self.stack.pop()
        if not self.document.values:
            raise InputError("the file is empty.", f"Write lines such as `{self.example}`.", line=1)

    @staticmethod
    def _events(text: str) -> Iterator[Any]:
        return yaml.parse(text, Loader=_LOADER)

    @staticmethod
    def _error(message: str, remedy: str, event: Any) -> InputError:
        return InputError(message, remedy, line=event.start_mark.line + 1, column=event.start_mark.column + 1)

    def _refuse_decoration(self, event: Any) -> None:
        if event.anchor is not None:
            raise self._error(f"anchors such as &{event.anchor} are not supported.", "Write the value where it is needed.", event)
        if event.tag is not None:
            raise self._error(f"tags such as {event.tag[:60]} are not supported.", "Delete the tag; write plain text or a number.", event)

    def _node(self, event: Any) -> None:
        opening = isinstance(event, _OPENING)
        if not self.stack:
            if not isinstance(event, yaml.MappingStartEvent):
                self._refuse_top(event)
            self.document.values[()] = (event.start_mark.line + 1, event.start_mark.column + 1)
            self.stack.append(((), self.document.data))
            return
        if isinstance(self.stack[-1][1], dict) and self.key is None:
            self._take_key(event)
            return
        if isinstance(event, yaml.MappingStartEvent):
            value: Any = {}
        else:
            value = [] if opening else self._scalar(event)
        path = self._put(value, event)
        if opening:
            if len(self.stack) >= DEEPEST:
                remedy = "A scenario needs four; check brackets and indentation."
                raise self._error(f"this is nested deeper than {DEEPEST} levels.", remedy, event)
            self.stack.append((path, value))

    def _refuse_top(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and scalar(event.value) is None:
            raise InputError("the file is empty.", f"Write lines such as `{self.example}`.", line=1)
        kind = "a list" if isinstance(event, yaml.SequenceStartEvent) else "a text"
        raise self._error(f"the file holds {kind}, not keys with values.", f"Write lines such as `{self.example}`.", event)

    def _scalar(self, event: Any) -> Any:
        if not printable(event.value):
            raise self._error("this text contains a control character.", "Delete the escape sequence that makes it.", event)
        return scalar(event.value) if event.implicit[0] else event.value  # implicit: neither quoted nor a block

    def _take_key(self, event: Any) -> None:
        key = self._scalar(event) if isinstance(event, yaml.ScalarEvent) else None
        path, mapping = self.stack[-1]
        before = next(reversed(mapping.values()), None)  # {adults: 20,000} is two keys
        halves = isinstance(event, yaml.ScalarEvent) and event.implicit[0] and event.value.isdecimal()
        if halves and isinstance(before, int | float) and not isinstance(before, bool):
            last = next(reversed(mapping))
            whole = f"{plain(before)},{event.value}"
            message = f"a comma separates keys here, so '{last[:60]}' is {plain(before)} and '{event.value[:60]}' a key of its own."
            raise self._error(message, f"If {whole[:60]} was meant as one number: {number_remedy(whole)}.", event)
        if not isinstance(key, str):
            written = f"'{event.value[:60]}'" if isinstance(event, yaml.ScalarEvent) else "a list or mapping"
            raise self._error(f"a key must be a text, but is {written}.", 'Put it in quotes if it is meant: "2016": ...', event)
        if key in mapping:
            first = self.document.keys[(*path, key)][0]
            raise self._error(f"the key '{key[:60]}' is already there, in line {first}.", "Keep one of the two.", event)
        self.document.keys[(*path, key)] = (event.start_mark.line + 1, event.start_mark.column + 1)
        self.key = key

    def _put(self, value: Any, event: Any) -> Keys:
        path, holder = self.stack[-1]
        if isinstance(holder, dict):
            assert self.key is not None  # `_take_key` came first
            path = (*path, self.key)
            holder[self.key], self.key = value, None
        else:
            path = (*path, len(holder))
            holder.append(value)
        self.document.values[path] = (event.start_mark.line + 1, event.start_mark.column + 1)
        return path


def dump_yaml(data: dict[str, Any]) -> str:
    """Plain data as YAML that `parse` reads back equal."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


_ODD = re.compile("[\x85\u2028\u2029\ufeff]")  # ends of lines that are read as blanks or left out unless they are escaped


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, lists of numbers in a line, and quotes every text that would be read as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _listed(dumper: _Dumper, given: Any) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", given, all(one is None or isinstance(one, int | float) for one in given))


_Dumper.add_representer(list, _listed)
_Dumper.add_representer(tuple, _listed)
_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style=None if scalar(text) == text and not _ODD.search(text) else '"'
    ),
)
