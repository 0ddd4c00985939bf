"""What the unit of an amount says is what it is: pesos of less than a year are told as they are, nowhere as a year's."""

import re
from functools import partial

import html5lib
import pytest
from made_comparisons import planted, small
from made_decisions import decision

from sim.cli.compare import costs_table
from sim.cli.headlines import of_costs
from sim.cli.manner import MANNER
from sim.cli.show import told
from sim.measures.spread import Spread
from sim.report import comparisons, decisions, render
from sim.report.card import each_inhabitant, money
from sim.report.kit import of_comparison
from sim.report.words import LANGUAGES, Words
from sim.studies.answers.comparison import Comparison
from sim.world.parameters import CODEBOOK

SHARE = CODEBOOK["population.adult_share"].value
YEARLY = {"en": "a year", "es": "al año"}
WHOLE = {"en": "in 8 weeks", "es": "en 8 semanas"}
AMOUNT = r"(?:pesos|[Cc]osts?|[Cc]ostos?|officer-weeks|semanas de policía)[^.;|\n]{0,60}"


@pytest.fixture(scope="module")
def weeks_8():
    """Eight weeks of two arms, in 24 cities."""
    return planted(small(), {"course": [0.01] * 24, "beats": [-0.01] * 24})


@pytest.fixture(autouse=True)
def manner():
    MANNER.begin()
    yield
    MANNER.begin()


def shown(page, place):
    """The text of a page without its scripts, whose words are for any length of time."""
    tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(page)
    parts = [element for name in place for element in tree.iter(name)]
    return " | ".join(re.sub(r"\s+", " ", "".join(element.itertext())) for element in parts)


def wrong(text, language):
    return re.findall(AMOUNT + YEARLY[language], text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_eight_weeks_of_a_comparison_are_not_a_year(weeks_8, language, tmp_path):
    MANNER.lang, words = language, Words(language)
    weeks_8.save(tmp_path)
    costs = weeks_8.paid().query("measure == 'mean_trust'")
    table = costs_table(weeks_8)
    pieces = [piece for piece in of_comparison(weeks_8, tmp_path, words) if piece.name == "table-costs"]
    drawn = " | ".join(each.get_text() for each in pieces[0].draw().findobj(lambda each: hasattr(each, "get_text")))
    said = {
        "page": shown(render(tmp_path, language), ("th", "td", "p", "li", "caption", "h2", "h3")),
        "table": " | ".join([*table.headers, *(cell for row in table.rows for cell in row)]),
        "headline": told(of_costs(costs.to_dict("records"), "baseline", weeks_8.weeks))[0],
        "kit": drawn,
    }
    for place, text in said.items():
        assert not wrong(text, language) and re.search(AMOUNT + WHOLE[language], text.replace("\n", " ")), place


def test_amounts_are_what_was_booked(weeks_8):
    """Of 8 weeks all of it, never 52/8 of it; of two years the mean of both."""
    booked = weeks_8.costs().query("arm == 'beats'").money.iloc[0]
    assert booked > 0
    each = {weeks: Comparison(aged(weeks_8, weeks)).paid().query("arm == 'beats'").money.iloc[0] for weeks in (8, 52, 104)}
    assert each == {8: pytest.approx(booked), 52: pytest.approx(booked), 104: pytest.approx(booked / 2)}  # 1,000 adults, thousand pesos


def aged(comparison, weeks):
    """The dataset of a comparison that ends after so many weeks."""
    data = comparison.dataset
    return data.assign_coords(week=data.week.values + (weeks - comparison.weeks))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("weeks", [8, 104])
def test_a_decision_says_what_its_amounts_are_for(language, weeks, tmp_path):
    found, words = decision(week=weeks), Words(language)
    content = decisions.findings(found, tmp_path, words)
    costs = next(section for section in content.sections if section.heading == words["decision"]["costs"])
    text = " ".join([costs.finding, *map(str, costs.paragraphs), content.card.cost])
    assert bool(re.search(YEARLY[language], text)) == (weeks == 104) and (WHOLE[language] in text) == (weeks == 8)
    line = content.card.lines[0]
    own = found.each_adult().spread(found.arms[1], "cost").middle
    assert line.pesos[0] == pytest.approx(own * SHARE / (2 if weeks == 104 else 1))


def test_money_of_an_inhabitant():
    paid = Spread(50.0, 0.1, 40.0, 60.0, 1.0, 32, 32)
    assert each_inhabitant(paid, {"parameters": {"population.adult_share": 0.5}}) == (25.0, 20.0, 30.0)
    shown = partial(money, words=Words("es"), inhabitants=100_000, largest=20.0)
    one, two = ((each, float("nan"), float("nan")) for each in (10.0, 20.0))
    assert [shown(one), shown(two)] == ["1 millón", "2 millones"] and "million" in money(two, Words("en"), 100_000, 20.0)


def test_the_budget_has_the_unit_of_the_costs(weeks_8):
    data = weeks_8.dataset.assign_attrs(budget='{"money": 80.0}')
    assert comparisons.budget(Comparison(data), Words("en")) == [
        Words("en").say("answer.budget", amount=Words("en").amount(80.0), unit="pesos an adult in 8 weeks")
    ]
