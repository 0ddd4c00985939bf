"""Who gains and who loses, told from luck: known shares are found again, no effect equals the floor, the baseline gains nothing."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binomtest, norm

from sim.inputs.scenario import CitySize, Scenario
from sim.studies.answers.compare import compare
from sim.studies.design.study import Study
from sim.studies.running.lives import NOTICED, QUANTILES, gainers, lived_twice, panel
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation

SIDES = ("gaining", "losing")


def made(share, effect, luck, replicates=40, persons=2048, seed=0):
    """A comparison's panel: a share of persons has the effect in every life, and luck (sd) moves everybody in each."""
    rng = np.random.default_rng(seed)
    first = [Study.first_life(each) for each in range(replicates)]
    own = effect * (rng.random((replicates, persons)) < share)[first]
    before = rng.uniform(0.2, 0.8, (replicates, persons))
    trust = np.stack([before, before + own + luck * rng.standard_normal(own.shape)]).astype(np.float32)
    return xr.Dataset({"panel_trust": (("arm", "replicate", "person"), trust)}, {"arm": ["baseline", "course"]})


def told(dataset):
    return gainers(dataset, "baseline").set_index("arm").loc["course"]


def test_which_cities_are_lived_twice_does_not_depend_on_how_many_there_are():
    longer = lived_twice(103)
    for many in range(103):
        one = lived_twice(many)
        assert one.shape[1] == many // 5 and np.array_equal(one, longer[:, : many // 5])
    assert longer[:, :2].tolist() == [[0, 5], [4, 9]]


@pytest.mark.parametrize("adults", [1000, 2048, 2049, 20_000, 1_000_003])
def test_the_panel_is_every_kth_adult(adults):
    rows = panel(adults)
    assert min(len(rows) + 24, 2048) >= 1024 and len(rows) <= min(2048, adults) and rows[-1] < adults and len(set(np.diff(rows))) == 1


@pytest.mark.parametrize(("share", "effect"), [(0.3, 0.05), (0.15, -0.05)])
def test_a_known_share_is_found_again_within_the_stated_error(share, effect):
    """With little luck the share of persons with the effect is found, and its interval holds it as often as it says."""
    side, other = SIDES if effect > 0 else SIDES[::-1]
    rows = [told(made(share, effect, 0.002, persons=400, seed=seed)) for seed in range(200)]
    held = sum(abs(row[f"share_{side}"] - share) <= row[f"share_{side}_precision"] for row in rows)
    assert binomtest(held, len(rows), 0.95).pvalue > 0.01, held
    assert max(row[f"share_{other}"] for row in rows) < 0.001 and max(row.floor_gaining for row in rows) < 0.001
    assert rows[0].lives == 8 and np.isnan(rows[0].share_gaining_q05)


@pytest.mark.parametrize("luck", [0.01, 0.03])
def test_luck_counts_as_often_as_theory_says_with_an_effect_and_without(luck):
    """The mean of two lives has luck of sd / root 2: shares and floor are those of the normal distribution."""
    sd = luck / 2**0.5
    floor = norm.sf(NOTICED / sd)
    nothing, some = told(made(0.0, 0.0, luck)), told(made(0.4, 0.03, luck))
    for row in (nothing, some):
        assert (row.floor_gaining, row.floor_losing) == pytest.approx((floor, floor), abs=0.01)
    assert (nothing.share_gaining, nothing.share_losing) == pytest.approx((nothing.floor_gaining, nothing.floor_losing), abs=0.01)
    wanted = [0.6 * floor + 0.4 * norm.sf((NOTICED - 0.03) / sd), 0.6 * floor + 0.4 * norm.cdf((-NOTICED - 0.03) / sd)]
    assert (some.share_gaining, some.share_losing) == pytest.approx(wanted, abs=0.01)
    levels = [nothing[f"q{round(100 * level):02}"] for level in QUANTILES]
    assert levels == pytest.approx(list(norm.ppf(QUANTILES) * sd), abs=0.05 * sd)


def test_twenty_cities_have_a_range_and_none_lived_twice_says_nothing():
    many, none = told(made(0.3, 0.05, 0.01, replicates=100)), told(made(0.3, 0.05, 0.01, replicates=4))
    assert many.lives == 20 and many.share_gaining_q05 < many.share_gaining < many.share_gaining_q95
    assert none.lives == 0 and none.drop("lives").isna().all()


@pytest.mark.compiled
def test_lives_of_a_comparison_are_those_of_plain_simulations():
    city = Scenario(name="Small", city=CitySize(adults=3000, officers_per_1000_inhabitants=4.0), weeks=20, spin_up_weeks=4, seed=11)
    study = Study(name="Lives", scenario=city, arms={"course": [{"training": {"start": 0}}]}, replicates=5, posterior="none")
    found = compare(study)
    gained = []
    for replicate in (0, 4):
        trust = []
        for arm in ("course", "baseline"):
            run = Simulation(study.scenario_of(arm), replicate_seed(11, replicate), replicate_seed(11, 0)).run()
            weight = run.parameters.trust.effectiveness_weight
            trust.append((1 - weight) * run.city.citizens.fairness + weight * run.city.citizens.effectiveness)
        kept = found.dataset.panel_trust.isel(replicate=replicate).sel(arm="course")
        assert kept.dtype == np.float32 and np.array_equal(kept, trust[0][kept.person.values].astype(np.float32))
        gained.append((trust[0] - trust[1])[panel(3000)])
    table = found.gainers().set_index("arm")
    effect, luck = np.mean(gained, axis=0), (gained[0] - gained[1]) / 2
    row = table.loc["course"]
    assert (row.share_gaining, row.floor_gaining) == pytest.approx((np.mean(effect > NOTICED), np.mean(luck > NOTICED)), abs=1e-3)
    assert row.share_gaining > 0 and row.lives == 1 and np.isnan(row.share_gaining_precision)
    assert row.q50 == pytest.approx(np.median(effect), abs=1e-6)
    nothing = table.loc["baseline"]
    assert not nothing[[name for name in table.columns if not name.endswith(("precision", "5")) and name != "lives"]].any()
    assert [nothing.q05, nothing.q95, nothing.floor_gaining, nothing.floor_losing] == [0, 0, 0, 0]
    assert found.placebo_is_exact()
