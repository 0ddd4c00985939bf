"""The first page of a report about a decision, in sentences: what works, where it fails, what it costs, what to find out first."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from sim.figures.decision.parts import pick
from sim.figures.decision.tables import turning
from sim.report.told import Told, rule, topic, unit_shown, worth_of
from sim.report.words import scale
from sim.studies.answers.decision import Decision
from sim.studies.answers.discoveries import Discovery
from sim.studies.design.limits import unit_of

FAIRLY, PROBABLY = 0.9, 0.6  # probabilities of being best from which an option is called fairly sure, or probable
NAMED = 3  # numbers that are named as worth measuring
TURNING = 5  # numbers that turn the choice that are spelled out; all are in the table
RARE = 0.005  # shares below this are not named
LITTLE = 0.001  # of what the choice is worth compared with doing nothing; to know all, if worth less, is worth nothing
OF_YEAR = 52


def scale_of(told: Told) -> list[str]:
    """What a unit of gain is, how large the city is that the money is for, and what is assumed of the worth of a unit."""
    decision, words = told.decision, told.words
    adults = int(decision.facts["adults"])
    ends = {"low": told.near(float(decision.pay[0])), "high": told.near(float(decision.pay[-1]))}
    each = told.near(1000 * told.pay / adults)
    duration = words.duration(decision.week)
    money = told.say("scale_money", adults=words.number(adults), duration=duration)
    return [" ".join([unit_of_gain(told), money, told.say("scale_pay", each=each, **ends)])]


def unit_of_gain(told: Told) -> str:
    """What one unit of gain is: so much of the measure, or of the measures in the sum that the study weighs."""
    words, value = told.words, told.decision.value
    if len(value) > 1:
        parts = "; ".join(
            words.say("decision.scale_weight", measure=words.measure(name), weight=words.number(value[name])) for name in value
        )
        return told.say("scale_many", parts=parts)
    ((measure, weight),) = value.items()
    size = words.number(float(f"{scale(unit_of(measure)) / abs(weight):.3g}"))
    way = words["decision"]["scale_more" if weight > 0 else "scale_less"]
    measured = words["decision"]["scale_bare"] if unit_of(measure) == "0-1" else unit_shown(measure, words)
    return told.say("scale_one", size=size, way=way, measure=words.measure(measure), measured=measured)


def works(told: Told) -> list[str]:
    """Gains, the choice, how sure it is, and on what it hangs."""
    decision, words = told.decision, told.words
    table = decision.table.sort_values("benefit", ascending=False)
    parts = []
    for row in table.to_dict("records"):
        found = told.interval(row, "benefit")
        parts.append(told.say("gain", arm=told.name(row["arm"]), benefit=found.pop("value"), **found))
    duration, draws = words.duration(decision.week), words.number(int(decision.facts["draws"]))
    sentences = [*choice(told), told.say("gains", duration=duration, draws=draws, parts="; ".join(parts))]
    outdone = [(arm, by) for arm, by in zip(table.arm, table.dominated_by, strict=True) if by]
    if outdone:
        said = "; ".join(told.say("dominated_by", arm=told.name(arm), other=told.name(by)) for arm, by in outdone)
        sentences.append(told.say("dominated", parts=said))
    return sentences


def choice(told: Told) -> list[str]:
    """The best option in the middle of the range, how often it is best, what comes next, and what is best elsewhere in the range."""
    decision, words = told.decision, told.words
    rows = told.at()
    best = decision.recommended
    row = 100 * rows.loc[best, ["probability_best", "probability_best_low", "probability_best_high"]].astype(float)
    share = rows.probability_best[best]
    sure = words["decision"]["quite_sure" if share >= FAIRLY else "probable" if share >= PROBABLY else "unsure"]
    numbers = dict(zip(("share", "low", "high"), (words.number(value, 0) for value in row), strict=True))
    sentences = [told.say("recommended", arm=told.name(best), options=len(decision.arms), sure=sure, **numbers)]
    second = rows.probability_best.drop(best).idxmax()
    if rows.probability_best[second] >= RARE:
        sentences.append(told.say("runner", arm=told.name(second), share=words.number(100 * rows.probability_best[second], 0)))
    parts = segments(decision)
    if len(parts) == 1:
        ends = (told.near(float(decision.pay[0])), told.near(float(decision.pay[-1])))
        return [*sentences, told.say("always", low=ends[0], high=ends[1])]
    said = "; ".join(told.say("segment", arm=told.name(arm), low=told.near(low), high=told.near(high)) for arm, low, high in parts)
    return [*sentences, told.say("depends", parts=said)]


def segments(decision: Decision) -> list[tuple[str, float, float]]:
    """Which option is best on average from where to where, in what a unit of gain is worth; bounds in two digits."""
    found = decision.frontier()
    edges = [found[0][1], *(float(f"{low:.2g}") for _, low, _ in found[1:]), found[-1][2]]
    return [(arm, edges[number], edges[number + 1]) for number, (arm, *_) in enumerate(found)]


def failing(told: Told) -> tuple[str, str, pd.Series]:
    """The first measure of value, which way is wrong (lowers or raises), and of each arm the share of draws in which it goes there.

    Where it has been looked for where an arm does so, the share is the one that was found then, so that the page has one for it.
    """
    measure, weight = next(iter(told.decision.value.items()))
    rows = told.decision.effects[told.decision.effects.measure == measure].set_index("arm")
    shares = rows.share_below_0 if weight > 0 else 1 - rows.share_below_0
    looked = pd.Series({found.output.arm: found.share for found in told.failures}, dtype=float)
    shares = looked.combine_first(shares).reindex(shares.index)
    return measure, "lowers" if weight > 0 else "raises", shares.sort_values(ascending=False, kind="stable")


def fails(told: Told) -> list[str]:
    """In how many draws each arm moves the first measure of value the wrong way, and where those draws lie."""
    words = told.words
    measure, way, shares = failing(told)
    if not (shares >= RARE).any():
        return [words["decision"]["never"]]
    named = [(arm, share) for arm, share in shares.items() if share >= RARE or arm == told.decision.recommended]
    parts = [told.say("share", arm=told.name(arm), share=words.number(100 * share, 0) if share >= RARE else "< 1") for arm, share in named]
    sentences = [told.say(way, measure=words.measure(measure), parts="; ".join(parts))]
    if not told.discoveries:
        return [*sentences, words["decision"]["no_boxes" if (shares > 0.05).any() else "never"]]
    for found in told.failures:
        arm = told.name(found.output.arm)
        sentences.append(
            told.say("box", arm=arm, rule=rule(told, found), **counted(told, found)) if found.found else told.say("no_box", arm=arm)
        )
    units = [unit for found in told.failures for unit in found.box.unit]
    return [*sentences, words["decision"]["log_odds"]] if any(unit.startswith("log-odds") for unit in units) else sentences


def counted(told: Told, found: Discovery) -> dict[str, str]:
    """Of 100 draws within a box, outside of it and anywhere, how many are cases; and of 100 cases, how many lie in the box."""
    outside = found.share * (1 - found.coverage) / (1 - found.mass) if found.mass < 1 else float("nan")
    shares = {"density": found.density, "outside": outside, "share": found.share, "coverage": found.coverage}
    return {name: told.words.number(100 * share, 0) for name, share in shares.items()}


def costs(told: Told) -> list[str]:
    """What the choice costs, for whom and for what; what the others cost; which gain is cheapest."""
    decision, words = told.decision, told.words
    table, adults = decision.table.set_index("arm"), int(decision.facts["adults"])
    best = decision.recommended
    sentences = [words["decision"]["cost_none"]]
    if best in table.index:
        found = told.interval(table.loc[best].to_dict(), "cost")
        years = decision.week / OF_YEAR
        each = told.near(1000 * float(table.cost[best]) / adults / years)
        duration = words.duration(decision.week)
        numbers = {"duration": duration, "adults": words.number(adults), "each": each, "cost": found.pop("value")}
        sentences = [told.say("cost_of", arm=told.name(best), **numbers, **found)]
        if table.per_unit[best] > 0:
            price = told.interval(table.loc[best].to_dict(), "per_unit")
            sentences.append(told.say("price", price=price.pop("value"), **price))
    others = [(arm, told.interval(table.loc[arm].to_dict(), "cost")) for arm in table.cost.sort_values().index if arm != best]
    said = "; ".join(told.say("cost_part", arm=told.name(arm), cost=found.pop("value"), **found) for arm, found in others)
    sentences += [told.say("cost_others", parts=said)] if said else []
    cheapest = table.per_unit.where(table.per_unit > 0).dropna()
    if len(cheapest) and (arm := str(cheapest.idxmin())) != best:
        price = told.interval(table.loc[arm].to_dict(), "per_unit")
        sentences.append(told.say("cheapest", arm=told.name(arm), price=price.pop("value"), **price))
    dear = table.index[~table.affordable.astype(bool)]
    if decision.budget is not None and len(dear):
        said = "; ".join(told.name(arm) for arm in dear)
        sentences.append(told.say("over_budget", budget=words.number(decision.budget), arms=said))
    return sentences


def find_out(told: Told) -> list[str]:
    """What knowing everything is worth, and which numbers and which topic most of that comes from."""
    decision = told.decision
    row = decision.evpi.loc[(decision.evpi.pay - told.pay).abs().idxmin()]
    net = told.at().net_benefit.abs()
    stake = net[decision.recommended] or net[net > 0].min()
    if not row.evpi > LITTLE * stake:
        return [told.say("worth_nothing")]
    half = (row.high - row.low) / 2
    numbers = {"evpi": told.near(row.evpi, half), "low": told.near(row.low, half), "high": told.near(row.high, half)}
    sentences = [told.say("worth", each=told.near(row.per_adult), **numbers)]
    rows = pick(decision.evppi, told.pay).sort_values("evppi", ascending=False)
    sure = rows[(rows.low > 0) & (rows.evppi > 0)]
    factors = sure[sure.kind == "factor"].head(NAMED).to_dict("records")
    if factors:
        said = "; ".join(told.say("first_part", factor=told.factor(str(one["name"])), **worth_of(told, one)) for one in factors)
        sentences.append(told.say("first", parts=said))
    else:
        sentences.append(told.say("first_none"))
    topics = sure[sure.kind == "topic"].head(1).to_dict("records")
    sentences += [told.say("topic", topic=topic(told, str(one["name"])), **worth_of(told, one)) for one in topics]
    return sentences


def turns(told: Told) -> list[str]:
    """Whether the best option differs between thirds of contested numbers, and how."""
    table = turning(told.decision)
    if not len(table):
        return []
    differing = table[table.turns]
    staying = told.words.number(len(table) - len(differing))
    if not len(differing):
        return [told.say("turn_none", staying=staying)]
    parts = [turn(told, row) for row in differing.head(TURNING).to_dict("records")]
    if len(differing) > TURNING:
        parts.append(told.say("turn_more", many=told.words.number(len(differing) - TURNING)))
    counts = {name: count(told, many) for name, many in (("turning", len(differing)), ("staying", len(table) - len(differing)))}
    return [told.say("turn_some", parts="; ".join(parts), **counts)]


def count(told: Told, many: int) -> str:
    """So many numbers."""
    return told.say("turn_number") if many == 1 else told.say("turn_numbers", many=told.words.number(many))


def turn(told: Told, row: Mapping[Any, Any]) -> str:
    """The best option in each third of one number."""
    parts = {part: told.name(row[f"{part}_arm"]) for part in ("low", "middle", "high")}
    return told.say("turn_part", factor=told.factor(row["factor"]), **parts)


def paragraphs(told: Told) -> list[tuple[str, list[str]]]:
    """The headed paragraphs of the first page."""
    label = told.words["decision"]
    made: Iterable[tuple[str, list[str]]] = (
        ("works", works(told)), ("fails", fails(told)), ("costs", costs(told)), ("find_out", find_out(told)), ("turns", turns(told)),
    )  # fmt: skip
    return [(label[key], [begun(" ".join(sentences))]) for key, sentences in made if sentences]


def begun(text: str) -> str:
    """A paragraph with a capital letter at its beginning, as where an option's name stands there."""
    return f"{text[:1].upper()}{text[1:]}"
