"""The tables of a report about a decision."""

from collections.abc import Mapping
from typing import Any

from sim.figures.decision.parts import pick
from sim.figures.decision.tables import PARTS, turning
from sim.report.parts import Cell, Table
from sim.report.told import Told, restriction, topic, unit_shown, worth_of
from sim.report.words import scale
from sim.studies.design.limits import unit_of
from sim.style.lists import separated

LISTED = 15  # numbers in the table of what knowing is worth
WORST = "*"  # marks the option with the smallest worst regret
LEAST_P = 0.001


def options_table(told: Told) -> Table:
    """Each option with its gain and cost, and how it does at the middle worth."""
    decision, words, label = told.decision, told.words, told.words["decision"]
    table, rows = decision.table.set_index("arm"), []
    for arm, row in told.at().iterrows():
        own = table.loc[str(arm)].to_dict() if arm in table.index else None
        cells = [with_ends(told, own, column) if own else "0" for column in ("benefit", "cost")]
        cells.append(with_ends(told, own, "per_unit") if own and own["per_unit"] > 0 else "-")
        cells += [words.number(100 * row.probability_best, 0), told.near(row.expected_loss)]
        if decision.budget is not None:
            cells.append(words.number(100 * own["probability_affordable"], 0) if own else "100")
        rows.append([told.name(str(arm)), *cells])
    columns = [label["option"], told.say("benefit"), label["cost"], told.say("per_unit"), label["best_in"], label["loss"]]
    columns += [label["affordable"]] if decision.budget is not None else []
    return Table(told.say("options_text"), columns, rows, frozenset(range(1, len(columns))))


def with_ends(told: Told, row: Mapping[str, Any], column: str) -> str:
    """A number with its interval: "2.4 (1.9 to 2.8)"."""
    found = told.interval(row, column)
    return f"{found['value']} ({told.words.say('answer.numbers', low=found['low'], high=found['high'])})"


def regret_table(told: Told) -> Table:
    """What could be regretted, at three worths: on average and near the worst."""
    decision, label, rows = told.decision, told.words["decision"], []
    for arm in decision.arms:
        cells = []
        for pay in decision.shown:
            row = pick(decision.regret, pay).set_index("arm").loc[arm]
            cells.append(f"{told.near(row.expected)} / {told.near(row.most)}{WORST if row.minimax else ''}")
        rows.append([told.name(arm), *cells])
    columns = [label["option"], *(told.say("regret_column", pay=told.near(pay)) for pay in decision.shown)]
    return Table(label["regret_text"], columns, rows, frozenset((1, 2, 3)), label["regret"])


def thirds_table(told: Told) -> list[Table]:
    """The best option in each third of every contested number, and whether it is the same."""
    table, words, label = turning(told.decision), told.words, told.words["decision"]
    same = told.decision.contested.drop_duplicates("factor").set_index("factor").probability_same
    rows: list[list[Cell]] = []
    for row in table.to_dict("records"):
        parts = [f"{told.name(row[f'{part}_arm'])} ({words.number(100 * row[f'{part}_probability'], 0)})" for part in PARTS]
        key = "differs_text" if row["turns"] else "same_text"
        rows.append(
            [row["factor"], told.meaning(row["factor"]), *parts, told.say(key, probability=words.number(100 * same[row["factor"]], 0))]
        )
    columns = [words["columns"]["parameter"], words["columns"]["meaning"], *(label[part] for part in PARTS), label["same"]]
    return [Table(told.say("thirds_text"), columns, rows, frozenset(), label["thirds"])] if rows else []


def effects_table(told: Told) -> Table:
    """Every measure by every arm: the mean, and where nine of ten draws lie."""
    decision, words, label = told.decision, told.words, told.words["decision"]
    arms, rows = decision.arms[1:], []
    for measure in decision.study.measures:
        own = decision.effects[decision.effects.measure == measure].set_index("arm")
        factor, cells = scale(unit_of(measure)), []
        for arm in arms:
            mean, low, high = (factor * float(own[column][arm]) for column in ("mean", "q05", "q95"))
            half = (high - low) / 2
            ends = words.say("answer.numbers", low=told.near(low, half), high=told.near(high, half))
            cells.append(f"{told.near(mean, half)} ({ends})")
        rows.append([words.measure(measure), unit_shown(measure, words), *cells])
    text = told.say("effects_text", duration=words.duration(decision.week))
    columns = [words["columns"]["measure"], words["columns"]["unit"], *(told.name(arm) for arm in arms)]
    return Table(text, columns, rows, frozenset(), label["effects"])


def informing_table(told: Told) -> list[Table]:
    """What knowing one number, or all of a topic, is worth; without those that are worth nothing for sure."""
    decision, words, label = told.decision, told.words, told.words["decision"]
    rows: list[list[Cell]] = []
    for row in told.informing.head(LISTED).to_dict("records"):
        one, name, worth = row["kind"] == "factor", str(row["name"]), worth_of(told, row)
        interval = words.say("answer.numbers", low=worth["low"], high=worth["high"])
        rows.append([
            name if one else topic(told, name), told.meaning(name) if one else "-", label[f"kind_{row['kind']}"],
            words["statuses"].get(row["status"], "-") if one else "-", f"{worth['value']} ({interval})",
            f"{words.number(100 * row['share'], 0)} %",
        ])  # fmt: skip
    columns = [words["columns"]["parameter"], words["columns"]["meaning"], label["kind"], words["columns"]["status"]]
    columns += [label["worth_column"], label["worth_share"]]
    text = told.say("informing_text", many=words.number(len(rows)), all=words.number(len(pick(decision.evppi, told.pay))))
    return [Table(text, columns, rows, frozenset((4, 5)), label["informing"])] if rows else []


def boxes_table(told: Told) -> list[Table]:
    """Each restriction of each box, with how sure it is."""
    words, label = told.words, told.words["decision"]
    rows: list[list[Cell]] = []
    for found in told.discoveries:
        for row in found.box.to_dict("records") if found.found else ():
            p = words.number(row["quasi_p"], 3) if row["quasi_p"] >= LEAST_P else f"< {words.number(LEAST_P)}"
            again = words.number(100 * row["bootstrap"], 0)
            where = told.say("holds", factor=row["factor"], where=restriction(told, row))
            rows.append([told.name(found.output.arm), where, told.meaning(str(row["factor"])), p, again])
    columns = [label["option"], label["rule"], words["columns"]["meaning"], "p", label["again"]]
    return [Table(label["boxes_text"], columns, rows, frozenset((3, 4)), label["boxes"])] if rows else []


def front_table(told: Told) -> Table:
    """Whether another option is as good in all measures and better in one."""
    words, label, rows = told.words, told.words["decision"], []
    for row in told.decision.pareto.to_dict("records"):
        by = row["dominated_by"]
        state = told.say("front_no", other="; ".join(map(told.name, separated(by)))) if isinstance(by, str) and by else label["front_yes"]
        rows.append([told.name(row["arm"]), state, words.number(100 * row["probability_on_front"], 0)])
    return Table(
        label["front_text"], [label[key] for key in ("option", "front_column", "front_share")], rows, frozenset((2,)), label["front"]
    )


def budgets_table(told: Told) -> list[Table]:
    """The option with the largest gain within each budget."""
    words, label, rows = told.words, told.words["decision"], []
    for row in told.decision.budgets.to_dict("records"):
        share = words.number(100 * row["probability_best"], 0)
        rows.append([told.near(row["budget"]), told.name(row["arm"]), told.near(row["benefit"]), told.near(row["cost"]), share])
    columns = [label["budget"], label["budget_best"], told.say("benefit"), label["cost"], label["best_in"]]
    return [Table(told.say("budgets_text"), columns, rows, frozenset((0, 2, 3, 4)), label["budgets"])] if rows else []
