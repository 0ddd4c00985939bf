"""A forest of trials: what each found, what the model says before and after, and what it would have said without it."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sim.evidence.tables import EvidenceTables
from sim.figures.series import sheet, styled
from sim.style.looks import BLACK, BLUE, GRAY, ORANGE, legible

LEVEL = 1.645  # standard errors on either side of 90 %
LAYERS = (  # columns, color, mark, where beside the row, what it is
    (("low_before", "median_before", "high_before"), GRAY, "s", 0.12, "model before trials"),
    (("low", "median", "high"), BLUE, "D", 0.30, "model after"),
    (("predicted_low", "predicted", "predicted_high"), ORANGE, "^", 0.48, "predicted without this study"),
)


@styled
def forest(made: EvidenceTables) -> Figure:
    """A panel a reform; a row a fitted finding: the trial with its 90 % interval, and three of the model's ranges (5-95 %)."""
    fitted = made.findings[made.findings.use == "fit"]
    groups = list(fitted.groupby("reform", sort=False))
    heights = [len(rows) for _, rows in groups]
    figure = sheet(8.4, 1.5 + 0.52 * sum(heights) + 0.4 * len(groups), "What trials found, and what the model makes of it", _subtitle(made))
    panels: Any = figure.subplots(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (reform, rows) in zip(panels, groups, strict=True):
        for place, row in enumerate(rows.to_dict("records")):
            half = LEVEL * row["error"]
            axes.errorbar(
                row["found"], place - 0.12, xerr=half, fmt="o", color=BLACK, markersize=5, capsize=2.5, label="trial" if not place else None
            )
            for names, color, mark, shift, label in LAYERS:
                low, middle, high = (row[name] for name in names)
                ends = np.array([[middle - low], [high - middle]])
                axes.errorbar(
                    middle, place + shift, xerr=ends, fmt=mark, color=color, markersize=4, capsize=2, label=None if place else label
                )
        axes.axvline(0.0, color=BLACK, linewidth=0.6, linestyle=":")
        axes.set_yticks(
            range(len(rows)), [f"{row['trial']} {row['row']}  {_words(row['outcome'])}" for row in rows.to_dict("records")], fontsize=8
        )
        axes.set_ylim(len(rows) - 0.3, -0.4)
        axes.set_title(legible(_words(str(reform))), fontsize=10, loc="left")
        axes.tick_params(axis="x", labelsize=8)
    panels[-1].set_xlabel("effect, standard deviations of the untreated (90 %)", fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9)
    return figure


def _subtitle(made: EvidenceTables) -> str:
    shares = {_words(row.reform): max(row.removed, 0.0) for row in made.ranges.itertuples()}  # below 0: wider, so nothing
    removed = "; ".join(f"{name} {100 * share:.0f} %" for name, share in shares.items())
    return f"Share of the range of what a reform does that trials removed: {removed}"


def _words(outcome: str) -> str:
    return outcome.replace("_", " ")
