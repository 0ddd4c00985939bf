"""Lists of names in a text, as sentences and cells of tables hold them: a name that holds a comma stands in quotation marks."""

import csv
from collections.abc import Iterable


def listed(names: Iterable[object]) -> str:
    """Names in a line, from which `separated` gives them back, whatever they are.

    >>> listed(["purge", "train, then purge"]), separated(listed(["a", 'say "a, b"', ""]))
    ('purge, "train, then purge"', ['a', 'say "a, b"', ''])
    """
    return ", ".join(f'"{escaped}"' if (escaped := name.replace('"', '""')) != name or _torn(name) else name for name in map(str, names))


def _torn(name: str) -> bool:
    """Would a name be taken for several, or for another?"""
    return "," in name or not name or name != name.strip()


def separated(text: str) -> list[str]:
    """The names in a line that `listed` made; none if it is empty."""
    return next(csv.reader([text], skipinitialspace=True), [])
