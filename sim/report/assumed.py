"""What a report says beside the findings: what was assumed, which patterns hold, the sources, and how to make it again."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sim import __version__
from sim.parameters import CODEBOOK, REFERENCES, Parameter
from sim.patterns import patterns
from sim.report.parts import Cell, Cited, Table
from sim.report.words import Text, Words, decimals
from sim.scenario import CitySize
from sim.validation.record import Validation, load

COSTS = "cost"  # the topic of the codebook that holds unit costs


def headers(words: Words, *names: str) -> list[str]:
    """Names of columns."""
    return [words["columns"][name] for name in names]


def meaning(parameter: Parameter, words: Words) -> Text:
    """What a parameter means, without what its description says beyond."""
    return words.translate("parameters", parameter.name, parameter.description.partition(". ")[0].rstrip("."))


def unit(text: str, words: Words) -> str:
    """The unit of a parameter or a pattern in words."""
    return words.translate("units", text, text).text


def bounds(low: float, high: float, words: Words) -> str:
    """A range: "0 to 1"."""
    return words.say("answer.numbers", low=words.number(low), high=words.number(high))


def changed_table(scenario: Mapping[str, Any], words: Words) -> Table | None:
    """Parameters and sizes of the city for which the scenario has values of its own, with source and status."""
    sources = scenario.get("sources", {})
    rows: list[list[Cell]] = city_rows(scenario, words)
    for name, value in scenario.get("parameters", {}).items():
        known = CODEBOOK.get(name)
        if known is None or known.value == value:
            continue
        keys = as_keys(sources.get(name, known.source))
        status = words["statuses"]["assumed" if keys == ("assumed",) else "scenario" if name in sources else known.status]
        values = (words.number(value), words.number(known.value))
        rows.append([name, meaning(known, words), *values, unit(known.unit, words), Cited(keys), status])
    columns = headers(words, "parameter", "meaning", "value", "codebook", "unit", "source", "status")
    return Table(words["tables"]["changed"], columns, rows, frozenset((2, 3))) if rows else None


def city_rows(scenario: Mapping[str, Any], words: Words) -> list[list[Cell]]:
    """Rows of the table for sizes of the city that are not the usual ones."""
    rows: list[list[Cell]] = []
    for key, field in CitySize.model_fields.items():
        value, name = scenario["city"].get(key), f"city.{key}"
        if value is None or value == field.default:
            continue
        keys = as_keys(scenario.get("sources", {}).get(name, "assumed"))
        status = words["statuses"]["assumed" if keys == ("assumed",) else "scenario"]
        usual = "-" if field.default is None else words.number(field.default)
        text = words.translate("parameters", name, field.description or "")
        rows.append([name, text, words.number(value), usual, "-", Cited(keys), status])
    return rows


def as_keys(keys: str | Iterable[str]) -> tuple[str, ...]:
    """One source or several as a tuple."""
    return (keys,) if isinstance(keys, str) else tuple(keys)


def contested_table(scenario: Mapping[str, Any], words: Words) -> Table:
    """Every contested parameter with the value in force at the start."""
    own = scenario.get("parameters", {})
    rows: list[list[Cell]] = []
    for name, known in CODEBOOK.items():
        if known.status == "contested":
            value, possible = words.number(own.get(name, known.value)), bounds(known.low, known.high, words)
            rows.append([name, meaning(known, words), value, possible, unit(known.unit, words), Cited(known.source)])
    return Table(
        words["tables"]["contested"], headers(words, "parameter", "meaning", "value", "range", "unit", "source"), rows, frozenset((2, 3))
    )


def cost_table(scenario: Mapping[str, Any], words: Words) -> Table | None:
    """Unit costs in force; None if the codebook has none."""
    own = scenario.get("parameters", {})
    rows: list[list[Cell]] = []
    for name, known in CODEBOOK.items():
        if known.topic == COSTS:
            value, status = words.number(own.get(name, known.value)), words["statuses"][known.status]
            rows.append([name, meaning(known, words), value, unit(known.unit, words), Cited(known.source), status])
    columns = headers(words, "parameter", "meaning", "value", "unit", "source", "status")
    return Table(words["tables"]["costs"], columns, rows, frozenset((2,))) if rows else None


def dated_table(scenario: Mapping[str, Any], words: Words) -> Table | None:
    """Dated changes and reforms of the scenario, by week; None if there are none."""
    dated = [(change["week"], settings(change["set"], words)) for change in scenario.get("changes", ())]
    dated += [(levers.get("start", 0), reform_text(name, levers, words)) for name, levers in reforms(scenario.get("interventions", ()))]
    rows = [[words.number(week), what] for week, what in sorted(dated)]
    return Table(words["tables"]["dated"], headers(words, "week", "what"), rows) if rows else None


def arms_table(arms: Mapping[str, Any], names: Mapping[str, str], words: Words) -> Table:
    """The reforms of every arm of a study, by week."""
    rows = []
    for arm, listed in arms.items():
        for name, levers in sorted(reforms(listed), key=lambda reform: reform[1].get("start", 0)):
            rows.append([names[arm], words.number(levers.get("start", 0)), reform_text(name, levers, words)])
    return Table(words["tables"]["arms"], headers(words, "arm", "week", "what"), rows)


def settings(values: Mapping[str, float], words: Words) -> str:
    """Parameters with new values."""
    return "; ".join(words.say("reforms.set", name=name, value=words.number(value)) for name, value in values.items())


def reforms(listed: Iterable[Mapping[str, Mapping[str, Any]]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and levers of each reform of a list as YAML has it."""
    for item in listed:
        yield from item.items()


def reform_text(name: str, levers: Mapping[str, Any], words: Words) -> str:
    """A reform with its levers."""
    shown = []
    for lever, value in levers.items():
        if value is not None:
            amount = words["choices"].get(value, value) if isinstance(value, str) else words.number(value)
            shown.append(words.say("reforms.set", name=words["levers"].get(lever, lever), value=amount))
    return words.say("reforms.starts", reform=words.reform(name), levers=", ".join(shown)) if shown else words.reform(name)


def checks(folder: Path, words: Words, made_by: str) -> dict[str, Any]:
    """The pattern checks: sentences, and a table if they lie in the folder. `made_by`: fingerprint of the results' sources."""
    found = load(folder)
    if found is None:
        return {"sentences": [words["page"]["checks_missing"]], "failed": [], "table": None}
    judged = [finding for finding in found.findings if finding.passed is not None]
    of = {finding.pattern.id for finding in judged}
    failed = sorted({finding.pattern.id for finding in judged if not finding.passed})
    key = "page.checks_of_posterior" if found.posterior else "page.checks_of"
    sentences = [
        words.say(key, name=words.written(found.scenario).text, replicates=words.number(found.draws), posterior=found.posterior),
        words.say("page.checks_sum", passed=len(of) - len(failed), judged=len(of)),
        words.say("page.checks_missed", ids=", ".join(failed)) if failed else words["page"]["checks_all"],
    ]
    if found.source_fingerprint != made_by:
        sentences.append(words.say("page.checks_other", fingerprint=found.source_fingerprint))
    meanings = [(key, words.translate("pattern_means", key, patterns()[key].means)) for key in failed]
    return {"sentences": sentences, "failed": meanings, "table": checks_table(found, words)}


def checks_table(found: Validation, words: Words) -> Table:
    """A pattern a row, failures first, with what was found, what is wanted and the verdict."""
    made = []
    for finding in sorted(found.findings, key=lambda finding: finding.passed is not False):
        pattern = finding.pattern
        text = words.translate("patterns", pattern.id, pattern.text)
        if (finding.measure,) != pattern.measures:
            text = Text(f"{text.text} ({words.measure(finding.measure)})", text.lang)
        ends = (pattern.low, pattern.high) if finding.measure in pattern.measures else (None, None)
        wanted = bounds(ends[0], ends[1], words) if ends[0] is not None and ends[1] is not None else "-"
        verdict = words["verdicts"][{True: "passes", False: "fails", None: "shown"}[finding.passed]]
        places = decimals(finding.value, float("nan"))
        shown = [words.number(value, places) for value in (finding.value, finding.low, finding.high)]
        spread = words.say("answer.numbers", low=shown[1], high=shown[2]) if finding.low == finding.low else "-"
        inside = "-" if finding.inside is None else words.say("answer.percent", share=words.number(100 * finding.inside, 0))
        cells = [pattern.id, text, words["roles"][pattern.role], shown[0], spread, inside, wanted, unit(pattern.unit, words), verdict]
        made.append([*cells, Cited(pattern.sources)])
    columns = headers(words, "id", "pattern", "role", "found", "spread", "inside", "wanted", "unit", "verdict", "source")
    caption = words["tables"]["checks_posterior" if found.posterior else "checks"]
    return Table(caption, columns, made, frozenset((3, 4, 5, 6)))


def cited(tables: Iterable[Table | None]) -> list[tuple[str, Any]]:
    """The sources that tables cite, by key."""
    keys = {key for table in tables if table for row in table.rows for cell in row if isinstance(cell, Cited) for key in cell.keys}
    return [(key, REFERENCES[key]) for key in sorted(keys & REFERENCES.keys())]


def beside(folder: Path, scenario: Mapping[str, Any], made_by: str, words: Words) -> dict[str, Any]:
    """Everything that the page says beside the findings, by the names that the template uses."""
    checked = checks(folder, words, made_by)
    tables = {
        "changed": changed_table(scenario, words),
        "contested": contested_table(scenario, words),
        "costs": cost_table(scenario, words),
    }
    assumptions = [words.written(text) for text in scenario.get("assumptions", ())]
    sources = cited([*tables.values(), checked["table"]])
    return {**tables, "assumptions": assumptions, "checks": checked, "sources": sources, "version": __version__}
