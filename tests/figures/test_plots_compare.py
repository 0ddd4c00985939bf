"""Figures of a comparison: readable in gray and in both languages, with nothing cut off."""

import numpy as np
import pytest
from figures import cut, shown

from sim.figures import compare as plots_compare
from sim.inputs.scenario import CitySize, Scenario
from sim.report.comparisons import display_names, renamed
from sim.report.words import LANGUAGES, Words
from sim.studies.answers.compare import compare
from sim.studies.design.study import Study
from sim.style.looks import LOSING

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
    assert cut(figure) == []
    assert not [said for said, _ in shown(figure) if "{" in said or "nan" in said.split()]


def test_cells_that_lose_are_hatched(comparison):
    axes = plots_compare.effect_map(comparison).axes[: len(comparison.compared)]
    largest = axes[0].images[0].norm.vmax
    counts = []
    for panel, arm in zip(axes, comparison.compared, strict=True):
        (hatches,) = panel.collections
        losing = np.argwhere(comparison.map_of_effect(arm).isel(replicate=0).values < -LOSING * largest)
        at = {tuple(path.vertices.min(axis=0) + 0.5) for path in hatches.get_paths()}
        assert at == {(float(x), float(y)) for y, x in losing} and hatches.get_hatch()
        counts.append(len(losing))
    assert 0 < sum(counts) < len(counts) * comparison.map_of_effect(arm).isel(replicate=0).size


def test_maps_say_their_mean(comparison):
    axes = plots_compare.effect_map(comparison).axes[0]
    mean = float(comparison.map_of_effect("training").isel(replicate=0).mean())
    assert axes.texts[0].get_text() == f"mean, this replicate: {mean:+.4f}".replace("-", "\u2212")


def test_shares_are_in_percentage_points(comparison):
    trust, share, _, _, money = drawn(comparison, "effects.png", "es").axes[:5]
    assert share.get_ylabel() == "puntos porcentuales" and trust.get_ylabel().replace("\n", " ") == "puntos en la escala 0-1"
    assert share.yaxis.get_major_formatter()(0.05, 0) == "5" and trust.yaxis.get_major_formatter()(0.05, 0) == "0.05"
    assert money.yaxis.get_major_formatter()(15000, 0) == "15\u202f000"
    assert drawn(comparison, "effects.png", "en").axes[1].get_ylabel() == "percentage points"


def test_causes_are_hatched(comparison):
    bars = plots_compare.ledger(comparison).axes[0].containers
    hatches = {bar.get_label(): bar.patches[0].get_hatch() for bar in bars if hasattr(bar, "patches") and bar.patches}
    assert hatches["what others tell"] and not hatches["own contact with officers"]
