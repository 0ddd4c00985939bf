"""What the README shows works: every shell and Python block is run in order, in a folder that has its YAML files."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SHELL = [block for language, block in BLOCKS if language == "sh"]
PYTHON = [block for language, block in BLOCKS if language == "python"]
MAKE = re.compile(r"\bmake ([a-z-]+)")


@pytest.fixture
def folder(tmp_path):
    """A folder with the YAML files that the README shows; the first line of each is its name."""
    for block in (block for language, block in BLOCKS if language == "yaml"):
        name = re.fullmatch(r"# ([\w-]+\.yaml)", block.split("\n")[0])
        assert name, "the first line of a YAML block names its file"
        (tmp_path / name[1]).write_text(block, encoding="utf-8")
    return tmp_path


def run(command, folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_is_something_to_run():
    assert len(SHELL) >= 3 and len(PYTHON) >= 2
    assert {language for language, _ in BLOCKS} == {"sh", "python", "yaml"}


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for language, block in BLOCKS if language == "sh" for target in MAKE.findall(block)}
    named |= set(re.findall(r"`make ([a-z-]+)`", README))
    assert named >= {"demo", "test"}
    assert named - targets == set()


@pytest.mark.compiled
@pytest.mark.parametrize("block", [block for block in SHELL if not MAKE.search(block)])
def test_shell(block, folder):
    command = f'set -eu\nconfianza() {{ "{sys.executable}" -m sim.cli "$@"; }}\n{block}'
    assert run(["bash", "-c", command], folder)
    compared, _, single = README.partition("## Your own city")[0].partition("on a single city gives")
    for line in block.splitlines():
        out = re.search(r"--out (\S+)", line)
        if out and (folder / out[1]).is_dir():
            promised = compared if "confianza compare" in line else single
            for name in re.findall(r"`(\w+\.(?:png|nc|csv|yaml|json|html))`", promised):
                assert (folder / out[1] / name).stat().st_size > 0, name
        elif out:
            assert (folder / out[1]).stat().st_size > 0


@pytest.mark.compiled
@pytest.mark.parametrize("block", PYTHON)
def test_python(block, folder):
    assert run([sys.executable, "-c", block], folder)


def test_commands_in_the_table_exist():
    from typer.main import get_command

    from sim.cli import app

    named = set(re.findall(r"`confianza (\w+)", README))
    assert named >= {"run", "validate", "explain", "check"}
    assert named <= set(get_command(app).commands)


def test_the_installed_command_is_the_one_that_is_tested():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"]["confianza"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_version_and_license_are_said_once():
    import sim

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert project["version"] == sim.__version__ == citation["version"]
    assert project["license"] == citation["license"] == (ROOT / "LICENSE").read_text(encoding="utf-8").split(" ")[0]
    assert f"\n## {project['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).is_file(), target
