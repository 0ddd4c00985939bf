"""Digests of small cities: what other machines, Pythons, NumPys and numbas should give as well.

python tests/digests.py          the table of this environment, and whether it is the one in tests/golden/digests.json
python tests/digests.py --json   the same for other programs
"""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

from sim.artifacts.bits import digest, environment
from sim.inputs.reforms import as_data
from sim.inputs.scenario import load_scenario, shipped_scenarios
from sim.world.reforms import REFORMS, Purge
from sim.world.simulation import Simulation

GOLDEN = Path(__file__).parent / "golden" / "digests.json"
WEEKS, SPIN_UP, DATED = 60, 8, 20  # what is dated later than such a short run lasts is dated then
FUSED = re.compile(r"\b(?:vfn?m(?:add|sub)\w*|fn?m(?:add|sub|la|ls)\w*)\s")  # of x86 and of ARM


def small(name: str, interventions=None):
    """A shipped scenario as a city of a thousand, with all that it dates, for a little more than a year."""
    scenario = load_scenario(name)
    changes = [{**change.as_data(), "week": min(change.week, DATED)} for change in scenario.changes]
    dated = [replace(reform, start=min(reform.start, DATED)) for reform in scenario.interventions]
    asked = dated if interventions is None else interventions
    return scenario.with_(
        city={"adults": 1_000}, weeks=WEEKS, spin_up_weeks=SPIN_UP, changes=changes, interventions=list(map(as_data, asked))
    )


def cases():
    """Every shipped scenario, and every reform in one of them."""
    yield from ((name, small(name)) for name in shipped_scenarios())
    yield from ((f"national-average, {name}", small("national-average", [reform(start=DATED)])) for name, reform in REFORMS.items())
    by_record = Purge(start=52, flag_by="record", record_half_years=2, record_share=0.5, months=2, follow_through=1.0)
    yield "national-average, purge by record", small("national-average", [by_record])


def digests() -> dict[str, str]:
    """The digest of each, lived in this process."""
    return {name: digest(Simulation(scenario, seed=20260101).run()) for name, scenario in cases()}


def fused() -> list[str]:
    """Instructions of the compiled week that multiply and add at once. It must have been compiled here, and not be from disk."""
    from sim.world.schedule import advance

    text = "\n".join(advance.inspect_asm().values())
    assert len(re.findall(r"\bv?mul[sp]d\s|\bfmul\s", text)) > 100
    return FUSED.findall(text)


def table(found: dict[str, str]) -> str:
    """One line a city, and one for the environment."""
    kept = json.loads(GOLDEN.read_text())
    rows = [f"{value[:16]}  {'as kept' if kept.get(name) == value else 'OTHER  '}  {name}" for name, value in found.items()]
    return "\n".join([f"{environment()}, {sys.platform}", *rows])


if __name__ == "__main__":
    found = digests()
    print(json.dumps({"digests": found, "fused": fused() if "--fused" in sys.argv else []}) if "--json" in sys.argv else table(found))
