"""The report of a comparison: what it says of each arm is what the paired differences say, and figures name arms as the page does."""

import html5lib
import numpy as np
import pytest

from sim import plots_compare
from sim.report import comparisons, render
from sim.report.words import LANGUAGES, Words
from sim.results import interval
from sim.scenario import CitySize, Scenario
from sim.studies.compare import compare
from sim.studies.comparison import Comparison
from sim.studies.study import Study

EVIL = "<script>alert(1)</script>"
STUDY = Study(
    name=f"Which? {EVIL}",
    scenario=Scenario(name="Small", city=CitySize(adults=3000, officers_per_1000_inhabitants=4.0), weeks=30, spin_up_weeks=4, seed=11),
    arms={
        "training": [{"training": {"start": 0, "coverage": 0.9}}],
        "purge-then-train": [{"purge": {"start": 0, "follow_through": 0.8, "months": 3}}, {"training": {"start": 20}}],
        EVIL: [{"community_policing": {"start": 4, "share": 0.5}}],
    },
    replicates=3,
    measures=["mean_trust", "share_trusting", "incidence", "cost"],
)


@pytest.fixture(scope="module")
def comparison():
    return compare(STUDY)


@pytest.fixture(scope="module")
def folder(comparison, tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison")
    comparison.save(folder)
    return folder


@pytest.fixture(scope="module", params=LANGUAGES)
def tree(folder, request):
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(render(folder, request.param))


def text(element):
    return "".join(element.itertext()).replace("\u00a0%", " %").strip()


def rows(tree):
    return [[text(cell) for cell in row] for row in tree.iter("tr")]


def test_it_is_valid_and_has_every_figure(tree):
    assert EVIL in text(tree.find("body//h1"))
    assert not list(tree.iter("script"))
    images = list(tree.iter("img"))
    assert len(images) == len(plots_compare.FIGURES)
    assert all(len(image.get("alt")) > 60 and image.get("src").startswith("data:") for image in images)


def test_tables_hold_the_paired_differences(comparison, tree):
    words = Words(tree.get("lang"))
    table = comparison.effects().set_index(["arm", "measure", "week"])
    trust = next(row for row in rows(tree) if row[0] == words.reform("training"))
    own = table.loc[("training", "mean_trust", 30)]
    assert trust[1] == words.amount(own.effect, own.half_width, sign=True)
    shares = next(row for row in rows(tree) if row[0] == words.measure("share_trusting"))
    own = table.loc[("training", "share_trusting", 30)]
    assert shares[2].startswith(words.amount(100 * own.effect, 100 * own.half_width, sign=True))
    assert (words["verdicts"]["zero"] in shares[2]) == (abs(own.effect) <= own.half_width)
    assert not [row for row in rows(tree) if row[0] == words.measure("cost")]
    costs = next(row for row in rows(tree) if len(row) == 4 and row[0] == words.reform("training"))
    paid = comparison.costs().set_index("arm").loc["training"].iloc[0]
    assert costs[2] == words.amount(paid.money, paid.money_half_width)


def test_reforms_and_arms_are_named(tree):
    words = Words(tree.get("lang"))
    starts = [row[1:] for row in rows(tree) if row[0] == words.reform("purge-then-train") and len(row) == 3]
    assert [start for start, _ in starts] == ["0", "20"]
    assert starts[1][1].startswith(words.reform("training"))
    assert {"en": "purge, then training", "es": "depuración, luego capacitación"}[words.language] in text(tree)


def shifted(comparison, by):
    """The same comparison with trust of each arm at a constant distance from the baseline's in each replicate."""
    data = comparison.dataset.copy(deep=True)
    for arm, change in by.items():
        data.trust.loc[{"arm": arm}] = data.trust.sel(arm="baseline").values + np.asarray(change)[:, None]
    return Comparison(data)


def test_the_answer_says_what_the_intervals_say(comparison):
    words = Words("en")
    by = {"training": (0.05, 0.06, 0.07), "purge-then-train": (-0.05, -0.06, -0.07), EVIL: (-0.05, 0.01, 0.05)}
    sentences = comparisons.answer(shifted(comparison, by), {arm: arm for arm in comparison.arms}, words)
    mean, half = interval(np.array(by["training"]))
    low, high = (words.number(bound, 3, sign=True) for bound in (mean - half, mean + half))
    assert (
        f"After 30 weeks, compared with baseline and the same luck: training raises mean trust by 0.060 (95 % interval {low} to {high}); "
        in (sentences[0])
    )
    assert "purge-then-train lowers mean trust by 0.060" in sentences[0]
    assert f"{EVIL} has no clear effect on mean trust" in sentences[0] and sentences[0].count("contains 0") == 1
    assert sentences[1].startswith(f"The largest rise on average is that of training, but its lead over {EVIL} is not clear")


def test_the_lead_is_a_paired_difference_too(comparison):
    """Levels that vary more than their difference: intervals overlap, and yet the lead is clear."""
    words, names = Words("en"), {arm: arm for arm in comparison.arms}
    by = {"training": (0.02, 0.05, 0.08), EVIL: (0.01, 0.04, 0.0699), "purge-then-train": (0.0, 0.0, 0.0)}
    sentences = comparisons.answer(shifted(comparison, by), names, words)
    assert "purge-then-train changes nothing at all" in sentences[0]
    assert not any("The largest rise is that of training" in sentence for sentence in sentences)  # 3 replicates: +0.05 may be none
    by = {"training": (0.05, 0.06, 0.07), EVIL: (0.04, 0.05, 0.0599), "purge-then-train": (0.0, 0.0, 0.0)}
    sentences = comparisons.answer(shifted(comparison, by), names, words)
    assert sentences[1].startswith(f"The largest rise is that of training; its lead over {EVIL} is 0.0100")


def test_a_placebo_that_differs_is_a_warning(comparison):
    data = comparison.dataset.copy(deep=True)
    data.crimes.loc[{"arm": "placebo"}] += 1
    words = Words("en")
    found = comparisons.findings(Comparison(data), words)
    assert [warning for warning in found.warnings if "Do not rely" in warning]
    assert not [sentence for sentence in found.answer if "exactly 0" in sentence]
    assert [sentence for sentence in comparisons.findings(comparison, words).answer if "exactly 0" in sentence]
