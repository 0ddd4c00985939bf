"""`kill -9` at random moments: at most one chunk is lost, and in the end every byte is that of a study nobody disturbed."""

import os
import random
import signal
import time
from itertools import count, cycle

import pytest
from killing import LONGEST, Nursery, alive
from made_runs import data_of

from sim.inputs.scenario import CitySize, Scenario
from sim.studies.design.study import Study
from sim.studies.running.store import SweepStore

pytestmark = [pytest.mark.compiled, pytest.mark.skipif(not hasattr(os, "fork"), reason="kills children that were forked")]

KILLS = 22
CHUNK = 13  # so that shards have 12 runs
NURSERY = """
import filelock, pyarrow.parquet
from sim.measures.harvest import warm_up
from sim.studies.design.study_files import load_study
from sim.studies.answers.sweep import sweep
from sim.artifacts.sources import sources

def live(study, folder, log, **options):
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    sweep(study, folder, progress=lambda runs: os.write(written, b"." * runs), **options)

if __name__ == "__main__":
    warm_up()
    study = load_study(sys.argv[1])
    study.points(), sources()  # what takes long the first time
    beget(lambda **told: live(study, **told))
"""
STUDY = Study(
    name="Killed",
    scenario=Scenario(name="Small", city=CitySize(adults=1000, officers_per_1000_inhabitants=4.0), weeks=4, spin_up_weeks=2, seed=5),
    arms={"course": [{"training": {"start": 0, "coverage": 0.9}}], "purge": [{"purge": {"start": 0}}]},
    vary={"trust.contact_gain": [0.01, 0.1]},
    design={"sobol": 16, "validation": 0},
    replicates=4,
    measures=["mean_trust", "incidence"],
    series=["mean_trust"],
)


@pytest.fixture
def nursery(tmp_path):
    (tmp_path / "study.yaml").write_text(STUDY.to_yaml(), encoding="utf-8")
    made = Nursery(tmp_path, NURSERY, tmp_path / "study.yaml")
    yield made
    if made.process.poll() is None:
        made.close()


def kept(folder):
    """Runs that are recorded; none before the store is."""
    store = SweepStore(folder)
    return store.status().kept if store.exists() else 0


def cut_short(nursery, child, luck):
    """Kill a life at a random moment, unless it ends before; returns how many runs it had finished."""
    wanted, until = luck.randrange(2 * CHUNK), time.monotonic() + LONGEST
    while nursery.progress() < wanted and time.monotonic() < until and alive(child):
        time.sleep(0.0005)
    time.sleep(luck.random() * 0.05)
    if alive(child):
        os.kill(child, signal.SIGKILL)
    ended, until = nursery.end(), time.monotonic() + LONGEST
    while alive(-child) and time.monotonic() < until:  # its worker processes, which nobody has killed
        time.sleep(0.01)
    assert not alive(-child)
    return ended


def test_killed_again_and_again(tmp_path, nursery):
    luck = random.Random(20160901)
    calm = tmp_path / "calm"
    nursery.begin(folder=calm, executor="threads", workers=2, chunk=CHUNK)
    assert nursery.end() == 0
    whole = data_of(calm)
    assert len(whole) == 2 * 16 and kept(calm) == 192
    ways = cycle([("threads", 1), ("threads", 2), ("threads", 3)] * 4 + [("processes", 2)])
    kills, lost, killed_at = 0, [], []
    for folder in (tmp_path / f"disturbed-{number}" for number in count()):
        before, ended = 0, None
        while ended != 0:
            executor, workers = next(ways) if kills < KILLS else ("threads", 2)
            child = nursery.begin(folder=folder, executor=executor, workers=workers, chunk=CHUNK)
            ended = cut_short(nursery, child, luck) if kills < KILLS else nursery.end()
            assert ended in (0, -signal.SIGKILL), (tmp_path / "errors").read_text()
            now = kept(folder)
            kills += ended != 0
            lost.append(nursery.progress() - (now - before))
            killed_at.append(now)
            assert 0 <= lost[-1] <= CHUNK and now % (CHUNK - 1) == 0 and now >= before
            before = now
        assert data_of(folder) == whole
        if kills >= KILLS:
            break
    print(f"{kills} kills; finished runs lost: {lost}; recorded after each: {killed_at}")
    assert max(lost) > 0 and len(set(killed_at)) > 3  # they came at different moments, also in the middle of a chunk
    assert "Error" not in nursery.close()
