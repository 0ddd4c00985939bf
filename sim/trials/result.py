"""What a trial found, done many times: labeled estimates beside the truth, the table people ask for, and the way to disk and back."""

import json
from collections.abc import Mapping, Sequence
from math import nan
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import yaml
from pydantic import BeforeValidator, Json
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

from sim.artifacts.artifact import PROVENANCE, Labeled, MadeFrom
from sim.artifacts.checking import ArtifactKind, Variable, mapping
from sim.artifacts.provenance import how_made, versions
from sim.measures.spread import ENOUGH, Spread, spread
from sim.style import Note, note
from sim.style.html import card, table
from sim.style.html import note as line
from sim.trials.design import Trial
from sim.trials.estimators import ESTIMATORS
from sim.trials.outcomes import OUTCOMES
from sim.trials.power import LEVEL, formula, half_widths, minimal_detectable_effect, p_values, share

if TYPE_CHECKING:  # they take long to import, and not all that is run needs tables
    import pandas as pd
    import xarray as xr

DATASET, TRIAL, SUMMARY, CURVES = "trial.nc", "trial.yaml", "summary.csv", "power.csv"
FILES = (DATASET, TRIAL, PROVENANCE, SUMMARY, CURVES, "power.png", "estimates.png", "spillover.png")
KIND = ArtifactKind("trial", "Make it again: confianza trial TRIAL.yaml --out FOLDER")
TRUTHS = {  # differences between runs with the same luck, means over everybody
    "total": "all units treated minus none",
    "on_treated": "the trial minus nobody treated, in the treated units",
    "on_controls": "the trial minus nobody treated, in the other units",
}
CONTROL = {
    "control_mean": "mean of the untreated", "control_sd": "standard deviation of the untreated",
    "persons": "persons or units whose outcome is known",
}  # fmt: skip
SAMPLED, ESTIMATES = ("replicate", "draw", "outcome", "week", "size"), ("effect", "error", "freedom")
ARRAYS = {name: Variable((*SAMPLED, "estimator"), "f") for name in ESTIMATES}
ARRAYS |= {name: Variable(SAMPLED, "f") for name in CONTROL} | {name: Variable(("replicate", "outcome", "week"), "f") for name in TRUTHS}
ARRAYS |= {name: Variable((name,), kinds) for name, kinds in (("outcome", "OUT"), ("week", "iu"), ("size", "f"), ("estimator", "OUT"))}


class TrialAttributes(TypedDict):
    """The attributes of a trial."""

    title: str
    question: str
    trial: Annotated[dict[str, Any], BeforeValidator(mapping)]
    versions: Json[dict[str, str]]
    source_fingerprint: str
    command: str
    created: str


def labeled(trial: Trial, found: Mapping[str, np.ndarray]) -> "xr.Dataset":
    """All replicates, labeled; `found` by name, a row a replicate."""
    import xarray as xr

    estimates, control, truths = found["estimates"], found["control"], found["truth"]
    dims = ("replicate", "draw", "outcome", "week", "size")
    parts: dict[str, Any] = {
        part: ((*dims, "estimator"), estimates[..., place], {"long_name": text})
        for place, (part, text) in enumerate(
            {"effect": "estimated effect", "error": "standard error", "freedom": "degrees of freedom"}.items()
        )
    }
    more: dict[str, Any] = {name: (dims, control[..., place], {"long_name": text}) for place, (name, text) in enumerate(CONTROL.items())}
    more |= {
        name: (("replicate", "outcome", "week"), truths[:, place], {"long_name": text}) for place, (name, text) in enumerate(TRUTHS.items())
    }
    labels: dict[str, Any] = {
        "outcome": list(trial.outcomes), "week": list(trial.weeks_asked), "size": list(trial.sizes), "estimator": list(ESTIMATORS),
        "replicate": range(len(truths)), "draw": range(trial.draws),
    }  # fmt: skip
    attrs: dict[str, Any] = {"title": trial.name, "question": trial.question, "trial": trial.to_yaml(), "covers": str(covers(len(truths)))}
    attrs |= {**how_made(), "versions": json.dumps(versions())}
    return xr.Dataset(parts | more, {name: list(values) for name, values in labels.items()}, attrs)


def covers(replicates: int) -> Note:
    """In a few sentences, what differs between replicates, and what the numbers say of it."""
    return note("trial_covers") if replicates >= ENOUGH else note("trial_covers_few", many=replicates, enough=ENOUGH)


class TrialResult(Labeled):
    """A trial done many times.

    Truths are paired: the same city with the same luck with all units treated, with none, and as in the trial. `covers` says what
    differs between replicates.

    Parameters
    ----------
    dataset : xarray.Dataset
        Labeled by replicate, draw, outcome, week, size and estimator.

    Raises
    ------
    InputError
        When a folder is loaded whose files are damaged or not those that were written.
    """

    KIND, FILE, FIELDS, ARRAYS = KIND, DATASET, TrialAttributes, ARRAYS
    TEXT, TABLES = MadeFrom("trial", TRIAL), {"summary": SUMMARY, "curves": CURVES}

    def __init__(self, dataset: "xr.Dataset"):
        super().__init__(dataset)
        self.trial = Trial(**yaml.safe_load(dataset.attrs["trial"]))

    @property
    def name(self) -> str:
        """The trial's name."""
        return self.trial.name

    @property
    def replicates(self) -> int:
        """How many times it was done."""
        return int(self.dataset.sizes["replicate"])

    @property
    def covers(self) -> Note:
        """What differs between replicates."""
        return covers(self.replicates)

    def spreads(self, outcome: str, estimator: str = "ancova") -> dict[str, Spread]:
        """The trial as designed: total, on_treated, on_controls, bias and estimate of an outcome, as `summary` explains them."""
        return _spreads(self.dataset.sel(outcome=outcome, estimator=estimator, week=self.trial.endline, size=1.0))

    def summary(self) -> "pd.DataFrame":
        """The trial as designed (its endline, its samples): a row for each outcome and estimator.

        Of the first five: the median; ..._precision, half of its 95 % interval; and ..._q05 and ..._q95, between which nine of ten lie,
        nan with fewer than 20 replicates. All are over replicates, the ends of the estimate over single trials.

        total                the true effect of treating all units instead of none: what a policy would do
        on_treated, on_controls   what the trial does to the treated and to the others, compared with no trial
        bias                 from spillover: on_treated - on_controls - total, without survey noise
        estimate             what an evaluator finds
        error                root mean square of the standard errors; spread: of the estimates round what the trial compares

        Of the next four, shares of trials: ..._low and ..._high, the 95 % interval; ..._hits of ..._trials in which it is so, and as how
        many independent ones these count, ..._worth (see `sim.trials.power.share`).

        power                p < 0.05
        wrong_sign           p < 0.05 with the sign opposite to `total`
        coverage             the 95 % interval contains `total`; coverage_contrast: on_treated - on_controls

        power_formula        by the normal formula, from the mean of on_treated - on_controls and the error
        mde                  minimal detectable effect, (t of 0.975 + t of 0.8) x error
        control_mean, control_sd, effect_size (total / control_sd), mde_size (mde / control_sd), persons
        """
        return self.curves(full=True)

    def curves(self, *, full: bool = False) -> "pd.DataFrame":
        """The same for every week and size; with `full` only for the trial as designed."""
        import pandas as pd

        data = self.dataset.sel(week=[self.trial.endline], size=[1.0]) if full else self.dataset
        rows = []
        for outcome in self.trial.outcomes:
            for estimator in ESTIMATORS[: 3 if len(self.trial.sites) > 1 else 2]:
                for week in data.week.values:
                    for size in data["size"].values:
                        part = data.sel(outcome=outcome, estimator=estimator, week=week, size=size)
                        labels: dict[str, Any] = {"outcome": outcome, "unit": OUTCOMES[outcome].unit, "estimator": estimator}
                        rows.append(labels | {"week": int(week), "size": float(size)} | _row(part))
        return pd.DataFrame(rows)

    def labels(self) -> dict[str, Sequence[Any]]:
        trial = self.trial
        asked = {"outcome": trial.outcomes, "week": trial.weeks_asked, "size": trial.sizes}
        return {"draw": range(trial.draws), **asked, "estimator": tuple(ESTIMATORS)}

    @property
    def root_seed(self) -> int:
        return self.trial.root_seed

    def __repr__(self) -> str:
        return f"<TrialResult '{self.name}': {', '.join(self.trial.outcomes)}; {self.replicates} replicates of {self.trial.draws} samples>"

    def _repr_html_(self) -> str:
        facts = (
            ("Question", self.trial.question),
            ("Outcomes", ", ".join(self.trial.outcomes)),
            ("Runs", f"{self.replicates} replicates of {self.trial.draws} samples"),
        )
        return card(f"Trial: {self.name}", facts, table(self.summary()), line(str(self.covers)))


def _spreads(part: "xr.Dataset") -> dict[str, Spread]:
    """How truths and estimates spread over replicates; `part` by replicate and draw."""
    own = {name: part[name].values for name in TRUTHS}
    own["bias"] = own["on_treated"] - own["on_controls"] - own["total"]
    effect = part.effect.transpose("replicate", "draw").values
    found = spread([_average(each) for each in effect])
    if found.ranged:  # an evaluator has one sample
        singles = spread(effect.ravel())
        found = found._replace(low=singles.low, high=singles.high)
    return {name: spread(values) for name, values in own.items()} | {"estimate": found}


def _row(part: "xr.Dataset") -> dict[str, float]:
    """All that is told of one outcome, estimator, week and size."""
    effect, error, freedom = (part[name].transpose("replicate", "draw").values for name in ("effect", "error", "freedom"))
    total, contrast = part.total.values, (part.on_treated - part.on_controls).values
    known = np.isfinite(error)
    typical, degrees = _average(error**2) ** 0.5, _average(freedom)
    found = np.where(known, p_values(effect, error, freedom) < LEVEL, np.nan)
    spreads = _spreads(part)
    sd, mde = _average(part.control_sd.values), float(minimal_detectable_effect(typical, degrees))
    near, near_contrast = (np.abs(effect - value[:, None]) <= half_widths(error, freedom) for value in (total, contrast))
    told = {"power": found, "wrong_sign": found * (effect * total[:, None] < 0)}
    told |= {"coverage": np.where(known, near, np.nan), "coverage_contrast": np.where(known, near_contrast, np.nan)}
    columns = [each.row(name, f"{name}_") for name, each in spreads.items()] + [share(each).row(name) for name, each in told.items()]
    return {name: value for row in columns for name, value in row.items()} | {
        "error": typical, "spread": _average((effect - contrast[:, None]) ** 2) ** 0.5, "freedom": degrees,
        "power_formula": formula(_average(contrast), typical, degrees), "mde": mde,
        "control_mean": _average(part.control_mean.values), "control_sd": sd,
        "effect_size": spreads["total"].middle / sd if sd > 0 else nan, "mde_size": mde / sd if sd > 0 else nan,
        "persons": _average(part.persons.values),
    }  # fmt: skip


def _average(values: np.ndarray) -> float:
    """The mean of what is known; nan if nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else nan
