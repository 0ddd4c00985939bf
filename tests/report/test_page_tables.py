"""Tables of a page: rows of nothing but 0 are named and not shown; all rows go as CSV that spreadsheets read."""

import base64
import csv
from dataclasses import replace
from io import StringIO

import pytest

from sim.report.card import CardLine, graded
from sim.report.grounds import behind, forest, grounds, numbers
from sim.report.parts import Cited, PageTable
from sim.report.words import LANGUAGES, Text, Words
from sim.style import MINUS
from sim.world.parameters import CODEBOOK

ROWS = [
    ["purge", "known", "0.000", "+0.00", "-"], ["purge", "felt", "0.000", f"{MINUS}0.02", "1"], ["=1+1", "felt", "0", "0 %", "0.0"],
    ["course", "known", "-", "-", "-"], ["beats", "known", "1,234 (0 to 2,000)", "0", "0"],
]  # fmt: skip
TABLE = PageTable("", ["arm", "level", "before", "after", "more"], ROWS, frozenset((2, 3, 4)))


def test_rows_of_zeros_are_named_and_not_shown():
    assert [row[:2] for row in TABLE.shown] == [["purge", "felt"], ["course", "known"], ["beats", "known"]], "a dash is no 0"
    assert TABLE.still == ["purge, known", "=1+1"], "with its level, where another row of the same name is shown"
    one = PageTable("", ["name", "value"], [["price", "0"]], frozenset((1,)))
    assert one.still == [] and one.shown == one.rows, "a price of 0 is a price"


def test_tables_go_as_csv():
    table = PageTable("", ["a", "b", "c"], [*(row[:3] for row in ROWS), [Text("x", "en"), Cited(("k1", "k2")), "12\u202f345"]])
    kind, _, content = table.csv.partition(",")
    said = base64.b64decode(content).decode("utf-8-sig")
    rows = list(csv.reader(StringIO(said)))
    assert kind == "data:text/csv;base64" and rows[0] == ["a", "b", "c"] and len(rows) == 1 + len(table.rows)
    named = PageTable("Effects: of each arm. In points", ["a"], [])
    assert named.file == "confianza-effects-of-each-arm.csv" and replace(named, title="Costs").file == "confianza-costs.csv"
    assert rows[3][0] == "'=1+1", "no spreadsheet computes it"
    assert rows[5][2] == "1234 (0 to 2000)" and rows[-1] == ["x", "k1; k2", "12345"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_grade_opens_what_it_rests_on(language):
    """Each reform of a card once, with its trials that have an error, and each number of its effect and price."""
    words = Words(language)
    lines = [
        CardLine(name, "", grade=graded(arm)) for name, arm in {"a": [{"training": {}}, {"purge": {}}], "b": [{"training": {}}]}.items()
    ]
    found = grounds(lines, words)
    assert [ground.reform for ground in found] == ["purge", "training"], "the one on which a grade hangs comes first"
    assert behind(lines[0].grade)[0] == "purge" and behind(None) == []
    assert forest("purge", words) is None
    (line,) = forest("training", words).lines
    assert "PJ-3US" in line.name and 0 <= line.strip.start < line.strip.low < line.strip.end < line.strip.high <= 100
    rows = {row[0]: row for row in numbers("purge", words).rows}
    assert rows["purge.signal"][5] == words["grades"]["assumed"] and "purge.follow_through" not in rows
    unit = CODEBOOK["cost.severance"].unit
    assert rows["cost.severance"][4] == words.translate("parameter_units", unit, unit) and rows["cost.severance"][4].lang == language
    visits = forest("community_policing", words)
    assert len(visits.lines) > 20 and visits.caption.endswith(words["grounds"]["doubts"]["COP-NH"])
