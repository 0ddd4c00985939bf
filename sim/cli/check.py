"""What `confianza check` prints: that a scenario, a study or a trial can be used, and what it says."""

import os

from sim.cli.show import console
from sim.errors import InputError
from sim.yaml_files import load_yaml

OF_TRIALS = {"treatment", "endline"}  # keys that only trials have
OF_STUDIES = {"arms", "scenario", "vary", "design"}  # keys that no scenario has


def check_file(file: str) -> None:
    """Say that a scenario, study or trial can be used. InputError, with the line, if it cannot."""
    if has_keys(file, OF_TRIALS):
        check_trial(file)
        return
    if is_study(file):
        check_study(file)
        return
    from sim.cli.explain import check_scenario

    check_scenario(file)


def is_study(file: str) -> bool:
    """Does a file have keys of a study?"""
    return has_keys(file, OF_STUDIES)


def has_keys(file: str, keys: set[str]) -> bool:
    """Does a file have any of these keys?"""
    try:
        return os.path.isfile(file) and not keys.isdisjoint(load_yaml(file).data)
    except InputError:  # whoever reads it will say so
        return False


def check_study(file: str) -> None:
    """Say that a study can be used, and what would run."""
    from sim import origins
    from sim.cli.compare import describe
    from sim.cli.explain import own_reference, show, warn
    from sim.cli.sweep import outline
    from sim.studies.study_files import load_study

    study = load_study(file)
    told = outline(study) if study.design else describe(study)
    console().print(f"{file} can be used.\n\n{told}")
    own = study.model_dump()["references"]
    show([
        ("sources", "\n".join(f"{name}: {', '.join(keys)}" for name, keys in study.sources.items())),
        ("references", "\n".join(own_reference(key, origins.as_reference(given)) for key, given in own.items())),
    ])  # fmt: skip
    warn(study.base.as_data())


def check_trial(file: str) -> None:
    """Say that a trial can be used, in its cities too, and what would be tried."""
    from sim.cli.explain import warn
    from sim.cli.trial import describe
    from sim.trials.design import load_trial
    from sim.trials.trial import check_sites

    trial = load_trial(file)
    try:
        check_sites(trial)
    except InputError as error:
        raise error.at(file) from None
    console().print(f"{file} can be used.\n\n{describe(trial)}")
    warn(trial.scenario.as_data())
