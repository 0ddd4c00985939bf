"""Sparse polynomial chaos: a response as a short sum of products of Legendre polynomials, one or a few factors in each.

Factors are uniform on 0 to 1 and independent, the products are orthonormal, and so the variance of each term is the square of its
coefficient: indices can be read off. Blatman and Sudret (2011), Adaptive sparse polynomial chaos expansion based on least angle
regression, Journal of Computational Physics 230. Terms are taken one by one by forward orthogonal least squares (Chen, Billings and
Luo 1989), which chooses what lowers the residual most; how many, by cross-validation.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

import numpy as np

from sim.methods.indices.selection import centered, errors, folded, forward

ORDER = 3  # factors in a term at most
HIGHEST = 12  # degree at most
DISCRETE = 8  # a factor with at most so many different values is taken as discrete
NORM = 0.7  # of the hyperbolic truncation: below 1, high degrees are for few factors at a time
MAIN, PAIR = 8, 2  # degrees of main effects, and of each factor in pairs, if there are many factors
CHANCE = 5.0  # standard deviations of a correlation of two terms at random points, which some hundreds of terms do not reach
ALIKE = 0.5  # correlation of two terms on the design, above that of chance, at which the simpler one stands for both
TERMS = 200  # in the sum at most
FIRST, SECOND = 600, 450  # terms that are tried at a first look, and with higher degrees of what mattered then
ACTIVE = 6  # factors whose terms of higher degree are tried, after a first look
INNER = 5  # folds that choose how many terms
ROWS = 4096  # predicted at once, which bounds memory


@dataclass(frozen=True)
class Basis:
    """Polynomials of each factor, orthonormal over its distribution: degree 0 to `HIGHEST`.

    levels     of each factor: its values if it is discrete, or None
    chances    of each factor: how likely each of these is: as often as it stands in the design, or all alike if that is what chance makes
    transforms d x (HIGHEST + 1) x (HIGHEST + 1): from Legendre polynomials to those of the factor. The unit matrix if it is
               continuous; for a discrete factor with L values, degrees of L and more are zero
    """

    levels: tuple[np.ndarray | None, ...]
    chances: tuple[np.ndarray | None, ...]
    transforms: np.ndarray

    @classmethod
    def of(cls, unit: np.ndarray) -> "Basis":
        """The basis that suits the points of a design (n x d)."""
        levels, chances, transforms = [], [], []
        for column in unit.T:
            values, counts = np.unique(column, return_counts=True)
            few = values.size <= min(DISCRETE, len(column) // 4)
            likely = _likely(counts)
            levels.append(values if few else None)
            chances.append(likely if few else None)
            transforms.append(_orthonormal(values, likely) if few else np.eye(HIGHEST + 1))
        return cls(tuple(levels), tuple(chances), np.array(transforms))

    @property
    def degrees(self) -> np.ndarray:
        """d: the highest degree that each factor can have."""
        return np.array([HIGHEST if values is None else values.size - 1 for values in self.levels])

    def nodes(self, factor: int) -> tuple[np.ndarray, np.ndarray]:
        """Where to read a function of one factor, and with what weights, to integrate it."""
        values, chances = self.levels[factor], self.chances[factor]
        if values is not None and chances is not None:
            return values, chances
        at, weights = np.polynomial.legendre.leggauss(48)
        return (at + 1) / 2, weights / 2

    def products(self, unit: np.ndarray, terms: np.ndarray) -> np.ndarray:
        """n x p: each term at each point. terms: p x d, the degree of each factor in each term."""
        used = np.flatnonzero(terms.any(axis=0))  # of many factors a sum has few
        if not used.size:
            return np.ones((len(unit), len(terms)))
        terms, many = terms[:, used], int(terms.max()) + 1
        one = np.ascontiguousarray(_legendre(unit[:, used], many - 1).transpose(0, 2, 1))
        for place, factor in enumerate(used):
            if self.levels[factor] is not None:
                one[place] = self.transforms[factor, :many, :many].T @ one[place]
        factors = np.argsort(terms == 0, axis=1, kind="stable")[:, :ORDER]  # those with a degree come first
        degrees = np.take_along_axis(terms, factors, axis=1)
        found = one[factors[:, 0], degrees[:, 0]]
        for place in range(1, factors.shape[1]):
            more = degrees[:, place] > 0
            found[more] *= one[factors[more, place], degrees[more, place]]
        return found.T


def _legendre(unit: np.ndarray, highest: int = HIGHEST) -> np.ndarray:
    """d x n x (highest + 1): Legendre polynomials of 2u - 1 with variance 1."""
    values = np.polynomial.legendre.legvander(2 * unit.T - 1, highest)
    return values * np.sqrt(2 * np.arange(highest + 1) + 1)


def _likely(counts: np.ndarray) -> np.ndarray:
    """How likely each value of a discrete factor is, from how often each was seen."""
    n, k = counts.sum(), counts.size
    alike = np.abs(counts - n / k) <= 3.0 * np.sqrt(n / k * (1 - 1 / k))
    return np.full(k, 1 / k) if alike.all() else counts / n


def _orthonormal(values: np.ndarray, likely: np.ndarray) -> np.ndarray:
    """Transform that makes Legendre polynomials orthonormal over values with these probabilities."""
    count = values.size
    legendre = _legendre(values[:, None])[0, :, :count]
    r = np.linalg.qr(legendre * np.sqrt(likely)[:, None], mode="r")
    transform = np.zeros((HIGHEST + 1, HIGHEST + 1))
    transform[:count, :count] = np.linalg.inv(r) * np.sign(np.diag(r))
    return transform


@lru_cache(maxsize=64)
def _shapes(degree: int) -> tuple[tuple[int, ...], ...]:
    """Degrees of one to `ORDER` factors in a term, in the hyperbolic set of a degree."""
    found = []
    for order in range(1, ORDER + 1):
        limit = degree**NORM + 1e-9
        found += [d for d in product(range(1, degree + 1), repeat=order) if sum(one**NORM for one in d) <= limit]
    return tuple(found)


@lru_cache(maxsize=64)
def hyperbolic(factors: int, limit: int) -> np.ndarray:
    """p x factors: the largest hyperbolic set of terms that has at most `limit` terms; of degree 1 at least.

    >>> hyperbolic(2, 5).tolist()
    [[1, 0], [0, 1], [2, 0], [0, 2]]
    """
    best: list[np.ndarray] = []
    for degree in range(1, HIGHEST + 1):
        found = []
        for shape in _shapes(degree):
            for where in combinations(range(factors), len(shape)):
                row: np.ndarray = np.zeros(factors, dtype=np.int8)
                row[list(where)] = shape
                found.append(row)
            if len(found) > limit and best:
                return np.array(best)
        best = found
    return np.array(best)


@dataclass(frozen=True)
class Polynomials:
    """A response as `mean` plus the sum of `coefficients` times `terms` (p x d, degrees) of a `basis`."""

    basis: Basis
    terms: np.ndarray
    coefficients: np.ndarray
    mean: float

    @classmethod
    def fit(
        cls, basis: Basis, unit: np.ndarray, y: np.ndarray, rng: np.random.Generator, same: np.ndarray | None = None
    ) -> "Polynomials":  # fmt: skip
        """Choose terms and their number, and fit them to y (n) at the points (n x d).

        same  n: points with the same number are in the same fold when the number of terms is chosen; by default each is by itself
        """
        terms, columns = _told_apart(basis, unit, _candidates(basis, unit, y))
        folds = folded(np.arange(len(y)) if same is None else same, INNER, rng)
        first = _chosen(basis, columns, terms, y, folds)
        if not len(first.terms):
            return first
        return _chosen(basis, *_told_apart(basis, unit, _enriched(basis, first, terms, len(y)))[::-1], y, folds)

    def again(self, unit: np.ndarray, y: np.ndarray) -> list["Polynomials"]:
        """The same terms fitted to other responses (n x r)."""
        return _fitted(self.basis, self.basis.products(unit, self.terms), self.terms, y)

    @property
    def sizes(self) -> np.ndarray:
        """d: variance of all terms in which each factor is."""
        return self.coefficients**2 @ (self.terms > 0)

    def predict(self, unit: np.ndarray) -> np.ndarray:
        """n: the response at points (n x d)."""
        parts = [unit[start : start + ROWS] for start in range(0, len(unit), ROWS)]
        return np.concatenate([self.mean + self.basis.products(part, self.terms) @ self.coefficients for part in parts])

    def _within(self, sets: np.ndarray) -> np.ndarray:
        """p x s: does the term depend on no factor outside the set? sets: s x d, bool."""
        return ((self.terms > 0).astype(np.float32) @ (~sets).T.astype(np.float32)) == 0

    def given(self, unit: np.ndarray, sets: np.ndarray) -> np.ndarray:
        """n x s: mean response given the factors of each set (s x d, bool), over all the others, less the mean."""
        return self.basis.products(unit, self.terms) @ (self.coefficients[:, None] * self._within(sets))

    def variance_given(self, sets: np.ndarray) -> np.ndarray:
        """s: variance of that."""
        return self.coefficients**2 @ self._within(sets)


def _candidates(basis: Basis, unit: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Terms for a first look: a hyperbolic set; of many factors, main effects and the pairs that go best with what these leave."""
    n, d = unit.shape
    limit = int(np.clip(4 * n, 100, FIRST))
    if 2 * d * (MAIN + PAIR * (d - 1)) <= limit:
        return _allowed(basis, hyperbolic(d, limit))
    highest = int(np.clip(limit // (2 * d), 2, MAIN))
    mains = np.vstack([degree * np.eye(d, dtype=np.int8) for degree in range(1, highest + 1)])
    mains = _allowed(basis, mains)
    return np.vstack([mains, _pairs(basis, unit, y, mains, max(limit - len(mains), 100))])


def _told_apart(basis: Basis, unit: np.ndarray, terms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The terms, the simplest first, without those that the design cannot tell from a simpler one; and their columns (n x p).

    A net that fills the cube evenly has pairs of terms that are nearly equal at all its points, and no fold of it shows that: which of
    the two acts, it does not say. Few factors and low degrees are the likelier, as everywhere in this basis.
    """
    terms = terms[np.lexsort((terms.max(axis=1), terms.sum(axis=1), (terms > 0).sum(axis=1)))]
    columns = basis.products(unit, terms)
    apart = columns - columns.mean(axis=0)
    size = np.sqrt((apart**2).sum(axis=0))
    apart = np.divide(apart, size, out=np.zeros_like(apart), where=size > 1e-9 * np.sqrt(len(unit))).astype(np.float32)
    alike = np.abs(np.triu(apart.T @ apart, 1)) > max(ALIKE, CHANCE / np.sqrt(len(unit)))
    kept = size > 1e-9 * np.sqrt(len(unit))
    for simpler in np.flatnonzero(alike.any(axis=1)):
        if kept[simpler]:
            kept &= ~alike[simpler]
    return terms[kept], columns[:, kept]


def _allowed(basis: Basis, terms: np.ndarray) -> np.ndarray:
    """Those whose degrees the factors can have."""
    return terms[(terms <= basis.degrees).all(axis=1)]


def _pairs(basis: Basis, unit: np.ndarray, y: np.ndarray, mains: np.ndarray, most: int) -> np.ndarray:
    """Products of two factors: those that go best with what main effects leave of the response."""
    d = unit.shape[1]
    columns = basis.products(unit, mains)
    chosen, triangle, gains = forward(*centered(columns, y), most=min(len(y) // 10, TERMS))
    columns = columns[:, chosen] - columns[:, chosen].mean(axis=0)
    left = y - y.mean() - columns @ np.linalg.solve(triangle, gains)
    shapes = [(a, b) for a in range(1, PAIR + 1) for b in range(1, PAIR + 1)]
    alone = {degree: basis.products(unit, degree * np.eye(d, dtype=np.int8)) for degree in range(1, PAIR + 1)}
    match = np.array([np.abs(alone[a].T @ (alone[b] * left[:, None])) * (np.triu(np.ones((d, d)), 1)) for a, b in shapes])
    best = np.argsort(match, axis=None, kind="stable")[::-1][: min(most, len(shapes) * d * (d - 1) // 2)]
    shape, one, other = np.unravel_index(best, match.shape)
    terms = np.zeros((best.size, d), dtype=np.int8)
    terms[np.arange(best.size), one], terms[np.arange(best.size), other] = np.array(shapes, dtype=np.int8)[shape].T
    return _allowed(basis, terms)


def _enriched(basis: Basis, first: Polynomials, terms: np.ndarray, limit: int) -> np.ndarray:
    """The terms, then those of higher degree in the factors that mattered most at first look."""
    weight = first.sizes
    active = np.sort(np.argsort(weight)[::-1][: min(ACTIVE, int((weight > 0).sum()))])
    known = {row.tobytes() for row in terms}
    inner = hyperbolic(active.size, int(np.clip(2 * limit, 100, SECOND)))
    more = np.zeros((len(inner), terms.shape[1]), dtype=np.int8)
    more[:, active] = inner
    fresh = [row for row in _allowed(basis, more) if row.tobytes() not in known]
    return np.vstack([terms, fresh]) if fresh else terms


def _chosen(basis: Basis, columns: np.ndarray, terms: np.ndarray, y: np.ndarray, folds: np.ndarray) -> Polynomials:
    """A sum of as many of the terms as cross-validation wants."""
    most = min(len(y) // 2, TERMS)
    wrong, gram, moment = errors(columns, y, folds, most)
    chosen, _, _ = forward(gram, moment, most=int(wrong.argmin()))
    return _fitted(basis, columns[:, chosen], terms[chosen], y[:, None])[0]


def _fitted(basis: Basis, columns: np.ndarray, terms: np.ndarray, y: np.ndarray) -> list[Polynomials]:
    """Least squares, for each response (n x r)."""
    found = np.linalg.lstsq(np.column_stack([np.ones(len(y)), columns]), y, rcond=None)[0]
    return [Polynomials(basis, terms, one[1:], float(one[0])) for one in found.T]
