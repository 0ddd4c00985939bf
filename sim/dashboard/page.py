"""The page itself: what stands where. The server sets `shown` before anybody can open it.

It is built like Mesa's SolaraViz, of Solara components over a reactive model that Mesa's update counter redraws. SolaraViz
itself, its ModelController and its tabs have English labels inside and do not stack on narrow screens.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import solara

from sim.dashboard.controls import City, Parameters, PlayBar, Reforms, Save
from sim.dashboard.panels import Charts, Differences, Inspect, Ledger, Maps
from sim.dashboard.parts import Language
from sim.dashboard.picture import LAYERS, map_png
from sim.dashboard.stage import Stage, View
from sim.dashboard.texts import Texts
from sim.errors import InputError
from sim.measures.harvest import warm_up

STYLE = Path(__file__).parent / "style.css"
shown: View | None = None  # a page has no other way to learn what it was opened with


def prepare(view: View) -> None:
    """Compile, build and draw everything once, so that no visitor waits; then `Page` shows it."""
    global shown
    warm_up()
    stage = Stage(view)
    arena = stage.arena.value
    arena.step()
    for arm in arena.lanes:
        for layer in LAYERS:
            map_png(arena, arm, layer)
    shown = view


@solara.component
def Layout(children: Any) -> None:
    """Nothing around the page."""
    solara.v.Html(tag="div", children=children)


@solara.component
def Page() -> Any:
    """A city in its arms: controls on the left, what is seen on the right; all in one column on narrow screens."""
    assert shown is not None
    view = shown
    stage = solara.use_memo(lambda: Stage(view), [])
    t = stage.t
    name = t.written(stage.scenario.name).text
    with solara.v.Html(tag="div", class_="page"):
        solara.Title(t("page.title", name=name))
        solara.Style(STYLE)
        Language(language=stage.language.value)
        Head(stage, name)
        PlayBar(stage)
        with solara.v.Html(tag="div", class_="columns"):
            with solara.v.Html(tag="main", class_="seen"):
                Maps(stage)
                with solara.v.Html(tag="div", class_="pair"):
                    if stage.others:
                        Differences(stage)
                    Ledger(stage)
                Charts(stage)
                Inspect(stage)
            with solara.v.Html(tag="aside", class_="done"):
                Reforms(stage)
                Parameters(stage)
                City(stage)
                Save(stage)
        if stage.refusal.value is not None:  # last, so that it moves no other part, which would forget what is typed in it
            Refused(t, stage.refusal.value, lambda: stage.refusal.set(None))


@solara.component
def Head(stage: Stage, name: str) -> Any:
    """What the page shows, and the way to the other language."""
    t = stage.t
    question = stage.scenario.question
    with solara.v.Html(tag="header"):
        with solara.v.Html(tag="div", class_="head-line"):
            solara.v.Html(tag="h1", children=[name])
            switch = solara.v.Html(
                tag="button", class_="link-button language", children=[t("page.other_language")], attributes={"title": t("page.switch")}
            )
        if question:
            solara.v.Html(tag="p", class_="question", children=[t.written(question).text])
        solara.v.Html(tag="p", class_="about", children=[t("page.about")])
        if stage.behind:
            solara.v.Html(tag="p", class_="about", children=[t("page.behind", cities=stage.behind.comparison.lived[0])])
    solara.v.use_event(switch, "click", lambda *_: stage.language.set("es" if stage.language.value == "en" else "en"))


@solara.component
def Refused(t: Texts, refusal: InputError, close: Callable[[], None]) -> Any:
    """Why the last thing that was asked for cannot be done."""
    with solara.v.Html(tag="div", class_="refused", attributes={"role": "alert"}):
        with solara.v.Html(tag="div"):
            solara.v.Html(tag="strong", children=[t("page.refused")])
            said = [t.said(sentence) for sentence in refusal.args if sentence]
            for text, language in said:
                solara.v.Html(tag="p", children=[text], attributes={"lang": language})
            if any(language != t.language for _, language in said):
                solara.v.Html(tag="p", class_="about", children=[t("page.in_english")])
        button = solara.v.Html(tag="button", class_="link-button", children=[t("page.dismiss")])
    solara.v.use_event(button, "click", lambda *_: close())
