"""Files are written whole or not at all, by one process at a time, and never over what Confianza did not write."""

import ast
import errno
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstacles import KINDS, image, put

from sim.artifacts import results
from sim.errors import InputError
from sim.figures import compare as plots_compare
from sim.figures import decision as plots_decision
from sim.figures import sensitivity as plots_sensitivity
from sim.figures import series as plots
from sim.figures import trial as plots_trial
from sim.files import locking, writing
from sim.files.writing import MANIFEST, noted, one_command, write, write_file, writer
from sim.studies.answers import comparison, decision, discoveries, findings
from sim.trials import result as trials

SIM = Path(writing.__file__).parent.parent
OURS = ("a.csv", "b.nc", "below/c.png")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*OURS, MANIFEST, locking.LOCK])
def test_nothing_is_replaced_that_confianza_did_not_write(kind, name, tmp_path):
    (outside := tmp_path / "outside").write_text("mine")
    put(tmp_path / "out" / name, kind, outside)
    before = image(tmp_path)
    with pytest.raises(InputError, match=r"not written by|no ordinary file|not a list of files|cannot be written") as caught:
        write(tmp_path / "out", dict.fromkeys(OURS, "new"))
    assert name in str(caught.value) and image(tmp_path) == before
    with pytest.raises(InputError), writer(tmp_path / "out", OURS):
        pass
    assert image(tmp_path) == before


def test_a_link_in_the_place_of_a_folder_below_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "below").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="no ordinary folder"):
        write(tmp_path / "out", dict.fromkeys(OURS, "new"))
    assert not list((tmp_path / "elsewhere").iterdir())


def test_what_was_written_is_replaced_until_somebody_changes_it(tmp_path):
    paths = write(tmp_path, {"a.csv": "one", "below/c.png": b"two"})
    assert [path.read_bytes() for path in paths] == [b"one", b"two"]
    write(tmp_path, {"a.csv": lambda stream: stream.write(b"three")})
    listed = json.loads((tmp_path / MANIFEST).read_text())
    assert sorted(listed["files"]) == ["a.csv", "below/c.png"] and (listed["kind"], listed["schema"]) == ("files", 1)
    assert {"sha256", "confianza", "source_fingerprint", "command", "created"} <= set(listed["files"]["a.csv"])
    (tmp_path / "a.csv").write_text("edited")
    before = image(tmp_path)
    with pytest.raises(InputError, match=r"a\.csv' was changed after Confianza wrote it"):
        write(tmp_path, {"a.csv": "four", "below/c.png": "five"})
    assert image(tmp_path) == before
    (tmp_path / "a.csv").unlink()
    write(tmp_path, {"a.csv": "four"}, gone=["below/c.png"])
    with pytest.raises(InputError, match=r"a\.csv' is something else that Confianza wrote"):
        write_file(tmp_path / "a.csv", "a page", "report")
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["a.csv", MANIFEST]


def test_files_of_before_are_removed_only_if_they_are_confianzas(tmp_path):
    (tmp_path / "b.nc").write_text("mine")
    write(tmp_path, {"a.csv": "new"}, gone=["b.nc", "nowhere"])
    assert (tmp_path / "b.nc").read_text() == "mine"


NO_LISTS = [
    "", "[]", "{}", "null", "\0", "[" * 99999, '{"kind": "files", "schema": 2, "files": {}}', '{"kind": "files", "schema": 1, "files": 3}',
    '{"kind": "files", "schema": 1, "files": {"a.csv": 3}}', '{"kind": "files", "schema": 1, "files": {"a.csv": {"sha256": 3}}}',
]  # fmt: skip


@pytest.mark.parametrize("text", NO_LISTS)
def test_a_list_that_is_none_is_not_replaced(text, tmp_path):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(InputError, match="not a list of files that this version of Confianza wrote, or is damaged"):
        write(tmp_path, {"a.csv": "new"})
    assert (tmp_path / MANIFEST).read_text() == text and sorted(os.listdir(tmp_path)) == [MANIFEST]


@pytest.mark.parametrize("way", ["as it is", "link", "hard link"])
def test_what_a_command_reads_is_not_replaced_even_if_confianza_wrote_it(way, tmp_path):
    path = write_file(tmp_path / "study.yaml", "name: a")
    other = tmp_path / "other.yaml"
    if way != "as it is":
        (other.symlink_to if way == "link" else other.hardlink_to)(path)
    with one_command():
        with noted(open(other if other.exists() else path)):
            pass
        with pytest.raises(InputError, match=r"study\.yaml' is what this command reads"):
            write_file(path, "name: b")
    assert path.read_text() == "name: a"
    write_file(path, "name: b")  # another command


# --- Whatever happens on the way


class Crash(BaseException):
    """The process ends here."""


def failing(monkeypatch, step, call, error):
    """Let one call of the system fail."""
    calls, function = [], getattr(os, step)

    def fails(*given, **options):
        calls.append(given)
        if len(calls) == call:
            raise error
        return function(*given, **options)

    monkeypatch.setattr(writing.os, step, fails)


STEPS = [(step, call) for step, most in (("fsync", 7), ("replace", 4), ("unlink", 1)) for call in range(1, most + 1)]


@pytest.mark.parametrize(("step", "call"), STEPS)
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "broken"), Crash()], ids=repr)
def test_whatever_fails_files_are_whole_and_can_be_written_again(step, call, error, tmp_path, monkeypatch):
    (tmp_path / "mine").write_text("mine")
    write(tmp_path, {**dict.fromkeys(OURS, "old"), "gone": "old"})
    with monkeypatch.context() as patched:
        failing(patched, step, call, error)
        with pytest.raises(Crash if isinstance(error, Crash) else InputError):
            write(tmp_path, dict.fromkeys(OURS, "new"), gone=["gone"])
    contents = {(tmp_path / name).read_text() for name in OURS}
    assert contents <= {"old", "new"} and (tmp_path / "mine").read_text() == "mine"
    if (step, error.args[:1]) == ("fsync", (errno.ENOSPC,)) and call <= 4:  # the three files and the list: nothing has its name yet
        assert contents == {"old"}
    assert not list(tmp_path.rglob("*.part"))
    write(tmp_path, dict.fromkeys(OURS, "again"), gone=["gone"])
    assert {(tmp_path / name).read_text() for name in OURS} == {"again"} and not (tmp_path / "gone").exists()


def test_a_full_disk_is_said_in_plain_words(tmp_path, monkeypatch):
    failing(monkeypatch, "fsync", 2, OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(InputError, match=r"^the disk of '.*' is full\.\n  Free some space, or write elsewhere \(--out\)\.$"):
        write(tmp_path / "a" / "b", {"c": "c", "d": "d"})
    assert not list(tmp_path.iterdir())


def test_a_disk_without_room_is_said_before_anything_is_run(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "disk_usage", lambda folder: type("", (), {"free": 5}))
    with pytest.raises(InputError, match="is full"), writer(tmp_path, OURS):
        pass


PLACES = {
    "below a file": lambda folder: folder / "file" / "a" / "b",
    "a file": lambda folder: folder / "file",
    "a name too long": lambda folder: folder / ("x" * 300),
    "a path too long": lambda folder: folder / "/".join(["x" * 200] * 30),
    "a NUL": lambda folder: folder / "a\0b",
    "a link to itself": lambda folder: folder / "loop",
    "a link to nowhere": lambda folder: folder / "dangling",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_folder_that_cannot_be_is_refused(place, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere" / "x")
    before = image(tmp_path)
    folder = PLACES[place](tmp_path)
    for tried in (lambda: write(folder, {"a": "a"}), lambda: writer(folder, ["a"]).__enter__(), lambda: write(folder / "more", {"a": "a"})):
        with pytest.raises(InputError, match=r"cannot be written to|cannot contain a NUL"):
            tried()
        assert image(tmp_path) == before


def test_names_that_are_too_long_are_refused_at_once(tmp_path):
    for name in ("x" * 300, "y" * 300 + "/a.png"):
        with pytest.raises(InputError, match="File name too long"), writer(tmp_path, [name]):
            pass
        with pytest.raises(InputError, match="File name too long"):
            write(tmp_path, {name: "a"})
    assert not list(tmp_path.iterdir())


@given(
    st.dictionaries(
        st.sampled_from([*OURS, MANIFEST, locking.LOCK, "notes.txt", "below/d", ".a.part"]), st.sampled_from(KINDS), max_size=4
    ),
    st.lists(st.tuples(st.lists(st.sampled_from(OURS), max_size=3), st.booleans(), st.sampled_from(["", "replace", "fsync"])), max_size=4),
)
def test_whatever_is_there_and_whatever_is_written_nothing_foreign_changes(tmp_path_factory, there, tries):
    """For any tree of files before, and any outcome of any writings, no file that Confianza did not write differs afterwards."""
    top = tmp_path_factory.mktemp("any")
    (outside := top / "outside").write_text("mine")
    folder = top / "out"
    folder.mkdir()
    for name, kind in there.items():
        with suppress(FileExistsError, NotADirectoryError, FileNotFoundError):  # a name below what is no folder
            put(folder / name, kind, outside)
    foreign = image(top)
    for names, edits, fails in tries:
        with pytest.MonkeyPatch.context() as patched, suppress(InputError):
            if fails:
                failing(patched, fails, 2, OSError(errno.ENOSPC, "No space left on device"))
            write(folder, dict.fromkeys(names, "new"), gone=["b.nc"])
        if edits and names and (folder / names[0]).is_file() and (folder / names[0]).read_text() == "new":
            (folder / names[0]).write_text("edited")
            foreign |= {path: found for path, found in image(top).items() if path == f"out/{names[0]}"}
        assert {path: found for path, found in image(top).items() if path in foreign} == foreign


# --- One process at a time

HOLD = """
import sys, time
from sim.files.writing import writer
with writer(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


def test_the_second_process_is_refused_and_a_killed_one_holds_nobody_up(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "PATIENCE", 0.05)
    (folder := tmp_path / "out").mkdir()
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout.readline() == b"held\n"
            for tried in (lambda: writer(folder).__enter__(), lambda: write(folder, {"a": "a"})):
                with pytest.raises(InputError, match=rf"another process is writing to '.*out' \(process {other.pid} on "):
                    tried()
        finally:
            other.kill()
            other.wait()
    assert os.listdir(folder) == [locking.LOCK]
    with writer(folder):
        write(folder, {"a": "a"})
    assert sorted(os.listdir(folder)) == ["a", MANIFEST]


def test_what_a_killed_process_left_half_written_is_removed(tmp_path):
    write(tmp_path, {"below/c.png": "c"})
    left = [tmp_path / ".confianza-7.part", tmp_path / "below" / ".confianza-8.part"]
    for path in left:
        path.write_text("half")
    (tmp_path / ".mine.part").write_text("mine")
    with writer(tmp_path):
        assert not any(path.exists() for path in left) and (tmp_path / ".mine.part").exists()


def test_a_folder_is_made_only_for_what_is_written(tmp_path):
    with suppress(KeyError), writer(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b" / locking.LOCK).exists()
        raise KeyError
    assert not list(tmp_path.iterdir())


# --- Everything goes this way

FILES_OF = {
    "run": (results.FILES, plots.FIGURES),
    "compare": (comparison.FILES, plots_compare.FIGURES),
    "trial": (trials.FILES, plots_trial.FIGURES),
    "decide": (decision.FILES, [f"{name}.png" for name in plots_decision.FIGURES]),
    "discover": (discoveries.FILES, [f"{name}.png" for name in plots_decision.DISCOVERED]),
    "sensitivity": (findings.FIGURES, plots_sensitivity.FIGURES),
    "overview": (findings.FILES, [plots_sensitivity.OVERVIEW]),
}


@pytest.mark.parametrize("of", FILES_OF)
def test_names_that_are_looked_at_before_a_run_include_all_figures(of):
    names, figures = FILES_OF[of]
    assert set(figures) <= set(names)


WRITE = {
    "to_netcdf", "to_parquet", "to_excel", "to_pickle", "savefig", "write_text", "write_bytes", "tofile", "write_table", "ParquetWriter",
    "savez", "savetxt", "mkdir", "makedirs", "unlink", "rmdir", "rmtree", "touch", "symlink", "symlink_to", "hardlink_to", "copyfile",
    "TemporaryFile", "NamedTemporaryFile", "mkstemp", "mkdtemp",
}  # fmt: skip
OF_A_MODULE = {"os": {"replace", "rename", "remove", "write", "truncate", "link"}, "json": {"dump"}, "shutil": {"move", "copy", "copy2"}}
MAY = {
    "files/writing": "it writes",
    "files/locking": "its lock",
    "world/compiled/cache": "the cache of compiled code",
    "engine/store": "it removes shards that it began and did not record",
    "engine/shards": "Parquet in memory",
    "studies/running/export": "into the stream that it is given",
    "artifacts/artifact": "into the stream that it is given",
    "calibration/waves": "into the stream that it is given",
    "figures/series": "PNG in memory",
    "figures/printing": "figures in memory",
    "world/compiled/webassembly": "what is linked, in a temporary folder",
    "report/parts": "SVG in memory",
}


def writes(tree):
    """Names of calls in a syntax tree that write, move or remove files, or that would if they were given one."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        method = isinstance(node.func, ast.Attribute)
        name = node.func.attr if method else getattr(node.func, "id", "")
        module = node.func.value.id if method and isinstance(node.func.value, ast.Name) else ""
        options = {key.arg: key.value for key in node.keywords}
        modes = [ast.unparse(mode).strip("'") for mode in (*node.args[0 if method else 1 :], options.get("mode")) if mode is not None]
        into = (name == "open" and any(set(mode) <= set("rwxatb+") and set(mode) & set("wxa+") for mode in modes)) or (
            name == "to_csv" and (node.args or "path_or_buf" in options)
        )
        if into or name in WRITE or name in OF_A_MODULE.get(module, ()):
            yield name


@pytest.mark.parametrize(
    "line", ["open('a', 'w')", "path.open('ab')", "open(a, mode='x')", "frame.to_csv(a)", "a.savefig(b)", "os.replace(a, b)", "p.unlink()"]
)
def test_a_line_that_writes_is_seen(line):
    assert list(writes(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["open('a')", "open(a, 'rb')", "frame.to_csv(index=False)", "Store.open(folder)", "text.replace('a', 'b')"]
)
def test_a_line_that_does_not_write_is_not_seen(line):
    assert not list(writes(ast.parse(line)))


def test_nothing_else_writes_files():
    found = {}
    for path in SIM.rglob("*.py"):
        module = path.relative_to(SIM).with_suffix("").as_posix()
        if module not in MAY and (calls := sorted(writes(ast.parse(path.read_text(encoding="utf-8"))))):
            found[module] = calls
    assert found == {}


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no such folder")
def test_a_folder_in_which_no_file_can_be_made_is_not_held_by_another_process():
    with pytest.raises(InputError, match=r"'/proc' cannot be written to"), locking.locked(Path("/proc")):
        pass
