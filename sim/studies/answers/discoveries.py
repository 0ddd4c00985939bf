"""What scenario discovery found in a study: where a condition holds, in numbers and in words, and the way to disk and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim.artifacts.artifact import MadeFrom, TablesArtifact
from sim.artifacts.checking import ArtifactKind
from sim.artifacts.provenance import Provenance
from sim.errors import number
from sim.methods import how_judged
from sim.methods.discovery.prim import Cases
from sim.methods.discovery.search import STABLE, Found
from sim.studies.answers.conditions import Condition
from sim.studies.answers.findings import Output
from sim.studies.answers.kept import NOTES, Said, notes_table
from sim.studies.design.study import Study
from sim.studies.design.study_files import load_study
from sim.style import Note, note
from sim.style.html import card, table
from sim.style.html import note as line

FOLDER, FILE, STUDY = "discovery", "discovery.json", "study.yaml"
SHARES = ("share", "probability")  # units of factors that are shown as percentages
BARE = ("ratio", "0-1", "count")  # units that say nothing beside a number
KIND = ArtifactKind("discovery", "Make it again: confianza discover STUDY.yaml or STORE CONDITION")
BOX = [
    "factor", "low", "high", "kept", "low_share", "high_share", "unit", "meaning", "status", "quasi_p", "bootstrap", "coverage_without",
    "density_without",
]  # fmt: skip
FRAMES = ("trajectory", "box", "tree", "unseen", "others", "draws")
FILES = (FILE, STUDY, NOTES, *(f"{name}.csv" for name in FRAMES), "tradeoff.png", "box.png")
UNSURE = (0.1, 0.9)  # probabilities between which it is open whether a draw is a case
POOR = 0.5  # Q2 below which something is said
DIFFERENT = 0.02  # shares of cases that differ enough to say so


class Luckless(NamedTuple):
    """An output at each draw that has runs, with luck taken off.

    kept         n, bool: which points have runs
    mean         k: mean over replicates
    value        k: the output, luck taken off
    probability  k: that the condition holds
    told_apart   is it known how much luck does? Not from one replicate
    replicates   at most;  q2: of the emulator that helped, or None;  validated: at so many validation points
    trusted      may an emulator help? Not one that no validation point has judged
    """

    kept: np.ndarray
    mean: np.ndarray
    value: np.ndarray
    probability: np.ndarray
    told_apart: bool
    replicates: int
    q2: float | None
    validated: int = 0
    trusted: bool = True

    @property
    def how(self) -> Note:
        """How luck was taken off before cases were told."""
        if not self.told_apart:
            return note("cases_with_luck")
        if self.q2 is None:
            return note("cases_from_means", many=self.replicates)
        return note("cases_from_emulator", many=self.replicates, share=max(self.q2, 0), judged=how_judged(self.validated))


class DiscoveryFields(TypedDict):
    """What discovery.json says."""

    condition: str
    text: str
    output: Output
    week: int
    found: bool
    refused: Said | None
    share: float
    coverage: float
    density: float
    mass: float
    p: float | None
    how: Said
    sentences: list[str]
    notes: list[Said]
    facts: Provenance


@dataclass(frozen=True)
class Discovery(TablesArtifact):
    """Where, in the space of what varies, a condition holds.

    study       that was swept;  condition: as it is written, "effect:purge:mean_trust < 0"
    text        the condition in words;  output: what it is about;  week: at whose end that is read
    found       is there a box?  If not, coverage, density and mass are those of all draws, and `refused` says why
    share       of all draws that are cases: at which the condition holds
    coverage, density, mass  of the box: share of the cases that it holds, share of its draws that are cases, share of all draws
    p           of the permutation test: share of searches among cases dealt out at random that find as good a box
    how         a note: how luck was taken off before cases were told
    trajectory  step, phase, restricted (factors), coverage, density, mass, chosen: the boxes of the peel (phase "peel"); those that are
                left when restrictions that luck explains are dropped, none worse than another in both ("candidate"); the one taken ("box")
    box         factor, low, high (nan: not restricted there), kept (which of its choices are in the box, else ""), low_share, high_share
                (where in the factor's distribution they lie), unit, meaning, status (of the codebook, or lever), quasi_p, bootstrap (share
                of resamples whose box has the same ends), coverage_without, density_without; the restriction that does most comes first
    tree        rule ("conduct.mean <= 0.2; training.whom = troops"), n, share (of cases), coverage: leaves of a classification tree; the
                one rule "everywhere" if it sees nothing
    unseen      quantity (coverage, density), mean, low, high (95 %): of boxes found in resamples, at the draws that they did not see
    others      factor, share of the resamples that restrict it although the box does not
    draws       point, mean (over replicates), value (luck taken off), probability (that the condition holds), case, inside, and a column
                for each of the box's factors
    sentences   the box in words: the first says how much of what it holds, then one a restriction
    notes       what else a reader must know
    facts       versions, source_fingerprint, command, created, seconds (of processor time), draws, replicates, q2 (of the emulator)
    """

    KIND, FILE, FIELDS = KIND, FILE, DiscoveryFields
    TEXT, TABLES = MadeFrom("study", STUDY, load_study), {name: f"{name}.csv" for name in FRAMES}

    study: Study
    condition: str
    text: str
    output: Output
    week: int
    found: bool
    refused: Said | None
    share: float
    coverage: float
    density: float
    mass: float
    p: float
    how: Said
    trajectory: pd.DataFrame
    box: pd.DataFrame
    tree: pd.DataFrame
    unseen: pd.DataFrame
    others: pd.DataFrame
    draws: pd.DataFrame
    sentences: list[str]
    notes: list[Said]
    facts: dict[str, Any]

    def _tables(self) -> dict[str, str]:
        said = (*([self.refused] if self.refused else []), *self.notes)
        return super()._tables() | {NOTES: notes_table((self.condition, text) for text in said)}

    def as_json(self) -> dict[str, Any]:
        return super().as_json() | {"output": self.output._asdict(), "p": None if np.isnan(self.p) else self.p}

    @classmethod
    def of(cls, path: Path, content: dict[str, Any], parts: dict[str, Any]) -> Self:
        return super().of(path, content | {"p": float("nan") if content["p"] is None else content["p"]}, parts)

    def __repr__(self) -> str:
        held = f"a box with {self.density:.0%} cases" if self.found else "no box found"
        return f"<Discovery in '{self.study.name}': {self.condition} in {self.share:.0%} of draws; {held}>"

    def _repr_html_(self) -> str:
        """The box in words, its limits and the second opinion, in a notebook."""
        facts = (
            ("Question", self.study.question),
            ("Cases", f"{self.share:.1%} of {len(self.draws):,} draws, week {self.week}"),
            ("Box", f"coverage {self.coverage:.0%}, density {self.density:.0%}, mass {self.mass:.0%}" if self.found else "no box found"),
        )
        limits = self.box[["factor", "low", "high", "kept", "unit", "quasi_p", "bootstrap", "status"]]
        parts = [line(sentence) for sentence in self.sentences]
        parts += [table(limits, caption="Restrictions")] if self.found else []
        parts += [table(self.tree, caption="A classification tree, as a second opinion")]
        return card(f"Where {self.text}", facts, *parts, *(line(str(text)) for text in self.notes))


def sentences(asked: Condition, found: Found, box: pd.DataFrame, cases: Cases) -> list[str]:
    """`Discovery.sentences`."""
    text = f"{asked.text[:1].upper()}{asked.text[1:]}"
    first = f"{text}: in {cases.share:.1%} of {number(cases.total)} draws"
    if found.refused is not None:
        return [f"{first}. No box found. {found.refused}"]
    own, seen = found.marks, found.unseen.set_index("quantity").loc["density"]
    sentence = (
        f"{first}, but in {own.density:.0%} of those in the box below, which holds {own.mass:.0%} of all draws and {own.coverage:.0%} "
        f"of the cases. (Boxes found without a third of the draws hold {seen['mean']:.0%} cases among these, {seen.low:.0%} to "
        f"{seen.high:.0%}.)"
    )
    return [sentence, *(restriction(row) for row in box.to_dict("records"))]


def restriction(row: dict[str, Any]) -> str:
    """A row of the box in words: "hearsay.fraction is high, at least 0.4 share of living it (the highest 60 % of what it may be): how much
    hearing of an encounter moves trust, relative to living it."
    """
    low, high, unit, meaning = row["low"], row["high"], row["unit"], row["meaning"]
    meaning = f"{meaning[:1].lower()}{meaning[1:]}" if meaning[1:2].islower() else meaning
    if row["kept"]:
        return f"{row['factor']} is {row['kept'].replace(', ', ' or ')}: {meaning}."
    if np.isnan(low):
        where = f"low, at most {high:.3g} {unit} (the lowest {row['high_share']:.0%} of what it may be)"
    elif np.isnan(high):
        where = f"high, at least {low:.3g} {unit} (the highest {1 - row['low_share']:.0%} of what it may be)"
    else:
        where = f"between {low:.3g} and {high:.3g} {unit} ({row['high_share'] - row['low_share']:.0%} of what it may be)"
    return f"{row['factor']} is {where}: {meaning}."


def within(
    row: Mapping[Any, Any], say: Callable[..., str], near: Callable[[float], str], unit_in_words: Callable[[str], str],
    either: Callable[[Sequence[str]], str],
) -> str:  # fmt: skip
    """Where one number lies in a box, as figures and reports say it: "less than 2.02 log-odds".

    say     the words of "among", "below", "above" and "between";  near: a number;  unit_in_words: its unit;  either: choices
    """
    if row["kept"]:
        return say("among", values=either(row["kept"].split(", ")))
    share = row["unit"] in SHARES
    unit = "%" if share else "" if row["unit"] in BARE else unit_in_words(row["unit"])
    ends = {end: near(float(row[end]) * (100 if share else 1)) for end in ("low", "high") if np.isfinite(row[end])}
    if len(ends) == 2:
        return say("between", low=ends["low"], high=f"{ends['high']} {unit}".strip())
    key, end = ("below", "high") if "high" in ends else ("above", "low")
    return say(key, value=f"{ends[end]} {unit}".strip())


def notes(known: Luckless, found: Found, box: pd.DataFrame, others: pd.DataFrame, y: np.ndarray, *, joint: bool) -> list[Note | str]:
    """`Discovery.notes`."""
    said: list[Note | str] = [known.how]
    if missing := int((~known.kept).sum()):
        said.append(note("draws_without_runs", missing=missing, many=len(known.kept)))
    if known.told_apart and not known.trusted:
        said.append(note("no_emulator_judged"))
    if known.q2 is not None and known.q2 < POOR:
        said.append(note("cases_uncertain", judged=how_judged(known.validated)))
    if unsure := int(((known.probability > UNSURE[0]) & (known.probability < UNSURE[1])).sum()):
        expected = known.probability.mean()
        other, counts = abs(expected - y.mean()) > DIFFERENT, {"unsure": unsure, "many": len(y)}
        said.append(note("cases_open_expected", **counts, share=expected) if other else note("cases_open", **counts))
    if joint:
        said.append(note("box_of_posterior"))
    if found.refused is None:
        said.append(note("quasi_p_flatters"))
        least = box.loc[box.bootstrap.idxmin()]
        rivals = others.factor[others.share > least.bootstrap].tolist() if least.bootstrap < STABLE else []
        said += [note("box_elsewhere", factors=rivals[:3], least=least.factor)] if rivals else []
    return said
