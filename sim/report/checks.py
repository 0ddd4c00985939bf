"""Pattern checks kept beside results: `confianza validate --out` writes them, a report reads them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.compiled import fingerprint
from sim.errors import InputError
from sim.patterns import Finding, patterns
from sim.results import write

FILE = "validation.json"
FIELDS = {"pattern": str, "measure": str, "value": float, "sd": float, "passed": bool, "adults": int, "replicates": int}
OPTIONAL = ("value", "sd", "passed")  # null where there is nothing to say


def save_checks(findings: Sequence[Finding], scenario: str, folder: Path) -> Path:
    """Write what `validate` found into a folder; the file appears whole or not at all. InputError if it cannot be written."""
    rows = [{**finding._asdict(), "pattern": finding.pattern.id} for finding in findings]
    for row in rows:
        row.update({name: None for name in ("value", "sd") if row[name] != row[name]})  # JSON has no nan
    text = json.dumps({"scenario": scenario, "source_fingerprint": fingerprint(), "findings": rows}, indent=2, ensure_ascii=False) + "\n"
    return write(folder / FILE, lambda path: path.write_text(text, encoding="utf-8"))


def load_checks(folder: Path) -> dict[str, Any] | None:
    """The checks in a folder: scenario, source_fingerprint and findings, each with the fields of `Finding`; None if there are none.

    InputError if the file is not what `save_checks` wrote.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        checks = json.loads(path.read_text(encoding="utf-8"))
        for row in checks["findings"]:
            _check(row)
        if not (isinstance(checks["scenario"], str) and isinstance(checks["source_fingerprint"], str)):
            raise TypeError("scenario and source_fingerprint must be texts")
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "Make it again with confianza validate SCENARIO --out FOLDER, or delete it."
        raise InputError(f"'{path}' holds no pattern checks that can be read ({error}).", remedy) from None
    return checks


def _check(row: dict[str, Any]) -> None:
    """ValueError or TypeError if one finding is not of the kind that is written."""
    for name, kind in FIELDS.items():
        value = row[name]
        fits = isinstance(value, kind) or (kind is float and type(value) is int) or (value is None and name in OPTIONAL)
        if not fits:
            raise TypeError(f"'{name}' is {value!r}")
    if row["pattern"] not in patterns():
        raise ValueError(f"there is no pattern {row['pattern']!r}")
