"""Talk and mood: tell, climate, settle (docs/model.md, 7.7 and 7.8)."""

from sim.compiled import phase, piece
from sim.rng import Draw, draw, draw_four
from sim.rules.trust import change_from_contact, change_from_drift, change_from_victimization, overall_trust
from sim.world.place import book, cell_near, place_of, resident_of
from sim.world.state import SLOTS, Cause, Count


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
def hear_encounter(i, fair, city, p):
    """A listener's trust moves by a fraction of what living the encounter would have moved."""
    fraction = p.hearsay.fraction
    book(
        city, Cause.HEARSAY, i,
        fraction * change_from_contact(city.citizens.fairness[i], fair, p.trust.contact_gain, p.trust.contact_loss),
        fraction * change_from_contact(city.citizens.effectiveness[i], fair, p.trust.effectiveness_gain, p.trust.effectiveness_loss),
    )  # fmt: skip


@piece
def hear_crime(i, k, city, p):
    """A listener hears of a crime, and of how those who reported it were treated and served."""
    citizens, crimes, response = city.citizens, city.crimes, p.response
    fraction = p.hearsay.fraction * response.police_share
    victimization = p.hearsay.victimization_fraction * change_from_victimization(citizens.effectiveness[i], p.trust.victimization_loss)
    book(city, Cause.HEARSAY, i, 0.0, victimization)
    if crimes.reported[k] == 1:
        well, solved = crimes.well_treated[k] == 1, crimes.solved[k] == 1
        book(
            city, Cause.HEARSAY, i,
            fraction * change_from_contact(citizens.fairness[i], well, p.trust.contact_gain, p.trust.contact_loss),
            fraction * change_from_contact(citizens.effectiveness[i], solved, response.outcome_gain, response.outcome_loss),
        )  # fmt: skip


@phase
def tell(rows, city, p, clock):
    """Those who met an officer tell a few others near home (rows: encounters)."""
    encounters = city.encounters
    for slot in rows:
        if slot % SLOTS >= city.officers.encounters[slot // SLOTS]:
            continue
        fair = encounters.felt_fair[slot] == 1
        told = find_listeners(Draw.TELL_ENCOUNTER_COUNT, Draw.TELL_ENCOUNTER, slot, encounters.citizen[slot], city, p, clock)
        for n in range(told):
            hear_encounter(city.scratch.rows[n], fair, city, p)


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
    """The mean trust of each cell's residents."""
    citizens, cells = city.citizens, city.cells
    for c in rows:
        first, end = cells.first_resident[c], cells.first_resident[c + 1]
        fairness, effectiveness = 0.0, 0.0
        for i in range(first, end):
            fairness += citizens.fairness[i]
            effectiveness += citizens.effectiveness[i]
        city.cells.climate_fairness[c] = fairness / (end - first)
        city.cells.climate_effectiveness[c] = effectiveness / (end - first)
        city.cells.climate[c] = overall_trust(cells.climate_fairness[c], cells.climate_effectiveness[c], p.trust.effectiveness_weight)


@phase
def settle(rows, city, p, clock):
    """Trust relaxes towards disposition mixed with the neighborhood's climate."""
    citizens, cells = city.citizens, city.cells
    rate, weight = p.trust.relaxation_rate, p.trust.climate_weight
    fairness, effectiveness, gross_fairness, gross_effectiveness = 0.0, 0.0, 0.0, 0.0
    for i in rows:
        home = citizens.home[i]
        change = change_from_drift(citizens.fairness[i], citizens.fairness_disposition[i], cells.climate_fairness[home], rate, weight)
        citizens.fairness[i] += change
        fairness += change
        gross_fairness += abs(change)
        change = change_from_drift(
            citizens.effectiveness[i], citizens.effectiveness_disposition[i], cells.climate_effectiveness[home], rate, weight
        )
        citizens.effectiveness[i] += change
        effectiveness += change
        gross_effectiveness += abs(change)
    city.ledger[Cause.DRIFT, 0, 0] += fairness
    city.ledger[Cause.DRIFT, 0, 1] += gross_fairness
    city.ledger[Cause.DRIFT, 1, 0] += effectiveness
    city.ledger[Cause.DRIFT, 1, 1] += gross_effectiveness
