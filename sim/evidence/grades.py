"""How far a reform's effect rests on trials: a grade for answers to stand beside."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sim.evidence.base import TrialEvidence
from sim.evidence.levers import ASSUMED, PARTLY, TRIAL, LeverRow, lever_rows
from sim.style import Note, note

SYMBOLS = {TRIAL: "●", PARTLY: "◐", ASSUMED: "○"}
LEVELS = tuple(SYMBOLS)  # best first


class Grade(NamedTuple):
    """How far the effect of a reform rests on trials (level), and its price on published figures; reasons say which numbers do.

    level, price   "trial", "partly" or "assumed" (words: section `grades`)
    """

    level: str
    reasons: tuple[Note, ...]
    price: str = ASSUMED

    @property
    def symbol(self) -> str:
        return SYMBOLS[self.level]

    @property
    def tried(self) -> bool:
        """Does a trial speak of one of its parts?"""
        return any("trials" in reason.values for reason in self.reasons)


def grade(reform: str, trials: Mapping[str, TrialEvidence] | None = None) -> Grade:
    """The grade of a reform ("training") by a rule, from the evidence base and the numbers on the path of its effect (sim.evidence.levers).

    trial     of every number of its effect a trial says something with an error (`use: fit`, `informs`)
    partly    of one number at least some trial says something, be it a sign or a size (`use: fit` or `check`)
    assumed   of none

    Its price is told apart: partly if a published figure stands behind some of what it is made of. What somebody decides (a dose, hours)
    does not count; nor does what the city makes of it, of which a posterior speaks. A grade says what there is to rest on: whether a
    posterior was fitted to it, its own facts say. InputError if there is no such reform.
    """
    listed = lever_rows(reform, trials)
    rows, prices = ([row for row in listed if row.role == role] for role in ("effect", "price"))
    told = [row for row in rows if row.trials]
    level = TRIAL if rows and all(row.status == TRIAL for row in rows) else PARTLY if told else ASSUMED
    price = min((row.status for row in prices), key=LEVELS.index, default=ASSUMED)
    return Grade(level, (*_reasons(reform, rows), *_priced(reform, prices)), price)


def grade_of(reforms: Iterable[str], trials: Mapping[str, TrialEvidence] | None = None) -> Grade | None:
    """The grade of an arm of several reforms: the lowest of its parts, with the reasons of all; None for an arm without reforms."""
    parts = [grade(reform, trials) for reform in dict.fromkeys(reforms)]
    if not parts:
        return None
    level, price = (max((getattr(part, what) for part in parts), key=LEVELS.index) for what in ("level", "price"))
    return Grade(level, tuple(reason for part in parts for reason in part.reasons), price)


def _reasons(reform: str, rows: list[LeverRow]) -> Iterable[Note]:
    """A sentence for each kind of ground on which numbers stand."""
    of = len(rows)
    if backed := [row for row in rows if row.status == TRIAL]:
        yield note("grade_trial", reform=reform, of=of, many=len(backed), names=_names(backed), trials=_trials(backed, "fit"))
    if compared := [row for row in rows if row.trials and row.status == PARTLY]:
        yield note("grade_compared", reform=reform, of=of, many=len(compared), names=_names(compared), trials=_trials(compared, "check"))
    if cited := [row for row in rows if not row.trials and row.status == PARTLY]:
        yield note("grade_cited", reform=reform, of=of, many=len(cited), names=_names(cited), sources=_sources(cited))
    if assumed := [row for row in rows if row.status == ASSUMED]:
        yield note("grade_assumed", reform=reform, of=of, many=len(assumed), names=_names(assumed))


def _priced(reform: str, rows: list[LeverRow]) -> Iterable[Note]:
    """A sentence for prices behind which a published figure stands, and one for those of which none was found."""
    if cited := [row for row in rows if row.status == PARTLY]:
        yield note("price_cited", reform=reform, of=len(rows), many=len(cited), names=_names(cited), sources=_sources(cited))
    if assumed := [row for row in rows if row.status == ASSUMED]:
        yield note("price_assumed", reform=reform, of=len(rows), many=len(assumed), names=_names(assumed))


def _names(rows: list[LeverRow]) -> list[str]:
    return [row.name for row in rows]


def _sources(rows: list[LeverRow]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row.sources))


def _trials(rows: list[LeverRow], use: str) -> list[str]:
    return list(dict.fromkeys(trial for row in rows for trial, best in row.trials.items() if best == use))
