"""One open page: the arena it shows, what is chosen on it, and what its buttons do."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import solara
from mesa.visualization.utils import force_update

from sim.dashboard.arena import Arena
from sim.dashboard.behind import Behind
from sim.dashboard.texts import Texts, texts
from sim.errors import InputError
from sim.inputs.reforms import Reform
from sim.inputs.scenario import CitySize, Scenario

PICTURES = 8  # a second at most; a faster city shows every second week, or every third
PATIENCE = 1.0  # seconds to wait for a browser that does not say that it has drawn
FEW = 3  # maps at first
SPEEDS = (1, 52)  # weeks a second


class View(NamedTuple):
    """What the page is opened with: a city, arms (None: the scenario as it is), a language, where it may save, and what lies behind."""

    scenario: Scenario
    arms: Mapping[str, tuple[Reform, ...]] | None
    language: str
    folder: Path
    behind: Behind | None = None


class Stage:
    """What one open page shows and does. Reactive values redraw what reads them; Mesa's update counter redraws what plays."""

    def __init__(self, view: View):
        self.view = view
        self.scenario = view.scenario  # of the city that is shown, as it was built
        self.arena: solara.Reactive[Arena] = solara.Reactive(Arena(view.scenario, view.arms))
        self.language = solara.Reactive(view.language)
        self.playing = solara.Reactive(False)
        self.speed = solara.Reactive(4)
        self.layer = solara.Reactive("trust")
        self.dots = solara.Reactive(True)
        self.arm = solara.Reactive(list(self.arena.value.lanes)[:2][-1])  # whose reforms are shown
        self.shown: solara.Reactive[frozenset[str] | None] = solara.Reactive(None)  # arms that have a map; None: the first few
        self.cell: solara.Reactive[int | None] = solara.Reactive(None)
        self.citizen: solara.Reactive[int | None] = solara.Reactive(None)
        self.wanted: solara.Reactive[dict[str, Any]] = solara.Reactive({})  # of the next city, by city.key, parameter or "seed"
        self.refusal: solara.Reactive[InputError | None] = solara.Reactive(None)
        self.said = solara.Reactive("")  # what was done, for a line on the page
        self.turn = threading.Condition()  # to play: the browser has drawn, or playing ends
        self.drawn = 0  # the week that the browser drew last

    @property
    def t(self) -> Texts:
        """The words of the language that is chosen."""
        return texts(self.language.value)

    @property
    def behind(self) -> Behind | None:
        """The comparison behind the lines, while the city shown is the one that was compared."""
        return self.view.behind if self.view.behind and self.view.behind.fits(self.scenario) else None

    @property
    def first(self) -> str:
        """The arm with which the others are compared."""
        return self.arena.value.first

    @property
    def lanes(self) -> dict[str, str]:
        """The arms, with what they are called."""
        return {arm: self.t.reform(arm) for arm in self.arena.value.lanes}

    @property
    def arms_shown(self) -> list[str]:
        """The arms that have a map, in order: the first always, and by default the next two."""
        arms, wanted = list(self.arena.value.lanes), self.shown.value
        return arms[:FEW] if wanted is None else [arm for arm in arms if arm in wanted or arm == self.first]

    def show_arm(self, arm: str, on: bool) -> None:
        """Give an arm a map, or take it away."""
        self.shown.set(frozenset(self.arms_shown) | {arm} if on else frozenset(self.arms_shown) - {arm})

    @property
    def chosen_arm(self) -> str:
        """The arm whose reforms and ledger are shown."""
        return self.arm.value if self.arm.value in self.arena.value.lanes else self.first

    @property
    def others(self) -> list[str]:
        """The arms that are compared with the first."""
        return [arm for arm in self.arena.value.lanes if arm != self.first]

    def attempt(self, action: Callable[[], Any]) -> bool:
        """Do it, and redraw; if it cannot be done the page says why. Was it done?"""
        self.said.set("")
        try:
            action()
        except InputError as error:
            self.refusal.set(error)
            return False
        self.refusal.set(None)
        force_update()
        return True

    def step(self) -> None:
        """The next week."""
        self.attempt(self.arena.value.step)

    def play(self, stop: threading.Event) -> None:
        """Week after week until `end_playing`; the next one is not begun before the browser has drawn the last."""
        arena = self.arena.value
        while not stop.is_set():
            began, speed = time.monotonic(), self.speed.value
            weeks = max(1, round(speed / PICTURES))
            for _ in range(weeks):
                arena.step()
            force_update()
            if not arena.running:
                self.playing.set(False)
                return
            with self.turn:
                self.turn.wait_for(lambda: stop.is_set() or self.drawn == arena.week, PATIENCE)
            stop.wait(max(0.0, weeks / speed - (time.monotonic() - began)))

    def begin_playing(self) -> Callable[[], None] | None:
        """Play in a thread of its own if that is wanted; what stops it again."""
        if not self.playing.value:
            return None
        stop = threading.Event()
        threading.Thread(target=self.play, args=(stop,), daemon=True).start()
        return lambda: self.end_playing(stop)

    def end_playing(self, stop: threading.Event) -> None:
        """Playing ends after the week it is in, without waiting for the browser."""
        with self.turn:
            stop.set()
            self.turn.notify_all()

    def restart(self) -> None:
        """The city as it was built, at week 0, with the arms the page was opened with."""
        self.playing.set(False)
        wanted = self.wanted.value
        if self.attempt(lambda: self._rebuild(wanted)):
            self.wanted.set({})

    def _rebuild(self, wanted: Mapping[str, Any]) -> None:
        city = {name.removeprefix("city."): value for name, value in wanted.items() if name.startswith("city.")}
        parameters = {name: value for name, value in wanted.items() if "." in name and not name.startswith("city.")}
        whole: dict[str, Any] = {key: int(value) if CitySize.model_fields[key].annotation is int else value for key, value in city.items()}
        scenario = self.scenario.with_(parameters, seed=int(wanted.get("seed", self.scenario.seed)), **whole)
        self.arena.set(Arena(scenario, self.view.arms))
        self.scenario, self.drawn = scenario, 0
        self.cell.set(None)
        self.citizen.set(None)

    def was_drawn(self, week: int) -> None:
        """The browser has drawn a week."""
        with self.turn:
            self.drawn = week
            self.turn.notify_all()

    def choose_cell(self, cell: int | None) -> None:
        """Look at a cell, or at nothing."""
        self.cell.set(cell)
        self.citizen.set(None)

    def choose_citizen(self, number: int) -> None:
        """Look at a citizen, and at the cell where they live."""

        def look() -> None:
            life = self.arena.value.citizen(self.first, number)
            self.citizen.set(life.citizen)
            self.cell.set(life.cell)

        self.attempt(look)

    def save(self, arm: str, name: str, *, overwrite: bool) -> None:
        """Write an arm's scenario into the folder the page may write to."""
        made: list[Path] = []
        title = f"{self.t.written(self.scenario.name).text[:1800]}: {self.t.reform(arm)}"

        def write() -> None:
            made.append(self.arena.value.save(arm, name.strip(), self.view.folder, overwrite=overwrite, title=title))

        if self.attempt(write):
            self.said.set(self.t("save.saved", path=made[0]))
