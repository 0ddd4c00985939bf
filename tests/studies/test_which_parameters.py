"""The page of which parameters matter says what its table says; that is the one that was archived, of the study that is shipped."""

import csv
import runpy
from hashlib import sha256
from pathlib import Path

import pytest

from sim.studies.design.study_files import load_study

ROOT = Path(__file__).parents[2]
DOCS, STUDY = ROOT / "docs" / "which-parameters-matter", ROOT / "experiments" / "which-parameters-matter"
PAGES = {"which-parameters-matter.md": "to", "es/que-numeros-importan.md": "a"}


def rows():
    with open(DOCS / "factors.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_is_of_the_study_that_is_shipped_and_the_one_that_was_archived():
    study = load_study(STUDY / "study.yaml")
    assert {(row["arm"], row["measure"]) for row in rows()} == {(arm, of) for arm in study.arms for of in study.measures[:2]}
    assert {row["factor"] for row in rows()} - {""} <= {factor.name for factor in study.factors()}
    sums = dict(reversed(line.split("  ", 1)) for line in (DOCS / "SHA256SUMS").read_text(encoding="utf-8").splitlines())
    assert sums["factors.csv"] == sha256((DOCS / "factors.csv").read_bytes()).hexdigest() and len(sums["factors (runs)"]) == 64


def test_nothing_is_told_of_an_effect_whose_emulator_did_not_earn_its_q2():
    for row in rows():
        earned = float(row["q2"]) >= 0.5 and float(row["q2_high"]) - float(row["q2_low"]) <= 0.25
        assert bool(row["factor"]) == earned == (not row["refused"]) and int(row["validated"]) == 103


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_say_what_the_table_says(page):
    script, text = runpy.run_path(str(STUDY / "tables.py")), (ROOT / "docs" / page).read_text(encoding="utf-8")
    told = [script["row_of"](row, PAGES[page]) for row in rows() if row["factor"]]
    told += [script["quality_of"](row, PAGES[page]) for row in rows()]
    assert [line for line in told if line not in text] == []
