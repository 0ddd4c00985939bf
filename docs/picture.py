"""Draws the picture of the first page from the model itself: `python docs/picture.py` (about a minute).

Left a city; in the middle two lives of it with the same luck; right their difference in many cities.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from sim.figures.series import STYLE, line, years  # noqa: E402
from sim.studies.answers.compare import compare  # noqa: E402
from sim.studies.answers.comparison import Comparison  # noqa: E402
from sim.studies.design.study import Study  # noqa: E402
from sim.studies.running.effects import differences  # noqa: E402
from sim.style.looks import BLACK, look_at  # noqa: E402

WORDS = {
    "en": {
        "city": "1  An invented city: trust by street", "bar": "mean trust of the residents (0-1)",
        "twice": "2  Its life, twice, with the same luck", "trust": "mean trust (0-1)", "years": "years",
        "baseline": "nothing is done", "training": "a yearly course", "purge": "a purge",
        "effect": "3  The difference, in {many} cities", "points": "difference in mean trust", "band": "bands: nine of ten of them",
    },
    "es": {
        "city": "1  Una ciudad inventada: confianza por calle", "bar": "confianza media de los residentes (0-1)",
        "twice": "2  Su vida, dos veces, con la misma suerte", "trust": "confianza media (0-1)", "years": "años",
        "baseline": "no se hace nada", "training": "un curso cada año", "purge": "una depuración",
        "effect": "3  La diferencia, en {many} ciudades", "points": "diferencia en la confianza media",
        "band": "franjas: nueve de cada diez",
    },
}  # fmt: skip
LOOKS = {arm: look_at(place) for place, arm in enumerate(("baseline", "purge", "training"))}  # as in reports
YEARS = 4


def made() -> Comparison:
    """Mexico City in 2016 with a purge and with a yearly course, as in experiments/reforms-compared."""
    arms: Any = {
        "purge": [{"purge": {"start": 0, "follow_through": 0.5}}],
        "training": [{"training": {"start": 0, "coverage": 0.9, "every": 52}}],
    }
    return compare(
        Study(name="The picture", scenario="mexico-city-2016", arms=arms, weeks=52 * YEARS, replicates=24, measures=["mean_trust"])
    )


def draw(comparison: Comparison, words: dict[str, str]) -> Figure:
    """The three panels."""
    with rc_context(STYLE):
        figure = Figure((11.6, 3.7), layout="constrained")
        city, twice, effect = figure.subplots(1, 3)
        data = comparison.dataset
        shown = city.imshow(data.trust_map.sel(arm="baseline").isel(replicate=0), cmap="cividis", origin="lower")
        city.set(title=words["city"], xticks=[], yticks=[])
        city.grid(visible=False)
        figure.colorbar(shown, ax=city, label=words["bar"], shrink=0.85)
        for arm in ("baseline", "training"):
            life = data.mean_trust.sel(arm=arm, week=slice(-52, None)).isel(replicate=0)
            twice.plot(years(life), life, **LOOKS[arm].line, label=words[arm], linewidth=1.4)
        twice.axvline(0, color="#999999", linewidth=0.8)
        twice.set(title=words["twice"], xlabel=words["years"], ylabel=words["trust"])
        for arm in comparison.compared:
            change = differences(data.mean_trust.sel(week=slice(0, None)), "baseline").sel(arm=arm)
            line(effect, change, label=words[arm], **LOOKS[arm].line)
        effect.axhline(0, color=BLACK, linewidth=0.8)
        effect.set(
            title=words["effect"].format(many=comparison.replicates), ylabel=words["points"], xlabel=f"{words['years']} ({words['band']})"
        )
        for axes in (twice, effect):
            axes.legend(loc="best")
            axes.set_xticks(np.arange(0, YEARS + 1))
    return figure


if __name__ == "__main__":
    found = made()
    for language, said in WORDS.items():
        draw(found, said).savefig(ROOT / "docs" / "assets" / f"overview-{language}.png", dpi=120)
