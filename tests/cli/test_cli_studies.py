"""The verbs of studies with many points: what they print and write, and how they refuse."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
import yaml

from sim.cli import main
from sim.cli.outlook import outlook
from sim.files.writing import MANIFEST
from sim.studies.answers.findings import Analysis
from sim.studies.answers.sensitivity import METHODS
from sim.studies.answers.sweep import Sweep, sweep
from sim.studies.design.designs import DESIGNS
from sim.studies.design.study_files import load_study
from sim.studies.running.store import SweepStore

pytestmark = pytest.mark.compiled  # some hundred runs

STUDY = """
name: '[bold]Mine[/bold]'
question: What does trust depend on?
scenario: {name: Small, city: {adults: 1000}, weeks: 8, spin_up_weeks: 2, seed: 7}
arms: {course: [{training: {start: 0}}], purge: [{purge: {start: 0, months: 1}}]}
vary: {trust.contact_gain: [0, 0.4], trust.contact_loss: [0, 0.5], conduct.mean: [-2, 2], encounter.stop_rate: [1, 5]}
design: {sobol: 64}
replicates: 4
measures: [mean_trust, reporting_rate]
at: [4, 8]
series: [mean_trust]
"""
RUNS = (64 + 50) * 3 * 4
CHEAP = STUDY.replace("sobol: 64", "sobol: 2").replace("replicates: 4", "replicates: 1")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test runs in a folder of its own with two study files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("study.yaml").write_text(STUDY)
    Path("cheap.yaml").write_text(CHEAP)
    return tmp_path


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A sweep that is only read."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "study.yaml").write_text(STUDY)
    return sweep(load_study(folder / "study.yaml"), folder / "store")


def confianza(capsys, *arguments):
    """Exit code, standard output and standard error of one command."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    written = capsys.readouterr()
    return stopped.value.code, written.out, written.err


def test_sweep_says_what_it_found_and_how_to_go_on(capsys):
    code, out, _ = confianza(capsys, "sweep", "cheap.yaml", "--replicates", "2", "--out", "a/b")
    assert code == 0
    assert "4 factors, 2 points x 3 arms (baseline, course, purge) x 2 replicates = 12 runs" in out
    made = Sweep.load("a/b")
    assert made.status().kept == 12
    mean = made.values("level:baseline:reporting_rate").mean()
    row = next(line for line in out.splitlines() if "reporting_rate" in line)
    assert f"{mean:.4f}" in row
    assert "[bold]Mine[/bold]" in out
    for verb in ("sensitivity", "export", "status"):
        assert f"confianza {verb} a/b" in out


def test_sweep_goes_on_with_what_is_there(capsys):
    confianza(capsys, "sweep", "cheap.yaml")
    before = {path: path.stat().st_mtime_ns for path in Path("out/cheap/shards").iterdir()}
    code, _, _ = confianza(capsys, "sweep", "cheap.yaml")
    assert code == 0
    assert {path: path.stat().st_mtime_ns for path in Path("out/cheap/shards").iterdir()} == before
    code, _, err = confianza(capsys, "sweep", "cheap.yaml", "--seed", "8")
    assert (code, "holds another study: seed differs" in err) == (2, True)


def test_options_change_the_study(capsys):
    confianza(capsys, "sweep", "cheap.yaml", "--weeks", "6", "--seed", "5", "--executor", "threads", "--workers", "1")
    study = SweepStore.open("out/cheap").study
    assert (study.base.weeks, study.base.seed, study.at) == (6, 5, (4, 6))


def test_numbers_of_the_table(swept, capsys):
    from sim.cli.sweep import numbers

    effect = swept.values("effect:course:mean_trust")
    mean, spread, above, luck = numbers(effect, effect=True)
    assert float(mean) == pytest.approx(effect.mean(), abs=1e-4)
    assert float(spread) == pytest.approx(effect.mean(axis=1).std(ddof=1), abs=1e-4)
    assert above == f"{100 * (effect.mean(axis=1) > 0).mean():.0f} %"
    assert 0 <= float(luck.rstrip(" %")) <= 100
    assert numbers(effect * float("nan"), effect=True) == ["-"] * 4
    assert numbers(0 * effect + 0.4, effect=False)[1] == "none"  # no "0.000" of nothing
    assert numbers(effect[:, :1], effect=False)[2:] == ["", "-"]  # one replicate: nobody knows what is luck


def test_plan_says_how_long_and_how_much(capsys, folder):
    code, out, _ = confianza(capsys, "plan", "cheap.yaml", "--workers", "1")
    assert code == 0
    assert "6 runs take about" in out and "1 at a time" in out and outlook(load_study("cheap.yaml")) in " ".join(out.split())
    assert "On disk" in out
    assert sorted(path.name for path in folder.iterdir()) == ["cheap.yaml", "study.yaml"]


def test_status_says_what_is_there_and_what_is_damaged(capsys):
    confianza(capsys, "sweep", "cheap.yaml", "--out", "store")
    code, out, _ = confianza(capsys, "status", "store", "--verify")
    assert code == 0
    assert "6 of 6 kept" in out and "every file is as it was written" in out and "2 points, 3 arms" in out
    shard = Path("store/shards/00000.parquet")
    data = bytearray(shard.read_bytes())
    data[20] ^= 1
    shard.write_bytes(data)
    assert confianza(capsys, "status", "store")[0] == 0  # the size is right
    code, out, err = confianza(capsys, "status", "store", "--verify")
    assert code == 1
    assert "00000.parquet" in err and "DAMAGED" in out
    shard.unlink()
    assert confianza(capsys, "resume", "store")[0] == 0
    assert confianza(capsys, "status", "store", "--verify")[0] == 0


def test_extend_runs_what_is_new(capsys):
    confianza(capsys, "sweep", "cheap.yaml", "--out", "store")
    old = Sweep.load("store").values("mean_trust")
    assert confianza(capsys, "extend", "store", "--points", "4")[0] == 0
    assert confianza(capsys, "extend", "store", "--replicates", "2")[0] == 0
    values = Sweep.load("store").values("mean_trust")
    assert values.shape == (4, 2)
    assert values[:2, 0].tolist() == old[:, 0].tolist()
    Path("more.yaml").write_text(
        CHEAP.replace("sobol: 2", "sobol: 4").replace("arms: {", "arms: {both: [{training: {start: 0}}, {purge: {start: 1}}], ")
    )
    assert confianza(capsys, "extend", "store", "--study", "more.yaml")[0] == 0
    assert Sweep.load("store").status().arms == ("baseline", "both", "course", "purge")


def test_failures_are_told_and_retried(capsys, monkeypatch):
    from sim.studies.running import work

    lives = work.lives

    def broken(scenarios, *given):
        if any(scenario.interventions for scenario in scenarios.values()):
            raise RuntimeError("the course was canceled")
        return lives(scenarios, *given)

    with monkeypatch.context() as patched:
        patched.setattr(work, "lives", broken)
        code, out, _ = confianza(capsys, "sweep", "cheap.yaml", "--out", "store")
    assert (code, "4 runs failed" in out) == (0, True)
    code, out, _ = confianza(capsys, "status", "store")
    assert code == 0
    assert "4 failed" in out and "RuntimeError: the course was canceled" in out
    code, out, _ = confianza(capsys, "retry", "store")
    assert (code, "failed" in out) == (0, False)
    assert Sweep.load("store").status().kept == 6


@pytest.mark.parametrize("file", ["runs.csv", "runs.parquet", "runs.nc"])
def test_export(file, swept, capsys):
    code, out, _ = confianza(capsys, "export", swept.store.folder, file)
    assert code == 0
    assert file in out
    if file.endswith(".nc"):
        assert xr.load_dataset(file, engine="h5netcdf").mean_trust.sizes == {"point": 114, "arm": 3, "replicate": 4, "week": 2}
    else:
        frame = pd.read_csv(file) if file.endswith(".csv") else pd.read_parquet(file)
        assert len(frame) == 2 * RUNS
        assert {"point", "arm", "replicate", "week", "mean_trust", "conduct.mean"} <= set(frame.columns)


def test_export_of_series(swept, capsys):
    assert confianza(capsys, "export", swept.store.folder, "series.parquet", "--series")[0] == 0
    assert len(pd.read_parquet("series.parquet")) == 10 * RUNS


def test_check_reads_studies(capsys):
    code, out, _ = confianza(capsys, "check", "study.yaml")
    assert code == 0
    assert out.startswith("study.yaml can be used.")
    assert f"= {RUNS:,} runs" in out
    plain = {key: value for key, value in yaml.safe_load(STUDY).items() if key not in ("vary", "design", "series")}
    Path("plain.yaml").write_text(yaml.safe_dump(plain))
    code, out, _ = confianza(capsys, "check", "plain.yaml")
    assert (code, "placebo" in out, "course: training" in out) == (0, True, True)
    assert outlook(load_study("plain.yaml")) in " ".join(out.split())


def test_schemas(capsys):
    for kind, key in (("study", "vary"), ("scenario", "parameters")):
        code, out, _ = confianza(capsys, "schema", kind)
        assert code == 0
        assert key in json.loads(out)["properties"]


BAD = {
    "no file": (["sweep", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
    "no executor": (["sweep", "cheap.yaml", "--executor", "thread"], "Did you mean 'threads'?"),
    "no workers": (["sweep", "cheap.yaml", "--workers", "0"], "--workers: must be a whole number from 1"),
    "no replicates": (["sweep", "cheap.yaml", "--replicates", "0"], "--replicates: must be"),
    "no address": (["sweep", "cheap.yaml", "--executor", "dask://"], "dask://HOST:PORT"),
    "unknown factor": (["sweep", "wrong.yaml"], "wrong.yaml:5: there is no parameter or lever 'trust.contact_gian'"),
    "folder is a file": (["sweep", "cheap.yaml", "--out", "cheap.yaml"], "cheap.yaml"),
    "no store": (["status", "nowhere"], "'nowhere' holds no study"),
    "nothing to resume": (["resume", "."], "holds no study"),
    "nothing to retry": (["retry", "nowhere"], "holds no study"),
    "nothing to extend": (["extend", "nowhere", "--points", "4"], "holds no study"),
    "nothing to export": (["export", "nowhere", "runs.csv"], "holds no study"),
    "no schema": (["schema", "stdy"], "Did you mean 'study'?"),
    "broken study": (["check", "wrong.yaml"], "Did you mean 'trust.contact_gain'"),
    "no such arm": (["sensitivity", "study.yaml", "--of", "effect:corse:mean_trust"], "Did you mean 'course'?"),
    "no such measure": (["sensitivity", "study.yaml", "--of", "mean_rust"], "Did you mean 'mean_trust'?"),
    "no such method": (["sensitivity", "study.yaml", "--method", "emulate"], "Did you mean 'emulator'?"),
    "another design": (["sensitivity", "study.yaml", "--method", "morris"], "needs the design 'morris', but this study's is 'sobol'"),
    "no such week": (["sensitivity", "study.yaml", "--week", "5"], "--week: week 5 was not kept"),
    "nothing varies": (["sensitivity", "fixed.yaml"], "nothing varies in this study"),
}


@pytest.mark.parametrize(("command", "message"), BAD.values(), ids=BAD)
def test_refused_clearly_and_nothing_written(command, message, capsys, folder):
    Path("wrong.yaml").write_text(STUDY.replace("contact_gain", "contact_gian").lstrip())
    Path("fixed.yaml").write_text(STUDY.partition("vary:")[0])
    before = sorted(folder.rglob("*"))
    code, _, err = confianza(capsys, *command)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert sorted(folder.rglob("*")) == before


def test_extend_must_say_what(swept, capsys):
    code, _, err = confianza(capsys, "extend", swept.store.folder)
    assert (code, "nothing is asked for" in err) == (2, True)


def test_sensitivity_of_a_store(swept, capsys):
    command = ("sensitivity", swept.store.folder, "--of", "mean_trust", "--of", "effect:course:mean_trust", "--out", "found")
    code, out, _ = confianza(capsys, *command, "--week", "4")
    assert code == 0
    analysis = Analysis.load("found")
    assert [finding.output.of for finding in analysis.findings] == ["mean_trust", "effect:course:mean_trust"]
    first = analysis.findings[0]
    assert (first.output.week, first.spoke) == (4, True)
    assert f"mean_trust in baseline (0-1), week 4, {first.sensitivity.method}" in out
    strongest = first.ranked().iloc[0]
    assert f"{100 * strongest.total:.1f} ({100 * strongest.total_low:.1f} to {100 * strongest.total_high:.1f})" in out
    assert str(first.sensitivity.covers) in " ".join(out.split())
    assert Path("found/overview.png").exists() and Path("found/mean_trust/tornado.png").exists()
    for path in Path("found").glob("*.*"):
        assert path.name in out or path.suffix == ".png" or path.name == MANIFEST


def test_sensitivity_runs_the_sweep_and_uses_what_is_there(capsys):
    Path("small.yaml").write_text(STUDY.replace("sobol: 64", "oat: 2").replace("purge: [{purge: {start: 0, months: 1}}]", ""))
    code, out, _ = confianza(capsys, "sensitivity", "small.yaml", "--out", "here", "--workers", "2")
    assert code == 0
    assert "effect of course on mean_trust (0-1), week 8, oat" in out
    assert "effect of course on reporting_rate" in out
    made = Sweep.load("here")
    assert made.status().missing == 0
    assert len(Analysis.load("here/sensitivity").findings) == 2
    shard = Path("here/shards/00000.parquet").stat().st_mtime_ns
    assert confianza(capsys, "sensitivity", "small.yaml", "--out", "here")[0] == 0
    assert Path("here/shards/00000.parquet").stat().st_mtime_ns == shard


def test_interrupted_and_resumed(folder):
    """Ctrl-C finishes what is under way and says how to go on."""
    many = STUDY.replace("sobol: 64", "sobol: 4096")
    Path("many.yaml").write_text(many)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    # Ctrl-C must reach it, also where the tests were started in the background, which would be inherited
    awake = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from sim.cli import main; main()"
    command = [sys.executable, "-c", awake, "sweep", "many.yaml", "--out", "store"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 300
    while not list(folder.glob("store/shards/*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "confianza resume store" in err
    assert "Traceback" not in err
    status = SweepStore.open("store").status(verify=True)
    assert 0 < status.kept < status.wanted
    assert status.problems == ()
    assert len(list(folder.glob("store/shards/*"))) == status.shards  # nothing half written


def test_help_imports_nothing_heavy():
    heavy = ("numba", "numpy", "mesa", "xarray", "pandas", "scipy", "matplotlib", "pyarrow")
    for verb in ("sweep", "sensitivity", "plan", "status", "resume", "retry", "extend", "export", "schema"):
        code = f"""
import sys
from sim.cli import main
try:
    main([{verb!r}, "--help"])
except SystemExit as stopped:
    assert stopped.code == 0
print("loaded:", [name for name in {heavy!r} if name in sys.modules])
"""
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment, cwd="/")
        assert done.stdout.endswith(b"loaded: []\n"), verb


DOCS = (Path(__file__).parents[2] / "docs" / "studies.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)


def test_the_guide_knows_its_designs_and_methods():
    assert set(re.findall(r"^\| `\{(\w+)", DOCS, re.MULTILINE)) == set(DESIGNS)
    table = DOCS.partition("## Methods")[2].partition("##")[0]
    assert set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `")))) == set(METHODS)


def test_the_guides_commands_and_study_are_true(folder):
    from typer.main import get_command

    from sim.cli import app

    for language, block in BLOCKS:
        if language == "yaml":
            name = block.split("\n")[0].removeprefix("# ")
            (folder / name).write_text(block)
            assert load_study(folder / name).points()
    lines = [
        line for language, block in BLOCKS if language in ("sh", "console") for line in re.findall(r"(?:^|\$ )confianza (.*)", block, re.M)
    ]
    lines += re.findall(r"`(?:confianza )?(--of .*?|--executor .*?|--week .*?|--anew)`", DOCS)
    assert len(lines) > 15
    commands = get_command(app).commands
    every = {option for command in commands.values() for parameter in command.params for option in parameter.opts}
    for line in lines:
        verb, *rest = line.split()
        known = {option for parameter in commands[verb].params for option in parameter.opts} if not verb.startswith("--") else every
        assert {word for word in (verb, *rest) if word.startswith("--")} <= known, line


@pytest.mark.parametrize("command", [["run", "merida"], ["compare", "study.yaml"]])
def test_a_folder_with_a_sweep_is_not_written_into(command, tmp_path, capsys):
    """Its study.yaml and provenance.json would be those of something else."""
    store = tmp_path / "store"
    store.mkdir()
    (store / "journal.sqlite").write_text("")
    code, out, err = confianza(capsys, *command, "--out", str(store))
    assert code == 2 and "holds the runs of a sweep" in err and "--out" in err and out == ""
    assert [path.name for path in store.iterdir()] == ["journal.sqlite"]
