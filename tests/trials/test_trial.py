"""Virtual trials: only the treated are treated, luck is shared, surveys have the noise they say, and power is what the formula says."""

import re

import numpy as np
import pytest
from figures import small
from made_comparisons import normal

import sim
from sim.cli import main
from sim.cli.trial import report
from sim.errors import InputError
from sim.figures import trial as plots_trial
from sim.inputs.scenario import CitySize, Scenario
from sim.studies.design.study import Study
from sim.style import language
from sim.trials.design import Trial, load_trial
from sim.trials.field import baseline, stops_of_week
from sim.trials.result import TrialResult
from sim.trials.survey import TrialSurvey
from sim.trials.trial import lived, run_trial, weeks_to_run
from sim.trials.units import units_of
from sim.world.population import build
from sim.world.reforms import CommunityPolicing, Purge, Training
from sim.world.simulation import Simulation, columns
from sim.world.state import Count
from sim.world.voices import Sizes

pytestmark = pytest.mark.compiled
SMALL = Scenario(name="Small", city=CitySize(adults=2500, officers_per_1000_inhabitants=15.0), weeks=40, spin_up_weeks=12, seed=11)
TRIAL = Trial(
    name="[Does] it & work?", question="¿Se ve?", scenario=SMALL, treatment=[{"training": {"start": 0, "coverage": 1.0}}],
    outcomes=["fair_stops", "attitude", "felt_good", "felt_bad", "complaints", "share_trusting"], endline=20, durations=[8], replicates=6,
    draws=2, sizes=[0.5], citizens={"sample": 500, "attrition": 0.2}, officers={"attrition": 0.1},
)  # fmt: skip
BEATS = TRIAL.with_(
    unit="beat", beat_adults=250, treatment=[{"community_policing": {"start": 0, "share": 0.9}}],
    outcomes=["fairness_scale", "unsafe", "victims", "crime_rate", "knowledge"],
)  # fmt: skip
TREATMENTS = {
    "training": Training(start=2, coverage=0.9, every=6, messages_every=4),
    "commanders": Training(start=2, coverage=0.9, whom="both"),
    "community": CommunityPolicing(start=2, share=0.7, until=16),
    "purge": Purge(start=2, follow_through=1.0, months=3, unfit_above=0.2, turn_to_crime=0.5),
}


@pytest.fixture(scope="module")
def result():
    return run_trial(TRIAL)


def quiet(weeks):
    """Nobody wants to know."""


def differing(one, other):
    left, right = columns(one.city), columns(other.city)
    return [name for name in left if not np.array_equal(left[name], right[name], equal_nan=True)]


@pytest.mark.parametrize("name", TREATMENTS)
def test_everybody_eligible_is_the_plain_reform_and_nobody_is_no_reform(name):
    scenario = SMALL.with_(interventions=(TREATMENTS[name],))
    start = Simulation(scenario, 3)
    posts = np.ones(len(start.city.officers.cell), bool)
    everybody, nobody = start.fork(posts), start.fork(~posts)
    plain, without = Simulation(scenario, 3), Simulation(SMALL, 3)
    for run in (everybody, nobody, plain, without):
        run.advance(30)
    assert differing(everybody, plain) == []
    assert all(np.array_equal(cost, plain.costs[kind]) for kind, cost in everybody.costs.items())
    assert differing(nobody, without) == [] and differing(plain, without)
    assert start.week == 0 and len(start.record.counts) == 12, "a fork leaves what it came from alone"
    start.advance(30)
    assert differing(start, plain) == []


def test_only_the_eligible_are_treated():
    for name, reform in TREATMENTS.items():
        start = Simulation(SMALL.with_(interventions=(reform,)), 4)
        officers = len(start.city.officers.cell)
        eligible = np.isin(start.city.officers.squad, np.unique(start.city.officers.squad)[::2])
        run, none = start.fork(eligible), start.fork(np.zeros(officers, bool))
        for each in (run, none):
            each.advance(8)
        column = {"training": "knowledge", "commanders": "knowledge", "community": "community", "purge": "active"}[name]
        changed = getattr(run.city.officers, column) != getattr(none.city.officers, column)
        assert changed[eligible].mean() > 0.15 and not changed[~eligible].any(), name
        if name == "commanders":
            assert (run.city.squads.command[::2] > 0).any() and not run.city.squads.command[1::2].any()
        if name == "purge":
            assert run.record.counts[:, Count.DISMISSED].sum() == changed.sum()


def test_a_course_for_some_officers_spills_to_nobodys_conduct_but_to_all_residents(result):
    table = result.summary().query("estimator == 'ancova'").set_index("outcome")
    assert (table.loc[["fair_stops", "attitude", "complaints"], "on_controls"] == 0).all()
    assert table.total["fair_stops"] > 0.05 and table.total["complaints"] < 0
    trust = table.loc["share_trusting"]
    assert trust.total > 0.004 and trust.on_controls > 0.3 * trust.on_treated, "they live on the same streets"
    data = result.dataset.sel(outcome="share_trusting", week=20)
    bias = (data.on_treated - data.on_controls - data.total).values
    assert trust.bias + trust.bias_precision < 0 and trust.bias == pytest.approx(np.median(bias))


def test_truth_is_the_difference_of_plain_runs(result):
    for replicate in range(2):
        seed, attitude, trusting = TRIAL.seed_of(replicate, 0), [], []
        for reforms in (TRIAL.treatment, ()):
            run = Simulation(SMALL.with_(interventions=reforms), seed)
            holders = run.city.officers.identity.copy()
            run.advance(20)
            same = (run.city.officers.identity == holders) & (run.city.officers.active == 1)
            attitude.append(run.city.officers.attitude[same].mean())
            trusting.append(run.virtual_survey(SMALL.city.adults).share_trusting)
        truth = result.dataset.total.sel(replicate=replicate, week=20)
        assert float(truth.sel(outcome="attitude")) == pytest.approx(attitude[0] - attitude[1], abs=1e-6)
        assert float(truth.sel(outcome="share_trusting")) == pytest.approx(trusting[0] - trusting[1], abs=1e-6)


def test_voices_are_of_those_alone_who_have_something_to_tell():
    """Its truth is what all of them would say in plain runs; of a sample of adults only they are in the result, with their answers."""
    outcomes = ["stopped_felt_bad", "stopped_trusting", "complainants_solved", "officers_see_bribes"]
    trial = TRIAL.with_(outcomes=outcomes, replicates=2, durations=(), sizes=())
    found, everybody = run_trial(trial), Sizes(*[10**6] * 5)
    for replicate in range(2):
        seed, said = trial.seed_of(replicate, 0), []
        for reforms in (trial.treatment, ()):
            run = Simulation(SMALL.with_(interventions=reforms), seed)
            run.advance(20)
            said.append(run.voices(everybody))
        for name in outcomes[:3]:
            total = float(found.dataset.total.sel(replicate=replicate, outcome=name, week=20))
            assert total == pytest.approx(said[0].of(name).answer - said[1].of(name).answer, abs=1e-6), name
    persons = found.summary().query("estimator == 'ancova'").set_index("outcome").persons
    assert 0 < persons.complainants_solved < persons.stopped_felt_bad == persons.stopped_trusting < 500 * 0.8
    assert persons.officers_see_bribes > 0


def test_estimates_are_centered_on_what_the_trial_compares(result):
    table = result.curves().query("outcome != 'complaints'")  # few replicates, and each counts every officer once
    away = (table.estimate - (table.total + table.bias)).abs()
    assert (away < 4 * table.spread / np.sqrt(result.replicates) + 1e-9).all()
    smaller, whole = (result.curves().query("size == @size and outcome == 'attitude'") for size in (0.5, 1.0))
    assert (whole.persons.to_numpy() > 1.7 * smaller.persons.to_numpy()).all()
    assert (smaller.error.to_numpy() > 1.2 * whole.error.to_numpy()).all()


def test_results_do_not_depend_on_workers_and_replicates_nest(result):
    again = run_trial(TRIAL, replicates=2, workers=1).dataset
    for name in again.data_vars:
        assert np.array_equal(again[name], result.dataset[name].isel(replicate=slice(2)), equal_nan=True), name


def test_power_without_spillover_is_that_of_the_normal_formula():
    """No hearsay, no contagion, an outcome of officers alone: the formula knows the power if it knows effect and error."""
    alone = {"hearsay.fraction": 0.0, "hearsay.victimization_fraction": 0.0, "conduct.contagion_weight": 0.0}
    city = SMALL.with_(alone, adults=1500, officers_per_1000_inhabitants=20.0, spin_up_weeks=1, weeks=8)
    keys = {"outcomes": ["attitude"], "endline": 2, "durations": [], "sizes": [0.5], "replicates": 250, "draws": 8}
    trial = TRIAL.with_(scenario=city, officers={"person_sd": 1.0, "answer_sd": 1.0, "observed_weeks": 1}, **keys)
    table = run_trial(trial).curves()
    assert (table.bias.abs() < 1e-6).all() and (table.power_formula.between(0.15, 0.95)).all()
    assert (table.power - table.power_formula).abs().max() < 0.03
    assert (table.coverage - 0.95).abs().max() < 0.02


def field_of(trial, seed=5):
    """A city at its baseline."""
    run = Simulation(next(iter(trial.scenarios.values())), seed, spin_up=False)
    return baseline(run, trial, units_of(trial, run.city), quiet)


def test_samples_are_even_nested_and_of_the_size_asked_for():
    trial = BEATS.with_(sizes=[0.2, 0.5], citizens={"sample": 300})
    field = field_of(trial)
    survey = TrialSurvey(trial, field, 5, 0)
    assert len(survey.people.rows) == 300 == len(set(survey.people.rows))
    for size, many in enumerate((60, 150, 300)):
        kept = survey.people.size <= size
        each = np.bincount(survey.people.unit[kept], minlength=field.units.many)
        assert kept.sum() == many and np.ptp(each) <= 1
    assert np.array_equal(field.homes[survey.people.rows], survey.people.unit)
    other = TrialSurvey(trial, field, 5, 1)
    assert not np.array_equal(other.people.rows, survey.people.rows)


def test_nonresponse_attrition_and_repeated_cross_sections():
    trial = BEATS.with_(citizens={"sample": 1000, "nonresponse": 0.3, "attrition": 0.2}, sizes=[1.0])
    field = field_of(trial)
    (panel,) = TrialSurvey(trial, field, 5, 0).observations("fairness_scale", field.baseline)
    assert len(panel.y) / 1000 == pytest.approx(0.7 * 0.8, abs=0.05)
    assert np.array_equal(panel.y, panel.before), "the same persons, here even on the same day"
    trial = trial.with_(citizens={"sample": 1000, "panel": False, "nonresponse": 0.3, "attrition": 0.2})
    (fresh,) = TrialSurvey(trial, field, 5, 0).observations("fairness_scale", field.baseline)
    assert len(fresh.y) / 1000 == pytest.approx(0.7, abs=0.05)
    assert len(np.unique(fresh.before)) <= field.units.many, "others are asked, so a unit's mean is the baseline"


def test_observers_see_so_many_stops_and_questionnaires_err():
    trial = TRIAL.with_(officers={"encounters": 3, "observed_weeks": 8}, sizes=[1.0])
    field = field_of(trial)
    (seen,) = TrialSurvey(trial, field, 5, 0).observations("fair_stops", field.baseline)
    assert set(np.round(np.unique(seen.y * 6))) <= set(range(7)), "shares of at most three stops"
    draws = [next(TrialSurvey(trial, field, 5, draw).observations("attitude", field.baseline)) for draw in range(40)]
    assert np.std(np.concatenate([draw.y for draw in draws])) == pytest.approx(0.5**0.5, rel=0.1)
    both = np.concatenate([np.stack([draw.y, draw.before]) for draw in draws], axis=1)
    assert np.corrcoef(both)[0, 1] == pytest.approx(0.5, abs=0.08), "half of the variance is the person's"


def test_stops_of_a_week_are_those_the_record_counts():
    for share in (0.0, 0.5):
        run = Simulation(SMALL.with_(parameters={"community.share": share}), 6)
        for _ in range(5):
            run.advance(1)
            week = run.record.counts[-1]
            stops, fair, good, bad = stops_of_week(run).sum(axis=0)
            assert stops == week[Count.STOPS] > 0 and fair == stops - week[Count.CORRUPT_STOPS] - week[Count.UNFAIR_STOPS]
            felt = (week[Count.FELT_GOOD], week[Count.FELT_BAD])
            assert (good, bad) == felt if share == 0.0 else good < felt[0] and bad < felt[1]
            assert good > 0 and bad > 0 and good + bad < stops


def test_units_cover_the_city():
    city = build(SMALL.city, SMALL.values(), 1, 1)
    for unit in ("officer", "squad", "beat"):
        units = units_of(BEATS.with_(unit=unit, outcomes=["unsafe"]), city)
        assert set(units.officers) == set(range(units.many)) and set(units.cells) <= set(range(units.many)) and units.asked.all()
        assert np.array_equal(units.cells[city.officers.beat], units.officers) or unit != "beat"
    beats = units_of(BEATS, city)
    assert np.bincount(beats.cells).tolist() == [9, 6, 6, 9, 6, 6, 6, 4, 4]  # of 7 x 8 cells, cut 3 + 2 + 2 by 3 + 3 + 2
    inner = units_of(BEATS.with_(beat_adults=650, buffer_cells=1), city)
    block = inner.cells.reshape(city.grid.height, city.grid.width)
    neighbors = [np.roll(block, step, axis).ravel() for axis in (0, 1) for step in (-1, 1)]
    assert np.array_equal(inner.asked, np.all([one == inner.cells for one in neighbors], axis=0)) and not inner.asked.all()


def test_the_buffer_is_not_asked_and_pairs_are_treated_alike():
    trial = BEATS.with_(beat_adults=600, buffer_cells=1, citizens={"sample": 60}, assignment="pairs", endline=9, durations=[])
    run = Simulation(next(iter(trial.scenarios.values())), 7, spin_up=False)
    site, _ = lived(trial, run, 7, quiet)
    assert (site.field.homes == -1).mean() > 0.3 and site.surveys[0].people.unit.min() >= 0
    assert site.lot.treated.sum() == site.field.units.many // 2 == len(np.unique(site.lot.stratum))


def test_sites_are_pooled_and_meta_analyzed():
    trial = BEATS.with_(sites={"good": {"conduct.mean": 0.5}, "bad": {"conduct.mean": -1.0}, "same": {}}, replicates=2, durations=[])
    found = run_trial(trial)
    table = found.summary()
    assert list(table.estimator[:3]) == ["difference", "ancova", "meta"]
    rates = table[table.outcome == "crime_rate"]
    assert (rates.persons == 27).all() and rates.freedom.tolist() == [23.0, 22.0, 2.0]  # 27 beats, 3 sites
    assert trial.seed_of(0, 0) != trial.seed_of(0, 1)
    assert weeks_to_run(trial) == 2 * 3 * (12 + 3 * 20)


def test_saved_and_loaded(result, tmp_path):
    written = {path.name for path in result.save(tmp_path)}
    assert written == {"trial.nc", "trial.yaml", "provenance.json", "summary.csv", "power.csv"}
    back = TrialResult.load(tmp_path)
    assert back.trial == TRIAL and back.summary().equals(result.summary())
    assert load_trial(tmp_path / "trial.yaml") == TRIAL
    html = result._repr_html_()
    assert "[Does] it &amp; work?" in html and "share_trusting" in html and "luck alone" in html
    with pytest.raises(InputError, match="holds no trial"):
        TrialResult.load(tmp_path / "nowhere")


def test_figures(result, tmp_path):
    written = plots_trial.save_figures(result, tmp_path)
    assert [path.name for path in written] == list(plots_trial.FIGURES) and all(path.stat().st_size > 20_000 for path in written)
    figure = plots_trial.power(result)
    titles = [" ".join(axes.get_title("left").split()) for axes in figure.axes if axes.get_visible()]
    assert titles == [plots_trial.outcome_label(name, plots_trial.WORDS) for name in TRIAL.outcomes]
    spanish = [axes.get_title("left") for axes in plots_trial.estimates(result, language("es").figure("plots_trial")).axes]
    assert not set(spanish) & set(titles) and small(plots_trial.power(result)) == small(plots_trial.spillover(result)) == []


def test_few_estimates_are_shown_one_by_one(result):
    """No histogram of twelve values."""
    few = type(result)(result.dataset.isel(replicate=[0], draw=[0, 1]))
    axes = plots_trial.estimates(few).axes[0]
    assert not axes.patches and len(axes.get_lines()[0].get_xdata()) == 2
    many = type(result)(result.dataset.isel(replicate=[0] * 41, draw=[0]).assign_coords(replicate=range(41)))
    assert plots_trial.estimates(many).axes[0].patches


def test_figures_of_an_outcome_that_nobody_could_tell_say_so(tmp_path):
    """Nobody reports, so nobody can say what became of a report."""
    silent = {"reporting.intercept": -7, "reporting.person_sd": 0, "offending.propensity_log_mean": -4}
    trial = TRIAL.with_(
        scenario=TRIAL.scenario.with_(silent), outcomes=["complainants_solved", "share_trusting"], replicates=2, draws=2
    )  # fmt: skip
    result = run_trial(trial)
    for name in plots_trial.FIGURES.values():
        name(result)
    shown = [text.get_text() for axes in plots_trial.power(result).axes for text in axes.texts]
    assert shown.count("nobody could be asked") == 1
    assert all(path.stat().st_size > 10_000 for path in plots_trial.save_figures(result, tmp_path))


def made(result, many, found=None, draws=1):
    """Trials whose true effects on each outcome lie round 2 with a deviation of 1, and whose estimates are right, with such errors that
    in so many of them (all) p < 0.05.
    """
    data = (
        result.dataset.isel(replicate=[0] * many, draw=[0] * draws).assign_coords(replicate=range(many), draw=range(draws)).copy(deep=True)
    )
    truth = normal(many, 2.0, 1.0).clip(0.1)
    for name, values in {"total": truth, "on_treated": truth + 0.5, "on_controls": 0 * truth}.items():
        data[name] = data[name].copy(data=np.broadcast_to(values[:, None, None], data[name].shape))
    sizes = (many, draws, *data.effect.shape[2:])
    size = np.array([0.01 if place < (many if found is None else found) else 10.0 for place in range(many)]) * truth
    for name, values in {"effect": truth, "error": size, "freedom": 0 * truth + 1e6}.items():
        data[name] = data[name].copy(data=np.broadcast_to(values.reshape(-1, *[1] * (len(sizes) - 1)), sizes))
    return TrialResult(data)


def told(result, capsys, monkeypatch, columns=80):
    monkeypatch.setenv("COLUMNS", str(columns))
    capsys.readouterr()
    report(result)
    return capsys.readouterr().out


@pytest.mark.parametrize(("many", "draws"), [(12, 1), (6, 2), (1, 1)])
def test_from_few_trials_no_share_and_no_range(result, many, draws, capsys, monkeypatch):
    few = made(result, many, draws=draws)
    row = few.summary().iloc[0]
    assert row.power == 1 and row.power_hits == row.power_trials == many * draws and row.power_worth == many
    assert np.isnan(row[["total_q05", "estimate_q95", "bias_q05"]].astype(float)).all()
    out = told(few, capsys, monkeypatch)
    assert f"fair_stops {many * draws} of {many * draws};" in out and "they are too few to give a share" in " ".join(out.split())
    assert not re.search(r"\b[01]\.\d\d \(\d|±|nan|inf", out) and "5-95 % of trials" not in out
    assert f"With {many} there is no 5-95 % range; it takes 20 (--replicates 20)" in " ".join(out.split())
    figure = plots_trial.power(few)
    marks = [bars.lines[0].get_ydata() for axes in figure.axes for bars in axes.containers]
    assert marks and all(np.isnan(each.astype(float)).all() for each in marks)
    assert "no mark: too few trials to give a share" in " ".join(text.get_text() for text in figure.texts)


def test_from_many_trials_the_range_of_what_was_put_in(result, capsys, monkeypatch):
    many = made(result, 400, 320)
    own = many.spreads("attitude")
    assert (own["total"].middle, own["bias"].middle, own["on_controls"].middle) == pytest.approx((2.0, 0.5, 0.0), abs=0.01)
    assert (own["total"].low, own["total"].high) == pytest.approx((2 - 1.645, 2 + 1.645), abs=0.05) and own["estimate"].ranged
    assert own["total"].precision == pytest.approx(1.96 * 1.2533 / 20, rel=0.15)
    row = many.summary().iloc[0]
    assert row.power == pytest.approx(0.8) and row.coverage == 1 and row.wrong_sign == 0
    assert (row.power_low, row.power_high) == pytest.approx((0.758, 0.836), abs=0.002)
    out = told(many, capsys, monkeypatch)
    line = next(line for line in out.splitlines() if line.startswith(" true effect"))
    assert re.split(r"  +", line.strip())[:4] == ["true effect", "+2.00", "+0.4 to +3.6", "100 (99 to 100)"]
    others = next(line for line in out.splitlines() if line.startswith(" on the others"))
    assert others.split()[3:] == ["+0.000", "-", "-", "-"], "nothing has no range, no sign and no precision"
    assert "fair_stops 0.80 (0.76 to 0.84)" in " ".join(out.split()) and "too few to give" not in out and "±" not in out
    assert "luck alone" in out and all(len(line) <= 80 for line in out.splitlines()) and "outcome            true" not in out


def test_single_trials_lie_as_far_apart_as_their_samples_put_them(result):
    """Every city is the same; samples of each differ: the range of estimates is that of single trials, not of means over samples."""
    data = made(result, 40, draws=8).dataset.copy(deep=True)
    data["effect"] = data.effect.copy(data=np.broadcast_to(normal(320, 0, 1).reshape(40, 8, 1, 1, 1, 1), data.effect.shape))
    found = TrialResult(data).spreads("attitude")["estimate"]
    assert (found.low, found.high) == pytest.approx((-1.645, 1.645), abs=0.05) and found.precision < 0.2


def test_a_study_tries_its_arms():
    study = Study(name="S", scenario=SMALL, arms={"course": [{"training": {"start": 0}}]})
    found = study.trial("course", outcomes=["attitude"], endline=9, replicates=2, draws=1)
    assert isinstance(found, sim.TrialResult) and found.trial.treatment == study.arms["course"] and found.name == "S: course"
    with pytest.raises(InputError, match="no arm 'curse'"):
        study.trial("curse", outcomes=["attitude"], endline=9)


def test_command_line(tmp_path, capsys):
    file = tmp_path / "small.yaml"
    file.write_text(TRIAL.with_(draws=1, citizens={"sample": 200}).to_yaml(), encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        main(["check", str(file)])
    assert end.value.code == 0 and "officers by lot (simple), 50 % treated" in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        main(["trial", str(file), "--replicates", "2", "--seed", "3", "--out", str(tmp_path / "out")])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert "Power of this trial (ANCOVA, endline before week 20): fair_stops" in out and "2 replicates of 1 samples, seed 3" in out
    assert all(word in out for word in ("on the others", "bias", "MDE", "coverage", "endline week 8", "spillover.png"))
    assert TrialResult.load(tmp_path / "out").replicates == 2
    file.write_text(TRIAL.with_(citizens={"sample": 9000}).to_yaml(), encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        main(["trial", str(file), "--out", str(tmp_path / "none")])
    assert end.value.code == 2 and "cannot be asked" in capsys.readouterr().err and not (tmp_path / "none").exists()
