"""Study files: read, with the scenario and the tables that they name, found beside them."""

import os
from pathlib import Path

from sim.errors import InputError, shown
from sim.inputs.file_kinds import STUDY, misplaced
from sim.inputs.scenario import Scenario, load_scenario
from sim.inputs.yaml_files import Document, load_yaml, shown_path
from sim.studies.design.study import Study
from sim.studies.design.tables import LARGEST


def load_study(path: str | Path) -> Study:
    """The study in a .yaml file; its scenario is a shipped one, or a file whose path is relative to the study's. So is a CSV of points.

    Parameters
    ----------
    path : path
        A .yaml file.

    Returns
    -------
    Study
        The study with its scenario.

    Raises
    ------
    InputError
        With file and line, if it cannot be used.
    """
    try:
        return _study(path)
    except InputError as error:
        raise misplaced(error, path, STUDY) from None


def _study(path: str | Path) -> Study:
    document = load_yaml(path, LARGEST)
    data = dict(document.data)
    if isinstance(data.get("scenario"), str):
        data["scenario"] = _scenario(data["scenario"], path, document)
    vary, design = data.get("vary"), data.get("design")
    if str(data.get("posterior", "")).endswith(".csv"):
        data["posterior"] = os.path.join(os.path.dirname(path), data["posterior"])
    if isinstance(vary, dict) and isinstance(vary.get("posterior"), str) and vary["posterior"].endswith(".csv"):
        data["vary"] = vary | {"posterior": os.path.join(os.path.dirname(path), vary["posterior"])}
    if isinstance(design, dict) and isinstance(design.get("csv"), str):
        data["design"] = design | {"csv": os.path.join(os.path.dirname(path), design["csv"])}
    try:
        return Study(**data)
    except InputError as error:
        if error.file:  # of the scenario's own file
            raise
        raise error.at(document.file, *document.place(error.path)) from None


def _scenario(name: str, path: str | Path, document: Document) -> Scenario:
    """The scenario a study names, looked for beside it first. Errors in its file point there, others at the study's line."""
    folder = os.path.dirname(path)
    beside = [os.path.join(folder, name), os.path.join(folder, f"{name}.yaml")]
    found = next((place for place in beside if os.path.isfile(place)), None)
    try:
        if not found and (os.sep in name or name.endswith((".yaml", ".yml"))):
            raise InputError(f"there is no scenario file {shown(name)}.", f"It is looked for beside the study: {shown_path(beside[0])}")
        return load_scenario(Path(found) if found else name)
    except InputError as error:
        raise error if error.file else error.at(document.file, *document.place(("scenario",))) from None
