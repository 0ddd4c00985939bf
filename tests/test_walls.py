"""The walls between the rooms of the house, read from the syntax trees; and nothing of anybody's machine in tracked files."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import lines_of_code

ROOT = Path(__file__).parent.parent
SIM = ROOT / "sim"
MODULES = sorted(path.relative_to(SIM).with_suffix("").as_posix() for path in SIM.rglob("*.py") if path != SIM / "__init__.py")
# Own elementary functions, a probe of their bits: 160 (docs/design/0019-the-same-bits.md), where arms part: 120 (0020),
# a run without pandas and xarray: 120 (CHANGELOG says what it is worth)
MOST_LINES = 30_300
WRITING = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink", "touch", "tofile", "fromfile"}


def tree(module):
    return ast.parse((SIM / f"{module}.py").read_text(encoding="utf-8"))


def imports(module):
    """All modules it imports, wherever the import stands, by their full names."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"sim/{module}.py:{node.lineno}: write the full name of the module"
            yield from (f"sim.{alias.name}" for alias in node.names) if node.module == "sim" else [node.module]


def room(module):
    """The room, or of the world the corner of it."""
    parts = module.split("/")
    return "/".join(parts[:2]) if parts[0] == "world" and len(parts) > 2 else parts[0]


def written(module):
    """Names of calls that open or write files."""
    calls = [node.func for node in ast.walk(tree(module)) if isinstance(node, ast.Call)]
    return sorted(WRITING.intersection(getattr(call, "id", getattr(call, "attr", "")) for call in calls))


def test_a_room_imports_only_from_rooms_below_it():
    """The contracts in pyproject.toml. Every room is in them; imports inside functions and for type checkers count."""
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_full_names_are_imported():
    assert [module for module in MODULES for node in ast.walk(tree(module)) if isinstance(node, ast.ImportFrom) and node.level] == []


def test_the_package_does_not_grow():
    """Lines of code: neither blank, nor comment, nor docstring. Whoever adds some finds some to delete, or says here why not."""
    assert sum(lines_of_code(path.read_text(encoding="utf-8")) for path in SIM.rglob("*.py")) <= MOST_LINES


def test_only_compiled_knows_numba():
    assert {room(module) for module in MODULES for name in imports(module) if name.split(".")[0] in ("numba", "llvmlite")} == {
        "world/compiled"
    }


def test_only_grid_rows_agents_and_model_know_mesa():
    assert {room(module) for module in MODULES for name in imports(module) if name.split(".")[0] == "mesa"} == {
        "grid",
        "rows",
        "agents",
        "model",
    }


def test_rules_know_only_mathematics_and_each_other():
    rules = [module for module in MODULES if room(module) == "world/rules"]
    assert len(rules) >= 10
    found = {name for module in rules for name in imports(module) if not name.startswith("sim.world.rules.")}
    assert found == {"math", "enum", "sim.world.arithmetic", "sim.world.compiled"}


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) == "methods"])
def test_methods_know_only_errors_words_and_each_other(module):
    """So that they can be used on anybody's runs: no city, no study, no file."""
    ours = [name for name in imports(module) if name.split(".")[0] == "sim"]
    assert [name for name in ours if name not in ("sim.errors", "sim.style", "sim.methods") and not name.startswith("sim.methods.")] == []
    assert written(module) == []


OF_THE_MODEL = ("world", "world/rules", "world/reforms", "grid", "rows", "agents", "model")


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) in OF_THE_MODEL and m != "world/anatomy"])
def test_the_models_rooms_touch_no_files(module):
    """One may: anatomy reads the package's own text, to print the order of a week. (What is compiled is kept in a folder: another room.)"""
    assert written(module) == []


def test_importing_the_package_loads_nothing_heavy():
    heavy = [name for node in tree("__init__").body if isinstance(node, ast.Import | ast.ImportFrom) for name in [ast.unparse(node)]]
    assert heavy == ["from importlib import import_module", "from typing import TYPE_CHECKING, Any", "from sim.version import __version__"]


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


MACHINE = re.compile(r"/(work|root|tmp|home|Users)/|\b(python" r"hosted|pypi)\.\w+|--(extra-)?index-url|file:/{3}\w")


def test_nothing_of_a_machine_in_tracked_files():
    found = []
    for path in tracked_files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, hit.start()) + 1}: {hit.group()}" for hit in MACHINE.finditer(text)]
    assert found == []


def test_the_nearest_name_is_offered_in_one_place():
    offering = [module for module in MODULES if re.search(r"did you mean|get_close_matches", (SIM / f"{module}.py").read_text(), re.I)]
    assert offering == ["errors"]


TABLES = """
import sys
import sim.cli.check, sim.cli.compare, sim.report
from made_decisions import decision
from sim.cli import main
from sim.cli.decide import hangs_on, knowing, options
from sim.report.decision_context import DecisionContext
from sim.report.decision_tables import options_table, terciles_table
from sim.report.words import Words

found = decision()
context = DecisionContext(found, (), Words("es"))
assert all((options(found), knowing(found), hangs_on(found), options_table(context), terciles_table(context)))
try:
    main(["explain", "trust.contact_gain"])
except SystemExit:
    print("matplotlib" in sys.modules)
"""


def test_no_number_and_no_table_needs_matplotlib():
    """Only what draws a figure loads it, and only when it draws: importing it takes longer than making a table."""
    ran = subprocess.run(
        [sys.executable, "-c", TABLES],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
    )
    assert ran.stdout.splitlines()[-1:] == ["False"], ran.stdout[-500:] + ran.stderr[-500:]


def test_a_file_of_tests_has_a_name_of_its_own():
    """pytest imports them by name alone, and leaves out the second of two."""
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
