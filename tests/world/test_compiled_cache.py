"""Compiled code on disk is never stale, and a cache that cannot be kept costs time, not results.

All on a tiny package with the real `compiled` and `rng`: one rule in one file, one entry in another, as in the model.
"""

import os
import shutil
import subprocess
import sys

import pytest

import sim.world.compiled

RULE = """
from sim.world.compiled import rule

@rule
def change(x):
    return {factor} * x
"""
ENTRY = """
from sim.world.compiled import entry
from sim.world.rng import draw
from sim.world.rules.toy import change

@entry
def run(n):
    total = 0.0
    for i in range(n):
        total += change(draw(7, 1, 0, i, 0))
    return total
"""
MAIN = """
import sim.world.compiled
from sim.world.toy import run
ready = sim.world.compiled.is_ready(run)
print(run(10).hex(), "ready" if ready else "cold", sum(run.stats.cache_hits.values()) if hasattr(run, "stats") else "interpreted")
"""

pytestmark = pytest.mark.compiled


class Package:
    """A copy of the package that is small enough to compile in a second, in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.cache, self.temporary = folder, folder / "cache", folder / "temporary"
        self.temporary.mkdir()
        for part in ("world", "world/rules"):
            (folder / "sim" / part).mkdir(parents=True)
            (folder / "sim" / part / "__init__.py").touch()
        (folder / "sim" / "__init__.py").touch()
        for name in ("arithmetic.py", "rng.py"):
            shutil.copy(sim.world.compiled.WORLD / name, folder / "sim" / "world" / name)
        shutil.copytree(sim.world.compiled.WORLD / "compiled", folder / "sim" / "world" / "compiled")
        (folder / "sim" / "world" / "toy.py").write_text(ENTRY)
        self.write_rule("2.0")

    def write_rule(self, factor):
        """The rule with another number; same size and same date, so that only the content tells."""
        path = self.folder / "sim" / "world" / "rules" / "toy.py"
        path.write_text(RULE.format(factor=factor))
        os.utime(path, (1_700_000_000, 1_700_000_000))

    def start(self, before="", **environment):
        hidden = ("NUMBA_", "CONFIANZA_", "COV_")
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
        fixed = {
            "CONFIANZA_CACHE_DIR": str(self.cache),
            "TMPDIR": str(self.temporary),
            "HOME": str(self.folder),
            "PYTHONPATH": str(self.folder),
        }
        command = [sys.executable, "-c", f"{before}\n{MAIN}"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=self.folder, env={**inherited, **fixed, **environment}, **pipes)

    def run(self, before="", **environment):
        """The result as hex, whether it was ready, and how often the cache was hit."""
        return self.finish(self.start(before, **environment))

    @staticmethod
    def finish(process):
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        return out.split()

    def kept_in(self):
        """The folders, relative to the package's, in which numba left code."""
        return {path.relative_to(self.folder).parts[0] for path in self.folder.rglob("*.nb[ci]")}


@pytest.fixture
def package(tmp_path):
    return Package(tmp_path)


def test_kept_code_is_used_again_and_an_edited_rule_never_runs_stale(package):
    before, *first = package.run()
    assert first == ["cold", "0"]
    assert package.run() == [before, "ready", "1"]
    package.write_rule("3.0")
    after, *edited = package.run()
    assert edited == ["cold", "0"]
    assert float.fromhex(after) == pytest.approx(1.5 * float.fromhex(before))
    package.write_rule("2.0")
    assert package.run() == [before, "ready", "1"]


def test_a_rule_that_is_added_and_a_parameter_that_is_renamed_change_the_key(package):
    folder = [package.run()]
    (package.folder / "sim" / "world" / "rules" / "another.py").write_text("")
    folder.append(package.run())
    (package.folder / "sim" / "world" / "parameters").mkdir()
    for name in ("gain", "loss"):
        (package.folder / "sim" / "world" / "parameters" / "trust.yaml").write_text(f"{name}:\n  value: 1\n")
        folder.append(package.run())
    assert [ready for _, ready, _ in folder] == ["cold"] * 4
    assert len(list(package.cache.iterdir())) == 4
    (package.folder / "sim" / "world" / "parameters" / "trust.yaml").write_text("loss:\n  value: 2\n")  # a value is not compiled in
    assert package.run()[1] == "ready"


REPLACE = """
import sim.world.compiled, sim.world.rules.toy
{first}
sim.world.compiled.replace_rule("toy.change", sim.world.rules.toy.change, lambda x: 3.0 * x, "3.0 * x")
"""


@pytest.mark.parametrize("first", ["", "import sim.world.toy"], ids=["before the entry is imported", "after"])
def test_a_replaced_rule_is_compiled_and_kept_apart(package, first):
    before = float.fromhex(package.run()[0])
    for ready, hits in (("cold", "0"), ("ready", "1")):
        found, *state = package.run(REPLACE.format(first=first))
        assert float.fromhex(found) == pytest.approx(1.5 * before) and state == [ready, hits]
    assert package.run() == [before.hex(), "ready", "1"]
    assert len(list(package.cache.iterdir())) == 2


def test_numba_imported_first_still_keeps_code_in_our_folder(package):
    elsewhere = package.folder / "elsewhere"
    for _ in range(2):
        last = package.run("import numba; numba.njit(lambda x: x + 1)(1)", NUMBA_CACHE_DIR=str(elsewhere))
    assert last[1:] == ["ready", "1"]
    assert package.kept_in() == {"cache"}


def test_our_folder_is_for_our_code_only(package):
    other = "import numba, sim.world.toy\nassert numba.config.CACHE_DIR == '', numba.config.CACHE_DIR"
    package.run(other)
    assert package.kept_in() == {"cache"}


def test_a_folder_that_cannot_be_written_is_replaced_by_a_temporary_one(package):
    expected = package.run()[0]
    shutil.rmtree(package.cache)
    package.cache.write_text("a file where the folder should be")
    assert package.run() == [expected, "cold", "0"]
    assert package.run() == [expected, "ready", "1"]
    assert package.kept_in() == {"temporary"}


def test_without_any_folder_it_works_and_leaves_nothing_behind(package):
    expected = package.run()[0]
    shutil.rmtree(package.cache)
    package.cache.write_text("a file where the folder should be")
    (package.temporary / f"confianza-{os.getuid()}").write_text("and another")
    assert package.run() == [expected, "cold", "0"]
    assert package.kept_in() == set()


def test_four_cold_processes_at_once(package):
    processes = [package.start() for _ in range(4)]
    results = {package.finish(process)[0] for process in processes}
    assert len(results) == 1
    assert package.run() == [*results, "ready", "1"]


def test_interpreted_gives_the_same_bits_and_keeps_nothing(package):
    assert package.run(NUMBA_DISABLE_JIT="1")[2] == "interpreted"
    assert package.kept_in() == set()
    assert package.run(NUMBA_DISABLE_JIT="1")[0] == package.run()[0]


WARMED = """
from sim.measures.harvest import warm_up
from sim.world.compiled import _entries
warm_up()
needed = [made for made in _entries if made.__name__.startswith(("act_", "run_"))]
print([made.__name__ for made in needed if not made.overloads], len(needed))
"""


def test_a_warm_process_compiles_no_reform():
    told = subprocess.run([sys.executable, "-c", WARMED], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "[] 5"
