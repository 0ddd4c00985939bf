"""The codebook: complete, typed, range-checked, and nothing in it without a reader."""

import math
import pickle
import re
from dataclasses import replace as changed
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim.world.parameters as book
from sim.errors import InputError, number
from sim.inputs.scenario import load_scenario, shipped_scenarios
from sim.world.anatomy import readers
from sim.world.parameters import CODEBOOK, REFERENCES, flat, parameters, replace

NAMES = st.sampled_from(sorted(CODEBOOK))


def wrong(overrides) -> InputError:
    with pytest.raises(InputError) as caught:
        parameters(overrides)
    return caught.value


def test_the_codebook_is_keyed_by_topic_and_name_in_file_order():
    topics = list(dict.fromkeys(name.partition(".")[0] for name in CODEBOOK))
    assert topics == sorted(topics) == list(parameters()._fields)
    assert all(known.name == name and known.topic == name.partition(".")[0] for name, known in CODEBOOK.items())


@pytest.mark.parametrize("known", CODEBOOK.values(), ids=str)
def test_every_entry_is_complete_and_plausible(known):
    assert known.low < known.high and known.low <= known.value <= known.high
    assert known.unit and known.description.endswith(".") and known.status in book.STATUSES
    assert known.source and all(key == "assumed" or key in REFERENCES for key in known.source)
    assert known.status != "measured" or known.source != ("assumed",)
    if known.discrete:
        assert all(bound == int(bound) for bound in (known.low, known.high, known.value))


ROOT = Path(book.__file__).parents[3]
TEXTS = [
    path
    for pattern in ("sim/**/*.py", "sim/inputs/patterns.yaml", "sim/evidence/trials/*.yaml", "experiments/**/*.yaml", "docs/**/*.md")
    for path in ROOT.glob(pattern)
]
# cited by nothing yet
KEPT = {"cidgallup2013", "sesnsp2023", "sesnsp2024"}
# where a citation of record may lie: the registry of DOIs, institutes, journals, funders, and authors' own pages
PUBLISHERS = {
    *("doi.org", "inegi.org.mx", "publications.iadb.org", "scioteca.caf.com", "scielo.org.mx", "eureka.sbs.ox.ac.uk", "gwood.me"),
    *("asjhonduras.com", "crimejusticelab.org", "povertyactionlab.org", "congresoalacip2019.amecip.com"),
}
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in TEXTS)


@pytest.mark.parametrize("name", CODEBOOK)
def test_every_parameter_is_read_somewhere(name):
    assert readers(name)


def test_every_reference_is_complete_and_cited_somewhere():
    cited = {key for known in CODEBOOK.values() for key in known.source}
    cited |= {key for name in shipped_scenarios() for keys in load_scenario(name).sources.values() for key in keys}
    assert cited - {"assumed"} <= set(REFERENCES)
    kept = {row for row in KEPT if row in REFERENCES}
    assert kept == KEPT and all(key in SOURCES for key in set(REFERENCES) - cited - KEPT)
    for key, reference in REFERENCES.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]+", key) and reference.author and reference.title, key
        assert re.fullmatch(r"[0-9]{4}", reference.year) or (not reference.year and reference.note), key
        assert reference.record and reference.read, f"{key}: what is cited, and what was read?"


def test_references_point_at_publishers_and_never_at_the_press_or_at_copies():
    hosts = {reference.url.split("/")[2].removeprefix("www.") for reference in REFERENCES.values() if reference.url}
    assert hosts - PUBLISHERS == set()


def test_parameters_are_nested_tuples_of_floats():
    p = parameters()
    assert p.training.half_life == CODEBOOK["training.half_life"].value
    assert all(type(value) is float for part in p for value in part)
    assert flat(p) == {name: known.value for name, known in CODEBOOK.items()}
    assert list(flat(p)) == list(CODEBOOK)


def test_parameters_can_be_pickled_and_hashed_because_their_classes_belong_to_the_module():
    p = parameters({"training.half_life": 26})
    assert pickle.loads(pickle.dumps(p)) == p
    assert hash(p) == hash(parameters({"training.half_life": 26.0}))
    assert type(p) is book.Parameters and type(p.training) is book.Training
    assert book.Training.__module__ == "sim.world.parameters"


@settings(max_examples=100, deadline=None)
@given(name=NAMES, share=st.floats(0, 1))
def test_an_override_changes_one_value_and_no_other(name, share):
    known = CODEBOOK[name]
    value = known.low + share * (known.high - known.low)
    value = float(round(value)) if known.discrete else min(max(value, known.low), known.high)
    expected = {**flat(parameters()), name: value}
    assert flat(parameters({name: value})) == expected
    assert replace(parameters(), {name: value}) == parameters({name: value})


def test_replace_keeps_what_was_changed_before():
    p = replace(parameters({"training.half_life": 26}), {"trust.contact_gain": 0.2})
    assert (p.training.half_life, p.trust.contact_gain) == (26.0, 0.2)


@pytest.mark.parametrize("known", CODEBOOK.values(), ids=str)
def test_a_value_out_of_range_is_refused_and_the_bounds_are_not(known):
    width = known.high - known.low
    for value in (known.low - 1e-6 * width, known.high + 1e-6 * width, math.nan, math.inf, -math.inf):
        assert known.name in str(known.problem(value))
    assert known.problem(known.low) is None and known.problem(known.high) is None


@pytest.mark.parametrize("value", [True, "52", None, [52], {}, 1j, math.nan])
def test_what_is_no_number_is_refused(value):
    error = wrong({"training.half_life": value})
    assert "'training.half_life' must be a number from 4 to 520, but is" in error.message
    assert error.path == ("training.half_life",)


def test_counts_are_whole():
    assert CODEBOOK["conduct.squad_size"].discrete and not CODEBOOK["training.half_life"].discrete
    assert "whole number" in wrong({"conduct.squad_size": 9.5}).message
    assert parameters({"conduct.squad_size": 9}).conduct.squad_size == 9.0


@pytest.mark.parametrize(
    ("written", "meant"),
    [("training.half_live", "training.half_life"), ("Training.Half_Life", "training.half_life"), ("contact_gain", "trust.contact_gain")],
)
def test_a_misspelled_name_gets_the_nearest_one(written, meant):
    error = wrong({written: 1})
    assert f"no parameter '{written}'" in error.message
    assert f"Did you mean '{meant}' ({CODEBOOK[meant].summary})?" in error.remedy
    assert "confianza explain parameters" in error.remedy


def test_an_unheard_of_name_gets_no_suggestion():
    assert "Did you mean" not in wrong({"zzzz": 1}).remedy
    assert "no parameter '5'" in wrong({5: 1}).message


def test_the_cuts_of_the_survey_must_ascend(monkeypatch):
    for name in ("survey.lower_cut", "survey.middle_cut"):
        monkeypatch.setitem(CODEBOOK, name, changed(CODEBOOK[name], low=0.0, high=1.0))
    middle = CODEBOOK["survey.middle_cut"].value
    error = wrong({"survey.lower_cut": middle})
    assert error.message == f"'survey.lower_cut' ({middle}) must be less than 'survey.middle_cut' ({middle})."
    assert "survey.lower_cut, survey.middle_cut, survey.upper_cut" in error.remedy
    assert parameters({"survey.lower_cut": middle - 1e-9}).survey.lower_cut < middle


def test_summaries_give_meaning_range_and_baseline():
    known = changed(CODEBOOK["training.half_life"], low=-0.5, high=1e7, value=0.05, description="Share of it. And more.")
    assert known.summary == "share of it, -0.5 to 10,000,000, baseline 0.05"
    assert number(10_000.5) == "10000.5" and number(-3.0) == "-3"


def test_a_broken_entry_names_its_file(tmp_path, monkeypatch):
    entry = "{value: 2, unit: week, range: [0, 1], prior: uniform, description: D., source: assumed, status: assumed, note: ''}"
    monkeypatch.setattr(book, "FOLDER", tmp_path)
    for text, phrase in [
        (entry, "'topic.thing' must be a number from 0 to 1"),
        (entry.replace("value: 2, ", ""), "missing or unknown: value"),
        (entry.replace("value: 2", "value: 1, extra: 2"), "missing or unknown: extra"),
        (entry.replace("value: 2", "value: 1").replace("status: assumed", "status: guessed"), "status 'guessed'"),
        (entry.replace("value: 2", "value: 1").replace("source: assumed", "source: nobody1900"), "nobody1900"),
        (entry.replace("value: 2", "value: soft"), "soft"),
        (entry.replace("[0, 1]", "3"), "iterable"),
        ("5", "missing or unknown"),
    ]:
        (tmp_path / "topic.yaml").write_text(f"thing: {text}\n")
        with pytest.raises(InputError) as caught:
            book._load_codebook()
        assert phrase in str(caught.value) and "topic.yaml" in str(caught.value)
