"""The heart of a report about a study, as `confianza compare` left it: which reform changes what, and how far that differs."""

import json
from collections.abc import Mapping

import yaml

from sim.measures import MEASURES
from sim.measures.spread import Spread, read_off
from sim.report import consequences
from sim.report.assumed import arms_table
from sim.report.comparison_tables import (
    TRUST,
    brackets_of,
    conduct_table,
    cost_table,
    difference_unit,
    digits,
    effect,
    effects_table,
    end_of,
    gainers_table,
    start,
    trust_table,
    voices_table,
)  # fmt: skip
from sim.report.parts import PageContent, Picture, embedded
from sim.report.runs import common_facts
from sim.report.words import Text, Words, decimals
from sim.studies.answers.comparison import Comparison
from sim.studies.design.study import BASELINE
from sim.studies.running.effects import over_cities
from sim.world.parameters import CODEBOOK

BESIDE = ("share_trusting", "reporting_rate", "incidence")  # measures that the answer mentions beside trust, if the study asks for them


def findings(comparison: Comparison, words: Words) -> PageContent:
    """Everything that a comparison says."""
    attrs = comparison.dataset.attrs
    title, names = words.written(comparison.name).text, display_names(comparison, words)
    table = comparison.effects()
    exact = comparison.placebo_is_exact()
    nothing = names[BASELINE]
    warnings = () if exact else (words.say("answer.placebo_broken", baseline=nothing),)
    asked = words.written(comparison.study.question) if comparison.study.question else Text(words["page"]["no_question"], words.language)
    placebo = [words.say("answer.placebo_exact", baseline=nothing)] if exact else []
    varying = frozenset(comparison.study.drawn(0))
    return PageContent(
        title=title,
        question=asked,
        answer=[*answer(comparison, names, words), *consequences.sentences(comparison, names, words), *budget(comparison, words), *placebo],
        caution=caution(comparison, words),
        tables=[
            *trust_table(comparison, table, names, words),
            effects_table(comparison, names, words),
            *cost_table(comparison, names, words),
        ],
        details=[gainers_table(comparison, names, words), conduct_table(comparison, names, words), *voices_table(comparison, names, words)],
        pictures=pictures(comparison, names, words),
        facts=facts(comparison, names, words),
        commands=(f"confianza compare study.yaml --out {words['page']['again']}",),
        scenario=yaml.safe_load(attrs["scenario"]),
        study=comparison.study.model_dump(include={"sources", "references", "cautions"}),
        dated=arms_table(yaml.safe_load(attrs["study"])["arms"], names, words, varying),
        varying=varying,
        warnings=warnings,
    )


def caution(comparison: Comparison, words: Words) -> str:
    """What varies and what the ranges hold, or what it takes to have any; what is not in them; what precision is."""
    if comparison.replicates < 2:
        return words["page"]["one_replicate"]
    said = [words.said(each).text for each in comparison.varying() if each.id != "sign_and_precision"]
    if drawn := comparison.study.drawn(0):
        left = [name for name, known in CODEBOOK.items() if known.status == "contested" and name not in drawn]
        said.append(words.say("page.left", names=words.say("page.left_names", names=", ".join(left)) if left else ""))
    else:
        said.append(words["page"]["left_luck"])
    return " ".join([*said, words["page"]["precision"]])


def display_names(comparison: Comparison, words: Words) -> dict[str, str]:
    """What each arm is called on the page; its own name if two would be called the same."""
    names = {arm: words.reform(arm) for arm in comparison.arms}
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {arm: arm if name in twice else name for arm, name in names.items()}


def said(found: Spread, comparison: Comparison, words: Words) -> dict[str, str]:
    """An effect as words for a sentence: its middle, its range, and in how many of what its sign is this one."""
    places = decimals(found.middle, found.roughness)
    values = {"change": words.number(found.middle, places, sign=True), "size": words.number(abs(found.middle), places)}
    values["count"], values["of"] = map(words.number, found.counted)
    return values | words.ends(found, sign=True) | {"cities": words["answer"][f"cities_{comparison.varies}"]}


def answer(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[str]:
    """What each arm does to trust, which does most, and what becomes of other measures."""
    found = {arm: effect(comparison, arm, TRUST) for arm in comparison.compared}
    before, parts = start(comparison, TRUST), []
    for arm, own in found.items():
        levels = {"start": words.number(before, 3), "end": words.number(before + own.middle, 3)}
        parts.append(words.say(f"answer.arm_{own.verdict}", arm=names[arm], **levels, **said(own, comparison, words)))
    duration, against = words.duration(end_of(comparison)), names[comparison.study.vs]
    sentences = [words.say("answer.after", duration=duration, baseline=against, parts="; ".join(parts))]
    sentences += best(comparison, found, names, words)
    beside = [other(comparison, measure, names, words) for measure in BESIDE if measure in comparison.study.measures]
    if beside and comparison.replicates > 1:
        beside.append(words.say("answer.brackets", brackets=brackets_of(comparison, words)))
    return sentences + beside


def best(comparison: Comparison, found: Mapping[str, Spread], names: Mapping[str, str], words: Words) -> list[str]:
    """Which arm raises trust most, and whether its lead over the next is clear."""
    if comparison.replicates < 2 or len(found) < 2:
        return []
    first, second = sorted(found, key=lambda arm: -found[arm].middle)[:2]
    if not (found[first].clear and found[first].middle > 0):
        return [words["answer"]["none_best"]]
    lead = effect(comparison, first, TRUST, second)
    key = "best_unsure" if not lead.clear else "best" if lead.ranged else "best_few"
    return [words.say(f"answer.{key}", arm=names[first], other=names[second], **said(lead, comparison, words))]


def other(comparison: Comparison, measure: str, names: Mapping[str, str], words: Words) -> str:
    """What the arms do to another measure, in a sentence: from what to what, and the difference."""
    before, unit, parts = start(comparison, measure), MEASURES[measure].unit, []
    places, effects = decimals(before, before / 100), {arm: effect(comparison, arm, measure) for arm in comparison.compared}
    for arm, own in effects.items():
        change = words.spread(own, sign=True, counted=True, places=digits(effects.values()))
        parts.append(words.say("answer.other_part", arm=names[arm], level=words.number(before + own.middle, places), change=change))
    said = {"measure": words.measure(measure), "start": words.number(before, places), "level": words.unit(unit)}
    said |= {"unit": difference_unit(unit, words), "baseline": names[comparison.study.vs]}
    return words.say("answer.other", **said, parts="; ".join(parts))


def budget(comparison: Comparison, words: Words) -> list[str]:
    """What every arm may cost, if the study has a budget."""
    given = json.loads(comparison.dataset.attrs["budget"])
    return [words.say("answer.budget", amount=words.number(value), unit=words["columns"][key]) for key, value in given.items()]


def facts(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[tuple[str, str]]:
    """Where the comparison comes from."""
    label, study = words["facts"], comparison.study
    before = [
        (label["study"], words.written(comparison.name).text),
        (label["arms"], "; ".join(names.values())),
        (label["baseline"], names[study.vs]),
    ]
    rule = study.rule
    if rule:
        said_rule = words.say(
            "facts.rule_text", measure=words.measure(rule.until.effect), width=words.number(rule.until.half_width), most=rule.most
        )
        before.append((label["rule"], said_rule))
    scenario = yaml.safe_load(comparison.dataset.attrs["scenario"])
    return [*before, *common_facts(comparison.dataset, scenario, words)]


def renamed(comparison: Comparison, names: Mapping[str, str], words: Words) -> Comparison:
    """The same comparison with arms called as the page calls them, for its figures."""
    study = comparison.study
    made = Comparison(comparison.dataset.assign_coords(arm=[names[arm] for arm in comparison.arms]))
    arms = {names[arm]: listed for arm, listed in study.arms.items()}
    made.study = study.model_copy(update={"name": words.written(study.name).text, "arms": arms, "vs": names[study.vs]})
    return made


def pictures(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[Picture]:
    """Every figure of a comparison, with its caption and the same in words."""
    from sim.figures.compare import FIGURES  # here, because matplotlib takes long to import

    shown = renamed(comparison, names, words)
    inside = {**words.figure("plots_compare"), **words.data["measures"]}
    inside |= {f"unit:{unit}": words.unit(unit) for unit in words["units"]}
    duration, against, made = words.duration(end_of(comparison)), names[comparison.study.vs], []
    arms = "; ".join(names[arm] for arm in comparison.compared)
    for file, draw in FIGURES.items():
        name = file.partition(".")[0]
        text = words["compared"][name]
        values, places = "; ".join(in_words(comparison, name, names, words)), words.said(comparison.of_places).text
        alt = text["alt"].format(duration=duration, baseline=against, arms=arms, values=values, places=places)
        made.append(Picture(text["title"], below(comparison, text, words), alt, embedded(draw(shown, words=inside))))
    return made


def below(comparison: Comparison, text: Mapping[str, str], words: Words) -> str:
    """The caption of a figure, with what its bands, lines or dots hold if it has any."""
    more = text.get("range" if comparison.ranged else "few", "") if comparison.replicates > 1 else ""
    return f"{text['caption']} {more.format(cities=words['answer'][f'cities_{comparison.varies}'])}".strip()


def in_words(comparison: Comparison, figure: str, names: Mapping[str, str], words: Words) -> list[str]:
    """What a figure shows of each arm, in a few words."""
    if figure == "gainers":
        return consequences.shares(comparison, names, words)
    if figure == "places":
        table = comparison.places().set_index(["arm", "tenth"])
        ends = (1, int(table.index.get_level_values("tenth").max()))
        calm_and_hot = {arm: [words.spread(read_off(table.loc[(arm, end)]), sign=True) for end in ends] for arm in comparison.compared}
        return [f"{names[arm]} {' / '.join(both)}" for arm, both in calm_and_hot.items()]
    found = booked(comparison) if figure == "ledger" else {arm: effect(comparison, arm, TRUST) for arm in comparison.compared}
    return [f"{names[arm]} {words.spread(each, sign=True)}" for arm, each in found.items()]


def booked(comparison: Comparison) -> dict[str, Spread]:
    """What the ledger adds up to in each arm: the effect on mean trust in the last year."""
    effects = comparison.net_effect()
    return {arm: over_cities(effects.sel(arm=arm).values, comparison.dataset) for arm in comparison.compared}
