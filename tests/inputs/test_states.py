"""The state of a scenario: its institutions hold where the file says none, and go with it; the table is what the panel says."""

import csv
import math
from pathlib import Path
from statistics import fmean, variance

import pytest
import yaml

from sim.cli import main
from sim.errors import InputError
from sim.inputs import origins
from sim.inputs.scenario import Scenario, load_scenario
from sim.inputs.states import FILE, KEYS, states
from sim.world.parameters import CODEBOOK, REFERENCES

DATA = yaml.safe_load(FILE.read_text(encoding="utf-8"))
PANEL = Path(__file__).parents[3] / "shared" / "data" / "panel_state_year_reporting_2011_2024.csv"  # beside the checkout, if at all
FIGURES = dict(zip(KEYS, ("reported_pct", "carpeta_pct_of_reported", "treat_good_share"), strict=True))
REPORTING, FILED, TREATMENT = (f"institutions.{key}" for key in KEYS)


def of(name):
    return states().values[name]


def panel(key, years):
    """Log-odds relative to the country, by the state's row and year."""

    def log_odds(row):
        share = float(row[FIGURES[key]])
        return math.log(share / (100 - share))

    listed = csv.DictReader(PANEL.read_text(encoding="utf-8").splitlines())
    rows = [row for row in listed if row["ref_year"] in years and row[FIGURES[key]]]
    country = {row["ref_year"]: log_odds(row) for row in rows if row["state_code"] == "0"}
    found = {}
    for row in rows:
        if row["state_code"] != "0":
            found.setdefault(int(row["state_code"]), []).append(log_odds(row) - country[row["ref_year"]])
    return found


@pytest.mark.skipif(not PANEL.exists(), reason="the panel of states and years is not here")
@pytest.mark.parametrize("key", KEYS)
def test_the_table_is_computed_from_the_panel_by_the_formula_that_it_states(key):
    years = [str(year) for year in range(DATA["years"][0], DATA["years"][1] + 1)]
    found = panel(key, years)
    lasting = {row: fmean(values) for row, values in found.items()}
    mean, within = fmean(lasting.values()), fmean(map(variance, found.values()))
    between = variance(lasting.values()) - within / len(years)
    kept = between / (between + within / len(years))
    of_all = {
        "mean": mean, "persistent_sd": math.sqrt(between), "yearly_sd": math.sqrt(within), "kept": kept,
        "standard_error": math.sqrt(kept * within / len(years)),
    }  # fmt: skip
    assert len(found) == 32 and DATA["of_all"][key] == pytest.approx(of_all, abs=5.01e-4)
    listed = {fields["row"]: fields[key] for fields in DATA["states"].values()}
    assert listed == pytest.approx({row: mean + kept * (value - mean) for row, value in lasting.items()}, abs=5.01e-4)


@pytest.mark.skipif(not PANEL.exists(), reason="the panel of states and years is not here")
@pytest.mark.parametrize(("key", "share"), [("reporting", 0.62), ("file", 0.26), ("treatment", 0.63)])
def test_most_of_how_states_differ_lasts_and_least_so_in_files(key, share):
    """Variance of the states' means over that of single years, 2011-2024: facts D0519, D0531 and D0528, there in shares."""
    found = panel(key, [str(year) for year in range(2011, 2025)])
    yearly = [fmean(year) for year in zip(*found.values(), strict=True)]
    single = variance(value - mean for values in found.values() for value, mean in zip(values, yearly, strict=True))
    assert variance(map(fmean, found.values())) / single == pytest.approx(share, abs=0.06)


def test_there_are_32_states_and_the_codebook_has_their_spread():
    assert len(DATA["states"]) == 32 == len(states().values) and states().source in REFERENCES
    assert sorted(fields["row"] for fields in DATA["states"].values()) == list(range(1, 33))
    for key in KEYS:
        known, spread = CODEBOOK[f"institutions.{key}"], DATA["of_all"][key]["persistent_sd"]
        assert known.value == 0.0 and known.prior == {"normal": {"mean": 0.0, "sd": round(spread, 2)}}
        assert all(abs(fields[key]) < 4 * spread for fields in DATA["states"].values())
    assert of("Yucatán")[TREATMENT] > 0 > of("México")[TREATMENT] and of("Ciudad de México")[TREATMENT] < 0


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Yucatán", "Yucatán"), ("yucatan", "Yucatán"), ("  NUEVO   leon ", "Nuevo León"), ("CDMX", "Ciudad de México"),
        ("Ciudad de Mexico", "Ciudad de México"), ("México", "México"), ("Estado de México", "México"), ("Edomex", "México"),
        ("Coahuila", "Coahuila de Zaragoza"), ("Michoacán de Ocampo", "Michoacán"), ("Queretaro", "Querétaro"),
    ],
)  # fmt: skip
def test_a_state_is_known_by_its_names_with_and_without_accents(written, name):
    scenario = Scenario(name="x", state=written)
    assert scenario.state == name and scenario.parameters == of(name) and Scenario(**scenario.model_dump()) == scenario


def test_what_the_file_states_wins_and_the_rest_is_the_states(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: Mine\nstate: Jalisco\nparameters: {institutions.file: 0.5}\nsources: {institutions.file: assumed}\n")
    mine = load_scenario(path)
    assert mine.parameters == of("Jalisco") | {FILED: 0.5}
    assert mine.values().institutions.reporting == of("Jalisco")[REPORTING]
    data = mine.as_data()
    assert origins.keys_of(data, FILED) == ("assumed",) and origins.keys_of(data, REPORTING) == ("envipe_tables",)
    assert origins.unsourced(data) == []
    zero = Scenario(name="x", state="Jalisco", parameters={FILED: 0.0})
    assert zero.values().institutions.file == 0.0 and origins.keys_of(zero.as_data(), FILED) == CODEBOOK[FILED].source
    own = Scenario(name="x", state="Jalisco", parameters={FILED: 0.5})
    assert origins.unsourced(own.as_data()) == [FILED]


def test_values_of_a_state_go_with_it(tmp_path):
    parent = Scenario(name="Parent", state="Yucatán", parameters={FILED: 0.7})
    (tmp_path / "parent.yaml").write_text(parent.to_yaml(), encoding="utf-8")  # as the program writes it, with the state's values
    (tmp_path / "same.yaml").write_text("name: Same\nextends: parent\n")
    (tmp_path / "other.yaml").write_text("name: Other\nextends: parent\nstate: Jalisco\n")
    (tmp_path / "none.yaml").write_text("name: None\nextends: parent\nstate: null\n")
    (tmp_path / "third.yaml").write_text("name: Third\nextends: other\nstate: Colima\nparameters: {institutions.reporting: 0.1}\n")
    assert load_scenario(tmp_path / "same.yaml").parameters == of("Yucatán") | {FILED: 0.7}
    assert load_scenario(tmp_path / "other.yaml").parameters == of("Jalisco") | {FILED: 0.7} == parent.with_(state="Jalisco").parameters
    assert load_scenario(tmp_path / "none.yaml").parameters == {FILED: 0.7} == parent.with_(state=None).parameters
    third = load_scenario(tmp_path / "third.yaml")
    assert third.parameters == of("Colima") | {FILED: 0.7, REPORTING: 0.1} and third.state == "Colima"
    assert sorted(origins.unsourced(third.as_data())) == [FILED, REPORTING]
    assert parent.with_set(["state=CDMX"]).state == "Ciudad de México"
    with pytest.raises(InputError, match=r"^--set state=Yucatam: there is no state 'Yucatam'"):
        parent.with_set(["state=Yucatam"])


def test_assumptions_about_what_a_state_changes_are_marked(tmp_path):
    (tmp_path / "parent.yaml").write_text("name: Parent\nstate: Yucatán\nassumptions: [institutions.treatment is 0.239., Nobody moves.]\n")
    (tmp_path / "child.yaml").write_text("name: Child\nextends: parent\nstate: Jalisco\n")
    for child in (load_scenario(tmp_path / "child.yaml"), load_scenario(tmp_path / "parent.yaml").with_(state="Jalisco")):
        assert child.outdated == {TREATMENT: (1,)}
    assert load_scenario(tmp_path / "parent.yaml").with_(weeks=20).outdated == {}


def test_the_shipped_cities_are_of_their_states():
    found = {name: load_scenario(name).state for name in ("mexico-city-2016", "merida", "ecatepec", "national-average", "rio-upp")}
    assert found == {
        "mexico-city-2016": "Ciudad de México", "merida": "Yucatán", "ecatepec": "México", "national-average": None, "rio-upp": None,
    }  # fmt: skip
    for name, state in found.items():
        scenario = load_scenario(name)
        assert {key: value for key, value in scenario.parameters.items() if key.startswith("institutions.")} == (of(state) if state else {})
        assert not {"reporting.file_intercept", "response.treatment_intercept"} & scenario.parameters.keys()  # they would count twice
        assert scenario.values().response.conduct_reference == scenario.values().conduct.mean


def test_explain_says_the_state_and_its_source(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["explain", "merida"])
    said = " ".join(capsys.readouterr().out.split())
    assert "Yucatán" in said and "institutions.file: 0.165 instead of 0" in said and "institutions.file: envipe_tables" in said


def test_an_unknown_state_is_refused_by_the_command(tmp_path, capsys):
    (tmp_path / "x.yaml").write_text("name: x\n\nstate: Yucatam\n")
    with pytest.raises(SystemExit, match="2"):
        main(["check", str(tmp_path / "x.yaml")])
    assert "x.yaml:3: there is no state 'Yucatam'." in capsys.readouterr().err
