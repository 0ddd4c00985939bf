"""Where a condition holds: from the runs of a sweep to a box in the space of what varies, and to words."""

from time import process_time
from typing import Any

import numpy as np
import pandas as pd

from sim.artifacts.provenance import how_made
from sim.errors import InputError
from sim.methods import how_judged
from sim.methods.decision.denoise import can_judge, denoised
from sim.methods.discovery.boxes import ALPHA, MOST
from sim.methods.discovery.columns import box_table, others, rule_text, searched
from sim.methods.discovery.prim import Cases
from sim.methods.discovery.search import PERMUTATIONS, RESAMPLES, Found, least_mass, search
from sim.methods.discovery.tree import tree
from sim.methods.threads import single_threaded
from sim.studies.answers.conditions import Condition, condition_of
from sim.studies.answers.discoveries import BOX, Discovery, Luckless, notes, sentences
from sim.studies.answers.sensitivity import first_sentence, mean_over_replicates
from sim.studies.design.designs import kind_of
from sim.studies.design.factors import Factor
from sim.studies.design.study import Study
from sim.studies.running.reading import Reading
from sim.style.commands import command
from sim.world.parameters import CODEBOOK

__all__ = ["Discovery", "discover"]

ALIKE = 9  # digits of a draw: the same one is found from different tables, which round by themselves
ALONG_LINES = ("morris", "oat")  # designs that leave most of the space empty


@single_threaded
def discover(
    sweep: Reading,
    condition: str,
    *,
    week: int | None = None,
    alpha: float = ALPHA,
    most: int = MOST,
    permutations: int = PERMUTATIONS,
    resamples: int = RESAMPLES,
) -> Discovery:
    """Where, in the space of what varies, a condition holds.

    sweep         a sim.studies.answers.sweep.Sweep, or another reading, whose runs are there
    condition     "effect:ARM:MEASURE < 0", "level:ARM:MEASURE >= 45000" or "MEASURE > 0.5" (its level in the arm `vs`)
    week          at whose end it is read, by default the study's last
    alpha         greatest p of the permutation test, and greatest quasi-p of a restriction
    most          factors that the box may restrict
    permutations  searches among cases dealt out at random;  resamples: of the draws
    InputError if the condition cannot be read, the design does not fill the space of what varies, or all runs failed. That there is no
    box is no error: `refused` says so.
    """
    started, study = process_time(), sweep.study
    asked = condition_of(study, condition, week)
    check_design(study)
    known = luckless(sweep, asked)
    values, unit = sweep.points.values[known.kept], sweep.points.unit[known.kept]
    factors, at = study.factors(), {factor.name: factor.at for factor in study.factors()}
    choices = {factor.name: factor.distribution.extremes() for factor in factors if not pd.api.types.is_numeric_dtype(values[factor.name])}
    columns, x = searched(values, choices, unit)
    y, clusters, seed = known.probability > 0.5, clusters_of(study, unit), study.base.seed % 2**31
    runs = asked.holds(known.mean)
    found = search(
        x, y, runs=runs, clusters=clusters, alpha=alpha, most=most, permutations=permutations, resamples=resamples, seed=seed
    )  # fmt: skip
    cases, there = Cases.of(x, y), found.refused is None
    box = box_of(box_table(found, cases, columns, values, choices, {}), factors, values, unit)
    leaves = tree(x, y if there else runs, smallest=least_mass(cases), clusters=clusters, seed=seed)
    leaves["rule"] = [rule_text(rule, columns, at) for rule in leaves.rule]
    rest = others(found, columns)
    facts = {
        **how_made(), "seconds": round(process_time() - started, 2),
        "draws": len(x), "replicates": known.replicates, "q2": known.q2, "q2_is": str(how_judged(known.validated)),
    }  # fmt: skip
    return Discovery(
        study=study, condition=asked.written, text=asked.text, output=asked.output, week=asked.output.week, found=there,
        refused=found.refused, share=cases.share, coverage=found.marks.coverage, density=found.marks.density, mass=found.marks.mass,
        p=found.p, how=known.how, trajectory=found.trajectory, box=box, tree=leaves, unseen=found.unseen,
        others=rest, draws=_draws(known, values, box, y, found),
        sentences=sentences(asked, found, box, cases), notes=notes(known, found, box, rest, y, joint=clusters is not None), facts=facts,
    )  # fmt: skip


def check_design(study: Study) -> None:
    """InputError if a study's points are no space to look in."""
    if study.design is None:
        raise InputError("nothing varies in this study, so there is nowhere to look.", "Write vary: {prior: [trust]}")
    if (kind := kind_of(study.design)) in ALONG_LINES:
        message = f"the design '{kind}' leaves most of the space of what varies empty, so no box can be found in it."
        raise InputError(message, "Take another, as design: {sobol: 1024}")


def luckless(sweep: Reading, asked: Condition) -> Luckless:
    """The output of a condition at each draw with luck taken off, and how likely the condition holds there."""
    study = sweep.study
    runs = np.asarray(sweep.values(asked.output.of, asked.output.week), float)
    mean = mean_over_replicates(runs)
    kept = np.isfinite(mean)
    if not kept.any():
        raise InputError("every run failed or is missing, so there is nothing to look at.", f"See {command('status', sweep.store.folder)}")
    unit, judges = sweep.points.unit, sweep.points.judges
    known, (emulator,) = denoised(
        unit, runs, clusters=clusters_of(study, unit), validation=judges, shared=study.luck == "shared", seed=study.base.seed,
    )  # fmt: skip
    value, sd = known.mean[:, 0], known.sd[:, 0]
    below = known.below(asked.number)[:, 0]
    likely = np.where(sd > 0, 1 - below if asked.above else below, asked.holds(value))
    q2, checks = (None, 0) if emulator is None else (emulator.q2, emulator.validated)
    told_apart, replicates = known.runs.noise is not None, int(known.runs.runs.max())
    return Luckless(kept, mean[kept], value, likely, told_apart, replicates, q2, checks, can_judge(judges[kept]))


def clusters_of(study: Study, unit: np.ndarray) -> np.ndarray | None:
    """Which points have the same draw of a posterior (n); None if factors vary independently."""
    assert study.design is not None  # see `check_design`
    if kind_of(study.design) != "draws":
        return None
    joint = [bool(factor.draws) for factor in study.factors()]
    return np.unique(unit[:, joint].round(ALIKE), axis=0, return_inverse=True)[1].ravel()


def box_of(plain: pd.DataFrame, factors: tuple[Factor, ...], values: pd.DataFrame, unit: np.ndarray) -> pd.DataFrame:
    """`Discovery.box` from a box in shares of each factor's distribution (see `box_table`)."""
    names, rows = [factor.name for factor in factors], []
    for row in plain.to_dict("records"):
        place = names.index(row["factor"])
        cells = _row(factors[place]) | row
        if not row["kept"]:
            low, high = (other if np.isnan(end) else end for end, other in ((row["low"], -np.inf), (row["high"], np.inf)))
            inside = values[row["factor"]].to_numpy()[(unit[:, place] >= low) & (unit[:, place] <= high)]
            cells |= _ends(factors[place], low, high, inside)
        rows.append(cells)
    return pd.DataFrame(rows, columns=BOX)


def _row(factor: Factor) -> dict[str, Any]:
    """What a row of the box says of a factor, whatever its limits."""
    status = CODEBOOK[factor.name].status if factor.kind == "parameter" else "lever"
    cells = {"factor": factor.name, "low": np.nan, "high": np.nan, "kept": "", "low_share": 0.0, "high_share": 1.0, "unit": factor.unit}
    return cells | {"meaning": first_sentence(factor.description), "status": status, "quasi_p": 0.0, "bootstrap": 1.0}


def _ends(factor: Factor, low: float, high: float, inside: np.ndarray) -> dict[str, float]:
    """Limits in the factor's own unit: between two draws, or the last value inside if it takes certain values only."""
    by_steps = "values" in factor.distribution.as_data() or inside.dtype.kind == "i"
    cells: dict[str, float] = {}
    for name, share, last in (("low", low, np.min), ("high", high, np.max)):
        if np.isfinite(share):
            limit = last(inside) if by_steps else factor.at(np.array([share]))[0]
            cells |= {name: float(limit), f"{name}_share": float(share)}
    return cells


def _draws(known: Luckless, values: pd.DataFrame, box: pd.DataFrame, y: np.ndarray, found: Found) -> pd.DataFrame:
    """`Discovery.draws`."""
    cells = {"point": np.flatnonzero(known.kept), "mean": known.mean, "value": known.value, "probability": known.probability, "case": y}
    cells["inside"] = found.inside if found.refused is None else np.zeros(len(y), dtype=bool)
    return pd.concat([pd.DataFrame(cells), values[box.factor.tolist()].reset_index(drop=True)], axis=1)
