"""What `confianza calibrate SCENARIO --coverage CITIES` does: test the calibration on cities of known truth, print and write the result."""

from sim.artifacts.posterior import COVERAGE
from sim.calibration.calibrate import Calibrator
from sim.calibration.coverage import CITIES, CITIES_APART, Coverage, CoverageTest
from sim.calibration.result import LEVEL, TELLING
from sim.calibration.verdict import facts, passed, pooled, reliability, shares
from sim.calibration.waves import ALONE, RUNS
from sim.cli.show import ConsoleTable, console, keep_tables, table
from sim.cli.sweep import done_in, running
from sim.errors import InputError, number
from sim.files.writing import write
from sim.inputs.yaml_files import dump_yaml

LEAST = 8  # cities
TABLES = ("parameters", "ranks", "effects", "best")
SHOWN = 15


def files_of(name: str) -> tuple[str, ...]:
    """What is written into the folder of a calibration."""
    return (*(f"coverage_{one}.csv" for one in TABLES), f"{name}{COVERAGE}", "coverage_ranks.png", "coverage_effects.png")


def cover(calibrator: Calibrator, cities: int) -> Coverage:
    """Test a calibration on cities of known truth; print, and write tables, facts and figures. InputError if they are too few."""
    if cities < LEAST:
        raise InputError(f"must be {LEAST} or more, but is {cities}.", "200 tell something.", file="--coverage")
    test, effort = CoverageTest(calibrator, cities), calibrator.effort
    total = effort.replicates * effort.points(effort.waves) + effort.apart(effort.waves) + test.runs
    with running(total, sum(done_in(calibrator.folder / store) for store in (RUNS, ALONE, CITIES, CITIES_APART))) as progress:
        calibrator.progress = progress
        found = test.run()
    told = facts(found, calibrator.name, calibrator.scenario.city.adults, calibrator.targets)
    from sim.figures.coverage import coverage_of_effects, rank_histograms  # here, because matplotlib takes long to import
    from sim.figures.series import png

    tables = {f"coverage_{one}.csv": getattr(found, one).to_csv(index=False, float_format="%.6g") for one in TABLES}
    figures = {"coverage_ranks.png": png(rank_histograms(found)), "coverage_effects.png": png(coverage_of_effects(found))}
    written = write(calibrator.folder, {**tables, f"{calibrator.name}{COVERAGE}": dump_yaml(told), **figures})
    keep_tables(found, TABLES)
    tell(found)
    console().print(f"Tables, facts and figures are in {calibrator.folder}: {', '.join(path.name for path in written)}")
    return found


def tell(found: Coverage) -> None:
    """Print what came of it."""
    screen, whole, count = console(), pooled(found.effects), found.effects.city.nunique()
    screen.print(f"{number(count)} cities whose truth is known. How often the 5-95 % range of an effect holds it:")
    screen.print(effects_table(found))
    failed = "a little too often" if whole.low > LEVEL else "NOT as it should: this posterior's ranges are not to be trusted"
    verdict = "as it should" if passed(found) else failed
    together = f"Together {percent(whole.share)} ({percent(whole.low)} to {percent(whole.high)})"
    screen.print(f"{together}, {verdict}; {LEVEL:.0%} would be right.\n", finding=True)
    screen.print(
        "The arm called best: how often it is, how probable that was said to be, and how often it should be with the luck in the test"
    )
    screen.print(best_table(found))
    told = found.parameters[found.parameters.contraction > TELLING].head(SHOWN)
    shown = table("parameter", "covered", "contraction", "uniform", right=("covered", "contraction", "uniform"), whole=("parameter",))
    for row in told.itertuples():
        shown.add_row(row.parameter, f"{row.covered:.0%}", f"{row.contraction:.0%}", f"{row.uniformity:.2g}")
    smallest, many = found.parameters.uniformity.min(), len(found.parameters)
    screen.print("Parameters of which the data tell something: covered, contraction, chance of ranks as uneven were they uniform")
    screen.print(shown)
    screen.print(
        f"Ranks of {many} parameters: the smallest of these chances is {smallest:.2g}; below {0.05 / many:.1g} they are not uniform."
    )


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def effects_table(found: Coverage) -> ConsoleTable:
    """A row a reform, a column a measure, and all measures together."""
    both = shares(found.effects, "arm", "measure").pivot(index="arm", columns="measure", values="share")
    measures = list(found.effects.measure.unique())
    shown = table("reform", *measures, "together", right=(*measures, "together"), whole=("reform",))
    for row in shares(found.effects, "arm").itertuples():
        own = (f"{100 * both.loc[row.arm, measure]:.0f}" for measure in measures)
        shown.add_row(row.arm, *own, f"{100 * row.share:.0f} ({100 * row.low:.0f} to {100 * row.high:.0f})")
    return shown


def best_table(found: Coverage) -> ConsoleTable:
    """A row for each range of what was stated."""
    right = ("cases", "stated", "expected", "right")
    shown = table("by", "range", *right, right=right, whole=("by",))
    for by, rest in found.best.groupby("by", sort=False):
        for row in reliability(rest).itertuples():
            chances = (f"{share:.0%}" for share in (row.stated, row.expected, row.right))
            shown.add_row(str(by), f"{row.low:.0%} to {row.high:.0%}", number(row.cases), *chances)
    return shown
