"""The state of a scenario: its institutions hold where the file says none, and go with it; the table is what the panel says."""

import csv
import itertools
import math
import random
from pathlib import Path
from statistics import fmean, variance

import pytest

from sim.cli import main
from sim.errors import InputError
from sim.inputs import origins
from sim.inputs.scenario import Scenario, load_scenario
from sim.inputs.states import CONSTRUCTS, KEYS, believed, states
from sim.world.parameters import CODEBOOK, REFERENCES

SHARED = Path(__file__).parents[3] / "shared" / "data"  # beside the checkout, if at all
PANEL, MUNICIPALITIES, TABLE_2024 = (
    SHARED / f"{name}.csv"
    for name in ("panel_state_year_reporting_2011_2024", "municipal_population_1990_2040", "state_2024_prevalence_incidence")
)
FIGURES = dict(zip(KEYS, ("reported_pct", "carpeta_pct_of_reported", "treat_good_share"), strict=True))
REPORTING, FILED, TREATMENT = (f"institutions.{key}" for key in KEYS)


def of(name):
    return states().values[name]


def rows_of(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.mark.skipif(not PANEL.exists(), reason="the panel of states and years is not here")
@pytest.mark.parametrize("key", KEYS)
def test_shares_are_the_panels(key):
    listed = {(int(row["state_code"]), int(row["ref_year"])): float(row[FIGURES[key]] or "nan") for row in rows_of(PANEL)}
    figures = states().figures[key]
    assert len(figures) == 33 and set(map(len, figures.values())) == {14}
    for code, values in figures.items():
        assert values == pytest.approx([listed[code, year] for year in states().years], abs=5e-4, nan_ok=True)


@pytest.mark.skipif(not MUNICIPALITIES.exists(), reason="populations of municipalities are not here")
def test_crime_is_the_panels_over_the_surveys_adults_moved_as_population_is():
    crimes = {(int(row["state_code"]), int(row["ref_year"])): float(row["crimes"]) for row in rows_of(PANEL)}
    people = dict.fromkeys(itertools.product(range(33), states().years), 0.0)
    for row, year in itertools.product(rows_of(MUNICIPALITIES), states().years):
        for code in (0, int(row["CVE"]) // 1000):
            people[code, year] += float(row[str(year)])
    for row in rows_of(TABLE_2024):
        code, victims, share = int(row["state_code"]), float(row["victims"]), float(row["prevalence_per100k"])
        adults = {year: victims / share * 1e5 * people[code, year] / people[code, 2024] for year in states().years}
        assert 0.63 < adults[2024] / people[code, 2024] < 0.85  # much as everywhere
        assert states().figures["crime"][code] == pytest.approx([crimes[code, year] / adults[year] * 1e5 for year in adults], abs=0.51)
        assert states().figures["crime"][code][-1] == pytest.approx(float(row["incidence_per100k"]), abs=0.51)  # INEGI's own
        assert states().figures["prevalence"][code] == pytest.approx([share], abs=0.51)


def test_what_lasts_and_what_moves_are_told_apart_by_the_formula_that_is_stated():
    for key in CONSTRUCTS:
        spread, apart = states().spread(key), states().differences(key)
        means = {name: fmean(values) for name, values in apart.items()}
        within = fmean(variance(values) for values in apart.values())
        between = variance(means.values()) - within / 7
        assert (spread.persistent_sd, spread.yearly_sd) == pytest.approx((between**0.5, within**0.5))
        assert spread.kept == pytest.approx(between / (between + within / 7)) and spread.mean == pytest.approx(fmean(means.values()))
        for name, found in believed(states(), key).items():
            assert found == pytest.approx((spread.mean + spread.kept * (means[name] - spread.mean), spread.standard_error))
    assert [round(states().spread(key).persistent_sd, 3) for key in CONSTRUCTS] == [0.253, 0.141, 0.368, 0.246]
    assert [round(states().spread(key).yearly_sd, 3) for key in CONSTRUCTS] == [0.184, 0.339, 0.311, 0.131]
    assert states().figures["reporting"][0][-1] == 9.58  # the country in 2024; states' values go on from figures as these
    assert of("Guerrero") == {REPORTING: -0.769, FILED: -0.080, TREATMENT: -0.090}


def test_planted_effects_are_told_from_years_and_a_state_left_out_is_as_the_others():
    """Figures made by the formula: 32 states, effects and years with known spreads."""
    rng, real = random.Random(3), states()
    planted = {row: rng.gauss(0.1, 0.3) for row in range(1, 33)}
    figures = {0: [20.0] * 14} | {
        row: [100 / (1 + 4 * math.exp(-it - rng.gauss(0, 0.2))) for _ in range(14)] for row, it in planted.items()
    }
    made = real._replace(figures={"reporting": figures})
    spread, found = made.spread("reporting"), believed(made, "reporting")
    assert spread.persistent_sd == pytest.approx(0.3, abs=0.08) and spread.yearly_sd == pytest.approx(0.2, abs=0.03)
    apart = [(found[name][0] - planted[row]) / spread.standard_error for name, row in made.rows.items()]
    assert 0.6 < variance(apart) ** 0.5 < 1.4 and max(map(abs, apart)) < 3.5
    figures[31] = [99.0] * 14
    without, others = believed(made, "reporting", without="Yucatán"), made.spread("reporting", without="Yucatán")
    assert without["Yucatán"] == (others.mean, others.persistent_sd) == pytest.approx((0.1, 0.3), abs=0.2)
    assert without["Jalisco"] == pytest.approx(found["Jalisco"], abs=0.03)


@pytest.mark.parametrize(("key", "share"), [("reporting", 0.62), ("file", 0.26), ("treatment", 0.63)])
def test_most_of_how_states_differ_lasts_and_least_so_in_files(key, share):
    """Variance of the states' means over that of single years, 2011-2024: facts D0519, D0531 and D0528, there in shares."""
    found = states().differences(key, range(2012 if key == "treatment" else 2011, 2025))
    yearly = [fmean(year) for year in zip(*found.values(), strict=True)]
    single = variance(value - mean for values in found.values() for value, mean in zip(values, yearly, strict=True))
    assert variance(map(fmean, found.values())) / single == pytest.approx(share, abs=0.06)


def test_there_are_32_states_and_the_codebook_has_their_spread():
    assert len(states().values) == 32 and states().source in REFERENCES
    assert sorted(states().rows.values()) == list(range(1, 33))
    for key in KEYS:
        known, spread = CODEBOOK[f"institutions.{key}"], states().spread(key).persistent_sd
        assert known.value == 0.0 and known.prior == {"normal": {"mean": 0.0, "sd": round(spread, 2)}}
        assert all(abs(values[f"institutions.{key}"]) < 4 * spread for values in states().values.values())
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
