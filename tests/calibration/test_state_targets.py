"""Targets of a state are the country's, moved by how the state differs."""

from math import exp, hypot, log
from statistics import fmean

import pytest
import yaml

from sim.calibration.layers import load_targets
from sim.calibration.state_targets import PATTERNS, VICTIMS, state_targets
from sim.calibration.targets import FILE
from sim.errors import InputError
from sim.inputs.states import states

NATION = yaml.safe_load(FILE.read_text(encoding="utf-8"))["national"]


def test_they_are_the_countrys_moved_on_their_scales():
    for name in states().values:
        found = state_targets(name, NATION)
        assert set(found) == {*PATTERNS, VICTIMS}
        assert found["P05"]["value"] == pytest.approx(NATION["P05"]["value"] * exp(fmean(states().differences("crime")[name])), rel=1e-4)
        for key in ("P01", "P02", "P11"):
            odds = [value / (1 - value) for value in (NATION[key]["value"], found[key]["value"])]
            assert log(odds[1] / odds[0]) == pytest.approx(fmean(states().differences(PATTERNS[key])[name]), abs=1e-3)
    yucatan, spread = state_targets("yucatan", NATION), states().spread("reporting")
    value, country = yucatan["P01"]["value"], NATION["P01"]
    of_years, of_country = spread.yearly_sd / 7**0.5, country["sampling_error"] / (country["value"] * (1 - country["value"]))
    assert yucatan["P01"]["sampling_error"] == pytest.approx(value * (1 - value) * hypot(of_years, of_country), rel=0.01)
    assert yucatan["P04"]["value"] == pytest.approx(23350 * 21073 / 24135, rel=1e-3) and yucatan["P05"]["value"] < 25000
    assert state_targets("CDMX", NATION)["P05"]["value"] > 50000 > 40000 > state_targets("Edomex", NATION)["P11"]["value"]


def test_targets_read_them_as_they_are(tmp_path):
    file = tmp_path / "jalisco.yaml"
    file.write_text(yaml.safe_dump(state_targets("Jalisco", NATION)), encoding="utf-8")
    read = [one for one in load_targets("national-average", [file]) if one.layer == str(file)]
    assert {one.id for one in read} == {*PATTERNS, VICTIMS} and all(one.tolerance < 0.3 for one in read)
    assert all("2018-2024" in one.why or "2024" in one.why for one in read)


def test_there_is_no_33rd_state():
    with pytest.raises(InputError, match="there is no state 'Yucatam'"):
        state_targets("Yucatam", NATION)
