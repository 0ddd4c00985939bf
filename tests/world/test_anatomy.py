"""The schedule and the tables of who reads and writes what, which are read from the code."""

import numpy as np
import pytest

from sim.inputs.scenario import CitySize, Scenario
from sim.world.anatomy import PROCESSES, SCHEDULE, built_only, files, functions, phases, readers, uses
from sim.world.simulation import Simulation, columns


def test_all_thirteen_processes_act_in_the_order_of_the_text():
    assert [step.number for step in SCHEDULE] == sorted(step.number for step in SCHEDULE)
    assert list(dict.fromkeys(step.process for step in SCHEDULE)) == list(PROCESSES)
    assert SCHEDULE[0].process == "intervene" and all(step.text.endswith(".") or "(" in step.text for step in SCHEDULE)


def test_names_of_the_worlds_functions_are_unique():
    """Calls are followed by name, so two functions of one name would be taken for one."""
    lines = [line for path in files() for line in path.read_text().splitlines()]
    names = [line.removeprefix("def ").split("(")[0] for line in lines if line.startswith("def ")]
    assert len(names) == len(set(names)) and set(names) <= set(functions())


def test_who_reads_a_parameter_also_through_a_local_name():
    assert readers("trust.contact_gain") == (
        "sim/world/crime.py: respond", "sim/world/population.py: found_trust", "sim/world/streets.py: remember",
        "sim/world/talk.py: hear_encounters", "sim/world/talk.py: hear_response",
    )  # fmt: skip
    assert "sim/world/offend.py: undeterred_among" in readers("offending.risk_slope")
    assert readers("trust.no_such") == ()


def test_which_parameters_matter_only_while_the_city_is_built():
    assert built_only("trust.fairness_disposition_mean") and built_only("population.adult_share") and built_only("community.share")
    assert not built_only("places.opportunity") and not built_only("offending.propensity_log_mean")
    assert not built_only("training.half_life") and not built_only("trust.contact_gain") and not built_only("offending.risk_slope")


def test_draws_are_found_through_the_functions_that_make_them():
    assert uses("stop").draws == {"STOP_COUNT", "STOP"}


@pytest.mark.parametrize("seed", range(3))
def test_a_phase_writes_only_what_the_schedule_says(seed):
    """Each phase of a week on a city of random columns: every column that changed is among its writes."""
    scenario = Scenario(
        name="random", city=CitySize(adults=1200, officers_per_1000_inhabitants=8.0, offenders_share=0.2), weeks=5, spin_up_weeks=3,
        parameters={"community.share": 0.5, "staffing.turnover_rate": 0.012, "encounter.complaint_probability": 0.3},
    )  # fmt: skip
    simulation = Simulation(scenario, seed)
    generator = np.random.default_rng(seed)
    city = simulation.city
    city.officers.active[:] = generator.integers(0, 2, len(city.officers.active))
    city.officers.vacant_weeks[:] = generator.integers(0, 3, len(city.officers.active))
    city.officers.training[:] = generator.random(len(city.officers.active))
    city.squads.command[:] = generator.random(len(city.squads.command))
    city.offenders.leaves[:] = generator.integers(0, 9, len(city.offenders.leaves))
    city.offenders.program[:] = generator.random(len(city.offenders.program))
    city.offenders.jail_weeks[:] = generator.integers(0, 3, len(city.offenders.home))
    city.offenders.perceived_risk[:] = generator.random(len(city.offenders.home))
    changed_somewhere = set()
    simulation.begin_week()
    for step in SCHEDULE[1:]:
        before = {name: column.copy() for name, column in columns(simulation.state).items()}
        simulation.perform(step.phase)
        changed = {name for name, column in columns(simulation.state).items() if not np.array_equal(column, before[name])}
        assert changed <= set(step.writes), step.phase
        changed_somewhere |= changed
    assert len(changed_somewhere) > 25 and set(phases()) == {step.phase for step in SCHEDULE[1:]}
