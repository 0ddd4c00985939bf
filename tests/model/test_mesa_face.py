"""Whatever Mesa offers to change a city either changes its columns or is refused with what to do instead."""

import copy
import inspect
import pickle

import mesa
import numpy as np
import pytest
from mesa.agent import AgentSet
from mesa.discrete_space import CellAgent

import sim
from sim.errors import InputError
from sim.grid import Place, Streets
from sim.inputs.scenario import CitySize, Scenario
from sim.rows import Column, People, Row
from sim.world.limits import limits
from sim.world.simulation import columns

CITY = Scenario(name="small", city=CitySize(adults=1000, officers_per_1000_inhabitants=20.0), weeks=12, spin_up_weeks=4)
KINDS = (sim.Citizen, sim.Officer, sim.Offender)


@pytest.fixture
def model():
    return sim.Model(CITY, rng=3)


def one(model, kind=None, row=1):
    return model.agents_by_type[kind or sim.Officer][row]


def elsewhere(agent):
    """A cell of the city where the agent is not."""
    return next(cell for cell in agent.model.grid if cell is not agent.cell)


def state(model):
    """All that a refusal must leave as it is: columns, sets, and who is where."""
    people = [[repr(agent) for agent in agents] for agents in (model.agents, *model.agents_by_type.values())]
    places = [sorted(repr(agent) for agent in cell.agents) for cell in model.grid]
    return {name: column.tobytes() for name, column in columns(model.city).items()}, people, places, model.week


REFUSED = {
    "officer.remove": (lambda m: one(m).remove(), r"Officer\(1\) cannot be removed(?s:.*)officer.active = 0(?s:.*)a purge"),
    "citizen.remove": (lambda m: one(m, sim.Citizen).remove(), r"Citizen\(1\) cannot be removed(?s:.*)city.adults"),
    "offender.remove": (lambda m: one(m, sim.Offender).remove(), r"Offender\(1\) cannot be removed(?s:.*)offender.propensity = 0"),
    "create_agents": (lambda m: sim.Officer.create_agents(m, 3), r"no Officer beyond(?s:.*)city.officers_per_1000_inhabitants"),
    "create_agents rows": (lambda m: sim.Offender.create_agents(m, 2, [0, 1]), r"no Offender beyond(?s:.*)city.offenders_share"),
    "from_dataframe": (lambda m: sim.Officer.from_dataframe(m, None), "no Officer beyond"),
    "a second name": (lambda m: sim.Citizen(m, 0), r"no Citizen beyond(?s:.*)city.adults"),
    "a row too many": (lambda m: sim.Officer(m, 10**6), "no Officer beyond"),
    "register_agent": (lambda m: m.register_agent(one(m)), "no Officer beyond"),
    "deregister_agent": (lambda m: m.deregister_agent(one(m)), "cannot be removed"),
    "remove_all_agents": (lambda m: m.remove_all_agents(), "agents of a city cannot be removed"),
    "agents.add": (lambda m: m.agents.add(one(m)), "no Officer beyond"),
    "agents.add another thing": (lambda m: m.agents.add(3), "cannot be changed in place"),
    "agents.discard": (lambda m: m.agents.discard(one(m)), r"cannot be changed in place(?s:.*)To dismiss(?s:.*)select\(...\)"),
    "agents.remove": (lambda m: m.agents.remove(one(m)), "cannot be changed in place"),
    "agents.pop": (lambda m: m.agents.pop(), "cannot be changed in place"),
    "agents.clear": (lambda m: m.agents.clear(), "cannot be changed in place"),
    "agents |=": (lambda m: m.agents.__ior__([one(m)]), "no Officer beyond"),
    "agents &=": (lambda m: m.agents.__iand__(AgentSet([one(m)])), "cannot be changed in place"),
    "agents -=": (lambda m: m.agents.__isub__([one(m)]), "cannot be changed in place"),
    "agents ^=": (lambda m: m.agents.__ixor__([one(m)]), "cannot be changed in place"),
    "select inplace": (lambda m: m.agents.select(lambda agent: False, inplace=True), r"in place(?s:.*)Take what select\(...\) gives"),
    "shuffle inplace": (lambda m: m.agents.shuffle(inplace=True), r"changed in place(?s:.*)Take what shuffle\(...\) gives"),
    "sort inplace": (lambda m: m.agents.sort("row", inplace=True), r"changed in place(?s:.*)Take what sort\(...\) gives"),
    "of a class": (lambda m: m.agents_by_type[sim.Officer].shuffle(inplace=True), "changed in place"),
    "agents.set": (lambda m: m.agents.set("fairness", 0.5), "has no column 'fairness'"),
    "agents_by_type.set": (lambda m: m.agents_by_type[sim.Officer].set("rank", 1), "has no column 'rank'"),
    "a misspelled column": (lambda m: setattr(one(m), "condct", 1.0), r"no column 'condct'(?s:.*)Did you mean 'conduct'"),
    "notes": (lambda m: setattr(one(m), "visited", True), r"no column 'visited'(?s:.*)a dict by officer.row"),
    "a verb": (lambda m: setattr(one(m), "patrol", print), "'patrol' of Officer cannot be written"),
    "trust": (lambda m: setattr(one(m, sim.Citizen), "trust", 1.0), r"'trust' of Citizen cannot be written(?s:.*)fairness"),
    "exposure": (lambda m: setattr(one(m, sim.Citizen), "exposure", 1.0), "'exposure' of Citizen cannot be written"),
    "row": (lambda m: setattr(one(m), "row", 0), "'row' of Officer cannot be written"),
    "model": (lambda m: setattr(one(m), "model", None), "'model' of Officer cannot be written"),
    "unique_id": (lambda m: setattr(one(m), "unique_id", 7), "'unique_id' of Officer cannot be written"),
    "pos": (lambda m: setattr(one(m), "pos", (1, 1)), "'pos' of Officer cannot be written"),
    "del": (lambda m: delattr(one(m), "conduct"), "'conduct' of Officer cannot be written"),
    "half an officer": (lambda m: setattr(one(m), "active", 0.5), "'active' of .* whole number from 0 to 1, but is 0.5"),
    "too much trust": (lambda m: setattr(one(m, sim.Citizen), "fairness", 1.5), "from 0 to 1, but is 1.5"),
    "nan": (lambda m: setattr(one(m, sim.Citizen), "fairness", float("nan")), "but is nan"),
    "a text": (lambda m: setattr(one(m), "conduct", "good"), "but is the text 'good'"),
    "no such squad": (lambda m: setattr(one(m), "squad", 10**4), "'squad' of .* whole number from 0 to"),
    "no such home": (lambda m: setattr(one(m, sim.Offender), "home", -1), "'home' of .* whole number from 0 to"),
    "move to nowhere": (lambda m: one(m).move_to(None), "cell of its own city's grid"),
    "move to another city": (lambda m: one(m).move_to(sim.Model(CITY, rng=4).grid[(0, 0)]), "cell of its own city's grid"),
    "a citizen moves": (lambda m: one(m, sim.Citizen).move_to(elsewhere(one(m, sim.Citizen))), "home cell is fixed"),
    "a citizen leaves": (lambda m: setattr(one(m, sim.Citizen), "cell", None), "home cell is fixed"),
    "cell.add_agent": (lambda m: elsewhere(one(m)).add_agent(one(m)), r"would not change the city(?s:.*)move_to"),
    "cell.remove_agent": (lambda m: one(m).cell.remove_agent(one(m)), r"would not change the city(?s:.*)move_to"),
    "cell.connect": (lambda m: m.grid[(0, 0)].connect(m.grid[(1, 1)]), r"would not change the city(?s:.*)city.adults"),
    "cell.disconnect": (lambda m: m.grid[(0, 0)].disconnect(m.grid[(1, 1)]), "would not change the city"),
    "cell.capacity": (lambda m: setattr(m.grid[(0, 0)], "capacity", 1), "A cell has no capacity"),
    "grid.add_cell": (lambda m: m.grid.add_cell(Place((99, 99))), "cells of a city's grid and their neighbors are fixed"),
    "grid.remove_cell": (lambda m: m.grid.remove_cell(m.grid[(0, 0)]), "are fixed"),
    "grid.add_connection": (lambda m: m.grid.add_connection(m.grid[(0, 0)], m.grid[(1, 1)]), "are fixed"),
    "grid.remove_connection": (lambda m: m.grid.remove_connection(m.grid[(0, 0)], m.grid[(1, 1)]), "are fixed"),
    "copy of an agent": (lambda m: copy.copy(one(m)), r"cannot be copied(?s:.*)copy.deepcopy\(model\)"),
    "deepcopy of an agent": (lambda m: copy.deepcopy(one(m)), "cannot be copied"),
    "deepcopy of agents": (lambda m: copy.deepcopy(m.agents), "cannot be copied"),
    "reset_rng": (lambda m: m.reset_rng(5), r"luck cannot be reset(?s:.*)numpy.random.default_rng"),
    "reset_randomizer": (lambda m: m.reset_randomizer(5), "luck cannot be reset"),
    **{
        f"model.{name}": (lambda m, name=name: setattr(m, name, 5), f"'{name}' of a model cannot be set")
        for name in (
            "rng", "random", "seed", "scenario", "parameters", "simulation", "city", "record", "surveys", "week", "mean_trust", "agents",
            "agents_by_type", "agent_types", "grid", "space",
        )
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def untouched():
    """A city that refuses all that is asked of it, and its state."""
    model = sim.Model(CITY, rng=3)
    return model, state(model)


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_only_seem_to_change_the_city_is_refused_and_changes_nothing(untouched, what):
    do, message = REFUSED[what]
    model, before = untouched
    with pytest.raises(InputError, match=message) as caught:
        do(model)
    assert caught.value.remedy or "must be" in str(caught.value)
    assert state(model) == before


def test_after_all_refusals_the_city_goes_on_as_if_nobody_had_asked(model):
    for do, message in REFUSED.values():
        with pytest.raises(InputError, match=message):
            do(model)
    alone = sim.Model(CITY, rng=3)
    model.step(), alone.step()
    assert state(model) == state(alone)


def test_sets_by_class_cannot_be_exchanged(model):
    with pytest.raises(TypeError, match="does not support item assignment"):
        model.agents_by_type[sim.Officer] = []


def test_what_a_model_shows_is_tried_above():
    """A property that is added to the model, or a way to change things that a newer Mesa adds, has to be listed here."""
    shown = {name for kind in sim.Model.__mro__[:-1] for name, value in vars(kind).items() if isinstance(value, property)}
    assert {name for name in shown if not name.startswith("_")} <= {what.removeprefix("model.") for what in REFUSED}
    harmless = {"do", "shuffle_do", "map", "agg", "get", "groupby", "to_list", "index", "count", "isdisjoint", "copy", "random"}
    verbs = {name for name in dir(People) if not name.startswith("_")}
    assert verbs - harmless <= {what.removeprefix("agents.").split()[0] for what in REFUSED}
    ours = {"row", "rows_of", "act", "follow", "check_cell", "no_column", "no_more", "table", "place", "moving", "size", "end"}
    own = {
        "cell",
        "move_to",
        "move_relative",
        "step",
        "advance",
        "random",
        "rng",
        "scenario",
        "remove",
        "create_agents",
        "from_dataframe",
    } | ours
    assert {name for name in dir(Row) if not name.startswith("_")} <= own
    changing = {name for name, value in inspect.getmembers(Streets, inspect.isfunction) if name.startswith(("add_", "remove_"))}
    assert changing - {"add_property_layer", "remove_property_layer"} <= {what.removeprefix("grid.") for what in REFUSED}


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_of_a_table_is_an_attribute_that_can_be_written_within_its_range(model, kind):
    agent = one(model, kind)
    known = {name for name, value in vars(kind).items() if isinstance(value, Column)}
    others = {sim.Citizen: {"home", "exposure_cumulative", "stop_exposure_cumulative"}, sim.Officer: {"cell"}, sim.Offender: {"cell"}}[kind]
    assert known | others == set(agent.rows_of._fields)
    for name in sorted(known):
        low, high = limits(model.city, f"{kind.table}.{name}")
        for value in (low, high, np.int32(1)):
            setattr(agent, name, value)
            assert getattr(agent, name) == getattr(agent.rows_of, name)[agent.row] == value
        for value in (low - 1, high + 1, float("inf"), None, "1", [0.5]):
            with pytest.raises(InputError, match=f"'{name}' of .* must be a"):
                setattr(agent, name, value)
        assert getattr(agent, name) == 1


def test_the_ranges_hold_what_the_model_itself_writes(model):
    model.run(8)
    for agent in model.agents:
        for name, value in vars(type(agent)).items():
            if isinstance(value, Column):
                setattr(agent, name, getattr(agent, name))


def test_who_is_dismissed_by_the_column_patrols_no_more_until_the_post_is_filled(model):
    officer = one(model)
    officer.active, officer.vacant_weeks = False, 6
    identity, cell = officer.identity, officer.cell
    for _ in range(5):
        model.step()
        assert officer.active == officer.encounters == 0 and officer.identity == identity and officer.cell is cell
    assert officer.vacant_weeks == 1


def test_who_is_jailed_by_the_column_offends_no_more(model):
    for offender in model.agents_by_type[sim.Offender]:
        offender.jail_weeks = 30
    model.step()
    assert len(model.city.crimes.victim) == 0 or model.record.counts[-1, 0] == 0


def test_who_moves_is_where_the_columns_say_so(model):
    for kind in (sim.Officer, sim.Offender):
        agent = one(model, kind)
        goal = elsewhere(agent)
        agent.move_to(goal)
        x, y = goal.coordinate
        assert agent.rows_of.cell[agent.row] == y * model.city.grid.width + x and agent in goal.agents
        direction = next(iter(goal.connections))
        agent.move_relative(direction)
        assert agent.cell is goal.connections[direction] is model.cell_of(agent.rows_of.cell[agent.row])


def test_sets_that_are_selected_are_ones_own(model):
    everybody = len(model.agents)
    for chosen in (
        model.agents.select(lambda agent: True), model.agents.select(), model.agents.shuffle(), model.agents.sort("row"),
        model.agents.copy(), copy.copy(model.agents), model.agents & model.agents,
    ):  # fmt: skip
        assert type(chosen) is AgentSet and len(chosen) == everybody
        chosen.discard(one(model))
        chosen.shuffle(inplace=True)
        assert len(chosen) == everybody - 1 and len(model.agents) == everybody
    assert model.agents_by_type[sim.Citizen].set("fairness", 0.25) and (model.city.citizens.fairness == 0.25).all()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("looked", [True, False])
def test_a_copied_model_is_a_city_of_its_own(model, copied, looked):
    model.run(2)
    if looked:
        assert model.agents
    twin = copied(model)
    kept = state(twin)
    model.step()
    assert state(twin) == kept and twin.steps == 2
    twin.step()
    assert state(twin) == state(model) and twin.steps == 3
    officer = one(twin)
    assert officer.model is twin and officer.cell is twin.cell_of(twin.city.officers.cell[1])
    officer.conduct = 9.0
    assert one(model).conduct != 9.0
    with pytest.raises(InputError, match="cannot be removed"):
        officer.remove()


def test_an_agent_that_is_sent_elsewhere_brings_its_city(model):
    officer = pickle.loads(pickle.dumps(one(model)))
    assert officer.model is not model and state(officer.model) == state(model)


class Journalist(CellAgent):
    """An agent of one's own in the city."""

    def __init__(self, model, cell):
        super().__init__(model)
        self.place, self.seen = cell, 0

    def step(self):
        self.seen += len(self.place.agents)


def test_agents_of_ones_own_live_beside_those_of_the_city(model):
    everybody = len(model.agents)
    journalist = Journalist(model, model.grid[(0, 0)])
    assert len(model.agents) == everybody + 1 and journalist in model.agents_by_type[Journalist]
    model.agents_by_type[Journalist].do("step")
    assert journalist.seen == len(model.grid[(0, 0)].agents)
    journalist.remove()
    assert len(model.agents) == everybody and journalist not in model.agents
    early = sim.Model(CITY, rng=3)
    assert isinstance(Journalist(early, None), mesa.Agent) and len(early.agents) == everybody + 1


def test_run_model_ends_at_the_horizon_or_when_it_is_told_to(model):
    model.run_model()
    assert model.week == CITY.weeks
    other = sim.Model(CITY, rng=3)
    other.running = False
    other.run_model()
    assert other.week == 0
