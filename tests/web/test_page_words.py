"""The words that pages with a living city have are those that they say: none is left over, none is missing."""

import re

from sim.style import read
from sim.web.page import PARTS

SECTIONS = ("live", "charts", "web")
IN_PYTHON = {"live.parameters.assumed", r"live.reforms.texts.\w+"}  # sim/web/page.py and `confianza explain`


def leaves(part, path):
    return [leaf for key in part for leaf in leaves(part[key], f"{path}.{key}")] if isinstance(part, dict) else [path]


def test_pages_say_all_their_words_and_no_others():
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PARTS.glob("*.js")))
    asked = set(re.findall(rf'["`]((?:{"|".join(SECTIONS)})\.(?:\w|\.|\$\{{\w+\}})+)["`]', text))
    said = {re.sub(r"\$\{\w+\}", r"\\w+", key) for key in asked} | IN_PYTHON
    known = [leaf for section in SECTIONS for leaf in leaves(read("en")[section], section)]
    assert len(known) > 100
    assert [leaf for leaf in known if not any(re.fullmatch(key, leaf) for key in said)] == []
    assert [key for key in said if not any(re.fullmatch(key, leaf) for leaf in known)] == []
