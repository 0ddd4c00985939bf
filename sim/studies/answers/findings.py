"""What a sensitivity analysis of a study found: a finding for each output, and the way to disk and back."""

import re
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
import pandas as pd
from pydantic import Field, with_config
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim.artifacts.artifact import MadeFrom, TablesArtifact
from sim.artifacts.checking import ArtifactKind
from sim.artifacts.provenance import Provenance
from sim.methods.indices import Sensitivity
from sim.studies.answers.kept import NOTES, Said, notes_table
from sim.studies.design.study import Study
from sim.studies.design.study_files import load_study
from sim.style.html import card, note, table

RANKS = {  # the column that ranks factors, by method
    "emulator": "total", "sobol": "total", "efast": "total", "morris": "mu_star", "delta": "delta", "pawn": "median", "oat": "swing",
}  # fmt: skip
LOW, HIGH = 0.05, 0.95  # quantiles of a factor between which an output swings
FOLDER, FILE, STUDY, POINTS = "sensitivity", "sensitivity.json", "study.yaml", "points.csv"
KIND = ArtifactKind("analysis", "Make it again: confianza sensitivity STUDY.yaml or STORE")
FRAMES = {"table": "indices.csv", "interactions": "interactions.csv", "effects": "effects.csv", "convergence": "convergence.csv"}
FIGURES = ("tornado", "bars", "morris", "interactions", "convergence", "scatter")  # of each output, in a folder of its own
FILES = (FILE, STUDY, POINTS, NOTES, *FRAMES.values(), "overview.png")


def folder_name(text: str) -> str:
    """A name for a folder that no other text has, nor on systems that take capitals for small letters.

    >>> folder_name("effect-train-then-purge-mean_trust"), folder_name("effect-50 % more/less-mean_trust")
    ('effect-train-then-purge-mean_trust', 'effect-50-more-less-mean_trust-2e2db8c1')
    """
    plain = re.sub(r"[^a-z0-9_.-]+", "-", text, flags=re.IGNORECASE | re.ASCII)[:80]
    return plain if plain == text.lower() else f"{plain}-{sha256(text.encode()).hexdigest()[:8]}"


class Output(NamedTuple):
    """A number that each run gives: a measure in an arm, or what the arm makes of it compared with `vs`."""

    of: str  # as it is asked for: "effect:purge:mean_trust"
    level: bool  # else an effect
    arm: str
    vs: str
    measure: str
    unit: str
    week: int

    @property
    def text(self) -> str:
        """What it is called in tables: "effect of purge on mean_trust"."""
        return f"{self.measure} in {self.arm}" if self.level else f"effect of {self.arm} on {self.measure}"

    @property
    def folder(self) -> str:
        """The name of a folder for it: "effect-purge-mean_trust"."""
        kind, _, rest = self.of.partition(":")
        return folder_name("-".join(filter(None, (kind, *rest.rpartition(":")[::2]))))


def as_written(value: Any) -> Any:
    """A factor's value from a column that also holds choices: a number if it is one, else the text.

    >>> as_written("0.25"), as_written(3), as_written("troops")
    (0.25, 3.0, 'troops')
    """
    try:
        return float(value)
    except ValueError:
        return value


@dataclass(frozen=True)
class Finding:
    """What one output depends on. The curves in `sensitivity.effects` also have the factor's own value (column `value`)."""

    output: Output
    sensitivity: Sensitivity

    @property
    def same(self) -> bool:
        """Is the output the same at all points?"""
        return getattr(self.sensitivity.refused, "id", "") == "same_at_all_points"

    @property
    def spoke(self) -> bool:
        """Did the method find out enough to say something?"""
        return self.sensitivity.refused is None

    def ranked(self) -> pd.DataFrame:
        """The table of indices, the most important factor first."""
        table = self.sensitivity.table
        return table.sort_values(RANKS[self.sensitivity.method], ascending=False, kind="stable").reset_index(drop=True)

    def swings(self) -> pd.DataFrame:
        """The output at the low and the high end of each factor, the widest first: factor, low, high; from an emulator, which reads it
        at the factor's 5 % and 95 % quantile, also intervals (low_low, low_high, high_low, high_high) and the factor's values there
        (low_value, high_value). Empty if the method says nothing of it.
        """
        found, rows = self.sensitivity, []
        if found.method == "oat":
            rows = found.table[["factor", "low", "high"]].to_dict("records")
        elif found.effects is not None:
            for name, curve in found.effects.groupby("factor", sort=False):
                row: dict[str, Any] = {"factor": name}
                for end, quantile in (("low", LOW), ("high", HIGH)):
                    row[end] = found.mean + np.interp(quantile, curve.u, curve.effect)
                    row |= {f"{end}_{bound}": found.mean + np.interp(quantile, curve.u, curve[bound]) for bound in ("low", "high")}
                    row[f"{end}_value"] = as_written(curve.value.iloc[int(np.abs(curve.u - quantile).argmin())])
                rows.append(row)
        table = pd.DataFrame(rows, columns=None if rows else ["factor", "low", "high"])
        return table.loc[(table.high - table.low).abs().sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


class Scalars(TypedDict):
    """All of an analysis of one output but its tables."""

    method: str
    names: list[str]
    points: int
    replicates: int
    mean: float | None
    sd: float | None
    covers: Said
    refused: Said | None
    q2: float | None
    q2_of_signal: float | None
    missed: float | None
    noise_share: float | None
    noise_share_of_mean: float | None
    notes: list[Said]


class FindingFields(TypedDict):
    """One of the findings in sensitivity.json."""

    output: Output
    sensitivity: Scalars


@with_config(extra="allow")
class AnalysisFields(Provenance):
    """What sensitivity.json says."""

    units: dict[str, str]
    meanings: dict[str, str]
    findings: Annotated[list[FindingFields], Field(min_length=1)]


@dataclass(frozen=True)
class Analysis(TablesArtifact):
    """What several outputs of a sweep depend on.

    study     the study that was swept
    findings  one for each output
    units, meanings  of each factor
    points    values of the factors, a row a point of the design
    outputs   the outputs, mean over replicates, a column for each `of` and a row a point
    facts     versions, fingerprint of the sources, when
    """

    KIND, FILE, FIELDS = KIND, FILE, AnalysisFields
    TEXT, TABLES = MadeFrom("study", STUDY, load_study), FRAMES | {"points": POINTS}

    study: Study
    findings: tuple[Finding, ...]
    units: dict[str, str]
    meanings: dict[str, str]
    points: pd.DataFrame
    outputs: pd.DataFrame
    facts: dict[str, Any]

    @property
    def method(self) -> str:
        """The method, the same for all outputs."""
        return self.findings[0].sensitivity.method

    def _repr_html_(self) -> str:
        """The factors that matter most for each output, in a notebook; where the method refuses to speak, why."""
        parts = []
        for finding in self.findings:
            caption = f"{finding.output.text} ({finding.output.unit}), week {finding.output.week}"
            parts += [table(finding.ranked().head(10), caption=caption)] if finding.spoke else [note(caption)]
            parts += [note(str(text)) for text in finding.sensitivity.remarks]
        facts = (("Question", self.study.question), ("Method", self.method), ("Points", f"{len(self.points):,}"))
        return card(f"Sensitivity: {self.study.name}", facts, *parts)

    def renamed(self, name: str) -> "Analysis":
        """The same with the study called otherwise, for a page in another language."""
        return replace(self, study=self.study.model_copy(update={"name": name}))

    def as_json(self) -> dict[str, Any]:
        return self.facts | {"units": self.units, "meanings": self.meanings, "findings": [_scalars(finding) for finding in self.findings]}

    def _tables(self) -> dict[str, str]:
        texts = {POINTS: pd.concat([self.points, self.outputs], axis=1).to_csv(index_label="point")}
        for field, name in FRAMES.items():
            if tables := {
                finding.output.of: table for finding in self.findings if (table := getattr(finding.sensitivity, field)) is not None
            }:
                texts[name] = "".join(_rows(of, table, number == 0) for number, (of, table) in enumerate(tables.items()))
        texts[NOTES] = notes_table((finding.output.of, text) for finding in self.findings for text in finding.sensitivity.remarks)
        return texts

    @classmethod
    def of(cls, path: Path, content: dict[str, Any], parts: dict[str, Any]) -> Self:
        study, points = parts.pop("study"), parts.pop("points").set_index("point")
        units, meanings, scalars = (content.pop(key) for key in ("units", "meanings", "findings"))
        findings = tuple(_finding(one, parts) for one in scalars)
        outputs = [finding.output.of for finding in findings]
        return cls(study, findings, units, meanings, points.drop(columns=outputs), points[outputs], content)


def _rows(of: str, table: pd.DataFrame, header: bool) -> str:
    """A table of one output as lines of a CSV, with the output's name in the first column."""
    return pd.concat([pd.Series(of, table.index, name="of"), table], axis=1).to_csv(index=False, header=header)


def _scalars(finding: Finding) -> dict[str, Any]:
    """All of a finding but its tables, as JSON can hold it."""
    plain = {field.name: getattr(finding.sensitivity, field.name) for field in fields(Sensitivity) if field.name not in FRAMES}
    plain = {name: None if isinstance(value, float) and not np.isfinite(value) else value for name, value in plain.items()}
    return {"output": finding.output._asdict(), "sensitivity": plain}


def _finding(scalars: dict[str, Any], frames: dict[str, pd.DataFrame]) -> Finding:
    """A finding from what was saved of it."""
    output = scalars["output"]
    tables: dict[str, Any] = dict.fromkeys(FRAMES)
    for field, frame in frames.items():
        own = frame[frame.of == output.of].drop(columns="of").reset_index(drop=True)
        empty = field == "interactions" and scalars["sensitivity"]["method"] == "emulator" and not scalars["sensitivity"]["refused"]
        tables[field] = own if len(own) or empty else None
    if tables["table"] is None:
        tables["table"] = pd.DataFrame({"factor": []})
    return Finding(output, Sensitivity(**scalars["sensitivity"], **tables).apart_from_luck())
