"""Mesa's agents: rows with a name. They hold no state; attributes read and write their row, verbs run its phase.

`officer.conduct` is `city.officers.conduct[officer.row]`, and `officer.patrol()` is the phase `patrol` for that one row, with
the same luck the row has when the whole force patrols.
"""

import numpy as np
from mesa.discrete_space import Cell

from sim.errors import InputError
from sim.rows import Row, columns
from sim.world.rules.trust import overall_trust


class Citizen(Row):
    """An adult: trust in the police, and what it returns to.

    Parameters
    ----------
    model : Model
        The city that it is part of.
    row : int
        Its row in its table of columns.
    """

    table, place = "citizens", "home"
    size = "city.adults"
    end = "The adults of a city are the same in all weeks; another number is another city: city.adults in the scenario."
    fairness, effectiveness, fairness_disposition, effectiveness_disposition, last_stop, last_corrupt_stop = columns(6)
    last_victimized, last_report, stop_treatment, report_outcome, reporting_propensity, answering_style = columns(6)

    def check_cell(self, cell: Cell | None) -> None:
        """InputError for every cell but home."""
        if cell is not self._mesa_cell:
            raise InputError(f"{self!r} cannot move: a citizen's home cell is fixed.", "Rows of a cell are neighbors in the table.")

    @property
    def trust(self) -> float:
        """Trust in the police, 0-1: the weighted mean of fairness and effectiveness."""
        return overall_trust(self.fairness, self.effectiveness, self.model.parameters.trust.effectiveness_weight)

    @property
    def exposure(self) -> float:
        """Relative risk of being chosen as a victim."""
        return self._difference(self.rows_of.exposure_cumulative)

    @property
    def stop_exposure(self) -> float:
        """Relative risk of being stopped by the police."""
        return self._difference(self.rows_of.stop_exposure_cumulative)

    def _difference(self, sums: np.ndarray) -> float:
        """What this citizen adds to a running sum over the residents of the cell."""
        first = self.row == self.model.city.cells.first_resident[self.rows_of.home[self.row]]
        return float(sums[self.row]) - (0.0 if first else float(sums[self.row - 1]))

    def report(self) -> None:
        """Report this week's crimes against this citizen, or not."""
        self.model.simulation.perform("report", self.model.crimes_against(self.row))


class Officer(Row):
    """An officer: conduct, training, complaints, and where the week's patrol goes.

    Parameters
    ----------
    model : Model
        The city that it is part of.
    row : int
        Its row in its table of columns.
    """

    table, place, moving = "officers", "cell", ("patrol",)
    size = "city.officers_per_1000_inhabitants"
    end = (
        "To dismiss: officer.active = 0 and officer.vacant_weeks = 13 (weeks until the post may be filled)\n"
        "To dismiss many, at a cost: a purge among the scenario's interventions (confianza explain purge)"
    )
    squad, beat, deviation, honesty_deviation, conduct, honesty, training, knowledge = columns(8)
    attitude, active, vacant_weeks, community, complaints, identity, encounters = columns(7)

    def staff(self) -> None:
        """Leave, wait for a replacement, or be replaced."""
        self.act("staff")

    def patrol(self) -> None:
        """Go to a hot spot or to a cell of the beat."""
        self.act("patrol")

    def stop(self) -> None:
        """Stop people."""
        self.act("stop")

    def contact(self) -> None:
        """On community duty, talk with residents."""
        self.act("contact")

    def bond(self) -> None:
        """Drift towards the squad's conduct."""
        self.act("bond")

    def forget(self) -> None:
        """Forget some of the training."""
        self.act("forget")


class Offender(Row):
    """An offender: how inclined, how afraid of punishment, and whether free.

    Parameters
    ----------
    model : Model
        The city that it is part of.
    row : int
        Its row in its table of columns.
    """

    table, place, moving = "offenders", "cell", ("age", "offend")
    size = "city.offenders_share"
    end = "To keep one from offending: offender.propensity = 0, or offender.jail_weeks = 26 for so many weeks"
    home, propensity, perceived_risk, jail_weeks, origin, program, entered, leaves, identity, last_arrest, arrest_conduct = columns(11)

    def age(self) -> None:
        """Age out, if it is time, and let somebody enter in this row."""
        self.act("age")

    def offend(self) -> None:
        """Look for a place, and offend there or not."""
        self.act("offend")

    def learn(self) -> None:
        """Update perceived risk."""
        self.act("learn")
