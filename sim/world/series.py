"""What is shown of a run week by week, summed up from its record: for pages, where a city is in a browser or in Python."""

from enum import IntEnum
from math import nan

from sim.world.compiled import entry, piece
from sim.world.rules.trust import overall_trust
from sim.world.state import Count, Mean

YEAR = 52


class WeekMeasure(IntEnum):
    """What is measured of a week."""

    TRUST = 0  # 0-1, as the next two: mean over adults
    FAIRNESS = 1
    EFFECTIVENESS = 2
    REPORTING = 3  # share of crimes in the 52 weeks before, or in as many as there are
    CLEARANCE = 4  # share of reports, likewise
    COMPLAINTS = 5  # per 1,000 officers a year, likewise
    CRIMES = 6  # per 100,000 adults a year, likewise
    COST = 7  # thousand pesos since the run began


@piece
def in_a_year(counts, tick, which):
    """The sum over the 52 weeks up to a tick; over as many as there are, brought to a year, where the run is younger."""
    first, total = max(0, tick + 1 - YEAR), 0
    for n in range(first, tick + 1):
        total += counts[n, which]
    return total * (YEAR / (tick + 1 - first))


@piece
def share_of(part, whole):
    """part / whole; nan where there is nothing."""
    return part / whole if whole > 0 else nan


@entry
def sum_up_weeks(sums, ledger, record, spent, weight, spin_up, adults):
    """Sum up the weeks from the end of the spin-up on; the first row is what the spin-up left, and nan if there was none.

    sums    (weeks + 1) x WeekMeasure, to be filled in, as is
    ledger  (weeks + 1) x Cause: the change of mean trust since week 0 by its cause; the causes sum to the change of trust
    spent   thousand pesos that reforms took, one a tick
    weight  of effectiveness in trust, one a tick
    """
    counts, means, cost = record.counts, record.means, 0.0
    for k in range(sums.shape[1]):
        sums[0, k] = nan
    for cause in range(ledger.shape[1]):
        ledger[0, cause] = 0.0
    for tick in range(len(sums) + spin_up - 1):
        cost, row = cost + spent[tick], tick + 1 - spin_up
        if row < 0:
            continue
        crimes, reported = in_a_year(counts, tick, Count.CRIMES), in_a_year(counts, tick, Count.REPORTED)
        sums[row, WeekMeasure.FAIRNESS], sums[row, WeekMeasure.EFFECTIVENESS] = means[tick, Mean.FAIRNESS], means[tick, Mean.EFFECTIVENESS]
        sums[row, WeekMeasure.TRUST] = overall_trust(means[tick, Mean.FAIRNESS], means[tick, Mean.EFFECTIVENESS], weight[tick])
        sums[row, WeekMeasure.REPORTING] = share_of(reported, crimes)
        sums[row, WeekMeasure.CLEARANCE] = share_of(in_a_year(counts, tick, Count.SOLVED), reported)
        sums[row, WeekMeasure.COMPLAINTS] = 1000.0 * share_of(
            in_a_year(counts, tick, Count.COMPLAINTS), counts[tick, Count.ACTIVE_OFFICERS]
        )
        sums[row, WeekMeasure.CRIMES] = 1e5 * crimes / adults
        sums[row, WeekMeasure.COST] = cost
        if row > 0:
            for cause in range(ledger.shape[1]):
                net = record.ledger[tick, cause]
                ledger[row, cause] = ledger[row - 1, cause] + overall_trust(net[0, 0] / adults, net[1, 0] / adults, weight[tick])
