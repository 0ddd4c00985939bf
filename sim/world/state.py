"""State: tables of columns. A table is a NamedTuple of equally long arrays; a row is an individual.

Rows never move. Row numbers are uint32 where phases walk through all citizens (a signed index costs a comparison each time, 30 % of
settle), other whole numbers int32; trust is float64. See docs/model.md, section 2, for what each column is.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

Array = np.ndarray
ROW = np.uint32
NEVER = -1_000_000  # the tick of what has not happened yet
SLOTS = 32  # encounters an officer can have in a week: up to 16 stops, then up to 16 contacts
MOST_A_WEEK = 16
MOST_LOOKED_AT = 200  # at least the tops of the ranges of offending.candidates and hearsay.listeners


class Cause(IntEnum):
    """What a change of trust is booked to."""

    CONTACT = 0
    HEARSAY = 1
    VICTIMIZATION = 2
    RESPONSE = 3
    DRIFT = 4
    INTERVENTION = 5


class Count(IntEnum):
    """What is counted in a week."""

    CRIMES = 0
    SERIOUS = 1
    REPORTED = 2
    FILED = 3
    WELL_TREATED = 4
    WELL_TREATED_WITH_FILE = 5
    SOLVED = 6
    STOPS = 7
    CORRUPT_STOPS = 8
    UNFAIR_STOPS = 9
    CONTACTS = 10
    FELT_FAIR = 11
    COMPLAINTS = 12
    HEARD = 13
    LEFT = 14
    RECRUITED = 15
    ACTIVE_OFFICERS = 16
    FREE_OFFENDERS = 17


class Mean(IntEnum):
    """What is averaged at the end of a week."""

    FAIRNESS = 0
    EFFECTIVENESS = 1
    CONDUCT = 2
    PERCEIVED_RISK = 3
    FREE_CAPACITY = 4


class Desk(IntEnum):
    """What the response of a week depends on."""

    FREE_CAPACITY = 0
    FORCE_CONDUCT = 1


class Citizens(NamedTuple):
    home: Array
    fairness: Array
    effectiveness: Array
    fairness_disposition: Array
    effectiveness_disposition: Array
    exposure_cumulative: Array
    last_stop: Array
    last_corrupt_stop: Array
    last_victimized: Array


class Officers(NamedTuple):
    squad: Array
    beat: Array
    cell: Array
    deviation: Array
    conduct: Array
    training: Array
    active: Array
    vacant_weeks: Array
    community: Array
    complaints: Array
    identity: Array
    encounters: Array


class Squads(NamedTuple):
    effect: Array
    command: Array
    conduct_sum: Array
    members: Array


class Offenders(NamedTuple):
    home: Array
    cell: Array
    propensity: Array
    perceived_risk: Array
    jail_weeks: Array
    origin: Array


class Cells(NamedTuple):
    opportunity: Array
    officers: Array
    attraction: Array
    memory: Array
    memory_cumulative: Array
    climate_fairness: Array
    climate_effectiveness: Array
    climate: Array
    recorded: Array
    arrests: Array
    crimes: Array
    stops: Array
    exposure_cumulative: Array  # running sum of exposure at the cell's last resident
    first_resident: Array  # one more than there are cells: residents of c are first_resident[c] .. first_resident[c + 1] - 1


class Crimes(NamedTuple):
    victim: Array
    cell: Array
    serious: Array
    loss: Array
    reported: Array
    filed: Array
    well_treated: Array
    solved: Array


class Encounters(NamedTuple):
    citizen: Array
    kind: Array
    conduct: Array
    felt_fair: Array


class Scratch(NamedTuple):
    """Room for what one actor looks at: cells and their attraction, or listeners. No meaning afterwards."""

    rows: Array
    sums: Array


class Rows(NamedTuple):
    """All rows of each table, in order: what a phase gets when everybody acts."""

    citizens: Array
    officers: Array
    squads: Array
    offenders: Array
    cells: Array
    crimes: Array
    encounters: Array


class Grid(NamedTuple):
    width: int
    height: int


class Record(NamedTuple):
    """What observe wrote, a row a tick: counts (ticks x Count), means (ticks x Mean) and
    ledger (ticks x Cause x dimension x (net, gross)), where dimension 0 is fairness and 1 effectiveness.
    """

    counts: Array
    means: Array
    ledger: Array


class City(NamedTuple):
    citizens: Citizens
    officers: Officers
    squads: Squads
    offenders: Offenders
    cells: Cells
    crimes: Crimes
    encounters: Encounters
    scratch: Scratch
    rows: Rows
    grid: Grid
    desk: Array  # Desk
    tally: Array  # Count, of this week
    ledger: Array  # Cause x dimension (fairness, effectiveness) x (net, gross), of this week
    record: Record


class Clock(NamedTuple):
    """Which luck, and when: an unsigned 64-bit seed and the absolute tick, spin-up included."""

    seed: np.uint64
    tick: int


def clock(seed: int, tick: int) -> Clock:
    """A clock with the types compiled code expects."""
    return Clock(np.uint64(seed), int(tick))


_FLOATS = {
    "fairness", "effectiveness", "fairness_disposition", "effectiveness_disposition", "exposure_cumulative", "deviation", "conduct", "training",
    "effect", "command", "conduct_sum", "propensity", "perceived_risk", "opportunity", "attraction", "memory", "memory_cumulative",
    "climate_fairness", "climate_effectiveness", "climate", "loss", "sums",
}  # fmt: skip


def empty_table(table: type, rows: int):
    """A table of zeros. Trust and other quantities are float64, homes row numbers, everything else int32.

    float64, because with float32 compiled and interpreted runs differ in the last bits and settling is slower.
    """
    floats = _FLOATS - {"conduct"} if table is Encounters else _FLOATS
    kinds = {"home": ROW} | dict.fromkeys(floats, np.float64)
    return table(*(np.zeros(rows, kinds.get(name, np.int32)) for name in table._fields))


def empty_record(ticks: int) -> Record:
    """A record of so many ticks."""
    return Record(np.zeros((ticks, len(Count)), np.int64), np.zeros((ticks, len(Mean))), np.zeros((ticks, len(Cause), 2, 2)))
