"""Fit what reforms do to what trials found: weights of draws of a posterior together with draws of what no target of a place can see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from sim.artifacts.posterior import Posterior
from sim.calibration.result import weighted_quantile
from sim.engine.running import Execution
from sim.evidence.base import TrialEvidence
from sim.evidence.levers import TOPICS
from sim.evidence.likelihood import Findings, covariance, given_delivery, log_likelihood, weights_of
from sim.evidence.protocols import Protocol, carrying, protocols
from sim.evidence.rerun import DELIVERED, EVERYBODY, rerun
from sim.evidence.surfaces import Surfaces
from sim.inputs.scenario import Scenario
from sim.world.parameters import CODEBOOK

RUNS = 1024  # points at which trials are run again
APIECE = 32  # candidates: draws of what reforms read, for each draw of the posterior
DELIVERIES = 12  # levels of delivery over which its own findings weigh
LOW, HIGH = 0.05, 0.95


def reform_parameters() -> list[str]:
    """Parameters that only reforms read and that are not choices."""
    return [name for name, known in CODEBOOK.items() if known.topic in TOPICS and "fixed" not in known.prior]


@dataclass(frozen=True)
class Candidates:
    """Joint draws before trials are looked at: of what targets fixed, of what reforms read, and of how far findings carry over.

    row     of the posterior's draws, which candidates of one draw share
    prior   weights that sum to 1
    tau     a column a kind of carrying over
    """

    points: pd.DataFrame
    row: np.ndarray
    prior: np.ndarray
    tau: pd.DataFrame

    @classmethod
    def of(cls, posterior: Posterior, weights: np.ndarray, apiece: int, seed: int) -> "Candidates":
        """So many of each draw; what reforms read has the codebook's priors, which fill their space evenly."""
        many = len(posterior.draws) * apiece
        kept = [place for place, name in enumerate(posterior.names) if name not in reform_parameters()]
        row: np.ndarray = np.repeat(np.arange(len(posterior.draws)), apiece)
        known = pd.DataFrame(posterior.draws[row][:, kept], columns=[posterior.names[place] for place in kept])
        drawn = from_priors(many, seed)
        rng = np.random.default_rng([seed, 20])
        tau = {name: np.abs(rng.standard_normal(many)) * kind.scale for name, kind in carrying().items()}
        return cls(pd.concat([known, drawn], axis=1), row, weights[row] / (weights.sum() * apiece), pd.DataFrame(tau))


def from_priors(many: int, seed: int) -> pd.DataFrame:
    """Draws of what reforms read from the codebook's priors (scrambled Sobol points, in an order by lot)."""
    from scipy.stats import qmc  # here, because it takes long to import

    from sim.studies.design.factors import factor

    names = reform_parameters()
    unit = qmc.Sobol(len(names), rng=seed).random(2 ** int(np.ceil(np.log2(many))))
    unit = np.random.default_rng([seed, 21]).permutation(unit)[:many]
    return pd.DataFrame({name: factor(name, CODEBOOK[name].prior).at(unit[:, place]) for place, name in enumerate(names)})


def training_points(posterior: Posterior, weights: np.ndarray, runs: int, seed: int) -> pd.DataFrame:
    """Points at which trials are run again: draws of the posterior, flatter than they weigh, and any value of what reforms read."""
    even = replace(posterior, weights=np.sqrt(weights) / np.sqrt(weights).sum())  # flatter, so that rare draws are learned too
    kept = [place for place, name in enumerate(posterior.names) if name not in reform_parameters()]
    known = pd.DataFrame(even.sample(runs, seed)[:, kept], columns=[posterior.names[place] for place in kept])
    delivered = np.random.default_rng([seed, 22]).random(runs)
    return pd.concat([known, from_priors(runs, seed + 1)], axis=1).assign(**{DELIVERED: delivered})


def by_targets(posterior: Posterior) -> np.ndarray:
    """Weights of a posterior's draws by the targets of its place alone, whether or not trials weighed them since."""
    return posterior.weights if posterior.before is None else posterior.before


def surfaces_of(scenario: Scenario, posterior: Posterior, runs: int, execution: Execution) -> Surfaces:
    """Run all trials again in so many cities of a posterior, into a store that loses nothing, and learn what they come to."""
    points = training_points(posterior, by_targets(posterior), runs, scenario.seed)
    return Surfaces.fit(points, rerun(scenario, points, execution), scenario.seed)


@dataclass(frozen=True)
class TrialFit:
    """Trials and the model.

    trials      the evidence base, or part of it
    parts       logarithms of likelihoods of each study, a value a candidate
    predicted   findings at each candidate: of a delivery, at that which its own rows hold for likely
    """

    trials: Mapping[str, TrialEvidence]
    surfaces: Surfaces
    candidates: Candidates
    parts: Mapping[str, np.ndarray]
    predicted: pd.DataFrame

    @cached_property
    def weights(self) -> np.ndarray:
        """Of candidates, given all studies."""
        return weights_of(self.candidates.prior, list(self.parts.values()))

    def without(self, study: str) -> np.ndarray:
        """Weights of candidates, given all studies but one."""
        return weights_of(self.candidates.prior, [part for name, part in self.parts.items() if name != study])

    def range_of(self, name: str, weights: np.ndarray) -> tuple[float, float, float]:
        """5 %, middle and 95 % of what the model says of a finding or a policy."""
        low, middle, high = weighted_quantile(self.predicted[name].to_numpy(), weights, [LOW, 0.5, HIGH])
        return float(low), float(middle), float(high)

    def taus(self) -> pd.DataFrame:
        """How far findings carry over, before and after: a row a kind."""
        rows = []
        for name, kind in carrying().items():
            values = self.candidates.tau[name].to_numpy()
            low, middle, high = weighted_quantile(values, self.weights, [LOW, 0.5, HIGH])
            rows.append({"carry": name, "reform": kind.reform, "scale": kind.scale, "low": low, "median": middle, "high": high})
        return pd.DataFrame(rows)


def fitted_findings(trials: Mapping[str, TrialEvidence]) -> list[tuple[str, Protocol, Findings, list[str]]]:
    """What is fitted: study, protocol, findings of one trial, and the names of the rows of its delivery."""
    found = []
    for protocol in protocols().values():
        for name, rows in protocol.findings.items():
            if name not in trials:
                continue
            trial = trials[name]
            fitted = {row: one for row, one in rows.items() if trial.findings[row].use == "fit"}
            effects = [row for row, one in fitted.items() if one.carry]
            if effects:
                values, errors = (np.array([getattr(trial.findings[row], key) for row in effects]) for key in ("value", "value_error"))
                carry = tuple(str(fitted[row].carry) for row in effects)
                names = tuple(f"{name}.{row}" for row in effects)
                findings = Findings(names, values, errors, carry, protocol.correlation, trial.freedom)
                found.append((trial.study_id, protocol, findings, [row for row, one in fitted.items() if not one.carry]))
    return found


def fit(
    posterior: Posterior,
    weights: np.ndarray,
    surfaces: Surfaces,
    trials: Mapping[str, TrialEvidence],
    *,
    apiece: int = APIECE,
    seed: int = 0,
) -> TrialFit:
    """Weights of candidates given what trials found; `weights` are those of the posterior's draws by the targets of its place."""
    return weigh(Candidates.of(posterior, weights, apiece, seed), surfaces, trials)


def weigh(candidates: Candidates, surfaces: Surfaces, trials: Mapping[str, TrialEvidence]) -> TrialFit:
    """The same of any candidates: points have a column for each parameter that surfaces read (others are let be)."""
    parts: dict[str, np.ndarray] = {}
    predicted: dict[str, np.ndarray] = {}
    levels = (np.arange(DELIVERIES) + 0.5) / DELIVERIES
    points = candidates.points.assign(**{DELIVERED: 0.5})
    for study, protocol, findings, delivery in fitted_findings(trials):
        tau = candidates.tau[list(findings.carry)].to_numpy()
        noise = np.array([surfaces.error.get(name, 0.0) for name in findings.names])
        if not protocol.delivery:
            model = surfaces.predict(points, findings.names)
            part = log_likelihood(findings, model, tau, noise)
        else:
            own = trials[findings.names[0].rpartition(".")[0]]
            part, model = _given_delivery(surfaces, points, levels, findings, own, delivery, tau, noise, predicted)
        parts[study] = parts.get(study, 0.0) + part
        predicted |= dict(zip(findings.names, model.T, strict=True))
    rest = [name for name in surfaces.learned if name not in predicted]
    predicted |= dict(zip(rest, surfaces.predict(points, rest).T, strict=True))
    return TrialFit(trials, surfaces, candidates, parts, pd.DataFrame(predicted))


def _given_delivery(
    surfaces: Surfaces, points: pd.DataFrame, levels: np.ndarray, findings: Findings, trial: TrialEvidence, delivery: Sequence[str],
    tau: np.ndarray, noise: np.ndarray, predicted: dict[str, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The likelihood of a trial's effects given its delivery, and what the model says of them, in the mean over likely deliveries."""
    names = [f"{trial.id}.{row}" for row in delivery]
    seen = surfaces.at_deliveries(points, levels, names)  # n x k x delivery rows
    delivered: np.ndarray = np.zeros(seen.shape[:2])
    for place, row in enumerate(delivery):
        known = trial.findings[row]
        errors = np.hypot(known.value_error or 0.0, np.sqrt(surfaces.error[names[place]]))
        delivered -= 0.5 * np.square((known.value or 0.0) - seen[:, :, place]) / errors**2
    model = surfaces.at_deliveries(points, levels, findings.names)
    effects = np.stack([log_likelihood(findings, model[:, k], tau, noise) for k in range(len(levels))], axis=1)
    likely = np.exp(delivered - delivered.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    predicted |= dict(zip(names, np.einsum("nk,nkr->rn", likely, seen), strict=True))
    return given_delivery(effects, delivered), np.einsum("nk,nkr->nr", likely, model)


def left_out(fitted: TrialFit) -> pd.DataFrame:
    """Each fitted study predicted without itself: a row a finding.

    low, high   90 % range of what would be found there: the model's range, carrying over and the trial's own error
    z           (found - predicted) / standard deviation of that
    log_score   of the study's findings together, the same in each of its rows
    """
    rows = []
    for study, protocol, findings, _ in fitted_findings(fitted.trials):
        weights = fitted.without(study)
        tau = fitted.candidates.tau[list(findings.carry)].to_numpy()
        score = float(np.log(np.sum(weights * np.exp(fitted.parts[study]))))
        spread = np.sqrt(np.diagonal(covariance(findings, tau), axis1=1, axis2=2))
        rng = np.random.default_rng(7)
        for place, name in enumerate(findings.names):
            model = fitted.predicted[name].to_numpy()
            would = model + spread[:, place] * rng.standard_normal(len(model))
            low, middle, high = weighted_quantile(would, weights, [LOW, 0.5, HIGH])
            mean = float(weights @ would)
            sd = float(np.sqrt(weights @ np.square(would - mean)))
            rows.append({
                "study": study, "finding": name, "reform": protocol.reform, "found": findings.values[place],
                "error": findings.errors[place],
                "predicted": middle, "low": low, "high": high, "z": (findings.values[place] - mean) / sd, "log_score": score,
            })  # fmt: skip
    return pd.DataFrame(rows)


def removed(fitted: TrialFit) -> pd.DataFrame:
    """How much of the range of what a reform does trials removed, a row a reform.

    Effects on the mean answer after two years if all are treated, in standard deviations of answers.
    """
    rows = []
    for name in EVERYBODY:
        before, after = (fitted.range_of(name, weights) for weights in (fitted.candidates.prior, fitted.weights))
        width = 1.0 - (after[2] - after[0]) / (before[2] - before[0])
        rows.append({"reform": name, "low_before": before[0], "median_before": before[1], "high_before": before[2],
                     "low": after[0], "median": after[1], "high": after[2], "removed": width})  # fmt: skip
    return pd.DataFrame(rows)


def joined(fitted: TrialFit, posterior: Posterior, weights: np.ndarray, seed: int) -> Posterior:
    """The posterior with trials: each draw gets one of its candidates, by lot as likely as trials make it, and weighs as all of them do."""
    shares = fitted.weights.reshape(len(posterior.draws), -1)
    own = shares.sum(axis=1)
    luck = np.random.default_rng([seed, 23]).random(len(own))
    cumulative = np.cumsum(shares, axis=1) / np.where(own > 0.0, own, 1.0)[:, None]
    chosen = np.minimum((cumulative < luck[:, None]).sum(axis=1), shares.shape[1] - 1) + np.arange(len(own)) * shares.shape[1]
    table = fitted.candidates.points.iloc[chosen]
    return replace(posterior, names=tuple(table), draws=table.to_numpy(float), weights=own, before=weights / weights.sum())
