"""What a calibration found, in tables and in the words and numbers of NAME.yaml."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.artifacts.posterior import Posterior
from sim.artifacts.provenance import versions
from sim.artifacts.sources import sources
from sim.calibration.diagnosis import predictive, sensitivity
from sim.calibration.emulators import CUT, Emulators
from sim.calibration.posterior import WeightedDraws
from sim.calibration.result import LEVEL, Calibration, alike, parameter_table, weighted_quantile
from sim.calibration.sampling import effective
from sim.calibration.space import Space
from sim.calibration.waves import Wave
from sim.methods import UNVALIDATED

if TYPE_CHECKING:
    from sim.calibration.calibrate import Calibrator

ABOUT = "Draws of parameters that agree with the targets below; made by confianza calibrate. Weights are relative to their mean."


def described(
    calibrator: "Calibrator", points: pd.DataFrame, emulators: Emulators, waves: list[Wave], whole: WeightedDraws,
    without: Mapping[str, WeightedDraws],
) -> Calibration:  # fmt: skip
    """The posterior with its facts, and all tables."""
    space, effort = calibrator.space, calibrator.effort
    fitted = [factor for factor, kept in zip(space.factors, space.fitted, strict=True) if kept]
    names = [factor.name for factor in fitted]
    unit = pd.DataFrame(whole.unit, columns=space.names)[names]
    own = answers_of(emulators, whole)
    parameters = parameter_table(fitted, unit.to_numpy(), whole.values, whole.weights).merge(rests(emulators, space, whole), on="parameter")
    targets = target_table(emulators, own, whole.weights)
    targets["p"] = predictive(emulators.likelihood, known(emulators, whole), whole.sampled.kappa, whole.weights)
    pairs = alike(names, unit.to_numpy(), whole.weights)
    structures = structure_table(emulators, whole, without)
    facts = {
        "scenario": calibrator.name, "about": ABOUT,
        "parameters": calibrator.scenario.parameters, "adults": calibrator.scenario.city.adults, "seed": space.seed,
        **facts_of(whole),
        "runs": effort.runs, "runs_of_peers": effort.apart(effort.waves), "effort": effort.as_data(),
        "waves": [{"points": wave.points, "prior_left": float(f"{wave.left:.3g}"), "q2": wave.q2} for wave in waves],
        "q2_is": str(UNVALIDATED), "ruled_out_beyond": CUT,
        "targets": {target.id: target.as_data() | _found(targets, target.id) for target in emulators.targets},
        "contraction": {row.parameter: round(row.contraction, 3) for row in parameters.itertuples()},
        "pairs": [{"one": row.one, "other": row.other, "correlation": round(row.correlation, 2)} for row in pairs.itertuples()],
        "structures": {
            row.structure: {"log_evidence": round(row.log_evidence, 2), "error": round(row.error, 2), "weight": float(f"{row.weight:.3g}")}
            for row in structures.itertuples()
        },
        "source_fingerprint": sources(), "versions": versions(),
    }  # fmt: skip
    posterior = Posterior(calibrator.name, tuple(names), whole.values[names].to_numpy(float), whole.weights, facts)
    return Calibration(posterior, unit, parameters, targets, pairs, own, structures, alternatives(posterior, without), points)


def facts_of(draws: WeightedDraws) -> dict[str, Any]:
    """How good draws are."""
    chains = draws.sampled.chains
    low, middle, high = weighted_quantile(draws.sampled.kappa, draws.weights, [(1.0 - LEVEL) / 2.0, 0.5, (1.0 + LEVEL) / 2.0])
    return {
        "draws": len(draws.weights), "effective_draws": round(effective(draws.weights), 1),
        "converged": chains.converged, "mixing": round(chains.mixing, 4), "effective_in_bulk": round(chains.bulk),
        "effective_in_tails": round(chains.tail), "steps": chains.steps, "needs_steps": max(chains.needed, chains.steps),
        "kappa": {"median": round(float(middle), 3), "low": round(float(low), 3), "high": round(float(high), 3)},
    }  # fmt: skip


def alternatives(posterior: Posterior, without: Mapping[str, WeightedDraws]) -> tuple[Posterior, ...]:
    """A posterior for each world without a mechanism."""
    return tuple(
        replace(
            posterior, name=f"{posterior.name}-without-{name}", draws=draws.values[list(posterior.names)].to_numpy(float),
            weights=draws.weights,
            facts={
                **{key: posterior.facts[key] for key in ("scenario", "about", "parameters", "adults", "seed")}, "without": name,
                **facts_of(draws), "source_fingerprint": sources(), "versions": versions(),
            },
        )
        for name, draws in without.items()
    )  # fmt: skip


def structure_table(emulators: Emulators, whole: WeightedDraws, without: Mapping[str, WeightedDraws]) -> pd.DataFrame:
    """A row a structure: how likely the targets are given it, and the share of the weight if all were taken for equally likely before.

    worst   the target that it misses most, in tolerances (misfit)
    """
    draws = {"whole": whole, **{f"without {name}": one for name, one in without.items()}}
    logs = np.array([one.evidence[0] for one in draws.values()])
    weight = np.exp(logs - logs.max())
    rows = []
    for (name, one), share in zip(draws.items(), weight / weight.sum(), strict=True):
        fitted = target_table(emulators, answers_of(emulators, one), one.weights)
        worst = fitted.loc[fitted.misfit.abs().idxmax()]
        rows.append({
            "structure": name, "log_evidence": one.evidence[0], "error": one.evidence[1], "weight": share,
            "effective_draws": effective(one.weights), "converged": one.sampled.chains.converged,
            "worst": worst.pattern, "misfit": worst.misfit,
        })  # fmt: skip
    return pd.DataFrame(rows)


def rests(emulators: Emulators, space: Space, draws: WeightedDraws) -> pd.DataFrame:
    """What the posterior of each fitted parameter rests on, by the draws of the chains: see `sensitivity`."""
    from scipy.special import ndtri

    unit, kappa = draws.sampled.unit, draws.sampled.kappa
    likely, _, _ = emulators.likelihood.of(emulators.predict(unit), np.log(kappa))
    names = [name for name, fitted in zip(space.names, space.fitted, strict=True) if fitted]
    return sensitivity(names, ndtri(np.clip(unit[:, space.fitted], 1e-9, 1.0 - 1e-9)), likely)


def known(emulators: Emulators, draws: WeightedDraws) -> np.ndarray:
    """n x targets: what draws answer on the targets' scales: the mean of their own runs, or the bank's word for what was not run."""
    return np.where(np.isnan(draws.means), emulators.predict(draws.unit), draws.means)


def answers_of(emulators: Emulators, draws: WeightedDraws) -> pd.DataFrame:
    """The same in the patterns' units, a column a measure."""
    answers = known(emulators, draws)
    return pd.DataFrame({target.measure: target.scale.back(answers[:, place]) for place, target in enumerate(emulators.targets)})


def target_table(emulators: Emulators, own: pd.DataFrame, weight: np.ndarray) -> pd.DataFrame:
    """A row a target: what was measured and what the posterior answers, in the pattern's unit.

    misfit  of the posterior's mean, in tolerances on the scale of the comparison
    error   of the emulator there, in tolerances; luck: of one run
    """
    shares = [(1.0 - LEVEL) / 2.0, 0.5, (1.0 + LEVEL) / 2.0]
    rows = []
    for one in emulators.learned:
        target, values = one.target, own[one.target.measure].to_numpy()
        kept = np.isfinite(values)
        low, middle, high = weighted_quantile(values[kept], weight[kept], shares)
        mean = float(np.average(target.scale.to(values[kept]), weights=weight[kept]))
        pattern = target.pattern
        inside = float(weight[kept] @ ((values[kept] >= pattern.low) & (values[kept] <= pattern.high)) / weight[kept].sum())
        rows.append({
            "pattern": target.id, "measure": target.measure, "value": target.value, "tolerance": target.sd,
            "posterior": middle, "low": low, "high": high, "misfit": (mean - target.goal) / target.tolerance, "in_range": inside,
            "q2": one.q2, "q2_is": str(UNVALIDATED), "error": one.error**0.5 / target.tolerance, "luck": one.noise**0.5 / target.tolerance,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _found(fitted: pd.DataFrame, key: str) -> dict[str, Any]:
    """What the posterior answers, for NAME.yaml."""
    row = fitted.set_index("pattern").loc[key]
    return {
        "posterior": {"median": float(f"{row.posterior:.5g}"), "low": float(f"{row.low:.5g}"), "high": float(f"{row.high:.5g}")},
        "misfit": round(float(row.misfit), 2),
        "q2": round(float(row.q2), 4),
    }
