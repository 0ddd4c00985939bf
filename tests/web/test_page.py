"""The page that lives a city by itself, in a real browser: headless Chromium, opened from a file, without any network."""

import hashlib
import json
import re

import numpy as np
import pytest

pytest.importorskip("selenium", reason="selenium is not installed")

from browser_pace import LIVE, kept, of_page
from browsing import Opened, browser  # noqa: F401
from selenium.webdriver.common.keys import Keys

from sim.cli import main
from sim.inputs.scenario import load_scenario
from sim.inputs.scenario_files import shipped_scenarios
from sim.studies.design.study_files import load_study
from sim.style import read
from sim.world.rng import replicate_seed
from sim.world.rules.trust import overall_trust
from sim.world.simulation import Simulation

pytestmark = pytest.mark.compiled
HOSTILE = '<img src=x onerror="document.title=1"> & </script>'
SCENARIO = f"""\
name: {json.dumps(HOSTILE)}
question: {json.dumps(HOSTILE)}
city: {{adults: 1000}}
weeks: 60
spin_up_weeks: 8
seed: 3
parameters: {{trust.contact_loss: 0.2}}
sources: {{trust.contact_loss: assumed, city.adults: assumed}}
"""
DIGESTS = """
const done = arguments[0], heard = [];
const listen = ({data}) => {
  if (data.run !== run || !data.series) return;
  heard.push([data.digests, data.series.cost.at(-1)]);
  if (heard.length === arms().length) { worker.removeEventListener("message", listen); done(heard); }
};
worker.addEventListener("message", listen);
worker.postMessage({run: ++run, ...job(), cities: [], digests: true});
"""
SHOWN = """
const cells = [...document.querySelectorAll("#answer tbody tr:last-child td[data-measure]")];
return Object.fromEntries(cells.map((cell) => [cell.dataset.measure, Number(cell.dataset.value)]));
"""
BANDED = """
const {ariaBusy, dataset} = document.querySelector("main");
return ariaBusy !== "true" && Number(dataset.cities) === draws().length && dataset.run === String(run);
"""
SIZES = """
const speaks = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
const seen = [...document.querySelectorAll("main *")].filter((element) => speaks(element) && element.getClientRects().length);
return seen.map((element) => parseFloat(getComputedStyle(element).fontSize));
"""
LOUD = re.compile(r"\b(the|and|with|week|weeks|trust|play|crimes|officers|reforms|source|baseline|share of)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The page of a small city, as the command writes it."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "small.yaml").write_text(SCENARIO)
    main_of("view", folder / "small.yaml", "--out", folder / "city.html")
    return folder / "city.html"


def main_of(*arguments):
    """The command line; it ends well."""
    with pytest.raises(SystemExit, match=r"^0$"):
        main(list(map(str, arguments)))


class CityPage(Opened):
    """What a person does with the page."""

    def open(self, **fragment):
        """Open it anew with what its address says, and wait until all arms have been lived."""
        self.get(**fragment)
        self.lived()

    def lived(self):
        self.until(lambda: self.one("main").get_attribute("data-run") and not self.one("main").get_attribute("aria-busy"))

    def banded(self):
        """Wait until all possible cities have been lived and are drawn."""
        self.until(lambda: self.run(BANDED))

    def put(self, name, value):
        """Write a number, as leaving its field does."""
        field = self.one(f'[data-name="{name}"] input[type="number"]')
        self.run("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))", field, str(value))
        self.lived()

    def digests(self):
        """Of each arm hashes of all columns, and what its reforms cost."""
        return self.browser.execute_async_script(DIGESTS)

    def scenarios(self, folder):
        """Each arm as the scenario that its file is."""
        found = []
        for place in range(self.run("return arms().length")):
            (folder / f"arm-{place}.yaml").write_text(self.run("return yaml(arms()[arguments[0]])", place), encoding="utf-8")
            found.append(load_scenario(folder / f"arm-{place}.yaml"))
        return found


@pytest.fixture
def page(browser, file):  # noqa: F811
    with CityPage(browser, file) as opened:
        yield opened


def lived_here(scenario):
    """The first run that `confianza run` does of a scenario."""
    return Simulation(scenario, replicate_seed(scenario.seed, 0)).run()


def hashes(run, names):
    """The same hashes of a run in this process."""
    found = {}
    for name in names:
        column = run.state
        for part in name.split("."):
            column = getattr(column, part)
        found[name] = hashlib.sha256(np.ascontiguousarray(column).tobytes()).hexdigest()
    return found


def test_every_shipped_scenario_is_lived_as_here_to_the_last_bit(page, tmp_path):
    for name in shipped_scenarios():
        weeks = 215 if load_scenario(name).changes else 53
        page.open(scenario=name, **{"city.adults": 1000, "weeks": weeks})
        digests, scenarios = page.digests(), page.scenarios(tmp_path)
        assert len(digests) == len(scenarios)
        for (arm, cost), scenario in zip(digests, scenarios, strict=True):
            run = lived_here(scenario)
            assert len(arm) > 80
            assert arm == hashes(run, arm), name
            assert cost == pytest.approx(sum(spent[:, 1].sum() for spent in run.costs.values()), rel=1e-12)


def test_numbers_are_those_of_confianza_run_of_the_file_it_saves(page, tmp_path):
    page.open()
    page.put("trust.contact_gain", 0.15)
    page.put("city.adults", 1100)
    assert "(trust.contact_gain): 0.15 instead of 0.096" in page.one("#moved").text
    (*_, scenario) = page.scenarios(tmp_path)
    assert scenario.parameters["trust.contact_gain"] == 0.15
    assert "trust.contact_gain" not in scenario.sources and scenario.sources["trust.contact_loss"] == ("assumed",)
    shown = page.run(SHOWN)
    assert shown["cost"] > 0.0  # the last arm is a reform
    out = tmp_path / "out"
    main_of("run", sorted(tmp_path.glob("arm-*.yaml"))[-1], "--replicates", 1, "--out", out)
    from sim import Results

    lived = Results.load(out).dataset.isel(replicate=0)
    assert shown["trust"] == float(lived["mean_trust"][-1])
    assert shown["crimes"] == pytest.approx(1e5 * float(lived["crimes"][-52:].sum()) / 1100, rel=1e-12)
    assert shown["reporting"] == pytest.approx(float(lived["reported"][-52:].sum() / lived["crimes"][-52:].sum()), rel=1e-12)
    assert shown["trusting"] == pytest.approx(float(lived["answers"][-1, 2:].sum()), rel=1e-12)
    assert shown["cost"] == pytest.approx(float(lived["money_spent"].sum()), rel=1e-12)


def test_an_optional_lever_tells_empty_from_zero(page, tmp_path):
    def gain():
        arm = page.run("return arms().findIndex((arm) => arm.name === 'training')")
        return page.scenarios(tmp_path)[arm].interventions[0].gain, page.run("return lived[arguments[0]].series.trust.at(-1)", arm)

    page.open()
    default, trust = gain()
    page.put("training.gain", 0)
    assert default is None and "no" not in page.one(".moved li").text.split()
    page.browser.refresh()  # however soon: the address is written when the page is left, if not before
    page.lived()
    assert "training.gain=0" in page.run("return location.hash")
    assert gain()[0] == 0.0 and gain()[1] != trust
    page.put("training.gain", "")
    assert gain() == (None, trust)
    page.until(lambda: "training.gain" not in page.run("return location.hash"))
    page.open(**{"training.gain": ""})
    assert gain() == (None, trust) and not page.all(".refused")


def test_a_link_is_a_scenario(page):
    page.open()
    page.put("trust.contact_gain", 0.15)
    page.press("#language")
    page.press("#map-0")
    page.until(lambda: "cell=" in page.run("return location.hash"))
    before = page.run("return [location.hash, JSON.stringify(state), lived[0].series.trust.at(-1)]")
    assert "cell=" in before[0] and "lang=es" in before[0]
    page.browser.refresh()
    page.lived()
    assert page.run("return [location.hash, JSON.stringify(state), lived[0].series.trust.at(-1)]") == before
    page.press("#put-back")
    page.lived()
    assert not page.all(".moved")
    page.until(lambda: "trust.contact_gain" not in page.run("return location.hash"))


def test_what_is_typed_or_linked_is_text_and_what_cannot_be_is_refused(page):
    page.open(**{"trust.contact_gain": "7", "seed": "-1", HOSTILE: HOSTILE})
    assert page.one("h1").text == HOSTILE
    for wrong in ("trust.contact_gain=7", "seed=-1", HOSTILE):
        assert wrong in page.one(".refused").text
    assert page.all("img") == [] and page.browser.title != "1" and not page.all(".moved")
    field = page.one('[data-name="trust.contact_gain"] input[type="number"]')
    page.run("arguments[0].value = 7; arguments[0].dispatchEvent(new Event('change'))", field)
    assert field.get_attribute("aria-invalid") == "true" and not page.all(".moved")


def test_in_spanish_nothing_english_is_left(page):
    page.open(lang="es", scenario="national-average", **{"city.adults": 1000, "weeks": 52})
    assert page.one("html").get_attribute("lang") == "es"
    for topic in ("trust", "offending", "response"):
        page.run("const s = document.getElementById('topic'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))", topic)
        text = page.one("main").text.replace("confianza run", "")
        assert LOUD.findall(re.sub(r"\([a-z_.]+\)", "", text)) == []  # in brackets stands what a number is called in files


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_is_legible(page, width):
    page.wide(width)
    try:
        page.open(**{"trust.contact_gain": 0.15})
        page.banded()
        assert page.run("return document.documentElement.scrollWidth") <= width
        sizes = page.run(SIZES)
        assert min(sizes) >= 12
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_by_keyboard_alone(page):
    page.open()
    words = read("en")
    for _ in range(200):
        page.keys(Keys.TAB)
        if page.run("return document.activeElement.id") == "week":
            break
    page.keys(Keys.HOME, Keys.ARROW_RIGHT)
    page.until(lambda: page.one("#clock b").text == words["live"]["play"]["clock"].format(week=1))
    for _ in range(200):
        page.keys(Keys.TAB)
        if page.run("return document.activeElement.id") == "map-0":
            break
    page.keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    page.until(lambda: page.run("return state.cell === Math.floor(lived[0].sizes.cells / 2) + 1"))
    assert len(page.all("#place tbody tr")) == page.run("return arms().length")
    page.press("#neighbor")
    page.lived()
    page.until(lambda: page.all("#chart-person svg"))
    assert len(page.all(".events li")) == page.run("return arms().length")


def test_played_to_the_end_all_is_drawn_as_of_the_last_week(page):
    page.open()
    page.banded()
    page.run("goTo(40)")
    page.press("#map-1")
    page.press("#play")
    page.until(lambda: page.run("return !playing && state.week === 60"))
    words = read("en")["live"]["play"]
    page.until(lambda: words["clock"].format(week=60) in page.one("#answer caption").text and page.one("#play").text == words["play"])
    trust = page.run("return num(lived[1].places.trust[15][state.cell], 3)")
    page.until(lambda: page.all("#place tbody tr")[1].text.split()[1] == trust)
    assert all("week 60" in map_.get_attribute("aria-label") for map_ in page.all(".map canvas"))
    page.until(lambda: "week=60" in page.run("return location.hash"))


def test_what_is_typed_is_in_the_file_that_is_saved_with_the_next_click(page, tmp_path):
    """The field is left by the very press that saves, and what is drawn anew then must not be in the way of its release."""
    page.browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.open()
    page.press('[data-name="trust.contact_gain"] input[type="number"]')
    page.run("document.activeElement.select()")
    page.keys("0.15")
    page.press("#download")
    page.until(lambda: list(tmp_path.glob("*.yaml")))
    (file,) = tmp_path.glob("*.yaml")
    page.until(lambda: "trust.contact_gain: 0.15" in file.read_text(encoding="utf-8"))
    page.lived()
    page.press('[data-name="trust.contact_gain"] input[type="number"]')
    page.run("document.activeElement.select()")
    page.keys("0.2")
    page.press("#put-back")
    page.until(lambda: not page.all(".moved"))


def test_a_lever_moved_before_the_module_is_ready_is_heard(page):
    """Whatever comes first, and however often: what is shown is of the last that was asked, and nothing is said to have failed."""
    page.get()
    page.run("state.set['trust.contact_gain'] = 0.15; ask(0); state.on = ['training']; ask(0); draw(); dispatchEvent(new Event('resize'))")
    page.lived()
    assert not page.all(".refused") and page.run("return [lived.length, run === Number(root.dataset.run)]") == [2, True]


def test_a_record_from_before_the_city_began_is_refused_in_words(page):
    """The city of this page has settled for 8 weeks; a record of two half-years needs 52 (`confianza run` refuses it too)."""
    page.open(**{"purge.flag_by": "record", "purge.record_half_years": 2})
    assert "its record of complaints begins in week \u221252, but the city only in week \u22128" in page.one(".refused").text
    assert "purge" not in page.run("return arms().map((arm) => arm.name)")
    page.put("purge.start", 52)
    assert not page.all(".refused")
    assert "purge" in page.run("return arms().map((arm) => arm.name)")


# --- Faults of the page that was served before it


MEANS = (lambda run: run.city.citizens.fairness.mean(), lambda run: run.city.citizens.effectiveness.mean())
WITHIN = """
const {top, bottom} = document.querySelector(arguments[0]).getBoundingClientRect();
return top >= document.querySelector(".bar").getBoundingClientRect().bottom && bottom <= innerHeight + 1;
"""


@pytest.mark.parametrize("width", [1280, 390])
def test_what_a_clicked_cell_answers_is_in_sight(page, width):
    size = {"mobile": width < 600, "width": width, "height": 900, "deviceScaleFactor": 1}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.open()
        for map_ in ("#map-0", f"#map-{page.run('return arms().length - 1')}"):
            page.press(map_)
            page.until(lambda: page.run(WITHIN, "#place h3") and page.run(WITHIN, "#place table"))
            page.run("document.activeElement.blur(); choose(null)")
        page.one(map_).send_keys(Keys.ARROW_DOWN, Keys.ARROW_LEFT)  # without a mouse
        page.until(lambda: page.run(WITHIN, "#place table"))
        page.until(lambda: page.one("#status").text == page.one("#place h3").text)
        assert page.run("return document.activeElement.id") == map_[1:]
        page.press("#neighbor")
        page.lived()
        page.until(lambda: page.all("#chart-person svg") and page.run(WITHIN, "#chart-person") and page.run(WITHIN, ".events"))
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_reload_goes_on_where_one_was(page):
    page.open()
    page.run("const s = document.getElementById('topic'); s.value = 'offending'; s.dispatchEvent(new Event('change'))")
    page.run("goTo(17)")
    page.press("#layer-crime")
    page.press("#map-1")
    seen = "return [JSON.stringify(state), document.getElementById('clock').textContent]"
    at = "return document.querySelector('#place h3').getBoundingClientRect().top"
    before, top = page.run(seen), page.run(at)
    page.browser.refresh()
    page.lived()
    assert page.run(seen) == before and page.run(at) == pytest.approx(top, abs=20)


@pytest.mark.parametrize("language", ["en", "es"])
def test_beside_the_numbers_stands_why_they_are_not_those_of_a_report(page, language):
    page.open(lang=language)
    said = page.run("return document.querySelector('.part-answer .about').textContent")
    assert read(language)["web"]["unlike_report"].strip() in said
    assert read(language)["notes"]["places_invented"] in page.one(".part-maps .about").text


def test_arms_begin_in_the_doses_of_the_demo_and_say_in_which_they_are(page, tmp_path):
    demo = load_study("reforms-compared").arms
    page.open()
    _, *arms = page.scenarios(tmp_path)
    own = {type(reform): reform for arm in arms for reform in arm.interventions}
    assert all(own[type(reform)] == reform for (reform,) in (demo[name] for name in ("purge", "training", "community_policing")))
    read_at_once = "return [...document.querySelectorAll('#answer tbody ' + arguments[0])].map((cell) => cell.innerText)"
    rows = page.run(read_at_once, "th")
    assert "coverage: 0.9; hours: 9; every (weeks): 52" in rows[2] and "follow-through: 0.5" in rows[1]
    page.put("training.coverage", 0.5)
    assert "coverage: 0.5" in page.run(read_at_once, "th")[2]
    page.banded()
    cost = page.run(read_at_once, "td[data-measure=cost]")[2]
    spread, value = page.run("return [range((c) => c[2].cost[60]), lived[2].series.cost[60]]")
    assert f"{1000 * value / 1000 / (60 / 52):.1f} pesos an adult a year" in cost  # 1,000 adults, 60 weeks
    assert ("this city lies outside" in cost) == (not round(spread[0]) <= round(value) <= round(spread[1]))


def test_the_button_of_a_reform_says_what_pressing_it_does(page):
    page.open()
    button = page.one("#switch-purge")
    assert (button.text, button.get_attribute("aria-label")) == ("Switch off", "Switch off: purge")
    page.press("#switch-purge")
    page.lived()
    assert page.one("#switch-purge").text == "Switch on" and "purge" not in page.run("return arms().map((arm) => arm.name)")


def test_bands_hold_nine_of_ten_of_the_cities_as_they_are_lived_here(page, tmp_path):
    page.open()
    page.banded()
    baseline, purge, *_ = page.scenarios(tmp_path)
    trust = []
    for number, drawn in enumerate(page.run("return draws()")):
        lived = [Simulation(arm.with_(drawn), replicate_seed(baseline.seed, number)).run() for arm in (baseline, purge)]
        trust.append([overall_trust(*(mean(run) for mean in MEANS), run.parameters.trust.effectiveness_weight) for run in lived])
    levels, differences = np.array(trust)[:, 0], np.diff(trust)[:, 0]
    assert len(trust) >= 40 and np.ptp(levels) > 0.01
    read_at = "at(city[0], 'trust', weeksOf())", "at(city[1], 'trust', weeksOf()) - at(city[0], 'trust', weeksOf())"
    for read_, values in zip(read_at, (levels, differences), strict=True):
        assert page.run(f"return range((city) => {read_})") == pytest.approx(
            np.quantile(values, [0.05, 0.95], method="weibull"), rel=1e-9, abs=1e-12
        )
    arms = page.run("return arms().length")
    assert len(page.all("#chart-trust path[fill-opacity]")) == arms
    assert len(page.all("#answer td[data-measure=trust] small")) == arms


def test_a_thousand_weeks_leave_nothing_behind(page):
    """The module takes all its memory when a city is built, and what was lived before is let go."""
    page.open()
    page.banded()
    process, many = of_page(page.browser), 40
    first = page.browser.execute_async_script(LIVE, 1000, 10)
    before = kept(page.browser, process)
    again = page.browser.execute_async_script(LIVE, 1000, many)
    assert len({size for _, size in first + again}) == 1 and len(again) == many
    assert kept(page.browser, process) < before + 0.5 * many  # megabytes; each run hands over more than one
    assert before < 200
