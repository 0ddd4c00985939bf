"""Options that are numbers: what each may be, looked at before anything is loaded or run. One sentence, and exit code 2, if it is not.

What else a number must fit (weeks of a study, draws of a posterior) is known only later, and refused there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import typer

from sim.errors import InputError, number_problem

MONEY = 1e12  # thousand pesos


@dataclass(frozen=True)
class Within:
    """What an option with one number or more may be, as its callback. InputError, with the option's name, if one is no such number."""

    low: float
    high: float
    remedy: str
    whole: bool = True

    def __call__(self, option: typer.CallbackParam, given: Any) -> Any:
        for value in given if isinstance(given, tuple) else (given,):
            if value is not None and (problem := number_problem(value, self.low, self.high, self.whole)):
                raise InputError(f"{problem}.", self.remedy, file=option.opts[0])
        return given


def _read(kind: type[int] | type[float]) -> Callable[[Any], Any]:
    """What makes a number of a text; a text that is none stays, for `Within` to refuse."""

    def read(text: Any) -> Any:
        try:
            return kind(text)
        except ValueError:
            return text

    read.__name__ = kind.__name__  # as help calls it
    return read


def asked(within: Within, text: str, *, metavar: str | None = None, show_default: bool = False) -> Any:
    """An option that is checked so."""
    parser = _read(int if within.whole else float)
    return typer.Option(help=text, metavar=metavar, show_default=show_default, callback=within, parser=parser)


def given(text: str, *names: str, metavar: str | None = None) -> Any:
    """An option that is looked at later; nothing is shown of what it is by default."""
    return typer.Option(*names, help=text, metavar=metavar, show_default=False)


replicates = Within(1, 10_000, "Intervals need at least 2; 16 to 64 are usual.")
weeks = Within(1, 5_200, "52 are a year.")
week = Within(1, 5_200, "Weeks count from the end of the spin-up; 52 is the end of the first year.")
seed = Within(0, 2**63 - 1, "Any whole number will do, as 7; the same one gives the same luck.")
workers = Within(1, 1_000, "By default there is one a processor.")
points = Within(1, 1_000_000, "It is the number of all points, with those that are there.")
draws = Within(2, 100_000, "48 are usual.")
runs = Within(1_200, 10_000_000, "16,640 are usual.")
reruns = Within(64, 1_000_000, "1,024 are usual.")
minutes = Within(0.001, 100_000, "60 or more are usual.", whole=False)
cities = Within(0, 10_000, "40 or more tell something.")
money = Within(0, MONEY, "Thousand pesos, as 2500.5; no sign, unit or comma.", whole=False)
