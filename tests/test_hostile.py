"""Hostile texts (tests/hostile.yaml), put into every place where people name something: they work everywhere and come out as they were
written, or they are refused when they are read, with file and line."""

import warnings

import hostile
import pytest
import yaml
from figures import cut
from hostile import CORPUS, GROUPS, LABELS, NAMES, TEXTS
from matplotlib.text import Text

import sim
from sim import plots, plots_compare, plots_decision, plots_trial
from sim.errors import InputError
from sim.plots_looks import legible
from sim.scenario import load_scenario
from sim.studies.study_files import load_study
from sim.trials.design import load_trial
from sim.yaml_files import dump_yaml, printable

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


def squeezed(text):
    """A text without blanks, which may become ends of lines in figures."""
    return "".join(letter for letter in text if not letter.isspace() and letter not in "\u200a")


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
