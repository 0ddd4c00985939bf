"""What may stand in a column: a range, or rows of another table. Compiled phases take it for granted and do not look."""

from sim.world.state import LAST_TICK, NEVER, SLOTS, City

MOST = 1_000_000  # what no column reaches
ANY, AMOUNT, SHARE, FLAG, PAST = (-MOST, MOST), (0, MOST), (0, 1), (0, 1), (NEVER, LAST_TICK)

LIMITS: dict[str, tuple[float, float | str]] = {
    "citizens.fairness": SHARE, "citizens.effectiveness": SHARE,
    "citizens.fairness_disposition": SHARE, "citizens.effectiveness_disposition": SHARE,
    "citizens.last_stop": PAST, "citizens.last_corrupt_stop": PAST, "citizens.last_victimized": PAST, "citizens.last_report": PAST,
    "citizens.stop_treatment": (0, 10), "citizens.report_outcome": (0, 15),
    "citizens.reporting_propensity": ANY, "citizens.answering_style": ANY,
    "officers.squad": (0, "squads"), "officers.beat": (0, "cells"), "officers.cell": (0, "cells"),
    "officers.deviation": ANY, "officers.honesty_deviation": ANY, "officers.conduct": ANY, "officers.honesty": ANY,
    "officers.training": ANY, "officers.knowledge": SHARE, "officers.attitude": SHARE,
    "officers.active": FLAG, "officers.vacant_weeks": ANY, "officers.community": FLAG, "officers.complaints": AMOUNT,
    "officers.identity": AMOUNT, "officers.encounters": (0, SLOTS),
    "squads.effect": ANY, "squads.honesty_effect": ANY, "squads.command": ANY,
    "offenders.home": (0, "cells"), "offenders.cell": (0, "cells"), "offenders.propensity": AMOUNT, "offenders.perceived_risk": SHARE,
    "offenders.jail_weeks": AMOUNT, "offenders.origin": FLAG, "offenders.program": (-1, 1),
    "offenders.entered": (NEVER, LAST_TICK), "offenders.leaves": (0, LAST_TICK), "offenders.identity": AMOUNT,
    "offenders.last_arrest": PAST, "offenders.arrest_conduct": (0, 2),
    "cells.opportunity": AMOUNT, "cells.memory": AMOUNT, "cells.pull": (-0.9, 0.9),
}  # fmt: skip


def limits(city: City, column: str) -> tuple[float, float]:
    """The least and the most that may stand in a column, as "citizens.fairness". KeyError if it is not to be written from outside."""
    low, high = LIMITS[column]
    return low, len(getattr(city.rows, high)) - 1 if isinstance(high, str) else high
