"""A report about a decision, as `confianza decide` left it: the first page in sentences, then tables, figures, notes and methods."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

from sim.engine.plans import RunSpec
from sim.measures import MEASURES, years_paid
from sim.report import decision_tables as tables
from sim.report.assumed import unit
from sim.report.card import AnswerCard, each_inhabitant, graded, of_effect, sizes
from sim.report.comparison_tables import TRUST
from sim.report.comparisons import HEADLINE
from sim.report.deciding import counted, paragraphs, scale_of, sure
from sim.report.decision_context import DecisionContext, rule
from sim.report.parts import PageContent, Picture, Section, embedded
from sim.report.studied import inside, made, of_study
from sim.report.words import Text, Words, scale
from sim.studies.answers.decision import FIGURES, Decision, turning
from sim.studies.answers.discoveries import FILE, FOLDER, Discovery
from sim.studies.design.limits import unit_of
from sim.studies.design.posteriors import NONE
from sim.studies.running.keys import luck_of, records
from sim.style.commands import command
from sim.web.embedded import CITIES, LiveCity
from sim.world.parameters import CODEBOOK

NAMED = 3  # numbers that the card names


def findings(decision: Decision, folder: Path, words: Words) -> PageContent:
    """Everything that a decision says. `folder`: of the store, where discoveries lie beside it."""
    decision = decision.each_adult()
    context = DecisionContext(decision, discoveries(folder, decision), words)
    study, names = decision.study, {arm: DecisionContext(decision, (), words).name(arm) for arm in decision.arms}
    return PageContent(
        **of_study(study, names, "decision", words),
        card=(card := answer_card(context)),
        live=live(decision, card, names),
        sections=[*sections(context), notes(context), methods(context)],
        facts=facts(context),
        checked_by=command("validate", place(study.posterior), "--out", "."),
    )


def live(decision: Decision, card: AnswerCard, names: Mapping[str, str]) -> LiveCity:
    """The city to be lived again in all options: the first of its possible cities, each as it was first lived."""
    study, points = decision.study, records(decision.study.points())
    cities = [(luck_of(study, RunSpec(n, decision.arms[0], 0)), values) for n, values in enumerate(points[:CITIES])]
    told, measure = ("", *card.told) if card.lines else [""] * len(decision.arms), card_measure(decision)
    arms = [(names[arm], study.reforms_at(arm, {}), said) for arm, said in zip(decision.arms, told, strict=True)]
    other = "" if measure in ("", HEADLINE, TRUST) else card.figure
    return LiveCity("decide", study.base, decision.week, arms, cities, len(points), points=measure == TRUST, other=other)


def card_measure(decision: Decision) -> str:
    """What the card tells of: trust, if there is any, or what decides first; "" if there are no effects."""
    told = set(decision.effects.measure)
    return next((each for each in (HEADLINE, TRUST, next(iter(decision.value))) if each in told), "")


def answer_card(context: DecisionContext) -> AnswerCard:
    """The first screen: what is best and how sure that is; of each option from what to what, in how many cities, pesos."""
    decision, words, said = context.decision, context.words, context.words["card"]
    measure = card_measure(decision)
    trust = 100 / scale(unit_of(measure)) if measure in (HEADLINE, TRUST) else 1.0
    before = decision.facts.get("levels", {}).get(measure, nan) * scale(unit_of(measure)) * trust if measure else nan
    points = {HEADLINE: "", TRUST: "_points"}.get(measure)
    effects = {arm: decision.effect(arm, measure).times(scale(unit_of(measure)) * trust) for arm in decision.arms[1:]} if measure else {}
    base = decision.study.base
    arms, lines = decision.study.model_dump()["arms"], []
    for arm, own in effects.items():
        pesos = each_inhabitant(decision.spread(arm, "cost").times(1 / years_paid(decision.week)), base.as_data())
        line = of_effect(context.name(arm), own, before, words, pesos=pesos, grade=graded(arms.get(arm, ())))
        called = line.verdict if points is not None else words.verdict(own)  # the card's verdicts are of trust
        lines.append(replace(line, verdict=called, cells=[*line.cells, context.chance(arm)]))
    duration = words.duration(decision.week)
    head = words.measure(measure) if points is None else said[f"after{points}"]
    return AnswerCard(
        about=words.say(
            "card.about", scenario=words.written(base.name).text, duration=duration,
            cities=words.say("card.cities_draws", many=words.number(int(decision.facts["draws"]))),
        ),
        finding=context.say("best", arm=context.name(decision.recommended), share=context.chance(decision.recommended), sure=sure(context)),
        heads=[said["reform"], head, said["in_cities"], words["decision"]["best_in"]],
        lines=lines,
        figure=head if points is None else words.say(f"card.figure{points}", duration=duration),
        cost=words.paid("cost", decision.week),
        notes=[decides(context)],
        sizes=sizes({context.name(arm): own for arm, own in effects.items()}, before if measure == HEADLINE else nan, words),
    )  # fmt: skip


def decides(context: DecisionContext) -> str:
    """The contested numbers with which another option is the best, as far as a card has room."""
    table = turning(context.decision)
    factors = [context.factor(name) for name in table.factor[table.turns][:NAMED]]
    return context.say("decided_by", factors="; ".join(factors)) if factors else context.words["decision"]["decided_by_none"]


def sections(context: DecisionContext) -> list[Section]:
    """What stands below the card: what works, where it fails, what it costs, what to find out first, on what the choice hangs."""
    drawn, label = dict(pictures(context)), context.words["decision"]
    shown = {"works": ["plane", "acceptability", "loss", "pareto"], "turns": ["contested"], "find_out": ["information"]}
    shown["fails"] = ["regret", *(name for name in drawn if name not in FIGURES)]
    own = {"works": [tables.options_table(context)], "fails": tables.boxes_table(context), "costs": tables.budgets_table(context)}
    own |= {"turns": tables.terciles_table(context), "find_out": tables.informing_table(context)}
    more = {"works": [tables.effects_table(context), tables.front_table(context)], "fails": [tables.regret_table(context)]}
    return [
        Section(
            label[key],
            finding,
            [*(scale_of(context) if key in ("works", "costs") else ()), *filter(None, (text,))],
            pictures=[drawn[name] for name in shown.get(key, ()) if name in drawn],
            tables=own[key],
            more=more.get(key, ()),
        )
        for key, (finding, text) in paragraphs(context).items()
    ]


def place(posterior: str) -> str:
    """The scenario that a study's posterior belongs to, to be written in a command."""
    return "scenario.yaml" if posterior == NONE else Path(posterior).stem


def discoveries(folder: Path, decision: Decision) -> list[Discovery]:
    """The discoveries that lie in a store, arms in the order of the study; those of another study are left out."""
    found = [Discovery.load(path.parent) for path in sorted((folder / FOLDER).glob(f"*/{FILE}"))]
    ours = [one for one in found if one.output.arm in decision.arms and one.study.name == decision.study.name]
    return sorted(ours, key=lambda one: decision.arms.index(one.output.arm))


def notes(context: DecisionContext) -> Section:
    """What the analysis says of its own limits, as far as it can in this language."""
    words, label = context.words, context.words["decision"]
    found = [words.said(text) for text in (*context.decision.notes, *(note for one in context.discoveries for note in one.notes))]
    refused = [(context.name(one.output.arm), words.said(one.refused)) for one in context.discoveries if one.refused is not None]
    found += [Text(f"{arm}: {why.text}", why.lang) for arm, why in refused]
    return Section(
        label["notes"], paragraphs=tuple(dict.fromkeys(found)) or (Text(label["no_notes"], context.words.language),), bulleted=True
    )


def methods(context: DecisionContext) -> Section:
    """How it was found, in plain words."""
    texts = dict(context.words["decision"]["methods_text"])
    if not any(factor.draws for factor in context.decision.study.factors()):
        del texts["joint"]
    if not context.discoveries:
        del texts["boxes"]
    return Section(context.words["decision"]["methods"], paragraphs=tuple(Text(text, context.words.language) for text in texts.values()))


def facts(context: DecisionContext) -> list[tuple[str, str]]:
    """Where the decision comes from."""
    decision, words, label, own = context.decision, context.words, context.words["facts"], context.words["decision"]["facts"]
    study, base = decision.study, decision.study.base
    value = ", ".join(
        own["value_text"].format(measure=words.measure(name), weight=words.number(weight)) for name, weight in decision.value.items()
    )
    pay = own["pay_text"].format(low=context.near(float(decision.pay[0])), high=context.near(float(decision.pay[-1])), unit=context.unit)
    rows = [
        (label["study"], words.written(study.name).text),
        (label["scenario"], words.written(base.name).text),
        (label["arms"], "; ".join(context.name(arm) for arm in decision.arms)),
        (label["baseline"], context.name(decision.arms[0])),
        (label["horizon"], words.say("facts.horizon_text", spin_up=words.number(base.spin_up_weeks), weeks=words.number(decision.week))),
        (own["draws"], words.number(decision.facts["draws"])),
        (label["replicates"], words.number(decision.facts["replicates"])),
        (own["value"], value),
        (own["pay"], pay),
    ]
    rows += [(own["budget"], own["budget_text"].format(budget=context.near(decision.budget)))] if decision.budget is not None else []
    taken = (own["seconds"], own["seconds_text"].format(seconds=words.number(decision.facts["seconds"], 0)))
    return [*rows, *made(base.seed, decision.facts, words), taken]


def drawn_in(context: DecisionContext) -> dict[str, str]:
    """The words inside figures."""
    decision, words = context.decision, context.words
    names = {arm: context.name(arm) for arm in decision.arms}
    factors = {name: context.meaning(name) for name in context.meanings}
    known: list[Any] = [*CODEBOOK.values(), *MEASURES.values(), *decision.study.factors()]
    shown = inside("plots_decision", names, factors, {each.unit: unit(each.unit, words) for each in known}, words)
    return shown | {"unit": context.unit} | {f"topic:{name}": text for name, text in words["decision"]["topics"].items()}


def pictures(context: DecisionContext) -> Iterator[tuple[str, Picture]]:
    """Every figure of the decision by its name, then two of each place where an option fails."""
    from sim.figures import decision as plots_decision  # here, because matplotlib takes long to import
    from sim.figures.printing import title_of

    decision, words, drawn = context.decision, context.words, drawn_in(context)
    for name in plots_decision.drawable(decision):
        text = words["decision"]["pictures"][name]
        drawing = plots_decision.FIGURES[name](decision, drawn)
        yield name, Picture(text["title"], text["caption"], text["alt"].format(found=title_of(drawing)), embedded(drawing))
    for found in context.discoveries:
        for name in plots_decision.discovered(found):
            text = words["decision"]["pictures"][name]
            arm = context.name(found.output.arm)
            alt = text["alt"].format(arm=arm, rule=rule(context, found), **counted(context, found))
            drawing = plots_decision.DISCOVERED[name](found, drawn)
            yield f"{found.output.folder}:{name}", Picture(text["title"].format(arm=arm), text["caption"], alt, embedded(drawing))
