"""The page of answers says what the tables beside it say, and its study is the one that is shipped."""

import csv
from pathlib import Path

import pytest

from sim.studies.design.study_files import load_study

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "which-reform.md").read_text(encoding="utf-8")
NAMES = {
    "purge": "purge", "training": "training", "community": "community policing", "justice": "civic justice",
    "purge-then-train": "purge and then training", "train-then-purge": "training and then purge", "mix": "mix",
}  # fmt: skip


def rows(place: str) -> list[dict[str, str]]:
    with open(ROOT / "docs" / "which-reform" / f"{place}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def told(row: dict[str, str]) -> str:
    """A row of the page's table."""
    value = {name: float(text) for name, text in row.items() if name not in ("arm", "dominated_by") and text}
    gain, cost, crime = (
        f"{value[name]:,.{places}f} ({value[f'{name}_low']:,.{places}f} to {value[f'{name}_high']:,.{places}f})"
        for name, places in (("benefit", 2), ("cost", 0), ("incidence", 0))
    )
    best, loss = f"{100 * value['probability_best']:.0f} %", f"{value['expected_loss']:,.0f}"
    return f"| {NAMES[row['arm']]} | {gain} | {cost} | {crime} | {best} | {loss} |"


@pytest.mark.parametrize("place", ["mexico-city", "national"])
def test_the_page_says_what_the_tables_say(place):
    arms = load_study(ROOT / "experiments" / "which-reform" / f"{place}.yaml").arms
    assert [row["arm"] for row in rows(place)] == list(arms)
    assert [told(row) for row in rows(place) if told(row) not in PAGE] == []
