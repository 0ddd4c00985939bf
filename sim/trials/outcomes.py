"""What a trial can measure, on whom, and what stands for it in the model."""

from typing import Literal, NamedTuple

from sim.measures.voice_measures import VOICE_MEASURES

Population = Literal["citizens", "officers", "units"]


class Outcome(NamedTuple):
    """An outcome: on whom it is measured, in which unit, and its meaning in a line."""

    population: Population
    unit: str
    text: str


OUTCOMES: dict[str, Outcome] = {
    "share_trusting": Outcome("citizens", "share of adults", "Answer mucha or algo de confianza to the single question"),
    "fairness_scale": Outcome("citizens", "0-1", "Scale of several questions about the police's fairness, with response error"),
    "trust_answer": Outcome("citizens", "0-3", "Answer to the single question: 0 mucha desconfianza to 3 mucha confianza"),
    "effectiveness": Outcome("citizens", "0-1", "Trust in the police's effectiveness, without response error"),
    "unsafe": Outcome("citizens", "share of adults", "Feel unsafe"),
    "visited": Outcome("citizens", "share of adults", "Talked with an officer on community duty since the baseline: delivery"),
    "asked_for_bribe": Outcome("citizens", "share of adults", "Were asked for a bribe at a stop in the last 52 weeks"),
    "reported": Outcome("citizens", "share of victims", "Victims of the last 52 weeks who reported a crime since then"),
    "victims": Outcome("citizens", "share of adults", "Victim of a crime in the last 52 weeks"),
    "knowledge": Outcome("officers", "1 is what a course teaches", "Test of knowledge, with error"),
    "attitude": Outcome("officers", "1 is what a course teaches", "Questionnaire on attitudes and intentions, with error"),
    "fair_stops": Outcome("officers", "share of stops", "Stops conducted fairly, as observers see some stops of each officer"),
    "felt_good": Outcome("officers", "share of stops", "Stops felt as good, as citizens say who are asked after some of each officer"),
    "felt_bad": Outcome("officers", "share of stops", "Stops felt as bad, as citizens say who are asked after some of each officer"),
    "complaints": Outcome(
        "officers", "complaints per officer and year", "Complaints on file since the baseline; every officer's, no sample"
    ),
    "crime_rate": Outcome("units", "crimes per 1,000 adults and year", "Crimes in the unit's places since the baseline, reported or not"),
}

APART = ("officers_attitude", "officers_knowledge", "arrested")  # asked with a trial's own errors; of no sample of citizens or officers
OUTCOMES |= {
    name: Outcome("officers" if name.startswith("officers") else "citizens", one.unit, one.description.rstrip("."))
    for name, one in VOICE_MEASURES.items()
    if not name.startswith(APART)
}
