"""One page that says what a study found: self-contained HTML, in English or Spanish, that opens without a network."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.files.writing import check_files, write_file

TEMPLATE = "template.html"
NAME, KIND = "report.html", "report"
LARGEST = 3_000_000  # bytes of a report in which a city lives
NAMES = re.compile(r"(?<=[a-z])([._])(?=[a-z])")  # where a name may be broken


def write_report(folder: str | Path, language: str = "en", out: str | Path | None = None) -> list[Path]:
    """Write the report of a folder of results and give the paths of its files, that in this language first.

    folder    what `confianza run`, `compare`, `decide`, `sensitivity`, `trial` or `validate` wrote
    language  en or es
    out       file to write; by default one file a language in the folder, report.html and report.es.html, which link to each other
    InputError if there are no results, the language is unknown or a file cannot be written.
    """
    from sim.report.words import LANGUAGES, Words

    folder, wanted = Path(folder), Words(language)
    if not folder.is_dir():
        raise no_results(folder)
    names = {each: NAME if each == "en" else NAME.replace(".", f".{each}.") for each in LANGUAGES}
    paths = {language: Path(out)} if out else {each: folder / name for each, name in names.items()}
    for path in paths.values():
        if os.path.isdir(path):
            raise InputError(f"'{path}' is a folder.", "Name a file, as report.html.", file="--out")
        check_files(path.parent, [path.name], KIND)
    for each, path in paths.items():
        links = [(Words(other)["language"], name, other) for other, name in names.items() if other != each]
        write_file(path, render(folder, each, links if len(paths) > 1 else ()), KIND)
    return sorted(paths.values(), key=lambda path: path != paths[wanted.language])


def render(folder: str | Path, language: str = "en", links: Sequence[tuple[str, str, str]] = ()) -> str:
    """The report of a folder of results as one HTML page. Errors as for `write_report`.

    links  to the page in other languages: what each is called, its file, its code
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from sim.artifacts.sources import sources
    from sim.report.assumed import beside
    from sim.report.parts import Cited
    from sim.report.words import Text, Words

    folder, words = Path(folder), Words(language)
    found, made_by = read(folder, words)
    around = beside(folder, found, made_by, words)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["breakable"] = breakable
    environment.tests |= {"cited": lambda cell: isinstance(cell, Cited), "text": lambda cell: isinstance(cell, Text)}
    commands = [*found.commands, reporting_command(words)]
    template, parts = (
        environment.get_template(TEMPLATE),
        {"words": words, "found": found, "commands": commands, "languages": links, **around},
    )
    live = found.live.embedded(words, same=made_by == sources()) if found.live and found.live.possible else ""
    page = template.render(live=bool(live), **parts)
    if live and len(page.encode()) + len(live.encode()) > LARGEST:
        page = template.render(live=False, **parts)
    page = page.replace("\x85", "\n")  # the end of a line that HTML does not have
    page = page.replace(" %", "\u00a0%")  # a number and its percent sign stay on one line
    return page.replace("<!-- live -->", live)  # nobody's text can hold that, for it is escaped


def breakable(text: str) -> Any:
    """A text as HTML in which names such as trust.contact_gain may be broken after a dot or an underscore."""
    from markupsafe import Markup, escape

    return Markup(NAMES.sub(r"\1<wbr>", str(escape(text))))


def reporting_command(words: Any) -> str:
    """The command that makes this page from results made again."""
    return f"confianza report {words['page']['again']}" + ("" if words.language == "en" else f" --lang {words.language}")


def read(folder: Path, words: Any) -> tuple[Any, str]:
    """What the results in a folder say, and the fingerprint of the sources that made them. InputError if there are none."""
    from sim.artifacts.results import DATASET, Results
    from sim.report import comparisons, decisions, evidences, runs, sensitivities, trials, validations
    from sim.studies.answers.comparison import DATASET as COMPARED
    from sim.studies.answers.comparison import Comparison
    from sim.studies.answers.decision import FILE as DECIDED
    from sim.studies.answers.decision import FOLDER as DECISION
    from sim.studies.answers.decision import Decision
    from sim.studies.answers.findings import FILE, FOLDER, Analysis
    from sim.trials.result import DATASET as TRIED
    from sim.trials.result import TrialResult
    from sim.validation.record import load

    if decided := next((place for place in (folder, folder / DECISION) if (place / DECIDED).exists()), None):
        store = folder.parent if decided == folder else folder
        decision = Decision.load(decided)
        return decisions.findings(decision, store, words), str(decision.facts["source_fingerprint"])
    analyzed = next((place for place in (folder, folder / FOLDER) if (place / FILE).exists()), None)
    if analyzed:
        analysis = Analysis.load(analyzed)
        return sensitivities.findings(analysis, words), str(analysis.facts["source_fingerprint"])
    if (folder / COMPARED).exists():
        comparison = Comparison.load(folder)
        return comparisons.findings(comparison, words), str(comparison.dataset.attrs["source_fingerprint"])
    if (folder / TRIED).exists():
        result = TrialResult.load(folder)
        return trials.findings(result, words), str(result.dataset.attrs["source_fingerprint"])
    if not (folder / DATASET).exists():
        if (folder / evidences.FOUND).exists():
            made = evidences.loaded(folder)
            return evidences.findings(made, words), str(made.posterior.facts.get("source_fingerprint", ""))
        if checked := load(folder):
            return validations.findings(checked, words), checked.source_fingerprint
        raise no_results(folder)
    results = Results.load(folder)
    return runs.findings(results, words), str(results.dataset.attrs["source_fingerprint"])


def no_results(folder: Path) -> InputError:
    """The error for what is no folder of results."""
    remedy = "Give a folder that confianza run, compare, decide, sensitivity, trial, evidence or validate wrote."
    return InputError(f"there are no results in '{folder}'.", remedy)
