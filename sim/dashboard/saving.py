"""A scenario written by the page: into one folder, under a plain name, and never over another file without being told."""

import os
import re
import threading
from pathlib import Path

from sim.errors import InputError, shown
from sim.results import write
from sim.scenario import Scenario

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}")


def checked_path(name: object, folder: str | Path) -> Path:
    """Where a scenario of that name lies in the folder. InputError if the name could lead anywhere else, or the folder is none."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        remedy = "Use up to 80 letters a-z, digits, - and _, such as my-city-2; .yaml is added."
        raise InputError(f"this is no name for a file: {shown(name)}.", remedy)
    place = Path(folder).resolve()
    if not place.is_dir():
        raise InputError(f"there is no folder '{folder}' to save in.", "Make it, or choose another one with --folder.")
    path = place / f"{name}.yaml"
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise InputError(f"'{path.name}' is no ordinary file, so nothing is written there.", "Choose another name.")
    return path


def save_scenario(scenario: Scenario, name: object, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a scenario as NAME.yaml into the folder; the path. The file appears whole or not at all.

    InputError if the name is not plain, if there is such a file already and `overwrite` is not set, or if it cannot be written
    """
    path = checked_path(name, folder)
    text = scenario.to_yaml()
    try:
        if overwrite:
            return write(path, lambda place: place.write_text(text, encoding="utf-8"))
        whole = write(path.with_name(f".{name}-{threading.get_ident()}"), lambda place: place.write_text(text, encoding="utf-8"))
        try:
            os.link(whole, path)  # fails if there is such a file, be it a link or somebody else's who was quicker
        finally:
            whole.unlink()
    except FileExistsError:
        raise InputError(f"there is a file '{path.name}' already.", "Choose another name, or say that it may be replaced.") from None
    except (OSError, InputError) as error:
        raise InputError(f"the folder '{folder}' cannot be written to.", "Choose another one with --folder.") from error
    return path
