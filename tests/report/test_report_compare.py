"""The report of a comparison: what it says of each arm is what the paired differences say, and figures name arms as the page does."""

import re

import html5lib
import pytest
from made_comparisons import planted, shifted, tiled

from sim.figures import compare as plots_compare
from sim.inputs.scenario import CitySize, Scenario
from sim.measures.spread import Spread, read_off, spread
from sim.measures.voice_measures import VOICE_MEASURES
from sim.report import comparison_tables, comparisons, consequences, render
from sim.report.assumed import contested_table
from sim.report.card import BAND, graded, money, verdict
from sim.report.words import LANGUAGES, Words
from sim.studies.answers.compare import compare
from sim.studies.answers.comparison import Comparison
from sim.studies.design.study import Study
from sim.style.looks import written

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
    assert EVIL in text(tree.find(".//table[@class='card']")) and len(list(tree.iter("script"))) == 3
    images = list(tree.iter("img"))
    assert len(images) == len(plots_compare.FIGURES)
    assert all(len(image.get("alt")) > 60 and image.get("src").startswith("data:") for image in images)


@pytest.mark.parametrize("language", LANGUAGES)
def test_voices_of_all_arms_stand_in_one_table(comparison, language):
    words = Words(language)
    names = comparisons.display_names(comparison, words)
    (table,) = comparison_tables.voices_table(comparison, names, words)
    heard = comparison.voices().set_index(["arm", "measure"])
    assert table.title == words["groups"]["voices"] and "{" not in table.caption and words.reform("training") in table.columns
    rows = {row[0]: row for row in table.rows}
    assert len(rows) == len(table.rows) == len(VOICE_MEASURES)
    base, training = heard.loc[("baseline", "officers_attitude")], heard.loc[("training", "officers_attitude")]
    row = rows[words.measure("officers_attitude")]
    assert row[2:5] == [words.number(base.asked), words.number(base.answer, 3), words.number(base.standard_error, 3)]
    assert training.effect > 0.3 and row[5].startswith(words.number(training.effect, 2, sign=True)[:4])
    empty = Comparison(comparison.dataset.isel(survey_week=slice(0, 0)))
    assert comparison_tables.voices_table(empty, names, words) == [] and empty.voices().empty


def test_tables_hold_the_paired_differences(comparison, tree):
    words = Words(tree.get("lang"))
    table = comparison.effects().set_index(["arm", "measure", "week"])
    trust = next(row for row in rows(tree) if row[0] == words.reform("training") and len(row) == 6)
    own = table.loc[("training", "mean_trust", 30)]
    assert trust[1] == words.spread(read_off(own), sign=True) == words.amount(own.effect, own.precision, sign=True).partition(" ")[0]
    shares = next(row for row in rows(tree) if row[0] == words.measure("share_trusting"))
    own = table.loc[("training", "share_trusting", 30)]
    assert shares[3] == words.spread(read_off(own).times(100), sign=True, counted=True) and words.counted(read_off(own)) in shares[3]
    assert not [row for row in rows(tree) if row[0] == words.measure("cost")]
    (costs,) = (row for row in rows(tree) if len(row) == 4 and row[0] == words.reform("training"))
    paid = comparison.costs().set_index("arm").loc["training"].iloc[0]
    assert costs[2] == words.spread(read_off(paid, "money", "money_").times(1000 / 3000)), "of 30 weeks, not brought to a year"


def asked_nobody(comparison):
    """The same without surveys, so that the card tells of mean trust, which tests can plant."""
    return Comparison(comparison.dataset.isel(survey_week=slice(0, 0)))


def card_of(comparison, language="en"):
    return comparisons.answer_card(comparison, {arm: arm for arm in comparison.arms}, Words(language))


def test_unmoved_measures_are_named_and_not_shown(comparison):
    words, names = Words("en"), {arm: arm for arm in comparison.arms}
    same = comparison.dataset.copy(deep=True)
    same.answers[:] = same.answers.sel(arm="baseline")
    table = comparison_tables.effects_table(Comparison(same), names, words)
    assert words.measure("share_trusting") not in [row[0] for row in table.rows] and words.measure("share_trusting") in table.caption
    assert words.measure("share_trusting") in [row[0] for row in comparison_tables.effects_table(comparison, names, words).rows]


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_of_many_replicates_hold_the_range(comparison, language):
    words, names = Words(language), {arm: arm for arm in comparison.arms}
    found = planted(comparison, often(BY))
    (table,) = comparison_tables.trust_table(found, names, words)
    row = next(row for row in table.rows if row[0] == EVIL)
    ends = words.reach(spread(BY[EVIL] * 8), sign=True)
    assert ends in row[1] and row[3] == words["verdicts"]["unclear"]
    assert row[4].startswith(words.say("answer.count", count=67, of=100))
    level = level_of(found)
    assert row[2] == words.say("answer.numbers", low=words.number(level, 3), high=words.number(level + 0.01, 3))
    assert (
        ends in next(row for row in comparison_tables.effects_table(found, names, words).rows if row[0] == words.measure("mean_trust"))[-1]
    )
    prices = {row[0]: row[3] for row in comparison_tables.cost_table(found, names, words)[0].rows}
    assert "(" in prices["training"] and prices[EVIL] == prices["purge-then-train"] == "-"


def test_reforms_and_arms_are_named(tree):
    words = Words(tree.get("lang"))
    starts = [row[1:] for row in rows(tree) if row[0] == words.reform("purge-then-train") and len(row) == 3]
    assert [start for start, _ in starts] == ["0", "20"]
    assert starts[1][1].startswith(words.reform("training"))
    assert {"en": "purge and then training", "es": "depuración y luego capacitación"}[words.language] in text(tree)


BY = {"training": (0.05, 0.06, 0.07), "purge-then-train": (-0.05, -0.06, -0.07), EVIL: (-0.05, 0.01, 0.05)}


def often(by, times=8):
    """The same effects again and again, so that there are enough of them for a range."""
    return {arm: each * times for arm, each in by.items()}


def level_of(comparison):
    """Mean trust in the middle of the cities without a reform, in the last year."""
    table = comparison.effects()
    return table[(table.measure == "mean_trust") & (table.week == 30)].level_from.iloc[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_says_what_the_range_says(comparison, language):
    words = Words(language)
    open_either_way = (-0.05,) * 11 + (0.01,) * 2 + (0.05,) * 11
    card = card_of(asked_nobody(planted(comparison, often(BY) | {EVIL: open_either_way})), language)
    said, lines = words["card"]["verdicts"], {line.name: line for line in card.lines}
    assert [lines[arm].verdict for arm in BY] == [said["rise"], said["fall_partly"], said["unknown"]], "no trial speaks of a purge"
    level = 100 * level_of(comparison)
    both = words.say("card.levels", start=f"{level:.0f}", end=f"{level + 6:.0f}")
    assert words.say("card.told", name="training", levels=both) in card.finding and f"{EVIL} (" not in card.finding
    assert card.finding.index("training") < card.finding.index("purge-then-train")
    before = level_of(comparison)
    levels = [f"{100 * (before + by):.0f}" for by in (0, 0.06)]
    assert lines["training"].cells[0].startswith(words.say("card.levels", start=levels[0], end=levels[1]))
    assert words["chances"]["very_likely"] in lines["training"].cells[1]
    assert words["chances_against"]["very_likely"] in lines["purge-then-train"].cells[1], "in 100 of 100 fewer: more is unlikely"
    assert words["chances"]["even"] in lines[EVIL].cells[1]
    few = {line.name: line for line in card_of(asked_nobody(shifted(comparison, BY)), language).lines}
    assert few["training"].verdict == said["few"] and few["training"].cells[1] == words.say("card.few_more", count="3", of="3")


KINDS = {  # of 100 people: middle, low, high, and what it is called with trials on its path
    "rise": (4, 2, 5), "fall": (-4, -5, -2), "unknown": (-2, -6, 2.5), "little": (0.3, -0.9, 1.0),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_verdict_claims_no_more_than_is_known(kind):
    """A clear gain, a clear loss, not known, hardly any; none of these where no trial speaks of any part, whatever its range."""
    middle, low, high = KINDS[kind]
    effect = Spread(middle, 0.1, low, high, 0.8, 40, 30)
    assert verdict(effect) == verdict(effect, graded([{"training": {}}])) == kind
    partly = f"{kind}_partly" if effect.clear else "assumed"
    assert verdict(effect, graded([{"purge": {}}])) == "assumed" and verdict(effect, graded([{"training": {}}, {"purge": {}}])) == partly
    assert verdict(effect, graded([{"somebody's own": {}}])) == "assumed"
    assert verdict(effect._replace(low=float("nan"), high=float("nan")), graded([{"purge": {}}])) == "few", "of so few nothing is said"


def test_hardly_any_is_a_stated_band():
    """A range of little more than the band that holds both signs is not known, and not called little."""
    assert [verdict(Spread(0, 0.1, -end, end, 0.5, 40, 30)) for end in (0.99, 1.01)] == ["little", "unknown"]
    assert f"{BAND:g} of 100" in Words("en")["card"]["verdicts"]["little"]


def test_a_card_has_one_unit_of_money():
    words = Words("es")
    assert [money(each, words, 1_000_000, 0.41) for each in ((0.41, 0.3, 0.5), (0.00038, 0.0003, 0.0005))] == [
        "410 mil (300 a 500)", "0.38 mil (0.3 a 0.5)",
    ]  # fmt: skip


def test_a_lead_is_a_paired_difference_too(comparison):
    """Levels that vary more than their difference: ranges overlap, and yet the lead is clear."""
    by = {"training": (0.02, 0.05, 0.08), EVIL: (0.01, 0.04, 0.0699), "purge-then-train": (0.0, 0.0, 0.0)}
    card = card_of(asked_nobody(planted(comparison, often(by))))
    assert card.notes[0] == f"Most for trust: training. It beats the next, {EVIL}, in 100 of 100 replicates."
    by[EVIL] = (0.03, 0.04, 0.07)
    alike = Words("en").say("card.lead_alike", arm="training", other=EVIL, count="67 of 100", cities="replicates")
    assert card_of(asked_nobody(planted(comparison, often(by)))).notes[0] == alike
    by["purge-then-train"] = (0.02, 0.05, 0.08)
    best = card_of(asked_nobody(planted(comparison, often(by | {"training": (0.01, 0.03, 0.06)})))).notes[0]
    assert best.startswith("Most for trust") and best.index("purge-then-train") < best.index(EVIL) and "training" not in best
    assert card_of(asked_nobody(shifted(comparison, BY))).notes[0] == "No reform clearly raises trust.", "three of one sign may be chance"


def test_people_who_trust_come_before_points_of_trust(comparison):
    """Asked, adults are counted; if nobody was, trust is told on its scale."""
    words, asked = Words("en"), card_of(comparison)
    share = 100 * float(comparison.dataset.answers.sel(arm="baseline").isel(survey_week=-1)[..., 2:].sum("answer").median())
    assert asked.heads[1] == words["card"]["after"] and f"trust the police at the start; with baseline, {share:.0f} do" in asked.today
    nobody = card_of(asked_nobody(comparison))
    assert nobody.heads[1] == words["card"]["after_points"] and not nobody.today


def test_pesos_are_for_an_inhabitant_and_year(comparison, tree):
    """An amount of a small city is never shown by itself: pesos an inhabitant, for a municipality of the reader's."""
    words = Words(tree.get("lang"))
    paid = comparison.costs().set_index("arm").loc["training"].iloc[0].money
    (row,) = (
        row
        for row in tree.find(".//table[@class='card']").iter("tr")
        if text(row[0]).startswith(words.reform("training") + words["card"]["verdicts"]["few"])
    )
    each = float(row.find(".//span[@data-pesos]").get("data-pesos").split()[0])
    assert row[3].get("data-label") == f"{words.paid('cost', 30)}, {words['card']['pesos']}", "on a phone no head stands above an amount"
    assert each == pytest.approx(1000 * paid / 3000 * 0.72)
    amounts = " ".join(span.get("data-pesos") for span in tree.findall(".//span[@data-pesos]")).split()
    large = any(abs(float(amount)) >= 10 for amount in amounts)  # all amounts have the unit of the largest
    assert text(row[3]).startswith(words.number(float(f"{each / 10:.2g}")) if large else words.number(float(f"{100 * each:.2g}")))
    assert [text(span) for span in tree.iter("span") if span.get("class") == "inhabitants"] == [words.number(100_000)]


def test_a_placebo_that_differs_is_a_warning(comparison):
    data = comparison.dataset.assign_attrs(placebo_differs='["crimes"]')
    words = Words("en")
    found = comparisons.findings(Comparison(data), words)
    assert [warning for warning in found.warnings if "Do not rely" in warning]
    assert "exactly 0" not in found.caution and "exactly 0" in comparisons.findings(comparison, words).caution


def test_who_gains_and_loses_is_told_with_what_luck_would_do(comparison):
    words, names = Words("en"), {arm: arm for arm in comparison.arms}
    own = comparison.gainers().set_index("arm").loc["training"]
    (moved,) = consequences.moved(comparison, names, words)
    assert own.lives == 0 and "--replicates 5 or more" in moved
    twice = tiled(comparison, 5)
    own, (moved, _) = twice.gainers().set_index("arm").loc["training"], consequences.moved(twice, names, words)
    floor = 50 * (own.floor_gaining + own.floor_losing)
    assert (
        f"training, {100 * own.share_gaining:.0f} gain and {100 * own.share_losing:.0f} lose; by luck alone {floor:.0f} and {floor:.0f}"
        in moved
    )


def test_the_reason_is_the_cause_that_pushes_the_way_trust_went(comparison):
    """Not the way back to the usual trust, however large, and none where trust did not clearly go anywhere."""
    data = planted(comparison, often(BY)).dataset
    data.ledger[:] = 0.0
    week = {"week": int(data.week[-1])}
    for cause, change in {"contact": 0.3, "hearsay": -0.2, "drift": -0.9}.items():
        for arm in BY:
            data.ledger.loc[{"arm": arm, "cause": cause, **week}] = change
    (reason,) = consequences.reasons(Comparison(data), {arm: arm for arm in comparison.arms}, Words("en"))
    assert "training, contact: " in reason.replace("own contact with officers", "contact") and "drift" not in reason and EVIL not in reason
    assert "purge-then-train, what others tell" in reason or "purge-then-train, hearsay" in reason


def test_figures_say_in_words_what_their_titles_found(comparison):
    words = Words("en")
    alts = [one.alt for one in comparisons.pictures(comparison, comparisons.display_names(comparison, words), words).values()]
    ends = comparison.places().set_index(["arm", "tenth"]).loc["training"].effect.iloc[[0, -1]]
    both = " / ".join(written(end, words.data, "+.3f") for end in ends)
    assert sum(f"training {both}" in alt for alt in alts) == 1 and "training +" in next(alt for alt in alts if "Stacked bars" in alt)


def test_what_is_said_of_ranges_names_what_they_leave_out(comparison):
    words = Words("en")
    known = comparison.study.with_(posterior="mexico-city-2016")
    drawn = Comparison(comparison.dataset.assign_attrs(study=known.to_yaml()))
    said = comparisons.caution(drawn, words)
    assert "unit costs, how well each reform is made" in said and re.search(r"\(\d+ contested ones among them\)", said)
    assert "." not in re.search(r"Not in it are ([^;]*)", said)[1], "no raw name"
    assert "Neither doubt about the parameters" in comparisons.caution(comparison, words)
    many = comparisons.caution(planted(drawn, often(BY)), words)
    assert "Each possible city is a draw" in many and "Not in it are unit costs" in many
    marked = {row[0]: row[2] for row in contested_table({}, words, comparisons.findings(drawn, words).varying).rows}
    assert marked["trust.contact_loss"].endswith("(varies)") and not marked["community.conduct_offset"].endswith("(varies)")


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_arms_are_not_joined_by_commas(comparison, language):
    words = Words(language)
    names = {"training": "a, b", "purge-then-train": "c, d", EVIL: "e, f"}
    called = {arm: names.get(arm, arm) for arm in comparison.arms}
    card = comparisons.answer_card(comparison, called, words)
    said = [card.finding, card.today, *card.notes, *(section.finding for section in comparisons.sections(comparison, called, words))]
    said += [fact for _, fact in comparisons.facts(comparison, called, words)]
    said += [one.alt for one in comparisons.pictures(comparison, called, words).values()]
    assert sum("a, b" in text for text in said) > 5
    assert not [text for text in said for name in names.values() if f", {name}" in text]
