"""How 32 states differ from the country for good: what a scenario that names its state takes, and what a state is fitted to."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from math import log, nan, sqrt
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, NamedTuple

import yaml
from pydantic import BeforeValidator

from sim.errors import InputError, did_you_mean, shown

FILE = Path(__file__).with_name("states.yaml")
KEYS = ("reporting", "file", "treatment")  # of the codebook's topic institutions
CRIME = "crime"
CONSTRUCTS = (*KEYS, CRIME)


class StateSpread(NamedTuple):
    """How states differ in a figure, on its scale; `states.yaml` has the formulas.

    mean            of the states' differences from the country
    persistent_sd   of what lasts between states; yearly_sd: of a state's year about it
    kept            the share of a state's own mean that is believed
    standard_error  of what is believed of a state
    """

    mean: float
    persistent_sd: float
    yearly_sd: float
    kept: float
    standard_error: float


class States(NamedTuple):
    """The states by name, other names that they have, and the source.

    values   "institutions.file" and its like, log-odds relative to the country, by state
    called   names by all that they are called, in small letters without accents
    figures  by construct (and prevalence) and INEGI's code, 0 for the country; a value a year
    rows     INEGI's codes by name
    years    of the figures; those of reference are the last
    """

    values: dict[str, dict[str, float]]
    called: dict[str, str]
    source: str
    figures: dict[str, dict[int, list[float]]]
    rows: dict[str, int]
    years: range
    reference: range

    def differences(self, construct: str, years: range | None = None) -> dict[str, list[float]]:
        """Each state's figures against the country's, on the construct's scale; a value a year (of reference, unless told), nan: none."""
        chosen = slice((years or self.reference).start - self.years.start, (years or self.reference).stop - self.years.start)
        country, *_ = table = [[_scaled(construct, one) for one in row[chosen]] for row in self.figures[construct].values()]
        return {name: [one - other for one, other in zip(table[row], country, strict=True)] for name, row in self.rows.items()}

    def spread(self, construct: str, without: str | None = None) -> StateSpread:
        """How states differ in the years of reference, all or without one of them."""
        found = [values for name, values in self.differences(construct).items() if name != without]
        years, means = len(self.reference), [fmean(values) for values in found]
        within = fmean(_variance(values) for values in found)
        between = _variance(means) - within / years
        kept = between / (between + within / years)
        return StateSpread(fmean(means), sqrt(between), sqrt(within), kept, sqrt(kept * within / years))


def _scaled(construct: str, figure: float) -> float:
    return log(figure if construct == CRIME else figure / (100.0 - figure))


def _variance(values: list[float]) -> float:
    mean = fmean(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)


@cache
def states() -> States:
    """The table of states."""
    data = yaml.load(FILE.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - it is a safe loader
    listed, (years, reference) = data["states"], (range(data[key][0], data[key][1] + 1) for key in ("years", "reference"))
    called = {_bare(other): name for name, fields in listed.items() for other in (name, *fields.get("also", ()))}
    figures = {construct: _table(data[construct]) for construct in (*CONSTRUCTS, "prevalence")}
    rows = {name: fields["row"] for name, fields in listed.items()}
    read = States({}, called, data["source"], figures, rows, years, reference)
    read.values.update({name: {f"institutions.{key}": 0.0 for key in KEYS} for name in rows})
    for key in KEYS:
        for name, (value, _) in believed(read, key).items():
            read.values[name][f"institutions.{key}"] = round(value, 3)
    return read


def _table(text: str) -> dict[int, list[float]]:
    """Rows of a table by their first number; nan for -."""
    rows = [line.split() for line in text.splitlines()]
    return {int(row[0]): [nan if cell == "-" else float(cell) for cell in row[1:]] for row in rows}


def believed(known: States, construct: str, without: str | None = None) -> dict[str, tuple[float, float]]:
    """What is believed to last of each state's difference, and its standard error; a state left out is one of which nothing is known."""
    spread = known.spread(construct, without)
    found = {
        name: (spread.mean + spread.kept * (fmean(values) - spread.mean), spread.standard_error)
        for name, values in known.differences(construct).items()
    }
    return found | ({without: (spread.mean, spread.persistent_sd)} if without else {})


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
