"""Figures of a sensitivity analysis: they show the numbers they claim to show, also with many factors, and say what is left out."""

import subprocess
import sys
from dataclasses import replace
from io import BytesIO

import matplotlib
import numpy as np
import pytest
from figures import cut, on_an_axis, small
from made_analyses import FOUND, MANY, NAMES, PAIRS, SHARES, analysis, rng

from sim.errors import InputError
from sim.figures import sensitivity as plots
from sim.studies.answers.findings import Finding

WANTED = {
    "emulator": ["tornado", "bars", "interactions", "convergence", "scatter"], "sobol": ["bars", "convergence", "scatter"],
    "efast": ["bars", "scatter"], "morris": ["morris", "scatter"], "delta": ["bars", "scatter"], "pawn": ["bars", "scatter"],
    "oat": ["tornado"],
}  # fmt: skip


def texts(figure):
    return " ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text)).replace("\n", " ")


def drawn(method, kind):
    made = analysis(FOUND[method])
    return plots.FIGURES[kind](made, made.findings[0])


@pytest.mark.parametrize("method", FOUND)
def test_every_method_has_its_figures(method):
    made = analysis(FOUND[method])
    assert plots.drawable(made.findings[0]) == WANTED[method]
    assert plots.drawable(made.findings[1]) == []


def test_groups_have_no_spread_and_get_bars():
    grouped = replace(FOUND["morris"], table=FOUND["morris"].table.assign(sigma=np.nan))
    made = analysis(grouped)
    assert plots.drawable(made.findings[0]) == ["bars", "scatter"]
    axes = plots.FIGURES["bars"](made, made.findings[0]).axes[0]
    assert [bar.get_width() for bar in axes.containers[0]] == pytest.approx(SHARES[: plots.parts.MOST])
    assert axes.get_xlabel() == "mean size of an elementary effect, mu* (points on the 0-1 scale)"


@pytest.mark.parametrize(("method", "kind"), [(method, kind) for method, kinds in WANTED.items() for kind in kinds])
def test_strangers_can_read_it(method, kind):
    figure = drawn(method, kind)
    said = texts(figure)
    assert "effect of course on mean trust in the police, week 8" in said
    assert "0-1" in said or "%" in said or "distance" in said
    assert "{" not in said
    figure.savefig(BytesIO(), format="png", dpi=40)
    assert min(axes.get_position().y0 for axes in figure.axes) >= 0
    assert cut(figure) == small(figure) == on_an_axis(figure) == []


def test_the_tornado_swings_between_the_curve_at_its_ends():
    figure = drawn("emulator", "tornado")
    axes = figure.axes[0]
    low, high = (next(bars for bars in axes.containers if bars.get_label() == f"factor {end}") for end in ("low", "high"))
    assert len(low) == len(high) == plots.parts.MOST
    assert low[0].get_x() + low[0].get_width() == pytest.approx(0.02 + SHARES[0] * (0.05 - 0.5))
    assert high[0].get_x() + high[0].get_width() == pytest.approx(0.02 + SHARES[0] * (0.95 - 0.5))
    said = texts(figure)
    assert f"left out: {MANY - plots.parts.MOST}." in said
    assert "10.5" in said and "19.5" in said  # the factor's own value, not its share
    assert f"what {NAMES[0]} is" in said and NAMES[0] not in said.replace(f"what {NAMES[0]}", "")
    assert "no effect" in said  # 0 lies within


def test_no_line_at_zero_where_zero_means_nothing():
    made = analysis(FOUND["emulator"], level=True)
    assert "no effect" not in texts(plots.FIGURES["tornado"](made, made.findings[0]))


def test_one_at_a_time_has_no_intervals():
    axes = drawn("oat", "tornado").axes[0]
    assert not axes.collections
    assert axes.containers[0][0].get_width() == pytest.approx(-SHARES[0])


def test_bars_are_the_indices():
    figure = drawn("emulator", "bars")
    first, total = figure.axes[0].containers
    assert [bar.get_width() for bar in first] == pytest.approx(50 * SHARES[: plots.parts.MOST])
    assert [bar.get_width() for bar in total] == pytest.approx(100 * SHARES[: plots.parts.MOST])
    assert "the choice of points" in texts(figure)
    low, high = figure.axes[0].collections[-1].get_segments()[0][:, 0]
    assert (low, high) == pytest.approx((90 * SHARES[0], 110 * SHARES[0]))


def test_interactions_are_written_once_and_bold_where_sure():
    axes = drawn("emulator", "interactions").axes[0]
    cells = {text.get_text(): text.get_fontweight() for text in axes.texts}
    assert cells[f"{100 * SHARES[0]:.1f}"] == "bold"
    assert cells[f"{100 * PAIRS.share[13]:.1f}"] == "normal"  # its interval holds 0
    names = [label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    assert set(names) == {f"what {name} is" for name in NAMES[: plots.parts.MOST]}


def test_morris_numbers_the_strongest():
    said = texts(drawn("morris", "morris"))
    assert f" 1  what {NAMES[0]} is" in said and f"{plots.parts.MOST}  what {NAMES[plots.parts.MOST - 1]} is" in said
    assert NAMES[plots.parts.MOST] not in said


def test_convergence_shows_the_strongest_at_each_number_of_points():
    lines = drawn("emulator", "convergence").axes[0].get_lines()
    assert [line.get_label() for line in lines] == [f"what {name} is" for name in NAMES[:8]]
    assert lines[0].get_xdata().tolist() == [16, 32, 64]
    looks = {(line.get_color(), line.get_linestyle(), line.get_marker()) for line in lines}
    assert len(looks) == len(lines)


def test_scatter_is_in_the_factors_own_unit():
    made = analysis(FOUND["emulator"])
    strongest = replace(FOUND["emulator"], table=FOUND["emulator"].table[::-1].assign(total=SHARES, total_low=0.0, total_high=1.0))
    figure = plots.FIGURES["scatter"](made, Finding(made.findings[0].output, strongest))
    choices, numbers = figure.axes[:2]
    assert choices.get_title(loc="left") == "what training.whom is"
    assert [label.get_text() for label in choices.get_xticklabels()] == ["both", "troops"]
    points, trend = numbers.get_lines()[:2]
    assert points.get_xdata().min() >= 10 and points.get_xdata().max() <= 20
    assert trend.get_ydata()[0] == pytest.approx(0.02 - SHARES[MANY - 2] / 2)


def test_without_an_emulator_the_trend_is_of_tenths():
    axes = drawn("delta", "scatter").axes[0]
    points, trend = axes.get_lines()[:2]
    assert len(trend.get_xdata()) == 10
    assert trend.get_ydata().mean() == pytest.approx(points.get_ydata().mean(), abs=2e-3)


def test_skewed_factors_get_a_logarithmic_axis():
    made = analysis(FOUND["delta"])
    points = made.points.assign(**{NAMES[0]: np.exp(2 * rng.standard_normal(64))})
    axes = plots.FIGURES["scatter"](replace(made, points=points), made.findings[0]).axes
    assert [panel.get_xscale() for panel in axes[:2]] == ["log", "linear"]


def test_the_overview_has_a_column_for_each_output():
    made = analysis(FOUND["emulator"])
    second = Finding(made.findings[0].output._replace(of="level", level=True), FOUND["emulator"])
    axes = plots.overview(replace(made, findings=(made.findings[0], second))).axes[0]
    shown = np.asarray(axes.images[0].get_array(), float)
    assert shown.shape == (plots.parts.MOST, 2)
    assert shown[:, 0] == pytest.approx(100 * SHARES[: plots.parts.MOST])
    assert cut(axes.figure) == small(axes.figure) == []


def test_one_output_has_bars_and_no_heat_map_of_one_column():
    figure = plots.overview(analysis(FOUND["emulator"]))
    axes = figure.axes[0]
    assert not axes.images and [bar.get_width() for bar in axes.patches] == pytest.approx(100 * SHARES[: plots.parts.MOST])
    assert "says nothing of: mean trust in the police in course" in texts(figure)
    assert plots.overview(analysis(FOUND["morris"])).axes[0].patches[0].get_width() == pytest.approx(100)
    assert cut(figure) == small(figure) == on_an_axis(figure) == []


def test_saved_whole_and_settings_left_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    paths = plots.save_figures(analysis(FOUND["oat"]), tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in paths) == ["effect-course-mean_trust/tornado.png", "overview.png"]
    assert all(path.read_bytes()[-8:-4] == b"IEND" for path in paths)
    assert dict(matplotlib.rcParams) == before
    with pytest.raises(InputError, match="cannot be written to"):
        plots.save_figures(analysis(FOUND["oat"]), paths[0])


def test_no_window_system_is_asked_for():
    code = "import sys, sim.figures.sensitivity; print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
