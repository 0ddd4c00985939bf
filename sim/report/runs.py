"""The heart of a report about one scenario, as `confianza run` left it."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
import xarray as xr
import yaml

from sim.artifacts.results import Results
from sim.errors import InputError
from sim.inputs.scenario import Scenario
from sim.measures import MEASURES, RECORD, YEAR, years_apart
from sim.measures.spread import ENOUGH, spread
from sim.measures.voice_measures import VOICE_MEASURES, heard_last
from sim.report.assumed import dated_table
from sim.report.card import AnswerCard, CardLine, whole
from sim.report.parts import PageContent, PageTable, Picture, Section, embedded
from sim.report.studied import made
from sim.report.words import Text, Words, decimals, scale
from sim.web.embedded import CITIES, LiveCity
from sim.web.page import compiled

GROUPS = {"mean_trust": "trust", "prevalence": "crime", "contact_rate_half_year": "police"}  # the first measure of each
CARD = ("share_trusting", "reporting_rate", "incidence", "complaint_rate", "corrupt_contact_share")  # measures that the card tells of


def findings(results: Results, words: Words) -> PageContent:
    """Everything that the results of a run say."""
    attrs = results.dataset.attrs
    scenario = yaml.safe_load(attrs["scenario"])
    title = words.written(results.name).text
    named = Results(results.dataset.assign_attrs(title=title))  # figures carry the name
    many, asked = results.replicates, "".join(f" --measure {name}" for name in beside(results))
    return PageContent(
        title=title,
        question=words.written(attrs["question"]) if attrs["question"] else Text(words["page"]["no_question"], words.language),
        card=answer_card(results, scenario, words),
        caution=caution(results, words),
        sections=sections(results, pictures(named, words), words),
        facts=[(words["facts"]["scenario"], title), *common_facts(results.dataset, scenario, words)],
        commands=(f"confianza run scenario.yaml --replicates {many}{asked} --out {words['page']['again']}",),
        scenario=scenario,
        dated=dated_table(scenario, words),
        live=live(results, scenario, words),
    )


def live(results: Results, scenario: dict[str, Any], words: Words) -> LiveCity | None:
    """The city to be lived again, as it is and with each reform that a page knows; None if it has reforms that nobody knows any more."""
    try:
        own = Scenario(**scenario)
    except InputError:
        return None
    cities: list[tuple[int, dict[str, float]]] = [(replicate, {}) for replicate in range(min(CITIES, results.replicates))]
    as_is = words["web"]["as_written"] if own.interventions else words.reform("baseline")
    last = results.spreads("share_trusting")["last_year"].times(100)
    arms: list[tuple[str, Sequence[Any], str]] = [(as_is, own.interventions, words.number(last.middle, 1) if isfinite(last.middle) else "")]
    for name, kind in compiled().items():
        arms.append((words.reform(name), [*(each for each in own.interventions if type(each) is not kind), kind(start=0)], ""))
    return LiveCity("run", own, horizon(results), arms, cities, results.replicates)


def answer_card(results: Results, scenario: dict[str, Any], words: Words) -> AnswerCard:
    """The first screen: what became of trust and of what hangs on it, from the first year to the last."""
    said, many, heads = words["card"], results.replicates, spans_told(results, words)
    lines = []
    for name in (*CARD, *beside(results)):
        measure, spans = results.measures[name], results.spreads(name)
        if isfinite(spans["last_year"].middle):
            levels = [words.spread(spans[span].times(scale(measure.unit))) for span in heads]
            way = words.verdict(spans["change"]) if isfinite(spans["change"].middle) else ""
            lines.append(CardLine(f"{words.measure(name)} ({words.unit(measure.unit)})", way, levels))
    known = results.spreads("share_trusting")["last_year"].times(100)
    cities = words.say("card.cities_luck" if many > 1 else "card.cities_one", many=words.number(many))
    duration = words.duration(horizon(results))
    trusting = (
        words.say("card.trusting" if len(heads) > 1 else "card.trusting_short", many=words.number(whole(known.middle)), duration=duration)
        if isfinite(known.middle)
        else ""
    )
    return AnswerCard(
        about=words.say("card.about", scenario=words.written(scenario["name"]).text, duration=duration, cities=cities),
        finding=answer(results, words),
        today=trusting,
        heads=[words["columns"]["measure"], *heads.values()],
        lines=lines,
        notes=[said["run_alone"]],
    )


def sections(results: Results, drawn: dict[str, Picture], words: Words) -> list[Section]:
    """What stands below the card: trust and why it moved, reports and crime, where, every measure."""
    groups = words["run_sections"]
    return [
        Section(groups["trust"], pictures=[drawn["trust"], drawn["ledger"]]),
        Section(groups["reporting"], pictures=[drawn["reporting"]]),
        Section(groups["map"], pictures=[drawn["map"]]),
        Section(words["page"]["details"], tables=[*summary_tables(results, words), *voices_table(results, words)]),
    ]


def beside(results: Results) -> list[str]:
    """The measures that were taken beside the runs."""
    return [name for name, measure in results.measures.items() if measure.kind != RECORD]


def horizon(results: Results) -> int:
    """Weeks after the spin-up."""
    return int(results.dataset.week[-1]) + 1


def spans_told(results: Results, words: Words) -> dict[str, str]:
    """Over which weeks measures are told, and what that is called: the first and the last year, or all weeks if they are but one."""
    if horizon(results) <= YEAR:
        return {"last_year": words.say("columns.all_weeks", duration=words.duration(horizon(results)))}
    return {span: words["columns"][span] for span in ("first_year", "last_year")}


def caution(results: Results, words: Words) -> str:
    """What ranges over replicates hold, or how many it takes to have any."""
    if results.replicates < 2:
        return words["page"]["one_replicate"]
    many = words.number(results.replicates)
    if results.replicates < ENOUGH:
        return f"{words.say('page.few_luck', many=many, enough=ENOUGH)} {words['page']['precision']}"
    return words.say("page.range_luck", many=many)


def answer(results: Results, words: Words) -> str:
    """What became of trust, with how far luck goes."""
    found = results.spreads("mean_trust")
    change, last = found["change"], found["last_year"]
    known = np.isfinite(change.middle)
    shown = change if known else last
    places = max(3, decimals(shown.middle, shown.precision))
    said = {"duration": words.duration(horizon(results)), "level": words.number(last.middle, 3 if known else places)}
    said |= {"change": words.number(change.middle, places, sign=True), "size": words.number(abs(change.middle), places)}
    said |= words.ends(shown, sign=bool(known), places=3) if shown.ranged else {}
    said["count"], said["of"] = map(words.number, shown.counted)
    short = {"single": "short_single", "few": "short_few"}.get(last.verdict, "short")
    return words.say(f"answer.{change.verdict if known else short}", **said)


def summary_tables(results: Results, words: Words) -> list[PageTable]:
    """The summary, one table a group of measures."""
    many, apart = results.replicates, years_apart(results.dataset)
    few = apart and 1 < many < ENOUGH
    spans = spans_told(results, words)
    keys = ["measure", "unit", *spans, *["change", "says"] * apart, *["precision"] * few]
    heads = words["columns"] | spans
    numbers = frozenset(place for place, key in enumerate(keys) if key not in ("measure", "unit", "says"))
    tables: list[PageTable] = []
    rows: list[list[str]] = []
    said = [
        "change" if apart else "overlap" if len(spans) > 1 else "short",
        "" if many >= ENOUGH else "few" if many > 1 else "one",
        *["sign"] * few,
    ]
    duration = words.duration(horizon(results))
    caption = " ".join(
        words.say(f"tables.{f'summary_{key}'.removesuffix('_')}", many=words.number(many), duration=duration) for key in said
    )
    groups = GROUPS | dict.fromkeys(beside(results)[:1], "beside")
    for measure in results.measures.values():
        if measure.name in VOICE_MEASURES:  # in a table of their own
            continue
        if measure.name in groups:
            rows, caption = [], caption if not tables else ""  # said once, with the first table
            columns = [heads[key] for key in keys]
            tables.append(PageTable(caption, columns, rows, numbers, words["groups"][groups[measure.name]]))
        found = {span: each.times(scale(measure.unit)) for span, each in results.spreads(measure.name).items()}
        change = found["change"]
        cells = [words.spread(found[span]) for span in spans]
        cells += [words.spread(change, sign=True), words.verdict(change)] if apart else []
        cells += [words.number(change.precision, decimals(change.middle, change.precision))] if few else []
        rows.append([words.measure(measure.name), words.unit(measure.unit), *cells])
    return tables


def voices_table(results: Results, words: Words) -> list[PageTable]:
    """What samples of those who had to do with the police, and of officers, answer at the last survey; none if there was none."""
    rows = []
    for name, found in heard_last(results.dataset).items():
        unit = VOICE_MEASURES[name].unit
        answer = spread(found.answers).times(scale(unit))
        shown = words.spread(answer) if found.asked else words["tables"]["nobody"]
        error = words.number(found.error * scale(unit), decimals(answer.middle, found.error * scale(unit)))
        rows.append([words.measure(name), words.unit(unit), words.number(found.asked), shown, error])
    columns = [words["columns"][key] for key in ("measure", "unit", "asked", "answer", "standard_error")]
    caption = words.say("tables.voices", week=words.number(int(results.dataset.survey_week[-1]))) if rows else ""
    return [PageTable(caption, columns, rows, frozenset((2, 3, 4)), words["groups"]["voices"])] if rows else []


def common_facts(dataset: xr.Dataset, scenario: dict[str, Any], words: Words) -> list[tuple[str, str]]:
    """Where the results of a run or a comparison come from, as names and contents."""
    attrs, label = dataset.attrs, words["facts"]
    city = words.say("facts.city_text", adults=words.number(int(attrs["adults"])), officers=words.number(int(attrs["officers"])))
    weeks = words.say("facts.horizon_text", spin_up=words.number(scenario["spin_up_weeks"]), weeks=words.number(scenario["weeks"]))
    about = [(label["city"], city), (label["horizon"], weeks), (label["replicates"], words.number(dataset.sizes["replicate"]))]
    return [*about, *made(attrs["root_seed"], attrs, words)]


def pictures(results: Results, words: Words) -> dict[str, Picture]:
    """Every figure of a run by its name, with its caption and the same in words."""
    from sim.figures.printing import title_of  # here, because matplotlib takes long to import
    from sim.figures.series import FIGURES

    inside = words.figure("plots")
    alts, duration = {"ledger": ledger_alt, "map": map_alt}, words.duration(horizon(results))
    made = {}
    for file, draw in FIGURES.items():
        name = file.partition(".")[0]
        text = words["figures"][name]
        figure = draw(results, words=inside)
        alt = alts[name](results, words) if name in alts else text["alt"].format(found=title_of(figure), duration=duration)
        made[name] = Picture(text["title"], text["caption"], alt, embedded(figure))
    return made


def fill(words: Words, name: str, **values: object) -> str:
    """The alternative text of a figure."""
    return words["figures"][name]["alt"].format(**values)


def ledger_alt(results: Results, words: Words) -> str:
    """What moved trust, cause by cause, the largest first."""
    last = results.cumulative_ledger().isel(week=-1)
    causes = sorted(last.cause.values.tolist(), key=lambda cause: -abs(float(last.sel(cause=cause))))
    inside = words.figure("plots")
    part = words["figures"]["ledger"]["part"]
    moved = [(inside[cause].replace("\n", " "), float(last.sel(cause=cause))) for cause in causes]
    parts = ", ".join(part.format(cause=cause, change=words.number(change, 3, sign=True)) for cause, change in moved if change)
    total = words.number(float(last.sum()), 3, sign=True)
    return fill(words, "ledger", duration=words.duration(horizon(results)), parts=parts, total=total)


def map_alt(results: Results, words: Words) -> str:
    """How far cells differ."""
    data = results.dataset.isel(replicate=[0])
    trust = data.trust_map.values
    low, middle, high = (words.number(value, 2) for value in np.nanquantile(trust, (0, 0.5, 1)))
    half = words.number(100 * float(MEASURES["crime_concentration_50"](data)[0]), 1)
    places = words.said(results.of_places).text
    return fill(words, "map", cells=words.number(trust.size), places=places, low=low, middle=middle, high=high, half=half)
