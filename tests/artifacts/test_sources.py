"""The fingerprint of results: of what runs, and not of where it stands or how it is explained."""

import ast
import shutil

import pytest

from sim.artifacts import sources
from sim.artifacts.sources import PACKAGE, SCIENCE


@pytest.fixture
def copy(tmp_path):
    """The rules and the world, to be changed."""
    shutil.copytree(PACKAGE / "world", tmp_path / "world", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "world"


def meaning(folder):
    return sources.meaning(folder.rglob("*.py"))


def changed(path, before, after):
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_a_file_that_moves_or_is_explained_better_changes_nothing(copy):
    before = meaning(copy)
    (copy / "elsewhere").mkdir()
    shutil.move(copy / "rules" / "trust.py", copy / "elsewhere" / "confidence.py")
    changed(copy / "talk.py", "from sim", "# a comment\nfrom sim")
    changed(copy / "rules" / "reporting.py", '"""', '"""Better words. ')
    for path in copy.rglob("*.py"):
        path.write_text(path.read_text(encoding="utf-8").replace("sim.world.rules.trust", "sim.elsewhere.confidence"), encoding="utf-8")
    assert meaning(copy) == before


@pytest.mark.parametrize("name", ["rules/trust.py", "talk.py"])
def test_one_operator_changes_it(copy, name):
    before = meaning(copy)
    changed(copy / name, " * ", " + ")
    assert meaning(copy) != before


def test_what_files_mean_is_kept_and_a_damaged_copy_is_not_believed(copy, tmp_path, monkeypatch):
    (folder := tmp_path / "kept").mkdir()
    monkeypatch.setattr(sources, "cache_folder", lambda: folder)
    files = [copy / "talk.py", copy / "rules" / "trust.py"]
    before = sources._kept_meaning(files)
    assert before == sources.meaning(files)
    (kept,) = folder.iterdir()
    for text in ("zz", "", "00" * 31):
        kept.write_text(text)
        assert sources._kept_meaning(files) == before
    kept.write_text("00" * 32)
    assert sources._kept_meaning(files) == bytes(32), "it is read"
    changed(files[0], " * ", " + ")
    assert sources._kept_meaning(files) == sources.meaning(files) != before
    monkeypatch.setattr(sources, "cache_folder", lambda: None)
    assert sources._kept_meaning(files) == sources.meaning(files)


def test_everything_that_is_read_and_measured_is_in_it():
    files = {file.relative_to(PACKAGE).as_posix() for pattern in SCIENCE for file in PACKAGE.glob(pattern)}
    assert all(list(PACKAGE.glob(pattern)) for pattern in SCIENCE)
    rooms = ("world", "world/rules", "world/reforms", "instruments", "trials")
    assert {file.relative_to(PACKAGE).as_posix() for room in rooms for file in (PACKAGE / room).glob("*.py")} <= files
    assert {"measures/__init__.py", "measures/harvest.py", "studies/running/work.py"} <= files


def test_versions_and_processors_do_not_change_it(monkeypatch):
    here = sources.sources()
    sources._sources.cache_clear()
    monkeypatch.setattr("platform.python_version", lambda: "3.19.0")
    assert sources.sources() == here


def test_a_tree_is_written_alike_by_every_version_of_python():
    """3.12 added lists of types to functions and classes, 3.13 leaves empty lists out of what it dumps."""
    assert sources._written(ast.parse("def f(x):\n    return [], x, None, 0.5")) == (
        "(Module body=[(FunctionDef name='f' args=(arguments args=[(arg arg='x')]) body=[(Return value=(Tuple elts=[(List ctx=(Load )) "
        "(Name id='x' ctx=(Load )) (Constant ) (Constant value=0.5)] ctx=(Load )))])])"
    )
