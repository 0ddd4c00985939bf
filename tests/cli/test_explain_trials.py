"""`explain` of trials and levers: all that a file says is told, at 80 columns; patterns say whose trial they rest on."""

import pytest

from sim.artifacts.posterior import load_posterior, shipped_posteriors
from sim.cli import explain_trials, main
from sim.evidence.base import evidence
from sim.inputs.patterns import patterns
from sim.style import LANGUAGES, read
from sim.world.parameters import REFERENCES


@pytest.fixture
def explained(capsys, monkeypatch):
    """What `confianza explain NAME` prints at 80 columns, as one line too."""
    monkeypatch.setenv("COLUMNS", "80")

    def explain(name, code=0):
        try:
            main(["explain", name])
            ended = 0
        except SystemExit as stopped:
            ended = stopped.code or 0
        out, err = capsys.readouterr()
        assert ended == code and max(map(len, out.splitlines()), default=0) <= 80
        return " ".join((out + err).split())

    return explain


@pytest.mark.parametrize("name", evidence())
def test_a_study_is_told_with_every_row(name, explained):
    trial, out = evidence()[name], explained(name)
    for row, finding in trial.findings.items():
        assert f"{row} {' '.join(finding.outcome.split())}" in out and explain_trials.USED[finding.use] in out
        assert all(informed in out for informed in finding.informs)
        assert finding.value_error is None or f"standard error {finding.value_error:.3g}" in out
        for text in (finding.caveats, finding.condition, finding.how):
            assert " ".join((text or "").split()) in out
    assert REFERENCES[trial.citation].record.split("; DOI")[0] in out and " ".join(trial.read.split()) in out


def test_a_row_says_how_it_is_run_again_and_how_far_it_carries(explained):
    out = explained("MK4-PAK")
    assert "a t with 4 degrees of freedom" in out and "half-normal, scale 0.1" in out
    assert "Town halls, patrols and meetings in some neighborhoods; trust_answer, sd." in out
    assert "No shipped posterior was fitted to trials." in out and "No shipped" not in explained("PJ-CDMX")


def test_the_list_counts_studies_by_their_use(explained):
    out = explained("trials")
    assert "39 studies (5 fitted, 20 compared, 11 read only, 3 left out)" in out
    assert all(name in out for name in evidence())
    assert "conduct: 4.1 (percent of control mean)" in out.replace(
        "4.1 (percent of training control mean)", "4.1 (percent of control mean)"
    )


def test_levers_stand_with_what_they_rest_on(explained):
    out = explained("levers")
    assert "purge: effect ○ assumed; price ◐ partly" in out and "civic_justice: effect ◐ partly; price ○ assumed" in out
    assert "training.course_gain 1.4 trial-backed COP-CO5, PJ-3US," in out and "purge.sensitivity 0.8 assumed" in out


def test_in_spanish(capsys):
    for name, told in {
        "PJ-CDMX": "comparado, nunca ajustado",
        "levers": "palanca o parámetro",
        "palancas": "palanca o parámetro",
        "trials": "39 estudios (5 ajustados",
    }.items():
        with pytest.raises(SystemExit) as ended:
            main(["explain", name, "--lang", "es"])
        assert not ended.value.code
        out = " ".join(capsys.readouterr().out.split())
        assert told in out and "rests on" not in out and "compared" not in out


def test_citations_stay_as_published(capsys):
    for name in ("sources", "animalpolitico2015"):
        with pytest.raises(SystemExit):
            main(["explain", name, "--lang", "es"])
        out = " ".join(capsys.readouterr().out.split())
        assert "Report on compensation paid to dismissed officers of the Federal Police" in out
        assert "Leído: Press report (Animal Político, December 2015)." in out and "Read:" not in out


def test_what_is_not_there_is_refused_with_what_is_near(explained):
    assert "Did you mean 'MK4-PAK'?" in explained("MK4-PAC", code=2)


def test_a_reference_says_which_trials_cite_it(explained):
    assert explained("metaketa2021").endswith("trials MK4-LBR, MK4-PAK, MK4-PHL")
    assert "trials" not in explained("kilmer2014")


def test_patterns_say_whose_trial_they_are_and_that_it_is_fitted_elsewhere(explained):
    assert "PJ-3US T100, +0.39 SD: fitted by `confianza evidence`" in explained("P24")
    assert "PJ-3US T106, no difference: compared, never fitted `confianza evidence` fits PJ-3US" in explained("P25")
    assert "COP-CO5 T136" in explained("P28") and "No shipped posterior" not in explained("P28")
    assert "trials" not in explained("P01").split("role")[0]
    assert "fits trials behind P24, P25, P26, P27, which do not check its posteriors." in explained("patterns")


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_page_of_validation_names_the_patterns_whose_trials_are_fitted(name):
    fitted = [key for key in patterns() if explain_trials.fitted_behind(key)]
    assert fitted == ["P24", "P25", "P26", "P27"]
    *most, last = fitted
    said = " ".join(read(name)["validation"]["how_to_read"].split())
    assert f"{', '.join(most)} {'and' if name == 'en' else 'y'} {last}" in said


def test_no_shipped_posterior_was_fitted_to_trials():
    assert not [name for name in shipped_posteriors() if "trials" in load_posterior(name).facts]
