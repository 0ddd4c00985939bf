"""The heart of a report about one scenario, as `confianza run` left it."""

import json

import numpy as np
import xarray as xr
import yaml

from sim.measures import MEASURES
from sim.plots import FIGURES, WORDS, cumulative_ledger
from sim.report.assumed import dated_table
from sim.report.parts import Findings, Picture, Table, embedded
from sim.report.words import Text, Words, decimals, scale
from sim.results import Results, interval

GROUPS = {"mean_trust": "trust", "prevalence": "crime", "contact_rate_half_year": "police"}  # the first measure of each
BESIDE = ("share_trusting", "reporting_rate")  # measures that the answer mentions beside trust


def findings(results: Results, words: Words) -> Findings:
    """Everything that the results of a run say."""
    attrs = results.dataset.attrs
    scenario = yaml.safe_load(attrs["scenario"])
    title = words.written(results.name).text
    named = Results(results.dataset.assign_attrs(title=title))  # figures carry the name
    many = results.replicates
    caution = words.say("page.intervals", many=words.number(many)) if many > 1 else words["page"]["one_replicate"]
    return Findings(
        title=title,
        question=words.written(attrs["question"]) if attrs["question"] else Text(words["page"]["no_question"], words.language),
        answer=answer(results, words),
        caution=caution,
        tables=(),
        details=summary_tables(results, words),
        pictures=pictures(named, words),
        facts=[(words["facts"]["scenario"], title), *common_facts(results.dataset, scenario, words)],
        commands=(f"confianza run scenario.yaml --replicates {many} --out {words['page']['again']}",),
        scenario=scenario,
        dated=dated_table(scenario, words),
    )


def horizon(results: Results) -> int:
    """Weeks after the spin-up."""
    return int(results.dataset.week[-1]) + 1


def answer(results: Results, words: Words) -> list[str]:
    """What became of trust, with its uncertainty; then two measures beside it."""
    rows = results.summary().set_index("measure")
    row = rows.loc["mean_trust"]
    said = {"duration": words.duration(horizon(results))}
    known, single = np.isfinite(row.change), results.replicates == 1
    shown, half = (row.change, row.change_interval) if known else (row.last_year, row.last_year_interval)
    places = max(3, decimals(shown, half))
    said["level"] = words.number(row.last_year, 3 if known else places)
    said["change"], said["size"] = words.number(row.change, places, sign=True), words.number(abs(row.change), places)
    said["low"], said["high"] = (words.number(bound, places, sign=bool(known)) for bound in (shown - half, shown + half))
    kind = "single" if single else verdict(row.change, row.change_interval)
    key = kind if known else "short_single" if single else "short"
    return [words.say(f"answer.{key}", **said), *(level(rows.loc[name], name, words) for name in BESIDE)]


def level(row, name: str, words: Words) -> str:
    """One measure in the last year, with its interval."""
    factor = scale(row.unit)
    value, half = factor * row.last_year, factor * row.last_year_interval
    places = decimals(value, half)
    low, high = (words.number(bound, places) for bound in (value - half, value + half))
    key = "answer.level" if np.isfinite(half) else "answer.level_single"
    return words.say(key, measure=words.measure(name), level=words.number(value, places), unit=words.unit(row.unit), low=low, high=high)


def verdict(change: float, half: float) -> str:
    """Does a change with such an interval rise, fall or neither? A change of exactly 0 in every replicate is the same.

    >>> verdict(0.02, 0.01), verdict(-0.02, 0.01), verdict(0.02, 0.03), verdict(0.0, 0.0), verdict(0.1, float("nan"))
    ('rise', 'fall', 'unclear', 'same', 'unknown')
    """
    if not (np.isfinite(change) and np.isfinite(half)):
        return "unknown"
    if change == 0 and half == 0:
        return "same"
    return "unclear" if abs(change) <= half else "rise" if change > 0 else "fall"


def summary_tables(results: Results, words: Words) -> list[Table]:
    """The summary, one table a group of measures."""
    columns = [words["columns"][key] for key in ("measure", "unit", "first_year", "last_year", "change", "says")]
    tables: list[Table] = []
    rows: list[list[str]] = []
    many = results.replicates
    caption = words.say("tables.summary", many=words.number(many)) if many > 1 else words["tables"]["summary_one"]
    for row in results.summary().itertuples():
        if row.measure in GROUPS:
            rows, caption = [], caption if not tables else ""  # said once, with the first table
            tables.append(Table(caption, columns, rows, frozenset((2, 3, 4)), words["groups"][GROUPS[row.measure]]))
        factor = scale(row.unit)
        pairs = ((row.first_year, row.first_year_interval), (row.last_year, row.last_year_interval), (row.change, row.change_interval))
        shown = [words.amount(factor * value, factor * half, sign=index == 2) for index, (value, half) in enumerate(pairs)]
        says = words["verdicts"][verdict(row.change, row.change_interval)]
        rows.append([words.measure(row.measure), words.unit(row.unit), *shown, says])
    return tables


def common_facts(dataset: xr.Dataset, scenario: dict, words: Words) -> list[tuple[str, str]]:
    """Where the results of a run or a comparison come from, as names and contents."""
    attrs, label = dataset.attrs, words["facts"]
    city = words.say("facts.city_text", adults=words.number(int(attrs["adults"])), officers=words.number(int(attrs["officers"])))
    weeks = words.say("facts.horizon_text", spin_up=words.number(scenario["spin_up_weeks"]), weeks=words.number(scenario["weeks"]))
    versions = ", ".join(f"{name} {version}" for name, version in json.loads(attrs["versions"]).items())
    return [
        (label["city"], city), (label["horizon"], weeks), (label["replicates"], words.number(dataset.sizes["replicate"])),
        (label["seed"], str(attrs["root_seed"])), (label["versions"], versions),
        (label["fingerprint"], str(attrs["source_fingerprint"])), (label["command"], str(attrs["command"])),
        (label["created"], words.date(str(attrs["created"]))),
    ]  # fmt: skip


def pictures(results: Results, words: Words) -> list[Picture]:
    """Every figure of a run, with its caption and the same in words."""
    inside = words.figure_words(WORDS)
    alts = {"trust": trust_alt, "ledger": ledger_alt, "reporting": reporting_alt, "map": map_alt}
    made = []
    for file, draw in FIGURES.items():
        name = file.partition(".")[0]
        text = words["figures"][name]
        made.append(Picture(text["title"], text["caption"], alts[name](results, words), embedded(draw(results, words=inside))))
    return made


def fill(words: Words, name: str, **values: object) -> str:
    """The alternative text of a figure."""
    return words["figures"][name]["alt"].format(**values)


def trust_alt(results: Results, words: Words) -> str:
    """The line of trust in words."""
    row = results.summary().set_index("measure").loc["mean_trust"]
    first, last = (words.number(value, 3) for value in (row.first_year, row.last_year))
    return fill(words, "trust", duration=words.duration(horizon(results)), first=first, last=last)


def ledger_alt(results: Results, words: Words) -> str:
    """What moved trust, cause by cause, the largest first."""
    last = cumulative_ledger(results).isel(week=-1)
    causes = sorted(last.cause.values.tolist(), key=lambda cause: -abs(float(last.sel(cause=cause))))
    inside = words.figure_words(WORDS)
    part = words["figures"]["ledger"]["part"]
    moved = [(inside[cause].replace("\n", " "), float(last.sel(cause=cause))) for cause in causes]
    parts = ", ".join(part.format(cause=cause, change=words.number(change, 3, sign=True)) for cause, change in moved if change)
    total = words.number(float(last.sum()), 3, sign=True)
    return fill(words, "ledger", duration=words.duration(horizon(results)), parts=parts, total=total)


def reporting_alt(results: Results, words: Words) -> str:
    """The three rates of the last year."""
    rates = {name: words.number(100 * interval(results[name].values)[0], 1) for name in ("reporting_rate", "file_rate", "clearance")}
    return fill(words, "reporting", duration=words.duration(horizon(results)), **rates)


def map_alt(results: Results, words: Words) -> str:
    """How far cells differ."""
    data = results.dataset.isel(replicate=[0])
    trust = data.trust_map.values
    low, middle, high = (words.number(value, 2) for value in np.nanquantile(trust, (0, 0.5, 1)))
    half = words.number(100 * float(MEASURES["crime_concentration_50"](data)[0]), 1)
    return fill(words, "map", cells=words.number(trust.size), low=low, middle=middle, high=high, half=half)
