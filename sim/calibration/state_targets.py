"""Targets of a state: the country's, moved by how the state differs in the years of reference (`sim/inputs/states.yaml`)."""

from collections.abc import Mapping
from math import exp, hypot, log, sqrt
from statistics import fmean
from typing import Any

from sim.inputs.states import CONSTRUCTS, CRIME, official, states

PATTERNS = dict(zip(("P01", "P02", "P11", "P05"), CONSTRUCTS, strict=True))
VICTIMS = "P04"
SAMPLE = "envipe_2019_2025_of_a_state"  # of all but victims, which are of one year
SURVEY = 0.05  # of a state's victims: the survey's relative error, about (in the country, five times smaller)


def state_targets(state: str, nation: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Reporting, files, treatment, crime and victims of a state, as targets.yaml writes targets. InputError if there is no such state.

    nation  the country's targets, as targets.yaml writes them

    The state's mean difference stands as it was measured; that such means spread too far is for the prior of a state's effects to say.
    Its error is that of a mean over the years, whose movement holds the survey's error too. A single year says how many are victims: it
    may be as far from what lasts as crime of one year is.
    """
    name = str(official(state))
    known, found = states(), {}
    span = f"{known.reference[0]}-{known.reference[-1]}"
    for key, construct in PATTERNS.items():
        yearly = known.spread(construct).yearly_sd / sqrt(len(known.reference))
        apart = fmean(known.differences(construct)[name])
        in_words = f"times {exp(apart):.2f}" if construct == CRIME else f"{apart:+.2f} in log-odds"
        why = f"The country's, {in_words}: the mean difference of {name}, {span}. Error: of both. Discrepancy: the country's."
        found[key] = _moved(nation[key], apart, yearly, 0.0, why, log_scale=construct == CRIME) | {"sample": SAMPLE}
    country, own = (known.figures["prevalence"][row][0] for row in (0, known.rows[name]))
    why = (
        f"The country's, times {own / country:.2f}: {own:,.0f} victims per 100,000 adults of {name} in 2024, {country:,.0f} in all. "
        "Error: of the survey. Discrepancy: the country's, and how far crime of one year is from what lasts."
    )
    found[VICTIMS] = _moved(nation[VICTIMS], log(own / country), SURVEY, known.spread(CRIME).yearly_sd, why, log_scale=True)
    return found


def _moved(target: Mapping[str, Any], apart: float, error: float, discrepancy: float, why: str, *, log_scale: bool) -> dict[str, Any]:
    """A target moved on its scale, with further errors there."""
    before = float(target["value"])
    value = before * exp(apart) if log_scale else 1.0 / (1.0 + (1.0 - before) / before * exp(-apart))
    units = value if log_scale else value * (1.0 - value)  # a step of one on the scale
    was = before if log_scale else before * (1.0 - before)
    return {
        "value": float(f"{value:.5g}"),
        "sampling_error": float(f"{units * hypot(target['sampling_error'] / was, error):.3g}"),
        "discrepancy": float(f"{units * hypot(target['discrepancy'] / was, discrepancy):.3g}"),
        "why": why,
        "sources": list(dict.fromkeys([*target["sources"], states().source, *(["conapo2024"] if log_scale else [])])),
    }
