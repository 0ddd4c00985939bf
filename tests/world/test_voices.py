"""Voices: samples of complainants, of people who were stopped, and of officers, against what is true in the city."""

from math import exp, isnan, sqrt

import numpy as np
import pytest
from twin import Twin
from twin.answers import samples

from sim.inputs.scenario import CitySize, Scenario
from sim.world import survey
from sim.world import voices as heard
from sim.world.parameters import parameters
from sim.world.simulation import Simulation, columns
from sim.world.state import ROW
from sim.world.survey import YEAR, answers_of
from sim.world.voices import GROUPS, QUESTIONS, Sizes, SmallestLots, answered, draw_samples, members

EXACT = {"survey.recall_error": 0.0, "survey.bribe_silence": 0.0, "justice.hearing_share": 0.5, "justice.known_share": 0.8}
ALL = Sizes(*[10**6] * 5)


def lived(parameters=EXACT, weeks=60, adults=3000):
    city = CitySize(adults=adults, officers_per_1000_inhabitants=6.0, offenders_share=0.1)
    return Simulation(Scenario(name="talks", city=city, weeks=weeks, spin_up_weeks=0, parameters=parameters), 5).run()


@pytest.fixture(scope="module")
def exact():
    return lived()


def truth(run):
    """What every group would answer who remembers everything and hides nothing, one after the other."""
    city, p, tick = run.city, run.parameters, run.tick - 1
    people, officers = city.citizens, city.officers
    found = {question: [] for question in QUESTIONS}
    trust = run.answers().trust
    for i in range(len(people.home)):
        if people.last_report[i] > tick - YEAR:
            outcome = int(people.report_outcome[i])
            for n, name in enumerate(("heard_locally", "file_opened", "well_treated", "solved")):
                found[f"complainants_{name}"].append(outcome // 2**n % 2)
        stopped = people.last_stop[i] > tick - YEAR
        found["stopped_trusting" if stopped else "not_stopped_trusting"].append(int(trust[i] >= 2))
        if stopped:
            felt, conduct = divmod(int(people.stop_treatment[i]), 4)
            said = {"asked_for_bribe": conduct == 0, "treated_fairly": conduct == 2, "felt_good": felt == 2, "felt_bad": felt == 0}
            for name, true in said.items():
                found[f"stopped_{name}"].append(int(true))
    for k in np.flatnonzero(city.offenders.last_arrest > tick - YEAR):
        found["arrested_asked_for_bribe"].append(int(city.offenders.arrest_conduct[k] == 0))
        found["arrested_treated_fairly"].append(int(city.offenders.arrest_conduct[k] == 2))
    asks = [1 / (1 + exp(officers.honesty[j] + p.training.honesty_share * officers.training[j])) for j in range(len(officers.honesty))]
    serving = [j for j in range(len(asks)) if officers.active[j]]
    for j in serving:
        peers = [asks[k] for k in serving if officers.squad[k] == officers.squad[j] and k != j]
        found["officers_ask_for_bribes"].append(asks[j])
        found["officers_see_bribes"] += [sum(peers) / len(peers)] if peers else []
    return found


def test_what_is_asked_is_what_happened(exact):
    run, found = exact, truth(exact)
    voices = run.voices(ALL)
    for question in QUESTIONS:
        voice, true = voices.of(question), found[question]
        if question.startswith("officers"):
            continue
        error = np.std(true, ddof=1) / sqrt(len(true))
        assert voice == (len(true), pytest.approx(np.mean(true)), pytest.approx(error)), question
        assert voice.asked > 20 and 0 < voice.answer < 1, question
    chances = heard.bribes(members("officers", run.city, run.tick - 1), run.state, run.parameters)
    assert chances[:, 1] == pytest.approx(found["officers_ask_for_bribes"])
    assert chances[~np.isnan(chances[:, 0]), 0] == pytest.approx(found["officers_see_bribes"])
    assert voices.of("officers_see_bribes").asked == len(found["officers_see_bribes"])


def test_outcomes_and_treatments_are_read_bit_by_bit():
    """Every combination, by itself, so that no two questions can be mixed up."""
    run, tick = lived(weeks=30), 29
    people, rows = run.city.citizens, np.arange(16)
    people.report_outcome[:16] = people.stop_treatment[:16] = np.arange(16)
    said = answered("complainants", rows, run.state, run.parameters, 1, tick)
    assert (said @ [1, 2, 4, 8]).tolist() == list(range(16))
    said = answered("stopped", rows[:12], run.state, run.parameters, 1, tick)
    run.city.offenders.arrest_conduct[:3] = range(3)
    assert answered("arrested", rows[:3], run.state, run.parameters, 1, tick).tolist() == [[1, 0], [0, 0], [0, 1]]
    for code, (bribe, fair, good, bad, _) in enumerate(said):
        assert (bribe, fair) == (code % 4 == 0, code % 4 == 2) and (good, bad) == (code // 4 == 2, code // 4 == 0), code


@pytest.mark.parametrize(("recall_error", "silence"), [(0.0, 0.4), (0.1, 0.0), (0.2, 0.5)])
def test_errors_shift_the_mean_as_the_rule_says(exact, recall_error, silence):
    """No more: the mean of many answers is (1 - silence) x (error + true x (1 - 2 error)), silence for bribes alone."""
    run = exact
    p = run.parameters._replace(survey=run.parameters.survey._replace(recall_error=recall_error, bribe_silence=silence))
    rows = np.arange(len(run.city.citizens.home))
    for group in ("complainants", "stopped"):  # everybody, whoever reported or was stopped: 0 is an outcome too
        said, true = (answered(group, rows, run.state, each, 8, 70) for each in (p, run.parameters))
        for n, name in enumerate(GROUPS[group][:4]):
            hidden = silence if name == "asked_for_bribe" else 0.0
            chance = (1 - hidden) * (recall_error + true[:, n] * (1 - 2 * recall_error))
            spread = sqrt((chance * (1 - chance)).sum()) / len(rows)
            assert abs(said[:, n].mean() - chance.mean()) <= 4 * spread, name
            if not hidden and not recall_error:
                assert (said[:, n] == true[:, n]).all()


def test_scales_have_their_error_and_no_bias(exact):
    run = exact
    officers = np.arange(len(run.city.officers.attitude))
    many = np.concatenate([answered("officers", officers, run.state, run.parameters, seed, 70)[:, 2:] for seed in range(200)])
    truth_of_all = np.tile(np.stack([run.city.officers.attitude, run.city.officers.knowledge], axis=1), (200, 1))
    error = many - truth_of_all
    sd = run.parameters.survey.scale_error_sd
    assert error.std(axis=0) == pytest.approx([sd, sd], rel=0.05)
    assert abs(error.mean(axis=0)).max() < 4 * sd / sqrt(len(error))
    assert abs(np.corrcoef(error.T)[0, 1]) < 4 / sqrt(len(error)), "the two scales err apart"


def test_standard_errors_are_the_spread_of_repeated_samples(exact):
    """One city, and a thousand samples of it, each with other people: errors of memory are none, so sampling is all there is."""
    run, tick = exact, exact.tick - 1
    p = run.parameters._replace(survey=run.parameters.survey._replace(response_error_sd=0.0))
    sizes = Sizes(5, 40, 40, 5, 3)  # few of each group, so that samples are nearly as from an endless one
    many = [heard.voices(run.state, p, seed, tick, 0, sizes) for seed in range(1000)]
    answers, errors = np.array([each.answers for each in many]), np.array([each.errors for each in many])
    everybody = heard.voices(run.state, p, 1, tick, 0, ALL).answers
    for question in (*QUESTIONS[:3], *QUESTIONS[4:12]):
        n = QUESTIONS.index(question)
        assert answers[:, n].std() == pytest.approx(sqrt(np.mean(errors[:, n] ** 2)), rel=0.1), question
        assert abs(answers[:, n].mean() - everybody[n]) < 4 * answers[:, n].std() / sqrt(1000), question


def test_standard_errors_hold_the_errors_of_answers(exact):
    """All officers are asked, again and again: what differs is what they happened to see, and what they remember of it."""
    run, survey = exact, exact.parameters.survey._replace(recall_error=0.1, bribe_silence=0.3)
    p = run.parameters._replace(survey=survey)
    many = [heard.voices(run.state, p, seed, run.tick - 1, 0, Sizes(1, 1, 1, 1, 10**6)) for seed in range(400)]
    for question in QUESTIONS[12:]:
        answers, errors = (np.array([getattr(each.of(question), name) for each in many]) for name in ("answer", "error"))
        assert answers.std() == pytest.approx(sqrt(np.mean(errors**2)), rel=0.15), question


def near(times, chance, most):
    """Are so many times what this chance gives in so many tries?"""
    return times == pytest.approx(np.full(np.shape(times), most * chance), abs=4.5 * sqrt(most * chance * (1 - chance)))


@pytest.mark.parametrize("group", GROUPS)
def test_samples_are_simple_and_random(exact, group):
    """Each member is taken as often as any other, and each pair as often as any other pair, whatever luck they share."""
    city, tick, together = exact.fork().state, exact.tick - 1, np.zeros((3000, 3000))
    people, never = city.citizens, -30000
    member = np.r_[0:5, 8, 10:16:2, 40:44]  # neighbors who share a block, wholly or partly, and others
    columns = {"complainants": people.last_report, "arrested": city.offenders.last_arrest, "officers": city.officers.active}
    column = columns.get(group, people.last_stop)
    belongs, others = {"officers": (1, 0), "not_stopped": (never, tick)}.get(group, (tick, never))
    column[:] = others
    column[member[member < len(column)]] = belongs
    member = members(group, city, tick)
    assert len(member) > 8
    for seed in range(6000):
        rows = draw_samples(city, seed, tick, Sizes(4, 4, 4, 4, 4))[group].rows
        assert (np.diff(rows) > 0).all() and set(rows) <= set(member)
        together[np.ix_(rows, rows)] += 1
    many = len(member)
    assert near(together[member, member], 4 / many, 6000)
    assert near(together[np.ix_(member, member)][np.triu_indices(many, 1)], 12 / (many * (many - 1)), 6000)


def test_lots_are_uniform_and_independent_of_each_other_and_of_answers(exact):
    """Of all tables and neighbors; the lot is no luck that anything else has."""
    lots = np.array([[lots_of(3000, seed, 70, index) for index in (6, 7, 8)] for seed in range(60)])
    flat = lots.reshape(60 * 3, 3000)
    assert near(np.histogram(flat, 50, (0, 1))[0], 1 / 50, flat.size)
    assert len(np.unique(flat)) == flat.size
    for other in (np.roll(flat, 1, axis=1), np.roll(flat, 4, axis=1), np.roll(flat, 1, axis=0)):
        assert abs(np.corrcoef(flat.ravel(), other.ravel())[0, 1]) < 4.5 / sqrt(flat.size)
    answers = exact.answers()
    for said in (answers.trust, answers.fairness_scale, answers.unsafe):
        assert abs(np.corrcoef(lots_of(3000, exact.seed, exact.tick - 1, 6), said)[0, 1]) < 4.5 / sqrt(3000)


def lots_of(rows, seed, tick, index):
    lots = np.empty(rows)
    heard.cast(lots, 0, np.uint64(seed), tick, index)
    return lots


@pytest.mark.parametrize("size", [0, 1, 7, 400, 2000, 5000])
@pytest.mark.parametrize("parts", [1, 4, 64])
def test_a_sample_seen_in_parts_is_of_the_smallest_lots_of_all(size, parts):
    """However many are seen at once, also where the small lots come last, or all at once."""
    random = np.random.default_rng([size, parts])
    for lots in (random.random(4096), np.sort(random.random(4096)), np.sort(random.random(4096))[::-1]):
        member, sample = random.random(4096) < 0.7, SmallestLots(size)
        for first in range(0, 4096, 4096 // parts):
            part = slice(first, first + 4096 // parts)
            sample.see(first, member[part], lots[part])
        everybody = np.flatnonzero(member)
        assert sample.rows.tolist() == sorted(everybody[np.argsort(lots[everybody])[:size]])


@pytest.mark.parametrize("adults", [1000, 2017])
def test_the_naive_twin_asks_the_same_people(adults, monkeypatch):
    """Also where chunks end between neighbors and far from the end of a table."""
    monkeypatch.setattr(survey, "CHUNK", 404)
    size = {"officers_per_1000_inhabitants": 9.0, "offenders_share": 0.09}
    run = Simulation(Scenario(name="twin", city=CitySize(adults=adults, **size), weeks=60, spin_up_weeks=0), 11)
    twin = Twin(parameters({}), adults=adults, seed=11, **size)
    run.advance(60)
    for _ in range(60):
        twin.week()
    sizes = Sizes(20, 30, 40, 10, 5)
    mine = draw_samples(run.state, 11, 59, sizes)
    theirs = samples(twin, 59, sizes._asdict())
    assert {group: sample.rows.tolist() for group, sample in mine.items()} == theirs
    assert all(len(rows) > 4 for rows in theirs.values())


def test_arms_ask_the_same_people_who_say_the_same_of_the_same():
    run = lived(parameters={}, weeks=52)
    other = run.fork()
    people = other.city.citizens
    left_out = np.flatnonzero(people.last_stop > run.tick - 1 - YEAR)[::50]
    people.last_stop[left_out] = -30000  # a reform because of which one of fifty was not stopped
    taken = [draw_samples(each.state, each.seed, each.tick - 1, Sizes(*[100] * 5))["stopped"].rows for each in (run, other)]
    both = np.intersect1d(*taken)
    assert len(both) > 90
    said = [answered("stopped", both, each.state, each.parameters, each.seed, each.tick - 1) for each in (run, other)]
    assert (said[0] == said[1]).all()
    everywhere = [each.voices() for each in (run, run.fork())]
    assert all(np.array_equal(one, two, equal_nan=True) for one, two in zip(*everywhere, strict=True))


def test_who_is_asked_changes_with_the_survey_and_the_seed():
    run, tick = lived(parameters={}, weeks=52), 51
    sizes = Sizes(20, 20, 20, 5, 5)
    first = heard.voices(run.state, run.parameters, 5, tick, 0, sizes)
    assert not np.array_equal(first.answers, heard.voices(run.state, run.parameters, 6, tick, 0, sizes).answers)
    assert not np.array_equal(first.answers, heard.voices(run.state, run.parameters, 5, tick + 1, 0, sizes).answers)


def test_nobody_to_ask():
    run = lived(weeks=3)
    people, officers = run.city.citizens, run.city.officers
    people.last_report[:] = people.last_stop[:] = run.city.offenders.last_arrest[:] = -30000
    officers.active[1:] = 0
    voices = run.voices()
    for question in (*QUESTIONS[:9], *QUESTIONS[10:12], "officers_see_bribes"):
        asked, answer, error = voices.of(question)
        assert asked == 0 and isnan(answer) and isnan(error), question
    asked, answer, error = voices.of("officers_ask_for_bribes")
    assert asked == 1 and answer in (0.0, 1.0) and isnan(error) and voices.of("not_stopped_trusting").asked == 400
    people.last_report[7] = run.tick - 1
    assert run.voices().of("complainants_solved").asked == 1
    officers.active[:] = 0
    assert run.voices().of("officers_attitude").asked == 0
    with pytest.raises(ValueError, match="not in tuple"):
        voices.of("officers_mood")
    with pytest.raises(ValueError, match="has not lived a week"):
        Simulation(run.scenario, 1).voices()


def test_one_person_in_many_has_no_standard_error(exact):
    voice = exact.voices(Sizes(1, 1, 1, 1, 1)).of("stopped_felt_bad")
    assert voice.asked == 1 and voice.answer in (0.0, 1.0) and isnan(voice.error)


def test_being_asked_changes_nothing(exact):
    before = {name: column.copy() for name, column in columns(exact.city).items()}
    exact.voices()
    assert all(np.array_equal(column, before[name], equal_nan=column.dtype.kind == "f") for name, column in columns(exact.city).items())


def test_every_half_year_voices_are_heard_and_every_run_keeps_its_own():
    run = lived(parameters={}, weeks=60)
    assert [each.week for each in run.heard] == [each.week for each in run.surveys] == [26, 52]
    other = run.fork()
    other.advance(26)
    assert len(other.heard) == 3 and len(run.heard) == 2
    again = lived(parameters={}, weeks=52)
    assert all(np.array_equal(one, two, equal_nan=True) for one, two in zip(run.heard[1], again.voices(), strict=True))


def test_trust_of_those_stopped_is_what_they_tell_any_survey(exact):
    run, tick = exact, exact.tick - 1
    rows = members("stopped", run.city, tick)
    said = answered("stopped", rows, run.state, run.parameters, run.seed, tick)[:, -1]
    assert (said == (answers_of(rows.astype(ROW), run.state, run.parameters, run.seed, tick).trust >= 2)).all()
