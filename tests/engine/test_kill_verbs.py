"""`kill -9` of run, compare, trial, validate and calibrate: called again, they go on, and end with what nobody disturbed would have found.

With HARD=1 (`make hard`) each is killed twenty times; otherwise three times, and calibrate is left out.
"""

import os
import random
import signal
import time

import pytest
from killing import LONGEST, Nursery, alive
from made_runs import data_of

pytestmark = [pytest.mark.compiled, pytest.mark.skipif(not hasattr(os, "fork"), reason="kills children that were forked")]
HARD = bool(os.environ.get("HARD"))
KILLS = 20 if HARD else 3
NURSERY = """
from pathlib import Path
import filelock, pyarrow.parquet
import sim.engine.store
from sim.engine.running import Execution
from sim.calibration.calibrate import Calibrator
from sim.calibration.layers import load_targets
from sim.calibration.waves import Effort
from sim.measures.harvest import warm_up
from sim.inputs.scenario import CitySize, Scenario
from sim.studies.answers.compare import compare
from sim.studies.running.runs import run
from sim.studies.design.study import Study
from sim.trials.design import Trial
from sim.trials.trial import run_trial
from sim.validation.jobs import carried_out, plan

sim.engine.store.CHUNK = 4
CITY = Scenario(name="Small", city=CitySize(adults=1000, officers_per_1000_inhabitants=8.0), weeks=30, spin_up_weeks=26, seed=5)
ARMS = {"course": [{"training": {"start": 0, "coverage": 0.9}}], "purge": [{"purge": {"start": 0}}]}
TRIAL = Trial(name="T", scenario=CITY, treatment=ARMS["course"], outcomes=["fair_stops", "attitude"], endline=20, replicates=12, draws=2)
TARGETS = tuple(one for one in load_targets("national-average") if one.id in ("P05", "P06", "P09", "P14", "P19"))
EFFORT = Effort(first=32, later=16, waves=2, draws=16, repeats=2)

def calibrated(where):
    city = CITY.with_(weeks=104)
    made = Calibrator("small", city, TARGETS, Path(where.folder), EFFORT, progress=where.progress, workers=2).run().posterior
    return [{"draws": made.draws, "weights": made.weights}]

VERBS = {
    "calibrate": calibrated,
    "run": lambda where: run(CITY, replicates=24, **where._asdict()).dataset,
    "compare": lambda where: compare(Study(name="C", scenario=CITY, arms=ARMS, replicates=8), **where._asdict()).dataset,
    "trial": lambda where: run_trial(TRIAL, **where._asdict()).dataset,
    "validate": lambda where: carried_out(plan([CITY] * 8, ["P01", "P25"]), where),
}

def live(verb, folder, log, executor="threads"):
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    progress = lambda amount: os.write(written, b".")
    found = VERBS[verb](Execution(folder, executor, 2, progress))
    labeled = hasattr(found, "to_dict")
    data = found.drop_attrs(deep=False).to_dict() if labeled else [{key: one[key].tolist() for key in one} for one in found]
    with open(os.path.join(folder, "found.json"), "w") as stream:
        json.dump(data, stream, default=str)

if __name__ == "__main__":
    warm_up()
    beget(live)
"""


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    made = Nursery(tmp_path_factory.mktemp("nursery"), NURSERY)
    yield made
    made.close()


@pytest.mark.parametrize("verb", ["run", "compare", "trial", "validate", *(["calibrate"] if HARD else [])])
def test_a_verb_that_was_killed_goes_on(verb, nursery, tmp_path):
    luck = random.Random(verb)
    calm = tmp_path / "calm"
    nursery.begin(verb=verb, folder=calm)
    assert nursery.end() == 0, nursery.errors.name
    usual, whole = nursery.progress(), data_of(calm)
    kills, number = 0, 0
    while kills < KILLS:
        folder, number, ended = tmp_path / f"disturbed-{number}", number + 1, None
        while ended != 0:
            child = nursery.begin(verb=verb, folder=folder)
            wanted, until = luck.randrange(usual), time.monotonic() + LONGEST
            while kills < KILLS and nursery.progress() < wanted and alive(child) and time.monotonic() < until:
                time.sleep(0.0005)
            if kills < KILLS and alive(child):
                os.kill(child, signal.SIGKILL)
            ended = nursery.end()
            assert ended in (0, -signal.SIGKILL), (nursery.log.parent / "errors").read_text()
            kills += ended != 0
        assert data_of(folder) == whole
        assert (folder / "found.json").read_bytes() == (calm / "found.json").read_bytes()
    assert kills == KILLS
    print(f"{verb}: {kills} kills in {number} lives, bytes equal")
