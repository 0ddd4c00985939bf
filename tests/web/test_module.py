"""The module of WebAssembly lives the same cities, is made of the sources as they are, and can be made anew."""

import os
import subprocess
import sys
from shutil import which

import numpy as np
import pytest
from digests import GOLDEN, digests, table
from wasm_city import in_webassembly

from sim.artifacts.bits import digest
from sim.inputs.scenario import load_scenario
from sim.web.building import MODULE, fingerprint
from sim.world.compiled import plain
from sim.world.series import sum_up_weeks
from sim.world.simulation import Simulation

REBUILT = "import sys; from sim.web.building import built; sys.stdout.buffer.write(built())"


def test_cities_in_webassembly_are_the_same_to_the_last_bit():
    """All shipped scenarios, and every reform: columns, record, surveys, voices and costs."""
    with in_webassembly() as module:
        found = digests()
    assert module.seconds > 0.0
    assert "OTHER" not in table(found)
    assert len(found) == len(set(found.values())) == table(found).count("as kept")


def test_answers_to_a_survey_are_the_same_to_the_last_bit():
    """Of everybody and of a sample, person by person; so are the counts of a virtual survey, whose sample NumPy draws."""
    small = load_scenario("merida").with_(city={"adults": 2_000}, weeks=30, spin_up_weeks=0)
    run = Simulation(small, seed=1).run()
    sample = np.arange(7, 2_000, 3, dtype=np.uint32)
    native, drawn = [run.answers(), run.answers(sample)], run.virtual_survey(600)
    with in_webassembly() as module:
        asked, again = [run.answers(), run.answers(sample)], run.virtual_survey(600)
    assert module.seconds > 0.0 and drawn == again
    for ours, theirs in zip(native, asked, strict=True):
        assert all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))
        assert len(set(ours.trust.tolist())) == 4 and np.ptp(ours.fairness_scale) > 0.1


def test_a_city_lives_where_entries_are_the_modules():
    """What the digests above are of: without the module's memory nothing would happen, and afterwards entries are as before."""
    small = load_scenario("merida").with_(city={"adults": 1_000}, weeks=2, spin_up_weeks=0)
    with in_webassembly() as module:
        module.call = lambda *_: None
        assert Simulation(small, seed=1).run().record.counts.sum() == 0
    assert Simulation(small, seed=1).run().record.counts.sum() > 0


def test_reforms_that_are_asked_in_each_week_act_when_they_are_due():
    """As a page asks them, which stops each week."""
    reforms = [
        {"training": {"start": 2, "coverage": 0.5, "whom": "both", "every": 6, "messages_every": 4, "until": 15}},
        {"community_policing": {"start": 1, "share": 0.4, "until": 9}},
        {"civic_justice": {"start": 3, "share": 0.9, "until": 14}},
        {"purge": {"start": -1, "months": 3, "follow_through": 0.9, "until": 11, "recruits_offset": 0.5}},
    ]
    size, known = {"adults": 1_000, "officers_per_1000_inhabitants": 10.0}, {"justice.known_share": 1.0}
    scenario = load_scenario("national-average").with_(known, city=size, weeks=16, spin_up_weeks=2, interventions=reforms)
    with in_webassembly():
        when_due, weekly = Simulation(scenario, seed=1), Simulation(scenario, seed=1, spin_up=False)
        weekly._due, weekly._dates = {reform: set(range(-2, 16)) for reform in weekly.reforms}, list(range(-2, 16))
        assert digest(weekly.run()) == digest(when_due.run())
    assert all(cost.sum() > 0 for cost in weekly.costs.values())


def test_what_is_shown_of_a_run_is_summed_up_as_in_python():
    scenario = load_scenario("merida").with_(city={"adults": 1_000}, weeks=60, spin_up_weeks=4)
    with in_webassembly() as module:
        run = Simulation(scenario, seed=1).run()
    spent, weight = np.arange(64.0), np.linspace(0.2, 0.6, 64)
    for spin_up in (0, 4):
        weeks = 65 - spin_up
        ours, theirs = ((np.full((weeks, 8), 9.0), np.full((weeks, 7), 9.0)) for _ in range(2))
        module.call("sum_up_weeks", *ours, run.record, spent, weight, spin_up, 1_000)
        plain(sum_up_weeks)(*theirs, run.record, spent, weight, spin_up, 1_000)
        assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(ours, theirs, strict=True))
        assert np.isnan(ours[0][0]).all() == (spin_up == 0) and not (ours[1] == 9.0).any()


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
