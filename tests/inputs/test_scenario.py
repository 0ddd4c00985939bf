"""Scenarios: merging along `extends`, dated changes, the command line's --set, and the way back to YAML."""

import json
import pickle
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.inputs.reforms import summary
from sim.inputs.scenario import Change, CitySize, Scenario, load_scenario, shipped_scenarios
from sim.inputs.scenario_files import KEYS, MERGED, shipped_folder
from sim.inputs.scenario_schema import json_schema
from sim.inputs.yaml_files import load_yaml, parse, scalar
from sim.world.anatomy import built_only
from sim.world.parameters import CODEBOOK, REFERENCES, flat, parameters
from sim.world.reforms import REFORMS, CivicJustice, Purge, Training, levers

PARENT = """\
name: Parent
question: What then?
city: {adults: 50000, offenders_share: 0.02}
weeks: 100
seed: 7
parameters: {training.half_life: 26, trust.contact_gain: 0.1}
changes:
  - {week: 20, set: {response.capacity: 0.1}}
  - {week: 10, set: {response.capacity: 0.2, training.half_life: 30}}
sources: {training.half_life: assumed}
assumptions: [Nobody moves.]
"""
CHILD = """\
name: Child
extends: parent
city: {adults: 30000}
weeks: 120
spin_up_weeks: 10
parameters: {training.half_life: 1e1}
changes: [{week: 20, set: {response.capacity: 0.3}}, {week: -5, set: {trust.contact_gain: 0.2}}]
sources: {city.adults: [assumed]}
assumptions: [Nobody dies.]
"""


@pytest.fixture
def family(tmp_path):
    (tmp_path / "parent.yaml").write_text(PARENT)
    (tmp_path / "child.yaml").write_text(CHILD)
    return tmp_path


@pytest.mark.parametrize("name", shipped_scenarios())
def test_every_shipped_scenario_loads_and_comes_back_equal(name, tmp_path):
    scenario = load_scenario(name)
    path = tmp_path / "again.yaml"
    path.write_text(scenario.to_yaml(), encoding="utf-8")
    again = load_scenario(path)
    assert again == scenario and again.values() == scenario.values()
    assert scenario.lineage[-1] == name and scenario.question
    assert load_scenario(str(shipped_folder() / f"{name}.yaml")).lineage == scenario.lineage


def test_there_are_shipped_scenarios():
    assert "national-average" in shipped_scenarios()


def test_a_minimal_scenario_has_the_default_city(tmp_path):
    (tmp_path / "x.yaml").write_text("name: Minimal\n")
    scenario = load_scenario(tmp_path / "x.yaml")
    assert scenario == Scenario(name="Minimal")
    assert scenario.city == CitySize(adults=20_000, officers_per_1000_inhabitants=2.23, offenders_share=0.03, adults_per_cell=50)
    assert scenario.values() == parameters()


def test_a_child_overrides_key_by_key_and_appends_lists(family):
    child = load_scenario(family / "child.yaml")
    assert (child.name, child.question) == ("Child", "")  # a file's own
    assert (child.city.adults, child.city.offenders_share, child.city.adults_per_cell) == (30_000, 0.02, 50)
    assert (child.weeks, child.spin_up_weeks, child.seed) == (120, 10, 7)
    assert child.parameters == {"training.half_life": 10.0, "trust.contact_gain": 0.1}
    assert child.sources == {"city.adults": ("assumed",)}  # the parent's source was for 26 weeks, not for 10
    assert child.assumptions == ("Nobody moves.", "Nobody dies.")
    assert [change.week for change in child.changes] == [-5, 10, 20, 20]
    assert [name.rpartition("/")[2] for name in child.lineage] == ["parent.yaml", "child.yaml"]


def test_values_at_a_week_have_the_changes_up_to_it(family):
    child = load_scenario(family / "child.yaml")
    baseline = CODEBOOK["response.capacity"].value
    assert [child.values_at(week).response.capacity for week in (-10, 9, 10, 19, 20, 119)] == [baseline, baseline, 0.2, 0.2, 0.3, 0.3]
    assert [child.values_at(week).training.half_life for week in (9, 10)] == [10.0, 30.0]
    assert [child.values_at(week).trust.contact_gain for week in (-6, -5)] == [0.1, 0.2]
    assert child.values().trust.contact_gain == 0.1


def test_a_file_may_extend_a_shipped_scenario_or_a_path(tmp_path, family):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "grandchild.yaml").write_text("name: Grandchild\nextends: ../child.yaml\n")
    assert load_scenario(tmp_path / "deep" / "grandchild.yaml").weeks == 120
    (tmp_path / "mine.yaml").write_text("name: Mine\nextends: national-average\n")
    mine, shipped = load_scenario(tmp_path / "mine.yaml"), load_scenario("national-average")
    assert mine.parameters == shipped.parameters and mine.lineage[:-1] == shipped.lineage


def test_a_path_is_found_from_the_folder_it_is_in(family, monkeypatch):
    monkeypatch.chdir(family)
    assert load_scenario("child.yaml").lineage == ("parent.yaml", "child.yaml")
    with pytest.raises(InputError, match=r"Did you mean the file 'child.yaml'"):
        load_scenario("child")


def test_with_changes_what_it_is_told_and_no_more(family):
    child = load_scenario(family / "child.yaml")
    other = child.with_({"trust.contact_gain": 0.3}, weeks=60, seed=8, adults=20_000)
    assert (other.weeks, other.seed, other.city.adults, other.city.offenders_share) == (60, 8, 20_000, 0.02)
    assert other.parameters == {"training.half_life": 10.0, "trust.contact_gain": 0.3}
    assert other.changes == child.changes and other.lineage == child.lineage
    assert child.with_() == child and child.weeks == 120
    with pytest.raises(InputError, match="no key 'weks'"):
        child.with_(weks=3)


def test_set_reads_values_as_a_file_would(family):
    child = load_scenario(family / "child.yaml")
    by_option = child.with_set(["trust.contact_gain=3e-1", "weeks=60", "seed=8", "city.adults=20_000"])
    assert by_option == child.with_({"trust.contact_gain": 0.3}, weeks=60, seed=8, adults=20_000)
    assert child.with_set(["city.width=20", "city.height=30"]).city.height == 30
    assert child.with_set([]) == child
    assert child.with_set(["weeks=70", "weeks=80"]).weeks == 80


@pytest.mark.parametrize(
    ("options", "named", "phrase"),
    [
        (["weeks=60", "training.half_live=3"], "training.half_live=3", "Did you mean 'training.half_life'"),
        (["training.half_life=3", "weeks=60"], "training.half_life=3", "from 4 to 520, but is 3"),
        (["city.adlts=3"], "city.adlts=3", "Did you mean 'city.adults'"),
        (["city.adults=many"], "city.adults=many", "but is the text 'many'"),
        (["city.width=20"], "city.width=20", "without 'city.height'"),
        (["weeks=15"], "weeks=15", "week 20 lies outside the run"),
        (["weeks"], "weeks", "a name and a value"),
        (["=5"], "=5", "a name and a value"),
        (["seed="], "seed=", "a name and a value"),
        (["trust.contact_gain=.3", "trust.contact_gain=2"], "trust.contact_gain=2", "but is 2"),
    ],
)
def test_a_wrong_option_is_named(family, options, named, phrase):
    with pytest.raises(InputError) as caught:
        load_scenario(family / "child.yaml").with_set(options)
    assert str(caught.value).startswith(f"--set {named}: ")
    assert phrase in str(caught.value)


def test_cuts_out_of_order_are_refused_where_they_were_written(tmp_path, monkeypatch):
    for name in ("survey.lower_cut", "survey.middle_cut", "survey.upper_cut"):
        monkeypatch.setitem(CODEBOOK, name, replace(CODEBOOK[name], low=0.0, high=1.0))
    path = tmp_path / "cuts.yaml"
    path.write_text("name: x\nparameters:\n  survey.middle_cut: 0.5\n  survey.lower_cut: 0.55\n")
    with pytest.raises(InputError, match=r"cuts.yaml:4: 'survey.lower_cut' \(0.55\) must be less than 'survey.middle_cut' \(0.5\)"):
        load_scenario(path)
    weeks = "  - {week: 9, set: {survey.upper_cut: 0.52}}\n  - {week: 5, set: {survey.middle_cut: 0.6}}\n"
    path.write_text(f"name: x\nchanges:\n{weeks}")  # in week 5 the order still holds, in week 9 no more
    with pytest.raises(InputError, match=r"cuts.yaml:3: 'survey.middle_cut' \(0.6\) must be less than 'survey.upper_cut' \(0.52\)"):
        load_scenario(path)
    with pytest.raises(InputError, match=r"^--set survey.upper_cut=0.3: 'survey.middle_cut'"):
        Scenario(name="x").with_set(["survey.upper_cut=0.3", "weeks=3"])


def test_records_are_frozen_and_say_what_is_wrong_when_made_in_python():
    scenario = Scenario(name="x", changes=[Change(week=3, set={"response.capacity": 0.5})])
    with pytest.raises(ValueError, match="frozen"):
        scenario.weeks = 3
    for make in (lambda: CitySize(adults=5), lambda: Change(week=1, set={}), lambda: Scenario(), lambda: Scenario(name="x", self=1)):
        with pytest.raises(InputError):
            make()
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    assert scenario != Scenario(name="x") and scenario != "x"


OVERRIDES = st.dictionaries(st.sampled_from(sorted(CODEBOOK)), st.floats(0, 1), max_size=4)
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=30) | st.sampled_from(
    ["1e-3", "yes", "null", "~", "0x10", "12:30", "- a", "&a", "!t", "a: b", "#c", "'", '"', "2016-01-01", " x ", "=", "<<", "1_000"]
)


@settings(max_examples=100, deadline=None)
@given(name=TEXTS, texts=st.lists(TEXTS, max_size=3), overrides=OVERRIDES, weeks=st.integers(1, 5200), changed=OVERRIDES)
def test_any_scenario_survives_the_way_through_yaml(name, texts, overrides, weeks, changed):
    def in_range(shares):
        values = {key: CODEBOOK[key].low + share * (CODEBOOK[key].high - CODEBOOK[key].low) for key, share in shares.items()}
        return {key: float(round(value)) if CODEBOOK[key].discrete else min(value, CODEBOOK[key].high) for key, value in values.items()}

    dated = {key: value for key, value in in_range(changed).items() if not built_only(key)}
    changes = [Change(week=weeks - 1, set=dated), Change(week=-1, set=dated)] if dated else []
    sources = {key: ("assumed", next(iter(REFERENCES))) for key in overrides}
    scenario = Scenario(
        name=name, question=name, weeks=weeks, parameters=in_range(overrides), changes=changes, assumptions=texts, sources=sources
    )
    data = parse(scenario.to_yaml().encode(), "x").data
    assert Scenario(**data) == scenario
    assert flat(scenario.values()) == {**flat(parameters()), **scenario.parameters}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1e-3", 0.001), ("1E3", 1000.0), ("-.5", -0.5), ("+3", 3), ("20_000", 20000), ("0", 0), ("-0.0", -0.0), ("5.", 5.0),
        ("yes", "yes"), ("Off", "Off"), ("12:30", "12:30"), ("010", "010"), ("0x1F", "0x1F"), ("0o7", "0o7"), (".inf", ".inf"),
        (".NaN", ".NaN"), ("1_0", "1_0"), ("2016-01-01", "2016-01-01"), ("~", None), ("", None), ("true", True), ("FALSE", False),
    ],
)  # fmt: skip
def test_words_mean_what_people_mean(written, meant):
    assert scalar(written) == meant and type(scalar(written)) is type(meant)


def test_places_are_those_of_keys_and_values(tmp_path):
    (tmp_path / "x.yaml").write_text("# first\nname: x\ncity:\n    adults:\n        20000\nchanges:\n  - week: 1\n  - {week: 2}\n")
    document = load_yaml(tmp_path / "x.yaml")
    assert document.data == {"name": "x", "city": {"adults": 20000}, "changes": [{"week": 1}, {"week": 2}]}
    assert document.keys[("city", "adults")] == (4, 5) and document.values[("city", "adults")] == (5, 9)
    assert document.place(("changes", 1, "week")) == (8, 6) and document.place(("changes", 1)) == (8, 5)
    assert document.place(("city", "nothing", "here")) == (3, 1) and document.place(()) == (2, 1)


def test_a_byte_order_mark_and_windows_lines_are_read():
    document = parse(b"\xef\xbb\xbfname: x\r\nweeks: 3\r\n", "x")
    assert document.data == {"name": "x", "weeks": 3} and document.keys[("weeks",)] == (2, 1)


def test_a_megabyte_is_read_or_refused_quickly():
    start = time.process_time()
    assert len(parse(b"x: [" + b"1, " * 300_000 + b"]", "x").data["x"]) == 300_000
    with pytest.raises(InputError, match="nested deeper"):
        parse(b"x: " + b"[" * 900_000, "x")
    assert time.process_time() - start < 60


def test_the_schema_for_editors_is_up_to_date():
    committed = (shipped_folder() / "scenario.schema.json").read_text(encoding="utf-8")
    fresh = json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"
    assert committed == fresh, "write json.dumps(json_schema(), indent=1, ensure_ascii=False) + a newline to that file"


def test_the_schema_knows_the_keys_of_a_file():
    schema = json_schema()
    assert set(schema["properties"]) == set(KEYS) and schema["required"] == ["name"] and not schema["additionalProperties"]
    values = schema["$defs"]["Values"]["properties"]
    assert list(values) == list(CODEBOOK)
    assert values["conduct.squad_size"]["type"] == "integer" and values["training.half_life"]["maximum"] == 520
    for holder in (schema["properties"]["parameters"], schema["$defs"]["Change"]["properties"]["set"]):
        assert holder["$ref"] == "#/$defs/Values"
    assert set(KEYS) - {"extends"} == set(Scenario.model_fields) - {"lineage"} and set(MERGED) < set(KEYS)


REFORMED = """\
name: Parent
weeks: 100
interventions:
  - training: {start: 60, coverage: 0.5}
  - purge: {start: 10, flag_by: both}
sources: {training.coverage: assumed}
"""


def test_reforms_are_read_and_written_back(tmp_path):
    (tmp_path / "parent.yaml").write_text(REFORMED)
    scenario = load_scenario(tmp_path / "parent.yaml")
    assert scenario.interventions == (Training(start=60, coverage=0.5), Purge(start=10, flag_by="both"))
    (tmp_path / "again.yaml").write_text(scenario.to_yaml(), encoding="utf-8")
    assert load_scenario(tmp_path / "again.yaml") == scenario
    assert scenario.with_(weeks=90).interventions == scenario.interventions
    assert scenario.with_(interventions=()).interventions == ()
    assert scenario.with_(interventions=[CivicJustice(start=3)]) == scenario.with_(interventions=[{"civic_justice": {"start": 3}}])
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    json.dumps(scenario.model_dump())


def test_a_childs_reforms_replace_its_parents(tmp_path):
    (tmp_path / "parent.yaml").write_text(REFORMED)
    (tmp_path / "child.yaml").write_text("name: Child\nextends: parent\ninterventions: [{civic_justice: {start: 5, until: 50}}]\n")
    (tmp_path / "same.yaml").write_text("name: Same\nextends: parent\n")
    (tmp_path / "none.yaml").write_text("name: None\nextends: parent\ninterventions: []\n")
    assert load_scenario(tmp_path / "child.yaml").interventions == (CivicJustice(start=5, until=50),)
    assert len(load_scenario(tmp_path / "same.yaml").interventions) == 2
    assert load_scenario(tmp_path / "none.yaml").interventions == ()


@pytest.mark.parametrize(
    ("child", "file", "line"),
    [
        ("weeks: 50\n", "parent.yaml", 4),  # the parent's training now starts beyond the end, and that is where it is written
        ("interventions:\n  - training: {}\n", "child.yaml", 4),  # not the parent's `start`
        ("interventions:\n  - training:\n      start: 0\n  - purge: {start: 500}\n", "child.yaml", 6),
    ],
)
def test_an_error_points_to_the_file_where_the_reform_is_written(tmp_path, child, file, line):
    (tmp_path / "parent.yaml").write_text(REFORMED)
    (tmp_path / "child.yaml").write_text(f"name: Child\nextends: parent\n{child}")
    with pytest.raises(InputError) as caught:
        load_scenario(tmp_path / "child.yaml")
    assert caught.value.file.endswith(file) and caught.value.line == line, caught.value


@pytest.mark.parametrize("name", REFORMS)
def test_every_lever_is_in_the_schema_and_checked(name):
    schema = json_schema()["properties"]["interventions"]["items"]["properties"][name]
    assert set(schema["properties"]) == set(levers(REFORMS[name])) and schema["required"] == ["start"]
    for lever, facts in schema["properties"].items():
        wrong = ["no such choice"] if "enum" in facts else [facts["minimum"] - 1, facts["maximum"] + 1, "1", True, []]
        for value in wrong:
            with pytest.raises(InputError, match=f"'{name}.{lever}' must be") as caught:
                Scenario(name="x", interventions=[{name: {"start": 0, lever: value}}])
            assert caught.value.path == ("interventions", 0, name, lever)


def test_a_reform_in_a_line():
    assert summary(Training(start=0)) == "training: start 0, coverage 0.9"
    assert summary(Purge(start=2, flag_by="both")) == "purge: start 2, flag_by both, follow_through 0.4"
