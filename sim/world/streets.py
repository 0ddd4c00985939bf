"""The police on the streets: patrol, presence, stop, contact (docs/model.md, 7.3)."""

import numpy as np

from sim.world.arithmetic import log
from sim.world.compiled import fetch, phase, piece
from sim.world.place import cell_near, choose_homes, exposed_resident, first_above, place_of, resident_of
from sim.world.rng import Draw, draw_four
from sim.world.rules.encounter import Conduct, Feeling, Meeting, conduct_of, feeling, felt_log_odds, worse_conduct
from sim.world.rules.offending import attraction
from sim.world.rules.probability import poisson_quantile
from sim.world.rules.trust import change_from_contact
from sim.world.state import BATCH, MOST_A_WEEK, SLOTS, Cause, Count
from sim.world.trusting import book, effectiveness_change, effectiveness_of, fairness_of

LEAST_EXPOSURE = 1e-6  # what a difference of two running sums in 32 bits can tell from nothing


@phase
def patrol(rows, city, p, clock):
    """Active officers go to a hot spot of recorded crime or to a cell of their beat."""
    officers, cells = city.officers, city.cells
    last = len(cells.memory_cumulative) - 1
    for j in rows:
        if officers.active[j] == 0:
            continue
        whether, where, _, _ = draw_four(clock.seed, Draw.PATROL, clock.tick, j, 0)
        if officers.community[j] == 0 and whether < p.patrol.hot_spot_share:
            city.officers.cell[j] = first_above(cells.memory_cumulative, 0, last, where * cells.memory_cumulative[last])
        else:
            city.officers.cell[j], _ = cell_near(place_of(officers.beat[j], city.grid), where, int(p.patrol.beat_radius), city.grid)


@phase
def presence(rows, city, p, clock):
    """Count the active officers in each cell, and what that leaves of its attraction."""
    for c in rows:
        city.cells.officers[c] = 0
        city.cells.attraction[c] = city.cells.opportunity[c]
    for j in city.rows.officers:
        if city.officers.active[j] == 1:
            city.cells.officers[city.officers.cell[j]] += 1
    for j in city.rows.officers:
        c = city.officers.cell[j]
        if city.officers.active[j] == 1:
            city.cells.attraction[c] = attraction(city.cells.opportunity[c], city.cells.officers[c], p.offending.guardianship_weight)


@piece
def size_up(n, kind, city, p, clock):
    """Note what conduct and feelings depend on: the officer, and how suspect the citizen is to the police, and trusts them."""
    citizens, officers, scratch = city.citizens, city.officers, city.scratch
    home, citizen, j = scratch.homes[n], scratch.listeners[n], scratch.rows[n] // SLOTS
    exposure = np.float64(citizens.stop_exposure_cumulative[citizen])
    if citizen > city.cells.first_resident[home]:
        exposure -= np.float64(citizens.stop_exposure_cumulative[citizen - 1])
    scratch.exposure[n] = max(exposure, LEAST_EXPOSURE)
    scratch.hardship[n] = city.cells.place[home]
    scratch.stopped_before[n] = int(citizens.last_stop[citizen] > clock.tick - 52)
    scratch.again[n] = int(kind == Meeting.CONTACT or citizens.last_stop[citizen] == clock.tick)
    scratch.courtesy[n] = officers.conduct[j] + officers.training[j]
    scratch.honesty[n] = officers.honesty[j] + p.training.honesty_share * officers.training[j]
    scratch.fairness[n] = fairness_of(citizen, home, city)


@piece
def feel(n, city, p):
    """How somebody feels about an encounter."""
    scratch, encounter = city.scratch, p.encounter
    odds = felt_log_odds(
        scratch.conduct[n], scratch.fairness[n],
        encounter.felt_if_corrupt, encounter.felt_if_unfair, encounter.felt_if_fair, encounter.perception_slope,
    )  # fmt: skip
    return feeling(scratch.luck[n, 2], odds, encounter.neutral_width)


@piece
def remember(n, kind, city, p):
    """What an encounter changes: trust, complaints, what is counted."""
    scratch, encounters = city.scratch, city.encounters
    slot, home, citizen, conduct = scratch.rows[n], scratch.homes[n], scratch.listeners[n], scratch.conduct[n]
    if scratch.again[n]:  # maybe not the first encounter since trust was looked up
        scratch.fairness[n] = fairness_of(citizen, home, city)
        scratch.felt[n] = feel(n, city, p)
    felt = scratch.felt[n]
    book(
        city, Cause.CONTACT, citizen, home,
        change_from_contact(scratch.fairness[n], felt, p.trust.contact_gain, p.trust.contact_loss),
        effectiveness_change(effectiveness_of(citizen, home, city), felt, kind, p),
    )  # fmt: skip
    complained = int(conduct != Conduct.FAIR and scratch.luck[n, 3] < p.encounter.complaint_probability)
    city.officers.complaints[slot // SLOTS] += complained
    city.tally[Count.COMPLAINTS] += complained
    encounters.citizen[slot], encounters.kind[slot] = citizen, kind
    encounters.conduct[slot], encounters.felt[slot] = conduct, felt
    city.tally[Count.FELT_GOOD] += int(felt == Feeling.GOOD)
    city.tally[Count.FELT_BAD] += int(felt == Feeling.BAD)


@piece
def meet(count, kind, city, p):
    """Many encounters with residents of cells who have been sized up: conduct, perception, change of trust, complaint.

    The first are loops without choices, which processors take many rows of at once.
    """
    scratch, conduct = city.scratch, p.conduct
    offset = p.community.conduct_offset if kind == Meeting.CONTACT else 0.0
    for n in range(count):
        scratch.better[n] = offset - worse_conduct(
            scratch.hardship[n], log(scratch.exposure[n]), scratch.stopped_before[n],
            conduct.by_place, conduct.by_standing, conduct.by_record,
        )  # fmt: skip
    for n in range(count):
        better = scratch.better[n]
        scratch.conduct[n] = conduct_of(scratch.luck[n, 1], scratch.courtesy[n] + better, scratch.honesty[n] + better)
    for n in range(count):
        scratch.felt[n] = feel(n, city, p)
    for n in range(count):
        remember(n, kind, city, p)


@piece
def choose_stopped(n, city):
    """Whom an officer stops, in proportion to exposure to stops."""
    citizens, scratch = city.citizens, city.scratch
    citizen = exposed_resident(scratch.homes[n], scratch.whether[n], citizens.stop_exposure_cumulative, city)
    scratch.listeners[n] = citizen
    fetch(city.cells.course, scratch.homes[n])
    fetch(citizens.trust, citizen)
    fetch(citizens.last_stop, citizen)
    fetch(citizens.stop_treatment, citizen)


@piece
def be_stopped(n, city, clock):
    """What is remembered of a stop."""
    citizens, scratch = city.citizens, city.scratch
    citizen, conduct = scratch.listeners[n], scratch.conduct[n]
    citizens.stop_treatment[citizen] = conduct + 4 * scratch.felt[n]
    if conduct == Conduct.CORRUPT:
        citizens.last_corrupt_stop[citizen] = clock.tick
    city.tally[Count.CORRUPT_STOPS] += int(conduct == Conduct.CORRUPT)
    city.tally[Count.UNFAIR_STOPS] += int(conduct == Conduct.UNFAIR)


@piece
def stop_batch(count, city, p, clock):
    """Many are chosen first and met afterwards, because then the processor fetches what it needs to know of many at once."""
    scratch, citizens, cells = city.scratch, city.citizens, city.cells
    for n in range(count):
        luck = draw_four(clock.seed, Draw.STOP, clock.tick, scratch.rows[n], 0)
        scratch.whether[n], scratch.luck[n, 1], scratch.luck[n, 2], scratch.luck[n, 3] = luck
        scratch.cells[n] = city.officers.cell[scratch.rows[n] // SLOTS]
    choose_homes(
        count, p.encounter.ambient_share, citizens.stop_exposure_cumulative,
        cells.stop_exposure_cumulative, cells.stop_exposure_guide, city,
    )  # fmt: skip
    for n in range(count):
        choose_stopped(n, city)
    for n in range(count):
        size_up(n, Meeting.STOP, city, p, clock)
        citizens.last_stop[scratch.listeners[n]] = clock.tick
    meet(count, Meeting.STOP, city, p)
    for n in range(count):
        be_stopped(n, city, clock)


@phase
def stop(rows, city, p, clock):
    """Active officers stop passers-by and residents of the cell they are in."""
    officers = city.officers
    count = 0
    for j in rows:
        stops = 0
        if officers.active[j] == 1:
            many, _, _, _ = draw_four(clock.seed, Draw.STOP_COUNT, clock.tick, j, 0)
            stops = poisson_quantile(many, p.encounter.stop_rate, MOST_A_WEEK)
        for slot in range(SLOTS * j, SLOTS * j + stops):
            city.scratch.rows[count] = slot
            count += 1
        city.officers.encounters[j] = stops
        city.cells.stops[officers.cell[j]] += stops
        city.tally[Count.STOPS] += stops
        if count >= BATCH:
            stop_batch(count, city, p, clock)
            count = 0
    stop_batch(count, city, p, clock)


@piece
def contact_batch(count, city, p, clock):
    """Many contacts."""
    for n in range(count):
        size_up(n, Meeting.CONTACT, city, p, clock)
    meet(count, Meeting.CONTACT, city, p)


@phase
def contact(rows, city, p, clock):
    """Officers on community duty talk with residents of the cell they are in; these contacts are never counted as stops."""
    officers, scratch, met = city.officers, city.scratch, 0
    for j in rows:
        if officers.active[j] == 0 or officers.community[j] == 0:
            continue
        _, count, _, _ = draw_four(clock.seed, Draw.STOP_COUNT, clock.tick, j, 0)
        contacts, cell = poisson_quantile(count, p.community.contacts_rate, MOST_A_WEEK), officers.cell[j]
        for slot in range(SLOTS * j + officers.encounters[j], SLOTS * j + officers.encounters[j] + contacts):
            luck = draw_four(clock.seed, Draw.CONTACT, clock.tick, slot, 0)
            scratch.rows[met], scratch.homes[met] = slot, cell
            scratch.luck[met, 1], scratch.luck[met, 2], scratch.luck[met, 3] = luck[1], luck[2], luck[3]
            scratch.listeners[met], _ = resident_of(cell, luck[0], city)
            met += 1
        city.officers.encounters[j] += contacts
        city.tally[Count.CONTACTS] += contacts
        if met >= BATCH:
            contact_batch(met, city, p, clock)
            met = 0
    contact_batch(met, city, p, clock)
