"""Files that ask something of a scenario, studies and trials: read with the scenario that they name."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sim.errors import InputError, shown
from sim.inputs.file_kinds import misplaced
from sim.inputs.places import with_table
from sim.inputs.scenario import Scenario, load_scenario
from sim.inputs.yaml_files import LARGEST, load_yaml, shown_path

Asked = TypeVar("Asked")  # a study or a trial


def load_with_scenario(path: str | Path, kind: str, make: Callable[[dict[str, Any]], Asked], largest: int = LARGEST) -> Asked:
    """What a file asks of a scenario that it names: a shipped one, or one whose path is relative to the file's.

    kind     of the file, as `sim.inputs.file_kinds` calls it
    make     takes the file's data with the scenario in them
    largest  bytes
    InputError with file and line, if either cannot be used
    """
    try:
        document = load_yaml(path, largest)
        data = dict(document.data)
        try:
            if isinstance(name := data.get("scenario"), str):
                data["scenario"] = _beside(name, path, kind)
            elif isinstance(name, dict):
                data["scenario"] = with_table(name, os.path.dirname(path))
            return make(data)
        except InputError as error:
            raise error if error.file else error.at(document.file, *document.place(error.path)) from None
    except InputError as error:
        raise misplaced(error, path, kind) from None


def _beside(name: str, path: str | Path, kind: str) -> Scenario:
    """The scenario that a file names, looked for beside it first."""
    beside = [os.path.join(os.path.dirname(path), name), os.path.join(os.path.dirname(path), f"{name}.yaml")]
    place = next((place for place in beside if os.path.isfile(place)), None)
    try:
        if not place and (os.sep in name or name.endswith((".yaml", ".yml"))):
            raise InputError(f"there is no scenario file {shown(name)}.", f"It is looked for beside the {kind}: {shown_path(beside[0])}")
        return load_scenario(Path(place) if place else name)
    except InputError as error:
        raise error if error.file else error.under("scenario") from None
