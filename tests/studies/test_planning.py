"""What a plan says before anything starts: how many runs, how long, how much disk; and that it comes true."""

import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import pytest

from sim.errors import InputError
from sim.inputs.scenario import CitySize, Scenario
from sim.studies.answers.sweep import sweep
from sim.studies.design.study import Study
from sim.studies.running import planning
from sim.studies.running.planning import MOST_PILOTS, StudyCost, check_disk, plan
from sim.world.reforms import CommunityPolicing, Purge
from sim.world.simulation import Simulation

STUDY = Study(
    name="Small",
    scenario=Scenario(name="small", city=CitySize(adults=2000), weeks=60, spin_up_weeks=10, seed=3),
    arms={"purge": [Purge(start=4)], "beats": [CommunityPolicing(start=0)]},
    vary={"prior": ["trust"]},
    design={"sobol": 64},
    replicates=2,
)
TINY = STUDY.with_(scenario=STUDY.scenario.with_(adults=1000, weeks=6, spin_up_weeks=0), at=[6])


@pytest.fixture
def hurried(monkeypatch):
    """Few pilots."""
    monkeypatch.setattr(planning, "ENOUGH", 0.0)
    monkeypatch.setattr(planning, "GLIMPSE", 300.0)  # on a busy machine runs seem long
    monkeypatch.setattr(planning, "BUDGET", 3000.0)


def said(seconds, low, high):
    return StudyCost(1, 0, 1, 1, 1, 1, 1, 0, seconds, low, high, 0, 0).minutes


@pytest.mark.compiled
def test_a_plan_comes_true(tmp_path, monkeypatch):
    """A sweep takes the time that was planned, to 30 %: processor time, for the machine has other things to do."""
    monkeypatch.setattr(planning.time, "perf_counter", time.process_time)
    monkeypatch.setattr(planning, "ENOUGH", 0.7)
    study, ratios = STUDY.with_(replicates=1), []
    before = plan(study, workers=1).seconds
    for number in range(5):
        begun = time.process_time()
        sweep(study, tmp_path / str(number), workers=1)
        took = time.process_time() - begun
        after = plan(study, workers=1).seconds
        ratios.append((before + after) / 2 / took)
        before = after
    assert 0.7 < median(ratios) < 1.3, ratios


@pytest.mark.compiled
def test_what_is_left_is_what_is_planned(tmp_path, hurried):
    whole = plan(TINY, workers=2)
    assert whole.validation == 50
    assert (whole.points, whole.arms, whole.replicates, whole.runs, whole.workers) == (64 + 50, 3, 2, 684, 2)
    assert whole.low < whole.seconds < whole.high and whole.failed == 0 and whole.pilots == 2 * 2 * MOST_PILOTS
    store = sweep(TINY.with_(replicates=1), tmp_path / "store").store
    left = plan(TINY, workers=2, done=store.status().kept)
    assert left.runs == 342 and left.bytes < whole.bytes
    nothing = plan(TINY, done=684)
    assert (nothing.runs, nothing.pilots, nothing.seconds, nothing.high) == (0, 0, 0, 0)


@pytest.mark.compiled
def test_disk_is_enough_and_not_far_too_much(tmp_path):
    """Weekly series are where disks go; numbers that vary little are compressed."""
    for study in (TINY, STUDY.with_(series=["mean_trust", "mean_fairness", "mean_conduct"], replicates=1)):
        folder = tmp_path / str(len(study.series))
        sweep(study, folder)
        used = sum(path.stat().st_size for path in folder.rglob("*"))
        wanted = check_disk(study, len(study.points()) * 3 * study.replicates, folder)[0]
        assert used < wanted < 4 * used


def test_a_disk_that_is_too_small_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(planning.shutil, "disk_usage", lambda folder: namedtuple("Usage", "free")(2_000_000_000))
    study = STUDY.with_(scenario=STUDY.scenario.with_(weeks=416), at=[416], replicates=10_000)
    assert check_disk(study, 384, tmp_path)[1] == 2_000_000_000
    many = 64 * 3 * 10_000
    with pytest.raises(InputError, match="1,920,000 runs need about") as caught:
        check_disk(study.with_(series=["mean_trust"]), many, tmp_path / "not" / "there")
    assert "has 2 GB left" in caught.value.message
    assert caught.value.remedy.startswith("Take fewer series, points or replicates")
    with pytest.raises(InputError, match="10,000,000 runs need about"):
        check_disk(study, 10_000_000, tmp_path)
    with pytest.raises(InputError, match="runs need about"):  # before any pilot
        plan(study.with_(series=["mean_trust"]), executor="threads", folder=tmp_path)


@pytest.mark.compiled
def test_pilots_are_spread_over_points_and_arms(monkeypatch, hurried):
    seen = []
    perform = planning.perform

    def noted(job, specs, values):
        seen.extend(specs)
        return perform(job, specs, values)

    monkeypatch.setattr(planning, "perform", noted)
    planning._first_use(TINY.measures)
    seen.clear()
    plan(TINY, workers=2)
    counts = [sum(spec.arm == arm for spec in seen) for arm in TINY.sweep_arms()]
    assert max(counts) - min(counts) <= 1
    points = {spec.point for spec in seen}
    assert len(points) >= 15 and min(points) < 8 and max(points) > 55
    assert {spec.replicate for spec in seen} == {0, 1}


@pytest.mark.compiled
def test_runs_that_take_too_long_are_timed_in_part(monkeypatch):
    """A city in which one run takes longer than all pilots may."""
    monkeypatch.setattr(planning, "BUDGET", 0.6)
    monkeypatch.setattr(planning, "GLIMPSE", 0.2)
    study = STUDY.with_(scenario=STUDY.scenario.with_(adults=250_000, weeks=416))
    monkeypatch.setattr(planning.time, "perf_counter", time.process_time)  # other programs do not lengthen it
    planning._first_use(study.measures)
    ratios = []
    for _ in range(3):
        begun = time.process_time()
        found = plan(study, workers=1)
        assert time.process_time() - begun < 5
        assert found.pilots == 2 and found.failed == 0
        begun = time.process_time()
        Simulation(study.scenario_at("purge", {}), 1).run()
        ratios.append(found.seconds / found.runs / (time.process_time() - begun))
    assert 0.5 < median(ratios) < 2, ratios


@pytest.mark.compiled
def test_pilots_that_fail_are_counted(monkeypatch, hurried):
    scenario_at = Study.scenario_at
    monkeypatch.setattr(Study, "scenario_at", lambda self, arm, values: 1 / 0 if arm == "purge" else scenario_at(self, arm, values))
    found = plan(TINY, workers=1)
    assert 0.3 < found.failed / found.pilots < 0.37 and found.seconds > 0
    monkeypatch.setattr(Study, "scenario_at", lambda *_: 1 / 0)
    assert plan(TINY, workers=1).failed == found.pilots


@pytest.mark.compiled
def test_any_executor_can_be_planned_for(hurried):
    with ThreadPoolExecutor(3) as pool:
        assert plan(TINY, executor=pool).workers == 3
    with pytest.raises(InputError, match="there is no executor 'thread'"):
        plan(TINY, executor="thread")


def test_time_in_words():
    assert said(42.2, 36, 49) == "about 42 seconds (36 to 49)"
    assert said(330, 280, 380) == "about 5.5 minutes (4.7 to 6.3)"
    assert said(3_540, 3_000, 4_000) == "about 59 minutes (50 to 67)"
    assert said(7_200, 6_000, 9_000) == "about 2 hours (1.7 to 2.5)"
    assert said(2_000_000, 1_900_000, 2_100_000) == "about 23 days (22 to 24)"
