"""A study: arms, each a list of reforms, on one city with the same luck; replicates, and what varies. YAML in, frozen out."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from os import PathLike
from textwrap import indent
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, field_serializer, model_validator

from sim.artifacts.results import adapted
from sim.errors import InputError
from sim.inputs.cards import of_study
from sim.inputs.changes import Sources
from sim.inputs.citations import Citations, check_cited
from sim.inputs.origins import DESIGN, POSTERIOR
from sim.inputs.records import Name, Prose, WrittenModel
from sim.inputs.reforms import Reform, as_data
from sim.inputs.scenario import AnyScenario, Scenario
from sim.inputs.yaml_files import dump_yaml
from sim.measures.spread import ENOUGH, effective
from sim.studies.design import fields
from sim.studies.design.arms import BASELINE, PLACEBO, all_arms, placebo_of, with_levers
from sim.studies.design.designs import POINTS
from sim.studies.design.factors import Factor, check_columns, check_doses, check_groups, check_levers, factors_of, group_names, joint_draws
from sim.studies.design.limits import LEAST, MOST, PRICED, Budget, Replicates, check_panel, known
from sim.studies.design.points import Points, points_of
from sim.studies.design.posteriors import AUTO, MOST_DRAWS, NONE, doubts_of
from sim.studies.design.tables import points_table, table_factors
from sim.style import Note, sentences
from sim.trials.design import Trial
from sim.trials.result import TrialResult
from sim.trials.trial import run_trial
from sim.world.parameters import CODEBOOK

BLOCK = 5  # replicates of a comparison
__all__ = ["BASELINE", "LEAST", "MOST", "PLACEBO", "Budget", "Replicates", "Study"]


class Study(WrittenModel):
    """What is compared: named lists of reforms (arms) in one scenario, with the same luck, beside a baseline and a placebo.

    Reforms of the scenario itself are left out: an arm has the reforms that it lists and no others. What varies, at which points,
    is for sweeps. In a comparison each replicate takes a draw of the posterior, if there is one; else the scenario's own values.
    The last of each five takes draw and people of the first again, with other luck.
    """

    name: Name = Field(description="What the study is called in tables and plots")
    question: Prose = Field("", description="The question it answers")
    scenario: AnyScenario = Field(description="A shipped scenario, the path of a file beside this one, or a scenario written out")
    weeks: int | None = Field(None, ge=1, le=5200, description="Weeks after the spin-up, instead of the scenario's")
    seed: int | None = Field(None, ge=0, le=2**63 - 1, description="Root seed, instead of the scenario's")
    arms: fields.Arms = Field({}, description="Lists of reforms by name, as {training: [{training: {start: 0}}]}")
    replicates: fields.Many = Field(16, description="How many, or {until: {effect: mean_trust, half_width: 0.005}, most: 64}")
    measures: fields.Measures = Field(fields.DEFAULT_MEASURES, strict=False, description="Names of measures whose effects are wanted")
    vs: fields.Arm = Field(BASELINE, description="The arm with which the others are compared")
    at: fields.Weeks = Field((), strict=False, validate_default=True, description="Weeks at whose end effects are read")
    budget: fields.Money = Field(None, description="{money: thousand pesos} or {officer_weeks: ...}; a plain number is money")
    posterior: fields.Draws = Field(
        AUTO, validate_default=True, description="Draws that uncertain parameters take: of the scenario (auto), none, or of a file"
    )
    vary: fields.Vary = Field(None, description="What varies: {prior: [trust], reporting.trust_slope: [0, 6]}")
    groups: fields.Groups = Field(None, description="Factors whose sensitivity is wanted together, or topic")
    design: fields.Design = Field(None, description="At which points: {sobol: 256}, {csv: points.csv}, {morris: 40}, ...")
    series: fields.Series = Field((), strict=False, description="Weekly variables that a sweep keeps, as [trust, crimes]")
    luck: Literal["shared", "own"] = Field("shared", description="own: each point of a sweep has luck of its own, not that of all others")
    decision: fields.Decision = Field(None, description="What benefits are worth, for confianza decide; changes no run")
    cautions: fields.Cautions = Field((), strict=False, description="What to know before any number: texts, or {en: ..., es: ...} each")
    references: Citations = Field(default_factory=dict, description="References of one's own, by the key that sources name")
    sources: Sources = Field(default_factory=dict, description="Where the levers of the arms, and the numbers that vary, come from")

    @model_validator(mode="before")
    @classmethod
    def _warn(cls, data: dict[str, Any]) -> dict[str, Any]:
        """What is to be said against a posterior whose draws the study takes and whose name it forgets."""
        vary, cautions = data.get("vary"), data.get("cautions", ())
        named = vary.get("posterior") if isinstance(vary, Mapping) else None
        doubts = doubts_of(str(named)) if isinstance(named, str | PathLike) else []
        texts = [{"en": en, "es": es} for en, es in zip(sentences(doubts), sentences(doubts, "es"), strict=True)]
        return {**data, "cautions": [*cautions, *texts]} if texts and isinstance(cautions, list | tuple) else data

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if not self.arms and self.vary is None and self.design is None:
            wrong, path = (
                ("must be lists of reforms by name, but is empty", ("arms",)) if "arms" in self.model_fields_set else ("is missing", ())
            )
            raise InputError(f"'arms' {wrong}.", "Write arms: ... (as {training: [{training: {start: 0}}]}).", path=path)
        check_panel(self.measures, self.base.weeks)
        self._check_sources()
        if self.vary is not None and self.design is None:
            raise InputError("'vary' is given without 'design'.", "Say at how many points: design: {sobol: 256}", path=("vary",))
        if self.groups is not None and self.design is None:
            raise InputError("'groups' is given, but nothing varies.", "Write vary: and design:, or delete it.", path=("groups",))
        if self.design is not None:
            self._check_varied()
        return self

    def _check_sources(self) -> None:
        """InputError if sources speak of what the study does not set, or if references are unknown, unused or not those of the scenario."""
        inherited = self.scenario.references
        if clash := next((key for key, given in self.references.items() if inherited.get(key, given) != given), None):
            message = f"the reference '{clash}' is already there, in the scenario, and is another one."
            raise InputError(message, "Give it another name here.", path=("references", clash))
        made = [item for listed in self.arms.values() for reform in listed for item in as_data(reform).items()]
        own = [f"{reform}.{lever}" for reform, levers in made for lever in levers]
        own += [factor.name for factor in self.factors()] if self.design is not None else []
        if idle := next((name for name in self.sources if name not in own), None):
            remedy = "Sources of a study are for levers of its arms and for what varies; those of the city belong to the scenario."
            raise InputError(f"the study does not set '{idle}'.", remedy, path=("sources", idle))
        check_cited([(("sources",), self.sources)], self.references, inherited)

    def _check_varied(self) -> None:
        """InputError if what varies does not fit the arms, the groups or the budget."""
        factors, key = self.factors(), "design" if self.vary is None else "vary"
        if self.vary is None:
            _under(key, check_columns, factors, self.scenario, self.arms, self.base.weeks)
            if self.groups is not None:
                _under("groups", check_groups, self.groups, [factor.name for factor in factors])
        _under(key, check_levers, factors, self.arms, self.base.weeks, self.base.spin_up_weeks)
        if self.budget is not None:
            _under(key, check_doses, factors, self.arms)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Its measures without those that are costs, if there are others."""
        return tuple(name for name in self.measures if name not in PRICED) or tuple(self.measures)

    @property
    def rule(self) -> Replicates | None:
        """When there are replicates enough; None if their number is given."""
        return self.replicates if isinstance(self.replicates, Replicates) else None

    @property
    def most(self) -> int:
        """Replicates, at most."""
        return self.rule.most if self.rule else int(self.replicates)  # type: ignore[arg-type]

    @property
    def warned(self) -> list[str]:
        """The cautions in English."""
        return [caution.en for caution in self.cautions]

    @property
    def doubts(self) -> list[Note]:
        """What is to be said against the posterior that its factors vary as; see `_warn` for one that is named under `vary`."""
        drawn = self.posterior != NONE and any(factor.draws for factor in self.factors())
        return [doubt for doubt in doubts_of(self.posterior) if str(doubt) not in self.warned] if drawn else []

    @field_serializer("arms")
    def _plain_arms(self, given: dict[str, tuple[Reform, ...]]) -> dict[str, list[dict[str, Any]]]:
        return {name: [as_data(reform) for reform in made] for name, made in given.items()}

    @cached_property
    def base(self) -> Scenario:
        """The scenario of the baseline: with the study's horizon and seed, without reforms."""
        return adapted(self.scenario.with_(interventions=()), seed=self.seed, weeks=self.weeks)

    def all_arms(self) -> dict[str, tuple[Reform, ...]]:
        """Every arm with its reforms: the baseline, the study's own, and the placebo, which has all their reforms at dose 0.

        Reforms that contradict those already in the placebo are left out of it.
        """
        return all_arms(self.arms)

    def compared_arms(self) -> list[str]:
        """The arms of each replicate of a comparison: the baseline, the study's own, and the placebo only if it is compared with."""
        return [BASELINE, *self.arms, *([PLACEBO] if self.vs == PLACEBO else [])]

    def sweep_arms(self) -> list[str]:
        """The arms that are run at every point: the one compared with, then the study's own; no placebo."""
        return [self.vs, *(arm for arm in self.arms if arm != self.vs)]

    def scenario_of(self, arm: str) -> Scenario:
        """The scenario that is run for an arm."""
        return self.base.with_(interventions=self.all_arms()[arm])

    @cached_property
    def _draws(self) -> dict[str, list[float]]:
        return joint_draws(self.posterior, self.base, self.arms, self.base.weeks)

    def drawn(self, replicate: int) -> dict[str, float]:
        """The parameters that a replicate of a comparison takes from the posterior, the same in all arms; empty without one.

        When the draws are used up, the first comes again.
        """
        first = self.first_life(replicate)
        return {name: values[(first - first // BLOCK) % len(values)] for name, values in self._draws.items()}

    @staticmethod
    def first_life(replicate: int) -> int:
        """The replicate of a comparison whose draw and people this one has: its own, but for the last of each block of five, which lives
        the first one's again with luck of its own. So luck can be told from what calibration leaves open, however many there are.

        >>> [Study.first_life(replicate) for replicate in range(10)]
        [0, 1, 2, 3, 0, 5, 6, 7, 8, 5]
        """
        return replicate - (BLOCK - 1) if replicate % BLOCK == BLOCK - 1 else replicate

    def draws_of(self, replicates: int) -> list[int]:
        """For each replicate of a comparison the number of the first one that has its draw; without a posterior, that has its people."""
        first: dict[tuple[float, ...], int] = {}
        return [first.setdefault(tuple(self.drawn(each).values()) or (self.first_life(each),), each) for each in range(replicates)]

    def cities_of(self, replicates: int) -> tuple[list[int], list[float]]:
        """For each replicate of a comparison its draw (see `draws_of`) and its weight; a draw's add up to how often it was drawn.

        Without a posterior luck is all that varies, and each replicate is a case of it by itself.
        """
        if not self._draws:
            return list(range(replicates)), [1.0] * replicates
        draws = self.draws_of(replicates)
        drawn = Counter(draw for replicate, draw in enumerate(draws) if self.first_life(replicate) == replicate)
        lives = Counter(draws)
        return draws, [drawn[draw] / lives[draw] for draw in draws]

    def enough(self) -> int | None:
        """How many replicates a comparison needs for a 5-95 % range; None if its posterior has too few draws."""
        most = range(ENOUGH, (MOST_DRAWS if self._draws else ENOUGH) + 1)
        return next((many for many in most if effective(*self.cities_of(many)) >= ENOUGH - 1e-9), None)

    def factors(self) -> tuple[Factor, ...]:
        """What varies, in the order in which it is written; the columns of the points if `vary` does not say it."""
        return self._factors

    @cached_property
    def _factors(self) -> tuple[Factor, ...]:
        if self.vary is not None:
            return factors_of(self.vary)
        return table_factors(points_table(self.design[POINTS], None)) if self.design else ()

    def points(self) -> Points:
        """The points at which the study is run; one without factors if nothing varies."""
        import pandas as pd

        if self.design is None:
            return Points(np.empty((1, 0)), pd.DataFrame(index=pd.RangeIndex(1, name="point")))
        factors = self.factors()
        return points_of(self.design, factors, group_names(self.groups, factors), self.base.seed)

    def reforms_at(self, arm: str, values: Mapping[str, Any]) -> tuple[Reform, ...]:
        """The reforms of an arm with levers of a point put in; values of parameters are passed over."""
        levers = {name: value for name, value in values.items() if name not in CODEBOOK}
        arms = {name: with_levers(made, levers) for name, made in self.arms.items()}
        return placebo_of(arms) if arm == PLACEBO else {BASELINE: (), **arms}[arm]

    def scenario_at(self, arm: str, values: Mapping[str, Any]) -> Scenario:
        """The scenario that is run for an arm at a point: parameters and levers put in.

        values  of what varies, by name; the others are as the study has them
        InputError if a value is out of range, or if the point's levers contradict each other
        """
        parameters = {name: value for name, value in values.items() if name in CODEBOOK}
        joint = {factor.name for factor in self.factors() if factor.draws}
        sources = {name: POSTERIOR if name in joint else DESIGN for name in parameters}
        return self.base.with_(parameters, sources=sources, interventions=self.reforms_at(arm, values))

    def with_(self, **changed: Any) -> "Study":
        """The study with other values of its keys; a new horizon moves the last of the weeks `at`. InputError as when a file is read."""
        weeks = changed.get("weeks")
        if isinstance(weeks, int) and "at" not in changed:
            changed["at"] = (*(week for week in self.at if week < weeks), weeks) if weeks >= 1 else ()
        return Study(**{key: getattr(self, key) for key in type(self).model_fields} | changed)

    def trial(self, arm: str, **keys: Any) -> TrialResult:
        """A virtual field trial of an arm's reforms in the study's city; keys as in a trial's file: unit, outcomes, endline, ..."""
        treatment = self.arms[known(arm, self.arms, "arm", f"Arms: {', '.join(self.arms)}")]
        keys_of_trial: dict[str, Any] = {"name": f"{self.name}: {arm}", "scenario": self.base, "treatment": treatment} | keys
        return run_trial(Trial(**keys_of_trial))

    def _repr_html_(self) -> str:
        return of_study(self)

    def to_yaml(self) -> str:
        """The study with its scenario written out, as a file that loads back equal."""
        data = {**self.model_dump(mode="json", exclude_none=True), "scenario": self.scenario.as_data()}
        points = data.get("design", {}).pop(POINTS, None)
        if points is None:
            return dump_yaml(data)
        del data["design"]  # a table is written as a block by hand: it can be long, and is easier to read than quoted
        return f"{dump_yaml(data)}design:\n  {POINTS}: |\n{indent(points, '    ')}"


def _under(key: str, check: Callable[..., object], *given: Any) -> None:
    """Let `check` speak of the values of a key."""
    try:
        check(*given)
    except InputError as error:
        raise error.under(key) from None
