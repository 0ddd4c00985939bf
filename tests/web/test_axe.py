"""What people with other eyes, hands or screens need (WCAG 2.2 AA, as axe checks it), of the page and of every kind of report."""

import hostile
import made_decisions
import pytest

pytest.importorskip("selenium", reason="selenium is not installed")
pytest.importorskip("selenium_axe_python", reason="selenium-axe-python is not installed")

from browsing import Opened, browser  # noqa: F401

from sim.inputs.scenario import load_scenario
from sim.report import write_report
from sim.web.page import write_page

pytestmark = pytest.mark.compiled
SIZES = """
const speaks = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
const seen = [...document.querySelectorAll("body *")].filter((element) => speaks(element) && element.getClientRects().length);
return Math.min(...seen.map((element) => parseFloat(getComputedStyle(element).fontSize)));
"""


@pytest.fixture(params=[1280, 390])
def opened(browser, request):  # noqa: F811
    """Opens a file at this width."""

    def of(file):
        page = Opened(browser, file)
        page.wide(request.param)
        return page

    yield of
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def check(page):
    assert page.violations() == []
    assert page.run(SIZES) >= 12
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page(opened, tmp_path, language):
    city = load_scenario("national-average").with_(city={"adults": 1_000}, weeks=60, spin_up_weeks=8)
    with opened(write_page(city, "small", tmp_path / "city.html")) as page:
        page.get(lang=language, cell=3, person=40, **{"trust.contact_gain": 0.15, "purge.flag_by": "record"})
        page.until(lambda: page.all("#chart-person svg") and page.all(".moved") and page.all(".refused"))
        page.until(lambda: page.run("return Number(root.dataset.cities) === draws().length"))  # all has been drawn
        check(page)


@pytest.mark.parametrize("kind", ["run", "compare", "decide", "trial"])
def test_reports(opened, tmp_path, kind):
    if kind == "decide":
        made_decisions.decision().save(tmp_path / "decision")
        made_decisions.discovery("purge").save(tmp_path / "discovery" / "purge")
    else:
        {"run": hostile.run, "compare": hostile.comparison, "trial": hostile.trial}[kind]().save(tmp_path)
    write_report(tmp_path)
    for name in ("report.html", "report.es.html"):
        with opened(tmp_path / name) as page:
            page.get()
            page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            page.until(lambda: kind == "trial" or (page.all("#live-card tbody") and not page.all("#live-city[aria-busy]")))
            check(page)
