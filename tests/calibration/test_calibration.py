"""Calibration: known answers without the model, and a small city from end to end."""

import sys
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from small_calibration import EFFORT

from sim.artifacts.draws import CONVERGED
from sim.artifacts.posterior import load_posterior, shipped_posteriors
from sim.calibration import waves
from sim.calibration.calibrate import Calibrator
from sim.calibration.coverage import CoverageTest
from sim.calibration.layers import load_targets
from sim.calibration.pace import LEAPS, PILOTS, Pace, tried
from sim.calibration.result import Calibration, alike, contraction
from sim.calibration.sampling import effective, truncated
from sim.calibration.space import Space
from sim.calibration.structures import STRUCTURES, concerned
from sim.calibration.waves import ALONE, LEAST_RUNS, RUNS, Effort, read_points
from sim.cli.calibrate import chosen_effort, lasting, outline, tell, unconverged
from sim.engine.plans import RunSpec
from sim.errors import InputError
from sim.figures.calibration import save_figures
from sim.inputs.scenario import CitySize, Scenario, load_scenario
from sim.inputs.scenario_files import shipped_states
from sim.studies.answers.sweep import Sweep
from sim.studies.running.keys import keys

CITY = Scenario(name="Small", city=CitySize(adults=1000), spin_up_weeks=8, seed=3)


def test_contraction_and_pairs_of_a_known_posterior():
    rng = np.random.default_rng(3)
    one = rng.random(4000)
    unit = np.column_stack([0.4 + 0.25 * one, one, np.clip(one + 0.05 * rng.standard_normal(4000), 0.001, 0.999), rng.random(4000)])
    even = np.full(4000, 1 / 4000)
    assert contraction(unit, even) == pytest.approx([0.75, 0.0, 0.0, 0.0], abs=0.03)
    found = alike(("a", "b", "c", "d"), unit, even)
    assert {frozenset(pair) for pair in zip(found.one, found.other, strict=True)} == {frozenset("ab"), frozenset("ac"), frozenset("bc")}


def test_weights_are_cut_off_and_counted():
    assert effective(np.ones(10)) == pytest.approx(10)
    made = truncated(np.array([0.0, 0.0, 50.0, -np.inf]))
    assert made.sum() == pytest.approx(1) and made[3] == 0 and made[2] > 0.99


# --- A small city


TARGETS = tuple(one for one in load_targets("national-average") if one.id in ("P05", "P06", "P09", "P14", "P19"))


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibration")
    runs = []
    maker = Calibrator("small", CITY, TARGETS, folder, EFFORT, progress=runs.append, workers=2)
    return maker, maker.run(), sum(runs)


def test_a_small_city_is_calibrated_from_end_to_end(calibrated, tmp_path):
    maker, made, runs = calibrated
    assert runs == EFFORT.runs + EFFORT.apart(2)
    assert made.posterior.draws.shape == (16, int(maker.space.fitted.sum())) and made.posterior.weights.sum() == pytest.approx(1)
    assert made.facts["waves"][1]["points"] == 48 and 0 < made.facts["waves"][0]["prior_left"] <= 1
    assert set(made.answers) == {one.measure for one in TARGETS} and np.isfinite(made.answers).all(axis=None)
    assert set(made.targets.pattern) == {one.id for one in TARGETS}
    made.save(tmp_path)
    again = Calibration.load(tmp_path, "small")
    np.testing.assert_allclose(again.posterior.draws, made.posterior.draws, rtol=1e-4)
    pd.testing.assert_frame_equal(again.targets, made.targets)
    assert "draws" in repr(again) and "<table" in again._repr_html_()


def test_a_second_call_runs_nothing_and_finds_the_same(calibrated):
    maker, made, _ = calibrated
    runs = []
    again = Calibrator("small", CITY, TARGETS, maker.folder, EFFORT, progress=runs.append, workers=2).run()
    assert sum(runs) == 0
    np.testing.assert_array_equal(again.posterior.draws, made.posterior.draws)
    np.testing.assert_array_equal(again.posterior.weights, made.posterior.weights)


def test_one_that_was_stopped_between_two_waves_goes_on_with_the_same_points(calibrated, tmp_path):
    """Values that were read back from a store, and not their places on the unit cube, are what the next wave's table begins with."""
    maker = calibrated[0]
    for many in (1, 2):
        effort = replace(EFFORT, waves=many)
        Calibrator("small", CITY, TARGETS, tmp_path, effort, workers=2).history.run()
    names = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.parquet"))
    assert names == sorted(path.relative_to(maker.folder) for store in (RUNS, ALONE) for path in (maker.folder / store).rglob("*.parquet"))
    assert all((tmp_path / name).read_bytes() == (maker.folder / name).read_bytes() for name in names)


def test_at_the_points_of_another_calibration_come_its_bits_whatever_chains_would_find(calibrated, tmp_path, monkeypatch):
    maker, made, _ = calibrated
    made.save(tmp_path / "made")
    points = read_points(tmp_path / "made" / "points.parquet", maker.space.names, EFFORT)
    pd.testing.assert_frame_equal(points, Sweep.load(maker.folder / RUNS).points.values, check_exact=True)
    monkeypatch.setattr(waves, "scattered", lambda *given: pytest.fail("points were looked for"))
    again = Calibrator("small", CITY, TARGETS, tmp_path / "again", EFFORT, workers=2, points=points).run()
    np.testing.assert_array_equal(again.posterior.draws, made.posterior.draws)
    np.testing.assert_array_equal(again.posterior.weights, made.posterior.weights)


@pytest.mark.parametrize("name", ["national-average", "mexico-city-2016"])
def test_the_points_of_what_is_shipped_are_archived(name, tmp_path):
    """`make posteriors` runs there. The first wave is found again here."""
    facts, scenario = load_posterior(name).facts, load_scenario(name)
    effort = Effort(**facts["effort"])
    maker = Calibrator(name, scenario, load_targets(name), tmp_path, effort)
    archived = Path(__file__).parents[2] / f"docs/calibration/{name}.parquet"
    points = read_points(archived, maker.space.names, effort)
    pd.testing.assert_frame_equal(points[: effort.first].rename_axis(None), maker.history._points(1, None), check_exact=True)
    assert effort.runs == facts["runs"] and effort in (Effort(), Effort.of(9000))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (lambda points: points.iloc[:-1], "points are needed, and there are 47. Give --runs as there."),
        (lambda points: points.iloc[:, :-1], "other parameters than the scenario leaves open"),
        (None, "cannot be read"),
    ],
)
def test_points_that_do_not_serve_are_told(calibrated, tmp_path, written, told):
    maker, file = calibrated[0], tmp_path / "points.parquet"
    points = Sweep.load(maker.folder / RUNS).points.values
    written(points).to_parquet(file) if written else file.write_text("a,b\n1,2\n")
    with pytest.raises(InputError) as refused:
        read_points(file, maker.space.names, EFFORT)
    assert told in " ".join(str(refused.value).split()) and "points.parquet" in str(refused.value)
    with pytest.raises(InputError, match="no such file"):
        read_points(tmp_path / "other.parquet", maker.space.names, EFFORT)


def test_another_calibration_in_the_same_folder_is_refused(calibrated):
    maker, *_ = calibrated
    with pytest.raises(InputError, match="holds another calibration: scenario"):
        Calibrator("small", CITY.with_(adults=1100), TARGETS, maker.folder, EFFORT).run()


def test_each_point_has_luck_of_its_own_which_does_not_depend_on_how_many_there_are(calibrated):
    maker, *_ = calibrated
    runs = Sweep.load(maker.folder / "runs").runs()
    assert runs.seed.nunique() == len(runs) == 96
    first = runs[runs.point == 0]
    assert first.seed.nunique() == 2
    space = maker.space
    small, large = (space.study(space.values(space.filling(4)[:count]), 1) for count in (2, 4))
    assert keys(small, small.points(), [RunSpec(1, small.vs, 0)]) == keys(large, large.points(), [RunSpec(1, large.vs, 0)])
    shared = small.with_(luck="shared")
    assert keys(small, small.points(), [RunSpec(1, small.vs, 0)]) != keys(shared, shared.points(), [RunSpec(1, shared.vs, 0)])


def test_what_varies_is_what_the_targets_can_see():
    names = Space(CITY, TARGETS, 1).names
    assert "reporting.trust_slope" in names and "conduct.contagion_weight" in names
    assert not [name for name in names if name.startswith(("training.", "cost.", "justice.", "community.", "survey.insecurity"))]
    assert "response.conduct_reference" not in names  # fixed


def test_whole_numbers_are_taken_as_such():
    space = Space(CITY, TARGETS, 1)
    column = space.names.index("hearsay.radius")
    unit = np.random.default_rng(1).random((100, len(space.factors)))
    snapped = space.snapped(unit)
    assert len(np.unique(snapped[:, column])) == 3
    pd.testing.assert_frame_equal(space.values(snapped), space.values(unit))


def test_figures_and_tables_are_made(calibrated, tmp_path, capsys):
    maker, made, _ = calibrated
    paths = save_figures(made, maker.space.factors, tmp_path)
    assert [path.name for path in paths] == ["contraction.png", "marginals.png", "targets.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    tell(made)
    printed = capsys.readouterr().out
    assert "share_trusting" in printed and "Contested and left open" in printed and made.parameters.parameter[0] in printed
    assert "5 targets (P05" in outline(CITY, TARGETS, maker)


def test_as_much_is_run_as_fits_into_the_minutes_with_all_else():
    pace = Pace(run=0.01, apart=0.2, fit=0.1, leap=0.0002, targets=20, workers=2)
    whole = sum(pace.seconds(Effort())) / 60
    few, more = (chosen_effort(None, minutes, pace) for minutes in (10.0, 1e4))
    assert LEAST_RUNS < few.runs < more.runs and more == Effort()
    assert 0.9 * 10 < sum(pace.seconds(few)) / 60 <= 10 < whole
    with pytest.raises(InputError, match=r"0\.01 minutes are too few here(.|\n)* takes \d+ minutes?"):
        chosen_effort(None, 0.01, pace)
    with pytest.raises(InputError, match="not both"):
        chosen_effort(500, 3.0, pace)
    told = lasting(pace, Effort())
    assert told.startswith(f"It takes about {round(whole)} minutes on this machine as it is now: 7 for runs")


def test_a_test_on_cities_says_how_long_it_takes_with_all_of_them(tmp_path):
    pace = Pace(run=0.01, apart=0.2, fit=0.0, leap=0.0, targets=20, workers=2)
    test = CoverageTest(Calibrator("small", CITY, TARGETS, tmp_path, Effort()), 200)
    minutes = (sum(pace.seconds(Effort())) + test.runs * 0.01 * test.longer) / 60
    assert test.longer > 1 and f"about {round(minutes)} minutes" in lasting(pace, Effort(), test)


def test_the_pace_is_that_of_the_machine(monkeypatch):
    """Runs, experiments, fits and leaps are counted by the clock, each beside as many as run at a time."""
    space = Space(CITY, TARGETS, 1)
    monkeypatch.setattr(sys.modules["sim.calibration.pace"], "time", SimpleNamespace(perf_counter=partial(next, count())))
    pace = tried(space, 1)  # each trial takes a second by this clock
    assert (pace.run, pace.apart, pace.fit, pace.leap) == (1 / PILOTS, 1.0, 1.0, 1 / LEAPS)
    assert (pace.targets, pace.workers) == (len(TARGETS), 1)


@pytest.mark.parametrize("without", STRUCTURES)
def test_what_emulators_read_in_a_world_without_a_mechanism_has_no_steps_of_its_own(without):
    """Whole numbers that went to values and back made steps, at which chains could take strides only a ninth as long."""
    space = Space(load_scenario("national-average"), load_targets("national-average"), 1)
    whole, apart = space.reading(), space.reading(without)
    other = [column for column, name in enumerate(space.names) if name not in concerned(without)]
    np.testing.assert_array_equal(apart.tables[other], whole.tables[other])
    assert any(not np.array_equal(apart.tables[c], whole.tables[c]) for c in range(len(space.names)) if c not in other)


def test_what_has_not_converged_says_how_long_it_would_take():
    assert unconverged({"converged": True, "steps": 400, "needs_steps": 400}) == unconverged({}) == ""
    said = unconverged({"converged": False, "steps": 6400, "needs_steps": 20_000})
    assert "saved as not converged" in said and "made 6,400 steps each; about 20,000 would do, 3.1 times as many" in said


@pytest.mark.parametrize("name", [name for name in shipped_posteriors() if name not in shipped_states()])
def test_shipped_posteriors_are_of_shipped_scenarios_and_say_how_they_were_made(name):
    posterior = load_posterior(name)
    assert posterior.facts["scenario"] == name and posterior.own == load_scenario(name).parameters
    assert posterior.effective == pytest.approx(posterior.facts["effective_draws"], rel=0.01)
    told = posterior.facts["targets"]
    assert {one.id: one.value for one in load_targets(name)} == {key: given["value"] for key, given in told.items()}
    assert all(abs(given["misfit"]) < 2 for given in told.values())
    space = Space(load_scenario(name), load_targets(name), 1)
    assert list(posterior.names) == [each for each, kept in zip(space.names, space.fitted, strict=True) if kept]
    assert posterior.facts["converged"] and posterior.facts["mixing"] <= CONVERGED
    assert {doubt.id for doubt in posterior.doubts} <= {"coverage_untested", "coverage_wide", "best_too_sure"}  # never too narrow


def test_too_few_runs_or_targets_are_refused(tmp_path):
    with pytest.raises(InputError, match="too few to calibrate"):
        Effort.of(10)
    assert Effort.of(2 * Effort().runs).runs == pytest.approx(2 * Effort().runs, rel=0.01)
    with pytest.raises(InputError, match="fewer than two targets"):
        Calibrator("small", CITY, TARGETS[:1], tmp_path, EFFORT)
