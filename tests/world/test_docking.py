"""Docking: the model and its naive twin, written twice from docs/model.md, must agree exactly, row by row."""

import random
from math import nan

import numpy as np
import pytest
from twin import Twin
from twin.answers import answers
from twin.city import DIMENSIONS

from sim.inputs.scenario import CitySize, Scenario
from sim.world.parameters import CODEBOOK, parameters
from sim.world.population import grid_of
from sim.world.simulation import Simulation, columns
from sim.world.state import SLOTS, Cause, Count

WEEKS = 108  # places change in ticks 52 and 104
SUMS = {"squads.conduct_sum", "squads.honesty_sum", "squads.members"}  # written at muster, so without meaning before the first week
INDEXES = {"cells.first_resident", "cells.exposure_guide", "cells.stop_exposure_guide", "cells.course"}  # ways to find residents, not state
# Luck alone would leave these mechanisms idle in a small city, so random cities are drawn from ranges in which they are busy.
BUSY = {
    "justice.hearing_share": (0.0, 1.0), "justice.diversion_share": (0.0, 1.0), "staffing.recruit_pass_rate": (0.1, 1.0),
    "staffing.turnover_rate": (0.0, 0.08), "staffing.replacement_delay_weeks": (1, 12), "community.share": (0.0, 0.8),
    "encounter.complaint_probability": (0.0, 0.5), "response.capacity": (0.02, 1.0), "hearsay.listeners": (0.0, 9.0),
    "conduct.squad_size": (2, 8), "offending.candidates": (1, 30), "training.half_life": (4, 60), "survey.lower_cut": (0.1, 0.4),
    "survey.middle_cut": (0.42, 0.58), "survey.upper_cut": (0.63, 0.9), "reporting.intercept": (-3.0, 1.0),
    "response.solve_probability": (0.1, 1.0), "justice.known_share": (0.2, 1.0), "justice.youth_age": (14, 40),
    "justice.program_half_life": (4, 60), "offending.exit_rate": (0.0, 0.05), "places.smooth_share": (0.0, 1.0),
    "places.correlation_length": (0.0, 8.0), "places.half_life": (52, 200), "places.opportunity": (0.0, 1.5),
    "places.offenders": (0.0, 1.5), "places.exposure": (0.0, 1.5), "places.disposition": (0.0, 0.4), "conduct.by_place": (0.0, 1.5),
    "conduct.by_standing": (0.0, 1.5), "conduct.by_record": (0.0, 2.0), "conduct.dials_correlation": (0.0, 0.99),
    "training.honesty_share": (0.0, 1.0), "encounter.exposure_log_sd": (0.0, 2.0), "encounter.neutral_width": (0.0, 4.0),
    "reporting.person_sd": (0.0, 4.0), "institutions.reporting": (-2.0, 2.0), "institutions.file": (-2.0, 2.0),
    "institutions.treatment": (-2.0, 2.0), "survey.style_sd": (0.0, 0.3), "trust.common_trend": (-0.05, 0.05),
    "trust.police_trend": (-0.05, 0.05),
}  # fmt: skip
# Ends of ranges at which the text has a rule of its own, by random city.
ENDS = {
    2: {"offending.exit_rate": 0.0, "places.correlation_length": 0.0, "encounter.neutral_width": 0.0, "encounter.ambient_share": 0.0},
    3: {"encounter.exposure_log_sd": 0.0, "places.smooth_share": 1.0, "places.half_life": 5200, "offending.ambient_share": 1.0},
    4: {"places.correlation_length": 20.0, "places.smooth_share": 0.0, "conduct.dials_correlation": 0.0},
    5: {"encounter.exposure_log_sd": 2.0, "conduct.by_standing": 0.5, "community.share": 0.8},
    7: {"places.disposition": 0.4, "trust.common_trend": 0.05, "trust.police_trend": 0.05},
}
CHANGED = (
    "encounter.stop_rate", "conduct.mean", "conduct.honesty_mean", "hearsay.fraction", "community.contacts_rate", "places.disposition",
    "places.correlation_length", "places.half_life", "conduct.by_place", "offending.exit_rate", "trust.police_trend",
)  # fmt: skip


def random_values(luck: random.Random) -> dict[str, float]:
    """A random value for every parameter of the codebook, between its baseline and an end of its range, or within BUSY."""
    values = {}
    for name, entry in CODEBOOK.items():
        low, high = BUSY.get(name, (entry.low, entry.high))
        low, high = max(low, entry.low), min(high, entry.high)
        if name not in BUSY:
            end = luck.choice((low, high))
            low, high = sorted((entry.value, entry.value + 0.5 * (end - entry.value)))
        value = luck.uniform(low, high)
        values[name] = float(round(value)) if entry.discrete else value
    return values


def assert_docked(simulation: Simulation, twin: Twin) -> None:
    """Integers equal, trusts and other quantities equal to 1e-12 (relative, for those larger than 1)."""
    for name, column in columns(simulation.city).items():
        table, field = name.split(".")
        if name in INDEXES or (simulation.tick == 0 and name in SUMS):
            continue
        rows = getattr(twin, table)
        used = (
            [n for n in range(len(rows)) if n % SLOTS < twin.officers[n // SLOTS].encounters] if table == "encounters" else range(len(rows))
        )
        theirs = np.array([getattr(rows[n], field) for n in used], dtype=float)
        mine = column[: len(rows)][list(used)] if table == "encounters" else column
        assert len(mine) == len(theirs), name
        if column.dtype != np.float64:
            assert np.array_equal(mine, theirs), f"{name} differs in rows {np.flatnonzero(mine != theirs)[:5]} at tick {simulation.tick}"
        else:
            np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12, err_msg=f"{name} at tick {simulation.tick}")


def assert_same_week(simulation: Simulation, twin: Twin) -> None:
    """The week's counts are equal."""
    counts = simulation.record.counts[-1]
    for name, number in twin.counts.items():
        assert counts[Count[name.upper()]] == number, f"{name} at tick {simulation.tick - 1}"


def random_statements(luck: random.Random, width: int, height: int) -> dict[str, list[list[float | None]]]:
    """What a scenario may say of its places, in rows of the grid: each of three things or not, and not of every cell."""
    ranges = {"opportunity": (0.2, 4.0), "exposure": (0.3, 3.0), "trust": (-0.9, 0.9)}
    named = luck.sample(sorted(ranges), luck.choice((1, 2, 3)))
    return {
        name: [[None if luck.random() < 0.2 else luck.uniform(*ranges[name]) for _ in range(width)] for _ in range(height)]
        for name in named
    }


def leave_reforms(simulation: Simulation, twin: Twin) -> None:
    """What only reforms leave behind, in both cities alike: an officer who turned to crime and will age out, and taught officers."""
    simulation.city.offenders.propensity[-1] = twin.offenders[-1].propensity = 0.4
    simulation.city.offenders.leaves[-1] = twin.offenders[-1].leaves = 40
    for j in range(0, len(twin.officers), 2):
        for column, value in (("training", 1.4), ("knowledge", 1.0), ("attitude", 1.0)):
            getattr(simulation.city.officers, column)[j] = value
            setattr(twin.officers[j], column, value)
    simulation.city.squads.command[0] = twin.squads[0].command = 0.3


@pytest.mark.parametrize("city", range(10))
def test_random_cities_dock(city):
    luck = random.Random(city)
    adults, seed, people = luck.choice((1000, 1300, 2017)), luck.randrange(1 << 63), random.Random(-city).randrange(1 << 63)
    people = people if city % 2 else None
    size = CitySize(
        adults=adults,
        officers_per_1000_inhabitants=luck.uniform(2, 12),
        offenders_share=luck.uniform(0.01, 0.1),
        adults_per_cell=luck.choice((20, 50, 90)),
    )
    values, later = (random_values(luck) | ENDS.get(city, {}) if city else {}), random_values(luck)
    change = {name: later[name] for name in CHANGED}
    places = random_statements(luck, *grid_of(size)) if city > 5 else None
    stated = {name: [nan if value is None else value for row in rows for value in row] for name, rows in (places or {}).items()}
    scenario = Scenario(
        name="docking",
        city=size,
        weeks=WEEKS,
        spin_up_weeks=0,
        parameters=values,
        places=places,
        changes=[{"week": WEEKS // 2, "set": change}] if city else [],
    )
    simulation = Simulation(scenario, seed, people)
    twin = Twin(
        parameters(values), adults=adults, seed=seed, people=people, officers_per_1000_inhabitants=size.officers_per_1000_inhabitants,
        offenders_share=size.offenders_share, adults_per_cell=size.adults_per_cell, stated=stated,
    )  # fmt: skip
    if city % 2:
        leave_reforms(simulation, twin)
    assert_docked(simulation, twin)
    for week in range(WEEKS):
        if city and week == WEEKS // 2:
            twin.parameters = parameters({**values, **change})
        simulation.advance(1)
        twin.week()
        assert_same_week(simulation, twin)
        if week % 13 == 12:
            assert_docked(simulation, twin)
    assert_docked(simulation, twin)
    np.testing.assert_allclose(simulation.city.trend, twin.trend, rtol=0, atol=1e-12)
    ledger = simulation.record.ledger.sum(axis=0)
    theirs = np.array([[twin.ledger[cause.name.lower()][dimension] for dimension in DIMENSIONS] for cause in Cause])
    np.testing.assert_allclose(ledger, theirs, rtol=0, atol=1e-9 * max(1.0, ledger[:, :, 1].max()))
    mine = simulation.answers()
    theirs = answers(twin, WEEKS - 1)
    assert list(mine.trust) == theirs.trust and list(mine.unsafe) == theirs.unsafe
    np.testing.assert_allclose(mine.fairness_scale, theirs.fairness_scale, rtol=0, atol=1e-12)
