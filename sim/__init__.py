"""Confianza: trust between police and citizens, simulated; reforms compared with the same luck.

`import sim` is quick; what needs Mesa, numba or xarray is imported when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim.version import __version__

_HOMES = {
    "Model": "sim.model", "Citizen": "sim.agents", "Officer": "sim.agents", "Offender": "sim.agents",
    "run": "sim.studies.running.runs", "Results": "sim.artifacts.results",
    "load_scenario": "sim.inputs.scenario", "shipped_scenarios": "sim.inputs.scenario",
    "load_study": "sim.studies.design.study_files", "Study": "sim.studies.design.study", "compare": "sim.studies.answers.compare",
    "Comparison": "sim.studies.answers.comparison", "sweep": "sim.studies.answers.sweep", "Sweep": "sim.studies.answers.sweep",
    "load_trial": "sim.trials.design", "Trial": "sim.trials.design", "run_trial": "sim.trials.trial", "TrialResult": "sim.trials.result",
    "Scenario": "sim.inputs.scenario", "InputError": "sim.errors", "CODEBOOK": "sim.world.parameters", "parameters": "sim.world.parameters",
}  # fmt: skip
__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - names are loaded on first use

if TYPE_CHECKING:
    from sim.agents import Citizen, Offender, Officer
    from sim.artifacts.results import Results
    from sim.errors import InputError
    from sim.inputs.scenario import Scenario, load_scenario, shipped_scenarios
    from sim.model import Model
    from sim.studies.answers.compare import compare
    from sim.studies.answers.comparison import Comparison
    from sim.studies.answers.sweep import Sweep, sweep
    from sim.studies.design.study import Study
    from sim.studies.design.study_files import load_study
    from sim.studies.running.runs import run
    from sim.trials.design import Trial, load_trial
    from sim.trials.result import TrialResult
    from sim.trials.trial import run_trial
    from sim.world.parameters import CODEBOOK, parameters


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
