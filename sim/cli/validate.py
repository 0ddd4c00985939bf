"""What `confianza validate` prints: every pattern with its range and verdict; and the page and data it writes."""

import time
from contextlib import ExitStack
from pathlib import Path

from sim.artifacts.posterior import Posterior, load_posterior, taken_by_default
from sim.artifacts.sources import sources
from sim.cli.headlines import headline
from sim.cli.show import ConsoleTable, amount, console, progress, remark, table
from sim.cli.work import NOWHERE, Where, check_replicates, chosen, covers, placed
from sim.errors import InputError, number
from sim.files.writing import write_file, writer
from sim.inputs.patterns import REPLICATES, ROLES, PatternCheck
from sim.inputs.scenario import Scenario
from sim.measures.harvest import warm_up
from sim.style import ENGLISH, note
from sim.validation.jobs import plan, validate
from sim.validation.page import FOLDER, HOLDOUTS_FIGURE, PAGES, PATTERNS_FIGURE, figure_file
from sim.validation.record import FILE, Validation
from sim.validation.run import DRAWS, cities, cost, validate_draws

NONE = "none"
NATIONAL = "national-average"


def validate_scenario(
    name: str,
    *,
    posterior: str | None = None,
    draws: int | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    settings: list[str] | None = None,
    page: Path | None = None,
    where: Where = NOWHERE,
) -> None:
    """Measure the patterns and print each with its range and verdict.

    posterior   a name or a file; none: the codebook's values; not given: the scenario's own, if one comes with the program
    draws, replicates   how many cities, with a posterior and without
    page        a Markdown file, with figures and data in a folder beside it
    where       its folder is for validation.json
    """
    out = where.out
    scenario = chosen(name, seed, None, settings or [])
    used = posterior_of(scenario, posterior, draws, replicates)
    if page and (used is None or used.name != NATIONAL):
        remedy = "Write confianza validate national-average --page out/validation.md"
        raise InputError("the page is about the country, and needs its posterior.", remedy, file="--page")
    names = {out: [FILE]} if out else {}
    if page:
        figures = [figure_file(name, language) for language in PAGES for name in (PATTERNS_FIGURE, HOLDOUTS_FIGURE)]
        others = {(page.parent / name).parent: [Path(name).name] for language, name in PAGES.items() if language != ENGLISH}
        names |= {page.parent: [page.name], **others, page.parent / FOLDER: [FILE, *figures]}
    with ExitStack() as stack:
        for folder, files in names.items():
            stack.enter_context(writer(folder, files))
        began = time.perf_counter()
        if used:
            found = over_draws(scenario, used, draws or DRAWS, settings or [], page, where)
        else:
            found = over_replicates(scenario, replicates, where)
        took = time.perf_counter() - began
        try:
            written = [f"The checks are in {found.save(out)[0]}"] if out else []
            written += [f"The page is {write_page(found, page)}"] if page else []
        finally:  # what was computed is told even if there is no room for it
            tell(found, scenario, took)
        for line in written:
            console().print(line)


def tell(found: Validation, scenario: Scenario, took: float) -> None:
    """Print every pattern with its verdict, and what a reader has to know."""
    screen = console()
    judged = [finding for finding in found.findings if finding.passed is not None]
    headline(note("headline_patterns", passed=sum(bool(finding.passed) for finding in judged), judged=len(judged)))
    screen.print(findings_table(found))
    for line in (verdict(list(found.findings)), *remarks(found, scenario), f"It took {took:.0f} s."):
        screen.print(line)


def posterior_of(scenario: Scenario, asked: str | None, draws: int | None, replicates: int | None) -> Posterior | None:
    """The posterior to draw from; None: the codebook's values. InputError if options contradict one another."""
    if replicates is not None:
        check_replicates(replicates)
        if asked not in (None, NONE) or draws is not None:
            raise InputError("a posterior has draws, and replicates have none.", "Give --draws or --replicates.", file="--replicates")
        return None
    own = scenario.lineage[-1] if scenario.lineage else ""
    if asked == NONE or (asked is None and not taken_by_default(own)):
        if draws is not None:
            raise InputError("there is no posterior to draw from.", "Give --replicates, or a --posterior.", file="--draws")
        return None
    with placed("--posterior"):
        return load_posterior(asked or own)


def over_draws(scenario: Scenario, posterior: Posterior, draws: int, settings: list[str], page: Path | None, where: Where) -> Validation:
    """Every pattern over draws of a posterior; with a page also what was not fitted, and negative controls."""
    fixed = [setting.partition("=")[0].strip() for setting in settings]
    with placed("--draws"):
        base = cities(scenario, posterior, draws, fixed)
    console().print(f"{scenario.name}: every pattern, {draws} draws of the posterior {posterior.name}\n")
    warm_up()
    with progress(1) as bar:
        task = bar.add_task("Running", total=cost(base, full=page is not None))
        here = where.execution("validation", lambda done: bar.advance(task, done))
        return validate_draws(base, posterior.name, full=page is not None, execution=here)


def over_replicates(scenario: Scenario, replicates: int | None, where: Where) -> Validation:
    """Every pattern in replicates of one city."""
    many = REPLICATES if replicates is None else replicates
    console().print(f"{scenario.name}: every pattern, {many} replicates (how each is measured: confianza explain P01)\n")
    warm_up()
    with progress(1) as bar:
        task = bar.add_task("Running", total=sum(job.cost for job in plan([scenario] * many)))
        found = validate(scenario, many, execution=where.execution("validation", lambda done: bar.advance(task, done)))
    return Validation(scenario.name, tuple(found), None, scenario.seed, sources())


def findings_table(validation: Validation) -> ConsoleTable:
    """Patterns, failures first, with value, the range of nine of ten, share inside, range and verdict."""
    center = "median" if validation.posterior else "mean"
    right, whole = (center, "inside"), ("id", "role", "5-95 %", "range", "verdict")
    under = {"role": "pattern", "inside": center}
    made = table("id", "pattern", "role", center, "5-95 %", "inside", "range", "verdict", right=right, whole=whole, under=under)
    for finding in sorted(validation.findings, key=lambda finding: finding.passed is not False):
        pattern = finding.pattern
        text = pattern.text if (finding.measure,) == pattern.measures else f"{pattern.text} ({finding.measure})"
        known = pattern.low is not None and pattern.high is not None and finding.measure not in pattern.beside
        bounds = f"{pattern.low:,g} to {pattern.high:,g}" if known else "-"
        ends = f"{amount(finding.low)} to {amount(finding.high)}" if finding.ranged else "-"
        share = f"{100 * (finding.inside or 0):.0f} %" if finding.ranged else f"{finding.hits} of {finding.replicates}"
        inside = "-" if finding.inside is None else share
        word = {True: "pass", False: "FAIL", None: "-"}[finding.passed]
        made.add_row(pattern.id, text, pattern.role, amount(finding.value), ends, inside, bounds, word)
    return made


def verdict(findings: list[PatternCheck]) -> str:
    """How many patterns of each role pass, and which do not."""
    parts = []
    for role in ROLES:
        judged = [finding for finding in findings if finding.pattern.role == role and finding.passed is not None]
        failed = [finding.pattern.id for finding in judged if not finding.passed]
        if judged:
            missed = f" (missed: {', '.join(failed)})" if failed else ""
            parts.append(f"{role}: {len(judged) - len(failed)} of {len(judged)} pass{missed}")
    return "; ".join(parts)


def remarks(validation: Validation, scenario: Scenario) -> list[str]:
    """The rule, what failures mean, and what else a reader has to know."""
    center = "median over the draws" if validation.posterior else "mean over the replicates"
    lines = [f"A pattern passes if the {center} lies within its range; inside: the share of them that does, or how many."]
    lines.append(
        "Draws are possible cities, as calibration leaves them open, each with its own luck."
        if validation.posterior
        else covers(REPLICATES, change=False)
    )
    if not all(finding.ranged for finding in validation.findings):
        lines.append(f"With fewer than {REPLICATES} replicates or draws there is no 5-95 % range.")
    lines += [f"{finding.pattern.id} fails: {finding.pattern.means}" for finding in validation.failed()]
    for finding in {finding.adults: finding for finding in validation.findings if finding.adults != scenario.city.adults}.values():
        which = ", ".join(sorted({other.pattern.id for other in validation.findings if other.adults == finding.adults}))
        lines.append(f"In a larger city, of {number(finding.adults)} adults, {finding.replicates} times: {which}.")
    if validation.posterior is None and validation.draws < REPLICATES:
        lines.append(f"The patterns are defined for {REPLICATES} replicates; with {validation.draws}, luck decides more.")
    lines.append("Ranges are of Mexico as a whole, or of the study they come from: a scenario of one city may miss them with reason.")
    return lines


def write_page(validation: Validation, page: Path) -> Path:
    """Write the page, in Spanish too, and its data and figures into a folder beside it."""
    from sim.figures.validation import save_figures
    from sim.validation.page import page as text

    folder = page.parent / FOLDER
    validation.save(folder)
    save_figures(validation, folder)
    remark(f"Figures and data are in {folder}")
    for language, name in PAGES.items():
        if language != ENGLISH:
            remark(f"In another language: {write_file(page.parent / name, text(validation, language=language))}")
    return write_file(page, text(validation))
