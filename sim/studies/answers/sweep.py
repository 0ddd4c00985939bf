"""A study run point by point into a store that loses nothing: `sweep` and what a user holds of it."""

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np

from sim.artifacts.bits import environment
from sim.artifacts.sources import sources
from sim.engine.executors import check
from sim.engine.journal import count
from sim.engine.running import Execution, Runner, working
from sim.errors import InputError
from sim.measures.spread import mean_and_precision
from sim.studies.answers.compare import BATCH
from sim.studies.answers.decide import decide
from sim.studies.answers.decision import Decision
from sim.studies.answers.discover import discover
from sim.studies.answers.discoveries import Discovery
from sim.studies.answers.findings import Analysis
from sim.studies.answers.sensitivity import analyze
from sim.studies.design.designs import UNVALIDATED, VALIDATION, checks_of, kind_of
from sim.studies.design.limits import Replicates
from sim.studies.design.study import Study
from sim.studies.running.budget import scaled
from sim.studies.running.reading import READING, Reading
from sim.studies.running.store import SweepStore
from sim.studies.running.work import parsed
from sim.style.commands import command

Progress = Callable[[int], None]
GROWING = ("sobol", "random", "saltelli", "draws")  # designs of which a larger one begins with the same points


def sweep(
    study: Study,
    folder: str | Path,
    *,
    executor: str | Executor = "threads",
    workers: int | None = None,
    progress: Progress | None = None,
    chunk: int | None = None,
) -> "Sweep":
    """Run every point, arm and replicate of a study into a folder, or go on with what is there.

    Parameters
    ----------
    study : Study
        What is run; doses are scaled to its budget first, if it has one.
    folder : path
        For the store (see `sim.studies.running.store`); absent, empty, or that of the same study.
    executor : str or concurrent.futures.Executor
        "threads", "processes", "dask://HOST:PORT", or an executor; the bytes do not depend on it.
    workers : int, optional
        Runs at the same time; by default as many as there are processors.
    progress : callable, optional
        Called with each number of runs that are done.
    chunk : int, optional
        Runs that a killed process may lose; by default 256, or what takes about half a minute if that is less.

    Returns
    -------
    Sweep
        The runs in the store, to read and to analyze.

    Raises
    ------
    InputError
        If the folder holds something else or cannot be written to, the disk is full, or a worker dies.
    Interrupted
        After Ctrl-C; call it again to go on.
    """
    check(executor)
    resolved = scaled(study, Execution(folder, executor, workers))
    store = SweepStore(folder)
    if store.exists():
        _same(store, resolved)
    else:
        store = SweepStore.create(folder, resolved, chunk=chunk)
    return Sweep(store, resolved).resume(executor=executor, workers=workers, progress=progress)


def _same(store: SweepStore, study: Study) -> None:
    """InputError that says what differs, if a store belongs to another study."""
    here, given = store.study.model_dump(), parsed(study.to_yaml()).model_dump()
    if differing := [key for key in given if here[key] != given[key] and key not in READING]:
        raise InputError(
            f"'{store.folder}' holds another study: {', '.join(differing)} differ{'s' if len(differing) == 1 else ''}.",
            f"Give another folder with --out, or run what is new into this one: {command('extend', store.folder)}",
        )


class Sweep(Reading):
    """A study's runs in a store: to read, to analyze, to finish and to extend.

    Parameters
    ----------
    store : SweepStore
        The store; `Sweep.load(folder)` opens it.
    reads : Study, optional
        The study as it is read: its measures, weeks and groups may differ from those that were run.

    Raises
    ------
    InputError
        If the store is damaged, or the study asks for what was not kept.
    """

    def sensitivity(self, *of: str, method: str | None = None, week: int | None = None) -> Analysis:
        """What outputs (as for `values`) depend on; by default every arm's effect on the first two measures. See `analyze`."""
        return analyze(self, of, method=method, week=week)

    def decide(self, **asked: Any) -> Decision:
        """Which arm is best, how sure that is, and what to find out first. Keys: value, unit, pay, budget, week; see `decide`."""
        return decide(self, **asked)

    def discover(self, condition: str, *, week: int | None = None, **options: Any) -> Discovery:
        """Where, in the space of what varies, a condition such as "effect:ARM:MEASURE < 0" holds. See `discover`."""
        return discover(self, condition, week=week, **options)

    def resume(
        self, *, executor: str | Executor = "threads", workers: int | None = None, progress: Progress | None = None, anew: bool = False
    ) -> "Sweep":
        """Run what is missing, also shards whose files are lost; with a rule for replicates, as many more as it asks for.

        anew  run everything again if the code is another one now; otherwise that is an InputError, because runs of two versions
              are never mixed. Old runs stay in the folder, but are not read any more
        """
        if self.store.changed and not anew and self._is_complete():
            return self
        with working(self.store, Execution(None, executor, workers, progress)) as runner:
            self._refuse_other_code(anew)
            self._complete(runner)
        return self

    def retry(self, *, executor: str | Executor = "threads", workers: int | None = None, progress: Progress | None = None) -> "Sweep":
        """Run again what failed, and what is missing; runs that succeed now join the others."""
        with working(self.store, Execution(None, executor, workers, progress)) as runner:
            self._refuse_other_code(False)
            self._finish(runner)
            if self.store.status().failed:
                self.store.plan(self.study, "retry", replicates=self.store.batch.replicates)
            self._complete(runner)
        return self

    def extend(
        self,
        *,
        points: int | None = None,
        replicates: int | None = None,
        study: Study | None = None,
        executor: str | Executor = "threads",
        workers: int | None = None,
        progress: Progress | None = None,
        anew: bool = False,
    ) -> "Sweep":
        """Want more, and run only what is not there yet.

        points      the number of a larger design, with as many validation points as are usual for it; nothing asked for: these alone
        replicates  of every arm and point
        study       another study instead, as one with more arms or a longer table of points; runs it has in common are kept
        anew        see `resume`
        InputError  if the design cannot grow; nothing has changed then
        """
        larger = scaled(study, Execution(self.store.folder, executor, workers)) if study else self.study
        if points is not None or (study is None and replicates is None):
            larger = grown(larger, points)
        if replicates is not None:
            larger = larger.with_(replicates=replicates)
        with working(self.store, Execution(None, executor, workers, progress)) as runner:
            self._refuse_other_code(anew)
            self._finish(runner)
            if larger.to_yaml() != self.store.batch.study:
                self.store.plan(larger, "extend")
            self._complete(runner)
        return self

    def _refuse_other_code(self, anew: bool) -> None:
        """InputError if the sources are not those that made the runs; with `anew`, want all runs of these instead."""
        batch = self.store.batch
        if not self.store.changed:
            return
        if anew:
            self.store.plan(self.study, "anew", replicates=None)
            return
        many = count(len(set(batch.listed)), "run")
        if batch.fingerprint != sources():
            why = f"the model's source changed since '{self.store.folder}' was made ({batch.fingerprint} then, {sources()} now)"
        else:
            why = f"'{self.store.folder}' was made with {batch.made['environment']}; {environment()} makes other bits"
        raise InputError(
            f"{why}: its {many} would be run anew, because runs of two versions are never mixed.",
            "To read what is there, nothing is needed. To run all again, ask for it: --anew (in Python: anew=True).\n"
            "To go on with the old runs, use the version that provenance.json names.",
        )

    def _finish(self, runner: Runner) -> None:
        """Run what is unfinished, the oldest batch first."""
        for batch, numbers in self.store.unfinished():
            runner.run(batch, numbers)

    def _complete(self, runner: Runner) -> None:
        """Run what is unfinished, and more replicates while the study's rule asks for them."""
        self._finish(runner)
        while more := self._more_replicates():
            self.store.plan(self.study, "replicates", replicates=more)
            self._finish(runner)

    def _is_complete(self) -> bool:
        """Is there nothing to do?"""
        return not len(self.store.absent(self.store.batch.listed)) and not self._more_replicates()

    def _more_replicates(self) -> int | None:
        """How many replicates the study's rule asks for, if it is more than there are."""
        rule, many = self.study.rule, self.store.batch.replicates
        if not rule or many >= rule.most or self._known_well(rule):
            return None
        return min(many + BATCH, rule.most)

    def _known_well(self, rule: Replicates) -> bool:
        """Does luck move the mean effect over these points little enough in every arm?

        Points share a replicate's luck, so the means over points, one a replicate, are the independent values of the t interval. The rule
        acts on that precision of the mean alone: how far points differ, and which city it is, more replicates do not tell.
        """
        last = self.store.cube(rule.until.effect)[..., -1]
        for arm in range(1, last.shape[1]):
            effects = last[:, arm] - last[:, 0]
            complete = effects[np.isfinite(effects).all(axis=1)]
            if not len(complete) or not mean_and_precision(complete.mean(axis=0))[1] <= rule.until.half_width:
                return False
        return True


def grown(study: Study, points: int | None) -> Study:
    """The study with a larger design (None: its own) that begins with the same points, and with the validation points that are usual.

    InputError if its design cannot grow so.
    """
    kind = kind_of(study.design) if study.design else "none"
    design = dict(study.design or {})
    if points is None:
        if not design or kind in UNVALIDATED:
            return study
    else:
        if kind not in GROWING:
            message = (
                f"the design '{kind}' cannot be extended: a larger one would have other points." if design else "the study has no design."
            )
            raise InputError(message, f"Designs that can: {', '.join(GROWING)}; or a longer table of points, as another study.")
        if points < design[kind]:
            raise InputError(f"the design '{kind}' has {design[kind]} already, more than {points}.", "Give a larger number.")
        design[kind] = points
    checks = design.pop(VALIDATION, 0)
    larger = study.with_(design=design)
    if checks > checks_of(larger.design or {}):
        larger = study.with_(design=design | {VALIDATION: checks})
    before, after = study.points(), larger.points()
    for own in (False, True):
        old, new = (each.values[each.validation == own].reset_index(drop=True) for each in (before, after))
        if not new.iloc[: len(old)].equals(old):
            raise InputError(f"a larger '{kind}' of this size has other points.", "Take another size, or sweep into another folder.")
    return larger
