"""How things look: arms and causes are told apart without color, the page and the figures agree, numbers are written as languages do."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
from matplotlib.colors import to_rgb

from sim.figures import compare as plots_compare
from sim.figures import decision as plots_decision
from sim.measures.harvest import CAUSES
from sim.report import words
from sim.style.looks import (
    CAUSE_COLORS,
    CAUSE_HATCHES,
    LOOKS,
    MINUS,
    REFERENCE,
    amounts,
    look_at,
    scale,
    unit_label,
    written,
)

ARMS = ["baseline", "purge", "training", "community", "justice", "both", "mix", "other"]


def gray(color):
    """What a color becomes without hue, 0 to 1."""
    return float(np.dot(to_rgb(color), [0.299, 0.587, 0.114]))


def test_arms_differ_by_line_and_mark():
    looks = [REFERENCE, *LOOKS]
    assert [look_at(place) for place in range(len(looks))] == looks
    assert len({look.dashes for look in looks}) == len({look.mark for look in looks}) == len({look.color for look in looks}) == 8
    many = [look_at(place) for place in range(1, 22)]
    assert len({(look.color, look.dashes) for look in many}) == len(many)


def test_causes_differ_in_gray():
    assert set(CAUSES) == CAUSE_COLORS.keys() == CAUSE_HATCHES.keys()
    for one, other in combinations(CAUSES, 2):
        assert CAUSE_HATCHES[one] != CAUSE_HATCHES[other] or abs(gray(CAUSE_COLORS[one]) - gray(CAUSE_COLORS[other])) > 0.3


def test_figures_draw_an_arm_alike():
    decided = plots_decision.parts.looks(ARMS)
    compared = plots_compare.looks(SimpleNamespace(compared=ARMS[1:]))
    for arm in ARMS:
        look = decided[arm]
        if arm != "baseline":
            assert compared[arm] == {key: look[key] for key in ("color", "linestyle")}


def test_ticks_are_numbered_as_the_language_does():
    for language, thousand in (("en", "15,000"), ("es", "15\u202f000")):
        own = {"thousands": words.Words(language)["thousands"]}
        assert amounts(own)(15000, 0) == thousand and amounts(own)(-15000, 0) == MINUS + thousand
        assert [amounts(own, 100.0)(share, 0) for share in (0.07, -0.125, -0.0)] == ["7", f"{MINUS}12.5", "0"]
        assert written(-1234.5, own, "+.1f") == f"{MINUS}{own['thousands'].join(('1', '234.5'))}"


def test_shares_are_percentages_and_their_differences_points():
    said = {"points": "puntos porcentuales", "on_scale": "puntos en la escala", "unit:share of adults": "% de los adultos"}
    assert unit_label("share of adults", said) == "% de los adultos"
    for unit in ("share of adults", "difference of shares"):
        assert unit_label(unit, said, difference=True) == said["points"]
    assert unit_label("0-1", said, difference=True) == said["on_scale"]
    assert unit_label("thousand pesos", {}, difference=True) == "thousand pesos"
    assert (scale("share of crimes"), scale("0-1")) == (100.0, 1.0)
