"""Sensitivity analyses of all methods, made up without runs."""

from dataclasses import replace

import numpy as np
import pandas as pd

from sim.inputs.scenario import CitySize, Scenario
from sim.methods.indices import Sensitivity
from sim.studies.answers.findings import Analysis, Finding, Output
from sim.studies.design.study import Study

MANY = 40
NAMES = [f"topic.factor_{number}" for number in range(MANY - 1)] + ["training.whom"]
SHARES = np.linspace(1, 0, MANY) ** 4 / 10
STUDY = Study(
    name="Which?",
    scenario=Scenario(name="Small", city=CitySize(adults=1000), weeks=8, spin_up_weeks=0),
    arms={"course": [{"training": {"start": 0}}]},
)
U = np.linspace(0, 1, 21)
rng = np.random.default_rng(1)
UNIT = rng.random((64, MANY))


def values(column, u):
    """A factor from 10 to 20, or a choice."""
    return np.where(u < 0.5, "troops", "both").astype(object) if column == MANY - 1 else 10 + 10 * u


def table(**columns):
    made = pd.DataFrame({"factor": NAMES})
    for name, column in columns.items():
        made[name] = column
        made[f"{name}_low"], made[f"{name}_high"] = 0.9 * np.asarray(column), 1.1 * np.asarray(column)
    return made


def curves():
    rows = [
        pd.DataFrame({"factor": name, "u": U, "value": values(column, U), "effect": share * (U - 0.5), "low": share * (U - 0.5) - 0.01})
        for column, (name, share) in enumerate(zip(NAMES, SHARES, strict=True))
    ]
    made = pd.concat(rows, ignore_index=True)
    return made.assign(high=made.effect + 0.01)


def result(method, made, **more):
    facts = {"points": 64, "replicates": 2, "mean": 0.02, "sd": 0.05, "covers": "95 % intervals: the choice of points."}
    return Sensitivity(**{"method": method, "names": NAMES, "table": made, **facts, **more})


PAIRS = pd.DataFrame(
    {"one": NAMES[1:21], "other": NAMES[:20], "share": SHARES[:20], "low": np.linspace(0.1, -0.1, 20), "high": SHARES[:20]}
)
CONVERGENCE = pd.concat([pd.DataFrame({"points": n, "factor": NAMES, "total": SHARES, "low": 0.0, "high": 0.2}) for n in (16, 32, 64)])
FOUND = {
    "emulator": result(
        "emulator", table(first=SHARES / 2, total=SHARES), effects=curves(), interactions=PAIRS, convergence=CONVERGENCE, q2=0.9
    ),
    "sobol": result("sobol", table(first=SHARES / 2, total=SHARES), convergence=CONVERGENCE),
    "efast": result("efast", table(first=SHARES / 2, total=SHARES)),
    "morris": result("morris", table(mu_star=SHARES).assign(mu=SHARES, sigma=SHARES[::-1])),
    "delta": result("delta", table(delta=SHARES, first=SHARES)),
    "pawn": result("pawn", table(median=SHARES).assign(minimum=0, mean=SHARES, maximum=1, cv=1, inert=0.01)),
    "oat": result("oat", pd.DataFrame({"factor": NAMES, "low": 0.02 - SHARES, "high": 0.02 + SHARES, "swing": 2 * SHARES})),
}


def analysis(found, level=False):
    output = Output("effect:course:mean_trust", level, "course", "baseline", "mean_trust", "0-1", 8)
    silent = replace(found, table=found.table[:0], effects=None, interactions=None, convergence=None, refused="Luck hides it.")
    findings = (Finding(output, found), Finding(output._replace(of="mean_trust", level=True), silent))
    points = pd.DataFrame({name: values(column, UNIT[:, column]) for column, name in enumerate(NAMES)})
    outputs = pd.DataFrame({"effect:course:mean_trust": 0.02 + (UNIT - 0.5) @ SHARES, "mean_trust": 0.5})
    return Analysis(STUDY, findings, dict.fromkeys(NAMES, "share"), {name: f"What {name} is" for name in NAMES}, points, outputs, {})
