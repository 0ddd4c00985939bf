"""Confianza: trust between police and citizens, simulated; reforms compared with the same luck.

`import sim` is quick; what needs Mesa, numba or xarray is imported when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Model": "sim.model", "Citizen": "sim.agents", "Officer": "sim.agents", "Offender": "sim.agents",
    "run": "sim.studies.runs", "Results": "sim.results", "load_scenario": "sim.scenario", "shipped_scenarios": "sim.scenario",
    "load_study": "sim.studies.study_files", "Study": "sim.studies.study", "compare": "sim.studies.compare",
    "Comparison": "sim.studies.comparison", "sweep": "sim.studies.sweep", "Sweep": "sim.studies.sweep",
    "load_trial": "sim.trials.design", "Trial": "sim.trials.design", "run_trial": "sim.trials.trial", "TrialResult": "sim.trials.result",
    "Scenario": "sim.scenario", "InputError": "sim.errors", "CODEBOOK": "sim.parameters", "parameters": "sim.parameters",
}  # fmt: skip
__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - names are loaded on first use

if TYPE_CHECKING:
    from sim.agents import Citizen, Offender, Officer
    from sim.errors import InputError
    from sim.model import Model
    from sim.parameters import CODEBOOK, parameters
    from sim.results import Results
    from sim.scenario import Scenario, load_scenario, shipped_scenarios
    from sim.studies.compare import compare
    from sim.studies.comparison import Comparison
    from sim.studies.runs import run
    from sim.studies.study import Study
    from sim.studies.study_files import load_study
    from sim.studies.sweep import Sweep, sweep
    from sim.trials.design import Trial, load_trial
    from sim.trials.result import TrialResult
    from sim.trials.trial import run_trial


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
