"""Every bit of small cities is the same compiled, interpreted, on any processor, and as kept; nothing is multiplied and added at once.

`make golden` writes the digests anew; `make digests` shows those of this environment.
"""

import json
import os
import subprocess
import sys

import pytest
from digests import GOLDEN, cases, digests, table

from sim.artifacts.bits import digest, probe
from sim.inputs.scenario import load_scenario, shipped_scenarios
from sim.world.compiled import INTERPRETED
from sim.world.reforms import REFORMS
from sim.world.simulation import Simulation


@pytest.fixture(scope="module")
def found():
    return digests()


def lived(*asked, **environment):
    """What another process finds."""
    command = [sys.executable, GOLDEN.parent.parent / "digests.py", "--json", *asked]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=True)
    return json.loads(done.stdout)


def test_every_bit_is_as_kept(found):
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n")
    assert found == json.loads(GOLDEN.read_text())
    assert "OTHER" not in table(found) and "OTHER" in table({**found, "merida": "0" * 64})


def test_interpreted_cities_are_the_same(found):
    assert lived(NUMBA_DISABLE_JIT="0" if INTERPRETED else "1")["digests"] == found


@pytest.mark.compiled
def test_cities_of_any_processor_are_the_same(found):
    assert lived(NUMBA_CPU_NAME="generic", NPY_DISABLE_CPU_FEATURES="AVX512F AVX2 FMA3")["digests"] == found


@pytest.mark.compiled
def test_nothing_is_multiplied_and_added_at_once(found, tmp_path):
    """A fused product is rounded once, and not on every processor; what is on disk has no text, so it is compiled anew."""
    cold = lived("--fused", CONFIANZA_CACHE_DIR=str(tmp_path))
    assert cold == {"digests": found, "fused": []}


def test_all_that_is_shipped_is_lived():
    names = [name for name, _ in cases()]
    assert {*shipped_scenarios()} < {*names} and len(names) == len(shipped_scenarios()) + len(REFORMS) + 1  # and the purge by record
    assert any(scenario.changes for _, scenario in cases()) and sum(bool(scenario.interventions) for _, scenario in cases()) >= len(REFORMS)


def test_one_bit_anywhere_makes_another_digest():
    simulation = Simulation(load_scenario("merida").with_(city={"adults": 1_000}, weeks=26, spin_up_weeks=0), seed=1).run()
    before = digest(simulation)
    for column in (
        simulation.city.citizens.fairness,
        simulation.city.citizens.last_stop,
        simulation.city.officers.honesty,
        simulation.record.counts,
    ):
        last = column.reshape(-1)[-1:].view("u1")
        last[0] ^= 1
        assert digest(simulation) != before
        last[0] ^= 1
    assert digest(simulation) == before
    simulation.surveys[0] = simulation.surveys[0]._replace(unsafe=0.123)
    assert digest(simulation) != before


def test_the_probe_is_of_this_process_and_the_same_each_time():
    first = probe()
    probe.cache_clear()
    assert probe() == first
