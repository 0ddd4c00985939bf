"""Mesa's agents: rows with a name. They hold no state; attributes read and write their row, verbs run its phase.

`officer.conduct` is `city.officers.conduct[officer.row]`, and `officer.patrol()` is the phase `patrol` for that one row, with
the same luck the row has when the whole force patrols.
"""

from typing import Any, ClassVar

from mesa.discrete_space import Cell, CellAgent

from sim.rules.trust import overall_trust


class Column:
    """An attribute that is a row of the column of the same name."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, agent: Any, owner: type | None = None) -> Any:
        if agent is None:
            return self
        return getattr(agent.rows_of, self.name)[agent.row].item()

    def __set__(self, agent: Any, value: float) -> None:
        getattr(agent.rows_of, self.name)[agent.row] = value


class Row(CellAgent):
    """A row of one of the city's tables, as a Mesa agent on the grid."""

    table: ClassVar[str]
    place: ClassVar[str]  # the column that holds the cell
    moving: ClassVar[tuple[str, ...]] = ()  # verbs after which the agent may be elsewhere

    def __init__(self, model: Any, row: int) -> None:
        super().__init__(model)
        self.row = row
        self.follow()

    @property
    def rows_of(self) -> Any:
        """The table of columns this agent is a row of."""
        return getattr(self.model.city, self.table)

    @property
    def cell(self) -> Cell | None:
        """The grid cell where the agent is."""
        return self._mesa_cell

    @cell.setter
    def cell(self, cell: Cell | None) -> None:
        CellAgent.cell.fset(self, cell)  # type: ignore[attr-defined]
        if cell is not None:
            x, y = cell.coordinate
            getattr(self.rows_of, self.place)[self.row] = y * self.model.city.grid.width + x

    def follow(self) -> None:
        """Stand on the grid where the columns say."""
        cell = self.model.cell_of(getattr(self.rows_of, self.place)[self.row])
        if cell is not self._mesa_cell:
            CellAgent.cell.fset(self, cell)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.row})"

    def act(self, phase: str) -> None:
        """Run a phase of the week for this row alone."""
        rows = getattr(self.model.city.rows, self.table)
        self.model.simulation.perform(phase, rows[self.row : self.row + 1])
        if phase in self.moving:
            self.follow()


class Citizen(Row):
    """An adult: trust in the police, and what it returns to."""

    table, place = "citizens", "home"
    fairness = Column()
    effectiveness = Column()
    fairness_disposition = Column()
    effectiveness_disposition = Column()
    last_stop = Column()
    last_corrupt_stop = Column()
    last_victimized = Column()

    @property
    def cell(self) -> Cell | None:
        """The home cell; homes are fixed."""
        return self._mesa_cell

    @cell.setter
    def cell(self, cell: Cell | None) -> None:
        if cell is not None and cell is not self._mesa_cell:
            raise ValueError("a citizen's home cell is fixed: rows of a cell are neighbors in the table")
        CellAgent.cell.fset(self, cell)  # type: ignore[attr-defined]

    @property
    def trust(self) -> float:
        """Trust in the police, 0-1: the weighted mean of fairness and effectiveness."""
        return overall_trust(self.fairness, self.effectiveness, self.model.parameters.trust.effectiveness_weight)

    @property
    def exposure(self) -> float:
        """Relative risk of being chosen as a victim."""
        sums = self.rows_of.exposure_cumulative
        return float(sums[self.row] - (sums[self.row - 1] if self.row else 0.0))

    def report(self) -> None:
        """Report this week's crimes against this citizen, or not."""
        self.model.simulation.perform("report", self.model.crimes_against(self.row))

    def settle(self) -> None:
        """Let trust relax towards disposition and neighborhood."""
        self.act("settle")


class Officer(Row):
    """An officer: conduct, training, complaints, and where the week's patrol goes."""

    table, place, moving = "officers", "cell", ("patrol",)
    squad = Column()
    beat = Column()
    deviation = Column()
    conduct = Column()
    training = Column()
    active = Column()
    vacant_weeks = Column()
    community = Column()
    complaints = Column()
    identity = Column()
    encounters = Column()

    def staff(self) -> None:
        """Leave, wait for a replacement, or be replaced."""
        self.act("staff")

    def patrol(self) -> None:
        """Go to a hot spot or to a cell of the beat."""
        self.act("patrol")

    def stop(self) -> None:
        """Stop people."""
        self.act("stop")

    def contact(self) -> None:
        """On community duty, talk with residents."""
        self.act("contact")

    def bond(self) -> None:
        """Drift towards the squad's conduct."""
        self.act("bond")

    def forget(self) -> None:
        """Forget some of the training."""
        self.act("forget")


class Offender(Row):
    """An offender: how inclined, how afraid of punishment, and whether free."""

    table, place, moving = "offenders", "cell", ("offend",)
    home = Column()
    propensity = Column()
    perceived_risk = Column()
    jail_weeks = Column()
    origin = Column()

    def offend(self) -> None:
        """Look for a place, and offend there or not."""
        self.act("offend")

    def learn(self) -> None:
        """Update perceived risk."""
        self.act("learn")
