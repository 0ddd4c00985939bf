"""What the commands print that only look things up: `explain` and `check`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from sim.cli.check import check_file
from sim.cli.explain_reforms import explain_reform, list_reforms
from sim.cli.explain_reforms import known as reforms
from sim.cli.manner import MANNER
from sim.cli.show import Code, NamedRows, console, quoted, spoken, table
from sim.cli.terms import TERMS
from sim.errors import InputError, did_you_mean, number
from sim.inputs import origins
from sim.inputs.patterns import Pattern, patterns
from sim.inputs.reforms import summary
from sim.inputs.scenario import Scenario, load_scenario, shipped_scenarios
from sim.inputs.scenario_files import shipped, shipped_states, shipped_studies
from sim.inputs.yaml_files import load_yaml
from sim.style import LANGUAGES, language
from sim.world.anatomy import SCHEDULE, Step, readers
from sim.world.parameters import CODEBOOK, REFERENCES, Parameter, Reference


def show(rows: list[tuple[str, str]]) -> None:
    """Names and what they hold, one below the other; empty ones are left out."""
    console().print(NamedRows(rows))


def explain_name(name: str) -> None:
    """Explain what has this name, or list all of a kind. InputError with the nearest name if there is none."""
    name = next((kind for each in LANGUAGES for kind, said in language(each)["kinds"].items() if said == name), name)
    if not name:
        console().print(NamedRows([(kind, about) for kind, (_, about) in LISTS.items()], codes=True))
        console().print("\nAll of a kind: confianza explain KIND. One thing: confianza explain NAME, as trust.contact_gain or merida.")
    elif name in LISTS:
        LISTS[name][0]()
    elif name in CODEBOOK:
        explain_parameter(CODEBOOK[name])
    elif name in patterns():
        explain_pattern(patterns()[name])
    elif name in REFERENCES:
        explain_source(name)
    elif shipped(name) or name.endswith((".yaml", ".yml")):
        describe_scenario(load_scenario(name))
    elif name in shipped_studies():
        check_file(name)
    elif name in TERMS:
        show([("term", name), ("meaning", TERMS[name])])
    elif steps := [step for step in SCHEDULE if name in (step.process, step.phase)]:
        print_steps(steps)
    elif name in reforms():  # late, because they bring numba with them
        explain_reform(name)
    elif name in trials().evidence():
        trials().explain_trial(name)
    else:
        explain_measure(name)


def trials() -> Any:
    """What is said of trials; late, because reforms come with it."""
    from sim.cli import explain_trials

    return explain_trials


def explain_measure(name: str) -> None:
    """Explain a measure; InputError if nothing at all has this name."""
    from sim.measures import MEASURES  # here, because xarray takes long to import

    if name not in MEASURES:
        kinds = (LISTS, language(MANNER.lang)["kinds"].values(), reforms(), trials().evidence(), CODEBOOK, MEASURES, patterns())
        shipped = (shipped_scenarios(), shipped_states(), shipped_studies())
        hint = did_you_mean(name, [*chain(*kinds, *shipped, REFERENCES, TERMS, (step.phase for step in SCHEDULE))])
        raise InputError(f"there is nothing called '{name[:100]}'.", f"{hint}Lists: confianza explain {' | '.join(LISTS)}")
    measure = MEASURES[name]
    judged = ", ".join(key for key, pattern in patterns().items() if name in pattern.measures)
    about = [("unit", measure.unit), ("meaning", measure.description), ("mirrors", measure.mirrors), ("takes", measure.kind)]
    show([("measure", name), *about, ("patterns", judged)])


def references(keys: Iterable[str], known: Mapping[str, Reference] = REFERENCES) -> Code:
    """Sources, a line each: the citation of record as it was published, then what of it was really read."""
    return Code("\n".join(reference(key, known) for key in keys))


def reference(key: str, known: Mapping[str, Reference]) -> str:
    """A source as a line."""
    if key in origins.WORDS:
        return spoken(f"{key}: {origins.WORDS[key]}")
    source = known[key]
    parts = [source.author, f"({source.year})" if source.year else "", f"{source.title}.", f"{source.record}." if source.record else ""]
    parts += [source.url, f"{spoken('Read:')} {source.read}" if source.read else ""]
    return f"{key}: {' '.join(part for part in parts if part)}"


def explain_parameter(parameter: Parameter) -> None:
    """All that the codebook says of a parameter, and who reads it."""
    kind = ", whole numbers" if parameter.discrete else ""
    show([
        ("parameter", parameter.name),
        ("meaning", quoted("parameters", parameter.name, parameter.description)),
        ("value", f"{number(parameter.value)} {parameter.unit}"),
        ("range", f"{number(parameter.low)} to {number(parameter.high)}{kind}"),
        ("prior", prior(parameter.prior)),
        ("status", parameter.status),
        ("source", references(parameter.source)),
        ("note", parameter.note),
        ("read by", "\n".join(readers(parameter.name))),
    ])  # fmt: skip


def prior(given: object) -> str:
    """A prior in words: "lognormal, median 52, sigma 0.8".

    >>> prior({"lognormal": {"median": 52, "sigma": 0.8}}), prior(None), prior("uniform")
    ('lognormal, median 52, sigma 0.8', '', 'uniform')
    """
    if not isinstance(given, dict):
        return "" if given is None else str(given)
    words = []
    for name, shape in given.items():
        details = [f"{key} {value}" for key, value in shape.items()] if isinstance(shape, dict) else [str(shape)]
        words.append(", ".join([str(name), *details]))
    return "; ".join(words)


def explain_pattern(pattern: "Pattern") -> None:
    """A pattern with its range, its evidence and how it is measured."""
    bounds = f"{number(pattern.low)} to {number(pattern.high)}" if pattern.low is not None and pattern.high is not None else "none"
    roles = {
        "fit": "fit: may be used to set parameters",
        "check": "check: never used to set parameters",
        "report": "report: shown without a verdict",
    }
    show([
        ("pattern", f"{pattern.id}, {quoted('patterns', pattern.id, pattern.text)}"),
        ("measure", ", ".join(pattern.measures)),
        ("range", f"{bounds} ({pattern.unit})"),
        ("role", roles[pattern.role]),
        ("definition", pattern.definition),
        ("measured by", pattern.instrument),
        ("if it fails", quoted("pattern_means", pattern.id, pattern.means)),
        ("trials", "\n".join(trials().behind(pattern.id))),
        ("source", references(pattern.sources)),
    ])  # fmt: skip


def explain_source(key: str) -> None:
    """A reference and what rests on it."""
    parameters = [name for name, parameter in CODEBOOK.items() if key in parameter.source]
    rest = [pattern.id for pattern in patterns().values() if key in pattern.sources]
    rows = [("source", references([key])), ("note", REFERENCES[key].note)]
    show([*rows, ("parameters", ", ".join(parameters)), ("patterns", ", ".join(rest)), ("trials", ", ".join(trials().citing(key)))])


def describe_scenario(scenario: Scenario) -> None:
    """What a scenario says, and how it differs from the codebook."""
    city = scenario.city
    data = scenario.as_data()
    changed = [f"{name}: {number(value)} instead of {number(CODEBOOK[name].value)}" for name, value in scenario.parameters.items()]
    dated = [
        f"week {change.week}: {', '.join(f'{name} = {number(value)}' for name, value in change.set.items())}" for change in scenario.changes
    ]
    known = origins.references(data)
    show([
        ("scenario", scenario.name),
        ("question", scenario.question),
        ("made of", ", then ".join(scenario.lineage)),
        ("city", f"{number(city.adults)} adults, {number(city.officers_per_1000_inhabitants)} officers per 1,000 inhabitants"),
        ("state", scenario.state or ""),
        ("targets", ", ".join(scenario.targets)),
        ("places", scenario.places.summary(city) if scenario.places else ""),
        ("weeks", f"{scenario.spin_up_weeks} of spin-up, then {scenario.weeks}; seed {scenario.seed}"),
        ("parameters", "\n".join(changed) or "those of the codebook"),
        ("changes", "\n".join(dated)),
        ("reforms", "\n".join(summary(reform) for reform in scenario.interventions)),
        ("sources", "\n".join(f"{name}: {origin}" for name, origin in origins.stated(data))),
        ("references", references(scenario.references, known)),
        ("assumed", "\n".join(text + mark(names) for text, names in origins.marked(data))),
    ])  # fmt: skip


def mark(names: Sequence[str]) -> str:
    """What follows an assumption that speaks of changed numbers."""
    return f" [speaks of {', '.join(names)}, which this scenario changes]" if names else ""


def warn(data: Mapping[str, Any]) -> None:
    """Say, below what a file says, which of its values have no source and which assumptions are to be read again."""
    if names := origins.unsourced(data):
        console().print(f"\n{origins.NONE_GIVEN.capitalize()} for: {', '.join(names)}.")
        console().print("Give each its source under sources:, a key of a reference, or assumed.")
    if many := sum(bool(names) for _, names in origins.marked(data)):
        console().print(
            f"\n{many} of the assumptions speak of a number that has been changed: read them again."
            if many > 1
            else "\nOne of the assumptions speaks of a number that has been changed: read it again."
        )


def check_scenario(file: str) -> None:
    """Say that a scenario can be used, and what it says. InputError, with the line, if it cannot."""
    scenario = load_scenario(file)
    console().print(f"{file} can be used.\n")
    describe_scenario(scenario)
    warn(scenario.as_data())


def by_table(columns: tuple[str, ...]) -> str:
    """Columns grouped by their table.

    >>> by_table(("citizens.home", "citizens.fairness", "response_inputs"))
    'citizens (home, fairness), response_inputs'
    """
    tables: dict[str, list[str]] = {}
    for column in columns:
        name, _, field = column.partition(".")
        tables.setdefault(name, []).append(field)
    return ", ".join(f"{name} ({', '.join(fields)})" if any(fields) else name for name, fields in tables.items())


def print_steps(steps: list[Step]) -> None:
    """Steps of the week: number and process, who acts, what is done, read and written."""
    last = None
    for step in steps:
        if step.process != last:
            console().print(f"{step.number:2}. {step.process}", style="bold")
            last = step.process
        acts = f"    {step.phase}, by {step.rows}: {step.text}" if step.rows else f"    {step.text}"
        console().print(acts)
        contents = {"reads": by_table(step.reads), "writes": by_table(step.writes), "parameters": ", ".join(step.parameters)}
        show([(f"{'':7}{name:10}", content) for name, content in contents.items()])


def list_parameters() -> None:
    """Every parameter in a line."""
    whole, under = ("parameter", "range", "status"), {"meaning": "parameter", "unit": "range"}
    made = table("parameter", "value", "range", "unit", "status", "meaning", right=("value",), whole=whole, under=under)
    for parameter in CODEBOOK.values():
        bounds = f"{number(parameter.low)} to {number(parameter.high)}"
        meaning = quoted("parameters", parameter.name, parameter.description.partition(". ")[0])
        made.add_row(parameter.name, number(parameter.value), bounds, parameter.unit, parameter.status, meaning)
    console().print(made)


def list_measures() -> None:
    """Every measure in a line."""
    from sim.measures import MEASURES

    made = table("measure", "unit", "meaning", "mirrors", whole=("measure",))
    for measure in MEASURES.values():
        made.add_row(measure.name, measure.unit, measure.description, measure.mirrors)
    console().print(made)


def list_patterns() -> None:
    """Every pattern in a line."""
    under = {"unit": "range", "measure": "pattern"}
    made = table("id", "pattern", "measure", "range", "unit", "role", whole=("id", "range", "role"), under=under)
    for pattern in patterns().values():
        bounds = f"{number(pattern.low)} to {number(pattern.high)}" if pattern.low is not None and pattern.high is not None else "-"
        text = quoted("patterns", pattern.id, pattern.text)
        made.add_row(pattern.id, text, ", ".join(pattern.measures), bounds, pattern.unit, pattern.role)
    console().print(made)
    fitted = ", ".join(key for key in patterns() if trials().fitted_behind(key))
    console().print(f"\n`confianza evidence` fits trials behind {fitted}, which do not check its posteriors. {trials().NOT_SHIPPED}")


def list_scenarios() -> None:
    """Every shipped scenario with its question."""
    made = table("scenario", "question", whole=("scenario",))
    for name in shipped_scenarios():
        made.add_row(name, load_scenario(name).question)
    console().print(made)
    console().print(f"\nThe states of Mexico, each a scenario that extends national-average: {', '.join(shipped_states())}")


def list_sources() -> None:
    """Every reference in a line."""
    console().print(references(REFERENCES), soft_wrap=True)


def list_studies() -> None:
    """Every shipped study and trial with its question."""
    made = table("study", "question", "file", whole=("study",), under={"file": "question"})
    for name, path in shipped_studies().items():
        made.add_row(name, " ".join(str(load_yaml(path).data.get("question", "")).split()), str(path))
    console().print(made)
    console().print("\nRun one with confianza compare, sweep or trial and its name; confianza check NAME says which and what of.")


LISTS: dict[str, tuple[Callable[[], None], str]] = {
    "scenarios": (list_scenarios, "places to simulate: the country, its 32 states, some cities"),
    "studies": (list_studies, "comparisons, designs and trials that come with the program"),
    "reforms": (list_reforms, "what can be done to a police force, with levers and sources"),
    "levers": (lambda: trials().list_levers(), "every number of a reform, and what it rests on"),
    "trials": (lambda: trials().list_trials(), "what trials of reforms found, study by study"),
    "measures": (list_measures, "what is measured of a city, with units"),
    "parameters": (list_parameters, "the numbers of the model, with range, unit and status"),
    "patterns": (list_patterns, "what surveys found and the model must meet"),
    "sources": (list_sources, "what numbers are cited from"),
    "schedule": (lambda: print_steps(list(SCHEDULE)), "what happens in a simulated week, step by step"),
    "terms": (lambda: show(list(TERMS.items())), "words that tables, figures and reports use"),
}
