"""What the command line says, in other languages: each sentence is found by its English form, as it stands in the code.

spoken/LANGUAGE.yaml has the forms and what they become; {} stands for a value, and {0}, {1} for values in another order; where what it
becomes begins with #, values are numbers. A value that is itself a form becomes what that becomes, if it is more than a word. What has no
form is left as it is: names, numbers, and what somebody wrote.
"""

import re
from functools import cache, lru_cache
from pathlib import Path

import yaml

from sim.style import ENGLISH, language

FOLDER = Path(__file__).parent / "spoken"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NAME = re.compile(r" ?[a-z][a-z0-9]*([_.][a-z0-9]+)*")  # of a measure, an arm, a key: the same in every language
_NUMBER = re.compile(r"[-+\u2212\d.,%± ]*")
_PARTS = re.compile(r"((?<=[.?!]) |; )")  # between sentences and their parts
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")


@cache
def forms(name: str) -> dict[str, str]:
    """What each English form becomes; empty for English."""
    path = FOLDER / f"{name}.yaml"
    return yaml.load(path.read_bytes(), Loader=_LOADER) if path.exists() else {}  # noqa: S506 - it is a safe loader


@cache
def _patterns(name: str) -> list[tuple[str, re.Pattern[str], str]]:
    """Forms with values, those of most letters first: the longest piece, all as a pattern, and what it becomes."""
    made = []
    for form in sorted((form for form in forms(name) if "{}" in form), key=lambda form: -len(form)):
        said, pieces = forms(name)[form], form.split("{}")
        value = f"({_NUMBER.pattern}?)" if said.startswith("#") else "(.*?)"
        made.append((max(pieces, key=len), re.compile(value.join(map(re.escape, pieces)), re.DOTALL), said.removeprefix("#")))
    return made


def translated(text: str, name: str) -> str:
    """A line in a language: blanks around it and what has no form stay as they are.

    >>> translated("3 replicates", "es"), translated("  sign", "es"), translated("Ana's town", "es"), translated("sign", "en")
    ('3 réplicas', '  signo', "Ana's town", 'sign')
    """
    core = text.strip()
    return text if name == ENGLISH or not core else text.replace(core, _exact(name).get(core) or _filled(core, name), 1)


@cache
def _exact(name: str) -> dict[str, str]:
    """Forms without values, units, and what shipped scenarios and studies say."""
    words = language(name)
    return {**words["units"], **words["parameter_units"], **words["texts"], **forms(name)}


@lru_cache(10_000)
def _filled(text: str, name: str) -> str:
    """A sentence with values."""
    for piece, pattern, said in _patterns(name):
        if piece in text and (found := pattern.fullmatch(text)):
            return said.format(*(value if NAME.fullmatch(value) else translated(value, name) for value in found.groups()))
    parts = _PARTS.split(text)
    if len(parts) > 1:
        return "".join(translated(part, name) for part in parts)
    return _THOUSANDS.sub(language(name)["thousands"], text) if _NUMBER.fullmatch(text) else text
