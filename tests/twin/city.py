"""Who and what there is (section 2): plain objects in lists, and the city that holds them."""

from dataclasses import dataclass, field
from math import ceil, exp, floor, log, sqrt

import numpy as np

from .chance import normals, stretched, uniforms

NEVER = -30_000
NOT_STATED = -9.0
SLOTS = 32  # encounters an officer can have in a week
CAUSES = ("contact", "hearsay", "victimization", "response", "drift", "intervention", "trend")
DIMENSIONS = ("fairness", "effectiveness")
BAD, NEUTRAL, GOOD = range(3)  # how an encounter is felt


def logistic(x: float) -> float:
    """Log-odds as a probability."""
    return 1 / (1 + exp(-x))


def single(x: float) -> float:
    """A number as 32 bits hold it."""
    return float(np.float32(x))


def clip(x: float, low: float, high: float) -> float:
    """A number cut to a range."""
    return min(max(x, low), high)


def pulled(disposition: float, pull: float) -> float:
    """A disposition after what moves it: a share of the gap to 1, or of itself if negative (section 5)."""
    return disposition + pull * (1 - disposition) if pull > 0 else disposition + pull * disposition


@dataclass(slots=True)
class Citizen:
    """An adult."""

    home: int
    fairness_disposition: float
    effectiveness_disposition: float
    exposure_cumulative: float
    stop_exposure_cumulative: float
    reporting_propensity: float
    answering_style: float
    fairness: float = 0.0
    effectiveness: float = 0.0
    last_stop: int = NEVER
    last_corrupt_stop: int = NEVER
    last_victimized: int = NEVER
    last_report: int = NEVER
    stop_treatment: int = 0
    report_outcome: int = 0


@dataclass(slots=True)
class Officer:
    """A post in the force and whoever holds it."""

    squad: int
    beat: int
    cell: int
    deviation: float
    honesty_deviation: float
    community: bool
    conduct: float = 0.0
    honesty: float = 0.0
    training: float = 0.0
    knowledge: float = 0.0
    attitude: float = 0.0
    active: bool = True
    vacant_weeks: int = 0
    complaints: int = 0
    identity: int = 0
    encounters: int = 0


@dataclass(slots=True)
class Squad:
    """Officers who shape each other's conduct."""

    effect: float
    honesty_effect: float
    command: float = 0.0
    conduct_sum: float = 0.0
    honesty_sum: float = 0.0
    members: int = 0


@dataclass(slots=True)
class Offender:
    """Somebody who may commit one crime a week."""

    home: int
    cell: int
    propensity: float
    perceived_risk: float
    jail_weeks: int = 0
    origin: int = 0
    program: float = 0.0
    entered: int = 0
    leaves: int = 0
    identity: int = 0
    last_arrest: int = NEVER
    arrest_conduct: int = 0


@dataclass(slots=True)
class Cell:
    """A street segment; `residents` are rows of citizens."""

    smooth: float
    own: float
    opportunity_own: float
    stated_opportunity: float = NOT_STATED
    stated_exposure: float = NOT_STATED
    stated_trust: float = NOT_STATED
    place: float = 0.0
    opportunity: float = 0.0
    pull: float = 0.0
    homes_cumulative: float = 0.0
    exposure_cumulative: float = 0.0
    stop_exposure_cumulative: float = 0.0
    memory: float = 0.0
    residents: list[int] = field(default_factory=list)
    officers: int = 0
    attraction: float = 0.0
    memory_cumulative: float = 0.0
    climate_fairness: float = 0.0
    climate_effectiveness: float = 0.0
    climate: float = 0.0
    recorded: int = 0
    arrests: int = 0
    crimes: int = 0
    stops: int = 0

    @property
    def first_resident(self) -> int:
        """The lowest row of those who live here."""
        return self.residents[0]


@dataclass(slots=True)
class Crime:
    """This week's crime of the offender of the same row; `victim` -1: none."""

    victim: int = -1
    cell: int = 0
    serious: bool = False
    loss: float = 0.0
    reported: bool = False
    hearing: bool = False
    filed: bool = False
    well_treated: bool = False
    solved: bool = False


@dataclass(slots=True)
class Encounter:
    """A stop (kind 0) or a community contact (kind 1); conduct 0 corrupt, 1 unfair, 2 fair; felt 0 bad, 1 neutral, 2 good."""

    citizen: int = 0
    kind: int = 0
    conduct: int = 0
    felt: int = BAD


class City:
    """The tables, the torus, the luck of the tick, and the ledger of every change of trust."""

    def __init__(self, parameters, *, adults: int, seed: int, width: int | None, height: int | None, adults_per_cell: float):
        self.parameters, self.adults, self.seed, self.tick = parameters, adults, seed, 0
        self.width = width if width else max(3, floor(sqrt(adults / adults_per_cell) + 0.5))
        self.height = height if height else max(3, ceil(adults / (adults_per_cell * self.width)))
        if self.width * self.height > adults:
            raise ValueError(f"{adults} adults leave some of {self.width * self.height} cells without residents")
        self.citizens: list[Citizen] = []
        self.officers: list[Officer] = []
        self.squads: list[Squad] = []
        self.offenders: list[Offender] = []
        self.cells: list[Cell] = []
        self.crimes: list[Crime] = []
        self.encounters: list[Encounter] = []
        self.ledger = {cause: {dimension: [0.0, 0.0] for dimension in DIMENSIONS} for cause in CAUSES}
        self.trend = [0.0, 0.0]  # common to all institutions; of the police alone

    def u(self, decision: int, actor: int, index: int, word: int = 0) -> float:
        """A uniform number of this tick: that of a word (0 to 3) of a block."""
        return uniforms(self.seed, int(decision), self.tick, actor, index)[word]

    def n(self, decision: int, actor: int, index: int) -> float:
        """A standard normal number of this tick."""
        return self.normals(decision, actor, index)[0]

    def normals(self, decision: int, actor: int, index: int) -> list[float]:
        """The four standard normal numbers of a block of this tick."""
        return normals(self.seed, int(decision), self.tick, actor, index)

    def near(self, cell: int, radius: float, u: float) -> tuple[int, float]:
        """The cell that a uniform chooses from the square around a cell, wrapping round, and the remainder (7.1)."""
        side = 2 * int(radius) + 1
        t = u * side
        s = (t - floor(t)) * side
        x = cell % self.width + floor(t) - int(radius)
        y = cell // self.width + floor(s) - int(radius)
        return (y % self.height) * self.width + x % self.width, s - floor(s)

    def resident(self, cell: int, u: float) -> tuple[int, float]:
        """The resident of a cell that a uniform chooses, and what is left of it (7.7)."""
        residents = self.cells[cell].residents
        x = u * len(residents)
        return residents[floor(x)], x - floor(x)

    def passer_by_or_resident(self, column: str, cell: int, u: float, ambient_share: float) -> int:
        """One of all adults with this chance, otherwise one of a cell's residents, by one uniform (7.3)."""
        ambient, u = stretched(u, ambient_share)
        return self.chosen_by_exposure(column, u) if ambient else self.resident_by_exposure(column, cell, u)

    def chosen_by_exposure(self, column: str, u: float) -> int:
        """One of all adults, in proportion to what a column sums up, and to what places add to it (7.3)."""
        before, mark = 0.0, u * getattr(self.cells[-1], column)
        for c, cell in enumerate(self.cells):
            running = getattr(cell, column)
            if running > mark or c == len(self.cells) - 1:
                return self.resident_by_exposure(column, c, (mark - before) / (running - before))
            before = running
        raise AssertionError("a city without cells")

    def resident_by_exposure(self, column: str, cell: int, v: float) -> int:
        """One of the residents of a cell, in proportion to what a column sums up (7.3)."""
        residents = self.cells[cell].residents
        mark = v * getattr(self.citizens[residents[-1]], column)
        for i in residents:
            if getattr(self.citizens[i], column) > mark:
                return i
        return residents[-1]

    def standing(self, i: int) -> float:
        """How much more often than others somebody is stopped, as a log (7.3)."""
        citizen = self.citizens[i]
        before = 0.0 if i == self.cells[citizen.home].first_resident else self.citizens[i - 1].stop_exposure_cumulative
        return log(max(citizen.stop_exposure_cumulative - before, 1e-6))

    def home_of_offender(self, u: float) -> int:
        """Where somebody lives who offends: a uniform's place in the running sum of homes (section 5)."""
        mark = u * self.cells[-1].homes_cumulative
        for c, cell in enumerate(self.cells):
            if cell.homes_cumulative > mark:
                return c
        return len(self.cells) - 1

    def propensity(self, z: float) -> float:
        """Crimes a week without deterrence of somebody who begins, made of a normal (section 5)."""
        return exp(self.parameters.offending.propensity_log_mean + self.parameters.offending.propensity_log_sd * z)

    def career_weeks(self, u: float) -> int:
        """How long somebody stays an offender (section 5)."""
        rate = self.parameters.offending.exit_rate
        return min(floor(-log(u) / rate), 3120)

    def mix(self, first: float, second: float) -> float:
        """A normal as alike to the first as honesty is to courtesy (section 5)."""
        r = self.parameters.conduct.dials_correlation
        return r * first + sqrt(1 - r * r) * second

    def change(self, citizen: Citizen, dimension: str, change: float, cause: str) -> None:
        """Change trust and book it: the ledger has the sum of changes, and of their sizes."""
        setattr(citizen, dimension, getattr(citizen, dimension) + change)
        self.book(cause, dimension, change)

    def book(self, cause: str, dimension: str, change: float) -> None:
        """Write a change into the ledger."""
        booked = self.ledger[cause][dimension]
        booked[0] += change
        booked[1] += abs(change)

    def climate(self) -> None:
        """The mean trust of each cell's residents (7.8)."""
        w = self.parameters.trust.effectiveness_weight
        for cell in self.cells:
            residents = [self.citizens[i] for i in cell.residents]
            fairness = effectiveness = 0.0
            for citizen in residents:  # not sum(): since Python 3.12 that compensates, and the text adds in row order
                fairness += citizen.fairness
                effectiveness += citizen.effectiveness
            cell.climate_fairness = fairness / len(residents)
            cell.climate_effectiveness = effectiveness / len(residents)
            cell.climate = (1 - w) * cell.climate_fairness + w * cell.climate_effectiveness

    def sum_memory(self) -> None:
        """The running sum of the hot-spot map."""
        total = 0.0
        for cell in self.cells:
            total += cell.memory
            cell.memory_cumulative = total

    def felt(self, conduct: int, fairness: float) -> tuple[float, float, float]:
        """The chances that conduct (0 corrupt, 1 unfair, 2 fair) is felt bad, neutral and good (7.3)."""
        e = self.parameters.encounter
        b = (e.felt_if_corrupt, e.felt_if_unfair, e.felt_if_fair)[conduct]
        z = b + e.perception_slope * (fairness - 0.5)
        not_bad, good = logistic(z), logistic(z - e.neutral_width)
        return 1 - not_bad, not_bad - good, good

    def chances_of_conduct(self, courtesy: float, honesty: float) -> tuple[float, float, float]:
        """The chances of corrupt, unfair and fair conduct (7.3)."""
        corrupt = logistic(-honesty)
        fair = (1 - corrupt) * logistic(courtesy)
        return corrupt, 1 - corrupt - fair, fair

    def chance_of_crime(self, offender: Offender, risk: float, officers: int, climate: float) -> float:
        """The chance that an offender who is there offends (7.4)."""
        o = self.parameters.offending
        drive = offender.propensity * (1 - offender.program) * exp(-o.risk_slope * risk)
        return 1 - exp(-drive * exp(-o.presence_weight * officers - o.control_slope * climate))
