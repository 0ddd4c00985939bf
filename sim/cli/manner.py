"""How this command speaks: in which language, how much of it, and whether to people or to programs."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from sim.style import ENGLISH
from sim.version import __version__


@dataclass
class Manner:
    """What the options common to all verbs ask for, and with --json what has been said so far.

    verb      the one that runs
    findings  in a sentence each
    tables    as printed: title, and rows by column
    facts     names and what they hold
    text      whatever else is said
    data      tables with every digit, by name
    """

    lang: str = ENGLISH
    quiet: bool = False
    json: bool = False
    verb: str = ""
    findings: list[str] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def begin(self, lang: str = ENGLISH) -> None:
        """Forget the command before."""
        vars(self).update(asdict(Manner(lang)))

    def document(self) -> str:
        """What was said as one JSON document, without printed tables if there is better; empty if nothing was."""
        left = {"quiet", "json", *(["tables"] if self.data else [])}
        said = {name: content for name, content in asdict(self).items() if name not in left and content}
        if not said.keys() - {"lang", "verb"}:
            return ""
        return json.dumps({"confianza": __version__, **said}, indent=1, ensure_ascii=False, default=str)


MANNER = Manner()
