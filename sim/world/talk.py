"""Talk and mood: tell, settle (docs/model.md, 7.7 and 7.8)."""

from sim.world.compiled import fetch, phase, piece
from sim.world.place import cell_near, home_of, place_of, resident_of
from sim.world.rng import Draw, draw_four
from sim.world.rules.encounter import Feeling
from sim.world.rules.places import pulled
from sim.world.rules.probability import clip
from sim.world.rules.trust import change_from_contact, change_from_drift, change_from_victimization, overall_trust
from sim.world.state import AHEAD, BATCH, SLOTS, Cause, Count, Course, Trend
from sim.world.trusting import LEAST_KEPT, effectiveness_change, effectiveness_of, enter_change, fairness_of, mean_of, move, write_down

MOST_PULL = 0.95
KINDS = 4  # a tale of an encounter is what was felt + 4 x how they came to meet


@piece
def draw_listeners(words, decision, actor, teller, cause, city, p, clock):
    """Note the words of luck that say who hears an experience, after the first `words`, and return how many there are then."""
    scratch, rest = city.scratch, city.scratch.rest
    luck = draw_four(clock.seed, decision, clock.tick, actor, 0)
    many = int(p.hearsay.listeners + luck[0])
    end = words + (many + 1) // 2  # a word is enough for two
    rest[words], rest[words + 1], rest[words + 2] = luck[1], luck[2], luck[3]
    for n in range(words + 3, end, 4):
        rest[n], rest[n + 1], rest[n + 2], rest[n + 3] = draw_four(clock.seed, decision, clock.tick, actor, (n - words + 1) // 4)
    for n in range(words, max(end, words + 3)):  # nobody can foresee whether it is two or three
        scratch.tellers[n], scratch.tales[n], scratch.both[n] = teller, cause, int(2 * (n - words) + 1 < many)
    return end


@piece
def find_listeners(words, city, p):
    """Note who they are, for each word the first and, after all of these, the second; a listener who is none has no weight.

    All are found first and told afterwards, in loops without choices, because then the processor does several at once.
    """
    scratch, rest, radius = city.scratch, city.scratch.rest, int(p.hearsay.radius)
    heard = 0
    for w in range(words):
        scratch.across[w], scratch.down[w] = place_of(home_of(scratch.tellers[w], city), city.grid)
    for begin in (0, words):
        for w in range(words):
            scratch.places[begin + w], rest[w] = cell_near((scratch.across[w], scratch.down[w]), rest[w], radius, city.grid)
        for w in range(words):
            scratch.listeners[begin + w], rest[w] = resident_of(scratch.places[begin + w], rest[w], city)
        for w in range(words):
            somebody = int(scratch.listeners[begin + w] != scratch.tellers[w]) * (scratch.both[w] if begin > 0 else 1)
            scratch.weights[begin + w] = somebody
            heard += somebody
    city.tally[Count.HEARD] += heard


@piece
def fetch_listeners(w, words, city):
    """Ask the processor for both listeners of a word that is told soon. Asked for all at once it would forget most of them."""
    for n in (w, words + w):
        fetch(city.citizens.trust, city.scratch.listeners[n])
        fetch(city.cells.course, city.scratch.places[n])


@piece
def hear_encounters(words, city, p):
    """Listeners' trust moves by a fraction of what living the encounter would have moved."""
    scratch, trust = city.scratch, p.trust
    fairness_net, fairness_gross, effectiveness_net, effectiveness_gross = 0.0, 0.0, 0.0, 0.0
    find_listeners(words, city, p)
    for w in range(words):
        fetch_listeners(w + AHEAD, words, city)
        felt, kind = scratch.tales[w] % KINDS, scratch.tales[w] // KINDS
        for n in (w, words + w):
            i, cell, fraction = scratch.listeners[n], scratch.places[n], p.hearsay.fraction * scratch.weights[n]
            fairness = fraction * change_from_contact(fairness_of(i, cell, city), felt, trust.contact_gain, trust.contact_loss)
            effectiveness = fraction * effectiveness_change(effectiveness_of(i, cell, city), felt, kind, p)
            move(i, cell, fairness, effectiveness, city)
            fairness_net, fairness_gross = fairness_net + fairness, fairness_gross + abs(fairness)
            effectiveness_net, effectiveness_gross = effectiveness_net + effectiveness, effectiveness_gross + abs(effectiveness)
    enter_change(city, Cause.HEARSAY, 0, fairness_net, fairness_gross)
    enter_change(city, Cause.HEARSAY, 1, effectiveness_net, effectiveness_gross)


@piece
def hear_response(i, cell, k, weight, city, p):
    """How a listener's trust moves who hears how somebody who reported was treated and served."""
    crimes, response = city.crimes, p.response
    fraction = weight * p.hearsay.fraction * (p.justice.police_share if crimes.hearing[k] == 1 else response.police_share)
    well = Feeling.GOOD if crimes.well_treated[k] == 1 else Feeling.BAD
    solved = Feeling.GOOD if crimes.solved[k] == 1 else Feeling.BAD
    fairness = change_from_contact(fairness_of(i, cell, city), well, p.trust.contact_gain, p.trust.contact_loss)
    effectiveness = change_from_contact(effectiveness_of(i, cell, city), solved, response.outcome_gain, response.outcome_loss)
    return fraction * fairness, fraction * effectiveness


@piece
def hear_crimes(words, city, p):
    """Listeners hear of crimes, and of how those who reported them were treated and served."""
    scratch = city.scratch
    fairness_net, fairness_gross, effectiveness_net, effectiveness_gross = 0.0, 0.0, 0.0, 0.0
    find_listeners(words, city, p)
    for w in range(words):
        fetch_listeners(w + AHEAD, words, city)
        k = scratch.tales[w]
        for n in (w, words + w):
            i, cell, weight = scratch.listeners[n], scratch.places[n], float(scratch.weights[n])
            share = weight * p.hearsay.victimization_fraction
            victimization = share * change_from_victimization(effectiveness_of(i, cell, city), p.trust.victimization_loss)
            move(i, cell, 0.0, victimization, city)
            effectiveness_net, effectiveness_gross = effectiveness_net + victimization, effectiveness_gross + abs(victimization)
            if city.crimes.reported[k] == 1:
                fairness, effectiveness = hear_response(i, cell, k, weight, city, p)
                move(i, cell, fairness, effectiveness, city)
                fairness_net, fairness_gross = fairness_net + fairness, fairness_gross + abs(fairness)
                effectiveness_net, effectiveness_gross = effectiveness_net + effectiveness, effectiveness_gross + abs(effectiveness)
    enter_change(city, Cause.HEARSAY, 0, fairness_net, fairness_gross)
    enter_change(city, Cause.HEARSAY, 1, effectiveness_net, effectiveness_gross)


@phase
def tell(rows, city, p, clock):
    """Those who felt something about an encounter tell a few others near home (rows: officers)."""
    encounters = city.encounters
    words = 0
    for j in rows:
        for slot in range(SLOTS * j, SLOTS * j + city.officers.encounters[j]):
            felt = encounters.felt[slot]
            if felt != Feeling.NEUTRAL:
                tale = felt + KINDS * encounters.kind[slot]
                words = draw_listeners(words, Draw.TELL_ENCOUNTER, slot, encounters.citizen[slot], tale, city, p, clock)
            if words >= BATCH:
                hear_encounters(words, city, p)
                words = 0
    hear_encounters(words, city, p)


@phase
def tell_crime(rows, city, p, clock):
    """Victims tell a few others near home what happened and what came of reporting it (rows: crimes)."""
    words = 0
    for k in rows:
        words = draw_listeners(words, Draw.TELL_CRIME, k, city.crimes.victim[k], k, city, p, clock)
        if words >= BATCH:
            hear_crimes(words, city, p)
            words = 0
    hear_crimes(words, city, p)


@piece
def pull_on(cell, city):
    """What the place and the trends do to the dispositions of those who live there."""
    return clip(city.cells.pull[cell] + city.trend[Trend.COMMON] + city.trend[Trend.POLICE], -MOST_PULL, MOST_PULL)


@piece
def book_settling(city, dimension, cell, trust, disposition, residents, p):
    """Book the change that a cell's residents are about to make: what the trends do of it, and the rest.

    It is linear, so all residents together move as many times as far as the mean resident does, exactly.
    """
    rate, weight = p.trust.relaxation_rate, p.trust.climate_weight
    settled = pulled(disposition, pull_on(cell, city))
    trend = residents * rate * (1.0 - weight) * (settled - pulled(disposition, city.cells.pull[cell]))
    drift = residents * change_from_drift(trust, settled, trust, rate, weight) - trend
    enter_change(city, Cause.DRIFT, dimension, drift, abs(drift))
    enter_change(city, Cause.TREND, dimension, trend, abs(trend))


@piece
def settled_week(trust, disposition, mood, pull, p):
    """A resident's trust after a week in which nothing happens but what happens to all."""
    return trust + change_from_drift(trust, pulled(disposition, pull), mood, p.trust.relaxation_rate, p.trust.climate_weight)


@piece
def take_course(cell, city, p):
    """A week of the course of a cell's residents. It is linear in trust and disposition, so where three of them go says all."""
    course, pull = city.cells.course, pull_on(cell, city)
    fairness, effectiveness = city.cells.climate_fairness[cell], city.cells.climate_effectiveness[cell]
    start = settled_week(0.0, 0.0, fairness, pull, p)
    kept, own = settled_week(1.0, 0.0, fairness, pull, p) - start, settled_week(0.0, 1.0, fairness, pull, p) - start
    course[cell, Course.KEPT] *= kept
    course[cell, Course.DISPOSITION] = kept * course[cell, Course.DISPOSITION] + own
    course[cell, Course.FAIRNESS] = kept * course[cell, Course.FAIRNESS] + start
    course[cell, Course.EFFECTIVENESS] = kept * course[cell, Course.EFFECTIVENESS] + settled_week(0.0, 0.0, effectiveness, pull, p)


@piece
def take_climate(cell, city, p):
    """The mean trust of a cell's residents."""
    cells, residents = city.cells, city.cells.first_resident[cell + 1] - city.cells.first_resident[cell]
    fairness, effectiveness = mean_of(0, cell, residents, city), mean_of(1, cell, residents, city)
    cells.climate_fairness[cell], cells.climate_effectiveness[cell] = fairness, effectiveness
    cells.climate[cell] = overall_trust(fairness, effectiveness, p.trust.effectiveness_weight)


@phase
def settle(rows, city, p, clock):
    """Trust relaxes towards disposition, pulled by place and time, mixed with the mood of the cell (rows: cells)."""
    cells, course = city.cells, city.cells.course
    for c in rows:
        residents = cells.first_resident[c + 1] - cells.first_resident[c]
        take_climate(c, city, p)
        book_settling(city, 0, c, cells.climate_fairness[c], course[c, Course.FAIRNESS_DISPOSITION_SUM] / residents, residents, p)
        book_settling(city, 1, c, cells.climate_effectiveness[c], course[c, Course.EFFECTIVENESS_DISPOSITION_SUM] / residents, residents, p)
        take_course(c, city, p)
        if course[c, Course.KEPT] < LEAST_KEPT:
            write_down(c, city)
