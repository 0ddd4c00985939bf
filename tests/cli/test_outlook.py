"""What `plan` and `check` say of answers before anything is run, held to what the runs then know."""

import pytest

from sim.cli.outlook import outlook
from sim.inputs.scenario import CitySize, Scenario
from sim.measures.spread import ENOUGH, effective
from sim.studies.design.study import Study

SMALL = Scenario(name="Small", city=CitySize(adults=1000), weeks=8, spin_up_weeks=0)
COMPARED = Study(name="Which?", scenario=SMALL, arms={"course": [{"training": {"start": 0}}]}, replicates=32)
SWEPT = COMPARED.with_(
    replicates=2, vary={"trust.contact_gain": [0.01, 0.1]}, design={"sobol": 128, "validation": 0}, measures=["mean_trust", "cost"]
)


def test_a_comparison_says_how_many_cities_and_lives_and_how_well_a_sign_is_known():
    drawn = COMPARED.with_(posterior="mexico-city-2016")
    said, (draws, weights) = outlook(drawn), drawn.cities_of(32)
    lived_twice = sum(draws.count(draw) > 1 for draw in set(draws))
    assert said.startswith(f"Replicates: 32, lives of {len(set(draws))} possible cities, {lived_twice} of them lived twice: enough")
    assert f"which takes {drawn.enough()}" in said and effective(draws, weights) >= ENOUGH
    few = outlook(drawn.with_(replicates=8))
    assert f"too few for a 5-95 % range, which takes {drawn.enough()} (--replicates {drawn.enough()})" in few and "±" not in few
    alone = outlook(COMPARED.with_(posterior="none"))
    assert alone.startswith("Replicates: 32, of one city with these numbers and other luck, not possible cities: enough")


def test_the_count_of_a_sign_will_be_known_as_well_as_the_binomial_says():
    """Half of 100 draws have a sign: 50 ± 9.7 of 100."""
    assert "known to ± 10 or better" in outlook(COMPARED.with_(posterior="none", replicates=100))


def test_a_sweep_that_can_be_decided_says_what_its_draws_will_tell():
    said = outlook(SWEPT)
    assert said.startswith("128 points, worth 128 independent draws, are enough for a 5-95 % range over cities") and "± 9 or" in said
    assert "too few for a 5-95 % range" in outlook(SWEPT.with_(design={"random": 18, "validation": 0}))
    assert "which takes 16" in outlook(SWEPT.with_(design={"random": 8, "validation": 0}))
    assert outlook(SWEPT.with_(measures=["mean_trust"])) == "" == outlook(SWEPT.with_(design={"grid": 3}))
    rows = [0.02, 0.05, 0.02, 0.05] * 8
    repeated = SWEPT.with_(vary={"trust.contact_gain": {"draws": rows}}, design={"draws": 32, "validation": 0})
    assert "32 points, worth 2 independent draws, are too few" in outlook(repeated)


@pytest.mark.parametrize(
    ("study", "acts", "not_on"),
    [(COMPARED, "precision of the middle of every arm's effect", "how far cities differ"),
     (SWEPT, "luck moves the mean effect on mean_trust over these points", "how far points differ")],
)  # fmt: skip
def test_a_rule_says_what_it_acts_on(study, acts, not_on):
    said = outlook(study.with_(replicates={"until": {"effect": "mean_trust", "half_width": 0.004}, "most": 32}))
    assert acts in said and "0.004" in said and not_on in said
