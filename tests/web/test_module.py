"""The module of WebAssembly lives the same cities, is made of the sources as they are, and can be made anew."""

import os
import subprocess
import sys
from shutil import which

import pytest
from digests import GOLDEN, digests, table
from wasm_city import in_webassembly

from sim.inputs.scenario import load_scenario
from sim.web.building import MODULE, fingerprint
from sim.world.simulation import Simulation

REBUILT = "import sys; from sim.web.building import built; sys.stdout.buffer.write(built())"


def test_cities_in_webassembly_are_the_same_to_the_last_bit():
    """All shipped scenarios, and every reform: columns, record, surveys, voices and costs."""
    with in_webassembly() as module:
        found = digests()
    assert module.seconds > 0.0
    assert "OTHER" not in table(found)
    assert len(found) == len(set(found.values())) == table(found).count("as kept")


def test_a_city_lives_where_entries_are_the_modules():
    """What the digests above are of: without the module's memory nothing would happen, and afterwards entries are as before."""
    small = load_scenario("merida").with_(city={"adults": 1_000}, weeks=2, spin_up_weeks=0)
    with in_webassembly() as module:
        module.call = lambda *_: None
        assert Simulation(small, seed=1).run().record.counts.sum() == 0
    assert Simulation(small, seed=1).run().record.counts.sum() > 0


def test_the_module_is_of_the_sources_as_they_are():
    module = MODULE.read_bytes()
    assert module[-32:] == fingerprint(), "the city has changed since its module was made: run `make web`"
    assert len(module) <= 150_000 and GOLDEN.exists()


@pytest.mark.compiled
@pytest.mark.skipif(which("wasm-ld") is None, reason="wasm-ld is not installed (Debian package lld)")
def test_the_module_can_be_made_anew():
    made = subprocess.run([sys.executable, "-c", REBUILT], capture_output=True, check=True).stdout
    assert made == MODULE.read_bytes()


@pytest.mark.compiled
def test_where_there_is_no_linker_one_sentence_says_what_to_install(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "sim.web.building"], capture_output=True, text=True, env={**os.environ, "PATH": str(tmp_path)}
    )
    assert done.returncode == 2
    assert done.stderr == "wasm-ld, which links WebAssembly, is not installed.\n  On Debian or Ubuntu: apt install lld\n"
