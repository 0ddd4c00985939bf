"""Figures of a comparison: readable in gray and in both languages, with nothing cut off."""

import numpy as np
import pytest
from figures import cut, on_an_axis, shown, small

from sim.figures import compare as plots_compare
from sim.inputs.scenario import CitySize, Scenario
from sim.report.comparisons import display_names, renamed
from sim.report.words import LANGUAGES, Words
from sim.studies.answers.compare import compare
from sim.studies.answers.comparison import Comparison
from sim.studies.design.study import Study

pytestmark = pytest.mark.compiled
STUDY = Study(
    name="Three reforms and a sequence in a small city with a name that is so long that it needs a second line",
    scenario=Scenario(name="Small", city=CitySize(adults=1500, officers_per_1000_inhabitants=6.0), weeks=56, spin_up_weeks=4, seed=5),
    arms={
        "training": [{"training": {"start": 0}}], "community_policing": [{"community_policing": {"start": 0, "share": 0.5}}],
        "purge-then-train": [{"purge": {"start": 0}}, {"training": {"start": 26}}],
    },
    measures=["mean_trust", "share_trusting", "corrupt_contact_share", "complaint_rate", "cost"],
    replicates=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def comparison():
    return compare(STUDY)


def drawn(comparison, name, language):
    """A figure as the report in a language shows it."""
    words = Words(language)
    inside = {**words.figure("plots_compare"), **words.data["measures"]}
    inside |= {f"unit:{unit}": words.unit(unit) for unit in words["units"]}
    return plots_compare.FIGURES[name](renamed(comparison, display_names(comparison, words), words), words=inside)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", plots_compare.FIGURES)
def test_nothing_is_cut_off(comparison, name, language):
    figure = drawn(comparison, name, language)
    assert cut(figure) == small(figure) == on_an_axis(figure) == []
    assert not [said for said, _ in shown(figure) if "{" in said or "nan" in said.split()]


def test_places_are_those_of_the_table_and_of_the_maps(comparison):
    """From the tenth of the cells with the least crime to that with the most; means over cities, not one of them."""
    table, data = comparison.places(), comparison.dataset
    for axes, arm in zip(plots_compare.places(comparison).axes, comparison.compared, strict=False):
        own = table[table.arm == arm]
        assert axes.get_lines()[0].get_ydata() == pytest.approx(own.effect.to_numpy()) and list(own.tenth) == list(range(1, 11))
        hottest = []
        for replicate in range(comparison.replicates):
            one = data.isel(replicate=replicate)
            order = np.argsort(one.crime_map.sel(arm="baseline").values.ravel(), kind="stable")
            change = (one.trust_map.sel(arm=arm) - one.trust_map.sel(arm="baseline")).values.ravel()
            hottest.append(np.nanmean(change[order[-(order.size // 10) :]]))
        assert own.effect.iloc[-1] == pytest.approx(np.median(hottest), rel=0.05, abs=1e-4)
    assert not table[table.arm == "baseline"].effect.any()


@pytest.mark.parametrize(("language", "sentence"), [("en", "The places are invented"), ("es", "Los lugares son inventados")])
def test_places_say_that_they_are_invented(comparison, language, sentence):
    assert any(sentence in said for said, _ in shown(drawn(comparison, "places.png", language)))
    assert set(comparison.places().places) == {"invented"}


def test_shares_are_in_percentage_points(comparison):
    trust, share, *others = drawn(comparison, "effects.png", "es").axes
    assert not [axes for axes in others if "pesos" in axes.get_ylabel()], "what it costs is told an adult, in tables"
    assert share.get_ylabel() == "puntos porcentuales" and trust.get_ylabel().replace("\n", " ") == "puntos en la escala 0-1"
    assert share.yaxis.get_major_formatter()(0.05, 0) == "5" and trust.yaxis.get_major_formatter()(0.05, 0) == "0.05"
    assert drawn(comparison, "effects.png", "en").axes[1].get_ylabel() == "percentage points"


def test_years_stand_below_each_column(comparison):
    three = Comparison(comparison.dataset)
    three.study = comparison.study.model_copy(update={"measures": comparison.study.measures[:3]})
    panels = [axes for axes in drawn(three, "effects.png", "en").axes if axes.get_visible()]
    assert len(panels) == 3, "so that the last of the right column has nothing drawn below it"
    told = [bool(axes.get_xlabel()) and any(tick.label1.get_visible() for tick in axes.xaxis.get_major_ticks()) for axes in panels]
    assert told == [False] * (len(panels) - 2) + [True] * 2


def test_causes_are_hatched(comparison):
    bars = plots_compare.ledger(comparison).axes[0].containers
    hatches = {bar.get_label(): bar.patches[0].get_hatch() for bar in bars if hasattr(bar, "patches") and bar.patches}
    assert hatches["what others tell"] and not hatches["own contact with officers"]
