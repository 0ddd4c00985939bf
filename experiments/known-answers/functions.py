"""Functions on the unit cube for the battery: what each depends on is known, by formula or by brute force.

Engineering functions and their ranges are those of Surjanovic and Bingham's Virtual Library of Simulation Experiments; Oakley and
O'Hagan's and Moon's have random coefficients of their kind (a fixed seed), not the published tables.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

MANY = 1 << 14  # base points of the brute force
REPLICATES = 4  # of runs that luck moves


class Function(NamedTuple):
    """A function of its first `active` factors; all others do nothing.

    luck  standard deviation of what luck does at each point; None: nothing
    """

    name: str
    active: int
    at: Callable[[np.ndarray], np.ndarray]
    luck: Callable[[np.ndarray], np.ndarray] | None = None

    def runs(self, u: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """n x r: what runs at points give, of which replicate j has the same luck everywhere but for what luck does at the point."""
        mean = np.asarray(self.at(u), float)[:, None]
        if self.luck is None:
            return mean
        return mean + rng.normal(size=REPLICATES) + self.luck(u)[:, None] * rng.normal(size=(len(u), REPLICATES))


def _scaled(u: np.ndarray, *ranges: tuple[float, float]) -> list[np.ndarray]:
    return [low + (high - low) * u[:, k] for k, (low, high) in enumerate(ranges)]


def borehole(u: np.ndarray) -> np.ndarray:
    rw, r, tu, hu, tl, hl, long, kw = _scaled(
        u, (0.05, 0.15), (100, 50000), (63070, 115600), (990, 1110), (63.1, 116), (700, 820), (1120, 1680), (9855, 12045)
    )
    wide = np.log(r / rw)
    return 2 * np.pi * tu * (hu - hl) / (wide * (1 + 2 * long * tu / (wide * rw**2 * kw) + tu / tl))


def otl(u: np.ndarray) -> np.ndarray:
    b1, b2, f, c1, c2, beta = _scaled(u, (50, 150), (25, 70), (0.5, 3), (1.2, 2.5), (0.25, 1.2), (50, 300))
    vb, base = 12 * b2 / (b1 + b2), beta * (c2 + 9)
    return (vb + 0.74) * base / (base + f) + 11.35 * f / (base + f) + 0.74 * f * base / ((base + f) * c1)


def piston(u: np.ndarray) -> np.ndarray:
    m, s, v0, k, p0, ta, t0 = _scaled(u, (30, 60), (0.005, 0.02), (0.002, 0.01), (1000, 5000), (90000, 110000), (290, 296), (340, 360))
    a = p0 * s + 19.62 * m - k * v0 / s
    v = s / (2 * k) * (np.sqrt(a**2 + 4 * k * p0 * v0 / t0 * ta) - a)
    return 2 * np.pi * np.sqrt(m / (k + s**2 * p0 * v0 / t0 * ta / v**2))


def wing(u: np.ndarray) -> np.ndarray:
    sw, wfw, a, sweep, q, taper, tc, nz, wdg, wp = _scaled(
        u, (150, 200), (220, 300), (6, 10), (-10, 10), (16, 45), (0.5, 1), (0.08, 0.18), (2.5, 6), (1700, 2500), (0.025, 0.08)
    )
    cosine = np.cos(np.radians(sweep))
    shape = (a / cosine**2) ** 0.6 * q**0.006 * taper**0.04 * (100 * tc / cosine) ** -0.3 * (nz * wdg) ** 0.49
    return 0.036 * sw**0.758 * wfw**0.0035 * shape + sw * wp


def ishigami(u: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * u - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def sobol_g(u: np.ndarray) -> np.ndarray:
    a = np.array([0, 1, 4.5, 9, 99, 99])
    return np.prod((np.abs(4 * u[:, :6] - 2) + a) / (1 + a), axis=1)


def friedman(u: np.ndarray) -> np.ndarray:
    return 10 * np.sin(np.pi * u[:, 0] * u[:, 1]) + 20 * (u[:, 2] - 0.5) ** 2 + 10 * u[:, 3] + 5 * u[:, 4]


_RANDOM = np.random.default_rng(1)
_OAKLEY = (*(_RANDOM.normal(size=(3, 15)) * np.linspace(0.1, 1.5, 15)), _RANDOM.normal(size=(15, 15)) * 0.15)
_MOON = _RANDOM.normal(size=(5, 5)) * np.array([4, 4, 2, 1, 1])


def oakley_ohagan(u: np.ndarray) -> np.ndarray:
    x = (u[:, :15] - 0.5) * 4
    a1, a2, a3, m = _OAKLEY
    return x @ a1 + np.sin(x) @ a2 + np.cos(x) @ a3 + np.einsum("ij,jk,ik->i", x, m, x)


def moon(u: np.ndarray) -> np.ndarray:
    x = u[:, :5]
    return np.einsum("ij,jk,ik->i", x, _MOON, x) + np.exp(x[:, 0] + x[:, 1]) + 3 * np.sin(2 * np.pi * x[:, 2])


def morris(u: np.ndarray) -> np.ndarray:
    w = 2 * (u[:, :10] - 0.5)
    curved = w.copy()
    curved[:, [2, 4, 6]] = 2 * (1.1 * u[:, [2, 4, 6]] / (u[:, [2, 4, 6]] + 0.1) - 0.5)
    pairs = sum(-15 * curved[:, i] * curved[:, j] for i in range(5) for j in range(i))
    return 20 * curved.sum(axis=1) + pairs


FUNCTIONS = (
    Function("linear", 4, lambda u: u[:, :4] @ [4, 3, 2, 1]),
    Function("monotone", 3, lambda u: np.exp(2 * u[:, 0]) + np.sqrt(u[:, 1]) * 3 + u[:, 2] ** 3 * 2),
    Function("hump", 4, lambda u: np.exp(-10 * ((u[:, :3] - 0.4) ** 2).sum(axis=1)) + 0.1 * u[:, 3]),
    Function("two humps", 2, lambda u: np.exp(-40 * ((u[:, :2] - 0.3) ** 2).sum(1)) + np.exp(-40 * ((u[:, :2] - 0.75) ** 2).sum(1))),
    Function("threshold", 2, lambda u: (u[:, 0] > 0.6) + 0.5 * u[:, 1]),
    Function("two thresholds", 3, lambda u: ((u[:, 0] > 0.5) & (u[:, 1] > 0.4)) + 0.3 * u[:, 2]),
    Function("XOR", 2, lambda u: np.logical_xor(u[:, 0] > 0.5, u[:, 1] > 0.5) * 1.0),
    Function("smooth XOR", 3, lambda u: np.tanh(4 * (u[:, 0] - 0.5)) * np.tanh(4 * (u[:, 1] - 0.5)) + 0.3 * u[:, 2]),
    Function("wave", 2, lambda u: np.sin(4 * np.pi * u[:, 0]) + 0.5 * u[:, 1]),
    Function("product", 4, lambda u: np.prod(1 + 2 * u[:, :4], axis=1)),
    Function("many small", 20, lambda u: u[:, :20] @ np.ones(20) + 2 * u[:, 0] * u[:, 1]),
    Function("Ishigami", 3, ishigami),
    Function("Sobol g", 6, sobol_g),
    Function("Friedman", 5, friedman),
    Function("Morris", 10, morris),
    Function("Borehole", 8, borehole),
    Function("OTL circuit", 6, otl),
    Function("piston", 7, piston),
    Function("wing weight", 10, wing),
    Function("Oakley-O'Hagan", 15, oakley_ohagan),
    Function("Moon", 5, moon),
    Function("linear, luck grows", 4, lambda u: u[:, :4] @ [4, 3, 2, 1], lambda u: 0.2 + 2 * u[:, 3]),
    Function("Ishigami, luck in a corner", 3, ishigami, lambda u: np.where((u[:, 0] > 0.7) & (u[:, 1] > 0.7), 5.0, 0.5)),
    Function("threshold, luck beyond it", 2, lambda u: (u[:, 0] > 0.6) + 0.5 * u[:, 1], lambda u: np.where(u[:, 0] > 0.6, 0.5, 0.05)),
)


@cache
def exact(function: Function) -> tuple[np.ndarray, np.ndarray]:
    """First and total indices of the active factors, by brute force (Saltelli et al. 2010; Jansen 1999) on a scrambled net."""
    from scipy.stats import qmc

    k = function.active
    both = qmc.Sobol(2 * k, rng=np.random.default_rng(3)).random(MANY)
    one, other = both[:, :k], both[:, k:]
    f, g = function.at(one).astype(float), function.at(other).astype(float)
    variance, first, total = np.concatenate([f, g]).var(), np.empty(k), np.empty(k)
    for factor in range(k):
        mixed = one.copy()
        mixed[:, factor] = other[:, factor]
        h = function.at(mixed)
        total[factor] = np.mean((f - h) ** 2) / 2 / variance
        first[factor] = np.mean((g - g.mean()) * (h - f)) / variance
    return np.clip(first, 0, 1), np.clip(total, 0, 1)
