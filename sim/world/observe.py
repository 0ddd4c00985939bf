"""Writing down: observe, and the survey's answers (docs/model.md, 7.12). Nothing here changes the city."""

from typing import Any, NamedTuple

import numpy as np

from sim.world.compiled import entry, phase, piece
from sim.world.place import home_of
from sim.world.rng import Draw, draw_four, normal_pair
from sim.world.rules.survey import answer, insecurity_probability
from sim.world.rules.trust import overall_trust
from sim.world.state import BATCH, Count, Mean, ResponseInput
from sim.world.trusting import effectiveness_of, fairness_of, mean_of


@piece
def observe_trust(rows, city, clock):
    """Mean trust of all residents of these cells, who are all there are."""
    fairness, effectiveness = 0.0, 0.0
    for c in rows:
        residents = city.cells.first_resident[c + 1] - city.cells.first_resident[c]
        fairness += residents * mean_of(0, c, residents, city)
        effectiveness += residents * mean_of(1, c, residents, city)
    adults = len(city.citizens.trust)
    city.record.means[clock.tick, Mean.FAIRNESS] = fairness / adults
    city.record.means[clock.tick, Mean.EFFECTIVENESS] = effectiveness / adults


@phase
def observe(rows, city, p, clock):
    """Write down the week's counts, means and ledger, and start them anew (rows: all cells)."""
    officers, offenders, means = city.officers, city.offenders, city.record.means[clock.tick]
    active, community, conduct, honesty, training, knowledge, attitude = 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in city.rows.officers:
        if officers.active[j] == 1:
            active += 1
            community += officers.community[j]
            conduct += officers.conduct[j] + officers.training[j]
            honesty += officers.honesty[j] + p.training.honesty_share * officers.training[j]
            training += officers.training[j]
            knowledge += officers.knowledge[j]
            attitude += officers.attitude[j]
    free, known, risk = 0, 0, 0.0
    for k in city.rows.offenders:
        if offenders.propensity[k] > 0.0:
            known += 1
            free += int(offenders.jail_weeks[k] == 0)
            risk += offenders.perceived_risk[k]
    observe_trust(rows, city, clock)
    means[Mean.CONDUCT] = conduct / max(active, 1)
    means[Mean.HONESTY] = honesty / max(active, 1)
    means[Mean.TRAINING] = training / max(active, 1)
    means[Mean.KNOWLEDGE] = knowledge / max(active, 1)
    means[Mean.ATTITUDE] = attitude / max(active, 1)
    means[Mean.PERCEIVED_RISK] = risk / max(known, 1)
    means[Mean.FREE_CAPACITY] = city.response_inputs[ResponseInput.FREE_CAPACITY]
    city.tally[Count.ACTIVE_OFFICERS] = active
    city.tally[Count.FREE_OFFENDERS] = free
    city.tally[Count.COMMUNITY_OFFICERS] = community
    for n in range(len(city.tally)):
        city.record.counts[clock.tick, n] = city.tally[n]
        city.tally[n] = 0
    for cause in range(city.ledger.shape[0]):
        for dimension in range(2):
            for side in range(2):
                city.record.ledger[clock.tick, cause, dimension, side] = city.ledger[cause, dimension, side]
                city.ledger[cause, dimension, side] = 0.0


class Answers(NamedTuple):
    """What some citizens answer to a survey, row by row."""

    trust: np.ndarray  # int8: 0 mucha desconfianza ... 3 mucha confianza
    fairness_scale: np.ndarray  # float64: about 0-1
    unsafe: np.ndarray  # int8: 1 feels unsafe


class Seen(NamedTuple):
    """What answers depend on of a city. To hand over all of it would take longer than to ask a thousand people."""

    citizens: Any
    cells: Any


class Questionnaire(NamedTuple):
    """And of the parameters."""

    trust: Any
    survey: Any


class Room(NamedTuple):
    """Room for a batch of citizens between two steps of a survey."""

    error: np.ndarray  # first a uniform number, then a normal one
    scale_error: np.ndarray
    luck: np.ndarray  # whether they feel unsafe
    chance: np.ndarray  # that they do
    home: np.ndarray
    trust: np.ndarray
    fairness: np.ndarray
    victim: np.ndarray


@piece
def look(rows, room, city, p, clock):
    """Note these citizens' luck, what they think, and who was a victim."""
    for n in range(len(rows)):
        room.error[n], room.scale_error[n], room.luck[n], _ = draw_four(clock.seed, Draw.ANSWER, clock.tick, rows[n], 0)
    for n in range(len(rows)):
        i = rows[n]
        home = home_of(i, city)
        room.home[n], room.fairness[n] = home, fairness_of(i, home, city)
        room.trust[n] = overall_trust(room.fairness[n], effectiveness_of(i, home, city), p.trust.effectiveness_weight)
        room.victim[n] = int(city.citizens.last_victimized[i] > clock.tick - 52)


@piece
def reckon(count, room, p):
    """Errors of answers, made of luck, and chances of feeling unsafe: loops without choices, which processors take many rows of at once."""
    survey = p.survey
    for n in range(count):
        room.error[n], room.scale_error[n] = normal_pair(room.error[n], room.scale_error[n])
    for n in range(count):
        room.chance[n] = insecurity_probability(
            room.trust[n], room.victim[n], survey.insecurity_intercept, survey.insecurity_victim, survey.insecurity_trust
        )


@entry
def ask(rows, answers, by_cell, room, city, p, clock):
    """Fill in what these citizens answer, a batch after the other, and count answers by cell."""
    survey = p.survey
    for first in range(0, len(rows), BATCH):
        some = rows[first : first + BATCH]
        look(some, room, city, p, clock)
        reckon(len(some), room, p)
        for n in range(len(some)):
            style = survey.style_sd * np.float64(city.citizens.answering_style[some[n]])
            latent = room.trust[n] + style + survey.response_error_sd * room.error[n]
            said = answer(latent, survey.lower_cut, survey.middle_cut, survey.upper_cut)
            answers.trust[first + n] = said
            answers.fairness_scale[first + n] = room.fairness[n] + style + survey.scale_error_sd * room.scale_error[n]
            answers.unsafe[first + n] = int(room.luck[n] < room.chance[n])
            by_cell[int(room.home[n]), said] += 1
