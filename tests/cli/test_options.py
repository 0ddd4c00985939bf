"""Numbers on the command line: whatever cannot be used is refused in one sentence, by name, before anything is read or written."""

import math
from pathlib import Path
from types import NoneType, SimpleNamespace
from typing import get_args, get_origin, get_type_hints

import pytest
from typer.models import ArgumentInfo, OptionInfo

from sim.calibration.waves import LEAST_RUNS
from sim.cli import app, main, options
from sim.inputs.scenario import Scenario
from sim.studies.design.designs import MOST_POINTS
from sim.studies.design.preferences import MOST_PAY
from sim.trials.design import Trial
from sim.world.rng import MOST_REPLICATES

INTEGERS = ("nan", "1.5", "many", "-1", "-7", str(-(10**30)), str(10**30))
FLOATS = ("many", "nan", "inf", "-inf", "-1", "1e300", "-1e-300")


def numbers():
    """Every option of every command that takes numbers: command, its arguments, name, how many, of which kind."""
    for command in app.registered_commands:
        hints = [(name, hint) for name, hint in get_type_hints(command.callback, include_extras=True).items() if name != "return"]
        told = [(name, *get_args(hint)) for name, hint in hints]
        needed = ["nothing-there" for _, _, info in told if isinstance(info, ArgumentInfo) and info.default in (..., None)]
        for name, annotation, info in told:
            whole = {kind for kind in (annotation, *get_args(annotation)) if kind is not NoneType}
            pair = next((get_args(kind) for kind in whole if get_origin(kind) is tuple), ())
            kinds = {*whole, *pair} & {int, float}
            if isinstance(info, OptionInfo) and kinds:
                option = next(iter(info.param_decls or ()), f"--{name}")
                yield command.callback.__name__, needed, option, len(pair) or 1, kinds.pop()


ALL = list(numbers())


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    out, err = capsys.readouterr()
    assert stopped.value.code == 2 and out == "" and "Traceback" not in err
    return err


def test_there_are_options_to_look_at():
    assert {name for *_, name, _, _ in ALL} >= {
        "--replicates", "--weeks", "--seed", "--workers", "--week", "--draws", "--points", "--runs", "--minutes", "--coverage",
        "--pay", "--budget",
    }  # fmt: skip


@pytest.mark.parametrize(("command", "needed", "option", "many", "kind"), ALL, ids=lambda value: value if isinstance(value, str) else "")
def test_numbers_out_of_range_are_refused_in_a_sentence(command, needed, option, many, kind, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in INTEGERS if kind is int else FLOATS:
        for place in range(many):
            given = ["1"] * many
            given[place] = value
            err = refused(capsys, command, *needed, option, *given)
            first = err.splitlines()[0]
            assert first.startswith(f"{option}: must be a ") and first.endswith(".") and len(err.splitlines()) == 2, err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "merida", "--replicates", "0"), "--replicates: must be a whole number from 1 to 10,000, but is 0."),
        (("sweep", "x.yaml", "--workers", "0"), "--workers: must be a whole number from 1 to 1,000, but is 0."),
        (("validate", "merida", "--draws", "1"), "--draws: must be a whole number from 2 to 100,000, but is 1."),
        (("calibrate", "merida", "--minutes", "nan"), "--minutes: must be a number from 0.001 to 100,000, but is nan."),
        (("calibrate", "merida", "--runs", "12"), "--runs: must be a whole number from 1,200"),
        (("run", "merida", "--set", "trust.contact_gain=nan"), "'trust.contact_gain'"),
        (("run", "merida", "--set", "city.adults=1e999"), "'city.adults'"),
        (("plan", "x.yaml", "--workers", "many"), "--workers"),
    ],
)
def test_what_is_said(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said in refused(capsys, *arguments)


def test_what_is_no_number_is_said_in_spanish(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    err = refused(capsys, "run", "merida", "--replicates", "nan", "--lang", "es")
    assert err.startswith("--replicates: debe ser un número entero de 1 a 10\u202f000, pero es el texto 'nan'.\n")


@pytest.mark.parametrize("command", [each for each in app.registered_commands if "out" in get_type_hints(each.callback)])
def test_an_empty_place_is_not_where_one_stands(command, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for empty in (["--out", ""], ["--out="]):
        assert refused(capsys, command.callback.__name__, "nothing-there", *empty).startswith("--out: it is empty.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("view", "merida", "--out"), ("run",), ("plan", "x", "--nothing")])
def test_how_a_verb_is_used_is_its_own_help(arguments, capsys):
    assert f"How it is used: confianza {arguments[0]} --help" in refused(capsys, *arguments)


@pytest.mark.parametrize("written", ["mean_trust=nan", "mean_trust=inf", "mean_trust=-1e999"])
def test_weights_are_numbers(written, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(
        "name: x\nscenario: merida\narms: {c: [{training: {start: 0}}]}\nvary: {training.gain: [0, 1]}\ndesign: {sobol: 8}\n"
    )
    assert "--value: the weight of 'mean_trust' must be a number" in refused(capsys, "decide", "study.yaml", "--value", written)
    assert "CONDITION" in refused(capsys, "discover", "study.yaml", f"effect:c:mean_trust < {written.partition('=')[2]}")


def test_ranges_are_those_of_what_the_numbers_are_for():
    """Options repeat them, because whoever asks for help must not wait until they are loaded."""

    def takes(check, value):
        try:
            return check(SimpleNamespace(opts=["--x"]), value) == value
        except ValueError:
            return False

    weeks, seed = (Scenario.model_fields[key].metadata for key in ("weeks", "seed"))
    ends = {
        options.replicates: (1, MOST_REPLICATES), options.weeks: (weeks[0].ge, weeks[1].le), options.seed: (seed[0].ge, seed[1].le),
        options.points: (1, MOST_POINTS), options.money: (0, MOST_PAY),
    }  # fmt: skip
    for check, (low, high) in ends.items():
        assert takes(check, low) and takes(check, high) and not takes(check, low - 1) and not takes(check, high * 2), (low, high)
    assert takes(options.runs, LEAST_RUNS) and not takes(options.runs, LEAST_RUNS - 1) and not takes(options.money, math.nan)
    assert Trial.model_fields["replicates"].metadata[1].le == MOST_REPLICATES
