"""The police on the streets: patrol, presence, stop, contact (docs/model.md, 7.3)."""

import numpy as np

from sim.world.arithmetic import log
from sim.world.compiled import fetch, phase, piece
from sim.world.place import cell_near, exposed_cell, exposed_resident, fetch_residents, first_above, place_of, resident_of
from sim.world.rng import Draw, draw_four, stretched
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
def discrimination(citizen, cell, city, p, clock):
    """How much worse than others officers treat this person: by home, exposure to stops and past stops."""
    citizens, conduct = city.citizens, p.conduct
    exposure = np.float64(citizens.stop_exposure_cumulative[citizen])
    if citizen > city.cells.first_resident[cell]:
        exposure -= np.float64(citizens.stop_exposure_cumulative[citizen - 1])
    stopped_before = int(citizens.last_stop[citizen] > clock.tick - 52)
    return worse_conduct(
        city.cells.place[cell], log(max(exposure, LEAST_EXPOSURE)), stopped_before,
        conduct.by_place, conduct.by_standing, conduct.by_record,
    )  # fmt: skip


@piece
def meet(slot, citizen, cell, kind, luck, city, p, clock):
    """One encounter with a resident of a cell: conduct, perception, change of trust, complaint."""
    encounters, officers = city.encounters, city.officers
    j = slot // SLOTS
    better = (p.community.conduct_offset if kind == Meeting.CONTACT else 0.0) - discrimination(citizen, cell, city, p, clock)
    conduct = conduct_of(
        luck[1],
        officers.conduct[j] + officers.training[j] + better,
        officers.honesty[j] + p.training.honesty_share * officers.training[j] + better,
    )
    fairness, effectiveness = fairness_of(citizen, cell, city), effectiveness_of(citizen, cell, city)
    odds = felt_log_odds(
        conduct, fairness, p.encounter.felt_if_corrupt, p.encounter.felt_if_unfair, p.encounter.felt_if_fair, p.encounter.perception_slope
    )
    felt = feeling(luck[2], odds, p.encounter.neutral_width)
    book(
        city, Cause.CONTACT, citizen, cell,
        change_from_contact(fairness, felt, p.trust.contact_gain, p.trust.contact_loss),
        effectiveness_change(effectiveness, felt, kind, p),
    )  # fmt: skip
    complained = int(conduct != Conduct.FAIR and luck[3] < p.encounter.complaint_probability)
    city.officers.complaints[j] += complained
    city.tally[Count.COMPLAINTS] += complained
    encounters.citizen[slot], encounters.kind[slot] = citizen, kind
    encounters.conduct[slot], encounters.felt[slot] = conduct, felt
    city.tally[Count.FELT_GOOD] += int(felt == Feeling.GOOD)
    city.tally[Count.FELT_BAD] += int(felt == Feeling.BAD)
    return conduct


@piece
def choose_home(n, slot, city, p, clock):
    """Where the person lives whom an officer stops: a passer-by from anywhere or a resident of the cell."""
    scratch, cells = city.scratch, city.cells
    luck = draw_four(clock.seed, Draw.STOP, clock.tick, slot, 0)
    ambient, u = stretched(luck[0], p.encounter.ambient_share)
    home, left = exposed_cell(u, cells.stop_exposure_cumulative, cells.stop_exposure_guide)
    home, u = (home, left) if ambient else (np.int64(city.officers.cell[slot // SLOTS]), u)
    scratch.rows[n], scratch.homes[n] = slot, home
    scratch.luck[n, 0], scratch.luck[n, 1], scratch.luck[n, 2], scratch.luck[n, 3] = u, luck[1], luck[2], luck[3]
    fetch_residents(home, city.citizens.stop_exposure_cumulative, city)


@piece
def choose_stopped(n, city):
    """Whom an officer stops, in proportion to exposure to stops."""
    citizens, scratch = city.citizens, city.scratch
    citizen = exposed_resident(scratch.homes[n], scratch.luck[n, 0], citizens.stop_exposure_cumulative, city)
    city.encounters.citizen[scratch.rows[n]] = citizen
    fetch(city.cells.course, scratch.homes[n])
    fetch(citizens.trust, citizen)
    fetch(citizens.last_stop, citizen)
    fetch(citizens.stop_treatment, citizen)


@piece
def be_stopped(n, city, p, clock):
    """A stop, and what is remembered of it."""
    citizens, slot, home = city.citizens, city.scratch.rows[n], city.scratch.homes[n]
    citizen = city.encounters.citizen[slot]
    conduct = meet(slot, citizen, home, Meeting.STOP, city.scratch.luck[n], city, p, clock)
    citizens.last_stop[citizen] = clock.tick
    citizens.stop_treatment[citizen] = conduct + 4 * city.encounters.felt[slot]
    if conduct == Conduct.CORRUPT:
        citizens.last_corrupt_stop[citizen] = clock.tick
    city.tally[Count.CORRUPT_STOPS] += int(conduct == Conduct.CORRUPT)
    city.tally[Count.UNFAIR_STOPS] += int(conduct == Conduct.UNFAIR)


@piece
def stop_batch(count, city, p, clock):
    """Many are chosen first and met afterwards, because then the processor fetches what it needs to know of many at once."""
    for n in range(count):
        choose_stopped(n, city)
    for n in range(count):
        be_stopped(n, city, p, clock)


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
            choose_home(count, slot, city, p, clock)
            count += 1
        city.officers.encounters[j] = stops
        city.cells.stops[officers.cell[j]] += stops
        city.tally[Count.STOPS] += stops
        if count >= BATCH:
            stop_batch(count, city, p, clock)
            count = 0
    stop_batch(count, city, p, clock)


@phase
def contact(rows, city, p, clock):
    """Officers on community duty talk with residents of the cell they are in; these contacts are never counted as stops."""
    officers = city.officers
    for j in rows:
        if officers.active[j] == 0 or officers.community[j] == 0:
            continue
        _, count, _, _ = draw_four(clock.seed, Draw.STOP_COUNT, clock.tick, j, 0)
        contacts, cell = poisson_quantile(count, p.community.contacts_rate, MOST_A_WEEK), officers.cell[j]
        for slot in range(SLOTS * j + officers.encounters[j], SLOTS * j + officers.encounters[j] + contacts):
            luck = draw_four(clock.seed, Draw.CONTACT, clock.tick, slot, 0)
            citizen, _ = resident_of(cell, luck[0], city)
            meet(slot, citizen, cell, Meeting.CONTACT, luck, city, p, clock)
        city.officers.encounters[j] += contacts
        city.tally[Count.CONTACTS] += contacts
