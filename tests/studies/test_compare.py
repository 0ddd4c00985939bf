"""Comparisons: luck is shared exactly, tables say what runs say, and stopping follows the rule."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from made_comparisons import tiled

from sim.cli import main, spreads
from sim.errors import InputError
from sim.figures import compare as plots_compare
from sim.files.writing import MANIFEST
from sim.inputs.scenario import CitySize, Scenario
from sim.measures import MEASURES
from sim.measures.harvest import CAUSES
from sim.measures.spread import read_off
from sim.measures.voice_measures import VOICE_MEASURES
from sim.studies.answers.compare import BATCH, compare
from sim.studies.answers.comparison import TABLES, Comparison
from sim.studies.answers.sweep import sweep
from sim.studies.design.study import LEAST, Study
from sim.studies.design.study_files import load_study
from sim.studies.running.effects import independent_variance, variance_reduction
from sim.studies.running.runs import ComparisonStore
from sim.world.reforms import Bill, Training
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation

pytestmark = pytest.mark.compiled
SMALL = Scenario(name="Small", city=CitySize(adults=3000, officers_per_1000_inhabitants=4.0), weeks=60, spin_up_weeks=30, seed=11)
STUDY = Study(
    name="[Which] & why?",
    question="¿Qué cambia?",
    scenario=SMALL,
    arms={
        "course": [{"training": {"start": 0, "coverage": 0.9}}],
        "purge then course": [{"purge": {"start": 0, "follow_through": 0.8, "months": 3}}, {"training": {"start": 20}}],
    },
    replicates=4,
    measures=["mean_trust", "share_trusting", "incidence", "corrupt_contact_share", "cost"],
)


@pytest.fixture(scope="module")
def comparison():
    return compare(STUDY)


def test_the_placebo_is_lived_once_and_is_exactly_the_baseline(tmp_path):
    found = compare(STUDY, folder=tmp_path)
    assert found.arms == ["baseline", "course", "purge then course"] and found.placebo_is_exact()
    store = ComparisonStore.open(tmp_path)
    runs = store.arrays()
    assert Counter(runs["arm"].tolist()) == dict.fromkeys(found.arms, 4) | {"placebo": 1} and store.status().wanted == 13
    for name, values in runs.items():
        assert name == "arm" or np.array_equal(values[-1], values[0], equal_nan=values.dtype.kind == "f"), name
    assert runs["replicate"][-1] == 0 and not np.array_equal(runs["crimes"][-1], runs["crimes"][1])


def test_a_placebo_that_differs_is_a_loud_failure(monkeypatch):
    act = Training.due
    monkeypatch.setattr(Training, "due", lambda self, horizon: act(self if self.coverage else replace(self, coverage=1e-9), horizon))
    monkeypatch.setattr(Training, "act", lambda self, scene: Bill(0.0, float(self.coverage == 0)))
    with pytest.raises(InputError, match="differs from the baseline in money_spent"):
        compare(SHORT, replicates=2)


def test_compared_with_the_placebo_it_is_lived_as_every_other_arm():
    study = SHORT.with_(vs="placebo", replicates=2)
    found, usual = compare(study), compare(study.with_(vs="baseline"))
    assert found.arms == ["baseline", "course", "placebo"] and found.compared == ["baseline", "course"]
    assert found.dataset.sel(arm=usual.arms).drop_attrs().identical(usual.dataset.drop_attrs())
    effects = found.effects().set_index(["arm", "measure"]).effect
    assert not effects["baseline"].any() and effects["course", "cost"] > 0


def test_paired_effects_are_differences_of_plain_simulations(comparison):
    table = comparison.effects().set_index(["arm", "measure", "week"])
    for arm in STUDY.arms:
        differences = []
        for replicate in range(4):
            seed = replicate_seed(11, replicate)
            with_reform, without = (Simulation(STUDY.scenario_of(name), seed).run() for name in (arm, "baseline"))
            weekly = [STUDY.base.values().trust.effectiveness_weight * run.record.means[:, 1] for run in (with_reform, without)]
            weekly = [part + (1 - STUDY.base.values().trust.effectiveness_weight) * run.record.means[:, 0]
                      for part, run in zip(weekly, (with_reform, without), strict=True)]  # fmt: skip
            differences.append((weekly[0] - weekly[1])[-52:].mean())
        row = table.loc[(arm, "mean_trust", 60)]
        assert row.effect == pytest.approx(np.median(differences), abs=1e-12)
        assert row["mean"] == pytest.approx(np.mean(differences), abs=1e-12) and np.isnan(row.precision), "four tell no precision"


def test_before_its_start_a_reform_changes_nothing(comparison):
    trust = comparison.dataset.mean_trust
    same = trust.sel(week=slice(None, -1))
    assert all(np.array_equal(same.sel(arm=arm), same.sel(arm="baseline")) for arm in STUDY.arms)


def test_training_is_known_better_with_shared_luck(comparison):
    row = comparison.effects().set_index(["arm", "measure", "week"]).loc[("course", "mean_trust", 60)]
    assert row.effect > 0 and row.variance_reduction > 3
    assert row.share_with_sign == 1 and row.replicates == row.effective_draws == 4 and np.isnan(row.q05), "too few for a range"


def test_the_independent_variance_is_that_of_all_other_pairs():
    generator = np.random.default_rng(5)
    arm, other = generator.normal(size=9), generator.normal(size=9)
    pairs = [(arm[r] - other[s] - arm.mean() + other.mean()) ** 2 for r, s in product(range(9), repeat=2) if r != s]
    assert independent_variance(arm, other) == pytest.approx(np.mean(pairs) + np.var(arm - other, ddof=1) / 9)
    assert independent_variance(arm, other) == pytest.approx(np.var(arm, ddof=1) + np.var(other, ddof=1)), "so it is unbiased"
    assert variance_reduction(other + 0.01 * arm, other) > 100
    assert variance_reduction(other + 1, other) > 1e6
    assert np.isnan(variance_reduction(arm, np.zeros(9))) and np.isnan(variance_reduction(arm[:2], other[:2]))


def test_the_ledger_adds_up_to_the_effect(comparison):
    ledger, trust = comparison.ledger(), comparison.dataset.mean_trust
    for arm in comparison.arms:
        rows = ledger[ledger.arm == arm]
        assert tuple(rows.cause) == CAUSES
        difference = float((trust.sel(arm=arm) - trust.sel(arm="baseline")).sel(week=slice(8, 59)).mean())
        assert rows["mean"].sum() == pytest.approx(difference, abs=1e-12)
        change = float((trust.sel(arm=arm, week=slice(8, 59)).mean("week") - trust.sel(arm=arm, week=-1)).mean())
        assert rows.change.sum() == pytest.approx(change, abs=1e-12)


def test_costs_are_those_that_reforms_book(comparison):
    costs = comparison.costs().set_index(["arm", "measure"])
    runs = [Simulation(STUDY.scenario_of("course"), replicate_seed(11, replicate)).run() for replicate in range(4)]
    booked = np.median([run.costs["training"].sum(axis=0) for run in runs], axis=0)
    row = costs.loc[("course", "mean_trust")]
    assert (row.officer_weeks, row.money) == pytest.approx(tuple(booked)) and row.money > 0
    assert np.isnan(row.money_per_unit), "the sign of four replicates is not clear"
    assert "cost" not in costs.index.get_level_values("measure")


def test_conduct_before_and_after(comparison):
    rows = comparison.conduct().set_index(["arm", "level"])
    assert rows.loc[("course", "course_knowledge")].before == 0 < rows.loc[("course", "course_knowledge")].last_year
    assert rows.loc[("baseline", "course_behavior")].last_year == 0
    gained = rows.loc[("course", "mean_conduct")].last_year - rows.loc[("baseline", "mean_conduct")].last_year
    assert gained == pytest.approx(rows.loc[("course", "course_behavior")].last_year, rel=0.5) and gained > 0


def test_voices_are_paired_and_known_as_what_they_are(comparison):
    heard = comparison.voices().set_index(["arm", "measure"])
    assert len(heard) == len(comparison.arms) * len(VOICE_MEASURES) and (heard.loc["baseline", "effect"].dropna() == 0).all()
    course = heard.loc["course"]
    assert (
        course.effect["officers_attitude"] > 0.3
        and course.asked["officers_attitude"] == heard.loc[("baseline", "officers_attitude"), "asked"]
    )
    last = comparison.dataset.voices.isel(survey_week=-1).sel(question="stopped_felt_bad")
    assert course.effect["stopped_felt_bad"] == pytest.approx(float((last.sel(arm="course") - last.sel(arm="baseline")).median()))
    said = "luck of sampling and errors of memory are in their effects"
    assert said not in comparison.covers()
    assert said in Comparison(comparison.dataset.assign_attrs(study=STUDY.with_(measures=["stopped_felt_bad"]).to_yaml())).covers()


def test_neither_the_order_of_arms_nor_the_number_of_workers_matters(comparison):
    turned = STUDY.with_(arms=dict(reversed(STUDY.arms.items())))
    again = compare(turned, workers=1).dataset.sel(arm=comparison.arms)
    assert again.drop_attrs().identical(comparison.dataset.drop_attrs())


def test_another_arm_to_compare_with(comparison):
    turned = compare(STUDY.with_(vs="course"), replicates=4)
    assert turned.compared == ["baseline", "purge then course"]
    forward, backward = (each.effects().set_index(["arm", "measure", "week"]).effect for each in (comparison, turned))
    assert backward["baseline", "mean_trust", 60] == pytest.approx(-forward["course", "mean_trust", 60], abs=1e-15)
    one, other = (tiled(each, 5).gainers().set_index("arm").loc[arm] for each, arm in ((comparison, "course"), (turned, "baseline")))
    assert (one.share_gaining, one.share_losing) == (other.share_losing, other.share_gaining) and one.share_gaining > 0


SHORT = STUDY.with_(weeks=8, arms={"course": [{"training": {"start": 0}}]}, scenario=SMALL.with_(spin_up_weeks=0, adults=1000))


def until(half_width, most=20):
    return SHORT.with_(replicates={"until": {"effect": "mean_trust", "half_width": half_width}, "most": most})


def test_stopping_follows_the_rule():
    easy = compare(until(1.0))
    assert easy.replicates == LEAST and "reached" in easy.rule()
    hopeless = compare(until(1e-9, most=30))
    assert hopeless.replicates == 30 and "NOT reached" in hopeless.rule()
    widths = [width_after(hopeless, many) for many in range(LEAST, 30, BATCH)]
    best = np.minimum.accumulate(widths)
    stop = int(np.flatnonzero(best[1:] < best[0])[0]) + 1  # the first look that finds it better known than the looks before
    between = compare(until((best[stop - 1] + widths[stop]) / 2, most=30))
    assert between.replicates == LEAST + stop * BATCH
    assert between.dataset.crimes.equals(hopeless.dataset.crimes.isel(replicate=slice(0, between.replicates)))


def width_after(comparison, many):
    table = Comparison(comparison.dataset.isel(replicate=slice(0, many))).effects().set_index(["arm", "measure", "week"])
    return table.loc[("course", "mean_trust", 8)].precision


def test_numbers_out_of_range_are_refused():
    with pytest.raises(InputError, match="'replicates' must be a whole number from 1"):
        compare(SHORT, replicates=0)


def test_progress_tells_every_week():
    told = []
    compare(SHORT, replicates=2, progress=told.append)
    assert sum(told) == (2 * 2 + 1) * 8


def test_a_budget_is_what_every_arm_costs():
    rich = STUDY.with_(
        scenario=SMALL.with_({"justice.known_share": 1.0}, adults=20_000), weeks=20, replicates=4, budget=400,
        arms={"beats": [{"community_policing": {"start": 0, "share": 0.5}}], "hearings": [{"civic_justice": {"start": 0, "share": 0.5}}]},
    )  # fmt: skip
    found = compare(rich)
    money = found.dataset.money_spent.sum("week").mean("replicate").to_series()
    assert [money["beats"], money["hearings"]] == pytest.approx([400, 400], rel=0.02)
    assert found.study.budget is None and json.loads(found.dataset.attrs["budget"]) == {"money": 400}


def test_saved_and_loaded_back(comparison, tmp_path):
    paths = comparison.save(tmp_path / "a")
    assert {path.name for path in paths} == {path.name for path in (tmp_path / "a").iterdir()} - {MANIFEST}
    again = Comparison.load(tmp_path / "a")
    assert again.dataset.equals(comparison.dataset) and again.study == comparison.study
    for table in TABLES:
        assert getattr(again, table)().equals(getattr(comparison, table)()), table
    assert load_study(tmp_path / "a" / "study.yaml") == STUDY
    facts = json.loads((tmp_path / "a" / "provenance.json").read_text(encoding="utf-8"))
    assert facts["placebo_is_exact"] is True and facts["replicate_seeds"] == [replicate_seed(11, r) for r in range(4)]
    with pytest.raises(InputError, match="no comparison that can be read"):
        Comparison.load(tmp_path / "nowhere")
    assert "purge then course" in repr(again) and "&amp;" in again._repr_html_()


@pytest.mark.parametrize("draw", plots_compare.FIGURES.values(), ids=plots_compare.FIGURES)
def test_figures_show_every_arm_with_axes_named(draw, comparison):
    figure = draw(comparison)
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>" and axes.get_visible()]
    shown = [text.get_text() for axes in panels for text in [*axes.get_yticklabels(), axes.title, axes._left_title]]
    shown += [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert set(comparison.compared) <= set(shown)
    assert "compared with baseline" in figure.texts[0].get_text() or draw is plots_compare.conduct
    assert panels[-1].get_xlabel() or figure.get_supxlabel()


def test_figures_show_the_numbers_of_the_tables(comparison):
    axes = plots_compare.effects(comparison).axes[0]
    table = comparison.effects().query("measure == 'mean_trust' and week == 52").set_index("arm")
    for line, arm in zip(axes.get_lines(), comparison.compared, strict=False):
        assert line.get_label() == arm
        assert line.get_ydata()[list(line.get_xdata()).index(1.0)] == pytest.approx(table.effect[arm])
    bars = plots_compare.ledger(comparison).axes[0].patches
    sums = comparison.ledger().set_index("arm")["mean"].loc[comparison.compared]
    assert sum(bar.get_width() for bar in bars) == pytest.approx(sums.sum())


def test_figures_of_a_short_comparison_with_one_replicate(tmp_path):
    short = compare(SHORT, replicates=1)
    assert len(plots_compare.save_figures(short, tmp_path)) == len(plots_compare.FIGURES)


def command(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    written = capsys.readouterr()
    return stopped.value.code, written.out, written.err


def test_the_command_prints_and_writes(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    (tmp_path / "which.yaml").write_text(STUDY.to_yaml(), encoding="utf-8")
    code, out, err = command(capsys, "compare", "which.yaml", "--replicates", "2", "--weeks", "30", "--seed", "5")
    assert (code, err) == (0, "")
    found = Comparison.load(tmp_path / "out" / "which")
    assert found.replicates == 2 and found.study.seed == 5 and int(found.dataset.week[-1]) == 29
    assert "one replicate: identical to the baseline there in every number." in out and "2 replicates of every arm, as asked" in out
    assert "[Which] & why?" in out and "purge then course" in out
    for path in (tmp_path / "out" / "which").iterdir():
        assert path.name in out or path.name in (MANIFEST, "runs")
    row = found.effects().set_index(["arm", "measure", "week"]).loc[("course", "mean_trust", 30)]
    assert spreads.middle(read_off(row), sign=True) in out and "2 of 2" in out and "there is no 5-95 % range; it takes 20" in out


BAD = {
    "nothing to run": (["--replicates", "0"], "--replicates: must be a whole number"),
    "no weeks": (["--weeks", "0"], "--weeks: must be a whole number from 1"),
    "weeks before a start": (["--weeks", "10"], "--weeks: 'training' starts in week 20, outside the run"),
    "negative seed": (["--seed", "-1"], "--seed: must be a whole number from 0"),
    "folder is a file": (["--out", "which.yaml"], "'which.yaml' cannot be written to"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_the_command_refuses(options, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "which.yaml").write_text(STUDY.to_yaml(), encoding="utf-8")
    code, out, err = command(capsys, "compare", "which.yaml", *options)
    assert code == 2 and message in err and out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["which.yaml"]


def test_a_budget_nobody_can_meet_names_the_file_and_the_arm(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rich.yaml").write_text(SHORT.with_(budget=1e9).to_yaml(), encoding="utf-8")
    code, _, err = command(capsys, "compare", "rich.yaml")
    assert code == 2 and err.count("rich.yaml: the arm 'course' cannot cost 1,000,000,000 thousand pesos") == 1


def test_the_package_offers_it_without_loading_it():
    code = "import sim, sys; early = 'xarray' in sys.modules; print(early, sim.compare.__module__, sim.load_study.__module__)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "False sim.studies.answers.compare sim.studies.design.study_files\n"


def test_measures_of_panels_are_compared_as_a_sweep_measures_them(tmp_path):
    asked = SHORT.with_(weeks=104, replicates=2, measures=["mean_trust", "victimization_effect", "trust_autocorrelation"], at=[52, 104])
    found = compare(asked)
    swept = sweep(asked, tmp_path / "swept").runs().set_index(["arm", "replicate", "week"])
    for name in asked.measures:
        here = MEASURES[name](found.dataset).sel(arm="course").values
        assert here.tolist() == swept.loc["course"].xs(104, level="week")[name].tolist()
    table = found.effects().set_index(["arm", "measure", "week"])
    assert np.isnan(table.loc[("course", "trust_autocorrelation", 52), "effect"])
    assert np.isfinite(table.loc[("course", "trust_autocorrelation", 104), "effect"])
    found.save(tmp_path / "compared")
    assert plots_compare.save_figures(found, tmp_path / "compared")
