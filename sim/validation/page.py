"""The page docs/validation.md: what the model gets right and wrong, failures first, in words for people who are not statisticians.

It is made from a `Validation` alone, so the same validation.json gives the same page.
"""

from collections.abc import Callable, Sequence
from math import exp, isfinite
from typing import Any

from sim.inputs.patterns import REPLICATES, Pattern, PatternCheck, patterns
from sim.studies.design.posteriors import doubts_of
from sim.style import sentences
from sim.validation.controls import Controlled
from sim.validation.holdouts import Held, Reset
from sim.validation.record import Validation
from sim.validation.states import LEVEL as YEARS_BACK_LEVEL
from sim.validation.states import years_back
from sim.validation.targets import Holdout, controls, faults, holdouts, pattern_of

FOLDER = "validation"  # of figures and of the data, beside the page
PATTERNS_FIGURE, HOLDOUTS_FIGURE = "patterns.png", "holdouts.png"
DATA = "validation.json"
DIFFERENCES = ("P12", "P22", "P23")  # patterns that are differences of shares
TITLES = {
    "reporting": "share of crimes reported to the prosecutor", "file": "investigation file opened given report",
    "treatment": "good or excellent treatment of those who report", "crime": "crimes an adult",
}  # fmt: skip
ROLES = {
    "fit": "May be used to set parameters (*fit*)",
    "check": "Never used to set parameters (*check*)",
    "report": "Shown without a verdict",
}


def shown(value: float, unit: str, *, change: bool = False) -> str:
    """A value as people write it: shares in percent, large numbers without decimals.

    >>> shown(0.5422, "share"), shown(23456.7, "crimes per 100,000 adults a year"), shown(-0.0421, "Cohen d")
    ('54.2 %', '23,457', '-0.042')
    >>> shown(0.06, "share", change=True)
    '+6.0 points'
    """
    if not isfinite(value):
        return "-"
    if unit.startswith("share"):
        number = f"{100 * value:{'+' if change else 'z'}.1f}"
        return f"{number} points" if change else f"{number} %"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:z.4f}" if unit == "ICC" else f"{value:z.3f}"


def span(low: float | None, high: float | None, unit: str, *, change: bool = False) -> str:
    """A range: "47.0 % to 57.0 %"; "-" if there is none."""
    if low is None or high is None or not (isfinite(low) and isfinite(high)):
        return "-"
    ends = [shown(low, unit, change=change), shown(high, unit, change=change)]
    for sign in (" %", " points"):
        if all(end.endswith(sign) for end in ends):
            ends[0] = ends[0].removesuffix(sign)
    return " to ".join(ends)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def percent(share: float | None) -> str:
    """A share without decimals."""
    return "-" if share is None or not isfinite(share) else f"{100 * share:.0f} %"


def verdict(passed: bool | None) -> str:
    """Pass or fail."""
    return {True: "pass", False: "**FAIL**", None: "-"}[passed]


def name_of(finding: PatternCheck) -> str:
    """A pattern in words; what is shown beside it says which measure it is."""
    pattern = finding.pattern
    return pattern.text if (finding.measure,) == pattern.measures else f"{pattern.text} (`{finding.measure}`)"


def count(rows: Sequence[Any], test: Callable[[Any], bool]) -> str:
    """How many rows pass a test: "10 of 12"."""
    return f"{sum(map(test, rows))} of {len(rows)}"


def summary(validation: Validation) -> str:
    """What the page says, in a paragraph."""
    parts = []
    for role in ("fit", "check"):
        judged = [finding for finding in validation.findings if finding.pattern.role == role and finding.passed is not None]
        parts.append(f"{count(judged, lambda finding: bool(finding.passed))} *{role}* patterns")
    failed = [finding.pattern.id for finding in validation.failed()]
    text = f"The model meets **{' and '.join(parts)}**" + (f"; it misses {', '.join(failed)}." if failed else ".")
    if turned := [key for key, pattern in patterns().items() if pattern.once == "check"]:
        text += f" {', '.join(turned)} were *check* patterns until parameters were set by them: that they hold is no evidence any more."
    if validation.held:
        text += f" Of the data from other years and places it meets **{count(validation.held, lambda row: row.passed)}**."
    if validation.controls:
        text += f" With a mechanism switched off, **{count(validation.controls, lambda row: row.held)}** expectations hold."
    return text


def how_to_read(validation: Validation) -> str:
    """The rule, in plain words."""
    draws, fewest = validation.draws, min(finding.replicates for finding in validation.findings if finding.passed is not None)
    return f"""A *pattern* is something measured in the world that a credible model has to reproduce, with the range within which the truth
plausibly lies. Nobody knows the model's parameters exactly. The calibration leaves many sets of parameters that fit, the *posterior*,
and here the model is run with {draws} of them (the dearest measurements with {fewest}), each with its own luck. *Model* is the value in
the middle (median) of these possible cities, and in brackets the range that holds nine of ten of them, luck included, if they are
{REPLICATES} or more. **A pattern passes if the middle lies within the range wanted.** *Inside* is the share of runs within it (of fewer
than {REPLICATES}, in how many): a pattern that passes with 60 % inside is much less sure than one with 100 %. Some ranges contain zero
because trials found nothing; a model in which reforms did nothing would pass them too.

{" ".join(sentences(doubts_of(validation.posterior or "")))}"""


def failures(validation: Validation) -> str:
    """The failed patterns and what they mean."""
    failed = validation.failed()
    if not failed:
        return "No pattern fails.\n"
    rows = []
    for finding in failed:
        pattern = finding.pattern
        rows.append([*pattern_cells(finding), " ".join(pattern.means.split())])
    return table([*PATTERN_COLUMNS, "what that means for comparing reforms"], rows)


PATTERN_COLUMNS = ("id", "pattern", "wanted", "model", "inside")


def pattern_cells(finding: PatternCheck) -> list[str]:
    """Id, text, range, median with interval, share inside; what is shown beside a pattern has no range."""
    pattern, change = finding.pattern, finding.pattern.id in DIFFERENCES
    wanted = "-" if finding.measure in pattern.beside else span(pattern.low, pattern.high, pattern.unit, change=change)
    model = shown(finding.value, pattern.unit, change=change)
    if not finding.ranged:
        return [pattern.id, name_of(finding), wanted, model, "-" if finding.inside is None else f"{finding.hits} of {finding.replicates}"]
    model += f" ({span(finding.low, finding.high, pattern.unit, change=change)})"
    return [pattern.id, name_of(finding), wanted, model, percent(finding.inside)]


def all_patterns(validation: Validation) -> str:
    """Every pattern, by role."""
    parts = []
    for role, title in ROLES.items():
        listed = [finding for finding in validation.findings if finding.pattern.role == role]
        if listed:
            rows = [[*pattern_cells(finding), finding.pattern.unit, verdict(finding.passed)] for finding in listed]
            parts.append(f"### {title}\n\n{table([*PATTERN_COLUMNS, 'unit', 'verdict'], rows)}")
    return "\n".join(parts)


def structure(validation: Validation) -> str:
    """Faults of structure behind the failures."""
    missed = {finding.pattern.id for finding in validation.failed()}
    missed |= {f"{row.holdout}:{row.measure}" for row in validation.held if not row.passed}
    found = [fault for fault in faults() if missed.intersection(fault.of)]
    lines = [f"- **{'; '.join(place(key) for key in fault.of if key in missed)}.** {' '.join(fault.text.split())}" for fault in found]
    return "\n".join(lines) + "\n" if lines else "None of the known ones lies behind a failure.\n"


def place(key: str) -> str:
    """A pattern by its id, a check of a holdout by name and pattern: "Mérida, P01"."""
    holdout, _, measure = key.partition(":")
    return f"{holdouts()[holdout].name}, {pattern_of(measure)}" if measure else key


def elsewhere(validation: Validation) -> str:
    """Other years and places."""
    parts = []
    for holdout in holdouts().values():
        resets = [row for row in validation.resets if row.holdout == holdout.id]
        rows = sorted((row for row in validation.held if row.holdout == holdout.id), key=lambda row: row.passed)
        if not rows:
            continue
        heading = f"### {holdout.name}: {count(rows, lambda row: row.passed)}\n\n{' '.join(holdout.text.split())}\n"
        parts.append(f"{heading}\n{moved(holdout, resets)}\n{checked(holdout, rows)}")
    return "\n".join(parts)


def earlier_years() -> str:
    """The 32 states in years before those to which their effects are fitted."""
    rows = []
    for row in years_back():
        inside = f"{percent(row.inside)} ({percent(row.low)} to {percent(row.high)})"
        missed, held = [f"{row.missed:.2f}", f"{row.as_nation:.2f}"], row.low <= YEARS_BACK_LEVEL <= row.high
        rows.append([TITLES[row.construct], f"{row.years}", inside, percent(row.nation_in), *missed, verdict(held)])
    columns = ["what", "years of states", "within the range", "as the country", "missed by", "as the country", "verdict"]
    return f"""### 32 states, 2011-2017

What sets a state apart (`institutions.*` and its crime) is taken from 2018-2024 and held to the seven years before: is the state's figure
within the 90 % range about the country's of that year, moved by what lasts of the state? In brackets the 95 % interval of that share, a
state's years counting as one cluster; it should hold 90 %. *As the country*: had every state been foreseen as the country, give or take
as much. What is missed is in log-odds, of crime in logarithms. The model has no part in this but that it takes these differences to last.

{table(columns, rows)}"""


def moved(holdout: Holdout, resets: Sequence[Reset]) -> str:
    """What was re-set, in a sentence each."""
    lines = [f"- `{name}` is {value:g}." for name, value in holdout.city.items()]
    lines += [f"- `{name}` is moved by {value:+g}." for name, value in holdout.shift.items()]
    for row, level in zip(resets, holdout.levels, strict=True):
        pattern = patterns()[pattern_of(row.measure)]
        wanted, reached = shown(row.target, pattern.unit), shown(row.reached, pattern.unit)
        how = f"times {exp(row.shift):.3f}" if row.by.startswith("city.") else f"moved by {row.shift:+.3f}"
        lines.append(f"- Re-set: {pattern.text} to {wanted} ({level.note}; {cited(level.sources)}); `{row.by}` {how}; reached {reached}.")
    return "\n".join(lines) + "\n"


def checked(holdout: Holdout, rows: Sequence[Held]) -> str:
    """The data of a holdout beside the model, failures first."""
    made = []
    for row in rows:
        check = holdout.checks[row.number]
        pattern: Pattern = patterns()[pattern_of(row.measure)]
        text = f"{pattern.text}: difference from the country today" if row.change else pattern.text
        data = span(check.low, check.high, pattern.unit, change=row.change)
        model = f"{shown(row.value, pattern.unit, change=row.change)} ({span(row.low, row.high, pattern.unit, change=row.change)})"
        made.append([text, data, model, percent(row.inside), verdict(row.passed), f"{check.note} ({cited(check.sources)})"])
    return table(["what", "data", "model", "inside", "verdict", "the data"], made)


def cited(sources: Sequence[str]) -> str:
    """Keys of references."""
    return ", ".join(f"`{key}`" for key in sources)


def switched_off(validation: Validation) -> str:
    """Negative controls, failures first; then the patterns that are lost without each mechanism."""
    rows = sorted(validation.controls, key=lambda row: row.held)
    lines = [control_cells(row) for row in rows]
    text = table(["switched off", "what must follow", "pattern", "usually", "then", "so it is"], lines)
    for name in controls():
        lost = [row for row in validation.lost if row.control == name]
        if lost:
            listed = ", ".join(f"{row.pattern} ({values(row.pattern, row.usual)} to {values(row.pattern, row.value)})" for row in lost)
            text += f"\nIf {name}, these patterns, which hold otherwise, are missed: {listed}.\n"
    if validation.lost:
        text += "\nThat alone does not prove the mechanisms: parameters fitted without them might meet these patterns again.\n"
    return text


def control_cells(row: Controlled) -> list[str]:
    """One expectation of a control."""
    expected = controls()[row.control].expect[row.number]
    found = [values(row.pattern, row.usual), values(row.pattern, row.value)]
    return [row.control, expected.text, row.pattern, *found, "yes" if row.held else "**NO**"]


def values(pattern: str, value: float) -> str:
    """A value of a pattern; small shares with three decimals of a percent."""
    unit = patterns()[pattern].unit
    return f"{100 * value:z.2f} points" if pattern in DIFFERENCES else shown(value, unit)


def page(validation: Validation, command: str = "make validation") -> str:
    """The whole page in Markdown."""
    full = bool(validation.held)
    parts = [
        "# What the model gets right and wrong",
        f"<!-- Generated by `{command}` from {FOLDER}/{DATA}. Changes made here are lost. -->",
        f"{validation.scenario}. {summary(validation)}",
        how_to_read(validation),
        f"## Failures first\n\n{failures(validation)}",
        f"![Every pattern: the range wanted as a gray band, the model's middle as a dot, nine of ten draws as a line]"
        f"({FOLDER}/{PATTERNS_FIGURE})",
        f"## What lies behind the failures in the structure\n\n{structure(validation)}",
    ]
    if full:
        parts += [
            "## Years and places to which nothing was fitted\n\nFailures stand first. Where a level is re-set, the parameter is "
            "moved by the same amount in every draw; everything else stays as fitted to the country today.",
            f"![Other years and places: data as gray bands, the model as dots with lines]({FOLDER}/{HOLDOUTS_FIGURE})",
            elsewhere(validation),
            earlier_years(),
            "## With a mechanism switched off\n\nA model that shows a pattern for the wrong reason goes on showing it when the right "
            "reason is gone. In the same draws with the same luck, one mechanism at a time is off.",
            switched_off(validation),
        ]
    parts += [f"## All patterns\n\n{all_patterns(validation)}", provenance(validation, command)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def provenance(validation: Validation, command: str) -> str:
    """Where the numbers come from."""
    return f"""## Where these numbers come from

`{command}` makes this page again. Posterior: `{validation.posterior}`; {validation.draws} draws, seed {validation.seed}; sources of the
model: fingerprint `{validation.source_fingerprint}`. The data are in [{FOLDER}/{DATA}]({FOLDER}/{DATA}). Ranges and their sources are in
`sim/inputs/patterns.yaml` and `sim/validation/targets.yaml`; `confianza explain P01` tells one, `confianza explain sources` lists the
references.
"""
