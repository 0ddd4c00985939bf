"""The verbs as a user types them, with hostile texts (tests/hostile.yaml) in every place where people write, in a folder that is called
so: nothing is lost, nothing is taken for markup, and every command that is printed can be copied.

Cities are tiny, runs few, and each holds as many texts as it can.
"""

import os
import re
import shlex
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hostile import LABELS, NAMES, TEXTS, lines_of, spaced, squeezed, tree_of
from made_decisions import found_for
from small_calibration import EFFORT

from sim.artifacts.posterior import load_posterior
from sim.cli import calibrate as calibrating
from sim.cli import decide as deciding
from sim.cli import main
from sim.errors import InputError
from sim.figures import compare as plots_compare
from sim.figures import decision as plots_decision
from sim.figures import sensitivity as plots_sensitivity
from sim.inputs.yaml_files import dump_yaml
from sim.measures import MEASURES, own
from sim.studies.answers.comparison import Comparison
from sim.world.parameters import CODEBOOK

ROOT = Path(__file__).parents[2]
PLACE = 'it\'s "mine" & $(echo no); #1 ¿ñ? 警察 🚓'  # of a folder
TOWN, STUDY, SWEPT, GROUPED, TRIAL, TARGETS = (
    f"{name}.yaml" for name in ("my 'town' $HOME & <b>", "a study", "-swept {x}", "grouped %s", "trial; no", "what's known")
)
EVERY = list(LABELS.values())
PARTS = [EVERY[start::5] for start in range(5)]
SEEN = [text for text in TEXTS.values() if text.strip(" \u200b")]
QUESTION = "\n".join(TEXTS.values())
READ = {"year": 2025, "url": "unpublished"}


def cited(prefix):
    """References in which every text is author, title and what was read."""
    return {f"{prefix}{number}": READ | {"author": text, "title": text, "read": text} for number, text in enumerate(SEEN)}


SCENARIO = {
    "name": NAMES["script"], "question": QUESTION, "weeks": 6, "spin_up_weeks": 2, "seed": 3, "parameters": {"encounter.stop_rate": 2},
    "city": {"adults": 1000, "width": 5, "height": 4, "officers_per_1000_inhabitants": 15}, "references": cited("town"),
    "sources": {"encounter.stop_rate": list(cited("town"))}, "assumptions": list(TEXTS.values()),
}  # fmt: skip
COURSE = {"training": {"start": 0, "coverage": 0.9}}


def study(arms, **more):
    """A study with these arms, and texts everywhere."""
    return {
        "name": NAMES["a formula"], "question": QUESTION, "scenario": TOWN, "arms": {name: [COURSE] for name in arms}, "replicates": 2,
        "measures": ["mean_trust", "reporting_rate", "cost"], "posterior": "none", "references": cited("study"),
        "cautions": [{"en": text, "es": text} for text in SEEN], "decision": {"unit": LABELS["chinese"] + LABELS["working formula"]},
        "sources": {"training.coverage": list(cited("study"))},
    } | more  # fmt: skip


VARIED = list(islice((name for name, one in CODEBOOK.items() if name.startswith(("trust.", "conduct.", "encounter.", "report"))), 18))
FILES = {
    TOWN: SCENARIO,
    STUDY: study(EVERY),
    SWEPT: study(EVERY, vary={"training.gain": [0.3, 1.5]}, design={"random": 2, "validation": 0}, replicates=1),
    TRIAL: {
        "name": NAMES["a command"], "question": QUESTION, "scenario": TOWN, "treatment": [COURSE], "outcomes": ["attitude"], "endline": 5,
        "replicates": 2, "draws": 1, "sizes": [0.5], "citizens": {"sample": 40}, "sites": {name: {} for name in EVERY[:2]},
    },
    TARGETS: {
        pattern: {"value": value, "sampling_error": value / 5, "discrepancy": value / 5, "why": QUESTION, "sources": list(cited("target"))}
        for pattern, value in (("P05", 40000), ("P06", 0.4))
    } | {"references": cited("target"), "layers": []},
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder whose name is hostile, with all files."""
    folder = tmp_path_factory.mktemp("verbs") / PLACE
    folder.mkdir()
    for name, told in FILES.items():
        (folder / name).write_text(dump_yaml(told), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def here(place, monkeypatch):
    """Commands are typed there. One figure of each kind: all of them are drawn with all names in test_hostile."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("COLUMNS", "100")
    for plotted in (plots_compare, plots_decision, plots_sensitivity):
        monkeypatch.setattr(plotted, "FIGURES", dict.fromkeys(plotted.FIGURES, next(iter(plotted.FIGURES.values()))))


def confianza(capsys, *arguments, code=0):
    """What a command prints. It ends as it should, without a traceback or a code of a terminal, and what is to be copied can be."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert stopped.value.code == code, f"{arguments}\n{err}"
    said = out + err
    assert not [word for word in ("Traceback", "\x1b", "Warning") if word in said]
    for told in re.findall(r"confianza (?:status|report|retry|resume|sensitivity|extend|export|compare|trial|sweep) (?![A-Z]).*", said):
        words = shlex.split(told.split("   ")[0].split(", or confianza")[0].partition(" runs its")[0])
        assert Path(words[2]).exists(), told
    return out if code == 0 else err


def missing(said, wanted):
    """Texts that are not there, whatever lines were broken."""
    said = squeezed(said)
    return [text for text in wanted if squeezed(text) not in said]


def page(capsys, folder, *, language, wanted):
    """A report holds all texts as texts."""
    confianza(capsys, "report", folder, "--lang", language)
    said = lines_of(tree_of((Path(folder) / ("report.html" if language == "en" else "report.es.html")).read_text(encoding="utf-8")))
    assert [text for text in wanted if spaced(text) not in said] == []


def test_check_and_explain(capsys):
    for file, wanted in ((TOWN, SEEN), (STUDY, SEEN), (f"./{SWEPT}", EVERY), (TRIAL, [QUESTION, NAMES["a command"]])):
        said = confianza(capsys, "check", file)
        assert missing(said, [NAMES["script"], *wanted]) == []
        assert "nothing" not in said.splitlines()[0]
    assert missing(confianza(capsys, "explain", TOWN), SEEN) == []
    for text in SEEN:
        said = confianza(capsys, "explain", f" {text}", code=2)
        assert said.count("\n") <= 4 and ("there is nothing called" in said or "there is no" in said), text


def test_files_in_the_wrong_place_are_called_by_their_names(capsys):
    wrong = {
        (verb, file) for verb in ("run", "compare", "trial", "sweep", "validate", "calibrate") for file in (TOWN, STUDY, TRIAL, TARGETS)
    }
    right = {("run", TOWN), ("validate", TOWN), ("calibrate", TOWN), ("compare", STUDY), ("sweep", STUDY), ("trial", TRIAL)}
    for verb, file in sorted(wrong - right):
        said = confianza(capsys, verb, file, code=2)
        told = re.search(r"It is for: (confianza .*?)(, or|$)", said, re.MULTILINE)
        assert told and file in shlex.split(told[1]), said


def test_run_and_its_reports(capsys):
    out = "it's run"
    said = confianza(capsys, "run", TOWN, "--replicates", "2", "--out", out)
    assert missing(said, [NAMES["script"], QUESTION]) == []
    for language in ("en", "es"):
        page(capsys, out, language=language, wanted=SEEN)
    assert missing(confianza(capsys, "status", out), [NAMES["script"], QUESTION]) == []


def test_compare_and_its_reports(capsys):
    said = confianza(capsys, "compare", STUDY, "--out", "it's compared")
    assert missing(said, [*EVERY, *SEEN]) == []
    for table in ("effects.csv", "costs.csv"):
        arms = pd.read_csv(Path("it's compared") / table, converters={"arm": str}).arm
        assert set(EVERY) <= set(arms)
    assert set(EVERY) <= set(Comparison.load("it's compared").arms)
    for language in ("en", "es"):
        page(capsys, "it's compared", language=language, wanted=[*EVERY, *SEEN])


def test_plan_sweep_and_the_life_of_a_store(capsys):
    file, store = f"./{SWEPT}", Path("-a store; $x")
    assert missing(confianza(capsys, "plan", file, "--workers", "1"), EVERY) == []
    assert missing(confianza(capsys, "sweep", file, "--out", store), [*EVERY, *SEEN]) == []
    assert missing(confianza(capsys, "status", f"./{store}", "--verify"), [*EVERY, QUESTION]) == []
    confianza(capsys, "extend", f"./{store}", "--replicates", "2")
    shard = next((store / "shards").iterdir())
    shard.unlink()
    assert "resume './-a store; $x'" in confianza(capsys, "export", f"./{store}", "x.csv", code=2)
    confianza(capsys, "resume", f"./{store}")
    confianza(capsys, "export", f"./{store}", 'all "of" it.csv')
    assert set(EVERY) <= set(pd.read_csv('all "of" it.csv', converters={"arm": str}).arm)
    assert "extend './-a store; $x'" in confianza(capsys, "sweep", file, "--out", store, "--seed", "9", code=2)


@pytest.mark.compiled
def test_sensitivity_decide_discover_and_their_reports(capsys, monkeypatch):
    """Arms are called so, and so are groups."""
    monkeypatch.setattr(deciding, "discover", lambda runs, condition, **_: found_for(condition, runs))
    monkeypatch.setattr(deciding.os, "cpu_count", lambda: 1)
    arms, groups = PARTS[0][:2] + PARTS[1][:2], PARTS[0][2:] + PARTS[1][2:]
    varied = dict(zip(groups, VARIED, strict=True))
    spread = {name: [CODEBOOK[name].low, CODEBOOK[name].high] for name in varied.values()}
    told = study(arms, vary=spread, groups={group: [name] for group, name in varied.items()}, design={"random": 32, "validation": 0})
    told |= {"sources": {}, "references": {}, "scenario": SCENARIO | {"weeks": 2, "spin_up_weeks": 1}}
    Path(GROUPED).write_text(dump_yaml(told), encoding="utf-8")
    store = "it's a store"
    confianza(capsys, "sweep", GROUPED, "--out", store)
    of = [part for arm in arms[:2] for part in ("--of", f"effect:{arm}:mean_trust")]
    said = confianza(capsys, "sensitivity", store, "--method", "delta", *of)
    assert missing(said, [*arms[:2], *groups, *SEEN]) == []
    said = confianza(capsys, "discover", store, f"level:{arms[0]}:mean_trust < 0.35", "--out", "dis covered")
    assert missing(said, [arms[0], *SEEN]) == []
    for language in ("en", "es"):
        page(capsys, f"{store}/sensitivity", language=language, wanted=[*arms[:2], *groups[:10], *SEEN])
    said = confianza(capsys, "decide", store, "--pay", "0", "500")
    assert missing(said, [*arms, *SEEN]) == []
    for language in ("en", "es"):
        page(capsys, store, language=language, wanted=[*arms, *SEEN])


@pytest.mark.compiled
def test_trial(capsys):
    said = confianza(capsys, "trial", TRIAL, "--out", "a trial")
    assert missing(said, [NAMES["a command"], QUESTION]) == []
    confianza(capsys, "status", "a trial")
    for language in ("en", "es"):
        page(capsys, "a trial", language=language, wanted=[NAMES["a command"], QUESTION])


@pytest.mark.compiled
def test_calibrate_and_validate(capsys, monkeypatch):
    monkeypatch.setattr(calibrating, "chosen_effort", lambda *given: EFFORT)
    said = confianza(capsys, "calibrate", TOWN, "--targets", TARGETS, "--out", "what's found")
    posterior = f"what's found/{Path(TOWN).stem}.csv"
    line = next(line for line in said.splitlines() if line.startswith("A study varies it"))
    assert yaml.safe_load(line.partition("with vary: ")[2].rpartition(" and design")[0]) == {"posterior": posterior}
    target = load_posterior(posterior).facts["targets"]["P06"]
    assert target["references"] == cited("target") and target["why"] == QUESTION.strip()
    said = confianza(capsys, "validate", TOWN, "--posterior", posterior, "--draws", "2", "--out", "checks; of mine")
    assert missing(said, [NAMES["script"]]) == []


def test_a_measure_of_ones_own(capsys):
    def medición_信任(over):
        return over.mean("fairness") if hasattr(over, "fairness") else over.total("crimes")

    medición_信任.__doc__ = LABELS["script"]
    own.measure(LABELS["working formula"], LABELS["rich markup"])(medición_信任)
    name = medición_信任.__name__
    try:
        Path("own.yaml").write_text(dump_yaml(study(EVERY[:2], measures=[name, "mean_trust"], at=[6])), encoding="utf-8")
        assert (
            missing(confianza(capsys, "explain", name), [name, *(LABELS[kind] for kind in ("script", "working formula", "rich markup"))])
            == []
        )
        assert missing(confianza(capsys, "compare", "own.yaml", "--out", "own"), [name, LABELS["working formula"]]) == []
        page(capsys, "own", language="es", wanted=[name, LABELS["working formula"]])
    finally:
        MEASURES.pop(name, None)


def test_a_measure_or_a_reform_with_an_impossible_name_is_refused():
    def count(over):
        """Crimes."""

    for name in EVERY:
        count.__name__ = name
        if not name.isidentifier():
            with pytest.raises(InputError, match="is no name for a measure"):
                own.measure("crimes", "none")(count)
        if not re.fullmatch("[a-z][a-z0-9_]*", name):
            with pytest.raises(InputError, match="is no name for a reform"):
                own.reform(name)


def test_in_processes_of_their_own(place):
    """As in a shell: what is printed goes through a pipe, in a locale that knows no letters beyond ASCII."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for arguments in (
        ("run", TOWN, "--replicates", "1", "--weeks", "1", "--out", "in a 'pipe'"),
        ("check", STUDY),
        ("status", "in a 'pipe'"),
    ):
        done = subprocess.run([sys.executable, "-m", "sim.cli", *arguments], capture_output=True, env=env, cwd=place)
        assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
