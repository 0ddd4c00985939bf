"""What is seen on the page: maps side by side, charts, and the history of a place or a person beside its twins."""

import random
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import solara
from mesa.visualization.utils import update_counter

from sim.dashboard.charts import CHARTS, cell_chart, chart, citizen_chart, difference_chart, ledger_chart, map_legend, words_in
from sim.dashboard.controls import ArmChoice, Section
from sim.dashboard.history import Life
from sim.dashboard.parts import Chart, Choice, Lever, MapImage
from sim.dashboard.picture import LAYERS, cell_at, map_png
from sim.dashboard.stage import FEW, Stage

SHOWN = ("trust", "reporting", "clearance", "complaints", "crimes", "cost")
FIRST_ARM_SHOWS = {"difference": "trust"}  # it does not differ from itself


@solara.component
def Maps(stage: Stage) -> Any:
    """The city in every arm, side by side, colored by what is chosen."""
    t, arena, layer = stage.t, stage.arena.value, stage.layer.value
    layers = [name for name in LAYERS if name != "difference" or stage.others]
    with Section("maps", t("maps.heading"), t("maps.about")):
        with solara.v.Html(tag="div", class_="choices"):
            Choice("layer", t("maps.layer"), layer, {name: t.part("maps.layers")[name] for name in layers}, stage.layer.set)
            solara.Checkbox(label=t("maps.show_officers" if arena.stated else "maps.show_dots"), value=stage.dots)
        if len(arena.lanes) > FEW:
            ArmsShown(stage)
        with solara.v.Html(tag="div", class_="maps"):
            for arm in stage.arms_shown:
                ArmMap(stage, arm, FIRST_ARM_SHOWS.get(layer, layer) if arm == stage.first else layer)
        if layer not in FIRST_ARM_SHOWS:  # then all maps have the same
            Legend(stage, layer)


@solara.component
def ArmsShown(stage: Stage) -> Any:
    """Which of many arms have a map: a button each."""
    t = stage.t
    with solara.v.Html(tag="div", class_="choices", attributes={"role": "group", "aria-label": t("maps.arms")}):
        solara.v.Html(tag="span", children=[t("maps.arms")])
        for arm in stage.arena.value.lanes:
            ArmShown(stage, arm, arm in stage.arms_shown)


@solara.component
def ArmShown(stage: Stage, arm: str, on: bool) -> Any:
    """A button that shows or hides an arm."""
    attributes = {"aria-pressed": str(on).lower()}
    button = solara.v.Html(tag="button", class_="chip", attributes=attributes, children=[stage.t.reform(arm)])
    solara.v.use_event(button, "click", lambda *_: stage.show_arm(arm, not on))


@solara.component
def ArmMap(stage: Stage, arm: str, layer: str) -> Any:
    """One arm: what it is called, its trust now, its map, and a legend if the arms show different things."""
    update_counter.get()
    t, arena, dots = stage.t, stage.arena.value, stage.dots.value
    png = map_png(arena, arm, layer, officers=dots, offenders=dots, cell=stage.cell.value, citizen=stage.citizen.value)
    says, invented = t.part("maps.layers")[layer], t.said(arena.of_places).text
    with solara.v.Html(tag="div", class_="arm", attributes={"data-arm": arm}):
        solara.v.Html(tag="h3", children=[t.reform(arm)])
        solara.v.Html(tag="p", class_="level", children=[level(stage, arm)])
        MapImage(
            src="data:image/png;base64," + b64encode(png).decode(), week=arena.week,
            alt=f"{t('maps.alt', arm=t.reform(arm), layer=says, week=t.number(arena.week))} {invented}",
            event_picked=lambda place: stage.choose_cell(cell_at(arena, *place)), event_drawn=stage.was_drawn,
        )  # fmt: skip
        solara.v.Html(tag="p", class_="level invented", children=[invented])
        if stage.layer.value in FIRST_ARM_SHOWS:
            Legend(stage, layer)


def level(stage: Stage, arm: str) -> str:
    """An arm's mean trust now, and by how much it differs from the first arm's."""
    t, arena = stage.t, stage.arena.value
    now = t("maps.trust_now", trust=t.number(float(arena.series("trust", arm)[-1]), 3))
    if arm == stage.first:
        return now
    apart = t.number(float(arena.difference("trust", arm)[-1]), 4, sign=True)
    return f"{now}, {t('maps.against', difference=apart, first=t.reform(stage.first))}"


@solara.component
def Legend(stage: Stage, layer: str) -> Any:
    """What the colors and dots of a map mean."""
    update_counter.get()  # the scale of differences widens as they grow
    svg = map_legend(stage.arena.value, layer, words_in(stage.language.value))
    with solara.v.Html(tag="div", class_="legend"):
        Chart(svg=svg, label=stage.t.part("maps.layers")[layer])


@solara.component
def Differences(stage: Stage) -> Any:
    """What the arms change, as a line each; nothing if there is one arm only."""
    update_counter.get()
    t, arena = stage.t, stage.arena.value
    measure = solara.use_reactive("trust")
    words = words_in(stage.language.value)
    with Section("differences", t("difference.heading"), t("difference.about", first=t.reform(stage.first))):
        Choice("difference", t("difference.of"), measure.value, {name: words[f"{name}_title"] for name in CHARTS}, measure.set)
        Chart(svg=difference_chart(arena, measure.value, words, stage.behind), label=t("difference.heading"))


@solara.component
def Charts(stage: Stage) -> Any:
    """Weekly series of all arms, and why trust moved in one of them."""
    update_counter.get()
    t, arena, words = stage.t, stage.arena.value, words_in(stage.language.value)
    with Section("charts", t("charts.heading"), t("charts.about")), solara.v.Html(tag="div", class_="charts"):
        for name in SHOWN:
            Chart(svg=chart(arena, name, words, stage.behind), label=words[f"{name}_title"])


@solara.component
def Ledger(stage: Stage) -> Any:
    """Why trust moved in the arm that is chosen."""
    update_counter.get()
    t, words = stage.t, words_in(stage.language.value)
    apart = stage.chosen_arm != stage.first  # what all arms have in common would hide what the reform did
    with Section("ledger", t("ledger.heading"), t("ledger.apart" if apart else "ledger.about", first=t.reform(stage.first))):
        ArmChoice(stage)
        Chart(svg=ledger_chart(stage.arena.value, stage.chosen_arm, words, difference=apart), label=t("ledger.heading"))


@solara.component
def Inspect(stage: Stage) -> Any:
    """A place or a person, and its twins in the other arms."""
    update_counter.get()
    t, arena, words = stage.t, stage.arena.value, words_in(stage.language.value)
    cell, citizen = stage.cell.value, stage.citizen.value
    last = arena.scenario.city.adults - 1
    with Section("inspect", t("inspect.heading"), t("inspect.about")):
        Choices(stage, cell, citizen, last)
        with solara.v.Html(tag="div", class_="charts"):
            if cell is not None:
                with solara.v.Html(tag="div", class_="place"):
                    people(stage, cell)
                    Chart(svg=cell_chart(arena, cell, words), label=t("inspect.heading"))
            if citizen is not None:
                with solara.v.Html(tag="div", class_="life"):
                    lived(stage, arena.twins(citizen))
                    Chart(svg=citizen_chart(arena, citizen, words), label=t("inspect.citizen", number=t.number(citizen)))


@solara.component
def Choices(stage: Stage, cell: int | None, citizen: int | None, last: int) -> Any:
    """Whom to look at; redrawn only when another place or person is chosen."""
    t, arena = stage.t, stage.arena.value
    with solara.v.Html(tag="div", class_="choices"):
        Lever(
            name="citizen", label=t("inspect.number", last=t.number(last)), value=0 if citizen is None else citizen, low=0, high=last,
            step=1, slider=False, event_changed=lambda number: stage.choose_citizen(int(number)),
        )  # fmt: skip
        anybody = solara.v.Html(tag="button", class_="plain-button anybody", children=[t("inspect.anybody")])
        neighbor = solara.v.Html(
            tag="button", class_="plain-button neighbor", attributes={"disabled": cell is None}, children=[t("inspect.random")]
        )
        nobody = solara.v.Html(
            tag="button", class_="link-button nobody", attributes={"disabled": cell is None}, children=[t("inspect.close")]
        )

    def one_of_the_cell(*_: object) -> None:
        if cell is not None and (residents := arena.cell(stage.first, cell).residents):
            stage.choose_citizen(random.choice(residents))

    solara.v.use_event(anybody, "click", lambda *_: stage.choose_citizen(random.randint(0, last)))
    solara.v.use_event(neighbor, "click", one_of_the_cell)
    solara.v.use_event(nobody, "click", lambda *_: stage.choose_cell(None))


def people(stage: Stage, cell: int) -> Any:
    """Who is in a cell now (offenders only where places are invented), and what happened there since week 0: a row an arm."""
    arena, rows = stage.arena.value, {}
    for arm in stage.arms_shown:
        place = arena.cell(arm, cell)
        here = {"residents": len(place.residents), "officers": len(place.officers), "offenders": len(place.offenders)}
        if arena.stated:
            del here["offenders"]
        here |= {"crimes": int(place.crimes.sum()), "stops": int(place.stops.sum())}
        rows[arm] = {name: stage.t.number(many) for name, many in here.items()}
    return table(stage, tuple(here), {arm: list(told.values()) for arm, told in rows.items()})


def lived(stage: Stage, lives: Mapping[str, Life]) -> Any:
    """A citizen's trust now, and what happened to the citizen since week 0: a row an arm."""
    rows = {}
    for arm in stage.arms_shown:
        life = lives[arm]
        happened = (life.stops, life.corrupt_stops, life.victimizations)
        rows[arm] = [stage.t.number(float(life.trust[-1]), 3), *(stage.t.number(len(weeks)) for weeks in happened)]
    return table(stage, ("trust", "stopped", "corrupt", "victim"), rows)


def table(stage: Stage, columns: tuple[str, ...], rows: Mapping[str, list[str]]) -> Any:
    """Numbers of every arm below each other."""
    t, html = stage.t, solara.v.Html
    head = html(tag="tr", children=[html(tag="th"), *(html(tag="th", children=[t(f"inspect.{name}")]) for name in columns)])
    body = [
        html(tag="tr", children=[html(tag="th", children=[t.reform(arm)]), *(html(tag="td", children=[cell]) for cell in cells)])
        for arm, cells in rows.items()
    ]
    made = html(tag="table", children=[html(tag="thead", children=[head]), html(tag="tbody", children=body)])
    return html(tag="div", class_="scroll", attributes={"tabindex": "0"}, children=[made])
