"""Measures that the record of a run does not hold: persons are asked twice, or an experiment is run beside it.

Here is what they are; `sim.instruments.panel_measures` takes them. They are of the end of a run, as what is kept in maps.
"""

from typing import Any

from sim.errors import InputError
from sim.measures.spans import EXPERIMENT, PANEL, Measure, Over

POINTS = "trust points 0-1"
TWICE = "a panel of persons asked twice"
ENVIPE = "ENVIPE, national victimization survey (INEGI)"
ENSU = "ENSU, urban security survey (INEGI)"
FOUND = {  # name: (kind, unit, description, mirrors)
    "trust_autocorrelation": (PANEL, "correlation", "Answers on fairness 104 weeks apart, same persons.", TWICE),
    "contact_effect_positive": (PANEL, POINTS, "Panel effect of a positive contact on trust in fairness.", TWICE),
    "contact_effect_neutral": (PANEL, POINTS, "Panel effect of neutral contacts alone on trust in fairness.", TWICE),
    "contact_effect_negative": (PANEL, POINTS, "Panel effect of a negative contact on trust in fairness.", TWICE),
    "contact_effect_positive_effectiveness": (PANEL, POINTS, "Panel effect of a positive contact on trust in effectiveness.", TWICE),
    "contact_effect_negative_effectiveness": (PANEL, POINTS, "Panel effect of a negative contact on trust in effectiveness.", TWICE),
    "victimization_effect": (PANEL, POINTS, "Own victimization in the last 52 weeks and trust, a cross-section.", "Latinobarómetro"),
    "incidents_k": (PANEL, "k", "How unequally crimes fall on adults in 52 weeks; the smaller, the more unequally.", ENVIPE),
    "reporting_icc_person": (PANEL, "ICC", "How alike persons with two or more crimes in 52 weeks are in reporting each.", ENVIPE),
    "bribe_trust_effect": (PANEL, POINTS, "A bribe asked for in a stop of the last 26 weeks and trust, a cross-section.", ENSU),
    "contact_trust_gap": (PANEL, POINTS, "Trust of those stopped without a bribe in 26 weeks minus that of those asked for one.", ENSU),
    "peer_elasticity": (
        EXPERIMENT, "elasticity", "What raising the misconduct of an officer's peers does to the officer's own.",
        "records of misconduct by squad",
    ),
}  # fmt: skip


def kept(name: str) -> Any:
    """The function of such a measure: its value, where the run was watched for it. InputError if it was not."""

    def function(over: Over) -> Any:
        if name not in over.columns.values:
            message = f"'{name}' cannot be read off these results: it takes {FOUND[name][0]} beside the run."
            raise InputError(message, f"Name it in the measures of a study (measures: [{name}]), or run with --measure {name}.")
        return over.at_end(name)

    return function


PANEL_MEASURES = {name: Measure(name, unit, text, mirrors, kept(name), kind) for name, (kind, unit, text, mirrors) in FOUND.items()}
