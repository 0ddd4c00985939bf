"""The naive twin on its own: an oracle has to be checked by hand before anything is checked against it."""

from math import cos, exp, log, pi, sin, sqrt

import numpy as np
import pytest
from twin import Twin, answers
from twin.chance import normals, philox, poisson_quantile, stretched, uniforms
from twin.city import BAD, DIMENSIONS, GOOD, SLOTS, Crime
from twin_runs import rows, run

from sim.world.parameters import parameters
from sim.world.rng import Draw, draw_four

KEYS = [(0, 1, 0, 0, 0), (7, Draw.STOP, 12, 345, 6), (2**63 - 1, Draw.ANSWER, 5200, 9_999_999, 1), (20160901, Draw.CANDIDATE, 3, 0, 19)]


def numpy_words(seed, decision, tick, actor, index):
    """The same block by numpy, which adds one to its counter before it makes a block."""
    counter = (index + (actor << 64) + (tick << 128) + (int(decision) << 192) - 1) % 2**256
    return np.random.Philox(counter=counter, key=seed).random_raw(4)


@pytest.mark.parametrize("key", KEYS)
def test_philox_is_numpys_and_the_packages(key):
    seed, decision, tick, actor, index = key
    words = philox((index, actor, tick, decision), (seed, 0))
    assert list(words) == [int(w) for w in numpy_words(*key)]
    assert uniforms(*key) == list(draw_four(seed, int(decision), tick, actor, index))


def test_normals_come_in_pairs_from_two_words_each_and_are_standard():
    u1, u2, u3, u4 = (((int(w) >> 12) + 0.5) * 2.0**-52 for w in numpy_words(5, 7, 0, 11, 1))
    first, second, third, fourth = normals(5, 7, 0, 11, 1)
    assert (first, third) == (sqrt(-2 * log(u1)) * cos(2 * pi * u2), sqrt(-2 * log(u3)) * cos(2 * pi * u4))
    assert (second, fourth) == (sqrt(-2 * log(u1)) * sin(2 * pi * u2), sqrt(-2 * log(u3)) * sin(2 * pi * u4))
    sample = np.array([normals(1, 7, 0, i, 0) for i in range(4000)])
    assert abs(sample.mean(axis=0)).max() < 4 / sqrt(4000)
    assert abs(sample.std(axis=0) - 1).max() < 4 / sqrt(8000)
    assert abs(np.corrcoef(sample.T) - np.eye(4)).max() < 4 / sqrt(4000)


def test_stretched_by_hand():
    assert [stretched(u, 0.75) for u in (0.375, 0.75, 0.875)] == [(True, 0.5), (False, 0.0), (False, 0.5)]
    assert (stretched(0.3, 0.0), stretched(0.3, 1.0)) == ((False, 0.3), (True, 0.3))


def test_poisson_quantile():
    assert [poisson_quantile(1.0, u) for u in (0.367, 0.369, 0.735, 0.736)] == [0, 1, 1, 2]
    assert (poisson_quantile(50.0, 0.999), poisson_quantile(0.0, 0.9)) == (16, 0)


def test_sizes_and_homes():
    twin, _ = run(0)
    assert (twin.width, twin.height, len(twin.officers), len(twin.offenders), len(twin.encounters)) == (4, 5, 3, 30 + 3, 3 * SLOTS)
    assert [i for cell in twin.cells for i in cell.residents] == list(range(1000))
    assert all(twin.citizens[cell.first_resident].home == c for c, cell in enumerate(twin.cells))
    with pytest.raises(ValueError, match="without residents"):
        Twin(parameters({}), adults=100, seed=1, width=11, height=10)


def test_twenty_weeks_keep_the_books():
    twin, _ = run(0, {"trust.common_trend": 0.02, "trust.police_trend": -0.04})
    before = {d: [getattr(c, d) for c in twin.citizens] for d in DIMENSIONS}
    totals = dict.fromkeys(twin.counts, 0)
    for tick in range(20):
        assert twin.tick == tick
        twin.week()
        totals = {name: total + twin.counts[name] for name, total in totals.items()}
        assert all(0 <= getattr(c, d) <= 1 for c in twin.citizens for d in DIMENSIONS)
    for d in DIMENSIONS:
        change = sum(getattr(c, d) for c in twin.citizens) - sum(before[d])
        assert change == pytest.approx(sum(booked[d][0] for booked in twin.ledger.values()), abs=1e-9)
        assert all(abs(booked[d][0]) <= booked[d][1] for booked in twin.ledger.values())
    assert sum(cell.crimes for cell in twin.cells) == totals["crimes"] > 0
    assert sum(cell.stops for cell in twin.cells) == totals["stops"] > 0
    assert totals["crimes"] >= totals["reported"] >= totals["filed"] >= totals["solved"]
    assert twin.ledger["intervention"] == {"fairness": [0, 0], "effectiveness": [0, 0]}


def test_counts_are_those_of_the_rows():
    twin, counts = run(5, {"community.share": 1.0})
    met = [twin.encounters[SLOTS * j + n] for j, officer in enumerate(twin.officers) for n in range(officer.encounters)]
    assert counts[-1]["stops"] == sum(e.kind == 0 for e in met)
    assert counts[-1]["contacts"] == sum(e.kind == 1 for e in met) > 0
    assert counts[-1]["felt_good"] == sum(e.felt == GOOD for e in met)
    assert counts[-1]["felt_bad"] == sum(e.felt == BAD for e in met)
    assert counts[-1]["corrupt_stops"] == sum(e.kind == 0 and e.conduct == 0 for e in met)
    assert counts[-1]["crimes"] == sum(crime.victim >= 0 for crime in twin.crimes)
    kinds = [twin.encounters[n].kind for n in range(twin.officers[0].encounters)]
    assert kinds == sorted(kinds)  # stops first
    assert sum(cell.stops for cell in twin.cells) == sum(week["stops"] for week in counts)
    last = {e.citizen: e.conduct + 4 * e.felt for e in met if e.kind == 0}
    assert {i: c.stop_treatment for i, c in enumerate(twin.citizens) if c.last_stop == 4} == last
    outcomes = {c.victim: c.hearing + 2 * c.filed + 4 * c.well_treated + 8 * c.solved for c in twin.crimes if c.reported}
    assert {i: c.report_outcome for i, c in enumerate(twin.citizens) if c.last_report == 4} == outcomes


def test_same_seed_same_city():
    assert rows(run(6)[0]) == rows(run(6)[0])
    assert rows(run(6)[0]) != rows(run(6, seed=4)[0])


def test_the_solved_go_to_jail_and_stay_there():
    twin, _ = run(0, {"response.solve_probability": 1.0, "response.capacity": 2.0, "offending.exit_rate": 0.0})
    p, jailed = twin.parameters.response, 0
    for _ in range(40):
        inside = [offender.jail_weeks for offender in twin.offenders]
        twin.week()
        for weeks, offender, crime in zip(inside, twin.offenders, twin.crimes, strict=True):
            if weeks > 0:
                assert (crime, offender.jail_weeks) == (Crime(), weeks - 1)
            elif crime.solved:
                assert offender.jail_weeks == (p.serious_sentence_weeks if crime.serious else p.minor_sentence_weeks)
                assert crime.filed and not crime.hearing
                if [other.victim for other in twin.crimes].count(crime.victim) == 1:
                    assert twin.citizens[crime.victim].report_outcome == 2 + 4 * crime.well_treated + 8
                jailed += 1
    assert jailed > 0


def test_dated_changes_take_effect():
    twin, _ = run(10)
    booked = twin.ledger["contact"]["fairness"][1]
    assert booked > 0
    twin.parameters = parameters({"trust.contact_gain": 0.0, "trust.contact_loss": 0.0})
    for _ in range(5):
        twin.week()
    assert twin.ledger["contact"]["fairness"][1] == booked


def test_staff_fills_a_post_when_its_weeks_are_over():
    twin, _ = run(0)
    officer = twin.officers[1]
    officer.active, officer.vacant_weeks, officer.complaints, officer.training = False, 2, 4, 0.7
    twin.staff()
    assert (officer.active, officer.vacant_weeks, officer.complaints) == (False, 1, 4)
    twin.staff()
    assert (officer.active, officer.vacant_weeks, officer.complaints, officer.training, officer.identity) == (True, 0, 0, 0.0, 1)
    p, z1, z2 = twin.parameters, normals(twin.seed, Draw.RECRUIT, 0, 1, 0)[0], normals(twin.seed, Draw.RECRUIT, 0, 1, 1)[0]
    deviation = p.staffing.recruit_conduct_offset + twin.squads[0].effect + p.conduct.officer_sd * z1
    assert officer.conduct == pytest.approx(p.conduct.mean + deviation, abs=1e-12)
    z = 0.5 * z1 + sqrt(0.75) * z2  # dials_correlation is 0.5
    deviation = p.staffing.recruit_conduct_offset + twin.squads[0].honesty_effect + p.conduct.officer_sd * z
    assert officer.honesty == pytest.approx(p.conduct.honesty_mean + deviation, abs=1e-12)


def test_learn_by_hand():
    twin, _ = run(0, {"deterrence.arrest_gain": 0.1, "deterrence.escape_loss": 0.01, "deterrence.vicarious_share": 0.5})
    for k, offender in enumerate(twin.offenders):
        offender.perceived_risk, offender.cell = 0.4, 0 if k < 4 else 1
    twin.crimes[0] = Crime(victim=1, cell=0, solved=True)
    twin.crimes[1] = Crime(victim=2, cell=0)
    twin.crimes[4] = Crime(victim=2, cell=1, solved=True)
    twin.cells[0].arrests = twin.cells[1].arrests = 1
    twin.learn()
    learned = [twin.offenders[k].perceived_risk for k in (0, 1, 2, 4, 5)]
    d = twin.parameters.deterrence
    before_fading = (0.46, 0.396 + 0.05 * 0.604, 0.43, 0.46, 0.43)  # nobody learns twice from one arrest
    assert learned == pytest.approx([risk + d.fading_rate * (d.prior_risk - risk) for risk in before_fading], abs=1e-12)


def test_bond_by_hand():
    overrides = {"conduct.mean": -0.5, "conduct.honesty_mean": 0.5, "training.honesty_share": 0.25}
    twin, _ = run(0, overrides | {"conduct.contagion_weight": 0.6, "conduct.contagion_rate": 0.1})
    twin.squads[0].command = 0.2
    for officer, conduct, deviation in zip(twin.officers, (0.0, 1.0, -1.0), (0.3, 0.0, 0.0), strict=True):
        officer.conduct, officer.deviation = conduct, deviation
        officer.honesty, officer.honesty_deviation = -conduct, deviation
    twin.officers[1].training = 0.4
    twin.muster()
    twin.bond()
    assert (twin.squads[0].members, twin.squads[0].conduct_sum) == (3, pytest.approx(0.0))
    # peers of the first, without the course of one: (1 - 1) / 2; target 0.4 x -0.2 + 0.6 x (0 + 0.2)
    assert twin.officers[0].conduct == pytest.approx(0.1 * 0.04, abs=1e-12)
    # in honesty: target 0.4 x 0.8 + 0.6 x (0 + a quarter of 0.2)
    assert twin.officers[0].honesty == pytest.approx(0.1 * (0.32 + 0.03), abs=1e-12)
    twin.officers[1].active = twin.officers[2].active = False
    twin.officers[0].conduct = 0.0
    twin.muster()
    twin.bond()  # alone: own disposition stands in for peers
    assert twin.officers[0].conduct == pytest.approx(0.1 * (0.4 * -0.2 + 0.6 * (-0.2 + 0.2)), abs=1e-12)


def test_two_listeners_share_a_word_and_the_teller_hears_nothing():
    twin, _ = run(0, {"hearsay.radius": 0, "hearsay.listeners": 7})  # 50 residents a cell
    words = [*numpy_words(3, Draw.TELL_CRIME, 0, 4, 0)[1:], *numpy_words(3, Draw.TELL_CRIME, 0, 4, 1)[:1]]
    shares = [50 * ((int(word) >> 12) + 0.5) * 2.0**-52 for word in words]
    rows = [100 + int(x) for share in shares for x in (share, 50 * (share % 1))][:7]
    listeners = twin.listeners(rows[2], 4, Draw.TELL_CRIME)  # who would be the third tells
    assert [id(who) for who in listeners] == [id(twin.citizens[i]) for i in rows if i != rows[2]]
    assert twin.counts["heard"] == len(listeners) == 6


def test_a_listener_hears_the_whole_story_of_a_crime_in_order():
    overrides = {"hearsay.fraction": 0.5, "hearsay.victimization_fraction": 0.5, "response.police_share": 0.4}
    twin, _ = run(0, overrides | {"response.outcome_loss": 0.2, "trust.contact_gain": 0.1, "trust.victimization_loss": 0.1})
    who = twin.citizens[5]
    who.fairness, who.effectiveness = 0.4, 0.8
    twin.hear_of_crime(who, Crime(victim=0, reported=True, well_treated=True))
    assert who.fairness == pytest.approx(0.4 + 0.5 * 0.4 * 0.1 * 0.6, abs=1e-12)
    assert who.effectiveness == pytest.approx(0.8 * (1 - 0.05) * (1 - 0.5 * 0.4 * 0.2), abs=1e-12)


def test_near_wraps_round_and_the_map_fades():
    twin, _ = run(0)
    cells = [twin.near(0, 1, (m + 0.5) / 9) for m in range(9)]  # four cells wide, five high
    assert [cell for cell, _ in cells] == [19, 3, 7, 16, 0, 4, 17, 1, 5]
    assert all(abs(remainder - 0.5) < 1e-9 for _, remainder in cells)
    assert [twin.near(cell, radius, u)[0] for cell, radius, u in ((19, 1, 0.999), (6, 1, 0.5), (6, 2, 0.5))] == [0, 6, 6]
    memory, twin.cells[2].recorded = twin.cells[2].memory, 3
    twin.forget()
    kept = exp(-log(2) / twin.parameters.patrol.memory_half_life)
    assert twin.cells[2].memory == pytest.approx(kept * memory + 3)
    assert twin.cells[-1].memory_cumulative == pytest.approx(sum(cell.memory for cell in twin.cells))


def test_answers_are_cut_and_err():
    cut = {"survey.lower_cut": 0.25, "survey.middle_cut": 0.5, "survey.upper_cut": 0.7}
    twin, _ = run(1, cut | {"survey.response_error_sd": 0.02, "survey.style_sd": 0.0})
    twin.citizens[0].fairness = twin.citizens[0].effectiveness = 0.1
    twin.citizens[1].fairness = twin.citizens[1].effectiveness = 0.9
    plain = answers(twin, 0).trust
    survey, w = twin.parameters.survey, twin.parameters.trust.effectiveness_weight
    cuts = (survey.lower_cut, survey.middle_cut, survey.upper_cut)
    trust = [(1 - w) * c.fairness + w * c.effectiveness for c in twin.citizens]
    clear = [i for i, t in enumerate(trust) if all(abs(t - cut) > 5 * 0.02 for cut in cuts)]
    assert len(clear) > 50 and all(plain[i] == sum(trust[i] >= cut for cut in cuts) for i in clear)
    unclear = [i for i in range(len(trust)) if plain[i] != sum(trust[i] >= cut for cut in cuts)]
    assert 0 < len(unclear) < 200
    assert plain[:2] == [0, 3]
    twin.parameters = parameters(cut)
    assert answers(twin, 0) == answers(twin, 0) != answers(twin, 1)
    assert np.mean(answers(twin, 0).trust) == pytest.approx(np.mean(plain), abs=0.15)


def test_the_way_of_answering_lasts_and_is_the_same_in_both_scales():
    twin, _ = run(0, {"survey.style_sd": 0.2, "survey.response_error_sd": 0.02})
    style = np.array([c.answering_style for c in twin.citizens])
    fairness = np.array([c.fairness for c in twin.citizens])
    first, later = answers(twin, 0), answers(twin, 26)
    assert np.corrcoef(first.trust, later.trust)[0, 1] > 0.9
    assert np.corrcoef(first.trust, style)[0, 1] > 0.3
    errors = twin.parameters.survey.scale_error_sd * np.array([normals(3, Draw.ANSWER, 26, i, 0)[1] for i in range(1000)])
    np.testing.assert_allclose(later.fairness_scale, fairness + 0.2 * style + errors, atol=1e-12)
    assert abs(style.mean()) < 4 / sqrt(1000) and abs(style.std() - 1) < 4 / sqrt(2000)
    assert [float(np.float32(z)) for z in style] == list(style)


def test_victims_feel_unsafe_for_a_year():
    twin, _ = run(0, {"survey.insecurity_victim": 3.0, "survey.insecurity_intercept": -1.0, "survey.insecurity_trust": 0.0})
    for citizen in twin.citizens[:500]:
        citizen.last_victimized = 10
    shares = [np.mean(answers(twin, tick).unsafe[:500]) for tick in (61, 62)]
    assert shares == pytest.approx([1 / (1 + exp(-2)), 1 / (1 + exp(1))], abs=4 * 0.022)
