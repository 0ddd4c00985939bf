"""The corpus of hostile texts (hostile.yaml), and results of every kind in which things are called so.

One small comparison, decision, analysis and trial are made; names are put in afterwards, which is what figures, pages and tables see.
"""

import json
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import html5lib
import made_decisions
import pandas as pd
import yaml

import sim
from sim.studies.answers.comparison import Comparison
from sim.studies.answers.findings import Analysis
from sim.studies.design.study import Study
from sim.trials.design import Trial
from sim.trials.result import TrialResult
from sim.trials.trial import run_trial
from sim.web.page import PARTS

SCRIPT = Path(sim.__file__).parent / "report" / "card.js"
CORPUS = yaml.safe_load((Path(__file__).parent / "hostile.yaml").read_text(encoding="utf-8"))
LABELS = CORPUS["anywhere"]  # what arms, groups and sites may be called
NAMES = LABELS | CORPUS["not labels"]  # what scenarios, studies and trials may be called
TEXTS = NAMES | CORPUS["sentences"]  # what questions and assumptions may say
ARMS = 13  # that have hostile names at one time
GROUPS = [list(LABELS.values())[start : start + ARMS] for start in range(0, len(LABELS), ARMS)]
TOWN = sim.Scenario(
    name="Town", question="?", city={"adults": 1000, "width": 5, "height": 4}, weeks=3, spin_up_weeks=1, seed=3, assumptions=["None."],
)  # fmt: skip


@cache
def run():
    return sim.run(TOWN, replicates=2)


@cache
def comparison():
    """Thirteen arms beside the baseline."""
    arms = {f"arm {number}": [{"training": {"start": 0, "coverage": number / ARMS}}] for number in range(1, ARMS + 1)}
    study = Study(name="Study", scenario=TOWN, arms=arms, replicates=2, measures=["mean_trust", "reporting_rate", "cost"])
    return sim.compare(study.with_(posterior="none"))


@cache
def trial():
    guarded = TOWN.with_(officers_per_1000_inhabitants=20.0)
    asked = {"outcomes": ["attitude", "fairness_scale"], "endline": 3, "replicates": 2, "draws": 1, "citizens": {"sample": 40}}
    return run_trial(Trial(name="Trial", scenario=guarded, treatment=[{"training": {"start": 0, "coverage": 1.0}}], **asked))


def called(study: Study, name: str, question: str, arms: dict[str, str]) -> Study:
    """The study with another name, another question and other names of arms. They are checked as those of a file are."""
    made = {arms.get(arm, arm): listed for arm, listed in study.arms.items()}
    town = study.scenario.with_(name=name, question=question, assumptions=(question,))
    return study.with_(name=name, question=question, scenario=town, arms=made, vs=arms.get(study.vs, study.vs))


def named_run(name: str, question: str) -> sim.Results:
    town = TOWN.with_(name=name, question=question, assumptions=(question,))
    return sim.Results(run().dataset.assign_attrs(title=name, question=question, scenario=town.to_yaml()))


def named_comparison(names: list[str], question: str = "?") -> Comparison:
    """The comparison with these names of arms, and of the study the first of them."""
    made, arms = comparison(), dict(zip(comparison().study.arms, names, strict=False))
    study = called(made.study, names[0], question, arms)
    study = study.with_(arms={name: study.arms[name] for name in names})
    kept = [arm for arm in made.arms if arm in arms or arm == made.study.vs]
    data = made.dataset.sel(arm=kept)
    town = yaml.safe_load(data.attrs["scenario"]) | {"assumptions": [question], "name": names[0]}
    data = data.assign_coords(arm=[arms.get(arm, arm) for arm in kept]).assign_attrs(
        title=names[0], question=question, study=study.to_yaml(),
        scenario=yaml.safe_dump(town, allow_unicode=True),
    )  # fmt: skip
    return Comparison(data)


def named_decision(names: list[str], question: str = "?"):
    """The decision in which arms are called so (as many as there are names), and where the first of them fails."""
    made = made_decisions.decision()
    arms = dict(zip(made.arms[1:], names, strict=False))
    study = called(made.study, names[0], question, arms)
    changed = {
        "study": study,
        "arms": [arms.get(arm, arm) for arm in made.arms],
        "recommended": arms.get(made.recommended, made.recommended),
    }
    for field in fields(made):
        frame = getattr(made, field.name)
        if isinstance(frame, pd.DataFrame):
            columns = frame.columns.intersection(["arm", "dominated_by"])
            changed[field.name] = frame.assign(**{column: frame[column].replace(arms) for column in columns})
    found = made_decisions.discovery(made.arms[1])
    arm = arms.get(made.arms[1], made.arms[1])
    output = found.output._replace(of=f"effect:{arm}:mean_trust", arm=arm)
    return replace(made, **changed), replace(
        found, study=study, output=output, condition=f"effect:{arm}:mean_trust < 0", text=f"{arm} lowers trust"
    )


def named_analysis(analysis: Analysis, names: list[str], question: str = "?") -> Analysis:
    """An analysis of the effect of one arm, called so, in groups that are called by the other names."""
    arm, *groups = names
    finding = analysis.findings[0]
    factors = dict(zip(finding.sensitivity.names, groups, strict=False))
    frames = {
        name: frame.assign(**{column: frame[column].replace(factors) for column in frame.columns.intersection(["factor", "one", "other"])})
        for name in ("table", "interactions", "effects", "convergence") if (frame := getattr(finding.sensitivity, name)) is not None
    }  # fmt: skip
    output = finding.output._replace(of=f"effect:{arm}:mean_trust", arm=arm)
    sensitivity = replace(finding.sensitivity, names=[factors.get(name, name) for name in finding.sensitivity.names], **frames)
    study = called(analysis.study, arm, question, {finding.output.arm: arm})
    return replace(
        analysis, study=study, findings=(finding._replace(output=output, sensitivity=sensitivity) if hasattr(finding, "_replace") else
        replace(finding, output=output, sensitivity=sensitivity),), points=analysis.points.rename(columns=factors),
        units={factors.get(name, name): unit for name, unit in analysis.units.items()},
        meanings={factors.get(name, name): text for name, text in analysis.meanings.items()},
        outputs=analysis.outputs[[finding.output.of]].rename(columns={finding.output.of: output.of}),
    )  # fmt: skip


def named_trial(name: str, question: str = "?") -> TrialResult:
    result = trial()
    told = result.trial.with_(name=name, question=question)
    return TrialResult(result.dataset.assign_attrs(title=name, question=question, trial=told.to_yaml()))


def squeezed(text):
    """A text without blanks, which may become ends of lines in figures."""
    return "".join(letter for letter in text if not letter.isspace() and letter not in "\u200a")


def check_scripts(tree):
    """Its own scripts and no other: the card's and, where a city can live in it, those and their data."""
    scripts = {script.text.strip() for script in tree.iter("script") if script.get("type") != "application/json"}
    live = "(() => {\n" + "\n".join((PARTS / name).read_text(encoding="utf-8") for name in ("common.js", "live.js")) + "})();"
    assert scripts <= {SCRIPT.read_text(encoding="utf-8").strip(), live}
    for data in tree.iterfind(".//script[@type='application/json']"):
        assert data.get("id") == "live-data" and "<" not in data.text and json.loads(data.text)["module"]


def tree_of(page):
    """A page, parsed as strictly as can be; that nothing has been put into it that people wrote as text."""
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert not [element for element in tree.iter() if element.tag in ("iframe", "object", "form", "textarea")]
    check_scripts(tree)
    assert {part.tag for drawn in tree.iter("svg") for part in drawn.iter()} <= {"svg", "path"}, "strips, which hold no text"
    assert all(element.get("src", "data:").startswith("data:") for element in tree.iter())
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on")]
    return tree


def lines_of(tree):
    """All that it says, with blanks as browsers show them."""
    return spaced("".join(tree.itertext()))


def spaced(text):
    return " ".join(text.replace("\u00a0%", " %").split())
