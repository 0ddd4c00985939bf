"""Figures of decisions and discoveries: they show the numbers they claim to show, and can be read in black and white."""

import subprocess
import sys
from dataclasses import replace
from io import BytesIO

import made_decisions as made
import matplotlib
import numpy as np
import pytest
from figures import cut, on_an_axis, small
from matplotlib.patches import Rectangle

from sim.errors import InputError
from sim.figures import decision as plots
from sim.figures.decision.curves import frontier_of
from sim.figures.decision.parts import looks
from sim.figures.decision.plane import outline
from sim.figures.printing import title_of
from sim.methods.decision.terciles import TERCILES
from sim.report.words import LANGUAGES, Words
from sim.studies.answers.decision import pick, turning
from sim.style import read
from sim.style.looks import brief

DECISION, DISCOVERY = made.decision(), made.discovery()
FIGURES = {name: (draw, DECISION) for name, draw in plots.FIGURES.items()}
FIGURES |= {name: (draw, DISCOVERY) for name, draw in plots.DISCOVERED.items()}


def drawn(name):
    draw, found = FIGURES[name]
    return draw(found)


def texts(figure):
    return " ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text)).replace("\n", " ")


@pytest.mark.parametrize("name", FIGURES)
def test_strangers_can_read_it(name):
    figure = drawn(name)
    said = texts(figure)
    assert "{" not in said and "nan" not in said.split()
    if name not in ("tradeoff", "box"):
        assert "mean trust" in said
        assert {"training"} <= set(said.replace(",", " ").replace(":", " ").split()) or name == "information"
    if name not in ("acceptability", "tradeoff", "box", "contested"):
        assert "pesos an adult" in said
    figure.savefig(BytesIO(), format="png", dpi=40)
    assert min(axes.get_position().y0 for axes in figure.axes) >= 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_cut_off(name, language):
    words = Words(language)
    inside = {**words.figure("plots_decision"), **{f"arm:{arm}": words.reform(arm) for arm in made.ARMS}}
    draw, found = FIGURES[name]
    figure = draw(found, inside)
    assert cut(figure) == small(figure) == on_an_axis(figure) == []


def test_options_are_told_apart_without_color():
    """No two options share line or mark, and their names stand at the ends of lines."""
    look = looks(made.ARMS)
    assert len({str(one["linestyle"]) for one in look.values()}) == len({one["marker"] for one in look.values()}) == len(made.ARMS)
    for name in ("loss", "acceptability"):
        axes = drawn(name).axes[1]
        labels = {text.get_text(): text.get_position()[1] for text in axes.texts}
        assert set(made.ARMS) <= labels.keys()
        heights = sorted(labels[arm] for arm in made.ARMS)
        assert np.diff(heights).min() > 0.045  # no name on another
        assert axes.get_legend() is None


@pytest.mark.parametrize(("name", "column", "scale"), [("loss", "expected_loss", 1), ("acceptability", "probability_best", 100)])
def test_curves_are_those_of_the_table(name, column, scale):
    axes = drawn(name).axes[1]
    lines = {line.get_label(): line for line in axes.get_lines()}
    for arm in made.ARMS:
        rows = DECISION.curves[DECISION.curves.arm == arm]
        assert lines[arm].get_ydata() == pytest.approx(scale * rows[column].to_numpy())
        assert lines[arm].get_xdata() == pytest.approx(made.PAY)
    best = frontier_of(DECISION)
    assert axes.get_lines()[0].get_ydata() == pytest.approx(scale * best[column].to_numpy())


def test_the_frontier_of_the_loss_is_what_perfect_information_is_worth():
    assert drawn("loss").axes[1].get_lines()[0].get_ydata() == pytest.approx(DECISION.evpi.evpi.to_numpy())


def test_the_strip_names_the_best_option_along_the_range():
    strip = drawn("loss").axes[0]
    order = list(dict.fromkeys(frontier_of(DECISION).arm))
    assert len(order) > 1
    assert [text.get_text() for text in strip.texts] == order


def test_the_loss_is_linear_where_sizes_are_alike():
    alike = DECISION.curves.assign(expected_loss=1.0 + DECISION.curves.expected_loss.rank(pct=True))
    assert drawn("loss").axes[1].get_yscale() == "log"
    assert plots.FIGURES["loss"](replace(DECISION, curves=alike)).axes[1].get_yscale() == "linear"


def test_the_plane_names_its_quadrants_and_what_lines_mean():
    figure = drawn("plane")
    axes, said = figure.axes[0], texts(figure)
    for corner in ("worse_dearer", "better_dearer", "worse_cheaper", "better_cheaper"):
        assert plots.WORDS[corner] in said
    assert "worth it at 12,000" in said
    marks = {
        (round(x, 6), round(y, 3)) for line in axes.get_lines() for x, y in zip(*line.get_data(), strict=True) if len(line.get_xdata()) == 1
    }
    wanted = {(round(row.benefit, 6), round(row.cost, 3)) for row in DECISION.table.itertuples()} | {(0.0, 0.0)}
    assert wanted <= marks


def test_outlines_are_drawn_where_they_can_be_told_apart_and_never_leave_the_plane():
    assert not [line for line in drawn("plane").axes[0].get_lines() if len(line.get_xdata()) == 200]
    few = replace(DECISION, table=DECISION.table[:3], draws=DECISION.draws[DECISION.draws.arm.isin(DECISION.table.arm[:3])])
    axes = plots.FIGURES["plane"](few).axes[0]
    curves = [line for line in axes.get_lines() if len(line.get_xdata()) == 200]
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert len(curves) == 3 and "Outlines hold" in texts(axes.figure)
    assert all(left < line.get_xdata().min() and line.get_xdata().max() < right for line in curves)
    assert all(low < line.get_ydata().min() and line.get_ydata().max() < high for line in curves)


def test_a_rule_plot_has_no_empty_part():
    rare = DISCOVERY.trajectory.assign(coverage=np.linspace(1.0, 0.95, 9))
    axes = plots.DISCOVERED["tradeoff"](replace(DISCOVERY, trajectory=rare)).axes[0]
    assert 94 < axes.get_xlim()[0] < 95 and 100 < axes.get_xlim()[1] < 101


def test_outlines_hold_nineteen_of_twenty_draws():
    rng = np.random.default_rng(3)
    benefit = rng.standard_normal(4000)
    for cost in (0.5 * benefit + rng.standard_normal(4000), np.exp(0.5 * benefit + rng.standard_normal(4000))):
        curve = outline(benefit, cost)
        inside = matplotlib.path.Path(curve.T).contains_points(np.column_stack([benefit, cost]))
        assert inside.mean() == pytest.approx(0.95, abs=0.01)
        assert benefit.min() <= curve[0].min() and curve[0].max() <= benefit.max()  # it never leaves the draws:
        assert cost.min() <= curve[1].min() and curve[1].max() <= cost.max()  # what never harms or saves is not drawn as if it might
    assert outline(np.ones(5), np.ones(5)) is None


def test_information_is_ranked_with_its_intervals():
    figure = drawn("information")
    for axes, kind in zip(figure.axes, ("factor", "topic"), strict=True):
        rows = pick(DECISION.evppi, made.SHOWN[1]).query(f"kind == '{kind}' and high > 0").sort_values("high", ascending=False)
        marks = axes.get_lines()[0]
        assert marks.get_xdata() == pytest.approx(rows.evppi.to_numpy()[: plots.tables.MOST]) and marks.get_markersize() >= 6
        low, high = axes.collections[-1].get_segments()[0][:, 0]
        assert (low, high) == pytest.approx((rows.low.iloc[0], rows.high.iloc[0]))
    assert "contested" in texts(figure) and "how the reform is made" in texts(figure)
    none = DECISION.evppi.assign(evppi=0.0, low=0.0, high=0.0)
    figure = plots.FIGURES["information"](replace(DECISION, evppi=none))
    said, factors = texts(figure), pick(none, made.SHOWN[1]).query("kind == 'factor'")
    assert "No mark is clearly above 0" in said and f"would not change the choice: {len(factors)} numbers" in said
    assert [len(axes.get_lines()[0].get_xdata()) for axes in figure.axes] == [0, 0] and "nothing" in said.split()


def test_the_least_regret_of_each_column_is_boxed():
    figure = drawn("regret")
    axes = figure.axes[0]
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert len(boxes) == 9
    for box in boxes:
        across, down = round(box.get_x() + 0.47), round(box.get_y() + 0.44)
        pay, column = made.SHOWN[across // 3], ("expected", "q95", "most")[across % 3]
        assert pick(DECISION.regret, pay).set_index("arm")[column].idxmin() == made.ARMS[down]


def test_options_that_a_budget_rules_out_have_no_regret():
    out = DECISION.regret.assign(expected=DECISION.regret.expected.where(DECISION.regret.arm != "mix"))
    assert " - " in f" {texts(plots.FIGURES['regret'](replace(DECISION, regret=out)))} "


def test_rows_that_turn_the_choice_come_first_and_are_boxed():
    table = turning(DECISION)
    assert 0 < table.turns.sum() < len(table)
    assert table.turns.tolist() == sorted(table.turns, reverse=True)
    for row in table.to_dict("records"):
        parts = [row[f"{part}_arm"] for part in TERCILES]
        assert (len(set(parts)) > 1) == row["turns"]
    axes = drawn("contested").axes[0]
    assert sum(not patch.get_fill() for patch in axes.patches) == table.turns.sum()
    first = table.iloc[0]
    assert f"{first.low_arm} ({100 * first.low_probability:.0f})" in texts(axes.figure)


def test_outdone_options_are_hollow():
    axes = drawn("pareto").axes
    assert len(axes) == 3
    marks = [line for line in axes[0].get_lines() if len(line.get_xdata()) == 1 and line.get_marker() != "None"]
    hollow = {line.get_xdata()[0] for line in marks if line.get_markerfacecolor() == "white"}
    table = DECISION.pareto
    assert hollow == set(table.mean_trust[~table.on_front])
    assert "community: outdone by" in texts(axes[0].figure)


def test_names_do_not_hide_marks():
    """Nor do they lie on each other, in the crowded panels."""
    figure = drawn("pareto")
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts if text.get_text() in made.ARMS]
        assert len(boxes) == len(made.ARMS)
        assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_the_tradeoff_marks_the_rule_that_was_chosen():
    axes = drawn("tradeoff").axes[0]
    rings = [line for line in axes.get_lines() if line.get_markerfacecolor() == "none"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in rings] == [(pytest.approx(55), pytest.approx(72))]
    assert "the rule chosen (2)" in texts(axes.figure)


def test_the_box_shows_its_part_of_each_factor():
    figure = drawn("box")
    said = texts(figure)
    assert (
        "purge lowers mean trust in 25 of 100 cities, but in 72 of 100 with these numbers" in said
        and "in which the reform lowers mean trust" in said
    )
    assert "Log-odds measure how likely something is" in said
    assert "below \u22120.21 log-odds" in said and "above 6 %" in said and "p < 0.001; 98 of 100" in said
    inner = [patch for container in figure.axes[0].containers for patch in container if patch.get_width() < 100]
    assert [(round(bar.get_x()), round(bar.get_width())) for bar in inner] == [(0, 40), (60, 40)]


def test_titles_say_what_was_found():
    """And what they are about where nothing is found, as of what to find out first."""
    titles = {name: title_of(plots.FIGURES[name](DECISION)) for name in plots.drawable(DECISION)}
    row, best = DECISION.table.set_index("arm").loc[DECISION.recommended], DECISION.recommended
    assert f"{best} gains {brief(row.benefit, plots.WORDS)} for {brief(row.cost, plots.WORDS)} pesos an adult" in titles["plane"]
    assert all(best in titles[name] for name in ("loss", "acceptability"))
    nothing = replace(DECISION, evppi=DECISION.evppi.assign(low=0.0))
    assert title_of(plots.FIGURES["information"](nothing)) == plots.WORDS["information_title"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_figure_has_a_title_for_what_it_finds(language):
    told = {section: words for section, words in read(language).items() if section.startswith("plots")}
    kinds = {(section, key.removesuffix("_title")) for section, words in told.items() for key in words if key.endswith("_title")}
    assert len(kinds) > 30 and not [(section, kind) for section, kind in kinds if "{" not in told[section].get(f"{kind}_found", "")]


def test_other_conditions_are_quoted():
    other = made.discovery(condition="effect:purge:mean_trust < 0.01")
    assert "makes effect:purge:mean_trust < 0.01 true" in texts(plots.DISCOVERED["box"](other))
    choices = DISCOVERY.box.assign(kept=["troops", ""])
    assert "one of: troops" in texts(plots.DISCOVERED["box"](replace(DISCOVERY, box=choices)))


def test_what_cannot_be_drawn_is_left_out(tmp_path):
    assert plots.drawable(DECISION) == list(plots.FIGURES)
    empty = replace(DECISION, contested=DECISION.contested[:0], pareto=DECISION.pareto[["arm", "mean_trust", "on_front", "dominated_by"]])
    assert set(plots.FIGURES) - set(plots.drawable(empty)) == {"contested", "pareto"}
    nothing = made.discovery(found=False, box=DISCOVERY.box[:0])
    assert plots.save_discovered(nothing, tmp_path) == []


def test_saved_whole_and_settings_left_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    paths = plots.save_figures(DECISION, tmp_path) + plots.save_discovered(DISCOVERY, tmp_path)
    assert sorted(path.stem for path in paths) == sorted(FIGURES)
    assert all(path.read_bytes()[-8:-4] == b"IEND" for path in paths)
    assert dict(matplotlib.rcParams) == before
    with pytest.raises(InputError, match="cannot be written to"):
        plots.save_figures(DECISION, paths[0])


def test_no_window_system_is_asked_for():
    code = "import sys, sim.figures.decision; print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
