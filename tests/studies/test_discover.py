"""From the runs of a sweep to a box: conditions as people write them, what is found in a real city, and to disk and back."""

import json
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.errors import InputError
from sim.inputs.scenario import CitySize, Scenario
from sim.methods.decision.denoise import denoised
from sim.methods.discovery.columns import EVERYWHERE
from sim.methods.indices.emulator import LEAST_JUDGES
from sim.studies.answers.conditions import condition_of
from sim.studies.answers.discover import clusters_of, discover, luckless
from sim.studies.answers.discoveries import BOX, FILE, FRAMES, Discovery, notes
from sim.studies.answers.sweep import Sweep, sweep
from sim.studies.design.study import Study
from sim.style import note
from sim.world.parameters import CODEBOOK

SCENARIO = Scenario(name="Small", city=CitySize(adults=1000), weeks=8, spin_up_weeks=2, seed=7)
ARMS = {"course": [{"training": {"start": 0}}], "a:b": [{"training": {"start": 2}}]}
VARY = {
    "trust.contact_gain": [0, 0.4],
    "trust.contact_loss": [0, 0.5],
    "conduct.mean": {"normal": {"mean": -0.4, "sd": 0.6}},
    "hearsay.radius": {"uniform": [1, 3]},
    "training.whom": {"values": ["troops", "commanders", "both"]},
}
POINTS = 160  # above 150, so that emulators are quick
QUICK = {"permutations": 19, "resamples": 10}


def study(**changed):
    keys = {"name": "Where?", "scenario": SCENARIO, "arms": ARMS, "vary": VARY, "design": {"sobol": POINTS}, "replicates": 2, "at": [4, 8]}
    return Study(**{**keys, "measures": ["mean_trust", "cost"], **changed})


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    return sweep(study(), tmp_path_factory.mktemp("swept"))


@pytest.fixture(scope="module")
def low_trust(swept):
    """Where trust is in the lowest quarter."""
    limit = np.quantile(swept.values("mean_trust").mean(axis=1), 0.25)
    return swept.discover(f"level:baseline:mean_trust < {limit:.4f}", **QUICK)


# --- Conditions


def test_conditions_are_read_not_executed():
    made = condition_of(study(), " effect:course:mean_trust<-0.5e-2 ")
    assert (made.output.of, made.comparison, made.number) == ("effect:course:mean_trust", "<", -0.005)
    assert made.written == "effect:course:mean_trust < -0.005"
    assert made.text == "effect of course on mean_trust below -0.005"
    assert made.folder == "effect-course-mean_trust-below-minus-0.005"
    assert condition_of(study(), "effect:a:b:mean_trust >= 0").output.arm == "a:b"
    plain = condition_of(study(), "cost > 45000", 4)
    assert (plain.output.level, plain.output.arm, plain.output.week, plain.written) == (True, "baseline", 4, "cost > 45000")
    assert condition_of(study(), plain.written).number == plain.number


@pytest.mark.parametrize(("comparison", "expected"), [("<", [1, 0, 0]), ("<=", [1, 1, 0]), (">", [0, 0, 1]), (">=", [0, 1, 1])])
def test_comparisons(comparison, expected):
    made = condition_of(study(), f"mean_trust {comparison} 0.5")
    assert made.holds(np.array([0.4, 0.5, 0.6])).tolist() == [bool(one) for one in expected]
    assert made.above == (">" in comparison)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("effect:course:mean_trust", "compares nothing"),
        ("0 < mean_trust < 1", "compares more than once"),
        ("mean_trust = 0", "'=' cannot be asked"),
        ("mean_trust == 0", "'==' cannot be asked"),
        ("mean_trust != 0", "'!=' cannot be asked"),
        ("< 0", "lacks an output"),
        ("mean_trust >", "lacks a number"),
        ("0 < mean_trust", "begins with the number"),
        ("effect:baseline:mean_trust < 0", "is what the others are compared with"),
        ("mean_trust < 5%", "Write a share, not a percentage"),
        ("cost > 45,000", "write 45000"),
        ("mean_trust < nan", "must be a number"),
        ("mean_trust < cost", "must be a number"),
        ("effect:corse:mean_trust < 0", "Did you mean 'course'"),
        ("effect:course:mean_rust < 0", "Did you mean 'mean_trust'"),
        ("effect:baseline:mean_trust < 0", "'baseline' is what the others are compared with"),
        ("__import__('os').getcwd() < 0", "there is no measure in this study"),
        ("", "must be a text"),
        (None, "must be a text"),
    ],
)
def test_wrong_conditions_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        condition_of(study(), text)


def test_a_week_that_was_not_read_is_refused():
    with pytest.raises(InputError, match="week 5 was not kept"):
        condition_of(study(), "mean_trust < 0.5", 5)


# --- In a real city


@pytest.mark.compiled
def test_low_trust_is_where_officers_are_unfair_and_it_is_taken_ill(low_trust):
    """What the model is made of: conduct decides how people are treated, gain and loss what that does to trust."""
    found = low_trust
    assert found.found and found.refused is None and found.p == pytest.approx(0.05)
    assert found.share == pytest.approx(0.25, abs=0.03)
    assert found.density > 2 * found.share and found.coverage > 0.5
    box = found.box.set_index("factor")
    assert set(box.index) <= {"trust.contact_gain", "trust.contact_loss", "conduct.mean"}
    assert box.low.get("trust.contact_loss", 0) > 0 and np.isnan(box.high.get("trust.contact_loss", np.nan))
    assert "trust.contact_loss" in box.index


@pytest.mark.compiled
def test_the_tables_agree_with_the_draws(low_trust, swept):
    found, draws = low_trust, low_trust.draws
    many = POINTS + 50  # with validation points
    assert draws.point.tolist() == list(range(many))
    assert draws["mean"].to_numpy() == pytest.approx(swept.values("mean_trust").mean(axis=1))
    assert (draws.case == (draws.probability > 0.5)).all() and draws.case.mean() == found.share
    inside = np.ones(many, dtype=bool)
    for row in found.box.itertuples():
        values = swept.points.values[row.factor].to_numpy()
        inside &= ~(values < row.low) & ~(values > row.high)
        assert (draws[row.factor] == values).all()
        factor = next(one for one in swept.study.factors() if one.name == row.factor)
        for end, share, whole in ((row.low, row.low_share, 0.0), (row.high, row.high_share, 1.0)):
            assert share == pytest.approx(whole if np.isnan(end) else factor.of(np.array([end]))[0])
        assert (row.unit, row.status) == (CODEBOOK[row.factor].unit, CODEBOOK[row.factor].status)
        assert row.quasi_p <= 0.05 and 0 <= row.bootstrap <= 1
        assert row.density_without < found.density
    assert (inside == draws.inside).all()
    assert found.density == draws.case[inside].mean() and found.mass == inside.mean()
    assert found.coverage == draws.case[inside].sum() / draws.case.sum()
    assert found.tree.n.sum() == many and found.tree.coverage.sum() == pytest.approx(1)
    assert found.box.columns.tolist() == BOX


@pytest.mark.compiled
def test_the_box_in_words(low_trust):
    first, *others = low_trust.sentences
    assert first.startswith("Mean_trust in baseline below ") and f"{low_trust.share:.1%} of {POINTS + 50} draws" in first
    assert len(others) == len(low_trust.box)
    loss = next(text for text in others if text.startswith("trust.contact_loss is high, at least "))
    assert "of what it may be): " in loss and CODEBOOK["trust.contact_loss"].unit in loss
    assert "2 replicates" in str(low_trust.how) and low_trust.how in low_trust.notes


@pytest.mark.compiled
def test_choices_and_whole_numbers_have_limits_of_their_own(swept):
    """Courses for the troops alone cost less: a choice sets the cases apart."""
    limit = float(np.quantile(swept.values("effect:course:cost").mean(axis=1), 0.4))
    found = discover(swept, f"effect:course:cost < {limit:.6f}", **QUICK)
    box = found.box.set_index("factor")
    assert set(box.kept.get("training.whom", "").split(", ")) < {"troops", "commanders", "both"}
    row = box.loc["training.whom"]
    assert np.isnan(row.low) and np.isnan(row.high) and row.status == "lever" and (row.low_share, row.high_share) == (0, 1)
    inside = swept.points.values["training.whom"].isin(row.kept.split(", "))
    assert (found.draws.inside <= inside).all()
    assert any(f"training.whom is {row.kept.replace(', ', ' or ')}: " in text for text in found.sentences)
    assert any("training.whom" in rule for rule in found.tree["rule"])


@pytest.mark.compiled
def test_what_depends_on_nothing_has_no_box(tmp_path):
    """A placebo's effect is exactly 0; a condition that holds everywhere or nowhere has no box, and that is no error."""
    made = sweep(study(vary={"cost.training_hour": [0.1, 0.4], "cost.vetting_test": [5, 20]}, design={"sobol": 32}), tmp_path)
    never = made.discover("effect:course:mean_trust > 1", **QUICK)
    assert not never.found and never.refused == note("few_cases", few=0, least=10) and never.share == 0 and np.isnan(never.p)
    assert never.sentences == [f"Effect of course on mean_trust above 1: in 0.0% of 64 draws. No box found. {never.refused}"]
    assert never.box.empty and not never.draws.inside.any() and never.tree["rule"].tolist() == [EVERYWHERE]
    never.save(tmp_path / "found")
    assert np.isnan(Discovery.load(tmp_path / "found").p)
    limit = float(np.median(made.values("mean_trust").mean(axis=1)))
    luck = made.discover(f"mean_trust >= {limit!r}", **QUICK)  # prices move no trust: every draw has the same
    assert not luck.found


@pytest.mark.compiled
def test_luck_makes_no_cases(swept):
    """Noise of a known size added to runs: the denoised cases are nearer to the truth than those by means over replicates."""
    truth = swept.values("mean_trust").mean(axis=1)
    limit = float(np.quantile(truth, 0.2))

    class Noisy:
        study, points, store = swept.study, swept.points, swept.store

        def values(self, of, week):
            return truth[:, None] + np.random.default_rng(5).normal(0, 0.7 * truth.std(), (len(truth), 2))

    known = luckless(Noisy(), condition_of(swept.study, f"mean_trust < {limit:.5f}"))
    real = truth < limit
    assert ((known.probability > 0.5) != real).mean() < 0.75 * ((known.mean < limit) != real).mean()
    assert known.told_apart and known.q2 > 0.2
    assert np.mean((known.probability - real) ** 2) < np.mean((known.mean < limit) != real)


@pytest.mark.compiled
def test_one_replicate_says_so(tmp_path):
    found = sweep(study(replicates=1, design={"sobol": 152}), tmp_path).discover("mean_trust < 0.5", **QUICK)
    assert found.how == note("cases_with_luck") and found.facts["replicates"] == 1


@pytest.mark.compiled
def test_draws_of_a_posterior_belong_together(tmp_path, monkeypatch):
    posterior = pd.DataFrame({"trust.contact_gain": [0.1, 0.2, 0.3, 0.05], "trust.contact_loss": [0.2, 0.1, 0.3, 0.25]})
    listed = {name: {"draws": np.tile(column, 8).tolist()} for name, column in posterior.items()}
    made = study(vary={**listed, "training.gain": [0, 1]}, design={"draws": 32})
    assert clusters_of(made, made.points().unit).tolist()[:8] in ([0, 1, 2, 3] * 2, [1, 2, 3, 0] * 2)
    assert clusters_of(study(), study().points().unit) is None
    asked: list = []
    monkeypatch.setattr(
        "sim.studies.answers.discover.denoised", lambda *given, **more: asked.append(more["clusters"]) or denoised(*given, **more)
    )
    found = sweep(made, tmp_path).discover("mean_trust < 0.4", **QUICK)
    assert any("depend on each other" in str(note) for note in found.notes)
    assert np.array_equal(asked[0], clusters_of(made, made.points().unit))  # an emulator is tried on rows that it has not seen


class Made:
    """A sweep whose runs are a formula and luck; `discover` reads no more of one than this."""

    def __init__(self, checks, design=None):
        self.study = study(design={"sobol": POINTS} if design is None else design)
        self.points = replace(self.study.points(), checks=checks)
        self.store = None

    def values(self, of, week=None):
        unit, rng = self.points.unit, np.random.default_rng(1)
        return (unit[:, 0] + 0.3 * unit[:, 1])[:, None] + 0.4 * rng.normal(size=(len(unit), 4))


@pytest.mark.parametrize(("checks", "helps"), [(0, False), (LEAST_JUDGES - 1, False), (LEAST_JUDGES, True), (50, True)])
def test_where_a_reform_fails_is_told_by_validated_surfaces_only(checks, helps):
    """The same runs: an emulator takes luck off if validation points have judged it, else means over replicates stand alone."""
    made = Made(checks)
    asked = condition_of(made.study, "mean_trust < 0.4")
    known = luckless(made, asked)
    assert known.trusted is helps and known.validated == (checks if helps else 0)
    assert known.how.id == ("cases_from_emulator" if helps else "cases_from_means")
    means = luckless(Made(0), asked)
    assert np.array_equal(known.probability, means.probability) is not helps
    truth = made.points.unit[:, 0] + 0.3 * made.points.unit[:, 1]
    if helps:
        assert np.mean((known.value - truth) ** 2) < 0.5 * np.mean((means.value - truth) ** 2)
    nothing = pd.DataFrame(columns=["factor", "share", "bootstrap"])
    said = notes(known, SimpleNamespace(refused="nothing"), nothing, nothing, known.probability > 0.5, joint=False)
    assert ("no_emulator_judged" in {each.id for each in said}) is not helps


def test_points_that_are_random_by_themselves_need_no_others():
    """Those of `random` owe nothing to each other."""
    assert luckless(Made(0, {"random": POINTS}), condition_of(study(), "mean_trust < 0.4")).how.id == "cases_from_emulator"


def test_designs_that_leave_the_space_empty_are_refused():
    class Made:
        study = study(design={"oat": 3})

    with pytest.raises(InputError, match="the design 'oat' leaves most of the space"):
        discover(Made(), "mean_trust < 0.5")
    Made.study = study(vary=None, design=None)
    with pytest.raises(InputError, match="nothing varies"):
        discover(Made(), "mean_trust < 0.5")


# --- To disk and back, and on the command line


@pytest.mark.compiled
def test_saved_and_loaded_it_is_the_same(low_trust, tmp_path):
    written = {path.name for path in low_trust.save(tmp_path)}
    assert written == {FILE, "study.yaml", "notes.csv", *(f"{name}.csv" for name in FRAMES)}
    again = Discovery.load(tmp_path)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(low_trust, name), check_dtype=False)
    assert (again.output, again.sentences, again.notes, again.p) == (low_trust.output, low_trust.sentences, low_trust.notes, low_trust.p)
    assert again.study == low_trust.study and again.facts == low_trust.facts and repr(again) == repr(low_trust)
    json.loads((tmp_path / FILE).read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    page = again._repr_html_()
    assert "trust.contact_loss" in page and "second opinion" in page and "<script" not in page


def test_what_cannot_be_loaded_says_so(tmp_path):
    with pytest.raises(InputError, match="holds no discovery"):
        Discovery.load(tmp_path)
    for content, said in (("{}", "it was changed"), ("[]", "it was changed"), ("{", "it is not JSON")):
        (tmp_path / FILE).write_text(content)
        with pytest.raises(InputError, match=said) as caught:
            Discovery.load(tmp_path)
        assert "confianza discover" in caught.value.remedy


@pytest.mark.compiled
def test_the_command_line_tells_and_writes(swept, low_trust, monkeypatch):
    monkeypatch.setattr("sim.cli.discover.discover", partial(discover, **QUICK))
    store = swept.store.folder
    ran = CliRunner().invoke(app, ["discover", str(store), low_trust.condition])
    assert ran.exit_code == 0, ran.output
    folder = store / "discovery" / condition_of(swept.study, low_trust.condition).folder
    told = " ".join(ran.output.split())
    assert "trust.contact_loss is high" in told and "second opinion" in told and folder.name in told
    found = Discovery.load(folder)
    assert (found.coverage, found.density) == (low_trust.coverage, low_trust.density)
    assert (folder / "tradeoff.png").exists() and (folder / "box.png").exists()
    assert Sweep.load(store).status().problems == ()


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("condition", "message"), [("mean_trust = 0", "CONDITION: '=' cannot"), ("effect:corse:mean_trust < 0", "Did you mean 'course'")]
)
def test_the_command_line_refuses_wrong_conditions(swept, condition, message):
    ran = CliRunner().invoke(app, ["discover", str(swept.store.folder), condition])
    assert isinstance(ran.exception, InputError) and message in str(ran.exception)
