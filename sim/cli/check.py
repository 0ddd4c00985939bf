"""What `confianza check` prints: that a scenario or a study can be used, and what it says."""

import os

from sim.cli.show import console
from sim.errors import InputError
from sim.yaml_files import load_yaml

OF_STUDIES = {"arms", "scenario", "vary", "design"}  # keys that no scenario has


def check_file(file: str) -> None:
    """Say that a scenario or study can be used. InputError, with the line, if it cannot."""
    if is_study(file):
        check_study(file)
        return
    from sim.cli.explain import check_scenario

    check_scenario(file)


def is_study(file: str) -> bool:
    """Does a file have keys of a study?"""
    try:
        return os.path.isfile(file) and not OF_STUDIES.isdisjoint(load_yaml(file).data)
    except InputError:  # whoever reads it will say so
        return False


def check_study(file: str) -> None:
    """Say that a study can be used, and what would run."""
    from sim.cli.compare import describe
    from sim.cli.sweep import outline
    from sim.studies.study import load_study

    study = load_study(file)
    told = outline(study) if study.design else describe(study)
    console().print(f"{file} can be used.\n\n{told}")
