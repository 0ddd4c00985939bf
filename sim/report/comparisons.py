"""The heart of a report about a study, as `confianza compare` left it: which reform changes what, and how far that differs."""

import json
from collections.abc import Mapping
from math import isfinite

import yaml

from sim.measures import MEASURES
from sim.measures.spread import Spread
from sim.report import comparison_tables as tables
from sim.report import consequences
from sim.report.assumed import arms_table
from sim.report.card import AnswerCard, CardLine, each_inhabitant, gathered, graded, of_effect, sizes, verdict, whole
from sim.report.comparison_tables import TRUST, difference_unit, effect, start
from sim.report.parts import PageContent, Picture, Section, embedded
from sim.report.runs import common_facts
from sim.report.words import Text, Words
from sim.studies.answers.comparison import Comparison
from sim.studies.design.study import BASELINE
from sim.studies.running.effects import over_cities
from sim.web.embedded import CITIES, LiveCity
from sim.world.parameters import CODEBOOK

HEADLINE = "share_trusting"  # what the card tells of; mean trust where nobody was asked
BESIDE = ("reporting_rate", "incidence", "complaint_rate")  # what else changes, if the study asks for it
OF_100 = {HEADLINE: 1, TRUST: 100}  # from the unit as shown to people, or points, of 100


def findings(comparison: Comparison, words: Words) -> PageContent:
    """Everything that a comparison says."""
    attrs, study = comparison.dataset.attrs, comparison.study
    names = display_names(comparison, words)
    exact, nothing = comparison.placebo_is_exact(), names[BASELINE]
    card = answer_card(comparison, names, words)
    asked = words.written(study.question) if study.question else Text(words["page"]["no_question"], words.language)
    varying = frozenset(study.drawn(0))
    said = [caution(comparison, words)] + [words.say("answer.placebo_exact", baseline=nothing)] * exact
    return PageContent(
        title=words.written(comparison.name).text,
        question=asked,
        card=card,
        live=live(comparison, card, names),
        caution=" ".join(said),
        sections=sections(comparison, names, words),
        facts=facts(comparison, names, words),
        commands=(f"confianza compare study.yaml --out {words['page']['again']}",),
        scenario=yaml.safe_load(attrs["scenario"]),
        study=study.model_dump(include={"sources", "references", "cautions"}),
        dated=arms_table(yaml.safe_load(attrs["study"])["arms"], names, words, varying),
        varying=varying,
        warnings=() if exact else (words.say("answer.placebo_broken", baseline=nothing),),
    )


def live(comparison: Comparison, card: AnswerCard, names: Mapping[str, str]) -> LiveCity:
    """The city to be lived again in all arms: the first lives of as many of its possible cities as a page has time for."""
    study, vs = comparison.study, comparison.study.vs
    lives = [each for each in range(comparison.replicates) if study.first_life(each) == each][:CITIES]
    arms = [(names[arm], study.reforms_at(arm, {}), told) for arm, told in zip((vs, *comparison.compared), ("", *card.told), strict=True)]
    return LiveCity("compare", study.base, comparison.weeks, arms, [(n, study.drawn(n)) for n in lives], comparison.replicates)


def headline(comparison: Comparison) -> str:
    """The measure that the card tells of."""
    return HEADLINE if isfinite(start(comparison, HEADLINE)) else TRUST


def answer_card(comparison: Comparison, names: Mapping[str, str], words: Words) -> AnswerCard:
    """The first screen: of each arm a verdict, from what to what, in how many cities, pesos."""
    measure, said = headline(comparison), words["card"]
    effects = {arm: effect(comparison, arm, measure).times(OF_100[measure]) for arm in comparison.compared}
    before = OF_100[measure] * start(comparison, measure)
    paid = consequences.paid(comparison)
    scenario = yaml.safe_load(comparison.dataset.attrs["scenario"])
    arms = yaml.safe_load(comparison.dataset.attrs["study"])["arms"]
    grades = {arm: graded(arms.get(arm, ())) for arm in effects}
    lines = [
        of_effect(names[arm], own, before, words, pesos=each_inhabitant(paid[arm], scenario), grade=grades[arm])
        for arm, own in effects.items()
    ]
    kinds = {told(line, own, words): verdict(own, grades[arm]) for line, (arm, own) in zip(lines, effects.items(), strict=True)}
    known = {arm: own for arm, own in effects.items() if verdict(own, grades[arm]) != "assumed"}
    of = comparison.replicates if comparison.varies == "luck" else comparison.lived[0]
    cities = words.say(f"card.cities_{comparison.varies if comparison.replicates > 1 else 'one'}", many=words.number(of))
    duration, points = words.duration(comparison.weeks), "" if measure == HEADLINE else "_points"
    return AnswerCard(
        about=words.say("card.about", scenario=words.written(scenario["name"]).text, duration=duration, cities=cities),
        finding=gathered(kinds, words),
        today=today(comparison, names, words) if measure == HEADLINE else "",
        heads=[said["reform"], said[f"after{points}"], said["in_cities" if comparison.varies == "draws" else "in_runs"]],
        lines=lines,
        figure=words.say(f"card.figure{points}", duration=duration),
        cost=words.paid("cost", comparison.weeks),
        notes=[*lead(comparison, measure, known, names, words), *budget(comparison, words), decides(comparison, words)],
        sizes=sizes({names[arm]: own for arm, own in effects.items()}, before if measure == HEADLINE else float("nan"), words),
    )


def told(line: CardLine, effect: Spread, words: Words) -> str:
    """An arm as the answer names it: with how many trust, if it is known which way it moves them."""
    return words.say("card.told", name=line.name, levels=line.cells[0].partition(" (")[0]) if effect.clear else line.name


def today(comparison: Comparison, names: Mapping[str, str], words: Words) -> str:
    """How many of 100 adults trust at the start and at the end without a reform; nothing if the start is not known."""
    vs, data = comparison.study.vs, comparison.dataset
    at_start = MEASURES[HEADLINE](data.isel(survey_week=data.survey_week.values <= 0), (int(data.week[0]), 0)).sel(arm=vs)
    first, last = 100 * over_cities(at_start, data).middle, start(comparison, HEADLINE)
    levels = {"today": words.number(whole(first)), "start": words.number(whole(last))}
    return words.say("card.today", **levels, baseline=names[vs], duration=words.duration(comparison.weeks)) if isfinite(first) else ""


def lead(comparison: Comparison, measure: str, effects: Mapping[str, Spread], names: Mapping[str, str], words: Words) -> list[str]:
    """Which arm raises trust most, and in how many cities it leads the next; both if their difference may have either sign."""
    if comparison.replicates < 2 or len(effects) < 2:
        return []
    ordered = sorted(effects, key=lambda arm: -effects[arm].middle)
    best = next((arm for arm in ordered if effects[arm].clear and effects[arm].middle > 0), None)
    if best is None:
        return [words["card"]["lead_none"]]
    first, second = sorted((best, next(arm for arm in ordered if arm != best)), key=ordered.index)
    ahead = effect(comparison, first, measure, second)
    cities = words["answer"][f"cities_{comparison.varies}"]
    key = "card.lead" if ahead.clear else "card.lead_alike"
    return [words.say(key, arm=names[first], other=names[second], count=words.counted(ahead), cities=cities)]


def decides(comparison: Comparison, words: Words) -> str:
    """What the answer may hang on that is not in the ranges."""
    drawn = comparison.study.drawn(0)
    many = sum(known.status == "contested" and name not in drawn for name, known in CODEBOOK.items())
    return words.say("card.decides" if drawn else "card.decides_luck", many=words.number(many))


def sections(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[Section]:
    """What stands below the card, each with its finding: what else changes, why, for whom, what it costs."""
    drawn, heading, told = pictures(comparison, names, words), words["compared"], (comparison, names, words)
    moved, why = consequences.moved(*told), " ".join(consequences.reasons(*told)) or words["card"]["why_none"]
    trust, every = tables.trust_table(*told), [tables.effects_table(*told), *tables.voices_table(*told)]
    return [
        Section(heading["others"], " ".join(others(*told)), pictures=[drawn["effects"]], tables=trust, more=every),
        Section(heading["why"], why, pictures=[drawn["ledger"], drawn["conduct"]], more=[tables.conduct_table(*told)]),
        Section(heading["whom"], "".join(moved[:1]), moved[1:], [drawn["gainers"], drawn["places"]], [tables.gainers_table(*told)]),
        Section(heading["paid"], consequences.cost(*told), tables=tables.cost_table(*told)),
    ]


def others(comparison: Comparison, names: Mapping[str, str], words: Words) -> list[str]:
    """Which measures beside trust clearly change, in a sentence each."""
    sentences = []
    for measure in (name for name in BESIDE if name in comparison.study.measures):
        effects = {arm: effect(comparison, arm, measure) for arm in comparison.compared}
        clear = {arm: own for arm, own in effects.items() if own.clear}
        parts = "; ".join(words.say("card.change_of", arm=names[arm], change=words.spread(own, sign=True)) for arm, own in clear.items())
        about = {"measure": words.measure(measure), "unit": difference_unit(MEASURES[measure].unit, words), "parts": parts}
        sentences += [words.say("card.other", **about)] * bool(clear)
    return sentences or [words["card"]["other_none"]]


def caution(comparison: Comparison, words: Words) -> str:
    """What varies and what the ranges hold, or what it takes to have any; what is not in them; what precision is."""
    if comparison.replicates < 2:
        return words["page"]["one_replicate"]
    said = [words.said(each).text for each in comparison.varying() if each.id != "sign_and_precision"]
    if drawn := comparison.study.drawn(0):
        left = [name for name, known in CODEBOOK.items() if known.status == "contested" and name not in drawn]
        said.append(words.say("page.left", names=words.say("page.left_names", many=words.number(len(left))) if left else ""))
    else:
        said.append(words["page"]["left_luck"])
    return " ".join([*said, words["page"]["precision"]])


def display_names(comparison: Comparison, words: Words) -> dict[str, str]:
    """What each arm is called on the page; its own name if two would be called the same."""
    names = {arm: words.reform(arm) for arm in comparison.arms}
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {arm: arm if name in twice else name for arm, name in names.items()}


def budget(comparison: Comparison, words: Words) -> list[str]:
    """What every arm may cost, if the study has a budget."""
    given = json.loads(comparison.dataset.attrs["budget"])
    return [
        words.say("answer.budget", amount=words.amount(comparison.each * value), unit=words.paid(key, comparison.weeks))
        for key, value in given.items()
    ]


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


def pictures(comparison: Comparison, names: Mapping[str, str], words: Words) -> dict[str, Picture]:
    """Every figure of a comparison by its name, with its caption and the same in words."""
    from sim.figures.compare import FIGURES  # here, because matplotlib takes long to import
    from sim.figures.printing import title_of

    shown = renamed(comparison, names, words)
    inside = {**words.figure("plots_compare"), **words.data["measures"]}
    inside |= {f"unit:{unit}": words.unit(unit) for unit in words["units"]}
    duration, against = words.duration(comparison.weeks), names[comparison.study.vs]
    made = {}
    arms = "; ".join(names[arm] for arm in comparison.compared)
    for file, draw in FIGURES.items():
        name = file.partition(".")[0]
        text = words["compared"][name]
        figure, places = draw(shown, words=inside), words.said(comparison.of_places).text
        alt = text["alt"].format(duration=duration, baseline=against, arms=arms, found=title_of(figure), places=places)
        made[name] = Picture(text["title"], below(comparison, text, words), alt, embedded(figure))
    return made


def below(comparison: Comparison, text: Mapping[str, str], words: Words) -> str:
    """The caption of a figure, with what its bands, lines or dots hold if it has any."""
    more = text.get("range" if comparison.ranged else "few", "") if comparison.replicates > 1 else ""
    return f"{text['caption']} {more.format(cities=words['answer'][f'cities_{comparison.varies}'])}".strip()
