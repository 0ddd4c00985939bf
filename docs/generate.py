"""What mkdocs asks while it builds the site: tables made from the code, so that they cannot grow old.

A page says `<!-- made: parameters -->` where a table belongs; on GitHub, where nothing is made, the text beside it names the
command that prints the same. Pages from outside `docs` (the changelog, how to contribute) are taken as they are.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, get_origin

from mkdocs.structure.files import File
from mkdocs.structure.nav import Link, Navigation

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # the checkout's own code, whatever is installed

import sim  # noqa: E402
from sim.cli.explain import by_table, prior  # noqa: E402
from sim.errors import number  # noqa: E402
from sim.inputs.patterns import patterns  # noqa: E402
from sim.inputs.scenario import load_scenario  # noqa: E402
from sim.web.page import page as city_page  # noqa: E402
from sim.world import anatomy, look, state  # noqa: E402
from sim.world.parameters import CODEBOOK, REFERENCES, Parameter  # noqa: E402

CITY, SHOWN = "assets/city.html", "national-average"
MARKER = re.compile(r"<!-- made: ([a-z-]+) -->")
OUTSIDE = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md"}  # pages of the site that lie beside docs
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
ABOUT = "Confianza entre policía y ciudadanía, simulada; reformas comparadas con la misma suerte"
TITLES = {"Dark": "Oscuro", "Light": "Claro", "Permanent link": "Enlace permanente"}
KINDS = {
    "RowNumber": "row number", "Whole": "whole number", "Quantity": "number", "Small": "number of 32 bits", "Tick": "week", "Code": "code",
    "CellRecords": "eight numbers",
}  # fmt: skip
LAZY = [f"citizens.{name}" for name in (*look.FILLED, *look.DISPOSITIONS)]  # columns that compiled code keeps as records


def rows(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    cells = [[" ".join(cell.split()).replace("|", r"\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in [list(columns), ["---"] * len(columns), *cells])


def span(low: float, high: float) -> str:
    """A range."""
    return f"{number(low)} to {number(high)}"


def cited(keys: Iterable[str]) -> str:
    """Sources, each a link to its entry."""
    return ", ".join(key if key == "assumed" else f"[{key}](sources.md#{key})" for key in keys)


def code(names: Iterable[str]) -> str:
    """Names in the font of code."""
    return ", ".join(f"`{name}`" for name in names)


def parameters() -> str:
    """The codebook, a table for each topic."""
    parts = []
    for topic in sorted({known.topic for known in CODEBOOK.values()}):
        first = (ROOT / "sim" / "world" / "parameters" / f"{topic}.yaml").read_text(encoding="utf-8").split("\n")[0]
        told = [parameter(known) for known in CODEBOOK.values() if known.topic == topic]
        made = rows(("parameter", "value, range, prior, status", "meaning, note, sources"), told)
        parts.append(f"## {topic}\n\n{first.lstrip('# ')}\n\n{made}")
    return "\n\n".join(parts)


def parameter(known: Parameter) -> list[str]:
    """A row of the codebook."""
    facts = [
        f"**{number(known.value)}** {known.unit}",
        span(known.low, known.high),
        "fixed" if known.prior == {"fixed": True} else prior(known.prior),
        f"*{known.status}*",
    ]
    meaning = [known.description, known.note, f"Sources: {cited(known.source)}"]
    return [f'<span id="{known.name}"></span>`{known.name}`', "<br>".join(filter(None, facts)), "<br>".join(filter(None, meaning))]


def statuses() -> str:
    """How many parameters there are of each status."""
    counted = {
        status: sum(known.status == status for known in CODEBOOK.values()) for status in ("measured", "calibrated", "assumed", "contested")
    }
    return f"Of {len(CODEBOOK)} parameters " + ", ".join(f"{many} are {status}" for status, many in counted.items()) + "."


def schedule() -> str:
    """The week in the order of the code."""
    lines = [[str(step.number), step.process, f"`{step.phase}`", step.rows or "-", step.text] for step in anatomy.SCHEDULE]
    return rows(("", "process", "phase", "who acts", "what happens"), lines)


def phases() -> str:
    """What each phase reads, writes, draws and is governed by."""
    parts = []
    for step in anatomy.SCHEDULE[1:]:
        told = {
            "reads": by_table(step.reads), "writes": by_table(step.writes), "draws": ", ".join(sorted(anatomy.uses(step.phase).draws)),
            "parameters": ", ".join(f"[{name}](parameters.md#{name})" for name in step.parameters),
        }  # fmt: skip
        lines = "\n".join(f"- *{what}*: {text}" for what, text in told.items() if text)
        parts.append(f"### {step.phase}\n\n{step.text} Who acts: {step.rows}. Process {step.number}, {step.process}.\n\n{lines}")
    return "\n\n".join(parts)


def meanings() -> dict[str, str]:
    """What each column means, from the table in section 2 of model.md: "`home` cell · `fairness`, `effectiveness`: ..."."""
    text = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    found = {}
    for table, columns in re.findall(r"^\| (\w+) \| (`.*) \|$", text, re.MULTILINE):
        for part in re.split(r" · ", columns):
            for name in re.findall(r"`(\w+)`", part):
                found[f"{table}.{name}"] = re.sub(r"^\s*[:,]?\s*", "", re.sub(r"^(`\w+`(, | and )?)+", "", part)) or name.replace("_", " ")
    return found


def columns() -> dict[str, str]:
    """Every state variable, as "citizens.home", with its kind."""
    found = {}
    for name, table in state.City.__annotations__.items():
        if name in ("citizens", "officers", "squads", "offenders", "cells", "crimes", "encounters"):
            found |= dict.fromkeys(LAZY, KINDS["Quantity"]) | {"citizens.home": KINDS["RowNumber"]} if name == "citizens" else {}
            for column, annotation in table.__annotations__.items():
                if annotation is state.Records:
                    continue  # seen by Python as the columns above
                assert get_origin(annotation) is Annotated, column
                kind = next(kind for kind in KINDS if getattr(state, kind) == annotation)
                found[f"{name}.{column}"] = KINDS[kind]
    return found


def state_variables() -> str:
    """A table for each kind of entity."""
    meant, parts = meanings(), []
    for table in dict.fromkeys(name.partition(".")[0] for name in columns()):
        lines = []
        for name, kind in columns().items():
            if name.startswith(f"{table}."):
                kept = "citizens.trust" if name in LAZY else name
                writers = [step.phase for step in anatomy.SCHEDULE if kept in step.writes]
                readers = [step.phase for step in anatomy.SCHEDULE if kept in step.reads]
                lines.append(
                    [
                        f"`{name.partition('.')[2]}`",
                        kind,
                        meant.get(name, "working column"),
                        ", ".join(writers) or "never in a week",
                        ", ".join(readers) or "-",
                    ]
                )
        parts.append(f"## {table}\n\n{rows(('column', 'kind', 'meaning', 'written by', 'read by'), lines)}")
    return "\n\n".join(parts)


def measures() -> str:
    """Every measure, with the patterns it is judged by."""
    from sim.measures import MEASURES

    lines = []
    for measure in MEASURES.values():
        judged = [f"[{key}](patterns.md#{key.lower()})" for key, pattern in patterns().items() if measure.name in pattern.measures]
        lines.append([f"`{measure.name}`", measure.unit, measure.description, measure.mirrors, ", ".join(judged) or "-"])
    return rows(("measure", "unit", "meaning", "mirrors", "patterns"), lines)


def levers() -> str:
    """The levers of each reform, and the parameters that it reads, with what they rest on."""
    from sim.cli.explain_trials import RULE, rests_on
    from sim.evidence.grades import grade
    from sim.evidence.levers import lever_rows
    from sim.world.reforms import REFORMS

    parts = [RULE]
    for name, kind in REFORMS.items():
        lines = []
        for row in lever_rows(name):
            link = f"[`{row.name}`](parameters.md#{row.name})" if row.name in CODEBOOK else f"`{row.name}`"
            dose = " (dose)" if row.name == f"{name}.{kind.dose}" else ""
            lines.append([link + dose, row.value, row.range, row.unit, rests_on(row), ", ".join(row.trials), row.text, cited(row.sources)])
        made = rows(("lever or parameter", "value", "range", "unit", "rests on", "trials", "meaning", "source"), lines)
        graded = grade(name)
        reasons = "\n".join(f"- {reason}" for reason in graded.reasons)
        about = f"{kind.text} Columns it writes: {code(kind.writes) or 'none, it sets parameters'}."
        parts.append(f"## {name} {graded.symbol}\n\n{about}\n\n{reasons}\n\n{made}")
    return "\n\n".join(parts)


def spanish() -> Any:
    """The words of the tables in Spanish, those of reports."""
    from sim.report.words import Words

    return Words("es")


def parametros() -> str:
    """The codebook in Spanish; notes and sources are in the table in English."""
    words, parts = spanish(), []
    for topic in sorted({known.topic for known in CODEBOOK.values()}):
        told = []
        for known in (known for known in CODEBOOK.values() if known.topic == topic):
            reach = f"{words.number(known.low)} a {words.number(known.high)}"
            value = f"**{words.number(known.value)}** {words.term('parameter_units', known.unit)}"
            facts = f"{value}<br>{reach}<br>*{words['statuses'][known.status]}*"
            link = f"[{known.name}](../reference/parameters.md#{known.name})"
            told.append([f'<span id="{known.name}"></span>{link}', facts, words.term("parameters", known.name)])
        parts.append(f"## {words['live']['topics'][topic]}\n\n{rows(('parámetro', 'valor, intervalo, estado', 'qué es'), told)}")
    return "\n\n".join(parts)


def palancas() -> str:
    """The levers of each reform in Spanish, with what they rest on."""
    from sim.evidence.grades import grade
    from sim.evidence.levers import default, lever_rows
    from sim.world.reforms import REFORMS
    from sim.world.reforms import levers as of

    words, parts = spanish(), []
    usual = {"to be given": "hay que darlo", "null": "vacío"}
    for name, kind in REFORMS.items():
        lines, graded = [], grade(name)
        rest = {row.name: words["grades"].get(row.status, "se decide") for row in lever_rows(name)}
        for lever, told in of(kind).items():
            facts, given = told.metadata, default(told)
            choices = ", ".join(f"`{choice}` ({words.term('choices', choice)})" for choice in facts.get("choices") or ())
            reach = choices or f"{words.number(facts['low'])} a {words.number(facts['high'])}"
            unit = "opción" if choices else words.term("parameter_units", facts["unit"])
            value = usual.get(given) or (f"`{given}`" if choices else words.number(told.default))
            dose = " (dosis)" if lever == kind.dose else ""
            meaning = words.term("lever_texts", f"{name}.{lever}")
            reach += ", o vacío" if facts.get("optional") else ""
            lines.append([f"`{lever}`{dose}", value, reach, unit, rest[f"{name}.{lever}"], meaning])
        made = rows(("palanca", "valor usual", "intervalo", "unidad", "en qué descansa", "qué es"), lines)
        reasons = "\n".join(f"- {words.said(reason).text}" for reason in graded.reasons)
        parts.append(f"## {words.reform(name).capitalize()} (`{name}`) {graded.symbol}\n\n{reasons}\n\n{made}")
    return "\n\n".join(parts)


def patrones() -> str:
    """Every pattern in Spanish, with what its failure would mean."""
    words, lines = spanish(), []
    for key, pattern in patterns().items():
        wanted = "-" if pattern.low is None or pattern.high is None else f"{words.number(pattern.low)} a {words.number(pattern.high)}"
        meant = [words.term("patterns", key), wanted, words.term("parameter_units", pattern.unit), words["roles"][pattern.role]]
        lines.append([f'<span id="{key.lower()}"></span>{key}', *meant, words.term("pattern_means", key)])
    return rows(("clave", "patrón", "esperado", "unidad", "papel", "si fallara"), lines)


def medidas() -> str:
    """Every measure in Spanish."""
    from sim.measures import MEASURES

    words = spanish()
    return rows(
        ("medida", "qué es", "unidad"), [[f"`{each.name}`", words.measure(each.name), words.unit(each.unit)] for each in MEASURES.values()]
    )


def all_patterns() -> str:
    """Every pattern with its range and role."""
    lines = []
    for key, pattern in patterns().items():
        wanted = "-" if pattern.low is None or pattern.high is None else span(pattern.low, pattern.high)
        about = f"{pattern.text}. {pattern.definition}".strip()
        lines.append(
            [
                f'<span id="{key.lower()}"></span>{key}',
                about,
                code(pattern.measures),
                wanted,
                pattern.unit,
                pattern.role,
                cited(pattern.sources),
            ]
        )
    return rows(("id", "pattern", "measures", "range", "unit", "role", "sources"), lines)


def sources() -> str:
    """Every reference with what was read of it and what rests on it."""
    parts = []
    for key, source in REFERENCES.items():
        used = [f"[{name}](parameters.md#{name})" for name, known in CODEBOOK.items() if key in known.source]
        used += [f"[{name}](patterns.md#{name.lower()})" for name, pattern in patterns().items() if key in pattern.sources]
        title = source.title.rstrip(".") + "."
        where = f" [{host(source.url)}]({source.url})" if source.url.startswith("http") else f" {source.url}" if source.url else ""
        record = f" {source.record.rstrip('.')}." if source.record else ""
        facts = [f"{source.author}{f' ({source.year})' if source.year else ''}. {title}{record}{where}"]
        facts += [f"*Read:* {source.read}" if source.read else "", source.note]
        facts.append(f"Used for {', '.join(used)}." if used else "")
        parts.append(f"## {key}\n\n" + "\n\n".join(" ".join(fact.split()) for fact in facts if fact))
    return "\n\n".join(parts)


def host(url: str) -> str:
    """What a link is called: the name of its host."""
    return url.split("/")[2].removeprefix("www.")


def api() -> str:
    """The public names of the package."""
    return "\n\n".join(f"::: {home}.{name}" for name, home in sim._HOMES.items())


def embedded(up: str, language: str, title: str, alone: str) -> str:
    """A city that lives in the page (`confianza view`); `up` leads to the root of the site."""
    place = f"{up}{CITY}#lang={language}"
    return f'<iframe class="city" loading="lazy" title="{title}" src="{place}"></iframe>\n\n<a href="{place}">{alone}</a>'


MADE: dict[str, Callable[[], str]] = {
    "parameters": parameters, "statuses": statuses, "schedule": schedule, "phases": phases, "state": state_variables,
    "measures": measures, "levers": levers, "patterns": all_patterns, "sources": sources, "api": api,
    "city": lambda: embedded("", "en", "A city that lives in this page", "As a page of its own"),
    "ciudad": lambda: embedded("../", "es", "Una ciudad que vive en esta página", "En una página propia"),
    "parametros": parametros, "palancas": palancas, "patrones": patrones, "medidas": medidas,
}  # fmt: skip


def on_files(files: Any, config: Any) -> Any:
    """Take in the pages that lie beside docs, and the city of the first page."""
    for page, source in OUTSIDE.items():
        content = (ROOT / source).read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, page, content=content))
    files.append(File.generated(config, CITY, content=city_page(load_scenario(SHOWN), SHOWN)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put tables where they belong; what lies outside docs is named instead of linked."""
    folder = (ROOT / "docs" / page.file.src_uri).parent if page.file.src_uri not in OUTSIDE else ROOT / "docs"

    def outside(link: re.Match) -> str:
        target = (folder / link[2]).resolve()
        if "://" in link[2] or link[2].startswith("mailto:") or target.is_relative_to(ROOT / "docs"):
            return link[0]
        for name, source in OUTSIDE.items():
            if target == ROOT / source:
                return f"[{link[1]}]({'../' * page.file.src_uri.count('/')}{name}{link[3] or ''})"
        assert target.is_relative_to(ROOT) and target.exists(), f"{page.file.src_uri}: {link[2]} is not there"
        path = f"`{target.relative_to(ROOT).as_posix()}`"
        return path if link[1].strip("`") in (path.strip("`"), target.name) else f"{link[1]} ({path})"

    parts, last = [], 0
    for block in BLOCK.finditer(markdown):  # code is left as it is
        parts += [LINK.sub(outside, markdown[last : block.start()]), block[0]]
        last = block.end()
    text = "".join([*parts, LINK.sub(outside, markdown[last:])])
    return MARKER.sub(lambda marker: MADE[marker[1]](), text)


def is_spanish(page: Any) -> bool:
    """Is it one of the pages in Spanish?"""
    return page.file.src_uri.startswith("es/")


def on_page_context(context: Any, page: Any, config: Any, nav: Any) -> Any:
    """Spanish pages are in Spanish all round: the theme's own words, what search engines show, and a menu of the Spanish pages."""
    config.theme["language"] = "es" if is_spanish(page) else "en"
    if is_spanish(page):
        page.meta["description"] = ABOUT
        own = [found for found in nav.pages if is_spanish(found)]
        context["nav"] = Navigation([*own, Link("Todo lo demás, en inglés", "index.html")], nav.pages)
    return context


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """What the theme does not translate itself; links to the other language say which it is, to whoever has the page read aloud."""
    for english, spanish in TITLES.items() if is_spanish(page) else ():
        output = re.sub(f'(title|aria-label)="{english}"', rf'\1="{spanish}"', output)
    if is_spanish(page):
        return re.sub(r'<a (href="[^"]*">In English</a>)', r'<a lang="en" hreflang="en" \1', output)
    return re.sub(r'<a (href="(?:\.\./)*es/[^"]*")', r'<a lang="es" hreflang="es" \1', output)
