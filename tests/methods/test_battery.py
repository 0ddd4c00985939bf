"""The quick part of the battery: an emulator tells the truth about itself on functions with known answers."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HERE = Path(__file__).parents[2]
PAGE = HERE / "docs/battery.md"


@pytest.fixture(scope="module")
def battery():
    sys.path.insert(0, str(HERE / "experiments/known-answers"))
    try:
        import battery
    finally:
        sys.path.pop(0)
    return battery


@pytest.fixture(scope="module")
def found(battery):
    return pd.DataFrame([battery.tried(*cell, rivals=False) for cell in battery.quick_cells()])


def test_stated_is_true_or_nothing_is_stated(battery, found):
    """Within .05 in nine of ten cells, of all kinds: designs, sizes, functions, luck."""
    told = battery.summary(found)
    assert set(found.design) == set(battery.DESIGNS) and found.function.nunique() > 10
    assert ((found.stated - found.true).abs().le(battery.NEAR) | ~found.spoke.astype(bool)).mean() >= 0.9
    assert told["spoke"] >= 0.6 * len(found) and told["held"] >= 0.8
    assert told["covered"] >= 0.9 and told["dummies"] > 80 and told["false"] == 0
    assert found.seconds.sum() < 60  # of the processor's time


def test_every_kind_of_cell_is_there(battery):
    cells = battery.cells()
    assert len({cell[0].name for cell in cells}) >= 20 and {cell[2] for cell in cells} == set(battery.DESIGNS)
    assert sum(cell[0].luck is not None for cell in cells) >= 9
    named = {"monotone", "hump", "threshold", "XOR", "Morris", "Sobol g", "Borehole", "OTL circuit", "piston", "wing weight"}
    assert named | {"Oakley-O'Hagan", "Moon"} <= {cell[0].name for cell in cells}


def test_saltelli_rows_are_those_of_salib(battery):
    """One net, that with a column of the other for each factor, the other."""
    rows = battery.saltelli(4, 100, np.random.default_rng(1))
    one, *mixed, other = np.split(rows, 6)
    assert len(one) == 16
    for factor, rows in enumerate(mixed):
        assert np.array_equal(rows[:, factor], other[:, factor])
        assert np.array_equal(np.delete(rows, factor, axis=1), np.delete(one, factor, axis=1))


def test_the_page_is_what_the_program_writes(battery, found):
    """Same words, same columns; and the numbers it counts are those of its own cells."""
    page, made = PAGE.read_text(encoding="utf-8"), battery.page(found.assign(openturns=0.5, process=0.5, trees=0.5))

    def titles(text):
        return [line for line in text.splitlines() if line.startswith(("# ", "## ", "|  |", "| function"))]

    assert titles(page) == titles(made)
    counted = next(line for line in page.splitlines() if line.startswith("| all |")).split(" | ")
    rows = [line for line in page.partition("## Every cell")[2].splitlines() if line.startswith("| ")][2:]
    assert int(counted[1]) == len(rows) and int(counted[2]) == sum(" | yes | " in row for row in rows)
