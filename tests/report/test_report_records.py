"""Pages of pattern checks alone and of trials run again: the card says what the tables hold, in both languages."""

import html5lib
import pandas as pd
import pytest

from sim.artifacts.posterior import load_posterior, posterior_files
from sim.errors import InputError
from sim.inputs.patterns import PatternCheck, patterns
from sim.report import render
from sim.report.words import LANGUAGES, Words
from sim.validation.record import Validation

ROW = {"outcome": "share_trusting", "what": "trust", "unit": "sd", "low_before": -0.1, "median_before": 0.1, "high_before": 0.4}
ROW |= {"low": 0.0, "median": 0.12, "high": 0.3}
FITTED = {"reform": "training", "trial": "T1 <b>", "study": "S1", "row": "a", "use": "fit", "found": 0.2, "error": 0.1, "sign": None, **ROW}
FITTED |= {"predicted_low": -0.1, "predicted": 0.1, "predicted_high": 0.3, "z": 0.5, "log_score": -1.0, "agrees": None}
CHECKED = FITTED | {
    "reform": "purge",
    "trial": "T2",
    "study": "S2",
    "use": "check",
    "found": None,
    "error": None,
    "sign": "+",
    "agrees": True,
}


def text(element):
    return " ".join("".join(element.itertext()).replace("\u00a0", " ").split())


def card(folder, language):
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(render(folder, language))
    return tree, next(element for element in tree.iter("section") if element.get("class") == "answer")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["Ecatepec", "Nowhere <b>"])
def test_checks_alone_have_a_page(tmp_path, language, name):
    """Also those of a scenario that is not shipped, of which the name is all that is known."""
    words, listed = Words(language), [known for known in patterns().values() if known.role != "report"][:3]
    checks = [PatternCheck(known, known.measures[0], 0.5, 0.01, place > 0, 1000, 4) for place, known in enumerate(listed)]
    Validation(name, tuple(checks), source_fingerprint="abc").save(tmp_path)
    tree, answer = card(tmp_path, language)
    assert text(answer.find("h2")) == words.say("page.checks_sum", passed=2, judged=3)
    rows = [text(row[0]) for row in answer.find(".//table").iter("tr")][1:]
    assert len(rows) == 1 and rows[0].startswith(listed[0].id) and text(tree.find(".//h1")) == name


@pytest.mark.parametrize("language", LANGUAGES)
def test_trials_run_again_have_a_page(tmp_path, language):
    words, posterior = Words(language), load_posterior("mexico-city-2016")
    ranges = [{"reform": "training", **ROW, "removed": 0.4}, {"reform": "purge", **ROW, "removed": -0.1}]
    tables = {"findings": [FITTED, CHECKED], "ranges": ranges, "carrying": [{"carry": "course", "low": 0.1, "median": 0.2, "high": 0.4}]}
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(tmp_path / f"{name}.csv", index=False)
    for name, content in posterior_files(posterior).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    tree, answer = card(tmp_path, language)
    shown = {text(row[0]): [text(cell) for cell in row[1:]] for row in answer.find(".//table").iter("tr")}
    assert shown[words.reform("training")][2] == "40 %" and shown[words.reform("purge")][2] == "0 %", "what became wider removed nothing"
    rows = {text(row[0]): [text(cell) for cell in row[1:]] for row in tree.iter("tr")}
    assert words.number(0.2, 2, sign=True) in rows["T1 <b> a"][2] and rows["T2 a"][-1] == words["evidence"]["yes_agrees"]
    (tmp_path / "ranges.csv").unlink()
    with pytest.raises(InputError, match="holds no trials that can be read"):
        render(tmp_path, language)
