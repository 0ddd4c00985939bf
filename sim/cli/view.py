"""What `confianza view` does: make everything ready, then serve the live city to this computer's browser; and `confianza page`."""

import os
import secrets
import time
import warnings
import webbrowser
from contextlib import suppress
from pathlib import Path

from sim.cli.show import console
from sim.errors import InputError
from sim.inputs.reforms import check_horizon
from sim.inputs.scenario import load_scenario
from sim.inputs.scenario_files import shipped


def view_scenario(
    name: str, arms: str | None, lang: str, port: int | None, folder: Path | None, behind: Path | None = None, *, browser: bool
) -> None:
    """Load, compile, serve until Ctrl-C. InputError if files, language, port or folder cannot be used, or packages are missing."""
    from sim.dashboard.server import HOST, check_installed, listen, serve
    from sim.report.words import Words

    check_installed()
    Words(lang)  # InputError if there is no such language
    scenario = load_scenario(name)
    chosen = None
    if arms is not None:
        from sim.studies.design.study_files import load_study

        chosen = load_study(arms).arms
        for arm, reforms in chosen.items():
            try:
                check_horizon(reforms, scenario.weeks, scenario.spin_up_weeks)
            except InputError as error:
                raise error.under(arm).at(arms) from None
    compared = None
    if behind is not None:
        from sim.dashboard.behind import Behind

        compared = Behind(behind, scenario)
        compared.check(chosen or {})
        chosen = dict(compared.arms) if chosen is None else chosen
    place = kept_in(name, folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Solara's remarks on Mesa's own components
        from sim.dashboard.page import prepare
        from sim.dashboard.stage import View
    view = View(scenario, chosen, lang, place, compared)
    with listen(port) as listening:
        screen = console()
        screen.print(f"{scenario.name}: compiling the model, so that no week has to wait for it ...")
        began = time.perf_counter()
        prepare(view)
        address = f"http://{HOST}:{listening.getsockname()[1]}/?token="
        token, ticket = (secrets.token_urlsafe(24) for _ in range(2))
        screen.print(f"Ready after {time.perf_counter() - began:.1f} s. The live city: {address}{token}", soft_wrap=True)
        screen.print(f"Only this computer can open it, with that address. Scenarios are saved in {place}. Ctrl-C ends it.", soft_wrap=True)
        with suppress(KeyboardInterrupt):
            if browser:
                webbrowser.open(address + ticket)
            serve(listening, token, ticket if browser else None, lang)
    screen.print("The page is closed.")


def make_page(name: str, out: Path | None) -> None:
    """Write the page that lives a city by itself. InputError if the scenario cannot be used, or a file is in the way."""
    from sim.web.page import write_page

    scenario, known = load_scenario(name), Path(name).stem
    if os.path.isfile(name) and shipped(known):
        known += "-file"  # it is not the one of that name that comes with the program
    path = write_page(scenario, known, Path("out") / f"{known}.html" if out is None else out)
    console().print(f"The page is {path} ({path.stat().st_size / 1e6:.1f} MB). Open it in any browser, or mail it.", soft_wrap=True)


def kept_in(name: str, folder: Path | None) -> Path:
    """Where the page may save: the given folder, or that of the scenario's file, or the current one. InputError if it is none."""
    place = folder if folder is not None else Path(name).parent if os.path.isfile(name) else Path()
    if not place.is_dir():
        raise InputError(f"'{place}' is no folder.", "Make it first, or give another one.", file="--folder")
    return place.resolve()
