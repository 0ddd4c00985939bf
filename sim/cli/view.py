"""What `confianza view` does: write the page that lives a city by itself, and open it in the browser."""

import os
import webbrowser
from pathlib import Path

from sim.cli.show import console
from sim.inputs.scenario import load_scenario
from sim.inputs.scenario_files import shipped


def view_scenario(name: str, language: str, out: Path | None) -> None:
    """Write the page, and open it unless `out` says where. InputError if the scenario cannot be used, or a file is in the way."""
    from sim.web.page import write_page

    scenario, known = load_scenario(name), Path(name).stem
    if os.path.isfile(name) and shipped(known):
        known += "-file"  # it is not the one of that name that comes with the program
    path = write_page(scenario, known, Path("out") / f"{known}.html" if out is None else out, language)
    console().print(f"The page is {path} ({path.stat().st_size / 1e6:.1f} MB). Open it in any browser, or mail it.", soft_wrap=True)
    if out is None and not webbrowser.open(path.resolve().as_uri()):
        console().print("No browser could be started here.")
