"""Cities of known truth: ranks, ranges of effects and the arm called best, with known answers; and a small city from end to end."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.special import ndtri
from small_calibration import EFFORT

from sim.artifacts.posterior import COVERAGE, numbers_of
from sim.calibration import effects as effects_module
from sim.calibration.calibrate import Calibrator
from sim.calibration.coverage import BINS, LOOSE, Coverage, CoverageTest, drawn, likelihood_of, ranks, uniformity, with_errors
from sim.calibration.effects import DRAWN, LIVES, REFORMS, TRUTH, LivesPlan, Reforms, called_best, judged
from sim.calibration.emulators import Emulators, TargetEmulator
from sim.calibration.layers import load_targets
from sim.calibration.posterior import scattered
from sim.calibration.space import InputTables
from sim.calibration.targets import Target
from sim.calibration.verdict import clustered, facts, passed, pooled, reliability
from sim.cli.coverage import cover, files_of
from sim.engine.plans import RunSpec
from sim.errors import InputError
from sim.inputs.patterns import patterns
from sim.inputs.scenario import CitySize, Scenario
from sim.inputs.yaml_files import load_yaml
from sim.studies.design.study import Study

CITY = Scenario(name="Small", city=CitySize(adults=1000), spin_up_weeks=8, seed=3)
SCORES = np.linspace(-5.0, 5.0, 2001)


class Line:
    """An emulator whose answers are straight lines in normal scores."""

    def __init__(self, slopes):
        self.slopes = np.array(slopes)

    def predict(self, inputs):
        return inputs @ self.slopes

    def with_slopes(self, inputs):
        return self.predict(inputs), np.tile(self.slopes, (len(inputs), 1))


class Scores:
    """A space of three parameters; emulators read their normal scores."""

    factors, names = (None,) * 3, ("a", "b", "c")
    fitted = np.ones(3, bool)
    seed = 1

    def snapped(self, unit):
        return unit

    held = snapped

    def reading(self, without):
        return InputTables(np.arange(3), np.tile(SCORES, (3, 1)))


def bank():
    """Two targets: one sees a, the other b and c together."""
    targets = (Target(patterns()[key], 0.0, 0.5, 0.3, "a test", ("assumed",)) for key in ("P15", "P16"))
    lines = ((1.0, 0.0, 0.0), (0.0, 0.7, 0.7))
    learned = tuple(TargetEmulator(*parts, np.arange(3), 1e-4, 0.0, 1.0) for parts in zip(targets, map(Line, lines), strict=True))
    return Emulators(learned, lambda unit: ndtri(unit), np.eye(2))


@pytest.fixture(scope="module")
def toy():
    """Cities with truths, and ranks of these among draws of posteriors with the right likelihood and with one that is too narrow."""
    emulators, rng = bank(), np.random.default_rng(5)
    truth = scattered(Scores(), emulators, LOOSE, 240, rng)
    known, likelihood = with_errors(emulators.likelihood, emulators.predict(truth), rng), likelihood_of(emulators, 4)
    narrow = replace(likelihood, sampling=likelihood.sampling / 9.0, discrepancy=likelihood.discrepancy / 9.0)
    draws = [drawn(Scores(), emulators, one.at(known), np.random.default_rng(6)) for one in (likelihood, narrow)]
    return truth, known, draws, [ranks(truth, one, np.random.default_rng(7)) for one in draws]


def test_ranks_are_uniform_if_all_is_right(toy):
    _, _, _, (right, _) = toy
    assert uniformity(right).min() > 0.01


def test_ranks_are_visibly_not_uniform_if_the_likelihood_is_too_narrow(toy):
    _, _, _, (_, narrow) = toy
    assert uniformity(narrow)[0] < 1e-4  # of what is seen best
    counts = np.bincount(narrow[:, 0] // BINS, minlength=BINS)
    assert counts[[0, -1]].min() > 1.5 * counts[2:-2].max()  # a valley


def test_draws_of_cities_are_those_of_the_posterior_in_closed_form(toy):
    """Where kappa is 1 the first parameter is normal: prior N(0, 1), twice seen, by the loose targets and by its city's."""
    _, known, (draws, _), _ = toy
    z = ndtri(np.clip(draws[:, :, 0], 1e-9, 1 - 1e-9))
    loose, own = 1.0 / (LOOSE**2 * 0.34), 1.0 / 0.34
    assert np.corrcoef(z.mean(axis=1), known[:, 0] * own / (1 + loose + own))[0, 1] > 0.99
    assert z.std(axis=1).mean() == pytest.approx((1 + loose + own) ** -0.5, rel=0.1)


def test_equal_draws_give_a_rank_at_random_among_them():
    draws = np.full((2000, 63, 1), 0.5)
    found = ranks(np.full((2000, 1), 0.5), draws, np.random.default_rng(1))
    assert uniformity(found)[0] > 0.01 and (found.min(), found.max()) == (0, 63)
    assert (ranks(np.full((5, 1), 0.6), draws[:5], np.random.default_rng(1)) == 63).all()


def test_intervals_know_that_a_citys_numbers_go_together():
    rng = np.random.default_rng(2)
    alone = (rng.random((200, 28)) < 0.9).mean(axis=1)
    together = (rng.random(200) < 0.9).astype(float)
    one, other = clustered(alone), clustered(together)
    assert one.low < 0.9 < one.high and 0.01 < one.high - one.low < 0.03
    assert other.low < other.share < other.high and 0.06 < other.high - other.low < 0.12
    assert clustered(np.ones(10)).low == pytest.approx(0.025 ** (1 / 10))  # Clopper-Pearson's
    assert clustered(np.zeros(10))[:2] == (0.0, 0.0)


def lives_of(rng, wide=1.0, luck=0.1, arms=("a", "b")):
    """One city: its true effects are as those of its draws (sd 1), unless `wide` is not 1; both with luck."""
    rows = []
    for measure in effects_module.BETTER:
        for arm in arms:
            true = rng.standard_normal()
            rows += [(TRUTH, arm, measure, life, 0, 1.0, true + luck * rng.standard_normal()) for life in range(LIVES)]
            own = wide * rng.standard_normal(32)
            for life in range(40):
                first = Study.first_life(life)
                effect = own[first - first // 5] + luck * rng.standard_normal()
                rows.append((DRAWN, arm, measure, life, first, 0.5 if first % 5 == 0 else 1.0, effect))
    return pd.DataFrame(rows, columns=["kind", "arm", "measure", "life", "draw", "weight", "effect"])


def coverage_of(cities, **keys):
    parts = []
    for city in range(cities):
        rng = np.random.default_rng([3, city])
        lives = lives_of(rng, **keys)
        parts.append([made.assign(city=city) for made in (judged(lives, rng), called_best(lives, rng))])
    effects, best = (pd.concat(one, ignore_index=True) for one in zip(*parts, strict=True))
    table = pd.DataFrame({"parameter": ["a"], "covered": [0.9], "contraction": [0.5], "uniformity": [0.3]})
    return Coverage(table, pd.DataFrame({"a": np.arange(cities) % 64}), effects, best)


@pytest.fixture(scope="module")
def honest():
    return coverage_of(120)


def test_ranges_hold_nine_of_ten_truths_and_too_narrow_ones_fail(honest):
    whole = pooled(honest.effects)
    assert passed(honest) and 0.87 < whole.share < 0.93
    narrow = coverage_of(40, wide=0.5)
    assert not passed(narrow) and pooled(narrow.effects).share < 0.75
    timid = coverage_of(40, wide=2.0)
    assert not passed(timid) and pooled(timid.effects).share > 0.97


def test_the_arm_called_best_is_best_as_often_as_was_said(honest):
    for by, rest in honest.best.groupby("by"):
        assert rest.right.mean() == pytest.approx(rest.expected.mean(), abs=0.07), by
    assert reliability(honest.best).cases.sum() == len(honest.best)
    sure = lives_of(np.random.default_rng(1), wide=0.0, luck=0.01)
    sure.loc[sure.arm == "a", "effect"] += 5.0
    found = called_best(sure, np.random.default_rng(1)).set_index(["by", "measure"])
    for by in ("median", "decide"):
        assert found.arm[by, "mean_trust"] == "a" and found.stated[by, "mean_trust"] > 0.99 and found.right[by, "mean_trust"] > 0.99
    assert (found.arm.xs("incidence", level="measure") != "a").all()  # less is better


def test_luck_in_the_true_effects_is_not_held_against_who_called_an_arm_best():
    calls = []
    for city in range(150):  # a is better by half of what a city differs by, and its lives differ by thirty times as much
        rng = np.random.default_rng([4, city])
        lives = lives_of(rng, luck=0.0).assign(effect=lambda rows: 0.1 * rows.effect + 0.5 * (rows.arm == "a"))
        known = lives.kind == TRUTH
        lives.loc[known, "effect"] += 3.0 * rng.standard_normal(known.sum())
        calls.append(called_best(lives, rng))
    means = pd.concat(calls).query("measure == 'mean_trust'").groupby("by")[["stated", "expected", "right"]].mean()
    assert (means.stated > 0.99).all() and (means.expected < 0.65).all()
    assert list(means.right) == pytest.approx(list(means.expected), abs=0.1)


def test_facts_are_for_files(honest):
    target = load_targets("national-average")[0]
    made = facts(honest, "here", 1000, [target])
    again = yaml.safe_load(yaml.safe_dump(made))
    assert again == made and made["passed"] is True and made["cities"] == 120
    assert made["targets"] == {target.id: numbers_of(target.as_data())}
    assert set(made["effects"]["by_arm"]) == {"a", "b"} and made["best"]["decide"]["reliability"]


def test_reforms_are_those_of_the_demo():
    demo = load_yaml(Path(__file__).parents[2] / "experiments/reforms-compared/study.yaml").data
    ours = load_yaml(REFORMS).data
    assert ours["arms"] == demo["arms"] and (ours["weeks"], ours["replicates"]) == (demo["weeks"], demo["replicates"])


def test_lives_of_a_true_city_have_the_same_people_and_other_luck():
    study = Study(name="One", scenario=CITY, weeks=4, arms={"purge": [{"purge": {"start": 0}}]}, posterior="none")
    plan = LivesPlan(study, 3)
    weeks, people = zip(*plan.seeds([RunSpec(0, "purge", each) for each in range(3)]), strict=True)
    assert len(set(people)) == 1 and len(set(weeks)) == 3 and weeks[0] == people[0]
    assert len(set(plan.keys()[:-1])) == 6


SMALL = """
name: Small effects
weeks: 26
at: [26]
replicates: 10
measures: [mean_trust, reporting_rate, incidence, corrupt_contact_share]
arms: {purge: [{purge: {start: 0}}], training: [{training: {start: 0}}]}
"""


def test_a_small_city_is_tested_from_end_to_end(tmp_path, monkeypatch, capsys):
    reforms = tmp_path / "reforms.yaml"
    reforms.write_text(SMALL)
    monkeypatch.setattr(effects_module, "REFORMS", reforms)
    targets = tuple(one for one in load_targets("national-average") if one.id in ("P05", "P06", "P09", "P14"))
    maker = Calibrator("small", CITY, targets, tmp_path / "out", EFFORT, workers=2)
    maker.folder.mkdir()
    runs = []
    found = cover(maker, 8)
    said = capsys.readouterr().out
    assert "8 cities whose truth is known" in said and "purge" in said and "The arm called best" in said
    assert {path.name for path in maker.folder.iterdir()} >= set(files_of("small"))
    assert len(found.effects) == 8 * 2 * 4 and np.isfinite(found.effects.truth).all() and found.effects.covered.between(0, 1).all()
    assert (found.effects.q05 <= found.effects.q95).all() and len(found.parameters) == len(found.ranks.columns)
    assert yaml.safe_load((maker.folder / f"small{COVERAGE}").read_text())["cities"] == 8
    monkeypatch.setattr(effects_module, "compare", None)  # nothing is run again
    again = CoverageTest(replace(maker, progress=runs.append), 8).run()
    pd.testing.assert_frame_equal(again.effects, found.effects)
    assert sum(runs) == 8 * Reforms(CITY, tmp_path, 1).runs


def test_too_few_cities_are_refused(tmp_path):
    maker = Calibrator("small", CITY, load_targets("national-average"), tmp_path, EFFORT)
    with pytest.raises(InputError, match="must be 8 or more"):
        cover(maker, 2)
