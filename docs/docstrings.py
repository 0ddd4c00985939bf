"""How docstrings become Markdown: lines such as `week   when it acts` are one list, not one paragraph."""

import re
from typing import Any

import griffe

ENTRY = re.compile(r"^(\s*)(\S(?:.*?\S)?) {2,}(\S.*)$")  # a name, two spaces or more, what it means


def listed(text: str) -> str:
    """The docstring with each run of `name   meaning` lines as a Markdown list.

    >>> print(listed("Runs.\\n\\nweeks   how many\\nseed    which luck,\\n        of all"))
    Runs.
    <BLANKLINE>
    - `weeks`: how many
    - `seed`: which luck, of all
    """
    return "\n\n".join(_listed(block) for block in re.split(r"\n\s*\n", text))


def _listed(block: str) -> str:
    lines = block.split("\n")
    first = next((number for number, line in enumerate(lines) if ENTRY.match(line) and not line.startswith(" ")), None)
    if first is None or not all(ENTRY.match(line) or line.startswith(" ") for line in lines[first:]):
        return block
    made: list[str] = []
    for line in lines[first:]:
        if (entry := ENTRY.match(line)) and not entry[1]:
            made.append(f"- `{entry[2]}`: {entry[3]}")
        else:
            made[-1] += f" {line.strip()}"
    return "\n".join([*lines[:first], *([""] if first else []), *made])


class Lists(griffe.Extension):
    """Applies it to every docstring that is shown."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """A class, function, module or attribute has been read."""
        if obj.docstring:
            obj.docstring.value = listed(obj.docstring.value)
