"""Decisions from a sweep: what is asked, what is recommended, the tables, and the way to disk and back."""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_runs import SMALL

from sim.engine import running
from sim.engine.plans import Piece
from sim.errors import InputError
from sim.studies.answers.decide import decide
from sim.studies.answers.decision import FRAMES, Decision
from sim.studies.answers.decision_tables import rounded
from sim.studies.answers.sweep import Sweep, sweep
from sim.studies.design.draws import beliefs
from sim.studies.design.preferences import Preferences
from sim.studies.design.study import Study
from sim.studies.running.work import parsed

COURSE = {"training": {"start": 0, "coverage": 0.9}}
STUDY = Study(
    name="Which?",
    scenario=SMALL,
    arms={"course": [COURSE], "small": [{"training": {"start": 0, "coverage": 0.3}}], "waste": [COURSE, {"purge": {"start": 0}}]},
    vary={"trust.contact_gain": [0.01, 0.1], "reporting.trust_slope": [0, 6], "purge.turn_to_crime": [0, 0.1]},
    design={"sobol": 160},
    replicates=2,
    measures=["mean_trust", "incidence", "complaint_rate", "cost"],
    at=[4, 8],
)
GAINS = {"baseline": (0.0, 0.0), "course": (0.03, 1000.0), "small": (0.012, 400.0), "waste": (-0.01, 3000.0)}


def number_of(values, spec, measure, week):
    """A made-up measure: gains of trust grow with trust.contact_gain, and luck differs between points and replicates."""
    gain, cost = GAINS[spec.arm]
    u = (values["trust.contact_gain"] - 0.01) / 0.09
    rng = np.random.default_rng([spec.point, spec.replicate, list(GAINS).index(spec.arm), week])
    luck = rng.normal() if spec.arm != "baseline" else 0.0
    made = {
        "mean_trust": 0.4 + gain * 2 * u + 0.002 * luck, "incidence": 30000 - 20000 * gain * u + 50 * luck,
        "complaint_rate": 1000 - 5000 * gain, "cost": cost * (1 + 0.02 * luck),
    }  # fmt: skip
    return made[measure] * (week / 8 if measure == "cost" else 1)


def made_up(job, specs, values, pulse=None, number_of=number_of):
    study = parsed(job.partition(b"\n")[2].decode())
    each, weeks = len(study.at), np.array(study.at, np.uint16)
    rows = {
        "point": np.repeat(np.array([spec.point for spec in specs], np.uint32), each),
        "arm": np.repeat(np.array([spec.arm for spec in specs], str), each),
        "replicate": np.repeat(np.array([spec.replicate for spec in specs], np.uint32), each),
        "week": np.tile(weeks, len(specs)), "seed": np.full(len(specs) * each, 7, np.int64),
    }  # fmt: skip
    for measure in study.measures:
        found = [number_of(at, spec, measure, week) for spec, at in zip(specs, values, strict=True) for week in study.at]
        rows[measure] = np.array(found, float)
    return Piece(rows, None, [])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "perform", made_up)
        return sweep(STUDY, tmp_path_factory.mktemp("decide") / "here", workers=1)


@pytest.fixture(scope="module")
def decided(made):
    return decide(made)


def test_the_study_is_read_as_usual_if_nobody_says(decided):
    assert (decided.value, decided.unit, decided.week, decided.budget) == ({"mean_trust": 100.0}, "point of mean trust", 8, None)
    assert decided.arms == ["baseline", "course", "small", "waste"] and len(decided.pay) == 41 and decided.pay[0] == 0
    assert decided.pay[-1] == rounded(4 * 1000 / 3)  # the course costs 1,000 for 3 points, the smaller one 400 for 1.2
    assert decided.shown == tuple(decided.pay[[10, 20, 40]])
    table = decided.table.set_index("arm")
    gains = {"course": 3.0, "small": 1.2, "waste": -1.0}  # 2 u times these, where u is even from 0 to 1
    assert table.benefit_mean.to_dict() == pytest.approx(gains, abs=0.05)
    assert table.benefit.to_dict() == pytest.approx(gains, abs=0.2) and table.effective_draws.unique().size == 1
    assert table.cost.to_dict() == pytest.approx({"course": 1000, "small": 400, "waste": 3000}, rel=0.02)
    assert table.per_unit["course"] == pytest.approx(1000 / 3, rel=0.07) and np.isnan(table.per_unit["waste"])  # harm has no price
    assert table.per_unit_q05["course"] == pytest.approx(1000 / 5.7, rel=0.05) and np.isnan(table.per_unit_q05["waste"])
    assert table.affordable.all() and table.probability_affordable.isna().all()


def test_what_is_dominated_is_never_recommended(decided):
    assert decided.table.set_index("arm").dominated_by["waste"] == "baseline"
    assert not decided.curves[decided.curves.arm == "waste"].frontier.any()
    assert decided.curves[decided.curves.arm == "waste"].probability_best.max() < 0.01
    front = decided.pareto.set_index("arm")
    assert front.on_front.to_dict() == {"baseline": True, "course": True, "small": True, "waste": False}
    assert front.dominated_by["waste"].startswith("baseline") and front.probability_on_front["waste"] < 0.1
    assert "waste" not in set(decided.budgets.arm) and decided.recommended == "course"


def test_curves_are_what_they_are_called(decided):
    curves = decided.curves
    assert len(curves) == 41 * 4 and curves.groupby("pay").frontier.sum().eq(1).all()
    assert curves.groupby("pay").probability_best.sum().values == pytest.approx(1)
    assert (curves.expected_loss > -1e-9).all() and (
        curves.groupby("pay").expected_loss.min().values == pytest.approx(decided.evpi.evpi.values)
    )
    free = decided.at(0.0)
    assert free.arm[0] == "baseline" and free.probability_best[0] == 1
    first = decided.at()
    assert first.arm[0] == decided.recommended and first.net_benefit.is_monotonic_decreasing
    for name in ("net_benefit", "probability_best", "expected_loss"):
        assert (curves[f"{name}_low"] <= curves[name] + 1e-9).all() and (curves[name] <= curves[f"{name}_high"] + 1e-9).all()
    assert decided.evpi.per_adult.values == pytest.approx(decided.evpi.evpi.values)  # thousand pesos of 1,000 adults
    regret = decided.regret
    assert regret.groupby("pay").minimax.sum().eq(1).all() and (regret.q95 <= regret.most).all()


def test_the_exact_answer_of_a_made_up_study(decided):
    """A course is worth its cost where 2 u x 3 points x pay > 1,000: at half the range, pay = 1,000, where u > 1 / 6."""
    pay = decided.shown[1]
    assert pay == 1000
    chance = decided.at().set_index("arm").probability_best
    assert chance["course"] == pytest.approx(5 / 6, abs=0.03) and chance["baseline"] == pytest.approx(1 / 6, abs=0.03)
    exact = 1000 / 12  # of 1,000 x (1 - 6 u) over u < 1 / 6
    assert decided.evpi.evpi[20] == pytest.approx(exact, rel=0.1)
    worth = decided.evppi[(decided.evppi.pay == pay) & (decided.evppi.kind == "factor")].set_index("name")
    assert worth.evppi["trust.contact_gain"] == pytest.approx(exact, rel=0.1) and worth.status["purge.turn_to_crime"] == "lever"
    assert worth.evppi["reporting.trust_slope"] == 0 == worth.low["purge.turn_to_crime"]
    topics = decided.evppi[decided.evppi.kind == "topic"]
    assert set(topics.name) == {"trust", "reporting", "purge (reform)"} and (topics.status == "").all()


def test_contested_parameters_show_whether_the_ranking_turns(decided):
    table = decided.contested
    assert "purge.turn_to_crime" in set(table.factor) and set(table.part) == {"low", "middle", "high"}
    gain = table[(table.factor == "trust.contact_gain") & (table.arm == "course")].set_index("part").net_benefit
    assert gain.to_dict() == pytest.approx({"low": 0, "middle": 2000, "high": 4000}, abs=120)
    assert table.groupby(["factor", "part"]).best.sum().eq(1).all()
    still = table[table.factor == "purge.turn_to_crime"]
    assert not still.turns.any() and (still.probability_same == 1).all()


def test_budgets_and_doses(made, decided):
    assert decided.budgets.arm.tolist() == ["baseline", "small", "course", "course"] and decided.budgets.budget.is_monotonic_increasing
    family = decided.doses[decided.doses.family == "training"]
    assert family.arm.tolist() == ["course", "small"] and family["rank"].tolist() == [1, 2]
    small = decide(made, budget=450, pay=(500, 1500), week=4)
    assert small.recommended == "small" and small.week == 4 and (small.pay[0], small.shown[0]) == (500, 750)
    assert small.table.set_index("arm").affordable.to_dict() == {"course": False, "small": True, "waste": False}  # half was paid by week 4
    least = decide(made, budget=100)
    assert least.recommended == "baseline" and any("Not affordable" in str(note) for note in least.notes)
    assert least.curves[least.curves.arm == "course"].probability_best.max() == 0 and least.evpi.evpi.max() == 0


def test_effects_of_all_measures_are_without_luck(decided):
    table = decided.effects
    assert len(table) == 3 * 4 and table.unit.notna().all()
    trust = table[(table.arm == "course") & (table.measure == "mean_trust")].iloc[0]
    assert trust.q05 == pytest.approx(0.003, abs=0.002) and trust.q95 == pytest.approx(0.057, abs=0.003)
    assert trust["mean"] == pytest.approx(0.03, abs=0.001) and abs(trust.effect - 0.03) < trust.precision < 0.006
    assert trust.share_with_sign == pytest.approx(1, abs=0.03) and trust.foretold_by == "emulator"
    assert trust.variance_calibration == pytest.approx(0.06**2 / 12, rel=0.1) and trust.variance_luck == pytest.approx(0.002**2, rel=0.3)
    assert trust.variance_arithmetic == pytest.approx((trust.precision / 1.96) ** 2, rel=0.01)
    crimes = table[(table.arm == "course") & (table.measure == "incidence")].iloc[0]
    assert crimes.foretold_by == "main effects" and crimes.q95 == pytest.approx(-30, abs=25)
    assert table[table.measure == "complaint_rate"].set_index("arm").q05["course"] == pytest.approx(-150)


def test_both_kinds_are_recovered_and_every_table_says_the_same(decided):
    """Gains are 2 u x 3 points over cities, luck of a run 0.2: the range is that of u, however many draws; draws.csv has it too."""
    course, own = decided.table.set_index("arm").loc["course"], decided.spread("course", "benefit")
    assert (own.low, own.high) == (course.benefit_q05, course.benefit_q95) == pytest.approx((0.3, 5.7), abs=0.2)
    assert own.precision == pytest.approx(1.96 * 6 / 2 / len(decided.draws[decided.draws.arm == "course"]) ** 0.5, rel=0.3)  # of a median
    trust = decided.effect("course", "mean_trust").times(100)
    assert trust.middle == pytest.approx(own.middle, abs=0.05) and (trust.low, trust.high) == pytest.approx((own.low, own.high), abs=0.1)
    drawn = decided.draws[decided.draws.arm == "course"].benefit
    assert drawn.quantile([0.05, 0.5, 0.95]).to_numpy() == pytest.approx([own.low, own.middle, own.high], abs=0.15)
    assert decided.ranged and {"draws_are_cities", "range_of_draws"} <= {note.id for note in decided.notes}


def test_what_is_best_in_no_city_of_so_many_may_be_so_in_a_few(decided):
    """Shares near 0 and 1 have intervals as wide as the number of draws allows."""
    waste = decided.at().set_index("arm").loc["waste"]
    assert waste.probability_best == waste.probability_best_low == 0 and 1 / 400 < waste.probability_best_high < 1 / 40
    assert decided.chance("waste") == (0, 0, waste.probability_best_high) and decided.chance("course")[0] > 0.8
    tied = replace(decided, facts={**decided.facts, "tied": ["waste"]})
    assert tied.chance("waste") is None and tied.chance("waste", decided.shown[2]) is not None
    wide = replace(decided, curves=decided.curves.assign(probability_best_low=0.0, probability_best_high=0.95))
    assert wide.chance("course") is None


def test_few_draws_have_no_range_and_say_what_it_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "perform", made_up)
    few = decide(sweep(STUDY.with_(design={"random": 16, "validation": 0}), tmp_path / "few", workers=1))
    assert few.table[["benefit_q05", "cost_q95", "per_unit_q05"]].isna().all(axis=None) and few.effects.q05.isna().all()
    assert few.table.benefit.notna().all() and not few.ranged
    (said,) = (str(note) for note in few.notes if note.id == "range_takes_draws")
    assert "worth 16 independent ones" in said and "takes about 20 draws" in said


def test_a_decision_of_an_older_version_is_refused(decided, tmp_path):
    old = decided.table.rename(columns={"benefit_q05": "benefit_low", "benefit_q95": "benefit_high"})
    replace(decided, table=old).save(tmp_path)
    with pytest.raises(InputError, match="of an older version, without the range over possible cities") as refused:
        Decision.load(tmp_path)
    assert "confianza decide" in str(refused.value)


def test_a_decision_comes_back_from_disk(decided, tmp_path):
    decided.save(tmp_path)
    back = Decision.load(tmp_path)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(back, name), getattr(decided, name), check_dtype=False)
    assert (back.recommended, back.shown, back.value, back.facts) == (decided.recommended, decided.shown, decided.value, decided.facts)
    assert np.array_equal(back.pay, decided.pay) and back.study == decided.study
    assert "course" in back._repr_html_() and "course" in repr(back)
    (tmp_path / "decision.json").write_text("{}")
    with pytest.raises(InputError, match="holds no decision"):
        Decision.load(tmp_path)


def test_intervals_tell_sources_apart(decided):
    table = decided.intervals
    assert set(table.quantity) == {"benefit", "cost", "net_benefit", "probability_best", "expected_loss", "evpi"}
    row = table[(table.quantity == "benefit") & (table.arm == "course")].iloc[0]
    half = 1.96 * np.sqrt(row.sd_draws**2 + row.sd_replicates**2 + row.sd_emulator**2)
    assert (row.estimate - row.low, row.high - row.estimate) == pytest.approx((half, half)) and np.isnan(row.pay)


def test_equal_answers_on_every_day(made, decided):
    again = Sweep.load(made.store.folder).decide()
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(decided, name))


# --- What is asked


def test_preferences_change_no_run(made, monkeypatch):
    asked = []
    monkeypatch.setattr(running, "perform", lambda *given, **more: asked.append(given) or made_up(*given, **more))
    other = STUDY.with_(decision={"value": {"incidence": -0.01}, "unit": "crime", "pay": [0, 50]})
    again = sweep(other, made.store.folder, workers=1)
    assert not asked and again.study.decision.unit == "crime" and made.study.decision is None
    again.resume(workers=1)
    found = decide(again)
    assert (found.unit, found.value, found.pay[-1]) == ("crime", {"incidence": -0.01}, 50)
    assert decide(again, value={"mean_trust": 1.0}).unit == "mean_trust (0-1)"
    assert Study(**again.study.model_dump()) == again.study and "decision:" in again.study.to_yaml()
    again.extend(study=other, workers=1)
    assert not asked and Sweep.load(made.store.folder).study.decision.unit == "crime"
    again.extend(study=STUDY, workers=1)
    assert not asked and Sweep.load(made.store.folder).study.decision is None


@pytest.mark.parametrize(
    ("given", "path", "said"),
    [
        ({"value": {}}, ("value",), "must be weights"),
        ({"value": {"trust": 1}}, ("value", "trust"), "no measure 'trust'"),
        ({"value": {"cost": 1}}, ("value", "cost"), "no benefit"),
        ({"value": {"mean_trust": "much"}}, ("value", "mean_trust"), "must be a number"),
        ({"value": {"mean_trust": 0}}, ("value",), "all weights are 0"),
        ({"pay": [10, 5]}, ("pay",), "goes from 10 to 5"),
        ({"pay": 10}, ("pay",), "two numbers"),
        ({"pay": [-1, 5]}, ("pay", 0), "must be a number"),
        ({"budget": "5,000"}, ("budget",), "text '5,000'"),
        ({"units": "x"}, ("units",), "Did you mean 'decision.unit'"),
        (7, (), "must be keys with values"),
    ],
)
def test_wrong_preferences_are_named(given, path, said):
    with pytest.raises(InputError, match=said) as error:
        STUDY.with_(decision=given)
    assert error.value.path == ("decision", *path)


def test_what_cannot_be_decided_is_said(made):
    for asked, said in (
        ({"week": 5}, "week 5 was not read"), ({"value": {"clearance": 1}}, "no measure in this study 'clearance'"),
        ({"pay": (3, 3)}, "goes from 3 to 3"), ({"budget": -1}, "must be a number"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            decide(made, **asked)

    def of(study):
        class Other:
            pass

        other = Other()
        other.study, other.store, other.points = study, made.store, made.points
        return other

    for changed, said in (
        ({"measures": ["mean_trust"]}, "does not read what arms cost"), ({"measures": ["cost"]}, "costs only"),
        ({"design": {"morris": 4}}, "no sample"), ({"arms": {}, "vary": {"trust.contact_gain": [0.01, 0.1]}}, "nothing to choose between"),
        ({"vary": None, "design": None}, "nothing varies"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            decide(of(STUDY.with_(**changed)))


def test_too_few_complete_runs_are_said(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "perform", made_up)
    few = sweep(STUDY.with_(design={"sobol": 8}), tmp_path / "few", workers=1)
    with pytest.raises(InputError, match="8 of 8 draws"):
        decide(few)


def test_one_replicate_is_an_upper_bound_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "perform", made_up)
    one = decide(sweep(STUDY.with_(replicates=1), tmp_path / "one", workers=1))
    assert any("There is one replicate" in str(note) for note in one.notes) and one.evpi.evpi[20] > 70


def test_without_validation_points_no_emulator_helps_and_what_runs_alone_allow_is_told(tmp_path, monkeypatch, decided):
    """An old folder: means are those of the runs, the exact answer is still found, and `extend` earns the emulators."""
    monkeypatch.setattr(running, "perform", made_up)
    old = sweep(STUDY.with_(design={"sobol": 160, "validation": 0}), tmp_path / "old", workers=1)
    found = decide(old)
    (said,) = (str(note) for note in found.notes if note.id == "decided_without_emulator")
    assert said.startswith("Not validated") and "confianza extend" in said
    assert found.q2[["benefit", "cost"]].isna().all(axis=None) and set(found.q2.q2_is) == {"on the design's own points, not validated"}
    assert set(found.effects.foretold_by) == {""} and found.intervals.sd_emulator.max() < 1e-9
    gains = old.store.cube("mean_trust")[..., -1].mean(axis=(0, 2))
    assert found.table.benefit_mean.to_numpy() == pytest.approx(100 * (gains[1:] - gains[0]))
    assert found.evpi.evpi[20] == pytest.approx(1000 / 12, rel=0.15)  # see the exact answer above
    worth = found.evppi[(found.evppi.pay == 1000) & (found.evppi.kind == "factor")].set_index("name").evppi
    assert worth["trust.contact_gain"] == pytest.approx(1000 / 12, rel=0.15) and worth["reporting.trust_slope"] < 2
    old.extend(workers=1)
    again = decide(old)
    assert not any(note.id == "decided_without_emulator" for note in again.notes) and (again.q2.benefit > 0.9).all()
    pd.testing.assert_frame_equal(again.curves, decided.curves)


def test_draws_are_judged_by_themselves_if_nothing_else_varies_and_else_have_points_that_judge(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "perform", made_up)
    draws = np.random.default_rng(1).random((2, 64))
    listed = {name: {"draws": (low + width * row).tolist()} for name, low, width, row in (
        ("trust.contact_gain", 0.01, 0.09, draws[0]), ("reporting.trust_slope", 0, 6, draws[1]))}  # fmt: skip
    beside = {**listed, "purge.turn_to_crime": [0, 0.1]}
    for vary, design, helps in ((listed, {}, True), (beside, {}, True), (beside, {"validation": 0}, False)):
        found = decide(sweep(STUDY.with_(vary=vary, design={"draws": 64, **design}), tmp_path / f"{len(vary)}{helps}", workers=1))
        assert (found.q2.benefit > 0.8).all() == helps and found.facts["draws"] == 64 + 50 * (vary is beside and helps)
        assert any(note.id == "decided_without_emulator" for note in found.notes) is not helps


def test_measures_without_a_value_are_no_obstacle(tmp_path, monkeypatch, decided):
    """Shares of nobody: of complaints in one draw, of crimes in most."""

    def gaps(values, spec, measure, week):
        lost = (measure == "complaint_rate" and spec.point == 3) or (measure == "incidence" and spec.point % 4)
        return float("nan") if lost and spec.arm != "baseline" else number_of(values, spec, measure, week)

    monkeypatch.setattr(running, "perform", lambda *given, **more: made_up(*given, **more, number_of=gaps))
    found = decide(sweep(STUDY, tmp_path / "gaps", workers=1))
    pd.testing.assert_frame_equal(found.curves, decided.curves)
    assert set(found.effects.measure) == {"mean_trust", "complaint_rate", "cost"} and found.facts["left_out"] == 0
    assert any("effects are not told, for: incidence." in str(note) for note in found.notes) and "incidence" not in found.pareto
    assert found.effects["mean"].notna().all() and found.recommended == "course"


def test_equal_arms_are_treated_alike(tmp_path, monkeypatch):
    """Two names for one thing: equal shares, the same regret, and each says that it cannot be told from the other."""
    twice = STUDY.with_(arms={"course": [COURSE], "again": [COURSE], "waste": STUDY.arms["waste"]})

    def same(values, spec, measure, week):
        return number_of(values, spec._replace(arm="course") if spec.arm == "again" else spec, measure, week)

    monkeypatch.setattr(running, "perform", lambda *given, **more: made_up(*given, **more, number_of=same))
    found = decide(sweep(twice, tmp_path / "twice", workers=1))
    middle = found.at().set_index("arm")
    assert middle.probability_best["course"] == middle.probability_best["again"] and found.recommended == "course"
    least = found.regret[found.regret.pay == found.shown[1]].set_index("arm").minimax
    assert least["course"] and least["again"] and not least["waste"]
    front = found.pareto.set_index("arm").probability_on_front
    assert front["course"] == front["again"] and front["waste"] < 0.1
    assert found.facts["tied"] == ["again"] and any("can tell: again." in str(note) for note in found.notes)


def test_of_equals_the_one_that_is_not_dominated_is_chosen(tmp_path, monkeypatch):
    """Two arms for nothing, the second of which does more: at a worth of 0 they are equal, but the first is no choice."""
    free = {"baseline": (0.0, 0.0), "course": (0.01, 0.0), "small": (0.03, 0.0), "waste": (-0.01, 3000.0)}
    monkeypatch.setattr(running, "perform", made_up)
    monkeypatch.setattr(sys.modules[__name__], "GAINS", free)
    found = decide(sweep(STUDY, tmp_path / "free", workers=1), pay=(0, 100))
    assert found.at(0.0).set_index("arm").frontier.to_dict() == {"baseline": False, "course": False, "small": True, "waste": False}
    assert set(found.budgets.arm) == {"small"} and found.recommended == "small"
    assert set(found.table.set_index("arm").dominated_by[["course", "waste"]]) <= {"small", "baseline"}


def test_how_rough_the_value_of_information_is_is_said(tmp_path, monkeypatch, decided):
    monkeypatch.setattr(running, "perform", made_up)
    few = decide(sweep(STUDY.with_(design={"random": 64}), tmp_path / "few", workers=1), pay=(0, 600))
    row = few.evpi[few.evpi.pay == few.shown[1]].iloc[0]
    said = [note for note in few.notes if note.id in ("information_rough", "information_open")]
    assert (len(said) == 1) == (row.high > 1.1 * row.evpi > 0)
    assert bool(said) or any(note.id == "information_rough" for note in decided.notes)


@pytest.mark.compiled
def test_a_small_real_sweep(tmp_path):
    real = STUDY.with_(design={"sobol": 16}, arms={"course": [COURSE], "same": [COURSE]}, vary={"prior": ["trust"]})
    found = sweep(real, tmp_path / "real").decide()
    chance = found.at().set_index("arm").probability_best
    assert chance["course"] == chance["same"] and chance.sum() == pytest.approx(1)
    assert found.table.benefit[0] == found.table.benefit[1] and found.facts["draws"] == 32
    assert replace(found, week=8).week == 8


def test_what_varies_together_is_not_called_apart():
    joint = STUDY.with_(vary={"posterior": "national-average", "purge.turn_to_crime": [0, 0.1]}, design={"draws": 8}, posterior="none")
    many = len(joint.factors()) - 1
    assert beliefs(joint.posterior, joint.factors(), joint=True).startswith(f"{many} of the factors vary together")
    assert beliefs("none", joint.factors()) == "" == beliefs("none", STUDY.factors(), joint=True)
    assert "each by itself" in beliefs("national-average", joint.factors())


def test_preferences_stand_alone():
    assert Preferences().model_dump() == {"value": None, "unit": None, "pay": None, "budget": None}
    assert Preferences(pay=[0, 1000], budget=5).pay == (0.0, 1000.0)
