"""Who reads a parameter, found in the sources of the phases: every `p.topic.name` in `sim/world/*.py`.

A local name for a topic counts too: `cells, offending = city.cells, p.offending`, then `offending.risk_slope`.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent.parent
BUILDERS = "sim/world/population.py: "  # the functions that make the city of week 0


def _topic(node: Any) -> str | None:
    """`topic` if the node is `p.topic`."""
    import ast  # here, because few runs need it

    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "p":
        return node.attr
    return None


def _aliases(function: Any) -> dict[str, str]:
    """Local names that stand for a topic, with the topic."""
    import ast

    found = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                names, values = (side.elts if isinstance(side, ast.Tuple) else [side] for side in (target, node.value))
                for name, value in zip(names, values, strict=False):
                    if isinstance(name, ast.Name) and (topic := _topic(value)):
                        found[name.id] = topic
    return found


def _reads(tree: Any) -> Iterator[tuple[str, str]]:
    """Pairs (function, "topic.name") for every parameter read in a syntax tree."""
    import ast

    for function in tree.body:
        if isinstance(function, (ast.FunctionDef, ast.ClassDef)):
            aliases = _aliases(function)
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute):
                    topic = aliases.get(node.value.id) if isinstance(node.value, ast.Name) else _topic(node.value)
                    if topic:
                        yield function.name, f"{topic}.{node.attr}"


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
