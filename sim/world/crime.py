"""What follows crime: report, workload, respond, learn (docs/model.md, 7.5, 7.6 and 7.9)."""

import numpy as np

from sim.world.compiled import fetch, phase, piece
from sim.world.place import home_of
from sim.world.rng import Draw, draw_four
from sim.world.rules.deterrence import risk_after_arrest, risk_after_escape, risk_faded
from sim.world.rules.encounter import Feeling, conduct_of, worse_conduct
from sim.world.rules.offending import age
from sim.world.rules.probability import faded
from sim.world.rules.reporting import file_probability, reporting_probability
from sim.world.rules.response import free_capacity, good_treatment_probability, solve_probability
from sim.world.rules.trust import change_from_contact, overall_trust
from sim.world.state import BATCH, Cause, Count, ResponseInput
from sim.world.trusting import book, effectiveness_of, fairness_of


@piece
def weigh_reporting(rows, city, p, clock):
    """Note each victim's luck and chance of reporting, for a batch of crimes."""
    crimes, citizens, scratch, reporting = city.crimes, city.citizens, city.scratch, p.reporting
    for n in range(len(rows)):
        luck = draw_four(clock.seed, Draw.REPORT, clock.tick, rows[n], 0)
        scratch.luck[n, 0], scratch.luck[n, 1], scratch.luck[n, 2] = luck[0], luck[1], luck[2]
        victim = crimes.victim[rows[n]]
        scratch.listeners[n], scratch.homes[n] = victim, home_of(victim, city)
        fetch(citizens.trust, scratch.listeners[n])
        fetch(citizens.reporting_propensity, scratch.listeners[n])
        fetch(city.cells.course, scratch.homes[n])
    for n in range(len(rows)):
        victim, home = scratch.listeners[n], scratch.homes[n]
        scratch.fairness[n], scratch.effectiveness[n] = fairness_of(victim, home, city), effectiveness_of(victim, home, city)
        scratch.person[n], scratch.loss[n] = reporting.person_sd * np.float64(citizens.reporting_propensity[victim]), crimes.loss[rows[n]]
    for n in range(len(rows)):
        trust = overall_trust(scratch.fairness[n], scratch.effectiveness[n], reporting.effectiveness_weight)
        scratch.chance[n] = reporting_probability(
            scratch.loss[n], trust, reporting.intercept + p.institutions.reporting, reporting.log_loss_slope, reporting.trust_slope,
            scratch.person[n],
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
