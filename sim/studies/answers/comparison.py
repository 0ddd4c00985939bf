"""What a comparison found: labeled arms side by side, the tables people ask for, and the way to disk and back."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import xarray as xr
import yaml
from pydantic import BeforeValidator, Json

from sim.artifacts.artifact import PROVENANCE, Labeled, MadeFrom, check_weeks
from sim.artifacts.checking import ArtifactKind, Variable, mapping
from sim.artifacts.results import ARRAYS, LABELS, ResultsAttributes, provenance
from sim.errors import InputError, counted
from sim.inputs import map_notes
from sim.measures.harvest import WEIGHT
from sim.measures.spans import years_paid
from sim.measures.spread import ENOUGH, LEAST_LIVES, effective
from sim.measures.voice_measures import VOICE_MEASURES
from sim.studies.design.posteriors import doubts_of
from sim.studies.design.study import Study
from sim.studies.running import effects, lives
from sim.studies.running.runs import PERSONS
from sim.style import Note, note, sentences
from sim.style.html import card, table

DATASET, STUDY = "comparison.nc", "study.yaml"
KIND = ArtifactKind("comparison", "Make it again: confianza compare STUDY.yaml --out FOLDER", schema=2)
SIDE_BY_SIDE = {
    name: Variable(("arm", *one.dims), one.kinds) if one.dims[0] == "replicate" and name != "seed" else one for name, one in ARRAYS.items()
}
SIDE_BY_SIDE |= {name: Variable(("arm", "replicate", *dims), "f") for name, (dims, _, _) in (PERSONS | WEIGHT).items()}
SIDE_BY_SIDE |= {"arm": Variable(("arm",), "OUT"), "person": Variable(("person",), "iu")}
FIGURES = ("effects", "ledger", "gainers", "places", "conduct")
TABLES = (*FIGURES, "costs", "voices")
FILES = (DATASET, STUDY, PROVENANCE, *(f"{name}.csv" for name in TABLES), *(f"{name}.png" for name in FIGURES))


def with_cities(dataset: xr.Dataset, study: Study) -> xr.Dataset:
    """The dataset with the city that each replicate is a life of: number and weight of its draw."""
    draw, weight = study.cities_of(dataset.sizes["replicate"])
    texts = {"draw": (draw, "first replicate with the same draw of parameters"), "weight": (weight, "share of the draw's weight")}
    return dataset.assign_coords({name: ("replicate", values, {"long_name": text}) for name, (values, text) in texts.items()})


class ComparisonAttributes(ResultsAttributes):
    """The attributes of a comparison."""

    study: Annotated[dict[str, Any], BeforeValidator(mapping)]
    budget: Json[dict[str, float]]
    placebo_differs: Json[list[str]]


def described(dataset: xr.Dataset, asked: Study, resolved: Study) -> xr.Dataset:
    """The dataset with where it comes from as attributes.

    asked     the study as it was written
    resolved  the study as it was run, doses scaled to the budget
    """
    attrs = provenance(resolved.base, dataset.sizes["officer"])
    budget = {} if asked.budget is None else asked.budget.model_dump(exclude_none=True)
    attrs |= {"title": asked.name, "question": asked.question, "study": resolved.to_yaml(), "budget": json.dumps(budget)}
    return dataset.assign_attrs(attrs)


class Comparison(Labeled):
    """Arms side by side.

    Differences are paired: replicate r of an arm minus replicate r of the arm it is compared with, which has the same seed and
    shares its luck decision by decision. If the study has a posterior, replicates are lives of possible cities, each a draw of it: what
    calibration leaves open lies between cities, luck between lives of one; if not, luck alone is between replicates (see `covers`). Tables
    have the middle and the range over cities (`q05`, `q95`), luck taken off where some were lived twice: it stays however many there are;
    and the precision of the middle, which shrinks with each and is no such range (see `sim.measures.spread`).

    Parameters
    ----------
    dataset : xarray.Dataset
        That of `sim.Results` with one more dimension, `arm`.

    Raises
    ------
    InputError
        When a folder is loaded whose files are damaged or not those that were written.
    """

    KIND, FILE, FIELDS, ARRAYS = KIND, DATASET, ComparisonAttributes, SIDE_BY_SIDE
    TEXT, TABLES = MadeFrom("study", STUDY), {name: f"{name}.csv" for name in TABLES}

    def __init__(self, dataset: xr.Dataset):
        self.study = Study(**yaml.safe_load(dataset.attrs["study"]))
        self.dataset = dataset if "weight" in dataset.coords else with_cities(dataset, self.study)

    @property
    def name(self) -> str:
        """The study's name."""
        return self.study.name

    @property
    def arms(self) -> list[str]:
        """The arms of every replicate: the baseline and the study's own (and the placebo, if it is the one compared with)."""
        return [str(arm) for arm in self.dataset.arm.values]

    @property
    def compared(self) -> list[str]:
        """The arms that have effects: all but the one compared with."""
        return [arm for arm in self.arms if arm != self.study.vs]

    @property
    def replicates(self) -> int:
        """How many replicates each arm has."""
        return int(self.dataset.sizes["replicate"])

    def effects(self) -> pd.DataFrame:
        """Paired effects: a row for each arm, measure and week.

        week                 effects are read at its end, over the 52 weeks before (or since week 0)
        effect               median over possible cities of the paired difference
        precision            of that middle: half of its 95 % interval; arithmetic alone
        q05, q95             between them lie nine of ten cities; nan with fewer than 20 effective draws
        share_with_sign      share of cities whose effect has the sign of the middle; share_low, share_high: its 95 % interval
        level_from, level_to  the measure in the median city of the arm compared with, and that with the effect added
        mean                 mean over cities
        variance_calibration, variance_luck, variance_arithmetic  between cities, of luck in one run, and of the middle; the first two are
                             nan where no city was lived twice: luck is in the range then
        replicates           how many runs there are
        effective_draws      how many draws of equal weight they are worth, since some share a draw of the posterior
        variance_reduction   variance of the difference with different luck (and, with a posterior, different parameters), over that
                             of the paired difference. The former is measured, by pairing replicate r of the arm with every r' != r
                             of the other
        """
        return effects.effects(self.dataset, self.study.measures, self.study.at, self.study.vs)

    def costs(self) -> pd.DataFrame:
        """What each arm costs more than the one it is compared with, over the horizon: officer-weeks and thousand pesos, each with its
        precision and range over cities; and per measure the effect at the end, and thousand pesos per unit of it: money by effect, both in
        the middle (nan unless the effect's range leaves 0 out, or, with too few draws for one, 5 cities or more all have its sign;
        negative if the arm lowers the measure), with the range over cities.
        """
        return effects.costs(self.dataset, self.study.measures, self.study.vs)

    @property
    def each(self) -> float:
        """What turns thousand pesos of the city over the horizon into pesos an adult and year, and officer-weeks into those of 1,000 adults
        a year, or in all weeks if they are fewer: no amount is shown for a city of a size that is nobody's.
        """
        return 1000 / years_paid(self.weeks) / int(self.dataset.attrs["adults"])

    @property
    def weeks(self) -> int:
        """Weeks after the spin-up."""
        return int(self.dataset.week[-1]) + 1

    def paid(self) -> pd.DataFrame:
        """`costs` of the arms that have effects, so much an adult (1,000 adults) and year, or in all weeks if they are fewer."""
        table = self.costs().query("arm in @self.compared").reset_index(drop=True)
        amounts = table.columns[table.columns.str.match("officer_weeks|money")]
        return table.assign(**self.each * table[amounts])

    def ledger(self) -> pd.DataFrame:
        """Why trust moved: for each arm and cause, the change of mean trust from week 0 to the last year, and the paired difference of all
        that was booked to the cause until then (effect, precision, q05, q95, mean). What is booked within the last year counts for the
        share of it that comes after. Means of an arm add up to its mean effect on trust in the last year; middles need not.
        """
        return effects.ledger(self.dataset, self.study.vs)

    def net_effect(self) -> xr.DataArray:
        """Paired effect on mean trust in the last year; replicate x arm."""
        last = effects.differences(effects.at_week(self.dataset, "mean_trust", self.weeks), self.study.vs)
        return last.sel(arm=self.compared).transpose("replicate", "arm")

    def gainers(self) -> pd.DataFrame:
        """Who gains and who loses at the end, from the cities whose people lived twice: a person's effect is the mean over both lives of
        trust in the arm minus trust in the arm compared with, which has the same luck. A row for each arm.

        share_gaining, share_losing  share of adults whose effect is beyond 0.01: mean over cities; its precision, half of its 95 % t
                                     interval; the range over cities (q05, q95), nan with fewer than 20. nan if no people lived twice
        floor_gaining, floor_losing  what luck alone makes of the same mean: shares beyond 0.01 of half of what the two lives differ by
        q05 to q95                   quantiles of effects over a city's adults, means over cities
        lives                        cities whose people lived twice: one for each five replicates
        """
        return lives.gainers(self.dataset, self.study.vs)

    def conduct(self) -> pd.DataFrame:
        """What courses and reforms do to officers: knowledge, attitude, behavior and conduct in the last year of the spin-up
        ("before"), in the first year (nan if it overlaps with the last) and in the last; middles with precision and the range over cities.
        """
        return effects.conduct(self.dataset)

    def voices(self) -> pd.DataFrame:
        """What samples of complainants, of people who were stopped or not, and of officers answered at the last survey: a row for each arm
        and question, as in `sim.Results.voices`, and the paired difference from the arm compared with (effect, precision, q05, q95).
        """
        return effects.voices(self.dataset, self.study.vs)

    def places(self) -> pd.DataFrame:
        """Where trust changes: for each arm and tenth of the cells, from that with the least crime without the arm to that with the most,
        the difference in the mean trust of their residents in the last year (effect, precision, q05, q95), and what these places are.

        Homes and places differ between cities, so that a mean over maps would show nothing.
        """
        known = map_notes.stated(self.study.base.as_data())
        return effects.places(self.dataset, self.study.vs).assign(places=f"stated: {', '.join(known)}" if known else "invented")

    def differing(self) -> list[str]:
        """The variables in which the placebo differed from the baseline in any week or place of the first replicate, where it was lived."""
        return list(json.loads(self.dataset.attrs["placebo_differs"]))

    def placebo_is_exact(self) -> bool:
        """Did a reform of dose 0 change nothing at all? Every series, survey and map of one replicate was compared bit for bit."""
        return not self.differing()

    def require_exact_placebo(self) -> None:
        """InputError, which should never be seen, if the placebo differs from the baseline."""
        if found := self.differing():
            message = f"the placebo (every reform at dose 0) differs from the baseline in {', '.join(found)}."
            raise InputError(message, "This is a fault of the program, not of the study: no effect can be trusted. Please report it.")

    def rule(self) -> str:
        """In a sentence, why there are as many replicates as there are."""
        given = self.study.rule
        if not given:
            return f"{counted(self.replicates, 'replicate')} of every arm, as asked."
        widths = effects.precisions(self.dataset, given.until.effect, self.study.vs)
        widest = max(widths[arm] for arm in self.compared)
        reached = "reached" if widest <= given.until.half_width else "NOT reached"
        apart = "how far cities differ" if self.varies == "draws" else "how far luck goes"
        return (
            f"{self.replicates} replicates of every arm: looked after 8, then after every 4, until the precision of the middle of every "
            f"arm's effect on {given.until.effect} at the end was {given.until.half_width:g} or better ({reached}: {widest:.3g}) or there "
            f"were {given.most}. The rule asks how exactly the middle is known, not {apart}. Stopping as soon as it looks good "
            "makes the precision look slightly better than it is."
        )

    @property
    def varies(self) -> str:
        """What differs between cities: "draws" of a posterior, or "luck" alone where each replicate is one by itself."""
        return "draws" if self.study.drawn(0) else "luck"

    @property
    def ranged(self) -> bool:
        """Are there enough draws for a 5-95 % range?"""
        return self.effective >= ENOUGH - 1e-9  # weights are shares

    @property
    def effective(self) -> float:
        """How many draws of equal weight the replicates are worth."""
        return effective(self.dataset.draw.values, self.dataset.weight.values)

    @property
    def lived(self) -> tuple[int, int]:
        """How many possible cities there are, and how many of them were lived more than once."""
        lives = np.unique(self.dataset.draw.values, return_counts=True)[1]
        return lives.size, int((lives > 1).sum())

    @property
    def luck_known(self) -> bool:
        """Were enough cities lived more than once to know luck, so that it is taken off?"""
        return self.replicates - self.lived[0] >= LEAST_LIVES

    def varying(self) -> list[Note]:
        """What differs between replicates, what the range holds (or what it takes to have one), and what is not in it."""
        cities, twice = self.lived
        if self.varies == "luck":
            said = [note("varies_luck")]
        else:
            said = [note("varies_cities", posterior=Path(self.study.posterior).stem, cities=cities)]
            said += doubts_of(self.study.posterior)
            said.append(note("luck_off", twice=twice) if self.luck_known else note("luck_in", lives=5 * LEAST_LIVES))
        if self.ranged:
            said.append(note("range_draws" if self.varies == "draws" else "range_luck"))
        else:
            enough = self.study.enough()
            said.append(note("range_takes", cities=cities, enough=enough) if enough else note("range_never"))
        said += [note("voices_sampled")] * any(name in VOICE_MEASURES for name in self.study.measures)
        return said + [note("sign_and_precision")] * (self.replicates > 1)

    def covers(self) -> str:
        """What varies between replicates and what the range covers, in a few sentences."""
        return " ".join(sentences(self.varying()))

    def labels(self) -> dict[str, Sequence[Any]]:
        return {**LABELS, "arm": self.study.compared_arms()}

    def check(self, path: Path) -> None:
        check_weeks(self.dataset, path, KIND)

    def as_json(self) -> dict[str, Any]:
        facts = {"rule": self.rule(), "covers": self.covers(), "cautions": self.study.warned}
        return facts | {"replicate_seeds": self.dataset.seed.values.tolist(), "placebo_is_exact": self.placebo_is_exact()}

    def __repr__(self) -> str:
        return f"<Comparison '{self.name}': {', '.join(self.arms)}; {self.replicates} replicates>"

    def _repr_html_(self) -> str:
        facts = (
            ("Question", self.study.question),
            ("Arms", ", ".join(self.arms)),
            ("Compared with", self.study.vs),
            ("Runs", f"{self.replicates} replicates of {self.study.base.weeks:,} weeks of every arm"),
            ("How to read it", self.covers()),
            ("Own code", ", ".join(json.loads(self.dataset.attrs.get("own_code", "{}")))),
        )
        last = self.study.at[-1]
        shown = self.effects()
        shown = shown[(shown.week == last) & shown.arm.isin(self.compared)].drop(columns=["week", "replicates", "effective_draws"])
        return card(f"Comparison: {self.name}", facts, table(shown, caption=f"Paired effects at the end of week {last}"))
