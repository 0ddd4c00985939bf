"""What a report says in each language: changes, ranges, verdicts, dates and names, in the words of `sim.style`.

What has no translation is shown in English and marked as such.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite, log10

from sim import style
from sim.errors import InputError, did_you_mean
from sim.measures.spread import Spread
from sim.style import LANGUAGES as LANGUAGES
from sim.style import Language
from sim.style import Text as Text
from sim.style.looks import scale as scale

LARGEST_EXACT = 1e15


def decimals(value: float, uncertainty: float) -> int:
    """How many decimals to show: two digits of the uncertainty, or three of the value if it has none.

    >>> decimals(0.5336, 0.0073), decimals(23482.5, 507.6), decimals(0.5336, float("nan")), decimals(0.0, 0.0)
    (4, 0, 3, 3)
    """
    known = isfinite(uncertainty) and uncertainty > 0
    size, digits = (uncertainty, 2) if known else (abs(value), 3)
    return min(4, max(0, digits - 1 - int(log10(size) // 1))) if size > 0 else 3


class Words(Language):
    """The words of one language. InputError if there is no such language."""

    def __init__(self, language: str):
        if language not in style.LANGUAGES:
            hint = did_you_mean(language, style.LANGUAGES)
            raise InputError(f"there is no report in '{language[:100]}'.", f"{hint}Languages: {', '.join(style.LANGUAGES)}", file="--lang")
        super().__init__(language)

    def say(self, key: str, **values: object) -> str:
        """A sentence by "section.key", with its {places} filled."""
        section, _, name = key.partition(".")
        return self.data[section][name].format(**values)

    def number(self, value: float, places: int | None = None, *, sign: bool = False) -> str:
        """A number as this language writes it; "-" if there is none. Without `places` all digits that a person wrote."""
        if not isfinite(value):
            return "-"
        whole = value == int(value) and abs(value) < LARGEST_EXACT
        if places is None:
            shown = f"{int(value):{'+' if sign else ''},}" if whole else f"{value:{'+' if sign else ''}.6g}"
        else:
            shown = f"{value:{'+' if sign else ''}z,.{places}f}"
        return self.marked(shown)

    def amount(self, value: float, uncertainty: float = float("nan"), *, sign: bool = False) -> str:
        """A number with its precision, or half of its interval: "0.5336 ± 0.0073"."""
        places = decimals(value, uncertainty)
        shown = self.number(value, places, sign=sign)
        return f"{shown} ± {self.number(uncertainty, places)}" if isfinite(value) and isfinite(uncertainty) else shown

    def spread(self, found: Spread, *, sign: bool = False, counted: bool = False, places: int | None = None) -> str:
        """A middle with the range over cities, if there is one: "0.534 (0.48 to 0.59)"; if wanted also in how many its sign is this one.

        places  decimals, by default as many as are known
        """
        details = [self.reach(found, sign=sign)] if found.ranged and found.low < found.high else []
        details += [self.counted(found, ends=found.share == 1)] if counted and found.many > 1 else []
        middle = self.number(found.middle, decimals(found.middle, found.roughness) if places is None else places, sign=sign)
        return f"{middle} ({'; '.join(details)})" if details else middle

    def reach(self, found: Spread, *, sign: bool = False) -> str:
        """The range over cities: "0.48 to 0.59"."""
        return self.say("answer.numbers", **self.ends(found, sign=sign))

    def ends(self, found: Spread, *, sign: bool = False, places: int = 0) -> dict[str, str]:
        """Both ends of a range, as exact as its width; with `places` decimals at least."""
        places = max(places, decimals(max(abs(found.low), abs(found.high)), (found.high - found.low) / 2))
        return {"low": self.number(found.low, places, sign=sign), "high": self.number(found.high, places, sign=sign)}

    def counted(self, found: Spread, *, ends: bool = False) -> str:
        """In how many cities the sign is that of the middle: "78 of 100"; "-" if it has none.

        ends  also between which numbers of 100 that may lie: "78 of 100, 62 to 89"
        """
        if not isfinite(found.share):
            return "-"
        count, of = map(self.number, found.counted)
        said = self.say("answer.count", count=count, of=of)
        if ends and found.ranged:
            low, high = map(self.number, found.count_ends)
            said = self.say("answer.count_ends", count=count, of=of, low=low, high=high)
        return said if found.middle else self.say("answer.count_none", count=said)

    def verdict(self, found: Spread) -> str:
        """What the range says of a change; with too few runs for one, in how many it has the sign of the middle: "7 of 8 rise"."""
        kind, (count, of) = found.verdict, found.counted
        word = self.data["verdicts"]["few_rise" if found.middle > 0 else "few_fall"]
        kind = "unknown" if kind == "single" else kind
        return self.say(f"verdicts.{kind}", count=self.number(count), of=self.number(of), word=word)

    def date(self, text: str) -> str:
        """A moment written as in ISO 8601, in words and Coordinated Universal Time; the text itself if it is none."""
        try:
            moment = datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            return text
        month = self.data["months"][moment.month - 1]
        return self.say("facts.date", day=moment.day, month=month, year=moment.year, time=f"{moment:%H:%M}")

    def measure(self, name: str) -> str:
        """A measure, or what is read off beside a pattern, in words; its name if it has none."""
        return self.data["measures"].get(name) or self.data["beside"].get(name, name)

    def unit(self, unit: str) -> str:
        """The unit of a measure in words."""
        return self.data["units"].get(unit, unit)

    def given(self, text: Mapping[str, str | None]) -> Text:
        """A text that its author wrote in one language or more, {"en": ..., "es": ...}: in this one, if it is there."""
        found = text.get(self.language)
        return Text(found, self.language) if found else Text(str(text["en"]), "en")

    def arm(self, name: str) -> str:
        """What an arm is called."""
        return self.reform(name)

    def credited(self, author: str) -> str:
        """The author of a source: what joins names in English, in this language."""
        known: Mapping[str, str] = self.data.get("authors", {})
        if author in known:
            return known[author]
        for english, own in known.items():
            author = author.replace(english, own)
        return author
