"""The heart of a page about pattern checks alone, as `confianza validate` left them: what the model reproduces and what it does not."""

from typing import Any

from sim.inputs.scenario import load_scenario, shipped_scenarios
from sim.report.assumed import bounds, dated_table
from sim.report.card import AnswerCard, CardLine
from sim.report.parts import PageContent
from sim.report.words import Text, Words, decimals
from sim.validation.record import Validation


def scenario_of(name: str) -> dict[str, Any]:
    """The shipped scenario with a name; of another one the name is all that is known."""
    shipped = (load_scenario(each) for each in shipped_scenarios())
    return next((each.as_data() for each in shipped if each.name == name), {"name": name, "city": {}})


def findings(found: Validation, words: Words) -> PageContent:
    """Everything that checks say; of a scenario that is not shipped its name is all that is known."""
    scenario = scenario_of(found.scenario)
    judged = {finding.pattern.id for finding in found.findings if finding.passed is not None}
    missed = {finding.pattern.id: finding for finding in reversed(found.failed())}
    lines = []
    for finding in found.failed():
        pattern, places = finding.pattern, decimals(finding.value, float("nan"))
        low, high = (end if end is not None else float("nan") for end in (pattern.low, pattern.high))
        way = words["verdicts"]["too_low" if finding.value < low else "too_high" if finding.value > high else "fails"]
        name = words.translate("patterns", pattern.id, pattern.text).text
        lines.append(CardLine(f"{pattern.id}, {name}", way, [words.number(finding.value, places), bounds(low, high, words)]))
    about = words.say("page.checks_of", name=words.written(found.scenario).text, replicates=words.number(found.draws))
    label = words["facts"]
    facts = [(label["scenario"], words.written(found.scenario).text), (label["seed"], str(found.seed))]
    return PageContent(
        title=words.written(found.scenario).text,
        question=Text(words["page"]["checks_question"], words.language),
        card=AnswerCard(
            about=about,
            finding=words.say("page.checks_sum", passed=len(judged) - len(missed), judged=len(judged)),
            heads=[words["columns"][key] for key in ("pattern", "found", "wanted")],
            lines=lines,
        ),
        caution=words["page"]["checks_note"],
        sections=[],
        facts=[*facts, (label["fingerprint"], found.source_fingerprint)],
        commands=("confianza validate scenario.yaml --out .",),
        scenario=scenario,
        dated=dated_table(scenario, words),
    )
