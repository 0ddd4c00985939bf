"""Notes are ids with values: every id that code gives has a sentence in every language, with these values in it."""

import ast
import json
import re
from pathlib import Path
from string import Formatter

import pytest
import yaml

from sim import style
from sim.errors import InputError
from sim.report import render
from sim.report.words import Words
from sim.style import LANGUAGES, Language, Note, counted, language, note, read, saved

SIM = Path(style.__file__).parent.parent
SECTIONS = {section for each in LANGUAGES for section in read(each)}


def ids_of(node):
    """The ids that the first argument of a call may be."""
    if isinstance(node, ast.IfExp):
        return [*ids_of(node.body), *ids_of(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def keys_of(function, name):
    """The keys of a mapping that a function writes down under a name: {"few": 1, "many": 2}."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict | ast.Tuple):
            targets = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else node.targets
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for target, value in zip(targets, values, strict=True):
                if isinstance(target, ast.Name) and target.id == name and isinstance(value, ast.Dict):
                    return {key.value for key in value.keys}
    raise AssertionError(f"{name} is no mapping that is written down in {function.name}")


def made():
    """Every note that code makes: where, its id and the names of its values."""
    for path in sorted(SIM.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        ours = any(isinstance(node, ast.ImportFrom) and node.module == "sim.style" and "note" in {each.name for each in node.names}
                   for node in ast.walk(tree))  # fmt: skip
        for place in tree.body if ours else ():
            for node in ast.walk(place):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "note":
                    spread = [key.value.id for key in node.keywords if key.arg is None]
                    names = {key.arg for key in node.keywords if key.arg}.union(*(keys_of(place, each) for each in spread))
                    assert ids_of(node.args[0]), f"{path}:{node.lineno}: write the id of the note down"
                    yield from ((f"{path.relative_to(SIM)}:{node.lineno}", each, names) for each in ids_of(node.args[0]))


def places(sentence):
    """The places of a sentence, each with how its value is written."""
    found = [(name, spec) for _, name, spec, _ in Formatter().parse(sentence) if name]
    return {name: "" for name, _ in found} | {name: spec for name, spec in found if "|" not in spec}


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_note_has_a_sentence_for_the_values_that_code_gives(name):
    sentences, found = read(name)["notes"], list(made())
    assert len(found) > 50
    for where, id, names in found:
        assert id in sentences, f"sim/{where}: there is no sentence for '{id}' in {name}"
        assert places(sentences[id]).keys() <= names, f"sim/{where}: '{id}' in {name}"
        assert names == set().union(*(places(read(each)["notes"][id]) for each in LANGUAGES)), f"sim/{where}: '{id}' says all values"
        values = {
            place: ["purge", note("replicate")] if spec in ("", "arm", "arms") else "share" if spec in SECTIONS else 1234.5
            for place, spec in places(sentences[id]).items()
        }
        said = language(name).said(Note(id, values))
        assert said.lang == name and "{" not in said.text and len(said.text) > 3
    assert {id for _, id, _ in found} == set(sentences), "no sentence is left over"


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_language_says_the_same_values(name):
    """What stands in words elsewhere is looked up by its name: {lever:lever_texts} instead of the {text} of the code."""
    for id, english in read("en")["notes"].items():
        said = read(name)["notes"][id]
        assert places(said).keys() == places(english).keys() or SECTIONS & {*places(said).values()}, id
        figures = {place: spec for place, spec in places(said).items() if spec not in SECTIONS}
        assert figures == {place: spec for place, spec in places(english).items() if place in figures}, id


@pytest.mark.parametrize("name", LANGUAGES)
def test_shares_are_given_as_shares_and_written_in_percent_by_the_sentence(name):
    """One way for all: before, some sentences wrote the share .43 as "0 %"."""
    said = (Path(style.__file__).parent / "words" / f"{name}.yaml").read_text(encoding="utf-8")
    assert re.findall(r":[.\d]*f\} %", said) == []
    for luck in (note("cases_by_luck", share=0.425), note("why_much_luck", share=0.43, many=2, enough=4)):
        assert re.search(r"4[23]\s?%", language(name).said(luck).text)


def test_a_value_that_is_missing_is_no_sentence():
    with pytest.raises(KeyError, match="missed"):
        str(note("covers_emulator"))
    with pytest.raises(KeyError, match="no_such_note"):
        str(note("no_such_note"))


def test_numbers_and_names_are_written_as_the_language_writes_them():
    dear = note("not_affordable", budget=12_000, arms=["purge", "mix"])
    assert str(dear) == "Not affordable with 12,000 thousand pesos in the simulated city, in the mean: purge; mix."
    said = Words("es").said(dear).text
    assert said.startswith("No alcanzan 12\u202f000 miles de pesos en la ciudad simulada, en la media, para: depuración; mezcla")
    assert "12.3 % of" in str(note("covers_emulator", missed=0.123))
    told = note("luck_like_factors", replicates=note("replicates", many=2), enough=4)
    assert language("es").said(told).text.startswith("Con 2 réplicas la suerte")


def test_a_note_is_the_same_after_it_was_saved():
    told = note("draws_mostly_luck", outcomes=[note("benefit_of", arm="purge"), note("cost_of", arm="mix")])
    assert Note(**json.loads(json.dumps(saved({"notes": [told]})))["notes"][0]) == told
    assert language("en").said("A sentence of an earlier version.") == ("A sentence of an earlier version.", "en")


def test_another_language_is_another_file(tmp_path, monkeypatch):
    """Everything that a page says comes from it."""
    import made_decisions as made_up

    for name in LANGUAGES:
        (tmp_path / f"{name}.yaml").write_text((style.FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    data = yaml.safe_load((tmp_path / "es.yaml").read_text(encoding="utf-8"))
    data["notes"]["few_draws"] = "Hay poucos sorteos: {many}."
    (tmp_path / "gl.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    monkeypatch.setattr(style, "FOLDER", tmp_path)
    monkeypatch.setattr(style, "LANGUAGES", (*LANGUAGES, "gl"))
    made_up.decision().save(tmp_path / "decision")
    page = render(tmp_path / "decision", "gl")
    assert 'lang="gl"' in page and "Qué averiguar primero" in page
    assert Words("gl").said(note("few_draws", many=3)) == ("Hay poucos sorteos: 3.", "gl")
    with pytest.raises(InputError, match="Languages: en, es, gl"):
        Words("xx")


# Notes of which a count is never one: luck is known from two replicates on, surfaces learn from 16 points on, a city has more cells
MANY = {
    "validated", "replicates", "nothing_beyond_luck_of", "luck_like_factors", "luck_moves_shares", "nothing_without_luck", "why_few_judges",
    "why_unsettled", "why_luck", "why_luck_or_few", "why_much_luck", "why_few", "why_nonlinear", "draws_repeat", "few_draws", "luck_shared",
    "cases_from_means", "cases_from_emulator", "draws_without_runs", "cases_open", "cases_open_expected", "too_crowded", "least_cells",
    "too_empty", "most_cells", "not_affordable", "luck_in", "range_takes", "varies_luck", "draws_are_cities", "range_takes_draws",
    "information_open", "coverage_failed", "coverage_wide", "best_too_sure",
}  # fmt: skip


class One(Language):
    """Says of every number that it is one."""

    def format_field(self, value, format_spec):
        return format_spec.split("|")[0] if "|" in format_spec else "-" if format_spec else "1"


@pytest.mark.parametrize("name", LANGUAGES)
def test_one_is_not_several(name):
    for id, sentence in read(name)["notes"].items():
        found = re.findall(r"\b1 (?!is\b|was\b|es\b|más\b)\w*[a-záéíóú]s\b", One(name).vformat(sentence, (), places(sentence)))
        assert not found or id in MANY, f"'{id}' in {name}: {found}"


def test_words_follow_their_number():
    assert str(note("points_failed", many=1)) == "1 point was left out because every run there failed."
    assert str(note("points_failed", many=12)) == "12 points were left out because every run of them failed."
    assert language("es").said(note("rows_left_out", many=1)).text.startswith("Se omitió 1 fila ")
    assert "In 1 pair of factors" in str(note("go_together", pairs=1, one="a", other="b", share=0.9))
    assert counted(1, "factor") == "1 factor" and counted(2, "city", "cities") == "2 cities"
