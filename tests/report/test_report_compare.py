"""The report of a comparison: what it says of each arm is what the paired differences say, and figures name arms as the page does."""

import html5lib
import pytest
from made_comparisons import planted, shifted, tiled

from sim.figures import compare as plots_compare
from sim.inputs.scenario import CitySize, Scenario
from sim.measures.spread import read_off, spread
from sim.measures.voice_measures import VOICE_MEASURES
from sim.report import comparisons, consequences, render
from sim.report.assumed import contested_table
from sim.report.words import LANGUAGES, Words
from sim.studies.answers.compare import compare
from sim.studies.answers.comparison import Comparison
from sim.studies.design.study import Study

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


@pytest.mark.parametrize("language", LANGUAGES)
def test_voices_of_all_arms_stand_in_one_table(comparison, language):
    words = Words(language)
    names = comparisons.display_names(comparison, words)
    (table,) = comparisons.voices_table(comparison, names, words)
    heard = comparison.voices().set_index(["arm", "measure"])
    assert table.title == words["groups"]["voices"] and "{" not in table.caption and words.reform("training") in table.columns
    rows = {row[0]: row for row in table.rows}
    assert len(rows) == len(table.rows) == len(VOICE_MEASURES)
    base, training = heard.loc[("baseline", "officers_attitude")], heard.loc[("training", "officers_attitude")]
    row = rows[words.measure("officers_attitude")]
    assert row[2:5] == [words.number(base.asked), words.number(base.answer, 3), words.number(base.standard_error, 3)]
    assert training.effect > 0.3 and row[5].startswith(words.number(training.effect, 2, sign=True)[:4])
    empty = Comparison(comparison.dataset.isel(survey_week=slice(0, 0)))
    assert comparisons.voices_table(empty, names, words) == [] and empty.voices().empty


def test_tables_hold_the_paired_differences(comparison, tree):
    words = Words(tree.get("lang"))
    table = comparison.effects().set_index(["arm", "measure", "week"])
    trust = next(row for row in rows(tree) if row[0] == words.reform("training"))
    own = table.loc[("training", "mean_trust", 30)]
    assert trust[1] == words.spread(read_off(own), sign=True) == words.amount(own.effect, own.precision, sign=True).partition(" ")[0]
    shares = next(row for row in rows(tree) if row[0] == words.measure("share_trusting"))
    own = table.loc[("training", "share_trusting", 30)]
    assert shares[3] == words.spread(read_off(own).times(100), sign=True, counted=True) and words.counted(read_off(own)) in shares[3]
    assert not [row for row in rows(tree) if row[0] == words.measure("cost")]
    costs = next(row for row in rows(tree) if len(row) == 4 and row[0] == words.reform("training"))
    paid = comparison.costs().set_index("arm").loc["training"].iloc[0]
    assert costs[2] == words.spread(read_off(paid, "money", "money_"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_of_many_replicates_hold_the_range(comparison, language):
    words, names = Words(language), {arm: arm for arm in comparison.arms}
    found = planted(comparison, often(BY))
    (table,) = comparisons.trust_table(found, found.effects(), names, words)
    row = next(row for row in table.rows if row[0] == EVIL)
    ends = words.reach(spread(BY[EVIL] * 8), sign=True)
    assert ends in row[1] and row[3] == words["verdicts"]["unclear"]
    assert row[4].startswith(words.say("answer.count", count=67, of=100))
    level = level_of(found)
    assert row[2] == words.say("answer.numbers", low=words.number(level, 3), high=words.number(level + 0.01, 3))
    assert ends in next(row for row in comparisons.effects_table(found, names, words).rows if row[0] == words.measure("mean_trust"))[-1]
    prices = {row[0]: row[3] for row in comparisons.cost_table(found, names, words)[0].rows}
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


def test_the_answer_says_what_the_range_says(comparison):
    words, names = Words("en"), {arm: arm for arm in comparison.arms}
    found = planted(comparison, often(BY))
    sentences = [said.replace("\u2212", "-") for said in comparisons.answer(found, names, words)]
    level, up, down = (f"{level_of(found) + by:.3f}" for by in (0.0, 0.06, -0.06))
    assert sentences[0].startswith(
        "In this model, after 30 weeks, compared with baseline and the same luck: training raises mean trust by 0.0600, "
        f"from {level} to {up} "
    )
    sentences[0] = sentences[0].replace("0.0500", "0.050").replace("0.0700", "0.070")  # how many digits is a matter of the last bit
    assert f"from {level} to {up} (in nine of ten replicates by +0.050 to +0.070); purge-then-train lowers" in sentences[0]
    assert f"by 0.0600, from {level} to {down} (in nine of ten replicates the change is -0.070 to -0.050)" in sentences[0]
    unclear = f"{EVIL} may raise or lower mean trust (+0.010 in the middle, -0.050 to +0.050 in nine of ten replicates, with"
    assert unclear in sentences[0]
    assert "this sign in 67 of 100)" in sentences[0]
    assert sentences[1].startswith(f"The largest rise is that of training; its lead over {EVIL} is 0.05")
    sentences = comparisons.answer(shifted(comparison, BY), names, words)
    assert f"training moves mean trust by +0.0600, from {level} to {up}, with this sign in 3 of 3 replicates" in sentences[0]
    assert sentences[1] == "No arm raises it clearly.", "three replicates of one sign may be chance"


def test_the_lead_is_a_paired_difference_too(comparison):
    """Levels that vary more than their difference: ranges overlap, and yet the lead is clear."""
    words, names = Words("en"), {arm: arm for arm in comparison.arms}
    by = {"training": (0.02, 0.05, 0.08), EVIL: (0.01, 0.04, 0.0699), "purge-then-train": (0.0, 0.0, 0.0)}
    sentences = comparisons.answer(planted(comparison, often(by)), names, words)
    assert "purge-then-train changes nothing at all" in sentences[0]
    assert sentences[1].startswith(f"The largest rise is that of training; its lead over {EVIL} is 0.01")
    sentences = comparisons.answer(planted(comparison, often(by, 2)), names, words)
    assert (
        sentences[1].startswith(f"The largest rise is that of training; its lead over {EVIL} is 0.01") and "leads in 6 of 6" in sentences[1]
    )
    by[EVIL] = (0.03, 0.04, 0.07)
    sentences = comparisons.answer(planted(comparison, often(by)), names, words)
    assert f"its lead over {EVIL} is not clear: it leads in 67 of 100 replicates" in sentences[1]


def test_a_placebo_that_differs_is_a_warning(comparison):
    data = comparison.dataset.assign_attrs(placebo_differs='["crimes"]')
    words = Words("en")
    found = comparisons.findings(Comparison(data), words)
    assert [warning for warning in found.warnings if "Do not rely" in warning]
    assert not [sentence for sentence in found.answer if "exactly 0" in sentence]
    assert [sentence for sentence in comparisons.findings(comparison, words).answer if "exactly 0" in sentence]


def first_page(comparison, words):
    return consequences.sentences(comparison, {arm: arm for arm in comparison.arms}, words)


def test_the_first_page_says_what_it_costs_and_who_loses(comparison, tree):
    words = Words(tree.get("lang"))
    answer = next(element for element in tree.iter("section") if element.get("class") == "answer")
    names = comparisons.display_names(comparison, words)
    assert all(sentence in text(answer) for sentence in consequences.sentences(comparison, names, words))
    cost, moved = first_page(comparison, Words("en"))[:2]
    costs, people = comparison.costs().set_index("arm"), comparison.gainers().set_index("arm")
    assert "over 30 weeks, in thousand pesos, for a model city of 3,000 adults" in cost
    assert f"training {Words('en').spread(read_off(costs.loc['training'].iloc[0], 'money', 'money_'))};" in cost
    own = people.loc["training"]
    assert own.lives == 0 and "--replicates 5 or more" in moved
    twice = tiled(comparison, 5)
    own, moved = twice.gainers().set_index("arm").loc["training"], first_page(twice, Words("en"))[1]
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
    (reason,) = first_page(Comparison(data), Words("en"))[2:]
    assert "training, contact: " in reason.replace("own contact with officers", "contact") and "drift" not in reason and EVIL not in reason
    assert "purge-then-train, what others tell" in reason or "purge-then-train, hearsay" in reason


def test_words_of_the_ledger_are_the_sums_that_it_shows(comparison):
    words = Words("en")
    found = comparisons.booked(shifted(comparison, BY))
    assert found["training"].middle == pytest.approx(spread(BY["training"]).middle)
    pictures = comparisons.pictures(comparison, comparisons.display_names(comparison, words), words)
    sums, alts = comparisons.booked(comparison), [one.alt for one in pictures]
    ends = comparison.places().set_index(["arm", "tenth"]).loc["training"].iloc[[0, -1]]
    both = " / ".join(words.spread(read_off(end), sign=True) for _, end in ends.iterrows())
    assert sum("--replicates 5 or more" in alt for alt in alts) == 1
    assert sum(f"training {both}" in alt for alt in alts) == 1
    assert f"training {words.spread(sums['training'], sign=True)}" in next(one.alt for one in pictures if "Stacked bars" in one.alt)


def test_what_is_said_of_ranges_names_what_they_leave_out(comparison):
    words = Words("en")
    known = comparison.study.with_(posterior="mexico-city-2016")
    drawn = Comparison(comparison.dataset.assign_attrs(study=known.to_yaml()))
    said = comparisons.caution(drawn, words)
    assert "unit costs, how well each reform is made" in said and "community.conduct_offset" in said and "trust.contact_loss" not in said
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
    said = [*comparisons.answer(comparison, called, words), *consequences.sentences(comparison, called, words)]
    said += [fact for _, fact in comparisons.facts(comparison, called, words)]
    said += [one.alt for one in comparisons.pictures(comparison, called, words)]
    assert sum("a, b" in text for text in said) > 5
    assert not [text for text in said for name in names.values() if f", {name}" in text]
