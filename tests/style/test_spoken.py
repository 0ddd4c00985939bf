"""What the command line says in other languages: every message has a form there, and says the same values."""

import ast
from pathlib import Path
from string import Formatter

import pytest

from sim import style
from sim.style import LANGUAGES
from sim.style.translation import forms, translated

SIM = Path(style.__file__).parent.parent
OTHERS = [name for name in LANGUAGES if name != "en"]
PROGRAMMERS = ("agents", "grid", "rows", "model", "methods", "world")  # rooms whose errors only they see


def alternatives(node):
    """What an expression may say, with {} for each value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)]
    if isinstance(node, ast.IfExp):
        return [*alternatives(node.body), *alternatives(node.orelse)]
    return []


def messages():
    """Every sentence of an InputError that is written down where it is raised."""
    for path in sorted(SIM.rglob("*.py")):
        place = path.relative_to(SIM).as_posix()
        if place.partition("/")[0].removesuffix(".py") in PROGRAMMERS or "own" in path.stem:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "InputError":
                for argument in node.args:
                    yield from ((place, line.strip()) for said in alternatives(argument) for line in said.split("\n"))


@pytest.mark.parametrize("name", OTHERS)
def test_every_message_is_said(name):
    found = [(place, said) for place, said in messages() if any(map(str.isalpha, said.replace("{}", "")))]
    assert len(found) > 500
    missing = [(place, said) for place, said in found if said not in forms(name)]
    assert [(place, said) for place, said in missing if translated(said.replace("{}", "7"), name) == said.replace("{}", "7")] == []


@pytest.mark.parametrize("name", OTHERS)
def test_forms_keep_all_values_and_no_other_braces(name):
    assert len(forms(name)) > 1000
    for form, said in forms(name).items():
        if "{}" in form:
            assert len([place for _, place, _, _ in Formatter().parse(said.removeprefix("#")) if place is not None]) == form.count("{}"), (
                form
            )


def test_values_that_are_forms_are_translated_and_names_stay():
    assert translated("Write sources: 7", "es") == "Escriba sources: 7"
    assert translated("must be 7 or more, but is 3.", "es") == "debe ser 7 o más, pero es 3."
    assert translated("middle of 1,200 replicates", "es") == "valor central de 1\u202f200 réplicas"
    assert translated("Nobody's town of people", "es") == "Nobody's town of people"
    assert translated("  sign", "es") == "  signo" and translated("sign", "en") == "sign"
    assert translated("52 are a year. 48 are usual.", "es") == "52 son un año. Lo usual son 48."
