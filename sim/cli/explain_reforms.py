"""What `explain` says of reforms: their levers, and what they read and write."""

from typing import Any

from sim.cli.show import console, table


def known() -> dict[str, type]:
    """The reforms by name; they bring NumPy and numba with them, so they are loaded only when asked for."""
    from sim.world.reforms import REFORMS

    return REFORMS


def list_reforms() -> None:
    """All reforms, a line each."""
    made = table("reform", "dose", "what it does", whole=("reform", "dose"))
    for name, kind in known().items():
        made.add_row(name, kind.dose, kind.text)  # type: ignore[attr-defined]
    console().print(made)


def explain_reform(name: str) -> None:
    """A reform's levers with units, ranges, defaults and sources, and its columns."""
    from sim.evidence.levers import bounds, default
    from sim.world.reforms import levers

    kind: Any = known()[name]
    screen = console()
    screen.print(
        f"{name}: {kind.text}\nThe dose is {kind.dose}; at 0 nothing happens. Columns it writes: {', '.join(kind.writes) or 'none'}\n"
    )
    under = {"source": "meaning", "unit": "range"}
    made = table("lever", "default", "range", "unit", "meaning", "source", whole=("lever", "default"), under=under)
    for lever, field in levers(kind).items():
        made.add_row(
            lever, default(field), bounds(field), field.metadata["unit"], field.metadata["text"], ", ".join(field.metadata["source"])
        )
    screen.print(made)
    screen.print(f"In a study: arms: {{mine: [{{{name}: {{start: 0, {kind.dose}: {default(levers(kind)[kind.dose])}}}}}]}}")
