"""What a sweep says about its factors: which method fits which design, and the analysis of several outputs."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sim.artifacts.provenance import how_made
from sim.errors import InputError
from sim.methods import how_judged
from sim.methods.indices import indices
from sim.methods.threads import single_threaded
from sim.studies.answers.findings import Analysis, Finding, Output
from sim.studies.design.designs import OPTIONS, kind_of
from sim.studies.design.factors import group_names
from sim.studies.design.limits import known, unit_of
from sim.studies.design.study import Study
from sim.studies.running.reading import Reading
from sim.style import note

ANY = ("emulator", "delta", "pawn")  # methods that can read every design with enough points
OWN = {"morris": "morris", "saltelli": "sobol", "efast": "efast", "oat": "oat"}  # methods by the design that they need
METHODS = (*ANY, *OWN.values())
JOINT, FOR_JOINT = "draws", ("pawn", "delta")  # a design whose factors depend on each other, and the methods that may read it


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
    kind, _, rest = of.partition(":") if ":" in of else ("level", "", f"{study.vs}:{of}")
    arm, _, measure = rest.rpartition(":")
    if kind not in ("effect", "level"):
        raise InputError(f"there is no output '{of[:100]}'.", "Write effect:ARM:MEASURE or level:ARM:MEASURE.")
    arms = [name for name in study.sweep_arms() if kind == "level" or name != study.vs]
    if kind == "effect" and arm == study.vs:
        remedy = f"Ask for its level, level:{arm}:{measure}, or for the effect of: {', '.join(arms)}"
        raise InputError(f"'{arm}' is what the others are compared with, so it has no effect.", remedy)
    known(arm, arms, "arm", f"Arms: {', '.join(arms)}")
    known(measure, study.measures, "measure in this study", f"Measures: {', '.join(study.measures)}")
    if week is not None and week not in study.at:
        weeks = ", ".join(map(str, study.at))
        raise InputError(f"week {week} was not kept.", f"Weeks: {weeks}; others with the key 'at' of a study.", file="--week")
    return Output(of, kind == "level", arm, study.vs, measure, unit_of(measure), study.at[-1] if week is None else week)


def method_for(study: Study, method: str | None = None) -> str:
    """The method, or the one that suits the study's design. InputError if it needs another design."""
    if study.design is None:
        raise InputError("nothing varies in this study, so there is nothing to be sensitive to.", "Write vary: {prior: [trust]}")
    kind = kind_of(study.design)
    fitting = FOR_JOINT if kind == JOINT else (OWN[kind], *ANY) if kind in OWN else ANY
    chosen = method or fitting[0]
    known(chosen, METHODS, "method", f"Methods: {', '.join(METHODS)}")
    if chosen not in fitting:
        remedy = f"Methods for it: {', '.join(fitting)}."
        wanted = next((design for design, own in OWN.items() if own == chosen), None)
        if wanted is None:
            raise InputError(f"the method '{chosen}' needs independent factors, but draws of a posterior depend on each other.", remedy)
        message = f"the method '{chosen}' needs the design '{wanted}', but this study's is '{kind}'."
        raise InputError(message, f"{remedy} Or write design: {{{wanted}: ...}}")
    return chosen


@single_threaded
def analyze(
    sweep: Reading,
    of: Sequence[str] = (),
    *,
    method: str | None = None,
    week: int | None = None,
    progress: Callable[[], None] | None = None,
) -> Analysis:
    """What outputs of a sweep depend on.

    sweep     a sim.studies.answers.sweep.Sweep, or another reading, whose runs are there
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
    validation = points.judges if chosen == "emulator" else points.validation
    findings, means = [], {}
    for output in outputs:
        values = np.asarray(sweep.values(output.of, output.week), float)
        options: Any = {"method": chosen, "groups": groups, "design": design_facts(study), "validation": validation}
        options["seed"] = study.base.seed
        found = indices(points.unit, values, names, **options)
        helps = not Finding(output, found).same  # more runs do
        if helps and (found.refused or (chosen == "emulator" and not found.validated)):
            found.notes.append(note("extend_adds"))
        findings.append(Finding(output, found.with_values({factor.name: factor.at for factor in factors})))
        means[output.of] = mean_over_replicates(values)
        if progress:
            progress()
    units = {factor.name: factor.unit for factor in factors}
    meanings = {factor.name: first_sentence(factor.description) for factor in factors}
    facts = {**how_made(), "q2_is": str(how_judged(int(validation.sum()))), "cautions": study.warned}
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
