"""The part of a report in which its city lives again, in a real browser: the report's cities, and others when levers are moved."""

import numpy as np
import pytest

pytest.importorskip("selenium", reason="selenium is not installed")

from browsing import Opened, browser  # noqa: F401
from made_decisions import decision

from sim import compare, report
from sim.engine.plans import RunSpec
from sim.inputs.scenario import load_scenario
from sim.report import render, write_report
from sim.studies.design.study import Study
from sim.studies.running.effects import at_week, differences
from sim.studies.running.keys import luck_of, records
from sim.studies.running.runs import run
from sim.style import MINUS
from sim.world.parameters import CODEBOOK
from sim.world.rng import replicate_seed
from sim.world.rules.trust import overall_trust
from sim.world.simulation import Simulation
from sim.world.state import Mean

pytestmark = pytest.mark.compiled
CITY = load_scenario("mexico-city-2016").with_(city={"adults": 1_000}, weeks=60, spin_up_weeks=26)
ARMS = {
    "training": [{"training": {"start": 0, "coverage": 0.9}}],
    "purge-then-train": [{"purge": {"start": 0, "follow_through": 0.9}}, {"training": {"start": 30, "coverage": 0.5}}],
}
CHANGES = "return [...document.querySelectorAll('#live-card tbody tr')].map((row) => Number(row.dataset.change))"


class LivePart(Opened):
    """The part as a reader has it."""

    def unfold(self):
        self.run("document.getElementById('live-part').open = true")
        self.lived()
        return self.run(CHANGES)

    def lived(self):
        self.until(lambda: self.all("#live-card tbody") and not self.one("#live-city").get_attribute("aria-busy"))

    def move(self, name, value):
        """Write a number, as leaving its field does."""
        field = self.one(f'[data-name="{name}"] input[type="number"]')
        self.put(field, value)
        self.until(lambda: self.all("#live-moved .warning"))
        self.lived()
        return self.run(CHANGES)

    def put(self, field, value):
        self.run("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))", field, str(value))

    def numbers(self):
        """Of each arm what stands in the table: levels, crimes and cost."""
        rows = [[cell.text for cell in row.find_elements("css selector", "td")] for row in self.all("#live-card tbody tr")]
        return [(row[1], *row[-2:]) for row in rows]


@pytest.fixture(scope="module")
def compared():
    study = Study(name="A study", question="?", scenario=CITY, arms=ARMS, replicates=6, measures=["share_trusting", "cost"])
    return compare(study)


@pytest.fixture(scope="module")
def folder(compared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    compared.save(folder)
    write_report(folder)
    return folder


def test_cities_of_a_comparison_live_as_they_did(browser, folder, compared):  # noqa: F811
    """Draws of the posterior, luck and reforms are the report's, so the middles over its cities are too."""
    first_lives = [0, 1, 2, 3, 5]
    shares = 100 * differences(at_week(compared.dataset, "share_trusting", 60), "baseline").sel(replicate=first_lives)
    expected = [float(np.median(shares.sel(arm=arm))) for arm in compared.arms]
    assert expected[0] == 0.0 and len(set(expected)) == 3
    with LivePart(browser, folder / "report.html") as page:
        page.get()
        assert not page.all("#live-city *"), "nothing is read or lived before it is opened"
        assert page.unfold() == pytest.approx(expected, abs=1e-9)
        assert "5 of the report's 6 runs" in page.one("#live-city").text
        moved = page.move("1-0-training.coverage", 0.0)
        assert moved[0] == moved[1] == 0.0 and moved[2] == pytest.approx(expected[2], abs=1e-9)
        assert "not what the report found" in page.one("#live-moved").text and "coverage 0" in page.one("#live-moved").text
        page.run("document.getElementById('live-back').click()")
        page.until(lambda: page.run(CHANGES) == pytest.approx(expected, abs=1e-9))
        assert not page.all("#live-moved .warning")


def test_a_number_of_the_model_moves_all_arms(browser, folder):  # noqa: F811
    with LivePart(browser, folder / "report.es.html") as page:
        page.get()
        before = page.unfold()
        assert page.run("return getComputedStyle(document.querySelector('.live')).display") == "block"
        after = page.move("trust.contact_gain", 0.0)
        assert after != before and "(trust.contact_gain): 0" in page.one("#live-moved").text


def test_what_is_no_number_of_inhabitants_is_said_to_be_none(browser, folder):  # noqa: F811
    with LivePart(browser, folder / "report.html") as page:
        page.get()
        typed = "const box = document.querySelectorAll('.place input')[arguments[0]]; box.value = arguments[1];"
        typed += "box.dispatchEvent(new Event('input', {bubbles: true}));"
        typed += "const shown = ['#wrong', '.inhabitants', '[data-pesos]'].map((each) => document.querySelector(each).textContent);"
        typed += "return [box.ariaInvalid, ...shown]"
        for text in ("many", "1.5", "1.5 million", "1e6", "0", "-50000", "", "1,000.000", "2000000001"):
            wrong, told, *amounts = page.run(typed, 0, text)
            assert wrong == "true" and "whole number" in told and amounts == ["\u2013"] * 2, text
        for text in ("250000", "250 000", "250\u202f000", "250,000", "250.000"):
            assert page.run(typed, 0, text)[:3] == ["false", "", "250,000"], text
        pesos = page.run(typed, 2, "1")[3]
        for place, texts, expected in ((1, ("", " "), "the currency is called"), (2, ("1e2", "-1", "0", "1,000", "x"), "above 0")):
            for text in texts:
                wrong, told, *amounts = page.run(typed, place, text)
                assert wrong == "true" and expected in told and amounts == ["\u2013"] * 2, text
            page.run(typed, place, ("", "USD", "1")[place])
        assert page.run(typed, 2, "1")[3] == pesos != page.run(typed, 2, "17,5")[3] != "\u2013"


def test_a_run_lives_as_it_did(browser, tmp_path):  # noqa: F811
    results = run(CITY, replicates=2)
    results.save(tmp_path)
    write_report(tmp_path)
    shares = 100 * results["share_trusting"].values
    with LivePart(browser, tmp_path / "report.html") as page:
        page.get()
        page.unfold()
        assert page.run("return document.querySelectorAll('#live-card tbody tr').length") == 5
        assert f"{float(np.median(shares)):.1f}" in page.one("#live-card tbody tr").text


@pytest.mark.parametrize(("weeks", "spin_up"), [(1, 26), (1, 0), (26, 26), (104, 26)])
def test_with_nothing_moved_numbers_are_the_reports(browser, tmp_path, weeks, spin_up):  # noqa: F811
    """Whether the last year holds two surveys, one or none; and a word in the name that nothing breaks fits a phone."""
    city = CITY.with_(weeks=weeks, spin_up_weeks=spin_up)
    comparison = compare(Study(name="x" * 120, question="?", scenario=city, arms={"training": ARMS["training"]}, replicates=4))
    comparison.save(tmp_path)
    write_report(tmp_path)
    trust = "share_trusting" if (weeks, spin_up) != (1, 0) else "mean_trust"

    def middles(measure):
        values = at_week(comparison.dataset, measure, weeks)
        return [float(np.median(values.sel(arm="baseline"))), float(np.median(differences(values, "baseline").sel(arm="training")))]

    start, change = (100 * each for each in middles(trust))
    (crimes, more), (_, cost) = middles("incidence"), middles("cost")
    with LivePart(browser, tmp_path / "report.html") as page:
        page.wide(390)
        page.get()
        assert page.run("return document.documentElement.scrollWidth") <= 390
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        assert page.unfold() == pytest.approx([0.0, change], abs=1e-9)
        (level, *before), (levels, *after) = page.numbers()
        assert (level, levels) == (f"{start:.1f}", f"from {start:.1f} to {start + change:.1f}")
        assert before == [f"{crimes:,.0f}", "0"]
        assert [float(each.replace(",", "").replace(MINUS, "-")) for each in after] == [round(more), round(cost)]
        assert "fewer" not in page.one("#live-city").text
        assert (trust == "mean_trust") == ("on a scale from 0 to 100" in page.one("#live-card thead").text)


def test_an_optional_lever_tells_empty_from_zero(browser, folder):  # noqa: F811
    with LivePart(browser, folder / "report.html") as page:
        page.get()
        before = page.unfold()
        field = page.one('[data-name="1-0-training.gain"] input[type="number"]')
        assert field.get_attribute("value") == ""
        after = page.move("1-0-training.gain", 0)
        assert after[1] != before[1] and after[2] == before[2] and "gain in conduct 0" in page.one("#live-moved").text
        page.put(field, "")
        page.until(lambda: page.run(CHANGES) == before)
        assert not page.all("#live-moved .warning")


def test_an_arm_that_cannot_be_lived_is_left_out(browser, folder):  # noqa: F811
    with LivePart(browser, folder / "report.html") as page:
        page.get()
        before = page.unfold()
        page.put(page.one('[data-name="2-0-purge.flag_by"] select'), "record")
        page.move("2-0-purge.record_half_years", 2)
        page.until(lambda: page.run(CHANGES) == before[:2])
        assert "this arm is left out" in page.one("#live-moved").text
        assert page.run("return [...document.querySelectorAll('[data-arm]')].map((each) => each.textContent === '')") == [False, True, True]


def test_what_cannot_live_in_a_report_is_said_to(folder, monkeypatch):
    monkeypatch.setattr(report, "LARGEST", 1_000_000)
    page, whole = render(folder), (folder / "report.html").read_text(encoding="utf-8")
    assert "does not live in the report" in page and "live-data" not in page
    assert 'id="live-data"' in whole and len(whole) < report.LARGEST * 3


def decided(folder, **changed):
    """The report of a decision that somebody made up, about a city that lives."""
    made = decision(**changed)
    made.save(folder / "decision")
    write_report(folder)
    return made


def test_a_decision_on_mean_trust_is_shown_in_mean_trust(browser, tmp_path):  # noqa: F811
    study = decided(tmp_path).study
    trust = []
    for number, values in enumerate(records(study.points())[:24]):
        city = study.base.with_({name: value for name, value in values.items() if name in CODEBOOK})
        trust.append(mean_trust_of(Simulation(city, replicate_seed(study.base.seed, luck_of(study, RunSpec(number, "baseline", 0)))).run()))
    with LivePart(browser, tmp_path / "report.html") as page:
        page.get()
        page.unfold()
        assert "on a scale from 0 to 100" in page.one("#live-card thead").text and "of 100" not in page.one("#live-card thead").text
        assert page.numbers()[0][0] == f"{float(np.median(100 * np.array(trust))):.1f}"
        assert "in the table is about" not in page.one("#live-city").text


def mean_trust_of(run):
    """Over the last 52 weeks."""
    means, weight = run.state.record.means[-52:], run.parameters.trust.effectiveness_weight
    return np.mean([overall_trust(week[Mean.FAIRNESS], week[Mean.EFFECTIVENESS], weight) for week in means])


def test_a_decision_on_something_else_says_why_trust_is_shown(browser, tmp_path):  # noqa: F811
    effects = decision().effects
    decided(tmp_path, effects=effects[effects.measure != "mean_trust"], value={"incidence": -0.01}, unit="100 crimes per 100,000 adults")
    for name, said in (("report.html", "in the table is about: crimes"), ("report.es.html", "en la tabla trata de: delitos")):
        with LivePart(browser, tmp_path / name) as page:
            page.get()
            page.run("document.getElementById('live-part').open = true")
            page.until(lambda said=said: said in page.one("#live-city").text.lower())
