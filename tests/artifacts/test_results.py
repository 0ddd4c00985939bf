"""Results: what is kept of runs, its labels, its provenance, and its way to disk and back."""

import json
from hashlib import sha256

import numpy as np
import pytest
import xarray as xr
import yaml

from sim import __version__
from sim.artifacts.results import Results, adapted
from sim.errors import InputError
from sim.inputs.scenario import Change, CitySize, Scenario
from sim.measures import MEASURES, Measure, recorded
from sim.measures.harvest import ANSWERS, CAUSES, EXAMINED, VARIABLES, WEEKLY
from sim.measures.names import CALLED, called
from sim.studies.answers.compare import compare
from sim.studies.design.study import Study
from sim.studies.running import runs
from sim.studies.running.runs import run
from sim.world.reforms import CommunityPolicing, Training
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation
from sim.world.state import Count, Mean

SCENARIO = Scenario(
    name="A [small] city & <its> police", question="¿Qué pasa?", city=CitySize(adults=1000), weeks=60, spin_up_weeks=30, seed=7
)


@pytest.fixture(scope="module")
def results():
    return run(SCENARIO, replicates=3, workers=2)


def test_everything_observed_is_kept():
    assert set(WEEKLY) == {called(member.name.lower()) for member in (*Count, *Mean)} | set(EXAMINED)


def test_variables_are_labeled(results):
    assert set(results.dataset.data_vars) == {*VARIABLES, "effectiveness_weight"}
    for name, variable in results.dataset.data_vars.items():
        assert variable.attrs["long_name"] and variable.attrs["units"], name
    assert results.dataset.week.values.tolist() == list(range(-30, 60))
    assert results.dataset.survey_week.values.tolist() == [-26, 0, 26, 52]
    assert results.dataset.cause.values.tolist() == list(CAUSES)
    assert results.dataset.answer.values.tolist() == list(ANSWERS)
    assert results.dataset.crimes.dtype == np.int64


def test_a_replicate_is_the_plain_simulation_with_its_seed(results):
    seed = replicate_seed(7, 2)
    plain = Simulation(SCENARIO, seed).run()
    data = results.dataset.sel(replicate=2)
    assert int(data.seed) == seed
    for count in Count:
        assert np.array_equal(data[called(count.name.lower())], plain.record.counts[:, count]), count
    for mean in Mean:
        assert np.array_equal(data[called(mean.name.lower())], plain.record.means[:, mean]), mean
    assert [survey.week for survey in plain.surveys] == data.survey_week.values.tolist()
    assert [survey.share_trusting for survey in plain.surveys] == pytest.approx(data.answers.values[:, 2:].sum(axis=1), abs=1e-12)
    again, climates = Simulation(SCENARIO, seed), []
    again.advance(max(0, SCENARIO.weeks - 52))
    for _ in range(13):
        again.advance(4)
        climates.append(again.city.cells.climate.copy())
    assert data.trust_map.values.ravel() == pytest.approx(np.mean(climates, axis=0))
    for name, field in {"voices": "answers", "voices_asked": "asked", "voices_error": "errors"}.items():
        assert np.array_equal(data[name], [getattr(each, field) for each in plain.heard], equal_nan=True), name
    sample = plain.virtual_survey(1200)
    assert float(data.virtual_survey_trusting) == sample.share_trusting
    assert float(data.virtual_survey_trusting_error) == sample.share_trusting_error


def test_the_number_of_workers_does_not_matter(results):
    alone = run(SCENARIO, replicates=3, workers=1)
    assert alone.dataset.drop_attrs().identical(results.dataset.drop_attrs())


def test_replicates_do_not_depend_on_how_many_there_are(results):
    first = run(SCENARIO, replicates=1)
    assert first.dataset.drop_attrs().identical(results.dataset.isel(replicate=[0]).drop_attrs())


def test_other_seeds_lead_elsewhere(results):
    totals = results.dataset.crimes.sum("week").values
    assert len(set(totals.tolist())) > 1
    assert int(run(SCENARIO, seed=8).dataset.crimes.sum()) != int(totals[0])


def test_the_ledger_is_the_change_of_mean_trust(results):
    data = results.dataset
    for dimension in ("fairness", "effectiveness"):
        booked = data.ledger.sel(dimension=dimension, week=slice(1, 59)).sum(["week", "cause"])
        trust = data[f"mean_{dimension}"]
        change = trust.sel(week=59) - trust.sel(week=0)
        assert booked.values == pytest.approx(change.values, abs=1e-12)


def test_trust_follows_the_weight_in_force():
    changes = (Change(week=4, set={"trust.effectiveness_weight": 1.0}),)
    data = run(SCENARIO.with_({"trust.effectiveness_weight": 0.0}, changes=changes), weeks=10).dataset.isel(replicate=0)
    assert np.array_equal(data.mean_trust.sel(week=slice(None, 3)), data.mean_fairness.sel(week=slice(None, 3)))
    assert np.array_equal(data.mean_trust.sel(week=slice(4, None)), data.mean_effectiveness.sel(week=slice(4, None)))


def test_maps_and_complaints_hold_the_last_year():
    data = run(SCENARIO.with_({"staffing.turnover_rate": 0.0002}), replicates=2).dataset
    last = data.sel(week=slice(8, 59))
    assert int(last.recruited.sum()) == 0
    assert np.array_equal(data.crime_map.sum(["y", "x"]), last.crimes.sum("week"))
    assert np.array_equal(data.stop_map.sum(["y", "x"]), last.stops.sum("week"))
    assert np.array_equal(data.officer_complaints.sum("officer"), last.complaints.sum("week"))


def test_complaints_of_those_who_left_are_not_held_against_recruits():
    fast = {"staffing.turnover_rate": 0.012, "staffing.replacement_delay_weeks": 2, "encounter.complaint_probability": 0.3}
    data = run(SCENARIO.with_(fast, officers_per_1000_inhabitants=20)).dataset.isel(replicate=0)
    assert int(data.recruited.sel(week=slice(8, 59)).sum()) > 5
    assert (data.officer_complaints.values >= 0).all()
    assert int(data.officer_complaints.sum()) < int(data.complaints.sel(week=slice(8, 59)).sum())


def test_one_quantity_has_one_name_in_files_and_tables():
    """Whatever a measure takes as it is from the dataset has the measure's name there; what has another name is something else."""
    reforms = (Training(start=0, coverage=0.6), CommunityPolicing(start=0, share=0.5))
    data = run(SCENARIO.with_(interventions=reforms, weeks=110), replicates=2).dataset
    alike = set()
    for measure in recorded().values():
        try:
            course = measure.weekly(data)
        except LookupError:
            continue
        for name, variable in data.data_vars.items():
            surveyed = "survey_week" in variable.dims and variable.ndim == 2 and measure.name != "prevalence"
            taken = variable.rolling(survey_week=2).mean() if surveyed else variable  # measures look back over both surveys of a year
            last = course.shape[1] - surveyed
            if not course.values[:, -last:].any():
                continue  # nothing happened: alike are all such
            if variable.dims == course.dims and np.allclose(taken.values[:, -last:], course.values[:, -last:], rtol=1e-12, atol=0):
                alike.add((str(name), measure.name))
    assert {name for name, _ in alike} == {name for _, name in alike} == set(data.data_vars) & MEASURES.keys()
    assert all(name == measure for name, measure in alike) and set(CALLED.values()) < {name for name, _ in alike}
    year = data.mean_trust.sel(week=slice(58, 109)).mean("week")
    assert np.array_equal(Results(data)["mean_trust"], year)


def test_a_file_without_a_hash_is_refused_unless_the_list_beside_it_knows_it(results, tmp_path):
    results.dataset.to_netcdf(tmp_path / "results.nc", engine="h5netcdf")
    with pytest.raises(InputError, match=r"neither it nor a list beside it says by which hash") as refused:
        Results.load(tmp_path)
    assert refused.value.remedy == "Make them again: confianza run SCENARIO --out FOLDER"
    listed = {"sha256": sha256((tmp_path / "results.nc").read_bytes()).hexdigest()}
    (tmp_path / "confianza.json").write_text(json.dumps({"kind": "files", "schema": 1, "files": {"results.nc": listed}}))
    assert Results.load(tmp_path).dataset.drop_attrs().identical(results.dataset.drop_attrs())


def test_names_of_columns_are_told_what_they_are_called(results):
    with pytest.raises(KeyError, match=r"there is no measure 'trust'\. 'trust' is called mean_trust\."):
        results["trust"]
    with pytest.raises(KeyError, match=r"there is no measure 'mean_trst'\. Did you mean 'mean_trust'\?"):
        results["mean_trst"]
    with pytest.raises(InputError, match=r"nothing is recorded as 'active_officers'\. 'active_officers' is called officers_in_service\."):
        Measure("mine", "", "", "", lambda over: over.mean("active_officers"))(results.dataset)


def test_files_without_pandas_and_xarray_are_those_that_they_write(results, tmp_path):
    short = run(SCENARIO.with_(weeks=3, spin_up_weeks=0), replicates=2)
    for held in (results, short):
        tables = held._tables()
        assert tables == {"summary.csv": held.summary().to_csv(index=False), "voices.csv": held.voices().to_csv(index=False)}
        held.save(tmp_path)
        held.dataset.to_netcdf(tmp_path / "xarray.nc", engine="h5netcdf")
        ours, theirs = (xr.load_dataset(tmp_path / name, engine="h5netcdf") for name in ("results.nc", "xarray.nc"))
        xr.testing.assert_identical(ours.assign_attrs(sha256=""), theirs.assign_attrs(sha256=""))
        assert {name: one.dtype for name, one in ours.variables.items()} == {name: one.dtype for name, one in theirs.variables.items()}
        (tmp_path / "xarray.nc").unlink()


def test_a_run_too_short_for_surveys():
    short = run(SCENARIO.with_(spin_up_weeks=0, weeks=5))
    assert short.dataset.sizes["survey_week"] == 0
    assert np.isnan(short["share_trusting"]).all()
    assert 0 < float(short["mean_trust"][0]) < 1


def test_progress_tells_every_week():
    told = []
    run(SCENARIO, replicates=2, weeks=40, progress=told.append)
    assert sum(told) == 2 * (30 + 40)


def test_what_a_run_cannot_be_asked():
    for wrong in ({"replicates": 0}, {"weeks": 0}, {"seed": -1}, {"seed": 2**63}):
        with pytest.raises(InputError):
            run(SCENARIO, **wrong)


def test_a_shorter_horizon_leaves_out_later_changes():
    changes = tuple(Change(week=week, set={"response.capacity": 0.5}) for week in (-3, 20, 50))
    scenario = SCENARIO.with_(changes=changes)
    assert [change.week for change in adapted(scenario, weeks=20).changes] == [-3]
    assert run(scenario, weeks=21).changes == [-3, 20]
    assert adapted(scenario).changes == scenario.changes


def test_a_shorter_horizon_leaves_out_later_reforms():
    scenario = SCENARIO.with_(interventions=[{"training": {"start": week}} for week in (-3, 20, 50)])
    for weeks, starts in ((20, [-3]), (21, [-3, 20]), (60, [-3, 20, 50]), (None, [-3, 20, 50])):
        assert [reform.start for reform in adapted(scenario, weeks=weeks).interventions] == starts, weeks
    assert run(scenario, weeks=4).dataset.sizes["week"] == 34


def test_the_summary_is_made_of_measures(results):
    summary = results.summary().set_index("measure")
    assert list(summary.index) == list(recorded())
    first = MEASURES["incidence"](results.dataset, (0, 51)).values
    last = MEASURES["incidence"](results.dataset, (8, 59)).values
    row = summary.loc["incidence"]
    assert (row.first_year, row.last_year) == (pytest.approx(np.median(first)), pytest.approx(np.median(last)))
    assert np.isnan(row.change), "the first and the last of 60 weeks' years overlap"


def test_saved_and_loaded_is_the_same(results, tmp_path):
    written = results.save(tmp_path / "new" / "folder")
    names = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    assert names == sorted(["confianza.json", *(path.name for path in written)])
    assert sorted(path.name for path in written) == ["provenance.json", "results.nc", "scenario.yaml", "summary.csv", "voices.csv"]
    loaded = Results.load(tmp_path / "new" / "folder")
    assert loaded.dataset.identical(results.dataset)
    assert repr(loaded) == repr(results)
    results.save(tmp_path / "new" / "folder")
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == names


def test_provenance(results, tmp_path):
    results.save(tmp_path)
    facts = json.loads((tmp_path / "provenance.json").read_text(encoding="utf-8"))
    assert facts["root_seed"] == 7
    assert facts["replicate_seeds"] == [replicate_seed(7, r) for r in range(3)]
    assert facts["versions"]["confianza"] == __version__
    assert set(facts["versions"]) == {"confianza", "python", "numpy", "numba", "mesa"}
    assert {"source_fingerprint", "command", "created", "question"} <= set(facts)
    resolved = yaml.safe_load((tmp_path / "scenario.yaml").read_text(encoding="utf-8"))
    assert Scenario(**resolved, lineage=()) == SCENARIO


def test_folders_that_cannot_be_written_to(results, tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="cannot be written to"):
            results.save(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "mine"


def test_loading_what_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no results"):
        Results.load(tmp_path)
    (tmp_path / "results.nc").write_text("nonsense")
    with pytest.raises(InputError, match="no results"):
        Results.load(tmp_path)


def test_html_is_escaped(results):
    html = results._repr_html_()
    assert "mean_trust" in html
    assert "&lt;its&gt;" in html
    assert "<its>" not in html


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Runs beside which measures were taken that the record does not hold, with their folder."""
    folder = tmp_path_factory.mktemp("asked")
    city = SCENARIO.with_(weeks=110)
    return city, run(city, replicates=2, measures=["peer_elasticity", "trust_autocorrelation", "mean_trust"], folder=folder), folder


@pytest.mark.compiled
def test_a_run_takes_measures_beside_the_record_as_studies_do(asked):
    city, found, _ = asked
    compared = compare(Study(name="x", scenario=city, arms={"a": [{"purge": {"start": 0}}]}, replicates=2, posterior="none",
                             measures=["trust_autocorrelation", "peer_elasticity"]))  # fmt: skip
    plain = run(city, replicates=2)
    table = found.summary().set_index("measure")
    for name in ("trust_autocorrelation", "peer_elasticity"):
        assert found[name].values.tolist() == compared.dataset[name].sel(arm="baseline").values.tolist()
        assert table.last_year[name] == pytest.approx(found[name].values.mean()) and np.isnan(table.first_year[name])
        assert name not in set(plain.summary().measure)
        with pytest.raises(InputError, match=f"cannot be read off these results.*(?s:.*)--measure {name}"):
            plain[name]
    xr.testing.assert_equal(found.dataset[list(plain.dataset.data_vars)], plain.dataset)  # to look changes nothing


@pytest.mark.compiled
def test_what_was_taken_beside_runs_is_kept_saved_and_loaded(asked, tmp_path, monkeypatch):
    city, found, folder = asked
    found.save(tmp_path)
    loaded = Results.load(tmp_path)
    assert loaded.summary().equals(found.summary()) and list(loaded.measures)[-2:] == ["trust_autocorrelation", "peer_elasticity"]
    monkeypatch.setattr(runs, "lives", None)  # nothing is run again
    again = run(city, replicates=2, measures=["trust_autocorrelation", "peer_elasticity"], folder=folder)
    xr.testing.assert_equal(again.dataset, found.dataset)


@pytest.mark.parametrize(
    ("measures", "weeks", "message"),
    [
        (["trust_autocorelation"], 110, "no measure 'trust_autocorelation'.(?s:.*)trust_autocorrelation"),
        (["trust_autocorrelation"], 60, "needs a panel of 104 weeks"),
        ("peer_elasticity", 60, "must be a list of names"),
    ],
)
def test_measures_that_cannot_be_taken_are_refused(measures, weeks, message):
    with pytest.raises(InputError, match=message):
        run(SCENARIO.with_(weeks=weeks), measures=measures)


def test_voices_are_those_of_the_last_survey_with_their_standard_error(results):
    table = results.voices().set_index("measure")
    last = results.dataset.isel(survey_week=-1).sel(question="stopped_felt_bad")
    row = table.loc["stopped_felt_bad"]
    assert (row.week, row.asked, row.unit) == (int(last.survey_week), int(last.voices_asked.median()), "share of those stopped")
    assert row.answer == pytest.approx(float(last.voices.median())) == pytest.approx(float(results["stopped_felt_bad"].median()))
    assert row.standard_error == pytest.approx(float((last.voices_error**2).mean()) ** 0.5) and row.standard_error > 0
    assert Results(results.dataset.isel(survey_week=slice(0, 0))).voices().empty, "nobody was asked yet"
