"""Where values come from: a source does not outlive the value it was given for, own references, and assumptions of other values."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.cli import main
from sim.errors import InputError
from sim.inputs import origins
from sim.inputs.assumptions import speaks_of
from sim.inputs.citations import Citation
from sim.inputs.scenario import Change, CitySize, Scenario, load_scenario, shipped_scenarios
from sim.report import render
from sim.studies.design.study import Study
from sim.studies.design.study_files import load_study
from sim.studies.running.runs import run
from sim.world.parameters import CODEBOOK

OWN = {"author": 'A <b>"x"</b>', "title": "Encuesta $_$ & {y}", "year": 2025, "url": "unpublished", "read": "table 3"}
CITE = "{author: Ayuntamiento, title: Encuesta, year: 2025, url: unpublished, read: table 3}"
PARENT = f"""\
name: Parent
city: {{adults: 2000, offenders_share: 0.02}}
weeks: 60
spin_up_weeks: 10
parameters: {{trust.contact_gain: 0.1, conduct.mean: -0.5, survey.response_error_sd: 0.3}}
changes: [{{week: 20, set: {{encounter.stop_rate: 1.0, trust.contact_gain: 0.2}}}}]
interventions: [{{training: {{start: 0, coverage: 0.5}}}}]
references: {{encuesta: {CITE}}}
sources:
  city.adults: conapo2024
  city.offenders_share: assumed
  trust.contact_gain: encuesta
  conduct.mean: [ensu2020, assumed]
  encounter.stop_rate: assumed
  training.coverage: assumed
assumptions: [Conduct is a guess., "Contacts move trust by 0.1.", 2 % of adults offend., Nobody moves.]
"""
ADULTS, CONDUCT, GAIN, STOP = "city.adults", "conduct.mean", "trust.contact_gain", "encounter.stop_rate"


@pytest.fixture
def child(tmp_path):
    (tmp_path / "parent.yaml").write_text(PARENT)

    def load(text="", name="child"):
        (tmp_path / f"{name}.yaml").write_text(f"name: Child\nextends: parent\n{text}")
        return load_scenario(tmp_path / f"{name}.yaml")

    return load


def test_what_a_child_leaves_alone_keeps_its_source(child):
    kept = child()
    assert origins.unsourced(kept.as_data()) == ["survey.response_error_sd"] and kept.outdated == {}  # the parent gave it none
    assert kept.sources[CONDUCT] == ("ensu2020", "assumed") and set(kept.references) == {"encuesta"}
    assert kept.changes[0].sources == {STOP: ("assumed",), GAIN: ("encuesta",)}


@pytest.mark.parametrize(
    ("text", "lost", "names"),
    [
        ("city: {adults: 3000}", [ADULTS], {}),
        ("city: {adults: 2000}", [], {}),  # the same number is the parent's, source included
        ("parameters: {conduct.mean: -0.50}", [], {}),
        ("parameters: {conduct.mean: -5.0e-1}", [], {}),
        ("parameters: {conduct.mean: -0.5000001}", [CONDUCT], {CONDUCT: (1,)}),
        ("parameters: {conduct.mean: -0.9}\nsources: {conduct.mean: assumed}", [], {CONDUCT: (1,)}),
        ("sources: {conduct.mean: assumed}", [], {}),
        ("changes: [{week: 30, set: {conduct.mean: -0.5}}]", ["conduct.mean (week 30)"], {CONDUCT: (1,)}),
        ("changes: [{week: 30, set: {conduct.mean: -1}}]\nsources: {conduct.mean: assumed}", [], {CONDUCT: (1,)}),
        ("changes: [{week: 30, set: {conduct.mean: -1}, sources: {conduct.mean: assumed}}]", [], {CONDUCT: (1,)}),
        ("city: {offenders_share: 0.05}", ["city.offenders_share"], {"city.offenders_share": (3,)}),
        ("parameters: {trust.contact_gain: 0.3}", [GAIN], {GAIN: (2,)}),
        (f"parameters: {{conduct.mean: {CODEBOOK[CONDUCT].value}}}", [], {CONDUCT: (1,)}),  # the codebook's value has the codebook's source
    ],
)
def test_a_source_goes_with_the_value_it_was_given_for(child, text, lost, names):
    found = child(text)
    assert sorted(origins.unsourced(found.as_data())) == sorted([*lost, "survey.response_error_sd"])
    assert found.outdated == names


def test_a_source_for_a_dated_change_is_not_one_for_the_value_at_the_start(child):
    found = child("changes: [{week: 30, set: {conduct.mean: -1}}]\nsources: {conduct.mean: assumed}")
    assert found.sources[CONDUCT] == ("ensu2020", "assumed") and found.changes[-1].sources == {CONDUCT: ("assumed",)}
    bare = child("changes: [{week: 30, set: {trust.contact_gain: 0.3}}]")
    assert bare.sources[GAIN] == ("encuesta",) and bare.changes[-1].sources == {}


def test_levers_lose_their_source_with_their_value(child):
    assert "training.coverage" in child().sources
    assert "training.coverage" not in child("interventions: [{training: {start: 0, coverage: 0.6}}]").sources
    assert "training.coverage" not in child().with_(interventions=()).sources


def test_python_and_the_command_line_follow_the_same_rule(child):
    scenario = child()
    for changed in (scenario.with_({CONDUCT: -0.9}, adults=3000), scenario.with_set(["conduct.mean=-0.9", "city.adults=3000"])):
        assert {ADULTS, CONDUCT} <= set(origins.unsourced(changed.as_data())) and changed.outdated == {CONDUCT: (1,)}
    same = scenario.with_({CONDUCT: -0.5}, adults=2000)
    assert same == scenario and same.sources[CONDUCT] == ("ensu2020", "assumed")
    told = scenario.with_({CONDUCT: -0.9}, sources={CONDUCT: "assumed"})
    assert told.sources[CONDUCT] == ("assumed",)
    dated = scenario.with_(changes=(*scenario.changes, Change(week=40, set={CONDUCT: 0.1})))
    assert origins.unsourced(dated.as_data())[-1] == "conduct.mean (week 40)" and dated.sources[CONDUCT] == scenario.sources[CONDUCT]
    assert not scenario.with_({GAIN: 0.3}, changes=()).references  # nothing cites it any more


def test_points_and_draws_say_where_they_come_from(child):
    keys = {"name": "S", "scenario": child(), "arms": {"course": [{"training": {"start": 0}}]}, "posterior": "none"}
    study = Study(**keys, vary={"posterior": "national-average", "response.capacity": [0.1, 0.9]}, design={"draws": 4})
    point = study.points().values.iloc[0].to_dict()
    found = study.scenario_at("course", point)
    assert found.sources["response.capacity"] == ("design",) and found.sources["hearsay.fraction"] == ("posterior",)
    assert set(origins.unsourced(found.as_data())) == {"survey.response_error_sd"} and found.outdated == child().outdated


VALUES = st.dictionaries(st.sampled_from([GAIN, "response.capacity", "hearsay.fraction"]), st.sampled_from([0.1, 0.2, 0.3]), max_size=3)
SOURCES = st.dictionaries(st.sampled_from([GAIN, "response.capacity", "hearsay.fraction"]), st.sampled_from(["assumed", "ensu2020"]))


@settings(max_examples=200, deadline=None)
@given(first=VALUES, own=SOURCES, then=VALUES, theirs=SOURCES)
def test_whoever_sets_another_value_gives_its_source_or_there_is_none(first, own, then, theirs):
    parent = Scenario(name="x", parameters=first, sources=own)
    found = parent.with_(then, sources={name: key for name, key in theirs.items() if name in then})
    for name, value in then.items():
        before = first.get(name, CODEBOOK[name].value)
        wanted = (theirs[name],) if name in theirs else origins.keys_of(parent.as_data(), name) if value == before else ()
        wanted = CODEBOOK[name].source if not wanted and value == CODEBOOK[name].value else wanted
        assert origins.keys_of(found.as_data(), name) == wanted


@pytest.mark.parametrize("name", shipped_scenarios())
def test_shipped_scenarios_give_every_source_and_mark_what_they_change(name, tmp_path):
    scenario = load_scenario(name)
    assert origins.unsourced(scenario.as_data()) == []
    told = {key: [scenario.assumptions[place - 1] for place in places] for key, places in scenario.outdated.items()}
    assert set(told) == {f"city.{key}" for key, value in scenario.city if value != CitySize.model_fields[key].default}
    assert all(speaks_of(text, key, CitySize.model_fields[key.removeprefix("city.")].default) for key in told for text in told[key])


@pytest.mark.parametrize(
    ("text", "name", "value", "speaks"),
    [
        ("20,000 adults are the default size.", ADULTS, 20000, True),
        ("20,000 adults are the default size.", "city.adults_per_cell", 50.0, False),
        ("In the national city 3 % of adults offend.", "city.offenders_share", 0.03, True),
        ("In the national city 3 % of adults offend.", "city.offenders_share", 0.04, True),  # it was another number before, but of the same
        ("In the national city 3 % of adults offend.", ADULTS, 20000, False),
        ("There are 2.23 per 1,000 inhabitants.", "city.officers_per_1000_inhabitants", 2.23, True),
        ("Officers per inhabitant are national.", "city.officers_per_1000_inhabitants", 2.23, True),
        ("An officer stops a quarter as many people.", STOP, 0.5, True),
        ("Dispositions to trust are national.", "trust.fairness_disposition_mean", 0.73, True),
        ("Trust is low at the start.", "trust.fairness_disposition_mean", 0.73, False),
        ("A mean of \u22122.2 gives that share; conduct is worse.", CONDUCT, -2.2, True),
        ("See trust.contact_loss.", "trust.contact_loss", 0.2, True),
        ("Crime is as in the country.", "offending.log_mean", -1.0, False),
    ],
)
def test_which_numbers_an_assumption_speaks_of(text, name, value, speaks):
    assert speaks_of(text, name, value) is speaks


@pytest.mark.parametrize(
    ("changed", "message", "remedy"),
    [
        ({"author": None}, "'references.author' is missing", "Write author"),
        ({"read": None}, "'references.read' is missing", "What of it was read"),
        ({"title": " "}, "this is empty", "Say it"),
        ({"year": "2025"}, "a year of four digits, but is '2025'", "from 1500 to 2100"),
        ({"year": 25}, "a year of four digits, but is 25", "from 1500 to 2100"),
        ({"url": None}, "a reference needs 'doi' or 'url'", "unpublished"),
        ({"url": "www.inegi.org.mx/x"}, "no address of a page", "Write url: https://www.inegi.org.mx/x"),
        ({"url": "javascript:alert(1)"}, "no address of a page", "begins with https://"),
        ({"url": "https://x.mx/a b"}, "no address of a page", "begins with https://"),
        ({"doi": "https://doi.org/10.1000/182"}, "is no DOI", "Write doi: 10.1000/182"),
        ({"doi": "182"}, "is no DOI", "looks like 10.1000/182"),
        ({"isbn": "1"}, "there is no key 'references.isbn'", "Its keys"),
    ],
)
def test_a_reference_is_checked_field_by_field(changed, message, remedy):
    fields = {key: value for key, value in {**OWN, **changed}.items() if value is not None}
    with pytest.raises(InputError) as caught:
        Scenario(name="x", references={"own": fields}, parameters={CONDUCT: 0.1}, sources={CONDUCT: "own"})
    assert message in caught.value.message and remedy in caught.value.remedy and caught.value.path[:2] == ("references", "own")
    if "Write doi: " in remedy or "Write url: " in remedy:  # followed, it is accepted
        key, value = remedy.removeprefix("Write ").split(": ", 1)
        assert Citation(**{**OWN, key: value})


@pytest.mark.parametrize(
    ("references", "path", "message"),
    [
        ({"ensu2020": OWN}, ("references", "ensu2020"), "the program has a source 'ensu2020' already"),
        ({"assumed": OWN}, ("references", "assumed"), "the program has a source 'assumed' already"),
        ({"own": OWN, "other": OWN}, ("references", "other"), "no source names the reference 'other'"),
        ({"own key": OWN}, ("references", "own key"), "no key for a reference"),
        ({"own": "a book"}, ("references", "own"), "must be keys with values"),
        ([OWN], ("references",), "must be references by key"),
        ({}, ("sources", CONDUCT), "there is no source 'own'"),
    ],
)
def test_references_are_known_used_and_not_the_programs(references, path, message):
    with pytest.raises(InputError) as caught:
        Scenario(name="x", references=references, parameters={CONDUCT: 0.1}, sources={CONDUCT: "own"})
    assert message in caught.value.message and caught.value.path == path and caught.value.remedy


def test_references_are_inherited_and_cannot_change_their_meaning(child, tmp_path):
    found = child("parameters: {hearsay.fraction: 0.5}\nsources: {hearsay.fraction: encuesta}")
    assert found.references["encuesta"].year == 2025 and found.sources["hearsay.fraction"] == ("encuesta",)
    (tmp_path / "again.yaml").write_text(found.to_yaml(), encoding="utf-8")
    assert load_scenario(tmp_path / "again.yaml") == found
    with pytest.raises(InputError, match=r"other.yaml:3: the reference 'encuesta' is already there"):
        child(f"references: {{encuesta: {CITE.replace('2025', '2020')}}}\nsources: {{conduct.mean: encuesta}}", "other")
    with pytest.raises(InputError, match=r"idle.yaml:3: no source names the reference 'idle'"):
        child(f"references: {{idle: {CITE}}}\n", "idle")
    with pytest.raises(InputError, match=r"bad.yaml:4: there is no source 'encuest'.\n  Did you mean 'encuesta'"):
        child("changes: [{week: 30, set: {conduct.mean: -1}}]\nsources: {conduct.mean: encuest}", "bad")
    with pytest.raises(InputError, match=r"'outdated' is written by the program"):
        child("outdated: {city.adults: [1]}", "outdated")


STUDY = f"""\
name: S
scenario: child.yaml
arms: {{course: [{{training: {{start: 0, coverage: 0.9}}}}]}}
references: {{aula: {CITE}}}
sources: {{training.coverage: [aula, encuesta]}}
weeks: 20
replicates: 2
"""


def test_a_study_cites_its_own_and_its_scenarios_references(child, tmp_path):
    child("parameters: {hearsay.fraction: 0.5}")
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    study = load_study(path)
    assert study.sources == {"training.coverage": ("aula", "encuesta")}
    path.write_text(study.to_yaml(), encoding="utf-8")
    assert load_study(path) == study
    for old, new, phrase in (
        ("training.coverage:", "purge.follow_through:", "study.yaml:5: the study does not set 'purge.follow_through'"),
        ("[aula, encuesta]", "encuesta", "study.yaml:4: no source names the reference 'aula'"),
        ("[aula,", "[aule,", "study.yaml:5: there is no source 'aule'"),
        ("2025", "25", "study.yaml:4: 'references.year' must be"),
    ):
        path.write_text(STUDY.replace(old, new))
        with pytest.raises(InputError, match=phrase):
            load_study(path)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What every outlet says of a child with a hostile reference, a value without source and an assumption that is out of date."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "parent.yaml").write_text(PARENT, encoding="utf-8")
    scenario = load_scenario(folder / "parent.yaml").with_(references={"encuesta": OWN}).with_({CONDUCT: -0.9}, adults=1000, weeks=40)
    (folder / "city.yaml").write_text(scenario.to_yaml(), encoding="utf-8")
    run(scenario, replicates=1).save(folder)
    return folder, scenario


def printed(capsys, *arguments):
    """What a command that succeeds prints, without its line breaks."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert ended.value.code in (0, None)
    return " ".join(capsys.readouterr().out.split())


def test_check_and_explain_say_it(told, capsys):
    folder, _ = told
    out = printed(capsys, "check", str(folder / "city.yaml"))
    assert "No source given for: city.adults, conduct.mean, survey.response_error_sd." in out
    assert 'encuesta: A <b>"x"</b> (2025) Encuesta $_$ & {y}' in out and "Read: table 3" in out
    assert "[speaks of conduct.mean, which this scenario changes]" in out and "One of the assumptions speaks" in out
    assert "encuesta: A <b>" in printed(capsys, "explain", str(folder / "city.yaml"))


def test_provenance_and_cards_say_it(told):
    folder, scenario = told
    facts = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["origins"]
    assert facts["no_source_given"] == [ADULTS, CONDUCT, "survey.response_error_sd"]
    assert facts["references"]["encuesta"]["author"] == OWN["author"] and facts["outdated_assumptions"] == {
        "Conduct is a guess.": [CONDUCT]
    }
    card = scenario._repr_html_()
    assert "no source given" in card and "speaks of conduct.mean" in card and "A &lt;b&gt;" in card and "<b>&quot;x" not in card


@pytest.mark.parametrize(
    ("language", "phrases"),
    [
        ("en", ("No source is given for: ", "Speaks of conduct.mean, which this scenario changes", "no source given", "Read: table 3")),
        ("es", ("No se da fuente para: ", "Habla de conduct.mean, que este escenario cambia", "sin fuente declarada", "Leído: table 3")),
    ],
)
def test_reports_say_it_in_both_languages(told, language, phrases):
    page = render(told[0], language)
    plain = page.replace("<wbr>", "").replace("<span>", "").replace('<span lang="en">', "").replace("\u00a0", " ")
    assert all(phrase in plain for phrase in phrases)
    assert "A &lt;b&gt;&#34;x&#34;&lt;/b&gt;" in page and "<b>" not in page and 'id="source-encuesta"' in page
