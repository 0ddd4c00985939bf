"""The command line: what it prints, what it writes, and how it refuses."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sim.artifacts.results import Results
from sim.cli import main
from sim.cli.explain import LISTS
from sim.cli.terms import TERMS
from sim.evidence.base import evidence
from sim.evidence.levers import lever_rows
from sim.files.writing import MANIFEST
from sim.inputs.patterns import patterns
from sim.inputs.scenario import load_scenario, shipped_scenarios
from sim.inputs.scenario_files import shipped_studies
from sim.measures import MEASURES, recorded
from sim.measures.harvest import warm_up
from sim.measures.voice_measures import VOICE_MEASURES
from sim.world.anatomy import PROCESSES, SCHEDULE
from sim.world.parameters import CODEBOOK, REFERENCES
from sim.world.reforms import REFORMS, levers

SMALL = ["--set", "city.adults=1000", "--set", "spin_up_weeks=4"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test runs in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    return tmp_path


def confianza(capsys, *arguments):
    """Exit code, standard output and standard error of one command."""
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    written = capsys.readouterr()
    return stopped.value.code, written.out, written.err


def test_run_writes_and_tells(capsys, folder):
    warm_up()
    capsys.readouterr()
    code, out, err = confianza(capsys, "run", "merida", "--replicates", "2", "--weeks", "60", "--seed", "5", "--figures", *SMALL)
    assert (code, err) == (0, "")
    results = Results.load(folder / "out" / "merida")
    assert results.dataset.attrs["root_seed"] == 5
    assert results.dataset.sizes["replicate"] == 2
    assert results.dataset.week.values[[0, -1]].tolist() == [-4, 59]
    files = [path for path in (folder / "out" / "merida").iterdir() if path.is_file() and path.name != MANIFEST]
    for path in files:
        assert path.name in out
    assert {path.suffix for path in files} == {".nc", ".yaml", ".csv", ".json", ".png"}
    assert f"in {'out/merida'}:" in out
    assert load_scenario("merida").name in out
    row = results.summary().set_index("measure").loc["incidence"]
    assert f"{row.last_year:,.0f}" in out
    assert all(name in out for name in recorded())
    assert all(measure.unit in out for measure in recorded().values())


def test_voices_are_told_with_how_many_were_asked_and_how_exactly(capsys, folder, monkeypatch):
    values = ("reporting.intercept=-7", "reporting.person_sd=0", "offending.propensity_log_mean=-4")  # so that nobody reports a crime
    quiet = [word for value in values for word in ("--set", value)]
    for width in ("80", "400"):
        monkeypatch.setenv("COLUMNS", width)
        code, out, _ = confianza(capsys, "run", "merida", "--replicates", "2", "--weeks", "60", *SMALL, *quiet, "--out", "m")
        assert code == 0 and max(map(len, out.splitlines())) <= int(width)
        table = Results.load(folder / "m").voices().set_index("measure")
        shown = out[out.index("voices: what samples answer in week 52") :]
        assert set(table.index) == set(VOICE_MEASURES) <= {line.partition(" ")[0] for line in shown.splitlines()}
        for name, row in table.iterrows():
            line = next(line for line in shown.splitlines() if line.startswith(f"{name} "))
            assert line.split()[1] == str(row.asked), "how many"
            # Three officers of one mind do not make an answer certain.
            error = "-" if math.isnan(row.standard_error) else f"{row.standard_error:.3f}"
            said = [f"{row.answer:z.3f}", f" {error} "] if row.asked else ["nobody to ask"]
            assert all(part in line for part in said) and " nan" not in line, line
    assert table.asked["complainants_solved"] == 0 and table.asked["stopped_felt_bad"] > 0
    assert (table.standard_error.dropna() > 0).all() and table.asked.max() <= 400
    assert (folder / "m" / "voices.csv").read_text().count("\n") == len(VOICE_MEASURES) + 1


def test_years_that_overlap_have_no_change(capsys, folder):
    """Said in words, instead of columns without numbers; with two whole years there is one, and what it is."""
    for weeks in (103, 104):
        code, out, _ = confianza(capsys, "run", "national-average", "--replicates", "2", "--weeks", str(weeks), *SMALL)
        flat = " ".join(out.split())
        assert code == 0 and ("the first and the last year overlap, so there is no change between them: that takes 104 weeks" in flat) == (
            weeks == 103
        )
        header = next(line for line in out.splitlines() if line.startswith("measure"))
        assert ("change" in header) == ("sign" in header) == ("precision" in header) == (weeks == 104)
        assert ("the middle of the replicates' own changes" in flat) == ("Sign: in how many" in flat) == (weeks == 104)
        assert "With 2 there is no 5-95 % range; it takes 20 (--replicates 20)." in flat


def test_settings_and_folder(capsys, folder):
    command = ("run", "national-average", "--replicates", "1", "--weeks", "3", *SMALL, "--set", "trust.contact_gain=0.2", "--out", "a/b")
    code, out, _ = confianza(capsys, *command)
    assert code == 0
    assert "one replicate" in out
    assert yaml.safe_load((folder / "a" / "b" / "scenario.yaml").read_text(encoding="utf-8"))["parameters"]["trust.contact_gain"] == 0.2


def test_a_file_of_ones_own(capsys, folder):
    text = (
        "name: '[bold]Mine[/bold]'\ncity: {adults: 1000}\nweeks: 9\nspin_up_weeks: 0\nchanges: [{week: 5, set: {response.capacity: 0.5}}]\n"
    )
    (folder / "mine.yaml").write_text(text)
    code, out, err = confianza(capsys, "run", "mine.yaml", "--replicates", "1", "--weeks", "4")
    assert code == 0
    assert "[bold]Mine[/bold]" in out and "voices: what samples answer" not in out, "nobody was asked in four weeks"
    assert "Left out, because the run ends after week 3: 1 dated change." in err
    assert "Figures are drawn with --figures, or in a page: confianza report out/mine" in out
    assert [path.name for path in (folder / "out" / "mine").glob("*.png")] == []


def test_figures_of_another_run_do_not_stay(capsys, folder):
    command = ("run", "merida", "--replicates", "1", "--weeks", "3", *SMALL, "--out", "m")
    assert confianza(capsys, *command, "--figures")[0] == 0
    (folder / "m" / "own.png").write_bytes(b"mine")
    assert (folder / "m" / "trust.png").exists()
    assert confianza(capsys, *command, "--seed", "9")[0] == 0
    assert [path.name for path in (folder / "m").glob("*.png")] == ["own.png"]
    assert confianza(capsys, *command, "--seed", "9", "--figures")[0] == 0
    (folder / "m" / "trust.png").write_bytes(b"mine too")
    code, _, err = confianza(capsys, *command)
    assert code == 2 and "trust.png" in err
    assert (folder / "m" / "trust.png").read_bytes() == b"mine too"


def test_a_shorter_run_says_what_it_leaves_out(capsys, folder):
    text = (
        "name: Mine\ncity: {adults: 1000}\nweeks: 90\nspin_up_weeks: 0\nchanges: [{week: 5, set: {response.capacity: 0.5}}]\n"
        "interventions: [{training: {start: 0}}, {training: {start: 60}}, {civic_justice: {start: 4}}]\n"
    )
    (folder / "mine.yaml").write_text(text)
    code, _, err = confianza(capsys, "run", "mine.yaml", "--replicates", "1", "--weeks", "4")
    assert (code, " ".join(err.split())) == (0, "Left out, because the run ends after week 3: 1 dated change, 2 reforms.")
    kept = yaml.safe_load((folder / "out" / "mine" / "scenario.yaml").read_text(encoding="utf-8"))
    assert [reform["training"]["start"] for reform in kept["interventions"]] == [0]
    code, _, err = confianza(capsys, "run", "mine.yaml", "--replicates", "1", "--weeks", "61")
    assert (code, "Left out" in err) == (0, False)


BAD = {
    "unknown scenario": (["run", "meridad"], "Did you mean merida?"),
    "missing file": (["run", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
    "no replicates": (["run", "merida", "--replicates", "0"], "--replicates: must be a whole number"),
    "too many replicates": (["run", "merida", "--replicates", "99999999999"], "--replicates: must be a whole number from 1 to 10,000"),
    "negative seed": (["run", "merida", "--seed", "-1"], "--seed: must be a whole number from 0"),
    "no weeks": (["run", "merida", "--weeks", "0"], "--weeks: must be a whole number from 1"),
    "too many weeks": (["run", "merida", "--weeks", "999999"], "--weeks: must be a whole number from 1"),
    "misspelled parameter": (["run", "merida", "--set", "trust.contact_gian=0.1"], "Did you mean 'trust.contact_gain'"),
    "value out of range": (["run", "merida", "--set", "trust.contact_gain=7"], "--set trust.contact_gain=7: 'trust.contact_gain' must be"),
    "no value": (["run", "merida", "--set", "trust.contact_gain"], "Write --set"),
    "folder is a file": (["run", "merida", "--out", "file"], "'file' cannot be written to"),
    "folder below a file": (["run", "merida", "--out", "file/x"], "cannot be written to"),
    "broken file": (["check", "broken.yaml"], "broken.yaml:2: there is no parameter 'trust.gain'"),
    "unknown name": (["explain", "reporting_rat"], "Did you mean 'reporting_rate'?"),
    "unknown measure": (["run", "merida", "--measure", "peer_elasticty"], "--measure: there is no measure 'peer_elasticty'"),
    "measure of a longer run": (
        ["run", "merida", "--weeks", "60", "--measure", "victimization_effect"],
        "--measure: 'victimization_effect'",
    ),
    "nothing to validate": (["validate", "merida", "--replicates", "-3"], "--replicates: must be"),
    "validate nothing": (["validate", ""], "name of the scenario is empty"),
}


@pytest.mark.parametrize(("command", "message"), BAD.values(), ids=BAD)
def test_refused_clearly_and_nothing_written(command, message, capsys, folder):
    (folder / "file").write_text("")
    (folder / "broken.yaml").write_text("name: x\nparameters: {trust.gain: 1}\n")
    code, out, err = confianza(capsys, *command)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert out == ""
    assert sorted(path.name for path in folder.iterdir()) == ["broken.yaml", "file"]


@pytest.mark.parametrize("command", [["run"], ["fly"], ["run", "merida", "--fast"], ["new"]])
def test_wrong_usage(command, capsys, folder):
    code, _, err = confianza(capsys, *command)
    assert code == 2
    assert "\n  How it is used: confianza" in err and err.count("\n") <= 3
    assert list(folder.iterdir()) == []


def test_check_says_what_a_file_says(capsys):
    code, out, _ = confianza(capsys, "check", "ecatepec")
    scenario = load_scenario("ecatepec")
    assert code == 0
    assert out.startswith("ecatepec can be used.")
    for text in (scenario.name, scenario.question, *scenario.parameters, *scenario.lineage):
        assert text in out


@pytest.mark.parametrize("kind", LISTS)
def test_lists(kind, capsys):
    known = {
        "parameters": list(CODEBOOK), "measures": list(MEASURES), "patterns": list(patterns()), "scenarios": shipped_scenarios(),
        "reforms": list(REFORMS), "sources": list(REFERENCES), "schedule": [step.text for step in SCHEDULE], "terms": list(TERMS),
        "studies": shipped_studies(), "trials": list(evidence()), "levers": [row.name for reform in REFORMS for row in lever_rows(reform)],
    }  # fmt: skip
    code, out, _ = confianza(capsys, "explain", kind)
    assert code == 0
    assert [name for name in known[kind] if name not in out] == []


def test_the_schedule_is_in_order(capsys):
    _, out, _ = confianza(capsys, "explain", "schedule")
    places = [out.index(f"{number:2}. {process}\n") for number, process in enumerate(PROCESSES, 1)]
    assert places == sorted(places)
    assert "writes      officers (cell)" in out
    assert "trust.relaxation_rate" in out


def test_a_parameter_is_explained_with_all_that_is_known(capsys):
    for name, parameter in CODEBOOK.items():
        code, out, _ = confianza(capsys, "explain", name)
        plain = " ".join(out.split())
        known = [name, parameter.unit, parameter.status, *(key for key in parameter.source if key != "assumed")]
        known += [" ".join(text.split())[:60] for text in (parameter.description, parameter.note)]
        known += [REFERENCES[key].title[:40] for key in parameter.source if key != "assumed"]
        assert code == 0
        assert [text for text in known if text not in plain] == [], name
    assert "sim/world/" in out


@pytest.mark.parametrize("name", ["prevalence", "P20", "merida", "envipe2025", "respond", "workload"])
def test_other_things_are_explained(name, capsys):
    code, out, err = confianza(capsys, "explain", name)
    assert (code, err) == (0, "")
    about = {
        "prevalence": "ENVIPE", "P20": "640 officers", "merida": "national-average", "envipe2025": "INEGI", "respond": "workload",
        "workload": "free capacity",
    }  # fmt: skip
    assert about[name] in out


@pytest.mark.compiled
def test_validate_prints_every_pattern(capsys, folder):
    code, out, _ = confianza(capsys, "validate", "national-average", "--replicates", "2", *SMALL)
    assert code == 0
    assert [key for key in patterns() if key not in out] == []
    assert "fit: " in out and "check: " in out
    assert "larger city" in out
    assert "defined for 20 replicates" in out
    assert list(folder.iterdir()) == []


def python(*arguments, **environment):
    """Run Python in a process of its own, in which the package can be imported."""
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, check=True, env={**os.environ, "PYTHONPATH": root, **environment}
    )


def test_help_and_lookups_import_nothing_heavy():
    heavy = ("numba", "numpy", "mesa", "xarray", "pandas", "scipy", "matplotlib")
    for arguments in (["--help"], ["run", "--help"], ["explain", "schedule"], ["explain", "trust.contact_gain"], ["check", "merida"]):
        code = f"""
import sys
from sim.cli import main
from sim.files.writing import MANIFEST
try:
    main({arguments!r})
except SystemExit as stopped:
    assert stopped.code == 0
print("loaded:", [name for name in {heavy!r} if name in sys.modules])
"""
        assert python("-c", code).stdout.endswith(b"loaded: []\n"), arguments


@pytest.mark.compiled
def test_a_run_imports_only_what_it_needs(tmp_path):
    """Tables for people (pandas, xarray), figures, Mesa and what looks for answers take longer to import than a short run takes."""
    heavy = ("mesa", "xarray", "pandas", "matplotlib", "dask", "distributed", "SALib", "networkx", "solara", "jinja2")
    for again in (False, True):  # then what is kept is read
        command = ["run", "national-average", "--replicates", "2", "--weeks", "30", *SMALL, "--out", str(tmp_path / "out")]
        code = f"""
import sys
from sim.cli import main
try:
    main({command!r})
except SystemExit as stopped:
    assert stopped.code is None or stopped.code == 0
print("loaded:", [name for name in {heavy!r} if name in sys.modules])
"""
        assert python("-c", code).stdout.endswith(b"loaded: []\n"), again
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"results.nc", "summary.csv", "voices.csv"}


def processor_seconds(*arguments):
    """Of a process of Python: other programs do not lengthen it as they lengthen the time that passes."""
    before = os.times()
    python(*arguments)
    return sum(os.times()[2:4]) - sum(before[2:4])


def test_help_takes_little_more_than_what_prints_it():
    """Compared with loading Typer and Rich, in turns."""
    commands = ("-m", "sim.cli", "--help"), ("-c", "import typer.main, typer.rich_utils")
    helps, peers = zip(*([processor_seconds(*command) for command in commands] for _ in range(5)), strict=True)
    assert min(helps) < 2.5 * min(peers)


def test_a_poor_terminal_gets_question_marks_instead_of_a_traceback():
    out = python("-m", "sim.cli", "explain", "sources", PYTHONIOENCODING="ascii").stdout
    assert b"Le?n" in out


def test_every_reform_is_explained(capsys):
    assert all(name in confianza(capsys, "explain", "reforms")[1] for name in REFORMS)
    for name, kind in REFORMS.items():
        code, out, _ = confianza(capsys, "explain", name)
        assert code == 0 and all(lever in out for lever in levers(kind))


def test_terms_of_tables_are_explained(capsys):
    code, out, _ = confianza(capsys, "explain", "worth runs")
    assert code == 0 and "Variance reduction" in out
    assert all(term in confianza(capsys, "explain", "terms")[1] for term in ("range (5-95 %)", "precision", "EVPPI", "placebo"))


def test_what_takes_long_is_said_and_asked_for(capsys, folder):
    (folder / "big.yaml").write_text("name: Big\nextends: national-average\ncity: {adults: 1000000}\nweeks: 520\n", encoding="utf-8")
    code, _, err = confianza(capsys, "run", "big.yaml", "--replicates", "2000", "--workers", "2", "--out", "big")
    assert code == 2 and "2,000 runs take" in err and "If that is meant, add --yes" in err
    assert not (folder / "big").exists()
