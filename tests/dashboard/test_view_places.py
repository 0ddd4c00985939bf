"""What the live page says of places, and what it never shows of places that a scenario states (docs/limits.md)."""

import numpy as np
import pytest

pytest.importorskip("solara_assets", reason="the extra view is not installed")
pytest.importorskip("PIL", reason="the extra view is not installed")

import solara
from test_dashboard_pictures import pixels

from sim.dashboard.charts import map_legend, words_in
from sim.dashboard.panels import Inspect, Maps
from sim.dashboard.picture import LAYERS, map_png
from sim.dashboard.stage import Stage, View
from sim.dashboard.texts import own
from sim.inputs.reforms import reforms
from sim.inputs.scenario import Scenario

pytestmark = pytest.mark.compiled
CITY = {
    "name": "Small", "city": {"adults": 1200, "width": 6, "height": 4, "offenders_share": 0.1}, "weeks": 30, "spin_up_weeks": 4, "seed": 3,
}  # fmt: skip
PLACES = {"neighborhoods": [{"name": "Centro", "x": [0, 2], "y": [0, 1], "opportunity": 2.0, "trust": -0.1}]}
ARMS = {"course": reforms([{"training": {"start": 0}}])}
INVENTED = {"en": "The places are invented", "es": "Los lugares son inventados"}
STATED = {
    "en": "Stated by the scenario, where it says so: opportunities for crime, trust.",
    "es": "Declarado en el escenario, donde lo dice: oportunidades para el delito, confianza.",
}


def stage_of(tmp_path, language, places):
    stage = Stage(View(Scenario(**CITY, **({"places": PLACES} if places else {})), ARMS, language, tmp_path))
    stage.step()
    stage.choose_cell(0)
    return stage


def said(widget):
    """All that a page's part says: texts, and what is read aloud in place of pictures."""
    if isinstance(widget, str):
        return [widget]
    parts = [said(child) for child in getattr(widget, "children", ())]
    own_words = [value for name in ("label", "alt") if isinstance(value := getattr(widget, name, None), str)]
    return own_words + [text for part in parts for text in part]


def page(stage, part):
    box, context = solara.render(part(stage), handle_error=False)
    found = said(box)
    context.close()
    return found


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("places", [False, True], ids=["invented", "stated"])
def test_every_map_says_what_of_its_places_is_invented(tmp_path, language, places):
    sentence = (STATED if places else INVENTED)[language]
    stage = stage_of(tmp_path, language, places)
    found = page(stage, Maps)
    assert sum(text.startswith(sentence) for text in found) == len(stage.arena.value.lanes)  # under each map
    assert sum(sentence in text and not text.startswith(sentence) for text in found) == len(stage.arena.value.lanes)  # read aloud with it
    assert not any((INVENTED if places else STATED)[language] in text for text in found)


@pytest.mark.parametrize("language", ["en", "es"])
def test_offenders_are_seen_on_invented_places_only(tmp_path, language):
    words, live = words_in(language), own(language)
    for places in (False, True):
        stage = stage_of(tmp_path, language, places)
        arena = stage.arena.value
        with_them, without = (pixels(map_png(arena, "course", "trust", 240, offenders=shown)) for shown in (True, False))
        assert np.array_equal(with_them, without) == places
        assert (words["offender"] in map_legend(arena, "trust", words)) != places
        maps, here = page(stage, Maps), page(stage, Inspect)
        assert (live["maps"]["show_dots"] in maps) != places and (live["maps"]["show_officers"] in maps) == places
        assert (live["inspect"]["offenders"] in here) != places and live["inspect"]["stops"] in here


def test_no_layer_shows_conduct_or_homes(tmp_path):
    """A layer is a function of columns: none moves when homes of offenders, dispositions of officers and places do."""
    arena = stage_of(tmp_path, "en", True).arena.value
    before = {layer: LAYERS[layer].values(arena, "course").copy() for layer in LAYERS}
    city = arena.lanes["course"].simulation.city
    city.offenders.home[:] = 0
    city.offenders.cell[:] = 0
    for column in (city.officers.conduct, city.officers.honesty, city.cells.place, city.cells.homes_cumulative, city.encounters.conduct):
        column[:] += 1
    assert set(LAYERS) == {"trust", "crime", "presence", "difference"}
    assert all(np.array_equal(LAYERS[layer].values(arena, "course"), values) for layer, values in before.items())
