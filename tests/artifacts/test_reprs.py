"""How things show themselves in a notebook: one look, every name escaped, and nothing that a stranger would not understand."""

import html5lib
import pandas as pd
import pytest

import sim
from sim.studies.answers.findings import Analysis
from sim.studies.answers.sensitivity import analyze
from sim.style.html import MOST, card, folded, listed, note, table

NAME = "[A] <b>town</b> & more"
SMALL = sim.Scenario(
    name=NAME, question="What <i>happens</i>?", city={"adults": 1000}, weeks=4, spin_up_weeks=2, seed=5,
    parameters={"conduct.mean": 0.25, "reporting.trust_slope": 2.0}, changes=[{"week": 2, "set": {"encounter.stop_rate": 1.0}}],
    sources={"conduct.mean": "assumed"}, assumptions=["Nobody <u>moves</u>."],
)  # fmt: skip
STUDY = sim.Study(
    name=NAME, question="Does it <i>help</i>?", scenario=SMALL, arms={"course": [{"training": {"start": 0, "coverage": 0.9}}]},
    vary={"training.gain": [0.3, 1.5], "reporting.trust_slope": [0, 6]}, design={"random": 4}, replicates=2,
    measures=["mean_trust", "reporting_rate"], at=[4],
)  # fmt: skip


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The HTML of everything that shows itself, by what it is."""
    swept = sim.sweep(STUDY, tmp_path_factory.mktemp("sweep") / "store")
    analysis = analyze(swept, ["effect:course:mean_trust"], method="pawn")
    assert isinstance(analysis, Analysis)
    things = {
        "Scenario": SMALL, "Study": STUDY, "Model": sim.Model(SMALL, rng=3), "Results": sim.run(SMALL, replicates=2),
        "Comparison": sim.compare(STUDY.with_(posterior="none")), "Sweep": swept, "Sensitivity": analysis,
    }  # fmt: skip
    return {name: thing._repr_html_() for name, thing in things.items()}


KINDS = ["Scenario", "Study", "Model", "Results", "Comparison", "Sweep", "Sensitivity"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_look_and_everything_escaped(kind, shown):
    page = shown[kind]
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(page)
    assert page.startswith(card("", ()).partition("</div>")[0].removesuffix(">")[:60]), "all are cards"
    for tag in ("<b>town", "<i>happens", "<i>help", "<u>moves"):
        assert tag not in page
    assert "&lt;b&gt;town&lt;/b&gt; &amp; more" in page and "<script" not in page and "http" not in page.partition("xr-wrap")[0]


def test_they_say_what_a_reader_wants_to_know(shown):
    said = {
        "Scenario": ["What &lt;i&gt;happens", "1,000 adults", "4 weeks after a spin-up of 2; seed 5", "conduct.mean", "0.5", "assumed",
                     "From week 2", "encounter.stop_rate = 1", "What it takes for granted (1)", "log-odds of fair treatment"],
        "Study": ["training: start 0, coverage 0.9", "mean_trust, reporting_rate", "2: training.gain, reporting.trust_slope", "4 points"],
        "Model": ["Week", "0 of 4", "1,000 adults", "3 officers", "Seed"],
        "Results": ["2 replicates of 4 weeks", "beside each its precision", "5-95 % range over replicates", "reporting_rate", "xarray"],
        "Comparison": ["baseline, course", "end of week 4", "one city with these numbers, other luck", "variance_reduction"],
        "Sweep": ["4 points, 2 arms, 2 replicates", "16 of 16 runs kept", "training.gain", "baseline"],
        "Sensitivity": ["pawn", "effect of course on mean_trust"],
    }  # fmt: skip
    for kind, texts in said.items():
        assert [text for text in texts if text not in shown[kind]] == [], kind


def test_the_placebo_is_not_among_the_effects(shown):
    assert "<td>placebo</td>" not in shown["Comparison"] and "<td>course</td>" in shown["Comparison"]


def test_a_scenario_without_anything_of_its_own_says_so():
    assert "All parameters are the codebook&#x27;s." in sim.Scenario(name="Plain")._repr_html_()


def test_parts_of_a_card():
    assert card("A", [("b", 0), ("c", None), ("d", "")]).count("<tr>") == 1, "0 is a fact, None and '' are not"
    long = table(pd.DataFrame({"n": range(MOST + 5)}), caption="a<b")
    assert long.count("<tr") == MOST + 1 and "... and 5 more rows" in long and "a&lt;b" in long
    assert listed([]) == "" and listed("abc", 3) == "a, b, c"
    assert "&lt;" in note("<") and folded("<t>", ["<x>"]).count("&lt;") == 2
