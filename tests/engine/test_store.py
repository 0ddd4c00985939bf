"""The store: what is recorded is there byte by byte, what is not is run again, and nothing that goes wrong corrupts it."""

import errno
import json
import os
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_runs import SMALL, STUDY, data_of, made_up, number_of
from pace import quickest, slowness

from sim.engine import store
from sim.engine.journal import Journal
from sim.engine.store import chunk_of
from sim.errors import InputError
from sim.files import writing
from sim.inputs.scenario import CitySize
from sim.studies.running.store import SweepStore
from sim.studies.running.work import SweepPlan


def specs_of(made, batch, number):
    """The runs of a shard."""
    return made.plan_of(batch).specs(batch.positions(number))


def fill(made, failing=(), order=1, pieces=1):
    """Record every shard that is missing, with made-up runs."""
    with made.writing():
        made.repair()
        for batch, numbers in made.unfinished():
            study = made.study
            for number in numbers[::order]:
                parts = np.array_split(np.arange(len(specs_of(made, batch, number))), pieces)
                specs = specs_of(made, batch, number)
                made.record(batch, number, [made_up(study, [specs[i] for i in part], failing) for part in parts])
    return made


@pytest.fixture
def filled(tmp_path):
    return fill(SweepStore.create(tmp_path / "here", STUDY, chunk=10))


def test_everything_that_was_recorded_is_read(filled):
    frame = filled.runs()
    assert len(frame) == 8 * 2 * 3 * 2 and list(frame.columns) == ["point", "arm", "replicate", "seed", "week", *STUDY.measures]
    wanted = [(p, a, r, w) for p in range(8) for a in ("baseline", "course") for r in range(3) for w in (4, 8)]
    assert list(frame[["point", "arm", "replicate", "week"]].itertuples(index=False, name=None)) == wanted
    for row in frame.itertuples():
        assert row.mean_trust == number_of((row.point, row.arm, row.replicate), "mean_trust") + row.week
    series = pd.concat(filled.series(["crimes"]))
    assert len(series) == 48 * 10 and series.crimes.dtype == np.float32 and list(series.week[:10]) == list(range(-2, 8))
    last = series.iloc[-1]
    assert last.crimes == np.float32(number_of((7, "course", 2), "crimes"))
    status = filled.status()
    assert (status.wanted, status.kept, status.failed, status.missing, status.shards) == (48, 48, 0, 0, 6)
    assert (status.points, status.arms, status.replicates, status.problems) == (8, ("baseline", "course"), 3, ())


def test_bytes_do_not_depend_on_the_order_or_on_pieces(filled, tmp_path):
    other = fill(SweepStore.create(tmp_path / "other", STUDY, chunk=10), order=-1, pieces=3)
    assert data_of(filled.folder) == data_of(other.folder) and len(data_of(other.folder)) == 12


def test_shards_say_what_their_columns_are_and_hold_no_dates(filled):
    file = pq.ParquetFile(filled.folder / "shards" / "00000.parquet")
    field = file.schema_arrow.field("incidence")
    assert field.metadata[b"unit"] == b"crimes per 100,000 adults a year" and b"Crimes committed" in field.metadata[b"description"]
    assert str(time.gmtime().tm_year).encode() not in (file.metadata.metadata or {}).get(b"ARROW:schema", b"")
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_what_failed_is_a_record_with_its_inputs_and_not_a_row(tmp_path):
    made = SweepStore.create(tmp_path / "here", STUDY, chunk=10)
    failing = {specs_of(made, made.batch, 0)[3], specs_of(made, made.batch, 5)[-1]}
    fill(made, failing)
    found = made.failures()
    assert set(zip(found.point, found.arm, found.replicate, strict=True)) == {tuple(spec) for spec in failing}
    assert set(found.error) == {"ValueError: made up"}
    assert len(made.runs()) == 46 * 2 and made.status().failed == 2 and made.status().missing == 0
    assert np.isnan(made.cube("mean_trust")).sum() == 2 * 2
    assert made.unfinished() == []
    with made.writing():
        made.plan(STUDY, "retry")
    assert len(made.batch.chosen) == 2
    fill(made)
    assert made.failures().empty and not np.isnan(made.cube("mean_trust")).any()
    assert made.runs().equals(fill(SweepStore.create(tmp_path / "whole", STUDY, chunk=10)).runs())


def test_larger_studies_take_what_is_there(filled, tmp_path):
    before = data_of(filled.folder)
    arms = STUDY.arms | {"purge": [{"purge": {"start": 0}}]}
    more = STUDY.with_(arms=arms, replicates=4, design={"sobol": 16})
    with filled.writing():
        batch = filled.plan(more, "extend")
    assert len(batch.chosen) == (16 + 16) * 3 * 4 - 48 and batch.first_shard == 6
    fill(filled)
    after = data_of(filled.folder)
    assert {name: after[name] for name in before} == before
    whole = fill(SweepStore.create(tmp_path / "whole", more))
    assert filled.runs().equals(whole.runs()) and pd.concat(filled.series()).equals(pd.concat(whole.series()))
    assert filled.study == more


def test_an_arm_that_was_changed_is_not_mixed_with_what_it_was(filled):
    changed = STUDY.with_(arms={"course": [{"training": {"start": 0, "coverage": 0.5}}]})
    with filled.writing():
        batch = filled.plan(changed, "extend")
    assert {spec.arm for spec in filled.plan_of(batch).specs(batch.chosen)} == {"course"}
    assert set(filled.runs().arm) == {"baseline"} and filled.status().missing == 24


def test_runs_that_come_to_the_same_thing_are_run_once_and_read_for_all(tmp_path):
    levers = STUDY.with_(vary={"training.coverage": [0.1, 0.9]}, design={"sobol": 4})
    made = SweepStore.create(tmp_path / "here", levers, chunk=10)
    assert len(made.batch.chosen) == 3 + 4 * 3  # the baseline is the same at every point
    fill(made)
    trust = made.cube("mean_trust")
    assert (trust[:, 0] == trust[:1, 0]).all() and len(np.unique(trust[:, 1])) > 4 and made.status().missing == 0


def test_runs_of_other_code_are_not_read_and_not_mixed(filled, monkeypatch):
    assert not filled.status().changed
    monkeypatch.setattr("sim.artifacts.sources._sources", lambda ours: "other")
    assert filled.status().changed and len(filled.runs()) == 96
    with filled.writing():
        batch = filled.plan(STUDY, "anew")
    assert len(batch.chosen) == 48 and filled.runs().empty and np.isnan(filled.cube("mean_trust")).all()


# --- What goes wrong


@pytest.mark.parametrize("damage", ["missing", "truncated", "changed"])
@pytest.mark.parametrize("kind", ["shards", "series"])
def test_a_damaged_shard_is_found_and_only_it_is_run_again(filled, damage, kind):
    before = data_of(filled.folder)
    path = filled.folder / kind / "00002.parquet"
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:-9])
    else:
        path.write_bytes(path.read_bytes()[:-9] + b"\0" * 9)
    assert len(filled.status(verify=True).problems) == 1
    assert len(filled.status().problems) == (damage != "changed")  # a look at sizes alone
    with pytest.raises(InputError, match=rf"is damaged: {kind}/00002.parquet.*(?s:.*)confianza resume .* runs its 9 runs again"):
        filled.runs() if kind == "shards" else list(filled.series())
    with filled.writing():
        assert filled.repair() == 1
        assert [numbers for _, numbers in filled.unfinished()] == [[2]]
    assert data_of(fill(filled).folder) == before and filled.status(verify=True).problems == ()


def test_files_that_are_not_recorded_are_removed(filled):
    with filled.writing(), filled.journal() as journal:
        journal.forget(5)  # as if it had been written and not yet recorded
    left = [filled.folder / "shards" / ".confianza-0.part", filled.folder / ".confianza-1.part"]
    mine = [filled.folder / name for name in ("notes.txt", "shards/00099.parquet", "shards/00001-copy.parquet", ".notes.part")]
    for path in left + mine:
        path.write_bytes(b"half a shard")
    before = (filled.folder / "shards" / "00005.parquet").read_bytes()
    with filled.writing():
        assert not (filled.folder / "shards" / "00005.parquet").exists()
    fill(filled)
    assert (filled.folder / "shards" / "00005.parquet").read_bytes() == before
    assert not any(path.exists() for path in left) and all(path.read_bytes() == b"half a shard" for path in mine)


class Crash(BaseException):
    """The process ends here."""


STEPS = ("open", "fsync", "replace", "record")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("call", range(4))
def test_ending_at_any_step_of_writing_a_shard_changes_nothing(step, call, tmp_path, monkeypatch, filled):
    made = SweepStore.create(tmp_path / "broken", STUDY, chunk=10)
    seen = []

    def ends(function):
        def wrapped(*given, **options):
            seen.append(given)
            if len(seen) == call + 1:
                raise Crash
            return function(*given, **options)

        return wrapped

    with monkeypatch.context() as patch:
        if step == "open":
            patch.setattr(writing, "open", ends(open), raising=False)
        elif step == "record":
            patch.setattr(Journal, "record", ends(Journal.record))
        else:
            patch.setattr(writing.os, step, ends(getattr(os, step)))
        with pytest.raises(Crash):
            fill(made)
    assert made.status().kept in (*range(0, 48, 9), 48) and made.status().problems == ()
    assert data_of(fill(made).folder) == data_of(filled.folder)


@pytest.mark.parametrize("call", [1, 2, 5, 8, 12])
def test_a_full_disk_is_explained_and_nothing_is_lost(call, tmp_path, monkeypatch, filled):
    made = SweepStore.create(tmp_path / "full", STUDY, chunk=10)
    calls = []

    def no_room(*given):
        calls.append(given)
        if len(calls) >= call:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writing.os, "fsync", no_room)
        with pytest.raises(InputError, match=r"the disk of .* is full(?s:.*)confianza resume"):
            fill(made)
    assert data_of(fill(made).folder) == data_of(filled.folder)


class Cramped(Journal):
    """A journal that may not grow."""

    def __init__(self, path, **options):
        super().__init__(path, **options)
        self.rows("PRAGMA max_page_count = 1")  # taken as the pages there are


def test_a_journal_without_room_is_explained_and_nothing_is_lost(tmp_path, monkeypatch):
    study = STUDY.with_(replicates=32)
    made = SweepStore.create(tmp_path / "full", study, chunk=100)
    with monkeypatch.context() as patch:
        patch.setattr(store, "Journal", Cramped)
        with pytest.raises(InputError, match=r"the disk of .* is full"):
            fill(made)
    assert made.status().missing > 0
    assert data_of(fill(made).folder) == data_of(fill(SweepStore.create(tmp_path / "whole", study, chunk=100)).folder)


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 300 kB."""
    place = tmp_path / "tiny"
    place.mkdir()
    if sys.platform != "linux" or os.getuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", place]).returncode:
        pytest.skip("needs the right to mount a file system")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_disk_that_is_really_full(tiny_disk, filled):
    made = SweepStore.create(tiny_disk / "here", STUDY, chunk=10)
    ballast = tiny_disk / "ballast"
    for room in (0, 4096, 8192, 16384, 32768):  # bytes, less and less ballast
        ballast.unlink(missing_ok=True)
        free = os.statvfs(tiny_disk).f_bavail * os.statvfs(tiny_disk).f_frsize
        ballast.write_bytes(b"\0" * (free - room))
        with pytest.raises(InputError) as caught:
            fill(made)
        assert "full" in str(caught.value) or "cannot be" in str(caught.value)
        assert "confianza resume" in str(caught.value)
    ballast.unlink()
    assert data_of(fill(made).folder) == data_of(filled.folder) and made.status(verify=True).problems == ()


def test_one_writes_and_all_may_read(filled):
    with filled.writing():
        with (
            pytest.raises(InputError, match=rf"another process is writing to .* \(process {os.getpid()} on ") as caught,
            SweepStore(filled.folder).writing(),
        ):
            pass
        assert "Reading is possible" in caught.value.remedy
        assert len(SweepStore.open(filled.folder).runs()) == 96
    with filled.writing():
        pass


HOLD = """
import sys, time
from sim.studies.running.store import SweepStore
with SweepStore.open(sys.argv[1]).writing():
    print("held", flush=True)
    time.sleep(600)
"""


def test_the_lock_of_a_killed_process_holds_nobody_up(filled):
    with subprocess.Popen([sys.executable, "-c", HOLD, filled.folder], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout.readline() == b"held\n"
            with pytest.raises(InputError, match=rf"process {other.pid} on "), filled.writing():
                pass
        finally:
            other.kill()
            other.wait()
    with filled.writing():
        pass


def test_folders_that_cannot_be_used_are_refused(tmp_path, filled):
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "journal.sqlite").write_text("no database, but long enough to look like one" * 99)
    (tmp_path / "empty").mkdir()
    for make, message in (
        (lambda: SweepStore.create(tmp_path / "full", STUDY), "holds something already"),
        (lambda: SweepStore.create(filled.folder, STUDY), "holds something already"),
        (lambda: SweepStore.create(tmp_path / "file", STUDY), "cannot be written to"),
        (lambda: SweepStore.create(tmp_path / "file" / "below", STUDY), "cannot be written to"),
        (lambda: SweepStore.create(tmp_path / "strange", STUDY), "is not the journal of a study"),
        (lambda: SweepStore.open(tmp_path / "strange"), "is not the journal of a study"),
        (lambda: SweepStore.open(tmp_path / "empty"), "holds no study"),
        (lambda: SweepStore.open(tmp_path / "nowhere"), "holds no study"),
    ):
        with pytest.raises(InputError, match=message):
            make()
    assert {path.name for path in (tmp_path / "full").iterdir()} == {"thesis.tex"}
    assert not (tmp_path / "nowhere").exists() and not list((tmp_path / "empty").iterdir())


def test_a_journal_of_another_version_is_refused(filled):
    connection = sqlite3.connect(filled.folder / "journal.sqlite")
    connection.execute("UPDATE about SET value = 99 WHERE name = 'version'")
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match="another version of Confianza \\(its layout is 99, not 1\\)"):
        SweepStore.open(filled.folder)


@pytest.fixture
def read_only(tmp_path, filled):
    """The store, mounted so that nothing can be written."""
    place = tmp_path / "read-only"
    place.mkdir()
    if sys.platform != "linux" or os.getuid() or subprocess.run(["mount", "--bind", "-o", "ro", filled.folder, place]).returncode:
        pytest.skip("needs the right to mount a folder")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_read_only_folder_can_be_read_but_not_written(read_only):
    assert len(SweepStore.open(read_only).runs()) == 96
    with pytest.raises(InputError, match=r"cannot be (opened or )?written to"), SweepStore.open(read_only).writing():
        pass


def test_a_process_that_ended_before_the_first_batch_left_a_blank_folder(tmp_path):
    made = SweepStore(tmp_path / "here")
    with pytest.raises(Crash), made.writing():
        raise Crash
    assert (made.folder / "journal.sqlite").exists() and not made.exists() and made.is_blank()
    assert len(fill(SweepStore.create(made.folder, STUDY)).runs()) == 96


# --- Papers and budgets


def test_the_folder_describes_itself(filled):
    facts = json.loads((filled.folder / "provenance.json").read_text(encoding="utf-8"))
    assert facts["batches"][0]["runs"] == 48 and facts["batches"][0]["versions"]["numpy"] == np.__version__
    assert len(facts["batches"][0]["source_fingerprint"]) == 16 and facts["root_seed"] == 5
    crate = json.loads((filled.folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    by_id = {entity["@id"]: entity for entity in crate["@graph"]}
    descriptor, root = by_id["ro-crate-metadata.json"], by_id["./"]
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context" and len(by_id) == len(crate["@graph"])
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"} and descriptor["about"] == {"@id": "./"}
    assert root["@type"] == "Dataset" and {"name", "description", "datePublished", "license"} <= set(root)
    assert by_id[root["author"]["@id"]]["name"] == "The Confianza authors"
    for part in root["hasPart"]:
        assert (filled.folder / part["@id"]).exists() and part["@id"] in by_id
    (filled.folder / "provenance.json").unlink()
    with filled.writing():
        pass
    assert json.loads((filled.folder / "provenance.json").read_text(encoding="utf-8")) == facts


def test_another_program_reads_the_crate(filled):
    from rocrate import rocrate

    crate = rocrate.ROCrate(filled.folder)
    assert crate.name == STUDY.name and {entity.id for entity in crate.data_entities} >= {
        "study.yaml",
        "journal.sqlite",
        "shards/",
        "series/",
    }


def test_the_size_of_a_chunk_depends_on_the_study_alone():
    def size(adults, weeks):
        return chunk_of(SweepPlan(STUDY.with_(scenario=SMALL.with_(city=CitySize(adults=adults), spin_up_weeks=104), weeks=weeks, at=[4])))

    sizes = (size(2000, 100), size(20_000, 416), size(200_000, 520), size(5_000_000, 5200))
    assert sizes == (256, 256, 25, 25), "at least four points of six runs, and a reserve"


def processor_seconds(work):
    """What some work takes the processor: other programs do not lengthen it, and while the disk is waited for workers go on."""
    began, cpu = time.perf_counter(), time.process_time()
    work()
    print(f"{1e3 * (time.perf_counter() - began):.0f} ms passed")
    return time.process_time() - cpu


@pytest.mark.compiled
def test_the_store_costs_little_for_each_run(tmp_path):
    plain = STUDY.with_(series=[], replicates=32)
    weeks = {"weeks": 416, "at": [52, 416], "replicates": 32, "scenario": SMALL.with_(weeks=416, spin_up_weeks=104)}
    names = ["mean_trust", "crimes", "reported", "solved", "stops", "complaints", "mean_conduct", "mean_fairness"]
    for study, most in ((plain, 0.1e-3), (STUDY.with_(series=names, **weeks), 0.5e-3)):
        took = []
        for attempt in range(4):
            made = SweepStore.create(tmp_path / f"{most}-{attempt}", study)
            with made.writing():
                batch, numbers = made.unfinished()[0]
                pieces = [made_up(study, specs_of(made, batch, number)) for number in numbers]
                work = zip(numbers, pieces, strict=True)
                took.append(processor_seconds(lambda: [made.record(batch, number, [piece]) for number, piece in work]))  # noqa: B023
        best = min(took) / len(batch.chosen)
        print(f"{1e3 * best:.3f} ms for each of {len(batch.chosen)} runs")
        assert best < most * slowness()


@pytest.mark.compiled
def test_opening_a_store_and_finding_what_is_missing_takes_little(tmp_path):
    made = SweepStore.create(tmp_path / "here", STUDY.with_(series=[], replicates=80, design={"sobol": 128, "validation": 0}), chunk=10_000)
    with made.writing():
        batch, numbers = made.unfinished()[0]
        for number in numbers[:2]:
            made.record(batch, number, [made_up(made.study, specs_of(made, batch, number))])
    found = []

    def look():
        opened = SweepStore.open(made.folder)
        found.append(opened.absent(opened.batch.listed))

    best, quick = quickest(look, 0.05)
    print(f"{1e3 * best:.0f} ms for {len(batch.listed)} keys")
    assert len(batch.listed) == 20_480 and len(found[0]) == 20_480 - 2 * batch.shard_runs and quick
