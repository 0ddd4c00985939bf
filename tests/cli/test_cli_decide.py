"""`confianza decide`: what it prints and writes, and how it refuses before anything is run."""

from dataclasses import replace
from pathlib import Path

import made_decisions as made
import pandas as pd
import pytest
from made_decisions import found_for

from sim.cli import decide as verb
from sim.cli import main, spreads
from sim.errors import InputError
from sim.figures.decision import FIGURES
from sim.report import render
from sim.studies.answers.decision import Decision
from sim.studies.answers.discoveries import Discovery
from sim.studies.answers.sweep import Sweep, sweep
from sim.studies.design.study_files import load_study

STUDY = """
name: '[bold]Mine[/bold]'
question: Which one?
scenario: {name: Small, city: {adults: 1000}, weeks: 8, spin_up_weeks: 2, seed: 7}
arms: {course: [{training: {start: 0}}], purge: [{purge: {start: 0, months: 1}}]}
vary: {trust.contact_gain: [0, 0.4], trust.contact_loss: [0, 0.5], conduct.mean: [-2, 2]}
design: {sobol: 32}
replicates: 2
measures: [mean_trust, incidence, cost]
at: [4, 8]
decision: {pay: [0, 500], unit: point}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test runs in a folder of its own with a study file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "220")
    Path("study.yaml").write_text(STUDY)
    return tmp_path


def confianza(capsys, *arguments):
    """Exit code, standard output and standard error of one command."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    written = capsys.readouterr()
    return stopped.value.code, written.out, written.err


@pytest.mark.compiled
def test_it_runs_the_sweep_and_says_which_is_best(capsys, monkeypatch):
    asked = []

    def found_there(runs, condition, *, week, permutations, resamples):
        asked.append((condition, week))
        return found_for(condition, runs)

    monkeypatch.setattr(verb, "discover", found_there)
    monkeypatch.setattr(verb.os, "cpu_count", lambda: 1)
    code, out, err = confianza(capsys, "decide", "study.yaml")
    assert code == 0, err
    decision = Decision.load("out/study/decision")
    assert Sweep.load("out/study").status().missing == 0
    assert (decision.unit, decision.pay[-1], decision.week) == ("point", 500, 8)
    assert f": {decision.recommended}; the best in" in out and "[bold]Mine[/bold]" in out
    assert "confianza report out/study" in out
    assert {"plane.png", "loss.png", "decision.json"} <= {path.name for path in Path("out/study/decision").iterdir()}
    shares = decision.effects[decision.effects.measure == "mean_trust"].set_index("arm").share_below_0
    assert [condition for condition, _ in asked] == [f"effect:{arm}:mean_trust < 0" for arm in shares.index[shares.between(0.05, 0.95)]]
    assert len(list(Path("out/study").glob("discovery/*/discovery.json"))) == len(asked)
    before = {path: path.stat().st_mtime_ns for path in Path("out/study/shards").iterdir()}
    many = len(asked)
    code, _, err = confianza(capsys, "decide", "study.yaml", "--value", "incidence=-0.001", "--pay", "0", "900", "--week", "4")
    assert code == 0, err
    again = Decision.load("out/study/decision")
    assert (again.pay[-1], again.value, again.week) == (900, {"incidence": -0.001}, 4)
    assert {path: path.stat().st_mtime_ns for path in Path("out/study/shards").iterdir()} == before
    assert all(condition.endswith("incidence > 0") and week == 4 for condition, week in asked[many:])


def test_tables_say_what_the_decision_says(capsys):
    decision = made.decision()
    verb.tell(decision, [made.discovery("purge"), made.discovery("mix", found=False, refused="Luck.", box=made.discovery().box[:0])])
    out = capsys.readouterr().out
    row, lines = decision.at().set_index("arm").loc["training"], out.splitlines()
    start = next(place for place, line in enumerate(lines) if line.split() == ["training"])
    gain, cost = (" ".join(line.split()) for line in lines[start + 1 : start + 3])
    for name, line in (("benefit", gain), ("cost", cost)):
        own = decision.spread("training", name)
        assert f"{spreads.middle(own)} {spreads.reach(own)} {spreads.signs(own)} {spreads.precision(own)}" in line
    line = next(line for line in lines if line.split()[:1] == ["training"] and len(line.split()) > 1)
    assert f"{row.expected_loss:,.0f}" in line and f" {100 * row.probability_best:.0f} " in line
    assert "outdone by" in out and "There are only 300 draws: " in out
    first = decision.evppi[(decision.evppi.pay == made.SHOWN[1])].nlargest(1, "evppi").iloc[0]
    assert f"{first.evppi:,.0f}" in next(line for line in out.splitlines() if line.strip().startswith(first["name"]))
    assert "The best option differs between thirds of 3 of 6 contested numbers and levers: " in out
    assert "effect:purge:mean_trust < 0: 25 of 100 possible cities, but 72 of 100 where staffing.recruit_conduct_offset <= -0.21" in out
    assert "effect:mix:mean_trust < 0: 25 of 100 possible cities, anywhere. Luck." in out


def test_every_outlet_quotes_the_same_middle_and_range(capsys, tmp_path):
    """Terminal, page in both languages, CSV and figure."""
    decision = made.decision()
    decision.save(tmp_path / "decision")
    row = pd.read_csv(tmp_path / "decision" / "table.csv").set_index("arm").loc["training"]
    low, high = f"{row.benefit_q05:.1f}", f"{row.benefit_q95:.1f}"
    verb.tell(decision, [])
    out = " ".join(capsys.readouterr().out.split())
    middle = spreads.middle(decision.spread("training", "benefit"))
    assert float(middle) == pytest.approx(row.benefit, abs=0.01) and f"gain {middle} {low} to {high} " in out
    for language, to in (("en", "to"), ("es", "a")):
        page = " ".join(render(tmp_path, language).split())
        assert f">{middle} ({low} {to} {high})</td>" in page
    axes = FIGURES["plane"](decision).axes[0]
    segments = [tuple(part[:, 0]) for lines in axes.collections for part in lines.get_segments()]
    assert any(ends == pytest.approx((row.benefit_q05, row.benefit_q95)) for ends in segments)


def test_nothing_worth_knowing_is_said_in_a_sentence():
    decision = made.decision()
    none = replace(decision, evppi=decision.evppi.assign(evppi=0.0), contested=decision.contested.assign(turns=False))
    assert str(verb.knowing(none)).startswith("No single number or topic is worth knowing")
    assert verb.hangs_on(none).startswith("The best option is the same in all thirds of 6")
    assert verb.hangs_on(replace(decision, contested=decision.contested[:0])) == "No contested number varies."


@pytest.mark.parametrize(("share", "asked"), [(0.0, False), (0.049, False), (0.05, True), (0.5, True), (0.95, True), (0.96, False)])
@pytest.mark.parametrize("weight", [100.0, -1.0])
def test_where_it_fails_is_asked_if_there_is_something_to_find(share, asked, weight):
    decision = made.decision()
    effects = decision.effects.assign(share_below_0=share if weight > 0 else 1 - share)
    effects = effects[effects.arm.isin(["purge", "training"])]
    conditions = verb.failing(replace(decision, effects=effects, value={"mean_trust": weight}))
    sign = "<" if weight > 0 else ">"
    assert conditions == ([f"effect:{arm}:mean_trust {sign} 0" for arm in ("purge", "training")] if asked else [])


def test_places_are_the_same_in_processes_and_here(tmp_path, monkeypatch):
    steps = []
    Path("tiny.yaml").write_text(STUDY)
    runs = sweep(load_study("tiny.yaml"), tmp_path / "store")
    conditions = [f"effect:{arm}:mean_trust < {level}" for arm in list(runs.study.arms)[:1] for level in (0, 0.001)]
    apart = verb.places(runs, conditions, runs.study.at[-1], lambda: steps.append(1))
    monkeypatch.setattr(verb.os, "cpu_count", lambda: 1)
    here = verb.places(runs, conditions, runs.study.at[-1], lambda: steps.append(1))
    assert [one.condition for one in apart] == conditions and steps == [1] * 4
    for one, other in zip(apart, here, strict=True):
        assert one.trajectory.equals(other.trajectory) and one.refused == other.refused and one.share == other.share


def test_everything_is_written_beside_each_other(tmp_path, capsys):
    found = made.discovery("purge")
    verb.draw(made.decision(), [found], tmp_path, verb.save(made.decision(), [found], tmp_path))
    assert Decision.load(tmp_path / "decision").recommended == "training"
    own = tmp_path / "discovery" / "effect-purge-mean_trust-below-0"
    assert Discovery.load(own).condition == found.condition
    assert {"tradeoff.png", "box.png"} <= {path.name for path in own.iterdir()}
    assert f"confianza report {tmp_path}" in capsys.readouterr().out


def test_weights_are_read():
    assert verb.weights([]) is None
    assert verb.weights(["mean_trust=100", " incidence = -0.001 "]) == {"mean_trust": 100.0, "incidence": -0.001}
    with pytest.raises(InputError, match="'mean_trust' is no weight"):
        verb.weights(["mean_trust"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--value", "mean_trust"], "--value: 'mean_trust' is no weight."),
        (["--value", "mean_rust=1"], "there is no measure 'mean_rust'"),
        (["--value", "clearance=1"], "there is no measure in this study 'clearance'"),
        (["--pay", "5", "1"], "--pay: 'pay' goes from 5 to 1."),
        (["--budget", "-1"], "--budget: must be a number"),
        (["--week", "5"], "--week: week 5 was not read."),
        (["--workers", "0"], "must be a whole number from 1"),
    ],
)
def test_bad_options_are_refused_before_anything_is_run(options, message, capsys):
    code, _, err = confianza(capsys, "decide", "study.yaml", *options)
    assert (code, message in err) == (2, True), err
    assert not Path("out/study/shards").exists()


def test_studies_that_cannot_be_decided_are_refused_before_anything_is_run(capsys):
    for old, new, message in (
        ("sobol: 32", "grid: 2", "is no sample of what is uncertain"),
        (", cost]", "]", "does not read what arms cost"),
    ):
        Path("bad.yaml").write_text(STUDY.replace(old, new))
        code, _, err = confianza(capsys, "decide", "bad.yaml")
        assert (code, message in err) == (2, True), err
    assert not Path("out").exists()


def test_a_store_is_read_as_it_is(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(verb, "decide", lambda swept, **wanted: replace(made.decision(), study=made.STUDY))
    monkeypatch.setattr(verb, "place_of", lambda folder, condition, week: made.discovery(condition.split(":")[1], condition=condition))
    monkeypatch.setattr(verb.os, "cpu_count", lambda: 1)
    Path("tiny.yaml").write_text(STUDY.replace("sobol: 32", "sobol: 2").replace("replicates: 2", "replicates: 1"))
    sweep(load_study("tiny.yaml"), tmp_path / "store")
    code, out, err = confianza(capsys, "decide", "store", "--out", "elsewhere")
    assert code == 0, err
    assert Path("elsewhere/decision/decision.json").exists() and not Path("store/decision").exists()
    assert "confianza report elsewhere" in out


def test_of_a_study_whose_runs_are_there_the_key_of_the_file_counts(capsys, monkeypatch):
    read = []
    monkeypatch.setattr(
        verb, "decide", lambda swept, **wanted: read.append(swept.study.decision) or replace(made.decision(), study=made.STUDY)
    )
    monkeypatch.setattr(verb, "places", lambda *asked: [])
    monkeypatch.setattr(verb, "draw", lambda *made: None)
    for high in (500, 900):
        tiny = STUDY.replace("sobol: 32", "sobol: 2").replace("replicates: 2", "replicates: 1").replace("[0, 500]", f"[0, {high}]")
        Path("tiny.yaml").write_text(tiny)
        code, _, err = confianza(capsys, "decide", "tiny.yaml")
        assert code == 0, err
    assert [own.pay for own in read] == [(0, 500), (0, 900)]
