"""The report of a decision: its first page answers in sentences that say what the tables say, in both languages."""

import re
from dataclasses import replace
from pathlib import Path

import html5lib
import made_decisions as made
import numpy as np
import pytest

from sim.errors import InputError
from sim.figures.decision import FIGURES
from sim.inputs.patterns import PatternCheck, patterns
from sim.report import deciding, decisions, render
from sim.report.decision_context import DecisionContext, restriction, rule
from sim.report.decision_tables import budgets_table, informing_table, options_table, regret_table
from sim.report.words import LANGUAGES, Words
from sim.studies.answers.decision import FRAMES, MONEY, pick
from sim.validation.record import Validation

DECISION, DISCOVERIES = made.decision(), [made.discovery("purge"), made.discovery("community")]
SIM = Path(deciding.__file__).parent.parent


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with a decision, two boxes, and a condition for which there is none."""
    folder = tmp_path_factory.mktemp("store")
    DECISION.save(folder / "decision")
    for found in (*DISCOVERIES, made.discovery("mix", found=False, refused="Nothing.", box=DISCOVERIES[0].box[:0])):
        found.save(folder / "discovery" / found.output.folder)
    return folder


@pytest.fixture(scope="module")
def pages(store):
    return {language: render(store, language) for language in LANGUAGES}


@pytest.fixture(params=LANGUAGES)
def page(pages, request):
    return pages[request.param]


def parsed(page):
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def text(element):
    return re.sub(r"[ \n]+", " ", "".join(element.itertext())).replace("\u00a0", " ").strip()


def told(language="en", decision=DECISION, discoveries=DISCOVERIES):
    return DecisionContext(decision, discoveries, Words(language))


def card(tree):
    return next(element for element in tree.iter("section") if element.get("class") == "answer")


def test_the_card_is_first_and_the_questions_below_it(page, store):
    tree = parsed(page)
    words = Words(tree.get("lang"))
    wanted = [words["decision"][key] for key in ("works", "fails", "costs", "find_out", "turns")]
    assert [text(element) for element in tree.iter("h2") if text(element) in wanted] == wanted
    assert next(tree.iter("section")) is card(tree) and told(words.language).name(DECISION.recommended) in text(card(tree).find("h2"))
    rows = {text(row[0]): [text(cell) for cell in row[1:]] for row in card(tree).find(".//table[@class='card']").iter("tr")}
    speaking = told(words.language)
    for arm, line in zip(DECISION.arms[1:], decisions.answer_card(speaking).lines, strict=True):
        assert rows[f"{line.name}{line.verdict}"][2] == speaking.chance(arm)
    paragraphs = deciding.paragraphs(told(words.language, discoveries=decisions.discoveries(store, DECISION)))
    assert len(paragraphs) == len(wanted) and all(part in text(tree.find("body")) for parts in paragraphs.values() for part in parts)


def test_levels_of_the_city_without_a_reform_make_people_of_effects():
    facts = DECISION.facts | {"levels": {"mean_trust": 0.5}}
    known, unknown = (decisions.answer_card(told(decision=replace(DECISION, facts=each))) for each in (facts, DECISION.facts))
    own = DECISION.effect("training", "mean_trust").times(100)
    line = next(line for line in known.lines if line.name == "training")
    assert line.cells[0].startswith(f"from 50 to {50 + round(own.middle)}" if round(own.middle) else "stays at 50")
    assert next(line for line in unknown.lines if line.name == "training").cells[0].startswith(f"+{round(own.middle)}")


def test_it_is_one_page_that_needs_nothing(page):
    tree = parsed(page)
    assert not [element for element in tree.iter() if element.tag in ("link", "iframe", "object", "embed", "form")]
    images = list(tree.iter("img"))
    assert len(images) == len(FIGURES) + 2 * len(DISCOVERIES)
    assert all(image.get("src").startswith("data:image/svg+xml;base64,") for image in images)
    assert all(len(image.get("alt")) > 60 and "{" not in image.get("alt") for image in images)
    for own in tree.findall("body/script"):
        tree.find("body").remove(own)
    said = text(tree.find("body"))
    assert "{" not in said and "nan" not in said.split()
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_what_works_is_what_the_curves_say():
    said = " ".join(deciding.works(told()))
    row = DECISION.at().set_index("arm").loc[DECISION.recommended]
    assert said.startswith("If one point of mean trust is worth 12,000 pesos an adult, the best option on average is: training.")
    share, low, high = (f"{100 * row[f'probability_best{end}']:.0f}" for end in ("", "_low", "_high"))
    assert f"the best of the 7 options in {share} ({low} to {high}) of every 100 possible cities, as far as 300 draws can tell" in said
    own = DECISION.spread("training", "benefit")
    assert f"training {Words('en').spread(own)}" in said and own.ranged
    assert "far from sure" in said and row.probability_best < deciding.PROBABLY
    second = DECISION.at().set_index("arm").probability_best.drop("training").idxmax()
    assert f"Next comes {Words('en').reform(second)}" in said
    assert "purge (outdone by training)" in said and "mix of reforms (outdone" not in said


@pytest.mark.parametrize(("share", "words"), [(0.95, "that is fairly sure"), (0.7, "probable, but not sure"), (0.4, "far from sure")])
def test_how_sure_it_is_depends_on_how_often_it_is_best(share, words):
    curves = DECISION.curves.copy()
    curves.loc[curves.arm == "training", "probability_best"] = share
    assert words in deciding.choice(told(decision=replace(DECISION, curves=curves)))[0]


def test_the_range_is_cut_where_another_option_is_best():
    parts = deciding.segments(DECISION)
    assert [arm for arm, *_ in parts] == ["baseline", "training", "mix"]
    assert (parts[0][1], parts[-1][2]) == (made.PAY[0], made.PAY[-1])
    assert [high for _, _, high in parts[:-1]] == [low for _, low, _ in parts[1:]]
    for (before, *_), (arm, low, _) in zip(DECISION.frontier()[:-1], DECISION.frontier()[1:], strict=True):
        net = [np.interp(low, DECISION.pay, DECISION.curves[DECISION.curves.arm == name].net_benefit) for name in (before, arm)]
        assert net[0] == pytest.approx(net[1], abs=1e-6)
    always = DECISION.curves.assign(frontier=DECISION.curves.arm == "training")
    assert "the choice is the same" in " ".join(deciding.choice(told(decision=replace(DECISION, curves=always))))


def test_where_it_fails_names_shares_and_boxes():
    said = " ".join(deciding.fails(told()))
    shares = DECISION.effects[DECISION.effects.measure == "mean_trust"].set_index("arm").share_below_0
    assert f"justice {100 * shares['justice']:.0f}" in said.replace("local hearings", "justice")
    assert "training" in said  # the choice is named, however seldom it fails
    assert (
        said.count("There in 72 of every 100 cities, outside of there in 14, and overall in 25; 55 of every 100 such cities lie there") == 2
    )
    assert "(staffing.recruit_conduct_offset): less than \u22120.21 log-odds; and " in said
    assert "(purge.turn_to_crime): more than 6 %." in said
    assert said.endswith("one more takes 50 of 100 to 73, two more to 88.") and said.count("50 of 100") == 1
    nowhere = made.discovery("mix", found=False, box=DISCOVERIES[0].box[:0])
    assert "For mix of reforms no simple rule says where" in " ".join(deciding.fails(told(discoveries=[nowhere])))
    assert "confianza discover" in " ".join(deciding.fails(told(discoveries=[])))


def test_outside_of_a_box_is_counted_over_the_draws_that_are_not_in_it():
    inside, cases = np.arange(100) < 20, np.r_[np.arange(20) < 15, np.arange(80) < 16]
    shares = {"share": cases.mean(), "coverage": cases[inside].sum() / cases.sum(), "density": cases[inside].mean(), "mass": inside.mean()}
    counted = deciding.counted(told(), made.discovery(**shares))
    assert counted == {"density": "75", "outside": "20", "share": "31", "coverage": "48"}
    assert deciding.counted(told(), made.discovery(mass=1.0))["outside"] == "-"


def test_one_page_has_one_share_of_failures():
    """Where failures have been looked for, the share that was found then is told of the arm, not another estimate of it."""
    measured = deciding.failing(told(discoveries=[]))[2]
    assert deciding.failing(told())[2]["purge"] == DISCOVERIES[0].share != measured["purge"]
    asked = made.discovery(condition="effect:purge:mean_trust < -0.02", share=0.01)
    assert deciding.failing(told(discoveries=[asked]))[2]["purge"] == measured["purge"]
    assert "0.02" not in " ".join(deciding.fails(told(discoveries=[asked]))) and told(discoveries=[asked]).failures == []


def test_what_cannot_be_told_is_said_in_words():
    few = replace(DECISION, facts=DECISION.facts | {"effective": 17.0})
    holes = {f"{name}_{end}": np.nan for name in ("benefit", "cost", "per_unit") for end in ("q05", "q95")}
    few = replace(few, table=few.table.assign(**holes, effective_draws=17.0), effects=few.effects.assign(q05=np.nan, q95=np.nan))
    said = " ".join(deciding.works(told(decision=few)))
    assert "They are too few for a range" in said and "nan" not in said
    wide = replace(DECISION, curves=DECISION.curves.assign(probability_best_low=0.0, probability_best_high=1.0))
    for language, words in (("en", "draws cannot tell"), ("es", "no pueden decirlo")):
        assert words in deciding.choice(told(language, decision=wide))[0]
    never = DECISION.curves.assign(probability_best=DECISION.curves.probability_best.where(DECISION.curves.arm != "community", 0.0))
    tied = replace(DECISION, facts=DECISION.facts | {"tied": ["community"]}, curves=never)
    assert told(decision=tied).chance("community") == "these runs cannot tell"
    unclear = DECISION.table.assign(benefit_q05=-1.0, per_unit=np.nan)
    assert "it is not clear that there is one" in " ".join(deciding.costs(told(decision=replace(DECISION, table=unclear))))


def test_the_scale_is_told_before_what_works(page):
    tree = parsed(page)
    (said,) = deciding.scale_of(told(tree.get("lang")))
    (works,) = (part for part in tree.iter("section") if part.get("aria-labelledby") == "section-1")
    finding, scale, *_ = (text(each) for each in works.iter("p"))
    assert scale == said and finding.startswith(deciding.choice(told(tree.get("lang")))[0][:40]), "the finding comes first"
    english = deciding.scale_of(told())[0]
    assert english.startswith('One point of mean trust is 0.01 more in the measure "Mean trust in the police" (scale from 0 to 1).')
    assert "all money is in pesos an adult, summed over 2 years" in english
    assert "12,000 pesos an adult for one point of mean trust is the middle of the range that the study sets, 0 to 24,000:" in english


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"incidence": -1.0}, 'One crime is 1 less in the measure "Crimes" (per 100,000 adults a year).'),
        (
            {"share_trusting": 100.0},
            'One crime is 1 more in the measure "Adults who trust (mucha or algo de confianza)" (percentage points).',
        ),
        (
            {"mean_trust": 100.0, "incidence": -0.01},
            "One crime is one unit of this sum, each measure times its weight: Mean trust in the police x 100;",
        ),
    ],
)
def test_other_units_are_told_too(value, said):
    assert deciding.unit_of_gain(told(decision=replace(DECISION, value=value, unit="crime"))).startswith(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_lists_of_options_are_not_joined_by_commas(language):
    """Names of options may hold commas."""
    odd = {"purge": "a, b", "training": "c, d"}
    speaking = told(language, replace(DECISION, budget=5000.0, table=DECISION.table.assign(affordable=False)))
    words = Words(language)
    words.data = {**words.data, "reforms": {**words.data["reforms"], **odd}}
    speaking = replace(speaking, words=words)
    paragraphs = [part for parts in deciding.paragraphs(speaking).values() for part in parts]
    alts = [picture.alt for _, picture in decisions.pictures(speaking)]
    facts = [fact for _, fact in decisions.facts(speaking)]
    for found in (*paragraphs, *alts, *facts):
        for name in odd.values():
            assert not re.search(f"{name},|, {name}", found), found


def test_what_may_be_worth_knowing_comes_first():
    pay = DECISION.shown[1]
    rows = DECISION.evppi.assign(high=DECISION.evppi.high.where(DECISION.evppi.name != "conduct.mean", 0.0))
    speaking = told(decision=replace(DECISION, evppi=rows))
    table = informing_table(speaking)[0]
    wanted = pick(rows, pay).sort_values("high", ascending=False)
    wanted = wanted[(wanted.high > 0) & (wanted.kind == "factor")].name.tolist()
    shown = [row[0] for row in table.rows if row[0] in made.FACTORS]
    assert shown == wanted and "conduct.mean" not in shown
    nothing = told(decision=replace(DECISION, evppi=rows.assign(high=0.0)))
    assert informing_table(nothing) == []


def test_the_wrong_way_is_up_where_less_is_wanted():
    crimes = replace(DECISION, value={"incidence": -1.0}, unit="crime")
    measure, way, shares = deciding.failing(told(decision=crimes))
    below = DECISION.effects[DECISION.effects.measure == "incidence"].set_index("arm").share_below_0
    assert (measure, way) == ("incidence", "raises")
    assert shares["community"] == pytest.approx(1 - below["community"])
    assert deciding.fails(told(decision=crimes))[0].startswith(
        "Crimes: in how many of every 100 possible cities it goes up instead of down"
    )


def test_what_it_costs_is_per_adult_and_year():
    said = " ".join(deciding.costs(told()))
    row = DECISION.table.set_index("arm").loc["training"]
    assert f"costs {row.cost:,.0f} ({row.cost_q05:,.0f} to {row.cost_q95:,.0f}) pesos an adult more" in said  # a city of 1,000
    assert f": {row.cost / 2:,.0f} a year." in said  # two years
    nothing = told(decision=replace(DECISION, recommended="baseline"))
    assert deciding.costs(nothing)[0] == "The choice is to do nothing, which costs nothing more."
    poor = DECISION.table.assign(affordable=DECISION.table.cost < 5000)
    said = " ".join(deciding.costs(told(decision=replace(DECISION, table=poor, budget=5000.0))))
    assert said.endswith(
        "The budget of 5,000 pesos an adult rules out: community policing; local hearings; training and then purge; mix of reforms."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_amounts_do_not_depend_on_how_large_the_simulated_city_is(language):
    """The same decision in a city of five times the adults, where everything costs five times as much, reads the same."""
    small = replace(DECISION, budget=5000.0)
    tables = {name: getattr(small, name) for name in MONEY}
    costly = {name: table.assign(**5 * table.filter(regex=f"^({MONEY[name]})$")) for name, table in tables.items()}
    shown = tuple(5 * pay for pay in small.shown)
    large = replace(small, facts=small.facts | {"adults": 5000}, pay=5 * small.pay, shown=shown, budget=5 * 5000.0, **costly)
    both = [DecisionContext(each.each_adult(), DISCOVERIES, Words(language)) for each in (small, large)]
    assert deciding.paragraphs(both[0]) == deciding.paragraphs(both[1])
    assert deciding.scale_of(both[0]) == deciding.scale_of(both[1]) and decisions.facts(both[0]) == decisions.facts(both[1])
    made_of = (options_table, regret_table, informing_table, budgets_table)
    assert [build(both[0]) for build in made_of] == [build(both[1]) for build in made_of]
    lines = [[(line.cells, pytest.approx(line.pesos)) for line in decisions.answer_card(each).lines] for each in both]
    assert lines[0] == [(cells, pesos.expected) for cells, pesos in lines[1]]


def test_what_to_find_out_first_is_what_is_worth_most():
    said = " ".join(deciding.find_out(told()))
    rows = pick(DECISION.evppi, DECISION.shown[1]).query("kind == 'factor'").sort_values("evppi", ascending=False)
    places = [said.index(name) for name in rows.name.head(deciding.NAMED)]
    assert places == sorted(places) and rows.name.iloc[deciding.NAMED] not in said
    unsure = DECISION.evppi.assign(low=0.0)
    assert "No single number is worth measuring" in " ".join(deciding.find_out(told(decision=replace(DECISION, evppi=unsure))))
    sure = DECISION.evpi.assign(evpi=0.0)
    assert deciding.find_out(told(decision=replace(DECISION, evpi=sure)))[0].startswith("Nothing, for this choice")


def test_the_choice_by_thirds_is_told_and_tabled(page):
    tree = parsed(page)
    words = Words(tree.get("lang"))
    (part,) = (part for part in tree.iter("section") if text(part.find(".//h2")) == words["decision"]["turns"])
    rows = {text(row[0]): [text(cell) for cell in row[1:]] for row in part.iter("tr")}
    for factor, own in DECISION.contested.groupby("factor"):
        best = own[own.best & (own.part == "low")].iloc[0]
        assert rows[factor][1].startswith(f"{told(words.language).name(best.arm)} ({100 * best.probability_best:.0f})")
    said = " ".join(deciding.turns(told(words.language)))
    for factor in DECISION.contested.factor[DECISION.contested.turns].unique():
        assert factor in said
    same = DECISION.contested.assign(turns=False)
    assert "6" in deciding.turns(told(words.language, replace(DECISION, contested=same)))[0]
    assert deciding.turns(told(decision=replace(DECISION, contested=DECISION.contested[:0]))) == []


def test_restrictions_in_words():
    row = DISCOVERIES[0].box.iloc[0].to_dict()
    assert restriction(told(), row | {"low": -1.0}) == "\u22121 to \u22120.21 log-odds"
    assert restriction(told("es"), row | {"kept": "troops, both"}) == "personal operativo o ambos"
    assert restriction(told("es"), row | {"unit": "ratio", "high": 0.815}) == "menos de 0.815"
    assert rule(told(), DISCOVERIES[0]).count("; and ") == 1


def test_without_pattern_checks_it_says_how_to_make_them(page):
    assert page.count("<pre><code>confianza validate scenario.yaml --out .</code></pre>") == 1
    assert decisions.place("mexico-city-2016") == "mexico-city-2016"


@pytest.mark.parametrize("language", LANGUAGES)
def test_patterns_that_fail_are_named_on_the_card(store, language, tmp_path):
    import shutil

    folder = shutil.copytree(store, tmp_path / "store")
    failing = [known for known in patterns().values() if known.role != "report"][:3]
    rows = [PatternCheck(known, known.measures[0], 0.5, 0.01, place > 0, 1000, 4) for place, known in enumerate(failing)]
    Validation("Elsewhere", tuple(rows)).save(folder)
    page = render(folder, language)
    words, said = Words(language), text(card(parsed(page)))
    names = [words.translate("patterns", each.id, each.text).text for each in failing]
    assert words.say("page.checks_short", missed=1, judged=3, names=names[0]) in said and names[1] not in said
    assert words.say("page.checks_elsewhere", name="Elsewhere") in said, "of another place"
    assert page.count(f"<dt>{failing[0].id}, ") == 1 and "<pre><code>confianza validate" not in page


ENGLISH = re.compile(r"\b(the|and|of|which|with|draws?|is|are|where|training|purge|community policing|worth)\b")


def test_no_english_is_left_in_spanish(pages):
    tree = parsed(pages["es"])
    for element in list(tree.iter()):
        for child in list(element):
            quoted = (
                child.get("lang") == "en"
                or child.tag in ("code", "style", "title", "pre", "script")
                or child.get("href", "").startswith("http")
            )
            if quoted or child.get("class") in ("question", "author") or child.tag == "h1":
                child.text, child.attrib = "", {}
                for below in list(child):
                    child.remove(below)
    said = re.sub(r"\w+\.\w+", "", text(tree)).replace("made", "")
    assert ENGLISH.findall(said.replace(Words("es").reform("training"), "")) == []


def test_figures_of_the_spanish_page_are_spanish():
    inside = decisions.drawn_in(told("es"))
    for name in ("arm:training", "unit", "factor:hearsay.fraction", "topic:hearsay", "mean_trust", "unit:log-odds"):
        assert not ENGLISH.search(inside[name]), inside[name]


def test_arms_of_the_shipped_studies_have_names():
    arms = ("purge", "training", "community", "justice", "purge-then-train", "train-then-purge", "mix")
    english, spanish = ([Words(language).reform(arm) for arm in arms] for language in LANGUAGES)
    assert len(set(english)) == len(set(spanish)) == len(arms)
    assert not set(english) & set(spanish) and not any("-" in name for name in (*english, *spanish))


def test_a_folder_of_a_decision_alone_is_enough(tmp_path):
    DECISION.save(tmp_path / "decision")
    assert render(tmp_path / "decision") == render(tmp_path)
    (tmp_path / "decision" / "decision.json").write_text("{}")
    with pytest.raises(InputError, match="holds no decision that can be read: it was changed"):
        render(tmp_path)


@pytest.mark.parametrize("name", FRAMES)
def test_a_table_that_is_damaged_or_missing_is_named(name, tmp_path):
    DECISION.save(tmp_path / "decision")
    path = tmp_path / "decision" / f"{name}.csv"
    path.write_text("garbage")
    with pytest.raises(InputError, match=rf"{name}\.csv' holds no decision that can be read: it was changed or damaged"):
        render(tmp_path)
    path.unlink()
    with pytest.raises(InputError, match=rf"there is no {name}\.csv"):
        render(tmp_path)
