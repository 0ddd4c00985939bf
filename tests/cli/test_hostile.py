"""Hostile texts (tests/hostile.yaml), put into every place where people name something: they work everywhere and come out as they were
written, or they are refused when they are read, with file and line."""

import re
import shlex
import warnings
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path

import hostile
import html5lib
import made_decisions
import pandas as pd
import pytest
import yaml
from figures import cut
from hostile import CORPUS, GROUPS, LABELS, NAMES, TEXTS, lines_of, spaced, squeezed, tree_of
from hypothesis import given
from hypothesis import strategies as st
from made_analyses import FOUND
from made_analyses import analysis as analyzed
from matplotlib.text import Text

import sim
from sim.cli import show
from sim.errors import InputError
from sim.figures import compare as plots_compare
from sim.figures import decision as plots_decision
from sim.figures import sensitivity as plots_sensitivity
from sim.figures import series as plots
from sim.figures import trial as plots_trial
from sim.inputs.scenario import load_scenario
from sim.inputs.yaml_files import dump_yaml, printable
from sim.report import comparisons, decisions, render, runs, sensitivities
from sim.studies.answers.conditions import condition_of
from sim.studies.answers.decision import Decision
from sim.studies.answers.findings import folder_name
from sim.studies.answers.sensitivity import output_of
from sim.studies.design.study import Study
from sim.studies.design.study_files import load_study
from sim.style.commands import command, in_yaml
from sim.style.lists import listed, separated
from sim.style.looks import legible
from sim.trials.design import load_trial

# Modules by their names: `sim.cli` has commands that are called the same
cli_compare, cli_decide, cli_discover = (import_module(f"sim.cli.{name}") for name in ("compare", "decide", "discover"))

SCENARIO = {"name": "Town", "city": {"adults": 1000}, "weeks": 4, "spin_up_weeks": 2}
STUDY = {"name": "Study", "scenario": SCENARIO, "arms": {"course": [{"training": {"start": 0}}]}}
TRIAL = {"name": "Trial", "scenario": SCENARIO, "treatment": [{"training": {"start": 0}}], "outcomes": ["attitude"], "endline": 4}
VARIED = {"vary": {"training.gain": [0.3, 1.5]}, "design": {"random": 4}}
# how a file is read, what it says, and where in it a text stands
SENTENCES = [
    (load_scenario, lambda text: SCENARIO | {"question": text}, lambda made: made.question),
    (load_scenario, lambda text: SCENARIO | {"assumptions": [text]}, lambda made: made.assumptions[0]),
    (load_study, lambda text: STUDY | {"question": text}, lambda made: made.question),
    (load_trial, lambda text: TRIAL | {"question": text}, lambda made: made.question),
]
CALLED = [
    (load_scenario, lambda text: SCENARIO | {"name": text}, lambda made: made.name),
    (load_study, lambda text: STUDY | {"name": text}, lambda made: made.name),
    (load_study, lambda text: STUDY | {"scenario": SCENARIO | {"name": text}}, lambda made: made.scenario.name),
    (load_trial, lambda text: TRIAL | {"name": text}, lambda made: made.name),
]
LABELED = [
    (load_study, lambda text: STUDY | {"arms": {text: [{"training": {"start": 0}}]}}, lambda made: next(iter(made.arms))),
    (load_study, lambda text: STUDY | VARIED | {"groups": {text: ["training.gain"]}}, lambda made: next(iter(made.groups))),
    (load_trial, lambda text: TRIAL | {"sites": {text: {}, "other": {}}}, lambda made: next(iter(made.sites))),
]
PLACES = [(TEXTS, SENTENCES), (NAMES, CALLED), (LABELS, LABELED)]


@pytest.mark.parametrize(("known", "places"), PLACES, ids=["sentences", "names", "labels"])
def test_read_as_it_is_written_or_refused_with_its_line(known, places, tmp_path):
    every = {kind: text for texts in CORPUS.values() for kind, text in texts.items()}
    for number, (read, say, found) in enumerate(places):
        for kind, text in every.items():
            file = tmp_path / f"{number}.yaml"
            write = dump_yaml if printable(text) else yaml.safe_dump  # the latter writes what may not be there as \\0 and the like
            file.write_text(write(say(text)), encoding="utf-8")
            if kind in known:
                made = read(file)
                assert found(made) == text, kind
                file.write_text(made.to_yaml(), encoding="utf-8")
                assert read(file) == made, f"{kind}: what is written is read back"
            else:
                with pytest.raises(InputError) as refused:
                    read(file)
                assert refused.value.file.endswith(".yaml") and refused.value.line, kind
                assert refused.value.remedy and "\n" not in refused.value.message, kind
                assert all(letter.isprintable() for letter in refused.value.message), f"{kind}: a message changes nothing on the screen"


def test_what_is_in_no_file_is_refused_as_well():
    for text in CORPUS["nowhere"].values():
        for places in (SENTENCES, CALLED, LABELED):
            for read, say, _ in places:
                kind = {load_scenario: sim.Scenario, load_study: sim.Study, load_trial: sim.Trial}[read]
                with pytest.raises(InputError):
                    kind(**say(text))


def seen(figure):
    """What a figure says, in a line; that drawing it raises and warns of nothing, cuts nothing off, and that a dollar sign is one."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cut(figure) == []
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert not [text.get_text() for text in texts if text.get_parse_math() and "$" in text.get_text()]
    return squeezed(" ".join(text.get_text() for text in texts))


def shown_in(name, said):
    """Is a name there, whole or with an ellipsis after twelve letters or more?"""
    wanted = squeezed(legible(name))
    return wanted in said or any(f"{wanted[:end]}\u2026" in said for end in range(12, len(wanted)))


WORST = [LABELS[kind] for kind in ("one long word", "hundred letters", "working formula", "underscores", "emoji", "arabic")]


def in_turn(figures, groups):
    """Every figure of the worst names, and figures in turn of the others: there are few ways in which a name gets into one."""
    names = list(figures)
    turns = [(names[place % len(names)], group) for place, group in enumerate(groups)]
    return [*((name, WORST) for name in names), *turns]


@pytest.mark.parametrize(("figure", "names"), in_turn(plots_compare.FIGURES, GROUPS))
def test_figures_of_comparisons(figure, names):
    said = seen(plots_compare.FIGURES[figure](hostile.named_comparison(names)))
    assert [name for name in names if not shown_in(name, said)] == []


SIXES = [list(LABELS.values())[start : start + 6] for start in range(0, len(LABELS), 6)]


@pytest.mark.parametrize(("figure", "names"), in_turn({**plots_decision.FIGURES, **plots_decision.DISCOVERED}, SIXES))
def test_figures_of_decisions(figure, names):
    decision, discovery = hostile.named_decision(names)
    if figure in plots_decision.FIGURES:
        seen(plots_decision.FIGURES[figure](decision))
    else:
        assert shown_in(names[0], seen(plots_decision.DISCOVERED[figure](discovery)))


@pytest.mark.parametrize("names", GROUPS, ids=range(len(GROUPS)))
def test_figures_of_runs_and_trials(names):
    for draw, name in zip(plots.FIGURES.values(), names, strict=False):
        assert shown_in(name, seen(draw(hostile.named_run(name, name)))), name
    for draw, name in zip(plots_trial.FIGURES.values(), names[4:], strict=False):
        assert shown_in(name, seen(draw(hostile.named_trial(name)))), name


def test_every_name_can_be_drawn():
    what = "\n".join(map(legible, TEXTS.values()))
    said = seen(plots.styled(plots.sheet)(9.6, 1.0, "Names", what))
    assert squeezed(what) in said


# --- Pages


@pytest.fixture
def pictureless(monkeypatch):
    """Pages without figures, which have tests of their own."""
    for module in (comparisons, runs, decisions, sensitivities):
        monkeypatch.setattr(module, "embedded", lambda figure: "data:,")
        for plotted in (plots, plots_compare, plots_decision, plots_sensitivity):
            if plotted in vars(module).values():
                monkeypatch.setattr(plotted, "FIGURES", dict.fromkeys(plotted.FIGURES, lambda *given, **more: None))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("names", GROUPS, ids=range(len(GROUPS)))
def test_pages(names, language, pictureless, tmp_path):
    question = " ".join(names)
    decision, discovery = hostile.named_decision(names[:6], question)
    kinds = {"run": hostile.named_run(names[0], question), "comparison": hostile.named_comparison(names, question), "decision": decision}
    for kind, made in kinds.items():
        folder = tmp_path / kind
        made.save(folder)
        if kind == "decision":
            discovery.save(tmp_path / kind / "discovery" / "one")
        said = lines_of(tree_of(render(folder, language)))
        wanted = {"run": names[:1], "comparison": names, "decision": names[:6]}[kind]
        assert [name for name in (*wanted, question) if spaced(name) not in said] == [], kind


@pytest.mark.parametrize("language", ["en", "es"])
def test_pages_of_analyses(language, pictureless, tmp_path):
    for number, names in enumerate(GROUPS):
        made = hostile.named_analysis(analyzed(FOUND["delta"]), names, names[1])
        replace(made, facts=made_decisions.FACTS).save(tmp_path / f"{number}")
        said = lines_of(tree_of(render(tmp_path / f"{number}", language)))
        used = names[:11]  # the arm, and the ten factors that a page shows
        assert [name for name in used if spaced(name) not in said] == []


def test_cards_in_notebooks():
    for names in GROUPS:
        question = "\n".join(names)
        decision, discovery = hostile.named_decision(names[:6], question)
        comparison, result = hostile.named_comparison(names, question), hostile.named_trial(names[0], question)
        town = comparison.study.scenario.with_(name=names[0], question=question)
        things = (comparison, comparison.study, town, decision, discovery, result)
        for thing in things:
            tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(thing._repr_html_())
            assert not {element.tag for element in tree.iter()} & {"script", "img", "svg", "b", "textarea"}
            said = lines_of(tree)
            assert spaced(names[0]) in said, type(thing)
        assert [name for name in names if spaced(name) not in lines_of(html5lib.parseFragment(comparison._repr_html_()))] == []


# --- The terminal


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("names", GROUPS, ids=range(len(GROUPS)))
def test_the_terminal_shows_names_as_they_are(names, width, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    made = hostile.named_comparison(names, "\n".join(names))
    decision, discovery = hostile.named_decision(names[:6], names[0])
    show.console().print(cli_compare.describe(made.study))
    cli_compare.report(made, scaled=True)
    compared = capsys.readouterr().out
    cli_decide.tell(decision, [discovery])
    cli_discover.tell(discovery)
    decided = capsys.readouterr().out
    for said, wanted in ((compared, names), (decided, names[:6])):
        assert "\x1b" not in said
        assert [name for name in wanted if squeezed(name) not in squeezed(said)] == []


# --- Names become names of folders


def test_folders_have_names_of_their_own():
    made = {folder_name(f"effect-{name}-mean_trust") for name in LABELS.values()}
    assert len(made) == len(LABELS)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name) for name in made)
    assert len({name.lower() for name in made | {folder_name("effect-A-x"), folder_name("effect-a-x")}}) == len(LABELS) + 2


@pytest.mark.parametrize("names", SIXES, ids=range(len(SIXES)))
def test_tables_are_read_as_they_were_written(names, tmp_path):
    decision, discovery = hostile.named_decision(names)
    decision = replace(decision, pareto=decision.pareto.assign(dominated_by=listed(names)))
    analysis = replace(hostile.named_analysis(analyzed(FOUND["delta"]), names), facts=made_decisions.FACTS)
    for number, made in enumerate((decision, discovery, analysis)):
        made.save(tmp_path / f"{number}")
        read = type(made).load(tmp_path / f"{number}")
        for field in fields(made):
            if isinstance(table := getattr(made, field.name), pd.DataFrame):
                pd.testing.assert_frame_equal(getattr(read, field.name), table, check_dtype=False, check_names=False)
        if made is analysis:
            found, wanted = (one.findings[0].sensitivity.table for one in (read, made))
            assert found.factor.tolist() == wanted.factor.tolist() and set(names[1:]) <= set(found.factor)
    assert separated(Decision.load(tmp_path / "0").pareto.dominated_by[0]) == names


ONE_LINE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=20) | st.sampled_from([*LABELS.values()])


@given(st.lists(ONE_LINE, max_size=6), ONE_LINE.filter(bool))
def test_lists_and_commands_are_read_as_they_were_written(names, path):
    assert separated(listed(names)) == names
    assert shlex.split(command("resume", Path(path), "--out", path)) == ["confianza", "resume", unlike_an_option(path), "--out", path]
    if printable(path):
        assert yaml.safe_load(f"{{posterior: {in_yaml(path)}}}") == {"posterior": path}


def unlike_an_option(path):
    return f"./{Path(path)}" if str(Path(path)).startswith("-") else str(Path(path))


def test_outputs_and_conditions_know_every_arm():
    study = Study(**STUDY | {"arms": {name: [{"training": {"start": 0}}] for name in LABELS.values()}, "weeks": 4})
    for name in LABELS.values():
        of = f"effect:{name}:mean_trust"
        assert output_of(study, of).arm == name
        asked = condition_of(study, f"{of} < 0")
        assert (asked.output.arm, asked.comparison, asked.number) == (name, "<", 0)
