"""What the live page says in each language: the report's words for the model's things, and the page's own, texts-LANGUAGE.yaml."""

import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from string import Formatter
from typing import Any

from sim.inputs.reforms import meaning
from sim.inputs.scenario import CitySize
from sim.report.words import Text, Words
from sim.style import MINUS, read
from sim.world.parameters import CODEBOOK, REFERENCES, Parameter
from sim.world.reforms import REFORMS, levers

CITY = CitySize.model_fields
WRITTEN = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?%?|-?\d+(\.\d+)?%?")  # a number as English sentences write it


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
        own_words: dict[str, str] = self.part("elsewhere.units")
        return own_words.get(unit) or self.translate("parameter_units", unit, unit).text

    def lever(self, reform: str, name: str, english: str) -> str:
        """What a lever of a reform is, in a sentence."""
        said: dict[str, str] = self.part("elsewhere.levers")
        return said.get(f"{reform}.{name}") or said.get(name, english)

    def refused(self, line: str) -> Text:
        """A line of a refusal, which the program says in English: in this language if it is one of those that are known."""
        if own_words := self.meanings.get(line):
            return Text(own_words, self.language)
        return self.matched(line, self.part("refusals"))

    def matched(self, text: str, known: Mapping[str, str]) -> Text:
        """A text in this language, if it is one of the English sentences that are known, whose {places} may hold anything."""
        for english, own in known.items():
            if found := pattern(english).fullmatch(text):
                filled = {name: self._filled(name, held, known) for name, held in found.groupdict().items()}
                return Text(own.format(**filled), self.language)
        return Text(text, "en")

    def _filled(self, place: str, held: str, known: Mapping[str, str]) -> str:
        """What stands in a place: a number, names of arms, or several texts that may be known themselves, joined by commas."""
        if WRITTEN.fullmatch(held):
            shown = held.translate(str.maketrans({",": self.data["thousands"], ".": self.data["decimal"], "-": MINUS}))
            return shown.replace("%", " %")
        parts = held.split(", ")
        if place in ("arm", "arms"):
            return "; ".join(self.reform(part) for part in parts)  # names of arms may hold commas
        if (whole := self.matched(held, known)).lang == self.language:
            return whole.text
        return ", ".join(self.matched(part, known).text for part in parts)

    @cached_property
    def meanings(self) -> dict[str, str]:
        """What parameters, levers and keys of the city are, by the lines in which a refusal says so."""
        if self.language == "en":
            return {}
        found = {f"{field.description}.": f"{self.translate('parameters', f'city.{key}', '').text}." for key, field in CITY.items()}
        for known in CODEBOOK.values():
            low, high, value = (self.number(number) for number in (known.low, known.high, known.value))
            line = f"'{known.name}': {known.summary} ({known.unit})."
            text, unit = self.parameter(known), self.in_units(known.unit)
            found[line] = self("page.parameter", name=known.name, text=text, low=low, high=high, value=value, unit=unit)
        for reform, kind in REFORMS.items():
            for name, lever in levers(kind).items():
                low, high = self.number(lever.metadata["low"]), self.number(lever.metadata["high"])
                value = self.number(lever.default) if isinstance(lever.default, int | float) else self("reforms.none")
                found[meaning(lever)] = self("page.lever", text=self.lever(reform, name, ""), low=low, high=high, value=value)
        return found

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


@cache
def pattern(sentence: str) -> re.Pattern[str]:
    """What matches a sentence whose {places} are filled with anything.

    >>> pattern("{many} runs failed.").fullmatch("12 runs failed.")["many"]
    '12'
    """
    parts = Formatter().parse(sentence)
    return re.compile("".join(re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name, *_ in parts), re.DOTALL)
