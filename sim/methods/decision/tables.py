"""Tables of a choice between options: what each is worth, how likely it is best, and what it is worth to know more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from sim.methods.decision.choice import PerDraw, best_of
from sim.methods.decision.front import dominates
from sim.methods.decision.outcomes import Outcomes, Verdict, judged
from sim.methods.decision.partial import effective, partial

NORMAL = 1.96


@dataclass(frozen=True)
class Choice:
    """What the tables are made of.

    options   K names; the first is what the others are compared with
    budget    what the mean cost of an option may be, or None;  pays: what a unit of benefit may be worth
    """

    options: list[str]
    outcomes: Outcomes
    budget: float | None
    pays: np.ndarray

    @cached_property
    def allowed(self) -> np.ndarray:
        """K, bool: options whose mean cost is within the budget; the one compared with always is."""
        cost = self.outcomes.split(self.outcomes.known.runs.mean.mean(axis=0))[1]
        return np.ones(len(cost), bool) if self.budget is None else cost <= self.budget

    @cached_property
    def verdict(self) -> Verdict:
        """At all pays."""
        return judged(self.outcomes, self.pays, self.allowed)

    @cached_property
    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean benefit and cost of all options."""
        return self.verdict.found["benefit"], self.verdict.found["cost"]

    def first(self, net: np.ndarray, allowed: np.ndarray) -> int:
        """The allowed option with the greatest expected net benefit (K); of equals one that no other allowed one dominates, the first."""
        best = np.flatnonzero(best_of(net, allowed)[0] > 0)
        return int(next((option for option in best if not self.dominated[option, allowed].any()), best[0]))

    @cached_property
    def dominated(self) -> np.ndarray:
        """K x K: does option l have no less benefit than option k at no more cost, and not the same of both?"""
        return dominates(np.column_stack([self.means[0], -self.means[1]]))

    def ends(self, name: str, low: float = -np.inf, high: float = np.inf) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A quantity with the ends of its interval, within what is possible."""
        found, sd = self.verdict.found[name], self.verdict.spread.total[name]
        if name == "probability_best":
            below, above = share_ends(found, sd, effective(self.outcomes.clusters))
            return found, below, np.where(self.allowed, above, 0.0)
        return found, np.clip(found - NORMAL * sd, low, high), np.clip(found + NORMAL * sd, low, high)


def share_ends(share: np.ndarray, sd: np.ndarray, draws: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the 95 % intervals of shares of draws, from their standard deviations.

    Where hardly any of so many independent draws are meant, or nearly all, they do not differ enough to tell their standard deviation:
    there an interval is at least that of Jeffreys.

    >>> [round(end.item(), 3) for end in share_ends(np.zeros(1), np.zeros(1), 100)]
    [0.0, 0.025]
    """
    from scipy.special import betaincinv  # here, because it takes long to import

    low, high, hits = share - NORMAL * sd, share + NORMAL * sd, draws * share
    rare = hits * (1 - share) < 1
    low, high = (
        np.where(rare, widest(end, betaincinv(hits + 0.5, draws - hits + 0.5, level)), end)
        for end, level, widest in ((low, 0.025, np.minimum), (high, 0.975, np.maximum))
    )
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def frame(**columns: object) -> pd.DataFrame:
    """A table; a column given as a triple is spread over name, name_low and name_high."""
    made: dict[str, object] = {}
    for name, column in columns.items():
        names = (name, f"{name}_low", f"{name}_high")
        made |= dict(zip(names, column, strict=True)) if isinstance(column, tuple) else {name: column}
    return pd.DataFrame(made)


def curves(choice: Choice, called: str) -> pd.DataFrame:
    """What each option is worth at each pay, and how likely it is to be best. called: the column of options."""
    net, best, loss = choice.ends("net_benefit"), choice.ends("probability_best"), choice.ends("expected_loss", 0)
    rows = [
        frame(
            pay=pay, **{called: choice.options}, net_benefit=_row(net, k), probability_best=_row(best, k), expected_loss=_row(loss, k),
            frontier=np.arange(len(choice.options)) == choice.first(net[0][k], choice.allowed),
        )
        for k, pay in enumerate(choice.pays)
    ]  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def _row(three: tuple[np.ndarray, ...], k: int) -> tuple[np.ndarray, ...]:
    return tuple(each[k] for each in three)


def evpi(choice: Choice) -> pd.DataFrame:
    """What it would be worth to know everything."""
    found, low, high = choice.ends("evpi", 0)
    return pd.DataFrame({"pay": choice.pays, "evpi": found, "low": low, "high": high})


def evppi(choice: Choice, groups: Sequence[np.ndarray], places: Sequence[int]) -> list[pd.DataFrame]:
    """What it would be worth to know each group of factors (d, bool): a table each, with a row for each of these places among pays."""
    chosen = list(places)
    made = partial(choice.outcomes, at(choice.verdict, chosen), groups)
    whole, most = choice.verdict.found["evpi"][chosen], choice.ends("evpi", 0)[2][chosen]
    rows = []
    for one in made:
        worth = np.minimum(one.worth, whole)
        half = NORMAL * np.sqrt(one.draws**2 + one.replicates**2 + one.emulator**2)
        rows.append(frame(
            pay=choice.pays[chosen], evppi=worth, low=np.maximum(worth - half, 0), high=np.minimum(worth + half, most),
            share=np.divide(worth, whole, out=np.zeros_like(worth), where=whole > 0),
            sd_draws=one.draws, sd_replicates=one.replicates, sd_emulator=one.emulator,
        ))  # fmt: skip
    return rows


def at(verdict: Verdict, places: list[int]) -> Verdict:
    """The same at some of the pays alone."""
    draws, raw = (PerDraw(one.benefit, one.cost, one.best[:, places], one.top[:, places]) for one in (verdict.draws, verdict.raw))
    return replace(verdict, pays=verdict.pays[places], draws=draws, raw=raw)
