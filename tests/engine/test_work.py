"""What a worker does: runs whose numbers depend on nothing beside them, failures that are records, keys of all that matters."""

import json
import pickle
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from pace import quickest

from sim.engine.plans import Failure, RunSpec, perform
from sim.errors import InputError
from sim.inputs.scenario import Change, CitySize, Scenario
from sim.measures import MEASURES, recorded
from sim.measures.harvest import VARIABLES
from sim.studies.answers.compare import compare
from sim.studies.design.study import Study
from sim.studies.running.keys import keys, records
from sim.studies.running.work import job_of
from sim.world.parameters import CODEBOOK, flat
from sim.world.reforms import Purge, Training
from sim.world.rng import replicate_seed

STUDY = Study(
    name="Small",
    scenario=Scenario(name="small", city=CitySize(adults=2000), weeks=30, spin_up_weeks=4, seed=3),
    arms={"course": [Training(start=0, coverage=0.6)], "purge": [Purge(start=4), Training(start=6)]},
    measures=list(recorded()),
    at=[10, 27, 30],
    vary={
        "trust.effectiveness_weight": [0.1, 0.9],
        "population.adult_share": [0.6, 0.85],
        "training.coverage": [0, 1],
        "training.whom": {"values": ["troops", "both"]},
    },
    design={"sobol": 8},
)
PLAIN = Study(name="Plain", scenario=STUDY.scenario, arms=STUDY.arms, measures=["mean_trust", "incidence"], at=[26, 30])


def specs_of(study, points=1, replicates=1):
    return tuple(RunSpec(point, arm, replicate) for point in range(points) for arm in study.sweep_arms() for replicate in range(replicates))


def values_of(study, specs):
    values = records(study.points())
    return tuple(values[spec.point] for spec in specs)


def performed(study, specs, **more):
    return perform(job_of(study), specs, values_of(study, specs), **more)


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f") for name in one)


@pytest.mark.compiled
def test_a_run_reads_the_same_as_a_comparison():
    specs = specs_of(PLAIN, replicates=3)
    table = pd.DataFrame(performed(PLAIN, specs).rows).set_index(["arm", "replicate", "week"])
    comparison = compare(PLAIN, replicates=3)
    for (arm, replicate, week), row in table.iterrows():
        for name in PLAIN.measures:
            window = (max(0, week - 52), week - 1)
            assert row[name] == float(MEASURES[name](comparison.dataset, window).sel(arm=arm, replicate=replicate))
    assert set(table.index.get_level_values("arm")) == {"baseline", "course", "purge"}


@pytest.mark.compiled
def test_rows_are_tidy_and_in_the_order_of_the_specs():
    specs = specs_of(STUDY, points=2, replicates=2)[::-1]
    rows = performed(STUDY, specs).rows
    kinds = {"point": "uint32", "replicate": "uint32", "seed": "int64", "week": "uint16"} | dict.fromkeys(recorded(), "float64")
    assert {name: column.dtype.name for name, column in rows.items() if name != "arm"} == kinds
    assert list(zip(rows["point"][::3], rows["arm"][::3], rows["replicate"][::3], strict=True)) == list(specs)
    assert rows["week"].tolist() == [10, 27, 30] * len(specs)
    assert rows["seed"][::3].tolist() == [replicate_seed(3, spec.replicate) for spec in specs]


@pytest.mark.compiled
def test_numbers_do_not_depend_on_the_runs_beside():
    """Bit for bit, for every measure; the points differ in the number of posts and in the weight of effectiveness."""
    study = STUDY.with_(series=["mean_trust", "crimes"])
    specs = specs_of(study, points=6, replicates=1)
    whole = performed(study, specs)
    assert not whole.failures
    for size in (1, 3, 16):
        pieces = [performed(study, specs[start : start + size]) for start in range(0, len(specs), size)]
        for part in ("rows", "series"):
            joined = {name: np.concatenate([getattr(piece, part)[name] for piece in pieces]) for name in getattr(whole, part)}
            assert same(getattr(whole, part), joined), size
    mixed = np.random.default_rng(1).permutation(len(specs))
    shuffled = performed(study, tuple(specs[place] for place in mixed))
    back = np.repeat(np.argsort(mixed) * 3, 3) + np.tile(range(3), len(specs))
    assert same(whole.rows, {name: column[back] for name, column in shuffled.rows.items()})


@pytest.mark.compiled
def test_posts_and_weights_of_the_points_differ():
    """Otherwise the test above would say little."""
    found = [STUDY.scenario_at("course", values).values() for values in STUDY.points().values[:6].to_dict("records")]
    assert len({p.trust.effectiveness_weight for p in found}) == len({p.population.adult_share for p in found}) == 6


@pytest.mark.compiled
def test_series_are_kept_when_asked_for():
    study = PLAIN.with_(series=["mean_trust", "crimes", "money_spent"])
    specs = specs_of(study, replicates=2)
    piece = performed(study, specs)
    assert performed(PLAIN, specs).series is None
    assert list(piece.series) == ["point", "arm", "replicate", "week", "mean_trust", "crimes", "money_spent"]
    assert piece.series["week"].dtype == np.int16 and piece.series["week"][:34].tolist() == list(range(-4, 30))
    table = pd.DataFrame(piece.series)
    assert {table[name].dtype.name for name in study.series} == {"float32"}
    means = table[table.week.between(0, 25)].groupby(["point", "arm", "replicate"], sort=False).mean_trust.mean()
    at_26 = pd.DataFrame(piece.rows).query("week == 26").mean_trust
    np.testing.assert_allclose(means, at_26, atol=1e-6)
    assert VARIABLES["mean_trust"][0] == ("week",)


@pytest.mark.compiled
def test_a_run_that_raises_is_a_record(monkeypatch):
    specs = specs_of(STUDY, points=2, replicates=2)
    whole = performed(STUDY, specs)
    scenario_at = Study.scenario_at

    def fails(self, arm, values):
        if arm == "course" and values["trust.effectiveness_weight"] == STUDY.points().values["trust.effectiveness_weight"][1]:
            raise ZeroDivisionError("no police")
        return scenario_at(self, arm, values)

    monkeypatch.setattr(Study, "scenario_at", fails)
    piece = performed(STUDY, specs)
    assert [failure[:3] for failure in piece.failures] == [(1, "course", 0), (1, "course", 1)]
    failure = piece.failures[0]
    assert failure.error == "ZeroDivisionError: no police" and "in fails" in failure.traceback
    assert json.loads(failure.values) == STUDY.points().values.to_dict("records")[1]
    kept = np.repeat([spec[:2] != (1, "course") for spec in specs], 3)
    assert same(piece.rows, {name: column[kept] for name, column in whole.rows.items()})


@pytest.mark.compiled
def test_a_measure_that_raises_concerns_its_run_only(monkeypatch):
    specs = specs_of(PLAIN, replicates=4)
    whole = performed(PLAIN, specs)
    rows = pd.DataFrame(whole.rows)
    unlucky = set(rows.incidence[rows.replicate == 2])
    assert not unlucky & set(rows.incidence[rows.replicate != 2])

    def fails(over):
        if 1e5 * over.total("crimes") / (over.adults * over.years) in unlucky:
            raise ArithmeticError("cannot be measured")
        return over.mean("mean_trust")

    monkeypatch.setitem(MEASURES, "mean_trust", MEASURES["mean_trust"].__class__(**asdict(MEASURES["mean_trust"]) | {"function": fails}))
    piece = performed(PLAIN, specs)
    assert [failure[:3] for failure in piece.failures] == [(0, arm, 2) for arm in PLAIN.sweep_arms()]
    assert piece.failures[0].error == "ArithmeticError: cannot be measured"
    kept = np.repeat([spec.replicate != 2 for spec in specs], 2)
    assert same(piece.rows, {name: column[kept] for name, column in whole.rows.items()})


@pytest.mark.compiled
def test_nothing_but_failures_is_still_a_piece(monkeypatch):
    study = PLAIN.with_(series=["mean_trust"])
    monkeypatch.setattr(Study, "scenario_at", lambda *_: 1 / 0)
    piece = performed(study, specs_of(study))
    assert len(piece.failures) == 3 and isinstance(piece.failures[0], Failure)
    assert {len(column) for column in (*piece.rows.values(), *piece.series.values())} == {0}
    assert list(piece.rows)[-2:] == ["mean_trust", "incidence"]


@pytest.mark.compiled
def test_every_run_is_told_and_may_be_the_last():
    specs = specs_of(PLAIN, replicates=2)
    told = []
    performed(PLAIN, specs, pulse=lambda amount: told.append(amount))
    assert len(told) == len(specs)

    def enough(amount):
        told.append(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        performed(PLAIN, specs, pulse=enough)
    assert len(told) == len(specs) + 1


def test_other_code_is_refused(monkeypatch):
    job = job_of(PLAIN)
    monkeypatch.setattr("sim.artifacts.sources._sources", lambda ours: "0123456789abcdef")
    with pytest.raises(
        InputError, match=r"this worker has other code or versions \(0123456789abcdef-[0-9a-f]{16}\) than the study"
    ) as caught:
        perform(job, (), ())
    assert "Install the same version" in str(pickle.loads(pickle.dumps(caught.value)))
    monkeypatch.undo()
    assert perform(job, (), ()).failures == []


# --- Keys


def key(study, spec=RunSpec(0, "course", 0)):  # noqa: B008 - it is frozen
    return keys(study, study.points(), [spec])[0]


BASE = STUDY.scenario
DIFFERENT = {
    "adults": {"scenario": BASE.with_(adults=2001)},
    "officers": {"scenario": BASE.with_(officers_per_1000_inhabitants=3.0)},
    "horizon": {"scenario": BASE.with_(weeks=31)},
    "spin-up": {"scenario": BASE.with_(spin_up_weeks=5)},
    "seed": {"seed": 4},
    "parameter": {"scenario": BASE.with_({"response.capacity": 0.9})},
    "change": {"scenario": BASE.with_(changes=(Change(week=3, set={"response.capacity": 0.9}),))},
    "changed later": {"scenario": BASE.with_(changes=(Change(week=4, set={"response.capacity": 0.9}),))},
    "measure": {"measures": ["mean_trust"]},
    "weeks that are read": {"at": [10, 30]},
    "series": {"series": ["mean_trust"]},
    "lever": {"arms": {"course": [Training(start=0, coverage=0.6, hours=20)]}},
    "start": {"arms": {"course": [Training(start=1, coverage=0.6)]}},
    "reform": {"arms": {"course": [Training(start=0, coverage=0.6), Purge(start=0)]}},
}
SAME = {
    "name": {"name": "Other", "question": "Why?"},
    "name of the scenario": {"scenario": BASE.with_(name="other", question="What?")},
    "baseline written out": {"scenario": BASE.with_({"response.capacity": CODEBOOK["response.capacity"].value})},
    "seed written out": {"seed": 3},
    "order of measures": {"measures": list(recorded())[::-1]},
    "order of arms": {"arms": {name: STUDY.arms[name] for name in ("purge", "course")}},
    "another arm": {"arms": STUDY.arms | {"third": [Purge(start=9)]}},
    "larger design": {"design": {"sobol": 32}},
    "more replicates": {"replicates": 100},
}


@pytest.mark.parametrize("changed", DIFFERENT.values(), ids=DIFFERENT)
def test_what_matters_makes_another_key(changed):
    study = PLAIN.with_(measures=STUDY.measures, at=STUDY.at)
    assert key(study.with_(**changed)) != key(study)


@pytest.mark.parametrize("changed", SAME.values(), ids=SAME)
def test_what_does_not_matter_makes_no_other_key(changed):
    specs = [RunSpec(point, arm, replicate) for point in range(8) for arm in ("baseline", "course", "purge") for replicate in (0, 1)]
    other = STUDY.with_(**changed)
    assert keys(other, other.points(), specs) == keys(STUDY, STUDY.points(), specs)
    assert len(set(keys(STUDY, STUDY.points(), specs))) == len(specs)


def test_other_code_makes_other_keys(monkeypatch):
    before = key(STUDY)
    monkeypatch.setattr("sim.artifacts.sources._sources", lambda ours: "other")
    assert key(STUDY) != before


def test_keys_are_those_of_the_scenarios_that_are_run():
    """A study whose scenario and arms are written as a point resolves them has the same keys."""
    for place, values in enumerate(STUDY.points().values.to_dict("records")):
        for arm in ("course", "purge"):
            scenario = STUDY.scenario_at(arm, values)
            alone = PLAIN.with_(scenario=scenario, arms={"any": scenario.interventions}, measures=STUDY.measures, at=STUDY.at)
            assert flat(alone.base.values()) == flat(scenario.values())
            assert key(alone, RunSpec(0, "any", 5)) == key(STUDY, RunSpec(place, arm, 5))


def test_a_placebo_keeps_its_dose_whatever_varies():
    """Its coverage is 0 at every point, so the points differ in whom they would have taught and in nothing else."""
    study = STUDY.with_(vs="placebo", vary={"training.coverage": [0.1, 1], "training.whom": {"values": ["troops", "both"]}})
    points = study.points()
    found = keys(study, points, [RunSpec(point, "placebo", 0) for point in range(8)])
    alike = dict(zip(points.values["training.whom"], found, strict=True))
    assert found == [alike[whom] for whom in points.values["training.whom"]] and len(set(found)) == 2


def test_runs_that_come_to_the_same_share_a_key():
    levers = STUDY.with_(vary={"training.coverage": [0, 1]})
    points = levers.points()
    assert len(set(keys(levers, points, [RunSpec(point, "baseline", 0) for point in range(8)]))) == 1
    assert len(set(keys(levers, points, [RunSpec(point, "course", 0) for point in range(8)]))) == 8


def test_twenty_thousand_keys_take_no_time():
    study = STUDY.with_(design={"sobol": 2048})
    points, specs = study.points(), specs_of(study, points=1667, replicates=4)
    assert len(set(keys(study, points, specs))) == len(specs) == 20_004
    assert quickest(lambda: keys(study, points, specs), 0.05)[1]
