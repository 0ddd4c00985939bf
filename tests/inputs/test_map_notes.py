"""What maps say of places, and what no map, figure or page can show of them."""

import ast
from pathlib import Path

import pytest

import sim
from sim.inputs.map_notes import of_places, stated
from sim.inputs.places import KINDS, Neighborhood, StatedPlaces
from sim.inputs.scenario import Scenario
from sim.measures.harvest import VARIABLES
from sim.style import LANGUAGES, language, sentences

SIM = Path(sim.__file__).parent
CITY = {"name": "Small", "city": {"adults": 1000, "width": 3, "height": 3}}
ROWS = [[None, 0.1, None]] * 3


def test_only_three_things_can_be_stated_of_places():
    assert set(KINDS) == StatedPlaces.model_fields.keys() - {"neighborhoods"} == Neighborhood.model_fields.keys() - {"name", "x", "y"}


@pytest.mark.parametrize(("places", "known"), [
    (None, []),
    ({"trust": ROWS}, ["trust"]),
    ({"trust": ROWS, "opportunity": [[2.0] * 3] * 3}, ["opportunity", "trust"]),
    ({"neighborhoods": [{"name": "A", "x": [0, 0], "y": [0, 2], "exposure": 2.0}, {"name": "B", "x": [1, 2], "y": [0, 2], "trust": 0.1}]},
     ["exposure", "trust"]),
])  # fmt: skip
def test_maps_name_what_a_scenario_states(places, known):
    scenario = Scenario(**CITY, places=places)
    assert stated(scenario.as_data()) == known == list(scenario.stated_places())
    for name in LANGUAGES:
        (sentence,) = sentences([of_places(scenario.as_data())], name)
        words = language(name)["stated"]
        assert [kind for kind in KINDS if words[kind] in sentence] == known
        assert ("invent" in sentence) and ("neighborhoods" in sentence or "colonias" in sentence)


def test_what_is_kept_of_places_is_trust_crimes_and_stops():
    assert {name for name, (dims, _, _) in VARIABLES.items() if {"x", "y", "cell"} & set(dims)} == {"trust_map", "crime_map", "stop_map"}


def test_nothing_that_is_shown_reads_homes_of_offenders_or_conduct_by_place():
    """What is seen is made in these rooms: none reads offenders."""
    never = {"homes_cumulative", "honesty", "honesty_deviation", "by_place", "by_standing", "by_record"}
    readers = set()
    for room in ("web", "figures", "report", "studies/answers"):
        for path in (SIM / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute):
                    assert node.attr not in never, f"{path}:{node.lineno}"
                    inner = getattr(node.value, "attr", "") or getattr(node.value, "id", "")
                    assert (inner, node.attr) not in (("offenders", "home"), ("cells", "place")), f"{path}:{node.lineno}"
                    if node.attr == "offenders" and inner == "city":
                        readers.add(path.name)
    assert readers == set()
