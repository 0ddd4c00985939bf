"""The police on the streets: patrol, presence, stop, contact (docs/model.md, 7.3)."""

import numpy as np

from sim.world.arithmetic import log
from sim.world.compiled import phase, piece
from sim.world.place import book, cell_near, exposed_adult, exposed_resident, first_above, place_of, resident_of
from sim.world.rng import Draw, draw
from sim.world.rules.encounter import Conduct, Feeling, Meeting, conduct_of, feeling, felt_log_odds, worse_conduct
from sim.world.rules.offending import attraction
from sim.world.rules.probability import poisson_quantile
from sim.world.rules.trust import change_from_contact
from sim.world.state import MOST_A_WEEK, SLOTS, Cause, Count

LEAST_EXPOSURE = 1e-6  # what a difference of two running sums in 32 bits can tell from nothing


@phase
def patrol(rows, city, p, clock):
    """Active officers go to a hot spot of recorded crime or to a cell of their beat."""
    officers, cells = city.officers, city.cells
    last = len(cells.memory_cumulative) - 1
    for j in rows:
        if officers.active[j] == 0:
            continue
        u = draw(clock.seed, Draw.PATROL, clock.tick, j, 1)
        if officers.community[j] == 0 and draw(clock.seed, Draw.PATROL, clock.tick, j, 0) < p.patrol.hot_spot_share:
            city.officers.cell[j] = first_above(cells.memory_cumulative, 0, last, u * cells.memory_cumulative[last])
        else:
            city.officers.cell[j], _ = cell_near(place_of(officers.beat[j], city.grid), u, int(p.patrol.beat_radius), city.grid)


@phase
def presence(rows, city, p, clock):
    """Count the active officers in each cell, and what that leaves of its attraction."""
    for c in rows:
        city.cells.officers[c] = 0
    for j in city.rows.officers:
        if city.officers.active[j] == 1:
            city.cells.officers[city.officers.cell[j]] += 1
    for c in rows:
        present = city.cells.officers[c]
        city.cells.attraction[c] = (
            attraction(city.cells.opportunity[c], present, p.offending.guardianship_weight) if present else city.cells.opportunity[c]
        )


@piece
def discrimination(citizen, city, p, clock):
    """How much worse than others officers treat this person: by home, exposure to stops and past stops."""
    citizens, conduct = city.citizens, p.conduct
    home = citizens.home[citizen]
    exposure = np.float64(citizens.stop_exposure_cumulative[citizen])
    if citizen > city.cells.first_resident[home]:
        exposure -= np.float64(citizens.stop_exposure_cumulative[citizen - 1])
    stopped_before = int(citizens.last_stop[citizen] > clock.tick - 52)
    return worse_conduct(
        city.cells.place[home], log(max(exposure, LEAST_EXPOSURE)), stopped_before,
        conduct.by_place, conduct.by_standing, conduct.by_record,
    )  # fmt: skip


@piece
def meet(slot, citizen, kind, city, p, clock):
    """One encounter: conduct, perception, change of trust, complaint."""
    encounters, officers = city.encounters, city.officers
    j = slot // SLOTS
    better = (p.community.conduct_offset if kind == Meeting.CONTACT else 0.0) - discrimination(citizen, city, p, clock)
    conduct = conduct_of(
        draw(clock.seed, Draw.CONDUCT, clock.tick, slot, 0),
        officers.conduct[j] + officers.training[j] + better,
        officers.honesty[j] + p.training.honesty_share * officers.training[j] + better,
    )
    fairness, effectiveness = city.citizens.fairness[citizen], city.citizens.effectiveness[citizen]
    odds = felt_log_odds(
        conduct, fairness, p.encounter.felt_if_corrupt, p.encounter.felt_if_unfair, p.encounter.felt_if_fair, p.encounter.perception_slope
    )
    felt = feeling(draw(clock.seed, Draw.PERCEPTION, clock.tick, slot, 0), odds, p.encounter.neutral_width)
    book(
        city, Cause.CONTACT, citizen,
        change_from_contact(fairness, felt, p.trust.contact_gain, p.trust.contact_loss),
        change_from_contact(effectiveness, felt, p.trust.effectiveness_gain, p.trust.effectiveness_loss),
    )  # fmt: skip
    if conduct != Conduct.FAIR and draw(clock.seed, Draw.COMPLAINT, clock.tick, slot, 0) < p.encounter.complaint_probability:
        city.officers.complaints[j] += 1
        city.tally[Count.COMPLAINTS] += 1
    encounters.citizen[slot], encounters.kind[slot] = citizen, kind
    encounters.conduct[slot], encounters.felt[slot] = conduct, felt
    city.tally[Count.FELT_GOOD] += int(felt == Feeling.GOOD)
    city.tally[Count.FELT_BAD] += int(felt == Feeling.BAD)
    return conduct


@piece
def stopped(j, slot, city, p, clock):
    """Whom an officer stops: a passer-by from anywhere or a resident of the cell, in proportion to exposure to stops."""
    u, cumulative = draw(clock.seed, Draw.STOP_WHO, clock.tick, slot, 1), city.citizens.stop_exposure_cumulative
    if draw(clock.seed, Draw.STOP_WHO, clock.tick, slot, 0) < p.encounter.ambient_share:
        return exposed_adult(u, city.cells.stop_exposure_cumulative, city.cells.stop_exposure_guide, cumulative, city)
    return exposed_resident(city.officers.cell[j], u, cumulative, city)


@phase
def stop(rows, city, p, clock):
    """Active officers stop passers-by and residents of the cell they are in.

    All are chosen first and met afterwards, because then the processor fetches what it needs to know of many at once.
    """
    officers, encounters = city.officers, city.encounters
    for j in rows:
        stops = 0
        if officers.active[j] == 1:
            stops = poisson_quantile(draw(clock.seed, Draw.STOP_COUNT, clock.tick, j, 0), p.encounter.stop_rate, MOST_A_WEEK)
        for slot in range(SLOTS * j, SLOTS * j + stops):
            city.encounters.citizen[slot] = stopped(j, slot, city, p, clock)
        city.officers.encounters[j] = stops
        city.cells.stops[officers.cell[j]] += stops
        city.tally[Count.STOPS] += stops
    for j in rows:
        for slot in range(SLOTS * j, SLOTS * j + officers.encounters[j]):
            citizen = encounters.citizen[slot]
            conduct = meet(slot, citizen, Meeting.STOP, city, p, clock)
            city.citizens.last_stop[citizen] = clock.tick
            city.citizens.stop_treatment[citizen] = conduct + 4 * encounters.felt[slot]
            if conduct == Conduct.CORRUPT:
                city.citizens.last_corrupt_stop[citizen] = clock.tick
                city.tally[Count.CORRUPT_STOPS] += 1
            elif conduct == Conduct.UNFAIR:
                city.tally[Count.UNFAIR_STOPS] += 1


@phase
def contact(rows, city, p, clock):
    """Officers on community duty talk with residents of the cell they are in; these contacts are never counted as stops."""
    officers = city.officers
    for j in rows:
        if officers.active[j] == 0 or officers.community[j] == 0:
            continue
        contacts = poisson_quantile(draw(clock.seed, Draw.CONTACT_COUNT, clock.tick, j, 0), p.community.contacts_rate, MOST_A_WEEK)
        for n in range(officers.encounters[j], officers.encounters[j] + contacts):
            slot = SLOTS * j + n
            citizen = resident_of(officers.cell[j], draw(clock.seed, Draw.CONTACT_WHO, clock.tick, slot, 0), city)
            meet(slot, citizen, Meeting.CONTACT, city, p, clock)
        city.officers.encounters[j] += contacts
        city.tally[Count.CONTACTS] += contacts
