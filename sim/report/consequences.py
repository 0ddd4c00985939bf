"""What a comparison says on its first page beside effects: what each reform costs, who gains and who loses, and through what."""

from collections.abc import Mapping

from sim.measures.spread import read_off
from sim.report.words import Words
from sim.studies.answers.comparison import Comparison
from sim.studies.running.effects import over_cities

DRIFT = "drift"  # the way back to the usual trust answers what other causes did; it is no reason by itself


def sentences(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[str]:
    """Sentences: costs, losers and winners, the cause that moves trust most in each arm that clearly moves it."""
    return [cost(comparison, names, words), *moved(comparison, names, words), *reasons(comparison, names, words)]


def cost(comparison: Comparison, names: Mapping[str, str], words: Words) -> str:
    """What each arm costs more over the whole run, in the city as it was run."""
    table = comparison.costs().drop_duplicates("arm").set_index("arm")
    parts = "; ".join(f"{names[arm]} {words.spread(read_off(table.loc[arm], 'money', 'money_'))}" for arm in comparison.compared)
    attrs = comparison.dataset.attrs
    duration = words.duration(int(comparison.dataset.week[-1]) + 1)
    return words.say("answer.cost", duration=duration, adults=words.number(int(attrs["adults"])), parts=parts)


def moved(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[str]:
    """How many of 100 adults each arm leaves with more trust, and how many with less; nothing if it moves nobody."""
    if not (comparison.gainers()[["share_gaining", "share_losing"]] > 0).any(axis=None):
        return []
    parts = "; ".join(shares(comparison, names, words))
    return [words.say("answer.moved", baseline=names[comparison.study.vs], parts=parts)]


def shares(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[str]:
    """How many of 100 adults gain trust in each arm, and how many lose some."""
    table, parts = comparison.gainers().set_index("arm"), []
    for arm in comparison.compared:
        found = {key: words.number(100 * float(table[f"share_{key}"][arm]), 0) for key in ("gaining", "losing")}
        parts.append(words.say("answer.moved_part", arm=names[arm], **found))
    return parts


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
