"""Figures of a sensitivity analysis: what moves an output, by how much, together with what, and whether more runs would change that.

A figure shows at most fifteen factors and says how many it leaves out. Nothing is told by color alone.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from sim.figures.sensitivity.charts import BARS, bars, convergence, morris, tornado
from sim.figures.sensitivity.maps import interactions, overview, scatter
from sim.figures.sensitivity.parts import WORDS
from sim.figures.series import png
from sim.files.writing import write
from sim.studies.answers.findings import Analysis, Finding

FIGURES: dict[str, Callable[..., Figure]] = {
    "tornado": tornado, "bars": bars, "morris": morris, "interactions": interactions, "convergence": convergence, "scatter": scatter,
}  # fmt: skip
OVERVIEW = "overview.png"


def drawable(finding: Finding, factors: Collection[str] | None = None) -> list[str]:
    """Names of the figures for which an analysis of an output has what it takes.

    factors  those of the design, by themselves; if only groups were asked about, none of them can be drawn
    """
    found = finding.sensitivity
    if not finding.spoke:
        return []
    spread = found.method == "morris" and bool(found.table.sigma.notna().any())  # that of a group of factors is not known
    has = {
        "tornado": found.method == "oat" or found.effects is not None,
        "bars": found.method in BARS and not spread,
        "morris": spread,
        "interactions": found.interactions is not None and len(found.interactions) > 1,
        "convergence": found.convergence is not None and found.convergence.points.nunique() > 1,
        "scatter": found.method != "oat" and (factors is None or any(name in factors for name in found.table.factor)),
    }
    return [name for name in FIGURES if has[name]]


def save_figures(analysis: Analysis, folder: str | Path, words: Mapping[str, str] = WORDS) -> list[Path]:
    """Draw every figure as PNG: overview.png, and those of each output in a folder of its own (as effect-purge-mean_trust).

    InputError if the folder cannot be written to.
    """
    spoke = any(finding.spoke for finding in analysis.findings)
    drawn = {OVERVIEW: png(overview(analysis, words))} if spoke else {}
    for finding in analysis.findings:
        names = drawable(finding, analysis.points.columns)
        drawn |= {f"{finding.output.folder}/{name}.png": png(FIGURES[name](analysis, finding, words)) for name in names}
    return write(folder, drawn)
