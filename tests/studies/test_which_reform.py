"""The pages of answers say what their tables say; these are those that were archived, and of the studies that are shipped."""

import csv
import runpy
from hashlib import sha256
from pathlib import Path

import pytest

from sim.studies.design.study_files import load_study
from sim.style import language

ROOT = Path(__file__).parents[2]
DOCS, STUDIES = ROOT / "docs" / "which-reform", ROOT / "experiments" / "which-reform"
PAGES: dict[str, dict[str, str]] = {"which-reform.md": {}, "es/que-reforma.md": {"to": "a", "unknown": "no se puede decir"}}
PLACES = sorted(path.stem for path in STUDIES.glob("*.yaml"))


TAUS = {
    "which-reform.md": ({"baseline": "nothing"}, "to"),
    "es/que-reforma.md": (
        {"baseline": "nada", "no trials": "sin ensayos", "as judged": "la que se juzga", "three times that": "tres veces esa"}, "a",
    ),
}  # fmt: skip


def names_in(page: str, arms: list[str]) -> dict[str, str]:
    """What the Spanish page calls arms: as reports do."""
    return {arm: language("es").reform(arm) for arm in arms} if page.startswith("es/") else {}


def rows(place: str) -> list[dict[str, str]]:
    with open(DOCS / f"{place}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("place", PLACES)
def test_the_tables_are_of_the_studies_that_are_shipped_and_those_that_were_archived(place):
    assert ["baseline", *(row["arm"] for row in rows(place))] == load_study(STUDIES / f"{place}.yaml").sweep_arms()
    sums = dict(reversed(line.split("  ", 1)) for line in (DOCS / "SHA256SUMS").read_text(encoding="utf-8").splitlines())
    for table in (place, f"trials-{place}"):
        assert sums[f"{table}.csv"] == sha256((DOCS / f"{table}.csv").read_bytes()).hexdigest()
    assert len(sums[f"{place} (runs)"]) == 64 and sums[f"{place} (runs)"] == sums[f"trials-{place} (runs)"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("page", PAGES)
def test_the_pages_say_what_the_tables_say(page, place):
    row_of, text = runpy.run_path(str(STUDIES / "tables.py"))["row_of"], (ROOT / "docs" / page).read_text(encoding="utf-8")
    names = names_in(page, [row["arm"] for row in rows(place)])
    if place == "mexico-city":  # the first table says what files call them, but for the hours, which the name says
        names = {arm: name if "40" in arm else f"{name} (`{arm}`)" for arm, name in names.items()}
    assert [told for row in rows(place) if (told := row_of(row, **PAGES[page], names=names)) not in text] == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("page", TAUS)
def test_the_pages_say_what_cities_say_if_trials_weigh_them(page, place):
    lines_of, (names, to) = runpy.run_path(str(STUDIES / "trials.py"))["lines_of"], TAUS[page]
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    arms = [row["arm"] for row in rows(place)][:6]
    names = names_in(page, [row["arm"] for row in rows(place)]) | names
    assert [line for line in lines_of(rows(f"trials-{place}"), arms, names, to) if line not in text] == []
