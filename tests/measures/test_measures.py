"""Measures against arithmetic done by hand on a made-up dataset, and bit for bit against the same formulas on labeled arrays."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from labeled_measures import FORMULAS, Course, Span

from sim import load_scenario, run
from sim.errors import InputError
from sim.inputs.patterns import patterns
from sim.inputs.scenario_files import shipped_scenarios
from sim.measures import EXPERIMENT, MEASURES, PANEL, Over, RunColumns, first_year, last_year, recorded
from sim.measures.harvest import VARIABLES
from sim.measures.panel_measures import PANEL_MEASURES
from sim.measures.spans import MORE_AXES, share_holding_half, share_of_top
from sim.world.reforms import Purge, Training
from sim.world.voices import QUESTIONS

ADULTS, OFFICERS = 1000, 50
FIRST, WEEKS = -52, 104

# Constant weekly values, and what every measure makes of them.
WEEKLY = {
    "course_knowledge": 0.6, "course_attitude": 0.8, "course_behavior": 0.4,
    "crimes": 8, "reported": 4, "filed": 3, "well_treated": 2, "well_treated_with_file": 2, "solved": 1, "stops": 10,
    "corrupt_stops": 4, "unfair_stops": 3, "contacts": 6, "felt_good": 4, "felt_bad": 10,
    "complaints": 5, "officers_in_service": 40, "community_officers": 10, "offenders_free": 28,
    "mean_fairness": 0.4, "mean_effectiveness": 0.6, "mean_trust": 0.45, "mean_conduct": -0.3, "mean_honesty": 0.35,
    "perceived_risk": 0.2, "free_capacity": 0.7,
    "examined": 5, "examined_unfit": 1, "flagged": 1, "flagged_unfit": 0.4,
    "money_spent": 2.0, "officer_weeks_spent": 0.5,
}  # fmt: skip
SURVEYED = {"victims": 0.25, "contact_rate_half_year": 0.2, "corrupt_contacted": 0.05, "perceived_insecurity": 0.7, "trust_icc": 0.02}
EXPECTED = {
    "mean_trust": 0.45, "mean_fairness": 0.4, "mean_effectiveness": 0.6, "share_trusting": 0.6, "share_much_distrust": 0.1,
    "share_some_distrust": 0.3, "share_some_trust": 0.4, "share_much_trust": 0.2, "trust_icc": 0.02, "perceived_insecurity": 0.7,
    "prevalence": 25_000, "incidence": 41_600, "reporting_rate": 0.5, "file_rate": 0.75, "dark_figure": 0.625, "solved_share": 0.125,
    "clearance": 0.25, "good_treatment_share": 0.5, "treatment_gap": 2 / 3, "crime_concentration_50": 0.25, "offenders_free": 28,
    "perceived_risk": 0.2, "free_capacity": 0.7, "contact_rate_half_year": 0.2, "corrupt_contact_share": 0.25, "stops_per_adult": 0.52,
    "corrupt_stop_share": 0.4, "unfair_stop_share": 0.5, "felt_good_share": 0.25, "felt_bad_share": 0.625, "mean_conduct": -0.3,
    "mean_honesty": 0.35, "complaint_rate": 6_500, "complaint_share_top_2": 0.5, "complaint_share_top_10": 0.7,
    "officers_in_service": 40, "cost": 312.0, "officer_weeks": 78.0, "course_knowledge": 0.6, "course_attitude": 0.8,
    "course_behavior": 0.4, "purge_sensitivity": 0.4, "purge_false_alarms": 0.15, "purge_precision": 0.4,
}  # fmt: skip
VOICES = {question: round(0.05 * place, 2) for place, question in enumerate(QUESTIONS, 1)}
EXPECTED |= VOICES
SO_FAR = ("cost", "officer_weeks")  # grow with time
AT_END = ("crime_concentration_50", "complaint_share_top_2", "complaint_share_top_10")


def made_up():
    weeks, surveys = np.arange(FIRST, WEEKS), np.arange(-26, WEEKS + 1, 26)
    weekly = {name: (("replicate", "week"), np.full((2, weeks.size), value)) for name, value in WEEKLY.items()}
    surveyed = {name: (("replicate", "survey_week"), np.full((2, surveys.size), value)) for name, value in SURVEYED.items()}
    answers = np.broadcast_to([0.1, 0.3, 0.4, 0.2], (2, surveys.size, 4)).copy()
    complaints = np.array([50] + [5] * 4 + [0] * 25 + [2] * 15 + [0] * 5)
    other = {
        "answers": (("replicate", "survey_week", "answer"), answers),
        "voices": (("replicate", "survey_week", "question"), np.broadcast_to([*VOICES.values()], (2, surveys.size, len(VOICES)))),
        "crime_map": (("replicate", "y", "x"), np.array([[[5, 1], [2, 2]]] * 2)),
        "officer_complaints": (("replicate", "officer"), np.array([complaints] * 2)),
    }
    return xr.Dataset({**weekly, **surveyed, **other}, {"week": weeks, "survey_week": surveys}, {"adults": ADULTS})


def test_every_measure_is_checked_by_hand():
    assert set(EXPECTED) == set(FORMULAS) == set(recorded())


@pytest.mark.parametrize("name", EXPECTED)
def test_measure(name):
    measured = MEASURES[name](made_up())
    assert measured.dims == ("replicate",)
    assert measured.values == pytest.approx([EXPECTED[name]] * 2)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name not in (*AT_END, *SO_FAR)])
def test_constant_weeks_make_constant_series(name):
    series = MEASURES[name].weekly(made_up())
    time = series.dims[1]
    known = series.dropna(time)
    assert known.sizes[time] > 0
    assert known.values == pytest.approx(np.full(known.shape, EXPECTED[name]))


@pytest.mark.parametrize("name", AT_END)
def test_what_is_kept_for_the_end_only(name):
    with pytest.raises(LookupError, match="end of a run"):
        MEASURES[name].weekly(made_up())
    assert np.isnan(MEASURES[name](made_up(), (0, 51))).all()


def test_measures_explain_themselves():
    for measure in MEASURES.values():
        assert measure.unit and measure.mirrors and measure.description.endswith((".", ")."))


def test_rates_are_ratios_of_sums():
    data = made_up()
    data["crimes"][0, -1], data["reported"][0, -1] = 1000, 900
    expected = (51 * 4 + 900) / (51 * 8 + 1000)
    assert float(MEASURES["reporting_rate"](data)[0]) == pytest.approx(expected)
    assert float(MEASURES["reporting_rate"].weekly(data)[0, -1]) == pytest.approx(expected)
    assert float(MEASURES["reporting_rate"].weekly(data)[0, -2]) == pytest.approx(0.5)
    assert float(MEASURES["reporting_rate"](data)[1]) == pytest.approx(0.5)


def test_a_purge_that_flags_nobody_has_no_precision_and_none_at_all_has_0():
    data = made_up()
    data["flagged"][:] = data["flagged_unfit"][:] = 0
    assert float(MEASURES["purge_sensitivity"](data)[0]) == 0 and np.isnan(MEASURES["purge_precision"](data)).all()
    data["examined"][:] = data["examined_unfit"][:] = 0
    assert [float(MEASURES[f"purge_{name}"](data)[0]) for name in ("sensitivity", "false_alarms", "precision")] == [0, 0, 0]


def test_short_spans_are_counted_a_year():
    assert MEASURES["incidence"](made_up(), (0, 12)).values == pytest.approx([41_600] * 2)
    assert MEASURES["complaint_rate"](made_up(), (0, 12)).values == pytest.approx([6_500] * 2)
    assert MEASURES["stops_per_adult"](made_up(), (0, 12)).values == pytest.approx([0.52] * 2)


def test_a_series_looks_back_a_whole_year():
    series = MEASURES["incidence"].weekly(made_up())
    assert int(series.week[np.isfinite(series[0].values)][0]) == FIRST + 51


def test_surveys_count_if_what_they_recall_lies_in_the_span():
    data = made_up()
    data["victims"][:] = data["contact_rate_half_year"][:] = data["perceived_insecurity"][:] = (
        data.survey_week.values / 100
    )  # -0.26, 0, 0.26, 0.52, 0.78, 1.04
    span = (52, 103)
    assert MEASURES["prevalence"](data, span).values == pytest.approx([1.04e5] * 2)
    assert MEASURES["contact_rate_half_year"](data, span).values == pytest.approx([0.91] * 2)
    assert MEASURES["perceived_insecurity"](data, span).values == pytest.approx([0.91] * 2)
    assert MEASURES["perceived_insecurity"](data, (51, 103)).values == pytest.approx([0.78] * 2), "asked before week 52, so in week 51"
    assert MEASURES["prevalence"](data, (60, 80)).values == pytest.approx([0.78e5] * 2), "none fits: the last before the end"


def test_nobody_is_asked_about_a_year_that_was_not_lived():
    data = made_up()
    data["victims"][:] = data.survey_week.values
    series = MEASURES["prevalence"].weekly(data)
    assert series.survey_week.values[0] == FIRST + 52
    assert np.isnan(MEASURES["prevalence"](data, (-52, -20))).all()


def test_nothing_divided_by_nothing_is_unknown():
    data = made_up()
    for name in ("crimes", "reported", "filed", "stops", "corrupt_stops", "contacts", "contact_rate_half_year"):
        data[name][:] = 0
    data["crime_map"][:] = 0
    data["officer_complaints"][:] = 0
    for name in ("reporting_rate", "file_rate", "dark_figure", "solved_share", "clearance", "good_treatment_share", "treatment_gap",
                 "corrupt_stop_share", "unfair_stop_share", "felt_good_share", "felt_bad_share", "corrupt_contact_share",
                 *AT_END):  # fmt: skip
        assert np.isnan(MEASURES[name](data)).all(), name


def test_years():
    assert (first_year(made_up()), last_year(made_up())) == ((0, 51), (52, 103))
    short = made_up().sel(week=slice(None, 9))
    assert first_year(short) == last_year(short) == (0, 9)
    assert Over(of_one_run(short, 0), 0, 9).years == pytest.approx(10 / 52)


def test_concentration():
    assert share_holding_half(np.array([1, 1, 1, 1])) == 0.5
    assert share_holding_half(np.array([0, 0, 0, 7])) == 0.25
    assert np.isnan(share_of_top(np.ones(24), 0.02)), "two percent of 24 is nobody"
    assert share_of_top(np.ones(50), 0.02) == pytest.approx(0.02)


# --- The same bits, however it is measured


def of_one_run(data, *place):
    """The plain columns of one run of a dataset, as a worker has them."""
    values = {str(name): variable.values[place] for name, variable in data.data_vars.items() if variable.dims[0] != "week"}
    return RunColumns(values, data.week.values, data.survey_week.values, data.attrs["adults"])


def same(one, other):
    """Equal bit for bit, except that nan is nan."""
    return np.shape(one) == np.shape(other) and np.array_equal(one, other, equal_nan=True)


def assert_the_same_bits(data, windows, runs):
    """Of all measures: by labeled arrays, of the dataset, and of each run alone; and so are the labels."""
    places = list(np.ndindex(*(data.sizes[dim] for dim in runs)))
    alone = {place: of_one_run(data, *place) for place in places}
    for name, formula in FORMULAS.items():
        for window in windows:
            expected, found = formula(Span(data, *window)), MEASURES[name](data, window)
            assert found.dims == expected.dims == runs and set(found.coords) == set(expected.coords)
            assert same(expected.values, found.values), (name, window)
            for place in places:
                assert same(expected.values[place], MEASURES[name].of(alone[place], window)), (name, window, place)
        try:
            expected = formula(Course(data))
        except LookupError:
            continue
        found = MEASURES[name].weekly(data)
        assert same(expected.values, found.values) and found.dims == expected.dims, name
        assert all(found[label].equals(expected[label]) for label in (*found.coords, *expected.coords))


@pytest.mark.compiled
@pytest.mark.parametrize("name", shipped_scenarios())
def test_plain_columns_and_labeled_arrays_give_the_same_bits(name):
    small = load_scenario(name).with_(adults=1500, width=None, height=None, spin_up_weeks=40, weeks=70, changes=())
    data = run(small.with_(interventions=(Training(start=2, coverage=0.5), Purge(start=9))), replicates=2).dataset
    assert_the_same_bits(data, [(0, 51), (18, 69), (-30, -3)], ("replicate",))


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(0, 110), st.integers(0, 110), st.floats(0, 1))
def test_whatever_is_missing_the_bits_are_the_same(seed, first, weeks, holes):
    luck = np.random.default_rng(seed)
    data = made_up().sel(week=slice(FIRST, WEEKS - 1)).expand_dims(arm=["one", "other"]).copy(deep=True)
    for variable in data.data_vars.values():
        made = luck.normal(size=variable.shape) * luck.integers(1, 9)
        whole = variable.dtype.kind == "i"
        variable.data = np.abs(made * 9).astype(int) if whole else np.where(luck.random(made.shape) < 0.3 * holes, np.nan, made)
    window = FIRST + first, min(FIRST + first + weeks, WEEKS - 1)
    assert_the_same_bits(data, [window], ("arm", "replicate"))


def test_where_time_stands_among_the_axes_of_a_column():
    behind = {name: len(axes) - 1 for name, (axes, *_) in VARIABLES.items() if axes[:1] in (("week",), ("survey_week",))}
    assert {name: more for name, more in behind.items() if more} == MORE_AXES


def test_measures_have_their_own_names_and_units():
    found = MEASURES["reporting_rate"](made_up().assign_coords(seed=("replicate", [4, 5])))
    assert found.name == "reporting_rate" and found.attrs["units"] == "share of crimes" and found.seed.values.tolist() == [4, 5]


def test_what_goes_by_weeks_and_by_surveys_has_no_series():
    mixed = MEASURES["prevalence"].__class__("mixed", "", "", "", lambda over: over.asked("perceived_insecurity") * over.mean("mean_trust"))
    assert mixed(made_up()).values == pytest.approx([0.7 * 0.45] * 2)
    with pytest.raises(LookupError, match="mean_trust goes by week and cannot be put beside what goes by survey_week"):
        mixed.weekly(made_up())


def test_a_variable_that_some_runs_share_is_measured_once():
    shared = made_up().assign(mean_trust=("week", np.full(WEEKS - FIRST, 0.25)))
    assert MEASURES["mean_trust"](shared).dims == () and float(MEASURES["mean_trust"](shared)) == 0.25
    assert MEASURES["mean_trust"].weekly(shared).dims == ("week",)


# --- One registry


def test_every_measure_says_what_it_takes():
    others = {name: measure.kind for name, measure in MEASURES.items() if name not in recorded()}
    assert others.keys() == PANEL_MEASURES.keys() and set(others.values()) == {PANEL, EXPERIMENT}
    assert list(MEASURES)[-len(others) :] == list(others), "the record's come first, wherever they are listed"
    assert others.keys() <= {name for pattern in patterns().values() for name in (*pattern.measures, *pattern.beside)}


@pytest.mark.parametrize("name", PANEL_MEASURES)
def test_what_takes_a_panel_or_an_experiment_is_read_where_it_was_kept(name):
    measure = MEASURES[name]
    with pytest.raises(InputError, match=rf"'{name}' cannot be read off these results: it takes an? .* beside the run") as caught:
        measure(made_up())
    assert f"measures: [{name}]" in str(caught.value)
    kept = made_up().assign({name: ("replicate", [0.25, 0.5])})
    assert measure(kept).values.tolist() == [0.25, 0.5] and np.isnan(measure(kept, (0, 51))).all()
    with pytest.raises(LookupError, match="end of a run"):
        measure.weekly(kept)
