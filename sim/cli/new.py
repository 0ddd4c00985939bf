"""What `confianza new` does: write a commented scenario or study to start from."""

import os
from pathlib import Path

from sim.cli.manner import MANNER
from sim.cli.show import console
from sim.errors import InputError, did_you_mean
from sim.files.locking import explained
from sim.files.writing import place
from sim.inputs.file_kinds import KINDS, SCENARIO, STUDY
from sim.style.commands import command, quoted

TEMPLATES = Path(__file__).parent.parent / "inputs" / "templates"


def write_new(kind: str, file: Path) -> None:
    """Write it in the language asked for, and say how to go on. InputError if there is no such kind, or a file is there already."""
    if kind not in (SCENARIO, STUDY):
        hint = did_you_mean(kind, (SCENARIO, STUDY))
        raise InputError(
            f"'{kind[:100]}' is nothing to start from.", f"{hint}Write confianza new scenario FILE, or confianza new study FILE."
        )
    if file.suffix not in (".yaml", ".yml"):
        raise InputError(f"'{file}' does not end in .yaml.", "Such files do, as my-city.yaml.", file="FILE")
    if os.path.lexists(file):
        raise InputError(f"'{file}' is there already, and is not replaced.", "Give another name.", file="FILE")
    if not os.path.isdir(file.parent):
        raise InputError(f"there is no folder '{file.parent}'.", "Make it first.", file="FILE")
    text = (TEMPLATES / f"{kind}.{MANNER.lang}.yaml").read_text(encoding="utf-8")
    with explained(file.parent):
        place(file, text.replace("{file}", quoted(file)))
    screen = console()
    screen.print(f"{file} is {KINDS[kind].name} to start from. Change it, then:")
    for verb in ("check", "run" if kind == SCENARIO else "compare"):
        screen.print(f"  {command(verb, file)}", soft_wrap=True)
