"""The naive twin checked by hand: places, lasting persons, two dials of conduct, neutral contacts, careers, programs, trends."""

from dataclasses import asdict
from math import exp, log, sqrt
from random import Random

import numpy as np
import pytest
from twin.chance import normals, uniforms
from twin.city import BAD, GOOD, NEUTRAL, City, Crime, Encounter, pulled
from twin.places import change_places, load_places, smooth_field, sum_exposures
from twin_runs import rows, run

from sim.world.parameters import parameters
from sim.world.rng import Draw


def field(seed, length, width=30, height=20):
    """A smooth field of a city that has nothing else."""
    p = parameters({"places.correlation_length": length})
    return np.array(smooth_field(City(p, adults=width * height, seed=seed, width=width, height=height, adults_per_cell=1)))


def test_a_smooth_field_has_mean_0_and_sd_1_and_reaches_as_far_as_said():
    at_length, at_twice = [], []
    for seed in range(12):
        smooth = field(seed, 3).reshape(20, 30)
        assert abs(smooth.mean()) < 1e-12 and smooth.std() == pytest.approx(1, abs=1e-12)
        at_length += [np.mean(smooth * np.roll(smooth, 3, axis)) for axis in (0, 1)]
        at_twice += [np.mean(smooth * np.roll(smooth, 6, axis)) for axis in (0, 1)]
    assert np.mean(at_length) == pytest.approx(exp(-1 / 2), abs=0.06)  # less than in an endless city, whose mean is not taken out
    assert np.mean(at_twice) == pytest.approx(exp(-2), abs=0.12)


def test_a_smooth_field_by_hand():
    noise = np.array([normals(7, Draw.PLACE_SMOOTH, 0, c, 0)[0] for c in range(600)]).reshape(20, 30)
    np.testing.assert_allclose(field(7, 0).reshape(20, 30), (noise - noise.mean()) / noise.std(), atol=1e-12)
    blurred = noise
    for axis in (1, 0):  # length sqrt(2) is s = 1, which reaches 3 cells
        blurred = sum(exp(-d * d / 2) * np.roll(blurred, d, axis) for d in range(-3, 4))
    smooth = field(7, sqrt(2)).reshape(20, 30)
    np.testing.assert_allclose(smooth, (blurred - blurred.mean()) / blurred.std(), atol=1e-12)
    assert not np.allclose(smooth, field(8, sqrt(2)).reshape(20, 30))


LOADED = {
    "places.opportunity": 0.7, "places.offenders": 0.6, "places.exposure": 0.5, "places.disposition": 0.2, "places.smooth_share": 0.36,
}  # fmt: skip


def test_what_places_load_on_by_hand():
    twin, _ = run(0, LOADED, adults=2000)
    place = np.array([0.6 * cell.smooth + 0.8 * cell.own for cell in twin.cells])
    np.testing.assert_allclose([cell.place for cell in twin.cells], place, atol=1e-12)
    own = [twin.parameters.offending.opportunity_log_sd * normals(3, Draw.OPPORTUNITY, 0, c, 0)[0] for c in range(len(twin.cells))]
    np.testing.assert_allclose([cell.opportunity for cell in twin.cells], np.exp(own + 0.7 * place), rtol=1e-12)
    assert [cell.memory for cell in twin.cells] == [cell.opportunity for cell in twin.cells]
    np.testing.assert_allclose([cell.pull for cell in twin.cells], -0.2 * place, atol=1e-12)
    np.testing.assert_allclose([cell.homes_cumulative for cell in twin.cells], np.cumsum(np.exp(0.6 * place)), rtol=1e-12)
    exposures = [exp(twin.parameters.offending.exposure_log_sd * normals(3, Draw.PERSON, 0, i, 0)[2]) for i in range(2000)]
    by_cell = [sum(exposures[i] for i in cell.residents) for cell in twin.cells]
    np.testing.assert_allclose([cell.exposure_cumulative for cell in twin.cells], np.cumsum(np.exp(0.5 * place) * by_cell), rtol=1e-6)


def test_hard_places_have_offenders_victims_stops_and_little_trust():
    loaded = dict.fromkeys(["places.opportunity", "places.offenders", "places.exposure"], 1.0) | {"places.disposition": 0.3}
    twin, _ = run(30, loaded, adults=4000)
    hard = {c for c, cell in enumerate(twin.cells) if cell.place > np.median([cell.place for cell in twin.cells])}
    homes = [o.home in hard for o in twin.offenders if o.origin == 0]
    assert sum(homes) > 2 * (len(homes) - sum(homes))
    for column in ("last_victimized", "last_stop"):
        touched = [c.home in hard for c in twin.citizens if getattr(c, column) >= 0]
        assert sum(touched) > 2 * (len(touched) - sum(touched))
    fairness = [np.mean([c.fairness for c in twin.citizens if (c.home in hard) == side]) for side in (True, False)]
    assert fairness[0] < fairness[1] - 0.1


def test_stated_places_take_the_place_of_drawn_ones():
    cells = 5 * 8
    stated = {"opportunity": [c + 1.0 for c in range(cells)], "exposure": None, "trust": [0.5 if c % 2 else -0.5 for c in range(cells)]}
    twin, _ = run(0, LOADED, adults=2000, width=5, height=8, stated=stated)
    drawn, _ = run(0, LOADED, adults=2000, width=5, height=8)
    for c, (cell, other) in enumerate(zip(twin.cells, drawn.cells, strict=True)):
        assert cell.place == other.place and cell.exposure_cumulative == other.exposure_cumulative
        assert cell.opportunity == pytest.approx((c + 1) * exp(cell.opportunity_own), rel=1e-12)
        assert cell.pull == (0.5 if c % 2 else -0.5)
    moved = np.array([c.fairness - d.fairness for c, d in zip(twin.citizens, drawn.citizens, strict=True)])
    odd = np.array([c.home % 2 == 1 for c in twin.citizens])
    assert moved[odd].min() > 0 > moved[~odd].max()
    change_places(twin)
    assert twin.cells[3].pull == 0.5 and twin.cells[3].place != drawn.cells[3].place
    twin, _ = run(0, LOADED, adults=2000, width=5, height=8, stated={"exposure": [2.0] * cells})
    assert twin.cells[-1].stop_exposure_cumulative == pytest.approx(
        2 * sum(twin.citizens[cell.residents[-1]].stop_exposure_cumulative for cell in twin.cells)
    )


def test_places_change_once_a_year_and_keep_what_a_half_life_leaves():
    twin, _ = run(52, LOADED | {"places.half_life": 104}, adults=2000)  # ticks 0 to 51
    before = [(cell.smooth, cell.own, cell.place, cell.memory, cell.homes_cumulative) for cell in twin.cells]
    homes = [offender.home for offender in twin.offenders]
    assert [cell.own for cell in twin.cells] == [normals(3, Draw.PLACE_OWN, 0, c, 0)[0] for c in range(len(twin.cells))]
    twin.drift()
    for c, (cell, (smooth, own, place, memory, _)) in enumerate(zip(twin.cells, before, strict=True)):
        assert cell.own == pytest.approx(sqrt(0.5) * (own + normals(3, Draw.PLACE_OWN, 52, c, 0)[0]), abs=1e-12)
        assert cell.smooth != smooth and cell.place != place and cell.memory == memory
        assert cell.place == pytest.approx(0.6 * cell.smooth + 0.8 * cell.own, abs=1e-12)
    assert homes == [offender.home for offender in twin.offenders]
    assert twin.cells[-1].homes_cumulative == pytest.approx(sum(exp(0.6 * cell.place) for cell in twin.cells))
    exposures = [exp(0.5 * cell.place) * twin.citizens[cell.residents[-1]].exposure_cumulative for cell in twin.cells]
    np.testing.assert_allclose([cell.exposure_cumulative for cell in twin.cells], np.cumsum(exposures), rtol=1e-12)
    twin.tick = 53
    after = rows(twin)
    twin.drift()
    assert rows(twin) == after


def test_trends_pull_dispositions_and_are_booked_apart_from_drift():
    overrides = {"trust.common_trend": 0.05, "trust.police_trend": 0.02, "trust.climate_weight": 0.25, "trust.relaxation_rate": 0.01}
    twin, _ = run(0, overrides | {"places.disposition": 0.0})
    for _ in range(4):
        twin.drift()
    assert twin.trend == pytest.approx([0.2 / 52, 0.08 / 52], abs=1e-15)
    twin.climate()
    before = [c.effectiveness for c in twin.citizens]
    twin.settle()
    mean = np.mean([c.effectiveness_disposition for c in twin.citizens])
    of_trend = 1000 * 0.01 * 0.75 * (0.28 / 52) * (1 - mean)
    assert twin.ledger["trend"]["effectiveness"] == pytest.approx([of_trend, of_trend], rel=1e-9)
    change = sum(c.effectiveness for c in twin.citizens) - sum(before)
    assert twin.ledger["drift"]["effectiveness"][0] == pytest.approx(change - of_trend, abs=1e-9)


def test_pulled_by_hand():
    assert [pulled(0.4, g) for g in (0.0, 0.5, -0.5)] == pytest.approx([0.4, 0.7, 0.2])


def test_offenders_age_out_and_others_enter():
    twin, _ = run(0, {"offending.exit_rate": 0.02, "places.offenders": 1.0}, adults=4000)
    residents = [k for k, offender in enumerate(twin.offenders) if offender.origin == 0]
    assert all(twin.offenders[k].entered <= 0 <= twin.offenders[k].leaves for k in residents)
    assert np.mean([twin.offenders[k].leaves for k in residents]) == pytest.approx(49.5, abs=4 * 50 / sqrt(len(residents)))
    twin.tick = leaves = max(twin.offenders[k].leaves for k in residents)
    k = next(k for k in residents if twin.offenders[k].leaves == leaves)
    other = twin.offenders[k]
    other.jail_weeks, other.program, other.perceived_risk = 30, 0.5, 0.9
    twin.age()
    new = twin.offenders[k]
    assert (new.identity, new.jail_weeks, new.program, new.entered, new.origin) == (1, 0, 0.0, leaves, 0)
    assert new.perceived_risk == twin.parameters.deterrence.prior_risk and new.home == new.cell
    mark = uniforms(3, Draw.ENTRANT, leaves, k, 0)[0] * sum(exp(cell.place) for cell in twin.cells)
    assert sum(exp(cell.place) for cell in twin.cells[: new.home]) <= mark < sum(exp(cell.place) for cell in twin.cells[: new.home + 1])
    o = twin.parameters.offending
    z = normals(3, Draw.ENTRANT, leaves, k, 1)[0]
    assert new.propensity == pytest.approx(exp(o.propensity_log_mean + o.propensity_log_sd * z), rel=1e-12)
    assert new.leaves == leaves + 1 + int(-log(uniforms(3, Draw.ENTRANT, leaves, k, 2)[0]) / 0.02)
    assert twin.years_of_age(new) == o.entry_age
    twin.tick += 26
    assert twin.years_of_age(new) == o.entry_age + 0.5


def test_a_closed_pool_stays_and_an_officer_who_turned_ages_out_for_good():
    twin, _ = run(60, {"offending.exit_rate": 0.0})
    assert all((o.identity, o.entered, o.leaves) == (0, 0, 30_000) for o in twin.offenders if o.origin == 0)
    turned, idle = twin.offenders[-1], twin.offenders[-2]
    turned.propensity, turned.program, turned.jail_weeks, turned.leaves = 0.1, 0.3, 20, 60
    before = asdict(idle)
    twin.age()
    assert (turned.propensity, turned.program, turned.jail_weeks, turned.leaves) == (0.0, 0.0, 0, 30_000)
    assert (turned.origin, turned.identity) == (1, 0)
    assert asdict(idle) == before


def test_a_program_fades_and_does_not_multiply():
    overrides = {"justice.diversion_share": 1.0, "justice.reoffending": 0.6, "justice.program_half_life": 26, "justice.youth_age": 100}
    twin, _ = run(0, overrides)
    offender, crime = twin.offenders[0], Crime(victim=1, hearing=True, reported=True, solved=True)
    propensity = offender.propensity
    twin.workload()
    twin.arrest(0, crime)
    assert (offender.program, offender.propensity, offender.jail_weeks) == (pytest.approx(0.4), propensity, 0)
    free = twin.chance_of_crime(offender, 0.0, 0, 0.0)
    assert free == pytest.approx(1 - exp(-0.6 * propensity), abs=1e-15)
    twin.arrest(0, crime)
    assert offender.program == pytest.approx(0.4)  # a second hearing adds nothing
    for _ in range(26):
        twin.learn()
    assert offender.program == pytest.approx(0.2)
    twin.arrest(0, crime)
    assert offender.program == pytest.approx(0.4)
    entry_age, counts = twin.parameters.offending.entry_age, twin.counts
    for weeks, diverted in ((52 * (100 - entry_age) - 1, 1), (52 * (100 - entry_age), 0)):  # a week before, and on, the birthday
        counts["diverted"], offender.entered = 0, -weeks
        twin.arrest(0, crime)
        assert counts["diverted"] == diverted
    assert offender.jail_weeks == int(twin.parameters.justice.sanction_weeks + 0.5)


def test_an_arrest_is_conducted_as_the_force_is_and_worse_where_it_is_hard_to_live():
    twin, _ = run(0, {"conduct.by_place": 1.0, "training.honesty_share": 0.5})
    for officer in twin.officers:
        officer.conduct, officer.honesty, officer.training = 0.2, 0.6, 0.8
    twin.workload()
    twin.cells[twin.offenders[0].home].place = 0.5
    conducts = np.zeros(3)
    for twin.tick in range(400):
        twin.arrest(0, Crime(victim=1, reported=True, filed=True, solved=True))
        assert twin.offenders[0].last_arrest == twin.tick
        conducts[twin.offenders[0].arrest_conduct] += 1
    honest, courteous = 1 / (1 + exp(-(0.6 + 0.4 - 0.5))), 1 / (1 + exp(-(0.2 + 0.8 - 0.5)))
    assert conducts / 400 == pytest.approx([1 - honest, honest * (1 - courteous), honest * courteous], abs=4 * 0.025)


def test_only_the_young_are_diverted_and_only_the_known_are_heard():
    overrides = {"justice.hearing_share": 1.0, "justice.resolution": 1.0, "justice.diversion_share": 1.0}
    twin, heard, diverted = run(0, overrides | {"justice.known_share": 0.3, "offending.exit_rate": 0.002}, 2000)[0], [], 0
    for _ in range(100):
        twin.week()
        heard += [crime.hearing for crime in twin.crimes if crime.reported and not crime.serious]
        diverted += twin.counts["diverted"]
    assert np.mean(heard) == pytest.approx(0.3, abs=4 * sqrt(0.21 / len(heard)))
    assert 0 < diverted < sum(heard)
    _, counts = run(60, overrides | {"justice.known_share": 1.0, "justice.youth_age": 12}, 2000)
    assert sum(week["hearings"] for week in counts) > 0 == sum(week["diverted"] for week in counts)


def conducts(twin, i, times=400):
    """How one officer treats somebody, in as many encounters."""
    officer, shares = twin.officers[0], np.zeros(3)
    for tick in range(times):
        twin.tick, officer.encounters = tick, 0
        shares[twin.meet(officer, 0, i, 0).conduct] += 1
    return shares / times


def test_hardship_standing_and_record_worsen_conduct_as_much_as_they_say():
    twin, _ = run(0, {"conduct.by_place": 1.0, "conduct.by_standing": 0.5, "conduct.by_record": 0.4, "places.disposition": 0.0})
    home = twin.citizens[500].home
    first = twin.cells[home].first_resident
    twin.cells[home].place = 2.0
    assert twin.disadvantage(first) == pytest.approx(2 + 0.5 * log(twin.citizens[first].stop_exposure_cumulative), abs=1e-6)
    exposure = exp(twin.parameters.encounter.exposure_log_sd * normals(3, Draw.PERSON, 0, 500, 0)[3])
    assert twin.disadvantage(500) == pytest.approx(2 + 0.5 * log(exposure), abs=1e-4)  # 32 bits
    unknown, twin.citizens[500].last_stop, twin.tick = twin.disadvantage(500), 10, 61
    assert twin.disadvantage(500) == pytest.approx(unknown + 0.4)
    twin.tick = 62  # 52 weeks later
    assert twin.disadvantage(500) == unknown


def test_conduct_is_two_dials():
    alike = dict.fromkeys(["conduct.by_place", "conduct.by_standing", "conduct.by_record"], 0.0)
    twin, _ = run(0, alike | {"training.honesty_share": 0.25})
    officer = twin.officers[0]
    officer.conduct, officer.honesty = 0.4, 0.6
    shares = conducts(twin, 500)
    honest = 1 / (1 + exp(-0.6))
    assert shares == pytest.approx([1 - honest, honest * (1 - 1 / (1 + exp(-0.4))), honest / (1 + exp(-0.4))], abs=4 * 0.025)
    officer.training = 4.0  # a course makes nearly all who are not asked for a bribe be treated well, and takes some bribes
    trained = conducts(twin, 500)
    assert trained[1] < 0.03 and trained[0] == pytest.approx(1 / (1 + exp(1.6)), abs=4 * 0.02)
    twin.cells[twin.citizens[500].home].place = 1.0
    twin.parameters = parameters({"conduct.by_place": 3.0, "training.honesty_share": 0.25})
    assert conducts(twin, 500)[0] > trained[0] + 0.3


def test_neutral_contacts_move_and_tell_nothing():
    lenient = {"encounter.felt_if_fair": 3.0, "encounter.felt_if_unfair": 1.0, "encounter.felt_if_corrupt": 1.0}
    twin, _ = run(0, lenient | {"encounter.perception_slope": 0.0, "encounter.neutral_width": 8.0})
    assert twin.felt(2, 0.7) == pytest.approx((1 - 1 / (1 + exp(-3)), 1 / (1 + exp(-3)) - 1 / (1 + exp(5)), 1 / (1 + exp(5))))
    assert sum(twin.felt(1, 0.2)) == pytest.approx(1, abs=1e-15)
    felt = {BAD: 0, NEUTRAL: 0, GOOD: 0}
    for tick in range(200):
        who = twin.citizens[tick]
        before, booked, twin.officers[0].encounters, twin.tick = (who.fairness, who.effectiveness), repr(twin.ledger), 0, tick
        encounter = twin.meet(twin.officers[0], 0, tick, 0)
        felt[encounter.felt] += 1
        moved = (who.fairness - before[0], who.effectiveness - before[1])
        assert (moved == (0, 0)) == (encounter.felt == NEUTRAL) and (max(moved) < 0) == (encounter.felt == BAD)
        assert encounter.felt != NEUTRAL or repr(twin.ledger).replace("-0.0", "0.0") == booked.replace("-0.0", "0.0")
    assert felt[NEUTRAL] > 100 and felt[BAD] > 20
    twin.crimes = []
    for felt_as, heard in ((NEUTRAL, 0), (GOOD, 1), (BAD, 1)):
        twin.counts["heard"], twin.encounters[0] = 0, Encounter(citizen=3, felt=felt_as)
        twin.tell()
        assert bool(twin.counts["heard"]) == heard


def test_neutral_has_no_room_where_the_width_is_0():
    _, counts = run(20, {"encounter.neutral_width": 0.0})
    for week in counts:
        assert week["felt_good"] + week["felt_bad"] == week["stops"] + week["contacts"]


def test_those_who_are_inclined_to_report_do():
    overrides = {"reporting.person_sd": 3.0, "offending.propensity_log_mean": -1.0, "reporting.trust_slope": 0.0}
    twin, reports = run(0, overrides, adults=2000)[0], {True: [], False: []}
    for _ in range(10):
        twin.week()
        for crime in twin.crimes:
            if crime.victim >= 0:
                reports[twin.citizens[crime.victim].reporting_propensity > 0].append(crime.reported)
    assert np.mean(reports[True]) > np.mean(reports[False]) + 0.2
    propensities = np.array([c.reporting_propensity for c in twin.citizens])
    assert abs(propensities.mean()) < 4 / sqrt(2000) and abs(propensities.std() - 1) < 4 / sqrt(4000)


def shares_of_reports(shifted):
    """Share of crimes reported, and of reports with a file and with good treatment, where some institutions differ from the country's."""
    weeks = run(20, dict.fromkeys(shifted, 2.0), adults=2000)[1]
    crimes, reported, filed, treated = (sum(week[name] for week in weeks) for name in ("crimes", "reported", "filed", "well_treated"))
    return {
        "institutions.reporting": reported / crimes,
        "institutions.file": filed / reported,
        "institutions.treatment": treated / reported,
    }


def test_institutions_shift_reporting_files_and_treatment():
    here = shares_of_reports([])
    for name, share in here.items():
        assert shares_of_reports([name])[name] > share + 0.1


def test_chosen_by_exposure():
    twin, _ = run(0, {"places.exposure": 1.0, "encounter.exposure_log_sd": 1.0})
    sums = [[exp(normals(3, Draw.PERSON, 0, i, 0)[3]) for i in cell.residents] for cell in twin.cells]
    weights = np.array([exp(cell.place) * exposure for cell, exposures in zip(twin.cells, sums, strict=True) for exposure in exposures])
    ends, luck = np.cumsum(weights) / weights.sum(), Random(1)
    for _ in range(500):
        u = luck.random()
        i = twin.chosen_by_exposure("stop_exposure_cumulative", u)
        assert i == np.searchsorted(ends, u, side="right") or abs(ends[i] - u) < 1e-6 or abs(ends[i - 1] - u) < 1e-6
        here = twin.cells[7].residents
        j = twin.resident_by_exposure("stop_exposure_cumulative", 7, u)
        assert j == here[np.searchsorted(np.cumsum(sums[7]) / sum(sums[7]), u, side="right")]
    assert twin.chosen_by_exposure("exposure_cumulative", 1 - 2**-53) == 999
    load_places(twin)
    total = twin.cells[-1].exposure_cumulative
    sum_exposures(twin)
    assert twin.cells[-1].exposure_cumulative == total  # made anew of the same it is the same
