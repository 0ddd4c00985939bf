"""The table of patterns, and what `validate` makes of it."""

import math
import re

import pytest

from sim import patterns as module
from sim.errors import InputError
from sim.measures import MEASURES
from sim.parameters import REFERENCES
from sim.patterns import FILE, ROLES, WEEKS, adults_for, of_size, patterns, plan, validate, waiting
from sim.results import run
from sim.scenario import CitySize, Scenario

SCENARIO = Scenario(name="small", city=CitySize(adults=1000), spin_up_weeks=4, seed=3)
PLAIN = [f"P{number:02}" for number in (*range(1, 14), 18, 20, 21)]


def test_the_table_is_complete():
    assert list(patterns()) == [f"P{number:02}" for number in range(1, 35)]
    assert [pattern.id for pattern in patterns().values() if not pattern.instrument] == PLAIN
    assert [pattern.id for pattern in waiting()] == [key for key in patterns() if key not in PLAIN]


@pytest.mark.parametrize("key", list(patterns()))
def test_a_row(key):
    pattern = patterns()[key]
    assert pattern.role in ROLES and pattern.text and pattern.unit
    assert [source for source in pattern.sources if source not in REFERENCES] == []
    if pattern.role != "report":
        assert pattern.sources or key == "P30"
        assert pattern.low < pattern.high
    if not pattern.instrument:
        assert [name for name in pattern.measures if name not in MEASURES] == []


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
    assert list(plan(large, 4)) == [(1_000_000, 4)]


def test_the_plan_names_every_plain_pattern_once():
    runs = plan(Scenario(name="x"), 20)
    assert sorted(pattern.id for group in runs.values() for pattern in group) == PLAIN
    assert [(adults, many) for adults, many in runs if adults == 20_000] == [(20_000, 20)]
    (larger,) = [(adults, many) for adults, many in runs if adults != 20_000]
    assert larger[0] > 200_000 and larger[1] == 2
    assert min(many for _, many in plan(Scenario(name="x"), 1)) == 1, "asked for one, gets one where it can"


def test_a_larger_city_keeps_its_density():
    stated = Scenario(name="x", city=CitySize(adults=1000, width=5, height=4))
    assert of_size(stated, 1000) is stated
    larger = of_size(stated, 30_000).city
    assert (larger.adults, larger.width, larger.adults_per_cell) == (30_000, None, stated.city.adults_per_cell)


def test_validate_measures_the_last_year(monkeypatch):
    chosen = {key: patterns()[key] for key in ("P05", "P12", "P14")}
    monkeypatch.setattr(module, "patterns", lambda: chosen)
    told = []
    findings = validate(SCENARIO, 3, progress=told.append, workers=1)
    assert sum(told) == 3 * (4 + WEEKS)
    assert [finding.pattern.id for finding in findings] == ["P05", "P12"]
    values = MEASURES["incidence"](run(SCENARIO, replicates=3, weeks=WEEKS).dataset, (52, 103))
    incidence = findings[0]
    assert incidence.value == pytest.approx(float(values.mean()))
    assert incidence.sd == pytest.approx(float(values.std(ddof=1)))
    assert incidence.passed is (28_000 <= incidence.value <= 36_000)
    assert (incidence.adults, incidence.replicates) == (1000, 3)
    assert findings[1].passed is None


def test_one_replicate_has_no_spread(monkeypatch):
    only = {"P05": patterns()["P05"]}
    monkeypatch.setattr(module, "patterns", lambda: only)
    (finding,) = validate(SCENARIO, 1)
    assert math.isnan(finding.sd) and finding.value > 0
    with pytest.raises(InputError):
        validate(SCENARIO, 0)


@pytest.mark.compiled
def test_complaints_of_a_large_force(monkeypatch):
    only = {"P20": patterns()["P20"]}
    monkeypatch.setattr(module, "patterns", lambda: only)
    two, ten = validate(SCENARIO.with_(officers_per_1000_inhabitants=20), 2)
    assert (two.measure, ten.measure) == ("complaint_share_top_2", "complaint_share_top_10")
    assert two.adults * 20 / 720 >= 639.5
    assert 0.02 <= two.value < ten.value < 1
    assert ten.value >= 0.10
