"""The police on the streets: patrol, presence, stop, contact (docs/model.md, 7.3)."""

from sim.world.compiled import phase, piece
from sim.world.place import book, cell_near, first_above, place_of, resident_of
from sim.world.rng import Draw, draw
from sim.world.rules.encounter import Conduct, Meeting, conduct_of, felt_fair_probability
from sim.world.rules.offending import attraction
from sim.world.rules.probability import poisson_quantile
from sim.world.rules.trust import change_from_contact
from sim.world.state import MOST_A_WEEK, SLOTS, Cause, Count


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
def meet(slot, citizen, kind, log_odds, city, p, clock):
    """One encounter: conduct, perception, change of trust, complaint."""
    encounters = city.encounters
    j = slot // SLOTS
    u = draw(clock.seed, Draw.CONDUCT, clock.tick, slot, 0)
    conduct = conduct_of(u, log_odds, p.conduct.corruption_threshold)
    fairness, effectiveness = city.citizens.fairness[citizen], city.citizens.effectiveness[citizen]
    fair = draw(clock.seed, Draw.PERCEPTION, clock.tick, slot, 0) < felt_fair_probability(
        conduct, fairness, p.encounter.felt_if_corrupt, p.encounter.felt_if_unfair, p.encounter.felt_if_fair, p.encounter.perception_slope
    )
    book(
        city, Cause.CONTACT, citizen,
        change_from_contact(fairness, fair, p.trust.contact_gain, p.trust.contact_loss),
        change_from_contact(effectiveness, fair, p.trust.effectiveness_gain, p.trust.effectiveness_loss),
    )  # fmt: skip
    if conduct != Conduct.FAIR and draw(clock.seed, Draw.COMPLAINT, clock.tick, slot, 0) < p.encounter.complaint_probability:
        city.officers.complaints[j] += 1
        city.tally[Count.COMPLAINTS] += 1
    encounters.citizen[slot], encounters.kind[slot] = citizen, kind
    encounters.conduct[slot], encounters.felt_fair[slot] = conduct, int(fair)
    city.tally[Count.FELT_FAIR] += int(fair)
    return conduct


@phase
def stop(rows, city, p, clock):
    """Active officers stop passers-by and residents of the cell they are in."""
    officers = city.officers
    for j in rows:
        city.officers.encounters[j] = 0
        if officers.active[j] == 0:
            continue
        cell = officers.cell[j]
        stops = poisson_quantile(draw(clock.seed, Draw.STOP_COUNT, clock.tick, j, 0), p.encounter.stop_rate, MOST_A_WEEK)
        for n in range(stops):
            slot = SLOTS * j + n
            u = draw(clock.seed, Draw.STOP_WHO, clock.tick, slot, 1)
            passer_by = draw(clock.seed, Draw.STOP_WHO, clock.tick, slot, 0) < p.encounter.ambient_share
            citizen = int(u * len(city.citizens.home)) if passer_by else resident_of(cell, u, city)
            conduct = meet(slot, citizen, Meeting.STOP, officers.conduct[j] + officers.training[j], city, p, clock)
            city.citizens.last_stop[citizen] = clock.tick
            if conduct == Conduct.CORRUPT:
                city.citizens.last_corrupt_stop[citizen] = clock.tick
                city.tally[Count.CORRUPT_STOPS] += 1
            elif conduct == Conduct.UNFAIR:
                city.tally[Count.UNFAIR_STOPS] += 1
        city.officers.encounters[j] = stops
        city.cells.stops[cell] += stops
        city.tally[Count.STOPS] += stops


@phase
def contact(rows, city, p, clock):
    """Officers on community duty talk with residents of the cell they are in; these contacts are never counted as stops."""
    officers = city.officers
    for j in rows:
        if officers.active[j] == 0 or officers.community[j] == 0:
            continue
        contacts = poisson_quantile(draw(clock.seed, Draw.CONTACT_COUNT, clock.tick, j, 0), p.community.contacts_rate, MOST_A_WEEK)
        log_odds = officers.conduct[j] + officers.training[j] + p.community.conduct_offset
        for n in range(officers.encounters[j], officers.encounters[j] + contacts):
            slot = SLOTS * j + n
            citizen = resident_of(officers.cell[j], draw(clock.seed, Draw.CONTACT_WHO, clock.tick, slot, 0), city)
            meet(slot, citizen, Meeting.CONTACT, log_odds, city, p, clock)
        city.officers.encounters[j] += contacts
        city.tally[Count.CONTACTS] += contacts
