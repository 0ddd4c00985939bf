"""Frozen records with checked fields, whose errors are InputErrors in plain words instead of pydantic's."""

import re
import unicodedata
from inspect import cleandoc, formatannotation
from typing import Annotated, Any, ClassVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sim.errors import InputError, did_you_mean, number_problem, shown
from sim.inputs.yaml_files import printable
from sim.remedies import number_remedy
from sim.style import Note, note

KINDS = dict.fromkeys(("city", "places", "parameters", "references", "sources", "set", "outdated"), "keys with values") | {
    "changes": "a list of {week: ..., set: {...}}",
    "assumptions": "a list of texts",
    "targets": "a list of layers, as [national, state, mine.yaml]",
}
BREAKS = re.compile("[\t\n\r\x85\u2028\u2029]")
FORMULA = ("=", "+", "-", "@")  # a cell that begins so is computed by spreadsheets
LENGTHS = {"string_too_short": "is empty", "too_short": "is empty", "string_too_long": "is longer than 2,000 characters"}


def _printable(given: str) -> str:
    if not printable(given):
        raise InputError("this text contains a control character.", "Delete it.")
    return given


def _one_line(given: str) -> str:
    """A name as it is. InputError if nothing of it is seen, or if it is more than a line."""
    if BREAKS.search(given):
        raise InputError("a name is one line, without tabs.", "Write it in one line.")
    if given and all(unicodedata.category(letter) in ("Cf", "Mn", "Zs") for letter in given):
        raise InputError("a name needs a letter that can be seen.", "Write some.")
    return _printable(given)


def check_label(name: object, what: str) -> str:
    """The name of an arm, a group or a site, which stands in tables. InputError if it can not."""
    if not isinstance(name, str) or not 0 < len(name) <= 100:
        raise InputError(f"{what}'s name must be a text of up to 100 characters, but is {shown(name)}.", "Shorten it.")
    try:
        _one_line(name)
    except InputError as error:
        raise error.under(name) from None
    if name.startswith(FORMULA):
        raise InputError(
            f"{what}'s name cannot begin with '{name[0]}'.", "Spreadsheets would compute it; begin with a letter.", path=(name,)
        )
    return name


Prose = Annotated[str, Field(max_length=2000), AfterValidator(_printable)]  # that people read in reports
Name = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_one_line)]  # that they read in tables and plots


class CheckedModel(BaseModel):
    """Checked fields that cannot be changed; every error is an InputError in plain words."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    prefix: ClassVar[str] = ""  # of its keys in messages

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """Fields say what they are once: their table stands in the docstring, and the schema of files keeps the text above it."""
        about = cleandoc(cls.__doc__ or "")
        cls.model_config["json_schema_extra"] = {"description": about}
        rows = [f"{name} : {formatannotation(field.annotation)}\n    {field.description}." for name, field in cls.model_fields.items()]
        error = "InputError\n    If a value cannot be used."
        cls.__doc__ = "\n".join([about, "", "Parameters", "----------", *rows, "", "Raises", "------", error])

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as failure:
            raise self._explained(failure) from None

    @classmethod
    def _explained(cls, failure: ValidationError) -> InputError:
        first = failure.errors(include_url=False)[0]
        path, kind, value = first["loc"], first["type"], first["input"]
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, InputError):
            return cause.under(*path)
        key = str(path[0])
        if kind == "missing":
            return InputError(f"'{cls.prefix}{key}' is missing.", f"Write {key}: ... ({cls.model_fields[key].description}).")
        if kind == "extra_forbidden":
            hint = did_you_mean(key, cls.model_fields, lambda near: f"'{cls.prefix}{near}'")
            remedy = f"{hint}Its keys: {', '.join(cls.model_fields)}"
            return InputError(f"there is no key '{cls.prefix}{key[:100]}'.", remedy, path=path)
        if kind in LENGTHS:
            return InputError(f"'{cls.prefix}{key}' {LENGTHS[kind]}.", f"{cls.model_fields[key].description}.", path=path)
        return cls._wrong_value(path, value)

    @classmethod
    def _wrong_value(cls, path: tuple[str | int, ...], value: object) -> InputError:
        """The error for a value of the wrong type or out of range."""
        key = str(path[0])
        known, name = cls.model_fields[key], f"{cls.prefix}{key}"
        problem: Note | str
        low, high = (next((getattr(m, bound) for m in known.metadata if hasattr(m, bound)), None) for bound in ("ge", "le"))
        if low is not None and high is not None:
            whole = float not in (known.annotation, *get_args(known.annotation))
            problem = number_problem(value, low, high, whole) or f"must be a whole number, written with digits only: {value:.0f}"
            remedy = number_remedy(value, low, high, whole, (known.description or "-").split()[0])
        else:
            wanted = KINDS.get(key, "a text") if len(path) == 1 or key == "changes" else "a text"
            problem = f"must be {wanted}, but is {shown(value)}"
            quotable = wanted == "a text" and isinstance(value, (bool, int, float))
            plain = shown(value) if isinstance(value, bool) else str(value)
            remedy = f'Put it in quotes if it is meant: "{plain}"' if quotable else ""
        meaning = note("key_is", name=name, text=f"{known.description}")
        return InputError(note("wrong_value", name=name, problem=problem), remedy, meaning, path=path)


class WrittenModel(CheckedModel):
    """What people write a file of. Two are equal if they say the same, wherever they were read from."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.model_dump() == other.model_dump()
