"""The live page in a real browser: headless Chromium on a small city, with no network but this computer's own."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

pytest.importorskip("selenium", reason="selenium is not installed")
pytest.importorskip("solara_assets", reason="the extra view is not installed")

from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from sim.dashboard.texts import own
from sim.inputs.scenario import load_scenario

pytestmark = pytest.mark.compiled
CHROMIUM, DRIVER = (next(filter(None, map(shutil.which, names)), None) for names in (("chromium", "google-chrome"), ("chromedriver",)))
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1400,1000",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
SCENARIO = "name: Small\ncity: {adults: 1000}\nweeks: 60\nspin_up_weeks: 8\nseed: 3\n"
STUDY = "name: Two\nscenario: small.yaml\narms: {training: [{training: {start: 2, coverage: 0.9, hours: 40}}]}\nweeks: 60\n"
PATIENCE = 300  # seconds; a busy computer is slow
# On a busy computer the browser takes long to draw, which the page's engine is not to take for a browser that says nothing.
VIEW = "from sim.dashboard import stage; stage.PATIENCE = 20.0; from sim.cli import main; main()"
UNSTEADY = (ElementClickInterceptedException, StaleElementReferenceException)  # the page is being redrawn
LOUD = re.compile(r"\b(the|and|with|week|weeks|trust|play|crimes|officers|build|save|reforms|source|baseline|share of)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("city")
    (made / "small.yaml").write_text(SCENARIO)
    (made / "two.yaml").write_text(STUDY)
    return made


@contextmanager
def serving(folder, *options):
    """The page of two arms, served by the command: its address and the process."""
    files = [str(folder / "small.yaml"), "--arms", str(folder / "two.yaml")]
    command = [sys.executable, "-c", VIEW, "view", *files, "--no-browser", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ) as process:
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", said).group(), process
        process.terminate()


@pytest.fixture(scope="module")
def address(folder, browser):
    with serving(folder) as (found, _):
        yield found


@pytest.fixture(scope="module")
def browser():
    if not (CHROMIUM and DRIVER):
        pytest.skip("there is no chromium with a chromedriver on this computer")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        yield driver
        driver.quit()


class PageObject:
    """What a person does with the page."""

    def __init__(self, browser):
        self.browser = browser

    def all(self, css):
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def one(self, css):
        return self.until(lambda: self.all(css), f"there is no {css}")[0]

    def until(self, condition, why=""):
        wait = WebDriverWait(self.browser, PATIENCE, ignored_exceptions=UNSTEADY)
        return wait.until(lambda _: condition(), why)

    def press(self, css, number=0):
        self.one(css)

        def pressed():
            button = self.all(css)[number]
            self.browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", button)
            button.click()
            return True

        self.until(pressed, f"{css} cannot be pressed")

    def put(self, name, value):
        """Move a slider, write a number or choose from a list, as letting it go does."""
        field = self.one(f'[data-name="{name}"] select, [data-name="{name}"] input[type="range"], [data-name="{name}"] input')
        self.browser.execute_script("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))", field, str(value))

    @property
    def week(self):
        return int(re.search(r"\d+", self.one(".week").text).group())

    def at_week(self, week):
        """Wait until a week is told and drawn."""
        self.until(lambda: self.week == week and self.weeks_drawn == {week}, f"week {week} never came")

    @property
    def weeks_drawn(self):
        return {int(image.get_attribute("data-week")) for image in self.all("img.city-map")}

    def pictures(self):
        return [image.get_attribute("src") for image in self.all("img.city-map")]

    def at_rest(self):
        """Wait until nothing moves for a second and a half; which week it is then."""
        seen = []

        def resting():
            seen.append((self.week, self.weeks_drawn))
            time.sleep(1.5)
            return (self.week, self.weeks_drawn) == seen[-1] and seen[-1][1] == {seen[-1][0]}

        self.until(resting, "it never rests")
        return self.week

    def says(self, css, text):
        self.until(lambda: text in self.one(css).text, f"{css} does not say {text}")


@pytest.fixture
def page(browser, address):
    """A new page, which is a new city; at the end nothing may have gone wrong, and nothing been asked of anybody else."""
    browser.get_log("performance")
    browser.get(address)
    made = PageObject(browser)
    made.until(lambda: len(made.all("img.city-map")) == 2, "there are not two maps")
    yield made
    assert [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert {host for host in hosts_asked(browser) if host} == {"127.0.0.1"}


def hosts_asked(browser):
    """Every host that the browser asked for something since the last call."""
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            told = message["params"]
            yield urlsplit(told.get("url") or told["request"]["url"]).hostname


def test_it_opens_plays_pauses_steps_and_starts_again(page):
    assert page.week == 0 and page.browser.title.startswith("Small")
    page.press("button.play")
    page.until(lambda: page.week >= 3)
    page.press("button.play")
    page.says("button.play", "Play")
    week, drawn = page.at_rest(), page.pictures()
    page.press("button.step")
    page.until(lambda: page.week > week and page.pictures()[0] != drawn[0])
    page.press("button.reset")
    page.at_week(0)


def test_it_plays_as_fast_as_wanted_and_never_queues(page):
    page.put("speed", 52)
    page.press("button.play")
    page.until(lambda: page.week >= 30)
    page.press("button.play")
    page.says("button.play", "Play")
    week = page.week
    assert page.at_rest() <= week + 2 * 6  # pictures that were waiting to be drawn would still come; each is of 6 weeks


def test_arms_differ_once_the_reform_has_begun_and_the_difference_is_drawn(page):
    assert [arm.get_attribute("data-arm") for arm in page.all(".arm")] == ["baseline", "training"]
    first, second = page.pictures()
    assert first == second  # the same luck, and nothing has happened yet
    for week in range(1, 5):
        page.press("button.step")
        page.at_week(week)
    first, second = page.pictures()
    assert first != second
    page.put("layer", "difference")
    page.until(lambda: len(page.all(".arm .legend svg")) == 2 and page.pictures()[1] != second)
    assert page.pictures()[0] == first  # which shows trust still
    page.until(lambda: page.all(".part-differences svg path") and page.all(".part-ledger svg path"))
    page.until(lambda: len(page.all(".part-charts svg")) == 6)


def test_a_slider_changes_the_parameter_in_force_and_a_refusal_is_told(page, folder):
    page.put("trust.contact_loss", 0.5)
    page.press("button.step")
    page.at_week(1)
    page.until(lambda: page.one('[data-name="trust.contact_loss"] input[type="number"]').get_property("value") == "0.5")
    assert "Source: Oliveira" in page.one('[data-name="trust.contact_loss"]').get_attribute("title")
    save(page, "slid")
    page.until(lambda: (folder / "slid.yaml").is_file())
    (change,) = load_scenario(folder / "slid.yaml").changes
    assert (change.week, change.set) == (0, {"trust.contact_loss": 0.5})
    field = page.one('[data-name="trust.contact_loss"] input[type="number"]')
    page.browser.execute_script("arguments[0].value = 7; arguments[0].dispatchEvent(new Event('change'))", field)
    page.says(".refused", "trust.contact_loss")
    page.press(".refused button")
    page.until(lambda: not page.all(".refused"))


def save(page, name):
    field = page.one(".part-save .save-name input")
    page.browser.execute_script("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))", field, name)
    page.press("button.save")


def test_a_reform_is_switched_on_dosed_and_off_in_one_arm_and_saved(page, folder):
    page.put("arm", "baseline")
    page.until(lambda: page.one('[data-reform="training"] .switch').text == "off")
    page.put("community_policing.share", 0.4)
    page.press('[data-reform="community_policing"] .switch')
    page.until(lambda: page.all('.reform-on[data-reform="community_policing"]'))
    page.press("button.step")
    page.at_week(1)
    page.put("community_policing.share", 0.6)
    page.press("button.step")
    page.at_week(2)
    page.press('[data-reform="community_policing"] .switch')
    page.until(lambda: not page.all(".reform-on"))
    page.put("save-arm", "baseline")
    save(page, "beats")
    page.says(".said", str(folder / "beats.yaml"))
    made = load_scenario(folder / "beats.yaml").interventions
    assert [(reform.start, reform.share, reform.until) for reform in made] == [(0, 0.4, 1), (1, 0.6, 2)]
    save(page, "../beats")
    page.says(".refused", "name")
    assert page.one(".part-save .save-name input").get_attribute("value") == "../beats"  # to be corrected, not typed again
    seen, height = page.one(".refused").rect, page.browser.execute_script("return window.innerHeight + window.scrollY")
    assert seen["y"] + seen["height"] <= height <= seen["y"] + seen["height"] + 60  # where one looks, wherever one has scrolled to
    assert sorted(path.name for path in folder.parent.rglob("beats*")) == ["beats.yaml"]


def test_a_click_shows_the_cell_its_people_and_their_twins(page):
    for week in (1, 2, 3):
        page.press("button.step")
        page.at_week(week)
    page.press("img.city-map", 1)
    page.until(lambda: len(page.all(".place tbody tr")) == 2 and page.all(".place svg path"))
    assert not page.all(".life")
    page.press("button.neighbor")
    page.until(lambda: len(page.all(".life tbody tr")) == 2)
    page.until(lambda: page.one(".life svg").text.startswith("Citizen "))
    page.put("citizen", 999)
    page.says(".life svg", "999")
    page.until(lambda: page.one('[data-name="citizen"] input').get_property("value") == "999")
    page.press("button.nobody")
    page.until(lambda: not page.all(".place") and not page.all(".life"))


def test_another_city_is_built(page):
    page.put("city.adults", 2000)
    page.put("seed", 12)
    page.until(lambda: page.one("button.build").is_enabled())
    page.press("button.build")
    page.until(lambda: not page.one("button.build").is_enabled() and not page.all(".refused"))
    page.press("button.anybody")
    page.until(lambda: page.all(".life"))
    page.until(lambda: page.one('[data-name="citizen"] input').get_attribute("max") == "1999")


def test_in_spanish_nothing_english_is_left(page):
    page.press("button.language")
    page.until(lambda: page.one("h2").text == own("es")["maps"]["heading"])
    page.until(lambda: page.one("html").get_attribute("lang") == "es")
    page.press("button.anybody")
    for opener in range(len(page.all(".reform .link-button"))):
        page.press(".reform .link-button", opener)
    page.until(lambda: page.all('[data-name="training.whom"]'))
    for topic in ("offending", "response", "cost", "trust"):
        page.put("topic", topic)
        page.until(lambda topic=topic: page.all(f'.part-parameters [data-name^="{topic}."]'))
        text = page.one(".page").text.replace("English", "").replace("confianza run", "")
        assert LOUD.findall(re.sub(r"/\S+", "", text)) == []
    labels = [element.get_attribute("aria-label") or element.get_attribute("alt") or "" for element in page.all("[aria-label], img[alt]")]
    assert [label for label in labels if LOUD.search(label)] == []


@pytest.mark.parametrize(("width", "columns"), [(1400, 2), (420, 1)])
def test_it_fits_wide_and_narrow_screens(page, width, columns, tmp_path):
    size = {"mobile": width < 600, "width": width, "height": 1000, "deviceScaleFactor": 1}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.until(lambda: page.browser.execute_script("return document.documentElement.scrollWidth") <= width, "it is too wide")
        page.until(lambda: len({round(part.rect["x"]) for part in page.all(".part-maps, .part-reforms")}) == columns)
        page.until(lambda: all(image.rect["width"] >= 250 for image in page.all("img.city-map")), "the maps are too small")
        page.browser.save_screenshot(str(tmp_path / f"view-{width}.png"))
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_when_the_program_has_ended_the_page_says_so_in_its_language(browser, folder):
    made = PageObject(browser)

    def seen(css):
        return [element.text for element in made.all(css) if element.is_displayed()]

    with serving(folder, "--lang", "es") as (address, process):
        browser.get(address)
        made.until(lambda: len(made.all("img.city-map")) == 2, "there are not two maps")
        assert seen(".spoken") == []
        process.terminate()
        process.wait()
        made.until(lambda: seen(".v-overlay .spoken") == [own("es")["overlays"]["Server disconnected."]])
        browser.execute_script("app.connectionStatus = 'connected'; app.needsRefresh = true")  # as when it has been away too long
        refresh = ("Please refresh the page", "Could not restore session. Please refresh.", "Refresh now", "Cancel")
        for language in ("es", "en"):
            browser.execute_script("document.documentElement.lang = arguments[0]", language)
            wanted = [own(language)["overlays"][sentence] for sentence in refresh]
            made.until(lambda wanted=wanted: [said.lower() for said in seen(".v-dialog .spoken")] == [said.lower() for said in wanted])
    browser.get("about:blank")
    browser.get_log("browser")  # that the connection was lost is no mistake of the page
