"""The points of a design: where they lie in the unit cube, and what the factors take there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.methods.tables import judges
from sim.studies.design.designs import POINTS, VALIDATION, alone, by_lot, checks_of, kind_of, levels_of
from sim.studies.design.factors import Factor
from sim.studies.design.tables import points_table

if TYPE_CHECKING:  # which takes long to import
    import pandas as pd


@dataclass(frozen=True)
class Points:
    """The points of a design.

    unit    n x d, in [0, 1]: where each value lies in its factor's distribution, values[:, i] = factors[i].at(unit[:, i])
    values  what the factors take: n rows, a column a factor, the index is called "point"
    checks  how many of them, the last, are validation points: not of the design, but drawn at random, each by itself, from the same
            distributions, so that what was learned from the design can be tried on what owes nothing to it
    lots    are the design's own points drawn so too? Then a tenth of them can judge what was learned from the others
    """

    unit: np.ndarray
    values: "pd.DataFrame"
    checks: int = 0
    lots: bool = False

    def __len__(self) -> int:
        return len(self.unit)

    @property
    def validation(self) -> np.ndarray:
        """n, bool: which are validation points."""
        return np.arange(len(self)) >= len(self) - self.checks

    @property
    def judges(self) -> np.ndarray:
        """n, bool: which may judge an emulator: validation points or, without any, some that lot takes if all points are random."""
        drawn = judges("random", len(self), 0) if self.lots and not self.checks else None
        return self.validation if drawn is None else drawn


def points_of(design: Mapping[str, Any], factors: tuple[Factor, ...], groups: Sequence[str] | None, seed: int) -> Points:
    """The points of a checked design, then its validation points. They depend on nothing but these four; seed is the study's root seed."""
    import pandas as pd

    kind = kind_of(design)
    if kind == POINTS:
        values = points_table(design[POINTS], factors).copy()
        return Points(np.column_stack([factor.of(values[factor.name].to_numpy()) for factor in factors]), values)
    if kind == "grid":
        unit = _combined(levels_of(design[kind], factors))
    elif kind == "oat":
        unit = _one_at_a_time(alone(design[kind], factors))
    elif kind in ("morris", "saltelli", "efast"):
        unit = _by_salib(design, factors, groups, _seed(seed, kind))
    elif kind == "draws":
        unit = _drawn(design[kind], factors, _seed(seed, kind))
    else:
        unit = _filling(kind, design[kind], len(factors), _seed(seed, kind))
    if checks := checks_of(design):
        unit = np.vstack([unit, _random(checks, factors, _seed(seed, VALIDATION), together=kind == "draws")])
    values = pd.DataFrame({factor.name: factor.at(unit[:, column]) for column, factor in enumerate(factors)})
    return Points(unit, values.rename_axis("point"), checks, by_lot(kind, factors))


def _seed(root: int, kind: str) -> int:
    """The seed of a design; never 0, which parts of SALib take for none."""
    return int(np.random.SeedSequence([root, *kind.encode()]).generate_state(1)[0]) + 1


def _filling(kind: str, count: int, dimensions: int, seed: int) -> np.ndarray:
    """Points that fill the unit cube."""
    from scipy.stats import qmc  # here, because it takes long to import

    if kind == "random":
        return np.random.Generator(np.random.Philox(seed)).random((count, dimensions))
    if kind == "lhs":
        return qmc.LatinHypercube(dimensions, seed=seed).random(count)
    return qmc.Sobol(dimensions, seed=seed).random_base2((count - 1).bit_length())[:count]


def _drawn(count: int, factors: tuple[Factor, ...], seed: int) -> np.ndarray:
    """The first joint draws of a posterior; the other factors fill their own space."""
    drawn = [bool(factor.draws) for factor in factors]
    unit = np.empty((count, len(factors)))
    if not all(drawn):
        unit[:, ~np.array(drawn)] = _filling("sobol", count, len(factors) - sum(drawn), seed)
    for column, factor in enumerate(factors):
        if factor.draws:
            unit[:, column] = factor.of(factor.draws[:count])
    return unit


def _random(count: int, factors: tuple[Factor, ...], seed: int, *, together: bool) -> np.ndarray:
    """Points at random, each by itself: any of the draws of a posterior, and any value of what varies beside it.

    together  do factors of a draw stay together, as in the design `draws`? In others each has its own distribution, as their points have
    """
    unit = _filling("random", count, len(factors), seed)
    if not together:
        return unit
    which = unit[:, [bool(factor.draws) for factor in factors]][:, :1].ravel()  # one number a point: factors of a draw stay together
    for column, factor in enumerate(factors):
        if factor.draws:
            unit[:, column] = factor.of(np.array(factor.draws)[(which * len(factor.draws)).astype(int)])
    return unit


def _combined(levels: list[np.ndarray]) -> np.ndarray:
    """All combinations, the last factor changing fastest."""
    return np.stack(np.meshgrid(*levels, indexing="ij"), axis=-1).reshape(-1, len(levels))


def _one_at_a_time(levels: list[np.ndarray]) -> np.ndarray:
    """All medians, then each factor at its levels."""
    unit = np.full((1 + sum(map(len, levels)), len(levels)), 0.5)
    row = 1
    for column, own in enumerate(levels):
        unit[row : row + len(own), column] = own
        row += len(own)
    return unit


def _by_salib(design: Mapping[str, Any], factors: tuple[Factor, ...], groups: Sequence[str] | None, seed: int) -> np.ndarray:
    """The points of SALib's samplers in the unit cube, as its estimators want them."""
    kind = kind_of(design)
    names = [factor.name for factor in factors]
    problem: dict[str, Any] = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    if groups is not None:
        problem["groups"] = list(groups)
    if kind == "efast":
        from SALib.sample import fast_sampler

        return np.clip(fast_sampler.sample(problem, design[kind], seed=seed), 0.0, 1.0)
    if kind == "saltelli":
        from SALib.sample import sobol

        return sobol.sample(problem, design[kind], calc_second_order=design["second_order"], seed=seed)
    from SALib.sample import morris

    unit = np.clip(morris.sample(problem, design[kind], num_levels=design["levels"], seed=seed), 0.0, 1.0)
    ends = np.array([factor.distribution.ends() for factor in factors])
    return ends[:, 0] + unit * (ends[:, 1] - ends[:, 0])
