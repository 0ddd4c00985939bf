"""What commands write, whatever is there before, whoever reads what they print, and whatever the disk says."""

import errno
import io
import os
import resource
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from itertools import cycle
from pathlib import Path

import made_decisions as made
import pytest
from obstacles import KINDS, image, put

from sim.artifacts.results import FILES as RAN
from sim.artifacts.results import Results
from sim.calibration.result import FILES as CALIBRATED
from sim.cli import decide, discover, main
from sim.cli.coverage import files_of
from sim.files.writing import writer
from sim.studies.answers.comparison import FILES as COMPARED
from sim.studies.answers.decision import FILES as DECIDED
from sim.studies.answers.discoveries import FILES as DISCOVERED
from sim.studies.answers.findings import FILES as ANALYZED
from sim.studies.answers.sweep import sweep
from sim.studies.design.study_files import load_study
from sim.trials.result import FILES as TRIED
from sim.validation.record import load

pytestmark = pytest.mark.compiled
SCENARIO = "name: Small\ncity: {adults: 1000}\nweeks: 8\nspin_up_weeks: 2\nseed: 7\n"
ARMS = "arms: {course: [{training: {start: 0}}]}\nreplicates: 2\nmeasures: [mean_trust, reporting_rate, cost]\n"
STUDY = f"name: Mine\nscenario: scenario.yaml\n{ARMS}"
SWEPT = (
    f"{STUDY}vary: {{trust.contact_gain: [0, 0.4], trust.contact_loss: [0, 0.5]}}\ndesign: {{sobol: 4}}\nat: [4, 8]\nseries: [mean_trust]\n"
)
TRIAL = """name: Mine
scenario: {name: Small, city: {adults: 2500, officers_per_1000_inhabitants: 15.0}, weeks: 12, spin_up_weeks: 4, seed: 11}
treatment: [{training: {start: 0, coverage: 1.0}}]
outcomes: [fair_stops]
endline: 8
replicates: 2
draws: 1
citizens: {sample: 200}
"""
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with what commands read."""
    folder = tmp_path_factory.mktemp("kept")
    for name, text in {"scenario.yaml": SCENARIO, "study.yaml": STUDY, "swept.yaml": SWEPT, "trial.yaml": TRIAL}.items():
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        with pytest.raises(SystemExit):
            main(["run", "scenario.yaml", "--replicates", "2", "--out", "ran"])
        sweep(load_study("swept.yaml"), "store")
    return folder


@pytest.fixture(autouse=True)
def folder(kept, tmp_path, monkeypatch):
    """Every test runs in a folder of its own with a copy of it."""
    shutil.copytree(kept, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "here"


def confianza(capsys, *arguments):
    """Exit code, standard output and standard error of one command."""
    with pytest.raises(SystemExit) as stopped:
        main([str(each) for each in arguments])
    written = capsys.readouterr()
    return stopped.value.code or 0, written.out, written.err


PAGE = ("page.md", "es/validacion.md", "validation/validation.json", "validation/patterns.png", "validation/patterns-es.png")
GUARDED = {  # the command, the folder that it writes into, and what
    "run": ("run scenario.yaml --out out", "out", RAN),
    "compare": ("compare study.yaml --out out", "out", COMPARED),
    "trial": ("trial trial.yaml --out out", "out", TRIED),
    "validate": ("validate scenario.yaml --out out", "out", ("validation.json",)),
    "page": ("validate national-average --page out/page.md", "out", PAGE),
    "calibrate": ("calibrate national-average --out out", "out", (*CALIBRATED, "national-average.csv", "national-average.yaml")),
    "coverage": ("calibrate national-average --coverage 40 --out out", "out", files_of("national-average")),
    "sensitivity": ("sensitivity store --out out", "out", (*ANALYZED, "effect-course-mean_trust/tornado.png")),
    "sensitivity of a study": ("sensitivity swept.yaml --out fresh", "fresh/sensitivity", ANALYZED[:1]),
    "decide": ("decide store --out out", "out/decision", DECIDED),
    "discover": ("discover store 'effect:course:mean_trust < 0' --out out", "out/effect-course-mean_trust-below-0", DISCOVERED),
    "report": ("report ran --out out/page.html", "out", ("page.html",)),
    "report in place": ("report ran --lang es", "ran", ("report.es.html",)),
    **{f"export {kind}": (f"export store out/runs.{kind}", "out", (f"runs.{kind}",)) for kind in ("csv", "parquet", "nc")},
}


@pytest.mark.parametrize("verb", GUARDED)
def test_no_command_replaces_what_confianza_did_not_write(verb, capsys, folder):
    """Each name once, and the first in every way."""
    command, into, names = GUARDED[verb]
    (outside := folder / "outside").write_text("mine")
    ways = [(names[0], kind) for kind in KINDS] + list(zip(names, cycle(KINDS)))
    for name, kind in ways:
        path = folder / into / name
        put(path, kind, outside)
        before = image(folder)
        code, _, err = confianza(capsys, *shlex.split(command))
        assert (code, "Traceback" in err) == (2, False), (name, kind, err)
        assert name in err or (kind == "folder" and "is a folder" in err), err
        assert image(folder) == before
        path.rmdir() if kind == "folder" else path.unlink()


ONTO_INPUTS = [
    "run scenario.yaml --out .", "compare study.yaml --out .", "trial trial.yaml --out .", "sweep swept.yaml --out .",
    "sensitivity swept.yaml --out .", "decide swept.yaml --out .", "report ran --out study.yaml", "report ran --out ran/results.nc",
    "report store --out store/provenance.json",
    "export store swept.yaml", "run ran/scenario.yaml --out ran", "validate scenario.yaml --page scenario.yaml",
]  # fmt: skip


@pytest.mark.parametrize("command", ONTO_INPUTS)
def test_no_input_is_replaced(command, capsys, folder):
    before = image(folder)
    code, _, err = confianza(capsys, *shlex.split(command))
    assert code == 2 and "Traceback" not in err and image(folder) == before


@pytest.mark.parametrize("place", ["scenario.yaml", "scenario.yaml/below", "x" * 300, "pipe", "dangling"])
@pytest.mark.parametrize("verb", ["run", "compare", "trial", "validate", "calibrate", "sensitivity", "decide", "discover", "report"])
def test_a_place_that_is_none_is_refused_before_anything_is_run(verb, place, capsys, folder):
    os.mkfifo(folder / "pipe")
    (folder / "dangling").symlink_to(folder / "nowhere" / "x")
    before = image(folder)
    code, _, err = confianza(capsys, *shlex.split(GUARDED[verb][0])[:-1], place)
    assert code == 2 and len(err.splitlines()) == 2 and "Traceback" not in err, err
    assert image(folder) == before


@pytest.mark.parametrize("verb", GUARDED)
def test_the_second_process_is_refused(verb, capsys, folder, monkeypatch):
    """Another process holds the lock of the folder: it is not this one's, for the system asks who opened the file."""
    command, into, _ = GUARDED[verb]
    if into.startswith("fresh"):
        pytest.skip("the store is refused before")
    monkeypatch.setattr("sim.files.writing.PATIENCE", 0.05)
    monkeypatch.setattr("sim.report.render", lambda *given: "a page")
    with writer(folder / into), monkeypatch.context() as patched:
        patched.setattr("sim.files.locking._held", {})
        code, _, err = confianza(capsys, *shlex.split(command))
    said = ("another process is writing to", f"process {os.getpid()} on ")
    spanish = ("Otro proceso está escribiendo en", f"proceso {os.getpid()} en ")
    assert code == 2 and (all(part in err for part in said) or all(part in err for part in spanish)), err


# --- Who stops reading what is printed


class Gone(io.RawIOBase):
    """Standard output that takes so many bytes and then fails."""

    def __init__(self, room, error):
        self.room, self.error = room, error

    def writable(self):
        return True

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise self.error
        return len(data)


def printing(monkeypatch, room, error, command):
    """Exit code of a command whose standard output fails, and what it says on standard error."""
    printed, heard = io.TextIOWrapper(io.BufferedWriter(Gone(room, error)), "utf-8"), io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", printed)
        patched.setattr(sys, "stderr", heard)
        with pytest.raises(SystemExit) as stopped:
            main(shlex.split(command))
    return stopped.value.code or 0, heard.getvalue()


@pytest.fixture
def ready(monkeypatch, folder):
    """What takes long has been done already."""
    monkeypatch.setattr(decide, "decide", lambda swept, **wanted: replace(made.decision(), study=made.STUDY))
    monkeypatch.setattr(decide, "places", lambda *given: [made.discovery("purge")])
    monkeypatch.setattr(discover, "discover", lambda *given, **options: made.discovery("purge"))
    monkeypatch.setattr("sim.report.render", lambda *given: "a page")
    monkeypatch.setattr(import_module("sim.cli.validate"), "over_draws", lambda *given: load(DOCS / "validation"))


SAVED = {
    "run scenario.yaml --out out --replicates 2 --figures": RAN,
    "compare study.yaml --out out": COMPARED,
    "trial trial.yaml --out out": TRIED,
    "sensitivity store --out out": ("sensitivity.json", "indices.csv"),
    "decide store --out out": tuple(f"decision/{name}" for name in DECIDED),
    "discover store 'effect:course:mean_trust < 0' --out out": ("effect-course-mean_trust-below-0/discovery.json",),
    "validate national-average --out out": ("validation.json",),
    "validate national-average --page out/page.md": PAGE,
    "sweep swept.yaml --out out": ("journal.sqlite", "study.yaml", "shards/00000.parquet"),
    "export store out/runs.csv": ("runs.csv",),
    "report ran --out out/page.html": ("page.html",),
}
PRINTED = ["explain parameters", "explain P01", "check study.yaml", "schema study", "status store", "resume store", "retry store",
           "extend store --replicates 3", "plan swept.yaml", "--help", "run --help", "status nowhere", "explain nothing"]  # fmt: skip


@pytest.mark.parametrize("room", [0, 500])
@pytest.mark.parametrize("command", [*SAVED, *PRINTED])
def test_who_stops_reading_loses_nothing(command, room, monkeypatch, folder, ready):
    code, err = printing(monkeypatch, room, BrokenPipeError(errno.EPIPE, "Broken pipe"), command)
    assert code == (2 if "nowhere" in command or "nothing" in command else 0) and "Traceback" not in err, err
    assert [name for name in SAVED.get(command, ()) if not (folder / "out" / name).exists()] == []


@pytest.mark.parametrize("command", [command for command in SAVED if "validate" not in command])
def test_what_is_printed_onto_a_full_disk_was_saved_before(command, monkeypatch, folder, ready):
    """What is printed first, before anything is run, has room; the tables have not."""
    code, err = printing(monkeypatch, 500, OSError(errno.ENOSPC, "No space left on device"), command)
    if code:  # of little nothing fails
        assert code == 2 and err == "what is printed cannot be written (No space left on device).\n  Send it elsewhere.\n"
    assert [name for name in SAVED[command] if not name.endswith(".png") and not (folder / "out" / name).exists()] == []


def test_a_pipe_of_the_shell(folder):
    """As people type it, in a process of its own: nothing is said, not even when Python ends."""
    command = f"{shlex.quote(sys.executable)} -m sim.cli run scenario.yaml --replicates 1 --out piped"
    root = {"PYTHONPATH": str(Path(__file__).parents[2]), **os.environ}
    shell = f"set -o pipefail; {command} | head -1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, env=root | {"PYTHONUNBUFFERED": ""}, cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"") and Results.load(folder / "piped").replicates == 1


# --- A disk without room


def limited(size):
    """For a process of its own: no file may be larger, as on a disk that is nearly full."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


LARGE = [
    "run scenario.yaml --replicates 2 --out old", "compare study.yaml --out old", "export store old/runs.nc",
    "export store old/runs.parquet --series", "export store old/runs.nc --series",
]  # fmt: skip


@pytest.mark.parametrize("command", LARGE)
def test_a_library_that_finds_no_room_does_not_crash(command, folder, capsys):
    code, _, err = confianza(capsys, *shlex.split(command))
    assert code == 0, err
    before = written(folder)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-m", "sim.cli", *shlex.split(command)], capture_output=True, env=environment, cwd=folder, preexec_fn=limited(900)
    )
    said = done.stderr.decode()
    assert done.returncode == 2 and "cannot be" in said and len(said.splitlines()) == 2, said
    assert written(folder) == before


def written(folder):
    """All but the journals of runs, which know that somebody looked."""
    return {path: found for path, found in image(folder).items() if "journal" not in path}


@pytest.mark.parametrize("command", SAVED)
def test_a_full_disk_is_a_sentence_and_earlier_files_stay(command, capsys, folder, ready, monkeypatch):
    if "sweep" not in command:  # its files are the store's, see its tests
        assert confianza(capsys, *shlex.split(command))[0] == 0
        before = written(folder)
    fail = OSError(errno.ENOSPC, "No space left on device")
    for call in (1, 3):
        calls = []

        def full(opened, calls=calls, call=call):
            calls.append(opened)
            if len(calls) >= call:
                raise fail

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            code, _, err = confianza(capsys, *shlex.split(command))
        assert code == 2 and "is full" in err and len(err.splitlines()) == 2, err
        if "sweep" not in command and call == 1:
            assert written(folder) == before
    assert not list(folder.rglob("*.part"))
