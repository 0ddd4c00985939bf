"""How scenarios and studies, which are made of checked fields, show themselves in a notebook."""

from typing import Any

from sim.errors import counted, number
from sim.inputs import origins
from sim.inputs.reforms import summary
from sim.style.html import card, folded, listed, note, table
from sim.world.parameters import CODEBOOK


def of_scenario(scenario: Any) -> str:
    """What a scenario is, and how it differs from the codebook."""
    import pandas as pd  # here, because the command line reads files without it

    city, data = scenario.city, scenario.as_data()
    people = f"{number(city.adults)} adults, {city.officers_per_1000_inhabitants:g} officers per 1,000 inhabitants"
    facts = [
        ("Question", scenario.question),
        ("City", f"{people}, {100 * city.offenders_share:g} % offenders, {city.adults_per_cell:g} adults a cell"),
        ("State", scenario.state or ""),
        ("Places", scenario.places.summary(city) if scenario.places else ""),
        ("Time", f"{number(scenario.weeks)} weeks after a spin-up of {number(scenario.spin_up_weeks)}; seed {scenario.seed}"),
        *((f"From week {one.week}", listed(f"{name} = {value:g}" for name, value in one.set.items())) for one in scenario.changes),
        ("Reforms", "; ".join(summary(reform) for reform in scenario.interventions)),
        (origins.NONE_GIVEN.capitalize(), listed(origins.unsourced(data))),
        ("Extends", " < ".join(reversed(scenario.lineage[:-1]))),
    ]
    rows = [
        {
            "parameter": name, "value": value, "baseline": CODEBOOK[name].value, "unit": CODEBOOK[name].unit,
            "source": ", ".join(origins.keys_of(data, name)) or origins.NONE_GIVEN,
            "meaning": CODEBOOK[name].description.partition(". ")[0].rstrip("."),
        }
        for name, value in scenario.parameters.items()
    ]  # fmt: skip
    parts = [table(pd.DataFrame(rows), caption="What differs from the codebook")] if rows else [note("All parameters are the codebook's.")]
    known = origins.references(data)
    cited = [
        f"{key}: {source.author} ({source.year}). {source.title}. {source.url}. Read: {source.read}"
        for key, source in known.items()
        if key in scenario.references
    ]
    parts += [folded(f"References of its own ({len(cited)})", cited)] if cited else []
    texts = [f"{text} [speaks of {', '.join(names)}, which has been changed]" if names else text for text, names in origins.marked(data)]
    parts += [folded(f"What it takes for granted ({len(texts)})", texts)] if texts else []
    return card(f"Scenario: {scenario.name}", facts, *parts)


def of_study(study: Any) -> str:
    """What a study compares, where and for how long, and what varies."""
    import pandas as pd

    base = study.base
    rows = [{"arm": arm, "reforms": "; ".join(summary(reform) for reform in made) or "none"} for arm, made in study.arms.items()]
    factors = [factor.name for factor in study.factors()]
    facts = [
        ("Question", study.question),
        ("Scenario", f"{base.name} ({number(base.city.adults)} adults)"),
        ("Time", f"{number(base.weeks)} weeks after a spin-up of {number(base.spin_up_weeks)}; seed {base.seed}"),
        ("Replicates", f"until {study.rule.until.effect} is known" if study.rule else study.replicates),
        ("Measures", ", ".join(study.measures)),
        ("Compared with", study.vs),
        ("Budget", study.budget and ", ".join(f"{name} {value:,g}" for name, value in study.budget.model_dump(exclude_none=True).items())),
        ("Varies", f"{len(factors)}: {listed(factors)}" if factors else ""),
        ("Design", counted(len(study.points().values), "point") if factors else ""),
    ]
    return card(f"Study: {study.name}", facts, *([table(pd.DataFrame(rows), caption="Arms")] if rows else []))
