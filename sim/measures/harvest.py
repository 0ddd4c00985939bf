"""One run, read into labeled arrays: what is kept of it, with units, and the runs of a scenario side by side."""

from collections.abc import Callable, Mapping
from copy import copy, deepcopy
from functools import cache
from typing import Any

import numpy as np

from sim.inputs.scenario import CitySize, Scenario
from sim.measures import RunColumns
from sim.measures.labels import RunArrays, array
from sim.measures.names import called
from sim.world.compiled import REPLACED, source
from sim.world.parameters import CODEBOOK
from sim.world.reforms import REFORMS
from sim.world.rules.trust import overall_trust
from sim.world.simulation import Simulation
from sim.world.state import Cause, City, Count, Mean
from sim.world.survey import INTERVAL_WEEKS, YEAR, Survey
from sim.world.voices import QUESTIONS

ANSWERS = ("mucha desconfianza", "algo de desconfianza", "algo de confianza", "mucha confianza")
CAUSES = tuple(cause.name.lower() for cause in Cause)
DIMENSIONS = ("fairness", "effectiveness")
MONTH = 4  # weeks
SAMPLE = 1200  # adults in the virtual survey
COURTESY = "log-odds of fair treatment where no bribe is asked for"

EXAMINED = ("examined", "examined_unfit", "flagged", "flagged_unfit")  # of Simulation.examined

# name: (unit, long name)
WEEKLY = {
    "crimes": ("crimes per week", "crimes committed"),
    "serious": ("crimes per week", "serious crimes committed"),
    "reported": ("crimes per week", "crimes reported to the prosecutor"),
    "filed": ("crimes per week", "crimes with an investigation file"),
    "well_treated": ("persons per week", "complainants who were treated well"),
    "well_treated_with_file": ("persons per week", "complainants with a file who were treated well"),
    "solved": ("crimes per week", "crimes solved to the victim's benefit"),
    "stops": ("stops per week", "stops by the police"),
    "corrupt_stops": ("stops per week", "stops with a corrupt act"),
    "unfair_stops": ("stops per week", "stops with unfair but not corrupt conduct"),
    "contacts": ("contacts per week", "community contacts, which are no stops"),
    "felt_good": ("encounters per week", "stops and contacts felt as good"),
    "felt_bad": ("encounters per week", "stops and contacts felt as bad"),
    "complaints": ("complaints per week", "complaints against officers"),
    "heard": ("persons per week", "experiences heard from others"),
    "left": ("officers per week", "officers who left"),
    "recruited": ("officers per week", "officers recruited"),
    "officers_in_service": ("officers", "officers in service"),
    "offenders_free": ("offenders", "offenders not in jail"),
    "dismissed": ("officers per week", "officers dismissed by a purge"),
    "examined": ("officers per week", "officers examined by a purge"),
    "examined_unfit": ("officers per week", "of those examined, officers whose encounters are corrupt more often than its unfit_above"),
    "flagged": ("officers per week", "officers whom a purge flags, whether they go or not"),
    "flagged_unfit": ("officers per week", "of those flagged, officers whose encounters are corrupt more often than its unfit_above"),
    "hearings": ("crimes per week", "minor crimes heard locally"),
    "diverted": ("offenders per week", "offenders diverted after a hearing"),
    "aged_out": ("offenders per week", "offenders who gave up with age; of residents others take the place"),
    "community_officers": ("officers", "officers in service on community duty"),
    "mean_fairness": ("0-1", "mean trust in police fairness"),
    "mean_effectiveness": ("0-1", "mean trust in police effectiveness"),
    "mean_conduct": (COURTESY, "mean courtesy of officers in service, training included"),
    "mean_honesty": ("log-odds that no bribe is asked for", "mean honesty of officers in service, training included"),
    "perceived_risk": ("0-1", "mean risk of punishment that offenders perceive"),
    "free_capacity": ("share", "free capacity to work on new files"),
    "course_behavior": (COURTESY, "what courses add to officers' courtesy, mean of those in service"),
    "course_knowledge": ("0-1", "what officers in service still know of courses, mean"),
    "course_attitude": ("0-1", "what is left of the attitudes courses taught, mean of officers in service"),
}
SURVEYED = {
    "victims": ("share of adults", "victims of a crime in the 52 weeks before the survey"),
    "contact_rate_half_year": ("share of adults", "stopped in the 26 weeks before the survey"),
    "corrupt_contacted": ("share of adults", "met a corrupt act in a stop in the 26 weeks before the survey"),
    "perceived_insecurity": ("share of adults", "feel unsafe"),
    "trust_icc": ("ICC", "share of the variance of answers between neighborhoods of about 500 adults"),
}
# name: (dimensions after replicate, unit, long name)
OTHER: dict[str, tuple[tuple[str, ...], str, str]] = {
    "mean_trust": (("week",), "0-1", "mean trust in the police (fairness and effectiveness, weighted)"),
    "officer_weeks_spent": (("week",), "officer-weeks per week", "work of officers that reforms took"),
    "money_spent": (("week",), "thousand pesos per week", "money that reforms cost"),
    "ledger": (("week", "cause", "dimension"), "0-1 per week", "change of mean trust, by what caused it"),
    "answers": (("survey_week", "answer"), "share of adults", "answers to 'how much do you trust the police?'"),
    "voices": (("survey_week", "question"), "share or 0-1", "answers of complainants, of people who were stopped, and of officers"),
    "voices_asked": (("survey_week", "question"), "persons", "how many were asked for voices"),
    "voices_error": (("survey_week", "question"), "share or 0-1", "standard error of voices, of sampling alone"),
    "virtual_survey_trusting": ((), "share of adults asked", "mucha or algo de confianza in a random sample at the end"),
    "virtual_survey_trusting_error": ((), "share of adults asked", "standard error of virtual_survey_trusting"),
    "trust_map": (("y", "x"), "0-1", "mean trust of each cell's residents in the last 52 weeks (or since week 0), every fourth"),
    "crime_map": (("y", "x"), "crimes", "crimes in each cell in the last 52 weeks (or since week 0)"),
    "stop_map": (("y", "x"), "stops", "stops in each cell in the last 52 weeks (or since week 0)"),
    "officer_complaints": (("officer",), "complaints", "complaints against who holds each post, in the last 52 weeks (or since week 0)"),
}
VARIABLES: dict[str, tuple[tuple[str, ...], str, str]] = {
    **{name: (("week",), *words) for name, words in WEEKLY.items()},
    **{name: (("survey_week",), *words) for name, words in SURVEYED.items()},
    **OTHER,
}
WEIGHT = {"effectiveness_weight": (("week",), "share", "weight of effectiveness in trust")}
AXES = {
    "replicate": "replicate: the same city with other luck",
    "week": "week; 0 is the first after the spin-up",
    "survey_week": "week before which all adults were asked",
    "cause": "what a change of trust is booked to",
    "dimension": "which trust",
    "answer": "answer",
    "question": "what samples are asked",
    "officer": "row of the post",
    "y": "cell, from north to south",
    "x": "cell, from west to east",
}


@cache
def warm_up() -> None:
    """Compile what a run needs, with any reform (or load it from disk), before any worker starts."""
    reforms = tuple(kind(start=0) for kind in REFORMS.values())
    scenario = Scenario(name="warm-up", city=CitySize(adults=1000), weeks=1, spin_up_weeks=0, interventions=reforms)
    run = Simulation(scenario, 0).run()
    run.virtual_survey(10)
    run.voices()


def complaints_since(city: City, complaints: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """Complaints against who holds each post now, since the moment at which the two columns were copied."""
    before = np.where(city.officers.identity == identity, complaints, 0)
    return city.officers.complaints - before


class Life:
    """A run on its way, and what has been read of it so far.

    progress   called with each number of weeks that has been simulated; what it raises ends the run
    watch      called with the run at week 0 and after each week since; it may look, and changes nothing
    people     the seed of who lives there, if it is another (see Simulation)
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        progress: Callable[[int], None],
        watch: Callable[[Simulation], object] | None = None,
        people: int | None = None,
    ):
        self.progress = progress
        self.watch: Any = watch
        self.run = Simulation(scenario, seed, people, spin_up=False)
        self._year_ago = max(0, scenario.weeks - YEAR)
        self._before: tuple[np.ndarray, ...] = ()  # running totals a year before the end
        self._climate = np.zeros(len(self.run.city.cells.climate))  # mean of the months since
        self._look()

    def until(self, week: int) -> None:
        """Live on to a week."""
        while self.run.week < week:
            weeks = min(self._step(), week - self.run.week)
            self.run.advance(weeks)
            self.progress(weeks)
            self._look()

    def fork(self) -> "Life":
        """A second life that goes on from here by itself, with the same luck and the same past."""
        other = copy(self)
        other.run, other.watch, other._climate = self.run.fork(), deepcopy(self.watch), self._climate.copy()
        return other

    def _step(self) -> int:
        """Weeks to the next look."""
        week, since = self.run.week, self.run.week - self._year_ago
        if self.watch and week >= 0:
            return 1
        return MONTH - since % MONTH if since >= 0 else min(INTERVAL_WEEKS, -week if week < 0 else -since)

    def _look(self) -> None:
        """Read what is read on the way: at week 0 and, if somebody watches, in every week; each month of the last year."""
        run, since = self.run, self.run.week - self._year_ago
        if self.watch and run.week >= 0:
            self.watch(run)
        if since == 0:
            cells, officers = run.city.cells, run.city.officers
            self._before = tuple(column.copy() for column in (cells.crimes, cells.stops, officers.complaints, officers.identity))
        elif since > 0 and (since % MONTH == 0 or run.week == run.scenario.weeks):
            month = (since - 1) % MONTH + 1
            self._climate += run.city.cells.climate * month / (run.scenario.weeks - self._year_ago)

    def found(self) -> dict[str, np.ndarray]:
        """Everything in `VARIABLES`, once the horizon is reached."""
        run, cells = self.run, self.run.city.cells
        shape = (run.city.grid.height, run.city.grid.width)
        crimes, stops, complaints, identity = self._before
        sample = run.virtual_survey(SAMPLE)
        return {
            **_weekly(run),
            **_spent(run),
            **_surveys(run),
            "virtual_survey_trusting": np.float64(sample.share_trusting),
            "virtual_survey_trusting_error": np.float64(sample.share_trusting_error),
            "trust_map": self._climate.reshape(shape),
            "crime_map": (cells.crimes - crimes).reshape(shape),
            "stop_map": (cells.stops - stops).reshape(shape),
            "officer_complaints": complaints_since(run.city, complaints, identity),
        }


def lived(
    scenario: Scenario,
    seed: int,
    progress: Callable[[int], None],
    watch: Callable[[Simulation], object] | None = None,
    people: int | None = None,
) -> tuple[Simulation, dict[str, np.ndarray]]:
    """A run at the end of its horizon, and everything in `VARIABLES` that was read from it; see `Life`."""
    life = Life(scenario, seed, progress, watch, people)
    life.until(scenario.weeks)
    return life.run, life.found()


def _weekly(run: Simulation) -> dict[str, np.ndarray]:
    record = run.record
    weekly = {called(count.name.lower()): record.counts[:, count].copy() for count in Count}
    weekly |= {called(mean.name.lower()): record.means[:, mean].copy() for mean in Mean}
    examined: np.ndarray = np.zeros((run.tick, len(EXAMINED)), int)
    for tick, found in run.examined.items():
        examined[tick] = found
    weekly |= dict(zip(EXAMINED, examined.T.copy(), strict=True))
    weight = weights(run.scenario)
    weekly["mean_trust"] = trust_of(weekly["mean_fairness"], weekly["mean_effectiveness"], weight)
    weekly["ledger"] = record.ledger[:, :, :, 0] / run.scenario.city.adults
    return weekly


def _spent(run: Simulation) -> dict[str, np.ndarray]:
    """What all reforms together took in each week."""
    spent = sum(run.costs.values(), np.zeros((run.tick, 2)))
    return {"officer_weeks_spent": spent[:, 0], "money_spent": spent[:, 1]}


def _surveys(run: Simulation) -> dict[str, np.ndarray]:
    columns = [name for name in Survey._fields if called(name) in SURVEYED]
    surveyed = {called(name): np.array([getattr(survey, name) for survey in run.surveys], float) for name in columns}
    counts = np.array([survey.answers for survey in run.surveys], float).reshape(-1, len(ANSWERS))
    surveyed["survey_week"] = np.array([survey.week for survey in run.surveys], int)
    surveyed["answers"] = counts / run.scenario.city.adults
    for name, field in {"voices": "answers", "voices_asked": "asked", "voices_error": "errors"}.items():
        surveyed[name] = np.array([getattr(voices, field) for voices in run.heard], float).reshape(-1, len(QUESTIONS))
    return surveyed


def trust_of(fairness: Any, effectiveness: Any, weight: Any) -> Any:
    """Trust, or a change of it, from its two dimensions, arrays or labeled arrays: by the rule of the compiled phases, element by element.

    The rule is linear in both (see `sim.measures.own`), so that it holds for means and for changes as it does for persons.
    """
    rule = source(overall_trust)
    if "trust.overall_trust" in REPLACED:  # which need not take arrays
        rule = np.vectorize(rule, otypes=[float])
    if isinstance(fairness, np.ndarray):
        return rule(fairness, effectiveness, weight)
    import xarray as xr  # here, because it takes long to import

    return xr.apply_ufunc(rule, fairness, effectiveness, weight)


def weights(scenario: Scenario) -> np.ndarray:
    """The weight of effectiveness in trust, in each week of the run (a dated change may move it)."""
    name = "trust.effectiveness_weight"
    weight = np.full(scenario.spin_up_weeks + scenario.weeks, float(scenario.parameters.get(name, CODEBOOK[name].value)))
    for change in scenario.changes:
        if name in change.set:
            weight[change.week + scenario.spin_up_weeks :] = scenario.values_at(change.week).trust.effectiveness_weight
    return weight


def labeled(
    seeds: np.ndarray, example: Mapping[str, np.ndarray], columns: Mapping[str, Any], runs: tuple[str, ...] = ("replicate",)
) -> RunArrays:
    """Runs side by side, each variable with its long name and unit.

    seeds    of the replicates
    example  what was read of one run
    columns  the same of all runs, whose dimensions (`runs`) come first; arrays, or what xarray takes for one
    """
    many, weeks = len(seeds), len(example["mean_trust"])
    variables = {
        name: array((*runs, *dims), columns[name], {"long_name": long_name, "units": unit})
        for name, (dims, unit, long_name) in (VARIABLES | WEIGHT).items()
    }
    labels = {
        "replicate": np.arange(many), "week": np.arange(weeks) - int(example["spin_up_weeks"]), "survey_week": example["survey_week"],
        "cause": list(CAUSES), "dimension": list(DIMENSIONS), "answer": list(ANSWERS), "question": list(QUESTIONS),
    }  # fmt: skip
    told = {name: {"long_name": AXES[name], **({"units": "week"} if "week" in name else {})} for name in labels}
    variables |= {name: array((name,), np.asarray(values), told[name]) for name, values in labels.items()}
    variables["seed"] = array(("replicate",), np.asarray(seeds, np.int64), {"long_name": "seed of the replicate"})
    return RunArrays(variables, (*labels, "seed"), {})


def columns(scenario: Scenario, found: dict[str, np.ndarray]) -> RunColumns:
    """What was read from a run (see `harvest`), for measures."""
    return RunColumns(found, np.arange(-scenario.spin_up_weeks, scenario.weeks), found["survey_week"], scenario.city.adults)
