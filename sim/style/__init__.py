"""What is said, in every language: a note is an id with values, made where a fact is known and put into words where it is shown.

words/LANGUAGE.yaml has all words of one language; its section `notes` has the sentence of each id, with {places} for the values. A place
takes Python's format of numbers, as {share:.0%}; without one a number stands as people type it. It may also say that names of arms stand
there, {arm:arm} and {arms:arms}, or in which section of the words the value is looked up, {unit:parameter_units}; or two forms of words, of
which the first stands for one and the other for any other number: "{many} {many:point was|points were} left out". Another language is
another file with the same keys.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from numbers import Integral, Real
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

import yaml

FOLDER = Path(__file__).parent / "words"
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
ENGLISH = "en"
MINUS = "\u2212"
YEAR = 52  # weeks
CHANCES = {99: "certain", 90: "very_likely", 66: "likely"}  # words for chance: of 100, from so many on; below 50 their opposites
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Text(NamedTuple):
    """A text and the language it is written in."""

    text: str
    lang: str


@dataclass(frozen=True)
class Note:
    """Something that a reader must know: the id of a sentence, and the values that stand in it.

    values  numbers, names, other notes, and lists of these, by the name of their place
    str(...) is the sentence in English; `sim.style.language("es").said(...)` that in another language.
    """

    id: str
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", {name: _plain(value) for name, value in self.values.items()})

    def __str__(self) -> str:
        return language(ENGLISH).said(self).text


def note(id: str, /, **values: Any) -> Note:
    """A note: `note("points_failed", many=3)`."""
    return Note(id, values)


def saved(said: Any) -> Any:
    """Notes, alone or in lists and mappings, as JSON can hold them; pydantic makes notes of that again."""
    if isinstance(said, Note):
        return asdict(said)
    if isinstance(said, Mapping):
        return {key: saved(value) for key, value in said.items()}
    return [saved(each) for each in said] if isinstance(said, list | tuple) else said


def _plain(value: Any) -> Any:
    """A value as it is after it was saved and read."""
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, Mapping):
        return Note(**value)
    return value if isinstance(value, str | Note) else [_plain(each) for each in value]


def number(value: float) -> str:
    """A number as people write it: 20,000 and 0.05 and -2.

    >>> number(20000), number(0.05), number(-2.0), number(10**7)
    ('20,000', '0.05', '-2', '10,000,000')
    """
    if isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:.12g}"


def counted(many: int, one: str, several: str = "") -> str:
    """So many things, in English: "1 column", "1,200 columns".

    several  of a word whose plural has no plain s

    >>> counted(1, "column"), counted(1200, "column"), counted(0, "city", "cities")
    ('1 column', '1,200 columns', '0 cities')
    """
    return f"{number(many)} {one if many == 1 else several or one + 's'}"


class Language(Formatter):
    """The words of one language, and how it writes numbers."""

    def __init__(self, language: str):
        self.language, self.data = language, read(language)

    def __getitem__(self, section: str) -> Any:
        """A section of the words, as `words["columns"]`."""
        return self.data[section]

    def figure(self, section: str) -> Mapping[str, str]:
        """The words inside figures of one kind, with names of measures, what factors mean, the mark for thousands and the language."""
        factors = {f"factor:{name}": text for name, text in self.data.get("parameters", {}).items()}
        return {
            **factors,
            **self.data["beside"],
            **self.data["measures"],
            **self.data[section],
            "thousands": self.data["thousands"],
            "language": self.language,
        }

    def duration(self, weeks: int) -> str:
        """So many weeks, in years if they are whole ones."""
        unit, many = ("year", weeks // YEAR) if weeks % YEAR == 0 and weeks else ("week", weeks)
        return str(self.data["duration"][unit if many == 1 else f"{unit}s"]).format(n=self.marked(number(many)))

    def paid(self, kind: str, weeks: int, **values: object) -> str:
        """The unit of what is paid in so many weeks: a year's; of less than a year that of all of them, as `years_paid` has the amount."""
        said = self.data["paid"]
        span = said["year"] if weeks >= YEAR else said["weeks"].format(duration=self.duration(weeks))
        return str(said[kind]).format(span=span, **values)

    def said(self, content: Note | str) -> Text:
        """A note in this language; a sentence as it is, in English."""
        if isinstance(content, str):
            return Text(content, ENGLISH)
        return Text(self.vformat(self.data["notes"][content.id], (), content.values), self.language)

    def format_field(self, value: Any, format_spec: str) -> str:
        """What stands in a place of a sentence."""
        if isinstance(value, list):
            return ("; " if format_spec == "arms" else ", ").join(self.format_field(each, format_spec) for each in value)
        if isinstance(value, Note):
            return self.said(value).text
        if isinstance(value, str):
            return self.arm(value) if format_spec.startswith("arm") else self.term(format_spec, value)
        if "|" in format_spec:
            return format_spec.split("|")[value != 1]
        return self.marked(format(value, format_spec)) if format_spec else self.marked(number(value)).replace(MINUS, "-")

    def arm(self, name: str) -> str:
        """What an arm is called."""
        return name

    def chance(self, of_100: int) -> str:
        """What to call something that happens in so many of 100 cities (see CHANCES)."""
        side, many = ("chances", of_100) if of_100 >= 50 else ("chances_against", 100 - of_100)
        key = next((key for least, key in CHANCES.items() if many >= least), "even")
        return str(self.data[side].get(key) or self.data["chances"][key])

    def chances(self) -> list[tuple[str, str]]:
        """Every word for chance with the numbers of 100 that it stands for, "90-98", the surest first."""
        words = [self.chance(many) for many in range(100, -1, -1)]
        spans = {word: [100 - place for place, each in enumerate(words) if each == word] for word in words}
        return [(word, f"{min(span)}-{max(span)}") for word, span in spans.items()]

    def term(self, section: str, name: str, unknown: str = "") -> str:
        """What a section of the words says of a name, or of what stands behind its dot ("training.start" is as any start).

        unknown  what it is if nothing is said; "": the name
        """
        known: Mapping[str, str] = self.data.get(section, {})
        return known.get(name) or known.get(name.rpartition(".")[2]) or unknown or name

    def named(self, reform: str, lever: str) -> str:
        """What a lever is called, by itself or in one of the reforms that have it; its name if it has none."""
        return self.term("levers", f"{reform}.{lever}", lever)

    def translate(self, section: str, key: str, english: str) -> Text:
        """What is written in English elsewhere: in this language if it has been translated."""
        found = self.data.get(section, {}).get(key)
        return Text(str(found), self.language) if found else Text(english, "en")

    def written(self, text: str) -> Text:
        """A text that a scenario's author wrote: translated if it is one of the shipped scenarios' own."""
        return self.translate("texts", " ".join(text.split()), " ".join(text.split()))

    def reform(self, name: str) -> str:
        """A reform or an arm of a study in words; its own name if it is somebody's invention."""
        known: Mapping[str, str] = self.data["reforms"]
        key = name.replace("-", "_")
        if key in known:
            return known[key]
        first, then, second = key.partition("_then_")
        full = {
            word: known.get(word) or next((known[key] for key in known if key.startswith(word)), None) for word in (first, second) if word
        }
        if then and full.get(first) and full.get(second):
            return known["then"].format(first=full[first], second=full[second])
        return name

    def marked(self, english: str) -> str:
        """A number as this language writes it, from how Python does."""
        marks = {",": self.data["thousands"], ".": self.data["decimal"], "-": MINUS, "%": " %"}
        return english.translate(str.maketrans(marks))


@cache
def language(name: str) -> Language:
    """The words of one language."""
    return Language(name)


@cache
def read(name: str) -> dict[str, Any]:
    """The file of a language."""
    words: dict[str, Any] = yaml.load((FOLDER / f"{name}.yaml").read_bytes(), Loader=_LOADER)  # noqa: S506 - it is a safe loader
    return words


def sentences(notes: Iterable[Note | str], name: str = ENGLISH) -> list[str]:
    """Notes in one language."""
    return [language(name).said(each).text for each in notes]
