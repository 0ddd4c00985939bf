"""What `confianza check` prints: that a scenario, a study or a trial can be used, and what it says."""

from sim.cli.show import console
from sim.inputs.file_kinds import STUDY, TRIAL, kind_of
from sim.inputs.scenario_files import find_study, shipped, shipped_studies


def check_file(file: str) -> None:
    """Say that a scenario, study or trial can be used. InputError, with the line, if it cannot."""
    kind = kind_of(file if shipped(file) else find_study(file) if file in shipped_studies() else file)
    if kind == TRIAL:
        check_trial(file)
    elif kind == STUDY:
        check_study(file)
    else:
        from sim.cli.explain import check_scenario

        check_scenario(file)


def check_study(file: str) -> None:
    """Say that a study can be used, and what would run."""
    from sim.cli.compare import describe
    from sim.cli.explain import references, show, warn
    from sim.cli.outlook import outlook
    from sim.cli.sweep import outline
    from sim.inputs import origins
    from sim.studies.design.study_files import load_study

    study = load_study(file)
    what = outline(study) if study.design else describe(study)
    console().print(f"{file} can be used.\n\n{what}")
    if said := outlook(study):
        console().print(f"{said}\n")
    own = study.model_dump()
    show([
        ("sources", "\n".join(f"{name}: {', '.join(keys)}" for name, keys in study.sources.items())),
        ("references", references(own["references"], origins.references(own))),
    ])  # fmt: skip
    warn(study.base.as_data())


def check_trial(file: str) -> None:
    """Say that a trial can be used, in its cities too, and what would be tried."""
    from sim.cli.explain import warn
    from sim.cli.trial import describe
    from sim.cli.work import placed
    from sim.trials.design import load_trial
    from sim.trials.trial import check_sites

    trial = load_trial(file)
    with placed(file):
        check_sites(trial)
    console().print(f"{file} can be used.\n\n{describe(trial)}")
    warn(trial.scenario.as_data())
