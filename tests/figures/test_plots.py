"""Figures: they show the numbers they claim to show, with titles and units, and leave matplotlib's settings alone."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from figures import cut, on_an_axis, small
from matplotlib.collections import PolyCollection

from sim.errors import InputError
from sim.figures import series as plots
from sim.inputs.scenario import Change, CitySize, Scenario
from sim.measures import MEASURES
from sim.report.words import LANGUAGES, Words
from sim.studies.running.runs import run

SCENARIO = Scenario(
    name="A small city",
    city=CitySize(adults=1000, width=5, height=4),
    weeks=60,
    spin_up_weeks=52,
    seed=7,
    changes=(Change(week=26, set={"response.capacity": 0.5}),),
)


@pytest.fixture(scope="module")
def results():
    return run(SCENARIO, replicates=3)


def lines(axes):
    return {line.get_label(): line for line in axes.get_lines()}


@pytest.mark.parametrize("draw", plots.FIGURES.values())
def test_strangers_can_read_it(draw, results):
    panels = [axes for axes in draw(results).axes if axes.get_label() != "<colorbar>"]
    assert any(axes.get_title(loc="left") for axes in panels)
    for axes in panels:
        assert axes.get_ylabel()
    assert panels[-1].get_xlabel()
    texts = [text.get_text() for axes in panels for text in axes.texts]
    assert any("A small city" in text for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("draw", plots.FIGURES.values(), ids=plots.FIGURES)
def test_nothing_is_cut_off(draw, language, results):
    long = results.dataset.assign_attrs(title="A small city with a name so long that no line of a figure could hold it")
    for shown in (results, type(results)(long)):
        figure = draw(shown, Words(language).figure("plots"))
        assert cut(figure) == small(figure) == on_an_axis(figure) == []


def test_trust_is_drawn_with_its_band(results):
    axes = plots.trust(results).axes[0]
    line = lines(axes)["mean trust (0-1)"]
    assert line.get_xdata()[0] == pytest.approx(-51 / 52)
    assert line.get_ydata() == pytest.approx(results.dataset.mean_trust.median("replicate").values)
    assert [len(each.get_segments()) for each in axes.collections[:3]] == [3, 3, 3], "too few for a band, so each is a thin line"
    assert "thin lines: each of them, one city with these numbers and other luck" in " ".join(
        text.get_text().replace("\n", " ") for text in axes.texts
    )
    survey = lines(axes)["share of adults who answer mucha or algo de confianza"]
    assert survey.get_xdata() == pytest.approx(results.dataset.survey_week.values / 52)
    low, high = axes.get_ylim()
    assert high - low >= 0.2 - 1e-9


@pytest.mark.parametrize(("language", "middle", "mean"), [("en", "middle of 3", "mean of 3"), ("es", "valor central de 3", "media de 3")])
def test_headings_say_which_center_is_drawn(results, language, middle, mean):
    """Lines are the middle of all replicates; causes are stacked, so theirs are means."""
    words = Words(language).figure("plots")
    said = {
        name: " ".join(each.get_text() for axes in draw(results, words=words).axes for each in axes.texts)
        for name, draw in plots.FIGURES.items()
    }
    assert middle in said["trust.png"] and middle in said["reporting.png"] and mean in said["ledger.png"]
    assert mean not in said["trust.png"] + said["reporting.png"] and middle not in said["ledger.png"]


def test_the_band_holds_nine_of_ten_replicates(results):
    many = type(results)(results.dataset.isel(replicate=np.arange(21) % 3))
    middle, ends = plots.band(many.dataset.mean_trust)
    assert middle == pytest.approx(results.dataset.mean_trust.median("replicate").values)
    assert ends == pytest.approx(np.quantile(many.dataset.mean_trust.values, (0.05, 0.95), axis=0, method="weibull"))
    axes = plots.trust(many).axes[0]
    assert any(isinstance(each, PolyCollection) for each in axes.collections)
    assert "bands: 5-95 % of them, one city with these numbers and other luck" in " ".join(
        text.get_text().replace("\n", " ") for text in axes.texts
    )


def test_spin_up_and_changes_are_marked(results):
    axes = plots.trust(results).axes[0]
    assert "spin-up" in [text.get_text() for text in axes.texts]
    assert [line.get_xdata()[0] for line in axes.get_lines() if line.get_linestyle() == ":"] == [0.5]


def test_the_ledger_adds_up(results):
    axes = plots.ledger(results).axes[0]
    net = lines(axes)["net change"].get_ydata()
    change = results.dataset.mean_trust.sel(week=59) - results.dataset.mean_trust.sel(week=-1)
    assert net[0] == 0
    assert net[-1] == pytest.approx(float(change.mean()), abs=1e-12)
    heights = [area.get_paths()[0].vertices[:, 1] for area in axes.collections]
    assert max(height.max() for height in heights) + min(height.min() for height in heights) == pytest.approx(net[-1], abs=1e-12)


def test_rates_are_drawn(results):
    figure = plots.reporting(results)
    for axes, name in zip(figure.axes, ("reporting_rate", "file_rate", "clearance"), strict=True):
        expected = MEASURES[name].weekly(results.dataset).median("replicate").values
        np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), expected)


def test_the_map_is_the_first_replicate(results):
    left, right = plots.city_map(results).axes[:2]
    assert np.array_equal(left.images[0].get_array(), results.dataset.trust_map[0])
    assert np.array_equal(right.images[0].get_array(), results.dataset.crime_map[0])
    assert left.images[0].get_array().shape == (4, 5)


@pytest.mark.parametrize(("language", "invented", "stated"), [
    ("en", "The places are invented", "Stated by the scenario, where it says so: exposure to crime and stops, trust. All else"),
    ("es", "Los lugares son inventados", "Declarado en el escenario, donde lo dice: exposición al delito y a revisiones, confianza."),
])  # fmt: skip
def test_the_map_says_what_of_its_places_is_invented(results, language, invented, stated):
    places = {
        "neighborhoods": [
            {"name": "Centro", "x": [0, 1], "y": [0, 1], "trust": -0.1},
            {"name": "Sur", "x": [0, 4], "y": [3, 3], "exposure": 2},
        ]
    }
    known = results.dataset.assign_attrs(scenario=SCENARIO.with_(places=places).to_yaml())
    for shown, sentence in ((results, invented), (type(results)(known), stated)):
        figure = plots.city_map(shown, Words(language).figure("plots"))
        assert figure.get_supxlabel().replace("\n", " ").startswith(sentence) and cut(figure) == []


def test_causes_are_hatched(results):
    areas = {area.get_label(): area.get_hatch() for area in plots.ledger(results).axes[0].collections}
    assert areas["what others tell"] and not areas["own contact with officers"]


def test_settings_are_left_alone(results):
    before = dict(matplotlib.rcParams)
    plots.trust(results)
    assert dict(matplotlib.rcParams) == before


def test_saved_whole_or_not_at_all(results, tmp_path):
    paths = plots.save_figures(results, tmp_path / "figures")
    assert sorted(path.name for path in paths) == sorted(path.name for path in (tmp_path / "figures").glob("*.png"))
    for path in paths:
        content = path.read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n" and content[-8:-4] == b"IEND"
    with pytest.raises(InputError, match="cannot be written to"):
        plots.save_figures(results, paths[0])


def test_one_short_replicate_can_be_drawn(tmp_path):
    short = run(SCENARIO.with_(changes=(), spin_up_weeks=0), weeks=3)
    assert len(plots.save_figures(short, tmp_path)) == len(plots.FIGURES)


def test_no_window_system_is_asked_for():
    code = "import sys, sim.figures.series; print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
