"""What a comparison says beside effects: what each reform costs, who gains and who loses, and through what."""

from collections.abc import Mapping

import pandas as pd

from sim.measures.spread import Spread, read_off
from sim.report.words import Words
from sim.studies.answers.comparison import Comparison
from sim.studies.running.effects import over_cities

DRIFT = "drift"  # the way back to the usual trust answers what other causes did; it is no reason by itself


def paid(comparison: Comparison, column: str = "money") -> dict[str, Spread]:
    """What each arm costs more than the one compared with, as `Comparison.paid`: pesos (money), or officer-weeks."""
    table = comparison.paid().drop_duplicates("arm").set_index("arm")
    return {arm: read_off(table.loc[arm], column, f"{column}_") for arm in comparison.compared}


def cost(comparison: Comparison, names: Mapping[str, str], words: Words) -> str:
    """What each arm costs more."""
    parts = (words.say("card.change_of", arm=names[arm], change=words.spread(own)) for arm, own in paid(comparison).items())
    unit = words.paid("money", comparison.weeks)
    return f"{unit[:1].upper()}{unit[1:]}: {'; '.join(parts)}."


def moved(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[str]:
    """How many of 100 adults each arm leaves with more trust, and how many with less, then how that is known; nothing if nobody moves."""
    table = comparison.gainers()
    if not table.lives.any():
        return [words["answer"]["moved_unknown"]]
    if not (table[["share_gaining", "share_losing"]] > 0).any(axis=None):
        return []
    parts, cities = "; ".join(shares(comparison, names, words)), words.number(float(table.lives.max()))
    return [words.say("answer.moved", parts=parts), words.say("answer.moved_how", baseline=names[comparison.study.vs], cities=cities)]


def shares(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[str]:
    """How many of 100 adults gain trust in each arm, how many lose some, and how many luck alone would move either way."""
    table, parts = comparison.gainers().set_index("arm"), []
    if not table.lives.any():
        return [words["answer"]["moved_unknown"]]
    for arm in comparison.compared:
        gaining, losing, floor = moving(table.loc[arm], words)
        parts.append(words.say("answer.moved_part", arm=names[arm], gaining=gaining, losing=losing, floor=floor))
    return parts


def moving(row: pd.Series, words: Words) -> tuple[str, str, str]:
    """Of 100 adults, how many gain and how many lose, with the interval of that, and how many luck alone moves either way; dashes if
    unknown.
    """
    if not row.lives:
        return "-", "-", "-"
    shares = []
    for key in ("gaining", "losing"):
        middle, half = 100 * row[f"share_{key}"], 100 * row[f"share_{key}_precision"]
        ends = {"low": words.number(max(0.0, middle - half), 0), "high": words.number(min(100.0, middle + half), 0)}
        shares.append(words.number(middle, 0) + (f" ({words.say('answer.numbers', **ends)})" if half > 0 else ""))
    return shares[0], shares[1], words.number(50 * (row.floor_gaining + row.floor_losing), 0)


def reasons(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[str]:
    """The cause that moves trust most in the direction in which an arm clearly moves it; nothing if none does."""
    table, net, parts = comparison.ledger(), comparison.net_effect(), []
    called = words.figure("plots_compare")
    for arm in comparison.compared:
        found = over_cities(net.sel(arm=arm).values, comparison.dataset)
        causes = table[(table.arm == arm) & (table.cause != DRIFT)].set_index("cause")
        pushes = causes.effect * (1 if found.middle > 0 else -1)
        if found.clear and pushes.max() > 0:
            cause = str(pushes.idxmax())
            change = words.spread(read_off(causes.loc[cause]), sign=True)
            parts.append(words.say("answer.reason_part", arm=names[arm], cause=called[cause].replace("\n", " "), change=change))
    return [words.say("answer.reason", parts="; ".join(parts))] if parts else []
