"""What posteriors rest on and whether they say what they were fitted to, where the answer is known."""

import numpy as np
import pytest

from sim.calibration.diagnosis import predictive, sensitivity
from sim.calibration.likelihood import Likelihood


def test_power_scaling_tells_prior_from_data():
    """Normal posteriors: of a parameter that nobody saw, of one that is seen well, and of one whose prior and datum are far apart."""
    rng, n = np.random.default_rng(1), 2000
    seen = {"well": (1.0, 0.1), "apart": (4.0, 1.0)}
    score, likely = [rng.standard_normal(n)], np.zeros(n)
    for datum, error in seen.values():
        variance = 1.0 / (1.0 + error**-2)
        score.append(variance * datum / error**2 + np.sqrt(variance) * rng.standard_normal(n))
        likely -= 0.5 * ((score[-1] - datum) / error) ** 2
    found = sensitivity(["unseen", *seen], np.column_stack(score), likely).set_index("parameter")
    assert found.rests_on.to_dict() == {"unseen": "prior", "well": "data", "apart": "both"}
    assert found.prior_moves["apart"] > 2 * found.prior_moves["unseen"]  # prior and datum disagree


@pytest.mark.parametrize(("goal", "p"), [(0.0, 1.0), (1.96 * 2**0.5, 0.05), (-1.96 * 2**0.5, 0.05)])
def test_predictive_p_is_that_of_draws_and_errors_together(goal, p):
    answers = np.random.default_rng(2).standard_normal((20_000, 1))
    likelihood = Likelihood(np.array([goal]), np.array([[0.75]]), np.array([0.25]), np.array([0.0]))
    even = np.ones(len(answers))
    assert predictive(likelihood, answers, even, even)[0] == pytest.approx(p, abs=0.015)
    assert predictive(likelihood, answers, 20.0 * even, even)[0] > 0.7  # of a discrepancy that is larger nothing is far out
