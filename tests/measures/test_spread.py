"""Uncertainty is told truly: the range over draws stays however many runs there are, the precision of the mean does not, and no text
takes one for the other. Effects that are known are put into comparisons, and every outlet is read."""

import re
import subprocess
from pathlib import Path

import html5lib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_comparisons import normal, planted, shifted, small, tiled

from sim.cli import spreads
from sim.cli.compare import report as print_comparison
from sim.cli.terms import TERMS
from sim.cli.work import covers as covers_of_run
from sim.figures import compare as plots_compare
from sim.figures import series as plots
from sim.figures import trial as plots_trial
from sim.measures.spread import ENDS, ENOUGH, effective, mean_and_precision, read_off, spread
from sim.report import comparison_tables, comparisons, render
from sim.report.words import LANGUAGES, Words
from sim.studies.answers.compare import compare
from sim.studies.answers.comparison import Comparison
from sim.trials.result import covers as covers_of_trial

SD = 0.0185  # with a mean of -0.0143, 25 of 32 draws have its sign, as community policing in the demo
BANDED = ("effects.png", "ledger.png", "conduct.png")
ROOT = Path(__file__).parents[2]
FORBIDDEN = [  # the sureness that a mean lends to its sign; and the interval of a mean taken for what is not known
    r"\bP\(sign", r"probabilit(y|ies)[ _]of[ _](the |this |its )?sign", r"probabilidad(es)? de(l| este) signo", r"how probable it is",
    r"cuán probable es", r"> ?0\.999|99\.9 %", r"sure the (sign|direction) is",
    r"half-widths? of (its|the|every)", r"(mitad del ancho|semiancho) de",
    r"95 % (t )?intervals?[^.;]{0,80}(calibration|not known of|uncertainty of)", r"intervals? cover[^.]{0,60}(luck|calibration|parameters)",
    r"intervalos? de 95 %[^.;]{0,80}(calibraci|incertidumbre)", r"intervalos?[^.]{0,30}(cubren|abarcan)[^.]{0,60}(azar|suerte|calibraci)",
    r"bands?: 95 % intervals( of the mean|;)", r"(bandas|franjas): intervalos de 95 % de la media", r"distinct from 0",
    r"± (its |their )?precision", r"± su precisión", r"(replicates|réplicas|trials) ±", r"precision of a mean \(±\)",
    r"precisión de (la|una) media \(±\)", r"(mean over|media de) \{many\} (replicates|réplicas), (and in brackets|y entre paréntesis)",
]  # fmt: skip
ELSEWHERE = re.compile(  # sensitivity has intervals of their own kind; a change is told in the changelog
    r"CHANGELOG|tests/|docs/(which-reform|studies|discovery|design/|validation|calibration)|sim/(sensitivity|calibration)/|"
    r"plots_(sensitivity|calibration)|experiments/(known-answers|which-)|\.csv$|\.json$|scenarios/"
)


def forbidden(text):
    text = " ".join(text.split())
    return [found[0] for pattern in FORBIDDEN for found in re.finditer(pattern, text, re.IGNORECASE)]


@pytest.fixture(scope="module", params=["draws", "luck"])
def one(request):
    """A comparison of one replicate: a draw of a posterior, or one city's luck."""
    return small(None if request.param == "draws" else "none")


@pytest.fixture(scope="module")
def drawn():
    return small()


# --- What is computed


def test_the_range_stays_while_the_precision_falls():
    rows, drawn = {}, small("none")
    for many in (20, 80, 320, 1280):
        table = planted(drawn, {"course": normal(many, 0.01, 0.02), "beats": normal(many, 0, 0.001)}).effects()
        rows[many] = table.set_index(["arm", "measure"]).loc[("course", "mean_trust")]
    widths = [row.q95 - row.q05 for row in rows.values()]
    assert widths == pytest.approx([2 * 1.6449 * 0.02] * 4, rel=0.01)
    assert [row.effect for row in rows.values()] == pytest.approx([0.01] * 4, abs=1e-12)
    scaled = [row.precision * many**0.5 for many, row in rows.items()]
    assert scaled == pytest.approx([1.96 * 1.2533 * 0.02] * 4, rel=0.15), "as one over the root"
    assert rows[1280].precision < rows[20].precision / 7


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([20, 27, 60]))
def test_nine_of_ten_further_runs_lie_within(seed, many):
    """On average over comparisons, whatever the distribution: here one that is far from normal."""
    generator = np.random.default_rng(seed)
    inside = []
    for _ in range(400):
        found = spread(generator.exponential(size=many))
        inside.append(np.exp(-max(found.low, 0.0)) - np.exp(-found.high))  # the exact share of this distribution
    assert np.mean(inside) == pytest.approx(0.9, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_counts_and_ranges_are_those_of_the_values(values):
    found, values = spread(values), np.array(values)
    assert found.many == len(values) and found.mean == pytest.approx(values.mean(), abs=1e-6)
    assert found.middle == pytest.approx(np.median(values), abs=1e-6)
    if values.any():
        assert found.share == pytest.approx(np.mean(np.sign(values) == np.sign(found.middle)))
        count, of = found.counted
        assert of == (100 if len(values) >= ENOUGH else len(values)) and count == round(found.share * of)
    assert found.ranged == (len(values) >= ENOUGH)
    if found.ranged:
        assert values.min() <= found.low <= found.high <= values.max()
        assert np.mean(values < found.low) <= 0.05 and np.mean(values > found.high) <= 0.05
        rise, fall = found.low > 0, found.high < 0
        assert found.verdict == ("same" if not values.any() else "rise" if rise else "fall" if fall else "unclear")


def lived(generator, cities, lives, between, luck, weights=None):
    """Cities whose true effects are known, each lived so many times (a number, or one a city): effects, runs, draws, weights of runs."""
    truth = generator.normal(0.1, between, cities)
    draws = np.repeat(np.arange(cities), lives)
    weight = (np.ones(cities) if weights is None else weights)[draws] / np.bincount(draws)[draws]
    return truth, truth[draws] + generator.normal(0, luck, draws.size), draws, weight


@pytest.mark.parametrize("lives", [2, 8, "every fourth twice"])
def test_what_lies_between_cities_and_what_luck_does_are_recovered(lives):
    generator, each = np.random.default_rng(4), np.where(np.arange(128) % 4, 1, 2) if lives == "every fourth twice" else lives
    for between, luck in ((1.0, 0.5), (1.0, 1.0), (0.5, 0.25)):
        told = [spread(*lived(generator, 128, each, between, luck)[1:]) for _ in range(150)]
        assert np.mean([one.between for one in told]) == pytest.approx(between**2, rel=0.08)
        assert np.mean([one.luck for one in told]) == pytest.approx(luck**2, rel=0.05)
        assert np.mean([one.high - one.low for one in told]) == pytest.approx(2 * 1.6449 * between, rel=0.05)


def test_the_range_over_cities_stays_and_its_arithmetic_becomes_exact():
    """One arm with 8, 32, 128 and 512 draws, every fourth lived twice: with 8 there are words and no range."""
    generator = np.random.default_rng(5)
    width, precision = {}, {}
    for many in (8, 32, 128, 512):
        each = np.where(np.arange(many) % 4, 1, 2)
        told = [spread(*lived(generator, many, each, 1.0, 0.4)[1:]) for _ in range(6400 // many)]
        width[many], precision[many] = np.mean([(one.high - one.low, one.precision) for one in told], axis=0)
    assert np.isnan(width[8])
    assert [width[many] for many in (32, 128, 512)] == pytest.approx([3.29] * 3, rel=0.06), "it does not shrink"
    assert width[512] > 0.93 * width[32]
    scaled = [precision[many] * many**0.5 for many in (8, 32, 128, 512)]
    assert scaled[1:] == pytest.approx([1.96 * 1.2533 * 1.16**0.5] * 3, rel=0.1), "as one over the root"


def test_luck_is_never_said_to_be_all_and_one_life_leaves_it_in():
    generator = np.random.default_rng(6)
    _, runs, draws, weight = lived(generator, 32, 2, 0.0, 1.0)
    alike = spread(runs, draws, weight)
    assert 0 < alike.high - alike.low < 2 * 1.6449 * 0.8, "wider than nothing, narrower than luck"
    alone = spread(runs[::2], draws[::2])
    assert np.isnan(alone.luck) and np.isnan(alone.between) and alone.high - alone.low > 2.2
    assert (alone.low, alone.high) == pytest.approx(tuple(np.quantile(runs[::2], ENDS, method="weibull")))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2]), st.floats(0.01, 50))
def test_weighted_and_unweighted_agree_where_they_must(seed, lives, scale):
    """Equal weights of any size change nothing; a draw of weight 0 is not there; the order of runs is nothing."""
    generator = np.random.default_rng(seed)
    _, runs, draws, weight = lived(generator, 24, lives, 1.0, 0.5)
    plain = spread(runs, draws)
    assert np.array(spread(runs, draws, scale * weight)) == pytest.approx(np.array(plain), nan_ok=True)
    order = generator.permutation(runs.size)
    assert np.array(spread(runs[order], draws[order], weight[order])) == pytest.approx(np.array(plain), nan_ok=True)
    alone = spread(runs[:24], np.arange(24))
    more = spread(np.r_[runs[:24], 1e3], np.arange(25), np.r_[np.ones(24), 0.0])
    assert (more.middle, more.low, more.high, more.draws) == pytest.approx((alone.middle, alone.low, alone.high, alone.draws))


def test_a_draw_counts_whole_where_one_of_its_lives_has_no_value():
    values, draws, weight = np.r_[np.arange(24.0), np.nan], np.r_[np.arange(24), 3], np.r_[np.ones(24), 0.5]
    weight[3] = 0.5
    assert spread(values, draws, weight)[:5] == pytest.approx(spread(values[:24])[:5])


def test_a_heavy_draw_counts_as_much_as_it_weighs():
    values, weight = np.arange(40.0), np.where(np.arange(40) < 20, 3.0, 1.0)
    heavy = spread(values, np.arange(40), weight)
    assert (
        heavy.draws == pytest.approx(80**2 / 200)
        and heavy.middle < 19.5
        and heavy.mean == pytest.approx(np.average(values, weights=weight))
    )
    assert spread(values - 19.5, np.arange(40), weight).share == pytest.approx(0.75)


def test_runs_that_share_a_draw_are_one_when_a_range_is_asked_for():
    values = np.arange(30.0)
    assert spread(values).ranged and not spread(values, np.arange(30) // 2).ranged
    assert spread(values, np.arange(30) // 2).draws == 15 == effective(np.arange(30) // 2)
    assert spread(np.where(values < 12, np.nan, values)).draws == 18


def test_the_precision_is_half_of_students_interval():
    assert mean_and_precision([1.0, 2.0, 3.0, 4.0]) == pytest.approx((2.5, 3.182446305 * np.std([1, 2, 3, 4], ddof=1) / 2))
    assert mean_and_precision([1.0, np.nan, 3.0])[0] == 2.0
    assert np.isnan(mean_and_precision([])[0]) and np.isnan(mean_and_precision([5.0])[1]) and mean_and_precision([5.0])[0] == 5.0


def test_a_sign_is_clear_by_the_range_or_by_all_of_five():
    assert not spread([0.1] * 4).clear and spread([0.1, 0.2, 0.1, 0.3, 0.1]).clear and not spread([0.1] * 7 + [-0.01]).clear
    assert spread(normal(32, 0.02, 0.01)).clear
    mostly = spread(normal(32, -0.0143, SD))  # community policing in the demo: Student's t excludes 0 by far, 22 of 100 cities do not
    assert abs(mostly.middle) > 1.7 * mostly.precision and not mostly.clear and mostly.verdict == "unclear" and mostly.counted == (78, 100)


def test_a_posterior_of_few_draws_has_no_range(drawn, tmp_path):
    names = list(drawn.study.drawn(0))[:2]
    value = {name: [drawn.study.drawn(number)[name] for number in range(4)] for name in names}
    pd.DataFrame(value).to_csv(tmp_path / "few.csv", index=False)
    study = drawn.study.with_(posterior=str(tmp_path / "few.csv"))
    few = tiled(Comparison(drawn.dataset.assign_attrs(study=study.to_yaml())), 40)
    assert few.varies == "draws" and not few.ranged and study.enough() is None
    assert few.effects().q05.isna().all() and few.effects().effective_draws.between(3, 4.01).all()
    assert "too few draws" in few.covers()


def test_how_many_replicates_give_a_range_is_said(drawn):
    enough = drawn.study.enough()
    assert not tiled(drawn, enough - 1).ranged and tiled(drawn, enough).ranged
    assert f"it takes {enough} replicates (--replicates {enough})" in tiled(drawn, 8).covers()


# --- What prices, verdicts and the rule follow


def test_nothing_is_divided_by_an_effect_that_some_draws_turn_round(drawn):
    found = planted(drawn, {"course": normal(32, 0.02, 0.005), "beats": normal(32, -0.0143, SD)})
    table = found.costs().set_index(["arm", "measure"])
    course, beats = (table.loc[(arm, "mean_trust")] for arm in ("course", "beats"))
    assert course.money_per_unit == pytest.approx(course.money / course.effect)
    assert 0 < course.money_per_unit_q05 < course.money_per_unit < course.money_per_unit_q95
    money = found.dataset.money_spent.sum("week")
    paid = (money.sel(arm="course") - money.sel(arm="baseline")).values
    trust = found.dataset.mean_trust.isel(week=-1)
    prices = np.sort(paid / (trust.sel(arm="course") - trust.sel(arm="baseline")).values)
    assert prices[0] <= course.money_per_unit_q05 <= prices[2] and prices[-3] <= course.money_per_unit_q95 <= prices[-1]
    assert np.isnan(beats.money_per_unit) and np.isnan(beats.money_per_unit_q05)


def test_the_rule_acts_on_the_precision_and_says_so():
    study = small("none").study
    rule = {"until": {"effect": "mean_trust", "half_width": 1.0}, "most": 20}
    said = compare(study.with_(replicates=rule)).rule()
    assert "the precision of the middle of every arm's effect" in said and "not how far luck goes" in said and not forbidden(said)


# --- What is printed, written and drawn


def printed(comparison, capsys, monkeypatch, columns=80):
    monkeypatch.setenv("COLUMNS", str(columns))
    capsys.readouterr()
    print_comparison(comparison, False)
    return capsys.readouterr().out


def numbers(text):
    """All numbers of a text, as they are written, in ASCII."""
    plain = text.replace("\u2212", "-").replace("\u202f", "").replace(",", "")
    return [float(found) for found in re.findall(r"[-+]?\d+\.?\d*", plain)]


@pytest.mark.parametrize("many", [32, 8])
def test_every_outlet_tells_the_same(one, many, capsys, monkeypatch, tmp_path):
    found = planted(one, {"course": normal(many, -0.0143, SD), "beats": normal(many, 0.02, 0.005)})
    found.save(tmp_path)
    row = pd.read_csv(tmp_path / "effects.csv").set_index(["arm", "measure"]).loc[("course", "mean_trust")]
    out = printed(found, capsys, monkeypatch)
    line = next(line for line in out.partition("course")[2].splitlines() if "mean_trust" in line)
    own, told = read_off(row), numbers(line.partition("mean_trust")[2])
    ends, sign = ([round(own.low, 3), round(own.high, 3)], [own.counted[0], *own.count_ends]) if many == 32 else ([], [*own.counted])
    wanted = [round(own.middle, 4), *ends, *sign, round(own.precision, 4)]
    assert told[: len(wanted)] == pytest.approx(wanted, abs=6e-4)
    assert own.counted == ((78, 100) if many == 32 else (7, 8)) and ("78 (62 to 90)" if many == 32 else "7 of 8") in line
    assert spreads.middle(own, sign=True) in line and (" to " in line) == (many == 32)
    line = plots_compare.effects(found).axes[0].get_lines()[0]
    assert (line.get_label(), line.get_ydata()[-1]) == ("course", pytest.approx(own.middle, abs=1e-12))
    diamond = plots_compare.ledger(found).axes[0].get_lines()[-2]
    assert diamond.get_xdata()[found.compared.index("course")] == pytest.approx(own.middle, abs=1e-12)
    assert f"{own.middle:.4f}" in found._repr_html_() and found.ledger().set_index("arm").loc["course"].effect.notna().all()
    for language in LANGUAGES:
        words = Words(language)
        table = comparison_tables.trust_table(found, {arm: arm for arm in found.arms}, words)[0]
        cells = next(cells for cells in table.rows if cells[0] == "course")
        assert numbers(cells[1]) == pytest.approx(wanted[: 3 if many == 32 else 1], abs=6e-4)
        assert numbers(cells[2]) == pytest.approx([row.level_from, row.level_to], abs=6e-4)
        assert numbers(cells[4]) == [*own.counted, *(own.count_ends if many == 32 else ())]
        assert numbers(cells[5])[0] == pytest.approx(own.precision, abs=6e-4)
        if found.varies == "draws":  # a page takes seconds to draw
            page = " ".join("".join(html5lib.parse(render(tmp_path, language), namespaceHTMLElements=False).itertext()).split())
            assert words.counted(own) in page and forbidden(page) == []


@pytest.mark.parametrize("many", [32, 8, 1])
def test_the_words_say_what_varies(one, many, capsys, monkeypatch):
    found = planted(one, {"course": normal(many, -0.0143, SD), "beats": normal(many, 0.02, 0.005)})
    out = " ".join(printed(found, capsys, monkeypatch, 200).split())
    assert forbidden(out) == []
    assert ("possible cit" in out) == (found.varies == "draws")
    assert ("one city with these numbers, other luck" in out) == (found.varies == "luck")
    assert (f"there is no 5-95 % range; it takes {found.study.enough()}" in out) == (many < 20)
    assert (f"5-95 % of {'cities' if found.varies == 'draws' else 'runs'}" in out) == (many == 32)
    if many == 32:
        assert "78 (62 to 90)" in out and "sign open" in out and "its range holds 0" in out
    for language in LANGUAGES:
        words = Words(language)
        card = comparisons.answer_card(found, {arm: arm for arm in found.arms}, words)
        said = " ".join([comparisons.caution(found, words), card.about, card.finding, *card.notes])
        assert forbidden(said) == [] and ("{" not in said)
        assert (words["answer"]["cities_draws"] in said) == (found.varies == "draws" and many > 1)
        assert any("course" in line.name and line.verdict for line in card.lines)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("many", [32, 8])
def test_bands_are_the_range_and_captions_say_so(one, many, language):
    values = normal(many, -0.0143, SD)
    found = planted(one, {"course": values, "beats": normal(many, 0.02, 0.005)})
    inside = Words(language).figure("plots_compare")
    drawn_ = {name: draw(found, words=inside) for name, draw in plots_compare.FIGURES.items() if name in BANDED}
    said = {name: " ".join(" ".join(text.get_text() for text in figure.texts).split()) for name, figure in drawn_.items()}
    axes = drawn_["effects.png"].axes[0]
    bands = [band for band in axes.collections if type(band).__name__ in ("PolyCollection", "FillBetweenPolyCollection")]
    lines = [len(each.get_segments()) for each in axes.collections if type(each).__name__ == "LineCollection"]
    if many < 20:
        assert bands == [] and lines == [found.replicates] * 2, "each replicate is a line"
    else:
        low, high = np.quantile(values, ENDS, method="weibull")
        ends = bands[0].get_paths()[0].vertices[:, 1]
        assert (ends.min(), ends.max()) == pytest.approx((low, high), abs=1e-9)
    for name in BANDED:
        assert (inside[found.varies].partition("{")[0] in said[name]) == (many == 32), name
        assert forbidden(said[name]) == []


def text_of(path):
    """The text of a file; of the words of a language, without those of decisions and of the analyses that have intervals of their own."""
    text = path.read_text(encoding="utf-8")
    own = r"^(decision|notes|plots_decision|plots_sensitivity):\n(?:[ #].*\n|\n)*"
    return re.sub(own, "", text, flags=re.M) if path.parent.name == "words" else text


def test_no_shipped_text_takes_the_precision_of_a_mean_for_uncertainty():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    texts = [name for name in tracked if re.search(r"\.(py|md|yaml|yml|html|vue|ipynb|css)$", name) and not ELSEWHERE.search(name)]
    assert len(texts) > 150 and {"README.md", "docs/tutorial.md", "docs/es/informe.md", "sim/style/words/es.yaml"} <= set(texts)
    found = {name: forbidden(text_of(ROOT / name)) for name in texts if (ROOT / name).exists()}
    assert {name: hits for name, hits in found.items() if hits} == {}
    everywhere = [name for name in tracked if not re.match(r"CHANGELOG|tests/|docs/design/", name) and (ROOT / name).is_file()]
    for name in everywhere:
        if re.search(r"\.(py|md|yaml|html|vue|ipynb|csv|json)$", name):
            assert not re.search(r"P\(sign|probability_of_sign", (ROOT / name).read_text(encoding="utf-8")), name


def test_what_is_found_is_really_looked_for():
    for wrong in (
        "P(sign) > 0.999", "probability of this sign", "± half-width of its 95 % interval", "bands: 95 % intervals of the mean",
        "intervals cover luck and what calibration leaves open", "± mitad del ancho de su intervalo de 95 %",
        "Los intervalos de 95 % abarcan el azar", "means of 12 replicates ± precision of the mean", "media de réplicas ± su precisión",
        "The precision of a mean (±) is half of", "mean over {many} replicates, and in brackets",
    ):  # fmt: skip
        assert forbidden(wrong), wrong


def test_other_words_hold_to_it():
    covered = [str(covers(many)) for covers in (covers_of_run, covers_of_trial) for many in (1, 4, 20)]
    for text in (*TERMS.values(), *covered, *plots.WORDS.values()):
        assert forbidden(text) == [], text
    assert {"range (5-95 %)", "sign", "precision"} <= TERMS.keys() and "P(sign)" not in TERMS
    assert "20" in str(covers_of_run(4)) and plots_trial.FIGURES


def test_constant_effects_have_no_range_to_show(drawn):
    found = shifted(tiled(drawn, 20), {"course": np.zeros(20)})
    assert spreads.reach(read_off(found.effects().iloc[0])) == "-"
    assert Words("en").spread(spread(np.zeros(20))) == "0.000"
