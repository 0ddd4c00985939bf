"""Comparisons with effects that are known: a small one that is run once, its trust (and what it cost) put where a test wants them."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from sim.artifacts.posterior import load_posterior, posterior_files
from sim.inputs.scenario import load_scenario
from sim.studies.answers.compare import compare
from sim.studies.answers.comparison import Comparison
from sim.studies.design.study import Study

ARMS = {"course": [{"training": {"start": 0}}], "beats": [{"community_policing": {"start": 0, "share": 0.5}}]}


@cache
def even():
    """The file of a posterior whose draws weigh the same, so that 32 replicates have 32 draws, whatever the shipped one's weigh."""
    shipped = load_posterior("mexico-city-2016")
    folder = Path(mkdtemp(prefix="even-draws-"))
    for name, text in posterior_files(replace(shipped, weights=np.full(len(shipped.weights), 1 / len(shipped.weights)))).items():
        (folder / name).write_text(text)
    return str(folder / f"{shipped.name}.csv")


def small(posterior=None):
    """One replicate of two arms for eight weeks; its parameters from a posterior (draws that weigh the same), or from none."""
    posterior = posterior or even()
    city = load_scenario("mexico-city-2016").with_(adults=1000, weeks=8, spin_up_weeks=0)
    study = Study(name="Made up", scenario=city, arms=ARMS, posterior=posterior, weeks=8, replicates=1, measures=["mean_trust", "cost"])
    return compare(study)


def tiled(comparison, many):
    """The same replicates again and again; draws of the posterior as that many replicates would have."""
    data = comparison.dataset.isel(replicate=np.arange(many) % comparison.replicates).drop_vars(["draw", "weight"])
    return Comparison(data.assign_coords(replicate=range(many)))


def shifted(comparison, by):
    """The same comparison with trust of each arm at a constant distance from the baseline's in each replicate."""
    data = comparison.dataset.copy(deep=True)
    for arm, change in by.items():
        data.mean_trust.loc[{"arm": arm}] = data.mean_trust.sel(arm="baseline").values + np.asarray(change)[:, None]
    return Comparison(data)


def planted(comparison, by):
    """As many possible cities as there are values, and in each arm these effects on mean trust; whoever lives twice has the same twice."""
    many = len(next(iter(by.values())))
    if comparison.varies == "luck":
        return shifted(tiled(comparison, many), by)
    first = [Study.first_life(replicate) for replicate in range(2 * many)]
    number = {replicate: place for place, replicate in enumerate(dict.fromkeys(first))}
    lives = [number[replicate] for replicate in first]
    lives = lives[: lives.index(many - 1) + 1]
    return shifted(tiled(comparison, len(lives)), {arm: np.asarray(values)[lives] for arm, values in by.items()})


def normal(many, mean, sd):
    """Values spread as a normal distribution is, as evenly as they can be, in no order."""
    from scipy.special import ndtri

    return mean + sd * np.random.default_rng(many).permutation(ndtri((np.arange(many) + 1) / (many + 1)))
