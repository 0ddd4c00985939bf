"""Peers (P19): what officers do when the colleagues of one of them are made worse, and kept so for a year.

An experiment and not a regression, because officers of a squad are alike for other reasons: a regression of own misconduct on that of
peers finds contagion where there is none.
"""

from copy import deepcopy

import numpy as np

from sim.artifacts.results import adapted
from sim.inputs.scenario import Scenario
from sim.world.simulation import Simulation
from sim.world.survey import YEAR

FACTOR = 1.1  # peers' corrupt rate, relative to what it was
HALVINGS = 40
HIGHEST = 20.0  # log-odds


def corrupt_log_odds(run: Simulation) -> np.ndarray:
    """Log-odds that a stop by each officer is corrupt, of somebody whom officers treat neither better nor worse than others."""
    officers = run.city.officers
    return -(officers.honesty + run.parameters.training.honesty_share * officers.training)


def logistic(log_odds: np.ndarray) -> np.ndarray:
    """Probabilities of log-odds."""
    return 1.0 / (1.0 + np.exp(-log_odds))


def means(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """The mean of each group's values; nan for a group without any."""
    size = np.bincount(group, minlength=groups)
    return np.bincount(group, values, minlength=groups) / np.where(size > 0, size, np.nan)


def raise_of(log_odds: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """By how much the log-odds of each group's members rise so that their mean probability is 1.1 times what it was.

    Found by halving; nan for a group that has nobody or whose probability cannot rise so far.
    """
    wanted = FACTOR * means(logistic(log_odds), group, groups)
    low, high = np.zeros(groups), np.full(groups, HIGHEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        short = means(logistic(log_odds + middle[group]), group, groups) < wanted
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.where(wanted < 1.0, high, np.nan)


def year_beside(start: Simulation, focal: np.ndarray, untouched: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The city a year on, if all but the focal officers (one a squad) are held less honest than they would have been.

    untouched   honesty of all officers at the beginning of each week, if nobody is held
    returns     log-odds of each officer's misconduct after it; whether the focal officer of each one's squad had peers to be held
    """
    run = deepcopy(start)
    officers, groups = run.city.officers, len(run.city.squads.effect)
    peers = ~focal & (officers.active == 1)
    rise = raise_of(corrupt_log_odds(run)[peers], officers.squad[peers], groups)
    held = ~focal & np.isfinite(rise[officers.squad])
    for honesty in untouched:
        officers.honesty[held] = (honesty - rise[officers.squad])[held]
        run.advance(1)
    return corrupt_log_odds(run), np.isfinite(rise[officers.squad])


def peers(scenario: Scenario, seed: int, people: int | None = None) -> dict[str, float]:
    """P19: elasticity of an officer's own corrupt probability to that of the squad's others, mean over officers.

    Each officer in turn has their peers raised at week 0; squads do not meet, so one of each is taken at a time. Counted are those who
    serve from then to the end of the year in the same post and have peers whose rate can be raised. nan if there is nobody.
    """
    start = Simulation(adapted(scenario, weeks=YEAR), seed, people)
    run, untouched = deepcopy(start), []
    for _ in range(YEAR):
        untouched.append(run.city.officers.honesty.copy())
        run.advance(1)
    before, after = start.city.officers, run.city.officers
    stayed = (before.active == 1) & (after.active == 1) & (before.identity == after.identity)
    usual, elasticities = np.log(logistic(corrupt_log_odds(run))), []
    size, rows = int(start.parameters.conduct.squad_size), np.arange(len(before.active))
    for position in range(min(size, len(rows))):
        focal = rows % size == position
        log_odds, had_peers = year_beside(start, focal, untouched)
        counted = focal & stayed & had_peers
        elasticities.extend((np.log(logistic(log_odds)) - usual)[counted] / np.log(FACTOR))
    return {"peer_elasticity": float(np.mean(elasticities)) if elasticities else float("nan")}
