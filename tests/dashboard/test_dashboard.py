"""The live city: arms share their luck, what is done on the way is a scenario that does the same again, and histories are exact."""

import threading
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_arena import ARMS, CITY, stepped

import sim
from sim.dashboard.arena import Arena, Lane
from sim.dashboard.events import Event, events_of, in_force, with_change, with_reform
from sim.dashboard.history import SERIES
from sim.errors import InputError
from sim.inputs.scenario import load_scenario
from sim.world.reforms import REFORMS as REFORMS_KNOWN
from sim.world.reforms import CivicJustice, CommunityPolicing, Purge, Training
from sim.world.reforms.common import lever, start_lever
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation, columns

pytestmark = pytest.mark.compiled


def again(arena: Arena, arm: str) -> Simulation:
    """The arm's scenario, run from its start by itself, week by week."""
    run = Simulation(arena.scenario_of(arm), replicate_seed(arena.seed, 0), spin_up=False)
    while run.week < arena.week:
        run.advance(1)
    return run


def assert_same(one: Simulation, other: Simulation) -> None:
    left, right = columns(one.city), columns(other.city)
    assert [name for name in left if not np.array_equal(left[name], right[name])] == []
    assert all(np.array_equal(mine, its) for mine, its in zip(one.record, other.record, strict=True))
    assert one.surveys == other.surveys
    assert one.costs.keys() == other.costs.keys()
    assert all(np.array_equal(cost, other.costs[name]) for name, cost in one.costs.items())


# --- What is done on the way is a scenario

one_of = st.sampled_from
REFORMS = {
    "training": {"coverage": one_of([0.0, 0.3, 0.9]), "every": one_of([None, 4]), "messages_every": one_of([None, 2])},
    "purge": {"follow_through": one_of([0.3, 1.0]), "months": one_of([1, 6]), "recruits_offset": one_of([0.0, 0.5])},
    "community_policing": {"share": one_of([0.0, 0.2, 0.7]), "until": one_of([None, 30])},
    "civic_justice": {"share": one_of([0.2, 0.9])},
}
DOSES = [st.tuples(st.just(name), st.none() | st.fixed_dictionaries({}, optional=levers)) for name, levers in REFORMS.items()]
VALUES = st.sampled_from(
    [("encounter.stop_rate", 1.0), ("encounter.stop_rate", 4.0), ("trust.effectiveness_weight", 0.2), ("response.capacity", 0.6)]
)
ACTIONS = st.lists(st.tuples(st.integers(0, 5), st.one_of(VALUES, *DOSES)), max_size=8)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(actions=ACTIONS, spin_up=st.sampled_from([0, 6]), seed=st.integers(0, 2**63 - 1))
def test_an_arm_can_be_had_again_bit_for_bit(actions, spin_up, seed):
    arena = Arena(CITY.with_(spin_up_weeks=spin_up, weeks=12), ARMS, seed=seed)  # it is played beyond its horizon
    for weeks, (name, wanted) in actions:
        stepped(arena, weeks)
        if isinstance(wanted, float):
            arena.set_parameter(name, wanted)
        else:
            arena.dose("course", name, wanted)
    stepped(arena, 3)
    for arm in arena.lanes:
        assert_same(arena.lanes[arm].simulation, again(arena, arm))


def test_a_run_of_the_saved_file_is_what_was_seen(tmp_path):
    arena = stepped(Arena(CITY, ARMS), 10)
    arena.dose("course", "training", {"coverage": 0.3})
    arena.set_parameter("encounter.stop_rate", 4)
    stepped(arena, 12)
    arena.dose("course", "training", None)
    stepped(arena, 18)
    scenario = load_scenario(arena.save("course", "mine", tmp_path))
    assert scenario.name == "small: course" and scenario.weeks == 40
    found = sim.run(scenario).dataset.isel(replicate=0)
    city = arena.lanes["course"].simulation.city
    assert found.trust_map.size == city.cells.climate.size and np.array_equal(found.crimes.values[-1], int(found.crimes.values[-1]))
    assert np.array_equal(found.mean_trust.values[5:], arena.series("trust", "course"))
    assert found.money_spent.values.sum() == pytest.approx(arena.series("cost", "course")[-1])


def test_what_is_done_is_dated():
    arena = stepped(Arena(CITY, ARMS), 3)
    arena.set_parameter("encounter.stop_rate", 4.0)
    arena.dose("course", "training", {"coverage": 0.4})
    arena.dose("baseline", "civic_justice", {})
    stepped(arena, 2)
    arena.dose("course", "training", None)
    arena.dose("beats", "community_policing", None)
    assert arena.lanes["course"].events == (
        Event(0, "on", "training", 0.8), Event(3, "on", "training", 0.4), Event(3, "set", "encounter.stop_rate", 4.0),
        Event(5, "off", "training"),
    )  # fmt: skip
    first, second = arena.scenario_of("course").interventions
    assert first == Training(start=0, coverage=0.8, every=8, messages_every=3, until=3)
    assert second == Training(start=3, coverage=0.4, every=8, messages_every=3, until=5)  # what is not said stays as it is
    assert arena.scenario_of("baseline").interventions == (CivicJustice(start=3),)
    assert arena.scenario_of("beats").interventions[0].until == 5
    assert arena.lanes["course"].reforms == {} and list(arena.lanes["baseline"].reforms) == ["civic_justice"]
    assert arena.values()["encounter.stop_rate"] == 4.0


def test_a_reform_that_is_still_to_come_can_be_called_off_or_brought_forward():
    scenario = CITY.with_(interventions=[CommunityPolicing(start=20, share=0.5, until=30)])
    assert with_reform(scenario, 10, "community_policing", None).interventions == ()
    assert with_reform(scenario, 10, "community_policing", {}).interventions == (CommunityPolicing(start=10, share=0.5, until=30),)
    over = with_reform(scenario, 35, "community_policing", {"share": 0.1}).interventions
    assert over == (*scenario.interventions, CommunityPolicing(start=35, share=0.1))  # what is over has left no levers behind


def test_what_ends_and_begins_in_one_week_begins_with_its_defaults():
    ended = with_reform(CITY.with_(interventions=[Training(start=0, coverage=0.4, every=8)]), 5, "training", None)
    again = with_reform(ended, 5, "training", {}).interventions
    assert again == (Training(start=0, coverage=0.4, every=8, until=5), Training(start=5))


def test_a_reform_of_ones_own_that_has_no_end_cannot_be_ended(monkeypatch):
    @dataclass(frozen=True, kw_only=True)
    class Signs:
        start: int = start_lever()
        many: float = lever(1.0, 0, 9, "signs", "How many there are.")
        dose: ClassVar[str] = "many"

        def due(self, horizon):
            return [self.start]

        def settings(self, week):
            return {}

    monkeypatch.setitem(REFORMS_KNOWN, "signs", Signs)
    scenario = CITY.model_copy(update={"interventions": (Signs(start=2),)})
    assert events_of(scenario) == (Event(2, "on", "signs", 1.0),) and list(in_force(scenario, 500)) == ["signs"]
    with pytest.raises(InputError, match="it has no lever 'until'"):
        with_reform(scenario, 5, "signs", None)


def test_a_value_that_is_taken_back_in_the_same_week_leaves_no_trace():
    baseline = CITY.values().encounter.stop_rate
    changed = with_change(CITY, 5, "encounter.stop_rate", 4.0)
    assert changed.changes[0].set == {"encounter.stop_rate": 4.0}
    assert with_change(changed, 5, "encounter.stop_rate", baseline).changes == ()
    assert with_change(changed, 6, "encounter.stop_rate", baseline).changes[1].set == {"encounter.stop_rate": baseline}


def test_a_change_takes_effect_from_the_coming_week_on():
    calm, busy = (stepped(Arena(CITY), 5) for _ in range(2))
    busy.set_parameter("encounter.stop_rate", 6.0)
    for arena in (calm, busy):
        stepped(arena, 5)
    stops = [arena.lanes["baseline"].simulation.record.counts[:, 7] for arena in (calm, busy)]
    assert np.array_equal(stops[0][: 6 + 5], stops[1][: 6 + 5])
    assert (stops[1][6 + 5 :] > 2 * stops[0][6 + 5 :]).all()


@pytest.mark.parametrize(
    "reform", [Training(start=0, every=4, messages_every=3), Purge(start=0, months=8), CommunityPolicing(start=0), CivicJustice(start=0)]
)
def test_a_reform_that_was_ended_costs_nothing_more(reform):
    name = {Training: "training", Purge: "purge", CommunityPolicing: "community_policing", CivicJustice: "civic_justice"}[type(reform)]
    arena = stepped(Arena(CITY.with_({"justice.known_share": 1.0}), {"arm": [reform]}), 20)  # else few are heard in so small a city
    arena.dose("arm", name, None)
    stepped(arena, 20)
    cost = arena.series("cost", "arm")
    assert cost[20] > 0 and cost[40] == cost[20] and arena.lanes["arm"].reforms == {}


def test_recruits_meet_the_old_standards_when_a_purge_has_ended():
    scenario = CITY.with_(interventions=[Purge(start=0, recruits_offset=1.0, until=8)])
    run = Simulation(scenario, 1)
    offsets = []
    for _ in range(12):
        run.advance(1)
        offsets.append(run.parameters.staffing.recruit_conduct_offset)
    assert offsets == [1.0] * 8 + [CITY.values().staffing.recruit_conduct_offset] * 4


def test_a_run_adopts_no_scenario_with_another_past():
    run = Simulation(CITY, 1)
    run.advance(5)
    for other in (
        CITY.with_(adults=1300), CITY.with_({"encounter.stop_rate": 3.0}), CITY.with_(spin_up_weeks=7),
        CITY.with_(interventions=[Purge(start=4)]), with_change(CITY, 4, "encounter.stop_rate", 3.0),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="already happened"):
            run.adopt(other)
    run.adopt(with_change(CITY, 5, "encounter.stop_rate", 3.0).with_(interventions=[Purge(start=5)]))


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (lambda arena: arena.set_parameter("encounter.stop_rat", 3.0), "there is no parameter 'encounter.stop_rat'"),
        (lambda arena: arena.set_parameter("encounter.stop_rate", 1e9), "'encounter.stop_rate' must be a number from"),
        (lambda arena: arena.set_parameter("encounter.stop_rate", "3"), "but is the text '3'"),
        (lambda arena: arena.set_parameter("trust.fairness_disposition_mean", 0.5), "read only while the city is built"),
        (lambda arena: arena.dose("course", "trainings", {}), "there is no reform 'trainings'"),
        (lambda arena: arena.dose("course", "trainings", None), "there is no reform 'trainings'"),
        (lambda arena: arena.dose("course", "training", {"coverage": 2}), "'training.coverage' must be a number from 0 to 1"),
        (lambda arena: arena.dose("course", "training", {"cover": 1}), "'training' has no lever 'cover'"),
        (lambda arena: arena.dose("course", "training", {"start": 3}), "'training.start' cannot be chosen"),
        (lambda arena: arena.dose("course", "training", {"until": 2}), "must come after its start in week 2"),
        (lambda arena: arena.dose("elsewhere", "training", {}), "there is no arm 'elsewhere'"),
        (lambda arena: arena.citizen("course", 1200), "must be a whole number from 0 to 1,199, but is 1,200"),
        (lambda arena: arena.cell("course", -1), "must be a whole number from 0 to"),
        (lambda arena: arena.cell("course", 1.5), "must be a whole number from 0 to"),
        (lambda arena: Arena(CITY, {"baseline": ARMS["course"]}), "the arm 'baseline' is always there"),
        (lambda arena: Arena(CITY, seed=-1), "'seed' must be a whole number from 0"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(do, said):
    arena = stepped(Arena(CITY, ARMS), 2)
    before = [arena.scenario_of(arm) for arm in arena.lanes]
    with pytest.raises(InputError, match=said):
        do(arena)
    assert [arena.scenario_of(arm) for arm in arena.lanes] == before


def test_events_of_a_scenario_leave_out_what_has_no_dose():
    scenario = CITY.with_(interventions=[CommunityPolicing(start=2, share=0.0, until=9), Purge(start=3)])
    assert events_of(scenario) == (Event(3, "on", "purge", 0.4),)


# --- Arms


def test_arms_differ_only_by_their_reforms():
    arena = stepped(Arena(CITY, {"none": [Training(start=0, coverage=0.0)], "later": [CommunityPolicing(start=10)]}), 10)
    for name in SERIES:
        assert not np.nan_to_num(arena.difference(name, "none")).any() and not np.nan_to_num(arena.difference(name, "later")).any()
    stepped(arena, 10)
    assert arena.difference("trust", "later")[-1] != 0.0 and not arena.difference("trust", "none").any()


def test_without_arms_the_scenario_has_its_own_reforms_and_with_arms_the_baseline_has_none():
    scenario = CITY.with_(interventions=[Purge(start=0)])
    assert list(Arena(scenario).lanes) == ["baseline"] and list(Arena(scenario).lanes["baseline"].reforms) == ["purge"]
    arena = Arena(scenario, ARMS)
    assert list(arena.lanes) == ["baseline", "course", "beats"] and arena.lanes["baseline"].reforms == {}


def test_two_arenas_live_at_once():
    one, other = Arena(CITY, ARMS, seed=1), Arena(CITY, ARMS, seed=1)
    one.dose("baseline", "purge", {"follow_through": 1.0, "flag_by": "both", "months": 1})
    stepped(one, 12)
    assert other.week == 0 and other.lanes["baseline"].events == ()
    stepped(other, 12)
    assert_same(one.lanes["course"].simulation, other.lanes["course"].simulation)
    assert one.series("trust", "baseline")[-1] != other.series("trust", "baseline")[-1]


def test_mesa_counts_the_weeks():
    arena = stepped(Arena(CITY), 4)
    assert (arena.week, arena.steps, arena.running, arena.weeks.tolist()) == (4, 4, True, [0, 1, 2, 3, 4])


def test_after_100_years_time_stands_still(monkeypatch):
    arena = Arena(CITY)
    monkeypatch.setattr(Lane, "step", lambda lane: pytest.fail("a week was run"))
    arena.lanes["baseline"].simulation.tick = 5200 + CITY.spin_up_weeks
    arena.step()
    assert not arena.running


def test_somebody_may_click_while_time_goes_on():
    arena = Arena(CITY, ARMS)
    player = threading.Thread(target=stepped, args=(arena, 40))
    player.start()
    done = 0
    while player.is_alive() or done < 3:
        arena.dose("course", "training", {"coverage": 0.1 * (done % 9)})
        arena.citizen("course", done % 1200)
        done += 1
    player.join()
    assert_same(arena.lanes["course"].simulation, again(arena, "course"))
