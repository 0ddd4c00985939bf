"""Mesa's face: agents are rows with a name, driving them is the same week, and two models do not know each other."""

import gc
import sys
import weakref
from contextlib import nullcontext

import matplotlib
import numpy as np
import pytest
from mesa import DataCollector
from mesa.discrete_space import CellAgent, OrthogonalMooreGrid

import sim
from sim.errors import InputError
from sim.inputs.scenario import CitySize, Scenario
from sim.world.anatomy import phases
from sim.world.simulation import columns

matplotlib.use("Agg")


@pytest.fixture
def city() -> Scenario:
    return Scenario(
        name="small", city=CitySize(adults=1200, officers_per_1000_inhabitants=5.0), weeks=52, spin_up_weeks=8,
        parameters={"community.share": 0.4, "staffing.turnover_rate": 0.012},
    )  # fmt: skip


def test_weeks_driven_by_agents_equal_weeks_driven_by_advance_bit_for_bit(city):
    by_agents, by_advance = sim.Model(city, rng=5), sim.Model(city, rng=5)
    for _ in range(30):
        by_agents.step_by_agents()
        by_advance.step()
    left, right = columns(by_agents.city), columns(by_advance.city)
    assert [name for name in left if not np.array_equal(left[name], right[name])] == []
    assert np.array_equal(by_agents.record.counts, by_advance.record.counts)
    assert by_agents.surveys == by_advance.surveys
    gross = by_advance.record.ledger[..., 1]
    assert (abs(by_agents.record.ledger[..., 0] - by_advance.record.ledger[..., 0]) <= 1e-9 * gross + 1e-15).all()


def test_agents_are_built_only_when_somebody_looks(city):
    model = sim.Model(city, rng=1)
    model.run(3)
    assert not model._built and not model._all_agents
    assert len(model.agents) == 1200 + len(model.city.rows.officers) + len(model.city.rows.offenders)
    assert [len(model.agents_by_type[kind]) for kind in (sim.Citizen, sim.Officer, sim.Offender)] == [
        len(rows) for rows in (model.city.citizens.home, model.city.rows.officers, model.city.rows.offenders)
    ]
    assert set(model.agent_types) == {sim.Citizen, sim.Officer, sim.Offender}


def test_agents_read_and_write_their_row(city):
    model = sim.Model(city, rng=1)
    citizen, officer = model.agents_by_type[sim.Citizen][7], model.agents_by_type[sim.Officer][2]
    assert isinstance(citizen, CellAgent) and citizen.fairness == model.city.citizens.fairness[7]
    citizen.fairness = 0.25
    officer.training = 0.5
    assert model.city.citizens.fairness[7] == 0.25 and model.city.officers.training[2] == 0.5
    weight = model.parameters.trust.effectiveness_weight
    assert citizen.trust == pytest.approx((1 - weight) * 0.25 + weight * citizen.effectiveness)
    citizens, residents = model.agents_by_type[sim.Citizen], model.city.cells.first_resident
    for shown, column in (("exposure", "exposure_cumulative"), ("stop_exposure", "stop_exposure_cumulative")):
        exposures = np.array([getattr(agent, shown) for agent in citizens])
        totals = np.add.reduceat(exposures, residents[:-1].astype(int))
        assert (exposures > 0).all() and totals == pytest.approx(
            getattr(model.city.citizens, column)[residents[1:].astype(int) - 1], rel=1e-6
        )
    assert repr(officer) == "Officer(2)"


def test_select_do_agg_and_the_data_collector(city):
    model = sim.Model(city, rng=1)
    doubtful = model.agents_by_type[sim.Citizen].select(lambda citizen: citizen.fairness < 0.3)
    assert len(doubtful) == (model.city.citizens.fairness < 0.3).sum()
    assert model.agents_by_type[sim.Citizen].agg("fairness", np.mean) == pytest.approx(model.city.citizens.fairness.mean())
    collector = DataCollector(model_reporters={"trust": "mean_trust"}, agenttype_reporters={sim.Officer: {"conduct": "conduct"}})
    for _ in range(3):
        collector.collect(model)
        model.step()
    assert len(collector.get_model_vars_dataframe()) == 3
    assert len(collector.get_agenttype_vars_dataframe(sim.Officer)) == 3 * len(model.city.rows.officers)
    assert model.steps == 3 and model.week == 3


def test_one_officer_patrols_with_the_luck_of_the_whole_force(city):
    alone, force = sim.Model(city, rng=4), sim.Model(city, rng=4)
    officer = alone.agents_by_type[sim.Officer][3]
    before = alone.city.officers.cell.copy()
    officer.patrol()
    force.simulation.perform("patrol")
    assert officer.cell is alone.cell_of(force.city.officers.cell[3]) and officer in officer.cell.agents
    assert np.array_equal(np.delete(alone.city.officers.cell, 3), np.delete(before, 3))
    assert not np.array_equal(force.city.officers.cell, before)


def test_the_grid_follows_the_columns(city):
    model = sim.Model(city, rng=1)
    grid = model.grid
    assert isinstance(grid, OrthogonalMooreGrid) and (grid.width, grid.height) == tuple(model.city.grid)
    for _ in range(4):
        model.step()
        for row, cell in enumerate(model.city.officers.cell):
            assert model.agents_by_type[sim.Officer][row] in model.cell_of(cell).agents
        for offender in model.agents_by_type[sim.Offender]:
            assert offender.cell is model.cell_of(model.city.offenders.cell[offender.row])
    everybody = sum(len(cell.agents) for cell in grid.all_cells)
    assert everybody == len(model.agents)
    homes = model.city.citizens.home
    assert sum(isinstance(agent, sim.Citizen) for agent in model.cell_of(0).agents) == (homes == 0).sum()
    assert model.cell_of(0).neighborhood.agents


def test_moving_an_officer_moves_the_column_but_homes_are_fixed(city):
    model = sim.Model(city, rng=1)
    officer, citizen = model.agents_by_type[sim.Officer][0], model.agents_by_type[sim.Citizen][0]
    officer.move_to(model.cell_of(9))
    assert model.city.officers.cell[0] == 9 and officer in model.cell_of(9).agents
    with pytest.raises(InputError, match="home cell is fixed"):
        citizen.move_to(model.cell_of(9))


def test_two_models_live_side_by_side(city):
    one, two = sim.Model(city, rng=1), sim.Model(city, rng=2)
    alone = sim.Model(city, rng=1)
    for _ in range(5):
        one.step(), two.step(), alone.step()
        assert len(one.agents) and len(two.agents)
    assert np.array_equal(one.city.citizens.fairness, alone.city.citizens.fairness)
    assert not np.array_equal(one.city.citizens.fairness, two.city.citizens.fairness)
    assert one.agents_by_type[sim.Officer][0].model is one


def test_a_model_can_be_forgotten(city):
    model = sim.Model(city, rng=1)
    gone = weakref.ref(model.city.citizens.fairness)
    del model
    gc.collect()
    assert gone() is None


def test_the_space_renderer_draws(city):
    from mesa.visualization import SpaceRenderer
    from mesa.visualization.components import AgentPortrayalStyle

    model = sim.Model(city, rng=1)
    renderer = SpaceRenderer(model, backend="matplotlib")
    renderer.draw_structure()
    with pytest.warns(FutureWarning) if hasattr(renderer, "setup_agents") else nullcontext():
        renderer.draw_agents(lambda agent: AgentPortrayalStyle(color="tab:blue" if isinstance(agent, sim.Officer) else "tab:gray", size=5))
    assert renderer.canvas.figure.axes


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "7", True])
def test_a_seed_must_be_a_whole_number_in_range(city, seed):
    with pytest.raises(ValueError, match="whole number"):
        sim.Model(city, rng=seed)


@pytest.mark.compiled
def test_mesas_page_steps_a_city_and_begins_it_anew(city):
    import ipyvuetify
    import reacton
    import solara
    from mesa.visualization.solara_viz import ModelController

    shown = solara.reactive(sim.Model(city, rng=3))
    given = {"play_interval": solara.reactive(100), "render_interval": solara.reactive(1), "use_threads": solara.reactive(False)}
    _, page = reacton.render(ModelController(shown, model_parameters={"scenario": city, "rng": 3}, **given), handle_error=False)
    buttons = {button.children[-1]: button for button in page.find(ipyvuetify.Btn).widgets}
    buttons["Step"].click()
    assert shown.value.week == 1
    buttons["Reset"].click()
    assert shown.value.week == 0 and shown.value.simulation.scenario == city
    page.close()


def test_without_the_packages_of_mesas_page_it_is_said_which_extra_has_them(city, monkeypatch):
    monkeypatch.setitem(sys.modules, "mesa.visualization", None)
    with pytest.raises(InputError, match=r"packages that are not installed \(mesa.visualization\)(?s:.*)pip install 'confianza\[viz\]'"):
        sim.Model(city, rng=1).page()


def test_the_scenario_may_be_a_name_and_says_who_it_is():
    model = sim.Model("national-average", rng=3)
    assert model.simulation.scenario.name.startswith("Mexico") and model.week == 0
    assert "20,000 adults" in model._repr_html_()


def test_every_phase_of_the_week_has_its_number():
    """The number of a phase is its place in `run_phase`, and a week runs all of them."""
    import ast
    import inspect

    from sim.world import schedule
    from sim.world.compiled import source

    branches = [node for node in ast.walk(ast.parse(inspect.getsource(source(schedule.run_phase)))) if isinstance(node, ast.If)]
    numbers = {branch.body[0].value.func.id: branch.test.comparators[0].value for branch in branches}
    assert numbers == {phase: number for phase, (number, _) in phases().items()} and len(numbers) == schedule.PHASES
