"""What trials found beside what the model says of it, before and after, and without each: the tables that people read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.artifacts.posterior import Posterior
from sim.evidence.base import TrialEvidence, TrialFinding
from sim.evidence.fit import TrialFit, left_out, removed
from sim.evidence.protocols import Compared, protocols, reforms_of

NEGLIGIBLE = 0.1  # standard deviations, or share of the untreated mean: less is taken for no effect where a trial found none
TABLES = ("findings", "carrying", "ranges")


@dataclass(frozen=True)
class EvidenceTables:
    """Trials and the model.

    findings   a row a finding that was run again: found and error; low_before, median_before, high_before (prior of what reforms read);
               low, median, high (after all trials; of a checked finding too); of fitted ones predicted_low, predicted, predicted_high, z
               and log_score, all without the study; of checked ones `agrees`
    carrying   a row a kind of tau: 5 %, middle and 95 %
    ranges     a row a reform: what it does to trust, before and after, and the share of the range that trials removed
    posterior  with a draw of what reforms read beside each of the place's
    worth      how many draws of equal weight the posterior tells as much as
    """

    findings: pd.DataFrame
    carrying: pd.DataFrame
    ranges: pd.DataFrame
    posterior: Posterior
    q2: Mapping[str, float]

    @property
    def worth(self) -> float:
        return self.posterior.effective


def tables_of(fitted: TrialFit, posterior: Posterior) -> EvidenceTables:
    """All tables of a fit."""
    scores = left_out(fitted).set_index("finding")
    rows = []
    for protocol in protocols().values():
        for trial, compared in protocol.findings.items():
            for row, one in compared.items():
                if trial in fitted.trials and f"{trial}.{row}" in fitted.predicted:
                    finding, place = fitted.trials[trial].findings[row], f"{trial}.{row}"
                    rows.append(_row(fitted, place, "+".join(reforms_of(protocol)), one, fitted.trials[trial], finding, scores))
    return EvidenceTables(pd.DataFrame(rows), fitted.taus(), removed(fitted), posterior, fitted.surfaces.q2)


def _row(
    fitted: TrialFit, name: str, reform: str, one: Compared, trial: TrialEvidence, finding: TrialFinding, scores: pd.DataFrame
) -> dict[str, object]:
    before, after = (fitted.range_of(name, weights) for weights in (fitted.candidates.prior, fitted.weights))
    row: dict[str, object] = {
        "reform": reform, "trial": trial.id, "study": trial.study_id, "row": name.rpartition(".")[2], "outcome": one.outcome,
        "what": finding.outcome, "unit": one.unit, "use": role_of(one, finding), "found": finding.value, "error": finding.value_error,
        "sign": finding.sign, "low_before": before[0], "median_before": before[1], "high_before": before[2],
        "low": after[0], "median": after[1], "high": after[2],
    }  # fmt: skip
    if name in scores.index:
        score = scores.loc[name]
        row |= {
            "predicted_low": score.low,
            "predicted": score.predicted,
            "predicted_high": score.high,
            "z": score.z,
            "log_score": score.log_score,
        }
    elif row["use"] == "check":
        row["agrees"] = agrees(finding, before)
    return row


def role_of(one: Compared, finding: TrialFinding) -> str:
    """fit, delivery (fitted apart) or check."""
    if finding.use != "fit":
        return "check"
    return "fit" if one.carry else "delivery"


def agrees(finding: TrialFinding, model: tuple[float, float, float]) -> bool:
    """Is what the model said before it saw any trial of the sign that was found; or negligible, where nothing was found?"""
    middle = model[1]
    sign = finding.sign or ("+" if (finding.value or 0.0) > 0.0 else "-")
    return abs(middle) < NEGLIGIBLE if sign == "0" else bool(np.sign(middle) == (1.0 if sign == "+" else -1.0))
