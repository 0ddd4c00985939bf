"""What only Mesa's own page imports is an extra: nothing else of the program needs it."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import sim

SIM = Path(sim.__file__).parent
EXTRA = tomllib.loads((SIM.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# What the extra brings by itself and through others, as it is imported.
ABSENT = ("solara", "reacton", "ipyvue", "ipyvuetify", "ipywidgets", "IPython", "altair", "jsonschema", "networkx")
WORK = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
import pkgutil
from importlib import import_module
import sim
for module in pkgutil.walk_packages(sim.__path__, "sim."):
    if not module.name.endswith("__main__"):
        import_module(module.name)
city = sim.Scenario(name="Small", city={"adults": 1000}, weeks=4, spin_up_weeks=2, seed=5)
model = sim.Model(city)
model.step()
model.step_by_agents()
assert len(model.agents) > 1000 and model.grid.width > 2
try:
    model.page()
except sim.InputError as error:
    print(error)
from sim.cli import main
for words in VERBS:
    try:
        main(words.split())
    except SystemExit as stopped:
        assert not stopped.code, words
"""
RUN = "run merida --weeks 60 --replicates 2 --figures --out out --set city.adults=1000 --set spin_up_weeks=2"
VERBS = (RUN, "report out", "view merida --out city.html", "explain training", "new scenario mine.yaml", "check mine.yaml")


def name_of(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower()


def test_the_extra_is_no_dependency_and_has_what_is_tested_as_absent():
    extra = {name_of(each) for each in EXTRA["optional-dependencies"]["viz"]}
    assert extra == {"solara-ui", "ipyvuetify", "altair", "networkx"}
    assert extra.isdisjoint(map(name_of, EXTRA["dependencies"]))


def test_only_the_models_page_imports_what_mesas_page_needs():
    found = set()
    for path in SIM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            whole = isinstance(node, ast.Import)
            names = [each.name for each in node.names] if whole else [getattr(node, "module", None) or ""]
            if any(name.startswith("mesa.visualization") or name.partition(".")[0] in ABSENT for name in names):
                found.add(path.relative_to(SIM).as_posix())
    assert found == {"model.py"}


@pytest.mark.compiled
def test_the_program_works_without_the_extra(tmp_path):
    code = WORK.replace("ABSENT", repr(ABSENT)).replace("VERBS", repr(VERBS))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert "Mesa's own page needs packages that are not installed" in done.stdout and "pip install 'confianza[viz]'" in done.stdout
    for made in ("out/report.html", "out/report.es.html", "out/trust.png", "city.html"):
        assert (tmp_path / made).exists(), made
