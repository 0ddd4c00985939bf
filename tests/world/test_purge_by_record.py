"""A purge by record: whom it flags, written once more in plain Python, week by week; what it finds; and when it does nothing."""

import dataclasses
import random

import numpy as np
import pytest

from sim.errors import InputError
from sim.inputs.scenario import CitySize, Scenario
from sim.measures import MEASURES
from sim.measures.harvest import columns as run_columns
from sim.measures.harvest import lived
from sim.world.luck import uniforms
from sim.world.reforms import Purge
from sim.world.rng import Draw
from sim.world.simulation import Simulation, columns

pytestmark = pytest.mark.compiled  # the many runs of whole cities need the speed
FORCE = Scenario(  # of some 280 officers who come and go, differ and are complained about
    name="force", city=CitySize(adults=10_000, officers_per_1000_inhabitants=20.0), weeks=60, spin_up_weeks=156,
    parameters={
        "encounter.complaint_probability": 0.3, "staffing.turnover_rate": 0.004, "conduct.contagion_weight": 0.0, "conduct.officer_sd": 1.0,
    },
)  # fmt: skip
RECORD = Purge(start=0, flag_by="record", follow_through=1.0, months=1, record_half_years=2, record_share=0.2)


def run(reform=None, seed=1, weeks=1, scenario=FORCE) -> Simulation:
    """The force under a purge or under none."""
    simulation = Simulation(scenario.with_(interventions=[reform] if reform else []), seed)
    simulation.advance(weeks)
    return simulation


def same(one: Simulation, other: Simulation) -> bool:
    """Are two cities the same in every bit of every column?"""
    return all(np.array_equal(mine, theirs) for mine, theirs in zip(columns(one.city).values(), columns(other.city).values(), strict=True))


def on_file(simulation: Simulation) -> list[tuple[int, int]]:
    """Complaints and holder of each post."""
    officers = simulation.city.officers
    return list(zip(officers.complaints.tolist(), officers.identity.tolist(), strict=True))


def history(seed, start):
    """By week, what each post has on file and who holds it, noted week by week; and the city in the week of the start."""
    simulation, noted = Simulation(FORCE, seed, spin_up=False), {}
    while simulation.week < start:
        noted[simulation.week] = on_file(simulation)
        simulation.advance(1)
    noted[start] = on_file(simulation)
    return noted, simulation


def flagged_naively(noted, simulation, reform):
    """The posts that the text of docs/model.md flags, and those that it examines."""
    now, officers = reform.start, simulation.city.officers
    close = now - now % 26
    opened, listed, young = close - 26 * reform.record_half_years, [], set()
    for post, (_, who) in enumerate(noted[now]):
        if not officers.active[post]:
            continue
        (at_close, holder), (before, held) = noted[close][post], noted[opened][post]
        number = 0 if holder != who else at_close - before if held == who else at_close
        lot = float(uniforms(simulation.people, Draw.VETTING, np.array([post]), np.array([who]))[0])
        listed.append((-number, lot, post))
        if reform.tenure_half_years is None or noted[max(close - 26 * reform.tenure_half_years, min(noted))][post][1] != who:
            young.add(post)
    worst = sorted(listed)[: int(reform.record_share * len(listed) + 0.5)]
    return {post for number, _, post in worst if number < 0} & young, young


@pytest.mark.parametrize("case", range(8))
def test_it_flags_whom_plain_python_flags(case):
    luck = random.Random(case)
    reform = dataclasses.replace(
        RECORD, start=luck.choice((0, 3, 26, 31, -20)),
        record_half_years=luck.choice((1, 2, 4)), record_share=luck.choice((0.05, 0.3, 1.0)),
        tenure_half_years=luck.choice((None, 1, 3, 40)),
    )  # fmt: skip
    noted, before = history(case, reform.start)
    flagged, examined = flagged_naively(noted, before, reform)
    simulation = Simulation(FORCE.with_(interventions=[reform]), case, spin_up=False)
    simulation.advance(reform.start + FORCE.spin_up_weeks)
    simulation.intervene()
    assert set(np.flatnonzero(before.city.officers.active > simulation.city.officers.active)) == flagged
    ((tick, (number, unfit, caught, right)),) = simulation.examined.items()
    corrupt = 1 / (1 + np.exp(before.city.officers.honesty))
    assert tick == reform.start + FORCE.spin_up_weeks and (number, caught) == (len(examined), len(flagged))
    assert unfit == sum(corrupt[list(examined)] > reform.unfit_above) and right == sum(corrupt[list(flagged)] > reform.unfit_above)
    assert flagged or reform.record_share == 0.05 or reform.tenure_half_years == 1


def test_a_longer_record_finds_more_of_the_unfit():
    """In the mean of several cities; how many are flagged is the same, and beside a coin all are better."""
    found = {}
    for half_years in (1, 2, 6):
        reform = dataclasses.replace(RECORD, record_half_years=half_years)
        examined = sum(next(iter(run(reform, seed).examined.values())) for seed in range(6))
        found[half_years] = examined[3] / examined[1], examined[2] / examined[0]
    sensitivity, flagged = zip(*found.values(), strict=True)
    assert flagged == pytest.approx([0.2] * 3, abs=0.01) and flagged[0] < sensitivity[0] - 0.1
    assert sensitivity[0] + 0.03 < sensitivity[1] < sensitivity[2] - 0.03 and sensitivity[2] < 1


def test_a_record_of_what_nobody_complains_about_finds_nobody_and_costs_nothing():
    silent = FORCE.with_({"encounter.complaint_probability": 0.0})
    simulation = run(RECORD, scenario=silent)
    ((number, unfit, flagged, right),) = simulation.examined.values()
    assert number > unfit > 20 and flagged == right == 0 == simulation.costs["purge"].sum()
    assert same(run(scenario=silent), simulation)


def test_without_follow_through_it_does_nothing_and_examines_nobody():
    baseline, placebo = run(weeks=30), run(dataclasses.replace(RECORD, follow_through=0.0), weeks=30)
    assert same(baseline, placebo)
    assert placebo.examined == {} and placebo.costs["purge"].sum() == 0.0


def test_where_nobody_joins_nobody_is_early_in_the_career():
    early = dataclasses.replace(RECORD, tenure_half_years=3)
    settled = FORCE.with_({"staffing.turnover_rate": 0.0002})
    of_all, of_few, of_none = (next(iter(run(*case).examined.values()))[0] for case in ((RECORD,), (early,), (early, 1, 1, settled)))
    assert of_none < 0.05 * of_all and 0.2 * of_all < of_few < 0.6 * of_all


def test_a_city_that_is_shared_until_the_purge_has_the_files():
    asked = FORCE.with_(interventions=[dataclasses.replace(RECORD, months=3)])
    shared = Simulation(FORCE, 3)
    fork = shared.fork()
    fork.adopt(asked)
    alone = Simulation(asked, 3)
    for life in (shared, fork, alone):
        life.advance(30)
    assert same(fork, alone)
    assert fork.examined.keys() == alone.examined.keys() and len(fork.examined) == 3 and shared.examined == {}
    assert max(shared.files) == 26 and min(shared.files) == -FORCE.spin_up_weeks


def test_what_it_finds_is_a_measure():
    asked = FORCE.with_(interventions=[dataclasses.replace(RECORD, months=2)])
    simulation, found = lived(asked, 1, lambda weeks: None)
    number, unfit, flagged, right = sum(simulation.examined.values())
    values = run_columns(asked, found)
    said = [MEASURES[f"purge_{name}"].of(values) for name in ("sensitivity", "false_alarms", "precision")]
    assert said == pytest.approx([right / unfit, (flagged - right) / (number - unfit), right / flagged]) and 0 < said[2] < 1
    without = run_columns(FORCE, lived(FORCE, 1, lambda weeks: None)[1])
    assert [MEASURES[f"purge_{name}"].of(without) for name in ("sensitivity", "false_alarms", "precision")] == [0, 0, 0]


@pytest.mark.parametrize(("start", "half_years", "back"), [(0, 7, 182), (25, 7, 207), (-30, 5, 152), (10, 6, None), (0, 6, None)])
def test_a_record_older_than_the_city_is_refused(start, half_years, back):
    reform = {"purge": {"start": start, "flag_by": "record", "record_half_years": half_years}}
    if back is None:
        assert FORCE.with_(interventions=[reform]).interventions[0].looks_back == 26 * half_years + start % 26
        return
    with pytest.raises(InputError) as refused:
        FORCE.with_(interventions=[reform])
    assert str(refused.value.message) == f"the record begins in week {start - back}, but the city only in week -156."
    assert "spin_up_weeks" in str(refused.value.remedy) and refused.value.path[-1] == "record_half_years"
