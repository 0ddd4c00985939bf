"""The part of a report in which its city lives again: what it needs, as the page has it (design record 0028)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.inputs.reforms import as_data
from sim.inputs.scenario import Scenario
from sim.style import Language
from sim.web.page import MOST_ADULTS, compiled, core, in_html, lived_as, script, words_of
from sim.world.parameters import CODEBOOK
from sim.world.reforms import name_of

CITIES = 24  # that a report lives again


@dataclass(frozen=True)
class LiveCity:
    """What a report is about, to be lived again.

    kind    run, compare or decide;  weeks: at whose end effects are read
    arms    of each what it is called, its reforms, and what the card says of it; the others are compared with the first
    cities  of some of the report's: which luck they have, and which parameters and levers;  of: how many there are
    points  does the card tell of mean trust, and not of how many trust?;  other: of what else it tells, in words
    """

    kind: str
    scenario: Scenario
    weeks: int
    arms: Sequence[tuple[str, Sequence[Any], str]]
    cities: Sequence[tuple[int, Mapping[str, Any]]]
    of: int
    points: bool = False
    other: str = ""

    @property
    def possible(self) -> bool:
        """Is it small enough for a page, and has it only reforms that the module knows?"""
        reforms = {name_of(reform) for _, reforms, _ in self.arms for reform in reforms}
        return reforms <= compiled().keys() and self.scenario.city.adults <= MOST_ADULTS

    def embedded(self, words: Language, *, same: bool) -> str:
        """The scripts that make the part live, and what they need. `same`: did these very sources make the report?"""
        names = list(self.cities[0][1])
        data = in_html({
            **core(), **lived_as(self.scenario), "weeks": self.weeks, "kind": self.kind, "same": same, "of": self.of, "points": self.points,
            "worker": script("city.js", "worker.js"), "words": words_of(words, {}) | {"card": words["card"]}, "other": self.other,
            "values": {name: float(self.scenario.parameters.get(name, known.value)) for name, known in CODEBOOK.items()},
            "arms": [[called, list(map(as_data, reforms)), told] for called, reforms, told in self.arms],
            "names": names, "luck": [luck for luck, _ in self.cities],
            "draws": [[values[name] for name in names] for _, values in self.cities],
        })  # fmt: skip
        scripts = script("common.js", "live.js")
        return f'<script type="application/json" id="live-data">{data}</script>\n<script>(() => {{\n{scripts}}})();</script>'
