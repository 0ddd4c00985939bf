"""Which terms a sum needs: forward orthogonal least squares, and cross-validation for how many."""

import numpy as np

TINY = 1e-10  # of a column's square: what is left of it once the others are known is rounding


def forward(gram: np.ndarray, moment: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take columns one by one, each the one that lowers the residual sum of squares most.

    gram    p x p, products of the centered columns; moment: p, their products with the response
    most    columns at most
    returns the columns chosen (k), the triangle (k x k) that makes them orthonormal (columns = q @ triangle), and q's products with the
            response (k): after l of them the residual sum of squares has fallen by the sum of the first l squares
    """
    whole = np.diag(gram).copy()
    left, moment = whole.copy(), moment.copy()
    rows = np.empty((most, moment.size))
    chosen: list[int] = []
    gains: list[float] = []
    for k in range(most):
        free = left > TINY * whole
        score = np.divide(moment**2, left, out=np.zeros_like(left), where=free)
        best = int(score.argmax())
        if score[best] <= 0:
            break
        root = np.sqrt(left[best])
        rows[k] = (gram[best] - rows[:k, best] @ rows[:k]) / root
        gain = moment[best] / root
        moment -= gain * rows[k]
        left -= rows[k] ** 2
        left[best] = 0.0
        chosen.append(best)
        gains.append(gain)
    triangle = np.triu(rows[: len(chosen), chosen]) if chosen else np.zeros((0, 0))
    return np.array(chosen, dtype=int), triangle, np.array(gains)


def centered(columns: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Products of centered columns (p x p) and with the response (p)."""
    middle = columns.mean(axis=0)
    return columns.T @ columns - len(y) * np.outer(middle, middle), columns.T @ (y - y.mean())


def folded(same: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """n: the fold, from 0 on, of each point; those with the same number (0 to the number of different ones less 1) are in the same."""
    _, place = np.unique(same, return_inverse=True)
    count = int(place.max()) + 1
    return rng.permutation(np.arange(count) % min(most, count))[place]


def errors(columns: np.ndarray, y: np.ndarray, folds: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cross-validated mean squared error of sums of 0, 1, ... `most` columns, all chosen without the fold that is predicted; then what
    `centered` gives of all points.

    columns  n x p;  folds: n, the fold of each point
    """
    parts = [columns[folds == fold] for fold in range(folds.max() + 1)]
    grams = [out.T @ out for out in parts]
    gram, sums, products = sum(grams[1:], grams[0].copy()), columns.sum(axis=0), columns.T @ y
    squares = np.zeros(most + 1)
    for fold, (out, own) in enumerate(zip(parts, grams, strict=True)):
        kept = int((folds != fold).sum())
        middle, mean = (sums - out.sum(axis=0)) / kept, (y.sum() - y[folds == fold].sum()) / kept
        inner = gram - own - kept * np.outer(middle, middle)
        moment = products - out.T @ y[folds == fold] - kept * middle * mean
        chosen, triangle, gains = forward(inner, moment, min(most, kept // 2))
        predicted = np.zeros((len(out), most + 1))
        if chosen.size:
            from scipy.linalg import solve_triangular  # here, because it takes long to import

            steps = solve_triangular(triangle, (out - middle)[:, chosen].T, trans="T").T * gains
            predicted[:, 1 : chosen.size + 1] = steps.cumsum(axis=1)
            predicted[:, chosen.size + 1 :] = predicted[:, [chosen.size]]
        squares += ((y[folds == fold, None] - mean - predicted) ** 2).sum(axis=0)
    middle = sums / len(y)
    return squares / len(y), gram - len(y) * np.outer(middle, middle), products - middle * y.sum()
