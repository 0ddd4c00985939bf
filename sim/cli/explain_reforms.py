"""What `explain` says of reforms: their levers, and what they read and write."""

from typing import Any

from sim.cli.manner import MANNER
from sim.cli.show import Code, console, quoted, table
from sim.style import language


def known() -> dict[str, type]:
    """The reforms by name; they bring NumPy and numba with them, so they are loaded only when asked for."""
    from sim.world.reforms import REFORMS

    return REFORMS


def list_reforms() -> None:
    """All reforms, a line each."""
    made = table("reform", "dose", "what it does", whole=("reform", "dose"))
    for name, kind in known().items():
        made.add_row(name, Code(kind.dose), said(name, kind))  # type: ignore[attr-defined]
    console().print(made)


def said(name: str, kind: Any) -> str:
    """What a reform does, in the language asked for."""
    return str(language(MANNER.lang)["live"]["reforms"]["texts"].get(name, kind.text))


def explain_reform(name: str) -> None:
    """A reform's levers with units, ranges, defaults and sources, and its columns."""
    from sim.evidence.levers import bounds, default
    from sim.world.reforms import levers

    kind: Any = known()[name]
    screen = console()
    written = ", ".join(kind.writes) or "none"
    screen.print(f"{name}: {said(name, kind)}\nThe dose is {kind.dose}; at 0 nothing happens. Columns it writes: {written}\n")
    under = {"source": "meaning", "unit": "range"}
    made = table("lever", "default", "range", "unit", "meaning", "source", whole=("lever", "default"), under=under)
    for lever, field in levers(kind).items():
        text = quoted("lever_texts", f"{name}.{lever}", quoted("lever_texts", lever, field.metadata["text"]))
        made.add_row(lever, default(field), bounds(field), field.metadata["unit"], text, ", ".join(field.metadata["source"]))
    screen.print(made)
    screen.print(f"In a study: arms: {{mine: [{{{name}: {{start: 0, {kind.dose}: {default(levers(kind)[kind.dose])}}}}}]}}")
