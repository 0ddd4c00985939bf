"""Validation over draws of a posterior: patterns, what was not fitted, negative controls, the page."""

import math
from pathlib import Path

import numpy as np
import pytest

from sim.artifacts.posterior import Posterior
from sim.engine.running import Execution
from sim.errors import InputError
from sim.inputs.patterns import ORDINARY, patterns
from sim.inputs.scenario import CitySize, Scenario, load_scenario
from sim.inputs.states import KEYS, states
from sim.instruments.observational import last_year
from sim.instruments.shuffled_homes import EVERY, OF_THE_HOME, move_everybody, shuffled
from sim.validation import holdouts as holdouts_module
from sim.validation.controls import Controlled, Lost, controlled, jobs_of
from sim.validation.holdouts import FARTHEST, OFFENDERS, SLOPES, elsewhere, held, scaled, settled, shifted, slope
from sim.validation.jobs import finding, plan
from sim.validation.run import cities, some, validate_draws
from sim.validation.targets import Check, Control, Expectation, Holdout, Level, controls, faults, holdouts, pattern_of
from sim.world.parameters import CODEBOOK, REFERENCES
from sim.world.simulation import Simulation, columns

ROOT = Path(__file__).parents[2]
SMALL = Scenario(name="small", city=CitySize(adults=2000), spin_up_weeks=4, seed=3)
LARGE = ("P20", "P21", "P36")  # patterns of larger cities
NAMES = ("trust.contact_loss", "reporting.trust_slope", "conduct.mean")


def prior(names=NAMES, draws=40):
    """A posterior that has learned nothing: draws about the codebook's values, the second half never chosen."""
    luck = np.random.default_rng(1)
    values = np.array([CODEBOOK[name].value for name in names]) + 0.05 * luck.standard_normal((draws, len(names)))
    weights = np.repeat([2.0, 0.0], draws // 2)
    return Posterior("made-up", tuple(names), np.abs(values) * [1, 1, -1], weights / weights.sum())


# --- Draws and what is said of them


def test_every_draw_is_a_city_of_its_own():
    posterior = prior()
    made = cities(SMALL, posterior, 6)
    rows = np.array([[city.parameters[name] for name in NAMES] for city in made])
    assert (rows == posterior.sample(6, SMALL.seed)).all() and len(np.unique(rows, axis=0)) == 6
    assert all((posterior.draws[:20] == row).all(axis=1).any() for row in rows)
    assert [city.parameters for city in cities(SMALL, posterior, 6)] == [city.parameters for city in made]
    kept = cities(SMALL.with_({"conduct.mean": 1.0}), posterior, 2, fixed=["conduct.mean"])
    assert {city.parameters["conduct.mean"] for city in kept} == {1.0}
    with pytest.raises(InputError, match="number of draws"):
        cities(SMALL, posterior, 1)


def test_some_are_half_or_a_quarter_but_two():
    assert [len(some(range(many), part)) for many, part in ((48, 2), (48, 4), (6, 4), (2, 2))] == [24, 12, 2, 2]


def judged(values, key="P06"):
    job = plan([SMALL] * len(values), [key])[0]
    return finding(patterns()[key], patterns()[key].measures[0], np.array(values), job, posterior=True)


def test_a_posterior_is_judged_by_its_median():
    """P06 wants 0.47 to 0.57."""
    assert judged([0.5, 0.5, 0.9]).passed is True  # the mean, 0.63, lies outside
    assert judged([0.4, 0.9, 0.9]).passed is False
    found = judged([0.40, 0.48, 0.50, 0.52, 0.60])
    assert (found.value, found.inside, found.replicates) == (0.50, 0.6, 5)
    assert (found.low, found.high) == pytest.approx((0.416, 0.584))


def test_a_draw_without_a_value_is_not_inside():
    found = judged([0.5, 0.5, float("nan"), 0.5])
    assert (found.value, found.low, found.high, found.inside) == (0.5, 0.5, 0.5, 0.75)
    lost = judged([float("nan")] * 3)
    assert math.isnan(lost.value) and lost.passed is False and lost.inside == 0.0
    assert judged([0.3, 0.3], "P12").inside is None


# --- What targets.yaml says


def test_targets_can_be_read_and_cite_what_exists():
    measures = {name for pattern in patterns().values() if pattern.instrument == ORDINARY for name in pattern.measures}
    for holdout in holdouts().values():
        assert holdout.text and holdout.checks and {level.by for level in holdout.levels} <= set(SLOPES)
        assert {each.measure for each in (*holdout.levels, *holdout.checks)} <= measures
        assert {key for each in (*holdout.levels, *holdout.checks) for key in each.sources} <= REFERENCES.keys()
        assert all(check.low < check.high and check.note for check in holdout.checks)
        assert {check.measure for check in holdout.checks if not check.change}.isdisjoint(level.measure for level in holdout.levels)
        assert set(holdout.city) <= set(CitySize.model_fields) and set(holdout.shift) <= CODEBOOK.keys()
    for control in controls().values():
        assert bool(control.set) != bool(control.instrument) and set(control.set) <= CODEBOOK.keys()
        assert {expected.pattern for expected in control.expect} <= patterns().keys()
    known = {*patterns(), *(f"{key}:{check.measure}" for key, holdout in holdouts().items() for check in holdout.checks)}
    assert {key for fault in faults() for key in fault.of} <= known
    assert pattern_of("incidence") == "P05"


def test_the_eras_levels_are_those_three():
    assert [pattern_of(level.measure) for level in holdouts()["mexico-2011-2019"].levels] == ["P02", "P05", "P04"]
    scenario = load_scenario("mexico-city-2016").parameters
    for dial in ("conduct.mean", "conduct.honesty_mean"):
        assert holdouts()["mexico-city"].shift[dial] == pytest.approx(scenario[dial] - CODEBOOK[dial].value)


@pytest.mark.parametrize(("value", "usual", "holds"), [(0.04, 9.0, True), (0.06, 9.0, False), (float("nan"), 9.0, False)])
def test_an_expected_range(value, usual, holds):
    assert Expectation("P31", "", -0.05, 0.05, relative=False).holds(value, usual) is holds


@pytest.mark.parametrize(("value", "usual", "holds"), [(0.4, 1.0, True), (0.6, 1.0, False), (-0.4, -1.0, True), (-0.6, -1.0, False)])
def test_an_expected_part_of_the_usual(value, usual, holds):
    assert Expectation("P22", "", -0.5, 0.5, relative=True).holds(value, usual) is holds


# --- Years and places


def test_a_shift_moves_what_it_says_and_stays_in_range():
    holdout = Holdout("x", "X", "", {"officers_per_1000_inhabitants": 4.0}, {"conduct.mean": -0.2}, None, (), ())
    start = SMALL.with_({"conduct.mean": -0.3})
    moved = shifted(start, holdout, {"reporting.file_intercept": 0.1, OFFENDERS: math.log(2)})
    assert moved.city.officers_per_1000_inhabitants == 4.0 and moved.city.offenders_share == pytest.approx(0.06)
    expected = {"conduct.mean": -0.5, "reporting.file_intercept": CODEBOOK["reporting.file_intercept"].value + 0.1}
    assert moved.parameters == pytest.approx(expected)
    far = shifted(start, holdout, {"reporting.file_intercept": 99.0, OFFENDERS: 99.0})
    assert far.parameters["reporting.file_intercept"] == CODEBOOK["reporting.file_intercept"].high and far.city.offenders_share == 0.2


def test_a_place_is_judged_with_institutions_as_other_states_have_them():
    """What lasts of the place's own is not used, neither for the mean nor for the spread of the 31 others."""
    assert {key: holdout.state for key, holdout in holdouts().items()} == {
        "mexico-2011-2019": None, "mexico-city": "Ciudad de México", "merida": "Yucatán", "ecatepec": "México",
    }  # fmt: skip
    base = [SMALL.with_(seed=5)] * 200
    for key in ("merida", "mexico-city"):
        given = np.array([[city.parameters[f"institutions.{name}"] for name in KEYS] for city in elsewhere(base, holdouts()[key])])
        spreads = [states().spread(name, without=holdouts()[key].state) for name in KEYS]
        assert given.mean(axis=0) == pytest.approx([spread.mean for spread in spreads], abs=1e-6)
        assert given.std(axis=0) == pytest.approx([spread.persistent_sd for spread in spreads], rel=0.01)
        assert np.abs(np.corrcoef(given.T) - np.eye(3)).max() < 0.25
    assert spreads[2].mean > states().spread("treatment").mean  # the capital is treated worse, and counts no more
    assert elsewhere(base, holdouts()["mexico-2011-2019"]) == base


def test_honest_places_are_courteous_too():
    holdout = holdouts()["merida"]
    moved = shifted(SMALL, holdout, {"conduct.honesty_mean": 1.0}).parameters
    assert moved["conduct.mean"] - CODEBOOK["conduct.mean"].value == pytest.approx(1.0)
    assert moved["conduct.honesty_mean"] - CODEBOOK["conduct.honesty_mean"].value == pytest.approx(1.0)


def test_levels_are_met_by_shifting_all_draws_alike(monkeypatch):
    """In a world in which the measures are known functions of the parameters, and one disturbs the other."""

    def known(jobs, *rest):
        names = ("reporting.file_intercept", "conduct.honesty_mean")
        values = [[city.parameters[name] for name in names] for city in jobs[0].scenarios]
        file, conduct = np.array(values).T
        share = 1 / (1 + np.exp(-(1.4 * file + 0.1 * conduct + 0.2)))
        return [{"file_rate": share, "corrupt_contact_share": 1 / (1 + np.exp(0.5 * conduct + 0.1 * file))}]

    monkeypatch.setattr(holdouts_module, "carried_out", known)
    levels = (
        Level("file_rate", 0.6, "reporting.file_intercept", (), ""),
        Level("corrupt_contact_share", 0.2, "conduct.honesty_mean", (), ""),
    )
    base = [SMALL.with_({"reporting.file_intercept": 0.7 + 0.01 * n, "conduct.honesty_mean": -0.3}) for n in range(5)]
    resets, found = settled(base, Holdout("x", "X", "", {}, {}, None, levels, ()))
    assert [reset.reached for reset in resets] == pytest.approx([0.6, 0.2], abs=0.004)
    assert float(np.median(found["file_rate"])) == resets[0].reached


def test_a_slope_out_of_all_proportion_is_not_believed():
    level = Level("file_rate", 0.6, "reporting.file_intercept", (), "")
    first = SLOPES[level.by]
    assert slope(level, None, (0.1, 1.0), first) == first
    assert slope(level, (0.0, 0.0), (0.1, 0.15), first) == pytest.approx(1.5)
    assert slope(level, (0.0, 0.0), (0.1, 0.1 * first * FARTHEST * 1.1), first) == first
    assert slope(level, (0.0, 0.0), (0.1, -0.1), first) == first
    assert slope(level, (0.0, 0.0), (0.001, 0.0015), first) == first
    falling = Level("prevalence", 1, "offending.exposure_log_sd", (), "")
    assert slope(falling, (0.0, 0.0), (0.1, -0.05), -0.35) == pytest.approx(-0.5)
    assert scaled("incidence", math.e) == pytest.approx(1.0) and scaled("file_rate", 0.5) == 0.0


def test_checks_compare_levels_and_changes():
    checks = (Check("share_trusting", 0.45, 0.55, (), "", False), Check("share_trusting", -0.1, -0.05, (), "", True))
    found, usual = {"share_trusting": np.array([0.5, 0.6, 0.5])}, {"share_trusting": np.array([0.55, 0.55, 0.58, 0.9])}
    level, change = held(Holdout("x", "X", "", {}, {}, None, (), checks), found, usual)
    assert (level.value, level.inside, level.passed) == (0.5, pytest.approx(2 / 3), True)
    assert (change.value, change.inside, change.passed) == (pytest.approx(-0.05), pytest.approx(2 / 3), True)


@pytest.mark.compiled
def test_a_city_meets_a_level():
    level = Level("corrupt_contact_share", 0.2, "conduct.honesty_mean", (), "")
    base = cities(SMALL.with_(officers_per_1000_inhabitants=10), prior(), 2)
    (reset,), _ = settled(base, Holdout("x", "X", "", {}, {}, None, (level,), ()))
    assert reset.reached == pytest.approx(0.2, abs=0.01) and reset.shift > 0.5


# --- Negative controls


def test_moving_takes_people_along_and_leaves_places():
    run = Simulation(SMALL.with_(spin_up_weeks=EVERY), 1)
    before = {name: column.copy() for name, column in columns(run.city).items()}
    move_everybody(run)
    after = columns(run.city)
    changed = {name for name, column in before.items() if not np.array_equal(column, after[name])}
    taken = [f"citizens.{name}" for name in run.city.citizens._fields if name not in OF_THE_HOME]
    assert changed <= set(taken) and {f"citizens.{name}" for name in ("fairness", "reporting_propensity", "last_report")} <= changed
    together = [np.sort(np.rec.fromarrays([table[name] for name in taken])) for table in (before, after)]
    assert (together[0] == together[1]).all()
    run.advance(1)
    still = run.city.citizens.fairness.copy()
    move_everybody(run)
    assert (run.city.citizens.fairness == still).all(), "only every four weeks"


@pytest.mark.compiled
def test_without_homes_neighborhoods_are_alike():
    scenario = SMALL.with_({"hearsay.listeners": 20, "conduct.squad_sd": 2.0}, adults=20_000, officers_per_1000_inhabitants=2.23)
    usual = last_year(scenario.with_(weeks=104), 1, ["trust_icc"])["trust_icc"]
    moved = shuffled(scenario, 1)
    assert usual > 0.004 > 0.0015 > abs(moved["trust_icc"])
    assert moved["crime_concentration_50"] > 0


def test_a_control_measures_what_it_expects_and_ordinary_runs():
    base = cities(SMALL, prior(), 8)
    for control in controls().values():
        jobs = jobs_of(control, base)
        assert {patterns()[key.pattern].measures[0] for key in control.expect}
        if control.instrument:
            assert [(job.instrument, job.scenarios) for job in jobs] == [(control.instrument, base)]
            continue
        assert ORDINARY in {job.instrument for job in jobs}
        assert {key.pattern for key in control.expect} <= {pattern.id for job in jobs for pattern in job.patterns}
        assert all(city.parameters.items() >= control.set.items() for job in jobs for city in job.scenarios)


def test_what_vanishes_and_what_is_lost(monkeypatch):
    made = Control("off", {"hearsay.fraction": 0}, None, (Expectation("P06", "gone", -0.05, 0.05, relative=False),))
    monkeypatch.setattr("sim.validation.controls.controls", lambda: {"off": made})
    here = {
        "share_trusting": np.array([0.0, 0.01]),
        "reporting_rate": np.array([0.1, 0.1]),
        "complaint_share_top_2": np.array([np.nan] * 2),
    }
    usual = {
        "share_trusting": np.array([0.5, 0.52, 0.9]),
        "reporting_rate": np.array([0.1] * 3),
        "complaint_share_top_2": np.array([0.1] * 3),
    }
    monkeypatch.setattr("sim.validation.controls.carried_out", lambda jobs, *rest: [here for _ in jobs])
    assert controlled([SMALL], usual) == (
        [Controlled("off", 0, "P06", 0.51, 0.005, True)],
        [Lost("off", "P06", 0.51, 0.005)],
    )


# --- All together


@pytest.mark.compiled
def test_a_full_validation_of_a_small_city(monkeypatch):
    """Everything is measured, and the progress adds up to what was announced."""
    from sim.validation import run

    base = cities(SMALL, prior(), 2)
    few = [pattern.id for pattern in patterns().values() if pattern.instrument == ORDINARY and pattern.id not in LARGE]
    whole = run.plan
    one = {key: holdout for key, holdout in holdouts().items() if key == "merida"}
    quiet = {name: control for name, control in controls().items() if control.instrument or "peers" in name}
    monkeypatch.setattr(run, "plan", lambda cities, **options: whole(cities, [*few, "P19", "P22", "P23"], **options))
    monkeypatch.setattr("sim.instruments.contrasts.WEEKS_AFTER_SHIFT", 52)
    monkeypatch.setattr(run, "holdouts", lambda: one)
    monkeypatch.setattr(run, "controls", lambda: quiet)
    monkeypatch.setattr("sim.validation.controls.controls", lambda: {n: c._replace(expect=c.expect[:1]) for n, c in quiet.items()})
    told = []
    found = validate_draws(base, "made-up", full=True, execution=Execution(progress=told.append))
    assert len(found.findings) == len(few) + len(["beside P15"]) + 3 and {row.holdout for row in found.held} == {"merida"}
    assert {row.control for row in found.controls} == set(quiet)
    peers = next(row for row in found.controls if row.pattern == "P19")
    assert peers.held and peers.value == 0.0 and peers.usual > 0.3
    assert sum(told) == run.cost(base, full=True)
    assert validate_draws(base, "made-up").findings == tuple(each for each in found.findings)
