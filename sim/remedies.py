"""What somebody meant by a number that cannot be taken as it is written: a decimal comma, a percentage, thousands, a unit.

A remedy that names a number ("write 1.5") names one that is accepted: it lies in the range, and is whole where only whole numbers are.
Where a text can be read in two ways that are both possible, it names both.
"""

import math
import re
from collections.abc import Iterator

from sim.errors import number_problem
from sim.style import Note, note

SPACES = re.compile("[\u00a0\u2007\u2009\u202f]")
PERCENT = re.compile(r"\s*(%|per ?cent|por ?ciento)$")
GROUPED = re.compile(r"\d{1,3}([,.' _]\d{3})+")
AMOUNT = re.compile(r"([+-]?[0-9][0-9.,' _]*(?:e[+-]?[0-9]+)?)\s*([^0-9].*)?", re.DOTALL)
YES_OR_NO = ("yes", "no", "on", "off", "y", "n", "true", "false", "sí", "si")
NOT_FINITE = (".inf", ".nan", "inf", "nan", "infinity")


def plain(value: float) -> str:
    """A number as a file takes it, without commas.

    >>> plain(20000.0), plain(0.35), plain(1e-7)
    ('20000', '0.35', '1e-07')
    """
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.12g}"


def number_remedy(value: object, low: float = -1e12, high: float = 1e12, whole: bool = False, unit: str = "") -> Note | str:
    """How to write the number that was meant, in a range; empty if there is nothing to say.

    >>> number_remedy("20,000", 1000, 10**7, True), number_remedy("1,5", -2, 6)
    ('Leave out the comma: write 20000', 'Use a decimal point: write 1.5')
    >>> number_remedy("1,500")
    'It can be read in two ways: write 1500 for thousands, or write 1.5 with a decimal point'
    >>> number_remedy("35 %", 0, 1), str(number_remedy(41, 0, 1))
    ('Write a share, not a percentage: write 0.35', 'If 41 % was meant, write 0.41.')
    """
    found: dict[str, str] = {}
    for amount, reason in readings(value, unit):
        if number_problem(amount, low, high, whole) is None:
            found.setdefault(plain(amount), reason)
    if not isinstance(value, str):
        return _of_number(value, low, high, whole)
    if len(found) > 1:
        (first, _), (second, _) = list(found.items())[:2]
        return f"It can be read in two ways: write {first} for thousands, or write {second} with a decimal point"
    if found:
        ((written, reason),) = found.items()
        return f"{reason}: write {written}"
    text = value.strip().lower()
    amounts = [] if PERCENT.search(text) else [amount for amount, _ in readings(value, unit)]
    return next((told for amount in amounts if (told := _of_number(amount, low, high, whole))), "") or _of_text(text)


def readings(value: object, unit: str = "") -> Iterator[tuple[float, str]]:
    """The numbers that a text can mean, each with what to do about how it is written."""
    if not isinstance(value, str) or len(value) > 100:
        return
    text = SPACES.sub(" ", value.replace("\u2212", "-")).strip().strip("\"'~≈=").strip().lower()
    share = bool(PERCENT.search(text))
    found = AMOUNT.fullmatch(PERCENT.sub("", text))
    if not found:
        return
    written, rest = found[1].strip(), (found[2] or "").strip()
    if rest and not _is_unit(rest, unit):
        return
    for amount, reason in _amounts(written):
        if share:
            yield float(f"{amount / 100:.12g}"), "Write a share, not a percentage"
        else:
            yield amount, "Leave out the unit" if rest else reason


def _amounts(written: str) -> Iterator[tuple[float, str]]:
    """The numbers that digits with points, commas and spaces can be."""
    sign, digits = (-1.0, written[1:]) if written[0] == "-" else (1.0, written.lstrip("+"))
    if GROUPED.fullmatch(digits) and not digits.startswith("0") and len({*digits} - {*"0123456789"}) == 1:
        mark = "comma" if "," in digits else "point" if "." in digits else "spaces between digits"
        yield sign * int(re.sub(r"[^0-9]", "", digits)), f"Leave out the {mark}{'s' if digits.count(',') + digits.count('.') > 1 else ''}"
    decimal = re.fullmatch(r"(\d{1,3}(?:[.' ]\d{3})+|\d+),(\d+)", digits) or re.fullmatch(r"(\d{1,3}(?:[,' ]\d{3})+|\d+)\.(\d+)", digits)
    if decimal:
        reason = "Use a decimal point" if "," in digits and digits.rindex(",") == len(decimal[1]) else "Write the number without quotes"
        yield sign * float(f"{re.sub(r'[^0-9]', '', decimal[1])}.{decimal[2]}"), reason
    elif re.fullmatch(r"\d+", digits):
        leading = digits.startswith("0") and digits != "0"
        yield sign * int(digits), "Leave out the leading zero" if leading else "Write the number without quotes"
    elif re.fullmatch(r"\d+\.?\d*e[+-]?\d+", digits) and math.isfinite(float(digits)):
        yield sign * float(digits), "Write the number without quotes"


def _is_unit(text: str, unit: str) -> bool:
    """Is it the unit in which the number is wanted? "26 months" is not 26 weeks."""
    return text.rstrip("s.") == (unit.lower().split() or [""])[0].rstrip("s,;")


def _of_number(value: object, low: float, high: float, whole: bool) -> Note | str:
    """What a number was meant to be that is out of the range, or is not written as a whole one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return ""
    if whole and value % 1 == 0 and low <= value <= high:
        return f"Leave out point and exponent: write {plain(value)}" if isinstance(value, float) else ""
    thousand, hundredth = float(f"{value * 1000:.12g}"), float(f"{value / 100:.12g}")
    grouped = (value < low or value % 1) if whole else 1 <= value < low  # 1.082 weeks, where there are 52 at least, are 1,082
    if grouped and number_problem(thousand, low, high, whole) is None:
        return note("meant_thousands", meant=thousand, written=plain(thousand))
    if low >= 0 and high <= 1 and high < value <= 100 and low <= hundredth <= high and not whole:
        return note("meant_percent", meant=plain(value), written=plain(hundredth))
    return ""


def _of_text(text: str) -> str:
    """What to say of a text whose number is not known."""
    if text in YES_OR_NO:
        return "This is a yes-or-no word; write a number."
    if text.lstrip("+-") in NOT_FINITE:
        return "Write a finite number."
    if ":" in text:
        return "A number has no colon; write one number, in the unit of the parameter."
    if PERCENT.search(text):
        return "Write a plain number, without a percent sign."
    return "Write a plain number, without a unit, with a point before its decimals and no other sign."
