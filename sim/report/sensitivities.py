"""The heart of a report about a sensitivity analysis, as `confianza sensitivity` left it: which factors matter for what."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np

from sim.measures import MEASURES
from sim.report.assumed import meaning as parameter_meaning
from sim.report.card import AnswerCard, CardLine
from sim.report.parts import Cell, PageContent, PageTable, Picture, Section, embedded
from sim.report.studied import factor, inside, made, of_study
from sim.report.studied import meaning as factor_meaning
from sim.report.words import Text, Words, decimals, scale
from sim.studies.answers.findings import Analysis, Finding
from sim.world.parameters import CODEBOOK

NAMED, LISTED = 3, 10  # factors in the answer and in a table
MAIN = ("tornado", "morris", "bars")  # the figure that an output gets: the first of these that can be drawn
SHARES = ("emulator", "sobol", "efast")  # methods whose indices are shares of the differences
INDICES = {"morris": ("mu_star", "sigma"), "delta": ("delta",), "pawn": ("median",), "oat": ("swing",)}


def findings(analysis: Analysis, words: Words) -> PageContent:
    """Everything that an analysis says."""
    study = analysis.study
    names = {arm: words.reform(arm) for arm in (study.vs, *study.arms)}
    spoken = [finding for finding in analysis.findings if finding.spoke]
    return PageContent(
        **of_study(study, names, "sensitivity", words),
        card=answer_card(analysis, names, words),
        sections=[
            Section(
                words["sensitivity"]["effects_heading"],
                paragraphs=[answer(finding, names, words) for finding in analysis.findings],
                pictures=pictures(analysis, spoken, names, words),
                more=[factors_table(analysis, finding, names, words) for finding in spoken],
            ),
            Section(words["sensitivity"]["details_heading"], tables=[outputs_table(analysis, names, words)]),
            notes(analysis, names, words),
        ],
        facts=facts(analysis, words),
    )


def answer_card(analysis: Analysis, names: Mapping[str, str], words: Words) -> AnswerCard:
    """The first screen: for each output how far it differs and which factors it hangs on most."""
    label, base, lines = words["sensitivity"], analysis.study.base, []
    for finding in analysis.findings:
        found, factor = finding.sensitivity, scale(finding.output.unit)
        mean, sd = factor * found.mean, factor * found.sd
        strongest = (
            ", ".join(finding.ranked().head(NAMED).factor) if finding.spoke else label["same_short" if finding.same else "refused_short"]
        )
        level = f"{words.number(mean, decimals(mean, sd), sign=not finding.output.level)} ± {words.number(sd, decimals(mean, sd))}"
        lines.append(CardLine(called(finding, names, words), "", [f"{level} {unit_of(finding, words)}", strongest]))
    points = words.say("card.points", many=words.number(analysis.findings[0].sensitivity.points))
    ranked = [finding.ranked().factor.iloc[0] for finding in analysis.findings if finding.spoke]
    most = "; ".join(factor_named(name, words) for name in dict.fromkeys(ranked)) or words["decision"]["nothing"]
    about = words.say("card.about", scenario=words.written(base.name).text, duration=words.duration(base.weeks), cities=points)
    return AnswerCard(about, words.say("card.hangs", factors=most), [label["output"], label["middle_sd"], label["strongest"]], lines)


def called(finding: Finding, names: Mapping[str, str], words: Words) -> str:
    """An output in words: "effect of the purge on mean trust, after 4 years"."""
    output = finding.output
    key = "sensitivity.level" if output.level else "sensitivity.effect"
    return words.say(key, arm=names[output.arm], measure=words.measure(output.measure), duration=words.duration(output.week))


def answer(finding: Finding, names: Mapping[str, str], words: Words) -> str:
    """What an output depends on, in a sentence."""
    found, output = finding.sensitivity, called(finding, names, words)
    factor = scale(finding.output.unit)
    mean, sd = factor * found.mean, factor * found.sd
    places = decimals(mean, sd)
    said = {"output": output, "mean": words.number(mean, places, sign=not finding.output.level), "sd": words.number(sd, places)}
    said["unit"] = unit_of(finding, words)
    if not finding.spoke:
        return words.say("sensitivity.same" if finding.same else "sensitivity.refused", **said)
    strongest = finding.ranked().head(NAMED)
    if found.method in SHARES:
        parts = [
            f"{factor_named(row['factor'], words)} {with_interval(row, 'total', words, percent=True, places=0)}"
            for row in strongest.to_dict("records")
        ]
        return words.say("sensitivity.answer", factors="; ".join(parts), **said)
    return words.say("sensitivity.ranked", factors="; ".join(factor_named(name, words) for name in strongest.factor), **said)


def factor_named(name: str, words: Words) -> str:
    """A factor in a sentence: what it is, if the program knows it, then its name."""
    return factor(name, parameter_meaning(CODEBOOK[name], words).text if name in CODEBOOK else "", words)


def unit_of(finding: Finding, words: Words) -> str:
    """The unit of an output as it is shown: percentages differ by percentage points."""
    unit = finding.output.unit
    return words.unit("difference of shares" if scale(unit) != 1 and not finding.output.level else unit)


def meaning(analysis: Analysis, name: str, words: Words) -> Text:
    """What a factor is."""
    if name in analysis.meanings:
        return factor_meaning(name, analysis.meanings[name], words)
    return Text(words["sensitivity"]["group"], words.language)


def factors_table(analysis: Analysis, finding: Finding, names: Mapping[str, str], words: Words) -> PageTable:
    """The strongest factors of an output, with intervals."""
    method, label = finding.sensitivity.method, words["sensitivity"]
    columns = ("first", "total") if method in SHARES else INDICES[method]
    swings = finding.swings().set_index("factor")
    moves, factor, rows = len(swings) > 0, scale(finding.output.unit), []
    for row in finding.ranked().head(LISTED).to_dict("records"):
        name = row["factor"]
        cells = [with_interval(row, column, words, percent=method in SHARES) for column in columns]
        if moves:
            swing = factor * float(swings.high[name] - swings.low[name]) if name in swings.index else float("nan")
            cells.append(words.number(swing, decimals(swing, factor * finding.sensitivity.sd / 10), sign=True))
        rows.append([name, meaning(analysis, name, words), *cells])
    headers = [words["columns"]["parameter"], words["columns"]["meaning"], *(label[column] for column in columns)]
    headers += [words.say("sensitivity.swing", unit=unit_of(finding, words))] if moves else []
    right = frozenset(range(2, len(headers)))
    caption = words.say("sensitivity.table", many=words.number(max(0, len(finding.sensitivity.table) - LISTED)))
    return PageTable(caption, headers, rows, right, called(finding, names, words))


def with_interval(row: Mapping[str, Any], column: str, words: Words, *, percent: bool, places: int = 1) -> str:
    """An index with its interval: "34 % (30 to 38)"; `places` decimals of a percentage."""
    factor = 100.0 if percent else 1.0
    places = places if percent else decimals(row[column], float("nan"))
    value = words.number(factor * row[column], places) + (" %" if percent else "")
    if f"{column}_low" not in row or not np.isfinite(row[f"{column}_low"]):
        return value
    low, high = (words.number(factor * row[f"{column}_{end}"], places) for end in ("low", "high"))
    if low == high == words.number(factor * row[column], places):  # nothing, and as sure as can be shown
        return value
    return f"{value} ({words.say('answer.numbers', low=low, high=high)})"


def outputs_table(analysis: Analysis, names: Mapping[str, str], words: Words) -> PageTable:
    """Every output: spread over the points, how much is predicted and how much luck; what intervals cover, or what is wrong."""
    rows: list[list[Cell]] = []
    for finding in analysis.findings:
        found, factor = finding.sensitivity, scale(finding.output.unit)
        known = [None if finding.same else value for value in (found.q2, found.noise_share)]  # of nothing there are no shares
        share = [f"{words.number(100 * value, 0)} %" if value is not None else "-" for value in known]
        mean, sd = factor * found.mean, factor * found.sd
        spread = words.number(mean, decimals(mean, sd), sign=not finding.output.level)
        if not finding.same:
            spread += f" ({words.number(sd, decimals(sd, float('nan')))})"
        limits = words.said(found.remarks[0])
        rows.append([called(finding, names, words), unit_of(finding, words), spread, *share, limits])
    label = words["sensitivity"]
    columns = [label[key] for key in ("output", "unit", "spread", "predicted", "luck", "told")]
    first = analysis.findings[0].sensitivity
    judged = words.say("sensitivity.validated", many=words.number(first.validated)) if first.validated else label["unvalidated"]
    caption = words.say("sensitivity.outputs", points=words.number(first.points), judged=judged)
    return PageTable(caption, columns, rows, frozenset((2, 3, 4)))


def notes(analysis: Analysis, names: Mapping[str, str], words: Words) -> Section:
    """What else a reader must know: of the whole analysis what holds for every output, of the others with the output."""
    said = {finding.output: [words.said(each) for each in finding.sensitivity.notes] for finding in analysis.findings}
    every = [text for text in dict.fromkeys(chain(*said.values())) if all(text in own for own in said.values())]
    others = [
        Text(f"{called(finding, names, words)}: {text.text}", text.lang)
        for finding in analysis.findings
        for text in said[finding.output]
        if text not in every
    ]
    label = words["decision"]
    return Section(label["notes"], paragraphs=(*every, *others) or (Text(label["no_notes"], words.language),), bulleted=True)


def pictures(analysis: Analysis, spoken: list[Finding], names: Mapping[str, str], words: Words) -> list[Picture]:
    """The overview, and for each output its most telling figure."""
    if not spoken:
        return []
    from sim.figures import sensitivity as plots_sensitivity  # here, because matplotlib takes long to import
    from sim.figures.sensitivity.maps import overview as draw_all

    factors = {name: meaning(analysis, name, words) for name in analysis.meanings}
    units = {measure.unit: words.unit(measure.unit) for measure in MEASURES.values()}
    drawn_in = inside("plots_sensitivity", names, factors, units, words)
    text = words["sensitivity"]["figures"]
    titled = analysis.renamed(words.written(analysis.study.name).text)
    strongest = "; ".join(f"{called(finding, names, words)}: {', '.join(finding.ranked().factor[:NAMED])}" for finding in spoken)
    overview = embedded(draw_all(titled, drawn_in))
    shown = [Picture(text["overview"]["title"], text["overview"]["caption"], text["overview"]["alt"].format(strongest=strongest), overview)]
    for finding in spoken:
        kind = next(name for name in MAIN if name in plots_sensitivity.drawable(finding))
        output = called(finding, names, words)
        alt = text[kind]["alt"].format(output=output, factors=", ".join(finding.ranked().factor[:NAMED]))
        drawn = embedded(plots_sensitivity.FIGURES[kind](titled, finding, drawn_in))
        shown.append(Picture(text[kind]["title"].format(output=output), text[kind]["caption"], alt, drawn))
    return shown


def facts(analysis: Analysis, words: Words) -> list[tuple[str, str]]:
    """Where the analysis comes from."""
    label, study, own = words["facts"], analysis.study, words["sensitivity"]
    base, found = study.base, analysis.findings[0].sensitivity
    weeks = words.say("facts.horizon_text", spin_up=words.number(base.spin_up_weeks), weeks=words.number(base.weeks))
    return [
        (label["study"], words.written(study.name).text),
        (label["scenario"], words.written(base.name).text),
        (label["horizon"], weeks),
        (own["method"], found.method),
        (own["points"], words.number(found.points)),
        (own["factors"], words.number(len(analysis.units))),
        (label["replicates"], words.number(found.replicates)),
        *made(base.seed, analysis.facts, words),
    ]
