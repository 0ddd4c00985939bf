"""Who and what there is (section 2): plain objects in lists, and the city that holds them."""

from dataclasses import dataclass, field
from math import ceil, exp, floor, sqrt

from sim.world.rng import draw

from .chance import normal, word_uniform

NEVER = -1_000_000
SLOTS = 32  # encounters an officer can have in a week
CAUSES = ("contact", "hearsay", "victimization", "response", "drift", "intervention")
DIMENSIONS = ("fairness", "effectiveness")


def logistic(x: float) -> float:
    """Log-odds as a probability."""
    return 1 / (1 + exp(-x))


@dataclass(slots=True)
class Citizen:
    """An adult."""

    home: int
    fairness_disposition: float
    effectiveness_disposition: float
    exposure_cumulative: float
    fairness: float = 0.0
    effectiveness: float = 0.0
    last_stop: int = NEVER
    last_corrupt_stop: int = NEVER
    last_victimized: int = NEVER


@dataclass(slots=True)
class Officer:
    """A post in the force and whoever holds it."""

    squad: int
    beat: int
    cell: int
    deviation: float
    community: bool
    conduct: float = 0.0
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
    command: float = 0.0
    conduct_sum: float = 0.0
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


@dataclass(slots=True)
class Cell:
    """A street segment; `residents` are rows of citizens."""

    opportunity: float
    memory: float
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
    """A stop (kind 0) or a community contact (kind 1); conduct 0 corrupt, 1 unfair, 2 fair."""

    citizen: int = 0
    kind: int = 0
    conduct: int = 0
    felt_fair: bool = False


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

    def u(self, decision: int, actor: int, index: int) -> float:
        """A uniform number of this tick."""
        return draw(self.seed, int(decision), self.tick, actor, index)

    def word(self, decision: int, actor: int, block: int, word: int) -> float:
        """The uniform of a word of a block of this tick."""
        return word_uniform(self.seed, int(decision), self.tick, actor, block, word)

    def n(self, decision: int, actor: int, index: int) -> float:
        """A standard normal number of this tick."""
        return normal(self.seed, int(decision), self.tick, actor, index)

    def near(self, cell: int, radius: float, u: float) -> tuple[int, float]:
        """The cell that a uniform chooses from the square around a cell, wrapping round, and the remainder (7.1)."""
        side = 2 * int(radius) + 1
        t = u * side
        s = (t - floor(t)) * side
        x = cell % self.width + floor(t) - int(radius)
        y = cell // self.width + floor(s) - int(radius)
        return (y % self.height) * self.width + x % self.width, s - floor(s)

    def resident(self, cell: int, u: float) -> int:
        """The resident of a cell that a uniform chooses."""
        residents = self.cells[cell].residents
        return residents[floor(u * len(residents))]

    def change(self, citizen: Citizen, dimension: str, change: float, cause: str) -> None:
        """Change trust and book it: the ledger has the sum of changes, and of their sizes."""
        setattr(citizen, dimension, getattr(citizen, dimension) + change)
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

    def felt(self, conduct: int, fairness: float) -> float:
        """The chance that conduct (0 corrupt, 1 unfair, 2 fair) is felt to be fair (7.3)."""
        e = self.parameters.encounter
        b = (e.felt_if_corrupt, e.felt_if_unfair, e.felt_if_fair)[conduct]
        return logistic(b + e.perception_slope * (fairness - 0.5))

    def chances_of_conduct(self, x: float) -> tuple[float, float, float]:
        """The chances of corrupt, unfair and fair conduct at log-odds x (7.3)."""
        corrupt = logistic(-x - self.parameters.conduct.corruption_threshold)
        fair = logistic(x)
        return corrupt, 1 - fair - corrupt, fair

    def chance_of_crime(self, offender: Offender, risk: float, officers: int, climate: float) -> float:
        """The chance that an offender who is there offends (7.4)."""
        o = self.parameters.offending
        drive = offender.propensity * exp(-o.risk_slope * risk)
        return 1 - exp(-drive * exp(-o.presence_weight * officers - o.control_slope * climate))
