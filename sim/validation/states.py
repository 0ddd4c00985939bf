"""What 32 states reported, opened, were told and lived through in 2011-2017, foreseen from 2018-2024.

No run of the model is in this: it asks whether what sets states apart lasts as the model takes it to. A state's figure of a year is the
country's of that year, moved by what is believed of the state (`sim/inputs/states.py`), give or take its error and a year's movement.
"""

from math import isnan, sqrt
from statistics import NormalDist, fmean, stdev
from typing import NamedTuple

from sim.inputs.states import CONSTRUCTS, States, believed, states

LEVEL, SURE = 0.9, 0.95  # of the ranges, and of the interval of the share of years within them


class YearsBack(NamedTuple):
    """How earlier years of all states were met.

    years      of all states
    inside     share of them within the 90 % range; low, high: its 95 % interval, in which a state's years count as one cluster
    missed     root of the mean square of what was missed, on the scale of differences; as_nation: if each state were as the country
    nation_in  share within the 90 % range if each state were the country, give or take a year's movement
    """

    construct: str
    years: int
    inside: float
    low: float
    high: float
    missed: float
    as_nation: float
    nation_in: float


def years_back(known: States | None = None) -> list[YearsBack]:
    """A row a construct: the years before those of reference, of which nothing was fitted."""
    table = known or states()
    before, wide = range(table.years.start, table.reference.start), NormalDist().inv_cdf((1.0 + LEVEL) / 2.0)
    rows = []
    for construct in CONSTRUCTS:
        yearly, foreseen = table.spread(construct).yearly_sd, believed(table, construct)
        hits, apart, nation = [], [], []
        for name, values in table.differences(construct, before).items():
            lasting, error = foreseen[name]
            seen = [value for value in values if not isnan(value)]
            hits.append(fmean(abs(value - lasting) <= wide * sqrt(error**2 + yearly**2) for value in seen))
            apart += [value - lasting for value in seen]
            nation += seen
        margin = NormalDist().inv_cdf((1.0 + SURE) / 2.0) * stdev(hits) / sqrt(len(hits))
        missed, as_nation = (sqrt(fmean(one**2 for one in each)) for each in (apart, nation))
        inside, alike = fmean(hits), fmean(abs(value) <= wide * yearly for value in nation)
        rows.append(
            YearsBack(construct, len(nation), inside, max(inside - margin, 0.0), min(inside + margin, 1.0), missed, as_nation, alike)
        )
    return rows
