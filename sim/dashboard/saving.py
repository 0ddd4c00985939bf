"""A scenario written by the page: into one folder, under a plain name, and never over another file without being told."""

import re
from pathlib import Path

from sim.errors import InputError, shown
from sim.files.writing import write_file
from sim.inputs.scenario import Scenario
from sim.style import note

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}")


def checked_path(name: object, folder: str | Path) -> Path:
    """Where a scenario of that name lies in the folder. InputError if the name could lead anywhere else, or the folder is none."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InputError(note("no_file_name", given=shown(name)), note("file_names"))
    place = Path(folder).resolve()
    if not place.is_dir():
        raise InputError(note("no_save_folder", folder=str(folder)), note("make_save_folder"))
    return place / f"{name}.yaml"


def save_scenario(scenario: Scenario, name: object, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a scenario as NAME.yaml into the folder; the path. The file appears whole or not at all.

    InputError if the name is not plain, if there is such a file already and `overwrite` is not set or Confianza did not write it, or if
    it cannot be written
    """
    path = checked_path(name, folder)
    if path.is_file() and not path.is_symlink() and not overwrite:
        raise InputError(note("file_is_there", file=path.name), note("may_be_replaced"))
    try:
        return write_file(path, scenario.to_yaml(), "scenario")
    except InputError as error:
        raise InputError(error.args[0], note("save_elsewhere")) from None
