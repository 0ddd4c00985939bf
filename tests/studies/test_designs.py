"""Designs: how many points, where they lie, that they can be extended, that they are SALib's, and tables of points."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from SALib.sample import fast_sampler, morris, sobol

from sim.errors import InputError
from sim.inputs.scenario import CitySize, Scenario
from sim.studies.design.designs import DESIGNS, UNVALIDATED, kind_of, size
from sim.studies.design.factors import group_names
from sim.studies.design.study import Study
from sim.studies.design.study_files import load_study

BAD = Path(__file__).parent.parent / "bad" / "points"
SMALL = Scenario(name="Small", city=CitySize(adults=2_000), weeks=30, spin_up_weeks=4, seed=3)
ARMS = {"purge": [{"purge": {"start": 0}}], "course": [{"training": {"start": 2, "coverage": 0.9}}]}
VARY = {
    "trust.contact_gain": [0.05, 0.25], "reporting.intercept": {"normal": {"mean": -2.75, "sd": 0.4}}, "hearsay.radius": [1, 3],
    "purge.follow_through": [0, 1], "training.whom": {"values": ["troops", "both"]},
}  # fmt: skip
GROUPS = {"reforms": ["purge.follow_through", "training.whom"]}
GROWING = ("sobol", "random", "saltelli", "morris")  # each larger one begins with the smaller


def made(design, vary=VARY, **more):
    """A study without validation points, unless the design says how many."""
    if "validation" not in design and kind_of(design) not in UNVALIDATED:
        design = {**design, "validation": 0}
    return Study(name="x", scenario=SMALL, arms=ARMS, vary=vary, design=design, **more)


COUNTS = [
    ({"sobol": 13}, None, 13), ({"sobol": 1}, None, 1), ({"random": 9}, None, 9), ({"lhs": 9}, None, 9),
    ({"grid": 3}, None, 3 * 3 * 3 * 3 * 2), ({"grid": dict(zip(VARY, [2, 3, 4, 5, 6], strict=True))}, None, 2 * 3 * 3 * 5 * 2),
    ({"morris": 7}, None, 7 * 6), ({"morris": 7, "levels": 6}, GROUPS, 7 * 5), ({"saltelli": 8}, None, 8 * 7),
    ({"saltelli": 8, "second_order": True}, None, 8 * 12), ({"saltelli": 8}, GROUPS, 8 * 6), ({"efast": 65}, None, 65 * 5),
    ({"oat": 3}, None, 1 + 2 + 2 + 2 + 2 + 1), ({"oat": 2}, None, 1 + 2 + 2 + 2 + 2 + 1),
]  # fmt: skip


@pytest.mark.parametrize(("design", "groups", "count"), COUNTS)
def test_a_design_has_so_many_points(design, groups, count):
    study = made(design, groups=groups)
    points, factors = study.points(), study.factors()
    assert size(study.design, factors, group_names(study.groups, factors)) == len(points) == count
    assert points.unit.shape == (count, 5) and points.unit.min() >= 0 and points.unit.max() <= 1
    assert list(points.values) == list(VARY) and points.values.index.name == "point" and points.values.index.tolist() == [*range(count)]
    for column, each in enumerate(factors):
        assert points.values[each.name].tolist() == each.at(points.unit[:, column]).tolist()
    assert [dtype.kind for dtype in points.values.dtypes] == ["f", "f", "i", "f", "O"]
    again = made(design, groups=groups).points()
    assert (again.unit == points.unit).all() and again.values.equals(points.values)
    for row in points.values.iloc[:: max(1, count // 5)].to_dict("records"):
        assert study.scenario_at("course", row).parameters == {name: row[name] for name in list(VARY)[:3]}


def test_every_design_is_counted_above():
    assert {kind_of(design) for design, _, _ in COUNTS} == set(DESIGNS) - {"csv", "draws"}  # a table, and a posterior (test_posterior.py)


@pytest.mark.parametrize("kind", GROWING)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_larger_design_begins_with_the_smaller(kind, data):
    counts = st.sampled_from([2, 4, 8, 16, 32]) if kind == "saltelli" else st.integers(2, 60)
    few, many = sorted((data.draw(counts), data.draw(counts)))
    groups = data.draw(st.sampled_from([None, GROUPS]))
    smaller, larger = made({kind: few}, groups=groups).points(), made({kind: many}, groups=groups).points()
    assert (larger.unit[: len(smaller)] == smaller.unit).all() and larger.values.iloc[: len(smaller)].equals(smaller.values)


def test_points_come_from_the_root_seed_and_the_design():
    units = {}
    for seed in (0, 1, 2):
        for kind in ("sobol", "lhs", "random", "morris", "saltelli", "efast"):
            units[kind, seed] = made({kind: 128}, seed=seed).points().unit
    heads = {tuple(unit[:3].ravel().tolist()) for unit in units.values()}
    assert len(heads) == len(units) == 18
    assert (made({"sobol": 128}).points().unit == made({"sobol": 128}, seed=3).points().unit).all()  # the scenario's seed is 3


@pytest.mark.parametrize("kind", ["sobol", "lhs", "random", "saltelli"])
def test_designs_fill_the_space_evenly(kind):
    unit = made({kind: 1024}).points().unit
    assert unit.mean(axis=0) == pytest.approx([0.5] * 5, abs=0.02) and unit.var(axis=0) == pytest.approx([1 / 12] * 5, abs=0.004)
    if kind in ("sobol", "lhs"):  # one point in each of 1,024 equal strata of each factor
        assert (np.sort((unit * 1024).astype(int), axis=0) == np.arange(1024)[:, None]).all()


def test_a_grid_has_all_combinations_and_both_ends():
    points = made(
        {"grid": 3},
        {"trust.contact_gain": [0.1, 0.3], "purge.months": [10, 20], "trust.climate_weight": {"beta": {"mean": 0.3, "sd": 0.1}}},
    )
    values = points.points().values
    assert values["trust.contact_gain"].unique() == pytest.approx([0.1, 0.2, 0.3]) and values["purge.months"].unique().tolist() == [
        10,
        15,
        20,
    ]
    assert points.points().unit[:, 2][:3] == pytest.approx([0.025, 0.5, 0.975])
    assert len(values.drop_duplicates()) == 27


def test_one_at_a_time_leaves_the_others_at_their_medians():
    points = made({"oat": 5}).points()
    first = points.values.iloc[0]
    assert points.unit[0].tolist() == [0.5] * 5
    assert first["trust.contact_gain"] == pytest.approx(0.15) and first["reporting.intercept"] == pytest.approx(-2.75)
    moved = points.values.iloc[1:] != first
    assert (moved.sum(axis=1) == 1).all() and moved.sum().tolist() == [4, 4, 2, 4, 1]
    assert len(points.values.drop_duplicates()) == len(points)


@pytest.mark.parametrize("groups", [None, GROUPS])
def test_morris_moves_one_factor_or_group_at_a_time_by_half_the_way_or_more(groups):
    study = made({"morris": 20}, groups=groups)
    points, factors = study.points(), study.factors()
    sets = group_names(study.groups, factors) or [each.name for each in factors]
    trajectories = points.unit.reshape(20, -1, 5)
    steps = np.diff(trajectories, axis=1)
    for trajectory in steps:
        moved = [{sets[column] for column in np.flatnonzero(step)} for step in trajectory]
        assert all(len(one) == 1 for one in moved) and set.union(*moved) == set(sets)
    ends = np.array([each.distribution.ends() for each in factors])
    assert np.abs(steps).max(axis=(0, 1)) == pytest.approx(2 / 3 * (ends[:, 1] - ends[:, 0]))


def test_salib_called_directly_gives_the_same_points():
    """The seed is what a design's name and the root seed come to; the rest is SALib's."""
    study = made({"efast": 65}, {"trust.contact_gain": [0, 0.5], "trust.contact_loss": [0, 0.6]})
    problem = {"num_vars": 2, "names": [*study.vary], "bounds": [[0, 1]] * 2}
    seed = {kind: int(np.random.SeedSequence([3, *kind.encode()]).generate_state(1)[0]) + 1 for kind in ("efast", "saltelli", "morris")}
    direct = {
        "efast": fast_sampler.sample(problem, 65, seed=seed["efast"]),
        "saltelli": sobol.sample(problem, 64, calc_second_order=False, seed=seed["saltelli"]),
        "morris": morris.sample(problem, 10, num_levels=4, seed=seed["morris"]),
    }
    for kind, count in {"efast": 65, "saltelli": 64, "morris": 10}.items():
        points = study.with_(design={kind: count, "validation": 0}).points()
        assert points.unit == pytest.approx(direct[kind], abs=1e-12), kind
        assert points.values.to_numpy() == pytest.approx(direct[kind] * [0.5, 0.6], abs=1e-12)


@pytest.mark.parametrize(
    "design", [{"sobol": 64}, {"lhs": 40}, {"random": 600}, {"grid": 3}, {"morris": 7}, {"saltelli": 8}, {"efast": 65}]
)
def test_validation_points_come_after_the_design_and_owe_nothing_to_it(design):
    own, whole = made(design).points(), made(design | {"validation": 90}).points()
    assert (whole.unit[:-90] == own.unit).all() and whole.values.iloc[:-90].equals(own.values)
    assert whole.validation.tolist() == [False] * len(own) + [True] * 90 and own.checks == 0
    fresh = whole.unit[whole.validation]
    assert np.abs(fresh.mean(axis=0) - 0.5).max() < 4 / np.sqrt(12 * 90)  # over the whole of each distribution, even of a grid's
    assert len(np.unique(fresh)) == fresh.size and fresh.min() > 0 and fresh.max() < 1
    study = made(design | {"validation": 90})
    for column, each in enumerate(study.factors()):
        assert whole.values[each.name].tolist() == each.at(whole.unit[:, column]).tolist()
    more = made(design | {"validation": 120}).points()
    assert (more.unit[: len(whole)] == whole.unit).all()  # the first stay the same when there are more


def test_a_design_has_a_tenth_of_validation_points_unless_it_says_otherwise():
    usual = {kind: Study(name="x", scenario=SMALL, arms=ARMS, vary=VARY, design=design).points().checks for kind, design in {
        "few": {"sobol": 15}, "small": {"sobol": 32}, "middle": {"lhs": 256}, "large": {"random": 2000}, "base": {"saltelli": 256},
        "lines": {"oat": 9}, "none": {"sobol": 256, "validation": 0},
    }.items()}  # fmt: skip
    assert usual == {"few": 0, "small": 32, "middle": 50, "large": 200, "base": 180, "lines": 0, "none": 0}
    for design, message in {
        "negative": ({"sobol": 8, "validation": -1}, "the number of validation points must be"),
        "lines": ({"oat": 3, "validation": 9}, "has no key 'validation'"),
    }.values():
        with pytest.raises(InputError, match=message):
            made(design)


def test_draws_have_validation_points_if_something_varies_beside_them():
    """What varies beside a posterior fills its own space evenly, so points of that depend on each other; draws do not."""
    draws = (np.random.default_rng(2).random((2, 40)) / 4).tolist()
    joint = {"trust.contact_gain": {"draws": draws[0]}, "trust.contact_loss": {"draws": draws[1]}}
    alone, beside = (Study(name="x", scenario=SMALL, arms=ARMS, vary=vary, design={"draws": 40}) for vary in (
        joint, {**joint, "training.gain": [0, 1]}))  # fmt: skip
    assert alone.points().checks == 0 and alone.points().judges.sum() == 20
    points = beside.points()
    assert points.checks == 40 and np.array_equal(points.judges, points.validation)
    pairs = {*zip(*draws, strict=True)}
    fresh = points.values[points.validation]
    assert {tuple(row) for row in fresh.iloc[:, :2].round(12).to_numpy()} <= {tuple(np.round(pair, 12)) for pair in pairs}
    assert len(fresh.iloc[:, 0].unique()) > 15 and fresh["training.gain"].nunique() == 40
    assert np.array_equal(points.unit[:40], beside.with_(design={"draws": 40, "validation": 0}).points().unit)
    assert made({"random": 200}).points().judges.sum() == 50 and not made({"sobol": 200}).points().judges.any()


def test_without_a_design_there_is_one_point_without_factors():
    points = Study(name="x", scenario=SMALL, arms=ARMS).points()
    assert points.unit.shape == (1, 0) and points.values.shape == (1, 0) and len(points) == 1
    assert points.values.index.name == "point"


# Tables of points

TABLE = pd.DataFrame(
    {"training.whom": ["troops", "both", "troops"], "trust.contact_gain": [0.1, 1 / 3, 0.123456789012345678], "hearsay.radius": [1, 1, 3]}
)
STUDY = "name: x\nscenario: national-average\narms: {course: [{training: {start: 0}}]}\ndesign: {csv: sub/points.csv}\n"


def test_a_csv_is_read_beside_the_study_and_written_out(tmp_path):
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "points.csv"
    TABLE.to_csv(path, index_label="point")
    (tmp_path / "study.yaml").write_text(STUDY)
    study = load_study(tmp_path / "study.yaml")
    path.unlink()
    (tmp_path / "again.yaml").write_text(study.to_yaml(), encoding="utf-8")
    again = load_study(tmp_path / "again.yaml")
    assert again == study and kind_of(study.design) == "points"
    for each in (study, again, study.with_(replicates=3)):
        points = each.points()
        assert points.values.reset_index(drop=True).equals(TABLE) and points.values.index.name == "point"
        assert points.unit.tolist() == pytest.approx(
            np.array([[0.25, 0, 1 / 6], [0.75, 1, 1 / 6], [0.25, (TABLE.iloc[2, 1] - 0.1) / (1 / 3 - 0.1), 5 / 6]])
        )
        assert [factor.name for factor in each.factors()] == list(TABLE)
    assert json.loads(json.dumps(study.model_dump(mode="json")))["design"] == study.design


def test_a_table_with_vary_has_its_factors_in_the_order_of_vary(tmp_path):
    path = tmp_path / "points.csv"
    TABLE[["hearsay.radius", "trust.contact_gain"]].to_csv(path, index=False)
    vary = {"trust.contact_gain": [0, 0.5], "hearsay.radius": [0, 4]}
    points = made({"csv": str(path)}, vary).points()
    assert list(points.values) == list(vary)
    assert points.unit[:, 0] == pytest.approx(TABLE["trust.contact_gain"] / 0.5) and points.unit[:, 1].tolist() == pytest.approx(
        [0.3, 0.3, 0.7]
    )


def test_a_column_may_be_the_same_everywhere(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("trust.contact_gain,trust.contact_loss\r\n0.1,2e-1\r\n\r\n0.1, 0.3\r\n")
    points = Study(name="x", scenario=SMALL, design={"csv": str(path)}).points()
    assert points.unit.tolist() == [[0.5, 0.0], [0.5, 1.0]] and points.values["trust.contact_loss"].tolist() == [0.2, 0.3]


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.6)), min_size=1, max_size=8))
def test_numbers_of_a_table_survive_exactly(rows):
    text = "\n".join(["trust.contact_gain,trust.contact_loss", *(f"{one!r},{other!r}" for one, other in rows)])
    study = Study(name="x", scenario=SMALL, design={"points": text})
    assert list(study.points().values.itertuples(index=False, name=None)) == rows
    assert Study(**study.model_dump()).design == study.design


# fmt: off
TABLES = [
    ("unknown_column", 1, "there is no parameter or lever 'trust.contact_los'", "Did you mean 'trust.contact_loss'?"),
    ("missing_column", 1, "there is no column 'trust.contact_loss'", "take it out of 'vary'"),
    ("more_columns", 1, "'trust.climate_weight' does not vary", "Add it to 'vary'"),
    ("twice", 1, "the column 'trust.contact_gain' is there twice", "Delete one"),
    ("semicolons", 1, "there is no parameter or lever", "by commas, not semicolons"),
    ("out_of_range", 4, "'trust.contact_loss' must be a number from 0 to 0.6, but is 0.7", "share of trust"),
    ("outside_of_vary", 3, "'trust.contact_gain' is 0.4, which lies outside of what it varies over", "Widen its range"),
    ("text", 3, "but is the text 'much'", "Write a plain number"),
    ("no_number", 2, "but is the text 'nan'", "finite number"),
    ("ragged", 3, "this row has 1 column, the first line 2", "by commas"),
    ("no_points", 1, "there is no point below the first line", "a row for each point"),
    ("empty", None, "the table is empty", "Its first line names"),
    ("no_factor", 1, "there is no column 'trust.contact_gain'", "Add it"),
    ("quotes", 2, "this is not CSV", "Check quotes"),
    ("latin", None, "the file is not UTF-8", "Save it"),
]
# fmt: on


@pytest.mark.parametrize(("name", "line", "message", "remedy"), TABLES, ids=[row[0] for row in TABLES])
def test_a_bad_table_is_refused_with_its_line(name, line, message, remedy):
    vary = {"trust.contact_gain": [0, 0.3], "trust.contact_loss": [0, 0.6]}
    with pytest.raises(InputError) as caught:
        made({"csv": str(BAD / f"{name}.csv")}, vary)
    error = caught.value
    assert (error.file.endswith(f"{name}.csv"), error.line) == (True, line), str(error)
    assert message in error.message and remedy in error.remedy, str(error)


def test_every_bad_table_is_in_the_list():
    assert {path.stem for path in BAD.iterdir()} == {row[0] for row in TABLES}


def test_a_table_that_names_nothing_is_refused(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("point\n1\n")
    with pytest.raises(InputError, match="the table names no factor"):
        Study(name="x", scenario=SMALL, design={"csv": str(path)})
    with pytest.raises(InputError, match="is not a regular file"):
        Study(name="x", scenario=SMALL, design={"csv": str(tmp_path)})
