"""The walls between the rooms of the house, read from the syntax trees; and nothing of anybody's machine in tracked files."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SIM = ROOT / "sim"
ROOMS = [  # a module imports from its own room and from those before it
    {"compiled", "errors", "html", "checking", "pieces", "locking", "remedies", "spread", "steady", "style", "writing"},
    {"rng"},
    {"rules"},
    {"parameters"},
    {"world"},
    {"yaml_files", "records", "reforms", "cards", "city_size", "origins", "citations", "assumptions"},
    {"scenario_files", "file_kinds", "scenario", "scenario_schema", "posterior"},
    {"grid", "agents", "model"},
    {"harvest", "measures", "own", "sources", "provenance", "artifacts", "results", "patterns"},
    {"instruments"},
    {"engine"},
    {"validation"},
    {"methods"},
    {"trials"},
    {"studies"},
    {"calibration"},
    {"plots_looks"},
    {"plots", "plots_compare", "plots_sensitivity", "plots_trial", "plots_validation", "plots_calibration", "plots_decision"},
    {"report"},
    {"dashboard"},
    {"cli"},
]
PLACE = {module: number for number, room in enumerate(ROOMS) for module in room}
MODULES = sorted(path.relative_to(SIM).with_suffix("").as_posix() for path in SIM.rglob("*.py") if path != SIM / "__init__.py")
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
    return module.split("/")[0]


def written(module):
    """Names of calls that open or write files."""
    calls = [node.func for node in ast.walk(tree(module)) if isinstance(node, ast.Call)]
    return sorted(WRITING.intersection(getattr(call, "id", getattr(call, "attr", "")) for call in calls))


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_left(module):
    assert room(module) in PLACE, f"sim/{module}.py is in no room: add it to ROOMS"
    ours = [name.split(".")[1] for name in imports(module) if name.startswith("sim.") and name != "sim.__version__"]
    assert [name for name in ours if PLACE[name] > PLACE[room(module)]] == []


def test_only_compiled_knows_numba():
    assert {module for module in MODULES for name in imports(module) if name.split(".")[0] in ("numba", "llvmlite")} == {"compiled"}


def test_only_grid_agents_model_and_dashboard_know_mesa():
    assert {room(module) for module in MODULES for name in imports(module) if name.split(".")[0] == "mesa"} == {
        "grid",
        "agents",
        "model",
        "dashboard",
    }


def test_rules_know_only_mathematics_and_each_other():
    rules = [module for module in MODULES if room(module) == "rules"]
    assert len(rules) >= 10
    found = {name for module in rules for name in imports(module) if not name.startswith("sim.world.rules.")}
    assert found == {"math", "enum", "sim.world.compiled"}


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) == "methods"])
def test_methods_know_only_errors_words_and_each_other(module):
    """So that they can be used on anybody's runs: no city, no study, no file."""
    ours = [name for name in imports(module) if name.split(".")[0] == "sim"]
    assert [name for name in ours if name not in ("sim.errors", "sim.style", "sim.methods") and not name.startswith("sim.methods.")] == []
    assert written(module) == []


@pytest.mark.parametrize(
    "module", [m for m in MODULES if room(m) in ("rules", "world", "grid", "agents", "model") and m != "world/anatomy"]
)
def test_the_models_rooms_touch_no_files(module):
    """Anatomy alone may: it reads the package's own text, to print the order of a week."""
    assert written(module) == []


def test_words_know_only_errors():
    assert {name for module in MODULES if room(module) == "style" for name in imports(module) if name.startswith("sim.")} == {"sim.errors"}


def test_importing_the_package_loads_nothing_heavy():
    heavy = [name for node in tree("__init__").body if isinstance(node, ast.Import | ast.ImportFrom) for name in [ast.unparse(node)]]
    assert heavy == ["from importlib import import_module", "from typing import TYPE_CHECKING, Any"]


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
