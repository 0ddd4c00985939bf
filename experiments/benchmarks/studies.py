"""What a study adds to its runs, how many runs a minute threads and processes do, and a comparison from end to end."""

import contextlib
import io
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from sim.cli.compare import report
from sim.engine.cutting import PIECE
from sim.engine.executors import crew, executor
from sim.engine.plans import RunSpec, perform
from sim.figures.compare import save_figures
from sim.inputs.scenario import load_scenario
from sim.studies.answers.compare import compare
from sim.studies.design.study import Study
from sim.studies.design.study_files import load_study
from sim.studies.running.keys import records
from sim.studies.running.work import job_of
from sim.world.reforms import CommunityPolicing, Purge, Training
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation

STUDY = Path(__file__).parents[1] / "reforms-compared" / "study.yaml"


def study_of(adults: int) -> Study:
    """Three reforms in the national average, 104 weeks of spin-up and 416 weeks, at points of a design."""
    arms = {"purge": [Purge(start=0)], "training": [Training(start=0)], "beats": [CommunityPolicing(start=0)]}
    scenario = load_scenario("national-average").with_(adults=adults)
    return Study(
        name="Benchmark", scenario=scenario, arms=arms, vary={"prior": ["trust", "reporting"]}, design={"sobol": 256}, posterior="none"
    )


Pieces = Iterator[tuple[tuple[RunSpec, ...], tuple[dict, ...]]]


def pieces(study: Study) -> Pieces:
    """Pieces of work without end, each of as many runs as are measured together."""
    values = records(study.points())
    while True:
        specs = (RunSpec(point, arm, 0) for point in range(len(values)) for arm in study.sweep_arms())
        while piece := tuple(islice(specs, PIECE)):
            yield piece, tuple(values[spec.point] for spec in piece)


def over_the_kernel(repetitions: int, adults: int = 20_000) -> list[float]:
    """CPU seconds of runs inside a study over those of the same runs without: `Simulation(scenario, seed).run()`."""
    study = study_of(adults)
    job, work = job_of(study), pieces(study)
    perform(job, *next(work))
    ratios = []
    for _ in range(repetitions):
        specs, values = next(work)
        start = time.process_time()
        perform(job, specs, values)
        inside = time.process_time() - start
        scenarios = [study.scenario_at(spec.arm, given) for spec, given in zip(specs, values, strict=True)]
        start = time.process_time()
        for spec, scenario in zip(specs, scenarios, strict=True):
            Simulation(scenario, replicate_seed(scenario.seed, spec.replicate)).run()
        ratios.append(inside / (time.process_time() - start))
    return ratios


def runs_a_minute(repetitions: int, adults: int = 20_000) -> dict[str, list[float]]:
    """Runs a minute with all processors, in threads and in processes, by turns in one session."""
    study = study_of(adults)
    job, work = job_of(study), pieces(study)
    rates: dict[str, list[float]] = {"threads": [], "processes": []}
    with ExitStack() as stack:
        pools = {name: stack.enter_context(executor(name)) for name in rates}
        for pool in pools.values():
            _rate(pool, job, work)  # workers start
        for turn in range(repetitions):
            for name in sorted(pools, reverse=turn % 2 == 1):
                rates[name].append(_rate(pools[name], job, work))
    return rates


def _rate(pool: Executor, job: bytes, work: Pieces) -> float:
    """Runs a minute of one executor, all its workers busy."""
    start = time.perf_counter()
    futures = [pool.submit(perform, job, *piece) for piece in islice(work, crew(pool))]
    if any(future.result().failures for future in futures):
        raise RuntimeError("a run of the benchmark failed")
    return 60 * PIECE * len(futures) / (time.perf_counter() - start)


def compared(repetitions: int, replicates: int | None = None) -> dict[str, list[float]]:
    """CPU seconds of what `confianza compare` does with the study of the demo, by part; of all threads.

    Its parameters are the scenario's own, so that it does not depend on what is fitted.
    """
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "study.yaml"
        own.write_text(STUDY.read_text(encoding="utf-8") + "posterior: none\n", encoding="utf-8")
        study = load_study(own)
    seconds: dict[str, list[float]] = {name: [] for name in ("runs and their store", "files", "tables", "figures", "all")}
    for _ in range(repetitions):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            marks = [time.process_time()]
            comparison = compare(study, replicates=replicates, folder=Path(folder) / "runs")
            marks.append(time.process_time())
            comparison.save(folder)
            marks.append(time.process_time())
            report(comparison, False)
            marks.append(time.process_time())
            save_figures(comparison, folder)
            marks.append(time.process_time())
        for name, before, after in zip(seconds, [*marks[:-1], marks[0]], [*marks[1:], marks[-1]], strict=True):
            seconds[name].append(after - before)
    return seconds
