"""What the figures of a sensitivity analysis share: their words, a heading, names of factors."""

from collections.abc import Mapping
from textwrap import fill, shorten
from typing import Any

from sim.plots_looks import GRAY, amounts, fitted, legible, scale, unit_label
from sim.studies.findings import Analysis, Finding

MOST = 15  # factors in a figure; the others are counted
WORDS: Mapping[str, str] = {  # what the figures say; sim.report has the same keys in other languages
    "thousands": ",",
    "points": "percentage points",
    "on_scale": "points on the 0-1 scale",
    "effect": "effect of {arm} on {measure}, week {week}",
    "level": "{measure} in {arm}, week {week}",
    "rest": "Factors that matter less and are left out: {many}.",
    "tornado_title": "What moves the {output}",
    "tornado_what": "Bars: the output when one factor goes from low (5 % of its possible values are lower) to high (5 % are higher), all "
    "others averaged out. Small print: the factor's value there. Thin lines: 95 % intervals.",
    "tornado_oat": "Bars: the output when one factor goes from one end of its range to the other and all others stay where they are.",
    "tornado_low": "factor low",
    "tornado_high": "factor high",
    "tornado_mean": "average over all points",
    "zero": "no effect",
    "bars_title": "Which factors decide the {output}",
    "bars_what": "{influence} Thin lines: {covers}",
    "shares": "How much of the differences between points of the design goes back to each factor.",
    "strength": "How strongly each factor changes the output.",
    "interactions_title": "Which factors work together on the {output}",
    "interactions_what": "Share of the differences that a pair makes beyond what its two factors do one by one, in percent. In bold: pairs "
    "whose 95 % interval stays above 0.",
    "interactions_bar": "share of the differences (%)",
    "morris_title": "Screening for the {output}",
    "morris_what": "To the right: factors that move the output much. High up: factors whose influence depends on the others or is curved. "
    "Below the dotted line (spread = a tenth of the size) the influence is nearly the same everywhere. Lines: 95 % intervals.",
    "morris_x": "mean size of an elementary effect, mu* ({unit})",
    "morris_y": "spread of elementary effects, sigma ({unit})",
    "convergence_title": "Would more points change the answer? The {output}",
    "convergence_what": "Total share of the {many} most important factors, from the first points of the design alone. Lines that "
    "have come to rest at the right will not move much with more points. Bands: 95 % intervals.",
    "convergence_x": "points of the design",
    "total_axis": "share of the differences,\nalone or with others (%)",
    "scatter_title": "The {output} against its most important factors",
    "scatter_what": "A dot: one point of the design, mean of {many}. Line: average over all other factors{band}.",
    "scatter_band": ", with its 95 % band",
    "replicates": "{many} replicates",
    "replicate": "one replicate",
    "overview_title": "Which factors matter for what",
    "overview_what": "{name}: {what}, in percent. A column for each output; gray: the analysis does not speak.",
    "overview_share": "share of the differences that goes back to each factor, alone or with others",
    "overview_relative": "influence of each factor, compared with the strongest one",
    "first": "alone",
    "total": "alone or with others",
    "delta": "change of the whole distribution (delta)",
    "median": "change of the distribution (PAWN, median)",
    "mu_star": "mean size of an elementary effect (mu*)",
    "share_axis": "share of the differences (%)",
    "distance_axis": "distance between distributions (0-1)",
}


def named(finding: Finding, words: Mapping[str, str]) -> str:
    """What an output is called: "effect of purge on mean_trust, week 208"."""
    output = finding.output
    measure, arm = words.get(output.measure, output.measure), legible(words.get(f"arm:{output.arm}", output.arm))
    return words["level" if output.level else "effect"].format(arm=arm, measure=measure, week=output.week)


def axis_label(finding: Finding, words: Mapping[str, str], width: float = 5.0) -> str:
    """The output with its unit, as an axis that is so many inches long says it."""
    return fitted(f"{named(finding, words)} ({unit_of(finding, words)})", width, 10, lines=3)


def unit_of(finding: Finding, words: Mapping[str, str]) -> str:
    """The unit in which an output is shown: shares in percent, effects on them in percentage points."""
    return unit_label(finding.output.unit, words, difference=not finding.output.level)


def numbered(axis: Any, finding: Finding, words: Mapping[str, str]) -> None:
    """Ticks of an axis of the output."""
    axis.set_major_formatter(amounts(words, scale(finding.output.unit)))


def heading(kind: str, finding: Finding, words: Mapping[str, str], left_out: int = 0, **values: object) -> tuple[str, str]:
    """Title and text of a figure about one output."""
    what = words[f"{kind}_what"].format(covers=f"{finding.sensitivity.covers.rstrip('.')}.", **values)
    rest = f" {words['rest'].format(many=left_out)}" if left_out > 0 else ""
    return words[f"{kind}_title"].format(output=named(finding, words)), what + rest


def label_factors(axes: Any, analysis: Analysis, names: list[str], words: Mapping[str, str]) -> None:
    """Names of factors from the top down, each with what it means in small print."""
    axes.set_yticks(range(len(names)), [""] * len(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    at: Any = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "ha": "right", "annotation_clip": False}
    for place, name in enumerate(names):
        meaning = fill(shorten(words.get(f"factor:{name}", analysis.meanings.get(name, "")), 124, placeholder=" ..."), 62)
        lift = 4 * (meaning.count("\n") + 1) if meaning else 0
        axes.annotate(fitted(legible(name), 3.4, lines=1), (0, place), (-6, lift), fontsize=9, va="center", **at)
        axes.annotate(meaning, (0, place), (-6, lift - 6), fontsize=7, color=GRAY, va="top", linespacing=1.1, **at)
