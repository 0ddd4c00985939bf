"""What Solara's own page says while the city is not there, such as that the connection is lost: in the languages of our page.

Each of its sentences is replaced by ours in all languages, of which the browser shows the one that the page is in.
"""

import re

import jinja2

from sim.dashboard.texts import own
from sim.style import LANGUAGES

SENTENCES = tuple(own("en")["overlays"])  # as they are in Solara's templates
HIDDEN = "".join(f'html:not([lang="{each}"]) .spoken[lang="{each}"] {{ display: none; }} ' for each in LANGUAGES)
PANEL = (
    ".v-overlay .spoken { display: block; position: relative; min-width: 18rem; padding: .8rem 1rem; border-radius: 8px; background: #fff; "
    "color: #1c2430; } "
)


def spoken(sentence: str) -> str:
    """Our words for a sentence of Solara's, in all languages."""
    return "".join(f'<span class="spoken" lang="{each}">{own(each)["overlays"][sentence]}</span>' for each in LANGUAGES)


def translated(template: str, language: str) -> str:
    """A template of Solara's with our words; the page is in this language until it says otherwise itself."""
    for sentence in SENTENCES:
        written = re.compile(r">\s*" + r"\s+".join(map(re.escape, sentence.split())) + r"\s*<")
        template = written.sub(f">{spoken(sentence)}<", template)
    return template.replace("<html>", f'<html lang="{language}">').replace("</head>", f"<style>{PANEL}{HIDDEN}</style></head>")


def loader(folder: str, language: str) -> jinja2.BaseLoader:
    """Finds the templates that lie in a folder, and translates them."""
    files = jinja2.FileSystemLoader(folder)
    environment = jinja2.Environment(autoescape=True)
    return jinja2.FunctionLoader(lambda name: translated(files.get_source(environment, name)[0], language))
