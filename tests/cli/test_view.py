"""`confianza view`: the page is written and opened, in the language asked for."""

import json
import re
from pathlib import Path

import pytest

from sim.cli import main
from sim.style import LANGUAGES

TOWN = "name: A town\nextends: national-average\ncity: {adults: 1000}\nsources: {city.adults: assumed}\n"


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Addresses that a browser was asked to open."""
    monkeypatch.chdir(tmp_path)
    found = []
    monkeypatch.setattr("webbrowser.open", lambda address: not found.append(address))
    return found


def confianza(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    return stopped.value.code


def known(path):
    """What a written page knows."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', Path(path).read_text("utf-8"), re.DOTALL)[1])


def test_it_writes_the_page_and_opens_it(opened, tmp_path, capsys):
    for _ in range(2):  # what it wrote itself it replaces
        assert confianza("view") == 0
    page = tmp_path / "out/national-average.html"
    assert opened == 2 * [page.as_uri()]
    assert known(page)["scenario"] == "national-average"
    assert "The page is out/national-average.html" in capsys.readouterr().out


def test_with_out_it_is_only_written_and_speaks_the_language_asked_for(opened, tmp_path):
    Path("merida.yaml").write_text(TOWN)
    for language in LANGUAGES:
        assert confianza("view", "merida.yaml", "--lang", language, "--out", f"{language}.html") == 0
        assert known(f"{language}.html")["language"] == language
        assert known(f"{language}.html")["scenario"] == "merida-file"  # it is not the shipped one
    assert opened == []


def test_without_a_browser_it_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    assert confianza("view", "merida", "--lang", "es") == 0
    printed = capsys.readouterr().out
    assert "La página es out/merida.html" in printed and "Aquí no se pudo abrir ningún navegador." in printed


def test_what_is_in_the_way_stays(opened, capsys):
    Path("mine.html").write_text("mine")
    assert confianza("view", "merida", "--out", "mine.html") == 2
    assert Path("mine.html").read_text() == "mine" and "mine.html" in capsys.readouterr().err


def test_the_verb_that_it_took_the_place_of_names_it(opened, capsys):
    assert confianza("page", "merida") == 2
    assert capsys.readouterr().err.splitlines() == [
        "there is no verb 'page' any more: 'view' writes that page.", "  Write confianza view SCENARIO --out FILE",
    ]  # fmt: skip
