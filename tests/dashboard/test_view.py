"""The live page's words and what its buttons do, without a browser (tests/dashboard/test_view_browser.py has one)."""

import string
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("solara_assets", reason="the extra view is not installed")
pytest.importorskip("PIL", reason="the extra view is not installed")

from sim.dashboard import controls
from sim.dashboard.controls import live_topics, step_of
from sim.dashboard.stage import Stage, View
from sim.dashboard.texts import own, texts
from sim.inputs.reforms import reforms
from sim.inputs.scenario import Scenario, load_scenario
from sim.world.anatomy import built_only
from sim.world.parameters import CODEBOOK
from sim.world.reforms import REFORMS, levers

LONGEST = 300  # seconds that anything may take; a busy machine is slow
SMALL = {"name": "Small", "city": {"adults": 1000}, "weeks": 30, "spin_up_weeks": 4, "seed": 3}
ARMS = {"course": reforms([{"training": {"start": 2, "coverage": 0.9}}])}


@pytest.fixture
def stage(tmp_path):
    return Stage(View(Scenario(**SMALL), ARMS, "en", tmp_path))


# What the buttons do.


def test_a_change_holds_in_all_arms_and_a_refusal_is_told(stage):
    arena = stage.arena.value
    assert stage.attempt(lambda: arena.set_parameter("trust.contact_loss", 0.5))
    stage.step()
    assert [lane.simulation.parameters.trust.contact_loss for lane in arena.lanes.values()] == [0.5, 0.5]
    assert not stage.attempt(lambda: arena.set_parameter("trust.contact_loss", 5))
    assert "trust.contact_loss" in stage.refusal.value.message and arena.values()["trust.contact_loss"] == 0.5
    assert stage.attempt(lambda: None) and stage.refusal.value is None


def test_another_city_is_built_with_what_was_asked_for(stage):
    before = stage.arena.value
    stage.step()
    stage.choose_citizen(999)
    assert stage.citizen.value == 999 and stage.cell.value == int(before.lanes["baseline"].simulation.city.citizens.home[999])
    stage.wanted.set({"seed": 8.0, "city.adults": 1500.0, "city.offenders_share": 0.05, "trust.fairness_disposition_mean": 0.4})
    stage.restart()
    scenario = stage.arena.value.scenario
    assert stage.arena.value is not before and stage.arena.value.week == 0 and list(stage.arena.value.lanes) == ["baseline", "course"]
    assert (scenario.seed, scenario.city.adults, scenario.city.offenders_share) == (8, 1500, 0.05)
    assert scenario.parameters == {"trust.fairness_disposition_mean": 0.4}
    assert (stage.cell.value, stage.citizen.value, stage.wanted.value) == (None, None, {})


def test_a_city_that_cannot_be_built_leaves_the_page_as_it_is(stage):
    before = stage.arena.value
    stage.wanted.set({"city.adults": 5.0})
    stage.restart()
    assert stage.arena.value is before and "adults" in stage.refusal.value.message and stage.wanted.value == {"city.adults": 5.0}


def test_starting_again_forgets_what_was_switched_on(stage):
    assert stage.attempt(lambda: stage.arena.value.dose("baseline", "purge", {}))
    stage.step()
    assert "purge" in stage.arena.value.lanes["baseline"].reforms
    stage.restart()
    assert stage.arena.value.lanes["baseline"].reforms == {}


def test_saving_tells_where_and_never_leaves_the_folder(stage, tmp_path):
    stage.save("course", " mine ", overwrite=False)
    assert load_scenario(tmp_path / "mine.yaml").city.adults == 1000
    assert str(tmp_path / "mine.yaml") in stage.said.value
    for name in ("../mine", "/mine", "a/b", "mine.yaml", "", "..", "a b"):
        stage.save("course", name, overwrite=True)
        assert stage.refusal.value is not None and stage.said.value == ""
    stage.save("course", "mine", overwrite=False)
    assert "mine.yaml" in stage.refusal.value.message
    assert sorted(path.name for path in tmp_path.parent.rglob("*.yaml") if tmp_path in path.parents) == ["mine.yaml"]


def test_play_does_not_run_ahead_of_the_browser(stage, monkeypatch):
    """Without word that a picture was drawn, the next weeks wait; with it they come at once."""
    monkeypatch.setattr("sim.dashboard.stage.PATIENCE", LONGEST)
    stage.speed.set(52)
    stop = threading.Event()
    player = threading.Thread(target=stage.play, args=(stop,), daemon=True)
    player.start()
    deadline = time.monotonic() + LONGEST
    first = 6  # 52 weeks a second in 8 pictures: one picture's weeks, and no more
    while stage.arena.value.week < first and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    assert stage.arena.value.week == first
    stage.was_drawn(first - 1)  # an older picture does not count
    time.sleep(0.2)
    assert stage.arena.value.week == first
    stage.was_drawn(first)
    while stage.arena.value.week == first and time.monotonic() < deadline:
        time.sleep(0.01)
    stage.end_playing(stop)  # whatever the browser has drawn
    player.join(LONGEST)
    assert stage.arena.value.week == 2 * first and not player.is_alive()


def test_maps_of_many_arms_are_chosen(stage):
    assert stage.arms_shown == ["baseline", "course"]
    stage.show_arm("course", False)
    assert stage.arms_shown == ["baseline"]
    stage.show_arm("baseline", False)  # what the others are compared with stays
    assert stage.arms_shown == ["baseline"]
    stage.show_arm("course", True)
    assert stage.arms_shown == ["baseline", "course"]


# Its words.


def flattened(data, path=""):
    """Texts by their keys, with dots between."""
    if not isinstance(data, dict):
        return {path: data}
    return {key: text for name, value in data.items() for key, text in flattened(value, f"{path}.{name}").items()}


def places(text):
    """The {places} of a text."""
    return {name for _, name, *_ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same():
    english, spanish = (flattened(own(language)) for language in ("en", "es"))
    assert {key: places(text) for key, text in english.items()} == {key: places(text) for key, text in spanish.items()}
    assert [key for key, text in english.items() if text == spanish[key]] == []


def test_every_text_is_shown_somewhere():
    source = "".join(path.read_text(encoding="utf-8") for path in Path(controls.__file__).parent.glob("*.py")).replace("'", '"')
    named = {key.removeprefix(".") for name in ("page", "play", "maps", "inspect", "reforms") for key in flattened(own("en")[name], name)}
    named -= {key for key in named if key.startswith(("reforms.texts.", "maps.layers."))}  # one for each that there is
    assert [key for key in named if f'"{key}"' not in source and f'"{key.partition(".")[2]}"' not in source] == []


def test_everything_the_sliders_say_is_there_in_spanish():
    spanish, missing = texts("es"), []
    for known in CODEBOOK.values():
        english = [known.name] * (spanish.translate("parameters", known.name, "").text == "")
        missing += english + [known.unit] * (spanish.in_units(known.unit) == known.unit and known.unit not in ("ratio", "log", "0-1"))
        assert known.topic in spanish.part("topics")
    for name, kind in REFORMS.items():
        assert spanish.part("reforms.texts")[name] and spanish.reform(name) != name
        for lever, told in levers(kind).items():
            if lever in ("start", "until"):
                continue
            missing += [f"{name}.{lever}"] * (spanish.lever(name, lever, "") == f"{name}.{lever}" or lever not in spanish["levers"])
            missing += [choice for choice in told.metadata.get("choices", ()) if choice not in spanish["choices"]]
            unit = told.metadata["unit"]
            missing += [unit] * ("choices" not in told.metadata and spanish.in_units(unit) == unit and unit != "log-odds")
    assert missing == []


def test_what_is_saved_is_called_in_the_language_of_the_page(tmp_path):
    stage = Stage(View(Scenario(**{**SMALL, "name": "Mexico City, 2016"}), {"purge": reforms([{"purge": {"start": 2}}])}, "es", tmp_path))
    stage.save("purge", own("es")["save"]["file"], overwrite=False)
    assert load_scenario(tmp_path / "mi-ciudad.yaml").name == "Ciudad de México, 2016: depuración"


def test_only_parameters_that_make_sense_in_a_running_city_are_live():
    live = {known.name for topic in live_topics().values() for known in topic}
    assert live == {name for name in CODEBOOK if not built_only(name)}
    assert "trust.contact_loss" in live and "trust.fairness_disposition_mean" not in live
    assert all(step_of(known.low, known.high, known.discrete) > 0 for known in CODEBOOK.values())
