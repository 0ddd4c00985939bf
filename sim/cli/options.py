"""Options that are numbers: what each may be, looked at before anything is loaded or run. One sentence, and exit code 2, if it is not.

What else a number must fit (weeks of a study, draws of a posterior) is known only later, and refused there.
"""

from collections.abc import Callable
from typing import Any

import typer

from sim.errors import InputError, number_problem

Check = Callable[[typer.CallbackParam, Any], Any]
MONEY = 1e12  # thousand pesos


def within(low: float, high: float, remedy: str = "", *, whole: bool = True) -> Check:
    """A callback of an option with one number or more. InputError, with the option's name, if one is no number from low to high."""

    def check(option: typer.CallbackParam, given: Any) -> Any:
        for value in given if isinstance(given, tuple) else (given,):
            if value is not None and (problem := number_problem(value, low, high, whole)):
                raise InputError(f"{problem}.", remedy, file=option.opts[0])
        return given

    return check


def asked(check: Check, text: str, *, metavar: str | None = None, show_default: bool = False) -> Any:
    """An option that is checked so."""
    return typer.Option(help=text, metavar=metavar, show_default=show_default, callback=check)


def given(text: str, *names: str, metavar: str | None = None) -> Any:
    """An option that is looked at later; nothing is shown of what it is by default."""
    return typer.Option(*names, help=text, metavar=metavar, show_default=False)


replicates = within(1, 10_000, "Intervals need at least 2; 16 to 64 are usual.")
weeks = within(1, 5_200, "52 are a year.")
week = within(1, 5_200, "Weeks count from the end of the spin-up; 52 is the end of the first year.")
seed = within(0, 2**63 - 1)
workers = within(1, 1_000, "By default there is one a processor.")
points = within(1, 1_000_000)
draws = within(2, 100_000, "48 are usual.")
runs = within(1_200, 10_000_000, "16,640 are usual.")
reruns = within(64, 1_000_000, "1,024 are usual.")
minutes = within(0.001, 100_000, "60 or more are usual.", whole=False)
cities = within(0, 10_000, "40 or more tell something.")
money = within(0, MONEY, whole=False)
