"""What `explain` says of trials and of what reforms rest on: the evidence base, one study, the table of levers."""

import re
from collections.abc import Iterator

from sim.cli.manner import MANNER
from sim.cli.show import NamedRows, console, quoted, spoken, table
from sim.errors import number
from sim.evidence.base import USES, TrialEvidence, TrialFinding, evidence
from sim.evidence.grades import SYMBOLS, grade
from sim.evidence.levers import LeverRow, lever_rows
from sim.style import ENGLISH, language
from sim.world.reforms import REFORMS

USED = {
    "fit": "fitted by `confianza evidence`", "check": "compared, never fitted", "item": "part of an index that is used",
    "context": "read only", "excluded": "left out",
}  # fmt: skip
BRIEF = {"fit": "fitted", "check": "compared", "context": "read only", "excluded": "left out"}
SIGNS = {"+": "up", "-": "down", "0": "no difference"}
ROLES = {"effect": "", "price": "", "observed": "no effect", "choice": "a choice", "city": "the city's"}
RULE = (
    "Of a number of the effect: trial-backed, a finding with an error speaks of it; partly, signs or sizes do, or counts and studies that "
    "it cites; assumed, none. Of a price: partly, it was made from a published figure; assumed, none was found. The effect of a reform is "
    "● if all its numbers are trial-backed, ◐ if a trial speaks of some, ○ if of none; its price ◐ if a figure is behind some of it. What "
    "the city makes of it is not in the table."
)
NOT_SHIPPED = "No shipped posterior was fitted to trials."


def best_use(trial: TrialEvidence) -> str:
    """fit if a row of it is fitted, else check, context or excluded."""
    return min((finding.use for finding in trial.findings.values()), key=USES.index)


def found(finding: TrialFinding) -> str:
    """What was found, in brief: "+0.39 SD", "4.1 (percent of control mean)", "up", or what the source says."""
    if finding.value is not None:
        return f"{finding.value:+.2g} {finding.unit or ''}".rstrip()
    if isinstance(finding.estimate, float) and finding.scale not in (None, "sign"):
        return f"{number(finding.estimate)} ({finding.scale})"
    return SIGNS[finding.sign] if finding.sign else "not read" if finding.estimate is None else str(finding.estimate)


def list_trials() -> None:
    """Every study: where, of what, how many, what was found in the rows that are used, and how they are used."""
    under = {"place": "trial", "reform": "trial"}
    made = table("trial", "place", "reform", "n", "found", "use", whole=("trial", "use"), right=("n",), under=under)
    for name, trial in evidence().items():
        use = best_use(trial)
        rows = "\n".join(f"{finding.concept}: {found(finding)}" for finding in trial.rows(use).values())
        made.add_row(name, trial.place, trial.reform or "of no reform here", size(trial), rows, BRIEF[use])
    console().print(made)
    counted = {word: sum(best_use(trial) == use for trial in evidence().values()) for use, word in BRIEF.items()}
    told = ", ".join(f"{many} {word}" for word, many in counted.items())
    console().print(
        f"\n{len(evidence())} studies ({told}). n: units drawn by lot, or else respondents.\n"
        "One with all its rows: confianza explain PJ-CDMX. " + NOT_SHIPPED
    )


def size(trial: TrialEvidence) -> str:
    """How many were drawn by lot, or else answered."""
    many = trial.units or trial.respondents
    return number(many) if many else "-"


def explain_trial(name: str) -> None:
    """A study: what was done to whom, its citation of record, what was read, and every row with its use."""
    from sim.cli.explain import references

    trial, screen = evidence()[name], console()
    drawn = f"{number(trial.units)}; each: {trial.unit}" if trial.units and trial.unit else trial.unit or size(trial)
    screen.print(
        NamedRows([
            ("trial", f"{name}: {trial.study}" + (f"; a site of {trial.of}" if trial.of else "")),
            ("where, when", f"{trial.place} ({trial.country}), {trial.years}"),
            ("reform", trial.reform or "none of the model's"),
            ("done", "; ".join(filter(None, (trial.what, trial.dose)))),
            ("units", drawn),
            ("respondents", number(trial.respondents) if trial.respondents else ""),
            ("follow-up", f"{number(trial.weeks)} weeks" if trial.weeks else ""),
            ("likelihood", f"a t with {trial.freedom} degrees of freedom" if trial.freedom else ""),
            ("citation", references([trial.citation])),
            ("read", trial.read),
            ("figures", trial.how or ""),
            ("caveats", "\n".join(trial.caveats)),
        ])
    )  # fmt: skip
    for row, finding in trial.findings.items():
        screen.print(f"\n{row}  {finding.outcome}", style="bold")
        screen.print(NamedRows(finding_rows(name, row, finding)))
    if best_use(trial) == "fit":
        screen.print(f"\n{NOT_SHIPPED}")


def finding_rows(trial: str, row: str, finding: TrialFinding) -> list[tuple[str, str]]:
    """All that is known of a row: as published, as used, and what it carries to."""
    error = f", standard error {number(finding.error)}" if finding.error is not None else ""
    span = f", {number(finding.low)} to {number(finding.high)}" if finding.low is not None and finding.high is not None else ""
    scale = f" ({finding.scale})" if finding.scale else ""
    precise = f", standard error {finding.value_error:.3g}" if finding.value_error else ""
    asked = f"{number(finding.respondents)} of " if finding.respondents else ""
    return [
        ("  published", "" if finding.estimate is None else f"{finding.estimate}{error}{span}{scale}"),
        ("  value", "" if finding.value is None else found(finding) + precise),
        ("  sign", SIGNS[finding.sign] if finding.sign else ""),
        ("  construct", finding.concept),
        ("  asked", asked + (finding.asked or "those asked" * bool(asked))),
        ("  follow-up", f"{number(finding.weeks)} weeks" if finding.weeks else ""),
        ("  use", "; ".join(filter(None, (USED[finding.use], finding.condition)))),
        ("  beside", finding.measures or ""),
        ("  run again", rerun(trial, row)),
        ("  speaks of", ", ".join(finding.informs)),
        ("  carries over", "" if finding.tau is None else f"give or take tau between places: half-normal, scale {number(finding.tau)}"),
        ("  figure", "; ".join(filter(None, (finding.how, finding.read)))),
        ("  caveats", finding.caveats or ""),
    ]


def rerun(trial: str, row: str) -> str:
    """How `confianza evidence` runs it again, if it does."""
    from sim.evidence.protocols import protocols

    for protocol in protocols().values():
        if row in protocol.findings.get(trial, {}):
            compared = protocol.findings[trial][row]
            return f"{protocol.title}; {compared.outcome}, {compared.unit}. {protocol.differs}"
    return ""


def behind(pattern: str) -> list[str]:
    """The findings of trials that a pattern holds the model to as well, a line each, and whether posteriors were fitted to their trials."""
    told = [f"{name} {row}, {found(finding)}: {USED[finding.use]}" for name, row, finding in _judged(pattern)]
    if fitted := fitted_behind(pattern):
        told.append(f"`confianza evidence` fits {', '.join(fitted)}: its posteriors are not checked by this pattern. {NOT_SHIPPED}")
    return told


def fitted_behind(pattern: str) -> list[str]:
    """The trials of these findings of which a row is fitted, be it another one."""
    return list(dict.fromkeys(name for name, _, _ in _judged(pattern) if evidence()[name].rows("fit")))


def _judged(pattern: str) -> Iterator[tuple[str, str, TrialFinding]]:
    """The findings that say in `measures` that a pattern stands beside them."""
    for name, trial in evidence().items():
        for row, finding in trial.findings.items():
            if finding.use != "item" and re.search(rf"\b{pattern}\b", finding.measures or ""):
                yield name, row, finding


def citing(source: str) -> list[str]:
    """The trials of which it is the citation of record."""
    return [name for name, trial in evidence().items() if trial.citation == source]


def list_levers() -> None:
    """For every reform its grade, and each number with what it rests on: those of the effect, then prices, choices and the city's."""
    words, screen = language(MANNER.lang), console()
    for reform in REFORMS:
        graded = grade(reform)
        parts = {"effect": graded.level, "price": graded.price}
        told = [f"{words['card'][part]} {SYMBOLS[level]} {words['grades'][level]}" for part, level in parts.items()]
        columns = ("lever or parameter", "value", "range", "rests on", "trials", "source")
        whole, under = columns[:2] + columns[3:4], {"range": columns[0], "source": "trials"}
        made = table(*columns, whole=whole, right=("value",), under=under, title=f"{reform}: {'; '.join(told)}")
        for row in sorted(lever_rows(reform), key=lambda row: [*ROLES].index(row.role)):
            value = "-" if row.value == "to be given" else row.value
            span = f"{spoken(row.range)}, {quoted('parameter_units', row.unit, row.unit)}"
            made.add_row(row.name, value, span, rests_on(row, MANNER.lang), ", ".join(row.trials), ", ".join(row.sources))
        screen.print(made)
    screen.print(f"\n{RULE} Trials: confianza explain trials")


def rests_on(row: LeverRow, lang: str = ENGLISH) -> str:
    """What a number rests on, in a word or two."""
    return ROLES[row.role] or str(language(lang)["grades"][row.status])
