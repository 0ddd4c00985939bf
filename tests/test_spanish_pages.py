"""Pages in Spanish say what their English counterparts say: the same sections, the same numbers, and each links the other at its top."""

import re
from collections import Counter

import pytest
from pages import ROOT

DOCS = ROOT / "docs"
SPANISH = sorted((DOCS / "es").glob("*.md"))
LINK = re.compile(r"^# .*\n\n\[(?:In English|En español)\]\((\S+?)(?:#\S*)?\)\n", re.MULTILINE)
OWN = {"informe.md"}  # written for Spanish alone: in English reports are explained where the tutorial has made one
PRINTED = re.compile(r"^```text.*?^```$", re.MULTILINE | re.DOTALL)  # what commands print is held to them, in either language


def counterpart(page):
    """The page in the other language, from the link at the top."""
    link = LINK.search(page.read_text(encoding="utf-8"))
    assert link, f"{page.name}: no link to the other language under the title"
    return (page.parent / link[1]).resolve()


def numbers(text):
    """All numbers of a text as often as they stand in it, without marks of thousands."""
    joined = re.sub(r"(?<=\d)[,\u202f](?=\d{3}(?!\d))", "", re.sub(r"\]\([^)]*\)", "]", text))
    return Counter(re.findall(r"\d+(?:\.\d+)*", joined))


def sections(page):
    """Level and numbers of each section, in the order of the page; the first is what stands before any heading but the title."""
    text = LINK.sub("", PRINTED.sub("", page.read_text(encoding="utf-8")))
    fenceless = re.sub(r"^```.*?^```$", lambda block: re.sub("^#", " ", block[0], flags=re.MULTILINE), text, flags=re.MULTILINE | re.DOTALL)
    parts = re.split(r"^(#+) ", fenceless, flags=re.MULTILINE)
    return [("", numbers(parts[0])), *((level, numbers(part)) for level, part in zip(parts[1::2], parts[2::2], strict=True))]


@pytest.mark.parametrize("page", SPANISH, ids=lambda page: page.name)
def test_each_links_its_counterpart_which_links_it(page):
    other = counterpart(page)
    assert other.is_file() and (page.name in OWN or counterpart(other) == page)


@pytest.mark.parametrize("page", [page for page in SPANISH if page.name not in OWN], ids=lambda page: page.name)
def test_numbers_are_those_of_the_english_page(page):
    own, english = sections(page), sections(counterpart(page))
    assert [level for level, _ in own] == [level for level, _ in english]
    for place, ((_, found), (_, wanted)) in enumerate(zip(own, english, strict=True)):
        assert (found - wanted, wanted - found) == (Counter(), Counter()), f"section {place}: only here, and only in English"


def test_numbers_that_differ_are_found():
    assert numbers("2\u202f000 de 20\u202f000 con 0.5") == numbers("2,000 of 20,000 with 0.5") != numbers("2,000 of 20,000 with 0.6")
    assert numbers("de 3, 400 y 1,5") != numbers("de 3400 y 1.5")
