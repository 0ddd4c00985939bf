"""What a reform's effect and price are made of, number by number: its levers and the parameters that it reads, each with what it rests on.

What the city makes of it (trust, reporting, offending) is not the reform's: a posterior speaks of that.
"""

from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any, NamedTuple

from sim.errors import InputError, did_you_mean, number, shown
from sim.evidence.base import TrialEvidence, evidence
from sim.world.anatomy import readers
from sim.world.parameters import CODEBOOK
from sim.world.reforms import REFORMS, levers

TOPICS = ("community", "cost", "justice", "training")  # what reforms alone read: no target of a place can see it
TRIAL, PARTLY, ASSUMED = "trial", "partly", "assumed"  # what a number rests on, best first
PRICES = "cost"
SEEN = ("measured", "calibrated", "contested")  # statuses of the codebook for which there is something to cite


class LeverRow(NamedTuple):
    """A lever of a reform, or a parameter that it reads.

    name     "training.hours" or "training.half_life"
    role     effect (of which the grade of a reform is made); price; choice (somebody decides it, so that it is not unknown); observed (it
             causes nothing); city (not of the reform alone)
    status   trial: a finding with an error speaks of it (`use: fit`); partly: findings in signs or sizes do (`use: check`), or counts,
             surveys or studies that it cites, or of a price a published figure from which it was made; assumed: none; "" for a choice,
             and for what is the city's
    trials   those that speak of it, with their best use, fit or check
    """

    name: str
    value: str
    range: str
    unit: str
    text: str
    role: str
    status: str
    trials: Mapping[str, str]
    sources: tuple[str, ...]


def lever_rows(reform: str, trials: Mapping[str, TrialEvidence] | None = None) -> list[LeverRow]:
    """The numbers of a reform by name: its levers, then the parameters that it reads. InputError if there is no such reform."""
    if reform not in REFORMS:
        raise InputError(f"there is no reform {shown(reform)}.", f"{did_you_mean(reform, REFORMS)}Reforms: {', '.join(REFORMS)}")
    kind, base = REFORMS[reform], evidence() if trials is None else trials
    meant = stands_for(kind)
    rows = []
    for lever, field in levers(kind).items():
        rows.append(_of_lever(reform, lever, () if by_hand(field) else meant.get(lever, ()), base))
    hands = {field.metadata["optional"]: f"{reform}.{lever}" for lever, field in levers(kind).items() if by_hand(field)}
    shown_already = {name for lever, names in meant.items() if not by_hand(levers(kind)[lever]) for name in names}
    read = _reads(kind)
    topics = {name.partition(".")[0] for name in (*read, *hands, *shown_already)}.intersection(TOPICS) - {PRICES}
    for name, known in CODEBOOK.items():
        if (name in read or known.topic in topics) and name not in shown_already:
            rows.append(_of_parameter(name, {name, hands.get(name, name)}, base))
    return rows


def by_hand(field: Any) -> bool:
    """Is it a lever that sets by hand what a parameter gives otherwise?"""
    return isinstance(field.metadata.get("optional"), str)


def stands_for(kind: Any) -> dict[str, tuple[str, ...]]:
    """The parameters that each lever sets: those whose setting is another if the lever is."""
    known = levers(kind)
    usual = {name: _usual(field) for name, field in known.items()} | {"start": 0}
    usual[kind.dose] = usual[kind.dose] or known[kind.dose].metadata["high"]
    settings = kind(**usual).settings(0)
    found: dict[str, tuple[str, ...]] = {}
    for name, field in known.items():
        facts = field.metadata
        if by_hand(field):
            found[name] = (facts["optional"],)
        elif not facts.get("choices") and name not in ("start", "until"):
            other = kind(**{**usual, name: facts["high"] if usual[name] != facts["high"] else facts["low"]}).settings(0)
            found[name] = tuple(sorted(each for each in {*settings, *other} if settings.get(each) != other.get(each)))
    return found


def bounds(field: Any) -> str:
    """What a lever may be."""
    choices = field.metadata.get("choices")
    span = " or ".join(choices) if choices else f"{number(field.metadata['low'])} to {number(field.metadata['high'])}"
    return f"{span}, or null" if field.metadata.get("optional") else span


def default(field: Any) -> str:
    """What a lever is if nobody says."""
    if field.default is MISSING:
        return "to be given"
    return "null" if field.default is None else field.default if isinstance(field.default, str) else number(field.default)


def _usual(field: Any) -> Any:
    if field.default is not MISSING:
        return field.default
    return (field.metadata.get("choices") or [field.metadata["low"]])[0]


def _reads(kind: type) -> set[str]:
    """The parameters that the code of a reform reads itself: what stands in its file."""
    file = f"{kind.__module__.replace('.', '/')}.py"
    return {name for name in CODEBOOK if any(place.startswith(f"{file}: ") for place in readers(name))}


def _of_lever(reform: str, lever: str, parameters: tuple[str, ...], trials: Mapping[str, TrialEvidence]) -> LeverRow:
    kind: Any = REFORMS[reform]
    field = levers(kind)[lever]
    facts, known = field.metadata, [CODEBOOK[name] for name in parameters]
    decided = (
        lever == kind.dose
        or by_hand(field)
        or facts.get("choices")
        or facts.get("decided")
        or any("fixed" in (each.prior or ()) for each in known)
    )
    cited = (*facts["source"], *(key for each in known for key in each.source))
    sources = tuple(dict.fromkeys(key for key in cited if key != ASSUMED))
    told = _speaking({f"{reform}.{lever}", *parameters}, trials)
    seen = any(each.status in SEEN for each in known) if known else bool(sources)
    role = "choice" if decided else "effect"
    status = "" if decided else _status(told, sources, seen)
    return LeverRow(f"{reform}.{lever}", default(field), bounds(field), facts["unit"], facts["text"], role, status, told, sources)


def _of_parameter(name: str, names: set[str], trials: Mapping[str, TrialEvidence]) -> LeverRow:
    known = CODEBOOK[name]
    sources = tuple(key for key in known.source if key != ASSUMED)
    told = _speaking(names, trials)
    role = "price" if known.topic == PRICES else "effect" if known.topic in TOPICS else "city"
    if "fixed" in (known.prior or ()):
        role = "choice"
    elif "Observed only" in known.description:
        role = "observed"
    status = "" if role in ("choice", "city") else _status(told, sources, role == "price" or known.status in SEEN)
    text, span = known.description.partition(". ")[0], f"{number(known.low)} to {number(known.high)}"
    return LeverRow(name, number(known.value), span, known.unit, text, role, status, told, sources)


def _speaking(names: set[str], trials: Mapping[str, TrialEvidence]) -> dict[str, str]:
    """The trials with findings that speak of one of these names, and their best use."""
    found = {}
    for name, trial in trials.items():
        uses = {finding.use for finding in trial.findings.values() if names.intersection(finding.informs)}
        if best := next((use for use in ("fit", "check") if use in uses), ""):
            found[name] = best
    return found


def _status(told: Mapping[str, str], sources: tuple[str, ...], seen: bool) -> str:
    if "fit" in told.values():
        return TRIAL
    return PARTLY if told or (seen and sources) else ASSUMED
