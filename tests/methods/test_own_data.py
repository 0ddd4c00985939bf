"""Anybody's data: the three calls of sim.methods on tables in natural units, whatever their shape, and what they say of bad ones."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.errors import InputError
from sim.methods import decide, discover, sensitivity
from sim.methods.priors import prior_of
from sim.style import sentences

UNIT = np.random.default_rng(0).random((120, 3))
RAIN = pd.DataFrame({"rain": 100 * UNIT[:, 0], "wind": stats.lognorm(0.5).ppf(UNIT[:, 1]), "sun": stats.norm(20, 3).ppf(UNIT[:, 2])})
PRIORS = {"rain": (0, 100), "wind": stats.lognorm(0.5), "sun": stats.norm(20, 3)}
YIELD = RAIN.rain / 100 + np.log(RAIN.wind)


def shares(found, column="total"):
    return found.table.set_index("factor")[column].to_dict()


def test_importing_the_calls_loads_nothing_of_the_city():
    code = (
        "import sys; from sim.methods import sensitivity, decide, discover\n"
        "ours = [name for name in sys.modules if name.startswith('sim.')]\n"
        "print([name for name in ours if not name.startswith(('sim.methods', 'sim.errors', 'sim.style', 'sim.version'))])\n"
        "print(sorted({'scipy.stats', 'SALib', 'numba', 'mesa', 'xarray', 'pydantic', 'matplotlib'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split("\n")[:2] == ["[]", "[]"]


# --- Sensitivity


def test_shares_are_found_in_natural_units():
    """Variances 1/12 and 1/4: exact totals 0.25 and 0.75."""
    found = sensitivity(RAIN, YIELD, priors=PRIORS, validation="random")
    assert shares(found) == pytest.approx({"rain": 0.25, "wind": 0.75, "sun": 0}, abs=0.01)
    assert found.quality.q2.item() > 0.99 and found.quality.validated.item() >= 50 and found.priors.stated.all()
    assert found.predict(RAIN) == pytest.approx(YIELD.to_numpy(), abs=0.05)
    curve = found.effects[found.effects.factor == "rain"]
    assert curve["value"].tolist() == pytest.approx((100 * curve.u).tolist()) and np.isfinite(found.effects["value"]).all()
    assert curve.effect.to_numpy() == pytest.approx(curve.u.to_numpy() - 0.5, abs=0.05)


def test_arrays_mappings_and_salib_problems_say_the_same():
    names = list(RAIN)
    problem = {"num_vars": 3, "names": names, "bounds": [[0, 100], [0, 0.5], [20, 3]], "dists": ["unif", "lognorm", "norm"]}
    ways = [
        sensitivity(RAIN, YIELD, priors=PRIORS),
        sensitivity(RAIN.to_numpy(), YIELD.to_numpy(), priors=problem),
        sensitivity({name: RAIN[name].tolist() for name in names}, YIELD.tolist(), priors=list(PRIORS.values())),
    ]
    for other in ways[1:]:
        assert shares(other) == pytest.approx(shares(ways[0]), abs=1e-9)


def test_groups_of_a_problem_are_groups():
    problem = {"names": ["a", "b", "c"], "bounds": [[0, 1]] * 3, "groups": ["one", "other", "one"]}
    found = sensitivity(UNIT, UNIT[:, 0] + UNIT[:, 2], priors=problem)
    assert shares(found) == pytest.approx({"one": 1, "other": 0}, abs=0.01)
    assert shares(sensitivity(UNIT, UNIT[:, 0], independent=True, groups=["all"] * 3)) == pytest.approx({"all": 1}, abs=0.01)
    assert shares(sensitivity(UNIT, UNIT[:, 0], independent=True, groups={"x1": "g"})) == pytest.approx(
        {"g": 1, "x2": 0, "x3": 0}, abs=0.01
    )


def test_priors_are_inferred_from_rows():
    rng = np.random.default_rng(4)
    looks = {"uniform": rng.random(500), "normal": rng.normal(5, 1, 500), "lognormal": rng.lognormal(0, 1.5, 500)}
    looks |= {"log-uniform": np.exp(rng.uniform(0, 8, 500)), "as the rows": rng.choice([0, 10], 500) + rng.random(500)}
    for text, column in looks.items():
        prior = prior_of(column, text)
        assert prior.text.startswith(text) and not prior.stated
        share = prior.below(column)
        assert share.min() >= 0 and share.max() <= 1 and share.mean() == pytest.approx(0.5, abs=0.06)
        assert prior.at(share) == pytest.approx(column, rel=1e-6, abs=1e-6)


def test_nothing_is_independent_unless_it_is_stated():
    found = sensitivity(RAIN, YIELD)
    assert found.quality.method.tolist() == ["delta"] and found.notes[0].id == "nobody_said_independent"
    assert sensitivity(RAIN, YIELD, independent=True).quality.method.tolist() == ["emulator"]
    with pytest.raises(InputError, match=r"needs independent inputs, and nobody said"):
        sensitivity(RAIN, YIELD, method="emulator")


def test_several_outputs_and_replicates_come_tidy():
    rng = np.random.default_rng(2)
    noisy = YIELD.to_numpy()[:, None] + 0.05 * rng.normal(size=(120, 4))
    found = sensitivity(RAIN, {"yield": noisy, "straw": RAIN.sun}, priors=PRIORS)
    assert found.table.output.unique().tolist() == ["yield", "straw"] and len(found.table) == 6
    assert found.quality.replicates.tolist() == [4, 1] and found.quality.covers.str.len().gt(50).all()
    assert 0 < found.quality.noise_share[0] < 0.02
    table = sensitivity(RAIN, pd.DataFrame({"a": YIELD, "b": RAIN.sun}), priors=PRIORS).table
    assert table.output.value_counts().to_dict() == {"a": 3, "b": 3}


def test_equal_rows_with_other_outputs_are_luck():
    """One value a row is taken as a function, unless the rows themselves say that it is none."""
    again, rng = np.repeat(UNIT, 2, axis=0), np.random.default_rng(3)
    found = sensitivity(again, again[:, 0] + rng.normal(size=240), independent=True)
    assert found.table.empty and found.quality.refused.item()
    assert not sensitivity(UNIT, UNIT[:, 0], independent=True).table.empty


def test_saltelli_rows_give_salibs_own_indices():
    from SALib.analyze import sobol
    from SALib.sample import sobol as sample

    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[-np.pi, np.pi]] * 3}
    x = sample.sample(problem, 128, calc_second_order=True, seed=1)
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    found = sensitivity(x, y, priors=problem, method="sobol", design={"second_order": True}).table
    said = sobol.analyze(problem, y, seed=1)
    assert found["first"].tolist() == pytest.approx(said["S1"].tolist(), abs=1e-9)
    assert found["total"].tolist() == pytest.approx(said["ST"].tolist(), abs=1e-9)


# --- Degenerate sizes

INDEPENDENT = {"independent": True, "validation": "random"}
METHODS = [INDEPENDENT, {"method": "delta"}, {"method": "pawn"}]
every = pytest.mark.parametrize("options", METHODS, ids=["emulator", "delta", "pawn"])
MAIN = {"emulator": "total", "delta": "delta", "pawn": "median"}


def main(found):
    return shares(found, MAIN[found.quality.method.item()])


@every
def test_one_input_is_all_there_is(options):
    assert main(sensitivity(UNIT[:, :1], UNIT[:, 0] ** 2, **options))["x1"] > 0.5


@every
def test_a_constant_output_depends_on_nothing(options):
    found = sensitivity(UNIT, np.full(120, 3.0), **options)
    assert found.table.empty and "same at all points" in found.quality.refused.item()


@every
def test_a_constant_input_does_nothing(options):
    still = np.column_stack([UNIT[:, 0], np.full(120, 0.3), UNIT[:, 2]])
    found = main(sensitivity(still, UNIT[:, 0] + UNIT[:, 2], **options))
    assert found["x2"] == 0 and min(found["x1"], found["x3"]) > 0.2


@every
def test_twins_are_told(options):
    twins = np.column_stack([UNIT[:, 0], UNIT[:, 0], UNIT[:, 2]])
    found = sensitivity(twins, UNIT[:, 0] + UNIT[:, 2], **options)
    assert "x1 and x2 have the same values at all points: what one of them does cannot be told from what the other does." in map(
        str, found.notes
    )


@every
def test_where_runs_fail_is_told(options):
    found = sensitivity(RAIN, np.where(RAIN.rain > 80, np.nan, YIELD), **options)
    assert sum("Runs fail where rain is high" in str(note) for note in found.notes) == 1
    assert any("points were left out because every run of them failed" in str(note) for note in found.notes)


def test_correlated_inputs_are_told():
    x = np.column_stack([UNIT[:, 0], 0.8 * UNIT[:, 0] + 0.2 * UNIT[:, 1], UNIT[:, 2]])
    found = sensitivity(x, x[:, 2], **INDEPENDENT)
    assert any("most in x1 and x2" in str(note) and "not to be trusted" in str(note) for note in found.notes)


def test_a_rare_binary_input_has_the_share_that_it_has():
    """P = 0.1: a switch of 3 has variance 0.81, a uniform 1/12."""
    rng = np.random.default_rng(5)
    x = np.column_stack([np.arange(400) < 40, rng.random(400)])
    found = shares(sensitivity(x, 3 * x[:, 0] + x[:, 1], **INDEPENDENT))
    assert found["x1"] == pytest.approx(0.81 / (0.81 + x[:, 1].var()), abs=0.02)


def test_a_hundred_inputs_at_64_points():
    x = np.random.default_rng(6).random((64, 100))
    found = sensitivity(x, 5 * x[:, 0] + x[:, 1], **INDEPENDENT)
    assert shares(found)["x1"] > 0.8 and sum(shares(found).values()) < 1.2
    nothing = sensitivity(x, np.random.default_rng(7).normal(size=64), **INDEPENDENT)
    assert nothing.table.empty and nothing.quality.refused.item()


@pytest.mark.parametrize("rows", [1, 2, 5, 15])
@every
def test_few_rows_are_refused_in_words(rows, options):
    found = sensitivity(UNIT[:rows], UNIT[:rows, 0], **options)
    assert found.table.empty and found.quality.refused.item()


CALLS = {
    "sim.methods.indices.polynomials.Polynomials.fit": lambda: sensitivity(UNIT, UNIT[:, 0], **INDEPENDENT),
    "sim.methods.indices.gaussian.Gaussian.fit": lambda: sensitivity(UNIT, np.sin(9 * UNIT[:, 0]) > 0, **INDEPENDENT),
    "sim.methods.decision.data.curves": lambda: decide(RAIN, {"wait": 0 * YIELD, "act": YIELD}),
    "sim.methods.decision.data.evppi": lambda: decide(RAIN, {"wait": 0 * YIELD, "act": YIELD}),
    "sim.methods.discovery.data.search": lambda: discover(RAIN, YIELD > 0.5, resamples=5),
}


@pytest.mark.parametrize("inside", CALLS)
def test_matrices_have_one_thread(inside, monkeypatch):
    """Inside, though outside there may be two, before and after."""
    from pkgutil import resolve_name

    from threadpoolctl import threadpool_info, threadpool_limits

    def threads():
        return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}

    home, _, name = inside.rpartition(".")
    plain, seen = resolve_name(inside), []
    monkeypatch.setattr(resolve_name(home), name, lambda *given, **named: (seen.append(threads()), plain(*given, **named))[1])
    with threadpool_limits(2, user_api="blas"):
        assert 2 in threads()
        CALLS[inside]()
        assert 2 in threads()
    assert seen and all(one == {1} for one in seen)


def test_notes_are_said_in_every_language():
    """Of anybody's data; and no remedy is a command for studies of the city."""
    lone = RAIN.assign(rain=RAIN.rain.where(RAIN.rain > 30, 0))
    found = [
        sensitivity(RAIN, YIELD), sensitivity(RAIN, YIELD, priors=PRIORS), sensitivity(RAIN, {"a": YIELD, "b": RAIN.sun}, independent=True),
        sensitivity(RAIN, np.random.default_rng(1).normal(size=(120, 2)), independent=True),
        sensitivity(lone, YIELD.where(YIELD.index > 5), independent=True), decide(RAIN, {"act": YIELD, "wait": 0 * YIELD}),
        discover(RAIN, np.random.default_rng(9).random(120) < 0.3, resamples=5),
    ]  # fmt: skip
    told = [each for one in found for each in getattr(one, "notes", [])]
    told += [found[-2].covers, found[-1].covers, found[-1].refused]
    told += [each for one in found[:-2] for part in one.each.values() for each in part.remarks]
    english, spanish = sentences(told), sentences(told, "es")
    assert len(set(english)) > 8 and not set(english) & set(spanish)
    assert not any("confianza " in each for each in english + spanish)


# --- Bad input names table and column

HOLED = RAIN.assign(wind=RAIN.wind.where(RAIN.index != 6))
BAD = {
    "runs of 'y' have 119 rows, but inputs have 120": lambda: sensitivity(RAIN, YIELD[:-1]),
    "the column 'wind' of inputs is empty in row 7": lambda: sensitivity(HOLED, YIELD),
    "the column 'rain' of inputs is 'dry', no finite number, in row 1": lambda: sensitivity(RAIN.assign(rain="dry"), YIELD),
    "the column 'y' of runs of 'y' is 'good'": lambda: sensitivity(RAIN, pd.Series(["good"] * 120, name="y")),
    "every run of 'y' is nan": lambda: sensitivity(RAIN, np.full(120, np.nan)),
    "inputs are empty": lambda: sensitivity(np.empty((0, 3)), []),
    r"inputs must have rows and columns, but have the shape \(2, 2, 2\)": lambda: sensitivity(np.ones((2, 2, 2)), [1, 2]),
    "inputs have two columns called 'a'": lambda: sensitivity(pd.DataFrame(UNIT[:, :2], columns=["a", "a"]), YIELD),
    "inputs have 3 columns, but names have 2": lambda: sensitivity(UNIT, YIELD, names=["a", "b"]),
    "columns of inputs have different numbers of rows": lambda: sensitivity({"a": [1, 2], "b": [1]}, [1, 2]),
    "the prior 'rian' is no column of inputs": lambda: sensitivity(RAIN, YIELD, priors={"rian": (0, 1)}),
    "outside its prior": lambda: sensitivity(RAIN, YIELD, priors={"rain": (0, 50)}),
    "the range of 'rain' goes from 5 to 2": lambda: sensitivity(RAIN, YIELD, priors={"rain": (5, 2)}),
    "the prior of 'rain' is 'flat'": lambda: sensitivity(RAIN, YIELD, priors={"rain": "flat"}),
    "inputs have 3 columns, but priors have 1": lambda: sensitivity(RAIN, YIELD, priors=[(0, 1)]),
    "dist 'cauchy' of 'rain' is unknown": lambda: sensitivity(
        RAIN, YIELD, priors={"names": list(RAIN), "bounds": [[0, 1]] * 3, "dists": ["cauchy"] * 3}
    ),
    "there is no method 'sobl'": lambda: sensitivity(RAIN, YIELD, independent=True, method="sobl"),
    "inputs have 3 columns, but groups have 2": lambda: sensitivity(RAIN, YIELD, groups=["a", "b"]),
    "'validation' must be 120 times true or false": lambda: sensitivity(RAIN, YIELD, validation=[True]),
    "are not those of a Saltelli design": lambda: sensitivity(RAIN, YIELD, priors=PRIORS, method="sobol"),
    "benefits have one option, 'act'": lambda: decide(RAIN, {"act": YIELD}),
    "benefits have the option 'wait', but costs have not": lambda: decide(
        RAIN, {"act": YIELD, "wait": YIELD}, {"act": YIELD, "wiat": YIELD}, pay=1
    ),
    "nobody says what a unit of benefit is worth": lambda: decide(RAIN, {"act": YIELD, "wait": YIELD}, {"act": YIELD, "wait": YIELD}),
    "'pay' must be a number from 0": lambda: decide(RAIN, {"act": YIELD, "wait": YIELD}, {"act": YIELD, "wait": YIELD}, pay=-1),
    "inputs have 119 rows, but benefits have 120": lambda: decide(RAIN[:-1], {"act": YIELD, "wait": YIELD}),
    "the input asked about, 'rian' is no column": lambda: decide(RAIN, {"act": YIELD, "wait": YIELD}, about=["rian"]),
    "3 of 120 rows have a value of every option": lambda: decide(RAIN, {"act": YIELD, "wait": YIELD.where(YIELD.index < 3)}),
    "benefits of 'wait' have 2 replicates, but those of 'act' have 1": lambda: decide(
        RAIN, {"act": YIELD, "wait": np.column_stack([YIELD, YIELD])}
    ),
    "cases have 119 rows, but inputs have 120": lambda: discover(RAIN, YIELD[:-1] > 0),
    "1 of 120 rows of cases are nan": lambda: discover(RAIN, [np.nan, *[1.0] * 60, *[0.0] * 59]),
    "cases are neither true nor false": lambda: discover(RAIN, YIELD),
    "the column 'wind' of inputs is empty in row 7$": lambda: discover(HOLED, YIELD > 0),
    "the column 'crop' of inputs has numbers and texts": lambda: discover(RAIN.assign(crop=["rye", *[1] * 119]), YIELD > 0),
    "with 9 permutations no p is below 0.1, so nothing can be found at an alpha of 0.05": lambda: discover(RAIN, YIELD > 0, permutations=9),
    "'most' must be a whole number from 1": lambda: discover(RAIN, YIELD > 0, most=0),
    "'alpha' must be a number from 0 to 1": lambda: discover(RAIN, YIELD > 0, alpha=2),
}


@pytest.mark.parametrize("said", BAD)
def test_bad_data_is_named(said):
    with pytest.raises(InputError, match=said.rstrip("$")) as caught:
        BAD[said]()
    assert caught.value.message.endswith(".") and caught.value.remedy and "confianza" not in str(caught.value)


# --- Decisions


def voi_toy(n=20_000):
    """The example of voi's manual: two options, worth 0 and p1 - p2, with p1 ~ N(1, 1) and p2 ~ N(0, 2)."""
    rng = np.random.default_rng(1)
    p = pd.DataFrame({"p1": rng.normal(1, 1, n), "p2": rng.normal(0, 2, n)})
    return p, {"t1": np.zeros(n), "t2": p.p1 - p.p2}


def worth(mean, sd):
    """E max(0, x) - max(0, E x) of a normal x."""
    return sd * stats.norm.pdf(mean / sd) + mean * stats.norm.cdf(mean / sd) - max(mean, 0)


@pytest.mark.parametrize("independent", [False, True])
def test_information_is_worth_the_closed_form(independent):
    p, net = voi_toy(1_000 if independent else 20_000)
    about, priors = {"one": ["p1"], "two": ["p2"], "both": ["p1", "p2"]}, {"p1": stats.norm(1, 1), "p2": stats.norm(0, 2)}
    found = decide(p, net, about=about, priors=priors, independent=independent, validation="random")
    exact = {"one": worth(1, 1), "two": worth(1, 2), "both": worth(1, 5**0.5)}
    assert found.evpi.evpi.item() == pytest.approx(exact["both"], rel=0.04)
    assert found.evppi.set_index("name").evppi.to_dict() == pytest.approx(exact, rel=0.08)
    assert ((found.evppi.low <= list(exact.values())) & (found.evppi.high >= list(exact.values()))).all()
    assert found.best == {1.0: "t2"} and found.draws == len(p)
    assert any("joint draws" in str(note) for note in found.notes) is not independent


def test_inputs_that_go_together_are_not_taken_for_independent():
    """Where two inputs cancel out, taking them for independent would say that much is uncertain."""
    rng = np.random.default_rng(3)
    p = rng.normal(size=3000)
    x = pd.DataFrame({"gain": p, "loss": p + 0.1 * rng.normal(size=3000)})
    net = {"wait": np.zeros(3000), "act": 10 * (x.gain - x.loss)}
    assert decide(x, net, about=[]).evpi.evpi.item() == pytest.approx(np.maximum(net["act"], 0).mean() - max(net["act"].mean(), 0))


def test_costs_budget_and_replicates():
    rng = np.random.default_rng(4)
    x = pd.DataFrame({"effect": rng.normal(1, 1, 400)})
    noisy = x.effect.to_numpy()[:, None] + 0.3 * rng.normal(size=(400, 4))
    gain = {"none": np.zeros((400, 4)), "cheap": noisy / 2, "dear": noisy}
    cost = {"none": np.zeros((400, 4)), "cheap": np.full((400, 4), 10.0), "dear": np.full((400, 4), 90.0)}
    free, tight = (decide(x, gain, cost, pay=[100, 1000], budget=budget, independent=True) for budget in (None, 50))
    assert free.best == {100.0: "cheap", 1000.0: "dear"} and tight.best == {100.0: "cheap", 1000.0: "cheap"}
    assert tight.means.affordable.tolist() == [True, True, False] and "luck of the replicates" in str(free.covers)
    assert free.means.benefit.tolist() == pytest.approx([0, 0.5, 1], abs=0.1)


def test_no_inputs_give_the_value_of_knowing_everything():
    _, net = voi_toy()
    found = decide(None, net)
    assert found.evppi.empty and found.evpi.evpi.item() == pytest.approx(worth(1, 5**0.5), rel=0.04)


# --- Discovery


def test_a_box_is_found_in_natural_units_with_choices():
    rng = np.random.default_rng(8)
    x = pd.DataFrame({"rain": rng.uniform(0, 500, 600), "crop": rng.choice(["rye", "oats", "maize"], 600), "noise": rng.random(600)})
    x["dry"] = rng.random(600) < 0.5
    found = discover(x, (x.rain < 200) & (x.crop != "maize") & ~x.dry, resamples=30)
    box = found.box.set_index("factor")
    assert found.refused is None and set(box.index) == {"rain", "crop", "dry"}
    assert box.high["rain"] == pytest.approx(200, abs=15) and np.isnan(box.low["rain"])
    assert box.kept["crop"] == "oats, rye" and box.kept["dry"] == "False"
    assert found.coverage > 0.9 and found.density > 0.9 and found.inside.sum() == pytest.approx(found.mass * 600)
    assert found.tree["rule"].str.contains("rain <= ").any()


def test_nothing_is_found_where_there_is_nothing():
    found = discover(RAIN, np.random.default_rng(9).random(120) < 0.3, resamples=20)
    assert found.box.empty and found.refused and not found.inside.any()


def test_units_do_not_matter():
    x = pd.DataFrame(np.random.default_rng(10).random((300, 4)))
    y = (x[0] < 0.4) & (x[2] > 0.5)
    one, other = discover(x, y, resamples=20), discover(np.exp(5 * x), y, resamples=20)
    assert (one.inside == other.inside).mean() > 0.98 and one.box.factor.tolist() == other.box.factor.tolist()


# --- What a stranger does


def test_rows_in_another_order_are_not_joined_by_place():
    """The labels are the same, so somebody sorted one table alone; other labels say nothing."""
    mixed = YIELD.sample(frac=1, random_state=1)
    for table, ask in {
        "outputs": lambda: sensitivity(RAIN, mixed, priors=PRIORS),
        "benefits": lambda: decide(RAIN, {"wait": 0 * YIELD, "sow": mixed}),
        "cases": lambda: discover(RAIN, mixed > 0.5),
    }.items():
        with pytest.raises(InputError, match=f"{table} have the rows of inputs in another order"):
            ask()
    with pytest.raises(InputError, match="costs have the rows"):
        decide(RAIN, {"wait": 0 * YIELD, "sow": YIELD}, {"wait": 0 * YIELD, "sow": mixed}, pay=1)
    other = RAIN.set_index(np.arange(1000, 1000 + len(RAIN)))
    assert shares(sensitivity(other, YIELD, priors=PRIORS)) == shares(sensitivity(RAIN, YIELD, priors=PRIORS))


@pytest.mark.parametrize(
    ("said", "ask"),
    [
        ("the column 'soil' of inputs is 'clay'.*get_dummies", lambda: sensitivity(RAIN.assign(soil="clay"), YIELD, independent=True)),
        ("the column 'day' of inputs is 2020", lambda: sensitivity(RAIN.assign(day=pd.Timestamp("2020")), YIELD, independent=True)),
        ("'seed' must be a whole number", lambda: sensitivity(RAIN, YIELD, seed="one")),
        ("'seed' must be a whole number", lambda: decide(RAIN, {"a": YIELD, "b": YIELD}, seed=-1)),
        ("'seed' must be a whole number", lambda: discover(RAIN, YIELD > 0.5, seed=1.5)),
        ("SALib problem's name 'rian' is no column", lambda: sensitivity(
            RAIN, YIELD, priors={"names": ["rian", "wind", "sun"], "bounds": [[0, 100]] * 3})),
        ("have 1 column, but names have 2", lambda: sensitivity(UNIT[:, :1], YIELD, names=["a", "b"])),
        ("inputs are empty: 1 row and 0 columns", lambda: discover(pd.DataFrame(index=[0]), [True])),
    ],
)  # fmt: skip
def test_what_a_stranger_does_wrong_is_one_sentence(said, ask):
    with pytest.raises(InputError) as error:
        ask()
    assert re.search(said, str(error.value), re.DOTALL), error.value


def test_a_table_of_draws_that_is_not_independent_is_not_taken_for_that_in_silence():
    rng = np.random.default_rng(1)
    height = rng.normal(170, 10, 200)
    body = pd.DataFrame({"height": height, "weight": 0.8 * height + rng.normal(0, 3, 200), "age": rng.uniform(20, 60, 200)})
    options = {"wait": 0 * body.age, "treat": body.weight - 136}
    told = {note.id: str(note) for note in decide(body, options, independent=True).notes}
    assert told["said_independent"].startswith("height and weight go together over the rows (correlation 0.9")
    assert "said_independent" not in {note.id for note in decide(body, options, independent="age").notes}


def test_curves_go_as_far_as_rows_do():
    """A beta distribution may be 0, but no row is near it; a whole number begins at 1."""
    rng, tail, whole = np.random.default_rng(2), stats.beta(8, 2), stats.randint(1, 40)
    runs = pd.DataFrame({"efficacy": tail.rvs(300, random_state=rng), "cases": whole.rvs(300, random_state=rng)})
    found = sensitivity(runs, runs.efficacy**2 + 0.01 * runs.cases, priors={"efficacy": tail, "cases": whole}, validation="random")
    for name, curve in found.effects.groupby("factor"):
        assert curve["value"].min() >= runs[name].min() - 1e-9 and curve["value"].max() <= runs[name].max() + 1e-9


def test_without_rows_that_judge_no_emulator_decides():
    rng = np.random.default_rng(3)
    gain = (YIELD - 0.6).to_numpy()[:, None] + 0.2 * rng.normal(size=(120, 4))
    options = {"wait": 0 * gain, "sow": gain}
    alone, judged = decide(RAIN, options), decide(RAIN, options, validation="random")
    assert "emulators_unjudged" in {note.id for note in alone.notes} and alone.evppi.sd_emulator.max() < 1e-9
    assert "emulators_unjudged" not in {note.id for note in judged.notes} and "emulators miss" in str(judged.covers)
    assert alone.means.equals(judged.means) and "emulators miss" not in str(alone.covers)
    everyone = decide(RAIN, options, validation=np.ones(120, bool))
    assert everyone.table.equals(judged.table)  # all true: each row was drawn by itself
