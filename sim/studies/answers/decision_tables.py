"""The tables of a decision."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from sim.inputs.reforms import name_of
from sim.measures.spread import Spread
from sim.methods import how_judged
from sim.methods.decision import tables
from sim.methods.decision.choice import SAME, PerDraw, net_benefit
from sim.methods.decision.denoise import Runs
from sim.methods.decision.outcomes import Outcomes
from sim.methods.decision.partial import effective
from sim.methods.decision.tables import NORMAL, Choice, frame
from sim.methods.decision.terciles import TERCILES, terciles
from sim.studies.answers.possible import columns, ends, spreads
from sim.studies.design.factors import Factor
from sim.studies.design.study import Study
from sim.world.parameters import CODEBOOK

MIDDLE = 1  # of the pays that are shown
MOST_LEVERS = 6  # whose terciles are shown beside those of contested parameters
ALWAYS = ("purge.turn_to_crime",)


@dataclass(frozen=True)
class ArmChoice(Choice):
    """The choice between the arms of a study; shown: three of the pays."""

    study: Study
    factors: tuple[Factor, ...]
    shown: tuple[float, float, float]

    @property
    def arms(self) -> list[str]:
        """The options."""
        return self.options

    @cached_property
    def places(self) -> list[int]:
        """Where the pays that are shown are among all."""
        return [int(np.abs(self.pays - pay).argmin()) for pay in self.shown]

    @property
    def recommended(self) -> str:
        """The arm with the greatest expected net benefit in the middle of the range."""
        return self.arms[self.first(self.verdict.found["net_benefit"][self.places[MIDDLE]], self.allowed)]

    def clusters_of(self, runs: Runs) -> np.ndarray:
        """For each draw that has these runs, the number of those that are like it."""
        return np.unique(self.outcomes.clusters[runs.kept], return_inverse=True)[1].ravel()

    @cached_property
    def possible(self) -> np.ndarray:
        """s x n x 2 (arms - 1): what is possible of benefits, then of costs."""
        return np.concatenate([part[..., 1:] for part in self.outcomes.possible], axis=-1)

    @cached_property
    def spreads(self) -> tuple[list[Spread], list[Spread]]:
        """What the draws say of the benefit and of the cost of all arms but the first."""
        expected = np.concatenate([mean[1:] for mean in self.means])
        found = [
            own._replace(mean=float(mean))
            for own, mean in zip(spreads(self.outcomes.known, self.possible, self.outcomes.clusters), expected, strict=True)
        ]
        return found[: len(found) // 2], found[len(found) // 2 :]


def default_pay(outcomes: Outcomes, times: float) -> tuple[float, float]:
    """From 0 to a round number, some times what the arm costs that gives a unit of benefit for least."""
    mean = outcomes.known.runs.mean
    benefit, cost = (each[1:] for each in outcomes.split(mean.mean(axis=0)))
    half = outcomes.split(NORMAL * mean.std(axis=0, ddof=1) / len(mean) ** 0.5)[0][1:]
    useful = (benefit > half) & (cost > 0)
    unit = float((cost[useful] / benefit[useful]).min()) if useful.any() else float(np.abs(cost).max() / max(np.abs(benefit).max(), 1e-12))
    return 0.0, rounded(times * unit if unit > 0 else 1.0)


def rounded(value: float) -> float:
    """The least of 1, 2, 5, 10, 20, 50, ... that is no less.

    >>> rounded(1300.0), rounded(0.04), rounded(500.0)
    (2000.0, 0.05, 500.0)
    """
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value * (1 - 1e-12)))


def q2(choice: ArmChoice) -> pd.DataFrame:
    """How good the emulators are, and how much is luck."""
    nothing = np.nan if choice.outcomes.unjudged else 0.0
    found = np.array([nothing if one is None else one.q2 for one in choice.outcomes.emulators]).reshape(2, -1)
    luck = choice.outcomes.known.runs.share.reshape(2, -1)
    judged = str(how_judged(int(choice.outcomes.validation.sum())))
    return frame(arm=choice.arms[1:], benefit=found[0], cost=found[1], benefit_luck=luck[0], cost_luck=luck[1], q2_is=judged)


def table(choice: ArmChoice) -> pd.DataFrame:
    """Benefit and cost, what a unit costs, and what is outdone."""
    whole, draws = choice.outcomes.possible, effective(choice.outcomes.clusters)
    within = np.full(len(choice.arms), np.nan) if choice.budget is None else (whole[1] <= choice.budget).mean(axis=(0, 1))
    rows = []
    for place, (arm, benefit, cost) in enumerate(zip(choice.arms[1:], *choice.spreads, strict=True), start=1):
        with np.errstate(divide="ignore", invalid="ignore"):  # an arm may cost nothing
            bought = ends(whole[0][..., place] / whole[1][..., place], draws)
        rows.append({
            "arm": arm, **columns(benefit, "benefit"), **columns(cost, "cost"), **price(benefit, cost, bought), "effective_draws": draws,
            "affordable": choice.allowed[place], "probability_affordable": within[place],
            "dominated_by": next((choice.arms[one] for one in np.flatnonzero(choice.dominated[place])), ""),
        })  # fmt: skip
    return pd.DataFrame(rows)


def price(benefit: Spread, cost: Spread, bought: tuple[float, float]) -> dict[str, float]:
    """Cost of a unit of benefit and its range over cities; nan where its sign is not clear: what does harm, or nothing, has no price.

    bought  range of the benefit for a unit of cost, which is turned over: unlike prices it stays finite where a benefit is near 0
    """
    price, low, high = np.nan, np.nan, np.nan
    if benefit.clear and benefit.middle > 0 and cost.middle > 0:
        price = cost.middle / benefit.middle
        if bought[0] > 0:
            low, high = 1 / bought[1], 1 / bought[0]
    return {"per_unit": price, "per_unit_q05": low, "per_unit_q95": high}


def regret(choice: ArmChoice) -> pd.DataFrame:
    """How much an arm falls short of the best one, over all that is possible."""
    rows = []
    for pay, place in zip(choice.shown, choice.places, strict=True):
        net = net_benefit(*choice.outcomes.possible, pay)[..., choice.allowed].reshape(-1, int(choice.allowed.sum()))
        short = net.max(axis=1, keepdims=True) - net
        found = np.full((3, len(choice.arms)), np.nan)
        found[1:, choice.allowed] = np.quantile(short, [0.95, 0.99], axis=0)
        found[0] = choice.verdict.found["expected_loss"][place]
        least: np.ndarray = found[2] <= np.nanmin(found[2]) + SAME * np.nanmax(found[2])
        rows.append(frame(pay=pay, arm=choice.arms, expected=found[0], q95=found[1], most=found[2], minimax=least))
    return pd.concat(rows, ignore_index=True)


def evpi(choice: ArmChoice) -> pd.DataFrame:
    """What it would be worth to know everything."""
    found = tables.evpi(choice)
    return found.assign(per_adult=1000 * found.evpi / choice.study.base.city.adults)


def groups(choice: ArmChoice) -> list[tuple[str, str, np.ndarray]]:
    """Factors and topics: kind, name, and which factors they are. The levers of a reform are a topic, as "purge (reform)"."""
    each: np.ndarray = np.eye(len(choice.factors), dtype=bool)
    topics: dict[str, np.ndarray] = {}
    for row, factor in zip(each, choice.factors, strict=True):
        name = factor.topic if factor.kind == "parameter" else f"{factor.topic} (reform)"
        topics[name] = topics.get(name, np.zeros(len(each), bool)) | row
    alone = [("factor", factor.name, row) for row, factor in zip(each, choice.factors, strict=True)]
    return alone + [("topic", name, row) for name, row in topics.items()]


def status(name: str) -> str:
    """The status of a parameter, or "lever"."""
    return CODEBOOK[name].status if name in CODEBOOK else "lever"


def evppi(choice: ArmChoice) -> pd.DataFrame:
    """What it would be worth to know one thing; the most valuable in the middle of the range first."""
    asked = groups(choice)
    rows = []
    for (kind, name, _), one in zip(asked, tables.evppi(choice, [row for _, _, row in asked], choice.places), strict=True):
        rows_of = one.assign(kind=kind, name=name, pay=np.array(choice.shown), status=status(name) if kind == "factor" else "")
        rows.append(rows_of[["kind", "name", *one.columns, "status"]])
    found = pd.concat(rows, ignore_index=True)
    middle = found[found.pay == choice.shown[MIDDLE]].set_index(["kind", "name"]).evppi
    order = [-middle[kind, name] for kind, name in zip(found.kind, found.name, strict=True)]
    found = found.assign(order=order).sort_values(["kind", "order", "name", "pay"], kind="stable", ignore_index=True)
    return found.drop(columns="order")


def intervals(choice: ArmChoice) -> pd.DataFrame:
    """Every estimate with what makes it uncertain, apart."""
    rows, spread, found = [], choice.verdict.spread, choice.verdict.found
    for name in found:
        _, low, high = choice.ends(name, *{"expected_loss": (0,), "evpi": (0,)}.get(name, ()))
        for pay, place in [(np.nan, ...)] if name in ("benefit", "cost") else zip(choice.shown, choice.places, strict=True):
            parts = {f"sd_{part}": getattr(spread, part)[name][place] for part in ("draws", "replicates", "emulator")}
            arms = [""] if name == "evpi" else choice.arms
            columns = {"estimate": found[name][place], **parts, "low": low[place], "high": high[place]}
            rows.append(frame(quantity=name, arm=arms, pay=pay, **{key: np.atleast_1d(column) for key, column in columns.items()}))
    return pd.concat(rows, ignore_index=True)


def draws(choice: ArmChoice) -> pd.DataFrame:
    """Each draw, luck taken off: the mean of what is possible there, moved from that of all so far that draws differ as cities do."""
    possible = choice.possible
    each, middle = possible.mean(axis=0), possible.mean(axis=(0, 1))
    apart = each.std(axis=0)
    wider = np.divide(possible.std(axis=(0, 1)), apart, out=np.ones_like(apart), where=apart > SAME * np.abs(middle))
    benefit, cost = choice.outcomes.split(choice.outcomes.without_gifts(middle + wider * (each - middle)))
    points = np.flatnonzero(choice.outcomes.known.runs.kept)
    arms = choice.arms[1:]
    return frame(
        point=np.repeat(points, len(arms)), arm=np.tile(np.array(arms, object), len(points)), benefit=benefit[:, 1:].ravel(),
        cost=cost[:, 1:].ravel(),
    )  # fmt: skip


def contested(choice: ArmChoice, worth: pd.DataFrame) -> pd.DataFrame:
    """The ranking where contested parameters, and levers that it may pay to know, are low, middling and high."""
    middle = worth[(worth.kind == "factor") & (worth.pay == choice.shown[MIDDLE])]
    levers = middle[(middle.status == "lever") & (middle.evppi > 0)].name.head(MOST_LEVERS).tolist()
    names = [factor.name for factor in choice.factors]
    wanted = [name for name in names if status(name) == "contested" or name in ALWAYS or name in levers]
    made = terciles(choice.outcomes, choice.verdict, choice.places[MIDDLE], [names.index(name) for name in wanted])
    rows = []
    for name, one in zip(wanted, made, strict=True):
        for tercile, part in enumerate(TERCILES):
            best = np.arange(len(choice.arms)) == one.first[tercile]
            columns = frame(
                factor=name, part=part, arm=choice.arms, net_benefit=one.net[tercile], probability_best=one.best[tercile], best=best
            )
            rows.append(columns.assign(turns=one.turns, probability_same=one.same))
    empty = ["factor", "part", "arm", "net_benefit", "probability_best", "best", "turns", "probability_same"]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=empty)


def budgets(choice: ArmChoice) -> pd.DataFrame:
    """The best arm for each amount at which one more can be afforded, in the middle of the range."""
    benefit, cost = choice.means
    net, rows = choice.verdict.found["net_benefit"][choice.places[MIDDLE]], []
    for budget in np.unique(np.maximum(cost, 0.0)):
        allowed = cost <= budget
        best = choice.first(net, allowed)
        chance = PerDraw.of(*choice.outcomes.possible, np.array([choice.shown[MIDDLE]]), allowed).best[:, 0, best].mean()
        rows.append((budget, choice.arms[best], benefit[best], cost[best], chance))
    return pd.DataFrame(rows, columns=["budget", "arm", "expected_benefit", "expected_cost", "probability_best"])


def doses(choice: ArmChoice) -> pd.DataFrame:
    """Arms that have the same reforms, in other doses or another order: ranked by net benefit in the middle of the range."""
    benefit, cost = choice.means
    net, families = choice.verdict.found["net_benefit"][choice.places[MIDDLE]], dict[str, list[int]]()
    for place, arm in enumerate(choice.arms):
        made = choice.study.all_arms()[arm]
        if made:
            families.setdefault(" + ".join(sorted({name_of(reform) for reform in made})), []).append(place)
    rows = []
    for family, places in families.items():
        for rank, place in enumerate(sorted(places, key=lambda one: -net[one]), start=1):
            rows.append((family, choice.arms[place], benefit[place], cost[place], net[place], rank, cost[place]))
    return pd.DataFrame(rows, columns=["family", "arm", "expected_benefit", "expected_cost", "net_benefit", "rank", "budget"])
