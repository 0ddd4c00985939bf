"""One word for one thing: in code, in `confianza explain terms`, and nowhere the names that these took the place of."""

import ast
import re
from collections import Counter
from importlib import import_module
from pathlib import Path

from sim.cli.terms import TERMS

SIM = Path(__file__).parent.parent / "sim"
FILES = sorted(SIM.rglob("*.py"))
# Terms that stand for something in the code: where it is, by its full name.
NAMED = {
    "adult": "sim.agents.Citizen", "place": "sim.world.rules.places.place_value", "courtesy": "sim.world.rules.encounter.fair_probability",
    "honesty": "sim.world.rules.encounter.corrupt_probability", "discrimination": "sim.world.rules.encounter.worse_conduct",
    "feeling": "sim.world.rules.encounter.Feeling", "arm": "sim.studies.design.fields.Arm", "baseline": "sim.studies.design.study.BASELINE",
    "placebo": "sim.studies.design.study.PLACEBO", "replicate": "sim.studies.design.limits.Replicates", "luck": "sim.world.rng.Draw",
    "draw": "sim.studies.design.distributions.Draws", "point": "sim.studies.design.points.Points",
    "posterior": "sim.artifacts.posterior.Posterior", "range (5-95 %)": "sim.measures.spread.Spread",
    "middle": "sim.measures.spread.Spread.middle",
    "possible city": "sim.measures.spread.Cities", "sign": "sim.measures.spread.Spread.counted",
    "precision": "sim.measures.spread.Cities.precision",
    "half_width": "sim.studies.design.limits.Until", "Q2": "sim.methods.indices.emulator.Emulator.q2",
    "emulator": "sim.methods.indices.emulator.Emulator", "total index": "sim.methods.indices.result.Sensitivity",
    "net benefit": "sim.methods.decision.choice.net_benefit", "expected loss": "sim.studies.answers.decision_tables.regret",
    "EVPI": "sim.methods.decision.tables.evpi", "EVPPI": "sim.methods.decision.tables.evppi", "box": "sim.methods.discovery.prim.Box",
    "coverage, density": "sim.methods.discovery.boxes.Marks", "tercile": "sim.methods.decision.terciles.Terciles",
    "power": "sim.trials.power.Share", "wave": "sim.calibration.waves.Wave", "paired effect": "sim.studies.running.effects.differences",
}  # fmt: skip
WORDS_ALONE = {"worth runs", "ICC"}  # a heading of the table of effects, and a unit: no class and no function
FORMER = {
    "Told", "Bank", "Thirds", "Desk", "thirds", "verdicts", "bank", "desk", "foretold", "foretell", "foretells",
}  # fmt: skip


def test_a_class_has_a_name_of_its_own():
    """Two classes of one name are two meanings of one word."""
    names = [node.name for path in FILES for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)]
    assert {name: many for name, many in Counter(names).items() if many > 1} == {}


def test_terms_and_code_name_the_same_things():
    """Every term is explained and stands in the code, or is a word of tables alone; and nothing here has gone."""
    assert {*NAMED, *WORDS_ALONE} == set(TERMS)
    for place in NAMED.values():
        parts = place.split(".")
        depth = next(n for n in range(len(parts), 0, -1) if (SIM.parent / "/".join(parts[:n])).with_suffix(".py").exists()
                     or (SIM.parent / "/".join(parts[:n]) / "__init__.py").exists())  # fmt: skip
        thing = import_module(".".join(parts[:depth]))
        for part in parts[depth:]:
            thing = getattr(thing, part)


def test_names_that_others_took_the_place_of_are_gone():
    """As names of variables, functions, classes and modules; `foretold_by` is a column of effects.csv, which people have."""
    left = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "id", getattr(node, "arg", getattr(node, "name", None)))
            if name in FORMER:
                left.append(f"{path.relative_to(SIM)}:{node.lineno}: {name}")
    assert left == []
    assert not {path.stem for path in FILES} & {"bank", "thirds", "verdicts", "told", "homes", "ordinary"}


def test_nobody_foretells():
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*FILES, *SIM.rglob("*.yaml")])
    assert set(re.findall(r"\w*foret[eo]l\w*", text)) == {"foretold_by", "poorly_foretold"}
