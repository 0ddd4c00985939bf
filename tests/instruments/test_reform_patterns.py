"""The program that measures the patterns about reforms: what it prints, what it writes."""

import importlib.util
import json
from math import isfinite
from pathlib import Path

import numpy as np
import pytest

from sim.inputs.patterns import patterns

PROGRAM = Path(__file__).parents[2] / "experiments" / "reform-patterns" / "run.py"
IDS = ["P24", "P25", "P26", "P27", "P28", "P29", "P30", "P32"]


@pytest.fixture(scope="module")
def program():
    spec = importlib.util.spec_from_file_location("reform_patterns", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.compiled
def test_the_quick_program_measures_every_pattern(program, tmp_path, capsys):
    path = tmp_path / "out" / "found.json"
    program.main(["--quick", "--out", str(path)])
    lines = capsys.readouterr().out.splitlines()
    assert [line[:3] for line in lines[1:] if line.startswith("P")] == IDS
    found = json.loads(path.read_text(encoding="utf-8"))
    rows = {row["id"] or row["text"]: row for row in found["rows"]}
    assert all(isfinite(row["value"]) and isfinite(row["precision"]) for row in rows.values())
    for key in IDS:
        row, pattern = rows[key], patterns()[key]
        assert row["passed"] is (None if key == "P32" else pattern.low <= row["value"] <= pattern.high)
        assert ("FAIL" in next(line for line in lines if line.startswith(key))) is (row["passed"] is False)
    assert rows["P24"]["passed"]
    values = found["values"]
    assert all(len(each) == found["replicates"] == 2 for each in values.values())
    both = [sum(parts) for parts in zip(values["interaction_d"], values["single_contact_d"], values["single_conduct_d"], strict=True)]
    assert both == pytest.approx(values["both_d"])
    assert rows["P30"]["value"] > rows["beside P30: follow-through of 1.0"]["value"]


def test_a_mean_outside_its_range_fails(program):
    low, high = patterns()["P25"].low, patterns()["P25"].high
    for values, verdict in (([high, high + 0.02], "FAIL"), ([low - 0.02, low], "FAIL"), ([high - 0.02, high + 0.01], "pass")):
        found = program.rows({"both_d": np.array(values), "training_trust_d": np.array(values)})
        assert [row.id for row in found] == ["P25", ""] and found[1].passed is None
        assert program.table(found).splitlines()[1].endswith(verdict)


@pytest.mark.parametrize("few", ["0", "1"])
def test_one_replicate_has_no_precision(program, capsys, few):
    with pytest.raises(SystemExit):
        program.main(["--replicates", few])
    assert "--replicates must be 2 or more" in capsys.readouterr().err
