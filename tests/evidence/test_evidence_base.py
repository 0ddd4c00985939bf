"""Trials as data: the shipped ones hold together, and a file of one's own that cannot be used is refused with line and remedy."""

from collections import Counter

import pytest

from sim.errors import InputError
from sim.evidence.base import FOLDER, evidence, load_evidence
from sim.world.parameters import REFERENCES

TRIAL = """\
id: MINE
study: Somebody 2026
citation: peyton2019
place: A city
country: Mexico
years: '2026'
reform: training
what: a course
read: the paper
findings:
  M1:
    outcome: conduct
    value: 0.2
    value_error: 0.1
    unit: SD
    use: fit
    concept: conduct
"""


@pytest.fixture
def own(tmp_path):
    """A file of one's own, from a text with something replaced."""

    def write(old="", new=""):
        path = tmp_path / "mine.yaml"
        path.write_text(TRIAL.replace(old, new) if old else TRIAL, encoding="utf-8")
        return path

    return write


def test_every_row_of_the_table_is_there_once():
    rows = [row for trial in evidence().values() for row in trial.findings]
    assert len(evidence()) == 39 and len(rows) == len(set(rows)) == 118
    assert all(trial.id == name for name, trial in evidence().items())


def test_trials_cite_the_projects_references_and_sites_of_one_study_the_same():
    cited = {trial.id: trial.citation for trial in evidence().values()}
    assert set(cited.values()) <= set(REFERENCES) and not any(trial.references for trial in evidence().values())
    shared = {key: [name for name in cited if cited[name] == key] for key, many in Counter(cited.values()).items() if many > 1}
    assert shared == {"metaketa2021": ["MK4-LBR", "MK4-PAK", "MK4-PHL"]}


def test_no_work_is_in_the_references_twice():
    dois = Counter(reference.url for reference in REFERENCES.values() if "doi.org" in reference.url)
    titles = Counter(" ".join(reference.title.lower().split()) for reference in REFERENCES.values())
    assert [work for counts in (dois, titles) for work, many in counts.items() if many > 1] == []


def test_what_is_fitted_has_an_error_and_counts_once():
    fitted = {trial.id: trial.rows("fit") for trial in evidence().values() if trial.rows("fit")}
    assert set(fitted) == {"MK4-LBR", "MK4-PAK", "MK4-PHL", "PJ-3US", "COP-NH"}
    assert {trial.study_id for trial in evidence().values() if trial.id in fitted} == {"MK4", "PJ-3US", "COP-NH"}
    for rows in fitted.values():
        assert set(Counter(found.concept for found in rows.values()).values()) == {1}
        assert all(found.value is not None and found.value_error for found in rows.values())


def test_pakistan_is_read_with_care():
    """Its weights leave some fifteen clusters; what its residents think of intentions is never fitted."""
    pakistan = evidence()["MK4-PAK"]
    assert pakistan.freedom == 4 and "fairness" not in {found.concept for found in pakistan.rows("fit").values()}


def test_indices_are_read_as_d():
    """The stored estimate of an index in Liberia is 3.6 times a standardized difference or more."""
    index = evidence()["MK4-LBR"].findings["T038"]
    assert (index.value, index.value_error, index.unit, index.estimate) == (0.16, 0.126, "SD", 1.5139)


def test_an_own_file_is_a_trial(own):
    trial = load_evidence(own())
    assert trial.study_id == "MINE" and trial.findings["M1"].value == 0.2 and FOLDER.is_dir()


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("citation: peyton2019", "citation: peyton2018", 3, ["there is no source 'peyton2018'", "Did you mean 'peyton2019'?"]),
        ("reform: training", "reform: trainning", 7, ["there is no reform 'trainning'", "Did you mean 'training'?"]),
        ("    value_error: 0.1\n", "", 15, ["'value_error' is missing", "use: check"]),
        ("use: fit", "use: fitted", 16, ["must be fit | check | item | context | excluded, but is 'fitted'", "Did you mean 'fit'?"]),
        ("    value: 0.2\n    value_error: 0.1\n    unit: SD\n    use: fit", "    use: check", 13, ["needs a sign or a value"]),
        ("use: fit", "informs: [training.half_live]\n    use: fit", 16, ["no parameter and no lever 'training.half_live'"]),
        ("value: 0.2", "value: a lot", 13, ["'findings.value' must be a number", "'a lot'"]),
        ("place: A city\n", "", 1, ["'place' is missing", "Write place: ... (Where)."]),
        (
            "    concept: conduct\n",
            "    concept: conduct\n  M2: {outcome: voice, value: 0.1, value_error: 0.1, unit: SD, use: fit, concept: conduct}\n",
            18,
            ["M2 and M1 are both fitted and measure the same, conduct", "use: item"],
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(own, old, new, line, told):
    path = own(old, new)
    with pytest.raises(InputError) as refused:
        load_evidence(path)
    assert refused.value.line == line and refused.value.file.endswith("mine.yaml")
    assert all(part in str(refused.value) for part in told), str(refused.value)


def test_a_reference_of_ones_own_may_be_cited(own):
    own_reference = "citation: mine2026\nreferences: {mine2026: {author: Me, title: Trial, year: 2026, url: unpublished, read: all}}"
    assert load_evidence(own("citation: peyton2019", own_reference)).references["mine2026"].year == 2026
