"""Every file in tests/bad is refused with the right line, what is wrong and what to do; nothing else ever comes out.

The table is the catalog of messages. `parents/` holds files that others extend.
"""

import os
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.inputs.scenario import Scenario, load_scenario, shipped_scenarios
from sim.inputs.scenario_files import KEYS, shipped_folder
from sim.inputs.yaml_files import load_yaml, parse
from sim.world.parameters import CODEBOOK

BAD = Path(__file__).parent.parent / "bad"

# fmt: off
# file without .yaml, line, what the message says, what the remedy says
EXPECTED = [
    ("empty", 1, "the file is empty", "name: My city"),
    ("only_comments", 1, "the file is empty", "name: My city"),
    ("only_null", 1, "the file is empty", "name: My city"),
    ("not_utf8", 2, "not UTF-8", "Save the file as UTF-8"),
    ("utf16", 1, "UTF-16", "Save it as UTF-8"),
    ("nul", 2, "control character (U+0000)", "Delete it"),
    ("bell", 1, "control character (U+0007)", "Delete it"),
    ("escaped_nul", 2, "contains a control character", "Delete the escape sequence"),
    ("binary", 2, "not UTF-8", "Save the file as UTF-8"),
    ("unclosed_bracket", 3, "this is not YAML", "brackets that do not close"),
    ("unclosed_quote", 4, "this is not YAML", "quotes"),
    ("bad_indentation", 4, "this is not YAML", "indentation"),
    ("no_space_after_colon", 3, "this is not YAML", "missing space after a colon"),
    ("tab_indentation", 3, "has a tab where YAML takes spaces", "Indent with spaces"),
    ("percent_directive", 1, "this is not YAML", "Look at this line"),
    ("two_documents", 2, "second document", "delete the line '---'"),
    ("yaml_bomb", 1, "anchors such as &a", "Write the value where it is needed"),
    ("alias", 2, "aliases such as *elsewhere", "Write the value out"),
    ("python_tag", 1, "tags such as tag:yaml.org,2002:python/object", "Delete the tag"),
    ("own_tag", 2, "tags such as !weeks", "Delete the tag"),
    ("standard_tag", 2, "tags such as tag:yaml.org,2002:int", "Delete the tag"),
    ("repeated_key", 4, "'weeks' is already there, in line 2", "Keep one"),
    ("repeated_parameter", 5, "'training.half_life' is already there, in line 3", "Keep one"),
    ("deep", 2, "nested deeper than 20", "check brackets"),
    ("very_deep", 2, "nested deeper than 20", "check brackets"),
    ("deep_mappings", 22, "nested deeper than 20", "check brackets"),
    ("a_list", 1, "the file holds a list", "name: My city"),
    ("a_text", 1, "the file holds a text", "name: My city"),
    ("number_as_key", 2, "a key must be a text, but is '2016'", "in quotes"),
    ("comma_in_a_number", 2, "a comma separates keys here", "one number: Use a decimal point: write 2.3."),
    ("comma_between_thousands", 2, "so 'adults' is 20 and '000' a key of its own", "write 20000 for thousands, or write 20 with"),
    ("point_in_a_number", 2, "'city.adults' must be a whole number from 1,000 to", "If 20,000 was meant, write 20000"),
    ("null_as_key", 2, "a key must be a text", "in quotes"),
    ("list_as_key", 2, "a key must be a text, but is a list or mapping", "in quotes"),
    ("unknown_key", 2, "there is no key 'week'", "Did you mean 'weeks'?"),
    ("interventions", 2, "reforms must be a list of {reform: {levers}}, but are a mapping", "Write a list, as [{training:"),
    ("reform_unknown", 3, "there is no reform 'trainig'", "Did you mean 'training'?"),
    ("reform_unknown_lever", 5, "'training' has no lever 'coverge'", "Did you mean 'coverage'"),
    ("reform_dose_out_of_range", 4, "'purge.follow_through' must be a number from 0 to 1, but is 1.2", "by default 0.4"),
    ("reform_after_the_end", 6, "'training' starts in week 100, outside the run, which has weeks -104 to 99", "Change 'start'"),
    ("reform_too_early", 3, "'training' starts in week -11, outside the run, which has weeks -10 to 415", "Change 'start'"),
    ("reform_without_start", 4, "'community_policing.start' is missing", "Write start: ..."),
    ("reform_contradiction", 2, "these reforms contradict each other", "let one end before"),
    ("reform_percent", 5, "is the text '40%'", "Write a share, not a percentage: write 0.4"),
    ("reform_half_a_week", 2, "'training.start' must be a whole number", "week"),
    ("reform_start_true", 2, "but is true", "week"),
    ("reform_no_choice", 3, "must be one of complaints, vetting, both, record, but is 'complaint'", "Did you mean 'complaints'?"),
    ("reform_choice_number", 3, "must be one of complaints, vetting, both, record, but is 3", "by default vetting"),
    ("reform_is_a_name", 3, "a reform must be one name with its levers, but is 'training'", "Write a list, as"),
    ("reform_without_levers", 3, "the levers of 'training' must be keys with values, but are nothing", "Write training: {start: 0"),
    ("reform_two_in_one", 3, "but is a mapping of 2 keys", "Write a list, as"),
    ("reform_none", 2, "reforms must be a list of {reform: {levers}}, but are nothing", "Write a list, as"),
    ("reform_ends_before_it_starts", 3, "must come after its start in week 52", "a later week"),
    ("reform_source", 3, "there is no parameter 'training.coverge'", "confianza explain parameters"),
    ("lineage", 2, "there is no key 'lineage'", "A scenario's keys"),
    ("merge_key", 2, "there is no key '<<'", "A scenario's keys"),
    ("no_name", 2, "'name' is missing", "Write name: ..."),
    ("empty_name", 2, "'name' is empty", "What the scenario is called"),
    ("number_as_name", 1, "'name' must be a text, but is 2,016", '"2016"'),
    ("list_as_question", 2, "'question' must be a text, but is a list", "The question it answers"),
    ("long_name", 1, "'name' is longer than 2,000 characters", "What the scenario is called"),
    ("city_is_a_number", 2, "'city' must be keys with values, but is 20,000", "city: {...}"),
    ("unknown_city_key", 4, "there is no key 'city.officers'", "Did you mean 'city.officers_per_1000_inhabitants'?"),
    ("too_few_adults", 3, "'city.adults' must be a whole number from 1,000 to 10,000,000, but", "Adults (18 and older)"),
    ("too_many_adults", 2, "but is 10,000,001", "Adults (18 and older)"),
    ("half_an_adult", 2, "must be a whole number", "Adults"),
    ("float_adults", 2, "written with digits only: 20000", "write 20000"),
    ("adults_with_comma", 3, "is the text '20,000'", "Leave out the comma: write 20000"),
    ("adults_true", 2, "but is true", "Adults"),
    ("huge_integer", 2, "must be a whole number", "Write a plain number"),
    ("percent", 3, "is the text '3%'", "Write a share, not a percentage: write 0.03"),
    ("width_alone", 3, "'city.width' is given without 'city.height'", "both or neither"),
    ("grid_too_small", 4, "more than 500 adults a cell", "at least 200 cells"),
    ("grid_too_large", 5, "fewer than one adult a cell", "at most 1,000 cells"),
    ("no_weeks", 2, "but is nothing", "Weeks simulated after the spin-up"),
    ("zero_weeks", 2, "'weeks' must be a whole number from 1 to 5,200, but is 0", "52 make a year"),
    ("quoted_weeks", 2, "but is the text '52'", "without quotes: write 52"),
    ("octal_weeks", 2, "but is the text '0104'", "Leave out the leading zero: write 104"),
    ("float_weeks", 2, "written with digits only: 52", "write 52"),
    ("negative_spin_up", 2, "from 0 to 2,000, but is -1", "before week 0"),
    ("large_seed", 2, "from 0 to 9,223,372,036,854,775,807", "Seed of all random numbers"),
    ("parameters_list", 2, "'parameters' must be keys with values, but is a list", "parameters: {...}"),
    ("parameters_empty", 2, "'parameters' must be keys with values, but is nothing", "delete the line"),
    ("misspelled_parameter", 4, "there is no parameter 'training.half_live'", "'training.half_life' (weeks until half"),
    ("parameter_without_topic", 3, "there is no parameter 'half_life'", "confianza explain parameters"),
    ("nested_parameter", 3, "there is no parameter 'training'", "confianza explain parameters"),
    ("out_of_range", 3, "'training.half_life' must be a number from 4 to 520, but is 2", "baseline 52"),
    ("true_as_number", 3, "but is true", "baseline 52"),
    ("yes_as_number", 3, "but is the text 'yes'", "yes-or-no word"),
    ("time_as_number", 3, "but is the text '12:30'", "no colon"),
    ("quoted_number", 3, "but is the text '26'", "without quotes"),
    ("number_with_unit", 3, "but is the text '26 weeks'", "Leave out the unit: write 26"),
    ("nan", 3, "but is the text '.nan'", "finite number"),
    ("infinity", 3, "but is the text '.inf'", "finite number"),
    ("overflow", 3, "but is inf", "baseline 52"),
    ("null_as_number", 3, "but is nothing", "baseline 52"),
    ("list_as_number", 3, "but is a list", "baseline 52"),
    ("half_a_count", 3, "must be a whole number", "conduct.squad_size"),
    ("changes_mapping", 2, "'changes' must be a list, but is a mapping", "changes: [...]"),
    ("change_is_a_number", 4, "must be a list of {week: ..., set: {...}}, but is 5", "{week: 208, set: {...}}"),
    ("change_without_week", 5, "'changes.week' is missing", "Write week: ..."),
    ("change_without_set", 4, "'changes.set' is missing", "Write set: ..."),
    ("change_of_nothing", 4, "'changes.set' is empty", "New values"),
    ("change_unknown_key", 5, "there is no key 'changes.sett'", "Did you mean 'changes.set'?"),
    ("change_unknown_parameter", 6, "there is no parameter 'response.capacty'", "Did you mean 'response.capacity'"),
    ("change_out_of_range", 6, "'response.capacity' must be a number from", "baseline"),
    ("change_too_late", 5, "week 100 lies outside the run, which has weeks -104 to 99", "'weeks' or 'spin_up_weeks'"),
    ("change_too_early", 4, "week -105 lies outside the run", "'weeks' or 'spin_up_weeks'"),
    ("change_week_is_a_text", 4, "'changes.week' must be a whole number", "Write a plain number"),
    ("change_built_only", 6, "read only while the city is built", "under 'parameters:' instead"),
    ("unknown_source", 3, "there is no source 'asumed'", "Did you mean 'assumed'?"),
    ("source_is_a_number", 2, "there is no source 2,016", "references.yaml"),
    ("source_of_nothing", 3, "there is no parameter 'training.half_live'", "Did you mean 'training.half_life'"),
    ("empty_source", 3, "'city.adults' has no source", "write assumed"),
    ("assumptions_text", 2, "'assumptions' must be a list", "assumptions: [...]"),
    ("assumption_number", 4, "'assumptions' must be a text, but is 5", '"5"'),
    ("extends_itself", 2, "extends itself", "Name another file"),
    ("extends_missing", 2, "there is no scenario 'parents/bse' to extend", "Name a file beside this one"),
    ("extends_misspelled", 2, "there is no scenario 'extends_bad_parnt'", "Did you mean 'extends_bad_parent'?"),
    ("extends_a_number", 2, "'extends' must be the name of a scenario, but is 5", "extends: national-average"),
    ("circle_a", 2, "in a circle: circle_a.yaml -> circle_b.yaml -> circle_a.yaml", "Delete 'extends'"),
    ("circle_b", 2, "in a circle", "Delete 'extends'"),
    ("extends_bad_parent", 3, "'training.half_life' must be a number", "baseline 52"),
    ("extends_too_deep", 2, "more than 10 scenarios", "Merge some of them"),
    ("extends_shorter", 5, "week 90 lies outside the run", "'weeks'"),
    ("extends_without_name", 1, "'name' is missing", "Write name: ..."),
    ("extends_then_wrong", 5, "week 100 lies outside", "'weeks'"),
    ("reference_without_read", 3, "'references.read' is missing", "What of it was read"),
    ("reference_bad_url", 8, "'references.url' is no address of a page", "Write url: https://www.inegi.org.mx/"),
    ("reference_bad_doi", 8, "'references.doi' is no DOI", "Write doi: 10.1000/182"),
    ("reference_bad_year", 7, "'references.year' must be a year of four digits, but is '2025'", "from 1500 to 2100"),
    ("reference_nowhere", 4, "a reference needs 'doi' or 'url'", "url: unpublished"),
    ("reference_of_the_program", 4, "the program has a source 'ensu2020' already", "another key"),
    ("reference_unused", 3, "no source names the reference 'survey'", "Cite it under sources:"),
    ("reference_unknown", 4, "there is no source 'survey'", "of references: in this file"),
    ("references_list", 2, "'references' must be keys with values, but is a list", "references: {...}"),
    ("source_of_a_change_unknown", 5, "there is no source 'ensu202'", "Did you mean"),
    ("outdated_by_hand", 3, "'outdated' is written by the program", "Delete it"),
    ("outdated_beyond", 4, "'outdated' must hold numbers of assumptions, 1 to 1", "delete it"),
    ("tab_after_a_dash", 3, "has a tab where YAML takes spaces", "after a colon or a dash"),
    ("share_in_percent", 2, "must be a number from 0.001 to 0.2, but is 3", "If 3 % was meant, write 0.03"),
    ("decimal_comma", 3, "but is the text '1,5'", "Use a decimal point: write 1.5"),
    ("whole_with_an_exponent", 2, "written with digits only: 1000", "write 1000"),
    ("state_unknown", 2, "there is no state 'Yucatam'", "Did you mean 'Yucatán'?"),
    ("state_number", 2, "there is no state 31", "The states: Aguascalientes"),
    ("state_country", 3, "there is no state 'Guatemala'", "The states: Aguascalientes"),
    ("places_empty", 2, "'places' states nothing", "neighborhoods: [...]"),
    ("places_list", 2, "'places' must be keys with values, but is a list", "by neighborhood or cell"),
    ("places_no_neighborhoods", 4, "must be a list of neighborhoods, but is an empty list", "or delete it"),
    ("places_neighborhoods_mapping", 4, "must be a list of neighborhoods, but is a mapping", "Write [{name: Centro"),
    ("places_neighborhoods_numbers", 4, "must be a list of neighborhoods, but is a list with 5 in it", "Write [{name: Centro"),
    ("places_offenders", 8, "exposure and trust may be stated, not 'offenders'", "never stated and never drawn"),
    ("places_conduct", 4, "exposure and trust may be stated, not 'conduct'", "never stated and never drawn"),
    ("places_unknown_key", 5, "may be stated, not 'oportunity'", "Did you mean 'opportunity'?"),
    ("places_outside", 6, "'B' reaches x 5, outside the city's grid", "x goes from 0 to 4 here"),
    ("places_overlap", 6, "'A' and 'B' overlap in the cell x 1, y 1", "one of them"),
    ("places_same_name", 6, "two neighborhoods called 'A'", "another name"),
    ("places_no_cells", 5, "has no cells: its last x, 1, comes before its first, 2", "Write x: [1, 2]"),
    ("places_one_number", 5, "'places.neighborhoods.x' must be two whole numbers", "Write x: [0, 9]"),
    ("places_half_a_cell", 5, "'places.neighborhoods.x' must be two whole numbers", "Write x: [0, 9]"),
    ("places_nothing_stated", 5, "nothing is stated of the neighborhood 'A'", "or delete it"),
    ("places_without_name", 5, "'places.neighborhoods.name' is missing", "Write name: ..."),
    ("places_trust_too_high", 5, "from -0.9 to 0.9, but is 0.95", "below 0, the share of trust that it takes"),
    ("places_opportunity_zero", 5, "from 0.01 to 100, but is 0", "as a ratio to the city's ordinary place"),
    ("places_opportunity_text", 5, "but is the text 'high'", "Write a plain number"),
    ("places_raster_shape", 4, "has 2 rows of 3 cells; the grid has 4 of 5", "Give as many"),
    ("places_raster_ragged", 4, "has 4 rows of 4, 5 cells; the grid has 4 of 5", "Give as many"),
    ("places_raster_value", 7, "'places.trust' must be a number from -0.9 to 0.9, but is 5", "Share of the gap"),
    ("places_raster_number", 4, "'places.exposure' must be the rows of the grid", "with null for cells"),
    ("places_raster_empty", 3, "'places' states nothing", "neighborhoods: [...]"),
    ("places_two_ways", 6, "by neighborhoods or by cells, not both", "Delete one of them"),
    ("places_file_missing", 4, "bad/nowhere.csv'", "relative to the scenario's file"),
    ("places_file_and_more", 5, "read from a file or written here, not both", "Delete one of them"),
    ("places_file_number", 4, "'file' must be the path of a file, but is 5", "places: {file: places.csv}"),
    ("places_file_bad_city", 3, "'city.adults' must be a whole number", "Adults (18 and older)"),
    ("places_source", 3, "there is no parameter 'stated.offenders'", "All parameters"),
    ("places_table_offenders", 1, "exposure and trust may be stated, not 'offenders'", "never stated and never drawn"),
    ("places_table_value", 4, "from -0.9 to 0.9, but is the text '0,2'", "write 0.2"),
    ("places_table_outside", 3, "'y' must be a whole number from 0 to 3, but is 4", "counted from 0"),
    ("places_table_twice", 4, "the cell x 0, y 0 is already there, in line 2", "Keep one"),
    ("places_table_no_x", 1, "there is no column 'x'", "x,y,opportunity,trust"),
    ("places_table_semicolons", 1, "separated by semicolons", "by commas, not semicolons"),
    ("places_table_short", 3, "this row has 2 columns, the first line 3", "by commas"),
    ("places_table_only_header", 1, "there is no cell below the first line", "a row for each cell"),
    ("places_table_empty", None, "the table is empty", "x,y,opportunity,trust"),
    ("places_table_states_nothing", 3, "'places' states nothing", "neighborhoods: [...]"),
    ("places_table_no_kind", 3, "'places' states nothing", "neighborhoods: [...]"),
    ("a_study", None, "this is a study, not a scenario", "confianza compare"),
]
# fmt: on
# Where the mistake stands in another file of the chain
ELSEWHERE = {
    "circle_a": "circle_b.yaml",
    "circle_b": "circle_a.yaml",
    "extends_bad_parent": "parents/wrong.yaml",
    "extends_too_deep": "parents/link8.yaml",
    "extends_shorter": "parents/base.yaml",
    **{
        f"places_table_{name}": f"tables/places_table_{name}.csv"
        for name in ("offenders", "value", "outside", "twice", "no_x", "semicolons", "short", "only_header", "empty")
    },
}


def message_of(path) -> InputError:
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    return caught.value


@pytest.mark.parametrize(("name", "line", "message", "remedy"), EXPECTED, ids=[row[0] for row in EXPECTED])
def test_a_bad_file_is_refused_in_plain_words(name, line, message, remedy):
    error = message_of(BAD / f"{name}.yaml")
    assert message in error.message
    assert remedy in error.remedy
    assert os.path.realpath(error.file) == os.path.realpath(BAD / ELSEWHERE.get(name, f"{name}.yaml"))
    assert error.line == line
    first, *rest = str(error).splitlines()
    assert first.startswith(f"{error.file}:{line}: " if line else f"{error.file}: ")
    assert rest and all(text.startswith("  ") for text in rest)
    assert len(str(error)) < 1200


def test_every_bad_file_is_in_the_table():
    assert {path.stem for path in BAD.glob("*.yaml")} == {row[0] for row in EXPECTED}
    assert len({(BAD / f"{row[0]}.yaml").read_bytes() for row in EXPECTED}) == len(EXPECTED) >= 45


def test_the_message_looks_like_the_one_that_was_promised():
    error = message_of(BAD / "misspelled_parameter.yaml").at("scenarios/train.yaml", 7)
    summary = CODEBOOK["training.half_life"].summary
    assert str(error) == (
        "scenarios/train.yaml:7: there is no parameter 'training.half_live'.\n"
        f"  Did you mean 'training.half_life' ({summary})?\n"
        "  All parameters: confianza explain parameters"
    )
    assert summary.endswith(", 4 to 520, baseline 52")


def test_a_missing_file_suggests_its_neighbor(tmp_path):
    error = message_of(tmp_path / "none.yaml")
    assert "no such file" in error.message
    (tmp_path / "training.yaml").write_text("name: x")
    assert "training.yaml" in message_of(tmp_path / "trainig.yaml").remedy
    assert "training.yaml" in message_of(tmp_path / "training").remedy
    assert "no folder" in message_of(tmp_path / "nowhere" / "x.yaml").remedy
    assert error.line is None


def test_what_is_no_file_is_refused(tmp_path):
    assert "folder" in message_of(tmp_path).message
    (tmp_path / "folder.yaml").mkdir()
    assert "folder" in message_of(tmp_path / "folder.yaml").message
    assert "cannot be read" in message_of(tmp_path / f"{'a' * 5000}.yaml").message
    assert "NUL" in message_of(Path("a\0b.yaml")).message
    (tmp_path / "file").write_text("")
    assert "cannot be read" in message_of(tmp_path / "file" / "x.yaml").message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "not a regular file" in message_of(tmp_path / "pipe.yaml").message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_file_says_so(tmp_path):
    path = tmp_path / "secret.yaml"
    path.write_text("name: x")
    path.chmod(0)
    assert "cannot be read" in message_of(path).message


def test_a_large_file_is_refused_and_one_of_1_mb_is_read(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text("name: x\n#" + "x" * 999_991)
    assert load_scenario(path).name == "x"
    path.write_text("name: x\n#" + "x" * 999_992)
    assert "larger than 1 MB" in message_of(path).message


def test_an_unknown_shipped_name_lists_what_there_is():
    error = message_of("national-avrage")
    assert "Did you mean national-average?" in error.remedy
    assert all(name in error.remedy for name in shipped_scenarios())
    assert "empty" in message_of("").message


# Fuzzing: whatever is in a file, the outcome is a scenario or an InputError with the file's name.

GOOD = [path.read_text(encoding="utf-8") for path in sorted(shipped_folder().glob("*.yaml"))]
RELAXED = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
SNIPPETS = st.sampled_from(
    [*'{}[]"#&*!%@`', "'", ": ", "- ", "\n", "  ", "\t", "&a ", "*a", "!!int ", "---\n", "1e-3", ".nan", "\0", "? ", "| ", "week: "]
)


def outcome(make) -> Scenario | InputError:
    """What comes of it; any other exception fails the test."""
    try:
        return make()
    except InputError as error:
        return error


def survives(folder: Path, raw: bytes) -> None:
    path = folder / "fuzz.yaml"
    path.write_bytes(raw)
    found = outcome(lambda: load_scenario(path))
    if isinstance(found, InputError):
        assert found.file and found.message and found.remedy
    else:
        path.write_text(found.to_yaml(), encoding="utf-8")
        assert load_scenario(path) == found


@RELAXED
@given(data=st.data())
def test_a_mutated_scenario_is_read_or_refused(tmp_path, data):
    text = data.draw(st.sampled_from(GOOD))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(SNIPPETS | st.text(max_size=4)) + text[end:]
    survives(tmp_path, text.encode("utf-8", "surrogatepass"))


@RELAXED
@given(raw=st.binary(max_size=200) | st.text(string.printable, max_size=200).map(str.encode))
def test_random_bytes_are_read_or_refused(tmp_path, raw):
    survives(tmp_path, raw)


WORDS = st.sampled_from([*KEYS, *CODEBOOK, "adults", "width", "height", "week", "set", "assumed", "national-average", "self"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4))


@RELAXED
@given(data=st.dictionaries(st.sampled_from(KEYS[3:]) | WORDS, TREES, max_size=6))
def test_random_structures_become_a_scenario_or_an_input_error(data):
    found = outcome(lambda: Scenario(**{"name": "Fuzz", **data}))
    if isinstance(found, InputError):
        assert found.message and found.remedy
    else:
        assert parse(found.to_yaml().encode(), "x").data["weeks"] == found.weeks


@RELAXED
@given(option=st.text(max_size=30) | st.builds("{}={}".format, WORDS, LEAVES) | st.builds("city.{}={}".format, WORDS, LEAVES))
def test_any_command_line_option_is_taken_or_refused(option):
    found = outcome(lambda: Scenario(name="Fuzz").with_set([option]))
    if isinstance(found, InputError):
        assert found.file == f"--set {option}" and found.message and found.remedy
    else:
        assert found.name == "Fuzz"


def test_reading_yaml_takes_the_same_data_as_the_usual_reader():
    """Our builder against PyYAML's own, on the files that are good."""
    import yaml

    for path in sorted(shipped_folder().glob("*.yaml")):
        assert load_yaml(path).data == yaml.safe_load(path.read_text(encoding="utf-8"))
