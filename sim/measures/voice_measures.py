"""What samples of complainants, people stopped, people arrested and officers answer at each survey (`sim.world.voices`), as measures."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.measures.spans import YEAR, Measure, Over
from sim.world.voices import QUESTIONS

if TYPE_CHECKING:  # which takes long to import
    import xarray as xr

    from sim.measures.labels import RunArrays

BEHIND = "questionnaires of victims, detainees and officers, as ASJ's in Honduras"
UNITS = {
    "complainants": "share of complainants", "stopped": "share of those stopped", "not": "share of those not stopped",
    "arrested": "share of those arrested",
}  # fmt: skip
ABOUT = {
    "complainants_well_treated": "Complainants of the last 52 weeks who say that they were treated well at their last report.",
    "complainants_file_opened": "Complainants who say that an investigation file was opened.",
    "complainants_heard_locally": "Complainants who say that their last report was heard locally.",
    "complainants_solved": "Complainants who say that their last report was solved.",
    "stopped_asked_for_bribe": "People stopped in the last 52 weeks who say that they were asked for a bribe at the last stop.",
    "stopped_treated_fairly": "People who were stopped and say that they were treated fairly at the last stop.",
    "stopped_felt_good": "People who were stopped and say that the last stop felt good.",
    "stopped_felt_bad": "People who were stopped and say that the last stop felt bad.",
    "stopped_trusting": "People who were stopped and answer mucha or algo de confianza.",
    "not_stopped_trusting": "People who were not stopped in the last 52 weeks and answer mucha or algo de confianza.",
    "arrested_asked_for_bribe": "People arrested in the last 52 weeks who say that they were asked for a bribe at the last arrest.",
    "arrested_treated_fairly": "People arrested in the last 52 weeks who say that they were treated fairly at the last arrest.",
    "officers_attitude": "Officers' attitudes by a questionnaire of several items: 1 is what a course teaches.",
    "officers_knowledge": "Officers' knowledge by a test of several items: 1 is what a course teaches.",
    "officers_see_bribes": "Officers who say that a colleague of their squad asked for a bribe at the last stop they saw.",
    "officers_ask_for_bribes": "Officers who say that they themselves asked for a bribe at their last stop.",
}


def heard(question: str) -> Callable[[Over], Any]:
    """The function of such a measure: what the samples answer to a question."""
    return lambda over: over.asked("voices", recall=YEAR)[..., QUESTIONS.index(question)]


VOICE_MEASURES = {
    question: Measure(
        question,
        "0-1" if question in ("officers_attitude", "officers_knowledge") else UNITS.get(question.partition("_")[0], "share of officers"),
        ABOUT[question], BEHIND, heard(question),
    )
    for question in QUESTIONS
}  # fmt: skip


class Heard(NamedTuple):
    """What was answered to a question at the last survey."""

    asked: int  # persons in one sample, the middle of the runs in which somebody was asked; 0: nobody in any
    answers: np.ndarray  # one a run, as the runs of the dataset
    error: float  # standard error of one sample, root mean square of those of all runs; nan where all samples are of one mind


def heard_last(runs: "RunArrays | xr.Dataset") -> dict[str, Heard]:
    """By question; nothing if nobody was asked yet."""
    if not runs.sizes["survey_week"]:
        return {}
    last = [runs.variables[name].values[..., -1, :] for name in ("voices", "voices_asked", "voices_error")]
    found = {}
    for place, question in enumerate(QUESTIONS):
        answers, asked, errors = (values[..., place] for values in last)
        squares = errors[errors > 0.0] ** 2  # a few who say the same do not make an answer certain
        some = asked[asked > 0]
        found[question] = Heard(
            int(np.median(some)) if some.size else 0, answers, float(np.sqrt(squares.mean())) if squares.size else float("nan")
        )
    return found
