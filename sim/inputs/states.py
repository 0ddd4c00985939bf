"""What the institutions of a state do differently for good, which a scenario that names its state takes (`states.yaml`)."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import yaml
from pydantic import BeforeValidator

from sim.errors import InputError, did_you_mean, shown

FILE = Path(__file__).with_name("states.yaml")
KEYS = ("reporting", "file", "treatment")  # of the codebook's topic institutions


class States(NamedTuple):
    """The states by name, other names that they have, and the source."""

    values: dict[str, dict[str, float]]  # "institutions.file" and its like, log-odds relative to the country
    called: dict[str, str]  # their names by all that they are called, in small letters without accents
    source: str


@cache
def states() -> States:
    """The table of states."""
    data = yaml.load(FILE.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - it is a safe loader
    listed = data["states"]
    values = {name: {f"institutions.{key}": float(fields[key]) for key in KEYS} for name, fields in listed.items()}
    called = {_bare(other): name for name, fields in listed.items() for other in (name, *fields.get("also", ()))}
    return States(values, called, data["source"])


def _bare(name: str) -> str:
    """A name in small letters, without accents and with one blank between words."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


def official(name: object) -> object:
    """The name of a state as the constitution has it; None stays. InputError if there is no such state."""
    if name is None:
        return None
    known = states()
    if isinstance(name, str) and _bare(name) in known.called:
        return known.called[_bare(name)]
    near = did_you_mean(_bare(str(name)), known.called, lambda called: f"'{known.called[called]}'")
    raise InputError(f"there is no state {shown(name)}.", f"{near}The states: {', '.join(known.values)}")


StateName = Annotated[str | None, BeforeValidator(official)]


def of_state(data: Mapping[str, Any]) -> dict[str, float]:
    """The parameters of the state that the data name; none if they name none, or one that there is not."""
    known, name = states(), data.get("state")
    return known.values.get(known.called.get(_bare(name), ""), {}) if isinstance(name, str) else {}


def own(data: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the data without those that are their state's, so that another state may take its place."""
    taken = of_state(data)
    return {name: value for name, value in (data.get("parameters") or {}).items() if name not in taken or taken[name] != value}


def filled(data: Mapping[str, Any]) -> Any:
    """The parameters of the data, with their state's where they say none; what is no mapping stays, for others to refuse."""
    given = data.get("parameters", {})
    return {**of_state(data), **given} if isinstance(given, Mapping) else given
