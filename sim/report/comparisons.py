"""The heart of a report about a study, as `confianza compare` left it: which reform changes what, and how sure that is."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from sim import plots_compare
from sim.measures import MEASURES
from sim.parameters import CODEBOOK
from sim.report import consequences
from sim.report.assumed import arms_table
from sim.report.parts import Findings, Picture, Table, embedded
from sim.report.runs import common_facts, verdict
from sim.report.words import Text, Words, decimals, scale
from sim.results import interval
from sim.studies.comparison import Comparison
from sim.studies.effects import at_week
from sim.studies.posteriors import NONE
from sim.studies.study import PLACEBO, Replicates

TRUST = "mean_trust"
BESIDE = ("share_trusting", "reporting_rate", "incidence")  # measures that the answer mentions beside trust, if the study asks for them
PRICED = ("cost", "officer_weeks")  # shown as costs, not as effects


def findings(comparison: Comparison, words: Words) -> Findings:
    """Everything that a comparison says."""
    attrs = comparison.dataset.attrs
    title, names = words.written(comparison.name).text, display_names(comparison, words)
    table = comparison.effects()
    exact = comparison.placebo_is_exact()
    against = names[comparison.study.vs]
    warnings = () if exact else (words.say("answer.placebo_broken", baseline=against),)
    asked = words.written(comparison.study.question) if comparison.study.question else Text(words["page"]["no_question"], words.language)
    placebo = [words.say("answer.placebo_exact", baseline=against)] if exact else []
    varying = frozenset(comparison.study.drawn(0))
    return Findings(
        title=title,
        question=asked,
        answer=[*answer(comparison, names, words), *consequences.told(comparison, names, words), *budget(comparison, words), *placebo],
        caution=caution(comparison, words),
        tables=[
            *trust_table(comparison, table, names, words),
            effects_table(comparison, names, words),
            *cost_table(comparison, names, words),
        ],
        details=[gainers_table(comparison, names, words), conduct_table(comparison, names, words)],
        pictures=pictures(comparison, names, words),
        facts=facts(comparison, names, words),
        commands=(f"confianza compare study.yaml --out {words['page']['again']}",),
        scenario=yaml.safe_load(attrs["scenario"]),
        study=comparison.study.model_dump(include={"sources", "references", "cautions"}),
        dated=arms_table(yaml.safe_load(attrs["study"])["arms"], names, words, varying),
        varying=varying,
        warnings=warnings,
    )


def caution(comparison: Comparison, words: Words) -> str:
    """What the intervals cover."""
    many = words.number(comparison.replicates)
    if comparison.replicates < 2:
        return words["page"]["one_replicate"]
    if comparison.study.posterior == NONE:
        return words.say("page.intervals", many=many)
    drawn = comparison.study.drawn(0)
    left = [name for name, known in CODEBOOK.items() if known.status == "contested" and name not in drawn]
    more = words.say("page.left", names=", ".join(left)) if left else ""
    return words.say("page.intervals_posterior", many=many, posterior=Path(comparison.study.posterior).stem, left=more)


def display_names(comparison: Comparison, words: Words) -> dict[str, str]:
    """What each arm is called on the page; its own name if two would be called the same."""
    names = {arm: words.reform(arm) for arm in comparison.arms}
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {arm: arm if name in twice else name for arm, name in names.items()}


def end_of(comparison: Comparison) -> int:
    """Weeks after the spin-up."""
    return int(comparison.dataset.week[-1]) + 1


def effect(comparison: Comparison, arm: str, measure: str, other: str | None = None) -> tuple[float, float]:
    """Mean paired difference at the end and the half-width of its interval; against `other`, or what the study compares with."""
    values = at_week(comparison.dataset, measure, end_of(comparison))
    return interval((values.sel(arm=arm) - values.sel(arm=other or comparison.study.vs)).values)


def said(value: float, half: float, words: Words) -> dict[str, str]:
    """An effect and its interval as words for a sentence."""
    places = decimals(value, half)
    low, high = (words.number(bound, places, sign=True) for bound in (value - half, value + half))
    return {"change": words.number(value, places, sign=True), "size": words.number(abs(value), places), "low": low, "high": high}


def answer(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[str]:
    """What each arm does to trust, which does most, and what becomes of other measures."""
    parts, found = [], {arm: effect(comparison, arm, TRUST) for arm in comparison.compared}
    for arm, (value, half) in found.items():
        kind = {"unknown": "single"}.get(verdict(value, half), verdict(value, half))
        parts.append(words.say(f"answer.arm_{kind}", arm=names[arm], **said(value, half, words)))
    duration, against = words.duration(end_of(comparison)), names[comparison.study.vs]
    sentences = [words.say("answer.after", duration=duration, baseline=against, parts="; ".join(parts))]
    sentences += best(comparison, found, names, words)
    for measure in (name for name in BESIDE if name in comparison.study.measures):
        sentences.append(other(comparison, measure, names, words))
    return sentences


def best(comparison: Comparison, found: Mapping[str, tuple[float, float]], names: Mapping[str, str], words: Words) -> list[str]:
    """Which arm raises trust most, and whether its lead over the next is clear."""
    if comparison.replicates < 2 or len(found) < 2:
        return []
    order = sorted(found, key=lambda arm: -found[arm][0])
    first, second = order[:2]
    if verdict(*found[first]) != "rise":
        return [words["answer"]["none_best"]]
    value, half = effect(comparison, first, TRUST, second)
    key = "best" if verdict(value, half) == "rise" else "best_unsure"
    return [words.say(f"answer.{key}", arm=names[first], other=names[second], **said(value, half, words))]


def other(comparison: Comparison, measure: str, names: Mapping[str, str], words: Words) -> str:
    """What the arms do to another measure, in a sentence."""
    unit, parts = MEASURES[measure].unit, []
    for arm in comparison.compared:
        value, half = (scale(unit) * number for number in effect(comparison, arm, measure))
        if np.isfinite(half):
            zero = words["answer"]["contains_zero"] if abs(value) <= half else ""
            parts.append(words.say("answer.other_part", arm=names[arm], zero=zero, **said(value, half, words)))
        else:
            parts.append(f"{names[arm]} {said(value, half, words)['change']}")
    return words.say("answer.other", measure=words.measure(measure), unit=difference_unit(unit, words), parts="; ".join(parts))


def difference_unit(unit: str, words: Words) -> str:
    """The unit of a difference: percentages differ by percentage points."""
    return words.unit("difference of shares" if scale(unit) != 1 else unit)


def budget(comparison: Comparison, words: Words) -> list[str]:
    """What every arm may cost, if the study has a budget."""
    given = json.loads(comparison.dataset.attrs["budget"])
    return [words.say("answer.budget", amount=words.number(value), unit=words["columns"][key]) for key, value in given.items()]


def trust_table(comparison: Comparison, table: pd.DataFrame, names: Mapping[str, str], words: Words) -> list[Table]:
    """Effects on mean trust at each week the study asks for; none if it does not ask for mean trust."""
    rows_of = table[table.measure == TRUST]
    if rows_of.empty:
        return []
    weeks = sorted(int(week) for week in rows_of.week.unique())
    columns = [words["columns"]["arm"], *(words.duration(week) for week in weeks)]
    columns += [words["columns"][key] for key in ("says", "sure", "reduction")]
    rows = []
    for arm in comparison.compared:
        own = rows_of[rows_of.arm == arm].set_index("week")
        cells = [words.amount(own.effect[week], own.half_width[week], sign=True) for week in weeks]
        last = own.loc[weeks[-1]]
        sure = 100 * last.probability_of_sign
        shown = "> 99.9 %".replace(".", words["decimal"]) if sure > 99.9 else f"{words.number(sure, 1)} %" if np.isfinite(sure) else "-"
        reduction = words.number(last.variance_reduction, 0) if np.isfinite(last.variance_reduction) else "-"
        rows.append([names[arm], *cells, words["verdicts"][verdict(last.effect, last.half_width)], shown, reduction])
    caption = words.say("tables.trust", baseline=names[comparison.study.vs], many=words.number(comparison.replicates))
    right = frozenset(range(1, len(weeks) + 1)) | {len(weeks) + 2, len(weeks) + 3}
    return [Table(caption, columns, rows, right, words.measure(TRUST))]


def effects_table(comparison: Comparison, names: Mapping[str, str], words: Words) -> Table:
    """Every measure by every arm at the end."""
    arms, rows = comparison.compared, []
    for measure in (name for name in comparison.study.measures if name not in PRICED):
        unit, cells = MEASURES[measure].unit, []
        for arm in arms:
            value, half = (scale(unit) * number for number in effect(comparison, arm, measure))
            zero = f" ({words['verdicts']['zero']})" if verdict(value, half) == "unclear" else ""
            cells.append(words.amount(value, half, sign=True) + zero)
        rows.append([words.measure(measure), difference_unit(unit, words), *cells])
    duration, against = words.duration(end_of(comparison)), names[comparison.study.vs]
    caption = words.say("tables.effects", duration=duration, baseline=against, many=words.number(comparison.replicates))
    return Table(caption, [words["columns"]["measure"], words["columns"]["unit"], *(names[arm] for arm in arms)], rows)


def cost_table(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[Table]:
    """What each arm costs, and what a hundredth of mean trust costs in it."""
    costs, rows = comparison.costs(), []
    for arm in comparison.compared:
        own = costs[costs.arm == arm]
        trust = own[own.measure == TRUST]
        first = own.iloc[0]
        price = "-"
        if len(trust) and np.isfinite(trust.iloc[0].money_per_unit) and trust.iloc[0].effect > 0:
            low, middle, high = (0.01 * trust.iloc[0][name] for name in ("money_per_unit_low", "money_per_unit", "money_per_unit_high"))
            price = f"{words.number(middle, decimals(middle, high - low))} ({words.say('answer.numbers', **range_of(low, high, words))})"
        weeks, money = ((first[name], first[f"{name}_half_width"]) for name in ("officer_weeks", "money"))
        rows.append([names[arm], words.amount(*weeks), words.amount(*money), price])
    columns = [words["columns"][key] for key in ("arm", "officer_weeks", "money", "per_effect")]
    return [Table(words["tables"]["booked"], columns, rows, frozenset((1, 2, 3)), words["columns"]["cost"])] if rows else []


def range_of(low: float, high: float, words: Words) -> dict[str, str]:
    """Both ends of a range, as exact as its width."""
    places = decimals(high, high - low)
    return {"low": words.number(low, places), "high": words.number(high, places)}


def gainers_table(comparison: Comparison, names: Mapping[str, str], words: Words) -> Table:
    """Who gains and who loses."""
    table = comparison.gainers().set_index("arm")
    rows = []
    for arm in comparison.compared:
        own = table.loc[arm]
        shares = [f"{words.number(100 * own[name], 1)} %" for name in ("share_gaining", "share_losing")]
        rows.append([names[arm], *shares, words.number(own.q50, 4, sign=True)])
    columns = [words["columns"][key] for key in ("arm", "gain", "lose", "middle")]
    return Table(words["tables"]["gainers"], columns, rows, frozenset((1, 2, 3)), words["compared"]["gainers"]["title"])


def conduct_table(comparison: Comparison, names: Mapping[str, str], words: Words) -> Table:
    """Officers at the three levels of an evaluation and in conduct, before and after."""
    rows, spans = [], ("before", "first_year", "last_year")
    shown = (comparison.study.vs, *comparison.compared)
    for row in comparison.conduct().to_dict("records"):
        if row["arm"] in shown:
            cells = [words.amount(row[span], row[f"{span}_half_width"]) for span in spans]
            rows.append([names[row["arm"]], words["levels"][row["level"]], *cells])
    columns = [words["columns"][key] for key in ("arm", "level", *spans)]
    return Table(words["tables"]["conduct"], columns, rows, frozenset((2, 3, 4)), words["compared"]["conduct"]["title"])


def facts(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[tuple[str, str]]:
    """Where the comparison comes from."""
    label, study = words["facts"], comparison.study
    before = [
        (label["study"], words.written(comparison.name).text),
        (label["arms"], "; ".join(names.values())),
        (label["baseline"], names[study.vs]),
    ]
    rule = study.replicates
    if isinstance(rule, Replicates):
        said_rule = words.say(
            "facts.rule_text", measure=words.measure(rule.until.effect), width=words.number(rule.until.half_width), most=rule.most
        )
        before.append((label["rule"], said_rule))
    scenario = yaml.safe_load(comparison.dataset.attrs["scenario"])
    return [*before, *common_facts(comparison.dataset, scenario, words)]


def renamed(comparison: Comparison, names: Mapping[str, str], words: Words) -> Comparison:
    """The same comparison with arms called as the page calls them, for its figures."""
    names = {**names, PLACEBO: PLACEBO}  # figures leave it out by its name
    study = comparison.study
    made = Comparison(comparison.dataset.assign_coords(arm=[names[arm] for arm in comparison.arms]))
    arms = {names[arm]: listed for arm, listed in study.arms.items()}
    made.study = study.model_copy(update={"name": words.written(study.name).text, "arms": arms, "vs": names[study.vs]})
    return made


def pictures(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[Picture]:
    """Every figure of a comparison, with its caption and the same in words."""
    shown = renamed(comparison, names, words)
    inside = {**words.figure_words(plots_compare.WORDS, "plots_compare"), **words.data["measures"]}
    inside |= {f"unit:{unit}": words.unit(unit) for unit in words["units"]}
    duration, against, made = words.duration(end_of(comparison)), names[comparison.study.vs], []
    arms = "; ".join(names[arm] for arm in comparison.compared)
    for file, draw in plots_compare.FIGURES.items():
        name = file.partition(".")[0]
        text = words["compared"][name]
        alt = text["alt"].format(duration=duration, baseline=against, arms=arms, values="; ".join(in_words(comparison, name, names, words)))
        made.append(Picture(text["title"], text["caption"], alt, embedded(draw(shown, words=inside))))
    return made


def in_words(comparison: Comparison, figure: str, names: Mapping[str, str], words: Words) -> list[str]:
    """What a figure shows of each arm, in a few words."""
    if figure == "gainers":
        return consequences.shares(comparison, names, words)
    if figure == "map":
        means = {arm: float(np.nanmean(comparison.map_of_effect(arm).isel(replicate=0).values)) for arm in comparison.compared}
        return [f"{names[arm]} {words.number(mean, 4, sign=True)}" for arm, mean in means.items()]
    found = booked(comparison) if figure == "ledger" else {arm: effect(comparison, arm, TRUST) for arm in comparison.compared}
    return [f"{names[arm]} {words.amount(*both, sign=True)}" for arm, both in found.items()]


def booked(comparison: Comparison) -> dict[str, tuple[float, float]]:
    """What the ledger adds up to in each arm: the effect on mean trust in the last week, and the half-width of its interval."""
    effects = plots_compare.net_effect(comparison)
    return {arm: interval(effects.sel(arm=arm).values) for arm in comparison.compared}
