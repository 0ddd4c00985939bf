"""What a reader must know before any number of a study: read from its file, shown first by every outlet, and in its language."""

import json
import re
from dataclasses import replace
from pathlib import Path

import made_decisions as made
import pytest

from sim.cli import main
from sim.errors import InputError
from sim.report import render
from sim.studies.answers.sweep import Sweep, sweep
from sim.studies.design.study_files import load_study

ROOT = Path(__file__).parents[2]
STUDY = """
name: A study
scenario: {name: Small, city: {adults: 1000}, weeks: 8, spin_up_weeks: 2, seed: 7}
arms: {course: [{training: {start: 0}}]}
measures: [mean_trust, cost]
replicates: 2
"""
CAUTIONS = "cautions: [The course is not the one that was studied., {en: A purge is unknown., es: No se sabe qué hace una depuración.}]\n"
VARIED = "vary: {training.gain: [0.3, 1.5]}\ndesign: {sobol: 2}\n"


def written(tmp_path, text):
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "study.yaml"


def confianza(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert stopped.value.code == 0, err
    return " ".join(out.split())


def test_a_text_is_english_and_may_be_spanish_too(tmp_path):
    study = load_study(written(tmp_path, STUDY + CAUTIONS))
    assert study.warned == ["The course is not the one that was studied.", "A purge is unknown."]
    assert [caution.es for caution in study.cautions] == [None, "No se sabe qué hace una depuración."]
    assert load_study(written(tmp_path, study.to_yaml())) == study
    assert load_study(written(tmp_path, STUDY)).cautions == ()


@pytest.mark.parametrize(
    ("cautions", "said"),
    [
        ("cautions: Beware.", "'cautions' must be a list of texts"),
        ("cautions: [{en: Beware., fr: Gare.}]", "there is no key 'cautions.fr'"),
        ("cautions: [{es: Cuidado.}]", "'cautions.en' is missing"),
        ("cautions: ['']", "'cautions.en' is empty"),
        ("cautions: [7]", "'cautions.en' must be a text"),
    ],
)
def test_what_is_no_text_is_refused(cautions, said, tmp_path):
    with pytest.raises(InputError) as refused:
        load_study(written(tmp_path, STUDY + cautions))
    assert said in str(refused.value) and refused.value.line == 7


@pytest.mark.compiled
def test_a_comparison_says_it_first(tmp_path, capsys):
    file = written(tmp_path, STUDY + CAUTIONS)
    for command in (("check", file), ("compare", file, "--out", tmp_path / "out")):
        out = confianza(capsys, *command)
        assert out.removeprefix(f"{file} can be used. ").startswith("A study CAUTION: The course is not the one")
    assert json.loads((tmp_path / "out" / "provenance.json").read_text(encoding="utf-8"))["cautions"] == load_study(file).warned
    shown(tmp_path / "out")


def shown(folder):
    """The card leads to them, and they stand open before all that is folded; in Spanish, what has no Spanish is marked as English."""
    english, spanish = (re.sub(r"\s+", " ", render(folder, language)) for language in ("en", "es"))
    for page, texts in ((english, ("The course is not", "A purge is unknown")), (spanish, ("The course is not", "No se sabe qué hace"))):
        card, rest = page[page.index('id="answer"') :].split("</section>", 1)
        assert 'href="#cautions"' in card.partition("<table")[0]
        places = [rest.index(text) for text in ('id="cautions"', *texts, "<details>")]
        assert places == sorted(places)
    assert '<span lang="en">The course is not' in spanish and '<span lang="en">A purge' not in spanish


@pytest.mark.compiled
def test_a_sweep_says_it_and_no_run_is_another(tmp_path, capsys):
    before = sweep(load_study(written(tmp_path, STUDY + VARIED)), tmp_path / "store").runs()
    assert json.loads((tmp_path / "store" / "provenance.json").read_text(encoding="utf-8"))["cautions"] == []
    file = written(tmp_path, STUDY + VARIED + CAUTIONS)
    assert "CAUTION: A purge is unknown." in confianza(capsys, "sweep", file, "--out", tmp_path / "store")
    assert Sweep.load(tmp_path / "store").runs().equals(before)
    sweep(load_study(file), tmp_path / "other")
    assert json.loads((tmp_path / "other" / "provenance.json").read_text(encoding="utf-8"))["cautions"] == load_study(file).warned


def test_a_decision_says_it_first(tmp_path):
    study = made.STUDY.with_(cautions=load_study(written(tmp_path, STUDY + CAUTIONS)).cautions)
    replace(made.decision(), study=study).save(tmp_path / "decision")
    shown(tmp_path)


@pytest.mark.parametrize("study", sorted((ROOT / "experiments" / "which-reform").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_studies_of_which_reform_have_them_in_both_languages(study):
    study = load_study(study)
    assert len(study.cautions) >= 2 and all(caution.es for caution in study.cautions)  # its own, and what is said against its posterior
    assert [part for part in ("unknown, not nothing", "New Haven") if part not in " ".join(study.warned)] == []


def test_the_page_of_which_reform_begins_with_them():
    page = " ".join((ROOT / "docs" / "which-reform.md").read_text(encoding="utf-8").replace("\n>", "\n").split())
    head = page.partition("## What works")[0]
    assert all(text in head for text in load_study(ROOT / "experiments" / "which-reform" / "mexico-city.yaml").warned[:2])
