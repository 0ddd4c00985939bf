"""Errors in what a person wrote: where it stands, what is wrong, and what to do about it."""

import difflib
from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any

from sim.style import Note, note
from sim.style import counted as counted
from sim.style import number as number


class InputError(ValueError):
    """Something a user wrote cannot be used. Printed like this:

        scenarios/train.yaml:7: there is no parameter 'training.half_live'.
          Did you mean 'training.half_life' (weeks until ..., 4 to 520, baseline 52)?
          All parameters: confianza explain parameters

    Parameters
    ----------
    message : str or Note
        What is wrong, one sentence; a note if it is one that words/ has, in every language.
    remedies : str or Note
        What to do about it, one or more lines.
    path : tuple of str or int
        The keys that lead to the value, as ("changes", 0, "week").
    file : str, optional
        File name or command-line option, if known.
    line, column : int, optional
        1-based, if known.
    """

    def __init__(
        self,
        message: Note | str,
        *remedies: Note | str,
        path: tuple[str | int, ...] = (),
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message, *remedies)  # as positions, so that the error survives pickling between processes
        self.path, self.file, self.line, self.column = path, file, line, column

    @property
    def message(self) -> str:
        """What is wrong, in English; `args` has it and the remedies as they were given."""
        return str(self.args[0])

    @property
    def remedy(self) -> str:
        """What to do about it, in English."""
        return "\n".join(str(line) for line in self.args[1:] if line)

    def __str__(self) -> str:
        place = ""
        if self.file is not None:
            place = f"{self.file}:{self.line}: " if self.line is not None else f"{self.file}: "
        return "\n  ".join([place + self.message, *self.remedy.splitlines()])

    def at(self, file: str | None, line: int | None = None, column: int | None = None) -> "InputError":
        """The same error with its place."""
        return InputError(*self.args, path=self.path, file=file, line=line, column=column)

    def under(self, *keys: str | int) -> "InputError":
        """The same error seen from further up: `keys` lead to what it speaks of."""
        path = (*keys, *self.path)
        return InputError(*self.args, path=path, file=self.file, line=self.line, column=self.column)


class Interrupted(Exception):
    """The user asked to stop; the runs under way have been finished and nothing is lost. The text says how to go on."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to a misspelled or shortened one, or None.

    >>> closest("training.half_live", ["training.half_life", "trust.contact_gain"])
    'training.half_life'
    >>> closest("half_live", ["trust.contact_gain", "training.half_life"])
    'training.half_life'
    >>> closest("officers", ["adults", "officers_per_1000_inhabitants"])
    'officers_per_1000_inhabitants'
    >>> closest("pj-cdmxx", ["PJ-CDMX", "PJ-3US"])
    'PJ-CDMX'
    >>> closest("xyz", ["training.half_life"])
    """
    listed = list(known)
    if word in listed:
        return word
    candidates = {name.lower(): name for name in reversed(listed)}
    word = word[:100].lower()  # the comparison is quadratic
    if found := difflib.get_close_matches(word, [name.lower() for name in listed], n=1, cutoff=0.6):
        return candidates[found[0]]
    by_last_part = {name.rpartition(".")[2]: known for name, known in candidates.items()}
    if found := difflib.get_close_matches(word.rpartition(".")[2], by_last_part, n=1, cutoff=0.8):
        return by_last_part[found[0]]
    return next((name for name in listed if len(word) >= 4 and word in name.lower()), None)


def did_you_mean(word: object, known: Iterable[str], called: Callable[[str], str] = "'{}'".format) -> str:
    """The line of a remedy that names the nearest of what is known, as `called` quotes it; "" if nothing is near.

    >>> did_you_mean("effects", ["effect", "level"])
    "Did you mean 'effect'?\\n"
    """
    near = closest(str(word), known)
    return f"Did you mean {called(near)}?\n" if near else ""


def shown(value: object) -> str:
    """What somebody wrote, short enough to quote.

    >>> shown(True), shown(None), shown("abc"), shown(0.5), shown([1, 2]), shown({})
    ('true', 'nothing', "'abc'", '0.5', 'a list', 'a mapping')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    text = repr(value) if isinstance(value, str) else number(value) if isinstance(value, (int, float)) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def number_problem(value: Any, low: float, high: float, whole: bool) -> Note | None:
    """What keeps a value from being a number in a range, or None if it is one.

    >>> number_problem(12, 4, 520, False)
    >>> print(number_problem(2, 4, 520, False))
    must be a number from 4 to 520, but is 2
    >>> print(number_problem("12:30", 4, 520, True))
    must be a whole number from 4 to 520, but is the text '12:30'
    """
    amount: Any = value
    if isinstance(value, str):
        amount = f"the text {shown(value)}"
    elif isinstance(value, bool) or not isinstance(value, Real):
        amount = shown(value)
    elif low <= amount <= high and not (whole and amount % 1):  # the first is not true of NaN and infinity
        return None
    elif not -1e15 < amount < 1e15:
        amount = shown(value)
    return note("no_whole_number" if whole else "no_number", low=low, high=high, given=amount)
