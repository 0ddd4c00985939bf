"""Do ranges of effects hold the truth? Reforms in cities of known truth, compared as `confianza compare` does.

The true effect of a reform is its mean over some lives of the same people with the true parameters. A little luck is left in that mean, and
none in draws of a posterior, from which it was taken off. To be compared, draws are given as much at random, many times over: then, if the
posterior is right, truth and draws are alike, and the range over draws holds 90 % of truths.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sim.artifacts.bits import code
from sim.artifacts.posterior import Posterior, posterior_files
from sim.engine.plans import RunSpec, hashed
from sim.engine.running import Execution, complete
from sim.engine.store import Store
from sim.files.locking import make_folder
from sim.files.writing import place, write
from sim.inputs.scenario import Scenario
from sim.inputs.yaml_files import load_yaml
from sim.measures.spread import ENDS, Cities, cities
from sim.methods.decision.choice import best_of
from sim.methods.decision.denoise import denoised, root
from sim.studies.answers.compare import compare, side_by_side
from sim.studies.answers.comparison import with_cities
from sim.studies.design.posteriors import NONE
from sim.studies.design.study import BASELINE, Study
from sim.studies.running.effects import at_week, differences
from sim.studies.running.runs import ComparisonPlan
from sim.world.rng import replicate_seed

REFORMS = Path(__file__).parent / "reforms.yaml"
BETTER = {"mean_trust": 1, "reporting_rate": 1, "incidence": -1, "corrupt_contact_share": -1}  # by which an arm is called best; -1: if less
LIVES = 10  # of a city with its true parameters
TRUTH, DRAWN = "truth", "drawn"
AGAIN = 128  # times that draws are given luck


@dataclass(frozen=True)
class Reforms:
    """The reforms of `reforms.yaml` in one scenario, in many cities.

    folder  for a table of each city: what has one is not run again
    """

    scenario: Scenario
    folder: Path
    seed: int
    workers: int | None = None

    @property
    def study(self) -> Study:
        return Study(scenario=self.scenario, **load_yaml(REFORMS).data)

    @property
    def runs(self) -> int:
        """Of a city."""
        return (self.study.most + LIVES) * (1 + len(self.study.arms))

    def lived(self, city: int, truth: Mapping[str, Any], draws: pd.DataFrame) -> pd.DataFrame:
        """Paired effects in a city, a row for each arm, measure and life: with the true parameters, and with draws of a posterior.

        truth, draws  values by parameter; draws have equal weight
        """
        even = np.full(len(draws), 1.0 / len(draws))
        posterior = Posterior(f"city-{city}", tuple(draws), draws.to_numpy(float), even, {"parameters": self.scenario.parameters})
        files, study = posterior_files(posterior), self.study.with_(seed=self.seed + 2 * city)
        named = hashlib.sha256("".join([code(), study.to_yaml(), str(sorted(truth.items())), *files.values()]).encode()).hexdigest()[:16]
        table = self.folder / f"{city:04}-{named}.csv"
        if not table.is_file():
            make_folder(self.folder)
            with TemporaryDirectory() as folder:
                write(folder, files)
                left_open = study.with_(posterior=str(Path(folder) / f"{posterior.name}.csv"))
                drawn = compare(left_open, workers=self.workers).dataset
            known = study.with_(scenario=self.scenario.with_(truth), posterior=NONE, replicates=LIVES, seed=study.base.seed + 1)
            with Execution(workers=self.workers).runner(LivesStore) as runner:
                plan = LivesPlan(known, LIVES)
                true = with_cities(side_by_side(plan, complete(runner, plan)), known)
                made = pd.concat([paired(TRUTH, true, known), paired(DRAWN, drawn, study)])
            place(table, made.to_csv(index=False))
        return pd.read_csv(table)


class LivesPlan(ComparisonPlan):
    """Arms of a study in one city, with the same people in all replicates and other luck in each."""

    def cities(self) -> list[bytes]:
        return [hashed("one city", each) for each in range(self.replicates)]

    def seeds(self, specs: Sequence[RunSpec]) -> list[tuple[int, int]]:
        root = self.base.seed
        return [(replicate_seed(root, spec.replicate), replicate_seed(root, 0)) for spec in specs]


class LivesStore(Store):
    """A folder with such lives."""

    plans = LivesPlan


def paired(kind: str, data: xr.Dataset, study: Study) -> pd.DataFrame:
    """Paired effects at the end, a row for each arm, measure and replicate, with draw and weight of the replicate."""
    arms, parts = list(study.arms), []
    index = pd.MultiIndex.from_product([arms, range(data.sizes["replicate"])], names=["arm", "life"])
    for measure in study.measures:
        values = differences(at_week(data, measure, study.at[-1]), study.vs).sel(arm=arms)
        rows = pd.Series(values.values.ravel(), index, name="effect").reset_index()
        rows = rows.assign(kind=kind, measure=measure, draw=data.draw.values[rows.life], weight=data.weight.values[rows.life])
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)[["kind", "arm", "measure", "life", "draw", "weight", "effect"]]


def judged(lives: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A row for each arm and measure of one city.

    truth, error   mean effect with the true parameters, and its standard error
    effect, q05, q95  what a comparison prints
    within         does the range printed hold the mean with its luck?
    covered        the chance of that if the draws had as much luck
    """
    rows = []
    for (arm, measure), rest in lives.groupby(["arm", "measure"], sort=False):
        true = rest[rest.kind == TRUTH].effect.dropna().to_numpy()
        drawn = rest[rest.kind == DRAWN]
        known = cities(drawn.effect.to_numpy(), drawn.draw.to_numpy(), drawn.weight.to_numpy())
        low, middle, high = known.quantiles((ENDS[0], 0.5, ENDS[1]))
        mean, error = float(true.mean()), float(true.std(ddof=1) / np.sqrt(len(true)))
        rows.append({
            "arm": arm, "measure": measure, "truth": mean, "error": error, "effect": float(middle), "q05": float(low), "q95": float(high),
            "within": bool(low <= mean <= high), "covered": _covered(true, known, rng),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _covered(true: np.ndarray, known: Cities, rng: np.random.Generator) -> float:
    """The share of times that a range over draws holds the mean of some lives, draws being given the luck that is left in that mean."""
    luck = float(np.nan_to_num(known.luck)) / len(true)
    shape = (len(known.values), AGAIN)
    values = known.values[:, None] + np.sqrt(luck) * rng.standard_normal(shape)
    low, high = known._replace(values=values, weight=np.broadcast_to(known.weight[:, None], shape)).quantiles(ENDS)
    return float(np.mean((low <= true.mean()) & (true.mean() <= high)))


def called_best(lives: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Which arm, doing nothing among them, is called best in one city: two rows for each measure of `BETTER`.

    by        median: the best middle, as a comparison prints it, stated by its share of the cities, luck taken off;
              decide: most probably best, as `confianza decide` tells it from the same lives
    stated    the probability that it is best
    expected  the same once draws have the luck that is left in the true effects: between arms that differ by less, luck chooses
    right     is it best in the true effects, that luck in them? As often as was expected, if all is right
    """
    rows = []
    for measure, sign in BETTER.items():
        rest = lives[lives.measure == measure]
        true, drawn = (rest[rest.kind == kind].pivot(index="life", columns="arm", values="effect") for kind in (TRUTH, DRAWN))
        draw = rest[rest.kind == DRAWN].drop_duplicates("life").set_index("life").draw[drawn.index].to_numpy()
        luck = root(np.cov(true.to_numpy(), rowvar=False) / len(true))
        best = _best(sign * true.mean().to_numpy()[None])[0]
        known = cities(drawn.to_numpy(), draw)
        middles = _best(sign * known.quantiles((0.5,))[0])
        for by, effects in (("median", known.values[None]), ("decide", possible(drawn.to_numpy(), draw))):
            stated = _best(sign * effects).mean(axis=(0, 1))
            lucky = np.broadcast_to(effects, (AGAIN, *effects.shape[1:]))
            expected = _best(sign * (lucky + rng.standard_normal(lucky.shape) @ luck.T)).mean(axis=(0, 1))
            arm = int((middles if by == "median" else stated).argmax())
            chances = {"stated": stated, "expected": expected, "right": best}
            name = [BASELINE, *drawn.columns][arm]
            rows.append({"measure": measure, "by": by, "arm": name} | {key: float(chance[arm]) for key, chance in chances.items()})
    return pd.DataFrame(rows)


def possible(effects: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """Equally likely effects of the arms (... x arms), luck taken off as for decisions. effects: lives x arms, with the draw of each."""
    which, place_in = np.unique(draw, return_inverse=True)
    turn = pd.Series(place_in).groupby(place_in).cumcount().to_numpy()
    y = np.full((len(which), turn.max() + 1, effects.shape[1]), np.nan)
    y[place_in, turn] = effects
    known, _ = denoised(np.empty((len(which), 0)), y, shared=False)
    return known.mean + known.deviations(AGAIN)


def _best(worth: np.ndarray) -> np.ndarray:
    """Shares of being best (... x arms + 1), doing nothing first; worth: ... x arms, more is better."""
    whole = np.concatenate([np.zeros((*worth.shape[:-1], 1)), worth], axis=-1)
    return best_of(whole, np.ones(whole.shape[-1], bool))[0]
