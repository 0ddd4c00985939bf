"""Alternatives to the model's structure: worlds without one of its mechanisms, which the data are asked about too.

A mechanism is absent where its parameters are 0, or where a loss is taken for as large as a gain; so an alternative is part of the space
over which the model is run anyway, and needs no emulator of its own.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sim.studies.design.factors import Factor

ZEROS: dict[str, tuple[str, ...]] = {
    "contagion": ("conduct.contagion_weight",),
    "hearsay": ("hearsay.fraction", "hearsay.victimization_fraction"),
    "neighborhoods": ("places.opportunity", "places.offenders", "places.exposure", "places.disposition", "conduct.by_place"),
}
# gain: loss. Where there is no asymmetry both are the geometric mean of two values that are equally far up in their priors.
ALIKE: dict[str, dict[str, str]] = {
    "asymmetry": {
        "trust.contact_gain": "trust.contact_loss",
        "trust.effectiveness_gain": "trust.effectiveness_loss",
        "response.outcome_gain": "response.outcome_loss",
    }
}
STRUCTURES = (*ZEROS, *ALIKE)


def came_from(without: str | None, name: str) -> str:
    """The parameter whose place in its prior a parameter follows where a mechanism is absent: itself, but for losses."""
    return next((gain for gain, loss in ALIKE.get(without or "", {}).items() if loss == name), name)


def absent(without: str) -> set[str]:
    """The parameters by which a mechanism is absent."""
    return {*ZEROS.get(without, ()), *ALIKE.get(without, {}).values()}


def concerned(without: str) -> set[str]:
    """The parameters that have other values there."""
    return absent(without) | set(ALIKE.get(without, {}))


def off(without: str, values: pd.DataFrame, factors: Mapping[str, Factor]) -> pd.DataFrame:
    """The values of parameters (a column each) in a world without a mechanism. What the scenario fixes stays."""
    found = values.copy()
    for name in ZEROS.get(without, ()):
        if name in found:
            found[name] = 0.0
    for gain, loss in ALIKE.get(without, {}).items():
        if gain in found and loss in found:
            both = (factors[gain], factors[loss])
            low, high = max(one.at(0.0005) for one in both), min(one.at(0.9995) for one in both)
            other = factors[loss].at(factors[gain].of(values[gain].to_numpy()))
            found[gain] = found[loss] = np.clip(np.sqrt(values[gain] * other), low, high)
    return found
