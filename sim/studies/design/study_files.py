"""Study files: read, with the scenario and the tables that they name, found beside them."""

import os
from pathlib import Path
from typing import Any

from sim.inputs.asking import load_with_scenario
from sim.inputs.csv_files import LARGEST
from sim.inputs.file_kinds import STUDY
from sim.inputs.scenario_files import find_study
from sim.studies.design.study import Study


def load_study(path: str | Path) -> Study:
    """The study in a .yaml file; its scenario is a shipped one, or a file whose path is relative to the study's. So is a CSV of points.

    Parameters
    ----------
    path : path
        A .yaml file, or the name of a shipped study.

    Returns
    -------
    Study
        The study with its scenario.

    Raises
    ------
    InputError
        With file and line, if it cannot be used.
    """
    path = find_study(path)
    return load_with_scenario(path, STUDY, lambda data: Study(**_with_tables(data, os.path.dirname(path))), LARGEST)


def _with_tables(data: dict[str, Any], folder: str) -> dict[str, Any]:
    """The data with the paths of its CSV files, which lie beside the study."""

    def placed(holder: Any, key: str) -> Any:
        if isinstance(holder, dict) and isinstance(name := holder.get(key), str) and (name.endswith(".csv") or key == "csv"):
            return holder | {key: os.path.join(folder, name)}
        return holder

    nested = {key: placed(data[key], name) for key, name in (("vary", "posterior"), ("design", "csv")) if key in data}
    return {**placed(data, "posterior"), **nested}
