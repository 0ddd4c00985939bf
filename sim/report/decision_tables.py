"""The tables of a report about a decision."""

import numpy as np

from sim.methods.decision.terciles import TERCILES
from sim.report.decision_context import DecisionContext, restriction, topic, unit_shown, worth_of
from sim.report.parts import Cell, PageTable
from sim.report.words import decimals, scale
from sim.studies.answers.decision import pick, turning
from sim.studies.design.limits import unit_of
from sim.style.lists import separated

LISTED = 15  # numbers in the table of what knowing is worth
WORST = "*"  # marks the option with the smallest worst regret
LEAST_P = 0.001


def options_table(context: DecisionContext) -> PageTable:
    """Each option with its gain and cost, and how it does at the middle worth."""
    decision, words, label = context.decision, context.words, context.words["decision"]
    table, rows = decision.table.set_index("arm"), []
    for arm, row in context.at().iterrows():
        name, there = str(arm), arm in table.index
        found = [decision.spread(name, column) for column in ("benefit", "cost", "per_unit")]
        gain, cost, price = (words.spread(own) if there and np.isfinite(own.middle) else "-" if there else "0" for own in found)
        exact = [words.number(own.precision, decimals(own.middle, own.precision)) if own.precision > 0 else "-" for own in found[:2]]
        cells = [gain, exact[0], cost, exact[1], price if there else "-", context.chance(name), context.near(row.expected_loss)]
        if decision.budget is not None:
            cells.append(words.number(100 * table.probability_affordable[name], 0) if there else "100")
        rows.append([context.name(name), *cells])
    precision = words["columns"]["precision"]
    columns = [label["option"], context.say("benefit"), precision, label["cost"], precision, context.say("per_unit"), label["best_in"]]
    columns += [label["loss"], *([label["affordable"]] if decision.budget is not None else [])]
    text = context.say("options_text", brackets=label["brackets_range" if decision.ranged else "brackets_few"])
    return PageTable(text, columns, rows, frozenset(range(1, len(columns))))


def regret_table(context: DecisionContext) -> PageTable:
    """What could be regretted, at three worths: on average and near the worst."""
    decision, label, rows = context.decision, context.words["decision"], []
    for arm in decision.arms:
        cells = []
        for pay in decision.shown:
            row = pick(decision.regret, pay).set_index("arm").loc[arm]
            cells.append(f"{context.near(row.expected)} / {context.near(row.most)}{WORST if row.minimax else ''}")
        rows.append([context.name(arm), *cells])
    columns = [label["option"], *(context.say("regret_column", pay=context.near(pay)) for pay in decision.shown)]
    return PageTable(label["regret_text"], columns, rows, frozenset((1, 2, 3)), label["regret"])


def terciles_table(context: DecisionContext) -> list[PageTable]:
    """The best option in each tercile of every contested number, and whether it is the same."""
    table, words, label = turning(context.decision), context.words, context.words["decision"]
    same = context.decision.contested.drop_duplicates("factor").set_index("factor").probability_same
    rows: list[list[Cell]] = []
    for row in table.to_dict("records"):
        parts = [f"{context.name(row[f'{part}_arm'])} ({words.number(100 * row[f'{part}_probability'], 0)})" for part in TERCILES]
        key = "differs_text" if row["turns"] else "same_text"
        sure = context.say(key, probability=words.number(100 * same[row["factor"]], 0))
        rows.append([row["factor"], context.meaning(row["factor"]), *parts, sure])
    columns = [words["columns"]["parameter"], words["columns"]["meaning"], *(label[part] for part in TERCILES), label["same"]]
    return [PageTable(context.say("thirds_text"), columns, rows, frozenset(), label["thirds"])] if rows else []


def effects_table(context: DecisionContext) -> PageTable:
    """Every measure by every arm: the middle, where nine of ten cities lie, and in how many the sign is that of the middle."""
    decision, words, label = context.decision, context.words, context.words["decision"]
    arms, rows = decision.arms[1:], []
    for measure in decision.study.outcomes:
        unit, told = unit_of(measure), set(decision.effects.measure)
        found = [decision.effect(arm, measure).times(scale(unit)) for arm in arms if measure in told]
        cells = [words.spread(own, sign=True, counted=True) for own in found] or ["-"] * len(arms)
        rows.append([words.measure(measure), unit_shown(measure, words), *cells])
    brackets = words["tables"]["brackets_range" if decision.ranged else "brackets_few"]
    text = context.say("effects_text", duration=words.duration(decision.week), brackets=brackets)
    columns = [words["columns"]["measure"], words["columns"]["unit"], *(context.name(arm) for arm in arms)]
    return PageTable(text, columns, rows, frozenset(), label["effects"])


def informing_table(context: DecisionContext) -> list[PageTable]:
    """What knowing one number, or all of a topic, is worth; without those that are worth nothing for sure."""
    decision, words, label = context.decision, context.words, context.words["decision"]
    rows: list[list[Cell]] = []
    known = bool(decision.evpi.low[(decision.evpi.pay - context.pay).abs().idxmin()] > 0)  # of nothing there are no shares
    for row in context.informing.head(LISTED).to_dict("records"):
        one, name, worth = row["kind"] == "factor", str(row["name"]), worth_of(context, row)
        interval = words.say("answer.numbers", low=worth["low"], high=worth["high"])
        rows.append([
            name if one else topic(context, name), context.meaning(name) if one else "-", label[f"kind_{row['kind']}"],
            words["statuses"].get(row["status"], "-") if one else "-", f"{worth['value']} ({interval})",
            f"{words.number(100 * row['share'], 0)} %" if known else "-",
        ])  # fmt: skip
    columns = [words["columns"]["parameter"], words["columns"]["meaning"], label["kind"], words["columns"]["status"]]
    columns += [label["worth_column"], label["worth_share"]]
    text = context.say("informing_text", many=words.number(len(rows)), all=words.number(len(pick(decision.evppi, context.pay))))
    return [PageTable(text, columns, rows, frozenset((4, 5)), label["informing"])] if rows else []


def boxes_table(context: DecisionContext) -> list[PageTable]:
    """Each restriction of each box, with how sure it is."""
    words, label = context.words, context.words["decision"]
    rows: list[list[Cell]] = []
    for found in context.discoveries:
        for row in found.box.to_dict("records") if found.found else ():
            p = words.number(row["quasi_p"], 3) if row["quasi_p"] >= LEAST_P else f"< {words.number(LEAST_P)}"
            again = words.number(100 * row["bootstrap"], 0)
            where = context.say("holds", factor=row["factor"], where=restriction(context, row))
            rows.append([context.name(found.output.arm), where, context.meaning(str(row["factor"])), p, again])
    columns = [label["option"], label["rule"], words["columns"]["meaning"], "p", label["again"]]
    return [PageTable(label["boxes_text"], columns, rows, frozenset((3, 4)), label["boxes"])] if rows else []


def front_table(context: DecisionContext) -> PageTable:
    """Whether another option is as good in all measures and better in one."""
    label, rows = context.words["decision"], []
    for row in context.decision.pareto.to_dict("records"):
        by = separated(row["dominated_by"]) if isinstance(row["dominated_by"], str) else []
        state = context.say("front_no", other="; ".join(map(context.name, by))) if by else label["front_yes"]
        share = context.hundred(*(row[f"probability_on_front{end}"] for end in ("", "_low", "_high")))
        rows.append([context.name(row["arm"]), state, share])
    columns = [label[key] for key in ("option", "front_column", "front_share")]
    return PageTable(label["front_text"], columns, rows, frozenset((2,)), label["front"])


def budgets_table(context: DecisionContext) -> list[PageTable]:
    """The option with the largest gain within each budget."""
    words, label, rows = context.words, context.words["decision"], []
    for row in context.decision.budgets.to_dict("records"):
        budget, benefit, cost = (context.near(row[name]) for name in ("budget", "expected_benefit", "expected_cost"))
        rows.append([budget, context.name(row["arm"]), benefit, cost, words.number(100 * row["probability_best"], 0)])
    columns = [label["budget"], label["budget_best"], context.say("expected_benefit"), label["expected_cost"], label["best_in"]]
    return [PageTable(context.say("budgets_text"), columns, rows, frozenset((0, 2, 3, 4)), label["budgets"])] if rows else []
