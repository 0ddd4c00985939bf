"""What `confianza kit` does: figures and tables of results, ready to be published."""

from pathlib import Path
from typing import Annotated

import typer

from sim.cli import options


def kit(
    results: Annotated[
        Path,
        typer.Argument(
            metavar="RESULTS", help="A folder that run, compare, sensitivity, decide, trial, calibrate, evidence or validate wrote."
        ),
    ],
    out: Annotated[Path | None, options.given("Folder; by default kit in the folder of the results.")] = None,
) -> None:
    """Write each figure and table for publication, in every language: SVG, PDF, PNG of 300 dpi, and CSV; each says what it is."""
    from sim.cli.show import console
    from sim.files.writing import write, writer
    from sim.report.kit import KIT, make_kit
    from sim.style import LANGUAGES

    folder = out or results / KIT
    made = make_kit(results, LANGUAGES)
    with writer(folder):
        written = write(folder, made, kind=KIT)
    console().print(f"Figures, tables and their numbers are in {folder}: {len(written)} files.", soft_wrap=True)
