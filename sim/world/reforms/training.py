"""Training: procedural-justice courses and follow-up messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sim.world.arithmetic import exp, log
from sim.world.reforms.common import Bill, Scene, lever, nothing, start_lever, until_lever
from sim.world.rng import Draw

HOURS_STUDIED = 40.0  # of the course whose gain is training.course_gain (weisburd2022)
HOURS_A_WEEK = 70.0  # what Mexican officers work (enecap2017 in references.yaml)


@dataclass(frozen=True, kw_only=True)
class Training:
    """A procedural-justice course for part of the force; the gain in conduct fades with training.half_life."""

    start: int = start_lever()
    coverage: float = lever(0.9, 0, 1, "share", "Share of active officers, or of squads' commanders, who take the course.")
    whom: str = lever(
        "troops", 0, 0, "choice", "Who takes it; commanders act on their squad's culture.", choices=("troops", "commanders", "both")
    )
    gain: float | None = lever(
        None,
        0,
        3,
        "log-odds",
        "Gain in an officer's courtesy just after the course (in honesty: training.honesty_share of it); "
        "null: what training.course_gain and training.course_hours_exponent give a course of these hours.",
        "weisburd2022",
        optional="training.course_gain",
    )
    commander_gain: float | None = lever(
        None, 0, 3, "log-odds",
        "What a trained commander adds to the culture of the squad, fading likewise; null: by training.course_commander_gain and hours.",
        optional="training.course_commander_gain",
    )  # fmt: skip
    hours: float = lever(9.0, 1, 200, "hours", "Length of the course.", "canales2025", decided=True)
    every: int | None = lever(None, 4, 520, "weeks", "Weeks between courses; null: one course.", optional=True, decided=True)
    messages_every: int | None = lever(
        None, 1, 104, "weeks", "Weeks between follow-up messages to the trained; null: none.", optional=True, decided=True
    )
    message_share: float = lever(0.3, 0, 1, "share", "Share of the gain up to which a message restores it.")
    until: int | None = until_lever()

    dose: ClassVar[str] = "coverage"
    reads: ClassVar[tuple[str, ...]] = ("officers.active", "officers.identity", "officers.knowledge")
    writes: ClassVar[tuple[str, ...]] = ("officers.training", "officers.knowledge", "officers.attitude", "squads.command")
    text: ClassVar[str] = "Teach officers to treat people fairly."

    def due(self, horizon: int) -> list[int]:
        """The weeks of courses and of messages."""
        if self.coverage == 0:
            return []
        weeks = set(range(self.start, horizon, self.every)) if self.every else {self.start}
        if self.messages_every:
            weeks |= set(range(self.start, horizon, self.messages_every))
        end = horizon if self.until is None else min(horizon, self.until)
        return sorted(week for week in weeks if week < end)

    def settings(self, week: int) -> dict[str, float]:
        """None."""
        return {}

    def reaches_all(self, unit: str, sites: Sequence[Any]) -> tuple[str, str] | None:
        """See `sim.world.reforms`."""
        if self.whom != "troops" and unit != "squad":
            return "a trained commander acts on a whole squad", "Write unit: squad, or whom: troops."
        return None

    def act(self, scene: Scene) -> Bill:
        """A course, or a message to those who have had one."""
        if scene.week == self.start or (self.every and (scene.week - self.start) % self.every == 0):
            return self._teach(scene)
        return self._remind(scene)

    def running(self, scene: Scene) -> np.ndarray:
        """Nothing beyond courses and messages."""
        return nothing(scene)

    def _chosen(self, scene: Scene) -> np.ndarray:
        officers = scene.city.officers
        luck = scene.uniforms(Draw.TRAINEE, np.arange(len(officers.active)), officers.identity)
        return scene.allowed((officers.active == 1) & (luck < self.coverage))

    def _gain(self, by_hand: float | None, studied: float, scene: Scene) -> float:
        """What a course of these hours adds: stated by hand, or that of a course of 40 hours times (hours / 40)^exponent."""
        return studied * exp(scene.p.training.course_hours_exponent * log(self.hours / HOURS_STUDIED)) if by_hand is None else by_hand

    def _levels(self, scene: Scene) -> tuple[tuple[np.ndarray, float], ...]:
        """The columns that a course lifts in officers, and up to where."""
        officers = scene.city.officers
        gain = self._gain(self.gain, scene.p.training.course_gain, scene)
        return (officers.training, gain), (officers.knowledge, 1.0), (officers.attitude, 1.0)

    def _teach(self, scene: Scene) -> Bill:
        squads, cost = scene.city.squads, scene.p.cost
        taught = 0
        if self.whom != "commanders":
            chosen = self._chosen(scene)
            for column, level in self._levels(scene):
                column[chosen] = np.maximum(column[chosen], level)
            taught += int(chosen.sum())
        if self.whom != "troops":
            rows = np.arange(len(squads.command))
            commanders = scene.allowed_squads(scene.uniforms(Draw.COMMANDER, rows, np.zeros_like(rows)) < self.coverage)
            gain = self._gain(self.commander_gain, scene.p.training.course_commander_gain, scene)
            squads.command[commanders] = np.maximum(squads.command[commanders], gain)
            taught += int(commanders.sum())
        weeks = taught * self.hours / HOURS_A_WEEK
        return Bill(weeks, weeks * cost.officer_week + taught * self.hours * cost.training_hour)

    def _remind(self, scene: Scene) -> Bill:
        reached = self._chosen(scene) & (scene.city.officers.knowledge > 0.0)
        for column, level in self._levels(scene):
            column[reached] = np.maximum(column[reached], self.message_share * level)
        return Bill(0.0, float(reached.sum() * scene.p.cost.message))
