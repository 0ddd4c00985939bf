"""A report about a decision, in sentences: what works, where it fails, what it costs, what to find out first."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.measures import years_paid
from sim.report.decision_context import DecisionContext, rule, topic, unit_shown, worth_of
from sim.report.words import scale
from sim.studies.answers.decision import Decision, pick, turning
from sim.studies.answers.discoveries import Discovery
from sim.studies.design.limits import unit_of

FAIRLY, PROBABLY = 0.9, 0.6  # probabilities of being best from which an option is called fairly sure, or probable
NAMED = 3  # numbers that are named as worth measuring
TURNING = 5  # numbers that turn the choice that are spelled out; all are in the table
RARE = 0.005  # shares below this are not named
LITTLE = 0.001  # of what the choice is worth compared with doing nothing; to know all, if worth less, is worth nothing


def scale_of(context: DecisionContext) -> list[str]:
    """What a unit of gain is, what money is counted in, and what is assumed of the worth of a unit."""
    decision, words = context.decision, context.words
    ends = {"low": context.near(float(decision.pay[0])), "high": context.near(float(decision.pay[-1]))}
    money = context.say("scale_money", duration=words.duration(decision.week))
    return [" ".join([unit_of_gain(context), money, context.say("scale_pay", **ends)])]


def unit_of_gain(context: DecisionContext) -> str:
    """What one unit of gain is: so much of the measure, or of the measures in the sum that the study weighs."""
    words, value = context.words, context.decision.value
    if len(value) > 1:
        parts = "; ".join(
            words.say("decision.scale_weight", measure=words.measure(name), weight=words.number(value[name])) for name in value
        )
        return context.say("scale_many", parts=parts)
    ((measure, weight),) = value.items()
    size = words.number(float(f"{scale(unit_of(measure)) / abs(weight):.3g}"))
    way = words["decision"]["scale_more" if weight > 0 else "scale_less"]
    measured = words["decision"]["scale_bare"] if unit_of(measure) == "0-1" else unit_shown(measure, words)
    return context.say("scale_one", size=size, way=way, measure=words.measure(measure), measured=measured)


def works(context: DecisionContext) -> list[str]:
    """Gains, the choice, how sure it is, and on what it hangs."""
    decision, words = context.decision, context.words
    table = decision.table.sort_values("benefit", ascending=False)
    parts = [f"{context.name(arm)} {words.spread(decision.spread(arm, 'benefit'))}" for arm in table.arm]
    duration, draws = words.duration(decision.week), words.number(int(decision.facts["draws"]))
    kind = "gains" if decision.ranged else "gains_few"
    sentences = [*choice(context), context.say(kind, duration=duration, draws=draws, parts="; ".join(parts))]
    outdone = [(arm, by) for arm, by in zip(table.arm, table.dominated_by, strict=True) if by]
    if outdone:
        said = "; ".join(context.say("dominated_by", arm=context.name(arm), other=context.name(by)) for arm, by in outdone)
        sentences.append(context.say("dominated", parts=said))
    return sentences


def sure(context: DecisionContext) -> str:
    """How sure it is that the best option is the best, in words."""
    share = context.at().probability_best[context.decision.recommended]
    return str(context.words["decision"]["quite_sure" if share >= FAIRLY else "probable" if share >= PROBABLY else "unsure"])


def choice(context: DecisionContext) -> list[str]:
    """The best option in the middle of the range, how often it is best, what comes next, and what is best elsewhere in the range."""
    decision, words = context.decision, context.words
    rows = context.at()
    best = decision.recommended
    known = {
        "arm": context.name(best),
        "options": len(decision.arms),
        "sure": sure(context),
        "draws": words.number(int(decision.facts["draws"])),
    }
    sentences = [context.say("recommended" if decision.chance(best) else "recommended_open", share=context.chance(best), **known)]
    second = str(rows.probability_best.drop(best).idxmax())
    if rows.probability_best[second] >= RARE and decision.chance(second):
        sentences.append(context.say("runner", arm=context.name(second), share=context.chance(second)))
    parts = segments(decision)
    if len(parts) == 1:
        ends = (context.near(float(decision.pay[0])), context.near(float(decision.pay[-1])))
        return [*sentences, context.say("always", low=ends[0], high=ends[1])]
    said = "; ".join(
        context.say("segment", arm=context.name(arm), low=context.near(low), high=context.near(high)) for arm, low, high in parts
    )
    return [*sentences, context.say("depends", parts=said)]


def segments(decision: Decision) -> list[tuple[str, float, float]]:
    """Which option is best on average from where to where, in what a unit of gain is worth; bounds in two digits."""
    found = decision.frontier()
    edges = [found[0][1], *(float(f"{low:.2g}") for _, low, _ in found[1:]), found[-1][2]]
    return [(arm, edges[number], edges[number + 1]) for number, (arm, *_) in enumerate(found)]


def failing(context: DecisionContext) -> tuple[str, str, pd.Series]:
    """The first measure of value, which way is wrong (lowers or raises), and of each arm the share of draws in which it goes there.

    Where it has been looked for where an arm does so, the share is the one that was found then, so that the page has one for it.
    """
    measure, weight = next(iter(context.decision.value.items()))
    rows = context.decision.effects[context.decision.effects.measure == measure].set_index("arm")
    shares = rows.share_below_0 if weight > 0 else 1 - rows.share_below_0
    looked = pd.Series({found.output.arm: found.share for found in context.failures}, dtype=float)
    shares = looked.combine_first(shares).reindex(shares.index)
    return measure, "lowers" if weight > 0 else "raises", shares.sort_values(ascending=False, kind="stable")


def fails(context: DecisionContext) -> list[str]:
    """In how many draws each arm moves the first measure of value the wrong way, and where those draws lie."""
    words = context.words
    measure, way, shares = failing(context)
    if not (shares >= RARE).any():
        return [words["decision"]["never"]]
    named = [(arm, share) for arm, share in shares.items() if share >= RARE or arm == context.decision.recommended]
    parts = [
        context.say("share", arm=context.name(arm), share=words.number(100 * share, 0) if share >= RARE else "< 1") for arm, share in named
    ]
    sentences = [context.say(way, measure=words.measure(measure), parts="; ".join(parts))]
    if not context.discoveries:
        return [*sentences, words["decision"]["no_boxes" if (shares > 0.05).any() else "never"]]
    for found in context.failures:
        arm = context.name(found.output.arm)
        sentences.append(
            context.say("box", arm=arm, rule=rule(context, found), **counted(context, found))
            if found.found
            else context.say("no_box", arm=arm)
        )
    units = [unit for found in context.failures for unit in found.box.unit]
    return [*sentences, words["decision"]["log_odds"]] if any(unit.startswith("log-odds") for unit in units) else sentences


def counted(context: DecisionContext, found: Discovery) -> dict[str, str]:
    """Of 100 draws within a box, outside of it and anywhere, how many are cases; and of 100 cases, how many lie in the box."""
    outside = found.share * (1 - found.coverage) / (1 - found.mass) if found.mass < 1 else float("nan")
    shares = {"density": found.density, "outside": outside, "share": found.share, "coverage": found.coverage}
    return {name: context.words.number(100 * share, 0) for name, share in shares.items()}


def costs(context: DecisionContext) -> list[str]:
    """What the choice costs, for whom and for what; what the others cost; which gain is cheapest."""
    decision, words = context.decision, context.words
    table = decision.table.set_index("arm")

    def shown(arm: str, column: str) -> str:
        return words.spread(decision.spread(arm, column))

    best, kind = decision.recommended, "" if decision.ranged else "_few"
    sentences = [words["decision"]["cost_none"]]
    if best in table.index:
        each = f"{context.near(float(table.cost[best]) / years_paid(decision.week))} {words.paid('span', decision.week)}"
        numbers = {"duration": words.duration(decision.week), "each": each, "cost": shown(best, "cost")}
        sentences = [context.say(f"cost_of{kind}", arm=context.name(best), **numbers)]
        if table.per_unit[best] > 0:
            sentences.append(context.say("price", price=shown(best, "per_unit")))
        elif not decision.spread(best, "benefit").clear:
            sentences.append(context.say("price_open"))
    said = "; ".join(f"{context.name(arm)} {shown(arm, 'cost')}" for arm in table.cost.sort_values().index if arm != best)
    sentences += [context.say("cost_others", parts=said)] if said else []
    cheapest = table.per_unit.where(table.per_unit > 0).dropna()
    if len(cheapest) and (arm := str(cheapest.idxmin())) != best:
        sentences.append(context.say("cheapest", arm=context.name(arm), price=shown(arm, "per_unit")))
    dear = table.index[~table.affordable.astype(bool)]
    if decision.budget is not None and len(dear):
        said = "; ".join(context.name(arm) for arm in dear)
        sentences.append(context.say("over_budget", budget=context.near(decision.budget), arms=said))
    return sentences


def find_out(context: DecisionContext) -> list[str]:
    """What knowing everything is worth, and which numbers and which topic most of that comes from."""
    decision = context.decision
    row = decision.evpi.loc[(decision.evpi.pay - context.pay).abs().idxmin()]
    net = context.at().net_benefit.abs()
    stake = net[decision.recommended] or net[net > 0].min()
    if not row.evpi > LITTLE * stake:
        return [context.say("worth_nothing")]
    numbers = context.precise(row.evpi, row.low, row.high)
    sentences = [context.say("worth", **numbers)]
    rows = pick(decision.evppi, context.pay).sort_values("evppi", ascending=False)
    sure = rows[(rows.low > 0) & (rows.evppi > 0)]
    factors = sure[sure.kind == "factor"].head(NAMED).to_dict("records")
    if factors:
        said = "; ".join(context.say("first_part", factor=context.factor(str(one["name"])), **worth_of(context, one)) for one in factors)
        sentences.append(context.say("first", parts=said))
    else:
        sentences.append(context.say("first_none"))
    topics = sure[sure.kind == "topic"].head(1).to_dict("records")
    sentences += [context.say("topic", topic=topic(context, str(one["name"])), **worth_of(context, one)) for one in topics]
    return sentences


def turns(context: DecisionContext) -> list[str]:
    """Whether the best option differs between terciles of contested numbers, and how."""
    table = turning(context.decision)
    if not len(table):
        return []
    differing = table[table.turns]
    staying = context.words.number(len(table) - len(differing))
    if not len(differing):
        return [context.say("turn_none", staying=staying)]
    parts = [turn(context, row) for row in differing.head(TURNING).to_dict("records")]
    if len(differing) > TURNING:
        parts.append(context.say("turn_more", many=context.words.number(len(differing) - TURNING)))
    counts = {name: count(context, many) for name, many in (("turning", len(differing)), ("staying", len(table) - len(differing)))}
    return [context.say("turn_some", parts="; ".join(parts), **counts)]


def count(context: DecisionContext, many: int) -> str:
    """So many numbers."""
    return context.say("turn_number") if many == 1 else context.say("turn_numbers", many=context.words.number(many))


def turn(context: DecisionContext, row: Mapping[Any, Any]) -> str:
    """The best option in each tercile of one number."""
    parts = {part: context.name(row[f"{part}_arm"]) for part in ("low", "middle", "high")}
    return context.say("turn_part", factor=context.factor(row["factor"]), **parts)


def paragraphs(context: DecisionContext) -> dict[str, tuple[str, str]]:
    """What is found, in a sentence, and the rest of it, by the heading's key in the words."""
    parts = {each.__name__: each(context) for each in (works, fails, costs, find_out, turns)}
    return {key: (begun(said[0]), " ".join(said[1:])) for key, said in parts.items() if said}


def begun(text: str) -> str:
    """A paragraph with a capital letter at its beginning, as where an option's name stands there."""
    return f"{text[:1].upper()}{text[1:]}"
