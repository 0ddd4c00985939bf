"""What `confianza kit` does: figures and tables of results, ready to be published."""

from pathlib import Path
from typing import Annotated

import typer

from sim.cli import options
from sim.style import LANGUAGES


def kit(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A folder that run, compare, sensitivity or decide wrote.")],
    lang: Annotated[str | None, options.given("Language: en or es; by default both, each in a folder of its own.")] = None,
    out: Annotated[Path | None, options.given("Folder; by default kit in the folder of the results.")] = None,
) -> None:
    """Write each figure and table for publication: SVG, PDF, PNG of 300 dpi, the numbers as CSV; each says that it is a simulation."""
    from sim.cli.show import console
    from sim.files.writing import write, writer
    from sim.report.kit import KIT, make_kit

    folder = out or results / KIT
    languages = (lang,) if lang else LANGUAGES
    with writer(folder):
        written = write(folder, make_kit(results, languages), kind=KIT)
    console().print(f"{len(written)} files are in {folder}: {', '.join(languages)}", soft_wrap=True)
