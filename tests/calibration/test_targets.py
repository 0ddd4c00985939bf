"""Targets: what is known, in layers, with its errors."""

import os

import numpy as np
import pytest

from sim.calibration import layers as stacking
from sim.calibration.layers import NATIONAL, layered, load_targets, usual_layers
from sim.calibration.state_targets import SAMPLE
from sim.calibration.targets import SAMPLES, Target, shipped, shipped_layers
from sim.cli import main
from sim.cli.calibrate import listed
from sim.errors import InputError
from sim.inputs.patterns import patterns
from sim.inputs.scenario import Scenario, load_scenario

MINE = "P06: {value: 0.41, sampling_error: 0.015, discrepancy: 0.02, why: a survey, sources: [assumed]}\n"
CITY = "name: Mine\nextends: national-average\nstate: Puebla\n"
OF_STATE = {"P01": {"value": 0.09, "sampling_error": 0.01, "discrepancy": 0.01, "why": "x", "sources": ["envipe_tables"]}}


@pytest.fixture
def town(tmp_path, monkeypatch):
    """A function that writes files and loads town.yaml; Puebla has a figure of its own."""
    monkeypatch.setattr(stacking, "state_targets", lambda state, nation: {"Puebla": OF_STATE}[state])
    monkeypatch.chdir(tmp_path)

    def made(text=CITY, **files):
        for name, written in ({"town": text} | files).items():
            (tmp_path / f"{name}.yaml").write_text(written)
        return load_scenario("town.yaml")

    return made


def of(found):
    return {one.id: one.layer for one in found.targets}


def test_shipped_targets_are_of_patterns_that_may_be_fitted():
    for place in ("national-average", "mexico-city-2016"):
        for one in load_targets(place):
            assert one.pattern.role == "fit" and one.sd > 0 and one.why and one.sources
    national = {one.id for one in load_targets("national-average")}
    fitted = {pattern.id for pattern in patterns().values() if pattern.role == "fit"}
    assert fitted - national == {"P03", "P08", "P24"}  # 1 - P01 x P02, 1 - P06 - P07, and a course


def test_every_shipped_target_says_why_its_error_and_its_discrepancy_are_so():
    for name in shipped_layers():
        for key, fields in shipped().data[name].items():
            assert "withdrawn" in fields or ("rror" in fields["why"] or "assumed" in fields["why"]), key
            assert "withdrawn" in fields or ("iscrepancy" in fields["why"] or "assumed" in fields["why"]), key


def test_mexico_city_of_2016_has_what_is_its_own_on_top_of_the_country_and_nothing_of_its_state():
    found = layered(load_scenario("mexico-city-2016"))
    own = {key for key, layer in of(found).items() if layer == "mexico-city-2016"}
    assert own == {"P01", "P02", "P05", "P06", "P10", "P11", "P13"} and len(found.targets) == 17
    assert set(found.withdrawn) == {"P04", "P07", "P09"} and set(found.replaced) == own
    assert [(one.value, one.layer) for one in found.replaced["P05"]] == [(32290.0, NATIONAL)]
    assert {one.id for one in found.targets} - own <= {one.id for one in load_targets("national-average")}


def test_targets_of_one_sample_are_of_the_same_people():
    samples = {}
    for one in load_targets("national-average"):
        samples.setdefault(one.sample, set()).add(one.id)
    assert samples["australia_2007_2009"] == {"P15", "P16", "P33", "P34"} and samples["envipe_2025"] == {"P06", "P07"}
    assert samples["envipe_2023_2025"] == {"P01", "P02", "P04", "P05", "P11", "P13"}
    used = {fields.get("sample") for name in shipped_layers() for fields in shipped().data[name].values()}
    assert used - {None} == set(shipped().data[SAMPLES]) - {SAMPLE}


def test_the_layer_of_a_state_is_of_its_figures():
    found = layered(load_scenario("ecatepec"))
    assert {key for key, layer in of(found).items() if layer == "state (México)"} == {"P01", "P02", "P04", "P05", "P11"}
    targets = {one.id: one for one in found.targets}
    assert targets["P05"].sample == targets["P11"].sample == SAMPLE and targets["P04"].sample is None


def test_national_targets_lie_in_the_ranges_of_their_patterns():
    for one in load_targets("national-average"):
        assert one.pattern.low <= one.value <= one.pattern.high


def test_tolerance_is_of_error_and_discrepancy_on_the_scale_of_the_comparison():
    one = Target(patterns()["P06"], 0.5, 0.03, 0.04, "", ("assumed",))
    assert one.sd == pytest.approx(0.05) and one.goal == 0.0 and one.tolerance == pytest.approx(0.2)
    assert one.scale.back(one.scale.to(0.3)) == pytest.approx(0.3)
    crimes = Target(patterns()["P05"], 30_000.0, 3000.0, 0.0, "", ("assumed",))
    assert crimes.tolerance == pytest.approx(0.1) and crimes.goal == pytest.approx(np.log(30_000))


# --- Layers


def test_a_later_layer_replaces_adds_and_withdraws(town):
    scenario = town(CITY + "targets: [mine.yaml]\n", mine=MINE + "P05: {withdrawn: Crime is not counted here.}\n")
    assert usual_layers(scenario) == ["national", "state"]
    found = layered(scenario)
    assert len(found.targets) == 19 and [one.id for one in found.targets] == sorted(of(found))
    assert (of(found)["P01"], of(found)["P06"], of(found)["P02"]) == ("state (Puebla)", "mine.yaml", "national")
    assert {key: [(one.layer, one.value) for one in each] for key, each in found.replaced.items()} == {
        "P01": [("national", 0.103)], "P06": [("national", 0.542)],
    }  # fmt: skip
    target, layer, why = found.withdrawn["P05"]
    assert (target.layer, layer, why) == ("national", "mine.yaml", "Crime is not counted here.")


@pytest.mark.parametrize(
    ("written", "given", "wanted"),
    [
        (None, None, 20), (None, ["mine.yaml"], 20), (None, ["national", "mine.yaml"], 20), (None, ["state", "mine.yaml"], 2),
        (["national"], ["mine.yaml"], 20), (["state"], ["mine.yaml"], 2), (None, ["alone.yaml"], 1), (["alone.yaml"], ["mine.yaml"], 1),
        (["alone.yaml", "mine.yaml"], None, 1), (None, ["on.yaml"], 2),
    ],
)  # fmt: skip
def test_files_alone_stand_on_what_the_scenario_has_unless_they_say_on_what(town, written, given, wanted):
    key = f"targets: {written}\n".replace("'", "") if written else ""
    scenario = town(CITY + key, mine=MINE, alone=f"layers: []\n{MINE}", on=f"layers: [state, alone.yaml]\n{MINE}")
    found = layered(scenario, given)
    assert len(found.targets) == wanted
    names = [*(written or []), *(given or [])]
    assert of(found)["P06"] == (names[-1] if names else "national")
    assert (of(found).get("P01") == "state (Puebla)") == ("alone.yaml" not in names and not {"national"} & set(names))


def test_files_lie_beside_the_file_that_names_them_and_a_child_does_not_inherit_them(tmp_path, monkeypatch, town):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.yaml").write_text("layers: [deeper/more.yaml]\n" + MINE)
    (tmp_path / "there" / "deeper").mkdir()
    (tmp_path / "there" / "deeper" / "more.yaml").write_text("layers: [national]\n" + MINE.replace("0.41", "0.3"))
    (tmp_path / "there" / "town.yaml").write_text("name: T\ntargets: [mine.yaml]\n")
    (tmp_path / "there" / "child.yaml").write_text("name: C\nextends: town\n")
    scenario = load_scenario("there/town.yaml")
    found = layered(scenario)
    assert [one.value for one in found.replaced["P06"]] == [0.542, 0.3] and len(found.targets) == 20
    assert load_scenario("there/child.yaml").targets == () and len(load_targets(load_scenario("there/child.yaml"))) == 20
    assert scenario.with_(weeks=60).targets == ("mine.yaml",)


def test_targets_are_no_part_of_a_run(town):
    plain = town()
    named = town(CITY + "targets: [national]\n")
    assert named.targets and named == plain and named.to_yaml() == plain.to_yaml()


@pytest.mark.parametrize(
    ("layers", "message", "remedy"),
    [
        ("[nationl]", "there is no layer of targets 'nationl'", "Did you mean 'national'?"),
        ("[mine]", "there is no layer of targets 'mine'", "Did you mean the file 'mine.yaml'?"),
        ("[national, national]", "the layer 'national' is there twice", "Delete one"),
        ("[mine.yaml, ./mine.yaml]", "the layer './mine.yaml' is there twice", "Delete one"),
        ("[national, circle.yaml]", "in a circle: circle.yaml -> round.yaml -> circle.yaml", "under 'layers'"),
        ("[national, nowhere.yaml]", "there is no such file", ""),
        ("[state, gone.yaml]", "'P04' is withdrawn here, but no earlier layer has it", "Delete it"),
        ("[national, silent.yaml]", "'P04' is withdrawn without a reason", "{withdrawn: why}"),
        ("[national, listed.yaml]", "'layers' must be a list", "[] for none"),
        ("national", "'targets' must be a list of layers", ""),
    ],
)
def test_layers_that_cannot_be_are_refused_where_they_are_written(town, layers, message, remedy):
    with pytest.raises(InputError) as caught:
        layered(town(
            CITY + f"targets: {layers}\n", mine=MINE, circle="layers: [round.yaml]\n" + MINE, round="layers: [circle.yaml]\n" + MINE,
            gone="P04: {withdrawn: x}\n", silent="P04: {withdrawn: true}\n", listed="layers: national\n" + MINE,
        ))  # fmt: skip
    assert message in caught.value.message and remedy in caught.value.remedy
    assert caught.value.file.endswith(".yaml") and (caught.value.line in (1, 4) or "no such file" in message)


def test_a_layer_of_a_state_needs_one():
    with pytest.raises(InputError, match="names no state") as caught:
        layered(load_scenario("national-average"), ["national", "state"])
    assert caught.value.file == "--targets" and "--set state=Puebla" in caught.value.remedy
    named = Scenario(name="T", targets=["state"])
    with pytest.raises(InputError, match="names no state"):
        layered(named)


def test_layers_are_given_with_commas_or_again_and_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a,b.yaml").write_text(MINE)
    assert listed(["national, state", "mine.yaml", "a,b.yaml"]) == ["national", "state", "mine.yaml", "a,b.yaml"]


def test_the_command_says_where_each_target_comes_from(town, capsys, monkeypatch):
    from sim.cli.calibrate import console, layers_table

    monkeypatch.setenv("COLUMNS", "130")
    found = layered(town(mine=MINE), ["mine.yaml"])
    console().print(layers_table(found))
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("P06"))
    assert row.split() == ["P06", "share_trusting", "0.410", "±", "0.025", "mine.yaml", "0.542", "±", "0.021", "(national)"]
    with pytest.raises(SystemExit) as caught:
        main(["calibrate", "town.yaml", "--targets", "nationl,mine.yaml"])
    assert caught.value.code == 2 and "--targets: there is no layer of targets 'nationl'" in capsys.readouterr().err


# --- What a layer says


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("P37: {value: 0.2, sampling_error: 0.1, discrepancy: 0, why: x, sources: [assumed]}", "'P37' has the role 'check'"),
        ("P99: {value: 0.2, sampling_error: 0.1, discrepancy: 0, why: x, sources: [assumed]}", "there is no pattern 'P99'"),
        ("P06: {value: 0.2, sampling_error: 0.1, why: x, sources: [assumed]}", "'discrepancy' is missing in 'P06'"),
        ("P06: {value: many, sampling_error: 0.1, discrepancy: 0, why: x, sources: [assumed]}", "'value' must be a number"),
        ("P06: {value: 0.2, sampling_error: 0, discrepancy: 0, why: x, sources: [assumed]}", "is impossible"),
        ("P06: {value: 1.2, sampling_error: 0.1, discrepancy: 0, why: x, sources: [assumed]}", "must be a number from 0 to 1, but is 1.2"),
        ("P06: {value: 0.2, sampling_error: 0.1, discrepancy: 0, why: x, sources: [nobody]}", "there is no source 'nobody'"),
        ("P06: {value: 0.2, sampling_error: 0.1, discrepancy: 0, why: x, sources: nobody}", "'sources' must be a list of sources"),
        (
            "P06: {value: 0.2, sampling_error: 0.1, discrepancy: 0, why: x, sources: [assumed], sample: envipe}",
            "there is no sample 'envipe'",
        ),
        ("references: {own: {author: A}}", "'references.title' is missing"),
        ("references: [own]", "'references' must be references by key"),
        ("references: {own: {author: A, title: T, year: 2025, url: unpublished, read: all}}", "no source names the reference 'own'"),
        ("samples: [own]", "'samples' must be samples by key"),
        ("samples: {own: {who: all, size: 0, year: 2025}}", "'samples.size' must be a whole number from 1"),
        ("samples: {own: {who: all, year: 2025}}", "'samples.size' is missing"),
        ("samples: {envipe_2025: {who: all, size: 5, year: 2025}}", "the sample 'envipe_2025' is one that the program has"),
        ("samples: {own: {who: all, size: 5, year: 2025}}", "no target is of the sample 'own'"),
    ],
)
def test_targets_that_are_wrong_are_refused(tmp_path, text, message):
    file = tmp_path / "targets.yaml"
    file.write_text(text + "\n")
    with pytest.raises(InputError, match=message) as caught:
        load_targets("national-average", [file])
    assert caught.value.line == 1 and os.path.basename(caught.value.file) == "targets.yaml"


def test_targets_cite_references_and_samples_of_their_own(tmp_path):
    file = tmp_path / "targets.yaml"
    file.write_text("""
layers: []
P06: {value: 0.2, sampling_error: 0.1, discrepancy: 0, why: x, sources: [assumed, own], sample: ours}
P05: {value: 40000, sampling_error: 2000, discrepancy: 0, why: x, sources: [envipe2025], sample: envipe_2025}
references: {own: {author: "A, <b>", title: T, year: 2025, url: unpublished, read: all}}
samples: {ours: {who: Adults of the city, size: 1100, year: 2025}}
""")
    second, first = load_targets("national-average", [file])
    told = first.as_data()
    assert told["references"] == {"own": {"author": "A, <b>", "title": "T", "year": 2025, "url": "unpublished", "read": "all"}}
    assert told["samples"] == {"ours": {"who": "Adults of the city", "size": 1100, "year": 2025}} and told["layer"] == str(file)
    assert "references" not in second.as_data() and "samples" not in second.as_data() and second.as_data()["sample"] == "envipe_2025"
    assert hash(first) != hash(second)
