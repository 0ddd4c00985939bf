"""A week of the naive twin: one method a process, in the order of section 3; here also drift, tell, settle and forget."""

from math import exp, floor, log

from sim.world.rng import Draw

from .city import DIMENSIONS, NEUTRAL, SLOTS, Cell, Citizen, Crime, Encounter, clip, pulled
from .crime import Crimes
from .founding import found
from .places import change_places

COUNTS = [
    *("crimes", "serious", "reported", "filed", "well_treated", "well_treated_with_file", "solved"),
    *(
        "stops",
        "corrupt_stops",
        "unfair_stops",
        "contacts",
        "felt_good",
        "felt_bad",
        "complaints",
        "heard",
        "left",
        "recruited",
        "hearings",
        "diverted",
        "aged_out",
    ),
]


class Twin(Crimes):
    """The model of docs/model.md, naively."""

    def __init__(
        self,
        parameters,
        *,
        adults: int,
        seed: int,
        people: int | None = None,
        width: int | None = None,
        height: int | None = None,
        officers_per_1000_inhabitants: float = 2.2,
        offenders_share: float = 0.03,
        adults_per_cell: float = 50,
        stated: dict[str, list[float]] | None = None,
    ):
        founders = seed if people is None else people
        super().__init__(parameters, adults=adults, seed=founders, width=width, height=height, adults_per_cell=adults_per_cell)
        self.counts = dict.fromkeys(COUNTS, 0)
        found(self, officers_per_1000_inhabitants, offenders_share, stated)
        self.seed = seed  # of the weeks, from here on

    def week(self) -> None:
        """One tick. `tick` is then the number of the next one."""
        self.counts = dict.fromkeys(COUNTS, 0)
        self.staff()
        self.age()
        self.drift()
        self.patrol()
        self.presence()
        self.offend()
        self.report()
        self.workload()
        self.respond()
        self.stop()
        self.contact()
        self.tell()
        self.climate()
        self.settle()
        self.learn()
        self.muster()
        self.bond()
        self.forget()
        self.tick += 1

    def drift(self) -> None:
        """Trends move on, and once a year places change (7.2)."""
        self.trend[0] += self.parameters.trust.common_trend / 52
        self.trend[1] += self.parameters.trust.police_trend / 52
        if self.tick > 0 and self.tick % 52 == 0:
            change_places(self)

    def tell(self) -> None:
        """Experiences are told near home: first encounters that were not neutral, then crimes (7.7)."""
        for j, officer in enumerate(self.officers):
            for row in range(SLOTS * j, SLOTS * j + officer.encounters):
                encounter = self.encounters[row]
                if encounter.felt == NEUTRAL:
                    continue
                for who in self.listeners(encounter.citizen, row, Draw.TELL_ENCOUNTER):
                    self.hear_of_encounter(who, encounter)
        for k, crime in enumerate(self.crimes):
            if crime.victim >= 0:
                for who in self.listeners(crime.victim, k, Draw.TELL_CRIME):
                    self.hear_of_crime(who, crime)

    def listeners(self, teller: int, actor: int, decision: int) -> list[Citizen]:
        """Those who hear; the teller, if drawn, does not, but the same neighbor may hear twice."""
        hearsay, home, hearers, left = self.parameters.hearsay, self.citizens[teller].home, [], 0.0
        for n in range(floor(hearsay.listeners + self.u(decision, actor, 0))):
            w = floor(n / 2) + 1
            u = left if n % 2 else self.u(decision, actor, floor(w / 4), word=w % 4)
            cell, remainder = self.near(home, hearsay.radius, u)
            i, left = self.resident(cell, remainder)
            if i != teller:
                hearers.append(self.citizens[i])
        self.counts["heard"] += len(hearers)
        return hearers

    def hear_of_encounter(self, who: Citizen, encounter: Encounter) -> None:
        """A fraction of living it."""
        fraction = self.parameters.hearsay.fraction
        self.change(who, "fairness", fraction * self.contact_fairness(encounter.felt, who), "hearsay")
        self.change(who, "effectiveness", fraction * self.contact_effectiveness(encounter.felt, encounter.kind, who), "hearsay")

    def hear_of_crime(self, who: Citizen, crime: Crime) -> None:
        """The crime, and what came of reporting it."""
        hearsay = self.parameters.hearsay
        loss = hearsay.victimization_fraction * self.parameters.trust.victimization_loss
        self.change(who, "effectiveness", -loss * who.effectiveness, "hearsay")
        if crime.reported:
            self.change(who, "fairness", hearsay.fraction * self.response_fairness(crime, who), "hearsay")
            self.change(who, "effectiveness", hearsay.fraction * self.response_effectiveness(crime, who), "hearsay")

    def settle(self) -> None:
        """Trust relaxes to disposition, as the place and the trends pull it, and to the cell's climate (7.8)."""
        for cell in self.cells:
            residents = [self.citizens[i] for i in cell.residents]
            for dimension in DIMENSIONS:
                self.settle_cell(cell, residents, dimension)

    def settle_cell(self, cell: Cell, residents: list[Citizen], dimension: str) -> None:
        """One kind of trust of the residents of a cell, booked as one change that trends and drift share."""
        rate, c = self.parameters.trust.relaxation_rate, self.parameters.trust.climate_weight
        pull, all_changes, of_trends = clip(cell.pull + self.trend[0] + self.trend[1], -0.95, 0.95), 0.0, 0.0
        climate = getattr(cell, f"climate_{dimension}")
        for citizen in residents:
            disposition, trust = getattr(citizen, f"{dimension}_disposition"), getattr(citizen, dimension)
            change = rate * ((1 - c) * pulled(disposition, pull) + c * climate - trust)
            setattr(citizen, dimension, trust + change)
            all_changes += change
            of_trends += rate * (1 - c) * (pulled(disposition, pull) - pulled(disposition, cell.pull))
        self.book("trend", dimension, of_trends)
        self.book("drift", dimension, all_changes - of_trends)

    def forget(self) -> None:
        """Training, command and the hot-spot map fade (7.11)."""
        keep = exp(-log(2) / self.parameters.training.half_life)
        for officer in self.officers:
            officer.training *= keep
            officer.knowledge *= exp(-log(2) / self.parameters.training.knowledge_half_life)
            officer.attitude *= exp(-log(2) / self.parameters.training.attitude_half_life)
        for squad in self.squads:
            squad.command *= keep
        keep = exp(-log(2) / self.parameters.patrol.memory_half_life)
        for cell in self.cells:
            cell.memory = cell.memory * keep + cell.recorded
            cell.recorded = cell.arrests = 0
        self.sum_memory()
