"""What pages about studies share: whose study it is, what its factors are, the words inside figures, and where the numbers come from."""

import json
from collections.abc import Mapping
from typing import Any

from sim.report.assumed import arms_table
from sim.report.words import Text, Words
from sim.studies.design.study import Study


def of_study(study: Study, names: Mapping[str, str], section: str, words: Words) -> dict[str, Any]:
    """What a page says of its study, by the fields of `PageContent`.

    names    of the arms, in words
    section  of the words, which asks for a study that has no question
    """
    varying = frozenset(factor.name for factor in study.factors())
    return {
        "title": words.written(study.name).text,
        "question": words.written(study.question) if study.question else Text(words[section]["no_question"], words.language),
        "caution": " ".join([words[section]["caution"], *(words.said(each).text for each in study.doubts)]),
        "commands": (f"confianza {section.replace('decision', 'decide')} study.yaml --out {words['page']['again']}",),
        "scenario": study.base.as_data(),
        "study": study.model_dump(include={"sources", "references", "cautions"}),
        "dated": arms_table(study.model_dump()["arms"], names, words, varying),
        "varying": varying,
    }


def meaning(name: str, english: str, words: Words) -> Text:
    """What a factor is: a parameter, or a lever of a reform."""
    reform, _, lever = name.partition(".")
    known = words.translate("parameters", name, english)
    if known.lang != words.language and lever in words["levers"]:
        return Text(f"{words.reform(reform)}: {words.named(reform, lever)}", words.language)
    return known


def factor(name: str, english: str, words: Words) -> str:
    """A factor in a sentence: what it is, then its name."""
    text = meaning(name, english, words).text
    return words.say("decision.factor", meaning=f"{text[:1].lower()}{text[1:]}", name=name) if text else name


def inside(section: str, names: Mapping[str, str], factors: Mapping[str, Text], units: Mapping[str, str], words: Words) -> dict[str, str]:
    """The words inside figures: options, factors, measures and units as the page calls them."""
    shown = {**words.figure(section)} | {name: f"{text[:1].lower()}{text[1:]}" for name, text in words.data["measures"].items()}
    shown |= {f"arm:{arm}": name for arm, name in names.items()} | {f"factor:{name}": text.text for name, text in factors.items()}
    return shown | {f"unit:{unit}": text for unit, text in units.items()}


def made(seed: int | None, facts: Mapping[str, Any], words: Words) -> list[tuple[str, str]]:
    """Seed, versions, code, command and time: how numbers can be had again. facts: of an artifact, or attributes of one with arrays"""
    versions = facts["versions"] if isinstance(facts["versions"], Mapping) else json.loads(facts["versions"])
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    told = {"seed": str(seed), "versions": listed, "fingerprint": str(facts["source_fingerprint"]), "command": str(facts["command"])}
    return [(words["facts"][key], fact) for key, fact in (told | {"created": words.date(str(facts["created"]))}).items()]
