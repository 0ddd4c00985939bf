"""What a report says beside the findings: what was assumed, which patterns hold, the sources, and how to make it again."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from sim.evidence.grades import SYMBOLS
from sim.inputs import origins
from sim.inputs.patterns import PatternCheck, patterns
from sim.inputs.places import KINDS, said
from sim.inputs.scenario import CitySize
from sim.report.card import INHABITANTS, PLACES, money
from sim.report.grounds import behind, grounds
from sim.report.parts import Cell, Cited, PageContent, PageTable
from sim.report.words import Text, Words, decimals
from sim.validation.record import Validation, load
from sim.version import __version__
from sim.world.parameters import CODEBOOK, REFERENCES, Parameter, Reference

UNSOURCED = "unsourced"  # in place of a source, where none is given
NAMED = 3  # patterns that the card names
COSTS = "cost"  # the topic of the codebook that holds unit costs
Names = Collection[str]  # of parameters and levers that differ between the runs of a study


def headers(words: Words, *names: str) -> list[str]:
    """Names of columns."""
    return [words["columns"][name] for name in names]


def meaning(parameter: Parameter, words: Words) -> Text:
    """What a parameter means, without what its description says beyond."""
    return words.translate("parameters", parameter.name, parameter.description.partition(". ")[0].rstrip("."))


def unit(text: str, words: Words) -> str:
    """The unit of a parameter or a pattern in words."""
    return words.translate("parameter_units", text, text).text


def bounds(low: float, high: float, words: Words) -> str:
    """A range: "0 to 1"."""
    return words.say("answer.numbers", low=words.number(low), high=words.number(high))


def started(name: str, value: float | str, words: Words, varying: Names) -> str:
    """A value of the scenario; with a mark if the runs of the study had others."""
    shown = value if isinstance(value, str) else words.number(value)
    return words.say("page.varies", value=shown) if name in varying else shown


def changed_table(scenario: Mapping[str, Any], words: Words, varying: Names = ()) -> PageTable | None:
    """Parameters and sizes of the city for which the scenario has values of its own, with source and status."""
    rows: list[list[Cell]] = city_rows(scenario, words)
    for name, value in scenario.get("parameters", {}).items():
        known = CODEBOOK.get(name)
        if known is None or known.value == value:
            continue
        source, status = origin(scenario, name, words)
        values = (started(name, value, words, varying), words.number(known.value))
        rows.append([name, meaning(known, words), *values, unit(known.unit, words), source, status])
    columns = headers(words, "parameter", "meaning", "value", "codebook", "unit", "source", "status")
    return PageTable(words["tables"]["changed"], columns, rows, frozenset((2, 3))) if rows else None


def city_rows(scenario: Mapping[str, Any], words: Words) -> list[list[Cell]]:
    """Rows of the table for sizes of the city that are not the usual ones, and for what is stated of its places."""
    rows: list[list[Cell]] = []
    for key, field in CitySize.model_fields.items():
        value, name = scenario["city"].get(key), f"city.{key}"
        if value is None or value == field.default:
            continue
        usual = "-" if field.default is None else words.number(field.default)
        text = words.translate("parameters", name, field.description or "")
        rows.append([name, text, words.number(value), usual, "-", *origin(scenario, name, words)])
    for name in said(scenario):
        text = words.translate("parameters", name, KINDS[name.partition(".")[2]][1])
        rows.append([name, text, words["page"]["by_place"], "-", "-", *origin(scenario, name, words)])
    return rows


def origin(scenario: Mapping[str, Any], name: str, words: Words) -> tuple[Cited, str]:
    """Where a value of the scenario comes from, and its status."""
    keys = origins.keys_of(scenario, name)
    own = origins.value_of(scenario, name) != origins.usual(name) or name in scenario.get("sources", {})
    status = keys[0] if len(keys) == 1 and keys[0] in origins.WORDS else "scenario" if own else CODEBOOK[name].status
    return Cited(keys or (UNSOURCED,)), words["statuses"][status]


def contested_table(scenario: Mapping[str, Any], words: Words, varying: Names = ()) -> PageTable:
    """Every contested parameter with the scenario's value."""
    own = scenario.get("parameters", {})
    rows: list[list[Cell]] = []
    for name, known in CODEBOOK.items():
        if known.status == "contested":
            value, possible = started(name, own.get(name, known.value), words, varying), bounds(known.low, known.high, words)
            rows.append([name, meaning(known, words), value, possible, unit(known.unit, words), origin(scenario, name, words)[0]])
    return PageTable(
        words["tables"]["contested"], headers(words, "parameter", "meaning", "value", "range", "unit", "source"), rows, frozenset((2, 3))
    )


def cost_table(scenario: Mapping[str, Any], words: Words, varying: Names = ()) -> PageTable | None:
    """Unit costs of the scenario; None if the codebook has none."""
    own = scenario.get("parameters", {})
    rows: list[list[Cell]] = []
    for name, known in CODEBOOK.items():
        if known.topic == COSTS:
            value = started(name, own.get(name, known.value), words, varying)
            rows.append([name, meaning(known, words), value, unit(known.unit, words), *origin(scenario, name, words)])
    columns = headers(words, "parameter", "meaning", "value", "unit", "source", "status")
    return PageTable(words["tables"]["costs"], columns, rows, frozenset((2,))) if rows else None


def dated_table(scenario: Mapping[str, Any], words: Words) -> PageTable | None:
    """Dated changes and reforms of the scenario, by week, with their sources; None if there are none."""
    sources = scenario.get("sources", {})
    dated: list[tuple[int, str, Cell]] = []
    for change in scenario.get("changes", ()):
        for name, value in change["set"].items():
            keys = origins.as_keys(change.get("sources", {}).get(name, (UNSOURCED,)))
            dated.append((change["week"], settings({name: value}, words), Cited(keys)))
    for reform, levers in reforms(scenario.get("interventions", ())):
        keys = tuple(dict.fromkeys(key for lever in levers for key in origins.as_keys(sources.get(f"{reform}.{lever}", ()))))
        dated.append((levers.get("start", 0), reform_text(reform, levers, words), Cited(keys) if keys else "-"))
    rows = [[words.number(week), what, source] for week, what, source in sorted(dated, key=lambda row: row[:2])]
    return PageTable(words["tables"]["dated"], headers(words, "week", "what", "source"), rows) if rows else None


def study_table(study: Mapping[str, Any], words: Words) -> PageTable | None:
    """The sources that a study gives for its levers and for what varies; None if it gives none."""
    rows: list[list[Cell]] = []
    for name, keys in study.get("sources", {}).items():
        known = CODEBOOK.get(name)
        text: Cell = meaning(known, words) if known else words.named(*name.split(".", 1))
        rows.append([name, text, Cited(origins.as_keys(keys))])
    return PageTable(words["tables"]["study_sources"], headers(words, "parameter", "meaning", "source"), rows) if rows else None


def arms_table(arms: Mapping[str, Any], names: Mapping[str, str], words: Words, varying: Names = ()) -> PageTable:
    """The reforms of every arm of a study, by week."""
    rows = []
    for arm, listed in arms.items():
        for name, levers in sorted(reforms(listed), key=lambda reform: reform[1].get("start", 0)):
            rows.append([names[arm], words.number(levers.get("start", 0)), reform_text(name, levers, words, varying)])
    return PageTable(words["tables"]["arms"], headers(words, "arm", "week", "what"), rows)


def settings(values: Mapping[str, float], words: Words) -> str:
    """Parameters with new values."""
    return "; ".join(words.say("reforms.set", name=name, value=words.number(value)) for name, value in values.items())


def reforms(listed: Iterable[Mapping[str, Mapping[str, Any]]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and levers of each reform of a list as YAML has it."""
    for item in listed:
        yield from item.items()


def reform_text(name: str, levers: Mapping[str, Any], words: Words, varying: Names = ()) -> str:
    """A reform with its levers."""
    shown = []
    for lever, value in levers.items():
        if value is not None:
            amount = words["choices"].get(value, value) if isinstance(value, str) else words.number(value)
            amount = started(f"{name}.{lever}", amount, words, varying)
            shown.append(words.say("reforms.set", name=words.named(name, lever), value=amount))
    return words.say("reforms.starts", reform=words.reform(name), levers=", ".join(shown)) if shown else words.reform(name)


def checks(folder: Path, words: Words, made_by: str, of_scenario: str) -> dict[str, Any]:
    """The pattern checks: a sentence for the card, more of them, and a table if they lie in the folder.

    made_by  fingerprint of the results' sources;  of_scenario: name of their scenario
    """
    found = load(folder)
    if found is None:
        return {"short": words["page"]["checks_none"], "sentences": [words["page"]["checks_missing"]], "failed": [], "table": None}
    judged = [finding for finding in found.findings if finding.passed is not None]
    of = {finding.pattern.id for finding in judged}
    failed = sorted({finding.pattern.id for finding in judged if not finding.passed})
    key = "page.checks_of_posterior" if found.posterior else "page.checks_of"
    sentences = [
        words.say(key, name=words.written(found.scenario).text, replicates=words.number(found.draws), posterior=found.posterior),
        words.say("page.checks_sum", passed=len(of) - len(failed), judged=len(of)),
        words.say("page.checks_missed", many=words.number(len(failed))) if failed else words["page"]["checks_all"],
    ]
    elsewhere = [] if found.scenario == of_scenario else [words.say("page.checks_elsewhere", name=words.written(found.scenario).text)]
    sentences += elsewhere
    if found.source_fingerprint != made_by:
        sentences.append(words.say("page.checks_other", fingerprint=found.source_fingerprint))
    missed = [(key, [finding for finding in judged if finding.pattern.id == key and not finding.passed]) for key in failed]
    meanings = [(miss(own, words), words.translate("pattern_means", key, patterns()[key].means)) for key, own in missed]
    named = "; ".join(words.translate("patterns", key, patterns()[key].text).text for key in failed[:NAMED])
    about = {"missed": words.number(len(failed)), "judged": words.number(len(of)), "names": named}
    short = " ".join([words.say("page.checks_short", **about) if failed else words["page"]["checks_all"], *elsewhere])
    return {"short": short, "sentences": sentences, "failed": meanings, "table": checks_table(found, words)}


def miss(missed: Sequence[PatternCheck], words: Words) -> Text:
    """A pattern that fails: its name, what was found by each of its measures that fail, what was wanted, and which way it is missed."""
    pattern, parts = missed[0].pattern, []
    text = words.translate("patterns", pattern.id, pattern.text)
    for finding in missed:
        low, high = (end if end is not None else float("nan") for end in (pattern.low, pattern.high))
        way = words["verdicts"]["too_low" if finding.value < low else "too_high" if finding.value > high else "fails"]
        measured = words.measure(finding.measure) if len(pattern.measures) > 1 else ""
        value = words.number(finding.value, decimals(finding.value, float("nan")))
        part = words.say("page.miss", found=value, wanted=bounds(low, high, words), way=way)
        parts.append(f"{measured}: {part}" if measured else part)
    return Text(words.say("page.missed", id=pattern.id, pattern=text.text, parts="; ".join(parts)), text.lang)


def checks_table(found: Validation, words: Words) -> PageTable:
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
        spread = words.say("answer.numbers", low=shown[1], high=shown[2]) if finding.low == finding.low and finding.ranged else "-"
        share = words.say("answer.percent", share=words.number(100 * (finding.inside or 0.0), 0))
        few = words.say("answer.count", count=words.number(finding.hits), of=words.number(finding.replicates))
        inside = "-" if finding.inside is None else share if finding.ranged else few
        cells = [pattern.id, text, words["roles"][pattern.role], shown[0], spread, inside, wanted, unit(pattern.unit, words), verdict]
        made.append([*cells, Cited(pattern.sources)])
    columns = headers(words, "id", "pattern", "role", "found", "spread", "inside", "wanted", "unit", "verdict", "source")
    caption = words["tables"]["checks_posterior" if found.posterior else "checks"]
    return PageTable(caption, columns, made, frozenset((3, 4, 5, 6)))


def cited(tables: Iterable[PageTable | None], known: Mapping[str, Reference] = REFERENCES) -> list[tuple[str, Reference]]:
    """The sources that tables cite, by key."""
    keys = {key for table in tables if table for row in table.rows for cell in row if isinstance(cell, Cited) for key in cell.keys}
    return [(key, known[key]) for key in sorted(keys & known.keys())]


def flagged(scenario: Mapping[str, Any], words: Words) -> str:
    """Which values have no source, in a sentence; empty if all have one."""
    said = [words.say("page.in_week", name=name, week=week) if week is not None else name for name, week in origins.missing(scenario)]
    return words.say("page.unsourced", names=", ".join(said)) if said else ""


def beside(folder: Path, found: PageContent, made_by: str, words: Words) -> dict[str, Any]:
    """Everything that the page says beside the findings, by the names that the template uses."""
    scenario = found.scenario
    checked = checks(folder, words, made_by, scenario["name"])
    tables = {
        "changed": changed_table(scenario, words, found.varying),
        "contested": contested_table(scenario, words, found.varying),
        "costs": cost_table(scenario, words, found.varying),
        "study": study_table(found.study, words),
    }
    marks = [words.say("page.outdated", names=", ".join(names)) if names else "" for _, names in origins.marked(scenario)]
    texts = [words.written(text) for text in scenario.get("assumptions", ())]
    known = {**origins.references(found.study), **origins.references(scenario)}
    grounded = grounds(found.card.lines, words)
    listed = cited([*tables.values(), found.dated, checked["table"], *(ground.table for ground in grounded)], known)
    sources = [(key, source, words.credited(source.author) if key in REFERENCES else source.author) for key, source in listed]
    largest = max((abs(each) for line in found.card.lines for each in line.pesos if isfinite(each)), default=0.0)
    lines, cautions = found.card.lines, [words.given(each) for each in found.study.get("cautions", ())]
    return {
        **tables, "assumptions": texts, "marks": marks, "unsourced": flagged(scenario, words), "checks": checked, "cautions": cautions,
        "sources": sources, "shipped": REFERENCES, "version": __version__, "inhabitants": PLACES.get(scenario["name"], INHABITANTS),
        "money": money, "largest": largest, "grounds": grounded, "behind": behind, "symbols": SYMBOLS,
        "priced": any(line.pesos for line in lines), "graded": any(line.grade for line in lines),
    }  # fmt: skip
