"""A real browser for tests: headless Chromium, which opens pages from files and asks nothing of anybody."""

import json
import shutil
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import pytest
from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException, SessionNotCreatedException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = (next(filter(None, map(shutil.which, names)), None) for names in (("chromium", "google-chrome"), ("chromedriver",)))
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1280,1000", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
CHECK = """
const told = ({id, nodes}) => [id, ...nodes.slice(0, 4).map(({html, any}) => `${html.slice(0, 160)} ${any.map((each) => each.message)}`)];
const runOnly = {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}, rules = {"target-size": {enabled: true}};
axe.run({exclude: ["iframe"]}, {runOnly, rules, iframes: false}).then(({violations}) => arguments[0](violations.map(told)));
"""
PATIENCE = 300  # seconds; a busy computer is slow
TRIES = 4  # to start a browser, for which its driver has less patience (60 s)


@contextmanager
def started():
    """A browser with a profile of its own; closed at the end."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = new_session(options)
        driver.set_script_timeout(PATIENCE)
        driver.command_executor.client_config.timeout = 2 * PATIENCE
        yield driver
        driver.quit()


def new_session(options, tries=TRIES):
    """The driver of a new browser."""
    try:
        return webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    except SessionNotCreatedException:
        if tries == 1:
            raise
        return new_session(options, tries - 1)


@pytest.fixture(scope="module")
def browser():
    if not (CHROMIUM and DRIVER):
        pytest.skip("there is no chromium with a chromedriver on this computer")
    with started() as driver:
        yield driver


class Opened:
    """A file in the browser, and what a person does with it. At the end nothing may have gone wrong or been asked of anybody."""

    def __init__(self, browser, file):
        self.browser, self.file = browser, file

    def __enter__(self):
        self.browser.get_log("performance")
        self.browser.get_log("browser")
        return self

    def __exit__(self, failed, *_):
        if failed:
            return
        assert [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"] == []
        told = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        asked = [one["params"]["request"]["url"] for one in told if one["method"] == "Network.requestWillBeSent"]
        assert {address.partition(":")[0] for address in asked} <= {"file", "blob", "data", "about"}

    def get(self, **fragment):
        """Open it anew, with what its address says."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.file.as_uri()}#{'&'.join(f'{key}={quote(str(value))}' for key, value in fragment.items())}")

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def all(self, css):
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def one(self, css):
        return self.all(css)[0]

    def until(self, condition):
        passing = [StaleElementReferenceException, ElementClickInterceptedException]  # while something is drawn anew
        return WebDriverWait(self.browser, PATIENCE, ignored_exceptions=passing).until(lambda _: condition())

    def keys(self, *keys):
        """Typed wherever the focus is: an element that was asked for may be drawn anew before it gets them."""
        ActionChains(self.browser).send_keys(*keys).perform()

    def press(self, css):
        def pressed():
            self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", css)
            self.one(css).click()
            return True

        self.until(pressed)

    def wide(self, width):
        """As on a screen of this width; a phone below 600."""
        size = {"mobile": width < 600, "width": width, "height": 1000, "deviceScaleFactor": 1}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def violations(self):
        """What axe finds against WCAG 2.2 AA, each rule with what breaks it; folded parts are unfolded first."""
        self.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        (folder,) = find_spec("selenium_axe_python").submodule_search_locations
        self.run((Path(folder) / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
        return self.browser.execute_async_script(CHECK)
