"""Purge: dismiss officers who are flagged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sim.world.arithmetic import exps, log, logs
from sim.world.force import WEEKS_TO_NEXT_APPLICANT
from sim.world.reforms.common import Bill, Scene, in_force, lever, nothing, start_lever, until_lever
from sim.world.rng import Draw
from sim.world.rules.offending import LONGEST_CAREER
from sim.world.state import LAST_TICK, Cause, Count, Shown

WEEKS_A_MONTH = 52 / 12
HALF_YEAR = 26  # weeks between the dates at which files are closed (sim.world.survey.INTERVAL_WEEKS)


@dataclass(frozen=True, kw_only=True)
class Purge:
    """Dismiss officers who are flagged by their complaint record or by a vetting test."""

    start: int = start_lever()
    follow_through: float = lever(
        0.4, 0, 1, "share", "Share of the flagged who are dismissed (3 % was seen; of high ranks under review, 40 %).", "diecp2013"
    )
    flag_by: str = lever(
        "vetting", 0, 0, "choice", "What flags an officer; both: complaints or vetting is enough; record: more complaints than others.",
        choices=("complaints", "vetting", "both", "record"),
    )  # fmt: skip
    complaints_at_least: int = lever(2, 1, 100, "complaints", "Complaints on file that flag an officer.", decided=True)
    record_half_years: int = lever(
        4, 1, 40, "half-years", "Length of the record: complaints in so many half-years, to the last that is over.", decided=True
    )
    record_share: float = lever(
        0.124, 0, 1, "share", "Share of the force that the record flags, those with most complaints; as many as fail vetting in Mexico.",
        "ciudadania2014", decided=True,
    )  # fmt: skip
    tenure_half_years: int | None = lever(
        None, 1, 40, "half-years", "Only who joined within so many half-years is examined, early in the career; null: whoever serves.",
        optional=True, decided=True,
    )  # fmt: skip
    # With the next two, 12.6 % of the national force fail in the mean of 5 seeds, as 12.4 % did in Mexico.
    unfit_above: float = lever(
        0.56, 0, 1, "probability", "An officer is unfit whose encounters are corrupt with a higher probability.", "ciudadania2014"
    )
    sensitivity: float = lever(0.8, 0, 1, "probability", "Probability that an unfit officer fails the test.")
    specificity: float = lever(0.95, 0, 1, "probability", "Probability that a fit officer passes the test.")
    months: int = lever(24, 1, 120, "months", "Time over which the force is gone through.", decided=True)
    pass_rate: float = lever(0.455, 0.05, 1, "probability", "Probability that an applicant for a post it vacates passes.", "sesnsp2019")
    recruits_offset: float = lever(0.0, -2, 2, "log-odds", "Conduct of recruits from then on, relative to conduct.mean.")
    turn_to_crime: float = lever(0.02, 0, 1, "share", "Share of the dismissed who turn to crime; no estimate exists.")
    signal: float = lever(
        0.0, -0.3, 0.3, "share", "At the start: share of the gap to full trust in fairness that news of it closes, or of trust it takes."
    )
    until: int | None = until_lever()

    dose: ClassVar[str] = "follow_through"
    reads: ClassVar[tuple[str, ...]] = ("officers.complaints", "officers.honesty", "officers.identity")
    writes: ClassVar[tuple[str, ...]] = (
        "officers.active", "officers.vacant_weeks", "offenders.propensity", "offenders.entered", "offenders.leaves",
        "citizens.fairness", "ledger", "tally",
    )  # fmt: skip
    text: ClassVar[str] = "Dismiss officers who are flagged by complaints or by a vetting test."

    in_force = in_force

    @property
    def looks_back(self) -> int:
        """Weeks before its start of which it needs the files."""
        return HALF_YEAR * self.record_half_years + self.start % HALF_YEAR if self.flag_by == "record" else 0

    @property
    def rounds(self) -> int:
        """The force is gone through in monthly rounds."""
        return self.months

    def due(self, horizon: int) -> list[int]:
        """The weeks of its rounds, and the first after its end."""
        weeks = [self.start + int(n * WEEKS_A_MONTH) for n in range(self.rounds)]
        if self.until is not None:
            weeks = [*(week for week in weeks if week < self.until), self.until]
        return [week for week in weeks if week < horizon] if self.follow_through > 0 else []

    def settings(self, week: int) -> dict[str, float]:
        """New standards for recruits, where they are new at all."""
        if not self.in_force(week) or self.recruits_offset == 0:
            return {}
        return {"staffing.recruit_conduct_offset": self.recruits_offset}

    def reaches_all(self, unit: str, sites: Sequence[Any]) -> tuple[str, str] | None:
        """See `sim.world.reforms`."""
        if self.signal:
            return "news of it reaches everybody", "Write signal: 0, or leave it out."
        if self.recruits_offset:
            return "new standards for recruits hold for the whole force", "Write recruits_offset: 0, or leave it out."
        return None

    def act(self, scene: Scene) -> Bill:
        """One round: those whose turn it is are examined, and some of the flagged go."""
        if not self.in_force(scene.week):
            return Bill(0.0, 0.0)
        if scene.week == self.start:
            self._signal(scene.city)
        officers, p = scene.city.officers, scene.p
        rows, identity = np.arange(len(officers.active)), officers.identity
        number = round((scene.week - self.start) / WEEKS_A_MONTH)
        turn = np.floor(scene.uniforms(Draw.PACE, rows, identity) * self.rounds) == number
        examined = scene.allowed(turn & (officers.active == 1))
        if self.tenure_half_years is not None:
            examined &= officers.identity != closed(scene, self.tenure_half_years)[1]
        unfit = 1.0 / (1.0 + exps(officers.honesty)) > self.unfit_above  # of the person: what a course adds does not show
        flagged = examined & self._flagged(scene, unfit)
        leaving = flagged & (scene.uniforms(Draw.DISMISSAL, rows, identity) < self.follow_through)
        officers.active[leaving] = 0
        officers.vacant_weeks[leaving] = int(p.staffing.replacement_delay_weeks + 0.5) + self._waiting(scene, rows[leaving])
        scene.city.tally[Count.DISMISSED] += leaving.sum()
        self._turn_to_crime(scene, rows[leaving])
        found = np.array([part.sum() for part in (examined, examined & unfit, flagged, flagged & unfit)])
        scene.examined[scene.tick] = scene.examined.get(scene.tick, 0) + found
        vacant = float(leaving.sum()) * p.staffing.replacement_delay_weeks
        tests = examined.sum() * p.cost.vetting_test if self.flag_by in ("vetting", "both") else 0.0
        # A vacant post is not paid, so its officer-weeks cost service but no wages.
        return Bill(vacant, float(tests + leaving.sum() * (p.cost.severance + p.cost.recruit + p.cost.academy)))

    def running(self, scene: Scene) -> np.ndarray:
        """Nothing beyond the rounds."""
        return nothing(scene)

    def _waiting(self, scene: Scene, rows: np.ndarray) -> np.ndarray:
        """Weeks until an applicant for each of these posts passes: four for each who fails."""
        if self.pass_rate == 1.0:
            return np.zeros(len(rows), int)
        luck = scene.uniforms(Draw.RECRUIT_PASS, rows, scene.city.officers.identity[rows])
        return (WEEKS_TO_NEXT_APPLICANT * np.floor(logs(luck) / log(1.0 - self.pass_rate))).astype(int)

    def _flagged(self, scene: Scene, unfit: np.ndarray) -> np.ndarray:
        officers = scene.city.officers
        rows = np.arange(len(officers.active))
        if self.flag_by == "record":
            return self._worst(scene, rows)
        fails = np.where(unfit, self.sensitivity, 1.0 - self.specificity)
        failed = scene.uniforms(Draw.VETTING, rows, officers.identity) < fails
        on_file = officers.complaints >= self.complaints_at_least
        return {"complaints": on_file, "vetting": failed, "both": on_file | failed}[self.flag_by]

    def _worst(self, scene: Scene, rows: np.ndarray) -> np.ndarray:
        """Who has the most complaints of the force on record; the lot decides between equals, and nobody is flagged without any."""
        officers = scene.city.officers
        (now, holders), (then, held) = closed(scene, 0), closed(scene, self.record_half_years)
        number = np.where(holders == officers.identity, now - np.where(held == holders, then, 0), 0)
        serving = np.flatnonzero(officers.active)
        lots = scene.uniforms(Draw.VETTING, rows, officers.identity)
        worst_first = serving[np.lexsort((lots[serving], -number[serving]))]
        flagged = worst_first[: int(self.record_share * len(serving) + 0.5)]
        return np.isin(rows, flagged) & (number > 0)

    def _turn_to_crime(self, scene: Scene, rows: np.ndarray) -> None:
        """Each post has a row in the table of offenders for an officer who turns to crime."""
        identity = scene.city.officers.identity[rows]
        turned = scene.uniforms(Draw.TURN_TO_CRIME, rows, identity) < self.turn_to_crime
        rows, identity = rows[turned], identity[turned]
        places: np.ndarray = len(scene.city.offenders.propensity) - len(scene.city.officers.active) + rows
        p = scene.p.offending
        normal = scene.normals(Draw.NEW_OFFENDER, rows, identity)
        propensity = exps(p.propensity_log_mean + p.propensity_log_sd * normal)
        idle = scene.city.offenders.propensity[places] == 0.0
        weeks = np.full(len(rows), float(LAST_TICK))
        if p.exit_rate > 0.0:
            weeks = np.minimum(-logs(scene.uniforms(Draw.CAREER, places, identity)) / p.exit_rate, LONGEST_CAREER)
        offenders, begins = scene.city.offenders, places[idle]
        offenders.propensity[begins] = propensity[idle]
        offenders.entered[begins] = scene.tick
        offenders.leaves[begins] = np.minimum(scene.tick + 1 + np.floor(weeks[idle]), LAST_TICK)

    def _signal(self, city: Shown) -> None:
        """News of the purge moves everybody's trust in fairness, in proportion to the dose."""
        size = self.signal * self.follow_through
        fairness = city.citizens.fairness
        change = size * (1.0 - fairness) if size > 0 else size * fairness
        fairness += change
        city.ledger[Cause.INTERVENTION, 0, 0] += change.sum()
        city.ledger[Cause.INTERVENTION, 0, 1] += abs(change).sum()


def closed(scene: Scene, half_years: int) -> tuple[np.ndarray, np.ndarray]:
    """Each post's complaints and holder when files were closed last, or so many half-years before; at the earliest when the city began."""
    return scene.files[max((scene.week // HALF_YEAR - half_years) * HALF_YEAR, min(scene.files))]
