"""The documentation: what it shows works, what it links to is there, it needs no network, and its tables are the code's."""

import doctest
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import html5lib
import pytest
import yaml
from pages import LANGUAGES, ROOT, blocks, check_output, play

import sim
from sim.inputs.scenario import load_scenario
from sim.measures import MEASURES
from sim.studies.design.study_files import load_study
from sim.web.page import page as city_page
from sim.world.anatomy import SCHEDULE
from sim.world.look import COLUMNS
from sim.world.parameters import CODEBOOK, REFERENCES
from sim.world.reforms import REFORMS, levers
from sim.world.state import City

DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
SHOWING = [page for page in PAGES if any(block.language != "yaml" for block in blocks(page)) and page.name != "README.md"]
ODD_D = (
    "Purpose", "Entities, state variables and scales", "Process overview and scheduling", "Theoretical and empirical background",
    "Individual decision-making", "Learning", "Individual sensing", "Individual prediction", "Interaction", "Collectives", "Heterogeneity",
    "Stochasticity", "Observation", "Implementation details", "Initialization", "Input data", "Submodels",
)  # fmt: skip


def name(page):
    return page.relative_to(ROOT).as_posix()


# --- What pages show


@pytest.mark.compiled
@pytest.mark.parametrize("page", SHOWING, ids=name)
def test_what_a_page_shows_works(page, tmp_path, capsys, monkeypatch):
    play(page, tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_says_what_it_is(page):
    for block in blocks(page):
        assert block.language in LANGUAGES, block
        assert block.language != "yaml" or block.title or re.match(r"# [\w-]+\.yaml\n", block.text), block


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_parts_of_a_study_make_a_study_with_the_rest(page, tmp_path):
    arms = {"course": [{"training": {"start": 0}}]}
    for block in blocks(page):
        if block.language == "yaml" and block.title:
            assert block.title == "part of a study", block
            whole = {"name": "A part", "scenario": "national-average", "arms": arms, "replicates": 2, **yaml.safe_load(block.text)}
            (tmp_path / "study.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
            assert load_study(tmp_path / "study.yaml").arms


def test_output_that_is_not_printed_is_found():
    check_output("a  b\n...\nd", "a b\nc\nd")
    for shown in ("b a", "d\na b", "a b\nd\nc"):
        with pytest.raises(AssertionError, match="is not printed"):
            check_output(shown, "a b\nc\nd")


def test_docstrings_become_lists():
    spec = importlib.util.spec_from_file_location("docstrings", DOCS / "docstrings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert doctest.testmod(module) == (0, 1)


# --- The site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site: its pages by their path, parsed."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    parse = html5lib.HTMLParser(namespaceHTMLElements=False).parse
    return {path: parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html")) if path.parent.name != "assets"}


def home(site):
    return next(path.parent for path in site if path.name == "404.html")


def text_of(site, page):
    return " ".join("".join(site[home(site) / page].find(".//article").itertext()).split())


def test_nothing_is_fetched_from_elsewhere(site):
    loading = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
    for path, tree in site.items():
        for tag, attribute in loading.items():
            for element in tree.iter(tag):
                place = urlsplit(element.get(attribute, ""))
                assert not place.netloc or element.get("rel") in ("canonical", "next", "prev"), f"{path.name}: {place.geturl()}"
    for sheet in home(site).rglob("*.css"):
        found = re.findall(r"url\(\s*['\"]?((?:https?:)?//[^)]*)", sheet.read_text(encoding="utf-8"))
        assert found == [], sheet.name


def test_every_link_and_anchor_leads_somewhere(site):
    anchors = {path: {element.get("id") for element in tree.iter() if element.get("id")} for path, tree in site.items()}
    for path, tree in site.items():
        if path.name == "404.html":  # shown for any address, so its links are absolute
            continue
        for link in tree.iter("a"):
            place = urlsplit(link.get("href", ""))
            if place.scheme or place.netloc:
                assert place.scheme in ("https", "http", "mailto"), place.geturl()
                continue
            target = (path.parent / unquote(place.path)).resolve() if place.path else path
            assert target.exists(), f"{path.name}: {link.get('href')}"
            if place.fragment and target in anchors and not place.fragment.startswith("__"):
                assert unquote(place.fragment) in anchors[target], f"{path.name}: {link.get('href')}"


def test_a_city_lives_on_the_first_page(site):
    for page, language in (("index.html", "en"), ("es/index.html", "es")):
        path = home(site) / page
        (frame,) = site[path].iter("iframe")
        place = urlsplit(frame.get("src"))
        assert place.fragment == f"lang={language}" and frame.get("title")
        assert (path.parent / place.path).read_text(encoding="utf-8") == page_of_the_city()


@pytest.mark.compiled
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_the_first_page(site, width):
    """WCAG 2.2 AA; the city in it is checked by itself (tests/web/test_axe.py)."""
    pytest.importorskip("selenium_axe_python", reason="selenium-axe-python is not installed")
    browsing = pytest.importorskip("browsing")
    if not (browsing.CHROMIUM and browsing.DRIVER):
        pytest.skip("there is no chromium with a chromedriver on this computer")
    with browsing.started() as driver:
        for name in ("index.html", "es/index.html"):
            page = browsing.Opened(driver, home(site) / name)
            page.wide(width)
            page.get()
            assert page.violations() == [], name


def page_of_the_city():
    return city_page(load_scenario("national-average"), "national-average")


def test_search_works_from_a_file(site):
    """A page opened from the disk may fetch nothing: the index is a script, and finds words of both languages."""
    index = (home(site) / "search" / "search_index.js").read_text(encoding="utf-8")
    listed = {place["location"].partition("#")[0] for place in json.loads(index.removeprefix("var __index = "))["docs"]}
    assert {path.relative_to(home(site)).as_posix() for path in site if path.name != "404.html"} <= listed
    if not (chromium := shutil.which("chromium")):
        pytest.skip("chromium is not installed")
    for page, word in (("index.html", "purge"), ("es/index.html", "depuración")):
        address = f"{(home(site) / page).as_uri()}?q={quote(word)}"
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom", address]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
        assert shown.count('class="md-search-result__item"') > 3, word


def test_tables_are_the_codes(site):
    wanted = {
        "reference/parameters.html": [*CODEBOOK, *(known.unit for known in CODEBOOK.values())],
        "reference/measures.html": MEASURES,
        "reference/levers.html": [lever for kind in REFORMS.values() for lever in levers(kind)],
        "reference/schedule.html": [step.phase for step in SCHEDULE],
        "reference/sources.html": REFERENCES,
        "es/parametros.html": CODEBOOK,
        "es/palancas.html": [lever for kind in REFORMS.values() for lever in levers(kind)],
        "es/medidas.html": MEASURES,
        "api.html": [found for found in sim.__all__ if found != "__version__"],
    }
    for page, names in wanted.items():
        text = text_of(site, page)
        assert [found for found in names if found not in text] == [], page


def test_every_state_variable_has_a_meaning(site):
    tables = [
        found for found in City.__annotations__ if found in ("citizens", "officers", "squads", "offenders", "cells", "crimes", "encounters")
    ]
    assert len(tables) == 7
    text = text_of(site, "reference/state.html")
    for table in tables:
        shown = COLUMNS if table == "citizens" else City.__annotations__[table].__annotations__
        assert [column for column in shown if column not in text] == []
    assert text.count("working column") <= 3


def test_no_marker_is_left(site):
    for path in site:
        assert "<!-- made:" not in path.read_text(encoding="utf-8"), path.name


def test_spanish_pages_say_that_they_are(site):
    spanish = {path for path in site if path.parent.name == "es"}
    assert len(spanish) >= 16
    assert {path for path, tree in site.items() if tree.get("lang") == "es"} == spanish


def around(tree):
    """What a page says around its text: in its menu, its buttons, and to who has it read aloud."""
    said, left = set(), [tree]
    while left:
        element = left.pop()
        if isinstance(element.tag, str) and element.tag not in ("article", "script", "style", "svg"):
            said |= {" ".join((text or "").split()) for text in (element.text, *(part.tail for part in element))}
            said |= {element.get(name, "") for name in ("title", "aria-label", "placeholder")}
            said |= {element.get("content")} if element.get("name") == "description" else set()
            left += list(element)
    return {text for text in said if re.search("[a-z]", text)}


def test_around_spanish_pages_nothing_is_english(site):
    english = around(site[home(site) / "tutorial.html"])
    assert {"Search", "Skip to content", "Dark", "Table of contents", "What it is"} <= english
    menu = {"En español", *(title for title, _ in re.findall(r"- (.*): (es/\S+\.md)", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))}
    for path, tree in site.items():
        if path.parent.name == "es":
            assert (around(tree) & english) - menu == {"Confianza"}, path.name
            assert {"Buscar", "Saltar a contenido", "Oscuro", *menu} - {"En español"} <= around(tree), path.name
            assert "Permanent link" not in path.read_text(encoding="utf-8"), path.name


def test_links_to_the_other_language_say_so(site):
    """In the menu of English pages, and at the top of all that have a counterpart."""
    for path, tree in site.items():
        if path.name != "404.html":
            found = [link for link in tree.iter("a") if (path.parent / urlsplit(link.get("href", "")).path).parent.name == "es"]
            assert path.parent.name == "es" or (len(found) > 20 and {link.get("lang") for link in found} == {"es"}), path.name
            other = [link for link in tree.iter("a") if link.text == ("In English" if path.parent.name == "es" else "En español")]
            assert {link.get("hreflang") for link in other} <= {"en" if path.parent.name == "es" else "es"}, path.name
            assert other or path.parent.name != "es", path.name


def test_pictures_say_in_words_what_they_show(site):
    for path, tree in site.items():
        for picture in tree.iter("img"):
            assert picture.get("alt") or picture.get("src", "").startswith("data:"), path.name


# --- What pages promise


def test_the_description_has_all_headings_of_odd_d():
    headings = re.findall(r"^#+ [\d.]+ (.*)$", (DOCS / "model.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [wanted for wanted in ODD_D if not any(heading.startswith(wanted) for heading in headings)] == []


def test_recipes_are_short_and_their_files_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    recipes = {part.split("\n")[0]: part for part in text.split("\n## ") if part.startswith("A new ")}
    assert list(recipes) == ["A new parameter", "A new rule or phase", "A new reform", "A new measure"]
    for title, recipe in recipes.items():
        steps = [line for line in recipe.split("\n")[1:] if re.match(r"\d\. |   ", line)]
        assert 5 <= len(steps) <= 10, title
        for path in re.findall(r"`((?:sim|tests|docs|scenarios|experiments)/[\w./-]+|CHANGELOG\.md)`", recipe):
            if not re.search(r"[A-Z]{4}\.", path) or path == "CHANGELOG.md":
                assert (ROOT / path).exists(), path


def test_the_citation_is_complete():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors", "version", "license", "abstract"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0" and citation["type"] == "software" and citation["authors"]
    assert citation["version"] == sim.__version__ and f"Version {sim.__version__}" in (DOCS / "cite.md").read_text(encoding="utf-8")


def test_every_page_is_in_the_menu():
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [name(page) for page in DOCS.rglob("*.md") if page.relative_to(DOCS).as_posix() not in menu] == []


def test_links_from_the_repository_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not re.match(r"https?:|mailto:", target):
                beside = (page.parent / target).resolve()
                assert beside.exists() or Path(target).name in ("contributing.md", "changelog.md"), f"{name(page)}: {target}"
