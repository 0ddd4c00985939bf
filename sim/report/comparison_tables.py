"""The tables of a report about a study: what reforms change, cost and teach, whom they help, and what samples of people say."""

from collections.abc import Iterable, Mapping

import numpy as np

from sim.measures import MEASURES
from sim.measures.spread import Spread, read_off
from sim.measures.voice_measures import heard_last
from sim.report import consequences
from sim.report.parts import PageTable
from sim.report.words import Words, decimals, scale
from sim.studies.answers.comparison import Comparison
from sim.studies.running.effects import at_week, over_cities

TRUST = "mean_trust"


def effect(comparison: Comparison, arm: str, measure: str, other: str | None = None) -> Spread:
    """What the paired differences at the end say; against `other`, or what the study compares with."""
    values = at_week(comparison.dataset, measure, comparison.weeks)
    paired = (values.sel(arm=arm) - values.sel(arm=other or comparison.study.vs)).values
    return over_cities(paired, comparison.dataset).times(scale(MEASURES[measure].unit))


def start(comparison: Comparison, measure: str) -> float:
    """The level at the end in the arm compared with: from what an effect goes."""
    values = at_week(comparison.dataset, measure, comparison.weeks).sel(arm=comparison.study.vs)
    return over_cities(values, comparison.dataset).middle * scale(MEASURES[measure].unit)


def cities_of(comparison: Comparison, words: Words) -> str:
    """What middles are of: "32 possible cities, 8 of them lived twice"."""
    (cities, twice), lucky = comparison.lived, comparison.varies == "luck"
    kind = "replicates" if lucky else "cities_twice" if twice else "cities"
    return words.say(f"tables.{kind}", many=words.number(comparison.replicates if lucky else cities), twice=words.number(twice))


def digits(effects: Iterable[Spread]) -> int:
    """Decimals that the effects of all arms on one measure are told with: as many as the one known worst."""
    return min(decimals(own.middle, own.roughness) for own in effects)


def brackets_of(comparison: Comparison, words: Words) -> str:
    """What stands in brackets behind a middle."""
    return words["tables"]["brackets_range" if comparison.ranged else "brackets_few"]


def difference_unit(unit: str, words: Words) -> str:
    """The unit of a difference: percentages differ by percentage points."""
    return words.unit("difference of shares" if scale(unit) != 1 else unit)


def trust_table(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[PageTable]:
    """Effects on mean trust at each week the study asks for; none if it does not ask for mean trust."""
    rows_of = comparison.effects().query("measure == @TRUST")
    if rows_of.empty:
        return []
    weeks = sorted(int(week) for week in rows_of.week.unique())
    columns = [words["columns"]["arm"], *(words.duration(week) for week in weeks)]
    columns += [words["columns"][key] for key in ("levels", "says", "sign", "precision")]
    rows = []
    for arm in comparison.compared:
        own = rows_of[rows_of.arm == arm].set_index("week")
        cells = [words.spread(read_off(own.loc[week]), sign=True) for week in weeks]
        end = own.loc[weeks[-1]]
        last = read_off(end)
        levels = words.say("answer.numbers", low=words.number(end.level_from, 3), high=words.number(end.level_to, 3))
        precision = words.number(last.precision, decimals(last.precision, last.roughness))
        rows.append([names[arm], *cells, levels, words.verdict(last), words.counted(last, ends=True), precision])
    range_too = words["tables"]["trust_range"] if comparison.ranged else ""
    caption = words.say("tables.trust", baseline=names[comparison.study.vs], many=cities_of(comparison, words), range=range_too)
    right = frozenset(range(1, len(weeks) + 2)) | frozenset(range(len(weeks) + 3, len(columns)))
    return [PageTable(caption, columns, rows, right, words.measure(TRUST))]


def effects_table(comparison: Comparison, names: Mapping[str, str], words: Words) -> PageTable:
    """Every measure by every arm at the end."""
    arms, rows, unmoved = comparison.compared, [], []
    for measure in comparison.study.outcomes:
        before = start(comparison, measure)
        effects = [effect(comparison, arm, measure) for arm in arms]
        if all(own.verdict == "same" for own in effects):
            unmoved.append(words.measure(measure))
            continue
        cells = [words.spread(own, sign=True, counted=True, places=digits(effects)) for own in effects]
        level = words.number(before, decimals(before, before / 100))
        rows.append([words.measure(measure), difference_unit(MEASURES[measure].unit, words), level, *cells])
    caption = words.say(
        "tables.effects", duration=words.duration(comparison.weeks), baseline=names[comparison.study.vs],
        many=cities_of(comparison, words), brackets=brackets_of(comparison, words),
    )  # fmt: skip
    caption += f" {words.say('tables.unmoved', measures='; '.join(unmoved))}" if unmoved else ""
    heads = [words["columns"]["measure"], words["columns"]["unit"], *(names[arm] for arm in (comparison.study.vs, *arms))]
    return PageTable(caption, heads, rows)


def cost_table(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[PageTable]:
    """What each arm costs, and what a hundredth of mean trust costs in it."""
    costs, rows = comparison.paid().set_index(["measure", "arm"]), []
    weeks, money = consequences.paid(comparison, "officer_weeks"), consequences.paid(comparison)
    for arm in comparison.compared:
        price, trust = "-", costs.loc[(TRUST, arm)] if (TRUST, arm) in costs.index else None
        if trust is not None and np.isfinite(trust.money_per_unit) and trust.effect > 0:
            price = words.spread(read_off(trust, "money_per_unit", "money_per_unit_").times(0.01))
        rows.append([names[arm], *(words.spread(own[arm]) for own in (weeks, money)), price])
    of = {"unit": "0.01", "measure": words["plots_decision"][TRUST]}
    columns = [words["columns"]["arm"], *(words.paid(key, comparison.weeks, **of) for key in ("officer_weeks", "money", "per_effect"))]
    return [PageTable(words["tables"]["booked"], columns, rows, frozenset((1, 2, 3)), words["columns"]["cost"])] if rows else []


def gainers_table(comparison: Comparison, names: Mapping[str, str], words: Words) -> PageTable:
    """Who gains and who loses."""
    table = comparison.gainers().set_index("arm")
    rows = []
    for arm in comparison.compared:
        own = table.loc[arm]
        rows.append([names[arm], *consequences.moving(own, words), words.number(own.q50, 4, sign=True) if own.lives else "-"])
    columns = [words["columns"][key] for key in ("arm", "gain", "lose", "luck_alone", "middle")]
    return PageTable(words["tables"]["gainers"], columns, rows, frozenset((1, 2, 3, 4)), words["compared"]["gainers"]["title"])


def conduct_table(comparison: Comparison, names: Mapping[str, str], words: Words) -> PageTable:
    """Officers at the three levels of an evaluation and in conduct, before and after."""
    rows, spans = [], ("before", "first_year", "last_year")
    shown = (comparison.study.vs, *comparison.compared)
    for row in comparison.conduct().to_dict("records"):
        if row["arm"] in shown:
            cells = [words.spread(read_off(row, span, f"{span}_")) for span in spans]
            rows.append([names[row["arm"]], words["levels"][row["level"]], *cells])
    columns = [words["columns"][key] for key in ("arm", "level", *spans)]
    return PageTable(words["tables"]["conduct"], columns, rows, frozenset((2, 3, 4)), words["compared"]["conduct"]["title"])


def voices_table(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[PageTable]:
    """What samples answer at the end in the arm compared with, and how much more in the others; none if nobody was asked."""
    data, rows = comparison.dataset, []
    others = {arm: heard_last(data.sel(arm=arm)) for arm in comparison.compared}
    for name, found in heard_last(data.sel(arm=comparison.study.vs)).items():
        unit = MEASURES[name].unit
        level, error = over_cities(found.answers, data).times(scale(unit)).middle, found.error * scale(unit)
        numbers = [words.number(each, decimals(level, error)) for each in (level, error)]
        effects = [over_cities(heard[name].answers - found.answers, data).times(scale(unit)) for heard in others.values()]
        cells = [words.spread(own, sign=True, counted=True, places=digits(effects)) for own in effects]
        about = [words.measure(name), words.unit(unit), words.number(found.asked)]
        rows.append([*about, *(numbers if found.asked else [words["tables"]["nobody"], "-"]), *cells])
    keys = ("measure", "unit", "asked", "answer", "standard_error")
    heads = [*(words["columns"][key] for key in keys), *(names[arm] for arm in comparison.compared)]
    caption = words.say("tables.voices_compared", baseline=names[comparison.study.vs], brackets=brackets_of(comparison, words))
    return [PageTable(caption, heads, rows, frozenset((2, 3, 4)), words["groups"]["voices"])] if rows else []
