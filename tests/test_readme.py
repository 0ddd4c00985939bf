"""What the README shows works: its commands and scripts are played in order, and what it promises to write is there."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from pages import blocks, commands, play
from typer.main import get_command

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = blocks(ROOT / "README.md")
MAKE = re.compile(r"\bmake ([a-z-]+)")


def test_there_is_something_to_run():
    languages = [block.language for block in SHOWN]
    assert languages.count("sh") >= 3 and languages.count("python") >= 2
    assert set(languages) == {"sh", "python", "yaml"}
    assert [block.text.split()[1] for block in SHOWN if block.title] == ["view"], "all else is played"


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for block in SHOWN if block.language == "sh" for target in MAKE.findall(block.text)}
    named |= set(re.findall(r"`make ([a-z-]+)`", README))
    assert named >= {"demo", "test"}
    assert named - targets == set()


@pytest.mark.compiled
def test_what_it_shows_works_and_writes_what_it_promises(tmp_path, capsys, monkeypatch):
    play(ROOT / "README.md", tmp_path, capsys, monkeypatch)
    compared, _, single = " ".join(README.partition("## Your own city")[0].split()).partition("on a single city gives")
    written = [words for block in SHOWN if block.language == "sh" for words in commands(block) if "--out" in words]
    assert {words[1] for words in written} >= {"run", "compare"}
    for words in written:
        out = tmp_path / words[words.index("--out") + 1]
        promised = re.findall(r"`(\w+\.(?:png|nc|csv|yaml|json|html))`", compared if words[1] == "compare" else single)
        promised = [name for name in promised if "--figures" in words or words[1] == "compare" or not name.endswith(".png")]
        missing = [name for name in promised if not (out / name).is_file() or not (out / name).stat().st_size]
        assert promised and missing == []


def test_commands_in_the_table_exist():
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
