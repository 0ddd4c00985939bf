"""A scenario written by the page: into one folder, under a plain name, and never over another file without being told."""

import re
from pathlib import Path

from sim.errors import InputError, shown
from sim.files.writing import write_file
from sim.inputs.scenario import Scenario

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}")


def checked_path(name: object, folder: str | Path) -> Path:
    """Where a scenario of that name lies in the folder. InputError if the name could lead anywhere else, or the folder is none."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        remedy = "Use up to 80 letters a-z, digits, - and _, such as my-city-2; .yaml is added."
        raise InputError(f"this is no name for a file: {shown(name)}.", remedy)
    place = Path(folder).resolve()
    if not place.is_dir():
        raise InputError(f"there is no folder '{folder}' to save in.", "Make it, or choose another one with --folder.")
    return place / f"{name}.yaml"


def save_scenario(scenario: Scenario, name: object, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a scenario as NAME.yaml into the folder; the path. The file appears whole or not at all.

    InputError if the name is not plain, if there is such a file already and `overwrite` is not set or Confianza did not write it, or if
    it cannot be written
    """
    path = checked_path(name, folder)
    if path.is_file() and not path.is_symlink() and not overwrite:
        raise InputError(f"there is a file '{path.name}' already.", "Choose another name, or say that it may be replaced.")
    try:
        return write_file(path, scenario.to_yaml(), "scenario")
    except InputError as error:
        raise InputError(error.message, "Choose another name, or another folder with --folder.") from None
