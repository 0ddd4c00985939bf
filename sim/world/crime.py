"""Crime and what follows: offend, report, workload, respond, learn (docs/model.md, 7.4-7.6 and 7.9)."""

import numpy as np

from sim.world.compiled import fetch, phase, piece
from sim.world.place import cell_near, exposed_cell, exposed_resident, fetch_residents, home_of, place_of
from sim.world.rng import Draw, draw_four, normal_pair, stretched
from sim.world.rules.deterrence import risk_after_arrest, risk_after_escape, risk_faded
from sim.world.rules.encounter import Feeling, conduct_of, worse_conduct
from sim.world.rules.offending import age, crime_probability, loss, undeterred, unhindered
from sim.world.rules.probability import faded
from sim.world.rules.reporting import file_probability, reporting_probability
from sim.world.rules.response import free_capacity, good_treatment_probability, solve_probability
from sim.world.rules.trust import change_from_contact, change_from_victimization, overall_trust
from sim.world.state import BATCH, Cause, Count, ResponseInput
from sim.world.trusting import book, effectiveness_of, fairness_of


@piece
def turn_page(city, clock):
    """Last week's crimes are taken off the docket, and their rows emptied."""
    crimes, docket = city.crimes, city.docket
    if docket.page[1] == clock.tick:
        return
    for k in docket.rows[: docket.page[0]]:
        crimes.victim[k], crimes.loss[k] = -1, 0.0
        crimes.cell[k] = crimes.serious[k] = crimes.reported[k] = crimes.hearing[k] = crimes.filed[k] = 0
        crimes.well_treated[k] = crimes.solved[k] = 0
    docket.page[0], docket.page[1] = 0, clock.tick


@piece
def put_on_docket(k, city):
    """Note that there is a crime in this row; rows stay in ascending order whoever acts first."""
    docket = city.docket
    n = docket.page[0]
    while n > 0 and docket.rows[n - 1] > k:
        docket.rows[n] = docket.rows[n - 1]
        n -= 1
    docket.rows[n] = k
    docket.page[0] += 1


@piece
def tempted(rows, city, p, clock):
    """Note those who would offend if nothing stood in the way, with their luck, and say how many they are."""
    offenders, scratch = city.offenders, city.scratch
    count, group, luck = 0, -1, (0.0, 0.0, 0.0, 0.0)
    for k in rows:
        if offenders.propensity[k] == 0.0:  # room for an officer who turns to crime
            city.offenders.jail_weeks[k] -= int(offenders.jail_weeks[k] > 0)
            continue
        if k // 4 != group:  # four neighbors share a block
            group = k // 4
            luck = draw_four(clock.seed, Draw.OFFEND, clock.tick, group, 0)
        free = offenders.jail_weeks[k] == 0
        city.offenders.jail_weeks[k] -= int(not free)
        city.offenders.cell[k] = offenders.home[k] if free else offenders.cell[k]
        propensity = offenders.propensity[k] * (1.0 - offenders.program[k])
        scratch.rows[count], scratch.whether[count] = k, luck[k % 4]
        scratch.drive[count], scratch.risk[count] = propensity, offenders.perceived_risk[k]
        count += int(free and luck[k % 4] < propensity)  # 1 - exp(-x) < x: most are settled without an exponential
    return count


@piece
def keep(n, count, city):
    """Move an offender up among those who go on."""
    scratch = city.scratch
    scratch.rows[count], scratch.cells[count] = scratch.rows[n], scratch.cells[n]
    scratch.whether[count], scratch.drive[count] = scratch.whether[n], scratch.drive[n]


@piece
def undeterred_among(count, city, p):
    """Keep those who may offend somewhere: nowhere is the probability higher, so the others need not search this week."""
    scratch = city.scratch
    going = 0
    for n in range(count):
        scratch.drive[n] = undeterred(scratch.drive[n], scratch.risk[n], p.offending.risk_slope)
        scratch.chance[n] = crime_probability(scratch.drive[n], 1.0)
    for n in range(count):
        keep(n, going, city)
        going += int(scratch.whether[n] < scratch.chance[n])
    return going


@piece
def look_round(k, city, p, clock):
    """Note the cells near home that an offender looks at. A word of luck is enough for three; loops without choices are fast."""
    places, rest = city.scratch.places, city.scratch.rest
    radius, home, words = int(p.offending.search_radius), place_of(city.offenders.home[k], city.grid), 0
    while 3 * words < int(p.offending.candidates):
        luck = draw_four(clock.seed, Draw.CANDIDATE, clock.tick, k, words // 4)
        rest[words], rest[words + 1], rest[words + 2], rest[words + 3] = luck
        words += 4
    for first in range(0, 3 * words, words):
        for word in range(words):
            places[first + word], rest[word] = cell_near(home, rest[word], radius, city.grid)


@piece
def search(n, city, p, clock):
    """The cell an offender goes to: one of some near home, in proportion to attraction."""
    scratch, candidates, running, passed = city.scratch, int(p.offending.candidates), 0.0, 0
    k = scratch.rows[n]
    look_round(k, city, p, clock)
    luck = draw_four(clock.seed, Draw.CRIME, clock.tick, k, 0)
    scratch.luck[n, 1], scratch.luck[n, 2], scratch.luck[n, 3] = luck[1], luck[2], luck[3]
    for m in range(candidates):
        running += city.cells.attraction[scratch.places[m]]
        scratch.sums[m] = running
    target = luck[0] * running
    for m in range(candidates):  # counted, because nobody can foresee where a search would end
        passed += int(scratch.sums[m] <= target)
    scratch.cells[n] = scratch.places[min(passed, candidates - 1)]


@piece
def unhindered_among(count, city, p):
    """Keep those who offend where they have gone."""
    scratch, cells, offending = city.scratch, city.cells, p.offending
    acting = 0
    for n in range(count):
        cell = scratch.cells[n]
        left = unhindered(cells.officers[cell], cells.climate[cell], offending.presence_weight, offending.control_slope)
        scratch.chance[n] = crime_probability(scratch.drive[n], left)
    for n in range(count):
        city.offenders.cell[scratch.rows[n]] = scratch.cells[n]
        keep(n, acting, city)
        for word in range(1, 4):
            scratch.luck[acting, word] = scratch.luck[n, word]
        acting += int(scratch.whether[n] < scratch.chance[n])
    return acting


@piece
def find_scene(n, city, p):
    """Where the victim of a crime lives: the crime is serious or not, and the victim a passer-by from anywhere or a resident."""
    scratch, cells, offending = city.scratch, city.cells, p.offending
    serious, u = stretched(scratch.luck[n, 1], offending.serious_share)
    ambient, u = stretched(u, offending.ambient_share)
    home, left = exposed_cell(u, cells.exposure_cumulative, cells.exposure_guide)
    home, u = (home, left) if ambient else (np.int64(scratch.cells[n]), u)
    scratch.homes[n], scratch.luck[n, 1], scratch.both[n] = home, u, int(serious)
    fetch_residents(home, city.citizens.exposure_cumulative, city)


@piece
def commit(n, city, p, clock):
    """A crime happens: its loss and its victim, in proportion to exposure."""
    scratch, crimes, offending = city.scratch, city.crimes, p.offending
    k, cell, serious = scratch.rows[n], scratch.cells[n], scratch.both[n]
    put_on_docket(k, city)
    median = offending.serious_loss_median if serious else offending.minor_loss_median
    normal, _ = normal_pair(scratch.luck[n, 2], scratch.luck[n, 3])
    victim = exposed_resident(scratch.homes[n], scratch.luck[n, 1], city.citizens.exposure_cumulative, city)
    crimes.victim[k], crimes.cell[k] = victim, cell
    crimes.serious[k], crimes.loss[k] = serious, loss(median, offending.loss_log_sd, normal)
    fetch(city.cells.course, scratch.homes[n])
    fetch(city.citizens.trust, victim)
    fetch(city.citizens.last_victimized, victim)
    fetch(city.citizens.reporting_propensity, victim)
    city.cells.crimes[cell] += 1
    city.tally[Count.CRIMES] += 1
    city.tally[Count.SERIOUS] += serious


@piece
def suffer(n, city, p, clock):
    """What a crime costs its victim's trust."""
    victim, home = city.crimes.victim[city.scratch.rows[n]], city.scratch.homes[n]
    change = change_from_victimization(effectiveness_of(victim, home, city), p.trust.victimization_loss)
    book(city, Cause.VICTIMIZATION, victim, home, 0.0, change)
    city.citizens.last_victimized[victim] = clock.tick


@phase
def offend(rows, city, p, clock):
    """Free offenders look for a place and may offend there."""
    turn_page(city, clock)
    for first in range(0, len(rows), BATCH):  # step by step, and those who go on are moved up: few branches that nobody can foresee
        count = tempted(rows[first : first + BATCH], city, p, clock)
        count = undeterred_among(count, city, p)
        for n in range(count):
            search(n, city, p, clock)
        count = unhindered_among(count, city, p)
        for n in range(count):
            find_scene(n, city, p)
        for n in range(count):
            commit(n, city, p, clock)
        for n in range(count):  # apart, because the trust of many victims is fetched at once
            suffer(n, city, p, clock)


@piece
def weigh_reporting(rows, city, p, clock):
    """Note each victim's luck and chance of reporting, for a batch of crimes."""
    crimes, scratch, reporting = city.crimes, city.scratch, p.reporting
    for n in range(len(rows)):
        luck = draw_four(clock.seed, Draw.REPORT, clock.tick, rows[n], 0)
        scratch.luck[n, 0], scratch.luck[n, 1], scratch.luck[n, 2] = luck[0], luck[1], luck[2]
    for n in range(len(rows)):
        i = crimes.victim[rows[n]]
        home = home_of(i, city)
        trust = overall_trust(fairness_of(i, home, city), effectiveness_of(i, home, city), reporting.effectiveness_weight)
        scratch.chance[n] = reporting_probability(
            crimes.loss[rows[n]], trust, reporting.intercept + p.institutions.reporting, reporting.log_loss_slope, reporting.trust_slope,
            reporting.person_sd * np.float64(city.citizens.reporting_propensity[i]),
        )  # fmt: skip


@piece
def be_reported(k, hearing, file, city, p):
    """A crime is reported: it is heard locally, or a file is opened on it or not."""
    crimes, reporting = city.crimes, p.reporting
    crimes.reported[k] = 1
    city.cells.recorded[crimes.cell[k]] += 1
    city.tally[Count.REPORTED] += 1
    if crimes.serious[k] == 0 and hearing < p.justice.hearing_share * p.justice.known_share:
        crimes.hearing[k] = 1
        city.tally[Count.HEARINGS] += 1
    elif file < file_probability(crimes.serious[k], reporting.file_intercept + p.institutions.file, reporting.file_serious):
        crimes.filed[k] = 1
        city.tally[Count.FILED] += 1


@phase
def report(rows, city, p, clock):
    """Victims report to the prosecutor or not, and a file is opened or not."""
    luck = city.scratch.luck
    for first in range(0, len(rows), BATCH):
        batch = rows[first : first + BATCH]
        weigh_reporting(batch, city, p, clock)
        for n in range(len(batch)):
            if luck[n, 0] < city.scratch.chance[n]:
                be_reported(batch[n], luck[n, 1], luck[n, 2], city, p)


@phase
def workload(rows, city, p, clock):
    """What the week's response depends on: free capacity, and the courtesy and honesty of the force (rows: all officers)."""
    load, staff, active, conduct, honesty = 0, 0.0, 0, 0.0, 0.0
    for k in city.docket.rows[: city.docket.page[0]]:
        load += city.crimes.filed[k]
    for j in rows:
        if city.officers.active[j] == 1:
            active += 1
            conduct += city.officers.conduct[j] + city.officers.training[j]
            honesty += city.officers.honesty[j] + p.training.honesty_share * city.officers.training[j]
            staff += 1.0 - p.community.response_cost if city.officers.community[j] == 1 else 1.0
    city.response_inputs[ResponseInput.FREE_CAPACITY] = free_capacity(staff, load, p.response.capacity)
    city.response_inputs[ResponseInput.FORCE_CONDUCT] = conduct / active if active > 0 else p.conduct.mean
    city.response_inputs[ResponseInput.FORCE_HONESTY] = honesty / active if active > 0 else p.conduct.honesty_mean


@piece
def chance_of_solving(k, city, p):
    """Probability that a crime ends well for the victim: at a hearing, with the prosecutor, or 0 without either."""
    if city.crimes.hearing[k] == 1:
        return p.justice.resolution
    if city.crimes.filed[k] == 0:
        return 0.0
    climate, response = city.cells.climate[city.crimes.cell[k]], p.response
    return solve_probability(
        response.solve_probability, city.response_inputs[ResponseInput.FREE_CAPACITY], climate, response.cooperation_slope
    )


@piece
def chance_of_good_treatment(k, city, p):
    """Probability that somebody who reports is treated well: at a hearing, or by the prosecutor and the police."""
    if city.crimes.hearing[k] == 1:
        return p.justice.hearing_fairness
    response = p.response
    return good_treatment_probability(
        city.crimes.filed[k], city.response_inputs[ResponseInput.FORCE_CONDUCT],
        response.treatment_intercept + p.institutions.treatment, response.treatment_file, response.police_share, response.conduct_reference,
    )  # fmt: skip


@piece
def is_diverted(k, u, city, p, clock):
    """Is somebody found responsible sent to a program? After a hearing only, and only while young."""
    if city.crimes.hearing[k] == 0 or age(p.offending.entry_age, clock.tick - city.offenders.entered[k]) >= p.justice.youth_age:
        return False
    return u < p.justice.diversion_share


@piece
def arrest(k, u, city, p, clock):
    """How somebody is treated who is arrested: by the force at large, and worse who lives in a hard place. Only surveys ask for it."""
    worse = worse_conduct(city.cells.place[city.offenders.home[k]], 0.0, 0.0, p.conduct.by_place, 0.0, 0.0)
    courtesy, honesty = city.response_inputs[ResponseInput.FORCE_CONDUCT], city.response_inputs[ResponseInput.FORCE_HONESTY]
    city.offenders.arrest_conduct[k] = conduct_of(u, courtesy - worse, honesty - worse)
    city.offenders.last_arrest[k] = clock.tick


@piece
def punish(k, luck, city, p, clock):
    """The offender of a solved crime goes to jail, or is diverted and offends less for a while."""
    response = p.response
    arrest(k, luck[3], city, p, clock)
    if is_diverted(k, luck[2], city, p, clock):
        city.offenders.program[k] = 1.0 - p.justice.reoffending
        city.tally[Count.DIVERTED] += 1
    else:
        weeks = response.serious_sentence_weeks if city.crimes.serious[k] == 1 else response.minor_sentence_weeks
        city.offenders.jail_weeks[k] = int((p.justice.sanction_weeks if city.crimes.hearing[k] == 1 else weeks) + 0.5)
    city.cells.arrests[city.crimes.cell[k]] += 1
    city.tally[Count.SOLVED] += 1


@phase
def respond(rows, city, p, clock):
    """Those who report are treated well or badly, and their case is solved or not."""
    crimes, response = city.crimes, p.response
    for k in rows:
        if crimes.reported[k] == 0:
            continue
        i = crimes.victim[k]
        home = home_of(i, city)
        luck = draw_four(clock.seed, Draw.TREATMENT, clock.tick, k, 0)
        well, solved = luck[0] < chance_of_good_treatment(k, city, p), luck[1] < chance_of_solving(k, city, p)
        if solved:
            punish(k, luck, city, p, clock)
        share = p.justice.police_share if crimes.hearing[k] == 1 else response.police_share
        city.crimes.solved[k] = int(solved)
        city.crimes.well_treated[k] = int(well)
        city.tally[Count.WELL_TREATED] += int(well)
        city.tally[Count.WELL_TREATED_WITH_FILE] += int(well) * crimes.filed[k]
        city.citizens.last_report[i] = clock.tick
        city.citizens.report_outcome[i] = crimes.hearing[k] + 2 * crimes.filed[k] + 4 * int(well) + 8 * int(solved)
        treatment, outcome = (Feeling.GOOD if well else Feeling.BAD), (Feeling.GOOD if solved else Feeling.BAD)
        book(
            city, Cause.RESPONSE, i, home,
            share * change_from_contact(fairness_of(i, home, city), treatment, p.trust.contact_gain, p.trust.contact_loss),
            share * change_from_contact(effectiveness_of(i, home, city), outcome, response.outcome_gain, response.outcome_loss),
        )  # fmt: skip


@phase
def learn(rows, city, p, clock):
    """Offenders learn from their own arrests and escapes and from arrests near them, and slowly forget; programs fade."""
    crimes, deterrence = city.crimes, p.deterrence
    keep = faded(1.0, p.justice.program_half_life)
    for k in rows:
        risk = city.offenders.perceived_risk[k]
        others = city.cells.arrests[city.offenders.cell[k]]
        if crimes.solved[k] == 1:
            risk = risk_after_arrest(risk, deterrence.arrest_gain)
            others -= 1
        elif crimes.victim[k] >= 0:
            risk = risk_after_escape(risk, deterrence.escape_loss)
        if others > 0:
            risk = risk_after_arrest(risk, deterrence.vicarious_share * deterrence.arrest_gain)
        city.offenders.perceived_risk[k] = risk_faded(risk, deterrence.prior_risk, deterrence.fading_rate)
        city.offenders.program[k] *= keep
