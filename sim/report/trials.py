"""The heart of a page about a trial, as `confianza trial` left it: how often it finds its effect, what is true, what an evaluator finds."""

from typing import Any

from sim.report.assumed import dated_table
from sim.report.card import AnswerCard, CardLine
from sim.report.comparison_tables import difference_unit
from sim.report.parts import PageContent, PageTable, Picture, Section, embedded
from sim.report.studied import made
from sim.report.words import Text, Words, decimals, scale
from sim.trials.outcomes import OUTCOMES
from sim.trials.power import WANTED, Share
from sim.trials.result import TRUTHS, TrialResult

SHOWN = "ancova"
TOLD = (*TRUTHS, "bias", "estimate")


def findings(result: TrialResult, words: Words) -> PageContent:
    """Everything that a trial says."""
    attrs, trial = result.dataset.attrs, result.trial
    scenario, label = trial.scenario.as_data(), words["facts"]
    about = [(label["scenario"], words.written(trial.scenario.name).text), (label["replicates"], words.number(result.replicates))]
    return PageContent(
        title=words.written(result.name).text,
        question=words.written(trial.question) if trial.question else Text(words["trial"]["no_question"], words.language),
        card=answer_card(result, words),
        caution=words.said(result.covers).text,
        sections=sections(result, words),
        facts=[*about, *made(result.root_seed, attrs, words)],
        commands=(f"confianza trial trial.yaml --out {words['page']['again']}",),
        scenario=scenario,
        dated=dated_table({**scenario, "interventions": trial.model_dump()["treatment"]}, words),
        study=trial.model_dump(include={"sources", "references"}),
    )


def called(outcome: str, words: Words) -> str:
    """What an outcome is called."""
    return words["plots_trial"].get(f"outcome:{outcome}") or words.measure(outcome).replace("_", " ")


def named(outcome: str, words: Words) -> str:
    """An outcome with the unit of its differences."""
    unit = OUTCOMES[outcome].unit
    said = words["plots_trial"].get(f"unit:{unit}") or difference_unit(unit, words)
    return f"{called(outcome, words)} ({said})"


def power_of(row: Any, words: Words, name: str = "power") -> str:
    """Of 100 trials, how many find it, with the interval of that; of too few trials, in how many of them."""
    own = Share.read_off(row, name)
    if not own.trials:
        return "-"
    if not own.told:
        return words.say("answer.count", count=words.number(own.hits), of=words.number(own.trials))
    low, high = (words.number(100 * each, 0) for each in (own.low, own.high))
    return f"{words.number(100 * own.rate, 0)} ({words.say('answer.numbers', low=low, high=high)})"


def answer_card(result: TrialResult, words: Words) -> AnswerCard:
    """The first screen: of each outcome what is true, what an evaluator finds, in how many of 100 trials, and the least that is found."""
    said, trial, lines = words["trial"], result.trial, []
    rows = result.summary().query("estimator == @SHOWN").set_index("outcome")
    for outcome, row in rows.iterrows():
        factor = scale(OUTCOMES[str(outcome)].unit)
        spreads = {name: own.times(factor) for name, own in result.spreads(str(outcome)).items()}
        verdict = said["enough" if row.power >= WANTED else "weak"] if Share.read_off(row, "power").told else said["open"]
        mde = words.number(factor * row.mde, decimals(factor * row.mde, float("nan")))
        cells = [*(words.spread(spreads[name], sign=True) for name in ("total", "estimate")), power_of(row, words), mde]
        lines.append(CardLine(named(str(outcome), words), verdict, cells))
    main = trial.outcomes[0]
    about = {"outcome": called(main, words), "power": power_of(rows.loc[main], words)}
    cities = words.say("trial.done", many=words.number(result.replicates), draws=words.number(trial.draws))
    weeks = words.duration(trial.weeks or trial.scenario.weeks)
    return AnswerCard(
        about=words.say("card.about", scenario=words.written(trial.scenario.name).text, duration=weeks, cities=cities),
        finding=words.say("trial.finding", **about) if Share.read_off(rows.loc[main], "power").told else said["finding_open"],
        heads=[said[key] for key in ("outcome", "total", "estimate", "power", "mde")],
        lines=lines,
        notes=[words.say("trial.usual", wanted=words.number(100 * WANTED, 0))],
    )


def sections(result: TrialResult, words: Words) -> list[Section]:
    """What stands below the card: by sample and duration, what is true, what spills over."""
    from sim.figures.trial import FIGURES  # here, because matplotlib takes long to import

    said = words["trial"]["sections"]
    inside = words.figure("plots_trial")
    drawn = {file.partition(".")[0]: embedded(draw(result, inside)) for file, draw in FIGURES.items()}
    shown = {name: Picture(said[name]["title"], said[name]["caption"], said[name]["alt"], source) for name, source in drawn.items()}
    tables = {
        "power": [power_table(result, words)],
        "estimates": [estimators_table(result, words)],
        "spillover": [truth_table(result, words)],
    }
    return [Section(said[name]["title"], pictures=[shown[name]] if name in shown else (), tables=own) for name, own in tables.items()]


def power_table(result: TrialResult, words: Words) -> PageTable:
    """In how many of 100 trials the effect is found, by outcome, size and duration; and the least effect that is found."""
    rows = []
    for row in result.curves().query("estimator == @SHOWN").to_dict("records"):
        factor = scale(OUTCOMES[row["outcome"]].unit)
        mde = words.number(factor * row["mde"], decimals(factor * row["mde"], float("nan")))
        cells = [words.number(row["week"]), words.number(row["size"]), words.number(row["persons"], 0), power_of(row, words), mde]
        rows.append([named(row["outcome"], words), *cells])
    columns = [words["trial"]["outcome"], words["columns"]["week"], *(words["trial"][key] for key in ("size", "persons", "power", "mde"))]
    return PageTable(words["trial"]["curves"], columns, rows, frozenset(range(1, 6)))


def estimators_table(result: TrialResult, words: Words) -> PageTable:
    """The trial as designed: a row for each outcome and estimator."""
    rows = []
    for row in result.summary().to_dict("records"):
        factor = scale(OUTCOMES[row["outcome"]].unit)
        error = words.number(factor * row["error"], decimals(factor * row["error"], float("nan")))
        cells = [power_of(row, words, name) for name in ("coverage", "power", "wrong_sign")]
        rows.append([named(row["outcome"], words), row["estimator"], error, *cells])
    keys = ("outcome", "estimator", "error", "coverage", "power", "wrong_sign")
    return PageTable(words["trial"]["designed"], [words["trial"][key] for key in keys], rows, frozenset(range(2, 6)))


def truth_table(result: TrialResult, words: Words) -> PageTable:
    """What is true and what the trial compares, outcome by outcome."""
    rows = []
    for outcome in result.trial.outcomes:
        spreads, factor = result.spreads(outcome), scale(OUTCOMES[outcome].unit)
        rows.append([named(outcome, words), *(words.spread(spreads[name].times(factor), sign=True) for name in TOLD)])
    columns = [words["trial"][key] for key in ("outcome", *TOLD)]
    return PageTable(words["trial"]["truths"], columns, rows, frozenset(range(1, 1 + len(TOLD))))
