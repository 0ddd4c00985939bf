"""Conditions on what a run gives, as people write them: "effect:purge:mean_trust < 0". Read, never executed."""

import re
from typing import NamedTuple

import numpy as np

from sim.errors import InputError, number, number_problem, shown
from sim.remedies import number_remedy
from sim.studies.answers.findings import Output
from sim.studies.answers.sensitivity import output_of
from sim.studies.design.study import Study

# as written: (in words, in the name of a folder)
COMPARISONS = {"<": ("below", "below"), "<=": ("at most", "at-most"), ">": ("above", "above"), ">=": ("at least", "at-least")}
EXAMPLE = 'Write "effect:ARM:MEASURE < 0" or "level:ARM:MEASURE >= 45000", in quotation marks, with <, <=, > or >=.'
LARGEST = 1e15
KINDS = ("effect", "level")


class Condition(NamedTuple):
    """An output that lies on one side of a number."""

    output: Output
    comparison: str  # of COMPARISONS
    number: float

    @property
    def written(self) -> str:
        """As it is written: "effect:purge:mean_trust < 0"."""
        return f"{self.output.of} {self.comparison} {self._number}"

    @property
    def text(self) -> str:
        """In words: "effect of purge on mean_trust below 0"."""
        return f"{self.output.text} {COMPARISONS[self.comparison][0]} {number(self.number)}"

    @property
    def folder(self) -> str:
        """The name of a folder for it: "effect-purge-mean_trust-below-0"."""
        return f"{self.output.folder}-{COMPARISONS[self.comparison][1]}-{self._number.replace('-', 'minus-')}"

    @property
    def above(self) -> bool:
        """Must the output lie above the number?"""
        return self.comparison.startswith(">")

    @property
    def _number(self) -> str:
        return number(self.number).replace(",", "")

    def holds(self, values: np.ndarray) -> np.ndarray:
        """For which of these values it holds."""
        compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
        return compare[self.comparison](values, self.number)


def condition_of(study: Study, text: object, week: int | None = None) -> Condition:
    """A condition from what is written. InputError that says what is wrong with it.

    week  at whose end the output is read, by default the study's last
    """
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"a condition must be a text, but is {shown(text or None)}.", EXAMPLE)
    parts = re.split(r"(<=|>=|<|>|=+|!=)", text.strip())
    if len(parts) == 1:
        raise InputError(f"{shown(text)} compares nothing.", EXAMPLE)
    of, comparison, limit = ("".join(parts[:-2]).strip(), parts[-2], parts[-1].strip())  # names of arms may hold such signs
    if len(parts) > 3 and not any(of == f"{kind}:{arm}:{of.rpartition(':')[2]}" for kind in KINDS for arm in study.sweep_arms()):
        raise InputError(f"{shown(text)} compares more than once.", f"One comparison makes a condition. {EXAMPLE}")
    if comparison not in COMPARISONS:
        raise InputError(f"'{comparison}' cannot be asked of a number that varies from run to run.", EXAMPLE)
    if not of or not limit:
        raise InputError(f"{shown(text)} lacks {'a number' if of else 'an output'}.", EXAMPLE)
    if _is_number(of):
        raise InputError(f"{shown(text)} begins with the number.", f"The output stands on the left. {EXAMPLE}")
    return Condition(output_of(study, of, week), comparison, _limit(limit))


def _is_number(written: str) -> bool:
    try:
        float(written)
    except ValueError:
        return False
    return True


def _limit(written: str) -> float:
    """The number that the output is compared with."""
    value: object = float(written) if _is_number(written) else written
    if problem := number_problem(value, -LARGEST, LARGEST, False):
        raise InputError(f"what the output is compared with {problem}.", number_remedy(written, -LARGEST, LARGEST) or EXAMPLE)
    return float(value)  # type: ignore[arg-type]
