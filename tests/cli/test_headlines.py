"""The sentence before a table says how much, between which values, of what; in both languages."""

import numpy as np
import pytest

from sim.cli.headlines import about, of_costs, of_effects, of_factors, of_sweep, of_trial, part
from sim.cli.manner import MANNER
from sim.cli.show import told
from sim.measures.spread import Spread

NAN = float("nan")
CLEAR = Spread(0.0143, 0.002, 0.0101, 0.0192, 1.0, 24, 24)
FEW = Spread(-0.02, 0.01, NAN, NAN, 0.75, 8, 8)
SAME = Spread(0.0, 0.0, 0.0, 0.0, 1.0, 24, 24)


@pytest.fixture(autouse=True)
def english():
    MANNER.begin()
    yield
    MANNER.begin()


def test_effects_with_their_range():
    said = told(of_effects({"course": CLEAR, "purge": FEW, "nothing": SAME}, "mean_trust", "baseline", 52))[0]
    assert said == (
        "Mean trust in the police in week 52, compared with baseline: course +0.0143, +0.0101 to +0.0192 in nine of ten; "
        "purge \u22120.02, this sign in 6 of 8; nothing no difference at all."
    )
    MANNER.lang = "es"
    said = told(of_effects({"course": CLEAR, "purge": FEW}, "mean_trust", "baseline", 52))[0]
    assert "course +0.0143, +0.0101 a +0.0192 en nueve de diez; purge \u22120.02, con este signo en 6 de 8." in said


def test_what_is_not_known_is_said():
    assert told(part("purge", Spread(NAN, NAN, NAN, NAN, NAN, 0, 0)))[0] == "purge not known"
    assert about(Spread(0.5, NAN, NAN, NAN, 1.0, 1, 1)) == "", "one run has no range"


def test_costs_have_their_unit():
    row = {"arm": "course", "money": 1234.5, "money_precision": 20.0, "money_q05": 1100.0, "money_q95": 1300.0, "money_share": 1.0,
           "money_many": 24, "money_draws": 24.0}  # fmt: skip
    said = told(of_costs([row], "baseline", 104))[0]
    assert "pesos an adult a year more than baseline: course +1,2" in said


def test_trials_and_sweeps():
    said = told(of_trial("trust_answer", {"total": CLEAR, "estimate": FEW, "bias": SAME}))[0]
    assert said.startswith("trust_answer: treating everybody would change it by +0.0143, +0.0101 to +0.0192") and "finds \u22120.02" in said
    said = told(of_sweep({"course": np.array([0.1, 0.2, -0.1, 0.3])}, "incidence", 52))[0]
    assert said.startswith("Crimes in week 52, mean effect: course +0.1") and "above 0 at 75 % of points" in said
    assert told(of_factors("effect of purge on mean_trust", ["a.b (40 %)"])) == [
        "effect of purge on mean_trust: depends most on a.b (40 %)."
    ]
