"""What the figures of a sensitivity analysis share: their words, a heading, names of factors."""

from collections.abc import Mapping
from typing import Any

from sim.figures.series import rows
from sim.studies.answers.findings import Analysis, Finding
from sim.style import language
from sim.style.looks import SMALL, amounts, factor_label, fitted, headline, legible, scale, unit_label

MOST = 15  # factors in a figure; the others are counted
WORDS = language("en").figure("plots_sensitivity")


def named(finding: Finding, words: Mapping[str, str]) -> str:
    """What an output is called: "effect of purge on mean trust in the police, week 208"."""
    output = finding.output
    measure, arm = words.get(output.measure, legible(output.measure)), legible(words.get(f"arm:{output.arm}", output.arm))
    return words["level" if output.level else "effect"].format(arm=arm, measure=f"{measure[:1].lower()}{measure[1:]}", week=output.week)


def axis_label(finding: Finding, words: Mapping[str, str], width: float = 5.0) -> str:
    """The output with its unit, as an axis that is so many inches long says it."""
    return fitted(f"{named(finding, words)} ({unit_of(finding, words)})", width, SMALL, lines=3)


def unit_of(finding: Finding, words: Mapping[str, str]) -> str:
    """The unit in which an output is shown: shares in percent, effects on them in percentage points."""
    return unit_label(finding.output.unit, words, difference=not finding.output.level)


def numbered(axis: Any, finding: Finding, words: Mapping[str, str]) -> None:
    """Ticks of an axis of the output."""
    axis.set_major_formatter(amounts(words, scale(finding.output.unit)))


def heading(kind: str, found: Finding, words: Mapping[str, str], left_out: int = 0, **values: object) -> tuple[str, str]:
    """Title and text of a figure about one output. Among the values: `first`, what matters most."""
    what = words[f"{kind}_what"].format(covers=language(words["language"]).said(found.sensitivity.covers).text, **values)
    rest = f" {words['rest'].format(many=left_out)}" if left_out > 0 else ""
    return headline(kind, words, output=named(found, words), first=str(values.get("first", ""))), what + rest


def called(analysis: Analysis, name: str, words: Mapping[str, str]) -> str:
    """What a factor is called."""
    return factor_label(name, words, analysis.meanings)


def label_factors(axes: Any, analysis: Analysis, names: list[str], words: Mapping[str, str]) -> None:
    """What factors mean, from the top down."""
    rows(axes, [called(analysis, name, words) for name in names])
