"""How things of this package show themselves in a notebook: one look for all, in plain HTML."""

from collections.abc import Iterable
from html import escape
from typing import Any

MOST = 40  # rows of a table that are shown


def card(title: str, facts: Iterable[tuple[str, object]] = (), *parts: str, text: str = "") -> str:
    """A box in HTML: a title, a sentence, facts by name (None and "" are left out), then parts that are HTML already."""
    rows = "".join(
        f"<tr><th style='text-align:left;font-weight:600;padding:1px 12px 1px 0;vertical-align:top;white-space:nowrap'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(str(value))}</td></tr>"
        for name, value in facts
        if value not in (None, "")
    )
    return (
        "<div style='border-left:3px solid #0072b2;padding:2px 0 2px 12px;margin:4px 0;max-width:64em;overflow-x:auto'>"
        f"<div style='font-weight:700;font-size:1.05em'>{escape(title)}</div>"
        + (f"<div style='margin:2px 0 4px'>{escape(text)}</div>" if text else "")
        + (f"<table style='margin:2px 0 6px'>{rows}</table>" if rows else "")
        + "".join(parts)
        + "</div>"
    )


def listed(names: Iterable[str], most: int = 8) -> str:
    """Names in a line; of many the first, and how many there are.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    all_of_them = list(names)
    rest = len(all_of_them) - most
    return ", ".join(all_of_them[:most]) + (f" and {rest} more" if rest > 0 else "")


def note(text: str) -> str:
    """A line of small print."""
    return f"<p style='margin:4px 0;font-size:.9em;opacity:.75'>{escape(text)}</p>"


def folded(title: str, texts: Iterable[str]) -> str:
    """A list that is shown when its title is clicked."""
    return f"<details><summary>{escape(title)}</summary><ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul></details>"


def table(frame: Any, *, index: bool = False, caption: str = "") -> str:
    """A pandas table in HTML, with four digits a number; of a long one the first rows, and how many there are."""
    shown = frame.head(MOST).to_html(index=index, border=0, justify="left", float_format="{:,.4g}".format, na_rep="")
    rest = len(frame) - MOST
    return (note(caption) if caption else "") + shown + (note(f"... and {rest:,} more rows") if rest > 0 else "")
