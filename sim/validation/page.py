"""The pages docs/validation.md and docs/es/validacion.md: what the model gets right and wrong, failures first, for people who are not
statisticians. Their words are in the section `validation` of `sim.style`; what targets.yaml says in English is looked up in `texts`.

A page is made from a `Validation` alone, so the same validation.json gives the same page.
"""

from collections.abc import Callable, Sequence
from math import exp, isfinite
from typing import Any

from sim.inputs.patterns import REPLICATES, Pattern, PatternCheck, patterns
from sim.studies.design.posteriors import doubts_of
from sim.style import ENGLISH, Language, sentences
from sim.validation.controls import Controlled
from sim.validation.holdouts import Held, Reset
from sim.validation.record import Validation
from sim.validation.states import LEVEL as YEARS_BACK_LEVEL
from sim.validation.states import years_back
from sim.validation.targets import Holdout, controls, faults, holdouts, pattern_of

FOLDER = "validation"  # of figures and of the data, beside the page in English
PATTERNS_FIGURE, HOLDOUTS_FIGURE = "patterns.png", "holdouts.png"
DATA = "validation.json"
PAGES = {ENGLISH: "validation.md", "es": "es/validacion.md"}
DIFFERENCES = ("P12", "P22", "P23")  # patterns that are differences of shares


class PageWords(Language):
    """The words of the page in one language."""

    def say(self, key: str, **values: object) -> str:
        """A text of the section `validation`, with its {places} filled."""
        text: str = self.data["validation"][key]
        return text.format(**values).strip()

    def table(self, columns: str, rows: Sequence[Sequence[str]]) -> str:
        """A table in Markdown, with the columns of that key."""
        names = self.say(columns).split(" | ")
        return "\n".join(f"| {' | '.join(line)} |" for line in [names, ["---"] * len(names), *rows]) + "\n"

    def text(self, english: str) -> str:
        """What targets.yaml says in English."""
        return self.term("texts", " ".join(english.split()))

    def pattern(self, pattern: Pattern) -> str:
        """A pattern in words."""
        return self.term("patterns", pattern.id, pattern.text)

    def count(self, rows: Sequence[Any], test: Callable[[Any], bool]) -> str:
        """How many rows pass a test: "10 of 12"."""
        return self.say("count", passed=sum(map(test, rows)), many=len(rows))

    def verdict(self, passed: bool | None) -> str:
        """Pass or fail."""
        return "-" if passed is None else self.say("passes" if passed else "fails")

    def shown(self, value: float, unit: str, *, change: bool = False) -> str:
        """A value as people write it: shares in percent, large numbers without decimals.

        >>> english = PageWords("en")
        >>> english.shown(0.5422, "share"), english.shown(23456.7, "crimes per 100,000 adults a year"), english.shown(-0.0421, "Cohen d")
        ('54.2 %', '23,457', '-0.042')
        >>> english.shown(0.06, "share", change=True)
        '+6.0 points'
        """
        if not isfinite(value):
            return "-"
        if unit.startswith("share"):
            number = f"{100 * value:{'+' if change else 'z'}.1f}"
            return self.say("points", number=number) if change else f"{number} %"
        large = f"{value:,.0f}".replace(",", self.data["thousands"])
        return large if abs(value) >= 1000 else f"{value:z.4f}" if unit == "ICC" else f"{value:z.3f}"

    def span(self, low: float | None, high: float | None, unit: str, *, change: bool = False) -> str:
        """A range: "47.0 to 57.0 %"; "-" if there is none."""
        if low is None or high is None or not (isfinite(low) and isfinite(high)):
            return "-"
        ends = [self.shown(low, unit, change=change), self.shown(high, unit, change=change)]
        for sign in (" %", self.say("points", number="")):
            if all(end.endswith(f" {sign.strip()}") for end in ends):
                ends[0] = ends[0].removesuffix(f" {sign.strip()}")
        return self.say("span", low=ends[0], high=ends[1])


_ENGLISH = PageWords(ENGLISH)


def figure_file(name: str, language: str) -> str:
    """The file of a figure in a language: patterns.png, patterns-es.png."""
    return name if language == ENGLISH else name.replace(".", f"-{language}.")


def percent(share: float | None) -> str:
    """A share without decimals."""
    return "-" if share is None or not isfinite(share) else f"{100 * share:.0f} %"


def summary(validation: Validation, words: PageWords) -> str:
    """What the page says, in a paragraph."""
    parts = []
    for role in ("fit", "check"):
        judged = [finding for finding in validation.findings if finding.pattern.role == role and finding.passed is not None]
        parts.append(words.say(f"met_{role}", count=words.count(judged, lambda finding: bool(finding.passed))))
    failed = ", ".join(finding.pattern.id for finding in validation.failed())
    told = [words.say("met", fit=parts[0], check=parts[1], missed=words.say("missed", ids=failed) if failed else "")]
    if turned := ", ".join(key for key, pattern in patterns().items() if pattern.once == "check"):
        told.append(words.say("turned", ids=turned))
    if validation.held:
        told.append(words.say("met_elsewhere", count=words.count(validation.held, lambda row: row.passed)))
    if validation.controls:
        told.append(words.say("met_controls", count=words.count(validation.controls, lambda row: row.held)))
    return " ".join(told)


def how_to_read(validation: Validation, words: PageWords) -> str:
    """The rule, in plain words."""
    draws, fewest = validation.draws, min(finding.replicates for finding in validation.findings if finding.passed is not None)
    doubts = " ".join(sentences(doubts_of(validation.posterior or ""), words.language))
    return f"{words.say('how_to_read', draws=draws, fewest=fewest, enough=REPLICATES)}\n\n{doubts}"


def failures(validation: Validation, words: PageWords) -> str:
    """The failed patterns and what they mean."""
    failed = validation.failed()
    rows = [
        [*pattern_cells(finding, words), words.term("pattern_means", finding.pattern.id, " ".join(finding.pattern.means.split()))]
        for finding in failed
    ]
    return words.table("failure_columns", rows) if failed else words.say("no_failures")


def pattern_cells(finding: PatternCheck, words: PageWords = _ENGLISH) -> list[str]:
    """Id, text, range, median with interval, share inside; what is shown beside a pattern has no range and says which measure it is."""
    pattern, change = finding.pattern, finding.pattern.id in DIFFERENCES
    name = words.pattern(pattern) + ("" if (finding.measure,) == pattern.measures else f" (`{finding.measure}`)")
    wanted = "-" if finding.measure in pattern.beside else words.span(pattern.low, pattern.high, pattern.unit, change=change)
    model = words.shown(finding.value, pattern.unit, change=change)
    if not finding.ranged:
        inside = "-" if finding.inside is None else words.say("count", passed=finding.hits, many=finding.replicates)
        return [pattern.id, name, wanted, model, inside]
    model += f" ({words.span(finding.low, finding.high, pattern.unit, change=change)})"
    return [pattern.id, name, wanted, model, percent(finding.inside)]


def all_patterns(validation: Validation, words: PageWords) -> str:
    """Every pattern, by role."""
    parts = []
    for role in ("fit", "check", "report"):
        listed = [finding for finding in validation.findings if finding.pattern.role == role]
        if listed:
            rows = [
                [*pattern_cells(finding, words), words.term("parameter_units", finding.pattern.unit), words.verdict(finding.passed)]
                for finding in listed
            ]
            parts.append(f"### {words.say(f'role_{role}')}\n\n{words.table('pattern_columns', rows)}")
    return "\n".join(parts)


def structure(validation: Validation, words: PageWords) -> str:
    """Faults of structure behind the failures."""
    missed = {finding.pattern.id for finding in validation.failed()}
    missed |= {f"{row.holdout}:{row.measure}" for row in validation.held if not row.passed}
    behind = [fault for fault in faults() if missed.intersection(fault.of)]
    lines = [f"- **{'; '.join(place(key, words) for key in fault.of if key in missed)}.** {words.text(fault.text)}" for fault in behind]
    return "\n".join(lines) if lines else words.say("no_faults")


def place(key: str, words: PageWords) -> str:
    """A pattern by its id, a check of a holdout by name and pattern: "Mérida, P01"."""
    holdout, _, measure = key.partition(":")
    return f"{words.text(holdouts()[holdout].name)}, {pattern_of(measure)}" if measure else key


def elsewhere(validation: Validation, words: PageWords) -> str:
    """Other years and places."""
    parts = []
    for holdout in holdouts().values():
        resets = [row for row in validation.resets if row.holdout == holdout.id]
        rows = sorted((row for row in validation.held if row.holdout == holdout.id), key=lambda row: row.passed)
        if rows:
            heading = f"### {words.text(holdout.name)}: {words.count(rows, lambda row: row.passed)}\n\n{words.text(holdout.text)}\n"
            parts.append(f"{heading}\n{moved(holdout, resets, words)}\n{checked(holdout, rows, words)}")
    return "\n".join(parts)


def earlier_years(words: PageWords = _ENGLISH) -> str:
    """The 32 states in years before those to which their effects are fitted."""
    rows = []
    for row in years_back():
        inside = f"{percent(row.inside)} ({words.say('span', low=percent(row.low), high=percent(row.high))})"
        missed, held = [f"{row.missed:.2f}", f"{row.as_nation:.2f}"], row.low <= YEARS_BACK_LEVEL <= row.high
        rows.append([words.say(f"states_{row.construct}"), f"{row.years}", inside, percent(row.nation_in), *missed, words.verdict(held)])
    return f"{words.say('states')}\n\n{words.table('states_columns', rows)}"


def moved(holdout: Holdout, resets: Sequence[Reset], words: PageWords) -> str:
    """What was re-set, in a sentence each."""
    lines = [words.say("is_set", name=name, value=f"{value:g}") for name, value in holdout.city.items()]
    lines += [words.say("is_moved", name=name, value=f"{value:+g}") for name, value in holdout.shift.items()]
    for row, level in zip(resets, holdout.levels, strict=True):
        pattern = patterns()[pattern_of(row.measure)]
        wanted, reached = words.shown(row.target, pattern.unit), words.shown(row.reached, pattern.unit)
        times = row.by.startswith("city.")
        how = words.say("times" if times else "by", value=f"{exp(row.shift):.3f}" if times else f"{row.shift:+.3f}")
        source = f"{words.text(level.note)}; {cited(level.sources)}"
        lines.append(
            words.say("is_reset", what=words.pattern(pattern), wanted=wanted, source=source, name=row.by, how=how, reached=reached)
        )
    return "".join(f"- {line}\n" for line in lines)


def checked(holdout: Holdout, rows: Sequence[Held], words: PageWords) -> str:
    """The data of a holdout beside the model, failures first."""
    made = []
    for row in rows:
        check = holdout.checks[row.number]
        pattern: Pattern = patterns()[pattern_of(row.measure)]
        what = words.say("change", what=words.pattern(pattern)) if row.change else words.pattern(pattern)
        data = words.span(check.low, check.high, pattern.unit, change=row.change)
        reach = words.span(row.low, row.high, pattern.unit, change=row.change)
        model = f"{words.shown(row.value, pattern.unit, change=row.change)} ({reach})"
        source = f"{words.text(check.note)} ({cited(check.sources)})"
        made.append([what, data, model, percent(row.inside), words.verdict(row.passed), source])
    return words.table("checked_columns", made)


def cited(sources: Sequence[str]) -> str:
    """Keys of references."""
    return ", ".join(f"`{key}`" for key in sources)


def switched_off(validation: Validation, words: PageWords) -> str:
    """Negative controls, failures first; then the patterns that are lost without each mechanism."""
    rows = sorted(validation.controls, key=lambda row: row.held)
    parts = [words.table("control_columns", [control_cells(row, words) for row in rows])]
    for name in controls():
        ways = [
            f"{row.pattern} ({words.say('span', low=values(row.pattern, row.usual, words), high=values(row.pattern, row.value, words))})"
            for row in validation.lost
            if row.control == name
        ]
        parts += [words.say("lost", control=words.text(name), patterns=", ".join(ways)) + "\n"] if ways else []
    return "\n".join([*parts, words.say("lost_caution")] if validation.lost else parts)


def control_cells(row: Controlled, words: PageWords) -> list[str]:
    """One expectation of a control."""
    expected = words.text(controls()[row.control].expect[row.number].text)
    ways = [values(row.pattern, row.usual, words), values(row.pattern, row.value, words)]
    return [words.text(row.control), expected, row.pattern, *ways, words.say("as_expected" if row.held else "not_as_expected")]


def values(pattern: str, value: float, words: PageWords) -> str:
    """A value of a pattern; differences of shares with two decimals of a percent."""
    return words.say("points", number=f"{100 * value:z.2f}") if pattern in DIFFERENCES else words.shown(value, patterns()[pattern].unit)


def page(validation: Validation, command: str = "make validation", language: str = ENGLISH) -> str:
    """The whole page in Markdown."""
    words = PageWords(language)
    beside = "../" * PAGES[language].count("/") + FOLDER
    data = f"{beside}/{DATA}"
    parts = [
        f"# {words.say('title')}",
        words.say("other_language"),
        f"<!-- {words.say('generated', command=command, data=data)} -->",
        f"{words.text(validation.scenario)}. {summary(validation, words)}",
        how_to_read(validation, words),
        f"## {words.say('failures')}\n\n{failures(validation, words)}",
        f"![{words.say('patterns_alt')}]({beside}/{figure_file(PATTERNS_FIGURE, language)})",
        f"## {words.say('structure')}\n\n{structure(validation, words)}",
    ]
    if validation.held:
        parts += [
            f"## {words.say('elsewhere')}",
            f"![{words.say('holdouts_alt')}]({beside}/{figure_file(HOLDOUTS_FIGURE, language)})",
            elsewhere(validation, words),
            earlier_years(words),
            f"## {words.say('controls')}",
            switched_off(validation, words),
        ]
    origin = {"posterior": validation.posterior, "draws": validation.draws, "seed": validation.seed}
    parts += [
        f"## {words.say('all_patterns')}\n\n{all_patterns(validation, words)}",
        f"## {words.say('provenance', command=command, fingerprint=validation.source_fingerprint, data=data, **origin)}",
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"
