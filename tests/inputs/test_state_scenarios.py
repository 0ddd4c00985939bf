"""Every state is a scenario: the country with the state's institutions, and with offenders who offend as its crime says."""

import re
from math import exp, sqrt

import pytest

from sim.cli import main
from sim.errors import InputError
from sim.inputs.scenario import load_scenario, shipped_scenarios
from sim.inputs.scenario_files import shipped_folder, shipped_states
from sim.inputs.states import CRIME, believed, states
from sim.world.parameters import CODEBOOK

OFTEN = "offending.propensity_log_mean"
# Logarithm of the crimes against how often offenders offend, in cities of 20,000 with the codebook's values: -.737, -.351, -.147, .148
# and .327 at -.9, -.45, -.2, .2 and .45 (mean of 6 seeds each, error .03).
CURVE = (0.75, -0.055)


def test_each_state_has_one():
    assert len(shipped_states()) == 32 and not {*shipped_states()} & {*shipped_scenarios()}
    assert sorted(load_scenario(name).state for name in shipped_states()) == sorted(states().rows)
    assert {"yucatan", "estado-de-mexico", "ciudad-de-mexico", "coahuila"} < {*shipped_states()}


@pytest.mark.parametrize("name", shipped_states())
def test_it_is_the_country_but_for_its_institutions_and_its_crime(name):
    scenario, country = load_scenario(name), load_scenario("national-average")
    believed_of_crime, _ = believed(states(), CRIME)[scenario.state]
    shift = (sqrt(CURVE[0] ** 2 + 4 * CURVE[1] * believed_of_crime) - CURVE[0]) / (2 * CURVE[1])
    assert scenario.parameters == states().values[scenario.state] | {OFTEN: round(CODEBOOK[OFTEN].value + shift, 2)}
    assert f"There are {exp(believed_of_crime):.2f} times as many crimes" in scenario.assumptions[-1]
    assert scenario.city == country.city and scenario.seed == country.seed and not scenario.changes
    assert scenario.lineage == ("national-average", name) and scenario.name in scenario.question
    text = (shipped_folder() / "states" / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../scenario.schema.json\n")


def test_one_extends_a_state_by_its_name(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("name: Valladolid\nextends: yucatan\ncity: {adults: 1000}\n", encoding="utf-8")
    scenario = load_scenario(mine)
    assert scenario.state == "Yucatán" and scenario.parameters == load_scenario("yucatan").parameters
    assert scenario.lineage == ("national-average", "yucatan", str(mine))
    with pytest.raises(InputError, match="Did you mean yucatan"):
        load_scenario("yucatn")
    mine.write_text("name: x\nextends: yucatn\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"Did you mean 'yucatan'(.|\n)*and 32 states of Mexico"):
        load_scenario(mine)


def test_lists_name_them_apart(capsys):
    for name in ("scenarios", "yucatan"):
        with pytest.raises(SystemExit, match="0"):
            main(["explain", name])
    said = " ".join(capsys.readouterr().out.split())
    assert re.search("The states of Mexico, each a scenario that extends national-average: aguascalientes, (.*), zacatecas", said)
    assert "made of national-average, then yucatan" in said and f"{OFTEN}: -1.43 instead of -1.03" in said
