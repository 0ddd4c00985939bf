"""The heart of a page about trials run again, as `confianza evidence` left them: what they found and what the model makes of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.artifacts.posterior import load_posterior
from sim.errors import InputError
from sim.evidence.tables import TABLES, EvidenceTables
from sim.inputs.scenario import load_scenario
from sim.report.assumed import dated_table
from sim.report.card import AnswerCard, CardLine, graded
from sim.report.parts import PageContent, PageTable, Picture, Section, embedded
from sim.report.words import Text, Words

FOUND = f"{TABLES[0]}.csv"


def loaded(folder: Path) -> EvidenceTables:
    """What `confianza evidence` wrote. InputError if a file is missing or cannot be read."""
    posteriors = [path for path in folder.glob("*.csv") if path.with_suffix(".yaml").exists()]
    try:
        tables = {name: pd.read_csv(folder / f"{name}.csv") for name in TABLES}
        return EvidenceTables(**tables, posterior=load_posterior(posteriors[0]), q2={})
    except (OSError, ValueError, IndexError, TypeError):
        raise InputError(f"'{folder}' holds no trials that can be read.", "Make them again: confianza evidence SCENARIO") from None


def findings(made: EvidenceTables, words: Words) -> PageContent:
    """Everything that trials say."""
    said, facts = words["evidence"], made.posterior.facts
    scenario = load_scenario(str(facts.get("scenario", made.posterior.name)))
    lines = [line(row, words) for row in made.ranges.to_dict("records")]
    named = "; ".join(f"{each.name} ({each.cells[-1]})" for each in lines)
    studies = words.say("evidence.studies", many=words.number(made.findings.study.nunique()))
    about = words.say("card.about", scenario=words.written(scenario.name).text, duration=words.duration(104), cities=studies)
    heads = [words["card"]["reform"], *(said[key] for key in ("before", "after", "removed"))]
    versions = ", ".join(f"{name} {version}" for name, version in facts.get("versions", {}).items())
    return PageContent(
        title=said["title"],
        question=Text(said["question"], words.language),
        card=AnswerCard(about, words.say("evidence.finding", parts=named), heads, lines, notes=[said["unit"]]),
        caution=said["caution"],
        sections=sections(made, words),
        facts=[(words["facts"]["scenario"], scenario.name), (words["facts"]["versions"], versions)],
        commands=(f"confianza evidence {made.posterior.name} --out {words['page']['again']}",),
        scenario=scenario.as_data(),
        dated=dated_table(scenario.as_data(), words),
    )


def span(row: Mapping[Any, Any], names: tuple[str, str, str], words: Words) -> str:
    """A middle with its range: "+0.20 (+0.05 to +0.40)"; "-" if there is none."""
    low, middle, high = (words.number(float(row.get(name, np.nan)), 2, sign=True) for name in names)
    return middle if low == "-" else f"{middle} ({words.say('answer.numbers', low=low, high=high)})"


def line(row: Mapping[Any, Any], words: Words) -> CardLine:
    """A reform: its effect before and after trials were read, and the share of that range that they removed."""
    ends = span(row, ("low_before", "median_before", "high_before"), words), span(row, ("low", "median", "high"), words)
    removed = words.say("answer.percent", share=words.number(100 * max(row["removed"], 0.0), 0))
    return CardLine(words.reform(str(row["reform"])), "", [*ends, removed], grade=graded([{str(row["reform"]): {}}]))


def sections(made: EvidenceTables, words: Words) -> list[Section]:
    """What stands below the card: trials that are fitted, with their figure, and those that are compared."""
    from sim.figures.evidence import forest  # here, because matplotlib takes long to import

    said = words["evidence"]
    picture = Picture(
        said["forest"]["title"], said["forest"]["caption"], said["forest"]["alt"], embedded(forest(made, words.figure("plots_evidence")))
    )
    fitted = made.findings[made.findings.use != "check"].to_dict("records")
    rows = [
        [
            f"{row['trial']} {row['row']}", words.reform(str(row["reform"])), f"{row['outcome']}, {row['unit']}",
            f"{words.number(row['found'], 2, sign=True)} ± {words.number(row['error'], 2)}",
            span(row, ("low", "median", "high"), words), span(row, ("predicted_low", "predicted", "predicted_high"), words),
        ]
        for row in fitted
    ]  # fmt: skip
    columns = [said[key] for key in ("trial", "reform", "outcome", "found", "after", "without")]
    checked = made.findings[made.findings.use == "check"].to_dict("records")
    compared = [
        [
            f"{row['trial']} {row['row']}", words.reform(str(row["reform"])), f"{row['outcome']}, {row['unit']}",
            row["sign"] if isinstance(row["sign"], str) else words.number(row["found"], 2, sign=True),
            span(row, ("low_before", "median_before", "high_before"), words), said["yes_agrees" if row["agrees"] else "no_agrees"],
        ]
        for row in checked
    ]  # fmt: skip
    agreeing = {"agree": words.number(sum(bool(row["agrees"]) for row in checked)), "of": words.number(len(checked))}
    heads = [said[key] for key in ("trial", "reform", "outcome", "found", "before", "agrees")]
    return [
        Section(said["fitted"], pictures=[picture], tables=[PageTable(said["fitted_text"], columns, rows)]),
        Section(said["compared"], words.say("evidence.agreeing", **agreeing), tables=[PageTable(said["compared_text"], heads, compared)]),
    ]
