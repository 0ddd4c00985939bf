"""What the live page says in each language: the report's words for the model's things, and the page's own, section `live` of the words."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sim.report.words import Words
from sim.style import read
from sim.world.parameters import REFERENCES, Parameter


class Texts(Words):
    """The words of one language; `texts("play.step")` is a text of the page, with its {places} filled."""

    def __init__(self, language: str):
        super().__init__(language)
        self.page = own(language)

    def __call__(self, key: str, **values: object) -> str:
        return str(self.part(key)).format(**values)

    def part(self, key: str) -> Any:
        """A text as it is written, or a mapping of texts, by its keys with dots between."""
        found: Any = self.page
        for name in key.split("."):
            found = found[name]
        return found

    def parameter(self, known: Parameter) -> str:
        """What a parameter is, in a line."""
        return self.translate("parameters", known.name, known.description.rstrip(".")).text

    def in_units(self, unit: str) -> str:
        """A unit of a parameter or a lever."""
        return self.term("parameter_units", unit)

    def lever(self, reform: str, name: str, english: str) -> str:
        """What a lever of a reform is, in a sentence."""
        return self.term("lever_texts", f"{reform}.{name}", english)

    def sources(self, keys: Iterable[str]) -> str:
        """Where a number comes from: author, year and title of each source."""
        return "; ".join(self._source(key) for key in keys)

    def _source(self, key: str) -> str:
        if key not in REFERENCES:
            return str(self("parameters.assumed"))
        reference = REFERENCES[key]
        return f"{reference.author} ({reference.year}): {reference.title}"

    def clock(self, week: int) -> str:
        """Where in which year a week is: the week after the spin-up is week 1 of year 1."""
        return self("play.year", year=self.number(week // 52 + 1), of_year=self.number(week % 52 + 1))


@cache
def texts(language: str) -> Texts:
    """The words of a language; InputError if there are none."""
    return Texts(language)


@cache
def own(language: str) -> dict[str, Any]:
    """The page's own texts."""
    words: dict[str, Any] = read(language)["live"]
    return words
