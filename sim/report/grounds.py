"""What a reform's evidence is: why it has its grade, the trials that are fitted as a forest, the numbers of its effect and price."""

from collections.abc import Iterable
from typing import NamedTuple

from sim.evidence.base import evidence
from sim.evidence.grades import Grade, grade
from sim.evidence.levers import lever_rows
from sim.report.card import AnswerCard, CardLine, Strip
from sim.report.parts import Cell, Cited, PageTable
from sim.report.words import Text, Words
from sim.world.parameters import CODEBOOK

NINETY = 1.645  # standard errors on either side of nine of ten
HUNDREDTHS = 100  # of a standard deviation, so that an axis has whole numbers
TOLD = ("effect", "price")  # roles of numbers: what somebody decides, and what is the city's, is not evidence


class Ground(NamedTuple):
    """Of a reform: what it is called, its grade, its forest (None without a fitted trial), and its numbers."""

    reform: str
    name: str
    grade: Grade
    forest: AnswerCard | None
    table: PageTable


def behind(found: Grade | None) -> list[str]:
    """The reforms of an arm, by its grade, those first on which it hangs."""
    named = dict.fromkeys(str(reason.values["reform"]) for reason in found.reasons) if found else {}
    return sorted(named, key=lambda reform: found is not None and grade(reform).level != found.level)


def grounds(lines: Iterable[CardLine], words: Words) -> list[Ground]:
    """Those of all reforms of a card, each once."""
    reforms = dict.fromkeys(reform for line in lines for reform in behind(line.grade))
    return [Ground(reform, words.reform(reform), grade(reform), forest(reform, words), numbers(reform, words)) for reform in reforms]


def forest(reform: str, words: Words) -> AnswerCard | None:
    """What trials of a reform found, in hundredths of a standard deviation, with nine of ten; only findings with an error. Below it, which
    of them the model does not reproduce.
    """
    said, lines, doubts = words["grounds"], [], {}
    for name, trial in evidence().items():
        for found in trial.rows("fit").values() if trial.reform == reform else ():
            middle, half = HUNDREDTHS * (found.value or 0.0), HUNDREDTHS * NINETY * (found.value_error or 0.0)
            ends = {"low": words.number(middle - half, 0, sign=True), "high": words.number(middle + half, 0, sign=True)}
            shown = f"{words.number(middle, 0, sign=True)} ({words.say('answer.numbers', **ends)})"
            concept = words.term("concepts", found.concept)
            called = words.say("grounds.finding", trial=name, place=trial.place, concept=concept, found=shown)
            doubts[name] = said["doubts"].get(name, "")
            lines.append(CardLine(called, "", strip=Strip(0.0, middle, middle - half, middle + half)))
    caption = " ".join(filter(None, (said["caption"], *doubts.values())))
    return AnswerCard("", "", (), lines, figure=said["forest"], caption=caption).scaled() if lines else None


def numbers(reform: str, words: Words) -> PageTable:
    """Each number of its effect and price, with what it rests on."""
    rows: list[list[Cell]] = []
    for row in sorted((row for row in lever_rows(reform) if row.role in TOLD), key=lambda row: TOLD.index(row.role)):
        text = words.term("lever_texts", row.name) if row.name not in CODEBOOK else ""
        meant = Text(text, words.language) if text not in ("", row.name) else words.translate("parameters", row.name, row.text)
        low, _, high = map(words.marked, row.range.partition(" to "))
        cells: list[Cell] = [row.name, meant, "-" if row.value == "to be given" else words.marked(row.value)]
        cells += [words.say("answer.numbers", low=low, high=high) if high else low, words.translate("parameter_units", row.unit, row.unit)]
        cells += [words["grades"].get(row.status, "-")]
        rows.append([*cells, ", ".join(row.trials) or "-", Cited(row.sources) if row.sources else "-"])
    keys = ("parameter", "meaning", "codebook", "range", "unit")
    heads = [*(words["columns"][key] for key in keys), *(words["grounds"][key] for key in ("rests", "trials")), words["columns"]["source"]]
    return PageTable(words["grounds"]["table"], heads, rows, frozenset((2, 3)))
