"""A forest of trials: what each found, what the model says before and after, and what it would have said without it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sim.evidence.base import evidence
from sim.evidence.tables import EvidenceTables
from sim.figures.series import sheet, styled
from sim.figures.trial import outcome_label
from sim.style import language
from sim.style.looks import BLACK, BLUE, GRAY, ORANGE, SMALL, headline, legible, named

LEVEL = 1.645  # standard errors on either side of 90 %
WORDS = language("en").figure("plots_evidence")
LAYERS = (  # columns, color, mark, where beside the row, what it is
    (("low_before", "median_before", "high_before"), GRAY, "s", 0.12, "before"),
    (("low", "median", "high"), BLUE, "D", 0.30, "after"),
    (("predicted_low", "predicted", "predicted_high"), ORANGE, "^", 0.48, "without"),
)


@styled
def forest(made: EvidenceTables, words: Mapping[str, str] = WORDS) -> Figure:
    """A panel a reform; a row a fitted finding: the trial with its 90 % interval, and three of the model's ranges (5-95 %)."""
    outcomes = language(words["language"]).figure("plots_trial")
    fitted = made.findings[made.findings.use == "fit"]
    groups = list(fitted.groupby("reform", sort=False))
    heights, known = [len(rows) for _, rows in groups], evidence()
    shares = {words.get(row.reform, row.reform): max(row.removed, 0.0) for row in made.ranges.itertuples()}  # below 0: wider, so nothing
    first = max(shares, key=lambda name: shares[name])
    title = headline("forest", words, first=first, share=100 * shares[first])
    figure = sheet(
        9.6,
        1.5 + 0.52 * sum(heights) + 0.4 * len(groups),
        title,
        words["what"].format(removed="; ".join(f"{name} {100 * share:.0f} %" for name, share in shares.items())),
    )
    panels: Any = figure.subplots(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (reform, rows) in zip(panels, groups, strict=True):
        for place, row in enumerate(rows.to_dict("records")):
            half = LEVEL * row["error"]
            mark: Any = {"fmt": "o", "color": BLACK, "markersize": 5, "capsize": 2.5, "label": None if place else words["trial"]}
            axes.errorbar(row["found"], place - 0.12, xerr=half, **mark)
            for names, color, shape, shift, label in LAYERS:
                low, middle, high = (row[name] for name in names)
                look: Any = {"fmt": shape, "color": color, "markersize": 4, "capsize": 2, "label": None if place else words[label]}
                axes.errorbar(middle, place + shift, xerr=np.array([[middle - low], [high - middle]]), **look)
        axes.axvline(0.0, color=BLACK, linewidth=0.6, linestyle=":")
        studies = (f"{known[trial].study} [{trial}]" if trial in known else trial for trial in rows.trial)
        texts = [f"{study}: {outcome_label(name, outcomes)}" for study, name in zip(studies, rows.outcome, strict=True)]
        named(axes.yaxis, texts, 3.4, SMALL)
        axes.set_ylim(len(rows) - 0.3, -0.4)
        axes.set_title(legible(words.get(str(reform), str(reform))), fontsize=10, loc="left")
        axes.tick_params(axis="x", labelsize=SMALL)
    panels[-1].set_xlabel(words["axis"], fontsize=SMALL)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=SMALL)
    return figure
