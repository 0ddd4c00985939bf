"""What can be done on the page: play, change numbers, switch reforms, build another city, save. Sliders are made from the codebook."""

from dataclasses import MISSING
from math import log10
from typing import Any

import solara
from mesa.visualization.utils import update_counter

from sim.dashboard.parts import Choice, Lever
from sim.dashboard.stage import SPEEDS, Stage
from sim.dashboard.texts import Texts
from sim.inputs.reforms import Reform
from sim.inputs.scenario import CitySize
from sim.world.anatomy import built_only
from sim.world.parameters import CODEBOOK, Parameter
from sim.world.reforms import REFORMS, levers

DATED = ("start", "until")  # levers that the page sets by itself
LARGEST = 100_000  # adults that the page offers to build; a file may have more
BY_HAND = ("city.adults", "city.officers_per_1000_inhabitants", "city.offenders_share")


def step_of(low: float, high: float, whole: bool) -> float:
    """A round step that gives a slider about two hundred places.

    >>> step_of(0, 1, False), step_of(4, 520, False), step_of(1, 120, True)
    (0.01, 1.0, 1)
    """
    rough = (high - low) / 100
    return max(1, round(rough / 2)) if whole else 10.0 ** int(log10(rough) // 1)


@solara.component
def Section(name: str, heading: str, about: str, children: list[Any]) -> Any:
    """A part of the page: what it is called, one sentence that says what is seen, and the rest."""
    with solara.v.Html(tag="section", class_=f"part part-{name}"):
        solara.v.Html(tag="h2", children=[heading])
        if about:
            solara.v.Html(tag="p", class_="about", children=[about])
        solara.v.Html(tag="div", class_="inside", children=children)


@solara.component
def PlayBar(stage: Stage) -> Any:
    """Play and pause, the next week, start again, the speed, and the clock."""
    t = stage.t
    playing = stage.playing.value
    solara.use_effect(stage.begin_playing, [playing, stage.arena.value])
    with solara.v.Html(tag="div", class_="play-bar"):
        play = solara.v.Html(tag="button", class_="primary-button play", children=[t("play.pause" if playing else "play.play")])
        step = solara.v.Html(tag="button", class_="plain-button step", attributes={"disabled": playing}, children=[t("play.step")])
        reset = solara.v.Html(tag="button", class_="plain-button reset", children=[t("play.reset")])
        Lever(
            name="speed", label=t("play.speed"), value=stage.speed.value, low=SPEEDS[0], high=SPEEDS[1], step=1,
            unit=t("play.unit"), event_changed=lambda value: stage.speed.set(min(max(int(value), SPEEDS[0]), SPEEDS[1])),
        )  # fmt: skip
        Clock(stage)
    solara.v.use_event(play, "click", lambda *_: stage.playing.set(not stage.playing.value))
    solara.v.use_event(step, "click", lambda *_: stage.step())
    solara.v.use_event(reset, "click", lambda *_: stage.restart())


@solara.component
def Clock(stage: Stage) -> Any:
    """Which week it is."""
    update_counter.get()
    t, arena = stage.t, stage.arena.value
    told = t("play.ended") if not arena.running else t.clock(arena.week - 1) if arena.week else t("play.spun")
    with solara.v.Html(tag="p", class_="clock"):
        solara.v.Html(tag="strong", class_="week", children=[t("play.clock", week=t.number(arena.week))])
        solara.v.Html(tag="span", children=[told])


@solara.component
def ArmChoice(stage: Stage) -> Any:
    """Which arm is meant, if there are several."""
    if len(stage.lanes) > 1:
        Choice("arm", stage.t("reforms.arm"), stage.chosen_arm, stage.lanes, stage.arm.set)


@solara.component
def Reforms(stage: Stage) -> Any:
    """The reforms of one arm; each is redrawn only when it begins, changes or ends."""
    update_counter.get()
    t, arena = stage.t, stage.arena.value
    in_force = arena.lanes[stage.chosen_arm].reforms
    with Section("reforms", t("reforms.heading"), t("reforms.about")):
        ArmChoice(stage)
        for name in REFORMS:
            ReformCard(stage, stage.chosen_arm, name, in_force.get(name), stage.language.value)


@solara.component
def ReformCard(stage: Stage, arm: str, name: str, reform: Reform | None, language: str) -> Any:
    """A reform: what it is, a switch, its dose, and its other levers on demand."""
    t = stage.t
    opened = solara.use_reactive(False)
    kind: Any = REFORMS[name]
    on = reform is not None
    nothing: dict[str, Any] = {}
    asked = solara.use_reactive(nothing)  # levers that were set while it is off

    def change(lever: str, value: Any) -> None:
        if on:
            stage.attempt(lambda: stage.arena.value.dose(arm, name, {lever: value}))
        else:
            asked.set({**asked.value, lever: value})

    def switch(*_: object) -> None:
        stage.attempt(lambda: stage.arena.value.dose(arm, name, None if on else asked.value))

    with solara.v.Html(tag="div", class_=f"reform {'reform-on' if on else ''}", attributes={"data-reform": name}):
        with solara.v.Html(tag="div", class_="reform-head"):
            solara.v.Html(tag="h3", children=[t.reform(name)])
            label = t("reforms.turn_off" if on else "reforms.turn_on", reform=t.reform(name))
            attributes = {"role": "switch", "aria-checked": str(on).lower(), "aria-label": label, "title": label}
            button = solara.v.Html(
                tag="button", class_="switch", attributes=attributes, children=[t("reforms.is_on" if on else "reforms.is_off")]
            )
        solara.v.Html(tag="p", children=[t.part("reforms.texts")[name]])
        shown = [kind.dose] + ([lever for lever in levers(kind) if lever not in (kind.dose, *DATED)] if opened.value else [])
        for lever in shown:
            value = getattr(reform, lever) if on else asked.value.get(lever, levers(kind)[lever].default)
            LeverOfReform(t, name, lever, value, lambda given, lever=lever: change(lever, given))
        more = solara.v.Html(
            tag="button", class_="link-button", children=[t("reforms.fewer" if opened.value else "reforms.more")],
            attributes={"aria-expanded": str(opened.value).lower()},
        )  # fmt: skip
    solara.v.use_event(button, "click", switch)
    solara.v.use_event(more, "click", lambda *_: opened.set(not opened.value))


def LeverOfReform(t: Texts, reform: str, name: str, value: Any, change: Any) -> Any:
    """A lever of a reform, as a slider or a list of choices; one that may be left out stands at 0 then."""
    facts = levers(REFORMS[reform])[name]
    told, label = facts.metadata, t.named(reform, name)
    sentence = t.lever(reform, name, told["text"])
    if choices := told.get("choices"):
        labels = {choice: t.term("choices", choice) for choice in choices}
        detail = t("reforms.detail", text=sentence, source=t.sources(told["source"]))
        return Choice(f"{reform}.{name}", label, value, labels, change, facts=t("reforms.facts"), detail=detail)
    optional, whole = told.get("optional"), facts.type in (int, int | None)
    otherwise = optional if isinstance(optional, str) else t("reforms.none")  # a parameter that says it if the lever does not
    low = 0 if optional else told["low"]
    default = otherwise if facts.default in (None, MISSING) else t.number(facts.default)
    return Lever(
        name=f"{reform}.{name}", label=label, value=0 if value is None else value, low=low, high=told["high"],
        step=step_of(low, told["high"], whole), unit=t.in_units(told["unit"]),
        facts=t("reforms.bounds", low=t.number(low), high=t.number(told["high"]), value=default),
        detail=t("reforms.detail", text=sentence, source=t.sources(told["source"]))
        + (t("reforms.optional", otherwise=otherwise) if optional else ""),
        event_changed=lambda given: change(None if optional and given == 0 else int(given) if whole else given),
    )  # fmt: skip


def live_topics() -> dict[str, list[Parameter]]:
    """Parameters that can be changed in a running city, by topic."""
    found: dict[str, list[Parameter]] = {}
    for known in CODEBOOK.values():
        if not built_only(known.name):
            found.setdefault(known.topic, []).append(known)
    return found


@solara.component
def Parameters(stage: Stage) -> Any:
    """The numbers of one topic; redrawn only when one of them changes."""
    update_counter.get()
    t = stage.t
    topics = live_topics()
    topic = solara.use_reactive("trust")
    values = stage.arena.value.values()
    with Section("parameters", t("parameters.heading"), t("parameters.about")):
        Choice("topic", t("parameters.topic"), topic.value, {name: t.part("topics")[name] for name in topics}, topic.set)
        for known in topics[topic.value]:
            LiveParameter(stage, known.name, values[known.name], stage.language.value)


@solara.component
def LiveParameter(stage: Stage, name: str, value: float, language: str) -> Any:
    """A parameter of the running city."""
    ParameterLever(stage.t, CODEBOOK[name], value, lambda given: stage.attempt(lambda: stage.arena.value.set_parameter(name, given)))


def ParameterLever(t: Texts, known: Parameter, value: float, change: Any) -> Any:
    """A slider with a parameter's range, unit and baseline; its source and status on hover or on a tap."""
    low, high, baseline = t.number(known.low), t.number(known.high), t.number(known.value)
    description, status, unit = t.parameter(known), t["statuses"][known.status], t.in_units(known.unit)
    label = description.partition(". ")[0]
    return Lever(
        name=known.name, label=label, value=value, low=known.low, high=known.high,
        step=step_of(known.low, known.high, known.discrete), unit=unit,
        facts=t("parameters.facts", low=low, high=high, value=baseline, status=status),
        detail=t("parameters.detail", name=known.name, text=description, source=t.sources(known.source)), event_changed=change,
    )  # fmt: skip


@solara.component
def City(stage: Stage) -> Any:
    """What is read only while a city is built: its size, its luck, and parameters of the population."""
    t = stage.t
    wanted, scenario = stage.wanted.value, stage.scenario
    opened = solara.use_reactive(False)

    def want(name: str, value: Any) -> None:
        stage.wanted.set({**stage.wanted.value, name: value})

    with Section("city", t("city.heading"), t("city.about")):
        Lever(
            name="seed", label=t("city.seed"), value=wanted.get("seed", scenario.seed), low=0, high=2**53 - 1, step=1, slider=False,
            detail=t("city.seed_detail"), facts=t("city.seed_facts"), event_changed=lambda value: want("seed", int(value)),
        )  # fmt: skip
        for name in BY_HAND:
            CityLever(t, name, wanted.get(name, getattr(scenario.city, name.removeprefix("city."))), lambda v, name=name: want(name, v))
        if opened.value:
            for known in (known for known in CODEBOOK.values() if built_only(known.name)):
                value = wanted.get(known.name, scenario.parameters.get(known.name, known.value))
                ParameterLever(t, known, value, lambda v, name=known.name: want(name, v))
        more = solara.v.Html(tag="button", class_="link-button", children=[t("city.fewer" if opened.value else "city.more")])
        build = solara.v.Html(tag="button", class_="plain-button build", attributes={"disabled": not wanted}, children=[t("city.apply")])
    solara.v.use_event(more, "click", lambda *_: opened.set(not opened.value))
    solara.v.use_event(build, "click", lambda *_: stage.restart())


def CityLever(t: Texts, name: str, value: Any, change: Any) -> Any:
    """A number of the city's size, with the bounds of a scenario file."""
    field = CitySize.model_fields[name.removeprefix("city.")]
    low, high = (next(getattr(fact, bound) for fact in field.metadata if hasattr(fact, bound)) for bound in ("ge", "le"))
    whole, high = field.annotation is int, min(high, LARGEST)
    return Lever(
        name=name, label=t.translate("parameters", name, str(field.description)).text, value=value, low=low, high=high,
        step=1000 if whole else step_of(low, high, False), facts=t("city.bounds", low=t.number(low), high=t.number(high)),
        event_changed=change,
    )  # fmt: skip


@solara.component
def Save(stage: Stage) -> Any:
    """Write an arm as a scenario file."""
    t, lanes = stage.t, stage.lanes
    arm = solara.use_reactive(list(lanes)[:2][-1])
    typed: solara.Reactive[str | None] = solara.use_reactive(None)
    name = t("save.file") if typed.value is None else typed.value
    overwrite = solara.use_reactive(False)
    chosen = arm.value
    with Section("save", t("save.heading"), t("save.about", folder=stage.view.folder)):
        if len(lanes) > 1:
            Choice("save-arm", t("save.arm"), chosen, lanes, arm.set)
        solara.InputText(t("save.name"), value=name, on_value=typed.set, continuous_update=True, classes=["save-name"])
        solara.Checkbox(label=t("save.overwrite"), value=overwrite)
        button = solara.v.Html(tag="button", class_="plain-button save", children=[t("save.button")])
        if stage.said.value:
            solara.v.Html(tag="p", class_="said", attributes={"role": "status"}, children=[stage.said.value])
    solara.v.use_event(button, "click", lambda *_: stage.save(chosen, name, overwrite=overwrite.value))
