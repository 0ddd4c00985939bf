"""From the runs of a sweep to an analysis: which method fits which design, the right numbers for each output, and to disk and back."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from sim.cli import main
from sim.errors import InputError
from sim.files.writing import MANIFEST
from sim.inputs.scenario import CitySize, Scenario
from sim.measures import MEASURES
from sim.methods.indices import METHODS as KNOWN
from sim.methods.indices import Sensitivity, indices
from sim.report import render, sensitivities
from sim.report.words import LANGUAGES, Words
from sim.studies.answers.findings import FILE, RANKS, Analysis, as_written
from sim.studies.answers.sensitivity import METHODS, OWN, analyze, default_outputs, method_for, output_of
from sim.studies.answers.sweep import sweep
from sim.studies.design.designs import DESIGNS
from sim.studies.design.study import Study

pytestmark = pytest.mark.compiled  # some hundred runs

SCENARIO = Scenario(name="Small", city=CitySize(adults=1000), weeks=8, spin_up_weeks=2, seed=7)
ARMS = {"course": [{"training": {"start": 0}}], "a:b": [{"training": {"start": 2}}]}
VARY = {"trust.contact_gain": [0, 0.4], "trust.contact_loss": [0, 0.5], "training.whom": {"values": ["troops", "both"]}}
MEASURED = ["mean_trust", "reporting_rate", "incidence"]


def study(**changed):
    keys = {"name": "Which?", "scenario": SCENARIO, "arms": ARMS, "vary": VARY, "design": {"sobol": 64}, "replicates": 4, "at": [4, 8]}
    return Study(**{**keys, "measures": MEASURED, **changed})


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    return sweep(study(), tmp_path_factory.mktemp("swept"))


@pytest.fixture(scope="module")
def analysis(swept):
    return analyze(swept, ["effect:course:mean_trust", "mean_trust", "effect:a:b:incidence"])


def test_outputs_are_named_in_three_ways():
    made = output_of(study(), "effect:course:mean_trust")
    assert (made.level, made.arm, made.measure, made.week, made.unit) == (False, "course", "mean_trust", 8, MEASURES["mean_trust"].unit)
    assert (made.text, made.folder) == ("effect of course on mean_trust", "effect-course-mean_trust")
    plain, level = output_of(study(), "incidence", 4), output_of(study(), "level:course:incidence")
    assert (plain.level, plain.arm, plain.week) == (True, "baseline", 4)
    assert (level.level, level.arm) == (True, "course")
    assert output_of(study(), "effect:a:b:mean_trust").arm == "a:b"


@pytest.mark.parametrize(
    ("of", "week", "message"),
    [
        ("effect:corse:mean_trust", None, "Did you mean 'course'"),
        ("effect:baseline:mean_trust", None, "'baseline' is what the others are compared with"),
        ("level:baseline:mean_rust", None, "Did you mean 'mean_trust'"),
        ("change:course:mean_trust", None, "there is no output"),
        ("clearance", None, "there is no measure in this study 'clearance'"),
        ("mean_trust", 5, "week 5 was not kept"),
    ],
)
def test_wrong_outputs_are_refused(of, week, message):
    with pytest.raises(InputError, match=message):
        output_of(study(), of, week)


def test_by_default_the_effects_on_the_first_two_measures():
    assert default_outputs(study()) == [f"effect:{arm}:{measure}" for arm in ("course", "a:b") for measure in MEASURED[:2]]
    del_levers = {name: given for name, given in VARY.items() if name.startswith("trust")}
    assert default_outputs(study(arms={}, vary=del_levers)) == ["level:baseline:mean_trust", "level:baseline:reporting_rate"]


def test_each_method_fits_its_designs():
    assert set(METHODS) == set(KNOWN) == set(RANKS)
    assert set(OWN) < set(DESIGNS)
    for design, own in ({"morris": 4}, "morris"), ({"saltelli": 4}, "sobol"), ({"efast": 65}, "efast"), ({"oat": 2}, "oat"):
        made = study(design=design)
        assert method_for(made) == method_for(made, own) == own
        assert method_for(made, "emulator") == "emulator"
        with pytest.raises(InputError, match=f"but this study's is '{next(iter(design))}'"):
            method_for(made, "sobol" if own != "sobol" else "morris")
    for design in {"sobol": 8}, {"lhs": 8}, {"random": 8}, {"grid": 2}:
        assert method_for(study(design=design)) == "emulator"
        with pytest.raises(InputError, match="needs the design 'morris'"):
            method_for(study(design=design), "morris")
    joint = study().model_copy(update={"design": {"draws": 8}})
    assert method_for(joint) == "pawn"
    with pytest.raises(InputError, match="draws of a posterior depend on each other"):
        method_for(joint, "emulator")
    with pytest.raises(InputError, match="Did you mean 'emulator'"):
        method_for(study(), "emulater")
    with pytest.raises(InputError, match="nothing varies"):
        method_for(study(vary=None, design=None))


def test_it_analyzes_the_runs_of_that_output(swept, analysis):
    """The same numbers as the estimators give for what the sweep says of the output."""
    finding = analysis.findings[0]
    values = swept.values("effect:course:mean_trust")
    direct = indices(swept.points.unit, values, list(VARY), seed=7, validation=swept.points.validation)
    pd.testing.assert_frame_equal(finding.sensitivity.table, direct.table)
    assert finding.sensitivity.q2 == direct.q2 and finding.sensitivity.validated == 50
    assert analysis.outputs["effect:course:mean_trust"].to_numpy() == pytest.approx(values.mean(axis=1))
    assert analysis.points.equals(swept.points.values)
    assert finding.sensitivity.emulator is not None


def test_effects_are_paired_with_the_same_point_and_luck(swept):
    runs = swept.runs()
    last = runs[runs.week == 8].set_index(["arm", "point", "replicate"]).mean_trust.unstack("arm")
    expected = (last["course"] - last["baseline"]).unstack("replicate").mean(axis=1)
    found = analyze(swept, ["effect:course:mean_trust"], method="pawn").outputs["effect:course:mean_trust"]
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-15)


def test_another_week_is_another_output(swept):
    early, late = (swept.sensitivity("mean_trust", week=week, method="pawn") for week in (4, 8))
    assert early.findings[0].output.week == 4
    assert not np.allclose(early.outputs["mean_trust"], late.outputs["mean_trust"])


def test_curves_have_the_factors_own_values(swept, analysis):
    curves = analysis.findings[1].sensitivity.effects
    gain = curves[curves.factor == "trust.contact_gain"]
    assert gain.value.astype(float).to_numpy() == pytest.approx(0.4 * gain.u.to_numpy())
    assert set(curves[curves.factor == "training.whom"].value) == {"troops", "both"}
    swings = analysis.findings[1].swings().set_index("factor").loc["trust.contact_loss"]
    assert swings.low_value == pytest.approx(0.025)
    assert swings.high < swings.low  # what unfair encounters destroy
    assert as_written("0.5") == 0.5


def test_groups_are_analyzed_as_wholes(tmp_path):
    grouped = study(groups={"contact": ["trust.contact_gain", "trust.contact_loss"]}, arms={"course": ARMS["course"]})
    found = analyze(sweep(grouped, tmp_path), ["mean_trust"]).findings[0]
    assert list(found.sensitivity.names) == ["contact", "training.whom"]
    assert found.ranked().factor[0] == "contact"


@pytest.mark.parametrize("design", [{"morris": 4}, {"saltelli": 16}, {"oat": 3}])
def test_designs_with_methods_of_their_own(design, tmp_path):
    """The sampler and the estimator agree about the order of the points: the factor that matters most is found."""
    made = study(design=design, arms={"course": ARMS["course"]})
    found = analyze(sweep(made, tmp_path), ["mean_trust"]).findings[0]
    assert found.sensitivity.method == OWN[next(iter(design))]
    ranked = found.ranked()
    assert ranked.factor[2] == "training.whom"  # an arm's lever does nothing to the baseline
    value = ranked[RANKS[found.sensitivity.method]]
    assert abs(value[2]) < 1e-9 < value[0]


def test_failed_runs_are_left_out(swept):
    class Broken:
        study, points = swept.study, swept.points

        @staticmethod
        def values(of, week):
            values = swept.values(of, week).copy()
            values[0], values[1, 0] = np.nan, np.nan
            return values

    found = analyze(Broken, ["mean_trust"], method="pawn")
    assert np.isnan(found.outputs.mean_trust[0])
    assert found.outputs.mean_trust[1] == pytest.approx(swept.values("mean_trust")[1, 1:].mean())


def same(one, other):
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True), check_dtype=False, check_column_type=False)
    else:
        assert one == other


def test_saved_and_loaded(analysis, tmp_path):
    refused = replace(analysis.findings[2].sensitivity, table=analysis.findings[2].sensitivity.table[:0], refused="Luck.", q2=float("nan"))
    whole = replace(analysis, findings=(*analysis.findings[:2], replace(analysis.findings[2], sensitivity=refused)))
    paths = whole.save(tmp_path / "here")
    assert sorted(path.name for path in paths) == sorted(path.name for path in (tmp_path / "here").iterdir() if path.name != MANIFEST)
    loaded = Analysis.load(tmp_path / "here")
    assert [finding.output for finding in loaded.findings] == [finding.output for finding in whole.findings]
    assert [finding.spoke for finding in loaded.findings] == [True, True, False]
    for before, after in zip(whole.findings[:2], loaded.findings[:2], strict=True):
        for field in fields(Sensitivity):
            one, other = getattr(before.sensitivity, field.name), getattr(after.sensitivity, field.name)
            if field.name == "effects":  # choices and numbers share a column, which a CSV holds as text
                one, other = (table.assign(value=[as_written(value) for value in table.value]) for table in (one, other))
            same(one, other)
    same(loaded.points, whole.points)
    same(loaded.outputs, whole.outputs)
    assert loaded.study == whole.study
    assert (loaded.units, loaded.meanings) == (whole.units, whole.meanings)
    assert loaded.facts == whole.facts


def test_tables_of_an_earlier_analysis_do_not_stay(swept, analysis, tmp_path):
    analysis.save(tmp_path)
    assert (tmp_path / "effects.csv").exists()
    analyze(swept, ["mean_trust"], method="pawn").save(tmp_path)
    assert not (tmp_path / "effects.csv").exists()
    assert Analysis.load(tmp_path).method == "pawn"


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"findings": [{}], "units": {}, "meanings": {}}'])
def test_broken_analyses_are_refused(content, analysis, tmp_path):
    analysis.save(tmp_path)
    (tmp_path / FILE).write_text(content)
    with pytest.raises(InputError, match=r"holds no analysis that can be read: it (was changed|is not JSON)"):
        Analysis.load(tmp_path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_says_what_was_found(analysis, tmp_path, language):
    import html5lib

    analysis.save(tmp_path / "sensitivity")
    page = render(tmp_path, language)
    assert page == render(tmp_path / "sensitivity", language)
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    said = " ".join("".join(tree.itertext()).replace("\u00a0", " ").split())
    words = Words(language)
    found = analysis.findings[1]
    strongest = found.ranked().iloc[0]
    assert sensitivities.answer(found, {"baseline": words.reform("baseline")}, words) in said
    assert f"{words.number(100 * strongest.total, 1)} %" in said
    assert words.said(found.sensitivity.covers).text.replace("\u202f", " ") in said
    images = list(tree.iter("img"))
    assert len(images) == 1 + sum(finding.spoke for finding in analysis.findings)
    assert all(len(image.get("alt")) > 60 and "{" not in image.get("alt") for image in images)


def test_what_was_saved_of_two_replicates_is_read_but_not_believed(analysis, tmp_path):
    """Whatever an earlier version made of them."""
    old = replace(analysis.findings[0].sensitivity, replicates=2, luck_error=None, refused=None)
    replace(analysis, findings=(replace(analysis.findings[0], sensitivity=old),)).save(tmp_path)
    finding = Analysis.load(tmp_path).findings[0]
    assert not finding.spoke and finding.ranked().empty and "With 2 replicates luck cannot be told" in str(finding.sensitivity.refused)


@pytest.mark.parametrize("changed", [{"vary": {"trust.contact_gain": [0, 0.4]}}, {"groups": {"all": list(VARY)}}], ids=["factor", "group"])
def test_one_factor_goes_through_every_outlet(changed, tmp_path, capsys):
    """Terminal, tables, figures and pages in both languages."""
    made = sweep(study(arms={"course": ARMS["course"]}, measures=["mean_trust"], **changed), tmp_path / "store")
    for command in (("sensitivity", "store", "--of", "mean_trust"), ("report", "store"), ("report", "store", "--lang", "es")):
        with pytest.raises(SystemExit) as stopped:
            main([command[0], str(tmp_path / command[1]), *command[2:]])
        assert stopped.value.code == 0, capsys.readouterr().err
    found = Analysis.load(made.store.folder / "sensitivity").findings[0]
    assert found.ranked().total.tolist() == pytest.approx([1.0])
    assert "100.0 (" in capsys.readouterr().out
