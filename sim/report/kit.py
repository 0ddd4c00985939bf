"""A publication kit: each figure and table of a folder of results in a language, ready to be printed, with the numbers that it shows."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml
from matplotlib.figure import Figure

from sim.artifacts.results import DATASET, Results
from sim.calibration.result import UNIT
from sim.errors import InputError
from sim.figures import compare, decision, sensitivity, series, trial
from sim.figures.printing import printed, title_of
from sim.figures.sensitivity.maps import overview
from sim.measures import MEASURES, YEAR
from sim.report import comparisons, decisions, evidences, runs, sensitivities
from sim.report.decision_context import DecisionContext
from sim.report.kit_pieces import KitLanguage, KitPiece, Origin
from sim.report.kit_records import calibrated, of_calibration, of_evidence, of_validation, record_origin
from sim.report.studied import inside
from sim.report.words import Words
from sim.studies.answers import decision as decided
from sim.studies.answers import findings as analyzed
from sim.studies.answers.comparison import DATASET as COMPARED
from sim.studies.answers.comparison import Comparison
from sim.studies.answers.decision import Decision
from sim.studies.answers.findings import Analysis, Finding, folder_name
from sim.studies.running.effects import courses
from sim.style.looks import factor_label
from sim.trials.result import DATASET as TRIED
from sim.trials.result import TrialResult
from sim.validation.record import FILE as CHECKED
from sim.validation.record import Validation

KIT = "kit"  # the folder below that of the results, and the kind of the files
AUTHOR, LICENSE = "The Confianza authors", "MIT"  # as in CITATION.cff
MAPS = ("map", "places")


def over_time(names: Mapping[str, Any], **about: str) -> pd.DataFrame:
    """Middles and ranges of series: a row a measure and point in time."""
    tables = []
    for name, values in names.items():
        middle, ends = series.band(values)
        low, high = ends if ends is not None else np.full((2, len(middle)), np.nan)
        tables.append(pd.DataFrame({**about, "measure": name, "year": series.years(values), "middle": middle, "low": low, "high": high}))
    return pd.concat(tables, ignore_index=True)


def of_run(results: Results, folder: Path, words: Words) -> Iterator[KitPiece]:
    """The figures of a run, and what changed."""
    data, told = results.dataset, KitLanguage(words, {}, {})
    titled = Results(data.assign_attrs(title=words.written(results.name).text))
    weekly = {name: MEASURES[name].weekly(data) for name in ("mean_trust", "mean_fairness", "mean_effectiveness", "share_trusting")}
    rates = {name: MEASURES[name].weekly(data) for name in ("reporting_rate", "file_rate", "clearance")}
    cells = data.isel(replicate=0)[["trust_map", "crime_map"]].to_dataframe().reset_index()
    booked = results.cumulative_ledger().rename("change").to_dataframe().reset_index()
    rows = {
        "trust": over_time(weekly), "ledger": booked[["week", "cause", "change"]], "reporting": over_time(rates),
        "map": cells[["y", "x", "trust_map", "crime_map"]],
    }  # fmt: skip
    for file, draw in series.FIGURES.items():
        name = file.partition(".")[0]
        yield KitPiece(name, partial(draw, titled, words=words.figure("plots")), told.labeled(rows[name]))
    spans = ("first_year", "last_year", "change") if runs.horizon(results) > YEAR else ("last_year",)
    yield told.table("summary", results.summary(), ("measure", "unit", *spans), {"last_year": runs.spans_told(results, words)["last_year"]})


def of_comparison(comparison: Comparison, folder: Path, words: Words) -> Iterator[KitPiece]:
    """The figures of a comparison, what its arms change, and what they cost."""
    names = comparisons.display_names(comparison, words)
    told, shown = KitLanguage(words, names, {}), comparisons.renamed(comparison, names, words)
    drawn = words.data["measures"] | words.figure("plots_compare") | {f"unit:{unit}": words.unit(unit) for unit in words["units"]}
    found = courses(comparison.dataset, comparison.study.outcomes, comparison.study.vs)
    paths = [over_time({name: each.sel(arm=arm) for name, each in found.items()}, arm=arm) for arm in comparison.compared]
    rows = {"effects": pd.concat(paths, ignore_index=True), "ledger": comparison.ledger(), "gainers": comparison.gainers()}
    rows |= {"places": comparison.places(), "conduct": comparison.conduct()}
    for file, draw in compare.FIGURES.items():
        name = file.partition(".")[0]
        yield KitPiece(name, partial(draw, shown, words=drawn), told.labeled(rows[name]))
    effects, costs = comparison.effects(), comparison.paid()
    last = effects[
        (effects.week == comparison.study.at[-1]) & effects.arm.isin(comparison.compared) & effects.measure.isin(comparison.study.outcomes)
    ]
    yield told.table("effects", last, ("arm", "measure", "unit", "level_from", "level_to", "effect", "share_with_sign"))
    spent = costs.filter(regex="^(arm|officer_weeks|money)").drop_duplicates("arm")
    amounts = ("officer_weeks", "money")
    yield told.table("costs", spent, ("arm", *amounts), {each: words.paid(each, comparison.weeks) for each in amounts})


def of_decision(found: Decision, folder: Path, words: Words) -> Iterator[KitPiece]:
    """The figures of a decision and of where its arms fail, and the options."""
    store, found = folder if (folder / decided.FOLDER).is_dir() else folder.parent, found.each_adult()
    context = DecisionContext(found, decisions.discoveries(store, found), words)
    drawn = decisions.drawn_in(context)
    names = {arm: context.name(arm) for arm in found.arms}
    told = KitLanguage(words, names, {name: factor_label(name, drawn, context.meanings) for name in context.meanings})
    curve = ["probability_best", "expected_loss"]
    rows = {"plane": found.draws, "information": found.evppi, "contested": found.contested, "regret": found.regret, "pareto": found.pareto}
    rows |= {name: found.curves[["pay", "arm", column, f"{column}_low", f"{column}_high", "frontier"]]
             for name, column in zip(("acceptability", "loss"), curve, strict=True)}  # fmt: skip
    for name in decision.drawable(found):
        yield KitPiece(name, partial(decision.FIGURES[name], found, drawn), told.labeled(rows[name]))
    for one in context.discoveries:
        where: dict[str, tuple[Callable[..., Figure], pd.DataFrame]] = {
            "tradeoff": (decision.DISCOVERED["tradeoff"], one.trajectory), "box": (decision.DISCOVERED["box"], one.box)}  # fmt: skip
        for name in decision.discovered(one):
            yield KitPiece(folder_name(f"{name}-{one.output.arm}"), partial(where[name][0], one, drawn), told.labeled(where[name][1]))
    yield told.table("options", found.table, ("arm", "benefit", "cost", "per_unit"))


def of_analysis(found: Analysis, folder: Path, words: Words) -> Iterator[KitPiece]:
    """The figures of a sensitivity analysis, and the indices of each output."""
    names = {arm: words.reform(arm) for arm in found.study.sweep_arms()}
    factors = {name: sensitivities.meaning(found, name, words) for name in found.meanings}
    units = {measure.unit: words.unit(measure.unit) for measure in MEASURES.values()}
    drawn = inside("plots_sensitivity", names, factors, units, words)
    told = KitLanguage(words, names, {name: factor_label(name, drawn, found.meanings) for name in found.meanings})
    titled = found.renamed(words.written(found.study.name).text)
    spoke = [finding for finding in found.findings if finding.spoke]
    if spoke:
        every = pd.concat([each.ranked().assign(output=each.output.of) for each in spoke], ignore_index=True)
        yield KitPiece("overview", partial(overview, titled, drawn), told.labeled(every))
    for finding in spoke:
        for name in sensitivity.drawable(finding, found.points.columns):
            draw = partial(sensitivity.FIGURES[name], titled, finding, drawn)
            yield KitPiece(f"{finding.output.folder}-{name}", draw, told.labeled(numbers_of(found, finding, name)))


def numbers_of(found: Analysis, finding: Finding, name: str) -> pd.DataFrame:
    """The numbers that a figure of an output shows."""
    own = finding.sensitivity
    if name == "tornado":
        return finding.swings()
    if name == "scatter":
        return found.points.assign(output=found.outputs[finding.output.of])
    return {"interactions": own.interactions, "convergence": own.convergence}.get(name, finding.ranked())


def of_trial(found: TrialResult, folder: Path, words: Words) -> Iterator[KitPiece]:
    """The figures of a trial, and what evaluators would find."""
    told, drawn = KitLanguage(words, {}, {}), words.figure("plots_trial")
    data = found.dataset.sel(week=found.trial.endline, size=1.0)
    rows = {"power": found.curves(), "estimates": data.effect.sel(estimator=trial.SHOWN).to_dataframe().reset_index()}
    rows |= {"spillover": found.summary()}
    for file, draw in trial.FIGURES.items():
        name = file.partition(".")[0]
        yield KitPiece(name, partial(draw, found, drawn), told.labeled(rows[name]))


def tables_origin(found: Any) -> Origin:
    """Of a decision or an analysis."""
    return Origin(found.study.name, found.study.base.as_data(), found.facts)


def labeled_origin(found: Any) -> Origin:
    """Of a run, a comparison or a trial."""
    attrs = found.dataset.attrs
    scenario = found.trial.scenario.as_data() if isinstance(found, TrialResult) else yaml.safe_load(attrs["scenario"])
    return Origin(found.name, scenario, attrs | {"versions": json.loads(attrs["versions"])})


class Kind(NamedTuple):
    """A kind of results: the file that tells it, below which folder; what reads the folder, its pieces, and where it comes from."""

    below: str
    file: str
    load: Callable[[Path], Any]
    pieces: Callable[..., Iterator[KitPiece]]
    origin: Callable[..., Origin]


KINDS = (
    *(Kind(below, decided.FILE, Decision.load, of_decision, tables_origin) for below in ("", decided.FOLDER)),
    *(Kind(below, analyzed.FILE, Analysis.load, of_analysis, tables_origin) for below in ("", analyzed.FOLDER)),
    Kind("", COMPARED, Comparison.load, of_comparison, labeled_origin),
    Kind("", TRIED, TrialResult.load, of_trial, labeled_origin),
    Kind("", DATASET, Results.load, of_run, labeled_origin),
    Kind("", evidences.FOUND, evidences.loaded, of_evidence, record_origin),
    Kind("", UNIT, calibrated, of_calibration, record_origin),
    Kind("", CHECKED, Validation.load, of_validation, record_origin),
)


def stamp_of(origin: Origin, words: Words) -> list[str]:
    """What stands below each figure: that it is simulated, of what; the version that made it, its license and how it is cited."""
    names = dict.fromkeys(words.written(name).text for name in (origin.name, origin.scenario["name"]))
    adults, seed = words.number(origin.scenario["city"].get("adults", np.nan)), origin.scenario.get("seed", "-")
    facts = {"version": origin.facts["versions"]["confianza"], "fingerprint": origin.facts["source_fingerprint"][:8]}
    city = words.say("kit.city", name=" · ".join(names), adults=adults, seed=seed)
    return [f"{words['kit']['simulation']} · {city}", words.say("kit.made", **facts, license=LICENSE, author=AUTHOR)]


def make_kit(folder: str | Path, languages: Iterable[str]) -> dict[str, bytes]:
    """The files of a kit by name, in a folder for each language. InputError if there are no results, or no such language."""
    folder, made = Path(folder), dict[str, bytes]()
    spoken = [Words(language) for language in languages]
    kind = next((kind for kind in KINDS if (folder / kind.below / kind.file).exists()), None)
    if not kind:
        remedy = "Give a folder that confianza run, compare, decide, sensitivity, trial, calibrate, evidence or validate wrote."
        raise InputError(f"there are no results for a kit in '{folder}'.", remedy)
    found = kind.load(folder / kind.below)
    for words in spoken:
        stamp, titles = stamp_of(kind.origin(found), words), list[str]()
        for piece in (each for each in kind.pieces(found, folder, words) if len(each.rows)):  # of nothing there is no figure
            figure = piece.draw()
            titles.append(f"{piece.name}: {title_of(figure)}")
            about = [stamp[0] + (f" · {words['kit']['invented']}" if piece.name in MAPS else ""), *stamp[1:]]
            files = printed(figure, about, AUTHOR) | {"csv": piece.rows.to_csv(index=False).encode("utf-8-sig")}
            made |= {f"{words.language}/{piece.name}.{ending}": content for ending, content in files.items()}
        made[f"{words.language}/{words['kit']['contents']}.txt"] = "\n".join([*stamp, "", *titles, ""]).encode("utf-8-sig")
    return made
