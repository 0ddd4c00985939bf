"""Talk and mood: tell, climate, settle (docs/model.md, 7.7 and 7.8)."""

import numpy as np

from sim.world.compiled import phase, piece
from sim.world.place import book, cell_near, place_of, resident_of
from sim.world.rng import Draw, draw, draw_four
from sim.world.rules.encounter import Feeling
from sim.world.rules.places import pulled
from sim.world.rules.probability import clip
from sim.world.rules.trust import change_from_contact, change_from_drift, change_from_victimization, overall_trust
from sim.world.state import ROW, SLOTS, Cause, Count, Trend

MOST_PULL = 0.95


@piece
def find_listeners(count_decision, decision, actor, teller, city, p, clock):
    """Write those who hear an experience into the scratch column and return how many they are.

    Found first and told afterwards, because then the processor fetches all of their trust at once: half the time.
    """
    home, radius, told = place_of(city.citizens.home[teller], city.grid), int(p.hearsay.radius), 0
    many = int(p.hearsay.listeners + draw(clock.seed, count_decision, clock.tick, actor, 0))
    for n in range(0, many, 4):
        luck = draw_four(clock.seed, decision, clock.tick, actor, n // 4)
        for m in range(min(4, many - n)):
            cell, rest = cell_near(home, luck[m], radius, city.grid)
            listener = resident_of(cell, rest, city)
            if listener != teller:
                city.scratch.rows[told] = listener
                told += 1
    city.tally[Count.HEARD] += told
    return told


@piece
def hear_encounter(i, felt, city, p):
    """A listener's trust moves by a fraction of what living the encounter would have moved."""
    fraction = p.hearsay.fraction
    book(
        city, Cause.HEARSAY, i,
        fraction * change_from_contact(city.citizens.fairness[i], felt, p.trust.contact_gain, p.trust.contact_loss),
        fraction * change_from_contact(city.citizens.effectiveness[i], felt, p.trust.effectiveness_gain, p.trust.effectiveness_loss),
    )  # fmt: skip


@piece
def hear_crime(i, k, city, p):
    """A listener hears of a crime, and of how those who reported it were treated and served."""
    citizens, crimes, response = city.citizens, city.crimes, p.response
    fraction = p.hearsay.fraction * (p.justice.police_share if crimes.hearing[k] == 1 else response.police_share)
    victimization = p.hearsay.victimization_fraction * change_from_victimization(citizens.effectiveness[i], p.trust.victimization_loss)
    book(city, Cause.HEARSAY, i, 0.0, victimization)
    if crimes.reported[k] == 1:
        well = Feeling.GOOD if crimes.well_treated[k] == 1 else Feeling.BAD
        solved = Feeling.GOOD if crimes.solved[k] == 1 else Feeling.BAD
        book(
            city, Cause.HEARSAY, i,
            fraction * change_from_contact(citizens.fairness[i], well, p.trust.contact_gain, p.trust.contact_loss),
            fraction * change_from_contact(citizens.effectiveness[i], solved, response.outcome_gain, response.outcome_loss),
        )  # fmt: skip


@phase
def tell(rows, city, p, clock):
    """Those who felt something about an encounter tell a few others near home (rows: encounters)."""
    encounters = city.encounters
    for slot in rows:
        if slot % SLOTS >= city.officers.encounters[slot // SLOTS]:
            continue
        felt = encounters.felt[slot]
        if felt == Feeling.NEUTRAL:
            continue
        told = find_listeners(Draw.TELL_ENCOUNTER_COUNT, Draw.TELL_ENCOUNTER, slot, encounters.citizen[slot], city, p, clock)
        for n in range(told):
            hear_encounter(city.scratch.rows[n], felt, city, p)


@phase
def tell_crime(rows, city, p, clock):
    """Victims tell a few others near home what happened and what came of reporting it (rows: crimes)."""
    crimes = city.crimes
    for k in rows:
        if crimes.victim[k] < 0:
            continue
        told = find_listeners(Draw.TELL_CRIME_COUNT, Draw.TELL_CRIME, k, crimes.victim[k], city, p, clock)
        for n in range(told):
            hear_crime(city.scratch.rows[n], k, city, p)


@phase
def climate(rows, city, p, clock):
    """The mean trust of each cell's residents, and the drift they are about to make.

    Drift is linear in trust, so all residents together drift as many times as far as the mean resident does, exactly;
    booking it here leaves settle a loop that the processor can do four citizens at a time.
    """
    citizens, cells = city.citizens, city.cells
    weight = p.trust.effectiveness_weight
    for c in rows:
        first, end = cells.first_resident[c], cells.first_resident[c + 1]
        residents = end - first
        fairness, effectiveness, fairness_disposition, effectiveness_disposition = 0.0, 0.0, 0.0, 0.0
        for i in range(first, end):
            fairness += citizens.fairness[i]
            effectiveness += citizens.effectiveness[i]
            fairness_disposition += citizens.fairness_disposition[i]
            effectiveness_disposition += citizens.effectiveness_disposition[i]
        fairness /= residents
        effectiveness /= residents
        city.cells.climate_fairness[c] = fairness
        city.cells.climate_effectiveness[c] = effectiveness
        city.cells.climate[c] = overall_trust(fairness, effectiveness, weight)
        book_settling(city, 0, c, fairness, fairness_disposition / residents, residents, p)
        book_settling(city, 1, c, effectiveness, effectiveness_disposition / residents, residents, p)


@piece
def pull_on(cell, city):
    """What the place and the trends do to the dispositions of those who live there."""
    return clip(city.cells.pull[cell] + city.trend[Trend.COMMON] + city.trend[Trend.POLICE], -MOST_PULL, MOST_PULL)


@piece
def book_settling(city, dimension, cell, trust, disposition, residents, p):
    """Book the change that a cell's residents are about to make: what the trends do of it, and the rest."""
    rate, weight = p.trust.relaxation_rate, p.trust.climate_weight
    settled = pulled(disposition, pull_on(cell, city))
    trend = residents * rate * (1.0 - weight) * (settled - pulled(disposition, city.cells.pull[cell]))
    drift = residents * change_from_drift(trust, settled, trust, rate, weight) - trend
    for cause, change in ((Cause.DRIFT, drift), (Cause.TREND, trend)):
        city.ledger[cause, dimension, 0] += change
        city.ledger[cause, dimension, 1] += abs(change)


@phase
def settle(rows, city, p, clock):
    """Trust relaxes towards disposition, pulled by place and time, mixed with the climate (rows ascend; climate has booked the change)."""
    citizens, cells = city.citizens, city.cells
    rate, weight = p.trust.relaxation_rate, p.trust.climate_weight
    start = 0
    while start < len(rows):
        first = rows[start]
        home = citizens.home[first]
        stop = min(start + np.int64(cells.first_resident[home + 1]) - np.int64(first), len(rows))
        if np.int64(rows[stop - 1]) - np.int64(first) != stop - 1 - start:
            stop = start + 1  # there are gaps between these rows
        end = ROW(np.int64(first) + stop - start)  # unsigned, so that the loop needs no check for negative indices
        mood, pull = cells.climate_fairness[home], pull_on(home, city)
        for i in range(first, end):
            disposition = pulled(citizens.fairness_disposition[i], pull)
            citizens.fairness[i] += change_from_drift(citizens.fairness[i], disposition, mood, rate, weight)
        mood = cells.climate_effectiveness[home]
        for i in range(first, end):
            disposition = pulled(citizens.effectiveness_disposition[i], pull)
            citizens.effectiveness[i] += change_from_drift(citizens.effectiveness[i], disposition, mood, rate, weight)
        start = stop
