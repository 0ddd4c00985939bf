"""The page that lives a city in any browser: one HTML file, from a scenario (`confianza page`). It needs no server and no network."""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sim.files.writing import place
from sim.inputs.scenario import Scenario, load_scenario
from sim.web.building import MODULE
from sim.world import population
from sim.world.parameters import flat, parameters
from sim.world.state import City, rows_in

PARTS = Path(__file__).with_name("page")


@cache
def layout() -> list[list[Any]]:
    """A city as the module takes it: name, type and lengths of each column, the name and size of each number.

    A length that differs between two cities is that of a table, and stands as its name.
    """
    described = []
    for adults, ticks in ((9_000, 1_717), (20_000, 3_434)):
        city = population.empty_city(load_scenario("national-average").with_(city={"adults": adults}).city, parameters(), ticks)
        tables = {name: rows_in(getattr(city, name)) for name in ("citizens", "officers", "squads", "offenders", "cells", "encounters")}
        lengths = {length: name for name, length in {**tables, "cells_and_one": tables["cells"] + 1, "ticks": ticks}.items()}
        described.append([(path, value, lengths) for path, value in _leaves("", city)])
    return [_described(path, one, other, lengths) for (path, one, _), (_, other, lengths) in zip(*described, strict=True)]


def _leaves(path: str, part: Any) -> list[tuple[str, Any]]:
    if not hasattr(part, "_fields"):
        return [(path, part)]
    return [leaf for name in part._fields for leaf in _leaves(f"{path}.{name}".lstrip("."), getattr(part, name))]


def _described(path: str, one: Any, other: Any, lengths: dict[int, str]) -> list[Any]:
    if not isinstance(one, np.ndarray):
        return [path, path.rpartition(".")[2]]
    dims = [length if length == before else lengths[length] for before, length in zip(one.shape, other.shape, strict=True)]
    return [path, one.dtype.str[1:], dims]


def data(scenario: Scenario, name: str) -> dict[str, Any]:
    """What the page knows: the module, the model's numbers, scenarios and words."""
    return {
        "module": base64.b64encode(MODULE.read_bytes()).decode(),
        "layout": layout(),
        "codebook": flat(parameters()),
        "scenario": name,
        "scenarios": {name: scenario.as_data()},
    }


def page(scenario: Scenario, name: str) -> str:
    """The whole page as HTML."""
    script = "\n".join((PARTS / file).read_text(encoding="utf-8") for file in ("city.js", "worker.js"))
    known = json.dumps(data(scenario, name), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    text = (PARTS / "page.html").read_text(encoding="utf-8")
    for mark, part in {"/*style*/": "page.css", "/*page*/": "page.js"}.items():
        text = text.replace(mark, (PARTS / part).read_text(encoding="utf-8"))
    return text.replace("/*worker*/", script).replace("/*data*/", known)


def write_page(scenario: Scenario, name: str, out: Path) -> Path:
    """Write it. InputError if the file may not be replaced."""
    place(out, page(scenario, name))
    return out
