"""What a sweep says about its factors: which method fits which design, an analysis of several outputs, and the way to disk and back."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.compiled import fingerprint
from sim.errors import InputError
from sim.measures import MEASURES
from sim.results import versions, write
from sim.sensitivity import Sensitivity, indices
from sim.studies.designs import OPTIONS, kind_of
from sim.studies.factors import Factor, group_names
from sim.studies.journal import command
from sim.studies.limits import known
from sim.studies.study import Study, load_study

ANY = ("emulator", "delta", "pawn")  # methods that can read every design with enough points
OWN = {"morris": "morris", "saltelli": "sobol", "efast": "efast", "oat": "oat"}  # methods by the design that they need
METHODS = (*ANY, *OWN.values())
RANKS = {  # the column that ranks factors, by method
    "emulator": "total", "sobol": "total", "efast": "total", "morris": "mu_star", "delta": "delta", "pawn": "median", "oat": "swing",
}  # fmt: skip
LOW, HIGH = 0.05, 0.95  # quantiles of a factor between which an output swings
FOLDER, FILE, STUDY, POINTS = "sensitivity", "sensitivity.json", "study.yaml", "points.csv"
FRAMES = {"table": "indices.csv", "interactions": "interactions.csv", "effects": "effects.csv", "convergence": "convergence.csv"}


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
        return re.sub(r"[^\w.-]+", "-", self.of)


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
                    row[end] = np.interp(quantile, curve.u, curve.effect)
                    row |= {f"{end}_{bound}": np.interp(quantile, curve.u, curve[bound]) for bound in ("low", "high")}
                    row[f"{end}_value"] = as_written(curve.value.iloc[int(np.abs(curve.u - quantile).argmin())])
                rows.append(row)
        table = pd.DataFrame(rows, columns=None if rows else ["factor", "low", "high"])
        return table.loc[(table.high - table.low).abs().sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


@dataclass(frozen=True)
class Analysis:
    """What several outputs of a sweep depend on.

    study     the study that was swept
    findings  one for each output
    units, meanings  of each factor
    points    values of the factors, a row a point of the design
    outputs   the outputs, mean over replicates, a column for each `of` and a row a point
    facts     versions, fingerprint of the sources, when
    """

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

    def renamed(self, name: str) -> "Analysis":
        """The same with the study called otherwise, for a page in another language."""
        return replace(self, study=self.study.model_copy(update={"name": name}))

    def save(self, folder: str | Path) -> list[Path]:
        """Write sensitivity.json, a CSV for each kind of table, points.csv and study.yaml; each file appears whole or not at all.

        InputError if the folder cannot be written to.
        """
        folder = Path(folder)
        facts = self.facts | {"units": self.units, "meanings": self.meanings, "findings": [_scalars(finding) for finding in self.findings]}
        texts = {FILE: json.dumps(facts, indent=2, ensure_ascii=False) + "\n", STUDY: self.study.to_yaml()}
        for field, name in FRAMES.items():
            if tables := {
                finding.output.of: table for finding in self.findings if (table := getattr(finding.sensitivity, field)) is not None
            }:
                texts[name] = pd.concat(tables, names=["of"]).reset_index("of").to_csv(index=False)
        texts[POINTS] = pd.concat([self.points, self.outputs], axis=1).to_csv(index_label="point")
        for name in set(FRAMES.values()) - set(texts):  # of an earlier analysis
            (folder / name).unlink(missing_ok=True)
        return [write(folder / name, partial(Path.write_text, data=text, encoding="utf-8")) for name, text in texts.items()]

    @classmethod
    def load(cls, folder: str | Path) -> "Analysis":
        """What `save` wrote. InputError if it is not there or cannot be read."""
        folder = Path(folder)
        try:
            facts = json.loads((folder / FILE).read_text(encoding="utf-8"))
            frames = {field: pd.read_csv(folder / name) for field, name in FRAMES.items() if (folder / name).exists()}
            points = pd.read_csv(folder / POINTS, index_col="point")
            units, meanings, scalars = (facts.pop(key) for key in ("units", "meanings", "findings"))
            findings = tuple(_finding(one, frames) for one in scalars)
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"'{folder / FILE}' holds no analysis that can be read ({error})."
            raise InputError(message, "Make one with confianza sensitivity.") from None
        outputs = [finding.output.of for finding in findings]
        study = load_study(folder / STUDY)
        return cls(study, findings, units, meanings, points.drop(columns=outputs), points[outputs], facts)


def default_outputs(study: Study) -> list[str]:
    """What is asked if nobody says: the effect of every arm on each of the study's first two measures; without arms, the levels."""
    arms = [arm for arm in study.sweep_arms() if arm != study.vs]
    measures = study.measures[:2]
    return [f"effect:{arm}:{measure}" for arm in arms for measure in measures] or [f"level:{study.vs}:{measure}" for measure in measures]


def output_of(study: Study, of: str, week: int | None = None) -> Output:
    """An output from what is written: "effect:purge:mean_trust", "level:purge:mean_trust", or "mean_trust" in the arm `vs`.

    week  at whose end it is read, by default the study's last
    InputError with the nearest name if the study has no such arm, measure or week.
    """
    kind, arm, measure = parts if len(parts := of.split(":")) == 3 else ("level", study.vs, of)
    if kind not in ("effect", "level"):
        raise InputError(f"there is no output '{of[:100]}'.", "Write effect:ARM:MEASURE or level:ARM:MEASURE.")
    arms = [name for name in study.sweep_arms() if kind == "level" or name != study.vs]
    known(arm, arms, "arm", f"Arms: {', '.join(arms)}")
    known(measure, study.measures, "measure in this study", f"Measures: {', '.join(study.measures)}")
    if week is not None and week not in study.at:
        weeks = ", ".join(map(str, study.at))
        raise InputError(f"week {week} was not kept.", f"Weeks: {weeks}; others with the key 'at' of a study.", file="--week")
    return Output(of, kind == "level", arm, study.vs, measure, MEASURES[measure].unit, study.at[-1] if week is None else week)


def method_for(study: Study, method: str | None = None) -> str:
    """The method, or the one that suits the study's design. InputError if it needs another design."""
    if study.design is None:
        raise InputError("nothing varies in this study, so there is nothing to be sensitive to.", "Write vary: {prior: [trust]}")
    kind = kind_of(study.design)
    chosen = method or OWN.get(kind, "emulator")
    known(chosen, METHODS, "method", f"Methods: {', '.join(METHODS)}")
    if chosen not in (*ANY, OWN.get(kind)):
        wanted = next(design for design, own in OWN.items() if own == chosen)
        own = f"{OWN[kind]}, " if kind in OWN else ""
        message = f"the method '{chosen}' needs the design '{wanted}', but this study's is '{kind}'."
        raise InputError(message, f"Methods for it: {own}{', '.join(ANY)}. Or write design: {{{wanted}: ...}}")
    return chosen


def analyze(
    sweep: Any, of: Sequence[str] = (), *, method: str | None = None, week: int | None = None, progress: Callable[[], None] | None = None
) -> Analysis:
    """What outputs of a sweep depend on.

    sweep     a sim.studies.sweep.Sweep whose runs are there
    of        "effect:ARM:MEASURE", "level:ARM:MEASURE" or a measure (its level in the arm `vs`); by default `default_outputs`
    method    "emulator", "delta" or "pawn" for any design; "sobol", "morris", "efast", "oat" for their own; by default what suits it
    week      at whose end outputs are read, by default the study's last
    progress  called after each output
    InputError if a name is unknown or the method does not fit the design. Too much luck or too few points is no error: the finding says so.
    """
    study, points, factors = sweep.study, sweep.points, sweep.study.factors()
    chosen = method_for(study, method)
    outputs = [output_of(study, name, week) for name in of or default_outputs(study)]
    names, groups = [factor.name for factor in factors], group_names(study.groups, factors)
    findings, means = [], {}
    for output in outputs:
        values = np.asarray(sweep.values(output.of, output.week), float)
        options: Any = {"method": chosen, "groups": groups, "design": design_facts(study), "seed": study.base.seed}
        found = indices(points.unit, values, names, **options)
        findings.append(Finding(output, with_values(found, factors)))
        means[output.of] = mean_over_replicates(values)
        if progress:
            progress()
    units, meanings = (
        {factor.name: factor.unit for factor in factors},
        {factor.name: first_sentence(factor.description) for factor in factors},
    )
    facts = {
        "versions": versions(),
        "source_fingerprint": fingerprint(),
        "command": command(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    table = pd.DataFrame(means, index=points.values.index)
    return Analysis(study, tuple(findings), units, meanings, points.values, table, facts)


def design_facts(study: Study) -> dict[str, Any]:
    """What estimators must know of a design: its sampler and its options."""
    assert study.design is not None  # see `method_for`
    kind = kind_of(study.design)
    return {"sampler": kind, **{key: study.design[key] for key in OPTIONS.get(kind, {})}}


def first_sentence(text: str) -> str:
    """A description without what it says beyond its first sentence."""
    return text.partition(". ")[0].rstrip(".")


def mean_over_replicates(values: np.ndarray) -> np.ndarray:
    """Mean over the replicates that did not fail; nan where all did."""
    many = np.isfinite(values).sum(axis=1)
    return np.divide(np.nansum(values, axis=1), many, out=np.full(len(values), np.nan), where=many > 0)


def with_values(found: Sensitivity, factors: Sequence[Factor]) -> Sensitivity:
    """The same, with the factor's own value beside each place on its curve; groups have none and lose theirs."""
    if found.effects is None:
        return found
    known_factors = {factor.name: factor for factor in factors}
    curves = [
        curve.assign(value=known_factors[str(name)].at(curve.u.to_numpy()))
        for name, curve in found.effects.groupby("factor", sort=False)
        if name in known_factors
    ]
    made = replace(found, effects=pd.concat(curves, ignore_index=True) if curves else None)
    made.emulator = found.emulator
    return made


def _scalars(finding: Finding) -> dict[str, Any]:
    """All of a finding but its tables, as JSON can hold it."""
    plain = {field.name: getattr(finding.sensitivity, field.name) for field in fields(Sensitivity) if field.name not in FRAMES}
    plain = {name: None if isinstance(value, float) and not np.isfinite(value) else value for name, value in plain.items()}
    return {"output": finding.output._asdict(), "sensitivity": plain}


def _finding(scalars: dict[str, Any], frames: dict[str, pd.DataFrame]) -> Finding:
    """A finding from what was saved of it."""
    output = Output(**scalars["output"])
    tables: dict[str, Any] = dict.fromkeys(FRAMES)
    for field, frame in frames.items():
        own = frame[frame.of == output.of].drop(columns="of").dropna(axis=1, how="all").reset_index(drop=True)
        tables[field] = own if len(own) else None
    if tables["table"] is None:
        tables["table"] = pd.DataFrame({"factor": []})
    return Finding(output, Sensitivity(**scalars["sensitivity"], **tables))
