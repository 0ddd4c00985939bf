"""The table of patterns, and what `validate` makes of it."""

import math
import re

import numpy as np
import pytest

from sim.engine.running import Execution
from sim.errors import InputError
from sim.inputs.patterns import FILE, ORDINARY, ROLES, WEEKS, adults_for, of_size, patterns
from sim.inputs.scenario import CitySize, Scenario
from sim.instruments import INSTRUMENTS
from sim.measures import MEASURES
from sim.studies.running.runs import run
from sim.validation.jobs import Job, carried_out, plan, validate
from sim.world.parameters import REFERENCES

SCENARIO = Scenario(name="small", city=CitySize(adults=1000), spin_up_weeks=4, seed=3)
ONE_RUN = [f"P{number:02}" for number in (*range(1, 19), 20, 21, *range(33, 39))]


def test_the_table_is_complete():
    assert list(patterns()) == [f"P{number:02}" for number in range(1, 39)]
    assert [pattern.id for pattern in patterns().values() if pattern.instrument == ORDINARY] == ONE_RUN
    assert {pattern.instrument for pattern in patterns().values()} == set(INSTRUMENTS)
    names = [name for pattern in patterns().values() for name in (*pattern.measures, *pattern.beside)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("key", list(patterns()))
def test_a_row(key):
    pattern = patterns()[key]
    assert pattern.role in ROLES and pattern.text and pattern.unit
    assert [source for source in pattern.sources if source not in REFERENCES] == []
    if pattern.role != "report":
        assert pattern.sources or key == "P30"
        assert pattern.low < pattern.high


def test_no_row_of_a_private_list_is_cited():
    assert re.findall(r"\b(?!P\d\d\b)[A-Z]\d{2,4}\b", FILE.read_text(encoding="utf-8")) == []


def test_verdicts():
    fit, report = patterns()["P01"], patterns()["P12"]
    assert fit.verdict(fit.low) is fit.verdict(fit.high) is True
    assert fit.verdict(fit.low - 1e-9) is fit.verdict(fit.high + 1e-9) is fit.verdict(float("nan")) is False
    assert report.verdict(0.3) is None
    assert patterns()["P20"].verdict(0.3) is None


def test_a_pattern_gets_the_city_it_needs():
    for officers_per_1000 in (2.23, 4.0, 0.7):
        scenario = Scenario(name="x", city=CitySize(officers_per_1000_inhabitants=officers_per_1000))
        adults = adults_for(patterns()["P20"], scenario)
        share = scenario.values().population.adult_share
        assert math.floor(adults / share / 1000 * officers_per_1000 + 0.5) >= 640
        assert adults_for(patterns()["P01"], scenario) == 20_000
    large = Scenario(name="x", city=CitySize(adults=1_000_000))
    assert {(job.scenarios[0].city.adults, len(job.scenarios)) for job in plan([large] * 4)} == {(1_000_000, 4)}


def test_the_plan_names_every_pattern_once():
    scenario = Scenario(name="x")
    jobs = plan([scenario] * 20)
    assert sorted(pattern.id for job in jobs for pattern in job.patterns) == list(patterns())
    sizes = {job.patterns[0].id: (job.scenarios[0].city.adults, len(job.scenarios)) for job in jobs}
    larger = {key: size for key, size in sizes.items() if size[0] != 20_000}
    assert larger == {"P20": (206_637, 2), "P30": (100_000, 20), "P36": (80_000, 20)}
    assert len(jobs) == len(INSTRUMENTS) + 2
    assert min(len(job.scenarios) for job in plan([scenario])) == 1, "asked for one, gets one where it can"
    assert [job.patterns[0].id for job in plan([scenario] * 20, ["P19"])] == ["P19"]
    thrifty = {job.instrument: len(job.scenarios) for job in plan([scenario] * 20, thrifty=True) if job.patterns[0].role != "report"}
    assert {name for name, many in thrifty.items() if many == 5} == {"site contrast", "trial of a purge"}
    assert set(thrifty.values()) == {5, 20}


def test_a_larger_city_keeps_its_density():
    stated = Scenario(name="x", city=CitySize(adults=1000, width=5, height=4))
    assert of_size(stated, 1000) is stated
    larger = of_size(stated, 30_000).city
    assert (larger.adults, larger.width, larger.adults_per_cell) == (30_000, None, stated.city.adults_per_cell)


def test_validate_measures_the_last_year():
    told = []
    findings = validate(SCENARIO, 3, only=["P12", "P05"], execution=Execution(workers=1, progress=told.append))
    assert told == [1000 * (4 + WEEKS)] * 3
    assert [finding.pattern.id for finding in findings] == ["P05", "P12"]
    values = MEASURES["incidence"](run(SCENARIO, replicates=3, weeks=WEEKS).dataset, (52, 103))
    incidence = findings[0]
    assert incidence.value == pytest.approx(float(values.mean()))
    assert incidence.sd == pytest.approx(float(values.std(ddof=1)))
    assert incidence.passed is (28_000 <= incidence.value <= 36_000)
    assert (incidence.adults, incidence.replicates) == (1000, 3)
    assert findings[1].passed is None


def test_what_is_shown_beside_a_pattern_has_no_verdict():
    interaction, both = validate(SCENARIO, 2, only=["P29"])
    assert (interaction.measure, both.measure) == ("interaction_d", "both_d")
    assert interaction.passed is (0.0 <= interaction.value <= 0.2) and both.passed is None


@pytest.mark.compiled
def test_jobs_give_the_same_in_any_number_of_threads():
    jobs = plan([SCENARIO] * 3, ["P01", "P19", "P31"])
    assert [job.instrument for job in jobs] == [ORDINARY, "experiment on peers", "disposition shift"]
    one, two = (carried_out(jobs, Execution(workers=workers)) for workers in (1, 2))
    for first, second in zip(one, two, strict=True):
        assert first.keys() == second.keys() and all(np.array_equal(first[name], second[name], equal_nan=True) for name in first)
    assert len({*one[0]["reporting_rate"]}) == 3


def test_an_instrument_that_fails_ends_it(monkeypatch):
    def broken(scenario, seed):
        raise ZeroDivisionError

    monkeypatch.setitem(INSTRUMENTS, ORDINARY, INSTRUMENTS[ORDINARY]._replace(measure=broken))
    with pytest.raises(ZeroDivisionError):
        carried_out([Job(ORDINARY, [SCENARIO] * 4)])


def test_one_replicate_has_no_spread():
    (finding,) = validate(SCENARIO, 1, only=["P05"])
    assert math.isnan(finding.sd) and finding.value > 0
    with pytest.raises(InputError):
        validate(SCENARIO, 0)


@pytest.mark.compiled
def test_complaints_of_a_large_force():
    two, ten = validate(SCENARIO.with_(officers_per_1000_inhabitants=20), 2, only=["P20"])
    assert (two.measure, ten.measure) == ("complaint_share_top_2", "complaint_share_top_10")
    assert two.adults * 20 / 720 >= 639.5
    assert 0.02 <= two.value < ten.value < 1
    assert ten.value >= 0.10


def test_jobs_with_different_numbers_of_cities_are_one_plan(tmp_path):
    """As the draws of a posterior give them: dear instruments get fewer. Called again, the same folder gives the same."""
    jobs = [Job(ORDINARY, [SCENARIO] * 3), Job("disposition shift", [SCENARIO] * 2)]
    here = Execution(folder=tmp_path / "kept")
    first, again = carried_out(jobs, here), carried_out(jobs, here)
    assert [len(next(iter(each.values()))) for each in first] == [3, 2]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_equal(one, other)
