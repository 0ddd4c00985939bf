"""Trials that cannot be: every error says what, where and what to do."""

from pathlib import Path

import pytest

from sim.errors import InputError
from sim.inputs.scenario import CitySize, Scenario
from sim.trials.design import Trial, load_trial
from sim.trials.trial import run_trial
from sim.trials.units import check_units, units_of
from sim.world.population import build

ROOT = Path(__file__).parents[2]
SMALL = Scenario(name="Small", city=CitySize(adults=2500, officers_per_1000_inhabitants=15.0), weeks=40, spin_up_weeks=12, seed=11)
TRIAL = Trial(
    name="T", scenario=SMALL, treatment=[{"training": {"start": 0}}], outcomes=["fair_stops", "share_trusting"], endline=20,
    citizens={"sample": 500},
)  # fmt: skip
BEATS = TRIAL.with_(
    unit="beat", beat_adults=250, treatment=[{"community_policing": {"start": 0, "share": 0.9}}], outcomes=["unsafe", "crime_rate"]
)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"endline": 41}, "the run ends after 40"),
        ({"durations": [0]}, "begins in week 0"),
        ({"baseline": 1}, "baseline in week 1"),
        ({"baseline": -12}, "baseline in week -12"),
        ({"treatment": []}, "'treatment' is empty"),
        ({"treatment": [{"civic_justice": {"start": 0}}]}, "judges hear the cases of the whole city"),
        ({"treatment": [{"purge": {"start": 0, "signal": 0.1}}]}, "news of it reaches everybody"),
        ({"treatment": [{"purge": {"start": 0, "recruits_offset": 0.1}}]}, "new standards"),
        ({"treatment": [{"training": {"start": 0, "whom": "commanders"}}]}, "acts on a whole squad"),
        ({"treatment": [{"training": {"start": 40}}]}, "outside the run"),
        ({"unit": "beats"}, "no unit 'beats'"),
        ({"assignment": "pairs", "treated_share": 0.3}, "'treated_share' is 0.5"),
        ({"match_on": "victims"}, "'match_on' must be one of the outcomes"),
        ({"buffer_cells": 2}, "'buffer_cells' needs units with borders"),
        ({"outcomes": ["share_trust"]}, "no outcome 'share_trust'"),
        ({"outcomes": []}, "'outcomes' must be a list"),
        ({"outcomes": ["crime_rate"]}, "belongs to a place"),
        ({"sizes": ["1"]}, "the text '1'"),
        ({"sizes": 3}, "must be a list of numbers"),
        ({"sites": {"a": 3}}, "'sites' must be"),
        ({"sites": {"a": {"conduct.meen": 1}}}, "conduct.meen"),
        ({"citizens": {"sampel": 3}}, "no key 'citizens.sampel'"),
        ({"officers": {"encounters": 0}}, "'officers.encounters' must be"),
        ({"replicates": 0}, "'replicates' must be"),
    ],
)
def test_what_cannot_be_tried(changed, message):
    with pytest.raises(InputError, match=message):
        TRIAL.with_(**changed)


def test_contacts_of_the_scenarios_own_community_officers_would_change_too():
    with pytest.raises(InputError, match="own community officers"):
        BEATS.with_(sites={"a": {"community.share": 0.2}})


@pytest.mark.parametrize(
    ("trial", "message"),
    [
        (BEATS.with_(beat_adults=2000), "each arm needs 2"),
        (TRIAL.with_(treated_share=0.01), "each arm needs 2"),
        (BEATS.with_(beat_adults=20), "have no officer"),
        (BEATS.with_(citizens={"sample": 2600}), "cannot be asked"),
        (BEATS.with_(sizes=[6.0]), "cannot be asked"),
        (TRIAL.with_(officers={"sample": 500}), "more than the 52"),
    ],
)
def test_what_a_city_has_no_room_for(trial, message):
    with pytest.raises(InputError, match=message):
        run_trial(trial)
    city = build(SMALL.city, SMALL.values(), 1, 1)
    check_units(TRIAL, "here", units_of(TRIAL, city), city)


def test_errors_name_the_line(tmp_path):
    file = tmp_path / "trial.yaml"
    file.write_text(
        "name: T\nscenario: merida\ntreatment: [{training: {start: 0}}]\noutcomes: [attitude]\nendline: 9000\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="'endline' must be a whole number") as caught:
        load_trial(file)
    assert caught.value.line == 5
    file.write_text("name: T\nscenario: nowhere\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_trial(file)
    assert caught.value.line == 2


@pytest.mark.parametrize("name", ["trial-mexico-city-training", "trial-community-six-sites"])
def test_shipped_trials(name):
    trial = load_trial(ROOT / "experiments" / name / "trial.yaml")
    assert Trial(**{key: getattr(trial, key) for key in Trial.model_fields}) == trial
    if trial.sites:
        assert len(trial.sites) == 6 and trial.citizens.sample == 18_382 and trial.officers.sample == 874
    else:
        size = trial.scenario.city
        assert round(size.adults / trial.scenario.values().population.adult_share / 1000 * size.officers_per_1000_inhabitants) == 1854
        assert trial.treatment[0].hours == 9 and trial.officers.sample is None, "all of them"
