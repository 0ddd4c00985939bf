"""Which assumptions speak of a number: written for one value, they may be wrong when another takes its place.

A text is taken to speak of a parameter, or of a key of the city, if it

- has its name, as trust.contact_gain or adults_per_cell;
- or has its value (0.03, 3 % or 20,000) and a word of its name;
- or has all telling words of its key, as "stop" for encounter.stop_rate, unless these are words of every other sentence;
- or has two telling words of its name, one of its key: "dispositions" and "trust" for trust.fairness_disposition_mean.

Words are compared without their endings. It is a rule of thumb that would rather mark too much: what it marks is to be read again.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

MINUS = "\u2212"
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?:\s*%)?")
WORD = re.compile(r"[^\W\d_]+")
SAYS_NOTHING = frozenset(
    ["a", "by", "log", "mean", "number", "of", "per", "probability", "rate", "reference", "scale", "sd", "share", "to", "week", "weeks"]
)
EVERYWHERE = frozenset(["adult", "offic", "trust", "crim", "polic", "city", "report"])  # stems that tell nothing by themselves
ENDING = re.compile(r"(?<=\w{3})(ing|ers?|ed|es|s|e)$")


def stem(word: str) -> str:
    """A word without its ending.

    >>> [stem(word) for word in ("offenders", "offend", "Stopped", "stops", "reporting", "adults")]
    ['offend', 'offend', 'stop', 'stop', 'report', 'adult']
    """
    bare = ENDING.sub("", word.lower())
    return bare[:-1] if len(bare) > 3 and bare[-1] == bare[-2] else bare


def telling(words: str) -> frozenset[str]:
    """The stems of the words of a name that say something."""
    return frozenset(stem(word) for word in WORD.findall(words.replace("_", " ")) if word.lower() not in SAYS_NOTHING)


@lru_cache(65536)
def speaks_of(text: str, name: str, value: float | None) -> bool:
    """Does a text speak of the number `name`, whose value was this? The rule is that of the module."""
    topic, _, key = name.partition(".")
    if name in text or ("_" in key and key in text):
        return True
    of_key, of_topic = telling(key), telling(topic) - {"city"}
    own = of_key or of_topic
    found = telling(text)
    numbers = NUMBER.findall(text.replace(MINUS, "-")) if isinstance(value, int | float) and found & (own | of_topic) else ()
    if any(_is(value, written) for written in numbers):  # type: ignore[arg-type]
        return True
    if own <= found and own - EVERYWHERE:
        return True
    return bool(of_key & found) and len((of_key | of_topic) & found) >= 2


def _is(value: float, written: str) -> bool:
    """Is it this number, or as many percent?"""
    number = float(re.sub(r"[,\s%]", "", written))
    return abs((number / 100 if written.endswith("%") else number) - value) <= 1e-9 * max(1.0, abs(value))


def speaking(texts: Sequence[object], values: Iterable[tuple[str, float | None]]) -> dict[str, tuple[int, ...]]:
    """By name, the texts (counted from 1) that speak of a number; names of which none does are left out.

    values  names and the values for which the texts were written
    """
    found: dict[str, tuple[int, ...]] = {}
    for name, value in values:
        if places := tuple(place for place, text in enumerate(texts, 1) if isinstance(text, str) and speaks_of(text, name, value)):
            found[name] = places
    return found


def joined(first: Mapping[str, Sequence[int]], second: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    """Both together, each place once."""
    return {name: tuple(sorted({*first.get(name, ()), *second.get(name, ())})) for name in (*first, *(set(second) - set(first)))}
