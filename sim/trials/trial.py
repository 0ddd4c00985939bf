"""Do a trial many times, each in new cities with a new lot, and keep what the evaluator finds beside what is true."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.engine.plans import Piece, Pulse, RunSpec, WrittenPlan, hashed, identity, stacked
from sim.engine.running import Execution, complete
from sim.engine.store import Store
from sim.errors import InputError, number_problem
from sim.inputs.scenario import Scenario
from sim.measures.harvest import warm_up
from sim.trials.design import Trial
from sim.trials.estimators import ESTIMATORS, NONE, Estimate, fit, meta_analysis
from sim.trials.field import Field, Measurements, baseline, endlines
from sim.trials.outcomes import OUTCOMES
from sim.trials.result import TRUTHS, TrialResult, labeled
from sim.trials.survey import LOT, Observations, TrialSurvey, luck
from sim.trials.units import Lot, assign, check_units, units_of
from sim.world.population import build
from sim.world.simulation import Simulation

Found = dict[str, np.ndarray]


class Site(NamedTuple):
    """One city of a trial: its baseline, who was drawn, and the endlines as they are in the trial."""

    field: Field
    lot: Lot
    waves: dict[int, Measurements]
    surveys: list[TrialSurvey]


def run_trial(
    trial: Trial,
    *,
    replicates: int | None = None,
    progress: Callable[[int], None] | None = None,
    executor: str | Executor = "threads",
    workers: int | None = None,
    folder: str | Path | None = None,
) -> TrialResult:
    """Do a trial so many times, and put what it finds beside the truth.

    Parameters
    ----------
    trial : Trial
        The trial (see `sim.load_trial`).
    replicates : int, optional
        How many, instead of the trial's.
    progress : callable, optional
        Called with each number of weeks that has been simulated, from any thread.
    executor : str or concurrent.futures.Executor
        "threads", "processes", "dask://HOST:PORT", or an executor; the results do not depend on it.
    workers : int, optional
        Runs at the same time; by default as many as there are processors.
    folder : path, optional
        Where runs are kept while they are done, and afterwards: called again, only what is missing is run. None: a temporary one.

    Returns
    -------
    TrialResult
        Estimates of every replicate and draw, beside the truths.

    Raises
    ------
    InputError
        If a number is out of range, or if a site cannot have such units or samples.
    Interrupted
        After Ctrl-C; call it again to go on.
    """
    if replicates is not None and (problem := number_problem(replicates, 1, 10_000, True)):
        raise InputError(f"'replicates' {problem}.", "Intervals need at least 2.")
    trial = trial if replicates is None else trial.with_(replicates=replicates)
    check_sites(trial)
    warm_up()
    with Execution(folder, executor, workers, progress).runner(TrialStore) as runner:
        return TrialResult(labeled(trial, complete(runner, TrialPlan(trial, trial.replicates)).arrays()))


class TrialPlan(WrittenPlan[Trial]):
    """Replicates of a trial: each in cities, with a lot and with samples of its own."""

    kind, file, of = "trial", "trial.yaml", Trial
    columns = ("estimates", "control", "truth")

    @property
    def base(self) -> Scenario:
        return self.asked.scenario

    @property
    def facts(self) -> dict[str, Any]:
        return super().facts | {"root_seed": self.asked.root_seed}

    def keys(self) -> list[bytes]:
        named = {"name", "question", "scenario", "replicates", "sites", "treatment"}
        asked = self.asked.model_dump(mode="json", exclude=named)  # of sites and treatment their scenarios tell
        common = hashed(asked, *(identity(scenario) for scenario in self.asked.scenarios.values()))
        return [hashed(common, replicate) for replicate in range(self.replicates)]

    def cost(self, spec: RunSpec) -> tuple[int, int]:
        weeks = weeks_to_run(self.asked) // self.asked.replicates
        return weeks, weeks * self.base.city.adults

    def carry_out(self, specs: Sequence[RunSpec], values: Sequence[Mapping[str, Any]], pulse: Pulse) -> Piece:
        seeds = [self.asked.seed_of(spec.replicate, 0) for spec in specs]
        return Piece(stacked(specs, seeds, [replicated(self.asked, spec.replicate, pulse) for spec in specs]), None, [])


class TrialStore(Store):
    """A folder with the replicates of a trial."""

    plans = TrialPlan


def weeks_to_run(trial: Trial) -> int:
    """How many weeks are simulated in all: the baseline once, the weeks after it three times, in each city."""
    city = trial.scenario.spin_up_weeks + trial.baseline + 3 * (trial.weeks_asked[-1] - trial.baseline)
    return trial.replicates * max(1, len(trial.sites)) * city


def check_sites(trial: Trial) -> None:
    """InputError if a site has too few units, officers or residents for the trial."""
    for site, scenario in trial.scenarios.items():
        city = build(scenario.city, scenario.values(), scenario.seed, 1)
        check_units(trial, site, units_of(trial, city), city)


def replicated(trial: Trial, replicate: int, progress: Pulse) -> Found:
    """One replicate: estimates (draw x outcome x week x size x estimator x (effect, error, freedom)), truths (truth x outcome x week),
    sd and mean of the untreated (draw x outcome x week x size), persons (likewise) and the share of the treated lost at the endline.
    """
    sums, sites = np.zeros((6, 2, len(trial.outcomes), len(trial.weeks_asked))), []
    for number, scenario in enumerate(trial.scenarios.values()):
        seed = trial.seed_of(replicate, number)
        run = Simulation(scenario, seed, spin_up=False)
        site, others = lived(trial, run, seed, progress)
        sums += sums_of(trial, site, *others)
        sites.append(site)
    totals = sums[:, 0] / np.where(sums[:, 1] > 0, sums[:, 1], np.nan)
    everybody, nobody, treated, treated_without, control, control_without = totals
    truths = np.stack([everybody - nobody, treated - treated_without, control - control_without])
    assert len(truths) == len(TRUTHS)
    return {"truth": truths, **estimated(trial, sites)}


def lived(
    trial: Trial, run: Simulation, seed: int, progress: Pulse
) -> tuple[Site, tuple[dict[int, Measurements], dict[int, Measurements]]]:
    """One city: the trial in it, and its endlines with everybody and with nobody treated."""
    field = baseline(run, trial, units_of(trial, run.city), progress)
    surveys = [TrialSurvey(trial, field, seed, draw) for draw in range(trial.draws)]
    values = surveys[0].unit_means(trial.match_on or trial.outcomes[0])
    lot = assign(trial.assignment, field.units.many, trial.treated_share, trial.strata, values, luck(seed, LOT))
    posts = lot.treated[field.units.officers]
    waves, everybody, nobody = (endlines(field, trial, eligible) for eligible in (posts, np.ones_like(posts), np.zeros_like(posts)))
    return Site(field, lot, waves, surveys), (everybody, nobody)


def sums_of(trial: Trial, site: Site, everybody: dict[int, Measurements], nobody: dict[int, Measurements]) -> np.ndarray:
    """Sums and counts of true values: (all treated, none; the treated in the trial, without it; the others in the trial, without it)
    x (sum, count) x outcome x week.
    """
    units = {"citizens": site.field.homes, "officers": site.field.units.officers, "units": np.arange(site.field.units.many)}
    sums = np.zeros((6, 2, len(trial.outcomes), len(trial.weeks_asked)))
    for place, name in enumerate(trial.outcomes):
        unit = units[OUTCOMES[name].population]
        inside = unit >= 0
        treated, control = (inside & (site.lot.treated[unit] == arm) for arm in (True, False))
        for when, week in enumerate(trial.weeks_asked):
            with_all, with_none, as_is = (waves[week].values[name] for waves in (everybody, nobody, site.waves))
            pairs = (
                (with_all, inside),
                (with_none, inside),
                (as_is, treated),
                (with_none, treated),
                (as_is, control),
                (with_none, control),
            )
            for row, (values, who) in enumerate(pairs):
                known = values[who & np.isfinite(values)]
                sums[row, :, place, when] = known.sum(dtype=float), len(known)
    return sums


def estimated(trial: Trial, sites: list[Site]) -> Found:
    """What the evaluator finds in every draw, outcome, week and size (see `replicated`)."""
    shape = (trial.draws, len(trial.outcomes), len(trial.weeks_asked), len(trial.sizes))
    estimates = np.full((*shape, len(ESTIMATORS), 3), np.nan)
    control = np.full((*shape, 3), np.nan)
    for draw, outcome, when in np.ndindex(shape[:3]):
        name, week = trial.outcomes[outcome], trial.weeks_asked[when]
        for size, found in enumerate(zip(*(site.surveys[draw].observations(name, site.waves[week]) for site in sites), strict=True)):
            estimates[draw, outcome, when, size] = evaluated(trial, sites, list(found))
            untreated = np.concatenate([one.y[~site.lot.treated[one.unit]] for site, one in zip(sites, found, strict=True)])
            many = sum(len(one.y) for one in found)
            control[draw, outcome, when, size] = (untreated.mean(), untreated.std(), many) if len(untreated) else (np.nan, np.nan, many)
    return {"estimates": estimates, "control": control}


def evaluated(trial: Trial, sites: list[Site], found: list[Observations]) -> list[Estimate]:
    """All estimators on the observations of all sites; units and strata of different sites are different ones."""
    paired = trial.assignment == "pairs"
    firsts = [0, *accumulate(site.field.units.many for site in sites)]
    columns: list[tuple[np.ndarray, ...]] = [
        (one.y, site.lot.treated[one.unit], one.unit + first, site.lot.stratum[one.unit] + first, one.before)
        for site, one, first in zip(sites, found, firsts, strict=False)
    ]
    y, treated, unit, stratum, before = (np.concatenate(column) for column in zip(*columns, strict=True))
    each = [ancova(*column, paired=paired) for column in columns] if len(sites) > 1 else []
    return [fit(y, treated, unit, stratum, paired=paired), ancova(y, treated, unit, stratum, before, paired=paired), meta_analysis(each)]


def ancova(y: np.ndarray, treated: np.ndarray, unit: np.ndarray, stratum: np.ndarray, before: np.ndarray, *, paired: bool) -> Estimate:
    """`fit` with the baseline; those whose baseline is unknown get the mean, and a baseline that does not vary is left out."""
    known = np.isfinite(before)
    if not len(y):
        return NONE
    if not known.any() or not np.ptp(before[known]) > 0:
        return fit(y, treated, unit, stratum, paired=paired)
    return fit(y, treated, unit, stratum, np.where(known, before, before[known].mean()), paired=paired)
