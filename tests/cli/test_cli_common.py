"""What all verbs have in common: the options, help, files to start from, and what comes with the program."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.main import get_command

from sim.cli import app, main
from sim.cli.explain import LISTS
from sim.inputs.scenario import load_scenario
from sim.inputs.scenario_files import find_study, shipped_studies
from sim.studies.design.study_files import load_study
from sim.style import LANGUAGES
from sim.trials.design import load_trial
from sim.version import __version__

VERBS = sorted(get_command(app).commands)
SMALL = ("--replicates", "1", "--weeks", "3", "--set", "city.adults=1000", "--set", "spin_up_weeks=0")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("CONFIANZA_LANG", raising=False)
    return tmp_path


def confianza(capsys, *arguments):
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    written = capsys.readouterr()
    return stopped.value.code, written.out, written.err


def test_version(capsys):
    for arguments in (["--version"], ["run", "--version"]):
        assert confianza(capsys, *arguments) == (0, f"confianza {__version__}\n", "")


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_has_the_common_options_and_says_what_each_argument_is(verb, capsys):
    code, out, _ = confianza(capsys, verb, "--help")
    assert code == 0 and max(map(len, out.splitlines())) <= 80
    assert all(f"\n{option} " in out for option in ("--lang LANGUAGE", "--quiet", "--json", "--version", "--help"))
    command = get_command(app).commands[verb]
    for param in command.params:
        assert param.help and param.help.endswith((".", '>= 45000".', "states")), (verb, param.name)


def test_nothing_asked_lists_the_verbs(capsys):
    code, out, _ = confianza(capsys)
    assert code == 0 and all(f"\n{verb} " in out for verb in VERBS)


def test_explain_alone_lists_what_there_is(capsys):
    code, out, _ = confianza(capsys, "explain")
    assert code == 0 and [line.partition(" ")[0] for line in out.splitlines()[: len(LISTS)]] == list(LISTS)
    assert all(about in " ".join(out.split()) for _, about in LISTS.values())


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("kind", "load"), [("scenario", load_scenario), ("study", load_study)])
def test_what_new_writes_can_be_used_and_is_never_replaced(kind, load, lang, capsys, folder):
    code, out, err = confianza(capsys, "new", kind, "my own.yaml", "--lang", lang)
    assert (code, err) == (0, "") and "confianza check 'my own.yaml'" in out
    made, text = load("my own.yaml"), Path("my own.yaml").read_text(encoding="utf-8")
    assert made.name and "confianza check 'my own.yaml'" in text and sum(line.startswith("#") for line in text.splitlines()) >= 8
    code, out, err = confianza(capsys, "new", kind, "my own.yaml")
    assert code == 2 and out == "" and err.startswith("FILE: 'my own.yaml' is there already")
    assert Path("my own.yaml").read_text(encoding="utf-8") == text and [path.name for path in folder.iterdir()] == ["my own.yaml"]


def test_what_new_writes_runs(capsys):
    confianza(capsys, "new", "scenario", "mine.yaml")
    assert confianza(capsys, "run", "mine.yaml", *SMALL)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("scenari", "a.yaml"), "'scenari' is nothing to start from."),
        (("study", "a.txt"), "'a.txt' does not end in .yaml."),
        (("study", "no/a.yaml"), "there is no folder 'no'."),
    ],
)
def test_new_refuses(arguments, said, capsys, folder):
    code, out, err = confianza(capsys, "new", *arguments)
    assert code == 2 and out == "" and said in err.splitlines()[0] and list(folder.iterdir()) == []


def test_a_link_to_nowhere_is_not_replaced(capsys, folder):
    (folder / "a.yaml").symlink_to(folder / "nowhere.yaml")
    assert confianza(capsys, "new", "study", "a.yaml")[0] == 2 and not (folder / "nowhere.yaml").exists()


def test_shipped_studies_are_found_by_name():
    known = shipped_studies()
    assert len(known) >= 12 and {"reforms-compared", "which-reform-national", "trial-mexico-city-training"} <= set(known)
    for name, path in known.items():
        load = load_trial if path.stem == "trial" else load_study
        assert load(name).name == load(path).name


def test_a_study_of_ones_own_comes_before_a_shipped_one(folder):
    (folder / "previ").mkdir()
    assert find_study("previ") == "previ" and find_study("rio-upp") == shipped_studies()["rio-upp"]


def test_no_such_study(capsys):
    code, out, err = confianza(capsys, "compare", "reforms-compare")
    assert code == 2 and out == "" and err.startswith("there is no study 'reforms-compare'.\n  Did you mean reforms-compared?")


def test_explain_knows_studies(capsys):
    assert all(name in confianza(capsys, "explain", "studies")[1] for name in shipped_studies())
    code, out, _ = confianza(capsys, "explain", "reforms-compared")
    assert code == 0 and "purge-then-train" in out


def test_quiet_says_only_what_was_found(capsys):
    code, out, err = confianza(capsys, "run", "national-average", *SMALL, "--quiet")
    assert code == 0 and "precision" not in out and "measure" not in out and err == ""


def test_json_is_one_document(capsys):
    code, out, _ = confianza(capsys, "explain", "terms", "--json")
    document = json.loads(out)
    assert code == 0 and document["confianza"] == __version__ and document["verb"] == "explain" and "possible city" in document["facts"]
    code, out, err = confianza(capsys, "explain", "nothing-there", "--json")
    assert code == 2 and out == "" and err


@pytest.mark.parametrize(("words", "expected"), [("run me", "merida"), ("compare reforms", "reforms-compared"), ("run yuc", "yucatan")])
def test_a_shell_completes_names(words, expected):
    environment = {"_CONFIANZA_COMPLETE": "complete_bash", "COMP_WORDS": f"confianza {words}", "COMP_CWORD": "2", "PATH": ""}
    program = "from sim.cli import main; main([])"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert expected in done.stdout.split(), done.stderr


def test_json_has_tables_with_every_digit(capsys, folder):
    code, out, err = confianza(capsys, "run", "national-average", *SMALL, "--json")
    document = json.loads(out)
    table = pd.read_csv(folder / "out" / "national-average" / "summary.csv")
    assert (code, err) == (0, "") and "tables" not in document and len(document["data"]["summary"]) == len(table)
    assert document["data"]["summary"][0]["last_year"] == pytest.approx(table.last_year[0], rel=1e-12)
    assert any("results.nc" in line for line in document["text"])


def test_spanish_on_every_verb(capsys):
    for verb in VERBS:
        code, out, _ = confianza(capsys, verb, "--help", "--lang", "es")
        assert code == 0 and out.startswith(f"Uso: confianza {verb} [OPCIONES]") and max(map(len, out.splitlines())) <= 80
        english = confianza(capsys, verb, "--help")[1].splitlines()
        assert not {line for line in out.splitlines() if len(line.split()) > 5} & set(english), "sentences in English"


def test_what_a_run_says_in_spanish(capsys):
    code, out, err = confianza(capsys, "run", "merida", *SMALL, "--lang", "es")
    assert (code, err) == (0, "")
    for said in ("1\u202f000 adultos, 0 semanas de asentamiento y 3 semanas", "Corrió en", "proporción de los adultos"):
        assert said in " ".join(out.split(" ")), said
    assert not {"replicate", "measure", "unit", "survey"} & set(out.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "merid"), "no hay escenario 'merid'.\n  ¿Quiso decir merida?"),
        (("run", "merida", "--weeks", "0"), "--weeks: debe ser un número entero de 1 a 5\u202f200, pero es 0.\n  52 son un año."),
        (("run", "--fast"), "No hay opción --fast"),
        (("explain", "nothing-there"), "no hay nada que se llame 'nothing-there'."),
        (("run",), "Falta el argumento"),
        (("export", "nowhere", "runs.csv"), "'nowhere' no tiene ningún estudio."),
    ],
)
def test_bad_input_is_told_in_spanish(arguments, said, capsys, monkeypatch):
    code, out, err = confianza(capsys, *arguments, "--lang=es")
    assert code == 2 and out == "" and err.startswith(said)
    monkeypatch.setenv("CONFIANZA_LANG", "es")
    assert confianza(capsys, *arguments) == (2, "", err)
    assert confianza(capsys, *arguments, "--lang", "en")[2] != err


def test_no_such_language(capsys):
    code, out, err = confianza(capsys, "explain", "terms", "--lang", "eo")
    assert code == 2 and out == "" and err.startswith("--lang: there is no language 'eo'.")


def test_kinds_are_called_what_one_types(capsys):
    out = confianza(capsys, "explain", "--lang", "es")[1]
    assert [line.partition(" ")[0] for line in out.splitlines()[: len(LISTS)]] == list(LISTS) and "lugares que simular" in out
