"""Week 0: who lives in the city (docs/model.md, section 5)."""

from collections.abc import Mapping
from math import ceil, floor, sqrt

import numpy as np

from sim.world.arithmetic import exp
from sim.world.careers import home_of_offender, propensity_of
from sim.world.compiled import entry, phase, piece
from sim.world.force import correlated
from sim.world.place import home_of
from sim.world.places import load_places, smooth_field
from sim.world.rng import Draw, draw, draw_four, draw_normal, draw_normal_pair, normal_pair
from sim.world.rules.encounter import corrupt_probability, fair_probability, felt_log_odds
from sim.world.rules.offending import career_weeks, crime_probability, undeterred, unhindered
from sim.world.rules.places import pulled
from sim.world.rules.probability import clip, logistic
from sim.world.state import (
    BATCH,
    LAST_TICK,
    MOST_LOOKED_AT,
    NEVER,
    NOT_STATED,
    ROW,
    SLOTS,
    Cause,
    City,
    Count,
    Docket,
    Grid,
    ResponseInput,
    Rows,
    Scratch,
    Search,
    Trend,
    Trust,
    clock,
    empty_record,
    empty_table,
)
from sim.world.talk import take_climate
from sim.world.trusting import begin_course, sum_up


def grid_of(size) -> Grid:
    """The grid of a city size (see sim.inputs.scenario.CitySize): stated, or as square as it can be with so many adults a cell."""
    if size.width and size.height:
        return Grid(size.width, size.height)
    width = max(3, floor(sqrt(size.adults / size.adults_per_cell) + 0.5))
    return Grid(width, max(3, ceil(size.adults / (size.adults_per_cell * width))))


def residents_who_offend(size) -> int:
    """How many offenders a city of this size begins with."""
    return max(1, floor(size.adults * size.offenders_share + 0.5))


def empty_city(size, p, ticks: int) -> City:
    """Tables of the right length, all zero.

    size   a sim.inputs.scenario.CitySize
    p      parameters in force
    ticks  how many ticks the record shall hold
    """
    grid = grid_of(size)
    officers = max(1, floor(size.adults / p.population.adult_share / 1000 * size.officers_per_1000_inhabitants + 0.5))
    offenders = residents_who_offend(size) + officers  # the last rows have room for officers who turn to crime, one a post
    cells = grid.width * grid.height
    rows = {
        "citizens": size.adults, "officers": officers, "squads": ceil(officers / p.conduct.squad_size), "offenders": offenders,
        "cells": cells, "crimes": offenders, "encounters": officers * SLOTS,
    }  # fmt: skip
    tables = {name: empty_table(City.__annotations__[name], n) for name, n in rows.items()}
    tables["cells"] = tables["cells"]._replace(first_resident=np.zeros(cells + 1, ROW))
    return City(
        **tables,
        docket=Docket(np.zeros(offenders, ROW), np.array([0, -1])),
        scratch=empty_table(Scratch, 2 * (BATCH + MOST_LOOKED_AT)),
        search=empty_table(Search, MOST_LOOKED_AT + 4),
        rows=Rows(**{name: np.arange(rows[name] if name != "crimes" else 0, dtype=ROW) for name in Rows._fields}),
        grid=grid,
        response_inputs=np.zeros(len(ResponseInput)),
        tally=np.zeros(len(Count), np.int64),
        ledger=np.zeros((len(Cause), 2, 2)),
        trend=np.zeros(len(Trend)),
        fields=np.zeros((2, cells)),
        record=empty_record(ticks),
    )


@phase
def found_force(city, p, clock):
    """Squads and officers: dispositions, and conduct as squad life has made it."""
    officers, squads = city.officers, city.squads
    weight, count, r = p.conduct.contagion_weight, len(city.officers.cell), p.conduct.dials_correlation
    for s in city.rows.squads:
        courtesy = draw_normal(clock.seed, Draw.SQUAD_EFFECT, 0, s, 0)
        squads.effect[s] = p.conduct.squad_sd * courtesy
        squads.honesty_effect[s] = p.conduct.squad_sd * correlated(courtesy, draw_normal(clock.seed, Draw.SQUAD_EFFECT, 0, s, 1), r)
    for j in city.rows.officers:
        s = int(j / p.conduct.squad_size)  # both whole; a remainder of doubles is a call into the platform
        officers.squad[j] = s
        officers.beat[j] = officers.cell[j] = j * len(city.cells.officers) // count
        courtesy = draw_normal(clock.seed, Draw.OFFICER_DEVIATION, 0, j, 0)
        honesty = correlated(courtesy, draw_normal(clock.seed, Draw.OFFICER_DEVIATION, 0, j, 1), r)
        officers.deviation[j] = squads.effect[s] + p.conduct.officer_sd * courtesy
        officers.honesty_deviation[j] = squads.honesty_effect[s] + p.conduct.officer_sd * honesty
        officers.active[j] = 1
        officers.community[j] = int(draw(clock.seed, Draw.COMMUNITY_DUTY, 0, j, 0) < p.community.share)
        squads.conduct_sum[s] += officers.deviation[j]
        squads.honesty_sum[s] += officers.honesty_deviation[j]
        squads.members[s] += 1
    for j in city.rows.officers:
        s = officers.squad[j]
        mean, honest = squads.conduct_sum[s] / squads.members[s], squads.honesty_sum[s] / squads.members[s]
        officers.conduct[j] = p.conduct.mean + (1.0 - weight) * officers.deviation[j] + weight * mean
        officers.honesty[j] = p.conduct.honesty_mean + (1.0 - weight) * officers.honesty_deviation[j] + weight * honest


@phase
def found_offenders(city, p, clock):
    """The map that the police begin with, and offenders."""
    cells, offenders = city.cells, city.offenders
    running, rate = 0.0, p.offending.exit_rate
    for c in city.rows.cells:
        cells.memory[c] = cells.opportunity[c]
        running += cells.memory[c]
        cells.memory_cumulative[c] = running
    residents = len(offenders.home) - len(city.officers.beat)
    for k in city.rows.offenders:
        offenders.leaves[k], offenders.last_arrest[k] = LAST_TICK, NEVER
        if k < residents:
            offenders.propensity[k] = propensity_of(draw_normal(clock.seed, Draw.PROPENSITY, 0, k, 0), p)
            offenders.home[k] = home_of_offender(draw(clock.seed, Draw.OFFENDER_HOME, 0, k, 0), city)
            if rate > 0.0:
                offenders.entered[k] = -career_weeks(draw(clock.seed, Draw.CAREER, 0, k, 0), rate)
                offenders.leaves[k] = career_weeks(draw(clock.seed, Draw.CAREER, 0, k, 1), rate)
        else:
            offenders.home[k] = city.officers.beat[k - residents]
            offenders.origin[k] = 1
        offenders.perceived_risk[k] = p.deterrence.prior_risk
        city.crimes.victim[k] = -1


@phase
def sort_homes(city):
    """Neighbors in the table are neighbors in the city: the processor's cache holds their surroundings. All are at home."""
    offenders, number = city.offenders, city.cells.arrests  # which is empty yet: room to count in
    k = 0
    for row in range(len(offenders.home) - len(city.officers.beat)):
        number[offenders.home[row]] += 1
    for c in range(len(number)):
        for _ in range(number[c]):
            offenders.home[k] = c
            k += 1
        number[c] = 0
    for k in city.rows.offenders:
        offenders.cell[k] = offenders.home[k]


@phase
def found_people(city, p, clock):
    """Citizens: homes, dispositions, exposure, and what else is lasting."""
    citizens, first = city.citizens, city.cells.first_resident
    adults, cells = len(city.citizens.trust), len(city.cells.officers)
    trust, r = p.trust, p.trust.disposition_correlation
    for c in range(cells + 1):
        first[c] = (c * adults + cells - 1) // cells
    for c in range(cells):
        exposure, stops = 0.0, 0.0
        for i in range(first[c], first[c + 1]):
            luck = draw_four(clock.seed, Draw.PERSON, 0, i, 0)
            (z1, z2), (z3, z4) = normal_pair(luck[0], luck[1]), normal_pair(luck[2], luck[3])
            propensity, style = draw_normal_pair(clock.seed, Draw.PERSON, 0, i, 1)
            fairness = trust.fairness_disposition_mean + trust.fairness_disposition_sd * z1
            effectiveness = trust.effectiveness_disposition_mean + trust.effectiveness_disposition_sd * correlated(z1, z2, r)
            exposure += exp(p.offending.exposure_log_sd * z3)
            stops += exp(p.encounter.exposure_log_sd * z4)
            citizens.trust[i, Trust.FAIRNESS_DISPOSITION] = clip(fairness, 0.01, 0.99)
            citizens.trust[i, Trust.EFFECTIVENESS_DISPOSITION] = clip(effectiveness, 0.01, 0.99)
            citizens.exposure_cumulative[i], citizens.stop_exposure_cumulative[i] = exposure, stops
            citizens.reporting_propensity[i], citizens.answering_style[i] = propensity, style
            citizens.last_stop[i] = citizens.last_corrupt_stop[i] = citizens.last_victimized[i] = citizens.last_report[i] = NEVER


@piece
def expected_conduct(city, p):
    """Mean probabilities of corrupt and of fair conduct over the force."""
    corrupt, fair = 0.0, 0.0
    for j in city.rows.officers:
        corrupt += corrupt_probability(city.officers.honesty[j])
        fair += fair_probability(city.officers.conduct[j], city.officers.honesty[j])
    count = len(city.officers.conduct)
    return corrupt / count, fair / count


@piece
def expected_crimes(city, p):
    """Crimes an adult suffers in a week, if no officer is near and trust is middling."""
    total = 0.0
    for k in city.rows.offenders:
        drive = undeterred(city.offenders.propensity[k], p.deterrence.prior_risk, p.offending.risk_slope)
        total += crime_probability(drive, unhindered(0.0, 0.5, p.offending.presence_weight, p.offending.control_slope))
    return total / len(city.citizens.trust)


@piece
def stationary(mean, disposition_mean, felt, gain, loss, extra_loss, p):
    """Mean-field pressure upwards and downwards on a trust, and the mean it leads to: one step of the iteration.

    felt  good and bad encounters, lived or heard of, a week
    """
    rate, weight = p.trust.relaxation_rate, p.trust.climate_weight
    up, down = felt[0] * gain, felt[1] * loss + extra_loss
    return up, down, (rate * disposition_mean * (1.0 - weight) + rate * weight * mean + up) / (rate + up + down)


@phase
def found_trust(city, p, clock):
    """Trust as each citizen may expect it in the long run, so that the spin-up has little left to do."""
    citizens, trust = city.citizens, p.trust
    corrupt, fair = expected_conduct(city, p)
    heard = 1.0 + p.hearsay.listeners * p.hearsay.fraction
    stops = len(city.officers.cell) * p.encounter.stop_rate / len(citizens.trust) * heard
    crime_loss = expected_crimes(city, p) * (1.0 + p.hearsay.listeners * p.hearsay.victimization_fraction) * trust.victimization_loss
    f, e = trust.fairness_disposition_mean, trust.effectiveness_disposition_mean
    f_up = f_down = e_up = e_down = 0.0
    for _ in range(200):
        good, bad = 0.0, 0.0
        for conduct, share in ((2, fair), (1, 1.0 - fair - corrupt), (0, corrupt)):
            odds = felt_log_odds(
                conduct, f, p.encounter.felt_if_corrupt, p.encounter.felt_if_unfair, p.encounter.felt_if_fair, p.encounter.perception_slope
            )
            good += share * logistic(odds - p.encounter.neutral_width)
            bad += share * (1.0 - logistic(odds))
        felt = (stops * good, stops * bad)
        f_up, f_down, f = stationary(f, trust.fairness_disposition_mean, felt, trust.contact_gain, trust.contact_loss, 0.0, p)
        e_up, e_down, e = stationary(
            e, trust.effectiveness_disposition_mean, felt, trust.effectiveness_gain, trust.effectiveness_loss, crime_loss, p
        )
    rate, weight = trust.relaxation_rate, trust.climate_weight
    people = citizens.trust
    for i in range(len(people)):
        place = city.cells.pull[home_of(i, city)]
        pull = rate * ((1.0 - weight) * pulled(people[i, Trust.FAIRNESS_DISPOSITION], place) + weight * f)
        people[i, Trust.FAIRNESS] = (pull + f_up) / (rate + f_up + f_down)
        pull = rate * ((1.0 - weight) * pulled(people[i, Trust.EFFECTIVENESS_DISPOSITION], place) + weight * e)
        people[i, Trust.EFFECTIVENESS] = (pull + e_up) / (rate + e_up + e_down)
    for c in city.rows.cells:
        begin_course(c, city)
        sum_up(Trust.FAIRNESS_DISPOSITION, c, city)
        sum_up(Trust.EFFECTIVENESS_DISPOSITION, c, city)
        take_climate(c, city, p)


@phase
def found_fields(city, p, clock):
    """Both fields of every cell, and what of its opportunity is its own."""
    smooth_field(city, p, clock)
    for c in city.rows.cells:
        city.cells.smooth[c] = city.fields[0, c]
        city.cells.own[c] = draw_normal(clock.seed, Draw.PLACE_OWN, clock.tick, c, 0)
        city.cells.opportunity_own[c] = p.offending.opportunity_log_sd * draw_normal(clock.seed, Draw.OPPORTUNITY, 0, c, 0)


@entry
def populate(city, p, clock):
    """Fill an empty city."""
    found_force(city, p, clock)
    found_fields(city, p, clock)
    found_people(city, p, clock)
    load_places(city, p, clock)
    found_offenders(city, p, clock)
    found_trust(city, p, clock)
    sort_homes(city)


def build(size, p, people: int, ticks: int, stated: Mapping[str, np.ndarray] | None = None) -> City:
    """The city of this size, these parameters and this seed of people, before its first tick.

    stated  what a scenario says of its places: "opportunity", "exposure" or "trust" to one value a cell, nan where it says nothing
    """
    city = empty_city(size, p, ticks)
    for name in ("opportunity", "exposure", "trust"):
        getattr(city.cells, f"stated_{name}")[:] = np.nan_to_num((stated or {}).get(name, np.nan), nan=NOT_STATED)
    populate(city, p, clock(people, 0))
    return city
