"""Which box of a peel is taken: restrictions that luck explains are dropped, and coverage is weighed against density.

A box has coverage, the share of all cases that it holds; density, the share of its points that are cases; and mass, the share of all
points that it holds. Its score is coverage times how far its density lies on the way from the share of cases anywhere to 1: 0 for the
whole space and for a box where cases are as frequent as elsewhere, 1 for a box with all cases and nothing else.
"""

from dataclasses import dataclass

import numpy as np

from sim.methods.discovery.prim import PEEL, SMALLEST, Box, Cases, distances, peel

MOST = 4  # factors that a box restricts
ALPHA = 0.05  # quasi-p up to which a restriction is kept
LOOKS = 12  # boxes of a peel that are simplified and compared
FEW = (4, 8)  # factors of peels that are of the most promising ones alone


@dataclass(frozen=True)
class Marks:
    """How good a box is."""

    coverage: float
    density: float
    mass: float
    score: float

    @classmethod
    def of(cls, points: int, many: int, cases: Cases) -> "Marks":
        """Of a box with so many points and cases."""
        coverage = many / cases.many if cases.many else 0.0
        density = many / points if points else 0.0
        way = (density - cases.share) / (1 - cases.share) if cases.share < 1 else 0.0
        return cls(coverage, density, points / cases.total, coverage * way)


def marks(box: Box, cases: Cases) -> Marks:
    """How good a box is, in these points."""
    return Marks.of(*cases.counted(box.inside(cases.x)), cases)


class Sides:
    """What each end of a box does: which points it shuts out, and what the box would be without it."""

    def __init__(self, box: Box, cases: Cases):
        self.cases, self.ends = cases, box.ends
        x = cases.x
        outside = [x[:, j] > box.high[j] if upper else x[:, j] < box.low[j] for j, upper in self.ends]
        self.outside = np.array(outside, dtype=bool).reshape(len(self.ends), len(x))
        self.shut = self.outside.sum(axis=0)  # by how many ends a point is shut out

    def counted(self) -> tuple[int, int]:
        """Points and cases in the box."""
        return self.cases.counted(self.shut == 0)

    def without(self) -> tuple[np.ndarray, np.ndarray]:
        """Points and cases of the box without each of its ends: also those that this end alone shuts out."""
        points, many = self.counted()
        alone = np.flatnonzero(self.shut == 1)
        by, weights = self.outside[:, alone], self.cases.weights[alone]
        return points + by @ weights, many + by @ (weights * self.cases.y[alone])

    def quasi_p(self) -> np.ndarray:
        """The quasi-p value of each end: how likely luck would put as many cases into the box, were this end of no use.

        The chance that of the box's points so many or more are cases, if each is one with the density of the box without the end
        (one-sided binomial; Bryant and Lempert 2010). "Quasi", because the ends were chosen for being good.
        """
        from scipy.special import bdtrc  # here, because it takes long to import

        points, many = self.counted()
        wider, hits = self.without()
        density = np.divide(hits, wider, out=np.zeros(len(wider)), where=wider > 0)
        return np.ones(len(wider)) if many == 0 else bdtrc(many - 1, points, density)

    def drop(self, place: int) -> None:
        """Take one end away."""
        self.shut = self.shut - self.outside[place]
        self.outside = np.delete(self.outside, place, axis=0)
        del self.ends[place]


def simplified(box: Box, cases: Cases, *, alpha: float = ALPHA, most: int = MOST) -> Box:
    """The box without the ends that luck explains: one by one that with the largest quasi-p goes, until all that are left have at
    most `alpha`, and they are of at most `most` factors."""
    sides = Sides(box, cases)
    while sides.ends:
        quasi = sides.quasi_p()
        worst = int(np.argmax(quasi))
        if quasi[worst] <= alpha and len({factor for factor, _ in sides.ends}) <= most:
            break
        factor, upper = sides.ends[worst]
        box = box.moved(factor, upper)
        sides.drop(worst)
    return box


def pasted(box: Box, cases: Cases, *, alpha: float = PEEL) -> Box:
    """The box with its ends moved outward, by slices of a share `alpha` of it, as long as its score gains; the best slice first."""
    best = marks(box, cases).score
    while True:
        wider = [(marks(made, cases).score, made) for factor, upper in box.ends for made in [_wider(box, factor, upper, cases, alpha)]]
        if not wider:
            return box
        score, made = max(wider, key=lambda pair: pair[0])
        if score <= best:
            return box
        best, box = score, made


def _wider(box: Box, factor: int, upper: bool, cases: Cases, alpha: float) -> Box:
    """The box with one end moved outward by a slice; those that share the slice's last value come in too."""
    x, inside, free = cases.x[:, factor], box.inside(cases.x), box.moved(factor, upper)
    let_in = np.sort(x[free.inside(cases.x) & ~inside & (cases.weights > 0)])
    let_in = let_in if upper else let_in[::-1]
    size = max(1, int(alpha * cases.counted(inside)[0]))
    rest = let_in[size:][let_in[size:] != let_in[size - 1]] if size < len(let_in) else let_in[:0]
    return box.moved(factor, upper, float(let_in[size - 1] + rest[0]) / 2) if len(rest) else free


def searched(cases: Cases, *, smallest: float = SMALLEST) -> list[list[Box]]:
    """Peels of all factors, and of the few in which cases and other points differ most.

    Among a hundred factors there are always some with an empty slice by chance, and a peel of all may go astray; a few are safer.
    """
    d = cases.x.shape[1]
    ranked = np.argsort(-distances(cases), kind="stable")
    return [peel(cases, smallest=smallest), *(peel(cases, np.sort(ranked[:few]), smallest=smallest) for few in FEW if few < d)]


def chosen(cases: Cases, *, alpha: float = ALPHA, most: int = MOST, smallest: float = SMALLEST) -> tuple[Box, list[Box], list[Box]]:
    """The box that is taken, the peel that it came from, and the boxes among which it was.

    Of boxes along several peels, simplified, it is that with the greatest score, its ends moved outward where that raises it, and
    simplified once more. It is the whole space if no box has a score above 0.
    """
    best, score, among = Box.whole(cases.x.shape[1]), 0.0, []
    peels = searched(cases, smallest=smallest)
    along = peels[0]
    for boxes in peels:
        looked = np.unique(np.linspace(0, len(boxes) - 1, min(LOOKS, len(boxes))).round().astype(int))
        for place in looked.tolist():
            among.append(simplified(boxes[place], cases, alpha=alpha, most=most))
            if (own := marks(among[-1], cases).score) > score:
                best, score, along = among[-1], own, boxes
    return simplified(pasted(best, cases), cases, alpha=alpha, most=most), along, among


def undominated(boxes: list[Box], cases: Cases) -> list[Box]:
    """Those of which no other has more coverage and no less density, or the reverse; each once, the greatest coverage first."""
    found = {(own.coverage, own.density): box for box in boxes for own in [marks(box, cases)]}
    kept, densest = [], -1.0
    for coverage, density in sorted(found, reverse=True):
        if density > densest:
            kept.append(found[coverage, density])
            densest = density
    return kept
