"""Damaged files of every kind that Confianza writes and reads again: each is used as if nothing had happened, or refused in a sentence that
names the file, what is wrong and what to do; never a traceback, and never another number than was written.

About a thousand damages are known by their numbers; a third is tried, all with DAMAGES=all.
"""

import json
import os
import shlex
import shutil
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import damage
import h5py
import hostile
import made_decisions
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from made_analyses import FOUND, analysis

from sim.artifacts.checking import SEAL, seal_of, signed
from sim.artifacts.posterior import Posterior, load_posterior
from sim.artifacts.results import Results
from sim.calibration.layers import load_targets
from sim.calibration.result import Calibration
from sim.cli import main
from sim.errors import InputError
from sim.inputs.csv_files import read_table
from sim.inputs.scenario import load_scenario
from sim.report import comparisons, decisions, render, runs, sensitivities
from sim.studies.answers.comparison import Comparison
from sim.studies.answers.decision import Decision
from sim.studies.answers.discoveries import Discovery
from sim.studies.answers.findings import Analysis
from sim.studies.answers.sweep import Sweep, sweep
from sim.studies.design.study import Study
from sim.studies.design.study_files import load_study
from sim.studies.design.tables import points_table
from sim.trials.design import load_trial
from sim.trials.result import TrialResult
from sim.validation.record import load as load_validation

ROOT = Path(__file__).parents[2]
EACH = 1 if os.environ.get("DAMAGES") == "all" else 3  # of so many damages one is tried
NATION = load_scenario("national-average")
TARGETS = "P06: {value: 0.54, sampling_error: 0.01, discrepancy: 0.02, why: a survey, sources: [assumed]}\n"
SWEPT = Study(
    name="Swept", scenario=hostile.TOWN, arms={"course": [{"training": {"start": 0}}]},
    vary={"training.gain": [0.3, 1.5], "trust.contact_gain": [0, 0.4]},
    design={"sobol": 4}, replicates=2, measures=["mean_trust", "cost"], series=["mean_trust"], posterior="none",
)  # fmt: skip


class Kind(NamedTuple):
    """A kind of file.

    make   writes it, with what stands beside it, into a folder;  name: of the file that is damaged
    how    ways to damage it;  many: damages
    load   reads it as a verb does, and gives what it says, to be compared
    use    what else is done with what was read
    """

    make: Callable[[Path], object]
    name: str
    how: list[Callable]
    many: int
    load: Callable[[Path], Any]
    use: Callable[[Path], object] = lambda folder: None
    edited: bool = False  # may people change it?


def pages(folder: Path) -> None:
    """A page in both languages; figures are drawn once."""
    render(folder, "en")
    with pytest.MonkeyPatch.context() as patch:
        for module in (runs, comparisons, sensitivities, decisions):
            patch.setattr(module, "embedded", lambda figure: "data:,")
            for room in ("plots", "plots_compare", "plots_decision", "plots_sensitivity"):
                if hasattr(module, room):
                    patch.setattr(
                        getattr(module, room), "FIGURES", dict.fromkeys(getattr(module, room).FIGURES, lambda *given, **more: None)
                    )
        render(folder, "es")


def saved(result: Any) -> Callable[[Path], object]:
    return lambda folder: result().save(folder)


def copied(source: Path, name: str) -> Callable[[Path], object]:
    return lambda folder: shutil.copy(source, folder / name)


def texted(text: str, name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


def frames(*found: pd.DataFrame) -> str:
    return "\n".join(frame.to_csv() for frame in found)


def plain(found: Any) -> str:
    """All that findings say, as a text."""
    return "\n".join(value.to_csv() if isinstance(value, pd.DataFrame) else repr(value) for value in vars(found).values())


def analyzed() -> Analysis:
    return replace(analysis(FOUND["delta"]), facts=made_decisions.FACTS)


def calibration(folder: Path) -> None:
    names = ["trust.contact_gain", "conduct.mean"]
    draws = pd.DataFrame({names[0]: [0.1, 0.2, 0.15], names[1]: [-0.3, 0.1, -0.2]})
    posterior = Posterior(
        "town", tuple(names), draws.to_numpy(), np.ones(3) / 3, {"scenario": "town", "parameters": {"conduct.mean": -0.34}}
    )
    rows = {
        "parameter": names,
        "contraction": [0.4, 0.1],
        "moved": 0.0,
        "prior": 0.2,
        "prior_low": 0.0,
        "prior_high": 0.4,
        "posterior": 0.1,
    }
    parameters = pd.DataFrame(rows | {"low": 0.05, "high": 0.3, "unit": "0-1", "status": "contested"})
    pairs = pd.DataFrame({"one": names[:1], "other": names[1:], "correlation": [0.5]})
    met = {"pattern": ["P06"], "measure": names[0], "value": 0.1, "tolerance": 0.02, "posterior": 0.1, "low": 0.05, "high": 0.2}
    targets = pd.DataFrame(met | {"misfit": 0.0, "q2": 0.9})
    worlds = pd.DataFrame(
        {"structure": ["whole"], "worst": "P06"} | dict.fromkeys(("log_evidence", "error", "weight", "effective_draws", "misfit"), 1.0)
    )
    Calibration(posterior, draws, parameters, targets, pairs, draws, worlds).save(folder)


@cache
def store() -> Path:
    """The runs of a small sweep, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="confianza-damage-")) / "store"
    sweep(SWEPT, folder, chunk=8)
    return folder


def a_store(folder: Path) -> None:
    shutil.copytree(store(), folder, dirs_exist_ok=True)


def of_store(folder: Path) -> str:
    """What a store says of its runs; it is as it was if nothing is missing."""
    made = Sweep.load(folder)
    status = made.store.status(verify=True)
    if status.problems or status.missing:
        made.store.runs()
        raise InputError(f"'{folder}' lacks runs: {'; '.join(status.problems)}", f"confianza resume {folder}")
    return frames(made.store.runs(), made.store.failures(), *made.store.series())


def use_store(folder: Path) -> None:
    for name in ("runs.csv", "runs.nc"):
        Sweep.load(folder).export(folder.parent / name)
    Sweep.load(folder).resume()
    Sweep.load(folder).extend(replicates=2)


def loaded(kind: Any) -> Callable[[Path], Any]:
    """What an artifact that loads itself says."""

    def said(folder: Path) -> str:
        found = kind.load(folder)
        return seal_of(found.dataset) if hasattr(found, "dataset") else plain(found)

    return said


def points(folder: Path) -> str:
    return points_table(read_table(folder / "points.csv", "csv", "", "")[0], None, "points.csv").to_csv()


def read_by(load: Callable[[Path], Any], name: str) -> Callable[[Path], Any]:
    return lambda folder: load(folder / name).to_yaml()


DECISION, DISCOVERY = saved(made_decisions.decision), saved(made_decisions.discovery)
PAIR = saved(lambda: hostile.named_comparison(["one", "two"]))
CHECKS = copied(ROOT / "docs/validation/validation.json", "validation.json")
POINTS = texted("trust.contact_gain,training.whom\n0.1,troops\n0.2,both\n", "points.csv")
KINDS = {
    "results": Kind(saved(hostile.run), "results.nc", damage.NETCDF, 140, loaded(Results), pages),
    "comparison": Kind(PAIR, "comparison.nc", damage.NETCDF, 140, loaded(Comparison), pages),
    "trial": Kind(saved(hostile.trial), "trial.nc", damage.NETCDF, 90, loaded(TrialResult), lambda at: TrialResult.load(at).summary()),
    "decision": Kind(DECISION, "decision.json", damage.JSON, 90, loaded(Decision), pages),
    "decision's table": Kind(DECISION, "curves.csv", damage.CSV, 40, loaded(Decision)),
    "decision's study": Kind(DECISION, "study.yaml", damage.YAML, 20, loaded(Decision)),
    "discovery": Kind(DISCOVERY, "discovery.json", damage.JSON, 70, loaded(Discovery)),
    "discovery's table": Kind(DISCOVERY, "box.csv", damage.CSV, 30, loaded(Discovery)),
    "sensitivity": Kind(saved(analyzed), "sensitivity.json", damage.JSON, 90, loaded(Analysis), pages),
    "sensitivity's table": Kind(saved(analyzed), "indices.csv", damage.CSV, 40, loaded(Analysis)),
    "pattern checks": Kind(CHECKS, "validation.json", damage.JSON, 80, load_validation),
    "posterior": Kind(calibration, "town.csv", damage.CSV, 40, lambda at: load_posterior(at / "town.csv").draws.tolist(), edited=True),
    "posterior's facts": Kind(calibration, "town.yaml", damage.YAML, 30, lambda at: load_posterior(at / "town.csv").own, edited=True),
    "calibration": Kind(calibration, "parameters.csv", damage.CSV, 40, lambda at: Calibration.load(at, "town")._repr_html_(), edited=True),
    "journal": Kind(a_store, "journal.sqlite", damage.SQLITE, 140, of_store, use_store),
    "shard": Kind(a_store, "shards/00000.parquet", damage.BYTES, 20, of_store, use_store),
    "series": Kind(a_store, "series/00001.parquet", damage.BYTES, 20, of_store, use_store),
    "points": Kind(POINTS, "points.csv", damage.CSV, 30, points, edited=True),
    "targets": Kind(
        texted(TARGETS, "targets.yaml"), "targets.yaml", damage.YAML, 30, lambda at: load_targets(NATION, [at / "targets.yaml"]),
        edited=True,
    ),
    "scenario": Kind(saved(hostile.run), "scenario.yaml", damage.YAML, 30, read_by(load_scenario, "scenario.yaml"), edited=True),
    "study": Kind(texted(SWEPT.to_yaml(), "study.yaml"), "study.yaml", damage.YAML, 30, read_by(load_study, "study.yaml"), edited=True),
    "trial's design": Kind(saved(hostile.trial), "trial.yaml", damage.YAML, 30, read_by(load_trial, "trial.yaml"), edited=True),
}  # fmt: skip
TOTAL = sum(kind.many for kind in KINDS.values())


def resealed(path: Path) -> None:
    """What was damaged with a hash that fits, as a file of another version would have: now fields and types must tell."""
    if path.suffix == ".nc":
        found = xr.load_dataset(path, engine="h5netcdf")
        found.attrs.pop(SEAL, None)
        with h5py.File(path, "r+") as file:
            file.attrs[SEAL] = seal_of(found)
    elif path.suffix == ".json":
        told = json.loads(path.read_text(encoding="utf-8"))
        told.pop(SEAL, None)
        path.write_text(json.dumps(signed(told)), encoding="utf-8")


def check_told(error: InputError, folder: Path, name: str) -> None:
    """That a refusal says in a sentence which file it is about, and what to do."""
    told = str(error)
    assert error.remedy and "Traceback" not in told and len(error.message.splitlines()) == 1, told
    assert name in told or str(folder) in told or folder.name in (error.file or ""), told


def attempt(kind: Kind, folder: Path, before: Any) -> str:
    """What becomes of a damaged file: "refused", "as before" or "other". AssertionError if it is told badly."""
    try:
        after = kind.load(folder)
        if after != before or kind.load is of_store:  # a store has more in it than it says at first
            kind.use(folder)
    except InputError as error:
        check_told(error, folder, Path(kind.name).name)
        return "refused"
    return "as before" if after == before else "other"


@pytest.mark.parametrize("name", KINDS)
def test_damaged(name, tmp_path):
    kind, found = KINDS[name], dict.fromkeys(("refused", "as before", "other"), 0)
    kind.make(tmp_path / "whole") if not (tmp_path / "whole").mkdir() else None
    before = kind.load(tmp_path / "whole")
    for number in range(0, kind.many, EACH):
        rng, folder = np.random.default_rng([number, len(name)]), tmp_path / f"{number}"
        shutil.copytree(tmp_path / "whole", folder)
        path, how = folder / kind.name, kind.how[number % len(kind.how)]
        try:
            how(path, rng)
            again = number % 2 and how not in damage.BYTES and how is not damage.deep
            if again:
                resealed(path)
        except (damage.Useless, OSError, KeyError, ValueError, TypeError, AttributeError):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                what = attempt(kind, folder, before)
            except Exception as fault:
                raise AssertionError(f"{name}, damage {number}: {how.__name__}{' (resealed)' if again else ''}") from fault
        assert what != "other" or kind.edited or again, f"{name}, damage {number}, {how.__name__}: another number than was written"
        found[what] += 1
        shutil.rmtree(folder)
    print(name, found)
    assert found["refused"] > 0


def test_there_are_a_thousand():
    assert TOTAL >= 1000


VERBS = [
    "report {}", "report {} --lang es", "status {}", "resume {}", "retry {}", "extend {} --replicates 3", "export {} {}.csv",
    "sensitivity {}", "decide {}", "discover {} 'effect:course:mean_trust < 0'",
]  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_end_with_a_sentence(verb, tmp_path, capsys):
    a_store(tmp_path / "store")
    name = "results.nc" if verb.startswith("report") else "journal.sqlite"
    (tmp_path / "store" / name).write_bytes(b"no such thing")
    with pytest.raises(SystemExit) as end:
        main(shlex.split(verb.replace("{}", str(tmp_path / "store"))))
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert name in told and "Traceback" not in told
