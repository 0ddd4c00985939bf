"""What Mesa's agents are here: rows of the city's columns, and sets of them. What Mesa offers and no column could follow, is refused
with what to do instead.
"""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, ClassVar, Never

import numpy as np
from mesa.agent import AgentSet
from mesa.discrete_space import Cell, CellAgent

from sim.errors import InputError, did_you_mean, number_problem
from sim.grid import opened
from sim.world.limits import FLAG, limits

ONCE = ("model", "row", "unique_id", "pos")  # what Mesa and `Row` write when an agent is built
IN_PLACE = "The set of a model's agents cannot be changed in place"


class Column:
    """An attribute that is a row of the column of the same name. InputError for what may not stand there (sim.world.limits)."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, agent: Any, owner: type | None = None) -> Any:
        if agent is None:
            return self
        return getattr(agent.rows_of, self.name)[agent.row].item()

    def __set__(self, agent: Any, value: float) -> None:
        column = getattr(agent.rows_of, self.name)
        low, high = limits(agent.model.city, f"{agent.table}.{self.name}")
        if (low, high) == FLAG and isinstance(value, bool | np.bool_):
            value = int(value)
        if problem := number_problem(value, low, high, np.issubdtype(column.dtype, np.integer)):
            raise InputError(f"'{self.name}' of {agent!r} {problem}.")
        column[agent.row] = value


def columns(many: int) -> list[Column]:
    """So many attributes, each of which takes its name from where it is put."""
    return [Column() for _ in range(many)]


class Row(CellAgent):  # type: ignore[misc]
    """A row of one of the city's tables, as a Mesa agent on the grid."""

    table: ClassVar[str]
    place: ClassVar[str]  # the column that holds the cell
    moving: ClassVar[tuple[str, ...]] = ()  # verbs after which the agent may be elsewhere
    size: ClassVar[str]  # what in a scenario says how many there are
    end: ClassVar[str]  # what to do instead of removing one

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
        self.check_cell(cell)
        x, y = cell.coordinate  # type: ignore[union-attr]
        getattr(self.rows_of, self.place)[self.row] = y * self.model.city.grid.width + x
        self.follow()

    def check_cell(self, cell: Cell | None) -> None:
        """InputError if the agent cannot go to a cell."""
        if not isinstance(cell, Cell) or cell is not self.model.place(*cell.coordinate):
            raise InputError(f"{self!r} can only go to a cell of its own city's grid.", "Take one, as model.grid[3, 4].")

    def follow(self) -> None:
        """Stand on the grid where the columns say."""
        cell = self.model.cell_of(getattr(self.rows_of, self.place)[self.row])
        if cell is not self._mesa_cell:
            with opened(each for each in (cell, self._mesa_cell) if each is not None):
                CellAgent.cell.fset(self, cell)

    def __setattr__(self, name: str, value: Any) -> None:
        blank = name in ONCE and vars(self).get(name) is None and (name != "pos" or value is None)
        if not (blank or name in ("cell", "_mesa_cell") or isinstance(getattr(type(self), name, None), Column)):
            self.no_column(name)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        self.no_column(name)

    @classmethod
    def no_column(cls, name: str) -> Never:
        """InputError: this attribute is not to be written."""
        columns = [key for kind in cls.__mro__ for key, value in vars(kind).items() if isinstance(value, Column)]
        fixed = hasattr(cls, name) or name in ONCE
        remedy = "" if fixed else did_you_mean(name, columns) or f"Notes of your own: a dict by {cls.__name__.lower()}.row.\n"
        problem = f"'{name}' of {cls.__name__} cannot be written" if fixed else f"{cls.__name__} has no column '{name}'"
        raise InputError(f"{problem}: an agent is a row of the city's columns.", f"{remedy}Its columns: {', '.join(columns)}")

    def remove(self) -> Never:
        """InputError: rows stay as long as the city."""
        raise InputError(f"{self!r} cannot be removed: an agent is a row of the city's columns, and rows stay.", self.end)

    @classmethod
    def create_agents(cls, model: Any, n: Any, *args: Any, **kwargs: Any) -> Never:
        """InputError: rows are there from the start."""
        raise cls.no_more()

    from_dataframe = create_agents

    @classmethod
    def no_more(cls) -> InputError:
        """Why an agent cannot be added."""
        message = f"A city gets no {cls.__name__} beyond those it was built with: an agent is a row of its columns."
        return InputError(message, f"How many there are is said in the scenario: {cls.size}.")

    def __copy__(self) -> Never:
        raise InputError(f"{self!r} cannot be copied: an agent is a row of its city.", "Copy the city: copy.deepcopy(model).")

    def __deepcopy__(self, memo: dict[int, Any]) -> "Row":
        """With its city, the agent of the same row there; InputError without."""
        if id(self.model) not in memo:
            self.__copy__()
        memo[id(self)] = twin = object.__new__(type(self))
        for name, value in vars(self).items():
            object.__setattr__(twin, name, deepcopy(value, memo))
        return twin

    def __repr__(self) -> str:
        return f"{type(self).__name__}({vars(self).get('row', '')})"

    def act(self, phase: str) -> None:
        """Run a phase of the week for this row alone."""
        rows = getattr(self.model.city.rows, self.table)
        self.model.simulation.perform(phase, rows[self.row : self.row + 1])
        if phase in self.moving:
            self.follow()


class People(AgentSet):  # type: ignore[misc]
    """The agents of a model, or those of one class. What is selected from them is a set of its own, to be changed at will."""

    def add(self, agent: Any) -> Never:
        """InputError: an agent is a row."""
        kind = type(agent)
        raise kind.no_more() if issubclass(kind, Row) else InputError(f"{IN_PLACE}.", "Take a set of your own: mesa.agent.AgentSet([...])")

    def discard(self, agent: Any) -> None:
        """InputError: an agent is a row."""
        if isinstance(agent, Row):
            raise InputError(f"{IN_PLACE}: {agent!r} stays a row of the city's columns.", f"{agent.end}\nFor a set without it: select(...)")
        raise InputError(f"{IN_PLACE}.", "Take what select(...) gives.")

    remove = discard

    def select(self, *args: Any, inplace: bool = False, **options: Any) -> AgentSet:
        """Those who fit, as a set of its own."""
        self._never(inplace, "select")
        return AgentSet(super().select(*args, **options), self.random)

    def shuffle(self, inplace: bool = False) -> AgentSet:
        """In another order, as a set of its own."""
        self._never(inplace, "shuffle")
        return AgentSet(super().shuffle(), self.random)

    def sort(self, *args: Any, inplace: bool = False, **options: Any) -> AgentSet:
        """In order, as a set of its own."""
        self._never(inplace, "sort")
        return AgentSet(super().sort(*args, **options), self.random)

    def set(self, attr_name: str, value: Any) -> AgentSet:
        """Write a column for all; InputError, and nothing written, if some of them have no such column."""
        for kind in {type(agent) for agent in self}:
            if issubclass(kind, Row) and not isinstance(getattr(kind, attr_name, None), Column):
                kind.no_column(attr_name)
        return super().set(attr_name, value)

    def to_list(self) -> list[Any]:
        """The agents, in order of rows."""
        return list(self)

    def __getitem__(self, item: Any) -> Any:
        return self.to_list()[item]

    def copy(self) -> AgentSet:
        """The same agents, as a set of its own."""
        return AgentSet(self, self.random)

    __copy__ = copy

    @classmethod
    def _from_iterable(cls, agents: Iterable[Any]) -> AgentSet:
        return AgentSet(agents)

    @staticmethod
    def _never(inplace: bool, verb: str) -> None:
        if inplace:
            raise InputError(f"{IN_PLACE}: it is all of the city's rows, in their order.", f"Take what {verb}(...) gives, without inplace.")
