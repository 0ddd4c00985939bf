"""Writing down: observe, and the survey's answers (docs/model.md, 7.12). Nothing here changes the city."""

import numpy as np

from sim.world.compiled import phase, piece
from sim.world.place import home_of
from sim.world.rng import Draw, draw_four, normal_pair
from sim.world.rules.survey import answer, insecurity_probability
from sim.world.rules.trust import overall_trust
from sim.world.state import Count, Mean, ResponseInput
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


@phase
def answer_survey(rows, answers, scale, unsafe, city, p, clock):
    """Fill in what each of these citizens answers: trust (0-3), the fairness scale, and whether they feel unsafe (0 or 1)."""
    citizens, survey = city.citizens, p.survey
    for n in range(len(rows)):
        i = rows[n]
        home = home_of(i, city)
        fairness = fairness_of(i, home, city)
        trust = overall_trust(fairness, effectiveness_of(i, home, city), p.trust.effectiveness_weight)
        first, second, third, _ = draw_four(clock.seed, Draw.ANSWER, clock.tick, i, 0)
        error, scale_error = normal_pair(first, second)
        style = survey.style_sd * np.float64(citizens.answering_style[i])
        answers[n] = answer(trust + style + survey.response_error_sd * error, survey.lower_cut, survey.middle_cut, survey.upper_cut)
        scale[n] = fairness + style + survey.scale_error_sd * scale_error
        victim = int(citizens.last_victimized[i] > clock.tick - 52)
        chance = insecurity_probability(trust, victim, survey.insecurity_intercept, survey.insecurity_victim, survey.insecurity_trust)
        unsafe[n] = int(third < chance)
