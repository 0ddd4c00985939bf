"""The page that lives a city in any browser: one HTML file, from a scenario (`confianza view`). It needs no server and no network."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from sim.artifacts.posterior import taken_by_default
from sim.errors import InputError
from sim.files.writing import write_file
from sim.inputs.city_size import CitySize
from sim.inputs.map_notes import of_places
from sim.inputs.reforms import as_data
from sim.inputs.scenario import Scenario, load_scenario
from sim.inputs.scenario_files import shipped_scenarios, shipped_states
from sim.studies.design.draws import drawn_from
from sim.studies.design.study_files import load_study
from sim.style import LANGUAGES, Language, language
from sim.style.looks import CAUSE_COLORS, look_at
from sim.version import __version__
from sim.web.building import MODULE
from sim.world import population
from sim.world.anatomy import built_only
from sim.world.parameters import CODEBOOK, REFERENCES, parameters
from sim.world.reforms import REFORMS, levers, name_of
from sim.world.state import Cause, rows_in

PARTS = Path(__file__).with_name("page")
CITIES = 48  # possible cities that a page lives through
SECTIONS = ("web", "live", "paid", "duration", "charts", "choices", "statuses", "decimal", "thousands")  # of the words, in a page
MOST_ADULTS = 100_000  # of a city in a page, for its memory
SIZES = ("adults", "officers_per_1000_inhabitants", "offenders_share")  # of a city, what the page changes
LIVED = ("city", "weeks", "spin_up_weeks", "seed", "parameters", "changes", "interventions")
DEMO = "reforms-compared"  # the study in whose doses the page's arms begin, so that they are those of its report


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


def compiled() -> dict[str, type]:
    """The reforms that the module knows, by name."""
    return {name: kind for name, kind in REFORMS.items() if "parts" in vars(kind)}


def core(doses: Mapping[str, Mapping[str, Any]] = MappingProxyType({})) -> dict[str, Any]:
    """What every page with a living city has: the module, the model's numbers and the levers of its reforms, by default in these doses."""
    return {
        "module": base64.b64encode(MODULE.read_bytes()).decode(),
        "layout": layout(),
        "codebook": [[each.name, each.value, each.low, each.high, each.discrete, built_only(each.name)] for each in CODEBOOK.values()],
        "reforms": {key: _reform(kind, doses.get(key, {})) for key, kind in compiled().items()},
    }


def script(*names: str) -> str:
    """Some files of the page, one after the other."""
    return "\n".join((PARTS / name).read_text(encoding="utf-8") for name in names)


def in_html(data: Any) -> str:
    """JSON that may stand in a script of HTML; numbers of NumPy's are as Python's own."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=np.generic.item).replace("<", "\\u003c")


def data(scenario: Scenario, name: str, opens_in: str | None) -> dict[str, Any]:
    """What the page knows: the module, the model's numbers, scenarios with their possible cities, and words."""
    columns: dict[tuple[float, ...], int] = {}
    shipped = {key: load_scenario(key) for key in (*shipped_scenarios(), *shipped_states())}
    known = {key: _scenario(each, key, columns, whole=False) for key, each in shipped.items() if key != name}
    doses = dict(pair for reforms in load_study(DEMO).arms.values() if len(reforms) == 1 for pair in as_data(reforms[0]).items())
    return {
        **core(doses),
        "version": __version__,
        "city": {key: _bounds(CitySize.model_fields[key]) for key in SIZES},
        "looks": [look_at(place)[:2] for place in range(8)],
        "causes": [[cause.name.lower(), CAUSE_COLORS[cause.name.lower()]] for cause in Cause],
        "scenario": name,
        "language": opens_in,
        "scenarios": {name: _scenario(scenario, name, columns, whole=name not in shipped), **known},
        "draws": list(columns),
        "words": {each: words_of(language(each), {**shipped, name: scenario}) for each in LANGUAGES},
    }


def _scenario(scenario: Scenario, name: str, columns: dict[tuple[float, ...], int], *, whole: bool) -> dict[str, Any]:
    """A scenario, and which columns of draws its possible cities have; `whole`: also as its file would have it."""
    posterior = next(key for key in (name, "national-average") if taken_by_default(key))
    dated = {key for change in scenario.changes for key in change.set}
    drawn = {key: tuple(column["draws"][:CITIES]) for key, column in drawn_from(posterior, scenario, {}).items() if key not in dated}
    draws = {key: columns.setdefault(column, len(columns)) for key, column in drawn.items()}
    return lived_as(scenario) | {"posterior": posterior, "draws": draws} | ({"whole": scenario.as_data()} if whole else {})


def lived_as(scenario: Scenario) -> dict[str, Any]:
    """What the driver must know of a scenario."""
    written = scenario.as_data()
    made = {key: written.get(key, [] if key in ("changes", "interventions") else {}) for key in LIVED}
    stated = {key: [None if np.isnan(value) else value for value in column] for key, column in scenario.stated_places().items()}
    return made | {"stated": stated, "seed": str(scenario.seed)}  # a seed has more digits than JavaScript


def _reform(kind: Any, doses: Mapping[str, Any]) -> dict[str, Any]:
    """A reform's dose, and its levers: default, bounds, choices, whether whole and whether it may be left out."""
    made = {}
    for name, each in levers(kind).items():
        told = each.metadata
        made[name] = {
            "default": doses.get(name, None if each.default is MISSING else each.default), "low": told["low"], "high": told["high"],
            "choices": told.get("choices"), "whole": each.type in (int, int | None), "optional": told.get("optional"),
        }  # fmt: skip
    return {"dose": kind.dose, "levers": made, "sets": getattr(kind, "sets", ())}


def _bounds(field: Any) -> list[Any]:
    """The least and the greatest value of a number of the city, and whether it is whole."""
    low, high = (next(getattr(fact, bound) for fact in field.metadata if hasattr(fact, bound)) for bound in ("ge", "le"))
    return [low, high, field.annotation is int]


def words_of(words: Language, scenarios: Mapping[str, Scenario]) -> dict[str, Any]:
    """All that the page says in one language."""

    def source(keys: Iterable[str]) -> str:
        said = [f"{REFERENCES[key].author} ({REFERENCES[key].year}): {REFERENCES[key].title}" for key in keys if key in REFERENCES]
        return "; ".join(said) or words["live"]["parameters"]["assumed"]

    return {
        **{section: words[section] for section in SECTIONS},
        "reforms": {name: words.reform(name) for name in ("baseline", *compiled())},
        "levers": {
            f"{name}.{lever}": [
                words.named(name, lever), words.term("lever_texts", f"{name}.{lever}", each.metadata["text"]),
                words.term("parameter_units", each.metadata["unit"]), source(each.metadata["source"]),
            ]
            for name, kind in compiled().items() for lever, each in levers(kind).items()
        },
        "parameters": {
            each.name: [
                words.translate("parameters", each.name, each.description.rstrip(".")).text, words.term("parameter_units", each.unit),
                source(each.source), words["statuses"][each.status],
            ]
            for each in CODEBOOK.values()
        },
        "city": {key: words.translate("parameters", f"city.{key}", str(CitySize.model_fields[key].description)).text for key in SIZES},
        "scenarios": {
            key: [words.written(each.name).text, words.written(each.question).text, words.said(of_places(each.as_data())).text]
            for key, each in scenarios.items()
        },
    }  # fmt: skip


def page(scenario: Scenario, name: str, opens_in: str | None = None) -> str:
    """The whole page as HTML, which opens in a language (None: in that of the browser). InputError if the module does not know a reform."""
    if unknown := [each for each in map(name_of, scenario.interventions) if each not in compiled()]:
        remedy = f"It has {', '.join(compiled())}. In a notebook one's own are seen live too: sim.Model(scenario).page()"
        raise InputError(f"the page does not know the reform '{unknown[0]}'.", remedy, path=("interventions",))
    made = {
        "/*style*/": script("page.css"), "/*common*/": script("common.js"), "/*page*/": script("page.js"),
        "/*worker*/": script("city.js", "worker.js"), "/*data*/": in_html(data(scenario, name, opens_in)),
    }  # fmt: skip
    text = script("page.html")
    for mark, part in made.items():
        text = text.replace(mark, part)
    return text


def write_page(scenario: Scenario, name: str, out: Path, opens_in: str | None = None) -> Path:
    """Write it. InputError if a file is there that may not be replaced."""
    return write_file(out, page(scenario, name, opens_in), "page")
