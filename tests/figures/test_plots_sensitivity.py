"""Figures of a sensitivity analysis: they show the numbers they claim to show, also with many factors, and say what is left out."""

import subprocess
import sys
from dataclasses import replace
from io import BytesIO

import matplotlib
import numpy as np
import pandas as pd
import pytest
from figures import cut

from sim.errors import InputError
from sim.figures import sensitivity as plots
from sim.inputs.scenario import CitySize, Scenario
from sim.methods.indices import Sensitivity
from sim.studies.answers.findings import Analysis, Finding, Output
from sim.studies.design.study import Study

MANY = 40
NAMES = [f"topic.factor_{number}" for number in range(MANY - 1)] + ["training.whom"]
SHARES = np.linspace(1, 0, MANY) ** 4 / 10
STUDY = Study(
    name="Which?",
    scenario=Scenario(name="Small", city=CitySize(adults=1000), weeks=8, spin_up_weeks=0),
    arms={"course": [{"training": {"start": 0}}]},
)
U = np.linspace(0, 1, 21)
rng = np.random.default_rng(1)
UNIT = rng.random((64, MANY))


def values(column, u):
    """A factor from 10 to 20, or a choice."""
    return np.where(u < 0.5, "troops", "both").astype(object) if column == MANY - 1 else 10 + 10 * u


def table(**columns):
    made = pd.DataFrame({"factor": NAMES})
    for name, column in columns.items():
        made[name] = column
        made[f"{name}_low"], made[f"{name}_high"] = 0.9 * np.asarray(column), 1.1 * np.asarray(column)
    return made


def curves():
    rows = [
        pd.DataFrame({"factor": name, "u": U, "value": values(column, U), "effect": share * (U - 0.5), "low": share * (U - 0.5) - 0.01})
        for column, (name, share) in enumerate(zip(NAMES, SHARES, strict=True))
    ]
    made = pd.concat(rows, ignore_index=True)
    return made.assign(high=made.effect + 0.01)


def result(method, made, **more):
    facts = {"points": 64, "replicates": 2, "mean": 0.02, "sd": 0.05, "covers": "95 % intervals: the choice of points."}
    return Sensitivity(**{"method": method, "names": NAMES, "table": made, **facts, **more})


PAIRS = pd.DataFrame(
    {"one": NAMES[1:21], "other": NAMES[:20], "share": SHARES[:20], "low": np.linspace(0.1, -0.1, 20), "high": SHARES[:20]}
)
CONVERGENCE = pd.concat([pd.DataFrame({"points": n, "factor": NAMES, "total": SHARES, "low": 0.0, "high": 0.2}) for n in (16, 32, 64)])
FOUND = {
    "emulator": result(
        "emulator", table(first=SHARES / 2, total=SHARES), effects=curves(), interactions=PAIRS, convergence=CONVERGENCE, q2=0.9
    ),
    "sobol": result("sobol", table(first=SHARES / 2, total=SHARES), convergence=CONVERGENCE),
    "efast": result("efast", table(first=SHARES / 2, total=SHARES)),
    "morris": result("morris", table(mu_star=SHARES).assign(mu=SHARES, sigma=SHARES[::-1])),
    "delta": result("delta", table(delta=SHARES, first=SHARES)),
    "pawn": result("pawn", table(median=SHARES).assign(minimum=0, mean=SHARES, maximum=1, cv=1, inert=0.01)),
    "oat": result("oat", pd.DataFrame({"factor": NAMES, "low": 0.02 - SHARES, "high": 0.02 + SHARES, "swing": 2 * SHARES})),
}
WANTED = {
    "emulator": ["tornado", "bars", "interactions", "convergence", "scatter"], "sobol": ["bars", "convergence", "scatter"],
    "efast": ["bars", "scatter"], "morris": ["morris", "scatter"], "delta": ["bars", "scatter"], "pawn": ["bars", "scatter"],
    "oat": ["tornado"],
}  # fmt: skip


def analysis(found, level=False):
    output = Output("effect:course:mean_trust", level, "course", "baseline", "mean_trust", "0-1", 8)
    silent = replace(found, table=found.table[:0], effects=None, interactions=None, convergence=None, refused="Luck hides it.")
    findings = (Finding(output, found), Finding(output._replace(of="mean_trust", level=True), silent))
    points = pd.DataFrame({name: values(column, UNIT[:, column]) for column, name in enumerate(NAMES)})
    outputs = pd.DataFrame({"effect:course:mean_trust": 0.02 + (UNIT - 0.5) @ SHARES, "mean_trust": 0.5})
    return Analysis(STUDY, findings, dict.fromkeys(NAMES, "share"), {name: f"What {name} is" for name in NAMES}, points, outputs, {})


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
    assert "effect of course on mean_trust, week 8" in said
    assert "0-1" in said or "%" in said or "distance" in said
    assert "{" not in said
    figure.savefig(BytesIO(), format="png", dpi=40)
    assert min(axes.get_position().y0 for axes in figure.axes) >= 0
    assert cut(figure) == []


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
    assert f"What {NAMES[0]} is" in said
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
    assert set(names) == set(NAMES[: plots.parts.MOST])


def test_morris_numbers_the_strongest():
    said = texts(drawn("morris", "morris"))
    assert f" 1  {NAMES[0]}" in said and f"{plots.parts.MOST}  {NAMES[plots.parts.MOST - 1]}" in said
    assert NAMES[plots.parts.MOST] not in said


def test_convergence_shows_the_strongest_at_each_number_of_points():
    lines = drawn("emulator", "convergence").axes[0].get_lines()
    assert [line.get_label() for line in lines] == NAMES[:8]
    assert lines[0].get_xdata().tolist() == [16, 32, 64]
    looks = {(line.get_color(), line.get_linestyle(), line.get_marker()) for line in lines}
    assert len(looks) == len(lines)


def test_scatter_is_in_the_factors_own_unit():
    made = analysis(FOUND["emulator"])
    strongest = replace(FOUND["emulator"], table=FOUND["emulator"].table[::-1].assign(total=SHARES, total_low=0.0, total_high=1.0))
    figure = plots.FIGURES["scatter"](made, Finding(made.findings[0].output, strongest))
    choices, numbers = figure.axes[:2]
    assert choices.get_title(loc="left") == "training.whom"
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
    axes = plots.overview(made).axes[0]
    shown = np.asarray(axes.images[0].get_array(), float)
    assert shown.shape == (plots.parts.MOST, 2)
    assert shown[:, 0] == pytest.approx(100 * SHARES[: plots.parts.MOST])
    assert np.isnan(shown[:, 1]).all()
    relative = np.asarray(plots.overview(analysis(FOUND["morris"])).axes[0].images[0].get_array(), float)
    assert relative[0, 0] == pytest.approx(100)


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
