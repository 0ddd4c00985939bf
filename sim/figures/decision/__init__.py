"""Figures of a decision (which option is best, how sure, what it costs, what to find out) and of where an arm fails.

Options are told apart by color, line, mark and a name beside them, so that figures can be read in black and white.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from sim.figures.decision.boxes import restrictions, tradeoff
from sim.figures.decision.curves import acceptability, loss
from sim.figures.decision.plane import pareto, plane
from sim.figures.decision.tables import contested, information, regret
from sim.figures.decision.words import WORDS
from sim.figures.series import png
from sim.files.writing import write
from sim.studies.answers.decision import Decision
from sim.studies.answers.discoveries import Discovery

FIGURES: dict[str, Callable[..., Figure]] = {
    "plane": plane, "acceptability": acceptability, "loss": loss, "information": information, "contested": contested, "regret": regret,
    "pareto": pareto,
}  # fmt: skip
DISCOVERED: dict[str, Callable[..., Figure]] = {"tradeoff": tradeoff, "box": restrictions}


def drawable(decision: Decision) -> list[str]:
    """Names of the figures for which a decision has what it takes."""
    measures = [name for name in ("incidence", "complaint_rate", "cost") if name in decision.pareto]
    has = {"contested": len(decision.contested) > 0, "pareto": bool(measures), "information": len(decision.evppi) > 0}
    return [name for name in FIGURES if has.get(name, True)]


def discovered(discovery: Discovery) -> list[str]:
    """Names of the figures of a discovery: none if no box was found."""
    return list(DISCOVERED) if discovery.found else []


def save_figures(decision: Decision, folder: str | Path, words: Mapping[str, str] = WORDS) -> list[Path]:
    """Draw every figure of a decision as PNG. InputError if the folder cannot be written to."""
    return write(folder, {f"{name}.png": png(FIGURES[name](decision, words)) for name in drawable(decision)})


def save_discovered(discovery: Discovery, folder: str | Path, words: Mapping[str, str] = WORDS) -> list[Path]:
    """Draw both figures of a discovery as PNG, if there is a box. InputError if the folder cannot be written to."""
    return write(folder, {f"{name}.png": png(DISCOVERED[name](discovery, words)) for name in discovered(discovery)})
