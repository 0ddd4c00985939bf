"""State: tables of columns. A table is a NamedTuple of equally long arrays; a row is an individual.

Rows never move. See docs/model.md, section 2, for what each column is.
"""

from enum import IntEnum
from typing import Annotated, Any, NamedTuple

import numpy as np

Array = np.ndarray
ROW = np.uint32
# Trust is float64, because with float32 compiled and interpreted runs differ in the last bits and settling is slower.
Quantity = Annotated[np.ndarray, np.float64]
Whole = Annotated[np.ndarray, np.int32]
# What there is once an adult is small: a million adults are read in every week, and what is lasting needs seven digits at most.
Small = Annotated[np.ndarray, np.float32]
Tick = Annotated[np.ndarray, np.int16]
Code = Annotated[np.ndarray, np.uint8]
Records = Annotated[np.ndarray, np.float64, 4]
CellRecords = Annotated[np.ndarray, np.float64, 8]  # a line of the processor's cache each
# Unsigned, because a signed index costs a comparison each time, 30 % of settle.
RowNumber = Annotated[np.ndarray, ROW]
NOT_STATED = -9.0  # what a scenario does not say of a place
NEVER = -30_000  # the tick of what has not happened yet
LAST_TICK = 30_000  # a run can be no longer, because ticks of citizens are numbers of 16 bits
SLOTS = 32  # encounters an officer can have in a week: up to 16 stops, then up to 16 contacts
MOST_A_WEEK = 16
MOST_LOOKED_AT = 200  # at least the tops of the ranges of offending.candidates and hearsay.listeners
LINE = 64  # bytes that a processor fetches at once
TOGETHER = 32  # offenders who look for a place at once
AHEAD = 32  # rows between asking the processor for something and needing it
BATCH = 1024  # actors who take a step of a phase one after the other, so that the processor has many at hand


class Cause(IntEnum):
    """What a change of trust is booked to."""

    CONTACT = 0
    HEARSAY = 1
    VICTIMIZATION = 2
    RESPONSE = 3
    DRIFT = 4
    INTERVENTION = 5
    TREND = 6


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
    FELT_GOOD = 11
    COMPLAINTS = 12
    HEARD = 13
    LEFT = 14
    RECRUITED = 15
    ACTIVE_OFFICERS = 16
    FREE_OFFENDERS = 17
    DISMISSED = 18
    HEARINGS = 19
    DIVERTED = 20
    COMMUNITY_OFFICERS = 21
    FELT_BAD = 22
    AGED_OUT = 23


class Mean(IntEnum):
    """What is averaged at the end of a week."""

    FAIRNESS = 0
    EFFECTIVENESS = 1
    CONDUCT = 2
    PERCEIVED_RISK = 3
    FREE_CAPACITY = 4
    TRAINING = 5
    KNOWLEDGE = 6
    ATTITUDE = 7
    HONESTY = 8


class ResponseInput(IntEnum):
    """What the response of a week depends on."""

    FREE_CAPACITY = 0
    FORCE_CONDUCT = 1
    FORCE_HONESTY = 2


class Trend(IntEnum):
    """What moves everybody's disposition, beside what happens."""

    COMMON = 0
    POLICE = 1


class Trust(IntEnum):
    """The record of 32 bytes a citizen that talk, stops and crimes read: trust as it was written down last, and what it returns to."""

    FAIRNESS = 0
    EFFECTIVENESS = 1
    FAIRNESS_DISPOSITION = 2
    EFFECTIVENESS_DISPOSITION = 3


class Course(IntEnum):
    """How the trust of a cell's residents has gone since it was written down: the same way for all (see sim.world.trusting)."""

    KEPT = 0  # trust now = KEPT x as written + DISPOSITION x disposition + what follows
    DISPOSITION = 1
    FAIRNESS = 2
    EFFECTIVENESS = 3
    FAIRNESS_SUM = 4  # over residents, as written
    EFFECTIVENESS_SUM = 5
    FAIRNESS_DISPOSITION_SUM = 6
    EFFECTIVENESS_DISPOSITION_SUM = 7


class Citizens(NamedTuple):
    trust: Records  # Trust
    exposure_cumulative: Small  # running sum over the residents of the cell
    stop_exposure_cumulative: Small
    reporting_propensity: Small
    answering_style: Small
    last_stop: Tick
    last_corrupt_stop: Tick
    last_victimized: Tick
    last_report: Tick
    stop_treatment: Code  # of the last stop: conduct + 4 x felt
    report_outcome: Code  # of the last report: heard + 2 x filed + 4 x well treated + 8 x solved


class Officers(NamedTuple):
    squad: Whole
    beat: Whole
    cell: Whole
    deviation: Quantity
    honesty_deviation: Quantity
    conduct: Quantity
    honesty: Quantity
    training: Quantity
    knowledge: Quantity
    attitude: Quantity
    active: Whole
    vacant_weeks: Whole
    community: Whole
    complaints: Whole
    identity: Whole
    encounters: Whole


class Squads(NamedTuple):
    effect: Quantity
    honesty_effect: Quantity
    command: Quantity
    conduct_sum: Quantity
    honesty_sum: Quantity
    members: Whole


class Offenders(NamedTuple):
    home: RowNumber
    cell: Whole
    propensity: Quantity
    perceived_risk: Quantity
    jail_weeks: Whole
    origin: Whole
    program: Quantity
    entered: Whole
    leaves: Whole
    identity: Whole
    last_arrest: Tick
    arrest_conduct: Code


class Cells(NamedTuple):
    smooth: Quantity
    own: Quantity
    place: Quantity
    opportunity_own: Quantity
    stated_opportunity: Quantity
    stated_exposure: Quantity
    stated_trust: Quantity
    opportunity: Quantity
    pull: Quantity
    homes_cumulative: Quantity
    officers: Whole
    attraction: Quantity
    memory: Quantity
    memory_cumulative: Quantity
    climate_fairness: Quantity
    climate_effectiveness: Quantity
    climate: Quantity
    course: CellRecords  # Course
    recorded: Whole
    arrests: Whole
    crimes: Whole
    stops: Whole
    exposure_cumulative: Quantity  # running sum over cells of their residents' exposure
    stop_exposure_cumulative: Quantity
    exposure_guide: RowNumber  # where a search of those sums may begin
    stop_exposure_guide: RowNumber
    first_resident: RowNumber  # one more than there are cells: residents of c are first_resident[c] .. first_resident[c + 1] - 1


class Crimes(NamedTuple):
    victim: Whole
    cell: Whole
    serious: Code
    loss: Quantity
    reported: Code
    hearing: Code
    filed: Code
    well_treated: Code
    solved: Code


class Encounters(NamedTuple):
    citizen: Whole
    kind: Code
    conduct: Code
    felt: Code


class Scratch(NamedTuple):
    """Room for a batch of actors between two steps of a phase. No meaning afterwards."""

    rows: RowNumber
    cells: RowNumber
    homes: RowNumber
    whether: Quantity
    drive: Quantity
    risk: Quantity
    chance: Quantity
    luck: Records
    sums: Quantity
    officers: Quantity
    climate: Quantity
    exposure: Quantity
    hardship: Quantity
    stopped_before: Quantity
    courtesy: Quantity
    honesty: Quantity
    better: Quantity
    fairness: Quantity
    effectiveness: Quantity
    person: Quantity
    loss: Quantity
    conduct: Whole
    felt: Whole
    again: Whole
    running: Quantity
    passed: Whole
    listeners: RowNumber
    places: RowNumber
    rest: Quantity
    across: Whole
    down: Whole
    tellers: RowNumber
    tales: Whole
    both: Whole
    weights: Whole


class Search(NamedTuple):
    """Room for the cells that some offenders look at, a row for the first of each, and so on."""

    cells: Annotated[np.ndarray, ROW, TOGETHER]
    sums: Annotated[np.ndarray, np.float64, TOGETHER]
    rest: Annotated[np.ndarray, np.float64, TOGETHER]


class Docket(NamedTuple):
    """Rows of this week's crimes, ascending, and [how many there are, of which tick]."""

    rows: RowNumber
    page: Array


class Rows(NamedTuple):
    """Who acts in a phase, in order. A city's are all rows of each table, but of crimes none: those of a week are on the docket."""

    officers: Array
    squads: Array
    offenders: Array
    cells: Array
    crimes: Array


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
    docket: Docket
    scratch: Scratch
    search: Search
    rows: Rows
    grid: Grid
    response_inputs: Array  # ResponseInput
    tally: Array  # Count, of this week
    ledger: Array  # Cause x dimension (fairness, effectiveness) x (net, gross), of this week
    trend: Array  # Trend: how far dispositions have moved since the beginning
    fields: Array  # two rows of cells: room to make a smooth field in
    record: Record


Shown = Any  # a city as Python sees it: its citizens are sim.world.look.Residents


class Clock(NamedTuple):
    """Which luck, and when: an unsigned 64-bit seed and the absolute tick, spin-up included."""

    seed: np.uint64
    tick: int


def clock(seed: int, tick: int) -> Clock:
    """A clock with the types compiled code expects."""
    return Clock(np.uint64(seed), int(tick))


def homes(city: City) -> Array:
    """The cell where each citizen lives (uint32, one a citizen): neighbors in the table are neighbors in the city."""
    found: np.ndarray = np.repeat(np.arange(len(city.cells.officers), dtype=ROW), np.diff(city.cells.first_resident))
    found.flags.writeable = False
    return found


def rows_in(table: Any) -> int:
    """How many rows a table has."""
    return len(next(iter(table)))


def empty_table(table: Any, rows: int) -> Any:
    """A table of zeros, each column of the type its annotation says; records have their width there.

    Columns lie in one block, because what is large is given large pages: a processor then finds people far apart without looking up
    where their pages are (a week of a million adults takes a fifth less). Each begins a line of the cache, so that no record needs two.
    """
    records = [np.dtype((kind, tuple(width))) for kind, *width in (column.__metadata__ for column in table.__annotations__.values())]
    ends = np.cumsum([-(-rows * record.itemsize // LINE) * LINE for record in records])
    block = np.empty(LINE + ends[-1], np.uint8)
    block[:] = 0  # np.zeros would get pages as they come
    lines = block[-block.ctypes.data % LINE :]
    return table(*(np.ndarray(rows, record, part) for record, part in zip(records, np.split(lines, ends[:-1]), strict=True)))


def empty_record(ticks: int) -> Record:
    """A record of so many ticks."""
    return Record(np.zeros((ticks, len(Count)), np.int64), np.zeros((ticks, len(Mean))), np.zeros((ticks, len(Cause), 2, 2)))
