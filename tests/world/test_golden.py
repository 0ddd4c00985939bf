"""Golden numbers: a year of each shipped city with one seed. A change that moves them is listed in CHANGELOG under Numbers.

`UPDATE_GOLDEN=1 python -m pytest tests/world/test_golden.py` writes them anew; look at the difference before you commit it.
"""

import json
import os
from pathlib import Path

import pytest

from sim.inputs.scenario import load_scenario, shipped_scenarios
from sim.world.simulation import Simulation
from sim.world.state import Count, Mean

FOLDER = Path(__file__).parent.parent / "golden"
WEEKS = 52


def numbers(name: str) -> dict:
    """What happened in a year after a spin-up of 26 weeks: counts exactly, means and shares to ten decimals."""
    simulation = Simulation(load_scenario(name).with_(spin_up_weeks=26, weeks=WEEKS, changes=()), seed=20260101).run()
    counts, means, survey = simulation.record.counts[-WEEKS:].sum(axis=0), simulation.record.means[-1], simulation.surveys[-1]
    shares = {key: round(value, 10) for key, value in survey._asdict().items() if isinstance(value, float)}
    return {
        "counts": {count.name.lower(): int(counts[count]) for count in Count},
        "means": {mean.name.lower(): round(float(means[mean]), 10) for mean in Mean},
        "answers": list(survey.answers),
        "survey": shares,
    }


@pytest.mark.compiled
@pytest.mark.parametrize("name", shipped_scenarios())
def test_a_year_of_each_shipped_city(name):
    path = FOLDER / f"{name}.json"
    found = numbers(name)
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(found, indent=1) + "\n")
    assert found == json.loads(path.read_text())


def test_no_golden_file_without_its_city():
    kept = {path.stem for path in FOLDER.glob("*.json")} - {"digests"}  # see test_digests.py
    assert kept == set(shipped_scenarios())
