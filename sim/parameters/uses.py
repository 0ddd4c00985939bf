"""Who reads a parameter, found in the sources of the phases: every `p.topic.name` in `sim/world/*.py`."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent.parent
BUILDERS = "sim/world/population.py: "  # the functions that make the city of week 0


def _reads(tree: Any) -> Iterator[tuple[str, str]]:
    """Pairs (function, "topic.name") for every `p.topic.name` in a syntax tree."""
    import ast  # here, because few runs need it

    for function in tree.body:
        if not isinstance(function, (ast.FunctionDef, ast.ClassDef)):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
                topic = node.value
                if isinstance(topic.value, ast.Name) and topic.value.id == "p":
                    yield function.name, f"{topic.attr}.{node.attr}"


@cache
def _table(folder: Path) -> dict[str, tuple[str, ...]]:
    """Readers of every parameter, as "sim/world/crime.py: offend"."""
    import ast

    found: dict[str, dict[str, None]] = {}
    for path in sorted(folder.glob("*.py")):
        place = path.relative_to(folder.parent.parent).as_posix()
        for function, name in _reads(ast.parse(path.read_bytes())):
            found.setdefault(name, {})[f"{place}: {function}"] = None
    return {name: tuple(places) for name, places in found.items()}


def readers(name: str, folder: Path = PACKAGE / "world") -> list[str]:
    """The functions that read a parameter, as "sim/world/crime.py: offend"; empty if none does."""
    return list(_table(folder).get(name, ()))


def built_only(name: str, folder: Path = PACKAGE / "world") -> bool:
    """Is the parameter read only while the city is built, so that a dated change of it would do nothing?"""
    places = readers(name, folder)
    return bool(places) and all(place.startswith(BUILDERS) for place in places)
