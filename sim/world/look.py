"""What Python sees of citizens: trust is filled in when somebody looks, and taken back when they have written and the city goes on."""

from functools import cached_property
from typing import Any

import numpy as np

from sim.world.state import Citizens, City, Course, Trust, homes
from sim.world.trusting import fill_in, sum_up_dispositions, take_back

FILLED = ("fairness", "effectiveness")  # what has to be worked out, because compiled weeks keep it otherwise (see sim.world.trusting)
DISPOSITIONS = {"fairness_disposition": Trust.FAIRNESS_DISPOSITION, "effectiveness_disposition": Trust.EFFECTIVENESS_DISPOSITION}
COLUMNS = ("home", *FILLED, *DISPOSITIONS, *(name for name in Citizens._fields if name != "trust"))


class Residents:
    """The columns of citizens. Arrays to read and to write in, as those of other tables are.

    While a week is driven phase by phase for single rows, arrays of trust taken before are behind and cannot be written in: take them
    anew from the city.
    """

    _fields = COLUMNS

    def __init__(self, city: City) -> None:
        self._city = city
        self._trust: tuple[np.ndarray, ...] = ()  # fairness and effectiveness, once somebody has looked
        self._filled = False
        self._lent = False  # dispositions, of which cells keep sums

    def __getstate__(self) -> dict[str, Any]:
        return {name: part for name, part in vars(self).items() if name != "home"}  # a copy of it could be written in

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._trust = tuple(np.array(column) for column in self._trust)  # those of a pickle cannot be locked and unlocked

    @cached_property
    def home(self) -> np.ndarray:
        """The cell where each lives; not to be written."""
        return homes(self._city)

    def __getattr__(self, name: str) -> Any:
        if name in FILLED:
            self.fill()
            return self._trust[FILLED.index(name)]
        if name in DISPOSITIONS:
            self._lent = True
            return self._city.citizens.trust[:, DISPOSITIONS[name]]
        if name in COLUMNS:
            return getattr(self._city.citizens, name)
        raise AttributeError(name)

    def __len__(self) -> int:
        return len(COLUMNS)

    def __iter__(self) -> Any:
        return (getattr(self, name) for name in COLUMNS)

    def _asdict(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name) for name in COLUMNS}

    def fill(self) -> None:
        """Fill trust in as it is now."""
        if not self._filled:
            self._trust = self._trust or tuple(np.empty(len(self._city.citizens.trust)) for _ in FILLED)
            self._open(True)
            fill_in(*self._trust, self._city)
            self._filled = True

    def take_back(self) -> None:
        """Take over what has been written."""
        if self._filled:
            take_back(*self._trust, self._city)
        if self._lent:
            sum_up_dispositions(self._city)

    def go_on(self) -> None:
        """Take over what has been written; from here on what was filled in is behind."""
        self.take_back()
        self._filled = False
        self._open(False)

    def lend(self) -> City:
        """The city to compiled code that writes in it between weeks; what was filled in is behind."""
        self.go_on()
        return self._city

    def catch_up(self) -> None:
        """Fill in anew for those who have looked before and may still hold the arrays."""
        if self._trust:
            self.fill()

    def unclipped(self, name: str) -> np.ndarray:
        """Trust of a dimension now, as it would be if it were not kept between 0 and 1: what rules of one's own make of it."""
        citizens, course, dimension = self._city.citizens, self._city.cells.course[self.home], FILLED.index(name)
        written = course[:, Course.KEPT] * citizens.trust[:, Trust.FAIRNESS + dimension]
        pulled = course[:, Course.DISPOSITION] * citizens.trust[:, Trust.FAIRNESS_DISPOSITION + dimension]
        total: np.ndarray = written + pulled + course[:, Course.FAIRNESS + dimension]
        return total

    def _open(self, writing: bool) -> None:
        for column in self._trust:
            column.flags.writeable = writing
