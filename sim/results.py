"""Labeled results of a run: an xarray dataset with provenance, a summary with intervals, save and load."""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Annotated, Any, NotRequired

import numpy as np
import pandas as pd
import xarray as xr
import yaml
from pydantic import BeforeValidator, Json
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim import __version__, origins, own
from sim.artifacts import Kind, Variable, check_values, mapping, plain, read_dataset, sealed
from sim.errors import InputError, number
from sim.harvest import ANSWERS, CAUSES, DIMENSIONS, VARIABLES, WEIGHT
from sim.html import card, note, table
from sim.measures import MEASURES, Measure, first_year, last_year, recorded
from sim.scenario import Scenario
from sim.sources import sources

LEVEL = 0.95
DATASET, SCENARIO, SUMMARY, PROVENANCE = "results.nc", "scenario.yaml", "summary.csv", "provenance.json"
KIND = Kind("results", "Make them again: confianza run SCENARIO --out FOLDER")
LABELS = {"cause": CAUSES, "dimension": DIMENSIONS, "answer": ANSWERS}  # what values of these dimensions are called
ARRAYS = {name: Variable(("replicate", *dims), "iuf") for name, (dims, _, _) in VARIABLES.items()}
ARRAYS |= {name: Variable(dims, "f") for name, (dims, _, _) in WEIGHT.items()}
ARRAYS |= {"seed": Variable(("replicate",), "iu"), "week": Variable(("week",), "iu"), "survey_week": Variable(("survey_week",), "iu")}
ARRAYS |= {name: Variable((name,), "OUT") for name in LABELS}


class Dated(TypedDict):
    """A change of parameters, as a scenario's text has it."""

    week: int
    set: dict[str, float]


class Told(TypedDict):
    """What a scenario's text says, whatever code of one's own its reforms are."""

    name: str
    question: str
    city: dict[str, float | None]
    weeks: int
    spin_up_weeks: int
    seed: int
    parameters: dict[str, float]
    changes: list[Dated]
    interventions: list[dict[str, dict[str, float | str | bool | None]]]
    sources: dict[str, str | list[str]]
    assumptions: list[str]


class Facts(TypedDict):
    """The attributes of results."""

    title: str
    question: str
    adults: int
    officers: int
    root_seed: int
    scenario: Annotated[Told, BeforeValidator(mapping)]
    versions: Json[dict[str, str]]
    origins: NotRequired[Json[dict[str, Any]]]
    own_code: NotRequired[Json[dict[str, str]]]
    source_fingerprint: str
    command: str
    created: str


def adapted(scenario: Scenario, *, seed: int | None = None, weeks: int | None = None) -> Scenario:
    """The scenario with another seed or horizon; changes and reforms that begin beyond a shorter horizon are left out."""
    if weeks is not None and weeks >= 1:
        changes = tuple(change for change in scenario.changes if change.week < weeks)
        scenario = scenario.with_(changes=changes, interventions=tuple(reform for reform in scenario.interventions if reform.start < weeks))
    given: dict[str, Any] = {"seed": seed, "weeks": weeks}
    return scenario.with_(**{key: value for key, value in given.items() if value is not None})


def versions() -> dict[str, str]:
    """Versions of what made the results; code of one's own by its hash."""
    found = {"confianza": __version__, "python": python_version()}
    for package in ("numpy", "numba", "mesa"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found | own.names()


def provenance(scenario: Scenario, dataset: xr.Dataset) -> dict[str, object]:
    """Where the results come from, as attributes that NetCDF can hold."""
    return {
        "title": scenario.name,
        "question": scenario.question,
        "adults": scenario.city.adults,
        "officers": dataset.sizes["officer"],
        "root_seed": scenario.seed,
        "scenario": scenario.to_yaml(),
        "origins": json.dumps(origins.facts(scenario.as_data()), ensure_ascii=False),
        "versions": json.dumps(versions()),
        "source_fingerprint": sources(),
        **({"own_code": code} if (code := own.written()) else {}),
        "command": " ".join(sys.argv),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def interval(values: np.ndarray) -> tuple[float, float]:
    """Mean of independent values and the half-width of its 95 % t interval; nan where there is too little to say."""
    from scipy.special import stdtrit  # here, because it takes long to import

    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    if values.size < 2:
        return (float(values[0]) if values.size else float("nan")), float("nan")
    quantile = stdtrit(values.size - 1, (1 + LEVEL) / 2)
    return float(values.mean()), float(quantile * values.std(ddof=1) / np.sqrt(values.size))


class Results:
    """What a scenario led to; `dataset` is labeled by replicate, week, survey_week, cause, dimension, answer, officer, y and x."""

    def __init__(self, dataset: xr.Dataset):
        self.dataset = dataset

    @property
    def name(self) -> str:
        """The scenario's name."""
        return str(self.dataset.attrs["title"])

    @property
    def replicates(self) -> int:
        """How many runs there are."""
        return int(self.dataset.sizes["replicate"])

    @property
    def changes(self) -> list[int]:
        """The weeks in which dated changes of parameters took effect."""
        return [change["week"] for change in yaml.safe_load(self.dataset.attrs["scenario"]).get("changes", ())]

    def __getitem__(self, name: str) -> xr.DataArray:
        """A measure in the last year, one value a replicate."""
        return MEASURES[name](self.dataset)

    def summary(self) -> pd.DataFrame:
        """Every measure of the record in the first and the last year and the change between them, a row each.

        Each of the three is the mean over replicates, beside it the half-width of its 95 % t interval over replicates
        (column `..._interval`). The change is the mean of the replicates' own changes; nan if the run is not longer than a year.
        """
        return pd.DataFrame([self._row(measure) for measure in recorded().values()])

    def _row(self, measure: Measure) -> dict[str, object]:
        first, last = (measure(self.dataset, year(self.dataset)).values for year in (first_year, last_year))
        change = last - first if first_year(self.dataset) != last_year(self.dataset) else np.full_like(last, np.nan, dtype=float)
        row: dict[str, object] = {"measure": measure.name, "unit": measure.unit}
        for name, values in (("first_year", first), ("last_year", last), ("change", change)):
            row[name], row[f"{name}_interval"] = interval(values)
        return row

    def save(self, folder: str | Path) -> list[Path]:
        """Write results.nc, scenario.yaml, summary.csv and provenance.json; each file appears whole or not at all.

        InputError if the folder cannot be written to.
        """
        folder = Path(folder)
        facts = plain(self.dataset.attrs)
        facts |= {name: json.loads(facts[name]) for name in ("versions", "origins") if name in facts}
        facts["replicate_seeds"] = self.dataset.seed.values.tolist()
        text = {
            SCENARIO: facts.pop("scenario"),
            SUMMARY: self.summary().to_csv(index=False),
            PROVENANCE: json.dumps(facts, indent=2, ensure_ascii=False) + "\n",
        }
        return write_all(folder / DATASET, self.dataset, text)

    @classmethod
    def load(cls, folder: str | Path) -> "Results":
        """What `save` wrote. InputError if it is not there or cannot be read."""
        path = Path(folder) / DATASET
        found = read_dataset(path, KIND, Facts, ARRAYS)
        check_weeks(found, path, KIND)
        check_values(found, path, KIND, **LABELS)
        return cls(found)

    def __repr__(self) -> str:
        weeks = int(self.dataset.week[-1]) + 1
        return f"<Results of '{self.name}': {self.replicates} replicates, {weeks} weeks, {len(self.dataset)} variables>"

    def _repr_html_(self) -> str:
        attrs = self.dataset.attrs
        facts = (
            ("Question", attrs["question"]),
            ("City", f"{number(attrs['adults'])} adults, {number(attrs['officers'])} officers"),
            ("Runs", f"{self.replicates} replicates of {int(self.dataset.week[-1]) + 1} weeks, root seed {attrs['root_seed']}"),
            ("Own code", ", ".join(json.loads(attrs.get("own_code", "{}")))),
        )
        caption = "Means over replicates in the first and the last year; beside each the half-width of its 95 % interval"
        parts = (table(self.summary(), caption=caption), note("The dataset (results.dataset):"), self.dataset._repr_html_())
        return card(f"Results of {self.name}", facts, *parts)


def write(path: Path, make: Callable[[Path], object]) -> Path:
    """Let `make` write a file beside `path`, then give it its name. InputError if that fails."""
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            make(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path.parent, error) from None
    return path


def write_all(path: Path, dataset: xr.Dataset, texts: dict[str, str]) -> list[Path]:
    """Write a dataset, and beside it texts by their file names."""
    written = [write(path, lambda place: sealed(dataset).to_netcdf(place, engine="h5netcdf"))]
    return written + [write(path.with_name(name), partial(Path.write_text, data=text, encoding="utf-8")) for name, text in texts.items()]


def check_weeks(found: xr.Dataset, path: Path, kind: Kind) -> None:
    """InputError unless weeks follow each other and reach beyond the spin-up."""
    weeks = found.week.values
    if not len(weeks) or weeks[-1] < 0 or (np.diff(weeks) != 1).any():
        raise kind.damaged(path, "its weeks do not follow each other")


def check_folder(folder: Path) -> None:
    """InputError if a folder can neither be written to nor made; changes nothing."""
    existing = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise unwritable(folder, error) from None


def unwritable(folder: Path, error: OSError) -> InputError:
    """The error for a folder that cannot be written to."""
    return InputError(f"the folder '{folder}' cannot be written to ({error.strerror or error}).", "Choose another one with --out.")
