"""The grade of a reform follows from trials and the numbers of its effect: move a trial, and the grade moves."""

import re

import pytest
from pages import ROOT

from sim.errors import InputError
from sim.evidence.base import evidence
from sim.evidence.grades import LEVELS, SYMBOLS, grade, grade_of
from sim.evidence.levers import TOPICS, lever_rows, stands_for
from sim.style import LANGUAGES, language, read
from sim.world.parameters import CODEBOOK
from sim.world.reforms import REFORMS, levers


def effects(reform, trials=None):
    return {row.name: row for row in lever_rows(reform, trials) if row.role == "effect"}


def told_of(trial, names, use="fit"):
    """The trial with one row, which speaks of these names."""
    found = next(iter(trial.rows("fit").values()))
    row = found.model_copy(update={"informs": list(names), "use": use})
    return {"MADE": trial.model_copy(update={"id": "MADE", "findings": {"M1": row}})}


def test_grades_of_the_shipped_evidence():
    assert {name: grade(name).symbol for name in REFORMS} == {
        "purge": "○", "training": "◐", "community_policing": "◐", "civic_justice": "◐",
    }  # fmt: skip


def test_what_a_price_rests_on_is_told_apart_from_the_effect():
    assert {name: grade(name).price for name in REFORMS} == {
        "purge": "partly", "training": "partly", "community_policing": "partly", "civic_justice": "assumed",
    }  # fmt: skip
    assert grade("purge").level == "assumed" and grade_of(["purge", "civic_justice"]).price == "assumed"
    assert grade_of(["training", "purge"]).price == "partly", "of the parts the lowest"
    assert {str(reason) for reason in grade("training").reasons} > {
        "training: published figures, each with something assumed, stand behind cost.officer_week (cnspe2025pay), "
        "1 of 3 numbers of its price.",
        "training: no published figure was found for cost.training_hour, cost.message, 2 of 3 numbers of its price.",
    }
    for row in (row for name in REFORMS for row in lever_rows(name) if row.role == "price"):
        assert (row.status == "partly") == bool(CODEBOOK[row.name].source not in ("assumed", ("assumed",))), row.name


def test_reasons_name_what_is_from_which_trial_and_what_is_assumed():
    said = [str(reason) for reason in grade("training").reasons]
    assert said[0] == "training: trials with an error speak of training.course_gain (PJ-3US), 1 of 6 numbers of its effect."
    assert "training.course_commander_gain (PJ-CDMX)" in said[1]
    assert "training.half_life (skogan2015, dai2020, weisburd2022)" in said[2]
    assert said[3].startswith("training: assumed are training.message_share") and "training.honesty_share" in said[3]
    assert not any("trials" in str(reason) for reason in grade("purge").reasons)


@pytest.mark.parametrize("reform", REFORMS)
def test_without_trials_every_grade_is_assumed_and_with_all_it_is_trial_backed(reform):
    assert grade(reform, {}).level == "assumed"
    trial = evidence()["COP-NH"]
    assert grade(reform, told_of(trial, effects(reform))).level == "trial"
    assert grade(reform, told_of(trial, list(effects(reform))[1:])).level == "partly", "one number without a trial is enough"
    assert grade(reform, told_of(trial, effects(reform), use="check")).level == "partly", "signs alone do not back"
    assert grade(reform, told_of(trial, effects(reform), use="context")).level == "assumed"


def test_a_trial_of_a_lever_speaks_of_the_parameter_that_the_lever_stands_for():
    trial = evidence()["COP-NH"]
    assert effects("training", told_of(trial, ["training.gain"]))["training.course_gain"].status == "trial"
    assert effects("civic_justice", told_of(trial, ["justice.reoffending"]))["civic_justice.reoffending"].status == "trial"
    assert effects("community_policing", told_of(trial, ["trust.contact_gain"]))["community.conduct_offset"].status == "partly"


def test_an_arm_has_the_lowest_grade_of_its_parts():
    assert grade_of(["training", "purge"]).level == grade_of(["purge", "training"]).level == "assumed"
    assert grade_of(["training", "training"]) == grade_of(["training"]) == grade("training")
    assert len(grade_of(["training", "purge"]).reasons) == len(grade("training").reasons) + len(grade("purge").reasons)
    assert grade_of([]) is None


def test_what_is_decided_costs_or_causes_nothing_is_no_part_of_a_grade():
    rows = {row.name: row for name in REFORMS for row in lever_rows(name)}
    roles = {row.role for row in rows.values()}
    assert roles == {"effect", "price", "choice", "observed", "city"}
    assert rows["training.hours"].role == rows["civic_justice.youth_age"].role == rows["purge.start"].role == "choice"
    assert rows["cost.hearing"].role == "price" and rows["training.knowledge_half_life"].role == "observed"
    assert rows["staffing.replacement_delay_weeks"].role == "city" and rows["staffing.replacement_delay_weeks"].status == ""
    assert all(bool(row.status) == (row.role not in ("choice", "city")) for row in rows.values())


@pytest.mark.parametrize("reform", REFORMS)
def test_the_rows_of_a_reform_are_each_there_once_and_known(reform):
    names = [row.name for row in lever_rows(reform)]
    own = {f"{reform}.{lever}" for lever in levers(REFORMS[reform])}
    assert len(names) == len(set(names)) and own <= set(names) <= own | set(CODEBOOK)


def test_every_parameter_that_reforms_alone_read_is_in_a_table():
    shown = {row.name for reform in REFORMS for row in lever_rows(reform)}
    set_by_levers = {name for kind in REFORMS.values() for names in stands_for(kind).values() for name in names}
    assert {name for name, known in CODEBOOK.items() if known.topic in TOPICS} <= shown | set_by_levers


def test_what_a_lever_sets_is_found_by_trying():
    sets = stands_for(REFORMS["civic_justice"])
    assert sets["fairness"] == ("justice.hearing_fairness",) and sets["resolution"] == ("justice.resolution",)
    assert stands_for(REFORMS["purge"])["recruits_offset"] == ("staffing.recruit_conduct_offset",)


def test_a_reform_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="there is no reform 'trainning'") as refused:
        grade("trainning")
    assert "Did you mean 'training'?" in refused.value.remedy
    with pytest.raises(InputError, match="no reform 'purga'"):
        grade_of(["training", "purga"])


@pytest.mark.parametrize("name", LANGUAGES)
def test_grades_have_words_in_every_language(name):
    assert set(read(name)["grades"]) == set(LEVELS) == set(SYMBOLS)
    assert all("{" not in language(name).said(reason).text for reform in REFORMS for reason in grade(reform).reasons)


@pytest.mark.parametrize("page", ["docs/evidence.md", "docs/es/evidencia.md"])
def test_pages_name_the_trials_that_speak_of_each_reform(page):
    """The table of the pages, by reform: trials that are fitted, and those compared by sign or size."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    written = {
        cells[0].strip(" `"): [re.findall(r"`([\w-]+)`", cell) for cell in cells[1:3]] for line in lines if (cells := line.split("|")[1:])
    }
    for reform in REFORMS:
        told = {trial: use for row in effects(reform).values() for trial, use in row.trials.items()}
        assert written[reform] == [sorted(trial for trial, use in told.items() if use == each) for each in ("fit", "check")]
