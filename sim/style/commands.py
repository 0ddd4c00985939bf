"""Commands as a shell takes them: folders and files whose names hold blanks, quotes or other signs stand in quotes."""

import re
import shlex
import sys
from pathlib import Path


def command(verb: str, *parts: object) -> str:
    """A command of Confianza, to be copied.

    >>> print(command("resume", Path("out/my town")), command("status", Path("-x")), command("export", "STORE", "runs.csv"), sep="; ")
    confianza resume 'out/my town'; confianza status ./-x; confianza export STORE runs.csv
    """
    return " ".join(["confianza", verb, *map(quoted, parts)])


def quoted(part: object) -> str:
    """A part of a command; a path is not taken for an option."""
    return shlex.quote(f"./{part}" if isinstance(part, Path) and str(part).startswith("-") else str(part))


def this_command() -> str:
    """The command that is running."""
    return shlex.join(sys.argv)


def in_yaml(path: object) -> str:
    """A path as a value between the braces of a line of YAML.

    >>> print(in_yaml("out/city.csv"), in_yaml("my: city.csv"), in_yaml("it's, here.csv"))
    out/city.csv 'my: city.csv' 'it''s, here.csv'
    """
    text = str(path)
    return text if re.fullmatch(r"[\w./][\w./-]*\.(csv|yaml)", text) else "'" + text.replace("'", "''") + "'"
