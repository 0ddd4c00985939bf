"""Figures of a validation, in every language of its page: every pattern, and every check of other years and places, against its range."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from sim.figures.series import png, styled
from sim.files.writing import write
from sim.inputs.patterns import patterns
from sim.style.looks import BLUE, SMALL, VERMILION, fitted
from sim.validation.page import DIFFERENCES, HOLDOUTS_FIGURE, PAGES, PATTERNS_FIGURE, PageWords, figure_file
from sim.validation.record import Validation
from sim.validation.targets import holdouts, pattern_of

DPI = 100
WIDTH = 9.6  # inches
FARTHEST = 1.5  # widths of the range beyond its ends; what lies farther is marked by an arrow


class CheckRow(NamedTuple):
    """A row of a figure: what is wanted, and what the model gives."""

    label: str
    low: float
    high: float
    value: float
    first: float
    last: float
    passed: bool
    unit: str
    change: bool = False


def rows_of_patterns(validation: Validation, words: PageWords) -> list[tuple[str, list[CheckRow]]]:
    """Patterns with a verdict, by role, failures first."""
    groups = []
    for role in ("fit", "check"):
        judged = [finding for finding in validation.findings if finding.pattern.role == role and finding.passed is not None]
        lines = [
            CheckRow(
                f"{each.pattern.id}  {words.pattern(each.pattern)}", each.pattern.low or 0.0, each.pattern.high or 0.0, each.value,
                *((each.low, each.high) if each.ranged else (each.value, each.value)),
                bool(each.passed), each.pattern.unit, each.pattern.id in DIFFERENCES,
            )
            for each in sorted(judged, key=lambda finding: bool(finding.passed))
        ]  # fmt: skip
        groups.append((words.say(f"role_{role}").replace("*", ""), lines))
    return [group for group in groups if group[1]]


def rows_of_holdouts(validation: Validation, words: PageWords) -> list[tuple[str, list[CheckRow]]]:
    """Checks of other years and places, failures first in each."""
    groups = []
    for holdout in holdouts().values():
        lines = []
        for row in sorted((row for row in validation.held if row.holdout == holdout.id), key=lambda row: row.passed):
            check, pattern = holdout.checks[row.number], patterns()[pattern_of(row.measure)]
            label = words.say("change", what=words.pattern(pattern)) if row.change else words.pattern(pattern)
            lines.append(CheckRow(label, check.low, check.high, row.value, row.low, row.high, row.passed, pattern.unit, row.change))
        groups.append((words.text(holdout.name), lines))
    return [group for group in groups if group[1]]


@styled
def against_ranges(groups: Sequence[tuple[str, Sequence[CheckRow]]], title: str, words: PageWords, **known: str) -> Figure:
    """Each row on its own scale: the range wanted is the gray band from 0 to 1."""
    passed = [line.passed for _, lines in groups for line in lines]
    count = sum(len(lines) + 1 for _, lines in groups)
    height = 1.0 + 0.36 * count
    figure = Figure((WIDTH, height))
    axes = figure.add_axes((0.42, 0.5 / height, 0.29, 1 - 1.3 / height))
    axes.axvspan(0, 1, color="#E3E3E3", zorder=0)
    place = 0
    for name, lines in groups:
        write_at(axes, place, name, "", bold=True)
        for offset, line in enumerate(lines, place + 1):
            draw(axes, offset, line, words)
        place += len(lines) + 1
    axes.set(xlim=(-FARTHEST, 1 + FARTHEST), ylim=(count - 0.4, -0.6), yticks=[])
    axes.set_xticks([0, 1], [words.say("lowest"), words.say("highest")])
    axes.grid(axis="y", visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    title = words.say(title, met=sum(passed), many=len(passed), **known)
    figure.text(0.01, 1 - 0.3 / height, title, fontweight="bold", fontsize=11)
    marks = fitted(words.say("marks"), 0.98 * WIDTH, SMALL, lines=2)
    figure.text(0.01, 1 - 0.38 / height, marks, fontsize=SMALL, color="#444444", va="top")
    return figure


def draw(axes: Any, place: int, line: CheckRow, words: PageWords) -> None:
    """One row."""
    width = line.high - line.low
    value, first, last = ((each - line.low) / width for each in (line.value, line.first, line.last))
    color = BLUE if line.passed else VERMILION
    ends = [min(max(end, -FARTHEST), 1 + FARTHEST) for end in (first, last)]
    axes.plot(ends, [place, place], color=color, linewidth=1.6, solid_capstyle="butt")
    at = min(max(value, -FARTHEST + 0.04), 1 + FARTHEST - 0.04)
    marker = ("o" if line.passed else "D") if at == value else "<" if value < 0 else ">"
    axes.plot(at, place, marker, color=color, markersize=6 if line.passed else 7)
    wanted = words.span(line.low, line.high, line.unit, change=line.change)
    found = words.shown(line.value, line.unit, change=line.change)
    label, seen = fitted(line.label, 0.4 * WIDTH, SMALL, lines=2), "black" if line.passed else color
    write_at(axes, place, label, f"{found}  ({wanted})", color=seen)


def write_at(axes: Any, place: int, left: str, right: str, *, bold: bool = False, color: str = "black") -> None:
    """Words on both sides of a row."""
    weight = "bold" if bold else "normal"
    common: Any = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center", "annotation_clip": False}
    axes.annotate(left, (0, place), (-8, 0), ha="right", fontsize=SMALL, linespacing=0.95, fontweight=weight, color=color, **common)
    axes.annotate(right, (1, place), (8, 0), ha="left", fontsize=SMALL, color=color, **common)


def every_pattern(validation: Validation, words: PageWords) -> Figure:
    """Patterns with a verdict against their ranges."""
    return against_ranges(rows_of_patterns(validation, words), "patterns_title", words, scenario=words.text(validation.scenario))


def other_years_and_places(validation: Validation, words: PageWords) -> Figure:
    """What was not fitted, against its data."""
    return against_ranges(rows_of_holdouts(validation, words), "holdouts_title", words)


FIGURES: dict[str, Callable[[Validation, PageWords], Figure]] = {PATTERNS_FIGURE: every_pattern, HOLDOUTS_FIGURE: other_years_and_places}


def save_figures(validation: Validation, folder: str | Path) -> list[Path]:
    """Draw the figures into a folder as PNG, that of holdouts if there are any, in each language. InputError if it cannot be written to."""
    drawn = {name: make for name, make in FIGURES.items() if name != HOLDOUTS_FIGURE or validation.held}
    files = {
        figure_file(name, language): png(make(validation, PageWords(language)), DPI, metadata={"Software": None})
        for language in PAGES
        for name, make in drawn.items()
    }
    return write(folder, files)
