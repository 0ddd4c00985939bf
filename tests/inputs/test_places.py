"""What a scenario states of its places: neighborhoods, rows of the grid and tables, inherited, written back, and in a run."""

import json
import pickle

import hostile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.cli import main
from sim.errors import InputError
from sim.inputs import origins
from sim.inputs.places import KINDS
from sim.inputs.scenario import Scenario, load_scenario
from sim.report import render
from sim.studies.design.study_files import load_study
from sim.studies.running.runs import run
from sim.world.simulation import Simulation

CITY = {"adults": 1000, "width": 5, "height": 4}
CENTRO = {"name": "Centro", "x": [0, 2], "y": [0, 1], "opportunity": 2, "trust": -0.1}
NORTE = {"name": "Norte", "x": [3, 4], "y": [3, 3], "trust": 0.2}
NAN = np.nan


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(column, other[kind], equal_nan=True) for kind, column in one.items())


def town(**places):
    return Scenario(name="Town", city=CITY, places=places, weeks=3, spin_up_weeks=0)


def test_neighborhoods_become_a_value_a_cell_and_nan_elsewhere():
    stated = town(neighborhoods=[CENTRO, NORTE]).stated_places()
    assert list(stated) == ["opportunity", "trust"] and all(column.dtype == np.float64 for column in stated.values())
    assert np.array_equal(
        stated["trust"].reshape(4, 5),
        [[-0.1] * 3 + [NAN] * 2, [-0.1] * 3 + [NAN] * 2, [NAN] * 5, [NAN] * 3 + [0.2] * 2],
        equal_nan=True,
    )
    assert np.array_equal(np.flatnonzero(stated["opportunity"] == 2.0), [0, 1, 2, 5, 6, 7])  # c = y x width + x
    assert Scenario(name="x").stated_places() == {} and Scenario(name="x").places is None


def test_a_table_rows_and_neighborhoods_can_say_the_same(tmp_path):
    rows = [[-0.1] * 3 + [None] * 2] * 2 + [[None] * 5, [None] * 3 + [0.2] * 2]
    lines = [f"{x},{y},{value}" for y, row in enumerate(rows) for x, value in enumerate(row) if value is not None]
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "places.csv").write_text("\n".join(["\ufeffx, y ,trust", *lines, "", "2,2,"]), encoding="utf-8")
    (tmp_path / "town.yaml").write_text(f"name: Town\ncity: {json.dumps(CITY)}\nplaces: {{file: tables/places.csv}}\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "child.yaml").write_text("name: Child\nextends: ../town.yaml\nweeks: 5\n")
    stated = town(trust=rows).stated_places()
    assert list(stated) == ["trust"] and same(stated, {"trust": town(neighborhoods=[CENTRO, NORTE]).stated_places()["trust"]})
    assert same(town(trust=np.array(rows, float)).stated_places(), stated)
    for path in ("town.yaml", "deep/child.yaml"):
        assert same(load_scenario(tmp_path / path).stated_places(), stated)
    (tmp_path / "study.yaml").write_text(
        f"name: S\nscenario: {{name: T, city: {json.dumps(CITY)}, places: {{file: tables/places.csv}}}}\n"
        "arms: {train: [{training: {start: 0}}]}\n"
    )
    assert same(load_study(tmp_path / "study.yaml").scenario.stated_places(), stated)


def test_places_survive_yaml_pickling_and_changes_of_other_things(tmp_path):
    for scenario in (town(neighborhoods=[CENTRO, NORTE]), town(exposure=[[1.5, None, 1, 1, 0.01]] * 4)):
        (tmp_path / "again.yaml").write_text(scenario.to_yaml(), encoding="utf-8")
        again = load_scenario(tmp_path / "again.yaml")
        assert again == scenario == Scenario(**scenario.model_dump()) == pickle.loads(pickle.dumps(scenario))
        assert same(again.stated_places(), scenario.stated_places())
        assert same(scenario.with_({"trust.contact_gain": 0.1}, weeks=5).stated_places(), scenario.stated_places())
        assert json.loads(json.dumps(scenario.as_data()))["places"]
        assert scenario.with_(places=None).stated_places() == {}
        with pytest.raises(InputError, match="grid"):
            scenario.with_(width=3, height=3)


def test_a_childs_places_replace_its_parents(tmp_path):
    (tmp_path / "parent.yaml").write_text(town(neighborhoods=[CENTRO, NORTE]).to_yaml())
    (tmp_path / "same.yaml").write_text("name: Same\nextends: parent\n")
    (tmp_path / "none.yaml").write_text("name: None\nextends: parent\nplaces: null\n")
    (tmp_path / "other.yaml").write_text(
        "name: Other\nextends: parent\nplaces: {neighborhoods: [{name: Sur, x: [0, 4], y: [3, 3], trust: 0.3}]}\n"
    )
    (tmp_path / "wrong.yaml").write_text("name: Wrong\nextends: parent\ncity: {width: 4}\n")
    assert len(load_scenario(tmp_path / "same.yaml").places.neighborhoods) == 2
    assert load_scenario(tmp_path / "none.yaml").places is None
    assert [one.name for one in load_scenario(tmp_path / "other.yaml").places.neighborhoods] == ["Sur"]
    with pytest.raises(InputError, match="'Norte' reaches x 4, outside") as caught:
        load_scenario(tmp_path / "wrong.yaml")
    assert caught.value.file.endswith("parent.yaml")  # where the neighborhood is written


def test_places_have_sources_as_all_numbers_do(tmp_path):
    text = town(neighborhoods=[CENTRO]).to_yaml().replace("sources: {}", "sources: {stated.trust: assumed}")
    (tmp_path / "parent.yaml").write_text(text)
    (tmp_path / "child.yaml").write_text(
        "name: Child\nextends: parent\nplaces: {neighborhoods: [{name: A, x: [0, 1], y: [0, 1], trust: 0.1}]}\n"
    )
    parent, child = load_scenario(tmp_path / "parent.yaml"), load_scenario(tmp_path / "child.yaml")
    assert "stated.opportunity" in origins.unsourced(parent.as_data()) and "stated.trust" not in origins.unsourced(parent.as_data())
    assert ("stated.trust", "assumed") in origins.stated(parent.as_data())
    assert "stated.trust" in origins.unsourced(child.as_data())  # the source was that of another trust
    assert parent.with_(weeks=9).sources == parent.sources
    marked = parent.with_(assumptions=("What stated.trust is has been guessed.",))
    assert marked.with_(places={"neighborhoods": [NORTE]}).outdated == {"stated.trust": (1,)}


@pytest.mark.parametrize("name", list(hostile.NAMES.values())[::3])
def test_neighborhoods_may_have_hostile_names(name, tmp_path):
    scenario = town(neighborhoods=[{**CENTRO, "name": name}])
    (tmp_path / "again.yaml").write_text(scenario.to_yaml(), encoding="utf-8")
    assert load_scenario(tmp_path / "again.yaml").places.neighborhoods[0].name == name
    assert name in scenario.places.summary(scenario.city)
    with pytest.raises(InputError, match="overlap"):
        town(neighborhoods=[{**CENTRO, "name": name}, CENTRO])


RECTANGLES = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3), st.integers(0, 3))


@settings(max_examples=60, deadline=None)
@given(RECTANGLES, st.sampled_from(sorted(KINDS)), st.floats(0, 1))
def test_a_cell_is_stated_exactly_if_a_neighborhood_holds_it(corners, kind, share):
    (low, high), (x, y) = KINDS[kind][0], (sorted(corners[:2]), sorted(corners[2:]))
    value = min(low + share * (high - low), high)
    column = town(neighborhoods=[{"name": "A", "x": x, "y": y, kind: value}]).stated_places()[kind]
    for cell, found in enumerate(column):
        inside = x[0] <= cell % 5 <= x[1] and y[0] <= cell // 5 <= y[1]
        assert found == value if inside else np.isnan(found)


def test_check_says_what_is_stated_and_that_it_has_no_source(tmp_path, capsys):
    (tmp_path / "town.yaml").write_text(town(neighborhoods=[CENTRO, NORTE]).to_yaml())
    with pytest.raises(SystemExit, match="0"):
        main(["check", str(tmp_path / "town.yaml")])
    said = " ".join(capsys.readouterr().out.split())
    assert "opportunity, trust stated in 8 of 20 cells (Centro, Norte)" in said and "stated.trust" in said.partition("No source given")[2]
    (tmp_path / "wrong.yaml").write_text("name: x\nplaces:\n  offenders: [[1]]\n")
    with pytest.raises(SystemExit, match="2"):
        main(["check", str(tmp_path / "wrong.yaml")])
    assert "wrong.yaml:3: of places only opportunity, exposure and trust may be stated, not 'offenders'." in capsys.readouterr().err


@pytest.mark.parametrize(("language", "phrase"), [("en", "by place"), ("es", "por lugar")])
def test_results_keep_what_was_stated_and_reports_say_it(language, phrase, tmp_path):
    text = town(neighborhoods=[{**CENTRO, "name": 'Centro <$x$> "&"'}]).with_(state="CDMX")
    results = run(text, replicates=1)
    results.save(tmp_path / "run")
    kept = load_scenario(tmp_path / "run" / "scenario.yaml")
    assert kept == text and same(kept.stated_places(), text.stated_places()) and kept.state == "Ciudad de México"
    page = render(tmp_path / "run", language)
    assert all(said in page.replace("<wbr>", "") for said in ("stated.trust", phrase, "institutions.treatment", "#source-envipe_tables"))


def test_a_run_lives_in_the_places_that_are_stated():
    """Opportunity and trust of the cells are what was stated, and the others those of the city without statements."""
    invented = Simulation(town(neighborhoods=[CENTRO, NORTE]).with_(places=None), 3)
    stated = Simulation(town(neighborhoods=[{**CENTRO, "exposure": 5.0}, NORTE]), 3)
    centro = np.isin(np.arange(20), [0, 1, 2, 5, 6, 7])
    cells, usual = stated.city.cells, invented.city.cells
    assert np.allclose(cells.opportunity[centro], 2.0 * np.exp(cells.opportunity_own[centro]))
    assert np.array_equal(cells.opportunity[~centro], usual.opportunity[~centro])
    assert np.array_equal(cells.pull[centro], np.full(6, -0.1)) and np.array_equal(cells.pull[18:], [0.2, 0.2])
    assert np.array_equal(cells.pull[8:18], usual.pull[8:18])
    with pytest.raises(ValueError, match="already happened"):
        stated.advance(1) or stated.adopt(invented.scenario)
