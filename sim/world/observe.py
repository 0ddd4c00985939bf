"""Writing down: observe, and the survey's answers (docs/model.md, 7.12). Nothing here changes the city."""

import numpy as np

from sim.world.compiled import phase, piece
from sim.world.rng import Draw, draw, draw_normal_pair
from sim.world.rules.survey import answer, insecurity_probability
from sim.world.rules.trust import overall_trust
from sim.world.state import Count, Mean, ResponseInput


@piece
def total(values):
    """The sum of a column: four sums side by side, because a single one waits for each addition to end."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = len(values) // 4 * 4
    for n in range(0, whole, 4):
        a += values[n]
        b += values[n + 1]
        c += values[n + 2]
        d += values[n + 3]
    for n in range(whole, len(values)):
        a += values[n]
    return (a + b) + (c + d)


@phase
def observe(rows, city, p, clock):
    """Write down the week's counts, means and ledger, and start them anew (rows: all citizens)."""
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
    means[Mean.FAIRNESS] = total(city.citizens.fairness) / len(rows)
    means[Mean.EFFECTIVENESS] = total(city.citizens.effectiveness) / len(rows)
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
        trust = overall_trust(citizens.fairness[i], citizens.effectiveness[i], p.trust.effectiveness_weight)
        error, scale_error = draw_normal_pair(clock.seed, Draw.ANSWER, clock.tick, i, 0)
        style = survey.style_sd * np.float64(citizens.answering_style[i])
        answers[n] = answer(trust + style + survey.response_error_sd * error, survey.lower_cut, survey.middle_cut, survey.upper_cut)
        scale[n] = citizens.fairness[i] + style + survey.scale_error_sd * scale_error
        victim = int(citizens.last_victimized[i] > clock.tick - 52)
        chance = insecurity_probability(trust, victim, survey.insecurity_intercept, survey.insecurity_victim, survey.insecurity_trust)
        unsafe[n] = int(draw(clock.seed, Draw.INSECURITY, clock.tick, i, 0) < chance)
