"""Maps and charts of the live city: they show the columns, say what they show in both languages, and stay small."""

import re
import xml.etree.ElementTree as ET
from io import BytesIO
from string import Formatter
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sim.dashboard.arena import Arena
from sim.dashboard.charts import (
    CHARTS,
    WORDS,
    cell_chart,
    chart,
    citizen_chart,
    difference_chart,
    ledger_chart,
    look,
    map_legend,
    words_in,
)  # fmt: skip
from sim.dashboard.picture import INK, LAYERS, SHADES, STRIPED, cell_at, map_png, palette, scale, shades
from sim.dashboard.svg import axis, bounds, thinned, wrapped
from sim.dashboard.texts import own
from sim.inputs.scenario import CitySize, Scenario
from sim.report.words import Words
from sim.style import MINUS

pytestmark = pytest.mark.compiled
CITY = Scenario(
    name="small", city=CitySize(adults=1200, officers_per_1000_inhabitants=5.0, width=6, height=4), weeks=60, spin_up_weeks=60, seed=4
)  # fmt: skip
ARMS = {"training": [{"training": {"start": 0}}], "beats & <walks>": [{"community_policing": {"start": 2, "share": 0.6}}]}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def arena():
    arena = Arena(CITY, ARMS)
    for _ in range(12):
        arena.step()
    return arena


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def bare(arena: Arena, arm: str, layer: str, **options) -> np.ndarray:
    return pixels(map_png(arena, arm, layer, 240, officers=False, offenders=False, **options))


def values_of(arena, arm, layer):
    lane = arena.lanes[arm]
    cells = lane.simulation.city.cells
    return {
        "trust": cells.climate, "crime": lane.crimes.total, "presence": lane.presence.total / 13,
        "difference": cells.climate - arena.lanes["baseline"].simulation.city.cells.climate,
    }[layer]  # fmt: skip


# --- Maps


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("arm", ["baseline", "beats & <walks>"])
def test_a_map_has_the_color_of_each_cells_value(arena, layer, arm):
    image, colors, (low, high) = bare(arena, arm, layer), palette(layer), scale(arena, layer)
    assert image.shape == (160, 240, 3)  # 6 x 4 cells of 40 pixels, and nothing else
    for c, value in enumerate(values_of(arena, arm, layer)):
        block = image[c // 6 * 40 : c // 6 * 40 + 40, c % 6 * 40 : c % 6 * 40 + 40].reshape(-1, 3)
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        shade = int((share**0.5 if LAYERS[layer].root else share) * (SHADES - 1))
        plain = (block == colors[shade]).all(axis=1)
        striped = layer == "difference" and shade < STRIPED * (SHADES - 1)
        assert 0.8 < plain.mean() < 0.95 and not block[~plain].any() if striped else plain.all()


def test_losses_are_told_from_gains_without_colors():
    arena = Arena(CITY.with_(spin_up_weeks=0), ARMS)
    arena.lanes["beats & <walks>"].simulation.city.cells.climate[:] += np.linspace(-0.02, 0.02, 24)
    values, low = values_of(arena, "beats & <walks>", "difference"), scale(arena, "difference")[0]
    gray = np.asarray(
        Image.open(BytesIO(map_png(arena, "beats & <walks>", "difference", 240, officers=False, offenders=False))).convert("L")
    )
    striped = np.array([(gray[c // 6 * 40 : c // 6 * 40 + 40, c % 6 * 40 : c % 6 * 40 + 40] == 0).any() for c in range(24)])
    lost = values < 0.06 * low
    assert lost.any() and (values > 0).any() and striped[lost].all() and not striped[values >= 0].any()
    stripes = [map_legend(arena, layer).count("<path") for layer in ("difference", "trust")]
    assert stripes == [2, 1]  # the cross of offenders is in both


@pytest.mark.parametrize("layer", ["trust", "crime", "presence"])
def test_sequences_are_ordered_for_everybody(layer):
    light = palette(layer)[:SHADES].astype(float) @ [0.2126, 0.7152, 0.0722]
    steps = np.diff(light) * (1 if layer == "trust" else -1)
    assert (steps >= -0.75).all() and abs(light[-1] - light[0]) > 120  # -0.75: rounding of three channels


def test_differences_diverge_from_a_pale_middle():
    light = palette("difference")[:SHADES].astype(float).mean(axis=1)
    assert light.argmax() in range(SHADES // 2 - 3, SHADES // 2 + 3) and light.max() > 240
    assert abs(light[0] - light[-1]) < 20
    first, last = palette("difference")[[0, SHADES - 1]].astype(int)
    assert first[0] > first[2] + 100 and last[2] > last[0] + 100  # orange and blue, which the color-blind tell apart


def test_the_first_arm_does_not_differ_from_itself(arena):
    assert (bare(arena, "baseline", "difference") == palette("difference")[(SHADES - 1) // 2]).all()
    assert len(np.unique(shades(arena, "training", "difference"))) > 3


def test_scales_stay_and_are_those_of_all_arms(arena):
    before = {layer: scale(arena, layer) for layer in LAYERS}
    assert before["trust"][0] < np.quantile(arena.lanes["baseline"].simulation.city.cells.climate, 0.1) < before["trust"][1]
    assert before["difference"][0] == -before["difference"][1] < 0
    for _ in range(3):
        arena.step()
    assert all(scale(arena, layer) == before[layer] for layer in ("trust", "crime", "presence"))


def test_officers_and_offenders_are_drawn_where_they_are(arena):
    city = arena.lanes["training"].simulation.city
    plain = bare(arena, "training", "trust")
    for kind, rows in (
        ("officers", city.officers.active == 1),
        ("offenders", city.offenders.jail_weeks + (city.offenders.propensity == 0) == 0),
    ):
        shown = {"officers": False, "offenders": False} | {kind: True}
        image = pixels(map_png(arena, "training", "trust", 240, **shown))
        changed = (image != plain).any(axis=2).reshape(4, 40, 6, 40).any(axis=(1, 3)).ravel()
        there = np.bincount(getattr(city, kind).cell[rows], minlength=24) > 0
        assert np.array_equal(changed, there) and there.any()
        inked = {tuple(color) for color in image[(image != plain).any(axis=2)].tolist()}
        assert inked <= {(0, 0, 0), (255, 255, 255)} and inked


def test_the_chosen_cell_and_the_citizens_home_are_framed(arena):
    home = int(arena.lanes["training"].simulation.city.citizens.home[700])
    marked = [pixels(map_png(arena, "training", "trust", 240, **chosen)) for chosen in ({"cell": home}, {"citizen": 700})]
    assert np.array_equal(*marked)
    frame = (marked[0] == tuple(bytes.fromhex(INK["mark"][1][1:]))).all(axis=2)
    rows, columns = np.nonzero(frame)
    assert abs(rows.mean() - (home // 6 * 40 + 20)) < 2 and abs(columns.mean() - (home % 6 * 40 + 20)) < 2 and frame.sum() > 100
    inside = bare(arena, "training", "trust")
    top, left = home // 6 * 40, home % 6 * 40
    assert (bare(arena, "training", "trust", cell=home)[top : top + 40, left : left + 40] == inside[top : top + 40, left : left + 40]).all()


@pytest.mark.parametrize("cell", [0, 5, 18, 23])
def test_a_click_finds_the_cell_that_was_drawn(arena, cell):
    assert cell_at(arena, (cell % 6 + 0.99) / 6, (cell // 6 + 0.01) / 4) == cell
    assert cell_at(arena, -1.0, 0.0) == 0 and cell_at(arena, 1.0, 1.0) == 23
    assert pixels(map_png(arena, "training", "crime", 240, cell=cell)).shape == (160, 240, 3)  # the frame at the rim is cut


def test_a_city_with_more_cells_than_pixels_is_drawn_smaller():
    arena = Arena(Scenario(name="wide", city=CitySize(adults=6000, width=300, height=20), weeks=1, spin_up_weeks=0))
    assert pixels(map_png(arena, "baseline", "trust", 120, cell=5999)).shape == (7, 100, 3)


# --- Charts


def drawn(svg: str) -> ET.Element:
    """The drawing, well-formed, with finite numbers only, and nothing fetched from anywhere."""
    assert not re.search(r"\bnan\b|\binf\b", svg) and "href" not in svg and "<script" not in svg
    root = ET.fromstring(svg)
    assert root.attrib["viewBox"].startswith("0 0 360 ") and root.attrib["width"] == "100%"
    return root


def texts(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_says_what_it_shows(arena, name, language):
    words = words_in(language)
    said = texts(drawn(chart(arena, name, words)))
    assert said[0] == words[f"{name}_title"] and words[f"{name}_unit"] in " ".join(said)
    names = [Words(language).reform(arm) for arm in arena.lanes]
    assert set(names) <= set(said) and words["weeks"] in said
    difference = " ".join(texts(drawn(difference_chart(arena, name, words))))
    assert words["difference_title"].format(what=words[f"{name}_title"], first=names[0]) in difference


def test_the_line_ends_at_the_last_value(arena):
    root = drawn(chart(arena, "trust"))
    ticks = {float(each.text): float(each.attrib["y"]) - 4 for each in root.iter(f"{SVG}text") if each.attrib["text-anchor"] == "end"}
    (low, low_y), (high, high_y) = min(ticks.items()), max(ticks.items())
    for line, arm in zip(root.iter(f"{SVG}polyline"), arena.lanes, strict=True):
        y = float(line.attrib["points"].split()[-1].split(",")[1])
        assert low + (low_y - y) / (low_y - high_y) * (high - low) == pytest.approx(arena.series("trust", arm)[-1], abs=0.001)


def test_an_arm_looks_the_same_everywhere(arena):
    for svg in (chart(arena, "trust"), chart(arena, "cost"), citizen_chart(arena, 5), cell_chart(arena, 3)):
        lines = [(line.attrib["stroke"], line.attrib.get("stroke-dasharray", "")) for line in drawn(svg).iter(f"{SVG}polyline")]
        assert lines == [look(arena, arm) for arm in arena.lanes]


def test_twenty_arms_look_different():
    many = SimpleNamespace(lanes={f"arm {n}": None for n in range(20)})
    assert len({look(many, arm) for arm in many.lanes}) == 20


@pytest.mark.parametrize("difference", [False, True])
def test_the_ledger_is_stacked_to_the_change_of_trust(arena, difference):
    root = drawn(ledger_chart(arena, "training", difference=difference))
    ticks = {
        float(each.text.replace(MINUS, "-")): float(each.attrib["y"]) - 4
        for each in root.iter(f"{SVG}text")
        if each.attrib["text-anchor"] == "end"
    }
    (low, low_y), (high, high_y) = min(ticks.items()), max(ticks.items())
    y = float(list(root.iter(f"{SVG}polyline"))[-1].attrib["points"].split()[-1].split(",")[1])
    trust = arena.series("trust", "training") - (arena.series("trust", "baseline") if difference else 0.0)
    assert low + (low_y - y) / (low_y - high_y) * (high - low) == pytest.approx(trust[-1] - trust[0], abs=0.01 * (high - low))
    causes = arena.ledger("training")
    assert len(list(root.iter(f"{SVG}polygon"))) >= sum(bool(change.any()) for change in causes.values())
    assert WORDS["hearsay"] in texts(root) and WORDS["intervention"] not in texts(root)  # nothing is said of a cause that never acted


def test_a_citizens_marks_are_counted(arena):
    i = int(np.argmax([sum(map(len, arena.citizen("beats & <walks>", i)[5:])) for i in range(60)]))
    lives = arena.twins(i)
    signs = list(drawn(citizen_chart(arena, i)).iter(f"{SVG}g"))
    happened = sum(len(life.stops) + len(life.victimizations) for life in lives.values())
    assert len(signs) == happened + len(lives) + 3 and happened  # arms and three signs are explained


def test_dates_are_marked_and_the_first_week_can_be_drawn():
    arena = Arena(CITY.with_(spin_up_weeks=0), ARMS)
    everything = [chart(arena, name) for name in CHARTS] + [ledger_chart(arena, "training"), citizen_chart(arena, 0), cell_chart(arena, 0)]
    assert all(drawn(svg) is not None for svg in everything) and all(map_png(arena, "training", layer) for layer in LAYERS)
    for _ in range(5):
        arena.step()
    dotted = [chart(arena, "trust").count('stroke-dasharray="1 3"')]
    arena.set_parameter("encounter.stop_rate", 3.0)
    arena.step()
    assert [*dotted, chart(arena, "trust").count('stroke-dasharray="1 3"')] == [1, 2]  # the beats began in week 2


def test_time_may_go_on_while_charts_are_drawn():
    arena = Arena(CITY, ARMS)
    player = Thread(target=lambda: [arena.step() for _ in range(60)])
    player.start()
    many = 0
    while player.is_alive() or not many:
        assert all(drawn(svg) is not None for svg in (chart(arena, "trust"), ledger_chart(arena, "training"), citizen_chart(arena, 3)))
        many += 1
    player.join()
    assert arena.week == 60


@pytest.mark.parametrize(("language", "label"), [("en", "this city, this luck"), ("es", "esta ciudad, esta suerte")])
def test_differences_are_those_of_one_city_with_one_luck(arena, language, label):
    t, words = own(language), words_in(language)
    assert label in " ".join(texts(drawn(difference_chart(arena, "trust", words))))
    assert label in t["difference"]["about"] and label in t["maps"]["against"]
    about = t["page"]["about"]
    assert (
        "confianza compare" in about
        and "confianza run" in about
        and {"en": "possible cities", "es": "ciudades posibles"}[language] in about
    )


def test_one_arm_needs_no_name_and_has_no_difference():
    arena = Arena(CITY)
    assert "doing nothing" not in chart(arena, "trust") and difference_chart(arena, "trust") == ""


def test_a_long_run_is_drawn_with_no_more_points():
    x, y = np.arange(5200.0), np.sin(np.arange(5200.0) / 7)
    y[3210], y[100] = 9.0, np.nan
    shown = thinned(x, y)
    assert len(shown[0]) < 250 and (np.diff(shown[0]) > 0).all() and shown[1].max() == 9.0
    assert (shown[0][0], shown[0][-1]) == (0, 5199) and np.array_equal(y[shown[0].astype(int)], shown[1])


def test_axes_are_round_and_hold_their_values():
    generator = np.random.default_rng(1)
    for _ in range(500):
        low = generator.normal() * 10.0 ** generator.integers(-4, 6)
        high = low + 10.0 ** generator.uniform(-4, 6)
        made = axis(low, high)
        assert made.low <= low + 1e-6 * (high - low) and made.high >= high - 1e-6 * (high - low) and 2 <= len(made.ticks) <= 6
        assert (made.high - made.low) < 4 * (high - low)
    assert axis(3.0, 3.0).ticks[0] <= 3.0 < axis(3.0, 3.0).ticks[-1]


def test_noise_does_not_look_like_news():
    assert bounds([np.array([0.5, 0.501])], 0.1) == pytest.approx((0.4505, 0.5505))
    assert bounds([np.zeros(4)], 100.0, zero=True) == (0.0, 100.0)
    assert bounds([np.array([-0.3, 0.1])], 0.01, zero=True) == (-0.3, 0.1)
    assert bounds([np.full(3, np.nan)], 1.0) == (-0.5, 0.5)


def test_long_sentences_are_wrapped():
    assert wrapped("one two three", 48.0) == ["one two", "three"]
    pieces = wrapped("a" * 99, 48.0)  # no word leaves the drawing
    assert "".join(pieces) == "a" * 99 and max(map(len, pieces)) == 8


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("layer", LAYERS)
def test_the_legend_says_what_colors_mean_with_numbers(arena, layer, language):
    words = words_in(language)
    said = texts(drawn(map_legend(arena, layer, words)))
    first = Words(language).reform("baseline")
    assert words[f"legend_{layer}"].format(first=first) in " ".join(said)
    assert words["officer"] in said and words["offender"] in said
    numbers = [float(re.sub("[^0-9.-]", "", each.replace(MINUS, "-"))) for each in said if re.search(r"\d$", each)]
    low, high = scale(arena, layer)
    assert numbers == pytest.approx([low, (low + high * (0.5 if LAYERS[layer].root else 1)) / 2, high])


def test_the_drawings_words_are_translated():
    spanish = words_in("es")

    def places(said):
        return sorted(field for _, field, _, _ in Formatter().parse(said) if field)

    assert {key: places(spanish[key]) for key in WORDS} == {key: places(said) for key, said in WORDS.items()}
    assert [key for key in WORDS if WORDS[key] == spanish[key]] == []
    assert words_in("es")["trust_title"] == "Confianza en la policía" and words_in("en")["trust_title"] == "Trust in the police"
