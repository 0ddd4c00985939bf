"""Sweeps: the same bytes on any executor, more of a study without repeating any of it, and what a user reads and is told."""

import json
import os
import re
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from made_runs import SMALL, STUDY, data_of, made_up, number_of
from pace import LONGEST, eventually

from sim.artifacts.bits import environment
from sim.artifacts.provenance import versions
from sim.engine import cutting, running
from sim.engine.cutting import sizes
from sim.engine.running import patience
from sim.errors import InputError, Interrupted
from sim.measures import MEASURES
from sim.measures.spread import mean_and_precision
from sim.studies.answers.sweep import Sweep, sweep
from sim.studies.design.study import Study
from sim.studies.running.effects import year_before
from sim.studies.running.runs import run
from sim.studies.running.store import SweepStore
from sim.studies.running.work import parsed

REAL = STUDY.with_(design={"sobol": 4}, replicates=2)
RULE = {"until": {"effect": "mean_trust", "half_width": 1e-9}, "most": 14}


@pytest.fixture
def quick(monkeypatch):
    """Runs that take no time; returns what was asked for, and the runs that are to fail."""
    asked, failing = [], set()

    def perform(job, specs, values, pulse=None):
        asked.extend(specs)
        for _ in specs:
            if pulse:
                pulse(1)
        return made_up(parsed(job.partition(b"\n")[2].decode()), specs, failing)

    monkeypatch.setattr(running, "perform", perform)
    return asked, failing


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    return sweep(REAL, tmp_path_factory.mktemp("real") / "here", workers=2, chunk=6)


# --- The same numbers and bytes


@pytest.mark.compiled
def test_runs_are_those_of_plain_simulations(real):
    frame = real.runs(values=True)
    assert len(frame) == 4 * 2 * 2 * 2 and "trust.contact_gain" in frame
    row = frame[(frame.point == 3) & (frame.arm == "course") & (frame.replicate == 1)]
    gain = real.points.values.loc[3, "trust.contact_gain"]
    assert (row["trust.contact_gain"] == gain).all()
    scenario = SMALL.with_(parameters={"trust.contact_gain": float(gain)}, interventions=STUDY.arms["course"])
    data = run(scenario, replicates=2).dataset
    for measure in STUDY.measures:
        expected = [float(MEASURES[measure](data, year_before(week))[1]) for week in STUDY.at]
        assert list(row[measure]) == expected
    series = pd.concat(real.store.series())
    trust = series[(series.point == 3) & (series.arm == "course") & (series.replicate == 1)].mean_trust
    assert np.array_equal(trust, data.mean_trust[1].values.astype(np.float32))


@pytest.mark.compiled
@pytest.mark.parametrize(("executor", "workers"), [("threads", 1), ("threads", 3), ("processes", 2), ("given", 2)])
def test_bytes_do_not_depend_on_who_runs(real, tmp_path, executor, workers):
    with ThreadPoolExecutor(workers) as pool:
        other = sweep(REAL, tmp_path / "other", executor=pool if executor == "given" else executor, workers=workers, chunk=6)
    assert data_of(other.store.folder) == data_of(real.store.folder) and len(data_of(other.store.folder)) == 2 * 4


def test_pieces_fit_shards_for_any_number_of_workers():
    for runs in (1, 2, 9, 48, 240):
        for workers in (1, 2, 3, 16, 200):
            for reserve in (1, 16):
                made = sizes(runs, reserve, workers)
                assert sum(made) == runs and min(made) > 0 and max(made) <= cutting.PIECE


def test_handed_out_and_not_recorded_is_never_more_than_a_chunk(tmp_path, quick, monkeypatch):
    submitted, recorded, most = [], [], []
    submit, record = running.Runner.submit, SweepStore.record

    def watched_submit(self, plan, job, specs):
        submitted.extend(specs)
        most.append(len(submitted) - sum(recorded))
        return submit(self, plan, job, specs)

    def watched_record(self, batch, number, pieces):
        record(self, batch, number, pieces)
        recorded.append(len(batch.positions(number)))

    monkeypatch.setattr(running.Runner, "submit", watched_submit)
    monkeypatch.setattr(SweepStore, "record", watched_record)
    sweep(STUDY, tmp_path / "here", workers=2, chunk=10)
    assert max(most) == 9 and len(submitted) == 48  # a whole point does not fit into the reserve


# --- More of it


def test_going_on_runs_nothing_twice(tmp_path, quick):
    asked, _ = quick
    told = []
    made = sweep(STUDY, tmp_path / "here", chunk=10, progress=told.append)
    assert len(asked) == 48 == len(set(asked)) and sum(told) == 48
    asked.clear()
    sweep(STUDY, tmp_path / "here")
    made.extend(points=16)  # which are enough to learn from, and so bring as many to try that on
    assert len(asked) == 48 + 96 and {spec.point for spec in asked} == set(range(8, 32))
    asked.clear()
    made.extend(replicates=5)
    assert len(asked) == 32 * 2 * 2 and {spec.replicate for spec in asked} == {3, 4}
    asked.clear()
    made.extend(study=made.study.with_(arms=STUDY.arms | {"purge": [{"purge": {"start": 0}}]}))
    assert len(asked) == 32 * 5 and {spec.arm for spec in asked} == {"purge"}
    whole = sweep(made.study, tmp_path / "whole")
    assert made.runs().equals(whole.runs())
    again = sweep(STUDY, tmp_path / "again", chunk=10).extend(points=16).extend(replicates=5).extend(study=made.study)
    assert data_of(again.store.folder) == data_of(made.store.folder)


def test_a_store_without_validation_points_is_extended_by_them(tmp_path, quick):
    """As one that an older version made: its design says nothing of them, and they are not taken to be there."""
    asked, _ = quick
    plain = STUDY.with_(design={"sobol": 16, "validation": 0})
    old = plain.to_yaml().replace("  validation: 0\n", "")
    assert "validation" not in old and parsed(old) == plain
    made = sweep(plain, tmp_path / "here")
    assert made.points.checks == 0 and "validation" not in made.runs()
    asked.clear()
    made.extend()
    assert made.points.checks == 16 and {spec.point for spec in asked} == set(range(16, 32))
    assert made.runs().groupby("point").validation.first().tolist() == [False] * 16 + [True] * 16
    asked.clear()
    made.extend(points=32)  # the design grows, and so the validation points move to the end; nothing is run twice
    assert len(asked) == 32 * 2 * 3 and made.points.checks == 32
    made.extend()
    assert made.store.status().missing == 0


def test_failures_are_left_out_and_retried(tmp_path, quick):
    asked, failing = quick
    failing |= {(2, "course", 1), (5, "baseline", 0)}
    made = sweep(STUDY, tmp_path / "here", chunk=10)
    effects = made.values("effect:course:mean_trust")
    assert set(zip(*np.nonzero(np.isnan(effects)), strict=True)) == {(2, 1), (5, 0)}
    assert list(made.store.failures().point) == [2, 5] and "2 failed" in repr(made)
    asked.clear()
    made.retry()
    assert len(asked) == 2 and made.status().failed == 2
    failing.clear()
    made.resume()
    assert len(asked) == 2  # only `retry` tries again
    made.retry()
    assert made.status().failed == 0 and np.isfinite(made.values("effect:course:mean_trust")).all()


def test_a_chunk_of_an_earlier_batch_that_is_lost_comes_back(tmp_path, quick):
    asked, failing = quick
    failing |= {(0, "course", 1)}
    made = sweep(STUDY, tmp_path / "here", chunk=10).extend(replicates=4)
    failing.clear()
    made.retry()
    before, runs = data_of(made.store.folder), made.runs()
    failing |= {(0, "course", 1)}
    (made.store.folder / "shards" / "00000.parquet").unlink()
    with pytest.raises(InputError, match="resume"):
        made.runs()
    asked.clear()
    made.resume()
    assert len(asked) == 9 and data_of(made.store.folder) == before and made.runs().equals(runs) and made.status().failed == 0


def test_replicates_are_added_until_the_effect_is_known_well_enough(tmp_path, quick):
    made = sweep(STUDY.with_(replicates=RULE), tmp_path / "here", chunk=10)
    assert made.status().replicates == 14 and [batch.replicates for batch in made.store.batches()] == [8, 12, 14]
    effect = np.array(
        [[number_of((p, "course", r), "mean_trust") - number_of((p, "baseline", r), "mean_trust") for r in range(14)] for p in range(8)]
    )
    assert np.allclose(made.values("effect:course:mean_trust"), effect)
    width = {many: mean_and_precision(effect[:, :many].mean(axis=0))[1] for many in (8, 12)}
    between = RULE | {"until": {"effect": "mean_trust", "half_width": (width[8] + width[12]) / 2}}
    stopped = sweep(STUDY.with_(replicates=between), tmp_path / "between", chunk=10)
    assert stopped.status().replicates == (12 if width[12] < width[8] else 8)


# --- What is refused


def test_other_code_is_not_mixed_unless_asked(tmp_path, quick, monkeypatch):
    asked, _ = quick
    made = sweep(STUDY, tmp_path / "here", chunk=10)
    monkeypatch.setattr("sim.artifacts.sources._sources", lambda ours: "other")
    asked.clear()
    assert len(made.resume().runs()) == 96 and not asked  # nothing is missing
    for more in (lambda: made.extend(replicates=4), made.retry):
        with pytest.raises(InputError, match=r"source changed since .*: its 48 runs would be run anew") as caught:
            more()
        assert "--anew" in caught.value.remedy
    assert len(made.runs()) == 96 and not asked
    made.extend(replicates=4, anew=True)
    assert len(asked) == 8 * 2 * 4 and len(made.runs()) == 128


def elsewhere(monkeypatch, probe=None):
    """Another version of Python, in which a small city comes out the same, or as the probe says."""
    monkeypatch.setattr("sim.artifacts.bits.versions", lambda: versions() | {"python": "3.99.1"})
    if probe:
        monkeypatch.setattr("sim.artifacts.bits.probe", lambda: probe)


def test_runs_go_on_where_a_small_city_comes_out_the_same(tmp_path, quick, monkeypatch):
    asked, _ = quick
    whole = sweep(STUDY.with_(replicates=4), tmp_path / "whole", chunk=10).runs()
    made = sweep(STUDY, tmp_path / "here", chunk=10)
    provenance = json.loads((tmp_path / "here" / "provenance.json").read_text())
    assert re.fullmatch("[0-9a-f]{64}", provenance["batches"][0]["probe"]) and made.status().elsewhere == ""
    elsewhere(monkeypatch)
    status = made.status()
    assert not status.changed and status.elsewhere == provenance["batches"][0]["environment"] != environment()
    asked.clear()
    made.extend(replicates=4)
    assert len(asked) < 8 * 2 * 4 and made.runs().equals(whole) and made.status().elsewhere == ""


def test_runs_of_an_environment_with_other_bits_are_refused(tmp_path, quick, monkeypatch):
    asked, _ = quick
    made = sweep(STUDY, tmp_path / "here", chunk=10)
    there = environment()
    elsewhere(monkeypatch, probe="f" * 64)
    asked.clear()
    with pytest.raises(InputError) as caught:
        made.extend(replicates=4)
    assert f"made with {there}; {environment()} makes other bits: its 48 runs would be run anew" in str(caught.value)
    assert "--anew" in caught.value.remedy and not asked and len(made.runs()) == 96
    made.resume(anew=True)
    assert len(asked) == 48 and len(made.runs()) == 96


def test_another_study_is_refused_with_what_differs(tmp_path, quick):
    made = sweep(STUDY, tmp_path / "here")
    other = STUDY.with_(arms={"purge": [{"purge": {"start": 0}}]}, replicates=4)
    with pytest.raises(InputError, match=r"holds another study: arms, replicates differ(?s:.*)confianza extend"):
        sweep(other, tmp_path / "here")
    assert len(made.runs()) == 96 and made.study == STUDY
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something already"):
        sweep(STUDY, tmp_path / "mine")


def test_designs_that_cannot_grow_are_refused(tmp_path, quick):
    made = sweep(STUDY.with_(design={"lhs": 4}), tmp_path / "here")
    with pytest.raises(InputError, match="'lhs' cannot be extended"):
        made.extend(points=8)
    other = sweep(STUDY, tmp_path / "other")
    with pytest.raises(InputError, match="has 8 already, more than 4"):
        other.extend(points=4)
    with pytest.raises(InputError, match=r"no executor 'treads'(?s:.*)Did you mean 'threads'"):
        other.extend(points=16, executor="treads")
    assert len(other.store.batches()) == 1


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ("mean_trst", "no measure 'mean_trst'(?s:.*)Did you mean 'mean_trust'"),
        ("effect:corse:mean_trust", "no arm 'corse'(?s:.*)Did you mean 'course'"),
        ("efect:course:mean_trust", "no output 'efect'(?s:.*)Did you mean 'effect'"),
        ("effect:course", "no arm ''"),
    ],
)
def test_outputs_that_are_not_there_are_refused(tmp_path, quick, of, message):
    made = sweep(STUDY, tmp_path / "here")
    with pytest.raises(InputError, match=message):
        made.values(of)
    with pytest.raises(InputError, match=r"week 5 was not read(?s:.*)4, 8"):
        made.values("mean_trust", week=5)


def die(*_):
    os._exit(1)


def test_a_worker_that_dies_is_one_clear_error_and_nothing_is_lost(tmp_path, quick, monkeypatch):
    with monkeypatch.context() as patch, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        patch.setattr(running, "perform", die)
        with pytest.raises(InputError, match=r"a worker process died(?s:.*)confianza resume") as caught:
            sweep(STUDY, tmp_path / "here", executor=pool, chunk=10)
        assert caught.value.__suppress_context__
    assert len(sweep(STUDY, tmp_path / "here").runs()) == 96


def die_once(job, specs, values):
    """Dies the first time that somebody has this work."""
    if not os.path.exists(os.environ["DIED"]):
        open(os.environ["DIED"], "w").close()
        os._exit(1)
    return made_up(parsed(job.partition(b"\n")[2].decode()), specs)


def test_a_worker_that_is_lost_is_told_and_made_up_for(tmp_path, quick, monkeypatch, capfd):
    monkeypatch.setenv("DIED", str(tmp_path / "died"))
    with monkeypatch.context() as patch:
        patch.setattr(running, "perform", die_once)
        made = sweep(STUDY, tmp_path / "here", executor="processes", workers=2, chunk=10)
    assert "A worker died (BrokenProcessPool); its runs are done again." in capfd.readouterr().err
    assert made.runs().equals(sweep(STUDY, tmp_path / "calm", chunk=10).runs())


def test_workers_that_die_again_and_again_are_an_error(tmp_path, quick, monkeypatch, capfd):
    monkeypatch.setattr(running, "perform", die)
    with pytest.raises(InputError, match="a worker process died"):
        sweep(STUDY, tmp_path / "here", executor="processes", workers=1, chunk=10)
    assert capfd.readouterr().err.count("its runs are done again") == 3


def test_an_error_of_the_program_is_not_hidden(tmp_path, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(running, "perform", broken)
    with pytest.raises(ZeroDivisionError):
        sweep(STUDY, tmp_path / "here", chunk=10)


# --- Ctrl-C


def held_up(monkeypatch, hold):
    """Each run calls `hold` first, with how many runs had been begun when its piece was."""
    at_once, begun, turn = running.perform, [], threading.Lock()

    def perform(job, specs, values, pulse):
        with turn:
            begun.extend(specs)
            many = len(begun)

        def held(amount):
            hold(many)
            pulse(amount)

        return at_once(job, specs, values, held)

    monkeypatch.setattr(running, "perform", perform)


@pytest.fixture
def attentive():
    """Ctrl-C interrupts, also where the tests were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press(*whens):
    """Ctrl-C each time when something has become true."""

    def pressed():
        for when in whens:
            eventually(when)
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=pressed, daemon=True)
    thread.start()
    return thread


@pytest.mark.usefixtures("attentive")
@pytest.mark.skipif(os.name != "posix", reason="signals are sent to this process")
def test_the_first_ctrl_c_finishes_what_is_under_way(tmp_path, quick, monkeypatch, capsys):
    before, told = signal.getsignal(signal.SIGINT), []
    noticed, finish = threading.Event(), running._Work._finish
    thread = press(lambda: sum(told) == 15)  # of the second shard six runs are done; the others are under way until Ctrl-C is noticed
    message = r"stopped: 18 runs kept; 30 runs to go. Go on with: confianza resume"
    with monkeypatch.context() as patch:
        patch.setattr(running._Work, "_finish", lambda work: noticed.set() or finish(work))
        held_up(patch, lambda many: many <= 15 or noticed.wait(LONGEST))
        with pytest.raises(Interrupted, match=message):
            sweep(STUDY, tmp_path / "here", workers=2, chunk=10, progress=told.append)
    thread.join()
    assert signal.getsignal(signal.SIGINT) is before and "Ctrl-C again" in capsys.readouterr().err
    assert Sweep.load(tmp_path / "here").status().kept == 18
    assert len(sweep(STUDY, tmp_path / "here").runs()) == 96


@pytest.mark.usefixtures("attentive")
@pytest.mark.skipif(os.name != "posix", reason="signals are sent to this process")
def test_the_second_ctrl_c_stops_at_once(tmp_path, quick, monkeypatch):
    before, runs = signal.getsignal(signal.SIGINT), []

    def hold(many):
        runs.append(many)
        if many > runs[0]:  # after the first piece
            eventually(lambda: not thread.is_alive())
            time.sleep(0.5)

    held_up(monkeypatch, hold)
    # the first Ctrl-C has been noticed when the next will do what it did before
    thread = press(lambda: len(set(runs)) > 1, lambda: signal.getsignal(signal.SIGINT) is before)
    with pytest.raises(KeyboardInterrupt):
        sweep(STUDY, tmp_path / "here", workers=1, chunk=49)
    thread.join()
    assert 3 < len(runs) < 48 and signal.getsignal(signal.SIGINT) is before
    assert Sweep.load(tmp_path / "here").status().kept == 0


@pytest.mark.skipif(os.name != "posix", reason="signals are sent to this process")
def test_where_ctrl_c_is_ignored_it_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with patience() as asked:
            os.kill(os.getpid(), signal.SIGINT)
            assert not asked.is_set() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


# --- Reading


@pytest.mark.compiled
def test_levels_and_effects_are_paired(real):
    frame = real.runs()
    last = frame[frame.week == 8].set_index(["arm", "point", "replicate"]).mean_trust.sort_index()
    course, baseline = (last[arm].to_numpy().reshape(4, 2) for arm in ("course", "baseline"))
    assert np.array_equal(real.values("mean_trust"), baseline)
    assert np.array_equal(real.values("level:course:mean_trust"), course)
    assert np.array_equal(real.values("effect:course:mean_trust"), course - baseline)
    first = frame[(frame.week == 4) & (frame.arm == "course")].incidence.to_numpy().reshape(4, 2)
    assert np.array_equal(real.values("level:course:incidence", week=4), first)


@pytest.mark.compiled
def test_exports_hold_what_the_store_holds(real, tmp_path):
    wanted = real.runs(values=True)
    assert pd.read_parquet(real.export(tmp_path / "runs.parquet")).equals(wanted)
    read = pd.read_csv(real.export(tmp_path / "runs.csv"), float_precision="round_trip")
    pd.testing.assert_frame_equal(read, wanted, check_dtype=False, check_exact=True)
    data = xr.load_dataset(real.export(tmp_path / "runs.nc"), engine="h5netcdf")
    assert data.mean_trust.dims == ("point", "arm", "replicate", "week") and data.incidence.attrs["units"] == MEASURES["incidence"].unit
    assert np.array_equal(data.mean_trust.sel(arm="course", week=8), real.values("level:course:mean_trust"))
    assert np.array_equal(data["trust.contact_gain"], real.points.values["trust.contact_gain"])
    series = pd.concat(real.store.series(["mean_trust"]))
    weekly = xr.load_dataset(real.export(tmp_path / "series.nc", series=True), engine="h5netcdf")
    assert list(weekly.week.values) == list(range(-2, 8)) and np.array_equal(weekly.mean_trust.values.ravel(), series.mean_trust)
    for name in ("series.parquet", "series.csv"):
        read = (pd.read_parquet if name.endswith("parquet") else pd.read_csv)(real.export(tmp_path / name, series=True))
        assert np.array_equal(read.mean_trust.astype(np.float32), series.mean_trust) and set(read) >= {
            "week",
            "crimes",
            "trust.contact_gain",
        }
    with pytest.raises(InputError, match=r"'.xlsx' is no kind of file"):
        real.export(tmp_path / "runs.xlsx")
    with pytest.raises(InputError, match=r"there is no series 'stops' here(?s:.*)trust, crimes"):
        next(real.store.series(["stops"]))


@pytest.mark.compiled
def test_a_sweep_shows_itself(real):
    assert repr(real) == "<Sweep of '[Which] & why?': 4 points, 2 arms, 2 replicates; 16 of 16 runs kept, 0 failed>"
    page = real._repr_html_()
    assert "Sweep of [Which] &amp; why?" in page and "16 of 16 runs kept" in page and "baseline" in page and "mean_trust" in page


def test_a_study_without_a_design_has_one_point(tmp_path, quick):
    plain = Study(name="Plain", scenario=SMALL, arms=STUDY.arms, replicates=3, measures=["mean_trust"], at=[8])
    made = sweep(plain, tmp_path / "here")
    assert len(made.runs(values=True)) == 6 and made.values("mean_trust").shape == (1, 3)
    with pytest.raises(InputError, match="no series"):
        made.export(tmp_path / "series.csv", series=True)
    with pytest.raises(InputError, match="the study has no design"):
        made.extend(points=4)
