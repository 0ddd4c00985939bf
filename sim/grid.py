"""The city's grid as Mesa shows it: it follows the columns, and what would only seem to change the city is refused."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Never

from mesa.discrete_space import Cell, OrthogonalMooreGrid

from sim.errors import InputError

FIXED_GRID = "Another grid is another city: city.adults and city.adults_per_cell in the scenario."


@contextmanager
def opened(places: Iterable["Place"]) -> Iterator[None]:
    """Let cells be changed meanwhile, by those who follow the columns."""
    changed = list(places)
    for place in changed:
        place.open = True
    try:
        yield
    finally:
        for place in changed:
            place.open = False


class Place(Cell):  # type: ignore[misc]
    """A cell of the grid. Who is there and what is near, the columns say."""

    open = False

    def _only_when_open(verb: str, remedy: str) -> Any:
        def guarded(self: "Place", *args: Any, **options: Any) -> None:
            if not self.open:
                raise InputError(f"{verb} of a cell would not change the city: the grid only shows its columns.", remedy)
            getattr(super(), verb)(*args, **options)

        return guarded

    add_agent = _only_when_open("add_agent", "Write officer.move_to(cell).")
    remove_agent = _only_when_open("remove_agent", "Write officer.move_to(another_cell).")
    connect = _only_when_open("connect", FIXED_GRID)
    disconnect = _only_when_open("disconnect", FIXED_GRID)

    @property
    def capacity(self) -> None:
        """None: any number of people."""

    @capacity.setter
    def capacity(self, most: int | None) -> None:
        if most is not None:
            raise InputError("A cell has no capacity: any number of people may be there, and the model does not ask the grid.", FIXED_GRID)


class Streets(OrthogonalMooreGrid):  # type: ignore[misc]
    """The grid of a city."""

    def _connect_cells(self) -> None:
        with opened(self._cells.values()):
            super()._connect_cells()

    def _fixed(self, *args: Any, **options: Any) -> Never:
        """InputError: the grid is the city's."""
        raise InputError("The cells of a city's grid and their neighbors are fixed: they are rows of its columns.", FIXED_GRID)

    add_cell = remove_cell = add_connection = remove_connection = _fixed
