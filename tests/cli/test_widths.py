"""What is printed fits the width there is and loses no digit: the table maker by properties, then everything that every verb prints."""

import io
import json
import os
import subprocess
import sys
from collections import Counter
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace

import made_decisions
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_decisions import found_for

from sim.cli import decide as deciding
from sim.cli import main, show
from sim.cli.explain import LISTS
from sim.inputs.patterns import patterns
from sim.inputs.scenario import shipped_scenarios
from sim.measures import MEASURES
from sim.world.parameters import CODEBOOK, REFERENCES
from sim.world.reforms import REFORMS

ROOT = Path(__file__).parents[2]
WIDTHS = (80, 100, 120)
WIDE = 10_000

WORD = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=12) | st.floats().map(lambda value: f"{value:,.4f}")
CELL = st.text(max_size=30) | st.lists(WORD, max_size=6).map(" ".join) | st.just("+0.0097 ± 0.0034")


def page(width, *objects):
    """What is printed at a width."""
    screen = show.Screen(width=width, file=io.StringIO(), markup=False, highlight=False, emoji=False)
    screen.print(*objects)
    return screen.file.getvalue()


def words(text):
    """Words without the lines below headers, as often as they are there."""
    return Counter(word for word in text.split() if set(word) - {"─"})


@st.composite
def tables(draw):
    """Any table: headers, which are right, whole or may go below another, and rows."""
    headers = draw(st.lists(WORD, min_size=1, max_size=6, unique=True))
    some = st.lists(st.sampled_from(headers), unique=True).map(tuple)
    low, high = draw(some), draw(st.sampled_from(headers))
    under = {header: high for header in low if header != high}
    made = show.table(*headers, right=draw(some), whole=draw(some), under=under, title=draw(st.none() | CELL))
    for _ in range(draw(st.integers(0, 3))):
        made.add_row(*(draw(CELL) for _ in headers))
        if draw(st.booleans()):
            made.add_section()
    made.caption = draw(CELL)
    return made


@given(tables(), st.integers(40, 200))
def test_every_word_of_every_cell_is_whole_at_any_width(made, width):
    printed = page(width, made)
    texts = [made.title, made.caption, *(cell for row in made.rows for cell in row)]
    assert words(" ".join(map(seen, texts))) <= words(printed)
    for line in printed.splitlines():
        assert show.cell_len(line.rstrip()) <= width or len(line.split()) <= 2, "only words that are wider than the screen may be"


def seen(text):
    """Text as a terminal shows it: Rich leaves out what would ring a bell or erase."""
    return show.Text(" ".join(text.splitlines())).plain


@given(CELL, st.integers(40, 120))
def test_prose_is_broken_between_words_only(text, width):
    assert words(page(width, text)) == words(seen(text))


def test_columns_stay_go_below_or_become_blocks():
    made = show.table("arm", "measure", "effect", "unit", right=("effect",), whole=("arm", "measure"), under={"unit": "measure"})
    made.add_row("purge", "mean_trust", "+0.0097 ± 0.0034", "share of all adults who were ever asked")
    made.add_row("", "incidence", "2,833 ± 5,985", "crimes")
    wide, low, narrow = (page(width, made).splitlines() for width in (90, 50, 40))
    assert wide[1].split() == ["arm", "measure", "effect", "unit"] and len(wide) == 6
    assert low[1].split() == ["arm", "measure", "effect"] and low[2].split() == ["unit"]
    assert low[4].endswith("+0.0097 ± 0.0034") and "  share of all" in low[5] and low[-2].split() == ["crimes"]
    assert narrow[1:4] == ["arm      purge", "measure  mean_trust", "effect   +0.0097 ± 0.0034"]
    assert narrow[-5:-1] == ["arm      purge", "measure  incidence", "effect   2,833 ± 5,985", "unit     crimes"]
    with pytest.raises(ValueError, match="4 cells are wanted, but 1"):
        made.add_row("purge")


@pytest.mark.parametrize(("said", "width"), [("80", 80), ("100", 100), ("12", show.NARROWEST), ("", show.PIPED), ("many", show.PIPED)])
def test_a_pipe_obeys_columns(said, width):
    """In a process of its own, whose output is a pipe."""
    known = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"PYTHONPATH": str(ROOT)}
    out = subprocess.run(
        [sys.executable, "-m", "sim.cli", "explain", "patterns"],
        capture_output=True,
        check=True,
        env=known | {"COLUMNS": said} if said else known,
    ).stdout.decode()
    assert width - 30 < max(map(len, out.splitlines())) <= width


@pytest.fixture
def everywhere(monkeypatch, tmp_path):
    """Whatever is printed is printed at all widths, and the cells of tables are kept."""
    monkeypatch.chdir(tmp_path)
    plain = {"markup": False, "highlight": False, "emoji": False}
    pages = {width: show.Screen(width=width, file=io.StringIO(), **plain) for width in (*WIDTHS, WIDE)}
    cells, real, add = [], show.Screen.print, show.ConsoleTable.add_row

    def at_all(self, *objects, **options):
        for screen in pages.values():
            real(screen, *objects, **options)

    def kept(self, *row):
        cells.extend(row)
        add(self, *row)

    monkeypatch.setattr(show.Screen, "print", at_all)
    monkeypatch.setattr(show.ConsoleTable, "add_row", kept)
    return SimpleNamespace(pages=pages, cells=cells)


def check(everywhere, *, tables=True, least=10):
    """Every word is whole at every width, and no line is too long but by one long word or a command to be copied."""
    assert bool(everywhere.cells) == tables
    wide = words(everywhere.pages[WIDE].file.getvalue())
    numbers = Counter(word for cell in everywhere.cells for word in cell.split())
    assert numbers <= wide and sum(wide.values()) > least
    for width in WIDTHS:
        text = everywhere.pages[width].file.getvalue()
        lost = {word: many for word, many in (wide - words(text)).items() if many}
        assert not lost, f"at {width} columns"
        grids = [line for line in text.splitlines() if "±" in line]
        assert all(len(line) <= width for line in grids)


def confianza(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    assert stopped.value.code == 0, arguments


SMALL = ["--set", "city.adults=1000", "--set", "spin_up_weeks=4"]
COMPARED = """
name: A comparison
scenario: {name: Small, city: {adults: 1000, officers_per_1000_inhabitants: 4}, weeks: 60, spin_up_weeks: 4, seed: 7}
arms: {a course of nine hours: [{training: {start: 0}}], purge-then-course: [{purge: {start: 0, months: 1}}, {training: {start: 20}}]}
replicates: 3
measures: [mean_trust, share_trusting, incidence, complaint_rate, cost]
"""
SWEPT = """
name: A sweep
scenario: {name: Small, city: {adults: 1000}, weeks: 8, spin_up_weeks: 2, seed: 7}
arms: {course: [{training: {start: 0}}], purge: [{purge: {start: 0, months: 1}}]}
vary: {trust.contact_gain: [0, 0.4], trust.contact_loss: [0, 0.5], conduct.mean: [-2, 2], encounter.stop_rate: [1, 5]}
design: {sobol: 64}
replicates: 3
measures: [mean_trust, incidence, cost]
"""
TRIAL = """
name: A trial
scenario: {name: Small, city: {adults: 1000, officers_per_1000_inhabitants: 15}, weeks: 40, spin_up_weeks: 4, seed: 11}
treatment: [{training: {start: 0, coverage: 1.0}}]
outcomes: [attitude, felt_good, complaints]
endline: 20
durations: [8]
sizes: [0.5]
replicates: 2
draws: 1
citizens: {sample: 200}
"""


def swept_and_asked():
    """Every verb that works on a study of many points, and on its runs."""
    Path("sweep.yaml").write_text(SWEPT)
    yield "plan", ("plan", "sweep.yaml", "--workers", "1")
    yield "sweep", ("sweep", "sweep.yaml")
    yield "sensitivity", ("sensitivity", "out/sweep", "--of", "mean_trust", "--of", "effect:course:mean_trust")
    yield "decide", ("decide", "out/sweep", "--pay", "0", "500")
    yield "discover", ("discover", "out/sweep", "level:baseline:mean_trust < 0.6")
    yield "status", ("status", "out/sweep")
    yield "extend", ("extend", "out/sweep", "--replicates", "4")
    next(Path("out/sweep/shards").iterdir()).unlink()
    yield "resume", ("resume", "out/sweep")
    yield "retry", ("retry", "out/sweep")
    yield "export", ("export", "out/sweep", "runs.csv")


NO_TABLE = {"plan", "status", "export"}


@pytest.mark.compiled
def test_verbs_of_studies(everywhere, monkeypatch):
    monkeypatch.setattr(deciding, "discover", lambda runs, condition, **_: found_for(condition, runs))
    monkeypatch.setattr(deciding.os, "cpu_count", lambda: 1)
    for verb, command in swept_and_asked():
        everywhere.cells.clear()
        confianza(*command)
        check(everywhere, tables=verb not in NO_TABLE)


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", ("run", "merida", "--replicates", "2", "--weeks", "60", *SMALL)),
        ("", ("validate", "merida", "--replicates", "2", *SMALL)),
        (COMPARED, ("compare", "file.yaml")),
        (TRIAL, ("trial", "file.yaml")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_verbs_that_run(text, command, everywhere):
    Path("file.yaml").write_text(text)
    confianza(*command)
    check(everywhere)


@pytest.mark.parametrize("text", [COMPARED, SWEPT, TRIAL, "extends: merida\nname: Mine\n"], ids=["compare", "sweep", "trial", "scenario"])
def test_check(text, everywhere):
    Path("file.yaml").write_text(text)
    confianza("check", "file.yaml")
    check(everywhere, tables=False)


@pytest.mark.compiled
def test_report_and_what_view_prints(everywhere, monkeypatch):
    confianza("run", "merida", "--replicates", "1", "--weeks", "2", *SMALL, "--out", "a run with quite a long name " * 4)
    everywhere.cells.clear()
    confianza("report", "a run with quite a long name " * 4)
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    Path("town.yaml").write_text("name: A town\nextends: merida\ncity: {adults: 1000}\nsources: {city.adults: assumed}\n")
    confianza("view", "town.yaml")
    check(everywhere, tables=False)
    assert "No browser could be started here." in everywhere.pages[80].file.getvalue()


@pytest.mark.parametrize("kind", ["scenario", "study"])
def test_a_schema_is_json_at_any_width(kind, everywhere, capsys, monkeypatch):
    said = set()
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        confianza("schema", kind)
        said.add(capsys.readouterr().out)
    assert len(said) == 1 and json.loads(said.pop())["$schema"]


def test_failures_of_a_store(everywhere, monkeypatch):
    from sim.cli import stores

    failed = pd.DataFrame(
        {"point": [1234567], "arm": ["a course of nine hours"], "replicate": [12], "error": ["ValueError: 0.123456 " * 9]}
    )
    status = SimpleNamespace(
        kept=123456, wanted=234567, missing=111111, failed=1, points=64, arms=("baseline", "course"), replicates=3, shards=4, bytes=5e8,
        problems=[], changed=True,
    )  # fmt: skip
    study = made_decisions.STUDY
    plan = SimpleNamespace(facts={"title": study.name, "question": study.question})
    store = SimpleNamespace(
        status=lambda verify: status, failures=lambda: failed, kind="sweep", batch=None, plan_of=lambda batch: plan
    )  # fmt: skip
    monkeypatch.setattr(stores, "opened", lambda folder: store)
    stores.show_status(Path("store"), verify=False)
    check(everywhere)


def test_calibrate(everywhere):
    from sim.calibration.result import Calibration
    from sim.cli import calibrate

    parameter = {
        "contraction": 0.87,
        "prior": 0.12345,
        "posterior": 12345.0,
        "low": -0.00123,
        "high": 123456.0,
        "unit": "share of officers",
    }
    target = {"value": 0.1234, "tolerance": 0.0123, "posterior": 0.1345, "low": 0.1111, "high": 0.2222, "misfit": -1.2, "q2": 0.98}
    parameters = pd.DataFrame([{"parameter": name, "status": "contested", **parameter} for name in list(CODEBOOK)[:20]])
    targets = pd.DataFrame([{"pattern": name, "measure": measure, **target} for name, measure in zip(cycle(patterns()), MEASURES)])
    pairs = pd.DataFrame([{"one": "conduct.mean", "other": "trust.contact_gain", "correlation": -0.87}])
    facts = {"converged": False, "steps": 6400, "needs_steps": 20000}
    posterior = SimpleNamespace(name="city", draws=range(4096), effective=1234.0, doubts=[], facts=facts)
    world = {"log_evidence": -1234.5, "error": 0.25, "weight": 0.123, "effective_draws": 1234.0, "worst": "P01", "misfit": -1.2}
    worlds = pd.DataFrame([{"structure": f"without {name}", **world} for name in ("contagion", "neighborhoods")])
    calibrate.tell(Calibration(posterior, pairs, parameters, targets, pairs, pairs, worlds))
    check(everywhere)


def test_decisions_with_large_numbers(everywhere):
    deciding.tell(made_decisions.decision(), [made_decisions.discovery("purge")])
    check(everywhere)


EXPLAINED = [*LISTS, *REFORMS, *shipped_scenarios(), *list(patterns())[:4], *list(CODEBOOK)[:4], *list(REFERENCES)[:3], *list(MEASURES)[:3]]


@pytest.mark.parametrize("name", [*EXPLAINED, "worth runs", "patrol", "PJ-CDMX", "MK4-PAK", "P27"])
def test_explain(name, everywhere):
    confianza("explain", name)
    check(everywhere, tables=name in {*LISTS, *REFORMS} - {"sources", "schedule", "terms"})
