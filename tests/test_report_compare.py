"""The report of a comparison: what it says of each arm is what the paired differences say, and figures name arms as the page does."""

import html5lib
import numpy as np
import pytest

from sim import plots_compare
from sim.report import comparisons, consequences, render
from sim.report.assumed import contested_table
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
    assert {"en": "purge and then training", "es": "depuración y luego capacitación"}[words.language] in text(tree)


def shifted(comparison, by):
    """The same comparison with trust of each arm at a constant distance from the baseline's in each replicate."""
    data = comparison.dataset.copy(deep=True)
    for arm, change in by.items():
        data.mean_trust.loc[{"arm": arm}] = data.mean_trust.sel(arm="baseline").values + np.asarray(change)[:, None]
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


def first_page(comparison, words):
    return consequences.told(comparison, {arm: arm for arm in comparison.arms}, words)


def test_the_first_page_says_what_it_costs_and_who_loses(comparison, tree):
    words = Words(tree.get("lang"))
    answer = next(element for element in tree.iter("section") if element.get("class") == "answer")
    names = comparisons.display_names(comparison, words)
    assert all(sentence in text(answer) for sentence in consequences.told(comparison, names, words))
    cost, moved = first_page(comparison, Words("en"))[:2]
    costs, people = comparison.costs().set_index("arm"), comparison.gainers().set_index("arm")
    assert "over 30 weeks, in thousand pesos, for a model city of 3,000 adults" in cost
    assert f"training {Words('en').amount(costs.money['training'].iloc[0], costs.money_half_width['training'].iloc[0])};" in cost
    own = people.loc["training"]
    assert f"training, {100 * own.share_gaining:.0f} gain and {100 * own.share_losing:.0f} lose" in moved


def test_the_reason_is_the_cause_that_pushes_the_way_trust_went(comparison):
    """Not the way back to the usual trust, however large, and none where trust did not clearly go anywhere."""
    by = {"training": (0.05, 0.06, 0.07), "purge-then-train": (-0.05, -0.06, -0.07), EVIL: (-0.05, 0.01, 0.05)}
    data = shifted(comparison, by).dataset
    data.ledger[:] = 0.0
    week = {"week": int(data.week[-1])}
    for cause, change in {"contact": 0.3, "hearsay": -0.2, "drift": -0.9}.items():
        for arm in by:
            data.ledger.loc[{"arm": arm, "cause": cause, **week}] = change
    (reason,) = first_page(Comparison(data), Words("en"))[2:]
    assert "training, contact (" in reason.replace("own contact with officers", "contact") and "drift" not in reason and EVIL not in reason
    assert "purge-then-train, what others tell" in reason or "purge-then-train, hearsay" in reason


def test_words_of_the_ledger_are_the_sums_that_it_shows(comparison):
    words = Words("en")
    by = {"training": (0.05, 0.06, 0.07), "purge-then-train": (-0.05, -0.06, -0.07), EVIL: (-0.05, 0.01, 0.05)}
    found = comparisons.booked(shifted(comparison, by))
    assert found["training"] == pytest.approx(interval(np.array(by["training"])))
    pictures = comparisons.pictures(comparison, comparisons.display_names(comparison, words), words)
    sums, alts = comparisons.booked(comparison), [one.alt for one in pictures]
    row = comparison.gainers().set_index("arm").loc["training"]
    mean = float(np.nanmean(comparison.map_of_effect("training").values[0]))
    assert sum(f"training, {100 * row.share_gaining:.0f} gain and {100 * row.share_losing:.0f} lose" in alt for alt in alts) == 1
    assert sum(f"training {words.number(mean, 4, sign=True)}" in alt for alt in alts if alt.startswith("Maps")) == 1
    assert f"training {words.amount(*sums['training'], sign=True)}" in next(one.alt for one in pictures if "Stacked bars" in one.alt)


def test_what_intervals_cover_names_what_they_leave_out(comparison):
    words = Words("en")
    known = comparison.study.with_(posterior="mexico-city-2016")
    drawn = Comparison(comparison.dataset.assign_attrs(study=known.to_yaml()))
    said = comparisons.caution(drawn, words)
    assert "They do not cover costs" in said and "community.conduct_offset" in said and "trust.contact_loss" not in said
    assert "neither doubt about the parameters" in comparisons.caution(comparison, words)
    marked = {row[0]: row[2] for row in contested_table({}, words, comparisons.findings(drawn, words).varying).rows}
    assert marked["trust.contact_loss"].endswith("(varies)") and not marked["community.conduct_offset"].endswith("(varies)")


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_arms_are_not_joined_by_commas(comparison, language):
    words = Words(language)
    names = {"training": "a, b", "purge-then-train": "c, d", EVIL: "e, f"}
    called = {arm: names.get(arm, arm) for arm in comparison.arms}
    said = [*comparisons.answer(comparison, called, words), *consequences.told(comparison, called, words)]
    said += [fact for _, fact in comparisons.facts(comparison, called, words)]
    said += [one.alt for one in comparisons.pictures(comparison, called, words)]
    assert sum("a, b" in text for text in said) > 5
    assert not [text for text in said for name in names.values() if f", {name}" in text]
