"""Large datasets are read, hashed, written and loaded a part at a time, with the numbers and hashes of those that are held whole."""

import gc
import tempfile
import tracemalloc

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sim.artifacts import checking, pieces
from sim.artifacts.checking import seal_of
from sim.artifacts.pieces import places
from sim.errors import InputError
from sim.inputs.scenario import CitySize, Scenario
from sim.studies.answers.compare import compare
from sim.studies.answers.comparison import Comparison
from sim.studies.design.study import Study
from sim.studies.running import effects, runs

CITY = Scenario(name="Small", city=CitySize(adults=1000, officers_per_1000_inhabitants=8.0), weeks=20, spin_up_weeks=6, seed=5)
STUDY = Study(name="C", scenario=CITY, arms={"course": [{"training": {"start": 0}}]}, replicates=3, posterior="none")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A comparison that is held whole, and the folder of its runs."""
    folder = tmp_path_factory.mktemp("kept")
    return compare(STUDY, folder=folder), folder


@pytest.fixture
def small(monkeypatch):
    """What is large, small."""
    for module in (checking, runs):
        monkeypatch.setattr(module, "LITTLE", 1000)
    monkeypatch.setattr(pieces, "PART", 4000)
    monkeypatch.setattr(effects, "PART", 4000)


@given(st.lists(st.integers(0, 5), max_size=4), st.integers(1, 200))
def test_parts_are_all_of_an_array_in_the_order_of_its_bytes(shape, part):
    values = np.random.default_rng(1).random(shape)
    found = [values[place] for place in places(values.shape, values.itemsize, part)]
    assert b"".join(one.tobytes() for one in found) == values.tobytes()
    assert all(one.nbytes <= max(part, values.itemsize) for one in found)


@pytest.mark.compiled
@pytest.mark.parametrize("lasting", [True, False])
def test_what_is_large_has_the_numbers_and_the_hash_of_what_is_held_whole(kept, lasting, tmp_path, small):
    whole, folder = kept
    read = compare(STUDY, folder=folder if lasting else None)
    assert not read.dataset.variables["ledger"]._in_memory and whole.dataset.variables["ledger"]._in_memory
    xr.testing.assert_identical(read.dataset.drop_attrs(deep=False), whole.dataset.drop_attrs(deep=False))
    read.dataset.attrs = whole.dataset.attrs
    assert seal_of(read.dataset) == seal_of(whole.dataset)
    read.save(tmp_path)
    loaded = Comparison.load(tmp_path)
    assert not loaded.dataset.variables["ledger"]._in_memory
    assert seal_of(loaded.dataset) == seal_of(Comparison.load(tmp_path).dataset.load())
    for name, table in whole._tables().items():
        assert (tmp_path / name).read_text() == table


@pytest.mark.compiled
def test_runs_that_nobody_wants_kept_are_there_as_long_as_somebody_may_look(monkeypatch, tmp_path, small):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    read = compare(STUDY)
    assert [path.name.startswith("confianza-") for path in tmp_path.iterdir()] == [True]
    del read
    gc.collect()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.compiled
def test_one_that_is_large_and_damaged_is_told(kept, tmp_path, small):
    kept[0].save(tmp_path)
    path = tmp_path / "comparison.nc"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="changed or damaged"):
        Comparison.load(tmp_path)


@pytest.mark.compiled
def test_memory_holds_no_whole_comparison(tmp_path, monkeypatch, small):
    city = CITY.with_(weeks=200)
    (one,) = runs.lives({"baseline": city}, 1, 1, (), lambda weeks: None)
    kept = runs.ComparisonPlan.kept(None, one)
    monkeypatch.setattr(runs, "lives", lambda scenarios, *given: [one._replace(arm=arm) for arm in scenarios])
    monkeypatch.setattr(runs.ComparisonPlan, "kept", lambda self, arm: kept)
    for module in (pieces, effects):
        monkeypatch.setattr(module, "PART", 200_000)
    study = STUDY.with_(scenario=city, replicates=60)
    compare(study, folder=tmp_path / "runs").save(tmp_path / "out")  # imports are done
    tracemalloc.start()
    try:
        made = compare(study, folder=tmp_path / "runs")
        made.save(tmp_path / "out")
        loaded = Comparison.load(tmp_path / "out")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert loaded.dataset.nbytes > 8e6 and peak < loaded.dataset.nbytes / 3
