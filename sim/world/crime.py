"""Crime and what follows: offend, report, workload, respond, learn (docs/model.md, 7.4-7.6 and 7.9)."""

import numpy as np

from sim.world.compiled import phase, piece
from sim.world.place import book, cell_near, exposed_adult, exposed_resident, place_of
from sim.world.rng import Draw, draw, draw_four, draw_normal
from sim.world.rules.deterrence import risk_after_arrest, risk_after_escape, risk_faded
from sim.world.rules.encounter import Feeling, conduct_of, worse_conduct
from sim.world.rules.offending import age, crime_probability, loss, undeterred, unhindered
from sim.world.rules.probability import faded
from sim.world.rules.reporting import file_probability, reporting_probability
from sim.world.rules.response import free_capacity, good_treatment_probability, solve_probability
from sim.world.rules.trust import change_from_contact, change_from_victimization, overall_trust
from sim.world.state import Cause, Count, ResponseInput


@piece
def clear_crime(k, city):
    """No crime yet this week in this row."""
    crimes = city.crimes
    crimes.victim[k] = -1
    crimes.cell[k] = crimes.serious[k] = crimes.reported[k] = crimes.hearing[k] = crimes.filed[k] = crimes.well_treated[k] = crimes.solved[
        k
    ] = 0
    crimes.loss[k] = 0.0


@piece
def chosen_cell(k, city, p, clock):
    """The cell an offender goes to: one of some near home, in proportion to attraction."""
    places, sums = city.scratch.rows, city.scratch.sums
    radius, candidates = int(p.offending.search_radius), int(p.offending.candidates)
    home, running = place_of(city.offenders.home[k], city.grid), 0.0
    n = 0
    while n < candidates:
        for luck in draw_four(clock.seed, Draw.CANDIDATE, clock.tick, k, n // 12):  # each of the four is enough for three candidates
            rest = luck
            for _ in range(min(3, candidates - n)):
                places[n], rest = cell_near(home, rest, radius, city.grid)
                running += city.cells.attraction[places[n]]
                sums[n] = running
                n += 1
    target = draw(clock.seed, Draw.CHOICE, clock.tick, k, 0) * running
    for n in range(candidates):
        if sums[n] > target:
            return places[n]
    return places[candidates - 1]


@piece
def chosen_victim(k, cell, city, p, clock):
    """The victim: a passer-by from anywhere or a resident of the cell, in proportion to exposure."""
    u, cumulative = draw(clock.seed, Draw.VICTIM, clock.tick, k, 1), city.citizens.exposure_cumulative
    if draw(clock.seed, Draw.VICTIM, clock.tick, k, 0) < p.offending.ambient_share:
        return exposed_adult(u, city.cells.exposure_cumulative, city.cells.exposure_guide, cumulative, city)
    return exposed_resident(cell, u, cumulative, city)


@piece
def commit(k, cell, city, p, clock):
    """A crime happens: its severity, its loss and its victim."""
    crimes, offending = city.crimes, p.offending
    serious = draw(clock.seed, Draw.SERIOUS, clock.tick, k, 0) < offending.serious_share
    median = offending.serious_loss_median if serious else offending.minor_loss_median
    victim = chosen_victim(k, cell, city, p, clock)
    crimes.victim[k], crimes.cell[k], crimes.serious[k] = victim, cell, int(serious)
    crimes.loss[k] = loss(median, offending.loss_log_sd, draw_normal(clock.seed, Draw.LOSS, clock.tick, k, 0))
    city.cells.crimes[cell] += 1
    city.tally[Count.CRIMES] += 1
    city.tally[Count.SERIOUS] += int(serious)


@piece
def suffer(k, city, p, clock):
    """What a crime costs its victim's trust."""
    victim = city.crimes.victim[k]
    book(city, Cause.VICTIMIZATION, victim, 0.0, change_from_victimization(city.citizens.effectiveness[victim], p.trust.victimization_loss))
    city.citizens.last_victimized[victim] = clock.tick


@phase
def offend(rows, city, p, clock):
    """Free offenders look for a place and may offend there."""
    offenders, cells, offending = city.offenders, city.cells, p.offending
    for k in rows:
        if city.crimes.victim[k] >= 0:
            clear_crime(k, city)
        if offenders.jail_weeks[k] > 0:
            city.offenders.jail_weeks[k] -= 1
            continue
        if offenders.propensity[k] == 0.0:  # room for an officer of this post who turns to crime
            continue
        city.offenders.cell[k] = offenders.home[k]
        u, propensity = draw(clock.seed, Draw.OFFEND, clock.tick, k, 0), offenders.propensity[k] * (1.0 - offenders.program[k])
        if u >= propensity:  # 1 - exp(-x) < x: most offenders are settled without an exponential
            continue
        drive = undeterred(propensity, offenders.perceived_risk[k], offending.risk_slope)
        # Nowhere can the probability be higher than this, so most offenders need not search this week.
        if u >= crime_probability(drive, 1.0):
            continue
        cell = chosen_cell(k, city, p, clock)
        city.offenders.cell[k] = cell
        if u < crime_probability(
            drive, unhindered(cells.officers[cell], cells.climate[cell], offending.presence_weight, offending.control_slope)
        ):
            commit(k, cell, city, p, clock)
    for k in rows:  # a second pass, because nobody's decision above depends on it and the trust of many victims is fetched at once
        if city.crimes.victim[k] >= 0:
            suffer(k, city, p, clock)


@phase
def report(rows, city, p, clock):
    """Victims report to the prosecutor or not, and a file is opened or not."""
    crimes, reporting = city.crimes, p.reporting
    for k in rows:
        i = crimes.victim[k]
        if i < 0:
            continue
        trust = overall_trust(city.citizens.fairness[i], city.citizens.effectiveness[i], reporting.effectiveness_weight)
        chance = reporting_probability(
            crimes.loss[k], trust, reporting.intercept + p.institutions.reporting, reporting.log_loss_slope, reporting.trust_slope,
            reporting.person_sd * np.float64(city.citizens.reporting_propensity[i]),
        )  # fmt: skip
        if draw(clock.seed, Draw.REPORT, clock.tick, k, 0) >= chance:
            continue
        city.crimes.reported[k] = 1
        city.cells.recorded[crimes.cell[k]] += 1
        city.tally[Count.REPORTED] += 1
        if crimes.serious[k] == 0 and draw(clock.seed, Draw.HEARING, clock.tick, k, 0) < p.justice.hearing_share * p.justice.known_share:
            city.crimes.hearing[k] = 1
            city.tally[Count.HEARINGS] += 1
        elif draw(clock.seed, Draw.FILE, clock.tick, k, 0) < file_probability(
            crimes.serious[k], reporting.file_intercept + p.institutions.file, reporting.file_serious
        ):
            city.crimes.filed[k] = 1
            city.tally[Count.FILED] += 1


@phase
def workload(rows, city, p, clock):
    """What the week's response depends on: free capacity, and the courtesy and honesty of the force (rows: all officers)."""
    load, staff, active, conduct, honesty = 0, 0.0, 0, 0.0, 0.0
    for k in city.rows.crimes:
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
def is_diverted(k, city, p, clock):
    """Is somebody found responsible sent to a program? After a hearing only, and only while young."""
    if city.crimes.hearing[k] == 0 or age(p.offending.entry_age, clock.tick - city.offenders.entered[k]) >= p.justice.youth_age:
        return False
    return draw(clock.seed, Draw.DIVERSION, clock.tick, k, 0) < p.justice.diversion_share


@piece
def arrest(k, city, p, clock):
    """How somebody is treated who is arrested: by the force at large, and worse who lives in a hard place. Only surveys ask for it."""
    worse = worse_conduct(city.cells.place[city.offenders.home[k]], 0.0, 0.0, p.conduct.by_place, 0.0, 0.0)
    courtesy, honesty = city.response_inputs[ResponseInput.FORCE_CONDUCT], city.response_inputs[ResponseInput.FORCE_HONESTY]
    u = draw(clock.seed, Draw.ARREST, clock.tick, k, 0)
    city.offenders.arrest_conduct[k] = conduct_of(u, courtesy - worse, honesty - worse)
    city.offenders.last_arrest[k] = clock.tick


@piece
def punish(k, city, p, clock):
    """The offender of a solved crime goes to jail, or is diverted and offends less for a while."""
    response = p.response
    arrest(k, city, p, clock)
    if is_diverted(k, city, p, clock):
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
        well = draw(clock.seed, Draw.TREATMENT, clock.tick, k, 0) < chance_of_good_treatment(k, city, p)
        solved = draw(clock.seed, Draw.SOLVE, clock.tick, k, 0) < chance_of_solving(k, city, p)
        if solved:
            punish(k, city, p, clock)
        share = p.justice.police_share if crimes.hearing[k] == 1 else response.police_share
        city.crimes.solved[k] = int(solved)
        city.crimes.well_treated[k] = int(well)
        city.tally[Count.WELL_TREATED] += int(well)
        city.tally[Count.WELL_TREATED_WITH_FILE] += int(well) * crimes.filed[k]
        city.citizens.last_report[i] = clock.tick
        city.citizens.report_outcome[i] = crimes.hearing[k] + 2 * crimes.filed[k] + 4 * int(well) + 8 * int(solved)
        treatment, outcome = (Feeling.GOOD if well else Feeling.BAD), (Feeling.GOOD if solved else Feeling.BAD)
        book(
            city, Cause.RESPONSE, i,
            share * change_from_contact(city.citizens.fairness[i], treatment, p.trust.contact_gain, p.trust.contact_loss),
            share * change_from_contact(city.citizens.effectiveness[i], outcome, response.outcome_gain, response.outcome_loss),
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
