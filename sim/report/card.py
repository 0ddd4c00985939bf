"""The answer card, at the top of every page: a line a reform, with a verdict, from what to what, in how many cities, pesos, evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, isfinite, sqrt
from typing import Any, NamedTuple

from sim.evidence.grades import Grade, grade_of
from sim.evidence.levers import ASSUMED
from sim.measures.spread import Spread
from sim.report.parts import PageTable
from sim.report.words import Words
from sim.world.parameters import CODEBOOK
from sim.world.reforms import REFORMS

INHABITANTS = 100_000  # of the municipality for which amounts are shown until the reader types another number
PLACES = {"Mexico City, 2016": 9_196_836, "Ecatepec": 1_660_000, "Mérida": 1_073_000}  # as the assumptions of these scenarios say
BAND = 1.0  # of 100 people: a change that is no more than that, either way, in nine of ten cities is hardly any
SHARE = "population.adult_share"
TICKS = (1, 2, 5, 10, 20, 50)


class Strip(NamedTuple):
    """Where a line lies on the scale of the card's figure: from where to where, and the range; nan for what is not known."""

    start: float
    end: float
    low: float
    high: float


@dataclass(frozen=True)
class CardLine:
    """A line of the card: what it is about, what is said of it in words, a cell for each further head.

    pesos  an inhabitant, see `each_inhabitant`: middle, low and high; () if nothing is paid, or nobody asked
    grade  of the evidence, with its reasons; None if it is not told
    """

    name: str
    verdict: str
    cells: Sequence[str] = ()
    pesos: Sequence[float] = ()
    grade: Grade | None = None
    strip: Strip | None = None


@dataclass(frozen=True)
class AnswerCard:
    """What a reader sees first.

    about    of what city, over how long, in how many possible ones;  finding: the answer in a sentence;  today: levels before any reform
    heads    of the lines and their cells;  notes: sentences below the figure, as what the answer hangs on;  cost: head of pesos
    figure   what the strips show;  sizes: the same numbers for evaluators
    """

    about: str
    finding: str
    heads: Sequence[str]
    lines: Sequence[CardLine]
    today: str = ""
    figure: str = ""
    notes: Sequence[str] = ()
    sizes: PageTable | None = None
    ticks: Sequence[float] = ()
    caption: str = ""  # of the figure
    cost: str = ""

    @property
    def told(self) -> list[str]:
        """Of each line what it says first, from what to what."""
        return [line.cells[0] for line in self.lines]

    def scaled(self) -> "AnswerCard":
        """The same with strips from 0 to 100 across the figure, and the numbers at its ticks."""
        ends = [each for line in self.lines for each in line.strip or () if isfinite(each)]
        if not ends:
            return replace(self, lines=[replace(line, strip=None) for line in self.lines])
        step = next((size for size in TICKS if max(ends) - min(ends) <= 5 * size), 100)
        first, last = step * floor(min(ends) / step), step * ceil(max(ends) / step)
        last += step * (first == last)
        lines = [
            replace(line, strip=Strip(*(100 * (each - first) / (last - first) for each in line.strip))) if line.strip else line
            for line in self.lines
        ]
        return replace(self, lines=lines, ticks=range(first, last + 1, step))


def whole(change: float) -> int:
    """A change in whole people, halves away from 0."""
    return round(change + (1e-9 if change > 0 else -1e-9))


def verdict(effect: Spread, grade: Grade | None = None) -> str:
    """What to call an effect on 100 people: assumed, little, rise, fall or unknown; few, single or same where there is no range.

    assumed: no trial speaks of it, so that a range holds what somebody assumed; rise_partly and fall_partly: trials speak of a part
    of its reforms, and the range leaves 0 out. little: nine of ten cities within BAND. unknown: the range holds both signs.

    >>> [verdict(Spread(middle, 0.1, low, high, share, 32, 32)) for middle, low, high, share in
    ...  ((4, 2, 5, 1), (0.3, -0.2, 0.9, 0.7), (-3, -8, 1, 0.9), (-3, -8, -1, 1))]
    ['rise', 'little', 'unknown', 'fall']
    """
    kind = effect.verdict
    if not effect.ranged or kind == "same":
        return kind
    if grade and grade.level == ASSUMED:
        return f"{kind}_partly" if grade.tried and effect.clear else "assumed"
    return "little" if max(-effect.low, effect.high) <= BAND else "unknown" if kind == "unclear" else kind


def surely(effect: Spread) -> int:
    """In how many of 100 further cities the effect has the sign of its middle, as far as so many draws can tell (Jeffreys 1946): 24 of 24
    are 98 and not 100.

    >>> [surely(Spread(1, 0.1, 0.5, 2, share, many, many)) for share, many in ((1.0, 24), (1.0, 2000), (0.75, 24))]
    [98, 99, 74]
    """
    return floor(100 * (effect.share * effect.draws + 0.5) / (effect.draws + 1))


def of_effect(
    name: str, effect: Spread, start: float, words: Words, *, pesos: Sequence[float] = (), grade: Grade | None = None
) -> CardLine:
    """The line of a reform that changes how many of 100 people do something.

    effect  of 100;  start: of how many it changes it, nan if that is not known
    """
    known = isfinite(start)
    before = whole(start) if known else 0
    after = before + whole(effect.middle)
    shown = [words.number(each, sign=not known) for each in (before, after)]
    levels = shown[1] if not known else words.say("card.stay" if before == after else "card.levels", start=shown[0], end=shown[1])
    if effect.ranged and whole(effect.low) < whole(effect.high):
        ends = [words.number(before + whole(end), sign=not known) for end in (effect.low, effect.high)]
        levels += f" ({words.say('answer.numbers', low=ends[0], high=ends[1])})"
    at = start if known else 0.0
    strip = Strip(at, at + effect.middle, at + effect.low, at + effect.high) if effect.many else None
    return CardLine(name, words["card"]["verdicts"][verdict(effect, grade)], [levels, chance(effect, words)], pesos, grade, strip)


def graded(listed: Iterable[Mapping[str, Any]]) -> Grade | None:
    """The grade of an arm, from its reforms as YAML has them; one that this program does not know is an assumption."""
    reforms = [name for each in listed for name in each]
    return grade_of(reforms) if all(name in REFORMS for name in reforms) else Grade(ASSUMED, ())


def chance(effect: Spread, words: Words) -> str:
    """In how many cities there is more of it and in how many less, and what to call that; with few draws of how many."""
    if effect.many < 2 or not isfinite(effect.share):
        return "-"
    if not effect.middle:
        return words.counted(effect)
    if not effect.ranged:
        count, of = effect.counted
        return words.say("card.few_more" if effect.middle > 0 else "card.few_less", count=words.number(count), of=words.number(of))
    many = surely(effect)
    more, less = (many, 100 - many) if effect.middle > 0 else (100 - many, many)
    return words.say("card.more_less", more=words.number(more), less=words.number(less), word=words.chance(more))


def gathered(kinds: Mapping[str, str], words: Words) -> str:
    """The answer in a sentence: by verdict, the names of which it is said. Names stand behind a colon, so that they need no article."""
    said = words["card"]["verdicts"]
    return ". ".join(
        f"{said[kind][:1].upper()}{said[kind][1:]}: {'; '.join(name for name, own in kinds.items() if own == kind)}"
        for kind in said if kind in kinds.values()
    )  # fmt: skip


def each_inhabitant(cost: Spread, scenario: Mapping[str, Any]) -> tuple[float, float, float]:
    """Pesos an inhabitant, from pesos an adult: middle, low and high."""
    adults = float(scenario.get("parameters", {}).get(SHARE, CODEBOOK[SHARE].value))
    return adults * cost.middle, adults * cost.low, adults * cost.high


def money(pesos: Sequence[float], words: Words, inhabitants: int, largest: float) -> str:
    """Pesos for a municipality, in two digits: "8.6 million (7.9 to 9.3)"; as card.js writes them.

    largest  of all amounts of the card, an inhabitant: they have one unit
    """
    middle, low, high = (inhabitants * each for each in pesos)
    said, size = words["card"], inhabitants * largest
    unit, name = (1e6, said["million"]) if size >= 1e6 else (1e3, said["thousand"]) if size >= 1e4 else (1, "")
    shown = [words.number(float(f"{each / unit:.2g}")) for each in (middle, low, high)]
    ends = f" ({words.say('answer.numbers', low=shown[1], high=shown[2])})" if isfinite(low) and shown[1] != shown[2] else ""
    return f"{shown[0]} {name.split('|')[-(shown[0] != '1')]}".strip() + ends  # of two forms the first is that of one


def sizes(effects: Mapping[str, Spread], start: float, words: Words) -> PageTable:
    """The card for evaluators: points, d, nine of ten cities, precision, runs and draws; effects of 100 people, by name."""
    rows, own_words = [], words["card"]["sizes"]
    sd = sqrt(start * (100 - start)) if 0 < start < 100 else float("nan")
    for name, own in effects.items():
        spread = [words.number(each, 2, sign=True) for each in (own.middle, own.low, own.high)]
        ends = words.say("answer.numbers", low=spread[1], high=spread[2]) if own.ranged else "-"
        exact = [words.number(own.middle / sd, 3, sign=True), ends, words.counted(own, ends=True), words.number(own.precision, 2)]
        rows.append([name, spread[0], *exact, words.number(own.many), words.number(own.draws, 0)])
    keys = ("points", "d", "ends", "sign", "precision", "runs", "draws")
    return PageTable(own_words["caption"], [words["columns"]["arm"], *(own_words[key] for key in keys)], rows, frozenset(range(1, 8)))
