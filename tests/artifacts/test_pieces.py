"""Large datasets are read, hashed, written and loaded a part at a time, with the numbers and hashes of those that are held whole."""

import tracemalloc

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sim.artifacts import artifact as artifacts
from sim.artifacts import checking, pieces
from sim.artifacts.checking import SEAL, seal_of
from sim.artifacts.pieces import places
from sim.errors import InputError
from sim.inputs.scenario import CitySize, Scenario
from sim.studies.answers.compare import compare
from sim.studies.answers.comparison import TABLES, Comparison
from sim.studies.design.study import Study
from sim.studies.running import runs

CITY = Scenario(name="Small", city=CitySize(adults=1000, officers_per_1000_inhabitants=8.0), weeks=60, spin_up_weeks=26, seed=5)
STUDY = Study(name="C", scenario=CITY, arms={"course": [{"training": {"start": 0}}]}, replicates=4, posterior="none")


@pytest.fixture
def small(monkeypatch):
    """What is large, small."""
    for module in (artifacts, checking, runs):
        monkeypatch.setattr(module, "LITTLE", 1000)
    monkeypatch.setattr(artifacts, "PART", 1000)
    monkeypatch.setattr(pieces, "PART", 8000)


@given(st.lists(st.integers(0, 5), max_size=4), st.integers(1, 200))
def test_parts_are_all_of_an_array_in_the_order_of_its_bytes(shape, part):
    values = np.random.default_rng(1).random(shape)
    found = [values[place] for place in places(values.shape, values.itemsize, part)]
    assert b"".join(one.tobytes() for one in found) == values.tobytes()
    assert all(one.nbytes <= max(part, values.itemsize) for one in found)


@pytest.mark.compiled
def test_what_is_large_has_the_numbers_and_the_hash_of_what_is_held_whole(tmp_path, monkeypatch, small):
    read = compare(STUDY, folder=tmp_path / "runs")
    whole = Comparison(read.dataset.load().copy(deep=True))
    again = compare(STUDY, folder=tmp_path / "runs")
    assert not again.dataset.variables["ledger"]._in_memory and whole.dataset.variables["ledger"]._in_memory
    xr.testing.assert_identical(again.dataset.drop_attrs(deep=False), whole.dataset.drop_attrs(deep=False))
    again.dataset.attrs = whole.dataset.attrs
    assert seal_of(again.dataset) == seal_of(whole.dataset)
    again.save(tmp_path / "parts")
    loaded = Comparison.load(tmp_path / "parts")
    assert not loaded.dataset.variables["ledger"]._in_memory
    monkeypatch.undo()
    whole.save(tmp_path / "whole")
    usual = Comparison.load(tmp_path / "whole")
    xr.testing.assert_identical(loaded.dataset, usual.dataset[list(loaded.dataset.data_vars)])
    for name in TABLES:
        assert (tmp_path / "parts" / f"{name}.csv").read_bytes() == (tmp_path / "whole" / f"{name}.csv").read_bytes()
        assert getattr(loaded, name)().equals(getattr(usual, name)())
    stored = [xr.open_dataset(tmp_path / way / "comparison.nc", engine="h5netcdf").attrs[SEAL] for way in ("parts", "whole")]
    assert stored[0] == stored[1]


@pytest.mark.compiled
def test_one_that_is_large_and_damaged_is_told(tmp_path, small):
    compare(STUDY, folder=tmp_path / "runs").save(tmp_path / "out")
    path = tmp_path / "out" / "comparison.nc"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="changed or damaged"):
        Comparison.load(tmp_path / "out")


@pytest.mark.compiled
def test_memory_holds_no_whole_comparison(tmp_path, monkeypatch, small):
    lived = runs._everything(CITY.with_(weeks=520), 1, lambda weeks: None)
    monkeypatch.setattr(runs, "_everything", lambda *given: lived)
    monkeypatch.setattr(pieces, "PART", 1_000_000)
    study = STUDY.with_(scenario=CITY.with_(weeks=520), replicates=40)
    compare(study, folder=tmp_path / "runs")
    tracemalloc.start()
    try:
        made = compare(study, folder=tmp_path / "runs")
        made.save(tmp_path / "out")
        loaded = Comparison.load(tmp_path / "out")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert loaded.dataset.nbytes > 20e6 and peak < loaded.dataset.nbytes / 3
