"""What `confianza evidence` does: run trials again in a city, fit what reforms do to what they found, print it beside what was found."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.artifacts.posterior import Posterior, load_posterior, posterior_files
from sim.artifacts.provenance import versions
from sim.artifacts.sources import sources
from sim.cli.headlines import headline
from sim.cli.show import ConsoleTable, console, keep_tables, remark, table
from sim.cli.sweep import done_in, running
from sim.cli.work import chosen, writing
from sim.engine.running import Execution
from sim.errors import number
from sim.evidence.base import TrialEvidence, evidence
from sim.evidence.fit import RUNS, by_targets, fit, joined, surfaces_of
from sim.evidence.tables import TABLES, EvidenceTables, tables_of
from sim.files.writing import write
from sim.style import Note, note

STORE = "reruns"
FIGURE = "forest.png"
BEFORE, AFTER = ("low_before", "median_before", "high_before"), ("low", "median", "high")  # columns of ranges


def tell_evidence(name: str, runs: int | None, out: Path | None, workers: int | None) -> None:
    """Run, fit, write and print. InputError if the scenario has no posterior."""
    many = runs or RUNS
    scenario = chosen(name, None, None, []).with_(interventions=())
    posterior = load_posterior(Path(name).stem)
    before = by_targets(posterior)
    folder = out or Path("out") / f"evidence-{posterior.name}"
    files = (*(f"{one}.csv" for one in TABLES), FIGURE, f"{posterior.name}.csv", f"{posterior.name}.yaml")
    with writing(folder, files):
        with running(many, done_in(folder / STORE)) as progress:
            surfaces = surfaces_of(scenario, posterior, many, Execution(folder / STORE, "threads", workers, progress))
        remark("Weighing ...")
        trials = evidence()
        fitted = fit(posterior, before, surfaces, trials, seed=scenario.seed)
        made = tables_of(fitted, with_facts(joined(fitted, posterior, before, scenario.seed), posterior, trials, fitted.taus()))
        written = write(folder, {f"{one}.csv": getattr(made, one).to_csv(index=False, float_format="%.6g") for one in TABLES})
        written += write(folder, posterior_files(made.posterior))
        keep_tables(made, TABLES)
        tell(made)
        from sim.figures.evidence import forest  # after the tables, because matplotlib takes long to import
        from sim.figures.series import png

        written += write(folder, {FIGURE: png(forest(made))})
    console().print(f"Tables, the posterior and a figure are in {folder}: {', '.join(path.name for path in written)}")


def with_facts(made: Posterior, posterior: Posterior, trials: Mapping[str, TrialEvidence], taus: pd.DataFrame) -> Posterior:
    """The posterior with what is to be known of its trials."""
    fitted = {name: list(trial.rows("fit")) for name, trial in trials.items() if trial.rows("fit")}
    told = {row["carry"]: {key: round(row[key], 4) for key in ("low", "median", "high")} for row in taus.to_dict("records")}
    facts = {**posterior.facts, "effective_draws": round(made.effective, 1), "trials": fitted, "carrying_over": told}
    return replace(made, facts={**facts, "source_fingerprint": sources(), "versions": versions()})


def tell(made: EvidenceTables) -> None:
    """Print, reform by reform, what trials found and what the model says of it."""
    screen = console()
    for reform, rows in made.findings.groupby("reform", sort=False):
        for use, title in (("fit", "fitted"), ("delivery", "delivery, fitted apart from effects"), ("check", "not fitted")):
            own = rows[rows.use == use]
            if len(own):
                headline(of_checks(str(reform), own) if use == "check" else of_fits(str(reform), own))
                screen.print(checks_table(str(reform), own) if use == "check" else fitted_table(f"{reform}: {title}", own))
    widest = made.carrying.sort_values("median").iloc[-1]
    headline(note("headline_carrying", name=f"{widest.reform}: {widest.carry}", tau=widest["median"]))
    screen.print(carrying_table(made.carrying))
    removed = [note("part_share", name=row.reform, share=round(100 * row.removed)) for row in made.ranges.itertuples()]
    headline(note("headline_removed", parts=removed))
    screen.print(ranges_table(made.ranges))
    few = made.findings.dropna(subset=["z"])
    screen.print(
        f"{few.study.nunique()} studies with errors: of so few no coverage can be told. Together they leave "
        f"{number(round(made.worth))} draws' worth of a posterior of {number(len(made.posterior.weights))}."
    )


def of_fits(reform: str, rows: pd.DataFrame) -> Note:
    """How many findings lie in the range that is predicted without their study."""
    known = rows.dropna(subset=["predicted"]) if "predicted" in rows else rows.iloc[:0]
    held = int(known.found.between(known.predicted_low, known.predicted_high).sum()) if len(known) else 0
    return note("headline_found", reform=reform, held=held, many=len(known))


def of_checks(reform: str, rows: pd.DataFrame) -> Note:
    """With how many findings the model agrees."""
    return note("headline_signs", reform=reform, held=int(rows.agrees.astype(bool).sum()), many=len(rows))


def span(row: pd.Series, low: str, middle: str, high: str) -> str:
    """A middle and its range."""
    if not np.isfinite(row.get(middle, np.nan)):
        return "-"
    return f"{row[middle]:+.2f}\n{row[low]:+.2f} to {row[high]:+.2f}"


def called(row: Mapping[Any, Any]) -> str:
    """A finding: of which trial, which row of it, and what it is about."""
    return f"{row['trial']} {row['row']}\n {row['outcome']}, {row['unit']}"


def fitted_table(title: str, rows: pd.DataFrame) -> ConsoleTable:
    """What was found; what the model says before and after; and what it says without the study."""
    right = ("found", "before", "after", "without it", "z")
    about = f"{title}\n5-95 %; before, after: the model's effect there; without it: what the study would find"
    shown = table("trial", *right, right=right, whole=("trial",), title=about)
    for row in rows.to_dict("records"):
        one = pd.Series(row)
        spans = (span(one, *names) for names in (BEFORE, AFTER, ("predicted_low", "predicted", "predicted_high")))
        z = f"{row['z']:+.1f}" if np.isfinite(row.get("z", np.nan)) else "-"
        shown.add_row(called(row), f"{row['found']:+.2f}\nSE {row['error']:.2f}", *spans, z)
    return shown


def checks_table(reform: str, rows: pd.DataFrame) -> ConsoleTable:
    """Trials without errors: what was found in signs, and what the model said before it saw any trial."""
    shown = table("trial", "found", "model", "agrees", right=("model",), whole=("trial",), title=f"{reform}: compared, never fitted")
    for row in rows.to_dict("records"):
        found = row["sign"] if isinstance(row["sign"], str) else f"{row['found']:+.2f}"
        shown.add_row(called(row), found, span(pd.Series(row), *BEFORE), "yes" if row["agrees"] else "NO")
    return shown


def carrying_table(rows: pd.DataFrame) -> ConsoleTable:
    """How far findings carry over."""
    right = ("before", "after", "5-95 %")
    title = "How far effects differ between places (tau): scale before; after"
    shown = table("tau of", *right, right=right, whole=("tau of",), title=title)
    for row in rows.to_dict("records"):
        reach = f"{row['low']:.2f} to {row['high']:.2f}"
        shown.add_row(f"{row['reform']}: {row['carry']}", f"{row['scale']:.2f}", f"{row['median']:.2f}", reach)
    return shown


def ranges_table(rows: pd.DataFrame) -> ConsoleTable:
    """How much of the range of what a reform does trials removed."""
    right = ("before", "after", "removed")
    title = "Effect on the mean answer after two years, all treated, in standard deviations; share of the range that trials removed"
    shown = table("reform", *right, right=right, whole=("reform",), title=title)
    for row in rows.to_dict("records"):
        shown.add_row(row["reform"], *(span(pd.Series(row), *names) for names in (BEFORE, AFTER)), f"{100 * row['removed']:.0f} %")
    return shown
