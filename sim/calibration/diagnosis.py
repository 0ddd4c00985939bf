"""What a posterior rests on, and whether it says what it was fitted to: power-scaled sensitivity, and predictive checks of targets."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sim.calibration.likelihood import Likelihood

ALPHAS = (0.99, 1.01)  # powers to which prior or likelihood are raised
LEAST = 100  # draws: of fewer nothing is told
DRIVEN = 0.05  # sensitivity from which on it counts (Kallioinen and others 2024, 10.1007/s11222-023-10366-5)


def sensitivity(names: Sequence[str], score: np.ndarray, log_likelihood: np.ndarray) -> pd.DataFrame:
    """A row a parameter: how far its posterior moves when its own prior, or the likelihood, is made a little stronger or weaker.

    score  n x d, normal scores of draws (their priors are standard normals); log_likelihood: n, of all targets

    prior_moves, data_move  gradients of the distance between distributions, by power-scaling (Kallioinen and others 2024)
    rests_on           prior: the targets say nothing of it; data; both; or neither; unknown of fewer than LEAST draws
    """
    if len(score) < LEAST:
        return pd.DataFrame({"parameter": names, "prior_moves": np.nan, "data_move": np.nan, "rests_on": "unknown"})
    from arviz_stats.base import array_stats  # here, because it takes long to import

    def moves(values: np.ndarray, log_density: np.ndarray) -> float:
        # powers so near to 1 make weights so even that their tails need no smoothing, which values of whole numbers would not allow
        scaled = (np.exp((alpha - 1.0) * (log_density - log_density.max()))[None] for alpha in ALPHAS)
        low, high = (weights / weights.sum() for weights in scaled)
        return float(array_stats.power_scale_sense(values[None], low, high, *ALPHAS, chain_axis=0, draw_axis=1))

    prior = np.array([moves(values, -0.5 * values**2) for values in score.T])
    data = np.array([moves(values, log_likelihood) for values in score.T])
    rests_on = np.select([(prior >= DRIVEN) & (data >= DRIVEN), prior >= DRIVEN, data >= DRIVEN], ["both", "prior", "data"], "neither")
    return pd.DataFrame({"parameter": names, "prior_moves": prior, "data_move": data, "rests_on": rests_on})


def predictive(likelihood: Likelihood, answers: np.ndarray, kappa: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """t: posterior predictive p-values, two-sided: the chance that a target measured in a world of the posterior is as far out as the one
    measured. Small: the model cannot say it. (Gelman, Meng and Stern 1996, Statistica Sinica 6; conservative, as the target was fitted.)

    answers  n x t, mean answers of draws on the targets' scales; kappa, weights: n
    """
    from scipy.special import ndtr

    errors = np.sqrt(np.diag(likelihood.sampling) + kappa[:, None] ** 2 * likelihood.discrepancy)
    above = weights @ ndtr((answers - likelihood.goal) / errors) / weights.sum()
    return np.asarray(2.0 * np.minimum(above, 1.0 - above))
