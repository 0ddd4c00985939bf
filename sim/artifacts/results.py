"""Labeled results of a run: an xarray dataset with provenance, a summary, save and load."""

import csv
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NotRequired

import numpy as np
import yaml
from pydantic import BeforeValidator, Json
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim.artifacts.artifact import PROVENANCE, Labeled, MadeFrom, check_weeks
from sim.artifacts.checking import ArtifactKind, Variable, mapping
from sim.artifacts.provenance import how_made, versions
from sim.errors import did_you_mean, number
from sim.inputs import origins
from sim.inputs.scenario import Scenario
from sim.measures import MEASURES, RECORD, Measure, first_year, last_year, own, recorded, years_apart
from sim.measures.harvest import ANSWERS, CAUSES, DIMENSIONS, VARIABLES, WEIGHT, trust_of
from sim.measures.names import hint
from sim.measures.spread import Spread, spread
from sim.measures.voice_measures import heard_last
from sim.style.html import card, note, table
from sim.world.voices import QUESTIONS

if TYPE_CHECKING:  # they take long to import, and a run needs neither
    import pandas as pd
    import xarray as xr

DATASET, SCENARIO, SUMMARY, VOICES = "results.nc", "scenario.yaml", "summary.csv", "voices.csv"
FIGURES = ("trust.png", "ledger.png", "reporting.png", "map.png")
FILES = (DATASET, SCENARIO, SUMMARY, VOICES, PROVENANCE, *FIGURES)  # of a run
KIND = ArtifactKind("results", "Make them again: confianza run SCENARIO --out FOLDER")
LABELS = {"cause": CAUSES, "dimension": DIMENSIONS, "answer": ANSWERS, "question": QUESTIONS}  # what values of these dimensions are called
ARRAYS = {name: Variable(("replicate", *dims), "iuf") for name, (dims, _, _) in VARIABLES.items()}
ARRAYS |= {name: Variable(dims, "f") for name, (dims, _, _) in WEIGHT.items()}
ARRAYS |= {"seed": Variable(("replicate",), "iu"), "week": Variable(("week",), "iu"), "survey_week": Variable(("survey_week",), "iu")}
ARRAYS |= {name: Variable((name,), "OUT") for name in LABELS}


class Dated(TypedDict):
    """A change of parameters, as a scenario's text has it."""

    week: int
    set: dict[str, float]


class ScenarioText(TypedDict):
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


class ResultsAttributes(TypedDict):
    """The attributes of results."""

    title: str
    question: str
    adults: int
    officers: int
    root_seed: int
    scenario: Annotated[ScenarioText, BeforeValidator(mapping)]
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


def provenance(scenario: Scenario, officers: int) -> dict[str, object]:
    """Where the results come from, as attributes that NetCDF can hold."""
    return {
        "title": scenario.name,
        "question": scenario.question,
        "adults": scenario.city.adults,
        "officers": officers,
        "root_seed": scenario.seed,
        "scenario": scenario.to_yaml(),
        "origins": json.dumps(origins.facts(scenario.as_data()), ensure_ascii=False),
        **how_made(),
        "versions": json.dumps(versions()),
        **({"own_code": code} if (code := own.written()) else {}),
    }


def as_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows of a table as pandas writes them; nothing for nan."""
    text = StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(rows[0] if rows else [])
    lines.writerows(["" if cell != cell else cell for cell in row.values()] for row in rows)
    return text.getvalue()


class Results(Labeled):
    """What a scenario led to.

    Parameters
    ----------
    dataset : xarray.Dataset
        Labeled by replicate, week, survey_week, cause, dimension, answer, officer, y and x; each variable has its unit.

    Raises
    ------
    InputError
        When a folder is loaded whose files are damaged or not those that were written.
    """

    KIND, FILE, FIELDS, ARRAYS = KIND, DATASET, ResultsAttributes, ARRAYS
    TEXT, TABLES = MadeFrom("scenario", SCENARIO), {"summary": SUMMARY, "voices": VOICES}

    @property
    def name(self) -> str:
        """The scenario's name."""
        return str(self.arrays.attrs["title"])

    @property
    def replicates(self) -> int:
        """How many runs there are."""
        return self.arrays.sizes["replicate"]

    @property
    def changes(self) -> list[int]:
        """The weeks in which dated changes of parameters took effect."""
        return [change["week"] for change in yaml.safe_load(self.dataset.attrs["scenario"]).get("changes", ())]

    @property
    def measures(self) -> dict[str, Measure]:
        """Those of the record, then those that were taken beside the runs."""
        return recorded() | {
            name: measure for name, measure in MEASURES.items() if measure.kind != RECORD and name in self.arrays.variables
        }

    def __getitem__(self, name: str) -> "xr.DataArray":
        """A measure in the last year, one value a replicate. KeyError, with the nearest name, if there is none."""
        if name not in MEASURES:
            raise KeyError(f"there is no measure '{name}'. {hint(name) or did_you_mean(name, MEASURES)}".strip())
        return MEASURES[name](self.dataset)

    def summary(self) -> "pd.DataFrame":
        """Every measure that was taken (`measures`) in the first and the last year and the change between them, a row each.

        Each of the three is the median over replicates. Beside it `..._q05` and `..._q95` are quantiles over them, nan with fewer than 20:
        one city with these numbers and other luck; `..._precision` is half of the median's 95 % interval, which shrinks with
        every replicate. The change is the median of the replicates' own changes, nan if first and last year overlap;
        `change_share_with_sign` is the share of replicates whose change has its sign.
        """
        import pandas as pd

        return pd.DataFrame(self._summary())

    def voices(self) -> "pd.DataFrame":
        """What samples of complainants, of people who were stopped or not, and of officers answered at the last survey: a row a question.

        asked           persons in one sample, the middle of all runs; 0: there was nobody to ask
        answer          middle of all runs: a share, or 0-1; precision and quantiles as in `summary`
        standard_error  of one such sample, as if its group were endless: luck of sampling and of answering, none of it bias
        """
        import pandas as pd

        return pd.DataFrame(self._voices())

    def _tables(self) -> dict[str, str]:
        return {SUMMARY: as_csv(self._summary()), VOICES: as_csv(self._voices())}

    def _summary(self) -> list[dict[str, object]]:
        return [self._row(measure) for measure in self.measures.values()]

    def _voices(self) -> list[dict[str, object]]:
        arrays, rows = self.arrays, []
        for question, found in heard_last(arrays).items():
            answer, week = spread(found.answers).row("answer", "answer_"), int(arrays.variables["survey_week"].values[-1])
            about = {"measure": question, "unit": MEASURES[question].unit, "week": week, "asked": found.asked}
            rows.append({**about, **answer, "standard_error": found.error})
        return rows

    def _row(self, measure: Measure) -> dict[str, object]:
        row: dict[str, object] = {"measure": measure.name, "unit": measure.unit}
        for name, found in self.spreads(measure.name).items():
            row |= found.row(name, f"{name}_")
        return row | {"change_share_with_sign": found.share, "replicates": found.many}

    def spreads(self, name: str) -> dict[str, Spread]:
        """How a measure and its change spread over replicates: first_year, last_year, change."""
        arrays = self.arrays
        first, last = (arrays.taken(MEASURES[name], year(arrays)) for year in (first_year, last_year))
        change = last - first if years_apart(arrays) else np.full_like(last, np.nan, dtype=float)
        return {span: spread(values) for span, values in (("first_year", first), ("last_year", last), ("change", change))}

    def cumulative_ledger(self) -> "xr.DataArray":
        """Change of mean trust since week 0 by cause, mean over replicates; week x cause. Both trusts are weighted as in overall trust."""
        data = self.dataset.sel(week=slice(0, None))
        fairness, effectiveness = (data.ledger.sel(dimension=name) for name in ("fairness", "effectiveness"))
        booked = trust_of(fairness, effectiveness, data.effectiveness_weight)
        return booked.mean("replicate").cumsum("week").transpose("week", "cause")

    def labels(self) -> Mapping[str, Sequence[Any]]:
        return LABELS

    def check(self, path: Path) -> None:
        check_weeks(self.dataset, path, KIND)

    def as_json(self) -> dict[str, Any]:
        return {"replicate_seeds": self.arrays.variables["seed"].values.tolist()}

    def __repr__(self) -> str:
        weeks = int(self.arrays.week[-1]) + 1
        return f"<Results of '{self.name}': {self.replicates} replicates, {weeks} weeks, {len(self.arrays.columns())} variables>"

    def _repr_html_(self) -> str:
        attrs = self.dataset.attrs
        facts = (
            ("Question", attrs["question"]),
            ("City", f"{number(attrs['adults'])} adults, {number(attrs['officers'])} officers"),
            ("Runs", f"{self.replicates} replicates of {int(self.dataset.week[-1]) + 1} weeks, root seed {attrs['root_seed']}"),
            ("Own code", ", ".join(json.loads(attrs.get("own_code", "{}")))),
        )
        caption = (
            "Medians over replicates in the first and the last year; beside each its precision (half of its 95 % interval) and "
            "the 5-95 % range over replicates, this city with other luck (from 20 replicates on)"
        )
        parts = (table(self.summary(), caption=caption), note("The dataset (results.dataset):"), self.dataset._repr_html_())
        return card(f"Results of {self.name}", facts, *parts)
