"""The patterns about reforms (P24 to P30 and P32 of sim/inputs/patterns.yaml), measured in the national city.

    python experiments/reform-patterns/run.py [--replicates 20] [--quick] [--out out/reform-patterns.json]

`confianza explain P24` says how each is defined, and sim/instruments/reforms.py computes it. Replicate r has the same seed in every
arm. A value is the mean over replicates with its precision (half of its 95 % t interval), and passes if it lies in the pattern's range. P24
is a fit pattern, which parameters may have been set to meet; the others are checks, and nothing is set so that they pass. Shown beside
them without a verdict: d of both reforms (P29), the purge in which all the flagged go and the share of officers in service in week 0
whom its test flags (P30).

--quick: two replicates unless told otherwise, and P30 in a city of 20,000; good for trying the program, and its verdicts say little.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.artifacts.provenance import versions
from sim.files.writing import write_file
from sim.inputs.patterns import REPLICATES, patterns
from sim.inputs.scenario import Scenario, load_scenario
from sim.measures.spread import mean_and_precision
from sim.validation.jobs import carried_out, plan
from sim.world.compiled import fingerprint

REFORMS = ("P24", "P25", "P26", "P27", "P28", "P29", "P30", "P32")
BESIDE = {  # what is shown without a verdict: text, unit
    "both_d": ("beside P29: both together", "Cohen d"),
    "full_purge_misconduct_change": ("beside P30: follow-through of 1.0", "relative change"),
    "flagged_share": ("beside P30: officers whom the test flags", "share"),
}


class Row(NamedTuple):
    """A line of the table: a pattern, or what is shown beside one (no id, range or verdict)."""

    id: str
    text: str
    low: float | None
    high: float | None
    value: float  # mean over replicates
    precision: float  # of that mean: half of its 95 % t interval
    unit: str
    role: str = ""
    passed: bool | None = None


def measured(base: Scenario, replicates: int, quick: bool) -> dict[str, np.ndarray]:
    """All measures by name, a value a replicate."""
    jobs = plan([base] * replicates, REFORMS)
    if quick:
        jobs = [job._replace(scenarios=[base] * replicates) for job in jobs]
    return {name: values for found in carried_out(jobs) for name, values in found.items()}


def rows(values: dict[str, np.ndarray]) -> list[Row]:
    """A row for each pattern, in order, and then what is shown beside them."""
    known = {pattern.measures[0]: pattern for pattern in patterns().values()}
    made = []
    for name, each in values.items():
        mean, half = mean_and_precision(each)
        if p := known.get(name):
            made.append(Row(p.id, p.text, p.low, p.high, mean, half, p.unit, p.role, p.verdict(mean)))
        else:
            text, unit = BESIDE[name]
            made.append(Row("", text, None, None, mean, half, unit))
    return sorted(made, key=lambda row: (row.id == "", row.id))


def table(made: list[Row]) -> str:
    """The rows as text."""
    lines = [("id", "pattern", "range", "mean", "precision", "unit", "role", "")]
    for row in made:
        bounds = "" if row.low is None else f"{row.low:g} to {row.high:g}"
        verdict = {None: "", True: "pass", False: "FAIL"}[row.passed]
        lines.append((row.id, row.text, bounds, f"{row.value:.4f}", f"{row.precision:.4f}", row.unit, row.role, verdict))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    layout = "  ".join(f"{{:{side}{width}}}" for side, width in zip("<<<>><<<", widths, strict=True))
    return "\n".join(layout.format(*line).rstrip() for line in lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table, write the JSON file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--replicates", type=int, help=f"at least 2; {REPLICATES} unless --quick")
    parser.add_argument("--quick", action="store_true", help="two replicates, no large city: verdicts say little")
    parser.add_argument("--out", type=Path, default=Path("out/reform-patterns.json"))
    options = parser.parse_args(arguments)
    replicates = options.replicates if options.replicates is not None else 2 if options.quick else REPLICATES
    if replicates < 2:
        parser.error("--replicates must be 2 or more, since one replicate has no precision.")
    base = load_scenario("national-average")
    values = measured(base, replicates, options.quick)
    print(table(rows(values)))
    facts = {"scenario": "national-average", "seed": base.seed, "replicates": replicates, "quick": options.quick}
    facts |= {"versions": versions(), "sources": fingerprint(), "rows": [row._asdict() for row in rows(values)]}
    facts["values"] = {name: each.tolist() for name, each in values.items()}
    write_file(options.out, json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
