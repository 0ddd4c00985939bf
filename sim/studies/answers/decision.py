"""What a decision analysis of a study found, and the way to disk and back."""

from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from pydantic import with_config
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim.artifacts.artifact import MadeFrom, TablesArtifact
from sim.artifacts.checking import ArtifactKind
from sim.artifacts.provenance import Provenance
from sim.errors import number
from sim.measures.spread import ENOUGH, Spread, read_off
from sim.methods.decision.terciles import TERCILES
from sim.studies.answers.kept import NOTES, Said, notes_table
from sim.studies.answers.possible import read
from sim.studies.design.study import Study
from sim.studies.design.study_files import load_study
from sim.style.html import card, note, table
from sim.world.parameters import CODEBOOK

FOLDER, FILE, STUDY = "decision", "decision.json", "study.yaml"
KIND = ArtifactKind("decision", "Make it again: confianza decide STUDY.yaml or STORE")
OPEN = 0.9  # width of the interval of a share of cities, from which on nothing is known of it
RARE = 0.005  # shares below are "0 of 100"
ZERO = Spread(0.0, nan, nan, nan, nan, 0, 0.0)
SHOWN = 3  # amounts that a unit of benefit may be worth, at which tables are read
FRAMES = (
    "q2", "table", "effects", "curves", "regret", "evpi", "evppi", "intervals", "draws", "pareto", "contested", "budgets", "doses",
)  # fmt: skip
MONEY = {  # columns in thousand pesos, by table
    "table": "cost(_precision|_q05|_q95|_mean)?|per_unit.*", "curves": "pay|net_benefit.*|expected_loss.*", "evpi": "pay|evpi|low|high",
    "regret": "pay|expected|q95|most", "evppi": "pay|evppi|low|high|sd_.*", "draws": "cost", "pareto": "cost", "contested": "net_benefit",
    "budgets": "budget|expected_cost", "doses": "expected_cost|net_benefit|budget",
}  # fmt: skip
FIGURES = ("plane", "acceptability", "loss", "information", "contested", "regret", "pareto")
FILES = (FILE, STUDY, NOTES, *(f"{name}.csv" for name in FRAMES), *(f"{name}.png" for name in FIGURES))


@with_config(extra="allow")
class DecisionFacts(Provenance):
    """How a decision was made, of how much."""

    seconds: float
    adults: int
    draws: int
    replicates: int
    different: int
    effective: float


class DecisionFields(TypedDict):
    """What decision.json says."""

    week: int
    value: dict[str, float]
    unit: str
    arms: list[str]
    budget: float | None
    recommended: str
    notes: list[Said]
    pay: list[float]
    shown: list[float]
    facts: DecisionFacts


@dataclass(frozen=True)
class Decision(TablesArtifact):
    """Which arm of a study is best, how sure that is, and what is worth finding out first.

    Each draw is a possible city. What is told of cities has the middle over them (median) and the range that holds nine of ten (`_q05`,
    `_q95`; nan with fewer than 20 effective draws), luck taken off (see sim/methods/decision/denoise.py), and the precision of the middle
    (half of its 95 % interval: draws and luck), which is no such range.

    Net benefit is willingness to pay x benefit - cost. Benefit is the weighted sum of effects, and cost the effect on the measure
    `cost` (thousand pesos, the whole city, over the horizon), both less those of the arm compared with, whose net benefit is 0. Choosing
    goes by expected values, means over cities. `..._low` and `..._high` of these and of shares of cities, and `low` and `high`, are their
    precision, 95 % intervals: from the draws, from luck and from the emulator together. They are no range over cities.

    study        the study;  week: at whose end effects are read
    value        weights by measure;  unit: what a unit of benefit is called
    pay          41 amounts, thousand pesos for a unit of benefit;  shown: three of them, at a quarter, half and the end of the range
    arms         the arm compared with, then the others
    budget       thousand pesos, or None; arms whose mean cost is above cannot be chosen: they are never best, and have no loss or regret
    recommended  the arm with the greatest expected net benefit in the middle of the range, of those that can be afforded
    facts        versions, source_fingerprint, command, created, seconds (of processor time), adults, draws, replicates, different
                 (draws that differ in the posterior's parameters) and effective (independent draws that they are worth)
    notes        what a reader must know: each a `sim.style.Note`, whose sentence is str(...)
    q2           arm; benefit, cost: share of the variance that its emulator predicts, found as q2_is says; benefit_luck, cost_luck:
                 share of the variance of means over replicates that is luck
    table        arm; benefit, cost: the middle, each with _precision, _q05, _q95, _share_with_sign (of the cities in which it has the sign
                 of the middle) and _mean (its expected value); per_unit (cost of a unit of benefit; nan where its sign is not clear) with
                 _q05 and _q95; effective_draws; affordable; probability_affordable (share of cities; nan without a budget); dominated_by
                 (an arm whose expected benefit is no less at no more expected cost)
    effects      arm, measure, unit; effect: the middle; precision, q05, q95; share_with_sign, share_below_0: of cities; mean; its variance
                 in three parts, variance_calibration (between cities), variance_luck (of one run; both nan with one replicate, where luck
                 is in the range) and variance_arithmetic (of the middle); effective_draws; foretold_by: what helped to take luck off,
                 "emulator", "main effects", or "" if nothing was judged
    curves       pay, arm; net_benefit (expected), probability_best (share of cities), expected_loss, each with _low and _high; frontier:
                 has it the greatest expected net benefit at this pay?
    regret       pay (of shown), arm; expected, q95, most (the 99 % quantile: a maximum would be that of the number of draws); minimax:
                 has it the least `most`?
    evpi         pay, evpi, low, high (thousand pesos), per_adult (pesos)
    evppi        kind (factor or topic), name, pay (of shown), evppi, low, high, share (of the evpi), sd_draws, sd_replicates,
                 sd_emulator, status (of a parameter, "lever", or "" for a topic)
    intervals    of expected values and shares: quantity, arm, pay (of shown), estimate, sd_draws, sd_replicates, sd_emulator, low, high
    draws        point, arm, benefit, cost: luck taken off
    pareto       arm, then the expected effect on each of the measures that are weighed against each other; on_front: is no other arm as
                 good in all and better in one, by expected effects?; probability_on_front: share of cities, with _low and _high;
                 dominated_by
    contested    factor, part (low, middle or high tercile of its draws), arm; net_benefit, probability_best, best: in the middle of the
                 range; turns: is another arm best in another tercile?; probability_same: that the same is best in all three
    budgets      budget, arm (the best that it affords), expected_benefit, expected_cost, probability_best among what it affords
    doses        family (arms with the same reforms: doses, or orders of a sequence), arm, expected_benefit, expected_cost, net_benefit,
                 rank in the family, budget
    """

    KIND, FILE, FIELDS = KIND, FILE, DecisionFields
    TEXT, TABLES = MadeFrom("study", STUDY, load_study), {name: f"{name}.csv" for name in FRAMES}

    study: Study
    week: int
    value: dict[str, float]
    unit: str
    pay: np.ndarray
    shown: tuple[float, float, float]
    arms: list[str]
    budget: float | None
    recommended: str
    facts: dict[str, Any]
    notes: list[Said]
    q2: pd.DataFrame
    table: pd.DataFrame
    effects: pd.DataFrame
    curves: pd.DataFrame
    regret: pd.DataFrame
    evpi: pd.DataFrame
    evppi: pd.DataFrame
    intervals: pd.DataFrame
    draws: pd.DataFrame
    pareto: pd.DataFrame
    contested: pd.DataFrame
    budgets: pd.DataFrame
    doses: pd.DataFrame

    def each_adult(self) -> "Decision":
        """The same with all money in pesos an adult over the horizon: amounts of a city of a size that is nobody's are not for readers."""
        each = 1000 / int(self.facts["adults"])
        tables = {name: getattr(self, name) for name in MONEY}
        made = {
            name: table.assign(**each * table[table.columns[table.columns.str.fullmatch(MONEY[name])]]) for name, table in tables.items()
        }
        budget = None if self.budget is None else each * self.budget
        first, middle, last = (each * pay for pay in self.shown)
        return replace(self, **made, pay=each * self.pay, shown=(first, middle, last), budget=budget)

    def at(self, pay: float | None = None) -> pd.DataFrame:
        """The rows of `curves` at the pay that is nearest, by default in the middle of the range; the best arm first."""
        wanted = self.shown[1] if pay is None else pay
        nearest = self.pay[int(np.abs(self.pay - wanted).argmin())]
        return self.curves[np.isclose(self.curves.pay, nearest)].sort_values("net_benefit", ascending=False, ignore_index=True)

    @property
    def ranged(self) -> bool:
        """Are there enough independent draws for a 5-95 % range?"""
        return bool(self.facts["effective"] >= ENOUGH - 1e-9)

    def spread(self, arm: str, column: str) -> Spread:
        """What cities say of an arm's benefit or cost; of the arm compared with, nothing but 0."""
        rows = self.table[self.table.arm == arm]
        return read(rows.iloc[0], column) if len(rows) else ZERO

    def effect(self, arm: str, measure: str) -> Spread:
        """What cities say of an arm's effect on a measure."""
        rows = self.effects[(self.effects.arm == arm) & (self.effects.measure == measure)]
        return read_off(rows.iloc[0])._replace(many=self.facts["draws"])

    def chance(self, arm: str, pay: float | None = None) -> tuple[float, float, float] | None:
        """Share of the cities in which an arm is the best, with the ends of its interval; None if these runs cannot tell.

        They cannot where nearly any share is possible, or where an arm is best in no city, but in the mean as good as the best.
        """
        row = self.at(pay).set_index("arm").loc[arm]
        share, low, high = (float(row[f"probability_best{end}"]) for end in ("", "_low", "_high"))
        tied = pay in (None, self.shown[1]) and arm in self.facts.get("tied", ())
        return None if high - low > OPEN or (tied and share < RARE) else (share, low, high)

    def frontier(self) -> list[tuple[str, float, float]]:
        """Which arm is best on average from which pay to which. They change where two lines of expected net benefit cross."""
        rows = self.curves[self.curves.frontier].drop_duplicates("pay").sort_values("pay", ignore_index=True)
        net, pay = self.curves.pivot(index="pay", columns="arm", values="net_benefit"), rows.pay.to_numpy()
        found = [(str(rows.arm[0]), float(pay[0]))]
        for place in range(1, len(rows)):
            arm, before = str(rows.arm[place]), found[-1][0]
            if arm != before:
                behind, ahead = (net[before] - net[arm]).to_numpy()[place - 1 : place + 1]
                part = behind / (behind - ahead) if behind > ahead else 0.5  # no crossing: a tie, or a limit of the budget
                found.append((arm, float(pay[place - 1] + min(max(part, 0), 1) * (pay[place] - pay[place - 1]))))
        ends = [low for _, low in found[1:]] + [float(pay[-1])]
        return [(arm, low, high) for (arm, low), high in zip(found, ends, strict=True)]

    def _tables(self) -> dict[str, str]:
        return super()._tables() | {NOTES: notes_table((self.study.name, text) for text in self.notes)}

    def as_json(self) -> dict[str, Any]:
        return super().as_json() | {"pay": self.pay.tolist(), "shown": list(self.shown)}

    @classmethod
    def of(cls, path: Path, content: dict[str, Any], parts: dict[str, Any]) -> Self:
        study: Study = parts["study"]
        if content["arms"] != list(study.sweep_arms()) or content["recommended"] not in content["arms"]:
            raise KIND.damaged(path, "its arms are not those of its study")
        if "benefit_q05" not in parts["table"]:
            raise KIND.damaged(path, "its tables are of an older version, without the range over possible cities")
        if len(content["shown"]) != SHOWN or not len(content["pay"]) or content["week"] not in study.at or not content["value"]:
            raise KIND.damaged(path, "it does not say what a unit of benefit is worth, or when")
        return super().of(path, content | {"pay": np.array(content["pay"], float), "shown": tuple(content["shown"])}, parts)

    def __repr__(self) -> str:
        row = self.at().set_index("arm").loc[self.recommended]
        return f"<Decision of '{self.study.name}': {self.recommended}, best in {100 * row.probability_best:.0f} of 100 possible cities>"

    def _repr_html_(self) -> str:
        """The recommendation, the arms and what to find out first, in a notebook."""
        middle = self.at()
        chance = float(middle.set_index("arm").probability_best[self.recommended])
        evpi = float(np.interp(self.shown[1], self.pay, self.evpi.evpi))
        facts = (
            ("Question", self.study.question),
            ("Recommended", f"{self.recommended} (best in {100 * chance:.0f} of 100 possible cities), if a {self.unit} is worth "
                            f"{number(self.shown[1])} thousand pesos"),
            ("To know which city it is", f"would be worth {evpi:,.0f} thousand pesos, on average"),
        )  # fmt: skip
        first = self.evppi[(self.evppi.kind == "factor") & np.isclose(self.evppi.pay, self.shown[1])]
        parts = [
            table(
                self.table.drop(columns=["affordable", "probability_affordable", "effective_draws"]),
                caption="Benefit and cost: middle, its precision, and 5-95 % of possible cities",
            ),
            table(middle.drop(columns="pay"), caption=f"At {number(self.shown[1])} thousand pesos for a {self.unit}, expected"),
            table(
                first.nlargest(8, "evppi")[["name", "evppi", "low", "high", "status"]], caption="What to find out first (thousand pesos)"
            ),
            *(note(str(text)) for text in self.notes),
        ]
        return card(f"Decision: {self.study.name}", facts, *parts)


def pick(frame: pd.DataFrame, pay: float) -> pd.DataFrame:
    """The rows of a frame for one willingness to pay."""
    return frame[np.isclose(frame.pay, pay)]


def turning(decision: Decision) -> pd.DataFrame:
    """A row a factor, those that turn the choice first: factor, turns, probability_same, and of each tercile the best arm and how often
    it is best (low_arm, low_probability, ...).
    """
    rows = []
    for factor, own in decision.contested.groupby("factor", sort=False):
        best = own[own.best.astype(bool)].drop_duplicates("part").set_index("part")
        parts = {
            f"{part}_{what}": best[column].get(part)
            for part in TERCILES
            for what, column in (("arm", "arm"), ("probability", "probability_best"))
        }
        rows.append({"factor": factor, "turns": bool(own.turns.iloc[0])} | parts)
    made = pd.DataFrame(rows, columns=None if rows else ["factor", "turns"])
    return made.sort_values("turns", ascending=False, kind="stable").reset_index(drop=True)


def meanings(study: Study) -> dict[str, str]:
    """What each factor of a study is, in a sentence without its full stop."""
    texts = {factor.name: factor.description for factor in study.factors()}
    texts |= {name: known.description for name, known in CODEBOOK.items()}
    return {name: text.partition(". ")[0].rstrip(".") for name, text in texts.items()}
